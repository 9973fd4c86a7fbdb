"""A dossier is fit to be sent, or each thing that is wrong with it has a code and a sentence."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import asn1, keys, x509, x509_details, x509_write
from pratique.crypto.x509_write import Authority, Subject
from pratique.errors import DocumentRefused, UsageError
from pratique.onboarding import checks
from pratique.onboarding import report as onboarding_report
from pratique.onboarding.anchors import anchored
from pratique.onboarding.checks import NetworkListing, check
from pratique.onboarding.dossier import read
from pratique.onboarding.report import KnownKey, Report
from pratique.terms import Environment
from pratique.trust import countries
from tests.unit.made import Made

AT = datetime(2026, 11, 22, tzinfo=UTC)
START = int(AT.timestamp())
DAY = timedelta(days=1)
TEST, PRODUCTION = Environment.TEST, Environment.PRODUCTION
MINISTRY = Subject("Utopia", "Ministry of Health", "XU", TEST)
SCA_KEY, UP_KEY, TLS_KEY, DSC_KEY = (keys.generate() for _ in range(4))


def dossier(subject: Subject = MINISTRY) -> dict[str, bytes]:
    """Make a dossier by the house's own templates."""
    sca = x509_write.signing_ca(SCA_KEY, subject, at=START, serial=1)
    tls = x509_write.tls_client(TLS_KEY, subject, at=START, serial=2)
    signer = x509_write.document_signer(
        DSC_KEY.public_key, subject._replace(serial="1"), by=Authority(sca, SCA_KEY), at=START, serial=3
    )  # fmt: skip
    upload = x509_write.upload_signer(UP_KEY, subject, at=START, serial=4)
    found = {"SCA/SCA.pem": sca, "TLS/TLS.pem": tls, "TLS/CA.pem": tls, "UP/UP.pem": upload,
             "DSC/DSC.pem": signer}  # fmt: skip
    return {name: x509_write.to_pem(certificate) for name, certificate in found.items()}


GOOD = dossier()
CURVE = ec.generate_private_key(ec.SECP256R1())
SMALL_RSA, LARGE_RSA = (rsa.generate_private_key(65537, bits) for bits in (2048, 3072))


def run(files: dict[str, bytes], environment: Environment = TEST, **further: Any) -> Report:
    return check(files, participant="XXU", environment=environment, at=AT, **further)


def found(report: Report, name: str) -> set[str]:
    return {one.code for row in report.rows if row.name == name for one in row.findings}


