"""No bytes, signed or not, make a reader of the network raise anything but a refusal."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.compile import compiled
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata, participants, proposal, publish
from pratique.network.participants import Choices, write_participants, write_suspensions
from pratique.network.trusted import Trusted
from pratique.terms import Algorithm, Kind, Scheme
from pratique.trust import publication, scheme_keys
from pratique.trust.publication import Bounds
from pratique.trust.registry import Freshness, Suspension
from pratique.trust.scheme_keys import SchemeKey
from tests.cheats import Files, edition, listing, named, network, newest, rule, spread, synced
from tests.networks import AT, VALUE_SETS, Authority, State, Verifier
from tests.unit.network.mangled import mangled, octets, signed

CHANCE = st.randoms(use_true_random=False)
TOWN = network("XUA", "XUB")
HELD = synced(TOWN[0])


def tried(read: Callable[[], object]) -> bool:
    """Tell whether it was taken; anything but a refusal fails."""
    try:
        read()
    except (DocumentRefused, UsageError):
        return False
    return True


STATE = TOWN[1][0]
BOUNDS = Bounds("XUA", frozenset({"XA"}), "XA", frozenset({"DCC"}), TOWN[0].board.environment)
PUBLISHED = {name: list(codes) for name, codes in json.loads(VALUE_SETS).items()}
SCHEME_KEYS = scheme_keys.write(
    BOUNDS.environment,
    [
        SchemeKey(Scheme.DIVOC, "https://a.example/", "did:a", Algorithm.ES256, STATE.roles[0].public_key,
                  "Office", frozenset({Kind.TEST}), "XA", 1, 2),
        SchemeKey(Scheme.CH_LIGHT, "CH BAG", "AAAA", Algorithm.ES256, STATE.roles[1].public_key),
    ],
)  # fmt: skip
READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "participants": (
        write_participants([state.participant for state in TOWN[1]]),
        participants.read_participants,
    ),
    "suspensions": (
        write_suspensions([("XUA", Suspension(1, 2, "forgeries"))]),
        participants.read_suspensions,
    ),
    "choices": (
        participants.write(Choices({"vaccines": ("EU/1/20/1528",)}, Freshness(3600, 7200))),
        lambda data: participants.read(data, PUBLISHED),
    ),
    "signers": (
        STATE.contents()["XUA/signers.json"],
        lambda data: publication.read(data, BOUNDS),
    ),
    "keys of other schemes": (
        SCHEME_KEYS,
        lambda data: scheme_keys.published(data, BOUNDS._replace(domains=frozenset(Scheme))),
    ),
    "a proposal": (
        proposal.to_bytes(TOWN[0].signed(STATE.draft(), STATE.roles)),
        lambda data: _used(proposal.from_bytes(data)),
    ),
    "a root proposed": (
        proposal.to_bytes(
            proposal.root(
                TOWN[0].view, AT, board=TOWN[0].board,
                seats=[seat.public_key for seat in TOWN[0].seats],
            )
        ),
        lambda data: _used(proposal.from_bytes(data)),
    ),
}  # fmt: skip


def _used(found: proposal.Proposal) -> None:
    current = TOWN[0].view
    with suppress(DocumentRefused, UsageError):
        proposal.needs(found, current)
    with suppress(DocumentRefused, UsageError):
        list(proposal.told(found, current))
    with suppress(DocumentRefused, UsageError):
        proposal.sign(found, STATE.roles[0], current)
    with suppress(DocumentRefused, UsageError):
        proposal.sign(found, TOWN[0].seats[0], current)
    proposal.from_bytes(proposal.to_bytes(found))
    publish.published(TOWN[0].files, found, TOWN[0].online, at=AT)


@pytest.mark.parametrize("what", READERS)
def test_each_reads_its_own(what: str) -> None:
    """The control."""
    data, read = READERS[what]
    assert tried(lambda: read(data)) is (what != "a root proposed")


@pytest.mark.parametrize("what", READERS)
@settings(max_examples=60, deadline=None)
@given(CHANCE)
def test_a_reader_reads_or_refuses(what: str, chance: random.Random) -> None:
    data, read = READERS[what]
    tried(lambda: read(octets(chance, data)))


@pytest.mark.parametrize("what", READERS)
def test_most_of_what_is_mangled_is_refused(what: str) -> None:
    data, read = READERS[what]
    chance = random.Random(7)
    taken = sum(tried(lambda: read(octets(chance, data))) for _ in range(40))
    assert taken < 20


def takers(found: Trusted) -> dict[str, Callable[[bytes], object]]:
    return {
        "root": found.take_root,
        "timestamp": found.take_timestamp,
        "snapshot": found.take_snapshot,
        "targets": found.take_targets,
        "XUA": lambda data: found.take_role("XUA", data),
        "earlier": lambda data: found.earlier_role("XUA", data),
    }


ORDER = ("timestamp", "snapshot", "targets", "XUA", "earlier")


def own(role: str) -> str:
    role = {"earlier": "XUA"}.get(role, role)
    return metadata.TIMESTAMP_FILE if role == "timestamp" else newest(TOWN[0].files, role)


@pytest.mark.parametrize("role", ["root", *ORDER])
@settings(max_examples=40, deadline=None)
@given(CHANCE)
def test_metadata_is_believed_or_refused_unsigned(role: str, chance: random.Random) -> None:
    found = _upto(role)
    tried(lambda: takers(found)[role](octets(chance, TOWN[0].files[own(role)])))


def _upto(role: str) -> Trusted:
    found = Trusted(TOWN[0].anchor, AT)
    for before in ORDER[: ORDER.index(role)] if role != "root" else ():
        takers(found)[before](TOWN[0].files[own(before)])
    return found


@pytest.mark.parametrize("role", ORDER)
def test_metadata_is_believed_where_it_is_right(role: str) -> None:
    assert tried(lambda: takers(_upto(role))[role](TOWN[0].files[own(role)]))


def hands(authority: Authority, state: State, role: str) -> Sequence[SigningKey]:
    found: dict[str, Sequence[SigningKey]] = {
        "root": authority.seats,
        "targets": authority.seats,
        "timestamp": [authority.online.timestamp],
        "snapshot": [authority.online.snapshot],
        "XUA": state.roles,
    }
    return found[role]


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "XUA"])
@settings(max_examples=40, deadline=None)
@given(CHANCE)
def test_metadata_is_believed_or_refused_signed_by_all_who_may(
    role: str, chance: random.Random
) -> None:
    """Whoever has the keys can put a verifier's own data out of date, and never make it fall over."""
    authority, (state, _) = TOWN
    data = authority.files[own(role)]
    document = mangled(chance, json.loads(data)["signed"], chance.choice([1, 2]))
    if isinstance(document.get("version"), int) and chance.random() < 0.8:
        document["version"] += 1
    made = signed(document, hands(authority, state, role))
    version = document.get("version")
    files: Files = {**authority.files}
    if role == "timestamp":
        files[metadata.TIMESTAMP_FILE] = made
    elif role == "snapshot":
        files = _pointing(authority, made, version)
    elif role == "root":
        files["metadata/2.root.json"] = made
    else:
        number = version if type(version) is int and 0 < version < 2**60 else 2
        files = spread(authority, {metadata.metadata(role, number): made}, {role: number})
    for held in ({}, HELD.held):
        verifier = Verifier(authority.anchor)
        verifier.held = dict(held)
        if tried(partial(verifier.sync, files)):
            tried(verifier.snapshot)
        else:
            assert verifier.held == held


