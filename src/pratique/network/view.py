"""A repository, or what a verifier holds of one, read from its anchor on: everything is checked anew.

    files, anchor -> root .. root -> timestamp -> snapshot -> targets -> every role, every file -> View

1. Nothing is believed because it lies on this disk: each signature, version and digest is checked, and,
   where the root asks for a log, that the edition stands in it.
2. Nothing is refused for being old: age is judged where it is used.
3. A participant whose newest is missing or broken is told by a problem; an earlier one of it is used
   to know its certificates by, and nobody else is touched. Where the role that suspends is missing or
   broken, its problem is everybody's: see `Roll.standing`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from pratique.errors import code_of
from pratique.network import logged, names, trusted
from pratique.network.board import Board
from pratique.network.logged import Proven
from pratique.network.participants import Participant, read_participants, read_suspensions
from pratique.network.policy import Room
from pratique.network.trusted import Trusted
from pratique.trust.roll import Suspension

Files = Mapping[str, bytes]


class Role(NamedTuple):
    """What a delegated role says.

    Attributes:
        version: of what was read; 0 where nothing was.
        expires: of what was read; None where nothing was.
        files: its files by path ("XUA/signers.json").
        problem: stable code of why its newest could not be used.
        wanted: the version that the network announces; 0 where it announces none.
        remembered: files of an edition that was believed once, where none can be read now: other keys
            sign for the role, and what they have signed is missing. They are believed where they
            take away (revoked, withdrawn, suspended), and for nothing else.
    """

    version: int = 0
    expires: datetime | None = None
    files: Mapping[str, bytes] = {}
    problem: str = ""
    wanted: int = 0
    remembered: Mapping[str, bytes] = {}


class View(NamedTuple):
    """A network as it was read.

    Attributes:
        trusted: the metadata, for those who publish.
        published: when its timestamp was made.
        participants: by code.
        roles: participants' roles by code.
        suspensions: by participant's code, of whatever time.
        suspend: the role that suspends.
        files: the authority's own files by path.
        used: the names of the files that all this was read from.
        proven: how the log holds it; None if the root asks for no log, or nobody asked here.
    """

    trusted: Trusted
    published: datetime
    participants: Mapping[str, Participant]
    roles: Mapping[str, Role]
    suspensions: tuple[tuple[str, Suspension], ...]
    suspend: Role
    files: Mapping[str, bytes]
    used: frozenset[str]
    proven: Proven | None = None

    @property
    def room(self) -> Room:
        """Return the files and bytes of all that participants, seats and authority have published."""
        own = (self.files, self.suspend.files, *(role.files for role in self.roles.values()))
        sizes = [len(data) for files in own for data in files.values()]
        return Room(len(sizes) + len(own), sum(sizes))

    @property
    def size(self) -> int:
        """Return the bytes of all that participants, seats and authority have published."""
        return self.room.size

    @property
    def board(self) -> Board:
        """Return the seats."""
        return self.trusted.board

    @property
    def root(self) -> Root:
        """Return the root."""
        return self.trusted.root


def read(files: Files, anchor: bytes, *, proven: bool = True) -> View:
    """Read a network.

    Args:
        files: by name.
        anchor: the root that is believed from the start.
        proven: whether to ask for the proofs that the root asks for; who makes an edition asks for them
            when it is in the log.

    Raises:
        DocumentRefused: `network-…`, `board-…`, `policy-…`, `log-…` if its trunk does not hold.
    """
    used: set[str] = set()
    found = Trusted(anchor)
    follow_roots(found, files, used)
    found.take_timestamp(_must(files, names.TIMESTAMP_FILE, used))
    version = found.timestamp.snapshot_meta.version
    found.take_snapshot(_must(files, names.metadata("snapshot", version), used))
    proof = logged.check(files, anchor, found) if proven else None
    used |= proof.used if proof is not None else set()
    version = found.snapshot.meta["targets.json"].version
    found.take_targets(_must(files, names.metadata("targets", version), used))
    own = {
        path: _must(files, target_name(path, file), used, file)
        for path, file in found.targets.targets.items()
    }
    participants = read_participants(own[names.PARTICIPANTS])
    roles = {
        name: _role(found, files, name, version, used) for name, version in found.roles().items()
    }
    suspend = roles.pop(names.SUSPEND)
    suspensions: tuple[tuple[str, Suspension], ...] = ()
    listed = (suspend.files or suspend.remembered).get(names.SUSPENSIONS)
    if listed is not None:
        try:
            suspensions = read_suspensions(listed)
        except Exception as error:  # noqa: BLE001 - whatever it raises stays with its role
            suspend = suspend._replace(problem=suspend.problem or code_of(error))
    return View(
        found,
        found.published,
        participants,
        roles,
        suspensions,
        suspend,
        own,
        frozenset(used),
        proof,
    )


def readable(found: View) -> set[str]:
    """Return the delegated roles of which an edition could be read."""
    own = {names.SUSPEND: found.suspend, **found.roles}
    return {name for name, role in own.items() if role.version}


def follow_roots(found: Trusted, files: Files, used: set[str]) -> None:
    """Believe the roots that follow, as far as they are there."""
    while (name := names.metadata("root", found.root.version + 1)) in files:
        found.take_root(files[name], held=True)
        used.add(name)


def target_name(path: str, file: TargetFile) -> str:
    """Name the file of a target."""
    return names.target(path, file.hashes["sha256"])


def is_delta(path: str) -> bool:
    """Tell whether a target is only a shorter way to another one, which need not be held."""
    return path.endswith(".delta")


def is_file(data: bytes, file: TargetFile) -> bool:
    """Tell whether the bytes are the target's."""
    return len(data) == file.length and hashlib.sha256(data).hexdigest() == file.hashes.get(
        "sha256"
    )


