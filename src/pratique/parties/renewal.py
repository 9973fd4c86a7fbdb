"""A participant's renewal: every key that ends soon gets its successor, in one command that may be given again.

    participant.json, issuer.json, ..., at -> Plan -> carried out -> the same plan is empty
    new signers, the network -> next edition, signed with the keys here -> submitted | a file for the other key holders
    new keys -> dossier: what the authority checks and the seats sign

1. The plan is computed anew from the documents: whatever was interrupted, the same command goes on. Each key is noted
   before the next is made.
2. Nothing old is touched: keys, certificates and documents' rows stay until they end by themselves. Old signers stay in
   the edition, and old role keys in the application, until nothing needs them: first the seats let in new keys beside
   the old, then an edition is signed by the new ones, and only then is an application without the old ones written.
3. The signing CA comes first, so that new signers are the new one's where both are due.
4. The network that is known here must be newer than this participant's last edition: sync first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pratique.crypto import x509, x509_write
from pratique.errors import UsageError
from pratique.network import metadata, proposal
from pratique.parties import issuer as issuers
from pratique.parties import issuer_keys, participant
from pratique.parties.issuer_keys import Makes, date, until_free
from pratique.parties.participant import Edition, ParticipantHome, RoleKey, SignedEdition
from pratique.parties.proposals import KnownNetwork
from pratique.store import sources
from pratique.store.keys import Secret, is_at_hand, open_key
from pratique.trust import issuer as trust_issuer
from pratique.trust import publication, renewal

Note = Callable[[str], None]
"""Is told what was made, as soon as it is."""
DOMAIN = "DCC"


class RenewalRequest(NamedTuple):
    """What is to be renewed.

    Attributes:
        folder: the participant's.
        issuers: folders of the issuers whose keys are its signing CA's.
        register: URL of their register; None for the one in each folder.
        public_keys: PEM, that key holders elsewhere have made in place of theirs.
        at: now.
        within: days before the end from which a successor is made.
        upload: certificate, PEM, of an upload key that was renewed elsewhere.
    """

    folder: Path
    issuers: tuple[Path, ...]
    register: str | None
    public_keys: tuple[str, ...]
    at: datetime
    within: int
    upload: bytes | None = None


class Plan(NamedTuple):
    """What will be made: the participant's own, its role keys, and each issuer's signers."""

    owned: list[renewal.Planned]
    roles: list[renewal.Planned]
    signers: list[tuple[Path, list[renewal.Planned]]]

    def all(self) -> list[renewal.Planned]:
        """Return everything in its order."""
        return [*self.owned, *self.roles, *(one for _, found in self.signers for one in found)]


def plan(request: RenewalRequest, found: ParticipantHome) -> Plan:
    """Compute what a renewal makes."""
    at, within = int(request.at.timestamp()), request.within
    taken = issuers.labels(request.folder)
    owned = renewal.planned(found.owned, at=at, within=within, taken=taken)
    taken |= {one.label for one in owned}
    held = [uri for _, uri in found.role_keys if is_at_hand(uri, folder=request.folder)]
    here = [] if found.coming else held
    roles = renewal.planned_role_keys(
        here, since=found.role_since, at=at, within=within, taken=taken
    )
    new_end = next((one.ends for one in owned if one.what == renewal.WORDS[renewal.SCA]), None)
    return Plan(
        owned, roles, [(one, _signers(request, one, found, new_end)) for one in request.issuers]
    )


def _signers(
    request: RenewalRequest, folder: Path, found: ParticipantHome, new_end: int | None
) -> list[renewal.Planned]:
    issuer, at = issuers.load(folder), int(request.at.timestamp())
    if not issuer.sca.key:
        return []
    own = is_own(found, issuer.sca.thumbprint)
    parent_end = (new_end or found.sca.not_after) if own else issuer.sca.not_after
    planned = []
    for one in _wanted(request, folder):
        begins = at if one.begins is None else one.begins
        use, end = renewal.signer_ends(begins, parent_end)
        old_end = issuer.shard(one.replaces).not_after
        planned.append(
            renewal.Planned(
                "document signer", one.label, one.key, one.replaces, begins, use, end, old_end
            )
        )
    return planned


def _wanted(request: RenewalRequest, folder: Path) -> list[issuer_keys.NewKey]:
    issued = issuers.counts(folder, request.register) or {}
    issuer = issuers.load(folder)
    return issuer_keys.successors(folder, issuer, request.at, request.within, issued, led_in=True)


def _carry_out(request: RenewalRequest, secret: Secret, note: Note) -> None:
    """Make all that is planned, one by one."""
    with issuers.locked(request.folder):
        found = participant.load_home(request.folder)
        _check_public_keys(request, found)
        found = _with_upload(request, found, note)
        wanted = plan(request, found)
        if wanted.owned or wanted.roles:
            # New key files get the password of the others, and not a slip of the hand.
            old = next(key for role in renewal.ROLES if (key := found.newest(role).key))
            open_key(old, folder=request.folder, secret=secret)
        found = _make_owned(request, found, wanted.owned, secret, note)
        _make_roles(request, found, wanted.roles, secret, note)
        for folder in request.issuers:
            with issuers.locked(folder):
                _make_signers(request, folder, secret, note)


def _with_upload(request: RenewalRequest, found: ParticipantHome, note: Note) -> ParticipantHome:
    """Keep the certificate of an upload key that was renewed elsewhere."""
    pem, one = request.upload, found.participant
    if pem is None:
        return found
    thumbprint = x509.read(x509_write.from_pem(pem)).thumbprint
    if any(each.thumbprint == thumbprint for each in found.owned):
        return found
    label = f"{participant.UPLOAD}-{thumbprint[:8]}"
    countries = {one.subject, *one.countries}
    own = participant.keep_certificate(request.folder, participant.UPLOAD, pem, countries, label)
    found = found._replace(owned=(*found.owned, own))
    participant.save(request.folder, found)
    note(f"keeps the upload certificate {label}; its key is elsewhere")
    return found


def _make_owned(
    request: RenewalRequest,
    found: ParticipantHome,
    wanted: Sequence[renewal.Planned],
    secret: Secret,
    note: Note,
) -> ParticipantHome:
    task, roles = _task(request, found, secret), {word: r for r, word in renewal.WORDS.items()}
    for one in wanted:
        made = until_free(
            one.label, one.key, partial(participant.make_owned, task, roles[one.what])
        )
        found = found._replace(owned=(*found.owned, made))
        participant.save(request.folder, found)
        note(f"made {describe(one)}")
    return found


def _make_roles(
    request: RenewalRequest,
    found: ParticipantHome,
    wanted: Sequence[renewal.Planned],
    secret: Secret,
    note: Note,
) -> None:
    if not wanted and not request.public_keys:
        return
    task, others = _task(request, found, secret), _elsewhere(request, found)
    made = [until_free(one.label, one.key, partial(_role, task)) for one in wanted]
    before = found.coming or found.role_keys
    kept = [] if wanted else [one for one in before if one not in others]
    since = found.role_since if kept or found.coming else task.at
    coming = (*made, *kept, *([(pem, "") for pem in request.public_keys] or others))
    participant.save(request.folder, found._replace(coming=coming, role_since=since))
    for one in wanted:
        note(f"made {describe(one)}")


def _elsewhere(request: RenewalRequest, found: ParticipantHome) -> list[RoleKey]:
    """Return the role keys of other key holders, the coming ones where there are any.

    Theirs is also a key file that was made here and then given away.
    """
    before = found.coming or found.role_keys
    return [one for one in before if not is_at_hand(one[1], folder=request.folder)]


def _check_public_keys(request: RenewalRequest, found: ParticipantHome) -> None:
    """Refuse keys that would leave a key holder without one; UsageError `role-cards`."""
    others = len(_elsewhere(request, found))
    if request.public_keys and len(request.public_keys) != others:
        raise UsageError(
            "role-cards",
            f"role keys elsewhere: {others}; public keys that are named: {len(request.public_keys)}",
            "name those of all key holders at once: the old one of who has no new key yet",
        )


def _role(task: Makes, _: str, uri: str) -> RoleKey:
    return participant.make_role(task, uri), uri


def _make_signers(request: RenewalRequest, folder: Path, secret: Secret, note: Note) -> None:
    issuer, found = issuers.load(folder), participant.load_home(request.folder)
    if is_own(found, issuer.sca.thumbprint) and issuer.sca.thumbprint != found.sca.thumbprint:
        newest = found.newest(participant.SCA)
        issuers.write_certificate(folder, participant.signing_ca_pem(request.folder), newest.label)
        issuer = issuer._replace(sca=participant.absolute(found.sca, request.folder))
        issuers.save(folder, issuer)
        note(f"{folder}: its new keys come from {newest.label}")
    wanted = _wanted(request, folder)
    if wanted and not issuer.sca.key:
        due = ", ".join(each.replaces for each in wanted)
        note(f"{folder}: {due} ends soon; its CA is elsewhere: pratique issuer keys request")
    elif wanted:
        for shard in issuer_keys.make(
            folder, issuer, wanted, at=request.at, secret=secret, note=note
        ):
            note(issuer_keys.described(shard, request.at))


def is_own(found: ParticipantHome, thumbprint: str) -> bool:
    """Tell whether a signing CA is the participant's."""
    return any(one.role == participant.SCA and one.thumbprint == thumbprint for one in found.owned)


