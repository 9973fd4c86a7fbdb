"""Conformance cases about trust lists.

manifest case -> read through the public code -> Result
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.errors import DocumentRefused, ExtraMissing
from pratique.store.sources import read_bytes
from pratique.trust import lists


def tng_did(case: dict[str, Any], root: Path) -> Result:
    """Read a GDHCN DID trust list, and check its proof with the key that the case names."""
    data = read_bytes(root / case["files"][0])
    key = lists.read_proof_key(read_bytes(root / case["trust"]))
    try:
        reading = lists.read_source(data, proof_key=key)
        proof = True
    except ExtraMissing as error:
        return Result(agree=False, detail="", skipped=error.message)
    except DocumentRefused as error:
        if not error.code.startswith("proof"):
            return Result(agree=False, detail=error.code)
        reading, proof = lists.read_source(data), False
    methods = len(strict_json.loads(data)["verificationMethod"])
    held = len(reading.listed) + reading.skipped
    expected = case["expected"]
    agree = proof is expected["proof_valid"] and methods == expected["verification_methods"]
    return Result(agree, f"proof {proof}, {methods} methods, {held} not of signing CAs")


def signed_trustlist(case: dict[str, Any], root: Path) -> Result:
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
    return Result(agree, f"signature {good}, {entries} entries")


def _directory(case: dict[str, Any], document: bytes, signature: bytes, pem: bytes) -> Result:
    try:
        lists.check_detached(document, signature, lists.read_proof_key(pem))
        good = True
    except DocumentRefused:
        good = False
    issuers = len(lists.directory_issuers(document))
    expected = case["expected"]
    agree = good is expected["signature_valid"] and issuers == expected["issuers"]
    return Result(agree, f"signature {good}, {issuers} issuers")
