"""Read a trust list of whatever kind: the kind is told by the bytes, not by the file's name.

    bytes -> PEM | DER | JSON | signed JSON -> its reader -> Reading

1. One kind is recognised and read; no reader is tried after another has refused.
2. A proof key that does not fit the source is refused: a check that was asked for is never
   left out in silence.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from pratique.crypto import algorithms, jose, x509
from pratique.crypto.jose import good_signature
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.strict_json import octets, parse
from pratique.terms import Kind, Scheme
from pratique.trust import did, scheme_keys, schemes, shc_directory
from pratique.trust.certificates import Listed, ListReading, bare_key, read_key

# ----------------------------------------------------------------------------------------------------
# Lists of kid and certificate, as national back ends and test suites write them.
#
#     a list: [{kid, certificate}] | {"certificates": [{kid, country, rawData, certificateType}]}
#     | [{kid, publicKey}] | {"eu_keys": {kid: [{subjectPk, keyUsage}]}} | {"certs": [{keyId, crv, x, y}]}
#     | {"keys": [a JWK]} (RFC 7517 §5) | {kid: {publicKeyPem}}
#     | {kid: certificate} | {"TESTCTX": {"CERTIFICATE": …}} -> Reading
#
# 1. One entry that cannot be read costs that entry, never the list.
# 2. An entry without a certificate and a key is a tombstone (the gateway's deltas have them): it is
#    skipped, and counted. Seen: the United Kingdom's list has keys alone.
# 3. A key without a certificate says of no country and no end: its list does, or nobody.
# 4. Keys for TLS and for uploading sign nothing that a traveller carries: they are skipped.
# 5. A key of Switzerland's list for certificates light (`use` "l") is of that scheme, and of no other.


MAX_KID = 64
_SIGNERS, _AUTHORITIES = {"DSC", ""}, {"CSCA", "SCA"}


_KEYS = ("publicKey", "publicKeyPem", "subjectPublicKeyInfo", "subjectPk", "publicKeyJwk")
"""Members that hold a key alone, as lists spell them."""
_JWK = ("x", "y", "n", "e")
"""Members of a JWK that are numbers (RFC 7518 §6); an entry that has them is the key itself."""
_MEMBERS = {"kid", "keyId", "certificate", "rawData", "x5c", *_KEYS}
_LISTS = ("certificates", "certs", "keys")
"""Members under which a list stands: the gateway's, Switzerland's, a JWK set's."""
_USAGES = {"v": Kind.VACCINATION, "t": Kind.TEST, "r": Kind.RECOVERY}
_LIGHT = "l"
"""The letter of Swiss certificates light, beside those of `_USAGES`, in the member `use` of Switzerland's list."""
LIGHT_ISSUER = "CH BAG"
"""Who issues Swiss certificates light, as these name it."""


class _Entry(NamedTuple):
    kid: bytes | None
    record: X509Record
    country: str
    purpose: str
    use: str = ""


def read_kid_list(document: object) -> ListReading:
    """Read a parsed list; DocumentRefused `kid-list-unreadable` if it is none of these forms."""
    rows = _rows(document)
    entries = [entry for row in rows if (entry := _entry(row)) is not None]
    listed: list[Listed] = []
    authorities: list[X509Record] = []
    for entry in entries:
        light = _LIGHT in entry.use and set(entry.use) <= {*_USAGES, _LIGHT}
        if light and entry.purpose in _SIGNERS:
            listed.append(_light(entry))
        if light and entry.use == _LIGHT:
            continue
        if entry.purpose in _SIGNERS:
            listed.append(Listed(entry.record, kid=entry.kid, participant=entry.country))
        elif entry.purpose in _AUTHORITIES:
            authorities.append(entry.record)
    skipped = max(0, len(rows) - len(listed) - len(authorities))
    return ListReading("kid list", tuple(listed), tuple(authorities), skipped=skipped)


def _light(entry: _Entry) -> Listed:
    return Listed(
        entry.record._replace(usages=frozenset({Kind.PASS})),
        kid=entry.kid,
        participant="CH",
        domain=Scheme.CH_LIGHT.value,
        bound=True,
        issuer=LIGHT_ISSUER,
        name="Federal Office of Public Health of Switzerland",
    )


def is_one(document: object) -> bool:
    """Say whether a parsed document has one of the forms read here."""
    if isinstance(document, list):
        # Rules and value sets are lists of objects too.
        return not document or _are_rows(document)
    if not isinstance(document, dict):
        return False
    named = (
        isinstance(document.get("certificates"), list)
        or isinstance(document.get("eu_keys"), dict)
        or "TESTCTX" in document
        or any(_are_rows(document.get(name)) for name in _LISTS)
    )
    values = list(document.values())
    return named or _are_rows(values) or (bool(values) and all(octets(text) for text in values))


