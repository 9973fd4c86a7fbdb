"""Drafts of metadata: the next root, the next list of participants, a participant's next edition.

    View, what is to change, at -> Proposal, unsigned

1. A draft is one version after what is in force, and lasts as long as the policy allows.
2. A draft is checked by the policy before anybody is asked to sign it.
3. What a draft does not name stays as it is.
4. A draft names its network and environment, so that it can be published in no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from securesystemslib.signer import SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    Role,
    Root,
    TargetFile,
    Targets,
)

from pratique.errors import UsageError
from pratique.network import keys, logged, names, policy
from pratique.network.board import FIELD, NETWORK, Board, of_root, root_field
from pratique.network.participants import (
    Participant,
    check_admitted,
    check_suspensions,
    write_participants,
    write_suspensions,
)
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.trust.roll import Suspension


class RoleKeys(NamedTuple):
    """A participant's public keys (SubjectPublicKeyInfo DER), and how many must sign."""

    public_keys: tuple[bytes, ...]
    threshold: int


class Online(NamedTuple):
    """The public keys that are kept online."""

    snapshot: bytes
    timestamp: bytes


def first(
    board: Board, seats: Iterable[bytes], online: Online, files: Mapping[str, bytes], at: datetime
) -> Proposal:
    """Draft the first root and the first list of participants, which is empty.

    Args:
        board: as it is to be.
        seats: the seats' public keys.
        online: the keys that are kept online.
        files: the authority's own, by path ("network/value-sets.json").
        at: now.
    """
    root = _root(board, seats, online, None, at)
    held = {**files, names.PARTICIPANTS: write_participants(())}
    targets = _targets(root, board, {}, held, version=1, at=at)
    return _proposal(f"found {board.network}", {"root": root, "targets": targets}, held)


def root(
    current: View,
    at: datetime,
    *,
    board: Board,
    seats: Iterable[bytes],
    online: Online | None = None,
) -> Proposal:
    """Draft the next root, with these seats, and under them who takes part and who is suspended."""
    kept = online or online_of(current)
    newer = _root(board, seats, kept, current.root, at)
    newer.unrecognized_fields |= logged.fields(logged.policy_of(current.root))
    version = current.trusted.targets.version + 1
    targets = _targets(newer, board, role_keys(current), current.files, version=version, at=at)
    title = f"root {newer.version} of {board.network}"
    signed, held = {"root": newer, "targets": targets}, current.suspend.files
    if held:
        # Other seats would not have signed it: a suspension would end, and its pause be forgotten.
        again = role(current, at, names.SUSPEND, held).metadata[names.SUSPEND].signed
        signed[names.SUSPEND] = again
    return _proposal(title, signed, held)


