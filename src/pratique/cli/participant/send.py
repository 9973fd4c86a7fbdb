"""`pratique participant send`: hand a signed proposal in.

PROPOSAL -> POST URL/proposals | a file in a folder
"""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import output
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.network import upload
from pratique.errors import UsageError


@click.command()
@click.argument(
    "file", metavar="PROPOSAL", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--to", "target", required=True, metavar="URL|DIR", help="Where to hand it in.")
def send(*, file: Path, target: str) -> None:
    """Hand in a PROPOSAL that enough hands have signed."""
    click.echo(handed_in(target, file.name, files.read_bytes(file, upload.LARGEST)))


def handed_in(target: str, name: str, data: bytes) -> str:
    """Hand a proposal in, and say what came of it."""
    if target.startswith(("http://", "https://")):
        taken = upload.sent(target, data)
        what = (
            "taken, and published when its witnesses have seen it" if taken.waits else "published"
        )
        return f"{what}: {printable(taken.title)}"
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