def _are_rows(rows: object) -> bool:
    return (
        isinstance(rows, list)
        and all(isinstance(row, dict) for row in rows)
        and any(row.keys() & _MEMBERS for row in rows)
    )


def _rows(document: object) -> list[object]:
    if not is_one(document):
        raise DocumentRefused(
            "kid-list-unreadable",
            "it is not a list of kid and certificate",
            'each entry needs "kid" and "certificate" (or "rawData", or "publicKey"), both in base64',
        )
    if isinstance(document, list):
        return document
    found = cast("dict[str, Any]", document)
    if "TESTCTX" in found:
        context = found["TESTCTX"]
        text = context.get("CERTIFICATE") if isinstance(context, dict) else None
        return [{"certificate": text}]
    for name in _LISTS:
        if isinstance(found.get(name), list):
            return list(found[name])
    if isinstance(found.get("eu_keys"), dict):
        return [
            {"kid": kid, **row}
            for kid, rows in found["eu_keys"].items()
            for row in (rows if isinstance(rows, list) else [rows])
            if isinstance(row, dict)
        ]
    return [
        {"kid": kid, **row} if isinstance(row, dict) else {"kid": kid, "certificate": row}
        for kid, row in found.items()
    ]


def _entry(row: object) -> _Entry | None:
    if not isinstance(row, dict):
        return None
    record = _record(row)
    if record is None:
        return None
    kid = octets(_plain(row.get("kid") or row.get("keyId")))
    country, purpose, use = row.get("country"), row.get("certificateType"), row.get("use")
    return _Entry(
        kid if kid and len(kid) <= MAX_KID else None,
        record,
        country.strip().upper() if isinstance(country, str) else "",
        purpose.strip().upper() if isinstance(purpose, str) else "",
        use if isinstance(use, str) else "",
    )


def _record(row: dict[str, Any]) -> X509Record | None:
    """Read what an entry holds: its certificate, else its key; None if it holds neither."""
    chain = row.get("x5c")
    first = chain[0] if isinstance(chain, list) and chain else None
    der = _der(row.get("certificate") or row.get("rawData") or first)
    if der:
        return read_key(der) if algorithms.is_one(der) else x509.read(der)
    held = next((row[name] for name in _KEYS if row.get(name)), None)
    if held is None and any(row.get(name) for name in _JWK):
        held = row
    if isinstance(held, dict):
        try:
            return bare_key(*jose.read_jwk(_jwk(held)))
        except DocumentRefused:
            return None
    der = _der(held)
    return _limited(read_key(der), row.get("keyUsage")) if der else None


def _limited(record: X509Record, usage: object) -> X509Record:
    # Seen in the Netherlands' list: the first letters of what the key may attest.
    if usage is None or record.reason:
        return record
    letters = usage if isinstance(usage, list) else []
    kinds = frozenset(_USAGES[one] for one in letters if isinstance(one, str) and one in _USAGES)
    return record._replace(usages=kinds)


def _jwk(row: dict[str, Any]) -> dict[str, Any]:
    # Switzerland's list leaves the kind of key to be told by its members, and writes plain base64.
    kind = row.get("kty") or ("RSA" if row.get("n") else "EC")
    numbers = {
        name: row[name].translate(_URL_SAFE).rstrip("=")
        for name in _JWK
        if isinstance(row.get(name), str)
    }
    return {"kty": kind, "crv": row.get("crv"), **numbers}


_URL_SAFE, _SAFE = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")


def _plain(kid: object) -> object:
    """Return a kid in plain base64, which some lists write as URLs do, without its end (RFC 4648 §5)."""
    if not isinstance(kid, str):
        return kid
    bare = kid.strip().rstrip("=").translate(_SAFE)
    return bare + "=" * (-len(bare) % 4)


def _der(text: object) -> bytes | None:
    if isinstance(text, str) and text.lstrip().startswith("-----BEGIN "):
        text = "".join(line for line in text.splitlines() if "-----" not in line)
    return octets(text)


# ----------------------------------------------------------------------------------------------------
# Lists signed as a whole: a first line of signature, or a signature in a file beside.
#
#     base64 signature ⏎ rest -> split -> (signature, rest) -> check under a key -> rest
#     document + signature + certificate -> check_detached -> document
#
# 1. What is signed is the rest as it lies there, or without white space at its ends; no other
#    reading of it is tried. Publishers do either.
# 2. The key is handed in; a list never brings its own.
# 3. The rest is not parsed before its signature has been checked, where there is a key.


