"""Numbers in few bits: one set, one byte string; whatever else comes is refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.revocation.tag_list import BLOCK, MAX_COUNT, Coded, encode, parameter


@st.composite
def sets(draw: st.DrawFn) -> tuple[frozenset[int], int]:
    width = draw(st.integers(1, 64))
    top = draw(st.sampled_from([1 << width, 1 << min(width, 10)]))
    return frozenset(draw(st.sets(st.integers(0, top - 1), max_size=300))), width


@given(sets())
def test_what_was_written_is_read_again(made: tuple[frozenset[int], int]) -> None:
    numbers, width = made
    count, data = encode(numbers, width)
    held = Coded(data, count, width)
    held.check()
    assert len(held) == len(numbers)
    assert list(held) == sorted(numbers)


def test_the_example_of_the_reference_page_is_right() -> None:
    assert encode([5, 9, 200], 8) == (3, bytes.fromhex("01050290fe"))


@given(sets(), st.data())
def test_a_number_is_found_exactly_if_it_is_held(
    made: tuple[frozenset[int], int], data: st.DataObject
) -> None:
    numbers, width = made
    held = Coded(encode(numbers, width)[1], len(numbers), width)
    near = {number + step for number in numbers for step in (-1, 0, 1)}
    asked = near | data.draw(st.sets(st.integers(-5, 1 << 65), max_size=20))
    assert {number for number in asked if number in held} == numbers
    assert held.among(asked) == numbers


@pytest.mark.parametrize("count", [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("width", [10, 25, 64])
def test_blocks_are_full_but_the_last(count: int, width: int) -> None:
    numbers = range(5, 5 + 2 * count, 2)
    held = Coded(encode(numbers, width)[1], count, width)
    held.check()
    assert list(held) == list(numbers)
    assert [number in held for number in range(3 * count)] == [
        number in set(numbers) for number in range(3 * count)
    ]


def test_every_number_of_a_width_can_be_held() -> None:
    held = Coded(encode(range(1 << 10), 10)[1], 1 << 10, 10)
    assert list(held) == list(range(1 << 10))


def test_what_is_no_number_is_not_held() -> None:
    held = Coded(encode([1], 8)[1], 1, 8)
    assert all(other not in held for other in ("1", 1.0, None, True))
    assert 1 in held


@pytest.mark.parametrize("numbers", [[256], [-1], [0, 300]])
def test_a_number_that_is_too_wide_is_not_written(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="wider"):
        encode(numbers, 8)


def test_the_parameter_is_the_best_for_chance_and_never_negative() -> None:
    assert parameter(100_000, 25) == 8
    assert parameter(1_000_000, 28) == 8
    assert parameter(1, 64) == 63
    assert parameter(1 << 10, 10) == 0
    assert parameter(0, 1) == 0


@given(sets(), st.data())
@example((frozenset(range(0, 900, 3)), 25), None)
def test_one_set_has_one_byte_string(
    made: tuple[frozenset[int], int], data: st.DataObject | None
) -> None:
    numbers, width = made
    count, written = encode(numbers, width)
    octets = bytearray(written)
    if data is None or not octets:
        octets += b"\0"
    else:
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at] ^= data.draw(st.integers(1, 255))
    try:
        other = Coded(bytes(octets), count, width)
        other.check()
    except DocumentRefused:
        return
    found = list(other)
    assert found != sorted(numbers)
    assert encode(found, width) == (count, bytes(octets))


@given(st.binary(max_size=400), st.integers(-1, 2000), st.integers(-1, 70))
def test_any_bytes_are_refused_or_are_numbers(data: bytes, count: int, width: int) -> None:
    try:
        held = Coded(data, count, width)
        held.check()
    except DocumentRefused:
        return
    assert encode(held, width) == (count, data)


@given(st.binary(max_size=200), st.integers(1, 300), st.integers(0, 1 << 20))
def test_a_look_up_in_any_bytes_answers_or_refuses(data: bytes, count: int, number: int) -> None:
    try:
        held = Coded(data, count, 20)
        assert (number in held) in {True, False}
        held.among([number, number + 1])
    except DocumentRefused:
        return


@pytest.mark.parametrize("cut", [1, 2, 5, 40])
def test_a_list_that_is_cut_off_or_goes_on_is_refused(cut: int) -> None:
    count, data = encode(range(0, 3000, 7), 16)
    for other in (data[:-cut], data + bytes(cut), data[cut:]):
        with pytest.raises(DocumentRefused):
            Coded(other, count, 16)


def test_a_count_that_is_not_the_lists_is_refused() -> None:
    count, data = encode(range(0, 3000, 7), 16)
    for other in (0, count - 1, count + 1, count + BLOCK, MAX_COUNT + 1):
        with pytest.raises(DocumentRefused):
            Coded(data, other, 16).check()


def test_lengths_take_no_more_octets_than_they_need() -> None:
    # The same blocks, with a directory of two octets a length.
    count, data = encode(range(0, 3000, 7), 16)
    blocks = -(-count // BLOCK)
    firsts, rest = data[1 : 1 + 2 * blocks], data[1 + 2 * blocks :]
    wide = b"".join(b"\0" + rest[at : at + 1] for at in range(blocks))
    with pytest.raises(DocumentRefused):
        Coded(b"\2" + firsts + wide + rest[blocks:], count, 16)


def test_a_block_of_zeros_is_refused_before_it_is_unpacked() -> None:
    size = 1 << 24
    hostile = bytes([4]) + bytes(3) + size.to_bytes(4, "big") + bytes(size)
    with pytest.raises(DocumentRefused):
        Coded(hostile, 100, 20)