def made(
    days: float = 1461,
    *,
    left: float | None = None,
    countries: Sequence[str] = ("XU",),
    usage: Sequence[str] | None = ("key_cert_sign", "crl_sign"),
    basic: tuple[bool, int | None] | None = (True, 0),
    purposes: Sequence[str] = (),
    key: Any = None,
    digest: Any = None,
    raw: Sequence[tuple[str, bytes]] = (),
    by: Made | None = None,
    name: str = "Utopia",
) -> Made:
    """Make a certificate, that of a sound SCA unless something else is said."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    end = AT + DAY * (days if left is None else left)
    subject = pyca.Name(
        [pyca.NameAttribute(NameOID.COUNTRY_NAME, c) for c in countries]
        + [pyca.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        pyca.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(pyca.random_serial_number())
        .not_valid_before(end - DAY * days)
        .not_valid_after(end)
    )
    if usage is not None:
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                 "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
        builder = builder.add_extension(
            pyca.KeyUsage(**{each: each in usage for each in names}), critical=True
        )
    if basic is not None:
        builder = builder.add_extension(pyca.BasicConstraints(*basic), critical=True)
    if purposes:
        eku = pyca.ExtendedKeyUsage([pyca.ObjectIdentifier(oid) for oid in purposes])
        builder = builder.add_extension(eku, critical=False)
    for oid, octets in raw:
        extension = pyca.UnrecognizedExtension(pyca.ObjectIdentifier(oid), octets)
        builder = builder.add_extension(extension, critical=False)
    chosen = None if isinstance(key, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256()
    return Made(builder.sign(by.key if by else key, chosen), key)


TLS_CLIENT: dict[str, Any] = {
    "usage": ["digital_signature"],
    "basic": None,
    "purposes": ["1.3.6.1.5.5.7.3.2"],
}
UPLOAD: dict[str, Any] = {"usage": ["digital_signature"], "basic": None}


def test_what_the_house_makes_is_fit_to_be_sent() -> None:
    report = run(GOOD)
    assert list(report.all()) == []
    assert (report.errors, report.warnings, len(report.rows)) == (0, 0, 5)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("SCA/SCA.pem", {}, set()),
        ("SCA/SCA.pem", {"left": 30}, set()),
        ("SCA/SCA.pem", {"left": 29.9}, {"validity_30d_now"}),
        ("SCA/SCA.pem", {"left": -1}, {"validity_30d_now"}),
        ("SCA/SCA.pem", {"days": 730}, set()),
        ("SCA/SCA.pem", {"days": 729}, {"validity_min"}),
        ("SCA/SCA.pem", {"days": 1464}, set()),
        ("SCA/SCA.pem", {"days": 1465}, {"validity_max"}),
        ("DECA/DECA.pem", {"days": 700}, {"validity_min"}),
        ("UP/UP.pem", {"days": 365, **UPLOAD}, set()),
        ("UP/UP.pem", {"days": 364, **UPLOAD}, {"validity_min"}),
        ("UP/UP.pem", {"days": 732, **UPLOAD}, set()),
        ("UP/UP.pem", {"days": 733, **UPLOAD}, {"validity_max"}),
        ("SCA/SCA.pem", {"key": LARGE_RSA}, set()),
        ("SCA/SCA.pem", {"key": SMALL_RSA}, {"key_length"}),
        ("DSC/DSC.pem", {"key": SMALL_RSA, **UPLOAD}, {"dsc_self_signed"}),
        ("SCA/SCA.pem", {"key": ec.generate_private_key(ec.SECP224R1())}, {"key_length"}),
        ("SCA/SCA.pem", {"key": ed25519.Ed25519PrivateKey.generate()}, {"key_length", "sig_alg"}),
        ("SCA/SCA.pem", {"digest": hashes.SHA384()}, set()),
        ("SCA/SCA.pem", {"digest": hashes.SHA512()}, {"sig_alg"}),
        ("SCA/SCA.pem", {"usage": ["digital_signature"]}, {"key_usage"}),
        ("SCA/SCA.pem", {"usage": None}, {"key_usage"}),
        ("UP/UP.pem", {"days": 700, "usage": ["key_cert_sign"], "basic": None}, {"key_usage"}),
        ("UP/UP.pem", {"days": 700, "usage": ["digital_signature", "crl_sign"]}, {"key_usage"}),
        ("TLS/TLS.pem", {"days": 700, **TLS_CLIENT}, {"tls_chain"}),
        ("TLS/TLS.pem", {"days": 700, **TLS_CLIENT, "purposes": ["1.3.6.1.5.5.7.3.1"]},
         {"eku_client", "tls_chain"}),
        ("TLS/CA.pem", {"days": 7000, "countries": ["XU"], "usage": None}, set()),
        ("SCA/SCA.pem", {"basic": None}, {"basic_constraints"}),
        ("SCA/SCA.pem", {"basic": (False, None)}, {"basic_constraints"}),
        ("SCA/SCA.pem", {"basic": (True, None)}, set()),
        ("SCA/SCA.pem", {"basic": (True, 1)}, {"basic_constraints"}),
        ("SCA/SCA.pem", {"countries": []}, {"country_flag"}),
        ("SCA/SCA.pem", {"countries": ["XU", "XU"]}, {"country_flag"}),
        ("SCA/SCA.pem", {"countries": ["DE"]}, {"country_flag"}),
        ("SCA/SCA.pem", {"countries": ["xu"]}, {"country_flag"}),
        # A path length without CA:TRUE (met in real certificates), and an empty extended key usage.
        ("SCA/SCA.pem", {"basic": None, "raw": [("2.5.29.19", bytes.fromhex("3003020100"))]}, {"ext_parse"}),
        ("SCA/SCA.pem", {"raw": [("2.5.29.37", b"\x30\0")]}, {"ext_parse"}),
    ],
)  # fmt: skip
def test_each_rule_has_what_it_lets_pass_and_what_it_finds(
    name: str, options: dict[str, Any], expected: set[str]
) -> None:
    files = {key: data for key, data in GOOD.items() if key != "DSC/DSC.pem"}
    report = run(files | {name: made(**options).pem})
    assert found(report, name) == expected
    for row in report.rows:
        assert (
            row.upstream_failed == {one.code for one in row.findings} & onboarding_report.UPSTREAM
        )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"CHANGE ME",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        made().der,
    ],
)
def test_what_is_no_certificate_in_pem_has_that_finding_alone(data: bytes) -> None:
    report = run(GOOD | {"UP/UP.pem": data})
    assert found(report, "UP/UP.pem") == {"valid_pem"}


def test_a_warning_is_no_error() -> None:
    report = run(GOOD | {"SCA/SCA_1.pem": made(days=2000).pem})
    assert (report.errors, report.warnings) == (0, 1)


@pytest.mark.parametrize(
    ("participant", "c", "fits"),
    [("XXU", "XU", True), ("XYK", "YK", True), ("XCL", "XL", True), ("IOM", "IO", True), ("IOM", "CH", False),
     ("FRA", "FR", True), ("FRA", "GF", False), ("xxu", "XU", True)],
)  # fmt: skip
def test_a_participants_c_is_the_one_of_the_table(participant: str, c: str, fits: bool) -> None:
    files = {"SCA/SCA.pem": made(countries=[c]).pem}
    report = check(files, participant=participant, environment=TEST, at=AT)
    assert ("country_flag" not in found(report, "SCA/SCA.pem")) is fits


def test_a_strangers_text_is_not_repeated() -> None:
    files = {"SCA/SCA.pem": made(countries=["ZZ"], name="Jane Roe").pem}
    told = json.dumps(check(files, participant="XXU" * 9, environment=TEST, at=AT).as_json())
    assert "Jane" not in told
    assert "participant_unknown" in told


def explicit(certificate: Made) -> bytes:
    """Spell out the curve of a P-256 certificate, as some chips do."""
    order, prime = (
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    )
    b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
    point = ("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
             "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")  # fmt: skip

    def number(text: str) -> bytes:
        return asn1.write(
            asn1.INTEGER, (b"\0" if text[0] in "89abcdef" else b"") + bytes.fromhex(text)
        )

    a = prime[:-1] + "c"
    curve = asn1.write(asn1.SEQUENCE, b"".join(asn1.write(4, bytes.fromhex(x)) for x in (a, b)))
    field = asn1.write(asn1.SEQUENCE, bytes.fromhex("06072a8648ce3d0101") + number(prime))
    parameters = asn1.write(
        asn1.SEQUENCE,
        b"\x02\x01\x01"
        + field
        + curve
        + asn1.write(4, bytes.fromhex(point))
        + number(order)
        + b"\x02\x01\x01",
    )
    named = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    spelled = asn1.write(asn1.SEQUENCE, bytes.fromhex("06072a8648ce3d0201") + parameters)

    def rewritten(data: bytes) -> bytes:
        value, _ = asn1.read_at(data, 0)
        if data == named:
            return spelled
        if value.tag != asn1.SEQUENCE:
            return data
        return asn1.write(
            value.tag, b"".join(rewritten(part.raw) for part in asn1.children(value.body))
        )

    return rewritten(certificate.der)


def armour(certificate: bytes) -> bytes:
    text = base64.encodebytes(certificate)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


def test_a_curve_that_is_spelled_out_is_found_and_is_the_same_key() -> None:
    plain = made()
    spelled = explicit(plain)
    assert x509_details.read(spelled).key_digest == x509_details.read(plain.der).key_digest
    assert "ec_parameters" in found(run(GOOD | {"SCA/SCA.pem": armour(spelled)}), "SCA/SCA.pem")
    assert "ec_parameters" not in found(run(GOOD | {"SCA/SCA.pem": plain.pem}), "SCA/SCA.pem")


def shown(n: int, e: int = 65537) -> x509_details.Features:
    return x509_details.Features(
        x509.read(b""), key_kind=x509_details.RSA, key_bits=n.bit_length(), modulus=n, exponent=e
    )


def weaknesses(n: int, e: int = 65537) -> set[str]:
    return {one.code for one in checks.weak_failed(shown(n, e))}


SOUND = LARGE_RSA.public_key().public_numbers().n
P, Q = LARGE_RSA.private_numbers().p, LARGE_RSA.private_numbers().q


def test_a_sound_key_has_no_weakness() -> None:
    assert weaknesses(SOUND) == set()
    assert weaknesses(SMALL_RSA.public_key().public_numbers().n) == set()


@pytest.mark.parametrize("e", [1, 2, 3, 17, 65536, 65538])
def test_a_small_or_even_exponent_is_found(e: int) -> None:
    assert weaknesses(SOUND, e) == {"rsa_exponent"}


@pytest.mark.parametrize(
    "n", [SOUND - 1, 1999 * P, P * P, P * (P + 2), 0, 1, (1 << 20_000) + 1], ids=range(7)
)
def test_a_modulus_that_falls_apart_is_found(n: int) -> None:
    assert "rsa_modulus" in weaknesses(n)


def test_the_fingerprint_of_rsalib_is_found() -> None:
    # N = k·M + (65537^a mod M), M the product of the first primes: the shape that CVE-2017-15361 tells.
    product = 1
    for prime in checks._primes(3, 167):
        product *= prime
    roca = pow(65537, 1234567, product) + product * (1 << 1700)
    assert checks.is_roca(roca)
    assert "rsa_roca" in weaknesses(roca if roca % 2 else roca + product)
    assert not checks.is_roca(roca + 2)
    # Only modulo primes: one that is 3 modulo 4, and 4 modulo 9, is none the less one of theirs.
    assert all(checks.is_roca(roca + product * n) for n in range(36))
    assert checks._primes(3, 31) == [3, 5, 7, 11, 13, 17, 19, 23, 29, 31]
    assert not checks.is_roca(SOUND)


def test_a_key_in_two_roles_is_found_in_both() -> None:
    upload = made(days=700, key=CURVE, **UPLOAD).pem
    report = run(GOOD | {"SCA/SCA.pem": made(key=CURVE).pem, "UP/UP.pem": upload})
    assert found(report, "SCA/SCA.pem") == found(report, "UP/UP.pem") == {"key_two_roles"}


def test_one_certificate_for_two_domains_is_no_key_twice() -> None:
    files = {f"{domain}/{name}": data for domain in ("DCC", "PH4H") for name, data in GOOD.items()}
    assert list(run(files).all()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, set()),
        ({"certificate": "00"}, {"key_again"}),
        ({"environment": PRODUCTION}, {"key_other_environment"}),
        ({"participant": "XXA"}, {"key_other_participant"}),
        ({"role": "SCA"}, {"key_two_roles"}),
        ({"key": "00", "participant": "XXA"}, set()),
    ],
)
def test_a_key_that_was_seen_elsewhere_is_found(change: dict[str, Any], expected: set[str]) -> None:
    own = next(key for key in run(GOOD).keys if key.role == "UP")
    report = run(GOOD, known=[own._replace(**change)])
    assert found(report, "UP/UP.pem") == expected
    assert {code for name in GOOD if name != "UP/UP.pem" for code in found(report, name)} == set()


def test_a_tls_certificate_chains_to_a_root_in_ca_pem() -> None:
    root = made(name="root", days=3000, basic=(True, 1))
    middle = made(name="middle", days=2000, by=root)
    leaf = made(days=700, by=middle, name="leaf", **TLS_CLIENT)

    def tls(*authorities: Made) -> set[str]:
        files = {"TLS/TLS.pem": leaf.pem, "TLS/CA.pem": b"".join(one.pem for one in authorities)}
        return found(run(GOOD | files), "TLS/TLS.pem")

    assert tls(middle, root) == tls(root, middle) == set()
    assert (
        tls(middle)
        == tls(root)
        == tls(leaf)
        == tls(made(name="middle", days=2000))
        == {"tls_chain"}
    )


def test_a_self_signed_certificate_with_a_wrong_signature_does_not_chain() -> None:
    """Met in real dossiers: OpenSSL does not look at the signature of a root that it is told to trust."""
    whole = x509.armoured(GOOD["TLS/TLS.pem"])[0]
    broken = armour(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert found(run(GOOD | {"TLS/TLS.pem": broken, "TLS/CA.pem": broken}), "TLS/TLS.pem") == {
        "tls_chain"
    }


def test_a_document_signer_is_issued_by_the_sca() -> None:
    sca = made(name="SCA")
    signer = made(days=700, by=sca, name="DSC", **UPLOAD)
    assert (
        found(run(GOOD | {"SCA/SCA_1.pem": sca.pem, "DSC/DSC.pem": signer.pem}), "DSC/DSC.pem")
        == set()
    )
    assert found(run(GOOD | {"DSC/DSC.pem": signer.pem}), "DSC/DSC.pem") == {"dsc_chain"}


NO_CERTIFICATES = {"usage": ["crl_sign"]}


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (NO_CERTIFICATES, "sca_unfit", "may not sign certificates"),
        ({"countries": ["XV"]}, "sca_unfit", "another country"),
        ({"days": 1461, "left": 1463}, "sca_not_yet", "begins 2 days from now"),
        ({}, "", ""),
    ],
)
def test_what_verifiers_would_find_above_a_signer_is_told_before_it_is_published(
    options: dict[str, Any], code: str, why: str
) -> None:
    sca = made(name="SCA", **options)
    signer = made(days=700, by=sca, name="DSC", **UPLOAD)
    report = run(GOOD | {"SCA/SCA_1.pem": sca.pem, "DSC/DSC.pem": signer.pem})
    told = [one for row in report.rows if row.name == "DSC/DSC.pem" for one in row.findings]
    assert [one.code for one in told] == ([code] if code else [])
    assert why in "".join(one.says for one in told)


def test_a_signing_ca_below_one_that_allows_none_is_told() -> None:
    root = made(name="root")
    middle = made(name="middle", by=root, basic=(True, 0))
    signer = made(days=700, by=middle, name="DSC", **UPLOAD)
    report = run(
        GOOD | {"SCA/SCA_1.pem": root.pem, "SCA/SCA_2.pem": middle.pem, "DSC/DSC.pem": signer.pem}
    )
    assert found(report, "DSC/DSC.pem") == {"sca_unfit"}


def test_a_signing_ca_that_is_its_own_signer_is_told() -> None:
    """Met in the published list: one state lists its signing CA as its signer."""
    sca = made(days=700, name="SCA", usage=["digital_signature", "key_cert_sign"])
    files = {"SCA/SCA.pem": sca.pem, "DSC/DSC.pem": sca.pem}
    assert "dsc_self_signed" in found(run(GOOD | files), "DSC/DSC.pem")


def test_a_signer_that_its_namesake_has_not_signed_is_told() -> None:
    sca, other = made(name="SCA"), made(name="SCA")
    signer = made(days=700, by=other, name="DSC", **UPLOAD)
    files = {"SCA/SCA_1.pem": sca.pem, "DSC/DSC.pem": signer.pem}
    assert found(run(GOOD | files), "DSC/DSC.pem") == {"sca_unfit"}


@pytest.mark.parametrize(("listed", "codes_"), [(None, {"sca_unfit"}), (frozenset({"XV"}), set())])
def test_a_network_s_list_says_which_country_a_signing_ca_may_name(
    listed: frozenset[str] | None, codes_: set[str]
) -> None:
    sca = made(name="SCA", countries=["XV"])
    signer = made(days=700, by=sca, name="DSC", **UPLOAD)
    files = {"SCA/SCA_1.pem": sca.pem, "DSC/DSC.pem": signer.pem}
    report = run(GOOD | files, listed=NetworkListing("state", listed))
    assert found(report, "DSC/DSC.pem") == codes_


def test_nothing_outlives_its_issuer() -> None:
    sca = made(name="SCA", left=699)
    signer = made(days=700, by=sca, name="DSC", **UPLOAD)
    report = run(GOOD | {"SCA/SCA_1.pem": sca.pem, "DSC/DSC.pem": signer.pem})
    assert found(report, "DSC/DSC.pem") == {"outlives_issuer"}


@pytest.mark.parametrize("name", ["TLS/TLS.pem", "TLS/CA.pem", "UP/UP.pem"])
def test_a_mandatory_file_that_is_missing_is_found(name: str) -> None:
    report = run({key: data for key, data in GOOD.items() if key != name})
    assert found(report, name) == {"file_missing"}
    missing = [row for row in report.rows if not row.is_there]
    assert [(row.name, row.role) for row in missing] == [(name, name.partition("/")[0])]


def test_an_empty_dossier_lacks_all_that_is_mandatory() -> None:
    assert [row.name for row in run({}).rows] == ["TLS/CA.pem", "TLS/TLS.pem", "UP/UP.pem"]


@pytest.mark.parametrize("name", ["TLS/TLS.pem", "UP/UP.pem", "SCA/SCA.pem"])
def test_two_certificates_where_one_is_due_are_found(name: str) -> None:
    assert found(run(GOOD | {name: GOOD[name] + made().pem}), name) == {"several_certificates"}


def test_a_private_key_in_the_dossier_is_found_in_any_file() -> None:
    key = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    report = run(GOOD | {"notes.txt": key, "UP/UP.pem": GOOD["UP/UP.pem"] + key})
    assert found(report, "notes.txt") == {"private_key", "file_unread"}
    assert found(report, "UP/UP.pem") == {"private_key"}


def test_test_material_has_no_place_in_production() -> None:
    report = run(GOOD, environment=PRODUCTION)
    assert [one.code for one in report.findings] == ["test_participant"]
    assert found(report, "UP/UP.pem") == {"test_mark"}
    real = dossier(MINISTRY._replace(country="UY", environment=PRODUCTION))
    assert list(check(real, participant="URY", environment=PRODUCTION, at=AT).all()) == []


def test_what_the_anchor_signed_and_the_issuers_list_are_passed_over() -> None:
    files = {"SCA/signed/SCA.pem": b"?", "DCC/UP/signed/x.json": b"?", "ISSUER/DID.pem": b"?"}
    assert len(run(GOOD | files).rows) == len(GOOD)


CERTIFICATES = ("SCA/SCA.crt", "SCA/SCA.CER", "SCA/sca.der", "DSC/DSC.p7b", "UP.pem", "up/UP.pem", "SCA/SCA.pem.txt",
                "SCA/old/SCA.pem", "TLS/client.p12", "DCC/sca/SCA.pem")  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
@pytest.mark.parametrize("data", [made().pem, made().der], ids=["PEM", "DER"])
def test_a_certificate_that_was_not_looked_at_is_an_error(name: str, data: bytes) -> None:
    report = run(GOOD | {name: data})
    # By its name or by what stands in it: one that is read by nobody is checked by nobody.
    is_told = not name.endswith(".txt") or data.startswith(b"-----")
    assert found(report, name) == ({"certificate_unread"} if is_told else {"file_unread"})
    assert report.errors == int(is_told)


@pytest.mark.parametrize(
    "name", ["README.md", "letter.pdf", "SCA/request.csr", "DSC/notes", "a/b/c.txt"]
)
def test_any_other_file_that_was_not_looked_at_is_told(name: str) -> None:
    report = run(GOOD | {name: b"?"})
    assert found(report, name) == {"file_unread"}
    assert (report.errors, report.warnings) == (0, 1)


def test_a_dossier_without_a_signing_ca_is_told() -> None:
    files = {key: data for key, data in GOOD.items() if not key.startswith(("SCA", "DSC"))}
    assert [one.code for one in run(files).findings] == ["sca_missing"]
    assert [one.code for one in run(files | {"SCA/SCA.crt": GOOD["SCA/SCA.pem"]}).findings] == [
        "sca_missing"
    ]
    assert not run(GOOD).findings


CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1,
          ec.SECP256K1)  # fmt: skip


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("name", ["SCA/SCA.pem", "DSC/DSC.pem", "UP/UP.pem", "TLS/TLS.pem"])
def test_a_curve_that_no_verifier_reads_is_found(curve: type[ec.EllipticCurve], name: str) -> None:
    usage = {} if name.startswith("SCA") else UPLOAD
    key = ec.generate_private_key(curve())
    report = run(
        {k: d for k, d in GOOD.items() if k != "DSC/DSC.pem"} | {name: made(key=key, **usage).pem}
    )
    record = x509.read(x509.armoured(made(key=key, **usage).pem)[0])
    # As the verifier has it, and not by a list of curves of its own.
    wanted = (
        set()
        if record.algorithm
        else {"key_unread" if name[:3] in {"SCA", "DSC"} else "key_unusual"}
    )
    assert found(report, name) & {"key_unread", "key_unusual"} == wanted
    assert bool(wanted) is (curve not in CURVES[:3])


def application(**changed: Any) -> bytes:
    one = {"code": "XXU", "kind": "state", "name": "Ministry", "countries": ["XU"], "subject": "XU",
           "domains": ["DCC"], "contact": ""}  # fmt: skip
    row = {"format": "pratique-application-1", "participant": one, "keys": [], "threshold": 2,
           "domains": ["DCC"], "environment": "test"}  # fmt: skip
    row |= {name: value for name, value in changed.items() if name in row}
    one |= {name: value for name, value in changed.items() if name in one}
    return json.dumps(row).encode()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"countries": ["XU", "DE"]}, ["country_foreign"]),
        ({"countries": ["DE", "FR", "XU"]}, ["country_foreign"] * 2),
        ({"countries": ["xu"]}, ["country_foreign"]),
        ({"countries": ["ZZ"]}, ["country_foreign"]),
        ({"countries": []}, []),
        ({"code": "XXA"}, ["application_differs"]),
        ({"environment": "production"}, ["application_differs"]),
        ({"domains": ["DCC", "NOSUCH"]}, ["domain_unknown"]),
        ({"participant": 1}, ["application_unread"]),
        ({"format": "x"}, ["application_unread"]),
        ({"countries": [1]}, ["application_unread"]),
        ({"countries": "XU"}, ["application_unread"]),
    ],
)
def test_an_application_is_held_against_the_participant(
    changed: dict[str, Any], expected: list[str]
) -> None:
    report = run(GOOD | {"application.json": application(**changed)})
    assert [one.code for one in report.all()] == expected


@pytest.mark.parametrize("participant", ["FRA", "DNK", "USA", "IOM", "GBR"])
def test_a_participants_own_countries_are_its_own(participant: str) -> None:
    own = countries.may_sign_for(participant)
    one = checks.read(
        application(code=participant, countries=sorted(own), environment="production")
    )
    assert one is not None
    assert not list(checks.application_failed(one, participant, PRODUCTION, own))
    other = one._replace(countries=(*one.countries, "DE", "XU"))
    told = [each.says for each in checks.application_failed(other, participant, PRODUCTION, own)]
    assert len(told) == 2
    assert "DE" in told[0]


def test_no_text_of_an_application_is_repeated_but_codes() -> None:
    data = application(
        code="Jane Roe", countries=["Jane Roe"], environment="Jane Roe", domains=["Jane Roe"]
    )
    report = run(GOOD | {"application.json": data})
    assert report.errors == 2
    assert "Jane" not in json.dumps(report.as_json()).title()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"format": "pratique-application-1"}']
)
def test_what_is_no_application_is_found(data: bytes) -> None:
    assert found(run(GOOD | {"application.json": data}), "application.json") == {
        "application_unread"
    }


@pytest.mark.parametrize(
    ("kind", "listed", "expected"),
    [
        ("organisation", None, ["participant_new", "country_foreign"]),
        ("territory", None, ["participant_new", "country_foreign"]),
        ("state", None, ["participant_unknown", "country_foreign"]),
        ("state", NetworkListing("organisation"), ["participant_new", "country_foreign"]),
        ("organisation", NetworkListing("state"), ["participant_unknown", "country_foreign"]),
        ("organisation", NetworkListing("organisation", frozenset({"US"})), []),
        ("organisation", NetworkListing("organisation", frozenset({"CA"})), ["country_foreign"]),
    ],
)
def test_a_code_of_no_table_is_the_networks_to_decide(
    kind: str, listed: NetworkListing | None, expected: list[str]
) -> None:
    body = dossier(MINISTRY._replace(country="US"))
    data = application(code="PAH", kind=kind, countries=["US"], subject="US")
    report = check(
        body | {"application.json": data}, participant="PAH", environment=TEST, at=AT, listed=listed
    )
    assert [one.code for one in report.all()] == expected
    assert report.errors == ("participant_unknown" in expected)


def test_an_application_of_somebody_else_makes_no_code_known() -> None:
    data = application(code="PAH", kind="organisation")
    report = check({"application.json": data}, participant="QQQ", environment=TEST, at=AT)
    assert "participant_unknown" in {one.code for one in report.findings}


def test_an_application_shows_a_strangers_text_nowhere() -> None:
    """What it says instead of a code is told as another one, and which member it was."""
    data = application(code="<script>")
    report = check({"application.json": data}, participant="XXU", environment=TEST, at=AT)
    told = [one.says for one in report.all() if one.code == "application_differs"]
    assert len(told) == 1
    assert "another" in told[0]
    assert "script" not in told[0]


def test_what_differs_in_an_application_is_named() -> None:
    one = checks.read(application(code="XXA", environment="production"))
    assert one is not None
    told = list(checks.application_failed(one, "XXU", TEST, frozenset({"XU"})))
    assert [each.says for each in told] == [
        "its code is XXA, and XXU was asked about",
        "its environment is another, and test was asked about",
    ]


@pytest.mark.parametrize("domain", ["DCC", "DDCC", "ICVP", "DICVP", "PH4H", "IPS-PILGRIMAGE"])
def test_each_domain_of_the_worlds_networks_may_be_applied_for(domain: str) -> None:
    assert not list(run(GOOD | {"application.json": application(domains=[domain])}).all())
    other = application(domains=[domain, domain + "X"])
    assert [one.code for one in run(GOOD | {"application.json": other}).all()] == ["domain_unknown"]


def test_a_code_that_may_be_a_text_is_not_repeated() -> None:
    for participant, shown in (("PAH", "PAH"), ("P" * 8, "P" * 8), ("P" * 9, ""), ("<b>", "")):
        report = check({}, participant=participant, environment=TEST, at=AT)
        (says,) = [one.says for one in report.all() if one.code == "participant_unknown"]
        assert says.replace(shown or "that was named", "*", 1) == UNKNOWN


UNKNOWN = onboarding_report.CHECKS["participant_unknown"].says.format(participant="*")


@pytest.mark.parametrize(
    ("left", "life", "expected"),
    [
        (0, 800 * 86400, "it has 0 days left"),
        (-1, 800 * 86400, "it ended 0 days ago"),
        (86400 * 29 + 1, 800 * 86400, "it has 29 days left"),
        (-86400 * 3, 800 * 86400, "it ended 3 days ago"),
        (86400 * 99, -1, "0 days"),
        (86400 * 99, -86400 * 9, "0 days"),
        (86400 * 99, 86400 * 9, "9 days"),
        (86400 * 99, 86400 * 2000 + 1, "2000 days"),
    ],
)
def test_days_are_told_whole(left: int, life: int, expected: str) -> None:
    one = x509_details.read(made().der)
    ends = one.record._replace(not_after=START + left, not_before=START + left - life)
    (told,) = checks.upstream_failed(one._replace(record=ends), "SCA", "XXU", START)
    assert expected in re.findall(r"it (?:has|ended) .*?(?:left|ago)|\d+ days", told.says)


@pytest.mark.parametrize(
    ("role", "least", "most"),
    [
        ("SCA", 2, 4),
        ("DECA", 2, 4),
        ("DESC", 2, 4),
        ("UP", 1, 2),
        ("TLS", 1, 2),
        ("DSC", None, None),
    ],
)
def test_each_role_lives_so_many_years(role: str, least: int | None, most: int | None) -> None:
    one = x509_details.read(made().der)

    def told(days: int) -> set[str]:
        record = one.record._replace(not_before=START, not_after=START + 86400 * days)
        failed = checks.upstream_failed(one._replace(record=record), role, "XXU", START)
        return {each.code for each in failed if each.code.startswith("validity_m")}

    assert told(40) == (set() if least is None else {"validity_min"})
    assert told(5000) == (set() if most is None else {"validity_max"})
    if least is not None and most is not None:
        assert told(365 * least - 1) == {"validity_min"}
        assert told(365 * least) == told(366 * most) == set()
        assert told(366 * most + 1) == {"validity_max"}


@pytest.mark.parametrize(
    ("found", "told"),
    [(("XA",), "XA"), (("xa",), "xa"), (("X1",), "1 times"), (("XAX",), "1 times"), (("<b>",), "1 times"),
     ((), "0 times"), (("XU", "XU"), "2 times"), (("\u00dcU",), "1 times")],
)  # fmt: skip
def test_a_country_that_is_no_code_is_counted_and_not_repeated(
    found: tuple[str, ...], told: str
) -> None:
    one = x509_details.read(made().der)._replace(countries=found)
    (says,) = [
        e.says for e in checks.upstream_failed(one, "SCA", "XXU", START) if e.code == "country_flag"
    ]
    assert f" {told}" in says
    assert all(
        (len(text) == 2 and text.isascii() and text.isalpha()) or text not in says for text in found
    )


@pytest.mark.parametrize(
    ("role", "usages", "wanted"),
    [
        ("UP", (), "digitalSignature, without cRLSign"), ("TLS", (), "digitalSignature, without cRLSign"),
        ("UP", ("digital_signature", "crl_sign"), "digitalSignature, without cRLSign"),
        ("DSC", ("key_cert_sign",), "digitalSignature"), ("SCA", ("digital_signature",), "keyCertSign"),
        ("UP", ("digital_signature",), ""), ("DSC", ("digital_signature", "crl_sign"), ""),
        ("SCA", ("key_cert_sign",), ""), ("DECA", (), ""), ("DESC", (), ""),
    ],
)  # fmt: skip
def test_each_role_has_its_usages(role: str, usages: tuple[str, ...], wanted: str) -> None:
    one = x509_details.read(made().der)._replace(usages=frozenset(usages))
    says = [
        e.says for e in checks.upstream_failed(one, role, "XXU", START) if e.code == "key_usage"
    ]
    assert says == (
        [onboarding_report.CHECKS["key_usage"].says.format(wanted=wanted)] if wanted else []
    )


@pytest.mark.parametrize(("late", "days"), [(1, 1), (86400, 1), (86401, 2), (86400 * 9, 9)])
def test_by_how_many_days_it_outlives_its_issuer_is_told(late: int, days: int) -> None:
    papers = {paper.name: paper for paper in read(GOOD)}
    tls, above = papers["TLS/TLS.pem"], papers["TLS/CA.pem"]
    ends = tls.first.record._replace(not_after=above.first.record.not_after + late)
    leaf = tls._replace(certificates=(tls.first._replace(record=ends),))
    ((name, told),) = checks.chains_of([leaf, above], at=START)
    assert (name, told.code) == ("TLS/TLS.pem", "outlives_issuer")
    assert told.says == onboarding_report.CHECKS["outlives_issuer"].says.format(days=days)


def test_what_is_in_order_has_a_row_only_as_a_certificate() -> None:
    report = run(GOOD | {"application.json": application()})
    assert [row.name for row in report.rows] == sorted(GOOD)


def test_a_report_in_json_has_its_members_and_no_others() -> None:
    report = run({**GOOD, "UP/UP.pem": b"", "SCA/more.pem": made(730).pem}, PRODUCTION).as_json()
    assert {name: report[name] for name in ("format", "participant", "environment", "at", "errors", "warnings")} == {
        "format": "pratique-governance-1", "participant": "XXU", "environment": "production",
        "at": "2026-11-22T00:00:00Z", "errors": 6, "warnings": 0,
    }  # fmt: skip
    assert report.keys() - {"format", "participant", "environment", "at", "errors", "warnings"} == {
        "findings", "files", "keys",
    }  # fmt: skip
    for row in report["files"]:
        assert row.keys() == {"name", "role", "certificate", "notAfter", "upstream", "findings"}
    for one in (*report["findings"], *(one for row in report["files"] for one in row["findings"])):
        assert one.keys() == {"code", "severity", "upstream", "message", "advice"}
    (up,) = [row for row in report["files"] if row["name"] == "UP/UP.pem"]
    assert (up["role"], up["certificate"], up["notAfter"]) == ("UP", "", None)
    assert up["upstream"] == [one["code"] for one in up["findings"]] == ["valid_pem"]


def test_an_instant_has_a_zone() -> None:
    with pytest.raises(UsageError):
        check({}, participant="XXU", environment=TEST, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_every_code_has_its_words() -> None:
    for code, row in onboarding_report.CHECKS.items():
        assert row.says
        assert row.advice
        assert re.fullmatch(r"[a-z0-9_]+", code)
    assert {
        "valid_pem", "ext_parse", "validity_30d_now", "validity_min", "validity_max", "key_length", "sig_alg",
        "key_usage", "eku_client", "basic_constraints", "country_flag",
    } == onboarding_report.UPSTREAM  # fmt: skip


def test_a_report_is_a_list_of_known_keys() -> None:
    report = run(GOOD)
    data = json.dumps(report.as_json()).encode()
    assert onboarding_report.read(data) == report.keys
    assert (
        onboarding_report.read(json.dumps(onboarding_report.as_json(report.keys)).encode())
        == report.keys
    )
    assert [key.role for key in report.keys if key.role == "TLS"] == ["TLS"]


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", '{"format": "pratique-known-keys-1"}', '{"format": "pratique-known-keys-1", "keys": [1]}',
     '{"format": "x", "keys": []}', '{"format": "pratique-known-keys-1", "keys": [{"key": "0"}]}'],
)  # fmt: skip
def test_what_is_no_list_of_known_keys_is_refused(document: str) -> None:
    with pytest.raises(DocumentRefused):
        onboarding_report.read(document.encode())


def test_a_known_key_has_its_members_and_no_others() -> None:
    row = KnownKey("0", "XXU", TEST, "UP", "0")._asdict()
    assert onboarding_report.read(
        json.dumps({"format": onboarding_report.FORMATS[0], "keys": [row]}).encode()
    )
    for other in (row | {"more": "1"}, {name: row[name] for name in list(row)[1:]}):
        with pytest.raises(DocumentRefused):
            onboarding_report.read(
                json.dumps({"format": onboarding_report.FORMATS[0], "keys": [other]}).encode()
            )


def test_a_list_of_known_keys_names_an_environment_that_there_is() -> None:
    row = KnownKey("0", "XXU", TEST, "UP", "0")._asdict() | {"environment": "moon"}
    with pytest.raises(DocumentRefused):
        onboarding_report.read(
            json.dumps({"format": onboarding_report.FORMATS[0], "keys": [row]}).encode()
        )


def test_the_report_tells_a_person_what_to_do() -> None:
    told = "\n".join(run(GOOD | {"UP/UP.pem": b""}).lines())
    assert "put the certificate in as PEM" in told
    assert "XXU, test environment: 5 files, 1 error, 0 warnings" in told
    assert "SCA/SCA.pem, until 2030-11-22: nothing is wrong" in told


def test_a_report_is_told_line_by_line() -> None:
    files = GOOD | {"UP/UP.pem": b"", "notes.txt": b"?"}
    row, other = onboarding_report.CHECKS["valid_pem"], onboarding_report.CHECKS["file_unread"]
    assert list(run(files).lines()) == [
        "DSC/DSC.pem, until 2028-11-21: nothing is wrong",
        "SCA/SCA.pem, until 2030-11-22: nothing is wrong",
        "TLS/CA.pem, until 2027-11-22: nothing is wrong",
        "TLS/TLS.pem, until 2027-11-22: nothing is wrong",
        "UP/UP.pem",
        f"  error    {row.says} [valid_pem]",
        f"           {row.advice}",
        "notes.txt",
        f"  warning  {other.says} [file_unread]",
        f"           {other.advice}",
        "XXU, test environment: 6 files, 1 error, 1 warning",
    ]


PEM = GOOD["SCA/SCA.pem"]
DER = x509.armoured(PEM)[0]


@given(st.integers(0, len(DER) - 1), st.integers(1, 255), st.sampled_from(sorted(GOOD)))
def test_no_damage_to_a_certificate_raises(at: int, change: int, name: str) -> None:
    damaged = armour(DER[:at] + bytes([DER[at] ^ change]) + DER[at + 1 :])
    report = run(GOOD | {name: damaged})
    assert json.dumps(report.as_json())
    assert list(report.lines())


@given(st.dictionaries(st.sampled_from([*GOOD, "a/b", "/TLS/.pem", "TLS/x.pem", ""]), st.binary()))
def test_no_bytes_raise(files: dict[str, bytes]) -> None:
    armoured = {name: armour(data) for name, data in files.items()}
    for each in (files, armoured):
        assert json.dumps(run(each).as_json())


# What the trust anchor vouches for.

ANCHOR = made(countries=["CH"], name="anchor", **UPLOAD)
VOUCHED = made()


def vouch(by: Made = ANCHOR, certificate: bytes = VOUCHED.der, **change: Any) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(certificate)
    builder = builder.add_signer(by.certificate, by.key, hashes.SHA256())
    signature = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    document = {
        "trustAnchorSignature": base64.b64encode(signature).decode(),
        "certificateRawData": base64.b64encode(certificate).decode(),
        "certificateThumbprint": x509.read(certificate).thumbprint,
        "country": "XU",
    }
    return json.dumps(document | change).encode()


def refusal(document: bytes, anchors: Sequence[bytes] = (ANCHOR.der,), at: datetime = AT) -> str:
    with pytest.raises(DocumentRefused) as caught:
        anchored(document, anchors, at=at)
    return caught.value.code


def test_an_anchor_vouches_for_a_certificate() -> None:
    vouched = anchored(vouch(), [made().der, ANCHOR.der], at=AT)
    assert vouched == (VOUCHED.der, "XU", x509.read(ANCHOR.der).thumbprint)


def test_whoever_is_no_anchor_vouches_for_nothing() -> None:
    assert refusal(vouch(made(countries=["CH"], name="anchor", **UPLOAD))) == "anchor-unknown"
    assert refusal(vouch(), anchors=[]) == "anchor-unknown"


def test_an_anchor_vouches_within_its_dates() -> None:
    assert refusal(vouch(), at=AT - DAY) == "anchor-dead"
    assert refusal(vouch(), at=AT + 2000 * DAY) == "anchor-dead"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"certificateRawData": base64.b64encode(made().der).decode()}, "cms-content-differs"),
        ({"certificateThumbprint": "00" * 32}, "anchored-differs"),
        ({"certificateThumbprint": ["00"]}, "anchored-differs"),
        ({"country": "XA"}, "anchored-differs"),
        ({"country": None}, "anchored-differs"),
        ({"trustAnchorSignature": "?"}, "anchored-malformed"),
        ({"trustAnchorSignature": ""}, "cms-malformed"),
        ({"certificateRawData": 1}, "anchored-malformed"),
        ({"further": 1}, "anchored-malformed"),
    ],
)
def test_a_file_that_says_otherwise_is_refused(change: dict[str, Any], code: str) -> None:
    assert refusal(vouch(**change)) == code


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b"null", b'{"country": "XU"}'])
def test_what_is_no_anchors_file_is_refused(document: bytes) -> None:
    assert refusal(document) in {"anchored-malformed", "json-unreadable"}


def test_the_reference_tells_every_code() -> None:
    page = Path(__file__).resolve().parents[3] / "docs/reference/governance.md"
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in page.read_text().splitlines()
        if "| `" in line
    }
    for code, row in onboarding_report.CHECKS.items():
        says = row.says.replace("{", "*").replace("}", "*")
        mark = "yes" if row.upstream else ""
        assert rows[code] == f"| `{code}` | {row.severity} | {mark} | {says} | {row.advice} |"
