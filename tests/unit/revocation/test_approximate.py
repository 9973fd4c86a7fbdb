"""Approximate lists: what was put in is always hit; what hits by chance is never believed alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.revocation.foreign import (
    Entries,
    Form,
    HashType,
    Key,
    Slice,
    bloom,
    read_filter,
    varhash,
)

KEY = Key("XU", None, HashType.UCI)
HELD = [sha256(bytes([number])).digest()[:16] for number in range(40)]
OTHERS = [sha256(b"other" + bytes([number])).digest()[:16] for number in range(200)]


@pytest.mark.parametrize("offset", [0, 1, 2])
@pytest.mark.parametrize("size", [4, 8, 14])
def test_shortened_hashes_hit_what_was_put_in(size: int, offset: int) -> None:
    made = read_filter(varhash(HELD, size, offset), KEY, Form.VARHASHLIST, offset)
    assert all(map(made.may_hold, HELD))
    assert not any(map(made.may_hold, OTHERS))


def test_a_bloom_filter_hits_what_was_put_in() -> None:
    made = read_filter(bloom(HELD, 4096, 20), KEY, Form.BLOOMFILTER)
    assert all(map(made.may_hold, HELD))
    assert sum(map(made.may_hold, OTHERS)) == 0


def test_a_bloom_filter_is_laid_out_as_the_gateways_code_has_it() -> None:
    # version int16, k, strategy, p, planned, current, words: k before the strategy.
    made = bloom([bytes(16)], 64, 1)
    assert made[:4] == b"\0\1\1\1"
    assert made[8:20] == b"\0\0\0\1\0\0\0\1\0\0\0\2"
    assert len(made) == 20 + 8
    index = int.from_bytes(sha256(bytes(17)).digest(), "big", signed=True) % 64
    words = [int.from_bytes(made[at : at + 4], "big") for at in (20, 24)]
    assert words[index // 32] == 1 << (31 - (index % 32 - 1) % 32)
    assert words[1 - index // 32] == 0


def test_a_shortened_hash_is_explained_by_an_entry_that_looks_the_same() -> None:
    made = read_filter(varhash(HELD, 4), KEY, Form.VARHASHLIST)
    twin = HELD[0][:4] + bytes(12)
    assert made.may_hold(twin)
    assert made.refuted(twin, Entries(HELD))
    assert not made.refuted(twin, Entries(HELD[1:]))
    assert not made.refuted(twin, Entries())


def test_a_bloom_hit_is_explained_by_all_entries_only() -> None:
    made = read_filter(bloom(HELD, 64, 1), KEY, Form.BLOOMFILTER)
    hit = next(filter(made.may_hold, OTHERS))
    assert made.refuted(hit, Entries(HELD))
    assert not made.refuted(hit, Entries(HELD[1:]))
    assert not made.refuted(hit, Entries())


GOOD = varhash(HELD, 4)
FILTER = bloom(HELD, 256, 3)


@pytest.mark.parametrize(
    ("data", "form", "offset"),
    [
        (b"", Form.VARHASHLIST, 0), (GOOD[:-1], Form.VARHASHLIST, 0),
        (GOOD + b"\0", Form.VARHASHLIST, 0), (GOOD, Form.VARHASHLIST, 3),
        (GOOD, Form.VARHASHLIST, -1), (varhash(HELD, 3), Form.VARHASHLIST, 0),
        (varhash(HELD, 16), Form.VARHASHLIST, 1), (GOOD[:11] + GOOD[:10:-1], Form.VARHASHLIST, 0),
        (b"", Form.BLOOMFILTER, 0), (FILTER[:-1], Form.BLOOMFILTER, 0),
        (FILTER + b"\0", Form.BLOOMFILTER, 0), (FILTER[:16] + bytes(4), Form.BLOOMFILTER, 0),
        (FILTER[:2] + b"\0" + FILTER[3:], Form.BLOOMFILTER, 0),
        (FILTER[:2] + b"\x7f" + FILTER[3:], Form.BLOOMFILTER, 0), (GOOD, Form.BLOOMFILTER, 0),
    ],
)  # fmt: skip
def test_what_is_no_slice_is_refused(data: bytes, form: Form, offset: int) -> None:
    with pytest.raises(DocumentRefused) as caught:
        read_filter(data, KEY, form, offset)
    assert caught.value.code == "slice-malformed"


@given(st.binary(max_size=100), st.sampled_from(Form), st.binary(min_size=16, max_size=16))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes, form: Form, entry: bytes) -> None:
    for hostile in (data, GOOD[:11] + data, FILTER[:20] + data):
        try:
            found = read_filter(hostile, KEY, form)
        except DocumentRefused:
            continue
        assert isinstance(found, Slice)
        found.may_hold(entry)
        found.refuted(entry, Entries([entry]))
