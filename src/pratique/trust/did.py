"""GDHCN trust lists: DID documents (v2) with embedded keys, as WHO publishes them.

    JSON -> proof (if a key is given) -> verificationMethod[] -> Reading

1. The key is taken from x5c; the JWK's coordinates are only compared with it. They are too long
   in 189 of 255 entries, and the curve is called "UNKNOWN CURVE" for P-384 and P-521.
2. The SCA is the second of x5c, or listed for itself. Either way its signature decides.
3. Keys for other uses are skipped (DECA and DESC are for connections), and so are references.
4. A code is read as lists write it, `#` and letters, digits or hyphens, and in no other spelling. An entry
   whose participant, domain or usage is none is left out and told: it is not the other participants'
   affair. A list whose proof is checked is refused with such an entry: the proof may not cover it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from pratique.crypto import jose, x509
from pratique.crypto.jose import good_detached_jws
from pratique.crypto.keys import SigningKey
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused, ExtraMissing, UsageError
from pratique.strict_json import octets
from pratique.terms import Environment
from pratique.trust.certificates import DEFAULT_DOMAIN, Listed, ListReading, bare_key

# ----------------------------------------------------------------------------------------------------
# The JSON-LD contexts of DID trust lists, in our own words: the same terms, the same IRIs.
#
#     URL named by a document -> context -> the mapping, or refusal
#
# 1. A context is never fetched: what a document means must not depend on another's web server.
# 2. Only what changes the canonical form is here: which IRI a term stands for, and its type
#    (DID Core v1 §B.1; Security Vocabulary, JSON Web Signature 2020; WHO GDHCN trust context v1).
# 3. A context that is not in this table is refused, and so is one written into the document.


Context = Mapping[str, object]

SECURITY: Final = "https://w3id.org/security#"
DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
CREATED: Final = "http://purl.org/dc/terms/created"
_ALIASES: Final[Context] = {"@protected": True, "id": "@id", "type": "@type"}
_TNG: Final = "https://smart.who.int/trust/tng-context/v1"


def _context_link(iri: str) -> Context:
    return {"@id": iri, "@type": "@id"}


def _links(iri: str) -> Context:
    return {"@id": iri, "@type": "@id", "@container": "@set"}


_PURPOSES: Final[Context] = {
    "assertionMethod": _links(f"{SECURITY}assertionMethod"),
    "authentication": _links(f"{SECURITY}authenticationMethod"),
    "capabilityDelegation": _links(f"{SECURITY}capabilityDelegationMethod"),
    "capabilityInvocation": _links(f"{SECURITY}capabilityInvocationMethod"),
    "keyAgreement": _links(f"{SECURITY}keyAgreementMethod"),
}

_DID: Final[Context] = {
    **_ALIASES,
    **_PURPOSES,
    "alsoKnownAs": _context_link("https://www.w3.org/ns/activitystreams#alsoKnownAs"),
    "controller": _context_link(f"{SECURITY}controller"),
    "service": {
        **_context_link("https://www.w3.org/ns/did#service"),
        "@context": {
            **_ALIASES,
            "serviceEndpoint": _context_link("https://www.w3.org/ns/did#serviceEndpoint"),
        },
    },
    "verificationMethod": _context_link(f"{SECURITY}verificationMethod"),
}

_JWS_2020: Final[Context] = {
    "privateKeyJwk": {"@id": f"{SECURITY}privateKeyJwk", "@type": "@json"},
    "JsonWebKey2020": {
        "@id": f"{SECURITY}JsonWebKey2020",
        "@context": {
            **_ALIASES,
            "publicKeyJwk": {"@id": f"{SECURITY}publicKeyJwk", "@type": "@json"},
        },
    },
    "JsonWebSignature2020": {
        "@id": f"{SECURITY}JsonWebSignature2020",
        "@context": {
            **_ALIASES,
            "challenge": f"{SECURITY}challenge",
            "created": {"@id": CREATED, "@type": DATE_TIME},
            "domain": f"{SECURITY}domain",
            "expires": {"@id": f"{SECURITY}expiration", "@type": DATE_TIME},
            "jws": f"{SECURITY}jws",
            "nonce": f"{SECURITY}nonce",
            "proofPurpose": {
                "@id": f"{SECURITY}proofPurpose",
                "@type": "@vocab",
                "@context": {**_ALIASES, **_PURPOSES},
            },
            "verificationMethod": _context_link(f"{SECURITY}verificationMethod"),
        },
    },
}


def value_set(name: str, suffix: str) -> str:
    """Return the IRI of a value set of the network, and of the term whose codes it holds."""
    return f"https://smart.who.int/trust/ValueSet-{name}{suffix}.jsonld"


def context_suffix(url: str) -> str:
    """Return what a network's context adds to the names of its value sets: "", "-DEV" or "-UAT"."""
    return url.removeprefix(_TNG).removesuffix(".jsonld")


