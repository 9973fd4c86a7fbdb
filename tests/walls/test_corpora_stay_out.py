"""Other people's certificates are test material, not part of this repository.

They carry invented and sometimes real-looking names, and some come without a licence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.walls.source import ROOT

CODE = re.compile(r"(?:HC1|AT1):[0-9A-Z $%*+\-./:]{40,}|shc:/[0-9/]{40,}")
ELSEWHERE = {".git", ".venv", ".cache", ".hypothesis", "build", "dist", "mutants", "node_modules"}
SMALL = 256
"""Files below this are too plain ("{}", "true") to belong to anybody."""


def files(folder: Path) -> Iterator[Path]:
    """List a tree's files, without what is built or fetched."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in ELSEWHERE and not path.name.startswith("."):
            yield from files(path)
        elif path.is_file():
            yield path


def marks(folder: Path) -> dict[str, Path]:
    """Mark each file, and each code of a certificate within it, by a digest."""
    found: dict[str, Path] = {}
    for path in files(folder):
        data = path.read_bytes()
        if len(data) >= SMALL:
            found[hashlib.sha256(data).hexdigest()] = path
        text = data.decode("utf-8", "ignore").replace("\\/", "/")
        for code in CODE.findall(text):
            found[hashlib.sha256(code.strip().encode()).hexdigest()] = path
    return found


def test_no_certificate_of_the_corpora_is_in_the_repository(corpora: Path) -> None:
    theirs = marks(corpora)
    assert [str(path) for mark, path in marks(ROOT).items() if mark in theirs] == []


def test_a_planted_certificate_is_seen(tmp_path: Path) -> None:
    code = "HC1:" + "NCFOXN%TSMAHN-H/N8" * 5
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs" / "case.json").write_text('{"PREFIX": "' + code.replace("/", "\\/") + '"}')
    (tmp_path / "ours" / "test_it.py").write_text(f"TEXT = '{code}'")
    assert marks(tmp_path / "theirs").keys() & marks(tmp_path / "ours").keys()


def test_the_search_reaches_into_this_repository() -> None:
    assert ROOT / "pyproject.toml" in set(files(ROOT))
    assert Path(__file__).resolve() in set(files(ROOT))
