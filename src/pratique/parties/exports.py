"""Write what goes out: a folder that holds it and nothing else.

    {name: bytes} -> tree | folders -> files

1. What an earlier run has left would speak on: a withdrawn key's document has a proof that still holds.
2. Of a tree, whose files have one name, such documents are taken away; in other folders lies what may be
   somebody's own, and nothing is written beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pratique.compile import compiled
from pratique.crypto import x509, x509_write
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.network import metadata
from pratique.network.view import View
from pratique.onboarding import anchors, dossier
from pratique.parties import cards, proposals, verifier
from pratique.store import files
from pratique.store import sources as store_sources
from pratique.store.keys import Secret, open_key
from pratique.terms import Environment
from pratique.trust import did, expiry, publication
from pratique.trust.did import DSC, SCA, Entry
from pratique.trust.expiry import Row
from pratique.trust.registry import Suspension

# ----------------------------------------------------------------------------------------------------
# Participants' folders: one of them, or a folder of many.
#
#     XUA/onboarding/DCC/SCA/SCA.pem -> ("XUA", {"DCC/SCA/SCA.pem": bytes})
#
# 1. A participant's code is its folder's name, or, of a dossier that `participant apply` wrote, what its
#    application says. In a folder of many nobody's application speaks: it could name another.
# 2. Of many, one that cannot be read is its own affair: the others are read.


START = store_sources.START
_ROLES = ("SCA", "UP", "TLS")


class Held(NamedTuple):
    """A participant's folder.

    Attributes:
        code: of the participant.
        files: by name; none if the folder cannot be read.
        refused: why it cannot.
    """

    code: str
    files: dict[str, bytes]
    refused: PratiqueError | None = None


def is_one(path: Path) -> bool:
    """Tell whether a path is one participant's folder or dossier."""
    here = path.is_dir() and path.resolve().name == store_sources.START
    return (
        here
        or (path / store_sources.START).is_dir()
        or any((path / role).is_dir() for role in _ROLES)
    )


def inside(path: Path) -> Iterator[Path]:
    """Yield the participants' folders in a folder, by name."""
    if path.is_dir():
        yield from (one for one in sorted(path.iterdir()) if (one / store_sources.START).is_dir())


def read(path: Path) -> Iterator[Held]:
    """Yield each participant's folder; one that was named for itself and cannot be read raises."""
    if is_one(path):
        yield Held(code_of(path), store_sources.read(path))
        return
    for one in inside(path):
        try:
            yield Held(one.name, store_sources.read(one))
        except (DocumentRefused, Unreadable) as error:
            yield Held(one.name, {}, error)


def code_of(path: Path) -> str:
    """Return the code of the participant whose folder it is."""
    if (path / cards.APPLICATION).is_file():
        return cards.read_application(path).participant.code
    place = path.resolve()
    above = [one.parent for one in (place, *place.parents) if one.name == store_sources.START]
    return (above[0] if above else place).name


# ----------------------------------------------------------------------------------------------------
# What was synced, as lists of keys and certificates: for forms that are not ours.
#
#     View -> Listing: (participant, domain, usage, chain), ...
#
# 1. Withdrawn and ended signers are left out, and so is a participant that is suspended now: another form has no
#    word for either, and who reads it would believe them. Written again after the suspension, they are back.
# 2. A signing CA is listed under every domain of the signers that it has issued.


def entries(view: View, *, at: int) -> Iterator[Entry]:
    """Yield the keys of all participants that live at `at`, signers and their signing CAs."""
    out = suspended(view, at=at)
    for code, one in sorted(view.participants.items()):
        if code in out:
            continue
        data = view.roles[code].files.get(f"{code}/{metadata.SIGNERS}")
        if data is None or view.roles[code].problem:
            continue
        told = publication.parts(data)
        cas = {ca: x509.read(ca) for ca in told.authorities if x509.read(ca).not_after >= at}
        for signer in told.signers:
            record = x509.read(signer.certificate)
            if signer.domain not in one.domains or record.not_after < at:
                continue
            issuers = [
                der
                for der, ca in cas.items()
                if x509.may_have_issued(ca, record) and x509.issued_by(record, ca)
            ]
            if did.is_writable(signer.certificate):
                yield Entry(code, signer.domain, DSC, (signer.certificate, *issuers[:1]))
            for ca in issuers:
                yield Entry(code, signer.domain, SCA, (ca,))


