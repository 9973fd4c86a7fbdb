"""What an attacker with a country's keys could make: certificates of any make, and a message written in other ways.

certificate(state, subject=..., key=...) -> DER, signed by the state's CA whatever stands in it
rewritten(message) -> {how: CMS}             all of one meaning, each of other octets; the signature is one and the same
signed(content, by, digest, padding) -> CMS  with the algorithms that are asked for, and no others
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pratique.crypto import asn1
from pratique.crypto.asn1 import OCTET_STRING, SEQUENCE, SET, write, write_integer
from tests.gateway_world import Keyed, State, indefinite

FIELDS = (
    "version", "serial", "algorithm", "issuer", "validity", "subject", "key", "extensions",
)  # fmt: skip
NULL = b"\x05\x00"
_ECDSA_SHA256 = write(SEQUENCE, write(asn1.OID, bytes.fromhex("2a8648ce3d040302")))
_DIGESTS = {
    "SHA-1": "2b0e03021a",
    "SHA-256": "608648016503040201",
    "MD5": "2a864886f70d0205",
}
_RSA = {
    "SHA-1": "2a864886f70d010105",
    "SHA-256": "2a864886f70d01010b",
    "MD5": "2a864886f70d010104",
    "PSS": "2a864886f70d01010a",
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-1": hashes.SHA1(),
    "SHA-256": hashes.SHA256(),
    "MD5": hashes.MD5(),
}
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256."""

# ----------------------------------------------------------------------------------------------------
# Certificates.


def certificate(state: State, *, extra: bytes = b"", **fields: bytes | None) -> bytes:
    """Return a signer's certificate whose fields are those that are given, signed by the state's CA.

    Args:
        state: whose it is.
        extra: what follows upon the fields.
        fields: octets of each that is another than usual; None leaves it out.
    """
    usual = asn1.children(asn1.read_one(state.signer("P-256", 9).der, SEQUENCE).body)[0]
    rows = dict(zip(FIELDS, (part.raw for part in asn1.children(usual.body)), strict=True))
    body = b"".join(row for name in FIELDS if (row := fields.get(name, rows[name])) is not None)
    to_sign = write(SEQUENCE, body + extra)
    key = state.authority.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(to_sign, ec.ECDSA(hashes.SHA256()))
    return write(SEQUENCE, to_sign + _ECDSA_SHA256 + write(asn1.BIT_STRING, b"\0" + signature))


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """Return a distinguished name of ("C" or "CN", tag of the value, value)."""
    kinds = {"C": "550406", "CN": "550403", "O": "55040a"}
    return write(
        SEQUENCE,
        b"".join(
            write(SET, write(SEQUENCE, write(asn1.OID, bytes.fromhex(kinds[kind])) + write(tag, value)))
            for kind, tag, value in attributes
        ),
    )  # fmt: skip


def rsa_key(modulus: int, exponent: int) -> bytes:
    """Return an RSA public key of any numbers."""
    kind = write(SEQUENCE, write(asn1.OID, bytes.fromhex("2a864886f70d010101")) + NULL)
    numbers = write(SEQUENCE, write_integer(modulus) + write_integer(exponent))
    return write(SEQUENCE, kind + write(asn1.BIT_STRING, b"\0" + numbers))


def ec_key(curve: bytes, point: bytes) -> bytes:
    """Return an EC public key with any parameters and any point."""
    kind = write(SEQUENCE, write(asn1.OID, bytes.fromhex("2a8648ce3d0201")) + curve)
    return write(SEQUENCE, kind + write(asn1.BIT_STRING, b"\0" + point))


def extensions(*rows: tuple[str, bool, bytes]) -> bytes:
    """Return extensions of (object identifier in hex, critical, octets)."""
    return write(
        0xA3,
        write(
            SEQUENCE,
            b"".join(
                write(
                    SEQUENCE,
                    write(asn1.OID, bytes.fromhex(kind))
                    + (b"\x01\x01\xff" if critical else b"")
                    + write(OCTET_STRING, octets),
                )
                for kind, critical, octets in rows
            ),
        ),
    )


# ----------------------------------------------------------------------------------------------------
# Messages.

_Rows = list[bytes]


