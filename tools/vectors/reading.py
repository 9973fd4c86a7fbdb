"""Texts that cannot be taken apart, and signed content that is hostile in its structure."""

from __future__ import annotations

import zlib
from urllib.parse import quote

from tools.vectors import content, keys
from tools.vectors.cases import Case, Cases, Outcome, amber, red
from tools.vectors.good import VACCINATED
from tools.vectors.layers import TAGGED, base45, cbor, claims, hc1, pack, signed, text

GOOD = claims(content.vaccinated())
PAYLOAD = cbor(GOOD)
GOOD_TEXT = text(GOOD)
MESSAGE = signed(GOOD)


def cases() -> Cases:
    """Make the cases of `reading`."""
    for make in (_text, _base45, _compression, _message, _payload, _sizes):
        for name, title, why, text_, expected in make():
            yield Case(f"reading/{name}", title, why, text_, expected)
    yield Case(
        "reading/number-padded", "the issuer stands as 1, and \"01\" says something else",
        "a number has one spelling; \"01\" is a claim that is not known",
        text({**GOOD, "01": "XA"}), amber("NO_RULES"), facts=VACCINATED,
    )  # fmt: skip
    yield Case(
        "reading/nodes-1000", "1000 parts are within the limit", "the limit is 1000, itself allowed",
        hc1(pack(signed(_padded(1000)))), amber("CLAIM_UNKNOWN", "NO_RULES"), facts=VACCINATED,
    )  # fmt: skip


Row = tuple[str, str, str, str, Outcome]


def _text() -> list[Row]:
    other = "this prefix belongs to another family of codes, which says nothing about health here"
    return [
        ("empty", "no text", "a scanner may hand over nothing", "", amber("TEXT_EMPTY")),
        (
            "too-long", "4297 characters", "a QR code of version 40 holds 4296 (ISO/IEC 18004 §7)",
            "HC1:" + "0" * 4293, amber("TEXT_TOO_LONG"),
        ),
        ("prefix-other", "a code of another family", other, "AT1:" + GOOD_TEXT[4:], amber("FORMAT_NOT_READ")),
        ("prefix-lower", "the prefix in lower case", "a scanner's setting; upper case loses nothing, and the checksum confirms it", "hc1:" + GOOD_TEXT[4:], amber("CASE_FLIPPED", "NO_RULES")),
        ("layout", "typed under a German keyboard layout by a scanner that is set to the US one", "the scanner's setting, not the holder's doing; the checksum confirms what was meant", german(GOOD_TEXT), amber("KEYBOARD_MAPPED", "NO_RULES")),
        ("layout-damaged", "the same, and a character was lost", "the scanner's setting, not the holder's doing", german(GOOD_TEXT[:40] + GOOD_TEXT[41:]), amber("KEYBOARD_LAYOUT")),
        ("several", "two codes, one a line", "whose verdict would it be?", GOOD_TEXT + "\n" + GOOD_TEXT, amber("TEXT_SEVERAL")),
        ("broken", "a code broken over lines of 76 characters, quoted as in an e-mail", "what an e-mail does; the checksum confirms how the lines belong together", "\n".join("> " + GOOD_TEXT[i : i + 76] for i in range(0, len(GOOD_TEXT), 76)), amber("NO_RULES")),
        ("link", "a code in a link, percent-encoded", "what an app does; nothing is opened", "https://example.org/#" + quote(GOOD_TEXT), amber("NO_RULES")),
        ("drawing", "the source of a drawing (SVG)", "a file handed in as a text", "<svg xmlns='http://www.w3.org/2000/svg'>\n<path d='M0 0h9'/>\n</svg>", amber("FILE_NOT_READ")),
        ("prefix-short", "a prefix that is not whole", "a partial scan", "HC1", amber("PREFIX_UNKNOWN")),
        ("prefix-only", "the prefix and nothing", "a partial scan", "HC1:", amber("COMPRESSION_INVALID")),
        ("prefix-late", "a blank before the prefix", "what stands around a code is taken off, and the checksum confirms it", " " + GOOD_TEXT, amber("NO_RULES")),
        ("prefix-link", "a web address", "a code that opens something, and holds none", "https://example.org/HC1:", amber("COMPRESSION_INVALID")),
    ]  # fmt: skip


def german(said: str) -> str:
    """Type it key by key: what a US keyboard has there, and what a German one has."""
    return said.translate(str.maketrans("YZ*+-/:", "ZY(`ß-Ö"))


