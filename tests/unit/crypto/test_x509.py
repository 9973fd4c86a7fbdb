"""Certificates are read whatever their form, and never believed beyond what they say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import x509
from pratique.crypto.chain import issued_by
from pratique.errors import DocumentRefused
from pratique.terms import ALL_KINDS, Algorithm, Kind
from tests.unit.made import EKU, END, RECOVERY, START, TEST, VACCINATION, make

LEGACY_VACCINATION = "1.3.6.1.4.1.0.1847.2021.1.2"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
BASIC = "2.5.29.19"
MADE = make(eku=[TEST])


def real_certificates(corpora: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(corpora.glob("dgc-testdata/**/*.json")):
        text = json.loads(path.read_text()).get("TESTCTX", {}).get("CERTIFICATE")
        if text:
            yield path.name, base64.b64decode(text)
    for path in sorted(corpora.glob("trust/*-dsc.json")):
        for entry in json.loads(path.read_text()):
            yield entry["kid"], base64.b64decode(entry["certificate"])
    for path in sorted(corpora.glob("trust/signed-dsc-list/*.txt")):
        for entry in json.loads(path.read_text().partition("\n")[2])["certificates"]:
            yield entry["kid"], base64.b64decode(entry["rawData"])
    for method in json.loads((corpora / "tng-trustlist/dev/v2/trustlist/did.json").read_text())[
        "verificationMethod"
    ]:
        for text in method["publicKeyJwk"]["x5c"]:
            yield method["id"], base64.b64decode(text)


def case_certificate(corpora: Path, name: str) -> bytes:
    case = json.loads((corpora / "dgc-testdata" / name).read_text())
    return base64.b64decode(case["TESTCTX"]["CERTIFICATE"])


def test_reads_all_that_trust_needs() -> None:
    record = x509.read(MADE.der)
    assert record.reason == ""
    assert record.countries == ("DE",)
    assert record.algorithm is Algorithm.ES256
    assert record.public_key == MADE.key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert (record.not_before, record.not_after) == (START.timestamp(), END.timestamp())
    assert record.usages == {Kind.TEST}
    assert record.kid == bytes.fromhex(record.thumbprint)[:8]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()), Algorithm.ES384),
        (ec.generate_private_key(ec.SECP521R1()), Algorithm.ES512),
        (rsa.generate_private_key(65537, 2048), Algorithm.PS256),
    ],
)
def test_names_the_algorithm_of_the_key(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: Algorithm
) -> None:
    assert x509.read(make(key=key).der).algorithm is algorithm


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (ec.generate_private_key(ec.SECP256K1()), "key-algorithm"),
        (ed25519.Ed25519PrivateKey.generate(), "key-algorithm"),
        (rsa.generate_private_key(65537, 1024), "key-size"),
    ],
)
def test_a_key_that_signs_nothing_here_has_a_reason_and_no_usage(key: object, reason: str) -> None:
    signer = make()
    builder = (
        reference.CertificateBuilder()
        .subject_name(signer.certificate.subject)
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(END)
    )
    der = builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)
    record = x509.read(der)
    assert (record.reason, record.usages) == (reason, frozenset())


@pytest.mark.parametrize(
    ("eku", "usages", "notes"),
    [
        (None, ALL_KINDS, ()),
        ([VACCINATION], {Kind.VACCINATION}, ()),
        ([LEGACY_VACCINATION], {Kind.VACCINATION}, ("eku-legacy",)),
        ([LEGACY_VACCINATION, RECOVERY], {Kind.VACCINATION, Kind.RECOVERY}, ("eku-legacy",)),
        ([CLIENT_AUTH], ALL_KINDS, ("eku-foreign",)),
        ([CLIENT_AUTH, TEST], {Kind.TEST}, ()),
        (["1.3.6.1.4.1.1847.2021.1.9"], frozenset(), ("eku-unknown",)),
        (["1.3.6.1.4.1.1847.2021.1.9", TEST], {Kind.TEST}, ("eku-unknown",)),
    ],
)
def test_extended_key_usage_limits_the_kinds(
    eku: list[str] | None, usages: frozenset[Kind], notes: tuple[str, ...]
) -> None:
    record = x509.read(make(eku=eku).der)
    assert (record.usages, record.notes, record.reason) == (usages, notes, "")


def test_an_empty_extended_key_usage_names_no_restriction() -> None:
    record = x509.read(make(raw=[(EKU, b"\x30\x00", False)]).der)
    assert (record.usages, record.notes) == (ALL_KINDS, ("eku-empty",))


@pytest.mark.parametrize(
    "octets", [b"", b"\x30", b"\x05\x00", b"\x30\x00\x00", b"\x30\x02\x06\x00"]
)
def test_an_extended_key_usage_that_cannot_be_read_allows_nothing(octets: bytes) -> None:
    record = x509.read(make(raw=[(EKU, octets, False)]).der)
    assert (record.usages, record.reason) == (frozenset(), "eku-unreadable")


def test_an_unknown_critical_extension_is_a_reason() -> None:
    record = x509.read(make(raw=[("1.2.3.4", b"\x05\x00", True)]).der)
    assert (record.usages, record.reason) == (frozenset(), "critical-extension-unknown")
    assert x509.read(make(raw=[("1.2.3.4", b"\x05\x00", False)]).der).reason == ""


def test_a_key_that_may_not_sign_documents_is_a_reason() -> None:
    key_agreement_only = b"\x03\x02\x03\x08"
    record = x509.read(make(raw=[("2.5.29.15", key_agreement_only, True)]).der)
    assert (record.usages, record.reason) == (frozenset(), "key-usage-not-signing")


def test_an_explicit_default_is_noted_and_read() -> None:
    record = x509.read(make(raw=[(BASIC, b"\x30\x03\x01\x01\x00", True)]).der)
    assert (record.is_ca, record.reason) == (False, "")
    assert "explicit-default" in record.notes


def test_explicit_curve_parameters_become_the_named_curve() -> None:
    from pratique.crypto import algorithms

    explicit = base64.b64decode(
        "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////"
        "////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0G"
        "sMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg"
        "9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqt"
        "pxeehPO5ysL8YyVRAgEBA0IABGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tK"
        "fA+eFivOM1drMV7Oy7ZAaDe/UfU="
    )
    key = algorithms.read_der(explicit)
    assert key.algorithm is Algorithm.ES256
    assert len(key.spki) == 91


def test_a_subject_may_have_several_countries_or_none() -> None:
    assert x509.read(make(["DE", "at"]).der).countries == ("DE", "AT")
    assert x509.read(make([]).der).countries == ()


def test_a_file_holds_any_number_of_pem_certificates() -> None:
    other = make(["FR"])
    records = x509.read_file(b"words before\n" + MADE.pem + other.pem)
    assert [record.countries for record in records] == [("DE",), ("FR",)]
    assert x509.read_file(MADE.der)[0] == x509.read(MADE.der)


def test_a_file_without_any_certificate_is_refused() -> None:
    with pytest.raises(DocumentRefused) as caught:
        x509.read_file(b"CHANGE with CSCA content")
    assert caught.value.code == "x509-none"


@pytest.mark.parametrize(
    ("name", "usages"),
    [("FI/3.json", ALL_KINDS - {Kind.EXEMPTION}), ("common/CO15.json", ALL_KINDS)],
)
def test_certificates_that_cryptography_refuses_are_read(
    corpora: Path, name: str, usages: frozenset[Kind]
) -> None:
    der = case_certificate(corpora, name)
    with pytest.raises(ValueError, match="asn1"):
        list(reference.load_der_x509_certificate(der).extensions)
    record = x509.read(der)
    assert record.reason == ""
    assert record.usages == usages


def test_a_certificate_without_usage_may_attest_every_kind(corpora: Path) -> None:
    assert x509.read(case_certificate(corpora, "IS/3.json")).usages == ALL_KINDS


def test_every_real_certificate_is_read_as_cryptography_reads_it(corpora: Path) -> None:
    seen = 0
    for name, der in real_certificates(corpora):
        record, other = x509.read(der), reference.load_der_x509_certificate(der)
        assert record.reason == "", name
        assert record.not_before == int(other.not_valid_before_utc.timestamp()), name
        assert record.not_after == int(other.not_valid_after_utc.timestamp()), name
        assert (record.signed, record.signature) == (other.tbs_certificate_bytes, other.signature)
        names = other.subject.get_attributes_for_oid(reference.NameOID.COUNTRY_NAME)
        assert record.countries == tuple(str(name.value).upper() for name in names)
        seen += 1
    assert seen > 500


def test_an_issuer_is_found_by_its_signature() -> None:
    ca, stranger = make(ca=True, name="SCA"), make(ca=True, name="SCA")
    leaf = x509.read(make(by=ca).der)
    assert issued_by(leaf, x509.read(ca.der)) is True
    assert issued_by(leaf, x509.read(stranger.der)) is False


def test_only_a_signing_ca_issues() -> None:
    not_a_ca = make(name="SCA")
    assert issued_by(x509.read(make(by=not_a_ca).der), x509.read(not_a_ca.der)) is False


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)]
)
def test_every_signature_in_use_is_checked(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512,
) -> None:
    ca = make(ca=True, key=key)
    assert issued_by(x509.read(make(by=ca, digest=digest).der), x509.read(ca.der)) is True


@cache
def eku_place() -> tuple[int, int]:
    """Where the octets of the extended key usage lie in MADE."""
    octets = b"\x30\x0d\x06\x0b\x2b\x06\x01\x04\x01\x8e\x37\x8f\x65\x01\x01"
    start = MADE.der.index(octets)
    return start, start + len(octets)


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    record = x509.read(data)
    assert record.reason
    assert not record.usages


@given(st.data())
def test_damage_is_a_record_and_never_an_exception(data: st.DataObject) -> None:
    der = bytearray(MADE.der)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(der) - 1))
        der[at] = data.draw(st.integers(0, 255))
    record = x509.read(bytes(der[: data.draw(st.integers(1, len(der)))]))
    assert not (record.reason and record.usages)


def well_formed_without_health_usage(der: bytes) -> bool:
    """Say whether a second reader sees a usage that names nothing of health."""
    try:
        extensions = reference.load_der_x509_certificate(der).extensions
        value = extensions.get_extension_for_class(reference.ExtendedKeyUsage).value
    except ValueError:
        return False
    arcs = ("1.3.6.1.4.1.1847.", "1.3.6.1.4.1.0.1847.")
    return not any(oid.dotted_string.startswith(arcs) for oid in value)


@given(st.data())
def test_damage_to_the_usage_never_widens_it(data: st.DataObject) -> None:
    der, (start, end) = bytearray(MADE.der), eku_place()
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(start, end - 1))] = data.draw(st.integers(0, 255))
    usages = x509.read(bytes(der)).usages
    # One octet may turn the identifier into another kind's, or into a stranger's: that is still a
    # usage in good form, and only the SCA's signature can tell. Whatever is not in good form
    # must allow nothing.
    assert len(usages) <= 1 or well_formed_without_health_usage(bytes(der))


def test_the_check_above_can_fail() -> None:
    foreign = make(eku=[CLIENT_AUTH])
    assert well_formed_without_health_usage(foreign.der)
    assert not well_formed_without_health_usage(MADE.der)
