"""The tree that we write, checked by the documented algorithm with nothing of ours, as WHO's own tree is.

    did.json -> RDF (URDNA2015) with the published contexts -> SHA-256 ‖ SHA-256 -> detached JWS, in DER
    publicKeyJwk -> coordinates of full size -> the key of x5c[0]

1. What checks is `json`, `hashlib`, `cryptography` and a canonicaliser, with contexts as their owners publish them.
2. The same code accepts every document that WHO's trial network has published, and none that was changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.crypto import keys
from pratique.crypto.spki import PublicKey
from pratique.terms import COSE_ALGORITHMS, Algorithm, Environment
from pratique.trust import did, lists
from pratique.trust.certificates import collect
from pratique.trust.did import DSC, SCA, Entry, Publisher
from tests.unit.made import Made, make

ld: Any = pytest.importorskip("pyld", reason="the extra 'did' is not installed").jsonld
PUBLISHED = {
    "https://www.w3.org/ns/did/v1": "did_v1.json",
    "https://w3id.org/security/suites/jws-2020/v1": "jws-2020_v1.json",
    "https://smart.who.int/trust/tng-context/v1.jsonld": "tng-context-v1.jsonld",
    "https://smart.who.int/trust/tng-context/v1-DEV.jsonld": "tng-context-v1-DEV.jsonld",
}
CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {
    "P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48), "P-521": (ec.SECP521R1(), 66),
}  # fmt: skip
DIGESTS = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}
HOST = "did:web:trust.example"


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def holds(document: dict[str, Any], key: Any, folder: Path) -> bool:
    """Check a proof as JsonWebSignature2020 is documented, but for a signature in DER."""

    def load(url: str, _: object) -> dict[str, Any]:
        context = json.loads((folder / "spec/jsonld-contexts" / PUBLISHED[url]).read_text())
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url,
                "document": context}  # fmt: skip

    def hashed(part: dict[str, Any]) -> bytes:
        told = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
        return hashlib.sha256(ld.normalize(part, told).encode()).digest()

    proof = dict(document["proof"])
    header, middle, signature = proof.pop("jws").split(".")
    alg = json.loads(plain(header))
    assert (middle, alg["b64"], alg["crit"]) == ("", False, ["b64"])
    options = {**proof, "@context": document["@context"]}
    rest = {name: value for name, value in document.items() if name != "proof"}
    message = header.encode() + b"." + hashed(options) + hashed(rest)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            key.verify(plain(signature), message, pss, hashes.SHA256())
        else:
            key.verify(plain(signature), message, ec.ECDSA(DIGESTS[alg["alg"]]))
    except InvalidSignature:
        return False
    return True


def key_of(jwk: dict[str, str], *, strict: bool) -> Any:
    """Return the key of a JWK, whose numbers have full size (RFC 7518 §6.2.1.2, §6.3.1)."""
    if jwk["kty"] == "RSA":
        modulus, exponent = plain(jwk["n"]), plain(jwk["e"])
        assert 0 not in {modulus[0], exponent[0]}
        return rsa.RSAPublicNumbers(
            int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")
        ).public_key()
    curve, size = CURVES[jwk["crv"]]
    x, y = plain(jwk["x"]), plain(jwk["y"])
    if strict:
        assert (len(x), len(y)) == (size, size)
    numbers = int.from_bytes(x, "big"), int.from_bytes(y, "big")
    return ec.EllipticCurvePublicNumbers(*numbers, curve=curve).public_key()


def short(curve: ec.EllipticCurve, name: str) -> ec.EllipticCurvePrivateKey:
    """Return a key, one of whose coordinates begins with a zero octet."""
    top = 8 * ((curve.key_size + 7) // 8 - 1)
    for number in range(1, 100_000):
        found = ec.derive_private_key(number, curve)
        if getattr(found.public_key().public_numbers(), name) < 1 << top:
            return found
    raise AssertionError


KEYS: dict[str, Callable[[], Any]] = {
    "P-256, short x": lambda: short(ec.SECP256R1(), "x"),
    "P-256, short y": lambda: short(ec.SECP256R1(), "y"),
    "P-384, short x": lambda: short(ec.SECP384R1(), "x"),
    "P-521, short y": lambda: short(ec.SECP521R1(), "y"),
    "RSA": lambda: rsa.generate_private_key(65537, 3072),
}


@cache
def made() -> tuple[Made, dict[str, Made]]:
    ca = make(["XU"], name="SCA", ca=True)
    return ca, {name: make(["XU"], name=name, key=key(), by=ca) for name, key in KEYS.items()}


def tree(key: keys.SigningKey) -> dict[str, bytes]:
    ca, signers = made()
    entries = [Entry("XXU", "DCC", DSC, (one.der, ca.der)) for one in signers.values()]
    entries += [Entry("XXU", "ICVP", DSC, (signers["RSA"].der, ca.der)),
                Entry("XXU", "DCC", SCA, (ca.der,))]  # fmt: skip
    by = Publisher(HOST, key, f"{HOST}:keys", "2026-11-22T00:00:00Z", "n-1", Environment.PRODUCTION)
    return did.tree(entries, by)


@pytest.mark.parametrize("algorithm", list(COSE_ALGORITHMS.values()))
def test_each_proof_of_ours_holds_by_the_documented_algorithm(
    corpora: Path, algorithm: Algorithm
) -> None:
    key = keys.generate(algorithm)
    public = load_der_public_key(key.public_key)
    found = tree(key)
    assert len(found) == 2 * (1 + 3 * 3 + 2 * (2 + 2 + 1))
    for name, data in found.items():
        document = json.loads(data)
        assert holds(document, public, corpora), name
        assert document["id"] == f"{HOST}:{name.removesuffix('/did.json').replace('/', ':')}"
        assert (
            lists.read_source(data, proof_key=PublicKey(algorithm, key.public_key)).proof == "valid"
        )
        for changed in _changed(document):
            assert not holds(changed, public, corpora), name


def _changed(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**document, "controller": "did:web:other.example"}
    yield {**document, "proof": {**document["proof"], "created": "2026-11-23T00:00:00Z"}}
    methods = document["verificationMethod"]
    if len(methods) > 1:
        yield {**document, "verificationMethod": methods[1:]}


def test_each_key_of_ours_is_written_in_full_size() -> None:
    found = tree(keys.generate())
    _, signers = made()
    document = json.loads(found["v2/trustlist/DCC/XXU/DSC/did.json"])
    written = {}
    for method in document["verificationMethod"]:
        jwk = method["publicKeyJwk"]
        leaf, above = (x509.load_der_x509_certificate(base64.b64decode(t)) for t in jwk["x5c"])
        leaf.verify_directly_issued_by(above)
        assert key_of(jwk, strict=True) == leaf.public_key()
        written[jwk["kid"]] = jwk
        digest = hashlib.sha256(base64.b64decode(jwk["x5c"][0])).digest()
        assert jwk["kid"] == base64.b64encode(digest[:8]).decode()
    assert len(written) == len(signers) == 5
    # What is short in truth is padded on the left: there are such keys among them.
    padded = [plain(jwk[c])[0] for jwk in written.values() for c in "xy" if c in jwk]
    assert padded.count(0) >= 4
    reading = lists.read_source(found["v2/trustlist/did.json"])
    read = collect([reading], environment=Environment.PRODUCTION)
    assert {(signer.notes, signer.reason) for signer in read} == {((), "")}


def test_the_same_code_accepts_all_that_who_has_published(corpora: Path) -> None:
    jwk = json.loads((corpora / "trust/tng-did-key-dev.json").read_bytes())
    held = jwk["verificationMethod"][0]["publicKeyJwk"] if "verificationMethod" in jwk else jwk
    key = key_of(held.get("publicKeyJwk", held), strict=False)
    paths = sorted((corpora / "tng-trustlist").rglob("did.json"))
    assert len(paths) == 86
    assert all(holds(json.loads(path.read_bytes()), key, corpora) for path in paths)
