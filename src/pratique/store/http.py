"""Hand a signed proposal in at a server.

proposal -> POST URL/proposals -> what was published | why not
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import urllib3

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network.metadata import MAX_FILE
from pratique.store import files, network
from pratique.store.network import Repository

# ----------------------------------------------------------------------------------------------------
# Wait for an answer so long, and no longer, however it comes.
#
# A socket's timeout is from one byte to the next: headers that come one byte at a time outlast every one.


T = TypeVar("T")


class Allowance:
    """What all requests of a command may take together: seconds, and bytes that come.

    Each one alone may be slow within its bounds: thousands of them, one after the other, outlast every day.
    """

    def __init__(
        self, seconds: float, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin.

        Args:
            seconds: from now on.
            size: bytes, as they come over the line.
            clock: of seconds; it only ever goes on.
        """
        self._clock, self._end, self._size = clock, clock() + seconds, size
        self._lock = threading.Lock()

    def left(self) -> float:
        """Return the seconds that are left; none once all the bytes have come."""
        return self._end - self._clock() if self._size > 0 else 0

    def take(self, size: int) -> bool:
        """Count bytes that came; False when it was enough."""
        with self._lock:
            self._size -= size
        return self.left() > 0


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises; TimeoutError if it takes longer.

    Nobody waits for it then: its thread ends with the connection, or with the program.
    """
    came: list[T] = []
    failed: list[BaseException] = []

    def asking() -> None:
        try:
            came.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not came:
        raise TimeoutError
    return came[0]


# ----------------------------------------------------------------------------------------------------
# Fetch a network's files: from a web server, a folder, or one file on a stick.
#
#     "https://…" | DIR | FILE -> Source -> fetch(name, limit) -> bytes | None
#
# 1. Every verifier sends the same bytes for the same name: no cookie, no validator, no version, nothing of
#    this machine. What was scanned is not known here.
# 2. A redirect is not followed, and more than the limit is not read.
# 3. What came once before an interruption is not fetched again; it is believed no more than what comes.


Fetch = Callable[[str, int], bytes | None]
AT_ONCE = 8
"""Requests at a time."""
FETCH_HEADERS = {"User-Agent": "pratique", "Accept": "*/*", "Accept-Encoding": "gzip"}
BEGUN = 150
"""Seconds in which an answer must have begun: what three tries take, each at its slowest."""
PATIENCE, SLOWEST = 30, 512
"""Seconds after which a sender must have kept up so many bytes a second: drops hold a sync up for ever."""
SECONDS, SIZE = 2 * 3600, network.MAX_SIZE
"""What all answers to a command may take together: what came by then waits, and the next one goes on there."""
FOUND, NOT_THERE = 200, {403, 404, 410}
_REASONS = (
    (urllib3.exceptions.NameResolutionError, "there is no server of this name"),
    # It is counted among the timeouts too, whatever the reason was.
    (urllib3.exceptions.NewConnectionError, "no server answers there"),
    (urllib3.exceptions.TimeoutError, "the server does not answer in time"),
    (urllib3.exceptions.SSLError, "the server's TLS certificate is not trusted here"),
    (urllib3.exceptions.ProtocolError, "the connection broke off"),
    (urllib3.exceptions.DecodeError, "what the server sends is damaged"),
    (urllib3.exceptions.LocationValueError, "this is no web address"),
)
_FETCH_CHUNK, _GZIP = 64 * 1024, 31


def opened(source: str, allowance: Allowance | None = None) -> Fetch:
    """Return what fetches from a source; UsageError `source-unknown` if it is none.

    Args:
        source: a web address, a folder, a file.
        allowance: what all of it may take from a server; by default SECONDS and SIZE.
    """
    parts = urlsplit(source)
    if parts.scheme in {"http", "https"}:
        if parts.username is not None:
            # It would be kept, shown, and tell one verifier from another.
            raise UsageError(
                "source-credentials",
                "a network is fetched without a name or password",
                "leave them out",
            )
        return _Server(source, allowance or Allowance(SECONDS, SIZE))
    path = Path(source)
    top = path / "repository" if (path / "repository").is_dir() else path
    if (top / "metadata").is_dir() or (top / "log").is_dir():
        files = Repository(top)
        return files.read
    if path.is_file():
        unpacked = network.read_archive(path, is_strange=True)
        return lambda name, limit: _within(unpacked.get(name), limit)
    raise UsageError(
        "source-unknown",
        f"{source}: there is no network here",
        "name a web address, a folder with metadata/ in it, or a file from: pratique snapshot export",
    )


def fetched(
    fetch: Fetch, wanted: Iterable[tuple[str, int]], arriving: Path
) -> Iterator[tuple[str, bytes | None]]:
    """Yield (name, data) of each file that is wanted; what has arrived before comes first.

    Args:
        fetch: where they come from.
        wanted: names, and how large each may be.
        arriving: a folder in which what came waits until the sync is done.
    """
    rest = []
    for name, limit in wanted:
        data = _within(_waiting(arriving, name), limit)
        if data is None:
            rest.append((name, limit))
        else:
            yield name, data
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (name, _), data in zip(rest, pool.map(lambda one: fetch(*one), rest), strict=True):
            if data is not None:
                _wait(arriving, name, data)
            yield name, data


def why(error: urllib3.exceptions.HTTPError) -> str:
    """Say in words why a server was not reached."""
    cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
    return next(
        (words for kind, words in _REASONS if isinstance(cause, kind)), type(cause).__name__
    )


class _Server:
    def __init__(self, url: str, allowance: Allowance) -> None:
        self._url, self._allowance = url.rstrip("/"), allowance
        # Neither cookies nor redirects: a server could know a verifier again by what it hands out. And it
        # could have one wait for hours, and then again, if it were listened to when it says "later".
        retries = urllib3.Retry(2, redirect=False, respect_retry_after_header=False)
        self._pool = urllib3.PoolManager(
            AT_ONCE, headers=FETCH_HEADERS, timeout=COSIGN_TIMEOUT, retries=retries
        )

    def __call__(self, name: str, limit: int) -> bytes | None:
        if (left := self._allowance.left()) <= 0:
            raise self._spent()
        try:
            answer = within(min(BEGUN, left), partial(self._begun, name))
            try:
                return self._read(answer, limit)
            finally:
                answer.close() if answer.status != FOUND else answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise Unreadable(
                "network-unreachable",
                f"{self._url}: {why(error)}",
                "is there a connection? what is held here can still be used",
            ) from None
        except TimeoutError:
            raise self._slow() from None

    def _begun(self, name: str) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            "GET", f"{self._url}/{name}", preload_content=False, redirect=False
        )

    def _slow(self) -> Unreadable:
        return Unreadable(
            "network-slow",
            f"{self._url}: it sends too slowly to come to an end",
            "try again, or another mirror; what is held here can still be used",
        )

    def _spent(self) -> Unreadable:
        return Unreadable(
            "network-slow",
            f"{self._url}: all of it takes longer, or is more, than a sync may wait for",
            "try again: what came is not fetched again; or another mirror",
        )

    def _read(self, answer: urllib3.BaseHTTPResponse, limit: int) -> bytes | None:
        if answer.status in NOT_THERE:
            return None
        if answer.status != FOUND:
            raise Unreadable(
                "network-unreachable",
                f"{self._url}: the server answered {answer.status}",
                "try again later; what is held here can still be used",
            )
        data, began = bytearray(), time.monotonic()
        # Unpacked here and not by the client: it would take empty blocks for ever.
        while chunk := answer.read1(_FETCH_CHUNK, decode_content=False):
            data += chunk
            if not self._allowance.take(len(chunk)):
                answer.close()
                raise self._spent()
            if len(data) > limit + _FETCH_CHUNK:
                # A sender that never ends: the connection is given up.
                answer.close()
                return None
            if len(data) < (time.monotonic() - began - PATIENCE) * SLOWEST:
                answer.close()
                raise self._slow()
        return _within(_unpacked(bytes(data), answer.headers.get("Content-Encoding"), limit), limit)


def _unpacked(data: bytes, encoding: str | None, limit: int) -> bytes:
    if encoding is None or encoding == "identity":
        return data
    packed = zlib.decompressobj(_GZIP)
    try:
        found = packed.decompress(data, limit + 1)
    except zlib.error as error:
        raise urllib3.exceptions.DecodeError(*error.args) from error
    if encoding != "gzip" or (not packed.eof and len(found) <= limit):
        raise urllib3.exceptions.DecodeError("it does not come to its end")
    return found


def _within(data: bytes | None, limit: int) -> bytes | None:
    return data if data is not None and len(data) <= limit else None


def _is_named_for_good(name: str) -> bool:
    # A root, a proof and the timestamp may be other ones tomorrow; all else is named by version or digest.
    return name != "metadata/timestamp.json" and not name.endswith((".root.json", ".proof"))


def _waiting(arriving: Path, name: str) -> bytes | None:
    path = arriving / hashlib.sha256(name.encode()).hexdigest()
    try:
        return files.read(path, MAX_FILE, named=False)
    except OSError:
        # Not there, or nothing that was put there by us: it is fetched anew.
        return None


def _wait(arriving: Path, name: str, data: bytes) -> None:
    if _is_named_for_good(name):
        arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = arriving / hashlib.sha256(name.encode()).hexdigest()
        # Whole or not there, also for a killed process; after a power cut it is checked as all is.
        draft = path.with_suffix(".part")
        draft.write_bytes(data)
        draft.replace(path)


# ----------------------------------------------------------------------------------------------------
# Ask a witness for its cosignature (C2SP tlog-witness).
#
#     request -> POST URL/add-checkpoint -> (number, body)
#
# 1. Nothing that a witness answers is believed here: the cosignature is checked by whoever asked.
# 2. A witness may be down, slow or hostile: it is waited for so long, and read so far, and no further.


ADD = "/add-checkpoint"
COSIGN_LARGEST = 16 * 1024
"""Bytes of an answer; a cosignature is a line of some 200."""
LONGEST = 60.0
"""Seconds from the question to the end of the answer, however it comes."""
COSIGN_TIMEOUT = urllib3.Timeout(connect=10, read=30)
COSIGN_HEADERS = {
    "User-Agent": "pratique",
    "Accept": "*/*",
    "Content-Type": "text/plain; charset=utf-8",
}
_COSIGN_CHUNK = 4096


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
        raise _cosign_unreachable(url, why(error)) from None
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
    pool = urllib3.PoolManager(1, timeout=COSIGN_TIMEOUT, retries=retries)
    answer = pool.request(
        "POST", url.rstrip("/") + ADD, body=request, headers=COSIGN_HEADERS, redirect=False,
        preload_content=False,
    )  # fmt: skip
    try:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise _unfit(url, "its answer is packed, which it was not asked for")
        data, began = bytearray(), time.monotonic()
        while chunk := answer.read1(_COSIGN_CHUNK, decode_content=False):
            data += chunk
            if len(data) > COSIGN_LARGEST:
                raise _unfit(url, f"its answer is longer than {COSIGN_LARGEST} bytes")
            if time.monotonic() - began > LONGEST:
                raise TimeoutError
        return answer.status, bytes(data)
    finally:
        answer.close()


def _cosign_unreachable(url: str, why: str) -> Unreadable:
    hint = "is it the right address? other witnesses may make the quorum"
    return Unreadable("witness-unreachable", f"{url}: {why}", hint)


def _slow(url: str) -> Unreadable:
    hint = "try again later; other witnesses may make the quorum"
    return Unreadable("witness-slow", f"{url}: its answer does not come to an end", hint)


def _unfit(url: str, why: str) -> Unreadable:
    return Unreadable("witness-answer", f"{url}: {why}", "tell whoever keeps the witness")


UPLOAD_LARGEST = 64 * 1024 * 1024
_OK, _ANSWER = 200, 64 * 1024
UPLOAD_TIMEOUT = urllib3.Timeout(connect=10, read=300)
"""A server that publishes reads the whole network before it answers."""


class Taken(NamedTuple):
    """What a server made of a proposal: its title, and whether it waits for the log's witnesses."""

    title: str
    waits: bool


def sent(url: str, data: bytes) -> Taken:
    """Send a proposal; return what the server made of it.

    Raises:
        DocumentRefused: with the server's own code.
        Unreadable: `network-unreachable`.
    """
    retries = urllib3.Retry(2, redirect=False)
    pool = urllib3.PoolManager(1, timeout=UPLOAD_TIMEOUT, retries=retries)
    headers = {**FETCH_HEADERS, "Content-Type": "application/json"}
    try:
        answer = pool.request(
            "POST", f"{url.rstrip('/')}/proposals", body=data, headers=headers, redirect=False,
            preload_content=False,
        )  # fmt: skip
        try:
            told: Any = strict_json.loads(answer.read(_ANSWER, decode_content=True))
        finally:
            answer.close()
        if answer.status == _OK:
            return Taken(str(told["published"]), told["waits"] is True)
        raise DocumentRefused(str(told["code"]), str(told["message"]), str(told["hint"]))
    except urllib3.exceptions.HTTPError as error:
        raise _upload_unreachable(url, why(error)) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _upload_unreachable(url, "the server's answer cannot be read") from error


def _upload_unreachable(url: str, why: str) -> Unreadable:
    return Unreadable("network-unreachable", f"{url}: {why}", "is it the right address? try again")
