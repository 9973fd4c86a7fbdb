"""A population, row by row: the answers are those of the border, and say nothing of anybody."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from pratique.errors import UsageError
from pratique.impact.population import COLUMNS, MadeUp, answers
from pratique.impact.traveller import Border, vaccination
from pratique.parties import columnar, policy
from pratique.parties.policy import Wanted
from pratique.rules.ruleset import Destination, Result
from pratique.store.workers import Processes
from pratique.terms import Kind
from tests import columns
from tests.forked import run

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "examples" / "rules-utopia.json"
AT = datetime(2026, 12, 22, 12, tzinfo=UTC)
LAB = policy.open_lab()
WANTED = Wanted((RULES,), at=AT)
BORDER = Border(policy.ruleset_of([RULES], None, LAB), Destination("XU"), AT)


def people(count: int) -> list[MadeUp]:
    """Make up travellers of every kind, and some whom nothing can be asked about."""
    draw = Random(20)
    products = [*list(LAB.world.vaccines)[:12], "no product"]
    return [
        MadeUp(
            draw.choice(["vaccination"] * 6 + ["test", "recovery", "exemption", "pass", "x", None]),
            draw.choice([*products, "LP6464-4"]), draw.choice([1, 2, 2, 3, None]),
            AT.date() - timedelta(draw.randrange(-5, 500)), draw.choice([4, 12, 40, 40, 90, -1]),
        )
        for _ in range(count)
    ]  # fmt: skip


def asked_alone(row: MadeUp) -> str:
    """Ask the border about one row, by the reference way."""
    assert isinstance(row.on, date)
    assert isinstance(row.age, int)
    days = (AT.date() - row.on).days
    if row.age < 0 or row.kind not in set(Kind) - {Kind.PASS}:
        return "unclear"
    if row.kind != Kind.EXEMPTION and days < 0:
        return "unclear"
    match row.kind:
        case "exemption":
            judged = BORDER.exemption(row.age)
        case "recovery":
            judged = BORDER.recovery(days, row.age)
        case "test":
            judged = BORDER.test(str(row.product), days * 24 + 12, row.age)
        case _:
            vaccine = LAB.world.vaccines.get(str(row.product))
            if vaccine is None:
                return "unclear"
            number = row.dose if isinstance(row.dose, int) else None
            judged = BORDER.judge(Kind.VACCINATION, vaccination(vaccine, row.on, number), row.age)
    return "accepted" if judged.result is Result.PASSED else "refused"


def test_each_row_is_answered_as_the_border_answers() -> None:
    rows = people(600)
    found = answers(rows, BORDER, LAB.world.vaccines)
    assert found == [asked_alone(row) for row in rows]
    assert min(Counter(found).values()) > 20
    assert set(found) == {"accepted", "refused", "unclear"}


@pytest.mark.parametrize(
    "cell", [None, 3, "no day", date.max, datetime(2027, 1, 1, tzinfo=UTC), "2026-12-23"]
)
def test_a_day_that_is_none_or_to_come_is_unclear(cell: object) -> None:
    row = MadeUp("recovery", "", None, cell, 40)
    assert answers([row], BORDER, LAB.world.vaccines) == ["unclear"]


def test_cells_of_csv_are_read_as_those_of_other_files() -> None:
    row = MadeUp("vaccination", "EU/1/20/1528", 2, AT.date() - timedelta(30), 40)
    texts = MadeUp("vaccination", "EU/1/20/1528", "2", "2026-11-22", "40")
    empty = texts._replace(dose="")
    assert answers([row, texts, empty], BORDER, LAB.world.vaccines) == ["accepted"] * 3
    wrong = [texts._replace(**{name: "x"}) for name in ("kind", "dose", "on", "age")]
    assert answers(wrong, BORDER, LAB.world.vaccines) == ["unclear"] * 4


def write(path: Path, rows: list[MadeUp]) -> Path:
    cells: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    table = arrow.table({**dict(zip(COLUMNS, cells, strict=True)), "people": range(len(rows))})
    parquet.write_table(table, path, row_group_size=100)
    return path


def test_a_file_of_a_population_is_worked_through_the_same_way_by_many(tmp_path: Path) -> None:
    rows = people(400)
    source = write(tmp_path / "in.parquet", rows)
    ask = columnar.policy_ask(WANTED, None, ("people",), now=AT)
    columns.work(source, tmp_path / "one", asked=ask)
    columns.work(source, tmp_path / "two", Processes(2), ask)
    assert columns.parts(tmp_path / "one") == columns.parts(tmp_path / "two")
    found = columns.rows(tmp_path / "one")
    assert [row["answer"] for row in found] == [asked_alone(row) for row in rows]
    assert [row["people"] for row in found] == list(range(400))


def test_the_command_tells_counts_and_writes_the_parts(tmp_path: Path) -> None:
    rows = people(60)
    write(tmp_path / "in.parquet", rows)
    words = ["policy", "population", str(RULES), "--from", "in.parquet", "--out", "out"]
    ran = run([*words, "--at", "2026-12-22T12:00:00Z"], folder=tmp_path, environment=os.environ)
    assert ran.code == 0, ran.errors
    assert ran.out.startswith("60 rows: ")
    assert len(columns.rows(tmp_path / "out")) == 60


def test_a_population_arrives_at_one_destination(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(RULES.read_text().replace('"XU"', '"XA"').replace("-XU-", "-XA-"))
    with pytest.raises(UsageError) as raised:
        columnar.policy_ask(Wanted((RULES, other), at=AT), None, (), now=AT)
    assert raised.value.code == "place-several"
