"""Monitor: is what the network says of a participant exactly what the participant has said?

    Record, View, leaves since last time, checkpoint -> watched -> alarms, and what is kept for next time

1. The log is checked first: the checkpoint's quorum, and that the new leaves upon those seen before make
   its root. If they do not, nothing else is looked at: the checkpoint is evidence.
2. Every edition in the log is looked at, and not the newest alone: a key that was swapped yesterday and
   swapped back today has had its day.
3. What the log names and nobody shows is an alarm too.
4. An alarm says what was seen. What to make of it, people decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from tuf.api.metadata import Metadata, Root, Targets

from pratique.errors import DocumentRefused
from pratique.log.merkle import Frontier, leaf_hash
from pratique.log.note import Note
from pratique.log.tiles import Read
from pratique.network import logged, names, record, trusted
from pratique.network.participants import Participant, read_participants
from pratique.network.record import NEVER, Newest, Watched
from pratique.network.view import View, is_file, target_name

CODES = {
    "log-none": "the root asks for no log, so nothing can be watched",
    "log-unwitnessed": "the checkpoint is not the log's, or too few witnesses have seen it",
    "log-rollback": "the log has become smaller",
    "log-forked": "the log's leaves do not make its checkpoint: it shows two faces",
    "leaf-unknown": "the log holds a leaf that names no file of metadata",
    "edition-double": "a version stands in the log twice",
    "edition-hidden": "the log names a file that is not shown, or shown otherwise",
    "edition-unknown": "an edition in our name is not ours",
    "edition-missing": "an edition of ours is held back",
    "unlogged": "what is shown is not in the log",
    "key-swapped": "the keys that speak for us are not ours, or another number of them",
    "delisted": "we are not among the participants",
    "listing-changed": "the countries that we sign for are not those that we know",
    "country-claimed": "somebody else signs for a country of ours",
    "suspended": "we are suspended",
    "policy-changed": "a root changes the log, its witnesses or their number",
}


class Alarm(NamedTuple):
    """What was seen: a stable code, and where."""

    code: str
    where: str

    def told(self) -> str:
        """Say it in words."""
        return f"{self.where}: {CODES[self.code]}"


class Log(NamedTuple):
    """The log, as it came.

    Attributes:
        note: its checkpoint, signed and cosigned.
        leaves: data of the leaves from those looked at last time up to the checkpoint's.
        read: reads a file of the repository by name; None where there is none.
    """

    note: Note
    leaves: Sequence[bytes]
    read: Read


class Seen(NamedTuple):
    """What came of it: alarms, each once, and what to keep; unchanged if the log itself is in doubt."""

    alarms: tuple[Alarm, ...]
    watched: Watched


def watched(own: record.Record, view: View, log: Log, before: Watched) -> Seen:
    """Hold a network and its log against what a participant knows.

    Args:
        own: what the participant has said.
        view: the network as it is shown, and checked by whoever read it.
        log: what came of the log.
        before: what was kept last time; `Watched()` at first.
    """
    frontier = _grown(view, log, before)
    if isinstance(frontier, Alarm):
        return Seen((frontier,), before)
    looked = _Looked(own, log.read, before)
    for data in log.leaves:
        looked.look(data)
    kept = looked.kept(frontier)
    found = dict.fromkeys([*looked.alarms, *_shown(own, view, log.read, kept)])
    return Seen(tuple(found), kept)


def _grown(view: View, log: Log, before: Watched) -> Frontier | Alarm:
    policy = logged.policy_of(view.root)
    if policy is None:
        return Alarm("log-none", f"root {view.root.version}")
    try:
        found = policy.seen(log.note).checkpoint
    except DocumentRefused as error:
        return Alarm("log-unwitnessed", error.code)
    where = f"checkpoint of {found.size}"
    if found.size < before.size:
        return Alarm("log-rollback", where)
    grown = Frontier(before.size, before.hashes)
    for data in log.leaves:
        grown.append(leaf_hash(data))
    if (grown.size, grown.root()) != (found.size, found.root):
        return Alarm("log-forked", where)
    return grown


class _Looked:
    """The leaves, looked at one after the other."""

    def __init__(self, own: record.Record, read: Read, before: Watched) -> None:
        self._record, self._read = own, read
        self.alarms: list[Alarm] = []
        self._newest, self._own = dict(before.newest), set(before.own)
        self._policy, self._listed = before.policy, before.listed

    def kept(self, frontier: Frontier) -> Watched:
        """Return what is to be kept for next time."""
        return Watched(
            frontier.size, tuple(frontier.hashes), self._newest, frozenset(self._own),
            self._policy, self._listed,
        )  # fmt: skip

    def look(self, data: bytes) -> None:
        """Look at a leaf."""
        try:
            leaf = logged.Leaf.from_bytes(data)
        except DocumentRefused:
            self.alarms.append(Alarm("leaf-unknown", sha256(data).hexdigest()[:16]))
            return
        role, version = leaf.role
        if version <= self._newest.get(role, NEVER).version:
            self.alarms.append(Alarm("edition-double", leaf.name))
        else:
            self._newest[role] = Newest(version, leaf.sha256)
        if role not in {self._record.code, Targets.type, Root.type}:
            return
        file = self._read(leaf.name)
        metadata = record.read(file) if file is not None else None
        if metadata is None or _digest(file) != leaf.sha256:
            self.alarms.append(Alarm("edition-hidden", leaf.name))
        elif role == self._record.code:
            self._own.add(version)
            if self._record.editions.get(version) != record.digest(metadata):
                self.alarms.append(Alarm("edition-unknown", leaf.name))
        elif role == Root.type:
            self._look_at_root(leaf.name, metadata)
        else:
            self._look_at_targets(leaf.name, metadata)

    def _look_at_root(self, where: str, metadata: Metadata[Any]) -> None:
        asked = json.dumps(metadata.signed.unrecognized_fields.get(logged.FIELD), sort_keys=True)
        if self._policy not in {"", asked}:
            self.alarms.append(Alarm("policy-changed", where))
        self._policy = asked

    def _look_at_targets(self, where: str, metadata: Metadata[Any]) -> None:
        file = metadata.signed.targets.get(names.PARTICIPANTS)
        data = self._read(target_name(names.PARTICIPANTS, file)) if file is not None else None
        try:
            if data is None or file is None or not is_file(data, file):
                raise trusted.refused("missing", names.PARTICIPANTS, "it is not what was announced")
            listed = read_participants(data)
        except DocumentRefused:
            self.alarms.append(Alarm("edition-hidden", f"{where}, {names.PARTICIPANTS}"))
            listed = {}
        self.alarms += _compared(self._record, metadata.signed, listed, where, self._listed)
        self._listed = self._listed or self._record.code in listed


def _shown(own: record.Record, view: View, read: Read, kept: Watched) -> Iterator[Alarm]:
    """Compare what is shown now."""
    trunk = view.trusted
    where = names.metadata(Targets.type, trunk.targets.version)
    expected = kept.listed or bool(own.editions)
    yield from _compared(own, trunk.targets, view.participants, where, expected)
    shown = {
        Root.type: view.root.version, "snapshot": trunk.snapshot.version,
        **{role: version or 0 for role, version in trunk.roles().items()},
        Targets.type: trunk.targets.version,
    }  # fmt: skip
    for role, version in sorted(shown.items()):
        name, newest = names.metadata(role, version), kept.newest.get(role, NEVER)
        differs = version == newest.version and _digest(read(name)) != newest.sha256
        if version > newest.version or (version and differs):
            yield Alarm("unlogged", name)
    for version in sorted(own.editions):
        if version > shown.get(own.code, 0):
            yield Alarm("edition-missing", names.metadata(own.code, version))
        elif version not in kept.own:
            yield Alarm("unlogged", names.metadata(own.code, version))
    for code, one in view.suspensions:
        if code == own.code and one.since <= view.published.timestamp() < one.until:
            yield Alarm("suspended", one.reason)


def _compared(
    own: record.Record,
    targets: Targets,
    listed: Mapping[str, Participant],
    where: str,
    expected: bool,
) -> Iterator[Alarm]:
    """Compare what an edition of the authority's says of the participant and of its countries."""
    delegations = targets.delegations
    role = ((delegations.roles if delegations is not None else None) or {}).get(own.code)
    mine = listed.get(own.code)
    # Before the participant was admitted there was nothing to be missed.
    if expected and (role is None or mine is None):
        yield Alarm("delisted", where)
    if role is not None and (frozenset(role.keyids), role.threshold) != (own.keyids, own.threshold):
        yield Alarm("key-swapped", where)
    if mine is not None and mine.countries != own.countries:
        yield Alarm("listing-changed", where)
    for code, other in sorted(listed.items()):
        if code != own.code and own.countries & {*other.countries, other.subject}:
            yield Alarm("country-claimed", f"{where}, {code}")


def _digest(data: bytes | None) -> str:
    return "" if data is None else sha256(data).hexdigest()
