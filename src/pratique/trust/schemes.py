"""Keys of schemes beside HCERT, in the forms in which their issuers publish them.

    DID document (NZCP) | list of keys (2D-DOC) | one key and its two names (2D-DOC, DIVOC) -> ListReading -> Signer

1. A key is listed under its scheme and its issuer's full identity there, and so verifies nothing else.
2. What a document says twice, or of another's key, refuses the document: a key that is taken by mistake forges.
3. A test key is one whatever is asked: private halves of published test keys are in everybody's hands.
4. No document is fetched, and no XML is read: a list in XML is verified outside, and its keys are pinned here.
5. Switzerland's list holds keys of two schemes; `lists` tells them apart by their use.

Apart because documents of other schemes are read on import alone, and lists of HCERT keys are another thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from pratique.crypto import algorithms, jose, x509
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.strict_json import octets, parse
from pratique.terms import Algorithm, Kind, Scheme
from pratique.trust.certificates import Listed, ListReading, bare_key, read_key
from pratique.trust.scheme_keys import (
    DID_WEB,
    beginning,
    is_for_tests,
    listed,
    may_attest,
    refuse_private,
)

# ----------------------------------------------------------------------------------------------------
# NZ COVID Pass: the DID document of an issuer (nzcovidpass-spec 1.0 §4, DID Core 1.0 §5.3).
#
#     {id, verificationMethod: [{id, controller, type, publicKeyJwk}], assertionMethod: [id]} -> keys
#
# 1. A key counts if `assertionMethod` names it and `verificationMethod` holds it: a method that is written
#    into `assertionMethod` itself, or is there for logging in only, vouches for no pass.
# 2. A pass names its key as `iss` + "#" + kid: so a key's id is the document's own, in full, and a fragment.


NZCP_ISSUERS = {
    "did:web:nzcp.identity.health.nz": "Ministry of Health of New Zealand",
    "did:web:nzcp.covid19.health.nz": "NZ COVID Pass, specification's examples",
}
"""Known issuers, and what each is called."""
_FRAGMENT = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:@/?-]{1,64}", re.ASCII)
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
"""Members of a JWK that hold its private half (RFC 7518 §6)."""


def is_nzcp(document: object) -> bool:
    """Tell whether a parsed document is the DID document of an issuer of NZ COVID Passes that is known by name."""
    did = document.get("id") if isinstance(document, dict) else None
    return isinstance(did, str) and did in NZCP_ISSUERS


def read_nzcp(document: object) -> ListReading:
    """Read the DID document of an issuer of NZ COVID Passes, whoever it is.

    Raises:
        DocumentRefused: `nzcp-did-unreadable`, `nzcp-did-private`, `nzcp-did-empty`.
    """
    members = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    did = cast("object", members.get("id"))
    methods, asserting = members.get("verificationMethod"), members.get("assertionMethod")
    if not isinstance(did, str) or DID_WEB.fullmatch(did) is None:
        raise _unreadable("its id is no did:web")
    if not (isinstance(methods, list) and isinstance(asserting, list)):
        raise _unreadable("it lacks verificationMethod or assertionMethod")
    named = {name for name in asserting if isinstance(name, str)}
    by_id: dict[str, X509Record] = {}
    for method in methods:
        identifier = method.get("id") if isinstance(method, dict) else None
        if not isinstance(identifier, str) or identifier not in named:
            continue
        if identifier in by_id:
            raise _unreadable("a key's id is there twice")
        record = _nzcp_key(did, method)
        if record is not None:
            by_id[identifier] = record
    if not by_id:
        raise DocumentRefused(
            "nzcp-did-empty",
            "the DID document holds no key that may sign a pass",
            "such a key is named in assertionMethod, and stands in verificationMethod as a JsonWebKey2020 on P-256",
        )
    is_test = is_for_tests(Scheme.NZCP, did, "")
    listed = tuple(
        Listed(
            record._replace(usages=frozenset({Kind.PASS}), is_test=is_test),
            kid=identifier.removeprefix(f"{did}#").encode(),
            participant="NZ",
            domain=Scheme.NZCP.value,
            bound=True,
            issuer=did,
            name=NZCP_ISSUERS.get(did, did),
        )
        for identifier, record in by_id.items()
    )
    return ListReading("NZ COVID Pass issuer", listed, skipped=len(methods) - len(listed), name=did)


def _nzcp_key(did: str, method: Mapping[str, Any]) -> X509Record | None:
    """Read one method; None where it is none that signs passes (spec 1.0 §4.2)."""
    jwk = method.get("publicKeyJwk")
    if isinstance(jwk, dict) and not _PRIVATE.isdisjoint(jwk):
        raise DocumentRefused(
            "nzcp-did-private",
            "the DID document holds the private half of a key, with which anybody can sign",
            "tell its issuer; get another document",
        )
    fragment = method["id"].removeprefix(f"{did}#")
    if fragment == method["id"] or _FRAGMENT.fullmatch(fragment) is None:
        return None
    if method.get("type") != "JsonWebKey2020" or method.get("controller", did) != did:
        return None
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        return None
    try:
        return bare_key(*jose.read_jwk(jwk))
    except DocumentRefused:
        return None


def _unreadable(why: str) -> DocumentRefused:
    return DocumentRefused(
        "nzcp-did-unreadable", f"it is no DID document of an issuer of NZ COVID Passes: {why}"
    )


# ----------------------------------------------------------------------------------------------------
# French 2D-DOC: keys by the identifiers of their CA and of their X.509 certificate.
#
#     {"keys": [{ca, id, documents, spki, owner?, leaf_valid?}]} -> keys
#     one key or X.509 certificate, PEM or DER, with both identifiers -> key
#
# 1. An identifier of a certificate alone names nothing: every CA may use it.
# 2. A key signs the types of document that it is listed for: the sickness fund's no tests.
# 3. The trust list of the ANTS holds CAs and no certificates of signers. It is XML: see docs/reference/formats.md.


TWO_D_DOC_KINDS = {"L1": Kind.VACCINATION, "B2": Kind.TEST}
"""Type of document -> what it attests; of the others none is read."""
_NAME = re.compile(r"[0-9A-Z]{4}", re.ASCII)
_PERIOD = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)
_DAY = 86_400


def is_two_d_doc(document: object) -> bool:
    """Tell whether a parsed document is a list of keys of 2D-DOC."""
    keys = document.get("keys") if isinstance(document, dict) else None
    return (
        isinstance(keys, list)
        and bool(keys)
        and all(isinstance(row, dict) and row.keys() >= {"ca", "id", "spki"} for row in keys)
    )


def read_two_d_doc(document: object) -> ListReading:
    """Read a list of keys of 2D-DOC; DocumentRefused `2d-doc-keys-unreadable` or `key-…`."""
    if not is_two_d_doc(document):
        raise _no_keys("it is no list of keys with ca, id and spki")
    listed = []
    for row in cast("dict[str, Any]", document)["keys"]:
        spki, period = octets(row["spki"]), row.get("leaf_valid")
        limits = _PERIOD.fullmatch(period) if isinstance(period, str) else None
        if spki is None or (period is not None and limits is None):
            raise _no_keys("a key's spki or leaf_valid cannot be read")
        record = read_key(spki)
        if limits is not None:
            begins, ends = (_epoch(text) for text in limits.groups())
            record = record._replace(not_before=begins, not_after=ends + _DAY - 1)
        documents, owner = row.get("documents"), row.get("owner")
        if not (isinstance(documents, list) and all(isinstance(name, str) for name in documents)):
            raise _no_keys("a key does not name the documents that it signs")
        name = owner if isinstance(owner, str) else ""
        listed.append(_two_d_doc(record, row["ca"], row["id"], documents, name))
    names = [(key.issuer, key.kid) for key in listed]
    if len(set(names)) != len(names):
        raise _no_keys("two keys have the same ca and id")
    return ListReading("2D-DOC keys", tuple(listed))


def read_two_d_doc_key(
    data: bytes, *, authority: str, identifier: str, documents: Iterable[str] = TWO_D_DOC_KINDS
) -> ListReading:
    """Read one key of 2D-DOC from a public key or an X.509 certificate, PEM or DER.

    Args:
        data: the file.
        authority: identifier of the CA, as in codes ("FR03").
        identifier: of the certificate, as in codes ("AV01").
        documents: the types that it signs; of keys that are known, never more than theirs.

    Raises:
        DocumentRefused: `2d-doc-keys-unreadable`, or what is wrong with the key.
    """
    if b"-----BEGIN PUBLIC KEY-----" in data:
        record = bare_key(algorithms.read_pem(data))
    elif algorithms.is_one(data):
        record = read_key(data)
    else:
        records = x509.read_file(data)
        if len(records) != 1 or records[0].is_ca:
            raise _no_keys("the file must hold one key, or one certificate that is no CA's")
        record = records[0]
    return ListReading(
        "2D-DOC key", (_two_d_doc(record, authority, identifier, documents, "France"),)
    )


def _two_d_doc(
    record: X509Record, authority: object, identifier: object, documents: Iterable[str], owner: str
) -> Listed:
    names = authority, identifier
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise _no_keys("ca and id are four digits or capital letters each")
    both = f"{authority}{identifier}"
    if record.algorithm not in {Algorithm.ES256, Algorithm.ES384, Algorithm.ES512}:
        raise _no_keys(f"the key of {both} is none of ECDSA")
    kinds = {TWO_D_DOC_KINDS[document] for document in documents if document in TWO_D_DOC_KINDS}
    kinds &= may_attest(Scheme.TWO_D_DOC, str(authority), str(identifier))
    return Listed(
        record._replace(
            usages=frozenset() if record.reason else frozenset(kinds),
            is_test=record.is_test
            or is_for_tests(Scheme.TWO_D_DOC, str(authority), str(identifier)),
            not_before=beginning(Scheme.TWO_D_DOC, record.not_before),
        ),
        kid=str(identifier).encode(),
        participant="FR",
        domain=Scheme.TWO_D_DOC.value,
        bound=True,
        issuer=str(authority),
        name=owner or str(authority),
    )


def _epoch(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _no_keys("a key's leaf_valid holds no dates") from error
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _no_keys(why: str) -> DocumentRefused:
    return DocumentRefused("2d-doc-keys-unreadable", f"keys of 2D-DOC cannot be read: {why}")


# ----------------------------------------------------------------------------------------------------
# DIVOC: one key, by the issuer's URL and the verification method, as its certificates write both.
#
#     PEM | DER | JWK, issuer, verificationMethod -> key (RSA with 2,048 bits or more, or Ed25519)
#
# 1. No document of an issuer's own holds its keys: a state hands them over, and they are pinned here.
# 2. A verification method alone names nobody: India's and Jamaica's certificates both say "did:india".


_PLAIN_NAME = re.compile(r"[!#-;=?-\[\]^_`a-z{|}~ ]{1,256}", re.ASCII)
"""What stands in a statement of RDF as it is: printable, and none of < > " and the backslash."""
_DIVOC_ALGORITHMS = {Algorithm.PS256, Algorithm.EDDSA}


