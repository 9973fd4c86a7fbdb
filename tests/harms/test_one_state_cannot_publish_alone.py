"""Harm: one state, or a few, or whoever runs the servers, decides for all whose certificates count.

Exhaustively, for five of nine seats: no four of them can change the root or who takes part, not even with
both online keys and every key of every participant; no two can suspend; no participant speaks for
another. Each is tried twice: on our publisher, and on a verifier, past every publisher.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import combinations, permutations
from typing import Any, NamedTuple

import pytest
from tuf.api.metadata import Metadata

from pratique.crypto import x509, x509_write
from pratique.crypto.keys import SigningKey, SoftwareKey
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused
from pratique.findings import Colour
from pratique.issue import IssuanceContext, Origin, sign
from pratique.network import metadata as network_metadata
from pratique.network import proposal, publish, view
from pratique.network.participants import PAUSE, write_participants, write_suspensions
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.revocation.tag_list import TagList
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust import publication
from pratique.trust.issuer import Shard
from pratique.trust.registry import Suspension
from pratique.verification import verify
from tests import issuers
from tests.cheats import (
    UNMET,
    Edition,
    Files,
    again,
    by_hand,
    current,
    edition,
    editions,
    listing,
    named,
    network,
    newest,
    put,
    refused,
    rule,
    spread,
    synced,
)
from tests.networks import AT, DAY, HOUR, WIDTH, Authority, State, Verifier, codes, key

SEATS, THRESHOLD, SUSPEND = 9, 5, 3
FOURS = list(combinations(range(SEATS), THRESHOLD - 1))
PAIRS = list(combinations(range(SEATS), SUSPEND - 1))
TWELVE = [f"XU{letter}" for letter in "ABCDEFGHIJKL"]


class World(NamedTuple):
    authority: Authority
    states: list[State]
    verifier: Verifier

    @property
    def others(self) -> list[SigningKey]:
        """Return every key but the seats': online, and of all participants."""
        return [*self.authority.online, *(k for state in self.states for k in state.roles)]


@pytest.fixture(scope="module")
def world() -> World:
    authority, states = network("XUA", "XUB")
    return World(authority, states, synced(authority))


class Stolen:
    """A proposal, signed by everybody beforehand; any of the signatures can be put together."""

    def __init__(
        self, drafted: Proposal, by: Iterable[SigningKey], more: Iterable[SigningKey]
    ) -> None:
        self.drafted = drafted
        self.seats = [self.signatures(one) for one in by]
        self.more = [self.signatures(one) for one in more]

    def signatures(self, one: SigningKey) -> dict[str, Any]:
        own = network_metadata.keyid(one.public_key)
        found = {}
        for role, metadata in self.drafted.metadata.items():
            network_metadata.sign(metadata, one)
            found[role] = metadata.signatures.pop(own)
        return found

    def by(self, seats: Iterable[int], *, alone: bool = False) -> Proposal:
        """Return the proposal as these seats, and unless `alone` everybody else, have signed it."""
        hands = [self.seats[seat] for seat in seats] + ([] if alone else self.more)
        signed = {
            role: Metadata(metadata.signed, {hand[role].keyid: hand[role] for hand in hands})
            for role, metadata in self.drafted.metadata.items()
        }
        return Proposal(self.drafted.title, signed, self.drafted.files)


def laid(world: World, stolen: Proposal, online: publish.OnlineKeys | None = None) -> Files:
    """Return the repository with a proposal in it, announced without a look at its signatures."""
    made = {
        network_metadata.metadata(role, found.signed.version): found.to_bytes()
        for role, found in stolen.metadata.items()
    }
    versions = {role: v for role, v in stolen.versions().items() if role != "root"}
    return spread(world.authority, {**made, **named(stolen.files)}, versions, online)


def take_over(world: World) -> Proposal:
    """Draft a root whose nine seats are all one state's."""
    mine = [key(f"one state's seat {n}") for n in range(SEATS)]
    board = world.authority.board._replace(seats=Authority.rows(mine))
    return proposal.root(world.authority.view, AT, board=board, seats=[k.public_key for k in mine])


