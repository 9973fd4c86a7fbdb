"""The configuration of the server in front, and what becomes of one that does not start."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import PratiqueError, Unreadable, UsageError
from pratique.store import front, gateway_server, server
from pratique.store.front import FrontKind, Place
from tests.gateway_world import ec_key
from tests.journeys.gateway_front import HOST, free_port, program, signed, tls
from tests.steps import LONGEST, until

PLACE = Place(HOST, 8443, Path("/g/c.pem"), Path("/g/c.key"), Path("/g/run/s.sock"), Path("/g/run"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place with a certificate and a key of each other."""
    certificate, key = tls(tmp_path, "server", signed("localhost", ec_key("server")))
    run = tmp_path / "run"
    return Place(HOST, free_port(), certificate, key, run / "gateway.sock", run)


def taken_away(kind: FrontKind) -> set[str]:
    """Return which headers of a client a configuration empties, overwrites or removes."""
    text = front.configuration(kind, PLACE)
    if kind is FrontKind.HAPROXY:
        assert "http-request del-header X-SSL-Client- -m beg" in text
        assert text.index("del-header X-SSL-Client-") < text.index("set-header X-SSL-Client-SHA256")
        return {"X-SSL-Client-Cert", "X-SSL-Client-SHA256", "X-SSL-Client-DN"}
    pattern = (
        r"proxy_set_header (X-SSL-\S+)" if kind is FrontKind.NGINX else r"header_up -?(X-SSL-\S+)"
    )
    return set(re.findall(pattern, text))


@pytest.mark.parametrize("kind", list(FrontKind))
def test_each_header_by_which_a_caller_is_known_is_the_fronts_own(kind: FrontKind) -> None:
    assert taken_away(kind) == {"X-SSL-Client-Cert", "X-SSL-Client-SHA256", "X-SSL-Client-DN"}


@pytest.mark.parametrize("kind", list(FrontKind))
@pytest.mark.parametrize(
    "path", ["/a b/c.pem", "/a;b/c.pem", "/a$b/c.pem", "/a{b}/c.pem", '/a"b/c.pem', "/a\nb/c.pem", "c.pem", "/a#b"]
)  # fmt: skip
@pytest.mark.parametrize("member", ["certificate", "key", "socket", "folder"])
def test_no_path_can_say_anything_in_a_configuration(
    kind: FrontKind, path: str, member: str
) -> None:
    named: dict[str, Any] = {member: Path(path)}
    with pytest.raises(UsageError) as refused:
        front.configuration(kind, PLACE._replace(**named))
    assert refused.value.code == "front-path"


@pytest.mark.parametrize("host", ["a b", "a;b", "localhost }", "", "1.2.3.4\nuser root;"])
def test_no_name_can_say_anything_in_a_configuration(host: str) -> None:
    with pytest.raises(UsageError) as refused:
        front.configuration(FrontKind.NGINX, PLACE._replace(host=host))
    assert refused.value.code == "front-host"


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert "listen [::1]:8443 ssl;" in front.configuration(
        FrontKind.NGINX, PLACE._replace(host="::1")
    )


