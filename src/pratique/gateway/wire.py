"""One request and its answer, as they stand on the wire; the problem report; the forms of dates.

    headers, body -> WireRequest -> endpoints.answer -> WireAnswer(status, body, headers)

    dates in   If-Modified-Since: 2026-11-01T00:00:00+01:00 (LIB) | Sun, 1 Nov 2026 00:00:00 GMT (EU's suite)
    dates out  2026-11-01T00:00:00Z (`text.rfc3339`)

1. Nothing that a sender has sent comes back in a problem report: `sendValue` is empty, and texts are ours.
2. Now is the server's, read once for each request, in whole seconds.
3. No refusal is an answer of an exception's text: what a stranger's date or number was is never repeated.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.text import as_json, instant_of

LONGEST_QUERY = 2_000
JSON, CMS, CMS_TEXT = "application/json", "application/cms", "application/cms-text"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How batches and references are called."""
RULE = re.compile(r"(GR|VR|TR|RR|IR)-[A-Z]{2}-[0-9]{4}")
"""How rules are called."""


class Profile(StrEnum):
    """What becomes of an upload that the network's procedures forbid.

    COMPATIBLE takes it, as the originals do, and publishes what is to be said against it; STRICT refuses it, and shows
    others only what its country's own keys have published.
    """

    COMPATIBLE = "compatible"
    STRICT = "strict"


class WireRequest(NamedTuple):
    """A request, as the terminator in front hands it on.

    Attributes:
        method: upper case.
        path: without the query, as it came: not decoded. No path of the API needs a percent sign, and one that
            has it is not found.
        query: what stands behind "?", undecoded.
        headers: names in lower case; a name that stands there twice has both values, in their order.
        body: whole.
        at: now, seconds since the epoch.
        draw: a new UUID, lower case, for a batch that this request may make.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    at: int
    draw: str

    def header(self, name: str) -> str | None:
        """Return the value of a header that stands there once; None if it is missing, or there twice."""
        values = self.headers.get(name, ())
        return values[0] if len(values) == 1 else None

    def since(self) -> int | None:
        """Return If-Modified-Since, cut to whole seconds; None without it.

        Raises:
            Refusal: 400 `0x001`: it is no date of the two forms, or there twice.
        """
        if not self.headers.get("if-modified-since"):
            return None
        try:
            return instant(self.header("if-modified-since") or "")
        except ValueError as error:
            raise Refusal(
                400, "0x001", "If-Modified-Since is no date", "write 2026-11-01T00:00:00Z"
            ) from error

    def accepted(self, *offered: str) -> str:
        """Return the first of some media types that Accept names; if it names none, the first."""
        values = ",".join(self.headers.get("accept", ())).lower().split(",")
        named = {value.partition(";")[0].strip() for value in values}
        return next((media for media in offered if media in named), offered[0])

    def parameters(self) -> dict[str, tuple[str, ...]]:
        """Return the query's parameters, each with its values in their order.

        Raises:
            Refusal: 400 `0x001`: it is longer than any of the API, or damaged.
        """
        if len(self.query) > LONGEST_QUERY:
            raise Refusal(400, "0x001", "the query is too long")
        pairs: dict[str, tuple[str, ...]] = {}
        try:
            for part in filter(None, self.query.split("&")):
                name, _, value = part.partition("=")
                key = url_decoded(name, plus=True)
                pairs[key] = (*pairs.get(key, ()), url_decoded(value, plus=True))
        except ValueError as error:
            raise Refusal(400, "0x001", "the query is damaged") from error
        return pairs

    def number(self, name: str) -> int | None:
        """Return a parameter that is a whole number, perhaps negative; None without it.

        Raises:
            Refusal: 400 `0x001`: it is none, or there twice.
        """
        values = self.parameters().get(name, ())
        if not values:
            return None
        # More digits than a page number of any list has: int() would take minutes for a million of them.
        if len(values) > 1 or not re.fullmatch(r"-?[0-9]{1,9}", values[0]):
            raise Refusal(400, "0x001", f"{name} is no number", "write a whole number, once")
        return int(values[0])


class WireAnswer(NamedTuple):
    """An answer.

    Attributes:
        status: of HTTP.
        body: its octets; empty for none.
        content_type: of the body.
        headers: beside Content-Type: `ETag`, `Allow`.
        act: what is to be audited: the word of the act ("signer-upload"); "" for what only reads, or was refused.
        digest: SHA-256 of what was acted on (certificate, rule's message, batch's id), hex; with `act` only.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    act: str = ""
    digest: str = ""


class Refusal(Exception):
    """Ends a request with a problem report, into which `endpoints` turns it; nothing of the request is kept."""

    def __init__(self, status: int, code: str, problem: str, details: str = "") -> None:
        super().__init__(problem)
        self.status, self.code, self.problem, self.details = status, code, problem, details

    @property
    def answer(self) -> WireAnswer:
        """Return the problem report (dgc-gateway's ProblemReportDto)."""
        report = {
            "code": self.code,
            "problem": self.problem,
            "sendValue": "",
            "details": self.details,
        }
        return WireAnswer(self.status, as_json(report).encode())


def kid_of(thumbprint: str) -> str:
    """Return the kid that a certificate has by itself: Base64 of the first 8 bytes of its SHA-256 (hex)."""
    return base64.b64encode(bytes.fromhex(thumbprint)[:8]).decode()


def written(document: Any, status: int = 200) -> WireAnswer:
    """Return an answer of a JSON document."""
    return WireAnswer(status, as_json(document).encode())


def listed(rows: Iterable[Mapping[str, Any]]) -> WireAnswer:
    """Return an answer of a JSON array, written row by row: one odd character slows down its own row only."""
    # A whole trust list has 30 MB: the rows are not kept beside it.
    body = bytearray(b"[")
    for row in rows:
        body += b"," if len(body) > 1 else b""
        body += as_json(row).encode()
    body += b"]"
    return WireAnswer(200, bytes(body))


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_RFC_1123 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), {1,2})?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|([+-][0-9]{2})([0-9]{2}))"
)


def instant(text: str) -> int:
    """Read a date of a client, ISO with a zone or RFC 1123, cut to whole seconds; ValueError if it is neither.

    The name of the day is not compared with the date: EU's suite and LIB take it from a library each.
    """
    match = _RFC_1123.fullmatch(text)
    if match is None:
        # A date alone has a midnight, but no zone.
        if "T" not in text:
            raise ValueError("neither ISO nor RFC 1123")
        return int(instant_of(text).timestamp() // 1)
    day, month, year, *clock = match.groups()
    if month not in _MONTHS:
        raise ValueError("no month")
    hour, minute, second = map(int, clock[:3])
    offset = timedelta(
        hours=int(clock[3] or 0), minutes=int((clock[3] or "+")[0] + (clock[4] or "0"))
    )
    zone = timezone(offset) if offset else UTC
    moment = datetime(
        int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=zone
    )
    try:
        return int(moment.timestamp())
    except OverflowError as error:
        raise ValueError("no year of a calendar") from error


_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def url_decoded(text: str, *, plus: bool) -> str:
    """Undo percent-encoding (RFC 3986 §2.1), once; ValueError if it is damaged, or no UTF-8.

    Args:
        text: ASCII.
        plus: whether "+" is a blank, as in a form's data.
    """
    octets = text.replace("+", " ").encode("ascii") if plus else text.encode("ascii")
    plain = _ESCAPE.sub(b"", octets)
    if b"%" in plain:
        raise ValueError("a percent sign that encodes nothing")
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), octets).decode("utf-8")
