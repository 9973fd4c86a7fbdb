"""The policy lab's open data, and rules to ask about it: read once, from beside the repository."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pratique.impact import world
from pratique.impact.traveller import Border
from pratique.impact.world import World
from pratique.rules import documents
from pratique.rules.ruleset import Destination, Ruleset

CORPUS_SETS = "bf683fc4b68d"
"""The edition of the value sets that the corpus of rules was tested with."""


def folder(corpora: Path) -> Path:
    """Return where the open data lies."""
    return corpora.parent / "data" / "policy"


@lru_cache(maxsize=2)
def tables(data: Path) -> dict[str, list[dict[str, str]]]:
    """Read the tables as they lie there."""
    read = {}
    for name in world.TABLES:
        with (data / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            read[name] = list(csv.DictReader(file))
    return read


@lru_cache(maxsize=2)
def whole(data: Path) -> World:
    """Read the whole world."""
    return world.read(tables(data))


@lru_cache(maxsize=2)
def expected(data: Path) -> dict[str, Any]:
    """Read the reference results."""
    read: dict[str, Any] = json.loads((data / "expected.json").read_text())
    return read


@lru_cache(maxsize=64)
def ruleset(corpora: Path, country: str, value_sets: str) -> Ruleset:
    """Read a country's rules, with the value sets of an edition of the EU's ("2022-01-31") or of the corpus."""
    rules = corpora / "business-rules"
    written = json.loads((rules / f"{country}.json").read_text())["rules"]
    if value_sets == "corpus":
        sets = json.loads((rules / "valuesets.json").read_text())[CORPUS_SETS]
    else:
        sets = json.loads((folder(corpora) / "valuesets.json").read_text())[value_sets]
    return Ruleset(documents.read(written).rules, sets, compatible=True, hold_open=True)


def border(corpora: Path, country: str, at: str, value_sets: str) -> Border:
    """Stand at a country's border at noon of a day."""
    noon = datetime.combine(date.fromisoformat(at), datetime.min.time(), UTC).replace(hour=12)
    return Border(ruleset(corpora, country, value_sets), Destination(country), noon)
