"""The holder's own view: cards of people, may I enter, all destinations at once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique import wallet as w
from pratique.findings import Code, Finding, Severity
from pratique.identify import IdentityReason
from pratique.rules.ruleset import Destination, Ruleset
from pratique.screen import ReasonKey, Waiting
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.registry import ParticipantState, Registry, Suspension
from tests import travellers as t
from tests.schemes import shc as cards
from tests.unit.formats.test_shc import JWS
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/bridge.md"
PARIS = ZoneInfo("Europe/Paris")
AT = datetime.fromtimestamp(keys.NOON, PARIS)
DAY = timedelta(days=1)
NAME = {"fn": "Sampleová", "gn": "Testina", "fnt": "SAMPLEOVA", "gnt": "TESTINA"}


def signed(group: dict[str, Any], **names: Any) -> str:
    return text(claims({**group, "nam": {**NAME, **names}}))


DOSE = signed(content.vaccinated())
FIRST = signed(content.vaccinated({"dn": 1, "dt": "2026-01-10", "ci": "URN:UVCI:01:XU:1#A"}))
ILLNESS = signed(content.dcc("r", content.illness()))
POSITIVE = signed(content.dcc("t", content.result(tr="260373001")))
OTHERS = signed(content.vaccinated(), fn="Bloggs", gn="Jo", fnt="BLOGGS", gnt="JO")
TWINS = signed(content.vaccinated(), gn="Testina-Maria", gnt="TESTINA<MARIA")


def held(rules: list[Any] | None = None, **fields: Any) -> Snapshot:
    ruleset = Ruleset(t.utopia() if rules is None else rules)
    return measure.snapshot().replace(ruleset=ruleset, created=keys.NOON, **fields)


KIT = held()


def shown(*texts: str, snapshot: Snapshot = KIT) -> w.Cards:
    return w.cards(texts, snapshot=snapshot, at=AT)


def enter(
    *texts: str,
    at: datetime = AT,
    now: int = keys.NOON,
    snapshot: Snapshot = KIT,
    place: Destination = t.UTOPIA,
) -> w.Entering:
    return w.enter(texts, snapshot=snapshot, place=place, at=at, now=now, language="en")


def reasons(found: tuple[w.HolderReason, ...]) -> list[str]:
    return [reason.reason for reason in found]


# Reasons


def test_every_reason_has_a_holders_step() -> None:
    assert set(w.HOLDER_STEPS) == set(ReasonKey)


def test_every_finding_but_notes_is_told_to_the_holder() -> None:
    for code in Code:
        if code.severity is not Severity.NOTE and code is not Code.NO_RULES:
            assert w.holder_reasons([Finding(code)]), code


def test_the_handbook_names_every_reason_and_step() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for reason, step in w.OWN_REASONS.values():
        assert f"| `{reason}` |" in page
        assert f"`{step.value}` |" in page
    for step in w.HolderStep:
        assert f"| `{step.value}` |" in page


# Cards


def test_a_card_says_all_that_is_attested() -> None:
    (person,) = shown(DOSE).people
    assert (person.person.family, person.person.family_native) == ("SAMPLEOVA", "Sampleová")
    (card,) = person.cards
    assert (card.kind, card.format, card.state, card.reasons) == (
        "vaccination",
        "DCC",
        "in-order",
        (),
    )
    assert card.readable_until == w.LocalInstant(keys.EXPIRES, "2027-03-01T09:00:00+01:00")
    (entry,) = card.entries
    assert entry.on == (2026, 2, 20)
    assert entry.at is None
    assert (entry.fields["product"], entry.fields["doses"]) == ("EU/1/20/1528", "2")
    assert "given" not in entry.fields
    assert card.codes == (DOSE,)


def test_the_date_of_the_dose_and_of_the_code_stand_apart() -> None:
    (card,) = shown(ILLNESS).people[0].cards
    (entry,) = card.entries
    assert (entry.on, entry.valid_from, entry.valid_until) == (
        (2026, 1, 10),
        (2026, 1, 21),
        (2026, 7, 9),
    )
    assert card.readable_until is not None
    assert card.readable_until.local.startswith("2027-03-01")


def test_the_time_of_a_test_is_told_on_the_clock_of_the_place() -> None:
    (entry,) = shown(POSITIVE).people[0].cards[0].entries
    assert entry.on == (2026, 2, 28)
    assert entry.at is not None
    assert entry.at.local == "2026-02-28T10:30:00+01:00"
    assert reasons(shown(POSITIVE).people[0].cards[0].reasons) == ["test-positive"]


def test_cards_are_of_people_who_are_surely_the_same() -> None:
    found = shown(DOSE, OTHERS, FIRST, ILLNESS)
    assert [[card.texts for card in person.cards] for person in found.people] == [
        [(0,), (2,), (3,)],
        [(1,)],
    ]
    assert [person.unclear for person in found.people] == [(), ()]


def test_who_may_be_one_person_is_never_put_together() -> None:
    found = shown(DOSE, TWINS)
    assert len(found.people) == 2
    for number, person in enumerate(found.people):
        assert person.unclear == (w.Unclear(1 - number, (IdentityReason.NAME_SPELLING,)),)


@pytest.mark.parametrize(
    ("birth", "reason"),
    [("1984", IdentityReason.BIRTH_DATE_PARTIAL), ("", IdentityReason.BIRTH_DATE_MISSING)],
)
def test_why_two_may_be_one_is_told(birth: str, reason: IdentityReason) -> None:
    found = shown(DOSE, signed(content.vaccinated(dob=birth)))
    assert [person.unclear[0].reasons for person in found.people] == [(reason,), (reason,)]


def test_who_joins_two_makes_them_one() -> None:
    # Both lines are like hers alone: a person of three cards is one person, in whatever order they come.
    cyrillic = {"fn": "Мельник", "gn": "Ірина", "fnt": "MELNYK", "gnt": "IRYNA"}
    three = [
        signed(content.vaccinated({"ci": f"URN:UVCI:01:XU:{n}"}), **cyrillic) for n in range(3)
    ]
    assert len(shown(*three).people) == 1
    assert len(shown(three[2], DOSE, three[0], three[1]).people) == 2


def test_a_code_that_is_there_twice_is_one_card() -> None:
    (person,) = shown(DOSE, f" {DOSE}\n").people
    assert [card.texts for card in person.cards] == [(0, 1)]


def test_a_card_of_several_codes_shows_them_all() -> None:
    first, second = cards.chunks(JWS, 2)
    (other,) = shown(second, "hello", first).others[1:]
    assert (other.texts, other.codes, other.state) == ((0, 2), (first, second), "doubtful")
    assert reasons(other.reasons) == ["issuer-unknown"]
    known = shown(second, first, snapshot=cards_held()).people[0].cards[0]
    assert (known.texts, known.codes, known.format) == ((0, 1), (first, second), "SHC")


def cards_held() -> Snapshot:
    from pratique.trust.signer import TrustList
    from tests.unit.formats.test_shc import SIGNER

    return KIT.replace(trust=TrustList([SIGNER]))


def test_what_is_not_whole_tells_how_many_are_missing() -> None:
    first, _ = cards.chunks(JWS, 2)
    (other,) = shown(first).others
    assert (other.state, other.parts, reasons(other.reasons)) == (
        "more",
        Waiting(1, 2),
        ["more-codes"],
    )


def test_what_was_not_read_is_told_with_its_place() -> None:
    found = shown("hello", DOSE, DOSE[:-9])
    assert [(other.texts, other.state) for other in found.others] == [
        ((0,), "unread"),
        ((2,), "unread"),
    ]
    forged = shown(text(claims(content.vaccinated()), key="stranger"))
    assert [(other.state, reasons(other.reasons)) for other in forged.others] == [
        ("refused", ["signature-bad"])
    ]


def test_a_card_that_is_refused_is_still_its_holders() -> None:
    late = w.cards([DOSE], snapshot=KIT, at=AT + 400 * DAY)
    (card,) = late.people[0].cards
    assert (card.state, reasons(card.reasons)) == ("refused", ["expired-code"])


def test_a_specimen_is_told() -> None:
    other = (
        Environment.TEST if KIT.environment is Environment.PRODUCTION else Environment.PRODUCTION
    )
    (card,) = shown(DOSE, snapshot=KIT.replace(environment=other)).people[0].cards
    assert card.state == "specimen"


def test_nothing_of_a_card_shows_in_a_repr() -> None:
    found = shown(DOSE, "hello")
    for one in (
        found.people[0],
        found.people[0].cards[0],
        found.people[0].cards[0].entries[0],
        found.others[0],
    ):
        assert repr(one).endswith("not shown>")


def test_an_instant_beyond_the_calendar_is_not_told() -> None:
    assert w.local_instant(w.LATEST, AT) is None
    assert w.local_instant(w.LATEST - 1, AT) is not None
    assert w.local_instant(-1, AT) is None
    assert w.local_instant(None, AT) is None


# May I enter?


def test_may_i_enter_from_when_until_when() -> None:
    found = enter(DOSE)
    assert (found.colour, found.reasons, found.helps) == ("green", (), ())
    assert found.from_ is not None
    assert found.until is not None
    assert (found.from_.local, found.until.local) == (
        "2026-03-06T00:00:00+01:00",
        "2026-11-17T00:00:00+01:00",
    )
    assert [(rule.rule, rule.result) for rule in found.rules] == [
        ("VR-XU-0001", "passed"), ("VR-XU-0002", "passed"), ("VR-XU-0003", "passed"),
    ]  # fmt: skip
    assert found.rules[0].says == "What VR-XU-0001 asks for, in a sentence."


def test_the_holder_reads_which_rule_is_not_met() -> None:
    found = enter(DOSE, at=AT + 200 * DAY)
    assert (found.colour, reasons(found.reasons)) == ("red", ["not-met"])
    assert [rule.rule for rule in found.rules if rule.result == "failed"] == ["VR-XU-0003"]
    helps = {one.help: (one.amount, one.strictly) for one in found.helps}
    assert helps["RAPID_TEST"] == (24, False)
    assert helps["LABORATORY_TEST"] == (72, False)
    assert helps["DOSE"] == (14, False)


def test_waiting_is_told_with_its_instant() -> None:
    early = AT.replace(month=3, day=2)
    found = enter(DOSE, at=early)
    assert found.colour == "red"
    (wait, *_) = found.helps
    assert found.from_ is not None
    assert (wait.help, wait.amount) == ("WAIT", found.from_.epoch)


def test_a_first_dose_asks_for_the_second_certificate() -> None:
    found = enter(FIRST)
    assert (found.colour, reasons(found.reasons)) == ("amber", ["second-certificate"])
    assert found.reasons[0].step is w.HolderStep.ADD_CERTIFICATE
    assert enter(FIRST, DOSE).colour == "green"


def test_another_persons_certificate_is_told_with_its_text() -> None:
    found = enter(FIRST, OTHERS)
    assert w.HolderReason("other-person", w.HolderStep.ONE_PERSON, (1,)) in found.reasons


def test_what_is_left_out_is_told_with_its_text() -> None:
    expired = text(claims(content.vaccinated(), exp=keys.NOON - 5))
    found = enter(FIRST, "hello", expired)
    assert w.HolderReason("left-out", w.HolderStep.SEE_CARD, (1, 2)) in found.reasons
    assert "expired-code" in reasons(found.reasons)


def test_where_no_rules_are_nothing_is_green() -> None:
    found = enter(DOSE, place=t.ARCADIA)
    assert (found.colour, found.place, reasons(found.reasons)) == ("amber", "XA", ["no-rules"])


def test_nothing_at_all_is_amber_and_nobodys() -> None:
    found = enter()
    assert (found.colour, found.person) == ("amber", None)


# All destinations


def many(count: int) -> Snapshot:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    countries = [f"Q{letter}" for letter in letters][:count]
    return held([t.rule(f"VR-{country}-0001", {"===": [1, 1]}) for country in countries])


def test_all_destinations_come_by_their_codes_and_in_portions() -> None:
    snapshot = many(20)
    rows: list[w.DestinationRow] = []
    begin: int | None = 0
    calls = 0
    while begin is not None:
        found = w.everywhere([DOSE], snapshot=snapshot, at=AT, now=keys.NOON, begin=begin, most=8)
        rows += found.rows
        begin, calls = found.next, calls + 1
        assert found.all == 20
    assert calls == 3
    assert [row.place for row in rows] == sorted(row.place for row in rows)
    assert {row.colour for row in rows} == {"green"}


def test_all_destinations_tell_the_first_reason() -> None:
    (row,) = w.everywhere([FIRST], snapshot=KIT, at=AT, now=keys.NOON, begin=0, most=1).rows
    assert (row.place, row.colour) == ("XU", "amber")
    assert row.reason == w.HolderReason("second-certificate", w.HolderStep.ADD_CERTIFICATE)


@pytest.mark.parametrize(("begin", "most"), [(-5, -5), (0, 10**9), (10**9, 5)])
def test_no_portion_is_too_strange(begin: int, most: int) -> None:
    found = w.everywhere([DOSE], snapshot=KIT, at=AT, now=keys.NOON, begin=begin, most=most)
    assert len(found.rows) <= 1
    assert found.next is None


def test_the_data_is_as_old_as_it_is_when_it_is_asked() -> None:
    # In three weeks it will have been updated; today it is fresh, or it is not.
    roll = Registry(keys.NOON - 3600)
    for snapshot in (KIT, held(roll=roll)):
        assert enter(DOSE, at=AT + 21 * DAY, snapshot=snapshot).colour == "green"
        late = enter(DOSE, at=AT + 21 * DAY, now=keys.NOON + 20 * 86_400, snapshot=snapshot)
        assert reasons(late.reasons)[0] in {"data-old", "data-too-old"}
        assert enter(DOSE, at=AT - 21 * DAY, snapshot=snapshot).colour == "green"
    behind = enter(DOSE, at=AT + 21 * DAY, snapshot=held(roll=Registry(keys.NOON + 7200)))
    assert reasons(behind.reasons) == ["clock-wrong"]


def test_what_is_confirmed_today_counts_for_a_journey() -> None:
    later = AT + 21 * DAY
    for expires, colour in ((keys.NOON + 5 * 86_400, "green"), (keys.NOON - 5, "amber")):
        members = {"XXU": ParticipantState(expires)}
        roll = Registry(keys.NOON - 3600, members)
        assert enter(DOSE, at=later, snapshot=held(roll=roll)).colour == colour
    suspended = ParticipantState(
        None, suspensions=(Suspension(keys.NOON + 86_400, keys.NOON + 30 * 86_400, "x"),)
    )
    roll = Registry(keys.NOON - 3600, {"XXU": suspended})
    found = enter(DOSE, at=later, snapshot=held(roll=roll))
    assert (found.colour, reasons(found.reasons)) == ("amber", ["network-suspended"])


# Whatever is handed in


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=3))
def test_no_text_raises(texts: list[str]) -> None:
    json.dumps(w.to_json(shown(*texts)))
    json.dumps(w.to_json(enter(*texts)))


def test_a_clock_without_a_zones_name_will_do() -> None:
    fixed = AT.astimezone(timezone(timedelta(hours=14)))
    (card,) = w.cards([DOSE], snapshot=KIT, at=fixed).people[0].cards
    assert card.issued is not None
    assert card.issued.local.endswith("+14:00")


def test_json_says_from_and_until() -> None:
    document = w.to_json(enter(DOSE))
    assert set(document) == {
        "colour", "person", "place", "at", "reasons", "rules", "from", "until", "helps", "unaccepted", "appeal",
        "snapshot",
    }  # fmt: skip
    rows = w.to_json(w.everywhere([DOSE], snapshot=KIT, at=AT, now=keys.NOON, begin=0, most=1))[
        "rows"
    ]
    assert set(rows[0]) == {"place", "colour", "from", "until", "reason"}
