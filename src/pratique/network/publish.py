"""Publish: what enough of those who must sign it have signed becomes the network's next edition.

    Proposal, signed -> published -> files, in the order in which they are to be written
    online keys, once an hour -> refreshed -> a new timestamp

Where the root asks for a log, the edition waits for its witnesses:

    Proposal, signed -> prepared -> the log, witnesses -> proofs -> announced -> files and timestamp

1. The signatures are checked here as every verifier will check them; nothing is taken on anybody's word,
   and the online keys can add nothing to what others have signed.
2. Files are named by version or digest and lie there before they are announced; the timestamp is
   written last. Until then the old edition is in force, and the same call can be made again.
3. A participant's edition takes nothing back: what was revoked or withdrawn stays so.
4. Rules are published with a good summary of whom they shut out, where the root asks for one. What is published already is
   not asked again.
"""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.impact import summary
from pratique.network import client, logged, proposal, trusted, view
from pratique.network import metadata as network_metadata
from pratique.network.metadata import of_root
from pratique.network.proposal import Proposal
from pratique.network.view import Files as ViewFiles
from pratique.network.view import PreviousEditions, View, value_sets

# ----------------------------------------------------------------------------------------------------
# Announce: what the two online keys sign, the list of versions and the timestamp. Nothing else.
#
# versions, OnlineKeys, at -> listed -> the next list of versions
# the repository, a list of versions, OnlineKeys, at -> timestamp, which makes it the edition in force


Files = Mapping[str, bytes]


class OnlineKeys(NamedTuple):
    """The two keys that are kept online."""

    snapshot: SigningKey
    timestamp: SigningKey


