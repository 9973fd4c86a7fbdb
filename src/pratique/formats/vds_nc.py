"""ICAO VDS-NC, proof of vaccination and of testing (Doc 9303-13)."""

from __future__ import annotations

from pratique.findings import Code, Finding
from pratique.formats.fields import Decoded, Sealed


def unwrap(_text: str) -> Sealed | Finding:
    """Take a text apart down to the signed message."""
    return Finding(Code.FORMAT_NOT_READ, "ICAO VDS-NC")


def decode(_sealed: Sealed, _countries: frozenset[str]) -> Decoded:
    """Read a payload whose signature is known to be good."""
    return Decoded(None)