def lower(world: World) -> Proposal:
    """Draft a root in which four seats are enough."""
    board = world.authority.board._replace(threshold=THRESHOLD - 1)
    seats = [k.public_key for k in world.authority.seats]
    return proposal.root(world.authority.view, AT, board=board, seats=seats)


def other_online(world: World) -> Proposal:
    """Draft a root with other online keys."""
    kept = proposal.Online(key("mine 1").public_key, key("mine 2").public_key)
    board, seats = world.authority.board, [k.public_key for k in world.authority.seats]
    return proposal.root(world.authority.view, AT, board=board, seats=seats, online=kept)


def other_keys(world: World) -> Proposal:
    """Draft targets in which XUA has one state's keys, and a participant of its own comes in."""
    now, new = world.authority.view, State("XUZ")
    listed = {**now.participants, "XUZ": new.participant}
    members = {"XUA": new.role_keys()._replace(public_keys=tuple(
        key(f"one state's {n}").public_key for n in range(3)
    )), "XUZ": new.role_keys()}  # fmt: skip
    return proposal.targets(now, AT, "mine", participants=listed, members=members)


def nobody(world: World) -> Proposal:
    """Draft targets in which nobody else takes part any more."""
    now = world.authority.view
    listed = {"XUA": now.participants["XUA"]}
    return proposal.targets(now, AT, "alone", participants=listed, members={"XUB": None})


ROOTS = {"all seats": take_over, "fewer seats": lower, "online keys": other_online}
TARGETS = {"participants' keys": other_keys, "participants": nobody}


def stolen(world: World, drafted: Proposal) -> Stolen:
    more = [*world.others, *(key(f"one state's seat {n}") for n in range(SEATS))]
    return Stolen(drafted, world.authority.seats, more)


class TestFourOfNineSeats:
    def test_there_are_126_such_fours(self) -> None:
        assert len(FOURS) == 126

    @pytest.mark.parametrize("what", [*ROOTS, *TARGETS])
    def test_no_four_publish(self, world: World, what: str) -> None:
        forged = stolen(world, {**ROOTS, **TARGETS}[what](world))
        for four in FOURS:
            with pytest.raises(DocumentRefused) as caught:
                publish.published(
                    world.authority.files, forged.by(four), world.authority.online, at=AT
                )
            assert caught.value.code == "proposal-unsigned"

    @pytest.mark.parametrize("what", [*ROOTS, *TARGETS])
    def test_no_four_are_believed(self, world: World, what: str) -> None:
        """The same, handed to a verifier by a server that is theirs."""
        forged = stolen(world, {**ROOTS, **TARGETS}[what](world))
        for four in FOURS:
            files = laid(world, forged.by(four))
            assert refused(world.verifier, files) == "network-unsigned"

    @pytest.mark.parametrize("what", [*ROOTS, *TARGETS])
    def test_any_five_can(self, world: World, what: str) -> None:
        """The control: one more seat, and nothing else, makes the difference."""
        drafted = {**ROOTS, **TARGETS}[what](world)
        forged, online = stolen(world, drafted), world.authority.online
        if what == "online keys":
            online = publish.OnlineKeys(key("mine 1"), key("mine 2"))
        for five in (range(5), range(4, 9), (0, 2, 4, 6, 8)):
            made = publish.published(world.authority.files, forged.by(five), online, at=AT)
            for files in (world.authority.files | made, laid(world, forged.by(five), online)):
                found = again(world.verifier).sync(files)
                assert set(found.changed) >= drafted.metadata.keys()

    def test_who_holds_nothing_yet_believes_no_four_either(self, world: World) -> None:
        for what, draft in {**ROOTS, **TARGETS}.items():
            forged = stolen(world, draft(world))
            for four in FOURS[::25]:
                found = refused(Verifier(world.authority.anchor), laid(world, forged.by(four)))
                assert found == "network-unsigned", what

    def test_seats_that_sign_twice_count_once(self, world: World) -> None:
        forged = stolen(world, other_keys(world)).by(FOURS[0])
        name = newest(world.authority.files, "targets")
        version = forged.metadata["targets"].signed.version
        own = json.loads(forged.metadata["targets"].to_bytes())
        twice = {**own, "signatures": [*own["signatures"], own["signatures"][0]]}
        renamed = {**own["signatures"][0], "keyid": "0" * 16}
        spelt = {**own["signatures"][0], "keyid": own["signatures"][0]["keyid"].upper()}
        for signatures, code in (
            (twice["signatures"], "network-malformed"),
            ([*own["signatures"], renamed], "network-unsigned"),
            ([*own["signatures"], spelt], "network-unsigned"),
        ):
            data = json.dumps({**own, "signatures": signatures}).encode()
            files = laid(world, forged) | {network_metadata.metadata("targets", version): data}
            assert refused(world.verifier, files) == code
        assert name in world.verifier.held

    def test_no_root_lets_a_seat_act_alone(self, world: World) -> None:
        """Not even all nine can found a network in which one is enough."""
        for threshold in (0, 1):
            board = world.authority.board._replace(threshold=threshold)
            seats = [k.public_key for k in world.authority.seats]
            with pytest.raises(DocumentRefused) as caught:
                proposal.root(world.authority.view, AT, board=board, seats=seats)
            assert caught.value.code == "board-threshold"


