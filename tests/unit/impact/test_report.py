"""The report says what rules do, of real rules and of small ones; and what it says is within its range."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pratique.impact import report, world
from pratique.impact.report import ImpactReport
from pratique.impact.traveller import Border
from pratique.rules import documents
from pratique.rules.build import build
from pratique.rules.policy import read_policy
from pratique.rules.ruleset import Destination, Ruleset
from pratique.terms import Kind
from tests import policy_lab
from tests.unit.impact.test_world import small

AT = datetime(2022, 3, 1, 12, tzinfo=UTC)
FORM: dict[str, Any] = {
    "country": "XU",
    "valid_from": datetime(2022, 1, 1, tzinfo=UTC),
    "valid_to": datetime(2030, 1, 1, tzinfo=UTC),
    "vaccination": {"products": ["Comirnaty"], "days_after": 14, "validity_days": 270},
    "test": {"naat_hours": 72},
    "recovery": {"from_day": 11, "until_day": 180},
    "exemption": {"accepted": True},
    "minors": {"exempt_below": 12},
}


def border(at: datetime = AT, **changes: Any) -> Border:
    form = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    rules = documents.read(build(read_policy(form))).rules
    return Border(Ruleset(rules), Destination("XU"), at)


def tables() -> world.World:
    """Return two places: one was offered Comirnaty for certain, the other Covishield."""
    rows = small()
    product = rows["products"][0]
    rows["products"] = [product | {"product": code} for code in ("EU/1/20/1528", "Covishield")]
    rows["eul"] = [
        {"product": code, "eul_date": "2021-01-01", "pq_date": "", "withdrawn": ""}
        for code in ("EU/1/20/1528", "Covishield")
    ]
    offer = rows["offer"][0]
    rows["offer"] = [
        offer | {"product": "EU/1/20/1528"}, offer | {"iso3": "XKX", "product": "Covishield"},
    ]  # fmt: skip
    return world.read(rows)


def assessed(**changes: Any) -> ImpactReport:
    return report.assess(border(**changes), tables())


def burden(of: ImpactReport, who: str) -> report.Burden:
    return next(one for one in of.burden if one.traveller.startswith(who))


def test_limits_are_found_by_asking() -> None:
    ways = {way.name: way for way in assessed().ways}
    assert ways["complete course"].limits == (14, 270)
    assert ways["booster"].limits == (14, 270)
    assert ways["naat"].limits == (1, 72)
    assert "rapid" not in ways
    assert ways["recovery"].limits == (11, 180)
    assert ways["exemption"].limits is None
    unlimited = assessed(
        vaccination={"products": ["Comirnaty"], "boosters_unlimited": True, "validity_days": 90}
    )
    assert {way.name: way.limits for way in unlimited.ways}["booster"] == (0, None)


@pytest.mark.parametrize("below", [0, 1, 5, 12, 18])
def test_the_age_below_which_nothing_is_demanded_is_found_by_asking(below: int) -> None:
    assert assessed(minors={"exempt_below": below}).exempt_below == below


def test_the_floor_is_kept_or_what_it_lacks_is_named() -> None:
    lacking = assessed()
    assert lacking.floor_missing == ("Covishield",)
    assert lacking.published is not None
    assert lacking.published.low.places == ("XKX",)
    assert lacking.with_floor is not None
    assert lacking.with_floor.high.countries == 0
    kept = assessed(vaccination={"products": ["Comirnaty", "Covishield"]})
    assert kept.floor_missing == ()
    assert "floor-missing" not in {caution.code for caution in kept.cautions}


def test_what_is_asked_of_whom() -> None:
    plain = assessed()
    assert burden(plain, "vaccinated with an accepted").is_free
    assert burden(plain, "vaccinated with a product").tests == 1
    assert burden(plain, "cannot be vaccinated").way == "exemption"
    assert burden(plain, "a child aged 5").way == "nothing"
    assert burden(plain, "a child aged 12").tests == 1
    alone = assessed(test=None, recovery=None, exemption=None, reason="because")
    assert burden(alone, "cannot be vaccinated").way == ""
    assert burden(alone, "neither") == report.Burden(
        "neither vaccinated nor recovered", "doses", 1, doses=2, days=14
    )
    codes = {caution.code for caution in alone.cautions}
    assert {"vaccination-only", "no-way"} <= codes
    assert not {"vaccination-only", "no-way"} & {caution.code for caution in plain.cautions}


def test_where_no_rule_is_in_force_nobody_is_told_that_anything_is_accepted() -> None:
    later = report.assess(border(datetime(2021, 3, 1, tzinfo=UTC)), tables())
    assert later.state == "no-rules"
    assert later.published is None
    assert later.ways == ()
    assert later.burden == ()
    assert {product.accepted for product in later.products} == {None}
    assert "no rule for vaccination certificates is in force" in report.headline(later)
    assert "no-rules" in {caution.code for caution in later.cautions}
    tests_only = assessed(vaccination=None)
    assert tests_only.published is not None
    assert tests_only.published.low.countries == 2
    assert tests_only.floor_missing == ()
    assert {way.kind for way in tests_only.ways} == {Kind.TEST, Kind.RECOVERY, Kind.EXEMPTION}


def test_what_changes_against_the_rules_before_is_told() -> None:
    wider = border(vaccination={"products": ["Comirnaty", "Covishield"], "days_after": 14})
    turned = report.assess(border(), tables(), wider).turned
    assert turned is not None
    assert (turned.come, turned.go) == ((), ("Covishield",))
    assert turned.loses.low.places == turned.loses.high.places == ("XKX",)
    assert turned.gains.high.countries == 0
    assert "gone: a complete course, last dose 14 days ago or longer" in turned.ways
    back = report.assess(wider, tables(), border()).turned
    assert back is not None
    assert back.gains.low.places == ("XKX",)
    same = report.assess(border(), tables(), border()).turned
    assert same is not None
    assert same.loses.high.countries == same.gains.high.countries == 0
    assert same.ways == ()


def test_a_narrower_list_gives_nobody_anything(corpora: Path) -> None:
    whole = policy_lab.whole(policy_lab.folder(corpora))
    narrow = border(vaccination={"products": ["Comirnaty", "Vaxzevria"]})
    wider = border(vaccination={"products": ["Comirnaty", "Vaxzevria", "Covishield"]})
    narrowed = report.assess(narrow, whole, wider).turned
    widened = report.assess(wider, whole, narrow).turned
    assert narrowed is not None
    assert widened is not None
    assert 0 < narrowed.loses.low.countries < narrowed.loses.high.countries
    assert narrowed.gains.high.countries == widened.loses.high.countries == 0
    assert widened.gains == narrowed.loses


def test_whose_doses_a_shorter_limit_strikes_out_is_told(corpora: Path) -> None:
    whole = policy_lab.whole(policy_lab.folder(corpora))
    at = datetime(2022, 3, 1, 12, tzinfo=UTC)
    longer = {"products": ["Comirnaty", "CoronaVac"], "validity_days": 540}
    shorter = {**longer, "validity_days": 180}
    turned = report.assess(
        border(at, vaccination=shorter), whole, border(at, vaccination=longer)
    ).turned
    assert turned is not None
    assert turned.lost.people[1] > 50_000_000
    assert turned.lost.people[0] <= turned.lost.people[1]
    assert turned.gained.groups == ()
    # No product goes: no country loses what it is offered, and yet people turn RED.
    assert turned.loses.high.countries == 0
    assert {group.products for group in turned.lost.groups} == {("CoronaVac", "EU/1/20/1528")}


def test_the_end_of_validity_and_the_cliffs_are_in_the_report(corpora: Path) -> None:
    whole = policy_lab.whole(policy_lab.folder(corpora))
    at = datetime(2022, 9, 1, 12, tzinfo=UTC)
    ends = {"valid_to": datetime(2022, 10, 1, tzinfo=UTC)}
    found = report.assess(border(at, **ends), whole)
    assert found.expiry is not None
    assert found.expiry.days == 270
    assert "expiry-over-bound" in {caution.code for caution in found.cautions}
    assert [cliff.day for cliff in found.cliffs] == [date(2022, 10, 1)]
    assert "cliff" in {caution.code for caution in found.cautions}
    document = report.to_json(found)
    assert document["expiry"]["median"] == round(found.expiry.median, 4)
    assert document["cliffs"][0]["day"] == "2022-10-01"
    unlimited = report.assess(border(at, vaccination={"products": ["Comirnaty"]}), whole)
    assert unlimited.expiry is None
    assert not {"expiry-over-bound", "cliff"} & {caution.code for caution in unlimited.cautions}


def test_the_order_of_rules_changes_nothing() -> None:
    rules = list(documents.read(build(read_policy(FORM))).rules)
    first = report.to_json(report.assess(border(), tables()))
    Random(17).shuffle(rules)
    again = Border(Ruleset(rules), Destination("XU"), AT)
    assert report.to_json(report.assess(again, tables())) == first


def test_of_those_who_are_vaccinated_it_is_told_how_many_have_nothing_accepted(
    corpora: Path,
) -> None:
    real = policy_lab.border(corpora, "LU", "2022-03-01", "2022-01-31")
    whole = policy_lab.whole(policy_lab.folder(corpora))
    people = report.assess(real, whole).vaccinated
    assert people is not None
    # China alone has 1.2 billion, of 4.4 billion in the world; the world's sum is told in the data's own page.
    assert 4.2e9 < people.people < 4.6e9
    assert 1.2e9 < people.low <= people.high < 2.5e9
    assert assessed().vaccinated is None


def test_of_real_rules_the_headline_is_the_example_of_the_data(corpora: Path) -> None:
    real = policy_lab.border(corpora, "LU", "2022-03-01", "2022-01-31")
    whole = policy_lab.whole(policy_lab.folder(corpora))
    text = report.headline(report.assess(real, whole))
    assert "18 to 28 countries and territories (40 to 44 % of mankind)" in text
    assert "With WHO's list as a floor it would be 2 to 3" in text


def test_the_report_is_json_and_names_its_data() -> None:
    document = report.to_json(assessed())
    read = json.loads(json.dumps(document))
    assert read == document
    assert set(read["data"]) == {"name", "version", "digest", "ends"}
    assert read["shut_out"]["low"]["places"] == ["XKX"]


def test_what_lies_after_the_end_of_the_data_is_told() -> None:
    world = tables()
    assert world.ends == date(2021, 3, 28)
    for day, is_told in ((28, False), (29, True)):
        at = datetime(2021, 3, day, 12, tzinfo=UTC)
        rules = border(at, valid_from=datetime(2021, 1, 1, tzinfo=UTC))
        codes = {caution.code for caution in report.assess(rules, world).cautions}
        assert ("data-ended" in codes) is is_told


@pytest.mark.parametrize(
    ("numbers", "said"), [((1, 1, 300), "0.3 %"), ((40, 44, 100), "40 to 44 %"), ((0, 0, 0), "0 %")]
)
def test_shares_are_said_as_a_range(numbers: tuple[int, int, int], said: str) -> None:
    assert report.share(*numbers) == said


def test_the_end_of_validity_is_weighed_by_the_doses_of_the_day(corpora: Path) -> None:
    whole = policy_lab.whole(policy_lab.folder(corpora))
    at = datetime(2022, 9, 1, 12, tzinfo=UTC)
    weighed = report.assess(border(at), whole)
    reference = policy_lab.expected(policy_lab.folder(corpora))["expiry"][1]
    assert (reference["at"], reference["days"]) == ("2022-09-01", 270)
    assert weighed.expiry is not None
    assert weighed.expiry.days == 270
    assert round(weighed.expiry.median, 3) == reference["median"]
    codes = [caution.code for caution in weighed.cautions]
    assert "expiry-over-bound" in codes
    document = report.to_json(weighed)
    assert document["expiry"]["lapsed_people"] == reference["lapsed_people"]
    unlimited = {"products": ["Comirnaty"], "days_after": 14}
    assert report.assess(border(at, vaccination=unlimited), whole).expiry is None


def test_a_day_on_which_all_rules_end_is_a_cliff(corpora: Path) -> None:
    whole = policy_lab.whole(policy_lab.folder(corpora))
    ending = report.assess(border(valid_to=datetime(2022, 6, 1, tzinfo=UTC)), whole)
    cliff = report.to_json(ending)["cliffs"][0]
    assert cliff["day"] == "2022-06-01"
    assert 0 < cliff["people"]["low"] < 1_000_000 < cliff["people"]["high"]
    assert "USA" in cliff["places"]
    assert not report.assess(border(), whole).cliffs
