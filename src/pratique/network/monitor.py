"""Monitor: is what the network says of a participant exactly what the participant has said?

    Record, View, checkpoint, leaves since last time -> watched -> alarms, and what is kept for next time

1. The log is checked first: the checkpoint's quorum before a leaf is asked for, and that the new leaves
   upon those seen before make its root. If they do not, nothing else is looked at: it is evidence.
2. Every edition in the log is looked at, and not the newest alone: a key that was swapped yesterday and
   swapped back today has had its day.
3. What the log names and nobody shows is an alarm too.
4. A checkpoint that grows no younger is one: witnesses do not cosign an old tree once they have seen a new
   one, so a monitor that is held back alone is held back visibly.
5. An alarm says what was seen. What to make of it, people decide.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import DelegatedRole, Metadata, Root, Signed, Snapshot, Targets

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable
from pratique.network import logged
from pratique.network import metadata as network_metadata
from pratique.network.participants import Participant, read_participants
from pratique.network.view import View, is_file, target_name
from pratique.strict_json import ARRAY, Codec, Hex
from pratique.tlog import checkpoint, merkle, tiles
from pratique.tlog.merkle import HASH_SIZE
from pratique.tlog.note import Note
from pratique.tlog.tiles import Read

# ----------------------------------------------------------------------------------------------------
# A participant's own record of what it has published, and of what it has seen in the log.
#
#     Proposal -> Record.with_edition -> kept by the participant -> journeys.monitor -> Watched, kept too
#
# 1. An edition is known by SHA-256 of what its hands have signed, and not of the file: whoever merges
#    the signatures decides which of them the file carries.
# 2. Of one version several may have been signed before one was published: each of them is ours.
# 3. Keys follow upon keys: old ones, old and new together, new ones. Each set is ours, and none comes back.
# 4. A record is damaged or whole: it is refused if anything in it is odd.


FORMAT, WATCHED = "pratique-published-1", "pratique-watched-1"
UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip
"""What metadata that is none makes of those who read it."""


def _digest(value: object) -> str:
    if not _SHA256.fullmatch(strict_json.text(value)):
        raise ValueError("no digest")
    return str(value)


_SHA256 = re.compile(r"[0-9a-f]{64}")
Digest = Annotated[str, Codec(_digest)]


class PublicationRecord(NamedTuple):
    """What a participant knows that it has said.

    Attributes:
        code: of the participant.
        countries: codes that are its own to sign for.
        keys: identifiers of those that speak for it: sets, in the order in which they follow one another.
        threshold: how many of a set must sign.
        editions: by version, SHA-256 of everything that was signed as that version, the newest last.
    """

    code: str
    countries: frozenset[str]
    keys: tuple[frozenset[str], ...]
    threshold: int
    editions: Mapping[int, tuple[Digest, ...]] = {}

    def with_edition(self, metadata: Metadata[Targets]) -> PublicationRecord:
        """Return it with one more edition."""
        version, signed = metadata.signed.version, record_digest(metadata)
        before = tuple(one for one in self.editions.get(version, ()) if one != signed)
        return self._replace(editions={**self.editions, version: (*before, signed)})

    def with_keys(self, *sets: frozenset[str]) -> PublicationRecord:
        """Return it with sets of keys, in their order; old and new ones may have spoken together."""
        found = list(self.keys)
        for one in sets:
            if one not in found:
                both = found[-1] | one if found else one
                # Whoever notes this may have missed the time of both.
                found += [both, one] if both not in {*found, one} else [one]
        return self._replace(keys=tuple(found))

    def to_bytes(self) -> bytes:
        """Write it."""
        return strict_json.dump(self, FORMAT)

    @classmethod
    def from_bytes(cls, data: bytes) -> PublicationRecord:
        """Read it; DocumentRefused `record-malformed`."""
        found = strict_json.document(data, cls, FORMAT, _malformed)
        if not network_metadata.is_participants(found.code):
            raise _malformed("it is of no participant")
        return found


class Newest(NamedTuple):
    """The newest file of a role that is in the log."""

    version: int
    sha256: str


NEVER = Newest(0, "")


class MonitorState(NamedTuple):
    """What a monitor keeps from one time to the next.

    Attributes:
        size: leaves that were looked at.
        hashes: the frontier of the tree over them.
        newest: by role, the newest in the log.
        own: the participant's versions that are in the log.
        policy: SHA-256 of what the last root says of the log; "" before one was seen.
        listed: whether the participant was ever among the participants.
        keys: which set of the record's keys was seen last.
    """

    size: int = 0
    hashes: tuple[Hex, ...] = ()
    newest: Mapping[str, Annotated[Newest, ARRAY]] = {}
    own: frozenset[int] = frozenset()
    policy: str = ""
    listed: bool = False
    keys: int = 0

    def to_bytes(self) -> bytes:
        """Write it."""
        return strict_json.dump(self, WATCHED)

    @classmethod
    def from_bytes(cls, data: bytes) -> MonitorState:
        """Read it; DocumentRefused `record-malformed`."""
        found = strict_json.document(data, cls, WATCHED, _malformed)
        lengths = [len(one) for one in found.hashes]
        if found.size < 0 or lengths != [HASH_SIZE] * found.size.bit_count():
            raise _malformed("a frontier is a hash for each bit of its size")
        return found


def record_digest(metadata: Metadata[Any]) -> str:
    """Return SHA-256 of what the hands have signed, in hexadecimal."""
    return sha256(metadata.signed_bytes).hexdigest()


def read(data: bytes) -> Metadata[Any] | None:
    """Read metadata, whoever has signed it; None if it is none."""
    try:
        strict_json.gate(data)
        return Metadata.from_bytes(data)
    except (RepositoryError, *UNREADABLE):
        return None


def _malformed(why: str) -> DocumentRefused:
    return DocumentRefused(
        "record-malformed",
        f"it is no record of what was published: {why}",
        "restore it from its copy",
    )


# ----------------------------------------------------------------------------------------------------
# What a participant looks at in the log: each leaf, and what each edition says of it.
#
#     leaf -> file -> Looked -> alarms
#
# 1. A log may be hostile to the byte: what cannot be read is an alarm, and never an end of looking.
# 2. An identifier is only a name: a key is compared by what it is.
# 3. Of each kind so many alarms are told, and no more: a log cannot bury one under others.


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
MOST_OBSERVED = 100
"""Alarms of one kind that are kept of one look."""
_KINDS: dict[str, type[Signed]] = {Root.type: Root, Snapshot.type: Snapshot, Targets.type: Targets}
_UNREADABLE = (DocumentRefused, *UNREADABLE)


class Alarm(NamedTuple):
    """What was seen: a stable code, and where."""

    code: str
    where: str

    def told(self) -> str:
        """Say it in words."""
        return f"{self.where}: {CODES[self.code]}"


class Listing(NamedTuple):
    """What is known of the participant's standing: was it listed, and which of its keys were seen last."""

    listed: bool
    keys: int


