"""Cases that are a certificate as text: does it decode, is its signature good, what is it?

1. Of the cases that give every coding layer of a DCC (JSON -> CBOR -> COSE -> COMPRESSED -> BASE45 -> PREFIX
   -> 2DCODE), only the flags that a case states are judged; each by the public code of its own layer.
2. `verify` asks for a good signature by the case's certificate, nothing about dates or usage.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance import clock, read_json
from pratique.authenticate import read
from pratique.crypto import cbor
from pratique.findings import Code, Finding, Severity
from pratique.formats import FORMATS, CwtClaims, Decoded, Envelope, dcc, decode, hcert
from pratique.parties.conformance import ConformanceResult
from pratique.revocation.foreign import HashType, hashes
from pratique.snapshot import Snapshot
from pratique.store import scan
from pratique.store.sources import read_bytes
from pratique.terms import COSE_ALGORITHMS, Environment, Kind
from pratique.trust import certificates, lists
from pratique.trust.signer import TrustList
from pratique.verification import Verification, verify

_TEXT = {Code.PREFIX_UNKNOWN, Code.FORMAT_NOT_READ, Code.TEXT_EMPTY, Code.TEXT_TOO_LONG}
_COMPRESSION = {Code.COMPRESSION_INVALID, Code.COMPRESSION_BOMB, Code.COMPRESSION_TRAILING}
_DATES = {Code.EXPIRED, Code.NOT_YET_VALID}
_NATIONAL = "the prefix names a national context, which is refused"
_LETTERS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}


def dcc_qr(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A code by text and by picture: both say the same, and what the case says."""
    text = _text(root / case["files"][0])
    seen = texts_in(read_bytes(root / case["files"][1])) if len(case["files"]) > 1 else (text,)
    if text not in seen:
        return ConformanceResult(agree=False, detail=f"the picture gave {len(seen)} other texts")
    return _judge(case, root, text)


