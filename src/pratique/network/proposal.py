"""A proposal: metadata on its way from whoever drafts it to whoever must sign it. One file.

    draft -> to_bytes -> a seat signs on its own machine -> from_bytes -> merged -> complete | needs

1. What is signed does not change on the way: two copies with other content are not merged.
2. Who has signed and who is missing can always be told.
3. A key signs what its role is asked for, and nothing else.
4. A proposal is for one network. What is known of another one says nothing of it: neither what changes, nor
   whose signatures it needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, NamedTuple

from securesystemslib.signer import SSlibKey
from tuf.api.exceptions import RepositoryError
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

from pratique import strict_json
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.impact import summary
from pratique.network import logged, view
from pratique.network import metadata as network_metadata
from pratique.network.metadata import (
    FIELD,
    NETWORK,
    Board,
    NetworkName,
    asks_for_summaries,
    name_of,
    of_root,
    policy_field,
    root_field,
)
from pratique.network.participants import (
    Participant,
    check_admitted,
    check_suspensions,
    read_participants,
    read_suspensions,
    write_participants,
    write_suspensions,
)
from pratique.network.view import View
from pratique.rules import documents
from pratique.strict_json import Base64, Codec
from pratique.trust import scheme_keys
from pratique.trust.countries import may_sign_for
from pratique.trust.registry import Suspension

FORMAT = "pratique-proposal-1"


Signed = Annotated[
    Metadata[Any],
    Codec(Metadata[Any].from_dict, lambda metadata: strict_json.loads(metadata.to_bytes())),
]


class Proposal(NamedTuple):
    """Metadata by role, with the signatures so far, and the files that it names, by path."""

    title: str
    metadata: Mapping[str, Signed]
    files: Mapping[str, Base64]

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
    return strict_json.dump(proposal, FORMAT, ascii_only=False)


def from_bytes(data: bytes, *, most: int = strict_json.NODES) -> Proposal:
    """Read the file, of at most so many values; DocumentRefused `proposal-malformed`, `json-unreadable`."""
    refused = partial(_refused, "malformed")
    try:
        whole = strict_json.document(data, Proposal, FORMAT, refused, most=most)
        metadata = whole.metadata
        for role, one in metadata.items():
            expected = Root if role == Root.type else Targets
            if not isinstance(one.signed, expected) or not _is_sound(one.signed):
                raise TypeError("another role's metadata")
            one.signed_bytes  # noqa: B018 - what cannot be signed is no proposal
        to_bytes(whole)
    except (
        AttributeError, KeyError, TypeError, ValueError, RecursionError, RepositoryError,
    ) as error:  # fmt: skip
        raise refused("its metadata are of the wrong kind") from error
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
            network_metadata.check_network(role, metadata.signed, known.root, known.board)
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
    view.check(proposal.metadata, proposal.files, current)
    own = network_metadata.keyid(key.public_key)
    roles = sorted({role for role, found in _asked(proposal, current) if own in found[1]})
    if not roles:
        raise UsageError(
            "key-not-asked",
            "the proposal does not ask for this key's signature",
            "see whose it asks for: pratique authority show PROPOSAL",
        )
    for role in roles:
        network_metadata.sign(proposal.metadata[role], key)
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


# ----------------------------------------------------------------------------------------------------
# What a proposal would change, in words: what a seat reads before it signs.
#
#     View, Proposal -> lines
#
# 1. Everything that the proposal's metadata changes is named; what it leaves is not.
# 2. What is read is what is signed: its files are those whose digests stand in the metadata.


def told(proposed: Proposal, current: View | None) -> Iterator[str]:
    """Yield what would change; DocumentRefused `proposal-…` if it is not what would be signed."""
    view.check(proposed.metadata, proposed.files, current)
    for role, metadata in sorted(proposed.metadata.items()):
        signed = metadata.signed
        ends = signed.expires.strftime("%Y-%m-%d")
        yield f"{role} {signed.version}, until {ends}"
        if isinstance(signed, Root):
            before = None if current is None else current.board
            yield from _board(of_root(signed, before=before), before)
            yield from _online(signed, None if current is None else current.root)
            yield from _log(signed, None if current is None else current.root)
            yield from _policy(signed, None if current is None else current.root)
        elif role == Targets.type:
            yield from _changed_targets(signed, proposed, current)
        else:
            yield from _role(role, signed, proposed, current)


def _board(newer: Board, before: Board | None) -> Iterator[str]:
    counts = f"{newer.threshold} of {len(newer.seats)} seats, {newer.suspend_threshold} to suspend"
    yield f"  {newer.network}, {newer.environment}: {counts}, at most {newer.per_region} a region"
    for line in (*newer.breaches(), *newer.fragile()):
        yield f"  warning: {line}"
    held = {} if before is None else {seat.name: seat for seat in before.seats}
    for seat in newer.seats:
        if held.get(seat.name) != seat:
            what = "changes" if seat.name in held else "is new"
            yield f"  {seat.name} {what}: {seat.holder}, region {seat.region}, key {seat.keyid}"
    for name in held.keys() - {seat.name for seat in newer.seats}:
        yield f"  {name} goes"


def _log(newer: Root, before: Root | None) -> Iterator[str]:
    asked = logged.policy_of(newer)
    if asked == (None if before is None else logged.policy_of(before)):
        return
    if asked is None:
        yield "  warning: nothing has to be in a log any more"
        return
    yield f"  log {asked.log.to_text()}, seen by {asked.needed} of {len(asked.witnesses)} witnesses:"
    for witness in asked.witnesses:
        yield f"  witness {witness.to_text()}"
    if asked.needed == len(asked.witnesses):
        yield "  warning: all witnesses must see it: one that is gone, and nothing is ever published again"


def _policy(newer: Root, before: Root | None) -> Iterator[str]:
    asks = asks_for_summaries(newer)
    if before is not None and asks == asks_for_summaries(before):
        return
    if asks:
        yield "  rules are published with a summary of whom they shut out, and not without"
    else:
        yield "  warning: rules may be published without a summary of whom they shut out"


def _changed_targets(signed: Targets, proposed: Proposal, current: View | None) -> Iterator[str]:
    before = {} if current is None else dict(current.participants)
    listed = proposed.files.get(network_metadata.PARTICIPANTS)
    after = before if listed is None else read_participants(listed)
    for code in sorted(before.keys() | after.keys()):
        yield from _participant(code, before.get(code), after.get(code))
    yield from _shared(after)
    held = None if current is None else current.trusted.targets
    for code in sorted(_changed_delegations(signed) - {network_metadata.SUSPEND}):
        if _keys(signed, code) != _keys(held, code):
            yield f"  {code} gets {'other ' if code in before else ''}keys: {_keys(signed, code)}"
            yield from _fragile(signed, code)
    for code in sorted(_changed_delegations(signed) - after.keys() - {network_metadata.SUSPEND}):
        yield f"  warning: {code} has keys, and is not listed as a participant"
    known = {} if held is None else held.targets
    for path in sorted(signed.targets.keys() - {network_metadata.PARTICIPANTS}):
        if path in proposed.files:
            yield f"  {path}: {len(proposed.files[path])} bytes"
    for path in sorted(known.keys() - signed.targets.keys()):
        yield f"  {path} goes"


def _participant(code: str, before: Participant | None, after: Participant | None) -> Iterator[str]:
    if after is None:
        yield f"  {code} goes"
    elif after != before:
        what = "changes" if before is not None else "is new"
        signs = ", ".join(sorted(after.countries)) or "no country"
        active = ", ".join(sorted(after.domains)) or "nothing yet"
        yield f"  {code} {what}: signs for {signs}, active for {active}, its C is {after.subject}"
        own = may_sign_for(code)
        for country in sorted(after.countries - own if own else ()):
            if before is None or country not in before.countries:
                yield f"  warning: {country} is not {code}'s own"
        yield f"  {code} is {after.name} ({after.kind}); appeals to {after.contact or 'nowhere'}"


def _shared(listed: Mapping[str, Participant]) -> Iterator[str]:
    whose: dict[str, list[str]] = {}
    for code, one in sorted(listed.items()):
        for country in one.countries:
            whose.setdefault(country, []).append(code)
    for country, codes in sorted(whose.items()):
        if len(codes) > 1:
            yield f"  warning: {' and '.join(codes)} sign for {country}, each of them"


def _online(newer: Root, before: Root | None) -> Iterator[str]:
    for name in ("snapshot", "timestamp"):
        ids = sorted(newer.roles[name].keyids)
        if before is None or ids != sorted(before.roles[name].keyids):
            yield f"  the {name} is signed online with {', '.join(ids)}"


def _changed_delegations(signed: Targets) -> set[str]:
    roles = None if signed.delegations is None else signed.delegations.roles
    return set(roles or {})


def _keys(signed: Targets | None, code: str) -> str:
    delegations = None if signed is None else signed.delegations
    if delegations is None or delegations.roles is None or code not in delegations.roles:
        return ""
    role = delegations.roles[code]
    return f"{role.threshold} of {', '.join(sorted(role.keyids))}"


def _fragile(signed: Targets, code: str) -> Iterator[str]:
    delegations = signed.delegations
    assert delegations is not None
    assert delegations.roles is not None
    role = delegations.roles[code]
    if role.threshold == len(role.keyids):
        # Admitted with such keys, it cannot even revoke when one of them is lost, until the seats let others in.
        yield f"  warning: all {role.threshold} keys of {code} must sign: one lost key, and it says nothing any more"


def _role(role: str, signed: Targets, proposed: Proposal, current: View | None) -> Iterator[str]:
    held = current.roles.get(role) if current is not None else None
    before = dict(held.files) if held is not None else {}
    for path, file in sorted(signed.targets.items()):
        if path in before and proposed.files.get(path) == before[path]:
            continue
        yield f"  {path}: {file.length} bytes"
        if path == f"{role}/{network_metadata.SCHEME_KEYS}" and path in proposed.files:
            yield from _scheme_keys(proposed.files[path], before.get(path))
        if path == f"{role}/{network_metadata.IMPACT}" and path in proposed.files:
            yield from _impact(role, proposed.files, before, current)
    for path in sorted(before.keys() - signed.targets.keys()):
        yield f"  {path} goes"
    rules, impact = f"{role}/{network_metadata.RULES}", f"{role}/{network_metadata.IMPACT}"
    if rules in signed.targets and impact not in signed.targets:
        yield f"  warning: nobody says whom the rules of {role} shut out"
    if network_metadata.SUSPENSIONS in proposed.files:
        yield from _suspensions(proposed.files[network_metadata.SUSPENSIONS])


def told_of_rules(proposed: Proposal, current: View | None) -> Iterator[str]:
    """Yield whom the rules in a proposal shut out, and nothing else of it; as `told`."""
    for role in filter(network_metadata.is_participants, sorted(proposed.metadata)):
        held = None if current is None else current.roles.get(role)
        before = {} if held is None else held.files
        path = f"{role}/{network_metadata.IMPACT}"
        if path in proposed.files and proposed.files[path] != before.get(path):
            yield from _impact(role, proposed.files, before, current)


def _impact(
    role: str, files: Mapping[str, bytes], before: Mapping[str, bytes], current: View | None
) -> Iterator[str]:
    rules, path = f"{role}/{network_metadata.RULES}", f"{role}/{network_metadata.IMPACT}"
    try:
        sets = documents.RuleDocument() if current is None else view.published_sets(current)
        newer = summary.check(files[path], files.get(rules, b"[]"), sets)
        older = summary.read(before[path]) if path in before else None
    except DocumentRefused as error:
        yield f"  refused: {error.message}"
        return
    yield from (f"  {line}" for line in summary.told(newer, older))


def _scheme_keys(data: bytes, published: bytes | None) -> Iterator[str]:
    try:
        newer = set(scheme_keys.read(data).keys)
        older = set() if published is None else set(scheme_keys.read(published).keys)
    except DocumentRefused as error:
        yield f"  refused: {error.message}"
        return
    for word, rows in (("new", newer - older), ("goes", older - newer)):
        for key in sorted(rows, key=lambda row: (row.scheme, row.issuer, row.kid)):
            yield f"  {word}: key {key.kid} of {key.issuer} ({key.scheme})"


def _suspensions(data: bytes) -> Iterator[str]:
    try:
        listed = read_suspensions(data)
    except DocumentRefused as error:
        yield f"  refused: {error.message}"
        return
    for code, one in listed:
        yield f"  {code} suspended for {(one.until - one.since) // 3600} hours: {one.reason}"


# ----------------------------------------------------------------------------------------------------
# Drafts of metadata: the next root, the next list of participants, a participant's next edition.
#
#     View, what is to change, at -> Proposal, unsigned
#
# 1. A draft is one version after what is in force, and lasts as long as the policy allows.
# 2. A draft is checked by the policy before anybody is asked to sign it.
# 3. What a draft does not name stays as it is.
# 4. A draft names its network and environment, so that it can be published in no other.


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
    held = {**files, network_metadata.PARTICIPANTS: write_participants(())}
    targets = _drafted_targets(root, board, {}, held, version=1, at=at)
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
    newer.unrecognized_fields |= policy_field(asks_for_summaries=asks_for_summaries(current.root))
    version = current.trusted.targets.version + 1
    targets = _drafted_targets(
        newer, board, role_keys(current), current.files, version=version, at=at
    )
    title = f"root {newer.version} of {board.network}"
    signed, held = {"root": newer, "targets": targets}, current.suspend.files
    if held:
        # Other seats would not have signed it: a suspension would end, and its pause be forgotten.
        again = (
            role(current, at, network_metadata.SUSPEND, held)
            .metadata[network_metadata.SUSPEND]
            .signed
        )
        signed[network_metadata.SUSPEND] = again
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
    if set(kept) != set(listed):
        raise UsageError("participants-differ", "a participant has no keys, or is not listed")
    held = {
        **current.files,
        **(files or {}),
        network_metadata.PARTICIPANTS: write_participants(listed.values()),
    }
    version = current.trusted.targets.version + 1
    found = _drafted_targets(current.root, current.board, kept, held, version=version, at=at)
    changed = {p: d for p, d in held.items() if current.files.get(p) != d}
    return _proposal(title, {"targets": found}, changed)


def suspension(current: View, at: datetime, code: str, one: Suspension) -> Proposal:
    """Draft the suspension of a participant; earlier ones stay listed."""
    if code not in current.participants:
        raise UsageError("participant-unknown", f"there is no participant {code}")
    listed = sorted({*current.suspensions, (code, one)})
    check_suspensions(listed)
    files = {network_metadata.SUSPENSIONS: write_suspensions(listed)}
    title = f"suspend {code}: {one.reason}"
    return role(current, at, network_metadata.SUSPEND, files, title=title)


def role(
    current: View, at: datetime, name: str, files: Mapping[str, bytes], *, title: str = ""
) -> Proposal:
    """Draft a delegated role's next edition: these files, by path, and no others."""
    versions = current.trusted.roles()
    if name not in versions:
        raise UsageError("participant-unknown", f"the network has no participant {name}")
    found = Targets(
        (versions[name] or 0) + 1,
        expires=_end(at, network_metadata.life_of(name)),
        targets=_files(files),
        unrecognized_fields={NETWORK: current.board.name.to_field()},
    )
    network_metadata.check_role(name, found, published=at)
    return _proposal(title or f"{name} {found.version}", {name: found}, files)


