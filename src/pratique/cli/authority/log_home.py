"""What an authority's folder knows of its log: the log's key, and where its witnesses are asked.

DIR/log.json · DIR/keys/log.pem (encrypted) · DIR/repository/log/ (what everybody reads)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pratique.crypto.ed25519 import Ed25519Key
from pratique.edges import disk, files
from pratique.edges import log as logs
from pratique.edges.keys import Secret, file
from pratique.errors import DocumentRefused, UsageError
from pratique.log import note
from pratique.log import quorum as quorums
from pratique.trust import json_text, rows

FORMAT = "pratique-log-1"
FILE, KEY = "log.json", "keys/log.pem"


class Home(NamedTuple):
    """The log's public key, and the web addresses of witnesses by their names."""

    own: note.NoteKey
    witnesses: Mapping[str, str]


def save(folder: Path, home: Home) -> None:
    """Keep the document."""
    row = {"format": FORMAT, "key": home.own.to_text(), "witnesses": dict(home.witnesses)}
    disk.replace(folder / FILE, json.dumps(row, indent=1, sort_keys=True).encode() + b"\n")


def load(folder: Path) -> Home:
    """Load the document; UsageError `log-none`, DocumentRefused `log-file`."""
    path = folder / FILE
    if not path.exists():
        raise UsageError(
            "log-none",
            f"{folder}: there is no log here",
            "make one: pratique authority log init DIR",
        )
    row: Any = json_text.parse(files.read_bytes(path))
    try:
        if row.keys() != {"format", "key", "witnesses"} or row["format"] != FORMAT:
            raise ValueError("members of a log")
        found = {rows.text(name): rows.text(url) for name, url in dict(row["witnesses"]).items()}
        return Home(note.NoteKey.from_text(rows.text(row["key"])), found)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "log-file", f"{path}: it is damaged", "restore it from its copy"
        ) from error


def key(folder: Path, secret: Secret) -> Ed25519Key:
    """Open the log's key."""
    return file.open_log_key(folder / KEY, lambda: secret("file:"))


def quorum(folder: Path, lines: Sequence[str], needed: int | None) -> quorums.Quorum:
    """Return what a root is to ask for, with the log here.

    Args:
        folder: the authority's.
        lines: the witnesses' keys: NAME+ID+BASE64.
        needed: how many must have seen an edition; None for two thirds of them.

    Raises:
        UsageError: `log-none`, `quorum-unfit`.
        DocumentRefused: `log-key`, `log-policy`.
    """
    witnesses = tuple(map(_witness, lines))
    found = quorums.Quorum(load(folder).own, witnesses, needed or -(-2 * len(witnesses) // 3))
    try:
        found.check()
    except DocumentRefused as error:
        raise UsageError(
            "quorum-unfit",
            error.message,
            "more than half of the witnesses; each of another name and key",
        ) from error
    return found


def _witness(line: str) -> note.NoteKey:
    try:
        return note.NoteKey.from_text(line)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"--witness {line[:80]}: {error.message}",
            "give the whole line that `pratique witness init` has printed",
        ) from error


def opened(repository: Path, own: note.NoteKey) -> logs.LogFolder:
    """Return the log in a repository."""
    return logs.LogFolder(repository / "log", own)
