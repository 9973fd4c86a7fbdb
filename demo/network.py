"""Act: an authority of nine seats founds a network; a log, five witnesses and a web server stand beside it.

1. No seat can act alone: the first root is signed seat by seat, and refused before enough have signed.
2. Witnesses and server are real ones, each in a thread of its own, on ports of this machine.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from demo.cast import NETWORK, SEATS, STATES
from demo.stage import Stage, listed
from pratique.errors import ExtraMissing, PratiqueError, Unreadable
from pratique.parties import witness as parties_witness
from pratique.rules import policy
from pratique.store import server
from pratique.store.ledger import Ledger
from pratique.tlog import witness

try:
    import uvicorn
    from starlette.applications import Starlette
except ImportError as _missing:
    raise ExtraMissing("server", "serving") from _missing


PATIENCE = 10
"""Seconds that a server may take to be there."""


def served(folder: Path, take: server.Take | None = None) -> AbstractContextManager[str]:
    """Serve a repository's folder while the block runs; the address is what it yields."""
    return running(server.network_application(folder, take))


@contextmanager
def running(application: Starlette) -> Iterator[str]:
    """Serve an application while the block runs; yield its address."""
    # With its protocol named, as asyncio asks for: else each answer waits for a delayed ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = server.settings(application, log_config=None, lifespan="off")
    web = uvicorn.Server(settings)
    thread = threading.Thread(target=web.run, args=([listening],), daemon=True)
    thread.start()
    try:
        _await(web, thread)
        yield f"http://127.0.0.1:{port}"
    finally:
        web.should_exit = True
        thread.join(PATIENCE)
        listening.close()


def _await(web: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + PATIENCE
    while not web.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise Unreadable("server-unstarted", "the demo's web server did not come up")
        time.sleep(0.01)


ORIGIN = "log.network.example"


def begin_log(stage: Stage, folder: Path, stack: ExitStack) -> list[str]:
    """Make the log's key and the witnesses, and serve these; return their keys."""
    keys, names = [], []
    command = "authority log init DIR --name ORIGIN · witness init DIR --name HOST --log KEY"
    with stage.step("A log, and five witnesses: an institute in each of five states", command) as found:  # fmt: skip
        (log,) = stage.run("authority", "log", "init", folder, "--name", ORIGIN)
        for state in STATES:
            name, own = f"{state.name.lower()}.example", stage.folder / f"witness-{state.code}"
            keys += stage.run("witness", "init", own, "--name", name, "--log", log)
            url = stack.enter_context(
                running(server.witness_application(_answer(stage, own), _told))
            )
            stage.run("authority", "log", "witness", folder, name, url)
            names.append(name)
        found(f"each keeps its own key, and sees that the log only grows: {listed(names)}")
    return keys


def _answer(stage: Stage, folder: Path) -> server.Answer:
    found, ledger = parties_witness.load(folder), Ledger(folder / parties_witness.LEDGER)
    who = found.opened(folder, stage.secret)

    def answer(data: bytes) -> witness.Answer:
        return witness.answered(data, who, ledger, at=int(stage.at.timestamp()))

    return answer


def _told(error: PratiqueError) -> None:
    del error


THRESHOLD, SUSPEND = 5, 3


class Authority:
    """The authority's folder, and its seats'.

    Attributes:
        folder: of the secretariat: the repository, the online keys, the records of onboarding.
        root: the first root, as a hand that you trust gives it.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage, self.folder = stage, stage.folder / "authority"
        self.root = self.folder / "repository/metadata/1.root.json"

    def seat(self, number: int) -> str:
        """Return where a seat's key lies, on its own machine."""
        return f"file:{self.stage.folder}/seat-{number}/key.pem"

    def sign(self, proposal: Path, *seats: int) -> None:
        """Have seats sign a proposal, each with its own key."""
        known = ("--yes", "--repository", self.folder)
        for number in seats:
            self.stage.run("authority", "sign", proposal, "--key", self.seat(number), *known)

    def publish(self, proposal: Path) -> list[str]:
        """Publish a proposal."""
        return self.stage.run("authority", "publish", self.folder, proposal, *self.stage.when)

    def decide(self, seats: tuple[int, ...], *words: object) -> list[str]:
        """Draft what some seats are to sign, have them sign it, and publish it."""
        out = self.stage.folder / "draft.proposal"
        what, *rest = words
        said = ("authority", "propose", what, self.folder, *rest, "--out", out, *self.stage.when)
        self.stage.run(*said)
        self.sign(out, *seats)
        return self.publish(out)

    def record(self, code: str, step: str, by: int, *evidence: Path, domain: str = "") -> None:
        """Record a step of a participant's onboarding, signed by a seat."""
        of = ("--domain", domain) if domain else ()
        shown = [word for path in evidence for word in ("--evidence", path)]
        say = ("authority", "onboard", self.folder, code, step, "--key", self.seat(by))
        self.stage.run(*say, *shown, *of, *self.stage.when)


def found(stage: Stage, stack: ExitStack) -> Authority:
    """Found the network; its witnesses are served until the stack ends."""
    stage.act(
        "An authority of nine seats",
        "Nobody owns the network. It takes five seats of nine to change anything, three to suspend",
        "somebody for two weeks at most, and no region may have more than two.",
    )
    made, cards = Authority(stage), []
    example = "authority seat create seat-1 --holder XXA --region NORTH"
    with stage.step("Nine seats make their keys, each on its own machine", example) as found:
        for number, (holder, region) in enumerate(SEATS, 1):
            folder = stage.folder / f"seat-{number}"
            folder.mkdir()
            cards.append(folder / "card.json")
            who = ("--holder", holder, "--region", region, "--key", made.seat(number))
            stage.run("authority", "seat", "create", f"seat-{number}", *who, "--out", cards[-1])
        regions = list(dict.fromkeys(region for _, region in SEATS))
        found(f"held by {listed([holder for holder, _ in SEATS])}",
              f"of {len(regions)} regions: {listed(regions)}")  # fmt: skip
    witnesses = begin_log(stage, made.folder, stack)
    _draft_root(stage, made, cards, witnesses)
    _first_root(stage, made)
    return made


def _draft_root(stage: Stage, made: Authority, cards: list[Path], witnesses: list[str]) -> None:
    command = f'authority init DIR --network "{NETWORK}" --seat CARD... --witness KEY...'
    with stage.step("The secretariat drafts the first root", command) as found:
        sets = stage.folder / "sets.json"
        sets.write_text(json.dumps(policy.STAND_INS))
        seats = [word for card in cards for word in ("--seat", card)]
        words = ("--network", NETWORK, "--environment", "test", "--value-sets", sets, *seats)
        asked = [word for key in witnesses for word in ("--witness", key)]
        said = stage.run("authority", "init", made.folder, *words, *asked, *stage.when)
        found(said[0].rpartition(":")[0], said[1], f"{len(policy.STAND_INS)} value sets")


def _first_root(stage: Stage, made: Authority) -> None:
    proposal = made.folder / "root-1.proposal"
    with stage.step("The seats sign it, one by one", "authority sign PROPOSAL --key URI") as found:
        made.sign(proposal, 1, 2, 3, 4)
        code, why = stage.refused("proposal-unsigned", lambda: made.publish(proposal))
        found(f"after four signatures: {code}", why)
        made.sign(proposal, 5)
        (line,) = made.publish(proposal)
        size = sum(path.stat().st_size for path in made.root.parent.parent.rglob("*.json"))
        found(f"after the fifth: {line}", size=size)
