"""Write what a trust anchor signs for a certificate: TNG_TA.signed.X.json, as `anchored` reads it.

certificate, anchor -> CMS around the certificate -> JSON
"""

from __future__ import annotations

import base64
import json

from pratique.crypto import cms_write, x509
from pratique.crypto.make_x509 import Authority
from pratique.errors import UsageError


def vouched(certificate: bytes, anchor: Authority) -> bytes:
    """Return the file with which an anchor vouches for a certificate; UsageError `country-missing`."""
    record = x509.read(certificate)
    if not record.countries:
        raise UsageError("country-missing", "a certificate that names no country is not signed for")
    signature = cms_write.signed(certificate, certificate=anchor.certificate, key=anchor.key)
    document = {
        "trustAnchorSignature": base64.b64encode(signature).decode(),
        "certificateRawData": base64.b64encode(certificate).decode(),
        "certificateThumbprint": record.thumbprint,
        "country": record.countries[0],
    }
    return json.dumps(document, indent=1).encode() + b"\n"