def _base45() -> list[Row]:
    damaged = amber("BASE45_INVALID")
    cut = GOOD_TEXT[: 4 + (len(GOOD_TEXT) - 4) // 3 * 3]
    return [
        ("newline", "a line end after the last character", "printed codes hold it; it is none of Base45's, and is taken off", GOOD_TEXT + "\n", amber("NO_RULES")),
        ("lower-case", "one letter in lower case", "RFC 9285 §4.2: the alphabet is upper case", GOOD_TEXT[:9] + "a" + GOOD_TEXT[10:], damaged),
        ("look-alike", "KELVIN SIGN, which upper-cases to K", "a text has one spelling only", GOOD_TEXT[:9] + "\u212a" + GOOD_TEXT[10:], damaged),
        ("fullwidth", "a full-width digit", "a text has one spelling only", GOOD_TEXT[:9] + "\uff16" + GOOD_TEXT[10:], damaged),
        ("surrogate", "half a surrogate pair", "what cannot be encoded is no code", GOOD_TEXT[:9] + "\ud800", damaged),
        ("null", "a NUL among the characters", "a text has one spelling only", GOOD_TEXT[:9] + "\0" + GOOD_TEXT[10:], damaged),
        ("overflow-3", "three characters that mean more than 65535", "RFC 9285 §4.3", cut[:4] + ":::" + cut[7:], damaged),
        ("overflow-2", "a last pair that means more than 255", "RFC 9285 §4.3", cut + "::", damaged),
        ("tail-1", "a single last character", "RFC 9285 §4.3: no bytes are written so", cut + "0", damaged),
    ]  # fmt: skip


def _compression() -> list[Row]:
    packed = pack(MESSAGE)
    bomb = zlib.compress(bytes(1_000_000), 9)
    damaged = packed[:40] + bytes([packed[40] ^ 1]) + packed[41:]
    dictionary = zlib.compressobj(9, zdict=b"URN:UVCI:01:")
    primed = dictionary.compress(MESSAGE) + dictionary.flush()
    return [
        ("zlib-cut", "the compressed stream ends early", "a partial scan", hc1(packed[:-9]), amber("COMPRESSION_INVALID")),
        ("zlib-checksum", "the checksum at the end is wrong", "RFC 1950 §2.2", hc1(packed[:-1] + bytes([packed[-1] ^ 1])), amber("COMPRESSION_INVALID")),
        ("zlib-checksum-cut", "the checksum at the end is not whole", "RFC 1950 §2.2", hc1(packed[:-1]), amber("COMPRESSION_INVALID")),
        ("zlib-bit", "one bit of the stream differs", "RFC 1950 §2.2", hc1(damaged), amber("COMPRESSION_INVALID")),
        ("zlib-missing", "not compressed at all", "HCERT §4.2: it is compressed", hc1(MESSAGE), amber("COMPRESSION_INVALID")),
        ("zlib-raw", "deflate without zlib's frame", "HCERT §4.2: RFC 1950, not 1951", hc1(packed[2:-4]), amber("COMPRESSION_INVALID")),
        ("zlib-dictionary", "a stream that needs a dictionary", "RFC 1950 §2.2: nobody has it", hc1(primed), amber("COMPRESSION_INVALID")),
        ("zlib-trailing", "bytes after the end of the stream", "what one reader ignores another may read", hc1(packed + b"\0"), red("COMPRESSION_TRAILING")),
        ("zlib-second", "a second stream after the first", "what one reader ignores another may read", hc1(packed + pack(MESSAGE)), red("COMPRESSION_TRAILING")),
        ("zlib-bomb", "a megabyte of zeros in a kilobyte", "unpacking stops at a bound, whatever comes", hc1(bomb), red("COMPRESSION_BOMB")),
        ("zlib-bomb-16384", "16385 bytes, one more than the bound", "the bound is 16384 bytes", hc1(pack(bytes(16385))), red("COMPRESSION_BOMB")),
    ]  # fmt: skip


def _message() -> list[Row]:
    protected = cbor({1: -7, 4: keys.SIGNERS["utopia"].kid})
    signature = keys.sign("utopia", b"")
    parts = [protected, {}, PAYLOAD, signature]

    def broken(name: str, title: str, why: str, data: bytes, *codes: str) -> Row:
        return name, title, why, hc1(pack(data)), red(*(codes or ("COSE_INVALID",)))

    twice = b"\xa2\x01\x26\x01\x26"
    return [
        broken("cose-trailing", "a byte after the message", "two readers could see two things", MESSAGE + b"\0", "CBOR_TRAILING"),
        broken("cose-cut", "the message ends early", "not well-formed (RFC 8949 §5.3)", MESSAGE[:-1], "CBOR_MALFORMED"),
        broken("cose-empty", "nothing inside the compression", "RFC 9052 §4.2", b"", "CBOR_MALFORMED"),
        broken("cose-map", "a map instead of a message", "RFC 9052 §4.2", cbor({1: 2})),
        broken("cose-text", "a text instead of a message", "RFC 9052 §4.2", cbor("HC1:")),
        broken("cose-three", "three parts", "RFC 9052 §4.2: four", TAGGED + cbor(parts[:3])),
        broken("cose-five", "five parts", "RFC 9052 §4.2: four", TAGGED + cbor([*parts, b""])),
        broken("cose-many-signers", "a COSE_Sign, tag 98", "HCERT §2.1: one signer", b"\xd8\x62" + MESSAGE[1:], "CBOR_TAG"),
        broken("cose-mac", "a COSE_Mac0, tag 17", "a shared secret proves no issuer", b"\xd1" + MESSAGE[1:], "CBOR_TAG"),
        broken("cose-detached", "the payload is detached (null)", "there is nothing to read", TAGGED + cbor([protected, {}, None, signature])),
        broken("cose-payload-empty", "the payload is empty", "there is nothing to read", TAGGED + cbor([protected, {}, b"", signature])),
        broken("cose-payload-text", "the payload is a text", "RFC 9052 §4.2: bytes", TAGGED + cbor([protected, {}, "x", signature])),
        broken("cose-signature-empty", "the signature is empty", "RFC 9052 §4.2", TAGGED + cbor([protected, {}, PAYLOAD, b""])),
        broken("cose-signature-null", "the signature is null", "RFC 9052 §4.2: bytes", TAGGED + cbor([protected, {}, PAYLOAD, None])),
        broken("cose-header-map", "the protected header is not wrapped in bytes", "RFC 9052 §3", TAGGED + cbor([{1: -7}, {}, PAYLOAD, signature])),
        broken("cose-header-list", "the protected header wraps a list", "RFC 9052 §3", TAGGED + cbor([cbor([1, -7]), {}, PAYLOAD, signature])),
        broken("cose-header-twice", "the algorithm stands twice in the protected header", "two readers could use two", TAGGED + cbor([twice, {}, PAYLOAD, signature]), "CBOR_DUPLICATE_KEY"),
        broken("cose-header-trailing", "a byte after the protected header's map", "two readers could see two things", TAGGED + cbor([protected + b"\0", {}, PAYLOAD, signature]), "CBOR_TRAILING"),
        broken("cose-unprotected-list", "the unprotected header is a list", "RFC 9052 §3", TAGGED + cbor([protected, [], PAYLOAD, signature])),
        broken("cose-critical", "a critical header", "RFC 9052 §3.1: what is critical and not understood is refused", signed(PAYLOAD, protected=cbor({1: -7, 4: keys.SIGNERS["utopia"].kid, 2: [99]}))),
        broken("cose-depth", "sixteen arrays around a message", "nesting is bounded before anything recurses", b"\x81" * 17 + MESSAGE, "CBOR_DEPTH"),
    ]  # fmt: skip


def _payload() -> list[Row]:
    """Signed by a good key: an issuer's fault or malice is met by the same gate."""

    def hostile(name: str, title: str, why: str, payload: bytes, *codes: str) -> Row:
        return name, title, why, hc1(pack(signed(payload))), red(*codes)

    def holding(name: str, title: str, why: str, value: str, code: str) -> Row:
        inside = (
            PAYLOAD[:1].replace(b"\xa4", b"\xa5") + PAYLOAD[1:] + b"\x07" + bytes.fromhex(value)
        )
        return hostile(name, title, why, inside, code)

    twice = bytes([PAYLOAD[0] + 1]) + PAYLOAD[1:] + cbor(1) + cbor("XA")
    once = cbor({"sd": 2})[1:]
    inner = cbor(claims(content.vaccinated(dose_changes={"sd": 2})))
    count = inner.index(cbor("tg")) - 1
    repeated = inner[:count] + bytes([inner[count] + 1]) + once + inner[count + 1 :]
    tags = {
        "4": "c4821a3b9ac9ff01", "5": "c5820101", "16": "d08343a10101a0420000", "24": "d8184101",
        "28": "d81c81d81d00", "29": "d81d00", "30": "d81e820102", "32": "d8206161", "35": "d8236161",
        "36": "d824644141413a", "37": "d82550" + "00" * 16, "43000": "d9a7f800", "55799": "d9d9f700",
        "256": "d9010080", "258": "d9010280", "260": "d9010444c0a80001", "100": "d86401",
    }  # fmt: skip
    return [
        hostile("payload-trailing", "a byte after the claims", "two readers could see two things", PAYLOAD + b"\0", "CBOR_TRAILING"),
        hostile("payload-cut", "the claims end early", "not well-formed (RFC 8949 §5.3)", PAYLOAD[:-1], "CBOR_MALFORMED"),
        hostile("claim-twice", "the issuer stands twice among the claims", "one reader takes the first country, another the last", twice, "CBOR_DUPLICATE_KEY"),
        hostile("field-twice", "the number of doses stands twice in the entry", "one reader takes the first, another the last", repeated, "CBOR_DUPLICATE_KEY"),
        hostile("claim-twice-text", "the issuer stands once as 1 and once as \"1\"", "one reader takes the one, another the other", cbor({**claims(content.vaccinated()), "1": "XA"}), "CBOR_DUPLICATE_KEY", "CLAIM_KEY_TEXT"),
        hostile("content-twice-text", "the DCC stands once as 1 and once as \"1\"", "one reader takes the one, another the other", cbor({**GOOD, -260: {"1": content.vaccinated(), 1: {}}}), "CBOR_DUPLICATE_KEY"),
        hostile("claim-twice-float", "the issuer stands once as 1 and once as 1.0", "equal as values, different as bytes", b"\xa2\x01\x62XU\xf9\x3c\x00\x62XA", "CBOR_DUPLICATE_KEY"),
        *(holding(f"tag-{tag}", f"CBOR tag {tag}", "only date-time, epoch, COSE_Sign1 and CWT are looked through; others become cycles, regular expressions, e-mails or endless sums", value, "CBOR_TAG") for tag, value in tags.items()),
        holding("bignum", "a number of more than 64 bits, tag 2", "arithmetic without bound", "c249010000000000000000", "CBOR_INTEGER"),
        holding("bignum-negative", "a number below minus 2^64, tag 3", "arithmetic without bound", "c349010000000000000000", "CBOR_INTEGER"),
        holding("utf-8", "a text that is not UTF-8", "RFC 8949 §3.1: it is", "61ff", "CBOR_MALFORMED"),
        holding("reserved", "a reserved length", "RFC 8949 §3: 28 to 30 are reserved", "1c", "CBOR_MALFORMED"),
        holding("break", "a break where none may be", "RFC 8949 §3.2.1", "ff", "CBOR_MALFORMED"),
        holding("length", "a text of 2^63 bytes, of which none is there", "memory for a lie", "7b8000000000000000", "CBOR_MALFORMED"),
        holding("count", "a list of 2^32 parts, of which none is there", "memory for a lie", "9affffffff", "CBOR_MALFORMED"),
        holding("simple-two-bytes", "a simple value below 32 in two bytes", "RFC 8949 §3.3", "f818", "CBOR_MALFORMED"),
        holding("open-end", "a list of open length that never ends", "RFC 8949 §3.2.2", "9f01", "CBOR_MALFORMED"),
    ]  # fmt: skip


def _sizes() -> list[Row]:
    deep: object = 0
    for _ in range(400):
        deep = [deep]
    return [
        ("depth", "400 lists, one in the other", "nesting is bounded before anything recurses", hc1(pack(signed(cbor({7: deep})))), red("CBOR_DEPTH")),
        ("nodes", "1001 parts", "parts are bounded: a reader's work is", hc1(pack(signed(_padded(1001)))), red("CBOR_SIZE")),
    ]  # fmt: skip


def _padded(nodes: int) -> bytes:
    """Write good claims with zeros under an unknown claim of -260, so many parts in all."""
    fixed = _count(GOOD) + 2
    return cbor({**GOOD, -260: {1: GOOD[-260][1], 99: [0] * (nodes - fixed)}})


def _count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(_count(key) + _count(held) for key, held in value.items())
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


__all__ = ["GOOD", "GOOD_TEXT", "MESSAGE", "PAYLOAD", "base45", "cases"]
