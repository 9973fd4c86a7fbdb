"""CSCAs: certificates, links, master lists and CRLs, each believed for what is proven of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.crypto import chain, icao_pki, x509
from pratique.crypto.asn1 import write
from pratique.errors import DocumentRefused
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust import csca
from pratique.trust.certificates import ListReading
from pratique.trust.signer import Signer, TrustList
from pratique.verification import verify
from tests.schemes import vds_nc as seals
from tests.schemes.vds_nc import Authority, certificate, extension, key, make, sequence

NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
OLD = Authority(
    key=key(31), identifier=b"former-key-identifie", start=datetime(2015, 1, 1, tzinfo=UTC)
)
NEW = seals.AUTHORITY


def read(data: bytes, **how: Any) -> ListReading:
    return csca.read(data, environment=Environment.PRODUCTION, **how)


def believes(signers: tuple[Signer, ...], text: str = make()) -> bool:
    snapshot = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(signers)
    )
    return verify(text, snapshot=snapshot, at=NOON).certificate is not None


def pem(*certificates: bytes) -> bytes:
    return b"".join(
        library.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in certificates
    )


def test_a_csca_signs_no_seal_itself() -> None:
    (found,) = read(NEW.certificate()).pinned
    assert found.usages == frozenset()
    assert found.domain == "VDS-NC"
    assert found.bound
    assert found.kid == NEW.identifier
    assert found.issuer == "c=xa,o=harbour office,cn=seal signing authority"
    assert found.key == ("VDS-NC", found.issuer, found.kid)
    assert found.name == "Seal Signing Authority"


def test_a_name_that_cannot_be_shown_is_not() -> None:
    for odd in ("a\nb\u202e", "x" * 300):
        (found,) = Authority(common=odd).signers()
        assert found.name == found.issuer
        assert found.issuer.isprintable()
    assert icao_pki.common_name(seals.name(("2.5.4.6", "XA"))) == ""


def test_a_new_key_is_believed_from_the_old_one() -> None:
    link = NEW.certificate(OLD)
    (old,) = read(OLD.certificate()).pinned
    assert not believes((old,))
    (linked,) = read(link, held=[old]).pinned
    assert believes((old, linked))
    assert [one.kid for one in read(pem(OLD.certificate(), link)).pinned] == [
        OLD.identifier,
        NEW.identifier,
    ]


def test_an_old_key_is_believed_from_the_new_one() -> None:
    back = OLD.certificate(NEW)
    (linked,) = read(back, held=NEW.signers()).pinned
    assert linked.kid == OLD.identifier
    assert believes((linked,), make(cer=certificate(OLD)))


def test_links_follow_upon_links_in_any_order() -> None:
    third = Authority(key=key(33), identifier=b"third-key-identifier")
    found = read(pem(third.certificate(NEW), NEW.certificate(OLD), OLD.certificate()))
    assert {one.kid for one in found.pinned} == {OLD.identifier, NEW.identifier, third.identifier}


def test_a_link_alone_is_believed_by_whoever_pins_it() -> None:
    link = NEW.certificate(OLD)
    with pytest.raises(DocumentRefused) as refused:
        read(link)
    assert refused.value.code == "csca-none"
    assert believes(read(link, pinned=True).pinned)


@pytest.mark.parametrize(
    "damaged",
    [
        NEW.certificate(OLD, signing=key(99)),
        NEW.certificate(OLD, subject=seals.named("XB", "Another State")),
        NEW.certificate(signing=key(99)),
    ],
)
def test_a_link_that_its_csca_has_not_signed_is_left_out(damaged: bytes) -> None:
    with pytest.raises(DocumentRefused):
        read(damaged, held=OLD.signers())


def test_a_link_that_is_forged_is_left_out_though_it_is_pinned() -> None:
    with pytest.raises(DocumentRefused):
        read(NEW.certificate(OLD, signing=key(99)), held=OLD.signers(), pinned=True)
    with pytest.raises(DocumentRefused):
        read(NEW.certificate(signing=key(99)), pinned=True)


@pytest.mark.parametrize(
    "data",
    [
        seals.CERTIFICATE,
        NEW.certificate(extensions=seals.authority_extensions(NEW.identifier, NEW.identifier, usage=0x80)),
        NEW.certificate(
            extensions=[*seals.authority_extensions(NEW.identifier, NEW.identifier),
                extension("1.2.3.4", b"\x05\x00", critical=True)]),
        NEW.certificate(
            extensions=[*seals.authority_extensions(NEW.identifier, NEW.identifier)[1:]]),
        NEW.certificate(subject=seals.name(("2.5.4.3", "of no country"))),
        NEW.certificate(spki=seals.info(key(7, ec.SECP256K1()))),
        NEW.certificate(spki=seals.info(rsa.generate_private_key(65537, 1024))),
        b"\x30\x00", b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
)  # fmt: skip
def test_what_is_no_signing_ca_is_left_out(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        read(data)


def test_bytes_behind_a_certificate_are_cut_off() -> None:
    assert believes(read(NEW.certificate() + b"\x00\n").pinned)


# Keys that spell their curve out (ICAO Doc 9303-12 allows it).

P256 = {
    "p": 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    "b": 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    "n": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}
BASE = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def explicit(
    private: ec.EllipticCurvePrivateKey,
    changes: dict[str, int] | None = None,
    *,
    cofactor: bool = True,
) -> bytes:
    """Write a key on P-256 with the curve's own numbers, or with others."""
    numbers = P256 | (changes or {})
    octets = [number.to_bytes(32, "big") for number in (numbers["p"] - 3, numbers["b"])]
    parameters = sequence(
        seals.integer(1),
        sequence(seals.oid("1.2.840.10045.1.1"), seals.integer(numbers["p"])),
        sequence(*(write(0x04, one) for one in octets)),
        write(0x04, BASE),
        seals.integer(numbers["n"]),
        seals.integer(1) if cofactor else b"",
    )
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    identifier = sequence(seals.oid("1.2.840.10045.2.1"), parameters)
    return sequence(identifier, write(0x03, b"\x00" + point))


