"""`pratique witness`: cosign a log's checkpoints. One module per verb."""

from __future__ import annotations

import click

from pratique.cli.lazy import Lazy

_HERE = "pratique.cli.witness"
COMMANDS = {
    "init": (f"{_HERE}.init:init", "Make a witness: its key, and which logs it watches."),
    "show": (f"{_HERE}.init:show", "Show its key, and what it has cosigned."),
    "cosign": (f"{_HERE}.cosign:cosign", "Cosign a checkpoint that grew out of the last one."),
    "serve": (f"{_HERE}.serve:serve", "Cosign what logs post, by HTTP."),
}


@click.group(cls=Lazy, table=COMMANDS)
def witness() -> None:
    """Witness a log: say that it has shown one face only."""
