"""What all drafts share: where they are drafted, when, and where they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import options, output
from pratique.cli.authority import ceremony, place
from pratique.network import proposal, view

Command = TypeVar("Command", bound=Callable[..., Any])


def common(command: Command) -> Command:
    """Add DIR, --at and --out."""
    out = click.option(
        "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write the proposal.",
    )  # fmt: skip
    return place.folder(options.at(out(command)))


def write(out: Path, drafted: proposal.Proposal, current: view.View) -> None:
    """Write a draft, and say what it is about."""
    output.write(out, proposal.to_bytes(drafted))
    ceremony.tell(drafted, current)
    click.echo(f"proposal: {out}")
