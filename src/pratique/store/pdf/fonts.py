"""Fonts for what is printed: a package's for most scripts, the system's or a folder's for the others.

    characters -> own fonts (FiraGO, Noto Sans) -> (missing) -> folders -> files | UsageError

1. Nothing is printed as a box: a character that no font here can write ends the call before.
2. A folder is searched only for what the own fonts lack, well-known fonts first: the same folder gives
   the same sheet.
3. What is told of a missing character is its script, never the word that it stands in.

Apart because fonts are loaded, and their libraries with them, only where something is printed.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from struct import unpack_from

from pratique.errors import ExtraMissing, UsageError
from pratique.store import files

# ----------------------------------------------------------------------------------------------------
# Which characters a font file can write (OpenType specification, table `cmap`).
#
#     bytes -> (collection -> first font) -> table directory -> cmap -> formats 4 and 12 -> characters
#
# 1. A file that cannot be read so far can write nothing: it is left aside, and raises nothing.
# 2. A glyph may be there and be empty; that is not looked for.


Characters = frozenset[int]


def characters(data: bytes) -> Characters:
    """Return the code points that the (first) font of a file has glyphs for."""
    try:
        return frozenset(_font_characters(data))
    except (struct.error, ValueError):
        return frozenset()


def _font_characters(data: bytes) -> set[int]:
    start = unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    found: set[int] = set()
    for number in range(unpack_from(">H", data, start + 4)[0]):
        tag, _, where = unpack_from(">4sII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            for record in range(unpack_from(">H", data, where + 2)[0]):
                platform, encoding, offset = unpack_from(">HHI", data, where + 4 + 8 * record)
                # Unicode, and Windows' Unicode; a symbol font's own numbers are no characters.
                if platform == 0 or (platform == 3 and encoding in {1, 10}):
                    found |= _subtable(data, where + offset)
    return found


def _subtable(data: bytes, at: int) -> set[int]:
    form = unpack_from(">H", data, at)[0]
    if form == 12:
        (count,) = unpack_from(">I", data, at + 12)
        numbers = unpack_from(f">{3 * count}I", data, at + 16)
        ranges = zip(numbers[::3], numbers[1::3], strict=True)
        return {c for first, last in ranges if last <= 0x10FFFF for c in range(first, last + 1)}
    return _segments(data, at) if form == 4 else set()


def _segments(data: bytes, at: int) -> set[int]:
    """Read format 4; a segment may hold characters that it maps to no glyph."""
    segments = unpack_from(">H", data, at + 6)[0] // 2
    columns = at + 14
    end, start, delta, offset = (
        unpack_from(f">{segments}H", data, columns + 2 * segments * n + (2 if n else 0))
        for n in range(4)
    )
    glyphs = columns + 2 + 6 * segments
    found = set()
    for i in range(segments):
        for char in range(start[i], end[i] + 1):
            glyph = char
            if offset[i]:
                (glyph,) = unpack_from(
                    ">H", data, glyphs + 2 * i + offset[i] + 2 * (char - start[i])
                )
            if (glyph + delta[i]) & 0xFFFF and not (offset[i] and not glyph):
                found.add(char)
    return found - {0xFFFF}


OWN = ("FiraGO_Regular", "FiraGO_Bold", "NotoSans_Regular", "NotoSans_Bold")
"""Modules of pymupdf-fonts: Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Thai, Georgian."""

FOLDERS = (
    # where tools/fonts unpacks, in a working copy
    str(Path(__file__).resolve().parents[4] / ".cache" / "fonts"),
    "/usr/local/share/fonts", "/usr/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip

_KNOWN = ("notosanscjk", "notosans", "wqy", "droidsansfallbackfull", "dejavusans", "unifont")
_UNWANTED = (
    "bold", "italic", "oblique", "condensed", "mono", "serif", "display", "black", "light", "thin",
)  # fmt: skip
_ENDINGS = {".ttf", ".otf", ".ttc", ".otc"}
_LARGEST = 64 << 20
_CJK = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH"}
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def fonts_for(texts: Iterable[str], folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the font files, beside the own ones, that it takes to write all these texts.

    Raises:
        UsageError: `font-missing`.
    """
    missing = characters_of(texts) - own()
    files, left = _search(missing, tuple(str(folder) for folder in folders))
    if left:
        raise _font_missing(left)
    return files


def writable(texts: Iterable[str], folders: Sequence[Path] = ()) -> bool:
    """Tell whether all these texts can be written."""
    missing = characters_of(texts) - own()
    return not _search(missing, tuple(str(folder) for folder in folders))[1]


def characters_of(texts: Iterable[str]) -> frozenset[int]:
    """Return what must be drawn; a composed letter may be drawn from its parts."""
    found = {char for text in texts for char in unicodedata.normalize("NFC", text)}
    seen = {char for char in found if unicodedata.category(char) not in _UNSEEN}
    parts = {char: unicodedata.normalize("NFD", char) for char in seen}
    drawn: set[int] = set()
    for char, part in parts.items():
        whole = ord(char) in own() or not all(ord(one) in own() for one in part)
        drawn |= {ord(char)} if whole else {ord(one) for one in part}
    return frozenset(drawn)


@cache
def own() -> Characters:
    """Return the code points that the own fonts can write."""
    found: set[int] = set()
    for name in OWN[::2]:
        found |= characters(own_font(name))
    return frozenset(found)


def own_font(name: str) -> bytes:
    """Return one of the own fonts, by its module's name."""
    from importlib import import_module  # noqa: PLC0415

    try:
        data: bytes = import_module(f"pymupdf_fonts.{name}").fontbuffer
    except ImportError as error:
        raise ExtraMissing("pdf", "printing") from error
    return data


def _search(
    missing: Collection[int], folders: tuple[str, ...]
) -> tuple[tuple[Path, ...], set[int]]:
    left, files = set(missing), []
    if left:
        for path in _candidates(folders):
            if can := left & _characters(path):
                files.append(path)
                left -= can
                if not left:
                    break
    return tuple(files), left


@lru_cache(maxsize=8)
def _candidates(folders: tuple[str, ...]) -> tuple[Path, ...]:
    found: list[Path] = []
    for folder in (*folders, *FOLDERS):
        paths = (p for p in Path(folder).expanduser().rglob("*") if p.suffix.lower() in _ENDINGS)
        found += sorted(paths, key=_by_renown)
    return tuple(dict.fromkeys(found))


def _by_renown(path: Path) -> tuple[bool, int, str, str]:
    name = path.stem.lower().replace("-", "").replace("_", "")
    known = next((n for n, start in enumerate(_KNOWN) if name.startswith(start)), len(_KNOWN))
    return any(word in name for word in _UNWANTED), known, name, str(path)


@lru_cache(maxsize=256)
def _characters(path: Path) -> Characters:
    try:
        return characters(files.read(path, _LARGEST))
    except OSError:
        return frozenset()


def _font_missing(missing: Collection[int]) -> UsageError:
    scripts = {unicodedata.name(chr(c), "an unnamed one").split()[0] for c in missing}
    cjk = bool(scripts & _CJK)
    words = ", ".join(sorted({"CJK" if s in _CJK else s.capitalize() for s in scripts}))
    package = (
        "fonts-wqy-microhei, or fonts-noto-cjk for rare characters" if cjk else "fonts-noto-core"
    )
    return UsageError(
        "font-missing",
        f"no font here can write the script of what is to be printed ({words}), and no boxes are printed",
        f"install fonts for it, for example Debian's {package}; or name a folder of fonts with --fonts",
    )
