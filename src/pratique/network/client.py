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

import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from tuf.api.metadata import TargetFile, Targets

from pratique.crypto import x509
from pratique.errors import DocumentRefused, UsageError, code_of
from pratique.network import logged, metadata, view
from pratique.network.metadata import Room
from pratique.network.participants import PAUSE, check_suspensions, read_suspensions
from pratique.network.trusted import SameVersion, Trusted, published, refused
from pratique.network.view import Files as ViewFiles
from pratique.network.view import PreviousEditions, View, is_delta, is_file, target_name
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import Delta, TagList, leap
from pratique.trust import publication

# ----------------------------------------------------------------------------------------------------
# What may follow upon what is held: a participant's newest takes nothing back.
#
#     held role, newer role -> nothing | DocumentRefused
#
# 1. Who was revoked stays revoked while the signing key lives: one state's blocked codes were valid again
#    for a day, because a later list lacked them.
# 2. A signer that was withdrawn does not come back, and stays listed while its certificate lives.
# 3. A suspension stays listed until the pause after it is over, so that it can be neither lifted nor
#    chained by leaving it out.
# 4. Each step is judged by the one before alone, so nothing may be left out in one step that the next
#    would need: a list goes only with a key that is known to have ended.


Files = Mapping[str, bytes]
MAX_TAGS = 1 << 20
"""Revocations of a participant: they are compared with those that were held. The largest list
of one country that was met has 193,786; whoever has more to take back withdraws a key."""


def check(name: str, held: Files, newer: Files, *, published: int) -> None:
    """See to it that a role's newer files take nothing back of those that are held.

    Args:
        name: of the role.
        held, newer: files by path.
        published: when the network last spoke; seconds since the epoch.
    """
    if name == metadata.SUSPEND:
        _check_suspensions(held, newer, published)
        return
    _check_withdrawn(name, held, newer, published)
    later = {found.head.kid: found for found in lists(name, newer)}
    lost = set()
    for earlier in _lists(held):
        if earlier.head.kid in later:
            Revocations([earlier]).with_list(later[earlier.head.kid])
        else:
            lost.add(earlier.head.kid)
    if lost and lost - _ended(name, held, published):
        raise refused("taken-back", name, "it lacks a list of revocations that is held here")


def lists(name: str, files: Files) -> list[TagList]:
    """Return a participant's lists, one of a key; DocumentRefused `revocation-…`.

    Args:
        name: of the role.
        files: by path.
    """
    found = _lists(files)
    if any(one.head.participant != name for one in found):
        raise _unfit("participant", f"{name} revokes for another")
    if len({one.head.kid for one in found}) < len(found):
        raise _unfit("double", f"{name} has two lists of one key")
    if sum(map(len, found)) > MAX_TAGS:
        raise _unfit("large", f"{name} has more revocations than a verifier can compare")
    return found


def _check_suspensions(held: Files, newer: Files, published: int) -> None:
    earlier, later = (
        {*read_suspensions(files[metadata.SUSPENSIONS])} if metadata.SUSPENSIONS in files else set()
        for files in (held, newer)
    )
    if any(one.until + PAUSE > published for _, one in earlier - later):
        raise refused("taken-back", metadata.SUSPEND, "it lacks a suspension that still counts")
    check_suspensions(earlier | later)


def _check_withdrawn(name: str, held: Files, newer: Files, published: int) -> None:
    later = _signers(name, newer)
    live = {one.certificate for one in later.signers}
    gone = {one.certificate for one in later.withdrawn}
    for one in _signers(name, held).withdrawn:
        if one.certificate in live:
            raise refused("taken-back", name, "a signer that was withdrawn is there again")
        if one.certificate not in gone and x509.read(one.certificate).not_after >= published:
            raise refused("taken-back", name, "it lacks a signer that was withdrawn")


def _signers(name: str, files: Files) -> publication.SignerList:
    data = files.get(f"{name}/{metadata.SIGNERS}")
    return publication.SignerList("", "", (), (), ()) if data is None else publication.parts(data)


def _lists(files: Files) -> list[TagList]:
    return [
        TagList.from_bytes(data, whole=False)
        for path, data in files.items()
        if path.endswith(".tags")
    ]


