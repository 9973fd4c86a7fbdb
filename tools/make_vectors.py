"""Write the conformance kit: `vectors/signers.json`, `vectors/cases/`, `vectors/manifest.json`.

    python -m tools.make_vectors            write it
    python -m tools.make_vectors --check    say whether it is what would be written (exit 1 if not)

1. The same keys make the same files: ECDSA is deterministic. An RSA-PSS signature is drawn; the one
   that is there is kept as long as it is a signature of the same thing.
2. What is expected was written by hand, in `tools/vectors/`.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cbor2

from pratique.findings import Code
from pratique.formats import base45
from tools.vectors import (
    cards,
    divoc,
    foreign,
    good,
    judging,
    keys,
    network,
    passes,
    payloads,
    reading,
    revoked,
    seals,
    signing,
    two_d,
)
from tools.vectors.cases import Case, instant

FORMAT = "pratique-vectors-1"
LICENCE = "Apache-2.0"
GROUPS: dict[str, Callable[[], Iterable[Case]]] = {
    "formats": good.cases,
    "reading": reading.cases,
    "signature": signing.signature_cases,
    "signer": signing.signer_cases,
    "claims": payloads.claims_cases,
    "content": payloads.content_cases,
    "validity": judging.validity_cases,
    "key-validity": judging.key_validity_cases,
    "usage": judging.usage_cases,
    "country": judging.country_cases,
    "environment": judging.environment_cases,
    "network": network.network_cases,
    "revocation": revoked.revocation_cases,
    "cards": cards.cases,
    "passes": passes.cases,
    "seals": seals.cases,
    "2d-doc": two_d.cases,
    "divoc": divoc.cases,
}

Row = dict[str, Any]


def signer_row(name: str, signer: keys.TestSigner) -> Row:
    """Return what JSON holds of a signer."""
    end = signer.sca_not_after
    return {
        "name": name,
        "kid": signer.kid.hex(),
        "participant": signer.participant,
        "countries": list(signer.countries),
        "algorithm": signer.algorithm,
        "spki": base64.b64encode(keys.public_key(signer.key)).decode(),
        "usages": list(signer.usages),
        "not_before": instant(signer.not_before),
        "not_after": instant(signer.not_after),
        "sca_not_after": None if end is None else instant(end),
        "environment": signer.environment,
        "domain": signer.domain,
        "unreadable": signer.unreadable,
        **({"issuer": signer.issuer} if signer.issuer else {}),
    }


def manifest_row(group: str, row: Row) -> Row:
    """Return what the manifest holds of a case."""
    return {
        "id": row["id"],
        "kind": "pratique-vector",
        "licence": LICENCE,
        "files": [f"cases/{group}.json"],
        "format": "entry by id",
        "expected": row["expected"],
        "clock": row["clock"],
        "trust": "signers.json",
        "description": row["title"],
    }


def _message(text: str) -> bytes | None:
    packed = base45.decode(text[4:]) if text.startswith("HC1:") else None
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(bytes(packed or b""), 1 << 14)
    except zlib.error:
        return None
    return data if inflater.eof and not inflater.unused_data else None


def same_text(old: str, new: str) -> bool:
    """Tell whether two texts carry the same message: by other compression, or by PSS's draw."""
    if old == new:
        return True
    if old[:4] == new[:4] == "B64:":
        return _drawn_alike(old, new)
    if (card := _card(old)) is not None:
        return card == _card(new)
    a, b = _message(old), _message(new)
    if a is None or b is None:
        return False
    if a == b:
        return True
    try:
        ours, theirs = (cbor2.loads(data).value for data in (a, b))
    except (AttributeError, ValueError):
        return False
    drawn = len(ours[3]) == len(theirs[3]) == keys.RSA_BYTES
    return drawn and bool(ours[:3] == theirs[:3])


def _card(text: str) -> tuple[str, bytes] | None:
    """Return head and content of a SMART Health Card in one code; None if it is none, or not a whole one."""
    digits = text.removeprefix("shc:/")
    if digits != text and digits.isdecimal() and len(digits) % 2 == 0:
        pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
        text = "".join(chr(int(pair) + 45) for pair in pairs)
    head, _, rest = text.partition(".")
    packed = rest.partition(".")[0]
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return head, zlib.decompressobj(-15).decompress(raw, 1 << 17)
    except (ValueError, zlib.error):
        return None


def _file_in(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(divoc.FILE)


def _drawn_alike(old: str, new: str) -> bool:
    """Tell whether two certificates of DIVOC differ in the signature that PSS draws, and in nothing else."""
    try:
        ours, theirs = (json.loads(_file_in(base64.b64decode(text[4:]))) for text in (old, new))
        parts = [document["proof"].pop("jws").split(".") for document in (ours, theirs)]
    except (ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile, RuntimeError):
        return False
    drawn = all(len(part[-1]) == len(foreign.base64url(bytes(keys.RSA_BYTES))) for part in parts)
    return drawn and bool(ours == theirs and parts[0][:-1] == parts[1][:-1])


def kept(rows: list[Row], path: Path) -> list[Row]:
    """Keep the texts that are there where they carry the same message."""
    if not path.is_file():
        return rows
    found = json.loads(path.read_text(encoding="utf-8"))["cases"]
    old: dict[str, str] = {row["id"]: row["text"] for row in found}
    for row in rows:
        text = old.get(row["id"])
        if text is not None and same_text(text, row["text"]):
            row["text"] = text
    return rows


def files() -> dict[str, str]:
    """Return the kit's files by name."""
    head = {"format": FORMAT, "licence": LICENCE}
    made: dict[str, Row] = {}
    listed = []
    for group, cases in GROUPS.items():
        rows = kept([case.row() for case in cases()], keys.KIT / f"cases/{group}.json")
        made[f"cases/{group}.json"] = {**head, "check": group, "cases": rows}
        listed += [manifest_row(group, row) for row in rows]
    signers = [signer_row(name, signer) for name, signer in keys.SIGNERS.items()]
    made["signers.json"] = {**head, "signers": signers}
    made[revoked.FILE] = {**head, **revoked.documents()}
    made[network.FILE] = {**head, "networks": network.documents()}
    made["findings.json"] = {
        **head,
        "findings": [
            {"code": c.name, "step": c.step, "weight": c.severity, "meaning": c.meaning}
            for c in Code
        ],
    }
    counts = {"pratique-vector": len(listed)}
    made["manifest.json"] = {"format": "pratique-corpus-1", "counts": counts, "cases": listed}
    return {name: json.dumps(value, indent=1) + "\n" for name, value in made.items()}


def main(arguments: list[str]) -> int:
    """Write the kit, or check it."""
    stale = []
    for name, text in files().items():
        path = keys.KIT / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"vectors/{name}: {'not as made' if '--check' in arguments else 'written'}")
    if stale and "--check" in arguments:
        print("hint: python -m tools.make_vectors", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
