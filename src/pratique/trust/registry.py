"""The registry: what the network says of its participants, as a verifier needs it.

    network -> Registry -> standing(signer, at) -> findings          age(place, at) -> finding
                        -> about_rules(place, issuer, at) -> findings

1. Old data is told, not hidden, and stops nobody's verifier: the best that it allows is AMBER.
2. A participant that lapsed or broke puts its own certificates in doubt, and what its rules decide; one
   that is suspended its own certificates only: seats do not close a state's border.
3. Lapsed is computed from a date, never set.
4. The network's own signed time is a floor: a clock that runs behind it is not believed.
5. What could restrict and is missing here is a doubt for all that it could concern: whoever carries files
   could else lift a suspension, or bring back old rules, by leaving one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.findings import Code, Finding
from pratique.strict_json import ARRAY, SPARSE, Misfit
from pratique.trust.signer import CONTRADICTED, Signer

HOUR = 3600
CLOCK_SLACK = 5 * 60
"""Seconds that a clock may run behind the network's."""

SUSPENSIONS, VALUE_SETS = "suspensions", "value sets"
"""The network's own lists that may be unread (`Registry.unread`)."""


class Freshness(NamedTuple):
    """How old data may be, in seconds: from `old` on AMBER, from `too_old` on nothing is said."""

    old: int = 48 * HOUR
    too_old: int = 7 * 24 * HOUR


IMPORTED = Freshness(7 * 24 * HOUR, 30 * 24 * HOUR)
"""For lists that were imported where no network tells of ages: they come by hand, not by a clock."""


class Suspension(NamedTuple):
    """From when until when (seconds since the epoch, the end not included), and why."""

    since: int
    until: int
    reason: str


class ParticipantState(NamedTuple):
    """What the network says of one participant.

    Attributes:
        expires: end of what it has published; None where it has published nothing.
        problem: stable code of why its newest could not be used; empty if it could.
        suspensions: past, present and announced.
        withdrawn: thumbprints of signers that it has withdrawn.
        contact: where a holder may appeal.
        schemes: stable code of why its keys of other schemes could not be read, and none of them counts.
    """

    expires: int | None
    problem: str = ""
    suspensions: tuple[Annotated[Suspension, ARRAY], ...] = ()
    withdrawn: frozenset[str] = frozenset()
    contact: str = ""
    schemes: Annotated[str, SPARSE] = ""

    def suspended(self, at: int) -> Suspension | None:
        """Return the suspension that is in force at `at`."""
        return next((one for one in self.suspensions if one.since <= at < one.until), None)

    def lapsed(self, at: int) -> bool:
        """Tell whether what it has published has ended at `at`."""
        return self.expires is not None and at >= self.expires

    def since(self, code: str) -> str:
        """Say of the participant `code` since when it has lapsed."""
        return f"{code} since {_date(self.expires or 0)}"


Sets = Mapping[str, tuple[str, ...]]
_NOBODY: Mapping[str, str] = MappingProxyType({})


