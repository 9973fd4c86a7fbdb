"""Sign with CMS (RFC 5652): one signer, its certificate and the content inside, as the trust anchor does.

content, certificate, SigningKey -> signed -> SignedData, DER
"""

from __future__ import annotations

from cryptography import x509 as strict
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from pratique.crypto import lent, x509
from pratique.crypto.signing import SigningKey
from pratique.errors import UsageError


def signed(content: bytes, *, certificate: bytes, key: SigningKey) -> bytes:
    """Return the signature, with `content` and the signer's certificate in it.

    Raises:
        UsageError: `anchor-key-differs`, `key-algorithm`.
    """
    if x509.read(certificate).public_key != key.public_key:
        raise UsageError(
            "anchor-key-differs", "the key is not the certificate's", "open the right key"
        )
    private, digest = lent.private(key)
    builder = PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(strict.load_der_x509_certificate(certificate), private, digest)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])
