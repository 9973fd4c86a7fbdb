"""Sync: bring what a verifier holds of a network up to date. No I/O: names out, bytes in.

    while wanted := sync.wanted():
        for name, limit in wanted:
            sync.receive(name, fetch(name, limit))      # None where there is no such file
    sync.outcome() -> Outcome(files, view, ...)
    sync.believed() -> files                            # whatever became of it: for the next sync

1. Nothing is believed but what follows from the anchor; a piece that is refused advances nothing that
   is in force.
2. What was believed before a refusal or an interruption is a floor for the next sync (TUF §5.3 to §5.6:
   each role's metadata is kept as soon as it is trusted), so that nobody takes it back by spoiling the rest.
   Rollback, freeze and mix-and-match are refused (TUF §5), and nothing that was revoked, withdrawn or
   suspended is taken back by a later edition.
3. One participant's missing or broken piece leaves that one as it was held, in doubt, and no other.
4. What is asked for follows from what is held and what the network announces. It is the same for
   every verifier that holds the same, whatever was scanned there.
5. What came once and is held is not asked for again. Files that came before an interruption are
   offered again by whoever fetches.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from tuf.api.metadata import Targets

from pratique.errors import UsageError, code_of
from pratique.network import follows, names, policy, view
from pratique.network.memory import Memory
from pratique.network.pieces import Pieces
from pratique.network.policy import Room
from pratique.network.trunk import Answers, Asking, Trunk, Wanted
from pratique.network.trusted import refused
from pratique.network.view import Files, View

__all__ = ["Outcome", "Sync", "Wanted"]


class Outcome(NamedTuple):
    """What a sync came to.

    Attributes:
        files: all that is to be held from now on, by name.
        view: the network as it is now known.
        changed: roles of which there is something new.
        problems: by role, why its newest could not be used.
        fetched: bytes that came.
    """

    files: Files
    view: View
    changed: tuple[str, ...]
    problems: Mapping[str, str]
    fetched: int


class Sync:
    """One sync, from what is held to what the network says now."""

    def __init__(
        self, held: Files, *, anchor: bytes, at: datetime, believed: Files | None = None
    ) -> None:
        """Begin.

        Args:
            held: by name, as an earlier outcome has left it; empty at first.
            anchor: the root that is believed from the start.
            at: now, aware.
            believed: what a sync that came to no end has believed, as `believed` has told it.

        Raises:
            DocumentRefused: what is held does not hold.
        """
        if at.tzinfo is None:
            raise UsageError("instant-naive", "the instant has no time zone", "give one")
        self._held, self._anchor, self._memory = held, anchor, Memory(held)
        if names.TIMESTAMP_FILE in held:
            view.read(held, anchor)
        self._trunk = Trunk(held, anchor, at, believed)
        self._trusted, self._files = self._trunk.trusted, self._trunk.files
        self._changed = self._trunk.changed
        self._problems: dict[str, str] = {}
        self._fetched = 0
        self._answers: dict[str, bytes | None] = {}
        self._outcome: Outcome | None = None
        self._asking = self._run()
        self._open: dict[str, int] = {}
        self._advance(None)

    def wanted(self) -> tuple[Wanted, ...]:
        """Return the files that are wanted now, in whatever order; none when it is done."""
        return tuple(Wanted(*one) for one in self._open.items() if one[0] not in self._answers)

    def receive(self, name: str, data: bytes | None) -> None:
        """Take a file that was wanted; None where there is none.

        Raises:
            DocumentRefused: `network-…`, `board-…`, `policy-…`. The sync is over then, and what was
                held before is still good.
        """
        limit = self._open.get(name)
        if limit is None or name in self._answers:
            raise UsageError("sync-unasked", "a file was handed in that was not wanted")
        if data is not None and len(data) > limit:
            data = None
        self._fetched += len(data or b"")
        self._answers[name] = data
        if len(self._answers) == len(self._open):
            self._advance(self._answers)

    def outcome(self) -> Outcome:
        """Return what it came to; UsageError `sync-unfinished` before all is there."""
        if self._outcome is None:
            raise UsageError("sync-unfinished", "the sync has not come to its end")
        return self._outcome

    def believed(self) -> Files:
        """Return the metadata that was believed so far, by name, and the proofs that it took.

        None of it is in force before there is an outcome, which holds all of it. Of a sync that comes to
        none it is kept beside what is held, and handed to the next one.
        """
        return dict(sorted(self._trunk.believed.items()))

    def _advance(self, answers: Answers | None) -> None:
        self._answers = {}
        try:
            asked = self._asking.send(answers) if answers is not None else next(self._asking)
        except StopIteration:
            asked = ()
        self._open = {one.name: one.limit for one in asked}

    def _run(self) -> Asking:
        yield from self._trunk.run()
        yield from self._roles()
        found = view.read(self._files, self._anchor)
        files = {name: self._files[name] for name in found.used}
        # Of a role that cannot be read now, what it has taken back is remembered all the same.
        for role in self._memory.roles - view.readable(found):
            files |= self._memory.kept(role)
        self._outcome = Outcome(
            dict(sorted(files.items())),
            found,
            tuple(self._changed),
            self._problems,
            self._fetched,
        )

    def _roles(self) -> Asking:
        versions = {n: v for n, v in self._trusted.roles().items() if v is not None}
        taken: dict[str, Targets] = {}
        asked: list[Wanted] = []
        for role, version in versions.items():
            name = names.metadata(role, version)
            known = self._trunk.known(name)
            if known is not None and self._take_role(taken, role, name, known):
                self._changed += [role] if name not in self._held else []
                continue
            asked.append(Wanted(name, names.MAX_ROLE))
        answers = (yield tuple(asked)) if asked else {}
        for role, version in versions.items():
            name = names.metadata(role, version)
            if name in answers and self._take_role(taken, role, name, answers[name]):
                self._changed.append(role)
        self._leave_out(taken)
        yield from self._role_files({r: Pieces(r, taken[r], self._held) for r in taken})
        for role in versions:
            if role in self._problems:
                self._keep(role)

    def _take_role(
        self, taken: dict[str, Targets], role: str, name: str, data: bytes | None
    ) -> bool:
        self._problems.pop(role, None)
        try:
            if data is None:
                raise refused("missing", name, "the server does not have it, or it is too large")
            taken[role] = self._trusted.take_role(role, data)
        except Exception as error:  # noqa: BLE001 - whatever it raises stays with its role
            self._problems[role] = code_of(error)
            return False
        self._files[name] = self._trunk.believed[name] = data
        return True

    def _leave_out(self, taken: dict[str, Targets]) -> None:
        # Before any of it is fetched: what could not be written, or read again, would end every check.
        held = self._memory.rooms()
        newer = {role: held.get(role, Room()) for role in self._trusted.roles()}
        for role, found in taken.items():
            own = [file.length for path, file in found.targets.items() if not view.is_delta(path)]
            own.append(len(self._files[names.metadata(role, found.version)]))
            newer[role] = Room(len(own), sum(own))
        for role in policy.without_room(held, newer):
            self._problems[role] = "network-full"
            self._files.pop(names.metadata(role, taken.pop(role).version))

    def _role_files(self, pieces: Mapping[str, Pieces]) -> Asking:
        while wanted := tuple(Wanted(*one) for piece in pieces.values() for one in piece.wanted()):
            answers = yield wanted
            for piece in pieces.values():
                piece.take(answers)
        for role, piece in pieces.items():
            try:
                found = piece.files()
                self._check_follows(role, piece.by_path())
            except Exception as error:  # noqa: BLE001 - as above
                self._problems[role] = code_of(error)
                self._files.pop(names.metadata(role, piece.version), None)
            else:
                self._files |= found

    def _check_follows(self, role: str, newer: Files) -> None:
        published = int(self._trusted.published.timestamp())
        follows.check(role, self._memory.of(role), newer, published=published)

    def _keep(self, role: str) -> None:
        # Whatever was held of it stays, to know its certificates by; `view.read` tells it is behind.
        for name, data in self._held.items():
            if name.endswith(f".{role}.json") or name.startswith(f"targets/{role}/"):
                self._files[name] = data
