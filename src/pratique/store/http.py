"""Talk to servers: fetch a network's files, ask a witness to cosign, hand a proposal in.

    "https://…" | DIR | FILE -> opened -> fetch(name, limit) -> bytes | None
    request  -> request_cosignature -> POST URL/add-checkpoint -> number, body     (C2SP tlog-witness)
    proposal -> submit              -> POST URL/proposals      -> what was published | why not

1. Every answer is bounded: until it begins, while it comes, in bytes as they come and as they unpack. A socket's
   timeout is from one byte to the next: headers that come one byte at a time outlast every one.
2. Every verifier sends the same bytes for the same name: no cookie, no validator, no version, nothing of
   this machine. What was scanned is not known here.
3. No redirect is followed, and nobody waits because a server says "later".
4. What came once before an interruption is not fetched again; it is believed no more than what comes. Nothing that
   a witness answers is believed here either.
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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network.metadata import MAX_FILE
from pratique.store import files, network
from pratique.store.network import Repository

if TYPE_CHECKING:
    # Loaded when a server is asked: it takes longer than all else of a command.
    import ssl

    import urllib3

T = TypeVar("T")
Fetch = Callable[[str, int], bytes | None]
AT_ONCE = 8
"""Requests at a time."""
CONNECT, READ = 10, 30
"""Seconds for a connection, and from one byte of an answer to the next."""
BEGUN = 150
"""Seconds in which an answer must have begun: what three tries take, each at its slowest."""
PATIENCE, SLOWEST = 30, 512
"""Seconds after which a sender must have kept up so many bytes a second: drops hold a sync up for ever."""
SECONDS, SIZE = 2 * 3600, network.MAX_SIZE
"""What all answers to a command may take together: what came by then waits, and the next one goes on there."""
FETCH_HEADERS = {"User-Agent": "pratique", "Accept": "*/*", "Accept-Encoding": "gzip"}
FOUND, NOT_THERE = 200, {403, 404, 410}
_CHUNK, _GZIP = 64 * 1024, 31

ADD = "/add-checkpoint"
COSIGN_LARGEST = 16 * 1024
"""Bytes of a witness's answer; a cosignature is a line of some 200."""
LONGEST = 60.0
"""Seconds from the question to the end of a witness's answer, however it comes."""
COSIGN_HEADERS = {
    "User-Agent": "pratique", "Accept": "*/*", "Content-Type": "text/plain; charset=utf-8",
}  # fmt: skip

UPLOAD_LARGEST, UPLOAD_ANSWER = 64 * 1024 * 1024, 64 * 1024
UPLOAD_READ, UPLOAD_LONGEST = 300, 1000
"""A server that publishes reads the whole network before it answers."""


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


class _AllSpent(TimeoutError):
    """All requests together take longer, or bring more, than a command may wait for."""


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


def pool(
    tries: int,
    at_once: int = 1,
    read: float | None = None,
    context: ssl.SSLContext | None = None,
) -> urllib3.PoolManager:
    """Return what connects to servers, follows nothing and remembers nothing; `context` of TLS, if it is a client's own."""
    import urllib3  # noqa: PLC0415 - see above

    # Neither cookies nor redirects: a server could know a verifier again by what it hands out. And it
    # could have one wait for hours, and then again, if it were listened to when it says "later".
    retries = urllib3.Retry(tries, redirect=False, respect_retry_after_header=False)
    return urllib3.PoolManager(
        at_once,
        timeout=urllib3.Timeout(connect=CONNECT, read=read or READ),
        retries=retries,
        ssl_context=context,
    )