@pytest.mark.parametrize("cofactor", [True, False])
def test_a_curve_that_is_spelt_out_is_the_named_one(cofactor: bool) -> None:
    spelt = NEW.certificate(spki=explicit(key(11), cofactor=cofactor))
    (found,) = read(spelt).pinned
    assert found.public_key == seals.info(key(11))
    assert believes((found,))


@pytest.mark.parametrize(
    "changes", [{"b": P256["b"] ^ 1}, {"n": P256["n"] - 2}, {"p": P256["p"] - 2}]
)
def test_a_curve_of_other_numbers_is_none(changes: dict[str, int]) -> None:
    with pytest.raises(DocumentRefused):
        read(NEW.certificate(spki=explicit(key(11), changes)))


def test_an_exponent_that_makes_each_check_dear_is_refused() -> None:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    dear = rsa.RSAPublicNumbers((1 << 80) + 1, numbers.n).public_key()
    spki = dear.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="size"):
        chain.authority_key(spki)


# Master lists.


def test_a_master_list_is_read_and_its_signer_proven() -> None:
    above = Authority(
        key=key(41), country="XB", common="csca-xb", identifier=b"xb-key-identifier-01"
    )
    own = certificate(
        above, private=key(23), serial=99, subject=seals.named("XB", "Master List Signer"), types=None,
        purposes=("2.23.136.1.1.3",)
    )  # fmt: skip
    data = seals.master_list(
        [NEW.certificate(), OLD.certificate(), NEW.certificate(OLD)], above, signer=own
    )
    assert csca.is_master_list(data)
    found = read(data)
    assert (found.proof, found.skipped) == ("not checked", 0)
    assert {one.kid for one in found.pinned} == {NEW.identifier, OLD.identifier}
    assert believes(found.pinned)
    assert read(data, signer=own).proof == "valid"
    assert read(data, signer=above.certificate()).proof == "valid"
    passport = certificate(
        above, private=key(23), serial=99, subject=seals.named("XB", "Passports"), types=None, purposes=None
    )  # fmt: skip
    listed = seals.master_list([NEW.certificate()], above, signer=passport)
    assert read(listed, signer=passport).proof == "valid"
    with pytest.raises(DocumentRefused):
        # A CSCA signs passports' keys too: none of them makes a master list.
        read(listed, signer=above.certificate())
    with pytest.raises(DocumentRefused) as refused:
        read(data, signer=OLD.certificate())
    assert refused.value.code == "master-list-signer"