def rewritten(message: bytes) -> dict[str, bytes]:
    """Return all writings of a DER message that anybody can make of it without the key."""
    return {
        "the same": message,
        "indefinite lengths": indefinite(message),
        "the other s": _with_signer(message, _other_s),
        "unsigned attributes": _with_signer(message, _with_unsigned),
        "a parameter of the digest": _with_signer(message, lambda rows: _with_null(rows, 2)),
        "a parameter of the algorithm": _with_signer(message, lambda rows: _with_null(rows, -2)),
        "another version": _with_signer(message, lambda rows: [write(asn1.INTEGER, b"\x03"), *rows[1:]]),
        "no list of digests": _rebuilt(message, lambda rows: [rows[0], write(SET, b""), *rows[2:]]),
    }  # fmt: skip


def _rebuilt(message: bytes, change: Callable[[_Rows], _Rows]) -> bytes:
    kind, wrapped = asn1.children(asn1.read_one(message, SEQUENCE).body)
    rows = [part.raw for part in asn1.children(asn1.read_one(wrapped.body, SEQUENCE).body)]
    return write(SEQUENCE, kind.raw + write(0xA0, write(SEQUENCE, b"".join(change(rows)))))


def _with_signer(message: bytes, change: Callable[[_Rows], _Rows]) -> bytes:
    def changed(rows: _Rows) -> _Rows:
        (signer,) = asn1.children(asn1.read_one(rows[-1], SET).body)
        inside = change([part.raw for part in asn1.children(signer.body)])
        return [*rows[:-1], write(SET, write(SEQUENCE, b"".join(inside)))]

    return _rebuilt(message, changed)


def _other_s(rows: _Rows) -> _Rows:
    signature = asn1.read_one(asn1.read_one(rows[-1], OCTET_STRING).body, SEQUENCE)
    r, s = map(asn1.integer, asn1.children(signature.body))
    other = write(SEQUENCE, write_integer(r) + write_integer(_ORDER - s))
    return [*rows[:-1], write(OCTET_STRING, other)]


def _with_unsigned(rows: _Rows) -> _Rows:
    attribute = write(
        SEQUENCE, write(asn1.OID, b"\x2a\x03") + write(SET, write(OCTET_STRING, b"x"))
    )
    return [*rows, write(0xA1, attribute)]  # fmt: skip


def _with_null(rows: _Rows, at: int) -> _Rows:
    first, *_ = asn1.children(asn1.read_one(rows[at], SEQUENCE).body)
    changed = list(rows)
    changed[at] = write(SEQUENCE, first.raw + NULL)
    return changed


def signed(
    content: bytes, by: Keyed, *, digest: str = "SHA-256", announced: str = "", mask: str = ""
) -> bytes:
    """Sign content with an RSA key: PKCS#1 v1.5, or PSS.

    Args:
        content: what is signed; no attributes are.
        by: an RSA key.
        digest: "SHA-256", "SHA-1", "MD5".
        announced: the digest that the message names; empty: the same.
        mask: the digest of PSS's mask; empty: PKCS#1 v1.5.
    """
    assert isinstance(by.key, rsa.RSAPrivateKey)
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    parameters, algorithm = NULL, _RSA[digest]
    if mask:
        scheme = padding.PSS(padding.MGF1(_HASHES[mask]), 32)
        algorithm = _RSA["PSS"]
        inner = write(SEQUENCE, _named(digest))
        masked = write(SEQUENCE, write(asn1.OID, bytes.fromhex("2a864886f70d010108")) + write(SEQUENCE, _named(mask)))  # fmt: skip
        parameters = write(
            SEQUENCE, write(0xA0, inner) + write(0xA1, masked) + write(0xA2, write_integer(32))
        )
    signature = by.key.sign(content, scheme, _HASHES[digest])
    tbs = asn1.children(asn1.read_one(by.der, SEQUENCE).body)[0]
    fields = asn1.children(tbs.body)
    who = write(SEQUENCE, fields[3].raw + fields[1].raw)
    named = write(SEQUENCE, _named(announced or digest))
    data = write(asn1.OID, bytes.fromhex("2a864886f70d010701"))
    signer = write(
        SEQUENCE,
        write_integer(1)
        + who
        + named
        + write(SEQUENCE, write(asn1.OID, bytes.fromhex(algorithm)) + parameters)
        + write(OCTET_STRING, signature),
    )
    inside = write(SEQUENCE, data + write(0xA0, write(OCTET_STRING, content)))
    rows = write_integer(1) + write(SET, named) + inside + write(0xA0, by.der) + write(SET, signer)
    kind = write(asn1.OID, bytes.fromhex("2a864886f70d010702"))
    return write(SEQUENCE, kind + write(0xA0, write(SEQUENCE, rows)))


def _named(digest: str) -> bytes:
    return write(asn1.OID, bytes.fromhex(_DIGESTS[digest])) + NULL
