"""The trunk of a network, as it comes: roots, timestamp, the list of versions, the authority's own.

    held, anchor -> wanted -> answers -> wanted -> ... -> Trusted, files

1. In the order of The Update Framework (§5.3 to §5.6); what is refused ends it.
2. What is held guards what comes: nothing older is taken for it.
3. Where the root asks for a log, the list of versions and the roots must stand in it before anything
   else is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from pratique.errors import DocumentRefused
from pratique.network import logged, names, view
from pratique.network.trusted import Trusted, refused
from pratique.network.view import Files, View, is_file, target_name

FUTURE = timedelta(hours=1)
"""How far a timestamp may be ahead of the clock."""


class Wanted(NamedTuple):
    """A file that is wanted, and how many bytes of it are taken at most."""

    name: str
    limit: int


Answers = Mapping[str, bytes | None]
Asking = Generator[tuple[Wanted, ...], Answers, None]


class Trunk:
    """The trunk, from what is held to what the network says now.

    Attributes:
        trusted: what is believed so far.
        files: what is to be held, by name.
        changed: what is new.
        earlier: the network as it was held; None at first.
    """

    def __init__(self, held: Files, anchor: bytes, at: datetime) -> None:
        self._held, self._anchor, self._at = held, anchor, at
        self.trusted = Trusted(anchor, at)
        self.files: dict[str, bytes] = {}
        self.changed: list[str] = []
        self.earlier: View | None = None
        if names.TIMESTAMP_FILE in held:
            self.earlier = view.read(held, anchor)

    def run(self) -> Asking:
        """Ask for one file after the other."""
        yield from self._roots()
        yield from self._timestamp()
        yield from self._snapshot()
        yield from self._proofs()
        yield from self._targets()

    def _one(self, name: str, limit: int) -> Generator[tuple[Wanted, ...], Answers, bytes]:
        answers = yield (Wanted(name, limit),)
        data = answers[name]
        if data is None:
            raise refused("missing", name, "the server does not have it, or it is too large")
        self.files[name] = data
        return data

    def _roots(self) -> Asking:
        view.follow_roots(self.trusted, self._held, set())
        self.files |= {n: d for n, d in self._held.items() if n.endswith(".root.json")}
        for _ in range(names.MAX_ROOTS):
            name = names.metadata("root", self.trusted.root.version + 1)
            data = (yield (Wanted(name, names.MAX_ROOT),))[name]
            if data is None:
                self._check_root()
                return
            self.trusted.take_root(data)
            self.files[name] = data
            self.changed.append("root")
        raise refused("refused", "root", "there is no end of new ones")

    def _check_root(self) -> None:
        if self.trusted.root.expires <= self._at:
            # Asked of the timestamp too, which has not ended: the seats are late, and not the server.
            raise refused("expired", "root", "its time is over; the seats must sign the next one")

    def _timestamp(self) -> Asking:
        held = self._held.get(names.TIMESTAMP_FILE)
        if held is not None:
            # Too old, or signed by a key that a newer root has replaced: it only guards what follows.
            _attempt(self.trusted.take_timestamp, held)
        guarded = self.trusted.published if self.trusted.is_timed else None
        data = yield from self._one(names.TIMESTAMP_FILE, names.MAX_TIMESTAMP)
        try:
            self.trusted.take_timestamp(data)
        except DocumentRefused as error:
            if error.code != "network-same" or held is None:
                raise
            self.files[names.TIMESTAMP_FILE] = held
        if guarded is not None and self.trusted.published < guarded:
            raise refused("rollback", names.TIMESTAMP_FILE, "it was made before the one held here")
        if self.trusted.published > self._at + FUTURE:
            # Believed, it would be the floor of every clock: a stolen key could stop all verifiers.
            raise refused(
                "future", names.TIMESTAMP_FILE, "this device's clock is behind, or it lies"
            )

    def _snapshot(self) -> Asking:
        version = self.trusted.timestamp.snapshot_meta.version
        name = names.metadata("snapshot", version)
        held = [(n, d) for n, d in self._held.items() if n.endswith(".snapshot.json")]
        believe = partial(self.trusted.take_snapshot, held=True)
        for own, data in held:
            if _attempt(believe, data) and own == name:
                self.files[name] = data
                return
        data = yield from self._one(name, names.MAX_SNAPSHOT)
        self.trusted.take_snapshot(data)

    def _proofs(self) -> Asking:
        wanted = logged.wanted(self.files, self._anchor, self.trusted)
        held = {name: self._held[name] for name in wanted if name in self._held}
        if "root" in self.changed and wanted:
            # It was good for the witnesses that an earlier root has asked for.
            held.pop(wanted[-1], None)
        lacking = tuple(Wanted(name, logged.MAX_PROOF) for name in wanted if name not in held)
        answers = (yield lacking) if lacking else {}
        came = {name: data for name, data in answers.items() if data is not None}
        self.files |= held | came
        proven = logged.check(self.files, self._anchor, self.trusted)
        if proven is not None and proven.floor > self._at + FUTURE:
            raise refused("future", "log", "this device's clock is behind, or the witnesses lie")

    def _targets(self) -> Asking:
        name = names.metadata("targets", self.trusted.snapshot.meta["targets.json"].version)
        data = self._held.get(name)
        if data is None:
            data = yield from self._one(name, names.MAX_TARGETS)
            self.changed.append("targets")
        self.trusted.take_targets(data)
        self.files[name] = data
        for path, file in self.trusted.targets.targets.items():
            own = target_name(path, file)
            if own in self._held and is_file(self._held[own], file):
                self.files[own] = self._held[own]
            elif not is_file((yield from self._one(own, file.length)), file):
                raise refused("differs", own, "it is not what was announced")


def _attempt(believe: Callable[[bytes], object], data: bytes) -> bool:
    try:
        believe(data)
    except DocumentRefused:
        return False
    return True