def suspended(view: View, *, at: int) -> dict[str, Suspension]:
    """Return the suspensions in force at `at`, by participant's code.

    Raises:
        DocumentRefused: `suspensions-unknown`: whoever carried the files may have left one out.
    """
    if view.suspend.problem:
        raise DocumentRefused(
            "suspensions-unknown",
            f"who is suspended is not known here: {view.suspend.problem}",
            "sync again; what is written without it would bring a suspended participant back",
        )
    return {code: one for code, one in view.suspensions if one.since <= at < one.until}


def documents(
    view: View, key: SigningKey, named: tuple[str, str], nonce: str, at: datetime
) -> dict[str, bytes]:
    """Return the tree of DID documents; `named` are the host's name and the key's."""
    created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    host, method = named
    by = did.Publisher(host, key, method, created, nonce, view.board.environment)
    return did.tree(entries(view, at=int(at.timestamp())), by)


def kid(certificate: bytes) -> str:
    """Return the kid of a certificate, hex: a name for its file."""
    return x509.read(certificate).kid.hex()


# ----------------------------------------------------------------------------------------------------
# Participants' folders as WHO keeps them, of what was synced and of dossiers.
#
# View -> CODE/onboarding/DOMAIN/{SCA,DSC}/*.pem          dossier -> UP/UP.pem, TLS/*.pem
# anchor -> signed/TNG_TA.signed.X.json beside each of SCA, UP and TLS


def anchor(path: Path | None, uri: str | None, secret: Secret) -> x509_write.Authority | None:
    """Open a trust anchor; None if none is named."""
    if path is None and uri is None:
        return None
    if path is None or uri is None:
        raise UsageError(
            "anchor-half", "an anchor is a certificate and a key: --anchor, --anchor-key"
        )
    certificate = x509_write.from_pem(store_sources.read_bytes(path))
    return x509_write.Authority(certificate, open_key(uri, folder=Path.cwd(), secret=secret))


