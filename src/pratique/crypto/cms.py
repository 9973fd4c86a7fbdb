"""Check a CMS SignedData (RFC 5652): one signer, whose certificate it brings.

    bytes -> BER to DER -> SignedData -> certificate, SignerInfo -> digest, signature -> Signed

1. Exactly one certificate and one signer, who is matched by issuer and serial number or by key
   identifier; nothing trails, and no CRL comes along.
2. The signature says who signed, not that he may: compare `Signed.certificate`, byte for byte, with the
   one that is expected. Dates, usage and chain are not looked at here either.
3. SHA-256, SHA-384 or SHA-512, one and the same throughout; ECDSA, RSA PKCS#1 v1.5 or RSASSA-PSS.
4. Unsigned attributes are ignored: nobody has vouched for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from pratique.crypto import ber, der, identified, x509
from pratique.errors import DocumentRefused

SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_DIGESTS: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


class Signed(NamedTuple):
    """What was signed, and by whom.

    Attributes:
        content: the octets of the content.
        certificate: the signer's, DER, as it was brought along: compare it with the expected one.
        content_type: object identifier of what the content is.
    """

    content: bytes
    certificate: bytes
    content_type: str = DATA


class _Parts(NamedTuple):
    content_type: str
    content: bytes | None
    certificate: bytes
    signer: list[der.Tlv]


class _Signer(NamedTuple):
    name: der.Tlv
    digest: str
    attributes: bytes | None
    algorithm: bytes
    signature: bytes


def signed(data: bytes, *, content: bytes | None = None) -> Signed:
    """Check a SignedData and return what it signs.

    Args:
        data: ContentInfo, DER or BER.
        content: what was signed, where it is not in `data` itself; where it is, it must be the same.

    Raises:
        DocumentRefused: `cms-malformed`, `cms-content-missing`, `cms-content-differs`,
            `cms-signer-differs`, `cms-attributes`, `cms-algorithm`, `cms-signature-wrong`.
    """
    try:
        parts = _parts(ber.to_der(data))
        signer = _signer(parts.signer)
        fields = x509.fields(_tbs(parts.certificate))
        named = _is_named(signer.name, fields, parts.certificate)
    except (ValueError, IndexError) as error:
        raise _refused("cms-malformed", "it is no CMS signature by one signer") from error
    if not named:
        raise _refused("cms-signer-differs", "the certificate in the signature is not its signer's")
    inside = _content(parts.content, content)
    if signer.digest not in _DIGESTS:
        raise _refused("cms-algorithm", "the signature's digest proves nothing here")
    message = _message(signer, parts.content_type, inside)
    key = x509.read(parts.certificate).public_key
    good = key and identified.check(
        signer.algorithm, key, signer.signature, message, announced=signer.digest
    )
    if not key or good is None:
        raise _refused("cms-algorithm", "the signature's algorithm or key proves nothing here")
    if not good:
        raise _refused("cms-signature-wrong", "the signature is wrong")
    return Signed(inside, parts.certificate, parts.content_type)


def _parts(data: bytes) -> _Parts:
    """Take ContentInfo and SignedData apart (RFC 5652 §3, §5.1)."""
    kind, wrapped = der.children(der.read_one(data, der.SEQUENCE).body)
    if der.oid(kind) != SIGNED_DATA:
        raise ValueError("another type of content")
    body = der.read_one(wrapped.expect(0xA0).body, der.SEQUENCE).body
    version, digests, encapsulated, certificates, signers = der.children(body)
    der.integer(version)
    digests.expect(der.SET)
    (certificate,) = der.children(certificates.expect(0xA0).body)
    (signer,) = der.children(signers.expect(der.SET).body)
    inner = der.children(encapsulated.expect(der.SEQUENCE).body)
    content = None
    if len(inner) > 1:
        content = der.read_one(inner[1].expect(0xA0).body, der.OCTET_STRING).body
    if len(inner) > 2:
        raise ValueError("a content of more than two parts")
    return _Parts(
        der.oid(inner[0]),
        content,
        certificate.expect(der.SEQUENCE).raw,
        der.children(signer.expect(der.SEQUENCE).body),
    )


def _signer(parts: list[der.Tlv]) -> _Signer:
    """Take a SignerInfo apart (RFC 5652 §5.3)."""
    version, name, digest, *rest = parts
    der.integer(version)
    attributes = rest.pop(0).body if rest[0].tag == 0xA0 else None
    if rest[-1].tag == 0xA1:
        rest.pop()
    algorithm, signature = rest
    return _Signer(
        name,
        identified.name(digest.raw),
        attributes,
        algorithm.expect(der.SEQUENCE).raw,
        signature.expect(der.OCTET_STRING).body,
    )


def _tbs(certificate: bytes) -> bytes:
    return der.children(der.read_one(certificate, der.SEQUENCE).body)[0].raw


def _is_named(name: der.Tlv, fields: x509.Fields, certificate: bytes) -> bool:
    """Say whether a SignerIdentifier names the certificate (RFC 5652 §5.3)."""
    if name.tag == 0x80:
        return bool(name.body) and name.body == x509.read(certificate).subject_key_id
    issuer, serial = der.children(name.expect(der.SEQUENCE).body)
    return issuer.raw == fields.issuer and der.integer(serial) == fields.serial


def _content(inside: bytes | None, handed: bytes | None) -> bytes:
    if inside is None and handed is None:
        raise _refused("cms-content-missing", "the signature does not hold what was signed")
    if inside is not None and handed is not None and inside != handed:
        raise _refused("cms-content-differs", "the signature is for another content")
    return inside if inside is not None else handed or b""


def _message(signer: _Signer, content_type: str, content: bytes) -> bytes:
    """Return what the signature is over: the signed attributes, or the content (RFC 5652 §5.4)."""
    if signer.attributes is None:
        # RFC 5652 §5.3: without attributes the content must be plain data. And attributes that were
        # signed once must not come back as a content: both would carry the same signature.
        if content_type != DATA or content[:1] == bytes([der.SET]):
            raise _refused("cms-attributes", "the signed attributes are missing")
        return content
    try:
        found = _attributes(signer.attributes)
        stated = der.oid(der.read_one(found[_CONTENT_TYPE], der.OID))
        digest = der.read_one(found[_MESSAGE_DIGEST], der.OCTET_STRING).body
    except (ValueError, KeyError) as error:
        raise _refused("cms-attributes", "the signed attributes are not as they must be") from error
    if stated != content_type:
        raise _refused("cms-attributes", "the signed attributes are about another type of content")
    if digest != _DIGESTS[signer.digest](content).digest():
        raise _refused("cms-content-differs", "the signature is for another content")
    return der.write(der.SET, signer.attributes)


def _attributes(body: bytes) -> dict[str, bytes]:
    """Read SignedAttributes into object identifier -> its only value, or all of its values."""
    found: dict[str, bytes] = {}
    for attribute in der.children(body):
        kind, values = der.children(attribute.expect(der.SEQUENCE).body)
        name = der.oid(kind)
        if name in found:
            raise ValueError("an attribute is there twice")
        found[name] = values.expect(der.SET).body
    return found


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "get it again from whoever signed it")
