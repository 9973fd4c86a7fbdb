"""The files of one role's newest, as they come: what is still wanted, and whether all is there.

    Targets, held -> wanted -> take -> wanted -> ... -> files

1. A file is the one that the role's keys have signed, by length and SHA-256, or it is none.
2. A list of revocations of which an earlier edition is held comes as deltas: what they make of the held
   one must be, to the byte, the list that was signed. If it is not, the whole list is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tuf.api.metadata import TargetFile, Targets

from pratique.network.trusted import refused
from pratique.network.view import Files, is_delta, is_file, target_name
from pratique.revocation.delta import Delta, leap
from pratique.revocation.tag_list import TagList

MOST_STEPS = 32
MOST_WORK = 1 << 18
"""Tags of a role that are written anew. A longer list is fetched whole: the largest real one has 193,786."""
_LIST = re.compile(r"(.+/revocations-[0-9a-f]+)-(\d+)\.tags")
_DELTA = re.compile(r"(.+/revocations-[0-9a-f]+)-(\d+)-(\d+)\.delta")


class Pieces:
    """The files of a role."""

    def __init__(self, role: str, targets: Targets, held: Files) -> None:
        self.role, self.version = role, targets.version
        self._targets, self._held = targets.targets, held
        self._found: dict[str, bytes] = {}
        self._asked: set[str] = set()
        self._work = 0
        self._chains: dict[str, tuple[str, list[str]]] = {}
        for path, file in self._targets.items():
            if is_delta(path):
                continue
            name = target_name(path, file)
            if name in held and is_file(held[name], file):
                self._found[path] = held[name]
            elif chain := self._chain(path):
                self._chains[path] = chain

    def wanted(self) -> list[tuple[str, int]]:
        """Return the names that are wanted, each with its length, and none twice."""
        found = {}
        for path in self._missing():
            for one in self._chains[path][1] if path in self._chains else [path]:
                name = target_name(one, self._targets[one])
                if name not in self._asked:
                    found[name] = self._targets[one].length
        self._asked |= found.keys()
        return sorted(found.items())

    def take(self, answers: Mapping[str, bytes | None]) -> None:
        """Take what came; what is not what was signed is as if it had not come."""
        for path in self._missing():
            if path in self._chains:
                before, deltas = self._chains.pop(path)
                data = self._followed(before, deltas, answers)
            else:
                data = answers.get(target_name(path, self._targets[path]))
            if data is not None and is_file(data, self._targets[path]):
                self._found[path] = data

    def files(self) -> dict[str, bytes]:
        """Return the files by name; DocumentRefused `network-incomplete` if one is missing."""
        missing = self._missing()
        if missing:
            raise refused("incomplete", self.role, f"{', '.join(missing)} did not come as signed")
        return {target_name(path, self._targets[path]): data for path, data in self._found.items()}

    def by_path(self) -> dict[str, bytes]:
        """Return the files by path."""
        return dict(self._found)

    def _missing(self) -> list[str]:
        return [p for p in self._targets if not is_delta(p) and p not in self._found]

    def _chain(self, path: str) -> tuple[str, list[str]] | None:
        """Return the held list's name that deltas lead from, and the deltas' paths; None if none do."""
        match = _LIST.fullmatch(path)
        if match is None:
            return None
        ways = {}
        for other in self._targets:
            step = _DELTA.fullmatch(other)
            if step is not None and step[1] == match[1]:
                ways[int(step[3])] = int(step[2]), other
        at, deltas, size = int(match[2]), [], 0
        while at in ways:
            at, delta = ways.pop(at)
            deltas.append(delta)
            size += self._targets[delta].length
            before = self._held_list(f"{match[1]}-{at}.tags")
            if before is not None:
                shorter = size < self._targets[path].length and len(deltas) <= MOST_STEPS
                return (before, deltas) if shorter else None
        return None

    def _held_list(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        begins, ends = f"targets/{folder}/", f".{name}"
        return next((n for n in self._held if n.startswith(begins) and n.endswith(ends)), None)

    def _followed(
        self, before: str, deltas: list[str], answers: Mapping[str, bytes | None]
    ) -> bytes | None:
        try:
            # Counted before a block is unpacked; whoever follows a delta unpacks each block once.
            held = TagList.from_bytes(self._held[before], whole=False)
            self._work += len(held)
            chain = []
            for name in deltas:
                data = _good(
                    answers.get(target_name(name, self._targets[name])), self._targets[name]
                )
                chain.append(Delta.from_bytes(data, most=MOST_WORK - self._work))
                self._work += len(chain[-1].added)
            # What comes of it must be what was signed, to the byte: see `take`.
            return leap(held, chain).to_bytes()
        except Exception:  # noqa: BLE001 - whatever a stranger's delta raises, the whole list is asked for
            return None


def _good(data: bytes | None, file: TargetFile) -> bytes:
    if data is None or not is_file(data, file):
        raise refused("differs", "a delta", "it did not come as signed")
    return data
