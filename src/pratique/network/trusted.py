"""Verified metadata of The Update Framework, in its order: what follows from the anchor, and nothing else.

    anchor -> root -> root -> timestamp -> snapshot -> targets -> a role, a role, ...

1. The client's workflow of the specification (TUF 1.0, §5.3 to §5.6) is here, over python-tuf's metadata: who must
   have signed what, in which version, until when. What it refuses is a DocumentRefused with a stable code, and
   changes nothing; but a timestamp or a snapshot that is refused only for its age or for not being the final
   one stays a floor for the next.
2. What it accepts must fit the network's policy too.
3. `at` is the caller's. Without one nothing is expired: what was believed once is read again so, and
   its age is judged where it is used.
4. A delegated role that has expired is taken, and its end is told: only its own participant is in
   doubt then, and everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tuf.api.exceptions import (
    BadVersionNumberError,
    EqualVersionNumberError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, Root, Signed, Snapshot, Targets, Timestamp

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.network.metadata import Board

PUBLISHED = "x-pratique-published"
"""In the timestamp: when it was made, so that the age of what is held is known and signed."""

DAWN = datetime(1, 1, 2, tzinfo=UTC)
T = TypeVar("T")
S = TypeVar("S", Root, Timestamp, Snapshot, Targets)
_CODES = {
    "ExpiredMetadataError": "expired",
    "BadVersionNumberError": "rollback",
    "UnsignedMetadataError": "unsigned",
    "LengthOrHashMismatchError": "differs",
    "DeserializationError": "malformed",
}


class SameVersion(DocumentRefused):
    """A timestamp is of the version that is held already."""


class Trusted:
    """What is believed so far."""

    def __init__(self, anchor: bytes, at: datetime | None = None) -> None:
        self._at = at or DAWN
        read = _read(Root, anchor, "root")
        _asked(lambda: _check_signed(read.signed, Root.type, read), "root")
        self._root = read.signed
        self._timestamp: Timestamp | None = None
        self._snapshot: Snapshot | None = None
        self._targets: dict[str, Targets] = {}
        # Whoever handed the anchor over was trusted with it; what is wrong with its codes is told.
        self.board = self._board_of(self._root, None, held=True)

    @property
    def root(self) -> Root:
        """Return the newest root."""
        return self._root

    @property
    def is_timed(self) -> bool:
        """Tell whether a timestamp was believed, be it too old."""
        return self._timestamp is not None

    @property
    def timestamp(self) -> Timestamp:
        """Return the timestamp; LookupError before there is one."""
        return _there(self._timestamp)

    @property
    def snapshot(self) -> Snapshot:
        """Return the list of all versions; LookupError before there is one."""
        return _there(self._snapshot)

    @property
    def targets(self) -> Targets:
        """Return the authority's own; LookupError before there is one."""
        return self._targets[Targets.type]

    @property
    def published(self) -> datetime:
        """Return when the timestamp was made."""
        return published(self.timestamp)

    def take_root(self, data: bytes, *, held: bool = False) -> Root:
        """Believe the next root, signed by the seats of the last one and its own; `held` if it was before.

        One that has expired is believed: only the last one must not have, which is asked with the timestamp.
        """
        read = _read(Root, data, "root")
        root = read.signed
        board = _asked(lambda: self._board_of(root, self.board, held=held), "root")
        if (board.network, board.environment) != (self.board.network, self.board.environment):
            raise metadata.board_refused(
                "differs", "the next root is of another network or environment"
            )
        metadata.check_kept(self.root, root)

        def check() -> None:
            if self.is_timed:
                raise RuntimeError("roots come before the timestamp")
            _check_signed(self.root, Root.type, read)
            if root.version != self.root.version + 1:
                raise BadVersionNumberError
            _check_signed(root, Root.type, read)

        _asked(check, "root")
        self._root, self.board = root, board
        return root

    def take_timestamp(self, data: bytes) -> Timestamp:
        """Believe a timestamp."""
        read = _read(Timestamp, data, "timestamp")
        newer = read.signed
        _asked(lambda: self._judge_timestamp(newer), "timestamp")
        _fit("timestamp", [newer.snapshot_meta.version])

        def check() -> None:
            if self._snapshot is not None:
                raise RuntimeError("a timestamp comes before the list of versions")
            # §5.3.10: of the roots only the last one must live.
            self._check_alive(self.root)
            _check_signed(self.root, Timestamp.type, read)
            if self._timestamp is None:
                return
            before = self._timestamp
            if newer.version == before.version:
                raise EqualVersionNumberError
            if (
                newer.version < before.version
                or newer.snapshot_meta.version < before.snapshot_meta.version
            ):
                raise BadVersionNumberError

        _asked(check, "timestamp")
        # One that is too old is a floor all the same, and nothing below it is believed: §5.4.4 after §5.4.3.
        self._timestamp = newer
        self.check_time()
        return newer

    def check_time(self) -> None:
        """Refuse the timestamp that is believed once its time is over, also where it came from what is held."""
        if self._timestamp is not None and self._timestamp.is_expired(self._at):
            raise refused("expired", "timestamp", _WHY["expired"])

    def told(self, data: bytes) -> Timestamp | None:
        """Return a timestamp that the root's keys have signed, without believing it; None if it is none."""
        try:
            read = _read(Timestamp, data, "timestamp")
            _asked(lambda: _check_signed(self.root, Timestamp.type, read), "timestamp")
            published(read.signed)
        except DocumentRefused:
            return None
        return read.signed

    def take_snapshot(self, data: bytes, *, held: bool = False) -> Snapshot:
        """Believe the list of all versions; `held` if it was believed before."""
        read = _read(Snapshot, data, "snapshot")
        newer = read.signed
        if "targets.json" not in newer.meta:
            raise refused("malformed", "snapshot", "it does not list the authority's own")
        _fit("snapshot", [one.version for one in newer.meta.values()])

        def check() -> None:
            if self._targets:
                raise RuntimeError("the list of versions comes before the targets")
            self._check_alive(self.timestamp)
            if not held:
                # One that is held was checked when it came; by now the timestamp announces another.
                self.timestamp.snapshot_meta.verify_length_and_hashes(data)
            _check_signed(self.root, Snapshot.type, read)
            for name, before in self._snapshot.meta.items() if self._snapshot else ():
                # None may be left out: a role that is gone could come back older.
                if name not in newer.meta:
                    raise RepositoryError
                if newer.meta[name].version < before.version:
                    raise BadVersionNumberError

        _asked(check, "snapshot")
        # An old one, or one that is not the one announced, is a floor all the same (§5.5.5).
        self._snapshot = newer
        _asked(self._check_final, "snapshot")
        self._judge_snapshot(newer)
        return newer

    def take_targets(self, data: bytes) -> Targets:
        """Believe the authority's own."""
        read = _read(Targets, data, "targets")
        _asked(lambda: self._judge_targets(read.signed), "targets")
        return self._take(Targets.type, data, read, by=self.root, at=self._at)

    def take_role(self, name: str, data: bytes, *, by: str = Targets.type) -> Targets:
        """Believe a delegated role, expired or not, as the role that delegates to it has it signed."""
        read = _read(Targets, data, name)
        _asked(lambda: self._judge_role(name, read.signed), name)
        return self._take(name, data, read, by=self._targets[by], at=self._time_of_roles())

    def _take(
        self, name: str, data: bytes, read: Metadata[Targets], *, by: Root | Targets, at: datetime
    ) -> Targets:
        def check() -> None:
            self._check_final()
            meta = self.snapshot.meta.get(f"{name}.json")
            if meta is None:
                raise RepositoryError
            meta.verify_length_and_hashes(data)
            _check_signed(by, name, read)
            if read.signed.version != meta.version:
                raise BadVersionNumberError
            if read.signed.is_expired(at):
                raise ExpiredMetadataError

        _asked(check, name)
        self._targets[name] = read.signed
        return read.signed

    def _check_final(self) -> None:
        """See to it that the list of versions is the one announced, and has not expired."""
        self._check_alive(self.snapshot)
        if self.snapshot.version != self.timestamp.snapshot_meta.version:
            raise BadVersionNumberError

    def _check_alive(self, signed: Signed) -> None:
        if signed.is_expired(self._at):
            raise ExpiredMetadataError

    def earlier_role(self, name: str, data: bytes) -> Targets:
        """Return a delegated role of an earlier version, which its own keys have signed."""
        found = _read(Targets, data, name)
        _asked(lambda: metadata.check_network(name, found.signed, self.root, self.board), name)
        _asked(lambda: metadata.check_role(name, found.signed), name)
        _asked(lambda: _check_signed(self.targets, name, found), name)
        return found.signed

    def roles(self) -> dict[str, int | None]:
        """Return the delegated roles and their versions; None for one that has published nothing."""
        delegations = self.targets.delegations
        assert delegations is not None
        assert delegations.roles is not None
        meta = self.snapshot.meta
        return {
            name: meta[f"{name}.json"].version if f"{name}.json" in meta else None
            for name in delegations.roles
        }

    # What the network asks beyond the framework: each of these is a rule of ours, and all of them are here.

    def _board_of(self, root: Root, before: Board | None, *, held: bool) -> Board:
        return metadata.of_root(root, before=before, held=held)

    def _judge_timestamp(self, found: Timestamp) -> None:
        published(found)

    def _judge_snapshot(self, found: Snapshot) -> None:
        self._check_life(found, metadata.SNAPSHOT_LIFE)

    def _judge_targets(self, found: Targets) -> None:
        metadata.check_network("targets", found, self.root, self.board)
        metadata.check_targets(found, self.root, self.board)
        self._check_life(self.root, metadata.ROOT_LIFE)
        self._check_life(found, metadata.TARGETS_LIFE)

    def _judge_role(self, name: str, found: Targets) -> None:
        metadata.check_network(name, found, self.root, self.board)
        metadata.check_role(name, found, published=self.published)

    def _time_of_roles(self) -> datetime:
        return DAWN

    def _check_life(self, signed: Root | Snapshot | Targets, life: timedelta) -> None:
        # It was made before the timestamp was, so it cannot end later than this.
        if signed.expires - self.published > life + metadata.SLACK:
            raise metadata.policy_refused("long-lived", f"{signed.type} would last for too long")


