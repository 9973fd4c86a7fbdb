"""A witness by HTTP: what it answers, what it does not take, and what whoever asks does not believe."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import PratiqueError, Unreadable
from pratique.store import http, server
from pratique.tlog import checkpoint, merkle
from pratique.tlog.checkpoint import Checkpoint, signed
from pratique.tlog.merkle import leaf_hash, listed
from pratique.tlog.note import MAX_NOTE, read_signatures
from pratique.tlog.witness import SIZE, Answer, CosignatureRequest, Witness, answered
from tests import web
from tests.logs import Memory
from tests.steps import LONGEST
from tests.unit.log import seen
from tests.unit.log.seen import AT, ORIGIN

NODES = listed([leaf_hash(b"%d" % number) for number in range(64)])
OTHERS = listed([leaf_hash(b"x%d" % number) for number in range(64)])


def request(old: int, size: int, nodes: merkle.Nodes = NODES) -> bytes:
    note = signed(Checkpoint(ORIGIN, size, merkle.root(nodes, size)), seen.key(ORIGIN))
    return CosignatureRequest(old, merkle.consistency(nodes, old, size), note).to_bytes()


@dataclass
class Served:
    """A witness that listens."""

    memory: Memory = field(default_factory=Memory)
    told: list[str] = field(default_factory=list)
    broken: bool = False
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, data: bytes) -> Answer:
        if self.broken:
            raise Unreadable("ledger-unusable", "/a/place/of/this/machine: disk full")
        who = Witness(
            seen.witness(0).name, seen.key(seen.witness(0).name), {ORIGIN: seen.log_key()}
        )
        with self.lock:
            return answered(data, who, self.memory, at=AT)

    def tell(self, error: PratiqueError) -> None:
        self.told.append(error.message)


@pytest.fixture(scope="module")
def listening() -> Iterator[Served]:
    one = Served()
    with web.serving(server.witness_application(one.answer, one.tell)) as url:
        one.url = url
        yield one


@pytest.fixture
def witness(listening: Served) -> Served:
    listening.memory.clear()
    listening.told.clear()
    listening.broken = False
    return listening


def sent(url: str, data: bytes) -> bytes:
    """Send bytes as they are, and return all that comes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), LONGEST) as connection:
        connection.sendall(data)
        found = b""
        while more := connection.recv(65536):
            found += more
    return found


