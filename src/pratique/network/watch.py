"""What a participant looks at in the log: each leaf, and what each edition says of it.

    leaf -> file -> Looked -> alarms

1. A log may be hostile to the byte: what cannot be read is an alarm, and never an end of looking.
2. An identifier is only a name: a key is compared by what it is.
3. Of each kind so many alarms are told, and no more: a log cannot bury one under others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from tuf.api.metadata import DelegatedRole, Metadata, Root, Signed, Snapshot, Targets

from pratique.errors import DocumentRefused, Unreadable
from pratique.log.tiles import Read
from pratique.network import keys, logged, names, record
from pratique.network.participants import Participant, read_participants
from pratique.network.record import NEVER, Newest, Record, Watched
from pratique.network.view import is_file, target_name

CODES = {
    "log-none": "the root asks for no log, so nothing can be watched",
    "log-unwitnessed": "the checkpoint is not the log's, or too few witnesses have seen it",
    "log-old": "no newer checkpoint is shown: the log stands still, or is held back from us",
    "log-ahead": "the witnesses are ahead of this machine's clock, which is wrong, or they lie",
    "log-rollback": "the log has become smaller",
    "log-forked": "the log's leaves do not make its checkpoint: it shows two faces",
    "log-incomplete": "leaves that the checkpoint counts are not shown",
    "log-flooded": "the log has more new leaves than a network can make",
    "log-unread": "not all new leaves could be looked at; the next look goes on from here",
    "leaf-unknown": "the log holds a leaf that names no file of metadata",
    "edition-double": "a version stands in the log twice, or after a newer one",
    "edition-hidden": "the log names a file that is not shown, or shown otherwise, or cannot be read",
    "edition-unknown": "an edition in our name is not ours",
    "edition-replaced": "an edition of ours is published that we had signed anew since",
    "edition-missing": "an edition that we have signed is not published",
    "rolled-back": "a list of versions leaves our newest edition out, or names another one",
    "network-old": "what was synced is older than a timestamp lasts: it is held back, or sync does not run",
    "unlogged": "what is shown is not in the log",
    "key-swapped": "the keys that speak for us are not ours, are old ones, or another number of them",
    "delisted": "we are not among the participants",
    "listing-changed": "the countries that we sign for are not those that we know",
    "country-claimed": "somebody else signs for a country of ours",
    "suspended": "we are suspended",
    "policy-changed": "a root changes the log, its witnesses or their number",
}
MOST = 100
"""Alarms of one kind that are kept of one look."""
_KINDS: dict[str, type[Signed]] = {Root.type: Root, Snapshot.type: Snapshot, Targets.type: Targets}
_UNREADABLE = (DocumentRefused, *record.UNREADABLE)


class Alarm(NamedTuple):
    """What was seen: a stable code, and where."""

    code: str
    where: str

    def told(self) -> str:
        """Say it in words."""
        return f"{self.where}: {CODES[self.code]}"


class Known(NamedTuple):
    """What is known of the participant's standing: was it listed, and which of its keys were seen last."""

    listed: bool
    keys: int


