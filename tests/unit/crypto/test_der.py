"""DER is read strictly: every byte is accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import asn1


def test_reads_values_in_a_row() -> None:
    values = asn1.children(bytes.fromhex("0201010500"))
    assert [value.tag for value in values] == [asn1.INTEGER, asn1.NULL]
    assert asn1.integer(values[0]) == 1


@pytest.mark.parametrize(
    "octets",
    ["", "30", "3001", "3080", "308100", "30810100", "3085000000000100", "300000", "1f0100", "02"],
)
def test_what_is_not_der_is_refused(octets: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        asn1.read_one(bytes.fromhex(octets), asn1.SEQUENCE)


@pytest.mark.parametrize(
    ("octets", "dotted"),
    [
        ("0603551d25", "2.5.29.37"),
        ("060b2b060104018e378f650101", "1.3.6.1.4.1.1847.2021.1.1"),
        ("0603883703", "2.999.3"),
        ("060100", "0.0"),
    ],
)
def test_reads_object_identifiers(octets: str, dotted: str) -> None:
    assert asn1.oid(asn1.read_one(bytes.fromhex(octets), asn1.OID)) == dotted


@pytest.mark.parametrize("octets", ["0600", "060180", "06028001", "06022b80"])
def test_refuses_object_identifiers_that_two_readers_could_read_otherwise(octets: str) -> None:
    with pytest.raises(ValueError, match="object identifier"):
        asn1.oid(asn1.read_one(bytes.fromhex(octets), asn1.OID))


def test_no_object_identifier_keeps_its_reader_busy() -> None:
    """To read one is quadratic in its length: 700,000 octets, as a message may hold, took minutes."""
    longest = b"\x2a" + b"\xff" * (asn1.MAX_OID - 2) + b"\x01"
    assert asn1.oid(asn1.Tlv(asn1.OID, longest, b"")).startswith("1.2.")
    with pytest.raises(ValueError, match="too long"):
        asn1.oid(asn1.Tlv(asn1.OID, longest + b"\x01", b""))


@pytest.mark.parametrize("form", ["definite", "indefinite"])
def test_no_crowd_of_values_keeps_its_reader_busy(form: str) -> None:
    def wrapped(count: int) -> bytes:
        inside = b"\x05\0" * (count - 1)
        if form == "definite":
            return asn1.write(asn1.SEQUENCE, inside)
        return b"\x30\x80" + inside + b"\0\0"

    der = asn1.write(asn1.SEQUENCE, b"\x05\0" * (asn1.MAX_VALUES - 1))
    assert asn1.to_der(wrapped(asn1.MAX_VALUES)) == der
    with pytest.raises(ValueError, match="too many"):
        asn1.to_der(wrapped(asn1.MAX_VALUES + 1))


@pytest.mark.parametrize("octets", ["0300", "030108", "030101", "03020101"])
def test_refuses_malformed_bit_strings(octets: str) -> None:
    with pytest.raises(ValueError, match="bit"):
        asn1.bits(asn1.read_one(bytes.fromhex(octets), asn1.BIT_STRING))


@pytest.mark.parametrize("octets", ["0200", "02020001", "0202ff80"])
def test_refuses_padded_integers(octets: str) -> None:
    with pytest.raises(ValueError, match="integer"):
        asn1.integer(asn1.read_one(bytes.fromhex(octets), asn1.INTEGER))


@given(st.binary(max_size=64))
def test_nothing_but_value_error_comes_out(data: bytes) -> None:
    try:
        values = asn1.children(data)
    except ValueError:
        return
    assert b"".join(value.raw for value in values) == data
