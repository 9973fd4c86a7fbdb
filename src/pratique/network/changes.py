"""What a proposal would change, in words: what a seat reads before it signs.

    View, Proposal -> lines

1. Everything that the proposal's metadata changes is named; what it leaves is not.
2. What is read is what is signed: its files are those whose digests stand in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuf.api.metadata import Root, Targets

from pratique.errors import DocumentRefused
from pratique.network import enclosed, logged, names
from pratique.network.board import Board, of_root
from pratique.network.participants import Participant, read_participants, read_suspensions
from pratique.network.proposal import Proposal
from pratique.network.view import View
from pratique.trust.countries import may_sign_for


def told(proposed: Proposal, current: View | None) -> Iterator[str]:
    """Yield what would change; DocumentRefused `proposal-…` if it is not what would be signed."""
    enclosed.check(proposed.metadata, proposed.files, current)
    for role, metadata in sorted(proposed.metadata.items()):
        signed = metadata.signed
        ends = signed.expires.strftime("%Y-%m-%d")
        yield f"{role} {signed.version}, until {ends}"
        if isinstance(signed, Root):
            before = None if current is None else current.board
            yield from _board(of_root(signed, before=before), before)
            yield from _online(signed, None if current is None else current.root)
            yield from _log(signed, None if current is None else current.root)
        elif role == Targets.type:
            yield from _targets(signed, proposed, current)
        else:
            yield from _role(role, signed, proposed, current)


def _board(newer: Board, before: Board | None) -> Iterator[str]:
    counts = f"{newer.threshold} of {len(newer.seats)} seats, {newer.suspend_threshold} to suspend"
    yield f"  {newer.network}, {newer.environment}: {counts}, at most {newer.per_region} a region"
    for line in (*newer.breaches(), *newer.fragile()):
        yield f"  mind: {line}"
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
        yield "  mind: nothing has to be in a log any more"
        return
    yield f"  log {asked.log.to_text()}, seen by {asked.needed} of {len(asked.witnesses)} witnesses:"
    for witness in asked.witnesses:
        yield f"  witness {witness.to_text()}"
    if asked.needed == len(asked.witnesses):
        yield "  mind: all witnesses must see it: one that is gone, and nothing is ever published again"


def _targets(signed: Targets, proposed: Proposal, current: View | None) -> Iterator[str]:
    before = {} if current is None else dict(current.participants)
    listed = proposed.files.get(names.PARTICIPANTS)
    after = before if listed is None else read_participants(listed)
    for code in sorted(before.keys() | after.keys()):
        yield from _participant(code, before.get(code), after.get(code))
    yield from _shared(after)
    held = None if current is None else current.trusted.targets
    for code in sorted(_delegated(signed) - {names.SUSPEND}):
        if _keys(signed, code) != _keys(held, code):
            yield f"  {code} gets {'other ' if code in before else ''}keys: {_keys(signed, code)}"
            yield from _fragile(signed, code)
    for code in sorted(_delegated(signed) - after.keys() - {names.SUSPEND}):
        yield f"  mind: {code} has keys, and is not listed as a participant"
    known = {} if held is None else held.targets
    for path in sorted(signed.targets.keys() - {names.PARTICIPANTS}):
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
                yield f"  mind: {country} is not {code}'s own"
        yield f"  {code} is {after.name} ({after.kind}); appeals to {after.contact or 'nowhere'}"


def _shared(listed: Mapping[str, Participant]) -> Iterator[str]:
    whose: dict[str, list[str]] = {}
    for code, one in sorted(listed.items()):
        for country in one.countries:
            whose.setdefault(country, []).append(code)
    for country, codes in sorted(whose.items()):
        if len(codes) > 1:
            yield f"  mind: {' and '.join(codes)} sign for {country}, each of them"


def _online(newer: Root, before: Root | None) -> Iterator[str]:
    for name in ("snapshot", "timestamp"):
        ids = sorted(newer.roles[name].keyids)
        if before is None or ids != sorted(before.roles[name].keyids):
            yield f"  the {name} is signed online with {', '.join(ids)}"


def _delegated(signed: Targets) -> set[str]:
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
        yield f"  mind: all {role.threshold} keys of {code} must sign: one lost key, and it says nothing any more"


def _role(role: str, signed: Targets, proposed: Proposal, current: View | None) -> Iterator[str]:
    held = current.roles.get(role) if current is not None else None
    before = dict(held.files) if held is not None else {}
    for path, file in sorted(signed.targets.items()):
        if path in before and proposed.files.get(path) == before[path]:
            continue
        yield f"  {path}: {file.length} bytes"
    for path in sorted(before.keys() - signed.targets.keys()):
        yield f"  {path} goes"
    if names.SUSPENSIONS in proposed.files:
        yield from _suspensions(proposed.files[names.SUSPENSIONS])


def _suspensions(data: bytes) -> Iterator[str]:
    try:
        listed = read_suspensions(data)
    except DocumentRefused as error:
        yield f"  refused: {error.message}"
        return
    for code, one in listed:
        yield f"  {code} suspended for {(one.until - one.since) // 3600} hours: {one.reason}"
