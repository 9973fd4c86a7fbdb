"""What ends soon for a holder, and a calendar of it.

    texts, trips -> Ending, ... by date -> text/calendar

1. Told are dates. No number rates a person, and nothing is counted down.
2. The end of a code, and of what a certificate says of itself, are two things, and never one.
3. Each instant is asked as it is then: certificates are judged anew, by data that is as old as it is now.
4. A calendar tells neither whose it is nor of what, unless the holder asks for it.
5. Work is bounded: so many trips, and so many turns of rules for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum, unique
from typing import NamedTuple

from pratique import diary
from pratique.authenticate import HealthCode
from pratique.decision import decide
from pratique.diary import DiaryEvent
from pratique.formats.wrapping import Unwrapped
from pratique.model import HealthCertificate
from pratique.rules.ruleset import Destination
from pratique.screen import CodeOrigin, handed_in, judged_codes, opened_codes, verified
from pratique.snapshot import Snapshot
from pratique.text import printable
from pratique.verification import epoch
from pratique.wallet import (
    LATEST,
    LocalInstant,
    aged_as_now,
    distinct,
    local_instant,
    state_of,
)


@unique
class EndKind(StrEnum):
    """What ends or begins."""

    CODE_ENDS = "code-ends"
    STATED_ENDS = "stated-ends"
    GREEN_BEGINS = "green-begins"
    GREEN_ENDS = "green-ends"
    RULES_TURN = "rules-turn"


class Ending(NamedTuple):
    """Something that ends or begins.

    Attributes:
        kind: what.
        at: the last instant before it ends, or the first of what begins.
        texts: the places of the texts that it is about; all of the traveller's for a trip.
        place: the trip's destination; None where it is about none.
        colour: what it comes to from then on, for rules that turn.
    """

    kind: EndKind
    at: LocalInstant
    texts: tuple[int, ...]
    place: str | None
    colour: str | None


class Trip(NamedTuple):
    """Where and when somebody arrives; `at` is aware, in the zone of the port of entry."""

    place: Destination
    at: datetime


MOST_DAYS, MOST_TRIPS, MOST_TURNS = 3660, 16, 16
_DAY = 86_400


def ends(
    texts: Sequence[str],
    *,
    snapshot: Snapshot,
    at: datetime,
    days: int,
    trips: Sequence[Trip] = (),
) -> tuple[Ending, ...]:
    """Return what ends or begins within so many days, by date.

    Args:
        texts: of one person's certificates.
        snapshot: what is trusted, and the rules.
        at: now; aware, in the zone in which days are counted.
        days: `MOST_DAYS` at most.
        trips: destinations that the holder has chosen; `MOST_TRIPS` at most are looked at.
    """
    now = epoch(at)
    last = min(now + min(max(days, 0), MOST_DAYS) * _DAY, LATEST - 1)
    scanned = distinct(handed_in(texts))
    verifications = verified(scanned.codes, snapshot, at)
    endings: list[Ending] = []
    for verification, origin in zip(verifications, scanned.origins, strict=True):
        certificate = verification.certificate
        if certificate is not None and state_of(verification) in {"in-order", "doubtful"}:
            endings += _of_certificate(certificate, origin, at)
    for trip in trips[:MOST_TRIPS]:
        endings += _of_trip(scanned.codes, trip, snapshot, now, last)
    within = {ending for ending in endings if now <= ending.at.epoch <= last}
    return tuple(
        sorted(
            within,
            key=lambda ending: (ending.at.epoch, ending.kind, ending.texts, ending.place or ""),
        )
    )


def _of_certificate(
    certificate: HealthCertificate, origin: CodeOrigin, at: datetime
) -> Iterator[Ending]:
    instant = local_instant(certificate.expires_at, at)
    if instant is not None:
        yield Ending(EndKind.CODE_ENDS, instant, origin.texts, None, None)
    for until in {entry.valid_until for entry in certificate.entries}:
        # In whole days, the last one included, on the clock of the place.
        instant = None if until is None else local_instant(_end_of(until.last_day(), at), at)
        if instant is not None:
            yield Ending(EndKind.STATED_ENDS, instant, origin.texts, None, None)


def _end_of(day: date, at: datetime) -> int | None:
    """Return the last second of a day on the clock of `at`; None where no calendar reaches."""
    try:
        midnight = datetime.combine(day + timedelta(days=1), time(), at.tzinfo)
        return int(midnight.timestamp()) - 1
    except (OverflowError, ValueError):
        return None


def _of_trip(
    codes: Sequence[Unwrapped], trip: Trip, snapshot: Snapshot, now: int, last: int
) -> Iterator[Ending]:
    opened = opened_codes(codes, snapshot)

    def asked(at: datetime, *, look_ahead: bool = False) -> HealthCode:
        # Judged anew each time: what is in force now may not be so then.
        then = aged_as_now(snapshot, now, epoch(at))
        verifications = judged_codes(opened, then, at)
        return decide(verifications, snapshot=then, place=trip.place, at=at, look_ahead=look_ahead)

    turned = set[int]()
    seconds = _rule_edges(trip.place, snapshot)
    for second in sorted(instant for instant in seconds if now < instant <= last)[:MOST_TURNS]:
        before, after = (
            asked(datetime.fromtimestamp(instant, trip.at.tzinfo)).colour
            for instant in (second - 1, second)
        )
        if before is not after:
            turned.add(second)
            yield _ending(EndKind.RULES_TURN, second, trip, after.value)
    code = asked(trip.at, look_ahead=True)
    # Where rules turn there, that is said already.
    if code.from_ is not None and code.from_ not in turned:
        yield _ending(EndKind.GREEN_BEGINS, code.from_, trip)
    if code.until is not None and code.until + 1 not in turned:
        yield _ending(EndKind.GREEN_ENDS, code.until, trip)


def _rule_edges(place: Destination, snapshot: Snapshot) -> set[int]:
    """Return the seconds at which a destination's rules, or editions of value sets, begin or end."""
    rules = (
        rule
        for rule in snapshot.ruleset.rules
        if rule.country == place.country and rule.region in {None, place.region}
    )
    edges = {edge for rule in rules for edge in (rule.valid_from, rule.valid_to)}
    return edges | snapshot.ruleset.edition_turns


