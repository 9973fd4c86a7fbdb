"""What a renewal hands in: the next edition with its new signers, and a dossier for the authority.

    new signers, the network -> proposal, signed with the keys here -> --to | a file for the other hands
    new keys -> dossier: what the authority checks and the seats sign

1. Old signers stay in the edition, and old role keys in the application, until nothing needs them:
   first the seats let in new keys beside the old, then an edition is signed by the new ones, and only
   then is an application without the old ones written.
2. What is written is computed from what lies here and what the network says, so it can be done again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from pratique.crypto import x509_write
from pratique.errors import UsageError
from pratique.network import metadata, proposal, view
from pratique.network.proposal import RoleKeys
from pratique.parties import authority, issuer_keys
from pratique.parties import cards as parties_cards
from pratique.parties import issuer as parties_issuer
from pratique.parties import participant as parties_participant
from pratique.parties.issuer_keys import Makes, date, until_free
from pratique.store import files as store_files
from pratique.store import sources
from pratique.store.keys import Secret, is_at_hand, open_key
from pratique.trust import issuer as trust_issuer
from pratique.trust import publication, renewal

# ----------------------------------------------------------------------------------------------------
# Make what a renewal has planned, one by one, each noted before the next.
#
#     participant.json, issuer.json, ..., at -> Plan -> carried out -> the same plan is empty
#
# 1. The plan is computed anew from the documents: whatever was interrupted, the same command goes on.
# 2. Nothing old is touched: keys, certificates and documents' rows stay until they end by themselves.
# 3. The signing CA comes first, so that new signers are the new one's where both are due.


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


def plan(asked: Asked, found: parties_participant.Home) -> Plan:
    """Compute what a renewal makes."""
    at, within = int(asked.at.timestamp()), asked.within
    taken = parties_issuer.labels(asked.folder)
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
    asked: Asked, folder: Path, found: parties_participant.Home, new_end: int | None
) -> list[renewal.Planned]:
    issuer, at = parties_issuer.load(folder), int(asked.at.timestamp())
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


def _wanted(asked: Asked, folder: Path) -> list[issuer_keys.Wanted]:
    issued = parties_issuer.counts(folder, asked.register) or {}
    issuer = parties_issuer.load(folder)
    return issuer_keys.successors(folder, issuer, asked.at, asked.within, issued, led_in=True)


def carry_out(asked: Asked, secret: Secret) -> None:
    """Make all that is planned, and say so."""
    with parties_issuer.locked(asked.folder):
        found = parties_participant.load_home(asked.folder)
        check_cards(asked, found)
        wanted = plan(asked, found)
        if wanted.owned or wanted.roles:
            # New key files get the password of the others, and not a slip of the hand.
            old = found.sca.key or found.newest(parties_participant.UPLOAD).key
            open_key(old, folder=asked.folder, secret=secret)
        found = _make_owned(asked, found, wanted.owned, secret)
        _make_roles(asked, found, wanted.roles, secret)
        for folder in asked.issuers:
            with parties_issuer.locked(folder):
                _make_signers(asked, folder, secret)


def _make_owned(
    asked: Asked, found: parties_participant.Home, wanted: Sequence[renewal.Planned], secret: Secret
) -> parties_participant.Home:
    task, roles = _task(asked, found, secret), {word: r for r, word in renewal.WORDS.items()}
    for one in wanted:
        made = until_free(
            one.label, one.key, partial(parties_participant.make_owned, task, roles[one.what])
        )
        found = found._replace(owned=(*found.owned, made))
        parties_participant.save(asked.folder, found)
        click.echo(f"made {told(one)}")
    return found


def _make_roles(
    asked: Asked, found: parties_participant.Home, wanted: Sequence[renewal.Planned], secret: Secret
) -> None:
    if not wanted and not asked.cards:
        return
    task, others = _task(asked, found, secret), ca_elsewhere(asked, found)
    made = [until_free(one.label, one.key, partial(_role, task)) for one in wanted]
    before = found.coming or found.role_keys
    kept = [] if wanted else [one for one in before if one not in others]
    since = found.role_since if kept or found.coming else task.at
    coming = (*made, *kept, *([(card, "") for card in asked.cards] or others))
    parties_participant.save(asked.folder, found._replace(coming=coming, role_since=since))
    for one in wanted:
        click.echo(f"made {told(one)}")


def ca_elsewhere(
    asked: Asked, found: parties_participant.Home
) -> list[parties_participant.RoleKey]:
    """Return the role keys of other hands, the coming ones where there are any.

    Theirs is also a key file that was made here and then given away.
    """
    before = found.coming or found.role_keys
    return [one for one in before if not is_at_hand(one[1], folder=asked.folder)]


def check_cards(asked: Asked, found: parties_participant.Home) -> None:
    """Refuse cards that would leave a hand without a key; UsageError `role-cards`."""
    others = len(ca_elsewhere(asked, found))
    if asked.cards and len(asked.cards) != others:
        raise UsageError(
            "role-cards",
            f"role keys elsewhere: {others}; cards that are named: {len(asked.cards)}",
            "name the cards of all hands at once: the old one of a hand that has no new key yet",
        )


def _role(task: Makes, _: str, uri: str) -> parties_participant.RoleKey:
    return parties_participant.make_role(task, uri), uri


def _make_signers(asked: Asked, folder: Path, secret: Secret) -> None:
    issuer, found = parties_issuer.load(folder), parties_participant.load_home(asked.folder)
    if is_own(found, issuer.sca.thumbprint) and issuer.sca.thumbprint != found.sca.thumbprint:
        newest = found.newest(parties_participant.SCA)
        parties_issuer.write_certificate(
            folder, parties_participant.signing_ca_pem(asked.folder), newest.label
        )
        issuer = issuer._replace(sca=parties_participant.absolute(found.sca, asked.folder))
        parties_issuer.save(folder, issuer)
        click.echo(f"{folder}: its new keys come from {newest.label}")
    wanted = _wanted(asked, folder)
    if wanted and not issuer.sca.key:
        due = ", ".join(each.replaces for each in wanted)
        click.echo(f"{folder}: {due} ends soon; its CA is elsewhere: pratique issuer keys request")
    elif wanted:
        issuer_keys.make(folder, issuer, wanted, at=asked.at, secret=secret)


def is_own(found: parties_participant.Home, thumbprint: str) -> bool:
    """Tell whether a signing CA is the participant's."""
    return any(
        one.role == parties_participant.SCA and one.thumbprint == thumbprint for one in found.owned
    )


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


