"""The files of a role as they come: asked for once, and none but those that were signed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.metadata import Targets

from pratique.errors import DocumentRefused
from pratique.network import client
from pratique.network.client import RoleFiles
from pratique.revocation import tag_list
from pratique.revocation.tag_list import Coded, TagList
from tests.cheats import Files, listing, named

KID = b"\x01\x02"
CHANCE = st.randoms(use_true_random=False)


def chain(chance: random.Random, length: int, start: int = 400) -> list[TagList]:
    tags, found = {chance.randrange(1 << 24) for _ in range(start)}, []
    for version in range(1, length + 1):
        tags |= {chance.randrange(1 << 24) for _ in range(3)}
        found.append(
            TagList.build(
                tags, participant="XUA", kid=KID, width=24, version=version, created=version,
                expires=10**9,
            )
        )  # fmt: skip
    return found


def path(version: int) -> str:
    return f"XUA/revocations-{KID.hex()}-{version}.tags"


def steps(lists: list[TagList]) -> Files:
    return {
        f"XUA/revocations-{KID.hex()}-{a.head.version}-{b.head.version}.delta": tag_list.make(a, b).to_bytes()
        for a, b in itertools.pairwise(lists)
    }  # fmt: skip


def role(files: Mapping[str, bytes]) -> Targets:
    return Targets(7, targets=listing(files))


def fetched(pieces: RoleFiles, there: Mapping[str, bytes]) -> list[str]:
    """Walk to the end; return the names that were asked for."""
    asked = []
    while wanted := pieces.wanted():
        asked += [name for name, _ in wanted]
        pieces.take({name: there.get(name) for name, _ in wanted})
    return asked


@settings(max_examples=30, deadline=None)
@given(CHANCE, st.integers(1, 5), st.integers(0, 5), st.booleans())
def test_whatever_is_held_it_comes_to_the_same(
    chance: random.Random, length: int, held: int, lose: bool
) -> None:
    """From any version held, over any deltas that are there, the list is the one that was signed."""
    lists = chain(chance, length)
    deltas = {p: d for p, d in steps(lists).items() if not (lose and chance.random() < 0.5)}
    files = {path(length): lists[-1].to_bytes(), **deltas, "XUA/signers.json": b"{}"}
    before = named({path(held): lists[held - 1].to_bytes()}) if 0 < held < length else {}
    pieces = RoleFiles("XUA", role(files), before)
    there = {
        n: d
        for n, d in named(files).items()
        if not (lose and ".delta" in n and chance.random() < 0.3)
    }
    asked = fetched(pieces, there)
    assert len(asked) == len({*asked})
    assert pieces.files() == named({p: d for p, d in files.items() if p not in deltas})
    assert pieces.by_path()[path(length)] == lists[-1].to_bytes()


def test_deltas_are_asked_for_where_they_are_shorter_and_nowhere_else() -> None:
    lists = chain(random.Random(1), 3)
    files = {path(3): lists[-1].to_bytes(), **steps(lists)}
    before = named({path(1): lists[0].to_bytes()})
    asked = fetched(RoleFiles("XUA", role(files), before), named(files))
    assert len(asked) == 2
    assert all(name.endswith(".delta") for name in asked)
    # Of a short list the deltas are longer, for all that they say of themselves.
    short = chain(random.Random(1), 3, start=0)
    files = {path(3): short[-1].to_bytes(), **steps(short)}
    before = named({path(1): short[0].to_bytes()})
    asked = fetched(RoleFiles("XUA", role(files), before), named(files))
    assert [name.rpartition(".")[2] for name in asked] == ["tags"]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_wrong_delta_of_several_and_the_list_is_fetched(at: int) -> None:
    lists = chain(random.Random(2), 4)
    deltas = steps(lists)
    files = {path(4): lists[-1].to_bytes(), **deltas}
    wrong = [*deltas][at]
    before = named({path(1): lists[0].to_bytes()})
    for bad in (None, b"", deltas[[*deltas][at - 1]]):
        there = named(files)
        (name,) = named({wrong: deltas[wrong]})
        there[name] = bad or b""
        pieces = RoleFiles("XUA", role(files), before)
        asked = fetched(pieces, there)
        assert asked[-1].endswith(".tags")
        assert pieces.by_path()[path(4)] == lists[-1].to_bytes()


def test_a_delta_of_another_list_leads_nowhere() -> None:
    """Signed by the participant, and wrong all the same: the list's digest decides."""
    lists, others = chain(random.Random(3), 2), chain(random.Random(4), 2)
    (own,) = steps(lists)
    (other,) = steps(others).values()
    files = {path(2): lists[-1].to_bytes(), own: other}
    before = named({path(1): lists[0].to_bytes()})
    pieces = RoleFiles("XUA", role(files), before)
    assert [name.rpartition(".")[2] for name in fetched(pieces, named(files))] == ["delta", "tags"]
    assert pieces.by_path()[path(2)] == lists[-1].to_bytes()