def post(url: str, body: bytes, path: str = http.ADD, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = f"POST {path} HTTP/1.1\r\nHost: w\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return sent(url, head.encode() + body)


def test_a_log_that_grows_is_cosigned_by_http(witness: Served) -> None:
    for old, size in ((0, 5), (5, 5), (5, 64)):
        data = request(old, size)
        number, body = http.request_cosignature(witness.url + "/", data)
        assert number == 200
        note = CosignatureRequest.from_bytes(data).note.with_signatures(
            *read_signatures(body.decode())
        )
        assert checkpoint.check_cosignature(note, seen.witness(0)) == AT
    assert witness.memory[ORIGIN].size == 64


def test_each_refusal_has_the_number_that_c2sp_gives_it(witness: Served) -> None:
    assert http.request_cosignature(witness.url, request(0, 7))[0] == 200
    strange = signed(Checkpoint("strange", 9, bytes(32)), seen.key("strange"))
    text = request(7, 9).decode()
    cases = {
        400: [b"", b"old", b"\x00" * 99, CosignatureRequest(9, (), CosignatureRequest.from_bytes(request(0, 7)).note).to_bytes()],
        403: [text.replace("\n9\n", "\n8\n").encode()],
        404: [CosignatureRequest(0, (), strange).to_bytes()],
        409: [request(0, 9), request(7, 7, OTHERS)],
        422: [request(7, 9, OTHERS)],
    }  # fmt: skip
    for number, bodies in cases.items():
        for body in bodies:
            assert http.request_cosignature(witness.url, body)[0] == number, body
    assert witness.memory[ORIGIN].size == 7


def test_a_conflict_tells_the_size_under_its_own_kind(witness: Served) -> None:
    post(witness.url, request(0, 7))
    head, _, body = post(witness.url, request(3, 9)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 409")
    assert b"\r\ncontent-type: " + SIZE.encode() + b"\r\n" in head.lower() + b"\r\n"
    assert body == b"7\n"
    for word in (b"set-cookie", b"server:", b"date:"):
        assert word not in head.lower()


def test_too_much_too_slow_or_half_a_request_leaves_nothing(
    witness: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    large = b"old 0\n\n" + b"x" * MAX_NOTE
    assert post(witness.url, large).startswith(b"HTTP/1.1 400")
    # A sender that never ends is not heard to its end.
    assert post(witness.url, large, length=10**12).startswith(b"HTTP/1.1 400")
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    assert post(witness.url, b"old 0\n", length=500).startswith(b"HTTP/1.1 400")
    host, _, port = witness.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), LONGEST) as gone:
        gone.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 500\r\n\r\nold")
    time.sleep(0.3)
    assert http.request_cosignature(witness.url, request(0, 5))[0] == 200
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    assert "127.0.0.1" not in said.out + said.err


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE", "HEAD"])
def test_nothing_but_a_post_in_one_place_is_answered(witness: Served, verb: str) -> None:
    asked = f"{verb} /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"
    assert sent(witness.url, asked.encode()).startswith(b"HTTP/1.1 405")
    for path in ("/", "/other", "/add-checkpoint/", "/../ledger.db", "//add-checkpoint"):
        assert not post(witness.url, request(0, 5), path).startswith(b"HTTP/1.1 200")
    assert not witness.memory


def test_what_cannot_be_kept_is_not_cosigned_and_the_machine_is_not_described(
    witness: Served,
) -> None:
    witness.broken = True
    assert http.request_cosignature(witness.url, request(0, 5)) == (503, b"ledger-unusable\n")
    assert witness.told == ["/a/place/of/this/machine: disk full"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text("old 019\n=A—", max_size=80).map(str.encode))
def test_no_bytes_bring_a_witness_down(listening: Served, data: bytes) -> None:
    listening.memory.clear()
    listening.broken = False
    assert http.request_cosignature(listening.url, data)[0] in {400, 403, 404}
    assert not listening.memory


def test_of_many_at_once_no_two_get_different_trees(witness: Served) -> None:
    """Two faces of a log, asked for at the same time: one of them is cosigned, at every size."""
    asked = [request(0, 20, nodes) for nodes in (NODES, OTHERS)] * 20
    with ThreadPoolExecutor(16) as pool:
        came = list(
            pool.map(lambda data: (data, http.request_cosignature(witness.url, data)), asked)
        )
    won = {data for data, (number, _) in came if number == 200}
    assert len(won) == 1
    assert {number for _, (number, _) in came} == {200, 409}


# Whoever asks


def asks(answer: web.Answer) -> Unreadable:
    with web.raw(answer) as hostile, pytest.raises(Unreadable) as refused:
        http.request_cosignature(hostile.url, request(0, 5))
    return refused.value


def told(head: str, body: bytes = b"") -> web.Answer:
    def answer(_request: bytes, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)

    return answer


def test_what_is_asked_is_the_same_from_everybody() -> None:
    with web.raw(told("200 OK\r\nContent-Length: 3", b"abc")) as server:
        assert http.request_cosignature(server.url + "/prefix", request(0, 5)) == (200, b"abc")
        head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert body == request(0, 5)
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /prefix/add-checkpoint HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:]}
    assert names == {
        "host", "content-length", "user-agent", "accept", "content-type", "accept-encoding",
    }  # fmt: skip


def test_no_redirect_is_followed() -> None:
    with web.raw(told("200 OK\r\nContent-Length: 1", b"x")) as other:
        with web.raw(told(f"307 Go\r\nLocation: {other.url}/\r\nContent-Length: 0")) as server:
            assert http.request_cosignature(server.url, b"x") == (307, b"")
        assert other.heard == []


@pytest.mark.parametrize(
    ("head", "body", "code"),
    [
        ("200 OK\r\nContent-Length: 99999", b"x" * 99999, "witness-answer"),
        ("200 OK", b"x" * 99999, "witness-answer"),
        ("200 OK\r\nTransfer-Encoding: chunked", b"5000\r\n" + b"x" * 0x5000 + b"\r\n", "witness-answer"),
        ("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3", b"abc", "witness-answer"),
        ("200 OK\r\nContent-Length: 50", b"half", "witness-unreachable"),
        ("200 OK\r\nTransfer-Encoding: chunked", b"zz\r\n", "witness-unreachable"),
        ("what", b"", "witness-unreachable"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_told(head: str, body: bytes, code: str) -> None:
    assert asks(told(head, body)).code == code


def test_a_witness_that_drips_or_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST", 0.6)

    def dripped(start: bytes) -> web.Answer:
        def answer(_request: bytes, connection: socket.socket) -> None:
            connection.sendall(start)
            # Without end: only the one who asks can end it.
            while True:
                time.sleep(0.05)
                connection.sendall(b"x")

        return answer

    for start in (b"HTTP/1.1 200 OK\r\nX-Header: ", b"HTTP/1.1 200 OK\r\n\r\n", b""):
        assert asks(dripped(start)).code in {"witness-slow", "witness-unreachable"}


def test_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url, code in (
        (f"http://127.0.0.1:{port}", "witness-unreachable"),
        ("http://nobody.invalid", "witness-unreachable"),
        ("file:///etc/hostname", "witness-url"),
        ("https://", "witness-url"),
        ("https://me:secret@w.example", "witness-url"),
        ("w.example", "witness-url"),
        ("http://[::1", "witness-url"),
        ("http://w.example:port", "witness-url"),
    ):
        with pytest.raises(Unreadable) as refused:
            http.request_cosignature(url, b"x")
        assert refused.value.code == code, url
        assert "secret" not in refused.value.message
