"""What a list costs a gateway does not depend on what it does not show: steps of SQLite and bytes, which repeat."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from benchmarks.gateway import BARE, Act, Page, asked_for, counted, fill, opened, show, timed
from pratique.store.gateway.mailbox import GatewayStore

SMALL, LARGE = 500, 2_000
SHOWN = 50


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, ...]:
    """Ask for pages and all of a short list and of a long one: first, last, everything of each."""
    rows = []
    with counted() as steps:
        for size in (SMALL, LARGE):
            folder = tmp_path_factory.mktemp("list")
            with opened(f"sqlite:///{folder}/list.sqlite") as store:
                fill(store, size)
                for page in (0, size // SHOWN - 1):
                    rows.append(asked_for(store, f"page={page}&pagesize={SHOWN}", steps, 1))
                rows.append(asked_for(store, "", steps, 1))
    return tuple(rows)


def test_a_page_takes_as_much_memory_of_a_long_list_as_of_a_short_one(
    asked: tuple[Page, ...],
) -> None:
    first, last, _, far_first, far_last, _ = asked
    assert {page.rows for page in (first, last, far_first, far_last)} == {SHOWN}
    for page in (last, far_first, far_last):
        assert page.peak == pytest.approx(first.peak, rel=0.2)


def test_a_first_page_takes_as_many_steps_of_a_long_list_as_of_a_short_one(
    asked: tuple[Page, ...],
) -> None:
    first, _, _, far_first, _, _ = asked
    assert far_first.steps == pytest.approx(first.steps, abs=200)


def test_the_whole_list_takes_steps_in_proportion_and_little_more_memory_than_its_bytes(
    asked: tuple[Page, ...],
) -> None:
    _, _, whole, _, _, far_whole = asked
    assert (whole.rows, far_whole.rows) == (SMALL, LARGE)
    assert far_whole.steps < 1.2 * LARGE / SMALL * whole.steps
    # As many rows at once for both; only the body is longer, and there twice when it is whole.
    assert far_whole.peak - whole.peak < 2.5 * (far_whole.size - whole.size)


def test_what_a_page_skips_is_stepped_over_in_an_index(tmp_path: Path) -> None:
    said: list[tuple[str, tuple[object, ...]]] = []

    def heard(*stated: object) -> None:
        _, _, statement, parameters, *_ = stated
        assert isinstance(statement, str)
        assert isinstance(parameters, tuple)
        said.append((statement, parameters))

    path = tmp_path / "list.sqlite"
    with opened(f"sqlite:///{path}") as store:
        fill(store, 200)
        event.listen(Engine, "before_cursor_execute", heard)
        try:
            rows = _skipped(store)
        finally:
            event.remove(Engine, "before_cursor_execute", heard)
    assert rows == 10
    ((statement, parameters),) = [each for each in said if "OFFSET" in each[0]]
    connection = sqlite3.connect(path)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()
    assert "SCAN entry USING COVERING INDEX entry_by_kid" in plan
    assert "SEARCH entry USING INTEGER PRIMARY KEY (rowid=?)" in plan


def test_what_an_upload_asks_for_takes_no_more_steps_where_a_country_has_many(
    tmp_path: Path,
) -> None:
    with counted() as steps, opened(f"sqlite:///{tmp_path}/list.sqlite") as store:
        fill(store, LARGE)
        with store.reading() as box:
            one = box.entries(country="XA", skip=LARGE // 2, most=1)[0]
            steps[0] = 0
            assert box.has_kid(one.kid, "XA")
            assert box.entry_of(one.thumbprint, "XA") == one
            assert not box.was_used("00")
            assert steps[0] <= 2
            # A control: to look at each of them is seen.
            assert len(box.entries(country="XA")) == LARGE
            assert steps[0] > 2


def _skipped(store: GatewayStore) -> int:
    with store.reading() as box:
        return len(box.entries(domain="DCC", shown_to="XA", skip=100, most=10))


def test_ways_take_turns_and_the_first_round_counts_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    turns: list[str] = []

    def way(name: str, _data: bytes) -> Act:
        return lambda: turns.append(name)

    ways = {name: partial(way, name) for name in (BARE, "way")}
    spent = timed(ways, lambda: b"", rounds=2, uploads=3)
    assert turns == ([BARE] * 3 + ["way"] * 3) * 3
    assert {name: [len(one) for one in rows] for name, rows in spent.items()} == {
        BARE: [3, 3],
        "way": [3, 3],
    }
    show("nothing", {BARE: [[0.001, 0.003]], "way": [[0.004, 0.004]]})
    assert capsys.readouterr().out.splitlines()[2].split() == ["way", "4.00", "4.00", "4.00", "2.00", "2.00"]  # fmt: skip
