"""Revocations at the edges of what may be written, and what one source says beside another."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterable
from typing import Any

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.findings import Code
from pratique.revocation import foreign, tag_list
from pratique.revocation.foreign import (
    MAX_ENTRIES,
    MAX_HASHES,
    Entries,
    Form,
    HashType,
    Key,
    Slice,
    bloom,
    read_filter,
    varhash,
)
from pratique.revocation.revocations import Revocations, from_rows, to_rows
from pratique.revocation.tag_list import (
    BLOCK,
    MAX_COUNT,
    MAX_NAME,
    Coded,
    Delta,
    TagList,
    apply,
    encode,
    make,
    width_for,
)
from tests.unit.revocation.test_approximate import HELD as HASHES
from tests.unit.revocation.test_approximate import KEY as APPROXIMATE
from tests.unit.revocation.test_held import OTHER, UCI, asked, batch_of, revoking
from tests.unit.revocation.test_tag_list import KID, build

LAST = 253_402_300_799


# Heads


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"participant": "X" * MAX_NAME}, True), ({"participant": "X" * (MAX_NAME + 1)}, False),
        ({"participant": "X"}, True), ({"participant": ""}, False), ({"participant": "X\n"}, False),
        ({"participant": "\u00dc"}, False), ({"kid": b"\1"}, True), ({"kid": b""}, False),
        ({"kid": b"\1" * MAX_NAME}, True), ({"kid": b"\1" * (MAX_NAME + 1)}, False),
        ({"width": 1}, True), ({"width": 64}, True), ({"width": 0}, False), ({"width": 65}, False),
        ({"version": 1}, True), ({"version": 0}, False), ({"version": (1 << 32) - 1}, True),
        ({"version": 1 << 32}, False), ({"created": 0}, True), ({"created": -1}, False),
        ({"created": 5, "expires": 5}, True), ({"created": 6, "expires": 5}, False),
        ({"expires": LAST}, True), ({"expires": LAST + 1}, False),
    ],
)  # fmt: skip
def test_a_head_says_what_it_may(changes: dict[str, Any], good: bool) -> None:
    if good:
        made = build([0, 1], **changes)
        assert TagList.from_bytes(made.to_bytes()) == made
        return
    with pytest.raises(UsageError) as refused:
        build([0, 1], **changes)
    assert refused.value.code == "revocation-head"


def test_a_participant_in_other_letters_is_refused_and_raises_nothing() -> None:
    data = build([1], participant="XXU").to_bytes()
    for other in (b"X\xffU", b"X\nU", b"X\x00U"):
        with pytest.raises(DocumentRefused) as refused:
            TagList.from_bytes(data.replace(b"\3XXU", b"\3" + other))
        assert refused.value.code == "revocation-malformed"


def coded(numbers: Iterable[int], width: int) -> Coded:
    count, data = encode(numbers, width)
    return Coded(data, count, width)


def test_so_many_tags_and_no_more() -> None:
    """The count is looked at before anything is made for so many."""
    with pytest.raises(DocumentRefused):
        Coded(b"", MAX_COUNT + 1, 64)
    for count, width in ((-1, 8), (257, 8), (1, 0), (1, 65), (3, 1)):
        with pytest.raises(DocumentRefused) as refused:
            Coded(b"", count, width)
        assert "width or count" in refused.value.message
    assert len(coded(range(256), 8)) == 256
    assert list(coded([0, 1], 1)) == [0, 1]


@pytest.mark.parametrize("number", [-1, 1 << 8, 1 << 64])
def test_a_number_outside_of_the_width_is_in_no_list(number: int) -> None:
    held = coded([0, 255], 8)
    assert number not in held
    assert held.among([number, 0, 255]) == {0, 255}
    with pytest.raises(ValueError, match="wider"):
        encode([number], 8)


def test_the_first_and_the_last_of_each_block_are_found() -> None:
    numbers = list(range(3, 3 + 7 * BLOCK * 3, 7))
    held = coded(numbers, 20)
    for at in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, len(numbers) - 1):
        assert numbers[at] in held
        assert held.among([numbers[at] - 1, numbers[at], numbers[at] + 1]) == {numbers[at]}
        assert numbers[at] + 1 not in held


def test_blocks_that_are_out_of_order_are_refused_with_the_directory() -> None:
    """Before one is read: a look-up in them would miss what is there."""
    count, data = encode(range(0, 4 * BLOCK, 2), 16)
    first, second = data[1:3], data[3:5]
    for firsts in (second + first, second + second, first + first):
        with pytest.raises(DocumentRefused) as refused:
            Coded(data[:1] + firsts + data[5:], count, 16)
        assert "order" in refused.value.message


def test_a_block_begins_within_the_width_though_octets_have_room() -> None:
    count, data = encode(range(0, 4 * BLOCK, 2), 12)
    for at in (1, 3):
        with pytest.raises(DocumentRefused) as refused:
            Coded(data[:at] + b"\x1f\xff" + data[at + 2 :], count, 12)
        assert "order" in refused.value.message


def test_no_block_is_read_that_holds_nothing_of_what_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = list(range(0, 7 * BLOCK * 5, 7))
    held, read, unpacked = coded(numbers, 20), list[int](), Coded._block

    def block(one: Coded, index: int) -> list[int]:
        read.append(index)
        return unpacked(one, index)

    monkeypatch.setattr(Coded, "_block", block)
    few = [numbers[BLOCK], numbers[BLOCK + 1], numbers[3 * BLOCK]]
    assert held.holds(iter(few))
    assert not held.holds(iter([*few, numbers[3 * BLOCK] + 1, numbers[-1]]))
    assert held.holds(iter(()))
    assert held.among([*few, 1 << 19]) == set(few)
    assert read == [1, 3, 1, 3, 1, 3, 4]


@pytest.mark.parametrize(("size", "why"), [(112, ""), (113, "lengths")])
def test_a_block_is_no_longer_than_one_that_fills_the_range(size: int, why: str) -> None:
    """Of two numbers of 8 bits: 127 gaps of 7 bits and 4 more, in 112 bytes."""
    data = bytes([1, 0, size]) + bytes(size)
    if not why:
        assert Coded(data, 2, 8).count == 2
        return
    with pytest.raises(DocumentRefused) as refused:
        Coded(data, 2, 8)
    assert why in refused.value.message


@pytest.mark.parametrize(
    ("planned", "width"), [(0, 16), (1, 16), (26_214, 16), (26_215, 17), (52_428, 17), (52_429, 18)]
)
def test_tags_are_so_wide_that_two_fifths_at_most_are_in_use(planned: int, width: int) -> None:
    assert width_for(planned) == width
    assert 2 * 2**width >= 5 * planned


# Deltas


def test_a_delta_may_add_nothing() -> None:
    """A list is made anew, and nobody was revoked: its dates are later."""
    held, later = build([1], version=1), build([1], version=2, created=1_001)
    delta = Delta.from_bytes(make(held, later).to_bytes())
    assert delta.added == ()
    assert apply(held, delta) == later
    with pytest.raises(DocumentRefused) as refused:
        Delta.from_bytes(delta.to_bytes()[:-1])
    assert refused.value.code == "revocation-malformed"


def test_of_two_things_that_bar_a_delta_the_key_is_told_first() -> None:
    for other, code in (
        (build([2], version=2, kid=b"\1"), "key"),
        (build([2], version=2, width=40), "key"),
        (build([2], version=1), "order"),
        (build([2], version=2), "removed"),
    ):
        with pytest.raises(UsageError) as refused:
            make(build([1], version=1), other)
        assert refused.value.code == f"revocation-{code}"


def test_a_delta_follows_upon_a_version_from_one_on() -> None:
    lists = [build([1], version=1), build([1, 2], version=2, created=1_001)]
    data = make(*lists).to_bytes()
    assert Delta.from_bytes(data).parent_version == 1
    (at,) = (
        n for n in range(len(data)) if data[n : n + 36] == struct.pack(">I", 1) + lists[0].digest
    )
    for version in (0, 2, 3):
        with pytest.raises(DocumentRefused) as refused:
            Delta.from_bytes(data[:at] + struct.pack(">I", version) + data[at + 4 :])
        assert refused.value.code == "revocation-order"


# Foreign batches


def batch(**changes: Any) -> Any:
    return {
        "country": "XU", "expires": "2027-01-01T00:00:00Z", "kid": "AQIDBAUGBwg=", "hashType": "UCI",
        "entries": [{"hash": "A" * 22 + "=="}], **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True), ({"kid": "AQ"}, True), ({"kid": "AQ=="}, True), ({"kid": "AQIDBAUGBwg"}, True), ({"kid": ""}, False),
        ({"kid": "A" * 84 + "AA"}, True), ({"kid": "A" * 88}, False), ({"kid": 5}, False), ({"kid": None}, False),
        ({"kid": "UNKNOWN_KID"}, True), ({"expires": "1970-01-01T00:00:00Z"}, True),
        ({"expires": "1969-12-31T23:59:59Z"}, False), ({"expires": 5}, False), ({"expires": "soon"}, False),
        ({"country": "xu"}, False), ({"country": "XUX"}, False), ({"country": 5}, False), ({"hashType": "OTHER"}, False),
        ({"entries": []}, False), ({"entries": {}}, False), ({"entries": [{"hash": "A" * 24}]}, False), ({"entries": [5]}, False),
    ],
)  # fmt: skip
def test_a_batch_says_what_it_may(changes: dict[str, Any], good: bool) -> None:
    if good:
        assert foreign.read(batch(**changes)).key.country == "XU"
        return
    with pytest.raises(DocumentRefused) as refused:
        foreign.read(batch(**changes))
    assert refused.value.code == "batch-malformed"


@pytest.mark.parametrize("document", [None, [], "entries", 5])
def test_what_is_no_object_is_no_batch(document: object) -> None:
    with pytest.raises(DocumentRefused) as refused:
        foreign.read(document)
    assert refused.value.code == "batch-malformed"


def test_a_batch_has_so_many_entries_and_no_more() -> None:

    rows = [
        {"hash": base64.b64encode(n.to_bytes(16, "big")).decode()} for n in range(MAX_ENTRIES + 1)
    ]
    assert len(foreign.read(batch(entries=rows[:-1])).hashes) == MAX_ENTRIES
    with pytest.raises(DocumentRefused):
        foreign.read(batch(entries=rows))
    made = foreign.batches(APPROXIMATE, 9, [n.to_bytes(16, "big") for n in range(MAX_ENTRIES + 1)])
    assert [len(one.hashes) for one in made] == [MAX_ENTRIES, 1]
    for size in (15, 17):
        with pytest.raises(ValueError, match="16"):
            list(foreign.batches(APPROXIMATE, 9, [bytes(size)]))


@pytest.mark.parametrize("other", ["x" * 16, 16, None, b"", bytes(15), bytes(17), bytearray(16)])
def test_what_is_no_hash_is_in_no_entries(other: object) -> None:
    assert other not in Entries([bytes(16)])
    assert bytes(16) in Entries([bytes(16)])
    assert b"\xff" * 16 not in Entries([bytes(16)])


@pytest.mark.parametrize("data", [bytes(15), bytes(17), bytes(32), b"\1" * 16 + bytes(16)])
def test_entries_are_sorted_hashes_each_once(data: bytes) -> None:
    assert list(Entries(data=bytes(16) + b"\1" * 16)) == [bytes(16), b"\1" * 16]
    with pytest.raises(ValueError, match="sorted"):
        Entries(data=data)


# Approximate lists


def test_a_slice_tells_how_many_were_put_in() -> None:
    assert read_filter(varhash(HASHES, 4), APPROXIMATE, Form.VARHASHLIST).entries == len(HASHES)
    assert read_filter(bloom(HASHES, 64, 1), APPROXIMATE, Form.BLOOMFILTER).entries == len(HASHES)


def test_shortened_hashes_are_laid_out_as_the_gateways_code_has_it() -> None:
    # version int16, probability float, count int32, bytes of each.
    made = varhash([b"\2" * 16, b"\1" * 16], 4)
    assert made == struct.pack(">hfib", 1, 2.0**-32, 2, 4) + b"\1" * 4 + b"\2" * 4


def test_a_filter_that_says_it_is_empty_explains_no_hit() -> None:
    """All its bits set and no entry told: what hits it is a doubt, and not explained by nothing."""
    made = bloom(HASHES, 64, 1)
    empty = made[:12] + bytes(4) + made[16:]
    hostile = read_filter(empty[:20] + b"\xff" * (len(empty) - 20), APPROXIMATE, Form.BLOOMFILTER)
    assert hostile.entries == 0
    assert hostile.may_hold(HASHES[0])
    assert not hostile.refuted(HASHES[0], Entries())
    assert hostile.refuted(HASHES[1], Entries(HASHES[:1]))


@pytest.mark.parametrize(
    ("count", "current", "words", "good"),
    [
        (1, 0, 1, True), (MAX_HASHES, 0, 1, True), (MAX_HASHES + 1, 0, 1, False), (0, 0, 1, False), (-1, 0, 1, False),
        (1, -1, 1, False), (1, 1, 2, True), (1, 0, 0, False), (1, 0, -1, False),
    ],
)  # fmt: skip
def test_a_filter_has_a_word_and_a_hash_at_least(
    count: int, current: int, words: int, good: bool
) -> None:
    data = struct.pack(">hbbfiii", 1, count, 1, 0.0, 0, current, words) + bytes(4 * max(0, words))
    if good:
        assert not read_filter(data, APPROXIMATE, Form.BLOOMFILTER).may_hold(HASHES[0])
        return
    with pytest.raises(DocumentRefused):
        read_filter(data, APPROXIMATE, Form.BLOOMFILTER)


@pytest.mark.parametrize(
    ("size", "offset", "good"),
    [(4, 0, True), (3, 0, False), (16, 0, True), (15, 1, True), (16, 1, False), (14, 2, True), (4, 3, False), (4, -1, False)],
)  # fmt: skip
def test_shortened_hashes_have_from_4_bytes_to_all(size: int, offset: int, good: bool) -> None:
    data = struct.pack(">hfib", 1, 0.0, 1, size) + bytes(size)
    if good:
        assert read_filter(data, APPROXIMATE, Form.VARHASHLIST, offset).may_hold(bytes(16))
        return
    with pytest.raises(DocumentRefused):
        read_filter(data, APPROXIMATE, Form.VARHASHLIST, offset)


# What one source says beside another


def slices(*texts: bytes, kid: bytes | None = None) -> list[Slice]:
    key = Key("XU", kid, HashType.UCI)
    return [read_filter(varhash([text.ljust(16)], 4), key, Form.VARHASHLIST) for text in texts]


@pytest.mark.parametrize("offset", [True, 1.0, "1", None])
def test_an_offset_in_rows_is_a_number_and_nothing_that_equals_one(offset: object) -> None:
    rows = to_rows(Revocations(slices=[slice_at(1)]))
    assert rows is not None
    assert from_rows(rows).slices == (slice_at(1),)
    row = rows["slices"][0]
    assert isinstance(row, list)
    row[4] = offset
    with pytest.raises((TypeError, ValueError, DocumentRefused)):
        from_rows(rows)


def slice_at(offset: int) -> Slice:
    return read_filter(varhash(HASHES, 4, offset), APPROXIMATE, Form.VARHASHLIST, offset)


def test_what_either_source_has_revoked_is_revoked() -> None:
    batches = [
        Revocations().with_batches(batch_of(kind)) for kind in (HashType.UCI, HashType.SIGNATURE)
    ]
    for one, other in (batches, reversed(batches)):
        both = one.with_others(other)
        assert both.exact == {**batches[0].exact, **batches[1].exact}
        assert both.find(asked(UCI)) is Code.REVOKED
    hashed = [Entries([bytes(16)]), Entries([b"\1" * 16])]
    key = Key("XU", None, HashType.UCI)
    held = Revocations(exact={key: hashed[0]}).with_others(Revocations(exact={key: hashed[1]}))
    assert list(held.exact[key]) == [bytes(16), b"\1" * 16]
    own, others = slices(b"one"), slices(b"other")
    assert set(Revocations(slices=own).with_others(Revocations(slices=others)).slices) == {
        *own,
        *others,
    }


def test_of_two_lists_of_one_key_the_later_ages_and_both_revoke() -> None:
    early, late = revoking(UCI, version=1), revoking(OTHER, version=2, created=1_001)
    both = Revocations()
    for one, other in ((early, late), (late, early)):
        both = Revocations([one]).with_others(Revocations([other]))
        assert both.lists == {(KID, early.head.participant): late}
        assert both.beside == (early,)
        assert both.find(asked(UCI)) is both.find(asked(OTHER)) is Code.REVOKED
    third = revoking("URN:UVCI:01:XU:3", version=1, created=999)
    all_three = both.with_others(Revocations([third]))
    assert set(all_three.beside) == {early, third}
    again = Revocations([third]).with_others(both)
    assert set(again.beside) == {early, third}
    assert Revocations([early]).with_others(Revocations([early])).beside == ()


def test_what_is_beside_stands_in_one_order_by_key_and_the_newest_first() -> None:
    lists = [
        revoking(UCI, version=version, kid=kid, participant=name)
        for name in ("XXU", "XU") for kid in (b"\1", b"\2") for version in (3, 5, 4)
    ]  # fmt: skip
    orders = {
        Revocations(beside=rows).beside for rows in (lists, lists[::-1], lists[5:] + lists[:5])
    }
    (order,) = orders
    names = [(one.head.kid, one.head.participant, -one.head.version) for one in order]
    assert names == sorted(names)
    assert len(order) == len(lists)


def test_slices_stand_in_one_order_by_all_that_they_are() -> None:
    rows = [*slices(b"b", b"a"), *slices(b"b", b"a", kid=b"\2"), *slices(b"a", kid=b"\1")]
    orders = {Revocations(slices=some).slices for some in (rows, rows[::-1], rows[2:] + rows[:2])}
    (order,) = orders
    assert [(one.key.kid or b"", one.data) for one in order] == sorted(
        (one.key.kid or b"", one.data) for one in rows
    )
    held = Revocations(slices=rows)
    assert from_rows(to_rows(held)) == held


def test_whatever_is_held_is_something() -> None:

    assert not Revocations()
    assert Revocations([revoking(UCI)])
    assert Revocations().with_batches(batch_of(HashType.UCI))
    assert Revocations(slices=[slice_at(1)])


def test_no_number_stands_at_the_end_of_one_block_and_at_the_beginning_of_the_next() -> None:
    numbers = [*range(BLOCK), BLOCK - 1, BLOCK + 5]
    with pytest.raises(ValueError, match="order"):
        tag_list.encode_ordered(iter(numbers), len(numbers), 16)


@pytest.mark.parametrize("bits", [7, 1000, 1 << 10])
def test_a_place_in_a_filter_is_javas(bits: int) -> None:
    """Its BigInteger of a digest has a sign, and its mod has none."""
    for entry in (b"a", b"b", b"c", b"d"):
        for seed, found in enumerate(foreign._indexes(entry, 4, bits)):
            digest = int(hashlib.sha256(entry + bytes([seed])).hexdigest(), 16)
            signed = digest - (1 << 256) if digest >> 255 else digest
            assert found == (signed % bits + bits) % bits


def test_what_is_malformed_says_what_cannot_be_used() -> None:
    assert tag_list.malformed("why").message == "the revocation list cannot be used: why"
