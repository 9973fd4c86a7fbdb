"""Publish: what enough of those who must sign it have signed becomes the network's next edition.

    Proposal, signed -> published -> files, in the order in which they are to be written
    online keys, once an hour -> refreshed -> a new timestamp

1. The signatures are checked here as every verifier will check them; nothing is taken on anybody's word,
   and the online keys can add nothing to what others have signed.
2. Files are named by version or digest and lie there before they are announced; the timestamp is
   written last. Until then the old edition is in force, and the same call can be made again.
3. A participant's edition takes nothing back: what was revoked or withdrawn stays so.
"""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Timestamp

from pratique.crypto.signing import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import (
    enclosed,
    follows,
    keys,
    logged,
    names,
    policy,
    proposal,
    trusted,
    view,
)  # fmt: skip
from pratique.network.memory import Memory
from pratique.network.proposal import Proposal
from pratique.network.view import Files, View
from pratique.snapshot.heard import value_sets

ANCHOR = names.metadata("root", 1)
LEAD = timedelta(days=2)
"""How long before its end the list of versions is made anew."""


class OnlineKeys(NamedTuple):
    """The two keys that are kept online."""

    snapshot: SigningKey
    timestamp: SigningKey


def published(
    files: Files, proposed: Proposal, online: OnlineKeys, *, at: datetime
) -> dict[str, bytes]:
    """Return the files of the next edition, to be written in this order, the timestamp last.

    There are none where it is published already: whoever was interrupted may ask again.

    Args:
        files: the repository as it is, by name; empty for the first edition.
        proposed: what is to be published.
        online: the keys that are kept online.
        at: now.

    Raises:
        DocumentRefused: `proposal-unsigned`, `proposal-version`, `network-…`, `policy-…`, `board-…`.
    """
    current = _current(files, proposed)
    if current is not None and _is_there(current, files, proposed):
        return {}
    _check(current, proposed, at)
    if current is not None:
        _check_follows(current, proposed, files)
    found: dict[str, bytes] = {}
    for path, data in proposed.files.items():
        found[names.target(path, hashlib.sha256(data).hexdigest())] = data
    for role, metadata in proposed.metadata.items():
        found[names.metadata(role, metadata.signed.version)] = metadata.to_bytes()
    versions = {} if current is None else _versions(current.trusted.snapshot)
    versions |= {role: v for role, v in proposed.versions().items() if role != Root.type}
    whole: Files = ChainMap(found, dict(files.items()) if current is None else files)  # type: ignore[arg-type]
    found |= _announced(current, _described(whole, versions, _root(current, proposed)), online, at)
    _see(whole, current, proposed)
    return found


def refreshed(files: Files, online: OnlineKeys, *, at: datetime) -> dict[str, bytes]:
    """Return a new timestamp, and a new list of versions where that one nears its end."""
    current = view.read(files, files[ANCHOR])
    snapshot = current.trusted.snapshot
    if snapshot.expires - at < LEAD:
        return _announced(current, snapshot.meta, online, at)
    name = names.metadata("snapshot", snapshot.version)
    return _timestamp(current, snapshot.version, files[name], online, at)


def missing(proposed: Proposal, current: View | None) -> list[str]:
    """Tell in words which signatures are missing."""
    return [
        f"{need.role}, asked by {need.by}: {len(need.signed)} of {need.threshold}; "
        f"missing are any {need.threshold - len(need.signed)} of {', '.join(need.missing)}"
        for need in proposal.needs(proposed, current)
        if not need.is_met
    ]


def _current(files: Files, proposed: Proposal) -> View | None:
    if names.TIMESTAMP_FILE not in files:
        return None
    newer = proposed.metadata.get(Root.type)
    name = "" if newer is None else names.metadata(Root.type, newer.signed.version)
    if newer is None or not _is_file(files, name, newer):
        return view.read(files, files[ANCHOR])
    try:
        return view.read(files, files[ANCHOR])
    except DocumentRefused:
        # Written and not yet announced: its timestamp is still to come, and this call makes it.
        before = {n: files[n] for n in files if n != name}
        return view.read(before, before[ANCHOR])


def _is_there(current: View, files: Files, proposed: Proposal) -> bool:
    announced = {**_versions(current.trusted.snapshot), Root.type: current.root.version}
    return bool(proposed.metadata) and all(
        announced.get(role) == version
        and _is_file(files, names.metadata(role, version), proposed.metadata[role])
        for role, version in proposed.versions().items()
    )