def targets(
    current: View,
    at: datetime,
    title: str,
    *,
    participants: Mapping[str, Participant] | None = None,
    members: Mapping[str, RoleKeys | None] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Proposal:
    """Draft the authority's next edition.

    Args:
        current: the network.
        at: now.
        title: what it is about.
        participants: all, as they are to be; None leaves them.
        members: keys of participants that are new or have other keys; None withdraws one.
        files: the authority's own files that change, by path.
    """
    listed = current.participants if participants is None else participants
    check_admitted(current.participants, listed)
    delegated = {**role_keys(current), **(members or {})}
    kept = {code: found for code, found in delegated.items() if found is not None}
    if kept.keys() != listed.keys():
        raise UsageError("participants-differ", "a participant has no keys, or is not listed")
    held = {
        **current.files,
        **(files or {}),
        names.PARTICIPANTS: write_participants(listed.values()),
    }
    version = current.trusted.targets.version + 1
    found = _targets(current.root, current.board, kept, held, version=version, at=at)
    changed = {p: d for p, d in held.items() if current.files.get(p) != d}
    return _proposal(title, {"targets": found}, changed)


def suspension(current: View, at: datetime, code: str, one: Suspension) -> Proposal:
    """Draft the suspension of a participant; earlier ones stay listed."""
    if code not in current.participants:
        raise UsageError("participant-unknown", f"there is no participant {code}")
    listed = sorted({*current.suspensions, (code, one)})
    check_suspensions(listed)
    files = {names.SUSPENSIONS: write_suspensions(listed)}
    title = f"suspend {code}: {one.reason}"
    return role(current, at, names.SUSPEND, files, title=title)


def role(
    current: View, at: datetime, name: str, files: Mapping[str, bytes], *, title: str = ""
) -> Proposal:
    """Draft a delegated role's next edition: these files, by path, and no others."""
    versions = current.trusted.roles()
    if name not in versions:
        raise UsageError("participant-unknown", f"the network has no participant {name}")
    found = Targets(
        (versions[name] or 0) + 1,
        expires=_end(at, policy.life_of(name)),
        targets=_files(files),
        unrecognized_fields={NETWORK: current.board.name.to_field()},
    )
    policy.check_role(name, found, published=at)
    return _proposal(title or f"{name} {found.version}", {name: found}, files)


def role_keys(current: View) -> dict[str, RoleKeys]:
    """Return the participants' keys that are in force."""
    delegations = current.trusted.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    found = {}
    for name, one in delegations.roles.items():
        if name != names.SUSPEND:
            own = tuple(keys.from_pem(delegations.keys[i].keyval["public"]) for i in one.keyids)
            found[name] = RoleKeys(own, one.threshold)
    return found


def seat_keys(current: View) -> dict[str, bytes]:
    """Return the seats' public keys that are in force, by identifier."""
    return {seat.keyid: public(current.root.keys[seat.keyid]) for seat in current.board.seats}


def online_of(current: View) -> Online:
    """Return the keys that are kept online."""
    found = (current.root.roles[name].keyids[0] for name in ("snapshot", "timestamp"))
    return Online(*(public(current.root.keys[keyid]) for keyid in found))


def _root(
    board: Board, seats: Iterable[bytes], online: Online, before: Root | None, at: datetime
) -> Root:
    board.check()
    own = {key.keyid: key for key in map(keys.public, seats)}
    kept = {"snapshot": keys.public(online.snapshot), "timestamp": keys.public(online.timestamp)}
    ids = [seat.keyid for seat in board.seats]
    if set(ids) != own.keys():
        raise UsageError("seat-keys", "the keys at hand are not those of the seats")
    roles = {name: Role(list(ids), board.threshold) for name in (Root.type, Targets.type)}
    roles |= {name: Role([key.keyid], 1) for name, key in kept.items()}
    found = Root(
        1 if before is None else before.version + 1,
        expires=_end(at, policy.ROOT_LIFE),
        keys={**own, **{key.keyid: key for key in kept.values()}},
        roles=roles,
        consistent_snapshot=True,
        unrecognized_fields={FIELD: board.to_field(), **root_field(board.name, before, at)},
    )
    of_root(found)
    return found


def _targets(
    root: Root,
    board: Board,
    members: Mapping[str, RoleKeys],
    files: Mapping[str, bytes],
    *,
    version: int,
    at: datetime,
) -> Targets:
    known: dict[str, Key] = {seat.keyid: root.keys[seat.keyid] for seat in board.seats}
    roles = {names.SUSPEND: _delegated(names.SUSPEND, list(known), board.suspend_threshold)}
    for code, member in sorted(members.items()):
        own: list[SSlibKey] = [keys.public(key) for key in member.public_keys]
        known |= {key.keyid: key for key in own}
        roles[code] = _delegated(code, [key.keyid for key in own], member.threshold)
    found = Targets(
        version,
        expires=_end(at, policy.TARGETS_LIFE),
        targets=_files(files),
        delegations=Delegations(known, roles),
        unrecognized_fields={NETWORK: board.name.to_field()},
    )
    policy.check_targets(found, root, board)
    return found


def _delegated(name: str, keyids: list[str], threshold: int) -> DelegatedRole:
    return DelegatedRole(name, keyids, threshold, terminating=True, paths=[f"{name}/*"])


def _files(files: Mapping[str, bytes]) -> dict[str, TargetFile]:
    return {
        path: TargetFile(len(data), {"sha256": hashlib.sha256(data).hexdigest()}, path)
        for path, data in files.items()
    }


def _proposal(title: str, signed: Mapping[str, Any], files: Mapping[str, bytes]) -> Proposal:
    metadata = {name: Metadata(found) for name, found in signed.items()}
    return Proposal(title, metadata, dict(files))


def public(key: Key) -> bytes:
    """Return the SubjectPublicKeyInfo DER of a key in metadata."""
    return keys.from_pem(key.keyval["public"])


def _end(at: datetime, life: timedelta) -> datetime:
    return (at + life).replace(microsecond=0)
