"""What a check of rules says of codes and of vaccines: each remark alone, beside rules that it is silent about."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats.codes import MADE
from pratique.rules import accepted, documents
from pratique.rules.accepted import NAMES
from pratique.rules.lint import Terms, lint
from pratique.rules.logic import Diagnostic
from pratique.rules.products import MADE as MADE_AS_WRITTEN
from pratique.rules.products import PRODUCTS, floor
from tests.unit.rules.written import after, rule

CORPORA = Path(os.environ.get("PRATIQUE_CORPORA", Path(__file__).parents[4] / "shared/corpora"))
REAL = sorted((CORPORA / "business-rules").glob("??.json"))
OURS = {
    "code-unknown", "code-later", "code-number", "product-refused-elsewhere", "who-list", "product-never-accepted",
    "issued-unknown", "issued-refused", "accepted-not-issued", "accepted-at-home-only",
    "accepted-from-abroad-only", "refused-abroad", "accepted-abroad",
}  # fmt: skip
EVERY = [code for code, facts in PRODUCTS.items() if facts.code_since]
LISTED = [code for code in EVERY if code in floor(datetime(2026, 12, 1, tzinfo=UTC).date())]
COMIRNATY, SPIKEVAX, COVISHIELD, SPUTNIK = "EU/1/20/1528", "EU/1/20/1507", "Covishield", "Sputnik-V"


def var(path: str) -> dict[str, str]:
    return {"var": path}


def among(*codes: object, path: str = "payload.v.0.mp") -> dict[str, Any]:
    return {"in": [var(path), list(codes)]}


def products(*codes: str, **changed: Any) -> dict[str, Any]:
    """Write the rule that accepts these products, and all of WHO's list."""
    return rule(among(*LISTED, *codes), **{"AffectedFields": ["v.0.mp"], **changed})


def said(*rules: object, **terms: Any) -> dict[str, Diagnostic]:
    return {
        remark.code: remark for remark in lint(rules, Terms(**terms)).remarks if remark.code in OURS
    }


def about(*rules: object, **terms: Any) -> dict[str, str]:
    return {code: remark.message for code, remark in said(*rules, **terms).items()}


def no(part: object) -> dict[str, Any]:
    return {"!": [part]}


# ---------------------------------------------------------------- Codes


def test_known_codes_need_no_remark() -> None:
    assert said(products(*EVERY)) == {}


def test_a_product_that_no_certificate_carries_is_told_with_the_code_that_there_is() -> None:
    told = said(products("Covid-19 vaccine (recombinante)"))["code-unknown"]
    assert told.rule == "VR-XU-0001@1.0.0"
    assert not told.error
    assert told.message.endswith("so no certificate carries it: the code is “Covid-19-recombinant”")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("EU/1/20/1538", COMIRNATY), ("Comirnaty", COMIRNATY), ("AstraZeneca", "EU/1/21/1529"),
        ("SputnikV", "Sputnik-V"), ("covishield", COVISHIELD), ("Sinovac-CoronaVac", "CoronaVac"),
    ],
)  # fmt: skip
def test_the_nearest_code_is_named(written: str, code: str) -> None:
    assert f"the code is “{code}”" in about(rule(among(written)))["code-unknown"]


def test_a_product_that_is_like_none_is_told_alone() -> None:
    assert about(products("Q"))["code-unknown"].endswith("so no certificate carries it")


def test_a_code_that_is_written_in_two_ways_beside_each_other_is_no_slip() -> None:
    assert "code-unknown" not in said(products("R-COVI", "R-Covi"))
    assert "code-unknown" in said(products("R-Covi"))


@pytest.mark.parametrize("path", ["payload.t.0.tt", "payload.t.0.tr"])
def test_a_code_of_a_test_that_there_is_not_is_told(path: str) -> None:
    logic = among("260415000" if path.endswith("tr") else "LP6464-4", "LP6464-5", path=path)
    assert "“LP6464-5”" in about(rule(logic, "TR-XU-0001"))["code-unknown"]


