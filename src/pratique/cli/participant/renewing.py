"""Make what a renewal has planned, one by one, each noted before the next.

    participant.json, issuer.json, ..., at -> Plan -> carried out -> the same plan is empty

1. The plan is computed anew from the documents: whatever was interrupted, the same command goes on.
2. Nothing old is touched: keys, certificates and documents' rows stay until they end by themselves.
3. The signing CA comes first, so that new signers are the new one's where both are due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import participant_home as homes
from pratique.cli.issuer import counted, making, succeeding
from pratique.cli.participant import making as own_making
from pratique.cli.signing_ca import Makes, date, until_free
from pratique.edges import issuer_home
from pratique.edges.keys import Secret, is_at_hand, open_key
from pratique.errors import UsageError
from pratique.trust import renewal


class Asked(NamedTuple):
    """What a renewal is asked for.

    Attributes:
        folder: the participant's.
        issuers: folders of the issuers whose keys are its signing CA's.
        register: URL of their register; None for the one in each folder.
        cards: public keys, PEM, that hands elsewhere have made in place of theirs.
        at: now.
        within: days before the end from which a successor is made.
    """

    folder: Path
    issuers: tuple[Path, ...]
    register: str | None
    cards: tuple[str, ...]
    at: datetime
    within: int


class Plan(NamedTuple):
    """What will be made: the participant's own, its role keys, and each issuer's signers."""

    owned: list[renewal.Planned]
    roles: list[renewal.Planned]
    signers: list[tuple[Path, list[renewal.Planned]]]

    def all(self) -> list[renewal.Planned]:
        """Return everything in its order."""
        return [*self.owned, *self.roles, *(one for _, found in self.signers for one in found)]


def plan(asked: Asked, found: homes.Home) -> Plan:
    """Compute what a renewal makes."""
    at, within = int(asked.at.timestamp()), asked.within
    taken = issuer_home.labels(asked.folder)
    owned = renewal.planned(found.owned, at=at, within=within, taken=taken)
    taken |= {one.label for one in owned}
    held = [uri for _, uri in found.role_keys if is_at_hand(uri, folder=asked.folder)]
    here = [] if found.coming else held
    roles = renewal.planned_role_keys(
        here, since=found.role_since, at=at, within=within, taken=taken
    )
    new_end = next((one.ends for one in owned if one.what == renewal.WORDS[renewal.SCA]), None)
    return Plan(
        owned, roles, [(one, _signers(asked, one, found, new_end)) for one in asked.issuers]
    )


def _signers(
    asked: Asked, folder: Path, found: homes.Home, new_end: int | None
) -> list[renewal.Planned]:
    issuer, at = issuer_home.load(folder), int(asked.at.timestamp())
    if not issuer.sca.key:
        return []
    own = is_own(found, issuer.sca.thumbprint)
    parent_end = (new_end or found.sca.not_after) if own else issuer.sca.not_after
    planned = []
    for one in _wanted(asked, folder):
        begins = at if one.begins is None else one.begins
        use, end = renewal.signer_ends(begins, parent_end)
        old_end = issuer.shard(one.replaces).not_after
        planned.append(
            renewal.Planned(
                "document signer", one.label, one.key, one.replaces, begins, use, end, old_end
            )
        )
    return planned


def _wanted(asked: Asked, folder: Path) -> list[making.Wanted]:
    issued = counted.counts(folder, asked.register) or {}
    issuer = issuer_home.load(folder)
    return succeeding.successors(folder, issuer, asked.at, asked.within, issued, led_in=True)


def carry_out(asked: Asked, secret: Secret) -> None:
    """Make all that is planned, and say so."""
    with issuer_home.locked(asked.folder):
        found = homes.load(asked.folder)
        check_cards(asked, found)
        wanted = plan(asked, found)
        if wanted.owned or wanted.roles:
            # New key files get the password of the others, and not a slip of the hand.
            old = found.sca.key or found.newest(homes.UPLOAD).key
            open_key(old, folder=asked.folder, secret=secret)
        found = _make_owned(asked, found, wanted.owned, secret)
        _make_roles(asked, found, wanted.roles, secret)
        for folder in asked.issuers:
            with issuer_home.locked(folder):
                _make_signers(asked, folder, secret)


def _make_owned(
    asked: Asked, found: homes.Home, wanted: Sequence[renewal.Planned], secret: Secret
) -> homes.Home:
    task, roles = _task(asked, found, secret), {word: r for r, word in renewal.WORDS.items()}
    for one in wanted:
        made = until_free(one.label, one.key, partial(own_making.make_owned, task, roles[one.what]))
        found = found._replace(owned=(*found.owned, made))
        homes.save(asked.folder, found)
        click.echo(f"made {told(one)}")
    return found


def _make_roles(
    asked: Asked, found: homes.Home, wanted: Sequence[renewal.Planned], secret: Secret
) -> None:
    if not wanted and not asked.cards:
        return
    task, others = _task(asked, found, secret), elsewhere(asked, found)
    made = [until_free(one.label, one.key, partial(_role, task)) for one in wanted]
    before = found.coming or found.role_keys
    kept = [] if wanted else [one for one in before if one not in others]
    since = found.role_since if kept or found.coming else task.at
    coming = (*made, *kept, *([(card, "") for card in asked.cards] or others))
    homes.save(asked.folder, found._replace(coming=coming, role_since=since))
    for one in wanted:
        click.echo(f"made {told(one)}")


def elsewhere(asked: Asked, found: homes.Home) -> list[homes.RoleKey]:
    """Return the role keys of other hands, the coming ones where there are any.

    Theirs is also a key file that was made here and then given away.
    """
    before = found.coming or found.role_keys
    return [one for one in before if not is_at_hand(one[1], folder=asked.folder)]


def check_cards(asked: Asked, found: homes.Home) -> None:
    """Refuse cards that would leave a hand without a key; UsageError `role-cards`."""
    others = len(elsewhere(asked, found))
    if asked.cards and len(asked.cards) != others:
        raise UsageError(
            "role-cards",
            f"role keys elsewhere: {others}; cards that are named: {len(asked.cards)}",
            "name the cards of all hands at once: the old one of a hand that has no new key yet",
        )


def _role(task: Makes, _: str, uri: str) -> homes.RoleKey:
    return own_making.make_role(task, uri), uri


def _make_signers(asked: Asked, folder: Path, secret: Secret) -> None:
    issuer, found = issuer_home.load(folder), homes.load(asked.folder)
    if is_own(found, issuer.sca.thumbprint) and issuer.sca.thumbprint != found.sca.thumbprint:
        newest = found.newest(homes.SCA)
        issuer_home.write_certificate(folder, homes.signing_ca_pem(asked.folder), newest.label)
        issuer = issuer._replace(sca=homes.absolute(found.sca, asked.folder))
        issuer_home.save(folder, issuer)
        click.echo(f"{folder}: its new keys come from {newest.label}")
    wanted = _wanted(asked, folder)
    if wanted and not issuer.sca.key:
        due = ", ".join(each.replaces for each in wanted)
        click.echo(f"{folder}: {due} ends soon; its CA is elsewhere: pratique issuer keys request")
    elif wanted:
        succeeding.make(folder, issuer, wanted, at=asked.at, secret=secret)


def is_own(found: homes.Home, thumbprint: str) -> bool:
    """Tell whether a signing CA is the participant's."""
    return any(one.role == homes.SCA and one.thumbprint == thumbprint for one in found.owned)


