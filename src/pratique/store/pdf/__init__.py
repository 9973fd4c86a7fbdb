"""Print a sheet as a PDF (extra `pdf`): A4, fold-to-card, or large print; tagged for screen readers.

    Sheet, Emblem -> fonts that can write all of it -> code -> sheet.typ -> typst -> PDF/UA-1

1. The QR code is at least 40 mm wide, its modules at least 0.5 mm; it is on every page.
2. Nothing of a person is written to a disk here, or stands in the document's metadata. Its date is left
   out: the same sheet gives the same bytes.
3. The sheets of vaccinated, tested, recovered and exempt people look the same; an emblem is the same on all.
4. What does not fit is never cut off or shrunk below reading: the call ends with an error.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pratique.errors import ExtraMissing, UsageError
from pratique.model import silent
from pratique.sheet import Leaf, Line, Sheet, Wording
from pratique.store.pdf import emblem, fonts
from pratique.store.pdf.emblem import Emblem
from pratique.store.pdf.wording import LANGUAGES, Words, builtin, read

# ----------------------------------------------------------------------------------------------------
# The QR code of a sheet: as much error correction as its width has room for.
#
#     text, width -> H | Q | M | L: the first whose modules are at least 0.5 mm -> Symbol -> SVG
#
# 1. A module under 0.5 mm is lost on worn paper and in phones' cameras; a smaller code with more
#    correction is worse than a larger-moduled one with less.
# 2. The drawing is one path, so that no reader or printer shows seams between modules.
# 3. The quiet zone of four modules (ISO/IEC 18004 §6.3.8) is part of the drawing.


CORRECTIONS = "HQML"
"""Recovers 30, 25, 15 and 7 % of the code's words (ISO/IEC 18004 §6.5.1)."""

LEAST_MODULE = 0.5
"""Millimetres."""

QUIET = 4
"""Modules around the code that stay white."""


@silent
class Symbol(NamedTuple):
    """A code in modules: `rows` hold 1 for a dark one; `module` is its side in millimetres."""

    rows: tuple[bytes, ...]
    correction: str
    module: float

    @property
    def outer(self) -> float:
        """Return the width in millimetres with the quiet zone."""
        return (len(self.rows) + 2 * QUIET) * self.module


def symbol_of(text: str, width: float) -> Symbol:
    """Make the code of a text that is `width` millimetres wide, without its quiet zone.

    Raises:
        UsageError: `code-too-large`: the text is too long for modules that can be read.
    """
    try:
        import zxingcpp  # noqa: PLC0415 - the extra `pdf`
    except ImportError as error:
        raise ExtraMissing("pdf", "printing") from error
    for correction in CORRECTIONS:
        try:
            made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=correction)
        except ValueError:
            # Longer than version 40 holds at this correction.
            continue
        pixels = made.to_image(scale=1, add_quiet_zones=False)
        size = pixels.shape[0]
        if width / size >= LEAST_MODULE:
            data = bytes(memoryview(pixels))  # type: ignore[arg-type] # it is a buffer, and does not say so
            rows = (data[start : start + size] for start in range(0, size * size, size))
            dark = tuple(row.translate(_DARK) for row in rows)
            return Symbol(dark, correction, width / size)
    raise UsageError(
        "code-too-large",
        f"the text is too long for a code of {width:g} mm whose modules can be read",
        "print it as a4 or large, which have room for a wider code",
    )


_DARK = bytes([1]) + bytes(255)
"""Grey value -> 1 for black."""


def svg(made: Symbol) -> str:
    """Draw a code as one path, with its quiet zone; one unit is one module."""
    side = len(made.rows) + 2 * QUIET
    path = []
    for y, row in enumerate(made.rows, QUIET):
        x = row.find(1)
        while x >= 0:
            end = row.find(0, x)
            end = len(row) if end < 0 else end
            path.append(f"M{x + QUIET} {y}h{end - x}v1h{x - end}z")
            x = row.find(1, end)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<path d="{"".join(path)}"/></svg>'
    )


__all__ = [
    "LANGUAGES", "VARIANTS", "Emblem", "Words", "builtin", "emblem_of", "pages", "present", "printable", "read", "render",
]  # fmt: skip

VARIANTS = {"a4": 60.0, "card": 46.5, "large": 80.0}
"""Variant -> width of its code in millimetres, without the quiet zone."""

_TEMPLATE = Path(__file__).with_name("sheet.typ")
_TOO_FULL = "sheet-too-full"


def render(
    sheet: Sheet,
    *,
    variant: str = "a4",
    folders: Sequence[Path] = (),
    shown: Emblem | None = None,
) -> bytes:
    """Return a sheet as a PDF.

    Args:
        sheet: what `journeys.print` laid out.
        variant: "a4", "card" (cut and folded to the size of a bank card) or "large" (18 pt and more).
        folders: more fonts than the own ones and the system's.
        shown: the issuer's emblem, as `emblem_of` returned it.

    Raises:
        UsageError: `font-missing`, `code-too-large`, `sheet-too-full`.
        ExtraMissing: the extra `pdf` is not installed.
    """
    (document,) = _set(sheet, variant, folders, shown, "pdf")
    return document


def pages(
    sheet: Sheet, *, variant: str = "a4", folders: Sequence[Path] = (), shown: Emblem | None = None
) -> list[bytes]:
    """Return a sheet's pages as drawings (SVG), for a page in a browser that prints them; as `render` otherwise."""
    return _set(sheet, variant, folders, shown, "svg")