class TestSuspending:
    @pytest.fixture
    def brake(self, world: World) -> Stolen:
        since = int(AT.timestamp())
        one = Suspension(since, since + 14 * 86400, "forgeries")
        drafted = proposal.suspension(world.authority.view, AT, "XUA", one)
        return Stolen(drafted, world.authority.seats, world.others)

    def test_no_seat_and_no_pair_can(self, world: World, brake: Stolen) -> None:
        assert len(PAIRS) == 36
        for few in [*PAIRS, *((seat,) for seat in range(SEATS)), ()]:
            with pytest.raises(DocumentRefused) as caught:
                publish.published(
                    world.authority.files, brake.by(few), world.authority.online, at=AT
                )
            assert caught.value.code == "proposal-unsigned"
            verifier = again(world.verifier)
            found = verifier.sync(laid(world, brake.by(few)))
            assert found.problems == {"suspend": "network-unsigned"}
            assert found.view.suspensions == ()

    def test_any_three_can(self, world: World, brake: Stolen) -> None:
        text = world.states[0].issue()
        assert codes(world.verifier.verify(text)) == ["NO_RULES"]
        for three in ((0, 1, 2), (6, 7, 8), (0, 4, 8)):
            proposed = brake.by(three, alone=True)
            files = publish.published(
                world.authority.files, proposed, world.authority.online, at=AT
            )
            for repository in (world.authority.files | files, laid(world, proposed)):
                verifier = again(world.verifier)
                assert verifier.sync(repository).problems == {}
                assert codes(verifier.verify(text)) == ["PARTICIPANT_SUSPENDED", "NO_RULES"]

    def test_three_that_suspend_can_do_nothing_else(self, world: World) -> None:
        for draft in {**ROOTS, **TARGETS}.values():
            three = stolen(world, draft(world)).by((0, 1, 2))
            with pytest.raises(DocumentRefused, match="too few"):
                publish.published(world.authority.files, three, world.authority.online, at=AT)