_LONGEST_SIGNATURE_LINE = 2048


class SignedList(NamedTuple):
    """A list and the signature over it, neither of them checked."""

    signature: bytes
    rest: bytes


def split(data: bytes) -> SignedList | None:
    """Split a list with a first line of signature; None if it has none."""
    line, newline, rest = data.partition(b"\n")
    if not newline or len(line) > _LONGEST_SIGNATURE_LINE or not line.isascii():
        return None
    signature = octets(line.decode("ascii"))
    if not signature or not rest.lstrip().startswith((b"{", b"[")):
        return None
    return SignedList(signature, rest)


def check(found: SignedList, key: PublicKey) -> bytes:
    """Return the list if its signature holds; DocumentRefused `list-signature-wrong` if not."""
    for rest in dict.fromkeys((found.rest, found.rest.strip())):
        if good_signature(key, found.signature, rest):
            return rest
    raise _wrong()


def check_detached(document: bytes, signature: bytes, key: PublicKey) -> bytes:
    """Return the document if the signature beside it holds (ECDSA, DER or r and s)."""
    if not good_signature(key, signature, document):
        raise _wrong()
    return document


def directory_issuers(document: bytes) -> tuple[str, ...]:
    """Name the issuers of a VCI directory's snapshot: their `iss`, in the snapshot's order."""
    found = parse(document)
    rows = found.get("issuerInfo") if isinstance(found, dict) else None
    names = []
    for row in rows if isinstance(rows, list) else [None]:
        issuer = row.get("issuer") if isinstance(row, dict) else None
        name = issuer.get("iss") if isinstance(issuer, dict) else None
        if not isinstance(name, str):
            raise DocumentRefused("directory-unreadable", "it is not a directory of issuers")
        names.append(name)
    return tuple(names)


def _wrong() -> DocumentRefused:
    return DocumentRefused(
        "list-signature-wrong",
        "the signature of the trust list does not hold under the key that was given",
        "get the list and the key again, each from its own source",
    )


# ----------------------------------------------------------------------------------------------------
# Any source: its kind is told by its bytes, and what these do not tell (a scheme, an issuer) by whoever imports it.


_PEM_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_PEM_KEY = b"-----BEGIN PUBLIC KEY-----"


class StoreName(NamedTuple):
    """In whose key store a source's keys are to stand, where the source does not tell it itself.

    Attributes:
        scheme: None for the one that the source tells.
        issuer: in full, as the scheme writes it; of a directory the one that is taken. "" for any.
        kid: of the one key that the source holds, as people write it (`scheme_keys.kid_of`).
    """

    scheme: Scheme | None = None
    issuer: str = ""
    kid: str = ""


ANY = StoreName()


def read_source(
    data: bytes,
    *,
    proof_key: PublicKey | None = None,
    signature: bytes = b"",
    store: StoreName = ANY,
) -> ListReading:
    """Read one source.

    Args:
        data: the source.
        proof_key: the key that its proof must hold under.
        signature: over it, where that lies beside it.
        store: whose keys they are, where the source does not tell it.

    Raises:
        DocumentRefused: it is of no kind that is read here (`source-unknown`), cannot be read,
            or its proof does not hold.
    """
    proof = "not checked"
    if signature and proof_key is not None:
        data, proof_key, proof = check_detached(data, signature, proof_key), None, "valid"
    reading = _read(data, proof_key, store)
    if store != ANY:
        reading = _within(reading, store)
    return reading if proof == "not checked" else reading._replace(proof=proof)


def _read(data: bytes, proof_key: PublicKey | None, store: StoreName) -> ListReading:
    signed = split(data)
    if signed is not None:
        rest = signed.rest if proof_key is None else check(signed, proof_key)
        proof = "not checked" if proof_key is None else "valid"
        return read_kid_list(parse(rest))._replace(kind="signed list", proof=proof)
    if data.lstrip()[:1] in {b"{", b"["}:
        return _json(data, proof_key, store)
    if proof_key is not None:
        raise _no_proof()
    scheme_keys.refuse_private(data)
    if store.scheme is not None:
        return _one_key(data, store.scheme, store)
    if _PEM_CERTIFICATE in data or data[:1] == b"\x30":
        return _certificates(data)
    if _PEM_KEY in data:
        return ListReading("public key", (Listed(bare_key(algorithms.read_pem(data))),))
    raise _unknown()


