"""A signed message is taken apart, believed in nothing, and refused where it is odd."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto.cose import Envelope, encode_sign1, message_of, sign1
from pratique.findings import Code
from tools.vectors.layers import CWT_TAGGED, TAGGED, UNTAGGED, cbor, to_be_signed

KID, OTHER = b"kid-8-by", b"other-id"
PROTECTED = cbor({1: -7, 4: KID})
PAYLOAD, SIGNATURE = b"\xa1\x01\x62XU" + b"\0" * 100, b"\1" * 64


def message(
    protected: object = PROTECTED, unprotected: object = None, payload: object = PAYLOAD,
    signature: object = SIGNATURE, tag: bytes = TAGGED,
) -> bytes:  # fmt: skip
    parts = [protected, {} if unprotected is None else unprotected, payload, signature]
    return tag + cbor(parts)


def opened(data: bytes) -> Envelope:
    found = sign1(data)
    assert isinstance(found, Envelope), found
    return found


@pytest.mark.parametrize("tag", [TAGGED, UNTAGGED, CWT_TAGGED])
def test_a_message_is_the_same_whatever_its_tags(tag: bytes) -> None:
    assert opened(message(tag=tag)) == Envelope(
        -7, KID, True, PAYLOAD, to_be_signed(PROTECTED, PAYLOAD), SIGNATURE
    )


@given(st.binary(min_size=1, max_size=300), st.binary(min_size=1, max_size=140))
def test_what_is_signed_is_what_the_specification_says(payload: bytes, signature: bytes) -> None:
    found = opened(message(payload=payload, signature=signature))
    assert found.message == to_be_signed(PROTECTED, payload)
    assert (found.payload, found.signature) == (payload, signature)


@pytest.mark.parametrize("size", [1, 23, 24, 255, 256, 65_535])
def test_what_is_signed_is_in_its_shortest_form(size: int) -> None:
    payload = b"\0" * size
    assert message_of(PROTECTED, payload) == to_be_signed(PROTECTED, payload)


@pytest.mark.parametrize("protected", [b"", b"\xa0"])
def test_an_empty_protected_header_is_the_empty_string(protected: bytes) -> None:
    found = opened(message(protected, {1: -7, 4: KID}))
    assert found.message == cbor(["Signature1", b"", b"", PAYLOAD])
    assert (found.algorithm, found.kid, found.kid_protected) == (-7, KID, False)


@pytest.mark.parametrize(
    ("protected", "unprotected", "seen"),
    [
        ({1: -7, 4: KID}, {}, (-7, KID, True)),
        ({4: KID, 1: -7}, {}, (-7, KID, True)),
        ({1: -7}, {4: KID}, (-7, KID, False)),
        ({1: -7, 4: KID}, {4: OTHER}, (-7, KID, True)),
        ({4: KID}, {1: -7}, (-7, KID, True)),
        ({1: -35, 4: KID}, {1: -7}, (-35, KID, True)),
        ({1: -7}, {}, (-7, None, False)),
        ({4: KID}, {}, (None, KID, True)),
        ({1: "ES256", 4: KID}, {}, (None, KID, True)),
        ({1: True, 4: KID}, {}, (None, KID, True)),
        ({1: -7, 4: "text"}, {}, (-7, None, False)),
        ({1: -7, 4: "text"}, {4: OTHER}, (-7, OTHER, False)),
        ({1: -7}, {4: "text"}, (-7, None, False)),
        ({1: -7, 4: b""}, {}, (-7, b"", True)),
        ({1: -7, 4: KID, 33: b"x5chain"}, {}, (-7, KID, True)),
    ],
)
def test_the_protected_header_wins_and_hints_are_only_hints(
    protected: dict[int, object], unprotected: dict[int, object],
    seen: tuple[int | None, bytes | None, bool],
) -> None:  # fmt: skip
    assert opened(message(cbor(protected), unprotected))[:3] == seen


@pytest.mark.parametrize(
    "data",
    [
        cbor({}), cbor([]), cbor("x"), cbor(None), cbor(1), message(payload=None), message(payload=b""),
        message(payload="x"), message(signature=b""), message(signature=None), message(signature="x"),
        message({1: -7}), message(b"\x80"), message(b"\x01"), message(unprotected=[]), message(unprotected=1),
        message(cbor({1: -7, 2: [4]})), message(cbor({1: -7, 2: []})), cbor([PROTECTED, {}, PAYLOAD]),
        cbor([PROTECTED, {}, PAYLOAD, SIGNATURE, b""]), cbor([[PROTECTED, {}, PAYLOAD, SIGNATURE]]),
    ],
    ids=[
        "map", "empty", "text", "null", "number", "payload null", "payload empty", "payload text",
        "signature empty", "signature null", "signature text", "header map", "header list",
        "header number", "unprotected list", "unprotected number", "critical", "critical empty",
        "three", "five", "wrapped",
    ],
)  # fmt: skip
def test_what_is_no_signed_message_is_refused(data: bytes) -> None:
    assert sign1(data) is Code.COSE_INVALID


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.CBOR_MALFORMED),
        (message()[:-1], Code.CBOR_MALFORMED),
        (message() + b"\0", Code.CBOR_TRAILING),
        (message(PROTECTED + b"\0"), Code.CBOR_TRAILING),
        (message(PROTECTED[:-1]), Code.CBOR_MALFORMED),
        (message(b"\xa2\x01\x26\x01\x26"), Code.CBOR_DUPLICATE_KEY),
        (message(tag=b"\xd8\x62"), Code.CBOR_TAG),
        (message(tag=b"\xd1"), Code.CBOR_TAG),
        (message(cbor2.dumps({1: 2**70})), Code.CBOR_INTEGER),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_structural_gate_stands_before_it(data: bytes, code: Code) -> None:
    assert sign1(data) is code


@given(st.binary(max_size=200) | st.binary(max_size=120).map(lambda more: message()[:60] + more))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(sign1(data), Envelope | Code)


@given(st.integers(0, len(message()) - 1), st.integers(1, 255))
def test_no_damage_goes_into_a_message_unseen(at: int, change: int) -> None:
    """What verifies is what was signed: a byte that differs is refused, or differs in a part."""
    data = bytearray(message())
    data[at] ^= change
    found = sign1(bytes(data))
    if isinstance(found, Envelope) and at > 0:
        assert found != opened(message())


def test_what_is_written_is_read() -> None:
    for payload in (b"x", b"x" * 23, b"x" * 24, PAYLOAD, b"x" * 300, b"x" * 5000):
        data = encode_sign1(PROTECTED, payload, SIGNATURE)
        assert data == message(payload=payload)
        assert opened(data).payload == payload


def lengthened(size: int, width: int) -> bytes:
    """Write a length in so many bytes, whatever is enough."""
    return bytes([0x58 + width.bit_length() - 1]) + size.to_bytes(width, "big")


@pytest.mark.parametrize(
    ("size", "width"),
    [(size, width) for size in (1, 23, 24, 100, 255) for width in (1, 2, 4, 8)]
    + [(size, width) for size in (256, 300) for width in (2, 4, 8)],
)
def test_a_length_written_too_long_is_not_what_was_signed(size: int, width: int) -> None:
    payload = b"\0" * size
    short, long = cbor(payload), lengthened(size, width) + payload
    data = message(payload=payload)
    assert data.count(short) == 1
    assert opened(data.replace(short, long)) == opened(data)
    assert opened(data).message == to_be_signed(PROTECTED, payload)
