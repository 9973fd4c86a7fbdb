"""A sync brings up to date what a verifier holds, is interrupted anywhere, and advances only as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.compile import compiled
from pratique.errors import DocumentRefused, UsageError
from pratique.findings import Colour
from pratique.network import metadata, participants, proposal, publish, view
from pratique.network.client import Sync, SyncOutcome
from pratique.network.participants import Choices
from pratique.revocation.tag_list import TagList
from pratique.trust.registry import Freshness
from pratique.verification import verify
from tests.cheats import (
    Files,
    again,
    edition,
    named,
    network,
    newest,
    refused,
    rule,
    spread,
    synced,
)
from tests.networks import AT, DAY, HOUR, WIDTH, Authority, State, Verifier, codes, key


class Towns:
    """Three participants; XUA has revoked one certificate more since the first edition."""

    def __init__(self) -> None:
        self.authority, (self.a, self.b, self.c) = network("XUA", "XUB", "XUC")
        self.text, early = self.a.issue(), self.a.issue(nth=1)
        self.fine = {state.code: state.issue(nth=2) for state in (self.a, self.b, self.c)}
        self.a.revoke(early)
        # Many tags, so that a delta is shorter than the list.
        self.a.revoke_tags(self.a.kid(), range(0, 1 << 20, 1 << 12))
        self.a.deltas.clear()
        self.a.publish()
        self.before = dict(self.authority.files)
        self.a.revoke(self.text)
        self.a.publish()
        self.after = dict(self.authority.files)

    def __repr__(self) -> str:
        return "three towns"

    @property
    def anchor(self) -> bytes:
        return self.authority.anchor

    def holding(self, files: Mapping[str, bytes]) -> Verifier:
        verifier = Verifier(self.anchor)
        verifier.sync(files)
        return verifier


@pytest.fixture(scope="module")
def towns() -> Towns:
    return Towns()


def walk(sync: Sync, files: Mapping[str, bytes]) -> Iterator[str]:
    """Hand in one file after the other; yield each name."""
    while wanted := sync.wanted():
        sync.receive(wanted[0].name, files.get(wanted[0].name))
        yield wanted[0].name


def finished(sync: Sync, files: Mapping[str, bytes]) -> SyncOutcome:
    for _ in walk(sync, files):
        pass
    return sync.outcome()


class TestInterrupted:
    @pytest.mark.parametrize("anew", [True, False])
    def test_after_any_number_of_pieces_it_begins_again_and_comes_to_the_same(
        self, towns: Towns, anew: bool
    ) -> None:
        """What came before the cut is offered again by whoever fetches; nothing of it was believed."""
        held: Files = {} if anew else towns.holding(towns.before).held
        whole = [*walk(Sync(held, anchor=towns.anchor, at=AT), towns.after)]
        expected = finished(Sync(held, anchor=towns.anchor, at=AT), towns.after)
        assert len(whole) > 3
        for cut in range(len(whole) + 1):
            first, came, before = Sync(held, anchor=towns.anchor, at=AT), Files(), dict(held)
            steps = walk(first, towns.after)
            for _ in range(cut):
                name = next(steps)
                if name in towns.after:
                    came[name] = towns.after[name]
            if cut < len(whole):
                with pytest.raises(UsageError, match="end"):
                    first.outcome()
            assert held == before
            asked = [
                *walk(second := Sync(held, anchor=towns.anchor, at=AT), {**towns.after, **came})
            ]
            assert asked == whole
            assert second.outcome() == expected._replace(view=second.outcome().view)

    def test_what_is_held_is_not_asked_for_again(self, towns: Towns) -> None:
        verifier = towns.holding(towns.after)
        sync = Sync(verifier.held, anchor=towns.anchor, at=AT)
        assert [*walk(sync, towns.after)] == ["metadata/2.root.json", metadata.TIMESTAMP_FILE]
        found = sync.outcome()
        assert found.changed == ()
        assert found.fetched == len(towns.after[metadata.TIMESTAMP_FILE])
        assert found.files == verifier.held

    def test_it_tells_what_is_new_and_how_much_came(self, towns: Towns) -> None:
        verifier = towns.holding(towns.before)
        sync = Sync(verifier.held, anchor=towns.anchor, at=AT)
        came = sum(len(towns.after.get(name, b"")) for name in walk(sync, towns.after))
        assert sync.outcome().changed == ("XUA",)
        assert sync.outcome().fetched == came

    def test_an_instant_without_a_zone_is_no_instant(self, towns: Towns) -> None:
        with pytest.raises(UsageError) as caught:
            Sync({}, anchor=towns.anchor, at=datetime(2026, 11, 22))  # noqa: DTZ001
        assert caught.value.code == "instant-naive"

    def test_before_its_end_it_has_no_outcome(self, towns: Towns) -> None:
        with pytest.raises(UsageError) as caught:
            Sync({}, anchor=towns.anchor, at=AT).outcome()
        assert caught.value.code == "sync-unfinished"

    def test_a_file_is_taken_once(self, towns: Towns) -> None:
        sync = Sync({}, anchor=towns.anchor, at=AT)
        while len(sync.wanted()) == 1:
            sync.receive(name := sync.wanted()[0].name, towns.after.get(name))
        (first, *_) = sync.wanted()
        sync.receive(first.name, towns.after.get(first.name))
        with pytest.raises(UsageError, match="not wanted"):
            sync.receive(first.name, towns.after.get(first.name))


class TestAFailedPiece:
    """Whatever is wrong with one piece, the state is the one before, or all of the one after."""

    @pytest.mark.parametrize("how", ["missing", "empty", "cut", "flipped", "longer"])
    def test_it_never_advances_the_state(self, towns: Towns, how: str) -> None:
        held = towns.holding(towns.before).held
        kinds = set()
        for name in walk(Sync(held, anchor=towns.anchor, at=AT), towns.after):
            data = towns.after.get(name, b"{}")
            wrong = {
                "missing": None, "empty": b"", "cut": data[:-1], "longer": data + b"x",
                "flipped": bytes([data[0] ^ 1]) + data[1:],
            }[how]  # fmt: skip
            files = {n: d for n, d in {**towns.after, name: wrong}.items() if d is not None}
            verifier = Verifier(towns.anchor)
            verifier.held = dict(held)
            try:
                found = verifier.sync(files)
            except DocumentRefused:
                kinds.add("refused")
                assert verifier.held == held
            else:
                kinds.add("in doubt" if found.problems else "done without")
                assert set(found.problems) <= {"XUA"}
            # Then comes the right one.
            verifier.sync(towns.after)
            assert verifier.held == towns.holding(towns.after).held
        assert kinds >= {"refused", "in doubt"}


class TestOneParticipantsTrouble:
    """A role that is missing, broken or expired puts its own certificates in AMBER, and no others."""

    def judged(self, towns: Towns, verifier: Verifier, at: datetime = AT) -> dict[str, list[str]]:
        snapshot = verifier.snapshot()
        return {
            code: codes(verify(text, snapshot=snapshot, at=at)) for code, text in towns.fine.items()
        }

    @pytest.mark.parametrize("anew", [True, False])
    @pytest.mark.parametrize("how", [None, b"", b"broken", b"{}"])
    def test_of_its_metadata_or_any_of_its_files(
        self, towns: Towns, how: bytes | None, anew: bool
    ) -> None:
        fine = {code: ["NO_RULES"] for code in towns.fine}
        assert self.judged(towns, towns.holding(towns.after)) == fine
        newer = {newest(towns.after, "XUA")} | {
            name for name in towns.after
            if name.startswith("targets/XUA/") and name not in towns.before and ".delta" not in name
        }  # fmt: skip
        own = (
            newer if not anew else newer | {n for n in towns.after if "signers" in n and "XUA" in n}
        )
        for name in own:
            files = {n: d for n, d in {**towns.after, name: how}.items() if d is not None}
            # A delta would stand in for its list.
            files = {n: d for n, d in files.items() if not n.endswith(".delta")}
            verifier = Verifier(towns.anchor) if anew else towns.holding(towns.before)
            assert verifier.sync(files).problems.keys() == {"XUA"}
            found = self.judged(towns, verifier)
            doubt = ["SIGNER_UNKNOWN"] if anew else ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
            assert found == {**fine, "XUA": doubt}
            assert verify(
                towns.fine["XUA"], snapshot=verifier.snapshot(), at=AT
            ).verdict.colour is Colour.AMBER  # fmt: skip

    def test_of_one_that_lapses(self, towns: Towns) -> None:
        files, now = dict(towns.after), AT + metadata.ROLE_LIFE
        authority = towns.authority
        kept, authority.now = authority.files, now
        try:
            authority.files = files
            authority.refresh()
            for state in (towns.b, towns.c):
                state.publish()
            verifier = Verifier(towns.anchor)
            assert verifier.sync(authority.files, now).problems == {}
        finally:
            authority.files, authority.now = kept, AT
        assert self.judged(towns, verifier, now) == {
            "XUA": ["PARTICIPANT_LAPSED", "NO_RULES"], "XUB": ["NO_RULES"], "XUC": ["NO_RULES"],
        }  # fmt: skip

    def test_what_was_held_of_it_is_still_known(self, towns: Towns) -> None:
        """It is told from a stranger, and who was revoked stays so."""
        verifier = towns.holding(towns.after)
        files = spread(towns.authority, {}, {"XUA": 99})
        assert verifier.sync(files).problems == {"XUA": "network-missing"}
        assert codes(verifier.verify(towns.text)) == ["PARTICIPANT_UNVERIFIABLE", "REVOKED"]
        assert codes(verifier.verify(towns.fine["XUA"])) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]

    def test_it_is_whole_again_with_its_next(self, towns: Towns) -> None:
        verifier = towns.holding(towns.before)
        broken = {**towns.after, newest(towns.after, "XUA"): b"broken"}
        assert verifier.sync(broken).problems == {"XUA": "network-malformed"}
        assert verifier.sync(towns.after).problems == {}
        assert codes(verifier.verify(towns.text)) == ["REVOKED"]


class TestAColdStart:
    """What is held is believed no more than what comes: every start checks all of it anew."""

    def test_a_flipped_byte_is_refused_or_its_own_participants_trouble(self, towns: Towns) -> None:
        held, seen = towns.holding(towns.after).held, dict[str, str]()
        for name, data in held.items():
            for at in (0, len(data) // 3, len(data) // 2, len(data) - 2):
                flipped = data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]
                try:
                    found = view.read({**held, name: flipped}, towns.anchor)
                except DocumentRefused:
                    assert "/XU" not in name, name
                    seen[name] = "refused"
                    continue
                troubled = {code for code, role in found.roles.items() if role.problem}
                whose = {code for code in towns.fine if code in name}
                # White space may stand otherwise, and says nothing.
                if not troubled:
                    assert found.roles == view.read(held, towns.anchor).roles
                    continue
                assert troubled == whose
                seen[name] = "in doubt"
        anchor = {publish.ANCHOR}
        assert seen == {
            name: "in doubt" if any(code in name for code in towns.fine) else "refused"
            for name in held.keys() - anchor
        }

    def test_a_file_that_is_gone_is_noticed(self, towns: Towns) -> None:
        held = towns.holding(towns.after).held
        for name in held.keys() - {publish.ANCHOR}:
            less = {n: d for n, d in held.items() if n != name}
            whose = [code for code in towns.fine if code in name]
            if whose:
                found = view.read(less, towns.anchor).roles
                assert [code for code, role in found.items() if role.problem] == whose
            else:
                with pytest.raises(DocumentRefused) as caught:
                    view.read(less, towns.anchor)
                assert caught.value.code == "network-missing"

    def test_files_of_another_are_no_files_of_its_own(self, towns: Towns) -> None:
        held = towns.holding(towns.after).held
        for name in held:
            for other in {*held.values()} - {held[name]}:
                try:
                    found = view.read({**held, name: other}, towns.anchor)
                except DocumentRefused:
                    continue
                troubled = {code for code, role in found.roles.items() if role.problem}
                assert troubled == {code for code in towns.fine if code in name}

    def test_a_sync_repairs_a_participants_damage(self, towns: Towns) -> None:
        held = towns.holding(towns.after).held
        for name in (n for n in held if any(code in n for code in towns.fine)):
            for damaged in (held[name][:-2], b"", held[metadata.TIMESTAMP_FILE]):
                verifier = Verifier(towns.anchor)
                verifier.held = {**held, name: damaged}
                assert verifier.sync(towns.after).problems == {}
                assert verifier.held == held

    def test_another_anchor_makes_it_worthless(self, towns: Towns) -> None:
        other = Authority(hands="other")
        with pytest.raises(DocumentRefused):
            view.read(towns.holding(towns.after).held, other.anchor)


class TestDeltas:
    def asked(self, verifier: Verifier, files: Mapping[str, bytes]) -> list[str]:
        verifier.asked.clear()
        verifier.sync(files)
        return [name.partition(".")[2] for name in verifier.asked if "revocations" in name]

    def test_they_are_used_where_they_are_shorter(self, towns: Towns) -> None:
        stem = f"revocations-{towns.a.kid().hex()}"
        verifier = towns.holding(towns.before)
        assert self.asked(verifier, towns.after) == [f"{stem}-2-3.delta"]
        assert verifier.held == towns.holding(towns.after).held
        assert codes(verifier.verify(towns.text)) == ["REVOKED"]

    def test_who_holds_nothing_asks_for_the_list(self, towns: Towns) -> None:
        stem = f"revocations-{towns.a.kid().hex()}"
        assert self.asked(Verifier(towns.anchor), towns.after) == [f"{stem}-3.tags"]

    def test_they_are_not_used_where_they_are_longer(self) -> None:
        authority, (state,) = network("XUA")
        state.revoke_tags(state.kid(), [1])
        state.publish()
        verifier = synced(authority)
        state.revoke_tags(state.kid(), [2])
        state.publish()
        assert self.asked(verifier, authority.files) == [f"revocations-{state.kid().hex()}-2.tags"]

    def test_several_lead_over_editions_that_were_missed(self) -> None:
        authority, (state,) = network("XUA")
        state.revoke_tags(state.kid(), range(0, 1 << 20, 1 << 11))
        state.publish()
        verifier = synced(authority)
        texts = [state.issue(nth=nth) for nth in range(3)]
        for text in texts:
            state.revoke(text)
            state.publish()
        stem = f"revocations-{state.kid().hex()}"
        assert sorted(self.asked(verifier, authority.files)) == [
            f"{stem}-{n}-{n + 1}.delta" for n in (1, 2, 3)
        ]
        assert {*map(tuple, map(codes, map(verifier.verify, texts)))} == {("REVOKED",)}

    @pytest.mark.parametrize("what", ["missing", "broken", "another"])
    def test_a_wrong_one_falls_back_to_the_list(self, towns: Towns, what: str) -> None:
        stem = f"revocations-{towns.a.kid().hex()}"
        name = next(n for n in towns.after if n.endswith(".delta"))
        wrong = {"broken": b"x", "another": towns.after[newest(towns.after, "XUB")]}.get(what)
        files = {n: d for n, d in {**towns.after, name: wrong}.items() if d is not None}
        verifier = towns.holding(towns.before)
        assert self.asked(verifier, files) == [f"{stem}-2-3.delta", f"{stem}-3.tags"]
        assert codes(verifier.verify(towns.text)) == ["REVOKED"]

    @pytest.mark.parametrize("data", [b"", b"pratique-revocation-delta-1\n", b"x" * 40])
    def test_one_that_was_signed_and_is_none_falls_back_too(
        self, towns: Towns, data: bytes
    ) -> None:
        stem = f"revocations-{towns.a.kid().hex()}"
        contents = towns.a.contents()
        (path,) = (path for path in contents if path.endswith(".delta"))
        for wrong in (data, contents[path][:-1], contents[path] + b"x"):
            if not wrong:
                continue
            files = edition(towns.authority, "XUA", {**contents, path: wrong}, towns.a.roles)
            verifier = towns.holding(towns.before)
            assert self.asked(verifier, files) == [f"{stem}-2-3.delta", f"{stem}-3.tags"]
            assert codes(verifier.verify(towns.text)) == ["REVOKED"]

    def test_neither_leaves_what_was_held(self, towns: Towns) -> None:
        files = {n: d for n, d in towns.after.items() if n in towns.before or "targets/" not in n}
        verifier = towns.holding(towns.before)
        assert verifier.sync(files).problems == {"XUA": "network-incomplete"}
        assert codes(verifier.verify(towns.text)) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]


class TestNothingIsTakenBack:
    """By an edition that is signed by all of the participant's keys, past every publisher."""

    def taken_back(self, towns: Towns, files: Mapping[str, bytes], why: str) -> None:
        verifier = towns.holding(towns.after)
        forged = edition(towns.authority, "XUA", files, towns.a.roles)
        assert verifier.sync(forged).problems == {"XUA": why}
        assert codes(verifier.verify(towns.text)) == ["PARTICIPANT_UNVERIFIABLE", "REVOKED"]
        with pytest.raises(DocumentRefused):
            towns.authority.publish(towns.a.draft(files), towns.a.roles)

    def relisted(self, towns: Towns, tags: set[int], version: int, created: int = 0) -> Files:
        now = int(AT.timestamp()) + created
        kid = towns.a.kid()
        data = TagList.build(
            tags, participant="XUA", kid=kid, width=WIDTH, version=version, created=now,
            expires=now + 86400,
        ).to_bytes()  # fmt: skip
        kept = {p: d for p, d in towns.a.contents().items() if "revocations" not in p}
        return {**kept, f"XUA/revocations-{kid.hex()}-{version}.tags": data}

    def test_a_list_does_not_go(self, towns: Towns) -> None:
        kept = {p: d for p, d in towns.a.contents().items() if "revocations" not in p}
        self.taken_back(towns, kept, "network-taken-back")
        self.taken_back(towns, {}, "network-taken-back")

    def test_a_list_loses_no_tag_and_no_version(self, towns: Towns) -> None:
        tags = {*towns.a.lists[towns.a.kid()].tags()}
        (_, tag) = towns.a.tags[towns.text]
        self.taken_back(towns, self.relisted(towns, tags - {tag}, 4), "revocation-removed")
        self.taken_back(towns, self.relisted(towns, set(), 4), "revocation-removed")
        self.taken_back(towns, self.relisted(towns, tags | {5}, 2), "revocation-rollback")
        self.taken_back(towns, self.relisted(towns, tags | {5}, 3), "revocation-rollback")

    def test_a_list_may_grow(self, towns: Towns) -> None:
        """The control."""
        tags = {*towns.a.lists[towns.a.kid()].tags()}
        _, other = towns.a.tags[towns.fine["XUA"]]
        files = self.relisted(towns, tags | {other}, 4)
        verifier = towns.holding(towns.after)
        forged = edition(towns.authority, "XUA", files, towns.a.roles)
        assert verifier.sync(forged).problems == {}
        assert codes(verifier.verify(towns.text)) == ["REVOKED"]
        assert codes(verifier.verify(towns.fine["XUA"])) == ["REVOKED"]

    def test_a_signer_that_was_withdrawn_stays_so(self) -> None:
        authority, states = Authority(), [State("XUA", signers=2)]
        (state,) = states
        authority.admit(state)
        text, fine = state.issue(number=0), state.issue(number=1)
        state.publish()
        state.withdrawn[0] = "key-compromise"
        state.publish()
        verifier = synced(authority)
        state.withdrawn.clear()
        for back in (state.contents(), {}):
            forged = edition(authority, "XUA", back, state.roles)
            later = again(verifier)
            assert later.sync(forged).problems == {"XUA": "network-taken-back"}
            assert codes(later.verify(text)) == ["SIGNER_WITHDRAWN", "PARTICIPANT_UNVERIFIABLE"]
        # Control: another one may still be withdrawn.
        state.withdrawn = {0: "key-compromise", 1: "superseded"}
        assert codes(verifier.verify(fine)) == ["NO_RULES"]
        state.publish()
        verifier.sync(authority.files)
        assert codes(verifier.verify(fine)) == ["SIGNER_WITHDRAWN"]


