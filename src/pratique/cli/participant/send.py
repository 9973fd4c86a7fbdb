"""`pratique participant send`: hand a signed proposal in.

PROPOSAL -> POST URL/proposals | a file in a folder

Exit: 0 it is published, or lies in the folder · 3 it waits for the log's witnesses, and nobody can say yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from pratique.cli import output
from pratique.cli.authority.publish import WAITS
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.network import upload
from pratique.errors import UsageError


@click.command()
@click.argument(
    "file", metavar="PROPOSAL", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--to", "target", required=True, metavar="URL|DIR", help="Where to hand it in.")
def send(*, file: Path, target: str) -> int:
    """Hand in a PROPOSAL that enough hands have signed."""
    return said([handed_in(target, file.name, files.read_bytes(file, upload.LARGEST))])


class Waits(str):
    """A line which says that an edition was taken and waits for its witnesses."""

    __slots__ = ()


def said(lines: Iterable[str]) -> int:
    """Print lines as they come; return the exit code: 3 if one of them says that an edition waits."""
    waits = False
    for line in lines:
        click.echo(line)
        waits = waits or isinstance(line, Waits)
    return WAITS if waits else 0


def handed_in(target: str, name: str, data: bytes) -> str:
    """Hand a proposal in, and say what came of it."""
    if target.startswith(("http://", "https://")):
        taken = upload.sent(target, data)
        if taken.waits:
            return Waits(
                f"taken, and published when its witnesses have seen it: {printable(taken.title)}"
            )
        return f"published: {printable(taken.title)}"
    folder = Path(target)
    if not folder.is_dir():
        raise UsageError(
            "target-unknown",
            f"{target}: there is no such folder",
            "name a folder that is there, or a web address: https://…",
        )
    path = folder / name
    output.write(path, data)
    return f"handed in: {path}"
