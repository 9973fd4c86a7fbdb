"""A certificate goes to paper and comes back; what is not authentic never gets there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("typst", reason="the extra 'pdf' is not installed")
pytest.importorskip("pypdfium2", reason="the extra 'scan' is not installed")

from pratique.cli.main import pratique
from pratique.errors import DocumentRefused, UsageError
from pratique.store import scan

ROOT = Path(__file__).resolve().parents[2]
BELIEVED = ("--trust", str(ROOT / "examples/utopia.pem"), "--at", "2026-06-01")
TEXT = (ROOT / "examples/traveller.txt").read_text(encoding="utf-8").strip()
TESTED = (ROOT / "examples/tested.txt").read_text(encoding="utf-8").strip()
NAMES = ("Sampleov", "Testina")


Print = Callable[..., Result]


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Print:
    """Run `issuer print`, in a home folder of its own."""
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))

    def run(*arguments: str, **options: Any) -> Result:
        words = ["issuer", "print", *arguments]
        return CliRunner().invoke(pratique, words, standalone_mode=False, **options)

    return run


def read_back(path: Path) -> set[str]:
    return {
        found.text
        for found in scan.read_picture(
            path.read_bytes(), wanted=lambda text: text.startswith("HC1:")
        ).known
    }


@pytest.mark.parametrize("variant", ["a4", "card", "large"])
def test_what_is_printed_is_the_text_that_was_signed(
    printed: Print, tmp_path: Path, variant: str
) -> None:
    out = tmp_path / "one.pdf"
    done = printed(TEXT, "--out", str(out), "--variant", variant, *BELIEVED)
    assert done.return_value == 0
    assert read_back(out) == {TEXT}


def test_a_pile_comes_in_order_in_files_that_name_nobody(printed: Print, tmp_path: Path) -> None:
    folder = tmp_path / "pile"
    done = printed("-", "--out", str(folder), *BELIEVED, input=f"{TEXT}\n{TESTED}\n")
    assert done.return_value == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "certificate-0001.pdf",
        "certificate-0002.pdf",
    ]
    assert read_back(folder / "certificate-0002.pdf") == {TESTED}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert not any(name in done.output for name in NAMES)


def _forged() -> str:
    cases = json.loads((ROOT / "vectors/cases/signature.json").read_text(encoding="utf-8"))["cases"]
    found = next(c for c in cases if "SIGNATURE_INVALID" in c["expected"]["findings"])
    return str(found["text"])


@pytest.mark.parametrize(
    ("text", "said", "at"),
    [
        (TEXT[:-8] + "AAAAAAAA", ("is not printed", 4), "2026-06-01"),
        (TEXT, ("EXPIRED", 1), "2031-01-01"),
        (_forged(), ("is not printed", 1), "2026-06-01"),
        ("HC1:", ("is not printed", 4), "2026-06-01"),
    ],
)
def test_what_is_not_authentic_and_in_force_is_not_printed_nor_is_what_lies_beside_it(
    printed: Print, tmp_path: Path, text: str, said: tuple[str, int], at: str
) -> None:
    folder = tmp_path / "pile"
    done = printed(TESTED, text, "--out", str(folder), *BELIEVED[:2], "--at", at)
    assert done.return_value == said[1]
    assert said[0] in done.output
    assert not folder.exists()
    assert not any(name in done.output for name in NAMES)


def test_without_anybody_to_believe_nothing_is_printed(printed: Print, tmp_path: Path) -> None:
    done = printed(TEXT, "--out", str(tmp_path / "one.pdf"), "--at", "2026-06-01")
    assert isinstance(done.exception, DocumentRefused)
    assert done.exception.code == "no-trust-list"


def test_a_sheet_takes_no_others_place(printed: Print, tmp_path: Path) -> None:
    assert printed(TEXT, "--out", str(tmp_path / "pile"), *BELIEVED).return_value == 0
    before = (tmp_path / "pile/certificate-0001.pdf").read_bytes()
    done = printed(TESTED, "--out", str(tmp_path / "pile"), *BELIEVED)
    assert isinstance(done.exception, UsageError)
    assert done.exception.code == "out-taken"
    assert (tmp_path / "pile/certificate-0001.pdf").read_bytes() == before


def test_a_participants_own_language_comes_first_and_its_gaps_are_told(
    printed: Print, tmp_path: Path
) -> None:
    words = tmp_path / "hu.toml"
    words.write_text('language = "hu"\n[labels]\nvaccination = "Oltási igazolás"\n', "utf-8")
    out = tmp_path / "one.pdf"
    done = printed(TEXT, "--out", str(out), "--words", str(words), *BELIEVED)
    assert done.return_value == 0
    assert "note: hu stays English in: test, recovery" in done.output

    import pypdfium2

    document = pypdfium2.PdfDocument(out.read_bytes())
    assert document.get_metadata_dict()["Title"] == "Oltási igazolás"
    assert "Date of birth (en)" in document[0].get_textpage().get_text_range()


def test_a_language_without_a_font_is_left_out_unless_it_was_asked_for(
    printed: Print, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pratique.store.pdf import fonts

    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts._candidates.cache_clear()
    try:
        done = printed(TEXT, "--out", str(tmp_path / "one.pdf"), *BELIEVED)
        asked = printed(TEXT, "--out", str(tmp_path / "two.pdf"), "--language", "zh", *BELIEVED)
    finally:
        fonts._candidates.cache_clear()
    assert done.return_value == 0
    assert "note: no font here can write zh" in done.output
    assert isinstance(asked.exception, UsageError)
    assert asked.exception.code == "font-missing"
    assert not (tmp_path / "two.pdf").exists()