class TestASuspension:
    """It is a brake: in public, AMBER, for a reason, and over by itself."""

    @pytest.fixture
    def suspended(self) -> World:
        authority, states = network("XUA", "XUB")
        for state in states:
            state.rules = [rule(state.country)]
            state.publish()
        authority.suspend("XUA", authority.seats[:3])
        return World(authority, states, synced(authority))

    def renewed(self, world: World, days: int) -> Verifier:
        """Return a verifier that syncs that many days later, everybody having published anew."""
        world.authority.now = AT + days * DAY
        world.authority.refresh()
        for state in world.states:
            state.publish()
        world.verifier.sync(world.authority.files, world.authority.now)
        return world.verifier

    def test_it_puts_only_that_participants_certificates_in_doubt(self, suspended: World) -> None:
        a, b = suspended.states
        found = suspended.verifier.verify(a.issue(), place="XB")
        assert found.verdict.colour is Colour.AMBER
        assert codes(found) == ["PARTICIPANT_SUSPENDED"]
        assert suspended.verifier.verify(b.issue(), place="XB").verdict.colour is Colour.GREEN

    def test_it_says_until_when_and_why(self, suspended: World) -> None:
        (finding, _) = suspended.verifier.verify(suspended.states[0].issue()).verdict.findings
        assert finding.where == "XUA until 2026-12-06T09:00Z, keys-stolen"

    def test_it_ends_by_itself_after_fourteen_days(self, suspended: World) -> None:
        text = suspended.states[0].issue()
        for days, colour in ((7, Colour.AMBER), (13, Colour.AMBER), (14, Colour.GREEN)):
            verifier = self.renewed(suspended, days)
            at = AT + days * DAY
            assert verifier.verify(text, at, place="XB").verdict.colour is colour
        # Nobody signed for its end, and it ends while nothing is fetched too.
        end = AT + 14 * DAY
        assert "PARTICIPANT_SUSPENDED" not in codes(suspended.verifier.verify(text, end))
        last = end - timedelta(seconds=1)
        assert "PARTICIPANT_SUSPENDED" in codes(suspended.verifier.verify(text, last))

    def by_force(self, world: World, rows: Iterable[tuple[str, Suspension]]) -> Files:
        """Return the repository with a list of suspensions that three seats signed by hand."""
        data = {network_metadata.SUSPENSIONS: write_suspensions(rows)}
        return edition(world.authority, network_metadata.SUSPEND, data, world.authority.seats[:3])

    def test_one_of_more_than_fourteen_days_is_refused(self, world: World) -> None:
        since = int(AT.timestamp())
        for seconds, is_long in ((14 * 86400, False), (14 * 86400 + 1, True)):
            one = Suspension(since, since + seconds, "forgeries")
            assert self.drafted(world.authority, one) == ("suspension-long" if is_long else "")
            files = self.first_by_force(world, one)
            found = again(world.verifier).sync(files)
            assert found.problems == ({"suspend": "suspension-long"} if is_long else {})
            assert len(found.view.suspensions) == (0 if is_long else 1)

    def first_by_force(self, world: World, one: Suspension) -> Files:
        data = {network_metadata.SUSPENSIONS: write_suspensions([("XUA", one)])}
        blank = proposal.role(world.authority.view, AT, network_metadata.SUSPEND, data)
        for seat in world.authority.seats[:3]:
            network_metadata.sign(blank.metadata[network_metadata.SUSPEND], seat)
        return laid(world, blank)

    def drafted(self, authority: Authority, one: Suspension) -> str:
        try:
            proposal.suspension(authority.view, authority.now, "XUA", one)
        except DocumentRefused as error:
            return error.code
        return ""

    def test_another_within_fourteen_days_is_refused(self, suspended: World) -> None:
        (first,) = (one for _, one in suspended.authority.view.suspensions)
        for pause, is_chained in ((-1, True), (PAUSE - 1, True), (PAUSE, False)):
            since = first.until + pause
            later = Suspension(since, since + 86400, "forgeries")
            code = "suspension-chained" if is_chained else ""
            assert self.drafted(suspended.authority, later) == code
            files = self.by_force(suspended, [("XUA", first), ("XUA", later)])
            found = again(suspended.verifier).sync(files)
            assert found.problems == ({"suspend": code} if is_chained else {})
            # The one that is in force stays so.
            assert ("XUA", first) in found.view.suspensions
            assert len(found.view.suspensions) == (1 if is_chained else 2)

    def test_nor_by_leaving_the_earlier_one_out(self, suspended: World) -> None:
        authority, (first,) = (
            suspended.authority,
            (s for _, s in suspended.authority.view.suspensions),
        )
        later = Suspension(first.until, first.until + 86400, "forgeries")
        files = self.by_force(suspended, [("XUA", later)])
        found = again(suspended.verifier).sync(files)
        assert found.problems == {"suspend": "network-taken-back"}
        assert found.view.suspensions == (("XUA", first),)
        data = {network_metadata.SUSPENSIONS: write_suspensions([("XUA", later)])}
        drafted = proposal.role(authority.view, AT, network_metadata.SUSPEND, data)
        with pytest.raises(DocumentRefused, match="still counts"):
            authority.publish(drafted, authority.seats[:3])
        # Another participant may be suspended meanwhile: that chains nothing.
        other = self.by_force(suspended, [("XUA", first), ("XUB", later)])
        assert again(suspended.verifier).sync(other).problems == {}

    def test_nor_in_two_steps(self, suspended: World) -> None:
        (first,) = (s for _, s in suspended.authority.view.suspensions)
        verifier = again(suspended.verifier)
        assert verifier.sync(self.by_force(suspended, [])).problems == {
            "suspend": "network-taken-back"
        }
        assert ("XUA", first) in view.read(verifier.held, verifier.anchor).suspensions
        later = Suspension(first.until, first.until + 86400, "forgeries")
        found = verifier.sync(self.by_force(suspended, [("XUA", later)]))
        assert found.problems == {"suspend": "network-taken-back"}

    def test_it_is_never_made_longer_or_shorter(self, suspended: World) -> None:
        (first,) = (s for _, s in suspended.authority.view.suspensions)
        for until in (first.until - 86400, first.until + 86400):
            files = self.by_force(suspended, [("XUA", first._replace(until=until))])
            assert again(suspended.verifier).sync(files).problems == {
                "suspend": "network-taken-back" if until < first.until else "suspension-long"
            }


