"""Participants' folders: one of them, or a folder of many.

    XUA/onboarding/DCC/SCA/SCA.pem -> ("XUA", {"DCC/SCA/SCA.pem": bytes})

1. A participant's code is its folder's name, or, of a dossier that `participant apply` wrote, what its
   application says. In a folder of many nobody's application speaks: it could name another.
2. Of many, one that cannot be read is its own affair: the others are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pratique.cli.authority import cards
from pratique.edges import dossier
from pratique.errors import DocumentRefused, PratiqueError, Unreadable

START = dossier.START
_ROLES = ("SCA", "UP", "TLS")


class Held(NamedTuple):
    """A participant's folder.

    Attributes:
        code: of the participant.
        files: by name; none if the folder cannot be read.
        refused: why it cannot.
    """

    code: str
    files: dict[str, bytes]
    refused: PratiqueError | None = None


def is_one(path: Path) -> bool:
    """Tell whether a path is one participant's folder or dossier."""
    here = path.is_dir() and path.resolve().name == dossier.START
    return here or (path / dossier.START).is_dir() or any((path / role).is_dir() for role in _ROLES)


def inside(path: Path) -> Iterator[Path]:
    """Yield the participants' folders in a folder, by name."""
    if path.is_dir():
        yield from (one for one in sorted(path.iterdir()) if (one / dossier.START).is_dir())


def read(path: Path) -> Iterator[Held]:
    """Yield each participant's folder; one that was named for itself and cannot be read raises."""
    if is_one(path):
        yield Held(code_of(path), dossier.read(path))
        return
    for one in inside(path):
        try:
            yield Held(one.name, dossier.read(one))
        except (DocumentRefused, Unreadable) as error:
            yield Held(one.name, {}, error)


def code_of(path: Path) -> str:
    """Return the code of the participant whose folder it is."""
    if (path / cards.APPLICATION).is_file():
        return cards.read_application(path).participant.code
    place = path.resolve()
    above = [one.parent for one in (place, *place.parents) if one.name == dossier.START]
    return (above[0] if above else place).name
