"""Deltas only add, in order, to the list they name: no cycle, no fork, no loss."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused, UsageError
from pratique.revocation.tag_list import DELTA_FORMAT, Delta, TagList, apply, follow, make
from tests.unit.revocation.test_tag_list import build

STEPS = [{1, 2, 3}, {1, 2, 3, 500}, {1, 2, 3, 500}, {0, 1, 2, 3, 4, 500, 70_000}]


def chain(steps: list[set[int]]) -> list[TagList]:
    return [
        build(tags, version=number + 1, created=1000 + number) for number, tags in enumerate(steps)
    ]


LISTS = chain(STEPS)
DELTAS = [make(*pair) for pair in itertools.pairwise(LISTS)]


def refused(code: str, held: TagList, *deltas: Delta) -> None:
    before = held.to_bytes()
    with pytest.raises(DocumentRefused) as caught:
        follow(held, deltas)
    assert caught.value.code == f"revocation-{code}"
    assert caught.value.hint
    assert held.to_bytes() == before


@given(st.lists(st.sets(st.integers(0, (1 << 20) - 1), max_size=40), min_size=2, max_size=6))
@settings(max_examples=1000)
def test_once_revoked_always_revoked(added: list[set[int]]) -> None:
    steps, held = [], set[int]()
    for tags in added:
        held = held | tags
        steps.append(held)
    lists = chain(steps)
    deltas = [make(*pair) for pair in itertools.pairwise(lists)]
    reached = lists[0]
    for delta, expected in zip(deltas, lists[1:], strict=True):
        later = apply(reached, Delta.from_bytes(delta.to_bytes()))
        assert set(reached.tags()) <= set(later.tags())
        assert later == expected
        reached = later
    assert follow(lists[0], reversed(deltas)) == lists[-1]


@given(st.permutations([*DELTAS, DELTAS[1]]), st.integers(0, len(LISTS) - 1))
def test_a_chain_is_followed_in_whatever_order_it_comes(deltas: list[Delta], start: int) -> None:
    # Those that were applied before are let pass.
    assert follow(LISTS[start], deltas) == LISTS[-1]


def test_no_delta_at_all_leaves_the_list() -> None:
    assert follow(LISTS[1], ()) is LISTS[1]


def test_a_jump_over_versions_is_a_delta_too() -> None:
    assert apply(LISTS[0], make(LISTS[0], LISTS[-1])) == LISTS[-1]


def test_a_gap_is_refused() -> None:
    refused("gap", LISTS[0], DELTAS[0], DELTAS[2])
    refused("gap", LISTS[0], DELTAS[1])


def test_a_delta_of_another_parent_is_refused() -> None:
    other = build({1, 2, 9}, version=1)
    with pytest.raises(DocumentRefused) as caught:
        apply(other, DELTAS[0])
    assert caught.value.code == "revocation-parent"


def test_a_fork_is_refused() -> None:
    other = make(LISTS[0], build({1, 2, 3, 600}, version=2, created=1001))
    refused("fork", LISTS[0], DELTAS[0], other)


def test_a_list_that_lost_what_an_earlier_delta_added_is_refused() -> None:
    lossy = build({1, 2, 3}, version=3, created=1002)
    refused("lost", lossy, DELTAS[0])


def test_a_delta_that_leads_back_is_refused() -> None:
    back = DELTAS[0]._replace(parent_version=2, head=LISTS[0].head)
    with pytest.raises(DocumentRefused) as caught:
        Delta.from_bytes(back.to_bytes())
    assert caught.value.code == "revocation-order"
    with pytest.raises(DocumentRefused) as caught:
        apply(LISTS[1], back)
    assert caught.value.code == "revocation-order"


def test_a_delta_made_earlier_than_its_parent_is_refused() -> None:
    early = DELTAS[0]._replace(head=DELTAS[0].head._replace(created=1))
    refused("order", LISTS[0], early)


CHANGES: list[dict[str, Any]] = [
    {"participant": "XXA"}, {"kid": b"other"}, {"width": 21},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_delta_for_another_key_is_refused(change: dict[str, Any]) -> None:
    refused("key", LISTS[0], DELTAS[0]._replace(head=DELTAS[0].head._replace(**change)))
    refused("key", LISTS[3], DELTAS[0]._replace(head=DELTAS[0].head._replace(**change)))


def test_a_delta_that_adds_what_is_there_is_refused() -> None:
    refused("twice", LISTS[0], DELTAS[0]._replace(added=(3, 500)))


@pytest.mark.parametrize("added", [(), (501,), (500, 501)])
def test_a_delta_with_another_result_is_refused(added: tuple[int, ...]) -> None:
    refused("result", LISTS[0], DELTAS[0]._replace(added=added))


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (build({1, 2}, version=2), "removed"), (build(STEPS[1], version=1), "order"),
        (build(STEPS[1], version=2, created=1), "order"),
        (build(STEPS[1], version=2, kid=b"x"), "key"), (build(STEPS[1], version=2, width=21), "key"),
    ],
)  # fmt: skip
def test_what_no_delta_may_do_is_not_made(later: TagList, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(LISTS[0], later)
    assert caught.value.code == f"revocation-{code}"


WRITTEN = DELTAS[2].to_bytes()


@given(st.data())
def test_damage_never_leads_to_another_list(data: st.DataObject) -> None:
    octets = bytearray(WRITTEN)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DocumentRefused):
        apply(LISTS[2], Delta.from_bytes(bytes(octets)))


@given(st.binary(max_size=120))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    for hostile in (data, DELTA_FORMAT + data, WRITTEN[:60] + data, WRITTEN + data[:1]):
        try:
            Delta.from_bytes(hostile)
        except DocumentRefused:
            continue


def test_an_added_tag_costs_about_its_share_of_bits() -> None:
    older = build(range(0, 1 << 20, 97))
    newer = build({*range(0, 1 << 20, 97), *range(5, 1 << 20, 970)}, version=2)
    delta = make(older, newer)
    assert len(delta.to_bytes()) < 2 * len(delta.added) + 200
