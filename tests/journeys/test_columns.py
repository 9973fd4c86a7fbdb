"""Files of columns are verified as one text is, by however many workers, and go on where they were."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError
from pratique.parties import columnar
from pratique.store import columnar as store_columnar
from pratique.store.spark import Spark
from pratique.store.workers import Processes
from pratique.verdicts import verdicts
from pratique.verification import verify
from tests import columns

TEXTS: list[str | None] = [*columns.KIT, None, "", "no code"]


def said(text: str | None) -> dict[str, Any]:
    found = verify(text or "", snapshot=columns.TRUST, at=columns.AT)
    colour = "unread" if found.unread else found.verdict.colour.value
    return {"colour": colour, "codes": [one.code.name for one in found.verdict.findings]}


ALONE = [said(text) for text in TEXTS]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = store_columnar.planned
    monkeypatch.setattr(
        store_columnar, "planned", lambda paths, names: planned(paths, names, rows=150)
    )


@pytest.mark.parametrize("name", ["in.parquet", "in.arrow", "in.csv"])
@pytest.mark.parametrize("group", [40, 100, 1000])
def test_each_row_says_what_the_single_check_says(tmp_path: Path, name: str, group: int) -> None:
    worked = columns.work(columns.write(tmp_path / name, TEXTS, group), tmp_path / "out")
    found = columns.rows(tmp_path / "out")
    assert [{key: row[key] for key in ("colour", "codes")} for row in found] == ALONE
    assert [row["ref"] for row in found] == [f"r-{n}" for n in range(len(TEXTS))]
    assert [row["row"] for row in found] == list(range(1, len(TEXTS) + 1))
    assert {row["file"] for row in found} == {name}
    assert worked.counts == Counter(row["colour"] for row in ALONE)
    assert worked.parts > 3


def test_an_empty_cell_is_not_red(tmp_path: Path) -> None:
    columns.work(columns.write(tmp_path / "in.parquet", [None, ""]), tmp_path / "out")
    assert [row["colour"] for row in columns.rows(tmp_path / "out")] == ["unread", "unread"]


def test_several_workers_write_the_same_bytes(tmp_path: Path) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS, 1000)
    columns.work(source, tmp_path / "one")
    columns.work(source, tmp_path / "three", Processes(3))
    assert columns.parts(tmp_path / "one") == columns.parts(tmp_path / "three")


def test_a_folder_of_files_is_worked_through_in_order(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    columns.write(tmp_path / "in" / "b.arrow", TEXTS[200:])
    columns.write(tmp_path / "in" / "a.parquet", TEXTS[:200])
    (tmp_path / "in" / "readme.txt").write_text("no columns")
    columns.work(tmp_path / "in", tmp_path / "out")
    found = columns.rows(tmp_path / "out")
    assert [row["colour"] for row in found] == [row["colour"] for row in ALONE]
    assert [row["file"] for row in found[198:202]] == ["a.parquet"] * 2 + ["b.arrow"] * 2


def test_what_is_missing_is_made_again_and_what_is_there_is_left(tmp_path: Path) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS)
    columns.work(source, tmp_path / "whole")

    class Broken(Exception):
        pass

    def stop(done: int, _rows: int) -> None:
        if done > 200:
            raise Broken

    with pytest.raises(Broken):
        columnar.work(columns.ask(), [source], tmp_path / "out", Processes(1), stop)
    first = columns.parts(tmp_path / "out")
    assert 0 < len(first) < len(columns.parts(tmp_path / "whole"))
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}
    worked = columns.work(source, tmp_path / "out")
    assert worked.before == len(first)
    assert columns.parts(tmp_path / "out") == columns.parts(tmp_path / "whole")
    for name, stamp in stamps.items():
        assert (tmp_path / "out" / name).stat().st_mtime_ns == stamp
    assert not (tmp_path / "out" / "trust.json").exists()


def test_a_job_that_goes_on_keeps_the_signers_it_was_begun_with(tmp_path: Path) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS)
    columns.work(source, tmp_path / "whole")

    def stop(_done: int, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        columnar.work(columns.ask(), [source], tmp_path / "out", Processes(1), stop)
    nobody = columns.ask(columns.TRUST.replace(trust=type(columns.TRUST.trust)()))
    columns.work(source, tmp_path / "out", asked=nobody)
    assert columns.parts(tmp_path / "out") == columns.parts(tmp_path / "whole")
    # A new job has the new signers: the comparison is able to fail.
    columns.work(source, tmp_path / "new", asked=nobody)
    assert columns.parts(tmp_path / "new") != columns.parts(tmp_path / "whole")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _folder, _source: None, "job-done"),
        (lambda _folder, source: columns.write(source, TEXTS[1:]), "job-other"),
        (lambda folder, _source: (folder / "order.json").unlink(), "job-folder"),
    ],
)
def test_a_folder_of_another_job_is_left_as_it_is(tmp_path: Path, change: Any, code: str) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS)
    columns.work(source, tmp_path / "out")
    before = columns.parts(tmp_path / "out")
    change(tmp_path / "out", source)
    with pytest.raises(UsageError) as raised:
        columns.work(source, tmp_path / "out")
    assert raised.value.code == code
    assert columns.parts(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"PAR1 no more", "table-damaged"), (b"ARROW1 no more", "table-damaged"),
     (b"a,b\r\n1,2\r\n", "columns-missing"), (b"text\r\n1,2\r\n", "table-damaged")],
)  # fmt: skip
def test_what_is_no_file_of_columns_is_told(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "in").write_bytes(content)
    with pytest.raises(Unreadable) as raised:
        columns.work(tmp_path / "in", tmp_path / "out")
    assert raised.value.code == code
    assert not (tmp_path / "out").exists()


def test_a_column_of_the_outcome_is_not_overwritten(tmp_path: Path) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS)
    with pytest.raises(UsageError, match="'row'"):
        columns.work(source, tmp_path / "out", asked=columns.ask(keep=("row",)))


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    source = columns.write(tmp_path / "in.parquet", TEXTS)
    piece = store_columnar.planned([source], ("text",))[0]
    columns.write(source, TEXTS[:300])
    with (
        store_columnar.Reader(source, ("text",)) as reader,
        pytest.raises(Unreadable, match="changed"),
    ):
        list(reader.read(piece))


def test_bytes_that_are_no_text_cost_their_row_only(tmp_path: Path) -> None:
    import pyarrow as arrow
    from pyarrow import parquet

    cells = arrow.array([b"\xff\xfe\x00", (columns.KIT[0]).encode()], arrow.binary())
    parquet.write_table(arrow.table({"text": cells}), tmp_path / "in.parquet")
    columns.work(tmp_path / "in.parquet", tmp_path / "out", asked=columns.ask(keep=()))
    found = columns.rows(tmp_path / "out")
    assert [row["colour"] for row in found] == ["unread", ALONE[0]["colour"]]


def test_a_fault_costs_the_text_it_fell_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from pratique import verification
    from pratique.authenticate import read_as_handed

    good = columns.KIT[0]

    def broken(text: str) -> Any:
        if text == "break":
            raise LookupError(text)
        return read_as_handed(text)

    def broken_alone(text: str, **how: Any) -> Any:
        broken(text)
        return verify(text, **how)

    monkeypatch.setattr(verification, "read_as_handed", broken)
    monkeypatch.setattr("pratique.verdicts.verify", broken_alone)
    found = verdicts([good, "break", good], snapshot=columns.TRUST, at=columns.AT)
    assert found.colours == [ALONE[0]["colour"], "fault", ALONE[0]["colour"]]
    assert found.codes[1] == ["UNFORESEEN"]


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 20))
def test_pieces_hold_each_row_once_and_in_order(groups: list[int], rows: int) -> None:
    seen: list[tuple[int, int]] = []
    for first, last, skip, count in store_columnar._cut(groups, rows):
        assert 0 < count <= rows
        within = [(group, row) for group in range(first, last + 1) for row in range(groups[group])]
        seen += within[skip : skip + count]
    assert seen == [(group, row) for group, size in enumerate(groups) for row in range(size)]


# What does the work.


def told(engine: Processes, perform: Any, tasks: list[Any]) -> list[Any]:
    steps: list[Any] = []
    found = engine.run(perform, tasks, steps.append)
    assert sorted(steps) == sorted(found)
    return sorted(found)


@pytest.mark.parametrize("count", [1, 3])
def test_every_task_is_done(count: int) -> None:
    assert told(Processes(count), columns.double, list(range(20))) == list(range(0, 40, 2))
    assert told(Processes(count), columns.double, []) == []


def test_a_lost_worker_loses_nothing(tmp_path: Path) -> None:
    tasks = [(str(tmp_path), number) for number in range(6)]
    assert told(Processes(2), columns.die_once, tasks) == list(range(0, 12, 2))


def test_a_task_that_costs_worker_after_worker_ends_the_job() -> None:
    with pytest.raises(Unreadable) as raised:
        Processes(2).run(columns.die, [1, 2], lambda _: None)
    assert raised.value.code == "job-worker"


@pytest.mark.parametrize("count", [1, 2])
def test_a_fault_is_told_by_its_class_and_no_content(count: int) -> None:
    with pytest.raises(RuntimeError) as raised:
        Processes(count).run(columns.fail, [1, 2], lambda _: None)
    assert str(raised.value) == "a worker failed: LookupError"
    assert raised.value.__cause__ is None
    assert not isinstance(raised.value, PratiqueError)


def test_an_engine_that_is_not_installed_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ExtraMissing) as raised:
        Spark("spark://nowhere:7077").run(columns.double, [1], lambda _: None)
    assert raised.value.extra == "dist"