def unused(folder: Path, found: parties_participant.Home) -> Iterator[str]:
    """Yield the key files that no document names: an interrupted command's, or another's."""
    named = {one.key for one in found.owned}
    named |= {uri for _, uri in (*found.role_keys, *found.coming)}
    for path in sorted((folder / "keys").glob("*.pem")):
        if f"file:keys/{path.name}" not in named:
            yield f"keys/{path.name}"


def _task(asked: Asked, found: parties_participant.Home, secret: Secret) -> Makes:
    one, at = found.participant, int(asked.at.timestamp())
    return Makes(asked.folder, one.code, one.subject, one.name, found.environment, at, secret)


DOMAIN = "DCC"


class Known(NamedTuple):
    """The network as it is known here; `current` is None if it is not."""

    current: view.View | None
    repository: Path | None
    home: Path | None


def settled(found: parties_participant.Home, known: Known) -> parties_participant.Home:
    """Return the participant as the network has it: with its new role keys, once the old ones are out."""
    listed = _listed(found, known)
    if not found.coming or listed is None or set(listed) != _public(found.coming):
        return found
    return found._replace(role_keys=found.coming, coming=())


def application_keys(found: parties_participant.Home, known: Known) -> proposal.RoleKeys:
    """Return the role keys to apply with now: both, or the new ones alone once they have signed."""
    listed = _listed(found, known)
    if not found.coming or listed is None or not _public(found.coming) <= set(listed):
        return found.public_keys()
    if not _new_ones_signed(found, known):
        return found.public_keys()
    return proposal.RoleKeys(
        tuple(metadata.from_pem(pem) for pem, _ in found.coming), found.threshold
    )


def awaits_edition(found: parties_participant.Home, known: Known) -> bool:
    """Tell whether the network listens to the new role keys, and they have not spoken yet."""
    listed = _listed(found, known)
    together = listed is not None and _public(found.coming) <= set(listed)
    return bool(found.coming) and together and not _new_ones_signed(found, known)


def unpublished(
    asked: Asked, found: parties_participant.Home, known: Known
) -> dict[str, list[Path]]:
    """Return the certificates of live signers that are not published yet, by their domain."""
    held = _published(found, known)
    due: dict[str, list[Path]] = defaultdict(list)
    for folder in asked.issuers:
        issuer = parties_issuer.load(folder)
        if not is_own(found, issuer.sca.thumbprint):
            continue
        domains = {shard.label: held.get(_der(folder, shard.label)) for shard in issuer.shards}
        for shard in issuer.shards:
            # Where no network is known, the first ones were handed in by other ways.
            if known.current is None and not shard.replaces:
                continue
            if domains[shard.label] is None and shard.not_after >= asked.at.timestamp():
                domain = domains.get(shard.replaces) or DOMAIN
                due[domain].append(parties_issuer.certificate_path(folder, shard.label))
    return due


