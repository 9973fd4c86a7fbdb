"""Untrusted CBOR: what comes out is plain, and what is odd has its own code."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto.cbor import DEPTH, NODES, SIZE, TAGS, WELL_FORMED, loads, scan
from pratique.findings import Code
from tools import grammar
from tools.vectors import content
from tools.vectors.layers import cbor, claims

GOOD = cbor(claims(content.vaccinated()))


def test_a_certificate_s_claims_are_read() -> None:
    assert loads(GOOD) == claims(content.vaccinated())
    assert scan(GOOD) is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", Code.CBOR_MALFORMED),
        ("18", Code.CBOR_MALFORMED),
        ("1b00", Code.CBOR_MALFORMED),
        ("1c", Code.CBOR_MALFORMED),
        ("1d", Code.CBOR_MALFORMED),
        ("1e", Code.CBOR_MALFORMED),
        ("1f", Code.CBOR_MALFORMED),
        ("3f", Code.CBOR_MALFORMED),
        ("df", Code.CBOR_MALFORMED),
        ("ff", Code.CBOR_MALFORMED),
        ("61", Code.CBOR_MALFORMED),
        ("61ff", Code.CBOR_MALFORMED),
        ("62c328", Code.CBOR_MALFORMED),
        ("63eda080", Code.CBOR_MALFORMED),
        ("81", Code.CBOR_MALFORMED),
        ("a1", Code.CBOR_MALFORMED),
        ("a101", Code.CBOR_MALFORMED),
        ("9f", Code.CBOR_MALFORMED),
        ("9f01", Code.CBOR_MALFORMED),
        ("bf01ff", Code.CBOR_MALFORMED),
        ("5f6161ff", Code.CBOR_MALFORMED),
        ("5f5f4101ffff", Code.CBOR_MALFORMED),
        ("7f4101ff", Code.CBOR_MALFORMED),
        ("f818", Code.CBOR_MALFORMED),
        ("f8", Code.CBOR_MALFORMED),
        ("f97e", Code.CBOR_MALFORMED),
        ("c1", Code.CBOR_MALFORMED),
        ("7b7fffffffffffffff", Code.CBOR_MALFORMED),
        ("9bffffffffffffffff", Code.CBOR_MALFORMED),
        ("bbffffffffffffffff", Code.CBOR_MALFORMED),
        ("0000", Code.CBOR_TRAILING),
        ("a0a0", Code.CBOR_TRAILING),
        ("8000", Code.CBOR_TRAILING),
        ("a201020103", Code.CBOR_DUPLICATE_KEY),
        ("a2616101616102", Code.CBOR_DUPLICATE_KEY),
        ("bf01020103ff", Code.CBOR_DUPLICATE_KEY),
        ("81a201020103", Code.CBOR_DUPLICATE_KEY),
        ("a201021801 03".replace(" ", ""), Code.CBOR_DUPLICATE_KEY),
        ("a20102f93c0003", Code.CBOR_DUPLICATE_KEY),
        ("a20102f503", Code.CBOR_DUPLICATE_KEY),
        ("c249010000000000000000", Code.CBOR_INTEGER),
        ("c349010000000000000000", Code.CBOR_INTEGER),
        ("c241ff", Code.CBOR_INTEGER),
        *[(f"{tag}", Code.CBOR_TAG) for tag in (
            "c4820101", "c5820101", "d818410a", "d81c80", "d81d00", "d82361", "d8246161", "d82550" + "00" * 16,
            "d9d9f700", "d9010280", "d9a7f800", "db000000010000000000", "d16100", "d8628400",
        )],
    ],
    ids=lambda value: value.name if isinstance(value, Code) else value or "empty",
)  # fmt: skip
def test_what_is_odd_has_its_code(data: str, code: Code) -> None:
    assert loads(bytes.fromhex(data)) is code


def nested(levels: int, head: bytes = b"\x81") -> bytes:
    return head * levels + b"\0"


@pytest.mark.parametrize("head", [b"\x81", b"\xa1\0", b"\xc1"])
def test_nesting_is_bounded_and_the_bound_itself_is_allowed(head: bytes) -> None:
    assert scan(nested(DEPTH, head)) is None
    assert not isinstance(loads(nested(DEPTH - 1, head)), Code)
    for levels in (DEPTH + 1, 100, 5000):
        assert scan(nested(levels, head)) is Code.CBOR_DEPTH
        assert loads(nested(levels, head)) is Code.CBOR_DEPTH


def test_parts_are_bounded_and_the_bound_itself_is_allowed() -> None:
    assert loads(cbor([0] * (NODES - 1))) == [0] * (NODES - 1)
    assert loads(cbor([0] * NODES)) is Code.CBOR_SIZE
    assert loads(cbor([0] * (SIZE - 10))) is Code.CBOR_SIZE


def test_bytes_are_bounded_and_the_bound_itself_is_allowed() -> None:
    assert loads(cbor(b"\0" * (SIZE - 3))) == b"\0" * (SIZE - 3)
    assert loads(cbor(b"\0" * (SIZE - 2))) is Code.CBOR_SIZE


DATE, SECONDS = "2026-02-20T00:00:00Z", 1_795_000_000


def tagged(tag: int, value: object) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, value))


@pytest.mark.parametrize(("tag", "value"), [(0, DATE), (0, "2026-02-20"), (1, SECONDS), (1, 1.5)])
def test_the_tags_that_may_occur_are_looked_through(tag: int, value: object) -> None:
    assert tag in TAGS
    assert loads(tagged(tag, value)) == value


@pytest.mark.parametrize(
    ("tag", "value"),
    [(0, "Sampleová"), (0, ""), (0, SECONDS), (0, [DATE]), (0, b"2026-02-20"), (0, None),
     (1, DATE), (1, [SECONDS]), (1, None), (1, True), (18, [b"", {}, b"x", b"y"]), (18, DATE), (61, SECONDS),
     (61, {1: "XU"})],
)  # fmt: skip
def test_a_tag_stands_only_before_what_it_is_for(tag: int, value: object) -> None:
    """Else a reader that knows the tag sees another value than one that looks through it."""
    for data in (tagged(tag, value), cbor({"x": [cbor2.CBORTag(tag, value)]})):
        assert loads(data) is Code.CBOR_TAG
        assert scan(data) is Code.CBOR_TAG


@pytest.mark.parametrize("tag", [0, 1])
def test_no_key_is_tagged(tag: int) -> None:
    data = b"\xa1" + tagged(tag, DATE if tag == 0 else SECONDS) + b"\x00"
    assert isinstance(loads(data), Code)


ODD = [
    "f5",
    "f4",
    "f93c00",
    "fa3f800000",
    "fb3ff0000000000000",
    "f97e00",
    "fb7ff8000000000001",
    "f90000",
]
"""Keys that are 1 or 0 to some readers: true, false, 1.0 three times, NaN twice, 0.0."""


@pytest.mark.parametrize("key", ODD)
@pytest.mark.parametrize(
    "shape", ["a1{}00", "a2{}0061780 0", "81a1{}00", "a1617aa1{}00", "a2{0}00{0}01"]
)
def test_no_key_is_another_ones_equal(key: str, shape: str) -> None:
    data = bytes.fromhex(shape.replace(" ", "").format(key))
    assert loads(data) is Code.CBOR_DUPLICATE_KEY
    assert scan(data) is Code.CBOR_DUPLICATE_KEY


def test_keys_that_are_nobodys_equal_are_left_as_they_are() -> None:
    found = {1: 0, "1": 0, 1.5: 0, None: 0, b"1": 0, -260: 0}
    assert loads(cbor(found)) == found


@pytest.mark.parametrize("tag", [n for n in range(300) if n not in TAGS])
def test_every_other_tag_is_refused(tag: int) -> None:
    found = loads(cbor2.dumps(cbor2.CBORTag(tag, "x")))
    assert found is (Code.CBOR_INTEGER if tag in (2, 3) else Code.CBOR_TAG)


@pytest.mark.parametrize(
    "value", [2**63, 2**64 - 1, -(2**63) - 1, -(2**64), 0, -1, 1.5, "\U0001f489", b""]
)
def test_every_plain_value_is_read(value: Any) -> None:
    assert loads(cbor(value)) == value


def test_a_number_that_is_none_is_read_as_what_it_is() -> None:
    found = loads(cbor(math.nan))
    assert isinstance(found, float)
    assert math.isnan(found)


END = bytes.fromhex("1bf09f9492e280a6ff")
"""The number that the reader itself appends to see where the input ends."""


@pytest.mark.parametrize(
    "data", [END, b"\x82" + END, b"\x81" + END, cbor(END), b"\xc1" + END, GOOD + END, b"\x82\0" + END, END * 2]
)  # fmt: skip
def test_the_reader_s_own_mark_deceives_nobody(data: bytes) -> None:
    found, walked = loads(data), scan(data)
    if walked is not None:
        assert found is walked
    else:
        assert isinstance(found, Code) or found == cbor2.loads(data)


def plain(value: object) -> bool:
    match value:
        case dict():
            return all(plain(k) and plain(v) for k, v in value.items())
        case list() | tuple():
            return all(map(plain, value))
        case int():
            return -(2**64) <= value < 2**64
        case cbor2.CBORTag():
            return False
        case _:
            return value is None or type(value).__name__ in (
                "str", "bytes", "float", "undefined_type", "UndefinedType", "CBORSimpleValue",
                "frozendict", "FrozenDict", "break_marker_type",
            )  # fmt: skip


@given(st.integers(0, 2**32))
def test_whatever_comes_out_is_plain_and_whatever_is_refused_has_a_code(seed: int) -> None:
    draw = Random(seed)
    for data in (grammar.octets(draw, 0), grammar.dumps(grammar.value(draw, 4))):
        found = loads(data)
        assert isinstance(found, Code) or plain(found), type(found)


def holds_nan_keys(value: object) -> bool:
    match value:
        case dict():
            keys = [k for k in value if isinstance(k, float) and math.isnan(k)]
            return bool(keys) or any(map(holds_nan_keys, value.values()))
        case list() | tuple():
            return any(map(holds_nan_keys, value))
    return False


@given(st.integers(0, 2**32))
def test_the_walk_accepts_all_that_is_read(seed: int) -> None:
    """Two NaN are two keys as values and one as bytes: the one case in which the two differ."""
    draw = Random(seed)
    data = grammar.octets(draw, 0)
    found = loads(data)
    if not isinstance(found, Code) and not holds_nan_keys(found):
        assert scan(data) is None


@given(st.binary(max_size=64))
def test_no_bytes_raise(data: bytes) -> None:
    loads(data)
    assert scan(data) is None or isinstance(scan(data), Code)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_damaged_claims_are_read_or_refused_the_same_by_both(at: int, value: int) -> None:
    data = bytearray(GOOD)
    data[at] = value
    found, walked = loads(bytes(data)), scan(bytes(data))
    assert (walked is None) or found is walked


def test_well_formedness_alone_lets_tags_and_twice_written_keys_pass() -> None:
    for data in ("c4820101", "a201020103", "d9d9f700", "c249010000000000000000"):
        assert scan(bytes.fromhex(data), WELL_FORMED) is None
    assert scan(bytes.fromhex("ff"), WELL_FORMED) is Code.CBOR_MALFORMED
    assert scan(cbor([0] * (NODES + 1)), WELL_FORMED) is None
