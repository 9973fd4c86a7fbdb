"""Turn a drawing into a picture that any program shows (extra `pdf`).

    SVG -> typst, with our own fonts -> PNG

1. The machine's fonts are not asked: the same drawing gives the same picture everywhere.
2. Nothing of the drawing is written to a disk: only fonts and a template, which go with the call.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pratique.errors import ExtraMissing
from pratique.store.pdf import fonts

_PAGE = """\
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.drawing), format: "svg", width: 720pt)
"""
_WIDE = 720


def png(drawing: str, width: int = 1440) -> bytes:
    """Return a drawing as a PNG.

    Args:
        drawing: SVG, as `impact.chart` draws it.
        width: of the picture, in pixels.

    Raises:
        ExtraMissing: the extra `pdf` is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - the extra `pdf`
    except ImportError as error:
        raise ExtraMissing("pdf", "a picture as PNG") from error
    with tempfile.TemporaryDirectory(prefix="pratique-picture-") as name:
        folder = Path(name)
        for font in fonts.OWN:
            (folder / f"{font}.ttf").write_bytes(fonts.own_font(font))
        template = folder / "picture.typ"
        template.write_text(_PAGE, encoding="utf-8")
        picture = typst.compile(
            template,
            format="png",
            ppi=72 * width / _WIDE,
            font_paths=[folder],
            ignore_system_fonts=True,
            sys_inputs={"drawing": drawing},
        )
    assert isinstance(picture, bytes)
    return picture
