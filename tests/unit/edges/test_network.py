"""A network's files: unpacked from a stick, read from a folder, fetched, served. Hostile ones too."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
import uvicorn

from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.network import metadata, proposal, publish
from pratique.parties import sync
from pratique.store import files, http, network, server
from pratique.store.http import Allowance
from pratique.store.network import Repository
from tests import web
from tests.networks import AT, HOUR, Authority, State, Verifier
from tests.steps import LONGEST

NAME = "metadata/1.root.json"
GOOD = {
    NAME: b"root",
    "metadata/timestamp.json": b"time",
    "targets/XXA/0a.signers.json": b"s" * 999,
}


# What is held, as one file


def packed(folder: Path, *entries: tuple[str, bytes]) -> Path:
    path = folder / "x.zip"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries:
                archive.writestr(name, data)
    return path


def code(path: Path) -> str:
    with pytest.raises(PratiqueError) as caught:
        network.read_archive(path)
    assert str(path) in caught.value.message
    return caught.value.code


def test_the_same_files_make_the_same_bytes_and_come_back(tmp_path: Path) -> None:
    data = network.to_archive(GOOD)
    assert data == network.to_archive(dict(reversed(GOOD.items())))
    (tmp_path / "x.zip").write_bytes(data)
    assert network.read_archive(tmp_path / "x.zip") == GOOD


@pytest.mark.parametrize(
    "name",
    ["../metadata/x", "/etc/passwd", "metadata/../../x", "metadata/.hidden", "metadata\\x", "x",
     "targets/XXA/../x", "targets/x", "targets/XXA/a/b", "other/x", "metadata/", "metadata/a b",
     "metadata/\u00e9", "metadata/" + "a" * 252, "C:/x", "metadata/x\n"],
)  # fmt: skip
def test_a_name_that_belongs_to_no_network_is_refused_with_all(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, (NAME, b"x"), (name, b"x"))
    assert code(path) == "archive-malformed"
    with pytest.raises(DocumentRefused):
        network.to_archive({**GOOD, name: b""})
    assert list(tmp_path.rglob("*")) == [path]


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, (NAME, b"1"), (NAME, b"2"))
    assert code(path) == "archive-malformed"


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "MAX_FILES", 9)
    path = packed(tmp_path, *((f"metadata/{n}", b"") for n in range(10)))
    assert code(path) == "archive-too-large"
    with pytest.raises(DocumentRefused):
        network.to_archive({f"metadata/{n}": b"" for n in range(10)})


def test_a_bomb_that_says_so_is_refused_before_a_byte_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MAX_SIZE", 1 << 20)
    path = packed(tmp_path, (NAME, bytes(2 << 20)))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert code(path) == "archive-too-large"


def test_a_bomb_that_lies_is_unpacked_no_further_than_it_says(tmp_path: Path) -> None:
    size = 8 << 20
    path = packed(tmp_path, (NAME, bytes(size)))
    data = path.read_bytes()
    # Both headers: nine bytes, of which the checksum is right; behind them eight million more.
    small = bytes(9)
    old = zlib.crc32(bytes(size)).to_bytes(4, "little"), size.to_bytes(4, "little")
    new = zlib.crc32(small).to_bytes(4, "little"), (9).to_bytes(4, "little")
    for before, after in zip(old, new, strict=True):
        assert before in data
        data = data.replace(before, after)
    path.write_bytes(data)
    assert network.read_archive(path) == {NAME: small}


def flags(path: Path, value: int) -> None:
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        data[at + place] |= value
    path.write_bytes(bytes(data))


def test_what_is_encrypted_or_packed_in_a_way_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, (NAME, b"x" * 99))
    flags(path, 1)
    assert code(path) == "archive-malformed"
    path = packed(tmp_path, (NAME, b"x" * 99))
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.find(mark) + place] = 77
    path.write_bytes(bytes(data))
    assert code(path) == "archive-malformed"


def test_whatever_is_cut_or_altered_is_refused_and_nothing_else_is_raised(tmp_path: Path) -> None:
    path, data = tmp_path / "x.zip", network.to_archive(GOOD)
    for end in range(len(data)):
        path.write_bytes(data[:end])
        assert code(path) == "archive-malformed"
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            found = network.read_archive(path)
        except DocumentRefused:
            continue
        # A date, a comment, a name: contents have a checksum.
        assert sorted(found.values()) == sorted(GOOD.values())


def test_what_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    assert code(tmp_path / "none.zip") == "file-unusable"
    (tmp_path / "network").mkdir()
    (tmp_path / "network/anchor.json").mkdir()
    with pytest.raises(Unreadable):
        network.load_held(tmp_path / "network")


# A repository


def test_a_repository_is_its_files_by_name(tmp_path: Path) -> None:
    network.write(tmp_path, GOOD)
    found = Repository(tmp_path)
    (tmp_path / ".lock").write_text("")
    (tmp_path / "metadata/.draft-x").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert dict(found) == GOOD
    assert len(found) == len(GOOD)
    assert NAME in found
    assert "metadata/2.root.json" not in found
    assert found.get("metadata/2.root.json") is None


@pytest.mark.parametrize(
    "name",
    ["../secret", "metadata/../../secret", "metadata/.lock", "", "/", "metadata//x", "metadata"],
)
def test_a_repository_reads_nothing_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    network.write(tmp_path / "net", GOOD)
    (tmp_path / "net/metadata/.lock").write_text("secret")
    found = Repository(tmp_path / "net")
    assert name not in found
    if name != "metadata":
        with pytest.raises(KeyError):
            found[name]
    with pytest.raises(UsageError):
        network.write(tmp_path / "net", {name: b"x"})


def test_files_are_written_in_the_order_given_and_the_timestamp_is_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(files, "replace", lambda path, *_: written.append(path.name))
    authority = Authority()
    network.write(tmp_path, authority.files)
    assert written[-1] == "timestamp.json"
    assert len(written) == len(authority.files)


# Fetching


def body(data: bytes, *more: str, status: str = "200 OK") -> web.Answer:
    head = "\r\n".join(
        [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Connection: close", *more]
    )
    return lambda _, connection: connection.sendall(head.encode() + b"\r\n\r\n" + data)


def fetched(answer: web.Answer, limit: int = 1000) -> bytes | None:
    with web.raw(answer) as server:
        return http.opened(server.url)(NAME, limit)


def refused(answer: web.Answer, limit: int = 1000) -> PratiqueError:
    with pytest.raises(PratiqueError) as caught:
        fetched(answer, limit)
    return caught.value


def test_what_is_there_comes_and_what_is_not_is_none() -> None:
    assert fetched(body(b"root")) == b"root"
    for status in ("404 Not Found", "403 Forbidden", "410 Gone"):
        assert fetched(body(b"not here", status=status)) is None
    assert fetched(body(bytes(1000))) == bytes(1000)
    assert fetched(body(bytes(1001))) is None


@pytest.mark.parametrize(
    "status", ["500 Oh", "503 Busy", "302 Found", "301 Moved", "206 Part", "304 Same"]
)
def test_any_other_answer_is_told_by_its_number(status: str) -> None:
    error = refused(body(b"", "Location: http://127.0.0.1:9/", status=status))
    assert (error.code, error.exit_code) == ("network-unreachable", 4)
    assert status[:3] in error.message


def test_a_redirect_is_not_followed() -> None:
    with web.raw(body(b"elsewhere")) as other:
        error = refused(body(b"", f"Location: {other.url}/{NAME}", status="302 Found"))
        assert error.code == "network-unreachable"
        assert other.heard == []


def test_what_is_packed_comes_unpacked_and_no_larger_than_the_limit() -> None:
    packed_root = gzip.compress(b"root")
    assert fetched(body(packed_root, "Content-Encoding: gzip")) == b"root"
    bomb = gzip.compress(bytes(50 << 20))
    assert fetched(body(bomb, "Content-Encoding: gzip"), 100_000) is None
    for data, encoding in ((packed_root[:-9], "gzip"), (b"root", "gzip"), (packed_root, "br")):
        error = refused(body(data, f"Content-Encoding: {encoding}"))
        assert "damaged" in error.message


def test_a_body_that_never_ends_is_cut_off() -> None:
    sent = 0

    def endless(_: bytes, connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            sent += connection.send(bytes(65536))

    assert fetched(endless, 100_000) is None
    time.sleep(0.1)
    assert sent < 20_000_000


def test_blocks_of_nothing_that_never_end_are_cut_off() -> None:
    def endless(_: bytes, connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(gzip.compress(b"")[:10])
        while True:
            connection.sendall(b"\0\0\0\xff\xff" * 10_000)

    assert fetched(endless) is None


def test_a_body_that_comes_in_drops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.3)

    def drops(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        # Without end: only the one who asks can end it.
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    error = refused(drops)
    assert (error.code, error.exit_code) == ("network-slow", 4)


def test_a_server_that_says_nothing_or_breaks_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ", 0.2)
    assert "does not answer in time" in refused(lambda *_: time.sleep(2)).message
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx"
    error = refused(lambda _, connection: connection.sendall(cut))
    assert "broke off" in error.message
    error = refused(lambda _, connection: connection.sendall(b"SSH-2.0-no web\r\n\r\n"))
    assert error.code == "network-unreachable"


def test_a_server_that_drips_its_headers_or_says_later_holds_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drips(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
        while True:
            time.sleep(0.05)
            connection.sendall(b"x")

    monkeypatch.setattr(http, "BEGUN", 0.5)
    assert refused(drips).code == "network-slow"
    later = b"HTTP/1.1 503 Later\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    assert refused(lambda _, connection: connection.sendall(later)).code == "network-unreachable"


def test_however_patient_with_each_a_sync_ends() -> None:
    """A server that is just fast enough, file after file, and one that never has sent enough."""
    now = [1000.0]
    for most, passes, size in ((10, 4.0, 1 << 20), (1 << 20, 0.0, 700)):
        allowance = Allowance(most, size, lambda: now[0])
        with web.raw(body(bytes(200))) as server:
            fetch_one = http.opened(server.url, allowance)
            for _ in range(3):
                assert fetch_one(NAME, 1000) == bytes(200)
                now[0] += passes
            with pytest.raises(Unreadable) as caught:
                fetch_one(NAME, 1000)
        assert (caught.value.code, caught.value.exit_code) == ("network-slow", 4)
        # Nothing more is even asked for.
        with pytest.raises(Unreadable):
            fetch_one(NAME, 1000)


def test_what_is_left_of_a_sync_bounds_each_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def within(seconds: float, ask: Callable[[], object]) -> object:
        waited.append(seconds)
        return ask()

    monkeypatch.setattr(http, "within", within)
    with web.raw(body(b"root")) as server:
        for seconds in (http.SECONDS, 7):
            http.opened(server.url, Allowance(seconds, 1000, lambda: 0.0))(NAME, 1000)
    assert waited == [http.BEGUN, 7]


# What a server learns


def answering(files: dict[str, bytes]) -> web.Answer:
    """Serve files, and try to know again who asks: by cookies, by validators, by what it may keep."""
    lock, count = threading.Lock(), 0

    def answer(request: bytes, connection: socket.socket) -> None:
        nonlocal count
        with lock:
            count += 1
        name = request.split(b" ")[1].decode().removeprefix("/")
        marks = (f"Set-Cookie: verifier={count}", f'ETag: "{count}"', "Last-Modified: Sun, 22 Nov 2026",
                 "Cache-Control: max-age=1")  # fmt: skip
        found = files.get(name)
        body(found or b"", *marks, status="200 OK" if found else "404 No")(request, connection)

    return answer


def synced(url: str, home: Path, anchor: bytes) -> None:
    network.begin(home, anchor)
    sync.synced(home, url, AT)


def test_two_verifiers_send_the_same_bytes_whoever_was_checked_there(tmp_path: Path) -> None:
    authority, state = Authority(seats=3, threshold=2, suspend=2), State("XXA")
    authority.admit(state)
    state.publish()
    texts = [state.issue(nth=number) for number in range(4)]
    said = []
    for number, border in enumerate(("north", "south")):
        with web.raw(answering(authority.files)) as server:
            synced(server.url, tmp_path / border, authority.anchor)
            kept = network.load_held(tmp_path / border)
            assert kept is not None
            verifier = Verifier(authority.anchor)
            verifier.held = dict(kept.files)
            # Other travellers at each, and more of them.
            for text in texts[number : 1 + 3 * number]:
                assert verifier.verify(text).signer is not None
            synced(server.url, tmp_path / border, authority.anchor)
            address = server.url.removeprefix("http://").encode()
            said.append([request.replace(address, b"HOST") for request in server.heard])
    north, south = (sorted(requests) for requests in said)
    assert north == south
    assert len(north) > 8
    for request in north:
        head, *lines = request.decode().strip().split("\r\n")
        assert head.startswith("GET /")
        assert head.endswith(" HTTP/1.1")
        assert sorted(lines) == ["Accept-Encoding: gzip", "Accept: */*", "Host: HOST", "User-Agent: pratique"]  # fmt: skip


def test_control_a_verifier_that_told_of_itself_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(seats=3, threshold=2, suspend=2)
    said = []
    for border in ("north", "south"):
        monkeypatch.setitem(http.FETCH_HEADERS, "User-Agent", f"pratique of {border}")
        with web.raw(answering(authority.files)) as server:
            synced(server.url, tmp_path / border, authority.anchor)
            address = server.url.removeprefix("http://").encode()
            said.append(sorted(request.replace(address, b"HOST") for request in server.heard))
    assert said[0] != said[1]


def test_what_came_before_an_interruption_is_not_asked_for_again(tmp_path: Path) -> None:
    authority, states = (
        Authority(seats=3, threshold=2, suspend=2),
        [State(f"XX{c}") for c in "ABCDE"],
    )
    authority.admit(*states)
    for state in states:
        state.publish()
    files = dict(authority.files)
    broken = {name: data for name, data in files.items() if not name.startswith("targets/XXE")}
    stop = body(b"", status="500 Oh")

    def breaking(request: bytes, connection: socket.socket) -> None:
        name = request.split(b" ")[1].decode().removeprefix("/")
        is_there = name in broken or name not in files
        (answering(broken) if is_there else stop)(request, connection)

    def asked(server: web.Raw) -> set[str]:
        return {request.split(b" ")[1].decode().removeprefix("/") for request in server.heard}

    with web.raw(breaking) as server:
        with pytest.raises(Unreadable):
            synced(server.url, tmp_path / "border", authority.anchor)
        first = asked(server)
    arrived = list((tmp_path / "border" / network.ARRIVING).iterdir())
    assert arrived
    with web.raw(answering(files)) as server:
        synced(server.url, tmp_path / "border", authority.anchor)
        second = asked(server)
    again = {name for name in first & second if name in broken}
    # The timestamp and the roots may be other ones by now; all else came once.
    assert again <= {metadata.TIMESTAMP_FILE}
    assert len(first - second) >= len(arrived)
    kept = network.load_held(tmp_path / "border")
    assert kept is not None
    assert metadata.TIMESTAMP_FILE in kept.files
    assert not (tmp_path / "border" / network.ARRIVING).exists()


# Serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve a repository beside a secret, as `authority serve` does; yield address and folder."""
    authority = Authority(seats=3, threshold=2, suspend=2)
    network.write(tmp_path / "net", authority.files)
    log = {"log/checkpoint": b"x", "log/1.snapshot.proof": b"x", "log/tile/0/000.p/5": b"x"}
    network.write(tmp_path / "net", log)
    (tmp_path / "secret.json").write_text("secret")
    (tmp_path / "net/secret.json").write_text("secret")
    (tmp_path / "net/metadata/.secret.json").write_text("secret")
    with web.serving(server.network_application(tmp_path / "net")) as url:
        yield url, tmp_path / "net"