class Crowd(NamedTuple):
    authority: Authority
    states: dict[str, State]
    verifier: Verifier
    view: View
    texts: Mapping[str, str]
    stated: Mapping[str, Files]


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    authority, states = network(*TWELVE)
    texts = {state.code: state.issue() for state in states}
    stated = {state.code: state.contents() for state in states}
    by_code = {state.code: state for state in states}
    return Crowd(authority, by_code, synced(authority), authority.view, texts, stated)


SHIFTS = [
    [(own, TWELVE[(at + by) % len(TWELVE)]) for at, own in enumerate(TWELVE)] for by in range(1, 12)
]
"""All ordered pairs, twelve at a time: in each row everybody tries it on somebody else."""


class TestNoParticipantSpeaksForAnother:
    """Every ordered pair of twelve, with all keys of the one and both online keys."""

    def test_these_are_all_pairs(self) -> None:
        assert {pair for row in SHIFTS for pair in row} == {*permutations(TWELVE, 2)}

    def all_refused(self, crowd: Crowd, made: Mapping[str, Edition], why: str) -> None:
        found = again(crowd.verifier).sync(editions(crowd.authority, made))
        assert found.problems == dict.fromkeys(TWELVE, why)
        # All of them are as they were, and in doubt.
        for code, role in crowd.view.roles.items():
            assert found.view.roles[code].files == role.files
            assert found.view.roles[code].problem == "network-missing"

    def under_its_path(self, crowd: Crowd, own: str, other: str) -> Files:
        path = f"{other}/signers.json"
        return {**crowd.stated[own], path: crowd.stated[other][path]}

    @pytest.mark.parametrize("row", SHIFTS, ids=range(1, 12))
    def test_by_a_file_under_its_path(self, crowd: Crowd, row: list[tuple[str, str]]) -> None:
        made = {}
        for own, other in row:
            files = self.under_its_path(crowd, own, other)
            with pytest.raises(DocumentRefused) as caught:
                proposal.role(crowd.view, AT, own, files)
            assert caught.value.code == "policy-foreign-path"
            made[own] = files, crowd.states[own].roles
        self.all_refused(crowd, made, "policy-foreign-path")

    @pytest.mark.parametrize("row", SHIFTS, ids=range(1, 12))
    def test_by_its_metadata(self, crowd: Crowd, row: list[tuple[str, str]]) -> None:
        made = {}
        for own, other in row:
            made[other] = crowd.stated[other], crowd.states[own].roles
            drafted = proposal.role(crowd.view, AT, other, crowd.stated[other])
            for one in crowd.states[own].roles:
                network_metadata.sign(drafted.metadata[other], one)
            assert len(drafted.metadata[other].signatures) == 3
            with pytest.raises(DocumentRefused) as caught:
                publish._check(crowd.view, drafted, AT)
            assert caught.value.code == "proposal-unsigned"
        self.all_refused(crowd, made, "network-unsigned")

    @pytest.mark.parametrize("row", SHIFTS, ids=range(1, 12))
    def test_by_a_list_in_its_name(self, crowd: Crowd, row: list[tuple[str, str]]) -> None:
        made: dict[str, tuple[Files, list[SoftwareKey]]] = {}
        for own, other in row:
            kid, tag = crowd.states[other].tags[crowd.texts[other]]
            path = f"{own}/revocations-{kid.hex()}-1.tags"
            files = {**crowd.stated[own], path: revoking(other, kid, tag)}
            made[own] = files, crowd.states[own].roles
        self.all_refused(crowd, made, "revocation-participant")
        files, by = made["XUA"]
        drafted = proposal.role(crowd.view, AT, "XUA", files)
        with pytest.raises(DocumentRefused, match="for another"):
            crowd.authority.publish(drafted, by[:2])

    @pytest.mark.parametrize("row", SHIFTS, ids=range(1, 12))
    def test_by_revocations_rules_and_signers(
        self, crowd: Crowd, row: list[tuple[str, str]]
    ) -> None:
        """An edition of its own, rightly signed, in which it revokes, rules and signs for another."""
        made, forged = {}, []
        for own, other in row:
            files, text = meddling(crowd, own, other)
            made[own] = files, crowd.states[own].roles
            forged.append(text)
        verifier = again(crowd.verifier)
        assert verifier.sync(editions(crowd.authority, made)).problems == {}
        snapshot = verifier.snapshot()
        assert snapshot.roll is not None
        assert {one.problem for one in snapshot.roll.members.values()} == {"rules-foreign"}
        assert snapshot.ruleset.rules == ()
        for text in crowd.texts.values():
            found = verify(text, snapshot=snapshot, at=AT + HOUR)
            assert codes(found) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
        for text in forged:
            assert codes(verify(text, snapshot=snapshot, at=AT + HOUR)) == ["SIGNER_UNKNOWN"]

    def test_nobody_else_is_in_doubt_for_it(self, crowd: Crowd) -> None:
        own, others = "XUC", {*TWELVE} - {"XUC"}
        files, text = meddling(crowd, own, "XUD")
        (kid, tag) = crowd.states[own].tags[crowd.texts[own]]
        files[f"{own}/revocations-{kid.hex()}-1.tags"] = revoking(own, kid, tag)
        for made, code in (
            (files, ""),
            (self.under_its_path(crowd, own, "XUD"), "policy-foreign-path"),
        ):
            verifier = again(crowd.verifier)
            forged = edition(crowd.authority, own, made, crowd.states[own].roles)
            assert verifier.sync(forged).problems == ({own: code} if code else {})
            snapshot = verifier.snapshot()
            for other in others:
                found = verify(crowd.texts[other], snapshot=snapshot, at=AT + HOUR)
                assert codes(found) == ["NO_RULES"]
            # Control: what it says of itself does count.
            found = verify(crowd.texts[own], snapshot=snapshot, at=AT + HOUR)
            assert "PARTICIPANT_UNVERIFIABLE" in codes(found)
            assert ("REVOKED" in codes(found)) is (code == "")
        assert text not in crowd.texts.values()

    def test_the_same_meddling_at_home_counts(self, crowd: Crowd) -> None:
        """The control: about its own country, the same edition is heard in every part."""
        files, text = meddling(crowd, "XUC", "XUC")
        verifier = again(crowd.verifier)
        forged = edition(crowd.authority, "XUC", files, crowd.states["XUC"].roles)
        assert verifier.sync(forged).problems == {}
        assert codes(verifier.verify(text)) == ["NO_RULES"]
        assert codes(verifier.verify(text, place="XC")) == ["RULE_FAILED"]
        assert codes(verifier.verify(crowd.texts["XUC"])) == ["REVOKED"]

    def test_by_its_own_signer(self, crowd: Crowd) -> None:
        """A signer that is listed rightly signs for its own participant's countries only."""
        snapshot = crowd.verifier.snapshot()
        for own, other in [*permutations(TWELVE, 2), *((own, own) for own in TWELVE)]:
            (der,) = crowd.states[own].signers
            text = issued(der, crowd.states[other].country, f"{own} dsc 0")
            found = verify(text, snapshot=snapshot, at=AT + HOUR)
            assert codes(found) == (["NO_RULES"] if own == other else ["COUNTRY_WRONG"])