class Observation:
    """The leaves, looked at one after the other."""

    def __init__(self, own: PublicationRecord, read: Read, before: MonitorState) -> None:
        self._record, self._read = own, read
        self.alarms: list[Alarm] = []
        self._told: Counter[str] = Counter()
        self._newest, self._own = dict(before.newest), set(before.own)
        self._policy, self._known = before.policy, Listing(before.listed, before.keys)

    def kept(self, size: int, hashes: Iterable[bytes]) -> MonitorState:
        """Return what is to be kept for next time, with the frontier of the tree."""
        return MonitorState(
            size, tuple(hashes), self._newest, frozenset(self._own), self._policy, *self._known
        )

    def look(self, data: bytes) -> None:
        """Look at a leaf; Unreadable if its file could not be asked for: then it was not looked at."""
        try:
            leaf = logged.MetadataLeaf.from_bytes(data)
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

    def _look_at_file(self, leaf: logged.MetadataLeaf, role: str, version: int) -> None:
        wanted = _KINDS.get(role) or (Targets if role == self._record.code else None)
        if wanted is None or (wanted is Snapshot and self._record.code not in self._newest):
            return
        file = self._read(leaf.name)
        metadata = read(file) if file is not None else None
        if (
            metadata is None
            or observation_digest(file) != leaf.sha256
            or type(metadata.signed) is not wanted
        ):
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
        if self._told[code] <= MOST_OBSERVED:
            self.alarms.append(Alarm(code, where))
        elif self._told[code] == MOST_OBSERVED + 1:
            self.alarms.append(Alarm(code, "and more"))

    def _look_at_own(self, where: str, version: int, metadata: Metadata[Any]) -> None:
        signed, ours = record_digest(metadata), self._record.editions.get(version, ())
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
        asked = observation_digest(field.encode())
        if self._policy not in {"", asked}:
            self._tell("policy-changed", where)
        self._policy = asked

    def _has_other_keys(self, version: int, root: Root) -> bool:
        before = (
            self._read(network_metadata.metadata(Root.type, version - 1)) if version > 1 else None
        )
        earlier = read(before) if before is not None else None
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
            self._tell("edition-hidden", f"{where}, {network_metadata.PARTICIPANTS}")
        for one in compared(self._record, targets, listed, where, self._known):
            self._tell(*one)
        seen = _keys_of(self._record, targets, self._known.keys)
        self._known = Listing(
            self._known.listed or self._record.code in listed,
            self._known.keys if seen is None else seen,
        )


