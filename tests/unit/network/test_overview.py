"""A network at one instant: what ends first, what to do, how old it is, who has cosigned it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import pytest

from pratique.compile import compiled
from pratique.errors import DocumentRefused
from pratique.network import overview
from pratique.network.overview import (
    ListOverview,
    NetworkPage,
    OverviewNote,
    ParticipantOverview,
    SourceFacts,
)
from pratique.trust import expiry
from pratique.trust.certificates import FOREVER
from pratique.trust.expiry import (
    DAY,
    EDITION,
    SIGNER,
    ExpiryItem,
    ExpiryState,
    ParticipantExpiry,
    Why,
    strand,
)
from tests.logs import LoggedAuthority
from tests.networks import AT, HOUR
from tests.shown_networks import LEFT, shown_network

NOW = int(AT.timestamp())


@cache
def network() -> LoggedAuthority:
    return shown_network()


def shown(at: datetime = AT + HOUR) -> NetworkPage:
    """Return the page of the network of five states, without rules."""
    view, instant = network().view, int(at.timestamp())
    held = compiled(view)
    rows = expiry.of_signers(held.trust, at=instant, roll=held.roll)
    listed = overview.list_of(SourceFacts("invented"), rows, view, held.roll)
    of_network = overview.network_of(view, network().files, at=instant)
    return NetworkPage(instant, overview.WITHIN, of_network, (listed,), ())


def row_of(page: NetworkPage, code: str) -> ParticipantOverview:
    (row,) = (row for row in page.lists[0].rows if row.participant == code)
    return row


def listed(*pieces: ExpiryItem, need: str = SIGNER) -> ListOverview:
    """Return the overview of a trust list of one participant."""
    row = ParticipantExpiry("XXX", "DCC", (strand(need, pieces, at=NOW),))
    return overview.list_of(SourceFacts("list"), [row])


def test_each_participant_is_in_its_own_state() -> None:
    page = shown()
    assert {row.participant: row.state.value for row in page.lists[0].rows} == {
        "XXA": "expiring", "XXB": "live", "XXC": "suspended", "XXD": "live", "XXE": "lapsed",
    }  # fmt: skip
    assert (page.lists[0].participants, page.lists[0].serving) == (5, 3)
    assert page.lists[0].only_ended == ("XXE",)
    assert row_of(page, "XXA").name == "Invented XXA"
    assert row_of(page, "XXA").countries == ("FR",)
    assert row_of(page, "XXD").withdrawn == 1


def test_what_ends_first_is_the_signer_and_not_the_edition_that_a_clock_makes_anew() -> None:
    first = row_of(shown(), "XXA").first
    assert first is not None
    assert (first.need, first.days_left, first.is_ending) == (SIGNER, LEFT - 1, True)
    assert "pratique participant renew" in first.advice


def test_an_edition_that_nobody_makes_anew_ends_first() -> None:
    # Editions of seven days, on the fifth day: the clock that makes them stands still.
    first = row_of(shown(AT + timedelta(days=5)), "XXB").first
    assert first is not None
    assert (first.need, first.state) == (EDITION, ExpiryState.EXPIRING)
    assert first.advice.endswith("pratique participant publish")


def test_the_next_end_comes_first() -> None:
    ends = [(row.participant, need.need) for _, row, need in overview.ending(shown())]
    assert ends == [("XXC", "suspension"), ("XXA", "signer")]


def test_a_suspension_says_until_when_and_why() -> None:
    row = row_of(shown(), "XXC")
    assert row.state is ExpiryState.SUSPENDED
    assert any("keys-stolen" in need.says for need in row.needs)
    assert "nobody can lift it sooner" in row.advice


@pytest.mark.parametrize(
    ("left", "is_ending"), [(0, True), (1, True), (90, True), (91, False), (-1, False)]
)
def test_what_ends_within_90_days_is_ending_and_what_has_ended_is_not(
    left: int, is_ending: bool
) -> None:
    ((row,),) = (listed(ExpiryItem(SIGNER, "", 0, NOW + left * DAY)).rows,)
    assert row.needs[0].is_ending is is_ending


def test_a_key_without_an_end_has_none() -> None:
    (row,) = listed(ExpiryItem(SIGNER, "", 0, FOREVER)).rows
    assert row.first is None
    assert (row.needs[0].until, row.needs[0].days_left) == (None, None)


def test_a_list_counts_who_has_only_ended_signers_and_who_has_none() -> None:
    ended, none = ExpiryItem(SIGNER, "", 0, NOW - DAY), ExpiryItem(SIGNER, "", 0, 1, None, Why.UNREADABLE)  # fmt: skip
    good = ExpiryItem(SIGNER, "", 0, NOW + DAY)
    assert listed(ended).only_ended == ("XXX",)
    assert listed(ended, good).only_ended == ()
    assert listed(none).only_ended == ()
    assert listed().only_ended == ()
    assert [one.without for one in (listed(), listed(none), listed(ended))] == [("XXX",), (), ()]
    # A folder tells of other needs, and nothing of signers.
    assert listed(need="TLS").without == ()


def test_a_participant_of_two_domains_serves_by_one_of_them() -> None:
    rows = [
        ParticipantExpiry("XXX", domain, (strand(SIGNER, [ExpiryItem(SIGNER, "", 0, end)], at=NOW),))
        for domain, end in (("DCC", NOW - DAY), ("ICVP", NOW + 400 * DAY))
    ]  # fmt: skip
    both = overview.list_of(SourceFacts("list"), rows)
    assert (both.participants, both.serving, both.only_ended) == (1, 1, ())


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ((ExpiryItem(SIGNER, "", 0, NOW + 400 * DAY),), "nothing"),
        ((ExpiryItem(SIGNER, "", 0, NOW + DAY),), "have a new signer listed before then"),
        ((ExpiryItem(SIGNER, "", 0, NOW - DAY),), "cannot be verified"),
        ((), "list a signer"),
        ((ExpiryItem(SIGNER, "", 0, 1, None, Why.SELF_SIGNED),), "write to it"),
    ],
)
def test_a_lists_participant_is_told_no_command_of_a_network_that_it_is_not_in(
    pieces: tuple[ExpiryItem, ...], told: str
) -> None:
    (row,) = listed(*pieces).rows
    assert told in row.advice
    assert "pratique" not in row.advice


@pytest.mark.parametrize(
    ("hours", "freshness"), [(0, "fresh"), (47, "fresh"), (48, "old"), (167, "old"), (168, "too-old")]
)  # fmt: skip
def test_old_data_are_called_old(hours: int, freshness: str) -> None:
    found = overview.network_of(network().view, network().files, at=NOW + hours * 3600)
    assert (found.age_hours, found.freshness) == (hours, freshness)


def test_editions_say_their_number_and_their_end() -> None:
    found = shown().network
    assert found is not None
    by_role = {edition.role: edition for edition in found.editions}
    assert set(by_role) >= {"root", "targets", "snapshot", "timestamp", "suspend", "XXA", "XXE"}
    view = network().view
    assert by_role["snapshot"].number == view.trusted.snapshot.version
    assert by_role["XXA"].number == by_role["XXA"].announced == 1
    assert by_role["XXA"].until == NOW + 7 * DAY - 1
    assert found.published == NOW


def test_each_witness_is_named_with_its_own_time_and_one_that_is_missing_too() -> None:
    authority = shown_network()
    authority.now += HOUR
    before = dict(authority.files)
    authority.refresh()
    authority.suspend("XXB", authority.seats[:3])
    log = authority.log
    authority.files = before | authority.files
    # The last edition again, seen by five of seven.
    log.cosign(authority.now, range(5))
    name = f"metadata/{authority.view.trusted.snapshot.version}.snapshot.json"
    proof = f"log/{authority.view.trusted.snapshot.version}.snapshot.proof"
    assert name in authority.files
    authority.files[proof] = log.proof(log.size - 1)
    found = overview.network_of(authority.view, authority.files, at=NOW + 7200).log
    assert found is not None
    assert (found.size, found.needed, len(found.witnesses)) == (log.size, 5, 7)
    times = [witness.cosigned for witness in found.witnesses]
    assert times == [NOW + 3600] * 5 + [None] * 2


def test_a_page_is_written_and_read_back() -> None:
    page = shown()._replace(
        problems=(OverviewNote("XXA", "code", "why"),),
        policy={"format": "pratique-policy-calendar-1", "changes": [{"cliff": False}]},
        untold="because",
    )
    data = overview.to_bytes(page)
    assert overview.from_bytes(data) == page
    assert data == overview.to_bytes(shown()._replace(**page._asdict()))
    assert b'"format": "pratique-network-page-1"' in data
    assert data.isascii()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"state": "suspended"', b'"state": "sleeping"'),
        (b"pratique-network-page-1", b"pratique-network-page-2"),
        (b'"within": 90', b'"within": "90"'),
        (b'"until": "2026', b'"until": "in 2026'),
    ],
)
def test_a_document_that_is_no_page_is_refused(before: bytes, after: bytes) -> None:
    data = overview.to_bytes(shown())
    assert before in data
    with pytest.raises(DocumentRefused) as caught:
        overview.from_bytes(data.replace(before, after))
    assert caught.value.code == "network-page"


def test_the_headline_counts() -> None:
    assert overview.headline(shown()) == (
        "5 participants, 3 of them live or expiring; 1 of them has only signers that have ended. "
        "Within 90 days 2 end."
    )
    calm = shown()._replace(lists=(listed(ExpiryItem(SIGNER, "", 0, NOW + 400 * DAY)),))
    assert overview.headline(calm).endswith("none has only signers that have ended. Within 90 days nothing ends.")  # fmt: skip
