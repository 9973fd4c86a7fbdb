"""The tables are read whole, or refused with the place of the fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.impact import world
from pratique.impact.world import Uptake, World, at_day

Tables = dict[str, list[dict[str, str]]]


def small() -> Tables:
    """Return tables of two places and two products."""
    place = {"population": "1000", "counted_in": "", "who_region": "EURO", "income_group": "H"}
    offer = {"from": "2021-02-01", "earliest": "2021-01-01", "group": "", "source": "test"}
    product = {
        "name": "Vaccine", "manufacturer": "ORG-1", "primary_doses": "2", "prophylaxis_2021": "1119349007",
        "eu_code_since": "2021-06-16",
    }  # fmt: skip
    return {
        "world": [
            {"iso2": "NA", "iso3": "NAM", "name": "Namibia"} | place,
            {"iso2": "XK", "iso3": "XKX", "name": "Kosovo"} | place | {"population": "", "income_group": ""},
        ],
        "offer": [{"iso3": "NAM", "product": "A", "certainty": "sure"} | offer],
        "doses": [
            {"iso3": "NAM", "date": "2021-03-28", "doses": "10", "at_least_one": "8", "first_course": "", "booster": ""},
            {"iso3": "NAM", "date": "2021-02-28", "doses": "4", "at_least_one": "4", "first_course": "0", "booster": ""},
        ],
        "eul": [{"product": "A", "eul_date": "2021-01-01", "pq_date": "2020-12-31", "withdrawn": ""}],
        "products": [{"product": "A"} | product, {"product": "B"} | product | {"eu_code_since": ""}],
    }  # fmt: skip


def test_what_is_told_is_read() -> None:
    read = world.read(small())
    assert read.by_iso2["NA"].name == "Namibia"
    assert read.places["XKX"].people == 0
    assert read.places["XKX"].income == "-"
    assert read.vaccines["A"].listed == date(2020, 12, 31)
    assert not read.vaccines["B"].has_code(date(2030, 1, 1))
    assert [row.day.month for row in read.uptake["NAM"]] == [2, 3]
    assert read.products_of("NAM", date(2020, 12, 31)) == frozenset()
    assert read.products_of("NAM", date(2021, 1, 1)) == {"A"}


def test_a_listing_that_ended_is_no_floor() -> None:
    tables = small()
    tables["eul"][0]["withdrawn"] = "2022-01-01"
    read = world.read(tables)
    assert read.floor(date(2021, 12, 31)) == {"A"}
    assert read.floor(date(2022, 1, 1)) == frozenset()


def cell(table: str, row: int, **values: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table][row] |= values

    return change


FAULTS: list[tuple[Callable[[Tables], object], str, str]] = [
    (lambda tables: tables.pop("doses"), "table", "doses"),
    (lambda tables: tables["offer"][0].pop("group"), "table", "group"),
    (cell("world", 0, population="many"), "value", "world, row 2"),
    (cell("world", 1, iso3="NAM"), "double", "NAM"),
    (cell("world", 1, iso2="NA"), "double", "NA"),
    (cell("world", 1, counted_in="ZZZ"), "unknown", "world, row 3"),
    (cell("world", 0, name="a\x1b[2J"), "value", "name"),
    (cell("offer", 0, product="C"), "unknown", "offer, row 2"),
    (cell("offer", 0, iso3="ZZZ"), "unknown", "offer, row 2"),
    (cell("offer", 0, earliest="2021-03-01"), "value", "earliest"),
    (cell("offer", 0, certainty="perhaps"), "value", "offer, row 2"),
    (cell("offer", 0, certainty="either"), "value", "group"),
    (cell("offer", 0, group="g"), "value", "group"),
    (cell("doses", 0, date="2021-13-01"), "value", "doses, row 2"),
    (cell("doses", 0, date=""), "value", "doses, row 2"),
    (cell("doses", 0, date="2021-02-28"), "double", "NAM"),
    (cell("doses", 0, iso3="ZZZ"), "unknown", "doses, row 2"),
    (cell("eul", 0, product="C"), "unknown", "eul, row 2"),
    (cell("products", 0, primary_doses="0"), "value", "products, row 2"),
    (cell("products", 1, product="A"), "double", "A"),
]


@pytest.mark.parametrize(("change", "code", "said"), FAULTS, ids=range(len(FAULTS)))
def test_a_table_with_a_fault_is_refused_with_its_place(
    change: Callable[[Tables], object], code: str, said: str
) -> None:
    tables = small()
    change(tables)
    with pytest.raises(DocumentRefused) as refused:
        world.read(tables)
    assert refused.value.code == f"policy-data-{code}"
    assert said in refused.value.message
    assert "\x1b" not in refused.value.message


TABLE, COLUMN = st.sampled_from(world.TABLES), st.integers(0, 10)


@given(st.lists(st.tuples(TABLE, st.integers(0, 1), COLUMN, st.text()), max_size=3))
def test_whatever_stands_in_a_table_it_is_read_or_refused(
    changes: list[tuple[str, int, int, str]],
) -> None:
    tables = small()
    for name, row, column, value in changes:
        rows = tables[name]
        columns = list(rows[0])
        rows[row % len(rows)][columns[column % len(columns)]] = value
    # Whatever else it raised would fail the test.
    with suppress(DocumentRefused):
        assert isinstance(world.read(tables), World)


def test_between_two_days_a_straight_line_is_drawn_and_nothing_outside() -> None:
    rows = [
        Uptake(date(2021, 1, 1), 10, None, None, None),
        Uptake(date(2021, 1, 11), 20, None, None, None),
    ]
    days = {day: at_day(rows, lambda row: row.doses, date(2021, 1, day)) for day in (1, 4, 11, 12)}
    assert days == {1: 10, 4: 13, 11: 20, 12: None}
    assert at_day(rows, lambda row: row.booster, date(2021, 1, 4)) is None
