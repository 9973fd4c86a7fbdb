"""Check a CMS SignedData (RFC 5652): one signer, whose certificate it brings.

    bytes -> BER to DER -> SignedData -> certificate, SignerInfo -> digest, signature -> Signed

1. Exactly one certificate and one signer, who is matched by issuer and serial number or by key
   identifier; nothing trails, and no CRL comes along.
2. The signature says who signed, not that he may: compare `SignedContent.certificate`, byte for byte, with the
   one that is expected. Dates, usage and chain are not looked at here either.
3. SHA-256, SHA-384 or SHA-512, one and the same throughout; ECDSA, RSA PKCS#1 v1.5 or RSASSA-PSS.
4. Unsigned attributes are ignored: nobody has vouched for them.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from cryptography import x509 as strict
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from pratique.crypto import algorithms, asn1, chain, spki, x509, x509_write
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError

SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
MOST_BROUGHT = 16
"""Certificates beside a master list's signature: its signer's and the CSCA's above."""
MOST_ACCOMPANIED = 8 * 1024 * 1024
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"


class SignedContent(NamedTuple):
    """What was signed, and by whom.

    Attributes:
        content: the octets of the content.
        certificate: the signer's, DER, as it was brought along: compare it with the expected one.
        content_type: object identifier of what the content is.
        is_proven: whether the signature proves it; of an accompanied list it may be of a kind that does not.
        mark: SHA-256 of what nobody but the signer can make another of: whatever else of a SignedData is written in
            another way, it stays the same, and no other signature has it; empty if nothing is proven.
    """

    content: bytes
    certificate: bytes
    content_type: str = DATA
    is_proven: bool = True
    mark: bytes = b""


class _Parts(NamedTuple):
    content_type: str
    content: bytes | None
    certificates: list[bytes]
    signer: list[asn1.Tlv]


class _Signer(NamedTuple):
    name: asn1.Tlv
    digest: str
    attributes: bytes | None
    algorithm: bytes
    signature: bytes


def signed(
    data: bytes, *, content: bytes | None = None, accompanied: bool = False
) -> SignedContent:
    """Check a SignedData and return what it signs.

    Args:
        data: ContentInfo, DER or BER.
        content: what was signed, where it is not in `data` itself; where it is, it must be the same.
        accompanied: let other certificates stand beside the signer's, as in master lists (ICAO Doc 9303-12),
            and the list be as large as those are, and its signature of a kind that proves nothing.

    Raises:
        DocumentRefused: `cms-malformed`, `cms-content-missing`, `cms-content-differs`,
            `cms-signer-differs`, `cms-attributes`, `cms-algorithm`, `cms-signature-wrong`.
    """
    try:
        parts = _parts(data, accompanied=accompanied)
        signer = _signer(parts.signer)
        named = [
            certificate for certificate in parts.certificates if _is_named(signer.name, certificate)
        ]
    except (ValueError, IndexError) as error:
        raise _refused("cms-malformed", "it is no CMS signature by one signer") from error
    if len(named) != 1:
        raise _refused("cms-signer-differs", "the certificate in the signature is not its signer's")
    inside = _content(parts.content, content)
    (certificate,) = named
    good = _good(parts, signer, certificate, inside, accompanied=accompanied)
    if good is None and not accompanied:
        raise _refused(
            "cms-algorithm", "the signature's digest, algorithm or key proves nothing here"
        )
    if good is False:
        raise _refused("cms-signature-wrong", "the signature is wrong")
    mark = _mark(signer, parts.content_type, inside) if good else b""
    return SignedContent(inside, certificate, parts.content_type, good is True, mark)


def detached(data: bytes) -> bytes:
    """Return a SignedData without its content, DER; certificate, attributes and signature stay byte for byte.

    Args:
        data: ContentInfo, DER or BER, whose content is inside; one without comes out as it is.

    Raises:
        DocumentRefused: `cms-malformed`.
    """
    try:
        kind, wrapped = asn1.children(asn1.read_one(asn1.to_der(data), asn1.SEQUENCE).body)
        body = asn1.read_one(wrapped.expect(0xA0).body, asn1.SEQUENCE).body
        version, digests, encapsulated, *rest = asn1.children(body)
        content_type, *_ = asn1.children(encapsulated.expect(asn1.SEQUENCE).body)
    except ValueError as error:
        raise _refused("cms-malformed", "it is no CMS signature by one signer") from error
    bare = asn1.write(asn1.SEQUENCE, content_type.raw)
    parts = (version.raw, digests.raw, bare, *(part.raw for part in rest))
    signed_data = asn1.write(asn1.SEQUENCE, b"".join(parts))
    return asn1.write(asn1.SEQUENCE, kind.raw + asn1.write(0xA0, signed_data))


def _mark(signer: _Signer, content_type: str, content: bytes) -> bytes:
    signature = signer.signature
    kind = spki.signature_of(signer.algorithm)
    if kind is not None and kind.family is spki.Family.ECDSA:
        # (r, n - s) holds wherever (r, s) does.
        signature = asn1.children(asn1.read_one(signature, asn1.SEQUENCE).body)[0].body
    stated = hashlib.sha256(_message(signer, content_type, content)).digest()
    return hashlib.sha256(stated + signature).digest()


def _good(
    parts: _Parts, signer: _Signer, certificate: bytes, content: bytes, *, accompanied: bool
) -> bool | None:
    """Check a signature; None where it is of a kind that proves nothing here."""
    if signer.digest not in algorithms.HASHED:
        return None
    message = _message(signer, parts.content_type, content)
    key = x509.read(certificate).public_key or (accompanied and _authority_key(certificate))
    if not key:
        return None
    return algorithms.check(
        signer.algorithm, key, signer.signature, message, announced=signer.digest
    )