def describe(one: renewal.Planned) -> str:
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


def _unused(folder: Path, found: ParticipantHome) -> Iterator[str]:
    """Yield the key files that no document names: an interrupted command's, or another's."""
    named = {one.key for one in found.owned}
    named |= {uri for _, uri in (*found.role_keys, *found.coming)}
    for path in sorted((folder / "keys").glob("*.pem")):
        if f"file:keys/{path.name}" not in named:
            yield f"keys/{path.name}"


def _task(request: RenewalRequest, found: ParticipantHome, secret: Secret) -> Makes:
    one, at = found.participant, int(request.at.timestamp())
    return Makes(request.folder, one.code, one.subject, one.name, found.environment, at, secret)


class Delivery(NamedTuple):
    """Where a renewal's edition is submitted, and where its dossier is written; None for a file, and for its own place."""

    target: str | None
    dossier: Path | None


class Dossier(NamedTuple):
    """The dossier to hand in: its folder, how many of its files are new, and whether the seats have to sign new role keys."""

    folder: Path
    new: int
    has_role_keys: bool


class Renewed(NamedTuple):
    """What came of a renewal, and what is left to others.

    Attributes:
        own: the participant as it is now.
        needs_sync: whether new signers cannot be published, as no network is known here.
        published: its next edition, if one was due.
        dossier: what the authority has to get, if anything.
        overdue: role keys of other key holders that are as old as those that are renewed.
        unused: key files that no document names: an interrupted command's, or somebody's.
    """

    own: ParticipantHome
    needs_sync: bool
    published: SignedEdition | None
    dossier: Dossier | None
    overdue: tuple[RoleKey, ...]
    unused: tuple[str, ...]

    @property
    def is_idle(self) -> bool:
        """Tell whether there was nothing to do, and nothing waits for others."""
        waits = self.dossier is not None and (self.dossier.new or self.dossier.has_role_keys)
        return not (self.needs_sync or self.published or waits or self.overdue)