def _is_file(files: Files, name: str, metadata: Metadata[Any]) -> bool:
    try:
        there = Metadata[Any].from_bytes(files[name])
    except (KeyError, RepositoryError):
        # One that is damaged is none; what follows upon it tells so in words.
        return False
    return bool(there.signed_bytes == metadata.signed_bytes)


def _check(current: View | None, proposed: Proposal, at: datetime) -> None:
    enclosed.check(proposed.metadata, proposed.files, current)
    lacking = missing(proposed, current)
    if lacking:
        raise DocumentRefused(
            "proposal-unsigned", f"too few have signed: {'; '.join(lacking)}", "ask them to sign"
        )
    before = {} if current is None else {
        **_versions(current.trusted.snapshot), Root.type: current.root.version,
    }  # fmt: skip
    for role, version in proposed.versions().items():
        if version != before.get(role, 0) + 1:
            raise DocumentRefused(
                "proposal-version",
                f"{role} {version} does not follow upon {before.get(role, 0)}",
                "something was published meanwhile: draft it again",
            )
        if proposed.metadata[role].signed.expires <= at:
            raise DocumentRefused(
                "proposal-expired", f"{role} {version} has expired", "draft it again"
            )


def _check_follows(current: View, proposed: Proposal, files: Files) -> None:
    now = int(current.published.timestamp())
    versions = current.trusted.roles()
    for role in sorted(proposed.metadata.keys() & versions.keys()):
        before = Memory(files).of(role, versions[role] or 0)
        newer = {p: d for p, d in proposed.files.items() if p.startswith(f"{role}/")}
        follows.check(role, before, newer, published=now)


def _see(files: Files, current: View | None, proposed: Proposal) -> None:
    """See the edition as a verifier will; DocumentRefused if that would refuse any of it."""
    seen = view.read(files, files[ANCHOR])
    for role in proposed.metadata:
        one = seen.suspend if role == names.SUSPEND else seen.roles.get(role)
        if one is not None and one.problem:
            raise trusted.refused(one.problem.removeprefix("network-"), role, "it does not hold")
    if current is not None and seen.suspend.problem and not current.suspend.problem:
        raise trusted.refused(
            "taken-back", names.SUSPEND, "other seats must sign it anew with this"
        )
    value_sets(seen)
    if current is not None and seen.published < current.published:
        raise UsageError("clock-behind", "this machine's clock is behind what was published last")


def _versions(snapshot: Snapshot) -> dict[str, int]:
    return {name.removesuffix(".json"): meta.version for name, meta in snapshot.meta.items()}


def _root(current: View | None, proposed: Proposal) -> Root | None:
    newer = proposed.metadata.get(Root.type)
    if newer is not None:
        found: Root = newer.signed
        return found
    return None if current is None else current.root


def _described(files: Files, versions: Mapping[str, int], root: Root | None) -> dict[str, MetaFile]:
    """Say what the list of versions says of each role; with its digest where the root asks for a log."""
    if root is None or logged.policy_of(root) is None:
        return {f"{name}.json": MetaFile(number) for name, number in sorted(versions.items())}
    return {
        f"{name}.json": logged.described(files, name, number)
        for name, number in sorted(versions.items())
    }


def _announced(
    current: View | None, meta: Mapping[str, MetaFile], online: OnlineKeys, at: datetime
) -> dict[str, bytes]:
    version = 1 if current is None else current.trusted.snapshot.version + 1
    signed = Snapshot(version, expires=_end(at, policy.SNAPSHOT_LIFE), meta=dict(meta))
    data = _signed(signed, online.snapshot)
    name = names.metadata("snapshot", version)
    return {name: data, **_timestamp(current, version, data, online, at)}


def _timestamp(
    current: View | None, version: int, snapshot: bytes, online: OnlineKeys, at: datetime
) -> dict[str, bytes]:
    signed = Timestamp(
        1 if current is None else current.trusted.timestamp.version + 1,
        expires=_end(at, policy.TIMESTAMP_LIFE),
        snapshot_meta=MetaFile(
            version, len(snapshot), {"sha256": hashlib.sha256(snapshot).hexdigest()}
        ),
        unrecognized_fields={trusted.PUBLISHED: at.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    return {names.TIMESTAMP_FILE: _signed(signed, online.timestamp)}


def _signed(signed: Any, key: SigningKey) -> bytes:
    metadata = Metadata(signed)
    keys.sign(metadata, key)
    return metadata.to_bytes()


def _end(at: datetime, life: timedelta) -> datetime:
    return (at + life).replace(microsecond=0)
