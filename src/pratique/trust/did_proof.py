"""Check the proof of a DID trust list, as WHO's lists carry it.

    document -> closed shape -> statements that are read
             -> RDF canonical form (URDNA2015) of proof options and of document -> the same statements?
             -> SHA-256 ‖ SHA-256 -> detached JWS -> good, or refused

1. The proof covers the canonical form, not the text. What the contexts do not map falls out of it, what
   is relative does, and what says the same thing twice counts once. So what is read here is written down
   as statements of that form, and only where these are the whole of it does the check go on: what is not
   covered is not read, and nothing that is covered goes missing.
2. The key is handed in by whoever trusts it. The proof's own `verificationMethod` is covered, so that
   only the key's owner can have written it, and binds nothing more.
3. The list has no number: a valid proof says who wrote a list, not that it is the latest. None of 450
   published lists has an end (`expires`); where there is one, its signers count until then.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pratique.crypto.jose import good_detached_jws
from pratique.crypto.spki import PublicKey
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.trust import contexts

_DOCUMENT = {"@context", "id", "controller", "verificationMethod", "proof"}
_METHOD = {"id", "type", "controller", "publicKeyJwk"}
CODES = {"domain": "Domains", "participant": "Participants", "keyusage": "KeyUsage"}
"""Member of a method -> the value set whose code it is."""
_PROOF = {"type", "created", "nonce", "proofPurpose", "verificationMethod", "jws"}
_END = {"expires"}

# The forms that a canonicaliser copies as they stand. None is relative, and none has an octet that an
# N-Quad would escape or could be ended by.
_IDENTIFIER = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+(?:#[A-Za-z0-9._:%+/=-]+)?")
_CODE = re.compile(r"#[A-Za-z0-9-]+")
"""How a list writes a code of a value set: a fragment of the set's own name, and no other link."""
_PLAIN = re.compile(r"[ -~]*")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")

_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_JSON = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>"
_OPTIONS = "_:c14n0"
"""What the canonical form calls the one node that has no name: the proof's options."""


class Dates(NamedTuple):
    """From when a proof is, and until when; seconds since the epoch, None where it does not say."""

    created: int | None = None
    expires: int | None = None


def check(document: Mapping[str, Any], key: PublicKey) -> None:
    """Check the proof of a parsed DID document; DocumentRefused `proof-…` if it does not hold."""
    _shaped(document)
    proof = dict(document["proof"])
    jws = proof.pop("jws")
    rest = {name: value for name, value in document.items() if name != "proof"}
    forms = _forms(rest, proof)
    read = _stated_options(proof), _stated(rest)
    if [sorted(form.decode().splitlines()) for form in forms] != [sorted(one) for one in read]:
        raise _shape("what it says is not what the proof covers")
    if not good_detached_jws(key, jws, _digests(forms)):
        raise DocumentRefused(
            "proof-wrong",
            "the proof of the trust list does not hold under the key that was given",
            "get the list and the key again, each from its own source",
        )