def told(one: renewal.Planned) -> str:
    """Say what is made, with its dates."""
    use = "makes keys" if one.what == renewal.WORDS[renewal.SCA] else "signs"
    good = "" if one.signs_until == one.ends else f", is good until {date(one.ends)}"
    if one.old_ends is None:
        old = "stays good until the seats let in the new one"
    elif one.old_ends < one.begins:
        old = f"has ended on {date(one.old_ends)}"
    else:
        old = f"stays good until {date(one.old_ends)}"
    return (
        f"{one.what} {one.label}: begins {date(one.begins)}, {use} until {date(one.signs_until)}"
        f"{good}; {one.replaces} {old}"
    )


def unused(folder: Path, found: homes.Home) -> Iterator[str]:
    """Yield the key files that no document names: an interrupted command's, or another's."""
    named = {one.key for one in found.owned}
    named |= {uri for _, uri in (*found.role_keys, *found.coming)}
    for path in sorted((folder / "keys").glob("*.pem")):
        if f"file:keys/{path.name}" not in named:
            yield f"keys/{path.name}"


def _task(asked: Asked, found: homes.Home, secret: Secret) -> Makes:
    one, at = found.participant, int(asked.at.timestamp())
    return Makes(asked.folder, one.code, one.subject, one.name, found.environment, at, secret)