def asked(url: str, request: bytes) -> bytes:
    """Send bytes as they are, and return the whole answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), LONGEST) as connection:
        connection.sendall(request)
        found = io.BytesIO()
        while more := connection.recv(65536):
            found.write(more)
    return found.getvalue()


def get(url: str, path: str, *lines: str, verb: str = "GET") -> tuple[int, bytes, bytes]:
    head = "\r\n".join([f"{verb} {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""])
    found = asked(url, head.encode())
    top, _, rest = found.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), top.lower(), rest


def test_each_file_is_served_and_may_be_kept_as_long_as_it_stays_what_it_is(
    served: tuple[str, Path],
) -> None:
    url, folder = served
    anew = {metadata.TIMESTAMP_FILE, "log/checkpoint", "log/1.snapshot.proof"}
    listed = {*Repository(folder), "log/checkpoint", "log/tile/0/000.p/5"}
    assert anew < listed
    for name in sorted(listed):
        status, head, came = get(url, f"/{name}")
        assert (status, came) == (200, (folder / name).read_bytes())
        kept = "max-age=60" if name in anew else "max-age=31536000, immutable"
        assert f"cache-control: public, {kept}".encode() in head
        for mark in (b"set-cookie", b"server:", b"date:"):
            assert mark not in head
    status, head, came = get(url, f"/{NAME}", "Accept-Encoding: gzip")
    assert b"content-encoding: gzip" in head
    assert gzip.decompress(came) == Repository(folder)[NAME]
    assert http.opened(url)(NAME, 1 << 20) == Repository(folder)[NAME]


@pytest.mark.parametrize(
    "path",
    ["/", "/secret.json", "/../secret.json", "/metadata/../secret.json", "/metadata/../../secret.json",
     "/%2e%2e/secret.json", "/metadata/..%2f..%2fsecret.json", "/metadata/.secret.json", "//secret.json",
     "/metadata", "/metadata/", "/metadata/%00", "/targets/XXA/..%5csecret.json", "/proposals",
     "/.lock", "/metadata/1.root.json/"],
)  # fmt: skip
def test_nothing_else_is_served(served: tuple[str, Path], path: str) -> None:
    status, _, came = get(served[0], path)
    assert status == 404
    assert b"secret" not in came


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_is_taken_where_nothing_is_accepted(served: tuple[str, Path], verb: str) -> None:
    before = dict(Repository(served[1]))
    for path in ("/proposals", f"/{NAME}", "/metadata/9.root.json"):
        status, _, _ = get(served[0], path, "Content-Length: 0", verb=verb)
        assert status == 405
    assert dict(Repository(served[1])) == before


def test_who_asked_for_what_is_said_nowhere(
    served: tuple[str, Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    get(served[0], f"/{NAME}?from=north")
    get(served[0], "/metadata/not-there.json")
    said = "".join(capfd.readouterr()) + caplog.text
    assert "root" not in said
    assert "not-there" not in said


def test_a_server_is_run_without_a_log_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[uvicorn.Server] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: given.append(self))
    with server.bound("127.0.0.1", 0) as taken:
        server.serve(server.network_application(tmp_path), taken)
    assert given[0].config.access_log is False
    assert given[0].config.log_level == "warning"


def test_an_address_is_taken_before_anything_is_said_to_be_served() -> None:
    with server.bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        # Who comes before the first answer waits, and is not turned away.
        with socket.create_connection(("127.0.0.1", port)), pytest.raises(Unreadable) as caught:
            server.bound("127.0.0.1", port)
        assert (caught.value.code, caught.value.exit_code) == ("address-unusable", 4)
        assert str(port) in caught.value.message
    # Given back, it can be taken at once: a server that is started anew does not wait.
    server.bound("127.0.0.1", port).close()
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(Unreadable):
            server.bound(host, 0)


def posted(url: str, data: bytes) -> tuple[int, dict[str, object]]:
    answer = urllib3.request("POST", f"{url}/proposals", body=data, retries=False)
    return answer.status, answer.json()


def test_a_proposal_is_published_by_its_signatures_alone_and_a_server_starts_again(
    tmp_path: Path,
) -> None:
    authority, state = Authority(seats=3, threshold=2, suspend=2), State("XXA")
    authority.admit(state)
    folder = tmp_path / "net"
    network.write(folder, authority.files)

    def take(data: bytes) -> dict[str, object]:
        found = proposal.from_bytes(data)
        made = publish.published(Repository(folder), found, authority.online, at=AT + HOUR)
        network.write(folder, made)
        return {"published": found.title, "files": sorted(made), "waits": False}

    drafted = state.draft()
    before = dict(Repository(folder))
    with web.serving(server.network_application(folder, take)) as url:
        authority.signed(drafted, state.roles[:1])
        status, told = posted(url, proposal.to_bytes(drafted))
        assert (status, told["code"]) == (400, "proposal-unsigned")
        assert "needs 1 more" in str(told["message"])
        for data in (b"", b"{}", b"\xff", b"[" * 100_000, proposal.to_bytes(drafted)[:-9]):
            status, told = posted(url, data)
            assert status == 400
            assert told.keys() == {"code", "message", "hint"}
        assert dict(Repository(folder)) == before
        authority.signed(drafted, state.roles[1:2])
        status, told = posted(url, proposal.to_bytes(drafted))
        assert (status, told["published"]) == (200, "XXA 1")
        status, _, _ = get(url, "/proposals")
        assert status in {404, 405}
    with web.serving(server.network_application(folder, take)) as url:
        synced(url, tmp_path / "border", authority.anchor)
        # Handed in again, as after an answer that was lost.
        assert posted(url, proposal.to_bytes(drafted))[0] == 200
    kept = network.load_held(tmp_path / "border")
    assert kept is not None
    assert metadata.metadata("XXA", 1) in kept.files


def test_more_than_a_proposal_can_be_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TAKE_SIZE", 1000)
    taken: list[bytes] = []

    def take(data: bytes) -> dict[str, object]:
        taken.append(data)
        return {}

    with web.serving(server.network_application(tmp_path, take)) as url:
        number, told = posted(url, bytes(1001))
        assert (number, told["code"]) == (413, "proposal-too-large")
        assert taken == []
        assert posted(url, bytes(1000)) == (200, {})