def _authority_key(certificate: bytes) -> bytes:
    """Return a key of ICAO's PKI, which may be of another curve, or spell its curve out."""
    try:
        return chain.authority_key(x509.fields(_tbs(certificate)).key)
    except ValueError:
        return b""


def _parts(data: bytes, *, accompanied: bool) -> _Parts:
    """Take ContentInfo and SignedData apart (RFC 5652 §3, §5.1)."""
    data = asn1.to_der(data, most=MOST_ACCOMPANIED if accompanied else asn1.MAX_SIZE)
    kind, wrapped = asn1.children(asn1.read_one(data, asn1.SEQUENCE).body)
    if asn1.oid(kind) != SIGNED_DATA:
        raise ValueError("another type of content")
    body = asn1.read_one(wrapped.expect(0xA0).body, asn1.SEQUENCE).body
    version, digests, encapsulated, certificates, signers = asn1.children(body)
    asn1.integer(version)
    digests.expect(asn1.SET)
    brought = asn1.children(certificates.expect(0xA0).body)
    if not 0 < len(brought) <= (MOST_BROUGHT if accompanied else 1):
        raise ValueError("not one certificate")
    (signer,) = asn1.children(signers.expect(asn1.SET).body)
    inner = asn1.children(encapsulated.expect(asn1.SEQUENCE).body)
    content = None
    if len(inner) > 1:
        content = asn1.read_one(inner[1].expect(0xA0).body, asn1.OCTET_STRING).body
    if len(inner) > 2:
        raise ValueError("a content of more than two parts")
    return _Parts(
        asn1.oid(inner[0]),
        content,
        [certificate.expect(asn1.SEQUENCE).raw for certificate in brought],
        asn1.children(signer.expect(asn1.SEQUENCE).body),
    )


def _signer(parts: list[asn1.Tlv]) -> _Signer:
    """Take a SignerInfo apart (RFC 5652 §5.3)."""
    version, name, digest, *rest = parts
    asn1.integer(version)
    attributes = rest.pop(0).body if rest[0].tag == 0xA0 else None
    if rest[-1].tag == 0xA1:
        rest.pop()
    algorithm, signature = rest
    return _Signer(
        name,
        spki.identifier_of(digest.raw),
        attributes,
        algorithm.expect(asn1.SEQUENCE).raw,
        signature.expect(asn1.OCTET_STRING).body,
    )


def _tbs(certificate: bytes) -> bytes:
    return asn1.children(asn1.read_one(certificate, asn1.SEQUENCE).body)[0].raw


def _is_named(name: asn1.Tlv, certificate: bytes) -> bool:
    """Say whether a SignerIdentifier names the certificate (RFC 5652 §5.3); ValueError if it is none."""
    fields = x509.fields(_tbs(certificate))
    if name.tag == 0x80:
        return bool(name.body) and name.body == x509.read(certificate).subject_key_id
    issuer, serial = asn1.children(name.expect(asn1.SEQUENCE).body)
    return issuer.raw == fields.issuer and asn1.integer(serial) == fields.serial


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
        if content_type != DATA or content[:1] == bytes([asn1.SET]):
            raise _refused("cms-attributes", "the signed attributes are missing")
        return content
    try:
        found = _attributes(signer.attributes)
        stated = asn1.oid(asn1.read_one(found[_CONTENT_TYPE], asn1.OID))
        digest = asn1.read_one(found[_MESSAGE_DIGEST], asn1.OCTET_STRING).body
    except (ValueError, KeyError) as error:
        raise _refused("cms-attributes", "the signed attributes are not as they must be") from error
    if stated != content_type:
        raise _refused("cms-attributes", "the signed attributes are about another type of content")
    if digest != algorithms.HASHED[signer.digest](content).digest():
        raise _refused("cms-content-differs", "the signature is for another content")
    return asn1.write(asn1.SET, signer.attributes)


def _attributes(body: bytes) -> dict[str, bytes]:
    """Read SignedAttributes into object identifier -> its only value, or all of its values."""
    found: dict[str, bytes] = {}
    for attribute in asn1.children(body):
        kind, values = asn1.children(attribute.expect(asn1.SEQUENCE).body)
        name = asn1.oid(kind)
        if name in found:
            raise ValueError("an attribute is there twice")
        found[name] = values.expect(asn1.SET).body
    return found


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "get it again from whoever signed it")


# ----------------------------------------------------------------------------------------------------
# Sign with CMS (RFC 5652): one signer, its certificate and the content inside, as the trust anchor does; or without
# the content, as the wire's trust list has it.
#
# content, certificate, SigningKey -> signed -> SignedData, DER


def sign(content: bytes, *, certificate: bytes, key: SigningKey, detached: bool = False) -> bytes:
    """Return the signature, with `content` and the signer's certificate in it.

    Args:
        content: what is signed.
        certificate: the signer's, DER.
        key: its key.
        detached: leave the content out.

    Raises:
        UsageError: `anchor-key-differs`, `key-algorithm`.
    """
    if x509.read(certificate).public_key != key.public_key:
        raise UsageError(
            "anchor-key-differs", "the key is not the certificate's", "open the right key"
        )
    private, digest = x509_write.private(key)
    builder = PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(strict.load_der_x509_certificate(certificate), private, digest)
    options = [PKCS7Options.Binary, *([PKCS7Options.DetachedSignature] if detached else [])]
    return builder.sign(Encoding.DER, options)
