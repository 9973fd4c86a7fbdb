"""Who takes part: the authority's list of participants, and of suspensions.

    network/participants.json <-> Participant, ...          suspend/list.json <-> Suspension, ...

1. A participant is a state, a territory or an organisation; none of them is taken for a country.
2. What a participant may sign for is said here, by the seats, and not by its own X.509 certificates.
3. A suspension is for one of the closed reasons, lasts at most 14 days, and one of the same participant
   comes no sooner than 14 days after the last: it is a brake, not a switch.
4. A list that is not exactly of its format is refused whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.registry import HOUR, Freshness, Sets, Suspension
from pratique.trust.signer import array, text, whole

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


def write(choices: Choices) -> bytes:
    """Write the document; ages are whole hours."""
    old, too_old = choices.freshness
    document = {
        "format": FORMAT,
        "value_sets": {name: sorted(codes) for name, codes in choices.value_sets.items()},
        "freshness_hours": {"old": old // HOUR, "too_old": too_old // HOUR},
    }
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"


def read(data: bytes, published: Mapping[str, list[str]]) -> Choices:
    """Read the document; DocumentRefused `choices-…`."""
    found = strict_json.parse(data, most=strict_json.OF_ONE)
    members = {"format", "value_sets", "freshness_hours"}
    if not isinstance(found, dict) or found.keys() != members or found["format"] != FORMAT:
        raise _choices_refused("malformed", f"this is no document of the form {FORMAT}")
    try:
        hours = found["freshness_hours"]
        old, too_old = whole(hours["old"]), whole(hours["too_old"])
        if hours.keys() != {"old", "too_old"} or not 0 < old <= too_old <= LONGEST_HOURS:
            raise ValueError("hours")
        sets = {
            text(name): tuple(map(text, array(codes)))
            for name, codes in found["value_sets"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _choices_refused("malformed", "a member is missing or of the wrong kind") from error
    for name, codes in sets.items():
        if name not in published or not set(codes) <= set(published[name]):
            raise _choices_refused(
                "unknown", f"{name} is no value set of the network, or has other codes"
            )
    return Choices(sets, Freshness(old * HOUR, too_old * HOUR))


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


class Reason(StrEnum):
    """Why a participant may be suspended; there is no other."""

    KEYS_STOLEN = "keys-stolen"
    KEYS_LOST = "keys-lost"
    FORGERIES = "forgeries"
    OWN_REQUEST = "own-request"


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
    name: str
    countries: frozenset[str]
    subject: str
    domains: frozenset[str]
    contact: str = ""

    def to_row(self) -> dict[str, object]:
        """Return what JSON holds of it."""
        row: dict[str, object] = self._asdict()
        row["countries"], row["domains"] = sorted(self.countries), sorted(self.domains)
        return row


def write_participants(participants: Iterable[Participant]) -> bytes:
    """Write the list of participants."""
    rows = [one.to_row() for one in sorted(participants)]
    return _dump({"format": PARTICIPANTS_FORMAT, "participants": rows})


def read_participants(data: bytes) -> dict[str, Participant]:
    """Read the list of participants, by code; DocumentRefused `participants-malformed`."""
    found = [_participant(row) for row in _rows(data, PARTICIPANTS_FORMAT, "participants")]
    by_code = {one.code: one for one in found if one is not None}
    if len(by_code) != len(found):
        raise _malformed("participants")
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
    rows = [
        {"participant": code, "since": _instant(s.since), "until": _instant(s.until), "reason": s.reason}
        for code, s in sorted(suspensions)
    ]  # fmt: skip
    return _dump({"format": SUSPENSIONS_FORMAT, "suspensions": rows})


def read_suspensions(data: bytes) -> tuple[tuple[str, Suspension], ...]:
    """Read the list of suspensions; DocumentRefused `suspensions-…`."""
    found = []
    for row in _rows(data, SUSPENSIONS_FORMAT, "suspensions"):
        try:
            if row.keys() != {"participant", "since", "until", "reason"}:
                raise ValueError("members of a suspension")
            one = Suspension(_seconds(row["since"]), _seconds(row["until"]), Reason(row["reason"]))
            if not metadata.is_participants(_shown(row["participant"])):
                raise ValueError("a participant's code")
            found.append((row["participant"], one))
        except (AttributeError, TypeError, ValueError, KeyError) as error:
            raise _malformed("suspensions") from error
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


def _participant(row: Any) -> Participant | None:
    try:
        if row.keys() != set(Participant._fields):
            raise ValueError("members of a participant")
        found = Participant(
            code=text(row["code"]),
            kind=ParticipantKind(row["kind"]),
            name=_shown(row["name"]),
            countries=frozenset(map(_shown, array(row["countries"]))),
            subject=_shown(row["subject"]),
            domains=frozenset(map(_shown, array(row["domains"]))),
            contact=_shown(row["contact"]),
        )
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise _malformed("participants") from error
    return found if metadata.is_participants(found.code) else None


def _shown(value: object) -> str:
    # It is shown to seats and travellers: nothing in it may move a cursor or hide. Joiners are letters
    # in Persian and in India's scripts.
    found = text(value)
    if (
        len(found) > LONGEST_TEXT
        or not found.translate(_JOINERS).isprintable()
        or seen(found) != found
    ):
        raise ValueError("a text that cannot be shown")
    return found


def _rows(data: bytes, form: str, member: str) -> list[Any]:
    found = strict_json.parse(data)
    if not isinstance(found, dict) or found.keys() != {"format", member} or found["format"] != form:
        raise _malformed(member)
    try:
        return list(array(found[member]))
    except TypeError as error:
        raise _malformed(member) from error


def _dump(document: dict[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(value: object) -> int:
    found = datetime.strptime(text(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return int(found.timestamp())


def _malformed(member: str) -> DocumentRefused:
    return _refused(f"{member}-malformed", f"the list of {member} is not laid out as one")


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "what is held here stays as it was; tell the authority")
