"""A network over the years on a simulated clock: who renews, who signs, who meets a dead signer.

    founded(...) -> State, ... -> lived(states, ...) -> Met of each traveller

1. X.509 certificates, signers' records, shards and the checks are the real ones. Two keys serve all of them:
   no signature is looked at, since none is in doubt here. `verified` puts any traveller's real text before
   the real verifier.
2. Renewal decides by `trust.renewal` and `trust.shards`, once a week for each state on its own weekday.
3. What was made is known at every border after the hands have signed it and the borders have synced.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pratique import authenticate
from pratique.crypto import x509, x509_write
from pratique.crypto.x509_write import Subject
from pratique.findings import Code
from pratique.intake.rows import Record
from pratique.issue import IssuanceContext, Origin, sign
from pratique.model import HealthCertificate, Moment, Precision, Vaccination
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind, SignerState
from pratique.trust import certificates, issuer, renewal
from pratique.trust.certificates import Listed
from pratique.trust.issuer import DAY, Shard
from pratique.trust.renewal import Owned
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tests import issuers
from tests.networks import key

START = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
YEAR = 365
VALID = 180
"""Days that a certificate is valid: as long as a national back end makes them, mostly."""
HANDS, SYNC = 7, 2
"""Days that the hands take to sign an edition at most, and that a border's data is old at most."""
DEAD = {Code.SIGNER_EXPIRED, Code.SCA_DEAD}


class Practice(NamedTuple):
    """How a network is kept.

    Attributes:
        renews: whether the renewal engine runs, every week.
        limited: whether issuers stop at a key's planned use, and let no certificate outlive its key, as ours
            do. Others sign until the key's very end.
        hands: days that the hands take to sign an edition at most.
    """

    renews: bool
    limited: bool = True
    hands: int = HANDS


class Met(NamedTuple):
    """What a traveller met: on which day of the year, from which state, and the findings against the key.

    `shard` has signed the certificate, between `issued` and `expires`.
    """

    day: int
    state: str
    codes: frozenset[Code]
    shard: Shard
    issued: int
    expires: int

    @property
    def is_dead(self) -> bool:
        """Tell whether the signer was dead."""
        return bool(self.codes & DEAD)


class State:
    """A state: its signing CAs, its shards, and from when on borders know each."""

    def __init__(self, number: int, founded: int, draw: random.Random) -> None:
        letter = chr(ord("A") + number % 26)
        self.code, self.country = f"X{letter}{letter}", f"X{letter}"
        self.name, self.draw = f"{self.code}{number}", draw
        self.weekday, self.serial = number % 7, 0
        self.owned: list[Owned] = []
        self.cas: dict[str, x509.X509Record] = {}
        self.ders: dict[str, bytes] = {}
        self.shards: list[Shard] = []
        self.signers: dict[bytes, Signer] = {}
        self.known: dict[bytes, int] = {}
        self.counts: dict[bytes, int] = {}
        self.add_ca("sca", founded)
        for label in ("a", "b"):
            self.add_shard(label, founded, "", known=founded)

    def add_ca(self, label: str, at: int) -> None:
        """Make a signing CA."""
        self.serial += 1
        subject = Subject(f"{self.name} {label}", "Ministry", self.country, Environment.TEST)
        der = x509_write.signing_ca(key("enduring sca"), subject, at=at, serial=self.serial)
        found = x509.read(der)
        self.cas[label], self.ders[label] = found, der
        use = min(at + x509_write.SCA_USE, found.not_after)
        self.owned.append(
            Owned(renewal.SCA, label, f"file:keys/{label}.pem", found.thumbprint, at, found.not_after, use)
        )  # fmt: skip

    def add_shard(self, label: str, begins: int, replaces: str, *, known: int) -> None:
        """Make a shard; borders know it from `known` on."""
        self.serial += 1
        ca = renewal.newest(self.owned, renewal.SCA)
        subject = Subject(f"{self.name} {label}", "Ministry", self.country, Environment.TEST)
        by = x509_write.Authority(self.ders[ca.label], key("enduring sca"))
        public = key("enduring dsc").public_key
        der = x509_write.document_signer(public, subject, by=by, at=begins, serial=self.serial)
        found = x509.read(der)
        use, end = renewal.signer_ends(begins, ca.not_after)
        assert end == found.not_after
        self.shards.append(Shard(
            label, self.code, self.country, Environment.TEST, Algorithm.ES256, "test:", found.kid,
            found.thumbprint, ALL_KINDS, found.not_before, end, use, 1_000_000, 24, None, replaces,
        ))  # fmt: skip
        self.signers[found.kid] = certificates.signer(
            Listed(found, participant=self.code), environment=Environment.TEST,
            authorities=self.cas.values(),
        )  # fmt: skip
        self.known[found.kid] = known

    def renew(self, at: int, hands: int) -> None:
        """Make what is due, as `pratique participant renew` does."""
        taken = [one.label for one in self.owned]
        for one in renewal.planned(self._all_owned(at), at=at, taken=taken):
            if one.what == renewal.WORDS[renewal.SCA]:
                self.add_ca(one.label, at)
        due = issuer.to_replace(self.shards, at=at, within=renewal.WITHIN, counts={})
        known = at + (self.draw.randint(0, hands) + self.draw.randint(0, SYNC)) * DAY
        for old in due:
            begins = renewal.begins(old, at=at)
            self.add_shard(f"{old.label}'", begins, old.label, known=known)

    def signing(self, at: int, practice: Practice) -> Shard | None:
        """Return the shard that signs; None where nobody can be issued anything."""
        if practice.limited:
            live = [s for s in self.shards if s.state(at) is issuer.ShardState.LIVE]
            return (
                issuer.Choice(live, at=at, counts=self.counts).one(Kind.VACCINATION)
                if live
                else None
            )
        living = [s for s in self.shards if s.not_before <= at <= s.not_after]
        return max(living, key=lambda s: s.not_before, default=None)

    def is_live(self, at: int) -> bool:
        """Tell whether borders know a live signer of it."""
        return any(
            self.known[kid] <= at and signer.state(at) is SignerState.LIVE
            for kid, signer in self.signers.items()
        )

    def _all_owned(self, at: int) -> Sequence[Owned]:
        # Upload and TLS keys stop no traveller: they are always new here.
        others = [Owned(role, role, "", "", at, at + 700 * DAY, at + 700 * DAY)
                  for role in (renewal.UPLOAD, renewal.TLS)]  # fmt: skip
        return [*self.owned, *others]


