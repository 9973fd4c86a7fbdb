"""The authority's log: what it knows of it, the witnesses' cosignatures, and how an edition comes into force by it.

    DIR/log.json · DIR/keys/log.pem (encrypted) · DIR/repository/log/ (what everybody reads)
    prepared -> waiting.zip -> leaves -> head -> witnesses -> proofs -> repository -> timestamp

1. What waits is on the disk before the log has it: whoever was interrupted goes on where it was, and no
   version stands in the log twice.
2. Until enough witnesses have seen it the old edition is in force, and its timestamp is renewed. A witness that cannot
   be asked is named, and asked again next time.
3. A witness may be down, slow or hostile: none is waited for once enough have answered, and nothing that one says
   keeps the others' cosignatures from the head. What goes under the head was checked first: a wrong cosignature would
   spoil it for all.
4. A witness that has seen another tree will never cosign this one. That is told apart from one that is away: waiting
   helps with the one, and with the other it hides that this log is a copy.
5. What is in the log once has to be published: a root that nobody's new witness would see is not entered.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from pratique import strict_json
from pratique.crypto.keys import Ed25519Key
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.network import logged, metadata, publish, trusted
from pratique.network.logged import NoteKeyText
from pratique.parties import authority_home
from pratique.parties.proposals import repository_of
from pratique.store import files, http, keys, log, network, sources
from pratique.store.keys import Secret
from pratique.tlog import checkpoint, merkle, note, witness

FORMAT = "pratique-log-1"
FILE, KEY = "log.json", "keys/log.pem"


class LogFile(NamedTuple):
    """The document."""

    key: NoteKeyText
    witnesses: Mapping[str, str]


class LogHome(NamedTuple):
    """The log's public key, and the web addresses of witnesses by their names."""

    own: note.NoteKey
    witnesses: Mapping[str, str]


def save(folder: Path, home: LogHome) -> None:
    """Keep the document."""
    files.replace(folder / FILE, strict_json.dump(LogFile(*home), FORMAT))


def load(folder: Path) -> LogHome:
    """Load the document; UsageError `log-none`, DocumentRefused `log-file`."""
    path = folder / FILE
    if not path.exists():
        raise UsageError(
            "log-none",
            f"{folder}: there is no log here",
            "make one: pratique authority log init",
        )

    def damaged(why: str) -> DocumentRefused:
        return DocumentRefused(
            "log-file", f"{path}: it is damaged: {why}", "restore it from its copy"
        )

    return LogHome(*strict_json.document(sources.read_bytes(path), LogFile, FORMAT, damaged))


def log_key(folder: Path, secret: Secret) -> Ed25519Key:
    """Open the log's key."""
    return keys.open_log_key(folder / KEY, lambda: secret("file:"))