class Forecast(NamedTuple):
    """What a renewal would make, and what it would write or leave to others."""

    plan: Plan
    edition: bool
    dossier: bool
    role_keys: bool
    threshold: int


def forecast(request: RenewalRequest, known: KnownNetwork | None) -> Forecast:
    """Compute what a renewal would do; no key is opened, and nothing is written."""
    own = participant.load_home(request.folder)
    _check_public_keys(request, own)
    wanted = plan(request, own)
    edition = any(signers for _, signers in wanted.signers) or bool(
        _unpublished(request, own, known)
    )
    dossier = bool(wanted.owned or wanted.roles) or _is_renewed(own)
    return Forecast(wanted, edition, dossier, bool(wanted.roles or own.coming), own.threshold)


def renew(
    request: RenewalRequest,
    known: KnownNetwork | None,
    secret: Secret,
    delivery: Delivery,
    note: Note,
) -> Renewed:
    """Make a successor of every key that ends soon, and prepare what others have to do."""
    before = participant.load_home(request.folder)
    own = _settled(before, known)
    if own != before:
        with issuers.locked(request.folder):
            participant.save(request.folder, own)
        note("the network listens to your new role keys alone: the old ones may be destroyed")
    _carry_out(request, secret, note)
    own = participant.load_home(request.folder)
    due = _unpublished(request, own, known)
    is_due = bool(due) or _awaits_edition(own, known)
    published = None
    if is_due and known is not None:
        published = participant.publish(
            _next_edition(request, own, known, due), secret, target=delivery.target
        )
    dossier = None
    if _is_renewed(own):
        folder = delivery.dossier or request.folder / "dossier"
        new = _write_dossier(request, own, known, folder)
        dossier = Dossier(folder, new, bool(own.coming))
    overdue = _overdue(request, own) if dossier is not None else ()
    unused = tuple(_unused(request.folder, own))
    return Renewed(own, is_due and known is None, published, dossier, overdue, unused)


def _settled(own: ParticipantHome, known: KnownNetwork | None) -> ParticipantHome:
    """Return the participant as the network has it: with its new role keys, once the old ones are out."""
    listed = _listed(own, known)
    if not own.coming or listed is None or set(listed) != _public(own.coming):
        return own
    return own._replace(role_keys=own.coming, coming=())