@pytest.mark.parametrize("given", [b"", NEW.certificate()])
def test_a_master_list_that_was_altered_is_refused(given: bytes) -> None:
    data = seals.master_list([OLD.certificate()], NEW)
    with pytest.raises(DocumentRefused):
        read(data.replace(b"Seal Signing", b"Seal signing"), signer=given)
    with pytest.raises(DocumentRefused):
        read(seals.master_list([OLD.certificate()], NEW, signing=key(99)), signer=given)
    with pytest.raises(DocumentRefused):
        read(seals.master_list([OLD.certificate()], NEW, content_type="1.2.3.4"), signer=given)
    with pytest.raises(DocumentRefused):
        read(data + b"\x00", signer=given)


def test_a_master_list_whose_signature_proves_nothing_is_not_checked() -> None:
    data = seals.master_list([OLD.certificate()], NEW, digest="sha1")
    assert read(data).proof == "not checked"
    with pytest.raises(DocumentRefused):
        read(data, signer=NEW.certificate())


def test_what_cannot_be_read_in_a_master_list_costs_that_entry() -> None:
    data = seals.master_list([NEW.certificate(), seals.CERTIFICATE, sequence(b"")], NEW)
    found = read(data)
    assert (len(found.pinned), found.skipped) == (1, 2)


@pytest.mark.parametrize("cofactor", [True, False])
def test_a_master_lists_signer_may_spell_its_curve_out(cofactor: bool) -> None:
    spelt = certificate(NEW, spki=explicit(key(23), cofactor=cofactor), serial=99)
    data = seals.master_list([OLD.certificate()], NEW, signer=spelt)
    assert read(data, signer=spelt).proof == "valid"


def test_policies_and_other_names_limit_nothing() -> None:
    more = [
        extension(f"2.5.29.{number}", b"\x30\x00", critical=True) for number in (16, 17, 18, 31, 32)
    ]
    own = seals.authority_extensions(NEW.identifier, NEW.identifier)
    assert believes(read(NEW.certificate(extensions=[*own, *more])).pinned)
    assert believes(NEW.signers(), make(cer=certificate(NEW, more=more)))
    for number in (30, 36):
        limiting = extension(f"2.5.29.{number}", b"\x30\x00", critical=True)
        assert not believes(NEW.signers(), make(cer=certificate(NEW, more=[limiting])))


# CRLs.


def test_a_crl_counts_if_a_csca_that_is_held_has_signed_it() -> None:
    data = seals.crl(NEW, [6317])
    assert csca.is_crl(data)
    (found,) = csca.withdraw(data, NEW.signers())
    assert found.crl_serials == ("18ad",)
    assert found.crl_not_after == int(seals.END.timestamp())
    for held, other in (
        ((), data),
        (OLD.signers(), data),
        (NEW.signers(), seals.crl(NEW, [6317], signing=key(99))),
    ):
        with pytest.raises(DocumentRefused) as refused:
            csca.withdraw(other, held)
        assert refused.value.code == "crl-unproven"


def test_a_crl_in_pem_is_one_too() -> None:
    text = library.load_der_x509_crl(seals.crl(NEW, [6317])).public_bytes(Encoding.PEM)
    assert csca.is_crl(text)
    assert csca.withdraw(text, NEW.signers())[0].crl_serials == ("18ad",)
    assert not csca.is_crl(NEW.certificate())


def test_a_crl_without_an_end_is_out_of_date_when_it_is_made() -> None:
    (found,) = csca.withdraw(seals.crl(NEW, [], start=NOON, end=None), NEW.signers())
    assert found.crl_not_after == int(NOON.timestamp())