def published(found: parties_participant.Home, current: view.View) -> dict[str, bytes]:
    """Return the files of the edition that is published, by path."""
    role = current.roles.get(found.participant.code)
    return {} if role is None else dict(role.files)


def next_edition(
    asked: Asked,
    found: parties_participant.Home,
    held: dict[str, bytes],
    due: Mapping[str, list[Path]],
) -> dict[str, bytes]:
    """Return the files of the next edition: what is published, and the new signers beside it."""
    for domain, paths in sorted(due.items()):
        wanted = parties_participant.Wanted(
            tuple(paths), domain, (), publication.REASONS[0], (), None, None
        )
        held = parties_participant.made(asked.folder, found, held, wanted, sets={}, at=asked.at)
    return held


def dossier(
    asked: Asked, found: parties_participant.Home, known: Known, out: Path
) -> Iterator[Path]:
    """Write the dossier; yield what of it is new."""
    before = {path: sources.read_bytes(path) for path in out.rglob("*") if path.is_file()}
    made = list(
        write_application(asked.folder, found, application_keys(found, known), out, asked.at)
    )
    for path in before.keys() - set(made):
        # A signing CA that has ended since the last time.
        if path.parent == out / "SCA":
            path.unlink()
    yield from (path for path in made if before.get(path) != sources.read_bytes(path))


def is_renewed(found: parties_participant.Home) -> bool:
    """Tell whether there is anything that the authority has not had with the first application."""
    return bool(found.coming) or any(one.label != one.role for one in found.owned)


def overdue(
    asked: Asked, found: parties_participant.Home
) -> tuple[parties_participant.RoleKey, ...]:
    """Return the role keys of hands elsewhere that are as old as those that are renewed."""
    elsewhere = tuple(ca_elsewhere(asked, found))
    if found.coming:
        return tuple(one for one in elsewhere if one in found.role_keys)
    left = found.role_since + renewal.ROLE_USE - asked.at.timestamp()
    return elsewhere if left <= asked.within * trust_issuer.DAY else ()


def _new_ones_signed(found: parties_participant.Home, known: Known) -> bool:
    code = found.participant.code
    if known.current is None or code not in known.current.roles:
        return False
    version = known.current.roles[code].version
    by = authority.signers_of(known.repository, known.home, code, version)
    return len(by & {metadata.keyid(key) for key in _public(found.coming)}) >= found.threshold


def _listed(found: parties_participant.Home, known: Known) -> tuple[bytes, ...] | None:
    if known.current is None:
        return None
    own = proposal.role_keys(known.current).get(found.participant.code)
    return None if own is None else own.public_keys


def _public(held: tuple[parties_participant.RoleKey, ...]) -> set[bytes]:
    return {metadata.from_pem(pem) for pem, _ in held}


def _published(found: parties_participant.Home, known: Known) -> dict[bytes, str]:
    code = found.participant.code
    role = None if known.current is None else known.current.roles.get(code)
    data = None if role is None else role.files.get(f"{code}/{metadata.SIGNERS}")
    if data is None:
        return {}
    told = publication.parts(data)
    return {one.certificate: one.domain for one in (*told.live, *told.withdrawn)}


def _der(folder: Path, label: str) -> bytes:
    return x509_write.from_pem(parties_issuer.read_certificate(folder, label))


def write_application(
    folder: Path, found: parties_participant.Home, keys: RoleKeys, out: Path, at: datetime
) -> Iterator[Path]:
    """Write a dossier into `out`, with these role keys; yield what is write_application."""
    application = parties_cards.Application(
        found.participant, keys, tuple(sorted(found.participant.domains)),
        found.environment,
    )  # fmt: skip
    files = {parties_cards.APPLICATION: parties_cards.write_application(application)}
    # Signing CAs that are no longer in use vouch for signers that live: each has a file of its own.
    older = [
        one for one in found.owned
        if one.role == parties_participant.SCA and one != found.newest(parties_participant.SCA) and one.not_after > at.timestamp()
    ]  # fmt: skip
    for number, one in enumerate([found.newest(parties_participant.SCA), *older]):
        name = f"SCA/SCA_{number}.pem" if number else "SCA/SCA.pem"
        files[name] = parties_issuer.read_certificate(folder, one.label)
    upload, tls = found.newest(parties_participant.UPLOAD), found.newest(parties_participant.TLS)
    files["UP/UP.pem"] = parties_issuer.read_certificate(folder, upload.label)
    files["TLS/TLS.pem"] = parties_issuer.read_certificate(folder, tls.label)
    # It signs itself, so it is its own authority.
    files["TLS/CA.pem"] = files["TLS/TLS.pem"]
    for name, data in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        store_files.replace(path, data, 0o644)
        yield path
