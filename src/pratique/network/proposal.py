"""A proposal: metadata on its way from whoever drafts it to whoever must sign it. One file.

    draft -> to_bytes -> a seat signs on its own machine -> from_bytes -> merged -> complete | needs

1. What is signed does not change on the way: two copies with other content are not merged.
2. Who has signed and who is missing can always be told.
3. A key signs what its role is asked for, and nothing else.
4. A proposal is for one network. What is known of another one says nothing of it: neither what changes, nor
   whose signatures it needs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from pratique.crypto import strict_json
from pratique.crypto.signing import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import enclosed, keys, policy
from pratique.network.board import NetworkName, name_of, of_root
from pratique.network.view import View
from pratique.trust import json_text
from pratique.trust.rows import text

FORMAT = "pratique-proposal-1"


class Proposal(NamedTuple):
    """Metadata by role, with the signatures so far, and the files that it names, by path."""

    title: str
    metadata: Mapping[str, Metadata[Any]]
    files: Mapping[str, bytes]

    def versions(self) -> dict[str, int]:
        """Return the version of each role in it."""
        return {role: found.signed.version for role, found in self.metadata.items()}


class Need(NamedTuple):
    """Whose signatures one role's metadata needs.

    Attributes:
        role: of the metadata.
        by: who asks: "root 2", "targets".
        threshold: how many.
        signed, missing: names of seats, or identifiers of keys.
    """

    role: str
    by: str
    threshold: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Tell whether enough have signed."""
        return len(self.signed) >= self.threshold