def compared(
    own: PublicationRecord,
    targets: Targets,
    listed: Mapping[str, Participant],
    where: str,
    known: Listing,
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


def observation_digest(data: bytes | None) -> str:
    """Return SHA-256 in hexadecimal; "" of nothing."""
    return "" if data is None else sha256(data).hexdigest()


def _listed(targets: Targets, read: Read) -> Mapping[str, Participant]:
    file = targets.targets[network_metadata.PARTICIPANTS]
    data = read(target_name(network_metadata.PARTICIPANTS, file))
    if data is None or not is_file(data, file):
        raise ValueError("it is not what was announced")
    return read_participants(data)


def _role(own: PublicationRecord, targets: Targets) -> DelegatedRole | None:
    delegations = targets.delegations
    return ((delegations.roles if delegations is not None else None) or {}).get(own.code)


def _keys_of(own: PublicationRecord, targets: Targets, since: int) -> int | None:
    """Return which of the record's sets of keys speaks for the participant; None if none from `since` on does.

    A key that was given up may have been stolen: it does not come back.
    """
    role, delegations = _role(own, targets), targets.delegations
    if role is None or delegations is None or role.threshold != own.threshold:
        return None
    for keyid in role.keyids:
        if keyid not in delegations.keys or not network_metadata.is_one(delegations.keys[keyid]):
            return None
    found = [n for n, ids in enumerate(own.keys) if ids == set(role.keyids) and n >= since]
    return found[0] if found else None


LONGEST = network_metadata.SNAPSHOT_LIFE
"""Since the checkpoint was cosigned: before a list of versions ends, a new one must be in the log."""
AHEAD = timedelta(hours=1)
MOST = 2_000_000
"""New leaves at once; 200 participants that publish every day make 150,000 in a year."""


class Log(NamedTuple):
    """The log, as it is shown: nothing of it is believed yet.

    Attributes:
        checkpoint: signed and cosigned, as it came.
        leaves: data of the leaves from one number up to another; may be gone through twice. Raises
            DocumentRefused where they are not there.
        read: reads a file of the repository by name; None where there is none. Raises Unreadable where
            nobody could be asked.
    """

    checkpoint: bytes
    leaves: Callable[[int, int], Iterable[bytes]]
    read: tiles.Read


class MonitorReport(NamedTuple):
    """What came of it: alarms, each once, and what to keep; unchanged if the log itself is in doubt."""

    alarms: tuple[Alarm, ...]
    watched: MonitorState


def watched(
    own: PublicationRecord, view: View, log: Log, before: MonitorState, *, at: datetime
) -> MonitorReport:
    """Hold a network and its log against what a participant knows.

    Args:
        own: what the participant has said.
        view: the network as it is shown, and checked by whoever read it.
        log: how the log is shown.
        before: what was kept last time; `MonitorState()` at first.
        at: now.
    """
    asked = logged.policy_of(view.root)
    if asked is None:
        return MonitorReport((Alarm("log-none", f"root {view.root.version}"),), before)
    try:
        seen = asked.seen(Note.from_bytes(log.checkpoint))
    except DocumentRefused as error:
        return MonitorReport((Alarm("log-unwitnessed", error.code),), before)
    aged = tuple(_aged(view, seen, at))
    leaves = _grown(log, before, seen.checkpoint)
    if isinstance(leaves, Alarm):
        return MonitorReport((leaves, *aged), before)
    looked, frontier = (
        Observation(own, log.read, before),
        merkle.Frontier(before.size, before.hashes),
    )
    try:
        for data in leaves:
            looked.look(data)
            frontier.append(merkle.leaf_hash(data))
        kept = looked.kept(frontier.size, frontier.hashes)
        shown = tuple(_shown(own, view, log.read, kept))
    except Unreadable as error:
        # What was looked at is kept, or a log that takes longer to read than there is time is never read.
        kept = looked.kept(frontier.size, frontier.hashes)
        unread = Alarm("log-unread", f"leaf {frontier.size}, {error.code}")
        shown = (*_spoken(own, view, kept), unread)
    return MonitorReport(tuple(dict.fromkeys([*looked.alarms, *shown, *aged])), kept)


def _grown(log: Log, before: MonitorState, now: checkpoint.Checkpoint) -> Iterable[bytes] | Alarm:
    """Return the new leaves if they make the checkpoint's root."""
    where = f"checkpoint of {now.size}"
    if now.size < before.size:
        return Alarm("log-rollback", where)
    if now.size - before.size > MOST:
        # A log can have anything cosigned first, and then be fetched from for ever.
        return Alarm("log-flooded", where)
    grown = merkle.Frontier(before.size, before.hashes)
    try:
        leaves = log.leaves(before.size, now.size)
        for data in leaves:
            grown.append(merkle.leaf_hash(data))
    except DocumentRefused as error:
        return Alarm("log-incomplete", f"{where}, {error.message}")
    if (grown.size, grown.root()) != (now.size, now.root):
        return Alarm("log-forked", where)
    return leaves


def _aged(view: View, seen: checkpoint.WitnessedCheckpoint, at: datetime) -> Iterator[Alarm]:
    age = int(at.timestamp()) - seen.floor
    if age > LONGEST.total_seconds():
        yield Alarm("log-old", f"checkpoint of {seen.checkpoint.size}")
    if age < -AHEAD.total_seconds():
        yield Alarm("log-ahead", f"checkpoint of {seen.checkpoint.size}")
    if at - view.published > network_metadata.TIMESTAMP_LIFE:
        yield Alarm("network-old", network_metadata.TIMESTAMP_FILE)


def _spoken(own: PublicationRecord, view: View, kept: MonitorState) -> Iterator[Alarm]:
    """Compare what the authority says now."""
    targets = view.trusted.targets
    where = network_metadata.metadata(Targets.type, targets.version)
    known = Listing(kept.listed or bool(own.editions), kept.keys)
    yield from compared(own, targets, view.participants, where, known)


def _shown(
    own: PublicationRecord, view: View, read: tiles.Read, kept: MonitorState
) -> Iterator[Alarm]:
    """Compare what is shown now, with the newest that is in the log too."""
    yield from _spoken(own, view, kept)
    trunk = view.trusted
    shown = {
        Root.type: view.root.version, "snapshot": trunk.snapshot.version,
        **{role: version or 0 for role, version in trunk.roles().items()},
        Targets.type: trunk.targets.version,
    }  # fmt: skip
    for role, version in sorted(shown.items()):
        name, newest = network_metadata.metadata(role, version), kept.newest.get(role, NEVER)
        is_newest = 0 < version == newest.version
        if version > newest.version or (
            is_newest and observation_digest(read(name)) != newest.sha256
        ):
            yield Alarm("unlogged", name)
    for version in sorted(own.editions):
        if version > shown.get(own.code, 0):
            yield Alarm("edition-missing", network_metadata.metadata(own.code, version))
        elif version not in kept.own:
            yield Alarm("unlogged", network_metadata.metadata(own.code, version))
    for code, one in view.suspensions:
        if code == own.code and one.since <= view.published.timestamp() < one.until:
            yield Alarm("suspended", one.reason)
