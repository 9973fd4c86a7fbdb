"""The ten attacks that The Update Framework's specification names (§1.5.2), each on our own sync.

Real metadata and real keys; the server cheats. Beside each attack stands its control: the honest server
is believed, or the same cheat succeeds once the check is taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from tuf.api.metadata import MetaFile

from pratique.errors import DocumentRefused, UsageError
from pratique.network import client, metadata, proposal, publish, trusted, view
from pratique.network.client import Sync
from pratique.trust import publication
from tests.cheats import (
    Files,
    again,
    by_hand,
    edition,
    listing,
    named,
    network,
    newest,
    put,
    refused,
    spread,
    synced,
)
from tests.networks import AT, DAY, HOUR, Authority, State, Verifier, codes, key


class Town(NamedTuple):
    """A network in two editions: in the second one, a certificate of XUA's is revoked."""

    authority: Authority
    states: tuple[State, State]
    before: Files
    text: str

    @property
    def after(self) -> Files:
        return dict(self.authority.files)


@pytest.fixture(scope="module")
def town() -> Town:
    authority, (a, b) = network("XUA", "XUB")
    text, before = a.issue(), dict(authority.files)
    a.revoke(text)
    a.publish()
    return Town(authority, (a, b), before, text)


def holding(files: Files) -> Verifier:
    verifier = Verifier(files[publish.ANCHOR])
    verifier.sync(files)
    return verifier


def problems(files: Files, verifier: Verifier | None = None) -> dict[str, str]:
    found = (verifier or Verifier(files[publish.ANCHOR])).sync(files)
    return dict(found.problems)


