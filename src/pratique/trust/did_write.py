"""Write trust lists as WHO publishes them: a tree of DID documents with proofs (its form 2).

    Entry, ... -> v2/trustlist/{domain|-}/{participant|-}/{usage}/did.json, each with a proof
               -> v2/trustlist-ref/... the same, with names of keys in place of keys

1. What is written is what WHO's lists hold, but for two slips: coordinates have their curve's size
   (RFC 7518 §6.2.1.2), and P-384 and P-521 their names. Readers take the key from x5c.
2. A document names each key once: one that serves two domains stands once in those of no domain.
3. The proof's signature is DER, as in all of WHO's lists, and not r and s as RFC 7518 §3.4 wants.
4. `expires` is written where the caller knows one: WHO's lists have none, and last for ever.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pratique.crypto import jose_write, x509
from pratique.crypto.signing import SigningKey
from pratique.crypto.spki import PublicKey
from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Environment
from pratique.trust import contexts, did_proof

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
        methods.setdefault(identifier, _method(one, identifier, controller, kid))
    found = list(methods) if root == REFERENCES else list(methods.values())
    return {
        "@context": [*_CONTEXTS, contexts.of(by.environment)],
        "id": name,
        "controller": controller,
        "verificationMethod": found,
    }


def _method(one: Entry, identifier: str, controller: str, kid: str) -> dict[str, Any]:
    record = x509.read(one.chain[0])
    if record.algorithm is None:
        raise DocumentRefused("key-unreadable", "a certificate's key cannot be read")
    x5c = [base64.b64encode(certificate).decode() for certificate in one.chain]
    written = jose_write.write_jwk(PublicKey(record.algorithm, record.public_key))
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
    hashed = did_proof.hashed(document, proof)
    document["proof"] = {**proof, "jws": jose_write.detached_jws(by.key, hashed)}
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def _name(host: str, root: str, path: Path) -> str:
    return ":".join((host, *root.split("/"), *path))