def role_keys(current: View) -> dict[str, RoleKeys]:
    """Return the participants' keys that are in force."""
    delegations = current.trusted.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    found = {}
    for name, one in delegations.roles.items():
        if name != network_metadata.SUSPEND:
            own = tuple(
                network_metadata.from_pem(delegations.keys[i].keyval["public"]) for i in one.keyids
            )
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
    own = {key.keyid: key for key in map(network_metadata.public, seats)}
    kept = {
        "snapshot": network_metadata.public(online.snapshot),
        "timestamp": network_metadata.public(online.timestamp),
    }
    ids = [seat.keyid for seat in board.seats]
    if set(ids) != set(own):
        raise UsageError("seat-keys", "the keys at hand are not those of the seats")
    roles = {name: Role(list(ids), board.threshold) for name in (Root.type, Targets.type)}
    roles |= {name: Role([key.keyid], 1) for name, key in kept.items()}
    found = Root(
        1 if before is None else before.version + 1,
        expires=_end(at, network_metadata.ROOT_LIFE),
        keys={**own, **{key.keyid: key for key in kept.values()}},
        roles=roles,
        consistent_snapshot=True,
        unrecognized_fields={
            FIELD: board.to_field(),
            **root_field(board.name, before, at),
            **policy_field(asks_for_summaries=True),
        },
    )
    of_root(found)
    return found


