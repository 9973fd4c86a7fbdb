"""Base32 is read as the standard library writes it, without its padding."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats import base32


@given(st.binary(min_size=1, max_size=200))
def test_what_is_written_is_read(data: bytes) -> None:
    text = base64.b32encode(data).decode().rstrip("=")
    assert base32.decode(text) == data
    assert base32.decode(text + "=") is None
    if len(text) % 8:
        # Its last bits mean nothing, and are zero.
        assert base32.decode(text[:-1] + chr(ord(text[-1]) + 1)) is None
    assert base32.decode(text.lower()) == (data if text.isdigit() else None)


@pytest.mark.parametrize(
    "text", ["", "A", "ABC", "ABCDEF", "ABCDEFG1", "ABCDEF G", "ABCDEF_G", "ABCDEFG\n"]
)
def test_what_is_no_base32_is_none(text: str) -> None:
    assert base32.decode(text) is None


@given(st.text(max_size=20))
def test_no_text_raises(text: str) -> None:
    found = base32.decode(text)
    assert found is None or base64.b32encode(found).decode().rstrip("=") == text
