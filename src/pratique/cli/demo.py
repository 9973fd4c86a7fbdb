"""`pratique demo`: one traveller, one border."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Show one traveller at one border."""
    click.echo(
        "A network in a minute, with five states and all who would cheat: make demo, in a clone of the source"
    )
