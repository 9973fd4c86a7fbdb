"""Enter an edition into the log, have the witnesses see it, and put it in force.

    prepared -> waiting.zip -> leaves -> head -> witnesses -> proofs -> repository -> timestamp

1. What waits is on the disk before the log has it: whoever was interrupted goes on where it was, and no
   version stands in the log twice.
2. Until enough witnesses have seen it the old edition is in force, and its timestamp is renewed.
3. A witness that cannot be asked is told by name, and asked again next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tuf.api.metadata import Metadata, Root

from pratique.cli.authority import log_home, place
from pratique.edges import log as logs
from pratique.edges.keys import Secret
from pratique.edges.network import cosign, repository, waiting
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.journeys import publish, witness
from pratique.log import checkpoint, cosignature, merkle, note, quorum
from pratique.network import entry, names, trusted

CONFLICT, DIGITS = 409, 20


class Entered(NamedTuple):
    """What came of it.

    Attributes:
        files: what is in force now, by name; none where nothing waited, or it waits on.
        lacking: by how many have seen it, the witnesses whose cosignatures may still come.
        problems: by witness, why it did not cosign.
    """

    files: Mapping[str, bytes] = {}
    lacking: Mapping[str, tuple[str, ...]] = {}
    problems: Mapping[str, str] = {}

    def told(self) -> list[str]:
        """Say what it waits for."""
        lines = [f"{seen}; missing: {', '.join(left)}" for seen, left in self.lacking.items()]
        return lines + [f"witness {name}: {why}" for name, why in sorted(self.problems.items())]


def finish(folder: Path, secret: Secret, at: datetime) -> Entered:
    """Bring what waits one step further, to its end if it can be; the repository is locked.

    Raises:
        DocumentRefused: `log-…`: the log on the disk is not what was signed.
        UsageError: `log-none`, `log-key-differs`.
    """
    made, there = waiting.load(folder), repository.Repository(place.repository_of(folder))
    if not made:
        return Entered()
    quorums, home = asked(made, there), log_home.load(folder)
    own = log_home.opened(place.repository_of(folder), home.own)
    online = place.online_keys(folder, secret, newer_root(made))
    key = log_home.key(folder, secret)
    if {one.log for one in quorums} != {home.own}:
        raise UsageError(
            "log-key-differs",
            f"{folder}: the root asks for another log than the one here",
            f"restore {log_home.FILE} and {log_home.KEY} from their copies",
        )
    leaves, size = entry.entries(made), own.size()
    # Entered by a call that was interrupted: a version is entered once.
    first = size - len(leaves)
    if first < 0 or own.tree().entries(first, size) != leaves:
        own.append(leaves, key)
    problems = _ask(own, home, quorums)
    head = own.head()
    assert head is not None
    lacking = entry.lacking(head, quorums)
    if lacking:
        return Entered({}, lacking, problems)
    found = entry.ordered({**made, **entry.proofs(made, own.tree(), head)})
    repository.write(place.repository_of(folder), found)
    # Between the two: monitors look for what the checkpoint counts, and for what the timestamp announces.
    own.publish(head)
    announced = publish.announced(there, found, online, at=at)
    repository.write(place.repository_of(folder), announced)
    waiting.clear(folder)
    return Entered({**found, **announced}, {}, problems)


def asked(made: Mapping[str, bytes], there: repository.Repository) -> tuple[quorum.Quorum, ...]:
    """Return the quorums that must see an edition before it is in force; none without a log."""
    if names.TIMESTAMP_FILE not in there:
        return entry.asked(made, None)
    found = trusted.Trusted(there[publish.ANCHOR])
    while (name := names.metadata("root", found.root.version + 1)) in there and name not in made:
        # One of those that wait, written by a call that was interrupted, is not in force yet.
        found.take_root(there[name])
    return entry.asked(made, found.root)


def newer_root(made: Mapping[str, bytes]) -> Root | None:
    """Return the root that is among an edition's files."""
    found = [data for name, data in made.items() if name.endswith(".root.json")]
    return Metadata[Root].from_bytes(found[0]).signed if found else None


def request(own: logs.LogFolder, old: int) -> bytes:
    """Return the request to cosign the head, for a witness that has seen `old` leaves.

    Raises:
        UsageError: `log-empty`, `log-size`.
    """
    head, tree = own.head(), own.tree()
    if head is None:
        raise UsageError("log-empty", "there is nothing to cosign yet")
    if not 0 <= old <= tree.size:
        raise UsageError("log-size", f"the log has {tree.size} leaves, and never had {old}")
    return witness.Request(old, merkle.consistency(tree, old, tree.size), head).to_bytes()


def _ask(
    own: logs.LogFolder, home: log_home.Home, quorums: tuple[quorum.Quorum, ...]
) -> dict[str, str]:
    head, listed = own.head(), {w for one in quorums for w in one.witnesses}
    assert head is not None
    left = [w for w in sorted(listed) if head.body_of(w) is None and w.name in home.witnesses]
    if not left:
        return {}
    published = own.published()
    seen = 0 if published is None else checkpoint.opened(published, home.own).size

    def ask(one: note.NoteKey) -> tuple[tuple[note.Signature, ...], str]:
        try:
            return _asked_one(own, home.witnesses[one.name], one, seen), ""
        except PratiqueError as error:
            return (), error.message

    with ThreadPoolExecutor(len(left)) as pool:
        answers = list(pool.map(ask, left))
    own.cosign(line for lines, _ in answers for line in lines)
    return {one.name: why for one, (_, why) in zip(left, answers, strict=True) if why}


def _asked_one(
    own: logs.LogFolder, url: str, one: note.NoteKey, seen: int
) -> tuple[note.Signature, ...]:
    number, body = cosign.asked(url, request(own, seen))
    told = body.strip()
    if number == CONFLICT and told.isdigit() and len(told) < DIGITS:
        # It says what it has seen last: one that is new, or was away.
        number, body = cosign.asked(url, request(own, int(told)))
    if number != witness.OK:
        raise DocumentRefused("witness-refused", f"it answers {number}: {_words(body)}")
    return believed(own, one, body)


def believed(own: logs.LogFolder, one: note.NoteKey, body: bytes) -> tuple[note.Signature, ...]:
    """Return a witness's cosignature of the head out of lines; DocumentRefused `log-…` if it is wrong."""
    lines, head = note.read_signatures(body.decode("utf-8", "replace")), own.head()
    found = tuple(line for line in lines if (line.name, line.id) == (one.name, one.id))
    # A wrong one under the head would spoil it for all.
    if head is None or not found or cosignature.check(head.with_signatures(*found), one) is None:
        raise DocumentRefused("witness-refused", "its answer holds no cosignature of its own")
    return found


def _words(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace").strip()
