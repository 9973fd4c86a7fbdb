"""Attack: what an officer's screen shows tells what somebody was vaccinated, tested or ill with, when, or why not.

1. The types hold nothing else: each field of a screen is named here.
2. Over 500 certificates of every kind, of many products, diseases and dates, the screen's JSON holds none of them.
3. Screens of one outcome and one reason are the same bytes, whatever stands behind them.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, get_type_hints

from pratique import model, strict_json
from pratique import screen as s
from pratique.authenticate import Verification, event_of
from pratique.findings import Code, Finding, conclude
from pratique.model import KINDS, Entry, Exemption, Moment, Person, Precision, Recovery, Vaccination
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from tests import travellers as t

DISEASES = [t.COVID, "RA01", "1D47", "1C81", "6142004", "840539006x"]
PRODUCTS = [
    t.COMIRNATY,
    t.SPIKEVAX,
    t.JANSSEN,
    "EU/1/21/1529",
    "Covaxin",
    "Sputnik-V",
    "Stamaril",
    None,
]
MADE = 520

FIELDS = {
    s.Screen: {"outcome", "person", "reasons", "appeal", "parts"},
    s.ScreenPerson: {"family", "given", "family_native", "given_native", "born", "cut"},
    s.PartialDate: {"year", "month", "day"},
    s.ScreenReason: {"reason", "step"},
    s.Waiting: {"read", "of"},
}


class Traveller(NamedTuple):
    """A certificate, and what its screen must not hold."""

    shown: Verification
    secrets: set[str]


def travellers(person: Person | None = None) -> Iterator[Traveller]:
    for number in range(MADE):
        entry = _entry(number)
        born = date(1931, 1, 1) + timedelta(days=97 * number % 26_000)
        whose = person or Person(
            f"Family{number}", "Given", f"FAMILY{number}", "GIVEN", Moment(Precision.DAY, born)
        )
        yield Traveller(t.shown(entry, whose), _secrets(entry))


def _entry(number: int) -> Entry:
    disease, product = DISEASES[number % 7 % 6], PRODUCTS[number % 8]
    given = t.NOON - timedelta(days=number * 7 % 400, hours=number % 23)
    if number % 4 == 0:
        dose = t.dose(given.date().isoformat(), 1 + number % 3, 1 + number // 12 % 3)
        return dose._replace(disease=disease, product=product, lot=f"LOT-{number}")
    if number % 4 == 1:
        kind = t.RAPID if number % 3 else t.NAAT
        result = t.sample(t.NOON - timedelta(hours=number % 90), kind)
        return result._replace(result=t.NOT_DETECTED if number % 5 else "260373001")
    if number % 4 == 2:
        return t.recovery(given.date().isoformat())._replace(disease=disease)
    return t.exemption()._replace(disease=disease if number % 3 else t.COVID)


def _secrets(entry: Entry) -> set[str]:
    """Return all words that say what an entry attests, and its dates in every way that they are written."""
    found = {
        KINDS[type(entry)].value,
        "dose",
        "disease",
        "product",
        "vaccin",
        "recover",
        "exempt",
        "negativ",
        "positiv",
    }
    for value in entry:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, Moment):
            day = value.day()
            found |= {day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%Y%m%d}", f"{day:%d %b %Y}"}
            found.add(json.dumps({"year": day.year, "month": day.month, "day": day.day})[1:-1])
    return {secret.casefold() for secret in found if len(secret) > 2}


def leaks(document: str, secrets: set[str]) -> set[str]:
    seen = document.casefold()
    return {secret for secret in secrets if secret in seen}


HELD = t.snapshot()
DOSES_ONLY = t.snapshot([one for one in t.utopia() if one.kind is Kind.VACCINATION])


def shown(*found: Verification, held: Snapshot = HELD) -> s.Screen:
    return s.screen_of(found, snapshot=held, place=t.UTOPIA, at=t.NOON)


def written(screen: s.Screen) -> str:
    return json.dumps(s.to_json(screen))


def test_a_screen_has_these_fields_and_no_other() -> None:
    for kind, fields in FIELDS.items():
        assert set(kind._fields) == fields  # type: ignore[attr-defined]
        # None of them is of a type that could hold anything.
        for hint in get_type_hints(kind).values():
            names = set(re.findall(r"[A-Za-z_]\w*", str(hint).replace("pratique.screen.", "")))
            plain = {"class", "enum", "str", "int", "bool", "None", "tuple"}
            words = {one.__name__ for one in (s.ScreenOutcome, s.ReasonKey, s.StepKey)}
            assert names <= plain | words | {one.__name__ for one in FIELDS}, hint


def test_no_word_of_the_tables_is_a_word_of_health() -> None:
    words = {
        part for key in (*s.ReasonKey, *s.StepKey, *s.ScreenOutcome) for part in key.split("-")
    }
    assert not words & {"dose", "vaccine", "vaccination", "test", "tested", "recovery", "exemption", "disease", "positive", "negative", "product"}  # fmt: skip


def test_the_screens_of_500_certificates_hold_nothing_of_health() -> None:
    outcomes = set()
    for traveller in travellers():
        for held in (HELD, DOSES_ONLY):
            screen = shown(traveller.shown, held=held)
            outcomes.add(screen.outcome)
            assert leaks(written(screen), traveller.secrets) == set()
            assert "not shown" in repr(screen)
    assert outcomes == {s.ScreenOutcome.GREEN, s.ScreenOutcome.AMBER, s.ScreenOutcome.RED}


def test_a_planted_leak_is_seen() -> None:
    for traveller in travellers():
        certificate = traveller.shown.certificate
        assert certificate is not None
        (entry,) = certificate.entries
        event = event_of(entry) or getattr(entry, "valid_from", None)
        assert isinstance(event, Moment)
        screen = s.to_json(shown(traveller.shown))
        for planted in (
            {"kind": certificate.kind.value},
            {"on": event.text()[:10]},
            {"on": strict_json.write(s.partial_date(event))},
            {"why": getattr(entry, "product", None) or entry.disease},  # type: ignore[union-attr]
        ):
            assert leaks(json.dumps({**screen, **planted}), traveller.secrets)


def test_screens_of_one_person_differ_by_nothing_but_outcome_and_reason() -> None:
    groups: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    kinds: dict[str, set[type]] = defaultdict(set)
    for traveller in travellers(t.JO):
        screen = shown(traveller.shown)
        groups[screen.outcome, screen.reasons].add(written(screen))
        assert traveller.shown.certificate is not None
        kinds[screen.outcome].add(type(traveller.shown.certificate.entries[0]))
    assert {len(group) for group in groups.values()} == {1}
    assert kinds["green"] == {Vaccination, model.Test, Recovery, Exemption}
    assert len(groups) <= 5, (
        "one screen each: green, not met, not decided, both for a second certificate"
    )


def test_green_screens_of_two_differ_by_the_name_only() -> None:
    others = t.JO._replace(surname="Doe", surname_icao="DOE")
    for entry in (t.dose(), t.sample(), t.recovery(), t.exemption()):
        one, other = (written(shown(t.shown(entry, person))) for person in (t.JO, others))
        assert one.replace("BLOGGS", "DOE") == other
        assert json.loads(one)["outcome"] == "green"


def test_what_is_refused_says_nothing_of_what_stands_behind() -> None:
    screens = set()
    for entry in (t.dose(), t.sample(), t.recovery(), t.exemption()):
        found = t.shown(entry)
        for more in (
            [],
            [Code.TEST_POSITIVE],
            [Code.NO_EVENT],
            [Code.DOSES_BELOW_ONE],
            [Code.EVENT_AFTER_ISSUE],
        ):
            findings = [Finding(Code.EXPIRED), *map(Finding, more)]
            screens.add(written(shown(found._replace(verdict=conclude(findings)))))
    assert len(screens) == 1


def test_rules_that_are_not_met_say_nothing_of_what_else_is_amiss() -> None:
    screens = set()
    for entry in (
        t.dose("2021-01-10"),
        t.recovery("2021-01-10"),
        t.sample(t.NOON - timedelta(days=9)),
    ):
        found = t.shown(entry)
        for more in ([], [Code.EVENT_AFTER_ISSUE], [Code.EVENT_BEFORE_BIRTH], [Code.TEST_POSITIVE]):
            findings = [*found.verdict.findings, *map(Finding, more)]
            screens.add(written(shown(found._replace(verdict=conclude(findings)))))
    assert len(screens) == 1


def test_a_test_without_a_time_is_like_one_with_it() -> None:
    day = Moment(Precision.DAY, datetime(2022, 2, 1, tzinfo=UTC).date())
    (one, other) = (
        written(shown(t.shown(entry)))
        for entry in (t.sample(datetime(2022, 2, 1, tzinfo=UTC)), t.sample()._replace(sampled=day))
    )
    assert one == other
