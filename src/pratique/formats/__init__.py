"""How certificates are written: one module a format, chosen by prefix, never by trial.

A format is a module with `PREFIX`, `unwrap(text) -> Envelope | Finding`,
`decode(payload) -> Decoded`, and a row in `FORMATS`.
"""

from __future__ import annotations

from typing import Protocol

from pratique.crypto.cose import Envelope
from pratique.findings import Finding
from pratique.formats import hcert
from pratique.formats.fields import CwtClaims, Decoded

__all__ = ["FORMATS", "CwtClaims", "Decoded", "Envelope", "Format", "decode", "of"]


class Format(Protocol):
    """What a format's module offers."""

    PREFIX: str

    def unwrap(self, text: str) -> Envelope | Finding:
        """Take a text that starts with `PREFIX` apart down to the signed message."""

    def decode(self, payload: bytes) -> Decoded:
        """Read a payload whose signature is known to be good."""


FORMATS: dict[str, Format] = {hcert.PREFIX: hcert}

decode = hcert.decode
"""Read a payload whose signature is known to be good; all formats so far carry HCERT payloads."""


def of(text: str) -> Format | None:
    """Return the format that the text's prefix names, or None."""
    if (reader := FORMATS.get(text[:4])) is not None:
        return reader
    for prefix, reader in FORMATS.items():
        if text.startswith(prefix):
            return reader
    return None