def laid_out_folders(
    view: View, dossiers: tuple[Path, ...], by: x509_write.Authority | None, at: datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of all participants' folders, by path; with an anchor, what it signs for them."""
    for one in sorted(set(entries(view, at=int(at.timestamp())))):
        der = one.chain[0]
        name = f"{one.usage}_{kid(der)}"
        folder = f"{one.participant}/onboarding/{one.domain}/{one.usage}"
        yield f"{folder}/{name}.pem", x509_write.to_pem(der)
        # A signing CA vouches for its signers; the anchor signs for it and not for them.
        if by is not None and one.usage == did.SCA:
            yield f"{folder}/signed/TNG_TA.signed.{name}.json", anchors.vouched(der, by)
    for path in dossiers:
        yield from _dossier(view, path, by)


def _dossier(
    view: View, path: Path, by: x509_write.Authority | None
) -> Iterator[tuple[str, bytes]]:
    if not is_one(path):
        raise UsageError(
            "dossier-none", f"{path}: there is no dossier in it", "pratique participant apply"
        )
    ((code, held, _),) = read(path)
    if code not in view.participants:
        raise UsageError("participant-unknown", f"{path}: the network has no participant {code}")
    for domain in sorted(view.participants[code].domains):
        for name in ("UP/UP.pem", "TLS/TLS.pem", "TLS/CA.pem"):
            if name not in held:
                continue
            role, _, file = name.partition("/")
            folder = f"{code}/onboarding/{domain}/{role}"
            yield f"{folder}/{file}", held[name]
            if by is not None and file != "CA.pem":
                der = x509_write.from_pem(held[name])
                stem = file.removesuffix(".pem")
                yield f"{folder}/signed/TNG_TA.signed.{stem}.json", anchors.vouched(der, by)


# ----------------------------------------------------------------------------------------------------
# Rows of whatever is named: what kind of source it is, is told by what lies there.
#
# nothing -> what is held in the home folder     metadata/ -> a repository     onboarding/ -> folders
# anything else -> trust lists


class Seen(NamedTuple):
    """What was seen.

    Attributes:
        sources: participants' rows by the name of their source, by code and domain.
        notes: what of the sources could not be read.
    """

    sources: dict[str, tuple[Row, ...]]
    notes: tuple[store_sources.Refused, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all sources."""
        return tuple(row for rows in self.sources.values() for row in rows)


class _Part(NamedTuple):
    name: str
    rows: Iterable[Row]
    notes: tuple[store_sources.Refused, ...] = ()


def of(sources: tuple[Path, ...], at: int, environment: Environment, home: Path | None) -> Seen:
    """Compute the rows of what is named, or of what is held here."""
    lists = [path for path in sources if _kind(path) == "lists"]
    parts = [_one(path, at) for path in sources if path not in lists]
    if lists:
        parts.append(_lists(lists, at, environment))
    if not sources:
        parts.append(_held(at, home))
    found: dict[str, tuple[Row, ...]] = {}
    for part in parts:
        names = (part.name, *(f"{part.name} ({number})" for number in range(2, len(parts) + 1)))
        # Two of one name would move each other's events in a calendar.
        name = next(name for name in names if name not in found)
        found[name] = tuple(sorted(part.rows, key=lambda row: (row.participant, row.domain)))
    return Seen(found, tuple(note for part in parts for note in part.notes))


def _kind(path: Path) -> str:
    if path.is_dir() and ((path / "metadata").is_dir() or proposals.repository_of(path).is_dir()):
        return "repository"
    return "folders" if is_one(path) or any(inside(path)) else "lists"


def _held(at: int, home: Path | None) -> _Part:
    snapshot = verifier.snapshot(home)
    if snapshot is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {store_sources.home(home)} yet",
            "pratique sync SOURCE, or name what is to be looked at",
        )
    name = snapshot.sources[0].name if snapshot.sources else "network"
    rows = expiry.of_signers(snapshot.trust.limited(), at=at, roll=snapshot.roll)
    view = None if snapshot.roll is None else proposals.known_view(None, home)
    return _Part(
        name,
        rows
        if view is None
        else (*rows, _board(view.trusted.root.expires, view.trusted.targets.expires, at)),
    )


def _one(path: Path, at: int) -> _Part:
    if _kind(path) == "repository":
        view = proposals.known_view(path, None)
        if view is None:
            raise Unreadable("nothing-published", f"{path}: nothing was published yet")
        found = compiled(view)
        rows = expiry.of_signers(found.trust, at=at, roll=found.roll)
        return _Part(
            view.board.network,
            (*rows, _board(view.trusted.root.expires, view.trusted.targets.expires, at)),
        )
    held_ = list(read(path))
    own = [row for one in held_ for row in _of_folder(one, at)]
    notes = (
        store_sources.Refused(one.code, one.refused.message, one.refused.code)
        for one in held_
        if one.refused
    )
    return _Part(path.resolve().name, own, tuple(notes))


def _board(root: datetime, targets: datetime, at: int) -> Row:
    return expiry.of_board(int(root.timestamp()), int(targets.timestamp()), at=at)


def _of_folder(one: Held, at: int) -> tuple[Row, ...]:
    if one.refused is not None:
        return (expiry.of_unreadable(one.code, at=at),)
    return dossier.of_dossier(one.files, one.code, at=at)


def _lists(paths: list[Path], at: int, environment: Environment) -> _Part:
    instant = datetime.fromtimestamp(at, UTC)
    found = store_sources.trust_from(paths, at=instant, environment=environment)
    named = {place_ for _, reading in found.readings for place_ in reading.named}
    rows = expiry.of_signers(
        found.snapshot.trust.limited(), at=at, roll=found.snapshot.roll, named=named
    )
    name = " ".join(path.resolve().name for path in paths)
    if not rows:
        # An empty table would say that nothing ends: what was named is not there, or is something else.
        raise Unreadable(
            "nobody-named",
            f"{name}: no participant is named there"
            + (f"; {len(found.refused)} files of it cannot be read" if found.refused else ""),
            "name a network's folder, a trust list or a tree of them, or participants' folders",
        )
    # Every published list lies in a file did.json: what it calls itself tells two apart. The shortest of a
    # tree's names is its root's.
    own = {reading.name for _, reading in found.readings if reading.name}
    return _Part(
        min(own, key=lambda one: (len(one), one), default=name) if len(paths) == 1 else name,
        rows,
        (*found.refused, *found.odd()),
    )


DOCUMENT = "did.json"


def tree(folder: Path, found: Mapping[str, bytes], roots: tuple[str, ...]) -> int:
    """Write a tree of documents, take away those of earlier ones, and return how many these were."""
    _write(folder, found)
    there = [path for root in roots for path in (folder / root).rglob(DOCUMENT)]
    stale = [path for path in there if path.relative_to(folder).as_posix() not in found]
    for path in stale:
        path.unlink()
    return len(stale)


def written_folders(folder: Path, found: Mapping[str, bytes]) -> None:
    """Write files into a folder that holds no others; UsageError `folder-holds-others`."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    others = [path for path in there if path.relative_to(folder).as_posix() not in found]
    if others:
        raise UsageError(
            "folder-holds-others",
            f"{folder} holds something else already, {others[0].relative_to(folder)} for one",
            "name a new folder, or take away what an earlier run has left",
        )
    _write(folder, found)


def _write(folder: Path, found: Mapping[str, bytes]) -> None:
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, data, 0o644)
