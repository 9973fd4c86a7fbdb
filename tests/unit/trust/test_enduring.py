"""A participant's state follows from dates alone, and is told long before the end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.onboarding import dossier
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import calendar, expiry
from pratique.trust.certificates import FOREVER
from pratique.trust.expiry import (
    DAY,
    ExpiryChain,
    ExpiryItem,
    ExpiryState,
    ParticipantExpiry,
    Why,
    strand,
    warning,
)
from pratique.trust.registry import ParticipantState, Registry
from pratique.trust.signer import Signer
from tests.unit.made import make

AT = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())


def signer(number: int, days: int, *, sca: int | None = None, reason: str = "") -> Signer:
    """Return XUA's signer that ends in so many days."""
    return Signer(
        bytes([number] * 8), "XUA", frozenset({"XA"}), Algorithm.ES256, b"", ALL_KINDS,
        AT - 900 * DAY, AT + days * DAY, Environment.TEST, "DCC", f"{number:064x}",
        None if sca is None else AT + sca * DAY, reason=reason,
    )  # fmt: skip


def of(*signers: Signer, member: ParticipantState | None = None) -> tuple[ExpiryState, list[Why]]:
    roll = None if member is None else Registry(AT, {"XUA": member})
    (row,) = expiry.of_signers(signers, at=AT, roll=roll, named=[("XUA", "DCC")])
    return row.state, [one.why for one in row.strands]


@pytest.mark.parametrize(
    ("days", "state", "warned"),
    [(91, ExpiryState.LIVE, None), (90, ExpiryState.EXPIRING, 90), (61, ExpiryState.EXPIRING, 90),
     (60, ExpiryState.EXPIRING, 60), (30, ExpiryState.EXPIRING, 30), (0, ExpiryState.EXPIRING, 30)],
)  # fmt: skip
def test_a_warning_is_due_at_90_60_and_30_days(
    days: int, state: ExpiryState, warned: int | None
) -> None:
    found = strand("signer", [ExpiryItem("signer", "a", 0, AT + days * DAY)], at=AT)
    assert (found.state, found.warned, found.left) == (state, warned, days)
    assert warning(days) == warned


def test_the_last_second_still_serves_and_the_next_does_not() -> None:
    one = [ExpiryItem("signer", "a", 0, AT)]
    assert strand("signer", one, at=AT).state is ExpiryState.EXPIRING
    lapsed = strand("signer", one, at=AT + 1)
    assert (lapsed.state, lapsed.why, lapsed.until) == (ExpiryState.LAPSED, Why.ENDED, AT)


def test_the_last_signer_decides_and_its_signing_ca_cuts_it() -> None:
    assert of(signer(1, -5), signer(2, 300)) == (ExpiryState.LIVE, [Why.NONE])
    assert of(signer(1, 400, sca=20), signer(2, 10)) == (ExpiryState.EXPIRING, [Why.ENDS])
    assert of(signer(1, 400, sca=-1), signer(2, -20)) == (ExpiryState.LAPSED, [Why.SCA_ENDED])
    assert of(signer(1, -1), signer(2, 400, sca=-20)) == (ExpiryState.LAPSED, [Why.ENDED])


def test_what_cannot_be_verified_says_why() -> None:
    assert of() == (ExpiryState.UNVERIFIABLE, [Why.NOTHING])
    assert of(signer(1, 300, reason="eku-unreadable")) == (
        ExpiryState.UNVERIFIABLE,
        [Why.UNREADABLE],
    )
    early = signer(1, 300)._replace(not_before=AT + DAY)
    assert of(early) == (ExpiryState.UNVERIFIABLE, [Why.NOT_YET])
    gone = ParticipantState(AT + 7 * DAY, withdrawn=frozenset({f"{1:064x}"}))
    assert of(signer(1, 300), member=gone)[0] is ExpiryState.UNVERIFIABLE


def test_an_edition_ends_and_is_warned_of_by_its_own_measure() -> None:
    one = signer(1, 300)
    assert of(one, member=ParticipantState(AT + 4 * DAY + 1))[0] is ExpiryState.LIVE
    assert of(one, member=ParticipantState(AT + 4 * DAY))[0] is ExpiryState.EXPIRING
    # As `Registry.standing` has it: the end itself no longer counts.
    assert of(one, member=ParticipantState(AT)) == (ExpiryState.LAPSED, [Why.NONE, Why.ENDED])
    assert of(one, member=ParticipantState(None)) == (
        ExpiryState.UNVERIFIABLE,
        [Why.NONE, Why.NO_EDITION],
    )
    broken = ParticipantState(AT + 4 * DAY, problem="network-differs")
    assert of(one, member=broken) == (ExpiryState.UNVERIFIABLE, [Why.NONE, Why.BROKEN])


def test_one_who_is_named_and_has_nothing_is_a_row() -> None:
    rows = expiry.of_signers([signer(1, 300)], at=AT, named=[("XUB", "DCC"), ("XUA", "ICVP")])
    assert [(row.participant, row.domain, row.state.value) for row in rows] == [
        ("XUA", "DCC", "live"), ("XUA", "ICVP", "unverifiable"), ("XUB", "DCC", "unverifiable"),
    ]  # fmt: skip
    member = expiry.of_signers([], at=AT, roll=Registry(AT, {"XUC": ParticipantState(AT + DAY)}))
    assert [(row.participant, row.state.value) for row in member] == [("XUC", "unverifiable")]


