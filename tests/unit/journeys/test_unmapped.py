"""What a card's format does not say in the rules' terms leaves a rule open: never passed by it, never failed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import decision, describe
from pratique.assess import GROUPS, Claim, assess, claims_of_one, data_of, dcc_form, with_rules
from pratique.authenticate import Verification
from pratique.errors import DocumentRefused
from pratique.findings import Code, Colour, Finding, conclude
from pratique.model import KINDS, Entry, Pass, Precision, Vaccination
from pratique.rules import explain
from pratique.rules.certlogic.evaluate import PartlySaid
from pratique.rules.documents import write
from pratique.rules.lint import lint
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Result, Ruleset
from pratique.terms import Kind, Scheme
from tests import travellers as t

SCHEMES = [scheme.value for scheme in Scheme]
REASON = Finding(Code.NOT_MAPPED, "CVX 210")
MP, DN, SD = ({"var": f"payload.v.0.{name}"} for name in ("mp", "dn", "sd"))
PASS = Pass(t.day("2022-01-01"), t.day("2022-12-31"), "NZ", None, None)


def card(
    *entries: Entry, domain: str = "SHC", findings: tuple[Finding, ...] = (), **fields: Any
) -> Verification:
    """Return what `verify` makes of an authentic card of another scheme with these events."""
    found = t.shown(
        t.dose(), domain=domain, entries=entries, kind=KINDS[type(entries[0])], **fields
    )
    return found._replace(verdict=conclude((*findings, Finding(Code.NO_RULES))))


def asked(found: Verification, rules: list[Rule], at: Any = t.NOON) -> Verification:
    return with_rules(found, t.snapshot(rules), t.UTOPIA, at)


def told(found: Verification) -> list[tuple[str, str]]:
    return [(f.code.name, f.where) for f in found.verdict.findings]


def test_a_rule_that_reads_what_is_not_said_is_open_and_names_the_field_and_the_reason() -> None:
    dose = t.dose()._replace(product=None, unmapped=("mp", "ma"))
    found = asked(card(dose, findings=(REASON,)), t.utopia())
    assert found.verdict.colour is Colour.AMBER
    assert told(found) == [
        ("NOT_MAPPED", "CVX 210"), ("RULE_OPEN", "VR-XU-0001"), ("FIELD_NOT_MAPPED", "mp"),
    ]  # fmt: skip
    (one,) = [o for o in found.outcomes if o.result is Result.OPEN]
    assert (one.rule.identifier, one.reason, one.unmapped) == ("VR-XU-0001", "not-mapped", "mp")


def test_a_health_code_names_the_reason_too() -> None:
    dose = t.dose()._replace(product=None, unmapped=("mp",))
    code = decision.decide(
        [card(dose, findings=(REASON,))], snapshot=t.snapshot(), place=t.UTOPIA, at=t.NOON
    )
    assert code.colour is Colour.AMBER
    assert {Finding(Code.FIELD_NOT_MAPPED, "mp"), REASON} <= set(code.because)
    assert code.outcomes[0].reason == "not-mapped"


@pytest.mark.parametrize("negated", [False, True])
def test_null_is_no_answer_not_even_to_a_negation(negated: bool) -> None:
    logic: Any = {"in": [MP, ["EU/1/20/1528"]]}
    rules = [t.rule("VR-XU-0001", {"!": [logic]} if negated else logic)]
    open_ = card(t.dose()._replace(product=None, unmapped=("mp",)))
    assert asked(open_, rules).verdict.colour is Colour.AMBER
    # A DCC that leaves it out is judged by what it leaves out.
    dcc = t.shown(t.dose()._replace(product=None))
    assert asked(dcc, rules).verdict.colour is (Colour.GREEN if negated else Colour.RED)


def test_a_rule_that_does_not_come_to_the_field_decides() -> None:
    guarded = {"if": [{">": [DN, 2]}, {"in": [MP, ["x"]]}, {"===": [DN, 2]}]}
    dose = t.dose()._replace(product=None, unmapped=("mp",))
    assert asked(card(dose), [t.rule("VR-XU-0001", guarded)]).verdict.colour is Colour.GREEN
    third = dose._replace(dose=3)
    assert asked(card(third), [t.rule("VR-XU-0001", guarded)]).verdict.colour is Colour.AMBER


def test_what_surely_fails_is_red_whatever_is_not_said() -> None:
    old = t.dose("2020-12-28")._replace(product=None, unmapped=("mp",))
    assert asked(card(old), t.utopia()).verdict.colour is Colour.RED


def test_a_reduce_over_the_doses_comes_to_it_as_well() -> None:
    each = {"var": "current.dn"}
    logic = {
        "===": [{"reduce": [{"var": "payload.v"}, {"+": [each, {"var": "accumulator"}]}, 0]}, 2]
    }
    rules = [t.rule("VR-XU-0001", logic)]
    assert asked(card(t.dose()), rules).verdict.colour is Colour.GREEN
    unknown = card(t.dose()._replace(dose=None, unmapped=("dn",)))
    assert asked(unknown, rules).verdict.colour is Colour.AMBER


FIELDS = {
    Vaccination: {"tg": "disease", "vp": "prophylaxis", "mp": "product", "ma": "manufacturer", "dn": "dose", "sd": "doses", "dt": "given", "co": "country"},
    type(t.sample()): {"tg": "disease", "tt": "test_type", "ma": "device", "sc": "sampled", "tr": "result", "co": "country"},
}  # fmt: skip


@given(st.data())
def test_in_another_scheme_what_lacks_is_open_and_in_a_dcc_it_is_judged(
    data: st.DataObject,
) -> None:
    entry: Any = data.draw(st.sampled_from([t.dose(), t.sample(kind=t.RAPID)]))
    fields = FIELDS[type(entry)]
    name = data.draw(st.sampled_from(sorted(set(fields) - {"co"})))
    lacking = entry._replace(**{fields[name]: None})
    group = GROUPS[KINDS[type(entry)]]
    prefix = "VR" if group == "v" else "TR"
    logic = {"===": [{"var": f"payload.{group}.0.{name}"}, "x"]}
    rules = [t.rule(f"{prefix}-XU-0001", {"!": [logic]} if data.draw(st.booleans()) else logic)]
    domain = data.draw(st.sampled_from(SCHEMES))
    found = asked(card(lacking, domain=domain), rules)
    assert [o.reason for o in found.outcomes] == ["not-mapped"]
    assert found.verdict.colour is Colour.AMBER
    assert [o.result for o in asked(t.shown(lacking), rules).outcomes] != [Result.OPEN]


def test_a_laboratory_test_has_no_device_in_a_dcc_either() -> None:
    device = {"if": [{"var": "payload.t.0.ma"}, False, True]}
    rules = [t.rule("TR-XU-0001", device)]
    assert asked(card(t.sample()), rules).verdict.colour is Colour.GREEN
    assert asked(card(t.sample(kind=t.RAPID)), rules).verdict.colour is Colour.AMBER


@given(st.sampled_from(SCHEMES), st.booleans())
def test_a_child_of_an_unknown_birth_date_is_not_judged_as_grown_up(
    domain: str, known: bool
) -> None:
    person = t.JO if known else t.JO._replace(birth_date=None)
    minor = {"if": [{"in": [{"var": "holder.ageYears"}, list(range(12))]}, True, False]}
    found = asked(card(t.dose(), domain=domain, person=person), [t.rule("VR-XU-0001", minor)])
    assert found.verdict.colour is (Colour.RED if known else Colour.AMBER)
    assert (("FIELD_NOT_MAPPED", "ageYears") in told(found)) is not known


def test_of_a_dcc_nothing_is_partly_said() -> None:
    found = t.shown(t.dose())
    (claim,) = claims_of_one(found)
    data = data_of(
        claim.kind, claim.entries, claim.certificate, place=t.UTOPIA, at=t.NOON, value_sets={}
    )
    assert type(data["payload"]["v"][0]) is dict
    assert type(data["holder"]) is type(data["payload"]) is dict


def test_what_is_partly_said_shows_nothing() -> None:
    assert repr(PartlySaid({"mp": "x"}, frozenset())) == "PartlySaid(…)"
    assert PartlySaid({}, frozenset())


# Numbers of doses: unknown is unknown, and only doses that were surely different are counted.


def test_an_unknown_number_is_open_and_never_counted_up() -> None:
    unknown = [
        t.dose(day)._replace(dose=None, doses=None, unmapped=("dn", "sd"))
        for day in ("2021-10-01", "2022-01-10")
    ]
    # Two prints of one product by one state may be one dose, corrected.
    found = asked(card(*unknown), t.utopia())
    assert found.verdict.colour is Colour.AMBER
    assert ("COURSE_COUNTED", "") not in told(found)


def test_surely_different_doses_of_several_formats_are_a_course() -> None:
    first = t.shown(t.dose("2021-10-01", 1, 2))
    second = card(
        t.dose("2022-01-10", product=t.SPIKEVAX)._replace(
            dose=None, doses=None, unmapped=("dn", "sd")
        )
    )
    code = decision.decide([first, second], snapshot=t.snapshot(), place=t.UTOPIA, at=t.NOON)
    assert code.colour is Colour.GREEN
    assert Finding(Code.COURSE_COUNTED) in code.because


# Several kinds in one card.


def test_each_event_of_a_card_is_asked_by_the_rules_of_its_own_kind() -> None:
    # The dose is too young, the test is good.
    found = asked(card(t.dose("2022-02-27"), t.sample()), t.utopia())
    assert found.verdict.colour is Colour.GREEN
    assert {o.rule.kind for o in found.outcomes} == {Kind.TEST}


def test_a_positive_test_doubts_that_test_and_not_the_dose_beside_it() -> None:
    positive = t.sample()._replace(result="260373001")
    doubt = (Finding(Code.TEST_POSITIVE),)
    found = asked(card(t.dose(), positive, findings=doubt), t.utopia())
    assert found.verdict.colour is Colour.GREEN
    assert ("TEST_POSITIVE", "") not in told(found)
    both = [card(t.dose(), positive, findings=doubt)]
    code = decision.decide(both, snapshot=t.snapshot(), place=t.UTOPIA, at=t.NOON)
    assert code.colour is Colour.GREEN
    # By itself it stays one, where no rule looks at the result too.
    lax = [t.rule("TR-XU-0001", {"===": [{"var": "payload.t.0.tt"}, t.NAAT]})]
    alone = asked(card(positive, findings=doubt), lax)
    assert alone.verdict.colour is Colour.AMBER
    assert ("TEST_POSITIVE", "") in told(alone)
    code = decision.decide(
        [card(positive, findings=doubt)], snapshot=t.snapshot(lax), place=t.UTOPIA, at=t.NOON
    )
    assert code.colour is Colour.AMBER


# Passes.


def passes() -> list[Rule]:
    accepted = {"===": [{"var": "payload.p.0.scheme"}, "NZCP"]}
    return [t.rule("PR-XU-0001", accepted, CertificateType="Pass")]


@pytest.mark.parametrize("general", [True, False])
def test_of_a_pass_only_rules_for_passes_are_asked(general: bool) -> None:
    always = t.rule("GR-XU-0001", {"===": [1, 1]})
    rules = [always, *t.utopia()] if general else t.utopia()
    found = asked(card(PASS, domain="NZCP"), rules)
    assert found.verdict.colour is Colour.AMBER
    assert told(found) == [("NO_RULE_FOR_KIND", "")]
    assert found.outcomes == ()


@pytest.mark.parametrize(("domain", "colour"), [("NZCP", Colour.GREEN), ("CH-LIGHT", Colour.RED)])
def test_a_rule_for_passes_names_the_scheme(domain: str, colour: Colour) -> None:
    found = asked(card(PASS, domain=domain), [*t.utopia(), *passes()])
    assert found.verdict.colour is colour
    assert [o.rule.identifier for o in found.outcomes] == ["PR-XU-0001"]
    code = decision.decide(
        [card(PASS, domain=domain)],
        snapshot=t.snapshot([*t.utopia(), *passes()]),
        place=t.UTOPIA,
        at=t.NOON,
    )
    assert code.colour is colour


def test_a_pass_does_not_hide_what_states_an_event() -> None:
    shown = [card(PASS, domain="NZCP"), t.shown(t.dose())]
    code = decision.decide(shown, snapshot=t.snapshot(), place=t.UTOPIA, at=t.NOON)
    assert code.colour is Colour.GREEN


def test_a_rule_for_passes_is_no_rule_for_doses() -> None:
    found = asked(t.shown(t.dose()), passes())
    assert told(found) == [("NO_RULE_FOR_KIND", "")]


# WHO's DDCC, and what the holder is shown.


@pytest.mark.parametrize(
    ("vaccine", "brand", "colour"),
    [
        ("XM68M6", "XM8NQ0", Colour.GREEN), ("1119349007", "EU/1/20/1528", Colour.GREEN),
        ("XM68M6", None, Colour.AMBER), ("1119349007", None, Colour.AMBER), ("XM97T2", None, Colour.RED),
        ("XM68M6", "XM97T2", Colour.RED), ("unknown", None, Colour.AMBER), ("XM3CT4", "other", Colour.AMBER),
    ],
)  # fmt: skip
def test_a_ddcc_is_judged_in_the_codes_of_the_dcc(
    vaccine: str, brand: str | None, colour: Colour
) -> None:
    dose = t.dose()._replace(
        disease="RA01.0", prophylaxis=vaccine, product=brand, manufacturer=None
    )
    covid = t.rule("VR-XU-0004", {"===": [{"var": "payload.v.0.tg"}, t.COVID]})
    ddcc = card(dose, domain="DDCC")
    assert asked(ddcc, [*t.utopia(), covid]).verdict.colour is colour


def test_the_holder_sees_what_rules_see_marked_as_made() -> None:
    dose = t.dose()._replace(product=None, unmapped=("mp", "ma", "vp"))
    found = card(dose, t.sample(), PASS)
    assert found.certificate is not None
    form = dcc_form(found.certificate)
    assert form["made_from"] == "SHC"
    assert form["v"] == [
        {"tg": t.COVID, "dn": 2, "sd": 2, "dt": "2022-01-10", "not_mapped": ["ma", "mp", "vp"]}
    ]
    assert form["t"][0]["tt"] == t.NAAT
    assert form["p"] == [{"df": "2022-01-01", "du": "2022-12-31", "scheme": "SHC"}]
    shown = describe.content(found.certificate)
    assert shown["as_dcc"] == form
    assert "unmapped" not in shown["entries"][0]
    assert any("as_dcc.made_from: SHC" in line for line in describe.content_lines(shown))
    # A DCC is shown as it was signed.
    dcc = t.shown(t.dose()).certificate
    assert dcc is not None
    assert "as_dcc" not in describe.content(dcc)


def test_rules_of_all_kinds_are_held_by_prefix() -> None:
    (held,) = passes()
    assert held.kind is Kind.PASS
    ruleset = Ruleset([held])
    assert ruleset.select(t.UTOPIA, None, Kind.PASS, int(t.NOON.timestamp())) == (held,)
    claim = Claim(Kind.PASS, (PASS,), card(PASS, domain="NZCP").certificate)  # type: ignore[arg-type]
    assert assess(claim, t.snapshot([held]), t.UTOPIA, t.NOON).standing == "passed"


def test_a_rule_for_passes_is_said_in_words_checked_and_compared() -> None:
    accepted = {"===": [{"var": "payload.p.0.scheme"}, "NZCP"]}
    (held,) = passes()
    held = held._replace(affected_fields=("p.0.scheme",))
    assert explain.sentence(held) == "the scheme of the pass is “NZCP”"
    remarks = [r for r in lint([write(held)]).remarks if r.rule == held.name and r.error]
    assert remarks == []
    refused = t.rule(
        "PR-XU-0002", {"===": [{"var": "payload.p.0.tg"}, "x"]}, CertificateType="Pass"
    )
    with pytest.raises(DocumentRefused, match=r"payload\.p\.0\.tg"):
        Ruleset([refused])
    other = [held._replace(logic={"!": [accepted]})]
    assert explain.impact([held], other, "XU").turned
    with pytest.raises(DocumentRefused):
        t.rule("VR-XU-0001", accepted, CertificateType="Pass")


@pytest.mark.parametrize("precision", [Precision.YEAR, Precision.MONTH])
def test_a_dose_of_an_unknown_day_is_not_taken_as_the_last_one(precision: Precision) -> None:
    whole = t.dose()
    assert whole.given is not None
    rules = [t.rule("VR-XU-0001", {"var": "payload.v.0.dt"})]
    partial = whole._replace(given=whole.given._replace(precision=precision))
    found = asked(card(partial), rules)
    assert ("FIELD_NOT_MAPPED", "dt") in told(found)
    assert ("FIELD_NOT_MAPPED", "dt") not in told(asked(card(whole), rules))


@pytest.mark.parametrize(
    ("name", "absent"),
    [("issuerCountryCode", "issuer"), ("iat", "issued_at"), ("exp", "expires_at")],
)
def test_what_a_card_does_not_say_of_itself_is_no_answer(name: str, absent: str) -> None:
    rules = [t.rule("VR-XU-0001", {"!": [{"var": f"external.{name}"}]})]
    fields: dict[str, Any] = {absent: None}
    found = asked(card(t.dose(), **fields), rules)
    assert found.verdict.colour is Colour.AMBER
    assert ("FIELD_NOT_MAPPED", name) in told(found)


def test_a_test_of_an_unread_result_passes_no_rule_that_asks_for_its_date_alone() -> None:
    rules = [t.rule("TR-XU-0001", {"===": [1, 1]})]
    sample = t.sample(t.NOON)
    assert asked(card(sample), rules).verdict.colour is Colour.GREEN
    found = asked(card(sample._replace(result=None, unmapped=("tr",))), rules)
    assert found.verdict.colour is Colour.AMBER
    assert told(found) == [("FIELD_NOT_MAPPED", "tr")]


def test_where_issuers_void_certificates_a_card_of_no_country_is_in_doubt() -> None:
    own = t.rule("IR-XA-0001", {"===": [{"var": "payload.v.0.tg"}, "0"]})
    rules = [*t.utopia(), own]
    known, unknown = card(t.dose(), issuer="XA"), card(t.dose(), issuer=None)
    assert asked(known, rules).verdict.colour is Colour.GREEN
    found = asked(unknown, rules)
    assert found.verdict.colour is Colour.AMBER
    assert ("ISSUER_RULES_UNKNOWN", "") in told(found)
    # Where nobody voids anything, nothing is left to ask; and a DCC without a known issuer is told elsewhere.
    assert asked(unknown, t.utopia()).verdict.colour is Colour.GREEN
    assert asked(card(t.dose(), issuer=None, domain="DCC"), rules).verdict.colour is Colour.GREEN


def test_no_rule_on_a_date_alone_passes_a_dose_against_who_knows_what() -> None:
    (_, _, dated) = [one for one in t.utopia() if one.name.startswith("VR")][:3]
    unknown = t.dose()._replace(
        disease=None, prophylaxis=None, product=None, unmapped=("tg", "vp", "mp")
    )
    assert asked(card(t.dose()), [dated]).verdict.colour is Colour.GREEN
    found = asked(card(unknown), [dated])
    assert found.verdict.colour is Colour.AMBER
    assert ("FIELD_NOT_MAPPED", "tg") in told(found)
