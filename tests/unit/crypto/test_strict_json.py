"""Untrusted JSON: counted before it is parsed, and read in one way only."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import strict_json
from pratique.strict_json import DEPTH, DIGITS, loads

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\[]{},:\U0001f600'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('a"\\[{'), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(TREES, st.booleans())
def test_what_is_json_is_read_as_it_is(tree: object, ascii_only: bool) -> None:
    assert loads(json.dumps(tree, ensure_ascii=ascii_only).encode()) == tree


def test_a_byte_order_mark_is_let_pass() -> None:
    assert loads(b"\xef\xbb\xbf[1]") == [1]


def nested(depth: int, shape: str) -> bytes:
    if shape == "lists":
        return b"[" * depth + b"]" * depth
    if shape == "objects":
        return b'{"a":' * depth + b"1" + b"}" * depth
    return b'[{"a]":' * (depth // 2) + b"1" + b"}]" * (depth // 2)


@pytest.mark.parametrize("shape", ["lists", "objects"])
def test_the_deepest_is_read_and_one_deeper_is_not(shape: str) -> None:
    loads(nested(DEPTH, shape))
    with pytest.raises(ValueError, match="deep"):
        loads(nested(DEPTH + 1, shape))


@pytest.mark.parametrize("depth", [490, 5_000, 100_000])
@pytest.mark.parametrize("shape", ["lists", "objects", "both"])
def test_depth_is_refused_before_any_parser_sees_it(
    shape: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json, "loads", pytest.fail)
    with pytest.raises(ValueError, match=r"deep|many"):
        loads(nested(depth, shape))


def test_depth_is_the_same_whatever_the_interpreter_s_own_limit_is() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit * 20)
    try:
        with pytest.raises(ValueError, match="deep"):
            loads(nested(490, "lists"))
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "text",
    [
        '["%s"]' % ("[{" * 500),
        r'["\"%s"]' % ("[{" * 500),
        r'["\\\"%s"]' % ("[{" * 500),
        r'{"\\":"%s\\"}' % ("[" * 500),
        json.dumps("[" * 500 + '"' + "[" * 500),
    ],
)
def test_brackets_in_strings_are_no_depth(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)


def test_a_string_that_ends_where_it_seems_not_to_hides_no_depth() -> None:
    # The quote after two backslashes ends the string.
    with pytest.raises(ValueError, match="deep"):
        loads(rb'["\\",' + nested(490, "lists") + b"]")


@pytest.mark.parametrize("hidden", [rb'"\\"', rb'"\\\""', b'"a"', b'""'])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_nothing_hides_where_one_piece_of_the_count_ends(
    hidden: bytes, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_json, "_CHUNK", 3)
    with pytest.raises(ValueError, match="deep"):
        loads(b"[" + b" " * before + hidden + b"," + nested(65, "objects") + b"]")
    assert loads(b"[" + b" " * before + hidden + b',"' + b"[" * 99 + b'"]')


@given(TREES)
def test_no_value_is_left_out_of_the_count(tree: object) -> None:
    data = json.dumps(tree).encode()
    values = _values(tree)
    with pytest.raises(ValueError, match="many"):
        loads(data, most=values - 1)


def _values(tree: object) -> int:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return 1 + sum(map(_values, inner))


def test_as_many_values_as_may_be_are_read() -> None:
    assert len(loads(b"[" + b",".join([b"0"] * 999) + b"]", most=1000)) == 999
    with pytest.raises(ValueError, match="many"):
        loads(b"[" + b",".join([b"0"] * 1000) + b"]", most=1000)
    assert loads(b'["' + b"," * 1000 + b'"]', most=10)


@pytest.mark.parametrize(
    "text",
    [
        "NaN", "[Infinity]", "-Infinity", "1e999", "-1e999", "[1E400]", "9" * 5_000, "9" * (DIGITS + 1),
        '{"a":1,"a":2}', '{"a":1,"\\u0061":1}', r'"\ud800"', r'{"\udfff":1}', r'"\ud83d\ud83d\ude00"',
        r'"\ude00\ud83d"', r'"\\\ud800"', '"\ud800"', "", "[", "nul", "[1]]", "\x00", "'a'",
    ],
)  # fmt: skip
def test_what_has_no_one_reading_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whose words depend on the parser
        loads(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "text",
    [r'"\ud83d\ude00"', r'"\\ud800"', r'"\\\\udfff"', r'"\uD83D\uDE00\ud83d\ude00"', "9" * 300],
)
def test_what_looks_like_it_is_read(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)
