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

from collections.abc import Mapping
from typing import Any, cast

from pratique.crypto import jose, x509
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.trust import contexts, did_proof
from pratique.trust.certificates import DEFAULT_DOMAIN, Listed, Reading, bare_key
from pratique.trust.json_text import octets

_SIGNERS, _AUTHORITIES = {"DSC", ""}, {"CSCA", "SCA"}


def is_one(document: object) -> bool:
    """Say whether a parsed document is a DID document, or one method of one."""
    return isinstance(document, dict) and (
        isinstance(document.get("verificationMethod"), list) or "publicKeyJwk" in document
    )


def read(document: object, *, proof_key: PublicKey | None = None) -> Reading:
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
        did_proof.check(found, proof_key)
    methods = found.get("verificationMethod", [found])
    dates = did_proof.dates(found)
    proven = proof_key is not None
    keys = [method for method in methods if isinstance(method, dict)]
    bare = bool(keys) and not any(did_proof.CODES.keys() & method.keys() for method in keys)
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
    return Reading(
        kind="DID trust list",
        listed=tuple(listed),
        authorities=tuple(authorities.values()),
        # The attack: another context over keys without codes, which leaves their statements as they are.
        environment=contexts.environment(found, by_host_only=proven and bare),
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
        did_proof.is_code(method[name]) for name in did_proof.CODES.keys() & method.keys()
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
