"""Barcodes are read in pictures and PDFs as people hand them in, and no picture does harm."""

from __future__ import annotations

import io
import logging
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import ExtraMissing, Unreadable
from pratique.store import scan as store_scan

zxing = pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")
pytest.importorskip("PIL")
pytest.importorskip("pypdfium2")

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps  # noqa: E402
from PIL.PngImagePlugin import PngInfo  # noqa: E402

from tests.steps import within  # noqa: E402

KNOWN = "HC1:6BF" + "MADE UP 0123456789$%*+-./:" * 12
OTHER = "HC1:NCF" + "ALSO MADE UP 9876543210$%" * 12
FOREIGN = "https://example.org/made-up"


def wanted(text: str) -> bool:
    return text.startswith("HC1:")


def code(
    text: str | bytes = KNOWN, scale: int = 4, *, quiet: bool = True, kind: str = "QRCode"
) -> Image.Image:
    made = zxing.create_barcode(text, getattr(zxing.BarcodeFormat, kind))
    view = memoryview(zxing.write_barcode_to_image(made, scale=scale, add_quiet_zones=quiet))
    assert view.shape is not None
    return Image.frombytes("L", (view.shape[1], view.shape[0]), bytes(view))


def saved(image: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def texts(data: bytes) -> list[str]:
    return [found.text for found in store_scan.read_picture(data, wanted=wanted).codes]


def page(*codes: Image.Image, size: tuple[int, int] = (1000, 1400)) -> Image.Image:
    sheet = Image.new("L", size, 255)
    for number, one in enumerate(codes):
        sheet.paste(one, (40, 40 + number * 500))
    return sheet


def turned(angle: float) -> Image.Image:
    return code().rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def faint(image: Image.Image, low: int, high: int) -> Image.Image:
    return image.point(lambda value: low + value * (high - low) // 255)


def shadowed() -> Image.Image:
    image = faint(code(), 175, 200)
    shade = (
        Image.linear_gradient("L").resize(image.size).point(lambda value: 40 + value * 215 // 255)
    )
    return ImageChops.multiply(image, shade)


def blurred(radius: float) -> Image.Image:
    return code().filter(ImageFilter.GaussianBlur(radius))


def small(pixels_a_module: float) -> Image.Image:
    side = round(code(scale=1).width * pixels_a_module)
    return code(scale=8).resize((side, side), Image.Resampling.BICUBIC)


def in_a_large_photo() -> Image.Image:
    sheet = Image.new("L", (4000, 3000), 170)
    sheet.paste(code(scale=3), (2500, 1700))
    return sheet


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "clean": code,
    "rotated by 7": lambda: turned(7),
    "rotated by 90": lambda: turned(90),
    "rotated by 180": lambda: turned(180),
    "mirrored": lambda: ImageOps.mirror(code()),
    "small": lambda: code(scale=1),
    "small, modules of uneven size": lambda: small(1.7),
    "inverted": lambda: ImageOps.invert(code()),
    "low contrast": lambda: faint(code(), 120, 140),
    "hardly any contrast": lambda: faint(code(), 120, 124),
    "shadowed": shadowed,
    "slightly blurred": lambda: blurred(1.2),
    "blurred": lambda: blurred(2),
    "without quiet zone": lambda: code(quiet=False),
    "inverted without quiet zone": lambda: ImageOps.invert(code(quiet=False)),
    "in a large photo": in_a_large_photo,
    "huge": lambda: code(scale=60),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_code_is_read_however_it_was_taken(name: str) -> None:
    assert texts(saved(PICTURES[name]())) == [KNOWN]


def dotted(size: int, part: float, *, corners: bool) -> Image.Image:
    """Draw a code of round modules, `part` of a module wide; `corners`: the finders too."""
    plain = code(scale=1, quiet=False)
    end = plain.width - 7
    sheet = Image.new("L", ((plain.width + 8) * size,) * 2, 255)
    draw, gap = ImageDraw.Draw(sheet), size * (1 - part) / 2
    for y in range(plain.width):
        for x in range(plain.width):
            if plain.getpixel((x, y)):
                continue
            left, top = (x + 4) * size, (y + 4) * size
            box = (left + gap, top + gap, left + size - 1 - gap, top + size - 1 - gap)
            in_corner = (x < 7 and (y < 7 or y >= end)) or (x >= end and y < 7)
            if in_corner and not corners:
                draw.rectangle((left, top, left + size - 1, top + size - 1), 0)
            else:
                draw.ellipse(box, 0)
    return sheet


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("part", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("size", [5, 12, 20])
def test_round_modules_are_read(size: int, part: float, corners: bool, inverted: bool) -> None:
    image = dotted(size, part, corners=corners)
    assert texts(saved(ImageOps.invert(image) if inverted else image)) == [KNOWN]


def test_a_line_end_in_a_code_stays_part_of_its_text() -> None:
    assert texts(saved(code(KNOWN + "\n"))) == [KNOWN + "\n"]


@pytest.mark.parametrize("name", ["hardly any contrast", "shadowed", "blurred"])
def test_the_harder_looks_read_what_the_quick_one_does_not(name: str) -> None:
    assert store_scan.quick(PICTURES[name]()) == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PDF"])
def test_every_kind_is_told_by_its_bytes_and_read(kind: str) -> None:
    data = saved(code(), kind)
    assert store_scan.is_picture(data)
    assert texts(data) == [KNOWN]


def test_a_poor_jpeg_is_read() -> None:
    assert texts(saved(code(), "JPEG", quality=30)) == [KNOWN]


@pytest.mark.parametrize("kind", ["AztecCode", "PDF417", "DataMatrix"])
def test_other_barcodes_are_read(kind: str) -> None:
    assert texts(saved(code(kind=kind))) == [KNOWN]


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F", "YCbCr"])
def test_every_colour_model_is_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG" if mode in {"1", "P", "RGBA", "LA"} else "TIFF"
    image = code()
    if mode == "I;16":
        raw = b"".join(struct.pack("<H", value * 16) for value in image.tobytes())
        image = Image.frombytes("I;16", image.size, raw)
    data = saved(image.convert(mode), kind)
    assert texts(data) == [KNOWN]


@pytest.mark.parametrize("ink", [0, 255])
def test_a_code_on_a_transparent_ground_is_read(ink: int) -> None:
    image = Image.merge("LA", [Image.new("L", code().size, ink), ImageOps.invert(code())])
    assert texts(saved(image)) == [KNOWN]


def test_of_two_codes_the_known_one_is_told_apart() -> None:
    scan = store_scan.read_picture(saved(page(code(FOREIGN), code())), wanted=wanted)
    assert [(found.text, found.known) for found in scan.codes] == [(FOREIGN, False), (KNOWN, True)]
    assert [found.text for found in scan.known] == [KNOWN]


def test_a_foreign_code_alone_is_told_as_such() -> None:
    scan = store_scan.read_picture(saved(code(FOREIGN)), wanted=wanted)
    assert scan.codes == (store_scan.Found(FOREIGN, 1, known=False),)
    assert scan.known == ()


def test_a_foreign_code_does_not_keep_from_looking_harder() -> None:
    sheet = page(code(FOREIGN), faint(code(), 251, 255))
    assert store_scan.quick(sheet) == [FOREIGN]
    assert texts(saved(sheet)) == [FOREIGN, KNOWN]


def test_two_different_certificates_are_both_told_in_reading_order() -> None:
    sheet = Image.new("L", (1100, 500), 255)
    sheet.paste(code(OTHER), (600, 30))
    sheet.paste(code(KNOWN), (40, 60))
    assert [found.text for found in store_scan.read_picture(saved(sheet), wanted=wanted).known] == [
        KNOWN,
        OTHER,
    ]


def test_one_certificate_twice_is_one() -> None:
    assert texts(saved(page(code(), code()))) == [KNOWN]


def test_a_picture_without_a_code_holds_none() -> None:
    assert store_scan.read_picture(saved(page()), wanted=wanted) == store_scan.Scan((), 1)


def test_every_page_of_a_pdf_is_read() -> None:
    sheets = [page(), page(code()), page(code(OTHER), code())]
    data = saved(sheets[0], "PDF", save_all=True, append_images=sheets[1:], resolution=120)
    scan = store_scan.read_picture(data, wanted=wanted)
    assert [(found.text, found.page) for found in scan.codes] == [(KNOWN, 2), (OTHER, 3)]
    assert scan.pages == 3


def test_a_small_code_on_a_pdf_page_is_read_at_a_higher_resolution() -> None:
    data = saved(page(code(scale=2)), "PDF", resolution=350)
    ((_, quick),) = store_scan.pages(data, "PDF", "it")
    assert store_scan.quick(quick) == []
    assert texts(data) == [KNOWN]


def test_every_frame_of_an_animation_is_read() -> None:
    stills = [page().convert("P"), page(code()).convert("P")]
    data = saved(stills[0], "GIF", save_all=True, append_images=stills[1:], duration=100)
    assert store_scan.read_picture(data, wanted=wanted).codes == (
        store_scan.Found(KNOWN, 2, known=True),
    )


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_too_many_pages_are_refused_and_not_cut_off(kind: str) -> None:
    sheets = [Image.new("L", (20, 20), number) for number in range(store_scan.MAX_PAGES + 1)]
    enough = saved(sheets[0], kind, save_all=True, append_images=sheets[1:-1])
    assert store_scan.read_picture(enough, wanted=wanted).pages == store_scan.MAX_PAGES
    with pytest.raises(Unreadable, match="pages") as caught:
        texts(saved(sheets[0], kind, save_all=True, append_images=sheets[1:]))
    assert caught.value.hint


def bomb(side: int, depth: int = 1, colour: int = 0) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0))
    body = zlib.compress(bytes(10_000_000))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pdf_bomb(side: int = 30_000, shown: bytes = b"q 99 0 0 99 0 0 cm /I Do Q") -> bytes:
    """A page that shows a picture of so many pixels by so many."""
    packed = zlib.compress(bytes(1000))
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R %s >>"
        % b"/Resources << /XObject << /I 5 0 R >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (side, side, len(packed), packed),
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, part) for n, part in enumerate(parts, 1))
    return b"%PDF-1.4\n" + body + b"trailer\n<< /Root 1 0 R /Size 6 >>\n%%EOF\n"


