"""The JSON-LD contexts of DID trust lists, in our own words: the same terms, the same IRIs.

    URL named by a document -> context -> the mapping, or refusal

1. A context is never fetched: what a document means must not depend on another's web server.
2. Only what changes the canonical form is here: which IRI a term stands for, and its type
   (DID Core v1 §B.1; Security Vocabulary, JSON Web Signature 2020; WHO GDHCN trust context v1).
3. A context that is not in this table is refused, and so is one written into the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.errors import DocumentRefused
from pratique.terms import Environment

Context = Mapping[str, object]

SECURITY: Final = "https://w3id.org/security#"
DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
CREATED: Final = "http://purl.org/dc/terms/created"
_ALIASES: Final[Context] = {"@protected": True, "id": "@id", "type": "@type"}
_TNG: Final = "https://smart.who.int/trust/tng-context/v1"


def _link(iri: str) -> Context:
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
    "alsoKnownAs": _link("https://www.w3.org/ns/activitystreams#alsoKnownAs"),
    "controller": _link(f"{SECURITY}controller"),
    "service": {
        **_link("https://www.w3.org/ns/did#service"),
        "@context": {
            **_ALIASES,
            "serviceEndpoint": _link("https://www.w3.org/ns/did#serviceEndpoint"),
        },
    },
    "verificationMethod": _link(f"{SECURITY}verificationMethod"),
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
            "verificationMethod": _link(f"{SECURITY}verificationMethod"),
        },
    },
}


def value_set(name: str, suffix: str) -> str:
    """Return the IRI of a value set of the network, and of the term whose codes it holds."""
    return f"https://smart.who.int/trust/ValueSet-{name}{suffix}.jsonld"


def suffix(url: str) -> str:
    """Return what a network's context adds to the names of its value sets: "", "-DEV" or "-UAT"."""
    return url.removeprefix(_TNG).removesuffix(".jsonld")


def _tng(suffix: str) -> Context:
    def coded(name: str) -> Context:
        iri = value_set(name, suffix)
        return {**_link(iri), "@context": {"@base": f"{iri}#", "code": _link("@id")}}

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
