"""Exactly the trust that a case names, as `trust import` would read it.

    a case's remark ("trust/x.json (issuer …), revocation list y.json") -> files -> Snapshot

1. Every key is a test key here, and so is the verifier: what the collections hold vouches for nobody.
2. A key that its file names without an issuer is held under the issuer that the remark names; where the remark names
   none, under the one that its text does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from conformance import read_json
from pratique.authenticate import read_as_handed
from pratique.crypto import algorithms, jose, x509
from pratique.formats import Sealed
from pratique.parties import inputs
from pratique.snapshot import Snapshot
from pratique.store.sources import read_bytes
from pratique.terms import Environment, Kind, Scheme
from pratique.trust import countries, lists, schemes
from pratique.trust.certificates import FOREVER, collect
from pratique.trust.signer import BARE, Signer, TrustList

EXAMPLES = "https://spec.smarthealth.cards/examples/issuer"
"""The issuer of the specification's own examples, whose key set names none."""
_FILE = re.compile(r"[\w./*-]+\.(?:json|pem|der|crl|xml|jwks)\b")
_ISSUER = re.compile(r"\(issuer:? (\S+?)(?: only)?\)")


def snapshot_of(case: dict[str, Any], root: Path) -> Snapshot:
    """Return what a verifier of a case holds."""
    if case["kind"] not in _SCHEMES:
        # What is only named needs no key.
        return held([])
    files = [root / name for name in sources(case) if (root / name).is_file()]
    signers: list[Signer] = []
    for path in files:
        signers += _read(path, case, root)
    return held(signers)


def held(signers: list[Signer]) -> Snapshot:
    """Return a verifier of test keys that holds these."""
    alike = [signer._replace(environment=Environment.TEST) for signer in signers]
    return Snapshot(number=1, created=0, environment=Environment.TEST, trust=TrustList(alike))


def sources(case: dict[str, Any]) -> list[str]:
    """Return the files of keys and lists that a case's remarks name."""
    return _FILE.findall(f"{case.get('trust') or ''} {case.get('notes') or ''}")


def of_card(issuer: str, kid: str, spki: bytes) -> Snapshot:
    """Return what a verifier holds who knows one issuer of SMART Health Cards."""
    return held([_signer(Scheme.SHC, issuer, kid.encode(), algorithms.read_der(spki))])


def thumbprint(spki: bytes) -> str:
    """Return a P-256 key's identifier (RFC 7638)."""
    jwk = jose.write_jwk(algorithms.read_der(spki))
    text = '{"crv":"%s","kty":"EC","x":"%s","y":"%s"}' % (jwk["crv"], jwk["x"], jwk["y"])
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _signer(
    scheme: Scheme, issuer: str, kid: bytes, key: algorithms.PublicKey, country: str = ""
) -> Signer:
    return Signer(
        kid=kid, participant=country, countries=countries.may_sign_for(country), algorithm=key.algorithm,
        public_key=key.spki, usages=frozenset(Kind), not_before=0, not_after=FOREVER,
        environment=Environment.TEST, domain=scheme.value, thumbprint=hashlib.sha256(key.spki).hexdigest(),
        notes=(BARE,), bound=True, issuer=issuer,
    )  # fmt: skip


_SCHEMES = {
    "shc-case": Scheme.SHC, "shc-jws": Scheme.SHC, "shc-part": Scheme.SHC, "nzcp": Scheme.NZCP,
    "2d-doc": Scheme.TWO_D_DOC, "divoc": Scheme.DIVOC, "vds-nc": Scheme.VDS_NC, "ch-light": Scheme.CH_LIGHT,
}  # fmt: skip


def _read(path: Path, case: dict[str, Any], root: Path) -> list[Signer]:
    data, scheme, country = read_bytes(path), _SCHEMES[case["kind"]], case.get("country", "")
    sealed = _sealed(case, root)
    if data.lstrip()[:1] == b"{":
        document = read_json(path)
        if "rids" in document:
            return []
        if scheme is Scheme.NZCP and "verificationMethod" in document:
            return list(collect([schemes.read_nzcp(document)], environment=Environment.TEST))
        if scheme in {Scheme.CH_LIGHT, Scheme.TWO_D_DOC}:
            return _listed(document, scheme)
        if "verificationMethod" in document:
            return [
                _signer(
                    scheme,
                    document["id"],
                    row["id"].partition("#")[2].encode(),
                    jose.read_jwk(row["publicKeyJwk"]).key,
                    country,
                )
                for row in document["verificationMethod"]
            ]
        if document.get("keys") and "kty" in document["keys"][0]:
            said = _ISSUER.search(case["trust"])
            issuer = EXAMPLES if said is None else said[1]
            if "the iss of the card" in case["trust"] and sealed:
                issuer = sealed.issuer
            return [
                _signer(scheme, issuer, row["kid"].encode(), jose.read_jwk(row).key, country)
                for row in document["keys"]
            ]
    if b"-----BEGIN PUBLIC KEY" in data and sealed:
        if scheme is Scheme.TWO_D_DOC:
            ca, _, kid = path.stem.partition("-")
            return [_signer(scheme, ca, kid.encode(), algorithms.read_pem(data), country)]
        return [_signer(scheme, sealed.issuer, sealed.kid, algorithms.read_pem(data), country)]
    if b"-----BEGIN CERTIFICATE" in data and sealed and scheme is not Scheme.VDS_NC:
        return [
            _signer(
                scheme,
                sealed.issuer,
                sealed.kid,
                algorithms.PublicKey(one.algorithm, one.public_key),
                country,
            )
            for one in x509.read_file(data)
            if one.algorithm is not None
        ]
    return []


def _listed(document: dict[str, Any], scheme: Scheme) -> list[Signer]:
    """Read a list as `trust import` does; what a list of light keys does not say of their use, the case says."""
    if scheme is Scheme.CH_LIGHT:
        rows: list[dict[str, Any]] = next(
            (document[name] for name in ("certs", "keys") if name in document), []
        )
        document = {
            "certs": [{"keyId": row.get("kid"), "use": "l", **row} for row in rows],
        }
    reading = lists.read_source(json.dumps(document).encode())
    signers = collect([reading], environment=Environment.TEST)
    return [signer for signer in signers if signer.domain == scheme.value]


def _sealed(case: dict[str, Any], root: Path) -> Sealed | None:
    for item in inputs.every([str(root / name) for name in case["files"][:1]]):
        found, _ = read_as_handed(item.text or "")
        if isinstance(found, Sealed):
            return found
    return None
