"""A message is CMS by one signer in one line of Base64, and nothing else is."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import example, given
from hypothesis import strategies as st

from pratique.crypto import asn1, cms
from pratique.errors import DocumentRefused
from pratique.gateway import message
from pratique.gateway.call import Call, Settings
from pratique.gateway.wire import Refusal
from tests.der_trees import edited
from tests.gateway_world import body, bouncy, indefinite, pyca, request, world

XA, DE = world().state("XA"), world().state("DE")
CONTENT = b"what is signed " * 200
GOOD = pyca(CONTENT, XA.upload)
BOX = world().box()
CALL = Call(request("POST", "/"), world().parties("XA")[0], Settings())
SIGNED_DATA = (1, 0)
TYPE, CERTIFICATES, SIGNERS = (*SIGNED_DATA, 2, 0), (*SIGNED_DATA, 3), (*SIGNED_DATA, 4)


def again(data: bytes) -> bytes:
    """Return a set with its members twice."""
    value, _ = asn1.read_at(data, 0)
    return asn1.write(value.tag, value.body * 2)


def refusal(data: bytes) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        message.read(data, bad_signature="0x260")
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("form", [pyca, bouncy])
@pytest.mark.parametrize(
    "signer", [XA.upload, XA.signer("RSA-2048"), XA.signer("P-384")], ids=["EC", "RSA", "P-384"]
)
def test_both_producers_messages_are_read(form: Any, signer: Any) -> None:
    data = form(CONTENT, signer)
    uploaded = message.read(body(data), bad_signature="0x260")
    assert uploaded.content == CONTENT
    assert uploaded.certificate == signer.der
    assert (uploaded.text.encode(), uploaded.data) == (body(data), data)


TEXT = body(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT + b"\n", id="a line's end"),
        pytest.param(b" " + TEXT, id="a blank"),
        pytest.param(TEXT[:64] + b"\r\n" + TEXT[64:], id="lines"),
        pytest.param(TEXT[:-4], id="cut off"),
        pytest.param(TEXT + b"====", id="padded too much"),
        pytest.param(TEXT.replace(b"A", b"-", 1), id="another alphabet"),
        pytest.param(TEXT.rstrip(b"=") + b"\0", id="NUL"),
        pytest.param(base64.b64encode(TEXT), id="encoded twice"),
        pytest.param(GOOD, id="not encoded"),
        pytest.param(b"\xff" + TEXT, id="no ASCII"),
        pytest.param(b"", id="empty"),
        pytest.param(b"-----BEGIN CMS-----" + TEXT, id="armoured"),
    ],
)
def test_base64_is_strict_and_in_one_line(text: bytes) -> None:
    assert message.read(TEXT, bad_signature="").content == CONTENT
    assert refusal(text) == (400, "0x402")


def test_a_second_spelling_of_base64_is_none() -> None:
    data = next(d for n in range(9) if len(d := pyca(CONTENT[n:], XA.upload)) % 3)
    text = body(data)
    last = text.rstrip(b"=")[-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spare = alphabet[alphabet.index(last) + 1 :][:1]
    other = text.rstrip(b"=")[:-1] + spare + b"=" * text.count(b"=")
    assert base64.b64decode(other) == data
    assert refusal(other) == (400, "0x402")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x80",
        b"{}",
        XA.upload.der,
        GOOD + b"\0",
        GOOD[:-1],
        edited(GOOD, CERTIFICATES, again),
        edited(GOOD, SIGNERS, again),
        edited(GOOD, CERTIFICATES, lambda _: asn1.write(0xA0, b"")),
        edited(GOOD, SIGNERS, lambda _: asn1.write(asn1.SET, b"")),
        cms.detached(GOOD),
        b"\x30\x80" * 9_000,
    ],
)
def test_what_is_no_cms_by_one_signer_is_malformed(data: bytes) -> None:
    assert refusal(base64.b64encode(data)) == (400, "0x402")


def test_two_certificates_are_refused_though_the_signature_is_right() -> None:
    def with_other(data: bytes) -> bytes:
        value, _ = asn1.read_at(data, 0)
        return asn1.write(0xA0, value.body + DE.upload.der)

    assert refusal(body(edited(GOOD, CERTIFICATES, with_other))) == (400, "0x402")


def test_two_signers_are_refused_though_each_has_signed() -> None:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(CONTENT)
    for by in (XA.upload, DE.upload):
        builder = builder.add_signer(by.certificate, by.key, hashes.SHA256())
    data = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    assert refusal(body(data)) == (400, "0x402")


def test_a_content_of_another_type_is_refused() -> None:
    # As timestamps are: id-ct-TSTInfo. Without attributes nothing in the signature names the type.
    plain = pyca(CONTENT, XA.upload, attributes=False)
    other = bytes.fromhex("060b2a864886f70d0109100104")
    for data in (GOOD, plain):
        assert refusal(body(edited(data, TYPE, lambda _: other)))[0] == 400


def test_a_wrong_signature_has_the_endpoints_code() -> None:
    assert refusal(body(GOOD[:-1] + bytes([GOOD[-1] ^ 1]))) == (400, "0x260")
    assert refusal(body(GOOD.replace(CONTENT, CONTENT[::-1]))) == (400, "0x260")
    # the certificate of somebody else beside the signature, as if he had signed
    swapped = edited(GOOD, (*CERTIFICATES, 0), lambda _: DE.upload.der)
    assert refusal(body(swapped)) == (400, "0x260")


@pytest.mark.parametrize(
    "algorithm",
    [
        "300906072a8648ce3d0401",  # ECDSA with SHA-1
        "300a06082a8648ce3d040303",  # ECDSA with SHA-384, where SHA-256 was used
        "300d06092a864886f70d0101010500",  # RSA
        "300506032b6570",  # Ed25519
        "300d06092a864886f70d0101040500",  # RSA with MD5
    ],
)
def test_no_other_algorithm_may_be_named_for_a_signature(algorithm: str) -> None:
    swapped = edited(GOOD, (*SIGNERS, 0, 4), lambda _: bytes.fromhex(algorithm))
    assert swapped != GOOD
    assert refusal(body(swapped)) == (400, "0x260")


def test_a_long_body_is_refused_unread() -> None:
    assert refusal(b"A" * (message.LONGEST + 4)) == (413, "0x402")


def test_content_that_is_no_text_is_told() -> None:
    uploaded = message.read(body(pyca(b"\xff", XA.upload)), bad_signature="")
    with pytest.raises(Refusal) as caught:
        message.text_of(uploaded)
    assert (caught.value.status, caught.value.code) == (400, "0x402")
    text = pyca("é".encode(), XA.upload)
    assert message.text_of(message.read(body(text), bad_signature="")) == "é"


@given(st.binary(max_size=300))
def test_no_octets_raise_anything_but_a_refusal(data: bytes) -> None:
    assert refusal(base64.b64encode(data)) == (400, "0x402")
    assert refusal(data) == (400, "0x402")


@example(at=len(GOOD) - 1, octet=1)
@given(at=st.integers(0, len(GOOD) - 1), octet=st.integers(1, 255))
def test_no_octet_of_a_message_can_be_changed_unseen(at: int, octet: int) -> None:
    changed = GOOD[:at] + bytes([GOOD[at] ^ octet]) + GOOD[at + 1 :]
    # A version, for one, is signed by nobody. Nor is the certificate, which is why it is compared to the byte.
    with suppress(Refusal):
        uploaded = message.read(body(changed), bad_signature="0x260")
        assert uploaded.content == CONTENT
        is_known = message.uploader(uploaded, CALL, BOX) is not None
        assert is_known == (uploaded.certificate == XA.upload.der)


# Without the content


@pytest.mark.parametrize("form", [pyca, bouncy])
@pytest.mark.parametrize("signer", [XA.upload, XA.signer("RSA-2048")], ids=["EC", "RSA"])
def test_a_detached_message_holds_for_its_content_only(form: Any, signer: Any) -> None:
    data = form(CONTENT, signer)
    bare = cms.detached(data)
    assert cms.signed(bare, content=CONTENT).certificate == signer.der
    assert CONTENT not in bare
    with pytest.raises(DocumentRefused) as caught:
        cms.signed(bare, content=CONTENT + b".")
    assert caught.value.code == "cms-content-differs"


def test_all_but_the_content_stays_to_the_byte() -> None:
    def part(data: bytes, *path: int) -> bytes:
        value, _ = asn1.read_at(data, 0)
        for index in path:
            value = asn1.children(value.body)[index]
        return value.raw

    bare = cms.detached(GOOD)
    for path in (CERTIFICATES, SIGNERS, (*SIGNED_DATA, 0), (*SIGNED_DATA, 1), TYPE):
        assert part(bare, *path) == part(GOOD, *path)
    assert bare == pyca_like(GOOD)
    assert cms.detached(indefinite(GOOD)) == cms.detached(bare) == bare


def test_an_upload_key_is_known_by_all_its_octets() -> None:
    # A certificate of the same key, issuer and serial number: the signature holds under both.
    at = GOOD.index(XA.upload.der) + len(XA.upload.der) - 1
    other = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]
    for data, is_known in ((GOOD, True), (other, False)):
        uploaded = message.read(body(data), bad_signature="0x260")
        assert (message.uploader(uploaded, CALL, BOX) is not None) == is_known


def pyca_like(data: bytes) -> bytes:
    """Drop the content by a way of its own: from the octets of its tag to their end."""
    return edited(data, (*SIGNED_DATA, 2), lambda _: asn1.write(asn1.SEQUENCE, bytes.fromhex(
        "06092a864886f70d010701"
    )))  # fmt: skip


@given(st.binary(max_size=100))
def test_what_is_no_cms_cannot_be_detached(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        cms.detached(data)
