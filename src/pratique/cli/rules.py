"""`pratique rules`: write, check, compare and import destinations' rules."""

from __future__ import annotations

import click

from pratique.cli.rules_build import build
from pratique.cli.rules_check import check, test
from pratique.cli.rules_import import import_rules
from pratique.cli.rules_words import diff, explain


@click.group()
def rules() -> None:
    """Write, check, compare and import destinations' rules."""


for command in (check, explain, test, diff, build, import_rules):
    rules.add_command(command)
