"""What of a network stands in the log, and how a verifier sees that it does.

    written files -> leaves -> the log                 root -> policy_of -> Quorum
    files, anchor, Trusted -> check -> Proven(floor)

1. Each metadata file is a leaf, but the timestamp: it says nothing that the list of versions does not,
   and is made anew each hour.
2. The list of versions holds SHA-256 of every role's metadata, and each role's metadata that of its
   files: one proof of the list is a proof of the whole edition, to the byte.
3. Which log, which witnesses and how many is said by the root. A root is proven as the root before it
   asks, from the anchor on: who changes the witnesses does so before the eyes of the old ones.
4. A log that was asked for once is asked for by every root that follows: its witnesses may change.
5. What is not proven is not used. Whether it is signed is asked before, elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot

from pratique import strict_json
from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata
from pratique.network.trusted import Trusted
from pratique.strict_json import Codec, text
from pratique.tlog import checkpoint
from pratique.tlog.checkpoint import Proof, Quorum, WitnessedCheckpoint
from pratique.tlog.merkle import inclusion
from pratique.tlog.note import Note, NoteKey
from pratique.tlog.tiles import Tiles

FIELD = "x-pratique-log"
PREFIX = "log/"
"""The log's checkpoint and tiles, and the proofs, lie in the repository under this name."""
MAX_PROOF = checkpoint.MAX_PROOF
_HINT = "what is held here stays as it was; if it stays so, tell the authority and others"
_METADATA = re.compile(r"metadata/([1-9][0-9]{0,9})\.([A-Za-z0-9]{1,16})\.json")
_LEAF = re.compile(rb"([0-9a-f]{64})  ([!-~]{1,64})\n")


NoteKeyText = Annotated[
    NoteKey, Codec(lambda value: NoteKey.from_text(text(value)), NoteKey.to_text)
]


class LogPolicy(NamedTuple):
    """What a root says of the log."""

    log: NoteKeyText
    witnesses: tuple[NoteKeyText, ...]
    quorum: int


class MetadataLeaf(NamedTuple):
    """A leaf: a file's name, and SHA-256 of its bytes in hexadecimal."""

    name: str
    sha256: str

    def to_bytes(self) -> bytes:
        """Write the leaf's data, as `sha256sum` writes it."""
        return f"{self.sha256}  {self.name}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> MetadataLeaf:
        """Read a leaf's data; DocumentRefused `log-leaf`."""
        match = _LEAF.fullmatch(data)
        if match is None or _METADATA.fullmatch(match[2].decode()) is None:
            raise _refused("leaf", "a leaf of the log names no file of metadata")
        return cls(match[2].decode(), match[1].decode())

    @property
    def role(self) -> tuple[str, int]:
        """Return the role and the version."""
        match = _METADATA.fullmatch(self.name)
        if match is None:
            raise _refused("leaf", "a leaf of the log names no file of metadata")
        return match[2], int(match[1])


class Proven(NamedTuple):
    """An edition that stands in the log.

    Attributes:
        floor: it is later than this, as a quorum of witnesses says.
        size: leaves of the log at the proof's checkpoint.
        used: names of the proofs that it took.
    """

    floor: datetime
    size: int
    used: frozenset[str]


def leaf(name: str, data: bytes) -> MetadataLeaf:
    """Return a file's leaf."""
    return MetadataLeaf(name, sha256(data).hexdigest())


def leaves(written: Files) -> list[MetadataLeaf]:
    """Return the leaves of what was written, in that order."""
    return [leaf(name, data) for name, data in written.items() if _METADATA.fullmatch(name)]


def proof_name(name: str) -> str:
    """Name the proof of a metadata file: `log/7.snapshot.proof`."""
    return f"{PREFIX}{name.removeprefix('metadata/').removesuffix('.json')}.proof"


def fields(quorum: Quorum | None) -> dict[str, object]:
    """Return what a root says of the log; nothing where it asks for none."""
    if quorum is None:
        return {}
    return {FIELD: strict_json.write(LogPolicy(quorum.log, quorum.witnesses, quorum.needed))}


def adopt(metadata: Mapping[str, Metadata[Any]], quorum: Quorum) -> None:
    """Have a drafted root, which nobody has signed yet, ask for a log; UsageError `log-no-root`."""
    quorum.check()
    root = metadata.get(Root.type)
    if root is None or root.signatures:
        raise UsageError("log-no-root", "a log is adopted by a root that nobody has signed yet")
    root.signed.unrecognized_fields.update(fields(quorum))