def read_proof_key(data: bytes) -> PublicKey:
    """Read the key that a list's proof is checked with: PEM key, PEM or DER certificate, DID, JWK."""
    if _PEM_KEY in data:
        return algorithms.read_pem(data)
    if data.lstrip()[:1] == b"{":
        return did.proof_key(parse(data))
    records = x509.read_file(data)
    if len(records) != 1 or records[0].algorithm is None:
        raise DocumentRefused(
            "proof-key-unreadable", "the proof key's file does not hold exactly one key"
        )
    return PublicKey(records[0].algorithm, records[0].public_key)


def _json(data: bytes, proof_key: PublicKey | None, store: StoreName) -> ListReading:
    document = parse(data)
    if store.scheme is Scheme.DIVOC and not scheme_keys.is_one(document):
        return _one_key(data, store.scheme, store)
    is_nzcp = schemes.is_nzcp(document) or store.scheme is Scheme.NZCP
    if did.is_one(document) and not is_nzcp:
        return did.read(document, proof_key=proof_key)
    if proof_key is not None:
        raise _no_proof()
    if shc_directory.is_vci(document):
        return shc_directory.read_vci(document)
    if store.scheme is Scheme.SHC and shc_directory.is_jwks(document):
        return shc_directory.read_jwks(document, store.issuer)
    if scheme_keys.is_one(document):
        return scheme_keys.reading(scheme_keys.read(data))
    if is_nzcp:
        return schemes.read_nzcp(document)
    if schemes.is_two_d_doc(document):
        return schemes.read_two_d_doc(document)
    if is_one(document):
        return read_kid_list(document)
    raise _unknown()


def _one_key(data: bytes, scheme: Scheme, store: StoreName) -> ListReading:
    """Read one public key, or the X.509 certificate of one, that a person names the scheme and the issuer of."""
    if not store.issuer or not (store.kid or scheme is Scheme.SHC):
        raise DocumentRefused(
            "store-unnamed",
            f"a file with a key alone does not say which issuer's of {scheme} it is, nor its kid",
            "name them: --issuer, and --kid as its texts write it",
        )
    if scheme is Scheme.DIVOC:
        return schemes.read_divoc_key(data, issuer=store.issuer, method=store.kid)
    if scheme is Scheme.TWO_D_DOC:
        return schemes.read_two_d_doc_key(data, authority=store.issuer, identifier=store.kid)
    if _PEM_KEY in data:
        record = bare_key(algorithms.read_pem(data))
    elif algorithms.is_one(data):
        record = read_key(data)
    else:
        records = x509.read_file(data)
        if len(records) != 1:
            raise DocumentRefused(
                "store-unnamed", "there are several keys in it, and one was named"
            )
        record = records[0]
    row = scheme_keys.listed(scheme, store.issuer, store.kid, record)
    return ListReading(f"key of {scheme}", (row,))


def _within(reading: ListReading, store: StoreName) -> ListReading:
    """Return what a source holds for the store that was named; DocumentRefused `scheme-differs`, `issuer-missing`."""
    if store.scheme is not None:
        domain = store.scheme.value
        owners = {(key.domain, bool(key.issuer)) for key in reading.listed}
        owners |= {(key.domain, bool(key.issuer)) for key in reading.pinned}
        if owners - {(domain, True)}:
            raise DocumentRefused(
                "scheme-differs",
                f"it is a {reading.kind}, and its keys are not of {store.scheme}",
                "leave --scheme out: most sources say it themselves",
            )
    if not store.issuer or store.scheme is Scheme.VDS_NC:
        return reading
    listed = tuple(key for key in reading.listed if key.issuer == store.issuer)
    pinned = tuple(key for key in reading.pinned if key.issuer == store.issuer)
    if not (listed or pinned):
        raise DocumentRefused(
            "issuer-missing",
            "the issuer that was named is not in it",
            "an issuer is compared to the letter: http, a slash at its end, make another one",
        )
    return reading._replace(listed=listed, pinned=pinned, skipped=0, left_out=())


def _certificates(data: bytes) -> ListReading:
    records = x509.read_file(data)
    return ListReading(
        "X.509 certificates",
        tuple(Listed(record) for record in records if not record.is_ca),
        tuple(record for record in records if record.is_ca),
    )


def _no_proof() -> DocumentRefused:
    return DocumentRefused(
        "proof-missing",
        "a proof key was given, and this source carries no proof",
        "leave --proof-key out if you have it from a trusted source",
    )


def _unknown() -> DocumentRefused:
    return DocumentRefused(
        "source-unknown",
        "it is no trust list of a kind that is read here",
        "PEM or DER certificates, a JSON list of kid and certificate, a DID trust list, "
        "a signed list, or keys of another scheme",
    )
