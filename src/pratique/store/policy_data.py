"""The policy lab's open data, in files: a Frictionless data package, installed or a ministry's own.

    DIR | the package of pratique[policy] -> datapackage.json, *.csv, valuesets.json, outlines.json -> PolicyData

1. A file is read up to a limit, as UTF-8; what stands in it is a stranger's until `impact.world` has read it.
2. The digest is over the tables, in a fixed order: a figure can name the data that it was made of.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.impact.world import TABLES, Tables
from pratique.store import sources

PACKAGE = "pratique_policy_data"
ABOUT, VALUE_SETS, OUTLINES = "datapackage.json", "valuesets.json", "outlines.json"
LIMIT = 16 * 1024 * 1024
"""Bytes of one file; the largest table of ours has 0.3 MB."""

Outlines = Mapping[str, Any]
"""A map's `viewBox`, `countries` (ISO 3166-1 alpha-2 -> SVG path) and `others` (a path)."""


class PolicyData(NamedTuple):
    """What a data package holds.

    Attributes:
        tables: by name, as text.
        name: of the package.
        version: of the package.
        digest: SHA-256 over the tables, in hexadecimal.
        value_sets: name -> from when (seconds since the epoch) -> codes.
        outlines: of the map; empty where there are none.
    """

    tables: Tables
    name: str
    version: str
    digest: str
    value_sets: Mapping[str, Mapping[int, list[str]]]
    outlines: Outlines


def load(folder: Path | None = None) -> PolicyData:
    """Read a data package; the installed one where no folder is named.

    Raises:
        ExtraMissing: `extra-missing`: none is installed.
        DocumentRefused: `policy-data-…`.
        Unreadable: a file is not there, or is too large.
    """
    if folder is None:
        folder = _installed()
    about = _json(folder / ABOUT)
    name, version = about.get("name"), about.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise _refused(ABOUT, "it has no name or no version")
    tables, digest = {}, hashlib.sha256()
    for table in TABLES:
        data = sources.read_bytes(folder / f"{table}.csv", LIMIT)
        digest.update(hashlib.sha256(data).digest())
        tables[table] = _rows(f"{table}.csv", data)
    outlines = _json(folder / OUTLINES) if (folder / OUTLINES).exists() else {}
    return PolicyData(tables, name, version, digest.hexdigest(), _editions(folder), outlines)


def _installed() -> Path:
    try:
        return Path(str(resources.files(PACKAGE)))
    except ModuleNotFoundError as error:
        raise ExtraMissing("policy", "the policy lab's open data") from error


def _rows(name: str, data: bytes) -> list[dict[str, str]]:
    try:
        lines = data.decode("utf-8").splitlines(keepends=True)
        rows = list(csv.DictReader(lines, restkey="", strict=True))
    except (ValueError, csv.Error) as error:
        raise _refused(name, "it is no table (CSV, UTF-8)") from error
    for number, row in enumerate(rows, 2):
        if None in row.values() or "" in row:
            raise _refused(name, f"row {number} has more or fewer cells than columns")
    return rows


def _editions(folder: Path) -> dict[str, dict[int, list[str]]]:
    dated: dict[str, dict[int, list[str]]] = {}
    for day, sets in _json(folder / VALUE_SETS).items():
        try:
            begins = int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        except ValueError as error:
            raise _refused(VALUE_SETS, "an edition's name is no day") from error
        for name, codes in (sets if isinstance(sets, dict) else {"": None}).items():
            if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
                raise _refused(VALUE_SETS, "a value set is no list of codes")
            dated.setdefault(name, {})[begins] = codes
    return dated


def _json(path: Path) -> dict[str, Any]:
    try:
        document = strict_json.parse(sources.read_bytes(path, LIMIT))
    except DocumentRefused as error:
        raise _refused(path.name, error.message) from error
    if not isinstance(document, dict):
        raise _refused(path.name, "it is no JSON object")
    return document


def _refused(name: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        "policy-data-file",
        f"{name}: {why}",
        "the handbook's page 'The data of the policy lab' describes the package",
    )
