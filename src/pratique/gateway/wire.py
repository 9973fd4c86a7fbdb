"""One request and its answer, as they stand on the wire; the problem report; the forms of dates.

    headers, body -> WireRequest -> endpoints.answer -> Answer(status, body, headers)

1. Nothing that a sender has sent comes back in a problem report: `sendValue` is empty, and texts are ours.
2. Now is the server's, read once for each request, in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from pratique.text import as_json

JSON, CMS, CMS_TEXT = "application/json", "application/cms", "application/cms-text"


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
        path: decoded once, without the query.
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


class Answer(NamedTuple):
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
    """Ends a request with a problem report; only `endpoints.answer` catches it. It is raised nowhere else."""

    def __init__(self, status: int, code: str, problem: str, details: str = "") -> None:
        super().__init__(problem)
        self.status, self.code, self.problem, self.details = status, code, problem, details

    @property
    def answer(self) -> Answer:
        """Return the problem report (dgc-gateway's ProblemReportDto)."""
        report = {
            "code": self.code,
            "problem": self.problem,
            "sendValue": "",
            "details": self.details,
        }
        return Answer(self.status, as_json(report).encode())
