"""A certificate that the network's trust anchor has signed for: TNG_TA.signed.X.json.

    JSON, anchors -> anchored -> Anchored(certificate, country)

1. The anchor is compared by its certificate's bytes: what the signature brings along proves nothing.
2. The anchor vouches for the certificate alone. Whose it is follows from the certificate; what it is
   for (SCA, UP, TLS) is said by nobody but the folder, and must be checked by its extensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pratique.crypto import cms, x509
from pratique.errors import DocumentRefused
from pratique.trust import json_text

MEMBERS = {"trustAnchorSignature", "certificateRawData", "certificateThumbprint", "country"}


class Anchored(NamedTuple):
    """What a trust anchor vouches for.

    Attributes:
        certificate: DER.
        country: the C that the file states, which is the certificate's.
        anchor: SHA-256 of the anchor's certificate, hex.
    """

    certificate: bytes
    country: str
    anchor: str


def anchored(document: bytes, anchors: Iterable[bytes], *, at: datetime) -> Anchored:
    """Check a file with which a trust anchor vouches for a certificate.

    Args:
        document: JSON.
        anchors: certificates of the trust anchors, DER.
        at: when; an anchor vouches within its dates only.

    Raises:
        DocumentRefused: `anchored-malformed`, `anchored-differs`, `anchor-unknown`, `anchor-dead`,
            and those of `cms.signed`.
    """
    found = json_text.parse(document)
    if not isinstance(found, dict) or found.keys() != MEMBERS:
        raise _refused("anchored-malformed", "it is not laid out as a trust anchor's file")
    signature = json_text.octets(found["trustAnchorSignature"])
    certificate = json_text.octets(found["certificateRawData"])
    if signature is None or certificate is None:
        raise _refused("anchored-malformed", "it is not laid out as a trust anchor's file")
    signed = cms.signed(signature, content=certificate)
    if signed.certificate not in set(anchors):
        raise _refused("anchor-unknown", "it was signed by somebody who is no trust anchor")
    anchor = x509.read(signed.certificate)
    if not anchor.not_before <= at.timestamp() <= anchor.not_after:
        raise _refused("anchor-dead", "the trust anchor's own certificate is not valid")
    record = x509.read(certificate)
    country = found["country"]
    if found["certificateThumbprint"] != record.thumbprint or country not in record.countries:
        raise _refused("anchored-differs", "what it says of the certificate is not so")
    return Anchored(certificate, str(country), anchor.thumbprint)


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "get it again from the network's authority")
