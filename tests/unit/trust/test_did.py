"""DID trust lists: lenient about the keys' spelling, strict about the proof."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pratique.crypto import algorithms, x509
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.terms import Environment
from pratique.trust import did
from pratique.trust.certificates import collect
from tests.unit.made import END, Made, make

Document = dict[str, Any]

HOST = "did:web:tng-cdn-dev.who.int:v2:trustlist"
CA = make(["DE"], ca=True, name="SCA")
LEAF = make(["DE"], by=CA)
STRANGER = make(["DE"])
ROOT = ec.generate_private_key(ec.SECP256R1())
ROOT_KEY = algorithms.of_key(ROOT.public_key())


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jwk(made: Made, *above: Made) -> Document:
    numbers = made.key.public_key().public_numbers()
    assert isinstance(numbers, ec.EllipticCurvePublicNumbers)
    return {
        "kty": "EC",
        "crv": "P-256",
        "kid": base64.b64encode(hashlib.sha256(made.der).digest()[:8]).decode(),
        "x": b64(numbers.x.to_bytes(33, "big")),
        "y": b64(numbers.y.to_bytes(33, "big")),
        "x5c": [base64.b64encode(each.der).decode() for each in (made, *above)],
    }


def method(name: str, key: Document, usage: str = "DSC") -> Document:
    return {
        "id": f"{HOST}:DEU:{usage}#{name}",
        "type": "JsonWebKey2020",
        "controller": HOST,
        "publicKeyJwk": key,
        "domain": {"code": "#DCC"},
        "participant": {"code": "#DEU"},
        "keyusage": {"code": f"#{usage}"},
    }


def document(*methods: Document) -> Document:
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/jws-2020/v1",
            "https://smart.who.int/trust/tng-context/v1-DEV.jsonld",
        ],
        "id": f"{HOST}:DEU",
        "controller": HOST,
        "verificationMethod": list(methods or [method("leaf", jwk(LEAF, CA))]),
    }


def prove(found: Document, **more: str) -> Document:
    jsonld = pytest.importorskip("pyld.jsonld", reason="the extra 'did' is not installed")
    proof: Document = {
        "type": "JsonWebSignature2020",
        "created": "2026-11-22T00:00:00Z",
        "nonce": "n",
        "proofPurpose": "assertionMethod",
        "verificationMethod": "did:web:example.org",
        **more,
    }

    def digest(part: Document) -> bytes:
        options = {
            "algorithm": "URDNA2015",
            "format": "application/n-quads",
            "documentLoader": did.load,
        }
        return hashlib.sha256(jsonld.normalize(part, options).encode()).digest()

    payload = digest({**proof, "@context": found["@context"]}) + digest(found)
    head = b64(json.dumps({"b64": False, "crit": ["b64"], "alg": "ES256"}).encode())
    signature = ROOT.sign(head.encode() + b"." + payload, ec.ECDSA(hashes.SHA256()))
    return {**found, "proof": {**proof, "jws": f"{head}..{b64(signature)}"}}


def test_a_list_gives_signers_with_their_authority_and_environment() -> None:
    (signer,) = collect([did.read(document())], environment=Environment.PRODUCTION)
    assert signer.environment is Environment.TEST
    assert signer.countries == {"DE"}
    assert (signer.domain, signer.participant) == ("DCC", "DEU")
    assert signer.sca_not_after == END.timestamp()
    assert signer.notes == ("jwk-padded",)
    assert signer.reason == ""


def test_a_curve_that_is_called_unknown_is_taken_from_the_certificate() -> None:
    p384 = make(["DE"], key=ec.generate_private_key(ec.SECP384R1()))
    key = {"kty": "EC", "crv": "UNKNOWN CURVE", "x": "AA", "y": "AA", "x5c": jwk(LEAF)["x5c"]}
    key["x5c"] = [base64.b64encode(p384.der).decode()]
    (listed,) = did.read(document(method("a", key))).listed
    assert listed.record.algorithm == "ES384"
    assert listed.notes == ("jwk-unreadable",)


def test_a_key_that_is_not_its_certificates_is_not_believed() -> None:
    key = {**jwk(LEAF), "x5c": jwk(STRANGER)["x5c"]}
    (listed,) = did.read(document(method("a", key))).listed
    assert (listed.record.reason, listed.record.usages) == ("jwk-differs", frozenset())


def test_keys_for_other_uses_are_no_signers() -> None:
    found = document(
        method("a", jwk(CA), "CSCA"), method("b", jwk(CA), "SCA"), method("c", jwk(LEAF), "DESC")
    )
    reading = did.read(found)
    assert (reading.listed, len(reading.authorities), reading.skipped) == ((), 1, 1)


def test_a_list_of_references_has_no_signers() -> None:
    found = {**document(), "verificationMethod": [f"{HOST}#a", {"id": "x"}]}
    assert did.read(found).listed == ()


def test_a_proof_that_holds_is_told() -> None:
    assert did.read(prove(document()), proof_key=ROOT_KEY).proof == "valid"
    assert did.read(prove(document())).proof == "not checked"


def refused(found: Document) -> str:
    with pytest.raises(DocumentRefused) as caught:
        did.read(found, proof_key=ROOT_KEY)
    return caught.value.code


def alter(change: Callable[[Document], object]) -> Document:
    found = copy.deepcopy(prove(document()))
    change(found)
    return found


def evil_twin(found: Document) -> None:
    """Add a stranger's key under the first key's id, in a way that the proof cannot see."""
    first = found["verificationMethod"][0]
    found["verificationMethod"].append({"id": first["id"], "publicKeyJwk": jwk(STRANGER)})


def half_twin(found: Document) -> None:
    """List the first key a second time with fewer codes: the statements are the same ones."""
    kept = {name: first(found)[name] for name in ("id", "type", "controller", "publicKeyJwk")}
    found["verificationMethod"].append(kept)


def first(found: Document) -> Document:
    method: Document = found["verificationMethod"][0]
    return method


def code(found: Document, name: str, spelled: str) -> None:
    first(found)[name] = {"code": spelled}


PRODUCTION_CONTEXT = "https://smart.who.int/trust/tng-context/v1.jsonld"


ALTERED: dict[str, tuple[Callable[[Document], object], str]] = {
    "a key under another's id": (evil_twin, "proof-shape"),
    "a key more": (
        lambda found: found["verificationMethod"].append(method("b", jwk(STRANGER))),
        "proof-wrong",
    ),
    "another participant": (
        lambda found: first(found).update(participant={"code": "#AUT"}),
        "proof-wrong",
    ),
    "a member more": (lambda found: first(found).update(note="x"), "proof-shape"),
    "a member of a code more": (
        lambda found: first(found).update(participant={"code": "#DEU", "x": 1}),
        "proof-shape",
    ),
    "a graph": (lambda found: found.update({"@graph": []}), "proof-shape"),
    "a context written in": (
        lambda found: found.update({"@context": [{"id": "@id"}]}),
        "proof-shape",
    ),
    "a context from elsewhere": (
        lambda found: found["@context"].append("https://example.org/context"),
        "context-unknown",
    ),
    "a context less": (lambda found: found["@context"].pop(), "proof-shape"),
    "another network's context before its own": (
        lambda found: found["@context"].insert(2, PRODUCTION_CONTEXT),
        "proof-shape",
    ),
    "another network's context after its own": (
        lambda found: found["@context"].append(PRODUCTION_CONTEXT),
        "proof-shape",
    ),
    "another network's context alone": (
        lambda found: found["@context"].__setitem__(2, PRODUCTION_CONTEXT),
        "proof-wrong",
    ),
    "contexts in another order": (lambda found: found["@context"].reverse(), "proof-shape"),
    "a context twice": (
        lambda found: found["@context"].insert(0, found["@context"][0]),
        "proof-shape",
    ),
    "a participant by a relative name": (
        lambda found: code(found, "participant", "./ValueSet-Participants-DEV.jsonld#DEU"),
        "proof-shape",
    ),
    "a domain by its whole name": (
        lambda found: code(found, "domain", did.value_set("Domains", "-DEV") + "#DCC"),
        "proof-shape",
    ),
    "a usage by a question": (lambda found: code(found, "keyusage", "?#DSC"), "proof-shape"),
    "a usage with a blank": (lambda found: code(found, "keyusage", "#DSC "), "proof-shape"),
    "a usage in a list": (
        lambda found: first(found).update(keyusage=[{"code": "#DSC"}]),
        "proof-shape",
    ),
    "an identifier that is relative": (
        lambda found: first(found).update(id="#leaf"),
        "proof-shape",
    ),
    "the list's own name less": (lambda found: found.pop("id"), "proof-shape"),
    "a key a second time, of no domain and no participant": (half_twin, "proof-shape"),
    "a key that is named beside": (
        lambda found: found["verificationMethod"].append(first(found)["id"]),
        "proof-shape",
    ),
    "a stranger's key that stands in a member that is dropped": (
        lambda found: found["verificationMethod"].append(
            {**method("b", jwk(STRANGER)), "id": "b", "controller": "c"}
        ),
        "proof-shape",
    ),
    "a proof for one asker": (lambda found: found["proof"].update(domain="x"), "proof-shape"),
    "an end that is taken off": (
        lambda found: found["proof"].update(expires="2027-01-01T00:00:00Z"),
        "proof-wrong",
    ),
    "an end that is no instant": (
        lambda found: found["proof"].update(expires="2027"),
        "proof-shape",
    ),
    "another purpose": (
        lambda found: found["proof"].update(proofPurpose="authentication"),
        "proof-shape",
    ),
    "another date": (
        lambda found: found["proof"].update(created="2026-11-23T00:00:00Z"),
        "proof-wrong",
    ),
    "no signature": (lambda found: found["proof"].update(jws="a..b"), "proof-wrong"),
    "no proof": (lambda found: found.pop("proof"), "proof-shape"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_whatever_was_altered_is_refused(name: str) -> None:
    change, code = ALTERED[name]
    assert refused(alter(change)) == code


def test_a_proof_under_another_key_is_refused() -> None:
    other = algorithms.of_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(DocumentRefused, match="proof"):
        did.read(prove(document()), proof_key=other)


def test_without_the_extra_the_proof_is_asked_for_and_never_assumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = prove(document())
    monkeypatch.setitem(sys.modules, "pyld", None)
    with pytest.raises(ExtraMissing) as caught:
        did.read(found, proof_key=ROOT_KEY)
    assert caught.value.extra == "did"
    assert len(did.read(found).listed) == 1


def test_a_proof_key_is_taken_from_a_jwk_a_method_or_a_document() -> None:
    expected = algorithms.read_der(x509.read(LEAF.der).public_key)
    assert did.proof_key(jwk(LEAF)) == expected
    assert did.proof_key(method("a", jwk(LEAF))) == expected
    assert did.proof_key(document(method("a", jwk(LEAF)))) == expected


def test_a_document_of_two_keys_is_no_proof_key() -> None:
    with pytest.raises(DocumentRefused, match="exactly one"):
        did.proof_key(document(method("a", jwk(LEAF)), method("b", jwk(CA))))


@pytest.mark.parametrize("name", ["participant", "domain", "keyusage"])
@pytest.mark.parametrize(
    "odd", [None, "#DEU", {"code": "DEU"}, {"code": "#D EU"}, {"code": ""}, []]
)
def test_an_entry_of_an_odd_code_is_left_out_and_the_others_are_read(
    name: str, odd: object
) -> None:
    found = document(
        method("leaf", jwk(LEAF, CA)), {**method("odd", jwk(STRANGER, STRANGER)), name: odd}
    )
    reading = did.read(found)
    assert [one.record.thumbprint for one in reading.listed] == [x509.read(LEAF.der).thumbprint]
    assert [one.thumbprint for one in reading.authorities] == [x509.read(CA.der).thumbprint]
    assert (reading.odd, reading.skipped) == (1, 0)
    with pytest.raises(DocumentRefused, match="relied on"):
        did.read(prove(found), proof_key=ROOT_KEY)
