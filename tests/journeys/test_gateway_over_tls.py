"""Back ends meet a real gateway behind real nginx, HAProxy and Caddy, over TLS with client certificates.

    client --TLS--> server in front --UNIX socket--> gateway

Who calls is said by headers: so a test of an attack sends the same headers once where they are believed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.parse import quote

import pytest

from pratique.errors import Unreadable, UsageError
from pratique.gateway.wire import WireAnswer, WireRequest
from pratique.store import front
from pratique.store.front import FrontKind, Place
from pratique.store.gateway_client import Connection
from pratique.store.gateway_server import LARGEST
from pratique.store.server import Limits
from tests.gateway_world import Keyed, body, bouncy, pyca
from tests.journeys.gateway_front import (
    Fronted,
    OnSocket,
    ask,
    fronted,
    served,
    stranger,
    tls,
    world,
)
from tests.steps import until

CMS = {"Content-Type": "application/cms"}
BROKEN = BrokenPipeError, ConnectionResetError, ssl.SSLError, RemoteDisconnected
STRANGERS = ("self-signed", "expired", "RSA-2048", "another CA's")


@pytest.fixture(scope="module", params=list(FrontKind))
def anywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:  # fmt: skip
    """Serve a gateway behind each of the servers."""
    with fronted(request.param, tmp_path_factory.mktemp("front")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """Serve a gateway behind nginx."""
    with fronted(FrontKind.NGINX, tmp_path_factory.mktemp("nginx")) as behind:
        yield behind


def code(answer: bytes) -> str:
    """Return a problem report's code."""
    return str(json.loads(answer)["code"])


def headers_of(certificate: Keyed) -> dict[str, dict[str, str]]:
    """Return all that a client could say to pass for another, by what it tries."""
    pem = quote(certificate.pem.decode(), safe="")
    name = certificate.certificate.subject.rfc4514_string()
    both = ("X-SSL-Client-SHA256", certificate.thumbprint), ("X-SSL-Client-DN", name)
    forms = {
        "certificate": {"X-SSL-Client-Cert": pem},
        "thumbprint": dict(both),
        "in lower case": {key.lower(): value for key, value in both},
        "all": {"X-SSL-Client-Cert": pem, **dict(both)},
    }
    forms |= {
        f"{how}, with underscores": {key.replace("-", "_"): value for key, value in row.items()}
        for how, row in forms.items()
    }
    return forms


SPOOFS = tuple(headers_of(world().state("XA").tls))


# -- Who calls


def test_a_back_end_that_is_onboarded_is_known(anywhere: Fronted) -> None:
    answer = anywhere.call(world().state("XA").tls, "GET", "/countrylist")
    assert (answer.status, json.loads(answer.body)) == (200, ["DE", "DX", "XA", "XB"])


def test_who_brings_no_certificate_hears_401(anywhere: Fronted) -> None:
    answer = anywhere.call(None, "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x400")


@pytest.mark.parametrize("kind", STRANGERS)
def test_who_brings_an_unknown_certificate_hears_401(anywhere: Fronted, kind: str) -> None:
    answer = anywhere.call(stranger(kind), "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x402")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_stranger_is_answered_in_each_version_of_tls(
    anywhere: Fronted, version: ssl.TLSVersion
) -> None:
    connection = anywhere.connected(stranger("self-signed"))
    with closing(connection):
        context: ssl.SSLContext = connection._context  # type: ignore[attr-defined]
        context.minimum_version = context.maximum_version = version
        assert ask(connection, "GET", "/trustList").status == 401


@pytest.mark.parametrize("how", SPOOFS)
def test_no_header_of_a_client_makes_it_another(anywhere: Fronted, how: str) -> None:
    spoof = headers_of(world().state("XA").tls)[how]
    for caller in (None, stranger("self-signed"), stranger("another CA's")):
        assert anywhere.call(caller, "GET", "/trustList", headers=spoof).status == 401
    # Another back end stays itself.
    own = world().state("XB")
    answer = anywhere.call(own.tls, "GET", "/trustList", headers=spoof)
    assert answer.status == 200
    told = str(anywhere.arrived[-1].headers)
    assert world().state("XA").tls.thumbprint not in told
    assert quote(world().state("XA").tls.pem.decode(), safe="") not in told


@pytest.mark.parametrize("how", SPOOFS)
def test_the_same_header_is_believed_on_the_gateways_own_socket(
    anywhere: Fronted, how: str
) -> None:
    spoof = headers_of(world().state("XA").tls)[how]
    with closing(OnSocket(anywhere.place.socket)) as connection:
        answer = ask(connection, "GET", "/trustList", headers=spoof)
    assert answer.status == (401 if "underscores" in how else 200)