class TestInWhateverOrder:
    @settings(max_examples=40, deadline=None)
    @given(st.randoms(use_true_random=False), st.booleans())
    def test_pieces_come(self, towns: Towns, chance: Any, anew: bool) -> None:
        held: Files = {} if anew else towns.holding(towns.before).held
        expected = finished(Sync(held, anchor=towns.anchor, at=AT), towns.after)
        sync, several = Sync(held, anchor=towns.anchor, at=AT), 0
        while wanted := [*sync.wanted()]:
            several = max(several, len(wanted))
            one = chance.choice(wanted)
            sync.receive(one.name, towns.after.get(one.name))
        assert sync.outcome().files == expected.files
        assert set(sync.outcome().changed) == set(expected.changed)
        if anew:
            assert several > 3

    def test_one_of_them_late_or_never(self, towns: Towns) -> None:
        expected = {code: [] if code != "XUB" else ["SIGNER_UNKNOWN"] for code in towns.fine}
        for order in (1, -1):
            sync = Sync({}, anchor=towns.anchor, at=AT)
            while wanted := sync.wanted():
                one = wanted[::order][0]
                lost = "XUB" in one.name
                sync.receive(one.name, None if lost else towns.after.get(one.name))
            snapshot = compiled(sync.outcome().view)
            found = {c: codes(verify(t, snapshot=snapshot, at=AT)) for c, t in towns.fine.items()}
            assert found == {c: doubt or ["NO_RULES"] for c, doubt in expected.items()}