def _drafted_targets(
    root: Root,
    board: Board,
    members: Mapping[str, RoleKeys],
    files: Mapping[str, bytes],
    *,
    version: int,
    at: datetime,
) -> Targets:
    known: dict[str, Key] = {seat.keyid: root.keys[seat.keyid] for seat in board.seats}
    roles = {
        network_metadata.SUSPEND: _drafted_delegations(
            network_metadata.SUSPEND, list(known), board.suspend_threshold
        )
    }
    for code, member in sorted(members.items()):
        own: list[SSlibKey] = [network_metadata.public(key) for key in member.public_keys]
        known |= {key.keyid: key for key in own}
        roles[code] = _drafted_delegations(code, [key.keyid for key in own], member.threshold)
    found = Targets(
        version,
        expires=_end(at, network_metadata.TARGETS_LIFE),
        targets=_files(files),
        delegations=Delegations(known, roles),
        unrecognized_fields={NETWORK: board.name.to_field()},
    )
    network_metadata.check_targets(found, root, board)
    return found


def _drafted_delegations(name: str, keyids: list[str], threshold: int) -> DelegatedRole:
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
    return network_metadata.from_pem(key.keyval["public"])


def _end(at: datetime, life: timedelta) -> datetime:
    return (at + life).replace(microsecond=0)
