"""Who takes part: the authority's list of participants, and of suspensions.

    network/participants.json <-> Participant, ...          suspend/list.json <-> Suspension, ...

1. A participant is a state, a territory or an organisation; none of them is taken for a country.
2. What a participant may sign for is said here, by the seats, and not by its own X.509 certificates.
3. A suspension is for one of the closed reasons, lasts at most 14 days, and one of the same participant
   comes no sooner than 14 days after the last: it is a brake, not a switch.
4. A list that is not exactly of its format is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.strict_json import Codec
from pratique.terms import Environment
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.publication import Bounds
from pratique.trust.registry import HOUR, Freshness, Sets, Suspension

# ----------------------------------------------------------------------------------------------------
# A destination's choices: which codes of a value set it recognises, and how old data may be.
#
#     choices.json <-> Choices(value_sets, freshness)
#
# 1. A choice may only name sets that the network publishes, and codes of them: nothing is smuggled in.
# 2. A document that is not exactly of its format is refused whole.


FORMAT = "pratique-choices-1"
LONGEST_HOURS = 31 * 24


class Choices(NamedTuple):
    """A destination's choices."""

    value_sets: Sets
    freshness: Freshness


class Hours(NamedTuple):
    """Ages of data, in whole hours."""

    old: int
    too_old: int


class ChoicesDocument(NamedTuple):
    """The document."""

    value_sets: Sets
    freshness_hours: Hours


