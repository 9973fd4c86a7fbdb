"""A witness's folder: its name, its key, the logs that it watches, and what it has cosigned.

witness.json · keys/witness.pem (encrypted) · ledger.db
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique.edges import disk, files
from pratique.edges.keys import Secret
from pratique.edges.keys.file import open_log_key
from pratique.errors import DocumentRefused, Unreadable
from pratique.journeys.witness import Witness
from pratique.log.note import NoteKey
from pratique.trust import json_text
from pratique.trust.rows import array, text

FORMAT = "pratique-witness-1"
FILE, KEY, LEDGER = "witness.json", "keys/witness.pem", "ledger.db"

folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")


class Home(NamedTuple):
    """A witness: its public key, and those of its logs."""

    own: NoteKey
    logs: tuple[NoteKey, ...]

    def opened(self, where: Path, secret: Secret) -> Witness:
        """Open its key, and return who cosigns; DocumentRefused `witness-key` if it is another's."""
        key = open_log_key(where / KEY, lambda: secret("file:"))
        if key.public_key != self.own.public:
            raise DocumentRefused(
                "witness-key", f"{where / KEY}: it is another witness's", "restore it from its copy"
            )
        return Witness(self.own.name, key, {log.name: log for log in self.logs})


def save(where: Path, home: Home) -> None:
    """Keep the witness's document."""
    row = {"format": FORMAT, "key": home.own.to_text(), "logs": [k.to_text() for k in home.logs]}
    disk.replace(where / FILE, json.dumps(row, indent=1).encode() + b"\n")


def load(where: Path) -> Home:
    """Load the witness of a folder; Unreadable `no-witness`, DocumentRefused."""
    path = where / FILE
    if not path.exists():
        raise Unreadable(
            "no-witness", f"{where}: there is no witness here", "pratique witness init DIR"
        )
    row: Any = json_text.parse(files.read_bytes(path))
    try:
        if row.keys() != {"format", "key", "logs"} or row["format"] != FORMAT:
            raise ValueError("members of a witness")
        logs = tuple(NoteKey.from_text(text(line)) for line in array(row["logs"]))
        return Home(NoteKey.from_text(text(row["key"])), logs)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "witness-file", f"{path}: it is damaged", "restore it from its copy"
        ) from error
