"""A vaccine that a destination does not accept: it is told, and what is advised instead really passes there."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique import describe, outlook
from pratique.authenticate import Effort, HealthCode, Help
from pratique.decision import decide
from pratique.findings import Code, Colour
from pratique.formats.codes import MADE
from pratique.model import Entry, Moment, Precision, Vaccination
from pratique.rules import documents
from pratique.rules.products import PRODUCTS
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from tests import travellers as t

CORPORA = Path(os.environ.get("PRATIQUE_CORPORA", Path(__file__).parents[4] / "shared/corpora"))
RULES = CORPORA / "business-rules"
COMIRNATY, JCOVDEN, SPUTNIK, CORONAVAC = "EU/1/20/1528", "EU/1/20/1525", "Sputnik-V", "CoronaVac"
MP = {"var": "payload.v.0.mp"}
LISTED = t.rule("VR-XU-0001", {"in": [MP, [COMIRNATY, JCOVDEN]]})
COMPLETE = t.rule("VR-XU-0002", {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]})
WAITED = t.rule("VR-XU-0003", t.clock("payload.v.0.dt", "day", 14, None)[0])
TESTED = t.rule("TR-XU-0001", {"===": [{"var": "payload.t.0.tr"}, t.NOT_DETECTED]})
NO_TEST = t.rule("TR-XU-0001", {"===": [1, 2]})


def dose(product: str, given: str = "2021-12-20", number: int = 2, needed: int = 2) -> Vaccination:
    maker, platform = MADE[product]
    return t.dose(given, number, needed, product)._replace(
        manufacturer=maker, prophylaxis=platform or None
    )


def asked(rules: list[Rule], *entries: Entry) -> HealthCode:
    shown = [t.shown(entry) for entry in entries]
    return decide(shown, snapshot=t.snapshot(rules), place=t.UTOPIA, at=t.NOON)


def ways(code: HealthCode) -> dict[str, Help]:
    return {way.code: way for way in code.what_would_help}


# ---------------------------------------------------------------- Which vaccine is not accepted


def test_a_vaccine_that_the_rules_refuse_is_told() -> None:
    assert asked([LISTED, COMPLETE, WAITED], dose(SPUTNIK)).unaccepted == (SPUTNIK,)


def test_an_accepted_vaccine_is_not_told_while_it_waits_or_is_not_complete() -> None:
    fresh, half = dose(COMIRNATY, "2022-02-27"), dose(COMIRNATY, number=1)
    for entry in (fresh, half):
        code = asked([LISTED, COMPLETE, WAITED], entry)
        assert code.colour is not Colour.GREEN
        assert code.unaccepted == ()


def test_a_vaccine_that_is_accepted_as_a_booster_or_after_longer_is_accepted() -> None:
    boosted = {">": [{"var": "payload.v.0.dn"}, 2]}
    apart = {"if": [{"in": [MP, [SPUTNIK]]}, boosted, {"in": [MP, [COMIRNATY]]}]}
    code = asked([t.rule("VR-XU-0001", apart)], dose(SPUTNIK))
    assert (code.colour, code.unaccepted) == (Colour.RED, ())
    assert "DOSE" in ways(code)
    longer = {"if": [{"in": [MP, [SPUTNIK]]}, t.clock("payload.v.0.dt", "day", 100, None)[0], True]}
    assert asked([t.rule("VR-XU-0001", longer)], dose(SPUTNIK)).unaccepted == ()


def test_where_no_vaccine_would_do_it_is_not_the_vaccine() -> None:
    never = t.rule(
        "VR-XU-0001", {"if": [{"in": [MP, [COMIRNATY]]}, {"===": [1, 2]}, {"===": [1, 2]}]}
    )
    assert asked([never], dose(SPUTNIK)).unaccepted == ()


def test_a_maker_or_a_platform_that_is_refused_is_the_vaccine() -> None:
    for field, code in (("ma", MADE[SPUTNIK][0]), ("vp", MADE[SPUTNIK][1])):
        refused = {"!": [{"===": [{"var": f"payload.v.0.{field}"}, code]}]}
        assert asked([t.rule("VR-XU-0001", refused)], dose(SPUTNIK)).unaccepted == (SPUTNIK,), field


def test_green_names_no_vaccine() -> None:
    assert asked([LISTED], dose(COMIRNATY)).unaccepted == ()
    assert asked([LISTED], dose(SPUTNIK, "2021-06-01"), dose(COMIRNATY)).unaccepted == ()


# ---------------------------------------------------------------- What is advised instead


def test_a_dose_of_another_vaccine_is_advised_with_those_that_are_accepted() -> None:
    code = asked([LISTED, COMPLETE, WAITED, NO_TEST], dose(SPUTNIK))
    assert [way.code for way in code.what_would_help] == ["OTHER_DOSE"]
    (way,) = code.what_would_help
    assert way.products == (COMIRNATY, JCOVDEN)
    assert (
        way.sentence
        == "one dose of a vaccine that is accepted here (Comirnaty, Jcovden), from 14 days after it"
    )
    assert (way.amount, way.effort) == (14, Effort(documents=1, doses=1, days=14))


def test_no_more_of_a_vaccine_that_is_refused_is_advised() -> None:
    for number in (1, 2, 3):
        assert "DOSE" not in ways(asked([LISTED, WAITED, TESTED], dose(SPUTNIK, number=number)))
    assert "DOSE" in ways(asked([LISTED, COMPLETE], dose(COMIRNATY, number=1)))


def test_where_one_more_of_the_same_would_do_no_other_is_advised() -> None:
    assert "OTHER_DOSE" not in ways(asked([LISTED, COMPLETE], dose(COMIRNATY, number=1)))


def test_a_vaccine_that_counts_later_is_told_apart() -> None:
    later = {"if": [{"===": [MP, JCOVDEN]}, t.clock("payload.v.0.dt", "day", 28, None)[0], True]}
    code = asked([LISTED, WAITED, t.rule("VR-XU-0004", later), NO_TEST], dose(SPUTNIK))
    assert [(way.products, way.amount) for way in code.what_would_help] == [
        ((COMIRNATY,), 14),
        ((JCOVDEN,), 28),
    ]


@pytest.mark.parametrize(
    ("number", "needed", "said"),
    [(2, 2, (3, 3)), (1, 1, (2, 2)), (1, 2, (2, 2)), (1, 3, (2, 3)), (3, 3, (4, 4))],
)
def test_it_counts_on_as_its_certificate_would_say(
    number: int, needed: int, said: tuple[int, int]
) -> None:
    counts = [
        {"===": [{"var": "payload.v.0.dn"}, said[0]]}, {"===": [{"var": "payload.v.0.sd"}, said[1]]}
    ]  # fmt: skip
    code = asked(
        [LISTED, t.rule("VR-XU-0002", {"and": counts})], dose(SPUTNIK, number=number, needed=needed)
    )
    assert "OTHER_DOSE" in ways(code)


def test_with_several_certificates_it_counts_on_from_the_most_doses() -> None:
    third = t.rule("VR-XU-0002", {"===": [{"var": "payload.v.0.dn"}, 3]})
    both = [dose(SPUTNIK, "2021-10-01", 1), dose(SPUTNIK, "2021-12-20", 2)]
    for entries in (both, both[::-1]):
        code = asked([LISTED, third], *entries)
        assert ways(code)["OTHER_DOSE"].products == (COMIRNATY, JCOVDEN)
        assert code.unaccepted == (SPUTNIK,)


def test_two_vaccines_of_one_holder_are_both_told() -> None:
    code = asked([LISTED], dose(SPUTNIK, "2021-10-01", 1), dose(CORONAVAC, "2021-12-20", 1))
    assert set(code.unaccepted) == {SPUTNIK, CORONAVAC}


def test_rules_that_never_ask_which_vaccine_it_was_get_no_such_advice() -> None:
    never = t.rule("VR-XU-0001", {"===": [{"var": "payload.v.0.dn"}, 9]})
    code = asked([never], dose(SPUTNIK))
    assert (ways(code).keys() & {"OTHER_DOSE"}, code.unaccepted) == (set(), ())


def test_a_search_that_would_take_too_long_leaves_the_other_ways(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = [LISTED, COMPLETE, WAITED, TESTED]
    assert "OTHER_DOSE" in ways(asked(rules, dose(SPUTNIK)))
    monkeypatch.setattr(outlook.Purse, "part", lambda purse: outlook.Purse(-1))
    found = ways(asked(rules, dose(SPUTNIK)))
    assert {"RAPID_TEST", "LABORATORY_TEST"} <= found.keys()
    assert "OTHER_DOSE" not in found


def test_a_vaccine_that_the_rules_name_is_tried_before_others() -> None:
    rare = "MVC-COV1901"
    assert [code for code in PRODUCTS if code in MADE].index(rare) > outlook.MOST_VACCINES
    code = asked([t.rule("VR-XU-0001", {"in": [MP, [rare]]})], dose(SPUTNIK))
    assert ways(code)["OTHER_DOSE"].products == (rare,)


@pytest.mark.parametrize("count", [1, 4, 12])
def test_what_is_asked_for_it_stays_within_the_purse(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules that turn at every month, and name every vaccine but the holder's."""
    asked_for: list[int] = []
    sound = Ruleset.assess

    def counted(ruleset: Ruleset, rules: Any, data: Any) -> Any:
        asked_for.append(ruleset.steps(rules))
        return sound(ruleset, rules, data)

    monkeypatch.setattr(Ruleset, "assess", counted)
    clock = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
    late = [
        {"not-before": [clock, {"plusTime": [{"var": "payload.v.0.dt"}, month, "month"]}]}
        for month in range(1, 1 + count)
    ]
    named = {"in": [MP, [code for code in TRIED if code != SPUTNIK]]}
    code = asked([t.rule("VR-XU-0001", {"and": [named, *late]}), NO_TEST], dose(SPUTNIK))
    assert asked_for
    # One answer about the certificate, and one about an exemption, are made whatever is left.
    assert sum(asked_for) <= 2 * outlook.MOST_STEPS + 4 * max(asked_for)
    is_too_long = any(finding.code is Code.SEARCH_TOO_LONG for finding in code.because)
    assert is_too_long == (count == 12)
    assert code.unaccepted == (() if is_too_long else (SPUTNIK,))


