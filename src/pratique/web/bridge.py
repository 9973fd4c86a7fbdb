"""The engine as a page asks it: JSON in, JSON out, and no waiting.

    bytes of a snapshot -> open -> facts
    method, request, answers -> handle -> {"result": …} | {"ask": [question…]} | {"error": {code, message, hint}}

1. Signatures are checked by the browser (`crypto.webcrypto`): whoever calls answers what is asked, and calls again
   with all answers so far, until nothing is asked any more. A seal takes two rounds: its chain comes first.
2. Nothing of a traveller is kept from one call to the next: a call is a function of its arguments and the snapshot.
3. A text that a stranger hands in is a finding. A request that is none is an error, and never an exception.
4. The clock is the caller's: every method that judges is told the instant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from pratique import (
    describe,
    endings,
    errors,
    identify,
    manifest,
    outlook,
    screen,
    strict_json,
    wallet,
)
from pratique.crypto.webcrypto import Answers, Inquiry
from pratique.decision import decide
from pratique.errors import PratiqueError, UsageError
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot, destination
from pratique.strict_json import SPARSE
from pratique.text import rfc3339

MOST_TEXTS = 64
"""Texts of one request: certificates of a family, in chunks."""
MOST_ROWS = 5_000
"""Rows of one request: of a flight's list that is joined."""
LATEST = 253_402_214_400
"""9999-12-31: a later instant has no date in every zone."""


class Handed(NamedTuple):
    """What is handed in, and where and when it is judged."""

    texts: tuple[str, ...]
    at: int
    place: str
    zone: str


class HandedWithZone(NamedTuple):
    """The same, and the lines of a passport's machine-readable zone."""

    texts: tuple[str, ...]
    mrz: tuple[str, ...]
    at: int
    zone: str


class Asked(NamedTuple):
    """Texts whose outcome is asked to the last finding; with the rules of a place, if one is named."""

    texts: tuple[str, ...]
    at: int
    zone: str
    place: Annotated[str, SPARSE] = ""
    language: Annotated[str, SPARSE] = "en"


class HolderTexts(NamedTuple):
    """A holder's certificates, and the instant that they are looked at."""

    texts: tuple[str, ...]
    at: int
    zone: str


class Arrival(NamedTuple):
    """One person's certificates, and where they arrive, and when; `now` is when it is asked, if that is another time."""

    texts: tuple[str, ...]
    at: int
    zone: str
    place: str
    language: Annotated[str, SPARSE] = "en"
    now: Annotated[int, SPARSE] = 0


class AllDestinations(NamedTuple):
    """One person's certificates, and how many destinations to ask, from which one on."""

    texts: tuple[str, ...]
    at: int
    zone: str
    begin: Annotated[int, SPARSE] = 0
    most: Annotated[int, SPARSE] = 24
    now: Annotated[int, SPARSE] = 0


class Journey(NamedTuple):
    """A destination, and the instant of arrival on its clock."""

    place: str
    zone: str
    at: int


class EndsAsked(NamedTuple):
    """One person's certificates and journeys, and within how many days to look; for a calendar, its words."""

    texts: tuple[str, ...]
    at: int
    zone: str
    days: int
    trips: Annotated[tuple[Journey, ...], SPARSE] = ()
    words: Annotated[Mapping[str, str], SPARSE] = MappingProxyType({})
    title: Annotated[str, SPARSE] = ""
    seed: Annotated[str, SPARSE] = ""
    names: Annotated[bool, SPARSE] = False


class ListRow(NamedTuple):
    """A row of a flight's list: its number, its cells by the list's own columns, and whether all of it was read."""

    number: int
    cells: Mapping[str, Any]
    whole: Annotated[bool, SPARSE] = True

    def __repr__(self) -> str:
        return f"<row {self.number}: not shown>"


class ListRows(NamedTuple):
    """The rows of a flight's list."""

    rows: tuple[ListRow, ...]


class FlightAsked(NamedTuple):
    """Rows of some passengers, and what holds where they say nothing; `nameless` of a list that names nobody."""

    rows: tuple[ListRow, ...]
    at: int
    place: Annotated[str, SPARSE] = ""
    arrival: Annotated[str, SPARSE] = ""
    zone: Annotated[str, SPARSE] = ""
    nameless: Annotated[bool, SPARSE] = False


class Nothing(NamedTuple):
    """A request that says nothing more than its method."""


