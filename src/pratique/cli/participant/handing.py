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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pratique.cli import participant_home as homes
from pratique.cli.authority import place
from pratique.cli.participant import apply, edition, renewing
from pratique.crypto import make_x509
from pratique.edges import files, issuer_home
from pratique.network import drafts, keys, names, view
from pratique.trust import announced, renewal, shards

DOMAIN = "DCC"


class Known(NamedTuple):
    """The network as it is known here; `current` is None if it is not."""

    current: view.View | None
    repository: Path | None
    home: Path | None


def settled(found: homes.Home, known: Known) -> homes.Home:
    """Return the participant as the network has it: with its new role keys, once the old ones are out."""
    listed = _listed(found, known)
    if not found.coming or listed is None or set(listed) != _public(found.coming):
        return found
    return found._replace(role_keys=found.coming, coming=())


def application_keys(found: homes.Home, known: Known) -> drafts.RoleKeys:
    """Return the role keys to apply with now: both, or the new ones alone once they have signed."""
    listed = _listed(found, known)
    if not found.coming or listed is None or not _public(found.coming) <= set(listed):
        return found.public_keys()
    if not _new_ones_signed(found, known):
        return found.public_keys()
    return drafts.RoleKeys(tuple(keys.from_pem(pem) for pem, _ in found.coming), found.threshold)


def awaits_edition(found: homes.Home, known: Known) -> bool:
    """Tell whether the network listens to the new role keys, and they have not spoken yet."""
    listed = _listed(found, known)
    together = listed is not None and _public(found.coming) <= set(listed)
    return bool(found.coming) and together and not _new_ones_signed(found, known)


def unpublished(asked: renewing.Asked, found: homes.Home, known: Known) -> dict[str, list[Path]]:
    """Return the certificates of live signers that are not published yet, by their domain."""
    held = _published(found, known)
    due: dict[str, list[Path]] = defaultdict(list)
    for folder in asked.issuers:
        issuer = issuer_home.load(folder)
        if not renewing.is_own(found, issuer.sca.thumbprint):
            continue
        domains = {shard.label: held.get(_der(folder, shard.label)) for shard in issuer.shards}
        for shard in issuer.shards:
            # Where no network is known, the first ones were handed in by other ways.
            if known.current is None and not shard.replaces:
                continue
            if domains[shard.label] is None and shard.not_after >= asked.at.timestamp():
                domain = domains.get(shard.replaces) or DOMAIN
                due[domain].append(issuer_home.certificate_path(folder, shard.label))
    return due


def published(found: homes.Home, current: view.View) -> dict[str, bytes]:
    """Return the files of the edition that is published, by path."""
    role = current.roles.get(found.participant.code)
    return {} if role is None else dict(role.files)


def next_edition(
    asked: renewing.Asked,
    found: homes.Home,
    held: dict[str, bytes],
    due: Mapping[str, list[Path]],
) -> dict[str, bytes]:
    """Return the files of the next edition: what is published, and the new signers beside it."""
    for domain, paths in sorted(due.items()):
        wanted = edition.Wanted(tuple(paths), domain, (), announced.REASONS[0], (), None, None)
        held = edition.made(asked.folder, found, held, wanted, sets={}, at=asked.at)
    return held


def dossier(asked: renewing.Asked, found: homes.Home, known: Known, out: Path) -> Iterator[Path]:
    """Write the dossier; yield what of it is new."""
    before = {path: files.read_bytes(path) for path in out.rglob("*") if path.is_file()}
    made = list(apply.written(asked.folder, found, application_keys(found, known), out, asked.at))
    for path in before.keys() - set(made):
        # A signing CA that has ended since the last time.
        if path.parent == out / "SCA":
            path.unlink()
    yield from (path for path in made if before.get(path) != files.read_bytes(path))


def is_renewed(found: homes.Home) -> bool:
    """Tell whether there is anything that the authority has not had with the first application."""
    return bool(found.coming) or any(one.label != one.role for one in found.owned)


def overdue(asked: renewing.Asked, found: homes.Home) -> tuple[homes.RoleKey, ...]:
    """Return the role keys of hands elsewhere that are as old as those that are renewed."""
    elsewhere = tuple(renewing.elsewhere(asked, found))
    if found.coming:
        return tuple(one for one in elsewhere if one in found.role_keys)
    left = found.role_since + renewal.ROLE_USE - asked.at.timestamp()
    return elsewhere if left <= asked.within * shards.DAY else ()


def _new_ones_signed(found: homes.Home, known: Known) -> bool:
    code = found.participant.code
    if known.current is None or code not in known.current.roles:
        return False
    version = known.current.roles[code].version
    by = place.signers_of(known.repository, known.home, code, version)
    return len(by & {keys.keyid(key) for key in _public(found.coming)}) >= found.threshold


def _listed(found: homes.Home, known: Known) -> tuple[bytes, ...] | None:
    if known.current is None:
        return None
    own = drafts.role_keys(known.current).get(found.participant.code)
    return None if own is None else own.public_keys


def _public(held: tuple[homes.RoleKey, ...]) -> set[bytes]:
    return {keys.from_pem(pem) for pem, _ in held}


def _published(found: homes.Home, known: Known) -> dict[bytes, str]:
    code = found.participant.code
    role = None if known.current is None else known.current.roles.get(code)
    data = None if role is None else role.files.get(f"{code}/{names.SIGNERS}")
    if data is None:
        return {}
    told = announced.parts(data)
    return {one.certificate: one.domain for one in (*told.live, *told.withdrawn)}


def _der(folder: Path, label: str) -> bytes:
    return make_x509.from_pem(issuer_home.read_certificate(folder, label))