# ---------------------------------------------------------------- Order and words


def test_each_way_says_what_it_takes_and_the_cheapest_is_first() -> None:
    code = asked([*t.utopia(), LISTED], dose(SPUTNIK))
    order = [outlook.CHEAPEST.index(way.code) for way in code.what_would_help]
    assert order == sorted(order)
    assert ways(code)["RAPID_TEST"].effort == Effort(documents=1, tests=1)
    assert ways(code)["EXEMPTION"].effort == Effort(documents=1)
    waiting = asked([LISTED, WAITED], dose(COMIRNATY, "2022-02-20"))
    assert ways(waiting)["WAIT"].effort == Effort(days=5)


def test_the_holder_is_told_in_words_and_why_the_first_way_is_the_cheapest() -> None:
    code = asked([LISTED, COMPLETE, WAITED, TESTED], dose(SPUTNIK))
    lines = list(describe.health_code(code, "en", t.NOON))
    place = lines.index("  its vaccine is not accepted here: Sputnik V")
    assert lines[place + 1 : place + 3] == [
        "  would help: a negative rapid test (the cheapest: it takes 1 test, 1 document, no dose)",
        "  would help: a negative laboratory (NAAT) test",
    ]
    accepted = asked([LISTED, COMPLETE, WAITED, TESTED], dose(COMIRNATY, "2022-02-27"))
    assert not any(
        "cheapest" in line or "not accepted here" in line
        for line in describe.health_code(accepted, "en", t.NOON)
    )


