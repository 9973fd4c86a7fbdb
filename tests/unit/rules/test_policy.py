"""The form, the rules that are built from it, and that they say the same."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.rules import policy as rules_policy
from pratique.rules.build import build
from pratique.rules.cases import judge
from pratique.rules.lint import Terms, lint
from pratique.rules.policy import Policy, read_policy
from pratique.rules.rule import read
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.terms import ALL_KINDS, Kind
from tests.unit.rules.written import ROOT, utopia

START, END = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)
HEAD: dict[str, Any] = {"country": "XU", "valid_from": START, "valid_to": END}
SETS = {rules_policy.DEVICES: ["1232"]}
OTHER_DISEASE = "55735004"


def form(**sections: Any) -> dict[str, Any]:
    return {**HEAD, "exemption": {"accepted": True}, **sections}


def test_the_example_is_what_its_form_builds() -> None:
    text = (ROOT / "examples/policy-utopia.toml").read_text(encoding="utf-8")
    assert build(read_policy(tomllib.loads(text))) == utopia()


def test_who_listing_and_names_and_codes_name_products() -> None:
    named = {"who_eul": True, "products": ["comirnaty", "Sputnik V", "EU/1/20/1528"]}
    policy = read_policy(form(vaccination=named))
    assert policy.vaccination is not None
    assert policy.vaccination.products == (*rules_policy.WHO_EUL, "Sputnik-V")
    assert len(set(rules_policy.WHO_EUL)) == 12


def test_every_product_of_the_listing_has_a_name() -> None:
    assert set(rules_policy.WHO_EUL) <= set(rules_policy.PRODUCTS)
    assert set(rules_policy.OTHER_NAMES.values()) <= set(rules_policy.PRODUCTS)


def test_a_date_is_its_midnight_in_utc() -> None:
    policy = read_policy(form(valid_from=date(2026, 12, 1)))
    assert policy.valid_from == START


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"contry": "XU"}, "contry"),
        ({"country": "Utopia"}, "country"),
        ({"country": None}, "country"),
        ({"valid_from": datetime(2026, 12, 1)}, "valid_from"),  # noqa: DTZ001
        ({"valid_to": START}, "valid_to"),
        ({"version": "1"}, "version"),
        ({"vaccination": {}}, "vaccination.products"),
        ({"vaccination": {"products": ["Comirnatty"]}}, "vaccination.products"),
        ({"vaccination": {"products": [1]}}, "vaccination.products"),
        ({"vaccination": {"who_eul": "yes"}}, "vaccination.who_eul"),
        ({"vaccination": {"who_eul": True, "days_aftr": 14}}, "vaccination.days_aftr"),
        ({"vaccination": {"who_eul": True, "days_after": -1}}, "vaccination.days_after"),
        ({"vaccination": {"who_eul": True, "days_after": True}}, "vaccination.days_after"),
        (
            {"vaccination": {"who_eul": True, "days_after": 14, "validity_days": 14}},
            "vaccination.validity_days",
        ),
        ({"test": {}}, "test"),
        ({"test": {"naat_hours": 72, "results": ["negative"]}}, "test.results"),
        ({"recovery": {"from_day": 11, "until_day": 11}}, "recovery.until_day"),
        ({"minors": {"exempt_below": 99}}, "minors.exempt_below"),
        ({"text": {"de": {"wating": "Eine Frist gilt."}}}, "text.de.wating"),
        ({"exemption": None}, "nothing"),
        ({"exemption": None, "vaccination": {"who_eul": True}}, "other than vaccination"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_its_place(wrong: dict[str, Any], place: str) -> None:
    filled = {name: value for name, value in form(**wrong).items() if value is not None}
    with pytest.raises(DocumentRefused, match=place):
        read_policy(filled)


def test_vaccination_alone_needs_a_reason_that_travellers_are_told() -> None:
    alone = {**HEAD, "vaccination": {"who_eul": True}, "reason": "yellow fever is about"}
    rules = build(read_policy(alone))
    assert lint(rules).errors
    assert lint(rules, Terms(reason="yellow fever is about")).errors == 0
    assert "yellow fever is about" in json.dumps(rules)


def test_further_languages_stand_beside_english() -> None:
    texts = {"de": {"exemption": "Die Befreiung gilt am Tag der Einreise."}}
    rules = build(read_policy(form(text=texts)))
    (exempt,) = (rule for rule in rules if rule["Identifier"] == "ER-XU-0001")
    assert [row["lang"] for row in exempt["Description"]] == ["en", "de"]


# The form itself, read by other eyes: what the rules must come to.


def admits(
    policy: Policy, kind: Kind, facts: dict[str, Any], age: int | None, at: datetime
) -> bool:
    """Judge facts by the form, without any rule."""
    if age is not None and age < policy.minors_below:
        return True
    if facts["tg"] != policy.disease:
        return False
    if kind is Kind.VACCINATION:
        return _vaccinated(policy, facts, at)
    if kind is Kind.TEST:
        return _tested(policy, facts, at)
    if kind is Kind.RECOVERY:
        terms = policy.recovery
        return terms is not None and terms.from_day <= ago(facts["fr"], at) <= terms.until_day
    begins, ends = facts.get("df"), facts.get("du")
    in_force = (begins is None or ago(begins, at) >= 0) and (ends is None or ago(ends, at) <= 0)
    return policy.exemption and in_force


def _vaccinated(policy: Policy, facts: dict[str, Any], at: datetime) -> bool:
    terms = policy.vaccination
    if terms is None or facts["mp"] not in terms.products:
        return False
    if terms.doses_complete and facts["dn"] < facts["sd"]:
        return False
    days = ago(facts["dt"], at)
    if days < terms.days_after:
        return False
    booster = facts["dn"] > 2 or facts["dn"] > facts["sd"]
    if terms.validity_days is None or (terms.boosters_unlimited and booster):
        return True
    return days <= terms.validity_days


def _tested(policy: Policy, facts: dict[str, Any], at: datetime) -> bool:
    terms = policy.test
    if terms is None or facts["tr"] not in terms.results:
        return False
    hours = {rules_policy.NAAT: terms.naat_hours, rules_policy.RAPID: terms.rapid_hours}.get(
        facts["tt"]
    )
    if not hours:
        return False
    if (
        facts["tt"] == rules_policy.RAPID
        and terms.rapid_listed
        and facts["ma"] not in SETS[rules_policy.DEVICES]
    ):
        return False
    age = at - datetime.fromisoformat(facts["sc"])
    return timedelta() <= age <= timedelta(hours=hours)


def ago(day: str, at: datetime) -> int:
    return (at.date() - date.fromisoformat(day)).days


numbers = st.integers(0, 40)
vaccinations = st.fixed_dictionaries(
    {"products": st.lists(st.sampled_from(sorted(rules_policy.PRODUCTS)), min_size=1, max_size=4)},
    optional={
        "doses_complete": st.booleans(),
        "days_after": numbers,
        "validity_days": st.integers(41, 60),
        "boosters_unlimited": st.booleans(),
    },
)
tests = st.fixed_dictionaries(
    {"naat_hours": st.integers(1, 96)},
    optional={
        "rapid_hours": st.integers(1, 96),
        "rapid_listed": st.booleans(),
        "results": st.sampled_from([["not detected"], ["detected"], ["detected", "not detected"]]),
    },
)
recoveries = st.fixed_dictionaries({"from_day": numbers, "until_day": st.integers(41, 60)})
forms = st.fixed_dictionaries(
    {},
    optional={
        "vaccination": vaccinations,
        "test": tests,
        "recovery": recoveries,
        "exemption": st.just({}),
        "minors": st.fixed_dictionaries({"exempt_below": st.integers(0, 20)}),
        "disease": st.sampled_from([rules_policy.DISEASE, OTHER_DISEASE]),
    },
).filter(lambda filled: filled.keys() & {"test", "recovery", "exemption"})


@st.composite
def arrivals(draw: st.DrawFn, policy: Policy) -> tuple[Kind, dict[str, Any], int | None, datetime]:
    """Draw facts that lie around the form's thresholds, and an instant of arrival."""
    at = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(
        seconds=draw(st.sampled_from([0, 1, 43_200, 86_399]))
    )
    tg = draw(st.sampled_from([policy.disease, policy.disease, OTHER_DISEASE]))
    day = st.integers(-2, 62).map(lambda days: (at.date() - timedelta(days=days)).isoformat())
    kind = draw(st.sampled_from(sorted(ALL_KINDS)))
    facts: dict[str, Any]
    if kind is Kind.VACCINATION:
        products = policy.vaccination.products if policy.vaccination else ("Abdala",)
        mp = draw(st.sampled_from([*products, "Covaxin", "unknown"]))
        facts = {"mp": mp, "dn": draw(st.integers(0, 4)), "sd": draw(st.integers(1, 3))}
        facts |= {"dt": draw(day)}
    elif kind is Kind.TEST:
        hours = draw(st.integers(-2, 98))
        taken = at - timedelta(hours=hours, seconds=draw(st.integers(-1, 1)))
        facts = {
            "tt": draw(st.sampled_from([rules_policy.NAAT, rules_policy.RAPID, "other"])),
            "tr": draw(
                st.sampled_from([rules_policy.NOT_DETECTED, rules_policy.DETECTED, "other"])
            ),
            "ma": draw(st.sampled_from(["1232", "9999"])),
            "sc": taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    elif kind is Kind.RECOVERY:
        facts = {"fr": draw(day)}
    else:
        facts = dict(draw(st.fixed_dictionaries({}, optional={"df": day, "du": day})))
    age = draw(st.none() | st.integers(0, 25))
    return kind, {"tg": tg, **facts}, age, at


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_rules_say_what_the_form_says(data: st.DataObject) -> None:
    policy = read_policy({**HEAD, **data.draw(forms)})
    ruleset = Ruleset(map(read, build(policy)), SETS)
    groups = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}
    for _ in range(25):
        kind, facts, age, at = data.draw(arrivals(policy))
        context = {
            "payload": {groups[kind]: [facts]},
            "external": {
                "validationClock": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "valueSets": SETS,
            },
            "holder": {"ageYears": age},
        }  # fmt: skip
        judged = judge(ruleset, Destination("XU"), kind, int(at.timestamp()), context)
        expected = Result.PASSED if admits(policy, kind, facts, age, at) else Result.FAILED
        assert judged.result is expected, (kind, facts, age, at, judged)


