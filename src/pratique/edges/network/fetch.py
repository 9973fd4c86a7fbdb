"""Fetch a network's files: from a web server, a folder, or one file on a stick.

    "https://…" | DIR | FILE -> Source -> fetch(name, limit) -> bytes | None

1. Every verifier sends the same bytes for the same name: no cookie, no validator, no version, nothing of
   this machine. What was scanned is not known here.
2. A redirect is not followed, and more than the limit is not read.
3. What came once before an interruption is not fetched again; it is believed no more than what comes.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from pratique.edges import disk
from pratique.edges.network import held
from pratique.edges.network.patience import Allowance, within
from pratique.edges.network.repository import Repository
from pratique.errors import Unreadable, UsageError
from pratique.network.names import MAX_FILE

Fetch = Callable[[str, int], bytes | None]
AT_ONCE = 8
"""Requests at a time."""
HEADERS = {"User-Agent": "pratique", "Accept": "*/*", "Accept-Encoding": "gzip"}
TIMEOUT = urllib3.Timeout(connect=10, read=30)
BEGUN = 150
"""Seconds in which an answer must have begun: what three tries take, each at its slowest."""
PATIENCE, SLOWEST = 30, 512
"""Seconds after which a sender must have kept up so many bytes a second: drops hold a sync up for ever."""
SECONDS, SIZE = 2 * 3600, held.MAX_SIZE
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
_CHUNK, _GZIP = 64 * 1024, 31


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
        unpacked = held.read_archive(path, is_strange=True)
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
        self._pool = urllib3.PoolManager(AT_ONCE, headers=HEADERS, timeout=TIMEOUT, retries=retries)

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
        while chunk := answer.read1(_CHUNK, decode_content=False):
            data += chunk
            if not self._allowance.take(len(chunk)):
                answer.close()
                raise self._spent()
            if len(data) > limit + _CHUNK:
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
        return disk.read(path, MAX_FILE, named=False)
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