class TestWhatIsAskedFor:
    """A server learns nothing of who was checked: names follow from what is held, and nothing else."""

    def test_two_that_hold_the_same_ask_for_the_same(self, towns: Towns) -> None:
        quiet, busy = towns.holding(towns.before), towns.holding(towns.before)
        quiet.asked.clear()
        busy.asked.clear()
        for text in (towns.text, *towns.fine.values(), "no certificate at all"):
            busy.verify(text)
            busy.verify(text, place="XB")
        for verifier in (quiet, busy):
            verifier.sync(towns.after)
        assert quiet.asked == busy.asked
        assert quiet.asked != []

    def test_who_holds_something_else_asks_for_something_else(self, towns: Towns) -> None:
        """The control: requests are compared by a measure that can tell them apart."""
        early, late = towns.holding(towns.before), towns.holding(towns.after)
        for verifier in (early, late):
            verifier.asked.clear()
            verifier.sync(towns.after)
        assert early.asked != late.asked

    def test_names_hold_nothing_of_a_certificate(self, towns: Towns) -> None:
        verifier = towns.holding(towns.before)
        verifier.sync(towns.after)
        for name in verifier.asked:
            assert name in towns.after or name == "metadata/2.root.json"


class TestOtherKeys:
    def rotated(self, authority: Authority, **changed: Any) -> None:
        seats = [seat.public_key for seat in authority.seats]
        board = authority.board
        drafted = proposal.root(authority.view, authority.now, board=board, seats=seats, **changed)
        authority.publish(drafted)

    def judged(self, verifier: Verifier, authority: Authority, text: str) -> list[str]:
        assert verifier.sync(authority.files, authority.now).problems == {}
        return codes(verifier.verify(text))

    def test_a_root_follows_upon_a_root_over_any_number(self) -> None:
        authority, (state,) = network("XUA")
        verifier, text = synced(authority), state.issue()
        for _ in range(5):
            self.rotated(authority)
        found = verifier.sync(authority.files)
        assert found.changed.count("root") == 5
        assert codes(verifier.verify(text)) == ["NO_RULES"]
        # A step that is missing is not jumped over.
        missing = {n: d for n, d in authority.files.items() if n != "metadata/4.root.json"}
        late = Verifier(authority.anchor)
        assert late.sync(authority.files).view.root.version == 6
        held_back = Verifier(authority.anchor)
        held_back.sync(missing)
        assert view.read(held_back.held, held_back.anchor).root.version == 3

    def test_a_seat_gets_another_key(self) -> None:
        authority, (state,) = network("XUA")
        verifier, text = synced(authority), state.issue()
        old = list(authority.seats)
        authority.seats[0] = key("seat 0, again")
        authority.board = authority.board._replace(seats=Authority.rows(authority.seats))
        seats = [seat.public_key for seat in authority.seats]
        drafted = proposal.root(authority.view, AT, board=authority.board, seats=seats)
        # Five of before, and five of after: the new key is one of these.
        authority.publish(drafted, [*old[1:6], authority.seats[0]])
        assert self.judged(verifier, authority, text) == ["NO_RULES"]
        new = State("XUB")
        authority.admit(new)
        assert self.judged(verifier, authority, text) == ["NO_RULES"]
        # The old key is nobody's now.
        listed = authority.view.participants
        drafted = proposal.targets(authority.view, AT, "old hand", participants=listed)
        with pytest.raises(UsageError, match="does not ask"):
            authority.signed(drafted, [old[0]])

    def test_the_online_keys_are_replaced(self) -> None:
        authority, (state,) = network("XUA")
        verifier, text = synced(authority), state.issue()
        stolen, authority.online = authority.online, publish.OnlineKeys(key("on 1"), key("on 2"))
        self.rotated(
            authority,
            online=proposal.Online(*(one.public_key for one in authority.online)),
        )
        assert self.judged(verifier, authority, text) == ["NO_RULES"]
        # Who has the old ones announces nothing any more, not to who has seen the new root.
        state.revoke(text)
        state.publish()
        assert refused(verifier, spread(authority, {}, {}, stolen)) == "network-unsigned"
        assert self.judged(verifier, authority, text) == ["REVOKED"]

    def test_a_participant_that_lost_its_keys_gets_others_from_the_seats(self) -> None:
        authority, (state, other) = network("XUA", "XUB")
        text, fine = state.issue(), other.issue()
        state.revoke(text)
        state.publish()
        verifier, lost = synced(authority), list(state.roles)
        state.roles = [key(f"XUA again {n}") for n in range(3)]
        members = {"XUA": state.role_keys()}
        authority.publish(
            proposal.targets(authority.view, AT, "XUA lost its keys", members=members)
        )
        # Until it publishes with them, only it is in doubt; what it revoked is remembered.
        assert verifier.sync(authority.files).problems == {"XUA": "network-unsigned"}
        assert codes(verifier.verify(fine)) == ["NO_RULES"]
        with pytest.raises(UsageError, match="does not ask"):
            state.publish(lost[:2])
        # With its new keys it cannot take back what it revoked with the old ones.
        freed = {p: d for p, d in state.contents().items() if not p.endswith(".tags")}
        later = again(verifier)
        forged = edition(authority, "XUA", freed, state.roles)
        assert later.sync(forged).problems == {"XUA": "network-taken-back"}
        state.publish()
        assert self.judged(verifier, authority, text) == ["REVOKED"]
        # Who found the lost keys says nothing any more.
        forged = edition(authority, "XUA", {}, lost)
        assert verifier.sync(forged).problems == {"XUA": "network-unsigned"}

    def test_a_participant_that_goes_is_no_longer_known(self) -> None:
        authority, (state, other) = network("XUA", "XUB")
        text, fine, verifier = state.issue(), other.issue(), synced(authority)
        listed = {"XUB": other.participant}
        gone = proposal.targets(
            authority.view, AT, "it goes", participants=listed, members={"XUA": None}
        )
        authority.publish(gone)
        assert self.judged(verifier, authority, text) == ["SIGNER_UNKNOWN"]
        assert codes(verifier.verify(fine)) == ["NO_RULES"]


