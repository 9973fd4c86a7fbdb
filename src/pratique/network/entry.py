"""An edition's entry into the log: what it takes, and the proofs that come of it. Before it is in force.

    prepared files, root in force -> asked -> Quorum... · leaves -> the log, witnesses -> proofs -> ordered

1. A root that follows is seen by the witnesses of the root before it, and by its own.
2. There is one log. A network whose log's key is lost or stolen begins anew, from another anchor.
3. A proof has the cosignatures of those alone whom it is for: it stays within what verifiers read.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuf.api.metadata import Metadata, Root, Snapshot

from pratique.errors import DocumentRefused, UsageError
from pratique.log.merkle import inclusion
from pratique.log.note import Note
from pratique.log.proof import Proof
from pratique.log.quorum import Quorum
from pratique.log.tiles import Tiles
from pratique.network import logged

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
    before = None if current is None else logged.policy_of(current)
    newer = newer_root(made)
    if newer is None:
        return () if before is None else (before,)
    after = logged.policy_of(newer)
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
    return [leaf.to_bytes() for leaf in logged.leaves(ordered(made))]


def lacking(note: Note, quorums: tuple[Quorum, ...]) -> dict[str, tuple[str, ...]]:
    """Return, for each quorum that has not seen a checkpoint, whose cosignatures may still come.

    Raises:
        DocumentRefused: `log-cosignature`, `log-unsigned` and others: what is there is wrong.
    """
    found = {}
    for one, whose in zip(quorums, ("old ", "new ") if len(quorums) > 1 else ("",), strict=True):
        try:
            one.seen(note)
        except DocumentRefused as error:
            if error.code != "log-quorum":
                raise
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
    listed = logged.leaves(ordered(made))
    found = {}
    for number, leaf in enumerate(listed, tree.size - len(listed)):
        if leaf.role[0] in PROVEN:
            # A root is proven as the one before it asks, the list of versions as the newest one does.
            whom = quorums[-1] if leaf.role[0] == Snapshot.type else quorums[0]
            found[logged.proof_name(leaf.name)] = _proof(number, tree, note, whom)
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
    number, (own,) = tree.size - len(logged.leaves(made)) - 1, logged.leaves(in_force)
    if len(quorums) < 2 or number < 0 or tree.entries(number, number + 1) != [own.to_bytes()]:
        return {}
    proof = _proof(number, tree, note, *quorums)
    return {logged.proof_name(own.name): proof} if len(proof) <= logged.MAX_PROOF else {}


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
