"""Read an issuer's emblem, SVG or PNG: its drawing gets onto paper, and nothing else of the file.

    bytes -> PNG: chunks of the picture | SVG: parsed, written anew from what draws -> Emblem

1. A file of somebody else's is not handed on as it is. What draws is copied out of it; what names other files,
   runs, or is drawn many times over by reference is refused, since typst follows links to files beside it.
2. Bytes, pixels, elements and depth are bounded before anything is drawn.
3. Metadata stays behind: who drew it, with what, and where their files lie.

Apart because it reads a document of its own, SVG, and a stranger's.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import NamedTuple, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from pratique.errors import DocumentRefused

LARGEST = 512 * 1024
"""Bytes of a file."""

MOST_PIXELS = 2000
"""Of each side of a picture: 600 dots an inch at the width that it is printed in."""

_MOST_ELEMENTS, _DEEPEST, _MOST_CLIPS = 10_000, 64, 100
_PNG = b"\x89PNG\r\n\x1a\n"
_OF_THE_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
"""Chunks without which it would look another way (PNG, third edition, §11); profiles and texts are none of them."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_CLIPS = {"clipPath", "mask"}
_GRADIENTS = {"linearGradient", "radialGradient"}
_DRAWN = _CLIPS | _GRADIENTS | {
    "svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "stop", "style",
}  # fmt: skip
_BESIDE = {"title", "desc", "metadata"}
_KEPT = frozenset({
    "class", "clip-path", "clip-rule", "clipPathUnits", "color", "cx", "cy", "d", "display", "fill",
    "fill-opacity", "fill-rule", "fx", "fy", "gradientTransform", "gradientUnits", "height", "id", "mask",
    "maskContentUnits", "maskUnits", "offset", "opacity", "points", "r", "rx", "ry", "spreadMethod", "stop-color",
    "stop-opacity", "stroke", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity",
    "stroke-width", "style", "transform", "visibility", "width", "x", "x1", "x2", "y", "y1", "y2",
})  # fmt: skip
_SIZES = {"x", "y", "width", "height", "viewBox"}
_FAR = 1e6
_WITHIN = re.compile(r"url\(\s*['\"]?#[^()'\"\s]{1,100}['\"]?\s*\)")
_PAINT = re.compile(r"\b(?:fill|stroke)\s*:\s*" + _WITHIN.pattern)
_STRANGE = re.compile(r"url\s*\(|[@\\]", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,9})?)\s*(?:px|pt|mm|cm|in)?\s*", re.ASCII)


class Emblem(NamedTuple):
    """What is drawn: `form` is "svg" or "png"; `ratio` its width by its height."""

    data: bytes
    form: str
    ratio: float


def read(data: bytes) -> Emblem:
    """Read an emblem.

    Raises:
        DocumentRefused: `emblem-refused`.
    """
    if len(data) > LARGEST:
        refuse(f"it is larger than {LARGEST // 1024} KiB")
    return _picture(data) if data.startswith(_PNG) else _drawing(data)


def refuse(why: str) -> NoReturn:
    """Raise the error for an emblem, and why it cannot be printed."""
    raise DocumentRefused(
        "emblem-refused",
        f"the emblem cannot be printed: {why}",
        "save it as a plain SVG of paths (letters turned into paths, clones unlinked), "
        f"or as a PNG of up to {MOST_PIXELS} pixels a side",
    )


def _picture(data: bytes) -> Emblem:
    kept, at, names = [_PNG], len(_PNG), []
    while at + 12 <= len(data) and b"IEND" not in names:
        size, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + size
        chunk = data[at:end]
        if len(chunk) != 12 + size or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            break
        if name in _OF_THE_PICTURE:
            kept.append(chunk)
            names.append(name)
        at = end
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or b"IDAT" not in names or len(kept[1]) != 25:
        refuse("it is a damaged PNG")
    wide, high = struct.unpack_from(">II", kept[1], 8)
    if not (0 < wide <= MOST_PIXELS and 0 < high <= MOST_PIXELS):
        refuse(f"it has {wide} by {high} pixels")
    return Emblem(b"".join(kept), "png", wide / high)