class TestArbitraryInstallation:
    """An attacker answers a request with whatever it likes."""

    def lies(self, town: Town) -> dict[str, bytes]:
        thief, mallory = State("XUA"), [key(f"mallory {n}") for n in range(9)]
        thief.ca_key, own = key("mallory sca"), town.after
        return {
            "nothing": b"",
            "no json": b"\xff\x00" * 40,
            "an empty document": b"{}",
            "deep": b"[" * 15_000,
            "a timestamp": own[metadata.TIMESTAMP_FILE],
            "a root": own[publish.ANCHOR],
            "a snapshot": own[newest(own, "snapshot")],
            "targets": own[newest(own, "targets")],
            "another's role": own[newest(own, "XUB")],
            "its own targets": by_hand(own[newest(own, "targets")], None, mallory),
            "its own role": by_hand(own[newest(own, "XUA")], None, mallory),
            "its own snapshot": by_hand(own[newest(own, "snapshot")], None, mallory),
            "its own timestamp": by_hand(own[metadata.TIMESTAMP_FILE], None, mallory),
        }

    def test_nothing_but_what_was_signed_is_ever_held(self, town: Town) -> None:
        honest, seen = dict(holding(town.after).held), set[str]()
        for lie in self.lies(town).values():
            for name in honest:
                if name == publish.ANCHOR or town.after[name] == lie:
                    continue
                verifier = Verifier(town.authority.anchor)
                try:
                    found = verifier.sync({**town.after, name: lie}).problems
                except DocumentRefused:
                    assert verifier.held == {}
                    seen.add("refused")
                else:
                    # Only one participant's own file may be left out; and nothing else is taken.
                    assert len(found) == 1
                    assert verifier.held.items() < honest.items()
                    seen.add("left out")
        assert seen == {"refused", "left out"}

    def test_a_root_that_is_none_is_refused(self, town: Town) -> None:
        for lie in self.lies(town).values():
            assert refused(
                Verifier(town.authority.anchor), {**town.after, "metadata/2.root.json": lie}
            )

    def test_without_the_digest_it_would_be_installed(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mallory = State("XUA")
        mallory.signers = []
        name = next(n for n in town.after if n.startswith("targets/XUA/") and "signers" in n)
        lie = {**town.after, name: mallory.contents()["XUA/signers.json"]}
        assert problems(lie) == {"XUA": "network-incomplete"}
        for module in (client, view):
            monkeypatch.setattr(module, "is_file", lambda *_: True)
        verifier = holding(lie)
        assert verifier.held[name] == lie[name]


class TestEndlessData:
    """A server never stops sending, or never stops having one more."""

    def test_every_request_says_how_much_is_taken(self, town: Town) -> None:
        sync = Sync({}, anchor=town.authority.anchor, at=AT)
        while wanted := sync.wanted():
            for name, limit in wanted:
                assert len(town.after.get(name, b"")) <= limit <= metadata.MAX_FILE
                if name.startswith("targets/"):
                    assert limit == len(town.after[name])
                sync.receive(name, town.after.get(name))
        assert sync.outcome().problems == {}

    def test_a_byte_more_is_as_if_nothing_had_come(self, town: Town) -> None:
        data = town.after[metadata.TIMESTAMP_FILE]
        full = data + b" " * (metadata.MAX_TIMESTAMP - len(data))
        assert problems({**town.after, metadata.TIMESTAMP_FILE: full}) == {}
        more = {**town.after, metadata.TIMESTAMP_FILE: full + b" "}
        assert refused(Verifier(town.authority.anchor), more) == "network-missing"

    def test_a_participants_endless_file_is_its_own_trouble(self, town: Town) -> None:
        for name, data in town.after.items():
            if name.startswith("targets/XUB/"):
                assert problems({**town.after, name: data + b" "}) == {"XUB": "network-incomplete"}
        role = newest(town.after, "XUB")
        endless = town.after[role] + b" " * metadata.MAX_ROLE
        assert problems({**town.after, role: endless}) == {"XUB": "network-missing"}
        near = town.after[role] + b" " * (metadata.MAX_ROLE - len(town.after[role]))
        assert problems({**town.after, role: near}) == {}

    def test_roots_without_end_are_not_followed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        authority, _ = network()
        seats = [seat.public_key for seat in authority.seats]
        for _ in range(4):
            authority.publish(
                proposal.root(authority.view, authority.now, board=authority.board, seats=seats)
            )
        assert problems(dict(authority.files)) == {}
        monkeypatch.setattr(metadata, "MAX_ROOTS", 3)
        assert refused(Verifier(authority.anchor), authority.files) == "network-refused"

    def test_a_file_that_is_too_large_is_not_even_asked_for(self, town: Town) -> None:
        (a, _) = town.states

        def large(signed: Any) -> None:
            signed.version += 1
            signed.targets["XUA/signers.json"].length = metadata.MAX_SMALL + 1

        name = newest(town.after, "XUA")
        version = int(name.split("/")[1].split(".")[0]) + 1
        made = {metadata.metadata("XUA", version): by_hand(town.after[name], large, a.roles)}
        files = spread(town.authority, made, {"XUA": version})
        verifier = Verifier(town.authority.anchor)
        assert problems(files, verifier) == {"XUA": "policy-file"}
        assert not any(asked.startswith("targets/XUA/") for asked in verifier.asked)


class TestExtraneousDependencies:
    """A verifier is made to fetch what it does not need."""

    def test_what_lies_there_unsigned_is_never_asked_for(self, town: Town) -> None:
        more = {
            "targets/XUA/tool.exe": b"x",
            "metadata/9.XUZ.json": b"x",
            "metadata/1.suspend.json": b"x",
        }
        verifier = Verifier(town.authority.anchor)
        verifier.sync({**town.after, **more})
        assert not more.keys() & {*verifier.asked, *verifier.held}
        # Control: what is signed for is asked for, by the same walk.
        assert {n for n in town.after if n.startswith("targets/XUB/")} <= {*verifier.asked}

    @pytest.mark.parametrize(
        "path",
        ["XUA/tool.exe", "XUB/signers.json", "network/value-sets.json", "suspend/list.json",
         "XUA/../XUB/signers.json", "XUA/deeper/signers.json", "/etc/passwd", "XUA/"],
    )  # fmt: skip
    def test_a_participant_adds_no_file_of_another_kind(self, town: Town, path: str) -> None:
        a, _ = town.states
        files = edition(town.authority, "XUA", {**a.contents(), path: b"more"}, a.roles)
        verifier = Verifier(town.authority.anchor)
        (problem,) = verifier.sync(files).problems.items()
        assert problem[0] == "XUA"
        assert problem[1] in {"policy-file", "policy-foreign-path"}
        assert not any(
            name.endswith(path.rpartition("/")[2] or "//") and "XUA" in name
            for name in verifier.asked
        )

    def test_its_known_files_are_fetched(self, town: Town) -> None:
        a, _ = town.states
        files = edition(town.authority, "XUA", {**a.contents(), "XUA/rules.json": b"[]"}, a.roles)
        verifier = Verifier(town.authority.anchor)
        assert problems(files, verifier) == {}
        assert any(name.endswith(".rules.json") for name in verifier.asked)

    def test_it_has_no_files_without_end(self, town: Town) -> None:
        a, _ = town.states

        def many(count: int) -> Files:
            return {f"XUA/revocations-{n:04x}-1.tags": b"x" for n in range(count)}

        files = edition(town.authority, "XUA", many(metadata.MAX_FILES_OF_ROLE + 1), a.roles)
        assert problems(files) == {"XUA": "policy-files-too-many"}
        # Control: as many as are allowed are asked for, and found not to be lists.
        files = edition(town.authority, "XUA", many(metadata.MAX_FILES_OF_ROLE), a.roles)
        assert problems(files) == {"XUA": "revocation-malformed"}

    def test_nobody_delegates_further(self, town: Town) -> None:
        a, _ = town.states
        held = view.read(town.after, town.authority.anchor).trusted.targets.delegations

        def nested(signed: Any) -> None:
            signed.version += 1
            signed.delegations = held

        name = newest(town.after, "XUA")
        version = int(name.split("/")[1].split(".")[0]) + 1
        made = {metadata.metadata("XUA", version): by_hand(town.after[name], nested, a.roles)}
        assert problems(spread(town.authority, made, {"XUA": version})) == {"XUA": "policy-nested"}
        flat = by_hand(town.after[name], put(version=version), a.roles)
        made = {metadata.metadata("XUA", version): flat}
        assert problems(spread(town.authority, made, {"XUA": version})) == {}


class TestFastForward:
    """Who has the online keys for an hour raises versions so high that nothing honest could follow."""

    HIGH = 2**31 - 1

    def forwarded(self, authority: Authority) -> Files:
        """Return the repository with a timestamp and a list of versions of the highest version."""
        files, high = dict(authority.files), self.HIGH

        def last(signed: Any) -> None:
            signed.version = high

        listed = by_hand(files[newest(files, "snapshot")], last, [authority.online.snapshot])

        def latest(signed: Any) -> None:
            signed.version, signed.snapshot_meta.version = high, high
            signed.snapshot_meta.length = None
            signed.snapshot_meta.hashes = None

        timed = by_hand(files[metadata.TIMESTAMP_FILE], latest, [authority.online.timestamp])
        return {
            **files,
            metadata.metadata("snapshot", high): listed,
            metadata.TIMESTAMP_FILE: timed,
        }

    def replace_online(self, authority: Authority) -> None:
        authority.online = publish.OnlineKeys(key("snapshot again"), key("timestamp again"))
        kept = proposal.Online(
            authority.online.snapshot.public_key, authority.online.timestamp.public_key
        )
        seats = [seat.public_key for seat in authority.seats]
        authority.publish(
            proposal.root(
                authority.view, authority.now, board=authority.board, seats=seats, online=kept
            )
        )

    def test_the_honest_server_is_refused_until_the_seats_replace_the_keys(self) -> None:
        authority, (state,) = network("XUA")
        verifier, text = synced(authority), state.issue()
        verifier.sync(self.forwarded(authority))
        state.revoke(text)
        state.publish()
        # The control: without new keys there is no way back, and that is what the attack is for.
        assert refused(verifier, authority.files) == "network-rollback"
        self.replace_online(authority)
        assert "root" in verifier.sync(authority.files).changed
        assert codes(verifier.verify(text)) == ["REVOKED"]
        assert view.read(verifier.held, verifier.anchor).trusted.timestamp.version < self.HIGH

    def test_who_was_not_there_meanwhile_is_not_touched(self) -> None:
        authority, (state,) = network("XUA")
        away = synced(authority)
        synced(authority).sync(self.forwarded(authority))
        self.replace_online(authority)
        state.publish()
        assert away.sync(authority.files).problems == {}

    def test_versions_of_roles_that_nobody_signed_put_nobody_else_in_doubt(self) -> None:
        authority, (state, other) = network("XUA", "XUB")
        verifier, text, fine = synced(authority), state.issue(), other.issue()
        files = spread(authority, {}, {"XUA": self.HIGH})
        assert verifier.sync(files).problems == {"XUA": "network-missing"}
        assert codes(verifier.verify(text)) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
        assert codes(verifier.verify(fine)) == ["NO_RULES"]
        self.replace_online(authority)
        assert verifier.sync(authority.files).problems == {}
        assert codes(verifier.verify(text)) == ["NO_RULES"]

    def test_a_version_beyond_all_names_is_refused(self) -> None:
        """A name has ten digits for it; a longer one would not be found again, nor what it has revoked."""
        authority, (state,) = network("XUA")
        state.revoke(state.issue())
        state.publish()
        verifier, high = synced(authority), metadata.MAX_VERSION
        for version in (high, high + 1):
            role = by_hand(
                authority.files[newest(authority.files, "XUA")],
                put(version=version),
                state.roles,
            )
            files = spread(authority, {metadata.metadata("XUA", version): role}, {"XUA": version})
            if version == high:
                assert problems(files, again(verifier)) == {}
            else:
                assert refused(verifier, files) == "network-malformed"

    def test_a_time_ahead_of_all_clocks_is_refused(self) -> None:
        authority, _ = network("XUA")
        verifier = synced(authority)
        for ahead, is_believed in (
            (client.FUTURE, True),
            (client.FUTURE + timedelta(seconds=1), False),
        ):
            files = {
                **authority.files,
                **publish.refreshed(authority.files, authority.online, at=AT + ahead),
            }
            if is_believed:
                again(verifier).sync(files)
            else:
                assert refused(verifier, files) == "network-future"


class TestIndefiniteFreeze:
    """A server goes on showing what was true once."""

    def test_a_frozen_server_is_refused_when_its_timestamp_ends(self, town: Town) -> None:
        end = metadata.TIMESTAMP_LIFE
        for verifier in (Verifier(town.authority.anchor), holding(town.after)):
            again(verifier).sync(town.after, AT + end - timedelta(seconds=1))
            assert refused(verifier, town.after, AT + end) == "network-expired"

    def test_what_is_held_grows_old_by_itself(self, town: Town) -> None:
        verifier = holding(town.after)
        fine = town.states[1].issue()
        assert codes(verifier.verify(fine, AT + 48 * HOUR)) == ["NO_RULES"]
        assert codes(verifier.verify(fine, AT + 48 * HOUR + timedelta(seconds=1))) == [
            "NO_RULES", "DATA_OLD",
        ]  # fmt: skip
        assert "DATA_TOO_OLD" in codes(verifier.verify(fine, AT + 7 * DAY + timedelta(seconds=1)))

    def test_the_timestamps_key_alone_freezes_for_a_week_at_most(self, town: Town) -> None:
        """It may say each hour that nothing is new; the list of versions ends all the same."""
        name = newest(town.after, "snapshot")

        def at(when: timedelta) -> Files:
            snapshot = {name: town.after[name]}
            made = publish.timestamp(town.after, snapshot, town.authority.online, AT + when)
            return {**town.after, **made}

        last = metadata.SNAPSHOT_LIFE - timedelta(seconds=1)
        again(holding(town.after)).sync(at(last), AT + last)
        end = metadata.SNAPSHOT_LIFE
        assert refused(holding(town.after), at(end), AT + end) == "network-expired"

    def test_no_timestamp_lasts_longer_than_the_policy_allows(self, town: Town) -> None:
        for life in (metadata.TIMESTAMP_LIFE, metadata.TIMESTAMP_LIFE + timedelta(seconds=1)):
            data = by_hand(
                town.after[metadata.TIMESTAMP_FILE],
                put(expires=AT + life),
                [town.authority.online.timestamp],
            )
            files = {**town.after, metadata.TIMESTAMP_FILE: data}
            if life == metadata.TIMESTAMP_LIFE:
                assert problems(files) == {}
            else:
                assert refused(Verifier(town.authority.anchor), files) == "network-malformed"

    def test_a_participant_that_is_frozen_lapses_alone(self) -> None:
        authority, (a, b) = network("XUA", "XUB")
        stale, fresh = a.issue(), b.issue()
        authority.now = AT + metadata.ROLE_LIFE
        b.publish()
        verifier = Verifier(authority.anchor)
        assert verifier.sync(authority.files, authority.now).problems == {}
        assert codes(verifier.verify(stale, authority.now)) == ["PARTICIPANT_LAPSED", "NO_RULES"]
        assert codes(verifier.verify(fresh, authority.now)) == ["NO_RULES"]
        assert codes(verifier.verify(stale, authority.now - HOUR / 60)) == ["NO_RULES"]


class TestMaliciousMirrors:
    """Some of the servers lie; one of them is honest."""

    def test_after_any_lie_the_honest_server_is_believed(self, town: Town) -> None:
        honest = dict(holding(town.after).held)
        for name in sorted(honest.keys() - {publish.ANCHOR}):
            for lie in (None, b"a lie", honest[newest(honest, "XUB")]):
                if honest[name] == lie:
                    continue
                verifier = holding(town.before)
                mirror = {n: d for n, d in {**town.after, name: lie}.items() if d is not None}
                try:
                    verifier.sync(mirror)
                except DocumentRefused:
                    assert verifier.held == holding(town.before).held
                verifier.sync(town.after)
                assert verifier.held == honest

    def test_a_sync_that_was_refused_never_comes_to_an_outcome(self, town: Town) -> None:
        sync = Sync({}, anchor=town.authority.anchor, at=AT)
        while (wanted := sync.wanted()) and "snapshot" not in wanted[0].name:
            sync.receive(wanted[0].name, town.after.get(wanted[0].name))
        with pytest.raises(DocumentRefused):
            sync.receive(wanted[0].name, b"a lie")
        with pytest.raises(UsageError, match="end"):
            sync.outcome()

    def test_a_mirror_that_hides_one_participant_hides_only_that(self, town: Town) -> None:
        mirror = {n: d for n, d in town.after.items() if ".XUA." not in n and "/XUA/" not in n}
        verifier = Verifier(town.authority.anchor)
        assert problems(mirror, verifier) == {"XUA": "network-missing"}
        assert codes(verifier.verify(town.states[1].issue())) == ["NO_RULES"]

    def test_pieces_may_come_from_any_of_them(self, town: Town) -> None:
        """No mirror has all; together they have, and nothing tells them apart."""
        verifier, mirrors = Verifier(town.authority.anchor), list[Files]()
        for part in range(3):
            mirrors.append(
                {n: d for i, (n, d) in enumerate(sorted(town.after.items())) if i % 3 == part}
            )
        sync = Sync({}, anchor=verifier.anchor, at=AT)
        while wanted := sync.wanted():
            for name, _ in wanted:
                sync.receive(name, next((m[name] for m in mirrors if name in m), None))
        assert sync.outcome().files == holding(town.after).held


class TestMixAndMatch:
    """A server shows parts of different editions, which never were in force together."""

    def mixtures(self, town: Town) -> Iterator[tuple[str, Files]]:
        for role in ("snapshot", "XUA"):
            old, new = newest(town.before, role), newest(town.after, role)
            assert old != new
            yield role, {**town.after, new: town.before[old]}
            yield role, {**town.after, old: town.after[new], new: town.before[old]}

    def test_an_earlier_part_under_a_later_name_is_refused(self, town: Town) -> None:
        for role, files in self.mixtures(town):
            for verifier in (Verifier(town.authority.anchor), holding(town.before)):
                if role == "snapshot":
                    assert refused(verifier, files) == "network-differs"
                else:
                    assert problems(files, verifier) == {"XUA": "network-rollback"}

    def test_an_earlier_timestamp_shows_the_earlier_edition_whole(self, town: Town) -> None:
        files = {**town.after, metadata.TIMESTAMP_FILE: town.before[metadata.TIMESTAMP_FILE]}
        assert holding(files).held == holding(town.before).held

    def test_the_online_keys_mix_nothing_for_who_has_synced(self, town: Town) -> None:
        """Who has both may list what never was together: no role goes back, and none goes away."""
        versions = publish._versions(town.authority.view.trusted.snapshot)
        verifier = holding(town.after)
        for role, version in versions.items():
            for other in (version - 1, None):
                mixed = spread(town.authority, {}, {role: other}) if other != 0 else None
                if mixed is not None:
                    assert refused(again(verifier), mixed) in {
                        "network-rollback", "network-refused", "network-malformed",
                    }  # fmt: skip
        assert again(verifier).sync(spread(town.authority, {}, {})).problems == {}

    def test_a_list_of_versions_without_the_authoritys_own_is_refused(self, town: Town) -> None:
        bare = spread(town.authority, {}, {"targets": None})
        assert refused(Verifier(town.authority.anchor), bare) == "network-malformed"

    def test_without_the_digest_the_mixture_would_be_shown(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old, new = newest(town.before, "snapshot"), newest(town.after, "snapshot")
        data = by_hand(
            town.before[old],
            put(version=int(new.split("/")[1].split(".")[0])),
            [town.authority.online.snapshot],
        )
        files = {**town.after, new: data}
        assert refused(Verifier(town.authority.anchor), files) == "network-differs"
        monkeypatch.setattr(MetaFile, "verify_length_and_hashes", lambda *_: None)
        verifier = holding(files)
        assert "REVOKED" not in codes(verifier.verify(town.text))


class TestRollback:
    """A server shows an earlier edition to who has seen a later one."""

    def test_the_earlier_edition_is_refused(self, town: Town) -> None:
        verifier = holding(town.after)
        assert codes(verifier.verify(town.text)) == ["REVOKED"]
        assert refused(verifier, town.before) == "network-rollback"
        assert codes(verifier.verify(town.text)) == ["REVOKED"]

    def test_who_holds_nothing_is_shown_the_earlier_one_until_it_ends(self, town: Town) -> None:
        """The limit: who comes anew cannot know; the timestamp's end bounds it to two days."""
        verifier = holding(town.before)
        assert codes(verifier.verify(town.text)) == ["NO_RULES"]
        late = AT + metadata.TIMESTAMP_LIFE
        assert refused(Verifier(town.authority.anchor), town.before, late) == "network-expired"

    def test_a_later_number_on_an_earlier_time_is_refused(self, town: Town) -> None:
        def earlier(signed: Any) -> None:
            same(signed)
            signed.unrecognized_fields[trusted.PUBLISHED] = "2026-11-22T08:59:59Z"
            # It ends sooner too, or it would last for too long.
            signed.expires -= HOUR

        def same(signed: Any) -> None:
            signed.version += 1

        by = [town.authority.online.timestamp]
        verifier, data = holding(town.after), town.after[metadata.TIMESTAMP_FILE]
        again(verifier).sync({**town.after, metadata.TIMESTAMP_FILE: by_hand(data, same, by)})
        files = {**town.after, metadata.TIMESTAMP_FILE: by_hand(data, earlier, by)}
        assert refused(verifier, files) == "network-rollback"

    def test_an_earlier_root_never_follows_upon_a_later_one(self) -> None:
        authority, _ = network("XUA")
        seats = [seat.public_key for seat in authority.seats]
        for _ in range(2):
            authority.publish(
                proposal.root(authority.view, authority.now, board=authority.board, seats=seats)
            )
        verifier = synced(authority)
        assert view.read(verifier.held, verifier.anchor).root.version == 3
        for earlier in (1, 2, 3):
            lie = authority.files[metadata.metadata("root", earlier)]
            files = {**authority.files, metadata.metadata("root", 4): lie}
            assert refused(verifier, files) == "network-rollback"
        verifier.sync(authority.files)

    def test_without_what_is_held_it_would_go_back(self, town: Town) -> None:
        verifier = holding(town.after)
        assert refused(verifier, town.before) == "network-rollback"
        verifier.held = {}
        verifier.sync(town.before)
        assert codes(verifier.verify(town.text)) == ["NO_RULES"]


class TestKeysBelowTheThreshold:
    """Some keys are stolen, but fewer than it takes. Seats: see the harm `one_state_cannot_publish_alone`."""

    def foreign(self, state: State) -> Files:
        """Return an edition of theirs with a thief's signer in it."""
        thief = State(state.code, state.country)
        thief.ca_key = key("thief sca")
        thief.signers, thief.lists = [], {}
        return thief.contents()

    @pytest.mark.parametrize("stolen", [0, 1])
    def test_both_online_keys_and_too_few_of_a_participants_own(
        self, town: Town, stolen: int
    ) -> None:
        a, _ = town.states
        files = edition(town.authority, "XUA", self.foreign(a), a.roles[:stolen])
        assert problems(files, holding(town.after)) == {"XUA": "network-unsigned"}

    def test_enough_of_a_participants_own(self, town: Town) -> None:
        a, _ = town.states
        files = edition(town.authority, "XUA", {**a.contents(), **self.foreign(a)}, a.roles[1:])
        assert problems(files, holding(town.after)) == {}

    def test_one_online_key_announces_nothing_without_the_other(self, town: Town) -> None:
        thief = key("a thief")
        for online in (
            publish.OnlineKeys(town.authority.online.snapshot, thief),
            publish.OnlineKeys(thief, town.authority.online.timestamp),
            publish.OnlineKeys(thief, thief),
            publish.OnlineKeys(*reversed(town.authority.online)),
        ):
            files = spread(town.authority, {}, {}, online)
            assert refused(holding(town.after), files) == "network-unsigned"
        again(holding(town.after)).sync(spread(town.authority, {}, {}))

    def test_both_online_keys_add_nobody_and_change_nobody(self, town: Town) -> None:
        both = [*town.authority.online]
        name = newest(town.after, "targets")

        def own(signed: Any) -> None:
            signed.version += 1

        version = int(name.split("/")[1].split(".")[0]) + 1
        made = {metadata.metadata("targets", version): by_hand(town.after[name], own, both)}
        files = spread(town.authority, made, {"targets": version})
        assert refused(holding(town.after), files) == "network-unsigned"
        seats = town.authority.seats[:5]
        made = {metadata.metadata("targets", version): by_hand(town.after[name], own, seats)}
        assert problems(spread(town.authority, made, {"targets": version})) == {}


class TestWrongInstallation:
    """A server answers with a file that is signed, but is not the one that was asked for."""

    def test_every_file_in_place_of_every_other(self, town: Town) -> None:
        honest, left_out = dict(holding(town.after).held), set[str]()
        for name in honest.keys() - {publish.ANCHOR}:
            for data in {*honest.values()} - {honest[name]}:
                verifier = Verifier(town.authority.anchor)
                try:
                    verifier.sync({**town.after, name: data})
                except DocumentRefused:
                    assert verifier.held == {}
                else:
                    assert name not in verifier.held
                    left_out.add(name)
        # Only what participants say may be missing, each for itself.
        assert left_out == {name for name in honest if "XUA" in name or "XUB" in name}

    def test_one_state_is_never_taken_for_another(self, town: Town) -> None:
        a, b = town.states
        swapped = dict(town.after)
        own, other = newest(town.after, "XUA"), newest(town.after, "XUB")
        swapped[own], swapped[other] = swapped[other], swapped[own]
        assert problems(swapped).keys() == {"XUA", "XUB"}
        # Signed by its own keys, another's list of signers is still another's.
        files = edition(
            town.authority, "XUA", {"XUA/signers.json": b.contents()["XUB/signers.json"]}, a.roles
        )
        verifier = Verifier(town.authority.anchor)
        verifier.sync(files)
        roll = verifier.snapshot().roll
        assert roll is not None
        assert roll.members["XUA"].problem == "signers-participant"
        assert roll.members["XUB"].problem == ""
        assert codes(verifier.verify(b.issue())) == ["NO_RULES"]

    def test_another_networks_files_are_nothing_here(self, town: Town) -> None:
        other, _ = network("XUA", "XUB", hands="other seat")
        assert problems(dict(other.files)) == {}
        lie = {**other.files, publish.ANCHOR: town.authority.anchor}
        # The online keys are the same in both, and that is not enough.
        assert refused(Verifier(town.authority.anchor), lie) == "policy-suspend-keys"

    def test_what_is_asked_for_is_answered_by_nothing_else(self, town: Town) -> None:
        sync = Sync({}, anchor=town.authority.anchor, at=AT)
        (wanted,) = sync.wanted()
        with pytest.raises(UsageError) as caught:
            sync.receive(metadata.TIMESTAMP_FILE, town.after[metadata.TIMESTAMP_FILE])
        assert caught.value.code == "sync-unasked"
        sync.receive(wanted.name, None)
        assert [one.name for one in sync.wanted()] == [metadata.TIMESTAMP_FILE]


def test_the_attackers_tools_are_sharp(town: Town) -> None:
    """The control of all: what is forged here is believed where the keys are the right ones."""
    a, _ = town.states
    files = edition(town.authority, "XUA", a.contents(), a.roles[:2])
    assert problems(files) == {}
    assert holding(files).held.keys() != holding(town.after).held.keys()
    assert listing(a.contents()).keys() == a.contents().keys()
    assert len(named(a.contents())) == len(a.contents())
    assert publication.parts(a.contents()["XUA/signers.json"]).participant == "XUA"
