"""NZ COVID Passes: every check of the specification refuses by its own word, and a pass is never an event."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import formats
from pratique.authenticate import Verification, authenticate, conclude_one
from pratique.crypto import cose, keys
from pratique.crypto.cbor import dumps
from pratique.findings import Code, Colour, Finding
from pratique.formats import Sealed, nzcp
from pratique.model import Moment, Pass, Precision
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind, Scheme
from pratique.trust.signer import Signer, TrustList
from tests.schemes import nzcp as encoder
from tests.schemes.nzcp import LEFT_OUT, claims, credential, make
from tests.travellers import JO

KEY = keys.generate()
OTHER = keys.generate()
AT = encoder.BEGINS + 1000
GOOD = make(KEY)


def snapshot(*signers: Signer, environment: Environment = Environment.PRODUCTION) -> Snapshot:
    trust = TrustList(signers or (encoder.signer(KEY),))
    return Snapshot(number=1, created=0, environment=environment, trust=trust)


def checked(text: str, *signers: Signer, at: int = AT) -> Verification:
    held = snapshot(*signers)
    sealed = nzcp.unwrap(text)
    return conclude_one(sealed, authenticate(sealed, held), held, at)


def found(text: str, *signers: Signer, at: int = AT) -> list[tuple[str, str]]:
    return [
        (finding.code.name, finding.where)
        for finding in checked(text, *signers, at=at).verdict.findings
    ]


def of_claims(vc: object = None, **changes: Any) -> list[tuple[str, str]]:
    return found(make(KEY, dumps(claims(vc, **changes))))


def test_a_pass_is_read_and_is_amber_for_whoever_asks_for_events() -> None:
    verification = checked(GOOD)
    assert verification.verdict.colour is Colour.AMBER
    assert [one.code for one in verification.verdict.findings] == [
        Code.STATES_NO_EVENT,
        Code.NO_RULES,
    ]
    certificate = verification.certificate
    assert certificate is not None
    assert (certificate.domain, certificate.version, certificate.kind) == (
        "NZCP",
        "1.0.0",
        Kind.PASS,
    )
    assert certificate.issuer == "NZ"
    assert certificate.issued_at == certificate.not_before == encoder.BEGINS
    assert certificate.expires_at == encoder.ENDS
    assert certificate.person.surname == "Bloggs"
    assert certificate.person.forename == "Jo"
    assert certificate.person.birth_date == Moment(
        Precision.DAY, datetime(1980, 2, 3, tzinfo=UTC).date()
    )
    identifier = "urn:uuid:00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert certificate.entries == (Pass(None, None, "NZ", encoder.ISSUER, identifier),)


def test_the_encoder_writes_a_travellers_pass() -> None:
    certificate = checked(encoder.text(JO, (), KEY)).certificate
    assert certificate is not None
    assert certificate.person[:2] == JO[:2]
    assert certificate.person.birth_date == JO.birth_date


def test_padding_and_caps_lock_lose_nothing() -> None:
    assert found(make(KEY, padded=True)) == found(GOOD)
    assert found(GOOD.lower()) == [("CASE_FLIPPED", ""), *found(GOOD)]


def test_a_family_name_may_be_missing() -> None:
    subject = {"givenName": "Jo", "dob": "1980-02-03"}
    certificate = checked(
        make(KEY, dumps(claims(credential(credentialSubject=subject))))
    ).certificate
    assert certificate is not None
    assert certificate.person.surname is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NZCP:/1/", ("TEXT_DAMAGED", "base32")),
        ("NZCP:/1", ("TEXT_DAMAGED", "base32")),
        (GOOD + "1", ("TEXT_DAMAGED", "base32")),
        (GOOD + " ", ("TEXT_DAMAGED", "base32")),
        (GOOD + "=", ("TEXT_DAMAGED", "base32")),
        (GOOD + "========", ("TEXT_DAMAGED", "base32")),
        (GOOD[:30] + GOOD[30:].lower(), ("TEXT_DAMAGED", "base32")),
        (GOOD[:9] + "\u017f" + GOOD[10:], ("TEXT_DAMAGED", "base32")),
        (GOOD[:88], ("TEXT_DAMAGED", "CBOR")),
        (GOOD.replace("/1/", "/2/"), ("FORMAT_NOT_READ", "another version of the NZ COVID Pass")),
        (GOOD.replace("/1/", "/01/"), ("FORMAT_NOT_READ", "another version of the NZ COVID Pass")),
        ("NZCP:/1/" + "A" * 4289, ("TEXT_TOO_LONG", "")),
        ("NZCP:/1/" + "1" * 4288, ("TEXT_DAMAGED", "base32")),
    ],
)
def test_damage_is_amber_and_says_so(text: str, expected: tuple[str, str]) -> None:
    verification = checked(text)
    assert found(text) == [expected]
    assert verification.verdict.colour is Colour.AMBER
    assert verification.unread is (expected[0] != "FORMAT_NOT_READ")


CONTENT = dumps(claims())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tag": b""}, ("HEADER_REFUSED", "tag")),
        ({"tag": b"\xd1"}, ("HEADER_REFUSED", "tag")),
        ({"tag": b"\xd8\x12"}, ("HEADER_REFUSED", "tag")),
        ({"tag": b"\xd8\x3d\xd2"}, ("HEADER_REFUSED", "tag")),
        ({"tag": b"\xd2\xd2"}, ("CBOR_TAG", "")),
        ({"trailing": b"\0"}, ("CBOR_TRAILING", "")),
        ({"protected": {4: encoder.KID}}, ("HEADER_REFUSED", "alg")),
        ({"protected": {4: encoder.KID, 1: "ES256"}}, ("HEADER_REFUSED", "alg")),
        ({"protected": {4: encoder.KID}, "unprotected": {1: -7}}, ("HEADER_REFUSED", "alg")),
        ({"protected": {1: -7}}, ("HEADER_REFUSED", "kid")),
        ({"protected": {1: -7, 4: "key-1"}}, ("HEADER_REFUSED", "kid")),
        ({"protected": {1: -7}, "unprotected": {4: encoder.KID}}, ("HEADER_REFUSED", "kid")),
        ({"unprotected": {4: b"key-2"}}, ("HEADER_REFUSED", "unprotected")),
        ({"unprotected": {1: -7}}, ("HEADER_REFUSED", "unprotected")),
        ({"protected": {1: -7, 4: encoder.KID, 2: [4]}}, ("COSE_INVALID", "")),
        ({"protected": {1: -37, 4: encoder.KID}}, ("ALGORITHM_REFUSED", "")),
        ({"protected": {1: -35, 4: encoder.KID}}, ("ALGORITHM_REFUSED", "")),
        ({"protected": {1: -999, 4: encoder.KID}}, ("ALGORITHM_REFUSED", "")),
        ({"signature": bytes(63)}, ("SIGNATURE_FORM", "")),
        ({"signature": bytes(65)}, ("SIGNATURE_FORM", "")),
        ({"signature": bytes(64)}, ("SIGNATURE_INVALID", "")),
        ({"payload": b"\xff"}, ("CBOR_MALFORMED", "payload")),
        ({"payload": b"\x80"}, ("COSE_INVALID", "payload")),
        ({"payload": b"\xa2\x01\x61a\x01\x61b"}, ("CBOR_DUPLICATE_KEY", "payload")),
        ({"payload": CONTENT + b"\0"}, ("CBOR_TRAILING", "payload")),
        ({"payload": CONTENT.replace(b"\x07\x50", b"\x07\xd8\x25\x50")}, ("CBOR_TAG", "payload")),
        ({"payload": dumps(claims(iss=LEFT_OUT))}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss=7))}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss=""))}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss="d" * 513))}, ("HEADER_REFUSED", "iss")),
    ],
)
def test_what_is_altered_before_the_signature_is_refused(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    text = make(KEY, changes.pop("payload", None), **changes)
    assert found(text)[0] == expected
    assert len(found(text)) == 1
    assert checked(text).verdict.colour is Colour.RED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nbf": LEFT_OUT}, ("FIELD_MISSING", "nbf")),
        ({"exp": LEFT_OUT}, ("FIELD_MISSING", "exp")),
        ({"nbf": float(encoder.BEGINS)}, ("FIELD_TYPE", "nbf")),
        ({"exp": str(encoder.ENDS)}, ("FIELD_TYPE", "exp")),
        ({"exp": True}, ("FIELD_TYPE", "exp")),
        ({"exp": encoder.ENDS * 1000}, ("INSTANT_UNREADABLE", "exp")),
        ({"nbf": -1}, ("INSTANT_UNREADABLE", "nbf")),
        ({"exp": 253_402_300_800}, ("INSTANT_UNREADABLE", "exp")),
        ({"nbf": LEFT_OUT, "nbf ": encoder.BEGINS}, ("FIELD_MISSING", "nbf")),
        ({"cti": LEFT_OUT}, ("FIELD_MISSING", "cti")),
        ({"cti": bytes(15)}, ("FIELD_TYPE", "cti")),
        ({"cti": "urn:uuid:0"}, ("FIELD_TYPE", "cti")),
        ({"vc": LEFT_OUT}, ("FIELD_MISSING", "vc")),
        ({"vc": [credential()]}, ("FIELD_TYPE", "vc")),
    ],
)
def test_claims_that_lack_or_are_odd_are_refused(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in of_claims(**changes)
    assert checked(make(KEY, dumps(claims(**changes)))).certificate is None
    assert checked(make(KEY, dumps(claims(**changes)))).verdict.colour is Colour.RED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"context": LEFT_OUT}, ("CLAIM_UNKNOWN", "vc.@context")),
        ({"context": []}, ("CLAIM_UNKNOWN", "vc.@context")),
        ({"context": "https://www.w3.org/2018/credentials/v1"}, ("CLAIM_UNKNOWN", "vc.@context")),
        ({"context": ["https://example.org", "https://www.w3.org/2018/credentials/v1"]}, ("CLAIM_UNKNOWN", "vc.@context")),
        ({"type": LEFT_OUT}, ("CLAIM_UNKNOWN", "vc.type")),
        ({"type": ["VerifiableCredential"]}, ("CLAIM_UNKNOWN", "vc.type")),
        ({"type": ["VerifiableCredential", "PublicCovidPass", "x"]}, ("CLAIM_UNKNOWN", "vc.type")),
        ({"type": "PublicCovidPass"}, ("CLAIM_UNKNOWN", "vc.type")),
        ({"version": LEFT_OUT}, ("VERSION_UNKNOWN", "vc.version")),
        ({"version": "1.0.1"}, ("VERSION_UNKNOWN", "vc.version")),
        ({"version": 1.0}, ("VERSION_UNKNOWN", "vc.version")),
    ],
)  # fmt: skip
def test_a_genuine_credential_of_another_kind_is_amber(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    verification = checked(make(KEY, dumps(claims(credential(**changes)))))
    assert [(one.code.name, one.where) for one in verification.verdict.findings] == [expected]
    assert verification.verdict.colour is Colour.AMBER
    assert verification.certificate is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (None, ("NAME_MISSING", "vc.credentialSubject")),
        ([encoder.SUBJECT], ("NAME_MISSING", "vc.credentialSubject")),
        ({"familyName": "Bloggs", "dob": "1980-02-03"}, ("FIELD_MISSING", "vc.credentialSubject.givenName")),
        ({"givenName": 7, "dob": "1980-02-03"}, ("FIELD_TYPE", "vc.credentialSubject.givenName")),
        ({"givenName": " ", "familyName": "-", "dob": "1980-02-03"}, ("NAME_MISSING", "vc.credentialSubject.givenName")),
        ({"givenName": "Jo"}, ("FIELD_MISSING", "vc.credentialSubject.dob")),
        ({"givenName": "Jo", "dob": 19800203}, ("FIELD_TYPE", "vc.credentialSubject.dob")),
    ],
)  # fmt: skip
def test_a_pass_of_nobody_is_refused(subject: object, expected: tuple[str, str]) -> None:
    text = make(KEY, dumps(claims(credential(credentialSubject=subject))))
    assert expected in found(text)
    assert checked(text).verdict.colour is Colour.RED


def test_a_birth_date_that_cannot_be_read_is_a_doubt() -> None:
    subject = {**encoder.SUBJECT, "dob": "1980-02-30"}
    text = make(KEY, dumps(claims(credential(credentialSubject=subject))))
    assert ("DATE_UNREADABLE", "vc.credentialSubject.dob") in found(text)
    assert checked(text).verdict.colour is Colour.AMBER


def test_an_early_drafts_identifier_is_looked_through() -> None:
    tagged = CONTENT.replace(b"\x07\x50", b"\x07\xd8\x40\x50")
    assert found(make(KEY, tagged)) == [("SCHEMA_DEVIATION", "cti"), *found(GOOD)]
    twice = dumps(claims(cti=LEFT_OUT, extra=b"\x07\xd8\x40\x50" + bytes(16)))
    assert found(make(KEY, twice)) == [("FIELD_MISSING", "cti")]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (encoder.BEGINS - 1, "CLOCK_LEEWAY"),
        (encoder.BEGINS - 301, "NOT_YET_VALID"),
        (encoder.ENDS + 1, "EXPIRED"),
    ],
)
def test_a_pass_is_in_force_between_its_instants(at: int, expected: str) -> None:
    assert expected in [code for code, _ in found(GOOD, at=at)]
    for inside in (encoder.BEGINS, encoder.ENDS):
        assert found(GOOD, at=inside) == found(GOOD)


def test_the_calendars_last_second_is_an_instant() -> None:
    # The key's own end is the last second of the calendar.
    text = make(KEY, dumps(claims(exp=253_402_300_799)))
    assert found(text) == found(GOOD)


def test_a_pass_that_ends_before_it_begins_is_refused() -> None:
    assert ("EXPIRES_BEFORE_ISSUE", "exp") in of_claims(exp=encoder.BEGINS - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": b"key-2"},
        {"issuer": "did:web:passes.example:"},
        {"issuer": "did:web:PASSES.example"},
        {"issuer": "did:web:passes.example#key-1"},
        {"issuer": "did:web:other.example"},
    ],
)
def test_the_issuer_and_the_kid_are_compared_as_they_stand(changes: dict[str, Any]) -> None:
    assert found(GOOD, encoder.signer(KEY, **changes)) == [("SIGNER_UNKNOWN", "NZCP")]


def test_a_long_name_is_one_too() -> None:
    text = make(KEY, dumps(claims(iss="d" * 512)))
    assert found(text, encoder.signer(KEY, issuer="d" * 512)) == found(GOOD)


def test_another_key_of_the_same_name_proves_a_forgery() -> None:
    assert found(GOOD, encoder.signer(OTHER)) == [("SIGNATURE_INVALID", "")]
    assert found(make(OTHER)) == [("SIGNATURE_INVALID", "")]


@pytest.mark.parametrize("place", range(0, len(GOOD) - 8, 17))
def test_a_letter_that_was_changed_passes_no_check(place: int) -> None:
    place += 8
    text = GOOD[:place] + ("B" if GOOD[place] == "A" else "A") + GOOD[place + 1 :]
    assert checked(text).certificate is None


def test_keys_of_other_schemes_and_of_hc1_verify_no_pass() -> None:
    own = encoder.signer(KEY)
    for domain in (Scheme.SHC, Scheme.CH_LIGHT, Scheme.TWO_D_DOC, Scheme.DIVOC, Scheme.VDS_NC):
        assert found(GOOD, own._replace(domain=domain.value)) == [("SIGNER_UNKNOWN", "NZCP")]
    hc1 = own._replace(issuer="", domain="DCC", bound=False, usages=ALL_KINDS | {Kind.PASS})
    assert found(GOOD, hc1) == [("SIGNER_UNKNOWN", "NZCP")]


def test_a_key_that_may_not_sign_passes_signs_none() -> None:
    assert ("USAGE_WRONG", "") in found(GOOD, encoder.signer(KEY)._replace(usages=ALL_KINDS))
    test = encoder.signer(KEY, environment=Environment.TEST)
    assert ("ENVIRONMENT_WRONG", "") in found(GOOD, test)


def test_a_larger_curve_is_not_believed() -> None:
    key = keys.generate(Algorithm.ES384)
    header = {4: encoder.KID, 1: -35}
    payload = dumps(claims())
    signature = key.sign(cose.message_of(dumps(header), payload))
    text = make(key, payload, protected=header, signature=signature)
    assert found(text, encoder.signer(key)) == [("SIGNATURE_FORM", "")]


@given(st.text() | st.binary().map(lambda data: base64.b32encode(data).decode()))
def test_no_text_raises(text: str) -> None:
    assert isinstance(nzcp.unwrap("NZCP:/1/" + text), Sealed | Finding)
    assert formats.of("NZCP:/1/" + text) is nzcp


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=9) | st.binary(max_size=9)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(ANY, st.sampled_from(["nbf", "exp", "cti", "vc"]))
def test_no_claim_raises(value: object, name: str) -> None:
    verification = checked(make(KEY, dumps(claims(**{name: value}))))
    assert verification.verdict.findings
    assert "not shown" in repr(nzcp.unwrap(GOOD))


@given(ANY, st.sampled_from(["context", "type", "version", "credentialSubject"]))
def test_no_member_raises(value: object, name: str) -> None:
    assert checked(make(KEY, dumps(claims(credential(**{name: value}))))).verdict.findings


@given(ANY, st.sampled_from(["givenName", "familyName", "dob"]))
def test_no_field_raises(value: object, name: str) -> None:
    subject = {**encoder.SUBJECT, name: value}
    assert checked(make(KEY, dumps(claims(credential(credentialSubject=subject))))).verdict.findings
