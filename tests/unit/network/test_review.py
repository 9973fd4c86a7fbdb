"""What a hostile hand tries on a network: the ceremony, what follows upon what, and the sizes of things."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique import strict_json
from pratique.cli import proposal as cli_proposal
from pratique.cli import terminal
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import client, metadata, participants, proposal, publish
from pratique.network.proposal import Proposal
from pratique.revocation.tag_list import TagList
from pratique.snapshot import Snapshot
from pratique.store import network as store_network
from pratique.terms import Environment
from pratique.trust import publication
from pratique.trust.registry import Suspension
from tests.networks import AT, WIDTH, Authority, State, Verifier, codes, key


def network(*codes: str) -> tuple[Authority, list[State]]:
    authority, states = Authority(), [State(code) for code in codes]
    authority.admit(*states)
    return authority, states


def refused(code: str, drafted: Proposal, authority: Authority) -> None:
    with pytest.raises(DocumentRefused) as raised:
        publish.published(authority.files, drafted, authority.online, at=authority.now)
    assert raised.value.code == code


class TestWhatIsHandedIn:
    def test_a_proposal_of_nothing_but_files_is_refused(self) -> None:
        authority, _ = network("XUA")
        bare = {
            "format": proposal.FORMAT,
            "title": "x",
            "metadata": {},
            "files": {"../../x": "eA=="},
        }
        found = proposal.from_bytes(json.dumps(bare).encode())
        refused("proposal-empty", found, authority)

    def test_a_file_that_nobody_signed_for_is_refused(self) -> None:
        authority, (state,) = network("XUA")
        drafted = authority.signed(state.draft(), state.roles[:2])
        more = drafted._replace(files={**drafted.files, "../../x.sh": b"x"})
        refused("proposal-files", more, authority)

    def test_nothing_is_written_outside_of_the_repository(self, tmp_path: Path) -> None:
        inside = tmp_path / "repository"
        inside.mkdir()
        for name in ("targets/../../x", "../x", "/x", "targets/XUA/../../../x", "targets/XUA\\x"):
            with pytest.raises(UsageError, match="no name"):
                store_network.write(inside, {"metadata/1.root.json": b"", name: b"x"})
        assert list(tmp_path.rglob("*")) == [inside]


class TestWhatASeatReads:
    """A seat sees what it signs: the files are those whose digests it signs."""

    def widened(self, authority: Authority) -> Proposal:
        now = authority.view.participants
        wide = {**now, "XUA": now["XUA"]._replace(countries=frozenset({"XA", "XB"}))}
        return proposal.targets(authority.view, authority.now, "as it is", participants=wide)

    def test_a_list_of_participants_that_is_kept_back(self) -> None:
        authority, _ = network("XUA")
        kept_back = self.widened(authority)._replace(files={})
        self.not_signed(kept_back, authority)

    def test_another_list_than_the_one_that_is_signed(self) -> None:
        authority, _ = network("XUA")
        shown = {metadata.PARTICIPANTS: authority.view.files[metadata.PARTICIPANTS]}
        self.not_signed(self.widened(authority)._replace(files=shown), authority)

    def not_signed(self, drafted: Proposal, authority: Authority) -> None:
        with pytest.raises(DocumentRefused, match=r"is new|digest"):
            list(proposal.told(drafted, authority.view))
        with pytest.raises(DocumentRefused, match=r"is new|digest"):
            proposal.sign(drafted, authority.seats[0], authority.view)
        assert not any(found.signatures for found in drafted.metadata.values())

    def test_the_keys_of_a_new_participant_are_told(self) -> None:
        authority, _ = network("XUA")
        current, new = authority.view, State("XUB")
        listed = {**current.participants, "XUB": new.participant}
        drafted = proposal.targets(
            current, authority.now, "x", participants=listed, members={"XUB": new.role_keys()}
        )
        told = "\n".join(proposal.told(drafted, current))
        assert all(
            one in told
            for one in drafted.metadata["targets"].signed.delegations.roles["XUB"].keyids
        )
        assert new.participant.contact in told

    def test_other_keys_online_are_told(self) -> None:
        authority, _ = network("XUA")
        current = authority.view
        online = proposal.Online(key("other snapshot").public_key, key("timestamp").public_key)
        seats = [seat.public_key for seat in authority.seats]
        drafted = proposal.root(
            current, authority.now, board=current.board, seats=seats, online=online
        )
        told = "\n".join(proposal.told(drafted, current))
        assert drafted.metadata["root"].signed.roles["snapshot"].keyids[0] in told
        assert "timestamp is signed" not in told


class TestWhatIsShown:
    """A name repaints nobody's screen."""

    def test_a_title_and_a_role_are_shown_without_what_moves_the_cursor(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        authority, (state,) = network("XUA")
        hostile = state.draft()._replace(title="harmless\x1b[2J\x1b[31m\u202e")
        cli_proposal.echo(hostile, authority.view)
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert shown.startswith("network invented (test)\nharmless\\u{1b}[2J")

    @pytest.mark.parametrize("field", ["name", "subject", "contact"])
    @pytest.mark.parametrize("bad", ["\x1b[2J", "a\nXUB changes", "\u202e", "\ud800", "x" * 301])
    def test_a_participant_with_such_a_name_is_refused(self, field: str, bad: str) -> None:
        one = strict_json.write(State("XUA").participant) | {field: bad}
        data = json.dumps({"format": participants.PARTICIPANTS_FORMAT, "participants": [one]})
        # Half of a surrogate pair is no character: the document is not even read.
        told = "one way only" if bad == "\ud800" else "participants"
        with pytest.raises(DocumentRefused, match=told):
            participants.read_participants(data.encode())

    def test_a_persian_name_is_not(self) -> None:
        one = State("XUA").participant._replace(name="می\u200cخواهم")  # noqa: RUF001
        found = participants.read_participants(participants.write_participants([one]))
        assert found["XUA"] == one

    def test_a_suspension_names_a_code(self) -> None:
        one = Suspension(1, 2, "keys-stolen")
        data = participants.write_suspensions([("\x1b[2J", one)])
        with pytest.raises(DocumentRefused, match="suspensions"):
            participants.read_suspensions(data)

    def test_an_error_is_shown_without_it_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        terminal.complaint("a\x1b[2J\nb", "c\x07")
        assert capsys.readouterr().err == "error: a\\u{1b}[2J\nb\nhint: c\\u{7}\n"


def later(state: State, files: dict[str, bytes]) -> None:
    """Publish these files of a participant, with its own keys."""
    drafted = proposal.role(state.authority.view, state.authority.now, state.code, files)
    state.authority.publish(drafted, state.roles[:2])


def listed(state: State, tags: list[int], version: int, participant: str = "XUA") -> bytes:
    now = int(state.authority.now.timestamp())
    return TagList.build(
        tags, participant=participant, kid=state.kid(), width=WIDTH, version=version, created=now,
        expires=now + 86400 * 30,
    ).to_bytes()  # fmt: skip


class TestNothingIsTakenBackInSteps:
    """Each edition is judged by the one before: what is left out in one is not missed in the next."""

    def signers(self, state: State, *kept: bytes) -> bytes:
        rows = [publication.PublishedSigner(der, "DCC") for der in kept]
        return publication.write(state.code, Environment.TEST, [state.ca], rows)

    def taken_back(self, state: State, files: dict[str, bytes], why: str) -> None:
        with pytest.raises(DocumentRefused, match=why):
            later(state, files)

    def test_a_withdrawn_signer_is_not_forgotten_first(self) -> None:
        _, (state,) = network("XUA")
        state.withdrawn[0] = "key-compromise"
        state.publish()
        self.taken_back(
            state, {"XUA/signers.json": self.signers(state)}, "signer that was withdrawn"
        )
        self.taken_back(state, {}, "signer that was withdrawn")

    def test_a_list_does_not_go_after_its_signer(self) -> None:
        _, (state,) = network("XUA")
        state.revoke(state.issue())
        state.publish()
        files = state.contents() | {"XUA/signers.json": self.signers(state)}
        later(state, files)
        self.taken_back(state, {"XUA/signers.json": self.signers(state)}, "lacks a list")

    def test_a_list_goes_with_a_key_that_has_ended(self) -> None:
        _, (state,) = network("XUA")
        state.revoke(state.issue())
        before = state.contents()
        alone = {"XUA/signers.json": self.signers(state)}
        client.check("XUA", before, alone, published=int(AT.timestamp()) + 86400 * 365 * 30)

    def test_a_list_is_not_replaced_by_another_participants(self) -> None:
        _, (state,) = network("XUA")
        state.revoke(state.issue())
        state.publish()
        path = f"XUA/revocations-{state.kid().hex()}-2.tags"
        files = {"XUA/signers.json": self.signers(state, *state.signers)}
        self.taken_back(state, files | {path: listed(state, [], 2, "XUB")}, "for another")

    def test_a_key_has_one_list(self) -> None:
        authority, (state,) = network("XUA")
        stem = f"XUA/revocations-{state.kid().hex()}"
        files = {"XUA/signers.json": self.signers(state, *state.signers)}
        later(state, files | {f"{stem}-1.tags": listed(state, [], 1)})
        both = {f"{stem}-2.tags": listed(state, [1], 2), f"{stem}-1.tags": listed(state, [], 1)}
        self.taken_back(state, files | both, "two lists")
        assert authority.view.roles["XUA"].version == 1

    def test_a_suspension_is_not_left_out_so_that_another_can_follow(self) -> None:
        authority, (state,) = network("XUA")
        state.publish()
        authority.suspend("XUA", authority.seats[:3])
        nothing = {metadata.SUSPENSIONS: participants.write_suspensions([])}
        for days in (0, 13, 27):
            authority.now = AT + timedelta(days=days)
            authority.refresh()
            drafted = proposal.role(authority.view, authority.now, metadata.SUSPEND, nothing)
            with pytest.raises(DocumentRefused, match="still counts"):
                authority.publish(drafted, authority.seats[:3])
        authority.now = AT + timedelta(days=28, hours=1)
        authority.refresh()
        authority.publish(
            proposal.role(authority.view, authority.now, metadata.SUSPEND, nothing),
            authority.seats[:3],
        )


class TestWhatOneParticipantCosts:
    def test_so_many_signers_that_each_start_takes_minutes_are_refused(self) -> None:
        state = State("XUA")
        rows = [publication.PublishedSigner(bytes([n >> 8, n & 255]), "DCC") for n in range(1_025)]
        for authorities, signers in (([state.ca], rows), ([bytes([n]) for n in range(17)], [])):
            data = publication.write("XUA", Environment.TEST, authorities, signers)
            with pytest.raises(DocumentRefused, match="busy"):
                publication.parts(data)


class TestAStolenKey:
    def test_it_is_withdrawn_under_each_of_its_kids(self) -> None:
        authority, (state,) = network("XUA")
        text = state.issue()
        state.signers += [state._signer(0, int(AT.timestamp()) - 3600)]
        state.withdrawn[1] = "key-compromise"
        state.publish()
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        assert codes(verifier.verify(text)) == ["SIGNER_WITHDRAWN"]


class TestAnothersSigner:
    """A participant that lists a signer of another's speaks for itself, and takes nothing from it."""

    @pytest.mark.parametrize("revoked", [False, True])
    def test_it_counts_for_its_own_participant_all_the_same(self, revoked: bool) -> None:
        authority, victim, other = Authority(), State("XUA", "XA"), State("XUB", "XB")
        other.participant = other.participant._replace(subject="XA")
        authority.admit(victim, other)
        text = victim.issue()
        if revoked:
            victim.revoke(text)
        other.signers = [*other.signers, *victim.signers]
        victim.publish()
        other.publish()
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        found = verifier.verify(text)
        assert codes(found) == ["REVOKED" if revoked else "NO_RULES"]
        assert found.signer is not None
        assert found.signer.participant == "XUA"
        kept = verifier.snapshot()
        assert Snapshot.from_bytes(kept.to_bytes()).trust == kept.trust


class TestWhatIsKept:
    def test_what_could_not_be_read_again_replaces_nothing(self, tmp_path: Path) -> None:
        store_network.begin(tmp_path, b"{}")
        store_network.save_held(tmp_path, {"metadata/1.root.json": b"x"}, "here")
        for name in (f"metadata/{10**300}.snapshot.json", "../x", "targets/XUA/a\\b"):
            with pytest.raises(DocumentRefused, match="no network"):
                store_network.save_held(tmp_path, {name: b""}, "there")
        many = dict.fromkeys(
            (f"metadata/{n}.root.json" for n in range(store_network.MAX_FILES + 1)), b""
        )
        with pytest.raises(DocumentRefused, match="larger"):
            store_network.save_held(tmp_path, many, "there")
        kept = store_network.load_held(tmp_path)
        assert kept is not None
        assert kept.files == {"metadata/1.root.json": b"x"}

    def test_a_damaged_one_is_refused_and_never_a_traceback(self, tmp_path: Path) -> None:
        whole = store_network.to_archive(network("XUA")[0].files)
        path, chance = tmp_path / "held.zip", random.Random(1)
        for _ in range(400):
            damaged = bytearray(whole)
            damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            path.write_bytes(damaged)
            with suppress(DocumentRefused, Unreadable):
                store_network.read_archive(path)

    def test_a_timestamp_of_the_last_day_is_refused(self) -> None:
        authority, _ = network("XUA")
        told = json.loads(authority.files[metadata.TIMESTAMP_FILE])
        told["signed"] |= {
            "x-pratique-published": "9999-12-31T00:00:00Z", "expires": "9999-12-31T12:00:00Z",
        }  # fmt: skip
        files = authority.files | {metadata.TIMESTAMP_FILE: json.dumps(told).encode()}
        with pytest.raises(DocumentRefused, match="timestamp"):
            Verifier(authority.anchor).sync(files)


class TestOtherKeys:
    """What was taken back stays so, whoever signs for the role from then on."""

    def revoked(self) -> tuple[Authority, State, Verifier]:
        authority, (state,) = network("XUA")
        state.revoke(state.issue())
        state.publish()
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        state.roles = [key(f"XUA other role {number}") for number in range(3)]
        return authority, state, verifier

    def freed(
        self, authority: Authority, state: State, verifier: Verifier, patch: pytest.MonkeyPatch
    ) -> None:
        lists, state.lists, state.deltas = state.lists, {}, {}
        with pytest.raises(DocumentRefused, match="lacks a list"):
            state.publish()
        # Nor by an authority that does not look.
        with patch.context() as careless:
            careless.setattr(publish, "_check_follows", lambda *_: None)
            state.publish()
        assert verifier.sync(authority.files).problems == {"XUA": "network-taken-back"}
        state.lists = lists
        state.publish()
        assert verifier.sync(authority.files).problems == {}

    def test_of_a_participant_that_lost_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        authority, state, verifier = self.revoked()
        members = {"XUA": state.role_keys()}
        authority.publish(proposal.targets(authority.view, authority.now, "rekey", members=members))
        assert verifier.sync(authority.files).problems == {"XUA": "network-unsigned"}
        self.freed(authority, state, verifier, monkeypatch)

    def test_of_one_that_went_and_came_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        authority, state, verifier = self.revoked()
        gone = proposal.targets(
            authority.view, authority.now, "withdraw", participants={}, members={"XUA": None}
        )
        authority.publish(gone)
        for _ in range(2):
            assert not verifier.sync(authority.files).view.participants
        authority.admit(state)
        verifier.sync(authority.files)
        self.freed(authority, state, verifier, monkeypatch)

    def test_of_the_seats_that_had_suspended(self) -> None:
        authority, (state,) = network("XUA")
        state.publish()
        authority.suspend("XUA", authority.seats[:3])
        seats = [*(key(f"other seat {number}") for number in range(3)), *authority.seats[3:]]
        board = authority.board._replace(seats=authority.rows(seats))
        drafted = proposal.root(
            authority.view, authority.now, board=board, seats=[seat.public_key for seat in seats]
        )
        for seat in {*authority.seats, *seats}:
            proposal.sign(drafted, seat, authority.view)
        alone = {
            role: found for role, found in drafted.metadata.items() if role != metadata.SUSPEND
        }
        with pytest.raises(DocumentRefused, match="sign it anew"):
            authority.accept(drafted._replace(metadata=alone, files={}))
        authority.accept(drafted)
        assert [code for code, _ in authority.view.suspensions] == ["XUA"]
        assert not authority.view.suspend.problem


class TestWhatACheckCosts:
    def test_so_many_rules_that_each_check_takes_seconds_are_left_out(self) -> None:
        authority, (state, other) = network("XUA", "XUB")
        rule = {
            "Type": "Acceptance", "Country": "XA", "Version": "1.0.0", "SchemaVersion": "1.3.0",
            "Engine": "CERTLOGIC", "EngineVersion": "1.3.3", "CertificateType": "General",
            "Description": [{"lang": "en", "desc": "more than enough of them"}],
            "ValidFrom": "2021-01-01T00:00:00Z", "ValidTo": "2031-01-01T00:00:00Z",
            "AffectedFields": ["ma"], "Logic": {"===": [1, 1]},
        }  # fmt: skip
        state.rules = [{**rule, "Identifier": f"GR-XA-{number:04}"} for number in range(257)]
        with pytest.raises(DocumentRefused, match="summary"):
            state.publish()
        # The seats' tool refuses them; a verifier may meet them all the same.
        authority.publish_unasked(state.draft(), state.roles[:2])
        other.publish()
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        found = verifier.snapshot()
        assert found.roll is not None
        assert {code: one.problem for code, one in found.roll.members.items()} == {
            "XUA": "rules-too-many", "XUB": "",
        }  # fmt: skip
        assert not found.ruleset.rules


class TestAChainOfDeltas:
    """A long chain, or a long list, is not followed: it is written anew, once, of all its tags."""

    HELD = len(range(0, 40_000, 7))

    def asked(self, monkeypatch: pytest.MonkeyPatch, *, steps: int, work: int) -> list[str]:
        authority, (state,) = network("XUA")
        state.revoke_tags(state.kid(), range(0, 7 * self.HELD, 7))
        state.publish()
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        for number in range(3):
            state.revoke_tags(state.kid(), [number * 7 + 1])
        state.publish()
        monkeypatch.setattr(client, "MOST_STEPS", steps)
        monkeypatch.setattr(client, "MOST_WORK", work)
        verifier.asked.clear()
        assert not verifier.sync(authority.files).problems
        assert len(verifier.snapshot().revocations.lists) == 1  # type: ignore[union-attr]
        return [
            name.rpartition(".")[2] for name in verifier.asked if name.startswith("targets/XUA")
        ]

    def test_a_short_one_is_followed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.asked(monkeypatch, steps=32, work=1 << 24) == ["delta"] * 3

    def test_with_too_many_steps_the_list_is_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.asked(monkeypatch, steps=2, work=1 << 24) == ["tags"]

    def test_with_too_much_work_it_is_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The list is written once, however many steps lead to it: what is held, and one tag of each.
        work = self.HELD + 3
        assert self.asked(monkeypatch, steps=32, work=work) == ["delta"] * 3
        assert self.asked(monkeypatch, steps=32, work=work - 1) == ["delta"] * 3 + ["tags"]


class TestWhatIsNoMetadata:
    """What nobody has signed yet is refused in words, whatever it holds."""

    def test_a_name_that_is_none_in_a_mirrors_file(self) -> None:
        authority, _ = network("XUA")
        name = metadata.metadata("targets", authority.view.trusted.targets.version)
        told = json.loads(authority.files[name])
        told["signed"]["delegations"]["roles"][0] |= {"name": 5, "paths": ["5/*"]}
        with pytest.raises(DocumentRefused, match="targets"):
            Verifier(authority.anchor).sync(authority.files | {name: json.dumps(told).encode()})

    @pytest.mark.parametrize(
        ("where", "what"),
        [
            (("title",), "\ud800"),
            (("title",), 1),
            (("metadata", "targets", "signed", "x"), float("inf")),
            (("metadata", "targets", "signed", "delegations", "roles", 0, "name"), 5),
            (("metadata", "targets", "signed", "delegations", "roles", 0, "keyids"), []),
            (("metadata", "targets", "signed", "delegations", "roles", 0, "keyids", 0), True),
        ],
    )
    def test_a_proposal_that_nobody_could_sign(self, where: tuple[Any, ...], what: object) -> None:
        authority, _ = network("XUA")
        drafted = proposal.targets(authority.view, authority.now, "as it is")
        told = inner = json.loads(proposal.to_bytes(drafted))
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = what
        with pytest.raises(DocumentRefused, match=r"kind|JSON"):
            proposal.from_bytes(json.dumps(told).encode())

    def test_a_folder_is_asked_for_no_name_that_is_none(self, tmp_path: Path) -> None:
        files = store_network.Repository(tmp_path)
        for name in (
            "targets/XUA/\0",
            "targets/XUA/" + "a" * 5000,
            "\ud800",
            "a\\..\\b",
            "../x",
            "",
        ):
            assert files.get(name) is None
            assert name not in files


class TestHowLongItLasts:
    @pytest.mark.parametrize("life", ["ROOT_LIFE", "TARGETS_LIFE", "SNAPSHOT_LIFE"])
    def test_what_would_last_for_longer_is_refused(
        self, life: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as careless:
            careless.setattr(metadata, life, getattr(metadata, life) + timedelta(hours=2))
            authority = Authority()
        with pytest.raises(DocumentRefused, match="too long"):
            Verifier(authority.anchor).sync(authority.files)


class TestValueSets:
    @pytest.mark.parametrize("data", [b'{"a": [1]}', b'{"x": 1}', b"\xff", b"null"])
    def test_those_that_cannot_be_read_keep_no_verifier_from_starting(
        self, data: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority, (state,) = network("XUA")
        state.publish()
        drafted = proposal.targets(
            authority.view, authority.now, "sets", files={metadata.VALUE_SETS: data}
        )
        authority.signed(drafted)
        with pytest.raises(DocumentRefused, match=r"value sets|JSON"):
            authority.accept(drafted)
        with monkeypatch.context() as careless:
            careless.setattr(publish, "value_sets", lambda _: None)
            authority.accept(drafted)
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        assert codes(verifier.verify(state.issue())) == ["NO_RULES"]