def test_json_says_it_as_the_schema_has_it() -> None:
    code = asked([LISTED, COMPLETE, WAITED, NO_TEST], dose(SPUTNIK))
    row = describe.health_code_as_json(code, "en", UTC, {})
    path = Path(__file__).parents[3] / "docs/reference/pratique-health-code-1.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))["$defs"]["code"]["properties"]
    assert row.keys() <= schema.keys()
    said = schema["what_would_help"]["items"]["properties"]
    assert row["what_would_help"][0].keys() == said.keys()
    assert set(said["code"]["enum"]) == set(outlook.CHEAPEST)
    assert set(said["takes"]["required"]) == set(Effort._fields)
    assert row["vaccines_not_accepted"] == [{"code": SPUTNIK, "name": "Sputnik V"}]
    (way,) = row["what_would_help"]
    assert way["vaccines"] == [
        {"code": COMIRNATY, "name": "Comirnaty"},
        {"code": JCOVDEN, "name": "Jcovden"},
    ]
    assert way["takes"] == {"documents": 1, "tests": 0, "doses": 1, "days": 14}


def test_one_certificate_alone_is_told_the_same() -> None:
    snapshot = t.snapshot([LISTED, COMPLETE, WAITED, NO_TEST])
    from pratique.assess import with_rules

    found = with_rules(t.shown(dose(SPUTNIK)), snapshot, t.UTOPIA, t.NOON)
    helps, unaccepted = outlook.advice(found, snapshot, t.UTOPIA, t.NOON)
    assert ([way.code for way in helps], unaccepted) == (["OTHER_DOSE"], (SPUTNIK,))
    lines = list(
        describe.lines(
            "x", "", found, inspect=False, advice=describe.Advice(helps, "en", unaccepted)
        )
    )
    assert "  its vaccine is not accepted here: Sputnik V" in lines


