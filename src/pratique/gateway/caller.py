"""Who is calling: the TLS client certificate, as the terminator in front hands it on.

    X-SSL-Client-Cert                     PEM, URL-encoded                  nginx      preferred
    X-SSL-Client-SHA256, X-SSL-Client-DN  hex or Base64; RFC 2253, 4514     HAProxy, Caddy
      -> identify -> Party of the group AUTHENTICATION

    | what                                                           | answer      |
    |----------------------------------------------------------------|-------------|
    | nothing usable: no header, junk, a header twice, a conflict    | 401 `0x400` |
    | the subject has no C, or several                               | 400 `0x401` |
    | not onboarded with that C; strict profile: before or after its dates | 401 `0x402` |

Apart because it reads what a server in front writes, and endpoints.py is the table that everybody adds to.

1. The headers are believed, because nobody else can reach the socket; what stands in them is a stranger's text,
   and none of it is repeated.
2. A header that is empty is not there: a terminator empties those that it does not fill.
3. The terminator proves that the caller has the key. Dates are looked at here, of the certificate that was
   onboarded: a bare thumbprint has none. Old back ends outlive theirs, so that the compatible profile lets them in.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from pratique.crypto import x509
from pratique.gateway.mailbox import CertificateGroup, MailboxReading, Party
from pratique.gateway.wire import Profile, Refusal, WireRequest, url_decoded

CERTIFICATE, DIGEST, SUBJECT = "x-ssl-client-cert", "x-ssl-client-sha256", "x-ssl-client-dn"


class _Shown(NamedTuple):
    thumbprint: str
    countries: tuple[str, ...]


def identify(
    request: WireRequest, box: MailboxReading, profile: Profile = Profile.COMPATIBLE
) -> Party:
    """Return whose certificate the request came with.

    Raises:
        Refusal: 401 `0x400`, 400 `0x401`, 401 `0x402`: see above.
    """
    try:
        shown = _shown(*(_header(request.headers, name) for name in (CERTIFICATE, DIGEST, SUBJECT)))
    except ValueError as error:
        raise Refusal(401, "0x400", "there is no usable client certificate") from error
    if len(shown.countries) != 1:
        raise Refusal(400, "0x401", "the client certificate's subject has not exactly one C")
    party = box.party(shown.thumbprint, shown.countries[0], CertificateGroup.AUTHENTICATION)
    if party is None:
        raise Refusal(401, "0x402", "the client certificate is not onboarded")
    if profile is Profile.STRICT and not is_current(party, request.at):
        raise Refusal(401, "0x402", "the client certificate is out of date")
    return party


def is_current(party: Party, at: int) -> bool:
    """Tell whether an onboarded certificate is within its dates."""
    record = x509.read(party.certificate)
    return record.not_before <= at <= record.not_after


def thumbprint(headers: Mapping[str, tuple[str, ...]]) -> str:
    """Return the SHA-256 of the certificate that a request came with, in hex; ValueError if there is no usable one."""
    return _shown(*(_header(headers, name) for name in (CERTIFICATE, DIGEST, SUBJECT))).thumbprint


def _header(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    values = headers.get(name, ())
    # Twice: what a terminator set, and what its client sent, cannot be told apart.
    if len(values) > 1:
        raise ValueError("a header is there twice")
    return values[0].strip() if values else ""


def _shown(pem: str, digest: str, subject: str) -> _Shown:
    """Read what the three headers show; ValueError if nothing, or no one thing."""
    named = _Shown(_thumbprint(digest), _countries(subject)) if digest and subject else None
    if not pem:
        if named is None:
            raise ValueError("no certificate")
        return named
    (block,) = x509.armoured(url_decoded(pem, plus=False).encode())
    record = x509.read(block)
    if not record.subject:
        raise ValueError("no certificate")
    name = x509.named(record.subject, x509.COUNTRY_NAME)
    shown = _Shown(hashlib.sha256(block).hexdigest(), tuple(map(str.upper, name)))
    # A digest beside the certificate is of the same one, or somebody else has set it.
    if (digest and _thumbprint(digest) != shown.thumbprint) or (named and named != shown):
        raise ValueError("two headers name two certificates")
    return shown


def _thumbprint(text: str) -> str:
    """Read a SHA-256: 64 hex digits, or Base64, which may be URL-encoded; return it as hex."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return text.lower()
    octets = base64.b64decode(url_decoded(text, plus=False) if "%" in text else text, validate=True)
    if len(octets) != 32:
        raise ValueError("no SHA-256")
    return octets.hex()


# ----------------------------------------------------------------------------------------------------
# Distinguished names as text (RFC 4514, and what RFC 2253 §4 lets older programs write).
#
#     CN=client\, 2,O="Ministry, C=FR",C=DE -> _countries -> ("DE",)
#
# dgc-gateway split at each comma: with O = "x,C=FR" anybody could name another country.

_TYPE = re.compile(r" *([A-Za-z][A-Za-z0-9-]*|(?:OID\.)?[0-9]+(?:\.[0-9]+)*) *= *", re.IGNORECASE)
_PLAIN = re.compile(r'(?:[^\\",;+<>]|\\[0-9A-Fa-f]{2}|\\[^0-9A-Fa-f])*')
_QUOTED = re.compile(r'"((?:[^\\"]|\\[0-9A-Fa-f]{2}|\\[^0-9A-Fa-f])*)" *')
_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)
_COUNTRY_TYPES = {"C", "COUNTRYNAME", x509.COUNTRY_NAME, f"OID.{x509.COUNTRY_NAME}"}


def _countries(text: str) -> tuple[str, ...]:
    """Return each C of a distinguished name, in upper case; ValueError if it is none."""
    # Encoded as a whole, it has no "=" left. Otherwise "%" and "+" are its own: the one a sign like others, the
    # other what joins the parts of a name.
    if "=" not in text:
        text = url_decoded(text, plus=True)
    values, at = [], 0
    while at < len(text):
        head = _TYPE.match(text, at)
        body = head and (_QUOTED.match(text, head.end()) or _PLAIN.match(text, head.end()))
        if head is None or body is None:
            raise ValueError("no distinguished name")
        at = body.end()
        if at < len(text) and (text[at] not in ",;+" or at + 1 == len(text)):
            raise ValueError("no distinguished name")
        at += 1
        if head[1].upper() in _COUNTRY_TYPES:
            value = body[1] if body.re is _QUOTED else body[0]
            values.append(_ESCAPE.sub(_unescaped, value).strip().upper())
    if not values and not text.strip():
        raise ValueError("an empty name")
    return tuple(values)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if len(match[1]) == 2 else match[1]