def published(timestamp: Timestamp) -> datetime:
    """Return when a timestamp says that it was made; DocumentRefused if it does not say."""
    text = timestamp.unrecognized_fields.get(PUBLISHED)
    try:
        found = datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise refused("malformed", metadata.TIMESTAMP_FILE, "it does not say when") from error
    if not found < timestamp.expires or timestamp.expires - found > metadata.TIMESTAMP_LIFE:
        raise refused("malformed", metadata.TIMESTAMP_FILE, "it lasts for too long")
    return found


def refused(code: str, what: str, why: str) -> DocumentRefused:
    """Return the refusal of a piece of the network."""
    return DocumentRefused(f"network-{code}", f"{what} was refused: {why}", metadata.HINT)


def _there(signed: T | None) -> T:
    if signed is None:
        raise LookupError("it was not believed yet")
    return signed


def _check_signed(by: Root | Targets, role: str, read: Metadata[S]) -> None:
    by.verify_delegate(role, read.signed_bytes, read.signatures)


def _read(kind: type[S], data: bytes, what: str) -> Metadata[S]:
    # A server may hand in any file of the network under any name: what is looked at before its
    # signatures are checked must be of the role's own kind.
    # The framework parses and compares without limits, and more than once.
    _asked(lambda: strict_json.gate(data), what)
    found = _asked(lambda: Metadata[S].from_bytes(data), what)
    if not isinstance(found.signed, kind):
        raise refused("malformed", what, _WHY["malformed"])
    _fit(what, [found.signed.version])
    return found


def _fit(what: str, versions: Iterable[int]) -> None:
    # One that its file's name cannot hold would not be found again, nor what it has taken back.
    if any(type(one) is not int or one > metadata.MAX_VERSION for one in versions):
        raise refused("malformed", what, "a version is no number that a name can hold")


def _asked(ask: Callable[[], T], what: str) -> T:
    try:
        return ask()
    except EqualVersionNumberError as error:
        raise SameVersion(
            "network-same", f"{what} was refused: {_WHY['same']}", metadata.HINT
        ) from error
    except RepositoryError as error:
        code = _CODES.get(type(error).__name__, "refused")
        raise refused(code, what, _WHY[code]) from error
    except DocumentRefused:
        raise
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise refused("malformed", what, _WHY["malformed"]) from error


_WHY = {
    "expired": "its time is over; the server may be holding newer ones back, or a clock is wrong",
    "rollback": "it is of an earlier version than what is held, or than what it should be",
    "same": "it is what is held already",
    "unsigned": "too few of those who must sign it have signed it",
    "differs": "it is not what was announced",
    "malformed": "it is not laid out as metadata",
    "refused": "it does not fit the others",
}
