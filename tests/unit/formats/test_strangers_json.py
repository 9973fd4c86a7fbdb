"""JSON of strangers: read in one way and within limits, or refused with the code of what was wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.findings import Code
from pratique.formats.fields import strangers_json

LIMITS, TWICE, INVALID = Code.JSON_LIMITS, Code.JSON_DUPLICATE_KEY, Code.JSON_INVALID


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a":1,"a":1}', TWICE),
        (b'{"a":{"b":1,"\\u0062":2}}', TWICE),
        (b"[" * 17 + b"]" * 17, LIMITS),
        (b"[" * 100_000, LIMITS),
        (b"[" * 60_000 + b"]" * 60_000, LIMITS),
        (b"[" + b"1," * 20_001 + b"1]", LIMITS),
        (b'"' + b"x" * 70_000 + b'"', LIMITS),
        (b"[NaN]", LIMITS),
        (b"[-Infinity]", LIMITS),
        (b"1e999", LIMITS),
        (b"9" * 301, LIMITS),
        (b"\xef\xbb\xbf{}", INVALID),
        ("\ufeff{}", INVALID),
        (b'"\\ud800"', INVALID),
        ("\ud800", INVALID),
        (b"\xff", INVALID),
        (b"{}{}", INVALID),
        (b"{'a':1}", INVALID),
        (b"", INVALID),
        (b"\x00", INVALID),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(data: bytes | str, code: Code) -> None:
    assert strangers_json(data) is code


@pytest.mark.parametrize(
    "data", [b"[1.5]", b"[1e3]", b"[9007199254740993]", b"[-9007199254740993]"]
)
def test_numbers_of_several_writings_are_refused_where_the_writing_is_signed(data: bytes) -> None:
    assert not isinstance(strangers_json(data), Code)
    assert strangers_json(data, plain=True) is LIMITS


def test_limits_are_the_callers() -> None:
    assert strangers_json(b"[[1]]", deepest=2) == [[1]]
    assert strangers_json(b"[[1]]", deepest=1) is LIMITS
    assert strangers_json(b"[1,2,3]", most=4) == [1, 2, 3]
    assert strangers_json(b"[1,2,3]", most=3) is LIMITS
    assert strangers_json(b"[1]", longest=3) == [1]
    assert strangers_json(b"[1]", longest=2) is LIMITS


def test_brackets_in_texts_are_no_levels() -> None:
    assert strangers_json(json.dumps({"a": "[{" * 50})) == {"a": "[{" * 50}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abé", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_what_is_within_the_limits_is_read_as_it_is(value: Any) -> None:
    assert strangers_json(json.dumps(value), plain=True) == value


@given(st.binary() | st.text() | st.text('{}[]",:0123456789eE.\\ud-', max_size=60))
def test_nothing_raises(data: bytes | str) -> None:
    strangers_json(data)