class Registry(NamedTuple):
    """The participants' states, and what destinations say of ages and value sets.

    Attributes:
        published: when the network last spoke; seconds since the epoch.
        members: by participant's code.
        freshness: by destination, where it differs from the default.
        choices: by destination: the codes of a value set that it recognises.
        floor: the time is later than this, as witnesses of the log say; 0 where nobody does.
        speakers: by country, the participants whose word counts for its rules, by code: who publishes
            rules or choices for it, and who may and whose could not be read, with the stable code of why.
        voiding: the same for rules of what is void of a country's own certificates.
        unread: of the network's own lists (`SUSPENSIONS`, `VALUE_SETS`) those that could not be read,
            each with the stable code of why.
    """

    published: int
    members: Mapping[str, ParticipantState] = MappingProxyType({})
    freshness: Mapping[str, Annotated[Freshness, ARRAY]] = MappingProxyType({})
    choices: Mapping[str, Sets] = MappingProxyType({})
    floor: int = 0
    # Only where there is something: a registry without stays the bytes that it was.
    speakers: Annotated[Mapping[str, Mapping[str, str]], SPARSE] = MappingProxyType({})
    voiding: Annotated[Mapping[str, Mapping[str, str]], SPARSE] = MappingProxyType({})
    unread: Annotated[Mapping[str, str], SPARSE] = MappingProxyType({})

    def withdrawn_of(self, code: str) -> frozenset[str]:
        """Return the thumbprints of signers that a participant has withdrawn."""
        member = self.members.get(code)
        return frozenset() if member is None else member.withdrawn

    def standing(self, signer: Signer, at: int) -> Iterator[Finding]:
        """Yield what the network has against a signer at `at`."""
        if SUSPENSIONS in self.unread:
            # A signer that is no participant's too: its key may be one's under another name.
            yield Finding(Code.SUSPENSIONS_UNKNOWN, self.unread[SUSPENSIONS])
        if CONTRADICTED in signer.notes:
            yield Finding(Code.SIGNER_CONTRADICTED, signer.participant)
        member = self.members.get(signer.participant)
        if member is None:
            # What is missing here of its country's participant may have withdrawn the key.
            for country in sorted(signer.countries & self.speakers.keys()):
                for code, why in self.speakers[country].items():
                    if why:
                        yield Finding(Code.PARTICIPANT_UNVERIFIABLE, f"{code}, {why}")
            return
        if signer.thumbprint in member.withdrawn:
            yield Finding(Code.SIGNER_WITHDRAWN, signer.participant)
        suspension = member.suspended(at)
        if suspension is not None:
            until = _date(suspension.until)
            about = f"{signer.participant} until {until}, {suspension.reason}"
            yield Finding(Code.PARTICIPANT_SUSPENDED, about)
        if member.problem:
            yield Finding(Code.PARTICIPANT_UNVERIFIABLE, f"{signer.participant}, {member.problem}")
        if member.lapsed(at):
            yield Finding(Code.PARTICIPANT_LAPSED, member.since(signer.participant))

    def about_rules(
        self, place: str, issuer: str | None, signer: str, at: int
    ) -> Iterator[Finding]:
        """Yield why the rules that are held here may not be those that count at `at`.

        Args:
            place: the destination's country: its rules, its choices.
            issuer: the country that a certificate names as its issuer, or None: its rules of what is void.
            signer: the code of the participant that signed it; of that one `standing` tells.
            at: seconds since the epoch.
        """
        if VALUE_SETS in self.unread:
            yield Finding(Code.RULES_UNVERIFIABLE, f"value sets, {self.unread[VALUE_SETS]}")
        speaking = self.speakers.get(place, _NOBODY)
        for code, why in speaking.items():
            if why:
                yield Finding(Code.RULES_UNVERIFIABLE, f"{code}, {why}")
            if self.members[code].lapsed(at):
                yield Finding(Code.RULES_LAPSED, self.members[code].since(code))
        for code, why in self.voiding.get(issuer or "", _NOBODY).items():
            if code == signer or (issuer == place and code in speaking):
                continue
            if why:
                yield Finding(Code.PARTICIPANT_UNVERIFIABLE, f"{code}, {why}")
            if self.members[code].lapsed(at):
                yield Finding(Code.PARTICIPANT_LAPSED, self.members[code].since(code))

    def age(self, place: str | None, at: int) -> Finding | None:
        """Tell whether the data is too old for a destination, or newer than the clock."""
        if at < max(self.published, self.floor) - CLOCK_SLACK:
            return Finding(Code.CLOCK_BEHIND)
        return older(self.published, at, self.freshness.get(place or "", Freshness()))


def older(since: int, at: int, bounds: Freshness) -> Finding | None:
    """Tell whether what is of `since` is too old at `at`."""
    hours = (at - since) // HOUR
    if at - since > bounds.too_old:
        return Finding(Code.DATA_TOO_OLD, f"{hours} hours")
    return Finding(Code.DATA_OLD, f"{hours} hours") if at - since > bounds.old else None


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def from_row(row: object) -> Registry:
    """Return the registry of a row; Misfit if it is not exactly one."""
    found = strict_json.read(Registry, row)
    for codes in (*found.speakers.values(), *found.voiding.values()):
        if not codes.keys() <= found.members.keys():
            raise Misfit("member-kind", "speakers")
    return found
