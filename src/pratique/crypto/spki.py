"""A public key, taken apart without a library: its kind, its numbers, and the one spelling kept here.

    SubjectPublicKeyInfo, DER -> apart -> Point | Modulus | Edwards | Other -> read_der -> PublicKey(algorithm, spki)

1. What is no key is refused as `crypto.algorithms` refuses it, which has OpenSSL read keys: tests hold the two equal.
2. A point lies on its curve, or it is no key. Every spelling of one ends in the same one: a named curve, an
   uncompressed point (RFC 5480 §2); RSA by rsaEncryption (RFC 3279 §2.3.1).
3. Only public numbers are worked with: nothing here is secret, so that how long it takes tells nothing.

Sources: RFC 3279, RFC 4055, RFC 5480, RFC 8410; SEC 1 §2.3; RFC 5639 (Brainpool).
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import NamedTuple

from pratique.crypto import asn1
from pratique.crypto.asn1 import Tlv
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm


class PublicKey(NamedTuple):
    """A public key as it is kept: one algorithm, one spelling.

    Attributes:
        algorithm: the only algorithm that this key is used with.
        spki: SubjectPublicKeyInfo, DER, with a named curve.
    """

    algorithm: Algorithm
    spki: bytes


class Point(NamedTuple):
    """A point on a named curve ("P-256", as JSON Web Keys name it)."""

    curve: str
    x: int
    y: int


class Modulus(NamedTuple):
    """An RSA key's numbers."""

    n: int
    e: int


class Edwards(NamedTuple):
    """A public key of Ed25519: 32 octets, as RFC 8032 §5.1.5 writes them."""

    octets: bytes


class Other(NamedTuple):
    """A key that signs nothing here; by its curve's name, or "" if it is of none."""

    curve: str


class Curve(NamedTuple):
    """A curve y² = x³ + ax + b over the integers modulo p, of order n; p is 3 modulo 4.

    Attributes:
        oid: object identifier, its contents.
        crv: as JSON Web Keys and WebCrypto name it; of a curve that signs nothing here, as OpenSSL does.
        n: 0 where nothing is checked by it.
    """

    oid: bytes
    crv: str
    p: int
    a: int
    b: int
    n: int = 0

    @property
    def size(self) -> int:
        """Return the octets of a coordinate, and of r and s."""
        return (self.p.bit_length() + 7) // 8


_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P384 = 2**384 - 2**128 - 2**96 + 2**32 - 1
_P521 = 2**521 - 1
CURVES = {
    curve.crv: curve
    for curve in (
        Curve(
            bytes.fromhex("2a8648ce3d030107"), "P-256", _P256, _P256 - 3,
            0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
            0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        ),
        Curve(
            bytes.fromhex("2b81040022"), "P-384", _P384, _P384 - 3,
            0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
            0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        ),
        Curve(
            bytes.fromhex("2b81040023"), "P-521", _P521, _P521 - 3,
            0x51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
            0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        ),
    )
}  # fmt: skip
"""The curves whose keys sign here (FIPS 186-4 D.1.2)."""
_OTHER_CURVES = (
    Curve(
        bytes.fromhex("2b8104000a"), "secp256k1", 2**256 - 2**32 - 977, 0, 7,
    ),
    Curve(
        bytes.fromhex("2b2403030208010107"), "brainpoolP256r1",
        0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
        0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
        0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
    ),
    Curve(
        bytes.fromhex("2b240303020801010b"), "brainpoolP384r1",
        0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53,
        0x7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826,
        0x04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11,
    ),
    Curve(
        bytes.fromhex("2b240303020801010d"), "brainpoolP512r1",
        0xAADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3,
        0x7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA,
        0x3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723,
    ),
)  # fmt: skip
"""Curves of other keys that are met: a point beside one is no key, a point on one is a key that signs nothing."""
_BY_OID = {curve.oid: curve for curve in (*CURVES.values(), *_OTHER_CURVES)}
_SPELT_OUT = {
    "5f619bbe9633b196eaaf367bac88d37c27a26b393f2c5a0eea0f6e5671d0d1da": "P-256",
    "40c3c405abfc62e096cb6491f85f967d6d75ede716604629654910c475d4b846": "P-256",
    "3c2855e154f036070f1294cdd743e1e9315a3579ef8b5c81a25f9a3380ce1a5b": "P-384",
    "19a03321b63c6490867791325fc61a4df548ffaf40b94e499793a6267e5a72dd": "P-384",
    "c9b842abd3465a2ca4b0ea9510ec9133e86f188b339998165c186cbbc28d1d71": "P-521",
    "686637285b0a49a8325eceb3d37203c016dcaa29ecf697455e4b8abfda69c186": "P-521",
}
"""SHA-256 of ECParameters that spell a curve out (RFC 3279 §2.3.5), without and with its seed -> the curve.
Seen: about 40 of 255 CSCA keys in the ICAO master list."""