def by_text(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A code by text alone."""
    return _judge(case, root, _text(root / case["files"][0]))


def _judge(case: dict[str, Any], root: Path, text: str) -> ConformanceResult:
    expected, trust = case["expected"], case.get("trust")
    wrong = _unlike(expected, text)
    if trust and expected.get("signature_valid") is not None:
        source = root / trust.split(" ")[0]
        found = verify(text, snapshot=signers_in(source, _kid_in(trust)), at=clock(case))
        if _signature_good(found) is not expected["signature_valid"]:
            seen = ", ".join(_shown(found.verdict.findings))
            wrong.append(f"signature_valid {_signature_good(found)} {seen}")
    return ConformanceResult(not wrong, "; ".join(wrong) or "as expected")


def _unlike(expected: dict[str, Any], text: str) -> list[str]:
    envelope = read(text)
    if isinstance(envelope, Finding):
        return [envelope.code.name] if expected["decode"] else []
    certificate, findings = decode(envelope.payload)
    if certificate is None:
        # Several groups in one code: it decodes, and is refused for just that.
        several = any(finding.code is Code.GROUPS_SEVERAL for finding in findings)
        return [] if several and len(expected.get("type", "")) > 1 else ["no certificate"]
    seen = {
        "type": _LETTERS[certificate.kind],
        "issuer": certificate.issuer,
        "schema_version": certificate.version,
    }
    return [f"{name} {seen[name]}" for name in seen if expected.get(name, seen[name]) != seen[name]]


def payload_schema(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A DCC payload: its deviations from the schema, as findings."""
    payload = read_json(root / case["files"][0])
    findings: list[Finding] = []
    dcc.lenient(payload, CwtClaims(None, None, None), findings)
    clean = _conforms(findings)
    return ConformanceResult(clean is case["expected"]["schema_valid"], ", ".join(_shown(findings)))


class _Layers:
    """One case, read layer by layer."""

    def __init__(self, case: dict[str, Any], layers: dict[str, Any], path: Path) -> None:
        self.layers = layers
        self.text: str = layers["PREFIX"]
        self.envelope = read(self.text)
        self.decoded = (
            Decoded(None) if isinstance(self.envelope, Finding) else decode(self.envelope.payload)
        )
        self.found: Verification = verify(self.text, snapshot=signers_in(path), at=clock(case))

    def lacks(self, codes: set[Code]) -> bool:
        """Tell whether none of these was found, neither in reading nor in judging."""
        read_as = {self.envelope.code} if isinstance(self.envelope, Finding) else set()
        return not codes & (read_as | {finding.code for finding in self.found.verdict.findings})

    def decodes(self) -> bool:
        """Tell whether the signed content is the case's JSON."""
        certificate = self.decoded.certificate
        return certificate is not None and certificate.payload == self.layers["JSON"]

    def encodes(self) -> bool:
        """Tell whether the case's CBOR is its JSON, with or without the claims around it."""
        value = cbor.loads(bytes.fromhex(self.layers["CBOR"]))
        if isinstance(value, dict) and hcert.HCERT in value:
            value = value[hcert.HCERT][hcert.DCC]
        return bool(value == self.layers["JSON"])

    def reads(self) -> bool:
        """Tell whether the case's JSON is a certificate."""
        return dcc.lenient(self.layers["JSON"], CwtClaims(None, None, None), []) is not None

    def pictured(self) -> bool | None:
        """Tell whether the case's picture holds the text; None where it has no picture."""
        if "2DCODE" not in self.layers:
            return None
        return self.text in texts_in(base64.b64decode(self.layers["2DCODE"]))


FLAGS: dict[str, Callable[[_Layers], bool | None]] = {
    "unprefix": lambda layers: layers.lacks(_TEXT),
    "b45decode": lambda layers: layers.lacks({Code.BASE45_INVALID}),
    "compression": lambda layers: layers.lacks(_COMPRESSION),
    "verify": lambda layers: _signature_good(layers.found),
    "decode": _Layers.decodes,
    "validjson": _Layers.decodes,
    "validobject": _Layers.reads,
    "encode": _Layers.encodes,
    "schemavalidation": lambda layers: _conforms(layers.decoded.findings),
    "expirationcheck": lambda layers: layers.lacks(_DATES),
    "keyusage": lambda layers: layers.lacks({Code.USAGE_WRONG}),
    "picturedecode": _Layers.pictured,
}


def layered(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Judge every flag that the case states."""
    path = root / case["files"][0]
    document = read_json(path)
    if case["id"].startswith("hcert-kotlin/"):
        # The flags are for a verifier of that nation; for any other the right answer is one.
        refused = isinstance(read(document["PREFIX"]), Finding)
        return ConformanceResult(refused, _NATIONAL)
    layers = _Layers(case, document, path)
    wrong = [
        f"{flag} is {not expected}"
        for flag, expected in case["expected"].items()
        if FLAGS[flag](layers) not in {expected, None}
    ]
    findings = _shown(layers.found.verdict.findings) if wrong else []
    return ConformanceResult(not wrong, "; ".join(wrong + findings) or "as expected")


def revocation_hash(case: dict[str, Any], root: Path) -> ConformanceResult:
    """The three hashes of a certificate, as its own publisher computed them."""
    envelope = read(read_json(root / case["files"][0])["barcodeData"])
    if not isinstance(envelope, Envelope):
        return ConformanceResult(
            agree=False,
            detail=envelope.code.name if isinstance(envelope, Finding) else "another format",
        )
    certificate, _ = decode(envelope.payload)
    algorithm = COSE_ALGORITHMS.get(envelope.algorithm or 0)
    if certificate is None or algorithm is None:
        return ConformanceResult(agree=False, detail="no certificate")
    seen = hashes(
        identifiers=[entry.identifier for entry in certificate.entries if entry.identifier],
        country=certificate.issuer,
        signature=envelope.signature,
        algorithm=algorithm,
    )
    wrong = [
        kind.value
        for kind in HashType
        if {entry.hex() for entry in seen[kind]} != {case["expected"][kind.value]}
    ]
    return ConformanceResult(not wrong, ", ".join(wrong) or "all three agree")


@cache
def signers_in(path: Path, kid: bytes | None = None) -> Snapshot:
    """Return a snapshot of one source's signers, all of the test environment.

    Args:
        path: the source, of any kind that `trust import` reads, or one DID verification method.
        kid: by which a source's only signer is looked up, where the source does not say.
    """
    data = read_bytes(path)
    if data.lstrip()[:1] == b"{" and "publicKeyJwk" in (method := read_json(path)):
        data = json.dumps({"id": method["id"], "verificationMethod": [method]}).encode()
    reading = lists.read_source(data)
    if kid is not None:
        reading = reading._replace(listed=(reading.listed[0]._replace(kid=kid),))
    signers = certificates.collect([reading], environment=Environment.TEST)
    alike = (signer._replace(environment=Environment.TEST) for signer in signers)
    trust = TrustList(alike)
    return Snapshot(number=1, created=0, environment=Environment.TEST, trust=trust, sources=())


def _kid_in(remark: str) -> bytes | None:
    """Return the kid that a manifest's `trust` remark names ("… (kid MTE=)"), or None."""
    _, found, rest = remark.partition("(kid ")
    return base64.b64decode(rest.partition(")")[0]) if found and "=" in rest else None


def texts_in(data: bytes) -> tuple[str, ...]:
    """Return the distinct texts of the barcodes in a picture.

    What begins like no format that is read here, a national context say, is among them.
    """
    found = scan.read_picture(data, wanted=lambda text: text.startswith(tuple(FORMATS)))
    return tuple(code.text for code in found.codes)


def _signature_good(found: Verification) -> bool:
    """Tell whether a signer's key made the signature, whatever else was found."""
    return found.signer is not None


def _conforms(findings: Sequence[Finding]) -> bool:
    """Tell whether a payload is as its schema asks: no fault in it, and no deviation."""
    return not any(
        finding.code.severity is Severity.ERROR
        or finding.code in {Code.SCHEMA_DEVIATION, Code.DATE_UNREADABLE}
        for finding in findings
    )


def _shown(findings: Sequence[Finding]) -> list[str]:
    """Return findings as short texts, without content."""
    return [f"{finding.code.name} {finding.where}".strip() for finding in findings]


def _text(path: Path) -> str:
    return read_bytes(path).decode().rstrip("\r\n")
