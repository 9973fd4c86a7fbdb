"""A repository, or what a verifier holds of one, read from its anchor on: everything is checked anew.

    files, anchor -> root .. root -> timestamp -> snapshot -> targets -> every role, every file -> View

1. Nothing is believed because it lies on this disk: each signature, version and digest is checked, and,
   where the root asks for a log, that the edition stands in it.
2. Nothing is refused for being old: age is judged where it is used.
3. A participant whose newest is missing or broken is told by a problem; an earlier one of it is used
   to know its certificates by, and nobody else is touched. Where the role that suspends is missing or
   broken, its problem is everybody's: see `Registry.standing`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from pratique import strict_json
from pratique.errors import DocumentRefused, code_of
from pratique.network import logged, metadata, trusted
from pratique.network import metadata as network_metadata
from pratique.network.logged import Proven
from pratique.network.metadata import Board, Room
from pratique.network.participants import (
    Participant,
    check_admitted,
    read_participants,
    read_suspensions,
)
from pratique.network.trusted import Trusted
from pratique.rules import documents
from pratique.trust.registry import Suspension

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
    found.take_timestamp(_must(files, network_metadata.TIMESTAMP_FILE, used))
    version = found.timestamp.snapshot_meta.version
    found.take_snapshot(_must(files, network_metadata.metadata("snapshot", version), used))
    proof = logged.check(files, anchor, found) if proven else None
    used |= proof.used if proof is not None else set()
    version = found.snapshot.meta["targets.json"].version
    found.take_targets(_must(files, network_metadata.metadata("targets", version), used))
    own = {
        path: _must(files, target_name(path, file), used, file)
        for path, file in found.targets.targets.items()
    }
    participants = read_participants(own[network_metadata.PARTICIPANTS])
    roles = {
        name: _role(found, files, name, version, used) for name, version in found.roles().items()
    }
    suspend = roles.pop(network_metadata.SUSPEND)
    suspensions: tuple[tuple[str, Suspension], ...] = ()
    listed = (suspend.files or suspend.remembered).get(network_metadata.SUSPENSIONS)
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
    own = {network_metadata.SUSPEND: found.suspend, **found.roles}
    return {name for name, role in own.items() if role.version}


def follow_roots(found: Trusted, files: Files, used: set[str]) -> None:
    """Believe the roots that follow, as far as they are there."""
    while (name := network_metadata.metadata("root", found.root.version + 1)) in files:
        found.take_root(files[name], held=True)
        used.add(name)


def target_name(path: str, file: TargetFile) -> str:
    """Name the file of a target."""
    return network_metadata.target(path, file.hashes["sha256"])


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
        own = network_metadata.metadata(name, version)
        targets = found.take_role(name, _must(files, own, set()))
        return _read_role(targets, files, {own}, used)._replace(wanted=version)
    except Exception as error:  # noqa: BLE001 - whatever it raises stays with its role
        problem = code_of(error)
    editions = _earlier(files, name, version)
    for earlier in editions:
        own = network_metadata.metadata(name, earlier)
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
            return unsigned(files, network_metadata.metadata(name, version))
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
    pattern = re.compile(
        rf"metadata/(\d{{1,10}})\.{re.escape(network_metadata.encoded(name))}\.json"
    )
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


# ----------------------------------------------------------------------------------------------------
# The files of a proposal: those that its metadata names by digest, and no others.
#
#     metadata by role, files by path, View -> check -> nothing | DocumentRefused `proposal-…`
#
# 1. Digests are signed and files are read: a seat that reads a file must have read the one that it signs.
# 2. What the network has already need not be enclosed again, but only in the authority's own edition.
# 3. A file that nobody has signed for is not written anywhere.
# 4. Nobody is admitted twice, under two codes of one state.


HINT = "ask its author for it again; sync first, if it was drafted on a later edition"


def check(
    metadata: Mapping[str, Metadata[Any]], files: Mapping[str, bytes], current: View | None
) -> None:
    """See to it that the files are those that the metadata names.

    Args:
        metadata: by role.
        files: by path.
        current: the network as it is known here; None before there is one.
    """
    if not metadata:
        raise _refused("empty", "it has nothing to sign in it")
    named: set[str] = set()
    for role, one in metadata.items():
        if not isinstance(one.signed, Targets):
            continue
        known = _known(role, current)
        for path, file in one.signed.targets.items():
            named.add(path)
            if path not in files and not _is_same(file, known.get(path)):
                raise _refused("files", f"{path} is new, and not in it")
            if path in files and not is_file(files[path], file):
                raise _refused("files", f"{path} is not the file whose digest is signed")
    if Targets.type in metadata and network_metadata.PARTICIPANTS in files:
        before = () if current is None else current.participants
        check_admitted(before, read_participants(files[network_metadata.PARTICIPANTS]))
    if strange := sorted(files.keys() - named):
        raise _refused("files", f"nobody signs for {', '.join(strange)}")


def _known(role: str, current: View | None) -> Mapping[str, TargetFile]:
    # A participant's edition is whole: what follows upon what is judged by its files.
    if current is None or role != Targets.type:
        return {}
    found: Mapping[str, TargetFile] = current.trusted.targets.targets
    return found


def _is_same(file: TargetFile, known: TargetFile | None) -> bool:
    return known is not None and (file.length, file.hashes) == (known.length, known.hashes)


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"proposal-{code}", f"the proposal was refused: {why}", HINT)


# ----------------------------------------------------------------------------------------------------
# What was held of a role, whoever may sign for it now: what its next edition must not take back.
#
#     files -> Memory -> of(role) -> files by path          -> kept(role) -> files by name
#
# 1. It is believed for nothing else: no signer and no rule is taken from it, so that nothing is asked of
#    its signatures. They were checked when it came.
# 2. It outlives the role's keys, and the role: other keys, or a participant that goes and comes back, do
#    not free what was revoked.


_EDITION = re.compile(
    rf"metadata/(\d{{1,10}})\.({network_metadata.CODE.pattern}|{network_metadata.SUSPEND})\.json"
)
_WHOSE = re.compile(
    rf"metadata/\d+\.({network_metadata.CODE.pattern}|{network_metadata.SUSPEND})\.json|targets/([^/]+)/[^/]+"
)
_KEPT = re.compile(
    rf"targets/[^/]+/[0-9a-f]{{64}}\.({network_metadata.SIGNERS}|list\.json|.+\.tags)"
)


class PreviousEditions:
    """Editions of roles, as they lie there."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._editions: dict[str, list[int]] = {}
        for name in files:
            if match := _EDITION.fullmatch(name):
                self._editions.setdefault(match[2], []).append(int(match[1]))

    @property
    def roles(self) -> set[str]:
        """Return the roles of which something is held."""
        return set(self._editions)

    def rooms(self) -> dict[str, Room]:
        """Return what is held of each role."""
        found: dict[str, list[int]] = {}
        for name, data in self._files.items():
            if match := _WHOSE.fullmatch(name):
                found.setdefault(match[1] or match[2], []).append(len(data))
        return {role: Room(len(sizes), sum(sizes)) for role, sizes in found.items()}

    def of(self, role: str, upto: int | None = None) -> dict[str, bytes]:
        """Return a role's files by path, as far as they are there; of the newest version, or up to one."""
        for version in sorted(self._editions.get(role, ()), reverse=True):
            if upto is None or version <= upto:
                try:
                    return unsigned(self._files, network_metadata.metadata(role, version))
                except (RepositoryError, KeyError):
                    continue
        return {}

    def kept(self, role: str) -> dict[str, bytes]:
        """Return what must be kept of a role, by name, so that it is remembered."""
        own = [network_metadata.metadata(role, version) for version in self._editions.get(role, ())]
        own += [n for n in self._files if n.startswith(f"targets/{role}/") and _KEPT.fullmatch(n)]
        return {name: self._files[name] for name in own}


def value_sets(view: View) -> dict[str, list[str]]:
    """Return the value sets that the authority publishes, in their newest editions."""
    return dict(published_sets(view).value_sets)


def published_sets(view: View) -> documents.RuleDocument:
    """Return the value sets that the authority publishes."""
    data = view.files.get(metadata.VALUE_SETS)
    return documents.RuleDocument() if data is None else documents.read(strict_json.parse(data))
