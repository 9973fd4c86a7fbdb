"""How certificates are written: one module a format, chosen by prefix or shape, never by trial.

HCERT is a module with `PREFIX`, `unwrap(text) -> Envelope | Finding`, `decode(payload) -> Decoded`, and a row
in `FORMATS`. Each other scheme is a module with `unwrap(text) -> Sealed | Finding`,
`decode(sealed, countries) -> Decoded`, and a row in `SCHEMES`; it is loaded when a text is of it.
"""

from __future__ import annotations

import re
from typing import Protocol

from pratique.crypto.cose import Envelope
from pratique.findings import Finding
from pratique.formats import hcert
from pratique.formats.fields import CwtClaims, Decoded, Sealed
from pratique.terms import Scheme

__all__ = [
    "FORMATS",
    "SCHEMES",
    "CwtClaims",
    "Decoded",
    "Envelope",
    "Format",
    "Sealed",
    "decode",
    "of",
]


class Format(Protocol):
    """What a format's module offers."""

    PREFIX: str

    def unwrap(self, text: str) -> Envelope | Finding:
        """Take a text that starts with `PREFIX` apart down to the signed message."""

    def decode(self, payload: bytes) -> Decoded:
        """Read a payload whose signature is known to be good."""


class SchemeFormat(Protocol):
    """What the module of a scheme beside HCERT offers."""

    def unwrap(self, text: str) -> Sealed | Finding:
        """Take a text of the scheme apart down to the signed message."""

    def decode(self, sealed: Sealed, countries: frozenset[str]) -> Decoded:
        """Read a payload whose signature is known to be good, made by a key of these countries."""


FORMATS: dict[str, Format] = {hcert.PREFIX: hcert}

decode = hcert.decode
"""Read an HCERT payload whose signature is known to be good."""

SCHEMES: dict[Scheme, str] = {
    # A JWS by itself is what a file of health cards holds. Its head names a compression ("zip", in Base64 at
    # one of three places), as no other family's does.
    Scheme.SHC: r"shc:/[0-9]|ey(?=J[\w-]*\.[\w-]+\.[\w-]*\Z)[\w-]*?(?:InppcCI|J6aXAi|iemlwI)",
    Scheme.NZCP: r"NZCP:/[0-9A-Z]",
    Scheme.CH_LIGHT: r"LT1:",
    Scheme.TWO_D_DOC: r"DC0[1-4][0-9A-Z]{4}",
    Scheme.DIVOC: r"B64:",
    Scheme.VDS_NC: r'\s*\{\s*"(?:data"\s*:\s*\{\s*"(?:hdr|msg)"|sig"\s*:\s*\{\s*"(?:alg|cer|sigvl)")',
}
"""Scheme -> how its texts begin (a pattern), as `wrapping` hands them on."""


def of(text: str) -> SchemeFormat | None:
    """Return the format of the scheme that a text's beginning names, or None."""
    for scheme, beginning in SCHEMES.items():
        if re.match(beginning, text, re.ASCII):
            return reader_of(scheme)
    return None


def reader_of(scheme: Scheme) -> SchemeFormat:
    """Return a scheme's format; loaded now, since nearly all texts are HCERT."""
    if scheme is Scheme.SHC:
        from pratique.formats import shc  # noqa: PLC0415 - as above

        return shc
    if scheme is Scheme.NZCP:
        from pratique.formats import nzcp  # noqa: PLC0415 - as above

        return nzcp
    if scheme is Scheme.CH_LIGHT:
        from pratique.formats import ch_light  # noqa: PLC0415 - as above

        return ch_light
    if scheme is Scheme.TWO_D_DOC:
        from pratique.formats import two_d_doc  # noqa: PLC0415 - as above

        return two_d_doc
    if scheme is Scheme.DIVOC:
        from pratique.formats import divoc  # noqa: PLC0415 - as above

        return divoc
    from pratique.formats import vds_nc  # noqa: PLC0415 - as above

    return vds_nc
