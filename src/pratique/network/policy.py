"""The network's policy, on top of what The Update Framework checks.

    Root, Targets, a participant's Targets -> check -> nothing | DocumentRefused `policy-…`

1. A participant speaks for `CODE/` and nothing else, the authority for `network/`, and suspending
   takes place in `suspend/`. Nobody delegates further: a role has one delegator (a diamond of two
   once let a role be trusted without the second's signature).
2. No key serves two roles, but a seat's: it signs for the root, for targets and for suspending.
3. A participant's threshold is at least two, so that no one hand there can revoke or withdraw.
4. What a participant publishes lasts days, not years: a key that was lost goes out by itself.
5. What names another network is refused. What names none is refused too, but where it was signed before the
   root asked for names: by its end, since nothing lasts longer than the policy lets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tuf.api.metadata import DelegatedRole, Root, TargetFile, Targets

from pratique.errors import DocumentRefused
from pratique.network import names
from pratique.network.board import Board, name_of, named_since
from pratique.network.keys import is_one

ROOT_LIFE = timedelta(days=365)
TARGETS_LIFE = timedelta(days=90)
ROLE_LIFE = timedelta(days=7)
SNAPSHOT_LIFE = timedelta(days=7)
TIMESTAMP_LIFE = timedelta(hours=48)
SUSPEND_LIFE = timedelta(days=28)
"""How long each role's metadata lasts at most. That of suspending outlives each suspension in it."""

SLACK = timedelta(hours=1)
"""How far the clocks of those who draft and those who publish may be apart."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
HINT = "what is held here stays as it was; tell the authority"


class Room(NamedTuple):
    """What a role takes of the room that a verifier has: files, its metadata among them, and bytes."""

    files: int = 0
    size: int = 0


def check_targets(targets: Targets, root: Root, board: Board) -> None:
    """See to it that the authority speaks for itself only, and delegates as it must."""
    for path, own in targets.targets.items():
        if not path.startswith(names.AUTHORITY_PATH) or not _is_file(path):
            raise refused("authority-path", f"the authority publishes {path}, which is not its own")
        if own.length > names.MAX_FILE or not _is_named(own):
            raise refused("file", f"{path} is too large, or not named by SHA-256")
    if names.PARTICIPANTS not in targets.targets:
        raise refused("participants-missing", "there is no list of participants")
    delegations = targets.delegations
    if delegations is None or delegations.roles is None:
        raise refused("delegations", "the participants' roles are not named one by one")
    if len(delegations.roles) > names.MAX_PARTICIPANTS:
        raise refused("participants-too-many", f"more than {names.MAX_PARTICIPANTS} participants")
    if not all(map(is_one, delegations.keys.values())):
        raise refused("key-spelling", "a key is not under its own identifier")
    taken = {keyid: "the authority" for role in root.roles.values() for keyid in role.keyids}
    for name, role in delegations.roles.items():
        _check_delegation(name, role)
        if name == names.SUSPEND:
            _check_suspend(role, board)
            continue
        if not names.is_participants(name):
            raise refused("role-name", f"{name} is no participant's code")
        for keyid in role.keyids:
            if keyid in taken:
                raise refused("key-shared", f"a key of {name} is {taken[keyid]}'s too")
            taken[keyid] = name
    if names.SUSPEND not in delegations.roles:
        raise refused("suspend-missing", "there is no role that suspends")


def check_role(name: str, targets: Targets, *, published: datetime | None = None) -> None:
    """See to it that a delegated role speaks for itself, for a short while.

    Args:
        name: of the role.
        targets: what it says.
        published: when the timestamp beside it was made; None leaves its life unchecked.
    """
    if targets.delegations is not None:
        raise refused("nested", f"{name} delegates further")
    if len(targets.targets) > names.MAX_FILES_OF_ROLE:
        raise refused("files-too-many", f"{name} has more than {names.MAX_FILES_OF_ROLE} files")
    life = life_of(name)
    if published is not None and targets.expires - published > life + SLACK:
        raise refused("long-lived", f"{name} would last for more than {life.days} days")
    for path, file in targets.targets.items():
        if not path.startswith(f"{name}/") or not _is_file(path):
            raise refused("foreign-path", f"{name} publishes {path}, which is not its own")
        if file.length > names.limit_of(path) or not _is_named(file):
            raise refused("file", f"{path} is not known, too large, or not named by SHA-256")
    if sum(file.length for file in targets.targets.values()) > names.MAX_EDITION:
        raise refused("edition-large", f"{name} would have every verifier fetch too much")


def check_network(role: str, signed: Targets, root: Root, board: Board) -> None:
    """See to it that targets or a role were signed for this network.

    Raises:
        DocumentRefused: `policy-network-other`, `policy-network-unnamed`, `board-malformed`.
    """
    # Seats hold a network and its rehearsal with one key, and participants publish in both: without this
    # a test participant's admission, signed for the rehearsal, is one of the network's too.
    named = name_of(signed)
    if named is not None and named != board.name:
        raise refused(
            "network-other", f"{role} is signed for network {named}, not for {board.name}"
        )
    since = named_since(root)
    if (
        named is None
        and since is not None
        and _is_signed_after(since, signed.expires, life_of(role))
    ):
        raise refused("network-unnamed", f"{role} does not say for which network it is signed")


def life_of(role: str) -> timedelta:
    """Return how long targets, or a role, last at most."""
    return {Targets.type: TARGETS_LIFE, names.SUSPEND: SUSPEND_LIFE}.get(role, ROLE_LIFE)


def own_keys(keyids: Iterable[str], threshold: int) -> None:
    """See to it that a participant's keys can serve; DocumentRefused `policy-threshold`."""
    count = len(set(keyids))
    if not 2 <= threshold <= count:
        raise refused("threshold", f"{threshold} of {count} is no threshold: from 2 to all")


