"""The field's cases of codes, scanners and pictures, as a desk hands them in: none is RED."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique

NOW = "2022-07-01"


def run(home: Path, *words: str | Path, given: bytes = b"") -> Result:
    words = (*words, "--home", home)
    return CliRunner().invoke(
        pratique, [str(word) for word in words], input=given, standalone_mode=False
    )


@pytest.fixture
def home(field_cases: Path, tmp_path: Path) -> Path:
    keys = sorted((field_cases / "verifier/keys").glob("*.pem"))
    assert run(tmp_path, "trust", "import", *keys).exit_code == 0
    return tmp_path


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("good.txt", 3, "NO_RULES"),
        ("k1-newline-in-code.png", 3, "NO_RULES"),
        ("k1-leading-blank.txt", 3, "NO_RULES"),
        ("k1-bom-stdin.bin", 3, "NO_RULES"),
        ("k1-zbarimg.txt", 3, "NO_RULES"),
        ("k1-scheme.txt", 3, "NO_RULES"),
        ("k1-wrapped.txt", 3, "NO_RULES"),
        ("k1-quotes.txt", 3, "NO_RULES"),
        ("k2-german-layout.txt", 3, "KEYBOARD_MAPPED (German)"),
        ("k3-nl2.txt", 3, "Dutch domestic code"),
        ("k3-svg.svg", 4, "a drawing (SVG)"),
        ("k17-dots.png", 3, "NO_RULES"),
    ],
)
def test_a_case_is_read_or_told_on_each_way_in(
    name: str, code: int, words: str, home: Path, field_cases: Path
) -> None:
    path = field_cases / "verifier/in" / name
    if path.suffix == ".png":
        pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")
    ways = [
        run(home, "verify", path, "--at", NOW),
        run(home, "verify", "-", "--at", NOW, given=path.read_bytes()),
    ]
    if path.suffix == ".txt":
        ways.append(run(home, "verify", path.read_text(encoding="utf-8"), "--at", NOW))
    for done in ways:
        assert done.return_value == code
        assert words in done.stdout
        assert "RED" not in done.stdout
        assert len([line for line in done.stdout.splitlines() if line[:1] in "▲?"]) == 1


def test_each_error_names_its_file(home: Path, field_cases: Path) -> None:
    given = field_cases / "verifier/in"
    names = ("k16-photo.heic", "good.txt", "k16-broken.png")
    done = run(home, "verify", *(given / name for name in names), "--at", NOW)
    assert done.return_value == 4
    assert "error: k16-photo.heic: " in done.stderr
    assert "error: k16-broken.png: " in done.stderr
    assert "NO_RULES" in done.stdout
