"""The gateway's page in the handbook has the scenarios that the tests play, each of them, and no other."""

from __future__ import annotations

from tests.journeys import gateway_table
from tests.journeys.gateway_table import BEGIN, HEADINGS, PAGE


def test_the_page_has_the_tests_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == gateway_table.rendered(page), gateway_table.HINT


def test_each_case_is_one_row() -> None:
    _, _, tables = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    rows = [line for line in tables.splitlines() if line.startswith("|")]
    assert len(rows) == sum(len(suite.cases) + 2 for suite, _, _ in HEADINGS)
    assert all(line.count("|") == 6 for line in rows)


def test_no_two_cases_have_one_name() -> None:
    for suite, _, _ in HEADINGS:
        names = [case.name for case in suite.cases]
        assert len(names) == len(set(names)), suite.name


def test_a_page_that_differs_in_one_answer_is_seen() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert gateway_table.rendered(page.replace("`409 0x002`", "`201`")) != page.replace(
        "`409 0x002`", "`201`"
    )