EC_KEY = bytes.fromhex("2a8648ce3d0201")
RSA_KEY = bytes.fromhex("2a864886f70d010101")
PSS_KEY = bytes.fromhex("2a864886f70d01010a")
ED25519 = bytes.fromhex("2b6570")
_UNSIGNING = {bytes.fromhex("2b656e"): 32, bytes.fromhex("2b656f"): 56, bytes.fromhex("2b6571"): 57}
"""Of RFC 8410: X25519, X448, Ed448 -> octets of a key."""
_ALGORITHMS = {"P-256": Algorithm.ES256, "P-384": Algorithm.ES384, "P-521": Algorithm.ES512}
RSA_BITS = range(2048, 8193)
MOST_EXPONENT = 33
"""Bits of an RSA exponent: browsers take no more, and a larger one makes each check dear. No key met has over 17."""
SMALL_ORDER = frozenset(
    map(
        bytes.fromhex,
        (
            "00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ),
    )
)  # fmt: skip
"""Points of Ed25519 of an order of at most eight, in every spelling but for the sign: anybody can sign for them."""


def is_small_order(point: bytes) -> bool:
    """Tell whether a public key of Ed25519, 32 bytes, is a point for which anybody can sign."""
    return point[:-1] + bytes((point[-1] & 0x7F,)) in SMALL_ORDER


def apart(der: bytes) -> Point | Modulus | Edwards | Other:
    """Take a key apart; ValueError if it is none, or one of a kind that nobody here knows."""
    first, *rest = asn1.children(asn1.read_one(der, asn1.SEQUENCE).body)
    if first.tag == asn1.INTEGER:
        # RSAPublicKey alone, without the name of its algorithm before it (RFC 8017 A.1.1).
        return _modulus(der)
    (bits,) = rest
    kind, *parameters = asn1.children(first.expect(asn1.SEQUENCE).body)
    name = kind.expect(asn1.OID).body
    if bits.expect(asn1.BIT_STRING).body[:1] != b"\0":
        raise ValueError("a key of so many bits that they fill no octets")
    octets = bits.body[1:]
    if name == EC_KEY:
        (parameter,) = parameters
        return _point(parameter, octets)
    if name in {RSA_KEY, PSS_KEY}:
        expected = asn1.NULL if name == RSA_KEY else asn1.SEQUENCE
        if len(parameters) > 1 or any(each.tag != expected for each in parameters):
            raise ValueError("parameters that are not of RSA")
        for parameter in parameters:
            if name == PSS_KEY:
                _check_pss(parameter)
            elif parameter.body:
                raise ValueError("a NULL that is none")
        return _modulus(octets)
    sizes = {ED25519: 32, **_UNSIGNING}
    if parameters or sizes.get(name) != len(octets):
        raise ValueError("a key of another kind")
    return Edwards(octets) if name == ED25519 else Other("")


def _modulus(octets: bytes) -> Modulus:
    n, e = map(asn1.integer, asn1.children(asn1.read_one(octets, asn1.SEQUENCE).body))
    if not 3 <= e < n or not e & 1:
        raise ValueError("no RSA key has such an exponent")
    return Modulus(n, e)


def _check_pss(parameters: Tlv) -> None:
    """Let RSASSA-PSS-params of a key pass if they are any (RFC 4055 §3.1): they limit nothing here."""
    fields = asn1.children(parameters.body)
    if [field.tag for field in fields] != sorted({field.tag for field in fields}):
        raise ValueError("fields that are there twice, or in another order")
    for field in fields:
        (inner,) = asn1.children(field.body)
        if field.tag in _NUMBERS:
            number = asn1.integer(inner)
            if number not in _NUMBERS[field.tag] or (field.tag == 0xA2 and number == _USUAL_SALT):
                raise ValueError("a number beyond its bounds, or a default that is written out")
        elif field.tag == 0xA0:
            _check_digest(inner)
        elif field.tag == 0xA1:
            mask, digest = asn1.children(inner.expect(asn1.SEQUENCE).body)
            asn1.oid(mask)
            _check_digest(digest)
        else:
            raise ValueError("a field that is not of RSASSA-PSS-params")


_NUMBERS = {0xA2: range(1 << 16), 0xA3: range(1 << 8)}
"""Octets of salt, and the trailer."""


def _check_digest(identifier: Tlv) -> None:
    name, *parameters = asn1.children(identifier.expect(asn1.SEQUENCE).body)
    known = asn1.oid(name)
    if len(parameters) > 1:
        raise ValueError("a digest with several parameters")
    # SHA-1 is the default, and not to be written out either.
    if known in _SHA and parameters and (known == _SHA1 or parameters[0].raw != b"\x05\0"):
        raise ValueError("parameters that are not of a digest")


def _point(parameter: Tlv, octets: bytes) -> Point | Other:
    if parameter.tag == asn1.OID:
        curve = _BY_OID.get(parameter.body)
    else:
        spelt = _SPELT_OUT.get(hashlib.sha256(parameter.raw).hexdigest())
        curve = CURVES[spelt] if spelt else None
    if curve is None:
        raise ValueError("a curve that has no name here")
    x, y = _coordinates(curve, octets)
    return Point(curve.crv, x, y) if curve.crv in CURVES else Other(curve.crv)


def _coordinates(curve: Curve, octets: bytes) -> tuple[int, int]:
    """Read a point (SEC 1 §2.3.4): uncompressed, compressed, or both; ValueError if it is not on the curve."""
    form, size, p = octets[:1], curve.size, curve.p
    x = int.from_bytes(octets[1 : 1 + size], "big")
    squared = (pow(x, 3, p) + curve.a * x + curve.b) % p
    if form in {b"\x02", b"\x03"} and len(octets) == 1 + size:
        # p is 3 modulo 4: this is the root, if there is one.
        y = pow(squared, (p + 1) // 4, p)
        y = p - y if y & 1 != form[0] & 1 else y
    elif form in {b"\x04", b"\x06", b"\x07"} and len(octets) == 1 + 2 * size:
        y = int.from_bytes(octets[1 + size :], "big")
        if form != b"\x04" and y & 1 != form[0] & 1:
            raise ValueError("a point whose sign is another's")
    else:
        raise ValueError("no point")
    if x >= p or y >= p or y * y % p != squared:
        raise ValueError("a point beside its curve")
    return x, y


def write(key: Point | Modulus | Edwards) -> bytes:
    """Write a key in the one spelling."""
    if isinstance(key, Point):
        curve = CURVES[key.curve]
        octets = b"\x04" + key.x.to_bytes(curve.size, "big") + key.y.to_bytes(curve.size, "big")
        names = asn1.write(asn1.OID, EC_KEY) + asn1.write(asn1.OID, curve.oid)
    elif isinstance(key, Modulus):
        octets = asn1.write(asn1.SEQUENCE, b"".join(map(asn1.write_integer, key)))
        names = asn1.write(asn1.OID, RSA_KEY) + asn1.write(asn1.NULL, b"")
    else:
        octets, names = key.octets, asn1.write(asn1.OID, ED25519)
    bits = asn1.write(asn1.BIT_STRING, b"\0" + octets)
    return asn1.write(asn1.SEQUENCE, asn1.write(asn1.SEQUENCE, names) + bits)


def read_der(der: bytes) -> PublicKey:
    """Read an X.509 certificate's key; DocumentRefused `key-unreadable`, `key-size`, `key-algorithm`."""
    try:
        key = apart(der)
    except ValueError as error:
        raise DocumentRefused("key-unreadable", "a public key cannot be read") from error
    if isinstance(key, Modulus):
        if key.n.bit_length() not in RSA_BITS:
            raise DocumentRefused("key-size", f"an RSA key has {key.n.bit_length()} bits")
        return PublicKey(Algorithm.PS256, write(key))
    if isinstance(key, Point):
        return PublicKey(_ALGORITHMS[key.curve], write(key))
    raise DocumentRefused("key-algorithm", "a public key is of a kind that signs nothing here")


def unusable(der: bytes) -> str:
    """Name a key that `read_der` has refused for its size or kind, as a stable code ("rsa-1024"); "" if it is none."""
    try:
        key = apart(der)
    except ValueError:
        return ""
    if isinstance(key, Modulus):
        return f"rsa-{key.n.bit_length()}"
    return f"curve-{key.curve}" if isinstance(key, Other) and key.curve else "key-of-no-curve"


# ----------------------------------------------------------------------------------------------------
# An AlgorithmIdentifier of a signature, as in X.509 and CMS: of which family, with which digest.
#
#     AlgorithmIdentifier, DER -> signature_of -> SignatureKind("RSA-PSS", digest="2.16.840.1.101.3.4.2.1", salt=32)
#
# 1. SHA-1 and MD5 prove nothing here: they are of no family.


SHA256, SHA384, SHA512 = (f"2.16.840.1.101.3.4.2.{number}" for number in (1, 2, 3))
_SHA1 = "1.3.14.3.2.26"
_SHA = {_SHA1, SHA256, SHA384, SHA512, "2.16.840.1.101.3.4.2.4"}
RSA_PSS = "1.2.840.113549.1.1.10"


class Family(StrEnum):
    """Families of signatures, as WebCrypto names them."""

    ECDSA = "ECDSA"
    RSA = "RSASSA-PKCS1-v1_5"
    PSS = "RSA-PSS"


class SignatureKind(NamedTuple):
    """How a signature was made.

    Attributes:
        family: of keys that make one.
        digest: object identifier of its digest; "" where it stands beside, or nowhere.
        salt: octets of salt that an RSA-PSS says it has; None where that cannot be read.
    """

    family: Family
    digest: str
    salt: int | None = 0


_FAMILIES = {
    "1.2.840.10045.4.3.2": SignatureKind(Family.ECDSA, SHA256),
    "1.2.840.10045.4.3.3": SignatureKind(Family.ECDSA, SHA384),
    "1.2.840.10045.4.3.4": SignatureKind(Family.ECDSA, SHA512),
    "1.2.840.113549.1.1.11": SignatureKind(Family.RSA, SHA256),
    "1.2.840.113549.1.1.12": SignatureKind(Family.RSA, SHA384),
    "1.2.840.113549.1.1.13": SignatureKind(Family.RSA, SHA512),
}
"""Names of a signature's algorithm (RFC 5758 §3.2, RFC 4055 §5)."""
_BARE = {
    "1.2.840.113549.1.1.1": SignatureKind(Family.RSA, ""),
    "1.2.840.10045.2.1": SignatureKind(Family.ECDSA, ""),
}
"""Names of a key, which signers put for the algorithm where a digest stands beside it (RFC 3370 §3.2)."""


def identifier_of(identifier: bytes) -> str:
    """Return the object identifier of an AlgorithmIdentifier; ValueError if it is none."""
    return _identifier(identifier)[0]


def signature_of(identifier: bytes) -> SignatureKind | None:
    """Return how a signature was made; None if its AlgorithmIdentifier names nothing that proves anything here."""
    try:
        name, parameters = _identifier(identifier)
        if name != RSA_PSS:
            return (_FAMILIES | _BARE).get(name)
        fields = asn1.children(parameters[0].expect(asn1.SEQUENCE).body)
        stated = {field.tag: field.body for field in reversed(fields)}
        if _DIGEST not in stated:
            # Its default is SHA-1.
            return None
        digest = identifier_of(stated[_DIGEST])
    except (ValueError, IndexError):
        return None
    return SignatureKind(Family.PSS, digest, _salt(stated.get(_SALT)))


def _identifier(identifier: bytes) -> tuple[str, list[Tlv]]:
    parts = asn1.children(asn1.read_one(identifier, asn1.SEQUENCE).body)
    if not parts:
        raise ValueError("an algorithm without a name")
    return asn1.oid(parts[0]), parts[1:]


_DIGEST, _SALT = 0xA0, 0xA2
"""Tags of RSASSA-PSS-params (RFC 4055 §3.1)."""
_USUAL_SALT = 20
"""Octets, where the parameters do not say."""
_SALTS = range(1025)
"""No key has more octets."""


def _salt(octets: bytes | None) -> int | None:
    try:
        size = _USUAL_SALT if octets is None else asn1.integer(asn1.read_one(octets, asn1.INTEGER))
    except ValueError:
        return None
    return size if size in _SALTS else None
