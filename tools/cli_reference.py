"""Write docs/reference/cli.md from what every command says to `--help`.

    the tree of commands -> help of each, 96 characters wide -> one page

python -m tools.cli_reference           write the page
python -m tools.cli_reference --check   fail if the page is not what the commands say
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pratique.cli.main import pratique

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/cli.md"
HINT = "run: make reference"
WIDTH = 96
HEAD = """\
<!-- Written by tools/cli_reference.py from the commands themselves: do not edit by hand. -->

# Commands

What each command says to `--help`, all of them. Exit codes, variables, what an input may be, and
all that holds for more than one command: [command line](command-line.md).

"""


def commands(command: click.Command = pratique) -> Iterator[click.Context]:
    """Yield a context of each command that is not hidden, groups before what is in them."""
    yield from _within(_context(command, "pratique", None))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    # Not the terminal's width, which is another on each machine.
    settings = {**command.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    return click.Context(command, info_name=name, parent=parent, **settings)


def _within(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield from _within(_context(command, name, context))


def render() -> str:
    """Render the whole page."""
    parts, rows = [], ["| command | what it does |", "|---|---|"]
    for context in commands():
        path = context.command_path
        helped = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        level = "##" if context.parent is None or context.parent.parent is None else "###"
        parts.append(f"{level} {path}\n\n```text\n{helped}\n```\n")
        if context.parent is not None and not isinstance(context.command, click.Group):
            anchor = path.replace(" ", "-")
            rows.append(f"| [`{path}`](#{anchor}) | {context.command.get_short_help_str(120)} |")
    return HEAD + "\n".join(rows) + "\n\n" + "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if "--check" in arguments:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render()
        if not same:
            print(f"error: {PAGE.name} is not what the commands say\nhint: {HINT}")
        return 0 if same else 1
    PAGE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