class TestWhatADestinationChooses:
    RESULTS = "vaccines"

    def chosen(self, old: int, too_old: int, **sets: tuple[str, ...]) -> bytes:
        return participants.write(Choices(sets, Freshness(old * 3600, too_old * 3600)))

    def test_how_old_data_may_be(self) -> None:
        authority, (issuer, strict, easy, plain) = network("XUA", "XUB", "XUC", "XUD")
        for state, hours in ((strict, (1, 2)), (easy, (100, 120)), (plain, None)):
            state.rules = [rule(state.country)]
            state.choices = None if hours is None else self.chosen(*hours)
            state.publish()
        verifier, text = synced(authority), issuer.issue()
        table = {
            "XB": {1: [], 2: ["DATA_OLD"], 3: ["DATA_TOO_OLD"]},
            "XC": {100: [], 101: ["DATA_OLD"], 120: ["DATA_OLD"], 121: ["DATA_TOO_OLD"]},
            "XD": {48: [], 49: ["DATA_OLD"], 167: ["DATA_OLD"]},
        }
        for place, row in table.items():
            for after, found in row.items():
                seen = verifier.verify(text, AT + after * HOUR, place=place)
                assert codes(seen) == found, (place, after)
                colour = Colour.AMBER if found else Colour.GREEN
                assert seen.verdict.colour is colour

    def test_which_codes_it_recognises(self) -> None:
        authority, (issuer, few, all_of_them) = network("XUA", "XUB", "XUC")
        logic = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.vaccines"}]}
        for state in (few, all_of_them):
            state.rules = [rule(state.country, logic)]
        few.choices = self.chosen(48, 168, vaccines=("EU/1/20/1507",))
        for state in (few, all_of_them):
            state.publish()
        verifier, text = synced(authority), issuer.issue()
        assert codes(verifier.verify(text, place="XB")) == ["RULE_FAILED"]
        assert verifier.verify(text, place="XC").verdict.colour is Colour.GREEN
        few.choices = self.chosen(48, 168, vaccines=("EU/1/20/1507", "EU/1/20/1528"))
        few.publish()
        verifier.sync(authority.files)
        assert verifier.verify(text, place="XB").verdict.colour is Colour.GREEN

    def test_a_code_that_the_network_does_not_publish_is_its_own_trouble(self) -> None:
        authority, (issuer, wrong) = network("XUA", "XUB")
        own = wrong.issue()
        wrong.choices = self.chosen(48, 168, vaccines=("HOME-MADE",))
        wrong.publish()
        verifier = synced(authority)
        roll = verifier.snapshot().roll
        assert roll is not None
        assert roll.members["XUB"].problem == "choices-unknown"
        assert roll.choices == {}
        assert codes(verifier.verify(own)) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
        assert codes(verifier.verify(issuer.issue())) == ["NO_RULES"]


def test_files_are_named_by_what_is_in_them(towns: Towns) -> None:
    made = named(towns.a.contents())
    assert set(made) <= set(towns.after)
    assert timedelta(days=1) == DAY