def test_the_first_that_is_installed_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(front, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as refused:
        front.chosen()
    assert refused.value.code == "front-missing"
    for kind in reversed(FrontKind):
        (tmp_path / kind.value).write_text("#!/bin/sh\n")
        (tmp_path / kind.value).chmod(0o755)
        assert front.chosen() == (kind, str(tmp_path / kind.value))
    assert front.chosen(FrontKind.CADDY)[0] is FrontKind.CADDY


@pytest.mark.parametrize("kind", list(FrontKind))
def test_a_key_that_is_not_the_certificates_is_told_before_anything_listens(
    place: Place, tmp_path: Path, kind: FrontKind
) -> None:
    found = program(kind)
    _, other = tls(tmp_path, "other", signed("localhost", ec_key("other")))
    with pytest.raises(UsageError) as refused:
        front.start(kind, found, place._replace(key=other))
    assert refused.value.code == "front-refused"
    begins = f"{kind.value} does not start: "
    assert refused.value.message.startswith(begins)
    # Why, in the program's own words, without what stands before them in its log.
    why = refused.value.message.removeprefix(begins)
    assert re.match("[A-Za-z]", why)
    assert "key" in why


@pytest.mark.parametrize("kind", list(FrontKind))
def test_who_waits_for_the_port_does_not_meet_a_front_that_is_only_checked(
    place: Place, kind: FrontKind
) -> None:
    found, ended, met = program(kind), threading.Event(), list[int]()

    def knocks() -> None:
        while not ended.is_set():
            with suppress(OSError), socket.create_connection((place.host, place.port), LONGEST):
                met.append(1)

    knocking = threading.Thread(target=knocks)
    knocking.start()
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        checked = front._linked(place) if kind is FrontKind.HAPROXY else place
        for _ in range(10):
            front._check(kind, found, checked, dict(os.environ))
        assert met == []
        # The control: what listens is met.
        with socket.create_server((place.host, place.port)):
            until(lambda: bool(met))
    finally:
        ended.set()
        knocking.join()


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    found = program(FrontKind.NGINX)
    place.folder.mkdir(parents=True, exist_ok=True)
    with (
        socket.create_server((place.host, place.port)),
        pytest.raises(Unreadable, match="not possible to listen"),
    ):
        front.start(FrontKind.NGINX, found, place)


@pytest.mark.parametrize("kind", list(FrontKind))
def test_a_front_that_cannot_listen_is_told(place: Place, kind: FrontKind) -> None:
    found = program(kind)
    # 192.0.2.0/24 is nobody's (RFC 5737).
    with pytest.raises(PratiqueError) as refused:
        front.start(kind, found, place._replace(host="192.0.2.1"))
    assert refused.value.code == "address-unusable"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a child of its parent's end")
@pytest.mark.parametrize("kind", list(FrontKind))
def test_a_front_dies_with_whoever_started_it(place: Place, kind: FrontKind) -> None:
    found = program(kind)
    parts = [str(part) for part in place[:6]]
    # It tells the number of the process, and is killed.
    script = (
        "import os, signal, sys; from pathlib import Path; from pratique.store import front\n"
        "kind, program, host, port, *paths = sys.argv[1:]\n"
        "place = front.Place(host, int(port), *map(Path, paths))\n"
        "running = front.start(front.FrontKind(kind), program, place)\n"
        "print(running.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, kind.value, found, *parts], check=False, capture_output=True, timeout=LONGEST
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    number = int(ended.stdout)
    until(lambda: not is_running(number))
    # A process of several threads is a zombie as soon as its first one has ended; the others hold the port until they do.
    until(lambda: is_free(place.port))


def is_free(port: int) -> bool:
    """Tell whether one can listen there."""
    try:
        server.bound(HOST, port).close()
    except Unreadable:
        return False
    return True


def is_running(number: int) -> bool:
    """Tell whether a process runs: one that has ended may still stand in the table."""
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


# -- The socket


def test_a_socket_is_its_owners_alone_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with gateway_server.bound(path):
        assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    with gateway_server.bound(path, 0o660):
        assert path.stat().st_mode & 0o777 == 0o660


def test_a_socket_that_a_killed_gateway_has_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    gateway_server.bound(path).close()
    assert path.exists()
    gateway_server.bound(path).close()


def test_a_socket_on_which_somebody_answers_is_left_to_him(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with gateway_server.bound(path):
        with pytest.raises(UsageError) as refused:
            gateway_server.bound(path)
        assert refused.value.code == "gateway-served"
        assert path.exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    path.write_text("mine")
    with pytest.raises(UsageError) as refused:
        gateway_server.bound(path)
    assert refused.value.code == "socket-path"
    assert path.read_text() == "mine"


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        gateway_server.bound(tmp_path / ("x" * 100))
    assert refused.value.code == "socket-path"


def test_a_path_that_is_too_long_for_a_socket_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with (
        gateway_server.room_for(deep / "gateway.sock") as path,
        gateway_server.listening(path),
    ):
        assert path.parent != deep
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.parent.exists()
    # The control: a path that is short enough is taken as it is.
    with gateway_server.room_for(Path("/run/g/gateway.sock")) as short:
        assert short == Path("/run/g/gateway.sock")