def _role(found: Trusted, files: Files, name: str, version: int | None, used: set[str]) -> Role:
    if version is None:
        return Role()
    try:
        own = names.metadata(name, version)
        targets = found.take_role(name, _must(files, own, set()))
        return _read_role(targets, files, {own}, used)._replace(wanted=version)
    except Exception as error:  # noqa: BLE001 - whatever it raises stays with its role
        problem = code_of(error)
    editions = _earlier(files, name, version)
    for earlier in editions:
        own = names.metadata(name, earlier)
        try:
            targets = found.earlier_role(name, files[own])
            return _read_role(targets, files, {own}, used)._replace(problem=problem, wanted=version)
        except Exception:  # noqa: BLE001, S112 - the next earlier one may be sound
            continue
    return Role(problem=problem, wanted=version, remembered=_remembered(files, name, editions))


def unsigned(files: Files, name: str) -> dict[str, bytes]:
    """Return the files by path that a role's metadata names, as far as they are there.

    Nothing is asked of its signatures, which were checked when it came.

    Raises:
        KeyError, RepositoryError: it is not there, or no metadata.
    """
    signed = Metadata[Any].from_bytes(files[name]).signed
    found = {}
    for path, file in signed.targets.items() if isinstance(signed, Targets) else ():
        data = files.get(target_name(path, file))
        # A disk's damage is no memory: what comes whole takes its place.
        if data is not None and not is_delta(path) and is_file(data, file):
            found[path] = data
    return found


def _remembered(files: Files, name: str, versions: list[int]) -> dict[str, bytes]:
    for version in versions:
        try:
            return unsigned(files, names.metadata(name, version))
        except Exception:  # noqa: BLE001, S112 - the one before it may be whole
            continue
    return {}


def _read_role(targets: Targets, files: Files, own: set[str], used: set[str]) -> Role:
    found = {}
    for path, file in targets.targets.items():
        if is_delta(path):
            continue
        found[path] = _must(files, target_name(path, file), own, file)
    used |= own
    return Role(targets.version, targets.expires, found)


def _earlier(files: Files, name: str, version: int) -> list[int]:
    pattern = re.compile(rf"metadata/(\d{{1,10}})\.{re.escape(names.encoded(name))}\.json")
    found = (int(match[1]) for each in files if (match := pattern.fullmatch(each)))
    return sorted((each for each in found if each < version), reverse=True)


def _must(files: Files, name: str, used: set[str], file: TargetFile | None = None) -> bytes:
    data = files.get(name)
    if data is None:
        raise trusted.refused("missing", name, "it is not there")
    if file is not None and not is_file(data, file):
        raise trusted.refused("differs", name, "it is not what was announced")
    used.add(name)
    return data