def write(choices: Choices) -> bytes:
    """Write the document; ages are whole hours."""
    sets = {name: tuple(sorted(codes)) for name, codes in choices.value_sets.items()}
    hours = Hours(*(seconds // HOUR for seconds in choices.freshness))
    return strict_json.dump(ChoicesDocument(sets, hours), FORMAT)


def read(data: bytes, published: Mapping[str, list[str]]) -> Choices:
    """Read the document; DocumentRefused `choices-…`."""
    refused = partial(_choices_refused, "malformed")
    sets, hours = strict_json.document(
        data, ChoicesDocument, FORMAT, refused, most=strict_json.OF_ONE
    )
    if not 0 < hours.old <= hours.too_old <= LONGEST_HOURS:
        raise refused("its ages are none")
    for name, codes in sets.items():
        if name not in published or not set(codes) <= set(published[name]):
            raise _choices_refused(
                "unknown", f"{name} is no value set of the network, or has other codes"
            )
    return Choices(sets, Freshness(*(hour * HOUR for hour in hours)))


def _choices_refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"choices-{code}", f"the destination's choices were refused: {why}")


PARTICIPANTS_FORMAT = "pratique-participants-1"
SUSPENSIONS_FORMAT = "pratique-suspensions-1"
LONGEST_TEXT = 300
_JOINERS = dict.fromkeys((0x200C, 0x200D))
LONGEST = PAUSE = 14 * 24 * 3600
"""Seconds that a suspension lasts at most, and that lie between two of one participant at least."""


class ParticipantKind(StrEnum):
    """What a participant is."""

    STATE = "state"
    TERRITORY = "territory"
    ORGANISATION = "organisation"


class SuspensionReason(StrEnum):
    """Why a participant may be suspended; there is no other."""

    KEYS_STOLEN = "keys-stolen"
    KEYS_LOST = "keys-lost"
    FORGERIES = "forgeries"
    OWN_REQUEST = "own-request"


def _shown(value: object) -> str:
    # It is shown to seats and travellers: nothing in it may move a cursor or hide. Joiners are letters
    # in Persian and in India's scripts.
    found = strict_json.text(value)
    if (
        len(found) > LONGEST_TEXT
        or not found.translate(_JOINERS).isprintable()
        or seen(found) != found
    ):
        raise ValueError("a text that cannot be shown")
    return found


def _seconds(value: object) -> int:
    found = datetime.strptime(strict_json.text(value), _INSTANT).replace(tzinfo=UTC)
    return int(found.timestamp())


_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
Shown = Annotated[str, Codec(_shown)]
Seconds = Annotated[
    int, Codec(_seconds, lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime(_INSTANT))
]


class Participant(NamedTuple):
    """One participant.

    Attributes:
        code: its name in the network, and of its role ("XUA").
        kind: state, territory or organisation.
        name: as its people call it.
        countries: codes that its certificates may name as issuer's country.
        subject: C that its X.509 certificates carry; an organisation's may be no country of its own.
        domains: what it is active for ("DCC", "ICVP"); none before its self-test.
        contact: where a holder may appeal: a page or an address of an office.
    """

    code: str
    kind: ParticipantKind
    name: Shown
    countries: frozenset[Shown]
    subject: Shown
    domains: frozenset[Shown]
    contact: Shown = ""

    def bounds(self, environment: Environment) -> Bounds:
        """Return what it may speak for in a network of an environment."""
        return Bounds(self.code, self.countries, self.subject, self.domains, environment)


class ParticipantList(NamedTuple):
    """The list of participants, as it is published."""

    participants: tuple[Participant, ...]


class Suspended(NamedTuple):
    """A row of the list of suspensions."""

    participant: Shown
    since: Seconds
    until: Seconds
    reason: SuspensionReason


class SuspensionList(NamedTuple):
    """The list of suspensions, as it is published."""

    suspensions: tuple[Suspended, ...]


def write_participants(participants: Iterable[Participant]) -> bytes:
    """Write the list of participants."""
    found = ParticipantList(tuple(sorted(participants)))
    return strict_json.dump(found, PARTICIPANTS_FORMAT, ascii_only=False)


def read_participants(data: bytes) -> dict[str, Participant]:
    """Read the list of participants, by code; DocumentRefused `participants-malformed`."""
    refused = partial(_malformed, "participants")
    (found,) = strict_json.document(data, ParticipantList, PARTICIPANTS_FORMAT, refused)
    by_code = {one.code: one for one in found if metadata.is_participants(one.code)}
    if len(by_code) != len(found):
        raise refused("a code is none, or is there twice")
    return by_code


def check_admitted(before: Iterable[str], after: Iterable[str]) -> None:
    """See to it that nobody is admitted who takes part already under another code of theirs.

    Args:
        before: codes of those who take part.
        after: codes as they are to be.

    Raises:
        DocumentRefused: `participants-double`.
    """
    known, listed = set(before), sorted(set(after))
    whose: dict[str, set[str]] = {}
    for code in listed:
        # What is no known code is compared as it is written.
        for one in countries.bearers(code) or {code}:
            whose.setdefault(one, set()).add(code)
    for codes in whose.values():
        if len(codes) > 1 and not codes <= known:
            raise _refused("participants-double", f"{', '.join(sorted(codes))} are one participant")


def write_suspensions(suspensions: Iterable[tuple[str, Suspension]]) -> bytes:
    """Write the list of suspensions."""
    rows = (
        Suspended(code, s.since, s.until, SuspensionReason(s.reason))
        for code, s in sorted(suspensions)
    )
    return strict_json.dump(SuspensionList(tuple(rows)), SUSPENSIONS_FORMAT, ascii_only=False)


def read_suspensions(data: bytes) -> tuple[tuple[str, Suspension], ...]:
    """Read the list of suspensions; DocumentRefused `suspensions-…`."""
    refused = partial(_malformed, "suspensions")
    (rows,) = strict_json.document(data, SuspensionList, SUSPENSIONS_FORMAT, refused)
    if not all(metadata.is_participants(row.participant) for row in rows):
        raise refused("it suspends what is no participant")
    found = [(code, Suspension(since, until, reason)) for code, since, until, reason in rows]
    check_suspensions(found)
    return tuple(sorted(found))


def check_suspensions(suspensions: Iterable[tuple[str, Suspension]]) -> None:
    """See to it that each is short, and that none follows upon another; DocumentRefused."""
    last: dict[str, Suspension] = {}
    for code, one in sorted(set(suspensions)):
        if not 0 < one.until - one.since <= LONGEST:
            raise _refused("suspension-long", f"{code} would be suspended for more than 14 days")
        if code in last and one.since < last[code].until + PAUSE:
            raise _refused("suspension-chained", f"{code} would be suspended again within 14 days")
        last[code] = one


def _malformed(member: str, why: str) -> DocumentRefused:
    return _refused(f"{member}-malformed", f"the list of {member} is not laid out as one: {why}")


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "what is held here stays as it was; tell the authority")
