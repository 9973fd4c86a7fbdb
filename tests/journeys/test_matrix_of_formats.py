"""One judgement: twelve travellers, eight formats, real rules. Each gets the colour of the same facts in a DCC, or AMBER
with what its format could not say. Every text is signed, read and verified as at a desk."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.assess import with_rules
from pratique.authenticate import Verification
from pratique.crypto import keys
from pratique.decision import decide
from pratique.findings import Code, Colour, Finding, conclude
from pratique.formats import ddcc
from pratique.formats.fields import CwtClaims
from pratique.model import Entry, HealthCertificate, Vaccination
from pratique.rules import rule as rules_rule
from pratique.rules.ruleset import Destination, Result, Ruleset
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tests import travellers as t
from tests.schemes import ch_light, divoc, nzcp, shc, two_d_doc, vds_nc

AT = datetime(2022, 3, 20, 12, tzinfo=UTC)
STAMP = int(AT.timestamp()) - 600
KEY = keys.generate()
COUNTRIES = ("FR", "IE", "HR")
"""Whose rules of those years are asked."""


def ago(days: int) -> str:
    return (AT - timedelta(days=days)).date().isoformat()


def dose(product: str, days: int, number: int, needed: int) -> Vaccination:
    maker, platform = MADE[product]
    return t.dose(ago(days), number, needed, product)._replace(
        prophylaxis=platform, manufacturer=maker, identifier="URN:UVCI:01:XA:1#A"
    )


def sample(hours: int, kind: str = t.NAAT, result: str = t.NOT_DETECTED) -> Any:
    return t.sample(AT - timedelta(hours=hours), kind)._replace(result=result)


MADE = {
    "EU/1/20/1528": ("ORG-100030215", "1119349007"), "EU/1/20/1507": ("ORG-100031184", "1119349007"),
    "EU/1/21/1529": ("ORG-100001699", "29061000087103"), "EU/1/20/1525": ("ORG-100001417", "29061000087103"),
    "Covishield": ("ORG-100001981", "29061000087103"), "Covaxin": ("Bharat-Biotech", "1157024006"),
}  # fmt: skip
TRAVELLERS: dict[str, Entry] = {
    "comirnaty": dose("EU/1/20/1528", 60, 2, 2),
    "spikevax": dose("EU/1/20/1507", 60, 2, 2),
    "vaxzevria": dose("EU/1/21/1529", 60, 2, 2),
    "janssen": dose("EU/1/20/1525", 40, 1, 1),
    "covishield": dose("Covishield", 60, 2, 2),
    "covaxin": dose("Covaxin", 60, 2, 2),
    "booster": dose("EU/1/20/1528", 20, 3, 3),
    "first dose": dose("EU/1/20/1528", 60, 1, 2),
    "too old": dose("EU/1/20/1507", 420, 2, 2),
    "tested": sample(10),
    "tested long ago": sample(200),
    "positive": sample(10, result="260373001"),
}
"""Twelve travellers, each with one event."""


def as_dcc(entry: Entry, country: str) -> Verification:
    """Return the same facts in a DCC of that country."""
    signer = t.SIGNER._replace(countries=frozenset({country}))
    doubt = (Finding(Code.TEST_POSITIVE),) if getattr(entry, "result", "") == "260373001" else ()
    shown = t.shown(entry, issuer=country, issued_at=STAMP)
    return Verification(conclude((*doubt, Finding(Code.NO_RULES))), shown.certificate, signer)


class Format(NamedTuple):
    """How a format's texts are made of an event, and whose key verifies them; the country that issues."""

    text: Callable[[Entry], str]
    signer: Callable[[], Signer]
    country: str


def french(entry: Entry) -> str:
    kind, fields = two_d_doc._fields(t.JO, entry)
    today = two_d_doc.days(AT.date().isoformat())
    head = two_d_doc.header(kind, issued=today, signed=today)
    return two_d_doc.make(KEY, two_d_doc.message(fields), head=head)


