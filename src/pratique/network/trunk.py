"""The trunk of a network, as it comes: roots, timestamp, the list of versions, the authority's own.

    held, anchor -> wanted -> answers -> wanted -> ... -> Trusted, files

1. In the order of The Update Framework (§5.3 to §5.6); what is refused ends it.
2. What is held guards what comes: nothing older is taken for it. So does what an earlier sync has
   believed before it was refused or broke off: none of that is in force, and all of it is a floor.
3. Where the root asks for a log, the list of versions and the roots must stand in it before anything
   else is asked for, and before they are believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from pratique.errors import DocumentRefused
from pratique.network import logged, names
from pratique.network.trusted import Trusted, published, refused
from pratique.network.view import Files, is_file, target_name

FUTURE = timedelta(hours=1)
"""How far a timestamp may be ahead of the clock."""


class Wanted(NamedTuple):
    """A file that is wanted, and how many bytes of it are taken at most."""

    name: str
    limit: int


T = TypeVar("T")
_SNAPSHOT = re.compile(r"metadata/(\d{1,10})\.snapshot\.json")
Answers = Mapping[str, bytes | None]
Asking = Generator[tuple[Wanted, ...], Answers, None]


class Trunk:
    """The trunk, from what is held to what the network says now.

    Attributes:
        trusted: what is believed so far.
        files: what is to be held, by name.
        changed: what is new.
        believed: metadata that was believed, and the proofs that it took, whatever comes of the rest.
    """

    def __init__(
        self,
        held: Files,
        anchor: bytes,
        at: datetime,
        believed: Files | None = None,
        kind: type[Trusted] = Trusted,
    ) -> None:
        self._held, self._anchor, self._at = held, anchor, at
        self.trusted = kind(anchor, at)
        self.files: dict[str, bytes] = {}
        self.changed: list[str] = []
        self.believed: dict[str, bytes] = dict(believed or {})

    def run(self) -> Asking:
        """Ask for one file after the other."""
        yield from self.metadata()
        yield from self._own_files()

    def metadata(self) -> Asking:
        """Ask for the metadata alone."""
        yield from self._roots()
        yield from self._timestamp()
        yield from self._snapshot()
        yield from self._proofs()
        self._believe_snapshot()
        yield from self._targets()

    def known(self, name: str) -> bytes | None:
        """Return a file that was believed before: held, or not in force yet."""
        return self._held.get(name, self.believed.get(name))

    def _one(self, name: str, limit: int) -> Generator[tuple[Wanted, ...], Answers, bytes]:
        answers = yield (Wanted(name, limit),)
        data = answers[name]
        if data is None:
            raise refused("missing", name, "the server does not have it, or it is too large")
        return data

    def _roots(self) -> Asking:
        self._follow(self._held)
        before = self.trusted.root.version
        # Of what was kept beside, damage is no refusal: the same comes again.
        _attempt(self._follow, self.believed)
        self.changed += ["root"] * (self.trusted.root.version - before)
        for _ in range(names.MAX_ROOTS):
            name = names.metadata("root", self.trusted.root.version + 1)
            data = (yield (Wanted(name, names.MAX_ROOT),))[name]
            if data is None:
                self._check_root()
                return
            yield from self._root(name, data)
        raise refused("refused", "root", "there is no end of new ones")

    def _follow(self, files: Files) -> None:
        while (name := names.metadata("root", self.trusted.root.version + 1)) in files:
            before, proof = self.trusted.root, logged.proof_name(name)
            after = self.trusted.take_root(files[name], held=True)
            self.files[name] = files[name]
            holds = partial(logged.check_root, before=before, name=name, after=after)
            if proof in files and _attempt(holds, files):
                self.files[proof] = files[proof]

    def _root(self, name: str, data: bytes) -> Asking:
        before = self.trusted.root
        after = self.trusted.take_root(data)
        self.files[name] = data
        self.changed.append("root")
        proof = logged.proof_name(name)
        if logged.policy_of(before) is not None:
            came = (yield (Wanted(proof, logged.MAX_PROOF),))[proof]
            self.files |= {} if came is None else {proof: came}
            # One that its witnesses have not seen would be this verifier's alone, and no way back.
            logged.check_root(self.files, before, name, after)
        self.believed |= {one: self.files[one] for one in (name, proof) if one in self.files}

    def _check_root(self) -> None:
        if self.trusted.root.expires <= self._at:
            # Asked of the timestamp too, which has not ended: the seats are late, and not the server.
            raise refused("expired", "root", "its time is over; the seats must sign the next one")

    def _timestamp(self) -> Asking:
        known = self._known_timestamp()
        guards = [self.trusted.published] if self.trusted.is_timed else []
        guards += self._shown()
        data = yield from self._one(names.TIMESTAMP_FILE, names.MAX_TIMESTAMP)
        try:
            self.trusted.take_timestamp(data)
        except DocumentRefused as error:
            if error.code != "network-same" or known is None:
                raise
            data = known
        if guards and self.trusted.published < max(guards):
            # One and the same for ever is of a server that stands still, and not of one that goes back.
            self.trusted.check_time()
            raise refused("rollback", names.TIMESTAMP_FILE, "it was made before the one held here")
        if self.trusted.published > self._at + FUTURE:
            # Believed, it would be the floor of every clock: a stolen key could stop all verifiers.
            raise refused(
                "future", names.TIMESTAMP_FILE, "this device's clock is behind, or it lies"
            )
        self.files[names.TIMESTAMP_FILE] = self.believed[names.TIMESTAMP_FILE] = data

    def _known_timestamp(self) -> bytes | None:
        found, version = None, 0
        for files in (self._held, self.believed):
            data = files.get(names.TIMESTAMP_FILE)
            if data is None or (files is self.believed and self._is_unproven(data)):
                continue
            # Too old, or signed by a key that a newer root has replaced: it only guards what follows.
            _attempt(self.trusted.take_timestamp, data)
            if self.trusted.is_timed and self.trusted.timestamp.version > version:
                found, version = data, self.trusted.timestamp.version
        return found

    def _is_unproven(self, data: bytes) -> bool:
        # Who has stolen the online keys signs whatever version: where there is a log, only what stands in
        # it is a floor of versions. Without that, one look at a thief's list would lose the network.
        if logged.policy_of(self.trusted.root) is None:
            return False
        told = self.trusted.told(data)
        return (
            told is None
            or self.known(names.metadata("snapshot", told.snapshot_meta.version)) is None
        )

    def _shown(self) -> list[datetime]:
        """Return when what a server has shown, and no log has proven, was made: it goes behind that never.

        A thief can be ahead of the clock by an hour, and is overtaken by the authority's next but one.
        """
        data = self.believed.get(names.TIMESTAMP_FILE)
        if data is None or not self._is_unproven(data):
            return []
        told = self.trusted.told(data)
        return [] if told is None else [published(told)]

    def _snapshot(self) -> Asking:
        version = self.trusted.timestamp.snapshot_meta.version
        name = names.metadata("snapshot", version)
        believe, is_final = partial(self.trusted.take_snapshot, held=True), False
        # All of them, the newest last: each is a floor, also where it is not the one that is wanted.
        for own, data in sorted(self._known_snapshots(), key=lambda one: _number(one[0])):
            if is_final := _attempt(believe, data) and own == name:
                self.files[name] = data
        if not is_final:
            data = yield from self._one(name, names.MAX_SNAPSHOT)
            self.trusted.take_snapshot(data)
            self.files[name] = data

    def _known_snapshots(self) -> list[tuple[str, bytes]]:
        known = {**self.believed, **self._held}
        return [(n, d) for n, d in known.items() if n.endswith(".snapshot.json")]

    def _believe_snapshot(self) -> None:
        snapshot = self.trusted.snapshot
        name = names.metadata("snapshot", snapshot.version)
        listed = {
            names.metadata(file.removesuffix(".json"), one.version)
            for file, one in snapshot.meta.items()
        }
        # Of what was listed before nothing is needed any more: this list goes back behind none of it.
        for own in self.believed.keys() - listed - {names.TIMESTAMP_FILE}:
            if not own.endswith((".root.json", ".root.proof")):
                del self.believed[own]
        self.believed[name] = self.files[name]

    def _proofs(self) -> Asking:
        wanted = logged.wanted(self.files, self._anchor, self.trusted)
        known = {**self._held, **self.files}
        came = {name: known[name] for name in wanted if name in known}
        if "root" in self.changed and wanted:
            # It was good for the witnesses that an earlier root has asked for.
            came.pop(wanted[-1], None)
            self.files.pop(wanted[-1], None)
        lacking = tuple(Wanted(name, logged.MAX_PROOF) for name in wanted if name not in came)
        answers = (yield lacking) if lacking else {}
        self.files |= came | {name: data for name, data in answers.items() if data is not None}
        proven = logged.check(self.files, self._anchor, self.trusted)
        if proven is not None and proven.floor > self._at + FUTURE:
            raise refused("future", "log", "this device's clock is behind, or the witnesses lie")

    def _targets(self) -> Asking:
        name = names.metadata("targets", self.trusted.snapshot.meta["targets.json"].version)
        data = self.known(name)
        if data is None or not _attempt(self.trusted.take_targets, data):
            data = yield from self._one(name, names.MAX_TARGETS)
            self.trusted.take_targets(data)
        if data != self._held.get(name):
            self.changed.append("targets")
        self.files[name] = self.believed[name] = data

    def _own_files(self) -> Asking:
        for path, file in self.trusted.targets.targets.items():
            own = target_name(path, file)
            data = self._held.get(own)
            if data is None or not is_file(data, file):
                data = yield from self._one(own, file.length)
                if not is_file(data, file):
                    raise refused("differs", own, "it is not what was announced")
            self.files[own] = data


def _number(name: str) -> int:
    match = _SNAPSHOT.fullmatch(name)
    return int(match[1]) if match is not None else 0


def _attempt(believe: Callable[[T], object], data: T) -> bool:
    try:
        believe(data)
    except DocumentRefused:
        return False
    return True
