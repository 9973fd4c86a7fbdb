"""`pratique inspect`: every layer of a text, for developers. Nothing here is verified.

    text -> prefix -> Base45 -> zlib -> COSE_Sign1 -> headers -> claims -> content -> findings

1. No signer is asked: all that is shown is what the text says of itself.
2. A layer that cannot be read is named, and what came before it is shown.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import click

from pratique.authenticate import read
from pratique.crypto import cbor
from pratique.describe import instant_show
from pratique.findings import UNREAD, Code, Finding
from pratique.formats import base45, hcert
from pratique.parties.inputs import every
from pratique.terms import COSE_ALGORITHMS
from pratique.text import as_json, printable

UNVERIFIED = "UNVERIFIED: anybody could have written this"
CLAIM_NAMES = {1: "iss", 4: "exp", 6: "iat", -260: "hcert"}
INPUT_OUTPUT = 4


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[TEXT|FILE|-]...")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text")
def inspect(*, inputs: tuple[str, ...], output_format: str) -> int:
    """Show every layer of certificates, without trust: nothing shown is verified."""
    rows = []
    unread = False
    for item in every(inputs):
        if item.text is None:
            why = item.remark or (item.finding.code.meaning if item.finding is not None else "")
            click.echo(f"error: {printable(item.label)}: {why}", err=True)
            unread = True
            continue
        made_good = [_told(note) for note in item.notes]
        row = {"source": item.label, **layers(item.text)}
        if item.finding is not None:
            row["stopped"] = _told(item.finding)
            unread = unread or item.finding.code in UNREAD
        rows.append(row | ({"made_good": made_good} if made_good else {}))
    if output_format == "json":
        shown = {"format": "pratique-inspection-1", "warning": UNVERIFIED, "results": rows}
        click.echo(as_json(shown, indent=1))
    else:
        for row in rows:
            click.echo("\n".join(_lines(row)))
    return INPUT_OUTPUT if unread or not rows else 0


def layers(text: str) -> dict[str, Any]:
    """Take a text apart as far as it goes."""
    shown: dict[str, Any] = {"prefix": text[:4], "characters": len(text)}
    packed = base45.decode(text[4:])
    if packed is not None:
        shown["compressed_bytes"] = len(packed)
    envelope = read(text)
    if isinstance(envelope, Finding):
        return shown | {"stopped": _told(envelope)}
    assert packed is not None
    shown["message_bytes"] = len(zlib.decompressobj().decompress(bytes(packed), hcert.MAX_UNPACKED))
    algorithm = envelope.algorithm
    shown["algorithm"] = f"{COSE_ALGORITHMS.get(algorithm or 0, 'unknown')} ({algorithm})"
    if envelope.kid is not None:
        shown["kid"] = base64.b64encode(envelope.kid).decode()
        shown["kid_header"] = "protected" if envelope.kid_protected else "unprotected"
    shown["signature_bytes"] = len(envelope.signature)
    shown["payload_bytes"] = len(envelope.payload)
    claims = cbor.loads(envelope.payload)
    if isinstance(claims, Code):
        return shown | {"stopped": _told(Finding(claims, "payload"))}
    decoded = hcert.decode(envelope.payload)
    return shown | {
        "claims": plain(_named(claims)),
        "reads_as": decoded.certificate.kind.value if decoded.certificate else "nothing known",
        "findings": [_told(finding) for finding in decoded.findings],
    }


def plain(value: Any) -> Any:
    """Return a CBOR value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _named(claims: object) -> object:
    if not isinstance(claims, Mapping):
        return claims
    named: dict[str, object] = {}
    for key, value in claims.items():
        name = CLAIM_NAMES.get(key) if type(key) is int else None
        label = f"{name} ({key})" if name else str(key)
        known_instant = name in {"exp", "iat"} and type(value) is int
        named[label] = f"{value} = {instant_show(value)}" if known_instant else value
    return named


def _told(finding: Finding) -> str:
    where = f" ({finding.where})" if finding.where else ""
    return f"{finding.code.name}{where}: {finding.code.meaning}"


def _lines(row: dict[str, Any]) -> Iterator[str]:
    yield click.style(UNVERIFIED, bold=True)
    for name, value in row.items():
        if name == "claims":
            yield "  claims:"
            text = json.dumps(value, indent=2, ensure_ascii=False)
            yield from (f"    {printable(line)}" for line in text.splitlines())
        elif isinstance(value, list):
            yield from (f"  {name}: {printable(str(inner))}" for inner in value)
        else:
            yield f"  {name}: {printable(str(value))}"
