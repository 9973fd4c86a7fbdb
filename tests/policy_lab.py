"""The policy lab's open data, and rules to ask about it: read once, from beside the repository."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pratique.impact import world
from pratique.impact.traveller import Border
from pratique.impact.world import World
from pratique.rules import documents
from pratique.rules.ruleset import Destination, Ruleset
from pratique.store import policy_data

CORPUS_SETS = "bf683fc4b68d"
"""The edition of the value sets that the corpus of rules was tested with."""


def folder(corpora: Path) -> Path:
    """Return where the open data lies."""
    return corpora.parent / "data" / "policy"


def written(into: Path, rows: Mapping[str, Sequence[Mapping[str, str]]], **about: object) -> Path:
    """Write tables as a data package, with a schema that says what the reader asks for."""
    into.mkdir(exist_ok=True)
    resources: list[dict[str, object]] = []
    for name, lines in rows.items():
        with (into / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
        form = policy_data.FORMS[name]
        fields = [
            {"name": column, "type": kind.kind}
            for column, kind in {**form.required, **form.optional}.items()
        ]
        resources.append({"name": name, "path": f"{name}.csv", "schema": {"fields": fields}})
    resources += [{"name": name, "path": f"{name}.json"} for name in ("valuesets", "outlines")]
    (into / "valuesets.json").write_text('{"2021-07-20": {"country-2-codes": ["FR"]}}')
    (into / "outlines.json").write_text(
        '{"viewBox": "0 0 9 9", "countries": {"NA": "M1 1l2-.5z"}, "others": ""}'
    )
    document = {"name": "small", "version": "2.0", "resources": resources, **about}
    (into / "datapackage.json").write_text(json.dumps(document))
    return into


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


def case(corpora: Path, country: str, at: str, value_sets: str) -> dict[str, Any]:
    """Return the reference result of a country's rules on a day, by an edition of the value sets."""
    key = {"ruleset": country, "at": at, "value_sets": value_sets}
    cases: list[dict[str, Any]] = expected(folder(corpora))["cases"]
    return next(row for row in cases if {name: row[name] for name in key} == key)


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
