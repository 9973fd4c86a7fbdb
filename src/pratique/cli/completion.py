"""Shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL; for bash: eval "$(pratique completion bash)"."""
    from pratique.cli.main import pratique  # noqa: PLC0415 - the group imports this module

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(pratique, {}, "pratique", "_PRATIQUE_COMPLETE").source())