class Looked:
    """The leaves, looked at one after the other."""

    def __init__(self, own: Record, read: Read, before: Watched) -> None:
        self._record, self._read = own, read
        self.alarms: list[Alarm] = []
        self._told: Counter[str] = Counter()
        self._newest, self._own = dict(before.newest), set(before.own)
        self._policy, self._known = before.policy, Known(before.listed, before.keys)

    def kept(self, size: int, hashes: Iterable[bytes]) -> Watched:
        """Return what is to be kept for next time, with the frontier of the tree."""
        return Watched(
            size, tuple(hashes), self._newest, frozenset(self._own), self._policy, *self._known
        )

    def look(self, data: bytes) -> None:
        """Look at a leaf; Unreadable if its file could not be asked for: then it was not looked at."""
        try:
            leaf = logged.Leaf.from_bytes(data)
        except DocumentRefused:
            self._tell("leaf-unknown", sha256(data).hexdigest()[:16])
            return
        role, version = leaf.role
        before = self._newest.get(role, NEVER)
        if version <= before.version:
            self._tell("edition-double", leaf.name)
        else:
            self._newest[role] = Newest(version, leaf.sha256)
        if role == self._record.code:
            # In the log it is, whether its file is shown by now or not.
            self._own.add(version)
        try:
            self._look_at_file(leaf, role, version)
        except Unreadable:
            # It will be looked at again.
            self._newest[role] = before
            raise

    def _look_at_file(self, leaf: logged.Leaf, role: str, version: int) -> None:
        wanted = _KINDS.get(role) or (Targets if role == self._record.code else None)
        if wanted is None or (wanted is Snapshot and self._record.code not in self._newest):
            return
        file = self._read(leaf.name)
        metadata = record.read(file) if file is not None else None
        if metadata is None or digest(file) != leaf.sha256 or type(metadata.signed) is not wanted:
            self._tell("edition-hidden", leaf.name)
            return
        try:
            if role == self._record.code:
                self._look_at_own(leaf.name, version, metadata)
            elif role == Root.type:
                self._look_at_root(leaf.name, version, metadata)
            elif role == Snapshot.type:
                self._look_at_list(leaf.name, metadata)
            else:
                self._look_at_targets(leaf.name, metadata)
        except _UNREADABLE:
            self._tell("edition-hidden", leaf.name)

    def _tell(self, code: str, where: str) -> None:
        self._told[code] += 1
        if self._told[code] <= MOST:
            self.alarms.append(Alarm(code, where))
        elif self._told[code] == MOST + 1:
            self.alarms.append(Alarm(code, "and more"))

    def _look_at_own(self, where: str, version: int, metadata: Metadata[Any]) -> None:
        signed, ours = record.digest(metadata), self._record.editions.get(version, ())
        if signed not in ours:
            self._tell("edition-unknown", where)
        elif signed != ours[-1]:
            self._tell("edition-replaced", where)

    def _look_at_list(self, where: str, metadata: Metadata[Any]) -> None:
        # Shown to some and not to us, it would be seen by nobody else: the online keys make it alone.
        told, newest = (
            metadata.signed.meta.get(f"{self._record.code}.json"),
            self._newest[self._record.code],
        )
        if told is None and not self._known.listed:
            return
        if told is None or (told.version, (told.hashes or {}).get("sha256")) != newest:
            self._tell("rolled-back", where)

    def _look_at_root(self, where: str, version: int, metadata: Metadata[Any]) -> None:
        if self._has_other_keys(version, metadata.signed):
            # Whoever stole the old ones may have counted far ahead: with new ones it begins anew (TUF §5.3.11).
            self._newest.pop(Snapshot.type, None)
        field = json.dumps(metadata.signed.unrecognized_fields.get(logged.FIELD), sort_keys=True)
        asked = digest(field.encode())
        if self._policy not in {"", asked}:
            self._tell("policy-changed", where)
        self._policy = asked

    def _has_other_keys(self, version: int, root: Root) -> bool:
        before = self._read(names.metadata(Root.type, version - 1)) if version > 1 else None
        earlier = record.read(before) if before is not None else None
        if earlier is None or type(earlier.signed) is not Root:
            return False
        held = earlier.signed.roles[Snapshot.type].keyids
        return set(held) != set(root.roles[Snapshot.type].keyids)

    def _look_at_targets(self, where: str, metadata: Metadata[Any]) -> None:
        targets = metadata.signed
        listed: Mapping[str, Participant] = {}
        try:
            listed = _listed(targets, self._read)
        except _UNREADABLE:
            self._tell("edition-hidden", f"{where}, {names.PARTICIPANTS}")
        for one in compared(self._record, targets, listed, where, self._known):
            self._tell(*one)
        seen = _keys_of(self._record, targets, self._known.keys)
        self._known = Known(
            self._known.listed or self._record.code in listed,
            self._known.keys if seen is None else seen,
        )


def compared(
    own: Record,
    targets: Targets,
    listed: Mapping[str, Participant],
    where: str,
    known: Known,
) -> Iterator[Alarm]:
    """Compare what an edition of the authority's says of the participant and of its countries."""
    role, mine = _role(own, targets), listed.get(own.code)
    # Before the participant was admitted there was nothing to be missed.
    if known.listed and (role is None or mine is None):
        yield Alarm("delisted", where)
    if role is not None and _keys_of(own, targets, known.keys) is None:
        yield Alarm("key-swapped", where)
    if mine is not None and mine.countries != own.countries:
        yield Alarm("listing-changed", where)
    for code, other in sorted(listed.items()):
        if code != own.code and own.countries & {*other.countries, other.subject}:
            yield Alarm("country-claimed", f"{where}, {code}")


def digest(data: bytes | None) -> str:
    """Return SHA-256 in hexadecimal; "" of nothing."""
    return "" if data is None else sha256(data).hexdigest()


def _listed(targets: Targets, read: Read) -> Mapping[str, Participant]:
    file = targets.targets[names.PARTICIPANTS]
    data = read(target_name(names.PARTICIPANTS, file))
    if data is None or not is_file(data, file):
        raise ValueError("it is not what was announced")
    return read_participants(data)


def _role(own: Record, targets: Targets) -> DelegatedRole | None:
    delegations = targets.delegations
    return ((delegations.roles if delegations is not None else None) or {}).get(own.code)


def _keys_of(own: Record, targets: Targets, since: int) -> int | None:
    """Return which of the record's sets of keys speaks for the participant; None if none from `since` on does.

    A key that was given up may have been stolen: it does not come back.
    """
    role, delegations = _role(own, targets), targets.delegations
    if role is None or delegations is None or role.threshold != own.threshold:
        return None
    for keyid in role.keyids:
        if keyid not in delegations.keys or not keys.is_one(delegations.keys[keyid]):
            return None
    found = [n for n, ids in enumerate(own.keys) if ids == set(role.keyids) and n >= since]
    return found[0] if found else None
