"""An invented network in memory: an authority of seats, states with real keys, servers, verifiers.

Authority() -> admit(State) -> state.publish() -> Verifier.sync(authority.files) -> verifier.verify(text)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from unittest import mock

from pratique.compile import compiled
from pratique.crypto import keys, x509, x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused
from pratique.intake.rows import Record
from pratique.issue import IssuanceContext, Origin, sign
from pratique.network import metadata, proposal, publish, view
from pratique.network.client import Sync, SyncOutcome
from pratique.network.metadata import Board, Seat
from pratique.network.participants import Participant, ParticipantKind
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.revocation import tag_list
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import publication
from pratique.trust.countries import WHO_REGIONS
from pratique.trust.issuer import Shard
from pratique.trust.registry import Suspension
from pratique.verification import Verification, verify
from tests import issuers, summaries

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WIDTH = 24
VALUE_SETS = b'{"covid-19-lab-result": ["260415000", "260373001"], "vaccines": ["EU/1/20/1528", "EU/1/20/1507"]}'


@lru_cache(maxsize=4096)
def key(name: str) -> SoftwareKey:
    """Return the key of a name, made once a run."""
    del name
    return keys.generate(Algorithm.ES256)


class Authority:
    """A board, its online keys, and the repository that they publish."""

    def __init__(
        self,
        seats: int = 9,
        threshold: int = 5,
        suspend: int = 3,
        at: datetime = AT,
        *,
        hands: str = "seat",
    ) -> None:
        self.now = at
        self.seats = [key(f"{hands} {number}") for number in range(seats)]
        self.board = Board("invented", Environment.TEST, self.rows(self.seats), threshold, suspend)
        self.online = publish.OnlineKeys(key("snapshot"), key("timestamp"))
        self.files: dict[str, bytes] = {}
        kept = proposal.Online(self.online.snapshot.public_key, self.online.timestamp.public_key)
        files = {metadata.VALUE_SETS: VALUE_SETS}
        drafted = proposal.first(self.board, [k.public_key for k in self.seats], kept, files, at)
        self.publish(drafted)

    @staticmethod
    def rows(seats: Sequence[SoftwareKey]) -> tuple[Seat, ...]:
        return tuple(
            Seat(f"seat-{n}", f"XX{chr(65 + n)}", WHO_REGIONS[n // 2], metadata.keyid(k.public_key))
            for n, k in enumerate(seats)
        )

    @property
    def anchor(self) -> bytes:
        return self.files[publish.ANCHOR]

    @property
    def view(self) -> View:
        return view.read(self.files, self.anchor)

    def current(self) -> View | None:
        return self.view if metadata.TIMESTAMP_FILE in self.files else None

    def signed(self, drafted: Proposal, by: Iterable[SoftwareKey] | None = None) -> Proposal:
        for one in self.seats[: self.board.threshold] if by is None else by:
            proposal.sign(drafted, one, self.current())
        return drafted

    def publish(self, drafted: Proposal, by: Iterable[SoftwareKey] | None = None) -> None:
        self.accept(self.signed(drafted, by))

    def publish_unasked(self, drafted: Proposal, by: Iterable[SoftwareKey] | None = None) -> None:
        """Publish by a program that asks rules for no summary: what verifiers may meet all the same."""
        with mock.patch.object(publish, "_check_rules"):
            self.publish(drafted, by)

    def accept(self, signed: Proposal) -> None:
        self.files |= publish.published(self.files, signed, self.online, at=self.now)

    def refresh(self) -> None:
        self.files |= publish.refreshed(self.files, self.online, at=self.now)

    def admit(self, *states: State) -> None:
        current = self.view
        listed = {**current.participants, **{state.code: state.participant for state in states}}
        members = {state.code: state.role_keys() for state in states}
        title = f"admit {', '.join(state.code for state in states)}"
        self.publish(
            proposal.targets(current, self.now, title, participants=listed, members=members)
        )
        for state in states:
            state.authority = self

    def suspend(self, code: str, by: Sequence[SoftwareKey], days: int = 14) -> None:
        since = int(self.now.timestamp())
        one = Suspension(since, since + days * 86400, "keys-stolen")
        self.publish(proposal.suspension(self.view, self.now, code, one), by)


class State:
    """A participant: role keys, a signing CA, document signers, what it has issued and revoked."""

    authority: Authority

    def __init__(
        self, code: str, country: str = "", *, signers: int = 1, at: datetime = AT
    ) -> None:
        self.code, self.country, self.made = code, country or f"X{code[-1]}", at
        self.roles = [key(f"{code} role {number}") for number in range(3)]
        self.participant = Participant(
            code, ParticipantKind.STATE, f"Invented {code}", frozenset({self.country}),
            self.country, frozenset({"DCC", "ICVP"}), f"appeals.{code.lower()}.example",
        )  # fmt: skip
        self.ca_key = key(f"{code} sca")
        when = int(at.timestamp()) - 86400
        subject = Subject(f"{code} SCA", "Ministry", self.country, Environment.TEST)
        self.ca = x509_write.signing_ca(self.ca_key, subject, at=when, serial=1)
        self.more: list[bytes] = []
        self.signers = [self._signer(number, when) for number in range(signers)]
        self.withdrawn: dict[int, str] = {}
        self.rules: list[dict[str, Any]] = []
        self.choices: bytes | None = None
        self.scheme_keys: bytes | None = None
        self.lists: dict[bytes, tag_list.TagList] = {}
        self.deltas: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, tuple[bytes, int]] = {}

    def _signer(self, number: int, when: int) -> bytes:
        name = f"{self.code} dsc {number}"
        subject = Subject(name, "Ministry", self.country, Environment.TEST, serial=f"{number}")
        by = x509_write.Authority(self.ca, self.ca_key)
        return x509_write.document_signer(
            key(name).public_key, subject, by=by, at=when, serial=2 + number
        )

    def role_keys(self) -> proposal.RoleKeys:
        return proposal.RoleKeys(tuple(k.public_key for k in self.roles), 2)

    def kid(self, number: int = 0) -> bytes:
        return x509.read(self.signers[number]).kid

    def issue(
        self,
        record: Record = issuers.RECORDS["vaccination"],
        number: int = 0,
        *,
        nth: int = 0,
        kid: bytes | None = None,
    ) -> str:
        """Issue a certificate; `kid` is what it names instead of its signer's own."""
        found = x509.read(self.signers[number])
        found = found._replace(kid=kid or found.kid)
        shard = Shard(
            f"shard-{number}", self.code, self.country, Environment.TEST, Algorithm.ES256, "test:",
            found.kid, found.thumbprint, ALL_KINDS, found.not_before, found.not_after,
            found.not_after, 10_000, WIDTH,
        )  # fmt: skip
        entry = record.entry._replace(country=self.country)
        issued = int(self.made.timestamp())
        context = IssuanceContext(issued, issued + 300 * 86400, Origin("site", "op", "LOT-1"))
        signed = sign(
            record._replace(entry=entry), request=f"{self.code} {number} {nth}".encode().ljust(16),
            shard=shard, key=key(f"{self.code} dsc {number}"), register=_Empty(), context=context,
        )  # fmt: skip
        self.tags[signed.text] = found.kid, signed.entry.tag
        return signed.text

    def revoke(self, *texts: str) -> None:
        by_kid: dict[bytes, set[int]] = {}
        for text in texts:
            kid, tag = self.tags[text]
            by_kid.setdefault(kid, set()).add(tag)
        for kid, tags in by_kid.items():
            self.revoke_tags(kid, tags)

    def revoke_tags(self, kid: bytes, tags: Iterable[int]) -> None:
        held = self.lists.get(kid)
        now = int(self.authority.now.timestamp())
        version = 1 if held is None else held.head.version + 1
        found = tag_list.TagList.build(
            {*tags, *(held.tags() if held else ())}, participant=self.code, kid=kid, width=WIDTH,
            version=version, created=now, expires=now + 30 * 86400,
        )  # fmt: skip
        if held is not None:
            name = f"revocations-{kid.hex()}-{version - 1}-{version}.delta"
            self.deltas[name] = tag_list.make(held, found).to_bytes()
        self.lists[kid] = found

    def contents(self) -> dict[str, bytes]:
        import json

        signers = [
            publication.PublishedSigner(der, "DCC", *((AT.isoformat(), self.withdrawn[n]) if n in self.withdrawn else ()))
            for n, der in enumerate(self.signers)
        ]  # fmt: skip
        found = {
            "signers.json": publication.write(
                self.code, Environment.TEST, [self.ca, *self.more], signers
            )
        }
        if self.rules:
            found["rules.json"] = json.dumps(self.rules).encode()
            found |= self.summary(found["rules.json"])
        if self.choices:
            found["choices.json"] = self.choices
        if self.scheme_keys is not None:
            found["scheme-keys.json"] = self.scheme_keys
        for kid, one in self.lists.items():
            found[f"revocations-{kid.hex()}-{one.head.version}.tags"] = one.to_bytes()
        return {f"{self.code}/{name}": data for name, data in {**found, **self.deltas}.items()}

    def summary(self, rules: bytes) -> dict[str, bytes]:
        """Make the summary of rules; of such as nobody can read there is none."""
        authority = self.authority
        try:
            made = summaries.beside(rules, view.published_sets(authority.view), authority.now)
        except DocumentRefused:
            return {}
        return {metadata.IMPACT: made}

    def draft(self, files: Mapping[str, bytes] | None = None) -> Proposal:
        current = self.authority.view
        made = self.contents() if files is None else files
        return proposal.role(current, self.authority.now, self.code, made)

    def publish(self, by: Sequence[SoftwareKey] | None = None) -> None:
        drafted = self.draft()
        self.authority.publish(drafted, self.roles[:2] if by is None else by)


