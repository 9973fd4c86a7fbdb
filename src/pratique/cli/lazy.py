"""A group of commands that are known by name, and imported when they are called.

1. A check must start fast: what it does not use, it does not load.
2. An option that takes one value is given once: click lets the last one count, and drops the others
   in silence. "Revoke A, and B" revoked B.
3. What has another name than before is still called by the earlier one, for a release; no help shows it.

Apart because it knows no command: it is how any group of them is found and loaded.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from pratique.errors import ExtraMissing

_FOLDER_FIRST = "pratique.folder-first"


def once(command: click.Command) -> click.Command:
    """Let a command, and all commands within it, refuse an option that is given twice."""
    command.make_parser = partial(_parser, command)  # type: ignore[method-assign]
    if isinstance(command, click.Group):
        for within in command.commands.values():
            once(within)
    return command


def _parser(command: click.Command, ctx: click.Context) -> Any:
    parser: Any = type(command).make_parser(command, ctx)
    parse = parser.parse_args

    def parse_once(args: list[str]) -> Any:
        values, rest, order = parse(args)
        # The order names a parameter as often as it was given.
        for param, count in Counter(order).items():
            if count > 1 and isinstance(param, click.Option) and _takes_one(param):
                raise click.UsageError(f"option '{param.opts[0]}' was given {count} times", ctx)
        return values, rest, order

    parser.parse_args = parse_once
    return parser


def _takes_one(option: click.Option) -> bool:
    # A flag says the same twice; one that has an opposite does not.
    if option.multiple or option.count:
        return False
    return not option.is_flag or bool(option.secondary_opts)


class Option(click.Option):
    """An option that may have had other names: `was`."""

    def __init__(self, *args: Any, was: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.was = was

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the earlier names be read too."""
        shown = self.opts
        self.opts = [*shown, *self.was]
        super().add_to_parser(parser, ctx)
        self.opts = shown

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Read the variable that is named after the option, or after an earlier name of it."""
        found = super().resolve_envvar_value(ctx)
        if found is None and ctx.auto_envvar_prefix is not None:
            for name in (*self.opts, *self.was):
                if name.startswith("--"):
                    variable = name.removeprefix("--").replace("-", "_").upper()
                    found = found or os.environ.get(f"{ctx.auto_envvar_prefix}_{variable}") or None
        return found


class Folder(Option):
    """A party's folder; it was a command's first argument, and is still read there (`PartyCommand`)."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the first argument be read as the folder, where it is."""
        super().add_to_parser(parser, ctx)
        if ctx.meta.get(_FOLDER_FIRST):
            parser.add_argument(self, dest=self.name, nargs=1)


class PartyCommand(click.Command):
    """A command with a `Folder`: the first argument is one where neither the option nor its variable is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find out what the first argument is, and read them."""
        folder = next(param for param in self.params if isinstance(param, Folder))
        options: list[click.Parameter] = [
            param for param in self.params if isinstance(param, click.Option)
        ]
        own = [param for param in self.params if isinstance(param, click.Argument)]
        ctx.meta[_FOLDER_FIRST] = False
        given, rest, _ = (
            click.Command(self.name, params=options).make_parser(ctx).parse_args([*args])
        )
        if rest and folder.name not in given and not folder.value_from_envvar(ctx):
            needed = sum(param.required for param in own)
            is_first = not own or (len(rest) > needed and Path(rest[0]).is_dir())
            ctx.meta[_FOLDER_FIRST] = is_first
        return super().parse_args(ctx, args)


class Group(click.Group):
    """A group whose commands may have had other names: `was`, earlier name -> name."""

    def __init__(self, *args: Any, was: dict[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.was = was or {}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or of this earlier one."""
        return super().get_command(ctx, self.was.get(cmd_name, cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the short helps whole: click cuts them."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(limit=1_000))
                    for name, command in self.commands.items()
                    if not command.hidden
                ]
            )


class Lazy(Group):
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
        if (cmd_name := self.was.get(cmd_name, cmd_name)) not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if self.extra is None or (error.name or "").startswith("pratique"):
                raise
            raise ExtraMissing(*self.extra) from error
        return once(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the short helps without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in self.table.items()])