def described_keys(
    files: Files, versions: Mapping[str, int], root: Root | None
) -> dict[str, MetaFile]:
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
    signed = Snapshot(version, expires=_end(at, network_metadata.SNAPSHOT_LIFE), meta=dict(meta))
    return {network_metadata.metadata("snapshot", version): _signed(signed, online.snapshot)}


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
        expires=_end(at, network_metadata.TIMESTAMP_LIFE),
        snapshot_meta=MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()}),
        unrecognized_fields={trusted.PUBLISHED: at.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    return {network_metadata.TIMESTAMP_FILE: _signed(signed, online.timestamp)}


def in_force(files: Files) -> dict[str, bytes]:
    """Return the list of versions that the timestamp announces, by its name; unchecked, as it lies there.

    Raises:
        DocumentRefused: `network-malformed`: the timestamp is none.
    """
    name = network_metadata.metadata(
        "snapshot", _read(files[network_metadata.TIMESTAMP_FILE]).snapshot_meta.version
    )
    return {name: files[name]}


def _timed(files: Files) -> int:
    held = files.get(network_metadata.TIMESTAMP_FILE)
    return 0 if held is None else _read(held).version


def _read(held: bytes) -> Timestamp:
    try:
        return Metadata[Timestamp].from_bytes(held).signed
    except RepositoryError as error:
        raise trusted.refused(
            "malformed", network_metadata.TIMESTAMP_FILE, "it is damaged"
        ) from error


def _signed(signed: Any, key: SigningKey) -> bytes:
    metadata = Metadata(signed)
    network_metadata.sign(metadata, key)
    return metadata.to_bytes()


def _end(at: datetime, life: timedelta) -> datetime:
    return (at + life).replace(microsecond=0)


__all__ = [
    "ANCHOR", "OnlineKeys", "announced", "is_among", "missing", "prepared", "published", "refreshed", "relisted", "timed",
]  # fmt: skip

ANCHOR = network_metadata.metadata("root", 1)
LEAD = timedelta(days=2)
"""How long before its end the list of versions is made anew."""


def published(
    files: ViewFiles, proposed: Proposal, online: OnlineKeys, *, at: datetime
) -> dict[str, bytes]:
    """Return the files of the next edition, to be written in this order, the timestamp last.

    Of a network whose root asks for a log nobody believes them before the proofs are there: see `prepared`.
    There are none where it is published already: whoever was interrupted may ask again.

    Args:
        files: the repository as it is, by name; empty for the first edition.
        proposed: what is to be published.
        online: the keys that are kept online.
        at: now.

    Raises:
        DocumentRefused: `proposal-unsigned`, `proposal-version`, `network-…`, `policy-…`, `board-…`; what is
            signed for another network is `policy-network-other`, or `board-differs` for a root.
    """
    made = prepared(files, proposed, online, at=at)
    return {**made, **announced(files, made, online, at=at)} if made else {}


def check_known(files: ViewFiles, proposed: Proposal) -> None:
    """See to it that somebody whom the network asks has signed each part, before much is done for it.

    The whole network is read to judge a proposal. Whoever only reaches a server has that done with a
    signature of a seat or of a participant, and not without. Where the trunk cannot be read, or there is none
    yet, nothing is said here.

    Raises:
        DocumentRefused: `proposal-unsigned`.
    """
    try:
        found = trusted.Trusted(files[ANCHOR])
        view.follow_roots(found, files, set())
        found.take_timestamp(files[network_metadata.TIMESTAMP_FILE])
        version = found.timestamp.snapshot_meta.version
        found.take_snapshot(files[network_metadata.metadata("snapshot", version)])
        version = found.snapshot.meta["targets.json"].version
        found.take_targets(files[network_metadata.metadata("targets", version)])
    except (DocumentRefused, KeyError):
        return
    for role, metadata in proposed.metadata.items():
        if not any(proposal.is_signed_by(metadata, key) for key in _asked_of(found, role)):
            raise DocumentRefused(
                "proposal-unsigned",
                f"too few have signed: {role} has no signature of anybody who is asked",
                "ask them to sign",
            )


def _asked_of(found: trusted.Trusted, role: str) -> Iterator[Key]:
    # Those of the role alone: what a stranger lists is not tried on every key that there is.
    if role in (Root.type, Targets.type):
        yield from (found.root.keys[keyid] for keyid in found.root.roles[role].keyids)
        return
    delegations = found.targets.delegations
    assert delegations is not None
    asked = (delegations.roles or {}).get(role)
    yield from (delegations.keys[keyid] for keyid in (asked.keyids if asked else ()))


def prepared(
    files: ViewFiles, proposed: Proposal, online: OnlineKeys, *, at: datetime
) -> dict[str, bytes]:
    """Return the files of the next edition but for the timestamp; as `published`.

    What of it is metadata is to be logged, and the proofs to be written, before `announced`.
    """
    current = _current(files, proposed)
    if current is not None and _is_there(current, files, proposed):
        return {}
    _check(current, proposed, at)
    if current is not None:
        _check_follows(current, proposed, files)
        _check_rules(current, proposed, at)
    found: dict[str, bytes] = {}
    for path, data in proposed.files.items():
        found[network_metadata.target(path, hashlib.sha256(data).hexdigest())] = data
    for role, metadata in proposed.metadata.items():
        found[network_metadata.metadata(role, metadata.signed.version)] = metadata.to_bytes()
    before = None if current is None else current.trusted.snapshot
    versions = {} if before is None else _versions(before)
    versions |= {role: v for role, v in proposed.versions().items() if role != Root.type}
    there: ViewFiles = dict(files.items()) if current is None else files
    described = described_keys(_chained(found, there), versions, _root(current, proposed))
    found |= listed(before, described, online, at)
    _see(
        _chained({**found, **timestamp(there, found, online, at)}, there),
        current,
        proposed,
    )
    return found


def announced(
    files: ViewFiles, made: ViewFiles, online: OnlineKeys, *, at: datetime
) -> dict[str, bytes]:
    """Return the timestamp that puts what was prepared, and written, in force."""
    return timestamp(files, made, online, at)


def relisted(current: View, online: OnlineKeys, *, at: datetime) -> dict[str, bytes]:
    """Return a new list of versions where the one in force nears its end; nothing before."""
    before = current.trusted.snapshot
    if before.expires - at >= LEAD:
        return {}
    return listed(before, before.meta, online, at)


def refreshed(files: ViewFiles, online: OnlineKeys, *, at: datetime) -> dict[str, bytes]:
    """Return a new timestamp, and a new list of versions where that one nears its end.

    Of a network whose root asks for a log, `timed` and, with its proof, `relisted`.
    """
    made = relisted(view.read(files, files[ANCHOR], proven=False), online, at=at)
    if made:
        return {**made, **announced(files, made, online, at=at)}
    return timed(files, online, at=at)


def timed(files: ViewFiles, online: OnlineKeys, *, at: datetime) -> dict[str, bytes]:
    """Return a new timestamp for the edition in force, which whoever asks has read."""
    return timestamp(files, in_force(files), online, at)


def missing(proposed: Proposal, current: View | None) -> list[str]:
    """Tell in words which signatures are missing."""
    return [
        f"{need.role}, asked by {need.by}: {len(need.signed)} of {need.threshold}; "
        f"needs {need.threshold - len(need.signed)} more of {', '.join(need.missing)}"
        for need in proposal.needs(proposed, current)
        if not need.is_met
    ]


def _current(files: ViewFiles, proposed: Proposal) -> View | None:
    if network_metadata.TIMESTAMP_FILE not in files:
        return None
    newer = proposed.metadata.get(Root.type)
    name = "" if newer is None else network_metadata.metadata(Root.type, newer.signed.version)
    if newer is None or not _is_file(files, name, newer):
        return view.read(files, files[ANCHOR], proven=False)
    try:
        return view.read(files, files[ANCHOR], proven=False)
    except DocumentRefused:
        # Written and not yet announced: its timestamp is still to come, and this call makes it.
        before = {n: files[n] for n in files if n != name}
        return view.read(before, before[ANCHOR], proven=False)


def is_among(files: ViewFiles, proposed: Proposal) -> bool:
    """Tell whether a proposal is among some files; another one of the same versions is not."""
    return bool(proposed.metadata) and all(
        _is_file(files, network_metadata.metadata(role, version), proposed.metadata[role])
        for role, version in proposed.versions().items()
    )


def _is_there(current: View, files: ViewFiles, proposed: Proposal) -> bool:
    announced = {**_versions(current.trusted.snapshot), Root.type: current.root.version}
    return proposed.versions().items() <= announced.items() and is_among(files, proposed)


def _is_file(files: ViewFiles, name: str, metadata: Metadata[Any]) -> bool:
    try:
        there = Metadata[Any].from_bytes(files[name])
    except (KeyError, RepositoryError):
        # One that is damaged is none; what follows upon it tells so in words.
        return False
    return bool(there.signed_bytes == metadata.signed_bytes)


def _check(current: View | None, proposed: Proposal, at: datetime) -> None:
    _check_network(current, proposed)
    view.check(proposed.metadata, proposed.files, current)
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


def _check_network(current: View | None, proposed: Proposal) -> None:
    # Before the signatures: those of a rehearsal may well be enough, and that is the danger.
    root = _root(current, proposed)
    proposal.network_of(proposed)
    board = None if root is None else of_root(root, before=current.board if current else None)
    for role, metadata in proposed.metadata.items():
        if root is not None and board is not None and isinstance(metadata.signed, Targets):
            network_metadata.check_network(role, metadata.signed, root, board)


def _check_follows(current: View, proposed: Proposal, files: ViewFiles) -> None:
    now = int(current.published.timestamp())
    versions = current.trusted.roles()
    for role in sorted(proposed.metadata.keys() & versions.keys()):
        before = PreviousEditions(files).of(role, versions[role] or 0)
        newer = {p: d for p, d in proposed.files.items() if p.startswith(f"{role}/")}
        client.check(role, before, newer, published=now)


def _check_rules(current: View, proposed: Proposal, at: datetime) -> None:
    root = _root(current, proposed)
    if root is None or not network_metadata.asks_for_summaries(root):
        return
    for code in filter(network_metadata.is_participants, sorted(proposed.metadata)):
        paths = f"{code}/{network_metadata.RULES}", f"{code}/{network_metadata.IMPACT}"
        rules, impact = newer = [proposed.files.get(path) for path in paths]
        held = current.roles[code].files if code in current.roles else {}
        if newer == [held.get(path) for path in paths] or (rules is None and impact is None):
            continue
        if rules is None:
            raise summary.refused("stray", f"{code} publishes one, and no rules beside it")
        if impact is None:
            raise summary.refused("missing", f"{code} publishes rules without one")
        summary.check(impact, rules, view.published_sets(current), now=at)


def _see(files: ViewFiles, current: View | None, proposed: Proposal) -> None:
    """See the edition as a verifier will; DocumentRefused if that would refuse any of it."""
    seen = view.read(files, files[ANCHOR], proven=False)
    for role in proposed.metadata:
        one = seen.suspend if role == network_metadata.SUSPEND else seen.roles.get(role)
        if one is not None and one.problem:
            raise trusted.refused(one.problem.removeprefix("network-"), role, "it does not hold")
    if current is not None and seen.suspend.problem and not current.suspend.problem:
        raise trusted.refused(
            "taken-back", network_metadata.SUSPEND, "other seats must sign it anew with this"
        )
    value_sets(seen)
    network_metadata.check_size(
        seen.room, network_metadata.Room() if current is None else current.room
    )
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


def _chained(newer: dict[str, bytes], files: ViewFiles) -> ViewFiles:
    return ChainMap(newer, files)  # type: ignore[arg-type]
