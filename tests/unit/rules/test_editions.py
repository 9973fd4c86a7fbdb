"""Value sets have editions: a rule sees the one that is in force at the instant that is judged."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.assess import assess, claims_of_one
from pratique.decision import decide
from pratique.findings import Code, Colour
from pratique.rules import documents
from pratique.rules.documents import RuleDocument, arrived, beside, together
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from tests import travellers as t

MAKERS = "vaccines-covid-19-auth-holders"
IN_SET = {"in": [{"var": "payload.v.0.ma"}, {"var": f"external.valueSets.{MAKERS}"}]}
DAY = 86_400


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def dated(day: str, *codes: str, name: str = MAKERS) -> dict[str, object]:
    return {
        "valueSetId": name,
        "valueSetDate": day,
        "valueSetValues": {code: {"display": code, "active": True} for code in codes},
    }


EARLY, LATE = dated("2021-07-20", "ORG-1"), dated("2022-01-31", "ORG-1", "ORG-100030215")


def snapshot(*documents_: object, logic: object = IN_SET) -> Snapshot:
    found = documents.merged(map(documents.read, documents_))
    rules = [t.rule("VR-XU-0001", logic)]
    return t.snapshot(ruleset=Ruleset(rules, found.value_sets, editions=found.editions))


def colour(held: Snapshot, day: str) -> Colour:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    found = t.shown(t.dose("2021-06-01"), issued_at=1_620_000_000)
    return decide([found], snapshot=held, place=t.UTOPIA, at=at, look_ahead=False).colour


@pytest.mark.parametrize("order", list(permutations([EARLY, LATE])))
def test_the_edition_in_force_at_the_instant_decides(order: tuple[object, object]) -> None:
    held = snapshot(*order)
    assert colour(held, "2021-10-01") is Colour.RED
    assert colour(held, "2022-01-30") is Colour.RED
    assert colour(held, "2022-01-31") is Colour.GREEN


def test_before_its_first_edition_a_set_is_missing_and_named() -> None:
    held = snapshot(EARLY, LATE)
    claim = claims_of_one(t.shown(t.dose("2021-06-01")))[0]
    answer = assess(claim, held, t.UTOPIA, datetime(2021, 7, 1, tzinfo=UTC))
    told = {(finding.code, finding.where) for finding in answer.findings}
    assert told == {(Code.RULE_OPEN, "VR-XU-0001"), (Code.VALUE_SET_MISSING, MAKERS)}
    assert answer.outcomes[0].missing == (MAKERS,)


def test_green_begins_and_ends_with_an_edition() -> None:
    gone = dated("2022-03-10", "ORG-1")
    held = snapshot(EARLY, LATE, gone)
    code = decide([t.shown(t.dose("2021-06-01"))], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert code.from_ == second("2022-01-31")
    assert code.until == second("2022-03-10") - 1


def test_a_set_without_a_date_stands_at_all_times_until_a_dated_one_follows() -> None:
    undated = {MAKERS: ["ORG-100030215"]}
    assert colour(snapshot(undated), "2021-03-01") is Colour.GREEN
    followed = snapshot(undated, dated("2022-01-31", "ORG-1"))
    assert colour(followed, "2022-01-30") is Colour.GREEN
    assert colour(followed, "2022-01-31") is Colour.RED
    replaced = snapshot(EARLY, LATE, undated)
    assert replaced.ruleset.editions == {}
    assert colour(replaced, "2021-03-01") is Colour.GREEN


def test_editions_in_one_document() -> None:
    held = snapshot({"2021-07-20": {MAKERS: ["ORG-1"]}, "2022-01-31": {MAKERS: ["ORG-100030215"]}})
    assert colour(held, "2021-10-01") is Colour.RED
    assert colour(held, "2022-02-01") is Colour.GREEN


sets = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.one_of(st.none(), st.dates().map(str)),
        st.lists(st.sampled_from("123"), unique=True),
    ),
    max_size=6,
)


@given(sets)
def test_what_is_written_is_read_again(
    rows: list[tuple[str, str | None, list[str]]],
) -> None:
    read = [
        documents.read(dated(day, *codes, name=name) if day else {name: codes})
        for name, day, codes in rows
    ]
    found = documents.merged(read)
    ruleset = Ruleset([], found.value_sets, editions=found.editions)
    held = t.snapshot(ruleset=ruleset)
    assert Snapshot.from_bytes(held.to_bytes()).ruleset == ruleset
    if found.value_sets:
        again = documents.read(json.loads(json.dumps(documents.write_sets(found))))
        other = Ruleset([], again.value_sets, editions=again.editions)
        for at in (0, second("2021-01-01"), 253_402_214_400):
            assert {n: set(c) for n, c in other.sets_at(at).items()} == {
                n: set(c) for n, c in ruleset.sets_at(at).items()
            }


def test_a_snapshot_without_editions_has_no_member_for_them() -> None:
    assert b"editions" not in t.snapshot(ruleset=Ruleset([], {"a": ["1"]})).to_bytes()


def test_an_import_keeps_the_editions_that_were_held() -> None:
    def as_is(code: str) -> str:
        return code

    held = documents.merged([documents.read(EARLY)])
    found = beside(held, together([arrived(LATE, as_is)]))
    assert sorted(found.editions[MAKERS]) == [second("2021-07-20"), second("2022-01-31")]
    assert isinstance(found, RuleDocument)


def test_countries_are_always_there() -> None:
    logic = {"in": [{"var": "external.issuerCountryCode"},
                    {"var": "external.valueSets.country-2-codes"}]}  # fmt: skip
    assert colour(snapshot(logic=logic), "2022-02-01") is Colour.GREEN
    own = snapshot({"country-2-codes": ["FR"]}, logic=logic)
    assert colour(own, "2022-02-01") is Colour.RED


def test_a_maker_in_france_by_the_edition_of_the_day() -> None:
    """VR-FR-0009 as France published it: countries that one edition shut out, the next let in."""
    root = Path(__file__).resolve().parents[3].parent / "shared"
    root = Path(os.environ.get("PRATIQUE_SHARED", root))
    path, rules = root / "data/policy/valuesets.json", root / "corpora/business-rules/FR.json"
    if not (path.is_file() and rules.is_file()):
        pytest.skip(f"no policy data at {path}")
    published = documents.read(json.loads(path.read_bytes()))
    rows = [row.get("rule", row) for row in json.loads(rules.read_bytes())["rules"]]
    row = next(row for row in rows if row["Identifier"] == "VR-FR-0009")
    ruleset = Ruleset(
        documents.read([row]).rules,
        published.value_sets, editions=published.editions, compatible=True,
    )  # fmt: skip
    held = t.snapshot(ruleset=ruleset)
    early, late = published.editions[MAKERS].values()
    dose = t.dose("2021-08-01")._replace(manufacturer=min({*late} - {*early}))
    claim = claims_of_one(t.shown(dose))[0]
    results = {
        day: assess(claim, held, Destination("FR"), datetime.fromisoformat(day)).standing.value
        for day in ("2022-01-20T12:00:00+01:00", "2022-03-01T12:00:00+01:00")
    }
    assert list(results.values()) == ["failed", "passed"]
