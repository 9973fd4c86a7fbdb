"""Rules as they arrive: one that cannot be asked is OPEN for what it concerns, and costs no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cli.main import pratique
from pratique.errors import DocumentRefused
from pratique.rules import documents, rule
from pratique.rules.documents import ImportedRules, RuleDocument, arrived, beside, together
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import Kind
from pratique.trust import countries
from tests import travellers as t

TRUE = {"===": [1, 1]}
AT = int(datetime(2022, 3, 1, tzinfo=UTC).timestamp())
DATA: dict[str, Any] = {"payload": {}, "external": {"valueSets": {}}}


def written(identifier: str = "VR-XU-0001", logic: Any = TRUE, **fields: Any) -> dict[str, Any]:
    """Write a good rule, but for some fields; None leaves one out."""
    found = {**documents.write(t.rule(identifier, TRUE)), "Logic": logic, **fields}
    return {name: value for name, value in found.items() if value is not None}


def read(*rows: Any) -> ImportedRules:
    return arrived(list(rows), countries.place)


def said(
    found: ImportedRules, country: str = "XU", kind: Kind = Kind.VACCINATION, at: int = AT,
    issuer: str = "XA",
) -> dict[str, Result]:  # fmt: skip
    """Return what the rules say, after a way through a snapshot's document."""
    rows = json.loads(json.dumps([documents.write(one) for one in found.rules]))
    held = documents.ruleset_of(rows, {}, compatible=False)
    assert held == Ruleset(found.rules, hold_open=True)
    chosen = held.select(Destination(country), issuer, kind, at)
    return {one.rule.identifier: one.result for one in held.assess(chosen, DATA)}


