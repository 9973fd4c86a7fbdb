"""A stranger's file is read in one way: bounded, regular, by no link out of its folder (`edges/disk.py`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/pratique"
DISK = "edges/disk.py"
READS = {"read_bytes", "read_text", "open", "fromfile", "memory_map"}
BOUNDED = {"files.read_bytes"}
"""What ends in `disk.read`."""
EXCEPTIONS = {
    # Folders that the demo has just made itself.
    "cli/demo/borders.py": {"file.read_bytes"},
    "cli/demo/cheats.py": {"file.read_bytes", "path.read_bytes"},
    "cli/demo/held_keys.py": {"path.read_bytes"},
    "cli/demo/joining.py": {"path.open", "source.open"},
    "cli/demo/kit.py": {"path.read_bytes"},
    "cli/demo/minority.py": {"document.read_bytes"},
    "cli/demo/picture.py": {"svg.read_bytes"},
    # A draft of its own, for Parquet's writer to fill; standard input, by its number; nowhere.
    "cli/issuer/bulk.py": {"os.open"},
    "cli/issuer/records.py": {"open"},
    "cli/terminal.py": {"os.open"},
    # Locks, a session of a token, files of this package, a register that is made.
    "edges/issuer_home.py": {"os.open"},
    "edges/keys/hsm.py": {"session.token.open"},
    "edges/keys/slots.py": {"slot.open"},
    "edges/log.py": {"os.open"},
    "edges/network/repository.py": {"os.open"},
    "edges/paper/wording.py": {
        "(_FOLDER / f'{language}.toml').read_bytes",
        "(_FOLDER / 'en.toml').read_text",
    },
    "edges/register/engine.py": {"os.open"},
    # Parts of what was opened there already, counted while they come.
    "edges/network/held.py": {"os.open", "archive.open"},
    "edges/qr/frames.py": {"Image.open"},
}


def reads(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.rpartition(".")[2] in READS and name not in BOUNDED and name != "read_bytes":
                yield name


def test_nothing_is_read_past_the_one_reader() -> None:
    found = {
        path.relative_to(SOURCE).as_posix(): set(reads(path.read_text(encoding="utf-8")))
        for path in SOURCE.rglob("*.py")
    }
    assert {name: calls for name, calls in found.items() if calls and name != DISK} == EXCEPTIONS


def test_the_wall_sees_what_it_is_to_see() -> None:
    for source in ("p.read_bytes()", "open(p)", "(a / b).open('rb')", "os.open(p, 0)", "io.open(p)",
                   "Path(p).read_text()", "numpy.fromfile(p)"):  # fmt: skip
        assert list(reads(source)), source
    assert not list(reads("files.read_bytes(p); read_bytes(p); disk.read(p, 9); disk.opened(p)"))
