"""An HC1 text is taken apart within bounds, and each layer says its own fault."""

from __future__ import annotations

import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import formats
from pratique.findings import Code, Finding
from pratique.formats import Envelope, hcert
from tools.vectors import content
from tools.vectors.layers import claims, hc1, pack, signed, text

GOOD = text(claims(content.vaccinated()))
MESSAGE = signed(claims(content.vaccinated()))


def code(made: str) -> Code:
    found = hcert.unwrap(made)
    assert isinstance(found, Finding)
    assert found.where == ""
    return found.code


def test_a_good_text_becomes_an_envelope_that_is_not_read() -> None:
    found = hcert.unwrap(GOOD)
    assert isinstance(found, Envelope)
    assert repr(found) == "<Envelope: not shown>"


def test_a_text_may_be_as_long_as_the_largest_code_and_no_longer() -> None:
    longest = "HC1:" + "0" * 4292  # ISO/IEC 18004 §7: 4296 in all
    assert code(longest) is not Code.TEXT_TOO_LONG
    assert code(longest + "0") is Code.TEXT_TOO_LONG


@pytest.mark.parametrize("size", [16_383, 16_384, 16_385, 1_000_000])
def test_unpacking_stops_at_its_bound(size: int) -> None:
    expected = Code.COMPRESSION_BOMB if size > 16_384 else Code.CBOR_TRAILING
    assert code(hc1(pack(b"\0" * size))) is expected


def test_a_stream_that_ends_early_is_damage_and_no_bomb() -> None:
    packed = pack(MESSAGE)
    for end in range(len(packed)):
        assert code(hc1(packed[:end])) is Code.COMPRESSION_INVALID


def test_a_long_stream_that_ends_early_is_damage_and_no_bomb() -> None:
    packed = zlib.compress(bytes(hcert.MAX_UNPACKED - 1), 0)
    assert len(packed) > hcert.MAX_UNPACKED - 1
    short = zlib.compress(bytes(2000), 0)[:-4]
    assert code(hc1(short)) is Code.COMPRESSION_INVALID


@given(st.binary(min_size=1, max_size=64))
def test_whatever_is_appended_is_seen(more: bytes) -> None:
    assert code(hc1(pack(MESSAGE) + more)) is Code.COMPRESSION_TRAILING


@pytest.mark.parametrize("layer", ["\n", " ", "0"])
def test_whatever_is_appended_to_the_text_is_seen(layer: str) -> None:
    if not isinstance(hcert.unwrap(GOOD + layer), Finding):
        pytest.fail("a longer text was read")


@given(st.text() | st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_no_text_raises(anything: str) -> None:
    assert isinstance(hcert.unwrap("HC1:" + anything), Finding | Envelope)


def test_the_format_is_chosen_by_its_prefix() -> None:
    assert formats.FORMATS[GOOD[:4]] is hcert
    assert formats.of(GOOD) is None
    for scheme, begun in (
        ("shc", "shc:/5676"),
        ("nzcp", "NZCP:/1/2KCE"),
        ("two_d_doc", "DC04FR0000011"),
    ):
        assert formats.of(begun) is sys.modules[f"pratique.formats.{scheme}"]
    for other in ("", "HC1", "hc1:", "XHC1:", "dc04"):
        assert formats.of(other) is None