def check_size(now: Room, before: Room) -> None:
    """Let a network grow to what every verifier can hold; one that is too large may become smaller."""
    if now.size > max(names.MAX_NETWORK, before.size) or now.files > max(
        names.MAX_FILES, before.files
    ):
        raise refused("network-large", "together the editions are more than a verifier can hold")


def without_room(held: Mapping[str, Room], newer: Mapping[str, Room]) -> set[str]:
    """Return the roles whose newer edition finds no room beside all the others.

    Each role has a share that nobody can take from it, and grows beyond it as long as there is room, the small
    ones first: a few who publish all that they may stop themselves, and no verifier.

    Args:
        held: what is held of each role, those that are gone among them.
        newer: what each role that is announced would take.
    """
    taken = {role: _share(held.get(role, Room())) for role in newer}
    total = [
        *map(
            sum,
            zip(
                *taken.values(), *(held[r] for r in held.keys() - newer.keys()), (0, 0), strict=True
            ),
        )
    ]
    found = set()
    for role, room in sorted(newer.items(), key=lambda one: (one[1], one[0])):
        grown = [new - old for new, old in zip(_share(room), taken[role], strict=True)]
        files, size = (before + more for before, more in zip(total, grown, strict=True))
        if (grown[0] > 0 and files > names.MAX_FILES) or (
            grown[1] > 0 and size > names.MAX_NETWORK
        ):
            found.add(role)
        else:
            total = [files, size]
    return found


def _share(room: Room) -> Room:
    return Room(max(room.files, names.SHARE_FILES), max(room.size, names.SHARE_SIZE))


def refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of what breaks the policy."""
    return DocumentRefused(f"policy-{code}", why, HINT)


def _is_signed_after(since: datetime, expires: datetime, life: timedelta) -> bool:
    # From the end, not from the beginning: `since` may be the first instant there is.
    return (expires - since) > life + SLACK


def _check_delegation(name: str, role: DelegatedRole) -> None:
    if not role.terminating or role.paths != [f"{name}/*"] or role.path_hash_prefixes is not None:
        raise refused("delegation", f"the delegation to {name} is not for {name}/* alone")
    own_keys(role.keyids, role.threshold)


def _check_suspend(role: DelegatedRole, board: Board) -> None:
    seats = {seat.keyid for seat in board.seats}
    if set(role.keyids) != seats or role.threshold != board.suspend_threshold:
        raise refused("suspend-keys", "the keys that suspend are not those of the seats")


def _is_named(file: TargetFile) -> bool:
    # The digest becomes a part of a name that is asked for and written: it is hexadecimal or nothing.
    return file.hashes.keys() == {"sha256"} and bool(_SHA256.fullmatch(file.hashes["sha256"]))


def _is_file(path: str) -> bool:
    folder, slash, name = path.partition("/")
    return bool(folder and slash) and names.FILE.fullmatch(name) is not None
