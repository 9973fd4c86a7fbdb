"""The import contracts hold, each of them can break, and none of their names is a slip of the pen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.walls.source import ROOT, SRC, modules

ROOMS = {
    "cli", "web", "parties", "store",
    "verification", "authenticate", "assess", "decision", "outlook", "issue", "renew", "audit", "sheet",
    "describe", "snapshot", "compile", "manifest", "screen", "verdicts", "identify", "wallet", "endings", "diary",
    "network", "onboarding", "gateway", "trust", "rules", "impact", "revocation", "intake", "formats", "tlog", "crypto",
    "model", "findings", "terms", "errors", "strict_json", "text",
}  # fmt: skip
"""The plan. Another room first gets its contracts."""

WITHIN = {
    "crypto.keys",
    "crypto.x509_write",
    "formats.hcert",
    "formats.encode",
    "intake.rows",
    "web.bridge",
}
"""Parts of rooms that contracts name: what signs, what writes, what previews, what a page loads."""

LINT = "from importlinter.cli import lint_imports_command as command; command()"
PLANTED = {
    "trust/planted.py": "from pratique import formats, model\n",
    "model.py": '"""Personal data."""\n',
    "verification.py": "import os\nfrom pratique.store import files\nfrom pratique import issue\n",
    "issue.py": "from pratique import verification\nfrom cryptography import x509\n",
    "intake/rows.py": "from pratique.crypto import keys\n",
    "web/bridge.py": "def check() -> None:\n    from pratique.crypto import keys\n",
    "extra.py": "",
}
"""One breach, at least, of every contract."""


def _contracts() -> list[dict[str, object]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: list[dict[str, object]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return found


def _outcomes(folder: Path) -> dict[str, str]:
    """Run import-linter over a tree and return each contract's outcome by its name."""
    paths = os.pathsep.join([str(folder / "src"), str(folder)])
    run = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", run.stdout, re.MULTILINE))
    assert found, run.stdout + run.stderr
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SRC, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    assert _outcomes(ROOT) == {str(c["name"]): "KEPT" for c in _contracts()}


def test_every_contract_breaks_where_it_is_breached(copy: Path) -> None:
    for name, text in PLANTED.items():
        path = copy / "src/pratique" / name
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        path.write_text(text, encoding="utf-8")
    assert _outcomes(copy) == {str(c["name"]): "BROKEN" for c in _contracts()}


def test_an_import_for_types_only_breaks_a_contract_too(copy: Path) -> None:
    hidden = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket\n"
    (copy / "src/pratique/trust/planted.py").write_text(hidden, encoding="utf-8")
    pure = next(str(c["name"]) for c in _contracts() if c["id"] == "pure")
    assert _outcomes(copy)[pure] == "BROKEN"


def test_contracts_name_planned_rooms_only() -> None:
    assert {f"pratique.{part}" for part in WITHIN} <= {module.name for module in modules()}
    for contract in _contracts():
        if contract["type"] == "forbidden_if_there":
            named = [*contract["source_modules"], *contract["forbidden_modules"]]  # type: ignore[misc]
            ours = {n.removeprefix("pratique.") for n in named if n.startswith("pratique.")}
            assert ours <= ROOMS | WITHIN


def test_every_room_is_in_the_plan() -> None:
    parts = [m.name.split(".") for m in modules()]
    assert {p[1] for p in parts if len(p) > 1} - {"__main__"} <= ROOMS
