"""Make hostile texts of the schemes beside HCERT: every layer is damaged, and signed anew where it can be.

    scheme, Random -> one of its layers -> hostile text

1. As `tools.mutate` does for HCERT: one place for `make test` and `make fuzz`; the same seed makes the same inputs.
2. Most inputs are signed after they were made hostile, so that they reach the reader of the content. What signs is
   `stamp`, and `checker` is its check: a true signature of each would take longer than all that is tried here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any, NamedTuple

from pratique.parties import conformance
from pratique.snapshot import Snapshot
from pratique.terms import Algorithm, Environment, Scheme
from tools import grammar
from tools.mutate import Hostile, octets
from tools.vectors import certificates, foreign, keys, layers

Made = Callable[[Random], str]


def stamp(message: bytes) -> bytes:
    """Sign as cheaply as can be: for inputs of which the signature is not what is tried."""
    return hashlib.sha256(message).digest() * 2


def checker(_algorithm: Algorithm, _public_key: bytes) -> Callable[[bytes, bytes], bool]:
    """Return the check of `stamp`, whatever the key: a primitive for `Snapshot.with_primitive`."""
    return lambda signature, message: signature == stamp(message)


LAYERS: dict[Scheme, dict[str, tuple[int, Made]]]
"""Scheme -> layer -> (its share of the inputs, its maker)."""

NUMBERS = (
    0, 1, -1, 2, 99, 10_000, 1_772_352_000, 1_772_352_000_000, 253_402_300_800, 2**31, 2**53, 2**53 + 1, 2**64,
    10**40, 10**310, 0.5, -0.0, 1e308, 1e-320, math.nan, math.inf, -math.inf,
)  # fmt: skip
PLAIN: tuple[object, ...] = (None, True, False, "", {}, [])


def verifier() -> Snapshot:
    """Return the kit's verifier, with the check of `stamp` for every key."""
    return conformance.snapshot(keys.KIT / "signers.json", Environment.PRODUCTION).with_primitive(
        checker
    )


