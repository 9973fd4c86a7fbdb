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

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from tuf.api.metadata import Root, Targets

from pratique.errors import DocumentRefused, Unreadable
from pratique.log import checkpoint, merkle, quorum, tiles
from pratique.log.note import Note
from pratique.network import logged, names, policy
from pratique.network.record import NEVER, Record, Watched
from pratique.network.view import View
from pratique.network.watch import Alarm, Known, Looked, compared, digest

LONGEST = policy.SNAPSHOT_LIFE
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


class Seen(NamedTuple):
    """What came of it: alarms, each once, and what to keep; unchanged if the log itself is in doubt."""

    alarms: tuple[Alarm, ...]
    watched: Watched


def watched(own: Record, view: View, log: Log, before: Watched, *, at: datetime) -> Seen:
    """Hold a network and its log against what a participant knows.

    Args:
        own: what the participant has said.
        view: the network as it is shown, and checked by whoever read it.
        log: how the log is shown.
        before: what was kept last time; `Watched()` at first.
        at: now.
    """
    asked = logged.policy_of(view.root)
    if asked is None:
        return Seen((Alarm("log-none", f"root {view.root.version}"),), before)
    try:
        seen = asked.seen(Note.from_bytes(log.checkpoint))
    except DocumentRefused as error:
        return Seen((Alarm("log-unwitnessed", error.code),), before)
    aged = tuple(_aged(view, seen, at))
    leaves = _grown(log, before, seen.checkpoint)
    if isinstance(leaves, Alarm):
        return Seen((leaves, *aged), before)
    looked, frontier = Looked(own, log.read, before), merkle.Frontier(before.size, before.hashes)
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
    return Seen(tuple(dict.fromkeys([*looked.alarms, *shown, *aged])), kept)


def _grown(log: Log, before: Watched, now: checkpoint.Checkpoint) -> Iterable[bytes] | Alarm:
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


def _aged(view: View, seen: quorum.Seen, at: datetime) -> Iterator[Alarm]:
    age = int(at.timestamp()) - seen.floor
    if age > LONGEST.total_seconds():
        yield Alarm("log-old", f"checkpoint of {seen.checkpoint.size}")
    if age < -AHEAD.total_seconds():
        yield Alarm("log-ahead", f"checkpoint of {seen.checkpoint.size}")
    if at - view.published > policy.TIMESTAMP_LIFE:
        yield Alarm("network-old", names.TIMESTAMP_FILE)


def _spoken(own: Record, view: View, kept: Watched) -> Iterator[Alarm]:
    """Compare what the authority says now."""
    targets = view.trusted.targets
    where = names.metadata(Targets.type, targets.version)
    known = Known(kept.listed or bool(own.editions), kept.keys)
    yield from compared(own, targets, view.participants, where, known)


def _shown(own: Record, view: View, read: tiles.Read, kept: Watched) -> Iterator[Alarm]:
    """Compare what is shown now, with the newest that is in the log too."""
    yield from _spoken(own, view, kept)
    trunk = view.trusted
    shown = {
        Root.type: view.root.version, "snapshot": trunk.snapshot.version,
        **{role: version or 0 for role, version in trunk.roles().items()},
        Targets.type: trunk.targets.version,
    }  # fmt: skip
    for role, version in sorted(shown.items()):
        name, newest = names.metadata(role, version), kept.newest.get(role, NEVER)
        is_newest = 0 < version == newest.version
        if version > newest.version or (is_newest and digest(read(name)) != newest.sha256):
            yield Alarm("unlogged", name)
    for version in sorted(own.editions):
        if version > shown.get(own.code, 0):
            yield Alarm("edition-missing", names.metadata(own.code, version))
        elif version not in kept.own:
            yield Alarm("unlogged", names.metadata(own.code, version))
    for code, one in view.suspensions:
        if code == own.code and one.since <= view.published.timestamp() < one.until:
            yield Alarm("suspended", one.reason)
