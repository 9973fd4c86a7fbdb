"""Swiss certificates light: of a store of their own, in force for a day or two, and no event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import formats
from pratique.authenticate import Verification, authenticate, conclude_one, read
from pratique.crypto import keys
from pratique.crypto.cbor import dumps
from pratique.findings import Code, Colour, Finding
from pratique.formats import Envelope, Sealed, ch_light
from pratique.model import Pass
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind, Scheme
from pratique.trust.signer import Signer, TrustList
from tests.schemes import ch_light as encoder
from tests.schemes.ch_light import claims, content, make
from tests.schemes.nzcp import LEFT_OUT
from tests.travellers import JO
from tools.vectors import content as dcc_content
from tools.vectors import layers

KEY, OTHER = keys.generate(), keys.generate()
RSA = keys.generate(Algorithm.PS256)
AT = encoder.BEGINS + 1000
GOOD = make(KEY)


def checked(text: str, *signers: Signer, at: int = AT) -> Verification:
    trust = TrustList(signers or (encoder.signer(KEY),))
    held = Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=trust)
    message = read(text)
    return conclude_one(message, authenticate(message, held), held, at)


def found(text: str, *signers: Signer, at: int = AT) -> list[tuple[str, str]]:
    return [(one.code.name, one.where) for one in checked(text, *signers, at=at).verdict.findings]


def of_claims(light: object = None, **changes: Any) -> list[tuple[str, str]]:
    return found(make(KEY, dumps(claims(light, **changes))))


def test_a_certificate_light_is_a_pass() -> None:
    verification = checked(GOOD)
    assert verification.verdict.colour is Colour.AMBER
    assert [one.code for one in verification.verdict.findings] == [
        Code.STATES_NO_EVENT,
        Code.NO_RULES,
    ]
    certificate = verification.certificate
    assert certificate is not None
    assert (certificate.domain, certificate.kind, certificate.issuer) == (
        "CH-LIGHT",
        Kind.PASS,
        "CH",
    )
    assert (certificate.issued_at, certificate.expires_at) == (encoder.BEGINS, encoder.ENDS)
    assert certificate.person[:4] == ("Bloggs", "Jo", "BLOGGS", "JO")
    assert certificate.entries == (Pass(None, None, "CH", "CH BAG", None),)


def test_the_encoder_writes_a_travellers_certificate() -> None:
    certificate = checked(encoder.text(JO, (), KEY)).certificate
    assert certificate is not None
    assert certificate.person == JO


def test_the_keys_kind_decides_the_algorithm() -> None:
    text = make(RSA)
    assert found(text, encoder.signer(RSA)) == found(GOOD)
    assert found(text) == [("ALGORITHM_REFUSED", "")]
    assert found(GOOD, encoder.signer(RSA)) == [("ALGORITHM_REFUSED", "")]


def test_its_keys_vouch_for_no_hc1_text_and_theirs_for_none_of_it() -> None:
    own = encoder.signer(KEY)
    as_hc1 = own._replace(issuer="", domain="DCC", bound=False, usages=ALL_KINDS | {Kind.PASS})
    assert found(GOOD, as_hc1) == [("SIGNER_UNKNOWN", "CH-LIGHT")]
    dcc = make(KEY, dumps(layers.claims(dcc_content.vaccinated())), prefix="HC1:")
    assert found(dcc, own) == [("SIGNER_UNKNOWN", "")]
    assert found(dcc, as_hc1)[0][0] != "SIGNER_UNKNOWN"
    for scheme in Scheme:
        if scheme is not Scheme.CH_LIGHT:
            assert found(GOOD, own._replace(domain=scheme.value)) == [
                ("SIGNER_UNKNOWN", "CH-LIGHT")
            ]
    # A text with the other's prefix is no other text.
    assert found("HC1:" + GOOD[4:], own) == [("SIGNER_UNKNOWN", "")]
    assert found("HC1:" + GOOD[4:], as_hc1)[-1] == ("CLAIMS_INVALID", "-260")
    assert found("LT1:" + dcc[4:], own)[0] == ("SIGNER_UNKNOWN", "CH-LIGHT")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signature": bytes(64)}, ("SIGNATURE_INVALID", "")),
        ({"trailing": b"\0"}, ("CBOR_TRAILING", "")),
        ({"tag": b"\xd1"}, ("CBOR_TAG", "")),
        ({"protected": {1: -7}}, ("HEADER_REFUSED", "kid")),
        ({"protected": {1: -7, 4: "light#01"}}, ("HEADER_REFUSED", "kid")),
        ({"protected": {4: encoder.KID}}, ("ALGORITHM_REFUSED", "")),
        ({"protected": {1: -35, 4: encoder.KID}}, ("ALGORITHM_REFUSED", "")),
        ({"payload": b"\xff"}, ("CBOR_MALFORMED", "payload")),
        ({"payload": b"\x80"}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss=LEFT_OUT))}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss=1))}, ("HEADER_REFUSED", "iss")),
        ({"payload": dumps(claims(iss="x" * 81))}, ("HEADER_REFUSED", "iss")),
    ],
)
def test_what_is_altered_before_the_signature_is_refused(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    text = make(KEY, changes.pop("payload", None), **changes)
    assert found(text) == [expected]
    assert checked(text).verdict.colour is Colour.RED


def test_a_kid_that_is_not_covered_is_said() -> None:
    text = make(KEY, protected={1: -7}, unprotected={4: encoder.KID})
    assert found(text) == [("KID_UNPROTECTED", "kid"), *found(GOOD)]


@pytest.mark.parametrize(
    "changes", [{"kid": b"light#02"}, {"issuer": "CH BAG "}, {"issuer": "ch bag"}]
)
def test_the_issuer_and_the_kid_are_compared_as_they_stand(changes: dict[str, Any]) -> None:
    assert found(GOOD, encoder.signer(KEY, **changes)) == [("SIGNER_UNKNOWN", "CH-LIGHT")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content": LEFT_OUT}, ("CLAIMS_INVALID", "-250")),
        ({"content": [1]}, ("CLAIMS_INVALID", "-250")),
        ({"content": {}}, ("CLAIMS_INVALID", "-250")),
        ({"content": {2: content()}}, ("CLAIMS_INVALID", "-250")),
        ({"content": {1: "x"}}, ("CLAIMS_INVALID", "-250")),
        ({"exp": "tomorrow"}, ("INSTANT_UNREADABLE", "exp")),
        ({"iat": True}, ("INSTANT_UNREADABLE", "iat")),
        ({"exp": encoder.BEGINS - 1}, ("EXPIRES_BEFORE_ISSUE", "exp")),
        ({"nbf": AT + 1000}, ("NOT_YET_VALID", "nbf")),
        ({"light": content(ver=LEFT_OUT)}, ("FIELD_MISSING", "ver")),
        ({"light": content(nam=LEFT_OUT)}, ("NAME_MISSING", "nam")),
        ({"light": content(nam={"fn": " ", "fnt": "<"})}, ("NAME_MISSING", "nam")),
        ({"light": content(dob=LEFT_OUT)}, ("FIELD_MISSING", "dob")),
    ],
)
def test_signed_content_that_is_wrong_is_refused(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    light = changes.pop("light", None)
    assert expected in of_claims(light, **changes)
    assert checked(make(KEY, dumps(claims(light, **changes)))).verdict.colour is Colour.RED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": LEFT_OUT}, ("EXPIRY_MISSING", "exp")),
        ({"iat": LEFT_OUT}, ("ISSUED_MISSING", "iat")),
        ({"light": content(ver="2.0.0")}, ("VERSION_UNKNOWN", "ver")),
        ({"light": content(dob="1980-02-30")}, ("DATE_UNREADABLE", "dob")),
        ({"exp": encoder.BEGINS + 48 * 3600 + 1}, ("SCHEMA_DEVIATION", "exp")),
    ],
)
def test_what_is_odd_is_said(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    light = changes.pop("light", None)
    assert expected in of_claims(light, **changes)
    assert checked(make(KEY, dumps(claims(light, **changes)))).verdict.colour is Colour.AMBER


def test_it_ends_after_its_day() -> None:
    assert ("EXPIRED", "exp") in found(GOOD, at=encoder.ENDS + 1)
    assert ("NOT_YET_VALID", "iat") in found(GOOD, at=encoder.BEGINS - 301)
    assert found(GOOD, at=encoder.ENDS) == found(GOOD)
    assert of_claims(exp=encoder.BEGINS + 48 * 3600) == found(GOOD)


def test_a_long_name_is_one_too() -> None:
    text = make(KEY, dumps(claims(iss="x" * 80)))
    assert found(text, encoder.signer(KEY, issuer="x" * 80)) == found(GOOD)


def test_a_damaged_text_is_scanned_again() -> None:
    for text in (GOOD[:-3], GOOD[:40] + "a" + GOOD[41:], "LT1:"):
        sealed = ch_light.unwrap(text)
        assert isinstance(sealed, Finding)
        assert sealed.code in {Code.BASE45_INVALID, Code.COMPRESSION_INVALID}


@given(st.text() | st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_no_text_raises(text: str) -> None:
    assert isinstance(ch_light.unwrap("LT1:" + text), Sealed | Finding)
    assert formats.of("LT1:" + text) is ch_light


@given(st.binary(max_size=200))
def test_no_payload_raises(payload: bytes) -> None:
    verification = checked(make(KEY, payload or b"\0"))
    assert verification.verdict.findings


def test_it_is_no_hc1() -> None:
    assert not isinstance(read(GOOD), Envelope)