def policy_of(root: Root) -> Quorum | None:
    """Return the log and the quorum that a root asks for; None if it asks for none.

    Raises:
        DocumentRefused: `log-policy`, `log-key`.
    """
    field: Any = root.unrecognized_fields.get(FIELD)
    if FIELD not in root.unrecognized_fields:
        return None
    try:
        log, witnesses, needed = strict_json.read(LogPolicy, field)
    except ValueError as error:
        raise _refused("policy", "the root does not say which log, witnesses and quorum") from error
    found = Quorum(log, witnesses, needed)
    found.check()
    return found


def described(files: Files, role: str, version: int) -> MetaFile:
    """Return what the list of versions says of a role's metadata: version, and SHA-256."""
    data = files[metadata.metadata(role, version)]
    return MetaFile(version, hashes={"sha256": sha256(data).hexdigest()})


def check(files: Files, anchor: bytes, trusted: Trusted) -> Proven | None:
    """See to it that the log holds what is believed; None if the root asks for no log.

    Args:
        files: by name, those that `trusted` was read from, and the proofs.
        anchor: the root that is believed from the start.
        trusted: what is believed.

    Raises:
        DocumentRefused: `log-unproven`, `log-unbound`, `log-policy`, and what `proof.check` raises.
    """
    used: set[str] = set()
    for before, name, after in _roots(files, anchor, trusted.root):
        if check_root(files, before, name, after):
            used.add(proof_name(name))
    policy = policy_of(trusted.root)
    if policy is None:
        return None
    _check_bound(trusted.snapshot)
    name = metadata.metadata("snapshot", trusted.snapshot.version)
    seen = _prove(files, name, policy)
    used.add(proof_name(name))
    try:
        floor = datetime.fromtimestamp(seen.floor, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _refused(
            "cosignature", "the witnesses cosigned at no time of any calendar"
        ) from error
    return Proven(floor, seen.checkpoint.size, frozenset(used))


def check_root(files: Files, before: Root, name: str, after: Root) -> bool:
    """See to it that a root stands in the log that the one before it asks for; False if it asks for none.

    Raises:
        DocumentRefused: as `check`.
    """
    policy = policy_of(before)
    if policy is None:
        return False
    _prove(files, name, policy)
    _check_kept(policy, after)
    return True


def wanted(files: Files, anchor: bytes, trusted: Trusted) -> tuple[str, ...]:
    """Name the proofs that `check` will ask for, each of at most MAX_PROOF bytes."""
    asked = [name for before, name, _ in _roots(files, anchor, trusted.root) if policy_of(before)]
    if policy_of(trusted.root) is not None:
        asked.append(metadata.metadata("snapshot", trusted.snapshot.version))
    return tuple(map(proof_name, asked))


def _roots(files: Files, anchor: bytes, last: Root) -> Iterator[tuple[Root, str, Root]]:
    """Yield each root that was followed by another, the other's name, and the other."""
    before = Metadata[Root].from_bytes(anchor).signed
    while before.version < last.version:
        name = metadata.metadata("root", before.version + 1)
        after = Metadata[Root].from_bytes(files[name]).signed
        yield before, name, after
        before = after


def _check_kept(before: Quorum, root: Root) -> None:
    after = policy_of(root)
    if after is None or after.log != before.log:
        # Before the eyes of the old witnesses, and never again before anybody's.
        raise _refused("policy", f"root {root.version} gives up the network's log")


def _check_bound(snapshot: Snapshot) -> None:
    for name, meta in snapshot.meta.items():
        # By version alone, the online key could show one edition to the log and another one here.
        if set(meta.hashes or ()) != {"sha256"}:
            raise _refused("unbound", f"the list of versions has no digest of {name}")


def _prove(files: Files, name: str, policy: Quorum) -> WitnessedCheckpoint:
    held = files.get(proof_name(name))
    if held is None:
        raise _refused("unproven", f"there is no proof that {name} is in the log")
    try:
        return checkpoint.check_proof(
            Proof.from_bytes(held), leaf(name, files[name]).to_bytes(), policy
        )
    except DocumentRefused as error:
        # Said to somebody at a border: which file, and what it means there.
        raise DocumentRefused(
            error.code, f"the proof that {name} is in the log does not hold: {error.message}", _HINT
        ) from error


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"log-{code}", why, _HINT)


# ----------------------------------------------------------------------------------------------------
# An edition's entry into the log: what it takes, and the proofs that come of it. Before it is in force.
#
#     prepared files, root in force -> asked -> Quorum... · leaves -> the log, witnesses -> proofs -> ordered
#
# 1. A root that follows is seen by the witnesses of the root before it, and by its own.
# 2. There is one log. A network whose log's key is lost or stolen begins anew, from another anchor.
# 3. A proof has the cosignatures of those alone whom it is for: it stays within what verifiers read.