def _tng(suffix: str) -> Context:
    def coded(name: str) -> Context:
        iri = value_set(name, suffix)
        return {
            **_context_link(iri),
            "@context": {"@base": f"{iri}#", "code": _context_link("@id")},
        }

    return {
        "@version": 1.1,
        "id": "@id",
        "type": "@type",
        "proof": f"{SECURITY}proof",
        "domain": coded("Domains"),
        "participant": coded("Participants"),
        "keyusage": coded("KeyUsage"),
    }


BEFORE: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")
"""What stands in a list before its network's own context, in this order."""

CONTEXTS: Final[Mapping[str, Context]] = {
    "https://www.w3.org/ns/did/v1": _DID,
    "https://w3id.org/security/suites/jws-2020/v1": _JWS_2020,
    f"{_TNG}.jsonld": _tng(""),
    f"{_TNG}-DEV.jsonld": _tng("-DEV"),
    f"{_TNG}-UAT.jsonld": _tng("-UAT"),
}

ENVIRONMENTS: Final[Mapping[str, Environment]] = {
    f"{_TNG}.jsonld": Environment.PRODUCTION,
    f"{_TNG}-DEV.jsonld": Environment.TEST,
    f"{_TNG}-UAT.jsonld": Environment.TEST,
}
"""What a list's own context says of its environment."""


_HOSTS: Final[Mapping[str, Environment]] = {
    "did:web:tng-cdn.who.int": Environment.PRODUCTION,
    "did:web:tng-cdn-uat.who.int": Environment.TEST,
    "did:web:tng-cdn-dev.who.int": Environment.TEST,
}


def environment(
    document: Mapping[str, object], *, by_host_only: bool = False
) -> Environment | None:
    """Return what a document says of its environment, by context and by host; None if nothing.

    Where the two differ it is a test list: a key that is taken for a test key by mistake lets nobody
    in where production is asked.

    Args:
        document: the list.
        by_host_only: leave its context out, which a proof covers only where a code hangs on it.
    """
    urls = document.get("@context")
    named = [] if by_host_only or not isinstance(urls, list) else urls
    host = ":".join(str(document.get("id", "")).split(":")[:3])
    said = {ENVIRONMENTS[url] for url in named if isinstance(url, str) and url in ENVIRONMENTS}
    said |= {_HOSTS[host]} if host in _HOSTS else set()
    if Environment.TEST in said:
        return Environment.TEST
    return Environment.PRODUCTION if said else None


def of(environment: Environment) -> str:
    """Return the network's own context for an environment; for test keys that of its trial network."""
    return f"{_TNG}.jsonld" if environment is Environment.PRODUCTION else f"{_TNG}-DEV.jsonld"


def load(url: str, _options: object = None) -> dict[str, object]:
    """Hand a context to PyLD as its document loader would; DocumentRefused `context-unknown`."""
    if url not in CONTEXTS:
        raise DocumentRefused(
            "context-unknown",
            "the document is written in a context that is not known here",
            "a context is never fetched; its meaning must be part of Pratique",
        )
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": CONTEXTS[url]},
    }


# ----------------------------------------------------------------------------------------------------
# Check the proof of a DID trust list, as WHO's lists carry it.
#
#     document -> closed shape -> statements that are read
#              -> RDF canonical form (URDNA2015) of proof options and of document -> the same statements?
#              -> SHA-256 ‖ SHA-256 -> detached JWS -> good, or refused
#
# 1. The proof covers the canonical form, not the text. What the contexts do not map falls out of it, what
#    is relative does, and what says the same thing twice counts once. So what is read here is written down
#    as statements of that form, and only where these are the whole of it does the check go on: what is not
#    covered is not read, and nothing that is covered goes missing.
# 2. The key is handed in by whoever trusts it. The proof's own `verificationMethod` is covered, so that
#    only the key's owner can have written it, and binds nothing more.
# 3. The list has no number: a valid proof says who wrote a list, not that it is the latest. None of 450
#    published lists has an end (`expires`); where there is one, its signers count until then.


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


def proof_dates(document: Mapping[str, Any]) -> Dates:
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