def to_bytes(proposal: Proposal) -> bytes:
    """Write the file."""
    document = {
        "format": FORMAT,
        "title": proposal.title,
        "metadata": {
            role: strict_json.loads(found.to_bytes()) for role, found in proposal.metadata.items()
        },
        "files": {p: base64.b64encode(data).decode() for p, data in proposal.files.items()},
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def from_bytes(data: bytes, *, most: int = strict_json.NODES) -> Proposal:
    """Read the file, of at most so many values; DocumentRefused `proposal-malformed`, `json-unreadable`."""
    found = json_text.parse(data, most=most)
    members = {"format", "title", "metadata", "files"}
    if not isinstance(found, dict) or found.keys() != members or found["format"] != FORMAT:
        raise _refused("malformed", f"this is no document of the form {FORMAT}")
    try:
        metadata = {str(role): Metadata[Any].from_dict(d) for role, d in found["metadata"].items()}
        files = {str(p): base64.b64decode(t, validate=True) for p, t in found["files"].items()}
        for role, one in metadata.items():
            expected = Root if role == Root.type else Targets
            if not isinstance(one.signed, expected) or not _is_sound(one.signed):
                raise TypeError("another role's metadata")
            one.signed_bytes  # noqa: B018 - what cannot be signed is no proposal
        whole = Proposal(text(found["title"]), metadata, files)
        to_bytes(whole)
    except (
        AttributeError, KeyError, TypeError, ValueError, RecursionError, RepositoryError,
    ) as error:  # fmt: skip
        raise _refused("malformed", "a part of it is missing or of the wrong kind") from error
    return whole


def _is_sound(signed: Root | Targets) -> bool:
    # The framework takes whatever stands there for identifiers of keys.
    roles: Mapping[str, Any] = {}
    if isinstance(signed, Root):
        roles = signed.roles
    elif signed.delegations is not None:
        roles = signed.delegations.roles or {}
    return all(
        type(role.keyids) is list
        and role.keyids
        and all(type(one) is str for one in (name, *role.keyids))
        for name, role in roles.items()
    )


def network_of(proposal: Proposal) -> NetworkName | None:
    """Return the network that a proposal is for; None if it does not say, as none did once.

    Raises:
        DocumentRefused: `proposal-mixed`: its parts are for several networks.
    """
    found: set[NetworkName | None] = set()
    for metadata in proposal.metadata.values():
        signed = metadata.signed
        found.add(of_root(signed, held=True).name if isinstance(signed, Root) else name_of(signed))
    said = found - {None}
    if len(said) > 1:
        raise _refused("mixed", f"it is for {' and '.join(sorted(map(str, said)))} at once")
    return next(iter(said), None)


def foundation(proposal: Proposal) -> Root | None:
    """Return the first root of a network, which is no change of any other; None if there is none in it."""
    root = proposal.metadata.get(Root.type)
    first: Root | None = None if root is None or root.signed.version != 1 else root.signed
    return first


def changed(proposal: Proposal, known: View | None) -> View | None:
    """Return the network that a proposal changes; None where it founds one.

    Args:
        proposal: what is proposed.
        known: the network that is known here.

    Raises:
        UsageError: `network-differs`: it is for another network than the one known here.
        DocumentRefused: `proposal-mixed`, `policy-network-unnamed`.
    """
    named = network_of(proposal)
    if foundation(proposal) is not None:
        return None
    if known is None:
        return None
    if named is not None and named != known.board.name:
        raise UsageError(
            "network-differs",
            f"this is another network, {named}: the one known here is {known.board.name}",
            "name the folder or a mirror of the proposal's own network: --repository PATH",
        )
    for role, metadata in proposal.metadata.items():
        if isinstance(metadata.signed, Targets):
            policy.check_network(role, metadata.signed, known.root, known.board)
    return known


def merged(copies: Iterable[Proposal], current: View | None) -> Proposal:
    """Return one proposal with the signatures of all copies; DocumentRefused `proposal-differs`.

    A signature that holds is not displaced by one that does not.
    """
    first, *others = copies
    for other in others:
        if _content(other) != _content(first):
            raise _refused("differs", "the copies are not of one proposal")
        for role, found in other.metadata.items():
            own = first.metadata[role]
            for keyid, signature in found.signatures.items():
                if not _is_signed(own, keyid, first, current):
                    own.signatures[keyid] = signature
    return first


def sign(proposal: Proposal, key: SigningKey, current: View | None) -> tuple[str, ...]:
    """Add a key's signatures; return the roles that it has signed.

    Raises:
        UsageError: `key-not-asked`, `network-differs`.
        DocumentRefused: `proposal-…`, also where its files are not those that are signed; `board-…`.
    """
    current = changed(proposal, current)
    if Root.type in proposal.metadata:
        before = None if current is None else current.board
        of_root(proposal.metadata[Root.type].signed, before=before)
    enclosed.check(proposal.metadata, proposal.files, current)
    own = keys.keyid(key.public_key)
    roles = sorted({role for role, found in _asked(proposal, current) if own in found[1]})
    if not roles:
        raise UsageError(
            "key-not-asked",
            "the proposal does not ask for this key's signature",
            "see whose it asks for: pratique authority show PROPOSAL",
        )
    for role in roles:
        keys.sign(proposal.metadata[role], key)
    return tuple(roles)


def needs(proposal: Proposal, current: View | None) -> tuple[Need, ...]:
    """Tell whose signatures it needs, who has signed, and who is missing."""
    seats = _seats(proposal, current)
    found = []
    for role, (by, ids, threshold) in _asked(proposal, current):
        metadata = proposal.metadata[role]
        good = [one for one in ids if _is_signed(metadata, one, proposal, current)]
        found.append(
            Need(
                role,
                by,
                threshold,
                tuple(sorted(seats.get(one, one) for one in good)),
                tuple(sorted(seats.get(one, one) for one in ids if one not in good)),
            )
        )
    return tuple(found)


Asked = tuple[str, list[str], int]


def _asked(proposal: Proposal, current: View | None) -> list[tuple[str, Asked]]:
    """List (role, (who asks, keyids, threshold)) for all that must sign."""
    found: list[tuple[str, Asked]] = []
    for role in proposal.metadata:
        for by, delegator in _delegators(role, proposal, current):
            try:
                asked = delegator.get_delegated_role(role)
            except ValueError as error:
                raise _refused("role", f"the network knows no role {role}") from error
            found.append((role, (by, list(asked.keyids), asked.threshold)))
    return found


def _delegators(
    role: str, proposal: Proposal, current: View | None
) -> list[tuple[str, Root | Targets]]:
    newer = proposal.metadata.get(Root.type)
    roots = [] if current is None else [current.root]
    if newer is not None:
        roots = [*roots, newer.signed] if role == Root.type else [newer.signed]
    if role in {Root.type, Targets.type}:
        return [(f"root {root.version}", root) for root in roots]
    if current is None:
        raise _refused("role", f"there is no network yet in which {role} could speak")
    # With other keys in the same proposal, those are asked.
    other = proposal.metadata.get(Targets.type)
    return [("targets", current.trusted.targets if other is None else other.signed)]


def _is_signed(
    metadata: Metadata[Any], keyid: str, proposal: Proposal, current: View | None
) -> bool:
    if keyid not in metadata.signatures:
        return False
    try:
        key = _key(keyid, proposal, current)
    except Exception as error:  # noqa: BLE001 - what the proposal lists for keys is anybody's
        del error
        return False
    return is_signed_by(metadata, key)


def is_signed_by(metadata: Metadata[Any], key: Any) -> bool:
    """Tell whether a key's signature is there, and holds."""
    if key.keyid not in metadata.signatures:
        return False
    try:
        key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
    except Exception as error:  # noqa: BLE001 - the framework's own classes differ by release
        del error
        return False
    return True


def _key(keyid: str, proposal: Proposal, current: View | None) -> Any:
    held = [] if current is None else [current.root.keys]
    delegations = None if current is None else current.trusted.targets.delegations
    held += [delegations.keys] if delegations is not None else []
    other = proposal.metadata.get(Targets.type)
    if other is not None and other.signed.delegations is not None:
        held.append(other.signed.delegations.keys)
    if Root.type in proposal.metadata:
        held.append(proposal.metadata[Root.type].signed.keys)
    return next(found[keyid] for found in held if keyid in found)


def _seats(proposal: Proposal, current: View | None) -> dict[str, str]:
    boards = [] if current is None else [current.board]
    if Root.type in proposal.metadata:
        boards.append(of_root(proposal.metadata[Root.type].signed, held=True))
    return {s.keyid: f"{s.name} ({s.holder})" for board in boards for s in board.seats}


def _content(proposal: Proposal) -> tuple[object, ...]:
    signed = {role: found.signed_bytes for role, found in proposal.metadata.items()}
    return proposal.title, signed, dict(proposal.files)


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"proposal-{code}", f"the proposal was refused: {why}", "ask its author for it again"
    )