@settings(max_examples=25, deadline=None)
@given(forms)
def test_what_a_form_builds_is_checked_without_an_error(filled: dict[str, Any]) -> None:
    report = lint(build(read_policy({**HEAD, **filled})))
    assert [remark for remark in report.remarks if remark.error] == []


@pytest.mark.parametrize("hours", [-14, -5, 0, 14])
def test_for_ever_may_be_written_on_any_clock(hours: int) -> None:
    """The calendar's last day on a clock west of Greenwich lies beyond the calendar in UTC."""
    zone = timezone(timedelta(hours=hours))
    policy = read_policy(form(valid_to=datetime(9999, 12, 31, 23, 59, 59, tzinfo=zone)))
    assert policy.valid_to.year == 9999
    assert build(policy)
    with pytest.raises(DocumentRefused):
        read_policy(form(valid_from=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))))


@pytest.mark.parametrize(
    "ends", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59+14:00", "9999-12-31"]
)
@pytest.mark.parametrize("begins", ["2021-01-01T00:00:00Z", "9999-12-30T00:00:00-09:00"])
def test_rules_at_the_calendars_end_are_read_and_linted(begins: str, ends: str) -> None:
    rule = {**utopia()[0], "ValidFrom": begins, "ValidTo": ends}
    read(rule)
    lint([rule])


@pytest.mark.parametrize("amount", [10**5, -(10**5)])
@pytest.mark.parametrize("unit", ["month", "year"])
def test_rules_that_reach_beyond_the_calendar_are_linted(amount: int, unit: str) -> None:
    reach = {"plusTime": [{"var": "payload.v.0.dt"}, amount, unit]}
    logic = {"after": [{"plusTime": [{"var": "external.validationClock"}, 0, "day"]}, reach]}
    lint([{**utopia()[0], "Logic": logic}])
