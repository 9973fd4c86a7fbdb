"""Conformance cases about participants' dossiers: the checks of the network's authority.

manifest case -> governance check, trust anchor's signatures -> Result
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.held import clock
from conformance.result import Result
from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.onboarding.anchors import anchored
from pratique.onboarding.checks import check
from pratique.store.sources import read_bytes
from pratique.terms import Environment

PARTICIPANT, DOMAIN = 2, 4
"""Where they stand in tng-participants/dev/XXA/onboarding/DCC/TLS/TLS.pem."""


def tng_onboarding(case: dict[str, Any], root: Path) -> Result:
    """Run a dossier's checks, and compare what fails by the authority's own names."""
    files = {
        "/".join(Path(name).parts[DOMAIN + 1 :]): read_bytes(root / name) for name in case["files"]
    }
    report = check(
        files,
        participant=Path(case["files"][0]).parts[PARTICIPANT],
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
    return Result(not wrong, "; ".join(wrong) or f"{len(failed)} certificates")


def _is_vouched_for(document: bytes, anchors: list[bytes], case: dict[str, Any]) -> bool:
    try:
        anchored(document, anchors, at=clock(case))
    except DocumentRefused:
        return False
    return True
