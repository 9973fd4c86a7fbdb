"""Announce: what the two online keys sign, the list of versions and the timestamp. Nothing else.

versions, OnlineKeys, at -> listed -> the next list of versions
the repository, a list of versions, OnlineKeys, at -> timestamp, which makes it the edition in force
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Timestamp

from pratique.crypto.signing import SigningKey
from pratique.network import keys, logged, names, policy, trusted

Files = Mapping[str, bytes]


class OnlineKeys(NamedTuple):
    """The two keys that are kept online."""

    snapshot: SigningKey
    timestamp: SigningKey


def described(files: Files, versions: Mapping[str, int], root: Root | None) -> dict[str, MetaFile]:
    """Return what the list of versions says of each role; with its digest where the root asks for a log."""
    if root is None or logged.policy_of(root) is None:
        return {f"{name}.json": MetaFile(number) for name, number in sorted(versions.items())}
    return {
        f"{name}.json": logged.described(files, name, number)
        for name, number in sorted(versions.items())
    }


def listed(
    before: Snapshot | None, meta: Mapping[str, MetaFile], online: OnlineKeys, at: datetime
) -> dict[str, bytes]:
    """Return the list of versions that follows upon `before`, under its name."""
    version = 1 if before is None else before.version + 1
    signed = Snapshot(version, expires=_end(at, policy.SNAPSHOT_LIFE), meta=dict(meta))
    return {names.metadata("snapshot", version): _signed(signed, online.snapshot)}


def timestamp(
    files: Files, snapshot: Mapping[str, bytes], online: OnlineKeys, at: datetime
) -> dict[str, bytes]:
    """Return the timestamp that announces a list of versions.

    Args:
        files: the repository as it is, by name; empty for the first edition.
        snapshot: the list of versions by its name; whatever else is in it is passed over.
        online: the keys that are kept online.
        at: now.

    Raises:
        DocumentRefused: `network-malformed`: the timestamp before it is none.
    """
    name = next(name for name in snapshot if name.endswith(".snapshot.json"))
    data = snapshot[name]
    version = int(name.removeprefix("metadata/").removesuffix(".snapshot.json"))
    signed = Timestamp(
        _timed(files) + 1,
        expires=_end(at, policy.TIMESTAMP_LIFE),
        snapshot_meta=MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()}),
        unrecognized_fields={trusted.PUBLISHED: at.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    return {names.TIMESTAMP_FILE: _signed(signed, online.timestamp)}


def in_force(files: Files) -> dict[str, bytes]:
    """Return the list of versions that the timestamp announces, by its name; unchecked, as it lies there.

    Raises:
        DocumentRefused: `network-malformed`: the timestamp is none.
    """
    name = names.metadata("snapshot", _read(files[names.TIMESTAMP_FILE]).snapshot_meta.version)
    return {name: files[name]}


def _timed(files: Files) -> int:
    held = files.get(names.TIMESTAMP_FILE)
    return 0 if held is None else _read(held).version


def _read(held: bytes) -> Timestamp:
    try:
        return Metadata[Timestamp].from_bytes(held).signed
    except RepositoryError as error:
        raise trusted.refused("malformed", names.TIMESTAMP_FILE, "it is damaged") from error


def _signed(signed: Any, key: SigningKey) -> bytes:
    metadata = Metadata(signed)
    keys.sign(metadata, key)
    return metadata.to_bytes()


def _end(at: datetime, life: timedelta) -> datetime:
    return (at + life).replace(microsecond=0)
