"""Every kind of trust list is told by its bytes, read leniently, and its proof never left out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import algorithms
from pratique.errors import DocumentRefused
from pratique.trust import lists
from tests.unit.made import make

ONE, CA = make(["DE"]), make(["DE"], ca=True, name="SCA")
TEXT = base64.b64encode(ONE.der).decode()
KID = base64.b64encode(b"kid of 1").decode()
SIGNER = ec.generate_private_key(ec.SECP256R1())
PROOF_KEY = algorithms.of_key(SIGNER.public_key())


def code_of(data: bytes, **options: Any) -> str:
    with pytest.raises(DocumentRefused) as caught:
        lists.read_source(data, **options)
    return caught.value.code


def test_certificates_are_told_apart_from_their_signing_cas() -> None:
    reading = lists.read_source(ONE.pem + CA.pem)
    assert len(reading.listed) == len(reading.authorities) == 1
    assert len(lists.read_source(ONE.der).listed) == 1


def test_a_bare_public_key_is_read_and_marked() -> None:
    pem = SIGNER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (listed,) = lists.read_source(pem).listed
    assert listed.record.notes == ("bare-key",)
    assert lists.read_proof_key(pem) == PROOF_KEY


@pytest.mark.parametrize(
    "document",
    [
        [{"kid": KID, "certificate": TEXT}],
        {
            "certificates": [
                {"kid": KID, "country": "DE", "rawData": TEXT, "certificateType": "DSC"}
            ]
        },
        {KID: TEXT},
    ],
)
def test_lists_of_kid_and_certificate_are_read(document: object) -> None:
    (listed,) = lists.read_source(json.dumps(document).encode()).listed
    assert listed.kid == b"kid of 1"
    assert listed.record.countries == ("DE",)


def test_the_certificate_of_a_test_case_is_read() -> None:
    data = json.dumps({"TESTCTX": {"CERTIFICATE": TEXT}, "JSON": {}}).encode()
    assert len(lists.read_source(data).listed) == 1


def test_tombstones_and_other_keys_are_skipped_and_one_bad_entry_costs_itself() -> None:
    rows = [
        {"kid": KID, "certificate": TEXT},
        {"kid": KID, "rawData": None, "signature": None},
        {"kid": KID, "rawData": TEXT, "certificateType": "AUTHENTICATION"},
        {"kid": KID, "rawData": base64.b64encode(CA.der).decode(), "certificateType": "CSCA"},
        {"kid": KID, "certificate": base64.b64encode(b"no certificate").decode()},
    ]
    reading = lists.read_source(json.dumps(rows).encode())
    assert [listed.record.reason for listed in reading.listed] == ["", "x509-unreadable"]
    assert (len(reading.authorities), reading.skipped) == (1, 2)


def signed(rest: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(SIGNER.sign(rest.strip(), ec.ECDSA(hashes.SHA256())))
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")) + b"\n" + rest


LIST = json.dumps({"certificates": [{"kid": KID, "country": "DE", "rawData": TEXT}]}).encode()


@pytest.mark.parametrize("rest", [LIST, LIST + b"\n"])
def test_a_signed_list_holds_under_its_key(rest: bytes) -> None:
    reading = lists.read_source(signed(rest), proof_key=PROOF_KEY)
    assert (reading.proof, len(reading.listed)) == ("valid", 1)
    assert lists.read_source(signed(rest)).proof == "not checked"


def test_a_signed_list_that_was_altered_is_refused() -> None:
    altered = signed(LIST).replace(b'"DE"', b'"AT"')
    assert code_of(altered, proof_key=PROOF_KEY) == "list-signature-wrong"


@pytest.mark.parametrize("data", [ONE.pem, ONE.der, b'[{"kid": "", "certificate": ""}]'])
def test_a_check_that_was_asked_for_is_not_left_out(data: bytes) -> None:
    assert code_of(data, proof_key=PROOF_KEY) == "proof-missing"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "source-unknown"),
        (b"just words", "source-unknown"),
        (b'{"keys": []}', "source-unknown"),
        (b"{", "json-unreadable"),
        (b'{"a": 1, "a": 2}', "json-unreadable"),
        (b"[" * 100_000, "json-unreadable"),
        (b"[NaN]", "json-unreadable"),
    ],
)
def test_what_is_no_trust_list_is_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


@given(
    st.one_of(
        st.binary(max_size=200), st.text('[]{}":,kidcertificate \n', max_size=99).map(str.encode)
    )
)
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    try:
        lists.read_source(data)
    except DocumentRefused:
        return