def proof_hash(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
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
        load(url)
    # The attack: of two networks' contexts JSON-LD takes the last, and a reader might take the first.
    if tuple(urls[:-1]) != BEFORE or urls[-1] not in ENVIRONMENTS:
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
    return isinstance(value, dict) and set(value) == {"code"} and _fits(_CODE, value["code"])


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
    subject, security = document["id"], SECURITY
    suffix = context_suffix(document["@context"][-1])
    if "controller" in document:
        yield _proof_link(subject, f"{security}controller", document["controller"])
    for method in document["verificationMethod"]:
        identifier = method if isinstance(method, str) else method["id"]
        yield _proof_link(subject, f"{security}verificationMethod", identifier)
        if isinstance(method, str):
            continue
        yield f"<{identifier}> {_TYPE} <{security}JsonWebKey2020> ."
        yield _proof_link(identifier, f"{security}controller", method["controller"])
        # RFC 8785 of plain texts: members sorted, no blanks, and two characters escaped.
        jwk = json.dumps(method["publicKeyJwk"], sort_keys=True, separators=(",", ":"))
        yield f"<{identifier}> <{security}publicKeyJwk> {_literal(jwk)}^^{_JSON} ."
        for name in CODES.keys() & method.keys():
            values = value_set(CODES[name], suffix)
            yield _proof_link(identifier, values, values + method[name]["code"])


def _stated_options(proof: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is read of a shaped proof, as the statements that it covers."""
    security = SECURITY
    yield f"{_OPTIONS} {_TYPE} <{security}JsonWebSignature2020> ."
    yield f"{_OPTIONS} <{security}nonce> {_literal(proof['nonce'])} ."
    yield f"{_OPTIONS} <{security}proofPurpose> <{security}assertionMethod> ."
    yield f"{_OPTIONS} <{security}verificationMethod> <{proof['verificationMethod']}> ."
    for name, iri in (("created", CREATED), ("expires", f"{security}expiration")):
        if name in proof:
            yield f"{_OPTIONS} <{iri}> {_literal(proof[name])}^^<{DATE_TIME}> ."


def _proof_link(subject: str, predicate: str, value: str) -> str:
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
        "documentLoader": load,
    }
    try:
        text: str = jsonld.normalize(dict(document), settings)
    except Exception as error:  # PyLD raises its own class, and others for odd types
        raise DocumentRefused("proof-shape", "the document has no canonical form") from error
    return text.encode()


_SIGNERS, _AUTHORITIES = {"DSC", ""}, {"CSCA", "SCA"}


def is_one(document: object) -> bool:
    """Say whether a parsed document is a DID document, or one method of one."""
    return isinstance(document, dict) and (
        isinstance(document.get("verificationMethod"), list) or "publicKeyJwk" in document
    )


def read(document: object, *, proof_key: PublicKey | None = None) -> ListReading:
    """Read a parsed DID document, or one of its methods for itself.

    Raises:
        DocumentRefused: `did-unreadable`; `proof-…` where a proof key is given and it does not
            hold, or says less than the document.
        ExtraMissing: a proof key is given and the extra `did` is not installed.
    """
    if not is_one(document):
        raise DocumentRefused("did-unreadable", "it is not a DID document with keys in it")
    found = cast("dict[str, Any]", document)
    if proof_key is not None:
        check(found, proof_key)
    methods = found.get("verificationMethod", [found])
    dates = proof_dates(found)
    proven = proof_key is not None
    keys = [method for method in methods if isinstance(method, dict)]
    bare = bool(keys) and not any(CODES.keys() & method.keys() for method in keys)
    listed: list[Listed] = []
    authorities: dict[str, X509Record] = {}
    skipped = odd = 0
    for method in methods:
        if _is_odd(method):
            odd += 1
            continue
        chain, signer = _method(method)
        authorities |= {record.thumbprint: record for record in chain}
        if signer is not None:
            listed.append(signer)
        elif not chain:
            skipped += 1
    return ListReading(
        kind="DID trust list",
        listed=tuple(listed),
        authorities=tuple(authorities.values()),
        # The attack: another context over keys without codes, which leaves their statements as they are.
        environment=environment(found, by_host_only=proven and bare),
        proof="valid" if proven else "not checked",
        skipped=skipped,
        named=_named(methods),
        name=found["id"] if isinstance(found.get("id"), str) else "",
        created=dates.created,
        expires=dates.expires,
        odd=odd,
    )


def proof_key(document: object) -> PublicKey:
    """Take the one key of a DID document, a method or a JWK, to check other documents with."""
    found = document
    if isinstance(found, dict) and isinstance(found.get("verificationMethod"), list):
        methods = found["verificationMethod"]
        found = methods[0] if len(methods) == 1 else None
    if isinstance(found, dict) and "publicKeyJwk" in found:
        found = found["publicKeyJwk"]
    if not isinstance(found, dict):
        raise DocumentRefused(
            "proof-key-unreadable", "the proof key's file does not hold exactly one key"
        )
    return jose.read_jwk(found).key


def _named(methods: list[object]) -> tuple[tuple[str, str], ...]:
    found = {
        (_spelled(method, "participant"), _spelled(method, "domain") or DEFAULT_DOMAIN)
        for method in methods
        # A participant whose one entry cannot be read must be seen to have none.
        if _is_odd(method) or (isinstance(method, dict) and "participant" in method)
    }
    return tuple(sorted(found))


def _is_odd(method: object) -> bool:
    return isinstance(method, dict) and not all(
        is_code(method[name]) for name in CODES.keys() & method.keys()
    )


def _spelled(method: object, name: str) -> str:
    """Return a code of an entry that may be odd: to be shown, and for nothing else."""
    found = method.get(name) if isinstance(method, dict) else None
    code = found.get("code") if isinstance(found, dict) else None
    return code.removeprefix("#").strip().upper() if isinstance(code, str) else ""


def _method(method: object) -> tuple[tuple[X509Record, ...], Listed | None]:
    """Read one method: the authorities that it holds, and the signer if it is one."""
    if not isinstance(method, dict) or not isinstance(method.get("publicKeyJwk"), dict):
        return (), None
    chain = _chain(method["publicKeyJwk"])
    usage = _code(method, "keyusage")
    if usage in _AUTHORITIES or (not usage and chain and chain[0].is_ca):
        return chain, None
    if usage not in _SIGNERS:
        return (), None
    return chain[1:], _listed(method, chain)


def _listed(method: Mapping[str, Any], chain: tuple[X509Record, ...]) -> Listed | None:
    jwk: Mapping[str, Any] = method["publicKeyJwk"]
    notes: tuple[str, ...] = ()
    try:
        key, notes = jose.read_jwk(jwk)
    except DocumentRefused:
        key, notes = None, ("jwk-unreadable",)
    if chain:
        record = chain[0]
        if key is not None and record.public_key and key.spki != record.public_key:
            record = record._replace(usages=frozenset(), reason="jwk-differs")
    elif key is not None:
        record, notes = bare_key(key, notes), ()
    else:
        return None
    name = str(method.get("id", "")).partition("#")[2]
    return Listed(
        record,
        kid=octets(jwk.get("kid")) or octets(name),
        participant=_code(method, "participant"),
        domain=_code(method, "domain") or DEFAULT_DOMAIN,
        notes=notes,
        bound="domain" in method,
    )


def _chain(jwk: Mapping[str, Any]) -> tuple[X509Record, ...]:
    texts = jwk.get("x5c")
    if not isinstance(texts, list):
        return ()
    return tuple(x509.read(octets(text) or b"") for text in texts)


def _code(method: Mapping[str, Any], name: str) -> str:
    return str(method[name]["code"])[1:].upper() if name in method else ""


# ----------------------------------------------------------------------------------------------------
# Write trust lists as WHO publishes them: a tree of DID documents with proofs (its form 2).
#
#     Entry, ... -> v2/trustlist/{domain|-}/{participant|-}/{usage}/did.json, each with a proof
#                -> v2/trustlist-ref/... the same, with names of keys in place of keys
#
# 1. What is written is what WHO's lists hold, but for two slips: coordinates have their curve's size
#    (RFC 7518 §6.2.1.2), and P-384 and P-521 their names. Readers take the key from x5c.
# 2. A document names each key once: one that serves two domains stands once in those of no domain.
# 3. The proof's signature is DER, as in all of WHO's lists, and not r and s as RFC 7518 §3.4 wants.
# 4. `expires` is written where the caller knows one: WHO's lists have none, and last for ever.


DSC, SCA = "DSC", "SCA"
_KEY_USAGES = {DSC: "DSC", SCA: "CSCA"}
"""What WHO writes for the usage; in names it is SCA, in the member CSCA."""
ANY = "-"
TREE, REFERENCES = "v2/trustlist", "v2/trustlist-ref"
_CONTEXTS = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
]


class Entry(NamedTuple):
    """One key to list.

    Attributes:
        participant: code of three letters, mostly.
        domain: trust domain.
        usage: DSC or SCA.
        chain: the certificate, DER, and what issued it, as far as it is known.
    """

    participant: str
    domain: str
    usage: str
    chain: tuple[bytes, ...]


class Publisher(NamedTuple):
    """Who publishes a tree, and with what it is proven.

    Attributes:
        host: did:web of the host ("did:web:trust.example"), under which the tree lies.
        key: that signs the proofs.
        method: name of that key, as the proof names it.
        created: RFC 3339, in UTC, whole seconds.
        nonce: printable text.
        environment: of all the keys.
        expires: RFC 3339; empty to leave it out, as WHO does.
    """

    host: str
    key: SigningKey
    method: str
    created: str
    nonce: str
    environment: Environment
    expires: str = ""


def tree(entries: Iterable[Entry], by: Publisher) -> dict[str, bytes]:
    """Write all documents, by path.

    Raises:
        UsageError: `did-base`.
        ExtraMissing: the extra `did` is not installed.
    """
    if not by.host.startswith("did:web:"):
        raise UsageError("did-base", "the tree's name begins with did:web:", "did:web:HOST")
    found = sorted(
        set(entries), key=lambda one: (one.participant, one.domain, one.usage, one.chain)
    )
    written = {}
    for path, chosen in _places(found):
        for root in (TREE, REFERENCES):
            document = _document(root, path, chosen, by)
            name = "/".join((root, *path, "did.json"))
            written[name] = _proven(document, by)
    return written


def is_writable(certificate: bytes) -> bool:
    """Tell whether a certificate's key can be listed."""
    record = x509.read(certificate)
    return record.algorithm is not None and bool(record.public_key)


Path = tuple[str, ...]


def _places(entries: list[Entry]) -> Iterator[tuple[Path, list[Entry]]]:
    """Yield each place of the tree, and what is listed there."""
    yield (), entries
    for domain in (ANY, *sorted({one.domain for one in entries})):
        in_domain = [one for one in entries if domain in {ANY, one.domain}]
        yield (domain,), in_domain
        for participant in (ANY, *sorted({one.participant for one in in_domain})):
            own = [one for one in in_domain if participant in {ANY, one.participant}]
            yield (domain, participant), own
            for usage in sorted({one.usage for one in own}):
                yield (domain, participant, usage), [one for one in own if one.usage == usage]


def _document(root: str, path: Path, entries: list[Entry], by: Publisher) -> dict[str, Any]:
    name = _name(by.host, root, path)
    controller = _name(by.host, root, path[:-1])
    methods: dict[str, Any] = {}
    for one in entries:
        # Above the place of a document stands "-" where the tree has it, else what is the key's own.
        own = (one.domain, one.participant, one.usage)
        kid = base64.b64encode(x509.read(one.chain[0]).kid).decode()
        place = _name(by.host, TREE, (*path, *own[len(path) :]))
        identifier = f"{place}#{kid}"
        methods.setdefault(identifier, _written_method(one, identifier, controller, kid))
    found = list(methods) if root == REFERENCES else list(methods.values())
    return {
        "@context": [*_CONTEXTS, of(by.environment)],
        "id": name,
        "controller": controller,
        "verificationMethod": found,
    }


def _written_method(one: Entry, identifier: str, controller: str, kid: str) -> dict[str, Any]:
    record = x509.read(one.chain[0])
    if record.algorithm is None:
        raise DocumentRefused("key-unreadable", "a certificate's key cannot be read")
    x5c = [base64.b64encode(certificate).decode() for certificate in one.chain]
    written = jose.write_jwk(PublicKey(record.algorithm, record.public_key))
    return {
        "id": identifier,
        "type": "JsonWebKey2020",
        "controller": controller,
        "publicKeyJwk": {"kty": written.pop("kty"), "kid": kid, "x5c": x5c, **written},
        "domain": {"code": f"#{one.domain}"},
        "participant": {"code": f"#{one.participant}"},
        "keyusage": {"code": f"#{_KEY_USAGES[one.usage]}"},
    }


def _proven(document: dict[str, Any], by: Publisher) -> bytes:
    proof = {
        "type": "JsonWebSignature2020",
        "created": by.created,
        **({"expires": by.expires} if by.expires else {}),
        "nonce": by.nonce,
        "proofPurpose": "assertionMethod",
        "verificationMethod": by.method,
    }
    hashed = proof_hash(document, proof)
    document["proof"] = {**proof, "jws": jose.detached_jws(by.key, hashed)}
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def _name(host: str, root: str, path: Path) -> str:
    return ":".join((host, *root.split("/"), *path))
