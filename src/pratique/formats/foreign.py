"""Formats of health codes that are known by name and not read here.

    text -> its first characters -> "SMART Health Card" | None

1. A code of another family is no fault of its holder: it is named, so that the desk knows what to ask.
2. Only the first characters are looked at. Nothing is opened, and no link is followed.
3. A name comes from this closed table; no part of the text is ever repeated.
"""

from __future__ import annotations

import re

LONGEST = 512
"""Characters of a text that are looked at."""

FORMATS: tuple[tuple[str, str], ...] = (
    (r"shc:/", "SMART Health Card"),
    (r"(?:https?://\S*#)?shlink:/", "SMART Health Link"),
    (r"NZCP:/", "NZ COVID Pass"),
    # ANTS 2D-DOC, versions 1 to 4: two identifiers, two dates, type.
    (r"DC0[1-4][0-9A-Z]{4}", "French 2D-DOC"),
    (r"https?://\S*tousanticovid\S*/wallet(?:2d)?\?v=", "French 2D-DOC"),
    (r"HCFR1:", "French activity pass"),
    (r"EX1:", "French exemption"),
    (r"NL[0-9]:", "Dutch domestic code"),
    (r"LT1:", "Swiss certificate light"),
    (r"CH1:", "Swiss domestic code"),
    (r"AT1:", "Austrian domestic code"),
    (r"HC[02-9]:", "another version of HCERT"),
    # DIVOC (CoWIN and others): a zip archive of certificate.json, as bytes or in Base64.
    (r"B64:", "DIVOC certificate"),
    (r"PK\x03\x04.{26}certificate\.json", "DIVOC certificate"),
    (r'\{\s*"(?:data|sig)"\s*:\s*\{(?s:.)*?"(?:hdr|alg)"', "ICAO VDS-NC"),
    (r'\{\s*"verifiableCredential"\s*:\s*\[', "SMART Health Card file"),
    (r'\{\s*"resourceType"\s*:', "FHIR document"),
    (r'\{(?s:.)*?"@context"\s*:', "W3C verifiable credential"),
    (r"eyJ[\w-]{8,}={0,2}\.[\w-]+", "signed JSON (JWS)"),
    (r"mdoc:", "ISO mobile document"),
    (r"openid4vp:|openid-credential-offer:|eudi-openid4vp:", "wallet request"),
)
"""How a text begins (a pattern), and what it is."""

_NAMED = tuple((re.compile(pattern, re.DOTALL | re.ASCII), name) for pattern, name in FORMATS)
_SCHEMES = re.compile("|".join(["shc:/", "shlink:/", "mdoc:", "nzcp:/"]), re.IGNORECASE)


def name_of(text: str) -> str | None:
    """Name the format that a text is of by its first characters; None where it is none of these."""
    head = text[:LONGEST]
    # A scheme is written in any case (RFC 3986 §3.1).
    if (scheme := _SCHEMES.match(head)) is not None:
        shown = scheme[0].upper() if scheme[0].upper() == "NZCP:/" else scheme[0].lower()
        head = shown + head[scheme.end() :]
    for pattern, name in _NAMED:
        if pattern.match(head):
            return name
    return None