def quorum(folder: Path, lines: Sequence[str], needed: int | None) -> checkpoint.Quorum:
    """Return what a root is to ask for, with the log here.

    Args:
        folder: the authority's.
        lines: the witnesses' keys: NAME+ID+BASE64.
        needed: how many must have seen an edition; None for two thirds of them.

    Raises:
        UsageError: `log-none`, `quorum-unfit`.
        DocumentRefused: `log-key`, `log-policy`.
    """
    witnesses = tuple(map(_witness, lines))
    found = checkpoint.Quorum(load(folder).own, witnesses, needed or -(-2 * len(witnesses) // 3))
    try:
        found.check()
    except DocumentRefused as error:
        raise UsageError(
            "quorum-unfit",
            error.message,
            "more than half of the witnesses; each of another name and key",
        ) from error
    return found


def _witness(line: str) -> note.NoteKey:
    try:
        return note.NoteKey.from_text(line)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"--witness {line[:80]}: {error.message}",
            "give the whole line that `pratique witness init` has printed",
        ) from error


def opened(repository: Path, own: note.NoteKey) -> log.LogFolder:
    """Return the log in a repository."""
    return log.LogFolder(repository / "log", own)


CONFLICT, INCONSISTENT = 409, 422
FORKED = b"log-forked"
PATIENCE = 3.0
"""Seconds for the others when enough have answered: more cosignatures do no harm, and waiting does."""
_AGAIN = "send it the newest request: pratique authority log request"
_DIGITS = 19
"""Of a number of leaves, at most: a witness may say anything."""


class Problem(NamedTuple):
    """Why a witness has not cosigned; `forked` if it has seen another tree of this log."""

    why: str
    forked: bool = False


_Answer = tuple[note.NoteKey, tuple[note.Signature, ...], Problem | None]


class _Forked(DocumentRefused):
    """A witness has seen another tree of this log than the one here."""


def request(folder: Path, seen: int) -> bytes:
    """Return the request to cosign the head of an authority's log, for a witness that has seen `seen` entries."""
    return _request(opened(repository_of(folder), load(folder).own), seen)


def _request(own: log.LogFolder, old: int) -> bytes:
    """Return the request to cosign the head, for a witness that has seen `old` leaves.

    Raises:
        UsageError: `log-empty`, `log-size`.
    """
    head, tree = own.head(), own.tree()
    if head is None:
        raise UsageError(
            "log-empty",
            "there is nothing to cosign yet",
            "publish first: pratique authority publish",
        )
    if not 0 <= old <= tree.size:
        raise UsageError(
            "log-size",
            f"the log has {tree.size} entries, and never had {old}",
            "the size that the witness has seen last: pratique witness show",
        )
    return witness.CosignatureRequest(
        old, merkle.consistency(tree, old, tree.size), head
    ).to_bytes()


def collect(
    own: log.LogFolder, home: LogHome, quorums: tuple[checkpoint.Quorum, ...]
) -> dict[str, Problem]:
    """Ask all who have not cosigned the head and have an address; return by name why one has not.

    Raises:
        DocumentRefused: `log-…`: the log on the disk is not what was signed.
    """
    head, listed = own.head(), {w for one in quorums for w in one.witnesses}
    assert head is not None
    left = {w for w in sorted(listed) if not _has(head, w) and w.name in home.witnesses}
    published = own.published()
    seen = 0 if published is None else checkpoint.opened(published, home.own).size
    # What is wrong with the log here is no witness's problem.
    first = _request(own, seen)
    came: SimpleQueue[_Answer] = SimpleQueue()
    for one in left:
        words = (own, home.witnesses[one.name], one, first, came)
        # Not waited for at the end either, as the threads of a pool would be.
        threading.Thread(target=_put, args=words, daemon=True).start()
    problems: dict[str, Problem] = {}
    while left:
        is_enough = not logged.lacking(head, quorums)
        try:
            one, lines, why = came.get(timeout=PATIENCE if is_enough else None)
        except Empty:
            break
        left.remove(one)
        head = head.with_signatures(*lines)
        if why is not None:
            problems[one.name] = why
    own.cosign(head.signatures)
    slow = Problem("it did not answer at once, and the others are enough")
    return {**problems, **{one.name: slow for one in left}}


def _put(
    own: log.LogFolder, url: str, one: note.NoteKey, first: bytes, came: SimpleQueue[_Answer]
) -> None:
    lines: tuple[note.Signature, ...] = ()
    why: Problem | None = Problem("it could not be asked")
    try:
        lines, why = _ask(own, url, one, first), None
    except PratiqueError as error:
        why = Problem(error.message, isinstance(error, _Forked))
    finally:
        # Whatever happens: somebody waits for it.
        came.put((one, lines, why))


def _ask(
    own: log.LogFolder, url: str, one: note.NoteKey, first: bytes
) -> tuple[note.Signature, ...]:
    number, body = http.request_cosignature(url, first)
    last = _last(number, body)
    if last is not None:
        # It says what it has seen last: one that is new, or was away.
        if last > own.size():
            raise _Forked(
                "witness-ahead",
                f"it has seen {last} entries, and there are {own.size()} here: this log is an older copy, "
                "or the witness is wrong",
            )
        number, body = http.request_cosignature(url, _request(own, last))
    # The path was made here, of the very tree: where it does not fit, the witness has seen another one. One that
    # names the same size again does so too, as other people's witnesses have it (C2SP tlog-witness).
    if (
        number == INCONSISTENT
        or body.startswith(FORKED)
        or (last is not None and _last(number, body) == last)
    ):
        raise _Forked(
            "witness-forked",
            "it has seen another tree of this log, which has the same key and other entries",
        )
    if number != witness.OK:
        raise DocumentRefused("witness-refused", f"it answers {number}: {_words(body)}")
    return read_cosignature(own, one, body)


def _last(number: int, body: bytes) -> int | None:
    """Return how many leaves a witness says that it has seen; None if it says something else."""
    said = body.strip()
    return int(said) if number == CONFLICT and said.isdigit() and len(said) <= _DIGITS else None


def read_cosignature(
    own: log.LogFolder, one: note.NoteKey, body: bytes
) -> tuple[note.Signature, ...]:
    """Return a witness's cosignature of the head out of lines; DocumentRefused `witness-…` if it is wrong."""
    try:
        lines = note.read_signatures(body.decode("utf-8", "replace"))
    except DocumentRefused as error:
        raise DocumentRefused("witness-answer", "its answer is no cosignature", _AGAIN) from error
    head = own.head()
    found = tuple(line for line in lines if (line.name, line.id) == (one.name, one.id))
    if head is None or not found:
        raise DocumentRefused("witness-refused", "its answer holds no cosignature of its own")
    if not _has(head.with_signatures(*found), one):
        raise DocumentRefused(
            "witness-other",
            f"its cosignature is wrong, or of another checkpoint than the newest, of {own.size()} entries",
            _AGAIN,
        )
    return found


def _has(head: note.Note, one: note.NoteKey) -> bool:
    try:
        return checkpoint.check_cosignature(head, one) is not None
    except DocumentRefused:
        return False


def _words(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace").strip()


class Progress(NamedTuple):
    """How far an edition has come.

    Attributes:
        files: what is in force now, by name; none where nothing waited, or it waits on.
        lacking: by how many have seen it, the witnesses whose cosignatures may still come.
        problems: by witness, why it did not cosign.
        is_forked: whether so many have seen another tree of the log that there will never be enough.
    """

    files: Mapping[str, bytes] = {}
    lacking: Mapping[str, tuple[str, ...]] = {}
    problems: Mapping[str, Problem] = {}
    is_forked: bool = False

    def describe(self) -> list[str]:
        """Say what it waits for."""
        lines = [f"{seen}; missing: {', '.join(left)}" for seen, left in self.lacking.items()]
        lines += [f"witness {name}: {one.why}" for name, one in sorted(self.problems.items())]
        if self.is_forked:
            # A witness could lie; so many of them would have to that they could stop the network anyhow.
            lines.append(
                "it will never be: this log is a copy, or an older one, and the witnesses follow the other"
            )
            lines.append('see "This log is a copy" on the page Authority of the handbook')
        return lines


def advance(folder: Path, secret: Secret, at: datetime) -> Progress:
    """Bring what waits one step further, to its end if it can be; the repository is locked.

    Raises:
        DocumentRefused: `log-…`: the log on the disk is not what was signed.
        UsageError: `log-none`, `log-key-differs`.
    """
    made, there = network.load_waiting(folder), network.Repository(repository_of(folder))
    if not made:
        return Progress()
    quorums, home = quorums_of(made, there), load(folder)
    own = opened(repository_of(folder), home.own)
    online = authority_home.online_keys(folder, secret, logged.newer_root(made))
    key = log_key(folder, secret)
    if {one.log for one in quorums} != {home.own}:
        raise UsageError(
            "log-key-differs",
            f"{folder}: the root asks for another log than the one here",
            f"restore {FILE} and {KEY} from their copies",
        )
    leaves, size = logged.entries(made), own.size()
    # Entered by a call that was interrupted: a version is entered once.
    first = size - len(leaves)
    if first < 0 or own.tree().entries(first, size) != leaves:
        own.append(leaves, key)
    problems = collect(own, home, quorums)
    head = own.head()
    assert head is not None
    lacking = logged.lacking(head, quorums)
    if lacking:
        return Progress({}, lacking, problems, _is_forked(quorums, head, problems))
    again = {}
    if metadata.TIMESTAMP_FILE in there:
        again = logged.proof_again(made, publish.in_force(there), own.tree(), head, quorums)
    found = logged.ordered({**made, **logged.proofs(made, own.tree(), head, quorums)})
    network.write(repository_of(folder), {**again, **found})
    # Between the two: monitors look for what the checkpoint counts, and for what the timestamp announces.
    own.publish(head)
    announced = publish.announced(there, found, online, at=at)
    network.write(repository_of(folder), announced)
    network.clear(folder)
    return Progress({**found, **announced}, {}, problems)


def _is_forked(
    quorums: tuple[checkpoint.Quorum, ...], head: note.Note, problems: Mapping[str, Problem]
) -> bool:
    """Tell whether a quorum can never be had: too many have seen another tree."""
    forked = {name for name, one in problems.items() if one.forked}
    return any(
        sum(w.name not in forked or head.body_of(w) is not None for w in one.witnesses) < one.needed
        for one in quorums
    )


def check_new_witnesses(folder: Path, made: Mapping[str, bytes]) -> None:
    """See to it that a root's new witnesses answer, before it is in the log and there is no way back.

    They are shown the log as it is.

    Raises:
        UsageError: `witnesses-silent`.
    """
    there, home = network.Repository(repository_of(folder)), load(folder)
    own = opened(repository_of(folder), home.own)
    newer = quorums_of(made, there)[1:]
    if not newer or own.head() is None:
        return
    problems = collect(own, home, newer)
    head = own.head()
    assert head is not None
    if lacking := logged.lacking(head, newer):
        said = "; ".join(Progress({}, lacking, problems).describe())
        raise UsageError(
            "witnesses-silent",
            f"the next root's witnesses do not answer, and nothing was changed: {said}",
            "are their keys and addresses right? for those that are reached by hand alone: --skip-witness-check",
        )


def quorums_of(
    made: Mapping[str, bytes], there: network.Repository
) -> tuple[checkpoint.Quorum, ...]:
    """Return the quorums that must see an edition before it is in force; none without a log."""
    if metadata.TIMESTAMP_FILE not in there:
        return logged.asked(made, None)
    found = trusted.Trusted(there[publish.ANCHOR])
    while (name := metadata.metadata("root", found.root.version + 1)) in there and name not in made:
        # One of those that wait, written by a call that was interrupted, is not in force yet.
        found.take_root(there[name], held=True)
    return logged.asked(made, found.root)


def init(folder: Path, name: str, secret: Secret) -> note.NoteKey:
    """Make the key of an authority's log, or take that of an interrupted call; return the public one."""
    if (folder / FILE).exists():
        raise UsageError("log-exists", f"{folder}: there is a log already")
    # Before a key is made.
    if not note.NoteKey.is_name(name):
        raise UsageError("log-unnamed", "--name is empty, too long, or has blanks or a + in it")
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / KEY).exists():
        # Also of a log whose log.json is lost: there is one key.
        key = log_key(folder, secret)
    else:
        key = keys.make_log_key(folder / KEY, lambda: secret("file:"), f"key of the log {name}\n")
    own = note.NoteKey(name, note.NOTE, key.public_key)
    save(folder, LogHome(own, {}))
    return own


def set_witness_url(folder: Path, name: str, url: str) -> None:
    """Note at which web address a witness is asked."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            "url-unfit", f"{url} is no web address", "https://…, as the witness serves it"
        )
    found = load(folder)
    save(folder, found._replace(witnesses={**found.witnesses, name: url}))


class WitnessState(NamedTuple):
    """A witness of the log: where it is asked, "" by hand; whether it has cosigned the newest checkpoint."""

    name: str
    url: str
    is_cosigned: bool


class LogState(NamedTuple):
    """The log: its key, its entries, its witnesses, and how many files wait for them."""

    own: note.NoteKey
    size: int
    witnesses: tuple[WitnessState, ...]
    waiting: int


def state(folder: Path) -> LogState:
    """Return how the log of an authority's folder stands."""
    home, waits = load(folder), network.load_waiting(folder)
    own, there = opened(repository_of(folder), home.own), network.Repository(repository_of(folder))
    head = own.head()
    witnesses = tuple(
        WitnessState(
            key.name,
            home.witnesses.get(key.name, ""),
            head is not None and head.body_of(key) is not None,
        )
        for quorum in quorums_of(waits, there)
        for key in quorum.witnesses
    )
    return LogState(home.own, own.size(), witnesses, len(waits))


def add_cosignature(folder: Path, path: Path) -> str:
    """Put under the checkpoint what a witness has answered in a file; return the witness's name."""
    own, where = opened(repository_of(folder), load(folder).own), repository_of(folder)
    quorums = quorums_of(network.load_waiting(folder), network.Repository(where))
    witnesses = {key.name: key for quorum in quorums for key in quorum.witnesses}
    body = sources.read_bytes(path, note.MAX_NOTE)
    name = body.decode("utf-8", "replace").removeprefix("\N{EM DASH} ").partition(" ")[0]
    if name not in witnesses:
        raise DocumentRefused(
            "witness-unknown",
            f"{path}: it is of no witness of this log",
            "see who they are: pratique authority log show",
        )
    with network.repository_lock(where):
        # Put under another head than it was checked with, it would spoil that for all.
        try:
            own.cosign(read_cosignature(own, witnesses[name], body))
        except DocumentRefused as error:
            raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
    return name
