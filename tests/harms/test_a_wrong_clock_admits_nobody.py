"""Harm: a device whose clock is wrong, or was set wrong, lets in what has expired.

The network's own signed time is the floor: a clock behind it is not believed, and data that seems older
than the destination allows is in doubt. So, with data that was synced at most A ago, nothing is accepted
that expired more than A (and five minutes, by which clocks may differ) ago, whatever the clock says.

The limit, and it cannot be otherwise offline: a device that has not synced for longer than A, and whose
clock was set back to just after its last sync, cannot know. `test_the_limit` shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.findings import Code, Colour, Verdict
from pratique.issue import IssuanceContext, Origin, sign
from pratique.network import client, metadata, participants, publish
from pratique.network.participants import Choices
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.issuer import Shard
from pratique.trust.registry import CLOCK_SLACK, Freshness
from pratique.verification import verify
from tests import issuers
from tests.cheats import again, network, refused, rule, synced
from tests.networks import AT, DAY, HOUR, WIDTH, Authority, State, Verifier, codes, key

SLACK = timedelta(seconds=CLOCK_SLACK)
YEARS = [timedelta(days=365 * n) for n in range(-10, 11)]
SHORT = [
    timedelta(seconds=sign * seconds)
    for seconds in (0, 1, 299, 300, 301, 3599, 3600, 3601, 47 * 3600, 48 * 3600 - 1, 48 * 3600,
                    48 * 3600 + 1, 7 * 86400, 7 * 86400 + 1, 31 * 86400, 183 * 86400)
    for sign in (1, -1)
]  # fmt: skip
SWEEP = sorted({*YEARS, *SHORT})
ENDS = [-3000, -900, -366, -100, -31, -8, -3, -1, 0, 1, 3, 30, 300]
"""When certificates expire, in days from the sync."""

PLACES = {"XB": 48 * HOUR, "XC": 6 * HOUR, "XD": 31 * DAY}
"""Destinations, and how old their data may be."""


class Border(NamedTuple):
    authority: Authority
    verifier: Verifier
    snapshot: Snapshot
    texts: Mapping[datetime, str]

    def __repr__(self) -> str:
        return "a border"


@pytest.fixture(scope="module")
def border() -> Border:
    authority, (old, *others) = network("XUA", "XUB", "XUC", "XUD")
    for state in (old, *others):
        place, age = state.country, PLACES.get(state.country)
        state.rules = [rule(place)]
        if age is not None:
            seconds = int(age.total_seconds())
            state.choices = participants.write(Choices({}, Freshness(seconds, seconds)))
        state.publish()
    verifier, texts = synced(authority), {}
    for days in ENDS:
        texts[AT + days * DAY] = ending(old, AT + days * DAY)
    snapshot = verifier.snapshot()
    # Its signer was there all the time: what is refused below is refused for the certificate's end.
    (signer,) = (one for one in snapshot.trust if one.participant == "XUA")
    long = signer._replace(not_before=0, not_after=2**33, sca_not_after=None)
    return Border(
        authority, verifier,
        snapshot.replace(trust=type(snapshot.trust)([long], apart=True)), texts,
    )  # fmt: skip


def ending(state: State, end: datetime) -> str:
    """Issue a certificate of four hundred days that ends then."""
    found, record = x509.read(state.signers[0]), issuers.RECORDS["vaccination"]
    until, given = int(end.timestamp()), issuers.DOSE._replace(given=issuers.day("2000-01-02"))
    shard = Shard(
        "shard", state.code, state.country, Environment.TEST, Algorithm.ES256, "test:", found.kid,
        found.thumbprint, ALL_KINDS, 0, 2**33, 2**33, 1_000, WIDTH,
    )  # fmt: skip
    return sign(
        # Given before any of the instants of issue.
        record._replace(entry=given._replace(country=state.country)),
        request=f"until {until}".encode().ljust(16), shard=shard, key=key("XUA dsc 0"),
        register=_Empty(), context=IssuanceContext(until - 400 * 86400, until, Origin("s", "o", "L")),
    ).text  # fmt: skip


class _Empty:
    def find(self, kid: bytes, tag: int) -> None:
        del kid, tag


def judged(border: Border, text: str, clock: datetime, place: str, *, roll: bool = True) -> Verdict:
    held = border.snapshot if roll else border.snapshot.replace(roll=None)
    return verify(text, snapshot=held, at=clock, place=Destination(place)).verdict


def test_right_clocks_and_fresh_data_admit(border: Border) -> None:
    """The control: green is possible, at each place until its own age."""
    text = border.texts[AT + 300 * DAY]
    for place, age in PLACES.items():
        for old in (-SLACK, 0 * HOUR, HOUR, age):
            # The participants' own editions last for a week, and then are in doubt by themselves.
            if old < metadata.ROLE_LIFE:
                assert judged(border, text, AT + old, place).colour is Colour.GREEN
        late = judged(border, text, AT + age + timedelta(seconds=1), place)
        assert late.colour is Colour.AMBER
        assert Code.DATA_TOO_OLD in {finding.code for finding in late.findings}


def expired_long_ago(border: Border, true: timedelta, offset: timedelta, place: str) -> None:
    """See to it that nothing is accepted that expired more than the place's age before true time."""
    clock, age = AT + true + offset, PLACES[place]
    for end, text in border.texts.items():
        verdict = judged(border, text, clock, place)
        if verdict.colour is Colour.GREEN:
            assert end >= AT + true - age - SLACK
            assert end >= clock
        elif clock < AT - SLACK:
            assert verdict.colour is Colour.RED or Code.CLOCK_BEHIND in {
                finding.code for finding in verdict.findings
            }