def _ended(name: str, files: Files, published: int) -> set[bytes]:
    """Return the kids of signers that are known to have ended."""
    told = _signers(name, files)
    ends: dict[bytes, int] = {}
    for record in (x509.read(one.certificate) for one in (*told.signers, *told.withdrawn)):
        ends[record.kid] = max(record.not_after, ends.get(record.kid, 0))
    return {kid for kid, end in ends.items() if end < published}


def _unfit(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"revocation-{code}", why, "tell the participant")


# ----------------------------------------------------------------------------------------------------
# The files of one role's newest, as they come: what is still wanted, and whether all is there.
#
#     Targets, held -> wanted -> take -> wanted -> ... -> files
#
# 1. A file is the one that the role's keys have signed, by length and SHA-256, or it is none.
# 2. A list of revocations of which an earlier edition is held comes as deltas: what they make of the held
#    one must be, to the byte, the list that was signed. If it is not, the whole list is fetched.


MOST_STEPS = 32
MOST_WORK = 1 << 18
"""Tags of a role that are written anew. A longer list is fetched whole: the largest real one has 193,786."""
_LIST = re.compile(r"(.+/revocations-[0-9a-f]+)-(\d+)\.tags")
_DELTA = re.compile(r"(.+/revocations-[0-9a-f]+)-(\d+)-(\d+)\.delta")


class RoleFiles:
    """The files of a role."""

    def __init__(self, role: str, targets: Targets, held: ViewFiles) -> None:
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


# ----------------------------------------------------------------------------------------------------
# The trunk of a network, as it comes: roots, timestamp, the list of versions, the authority's own.
#
#     held, anchor -> wanted -> answers -> wanted -> ... -> Trusted, files
#
# 1. In the order of The Update Framework (§5.3 to §5.6); what is refused ends it.
# 2. What is held guards what comes: nothing older is taken for it. So does what an earlier sync has
#    believed before it was refused or broke off: none of that is in force, and all of it is a floor.
# 3. Where the root asks for a log, the list of versions and the roots must stand in it before anything
#    else is asked for, and before they are believed.


FUTURE = timedelta(hours=1)
"""How far a timestamp may be ahead of the clock."""


class WantedFile(NamedTuple):
    """A file that is wanted, and how many bytes of it are taken at most."""

    name: str
    limit: int


T = TypeVar("T")
_SNAPSHOT = re.compile(r"metadata/(\d{1,10})\.snapshot\.json")
Answers = Mapping[str, bytes | None]
Asking = Generator[tuple[WantedFile, ...], Answers, None]


