"""The acts, one after the other (extras `issuer` and `server`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo import (
    borders,
    cheats,
    finale,
    founding,
    held_keys,
    joining,
    majority,
    printing,
    recall,
)
from demo.serving import served
from demo.stage import Stage
from demo.telling import Teller
from pratique.network import proposal
from pratique.parties import authority as parties_authority

ACTS = 11
OPENING = (
    "An authority, five states, their people, five borders and five witnesses, on this machine and in a throw-away",
    "folder: real keys, real signatures, a real web server, and the commands themselves.",
    "The day is taken to be 1 March 2027; the seconds are this machine's.",
)


def play(folder: Path, out: Path, examples: Path, teller: Teller) -> None:
    """Play them all."""
    stage = Stage(folder, out, examples, teller)
    teller.opening("A NETWORK IN A MINUTE", OPENING)
    try:
        with held_keys.held():
            _play(stage)
    except BaseException:
        teller.close((f"The demo ended at the step “{stage.doing}”.",) if stage.doing else ())
        raise


def _play(stage: Stage) -> None:
    with ExitStack() as stack:
        authority = founding.play(stage, stack)
        url = stack.enter_context(served(authority.folder / "repository", _taker(authority)))
        homes = joining.Homes(stage, url, authority.root)
        joining.join(stage, authority, homes)
        stage.act(
            "They publish, and issue",
            "A state says for itself who signs for it, who may enter, and what it has taken back.",
        )
        joining.issue(stage, homes)
        joining.publish(stage, authority, homes)
        printing.play(stage, homes)
        borders.fetch(stage, homes)
        borders.offline(stage, homes)
        borders.matrix(stage, homes)
        older = cheats.copied(authority, stage.folder / "older")
        recall.play(stage, homes)
        cheats.play(stage, authority, homes, older)
        majority.play(stage, authority, homes)
        recall.suspend(stage, authority, homes)
        finale.play(stage, homes)


def _taker(authority: founding.Authority) -> Callable[[bytes], dict[str, Any]]:
    lock = threading.Lock()

    def take(data: bytes) -> dict[str, Any]:
        found = proposal.from_bytes(data)
        with lock:
            made = parties_authority.publish(
                authority.folder, found, Stage.secret, at=authority.stage.at
            )
        return {"published": found.title, "files": sorted(made.files), "waits": bool(made.lacking)}

    return take