Files = Mapping[str, bytes]
PROVEN = frozenset({Root.type, Snapshot.type})


def asked(made: Files, current: Root | None) -> tuple[Quorum, ...]:
    """Return the quorums that must see an edition: none where no log is asked for.

    Args:
        made: the edition's files by name, without the timestamp.
        current: the root in force; None before the first.

    Raises:
        UsageError: `log-replaced`: the next root asks for another log.
    """
    before = None if current is None else policy_of(current)
    newer = newer_root(made)
    if newer is None:
        return () if before is None else (before,)
    after = policy_of(newer)
    found = tuple(dict.fromkeys(one for one in (before, after) if one is not None))
    if len({one.log for one in found}) > 1 or (before is not None and after is None):
        raise UsageError(
            "log-replaced",
            "the next root asks for another log than the one in force, or for none",
            "a network keeps its log; its witnesses may change",
        )
    return found


def newer_root(made: Files) -> Root | None:
    """Return the root that is among an edition's files."""
    found = next((data for name, data in made.items() if name.endswith(".root.json")), None)
    return None if found is None else Metadata[Root].from_bytes(found).signed


def entries(made: Files) -> list[bytes]:
    """Return the leaves of an edition, in the order in which its files are written."""
    return [leaf.to_bytes() for leaf in leaves(ordered(made))]


def lacking(note: Note, quorums: tuple[Quorum, ...]) -> dict[str, tuple[str, ...]]:
    """Return, for each quorum that has not seen a checkpoint, whose cosignatures may still come.

    Raises:
        DocumentRefused: `log-cosignature`, `log-unsigned` and others: what is there is wrong.
    """
    found = {}
    for one, whose in zip(quorums, ("old ", "new ") if len(quorums) > 1 else ("",), strict=True):
        if len(one.cosigned(note)[1]) < one.needed:
            left = tuple(w.name for w in one.witnesses if note.body_of(w) is None)
            count = len(one.witnesses) - len(left)
            found[f"{count} of {one.needed} {whose}witnesses have seen it"] = left
    return found


def proofs(made: Files, tree: Tiles, note: Note, quorums: tuple[Quorum, ...]) -> dict[str, bytes]:
    """Return the proofs that verifiers ask for, by name.

    Args:
        made: the edition's files; their leaves are the last of the tree.
        tree: the log.
        note: the checkpoint over it.
        quorums: those that have seen it, as `asked` returns them.
    """
    listed = leaves(ordered(made))
    found = {}
    for number, leaf in enumerate(listed, tree.size - len(listed)):
        if leaf.role[0] in PROVEN:
            # A root is proven as the one before it asks, the list of versions as the newest one does.
            whom = quorums[-1] if leaf.role[0] == Snapshot.type else quorums[0]
            found[proof_name(leaf.name)] = _proof(number, tree, note, whom)
    return found


def proof_again(
    made: Files, in_force: Files, tree: Tiles, note: Note, quorums: tuple[Quorum, ...]
) -> dict[str, bytes]:
    """Return the proof of the list of versions in force, for the witnesses of both roots.

    From the moment when a root with other witnesses can be read until the new timestamp can, it is asked
    to be proven as that root asks.

    Args:
        made: the edition's files; their leaves are the last of the tree.
        in_force: that list, by its name.
        tree: the log.
        note: the checkpoint over it.
        quorums: those that have seen it, as `asked` returns them.
    """
    number, (own,) = tree.size - len(leaves(made)) - 1, leaves(in_force)
    if len(quorums) < 2 or number < 0 or tree.entries(number, number + 1) != [own.to_bytes()]:
        return {}
    proof = _proof(number, tree, note, *quorums)
    return {proof_name(own.name): proof} if len(proof) <= MAX_PROOF else {}


def _proof(number: int, tree: Tiles, note: Note, *quorums: Quorum) -> bytes:
    return Proof(number, inclusion(tree, number, tree.size), _only(note, *quorums)).to_bytes()


def _only(note: Note, *quorums: Quorum) -> Note:
    known = {(one.name, one.id) for each in quorums for one in (each.log, *each.witnesses)}
    signed = (one for one in note.signatures if (one.name, one.id) in known)
    return note._replace(signatures=tuple(signed))


def ordered(made: Files) -> dict[str, bytes]:
    """Return files in the order in which they are written: nothing is announced before it is there."""
    return dict(sorted(made.items(), key=lambda one: (_turn(one[0]), one[0])))


def _turn(name: str) -> int:
    for turn, end in enumerate((".root.json", ".snapshot.json"), 3):
        if name.endswith(end):
            return turn
    return 1 if name.startswith("metadata/") else 0
