"""A rule's envelope: what is refused, and where it says so."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.errors import DocumentRefused
from pratique.rules import rule
from pratique.rules.documents import merged, read, write
from tests import travellers as t

GOOD = write(t.rule("VR-XU-0001", {"===": [1, 1]}, Region="N"))


def codes(**fields: Any) -> list[tuple[str, str]]:
    document = {name: value for name, value in {**GOOD, **fields}.items() if value is not ...}
    return [(issue.where, issue.code) for issue in rule.issues(document)]


def test_a_good_rule_has_no_issues_and_reads_as_it_was_written() -> None:
    assert codes() == []
    assert write(rule.read(GOOD)) == GOOD


@pytest.mark.parametrize(
    ("fields", "issue"),
    [
        ({"Identifier": "VR-xu-0001"}, ("Identifier", "rule-field")),
        ({"Identifier": "TR-XU-0001"}, ("Identifier", "rule-prefix")),
        ({"Identifier": "VR-XA-0001"}, ("Country", "rule-country")),
        ({"Type": "Denial"}, ("Type", "rule-field")),
        ({"Version": "1.0"}, ("Version", "rule-field")),
        ({"CertificateType": ...}, ("CertificateType", "rule-field")),
        ({"ValidFrom": "1st of May"}, ("ValidFrom", "rule-time")),
        ({"ValidFrom": "2021-02-30T00:00:00Z"}, ("ValidFrom", "rule-time")),
        ({"ValidTo": "2021-01-01T00:00:00Z"}, ("ValidTo", "rule-time")),
        ({"Region": 1}, ("Region", "rule-field")),
        ({"Description": []}, ("Description", "rule-description")),
        ({"Description": [{"lang": "en"}]}, ("Description[0]", "rule-description")),
        ({"AffectedFields": []}, ("AffectedFields", "rule-field")),
        ({"Logic": True}, ("Logic", "rule-field")),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    fields: dict[str, Any], issue: tuple[str, str]
) -> None:
    assert codes(**fields) == [issue]
    with pytest.raises(DocumentRefused) as refused:
        rule.read({**GOOD, **{k: None if v is ... else v for k, v in fields.items()}})
    assert refused.value.code == issue[1]


@pytest.mark.parametrize(
    "rows",
    [
        [{"lang": "en", "desc": "short"}],
        [{"lang": "fr", "desc": "Une phrase assez longue, enfin."}],
    ],
)
def test_a_description_may_keep_from_publishing_and_not_from_reading(rows: Any) -> None:
    assert codes(Description=rows)
    assert rule.read({**GOOD, "Description": rows}).identifier == "VR-XU-0001"


@pytest.mark.parametrize("document", [None, 1, "x", {}, {"a": 1}, {"a": [1]}, {"rules": {}}, [1]])
def test_what_is_neither_rules_nor_value_sets_is_refused(document: object) -> None:
    with pytest.raises(DocumentRefused):
        read(document)


def test_each_form_of_document_is_read() -> None:
    for form in (GOOD, [GOOD], {"rules": [GOOD]}):
        assert [rule.name for rule in read(form).rules] == ["VR-XU-0001@1.0.0"]
    published = {"valueSetId": "mp", "valueSetValues": {"b": {}, "a": {}}}
    assert read(published).value_sets == {"mp": ["a", "b"]}
    assert read({"mp": ["b", "a"]}).value_sets == {"mp": ["b", "a"]}


def test_of_one_version_the_last_counts_and_regions_are_apart() -> None:
    later = {**GOOD, "Logic": {"===": [2, 2]}}
    country = {name: value for name, value in GOOD.items() if name != "Region"}
    found = merged([read([GOOD, country]), read(later)])
    assert len(found.rules) == 2
    assert {rule.region: rule.logic["==="] for rule in found.rules} == {"N": [2, 2], None: [1, 1]}
