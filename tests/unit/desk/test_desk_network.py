"""A desk on a clinic's network: real TLS by a real server in front, operators known by their certificates."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pratique.parties import desk_operators
from pratique.parties.desk import Right
from pratique.store import front
from pratique.store.front import FrontKind
from tests import issuing_desks, memory, ports
from tests.desk_forms import form
from tests.gateway_world import Keyed, world
from tests.harms import canary
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, SECOND
from tests.journeys.test_desk_files import table
from tests.steps import LONGEST, until
from tests.unit.desk.test_desk_process import PAGE, PEOPLE, SCANNER, SHOWN, Running

GOING = frozenset({"desk.sock", "nginx.pid"})
"""What servers make and drop while they are looked at."""


def _written(folder: Path, name: str, keyed: Keyed) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(keyed.pem)
    key.write_bytes(keyed.key_pem)
    return certificate, key


class Network:
    """A desk that is served behind a server of one kind; who asks brings a certificate, or none."""

    def __init__(
        self, folder: Path, kind: FrontKind, pages: Path | None = None, *more: str
    ) -> None:
        people = world(int(time.time()))
        self.paths = {
            name: _written(folder, name, people.state(code).tls)
            for name, code in (
                ("server", "XA"),
                ("clerk", "XB"),
                ("stranger", "XC"),
                ("auditor", "DX"),
            )
        }
        issuing_desks.issuer_of(folder / "issuer")
        for who, pseudonym, right in (
            ("clerk", CLERK, Right.ISSUE),
            ("auditor", AUDITOR, Right.AUDIT),
        ):
            certificate, _ = self.paths[who]
            desk_operators.add(
                folder / "issuer",
                pseudonym,
                frozenset({right}),
                PASSPHRASES[pseudonym],
                certificate,
            )
        if pages is None:
            pages = folder / "pages"
            pages.mkdir()
            (pages / "desk.html").write_bytes(PAGE)
        self.port = ports.free()
        server, key = self.paths["server"]
        words = [
            sys.executable, "-c", SHOWN, "desk", "--site", "harbour", "--issuer", str(folder / "issuer"), "--contact", "here",
            "--listen", f"127.0.0.1:{self.port}", "--site-archive", str(pages), "--front", kind.value,
            "--certificate", str(server), "--key", str(key), "--name", "desk.clinic.example",
            *more,
        ]  # fmt: skip
        self.running = Running(words, folder, self.port)

    def context(self, who: str = "") -> ssl.SSLContext:
        """Return TLS with somebody's certificate, or with none."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if who:
            context.load_cert_chain(*self.paths[who])
        return context

    def session(self, who: str) -> dict[str, str]:
        """Sign somebody in; return the header that says so."""
        return {"X-Desk-Session": self.ask("POST", "/api/session", who, b"{}")[1]["session"]}

    def ask(
        self,
        method: str,
        path: str,
        who: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, Any]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.context(who), timeout=LONGEST
        )
        try:
            name = f"desk.clinic.example:{self.port}"
            said = {"Host": name, "Origin": f"https://{name}", "Content-Type": "application/json"}
            connection.request(method, path, body, {**said, **headers})
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data.startswith(b"{") else data
        finally:
            connection.close()


@pytest.fixture(params=list(FrontKind))
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    if shutil.which(request.param.value, path=":".join(front.PLACES)) is None:
        pytest.skip(f"{request.param.value} is not here")
    with served(Network(tmp_path, request.param)) as desk:
        yield desk


@contextmanager
def served(desk: Network) -> Iterator[Network]:
    """Wait until a desk answers; end it after a block."""
    until(
        lambda: "serving the desk" in desk.running.lines or desk.running.process.poll() is not None
    )
    assert desk.running.process.poll() is None, desk.running.lines
    yield desk
    desk.running.process.terminate()
    desk.running.process.communicate()


def test_who_has_an_operators_certificate_is_in_and_nobody_else_sees_so_much_as_the_page(
    network: Network,
) -> None:
    assert network.ask("GET", "/", "clerk") == (200, PAGE)
    status, said = network.ask("POST", "/api/session", "clerk", b"{}")
    assert status == 200
    assert said["about"]["operator"] == {"pseudonym": CLERK, "rights": ["issue"]}
    session = {"X-Desk-Session": said["session"]}
    assert network.ask("POST", "/api/nothing", "clerk", b"{}", session)[0] == 404
    # The session is its certificate's, and no header of a client's names one.
    digest = (
        desk_operators.load(Path(network.paths["clerk"][0].parent / "issuer"))
        .operators[0]
        .certificate
    )
    claimed = {"X-SSL-Client-SHA256": digest, "X-SSL-Client-DN": "C=XB"}
    for who in ("", "stranger"):
        assert network.ask("GET", "/", who, b"", claimed)[0] == 401
        assert network.ask("POST", "/api/session", who, b"{}", claimed)[0] == 401
        assert network.ask("POST", "/api/nothing", who, b"{}", session | claimed)[0] == 401
    # Neither passphrase nor token opens it without a certificate.
    asked = json.dumps({"token": "x", "pseudonym": SECOND, "passphrase": PASSPHRASES[SECOND]})
    assert network.ask("POST", "/api/session", "stranger", asked.encode())[0] == 401
    # Its other checks hold here too.
    assert network.ask("GET", "/", "clerk", b"", {"Host": "evil.example"})[0] == 421
    assert (
        network.ask("POST", "/api/session", "clerk", b"{}", {"Origin": "https://evil.example"})[0]
        == 403
    )
    assert "#" not in network.running.lines


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone shows a process's memory so")
def test_after_the_days_end_what_ends_tls_holds_nobody_either(
    network: Network, tmp_path: Path
) -> None:
    running, one = network.running, PEOPLE[0]
    before = memory.below(running.process.pid)
    assert len(before) > 1
    session = network.session("clerk")
    asked = json.dumps(form(surname=one.surname, birth_date=one.birth_date)).encode()
    assert network.ask("POST", "/api/issue.check", "clerk", asked, session)[0] == 200
    whole = session | {"Content-Type": "application/octet-stream"}
    people = canary.people(30_000)
    # Some 2 MB: more than what stands in front would hold in memory.
    assert (
        network.ask("POST", "/api/files.put", "clerk", table(30_000, people=people), whole)[0]
        == 200
    )
    files = [path for path in canary.files_of(tmp_path) if path.suffix != ".pem"]
    assert SCANNER.scan_files(files, under=tmp_path, may_go=GOING) == {}
    # The control, in each of them: what is sent by halves is held until the rest comes.
    head = f"POST /{one.surname} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", network.port)) as plain,
        network.context("clerk").wrap_socket(plain) as sent,
    ):
        sent.sendall(head)
        until(lambda: any(SCANNER.scan(memory.of(each), deep=0) for each in before[1:]))
    network.ask("POST", "/api/day.end", "auditor", b"{}", network.session("auditor"))
    until(lambda: running.lines.count("serving the desk") == 2)
    after = memory.below(running.process.pid)
    assert not set(before) & set(after)
    for process in (running.process.pid, *after):
        assert SCANNER.scan(memory.of(process), deep=1) == set()
    assert [PAGE in memory.of(each) for each in (running.process.pid, after[0])] == [True, True]
    assert len(after) > 1
    assert SCANNER.scan(running.lines.encode()) == set()
    assert SCANNER.scan_files(canary.files_of(tmp_path), under=tmp_path, may_go=GOING) == {}
