"""A CMS signature holds for one content, by one signer, or it does not hold."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import asn1, cms
from pratique.errors import DocumentRefused
from tests.der_trees import edited
from tests.unit.made import Made, make

CONTENT = b"what is signed"
WHOLE = [pkcs7.PKCS7Options.Binary]
DETACHED = [*WHOLE, pkcs7.PKCS7Options.DetachedSignature]
SIGNER, OTHER = make(name="anchor"), make(name="another")
RSA_SIGNER = make(name="anchor RSA", key=rsa.generate_private_key(65537, 2048))
openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")


def sign(
    by: Made = SIGNER,
    options: list[pkcs7.PKCS7Options] = WHOLE,
    content: bytes = CONTENT,
    digest: Any = None,
    pss: bool = False,
) -> bytes:
    rsa_padding = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else None
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(
        by.certificate, by.key, digest or hashes.SHA256(), rsa_padding=rsa_padding
    )
    return builder.sign(Encoding.DER, options)


GOOD = sign()


def refusal(data: bytes, content: bytes | None = None) -> str:
    with pytest.raises(DocumentRefused) as caught:
        cms.signed(data, content=content)
    return caught.value.code


SIGNED_DATA = (1, 0)
CERTIFICATES, SIGNERS = (*SIGNED_DATA, 3), (*SIGNED_DATA, 4)
SIGNER_INFO = (*SIGNERS, 0)


def indefinite(data: bytes) -> bytes:
    """Write every constructed value with an indefinite length, and octet strings in pieces."""
    value, _ = asn1.read_at(data, 0)
    if value.tag == asn1.OCTET_STRING and len(value.body) > 4:
        pieces = value.body[:3], value.body[3:]
        inside = b"".join(asn1.write(asn1.OCTET_STRING, piece) for piece in pieces)
        return b"\x24\x80" + inside + b"\0\0"
    if not value.tag & 0x20:
        return data
    inside = b"".join(indefinite(part.raw) for part in asn1.children(value.body))
    return bytes((value.tag, 0x80)) + inside + b"\0\0"


@pytest.mark.parametrize("by", [SIGNER, RSA_SIGNER])
@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize("plain", [True, False])
def test_what_was_signed_and_by_whom_comes_out(by: Made, digest: Any, plain: bool) -> None:
    options = [*WHOLE, pkcs7.PKCS7Options.NoAttributes] if plain else WHOLE
    assert cms.signed(sign(by, options, digest=digest))[:4] == (CONTENT, by.der, cms.DATA, True)


def test_rsa_pss_holds() -> None:
    assert cms.signed(sign(RSA_SIGNER, pss=True)).content == CONTENT


def test_a_content_that_is_elsewhere_is_handed_in() -> None:
    data = sign(options=DETACHED)
    assert cms.signed(data, content=CONTENT).content == CONTENT
    assert refusal(data) == "cms-content-missing"
    assert refusal(data, CONTENT + b".") == "cms-content-differs"


def test_a_content_handed_in_beside_the_one_inside_is_the_same() -> None:
    assert cms.signed(GOOD, content=CONTENT).content == CONTENT
    assert refusal(GOOD, b"another") == "cms-content-differs"


def test_another_content_is_refused() -> None:
    swapped = GOOD.replace(CONTENT, CONTENT[::-1])
    assert swapped != GOOD
    assert refusal(swapped) == "cms-content-differs"
    plain = sign(options=[*WHOLE, pkcs7.PKCS7Options.NoAttributes])
    assert refusal(plain.replace(CONTENT, CONTENT[::-1])) == "cms-signature-wrong"


def test_a_wrong_signature_is_refused() -> None:
    last = GOOD[-1] ^ 1
    assert refusal(GOOD[:-1] + bytes([last])) == "cms-signature-wrong"


def test_a_signature_by_another_key_under_the_signers_name_is_refused() -> None:
    # same subject and serial number, another key
    fake = make(name="anchor")
    twin = (
        x509.CertificateBuilder()
        .subject_name(SIGNER.certificate.subject)
        .issuer_name(SIGNER.certificate.issuer)
        .public_key(fake.key.public_key())
        .serial_number(SIGNER.certificate.serial_number)
        .not_valid_before(SIGNER.certificate.not_valid_before_utc)
        .not_valid_after(SIGNER.certificate.not_valid_after_utc)
        .sign(fake.key, hashes.SHA256())
    )
    forged = sign(Made(twin, fake.key))
    assert cms.signed(forged).certificate != SIGNER.der
    presented = edited(forged, (*CERTIFICATES, 0), lambda _: SIGNER.der)
    assert refusal(presented) == "cms-signature-wrong"


def test_the_certificate_must_be_the_signers() -> None:
    assert refusal(edited(GOOD, (*CERTIFICATES, 0), lambda _: OTHER.der)) == "cms-signer-differs"


def test_the_signer_may_be_named_by_its_key_identifier() -> None:
    extension = SIGNER.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    named = edited(GOOD, (*SIGNER_INFO, 1), lambda _: asn1.write(0x80, extension.value.digest))
    assert cms.signed(named).certificate == SIGNER.der
    for wrong in (b"", b"\0" * 20):
        data = edited(GOOD, (*SIGNER_INFO, 1), lambda _, wrong=wrong: asn1.write(0x80, wrong))
        assert refusal(data) == "cms-signer-differs"


def test_two_signers_are_refused() -> None:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(CONTENT)
    for by in (SIGNER, OTHER):
        assert isinstance(by.key, ec.EllipticCurvePrivateKey)
        builder = builder.add_signer(by.certificate, by.key, hashes.SHA256())
    assert refusal(builder.sign(Encoding.DER, WHOLE)) == "cms-malformed"


@pytest.mark.parametrize("path", [CERTIFICATES, SIGNERS])
@pytest.mark.parametrize("times", [0, 2])
def test_none_or_two_of_what_must_be_one_are_refused(path: tuple[int, ...], times: int) -> None:
    def many(raw: bytes) -> bytes:
        value, _ = asn1.read_at(raw, 0)
        return asn1.write(value.tag, value.body * times)

    assert refusal(edited(GOOD, path, many)) == "cms-malformed"


def test_further_certificates_are_refused() -> None:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(CONTENT)
    assert isinstance(SIGNER.key, ec.EllipticCurvePrivateKey)
    builder = builder.add_signer(SIGNER.certificate, SIGNER.key, hashes.SHA256())
    builder = builder.add_certificate(OTHER.certificate)
    assert refusal(builder.sign(Encoding.DER, WHOLE)) == "cms-malformed"


def test_trailing_bytes_are_refused() -> None:
    assert refusal(GOOD + b"\0") == "cms-malformed"
    assert refusal(indefinite(GOOD) + b"\0\0") == "cms-malformed"


def test_an_unsigned_attribute_is_ignored() -> None:
    attribute = asn1.write(0xA1, asn1.write(asn1.SEQUENCE, b""))
    extended = edited(
        GOOD,
        SIGNER_INFO,
        lambda raw: asn1.write(asn1.SEQUENCE, asn1.read_at(raw, 0)[0].body + attribute),
    )
    assert cms.signed(extended).content == CONTENT


def with_mirrored_s(raw: bytes) -> bytes:
    """Return a SignerInfo with (r, n - s) for (r, s): both signatures hold."""
    parts = asn1.children(asn1.read_at(raw, 0)[0].body)
    r, s = decode_dss_signature(parts[-1].body)
    mirrored = encode_dss_signature(r, P_256_ORDER - s)
    kept = b"".join(part.raw for part in parts[:-1])
    return asn1.write(asn1.SEQUENCE, kept + asn1.write(asn1.OCTET_STRING, mirrored))


P_256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_signature_written_in_another_way_keeps_its_mark() -> None:
    """Whoever holds no key must not be able to make a used message look like a new one."""
    attribute = asn1.write(0xA1, asn1.write(asn1.SEQUENCE, b""))
    ways = {
        "BER": indefinite(GOOD),
        "unsigned attribute": edited(
            GOOD,
            SIGNER_INFO,
            lambda raw: asn1.write(asn1.SEQUENCE, asn1.read_at(raw, 0)[0].body + attribute),
        ),
        "n - s": edited(GOOD, SIGNER_INFO, with_mirrored_s),
    }
    marks = {name: cms.signed(data).mark for name, data in ways.items()}
    assert len({GOOD, *ways.values()}) == 4
    assert marks == dict.fromkeys(ways, cms.signed(GOOD).mark)
    detached = cms.signed(sign(options=DETACHED), content=CONTENT).mark
    assert len({detached, cms.signed(GOOD).mark}) == 2


@pytest.mark.parametrize("plain", [True, False])
def test_two_signatures_over_the_same_have_two_marks(plain: bool) -> None:
    """Within one second they state the same; who signs anew may be taken anew."""
    options = [*WHOLE, pkcs7.PKCS7Options.NoAttributes] if plain else WHOLE
    assert len({cms.signed(sign(options=options)).mark for _ in range(3)}) == 3


def test_signed_attributes_do_not_come_back_as_a_content() -> None:
    """Both would carry the same signature: it is over the attributes as a SET."""
    value = asn1.read_at(GOOD, 0)[0]
    info = asn1.children(asn1.children(asn1.children(value.body)[1].body)[0].body)[4].body
    attributes = next(
        part for part in asn1.children(asn1.children(info)[0].body) if part.tag == 0xA0
    )
    content = asn1.write(asn1.SET, attributes.body)
    inner = asn1.write(0xA0, asn1.write(asn1.OCTET_STRING, content))

    def without_attributes(raw: bytes) -> bytes:
        parts = [
            part.raw for part in asn1.children(asn1.read_at(raw, 0)[0].body) if part.tag != 0xA0
        ]
        return asn1.write(asn1.SEQUENCE, b"".join(parts))

    confused = edited(
        edited(GOOD, (*SIGNED_DATA, 2, 1), lambda _: inner), SIGNER_INFO, without_attributes
    )
    assert refusal(confused) == "cms-attributes"


@pytest.mark.parametrize("dropped", ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"])
def test_an_attribute_that_must_be_there_is(dropped: str) -> None:
    def fewer(raw: bytes) -> bytes:
        kept = [a for a in asn1.children(asn1.read_at(raw, 0)[0].body)
                if asn1.oid(asn1.children(a.body)[0]) != dropped]  # fmt: skip
        return asn1.write(0xA0, b"".join(a.raw for a in kept))

    assert refusal(edited(GOOD, (*SIGNER_INFO, 3), fewer)) == "cms-attributes"


def test_an_attribute_that_is_there_twice_is_refused() -> None:
    def twice(raw: bytes) -> bytes:
        return asn1.write(0xA0, asn1.read_at(raw, 0)[0].body * 2)

    assert refusal(edited(GOOD, (*SIGNER_INFO, 3), twice)) == "cms-attributes"


def test_another_type_of_content_is_refused() -> None:
    other = asn1.write(asn1.OID, bytes.fromhex("2a864886f70d010703"))
    assert refusal(edited(GOOD, (*SIGNED_DATA, 2, 0), lambda _: other)) == "cms-attributes"
    assert refusal(edited(GOOD, (0,), lambda _: other)) == "cms-malformed"


@pytest.mark.parametrize("octets", ["300706052b0e03021a", "300b0609608648016503040202"])
def test_a_digest_that_is_weak_or_not_the_signatures_is_refused(octets: str) -> None:
    """SHA-1; SHA-384 beside ecdsa-with-SHA256."""
    data = edited(GOOD, (*SIGNER_INFO, 2), lambda _: bytes.fromhex(octets))
    assert refusal(data) in {"cms-algorithm", "cms-content-differs"}
    plain = sign(options=[*WHOLE, pkcs7.PKCS7Options.NoAttributes])
    data = edited(plain, (*SIGNER_INFO, 2), lambda _: bytes.fromhex(octets))
    assert refusal(data) == "cms-algorithm"


def test_indefinite_lengths_and_pieces_are_read() -> None:
    loose = indefinite(GOOD)
    assert loose != GOOD
    assert cms.signed(loose) == cms.signed(GOOD)
    assert asn1.to_der(loose) == GOOD


def test_der_is_left_as_it_is() -> None:
    assert asn1.to_der(GOOD) == GOOD


@pytest.mark.parametrize(
    "octets",
    ["", "30", "3080", "30800000 00", "0480 0401 00 0000", "2480 0201 00 0000", "30 81 00", "1f80 0000",
     "30 80 05 80 00 00 00 00", "24 03 02 01 00"],
)  # fmt: skip
def test_what_is_neither_der_nor_a_loose_length_is_refused(octets: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        asn1.to_der(bytes.fromhex(octets))


def test_depth_and_size_are_limited() -> None:
    deep = b"\x30\x80" * 40 + b"\0\0" * 40
    assert refusal(deep) == "cms-malformed"
    assert refusal(b"\x30\x80" * 400_000) == "cms-malformed"
    assert refusal(asn1.write(asn1.SEQUENCE, b"\0" * asn1.MAX_SIZE)) == "cms-malformed"


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_byte_makes_another_content_or_signer(at: int, change: int) -> None:
    data = GOOD[:at] + bytes([GOOD[at] ^ change]) + GOOD[at + 1 :]
    try:
        found = cms.signed(data)
    except DocumentRefused:
        return
    assert found.content == CONTENT


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        cms.signed(data)


@openssl
@pytest.mark.parametrize("extra", [[], ["-keyid"], ["-noattr"], ["-stream"], ["-md", "sha384"]])
@pytest.mark.parametrize("by", [SIGNER, RSA_SIGNER])
def test_what_openssl_signs_is_read(tmp_path: Path, by: Made, extra: list[str]) -> None:
    (tmp_path / "key").write_bytes(
        by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "certificate").write_bytes(by.pem)
    (tmp_path / "content").write_bytes(CONTENT)
    command = ["openssl", "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer",
               "certificate", "-inkey", "key", "-in", "content", "-out", "signed", *extra]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    signed = cms.signed((tmp_path / "signed").read_bytes())
    assert signed[:4] == (CONTENT, by.der, cms.DATA, True)