class _Words(NamedTuple):
    """Names and texts that stand in a scheme's documents: what is put where it does not belong."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


def _words(*documents: object) -> _Words:
    names, texts = {"x", "", "@context", "__proto__", "type", "id"}, set(grammar.TEXTS)
    left = list(documents)
    while left:
        value = left.pop()
        if isinstance(value, dict):
            names |= {str(name) for name in value}
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str):
            texts.add(value)
    return _Words(tuple(sorted(names)), tuple(sorted(texts)))


def _value(draw: Random, words: _Words, depth: int) -> Any:
    """Draw a value of JSON of at most so many levels."""
    if depth == 0 or draw.random() < 0.5:
        return draw.choice((draw.choice(words.texts), draw.choice(NUMBERS), draw.choice(PLAIN)))
    size = draw.choice((0, 1, 1, 2, 3, 5))
    if draw.random() < 0.4:
        return [_value(draw, words, depth - 1) for _ in range(size)]
    return {draw.choice(words.names): _value(draw, words, depth - 1) for _ in range(size)}


def _changed(found: Any, draw: Random, words: _Words) -> Any:
    """Change one place somewhere in a document: replace, remove, add, rename, wrap, repeat."""
    if isinstance(found, dict) and found and draw.random() < 0.9:
        name = draw.choice(list(found))
        match draw.randrange(24):
            case 0:
                return {key: value for key, value in found.items() if key != name}
            case 1:
                return found | {draw.choice(words.names): _value(draw, words, 2)}
            case 2:
                other = draw.choice(words.names)
                return {(other if key == name else key): value for key, value in found.items()}
            case _:
                return found | {name: _changed(found[name], draw, words)}
    if isinstance(found, list) and found and draw.random() < 0.9:
        at = draw.randrange(len(found))
        match draw.randrange(8):
            case 0:
                return found + [found[at]] * draw.choice((1, 3, 40))
            case 1:
                return found[:at] + found[at + 1 :]
            case _:
                return [*found[:at], _changed(found[at], draw, words), *found[at + 1 :]]
    return _replaced(found, draw, words)


def _replaced(found: Any, draw: Random, words: _Words) -> Any:
    match draw.randrange(5):
        case 0:
            for _ in range(draw.choice((1, 1, 12, 17, 300))):
                found = [found]
            return found
        case 1 if isinstance(found, str):
            at = draw.randrange(len(found) + 1)
            return found[:at] + draw.choice(words.texts) + found[at + 1 :]
        case 2 if isinstance(found, str):
            at = draw.randrange(len(found) + 1)
            return found[:at] + found[at + 1 :]
        case 3 if isinstance(found, int | float):
            return found + draw.choice((-1, 1, 1000, -(10**6)))
        case _:
            return _value(draw, words, 2)


def _written(found: object) -> bytes:
    try:
        return foreign.compact(found)
    except (RecursionError, ValueError):
        return b"null"


def _structure(found: Any, draw: Random, words: _Words) -> Any:
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        found = _changed(found, draw, words)
    return found


_RAW = (
    b"NaN", b"-Infinity", b"1e999", b"1E400", b"0" * 4000, b"9" * 5000, b"-0", b"01", b"\"\\ud800\"", b"\"\\u0000\"",
    b"[" * 5000, b"{\"a\":" * 3000, b"\xef\xbb\xbf", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b",", b"}", b"\"", b"\0",
    b"/**/", b"'x'", b"\"iss\":\"x\",", b"\"alg\":\"none\",", b" " * 70_000,
)  # fmt: skip


def _bytes_of_json(data: bytes, draw: Random) -> bytes:
    """Damage written JSON: as any bytes, or by what readers of JSON have stumbled over."""
    if draw.random() < 0.5:
        return octets(data, draw)
    at = draw.randrange(len(data) + 1)
    end = at + draw.choice((0, 0, 1, 3, 20))
    return data[:at] + draw.choice(_RAW) + data[end:]


def _text(text: str, draw: Random, alphabet: str) -> str:
    letters = list(text)
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = draw.randrange(len(letters) + 1)
        match draw.randrange(5):
            case 0:
                letters[at : at + 1] = draw.choice(alphabet)
            case 1:
                letters.insert(at, draw.choice("a\n\0\x1d\x1eé\u212a\ud800 %=/"))
            case 2:
                del letters[at : at + draw.choice((1, 2, 20, 400))]
            case 3:
                letters[at:at] = letters[at : at + draw.choice((1, 8, 600))]
            case _:
                del letters[at:]
    return "".join(letters)


def _bomb(draw: Random) -> bytes:
    return draw.choice((b" ", b"[", b"\0", b"9")) * draw.choice((70_000, 300_000))


# SMART Health Cards.


@cache
def _cards() -> tuple[foreign.Fields, ...]:
    person, doses = foreign.patient(), (foreign.immunization(), foreign.immunization("210"))
    test = foreign.observation()
    many = [foreign.immunization(occurrenceDateTime=f"2026-01-{day:02d}") for day in range(1, 9)]
    return (
        foreign.card(person, *doses, exp=keys.EXPIRES, rid="MKyCxh7p6uQ"),
        foreign.card(person, test),
        foreign.card(person, *doses, test),
        foreign.card(person, *many),
    )


@cache
def _card_texts() -> tuple[str, ...]:
    whole = [foreign.jws(card, sign=stamp) for card in _cards()]
    numbers = [foreign.numeric(jws) for jws in whole]
    parts = ["\n".join(foreign.chunks(jws, 3)) for jws in whole]
    return (*whole, *numbers, *parts, json.dumps({"verifiableCredential": whole}))


@cache
def _of_cards() -> _Words:
    return _words(*_cards())


def _card_header(draw: Random) -> str:
    kid = keys.SIGNERS["utopia-cards"].kid.decode()
    head: Any = {"zip": "DEF", "alg": "ES256", "kid": kid}
    words = _Words(
        ("alg", "zip", "kid", "crit", "b64", "jwk", "x5c", "typ"), ("none", "DEF", "ES384", kid)
    )
    written = _written(_structure(head, draw, words))
    if draw.random() < 0.3:
        written = _bytes_of_json(written, draw)
    return foreign.jws(draw.choice(_cards()), header=written, sign=stamp)


def _card_packed(draw: Random) -> str:
    packed = foreign.deflated(foreign.compact(draw.choice(_cards())))
    match draw.randrange(8):
        case 0:
            packed = foreign.deflated(_bomb(draw))
        case 1:
            packed = zlib.compress(b"{}")
        case _:
            packed = octets(packed, draw)
    return foreign.jws(None, packed=packed, sign=stamp)


def _card_payload(draw: Random) -> str:
    return foreign.jws(_bytes_of_json(foreign.compact(draw.choice(_cards())), draw), sign=stamp)


def _card_structure(draw: Random) -> str:
    return foreign.jws(_written(_structure(draw.choice(_cards()), draw, _of_cards())), sign=stamp)


def _card_pieces(draw: Random) -> str:
    pieces = foreign.jws(draw.choice(_cards()), sign=stamp).split(".")
    for _ in range(draw.choice((1, 2))):
        at = draw.randrange(len(pieces))
        raw = base64.urlsafe_b64decode(pieces[at] + "==")
        pieces[at] = foreign.base64url(octets(raw, draw))
    return ".".join(pieces)


# NZ COVID Pass and Swiss certificate light: COSE, as HCERT.


def _cose(write: Callable[..., str], claims: Callable[[], Any]) -> dict[str, tuple[int, Made]]:
    def payload(draw: Random) -> str:
        return write(octets(layers.cbor(claims()), draw), sign=stamp)

    def structure(draw: Random) -> str:
        found = claims()
        for _ in range(draw.choice((1, 1, 2, 3, 6))):
            found = grammar.changed(found, draw)
        return write(grammar.dumps(found), sign=stamp)

    def drawn(draw: Random) -> str:
        return write(grammar.octets(draw, 0), sign=stamp)

    def head(draw: Random) -> str:
        protected: Any = {1: -7, 4: b"key-1"}
        if draw.random() < 0.7:
            return write(
                claims(), protected=grammar.dumps(grammar.changed(protected, draw)), sign=stamp
            )
        tag = draw.choice((b"", b"\xd2", b"\xd8\x3d\xd2", b"\xd8\x62", b"\xd9\xd9\xf7\xd2"))
        return write(claims(), tag=tag, unprotected={draw.choice(grammar.KEYS): 1}, sign=stamp)

    return {
        "head, signed": (2, head),
        "payload, signed": (3, payload),
        "structure, signed": (6, structure),
        "grammar, signed": (2, drawn),
    }


def _nzcp_message(draw: Random) -> str:
    text = foreign.nzcp(foreign.policy(), sign=stamp)
    data = octets(base64.b32decode(text[8:] + "=" * (-len(text[8:]) % 8)), draw)
    return "NZCP:/1/" + foreign.base32(data)


def _light_message(draw: Random) -> str:
    message = layers.signed(
        foreign.light_claims(), by="swiss-light", tag=layers.UNTAGGED, sign=stamp
    )
    match draw.randrange(4):
        case 0:
            return "LT1:" + layers.base45(octets(layers.pack(message), draw))
        case 1:
            return "LT1:" + layers.base45(layers.pack(_bomb(draw)))
        case _:
            return "LT1:" + layers.base45(layers.pack(octets(message, draw)))


# French 2D-DOC.


def _two_d(fields: dict[str, str], kind: str, **how: Any) -> str:
    by = "french-doses" if kind == "L1" else "french-tests"
    return foreign.two_d_doc(fields, kind, by=by, sign=stamp, **how)


def _two_d_pick(draw: Random) -> tuple[dict[str, str], str]:
    return draw.choice(((foreign.dose_2d(), "L1"), (foreign.test_2d(), "B2")))


def _two_d_fields(draw: Random) -> str:
    fields, kind = _two_d_pick(draw)
    odd = (
        "",
        "00000000",
        "31029999",
        "99999999",
        "29022026",
        "30501984",
        "x" * 90,
        "\x1e",
        "é",
        "1" * 4000,
    )
    for _ in range(draw.choice((1, 1, 2, 4))):
        name = draw.choice(list(fields) or ["L0"])
        match draw.randrange(5):
            case 0:
                del fields[name]
            case 1:
                fields[draw.choice(("L0", "F4", "LZ", "00", "ZZ", "A", "B2"))] = draw.choice(odd)
            case 2:
                fields = dict(draw.sample(sorted(fields.items()), len(fields)))
            case _:
                fields[name] = draw.choice((*odd, fields[name][:-1], fields[name] + "0"))
        if not fields:
            fields = {"L0": "X"}
    return _two_d(fields, kind)


def _two_d_head(draw: Random) -> str:
    fields, kind = _two_d_pick(draw)
    how = {
        "version": ("00", "01", "02", "03", "05", "99", "A4"), "issued": ("FFFF", "0000", "GGGG", "ffff"),
        "signed": ("FFFF", "ZZZZ"), "perimeter": ("00", "02"), "country": ("DE", "00", "fr"),
        "authority": ("FR98", "XX99"), "identifier": ("XT01", "XV01", "0000"), "annex": ("A", "\x1f", "x" * 900),
    }  # fmt: skip
    name = draw.choice(sorted(how))
    other = draw.choice((kind, kind, "00", "L2", "B1", "L1", "B2"))
    return _two_d(
        fields, other if other in {"L1", "B2"} else kind, **{name: draw.choice(how[name])}
    )


def _two_d_bytes(draw: Random) -> str:
    fields, kind = _two_d_pick(draw)
    text = _two_d(fields, kind)
    message, us, _ = text.partition(foreign.US)
    damaged = octets(message.encode(), draw).decode("latin-1")
    signature = stamp(damaged.encode("utf-8", "surrogatepass"))
    return damaged + us + foreign.base32(signature)


# ICAO VDS-NC.


@cache
def _seals() -> tuple[foreign.Fields, ...]:
    return foreign.vaccinated_seal(), foreign.tested_seal()


@cache
def _of_seals() -> _Words:
    return _words(*_seals(), json.loads(foreign.seal(_seals()[0], sign=stamp)))


def _seal_structure(draw: Random) -> str:
    data = _structure(draw.choice(_seals()), draw, _of_seals())
    try:
        return foreign.seal(data, sign=stamp)
    except (RecursionError, ValueError):
        return "{}"


def _seal_whole(draw: Random) -> str:
    whole = json.loads(foreign.seal(draw.choice(_seals()), sign=stamp))
    return _written(_structure(whole, draw, _of_seals())).decode("utf-8", "surrogatepass")


def _seal_bytes(draw: Random) -> str:
    text = foreign.seal(draw.choice(_seals()), sign=stamp).encode()
    return _bytes_of_json(text, draw).decode("latin-1")


def _seal_certificate(draw: Random) -> str:
    der = octets(certificates.certificate(), draw)
    return foreign.seal(draw.choice(_seals()), certificate=der, sign=stamp)


def _seal_signature(draw: Random) -> str:
    alg = draw.choice(("ES256", "ES384", "ES512", "none", "PS256", "", 7, None))
    raw = octets(b"\x01" * 64, draw)
    return foreign.seal(draw.choice(_seals()), alg=alg, sign=lambda _data: raw)


# DIVOC.


@cache
def _credentials() -> tuple[foreign.Fields, ...]:
    return (foreign.proven(foreign.credential(), sign=stamp),)


@cache
def _of_credentials() -> _Words:
    return _words(*_credentials())


def _divoc_archive(draw: Random) -> str:
    data = foreign.compact(_credentials()[0])
    match draw.randrange(6):
        case 0:
            names = draw.choice(
                (
                    ["a.json"],
                    ["certificate.json"] * 2,
                    ["../certificate.json"],
                    ["certificate.json", "b"],
                    [],
                )
            )
            archive = foreign.zipped([(name, data) for name in names])
        case 1:
            archive = foreign.zipped([("certificate.json", _bomb(draw))])
        case 2:
            method = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
            archive = octets(foreign.zipped([("certificate.json", data)], method=method), draw)
        case _:
            archive = octets(foreign.zipped([("certificate.json", data)]), draw)
    return "B64:" + base64.b64encode(archive).decode()


def _divoc_bytes(draw: Random) -> str:
    archive = [("certificate.json", _bytes_of_json(foreign.compact(_credentials()[0]), draw))]
    return "B64:" + base64.b64encode(foreign.zipped(archive)).decode()


def _divoc_proof(draw: Random) -> str:
    document = dict(_credentials()[0])
    document["proof"] = _structure(document["proof"], draw, _of_credentials())
    return foreign.divoc(_written(document))


def _divoc_structure(draw: Random) -> str:
    return foreign.divoc(_written(_structure(_credentials()[0], draw, _of_credentials())))


def _divoc_signed(draw: Random) -> str:
    document = json.loads(_written(_structure(foreign.credential(), draw, _of_credentials())))
    if not isinstance(document, dict):
        return foreign.divoc(document)
    return foreign.divoc(foreign.proven(document, sign=stamp))


def _texts(texts: Callable[[], tuple[str, ...]], alphabet: str) -> Made:
    return lambda draw: _text(draw.choice(texts()), draw, alphabet)


_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE64 = "ABCabc019+/-_."

LAYERS = {
    Scheme.SHC: {
        "text": (2, _texts(_card_texts, "0123456789abcABC-_.")),
        "pieces": (1, _card_pieces),
        "head, signed": (2, _card_header),
        "packed, signed": (2, _card_packed),
        "payload, signed": (4, _card_payload),
        "structure, signed": (8, _card_structure),
    },
    Scheme.NZCP: {
        "text": (2, _texts(cache(lambda: (foreign.nzcp(foreign.policy(), sign=stamp),)), _BASE32)),
        "message": (2, _nzcp_message),
        **_cose(foreign.nzcp, foreign.policy),
    },
    Scheme.CH_LIGHT: {
        "text": (2, _texts(cache(lambda: (foreign.light(foreign.light_claims(), sign=stamp),)), layers.base45(bytes(range(99))))),
        "message": (2, _light_message),
        **_cose(foreign.light, foreign.light_claims),
    },
    Scheme.TWO_D_DOC: {
        "text": (2, _texts(cache(lambda: (_two_d(foreign.dose_2d(), "L1"), _two_d(foreign.test_2d(), "B2"))), _BASE32)),
        "head, signed": (2, _two_d_head),
        "fields, signed": (6, _two_d_fields),
        "bytes, signed": (4, _two_d_bytes),
    },
    Scheme.VDS_NC: {
        "text": (1, _seal_bytes),
        "whole": (2, _seal_whole),
        "certificate": (2, _seal_certificate),
        "signature": (1, _seal_signature),
        "structure, signed": (8, _seal_structure),
    },
    Scheme.DIVOC: {
        "text": (2, _texts(cache(lambda: (foreign.divoc(_credentials()[0]),)), _BASE64)),
        "archive": (4, _divoc_archive),
        "bytes": (3, _divoc_bytes),
        "proof": (2, _divoc_proof),
        "structure": (1, _divoc_structure),
        "structure, signed": (6, _divoc_signed),
    },
}  # fmt: skip


def hostile(scheme: Scheme, count: int, seed: int) -> Iterator[Hostile]:
    """Make so many hostile texts of a scheme; the same seed makes the same."""
    draw = Random(f"{scheme} {seed}")  # noqa: S311 - to be made again, not to be secret
    made = LAYERS[scheme]
    shares = [share for share, _ in made.values()]
    for _ in range(count):
        (name,) = draw.choices(list(made), shares)
        yield Hostile(f"{scheme}: {name}", made[name][1](draw))