def test_a_number_is_no_code() -> None:
    logic = {"===": [var("payload.t.0.tr"), 260415000]}
    assert 'write "260415000"' in about(rule(logic, "TR-XU-0001"))["code-number"]
    assert said(rule({">=": [var("payload.v.0.dn"), 2]})) == {}


def test_a_country_is_told_as_rules_see_it() -> None:
    logic = {"===": [var("external.issuerCountryCode"), "EL"]}
    assert "“GR”" in about(rule(logic))["code-unknown"]
    assert "code-unknown" not in said(rule(among("EL", "GR", path="external.issuerCountryCode")))


def test_a_code_is_known_if_any_edition_held_has_it() -> None:
    dated = documents.read({"2025-01-01": {NAMES: ["New-1"]}, "2026-01-01": {NAMES: ["New-2"]}})
    held = {"value_sets": dated.value_sets, "editions": dated.editions}
    assert "code-unknown" not in said(products("New-1", "New-2"), **held)
    assert "“New-3”" in about(products("New-1", "New-3"), **held)["code-unknown"]
    assert "code-unknown" in said(products("New-1"))


def test_an_old_file_of_value_sets_makes_no_alarm_about_newer_products() -> None:
    assert "code-unknown" not in said(products(COVISHIELD), value_sets={NAMES: [COMIRNATY]})


def test_a_code_that_was_taken_up_when_the_rule_was_over_is_told() -> None:
    then = {"ValidFrom": "2021-06-20T00:00:00Z", "ValidTo": "2021-07-20T00:00:00Z"}
    accepting = rule(among(COMIRNATY, COVISHIELD), **then)
    assert (
        about(accepting)["code-later"]
        == "v.0.mp: “Covishield” was taken up on 2021-07-20, when the rule is over"
    )
    longer = rule(among(COMIRNATY, COVISHIELD), **{**then, "ValidTo": "2021-07-21T00:00:00Z"})
    assert "code-later" not in said(longer)


def test_what_is_not_known_here_is_no_slip() -> None:
    """Of makers, devices and other diseases no list is complete: only another spelling of a known code is told."""
    fever = {"===": [var("payload.v.0.tg"), "1D47"]}
    stamaril = among("YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0")
    assert said(rule({"and": [fever, stamaril]})) == {}
    assert said(rule(among("ORG-100099999", path="payload.v.0.ma"))) == {}
    assert said(rule(among("1304", path="payload.t.0.ma"), "TR-XU-0001")) == {}
    assert (
        "“Bharat-Biotech”"
        in about(rule(among("Bharat Biotech", path="payload.v.0.ma")))["code-unknown"]
    )


# ---------------------------------------------------------------- Products


def test_what_is_on_who_s_list_and_not_accepted_is_told_with_its_day() -> None:
    listed = [code for code in LISTED if code not in {COVISHIELD, "Covaxin"}]
    told = said(rule(among(*listed)))["who-list"]
    assert told.rule == "ruleset XU"
    assert not told.error
    assert "(since): Covishield (2021-02-15) and Covaxin (2021-11-03);" in told.message


def test_a_product_was_on_who_s_list_from_its_day_on() -> None:
    def listed(day: str) -> bool:
        then = {"ValidFrom": f"{day}T00:00:00Z", "ValidTo": "2022-02-01T00:00:00Z"}
        known = [code for code in LISTED if code != "Covaxin"]
        return "Covaxin" in about(rule(among(*known), **then)).get("who-list", "")

    assert not listed("2021-11-02")
    assert listed("2021-11-03")


def test_the_day_of_the_upload_counts_if_it_is_later() -> None:
    known = [code for code in LISTED if code != "Covaxin"]
    early = rule(among(*known), ValidFrom="2021-10-01T00:00:00Z")
    assert "who-list" not in said(early)
    assert "Covaxin" in about(early, publish_at=datetime(2022, 1, 1, tzinfo=UTC))["who-list"]


