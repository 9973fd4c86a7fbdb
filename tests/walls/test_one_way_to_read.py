"""A stranger's file is read in one way: bounded, regular, by no link out of its folder (`store/files.py`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/pratique"
DISK = "store/files.py"
READS = {"read_bytes", "read_text", "open", "fromfile", "memory_map"}
BOUNDED = {"files.read_bytes", "sources.read_bytes", "store_sources.read_bytes"}
"""What ends in `files.read`."""
EXCEPTIONS = {
    # Drafts and folders of our own; standard input, by its number; nowhere.
    "cli/terminal.py": {"os.open"},
    "cli/options.py": {"open"},
    "parties/desk_files.py": {"each.read_bytes", "part.read_text"},
    "parties/manifest.py": {"open"},
    "parties/records.py": {"open"},
    # A key's session, asked of what holds keys; no file by that name.
    "parties/issuing.py": {"self._store.open"},
    # A session of a token, files of this package, a database that is made.
    "store/pkcs11.py": {"session.token.open", "token.open"},
    "store/database.py": {"os.open"},
    "store/register/health.py": {"os.open"},
    # What the kernel says of its mounts.
    "store/memory.py": {"_MOUNTS.read_text"},
    # Parts of what was opened there already, counted while they come.
    "store/network.py": {"archive.open"},
    "store/scan.py": {"Image.open"},
    "store/site.py": {"tarfile.open"},
    "store/words/__init__.py": {"(_FOLDER / f'{language}.toml').read_bytes"},
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
    assert not list(reads("files.read_bytes(p); read_bytes(p); files.read(p, 9); files.opened(p)"))
