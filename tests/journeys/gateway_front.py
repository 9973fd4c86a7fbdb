"""A real gateway behind a real server that ends TLS, and clients with certificates of invented countries.

    with fronted("nginx", folder) -> Fronted(url, box, told)        in this process, over a mailbox in memory
    fronted.call(by, method, path, body, headers) -> Reply          on a connection of its own, or on one that is kept
    tls(folder, certificate, key) -> files for a TLS client         stranger("expired") -> Keyed that nobody knows

The API's clock stands at the instant at which the tests began: TLS has the machine's clock.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pratique.errors import UsageError
from pratique.gateway.wire import WireAnswer, WireRequest
from pratique.store import front, gateway_server
from pratique.store.front import FrontKind, Place
from pratique.store.gateway_server import LIMITS, Answering, TurnedAway
from pratique.store.server import Limits
from tests import ports
from tests.gateway_box import Box
from tests.gateway_world import Keyed, Private, World, ec_key
from tests.gateway_world import world as world_at
from tests.steps import LONGEST, until

HOST = "127.0.0.1"
NOW = int(time.time())


def world() -> World:
    """Return the countries, with certificates that are valid now."""
    return world_at(NOW)


class Reply(NamedTuple):
    """An answer as it came over TLS."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def signed(
    name: str,
    key: Private,
    *,
    begin: int = 2020,
    end: int = 2090,
    country: str = "XA",
    is_bare: bool = False,
) -> Keyed:
    """Return a self-signed certificate, for this machine if it is a server's; a bare one has no extension."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(begin, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(end, 1, 1, tzinfo=UTC))
    )
    if not is_bare:
        builder = builder.add_extension(x509.SubjectAlternativeName(here), critical=False)
    made = builder.sign(key, hashes.SHA256())
    return Keyed(made.public_bytes(Encoding.DER), key)


def stranger(kind: str) -> Keyed:
    """Return a client certificate that nobody has onboarded: "self-signed", "expired", "RSA-2048", "another CA's"."""
    if kind == "expired":
        return signed("stranger", ec_key("stranger"), begin=2019, end=2020)
    if kind == "RSA-2048":
        return signed("stranger", rsa.generate_private_key(65537, 2048))
    if kind == "another CA's":
        return world().state("XC").tls
    return signed("stranger", ec_key("stranger"))


def tls(folder: Path, name: str, keyed: Keyed) -> tuple[Path, Path]:
    """Write certificate and key of a TLS client or server; return their paths."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    for path, data in zip(paths, (keyed.pem, keyed.key_pem), strict=True):
        path.write_bytes(data)
    return paths


def program(kind: FrontKind) -> str:
    """Return a front's program; skip the test where it is not installed."""
    try:
        return front.chosen(kind)[1]
    except UsageError as error:
        pytest.skip(error.message)


def free_port() -> int:
    """Return a port that is free now."""
    return ports.free()


class Fronted:
    """A gateway that is served.

    Attributes:
        box: what it holds.
        place: of the server in front.
        running: the server in front.
        told: what was said to whoever keeps it.
        arrived: the requests that came through.
    """

    def __init__(self, folder: Path, box: Box, place: Place) -> None:
        self.folder, self.box, self.place = folder, box, place
        self.running: front.Running
        self.told: list[str] = []
        self.arrived: list[WireRequest] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Return where it is asked."""
        return f"https://{HOST}:{self.place.port}"

    def answer(self, request: WireRequest) -> WireAnswer:
        """Answer as a store would: one writer at a time."""
        with self._lock:
            self.arrived.append(request)
            return self.box.ask(request)

    def context(self, by: Keyed | None) -> ssl.SSLContext:
        """Return a client's TLS."""
        context = ssl.create_default_context(cafile=str(self.place.certificate))
        if by is not None:
            context.load_cert_chain(*tls(self.folder, f"client-{by.thumbprint[:16]}", by))
        return context

    def connected(self, by: Keyed | None) -> http.client.HTTPSConnection:
        """Return a connection, which is kept."""
        return http.client.HTTPSConnection(
            HOST, self.place.port, context=self.context(by), timeout=LONGEST
        )

    def raw(self, by: Keyed | None) -> ssl.SSLSocket:
        """Return a TLS connection on which anything may be said."""
        plain = socket.create_connection((HOST, self.place.port), LONGEST)
        return self.context(by).wrap_socket(plain, server_hostname=HOST)

    def call(
        self,
        by: Keyed | None,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request on a connection of its own."""
        with closing(self.connected(by)) as connection:
            return ask(connection, method, path, body, headers)


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send a request on a connection."""
    connection.request(method, path, body, dict(headers or {}))
    came = connection.getresponse()
    found = {name.lower(): value for name, value in came.getheaders()}
    return Reply(came.status, found, came.read())


class OnSocket(http.client.HTTPConnection):
    """A connection to the gateway's own socket: who can open it is believed."""

    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=LONGEST)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@contextmanager
def served(
    path: Path,
    answer: Answering,
    told: Callable[[str], None],
    *,
    limits: Limits = LIMITS,
    turned_away: TurnedAway = lambda _request: None,
) -> Iterator[None]:
    """Serve a gateway on a socket, in a thread."""
    application = gateway_server.application(
        answer, told, limits=limits, clock=lambda: NOW, turned_away=turned_away
    )
    ending = StopSignal()
    with gateway_server.listening(path) as taken:
        thread = threading.Thread(
            target=gateway_server.serve, args=(application, taken), kwargs={"front": ending, "limits": limits}
        )  # fmt: skip
        thread.start()
        try:
            yield
        finally:
            ending.stop()
            thread.join()


class StopSignal:
    """Stands for a server in front: the gateway ends with it."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def stop(self) -> None:
        """End."""
        self._ended.set()

    def has_ended(self) -> bool:
        """Tell whether it has."""
        return self._ended.is_set()


@contextmanager
def fronted(
    kind: FrontKind,
    folder: Path,
    box: Box | None = None,
    *,
    limits: Limits = LIMITS,
    turned_away: TurnedAway = lambda _request: None,
) -> Iterator[Fronted]:
    """Serve a gateway behind a server that ends TLS."""
    found = program(kind)
    run = folder / "run"
    run.mkdir(mode=0o700)
    certificate, key = tls(folder, "server", signed("localhost", ec_key("server")))
    place = Place(HOST, free_port(), certificate, key, run / "gateway.sock", run)
    gateway = Fronted(folder, box or world().box(), place)
    with served(
        place.socket, gateway.answer, gateway.told.append, limits=limits, turned_away=turned_away
    ):
        gateway.running = front.start(kind, found, place)
        try:
            yield gateway
        finally:
            gateway.running.stop()
            until(gateway.running.has_ended)