def revoking(participant: str, kid: bytes, tag: int) -> bytes:
    """Write a list that revokes one."""
    now = int(AT.timestamp())
    return TagList.build(
        [tag], participant=participant, kid=kid, width=WIDTH, version=1, created=now,
        expires=now + 86400,
    ).to_bytes()  # fmt: skip


def meddling(crowd: Crowd, own: str, other: str) -> tuple[Files, str]:
    """Return an edition that meddles, and a certificate of the victim's country that it signs."""
    state, victim, now = crowd.states[own], crowd.states[other], int(AT.timestamp())
    subject = Subject("meddler", "Ministry", victim.country, Environment.TEST, serial="9")
    ca = x509_write.signing_ca(state.ca_key, subject, at=now - 86400, serial=9)
    by = x509_write.Authority(ca, state.ca_key)
    der = x509_write.document_signer(
        key("meddler").public_key, subject, by=by, at=now - 86400, serial=10
    )
    listed = [publication.PublishedSigner(one, "DCC") for one in (*state.signers, der)]
    kid, tag = victim.tags[crowd.texts[other]]
    files = {
        "signers.json": publication.write(own, Environment.TEST, [state.ca, ca], listed),
        "rules.json": json.dumps([rule(victim.country, UNMET)]).encode(),
        f"revocations-{kid.hex()}-1.tags": revoking(own, kid, tag),
    }
    return {f"{own}/{n}": d for n, d in files.items()}, issued(der, victim.country, "meddler")