def _ending(kind: EndKind, second: int, trip: Trip, colour: str | None = None) -> Ending:
    instant = local_instant(second, trip.at)
    return Ending(kind, instant or LocalInstant(second, ""), (), trip.place.text, colour)


# ----------------------------------------------------------------------------------------------------
# For the calendar.


PRODUCT = "-//Pratique//wallet//EN"
_ENGLISH: Mapping[EndKind, str] = {
    EndKind.CODE_ENDS: "A code can be read until today: ask for a new one",
    EndKind.STATED_ENDS: "A certificate says that it counts until today",
    EndKind.GREEN_BEGINS: "Entry rules of a trip are met from today",
    EndKind.GREEN_ENDS: "Entry rules of a trip are met until today",
    EndKind.RULES_TURN: "Entry rules of a trip change today",
}
_ALARMS = (7,)


def calendar(
    endings: Iterable[Ending],
    *,
    at: datetime,
    words: Mapping[str, str] | None = None,
    name: str = "",
    who: str = "",
    seed: str = "",
) -> str:
    """Return what ends as text/calendar (RFC 5545).

    Args:
        endings: of `ends`.
        at: the instant of asking; aware.
        words: kind -> its sentence, in the holder's language; English where one is left out.
        name: of the calendar.
        who: a name to be put before each event, where the holder asks for it: then the destination is named too.
        seed: random, and kept by the wallet: by it an event that has moved is known again, and two wallets' events
            are told apart in one calendar. Without it an event that has moved is another one.
    """
    said = {kind: printable((words or {}).get(kind) or _ENGLISH[kind]) for kind in EndKind}
    events: dict[str, DiaryEvent] = {}
    for ending in endings:
        day = datetime.fromisoformat(ending.at.local).date()
        about = [printable(part) for part in (who, ending.place or "") if part] if who else []
        summary = ": ".join([", ".join(about), said[ending.kind]] if about else [said[ending.kind]])
        # Neither whose it is nor of what can be found out by it: what the holder alone knows is in it, or the day.
        known = (seed, ending.place or "") if seed else (day.isoformat(),)
        uids = (diary.uid_of("wallet", ending.kind, *known, str(n)) for n in range(len(events) + 1))
        uid = next(uid for uid in uids if uid not in events)
        events[uid] = DiaryEvent(uid, summary, day, _ALARMS)
    written = diary.written(
        events.values(), product=PRODUCT, name=printable(name) or "Pratique", at=epoch(at)
    )
    return written.decode()
