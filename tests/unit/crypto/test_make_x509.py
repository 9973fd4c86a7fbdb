"""What is made by the templates is what the network asks for, as our reader and OpenSSL see it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509 as pyca
from cryptography.x509.oid import NameOID

from pratique.crypto import chain, keys, x509, x509_write
from pratique.crypto.x509_write import DAY, Authority, Subject
from pratique.errors import PratiqueError
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind

AT = 1_800_000_000
PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST
MINISTRY = Subject("Utopia SCA", "Ministry of Health of Utopia", "XU", PRODUCTION)
SIGNER = MINISTRY._replace(common_name="Utopia DSC a", serial="2026-11-a")
openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")


def authority(
    algorithm: Algorithm = Algorithm.ES256, subject: Subject = MINISTRY, at: int = AT
) -> Authority:
    key = keys.generate(algorithm)
    return Authority(x509_write.signing_ca(key, subject, at=at, serial=1), key)


SCA = authority()
KEY = keys.generate()
DSC = x509_write.document_signer(KEY.public_key, SIGNER, by=SCA, at=AT, serial=2)
UPLOAD = x509_write.upload_signer(KEY, MINISTRY, at=AT, serial=3)
TLS = x509_write.tls_client(KEY, MINISTRY, at=AT, serial=4)


def critical(certificate: bytes) -> set[str]:
    loaded = pyca.load_der_x509_certificate(certificate)
    return {e.oid.dotted_string for e in loaded.extensions if e.critical}


def usage(certificate: bytes) -> set[str]:
    loaded = pyca.load_der_x509_certificate(certificate)
    found = loaded.extensions.get_extension_for_class(pyca.KeyUsage).value
    names = ("digital_signature", "key_cert_sign", "crl_sign", "key_agreement", "key_encipherment")
    return {name for name in names if getattr(found, name)}


def test_a_signing_ca_is_one_and_nothing_else() -> None:
    record = x509.read(SCA.certificate)
    assert record.is_ca
    assert record.countries == ("XU",)
    assert (record.reason, record.notes) == ("", ())
    assert (record.not_before, record.not_after) == (AT, AT + 1461 * DAY)
    assert usage(SCA.certificate) == {"key_cert_sign", "crl_sign"}
    assert critical(SCA.certificate) == {"2.5.29.15", "2.5.29.19"}
    assert chain.issued_by(record, record) is True
    loaded = pyca.load_der_x509_certificate(SCA.certificate)
    limits = loaded.extensions.get_extension_for_class(pyca.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


def test_a_document_signer_signs_documents_for_its_country() -> None:
    record, ca = x509.read(DSC), x509.read(SCA.certificate)
    assert not record.is_ca
    assert (record.countries, record.usages) == (("XU",), ALL_KINDS)
    assert (record.reason, record.notes) == ("", ())
    assert record.public_key == KEY.public_key
    assert (record.not_before, record.not_after) == (AT, AT + 730 * DAY)
    assert usage(DSC) == {"digital_signature"}
    assert record.authority_key_id == ca.subject_key_id != b""
    assert record.subject_key_id not in {b"", ca.subject_key_id}
    assert record.issuer == ca.subject
    assert x509.may_have_issued(ca, record)
    assert chain.issued_by(record, ca) is True
    assert chain.issued_by(record, x509.read(authority().certificate)) is False


def test_a_document_signers_name_is_its_own() -> None:
    subject = pyca.load_der_x509_certificate(DSC).subject
    found = {attribute.oid: attribute.value for attribute in subject}
    assert found == {
        NameOID.COUNTRY_NAME: "XU",
        NameOID.ORGANIZATION_NAME: "Ministry of Health of Utopia",
        NameOID.SERIAL_NUMBER: "2026-11-a",
        NameOID.COMMON_NAME: "Utopia DSC a",
    }


@pytest.mark.parametrize(
    ("kinds", "oids"),
    [
        ({Kind.TEST}, ["1.3.6.1.4.1.1847.2021.1.1"]),
        ({Kind.VACCINATION}, ["1.3.6.1.4.1.1847.2021.1.2"]),
        ({Kind.RECOVERY}, ["1.3.6.1.4.1.1847.2021.1.3"]),
        (
            {Kind.RECOVERY, Kind.TEST},
            ["1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.3"],
        ),
    ],
)
def test_a_limited_signer_attests_what_it_is_limited_to(kinds: set[Kind], oids: list[str]) -> None:
    made = x509_write.document_signer(KEY.public_key, SIGNER, by=SCA, at=AT, serial=2, usages=kinds)
    assert x509.read(made).usages == kinds
    loaded = pyca.load_der_x509_certificate(made)
    found = loaded.extensions.get_extension_for_class(pyca.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in found] == oids


def test_an_upload_signer_signs_no_certificates() -> None:
    record = x509.read(UPLOAD)
    assert (record.is_ca, record.reason, record.countries) == (False, "", ("XU",))
    assert usage(UPLOAD) == {"digital_signature"}
    assert 365 * DAY <= record.not_after - record.not_before <= 731 * DAY


def test_a_tls_client_shows_itself() -> None:
    record = x509.read(TLS)
    loaded = pyca.load_der_x509_certificate(TLS)
    purposes = loaded.extensions.get_extension_for_class(pyca.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in purposes] == ["1.3.6.1.5.5.7.3.2"]
    assert "crl_sign" not in usage(TLS)
    assert "digital_signature" in usage(TLS)
    assert 365 * DAY <= record.not_after - record.not_before <= 731 * DAY


def test_nothing_outlives_its_signing_ca() -> None:
    late = AT + 1461 * DAY - 10
    made = x509_write.document_signer(KEY.public_key, SIGNER, by=SCA, at=late, serial=2)
    assert x509.read(made).not_after == AT + 1461 * DAY
    with pytest.raises(PratiqueError) as caught:
        x509_write.document_signer(KEY.public_key, SIGNER, by=SCA, at=late + 11, serial=2)
    assert caught.value.code == "sca-dead"


def test_a_test_key_is_marked_in_all_that_is_made_of_it() -> None:
    subject = MINISTRY._replace(environment=TEST)
    sca = authority(subject=subject)
    made = [
        sca.certificate,
        x509_write.document_signer(
            KEY.public_key, SIGNER._replace(environment=TEST), by=sca, at=AT, serial=2
        ),
        x509_write.upload_signer(KEY, subject, at=AT, serial=2),
        x509_write.tls_client(KEY, subject, at=AT, serial=2),
    ]
    assert {x509_write.environment_of(certificate) for certificate in made} == {TEST}
    others = (SCA.certificate, DSC, UPLOAD, TLS)
    assert {x509_write.environment_of(certificate) for certificate in others} == {PRODUCTION}


@pytest.mark.parametrize(
    ("by", "subject", "usages", "code"),
    [
        (Authority(DSC, KEY), SIGNER, ALL_KINDS, "sca-unfit"),
        (SCA._replace(key=KEY), SIGNER, ALL_KINDS, "sca-key-differs"),
        (SCA, SIGNER._replace(environment=TEST), ALL_KINDS, "environment-differs"),
        (SCA, SIGNER._replace(country="XV"), ALL_KINDS, "country-differs"),
        (SCA, SIGNER._replace(common_name="x" * 65), ALL_KINDS, "subject-unfit"),
        (SCA, SIGNER, {Kind.EXEMPTION}, "usage-unnamed"),
        (SCA, SIGNER, {Kind.TEST, Kind.EXEMPTION}, "usage-unnamed"),
        (SCA, SIGNER, frozenset(), "usage-unnamed"),
    ],
)
def test_what_does_not_fit_is_not_signed(
    by: Authority, subject: Subject, usages: set[Kind], code: str
) -> None:
    with pytest.raises(PratiqueError) as caught:
        x509_write.document_signer(KEY.public_key, subject, by=by, at=AT, serial=2, usages=usages)
    assert caught.value.code == code


@pytest.mark.parametrize("country", ["", "X", "XXU"])
def test_a_country_has_two_letters(country: str) -> None:
    with pytest.raises(PratiqueError) as caught:
        x509_write.signing_ca(KEY, MINISTRY._replace(country=country), at=AT, serial=1)
    assert caught.value.code == "subject-unfit"


def test_a_key_whose_signatures_the_network_does_not_read_signs_no_x509() -> None:
    for algorithm in (Algorithm.PS256, Algorithm.ES512):
        with pytest.raises(PratiqueError) as caught:
            authority(algorithm)
        assert caught.value.code == "key-algorithm"


@pytest.mark.parametrize("algorithm", [Algorithm.PS256, Algorithm.ES512, Algorithm.ES384])
def test_a_document_signer_may_have_any_key(algorithm: Algorithm) -> None:
    key, sca = keys.generate(algorithm), authority(Algorithm.ES384)
    record = x509.read(x509_write.document_signer(key.public_key, SIGNER, by=sca, at=AT, serial=2))
    assert (record.algorithm, record.reason) == (algorithm, "")
    assert chain.issued_by(record, x509.read(sca.certificate)) is True


def test_pem_holds_the_same_certificate() -> None:
    assert x509_write.from_pem(b"A note.\n\n" + x509_write.to_pem(DSC)) == DSC
    with pytest.raises(PratiqueError) as caught:
        x509_write.from_pem(b"no certificate")
    assert caught.value.code == "x509-none"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *command], check=False, capture_output=True, text=True)


@openssl
@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_openssl_believes_the_chain(algorithm: Algorithm, tmp_path: Path) -> None:
    sca = authority(algorithm)
    made = x509_write.document_signer(KEY.public_key, SIGNER, by=sca, at=AT, serial=2)
    files = {"sca": sca.certificate, "dsc": made, "other": authority().certificate, "tls": TLS}
    paths = {name: str(tmp_path / f"{name}.pem") for name in files}
    for name, der in files.items():
        Path(paths[name]).write_bytes(x509_write.to_pem(der))
    strict = ("verify", "-x509_strict", "-attime", str(AT + 1), "-check_ss_sig")
    assert run(*strict, "-CAfile", paths["sca"], paths["sca"]).returncode == 0
    assert run(*strict, "-CAfile", paths["sca"], paths["dsc"]).returncode == 0
    assert run(*strict, "-CAfile", paths["other"], paths["dsc"]).returncode != 0
    client = (*strict, "-purpose", "sslclient", "-CAfile", paths["tls"], paths["tls"])
    assert run(*client).returncode == 0, run(*client).stderr
    shown = run("x509", "-in", paths["dsc"], "-noout", "-text").stdout
    assert "Digital Signature" in shown
    assert "serialNumber = 2026-11-a" in shown
