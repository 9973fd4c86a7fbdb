"""Check the proof of a DID trust list, as WHO's lists carry it.

    document -> RDF canonical form (URDNA2015) of proof options and of document
             -> SHA-256 ‖ SHA-256 -> detached JWS -> good, or refused

1. The proof covers the canonical form, not the text. What the contexts do not map falls out of it,
   and what says the same thing twice counts once. So only a shape in which every member that is
   read here is also covered gets as far as the check: see `_covered`.
2. The key is handed in by whoever trusts it; the proof's own `verificationMethod` binds nothing.
3. The proof has no end of life and the list no number (none of 450 published lists): a valid proof
   says who wrote a list, not that it is the latest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pratique.crypto.jose import good_detached_jws
from pratique.crypto.spki import PublicKey
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.trust import contexts

_DOCUMENT = {"@context", "id", "controller", "verificationMethod", "proof"}
_METHOD = {"id", "type", "controller", "publicKeyJwk", "domain", "participant", "keyusage"}
_PROOF = {
    "type", "created", "expires", "nonce", "proofPurpose", "verificationMethod", "jws", "domain",
    "challenge",
}  # fmt: skip


def check(document: Mapping[str, Any], key: PublicKey) -> None:
    """Check the proof of a parsed DID document; DocumentRefused `proof-…` if it does not hold."""
    _covered(document)
    proof = dict(document["proof"])
    jws = proof.pop("jws")
    rest = {name: value for name, value in document.items() if name != "proof"}
    if not good_detached_jws(key, jws, hashed(rest, proof)):
        raise DocumentRefused(
            "proof-wrong",
            "the proof of the trust list does not hold under the key that was given",
            "get the list and the key again, each from its own source",
        )


def hashed(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """Return what the signature is over, of a document without its proof and a proof without its `jws`."""
    options = {**proof, "@context": document["@context"]}
    return b"".join(hashlib.sha256(_canonical(one)).digest() for one in (options, document))


def _covered(document: Mapping[str, Any]) -> None:
    """Refuse a shape in which something could be read that the proof does not cover.

    The attack: a second method with the `id` of the first and no `type`. Its `publicKeyJwk` has no
    meaning without the type and falls out; its `id` is there already. The canonical form does not
    change, the proof holds, and a reader takes a stranger's key.
    """
    proof, methods = document.get("proof"), document.get("verificationMethod")
    urls = document.get("@context")
    if not (isinstance(urls, list) and all(isinstance(url, str) for url in urls)):
        raise _shape("its @context is not a list of names")
    for url in urls:
        contexts.load(url)
    if not isinstance(methods, list) or document.keys() - _DOCUMENT:
        raise _shape("it has members that the proof does not cover")
    # A key that is only named is covered by its name, and nobody takes a key from it.
    held = [method for method in methods if not isinstance(method, str)]
    for method in held:
        if not isinstance(method, dict) or method.keys() - _METHOD:
            raise _shape("a method has members that the proof does not cover")
        if method.get("type") != "JsonWebKey2020" or not isinstance(method.get("id"), str):
            raise _shape("a method is not of the type that the proof covers")
        for name in ("domain", "participant", "keyusage"):
            if name in method and not _is_code(method[name]):
                raise _shape(f"a method's {name} is not one code")
    if len({method["id"] for method in held}) != len(held):
        raise _shape("two methods have one id")
    if not isinstance(proof, dict) or proof.keys() - _PROOF:
        raise _shape("the proof is missing, or has members that it does not cover")
    if proof.get("type") != "JsonWebSignature2020" or not isinstance(proof.get("jws"), str):
        raise _shape("the proof is of a kind that is not read here")
    if proof.get("proofPurpose") != "assertionMethod":
        raise _shape("the proof was made for another purpose")


def _is_code(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"code"} and isinstance(value["code"], str)


def _shape(what: str) -> DocumentRefused:
    return DocumentRefused("proof-shape", f"the proof cannot be relied on: {what}")


def _canonical(document: Mapping[str, Any]) -> bytes:
    try:
        from pyld import jsonld  # noqa: PLC0415 - the extra is loaded only where a proof is checked
    except ImportError as error:
        raise ExtraMissing("did", "checking the proof of a DID trust list") from error
    settings = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": contexts.load,
    }
    try:
        text: str = jsonld.normalize(dict(document), settings)
    except Exception as error:  # PyLD raises its own class, and others for odd types
        raise DocumentRefused("proof-shape", "the document has no canonical form") from error
    return text.encode()