def test_rules_without_vaccination_or_open_for_all_say_nothing_of_products() -> None:
    negative = rule({"===": [var("payload.t.0.tr"), "260415000"]}, "TR-XU-0001")
    assert said(negative, value_sets={NAMES: EVERY}) == {}
    assert said(rule(after(14)), value_sets={NAMES: EVERY}) == {}
    nobody = rule(among("260415000", path="payload.t.0.tr"), "GR-XU-0001")
    assert said(nobody, value_sets={NAMES: EVERY}) == {}


def test_a_rule_that_cannot_be_decided_refuses_no_product() -> None:
    unclear = rule({">": [var("payload.v.0.dt"), 14]}, "VR-XU-0002")
    assert "who-list" not in said(rule(among(COMIRNATY)), unclear)


def test_a_product_that_passes_late_or_as_a_booster_only_is_accepted() -> None:
    late = {"and": [among(*LISTED), after(200)]}
    boosted = {"and": [among(*LISTED), {">": [var("payload.v.0.dn"), 2]}]}
    elder = {"if": [among(COVISHIELD), {"and": [after(40), no(after(50))]}, among(*LISTED)]}
    for logic in (late, boosted, elder):
        assert "who-list" not in said(rule(logic)), logic


def test_a_product_of_the_value_set_that_never_passes_is_told_where_the_set_is_held() -> None:
    assert "product-never-accepted" not in said(products())
    told = about(products(), value_sets={NAMES: EVERY})["product-never-accepted"]
    assert "Sputnik V" in told
    assert f"{len(EVERY) - len(LISTED)} of the {len(EVERY)} products" in told
    assert "product-never-accepted" not in said(products(*EVERY), value_sets={NAMES: EVERY})
    both = about(rule(among(COMIRNATY)), value_sets={NAMES: EVERY})
    assert "Covishield" in both["who-list"]
    assert "Covishield" not in both["product-never-accepted"]


def test_a_product_that_one_rule_names_and_another_refuses_is_told() -> None:
    names = products(SPUTNIK, COVISHIELD)
    makers = [MADE[code][0] if code in MADE else "ORG-100036914" for code in LISTED]
    refusing = rule(among(*makers, path="payload.v.0.ma"), "VR-XU-0002", AffectedFields=["v.0.ma"])
    told = said(names, refusing)["product-refused-elsewhere"]
    assert told.rule == "VR-XU-0001@1.0.0"
    assert told.message == "it names Sputnik V, which VR-XU-0002@1.0.0 always refuses"


def test_a_product_that_a_rule_names_to_refuse_it_needs_no_remark() -> None:
    assert "product-refused-elsewhere" not in said(rule(no(among(SPUTNIK))))
    shut = rule(
        no(among(SPUTNIK)), "IR-XU-0001", Type="Invalidation", CertificateType="Vaccination"
    )
    assert "product-refused-elsewhere" not in said(products(SPUTNIK), shut)
    assert "product-refused-elsewhere" not in said(products(), shut)


# ---------------------------------------------------------------- At home and abroad


def test_what_is_issued_at_home_and_refused_at_entry_is_told() -> None:
    told = said(products(), issued=[COMIRNATY, SPUTNIK])
    assert "issued for Sputnik V, and its entry rules refuse" in told["issued-refused"].message
    assert "for which XU issues no certificate" in told["accepted-not-issued"].message
    assert "Comirnaty" not in told["accepted-not-issued"].message
    assert {"issued-refused", "accepted-not-issued"}.isdisjoint(
        said(products(SPUTNIK), issued=[*LISTED, SPUTNIK])
    )


def test_what_is_issued_is_asked_as_a_certificate_of_the_country() -> None:
    ours = {"===": [var("external.issuerCountryCode"), "XU"]}
    either = no({"and": [no(among(*LISTED)), no({"and": [ours, among(SPUTNIK)]})]})
    assert "issued-refused" not in said(rule(either), issued=[SPUTNIK])


