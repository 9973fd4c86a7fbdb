"""Cases about trust: signed lists of signers, and participants' dossiers by the authority's own checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance import clock, read_json
from pratique.crypto import x509
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.onboarding.anchors import anchored
from pratique.onboarding.checks import check
from pratique.parties.conformance import ConformanceResult
from pratique.store.sources import read_bytes
from pratique.terms import Environment
from pratique.trust import lists


def tng_did(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Read a GDHCN DID trust list, and check its proof with the key that the case names."""
    data = read_bytes(root / case["files"][0])
    key = lists.read_proof_key(read_bytes(root / case["trust"]))
    try:
        reading = lists.read_source(data, proof_key=key)
        proof = True
    except ExtraMissing as error:
        return ConformanceResult(agree=False, detail="", skipped=error.message)
    except DocumentRefused as error:
        if not error.code.startswith("proof"):
            return ConformanceResult(agree=False, detail=error.code)
        reading, proof = lists.read_source(data), False
    methods = len(read_json(root / case["files"][0])["verificationMethod"])
    held = len(reading.listed) + reading.skipped
    expected = case["expected"]
    agree = proof is expected["proof_valid"] and methods == expected["verification_methods"]
    return ConformanceResult(agree, f"proof {proof}, {methods} methods, {held} not of signing CAs")


def signed_trustlist(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Check the signature of a list signed as a whole, and count what it lists."""
    files = [read_bytes(root / name) for name in case["files"]]
    if len(files) == 3:
        return _directory(case, *files)
    data, key = files
    try:
        lists.read_source(data, proof_key=lists.read_proof_key(key))
        good = True
    except DocumentRefused:
        good = False
    reading = lists.read_source(data)
    entries = len(reading.listed) + len(reading.authorities) + reading.skipped
    expected = case["expected"]
    agree = good is expected["signature_valid"] and entries == expected["entries"]
    return ConformanceResult(agree, f"signature {good}, {entries} entries")


def _directory(
    case: dict[str, Any], document: bytes, signature: bytes, pem: bytes
) -> ConformanceResult:
    try:
        lists.check_detached(document, signature, lists.read_proof_key(pem))
        good = True
    except DocumentRefused:
        good = False
    issuers = len(lists.directory_issuers(document))
    expected = case["expected"]
    agree = good is expected["signature_valid"] and issuers == expected["issuers"]
    return ConformanceResult(agree, f"signature {good}, {issuers} issuers")


_PARTICIPANT, _DOMAIN = 2, 4
"""Where they stand in tng-participants/dev/XXA/onboarding/DCC/TLS/TLS.pem."""


def tng_onboarding(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Run a dossier's checks, and compare what fails by the authority's own names."""
    files = {
        "/".join(Path(name).parts[_DOMAIN + 1 :]): read_bytes(root / name) for name in case["files"]
    }
    report = check(
        files,
        participant=Path(case["files"][0]).parts[_PARTICIPANT],
        environment=Environment.TEST,
        at=clock(case),
    )
    # The authority's own checks look at certificates, and pass over whatever else lies there.
    failed = {
        row.name: sorted(row.upstream_failed)
        for row in report.rows
        if row.is_there and not any(one.code == "file_unread" for one in row.findings)
    }
    expected = {
        name: sorted(codes) for name, codes in case["expected"]["failed_checks_by_cert"].items()
    }
    anchors = [
        block
        for path in sorted(root.glob(case["trust"]))
        for block in x509.armoured(read_bytes(path))[:1]
    ]
    vouched = {
        name: _is_vouched_for(files[name], anchors, case) for name in case["expected"]["cms_by_TA"]
    }
    wrong = sorted(
        f"{name}: {found.get(name)} for {wanted.get(name)}"
        for found, wanted in ((failed, expected), (vouched, case["expected"]["cms_by_TA"]))
        for name in found.keys() | wanted.keys()
        if found.get(name) != wanted.get(name)
    )
    return ConformanceResult(not wrong, "; ".join(wrong) or f"{len(failed)} certificates")


def _is_vouched_for(document: bytes, anchors: list[bytes], case: dict[str, Any]) -> bool:
    try:
        anchored(document, anchors, at=clock(case))
    except DocumentRefused:
        return False
    return True