def _drawing(data: bytes) -> Emblem:
    copy = _Copy()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = copy.begin, copy.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = copy.text, copy.doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        refuse("it is neither a PNG nor an SVG")
    return Emblem("".join(copy.parts).encode(), "svg", copy.ratio)


class _Copy:
    """Writes anew what draws of a drawing, while it is read."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.ratio = 1.0
        self._open: list[str] = []
        self._rules: list[str] = []
        self._left_out = self._elements = self._clips = 0

    def doctype(self, _name: str, _system: str | None, _public: str | None, inside: int) -> None:
        """Refuse entities: each may stand for a million others, or for a file."""
        if inside:
            refuse("it declares entities")

    def begin(self, full: str, attributes: dict[str, str]) -> None:
        """Copy the start of an element, or leave it out with all that is in it."""
        self._elements += 1
        space, _, name = full.rpartition(" ")
        if self._elements > _MOST_ELEMENTS or len(self._open) + self._left_out >= _DEEPEST:
            refuse("it has too many elements, or too deep ones")
        if not self._open and (space, name) != (_SVG, "svg"):
            refuse("it is neither a PNG nor an SVG")
        if self._left_out or space != _SVG or name in _BESIDE:
            self._left_out += 1
            return
        if name not in _DRAWN or (name == "svg" and self._open):
            refuse(f"it has an element {name[:20]!r}, which may lead to more than a drawing")
        size = "" if self._open else self._size(attributes)
        kept = "".join(
            self._attribute(name, key, value)
            for key, value in attributes.items()
            if self._open or key not in _SIZES
        )
        self._open.append(name)
        self.parts.append(f"<{name}{size}{kept}>")

    def end(self, _full: str) -> None:
        """Copy the end of an element, and a style sheet once it is known whole."""
        if self._left_out:
            self._left_out -= 1
            return
        if self._rules:
            rules = "".join(self._rules)
            _see_inside(_PAINT.sub("", rules))
            self.parts.append(escape(rules))
            self._rules = []
        self.parts.append(f"</{self._open.pop()}>")

    def text(self, text: str) -> None:
        """Keep a style sheet; any other text is no drawing."""
        if not self._left_out and self._open[-1:] == ["style"]:
            self._rules.append(text)

    def _attribute(self, element: str, full: str, value: str) -> str:
        space, _, name = full.rpartition(" ")
        if name.lower().startswith("on"):
            refuse("it has a script")
        if name == "href" and space in ("", _XLINK):
            if not value.startswith("#") or element not in _GRADIENTS:
                refuse("it refers to what is outside of it, or draws a part again")
            return f" xmlns:x={quoteattr(_XLINK)} x:href={quoteattr(value)}"
        if space or name not in _KEPT:
            return ""
        if name in ("clip-path", "mask"):
            self._clips += 1
            # One that is clipped by clipped ones is drawn as often as there are ways to it.
            if self._clips > _MOST_CLIPS or _CLIPS & {element, *self._open}:
                refuse("it clips what clips")
        _see_inside((_PAINT if name == "style" else _WITHIN).sub("", value))
        return f" {name}={quoteattr(value)}"

    def _size(self, attributes: dict[str, str]) -> str:
        """Return the root's box, from which the ratio follows."""
        box = attributes.get("viewBox", "").replace(",", " ").split()
        if not box:
            sides = (_LENGTH.fullmatch(attributes.get(side, "")) for side in ("width", "height"))
            box = ["0", "0", *(side[1] for side in sides if side)]
        try:
            left, top, wide, high = map(float, box)
        except ValueError:
            refuse("it does not tell its size")
        if not (abs(left) < _FAR and abs(top) < _FAR and 0 < wide < _FAR and 0 < high < _FAR):
            refuse("it does not tell its size")
        self.ratio = wide / high
        return f' xmlns="{_SVG}" viewBox="{left:.9g} {top:.9g} {wide:.9g} {high:.9g}"'


def _see_inside(left: str) -> None:
    """Refuse what still refers to anything, once references to its own paints are taken out."""
    if _STRANGE.search(left):
        refuse("it refers to what is outside of it")
