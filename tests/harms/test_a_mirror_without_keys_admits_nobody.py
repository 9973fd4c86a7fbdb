"""Harm: who carries the network's files, and holds no key of it, lets in whom the network keeps out.

A mirror, a stick, a captive portal: any file may be held back, emptied, cut, or replaced by what it was
before. What restricts is always somebody's newest file, so a loss that is not told is an admission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple

import pytest

from pratique.authenticate import HealthCode, Verification
from pratique.compile import compiled, merged
from pratique.decision import decide
from pratique.errors import DocumentRefused
from pratique.findings import Colour
from pratique.network import metadata, participants, proposal, view
from pratique.outlook import advice
from pratique.rules import documents
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.trust.registry import HOUR as SECONDS
from pratique.trust.registry import Freshness
from pratique.trust.signer import TrustList
from pratique.verification import verify
from tests.networks import AT, DAY, HOUR, Authority, State, Verifier, codes, key
from tests.travellers import rule

Files = Mapping[str, bytes]
BEFORE, AFTER, LATER = AT, AT + HOUR, AT + 2 * HOUR
ASKED = AT + 3 * HOUR
OPEN, SHUT = {"===": [1, 1]}, {"===": [1, 2]}
IN_SET = {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.vaccines"}]}
RULE, ISSUERS_RULE = "GR-XB-0001", "IR-XF-0001"


class Probe(NamedTuple):
    """A certificate and where it is shown; what an honest mirror's verifier says of it, and whose doing it is."""

    text: str
    place: str
    honest: Colour
    role: str


class World(NamedTuple):
    """A network in three editions, each of which keeps out more, and who asks it."""

    anchor: bytes
    before: Files
    after: Files
    later: Files
    probes: Mapping[str, Probe]


@cache
def world() -> World:
    authority = Authority(5, 3, 2)
    issuer, shutting, choosing, suspended = map(State, ("XXA", "XXB", "XXE", "XXC"))
    withdrawing, shared, voiding = State("XXD"), State("XXF"), State("XXG", "XF")
    open_place = State("XXK")
    states = (issuer, shutting, choosing, suspended, withdrawing, shared, voiding, open_place)
    authority.admit(*states, State("XXH"))
    for place, logic in ((shutting, OPEN), (choosing, IN_SET), (open_place, OPEN)):
        place.rules = [documents.write(rule(f"GR-{place.country}-0001", logic))]
    choosing.choices = _chosen("EU/1/20/1507", "EU/1/20/1528")
    for state in states:
        state.publish()
    issuer.revoke(issuer.issue(nth=7))
    issuer.publish()
    authority.suspend("XXH", authority.seats[:2])
    text, taken_back = issuer.issue(), issuer.issue(nth=1)
    before = dict(authority.files)

    authority.now = AFTER
    shutting.rules = [documents.write(rule(RULE, SHUT, Version="1.0.1"))]
    choosing.choices = _chosen("EU/1/20/1507")
    issuer.revoke(taken_back)
    withdrawing.withdrawn[0] = "key-compromise"
    invalid = rule(ISSUERS_RULE, OPEN, Country="XF", Type="Invalidation", Version="1.0.0")
    voiding.rules = [documents.write(invalid)]
    for state in (issuer, shutting, choosing, withdrawing, voiding):
        state.publish()
    authority.suspend("XXC", authority.seats[:2])
    after = dict(authority.files)

    authority.now = LATER
    for state in states:
        state.publish()
    authority.suspend("XXG", authority.seats[:2], days=1)
    probes = {
        "nothing against it": Probe(text, "XK", Colour.GREEN, ""),
        "the destination's newer rule": Probe(text, "XB", Colour.RED, "XXB"),
        "the destination's newer choice": Probe(text, "XE", Colour.RED, "XXE"),
        "revoked": Probe(taken_back, "XK", Colour.RED, "XXA"),
        "suspended": Probe(suspended.issue(), "XK", Colour.AMBER, metadata.SUSPEND),
        "withdrawn": Probe(withdrawing.issue(), "XK", Colour.RED, "XXD"),
        "void by another of its country": Probe(shared.issue(), "XK", Colour.RED, "XXG"),
    }
    return World(authority.anchor, before, after, dict(authority.files), probes)


