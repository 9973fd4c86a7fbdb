"""Conformance cases that give every coding layer of a DCC, and a flag for each.

    JSON -> CBOR -> COSE -> COMPRESSED -> BASE45 -> PREFIX -> 2DCODE, with EXPECTED… flags

1. Only the flags that a case states are judged; each by the public code of its own layer.
2. `verify` asks for a good signature by the case's certificate, nothing about dates or usage.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance import held, pictures
from conformance.hcert_kinds import conforms, signature_good, told
from conformance.result import Result
from pratique import strict_json
from pratique.authenticate import read
from pratique.crypto import cbor
from pratique.findings import Code, Finding
from pratique.formats import Claims, Decoded, dcc, decode, hcert
from pratique.store.sources import read_bytes
from pratique.verification import Verification, verify

_TEXT = {Code.PREFIX_UNKNOWN, Code.FORMAT_NOT_READ, Code.TEXT_EMPTY, Code.TEXT_TOO_LONG}
_COMPRESSION = {Code.COMPRESSION_INVALID, Code.COMPRESSION_BOMB, Code.COMPRESSION_TRAILING}
_DATES = {Code.EXPIRED, Code.NOT_YET_VALID}
_NATIONAL = "the prefix names a national context, which is refused"


class _Layers:
    """One case, read layer by layer."""

    def __init__(self, case: dict[str, Any], layers: dict[str, Any], path: Path) -> None:
        self.layers = layers
        self.text: str = layers["PREFIX"]
        self.envelope = read(self.text)
        self.decoded = (
            Decoded(None) if isinstance(self.envelope, Finding) else decode(self.envelope.payload)
        )
        self.found: Verification = verify(
            self.text, snapshot=held.snapshot(path), at=held.clock(case)
        )

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
        return dcc.lenient(self.layers["JSON"], Claims(None, None, None), []) is not None

    def pictured(self) -> bool | None:
        """Tell whether the case's picture holds the text; None where it has no picture."""
        if "2DCODE" not in self.layers:
            return None
        return self.text in pictures.texts_in(base64.b64decode(self.layers["2DCODE"]))


FLAGS: dict[str, Callable[[_Layers], bool | None]] = {
    "unprefix": lambda layers: layers.lacks(_TEXT),
    "b45decode": lambda layers: layers.lacks({Code.BASE45_INVALID}),
    "compression": lambda layers: layers.lacks(_COMPRESSION),
    "verify": lambda layers: signature_good(layers.found),
    "decode": _Layers.decodes,
    "validjson": _Layers.decodes,
    "validobject": _Layers.reads,
    "encode": _Layers.encodes,
    "schemavalidation": lambda layers: conforms(layers.decoded.findings),
    "expirationcheck": lambda layers: layers.lacks(_DATES),
    "keyusage": lambda layers: layers.lacks({Code.USAGE_WRONG}),
    "picturedecode": _Layers.pictured,
}


def layered(case: dict[str, Any], root: Path) -> Result:
    """Judge every flag that the case states."""
    path = root / case["files"][0]
    document = strict_json.loads(read_bytes(path))
    if case["id"].startswith("hcert-kotlin/"):
        # The flags are for a verifier of that nation; for any other the right answer is one.
        refused = isinstance(read(document["PREFIX"]), Finding)
        return Result(refused, _NATIONAL)
    layers = _Layers(case, document, path)
    wrong = [
        f"{flag} is {not expected}"
        for flag, expected in case["expected"].items()
        if FLAGS[flag](layers) not in {expected, None}
    ]
    findings = told(layers.found.verdict.findings) if wrong else []
    return Result(not wrong, "; ".join(wrong + findings) or "as expected")
