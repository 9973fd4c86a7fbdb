"""`pratique participant`: what a state, territory or organisation does. One module per verb."""

from __future__ import annotations

import click

from pratique.cli.lazy import Lazy

_HERE = "pratique.cli.participant"
COMMANDS = {
    "init": (f"{_HERE}.init:init", "Make all keys of a participant."),
    "apply": (f"{_HERE}.apply:apply", "Write the dossier to hand in."),
    "check": (f"{_HERE}.check:check", "Check a dossier as the authority will."),
    "publish": (f"{_HERE}.publish:publish", "Sign and hand in what you publish."),
    "sign": ("pratique.cli.authority.ceremony:sign", "Sign a proposal, with another hand's key."),
    "send": (f"{_HERE}.send:send", "Hand in a proposal that enough hands have signed."),
    "renew": (f"{_HERE}.renew:renew", "Make a successor of every key that ends soon."),
    "leave": (f"{_HERE}.leave:leave", "Take everything along."),
}


@click.group(cls=Lazy, table=COMMANDS)
def participant() -> None:
    """Take part in a network: keys, dossier, and what you publish."""