def _chosen(*vaccines: str) -> bytes:
    ages = Freshness(48 * SECONDS, 168 * SECONDS)
    return participants.write(participants.Choices({"vaccines": vaccines}, ages))


def synced(files: Files, at: datetime, held: Files | None = None) -> tuple[Verifier, bool]:
    """Sync from what is held; return the verifier with whether the sync was refused."""
    verifier = Verifier(world().anchor)
    verifier.held = dict(held or {})
    try:
        verifier.sync(files, at)
    except DocumentRefused:
        return verifier, True
    return verifier, False


def seen(verifier: Verifier, at: datetime = ASKED) -> dict[str, Verification]:
    """Show each probe; nothing is said where nothing is held."""
    if not verifier.held:
        return {}
    snapshot = verifier.snapshot()
    return {
        name: verify(one.text, snapshot=snapshot, at=at, place=Destination(one.place))
        for name, one in world().probes.items()
    }


def green(found: Mapping[str, Verification]) -> set[str]:
    return {name for name, one in found.items() if one.verdict.colour is Colour.GREEN}


@cache
def held_before() -> Files:
    return synced(world().before, BEFORE)[0].held


@cache
def held_after() -> Files:
    return synced(world().after, AFTER)[0].held


def test_the_honest_mirror() -> None:
    for held in ({}, held_before(), held_after()):
        verifier, refused = synced(world().later, LATER, held)
        assert not refused
        found = {name: one.verdict.colour for name, one in seen(verifier).items()}
        assert found == {name: one.honest for name, one in world().probes.items()}


def test_before_it_was_restricted_all_were_let_in_and_after_it_one() -> None:
    # Else a probe that is never green would prove nothing.
    for held, allowed in (
        (held_before(), set(world().probes)),
        (held_after(), {"nothing against it"}),
    ):
        verifier = Verifier(world().anchor)
        verifier.held = dict(held)
        assert green(seen(verifier)) == allowed


def _previous(name: str, files: Files) -> bytes | None:
    """Return what stood in a file's place before: the version before it, or another file of its name."""
    folder, _, file = name.rpartition("/")
    number, _, role = file.partition(".")
    if folder == "metadata" and number.isdecimal():
        return files.get(f"metadata/{int(number) - 1}.{role}")
    others = [n for n in files if n != name and n.startswith(f"{folder}/") and n.endswith(role)]
    return files[others[0]] if folder != "metadata" and others else None