class Lived(NamedTuple):
    """A year of a network.

    Attributes:
        met: what each traveller of the year met.
        unissued: by day of the year: travellers who got no certificate, for want of a key.
        live: by day of the year: states with a live signer.
        states: with all their keys.
    """

    met: list[Met]
    unissued: list[int]
    live: list[int]
    states: list[State]


def lived(
    practice: Practice,
    *,
    states: int = 50,
    travellers: int = 4,
    seed: int = 20261122,
    years: int = 1,
) -> Lived:
    """Let a network live: founded over two years, kept by one practice since, watched for a year.

    Args:
        practice: how it is kept.
        states: how many.
        travellers: certificates a day and state.
        seed: of founding days, journeys and delays; the same for every practice.
        years: that are watched.
    """
    draw = random.Random(seed)
    found = [
        State(n, START - draw.randrange(1, 730) * DAY, random.Random(seed + n))
        for n in range(states)
    ]
    journeys = random.Random(seed)
    met: list[Met] = []
    days = years * YEAR
    unissued, live = [0] * days, [0] * days
    for day in range(-730, days):
        at = START + day * DAY
        for state in found:
            if practice.renews and state.shards[0].not_before <= at and day % 7 == state.weekday:
                state.renew(at, practice.hands)
            if day >= 0:
                live[day] += state.is_live(at)
            if day < -VALID or at < state.shards[0].not_before:
                continue
            shard = state.signing(at, practice)
            for _ in range(travellers):
                shown = day + journeys.randint(1, VALID)
                if shard is not None:
                    state.counts[shard.kid] = state.counts.get(shard.kid, 0) + 1
                if shard is None:
                    unissued[day] += day >= 0
                elif 0 <= shown < days:
                    met.append(_met(state, shard, at, shown, practice))
    return Lived([one for one in met if one.day >= 0], unissued, live, found)


def _met(state: State, shard: Shard, issued: int, shown: int, practice: Practice) -> Met:
    expires = issued + VALID * DAY
    if practice.limited:
        # As `journeys.issue` has it: no certificate outlives its key.
        expires = min(expires, shard.not_after)
    record = _dose(state.country, issued)
    certificate = HealthCertificate(
        "DCC", "1.3.0", Kind.VACCINATION, record.person,
        (record.entry,), state.country, issued, expires, {},
    )  # fmt: skip
    at = START + shown * DAY
    if at < state.known[shard.kid]:
        codes = frozenset({Code.SIGNER_UNKNOWN})
        return Met(shown, state.name, codes, shard, issued, expires)
    signer = state.signers[shard.kid]
    against = authenticate.judge(certificate, signer, Environment.TEST, at)
    codes = frozenset(finding.code for finding in against)
    return Met(shown, state.name, codes, shard, issued, expires)


def verified(one: Met, states: Sequence[State]) -> frozenset[Code]:
    """Sign what the traveller carries, and return what the real verifier finds with what borders know that day."""
    at = START + one.day * DAY
    record = _dose(one.shard.country, one.issued)
    context = IssuanceContext(one.issued, one.expires, Origin("LOT-1", "site", "op"))
    signed = sign(record, request=bytes(16), shard=one.shard, key=key("enduring dsc"), register=_Empty(),
                  context=context)  # fmt: skip
    known = TrustList(
        signer
        for state in states
        for kid, signer in state.signers.items()
        if state.known[kid] <= at
    )
    held = Snapshot(number=1, created=at, environment=Environment.TEST, trust=known)
    found = verify(signed.text, snapshot=held, at=datetime.fromtimestamp(at, UTC))
    return frozenset(finding.code for finding in found.verdict.findings)


def _dose(country: str, issued: int) -> Record:
    """Return an invented dose of the day on which its certificate is issued."""
    record = issuers.RECORDS["vaccination"]
    assert isinstance(record.entry, Vaccination)
    given = Moment(Precision.DAY, datetime.fromtimestamp(issued, UTC).date())
    return record._replace(entry=record.entry._replace(country=country, given=given))


class _Empty:
    def find(self, kid: bytes, tag: int) -> None:
        del kid, tag


def weeks(found: Lived) -> Iterator[int]:
    """Yield how many travellers met a dead signer, week by week."""
    for start in range(0, YEAR, 7):
        yield sum(one.is_dead for one in found.met if start <= one.day < start + 7)
