"""Conformance cases about CBOR itself: what is well-formed, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.crypto import cbor
from pratique.findings import Code
from pratique.store.sources import read_bytes


def good(case: dict[str, Any], root: Path) -> Result:
    """RFC 8949 Appendix A: well-formed; within our tags it decodes, and to the stated value."""
    entry = _entry(case, root)
    data = bytes.fromhex(entry["hex"])
    if (code := cbor.scan(data, cbor.WELL_FORMED)) is not None:
        return Result(agree=False, detail=code.name)
    value = cbor.loads(data)
    if isinstance(value, Code):
        # Well-formed, but not of a type that certificates use: the gate names which.
        refused = cbor.scan(data)
        return Result(refused in {Code.CBOR_TAG, Code.CBOR_INTEGER}, f"refused: {value.name}")
    stated = entry.get("decoded")
    same = "decoded" not in entry or value == stated
    return Result(same, f"decodes to a {type(value).__name__}")


def bad(case: dict[str, Any], root: Path) -> Result:
    """Not well-formed (RFC 8949 Appendix F): both the gate and the decoder refuse."""
    data = bytes.fromhex(_entry(case, root)["hex"])
    gate, decoder = cbor.scan(data, cbor.WELL_FORMED), cbor.loads(data)
    refused = gate is not None and isinstance(decoder, Code)
    return Result(refused is (case["expected"]["decodes"] is False), f"gate {gate}")


def _entry(case: dict[str, Any], root: Path) -> dict[str, Any]:
    entries: list[dict[str, Any]] = strict_json.loads(read_bytes(root / case["files"][0]))
    name = case["id"].rpartition("/")[2]
    return next(entry for entry in entries if str(entry.get("id", "")).rpartition("/")[2] == name)
