"""Ask a witness for its cosignature (C2SP tlog-witness).

    request -> POST URL/add-checkpoint -> (number, body)

1. Nothing that a witness answers is believed here: the cosignature is checked by whoever asked.
2. A witness may be down, slow or hostile: it is waited for so long, and read so far, and no further.
"""

from __future__ import annotations

import threading
import time
from urllib.parse import urlsplit

import urllib3

from pratique.edges.network.fetch import why
from pratique.errors import Unreadable

ADD = "/add-checkpoint"
LARGEST = 16 * 1024
"""Bytes of an answer; a cosignature is a line of some 200."""
LONGEST = 60.0
"""Seconds from the question to the end of the answer, however it comes."""
TIMEOUT = urllib3.Timeout(connect=10, read=30)
HEADERS = {"User-Agent": "pratique", "Accept": "*/*", "Content-Type": "text/plain; charset=utf-8"}
_CHUNK = 4096


def asked(url: str, request: bytes) -> tuple[int, bytes]:
    """Post a request to cosign; return the answer's number and body, unchecked.

    Args:
        url: of the witness; `/add-checkpoint` is put after it.
        request: as `journeys.witness.Request.to_bytes` writes it.

    Raises:
        Unreadable: `witness-url`: it is no web address; `witness-unreachable`: it was not reached, or broke
            off; `witness-slow`: its answer did not come to an end; `witness-answer`: it is too long, or packed.
    """
    if not _is_address(url):
        # It is not repeated: there may be a password in it.
        raise Unreadable(
            "witness-url", "this is no web address of a witness", "write it as https://HOST[/PATH]"
        )
    came: list[tuple[int, bytes] | Unreadable] = []
    # In a thread of its own: no timeout of a socket ends headers that come one byte at a time.
    asking = threading.Thread(target=lambda: came.append(_answer(url, request)), daemon=True)
    asking.start()
    asking.join(LONGEST)
    found = came[0] if came else _slow(url)
    if isinstance(found, Unreadable):
        raise found
    return found


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = (parts.username, parts.query, parts.fragment) == (None, "", "")
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and plain
        )
    except ValueError:
        return False


def _answer(url: str, request: bytes) -> tuple[int, bytes] | Unreadable:
    """Return the answer, or why there is none: nothing is raised in a thread."""
    pool = urllib3.PoolManager(1, timeout=TIMEOUT, retries=urllib3.Retry(1, redirect=False))
    try:
        answer = pool.request(
            "POST", url.rstrip("/") + ADD, body=request, headers=HEADERS, redirect=False,
            preload_content=False,
        )  # fmt: skip
        try:
            return _read(url, answer)
        finally:
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        return _unreachable(url, why(error))
    except (OSError, ValueError) as error:
        return _unreachable(url, type(error).__name__)


def _read(url: str, answer: urllib3.BaseHTTPResponse) -> tuple[int, bytes] | Unreadable:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        return _unfit(url, "its answer is packed, which it was not asked for")
    data, began = bytearray(), time.monotonic()
    while chunk := answer.read1(_CHUNK, decode_content=False):
        data += chunk
        if len(data) > LARGEST:
            return _unfit(url, f"its answer is longer than {LARGEST} bytes")
        if time.monotonic() - began > LONGEST:
            return _slow(url)
    return answer.status, bytes(data)


def _unreachable(url: str, why: str) -> Unreadable:
    hint = "is it the right address? other witnesses may make the quorum"
    return Unreadable("witness-unreachable", f"{url}: {why}", hint)


def _slow(url: str) -> Unreadable:
    hint = "try again later; other witnesses may make the quorum"
    return Unreadable("witness-slow", f"{url}: its answer does not come to an end", hint)


def _unfit(url: str, why: str) -> Unreadable:
    return Unreadable("witness-answer", f"{url}: {why}", "tell whoever keeps the witness")
