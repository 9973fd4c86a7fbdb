"""Attack: a certificate's name, or a file's, repaints the verdict that stands above it, in whatever form it is shown."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import pratique
from pratique.parties import verifier
from pratique.parties.inputs import every
from pratique.store import sources
from pratique.text import printable
from tests.unit.formats.test_wrapping import GOOD, numbered
from tests.unit.made import make
from tools import measure
from tools.vectors import content
from tools.vectors.layers import claims, text

AT = "2026-06-01T12:00:00Z"
NAME = (
    "Jo\x9b2J\x1b]0;GREEN\x07\rGREEN\u202eneerg\u200b\u115f\u3164\u2800\uffa0\U000e0041 Z"
    + "\u0301\u0323" * 30
)
SHOWING = [
    ["verify", "--show-content"], ["verify", "--show-content", "--format", "json"], ["verify", "--format", "jsonl"],
    ["decide", "--to", "XU"], ["decide", "--to", "XU", "--format", "json"], ["inspect"], ["inspect", "--format", "json"],
]  # fmt: skip


def forged() -> str:
    return text(claims(content.vaccinated(nam={"fn": NAME, "fnt": "JO", "gn": NAME})))


@pytest.fixture
def border(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "snapshot", lambda _home: measure.snapshot())


def call(words: list[str], shown: str) -> Result:
    at = {"verify": ["--at", AT], "decide": ["--on", AT]}.get(words[0], [])
    return CliRunner().invoke(pratique, [*words, *at, shown], standalone_mode=False)


def worst(shown: str) -> set[str]:
    return {
        sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"}
    } - {"\n"}


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_a_name_shows_as_signs_and_does_nothing(words: list[str], border: None) -> None:
    done = call(words, forged())
    assert done.return_value in {0, 1, 3}, done.exception
    assert worst(done.output) == set()
    assert not {"\u115f", "\u3164", "\u2800", "\uffa0"} & set(done.output)
    assert "\u0301\u0323" * 3 not in unicodedata.normalize("NFD", done.output)


def test_json_holds_the_name_as_it_was_signed(border: None) -> None:
    (row,) = json.loads(call(["verify", "--format", "json"], forged()).stdout)["results"]
    assert NAME in row["person"]["name"]


@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_a_file_s_name_that_is_not_utf_8_ends_nothing(
    words: list[str], tmp_path: Path, border: None
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9-\x1b[2J.txt")
    path.write_text(numbered(1))
    done = call(words, str(path))
    assert done.exception is None
    assert worst(done.output) == set()
    done.stdout.encode()
    if words[-1] == "json":
        (row, *_) = json.loads(done.stdout).get("results", [{}])
        assert row.get("source", "caf\\u{dce9}-\x1b[2J.txt") == "caf\\u{dce9}-\x1b[2J.txt"


def test_a_source_of_such_a_name_leaves_a_snapshot_that_can_be_read(tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"caf\xe9.pem")
    source.write_bytes(make().pem)
    found = sources.trust_from([source], at=datetime(2026, 6, 1, tzinfo=UTC)).snapshot
    sources.save_snapshot(tmp_path, found)
    assert sources.load_snapshot(tmp_path) == found
    assert found.sources[0].name == printable(source.name)


def test_an_argument_that_is_no_file_is_not_repeated() -> None:
    (item,) = every(["\x1b[2Jnowhere.png"])
    assert "\x1b" not in item.label + item.remark + item.hint
    assert GOOD not in item.label
    assert sys.stdout is not None