# ---------------------------------------------------------------- Real rules


SETS = {
    "disease-agent-targeted": ["840539006"], "covid-19-lab-test-type": [t.NAAT, "LP217198-3"],
    "covid-19-lab-result": [t.NOT_DETECTED], "covid-19-lab-test-manufacturer-and-name": ["1232"],
    "vaccines-covid-19-names": sorted(MADE), "vaccines-covid-19-auth-holders": sorted({maker for maker, _ in MADE.values()}),
    "sct-vaccines-covid-19": ["1119349007", "1119305005", "J07BX03"],
}  # fmt: skip
ARRIVALS = {
    "EU": "2022-03-01", "FR": "2022-03-01", "HR": "2022-03-01", "IE": "2022-03-01", "LU": "2022-03-01",
    "FI": "2023-05-01",
}  # fmt: skip
TRIED = [code for code in PRODUCTS if code in MADE]


def held(country: str) -> Snapshot:
    rules = documents.read(
        json.loads((RULES / f"{country}.json").read_text(encoding="utf-8"))
    ).rules
    return t.snapshot([]).replace(ruleset=Ruleset(rules, SETS, compatible=True, hold_open=True))


def coarse(entry: Vaccination) -> Vaccination:
    """Write the platform as certificates did when these rules were in force."""
    platform = entry.prophylaxis
    fine = {"29061000087103": "J07BX03", "1119349007": "1119349007"}
    return entry._replace(prophylaxis=fine.get(platform or "", "1119305005"))


def colour(entry: Entry, snapshot: Snapshot, place: Destination, at: datetime) -> Colour:
    return decide([t.shown(entry)], snapshot=snapshot, place=place, at=at, look_ahead=False).colour