class Bridge:
    """A snapshot, and what is asked of it."""

    def __init__(self) -> None:
        self._inquiry = Inquiry()
        self._snapshot: Snapshot | None = None

    def open(self, data: bytes) -> str:
        """Take a snapshot, in place of the one before; return its facts, or an error that leaves it as it was."""
        return _told(lambda: self._opened(data))

    def handle(self, method: str, request: str, answers: str) -> str:
        """Carry a method out.

        Args:
            method: one of `METHODS`.
            request: a JSON object, as the method reads it.
            answers: a JSON object: a question's id -> true, false, or null where its key cannot be used.
        """
        return _told(lambda: self._handled(method, request, answers))

    def _opened(self, data: bytes) -> dict[str, Any]:
        self._snapshot = Snapshot.from_bytes(
            bytes(data), primitive=self._inquiry.load, chain=self._inquiry.signed_by
        )
        return _facts_of(self._snapshot)

    def _handled(self, method: str, request: str, answers: str) -> dict[str, Any]:
        known = METHODS.get(method)
        if known is None:
            raise UsageError("method-unknown", "there is no such method", ", ".join(METHODS))
        if self._snapshot is None:
            raise UsageError("no-snapshot", "nothing was opened yet", "open a snapshot first")
        form, work = known
        try:
            # Half a character in a text is the text's fault, and a finding.
            handed = strict_json.read(form, strict_json.loads(request.encode(), halves=True))
        except (ValueError, TypeError) as error:
            why = str(error) if isinstance(error, strict_json.Misfit) else "it is not JSON"
            raise UsageError("request-malformed", f"the request cannot be read: {why}") from None
        if len(getattr(handed, "rows", ())) > MOST_ROWS:
            raise UsageError("rows-too-many", f"a request holds {MOST_ROWS} rows at most")
        if len(getattr(handed, "texts", ())) > MOST_TEXTS:
            raise UsageError("texts-too-many", f"a request holds {MOST_TEXTS} texts at most")
        if self._inquiry.begin(_answers(answers)):
            # A signer's check is made once: where another key cannot be used, all are made anew.
            self._snapshot = self._snapshot.replace()
        try:
            result = work(self._snapshot, handed)
            questions = [question.row() for question in self._inquiry.unanswered()]
            return {"ask": questions} if questions else {"result": result}
        finally:
            self._inquiry.end()


def _told(work: Callable[[], dict[str, Any]]) -> str:
    try:
        return _dump(work())
    except PratiqueError as error:
        return _error(error.code, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - the last barrier: its own words may quote a stranger
        return _error("unforeseen", errors.place_of(error), errors.HINT)


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _error(code: str, message: str, hint: str) -> str:
    return _dump({"error": {"code": code, "message": message, "hint": hint}})


def _answers(text: str) -> Answers:
    answers = strict_json.parse(text.encode())
    if not isinstance(answers, dict) or not all(
        answer is None or type(answer) is bool for answer in answers.values()
    ):
        raise UsageError("answers-malformed", "the answers are not true, false or null by their id")
    return answers


# ----------------------------------------------------------------------------------------------------
# What methods have in common: texts as people and devices hand them in, a place, an instant.


def _instant(at: int, zone: str = "UTC") -> datetime:
    """Return an instant on the clock of the port of entry."""
    if not 0 <= at <= LATEST:
        raise UsageError("instant-unknown", "the instant is not one of seconds since 1970")
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            "zone-unknown", "there is no such time zone", "one of the IANA names: Europe/Paris"
        ) from error


def _place_of(text: str, snapshot: Snapshot) -> Destination:
    """Read a destination: "FR", or "FR/BRE" with a region."""
    ruleset = snapshot.ruleset
    place = destination(text, ruleset)
    if place is None:
        raise UsageError("destination-unknown", "there is no such country", "two letters: FR")
    if ruleset.countrywide(place.country) and ruleset.lacks(place):
        # One that is mistyped would be let off its own rules, and be GREEN by the country's.
        raise UsageError("region-unknown", "the country has no rules of that region", "choose one")
    return place


def _facts_of(snapshot: Snapshot) -> dict[str, Any]:
    """Say what a snapshot holds."""
    ruleset = snapshot.ruleset
    return {
        "number": snapshot.number,
        "created": snapshot.created,
        "created_text": rfc3339(snapshot.created),
        "environment": snapshot.environment.value,
        "network": snapshot.roll is not None,
        "signers": len(snapshot.trust),
        "rules": len(ruleset.rules),
        "destinations": [
            place.country if place.region is None else f"{place.country}/{place.region}"
            for place in ruleset.destinations
        ],
        "revocations": snapshot.revocations is not None,
    }


# ----------------------------------------------------------------------------------------------------
# The methods.


def _facts(snapshot: Snapshot, _: Nothing) -> dict[str, Any]:
    return _facts_of(snapshot)


def _border_check(snapshot: Snapshot, handed: Handed) -> dict[str, Any]:
    at, place = _instant(handed.at, handed.zone), _place_of(handed.place, snapshot)
    shown = screen.screen(handed.texts, snapshot=snapshot, place=place, at=at)
    data = screen.held_data(snapshot, place.country, at)
    return {**screen.to_json(shown), "data": strict_json.write(data)}


def _border_identify(snapshot: Snapshot, handed: HandedWithZone) -> dict[str, Any]:
    at = _instant(handed.at, handed.zone)
    return strict_json.write(identify.identify(handed.texts, handed.mrz, snapshot=snapshot, at=at))


