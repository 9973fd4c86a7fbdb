"""Conformance cases that are an HC1 text: does it decode, is its signature good, what is it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance import held, pictures
from conformance.result import Result
from pratique import strict_json
from pratique.authenticate import read
from pratique.findings import Code, Finding, Weight
from pratique.formats import Claims, dcc, decode
from pratique.store.sources import read_bytes
from pratique.terms import Kind
from pratique.verification import Verification, verify

_LETTERS = {Kind.VACCINATION: "v", Kind.TEST: "t", Kind.RECOVERY: "r", Kind.EXEMPTION: "e"}


def dcc_qr(case: dict[str, Any], root: Path) -> Result:
    """A code by text and by picture: both say the same, and what the case says."""
    text = _text(root / case["files"][0])
    seen = pictures.texts_of(root / case["files"][1]) if len(case["files"]) > 1 else (text,)
    if text not in seen:
        return Result(agree=False, detail=f"the picture gave {len(seen)} other texts")
    return _judge(case, root, text)


def hcert(case: dict[str, Any], root: Path) -> Result:
    """A code by text alone."""
    return _judge(case, root, _text(root / case["files"][0]))


def _judge(case: dict[str, Any], root: Path, text: str) -> Result:
    expected, trust = case["expected"], case.get("trust")
    wrong = _unlike(expected, text)
    if trust and expected.get("signature_valid") is not None:
        source = root / trust.split(" ")[0]
        snapshot = held.snapshot(source, held.kid_in(trust))
        found = verify(text, snapshot=snapshot, at=held.clock(case))
        if signature_good(found) is not expected["signature_valid"]:
            wrong.append(f"signature_valid {signature_good(found)} {_codes(found)}")
    return Result(not wrong, "; ".join(wrong) or "as expected")


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


def signature_good(found: Verification) -> bool:
    """Tell whether a signer's key made the signature, whatever else was found."""
    return found.signer is not None


def payload_schema(case: dict[str, Any], root: Path) -> Result:
    """A DCC payload: its deviations from the schema, as findings."""
    payload = strict_json.loads(read_bytes(root / case["files"][0]))
    findings: list[Finding] = []
    dcc.lenient(payload, Claims(None, None, None), findings)
    clean = conforms(findings)
    return Result(clean is case["expected"]["schema_valid"], ", ".join(told(findings)))


def conforms(findings: list[Finding] | tuple[Finding, ...]) -> bool:
    """Tell whether a payload is as its schema asks: no fault in it, and no deviation."""
    return not any(
        finding.code.weight is Weight.FAULT
        or finding.code in {Code.SCHEMA_DEVIATION, Code.DATE_UNREADABLE}
        for finding in findings
    )


def told(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    """Return findings as short texts, without content."""
    return [f"{finding.code.name} {finding.where}".strip() for finding in findings]


def _codes(found: Verification) -> str:
    return ", ".join(told(found.verdict.findings))


def _text(path: Path) -> str:
    return read_bytes(path).decode().rstrip("\r\n")