def _application_keys(own: ParticipantHome, known: KnownNetwork | None) -> proposal.RoleKeys:
    """Return the role keys to apply with now: both, or the new ones alone once they have signed."""
    if not _listens_to_new(own, known) or not _new_ones_signed(own, known):
        return own.public_keys()
    new = tuple(metadata.from_pem(pem) for pem, _ in own.coming)
    return proposal.RoleKeys(new, own.threshold)


def _awaits_edition(own: ParticipantHome, known: KnownNetwork | None) -> bool:
    """Tell whether the network listens to the new role keys, and they have not spoken yet."""
    return _listens_to_new(own, known) and not _new_ones_signed(own, known)


def _listens_to_new(own: ParticipantHome, known: KnownNetwork | None) -> bool:
    listed = _listed(own, known)
    return bool(own.coming) and listed is not None and _public(own.coming) <= set(listed)


def _unpublished(
    request: RenewalRequest, own: ParticipantHome, known: KnownNetwork | None
) -> dict[str, list[Path]]:
    """Return the certificates of live signers that are not published yet, by their domain."""
    code, published = own.participant.code, dict[bytes, str]()
    role = None if known is None else known.view.roles.get(code)
    data = None if role is None else role.files.get(f"{code}/{metadata.SIGNERS}")
    if data is not None:
        parts = publication.parts(data)
        published = {one.certificate: one.domain for one in (*parts.signers, *parts.withdrawn)}
    due: dict[str, list[Path]] = defaultdict(list)
    for folder in request.issuers:
        issuer = issuers.load(folder)
        if not is_own(own, issuer.sca.thumbprint):
            continue
        domains = {
            shard.label: published.get(
                x509_write.from_pem(issuers.read_certificate(folder, shard.label))
            )
            for shard in issuer.shards
        }
        for shard in issuer.shards:
            # Where no network is known, the first ones were submitted by other ways.
            if known is None and not shard.replaces:
                continue
            if domains[shard.label] is None and shard.not_after >= request.at.timestamp():
                domain = domains.get(shard.replaces) or DOMAIN
                due[domain].append(issuers.certificate_path(folder, shard.label))
    return due


def _next_edition(
    request: RenewalRequest,
    own: ParticipantHome,
    known: KnownNetwork,
    due: Mapping[str, list[Path]],
) -> Edition:
    """Return the next edition: what is published, and the new signers beside it."""
    role = known.view.roles.get(own.participant.code)
    held = {} if role is None else dict(role.files)
    made = held
    for domain, paths in sorted(due.items()):
        wanted = participant.EditionChange(tuple(paths), domain)
        made = participant.edition_files(request.folder, own, made, wanted, sets={}, at=request.at)
    return Edition(request.folder, own, known.view, held, made, request.at)


def _write_dossier(
    request: RenewalRequest, own: ParticipantHome, known: KnownNetwork | None, out: Path
) -> int:
    """Write the dossier; return how many files of it are new."""
    before = {path: sources.read_bytes(path) for path in out.rglob("*") if path.is_file()}
    keys = _application_keys(own, known)
    made = list(participant.write_application(request.folder, own, keys, out, request.at))
    for path in before.keys() - set(made):
        # A signing CA that has ended since the last time.
        if path.parent == out / "SCA":
            path.unlink()
    return sum(before.get(path) != sources.read_bytes(path) for path in made)


def _is_renewed(own: ParticipantHome) -> bool:
    """Tell whether there is anything that the authority has not had with the first application."""
    return bool(own.coming) or any(one.label != one.role for one in own.owned)


def _overdue(request: RenewalRequest, own: ParticipantHome) -> tuple[RoleKey, ...]:
    """Return the role keys of other key holders that are as old as those that are renewed."""
    elsewhere = tuple(_elsewhere(request, own))
    if own.coming:
        return tuple(one for one in elsewhere if one in own.role_keys)
    left = own.role_since + renewal.ROLE_USE - request.at.timestamp()
    return elsewhere if left <= request.within * trust_issuer.DAY else ()


def _new_ones_signed(own: ParticipantHome, known: KnownNetwork | None) -> bool:
    code = own.participant.code
    if known is None or code not in known.view.roles:
        return False
    by = known.signers_of(code, known.view.roles[code].version)
    return len(by & {metadata.keyid(key) for key in _public(own.coming)}) >= own.threshold


def _listed(own: ParticipantHome, known: KnownNetwork | None) -> tuple[bytes, ...] | None:
    if known is None:
        return None
    keys = proposal.role_keys(known.view).get(own.participant.code)
    return None if keys is None else keys.public_keys


def _public(keys: tuple[RoleKey, ...]) -> set[bytes]:
    return {metadata.from_pem(pem) for pem, _ in keys}