def _verification(snapshot: Snapshot, handed: Asked) -> dict[str, Any]:
    at = _instant(handed.at, handed.zone)
    place = _place_of(handed.place, snapshot) if handed.place else None
    codes = screen.handed_in(handed.texts).codes
    rows = []
    for number, outcome in enumerate(screen.verified(codes, snapshot, at, place), 1):
        ways = ((), ()) if place is None else outlook.advice(outcome, snapshot, place, at)
        advice = describe.Advice(ways[0], handed.language, ways[1])
        appeal = describe.appeal_of(outcome, snapshot)
        label = f"certificate {number}"
        row = describe.as_json(label, "", outcome, inspect=True, appeal=appeal, advice=advice)
        rows.append(row)
    return describe.document(rows, snapshot, at)


def _health_code(snapshot: Snapshot, handed: Asked) -> dict[str, Any]:
    at, place = _instant(handed.at, handed.zone), _place_of(handed.place, snapshot)
    outcomes = screen.verified(screen.handed_in(handed.texts).codes, snapshot, at)
    code = decide(outcomes, snapshot=snapshot, place=place, at=at)
    return describe.health_code_as_json(code, handed.language, at.tzinfo or UTC, {})


def _wallet_cards(snapshot: Snapshot, handed: HolderTexts) -> dict[str, Any]:
    at = _instant(handed.at, handed.zone)
    return wallet.to_json(wallet.cards(handed.texts, snapshot=snapshot, at=at))


def _wallet_enter(snapshot: Snapshot, handed: Arrival) -> dict[str, Any]:
    at, place = _instant(handed.at, handed.zone), _place_of(handed.place, snapshot)
    entering = wallet.enter(
        handed.texts,
        snapshot=snapshot,
        place=place,
        at=at,
        now=handed.now or handed.at,
        language=handed.language,
    )
    return wallet.to_json(entering)


def _wallet_everywhere(snapshot: Snapshot, handed: AllDestinations) -> dict[str, Any]:
    rows = wallet.everywhere(
        handed.texts,
        snapshot=snapshot,
        at=_instant(handed.at, handed.zone),
        now=handed.now or handed.at,
        begin=handed.begin,
        most=handed.most,
    )
    return wallet.to_json(rows)


def _wallet_ends(snapshot: Snapshot, handed: EndsAsked) -> dict[str, Any]:
    return {"ends": [strict_json.write(one) for one in _ends(snapshot, handed)]}


def _wallet_calendar(snapshot: Snapshot, handed: EndsAsked) -> dict[str, Any]:
    at = _instant(handed.at, handed.zone)
    who = wallet.name_of(handed.texts, snapshot=snapshot, at=at) if handed.names else ""
    ending = _ends(snapshot, handed)
    return {
        "calendar": endings.calendar(
            ending, at=at, words=handed.words, name=handed.title, who=who, seed=handed.seed
        )
    }


def _ends(snapshot: Snapshot, handed: EndsAsked) -> tuple[endings.Ending, ...]:
    trips = [
        endings.Trip(_place_of(trip.place, snapshot), _instant(trip.at, trip.zone))
        for trip in handed.trips[: endings.MOST_TRIPS]
    ]
    at = _instant(handed.at, handed.zone)
    return endings.ends(handed.texts, snapshot=snapshot, at=at, days=handed.days, trips=trips)


def _numbered(rows: tuple[ListRow, ...]) -> list[manifest.BookingRow]:
    return [manifest.BookingRow(row.number, manifest.renamed(row.cells), row.whole) for row in rows]


def _manifest_join(_: Snapshot, handed: ListRows) -> dict[str, Any]:
    bookings = manifest.joined(_numbered(handed.rows))
    return {"bookings": [[row.number for row in booking] for booking in bookings]}


def _manifest_check(snapshot: Snapshot, handed: FlightAsked) -> dict[str, Any]:
    journeys = manifest.Journeys(handed.place, handed.arrival, {"": handed.zone})
    check = manifest.ManifestCheck(snapshot, now=_instant(handed.at), names=not handed.nameless)
    bookings = manifest.joined(_numbered(handed.rows))
    results = [check.check(manifest.booking_of(rows, journeys)) for rows in bookings]
    return {"results": [manifest.row_of(checked) for checked in results]}


METHODS: Mapping[str, tuple[Any, Callable[[Snapshot, Any], Any]]] = {
    "facts": (Nothing, _facts),
    "border.check": (Handed, _border_check),
    "border.identify": (HandedWithZone, _border_identify),
    "health_code": (Asked, _health_code),
    "manifest.check": (FlightAsked, _manifest_check),
    "manifest.join": (ListRows, _manifest_join),
    "verification": (Asked, _verification),
    "wallet.calendar": (EndsAsked, _wallet_calendar),
    "wallet.cards": (HolderTexts, _wallet_cards),
    "wallet.ends": (EndsAsked, _wallet_ends),
    "wallet.enter": (Arrival, _wallet_enter),
    "wallet.everywhere": (AllDestinations, _wallet_everywhere),
}
"""A method's name -> the form of its request, and what carries it out: a line each."""
