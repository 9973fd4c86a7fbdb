"""Cases about what lies below a certificate: CBOR, COSE, signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance import read_json
from pratique.crypto import algorithms, cbor, cose, jose
from pratique.errors import DocumentRefused
from pratique.findings import Code
from pratique.parties.conformance import ConformanceResult
from pratique.terms import COSE_ALGORITHMS, Algorithm


def cbor_good(case: dict[str, Any], root: Path) -> ConformanceResult:
    """RFC 8949 Appendix A: well-formed; within our tags it decodes, and to the stated value."""
    entry = _entry(case, root)
    data = bytes.fromhex(entry["hex"])
    if (code := cbor.scan(data, cbor.WELL_FORMED)) is not None:
        return ConformanceResult(agree=False, detail=code.name)
    value = cbor.loads(data)
    if isinstance(value, Code):
        # Well-formed, but not of a type that certificates use: the gate names which.
        refused = cbor.scan(data)
        return ConformanceResult(
            refused in {Code.CBOR_TAG, Code.CBOR_INTEGER}, f"refused: {value.name}"
        )
    stated = entry.get("decoded")
    same = "decoded" not in entry or value == stated
    return ConformanceResult(same, f"decodes to a {type(value).__name__}")


def cbor_bad(case: dict[str, Any], root: Path) -> ConformanceResult:
    """Not well-formed (RFC 8949 Appendix F): both the gate and the decoder refuse."""
    data = bytes.fromhex(_entry(case, root)["hex"])
    gate, decoder = cbor.scan(data, cbor.WELL_FORMED), cbor.loads(data)
    refused = gate is not None and isinstance(decoder, Code)
    return ConformanceResult(refused is (case["expected"]["decodes"] is False), f"gate {gate}")


def _entry(case: dict[str, Any], root: Path) -> dict[str, Any]:
    name = case["id"].rpartition("/")[2]
    entries: list[dict[str, Any]] = read_json(root / case["files"][0])
    return next(entry for entry in entries if str(entry.get("id", "")).rpartition("/")[2] == name)


def cose_example(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A message of the COSE working group: its signature is good under its key, or it is not."""
    example = read_json(root / case["files"][0])
    key = jose.read_jwk(example["input"]["sign0"]["key"]).key
    envelope = cose.sign1(bytes.fromhex(example["output"]["cbor"]))
    if isinstance(envelope, Code):
        return ConformanceResult(case["expected"]["verifies"] is False, envelope.name)
    algorithm = COSE_ALGORITHMS.get(envelope.algorithm or 0)
    if algorithm is None:
        return ConformanceResult(case["expected"]["verifies"] is False, "algorithm not known")
    good = algorithms.load(algorithm, key.spki)(envelope.signature, envelope.message)
    return ConformanceResult(good is case["expected"]["verifies"], f"verifies {good}")


def wycheproof(case: dict[str, Any], root: Path) -> ConformanceResult:
    """A file of Wycheproof: every one of its signatures is judged as it says."""
    document = read_json(root / case["files"][0])
    algorithm = Algorithm.ES256 if _is_ecdsa(document) else Algorithm.PS256
    wrong: list[str] = []
    tests = 0
    for group in document["testGroups"]:
        spki = bytes.fromhex(group.get("publicKeyDer") or group["keyDer"])
        try:
            check = algorithms.load(algorithm, spki)
        except DocumentRefused as error:
            return ConformanceResult(agree=False, detail=error.code)
        for test in group["tests"]:
            tests += 1
            good = check(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            if good is not (test["result"] == "valid"):
                wrong.append(str(test["tcId"]))
    agree = not wrong and tests == case["expected"]["tests"]
    return ConformanceResult(agree, f"{tests} signatures, wrong: {', '.join(wrong) or 'none'}")


def _is_ecdsa(document: dict[str, Any]) -> bool:
    return any(group["type"].startswith("Ecdsa") for group in document["testGroups"])