class _Empty:
    def find(self, kid: bytes, tag: int) -> None:
        del kid, tag


class Verifier:
    """A border post: what it holds, and what it makes of a text."""

    def __init__(self, anchor: bytes) -> None:
        self.anchor, self.held = anchor, dict[str, bytes]()
        self.believed: Mapping[str, bytes] = {}
        self.asked: list[str] = []

    def sync(self, files: Mapping[str, bytes], at: datetime = AT) -> SyncOutcome:
        sync = Sync(self.held, anchor=self.anchor, at=at, believed=self.believed)
        try:
            while wanted := sync.wanted():
                for name, _limit in wanted:
                    self.asked.append(name)
                    sync.receive(name, files.get(name))
            found = sync.outcome()
        except BaseException:
            self.believed = sync.believed()
            raise
        self.held, self.believed = dict(found.files), {}
        return found

    def snapshot(self) -> Snapshot:
        return compiled(view.read(self.held, self.anchor))

    def verify(self, text: str, at: datetime = AT + HOUR, place: str = "") -> Verification:
        there = Destination(place) if place else None
        return verify(text, snapshot=self.snapshot(), at=at, place=there)


def codes(found: Verification) -> list[str]:
    """Name the findings of a verification."""
    return [finding.code.name for finding in found.verdict.findings]
