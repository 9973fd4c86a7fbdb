"""The officer's screen: a word, a name, and reasons; which text of several it answers, and whose it is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import screen as s
from pratique import verification
from pratique.authenticate import Verification
from pratique.decision import decide
from pratique.findings import UNREAD, Code, Finding, Severity, conclude
from pratique.model import Moment, Person, Precision
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.registry import Freshness, ParticipantState, Registry
from tests import sets
from tests import travellers as t
from tests.schemes import shc as cards
from tests.unit.formats.test_shc import JWS
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/bridge.md"
KIT = measure.snapshot()
AT = datetime.fromtimestamp(keys.NOON, UTC)
GENUINE = text(claims(content.vaccinated()))


def of(*found: Verification, snapshot: Snapshot | None = None) -> s.Screen:
    held = t.snapshot() if snapshot is None else snapshot
    return s.screen_of(found, snapshot=held, place=t.UTOPIA, at=t.NOON)


def scanned(*texts: str, snapshot: Snapshot = KIT) -> s.Screen:
    return s.screen(texts, snapshot=snapshot, place=t.UTOPIA, at=AT)


def reasons(shown: s.Screen) -> list[str]:
    return [reason.reason.value for reason in shown.reasons]


def bare(code: Code) -> Verification:
    """Return what comes of a text of which nothing authentic was read."""
    return Verification(conclude([Finding(code)], code.step))


def with_finding(shown: Verification, *codes: Code) -> Verification:
    findings = [*shown.verdict.findings, *map(Finding, codes)]
    return shown._replace(verdict=conclude(findings))


# The table


def test_every_finding_has_its_reason_or_is_never_said() -> None:
    assert set(s.REASONS) | s.UNSAID == set(Code)
    assert not set(s.REASONS) & s.UNSAID


def test_only_notes_are_never_said() -> None:
    assert {code.severity for code in s.UNSAID} == {Severity.NOTE}


def test_no_finding_has_two_reasons() -> None:
    assert sum(map(len, s._CODES_OF.values())) == len(s.REASONS)


def test_every_reason_is_of_some_finding_and_has_a_step() -> None:
    assert set(s._CODES_OF) == set(s.NEXT_STEPS) == set(s.ReasonKey)
    assert all(s._CODES_OF.values())
    assert set(s.NEXT_STEPS.values()) <= set(s.StepKey)


def test_what_only_a_scanner_causes_is_never_a_reason_to_refuse() -> None:
    blames = {s.StepKey.REFUSE, s.StepKey.SCAN_AGAIN_THEN_REFUSE}
    assert not {s.NEXT_STEPS[s.REASONS[code]] for code in UNREAD} & blames


def test_the_handbook_names_every_reason_and_step() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for key, step in s.NEXT_STEPS.items():
        assert f"| `{step.value}` |" in page
        row = rf"^\| `{key.value}` \| [A-Z][^|]+ \| `{step.value}` \|$"
        assert re.search(row, page, re.MULTILINE), key


# Colours


def test_green_is_a_name_and_nothing_else() -> None:
    shown = of(t.shown(t.dose()))
    assert s.to_json(shown) == {
        "outcome": "green",
        "person": {
            "family": "BLOGGS", "given": "JO", "family_native": "", "given_native": "",
            "born": {"year": 1980, "month": 2, "day": 3}, "cut": False,
        },
        "reasons": [], "appeal": [], "parts": None,
    }  # fmt: skip


def test_rules_not_met_are_one_reason_whatever_the_rule() -> None:
    too_old, too_young = t.shown(t.dose("2021-01-10")), t.shown(t.dose("2022-02-28"))
    stale = t.shown(t.sample(datetime(2022, 1, 1, tzinfo=UTC)))
    screens = {json.dumps(s.to_json(of(one))) for one in (too_old, too_young, stale)}
    assert len(screens) == 1
    assert reasons(of(too_old)) == ["not-met"]
    assert of(too_old).outcome is s.ScreenOutcome.RED


@pytest.mark.parametrize(
    "code",
    [Code.TEST_POSITIVE, Code.NO_EVENT, Code.DOSES_BELOW_ONE, Code.RULE_OPEN, Code.STATED_VALIDITY_OVER],
    ids=lambda code: code.name,
)  # fmt: skip
def test_what_cannot_be_decided_of_the_content_is_one_reason(code: Code) -> None:
    assert reasons_of(code) == ["not-decided"]


def reasons_of(*codes: Code, refused: bool = False) -> list[str]:
    return [r.reason.value for r in s.reasons_of(map(Finding, codes), refused=refused)]


def test_of_the_content_one_reason_is_shown_at_most() -> None:
    assert reasons_of(Code.RULE_FAILED, Code.RULE_OPEN, Code.TEST_POSITIVE) == ["not-met"]
    # A refused code's screen does not tell what else is with it.
    assert reasons_of(Code.EXPIRED, Code.TEST_POSITIVE, refused=True) == ["expired-code"]
    assert reasons_of(Code.EXPIRED, Code.TEST_POSITIVE) == ["expired-code", "not-decided"]


def test_reasons_come_in_the_tables_order_and_once() -> None:
    codes = [Code.RULE_FAILED, Code.REVOKED, Code.SIGNATURE_INVALID, Code.RULE_FAILED]
    assert reasons_of(*codes) == ["signature-bad", "revoked", "not-met"]


def test_a_first_dose_of_several_asks_for_the_second_certificate() -> None:
    shown = of(t.shown(t.dose(number=1)))
    assert shown.outcome is s.ScreenOutcome.AMBER
    assert reasons(shown) == ["second-certificate"]
    both = of(t.shown(t.dose("2021-12-01", number=1)), t.shown(t.dose()))
    assert both.outcome is s.ScreenOutcome.GREEN


def test_a_place_without_rules_is_amber() -> None:
    shown = of(t.shown(t.dose()), snapshot=t.snapshot([]))
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, ["no-rules"])


def test_a_specimen_is_neither_red_nor_green() -> None:
    specimen = with_finding(t.shown(t.dose()), Code.ENVIRONMENT_WRONG)
    shown = of(specimen)
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.SPECIMEN, ["specimen"])
    assert of(specimen, bare(Code.SIGNATURE_INVALID)).outcome is s.ScreenOutcome.RED


def test_signed_for_tests_is_a_specimen_where_production_is_asked() -> None:
    other = (
        Environment.TEST if KIT.environment is Environment.PRODUCTION else Environment.PRODUCTION
    )
    held = KIT.replace(environment=other)
    assert scanned(GENUINE, snapshot=held).outcome is s.ScreenOutcome.SPECIMEN


def test_whoever_is_refused_learns_where_to_appeal() -> None:
    roll = Registry(
        int(t.NOON.timestamp()), {t.SIGNER.participant: ParticipantState(None, contact="https://appeal.example")}
    )  # fmt: skip
    revoked = with_finding(t.shown(t.dose()), Code.REVOKED)
    shown = of(revoked, snapshot=t.snapshot(roll=roll))
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.RED, ["revoked"])
    assert shown.appeal == ("https://appeal.example",)
    assert of(t.shown(t.dose()), snapshot=t.snapshot(roll=roll)).appeal == ()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_screen_is_never_kinder_than_the_code(data: st.DataObject) -> None:
    traveller = sets.traveller(lambda choices: data.draw(st.sampled_from(choices)))
    snapshot = sets.SNAPSHOTS[traveller.rules]
    fields: dict[str, Any] = {"snapshot": snapshot, "place": t.UTOPIA, "at": traveller.at}
    code, shown = (
        decide(traveller.shown, **fields, look_ahead=False),
        s.screen_of(traveller.shown, **fields),
    )
    order = [s.ScreenOutcome.RED, s.ScreenOutcome.AMBER, s.ScreenOutcome.GREEN]
    assert order.index(shown.outcome) <= order.index(s.ScreenOutcome(code.colour.value))
    assert (shown.reasons == ()) is (shown.outcome is s.ScreenOutcome.GREEN)


# Whose it is


def test_another_persons_certificate_makes_no_green() -> None:
    for pair in ((t.JO, t.ANN), (t.ANN, t.JO)):
        shown = of(*(t.shown(t.dose(), person) for person in pair))
        assert shown.outcome is s.ScreenOutcome.AMBER
        assert reasons(shown)[0] == "other-person"
        assert shown.person is not None
        assert shown.person.given == pair[0].forename_icao


def test_who_may_be_another_makes_no_green() -> None:
    twin = t.JO._replace(forename="Joseph", forename_icao="JOSEPH")
    shown = of(t.shown(t.dose()), t.shown(t.dose(), twin))
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, ["person-unclear"])


@pytest.mark.parametrize(
    "code", [Code.SIGNATURE_INVALID, Code.SIGNER_UNKNOWN, Code.FORMAT_NOT_READ], ids=lambda c: c.name
)  # fmt: skip
def test_what_names_nobody_makes_no_green(code: Code) -> None:
    # It may be the next traveller's: nobody is shown the screen of the one before.
    shown = of(t.shown(t.dose()), bare(code))
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, [s.REASONS[code].value])


def test_an_old_code_of_the_same_person_changes_nothing() -> None:
    expired = with_finding(t.shown(t.dose()), Code.EXPIRED)
    assert of(t.shown(t.dose()), expired) == of(t.shown(t.dose()))
    assert of(expired, t.shown(t.dose())) == of(t.shown(t.dose()))


def test_a_refused_code_of_another_makes_no_green() -> None:
    expired = with_finding(t.shown(t.dose(), t.ANN), Code.EXPIRED)
    shown = of(t.shown(t.dose()), expired)
    assert (shown.outcome, reasons(shown)) == (
        s.ScreenOutcome.AMBER,
        ["other-person", "expired-code"],
    )


def test_who_is_refused_is_named_all_the_same() -> None:
    shown = of(with_finding(t.shown(t.dose(), t.ANN), Code.EXPIRED))
    assert shown.outcome is s.ScreenOutcome.RED
    assert shown.person is not None
    assert shown.person.given == "ANN"


# The text that came last


def test_a_misread_is_scan_again_and_no_word_against_the_holder() -> None:
    for misread, reason in (
        ("", "scan-again"),
        ("hello", "no-health-code"),
        (GENUINE[:-9], "scan-again"),
    ):
        shown = scanned(misread)
        assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AGAIN, [reason])
        assert shown.person is None


def test_nothing_at_all_is_scan_again() -> None:
    assert scanned().outcome is s.ScreenOutcome.AGAIN


def test_a_misread_after_a_good_scan_is_scan_again_and_then_forgotten() -> None:
    assert scanned(GENUINE, "hello").outcome is s.ScreenOutcome.AGAIN
    assert scanned("hello", GENUINE) == scanned(GENUINE)


def test_the_last_misread_is_the_one_that_is_told() -> None:
    assert reasons(scanned("hello", GENUINE[:-9])) == ["scan-again"]
    assert reasons(scanned(GENUINE[:-9], "hello")) == ["no-health-code"]


@pytest.mark.parametrize("step", ["opened", "judged"])
def test_a_fault_of_this_program_stops_one_code(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real, genuine = getattr(verification, step), (GENUINE, verification.opened(GENUINE, KIT))

    def broken(text: object, *held: object, **fields: object) -> object:
        if text in genuine:
            raise ZeroDivisionError
        return real(text, *held, **fields)

    monkeypatch.setattr(s, step, broken)
    shown = scanned(GENUINE)
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AGAIN, ["program-fault"])
    other = text(claims(content.vaccinated(dob="1990-01-01")))
    assert scanned(GENUINE, other) == scanned(other)


def test_what_stands_around_a_code_is_taken_off() -> None:
    plain = scanned(GENUINE)
    assert plain.person is not None
    for wrapped in (f'  "{GENUINE}"\n', f"https://x.example/#{GENUINE}", GENUINE.swapcase()):
        assert scanned(wrapped) == plain


def test_a_long_text_is_scan_again() -> None:
    assert scanned("HC1:" + "A" * 30_000).outcome is s.ScreenOutcome.AGAIN


def test_a_part_of_a_card_waits_for_the_others() -> None:
    first, second = cards.chunks(JWS, 2)
    shown = scanned(first)
    assert shown.outcome is s.ScreenOutcome.MORE
    assert shown.parts == s.Waiting(1, 2)
    assert reasons(shown) == ["more-codes"]
    # The same chunk again, or one that was misread: nothing is lost.
    assert scanned(first, first).parts == s.Waiting(1, 2)
    assert scanned(first, "hello").outcome is s.ScreenOutcome.AGAIN
    whole = scanned(first, second)
    assert whole == scanned(second, first) == scanned(first, second, second)
    assert whole.outcome is not s.ScreenOutcome.MORE


def test_parts_of_two_cards_are_told_and_the_last_is_forgotten() -> None:
    first, second = cards.chunks(JWS, 2)
    mixed = first[:-20] + first[-10:]
    shown = scanned(first, mixed)
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AGAIN, ["codes-mixed"])
    # A card of another number of codes waits for its own.
    assert scanned(first, "shc:/2/3/5676").parts == s.Waiting(1, 3)
    assert scanned(first, "shc:/2/3/5676", second).outcome is not s.ScreenOutcome.MORE


def test_a_part_after_a_certificate_shows_whose_it_is() -> None:
    first, _ = cards.chunks(JWS, 2)
    shown = scanned(GENUINE, first)
    assert shown.outcome is s.ScreenOutcome.MORE
    assert shown.person == scanned(GENUINE).person


def test_a_card_that_is_not_whole_makes_no_green_and_nobody_red() -> None:
    part = bare(Code.PARTS_MISSING)
    shown = of(t.shown(t.dose()), part)
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, ["more-codes"])
    assert of(t.shown(t.dose("2021-01-10")), part).outcome is s.ScreenOutcome.AMBER


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_no_text_raises(texts: list[str]) -> None:
    shown = s.screen(texts, snapshot=KIT, place=t.UTOPIA, at=AT)
    json.dumps(s.to_json(shown)).encode()
    assert shown.outcome is not s.ScreenOutcome.GREEN


# The name


def person(**fields: Any) -> s.ScreenPerson:
    return s.shown_person(t.JO._replace(**fields))


def test_the_native_script_stands_beside_the_letters_of_the_passport() -> None:
    shown = person(
        surname="Мельник", surname_icao="MELNYK", forename="Ірина", forename_icao="IRYNA"
    )
    assert (shown.family, shown.given) == ("MELNYK", "IRYNA")
    assert (shown.family_native, shown.given_native) == ("Мельник", "Ірина")


def test_fillers_are_blanks() -> None:
    assert person(surname_icao="DEL<<RIO<").family == "DEL RIO"


def test_nothing_is_transliterated_that_was_not_signed_so() -> None:
    shown = person(surname="张", surname_icao=None, forename="Zoë", forename_icao=None)
    assert (shown.family, shown.family_native) == ("", "张")
    assert (shown.given, shown.given_native) == ("Zoë", "")


def test_a_name_turns_no_direction() -> None:
    shown = person(surname="Jo\u202eneerg\u2066", surname_icao="A\x1bB")
    assert "\u202e" not in shown.family_native
    assert "\x1b" not in shown.family


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (None, None),
        (Moment(Precision.YEAR, date(1963, 1, 1)), (1963, None, None)),
        (Moment(Precision.MONTH, date(1963, 5, 1)), (1963, 5, None)),
        (Moment(Precision.DAY, date(1963, 5, 7)), (1963, 5, 7)),
        (Moment(Precision.INSTANT, datetime(1963, 5, 7, 23, tzinfo=UTC)), (1963, 5, 7)),
    ],
)
def test_a_birth_date_is_as_precise_as_it_is_signed(
    born: Moment | None, expected: Sequence[int | None] | None
) -> None:
    assert person(birth_date=born).born == (None if expected is None else tuple(expected))


def test_nothing_of_a_screen_shows_in_its_repr() -> None:
    shown = of(t.shown(t.dose()))
    assert "BLOGGS" not in repr(shown)
    assert "BLOGGS" not in repr(shown.person)
    assert "1980" not in repr(s.partial_date(t.JO.birth_date))
    assert "HC1" not in repr(s.handed_in([GENUINE]))


# What is held here


def test_the_age_of_the_data_is_told_by_the_destinations_measure() -> None:
    noon = int(t.NOON.timestamp())
    hour = 3600
    for age, level in ((0, "fresh"), (47, "fresh"), (49, "old"), (8 * 24, "stale")):
        held = t.snapshot(roll=Registry(noon - age * hour))
        data = s.held_data(held, "XU", t.NOON)
        assert data == s.HeldData(7, noon - age * hour, age * hour, level, "ok")
    strict = t.snapshot(roll=Registry(noon - 3 * hour, freshness={"XU": Freshness(hour, 2 * hour)}))
    assert s.held_data(strict, "XU", t.NOON).level == "stale"
    assert s.held_data(strict, None, t.NOON).level == "fresh"


def test_what_was_imported_ages_by_its_import() -> None:
    noon = int(t.NOON.timestamp())
    for days, level in ((1, "fresh"), (8, "old"), (31, "stale")):
        assert s.held_data(t.snapshot(created=noon - days * 86_400), "XU", t.NOON).level == level
    assert s.held_data(t.snapshot(), "XU", t.NOON).level == "fresh"


def test_a_clock_behind_the_network_is_told() -> None:
    noon = int(t.NOON.timestamp())
    behind = t.snapshot(roll=Registry(noon + 3600))
    assert s.held_data(behind, "XU", t.NOON).clock == "behind"
    assert s.held_data(behind, "XU", t.NOON).age_seconds == 0
    assert s.held_data(t.snapshot(created=noon + 3600), "XU", t.NOON).clock == "behind"
    assert s.held_data(t.snapshot(created=noon + 60), "XU", t.NOON).clock == "ok"
    shown = of(t.shown(t.dose()), snapshot=behind)
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, ["clock-wrong"])


def test_old_data_is_amber_and_says_so() -> None:
    noon = int(t.NOON.timestamp())
    shown = of(t.shown(t.dose()), snapshot=t.snapshot(roll=Registry(noon - 49 * 3600)))
    assert (shown.outcome, reasons(shown)) == (s.ScreenOutcome.AMBER, ["data-old"])


def test_a_person_of_one_field_is_shown() -> None:
    shown = s.shown_person(Person("Testina Sampleova", None, None, None, None))
    assert (shown.family, shown.given, shown.born) == ("Testina Sampleova", "", None)