def bounded(
    begin: Callable[[], urllib3.BaseHTTPResponse],
    limit: int,
    allowance: Allowance,
    *,
    packed: bool = False,
    only: int | None = None,
    begun: float | None = None,
) -> tuple[int, bytes | None]:
    """Return an answer's number and its body; None for one that is too long.

    Args:
        begin: sends the request, and returns what has begun to come.
        limit: bytes of the body, unpacked.
        allowance: of all requests together.
        packed: whether it may be packed with gzip: it was asked for.
        only: the number whose body is read; by default it is any.
        begun: seconds in which it must have begun; by default BEGUN.

    Raises:
        TimeoutError: it comes too late, or too slowly; `_AllSpent`.
        urllib3.exceptions.HTTPError: it was not reached, broke off, is packed or damaged.
    """
    from urllib3.exceptions import DecodeError  # noqa: PLC0415 - see above

    if (left := allowance.left()) <= 0:
        raise _AllSpent
    answer, is_whole = within(min(begun or BEGUN, left), begin), False
    try:
        encoding = answer.headers.get("Content-Encoding", "identity")
        if only is not None and answer.status != only:
            return answer.status, b""
        if encoding not in ("identity", "gzip" if packed else ""):
            raise DecodeError("it is packed in a way that was not asked for")
        # A little that is packed takes more bytes than it unpacks to.
        most = limit + _CHUNK if encoding == "gzip" else limit
        data, began = bytearray(), time.monotonic()
        # Unpacked here and not by the client: it would take empty blocks for ever.
        while chunk := answer.read1(_CHUNK, decode_content=False):
            data += chunk
            if not allowance.take(len(chunk)):
                raise _AllSpent
            if len(data) > most:
                return answer.status, None
            if len(data) < (time.monotonic() - began - PATIENCE) * SLOWEST:
                raise TimeoutError
        is_whole = True
    finally:
        # A sender that never ends, or says what nobody asked: the connection is given up.
        answer.release_conn() if is_whole else answer.close()
    body = bytes(data)
    if encoding == "gzip":
        unpacker = zlib.decompressobj(_GZIP)
        try:
            body = unpacker.decompress(body, limit + 1)
        except zlib.error as error:
            raise DecodeError(*error.args) from error
        if not unpacker.eof and len(body) <= limit:
            raise DecodeError("it does not come to its end")
    return answer.status, _limited(body, limit)


def why(error: urllib3.exceptions.HTTPError) -> str:
    """Say in words why a server was not reached."""
    from urllib3 import exceptions  # noqa: PLC0415 - see above

    reasons = (
        (exceptions.NameResolutionError, "there is no server of this name"),
        # It is counted among the timeouts too, whatever the reason was.
        (exceptions.NewConnectionError, "no server answers there"),
        (exceptions.TimeoutError, "the server does not answer in time"),
        (exceptions.SSLError, "the server's TLS certificate is not trusted here"),
        (exceptions.ProtocolError, "the connection broke off"),
        (exceptions.DecodeError, "what the server sends is damaged"),
        (exceptions.LocationValueError, "this is no web address"),
    )
    cause = error.reason if isinstance(error, exceptions.MaxRetryError) else error
    return next((words for kind, words in reasons if isinstance(cause, kind)), type(cause).__name__)


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
        return Repository(top).read
    if path.is_file():
        unpacked = network.read_archive(path, is_strange=True)
        return lambda name, limit: _limited(unpacked.get(name), limit)
    raise UsageError(
        "source-unknown",
        f"{source}: there is no network here",
        "name a web address, a folder with metadata/ in it, or a file from: pratique snapshot export",
    )