BAD: dict[str, dict[str, Any]] = {
    "an unknown variable": {"Logic": {"===": [{"var": "external.moon"}, 1]}},
    "an unknown operator": {"Logic": {"xor": [1, 1]}},
    "no expression": {"Logic": "yes"},
    "no logic": {"Logic": None},
    "an empty logic": {"Logic": {}},
    "too much": {"Logic": {"in": [1, [1] * 1_000]}},
    "no start": {"ValidFrom": None},
    "a date that is none": {"ValidFrom": "2021-02-30T00:00:00Z"},
    "words for a date": {"ValidTo": "until further notice"},
    "an end before its start": {"ValidTo": "2020-01-01T00:00:00Z"},
    "no country": {"Country": None},
    "another country": {"Country": "XV"},
    "a country's name": {"Country": "Utopia"},
    "no type": {"Type": None},
    "an unknown type": {"Type": "Denial"},
    "another type": {"Type": "Invalidation"},
    "no kind": {"CertificateType": None},
    "another kind": {"CertificateType": "Test"},
    "no version": {"Version": None},
    "half a version": {"Version": "2"},
    "no engine": {"Engine": None},
    "no description": {"Description": None},
    "no fields": {"AffectedFields": []},
    "a region that is none": {"Region": ["N"]},
    "an identifier of no form": {"Identifier": "VR-XU-1"},
    "no identifier": {"Identifier": None},
    "a list for an identifier": {"Identifier": ["VR-XU-0001"]},
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_one_bad_rule_is_open_and_the_others_are_held(fields: dict[str, Any]) -> None:
    broken = {name: value for name, value in {**written(), **fields}.items() if value is not None}
    found = read(written("VR-XU-0002"), broken, written("TR-XU-0003"))
    bad = [one for one in found.rules if one.fault]
    assert bad
    assert [remark.held for remark in found.remarks] == [True]
    results = said(found)
    assert results.pop("VR-XU-0002") is Result.PASSED
    assert set(results.values()) == {Result.OPEN}


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_whatever_is_broken_no_certificate_passes_that_it_may_concern(data: st.DataObject) -> None:
    broken = written()
    names = data.draw(st.sets(st.sampled_from(sorted(broken)), min_size=1, max_size=5))
    junk = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
    for name in sorted(names):
        broken[name] = data.draw(junk, name)
    found = read(broken, written("VR-XU-0002"))
    results = said(found)
    assert results["VR-XU-0002"] is Result.PASSED
    if found.remarks:
        assert Result.OPEN in results.values()
    else:
        # What was changed is nothing that a rule needs to be read: it is as good as it was.
        assert results["VR-XU-0001"] is Result.PASSED


def test_what_can_be_read_of_it_says_whom_it_concerns() -> None:
    bad = {"===": [{"var": "external.moon"}, 1]}
    found = read(written("TR-XU-0001", bad, ValidTo="2022-06-01T00:00:00Z"), written("VR-XU-0002"))
    assert said(found) == {"VR-XU-0002": Result.PASSED}
    assert said(found, kind=Kind.TEST) == {"TR-XU-0001": Result.OPEN}
    assert said(found, kind=Kind.TEST, at=AT + 200 * 86_400) == {}
    assert said(found, country="XV", kind=Kind.TEST) == {}


def test_where_name_and_country_disagree_it_is_open_for_both() -> None:
    found = read(written("VR-XW-0001", Country="XV"))
    assert said(found, country="XV") == said(found, country="XW") == {"VR-XW-0001": Result.OPEN}


def test_where_nothing_names_a_country_it_is_open_for_those_of_its_file() -> None:
    lost = written(Identifier=None, Country=None)
    found = read(lost, written("VR-XU-0002"), written("VR-XV-0002"))
    assert Result.OPEN in said(found).values()
    assert Result.OPEN in said(found, country="XV").values()
    alone = read(lost, {"colour": ["red"]})
    assert (alone.rules, [one.held for one in alone.remarks]) == ((), [False])


def test_an_issuers_invalidation_that_cannot_be_asked_is_open_too() -> None:
    found = read(written("IR-XA-0001", {"xor": []}, Type=None, CertificateType="General"))
    assert said(found) == {"IR-XA-0001": Result.OPEN}


def test_a_rule_that_is_there_twice_counts_once_or_is_open() -> None:
    one, other = written(), written(logic={"===": [1, 2]})
    assert together([read(one, one)]).remarks == ()
    assert said(together([read(one, one)])) == {"VR-XU-0001": Result.PASSED}
    for parts in ([read(one, other)], [read(one), read(other)], [read(other), read(one)]):
        found = together(parts)
        assert [remark.issue.code for remark in found.remarks] == ["rule-twice"]
        assert said(found) == {"VR-XU-0001": Result.OPEN}


def test_a_mended_rule_takes_the_place_of_the_bad_one() -> None:
    for fields in BAD.values():
        if "Identifier" in fields or "Country" in fields or fields.get("Type") == "Invalidation":
            continue
        bad = read({**written(), **fields})
        held = beside(beside(RuleDocument(), bad), read(written()))
        assert [one.fault for one in held.rules] == [""]
        # And the other way round: the state's last word counts.
        again = beside(RuleDocument(read(written()).rules), bad)
        assert said(ImportedRules(again.rules)) == {"VR-XU-0001": Result.OPEN}


def test_a_country_is_found_by_its_two_letters_however_it_was_written() -> None:
    found = read(written("VR-DEU-0001"))
    assert found.remarks == ()
    assert said(found, country="DE") == {"VR-DEU-0001": Result.PASSED}


@pytest.mark.parametrize(
    "document", [None, 1, "x", [], {}, [1, None], {"a": 1}, [{"identifier": "x", "hash": "y"}]]
)
def test_what_holds_nothing_of_ours_is_refused(document: object) -> None:
    with pytest.raises(DocumentRefused):
        arrived(document, countries.place)


def test_what_is_no_rule_beside_rules_is_told_and_value_sets_are_taken() -> None:
    sets = {"valueSetId": "vaccines", "valueSetValues": {"b": {}, "a": {}}}
    found = read(None, sets, written(), {"x": ["y"]})
    assert [(remark.name, remark.held) for remark in found.remarks] == [("entry 1", False)]
    assert found.value_sets == {"vaccines": ["a", "b"], "x": ["y"]}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2021-06-01T00:00:00+02:00", "2021-05-31T22:00:00Z"),
        ("2021-06-01T00:00:00+0200", "2021-05-31T22:00:00Z"),
        ("2021-06-01T00:00:00+02", "2021-05-31T22:00:00Z"),
        ("2021-06-01T00:00:00-00:00", "2021-06-01T00:00:00Z"),
        ("2021-06-01T00:00:00", "2021-06-01T00:00:00Z"),
        ("2021-06-01 00:00:00Z", "2021-06-01T00:00:00Z"),
        ("2021-06-01t00:00z", "2021-06-01T00:00:00Z"),
        ("2021-06-01T00:00:00.0Z", "2021-06-01T00:00:00Z"),
        ("2021-06-01T00:00:00.123456789012+02:00", "2021-05-31T22:00:00Z"),
        ("2021-06-01T00:00:00,5Z", "2021-06-01T00:00:00Z"),
        ("2021-06-01", "2021-06-01T00:00:00Z"),
        (" 2021-06-01T00:00:00Z ", "2021-06-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"),
    ],
)
def test_instants_are_read_as_states_write_them(text: str, same: str) -> None:
    assert rule.instant(text) == rule.instant(same)
    found = read(written(ValidFrom=text) if text[:1] != "9" else written(ValidTo=text))
    assert found.remarks == ()
    (held,) = found.rules
    assert same in {documents.write(held)["ValidFrom"], documents.write(held)["ValidTo"]}


