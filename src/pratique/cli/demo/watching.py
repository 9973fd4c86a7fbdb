"""The log of all that is published, and five witnesses that answer by HTTP, by the demo's clock."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from pratique.cli.demo.cast import STATES
from pratique.cli.demo.serving import running
from pratique.cli.demo.stage import Stage, listed
from pratique.cli.witness import home as homes
from pratique.edges.ledger import Ledger
from pratique.edges.network import witness as server
from pratique.errors import PratiqueError
from pratique.journeys import witness as journey

ORIGIN = "log.network.example"


def begin(stage: Stage, folder: Path, stack: ExitStack) -> list[str]:
    """Make the log's key and the witnesses, and serve these; return their keys."""
    keys, names = [], []
    command = "authority log init DIR --name ORIGIN · witness init DIR --name HOST --log KEY"
    with stage.step("A log, and five witnesses: an institute in each of five states", command) as found:  # fmt: skip
        (log,) = stage.run("authority", "log", "init", folder, "--name", ORIGIN)
        for state in STATES:
            name, own = f"{state.name.lower()}.example", stage.folder / f"witness-{state.code}"
            keys += stage.run("witness", "init", own, "--name", name, "--log", log)
            url = stack.enter_context(running(server.application(_answer(stage, own), _told)))
            stage.run("authority", "log", "witness", folder, name, url)
            names.append(name)
        found(f"each keeps its own key, and sees that the log only grows: {listed(names)}")
    return keys


def _answer(stage: Stage, folder: Path) -> server.Answer:
    found, ledger = homes.load(folder), Ledger(folder / homes.LEDGER)
    who = found.opened(folder, stage.secret)

    def answer(data: bytes) -> journey.Answer:
        return journey.answered(data, who, ledger, at=int(stage.at.timestamp()))

    return answer


def _told(error: PratiqueError) -> None:
    del error