def dates(document: Mapping[str, Any]) -> Dates:
    """Return the dates of a document's proof, checked or not.

    Raises:
        DocumentRefused: `proof-shape` if its end cannot be read: whoever wrote it meant it to end.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict):
        return Dates()
    created = proof.get("created")
    return Dates(
        _instant(created) if _fits(_INSTANT, created) else None,
        _instant(proof["expires"]) if "expires" in proof else None,
    )


def hashed(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """Return what the signature is over, of a document without its proof and a proof without its `jws`."""
    return _digests(_forms(document, proof))


def _forms(document: Mapping[str, Any], proof: Mapping[str, Any]) -> tuple[bytes, bytes]:
    options = {**proof, "@context": document["@context"]}
    return _canonical(options), _canonical(document)


def _digests(forms: tuple[bytes, bytes]) -> bytes:
    return b"".join(hashlib.sha256(form).digest() for form in forms)


def _shaped(document: Mapping[str, Any]) -> None:
    """Refuse whatever has more than one spelling, or more members than are read here."""
    urls = document.get("@context")
    if not (isinstance(urls, list) and all(isinstance(url, str) for url in urls)):
        raise _shape("its @context is not a list of names")
    for url in urls:
        contexts.load(url)
    # The attack: of two networks' contexts JSON-LD takes the last, and a reader might take the first.
    if tuple(urls[:-1]) != contexts.BEFORE or urls[-1] not in contexts.ENVIRONMENTS:
        raise _shape("its @context is not of the three names that such a list has, in their order")
    methods = document.get("verificationMethod")
    if not isinstance(methods, list) or document.keys() - {"controller"} != _DOCUMENT - {
        "controller"
    }:
        raise _shape("it has members that the proof does not cover, or lacks one")
    names = [document["id"], *([document["controller"]] if "controller" in document else [])]
    # A key that is only named is covered by its name, and nobody takes a key from it.
    held = [method for method in methods if not isinstance(method, str)]
    for method in held:
        _shaped_method(method)
        names += [method["id"], method["controller"]]
    identifiers = [method if isinstance(method, str) else method["id"] for method in methods]
    if not all(_fits(_IDENTIFIER, name) for name in (*names, *identifiers)):
        raise _shape("an identifier is not one that the proof covers as it is written")
    # The attack: a key that stands a second time with fewer codes. The statements are the same, and
    # the second one would be a key of no domain and no participant.
    if len(set(identifiers)) != len(identifiers):
        raise _shape("two methods have one id")
    _shaped_proof(document.get("proof"))


def _shaped_method(method: Any) -> None:
    if not isinstance(method, dict) or method.keys() - CODES.keys() != _METHOD:
        raise _shape("a method has members that the proof does not cover, or lacks one")
    if method["type"] != "JsonWebKey2020":
        raise _shape("a method is not of the type that the proof covers")
    for name in CODES.keys() & method.keys():
        if not is_code(method[name]):
            raise _shape(f"a method's {name} is not one code")
    jwk = method["publicKeyJwk"]
    if not isinstance(jwk, dict) or not all(
        _fits(_PLAIN, name) and all(_fits(_PLAIN, one) for one in _each(value))
        for name, value in jwk.items()
    ):
        raise _shape("a key is not of plain texts")


def _shaped_proof(proof: Any) -> None:
    if not isinstance(proof, dict) or proof.keys() - _END != _PROOF:
        raise _shape("the proof is missing, lacks a member, or has one that it does not cover")
    if proof["type"] != "JsonWebSignature2020" or not isinstance(proof["jws"], str):
        raise _shape("the proof is of a kind that is not read here")
    if proof["proofPurpose"] != "assertionMethod":
        raise _shape("the proof was made for another purpose")
    if not (_fits(_IDENTIFIER, proof["verificationMethod"]) and _fits(_PLAIN, proof["nonce"])):
        raise _shape("the proof's own members are not plain")
    for name in ("created", *(_END & proof.keys())):
        _instant(proof[name])


def is_code(value: object) -> bool:
    """Tell whether a member of a method is one code of a value set, as lists write it."""
    return isinstance(value, dict) and value.keys() == {"code"} and _fits(_CODE, value["code"])


def _fits(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _instant(text: object) -> int:
    if not _fits(_INSTANT, text):
        raise _shape("a date of the proof is not an instant in UTC")
    try:
        found = datetime.fromisoformat(str(text).removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError as error:
        raise _shape("a date of the proof is not an instant in UTC") from error
    return int(found.timestamp())


def _stated(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is read of a shaped document, as the statements that a proof of it covers."""
    subject, security = document["id"], contexts.SECURITY
    suffix = contexts.suffix(document["@context"][-1])
    if "controller" in document:
        yield _link(subject, f"{security}controller", document["controller"])
    for method in document["verificationMethod"]:
        identifier = method if isinstance(method, str) else method["id"]
        yield _link(subject, f"{security}verificationMethod", identifier)
        if isinstance(method, str):
            continue
        yield f"<{identifier}> {_TYPE} <{security}JsonWebKey2020> ."
        yield _link(identifier, f"{security}controller", method["controller"])
        # RFC 8785 of plain texts: members sorted, no blanks, and two characters escaped.
        jwk = json.dumps(method["publicKeyJwk"], sort_keys=True, separators=(",", ":"))
        yield f"<{identifier}> <{security}publicKeyJwk> {_literal(jwk)}^^{_JSON} ."
        for name in CODES.keys() & method.keys():
            values = contexts.value_set(CODES[name], suffix)
            yield _link(identifier, values, values + method[name]["code"])


def _stated_options(proof: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is read of a shaped proof, as the statements that it covers."""
    security = contexts.SECURITY
    yield f"{_OPTIONS} {_TYPE} <{security}JsonWebSignature2020> ."
    yield f"{_OPTIONS} <{security}nonce> {_literal(proof['nonce'])} ."
    yield f"{_OPTIONS} <{security}proofPurpose> <{security}assertionMethod> ."
    yield f"{_OPTIONS} <{security}verificationMethod> <{proof['verificationMethod']}> ."
    for name, iri in (("created", contexts.CREATED), ("expires", f"{security}expiration")):
        if name in proof:
            yield f"{_OPTIONS} <{iri}> {_literal(proof[name])}^^<{contexts.DATE_TIME}> ."


def _link(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> <{value}> ."


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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