def _set(
    sheet: Sheet, variant: str, folders: Sequence[Path], shown: Emblem | None, form: str
) -> list[bytes]:
    files = fonts.fonts_for(_texts(sheet), folders)
    symbol = symbol_of(sheet.text, VARIANTS[variant])
    content = json.dumps(_content(sheet, variant, symbol), ensure_ascii=False)
    inputs = {"sheet": content, "code": svg(symbol)}
    if shown is not None:
        inputs |= _of_emblem(shown)
    return _press(files).print(inputs, form)


def emblem_of(data: bytes) -> Emblem:
    """Read an issuer's emblem, and draw it once: one that cannot be drawn costs no sheet.

    Raises:
        DocumentRefused: `emblem-refused`.
        ExtraMissing: the extra `pdf` is not installed.
    """
    present()
    import typst  # noqa: PLC0415 - the extra `pdf`

    made = emblem.read(data)
    try:
        typst.Compiler(
            b"#image(bytes(json(bytes(sys.inputs.emblem))), format: sys.inputs.form)",
            ignore_system_fonts=True,
        ).compile(format="pdf", sys_inputs=_of_emblem(made))
    except typst.TypstError:
        emblem.refuse("it cannot be drawn")
    return made


def _of_emblem(made: Emblem) -> dict[str, str]:
    return {
        "emblem": json.dumps(list(made.data)), "form": made.form, "ratio": f"{made.ratio:.6f}",
    }  # fmt: skip


def present() -> None:
    """See that printing is installed, before anything is done for it; ExtraMissing `extra-missing`."""
    try:
        import typst  # noqa: F401, PLC0415 - the extra `pdf`
    except ImportError as error:
        raise ExtraMissing("pdf", "printing") from error


def printable(wording: Wording, folders: Sequence[Path] = ()) -> bool:
    """Tell whether the fonts here can write a language's words."""
    return fonts.writable((*wording.labels.values(), *wording.codes.values()), folders)


class _Press:
    """A compiler with its fonts: made once, since reading fonts takes longer than a page."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        present()
        import typst  # noqa: PLC0415 - the extra `pdf`

        # Holds fonts only, and goes with this object.
        self._folder = tempfile.TemporaryDirectory(prefix="pratique-fonts-")
        folder = Path(self._folder.name)
        for name in fonts.OWN:
            (folder / f"{name}.ttf").write_bytes(fonts.own_font(name))
        for number, path in enumerate(files):
            shutil.copyfile(path, folder / f"{number:03d}{path.suffix}")
        known = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
        )
        others = {font.family: font.path for font in known.fonts() if font.index == 0}
        order = sorted(others, key=lambda f: (f != "FiraGO", f != "Noto Sans", str(others[f])))
        self._families = json.dumps(order)
        self._error = typst.TypstError
        self._compiler = typst.Compiler(
            input=str(_TEMPLATE), font_paths=[str(folder)], ignore_system_fonts=True
        )

    def print(self, inputs: dict[str, str], form: str) -> list[bytes]:
        """Return one sheet: a PDF, or each of its pages as a drawing (`form` is "svg")."""
        given = {**inputs, "families": self._families}
        try:
            if form == "pdf":
                made = self._compiler.compile(format="pdf", pdf_standards="ua-1", sys_inputs=given)
            else:
                made = self._compiler.compile(format="svg", sys_inputs=given)
        except self._error as error:
            # Its message may quote the sheet, so that it is not told.
            if _TOO_FULL not in str(error):
                raise UsageError("sheet-refused", "the sheet could not be set") from None
            raise UsageError(
                _TOO_FULL, "the certificate says more than this form has room for",
                "print it as a4 or large, or ask for fewer languages",
            ) from None  # fmt: skip
        pages = made if isinstance(made, list) else [made]
        # It says in which order pages lie beside each other. PDFium, and so Chromium, takes it for the direction of
        # every line: a number would be copied backwards, and found by no search. As long as before, so that all
        # offsets stay.
        return [
            page.replace(b"/Direction/R2L", b"/Direction/L2R") if form == "pdf" else page
            for page in pages
            if page is not None
        ]


_press = lru_cache(maxsize=4)(_Press)


def _texts(sheet: Sheet) -> Iterator[str]:
    for leaf in sheet.leaves:
        yield from (leaf.title, leaf.notice, leaf.scan, *leaf.by_hand)
        for line in _lines(leaf):
            yield from (line.label, line.value, line.latin)


def _lines(leaf: Leaf) -> Iterator[Line]:
    yield from (*leaf.names, *leaf.lines, leaf.contact)
    yield from (line for line in (leaf.issued, leaf.readable) if line is not None)


def _content(sheet: Sheet, variant: str, symbol: Symbol) -> dict[str, Any]:
    return {
        "variant": variant,
        "outer": symbol.outer,
        "leaves": [
            {
                **leaf._asdict(),
                "names": [line._asdict() for line in leaf.names],
                "lines": [line._asdict() for line in leaf.lines],
                "issued": None if leaf.issued is None else leaf.issued._asdict(),
                "readable": None if leaf.readable is None else leaf.readable._asdict(),
                "contact": leaf.contact._asdict(),
            }
            for leaf in sheet.leaves
        ],
    }