class _Empty:
    def find(self, kid: bytes, tag: int) -> None:
        del kid, tag


def issued(der: bytes, country: str, name: str) -> str:
    """Sign a certificate of a country with whatever key."""
    found, record = x509.read(der), issuers.RECORDS["vaccination"]
    shard = Shard(
        "shard", "XXX", country, Environment.TEST, Algorithm.ES256, "test:", found.kid,
        found.thumbprint, ALL_KINDS, found.not_before, found.not_after, found.not_after, 10, WIDTH,
    )  # fmt: skip
    when = int(AT.timestamp())
    return sign(
        record._replace(entry=record.entry._replace(country=country)),
        request=b"a meddler's own ", shard=shard, key=key(name), register=_Empty(),
        context=IssuanceContext(when, when + 86400, Origin("site", "op", "LOT-1")),
    ).text  # fmt: skip


class TestAParticipantsOwnKeys:
    """Two of three: one hand of a participant's can do nothing."""

    def test_one_of_three_can_do_nothing(self, world: World) -> None:
        a, text = world.states[0], world.states[0].issue()
        kid, tag = a.tags[text]
        withdrawing = publication.write("XUA", Environment.TEST, [a.ca], [
            publication.PublishedSigner(a.signers[0], "DCC", AT.isoformat(), "key-compromise")
        ])  # fmt: skip
        for files in (
            {**a.contents(), f"XUA/revocations-{kid.hex()}-1.tags": revoking("XUA", kid, tag)},
            {"XUA/signers.json": withdrawing},
            {},
        ):
            for one in a.roles:
                verifier = again(world.verifier)
                found = verifier.sync(edition(world.authority, "XUA", files, [one]))
                assert found.problems == {"XUA": "network-unsigned"}
                assert codes(verifier.verify(text)) == ["PARTICIPANT_UNVERIFIABLE", "NO_RULES"]
                drafted = a.draft(files)
                with pytest.raises(DocumentRefused, match="too few"):
                    world.authority.publish(drafted, [one])
            for two in combinations(a.roles, 2):
                verifier = again(world.verifier)
                assert verifier.sync(edition(world.authority, "XUA", files, two)).problems == {}
                assert codes(verifier.verify(text)) != ["NO_RULES"]

    def test_the_same_signature_twice_counts_once(self, world: World) -> None:
        a = world.states[0]
        files = edition(world.authority, "XUA", a.contents(), a.roles[:1])
        name = newest(files, "XUA")
        own = json.loads(files[name])
        (only,) = own["signatures"]
        second = by_hand(files[name], None, a.roles[1:2])
        (other,) = json.loads(second)["signatures"]
        for signatures, problems in (
            ([only, only], {"XUA": "network-malformed"}),
            ([only, {**only, "keyid": other["keyid"]}], {"XUA": "network-unsigned"}),
            ([only, {**only, "keyid": "f" * 16}], {"XUA": "network-unsigned"}),
            ([only, other], {}),
        ):
            data = json.dumps({**own, "signatures": signatures}).encode()
            assert again(world.verifier).sync({**files, name: data}).problems == problems

    def test_one_key_under_two_names_is_no_second_hand(self, world: World) -> None:
        """Not even the seats can name one key twice in a participant's role."""
        targets = world.authority.files[newest(world.authority.files, "targets")]

        def doubled(signed: Any) -> None:
            signed.version += 1
            role = signed.delegations.roles["XUA"]
            one = signed.delegations.keys[role.keyids[0]]
            copy = type(one)("0" * 16, one.keytype, one.scheme, dict(one.keyval))
            signed.delegations.keys["0" * 16] = copy
            role.keyids = [role.keyids[0], "0" * 16]

        version = world.authority.view.trusted.targets.version + 1
        for change, code in ((doubled, "policy-key-spelling"), (put(version=version), "")):
            data = by_hand(targets, change, world.authority.seats)
            made = {network_metadata.metadata("targets", version): data}
            files = spread(world.authority, made, {"targets": version})
            if code:
                assert refused(world.verifier, files) == code
            else:
                again(world.verifier).sync(files)


