"""Rows of whatever is named: what kind of source it is, is told by what lies there.

nothing -> what is held in the home folder     metadata/ -> a repository     onboarding/ -> folders
anything else -> trust lists
"""

from __future__ import annotations

from collections.abc import Iterable
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
        sources: participants' rows by the name of their source, by code and domain.
        notes: what of the sources could not be read.
    """

    sources: dict[str, tuple[Row, ...]]
    notes: tuple[files.Refused, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all sources."""
        return tuple(row for rows in self.sources.values() for row in rows)


class _Part(NamedTuple):
    name: str
    rows: Iterable[Row]
    notes: tuple[files.Refused, ...] = ()


def of(sources: tuple[Path, ...], at: int, environment: Environment, home: Path | None) -> Seen:
    """Compute the rows of what is named, or of what is held here."""
    lists = [path for path in sources if _kind(path) == "lists"]
    parts = [_one(path, at) for path in sources if path not in lists]
    if lists:
        parts.append(_lists(lists, at, environment))
    if not sources:
        parts.append(_held(at, home))
    found: dict[str, tuple[Row, ...]] = {}
    for part in parts:
        names = (part.name, *(f"{part.name} ({number})" for number in range(2, len(parts) + 1)))
        # Two of one name would move each other's events in a calendar.
        name = next(name for name in names if name not in found)
        found[name] = tuple(sorted(part.rows, key=lambda row: (row.participant, row.domain)))
    return Seen(found, tuple(note for part in parts for note in part.notes))


def _kind(path: Path) -> str:
    if path.is_dir() and ((path / "metadata").is_dir() or place.repository_of(path).is_dir()):
        return "repository"
    return "folders" if folders.is_one(path) or any(folders.inside(path)) else "lists"


def _held(at: int, home: Path | None) -> _Part:
    snapshot = held.snapshot(home)
    if snapshot is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {files.home(home)} yet",
            "pratique sync SOURCE, or name what is to be looked at",
        )
    name = snapshot.sources[0].name if snapshot.sources else "network"
    rows = pieces.of_signers(snapshot.trust.limited(), at=at, roll=snapshot.roll)
    view = None if snapshot.roll is None else place.known(None, home)
    return _Part(
        name,
        rows
        if view is None
        else (*rows, _board(view.trusted.root.expires, view.trusted.targets.expires, at)),
    )


def _one(path: Path, at: int) -> _Part:
    if _kind(path) == "repository":
        view = place.known(path, None)
        if view is None:
            raise Unreadable("nothing-published", f"{path}: nothing was published yet")
        found = compiled(view)
        rows = pieces.of_signers(found.trust, at=at, roll=found.roll)
        return _Part(
            view.board.network,
            (*rows, _board(view.trusted.root.expires, view.trusted.targets.expires, at)),
        )
    held_ = list(folders.read(path))
    own = [row for one in held_ for row in _of_folder(one, at)]
    notes = (
        files.Refused(one.code, one.refused.message, one.refused.code)
        for one in held_
        if one.refused
    )
    return _Part(path.resolve().name, own, tuple(notes))


def _board(root: datetime, targets: datetime, at: int) -> Row:
    return pieces.of_board(int(root.timestamp()), int(targets.timestamp()), at=at)


def _of_folder(one: folders.Held, at: int) -> tuple[Row, ...]:
    if one.refused is not None:
        return (pieces.of_unreadable(one.code, at=at),)
    return pieces.of_dossier(one.files, one.code, at=at)


def _lists(paths: list[Path], at: int, environment: Environment) -> _Part:
    instant = datetime.fromtimestamp(at, UTC)
    found = files.trust_from(paths, at=instant, environment=environment)
    named = {place_ for _, reading in found.readings for place_ in reading.named}
    rows = pieces.of_signers(
        found.snapshot.trust.limited(), at=at, roll=found.snapshot.roll, named=named
    )
    name = " ".join(path.resolve().name for path in paths)
    if not rows:
        # An empty table would say that nothing ends: what was named is not there, or is something else.
        raise Unreadable(
            "nobody-named",
            f"{name}: no participant is named there"
            + (f"; {len(found.refused)} files of it cannot be read" if found.refused else ""),
            "name a network's folder, a trust list or a tree of them, or participants' folders",
        )
    # Every published list lies in a file did.json: what it calls itself tells two apart. The shortest of a
    # tree's names is its root's.
    own = {reading.name for _, reading in found.readings if reading.name}
    return _Part(
        min(own, key=lambda one: (len(one), one), default=name) if len(paths) == 1 else name,
        rows,
        (*found.refused, *found.odd()),
    )
