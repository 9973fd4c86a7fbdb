"""The health code: one person's certificates, a destination's rules, an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.authenticate import HealthCode
from pratique.decision import decide
from pratique.findings import Code, Colour, Finding, conclude
from pratique.model import Entry
from pratique.rules.ruleset import Destination
from pratique.verification import verify
from tests import travellers as t

SNAPSHOT = t.snapshot()


def code(*entries: Entry, at: datetime = t.NOON, place: Destination = t.UTOPIA) -> HealthCode:
    return decide([t.shown(entry) for entry in entries], snapshot=SNAPSHOT, place=place, at=at)


def codes(found: HealthCode) -> set[Code]:
    return {finding.code for finding in found.because}


def test_each_way_is_green_alike() -> None:
    for entry in (t.dose(), t.sample(), t.recovery(), t.exemption()):
        assert code(entry).colour is Colour.GREEN


def test_a_destination_without_rules_is_amber_never_green() -> None:
    found = code(t.dose(), place=t.ARCADIA)
    assert found.colour is Colour.AMBER
    assert codes(found) == {Code.NO_RULES_FOR_COUNTRY}


def test_a_kind_without_a_rule_is_amber() -> None:
    only_tests = t.snapshot([t.rule("TR-XU-0001", {"===": [1, 1]})])
    found = decide([t.shown(t.dose())], snapshot=only_tests, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.AMBER
    assert codes(found) == {Code.NO_RULE_FOR_KIND}


def test_a_rule_that_errs_is_amber() -> None:
    broken = t.snapshot([t.rule("GR-XU-0001", {"+": [{"var": "payload.v.0.mp"}, 1]})])
    found = decide([t.shown(t.dose())], snapshot=broken, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.AMBER
    assert codes(found) == {Code.RULE_OPEN}


def test_a_rule_that_fails_is_red_and_is_named() -> None:
    found = code(t.dose("2022-02-25"))
    assert found.colour is Colour.RED
    assert Finding(Code.RULE_FAILED, "VR-XU-0003") in found.because
    assert {outcome.rule.identifier for outcome in found.outcomes} == {
        "VR-XU-0001", "VR-XU-0002", "VR-XU-0003"
    }  # fmt: skip


def test_more_proof_makes_it_green() -> None:
    assert code(t.dose("2022-02-25"), t.sample()).colour is Colour.GREEN


def test_doses_of_two_products_add_up() -> None:
    first = t.dose("2021-12-01", 1, 2, t.SPIKEVAX)
    second = t.dose("2022-01-10", 1, 2, t.COMIRNATY)
    assert code(first).colour is not Colour.GREEN
    assert code(second).colour is not Colour.GREEN
    assert code(first, second).colour is Colour.GREEN


def test_one_dose_and_a_recovery_are_a_course() -> None:
    old = t.recovery("2021-06-01")
    one = t.dose("2022-01-10", 1, 2)
    assert code(old).colour is Colour.RED
    assert code(old, one).colour is Colour.GREEN


def test_a_first_dose_alone_asks_for_the_other_certificate_by_name() -> None:
    found = code(t.dose("2022-01-10", 1, 2))
    assert found.colour is Colour.AMBER
    assert found.asks_for_second()


def test_another_persons_certificate_does_not_count() -> None:
    mine, hers = t.shown(t.dose("2022-02-25")), t.shown(t.sample(), t.ANN)
    found = decide([mine, hers], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.RED
    assert Code.HOLDER_DIFFERENT in codes(found)


def test_a_certificate_of_an_unclear_holder_is_amber_at_best() -> None:
    twin = t.JO._replace(forename_icao="ANN<JO")
    mine, hers = t.shown(t.dose("2022-02-25")), t.shown(t.sample(), twin)
    found = decide([mine, hers], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.AMBER
    assert Code.HOLDER_UNCLEAR in codes(found)


def test_an_unclear_holder_is_told_where_only_both_together_would_do() -> None:
    # Asking for the certificate of the other dose would be wrong: it was handed in.
    twin = t.JO._replace(surname="Bloggs-Sample", surname_icao="BLOGGS<SAMPLE")
    mine = t.shown(t.dose("2021-12-01", 1, 2, t.SPIKEVAX))
    hers = t.shown(t.dose("2022-01-10", 1, 2), twin)
    for found in ([mine, hers], [hers, mine]):
        made = decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
        assert made.colour is Colour.AMBER
        assert Finding(Code.HOLDER_UNCLEAR, "certificate 2") in made.because
        assert Code.SECOND_CERTIFICATE not in codes(made)


def test_a_finding_about_a_holder_names_the_certificate() -> None:
    unclear = t.JO._replace(birth_date=None)
    found = [t.shown(t.dose("2022-02-25")), t.shown(t.dose("2022-02-25"), t.ANN),
             t.shown(t.dose("2022-02-25"), unclear)]  # fmt: skip
    made = decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert made.colour is Colour.RED
    assert Finding(Code.HOLDER_DIFFERENT, "certificate 2") in made.because
    assert Finding(Code.HOLDER_UNCLEAR, "certificate 3") in made.because


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_who_is_the_same_as_one_who_is_the_same_is_the_same(order: tuple[int, ...]) -> None:
    both = t.JO._replace(surname="Μπλογκς", forename="Τζο")
    lines = both._replace(surname=None, forename=None)
    printed = both._replace(surname_icao=None, forename_icao=None)
    found = [t.shown(t.dose("2021-12-01", 1, 3), lines), t.shown(t.dose("2022-01-10", 1, 3), printed),
             t.shown(t.dose("2021-06-01", 1, 3), both)]  # fmt: skip
    made = decide([found[i] for i in order], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert Code.HOLDER_UNCLEAR not in codes(made)


def test_what_is_doubtful_is_amber_at_best() -> None:
    doubtful = t.shown(t.dose())._replace(
        verdict=conclude([Finding(Code.SCA_DEAD), Finding(Code.NO_RULES)])
    )
    found = decide([doubtful], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.AMBER
    assert Code.SCA_DEAD in codes(found)


def test_a_refused_certificate_proves_nothing() -> None:
    forged = t.shown(t.dose())._replace(verdict=conclude([Finding(Code.COUNTRY_WRONG, "iss")]))
    found = decide([forged], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.RED
    assert codes(found) == {Code.COUNTRY_WRONG}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_what_was_handed_in_and_left_out_is_told_with_its_reason(order: tuple[int, ...]) -> None:
    # "Ask for the certificate of the other dose" would be all that the desk hears: it lies before it.
    first = t.shown(t.dose("2021-12-01", 1, 2))
    second = t.shown(t.dose("2022-01-10"))._replace(
        verdict=conclude([Finding(Code.EXPIRED, "exp")])
    )
    unread = verify("HC1:NCFX", snapshot=SNAPSHOT, at=t.NOON)
    all_three = [first, second, unread]
    found = [all_three[i] for i in order]
    made = decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert made.colour is Colour.AMBER
    told = {f.where for f in made.because if f.code is Code.CERTIFICATE_LEFT_OUT}
    assert told == {f"certificate {order.index(i) + 1}" for i in (1, 2)}
    for one in (second, unread):
        place = made.because.index(
            Finding(Code.CERTIFICATE_LEFT_OUT, f"certificate {found.index(one) + 1}")
        )
        assert made.because[place + 1] == one.verdict.findings[0]


def test_what_is_left_out_of_a_green_is_not_told() -> None:
    expired = t.shown(t.dose("2021-12-01"))._replace(verdict=conclude([Finding(Code.EXPIRED)]))
    made = decide([expired, t.shown(t.dose())], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert made.colour is Colour.GREEN
    assert not codes(made) & {Code.EXPIRED, Code.CERTIFICATE_LEFT_OUT}


def test_an_invalidation_rule_of_the_issuer_voids() -> None:
    void = t.rule("IR-XA-0001", {"===": [{"var": "payload.v.0.mp"}, t.COMIRNATY]})
    held = t.snapshot([*t.utopia(), void])
    found = decide([t.shown(t.dose())], snapshot=held, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.RED
    assert Finding(Code.RULE_FAILED, "IR-XA-0001") in found.because


def test_a_destination_that_only_voids_admits_nobody() -> None:
    # The destination is the issuer's own country, and has published no acceptance rule.
    held = t.snapshot([t.rule("IR-XA-0001", {"===": [{"var": "payload.v.0.mp"}, "Sputnik-V"]})])
    found = decide([t.shown(t.dose())], snapshot=held, place=t.ARCADIA, at=t.NOON)
    assert found.colour is Colour.AMBER
    assert codes(found) == {Code.NO_RULES_FOR_COUNTRY}


@pytest.mark.parametrize(
    ("seconds", "colour"),
    [(-1, Colour.RED), (0, Colour.GREEN), (270 * 86400 - 14 * 86400, Colour.GREEN),
     (270 * 86400 - 14 * 86400 + 1, Colour.RED)],
)  # fmt: skip
def test_the_boundary_is_exact_to_the_second(seconds: int, colour: Colour) -> None:
    first = datetime(2022, 1, 24, tzinfo=UTC) + timedelta(seconds=seconds)
    assert code(t.dose("2022-01-10"), at=first).colour is colour


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"])
def test_days_begin_at_the_ports_midnight(zone: str) -> None:
    midnight = datetime(2022, 1, 24, tzinfo=ZoneInfo(zone))
    assert code(t.dose("2022-01-10"), at=midnight).colour is Colour.GREEN
    assert code(t.dose("2022-01-10"), at=midnight - timedelta(seconds=1)).colour is Colour.RED


def test_hours_are_hours_on_the_night_that_clocks_change() -> None:
    # Paris: 02:00 becomes 03:00 on 2022-03-27.
    paris = ZoneInfo("Europe/Paris")
    sampled = datetime(2022, 3, 25, 12, tzinfo=paris)
    last = datetime.fromtimestamp(sampled.timestamp() + 72 * 3600, paris)
    later = datetime.fromtimestamp(sampled.timestamp() + 72 * 3600 + 1, paris)
    assert last.hour == 13
    assert code(t.sample(sampled), at=last).colour is Colour.GREEN
    assert code(t.sample(sampled), at=later).colour is Colour.RED


def test_the_stretch_of_green_is_what_every_second_says() -> None:
    found = code(t.dose("2022-01-10"))
    assert found.from_ is not None
    assert found.until is not None
    for second, colour in (
        (found.from_ - 1, Colour.RED), (found.from_, Colour.GREEN),
        (found.until, Colour.GREEN), (found.until + 1, Colour.RED),
    ):  # fmt: skip
        at = datetime.fromtimestamp(second, UTC)
        assert code(t.dose("2022-01-10"), at=at).colour is colour


def test_what_would_help_is_true() -> None:
    found = code(t.dose("2022-02-25"))
    ways = {way.code: way.sentence for way in found.what_would_help}
    assert ways["WAIT"].startswith("wait until 2022-03-11 00:00:00")
    assert ways["RAPID_TEST"] == "a negative rapid test at most 24 hours old"
    assert ways["LABORATORY_TEST"] == "a negative laboratory (NAAT) test at most 72 hours old"
    assert "EXEMPTION" in ways
    assert found.what_would_help[0].code == "WAIT"


def test_desk_and_holder_hear_the_same_from_the_same_snapshot() -> None:
    from pratique.assess import with_rules

    first = t.dose("2022-01-10", 1, 2)
    for entry in (t.dose(), t.dose("2022-02-25"), first, t.sample(), t.recovery()):
        desk = with_rules(t.shown(entry), SNAPSHOT, t.UTOPIA, t.NOON)
        holder = code(entry)
        assert desk.verdict.colour is holder.colour
        assert desk.outcomes == holder.outcomes
        assert {finding.code for finding in desk.verdict.findings} == codes(holder)
        assert holder.snapshot == SNAPSHOT.number


ENTRIES = st.one_of(
    st.builds(
        t.dose,
        st.dates(datetime(2021, 1, 1).date(), datetime(2022, 12, 1).date()).map(str),  # noqa: DTZ001
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from([t.COMIRNATY, t.JANSSEN, "Sputnik-V"]),
    ),
    st.builds(
        t.sample,
        st.integers(-100, 100).map(lambda hours: t.NOON - timedelta(hours=hours)),
        st.sampled_from([t.NAAT, t.RAPID]),
    ),
    st.builds(
        t.recovery,
        st.dates(datetime(2021, 1, 1).date(), datetime(2022, 12, 1).date()).map(str),  # noqa: DTZ001
    ),
)
WORST_FIRST = [Colour.RED, Colour.AMBER, Colour.GREEN]


@settings(max_examples=150, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4), ENTRIES)
def test_more_proof_never_makes_it_worse(entries: list[Entry], another: Entry) -> None:
    def colour(shown: list[Entry]) -> Colour:
        found = [t.shown(entry) for entry in shown]
        return decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON, look_ahead=False).colour

    before, after = colour(entries), colour([*entries, another])
    assert WORST_FIRST.index(after) >= WORST_FIRST.index(before)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=3), st.integers(-400, 400))
def test_no_rules_are_never_green(entries: list[Entry], days: int) -> None:
    empty = t.snapshot([])
    found = [t.shown(entry) for entry in entries]
    at = t.NOON + timedelta(days=days)
    assert decide(found, snapshot=empty, place=t.UTOPIA, at=at).colour is not Colour.GREEN


@pytest.mark.parametrize(
    "text", ["", "HC1", "HC1:NCFX", "HC1:a", "shc:/5676", "NL2:X", "no code at all"]
)
def test_what_could_not_be_read_beside_a_refusal_leaves_it_open(text: str) -> None:
    refused = t.shown(t.dose("2022-02-25"))
    unread = verify(text, snapshot=SNAPSHOT, at=t.NOON)
    for found in ([refused, unread], [unread, refused]):
        answer = decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
        assert answer.colour is Colour.AMBER
        assert codes(answer) >= {unread.verdict.findings[0].code, Code.RULE_FAILED}


def test_what_could_not_be_read_takes_nothing_from_a_green() -> None:
    unread = verify("HC1:NCFX", snapshot=SNAPSHOT, at=t.NOON)
    found = decide([unread, t.shown(t.dose())], snapshot=SNAPSHOT, place=t.UTOPIA, at=t.NOON)
    assert found.colour is Colour.GREEN
