"""An emblem is a stranger's file: its drawing gets onto paper, and nothing that it names, runs or carries."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typst", reason="the extra 'pdf' is not installed")
pypdfium2 = pytest.importorskip("pypdfium2", reason="the extra 'scan' is not installed")
pytest.importorskip("PIL")

from PIL import Image  # noqa: E402
from PIL.PngImagePlugin import PngInfo  # noqa: E402

from pratique.errors import DocumentRefused  # noqa: E402
from pratique.parties import paper  # noqa: E402
from pratique.parties.paper import Paper  # noqa: E402
from pratique.sheet import sheet  # noqa: E402
from pratique.store import pdf as store_pdf  # noqa: E402
from pratique.store.pdf import emblem  # noqa: E402
from tests.unit.edges.test_paper import TEXT, read_back  # noqa: E402
from tests.unit.journeys.test_print import certificate  # noqa: E402

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 30 20">'
RED = '<path d="M0 0h30v20h-30z" fill="#f00"/>'


def svg(inside: str, head: str = HEAD) -> bytes:
    return f"{head}{inside}</svg>".encode()


def png(wide: int = 30, high: int = 20, **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (wide, high), (255, 0, 0)).save(out, "PNG", **more)
    return out.getvalue()


def printed(data: bytes, variant: str) -> bytes:
    words = [store_pdf.builtin(tag) for tag in ("en", "ar")]
    made = sheet(certificate("icvp"), TEXT, wordings=words)
    return store_pdf.render(made, variant=variant, shown=store_pdf.emblem_of(data))


def red_pixels(pdf: bytes) -> list[int]:
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        image = page.render(scale=1).to_pil().convert("RGB")
        colours = image.getcolors(1 << 20) or []
        found.append(sum(count for count, (r, g, b) in colours if r > 200 and g < 60 and b < 60))
    return found


@pytest.mark.parametrize("variant", store_pdf.VARIANTS)
@pytest.mark.parametrize("data", [svg(RED), png()], ids=["svg", "png"])
def test_an_emblem_is_on_paper_with_words_for_it_and_the_code_is_read_beside_it(
    data: bytes, variant: str
) -> None:
    pdf = printed(data, variant)
    assert all(count > 100 for count in red_pixels(pdf))
    assert pdf.count(b"/Alt") >= 2
    assert b"pdfuaid:part>1<" in pdf
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=200 / 72).to_pil()
    out = io.BytesIO()
    page.save(out, "PNG")
    assert read_back(out.getvalue()) == {TEXT}


@pytest.mark.parametrize(("wide", "high"), [(1, 400), (400, 1)])
def test_a_strange_shape_stays_in_its_place(wide: int, high: int) -> None:
    assert max(red_pixels(printed(png(wide, high), "card"))) < 700


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="beside.png" width="30" height="20"/>',
        '<image xlink:href="beside.png" width="30" height="20"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+" width="30" height="20"/>',
        '<g><use xlink:href="#a"/></g>',
        '<linearGradient id="a" href="https://example.org/a.svg#b"/>',
        '<path d="M0 0h9v9z" xlink:href="#a"/>',
        "<script>1</script>",
        '<path d="M0 0h9v9z" onclick="1"/>',
        '<foreignObject width="9" height="9"/>',
        "<text>Ministry</text>",
        '<style>@import "https://example.org/a.css";</style>',
        "<style>path{fill:url(https://example.org/a.svg#b)}</style>",
        "<style>path{clip-path:u\\72l(#a)}</style>",
        '<path d="M0 0h9v9z" fill="url(beside.svg#a)"/>',
        '<path d="M0 0h9v9z" style="filter:url(#a)"/>',
        '<clipPath id="a"><path clip-path="url(#b)" d="M0 0h9v9z"/></clipPath>',
        "<svg/>",
        "<g>" * 70 + "</g>" * 70,
        "<g/>" * 10_001,
        '<pattern id="a"/>',
        '<a href="https://example.org"/>',
    ],
)  # fmt: skip
def test_what_names_runs_or_multiplies_is_refused(inside: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        store_pdf.emblem_of(svg(inside))
    assert caught.value.code == "emblem-refused"
    assert "example.org" not in caught.value.message


def test_a_drawing_that_is_not_looked_at_would_bring_a_file_beside_it_onto_paper(
    tmp_path: Path,
) -> None:
    """The control: the setter of pages does follow links in a drawing."""
    import typst

    (tmp_path / "beside.png").write_bytes(png())
    (tmp_path / "page.typ").write_text(
        '#image(bytes(sys.inputs.drawing), format: "svg")', encoding="utf-8"
    )
    linked = svg('<image href="beside.png" width="30" height="20"/>')
    pdf = typst.Compiler(input=str(tmp_path / "page.typ"), ignore_system_fonts=True).compile(
        format="pdf", sys_inputs={"drawing": linked.decode()}
    )
    assert isinstance(pdf, bytes)
    assert red_pixels(pdf)[0] > 100


ENTITIES = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + svg(
    "<desc>&b;</desc>"
)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a", b"<svg", b"<svg></svg>", b"<html/>", b"\xff\xfe<\x00", ENTITIES,
        ENTITIES.decode().encode("utf-16"),
        svg("", '<svg xmlns="http://www.w3.org/2000/svg">'),
        svg("", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 nan 1">'),
        svg("", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e99 1">'),
        svg("<desc>" + "x" * emblem.LARGEST + "</desc>"),
        png()[:60], png()[:-12], png(2001, 1), png()[:40] + b"\x00" + png()[41:],
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_good_emblem_is_an_error_and_no_fault(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as caught:
        store_pdf.emblem_of(data)
    assert caught.value.code == "emblem-refused"


def test_a_picture_that_claims_pixels_that_it_has_not_is_refused() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 2000, 2000, 8, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    with pytest.raises(DocumentRefused):
        store_pdf.emblem_of(data)


def test_what_is_beside_the_drawing_stays_behind() -> None:
    info = PngInfo()
    info.add_text("Author", "Canaryson")
    picture = png(pnginfo=info)
    assert b"Canaryson" in picture
    assert b"Canaryson" not in emblem.read(picture).data
    drawn = svg(
        "<title>Canaryson</title><metadata><a xmlns='urn:x' href='file:///home/Canaryson'/></metadata>"
        f"<!-- Canaryson -->{RED}",
        HEAD[:-1] + ' xmlns:i="urn:i" i:export="/home/Canaryson/a.png">',
    )
    kept = emblem.read(drawn)
    assert b"Canaryson" not in kept.data
    assert (kept.form, kept.ratio) == ("svg", 1.5)
    assert red_pixels(printed(drawn, "a4"))[0] > 100


def test_gradients_clips_and_styles_of_its_own_are_drawn() -> None:
    inside = (
        '<defs><linearGradient id="a"><stop offset="0" stop-color="#f00"/></linearGradient>'
        '<linearGradient id="b" xlink:href="#a"/><clipPath id="c"><path d="M0 0h30v20h-30z"/></clipPath></defs>'
        '<style>.x{fill:url(#b)}</style><g clip-path="url(#c)"><path class="x" d="M0 0h30v20h-30z"/></g>'
    )
    assert red_pixels(printed(svg(inside), "a4"))[0] > 100


def test_a_job_keeps_its_emblem_and_one_of_an_earlier_release_has_none(tmp_path: Path) -> None:
    path = tmp_path / "emblem.svg"
    path.write_bytes(svg(RED))
    ready = paper.renderer(Paper("card", ("en",), emblem=path), note=lambda _: None)
    assert ready.emblem is not None
    row = paper.as_json(ready)
    assert paper.of_json(row).emblem == path
    del row["emblem"]
    assert paper.of_json(row).emblem is None
