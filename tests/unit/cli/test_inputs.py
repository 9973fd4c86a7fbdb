"""The same text gives the same answer as an argument, from a file, from standard input, in a picture."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pratique.cli.main import pratique
from pratique.findings import Code, Finding
from pratique.parties import inputs, verifier
from pratique.parties.inputs import Item, every
from pratique.verification import verify
from tests.unit.formats.test_wrapping import GOOD, OTHER, WORDS, WRAPS, numbered
from tools import measure

zxing = pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")
Image = pytest.importorskip("PIL.Image")

SCHEMA = Path(__file__).parents[3] / "docs/reference/pratique-verification-1.schema.json"
AT = "2026-06-01T12:00:00Z"


def pictured(text: str) -> bytes:
    made = zxing.create_barcode(text, zxing.BarcodeFormat.QRCode)
    view = memoryview(zxing.write_barcode_to_image(made, scale=4, add_quiet_zones=True))
    assert view.shape is not None
    buffer = io.BytesIO()
    Image.frombytes("L", (view.shape[1], view.shape[0]), bytes(view)).save(buffer, "PNG")
    return buffer.getvalue()


class Typed:
    """Standard input that holds some bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


def typed(data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Item]:
    monkeypatch.setattr(sys, "stdin", Typed(data))
    return list(every(["-"]))


def filed(data: bytes, folder: Path) -> list[Item]:
    path = folder / "handed-in"
    path.write_bytes(data)
    return list(every([str(path)]))


Said = list[tuple[str | None, tuple[Finding, ...], Finding | None]]


def said(found: list[Item]) -> Said:
    return [(item.text, item.notes, item.finding) for item in found]