@pytest.mark.parametrize("place", PLACES)
def test_sweep(border: Border, place: str) -> None:
    for offset in SWEEP:
        for share in (0.0, 0.5, 1.0):
            expired_long_ago(border, PLACES[place] * share, offset, place)


SECONDS = 10 * 365 * 86400


@settings(max_examples=60, deadline=None)
@given(st.integers(-SECONDS, SECONDS), st.floats(0, 1), st.sampled_from([*PLACES]))
@example(-SECONDS, 1.0, "XB")
@example(-300, 0.0, "XD")
def test_any_offset(border: Border, seconds: int, share: float, place: str) -> None:
    true = timedelta(seconds=int(PLACES[place].total_seconds() * share))
    expired_long_ago(border, true, timedelta(seconds=seconds), place)


def test_without_the_networks_time_the_dead_would_be_let_in(border: Border) -> None:
    """The control: the same clocks, and no floor. What ended eight years ago is green."""
    admitted = set()
    for offset in SWEEP:
        for end, text in border.texts.items():
            for roll in (True, False):
                verdict = judged(border, text, AT + offset, "XB", roll=roll)
                if verdict.colour is Colour.GREEN and end <= AT - 48 * HOUR - SLACK:
                    admitted.add((roll, (AT - end).days))
    assert {days for roll, days in admitted if not roll} >= {366, 3000}
    assert not {days for roll, days in admitted if roll}


def test_a_clock_behind_the_network_is_told(border: Border) -> None:
    text = border.texts[AT + DAY]
    for behind in (SLACK + timedelta(seconds=1), HOUR, DAY, 30 * DAY):
        found = verify(text, snapshot=border.snapshot, at=AT - behind)
        assert found.verdict.colour is Colour.AMBER
        assert codes(found) == ["NO_RULES", "CLOCK_BEHIND"]
        assert judged(border, text, AT - behind, "XB").colour is Colour.AMBER
    # As far as clocks may differ, nobody is stopped for it.
    assert judged(border, text, AT - SLACK, "XB").colour is Colour.GREEN


