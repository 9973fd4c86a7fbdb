"""What may follow upon what: nothing is taken back, however it is left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.compile import heard
from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.network import client, metadata, publish
from pratique.network.participants import PAUSE, write_suspensions
from pratique.network.view import PreviousEditions
from pratique.revocation.tag_list import TagList
from pratique.terms import Environment
from pratique.trust import publication
from pratique.trust.publication import PublishedSigner
from pratique.trust.registry import Suspension
from tests.cheats import edition, network, newest, synced
from tests.networks import AT, State

NOW, DAY = int(AT.timestamp()), 86400
STATE = State("XUA", signers=2)
ENDS = [x509.read(der).not_after for der in STATE.signers]


def refused(role: str, held: dict[str, bytes], newer: dict[str, bytes], at: int = NOW) -> str:
    try:
        client.check(role, held, newer, published=at)
    except DocumentRefused as error:
        return error.code
    return ""


def signers(*gone: int, left_out: tuple[int, ...] = ()) -> dict[str, bytes]:
    rows = [
        PublishedSigner(der, "DCC", *(("2026-11-22", "superseded") if n in gone else ()))
        for n, der in enumerate(STATE.signers)
        if n not in left_out
    ]
    data = publication.write("XUA", Environment.TEST, [STATE.ca], rows)
    return {"XUA/signers.json": data}


def tags(kid: bytes, *found: int, version: int = 1, participant: str = "XUA") -> dict[str, bytes]:
    data = TagList.build(
        found, participant=participant, kid=kid, width=24, version=version, created=NOW + version,
        expires=NOW + DAY,
    ).to_bytes()  # fmt: skip
    return {f"XUA/revocations-{kid.hex()}-{version}.tags": data}


def suspended(*found: tuple[int, int]) -> dict[str, bytes]:
    rows = [("XUA", Suspension(since, until, "forgeries")) for since, until in found]
    return {metadata.SUSPENSIONS: write_suspensions(rows)}


class TestSigners:
    def test_one_that_was_withdrawn_is_never_live_again(self) -> None:
        """Not even after its end: a clock may be set back, and a date is no reason to trust a thief."""
        for at in (NOW, ENDS[0] + 1, ENDS[0] + 20 * 365 * DAY):
            assert refused("XUA", signers(0), signers(), at) == "network-taken-back"
            assert refused("XUA", signers(0), signers(1), at) == "network-taken-back"
            assert refused("XUA", signers(0), signers(0, 1), at) == ""

    def test_it_stays_listed_while_it_lives(self) -> None:
        for at, found in ((ENDS[0], "network-taken-back"), (ENDS[0] + 1, "")):
            assert refused("XUA", signers(0), signers(left_out=(0,)), at) == found
            assert refused("XUA", signers(0), {}, at) == found

    def test_one_that_was_not_withdrawn_may_go(self) -> None:
        assert refused("XUA", signers(), signers(left_out=(0,))) == ""


class TestLists:
    KID = STATE.kid(0)

    def test_a_list_stays_while_its_key_lives(self) -> None:
        held = {**signers(), **tags(self.KID, 1)}
        for at, found in ((ENDS[0], "network-taken-back"), (ENDS[0] + 1, "")):
            assert refused("XUA", held, signers(), at) == found

    def test_a_list_of_a_key_that_nobody_knows_stays(self) -> None:
        held = {**signers(left_out=(0,)), **tags(self.KID, 1)}
        for at in (NOW, ENDS[0] + 1):
            assert refused("XUA", held, signers(), at) == "network-taken-back"

    @settings(max_examples=50, deadline=None)
    @given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.integers(1, 3))
    def test_tags_are_only_added(self, before: set[int], after: set[int], version: int) -> None:
        found = refused(
            "XUA", tags(self.KID, *before, version=2), tags(self.KID, *after, version=version)
        )
        same = version == 2 and before == after
        assert (found == "") is (same or (version == 3 and before <= after))

    def test_it_revokes_for_itself_and_once(self) -> None:
        other = tags(self.KID, 1, participant="XUB")
        twice = {**tags(self.KID, 1), **tags(self.KID, 1, version=2)}
        assert refused("XUA", {}, other) == "revocation-participant"
        assert refused("XUA", {}, twice) == "revocation-double"
        assert refused("XUA", {}, {"XUA/revocations-00-1.tags": b"x"}) == "revocation-malformed"
        assert refused("XUA", {}, tags(self.KID, 1)) == ""

    def test_there_are_no_more_than_can_be_compared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        both = {**tags(self.KID, 1, 2), **tags(b"other", 3)}
        monkeypatch.setattr(client, "MAX_TAGS", 3)
        assert refused("XUA", {}, both) == ""
        monkeypatch.setattr(client, "MAX_TAGS", 2)
        assert refused("XUA", {}, both) == "revocation-large"

    def test_one_of_a_key_that_is_not_listed_is_not_heard(self) -> None:
        authority, (state,) = network("XUA")
        own, other = tags(state.kid(), 1), tags(b"another", 2)
        forged = edition(authority, "XUA", {**state.contents(), **own, **other}, state.roles)
        verifier = synced(authority)
        found = verifier.sync(forged).view
        assert len(found.roles["XUA"].files) == 3
        said = heard(found, state.participant, found.roles["XUA"], {})
        assert [one.head.kid for one in said.lists] == [state.kid()]
        assert said.problem == ""


class TestSuspensions:
    HELD = suspended((NOW, NOW + 10 * DAY))

    def test_it_stays_listed_until_the_pause_after_it_is_over(self) -> None:
        over = NOW + 10 * DAY + PAUSE
        for at in (NOW, NOW + 10 * DAY, over - 1):
            for newer in ({}, suspended()):
                assert refused(metadata.SUSPEND, self.HELD, newer, at) == "network-taken-back"
        assert refused(metadata.SUSPEND, self.HELD, suspended(), over) == ""
        assert refused(metadata.SUSPEND, self.HELD, self.HELD, NOW) == ""

    def test_one_that_is_dated_back_follows_upon_none(self) -> None:
        """Left out when its pause is over, the earlier one still counts for what begins within it."""
        over = NOW + 10 * DAY + PAUSE
        back = suspended((over - 1, over + DAY))
        assert refused(metadata.SUSPEND, self.HELD, back, over) == "suspension-chained"
        assert refused(metadata.SUSPEND, self.HELD, suspended((over, over + DAY)), over) == ""


def test_without_a_root_a_list_of_versions_names_versions_alone() -> None:
    found = publish.described_keys({}, {"targets": 2, "XUA": 7}, None)
    assert {name: (one.version, one.hashes, one.length) for name, one in found.items()} == {
        "XUA.json": (7, None, None), "targets.json": (2, None, None),
    }  # fmt: skip


class TestMemory:
    def test_it_finds_again_the_highest_version_that_a_name_can_hold(self) -> None:
        files = {metadata.metadata("XUA", version): b"" for version in (1, metadata.MAX_VERSION)}
        assert PreviousEditions(files).kept("XUA") == files
        # The control: of one more, nothing would be known.
        assert (
            PreviousEditions({metadata.metadata("XUA", metadata.MAX_VERSION + 1): b""}).roles
            == set()
        )

    def test_it_tells_how_much_is_held_of_each_role(self) -> None:
        files = {
            "metadata/1.XUA.json": b"xx", "metadata/12.XUA.json": b"xxx", "targets/XUA/00.list": b"xxxx",
            "targets/XUB/00.list": b"x", f"metadata/1.{metadata.SUSPEND}.json": b"xxxxx",
            "metadata/1.root.json": b"x", "metadata/timestamp.json": b"x", "targets/00.board": b"x",
            "targets/XUB/a/00.list": b"x",
        }  # fmt: skip
        assert PreviousEditions(files).rooms() == {
            "XUA": (3, 9),
            "XUB": (1, 1),
            metadata.SUSPEND: (1, 5),
        }

    def test_it_holds_the_newest_that_can_be_read(self) -> None:
        authority, (state,) = network("XUA")
        state.withdrawn[0] = "superseded"
        state.publish()
        memory, held = PreviousEditions(authority.files), state.contents()
        assert memory.roles == {"XUA"}
        assert memory.of("XUA") == held
        assert memory.of("XUA", 1) != held
        assert memory.of("XUA", 0) == memory.of("XUZ") == {}
        hurt = PreviousEditions({**authority.files, newest(authority.files, "XUA"): b"x"})
        assert hurt.of("XUA") == memory.of("XUA", 1)