def test_an_issued_product_that_there_is_not_is_told_and_not_asked() -> None:
    told = said(products(), issued=[*LISTED, "Q"])
    assert set(told) == {"issued-unknown"}


def test_what_hangs_on_who_issued_it_is_told() -> None:
    ours = {"===": [var("external.issuerCountryCode"), "XU"]}
    either = no({"and": [no(among(*LISTED)), no({"and": [ours, among(SPUTNIK)]})]})
    assert about(rule(either))["accepted-at-home-only"].endswith("refused from abroad: Sputnik V")
    void = rule(among(COVISHIELD), "IR-XU-0001", Type="Invalidation", CertificateType="Vaccination")
    assert about(products(), void)["accepted-from-abroad-only"].endswith(
        "issued the certificate: Covishield"
    )
    assert {"accepted-at-home-only", "accepted-from-abroad-only"}.isdisjoint(said(products()))


def neighbour(*codes: str) -> dict[str, Any]:
    return rule(among(*codes), "VR-XB-0001", Country="XB")


def test_other_destinations_are_compared_with() -> None:
    told = about(products(SPUTNIK), previous=[neighbour(*LISTED, "Abdala")])
    assert told["refused-abroad"] == "accepted here, and refused by XB (Sputnik V)"
    assert told["accepted-abroad"] == "refused here, and accepted by XB (Abdala)"
    assert {"refused-abroad", "accepted-abroad"}.isdisjoint(
        said(products(), previous=[neighbour(*LISTED)])
    )


def test_what_is_issued_is_what_is_compared() -> None:
    told = about(products(SPUTNIK), previous=[neighbour(*LISTED)], issued=[COMIRNATY])
    assert "refused-abroad" not in told
    told = about(products(SPUTNIK), previous=[neighbour(*LISTED)], issued=[SPUTNIK])
    assert told["refused-abroad"] == "issued here, and refused by XB (Sputnik V)"


def test_the_country_s_own_rules_before_are_no_other_destination() -> None:
    assert {"refused-abroad", "accepted-abroad"}.isdisjoint(
        said(products(SPUTNIK), previous=[products()])
    )
    assert "who-list" not in said(products(), previous=[rule(among(COMIRNATY))])


def test_a_region_is_looked_at_by_itself() -> None:
    region = rule(among(*(code for code in LISTED if code != COVISHIELD)), Region="BRE")
    told = said(region)["who-list"]
    assert told.rule == "ruleset XU/BRE"
    here = {"===": [var("external.region"), "BRE"]}
    reading = {"if": [here, among(*LISTED), among(COMIRNATY)]}
    assert said(rule(reading, Region="BRE")) == {}
    assert "who-list" in said(rule(reading, Region="SYL"))


# ---------------------------------------------------------------- For all rules


def test_makers_are_those_of_the_value_sets() -> None:
    for code, (maker, _) in MADE_AS_WRITTEN.items():
        if code in MADE:
            assert MADE[code][0] in {maker, ""}
    assert set(MADE_AS_WRITTEN) == set(EVERY)
    assert not set(accepted._RARE) & set(EVERY)
    assert MADE.keys() <= set(accepted._RARE) | set(EVERY)


@pytest.mark.skipif(not REAL, reason="needs the business-rules corpus")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_the_order_of_rules_changes_no_remark(path: Path) -> None:
    rules = json.loads(path.read_text(encoding="utf-8"))["rules"]
    shuffled = rules.copy()
    random.Random(7).shuffle(shuffled)
    terms = Terms(compatible=True, issued=[COVISHIELD])
    assert set(lint(rules, terms).remarks) == set(lint(shuffled, terms).remarks)


EXPECTED = {
    "EU": {"Covishield", "BBIBP-CorV", "CoronaVac"}, "FI": {"Convidecia"},
    "FR": {"BBIBP-CorV", "CoronaVac", "Covaxin", "Covovax"}, "HR": {"Covovax"},
    "IE": {"Covishield", "BBIBP-CorV", "CoronaVac"}, "LU": {"Covishield", "BBIBP-CorV", "CoronaVac"}, "NL": set(),
}  # fmt: skip


