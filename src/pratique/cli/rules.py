"""`pratique rules`: write, check, compare and import destinations' rules."""

from __future__ import annotations

import click

from pratique.cli.rules_import import import_rules


@click.group()
def rules() -> None:
    """Write, check, compare and import destinations' rules."""


rules.add_command(import_rules)
