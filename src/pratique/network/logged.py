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
from typing import Any, NamedTuple

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot

from pratique.errors import DocumentRefused, UsageError
from pratique.log import proof
from pratique.log.note import NoteKey
from pratique.log.proof import Proof
from pratique.log.quorum import Quorum, Seen
from pratique.network import names
from pratique.network.trusted import Trusted

FIELD = "x-pratique-log"
PREFIX = "log/"
"""The log's checkpoint and tiles, and the proofs, lie in the repository under this name."""
MAX_PROOF = proof.MAX_PROOF

Files = Mapping[str, bytes]
_HINT = "what is held here stays as it was; if it stays so, tell the authority and others"
_METADATA = re.compile(r"metadata/([1-9][0-9]{0,9})\.([A-Za-z0-9]{1,16})\.json")
_LEAF = re.compile(rb"([0-9a-f]{64})  ([!-~]{1,64})\n")


class Leaf(NamedTuple):
    """A leaf: a file's name, and SHA-256 of its bytes in hexadecimal."""

    name: str
    sha256: str

    def to_bytes(self) -> bytes:
        """Write the leaf's data, as `sha256sum` writes it."""
        return f"{self.sha256}  {self.name}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Leaf:
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


def leaf(name: str, data: bytes) -> Leaf:
    """Return a file's leaf."""
    return Leaf(name, sha256(data).hexdigest())


def leaves(written: Files) -> list[Leaf]:
    """Return the leaves of what was written, in that order."""
    return [leaf(name, data) for name, data in written.items() if _METADATA.fullmatch(name)]


def proof_name(name: str) -> str:
    """Name the proof of a metadata file: `log/7.snapshot.proof`."""
    return f"{PREFIX}{name.removeprefix('metadata/').removesuffix('.json')}.proof"


def fields(quorum: Quorum | None) -> dict[str, object]:
    """Return what a root says of the log; nothing where it asks for none."""
    if quorum is None:
        return {}
    witnesses = [witness.to_text() for witness in quorum.witnesses]
    return {FIELD: {"log": quorum.log.to_text(), "witnesses": witnesses, "quorum": quorum.needed}}


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
        if field.keys() != {"log", "witnesses", "quorum"} or type(field["quorum"]) is not int:
            raise ValueError("members of a policy")
        listed = tuple(NoteKey.from_text(str(line)) for line in list(field["witnesses"]))
        found = Quorum(NoteKey.from_text(str(field["log"])), listed, field["quorum"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _refused("policy", "the root does not say which log, witnesses and quorum") from error
    found.check()
    return found


def described(files: Files, role: str, version: int) -> MetaFile:
    """Return what the list of versions says of a role's metadata: version, and SHA-256."""
    data = files[names.metadata(role, version)]
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
    name = names.metadata("snapshot", trusted.snapshot.version)
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
        asked.append(names.metadata("snapshot", trusted.snapshot.version))
    return tuple(map(proof_name, asked))


def _roots(files: Files, anchor: bytes, last: Root) -> Iterator[tuple[Root, str, Root]]:
    """Yield each root that was followed by another, the other's name, and the other."""
    before = Metadata[Root].from_bytes(anchor).signed
    while before.version < last.version:
        name = names.metadata("root", before.version + 1)
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


def _prove(files: Files, name: str, policy: Quorum) -> Seen:
    held = files.get(proof_name(name))
    if held is None:
        raise _refused("unproven", f"there is no proof that {name} is in the log")
    try:
        return proof.check(Proof.from_bytes(held), leaf(name, files[name]).to_bytes(), policy)
    except DocumentRefused as error:
        # Said to somebody at a border: which file, and what it means there.
        raise DocumentRefused(
            error.code, f"the proof that {name} is in the log does not hold: {error.message}", _HINT
        ) from error


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"log-{code}", why, _HINT)
