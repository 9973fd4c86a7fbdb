"""The clients of the two public suites, and what of a gateway decides in each of their scenarios.

    with served(folder, url) -> Gateway          init, load and serve, by their commands, behind nginx
    SUITE.case(file, endpoint, case, expected, ours)(play) -> a row of SUITE.cases
    gateway.played(case) -> Reply: what decided, after what the scenario itself has compared

1. The scenarios are reconstructed from what is known of WHO's ddcc-gateway-api-tests and the EU's dgc-api-tests: under
   their files' names and in their numbers, and not in their words.
2. A client opens a TLS connection for each request; signs with pyca, S/MIME capabilities among the attributes; says
   `Content-Transfer-Encoding: base64`; and reads dates as the suites do.
3. A scenario leaves nothing behind: what it has uploaded is deleted, in the way of its suite.
4. A row has a suite's expectation and our answer. Both are compared with what came, and the handbook's table is
   made of the rows.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from pratique.store.front import FrontKind
from tests.gateway_folders import anchor_file, authority, put, written
from tests.gateway_folders import signed as sign_for
from tests.gateway_stores import databases
from tests.gateway_world import DAY, Keyed, State, body, ec_key, pyca
from tests.journeys.gateway_front import (
    HOST,
    Reply,
    ask,
    free_port,
    program,
    signed,
    stranger,
    tls,
    world,
)
from tests.steps import LONGEST, until

CMS, CMS_TEXT, JSON = "application/cms", "application/cms-text", "application/json"
WITH_ROLES = ("XA", "DX", "DE")
ROLES = ("REVOCATION_LIST_READER", "REVOCATION_UPLOADER", "REVOCATION_DELETER")
VALUE_SETS = (
    "country-2-codes",
    "covid-19-lab-result",
    "covid-19-lab-test-type",
    "disease-agent-targeted",
    "sct-vaccines-covid-19",
    "vaccines-covid-19-auth-holders",
    "vaccines-covid-19-encoding-instructions",
    "vaccines-covid-19-names",
    "covid-19-lab-test-manufacturer-and-name",
)
_numbers = count(1)


# ----------------------------------------------------------------------------------------------------
# A gateway, served by its commands.


class Gateway:
    """A gateway that is served, and its clients.

    Attributes:
        folder: of the gateway.
        port: where nginx listens.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._certificates = folder.parent / "clients"
        self._certificates.mkdir()
        self._server = folder.parent / "server.pem"
        self._undone: list[Callable[[], object]] = []
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def call(
        self,
        by: Keyed | None,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request on a connection of its own."""
        with closing(self.connected(by)) as connection:
            return ask(connection, method, path, data, headers)

    def connected(self, by: Keyed | None) -> http.client.HTTPSConnection:
        """Return a connection, which is kept."""
        name = by.thumbprint[:16] if by is not None else ""
        with self._lock:
            context = self._contexts.get(name)
            if context is None:
                context = ssl.create_default_context(cafile=str(self._server))
                if by is not None:
                    context.load_cert_chain(*tls(self._certificates, name, by))
                self._contexts[name] = context
        return http.client.HTTPSConnection(HOST, self.port, context=context, timeout=LONGEST)

    def get(self, by: Keyed | str, path: str, since: str | None = None) -> Reply:
        """Get what a path has, as a country's client or with a certificate."""
        headers = {} if since is None else {"If-Modified-Since": since}
        return self.call(client(by), "GET", path, headers=headers)

    def rows(self, by: Keyed | str, path: str, since: str | None = None) -> Any:
        """Get a document, which is there."""
        reply = self.get(by, path, since)
        assert reply.status == 200, reply
        return json.loads(reply.body)

    def send(
        self, by: Keyed | str, method: str, path: str, message: bytes, media: str = CMS
    ) -> Reply:
        """Send a message, in Base64."""
        headers = {"Content-Type": media, "Content-Transfer-Encoding": "base64"}
        return self.call(client(by), method, path, body(message), headers)

    def send_json(self, by: Keyed | str, method: str, path: str, document: object) -> Reply:
        """Send a JSON document."""
        data = json.dumps(document).encode()
        return self.call(client(by), method, path, data, {"Content-Type": JSON})

    def undo(self, act: Callable[[], object]) -> None:
        """Have something done when the scenario is over."""
        self._undone.append(act)

    def played(self, case: Case) -> Reply:
        """Play a scenario, and clear away what it leaves."""
        try:
            return case.play(self)
        finally:
            for act in reversed(self._undone):
                act()
            self._undone.clear()

    # What scenarios begin with.

    def upload(self, signer: Keyed, state: State) -> Reply:
        """Upload a signer to /signerCertificate; it is deleted at the end."""
        reply = self.send(state.tls, "POST", "/signerCertificate", pyca(signer.der, state.upload))
        self.undo(lambda: self.drop(signer, state))
        return reply

    def drop(self, signer: Keyed, state: State, path: str = "/signerCertificate") -> Reply:
        """Delete a signer."""
        return self.send(state.tls, "DELETE", path, pyca(signer.der, state.upload))

    def trust(self, signer: Keyed, state: State, **members: object) -> Reply:
        """Upload a certificate to /trustedCertificate; it is deleted at the end, in the same place."""
        document = {"cms": body(pyca(signer.der, state.upload)).decode(), **members}
        reply = self.send_json(state.tls, "POST", "/trustedCertificate", document)
        self.undo(lambda: self.drop(signer, state, "/trustedCertificate"))
        return reply

    def put_rule(
        self, document: Mapping[str, Any], state: State, *, by: Keyed | None = None
    ) -> Reply:
        """Upload a rule; all versions of it are deleted at the end."""
        content = json.dumps(document).encode()
        reply = self.send(state.tls, "POST", "/rules", pyca(content, by or state.upload), CMS_TEXT)
        self.undo(lambda: self.drop_rule(str(document.get("Identifier")), state))
        return reply

    def drop_rule(self, identifier: str, state: State, method: str = "DELETE") -> Reply:
        """Delete a rule."""
        path = "/rules" if method == "DELETE" else "/rules/delete"
        return self.send(state.tls, method, path, pyca(identifier.encode(), state.upload), CMS_TEXT)

    def put_batch(
        self, document: Mapping[str, Any], state: State, *, by: Keyed | None = None
    ) -> Reply:
        """Upload a batch of revocations; it is deleted at the end."""
        content = json.dumps(document).encode()
        reply = self.send(
            state.tls, "POST", "/revocation-list", pyca(content, by or state.upload), CMS_TEXT
        )
        if reply.status == 201:
            self.undo(lambda: self.drop_batch(reply.headers["etag"], state))
        return reply

    def drop_batch(self, identifier: str, state: State, method: str = "DELETE") -> Reply:
        """Delete a batch, by what the ETag said."""
        path = "/revocation-list" if method == "DELETE" else "/revocation-list/delete"
        content = json.dumps({"batchId": identifier}).encode()
        return self.send(state.tls, method, path, pyca(content, state.upload), CMS_TEXT)

    def versions(self, by: Keyed | str, country: str, identifier: str) -> list[str]:
        """Return which versions of a rule a client sees."""
        rules = self.rows(by, f"/rules/{country}")
        return [row["version"] for row in rules.get(identifier, ())]


def client(by: Keyed | str) -> Keyed:
    """Return a country's TLS certificate, if it is no certificate yet."""
    return by if isinstance(by, Keyed) else world().state(by).tls


def command(*words: object) -> str:
    """Run a command of ours to its end; return what it said."""
    line = [sys.executable, "-m", "pratique", "gateway", *map(str, words)]
    done = subprocess.run(line, check=False, capture_output=True, text=True, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def served(folder: Path, url: str | None, kind: FrontKind = FrontKind.NGINX) -> Iterator[Gateway]:
    """Make, load and serve a gateway, with the signers that both suites expect.

    Args:
        folder: for it, its participants' folders and its certificates.
        url: of its database; SQLite in its own folder without one.
        kind: of the server in front.
    """
    program(kind)
    place = folder / "gateway"
    command("init", place, *(("--database", url) if url else ()))
    load(folder, place)
    certificate, key = tls(folder, "server", signed("localhost", ec_key("server")))
    port = free_port()
    line = [
        sys.executable, "-m", "pratique", "gateway", "serve", str(place), "--listen", f"{HOST}:{port}",
        "--certificate", str(certificate), "--key", str(key), "--front", kind.value,
    ]  # fmt: skip
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(line, stdout=said, stderr=said)
        try:
            # Not the port: it is tried, and given up again, before nginx has it.
            until(
                lambda: process.poll() is not None or b"serving" in (folder / "said").read_bytes()
            )
            assert process.poll() is None, (folder / "said").read_text()
            gateway = Gateway(place, port)
            for code in WITH_ROLES:
                state = world().state(code)
                for number in (901, 902):
                    signer = state.signer("P-256", number)
                    message = pyca(signer.der, state.upload)
                    reply = gateway.send(state.tls, "POST", "/signerCertificate", message)
                    assert reply.status == 201
            yield gateway
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LONGEST)
    lines = (folder / "said").read_text().splitlines()
    assert len(lines) == 1, "a fault was told"


class ByHand(State):
    """A country whose keys are RSA, and whose certificates have no extension: somebody has made them by hand."""

    def __init__(self, code: str) -> None:
        self.code, self.at = code, int(time.time())
        keys = [rsa.generate_private_key(65537, 2048) for _ in range(3)]
        self.tls, self.upload, self.authority = (
            signed(f"{code} {role}", key, country=code, is_bare=True)
            for role, key in zip(("TLS", "UP", "CSCA"), keys, strict=True)
        )
        self.upload_again = self.upload


@cache
def by_hand() -> ByHand:
    """Return the country."""
    return ByHand("XR")


def load(folder: Path, place: Path) -> None:
    """Load participants in WHO's layout, roles and value sets."""
    state, participants = by_hand(), written(world(), folder / "participants")
    ders = {
        "DDCC/TLS/TLS.pem": state.tls.der,
        "DDCC/UP/UP.pem": state.upload.der,
        "DDCC/SCA/SCA.pem": state.authority.der,
    }
    put(participants / state.code, sign_for(ders, authority(world().anchor)))
    (folder / "roles.json").write_text(json.dumps(dict.fromkeys(WITH_ROLES, ROLES)))
    sets = folder / "value-sets"
    sets.mkdir()
    for name in VALUE_SETS:
        values = {"XX": {"display": "Invented", "lang": "en", "active": True}}
        document = {
            "valueSetId": name,
            "valueSetDate": "2026-11-01",
            "valueSetValues": values,
        }
        (sets / f"{name}.json").write_text(json.dumps(document))
    command(
        "load", place, "--participants", participants,
        "--anchor", anchor_file(world(), folder), "--roles", folder / "roles.json", "--value-sets", sets,
    )  # fmt: skip


@contextmanager
def served_on(database: str, folder: Path) -> Iterator[Gateway]:
    """Serve a gateway on a database of its own; skip where there is no PostgreSQL."""
    with ExitStack() as stack:
        url = None
        if database == "PostgreSQL":
            url = stack.enter_context(databases())()
        yield stack.enter_context(served(folder, url))


# ----------------------------------------------------------------------------------------------------
# Scenarios.

Play = Callable[[Gateway], Reply]


class Case(NamedTuple):
    """A scenario, as one row of the table.

    Attributes:
        suite, file: where it is from.
        endpoint: method and path, as the wire names it.
        case: what is tried.
        expected: by the suite: statuses, parted by "|", of which one may be "4xx"; then, after a colon, what is compared.
        ours: status and code.
    """

    suite: str
    file: str
    endpoint: str
    case: str
    expected: str
    ours: str
    play: Play

    @property
    def name(self) -> str:
        """Return what a test of it is called."""
        return f"{self.file}: {self.endpoint}: {self.case}"

    def fits(self, status: int) -> bool:
        """Tell whether a status is one that the suite takes."""
        patterns = self.expected.partition(":")[0].split("|")
        return any(
            all(p in {"x", digit} for p, digit in zip(pattern.strip(), str(status), strict=True))
            for pattern in patterns
        )


class Suite:
    """A suite: its name, and its cases in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: list[Case] = []

    def case(
        self, file: str, endpoint: str, case: str, expected: str, ours: str = ""
    ) -> Callable[[Play], Play]:
        """Take a scenario in; our answer is the status expected, if it is not said."""

        def taken(play: Play) -> Play:
            answer = ours or expected.partition(":")[0]
            self.cases.append(Case(self.name, file, endpoint, case, expected, answer, play))
            return play

        return taken

    def counts(self) -> dict[str, int]:
        """Return how many cases each file has."""
        counts: dict[str, int] = {}
        for case in self.cases:
            counts[case.file] = counts.get(case.file, 0) + 1
        return counts


def said(reply: Reply) -> str:
    """Return what an answer says: its status, and the problem report's code if there is one."""
    # What the server in front says by itself is no report.
    if reply.status < 400 or reply.headers.get("content-type") != JSON:
        return str(reply.status)
    report = json.loads(reply.body)
    assert set(report) == {"code", "problem", "sendValue", "details"}
    assert report["sendValue"] == ""
    return f"{reply.status} {report['code'] or '(empty)'}"


def check(gateway: Gateway, case: Case) -> None:
    """Play a scenario: what came is what the suite takes, and what the table says of us."""
    reply = gateway.played(case)
    assert case.fits(reply.status), reply
    assert said(reply) == case.ours


# ----------------------------------------------------------------------------------------------------
# What the suites send.


def number() -> int:
    """Return a number that no other certificate, rule or batch of the run has."""
    return next(_numbers)


def bare(state: State, kind: str, *, life: int = DAY, begin: int | None = None) -> Keyed:
    """Make a signer without extensions, as both suites do."""
    begun = int(time.time()) if begin is None else begin
    return state.signer(kind, number(), templated=False, life=life, begin=begun)


def local(code: str, role: str) -> Keyed:
    """Return a key of a country that nobody has onboarded: upload signer or signing CA, on somebody's disk."""
    return signed(f"{code} {role}", ec_key(f"{code} {role}, not onboarded"), country=code)


def unknown() -> Keyed:
    """Return a client certificate as the EU's suite makes one for each scenario: RSA-2048, self-signed."""
    return stranger("RSA-2048")


PREFIXES = {"General": "GR", "Vaccination": "VR", "Test": "TR", "Recovery": "RR"}


def stamp(at: float) -> str:
    """Write an instant as a rule has it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rule(
    country: str,
    kind: str = "General",
    *,
    begin: float | None = None,
    days: float = 10,
    **changes: Any,
) -> dict[str, Any]:
    """Return a rule as both suites write it: its logic is no CertLogic, which nobody may mind."""
    begin = time.time() + 3 * DAY if begin is None else begin
    is_invalidation = kind == "Invalidation"
    prefix = "IR" if is_invalidation else PREFIXES[kind]
    document: dict[str, Any] = {
        "Identifier": f"{prefix}-{country}-{number():04}",
        "Type": "Invalidation" if is_invalidation else "Acceptance",
        "Country": country,
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "2.0.1",
        "CertificateType": "General" if is_invalidation else kind,
        "Description": [{"lang": "en", "desc": "An invented rule, which is long enough"}],
        "ValidFrom": stamp(begin),
        "ValidTo": stamp(begin + days * DAY),
        "AffectedFields": ["dt"],
        "Logic": {">=": [{"var": "dt"}, "23.12.2012"]},
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not None}


def batch(country: str, size: int = 3, **changes: Any) -> dict[str, Any]:
    """Return a batch of revocations of nobody's; its end is local time with a Z behind it."""
    seed = number()
    digests = (hashlib.sha256(f"{seed} {place}".encode()).digest()[:16] for place in range(size))
    document: dict[str, Any] = {
        "country": country,
        "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.localtime(time.time() + 7 * DAY)),
        "kid": base64.b64encode(hashlib.sha256(b"kid").digest()[:8]).decode(),
        "hashType": "SIGNATURE",
        "entries": [{"hash": base64.b64encode(digest).decode()} for digest in digests],
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not None}


def by_ctime(at: float) -> str:
    """Write an RFC 1123 date as the EU's suite does: out of ctime(), so that a day may have one digit."""
    day, month, number_, clock, year = time.asctime(time.gmtime(at)).split()
    return f"{day}, {number_} {month} {year} {clock} GMT"


def thumbprints(rows: Any) -> list[str]:
    """Return the thumbprints of a trust list."""
    return [row["thumbprint"] for row in rows]
