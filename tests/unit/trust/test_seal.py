"""A seal's certificate is believed by its chain to a CSCA that is held, and within its limits: each check alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.crypto import chain
from pratique.crypto.asn1 import OCTET_STRING, write
from pratique.crypto.chain import signed_by
from pratique.findings import Code, Colour, Finding
from pratique.snapshot import Snapshot
from pratique.terms import Environment, Kind
from pratique.trust import csca, seal
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, verify
from tests.schemes import vds_nc as seals
from tests.schemes.vds_nc import Authority, certificate, extension, key, make, named, sequence

NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
OTHER = Authority(key=key(12), identifier=b"another-key-of-csca!")
RSA = rsa.generate_private_key(65537, 2048)


def held(*signers: Signer, environment: Environment = Environment.PRODUCTION) -> Snapshot:
    return Snapshot(
        number=1, created=0, environment=environment,
        trust=TrustList(signers or seals.AUTHORITY.signers()),
    )  # fmt: skip


def check(text: str, *signers: Signer, at: datetime = NOON) -> Verification:
    return verify(text, snapshot=held(*signers), at=at)


def codes(text: str, *signers: Signer, at: datetime = NOON) -> set[Code]:
    return {finding.code for finding in check(text, *signers, at=at).verdict.findings}


def sealed(**changes: Any) -> str:
    """Return a seal whose certificate is another."""
    return make(cer=certificate(seals.AUTHORITY, **changes))


def test_a_genuine_seal_is_read_and_waits_for_rules() -> None:
    found = check(make())
    assert [one.code for one in found.verdict.findings] == [Code.NO_RULES]
    assert found.certificate is not None
    assert found.signer is not None
    assert found.signer.usages == {Kind.VACCINATION, Kind.TEST}
    assert found.signer.countries == {"XA"}
    assert found.signer.bound
    assert found.signer.sca_not_before is None


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        (sealed(purposes=None), Code.SEAL_PURPOSE, "sig.cer"),
        (sealed(purposes=["2.23.136.1.1.14.1"]), Code.SEAL_PURPOSE, "sig.cer"),
        (sealed(purposes=[seals.PURPOSE, "1.3.6.1.5.5.7.3.2"]), Code.SEAL_PURPOSE, "sig.cer"),
        (sealed(authority=True), Code.SEAL_OF_AUTHORITY, "sig.cer"),
        (sealed(usage=0x06), Code.SEAL_KEY_USAGE, "sig.cer"),
        (sealed(subject=named("XB", "Seals")), Code.SEAL_COUNTRY, "sig.cer"),
        (sealed(subject=seals.name(("2.5.4.3", "Seals"))), Code.SEAL_COUNTRY, "sig.cer"),
        (sealed(subject=seals.name(("2.5.4.6", "XA"), ("2.5.4.6", "XB"))), Code.SEAL_COUNTRY, "sig.cer"),
        (make({**seals.DATA, "hdr": {"t": "icao.vacc", "v": 1, "is": "XXB"}}), Code.SEAL_COUNTRY, "hdr.is"),
        (make({**seals.DATA, "hdr": {"t": "icao.vacc", "v": 1, "is": "QQQ"}}), Code.SEAL_COUNTRY, "hdr.is"),
        # The key that is named did not sign: forged, or altered.
        (sealed(signing=key(99)), Code.SEAL_CHAIN_WRONG, "sig.cer"),
        (make(cer=seals.CERTIFICATE.replace(b"Seals", b"seals")), Code.SEAL_CHAIN_WRONG, "sig.cer"),
    ],
)  # fmt: skip
def test_each_check_refuses_with_a_code_of_its_own(text: str, code: Code, where: str) -> None:
    found = check(text).verdict
    assert found.colour is Colour.RED
    assert Finding(code, where) in found.findings
    assert len([one for one in found.findings if one.code is not Code.NO_RULES]) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Another name, another key identifier: a CSCA that is not held proves nothing.
        (sealed(issuer=named("XA", "Another Authority")), Code.SIGNER_UNKNOWN),
        (make(cer=certificate(OTHER)), Code.SIGNER_UNKNOWN),
        (make(cer=certificate(Authority(key=key(99), identifier=b""))), Code.SIGNER_UNKNOWN),
        # Nothing that proves anything, or nothing that can be read.
        (sealed(digest="sha1"), Code.SEAL_CHAIN_UNREAD),
        (make(cer=b"\x30\x03\x02\x01"), Code.SIGNER_UNREADABLE),
        (make(cer=b"no certificate"), Code.SIGNER_UNREADABLE),
        (sealed(more=[extension("1.2.3.4", b"\x05\x00", critical=True)]), Code.SIGNER_UNREADABLE),
        (sealed(private=key(7, ec.SECP256K1())), Code.SIGNER_WEAK),
        (sealed(types=None, more=[extension(seals.TYPES, b"\x05\x00")]), Code.SIGNER_UNREADABLE),
        (
            sealed(validity=sequence(write(0x17, b"soon"), write(0x17, b"later"))),
            Code.SIGNER_UNREADABLE,
        ),
    ],
)
def test_what_cannot_be_told_is_a_doubt(text: str, code: Code) -> None:
    found = check(text)
    assert found.verdict.colour is Colour.AMBER
    assert code in {one.code for one in found.verdict.findings}
    assert found.certificate is None


def test_what_the_seal_names_and_not_what_its_key_is_for_is_refused() -> None:
    assert Code.ALGORITHM_REFUSED in codes(make(alg="ES384", signs="ES384"))
    strong = key(7, ec.SECP384R1())
    wide = certificate(seals.AUTHORITY, private=strong)
    assert codes(make(cer=wide, private=strong, alg="ES384")) == {Code.NO_RULES}
    great = key(7, ec.SECP521R1())
    widest = certificate(seals.AUTHORITY, private=great)
    assert codes(make(cer=widest, private=great, alg="ES512")) == {Code.NO_RULES}
    assert Code.ALGORITHM_REFUSED in codes(
        make(cer=certificate(seals.AUTHORITY, spki=seals.info(RSA)))
    )
    assert Code.ALGORITHM_REFUSED in codes(make(alg="HS256", signs="ES256"))


def test_documents_of_other_types_are_refused() -> None:
    tests_only = make(cer=certificate(seals.AUTHORITY, types=["NT"]))
    assert Code.USAGE_WRONG in codes(tests_only)
    assert check(make(seals.TEST_DATA, cer=certificate(seals.AUTHORITY, types=["NT"]))).certificate
    assert Code.USAGE_WRONG not in codes(
        make(seals.TEST_DATA, cer=certificate(seals.AUTHORITY, types=["NT"]))
    )
    assert Code.USAGE_WRONG in codes(sealed(types=["P"]))
    assert Code.USAGE_WRONG in codes(sealed(types=[]))
    assert codes(sealed(types=None)) == {Code.NO_RULES}
    assert codes(sealed(types=["NV"], types_critical=True)) == {Code.NO_RULES}


def test_dates_are_judged_at_the_clock() -> None:
    short = sealed(start=NOON - timedelta(days=2), end=NOON + timedelta(days=2))
    assert codes(short) == {Code.NO_RULES}
    assert Code.SIGNER_ENDED in codes(short, at=NOON + timedelta(days=3))
    assert Code.SIGNER_NOT_YET in codes(short, at=NOON - timedelta(days=3))
    young = Authority(start=NOON + timedelta(days=5)).signers()
    assert Code.SCA_NOT_YET in codes(make(), *young)
    old = Authority(end=NOON - timedelta(days=5)).signers()
    assert Code.SCA_DEAD in codes(make(), *old)
    # Renewed with the same key: it lives from the first certificate to the last.
    assert codes(make(), *old, *young) == {Code.NO_RULES}


def test_a_specimen_is_one() -> None:
    specimens = seals.AUTHORITY.signers(Environment.TEST)
    assert Code.ENVIRONMENT_WRONG in codes(make(), *specimens)
    assert codes(make(), *specimens, *seals.AUTHORITY.signers()) == {Code.NO_RULES}
    # What a CSCA of the one environment says of its life is said for that one alone.
    old = Authority(end=NOON - timedelta(days=5)).signers()
    assert Code.SCA_DEAD in codes(make(), *specimens, *old)
    says_so = seals.name(("2.5.4.6", "XA"), ("2.5.4.11", "test environment"))
    assert Code.ENVIRONMENT_WRONG in codes(sealed(subject=says_so))


def test_a_seals_key_that_its_authority_has_withdrawn_is_refused() -> None:
    listed = csca.withdraw(seals.crl(seals.AUTHORITY, [5, 6317]), seals.AUTHORITY.signers())
    found = check(make(), *listed)
    assert found.verdict.colour is Colour.RED
    assert Code.SIGNER_WITHDRAWN in {one.code for one in found.verdict.findings}
    # Of all certificates of its key, whichever source they came from.
    later = Authority(end=seals.END + timedelta(days=9)).signers()
    assert Code.SIGNER_WITHDRAWN in codes(make(), *later, *listed)
    others = csca.withdraw(seals.crl(seals.AUTHORITY, [5]), seals.AUTHORITY.signers())
    assert codes(make(), *others) == {Code.NO_RULES}


def test_a_stale_list_of_withdrawn_keys_is_told() -> None:
    stale = seals.crl(seals.AUTHORITY, [5], end=NOON - timedelta(days=1))
    listed = csca.withdraw(stale, seals.AUTHORITY.signers())
    assert codes(make(), *listed) == {Code.REVOCATION_LIST_EXPIRED, Code.NO_RULES}
    assert codes(make(), *listed, at=NOON - timedelta(days=2)) == {Code.NO_RULES}
    later = Authority(end=seals.END + timedelta(days=9)).signers()
    fresh = csca.withdraw(seals.crl(seals.AUTHORITY, [5]), later)
    assert codes(make(), *listed, *fresh) == {Code.NO_RULES}


def test_what_was_withdrawn_stays_so_whatever_comes_later() -> None:
    plain = seals.AUTHORITY.signers()
    listed = csca.withdraw(seals.crl(seals.AUTHORITY, [6317]), plain)
    assert Code.SIGNER_WITHDRAWN in {
        one.code
        for one in verify(
            make(), snapshot=held().replace(trust=TrustList(listed).merge(plain)), at=NOON
        ).verdict.findings
    }
    again = csca.withdraw(seals.crl(seals.AUTHORITY, [7]), listed)
    assert again[0].crl_serials == (f"{6317:x}", "7")


def test_a_key_of_another_scheme_is_no_authority() -> None:
    (own,) = seals.AUTHORITY.signers()
    assert codes(make(), own._replace(domain="SHC")) == {Code.SIGNER_UNKNOWN}
    assert codes(make(), own._replace(issuer="")) == {Code.SIGNER_UNKNOWN}


@pytest.mark.parametrize(
    "authority",
    [
        Authority(key=RSA),
        Authority(key=RSA, digest="sha512"),
        Authority(key=RSA, pss=True),
        Authority(key=RSA, pss=True, digest="sha384"),
        # Japan's: ECDSA on P-384, with parameters where none belong.
        Authority(key=key(11, ec.SECP384R1()), digest="sha384", odd=True),
        Authority(key=key(11, ec.SECP521R1()), digest="sha512"),
        Authority(key=key(11, ec.BrainpoolP256R1())),
        Authority(key=key(11, ec.BrainpoolP384R1()), digest="sha384"),
        Authority(key=key(11, ec.BrainpoolP512R1()), digest="sha512"),
        Authority(country="UT", common="CSCA UTO"),
    ],
)
def test_authorities_of_every_kind_of_key(authority: Authority) -> None:
    country = "UTO" if authority.country == "UT" else "XXA"
    data = {**seals.DATA, "hdr": {"t": "icao.vacc", "v": 1, "is": country}}
    if country == "UTO":
        data["msg"] = {
            **data["msg"],
            "ve": [
                {
                    **seals.DATA["msg"]["ve"][0],
                    "vd": [{"dvc": "2021-06-13", "seq": 1, "ctr": "UTO"}],
                }
            ],
        }
    text = make(data, cer=certificate(authority))
    assert codes(text, *authority.signers()) <= {Code.NO_RULES, Code.ISSUER_UNMAPPED}
    forged = make(
        data,
        cer=certificate(authority, signing=authority.key, issuer=authority.name, serial=5)[:-1]
        + b"\x00",
    )
    assert codes(forged, *authority.signers()) & {Code.SEAL_CHAIN_WRONG, Code.SEAL_CHAIN_UNREAD}


def test_bytes_behind_a_certificate_are_not_of_it() -> None:
    assert codes(make(cer=seals.CERTIFICATE + b"\x00\x00")) == {Code.NO_RULES}


def test_names_are_compared_as_people_read_them() -> None:
    spelt = seals.name(
        ("2.5.4.6", "xa"), ("2.5.4.10", "HARBOUR  office"), ("2.5.4.3", "Seal signing authority "), tag=0x13
    )  # fmt: skip
    assert codes(sealed(issuer=spelt)) == {Code.NO_RULES}


def test_without_a_key_identifier_the_name_is_enough() -> None:
    bare = Authority(identifier=b"")
    assert codes(make(cer=certificate(bare)), *seals.AUTHORITY.signers()) == {Code.NO_RULES}
    (own,) = seals.AUTHORITY.signers()
    assert codes(make(), own._replace(kid=b"")) == {Code.NO_RULES}
    # Where both have one, it has to be the same, whatever the signature says.
    assert codes(make(), own._replace(kid=b"another")) == {Code.SIGNER_UNKNOWN}
    nobodys = certificate(Authority(key=key(99), identifier=b""))
    assert codes(make(cer=nobodys), own._replace(kid=b"")) == {Code.SIGNER_UNKNOWN}


def test_every_certificate_of_a_csca_has_to_be_of_the_seals_country() -> None:
    (own,) = seals.AUTHORITY.signers()
    foreign = own._replace(countries=frozenset({"XB"}), thumbprint="00")
    assert Code.SEAL_COUNTRY in codes(make(), own, foreign)
    assert Code.SEAL_COUNTRY in codes(sealed(subject=named("QQ", "Seals")))


def test_no_more_keys_are_tried_than_a_state_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    (own,) = seals.AUTHORITY.signers()
    many = [own._replace(public_key=bytes([n]), thumbprint=f"{n:02}") for n in range(40)]
    tried: list[bytes] = []
    monkeypatch.setattr(chain, "signed_by", lambda *values: tried.append(values[-1]))
    assert Code.SEAL_CHAIN_UNREAD in codes(make(), *many)
    assert len(tried) == 32


def test_germany_has_one_letter() -> None:
    german = Authority(country="DE", common="csca-germany")
    dose = {"dvc": "2021-06-13", "seq": 1, "ctr": "D"}
    data = {
        "hdr": {"t": "icao.vacc", "v": 1, "is": "D"},
        "msg": {**seals.DATA["msg"], "ve": [{"des": "XM8NQ0", "dis": "RA01.0", "vd": [dose]}]},
    }
    assert codes(make(data, cer=certificate(german)), *german.signers()) == {Code.NO_RULES}


def test_a_strangers_huge_key_costs_nothing() -> None:
    # A modulus as long as a bar code holds, and an exponent as long: no number of it is looked at before the chain.
    number = (1 << 20_000) + 1
    inner = sequence(seals.integer(number), seals.integer(number))
    spki = sequence(
        sequence(seals.oid("1.2.840.113549.1.1.1"), seals.NULL), write(0x03, b"\x00" + inner)
    )
    stranger = Authority(key=key(99), common="Nobody")
    assert codes(make(cer=certificate(stranger, spki=spki))) == {Code.SIGNER_UNKNOWN}
    assert codes(sealed(spki=spki)) <= {Code.SIGNER_WEAK, Code.SIGNER_UNREADABLE}
    assert seal.signers(b"\x30" * 9000, "XXA", TrustList(), signed_by) == Finding(
        Code.SIGNER_UNREADABLE, "sig.cer"
    )


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(seals.CERTIFICATE) - 1), st.binary(min_size=1, max_size=3))
def test_no_altered_certificate_is_believed_and_none_raises(at: int, octets: bytes) -> None:
    altered = seals.CERTIFICATE[:at] + octets + seals.CERTIFICATE[at + len(octets) :]
    found = seal.signers(altered, "XXA", TrustList(seals.AUTHORITY.signers()), signed_by)
    if isinstance(found, Finding):
        return
    # Only what its authority has not signed may differ: the algorithm that is named beside the signature.
    assert [one.public_key for one in found] == [seals.info(key())]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(octets: bytes) -> None:
    trust = TrustList(seals.AUTHORITY.signers())
    assert isinstance(seal.signers(octets, "XXA", trust, signed_by), Finding)
    assert isinstance(seal.signers(write(0x30, octets), "XXA", trust, signed_by), Finding)
    more = [
        extension("2.23.136.1.1.6.2", octets),
        extension("2.5.29.14", write(OCTET_STRING, octets)),
    ]
    seal.signers(certificate(seals.AUTHORITY, types=None, more=more), "XXA", trust, signed_by)
