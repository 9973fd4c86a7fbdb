"""Rows of whatever is named: what kind of source it is, is told by what lies there.

nothing -> what is held in the home folder     metadata/ -> a repository     onboarding/ -> folders
anything else -> trust lists
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pratique.cli import held
from pratique.cli.authority import place
from pratique.cli.network import folders
from pratique.edges import files
from pratique.errors import Unreadable
from pratique.snapshot.of_network import compiled
from pratique.terms import Environment
from pratique.trust.enduring import pieces
from pratique.trust.enduring.states import Row


class Seen(NamedTuple):
    """What was seen.

    Attributes:
        name: of the source, for a calendar.
        rows: participants, by code and domain.
        notes: what of the sources could not be read.
    """

    name: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def of(sources: tuple[Path, ...], at: int, environment: Environment, home: Path | None) -> Seen:
    """Compute the rows of what is named, or of what is held here."""
    if not sources:
        return _held(at, home)
    lists = [path for path in sources if _kind(path) == "lists"]
    seen = [_one(path, at) for path in sources if path not in lists]
    if lists:
        seen.append(_lists(lists, at, environment))
    name = " ".join(dict.fromkeys(one.name for one in seen))
    rows = sorted(row for one in seen for row in one.rows)
    return Seen(name, tuple(rows), tuple(note for one in seen for note in one.notes))


def _kind(path: Path) -> str:
    if path.is_dir() and ((path / "metadata").is_dir() or place.repository_of(path).is_dir()):
        return "repository"
    return "folders" if folders.is_one(path) or any(folders.inside(path)) else "lists"


def _held(at: int, home: Path | None) -> Seen:
    snapshot = held.snapshot(home)
    if snapshot is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {files.home(home)} yet",
            "pratique sync SOURCE, or name what is to be looked at",
        )
    name = snapshot.sources[0].name if snapshot.sources else "network"
    return Seen(name, pieces.of_signers(snapshot.trust, at=at, roll=snapshot.roll))


def _one(path: Path, at: int) -> Seen:
    if _kind(path) == "repository":
        view = place.known(path, None)
        if view is None:
            raise Unreadable("nothing-published", f"{path}: nothing was published yet")
        found = compiled(view)
        return Seen(view.board.network, pieces.of_signers(found.trust, at=at, roll=found.roll))
    return Seen(path.resolve().name, tuple(_of_folders(path, at)))


def _of_folders(path: Path, at: int) -> Iterator[Row]:
    for code, dossier in folders.read(path):
        yield from pieces.of_dossier(dossier, code, at=at)


def _lists(paths: list[Path], at: int, environment: Environment) -> Seen:
    instant = datetime.fromtimestamp(at, UTC)
    found = files.trust_from(paths, at=instant, environment=environment)
    named = {place_ for _, reading in found.readings for place_ in reading.named}
    rows = pieces.of_signers(found.snapshot.trust, at=at, named=named)
    notes = tuple(f"{name}: {why}" for name, why in found.refused)
    return Seen(" ".join(path.resolve().name for path in paths), rows, notes)