def test_headers_that_come_twice_make_nobody_another(anywhere: Fronted) -> None:
    spoof = headers_of(world().state("XA").tls)["all"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*spoof.items(), *spoof.items()))
    request = f"GET /trustList HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n{lines}\r\n"
    for caller in (None, stranger("self-signed")):
        with closing(anywhere.raw(caller)) as connection:
            connection.sendall(request.encode())
            assert connection.makefile("rb").readline().split()[1] == b"401"


def test_a_name_that_only_quotes_a_country_is_not_its_back_end(anywhere: Fronted) -> None:
    answer = anywhere.call(stranger("self-signed"), "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x402")
    assert not anywhere.told


# -- Messages


@pytest.mark.parametrize("sign", [pyca, bouncy])
def test_a_signer_is_uploaded_seen_by_others_and_deleted(anywhere: Fronted, sign: object) -> None:
    own, other = world().state("XA"), world().state("XB")
    signer = own.signer("P-256", 7 if sign is pyca else 8)
    message = body((pyca if sign is pyca else bouncy)(signer.der, own.upload))
    assert anywhere.call(own.tls, "POST", "/signerCertificate", message, CMS).status == 201
    rows = json.loads(anywhere.call(other.tls, "GET", "/TrustList/dsc/xa").body)
    assert signer.thumbprint in {row["thumbprint"] for row in rows}
    assert anywhere.call(own.tls, "POST", "/signerCertificate", message, CMS).status == 409
    # DELETE has a body.
    assert anywhere.call(own.tls, "DELETE", "/signercertificate", message, CMS).status == 204
    rows = json.loads(anywhere.call(other.tls, "GET", "/trustlist/DSC/XA").body)
    assert signer.thumbprint not in {row["thumbprint"] for row in rows}


def test_another_countrys_message_is_refused(anywhere: Fronted) -> None:
    own, other = world().state("XA"), world().state("XB")
    message = body(pyca(own.signer("P-256", 9).der, own.upload))
    answer = anywhere.call(other.tls, "POST", "/signerCertificate", message, CMS)
    assert (answer.status, code(answer.body)) == (400, "0x004")


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize("caller", ["onboarded", *STRANGERS])
def test_a_body_beyond_the_limit_is_refused_and_others_are_answered(
    anywhere: Fronted, caller: str, is_announced: bool
) -> None:
    own, before = world().state("XA").tls, len(anywhere.arrived)
    by = own if caller == "onboarded" else stranger(caller)
    large = b"A" * (LARGEST + 1)
    sent = large if is_announced else iter([large[:LARGEST], large[LARGEST:]])
    status = 413
    with closing(anywhere.connected(by)) as connection:
        # The answer may come, and the connection end, before all of it was sent.
        with suppress(*BROKEN):
            connection.request("POST", "/rules", sent, CMS, encode_chunked=not is_announced)
        with suppress(*BROKEN):
            status = connection.getresponse().status
    assert status == 413
    assert len(anywhere.arrived) == before
    assert anywhere.call(own, "GET", "/countrylist").status == 200


# -- HTTP


def test_a_connection_is_kept_for_many_requests(anywhere: Fronted) -> None:
    with closing(anywhere.connected(world().state("XA").tls)) as connection:
        connection.connect()
        kept = connection.sock
        for path in ("/countrylist", "/trustList", "/nothing", "/COUNTRYLIST"):
            status = ask(connection, "GET", path).status
            assert status == (404 if path == "/nothing" else 200)
            assert connection.sock is kept


def test_an_answer_is_packed_for_whoever_asks_for_it(anywhere: Fronted) -> None:
    own = world().state("XA").tls
    plain = anywhere.call(own, "GET", "/trustList")
    packed = anywhere.call(own, "GET", "/trustList", headers={"Accept-Encoding": "gzip, deflate, br"})  # fmt: skip
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)
    refused = anywhere.call(own, "GET", "/trustList", headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.body == plain.body


def test_an_answer_with_an_etag_goes_as_it_is(anywhere: Fronted, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    tag = "0b6f6ad4-5a7c-4ac6-8f3f-5d0c7b1f1a2e"

    def tagged(_request: WireRequest) -> WireAnswer:
        return WireAnswer(201, b"x" * 10_000, headers=(("ETag", tag),))

    monkeypatch.setattr(anywhere.box, "ask", tagged)
    asked = {"Accept-Encoding": "gzip", **CMS}
    answer = anywhere.call(world().state("XA").tls, "POST", "/revocation-list", b"abc", asked)
    # No quotation marks either: the clients put the header's text into the deletion's JSON.
    assert (answer.headers["etag"], answer.body) == (tag, b"x" * 10_000)
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "//trustList", "/trustList/../trustList", "/./trustList", "/trustList/%2e%2e/countrylist",
        "/trustList;a=b", "/trustList%00", "/trust%25List", "/trustList\\DSC", "/%2FtrustList",
        "/trustList%2FDSC", "/%74rustList",
    ],
)  # fmt: skip
def test_a_path_that_needs_to_be_made_plain_leads_nowhere(anywhere: Fronted, path: str) -> None:
    with closing(anywhere.raw(world().state("XA").tls)) as connection:
        line = f"GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
        connection.sendall(line.encode())
        assert connection.makefile("rb").readline().split()[1] in {b"400", b"404"}


