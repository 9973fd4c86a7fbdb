"""Texts of other schemes than HCERT: told by their beginning or shape, and taken out of what stands around.

    line -> begun(line) -> Begun -> takes(next line) ... -> ends -> texts, each as it stands in its picture

1. A text is named from a closed table, by its first characters; no link is followed, nothing is decrypted.
2. What is broken over lines is joined where its characters leave no choice: digits, Base32, Base64, JSON.
   Where a separator was lost (2D-DOC) none is put back: that would be a guess.
3. 0x1C to 0x1F are signs of 2D-DOC. Python's `strip` and `splitlines` take them for blanks; `BLANKS` are
   what is blank here.
4. A code that stands as a string in a JSON document is a code: health cards come so in files and from servers.
5. Lengths are bounded, and each character is looked at a fixed number of times.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

LONGEST_NAMED = 512
"""Characters of a text that are looked at to name it."""
LONGEST_DOCUMENT = 1024 * 1024
"""Characters of one JSON document."""
MOST_IN_DOCUMENT = 500
"""Codes that are taken out of one document."""
MOST_IN_LINK = 8
"""Values of a link that are looked at."""
LONGEST_FOLDED = 250
"""Characters of a line from which on nobody has broken it: programs break at 60 to 140."""
LONGEST_JOINED, MOST_JOINED = 60_000, 600
"""Characters and pieces of a text that somebody joined with blanks."""
MOST_FOLDED = 150
"""Lines over which one code may be broken."""

BLANKS = " \t\r\n\x0b\x0c\xa0\ufeff\u200b"

LINK = "SMART Health Link"
CARDS = "SMART Health Card file"
FORMATS: tuple[tuple[str, str], ...] = (
    (r"shc:/", "SMART Health Card"),
    (r"(?:https?://\S*#)?shlink:/", LINK),
    (r"NZCP:/", "NZ COVID Pass"),
    # ANTS 2D-DOC, versions 1 to 4: two identifiers, two dates, type.
    (r"DC0[1-4][0-9A-Z]{4}", "French 2D-DOC"),
    (r"https?://\S*tousanticovid\S*/wallet(?:2d)?\?v=", "French 2D-DOC"),
    (r"HCFR[0-9]:", "French activity pass"),
    (r"EX[0-9]:", "French exemption"),
    (r"NL[0-9]:", "Dutch domestic code"),
    (r"LT[0-9]:", "Swiss certificate light"),
    (r"CH[0-9]:", "Swiss domestic code"),
    (r"AT[0-9] ?:", "Austrian domestic code"),
    (r"HC[02-9]:", "another version of HCERT"),
    # DIVOC (CoWIN and others): a zip archive of certificate.json, as bytes or in Base64.
    (r"B64:", "DIVOC certificate"),
    (r"PK\x03\x04.{26}certificate\.json", "DIVOC certificate"),
    # ICAO Doc 9303-13 §3: the magic constant, and the version.
    (r"\xdc[\x02\x03]", "ICAO visible digital seal"),
    (r'\{\s*"(?:data|sig)"\s*:\s*\{(?s:.)*?"(?:hdr|alg|msg|cer|sigvl)"', "ICAO VDS-NC"),
    (r'\{\s*"verifiableCredential"\s*:\s*\[', CARDS),
    (r'\{\s*"resourceType"\s*:', "FHIR document"),
    (r'\{(?s:.)*?"contentType"\s*:\s*"application/(?:smart-health-card|fhir\+json)"', LINK),
    (r'\{(?=(?s:.)*?"url"\s*:\s*")(?=(?s:.)*?"key"\s*:\s*"[\w-]{43}")', LINK),
    (r'\{(?=(?s:.)*?"iss"\s*:)(?=(?s:.)*?"vc"\s*:\s*\{)', "health card without its signature"),
    (r'\{(?s:.)*?"(?:@context|credentialSubject)"\s*:', "W3C verifiable credential"),
    (r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+", "encrypted JSON (JWE)"),
    (r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+~", "SD-JWT credential"),
    (r"eyJ[\w-]{8,}={0,2}\.[\w-]+", "signed JSON (JWS)"),
    (r"V[CP]1-[A-Z2-7]", "W3C verifiable credential"),
    (r"mdoc:", "ISO mobile document"),
    (r"openid4vp:|openid-credential-offer:|eudi-openid4vp:|haip:", "wallet request"),
)
"""How a text begins (a pattern), and what it is."""

_ANY_CASE = "shc:/|shlink:/|mdoc:|nzcp:/"


def name_of(text: str) -> str | None:
    """Name the format that a text is of by its first characters; None where it is none of these."""
    head = text[:LONGEST_NAMED]
    # A scheme is written in any case (RFC 3986 §3.1).
    if (scheme := re.match(_ANY_CASE, head, re.IGNORECASE)) is not None:
        shown = scheme[0].upper() if scheme[0].upper() == "NZCP:/" else scheme[0].lower()
        head = shown + head[scheme.end() :]
    for pattern, name in FORMATS:
        if re.match(pattern, head, re.DOTALL | re.ASCII):
            return name
    return None


# ----------------------------------------------------------------------------------------------------
# One scheme's text: how it begins, of which characters it is, when it is whole.


class Shape(NamedTuple):
    """How a scheme's text is written.

    Attributes:
        opening: its beginning, in a line by itself.
        within: its beginning among words.
        body: the characters that follow on its first line.
        further: those of further lines.
        written: it, as it stands in its picture.
        is_whole: that nothing of it is to come.
    """

    opening: re.Pattern[str]
    within: re.Pattern[str]
    body: re.Pattern[str]
    further: re.Pattern[str]
    written: Callable[[str], str]
    is_whole: Callable[[str], bool]


def _card(text: str) -> str:
    return "shc:/" + text[5:].replace("\\/", "/").lstrip("/")


_PART = r"shc:/[0-9]+/"


def _is_whole_card(text: str) -> bool:
    # Two digits a character: a dot is "01", and 86 characters of an ES256 signature stand behind the second.
    digits = text[5:]
    if re.match(_PART, text) is not None or len(digits) % 2:
        return False
    pairs = re.findall("..", digits)
    return len(pairs) > 87 and pairs[-87] == "01" and pairs.count("01") == 2


def _is_whole_token(text: str) -> bool:
    return re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]{86}", text, re.ASCII) is not None


def _is_whole_pass(text: str) -> bool:
    body = text.rpartition("/")[2].rstrip("=")
    try:
        data = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError):
        return False
    # The last of four parts is a string of 64 bytes (RFC 9052 §4.2).
    return data[-66:-64] == b"\x58\x40"


def _zipped(text: str) -> str:
    # "=3D" is an "=" as e-mail writes it.
    return text.replace("=3D", "=")


def _is_whole_zip(text: str) -> bool:
    body = text[4:].rstrip("=")
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    # APPNOTE §4.3.16: the end of the central directory, without a comment.
    return data[-22:-18] == b"PK\x05\x06"


_SEPARATORS = {
    "\u241c": "\x1c", "\u241d": "\x1d", "\u241e": "\x1e", "\u241f": "\x1f",
    "<FS>": "\x1c", "<GS>": "\x1d", "<RS>": "\x1e", "<US>": "\x1f",
    "{GS}": "\x1d", "{RS}": "\x1e", "{US}": "\x1f", "^]": "\x1d", "^^": "\x1e", "^_": "\x1f",
    "\\x1d": "\x1d", "\\x1e": "\x1e", "\\x1f": "\x1f",
    "\\u001d": "\x1d", "\\u001e": "\x1e", "\\u001f": "\x1f",
}  # fmt: skip
"""How programs write the separators of 2D-DOC where they do not send them as they are."""


def _two_d_doc(text: str) -> str:
    text = text.swapcase() if text.startswith("dc") else text
    if "\x1d" not in text and "\x1f" not in text:
        if re.search("%1[DF]", text, re.IGNORECASE):
            text = _unquoted(text)
        for written, sign in _SEPARATORS.items():
            text = text.replace(written, sign)
    signed = re.match(_SIGNATURE_2D_DOC, text)
    return text if signed is None else signed[1]


_SIGNATURE_2D_DOC = r"(?s)(.*\x1f[A-Z2-7]+)[ ,.;:)\]}'<>|]"
"""A signature, and what no annex begins with."""


_SIGNED_2D_DOC = 103
"""Characters of 64 bytes in Base32, without padding."""


def _is_whole_2d_doc(text: str) -> bool:
    _, unit, signature = text.rpartition("\x1f")
    return not unit or len(signature) >= _SIGNED_2D_DOC


_LEFT = r"(?<![0-9A-Za-z])"
_HEADER_2D_DOC = "0[1-4][0-9A-Za-z]{8}[0-9A-Fa-f]{8}[0-9A-Za-z]{6}"


@cache
def _shapes() -> tuple[Shape, ...]:
    """Return how texts of one line are written. JSON is told by its braces, `LT1:` is written as HCERT is.

    Made at the first text that is no HCERT: nearly all are.
    """
    digits, base32 = re.compile("[0-9]+"), re.compile("[0-9A-Za-z=]+")
    return (
        Shape(
            re.compile(r"shc:\\?/\\?/?(?=[0-9])", re.IGNORECASE),
            re.compile(_LEFT + r"shc:\\?/\\?/?(?=[0-9])", re.IGNORECASE),
            re.compile(r"(?:[0-9]+\\?/){0,2}[0-9]*"), digits, _card, _is_whole_card,
        ),
        Shape(
            re.compile(r"nzcp:\\?/(?=[0-9])", re.IGNORECASE),
            re.compile(_LEFT + r"nzcp:\\?/(?=[0-9]\\?/)", re.IGNORECASE),
            re.compile(r"(?:[0-9]+\\?/)?[0-9A-Za-z=]*"), base32,
            lambda text: text.replace("\\/", "/").upper(), _is_whole_pass,
        ),
        Shape(
            re.compile(r"eyJ(?=[\w-]{17})", re.ASCII),
            re.compile(r"(?<![\w.-])eyJ(?=[\w-]{17,}\.[\w-]+\.[\w-]+)", re.ASCII),
            re.compile(r"[\w.~-]+", re.ASCII), re.compile(r"[\w.~-]+", re.ASCII),
            lambda text: text, _is_whole_token,
        ),
        Shape(
            re.compile(r"B64:(?=[A-Za-z0-9+/]{4})"),
            re.compile(_LEFT + r"B64:(?=UEsD)"),
            re.compile(r"[A-Za-z0-9+/=_-]+"), re.compile(r"[A-Za-z0-9+/=_-]+"),
            _zipped, _is_whole_zip,
        ),
        Shape(
            re.compile(r"DC0[1-4](?=[0-9A-Z]{4})|dc0[1-4](?=[0-9a-z]{4})"),
            re.compile(f"{_LEFT}(?:DC|dc)(?={_HEADER_2D_DOC})"),
            # Names hold quotation marks' neighbours, blanks and commas: only what cannot be its own ends it.
            re.compile("[^\"\r\n\t;`\u2018-\u201f\u00bb]+"), re.compile("[A-Z2-7]+"),
            _two_d_doc, _is_whole_2d_doc,
        ),
    )  # fmt: skip


_HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"))
_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)}
_TAIL = "\"'`<>()[]{},.;:!?=| \t\u00a0\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_QUOTED = re.compile(r"[ \t]*(?:> ?)*[ \t]*")
_GLUED = re.compile(r"[^\s\"'<>]*")
_URL = r"(?i)https?://[^\s\"'<>]+"
_AROUND = (
    # AIM identifiers (ISO/IEC 15424), ECI (\\000026), what zbarimg and scanners' own programs write.
    r"""(?i)(?:[ \t\r\n\v\f\u00a0"'`<>\u2018-\u201f\u00ab\u00bb\u2039\u203a]+|\][A-Za-z][0-9A-Za-z]|\\[0-9]{6}|[A-Za-z0-9-]{2,12}-?Code:|QR:|DataMatrix:|hcert:)*"""
)
_PERCENT = "(?:%[0-9A-Fa-f]{2})+"


def _unquoted(text: str) -> str:
    """Take percent-encoding off (RFC 3986 §2.1)."""
    return re.sub(
        _PERCENT,
        lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"),
        text,
    )


_WORD = r"[ \t\u00a0]+([^ \t\u00a0]+)"
JSON = re.compile(r'[{\[]\s*(?:["{\[\]}]|$)')
"""How a JSON document's first line begins."""


def bare_of(text: str) -> str:
    """Take off what a scanner or a reader wrote before a code."""
    around = re.match(_AROUND, text)
    return text[around.end() :] if around is not None else text


class Begun:
    """A text of another scheme, of which more may come in further lines.

    Attributes:
        text: of it, what has come.
        shape: how it is written; None for JSON.
        rest: of its last line, what stands behind it.
        is_over: nothing more of it is to come.
    """

    __slots__ = (
        "_by",
        "_depth",
        "_is_string",
        "_last",
        "_pieces",
        "_size",
        "is_over",
        "rest",
        "shape",
    )

    def __init__(self, shape: Shape | None, prefix: str, line: str) -> None:
        self.shape, self.rest, self.is_over = shape, "", False
        self._pieces: list[str] = []
        self._size = self._depth = self._last = 0
        self._is_string = False
        self._by = prefix
        if shape is None:
            self._parse(self._turned(line))
            return
        cut = shape.body.match(line)
        end = cut.end() if cut is not None else 0
        if line[end : end + 1] not in _TAIL and (glued := _GLUED.match(line, end)) is not None:
            # Signs that it cannot have stand in it: its reader says that it is damaged.
            end = glued.end()
        self._take(prefix + line[:end], "")
        words = re.compile(_WORD)
        # Lines that somebody joined with blanks. What is whole already takes no more.
        while self._size < LONGEST_JOINED and not shape.is_whole(self.text):
            word = words.match(line, end)
            if word is None or shape.further.fullmatch(word[1]) is None:
                break
            end = word.end()
            self._take(word[1], "")
        self.rest = line[end : end + LONGEST_DOCUMENT]

    @property
    def text(self) -> str:
        """Return what has come of it, as it stands in its picture."""
        joined = "".join(self._pieces) if self.shape else "\n".join(self._pieces)
        return joined if self.shape is None else self.shape.written(joined)

    @property
    def is_flipped(self) -> bool:
        """Tell whether its letters came in the other case."""
        joined, text = "".join(self._pieces)[5:], self.text[5:]
        return joined != text and joined.swapcase() == text

    def takes(self, line: str) -> bool:
        """Tell whether a line is more of it, and take it."""
        if self.shape is None:
            if _HCERT.match(line) is not None:
                return False
            self._parse(self._turned(line))
            return True
        plain = _QUOTED.sub("", line, count=1).translate(_HIDDEN).translate(_WIDE)
        end = cut.end() if (cut := self.shape.further.match(plain)) is not None else 0
        if (
            not end
            or plain[end:].strip(_TAIL + "\r\n")
            or len(plain) > max(self._last, LONGEST_FOLDED)
            or len(self._pieces) >= MOST_FOLDED
            or any(shape.opening.match(plain) for shape in _shapes())
        ):
            return False
        self._pieces[-1] = self._pieces[-1].rstrip("=")
        self._take(plain[:end], plain[end:])
        return True

    def _turned(self, line: str) -> str:
        """Return a line of JSON without what a table, a program or a text processor did to its quotation marks."""
        if self._by == '""':
            return line.replace('""', '"')
        if self._by == '\\"':
            return re.sub(_ESCAPE, _sign, line)
        return line.translate(_QUOTES) if self._by else line

    def _take(self, piece: str, rest: str) -> None:
        assert self.shape is not None
        self._pieces.append(piece)
        # Each costs a look at all of it.
        self._size += len(piece) + LONGEST_JOINED // MOST_JOINED
        self._last, self.rest = len(piece), rest
        self.is_over = len(piece) > LONGEST_FOLDED or self.shape.is_whole(self.text)

    def _parse(self, line: str) -> None:
        skipped = -1
        for mark in _MARKS.finditer(line):
            sign, place = mark[0], mark.start()
            if place == skipped:
                continue
            if self._is_string:
                if sign == "\\":
                    skipped = place + 1
                elif sign == '"':
                    self._is_string = False
            elif sign == '"':
                self._is_string = True
            elif sign in "{[":
                self._depth += 1
            elif sign in "}]":
                self._depth -= 1
                if self._depth <= 0:
                    self._pieces.append(line[: place + 1])
                    self.rest, self.is_over = line[place + 1 :], True
                    return
        self._pieces.append(line)
        self._size += len(line) + 1
        self.is_over = self._size > LONGEST_DOCUMENT


def opens(text: str) -> bool:
    """Tell whether a line begins with a text of another scheme, but for what stands around."""
    bare = bare_of(text)
    return re.match(_SEAL, bare) is not None or any(
        shape.opening.match(bare) is not None for shape in _shapes()
    )


def begun(line: str) -> Begun | None:
    """Return the text of another scheme that begins in a line; None where there is none.

    Of a text among words, or in a link, the words and the link are left away.
    """
    plain = line.translate(_HIDDEN)
    bare = bare_of(plain)
    if (seal := re.search(_SEAL, plain)) is not None and (seal[1] != '"' or bare[:1] != "{"):
        return Begun(None, seal[1] if seal[1] != '"' else "", plain[seal.start() :])
    if JSON.match(bare) is not None:
        # As it is: in a JSON text even a hidden sign is signed.
        return Begun(None, "", line[line.index(bare[0]) :])
    wide = bare.translate(_WIDE)
    for shape in _shapes():
        if (opening := shape.opening.match(wide)) is not None:
            return Begun(shape, opening[0], wide[opening.end() :].rstrip(BLANKS))
    if (link := re.search(_URL, plain)) is not None:
        return _linked(link[0])
    for shape in _shapes():
        if (opening := shape.within.search(wide)) is not None:
            return Begun(shape, opening[0], wide[opening.end() :].rstrip(BLANKS))
    return None


def _linked(link: str) -> Begun | None:
    """Return the text that a link carries, percent-encoded or as it is; the link is not opened."""
    for place in islice(re.finditer("[#=]", link), MOST_IN_LINK):
        value = link[place.end() :]
        if place[0] == "=":
            # A query's value: "+" is a blank (application/x-www-form-urlencoded).
            value = value.partition("&")[0].partition("#")[0].replace("+", " ")
        meant = _unquoted(value)
        for shape in _shapes():
            if (opening := shape.opening.match(meant)) is not None:
                return Begun(shape, opening[0], meant[opening.end() :].rstrip(BLANKS))
    return None


_MARKS = re.compile(r'["\\{}\[\]]')
_HCERT = re.compile(r"\s*HC1:")
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f"), '"')
_SEAL = r'\{\s*(""|\\"|"|[\u201c-\u201f])(?:data|sig)(?:""|\\"|"|[\u201c-\u201f])\s*:\s*\{'
"""A seal's beginning among words, or with its quotation marks turned into others."""
_STRING = r'(?s)"((?:[^"\\]|\\.)*)"'
_ESCAPE = r"(?s)\\(?:u([0-9A-Fa-f]{4})|(.))"


def strings_of(document: str) -> Iterator[str]:
    """Yield the strings of a JSON document that begin as a scheme's text does."""
    count = 0
    for written in re.finditer(_STRING, document):
        text = written[1].lstrip()
        if any(shape.opening.match(text) for shape in _shapes()) or text.startswith("LT1:"):
            yield (
                re.sub(r"\s+", "", text) if text.startswith("eyJ") else re.sub(_ESCAPE, _sign, text)
            )
            count += 1
            if count == MOST_IN_DOCUMENT:
                return


def _sign(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]


def card_of(token: str) -> str | None:
    """Write a JWS as a health card's code is written; None where it is none."""
    if re.fullmatch(r"[\w-]+\.[\w-]*\.[\w-]*", token, re.ASCII) is None:
        return None
    return "shc:/" + "".join(f"{ord(sign) - 45:02d}" for sign in token)


def documents_in(document: str) -> Iterator[str]:
    """Yield the objects of a JSON list, each as it is written."""
    rest, count = document.lstrip()[1:], 0
    while (place := rest.find("{")) >= 0 and count < MOST_IN_DOCUMENT:
        item = Begun(None, "", rest[place:])
        if not item.is_over:
            return
        yield item.text
        rest, count = item.rest, count + 1


def zipped(text: str) -> str | None:
    """Return a DIVOC archive whose bytes came as characters (Latin-1) as `B64:` text; None where it is none.

    "" where what read the bytes as text has destroyed them.
    """
    if not text.startswith("PK\x03\x04") or name_of(text) is None:
        return None
    try:
        return "B64:" + base64.b64encode(text.encode("latin-1")).decode()
    except UnicodeEncodeError:
        return ""