class _Server:
    def __init__(self, url: str, allowance: Allowance) -> None:
        self._url, self._allowance = url.rstrip("/"), allowance
        self._pool = pool(2, AT_ONCE)

    def __call__(self, name: str, limit: int) -> bytes | None:
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - see above

        begin = partial(
            self._pool.request, "GET", f"{self._url}/{name}", headers=FETCH_HEADERS,
            preload_content=False, redirect=False,
        )  # fmt: skip
        try:
            number, body = bounded(begin, limit, self._allowance, packed=True, only=FOUND)
        except HTTPError as error:
            raise Unreadable(
                "network-unreachable",
                f"{self._url}: {why(error)}",
                "is there a connection? what is held here can still be used",
            ) from None
        except _AllSpent:
            raise Unreadable(
                "network-slow",
                f"{self._url}: all of it takes longer, or is more, than a sync may wait for",
                "try again: what came is not fetched again; or another mirror",
            ) from None
        except TimeoutError:
            raise Unreadable(
                "network-slow",
                f"{self._url}: it sends too slowly to come to an end",
                "try again, or another mirror; what is held here can still be used",
            ) from None
        if number == FOUND:
            return body
        if number in NOT_THERE:
            return None
        raise Unreadable(
            "network-unreachable",
            f"{self._url}: the server answered {number}",
            "try again later; what is held here can still be used",
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
        data = _limited(_arrived(arriving, name), limit)
        if data is None:
            rest.append((name, limit))
        else:
            yield name, data
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (name, _), data in zip(rest, pool.map(lambda one: fetch(*one), rest), strict=True):
            # A root, a proof and the timestamp may be other ones tomorrow; all else is named by version or digest.
            passing = name == "metadata/timestamp.json" or name.endswith((".root.json", ".proof"))
            if data is not None and not passing:
                _arrive(arriving, name, data)
            yield name, data


def _arrived(arriving: Path, name: str) -> bytes | None:
    path = arriving / hashlib.sha256(name.encode()).hexdigest()
    try:
        return files.read(path, MAX_FILE, named=False)
    except OSError:
        # Not there, or nothing that was put there by us: it is fetched anew.
        return None


def _arrive(arriving: Path, name: str, data: bytes) -> None:
    arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = arriving / hashlib.sha256(name.encode()).hexdigest()
    # Whole or not there, also for a killed process; after a power cut it is checked as all is.
    draft = path.with_suffix(".part")
    draft.write_bytes(data)
    draft.replace(path)


def _limited(data: bytes | None, limit: int) -> bytes | None:
    return data if data is not None and len(data) <= limit else None


def request_cosignature(url: str, request: bytes) -> tuple[int, bytes]:
    """Post a request to cosign; return the answer's number and body, unchecked.

    Args:
        url: of the witness; `/add-checkpoint` is put after it.
        request: as `tlog.witness.Request.to_bytes` writes it.

    Raises:
        Unreadable: `witness-url`: it is no web address; `witness-unreachable`: it was not reached, or broke
            off; `witness-slow`: its answer did not come to an end; `witness-answer`: it is too long, or packed.
    """
    from urllib3.exceptions import DecodeError, HTTPError  # noqa: PLC0415 - see above

    if not is_address(url):
        # It is not repeated: there may be a password in it.
        raise Unreadable(
            "witness-url", "this is no web address of a witness", "write it as https://HOST[/PATH]"
        )
    begin = partial(
        pool(1).request, "POST", url.rstrip("/") + ADD, body=request, headers=COSIGN_HEADERS,
        redirect=False, preload_content=False,
    )  # fmt: skip
    hint = "tell whoever keeps the witness"
    try:
        allowance = Allowance(LONGEST, 2 * _CHUNK)
        number, body = within(LONGEST, lambda: bounded(begin, COSIGN_LARGEST, allowance))
    except DecodeError:
        why_not = "its answer is packed, which it was not asked for"
        raise Unreadable("witness-answer", f"{url}: {why_not}", hint) from None
    except HTTPError as error:
        hint = "is it the right address? other witnesses may make the quorum"
        raise Unreadable("witness-unreachable", f"{url}: {why(error)}", hint) from None
    except TimeoutError:
        hint = "try again later; other witnesses may make the quorum"
        raise Unreadable(
            "witness-slow", f"{url}: its answer does not come to an end", hint
        ) from None
    if body is None:
        why_not = f"its answer is longer than {COSIGN_LARGEST} bytes"
        raise Unreadable("witness-answer", f"{url}: {why_not}", hint)
    return number, body


def is_address(url: str) -> bool:
    """Tell whether it is a web address, without a password, a query or a fragment."""
    try:
        parts = urlsplit(url)
        plain = (parts.username, parts.query, parts.fragment) == (None, "", "")
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and plain
        )
    except ValueError:
        return False


class Taken(NamedTuple):
    """What a server made of a proposal: its title, and whether it waits for the log's witnesses."""

    title: str
    waits: bool


def submit(url: str, data: bytes) -> Taken:
    """Send a proposal; return what the server made of it.

    Raises:
        DocumentRefused: with the server's own code.
        Unreadable: `network-unreachable`.
    """
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - see above

    headers = {**FETCH_HEADERS, "Content-Type": "application/json"}
    begin = partial(
        pool(2, read=UPLOAD_READ).request, "POST", f"{url.rstrip('/')}/proposals", body=data,
        headers=headers, redirect=False, preload_content=False,
    )  # fmt: skip
    allowance = Allowance(UPLOAD_LONGEST, 2 * _CHUNK)
    try:
        number, body = bounded(begin, UPLOAD_ANSWER, allowance, packed=True, begun=UPLOAD_LONGEST)
        told: Any = strict_json.loads(body or b"")
        if number == FOUND:
            return Taken(str(told["published"]), told["waits"] is True)
        refused = DocumentRefused(str(told["code"]), str(told["message"]), str(told["hint"]))
    except HTTPError as error:
        problem = why(error)
    except TimeoutError:
        problem = "the server does not answer in time"
    except (ValueError, KeyError, TypeError):
        problem = "the server's answer cannot be read"
    else:
        raise refused
    raise Unreadable(
        "network-unreachable", f"{url}: {problem}", "is it the right address? try again"
    )