FORMATS = {
    "SHC": Format(
        lambda entry: shc.text(t.JO, [entry], KEY, nbf=STAMP), lambda: shc.signer(KEY), "XA"
    ),
    "VDS-NC": Format(lambda entry: vds_nc.text(t.JO, [entry]), vds_nc.signer, "XA"),
    "2D-DOC": Format(french, lambda: two_d_doc.signer(KEY), "FR"),
    "DIVOC": Format(
        lambda entry: divoc.text(t.JO, [entry], issuanceDate=AT.isoformat()), divoc.signer, "XA"
    ),
    "NZCP": Format(lambda _: nzcp.text(t.JO, [], KEY), lambda: nzcp.signer(KEY), "NZ"),
    "CH-LIGHT": Format(
        lambda _: ch_light.text(t.JO, [], KEY, iat=STAMP, exp=STAMP + 86_400),
        lambda: ch_light.signer(KEY), "CH",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def rulesets(corpora: Path) -> dict[str, Ruleset]:
    sets = json.loads((corpora / "spec/valuesets/valueSets.json").read_text())
    found = {}
    for country in COUNTRIES:
        document = json.loads((corpora / f"business-rules/{country}.json").read_text())
        rules = [rules_rule.read(row) for row in document["rules"]]
        found[country] = Ruleset(rules, sets, compatible=True)
    return found


def own() -> dict[str, Ruleset]:
    return {"XU": Ruleset(t.utopia())}


def hold(entry: Entry, name: str, format_: Format, rulesets: dict[str, Ruleset]) -> None:
    for country, ruleset in rulesets.items():
        place = Destination(country)
        snapshot = t.snapshot(ruleset=ruleset, trust=TrustList([format_.signer()]))
        expected = with_rules(as_dcc(entry, format_.country), snapshot, place, AT)
        found = verify(format_.text(entry), snapshot=snapshot, at=AT, place=place)
        assert_same(found, expected, f"{name}, to {country}")


def assert_same(found: Verification, expected: Verification, what: str) -> None:
    assert found.certificate is not None, (what, found.verdict.findings)
    codes = {finding.code for finding in found.verdict.findings}
    open_ = [outcome for outcome in found.outcomes if outcome.reason == "not-mapped"]
    if found.verdict.colour is not expected.verdict.colour:
        # Never greener than the DCC, never red where that is not: open, and named.
        assert found.verdict.colour is Colour.AMBER, (what, found.verdict.findings)
        assert open_, (what, found.verdict.findings)
        assert Code.FIELD_NOT_MAPPED in codes, what
    # Whatever a rule said, it said of the DCC too: what is left open is the only difference.
    said = {outcome.rule.name: outcome.result for outcome in expected.outcomes}
    for outcome in found.outcomes:
        if outcome.reason != "not-mapped":
            assert outcome.result is said[outcome.rule.name], (what, outcome.rule.name)
    if open_:
        # A value that is said differently is never left open: only what is not said is.
        assert all(outcome.unmapped for outcome in open_), what


PASSES = {"NZCP", "CH-LIGHT"}
STATES = {
    name: [one for one in TRAVELLERS if name != "DIVOC" or isinstance(TRAVELLERS[one], Vaccination)]
    for name in FORMATS
    if name not in PASSES
}


@pytest.mark.parametrize(
    ("name", "traveller"), [(name, one) for name, several in STATES.items() for one in several]
)
def test_the_same_facts_get_the_same_colour(
    name: str, traveller: str, rulesets: dict[str, Ruleset]
) -> None:
    hold(TRAVELLERS[traveller], f"{traveller} in {name}", FORMATS[name], rulesets)


@pytest.mark.parametrize(
    ("name", "traveller"), [(name, one) for name, several in STATES.items() for one in several]
)
def test_the_same_facts_get_the_same_colour_by_rules_of_our_own(name: str, traveller: str) -> None:
    hold(TRAVELLERS[traveller], f"{traveller} in {name}", FORMATS[name], own())


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_is_amber_everywhere_but_where_it_is_named(
    name: str, rulesets: dict[str, Ruleset]
) -> None:
    text, signer, _ = FORMATS[name]
    for country, ruleset in {**rulesets, **own()}.items():
        snapshot = t.snapshot(ruleset=ruleset, trust=TrustList([signer()]))
        found = verify(text(t.dose()), snapshot=snapshot, at=AT, place=Destination(country))
        assert found.certificate is not None
        assert found.verdict.colour is Colour.AMBER
        assert Code.NO_RULE_FOR_KIND in {finding.code for finding in found.verdict.findings}
        assert found.outcomes == ()
    named = {"===": [{"var": "payload.p.0.scheme"}, name]}
    rules = [*t.utopia(), t.rule("PR-XU-0001", named, CertificateType="Pass")]
    snapshot = t.snapshot(rules, trust=TrustList([signer()]))
    found = verify(text(t.dose()), snapshot=snapshot, at=AT, place=t.UTOPIA)
    assert found.verdict.colour is Colour.GREEN


_WHOS = {"EU/1/20/1528": "XM8NQ0", "EU/1/20/1507": "XM3DT5", "EU/1/21/1529": "XM4YL8", "EU/1/20/1525": "XM6QV1", "Covishield": "XM97T2", "Covaxin": "XM1G90"}  # fmt: skip


def as_ddcc(entry: Any) -> HealthCertificate:
    """Return the same facts in a DDCC, with WHO's codes."""
    head = CwtClaims("XA", STAMP, STAMP + 8_640_000)
    fields: dict[str, Any] = {"name": "Jo Bloggs", "birthDate": "1980-02-03", "hcid": "1"}
    if isinstance(entry, Vaccination):
        assert entry.given is not None
        fields |= {
            "disease": "RA01.0", "vaccine": "XM68M6", "brand": _WHOS[entry.product or ""],
            "dose": entry.dose, "total_doses": entry.doses, "date": entry.given.text(), "country": "XA",
        }  # fmt: skip
        read = ddcc.vaccination(fields, head, [])
    else:
        test = {
            "pathogen": "RA01.0", "type": {t.NAAT: "94500-6"}[entry.test_type],
            "date": entry.sampled.text(), "result": entry.result, "country": "XA",
        }  # fmt: skip
        read = ddcc.test({**fields, "test": test}, head, [])
    assert read is not None
    return read


@pytest.mark.parametrize("traveller", TRAVELLERS)
def test_the_same_facts_in_a_ddcc(traveller: str, rulesets: dict[str, Ruleset]) -> None:
    entry = TRAVELLERS[traveller]
    for country, ruleset in {**rulesets, **own()}.items():
        snapshot, place = t.snapshot(ruleset=ruleset), Destination(country)
        expected = as_dcc(entry, "XA")
        found = expected._replace(certificate=as_ddcc(entry))
        assert_same(
            with_rules(found, snapshot, place, AT),
            with_rules(expected, snapshot, place, AT),
            country,
        )


def test_the_matrix_is_not_all_of_one_colour(rulesets: dict[str, Ruleset]) -> None:
    told = {name: set() for name in rulesets}  # type: dict[str, set[Colour]]
    for country, ruleset in rulesets.items():
        for entry in TRAVELLERS.values():
            snapshot = t.snapshot(ruleset=ruleset)
            found = with_rules(as_dcc(entry, "XA"), snapshot, Destination(country), AT)
            told[country].add(found.verdict.colour)
            assert all(outcome.result is not Result.OPEN for outcome in found.outcomes)
    assert all(len(colours) > 1 for colours in told.values()), told


# Courses: what one card alone leaves open, and what several come to.


COURSE = [dose("EU/1/20/1528", 90, 1, 2), dose("EU/1/20/1528", 60, 2, 2)]


def codes_of(found: Verification) -> set[tuple[str, str]]:
    return {(finding.code.name, finding.where) for finding in found.verdict.findings}


def test_a_seal_with_both_doses_is_a_course() -> None:
    """A seal never says how many doses a course has: its two numbered doses are surely two."""
    snapshot = t.snapshot(trust=TrustList([vds_nc.signer()]))
    text = vds_nc.text(t.JO, COURSE)
    found = verify(text, snapshot=snapshot, at=AT, place=t.UTOPIA)
    assert found.verdict.colour is Colour.GREEN
    assert ("COURSE_COUNTED", "") in codes_of(found)


def test_two_doses_without_numbers_on_a_card_are_not_counted_up() -> None:
    snapshot = t.snapshot(trust=TrustList([shc.signer(KEY)]))
    entries = [entry._replace(dose=None, doses=None) for entry in COURSE]
    text = shc.text(t.JO, entries, KEY, nbf=STAMP)
    found = verify(text, snapshot=snapshot, at=AT, place=t.UTOPIA)
    assert found.verdict.colour is Colour.AMBER
    assert ("FIELD_NOT_MAPPED", "dn") in codes_of(found)
    assert ("COURSE_COUNTED", "") not in codes_of(found)


def test_a_course_over_two_formats_counts_where_its_doses_are_surely_two() -> None:
    snapshot = t.snapshot(trust=TrustList([vds_nc.signer()]))
    seal = verify(vds_nc.text(t.JO, COURSE[1:]), snapshot=snapshot, at=AT)
    code = decide([as_dcc(COURSE[0], "XA"), seal], snapshot=snapshot, place=t.UTOPIA, at=AT)
    assert code.colour is Colour.GREEN
    assert Code.COURSE_COUNTED in {finding.code for finding in code.because}
    # The same number again is no second dose.
    again = verify(vds_nc.text(t.JO, COURSE[:1]), snapshot=snapshot, at=AT)
    code = decide([as_dcc(COURSE[0], "XA"), again], snapshot=snapshot, place=t.UTOPIA, at=AT)
    assert code.colour is Colour.AMBER