TAMPERS: dict[str, Callable[[str, Files], bytes | None]] = {
    "withheld": lambda _name, _files: None,
    "emptied": lambda _name, _files: b"",
    "{}": lambda _name, _files: b"{}",
    "cut": lambda name, files: files[name][: len(files[name]) // 2],
    "as it was before": _previous,
}


def tampered(files: Files, how: str, asked: list[str]) -> Iterator[tuple[str, Files]]:
    """Yield, for each file that is asked for and there, its name and the files with that one tampered with."""
    for name in asked:
        if name not in files:
            continue
        data = TAMPERS[how](name, files)
        rest = {other: own for other, own in files.items() if other != name}
        yield name, rest if data is None else {**rest, name: data}


@pytest.mark.parametrize("how", TAMPERS)
@pytest.mark.parametrize("who", ["new", "synced before", "knowing"])
def test_no_file_that_is_tampered_with_makes_anybody_green(who: str, how: str) -> None:
    held, files, at = {
        "new": ({}, world().after, AFTER),
        "synced before": (held_before(), world().after, AFTER),
        "knowing": (held_after(), world().later, LATER),
    }[who]
    honest, _ = synced(files, at, held)
    allowed, tried = {"nothing against it"}, 0
    for name, cut in tampered(files, how, honest.asked):
        verifier, refused = synced(cut, at, held)
        tried += 1
        if refused:
            # It is told to whoever syncs, and what was held stays and grows old.
            assert verifier.held == held, name
        else:
            assert green(seen(verifier)) <= allowed, name
    assert tried >= 10, "the network has no files"


FAULTS: dict[str, Callable[[str, Files], Files]] = {
    "metadata withheld": lambda role, files: {
        n: d for n, d in files.items() if n != _newest(role, files)
    },
    "targets withheld": lambda role, files: {
        n: d for n, d in files.items() if not n.startswith(f"targets/{role}/") or n in held_before()
    },
    "metadata garbled": lambda role, files: {**files, _newest(role, files): b"{}"},
    "targets garbled": lambda role, files: {
        n: b"[]" if n.startswith(f"targets/{role}/") and n not in held_before() else d
        for n, d in files.items()
    },
    "rolled back": lambda role, files: {
        **files,
        _newest(role, files): files[_older(role, files)],
    },
}
REASONS = {
    "XXA": "PARTICIPANT_UNVERIFIABLE", "XXD": "PARTICIPANT_UNVERIFIABLE",
    "XXG": "PARTICIPANT_UNVERIFIABLE", "XXB": "RULES_UNVERIFIABLE", "XXE": "RULES_UNVERIFIABLE",
    metadata.SUSPEND: "SUSPENSIONS_UNKNOWN",
}  # fmt: skip


def _versions(role: str, files: Files) -> list[str]:
    found = (n.split("/")[1].split(".") for n in files if n.endswith(f".{role}.json"))
    numbers = sorted(int(number) for number, *_ in found)
    return [metadata.metadata(role, number) for number in numbers]


def _newest(role: str, files: Files) -> str:
    return _versions(role, files)[-1]


def _older(role: str, files: Files) -> str:
    return _versions(role, files)[-2]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_missing_is_named(fault: str) -> None:
    for probe in world().probes.values():
        if not probe.role:
            continue
        for held in ({}, held_before()):
            verifier, refused = synced(FAULTS[fault](probe.role, world().after), AFTER, held)
            assert not refused, (probe.role, "one's missing piece stopped the sync")
            found = verifier.verify(probe.text, ASKED, probe.place)
            assert found.verdict.colour is not Colour.GREEN
            told = codes(found)
            if "SIGNER_UNKNOWN" not in told:
                assert REASONS[probe.role] in told, (probe.role, bool(held))
            # Who has nothing to do with it is not touched; without the brake nobody can be sure.
            other = verifier.verify(world().probes["nothing against it"].text, ASKED, "XK")
            touched = probe.role in {metadata.SUSPEND, "XXA"}
            assert (other.verdict.colour is Colour.GREEN) is not touched


def test_a_destination_that_lapsed() -> None:
    authority, state, place = Authority(5, 3, 2), State("XXA"), State("XXB")
    authority.admit(state, place)
    place.rules = [documents.write(rule(RULE, OPEN))]
    for one in (state, place):
        one.publish()
    text, verifier = state.issue(), Verifier(authority.anchor)
    verifier.sync(authority.files)
    assert verifier.verify(text, place="XB").verdict.colour is Colour.GREEN
    authority.now = AT + 8 * DAY
    state.publish()
    authority.refresh()
    for again in (verifier, Verifier(authority.anchor)):
        again.sync(authority.files, authority.now)
        found = again.verify(text, authority.now + HOUR, "XB")
        assert (found.verdict.colour, codes(found)) == (Colour.AMBER, ["RULES_LAPSED"])
        assert found.verdict.findings[0].where == "XXB since 2026-11-29T09:00Z"
    place.publish()
    verifier.sync(authority.files, authority.now)
    assert verifier.verify(text, authority.now, "XB").verdict.colour is Colour.GREEN


def _code(verifier: Verifier, text: str, place: str) -> HealthCode:
    snapshot = verifier.snapshot()
    found = [verify(text, snapshot=snapshot, at=ASKED)]
    return decide(found, snapshot=snapshot, place=Destination(place), at=ASKED)


def test_a_health_code_by_old_rules_is_not_green_and_promises_nothing() -> None:
    probe = world().probes["the destination's newer rule"]
    cut = FAULTS["metadata withheld"]("XXB", world().after)
    verifier, _ = synced(cut, AFTER, held_before())
    code = _code(verifier, probe.text, probe.place)
    assert code.colour is Colour.AMBER
    assert [finding.code.name for finding in code.because] == ["RULES_UNVERIFIABLE"]
    assert (code.from_, code.until, code.what_would_help) == (None, None, ())
    found = verifier.verify(probe.text, ASKED, probe.place)
    assert advice(found, verifier.snapshot(), Destination(probe.place), ASKED) == ((), ())
    # By the country that issued it: the same, for that certificate alone.
    probe = world().probes["void by another of its country"]
    verifier, _ = synced(FAULTS["metadata withheld"]("XXG", world().after), AFTER, held_before())
    code = _code(verifier, probe.text, probe.place)
    assert code.colour is Colour.AMBER
    assert (code.from_, code.until) == (None, None)
    code = _code(verifier, world().probes["nothing against it"].text, "XK")
    assert code.colour is Colour.GREEN


class TestWhatWasKnownStays:
    """Other keys sign for a role now, and the mirror holds back what they have signed."""

    def test_a_suspension(self) -> None:
        authority, state, other = Authority(5, 3, 2), State("XXA"), State("XXB")
        authority.admit(state, other)
        for one in (state, other):
            one.publish()
        authority.suspend("XXA", authority.seats[:2])
        knowing, text = Verifier(authority.anchor), state.issue()
        knowing.sync(authority.files)
        old = list(authority.seats)
        authority.seats = [*(key(f"other seat {n}") for n in range(4)), old[4]]
        authority.board = authority.board._replace(seats=Authority.rows(authority.seats))
        drafted = proposal.root(
            authority.view, AT, board=authority.board,
            seats=[one.public_key for one in authority.seats],
        )  # fmt: skip
        authority.publish(drafted, {*old, *authority.seats})
        honest = Verifier(authority.anchor)
        honest.sync(authority.files)
        assert codes(honest.verify(text)) == ["PARTICIPANT_SUSPENDED", "NO_RULES"]
        cut = {n: d for n, d in authority.files.items() if n != _newest("suspend", authority.files)}
        for _ in range(2):
            assert knowing.sync(cut).problems == {"suspend": "network-missing"}
            told = ["SUSPENSIONS_UNKNOWN", "PARTICIPANT_SUSPENDED", "NO_RULES"]
            assert codes(knowing.verify(text)) == told
            assert codes(knowing.verify(other.issue())) == ["SUSPENSIONS_UNKNOWN", "NO_RULES"]
        # The next that can be read lifts the doubt, and nothing else.
        knowing.sync(authority.files)
        assert codes(knowing.verify(text)) == ["PARTICIPANT_SUSPENDED", "NO_RULES"]

    def test_what_was_revoked_and_who_was_withdrawn_also_where_the_key_is_imported(self) -> None:
        authority, state, place = Authority(5, 3, 2), State("XXA", signers=2), State("XXB")
        authority.admit(state, place)
        texts = {
            "fine": state.issue(),
            "revoked": state.issue(nth=1),
            "withdrawn": state.issue(number=1),
        }
        place.rules = [documents.write(rule(RULE, OPEN))]
        for one in (state, place):
            one.publish()
        ignorant = Verifier(authority.anchor)
        ignorant.sync(authority.files)
        imported = ignorant.snapshot().replace(roll=None, ruleset=None)
        state.withdrawn[1] = "key-compromise"
        state.revoke(texts["revoked"])
        state.publish()
        knowing = Verifier(authority.anchor)
        knowing.sync(authority.files)
        state.roles = [key(f"XXA again {n}") for n in range(3)]
        members = {"XXA": state.role_keys()}
        authority.publish(proposal.targets(authority.view, AT, "other keys", members=members))
        state.publish()
        cut = {n: d for n, d in authority.files.items() if n != _newest("XXA", authority.files)}
        fresh = Verifier(authority.anchor)
        found: dict[str, dict[str, list[str]]] = {}
        for who, border in {"knowing": knowing, "fresh": fresh}.items():
            border.sync(cut)
            snapshot = merged(border.snapshot(), imported)
            shown = {
                name: verify(text, snapshot=snapshot, at=AT + HOUR, place=Destination("XB"))
                for name, text in texts.items()
            }
            assert not green(shown)
            found[who] = {name: codes(seen) for name, seen in shown.items()}
        assert set(map(tuple, found["fresh"].values())) == {("PARTICIPANT_UNVERIFIABLE",)}
        assert "SIGNER_WITHDRAWN" in found["knowing"]["withdrawn"]
        assert "REVOKED" in found["knowing"]["revoked"]
        # Whoever it comes from: a list that names no participant too.
        unnamed = imported.replace(
            trust=TrustList(one._replace(participant="") for one in imported.trust)
        )
        snapshot = merged(fresh.snapshot(), unnamed)
        for text in texts.values():
            shown = {"": verify(text, snapshot=snapshot, at=AT + HOUR, place=Destination("XB"))}
            assert not green(shown)
            assert "PARTICIPANT_UNVERIFIABLE" in codes(shown[""])


class TestWhatADestinationPublishesWrongly:
    def made(self, **published: bytes) -> tuple[Verifier, str]:
        authority, state, place = Authority(5, 3, 2), State("XXA"), State("XXB")
        authority.admit(state, place)
        state.publish()
        place.rules = [documents.write(rule(RULE, OPEN))]
        files = {**place.contents(), **{f"XXB/{n}.json": d for n, d in published.items()}}
        drafted = place.draft({n: d for n, d in files.items() if d})
        authority.publish_unasked(drafted, place.roles[:2])
        verifier = Verifier(authority.anchor)
        verifier.sync(authority.files)
        return verifier, state.issue()

    @pytest.mark.parametrize("name", ["rules", "choices"])
    def test_puts_its_rules_in_doubt(self, name: str) -> None:
        verifier, text = self.made(**{name: b"{}"})
        assert "RULES_UNVERIFIABLE" in codes(verifier.verify(text, place="XB"))

    def test_but_not_by_what_is_no_rule(self) -> None:
        # A state that signs nothing has a border all the same.
        verifier, text = self.made(signers=b"")
        assert verifier.verify(text, place="XB").verdict.colour is Colour.GREEN

    def test_nor_is_an_older_import_asked_in_its_place(self) -> None:
        verifier, text = self.made(rules=b"{}")
        imported = Ruleset([rule(RULE, OPEN)])
        network = verifier.snapshot()
        old = network.replace(trust=TrustList(), roll=None, ruleset=imported)
        found = verify(text, snapshot=merged(network, old), at=AT + HOUR, place=Destination("XB"))
        assert (found.verdict.colour, codes(found)) == (Colour.AMBER, ["RULES_UNVERIFIABLE"])

    def test_value_sets_that_nobody_can_read_leave_all_rules_in_doubt(self) -> None:
        verifier, text = self.made()
        known = view.read(verifier.held, verifier.anchor)
        hurt = known._replace(files={**known.files, metadata.VALUE_SETS: b"[1]"})
        snapshot = compiled(hurt)
        found = verify(text, snapshot=snapshot, at=AT + HOUR, place=Destination("XB"))
        assert (found.verdict.colour, codes(found)) == (Colour.AMBER, ["RULES_UNVERIFIABLE"])
        assert found.verdict.findings[0].where.startswith("value sets, ")


def test_a_mirror_may_stand_still_for_the_time_that_data_may_be_old_and_no_longer() -> None:
    # The one thing it can do: show all of an earlier edition. That is age, which is told.
    verifier, _ = synced(world().before, AFTER)
    probe = world().probes["the destination's newer rule"]
    found = verifier.verify(probe.text, AT + 2 * DAY + HOUR, probe.place)
    assert (found.verdict.colour, codes(found)) == (Colour.AMBER, ["DATA_OLD"])


def test_a_snapshot_that_was_written_down_keeps_its_doubts() -> None:
    for role in ("XXB", metadata.SUSPEND):
        verifier, _ = synced(FAULTS["metadata withheld"](role, world().after), AFTER)
        snapshot = verifier.snapshot()
        again = Snapshot.from_bytes(snapshot.to_bytes())
        assert again == snapshot
        assert again.roll is not None
        assert again.roll.speakers
        assert (role == metadata.SUSPEND) is bool(again.roll.unread)
