"""A group of commands that are known by name, and imported when they are called.

1. A check must start fast: what it does not use, it does not load.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from pratique.errors import ExtraMissing


class Lazy(click.Group):
    """A group whose `table` is name -> ("module:command", short help).

    Attributes:
        extra: what to install, and for what, where a command finds a library missing.
    """

    table: dict[str, tuple[str, str]]

    def __init__(
        self,
        *args: Any,
        table: dict[str, tuple[str, str]],
        extra: tuple[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.table, self.extra = table, extra

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the table's order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that is called."""
        if cmd_name not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if self.extra is None or (error.name or "").startswith("pratique"):
                raise
            raise ExtraMissing(*self.extra) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the short helps without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.table.items()])
