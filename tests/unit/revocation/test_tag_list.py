"""A revocation list is exact, the same bytes for the same tags, and never changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused, UsageError
from pratique.revocation.tag_list import FORMAT, TagList

KID = b"\1\2\3\4\5\6\7\x08"
TAGS = frozenset(range(7, 60_000, 101))


def build(tags: Any = TAGS, **changes: Any) -> TagList:
    head: dict[str, Any] = {
        "participant": "XXU", "kid": KID, "width": 20, "version": 1, "created": 1_000,
        "expires": 2_000,
    }  # fmt: skip
    return TagList.build(tags, **(head | changes))


heads = st.fixed_dictionaries(
    {
        "participant": st.text("ABC-1", min_size=1, max_size=64),
        "kid": st.binary(min_size=1, max_size=64),
        "width": st.integers(7, 64),
        "version": st.integers(1, 2**32 - 1),
        "created": st.integers(0, 2**31),
        "expires": st.integers(2**31, 253_402_300_799),
    }
)


@given(heads, st.sets(st.integers(0, 127)))
def test_what_was_written_is_read_again(head: dict[str, Any], tags: set[int]) -> None:
    made = TagList.build(tags, **head)
    for whole in (True, False):
        found = TagList.from_bytes(made.to_bytes(), whole=whole)
        assert found == made
        assert hash(found) == hash(made)
        assert found.head._asdict() == head
        assert set(found.tags()) == tags
        assert found.digest == made.digest


def test_the_order_of_tags_makes_no_difference() -> None:
    assert build(sorted(TAGS)).to_bytes() == build(sorted(TAGS, reverse=True)).to_bytes()
    assert build([5, 5, 5]) == build([5])


def test_each_tag_and_no_other_is_in_it() -> None:
    made = build()
    assert len(made) == len(TAGS)
    assert {tag for tag in range(61_000) if tag in made} == TAGS
    assert made.contains_many(range(61_000)) == TAGS


def test_a_list_does_not_change_and_shows_no_tags() -> None:
    made = build()
    with pytest.raises(AttributeError):
        made.head = made.head
    assert repr(made) == "<TagList XXU 0102030405060708, version 1>"
    assert made != "a list"


@pytest.mark.parametrize(
    "changes",
    [
        {"participant": ""}, {"participant": "A" * 65}, {"participant": "Ä"},
        {"participant": "A\n"}, {"kid": b""}, {"kid": bytes(65)}, {"width": 0}, {"width": 65},
        {"version": 0}, {"version": 1 << 32}, {"created": -1}, {"expires": 999},
        {"expires": 253_402_300_800}, {"tags": [1 << 20]}, {"tags": [-1]},
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        build(**changes)
    assert caught.value.code in {"revocation-head", "revocation-tag"}


@given(st.data())
def test_damage_is_refused_or_is_another_list(data: st.DataObject) -> None:
    octets = bytearray(WRITTEN)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    try:
        found = TagList.from_bytes(bytes(octets))
    except DocumentRefused:
        return
    assert found.to_bytes() == bytes(octets)
    assert found.digest != build().digest


WRITTEN = build().to_bytes()


@given(st.binary(max_size=120))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    for hostile in (data, FORMAT + data, WRITTEN[:40] + data):
        try:
            TagList.from_bytes(hostile)
        except DocumentRefused:
            continue


@pytest.mark.parametrize("length", range(70))
def test_a_list_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(DocumentRefused):
        TagList.from_bytes(WRITTEN[:length])


def test_a_wrong_block_is_refused_at_once_or_when_it_is_read() -> None:
    octets = WRITTEN[:-60] + b"\xff" * 60
    with pytest.raises(DocumentRefused):
        TagList.from_bytes(octets)
    later = TagList.from_bytes(octets, whole=False)
    assert min(TAGS) in later
    with pytest.raises(DocumentRefused):
        assert max(TAGS) in later
