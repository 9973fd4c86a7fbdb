"""A drawing becomes a picture with our own fonts, patterns included, and the same one each time."""

from __future__ import annotations

import sys
from io import BytesIO

import pytest

from pratique.errors import ExtraMissing
from pratique.impact import chart
from pratique.impact.shut_out import Access

pytest.importorskip("typst", reason="the extra pdf is not installed")
pytest.importorskip("PIL", reason="the extra scan is not installed")

from PIL import Image

from pratique.store import pictures


def drawing() -> str:
    """Return fields of every class, each 100 units wide, and a word."""
    fields = "".join(
        f'<g transform="translate({100 * at} 0) scale(3)">{chart.swatch(access)}</g>'
        for at, access in enumerate(Access)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{chart.patterns()}{fields}'
        f'<text x="5" y="90" font-size="16" {chart.FONT}>18 to 28 countries</text></svg>'
    )


def test_a_picture_has_its_size_its_patterns_and_its_words() -> None:
    picture = Image.open(BytesIO(pictures.png(drawing(), 800))).convert("RGB")
    assert picture.size == (800, 200)
    for at, access in enumerate(Access):
        field = picture.crop((200 * at + 10, 10, 200 * at + 180, 110))
        colours = {colour for _, colour in field.getcolors(1 << 16) or ()}
        ink = chart.INKS[access]
        grounds = {tuple(bytes.fromhex(colour[1:])) for colour in (ink.ground, ink.line)}
        assert grounds <= colours, access
    text = picture.crop((0, 140, 400, 200)).convert("L")
    assert min(text.tobytes()) < 64


def test_the_same_drawing_gives_the_same_picture() -> None:
    assert pictures.png(drawing(), 200) == pictures.png(drawing(), 200)


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ExtraMissing, match="pdf") as error:
        pictures.png(drawing())
    assert error.value.hint == "pip install 'pratique[pdf]'"