@pytest.mark.parametrize("how", WRAPS)
def test_each_wrapping_is_the_same_on_all_ways_in(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = WRAPS[how](numbered(3))
    expected = said(list(every([text])))
    assert [(one[0], one[2]) for one in expected] == [(numbered(3), None)]
    assert said(filed(text.encode(), tmp_path)) == expected
    assert said(typed(text.encode(), monkeypatch)) == expected
    assert said(filed(pictured(text), tmp_path)) == expected
    assert said(typed(pictured(text), monkeypatch)) == expected


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=4),
    st.lists(
        st.sampled_from(sorted(set(WRAPS) - {"a document", "a web page"})), min_size=4, max_size=4
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
@example([0], ["full width"] * 4, "utf-16-le", "\n")
@example([0], ["full width"] * 4, "utf-16-be", "\n")
def test_many_are_the_same_on_all_ways_in(
    tmp_path: Path, numbers: list[int], hows: list[str], encoding: str, end: str
) -> None:
    codes = [numbered(n) for n in numbers]
    text = end.join(WRAPS[how](code) for how, code in zip(hows, codes, strict=False)) + end
    expected = said(list(every([text])))
    assert [one[0] for one in expected] == codes
    with pytest.MonkeyPatch.context() as patch:
        assert said(filed(text.encode(encoding), tmp_path)) == expected
        assert said(typed(text.encode(encoding), patch)) == expected


@pytest.mark.parametrize(
    "text",
    [
        GOOD[:200], GOOD[:30] + "?" + GOOD[31:], "HC1:", "HC1", "NL2:K9P-34", "shc:/5676", "",
        "DC04FR0000011E6A1E6AL101FR\x1dL0X\x1fABC", '{"data":{"hdr":{}}}', "<svg>\n</svg>",
        f"{GOOD}\n{GOOD[:100]}\n{OTHER}", WORDS, "\ufeff", "  \n ", "hello there",
    ],
)  # fmt: skip
def test_what_is_not_read_is_the_same_on_all_ways_in(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def codes(found: list[Item]) -> list[Code | None]:
        return [None if item.finding is None else item.finding.code for item in found]

    expected = codes(list(every(["\n" + text])))
    if text == "HC1":
        expected = [Code.PREFIX_UNKNOWN]
    assert codes(filed(text.encode(), tmp_path)) == expected
    if text.strip("\ufeff \n"):
        assert codes(typed(text.encode(), monkeypatch)) == expected


def test_an_argument_that_is_no_file_and_no_text_is_told() -> None:
    (item,) = every(["nowhere.png"])
    assert item.text is None
    assert item.finding == Finding(Code.INPUT_UNREADABLE)
    assert item.label == "argument 1"


def test_a_file_with_a_name_like_a_code_s_does_not_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my HC1 code.txt").write_text(GOOD)
    assert [item.text for item in every(["my HC1 code.txt"])] == [GOOD]


def test_an_archive_and_other_bytes_are_named(tmp_path: Path) -> None:
    archive = tmp_path / "x.xlsx"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("xl/workbook.xml", "x")
    divoc = tmp_path / "y"
    with zipfile.ZipFile(divoc, "w") as made:
        made.writestr("certificate.json", "{}")
    noise = tmp_path / "z"
    noise.write_bytes(bytes(range(256)))
    found = [item.finding for item in every([str(archive), str(divoc), str(noise)])]
    assert found == [
        Finding(Code.FILE_NOT_READ, "an archive or office document"),
        None,
        Finding(Code.FILE_NOT_READ),
    ]


def test_each_error_names_its_input(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    heic = tmp_path / "photo.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    found = list(every([str(heic), GOOD, str(broken)]))
    assert [item.label for item in found] == ["photo.heic", "text 2", "broken.png"]
    assert [item.text for item in found] == [None, GOOD, None]


def test_an_empty_folder_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    found = list(every([str(tmp_path), GOOD]))
    assert [item.text for item in found] == [None, GOOD]
    assert found[0].finding == Finding(Code.INPUT_UNREADABLE)


def test_a_table_s_rows_are_unwrapped_too(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f'row,text\n1," {GOOD}"\n2,{GOOD[:90]}\n3,\n')
    found = list(every([str(table)]))
    assert [item.finding is None for item in found] == [True, False, False]
    assert found[0].text == GOOD


def test_a_fault_in_reading_one_input_lets_the_next_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def boom(*_: object) -> Iterator[Item]:
        raise RecursionError("Sampleov\u00e1 Testina")

    monkeypatch.setattr(inputs, "_path", boom)
    found = list(every(["some-file", GOOD]))
    assert found[1].text == GOOD
    assert found[0].finding is not None
    assert found[0].finding.code is Code.UNFORESEEN
    assert "Testina" not in str(found[0].finding)


@pytest.fixture
def border(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "snapshot", lambda _home: measure.snapshot())


def call(*words: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(pratique, words, input=given, standalone_mode=False)


def test_verify_says_what_was_not_read_and_ends_with_4(border: None) -> None:
    done = call("verify", GOOD, GOOD[:100], "NL2:X", "--at", AT)
    assert done.return_value == 4
    assert "? NOT READ  scan again" in done.stdout
    assert "RED" not in done.stdout
    assert "2 amber, 1 could not be read" in done.stderr


def test_a_format_that_is_not_read_ends_with_3(border: None) -> None:
    assert call("verify", "NL2:X", "--at", AT).return_value == 3


def test_json_says_of_each_input_whether_it_was_read(border: None) -> None:
    done = call("verify", GOOD, "nowhere.png", GOOD[:100], "--at", AT, "--format", "json")
    document = json.loads(done.stdout)
    assert [row["read"] for row in document["results"]] == [True, False, False]
    assert [row["colour"] for row in document["results"]] == ["amber"] * 3
    schema = json.loads(SCHEMA.read_text())
    assert list(jsonschema_rs.validator_for(schema).iter_errors(document)) == []


def test_a_fault_of_the_program_stops_one_input_and_ends_with_70(
    border: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = numbered(5)
    judge = verify

    def boom(text: str, **how: object) -> object:
        if text == other:
            raise UnicodeError("Sampleov\u00e1 Testina")
        return judge(text, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(verifier, "verify_text", boom)
    done = call("verify", GOOD, other, GOOD, "--at", AT)
    assert done.return_value == 70
    assert done.stdout.count("AMBER") == 2
    assert "UNFORESEEN (UnicodeError" in done.stdout
    assert "2 amber, 1 stopped by a fault of this program" in done.stderr


def test_decide_tells_what_was_not_read(border: None) -> None:
    done = call("decide", GOOD[:100], "--to", "XU", "--on", AT)
    assert done.return_value in {2, 4}


def test_inspect_goes_on_after_what_is_not_read(border: None) -> None:
    done = call("inspect", "nowhere.png", f'"{GOOD}"', "NL2:X")
    assert done.return_value == 4
    assert "nowhere" not in done.stdout
    assert "reads_as: vaccination" in done.stdout
    assert "FORMAT_NOT_READ" in done.stdout


class Scanner(io.BytesIO):
    """A scanner's line: what is asked of it is noted, and nobody may wait for its end."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[int] = []

    def readline(self, size: int | None = -1, /) -> bytes:
        self.asked.append(-1 if size is None else size)
        return super().readline(size)

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("it was waited for the scanner's end")


def scanned(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Item], Scanner]:
    stdin = Typed(b"")
    stdin.buffer = scanner = Scanner(data)
    monkeypatch.setattr(sys, "stdin", stdin)
    return list(every(["-"])), scanner


@pytest.mark.parametrize("bad", [b"HC1:\x80\x01", b"\xc3(", b"\x1bNC\x80\x02"], ids=repr)
@pytest.mark.parametrize("first", [True, False])
def test_a_line_of_other_bytes_costs_itself_and_the_next_is_judged(
    bad: bytes, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [bad, b"", numbered(1).encode(), b"", numbered(2).encode()]
    if not first:
        lines.insert(0, numbered(3).encode())
    found, _ = scanned(b"\n".join(lines) + b"\n", monkeypatch)
    codes = [numbered(3)] * (not first) + [numbered(1), numbered(2)]
    assert [item.text for item in found if item.finding is None] == codes
    assert sum(item.finding is not None for item in found) == 1


def test_the_zero_that_ends_a_string_in_c_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = b"".join(numbered(n).encode() + b"\0\r\n" for n in (1, 2))
    found, _ = scanned(data, monkeypatch)
    assert [item.text for item in found] == [numbered(1), numbered(2)]


@pytest.mark.parametrize("size", [inputs.LONGEST_LINE + 1, 3 * inputs.LONGEST_LINE])
@pytest.mark.parametrize("fill", [b"x", b"HC1:6BF", b" "])
def test_a_line_that_never_ends_costs_itself_and_is_read_in_pieces(
    size: int, fill: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = (fill * size)[:size]
    lines = [numbered(1).encode(), long, numbered(2).encode(), long, long, numbered(3).encode()]
    found, scanner = scanned(b"\n".join(lines), monkeypatch)
    said = [(item.label, item.text or None, item.finding and item.finding.code) for item in found]
    assert said == [
        ("line 1", numbered(1), None), ("line 2", None, Code.TEXT_TOO_LONG), ("line 3", numbered(2), None),
        ("line 4", None, Code.TEXT_TOO_LONG), ("line 5", None, Code.TEXT_TOO_LONG), ("line 6", numbered(3), None),
    ]  # fmt: skip
    assert max(scanner.asked) <= inputs.LONGEST_LINE + 1
    assert min(scanner.asked) >= 0


def test_lines_that_end_as_those_of_old_machines_are_no_line_that_never_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inputs, "LONGEST_LINE", 3_000)
    data = b"\r".join(numbered(n).encode() for n in range(20))
    found, _ = scanned(data, monkeypatch)
    assert [item.text for item in found] == [numbered(n) for n in range(20)]


def test_a_picture_that_never_ends_is_read_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "LIMIT", 100)
    (item,) = typed(b"\x89PNG\r\n\x1a\n" + bytes(1_000), monkeypatch)
    assert item.finding == Finding(Code.INPUT_UNREADABLE)
    assert "larger" in item.remark


def test_a_row_that_never_ends_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "certificates-00000.csv"
    long = "x" * (inputs.LONGEST_TABLE_LINE + 1)
    path.write_text(f"row,text\n1,{numbered(1)}\n2,{long}\n3,{numbered(2)}\n")
    found = list(every([str(path)]))
    assert [item.text for item in found if item.finding is None] == [numbered(1), numbered(2)]
    assert [item.finding.code for item in found if item.finding is not None] == [Code.TEXT_TOO_LONG]


@pytest.mark.parametrize("plant", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_of_a_folder_is_told_and_the_others_are_judged(
    plant: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(numbered(1))
    plant(tmp_path / "b.txt")
    (tmp_path / "c.txt").write_text(numbered(2))
    found = list(every([str(tmp_path)]))
    assert [(item.label, item.text) for item in found] == [
        ("a.txt", numbered(1)), ("b.txt", None), ("c.txt", numbered(2)),
    ]  # fmt: skip
    assert found[1].finding == Finding(Code.INPUT_UNREADABLE)


def test_a_link_and_a_pipe_that_a_person_names_are_read(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text(numbered(1))
    (tmp_path / "link.txt").symlink_to("real.txt")
    end, other = os.pipe()
    os.write(other, numbered(2).encode())
    os.close(other)
    found = list(every([str(tmp_path / "link.txt"), f"/dev/fd/{end}"]))
    os.close(end)
    assert [item.text for item in found] == [numbered(1), numbered(2)]