def test_a_folder_needs_sca_up_and_tls() -> None:
    pem = make(["XA"]).pem
    whole = {f"DCC/{role}/{role}.pem": pem for role in ("SCA", "UP", "TLS")}
    (row,) = dossier.of_dossier(whole, "XUA", at=AT)
    assert {one.need: one.live for one in row.strands} == {"SCA": 1, "UP": 1, "TLS": 1}
    del whole["DCC/TLS/TLS.pem"]
    whole["DCC/TLS/CA.pem"] = pem
    (row,) = dossier.of_dossier(whole, "XUA", at=AT)
    assert (row.worst.need, row.worst.why) == ("TLS", Why.NOTHING)
    (nothing,) = dossier.of_dossier({}, "XUA", at=AT)
    assert nothing.state is ExpiryState.UNVERIFIABLE


def unfolded(data: bytes) -> list[str]:
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


def rows(days: int) -> tuple[ParticipantExpiry, ...]:
    return expiry.of_signers([signer(1, days)], at=AT, named=[("XUB", "D\r\nX,;\\ é" * 9)])


def test_a_calendar_has_the_end_its_alarms_and_a_day_for_each_warning() -> None:
    lines = unfolded(calendar.written({"net": rows(80)}, at=AT))
    days = [line.partition(":")[2] for line in lines if line.startswith("DTSTART")]
    # The end, 60 and 30 days before; that of 90 is over; and who has nothing, on the day of asking.
    assert days == ["20270210", "20261212", "20270111", "20261122"]
    assert [line for line in lines if line.startswith("TRIGGER")] == [
        "TRIGGER:-P90D", "TRIGGER:-P60D", "TRIGGER:-P30D",
    ]  # fmt: skip
    assert lines.count("DTSTAMP:20261122T090000Z") == len(days)
    (odd,) = (line for line in lines if line.startswith("SUMMARY:XUB"))
    assert "D  X\\,\\;\\\\ é" in odd


def test_a_calendar_taken_in_again_moves_the_same_events() -> None:
    def uids(days: int) -> list[str]:
        found = unfolded(calendar.written({"net": rows(days)}, at=AT))
        return [line for line in found if line.startswith("UID")]

    assert uids(200) == uids(400)
    assert len(set(uids(200))) == 5
    first, again = (calendar.written({"a": rows(80)}, at=AT) for _ in range(2))
    assert first == again
    assert not set(uids(200)) & {
        line for line in unfolded(calendar.written({"b": rows(200)}, at=AT)) if "UID" in line
    }


def test_an_edition_is_in_no_calendar_until_it_has_ended() -> None:
    def count(days: int) -> int:
        roll = Registry(AT, {"XUA": ParticipantState(AT + days * DAY)})
        found = expiry.of_signers([signer(1, 2000)], at=AT, roll=roll)
        return calendar.written({"net": found}, at=AT).count(b"edition")

    assert count(2) == 0
    assert count(-1) == 1


def test_within_keeps_what_ends_soon_or_has_ended() -> None:
    assert [row.participant for row in expiry.within(rows(80), 79)] == ["XUB"]
    assert [row.participant for row in expiry.within(rows(80), 80)] == ["XUA", "XUB"]


def test_every_reason_has_its_words() -> None:
    assert {why for why in Why if expiry.says(ExpiryChain("x", 0, 0, ExpiryState.LIVE, why))} == {
        *Why
    } - {Why.NONE}


def test_an_edition_that_a_clock_makes_anew_hides_no_signers_end() -> None:
    def until(days: int) -> int | None:
        roll = Registry(AT, {"XUA": ParticipantState(AT + days * DAY)})
        (row,) = expiry.of_signers([signer(1, 300)], at=AT, roll=roll)
        return row.worst.left

    assert until(6) == 300
    # At three days left its clock stands still: then it is what ends first.
    assert until(2) == 1


def test_a_member_that_is_active_for_nothing_is_not_said_to_have_no_signer() -> None:
    (row,) = expiry.of_signers(
        [], at=AT, roll=Registry(AT, {"XUA": ParticipantState(AT + 6 * DAY)})
    )
    assert [one.why for one in row.strands] == [Why.INACTIVE, Why.NONE]


def test_the_network_itself_ends_too_and_is_no_participant() -> None:
    def row(root: int, targets: int) -> ParticipantExpiry:
        return expiry.of_board(AT + root * DAY + 1, AT + targets * DAY + 1, at=AT)

    assert row(300, 80).state is ExpiryState.LIVE
    assert (row(300, 80).worst.need, row(300, 80).worst.left) == ("root", 300)
    assert [expiry.says(one) for one in row(90, 30).strands] == [
        "the seats' root ends within 90 days",
        "the seats' list of participants ends within 30 days",
    ]
    assert expiry.says(row(-1, 80).worst) == "the seats' root has ended"
    assert expiry.within([row(100, 31)], 90) == ()
    assert expiry.within([row(100, 30)], 90) != ()
    assert expiry.counted([row(1, 1)]).startswith("0 participants, 0 of them")
    lines = unfolded(calendar.written({"net": [row(300, 80)]}, at=AT))
    assert sum(line.startswith("TRIGGER") for line in lines) == 4
    assert "SUMMARY:network: renew\\, seats' list of participants ends in 30 days" in lines


def test_a_key_without_an_end_has_its_line_too() -> None:
    endless = signer(1, 0)._replace(not_after=FOREVER)
    rows = expiry.of_signers([endless], at=AT)
    (line,) = list(expiry.table(rows))[1:]
    assert line.split()[2] == "live"