def slow_jpeg() -> bytes:
    """A progressive picture whose last pass is ordered over and over."""
    data = saved(Image.new("L", (64, 64)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * (store_scan.MAX_SCANS + 1) + data[-2:]


def wide_jpeg() -> bytes:
    """A progressive picture whose header has far more pixels than it holds."""
    data = bytearray(saved(Image.new("L", (64, 64)), "JPEG", progressive=True))
    place = data.index(b"\xff\xc2") + 5
    data[place : place + 4] = struct.pack(">HH", 8_000, 7_900)
    return bytes(data)


def tiff(pages: int, width: int, height: int, strips: int) -> bytes:
    """A black and white TIFF of several pages, all strips of which lie at one place."""
    listed = 8 + 16
    fields = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 0),
              (273, 4, strips, 8 if strips == 1 else listed), (278, 4, 1, -(-height // strips)),
              (279, 4, strips, 16 if strips == 1 else listed + 4 * strips)]  # fmt: skip
    data = b"II*\0" + bytes(4) + bytes(16)
    if strips > 1:
        data += struct.pack("<I", 8) * strips + struct.pack("<I", 1) * strips
    link = 4
    for _ in range(pages):
        place = len(data)
        data = data[:link] + struct.pack("<I", place) + data[link + 4 :]
        data += struct.pack("<H", len(fields))
        data += b"".join(struct.pack("<HHII", *field) for field in fields)
        link, data = len(data), data + bytes(4)
    return data


BOMBS: dict[str, Callable[[], bytes]] = {
    "20k": lambda: bomb(20_000),
    "10k": lambda: bomb(10_000),
    "colours of 16 bits": lambda: bomb(7_900, 16, 6),
    "pdf": pdf_bomb,
    "pdf that draws one picture over and over": lambda: pdf_bomb(
        7_000, b"q 99 0 0 99 0 0 cm /I Do Q\n" * 9
    ),
    "pdf of many objects": lambda: pdf_bomb(8, b"0 0 1 1 re f\n" * 201),
    "slow": slow_jpeg,
    "wide": wide_jpeg,
    "pages": lambda: tiff(store_scan.MAX_PAGES, 7_900, 7_900, 1),
    "strips": lambda: tiff(1, 8, store_scan.MAX_STRIPS + 1, store_scan.MAX_STRIPS + 1),
}


@pytest.mark.parametrize("what", BOMBS)
def test_what_unpacks_to_far_too_much_is_refused_before_it_is_unpacked(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_scan, "MAX_OBJECTS", 200, raising=False)
    data = BOMBS[what]()

    def unpacked(*_: object, **__: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr("PIL.Image.Image.convert", unpacked)
    monkeypatch.setattr("zxingcpp.read_barcodes", unpacked)
    with pytest.raises(Unreadable) as caught:
        within(20_000, lambda: texts(data))
    assert caught.value.code == "picture-too-large"
    assert "screenshot" in caught.value.hint


def test_pages_that_are_too_much_together_are_refused_and_not_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheets = [Image.new("L", (20, 20), number) for number in range(4)]
    data = saved(sheets[0], "GIF", save_all=True, append_images=sheets[1:])
    monkeypatch.setattr(store_scan, "MAX_ALL_PIXELS", 4 * 400)
    assert store_scan.read_picture(data, wanted=wanted).pages == 4
    monkeypatch.setattr(store_scan, "MAX_ALL_PIXELS", 4 * 400 - 1)
    with pytest.raises(Unreadable) as caught:
        texts(data)
    assert caught.value.code == "picture-too-large"


def test_what_lies_on_no_ground_is_laid_on_one_strip_by_strip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid: list[int] = []
    real = store_scan._laid_on

    def noted(clear: Image.Image, ground: str) -> Image.Image:
        laid.append(clear.width * clear.height)
        return real(clear, ground)

    monkeypatch.setattr(store_scan, "_STRIP_PIXELS", 10_000)
    monkeypatch.setattr(store_scan, "_laid_on", noted)
    clear = code().convert("RGBA")
    clear.putalpha(255)
    assert texts(saved(clear))
    assert len(laid) > 1
    assert max(laid) <= 10_000


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(Unreadable, match="MiB"):
        texts(saved(code()) + bytes(store_scan.MAX_BYTES))


def test_harder_looks_at_noise_end_with_the_budget() -> None:
    noise = Image.effect_noise((300, 300), 80)
    assert store_scan.hard(noise, wanted, budget := store_scan.Budget(500_000)) == []
    assert budget.pixels < 0
    assert store_scan.hard(blurred(2), wanted, budget) == []
    assert store_scan.hard(blurred(2), wanted, store_scan.Budget()) == [KNOWN]


def locked_pdf() -> bytes:
    """An encrypted file, as far as a reader gets without the password."""
    head = saved(code(), "PDF")
    rest = (
        b" /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"00" * 32
        + b"> /U <" + b"00" * 32 + b"> >> /ID [<00> <00>]"
    )  # fmt: skip
    at = head.rindex(b">>", 0, head.rindex(b"startxref"))
    return head[:at] + rest + head[at:]


def test_a_locked_pdf_is_refused_with_a_hint() -> None:
    with pytest.raises(Unreadable, match="password"):
        texts(locked_pdf())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PDF"])
def test_a_truncated_file_is_unreadable_or_read(kind: str) -> None:
    data = saved(code(), kind)
    for cut in (8, 12, 40, len(data) // 3, len(data) // 2, len(data) - 9):
        try:
            assert texts(data[:cut]) in ([], [KNOWN])
        except Unreadable as error:
            assert error.hint  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("data", [b"", b"words", b"BM is how a text may begin", KNOWN.encode()])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert not store_scan.is_picture(data)
    with pytest.raises(Unreadable, match="kind"):
        texts(data)


def test_a_picture_of_a_kind_that_is_not_read_is_a_picture_and_is_refused() -> None:
    avif = b"\x00\x00\x00\x18ftypavif" + bytes(40)
    assert store_scan.is_picture(avif)
    with pytest.raises(Unreadable, match="kind") as caught:
        texts(avif)
    assert "JPEG" in caught.value.hint


HEIC = Path(__file__).parent / "pictures" / "traveller.heic"
ROOT = Path(__file__).resolve().parents[3]


def test_a_phones_picture_is_read_where_its_extra_is_installed() -> None:
    pytest.importorskip("pi_heif", reason="the extra 'heic' is not installed")
    data = HEIC.read_bytes()
    assert texts(data) == texts((ROOT / "examples" / "traveller.png").read_bytes())
    for cut in (24, 400, len(data) // 2):
        with pytest.raises(Unreadable):
            texts(data[:cut])


def test_without_the_extra_a_phones_picture_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(Unreadable, match="HEIC") as caught:
        texts(HEIC.read_bytes())
    assert "JPEG" in caught.value.hint
    assert "heic" in caught.value.hint


MAGIC = [
    b"",
    *store_scan._MAGIC,
    b"RIFF\x00\x00\x00\x00WEBP",
    b"BM\x99\x00\x00\x00" + bytes(4),
    b"%PDF-1.7",
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MAGIC), st.binary(max_size=300))
def test_random_bytes_are_unreadable_and_nothing_worse(magic: bytes, rest: bytes) -> None:
    with suppress(Unreadable):
        assert texts(magic + rest) == []


WHOLE = {kind: saved(code(scale=1), kind) for kind in sorted(store_scan.READ)}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damaged_pictures_are_read_or_unreadable(kind: str, draw: st.DataObject) -> None:
    data = bytearray(WHOLE[kind])
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(Unreadable):
        texts(bytes(data))


def test_nothing_of_a_picture_is_in_an_error_a_log_or_a_repr(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    info = PngInfo()
    info.add_text("Author", "Made Upperson")
    tagged = saved(code(), "TIFF", tiffinfo={315: "Made Upperson"})
    scan = store_scan.read_picture(tagged, wanted=wanted)
    shown = repr(scan) + repr(scan.codes) + str(scan.known)
    for data in (tagged[:-400], saved(code(), pnginfo=info)[:-200]):
        with pytest.raises(Unreadable) as caught:
            texts(data)
        shown += repr(caught.value) + str(caught.value.__cause__)
        assert caught.value.__suppress_context__
    shown += caplog.text
    assert "HC1" not in shown
    assert "Upperson" not in shown
    assert list(tmp_path.iterdir()) == []


def test_pillow_would_log_a_name(caplog: pytest.LogCaptureFixture) -> None:
    tagged = saved(code(), "TIFF", tiffinfo={315: "Made Upperson"})
    with caplog.at_level(logging.DEBUG, logger="PIL"):
        Image.open(io.BytesIO(tagged)).load()
    assert "Upperson" in caplog.text


def test_the_callers_name_for_it_is_what_an_error_says() -> None:
    with pytest.raises(Unreadable, match=r"^file 2 is damaged"):
        store_scan.read_picture(saved(code())[:-200], "file 2", wanted=wanted)


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    assert store_scan.is_picture(saved(code()))
    with pytest.raises(ExtraMissing, match="scan"):
        texts(saved(code()))


def test_a_blurred_data_matrix_is_read_by_a_harder_look() -> None:
    said = "DC04FR0000011E6D1E6DL101FRL0SPECIMEN\x1dL1A\x1d\x1fABCDEFGH"
    clear = code(said, kind="DataMatrix", scale=3)
    blurred = clear.convert("L").filter(ImageFilter.GaussianBlur(1.5)).point(lambda v: 100 + v // 6)
    assert store_scan.quick(blurred) == []
    assert store_scan.hard(blurred, lambda text: text == said, store_scan.Budget()) == [said]


def test_an_archives_bytes_come_out_as_they_are() -> None:
    data = b"PK\x03\x04" + bytes(range(256))
    assert store_scan.quick(code(data)) == [data.decode("latin-1")]
