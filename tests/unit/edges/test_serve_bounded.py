"""A server gives a stranger a counted share: of connections, of bytes, of turns; of patience too."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pratique.store import server
from pratique.store.server import Limits
from pratique.tlog.note import MAX_NOTE
from tests import web
from tests.steps import LONGEST, until

NEVER = 600.0
PATIENT = Limits(headers=NEVER, body=NEVER, stalled=NEVER, lingering=NEVER)
"""None of its deadlines comes while a test runs."""
SOON = 0.05


class Taken:
    """What a server has taken in: how many bytes each time; and how many were judged at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.going_on = threading.Event()
        self.going_on.set()

    def __call__(self, data: bytes) -> dict[str, object]:
        self.sizes.append(len(data))
        self.going_on.wait()
        return {"published": "", "files": [], "waits": False}


def answer(data: bytes) -> tuple[int, str, bytes]:
    return 200, "text/plain", b"%d\n" % len(data)


@contextmanager
def served(folder: Path, kind: str, limits: Limits) -> Iterator[str]:
    """Serve a repository, or a witness."""
    (folder / "metadata").mkdir()
    (folder / "metadata/timestamp.json").write_text("{}")
    told: list[object] = []
    made = {
        "authority": lambda: server.network_application(folder, Taken(), limits),
        "witness": lambda: server.witness_application(answer, told.append),
    }
    with web.serving(made[kind](), limits) as url:
        yield url


def opened(url: str, data: bytes = b"") -> socket.socket:
    place = urlsplit(url)
    found = socket.create_connection((str(place.hostname), int(place.port or 0)), LONGEST)
    found.sendall(data)
    return found


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def said(connection: socket.socket) -> bytes:
    """Return all that is said until the other side closes."""
    found = b""
    try:
        while more := connection.recv(65536):
            found += more
    except ConnectionResetError:
        pass
    return found


def first(connection: socket.socket) -> int:
    """Return the number of the answer that comes."""
    return int(connection.recv(65536).split()[1])


KINDS = pytest.mark.parametrize(("kind", "path"), [("authority", "/proposals"), ("witness", server.ADD)])  # fmt: skip


@KINDS
@pytest.mark.parametrize("begun", [b"", b"P", b"POST / HTTP/1.1\r\nHost: x\r\nA: "])
def test_headers_that_do_not_come_are_dropped(
    tmp_path: Path, kind: str, path: str, begun: bytes
) -> None:
    del path
    limits = PATIENT._replace(headers=SOON)
    with served(tmp_path, kind, limits) as url, closing(opened(url, begun)) as slow:
        # Nothing but its own deadline ends it: the test would wait for ever.
        assert said(slow) == b""


@KINDS
def test_headers_that_come_by_the_octet_do_not_put_their_deadline_off(
    tmp_path: Path, kind: str, path: str
) -> None:
    limits = PATIENT._replace(headers=4 * SOON)
    with served(tmp_path, kind, limits) as url, closing(opened(url)) as slow:
        ended = threading.Event()

        def trickle() -> None:
            for octet in head(path) * 100:
                if ended.wait(SOON / 4):
                    return
                try:
                    slow.sendall(bytes([octet]).replace(b"\r", b"a").replace(b"\n", b"a"))
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert said(slow) == b""
        ended.set()
        thread.join()


@KINDS
def test_headers_without_end_are_refused(tmp_path: Path, kind: str, path: str) -> None:
    begun = head(path)[:-2] + b"A: " + b"a" * (PATIENT.head + 1)
    with served(tmp_path, kind, PATIENT) as url, closing(opened(url, begun)) as long:
        assert first(long) == 400


def test_a_body_that_does_not_come_is_dropped_and_its_turn_is_free_again(tmp_path: Path) -> None:
    limits = PATIENT._replace(body=SOON, lingering=SOON)
    taken = Taken()
    with (
        web.serving(server.network_application(tmp_path, taken, limits), limits) as url,
        ExitStack() as all_,
    ):
        for _ in range(2 * server.WAITING):
            slow = all_.enter_context(closing(opened(url, head("/proposals", "Content-Length: 9"))))
            slow.sendall(b"abc")
            number, *_ = said(slow).split(b" ", 2)[1:]
            assert number == b"408"
        whole = head("/proposals", "Content-Length: 3") + b"abc"
        assert first(all_.enter_context(closing(opened(url, whole)))) == 200
    assert taken.sizes == [3]


@KINDS
@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (("Content-Encoding: gzip", "Content-Length: 20"), 415),
        (("Content-Encoding: deflate", "Content-Length: 20"), 415),
        (("Content-Encoding: br", "Transfer-Encoding: chunked"), 415),
        ((f"Content-Length: {server.TAKE_SIZE + 1}",), 413),
        (("Content-Length: 99999999999999999999999999",), 400),
        (("Content-Length: -1",), 400),
    ],
)
def test_what_would_be_too_much_is_refused_before_a_byte_of_it_is_read(
    tmp_path: Path, kind: str, path: str, lines: tuple[str, ...], number: int
) -> None:
    with served(tmp_path, kind, PATIENT) as url, closing(opened(url, head(path, *lines))) as sender:
        # Not a byte of the body is sent: whoever waited for one would never answer.
        assert first(sender) == (number if kind == "authority" else 400)


