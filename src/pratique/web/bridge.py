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

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pratique import errors, strict_json
from pratique.assess import aged
from pratique.crypto.webcrypto import Answers, Inquiry, Question
from pratique.decision import decide
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code, Colour, Finding
from pratique.formats import wrapping
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.text import rfc3339
from pratique.trust import countries
from pratique.verification import Verification, noted, unread, verify

MOST_TEXTS = 64
"""Texts of one request: certificates of a family, in chunks."""
LATEST = 253_402_214_400
"""9999-12-31: a later instant has no date in every zone."""


class Handed(NamedTuple):
    """What is handed in, and where and when it is judged."""

    texts: tuple[str, ...]
    at: int
    place: str
    zone: str


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
        return {"result": facts(self._snapshot)}

    def _handled(self, method: str, request: str, answers: str) -> dict[str, Any]:
        known = METHODS.get(method)
        if known is None:
            raise UsageError("method-unknown", "there is no such method", ", ".join(METHODS))
        if self._snapshot is None:
            raise UsageError("no-snapshot", "nothing was opened yet", "open a snapshot first")
        form, work = known
        try:
            handed = strict_json.read(form, strict_json.parse(request.encode()))
        except (DocumentRefused, ValueError, TypeError) as error:
            why = str(error) if isinstance(error, strict_json.Misfit) else "it is not JSON"
            raise UsageError("request-malformed", f"the request cannot be read: {why}") from None
        if self._inquiry.begin(_answers(answers)):
            # A signer's check is made once: where another key cannot be used, all are made anew.
            self._snapshot = self._snapshot.replace()
        try:
            result = work(self._snapshot, handed)
            asked = [_asked(*one) for one in self._inquiry.open()]
            return {"ask": asked} if asked else {"result": result}
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
    found = strict_json.parse(text.encode())
    if not isinstance(found, dict) or not all(
        one is None or type(one) is bool for one in found.values()
    ):
        raise UsageError("answers-malformed", "the answers are not true, false or null by their id")
    return found


def _asked(identifier: str, question: Question) -> dict[str, Any]:
    row: dict[str, Any] = {"id": identifier, **question._asdict()}
    for name in ("key", "signature", "message"):
        row[name] = base64.b64encode(row[name]).decode()
    return row


# ----------------------------------------------------------------------------------------------------
# What methods have in common: texts as people and devices hand them in, a place, an instant.


def verified(texts: tuple[str, ...], snapshot: Snapshot, at: datetime) -> list[Verification]:
    """Verify what texts hold: wrapped, several in one, a card in chunks."""
    if len(texts) > MOST_TEXTS:
        raise UsageError("texts-too-many", f"a request holds {MOST_TEXTS} texts at most")
    return [_verified(code, snapshot, at) for code in _codes(texts)]


def _codes(texts: tuple[str, ...]) -> Iterator[wrapping.Unwrapped]:
    pieces = chain.from_iterable(
        list(wrapping.codes_in(text)) or [wrapping.unwrapped("")] for text in texts
    )
    return wrapping.whole_cards(pieces)


def _verified(code: wrapping.Unwrapped, snapshot: Snapshot, at: datetime) -> Verification:
    try:
        if code.finding is not None:
            return unread(code.finding, code.notes)
        return noted(verify(code.text, snapshot=snapshot, at=at), code.notes)
    except Exception as error:  # noqa: BLE001 - a fault of this program stops one text
        return unread(Finding(Code.UNFORESEEN, errors.place_of(error)))


def instant(at: int, zone: str = "UTC") -> datetime:
    """Return an instant on the clock of the port of entry."""
    if not 0 <= at <= LATEST:
        raise UsageError("instant-unknown", "the instant is not one of seconds since 1970")
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            "zone-unknown", "there is no such time zone", "one of the IANA names: Europe/Paris"
        ) from error


def place_of(text: str, snapshot: Snapshot) -> Destination:
    """Read a destination: "FR", or "FR/BRE" with a region."""
    country, _, named = (part.strip() for part in text.partition("/"))
    known = country.upper()
    code = known if known in snapshot.ruleset.countries else countries.place(country)
    if code is None:
        raise UsageError("destination-unknown", "there is no such country", "two letters: FR")
    regions = snapshot.ruleset.regions(code)
    region = next((one for one in regions if one.casefold() == named.casefold()), named)
    return Destination(code, region or None)


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """Say what a snapshot holds."""
    ruleset, held = snapshot.ruleset, snapshot.revocations
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
        "revocations": held is not None,
    }


def age_of(snapshot: Snapshot, place: Destination | None, at: int) -> dict[str, Any]:
    """Say how old the data is, by the destination's own measure, and whether the clock can be right."""
    since = snapshot.created if snapshot.roll is None else snapshot.roll.published
    codes = {one.code for one in aged(snapshot, None if place is None else place.country, at)}
    behind = Code.CLOCK_BEHIND in codes or at < since - CLOCK_SLACK
    level = "stale" if Code.DATA_TOO_OLD in codes else "old" if Code.DATA_OLD in codes else "fresh"
    return {
        "number": snapshot.number,
        "created": since,
        "age_seconds": max(0, at - since),
        "level": level,
        "clock": "behind" if behind else "ok",
    }


CLOCK_SLACK = 300


# ----------------------------------------------------------------------------------------------------
# The methods.


def _facts(snapshot: Snapshot, _: Nothing) -> dict[str, Any]:
    return facts(snapshot)


def _border_check(snapshot: Snapshot, handed: Handed) -> dict[str, Any]:
    at, place = instant(handed.at, handed.zone), place_of(handed.place, snapshot)
    found = verified(handed.texts, snapshot, at)
    code = decide(found, snapshot=snapshot, place=place, at=at, look_ahead=False)
    outcome = "again" if all(one.unread for one in found) else _OUTCOMES[code.colour]
    person = next((one.certificate.person for one in found if one.certificate is not None), None)
    return {
        "outcome": outcome,
        "person": None if person is None else {"name": person.display_name()},
        "reasons": [finding.code.name for finding in code.because],
        "data": age_of(snapshot, place, handed.at),
    }


_OUTCOMES = {Colour.GREEN: "green", Colour.AMBER: "amber", Colour.RED: "red"}

METHODS: Mapping[str, tuple[Any, Callable[[Snapshot, Any], Any]]] = {
    "facts": (Nothing, _facts),
    "border.check": (Handed, _border_check),
}
"""A method's name -> the form of its request, and what carries it out: a line each."""