def test_a_clock_ahead_is_in_doubt_and_never_green(border: Border) -> None:
    text = border.texts[AT + 300 * DAY]
    for offset in SWEEP:
        if offset > 48 * HOUR:
            assert judged(border, text, AT + offset, "XB").colour is not Colour.GREEN


def test_a_later_sync_raises_the_floor(border: Border) -> None:
    """Who syncs moves the floor on: a clock cannot go back behind the newest sync."""
    authority, (state, other) = network("XUA", "XUB")
    other.rules = [rule("XB")]
    other.publish()
    verifier, text = synced(authority), state.issue()
    assert verifier.verify(text, AT, place="XB").verdict.colour is Colour.GREEN
    authority.now = AT + 3 * DAY
    authority.refresh()
    verifier.sync(authority.files, authority.now)
    assert "CLOCK_BEHIND" in codes(verifier.verify(text, AT, place="XB"))
    assert verifier.verify(text, authority.now, place="XB").verdict.colour is Colour.GREEN
    assert border.authority is not authority


def test_the_limit(border: Border) -> None:
    """Ten years without a sync, a clock set back to the day of it, and a certificate of that day."""
    text = border.texts[AT + DAY]
    true = timedelta(days=3650)
    assert judged(border, text, AT + true, "XB").colour is Colour.RED
    assert judged(border, text, AT + HOUR, "XB").colour is Colour.GREEN
    # One sync ends it: what is held then is of now, and the clock is behind that.
    now = border.authority.files | publish.refreshed(
        border.authority.files, border.authority.online, at=AT + 3 * DAY
    )
    verifier = again(border.verifier)
    verifier.sync(now, AT + 3 * DAY)
    assert "CLOCK_BEHIND" in codes(verifier.verify(text, AT + HOUR, place="XB"))


def synced_at(border: Border, clock: datetime, later: timedelta) -> str:
    """Sync what was published `later` than what is held, by this clock; return the refusal's code."""
    made = publish.refreshed(border.authority.files, border.authority.online, at=AT + later)
    verifier = again(border.verifier)
    try:
        verifier.sync({**border.authority.files, **made}, clock)
    except DocumentRefused as error:
        # Nothing was touched, and what is held can still be asked.
        assert verifier.held == border.verifier.held
        return error.code
    return ""


def test_a_sync_by_a_wrong_clock_replaces_nothing(border: Border) -> None:
    later = 12 * HOUR
    true = AT + later
    for offset in SWEEP:
        code = synced_at(border, true + offset, later)
        if offset < -client.FUTURE:
            assert code == "network-future"
        elif offset >= metadata.TIMESTAMP_LIFE:
            assert code == "network-expired"
        else:
            assert code == ""


@settings(max_examples=40, deadline=None)
@given(st.integers(-SECONDS, SECONDS))
def test_nor_raises_anything_else_at_any_offset(border: Border, seconds: int) -> None:
    code = synced_at(border, AT + timedelta(seconds=seconds), HOUR)
    far = not -7200 <= seconds - 3600 < 48 * 3600
    assert code in ({"network-future", "network-expired"} if far else {"", "network-future"})


def test_who_comes_anew_with_a_wrong_clock_holds_nothing(border: Border) -> None:
    for offset in SWEEP:
        anew = Verifier(border.authority.anchor)
        if -client.FUTURE <= offset < metadata.TIMESTAMP_LIFE:
            anew.sync(border.authority.files, AT + offset)
            assert anew.held == border.verifier.held
        else:
            code = "network-future" if offset < -client.FUTURE else "network-expired"
            assert refused(anew, border.authority.files, AT + offset) == code


@pytest.mark.parametrize("year", [1, 2, 1969, 1970, 9998, 9999])
def test_at_the_ends_of_time_a_sync_is_refused_too(border: Border, year: int) -> None:
    for clock in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)):
        for zone in (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))):
            assert synced_at(border, clock.replace(tzinfo=zone), HOUR) != ""
