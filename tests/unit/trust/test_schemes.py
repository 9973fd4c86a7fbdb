"""Keys of schemes are read from their issuers' own documents, each within its scheme, and no test key as a real one."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.crypto import algorithms, jose, x509
from pratique.errors import DocumentRefused
from pratique.terms import ALL_KINDS, Environment, Kind, Scheme
from pratique.trust import lists, schemes
from pratique.trust.certificates import ListReading, check_kids, collect
from pratique.trust.signer import Signer, TrustList
from tests.unit.made import make

DID = "did:web:passes.example"
KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
P384 = ec.generate_private_key(ec.SECP384R1()).public_key()
RSA = rsa.generate_private_key(65537, 2048).public_key()
SPKI = KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
JWK = jose.write_jwk(algorithms.of_key(KEY))


def method(fragment: str = "key-1", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{DID}#{fragment}", "controller": DID, "type": "JsonWebKey2020", "publicKeyJwk": dict(JWK), **changes,
    }  # fmt: skip


def did(*methods: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "@context": "https://w3.org/ns/did/v1",
        "id": DID,
        "verificationMethod": list(methods or (method(),)),
        "assertionMethod": [one["id"] for one in methods or (method(),)],
        **changes,
    }


def signers(reading: ListReading) -> tuple[Signer, ...]:
    return collect([reading], environment=Environment.PRODUCTION)


def code_of(document: object) -> str:
    with pytest.raises(DocumentRefused) as caught:
        schemes.read_nzcp(document)
    return caught.value.code


def test_a_key_for_passes_is_named_by_its_issuer_and_its_fragment() -> None:
    (signer,) = signers(schemes.read_nzcp(did()))
    assert signer.key == ("NZCP", DID, b"key-1")
    assert signer.usages == {Kind.PASS}
    assert "NZ" in signer.countries
    assert signer.environment is Environment.PRODUCTION
    assert TrustList([signer]).signers_for(b"key-1") == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "JsonWebKey2021"},
        {"type": None},
        {"controller": "did:web:other.example"},
        {"publicKeyJwk": None},
        {"publicKeyJwk": jose.write_jwk(algorithms.of_key(P384))},
        {"publicKeyJwk": jose.write_jwk(algorithms.of_key(RSA))},
        {"publicKeyJwk": {**JWK, "x": "AAAA"}},
        {"id": "did:web:other.example#key-1"},
        {"id": "#key-1"},
        {"id": f"{DID}#"},
        {"id": f"{DID}#{'k' * 65}"},
        {"id": f"{DID}:path#key-1"},
    ],
)
def test_what_is_no_key_for_passes_is_left_out(changes: dict[str, Any]) -> None:
    bad = method(**changes)
    assert code_of(did(bad)) == "nzcp-did-empty"
    reading = schemes.read_nzcp(did(bad, method("key-2")))
    assert [one.kid for one in reading.listed] == [b"key-2"]
    assert reading.skipped == 1


def test_a_key_must_stand_in_both_lists() -> None:
    assert code_of(did(assertionMethod=[])) == "nzcp-did-empty"
    assert code_of(did(assertionMethod=[method()])) == "nzcp-did-empty"
    assert code_of(did(assertionMethod=[f"{DID}#key-2"])) == "nzcp-did-empty"
    assert code_of(did(verificationMethod=[], assertionMethod=[method()])) == "nzcp-did-empty"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_document_with_a_private_key_is_refused(member: str) -> None:
    bad = method("key-2", publicKeyJwk={**JWK, member: "AAAA"})
    assert code_of(did(method(), bad)) == "nzcp-did-private"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        did(id=7),
        did(id="did:key:abc"),
        did(id="did:web:passes%2Eexample"),
        did(id=f"{DID} "),
        did(id=f"{DID}#key-1"),
        did(id=f"{DID}/path"),
        did(assertionMethod=None),
        did(verificationMethod={}),
        did(method(), method()),
    ],
)
def test_what_is_no_such_document_is_refused(document: object) -> None:
    assert code_of(document) == "nzcp-did-unreadable"


@pytest.mark.parametrize(
    "identity",
    [
        "did:web:nzcp.covid19.health.nz",
        "did:web:NZCP.covid19.health.nz",
        "did:web:nzcp.covid19.health.nz%3A443",
        "did:web:nzcp.covid19.health.nz.:a",
        "did:web:mattrglobal.github.io:nzcp:x",
    ],
)
def test_the_specifications_keys_are_test_keys_whatever_is_asked(identity: str) -> None:
    text = json.dumps(did()).replace(DID, identity)
    (signer,) = signers(schemes.read_nzcp(json.loads(text)))
    assert signer.environment is Environment.TEST


def test_a_known_issuers_document_is_told_from_other_dids() -> None:
    text = json.dumps(did()).replace(DID, "did:web:nzcp.identity.health.nz").encode()
    (signer,) = signers(lists.read_source(text))
    assert (signer.domain, signer.environment) == ("NZCP", Environment.PRODUCTION)
    (other,) = signers(lists.read_source(json.dumps(did()).encode()))
    assert not other.issuer
    with pytest.raises(DocumentRefused) as caught:
        lists.read_source(text, proof_key=algorithms.of_key(KEY))
    assert caught.value.code == "proof-missing"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "ca": "FR03", "id": "XY01", "documents": ["L1", "B2"], "spki": base64.b64encode(SPKI).decode(), **changes,
    }  # fmt: skip


def one_key(**changes: Any) -> Signer:
    (signer,) = signers(schemes.read_two_d_doc({"keys": [row(**changes)]}))
    return signer


def test_a_key_of_2d_doc_is_named_by_its_ca_and_its_certificate() -> None:
    signer = one_key(owner="Somebody")
    assert signer.key == ("2D-DOC", "FR03", b"XY01")
    assert signer.usages == {Kind.VACCINATION, Kind.TEST}
    assert signer.name == "Somebody"
    assert "FR" in signer.countries
    assert signer.environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"documents": ["L1"]}, {Kind.VACCINATION}),
        ({"documents": ["B2"]}, {Kind.TEST}),
        ({"documents": ["B1"]}, set()),
        ({"id": "AV01"}, {Kind.VACCINATION}),
        ({"id": "AV01", "documents": ["B2"]}, set()),
        ({"id": "AHP1"}, {Kind.TEST}),
        ({"ca": "FR01", "id": "AV01"}, {Kind.VACCINATION, Kind.TEST}),
    ],
)
def test_a_key_signs_the_documents_that_it_is_listed_for(
    changes: dict[str, Any], kinds: set[Kind]
) -> None:
    assert one_key(**changes).usages == kinds


@pytest.mark.parametrize(
    "names", [("FR00", "0001"), ("FR03", "DHI0"), ("FR03", "TST1"), ("FR07", "XTST")]
)
def test_test_keys_of_2d_doc_are_told_by_their_names(names: tuple[str, str]) -> None:
    assert one_key(ca=names[0], id=names[1]).environment is Environment.TEST


def test_the_days_of_a_leaf_are_its_limits() -> None:
    signer = one_key(leaf_valid="2021-04-22..2024-04-21")
    # From midnight in Paris in summer, to the last second of the last day.
    assert (signer.not_before, signer.not_after) == (1_619_042_400, 1_713_743_999)
    assert one_key(leaf_valid=None).not_before == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"spki": "!"},
        {"spki": base64.b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()},
        {"spki": base64.b64encode(b"\x30\x00").decode()},
        {"leaf_valid": "for ever"},
        {"leaf_valid": "2021-02-30..2024-04-21"},
        {"leaf_valid": 7},
        {"documents": None},
        {"documents": "L1"},
        {"documents": [1]},
        {"ca": "fr03"},
        {"ca": None},
        {"id": "AV012"},
    ],
)  # fmt: skip
def test_a_list_with_an_odd_key_is_refused_whole(changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentRefused) as caught:
        schemes.read_two_d_doc({"keys": [row(id="AA01"), row(**changes)]})
    assert caught.value.code == "2d-doc-keys-unreadable"


def test_two_keys_of_one_name_are_refused() -> None:
    documents: list[object] = [
        {"keys": [row(), row()]},
        {"keys": []},
        {"keys": [{}]},
        {"keys": [7]},
        None,
    ]
    for document in documents:
        with pytest.raises(DocumentRefused):
            schemes.read_two_d_doc(document)
    # One identifier under two CAs names two keys.
    both = {"keys": [row(), row(ca="FR04")]}
    reading = lists.read_source(json.dumps(both).encode())
    assert reading.kind == "2D-DOC keys"
    assert [one.issuer for one in reading.listed] == ["FR03", "FR04"]


def test_one_key_is_pinned_by_its_two_names() -> None:
    for data in (PEM, SPKI):
        reading = schemes.read_two_d_doc_key(data, authority="FR03", identifier="XY01")
        (signer,) = signers(reading)
        assert signer.key == ("2D-DOC", "FR03", b"XY01")
        assert signer.usages == {Kind.VACCINATION, Kind.TEST}
    leaf = make(["FR"])
    record = x509.read(leaf.der)
    (signer,) = signers(
        schemes.read_two_d_doc_key(leaf.pem, authority="FR03", identifier="XY01", documents=["B2"])
    )
    assert signer.usages == {Kind.TEST}
    assert signer.not_before <= record.not_before
    assert signer.not_after == record.not_after
    assert "kid-foreign" not in signer.notes
    for data in (make(["FR"], ca=True).pem, leaf.pem + leaf.pem):
        with pytest.raises(DocumentRefused):
            schemes.read_two_d_doc_key(data, authority="FR03", identifier="XY01")


def swiss(*uses: object) -> bytes:
    rows = [
        {"keyId": base64.b64encode(b"kid %d of" % n).decode(), "alg": "ES256", "use": use, "crv": "P-256",
         "x": base64.b64encode(jose.base64url(JWK["x"])).decode(),
         "y": base64.b64encode(jose.base64url(JWK["y"])).decode()}
        for n, use in enumerate(uses)
    ]  # fmt: skip
    return json.dumps({"certs": rows}).encode()


def test_switzerlands_list_is_parted_by_use() -> None:
    found = signers(lists.read_source(swiss("sig", "l", "v", None, "lv", "light")))
    light = [one for one in found if one.issuer]
    assert [one.key for one in light] == [
        ("CH-LIGHT", "CH BAG", b"kid 1 of"), ("CH-LIGHT", "CH BAG", b"kid 4 of"),
    ]  # fmt: skip
    assert all(one.usages == {Kind.PASS} and one.countries == {"CH"} for one in light)
    others = [one for one in found if not one.issuer]
    assert [one.kid for one in others] == [b"kid %d of" % n for n in (0, 2, 3, 4, 5)]
    assert all(one.usages == ALL_KINDS for one in others)


def test_keys_of_one_kid_are_counted_within_their_issuer() -> None:
    (listed,) = schemes.read_nzcp(did()).listed
    keys = [
        listed._replace(issuer=f"{DID}{n}", record=listed.record._replace(public_key=b"%d" % n))
        for n in range(20)
    ]
    check_kids(keys)
    with pytest.raises(DocumentRefused):
        check_kids(one._replace(issuer=DID) for one in keys)


def test_every_listed_key_states_its_scheme() -> None:
    readings = (
        schemes.read_nzcp(did()),
        schemes.read_two_d_doc({"keys": [row()]}),
        lists.read_source(swiss("l")),
    )
    named = {one.domain for reading in readings for one in reading.listed if one.bound}
    assert named == {Scheme.NZCP.value, Scheme.TWO_D_DOC.value, Scheme.CH_LIGHT.value}
    document = did()
    before = copy.deepcopy(document)
    schemes.read_nzcp(document)
    assert document == before