@pytest.mark.skipif(not REAL, reason="needs the business-rules corpus")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_rules_get_few_remarks_and_true_ones(path: Path) -> None:
    rules = json.loads(path.read_text(encoding="utf-8"))["rules"]
    remarks = [r for r in lint(rules, Terms(compatible=True)).remarks if r.code in OURS]
    missing = {
        PRODUCTS[code].name
        for code in EVERY
        for remark in remarks
        if remark.code == "who-list" and f"{PRODUCTS[code].name} (" in remark.message
    }
    assert missing == EXPECTED[path.stem]
    others = {(r.rule, r.code) for r in remarks if r.code != "who-list"}
    slips = {("VR-FR-0001@1.0.4", "code-unknown"), ("VR-FR-0008@1.0.2", "code-unknown")}
    assert others == (slips if path.stem == "FR" else set())


CODES = st.sampled_from(["mp", "ma", "vp", "tg", "dn", "dt"])
WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**9) | st.sampled_from([*EVERY[:4], "", "Q", "EL", "840539006"])
    | st.builds(lambda name: var(f"payload.v.0.{name}"), CODES)
    | st.just(var("external.issuerCountryCode")) | st.just(var(f"external.valueSets.{NAMES}")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["and", "if", "!", "===", "in", "reduce", "plusTime", "not-after", ">="]),
        st.lists(inner, min_size=1, max_size=3), max_size=1,
    ),
    max_leaves=14,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(WRITTEN, st.sampled_from(["XU", "XB"]), st.booleans()), min_size=1, max_size=3
    ),
    WRITTEN,
)
def test_nothing_that_is_written_raises_and_its_order_does_not_matter(
    logics: list[tuple[Any, str, bool]], before: Any
) -> None:
    rules = [
        rule(
            logic, f"{'IR' if void else 'VR'}-{country}-{number:04d}", Country=country,
            Type="Invalidation" if void else "Acceptance", CertificateType="Vaccination",
        )
        for number, (logic, country, void) in enumerate(logics, 1)
    ]  # fmt: skip
    terms = Terms(
        compatible=True, previous=[neighbour(COMIRNATY), rule(before), before], issued=["Q", SPUTNIK],
        value_sets={NAMES: EVERY},
    )  # fmt: skip
    assert set(lint(rules, terms).remarks) == set(lint(rules[::-1], terms).remarks)


# ---------------------------------------------------------------- Bounds


def test_what_is_asked_is_bounded_by_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of made-up products, in forty countries, with thresholds: no more cases than the limits say."""
    cases: list[str] = []
    sound = accepted._Asked._failed

    def counted(asked: Any, rules: Any, case: Any) -> Any:
        cases.append(asked.place.country)
        return sound(asked, rules, case)

    monkeypatch.setattr(accepted._Asked, "_failed", counted)
    many = [f"X{number}" for number in range(400)]
    countries = [f"X{chr(65 + number)}" for number in range(20)]
    rules = [
        rule({"and": [among(*many[:300], COMIRNATY), after(14), no(after(270))]}, f"VR-{country}-0001", Country=country)
        for country in countries
    ]  # fmt: skip
    lint(rules, Terms(value_sets={NAMES: [*many, COMIRNATY]}))
    assert cases
    assert len(set(cases)) <= accepted.MOST_PLACES
    most = accepted.MOST_PRODUCTS * accepted.MOST_NUMBERS * (accepted.MOST_DATES + 4)
    assert max(map(cases.count, set(cases))) <= most


def test_where_the_steps_are_spent_nothing_is_said_of_what_was_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [code for code in LISTED if code != COVISHIELD]
    assert "who-list" in said(rule(among(*listed)))
    monkeypatch.setattr(accepted, "MOST_STEPS", 0)
    assert said(rule(among(*listed))) == {}