def test_a_proposal_in_chunks_is_refused_and_a_witnesss_request_is_counted(tmp_path: Path) -> None:
    chunked = "Transfer-Encoding: chunked"
    begun = head("/proposals", chunked)
    with served(tmp_path, "authority", PATIENT) as url, closing(opened(url, begun)) as sender:
        assert first(sender) == 411
    (tmp_path / "w").mkdir()
    with served(tmp_path / "w", "witness", PATIENT) as url:
        with closing(opened(url, head(server.ADD, chunked) + b"3\r\nabc\r\n0\r\n\r\n")) as sender:
            assert first(sender) == 200
        with closing(opened(url, head(server.ADD, chunked))) as sender:
            size = 16_384
            for _ in range(MAX_NOTE // size + 1):
                sender.sendall(b"%x\r\n" % size + bytes(size) + b"\r\n")
            assert first(sender) == 400


def test_no_more_bodies_are_read_at_once_than_may_wait(tmp_path: Path) -> None:
    """However many are begun, the bytes that are held stay below a number that is known."""
    taken = Taken()
    size = server.TAKE_SIZE
    with (
        web.serving(server.network_application(tmp_path, taken, PATIENT), PATIENT) as url,
        ExitStack() as all_,
    ):
        begun = head("/proposals", f"Content-Length: {size}")
        sent = [all_.enter_context(closing(opened(url, begun + b"x"))) for _ in range(16)]
        until(lambda: len([one for one in sent if _is_answered(one)]) == 16 - server.WAITING)
        assert {first(one) for one in sent if _is_answered(one)} == {503}
        # Whoever goes away leaves its turn to others.
        for one in sent:
            one.close()

        def is_taken() -> bool:
            with closing(opened(url, head("/proposals", "Content-Length: 3") + b"abc")) as sender:
                return first(sender) == 200

        until(is_taken)
    assert set(taken.sizes) == {3}


def _is_answered(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(LONGEST)


@KINDS
def test_the_longest_waiting_goes_where_connections_are_full(
    tmp_path: Path, kind: str, path: str
) -> None:
    limits = PATIENT._replace(connections=5)
    with served(tmp_path, kind, limits) as url, ExitStack() as all_:
        idle = [all_.enter_context(closing(opened(url, b"POST"))) for _ in range(12)]
        # Each one that came beyond the limit has ended the oldest.
        for one in idle[:7]:
            assert said(one) == b""
        # Who asks is answered, and by then another idle one has gone.
        asking = opened(url, head(path, "Content-Length: 3") + b"abc")
        assert first(all_.enter_context(closing(asking))) == 200
        assert said(idle[7]) == b""
        assert not any(map(_is_answered, idle[8:]))


def test_who_reads_no_answer_is_dropped(tmp_path: Path) -> None:
    limits = PATIENT._replace(stalled=SOON)
    with served(tmp_path, "authority", limits) as url:
        (tmp_path / "metadata/1.root.json").write_bytes(bytes(64 * 1024 * 1024))
        with closing(opened(url, head("/metadata/1.root.json", method="GET"))) as asking:
            # Nothing is read for now; what had been sent by then is all that comes.
            until(lambda: _is_over(asking))


def _is_over(connection: socket.socket) -> bool:
    try:
        connection.send(b"x")
    except OSError:
        return True
    return False


@KINDS
def test_a_body_that_goes_on_after_its_answer_is_cut_off(
    tmp_path: Path, kind: str, path: str
) -> None:
    limits = PATIENT._replace(lingering=SOON)
    del path
    begun = head("/nowhere", "Content-Length: 9999999999")
    with served(tmp_path, kind, limits) as url, closing(opened(url, begun)) as sender:
        # It comes to an end: whoever goes on sending is not listened to for ever.
        assert int(said(sender).split()[1]) in {404, 405}


@KINDS
@pytest.mark.parametrize("size", [3, 300_000])
def test_who_is_still_sending_hears_why_it_was_turned_away(
    tmp_path: Path, kind: str, path: str, size: int
) -> None:
    """A server in front asks for each connection to be closed, and makes a 502 of one that breaks under its body."""
    del path
    begun = head("/nowhere", f"Content-Length: {size}", "Connection: close")
    with served(tmp_path, kind, PATIENT) as url, closing(opened(url, begun)) as sender:
        assert first(sender) in {404, 405}
        sender.sendall(bytes(size))
        # Closed in order, once all has come: a reset would be an error here.
        while sender.recv(65536):
            pass


@KINDS
def test_a_body_that_goes_on_is_cut_off_too_where_a_close_was_asked_for(
    tmp_path: Path, kind: str, path: str
) -> None:
    del path
    begun = head("/nowhere", "Content-Length: 9999999999", "Connection: close")
    limits = PATIENT._replace(lingering=SOON)
    with served(tmp_path, kind, limits) as url, closing(opened(url, begun)) as sender:
        assert int(said(sender).split()[1]) in {404, 405}


def test_what_is_packed_is_never_unpacked(tmp_path: Path) -> None:
    taken = Taken()
    bomb = gzip.compress(bytes(10_000_000))
    with web.serving(server.network_application(tmp_path, taken, PATIENT), PATIENT) as url:
        lines = ("Content-Encoding: gzip", f"Content-Length: {len(bomb)}", "Connection: close")
        with closing(opened(url, head("/proposals", *lines) + bomb)) as sender:
            answer_ = said(sender)
        told = json.loads(answer_.partition(b"\r\n\r\n")[2])
        assert (told["code"], bool(told["hint"])) == ("proposal-packed", True)
    assert taken.sizes == []


def test_a_limit_is_a_count_that_the_system_can_give() -> None:
    """Two files a connection, and a thousand are what a process may open by default."""
    assert 2 * server.DEFAULT.connections < 1000
    assert server.WAITING * server.TAKE_SIZE <= 128 * 1024 * 1024
