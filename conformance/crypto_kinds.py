"""Conformance cases about signatures: COSE examples and Wycheproof's vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.crypto import algorithms, cose, jose
from pratique.errors import DocumentRefused
from pratique.findings import Code
from pratique.store.sources import read_bytes
from pratique.terms import COSE_ALGORITHMS, Algorithm


def cose_example(case: dict[str, Any], root: Path) -> Result:
    """A message of the COSE working group: its signature is good under its key, or it is not."""
    example = strict_json.loads(read_bytes(root / case["files"][0]))
    key = jose.read_jwk(example["input"]["sign0"]["key"]).key
    envelope = cose.sign1(bytes.fromhex(example["output"]["cbor"]))
    if isinstance(envelope, Code):
        return Result(case["expected"]["verifies"] is False, envelope.name)
    algorithm = COSE_ALGORITHMS.get(envelope.algorithm or 0)
    if algorithm is None:
        return Result(case["expected"]["verifies"] is False, "algorithm not known")
    good = algorithms.load(algorithm, key.spki)(envelope.signature, envelope.message)
    return Result(good is case["expected"]["verifies"], f"verifies {good}")


def wycheproof(case: dict[str, Any], root: Path) -> Result:
    """A file of Wycheproof: every one of its signatures is judged as it says."""
    document = strict_json.loads(read_bytes(root / case["files"][0]))
    algorithm = Algorithm.ES256 if _is_ecdsa(document) else Algorithm.PS256
    wrong: list[str] = []
    tests = 0
    for group in document["testGroups"]:
        spki = bytes.fromhex(group.get("publicKeyDer") or group["keyDer"])
        try:
            check = algorithms.load(algorithm, spki)
        except DocumentRefused as error:
            return Result(agree=False, detail=error.code)
        for test in group["tests"]:
            tests += 1
            good = check(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            if good is not (test["result"] == "valid"):
                wrong.append(str(test["tcId"]))
    agree = not wrong and tests == case["expected"]["tests"]
    return Result(agree, f"{tests} signatures, wrong: {', '.join(wrong) or 'none'}")


def _is_ecdsa(document: dict[str, Any]) -> bool:
    return any(group["type"].startswith("Ecdsa") for group in document["testGroups"])