@pytest.mark.parametrize(
    "text",
    ["", "2021", "2021-13-01", "01.06.2021", "2021-06-01T25:00:00Z", "2021-06-01T00:00:00+99:00",
     "２０２１-06-01", "2021-06-01T00:00:00CET", 1622505600, None, ["2021-06-01"]],  # noqa: RUF001
)  # fmt: skip
def test_what_is_no_instant_is_none(text: object) -> None:
    assert rule.instant(text) is None


def test_a_rule_until_a_day_is_in_force_on_that_day() -> None:
    (held,) = read(written(ValidTo="2022-06-30")).rules
    assert documents.write(held)["ValidTo"] == "2022-07-01T00:00:00Z"


def test_odd_spellings_keep_from_publishing_alone() -> None:
    document = written(ValidFrom="2021-06-01T00:00:00.000Z")
    assert [issue.code for issue in rule.issues(document)] == ["rule-time-spelling"]
    assert rule.hindrances(document) == []


def test_a_fault_of_a_strangers_own_is_no_fault() -> None:
    (held,) = read(written(Fault="rule-time")).rules
    assert held.fault == ""
    with pytest.raises(DocumentRefused):
        documents.ruleset_of([written(Fault="x")], {}, compatible=False)


def test_an_import_says_what_is_open_and_what_would_ask_it(tmp_path: Path) -> None:
    birth = written("VR-XU-0001", {"===": [{"var": "payload.dob"}, "1980-02-03"]})
    bad, good = written("VR-XU-0002", {"xor": []}), written("VR-XU-0003")
    (tmp_path / "rules.json").write_text(json.dumps([birth, bad, good]))

    def imported(*words: str) -> tuple[int, str, str]:
        words = ("rules", "import", str(tmp_path / "rules.json"), "--home", str(tmp_path), *words)
        done = CliRunner().invoke(pratique, list(words), standalone_mode=False)
        assert done.exception is None
        return done.return_value or 0, done.stdout, done.stderr

    code, out, err = imported()
    assert (code, "3 rules and 0 value sets read" in out) == (3, True)
    assert "2 rules are open" in err
    assert "open: rules.json: VR-XU-0002 (entry 2): Logic: there is no such operator" in err
    assert "open: VR-XU-0001@1.0.0: Logic['==='][0]['var']: payload.dob" in err
    assert "hint: --allow-extra-variables" in err
    code, _, err = imported("--compatible")
    assert (code, "1 rule is open" in err, "--compatible" in err) == (3, True, False)
