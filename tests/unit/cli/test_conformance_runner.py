"""`pratique conformance` brings the reader of its own kit; others' lie beside the source tree only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import conformance
from tests.steps import LONGEST

THEIRS = {"id": "theirs", "kind": "cbor-good", "files": ["a.json"], "expected": {}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of one case, with a package that would bring its reader."""
    (tmp_path / "manifest.json").write_text(json.dumps({"cases": [THEIRS]}))
    (tmp_path / "a.json").write_text(json.dumps([{"id": "theirs", "hex": "00", "decoded": 0}]))
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance/__init__.py").write_text("import os; os._exit(77)")
    return tmp_path


def ran(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pratique", "conformance", ".", "--format", "json"],
        cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False,
        timeout=LONGEST,
    )  # fmt: skip


def test_from_the_source_tree_its_readers_are_used_and_never_the_folders(folder: Path) -> None:
    done = ran(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["kinds"]["cbor-good"]["agree"] == 1


def test_the_planted_package_runs_if_it_is_imported(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import conformance"], cwd=folder, check=False)
    assert done.returncode == 77


@pytest.mark.parametrize("name", ["site-packages", "src"])
def test_an_installed_package_has_no_readers(tmp_path: Path, name: str) -> None:
    if name != "src":
        (tmp_path / "conformance").mkdir()
        (tmp_path / "conformance/__init__.py").write_text("READERS = {'cbor-good': 'a:b'}")
    assert conformance._foreign_readers(tmp_path / name) == {}


def test_a_case_without_a_reader_is_skipped_and_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(case: dict[str, Any]) -> conformance.Agreement:
        return conformance.run(case["kind"], [case], folder)

    assert asked(THEIRS | {"kind": "unheard-of"}).skipped == {conformance.NOT_READ: 1}
    monkeypatch.setattr(conformance, "SOURCE", folder / "site-packages")
    assert asked(THEIRS).skipped == {conformance.NOT_INSTALLED: 1}
    assert asked(THEIRS).disagree == {}
