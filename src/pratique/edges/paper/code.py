"""The QR code of a sheet: as much error correction as its width has room for.

    text, width -> H | Q | M | L: the first whose modules are at least 0.5 mm -> Symbol -> SVG

1. A module under 0.5 mm is lost on worn paper and in phones' cameras; a smaller code with more
   correction is worse than a larger-moduled one with less.
2. The drawing is one path, so that no reader or printer shows seams between modules.
3. The quiet zone of four modules (ISO/IEC 18004 §6.3.8) is part of the drawing.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.errors import ExtraMissing, UsageError
from pratique.model import silent

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


def symbol(text: str, width: float) -> Symbol:
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
