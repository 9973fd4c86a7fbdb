"""Only what a trust anchor vouches for takes part, for the country in its certificate, in the role that it fits."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography import x509 as x509_library
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pratique.crypto import x509, x509_write
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused
from pratique.gateway import onboarding
from pratique.gateway.mailbox import CallerRole, CertificateGroup, Party
from pratique.gateway.onboarding import Roles
from pratique.terms import Environment
from tests.gateway_folders import authority, certificates, signed
from tests.gateway_world import AT, DAY, ec_key, world

NOW = datetime.fromtimestamp(AT, UTC)
WORLD = world()
BY = authority(WORLD.anchor)


def onboarded(
    files: dict[str, bytes], roles: Roles | None = None, anchors: tuple[bytes, ...] = ()
) -> onboarding.Onboarded:
    believed = anchors or (WORLD.anchor.der,)
    return onboarding.onboarded(files, anchors=believed, at=NOW, roles=roles or {})


def told(found: onboarding.Onboarded) -> set[tuple[str, CertificateGroup, str]]:
    return {(one.country, one.group, one.domain) for one in found.parties}


def test_a_folder_becomes_parties_with_the_anchors_signature() -> None:
    found = onboarded(signed(certificates(WORLD, "DX"), BY))
    state = WORLD.state("DX")
    assert {(one.group, one.thumbprint) for one in found.parties} == {
        (CertificateGroup.CSCA, state.authority.thumbprint), (CertificateGroup.UPLOAD, state.upload.thumbprint),
        (CertificateGroup.UPLOAD, state.upload_again.thumbprint), (CertificateGroup.AUTHENTICATION, state.tls.thumbprint),
    }  # fmt: skip
    assert found.left_out == ()
    for one in found.parties:
        assert (one.country, one.domain, one.created, one.roles) == ("DX", "DCC", 0, frozenset())
        assert x509.read(one.certificate).thumbprint == one.thumbprint
        assert one.certificate in one.signature


def test_the_country_is_the_certificates_and_not_the_folders() -> None:
    both = certificates(WORLD, "XA") | {"DCC/UP/other.pem": WORLD.state("XB").upload.der}
    found = onboarded(signed(both, BY))
    assert {one.country for one in found.parties} == {"XA", "XB"}
    assert [one.group for one in found.parties if one.country == "XB"] == [CertificateGroup.UPLOAD]


def test_what_no_anchor_vouches_for_is_left_out_with_its_reason() -> None:
    files = signed(certificates(WORLD, "XA"), BY)
    files |= signed(
        {"DCC/UP/UP.pem": WORLD.state("XA").upload.der}, authority(WORLD.state("XB").upload)
    )
    files |= signed({"DCC/SCA/UP.pem": WORLD.state("XA").upload_again.der}, BY)
    files["DCC/UP/unsigned.pem"] = WORLD.state("XC").upload.pem
    files["DCC/TLS/broken.pem"] = b"-----BEGIN CERTIFICATE-----\n"
    found = onboarded(files)
    assert dict(found.left_out) == {
        "DCC/UP/UP.pem": "anchor-unknown", "DCC/UP/unsigned.pem": "not-anchored",
        "DCC/TLS/broken.pem": "unreadable", "DCC/SCA/UP.pem": "basic_constraints",
    }  # fmt: skip
    assert len(found.parties) == 3
    nobody = onboarded(
        signed(certificates(WORLD, "XA"), BY), anchors=(WORLD.state("XA").upload.der,)
    )
    assert nobody.parties == ()
    assert {row.why for row in nobody.left_out} == {"anchor-unknown"}


@pytest.mark.parametrize(("country", "why"), [("X1", "country-unfit"), ("XA", "")])
def test_a_certificate_needs_a_country_that_the_wire_can_name(country: str, why: str) -> None:
    subject = Subject("UP", "Ministry", country, Environment.TEST)
    der = x509_write.upload_signer(BY.key, subject, at=AT - DAY, serial=77)
    found = onboarded(signed({"DCC/UP/UP.pem": der}, BY))
    assert [row.why for row in found.left_out] == ([why] if why else [])
    assert len(found.parties) == (0 if why else 1)


def test_document_signers_are_passed_over_and_files_without_a_role_too() -> None:
    files = signed(certificates(WORLD, "XA"), BY)
    files["DCC/DSC/DSC.pem"] = WORLD.state("XA").signer().pem
    files["DCC/README.md"] = b"?"
    found = onboarded(files)
    assert len(found.parties) == 4
    assert found.left_out == ()


def test_one_certificate_in_two_domains_is_one_party_of_dcc() -> None:
    files = signed(certificates(WORLD, "XA", "ICVP"), BY)
    assert told(onboarded(files)) == {
        ("XA", group, "ICVP")
        for group in (
            CertificateGroup.CSCA,
            CertificateGroup.UPLOAD,
            CertificateGroup.AUTHENTICATION,
        )
    }
    both = files | signed({"ZZZ/UP/UP.pem": WORLD.state("XA").upload.der}, BY)
    both |= signed({"DCC/UP/UP.pem": WORLD.state("XA").upload.der}, BY)
    found = onboarded(both)
    (upload,) = (p for p in found.parties if p.thumbprint == WORLD.state("XA").upload.thumbprint)
    assert upload.domain == "DCC"
    assert len(found.parties) == 4


def test_roles_hang_on_the_tls_certificate_and_its_own_stand_for_its_countrys() -> None:
    files = signed(certificates(WORLD, "XA"), BY)
    tls = WORLD.state("XA").tls.thumbprint
    document = json.dumps(
        {"XA": list(CallerRole), tls: ["REVOCATION_LIST_READER"], "XB": []}
    ).encode()
    for roles, expected in (
        (onboarding.roles_from(document), {CallerRole.READER}),
        ({"XA": frozenset(CallerRole)}, set(CallerRole)),
        ({"XB": frozenset(CallerRole)}, set()),
        ({tls: frozenset(), "XA": frozenset(CallerRole)}, set()),
    ):
        found = onboarded(files, roles)
        assert {p.group: p.roles for p in found.parties if p.roles} == (
            {CertificateGroup.AUTHENTICATION: expected} if expected else {}
        )


@pytest.mark.parametrize(
    "document",
    ["[]", "{", '{"DE":"REVOCATION_UPLOADER"}', '{"DE":["UPLOADER"]}', '{"DEU":[]}', '{"de":[]}',
     '{"DE":[["REVOCATION_UPLOADER"]]}', '{"DE":[],"DE":[]}', '{"DE":[1]}', '{"' + "A" * 64 + '":[]}'],
)  # fmt: skip
def test_what_are_no_roles_gives_none(document: str) -> None:
    with pytest.raises(DocumentRefused):
        onboarding.roles_from(document.encode())


def test_a_new_anchor_makes_news_and_new_roles_do_not() -> None:
    before = [p._replace(created=AT + n) for n, p in enumerate(WORLD.parties("XA"))]
    same = [p._replace(created=0) for p in before]
    assert onboarding.changes(before, same) == ((), ())
    again = [same[0]._replace(signature=b"of the next anchor"), *same[1:]]
    assert onboarding.changes(before, again) == ((again[0],), ())
    fewer: list[Party] = [same[0]._replace(roles=frozenset()), *same[1:3]]
    changes = onboarding.changes(before, fewer)
    assert changes.added == (before[0]._replace(roles=frozenset()),)
    assert changes.removed == (before[3],)


def test_what_a_country_lacks_is_told() -> None:
    parties = WORLD.parties("XA")
    assert onboarding.incomplete(parties) == {}
    assert onboarding.incomplete([*parties, WORLD.parties("XB")[1]]) == {
        "XB": (CertificateGroup.AUTHENTICATION, CertificateGroup.CSCA)
    }


def made(role: str, *extensions: x509_library.ExtensionType) -> bytes:
    """Return a self-signed certificate of XA with some extensions, as operators make one by hand."""
    key = ec_key(f"by hand {role}")
    name = x509_library.Name(
        [
            x509_library.NameAttribute(NameOID.COUNTRY_NAME, "XA"),
            x509_library.NameAttribute(NameOID.COMMON_NAME, f"by hand {role}"),
        ]
    )
    builder = (
        x509_library.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.fromtimestamp(AT - DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(AT + 500 * DAY, UTC))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


CA = x509_library.BasicConstraints(ca=True, path_length=None)
NO_CA = x509_library.BasicConstraints(ca=False, path_length=None)
SERVER = x509_library.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CRLS = x509_library.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


@pytest.mark.parametrize("role", ["SCA", "UP", "TLS"])
@pytest.mark.parametrize("extensions", [(), (CA,)], ids=["bare", "OpenSSL's default"])
def test_what_says_nothing_of_its_use_takes_part_in_the_role_of_its_folder(
    role: str, extensions: tuple[x509_library.ExtensionType, ...]
) -> None:
    found = onboarded(signed({f"DDCC/{role}/{role}.pem": made(role, *extensions)}, BY))
    assert told(found) == {("XA", onboarding.GROUPS[role], "DCC")}


@pytest.mark.parametrize(
    ("role", "extension", "why"),
    [
        ("TLS", SERVER, "eku_client"), ("UP", CRLS, "key_usage"), ("TLS", CRLS, "eku_client"),
        ("SCA", CRLS, "basic_constraints"), ("SCA", NO_CA, "basic_constraints"),
    ],
)  # fmt: skip
def test_what_says_that_it_is_for_another_use_does_not(
    role: str, extension: x509_library.ExtensionType, why: str
) -> None:
    found = onboarded(signed({f"DCC/{role}/{role}.pem": made(role, extension)}, BY))
    assert [row.why for row in found.left_out] == [why]
    assert found.parties == ()