def test_what_nobody_foresaw_is_500_and_told_by_its_kind_and_place_alone(
    anywhere: Fronted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_request: WireRequest) -> WireAnswer:
        raise RuntimeError("canary")

    monkeypatch.setattr(anywhere.box, "ask", fails)
    answer = anywhere.call(world().state("XA").tls, "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (500, "0x008")
    told = anywhere.told.pop()
    assert not anywhere.told
    assert "RuntimeError" in told
    assert "canary" not in told + answer.body.decode()


# -- Whoever is slow


def test_a_slow_sender_is_dropped_while_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "HEAD", 1)
    monkeypatch.setattr(front, "BODY_TIME", 1)
    own = world().state("XA").tls
    with fronted(FrontKind.NGINX, tmp_path) as gateway:
        slow = [gateway.raw(own) for _ in range(8)]
        for number, connection in enumerate(slow):
            head = b"POST /rules HTTP/1.1\r\nHost: gateway\r\n"
            rest = b"Content-Type: application/cms\r\nContent-Length: 5000\r\n\r\nAAAA"
            connection.sendall(head if number % 2 else head + rest)
        for _ in range(5):
            assert gateway.call(own, "GET", "/countrylist").status == 200
        # It waits for us to be dropped, however long that takes.
        for connection in slow:
            with closing(connection), suppress(ConnectionResetError, ssl.SSLError):
                assert b" 200 " not in connection.recv(4096)
        assert all(request.path == "/countrylist" for request in gateway.arrived)


def test_a_body_that_does_not_come_is_given_up_on_the_socket_too(tmp_path: Path) -> None:
    limits = Limits(headers=0.2, body=0.2, lingering=0.1)
    box = world().box()
    told: list[str] = []
    with (
        served(tmp_path / "gateway.sock", box.ask, told.append, limits=limits),
        closing(OnSocket(tmp_path / "gateway.sock")) as connection,
    ):
        connection.putrequest("POST", "/rules")
        connection.putheader("Content-Length", "5000")
        connection.endheaders(b"AAAA")
        answer = connection.getresponse()
        assert (answer.status, code(answer.read())) == (408, "0x001")
    assert not told


