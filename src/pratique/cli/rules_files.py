"""What the commands about rules read: rules as they are written, and value sets.

    FILE... -> JSON -> every rule in it, unread | Rule, value sets

1. A file is read up to a limit; an error names the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from pratique.edges import files
from pratique.errors import DocumentRefused
from pratique.rules import documents
from pratique.rules.rule import Rule
from pratique.trust import json_text

LIMIT = 8 * 1024 * 1024
"""Bytes of one file of rules; the largest real ruleset has 0.2 MB with its tests."""

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

value_sets = click.option(
    "--value-sets",
    "value_sets",
    type=FILE,
    metavar="FILE",
    help="Value sets that the rules name: {name: [code, ...]} [default: a few codes of each].",
)


def parsed(path: Path) -> object:
    """Read a file of JSON."""
    try:
        return json_text.parse(files.read_bytes(path, LIMIT))
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path.name}: {error.message}", error.hint) from error


def written(paths: Iterable[Path]) -> list[object]:
    """Return every rule of some files as it is written there, wrong or not."""
    found: list[object] = []
    for path in paths:
        document = parsed(path)
        if isinstance(document, dict) and isinstance(document.get("rules"), list):
            document = document["rules"]
        found += document if isinstance(document, list) else [document]
    return found


def read(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """Read the rules of some files; DocumentRefused where one cannot be read."""
    found: list[Rule] = []
    for path in paths:
        listed = written([path])
        try:
            found += documents.read(listed).rules
        except DocumentRefused as error:
            message = f"{path.name}: {error.message}"
            raise DocumentRefused(error.code, message, error.hint) from error
    return tuple(found)


def sets_from(path: Path | None) -> dict[str, list[str]]:
    """Read value sets; none where no file is named."""
    if path is None:
        return {}
    found = documents.read(parsed(path)).value_sets
    return {name: list(codes) for name, codes in found.items()}