class TestTheAuthority:
    """All nine seats may say who takes part, and still sign for nobody."""

    def test_it_publishes_nothing_in_a_participants_name(self, world: World) -> None:
        now, a = current(world.authority), world.states[0]
        stated = {"XUA/signers.json": a.contents()["XUA/signers.json"]}
        with pytest.raises(DocumentRefused) as caught:
            proposal.targets(now, AT, "in its name", files=stated)
        assert caught.value.code == "policy-authority-path"
        targets = world.authority.files[newest(world.authority.files, "targets")]

        def own(signed: Any) -> None:
            signed.version += 1
            signed.targets.update(listing(stated))

        version = now.trusted.targets.version + 1
        made = {
            network_metadata.metadata("targets", version): by_hand(
                targets, own, world.authority.seats
            )
        }
        files = spread(world.authority, {**made, **named(stated)}, {"targets": version})
        assert refused(world.verifier, files) == "policy-authority-path"

    def test_nine_seats_sign_no_edition_of_a_participants(self, world: World) -> None:
        a = world.states[0]
        files = edition(world.authority, "XUA", a.contents(), world.authority.seats)
        assert again(world.verifier).sync(files).problems == {"XUA": "network-unsigned"}
        with pytest.raises(Exception, match="does not ask for this key"):
            proposal.sign(a.draft(), world.authority.seats[0], world.authority.view)

    def test_a_list_of_participants_is_the_seats_word(self, world: World) -> None:
        """The file of participants is bound by digest: a server cannot widen anybody's countries."""
        listed = dict(world.authority.view.participants)
        listed["XUA"] = listed["XUA"]._replace(countries=frozenset({"XB"}))
        name = next(n for n in world.authority.files if n.endswith(".participants.json"))
        lie = {
            n: d for n, d in world.authority.files.items() if not n.endswith("participants.json")
        }
        for one in (n for n in world.authority.files if n.endswith("participants.json")):
            lie[one] = write_participants(listed.values())
        assert name in lie
        assert refused(Verifier(world.authority.anchor), lie) == "network-differs"