@settings(max_examples=60, deadline=None)
@given(CHANCE)
def test_no_delta_makes_anything_but_the_signed_list(chance: random.Random) -> None:
    lists = chain(random.Random(5), 2)
    ((own, data),) = steps(lists).items()
    at = chance.randrange(len(data))
    broken = data[:at] + chance.randbytes(chance.randrange(3)) + data[at + chance.randrange(3) :]
    files = {path(2): lists[-1].to_bytes(), own: broken}
    pieces = RoleFiles("XUA", role(files), named({path(1): lists[0].to_bytes()}))
    fetched(pieces, named(files))
    assert pieces.by_path()[path(2)] == lists[-1].to_bytes()


def test_deltas_in_a_circle_end() -> None:
    lists = chain(random.Random(6), 2)
    stem = f"XUA/revocations-{KID.hex()}"
    files = {path(2): lists[-1].to_bytes(), f"{stem}-2-2.delta": b"x", f"{stem}-3-2.delta": b"x",
             f"{stem}-2-3.delta": b"x"}  # fmt: skip
    for held in ({}, named({path(1): lists[0].to_bytes()})):
        pieces = RoleFiles("XUA", role(files), held)
        assert fetched(pieces, named(files))[-1].endswith(".tags")
        pieces.files()


@settings(max_examples=40, deadline=None)
@given(CHANCE)
def test_what_is_missing_or_wrong_is_told_and_never_taken(chance: random.Random) -> None:
    files = {f"XUA/{name}.json": name.encode() for name in ("signers", "rules", "choices")}
    there = named(files)
    hurt = {name for name in there if chance.random() < 0.5}
    for name in hurt:
        wrong = [b"", there[name] + b"x", there[name][:-1], there[name].upper()]
        there[name] = chance.choice(wrong)
    pieces = RoleFiles("XUA", role(files), {})
    asked = fetched(pieces, there)
    assert sorted(asked) == sorted(named(files))
    assert pieces.by_path() == {p: d for p, d in files.items() if not named({p: d}).keys() & hurt}
    if hurt:
        with pytest.raises(DocumentRefused) as caught:
            pieces.files()
        assert caught.value.code == "network-incomplete"
    else:
        assert pieces.files() == there


def test_what_is_held_is_looked_at_before_it_is_used() -> None:
    files = {"XUA/signers.json": b"{}"}
    (name,) = held = named(files)
    assert fetched(RoleFiles("XUA", role(files), held), {}) == []
    assert fetched(RoleFiles("XUA", role(files), {name: b"[]"}), {}) == [name]


def test_what_is_too_much_work_is_not_even_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = chain(random.Random(1), 2)
    files = {path(2): lists[1].to_bytes(), **steps(lists)}
    before = named({path(1): lists[0].to_bytes()})
    unpacked: list[int] = []
    own = Coded._block

    def block(one: Coded, index: int) -> list[int]:
        unpacked.append(index)
        return own(one, index)

    monkeypatch.setattr(Coded, "_block", block)
    whole = len(lists[1])
    # What is held is too long, or with what the delta adds; then it is just short enough.
    for most in (len(lists[0]) - 1, whole - 1, whole):
        monkeypatch.setattr(client, "MOST_WORK", most)
        unpacked.clear()
        found = RoleFiles("XUA", role(files), before)
        asked = [name.rpartition(".")[2] for name in fetched(found, named(files))]
        assert asked == (["delta"] if most == whole else ["delta", "tags"])
        assert bool(unpacked) is (most == whole)
        assert found.by_path()[path(2)] == files[path(2)]


def test_the_same_tags_in_a_later_edition_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = chain(random.Random(1), 1)
    later = TagList.build(
        one.tags(), participant="XUA", kid=KID, width=24, version=2, created=2, expires=10**9
    )
    monkeypatch.setattr(Coded, "_block", None)
    assert later.holds(one)
    assert later != one
