"""Participants' folders: one of them, or a folder of many.

    XUA/onboarding/DCC/SCA/SCA.pem -> ("XUA", {"DCC/SCA/SCA.pem": bytes})

1. A participant's code is its folder's name, or, of a dossier that `participant apply` wrote, what its
   application says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pratique.cli.authority import cards
from pratique.edges import dossier

_ROLES = ("SCA", "UP", "TLS")


def is_one(path: Path) -> bool:
    """Tell whether a path is one participant's folder or dossier."""
    return (path / dossier.START).is_dir() or any((path / role).is_dir() for role in _ROLES)


def inside(path: Path) -> Iterator[Path]:
    """Yield the participants' folders in a folder, by name."""
    if path.is_dir():
        yield from (one for one in sorted(path.iterdir()) if (one / dossier.START).is_dir())


def read(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the code and the files of each participant."""
    for one in [path] if is_one(path) else inside(path):
        yield code_of(one), dossier.read(one)


def code_of(path: Path) -> str:
    """Return the code of the participant whose folder it is."""
    if (path / cards.APPLICATION).is_file():
        return cards.read_application(path).participant.code
    return path.resolve().name
