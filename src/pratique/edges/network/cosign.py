"""Ask a witness for its cosignature (C2SP tlog-witness).

    request -> POST URL/add-checkpoint -> (number, body)

1. Nothing that a witness answers is believed here: the cosignature is checked by whoever asked.
2. A witness may be down, slow or hostile: it is waited for so long, and read so far, and no further.
"""

from __future__ import annotations

import time
from functools import partial
from urllib.parse import urlsplit

import urllib3

from pratique.edges.network.fetch import why
from pratique.edges.network.patience import within
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
    try:
        return within(LONGEST, partial(_answer, url, request))
    except urllib3.exceptions.HTTPError as error:
        raise _unreachable(url, why(error)) from None
    except TimeoutError:
        raise _slow(url) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = (parts.username, parts.query, parts.fragment) == (None, "", "")
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and plain
        )
    except ValueError:
        return False


def _answer(url: str, request: bytes) -> tuple[int, bytes]:
    retries = urllib3.Retry(1, redirect=False, respect_retry_after_header=False)
    pool = urllib3.PoolManager(1, timeout=TIMEOUT, retries=retries)
    answer = pool.request(
        "POST", url.rstrip("/") + ADD, body=request, headers=HEADERS, redirect=False,
        preload_content=False,
    )  # fmt: skip
    try:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise _unfit(url, "its answer is packed, which it was not asked for")
        data, began = bytearray(), time.monotonic()
        while chunk := answer.read1(_CHUNK, decode_content=False):
            data += chunk
            if len(data) > LARGEST:
                raise _unfit(url, f"its answer is longer than {LARGEST} bytes")
            if time.monotonic() - began > LONGEST:
                raise TimeoutError
        return answer.status, bytes(data)
    finally:
        answer.close()


def _unreachable(url: str, why: str) -> Unreadable:
    hint = "is it the right address? other witnesses may make the quorum"
    return Unreadable("witness-unreachable", f"{url}: {why}", hint)


def _slow(url: str) -> Unreadable:
    hint = "try again later; other witnesses may make the quorum"
    return Unreadable("witness-slow", f"{url}: its answer does not come to an end", hint)


def _unfit(url: str, why: str) -> Unreadable:
    return Unreadable("witness-answer", f"{url}: {why}", "tell whoever keeps the witness")