# -- What stays


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def opened_below(folder: Path) -> Iterator[bytes]:
    """Yield what stands in each file below a folder that any process has open, with a name or without."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(link.readlink()).startswith(f"{folder}/"):
                yield link.read_bytes()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what is open is not told here")
@pytest.mark.parametrize("is_expired", [False, True])
@pytest.mark.parametrize("buffer", [None, "1k"])
def test_no_body_reaches_a_file_of_nginx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffer: str | None, is_expired: bool
) -> None:
    if buffer is not None:
        # The control: with another buffer one does.
        plain = front.WRITTEN[FrontKind.NGINX]

        def small(place: Place) -> str:
            return plain(place).replace(
                f"client_body_buffer_size {front.BODY};", f"client_body_buffer_size {buffer};"
            )

        monkeypatch.setitem(front.WRITTEN, FrontKind.NGINX, small)
    canary = hashlib.sha256(b"canary").hexdigest().encode()
    sent = canary * (front.BODY // len(canary) - 1)
    seen: list[bool] = []
    with fronted(FrontKind.NGINX, tmp_path) as gateway:
        ask_box = gateway.box.ask

        def looking(request: WireRequest) -> WireAnswer:
            assert request.body == sent
            # While it is answered: nginx takes a file's name away at once, and the file at the end.
            seen.append(any(canary in data for data in opened_below(gateway.place.folder)))
            return ask_box(request)

        monkeypatch.setattr(gateway.box, "ask", looking)
        by = stranger("expired") if is_expired else world().state("XA").tls
        gateway.call(by, "POST", "/signerCertificate", sent, CMS)
    assert seen == [buffer is not None]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what is open is not told here")
@pytest.mark.parametrize("may_write", [False, True])
def test_no_answer_reaches_a_file_of_nginx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may_write: bool
) -> None:
    if may_write:
        # The control: left to itself, it writes what its reader does not take at once.
        plain = front.WRITTEN[FrontKind.NGINX]
        monkeypatch.setitem(
            front.WRITTEN, FrontKind.NGINX, lambda place: plain(place).replace("proxy_max_temp_file_size 0;", "")
        )  # fmt: skip
    canary = hashlib.sha256(b"canary").hexdigest().encode()
    whole = canary * 250_000
    with fronted(FrontKind.NGINX, tmp_path) as gateway:
        monkeypatch.setattr(gateway.box, "ask", lambda _request: WireAnswer(200, whole))
        with closing(gateway.connected(world().state("XA").tls)) as connection:
            connection.request("GET", "/trustList")
            answer, size = connection.getresponse(), 0
            seen = False
            while piece := answer.read(500_000):
                size += len(piece)
                seen = seen or any(canary in data for data in opened_below(gateway.place.folder))
            assert (size, seen) == (len(whole), may_write)


@pytest.mark.parametrize("kind", list(FrontKind))
def test_nothing_tells_one_reader_from_another(
    tmp_path: Path, kind: FrontKind, capfd: pytest.CaptureFixture[str]
) -> None:
    with fronted(kind, tmp_path) as gateway:
        left = []
        for by, path in (("XA", "/trustList"), ("XB", "/trustList/DSC/DE"), ("XC", "/rules/XA")):
            gateway.call(world().state(by).tls, "GET", path)
            gateway.call(stranger("RSA-2048"), "GET", path)
            left.append(files_in(gateway.place.folder))
        assert left[0] == left[1] == left[2]
        assert not gateway.told
        assert not gateway.box.audited
    assert capfd.readouterr() == ("", "")


def test_a_log_of_nginx_would_tell_them_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = front.WRITTEN[FrontKind.NGINX]

    def logging(place: Place) -> str:
        return plain(place).replace("access_log off;", f"access_log {place.folder}/access.log;")

    monkeypatch.setitem(front.WRITTEN, FrontKind.NGINX, logging)
    with fronted(FrontKind.NGINX, tmp_path) as gateway:
        gateway.call(world().state("XA").tls, "GET", "/trustList")
        log = gateway.place.folder / "access.log"
        until(lambda: log.stat().st_size)
        assert b"127.0.0.1" in log.read_bytes()


@pytest.mark.parametrize("kind", list(FrontKind))
def test_a_front_ends_what_it_has_begun(tmp_path: Path, kind: FrontKind, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with fronted(kind, tmp_path) as gateway:
        ask_box = gateway.box.ask

        def stopping(request: WireRequest) -> WireAnswer:
            gateway.running.stop()
            return ask_box(request)

        monkeypatch.setattr(gateway.box, "ask", stopping)
        assert gateway.call(world().state("XA").tls, "GET", "/trustList").status == 200
        until(gateway.running.has_ended)
        with pytest.raises(OSError, match="refused"):
            gateway.call(world().state("XA").tls, "GET", "/trustList")
    assert not gateway.place.socket.exists()


# -- Our own client


def connection_to(gateway: Fronted, by: Keyed, ca: Path | None) -> Connection:
    """Return a connection of our client."""
    certificate, key = tls(gateway.folder, f"own-{by.thumbprint[:16]}", by)
    return Connection(gateway.url, certificate, key, lambda _uri: "", ca)


def test_our_client_bounds_an_answer(anywhere: Fronted) -> None:
    connection = connection_to(anywhere, world().state("XA").tls, anywhere.place.certificate)
    whole = connection.ask("GET", "/trustList")
    assert len(whole.body) > 5_000
    for limit in (len(whole.body) - 1, 100):
        with pytest.raises(Unreadable) as refused:
            connection.ask("GET", "/trustList", limit=limit)
        assert refused.value.code == "gateway-answer"


def test_our_client_trusts_no_server_without_its_authority(anywhere: Fronted) -> None:
    before = len(anywhere.arrived)
    with pytest.raises(Unreadable) as refused:
        connection_to(anywhere, world().state("XA").tls, None).ask("GET", "/trustList")
    assert refused.value.code == "gateway-unreachable"
    assert len(anywhere.arrived) == before


@pytest.mark.parametrize("url", ["http://127.0.0.1", "https://user:secret@127.0.0.1", "127.0.0.1"])
def test_our_client_asks_no_address_that_is_none(anywhere: Fronted, url: str) -> None:
    certificate, key = tls(anywhere.folder, "own", world().state("XA").tls)
    with pytest.raises(UsageError) as refused:
        Connection(url, certificate, key, lambda _uri: "")
    assert refused.value.code == "gateway-url"
    assert "secret" not in refused.value.message