@pytest.mark.skipif(not RULES.exists(), reason="needs the business-rules corpus")
@pytest.mark.parametrize("country", ARRIVALS)
def test_on_real_rules_what_is_advised_passes_and_nothing_else_is(country: str) -> None:
    """All vaccines, two counts of doses: each way, made into a certificate, is GREEN; no sooner than is said."""
    snapshot, place = held(country), Destination(country)
    at = datetime.fromisoformat(ARRIVALS[country]).replace(hour=12, tzinfo=UTC)
    today, last = at.date(), str(at.date() - timedelta(days=70))
    refused: set[str] = set()
    for product in TRIED:
        for number, needed in ((2, 2), (1, 2)):
            entry = coarse(dose(product, last, number, needed))
            code = decide([t.shown(entry)], snapshot=snapshot, place=place, at=at)
            codes = [way.code for way in code.what_would_help]
            assert codes == sorted(codes, key=outlook.CHEAPEST.index)
            if code.unaccepted:
                refused.add(product)
                assert code.unaccepted == (product,)
                assert "DOSE" not in codes
            for way in code.what_would_help:
                _is_true(way, entry, snapshot, place, at)
            if "OTHER_DOSE" in codes:
                named = {p for way in code.what_would_help for p in way.products}
                for other in set(TRIED) - named - {product}:
                    more = _next(entry, other, today)
                    assert (
                        colour(more, snapshot, place, at + timedelta(days=30)) is not Colour.GREEN
                    ), other
    assert refused == {
        product for product in TRIED if not _ever_passes(product, snapshot, place, at)
    }
    assert refused


def _next(entry: Vaccination, product: str, today: Any) -> Vaccination:
    number = (entry.dose or 0) + 1
    course = (
        max(entry.doses or 0, PRODUCTS[product].doses) if number <= (entry.doses or 0) else number
    )
    return coarse(dose(product, str(today), number, course))


def _is_true(
    way: Help, entry: Vaccination, snapshot: Snapshot, place: Destination, at: datetime
) -> None:
    if way.code in {"RAPID_TEST", "LABORATORY_TEST"}:
        kind = "LP217198-3" if way.code == "RAPID_TEST" else t.NAAT
        device = "1232" if way.code == "RAPID_TEST" else None
        hours = (way.amount or 24) - (1 if way.strictly else 0)
        sampled = Moment(Precision.INSTANT, at - timedelta(hours=hours))
        for when, expected in (
            (sampled, True),
            (Moment(Precision.INSTANT, at - timedelta(hours=hours + 2)), way.amount is None),
        ):
            sample = t.sample(kind=kind)._replace(device=device, sampled=when)
            assert (colour(sample, snapshot, place, at) is Colour.GREEN) == expected, (way, when)
    elif way.code == "OTHER_DOSE":
        for product in way.products:
            more = _next(entry, product, at.date())
            days = way.amount or 0
            assert colour(more, snapshot, place, at + timedelta(days=days)) is Colour.GREEN, (
                way,
                product,
            )
            if days:
                before = at + timedelta(days=days - 1)
                assert colour(more, snapshot, place, before) is not Colour.GREEN, (way, product)
    elif way.code == "DOSE":
        more = entry._replace(dose=(entry.dose or 0) + 1, given=Moment(Precision.DAY, at.date()))
        more = more._replace(doses=max(more.doses or 0, more.dose or 0))
        assert (
            colour(more, snapshot, place, at + timedelta(days=way.amount or 0)) is Colour.GREEN
        ), way
    elif way.code == "EXEMPTION":
        assert colour(t.exemption(), snapshot, place, at) is Colour.GREEN
    else:
        then = datetime.fromtimestamp(way.amount or 0, UTC)
        assert colour(entry, snapshot, place, then) is Colour.GREEN


def _ever_passes(product: str, snapshot: Snapshot, place: Destination, at: datetime) -> bool:
    counts = [(1, 1), (2, 2), (1, 2), (3, 3), (2, 1), (3, 2)]
    return any(
        colour(
            coarse(dose(product, str(at.date() - timedelta(days=days)), *count)),
            snapshot,
            place,
            at,
        )
        is Colour.GREEN
        for count in counts
        for days in (0, 8, 16, 20, 30, 70, 200, 400)
    )
