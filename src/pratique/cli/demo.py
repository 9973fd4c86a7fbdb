"""`pratique demo`: one traveller, one border, from what the package itself brings.

    a key -> a clerk's entry -> a signed text -> what the border holds -> verdicts

1. Keys, signatures, revocations and rules are real, and made now; people and states are invented. Nothing
   is read, written or sent.
2. What is shown is what was found. A verdict that is another one than expected ends with 1.
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import click

from pratique import describe
from pratique.crypto import keys
from pratique.findings import Code, Colour
from pratique.formats import Envelope, hcert
from pratique.intake.catalogue import Catalogue
from pratique.intake.rows import Record, read_row
from pratique.issue import IssueRequest, RegisterEntry, Signed, Work, issue
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.rules import build, documents, policy
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.issuer import DAY, Shard
from pratique.trust.signer import TrustList
from pratique.verification import verify

POLICY = """\
country = "XA"
valid_from = {begins}
valid_to = {ends}
[vaccination]
who_eul = true
days_after = 14
validity_days = 270
[test]
naat_hours = 72
"""
MORE = """
The whole story (nine seats, five states, recalls, thefts, cheats: a network in a minute):
  make demo, in a clone of the source
Your own certificates: pratique verify --help"""


class HealthService(NamedTuple):
    """Who signs, in memory: what is known of its key, and the key."""

    shard: Shard
    key: keys.SigningKey


class Attempt(NamedTuple):
    """What is shown at the border: in words, the text, when, and the code that is due."""

    what: str
    text: str
    at: datetime
    due: Code


class _Empty:
    """A register without a line."""

    def find(self, kid: bytes, tag: int) -> RegisterEntry | None:
        """Return None: no tag is in use."""


@click.command()
def demo() -> int:
    """Show one traveller at one border: what is accepted, and what is refused, and why."""
    at = datetime.now(UTC).replace(microsecond=0)
    utopia, there = _health_service(at), Destination("XA")
    _step(1, "Utopia makes a signing key, and publishes the public half.")
    record = _dose(at - timedelta(days=42))
    signed, revoked = _sign(record, utopia, at), _sign(record, utopia, at)
    _step(2, "A clerk of Utopia enters a vaccination of six weeks ago, and it is signed:",
         f"{signed.text[:64]}… ({len(signed.text)} characters)")  # fmt: skip
    border = _held_at_border(utopia, revoked, at)
    _step(3, "The border of Arcadia holds Utopia's key, the list of what Utopia has revoked, and "
         f"{len(border.ruleset.rules)} entry rules.",
         "From here on no network is needed, and nothing is kept.")  # fmt: skip
    first = verify(signed.text, snapshot=border, at=at, place=there)
    seen_by_desk = describe.lines("", "", first, inspect=False)
    _step(4, "The traveller arrives. The desk sees this, and nothing more:", "", *seen_by_desk, "")
    _step(5, "Others arrive:", "")
    differs = first.verdict.colour is not Colour.GREEN
    for what, text, when, due in _attempts(record, utopia, signed, revoked, at):
        # The border is in sync: later it holds what is published then.
        snapshot = _held_at_border(utopia, revoked, when)
        verdict = verify(text, snapshot=snapshot, at=when, place=there).verdict
        symbol, _, colour = describe.SIGNS[verdict.colour]
        codes = [finding.code for finding in verdict.findings]
        differs |= due not in codes or verdict.colour is not Colour.RED
        shown = click.style(f"{symbol:<8}", fg=colour, bold=True)
        click.echo(f"   {shown} {what:<50} {', '.join(code.name for code in codes)}")
    click.echo(MORE)
    return 1 if differs else 0


def _step(number: int, *lines: str) -> None:
    """Tell one step."""
    for marker, line in zip([str(number), *len(lines) * [""]], lines, strict=False):
        click.echo(f"{marker:<2} {line}".rstrip())


def _health_service(at: datetime) -> HealthService:
    """Make a signing key, in memory."""
    key, begins = keys.generate(Algorithm.ES256), int(at.timestamp()) - 100 * DAY
    digest = sha256(key.public_key)
    shard = Shard(
        label="1", participant="XXU", country="XU", environment=Environment.TEST,
        algorithm=key.algorithm, key="", kid=digest.digest()[:8], thumbprint=digest.hexdigest(),
        usages=ALL_KINDS, not_before=begins, not_after=begins + 730 * DAY,
        use_until=begins + 183 * DAY, planned=1000, width=16,
    )  # fmt: skip
    return HealthService(shard, key)


def _dose(day: datetime) -> Record:
    """Enter a second dose, as a clerk does."""
    row = {
        "kind": "vaccination", "surname": "Sample", "forename": "Ada", "birth_date": "1984-02-29",
        "product": "EU/1/20/1528", "dose": "2", "doses": "2", "given_on": day.date().isoformat(),
    }  # fmt: skip
    entered = read_row(
        row, Catalogue.builtin(), country="XU", authority="Ministry of Health of Utopia"
    )
    assert entered.record is not None
    return entered.record


def _sign(record: Record, by: HealthService, at: datetime) -> Signed:
    """Sign a record."""
    asked = IssueRequest(secrets.token_bytes(32), int(at.timestamp()), Work("harbour", "op-17"))
    return issue(record, asked, shards=[by.shard], keys=lambda _: by.key, register=_Empty())


def _held_at_border(service: HealthService, revoked: Signed, at: datetime) -> Snapshot:
    """Return what a border holds: a health service's key and revocations, and its own rules."""
    now, shard = int(at.timestamp()), service.shard
    form = POLICY.format(
        begins=(at - timedelta(days=30)).isoformat(), ends=(at + timedelta(days=300)).isoformat()
    )
    rules = documents.read(build.build(policy.read_policy(tomllib.loads(form)))).rules
    tags = TagList.build(
        [revoked.entry.tag], participant=shard.participant, kid=shard.kid, width=shard.width, version=1,
        created=now, expires=now + 7 * DAY,
    )  # fmt: skip
    return Snapshot(
        number=1, created=now, environment=Environment.TEST,
        trust=TrustList([shard.as_signer(service.key.public_key)]),
        ruleset=Ruleset(rules, policy.STAND_INS), revocations=Revocations([tags]),
    )  # fmt: skip


def _attempts(
    record: Record, service: HealthService, good: Signed, revoked: Signed, at: datetime
) -> Iterator[Attempt]:
    """Yield those who are refused."""
    envelope, shard = hcert.unwrap(good.text), service.shard
    assert isinstance(envelope, Envelope)
    # Other letters of the name, under the old signature.
    changed = envelope.payload.replace(b"Sample", b"Simple")
    altered = hcert.encode(changed, envelope.signature, kid=shard.kid, algorithm=shard.algorithm)
    yield Attempt("a name that was changed in the code", altered, at, Code.SIGNATURE_INVALID)
    forger = service._replace(key=keys.generate(Algorithm.ES256))
    forged = _sign(record, forger, at).text
    yield Attempt(
        "a forger, who names Utopia's key and has another", forged, at, Code.SIGNATURE_INVALID
    )
    yield Attempt("a certificate that Utopia has revoked", revoked.text, at, Code.REVOKED)
    fresh = _sign(_dose(at - timedelta(days=3)), service, at).text
    yield Attempt("a dose of three days ago", fresh, at, Code.RULE_FAILED)
    yield Attempt(
        "the first traveller, 500 days later", good.text, at + timedelta(days=500), Code.EXPIRED
    )