@pytest.mark.parametrize(
    "data",
    [
        # A delta, or of one distribution point: it does not speak of all that its issuer has withdrawn.
        seals.crl(NEW, [5], more=[extension("2.5.29.27", seals.integer(1), critical=True)]),
        seals.crl(NEW, [5], more=[extension("2.5.29.28", sequence(), critical=True)]),
        NEW.certificate(), b"", b"\x30\x00",
    ],
)  # fmt: skip
def test_a_crl_that_does_not_speak_of_all_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as refused:
        csca.withdraw(data, NEW.signers())
    assert refused.value.code == "crl-unreadable"


def test_an_older_crl_takes_nothing_back() -> None:
    first = csca.withdraw(seals.crl(NEW, [1, 2], end=NOON), NEW.signers())
    second = csca.withdraw(seals.crl(NEW, [3], end=NOON - timedelta(days=9)), first)
    assert second[0].crl_serials == ("1", "2", "3")
    assert second[0].crl_not_after == int(NOON.timestamp())


def test_signing_cas_are_kept_in_a_snapshot() -> None:
    held = csca.withdraw(seals.crl(NEW, [6317]), NEW.signers())
    snapshot = Snapshot(
        number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(held)
    )
    assert Snapshot.from_bytes(snapshot.to_bytes()) == snapshot


def test_real_authorities_are_read(corpora: Path) -> None:
    folder = corpora / "trust/vds-nc"
    (own,) = read((folder / "CSCA_AUS.der").read_bytes()).pinned
    (link,) = read((folder / "CSCA_AUS_link_16f5.der").read_bytes(), pinned=True).pinned
    assert (own.kid, own.public_key, own.issuer) == (link.kid, link.public_key, link.issuer)
    (listed,) = csca.withdraw((folder / "CRL_AUS.crl").read_bytes(), [own])
    assert (listed.crl_serials, listed.crl_not_after) == ((), 1637121415)


# Two libraries read what they can as it is read here.


def test_other_libraries_read_the_same(corpora: Path) -> None:
    asn1crypto = pytest.importorskip("asn1crypto.x509")
    folder = corpora / "trust/vds-nc"
    odd = Authority(key=key(11, ec.SECP384R1()), digest="sha384", odd=True)
    for der in (
        *(path.read_bytes() for path in sorted(folder.glob("*.der"))),
        NEW.certificate(), seals.CERTIFICATE, odd.certificate(), certificate(odd),
    ):  # fmt: skip
        other = asn1crypto.Certificate.load(der)
        ours, seal = x509.read(der), icao_pki.seal_certificate(der)
        assert (other.key_identifier or b"") == ours.subject_key_id
        assert (other.authority_key_identifier_value is None) == (not ours.authority_key_id)
        assert f"{other.serial_number:x}" == seal.serial
        assert int(other.not_valid_before.timestamp()) == ours.not_before
        assert int(other.not_valid_after.timestamp()) == ours.not_after
        assert other.issuer.native["country_name"].casefold() in seal.issuer
        assert other.ca == (ours.is_ca or None)
        purposes = other.extended_key_usage_value
        names = () if purposes is None else tuple(one.dotted for one in purposes)
        assert icao_pki.seal_use(der).purposes == names
    # Why there is a reader of our own: of Japan's kind of certificate `cryptography` reads nothing.
    with pytest.raises(ValueError, match="ExtraData"):
        _ = library.load_der_x509_certificate(odd.certificate()).signature_algorithm_oid


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=3))
def test_no_altered_document_raises_anything_else(at: int, octets: bytes) -> None:
    for data in (
        NEW.certificate(),
        seals.crl(NEW, [6317]),
        seals.master_list([OLD.certificate()], NEW),
    ):
        start = at % len(data)
        altered = data[:start] + octets + data[start + len(octets) :]
        for use in (read, lambda one: csca.withdraw(one, NEW.signers())):
            try:
                use(altered)
            except DocumentRefused:
                continue