def _pointing(authority: Authority, made: bytes, version: object) -> Files:
    number = version if type(version) is int and 0 < version < 2**60 else 99
    stamp = json.loads(authority.files[metadata.TIMESTAMP_FILE])["signed"]
    stamp["version"] += 1
    stamp["meta"]["snapshot.json"] = {"version": number}
    return {
        **authority.files,
        metadata.metadata("snapshot", number): made,
        metadata.TIMESTAMP_FILE: signed(stamp, [authority.online.timestamp]),
    }


CONTENTS = {
    "signers.json": STATE.contents()["XUA/signers.json"],
    "rules.json": json.dumps([rule("XA")]).encode(),
    "choices.json": READERS["choices"][0],
    "scheme-keys.json": SCHEME_KEYS,
}


@pytest.mark.parametrize("name", CONTENTS)
@settings(max_examples=40, deadline=None)
@given(CHANCE)
def test_what_a_participant_publishes_is_its_own_trouble(name: str, chance: random.Random) -> None:
    authority, (state, other) = TOWN
    files = {f"XUA/{each}": data for each, data in CONTENTS.items()}
    files[f"XUA/{name}"] = octets(chance, CONTENTS[name])
    verifier = Verifier(authority.anchor)
    verifier.held = dict(HELD.held)
    found = verifier.sync(edition(authority, "XUA", files, state.roles))
    assert set(found.problems) <= {"XUA"}
    snapshot = compiled(found.view)
    assert snapshot.roll is not None
    assert snapshot.roll.members["XUB"].problem == ""
    assert [one.participant for one in snapshot.trust].count("XUB") == len(other.signers)


def test_the_tools_do_mangle() -> None:
    """The control: documents are changed in every kind of place, and a right one is still signed."""
    chance, data = random.Random(1), TOWN[0].files[own("XUA")]
    whole = json.loads(data)["signed"]
    assert len({json.dumps(mangled(chance, whole)) for _ in range(200)}) > 100
    made = signed(whole, STATE.roles)
    assert tried(lambda: _upto("XUA").take_role("XUA", made))
    assert listing({"x": b""})["x"].length == 0
    assert named({"XUA/x": b""})