class TopLevel:
    """The trunk, from what is held to what the network says now.

    Attributes:
        trusted: what is believed so far.
        files: what is to be held, by name.
        changed: what is new.
        believed: metadata that was believed, and the proofs that it took, whatever comes of the rest.
    """

    def __init__(
        self,
        held: ViewFiles,
        anchor: bytes,
        at: datetime,
        believed: ViewFiles | None = None,
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

    def _one(self, name: str, limit: int) -> Generator[tuple[WantedFile, ...], Answers, bytes]:
        answers = yield (WantedFile(name, limit),)
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
        for _ in range(metadata.MAX_ROOTS):
            name = metadata.metadata("root", self.trusted.root.version + 1)
            data = (yield (WantedFile(name, metadata.MAX_ROOT),))[name]
            if data is None:
                self._check_root()
                return
            yield from self._root(name, data)
        raise refused("refused", "root", "there is no end of new ones")

    def _follow(self, files: ViewFiles) -> None:
        while (name := metadata.metadata("root", self.trusted.root.version + 1)) in files:
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
            came = (yield (WantedFile(proof, logged.MAX_PROOF),))[proof]
            self.files |= {} if came is None else {proof: came}
            # One that its witnesses have not seen would be this verifier's alone, and no way back.
            logged.check_root(self.files, before, name, after)
        self.believed |= {one: self.files[one] for one in (name, proof) if one in self.files}

    def _check_root(self) -> None:
        if self.trusted.root.expires <= self._at:
            # Asked of the timestamp too, which has not ended: the seats are late, and not the server.
            raise refused("expired", "root", "its time is over; the seats must sign the next one")

    def _timestamp(self) -> Asking:
        is_proven, shown = self._shown()
        known = self._known_timestamp(is_proven=is_proven)
        guards = [self.trusted.published, *shown] if self.trusted.is_timed else shown
        data = yield from self._one(metadata.TIMESTAMP_FILE, metadata.MAX_TIMESTAMP)
        try:
            self.trusted.take_timestamp(data)
        except SameVersion:
            if known is None:
                raise
            data = known
        if guards and self.trusted.published < max(guards):
            # One and the same for ever is of a server that stands still, and not of one that goes back.
            self.trusted.check_time()
            raise refused(
                "rollback", metadata.TIMESTAMP_FILE, "it was made before the one held here"
            )
        if self.trusted.published > self._at + FUTURE:
            # Believed, it would be the floor of every clock: a stolen key could stop all verifiers.
            raise refused(
                "future", metadata.TIMESTAMP_FILE, "this device's clock is behind, or it lies"
            )
        self.files[metadata.TIMESTAMP_FILE] = self.believed[metadata.TIMESTAMP_FILE] = data

    def _known_timestamp(self, *, is_proven: bool) -> bytes | None:
        found, version = None, 0
        for files in (self._held, self.believed):
            data = files.get(metadata.TIMESTAMP_FILE)
            if data is None or (files is self.believed and not is_proven):
                continue
            # Too old, or signed by a key that a newer root has replaced: it only guards what follows.
            _attempt(self.trusted.take_timestamp, data)
            if self.trusted.is_timed and self.trusted.timestamp.version > version:
                found, version = data, self.trusted.timestamp.version
        return found

    def _shown(self) -> tuple[bool, list[datetime]]:
        """Tell of the timestamp that a server has shown whether a log has proven it, and if not when it was made."""
        # Who has stolen the online keys signs whatever version: where there is a log, only what stands in
        # it is a floor of versions. Without that, one look at a thief's list would lose the network. But it
        # goes behind the time that it was shown never: a thief can be ahead of the clock by an hour, and is
        # overtaken by the authority's next but one.
        data = self.believed.get(metadata.TIMESTAMP_FILE)
        if data is None or logged.policy_of(self.trusted.root) is None:
            return True, []
        shown = self.trusted.told(data)
        if shown is None:
            return False, []
        snapshot = metadata.metadata("snapshot", shown.snapshot_meta.version)
        return (True, []) if self.known(snapshot) is not None else (False, [published(shown)])

    def _snapshot(self) -> Asking:
        version = self.trusted.timestamp.snapshot_meta.version
        name = metadata.metadata("snapshot", version)
        believe, is_final = partial(self.trusted.take_snapshot, held=True), False
        # All of them, the newest last: each is a floor, also where it is not the one that is wanted.
        for own, data in sorted(self._known_snapshots(), key=lambda one: _number(one[0])):
            if is_final := _attempt(believe, data) and own == name:
                self.files[name] = data
        if not is_final:
            data = yield from self._one(name, metadata.MAX_SNAPSHOT)
            self.trusted.take_snapshot(data)
            self.files[name] = data

    def _known_snapshots(self) -> list[tuple[str, bytes]]:
        known = {**self.believed, **self._held}
        return [(n, d) for n, d in known.items() if n.endswith(".snapshot.json")]

    def _believe_snapshot(self) -> None:
        snapshot = self.trusted.snapshot
        name = metadata.metadata("snapshot", snapshot.version)
        listed = {
            metadata.metadata(file.removesuffix(".json"), one.version)
            for file, one in snapshot.meta.items()
        }
        # Of what was listed before nothing is needed any more: this list goes back behind none of it.
        for own in self.believed.keys() - listed - {metadata.TIMESTAMP_FILE}:
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
        lacking = tuple(WantedFile(name, logged.MAX_PROOF) for name in wanted if name not in came)
        answers = (yield lacking) if lacking else {}
        self.files |= came | {name: data for name, data in answers.items() if data is not None}
        proven = logged.check(self.files, self._anchor, self.trusted)
        if proven is not None and proven.floor > self._at + FUTURE:
            raise refused("future", "log", "this device's clock is behind, or the witnesses lie")

    def _targets(self) -> Asking:
        name = metadata.metadata("targets", self.trusted.snapshot.meta["targets.json"].version)
        data = self.known(name)
        if data is None or not _attempt(self.trusted.take_targets, data):
            data = yield from self._one(name, metadata.MAX_TARGETS)
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


class SyncOutcome(NamedTuple):
    """What a sync came to.

    Attributes:
        files: all that is to be held from now on, by name.
        view: the network as it is now known.
        changed: roles of which there is something new.
        problems: by role, why its newest could not be used.
        fetched: bytes that came.
    """

    files: ViewFiles
    view: View
    changed: tuple[str, ...]
    problems: Mapping[str, str]
    fetched: int


class Sync:
    """One sync, from what is held to what the network says now."""

    def __init__(
        self, held: ViewFiles, *, anchor: bytes, at: datetime, believed: ViewFiles | None = None
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
        self._held, self._anchor, self._memory = held, anchor, PreviousEditions(held)
        if metadata.TIMESTAMP_FILE in held:
            view.read(held, anchor)
        self._trunk = TopLevel(held, anchor, at, believed)
        self._trusted, self._files = self._trunk.trusted, self._trunk.files
        self._changed = self._trunk.changed
        self._problems: dict[str, str] = {}
        self._fetched = 0
        self._answers: dict[str, bytes | None] = {}
        self._outcome: SyncOutcome | None = None
        self._asking = self._run()
        self._open: dict[str, int] = {}
        self._advance(None)

    def wanted(self) -> tuple[WantedFile, ...]:
        """Return the files that are wanted now, in whatever order; none when it is done."""
        return tuple(WantedFile(*one) for one in self._open.items() if one[0] not in self._answers)

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

    def outcome(self) -> SyncOutcome:
        """Return what it came to; UsageError `sync-unfinished` before all is there."""
        if self._outcome is None:
            raise UsageError("sync-unfinished", "the sync has not come to its end")
        return self._outcome

    def believed(self) -> ViewFiles:
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
        self._outcome = SyncOutcome(
            dict(sorted(files.items())),
            found,
            tuple(self._changed),
            self._problems,
            self._fetched,
        )

    def _roles(self) -> Asking:
        versions = {n: v for n, v in self._trusted.roles().items() if v is not None}
        taken: dict[str, Targets] = {}
        asked: list[WantedFile] = []
        for role, version in versions.items():
            name = metadata.metadata(role, version)
            known = self._trunk.known(name)
            if known is not None and self._take_role(taken, role, name, known):
                self._changed += [role] if name not in self._held else []
                continue
            asked.append(WantedFile(name, metadata.MAX_ROLE))
        answers = (yield tuple(asked)) if asked else {}
        for role, version in versions.items():
            name = metadata.metadata(role, version)
            if name in answers and self._take_role(taken, role, name, answers[name]):
                self._changed.append(role)
        self._leave_out(taken)
        yield from self._role_files({r: RoleFiles(r, taken[r], self._held) for r in taken})
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
            own.append(len(self._files[metadata.metadata(role, found.version)]))
            newer[role] = Room(len(own), sum(own))
        for role in metadata.without_room(held, newer):
            self._problems[role] = "network-full"
            self._files.pop(metadata.metadata(role, taken.pop(role).version))

    def _role_files(self, pieces: Mapping[str, RoleFiles]) -> Asking:
        while wanted := tuple(
            WantedFile(*one) for piece in pieces.values() for one in piece.wanted()
        ):
            answers = yield wanted
            for piece in pieces.values():
                piece.take(answers)
        for role, piece in pieces.items():
            try:
                found = piece.files()
                self._check_follows(role, piece.by_path())
            except Exception as error:  # noqa: BLE001 - as above
                self._problems[role] = code_of(error)
                self._files.pop(metadata.metadata(role, piece.version), None)
            else:
                self._files |= found

    def _check_follows(self, role: str, newer: ViewFiles) -> None:
        published = int(self._trusted.published.timestamp())
        check(role, self._memory.of(role), newer, published=published)

    def _keep(self, role: str) -> None:
        # Whatever was held of it stays, to know its certificates by; `view.read` tells it is behind.
        for name, data in self._held.items():
            if name.endswith(f".{role}.json") or name.startswith(f"targets/{role}/"):
                self._files[name] = data
