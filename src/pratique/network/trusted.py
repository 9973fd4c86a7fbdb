"""Metadata that was believed, in its order: a thin skin over python-tuf's trusted metadata set.

    anchor -> root -> root -> timestamp -> snapshot -> targets -> a role, a role, ...

1. What The Update Framework refuses is a DocumentRefused here, with a stable code, and changes nothing.
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

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

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
    "EqualVersionNumberError": "same",
    "UnsignedMetadataError": "unsigned",
    "LengthOrHashMismatchError": "differs",
    "DeserializationError": "malformed",
}


class Trusted:
    """What is believed so far."""

    def __init__(self, anchor: bytes, at: datetime | None = None) -> None:
        # The framework's own set would take the time from this machine's clock.
        _asked(lambda: strict_json.gate(anchor), "root")
        self._set = _asked(lambda: TrustedMetadataSet(anchor, EnvelopeType.METADATA), "root")
        self._set.reference_time = at or DAWN
        # Whoever handed the anchor over was trusted with it; what is wrong with its codes is told.
        self.board = self._board_of(self._set.root, None, held=True)

    @property
    def root(self) -> Root:
        """Return the newest root."""
        return self._set.root

    @property
    def is_timed(self) -> bool:
        """Tell whether a timestamp was believed, be it too old."""
        return Timestamp.type in self._set

    @property
    def timestamp(self) -> Timestamp:
        """Return the timestamp."""
        return self._set.timestamp

    @property
    def snapshot(self) -> Snapshot:
        """Return the list of all versions."""
        return self._set.snapshot

    @property
    def targets(self) -> Targets:
        """Return the authority's own."""
        return self._set.targets

    @property
    def published(self) -> datetime:
        """Return when the timestamp was made."""
        return published(self.timestamp)

    def take_root(self, data: bytes, *, held: bool = False) -> Root:
        """Believe the next root, signed by the seats of the last one and its own; `held` if it was before."""
        root = _read(Root, data, "root").signed
        board = _asked(lambda: self._board_of(root, self.board, held=held), "root")
        if (board.network, board.environment) != (self.board.network, self.board.environment):
            raise metadata.board_refused(
                "differs", "the next root is of another network or environment"
            )
        metadata.check_kept(self.root, root)
        root = _asked(lambda: self._set.update_root(data), "root")
        self.board = board
        return root

    def take_timestamp(self, data: bytes) -> Timestamp:
        """Believe a timestamp."""
        found = _read(Timestamp, data, "timestamp").signed
        _asked(lambda: self._judge_timestamp(found), "timestamp")
        _fit("timestamp", [found.snapshot_meta.version])
        return _asked(lambda: self._set.update_timestamp(data), "timestamp")

    def check_time(self) -> None:
        """Refuse the timestamp that is believed once its time is over, also where it came from what is held."""
        if self.is_timed and self.timestamp.is_expired(self._set.reference_time):
            raise refused("expired", "timestamp", _WHY["expired"])

    def told(self, data: bytes) -> Timestamp | None:
        """Return a timestamp that the root's keys have signed, without believing it; None if it is none."""
        try:
            found = _read(Timestamp, data, "timestamp")
            _asked(
                lambda: self.root.verify_delegate(
                    Timestamp.type, found.signed_bytes, found.signatures
                ),
                "timestamp",
            )
            published(found.signed)
        except DocumentRefused:
            return None
        return found.signed

    def take_snapshot(self, data: bytes, *, held: bool = False) -> Snapshot:
        """Believe the list of all versions; `held` if it was believed before."""
        meta = _read(Snapshot, data, "snapshot").signed.meta
        if "targets.json" not in meta:
            raise refused("malformed", "snapshot", "it does not list the authority's own")
        _fit("snapshot", [one.version for one in meta.values()])
        found = _asked(lambda: self._set.update_snapshot(data, trusted=held), "snapshot")
        self._judge_snapshot(found)
        return found

    def take_targets(self, data: bytes) -> Targets:
        """Believe the authority's own."""
        found = _read(Targets, data, "targets").signed
        _asked(lambda: self._judge_targets(found), "targets")
        return _asked(lambda: self._set.update_targets(data), "targets")

    def take_role(self, name: str, data: bytes, *, by: str = Targets.type) -> Targets:
        """Believe a delegated role, expired or not, as the role that delegates to it has it signed."""
        found = _read(Targets, data, name).signed
        _asked(lambda: self._judge_role(name, found), name)
        now, self._set.reference_time = self._set.reference_time, self._time_of_roles()
        try:
            return _asked(lambda: self._set.update_delegated_targets(data, name, by), name)
        finally:
            self._set.reference_time = now

    def earlier_role(self, name: str, data: bytes) -> Targets:
        """Return a delegated role of an earlier version, which its own keys have signed."""
        found = _read(Targets, data, name)
        _asked(lambda: metadata.check_network(name, found.signed, self.root, self.board), name)
        _asked(lambda: metadata.check_role(name, found.signed), name)
        delegator = self.targets
        _asked(lambda: delegator.verify_delegate(name, found.signed_bytes, found.signatures), name)
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
