"""Base45: one text for one string of bytes, and no other text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats import base45
from tools.vectors import layers

ALPHABET = base45.ALPHABET.decode()


def read(text: str) -> bytes | None:
    found = base45.decode(text)
    return None if found is None else bytes(found)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"),
        (b"", ""), (b"\0", "00"), (b"\xff", "U5"), (b"\xff\xff", "FGW"), (b"\0\0", "000"),
    ],
)  # fmt: skip
def test_the_specification_s_examples_hold(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert read(text) == data


@given(st.binary(max_size=400))
def test_what_was_written_is_read_again(data: bytes) -> None:
    text = base45.encode(data)
    assert read(text) == data
    assert text == layers.base45(data)


@given(st.text(alphabet=ALPHABET, max_size=40) | st.text(max_size=20))
def test_no_other_text_has_the_same_bytes(text: str) -> None:
    found = base45.decode(text)
    assert found is None or base45.encode(bytes(found)) == text


@pytest.mark.parametrize(
    "text",
    ["0", "0000", "GGW", ":::", "V5", "::", "FGX", "abc", "0a0", "00\n", "000\n", "\n", " \t0", "\u212a00", "\uff1000",
     "00\u0660", "0\x000", "\ud80000", "é00", "00=", "00_", "\x7f00", "\x8000"],
    ids=ascii,
)  # fmt: skip
def test_what_nobody_writes_is_not_read(text: str) -> None:
    assert base45.decode(text) is None


def test_every_character_but_the_45_is_refused_at_every_place() -> None:
    for character in map(chr, range(256)):
        for place in range(3):
            text = "0" * place + character + "0" * (2 - place)
            assert (base45.decode(text) is None) is (
                character not in ALPHABET or (place == 2 and ALPHABET.index(character) > 32)
            )


@pytest.mark.parametrize("size", [base45.MAX_CHARACTERS - 1, base45.MAX_CHARACTERS])
def test_a_text_is_read_up_to_its_bound(size: int) -> None:
    text = "0" * (size // 3 * 3)
    assert read(text) == bytes(size // 3 * 2)
    assert base45.decode("0" * (base45.MAX_CHARACTERS // 3 * 3 + 3)) is None
