"""What was held of a role, whoever may sign for it now: what its next edition must not take back.

    files -> Memory -> of(role) -> files by path          -> kept(role) -> files by name

1. It is believed for nothing else: no signer and no rule is taken from it, so that nothing is asked of
   its signatures. They were checked when it came.
2. It outlives the role's keys, and the role: other keys, or a participant that goes and comes back, do
   not free what was revoked.
"""

from __future__ import annotations

import re

from tuf.api.exceptions import RepositoryError

from pratique.network import names
from pratique.network.policy import Room
from pratique.network.view import Files, unsigned

_EDITION = re.compile(rf"metadata/(\d{{1,10}})\.({names.CODE.pattern}|{names.SUSPEND})\.json")
_WHOSE = re.compile(
    rf"metadata/\d+\.({names.CODE.pattern}|{names.SUSPEND})\.json|targets/([^/]+)/[^/]+"
)
_KEPT = re.compile(rf"targets/[^/]+/[0-9a-f]{{64}}\.({names.SIGNERS}|list\.json|.+\.tags)")


class Memory:
    """Editions of roles, as they lie there."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._editions: dict[str, list[int]] = {}
        for name in files:
            if match := _EDITION.fullmatch(name):
                self._editions.setdefault(match[2], []).append(int(match[1]))

    @property
    def roles(self) -> set[str]:
        """Return the roles of which something is held."""
        return set(self._editions)

    def rooms(self) -> dict[str, Room]:
        """Return what is held of each role."""
        found: dict[str, list[int]] = {}
        for name, data in self._files.items():
            if match := _WHOSE.fullmatch(name):
                found.setdefault(match[1] or match[2], []).append(len(data))
        return {role: Room(len(sizes), sum(sizes)) for role, sizes in found.items()}

    def of(self, role: str, upto: int | None = None) -> dict[str, bytes]:
        """Return a role's files by path, as far as they are there; of the newest version, or up to one."""
        for version in sorted(self._editions.get(role, ()), reverse=True):
            if upto is None or version <= upto:
                try:
                    return unsigned(self._files, names.metadata(role, version))
                except (RepositoryError, KeyError):
                    continue
        return {}

    def kept(self, role: str) -> dict[str, bytes]:
        """Return what must be kept of a role, by name, so that it is remembered."""
        own = [names.metadata(role, version) for version in self._editions.get(role, ())]
        own += [n for n in self._files if n.startswith(f"targets/{role}/") and _KEPT.fullmatch(n)]
        return {name: self._files[name] for name in own}
