"""The log of all that is published, and five witnesses that answer by HTTP, by the demo's clock."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from demo.cast import STATES
from demo.serving import running
from demo.stage import Stage, listed
from pratique.errors import PratiqueError
from pratique.parties import witness as parties_witness
from pratique.store import server
from pratique.store.ledger import Ledger
from pratique.tlog import witness

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
