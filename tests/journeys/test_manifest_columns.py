"""Lists as files of columns: of each row is said what the list's own check says, by however many workers."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from pratique.parties import columnar
from pratique.parties import manifest as parties_manifest
from pratique.parties.manifest import ManifestOrder
from pratique.store.workers import Processes
from tests import columns, flights
from tests.forked import run

FLIGHT = flights.flight(60)
NOW = flights.NOW


@pytest.fixture
def source(tmp_path: Path) -> Path:
    names = list(dict.fromkeys(name for row in FLIGHT.rows for name in row))
    cells = {
        name: [None if (cell := row.get(name)) is None else str(cell) for row in FLIGHT.rows]
        for name in names
    }
    path = tmp_path / "in.parquet"
    parquet.write_table(arrow.table(cells), path, row_group_size=20)
    return path


def order(source: Path) -> ManifestOrder:
    journeys = parties_manifest.journeys(FLIGHT.held, None, None, [flights.ZONE], None)
    return ManifestOrder(source, journeys)


def said(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["reference"], row["seat"], row["outcome"], row["reasons"], row["leg"]


def test_each_row_says_what_the_list_s_check_says(source: Path, tmp_path: Path) -> None:
    whole = order(source)
    ask = columnar.manifest_ask(whole, FLIGHT.held, [source], NOW)
    columns.work(source, tmp_path / "one", asked=ask)
    columns.work(source, tmp_path / "two", Processes(2), ask)
    assert columns.parts(tmp_path / "one") == columns.parts(tmp_path / "two")
    alone = parties_manifest.checked(
        whole._replace(workers=1), FLIGHT.held, now=NOW, progress=lambda *_: None
    )
    expected = [
        (one.reference, one.seat, one.outcome.value, [reason.value for reason in one.reasons], one.leg)
        for one in alone
    ]  # fmt: skip
    found = [said(row) for row in columns.rows(tmp_path / "one")]
    assert found == expected
    assert len(Counter(row[2] for row in found)) == 3


def test_who_has_no_reference_is_known_by_the_row(source: Path, tmp_path: Path) -> None:
    table = parquet.read_table(source)
    named = [name for name in ("reference", "seat") if name in table.column_names]
    parquet.write_table(table.drop_columns(named), source)
    ask = columnar.manifest_ask(order(source), FLIGHT.held, [source], NOW)
    columns.work(source, tmp_path / "out", asked=ask)
    found = columns.rows(tmp_path / "out")
    assert {row["reference"] for row in found} == {""}
    assert all("reference-missing" in row["reasons"] for row in found)
    assert [row["row"] for row in found] == list(range(1, len(found) + 1))


def test_an_engine_is_asked_for_with_a_folder(source: Path, tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_bytes(FLIGHT.held.to_bytes())
    words = ["manifest", "check", str(source), "--trust", str(trust), "--engine", "spark"]
    ran = run(words, folder=tmp_path, environment=os.environ)
    assert ran.code == 2
    assert "an engine works on files of columns, into a folder" in ran.errors