def read_divoc_key(data: bytes, *, issuer: str, method: str, name: str = "") -> ListReading:
    """Read one key of DIVOC from a public key in PEM, DER (SubjectPublicKeyInfo) or JWK.

    Args:
        data: the file.
        issuer: as certificates write it, to the letter ("https://cowin.gov.in/").
        method: `verificationMethod`, as their proofs write it ("did:india").
        name: what the issuer is called [its URL].

    Returns:
        A reading of one key. A key whose private half DIVOC's own tests publish is one for
        tests, whatever is asked.

    Raises:
        DocumentRefused: `private-key`, `divoc-key-unreadable`, `jwk-unreadable` or `key-…`.
    """
    refuse_private(data)
    if not all(":" in text and _PLAIN_NAME.fullmatch(text) for text in (issuer, method)):
        raise _no_divoc_key(
            "issuer and verification method are absolute names, as a certificate writes them"
        )
    if b"-----BEGIN" in data:
        key = algorithms.read_pem(data, edwards=True)
    elif data[:1] == b"\x30":
        key = algorithms.read_der(data, edwards=True)
    else:
        document = parse(data, most=64)
        if not isinstance(document, dict):
            raise _no_divoc_key("it is no PEM, DER or JWK")
        key = jose.read_jwk(document, edwards=True).key
    if key.algorithm not in _DIVOC_ALGORITHMS:
        raise _no_divoc_key("it is a key of neither RSA nor Ed25519")
    row = listed(Scheme.DIVOC, issuer, method, bare_key(key), name=name or issuer)
    return ListReading("DIVOC key", (row,), name=issuer)


def _no_divoc_key(why: str) -> DocumentRefused:
    return DocumentRefused("divoc-key-unreadable", f"a key of DIVOC cannot be read: {why}")
