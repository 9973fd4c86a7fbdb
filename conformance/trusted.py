"""Exactly the trust that a case names, read as `trust import` and `revocations import` read it.

    a case's remark ("trust/x.json (issuer …), revocation list y.json") -> files -> Snapshot

1. Every key is a test key here, and so is the verifier: what the collections hold vouches for nobody.
2. A key whose file names no issuer is held under the issuer that the remark names; where the remark names none,
   under the one that the case's own text does, since the case says that this is the key of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from conformance import read_json
from pratique import strict_json
from pratique.authenticate import read_as_handed
from pratique.crypto import algorithms, jose
from pratique.formats import Sealed
from pratique.parties import inputs
from pratique.revocation import cards
from pratique.revocation.cards import RidList
from pratique.revocation.revocations import Revocations
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.terms import Environment, Scheme
from pratique.trust import certificates, csca, lists, scheme_keys
from pratique.trust.lists import StoreName
from pratique.trust.signer import Signer, TrustList

EXAMPLES = "https://spec.smarthealth.cards/examples/issuer"
"""The issuer of the specification's own examples, whose key set names none."""
_FILE = re.compile(r"[\w./*-]+\.(?:json|jwks|pem|der|cer|crt|ml|crl)\b")
_ISSUER = re.compile(r"\(issuer (\S+?)(?: only)?\)")
_BY_CARD = "the iss of the card"
_BY_NAME = re.compile(r"([0-9A-Z]{4})-([0-9A-Z]{4})")
"""A file of one key of 2D-DOC: its authority's identifier, and its own."""
_SCHEMES = {
    "shc-case": Scheme.SHC, "shc-jws": Scheme.SHC, "shc-part": Scheme.SHC, "nzcp": Scheme.NZCP,
    "2d-doc": Scheme.TWO_D_DOC, "divoc": Scheme.DIVOC, "vds-nc": Scheme.VDS_NC, "ch-light": Scheme.CH_LIGHT,
}  # fmt: skip


def snapshot_of(case: dict[str, Any], root: Path) -> Snapshot:
    """Return what a verifier of a case holds."""
    if case["kind"] not in _SCHEMES:
        # What is only named needs no key.
        return held([])
    signers: list[Signer] = []
    revoked: list[RidList] = []
    for path in (root / name for name in sources(case)):
        if path.is_file():
            revoked += _revoked(path, case, root)
            signers += _signers(path, case, root)
    for path in (root / name for name in sources(case) if name.endswith(".crl")):
        if path.is_file():
            signers += csca.withdraw(read_bytes(path), signers)
    return held(signers, revoked)


def held(signers: list[Signer], revoked: list[RidList] | None = None) -> Snapshot:
    """Return a verifier of test keys that holds these."""
    alike = (signer._replace(environment=Environment.TEST) for signer in signers)
    return Snapshot(
        number=1,
        created=0,
        environment=Environment.TEST,
        trust=TrustList(alike),
        revocations=Revocations([]).with_cards(revoked) if revoked else None,
    )


def sources(case: dict[str, Any]) -> list[str]:
    """Return the files of keys and lists that a case's remarks name."""
    return _FILE.findall(f"{case.get('trust') or ''} {case.get('notes') or ''}")


def of_card(issuer: str, kid: str, spki: bytes) -> Snapshot:
    """Return what a verifier holds who knows one issuer of SMART Health Cards."""
    record = certificates.read_key(spki)
    return held([scheme_keys.pinned(Scheme.SHC, issuer, kid.encode(), record)])


def thumbprint(spki: bytes) -> str:
    """Return a P-256 key's identifier (RFC 7638)."""
    jwk = jose.write_jwk(algorithms.read_der(spki))
    text = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _revoked(path: Path, case: dict[str, Any], root: Path) -> list[RidList]:
    if path.suffix != ".json":
        return []
    document = read_json(path)
    if cards.is_one(document):
        return [cards.read(document, _issuer(case, root))]
    return list(cards.of_directory(document)) if _is_directory(document) else []


def _is_directory(document: object) -> bool:
    return isinstance(document, dict) and "issuerInfo" in document


def _signers(path: Path, case: dict[str, Any], root: Path) -> list[Signer]:
    data = read_bytes(path)
    if path.suffix == ".json" and cards.is_one(read_json(path)):
        return []
    if _SCHEMES[case["kind"]] is Scheme.VDS_NC:
        # A link certificate that a case names alone is its trust.
        is_list = csca.is_crl(data)
        return (
            []
            if is_list
            else list(csca.read(data, environment=Environment.TEST, pinned=True).pinned)
        )
    store = _store(path, data, case, root)
    if store is None:
        return []
    scheme = _SCHEMES[case["kind"]]
    if scheme is Scheme.CH_LIGHT and store is lists.ANY:
        data = _for_light(data)
    reading = lists.read_source(data, store=store)
    country = case.get("country", "")
    signers = certificates.collect([reading], environment=Environment.TEST, country=country)
    return [signer for signer in signers if signer.domain == scheme.value]


def _for_light(data: bytes) -> bytes:
    """Return a list of keys with their use where it does not say it: the case says that they are for light texts."""
    document = strict_json.loads(data)
    rows: list[dict[str, Any]] = next(
        (document[name] for name in ("certs", "keys") if name in document), []
    )
    return json.dumps(
        {"certs": [{"keyId": row.get("kid"), "use": "l", **row} for row in rows]}
    ).encode()


def _store(path: Path, data: bytes, case: dict[str, Any], root: Path) -> StoreName | None:
    """Return what an importer would have to say of a source; None of a key whose text is none."""
    scheme = _SCHEMES[case["kind"]]
    if data.lstrip()[:1] in {b"{", b"["}:
        is_set = scheme is Scheme.SHC and not _is_directory(read_json(path))
        return StoreName(scheme, _issuer(case, root)) if is_set else lists.ANY
    if named := _BY_NAME.fullmatch(path.stem):
        return StoreName(scheme, *named.groups())
    sealed = _sealed(case, root)
    if sealed is None:
        return None
    kid = (
        base64.b64encode(sealed.kid).decode() if scheme is Scheme.CH_LIGHT else sealed.kid.decode()
    )
    return StoreName(scheme, sealed.issuer, kid)


def _issuer(case: dict[str, Any], root: Path) -> str:
    """Return whose a JWK set or a list of revoked cards is."""
    remark = case.get("trust") or ""
    if _BY_CARD in remark:
        sealed = _sealed(case, root)
        return EXAMPLES if sealed is None else sealed.issuer
    named = _ISSUER.search(remark)
    return EXAMPLES if named is None else named[1]


def _sealed(case: dict[str, Any], root: Path) -> Sealed | None:
    """Return the case's text, taken apart; None if it cannot be."""
    for item in inputs.every([str(root / name) for name in case["files"][:1]]):
        message, _ = read_as_handed(item.text or "")
        if isinstance(message, Sealed):
            return message
    return None
