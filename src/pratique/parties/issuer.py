"""A certificate that a holder hands in: its text, and its line in the register.

1. A withdrawn key's certificates are not taken: whoever has a stolen key signs another name under a number that
   the register knows, and a renewal would make of it what no withdrawal reaches.
"""

from __future__ import annotations

import base64
import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, reduce
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import click

from pratique import strict_json
from pratique.crypto import keys, x509
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.formats.wrapping import unwrapped
from pratique.intake.catalogue import Catalogue, parsed
from pratique.intake.rows import Record
from pratique.issue import Asked, Book, Line, Prefixed, Signed, check_good, check_room, registered
from pratique.parties import verifier
from pratique.parties.inputs import encoding_of, every, items
from pratique.renew import Held, Reason, Selection, held, number_of
from pratique.revocation import foreign
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.snapshot import Snapshot
from pratique.store import files as store_files
from pratique.store import sources
from pratique.store.keys import Secret, open_key
from pratique.store.register.register import (
    Published,
    Register,
    Writing,
    current,
    open_register,
    revoke,
    ucis,
)
from pratique.terms import ALL_KINDS, Kind
from pratique.trust import issuer as trust_issuer
from pratique.trust import signer
from pratique.trust.issuer import DAY, DaysLeft, Issuer, Note, Shard, SigningCa
from pratique.trust.registry import Member, Suspension
from pratique.trust.signer import Signer

# ----------------------------------------------------------------------------------------------------
# What the register knows, where it is at hand: how many each key has signed, what was taken back.


T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])


def register_option(command: Command) -> Command:
    """Add --register."""
    return click.option(
        "--register",
        envvar="PRATIQUE_REGISTER",
        metavar="URL",
        help="The register [default: PRATIQUE_REGISTER, or register.sqlite in the issuer's folder].",
    )(command)


def url_of(folder: Path, register: str | None) -> str:
    """Return the register's URL: as named, or its place in the issuer's folder."""
    return register or f"sqlite:///{(folder / 'register.sqlite').absolute()}"


def counts(folder: Path, register: str | None) -> Mapping[bytes, int] | None:
    """Return kid to number of certificates; None where there is no register yet."""
    return _asked(folder, register, Writing.counts)


def revocations(
    folder: Path, register: str | None, shards: Sequence[Shard], *, at: int
) -> Revocations | None:
    """Return all that was taken back, published or not; None where there is no register yet."""
    lists = _asked(folder, register, lambda book: current(book, shards, at=at))
    if lists is None:
        return None
    return reduce(Revocations.with_list, lists, Revocations())


def _asked(folder: Path, register: str | None, action: Callable[[Writing], T]) -> T | None:
    if register is None and not (folder / "register.sqlite").exists():
        return None
    held = open_register(url_of(folder, register))
    try:
        return held.read(action)
    finally:
        held.close()


# ----------------------------------------------------------------------------------------------------
# The issuer's desk: who issues, its shards and keys, its register and its value sets.
#
# 1. A key is opened when it is first needed, so that a preview, an audit or a recall opens none.


class Notes(Protocol):
    """Where it is kept what was noted of the register."""

    def load(self) -> dict[str, trust_issuer.Note]:
        """Return the notes."""

    def save(self, notes: dict[str, trust_issuer.Note]) -> None:
        """Keep the notes."""


class Desk:
    """What issuing needs: who issues, its keys, its register, its value sets."""

    def __init__(
        self,
        issuer: trust_issuer.Issuer,
        keys: Callable[[trust_issuer.Shard], SigningKey],
        public_key: Callable[[trust_issuer.Shard], bytes],
        register: Register,
        *,
        catalogue: Catalogue,
        notes: Notes,
        withdrawn: Callable[[int], frozenset[str]] = lambda _: frozenset(),
        published: Callable[[], Iterable[Signer]] = tuple,
    ) -> None:
        self.issuer, self.register, self.catalogue = issuer, register, catalogue
        self._notes, self._withdrawn, self._published = notes, withdrawn, published
        self._open, self.public_key = keys, public_key
        self._keys: dict[str, SigningKey] = {}
        self._told: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"<Desk of {self.issuer.participant}, {len(self.shards)} shards>"

    @property
    def country(self) -> str:
        """Return the country that certificates name."""
        return self.issuer.country

    @property
    def authority(self) -> str:
        """Return the issuing body as certificates name it."""
        return self.issuer.authority

    @property
    def shards(self) -> tuple[trust_issuer.Shard, ...]:
        """Return all shards, whatever their state."""
        return self.issuer.shards

    def shard(self, label: str) -> trust_issuer.Shard:
        """Return the shard of a label; UsageError `shard-unknown`."""
        return self.issuer.shard(label)

    def keys(self, shard: trust_issuer.Shard) -> SigningKey:
        """Open a shard's key; the same one each time."""
        if shard.key not in self._keys:
            self._keys[shard.key] = self._open(shard)
        return self._keys[shard.key]

    def choice(
        self, at: int, *, label: str | None = None, since: int | None = None
    ) -> trust_issuer.Choice:
        """Return what chooses keys: among all, or of a label only; `since`: that signed then already.

        For one certificate and for whole files alike. UsageError `shard-unknown`, `register-lost`,
        `keys-withdrawn`.
        """
        register, counts = self._registered()
        wanted = self.shards if label is None else (self.shard(label),)
        gone = self._withdrawn(at)
        if wanted and all(shard.thumbprint in gone for shard in wanted):
            # What it signed would be RED at birth.
            raise UsageError(
                "keys-withdrawn",
                f"the signing key {label} is withdrawn"
                if label
                else "all signing keys are withdrawn",
                "make one: pratique issuer keys new-shard, and publish it",
            )
        wanted = tuple(
            shard
            for shard in wanted
            if shard.thumbprint not in gone and (since is None or shard.not_before <= since)
        )
        sound = self._sound(wanted, register, counts)
        return trust_issuer.Choice(sound, at=at, counts=counts, label=label)

    def choose(self, kind: Kind, *, at: int, label: str | None = None) -> trust_issuer.Shard:
        """Return the live shard with the most room, or the one of a label if it is live."""
        return self.choice(at, label=label).one(kind)

    def is_withdrawn(self, kid: bytes, at: int) -> bool:
        """Tell whether the network that is synced here says that a key is withdrawn."""
        gone = self._withdrawn(at)
        return any(shard.kid == kid and shard.thumbprint in gone for shard in self.shards)

    def doubt(self, shard: trust_issuer.Shard, domain: str) -> str | None:
        """Say, once, that a key is published for other domains than the one of what it signs.

        None where it is, where no network is synced here, and where the key is not published yet.
        """
        listed = [one for one in self._published() if one.thumbprint == shard.thumbprint]
        known = (shard.label, domain) in self._told or any(one.speaks_for(domain) for one in listed)
        if known or not listed:
            return None
        self._told.add((shard.label, domain))
        others = ", ".join(sorted({one.domain for one in listed}))
        return (
            f"the key {shard.label} is published for {others} and not for {domain}: verifiers in the network answer "
            f"AMBER DOMAIN_WRONG; once {self.issuer.participant} is active for {domain}, publish the key for it too: "
            f"pratique participant publish --signers FILE --domain {domain}"
        )

    def note(self) -> None:
        """Note beside the keys how far the register is; to be called after something was issued."""
        register, counts = self._registered()
        notes = self._notes.load()
        self._notes.save(trust_issuer.updated(notes, self.shards, register=register, counts=counts))

    def _registered(self) -> tuple[bytes, dict[bytes, int]]:
        return self.register.read(lambda book: (book.identity(), book.counts()))

    def _sound(
        self, shards: tuple[trust_issuer.Shard, ...], register: bytes, counts: dict[bytes, int]
    ) -> tuple[trust_issuer.Shard, ...]:
        """Return the shards whose register this is; UsageError `register-lost` if none is left."""
        lost = self._lost(register, counts)
        found = tuple(shard for shard in shards if shard.label not in lost)
        if shards and not found:
            raise lost[shards[0].label]
        return found

    def lost(self) -> dict[str, UsageError]:
        """Return why the register does not know all that a shard has signed, by label."""
        return self._lost(*self._registered())

    def _lost(self, register: bytes, counts: dict[bytes, int]) -> dict[str, UsageError]:
        notes, found = self._notes.load(), {}
        for shard in self.shards:
            try:
                trust_issuer.check(shard, notes, register=register, counts=counts)
            except UsageError as error:
                found[shard.label] = error
        return found

    def own(self, book: Book) -> Book:
        """Return the book as this node sees it, if several share the keys."""
        if not self.issuer.node_bits:
            return book
        widths = {shard.kid: shard.width for shard in self.shards}
        return Prefixed(book, widths, self.issuer.node, self.issuer.node_bits)

    def snapshot(self, at: int) -> Snapshot:
        """Return what verifies this issuer's own certificates; for renewing and correcting them."""
        signers = [shard.as_signer(self.public_key(shard)) for shard in self.shards]
        return Snapshot(
            number=1,
            created=at,
            environment=self.issuer.environment,
            trust=signer.TrustList(signers),
        )


# ----------------------------------------------------------------------------------------------------
# An issuer's folder: its document, its certificates, its keys.
#
#     issuer.json · register.json (what is noted of the register) · certificates/sca.pem, LABEL.pem · keys/sca.pem, LABEL.pem (encrypted)
#
# 1. The document is replaced in one step, and only after it lies on the disk.
# 2. Who changes it holds the folder's lock from before it is read: two writers would lose a key.
# 3. A new folder appears whole, or not at all. None is ever overwritten.


DOCUMENT = "issuer.json"
NOTES = "register.json"
MAX_SIZE = 4 * 1024 * 1024
SCA = "sca"
"""Label of the signing CA's files."""


def folder(named: Path | None, home: Path) -> Path:
    """Return the issuer's folder: as named, or its place in the home folder."""
    return named if named is not None else home / "issuer"


def load(folder: Path) -> Issuer:
    """Load the issuer of a folder; Unreadable `no-issuer`, DocumentRefused `issuer-file`."""
    path = folder / DOCUMENT
    try:
        data = store_files.read(path, MAX_SIZE)
    except FileNotFoundError as error:
        raise Unreadable(
            "no-issuer",
            f"{folder}: there is no issuer here",
            "make one: pratique issuer init, or name its folder with --issuer",
        ) from error
    except OSError as error:
        raise _refused(path, error) from error
    try:
        return trust_issuer.from_bytes(data)
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error


def save(folder: Path, issuer: Issuer) -> None:
    """Keep the issuer's document, durably and in one step."""
    _write(folder / DOCUMENT, trust_issuer.to_bytes(issuer))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for a change; UsageError `issuer-locked` if somebody else does."""
    try:
        held = store_files.hold(folder, wait=False)
    except FileNotFoundError:
        load(folder)
        raise
    except BlockingIOError as error:
        raise UsageError(
            "issuer-locked",
            f"{folder}: another command is changing it",
            "try again when it is done",
        ) from error
    except OSError as error:
        raise _refused(folder, error) from error
    with held:
        yield


@contextmanager
def new(folder: Path) -> Iterator[Path]:
    """Make a new issuer's folder: yield one to fill, which takes its name if nothing fails.

    Raises:
        UsageError: `issuer-exists`.
    """
    if folder.is_symlink() or (folder.exists() and any(folder.iterdir())):
        raise UsageError(
            "issuer-exists",
            f"{folder}: there is something already",
            "nothing is overwritten; name another folder with --issuer",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        filled = Path(tempfile.mkdtemp(prefix=".issuer-", dir=folder.parent))
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield filled
        _settle(filled, folder)
    except BaseException:
        shutil.rmtree(filled, ignore_errors=True)
        raise


def load_notes(folder: Path) -> dict[str, Note]:
    """Load what is noted of the register; nothing in a new folder. DocumentRefused `notes-malformed`."""
    try:
        data = store_files.read(folder / NOTES, MAX_SIZE)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _refused(folder / NOTES, error) from error
    return trust_issuer.from_rows(strict_json.parse(data))


def save_notes(folder: Path, notes: Mapping[str, Note]) -> None:
    """Keep what is noted of the register, durably and in one step."""
    _write(folder / NOTES, json.dumps(trust_issuer.to_rows(notes), indent=1).encode())


def certificate_path(folder: Path, label: str = SCA) -> Path:
    """Return where the certificate of a shard, or of the signing CA, lies."""
    return folder / "certificates" / f"{label}.pem"


def read_certificate(folder: Path, label: str = SCA) -> bytes:
    """Read a certificate's PEM."""
    path = certificate_path(folder, label)
    try:
        return store_files.read(path, MAX_SIZE)
    except OSError as error:
        raise _refused(path, error) from error


def write_certificate(folder: Path, pem: bytes, label: str = SCA) -> Path:
    """Keep a certificate's PEM; one that is there may only be written again with the same bytes."""
    path = certificate_path(folder, label)
    return put(path, pem)


def labels(folder: Path) -> set[str]:
    """Return the labels that files in the folder have, also those of an interrupted command."""
    return {
        path.stem for name in ("keys", "certificates") for path in (folder / name).glob("*.pem")
    }


def signing_ca_labels(folder: Path) -> list[str]:
    """Return the labels of the signing CAs' certificates: `sca`, and those of later ones."""
    return sorted(path.stem for path in (folder / "certificates").glob(f"{SCA}*.pem")) or [SCA]


def put(path: Path, data: bytes, mode: int = 0o600) -> Path:
    """Write a file that may not be there yet with other content; UsageError `file-exists`."""
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(data) and store_files.read(path, len(data)) == data:
            return path
        raise UsageError(
            "file-exists", f"{path}: there is another file already", "name another folder"
        )
    _write(path, data, mode)
    return path


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        store_files.replace(path, data, mode)
    except OSError as error:
        raise _refused(path, error) from error


def _settle(filled: Path, folder: Path) -> None:
    try:
        # Fails if somebody has filled it meanwhile: a folder replaces an empty one only.
        filled.rename(folder)
        store_files.settle(folder.parent)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> Unreadable:
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")


# ----------------------------------------------------------------------------------------------------
# Signing keys as a person reads them: one line each, with the state and the days left.


HEADERS = {
    "label": "LABEL",
    "kid": "KID",
    "environment": "ENVIRONMENT",
    "state": "STATE",
    "days_to_sign": "DAYS TO SIGN",
    "days_to_be_verified": "TO BE VERIFIED",
    "usages": "USAGE",
    "issued": "ISSUED",
    "planned": "PLANNED",
}


WITHDRAWN = "withdrawn"
"""In place of a key's state: its certificate is withdrawn in the network, and what it signs is RED."""


def suspended(participant: str, suspension: Suspension) -> str:
    """Say that a participant is suspended, until when and why."""
    return (
        f"{participant} is suspended until {_instant(suspension.until)} ({suspension.reason}): "
        "what its keys have signed and sign is in doubt (AMBER) everywhere until then"
    )


def describe(
    shard: Shard, at: int, counts: Mapping[bytes, int] | None, member: Member | None = None
) -> dict[str, object]:
    """Say all about a key that a person or a script may want to know.

    Args:
        shard: the key.
        at: when; seconds since the epoch.
        counts: kid to certificates issued; None if that is not known.
        member: what the network says of its participant; None if none is synced here.
    """
    is_gone = member is not None and shard.thumbprint in member.withdrawn
    left = DaysLeft(0, 0) if is_gone else shard.days_left(at)
    issued = None if counts is None else counts.get(shard.kid, 0)
    return {
        "label": shard.label,
        "kid": base64.b64encode(shard.kid).decode(),
        "environment": shard.environment.value,
        "state": WITHDRAWN if is_gone else shard.state(at, issued or 0).value,
        "days_to_sign": left.signing,
        "days_to_be_verified": left.verifying,
        "use_until": _instant(shard.use_until),
        "not_after": _instant(shard.not_after),
        "usages": sorted(shard.usages),
        "issued": issued,
        "planned": shard.capacity,
        "algorithm": shard.algorithm.value,
        "key": shard.key,
        "thumbprint": shard.thumbprint,
        "replaces": shard.replaces or None,
        "retired": None if shard.retired is None else _instant(shard.retired),
    }


def table(rows: list[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of the table of described keys."""
    cells = [
        tuple(HEADERS.values()),
        *(tuple(_cell(row, name) for name in HEADERS) for row in rows),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADERS))]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def sca_line(sca: SigningCa, at: int) -> str:
    """Say how long the signing CA is good for."""
    new, old = max(0, sca.use_until - at) // DAY, max(0, sca.not_after - at) // DAY
    return f"signing CA: makes new keys for {new} days, vouches for them for {old} days"


def _cell(row: dict[str, object], name: str) -> str:
    value = row[name]
    if name == "usages":
        assert isinstance(value, list)
        return "any" if value == sorted(ALL_KINDS) else ",".join(value)
    return "-" if value is None else str(value)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ----------------------------------------------------------------------------------------------------
# Open the issuer's desk: its folder, its register, its value sets; in any process.
#
#     issuer's folder -> shards, keys by URI      register's URL -> Register      value sets -> Catalogue
#
# 1. A `Place` holds no secret and may be handed to another process, which opens its own keys.


class Place(NamedTuple):
    """Where a desk stands, so that another process can open the same one."""

    folder: Path
    register: str
    value_sets: tuple[Path, ...]


def opened(place: Place, secret: Secret) -> Desk:
    """Open the desk of a place."""
    issuer = load(place.folder)

    def key_of(shard: trust_issuer.Shard) -> keys.SigningKey:
        key = open_key(shard.key, folder=place.folder, secret=secret)
        if key.algorithm is not shard.algorithm:
            raise DocumentRefused("key-other", f"the key of shard {shard.label} is another one")
        return key

    def public_key_of(shard: trust_issuer.Shard) -> bytes:
        (record,) = x509.read_file(read_certificate(place.folder, shard.label))
        return record.public_key

    @cache
    def said() -> verifier.Said | None:
        return verifier.said_of(issuer.participant, issuer.environment)

    @cache
    def withdrawn(at: int) -> frozenset[str]:
        found = said()
        if found is None:
            return frozenset()
        if (suspension := found.member.suspended(at)) is not None:
            click.echo(f"note: {suspended(issuer.participant, suspension)}", err=True)
        return found.member.withdrawn

    def published() -> tuple[Signer, ...]:
        found = said()
        return () if found is None else found.signers

    register = open_register(place.register)
    if register.doubles:
        click.echo(
            f"note: in this register {register.doubles} certificates share their request with another one; "
            "nothing was changed: see them with pratique issuer audit, and take back what was not handed out",
            err=True,
        )
    catalogue, notes = catalogue_of(place.value_sets), _Notes(place.folder)
    return Desk(
        issuer, key_of, public_key_of, register,
        catalogue=catalogue, notes=notes, withdrawn=withdrawn, published=published,
    )  # fmt: skip


class _Notes(NamedTuple):
    """What was noted of the register, in the issuer's folder."""

    folder: Path

    def load(self) -> dict[str, trust_issuer.Note]:
        """Return the notes."""
        return load_notes(self.folder)

    def save(self, notes: dict[str, trust_issuer.Note]) -> None:
        """Keep the notes."""
        save_notes(self.folder, notes)


def catalogue_of(paths: tuple[Path, ...]) -> Catalogue:
    """Return the catalogue of files and folders; what comes with Pratique if there are none."""
    if not paths:
        return Catalogue.builtin()
    found = []
    for path in paths:
        inside = (*path.glob("*.json"), *path.glob("*.csv")) if path.is_dir() else (path,)
        for file in sorted(inside):
            try:
                document = parsed(sources.read_bytes(file, named=file == path))
                Catalogue.from_documents([document])
            except DocumentRefused as error:
                raise DocumentRefused(
                    "value-sets", f"{file}: {error.message}", error.hint
                ) from error
            found.append(document)
    if not found:
        raise UsageError("value-sets", "there is no value set in what was named")
    return Catalogue.from_documents(found)


# ----------------------------------------------------------------------------------------------------
# The folder of published revocation lists: what is written there follows what stood there.
#
#     Published -> follows? -> KEY.tags, KEY.1-2.delta, KEY-0001.batch.json
#
# 1. A list that lacks what the published one has, or is no later, is refused: verifiers would refuse it,
#    and who has none yet would believe it. So a register that was put back from an old copy cannot pass.


def path_of(out: Path, shard: Shard) -> Path:
    """Return where the newest list of a shard lies."""
    return out / f"{shard.participant}-{shard.kid.hex()}.tags"


def follows(out: Path, published: Published) -> None:
    """See to it that a list follows the one in the folder; DocumentRefused `revocation-…`."""
    path = path_of(out, published.shard)
    if not path.exists():
        return
    before = TagList.from_bytes(sources.read_bytes(path))
    if before.digest == published.listed.digest:
        return
    try:
        Revocations([before]).with_list(published.listed)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{path.name}: the register's list does not follow the published one: {error.message}",
            "the register is an old copy: restore its newest backup; nothing was written",
        ) from error


def write(out: Path, published: Published) -> None:
    """Write a list and its delta, and say so."""
    listed, delta = published.listed, published.delta
    path = path_of(out, published.shard)
    files = {path.name: listed.to_bytes()}
    if delta is not None:
        step = f"{delta.parent_version}-{delta.head.version}"
        files[f"{path.stem}.{step}.delta"] = delta.to_bytes()
    for file, data in files.items():
        store_files.replace(out / file, data, 0o644)
    sizes = ", ".join(f"{file} {len(data)} bytes" for file, data in files.items())
    made = "new" if published.is_new else "as before"
    click.echo(
        f"{published.shard.label}: version {listed.head.version} ({made}), "
        f"{len(listed)} tags: {sizes}"
    )


def write_batches(out: Path, desk: Desk, shard: Shard) -> None:
    """Write what a key has taken back as batches of the EU's gateway, and say so."""
    hashes = desk.register.read(lambda book: ucis(book, shard))
    key = foreign.Key(desk.country, shard.kid, foreign.HashType.UCI)
    until = max((expires for _, expires in hashes), default=0)
    found = foreign.batches(key, until, (entry for entry, _ in hashes))
    for number, batch in enumerate(found, 1):
        path = out / f"{shard.participant}-{shard.kid.hex()}-{number:04d}.batch.json"
        store_files.replace(path, json.dumps(batch.document()).encode(), 0o644)
        click.echo(f"{shard.label}: {path.name}, {len(batch.hashes)} entries")


# ----------------------------------------------------------------------------------------------------
# Sign at the desk: in one transaction of its register, and nothing is returned before its commit.


TRIES = 8


def issued(
    desk: Desk, record: Record, asked: Asked, *, label: str | None = None, wrong: Line | None = None
) -> Signed:
    """Issue one record with the shard of a label, or with the one that has most room.

    A request that was made before gives its certificate again. With `wrong`, that certificate is
    taken back as an issue error in the same transaction.
    """
    for _ in range(TRIES):
        try:
            return _issued(desk, record, asked, label=label, wrong=wrong)
        except UsageError as error:
            # Another desk took the last that was planned; who is asked for by name is told so.
            if error.code != "key-full":
                raise
    return _issued(desk, record, asked, label=label, wrong=wrong)


def _issued(
    desk: Desk, record: Record, asked: Asked, *, label: str | None, wrong: Line | None
) -> Signed:
    first = desk.choose(record.kind, at=asked.at, label=label)
    shards = (first, *(shard for shard in desk.shards if shard != first))
    # Whatever its opening asks for, it is not asked while others wait for the register.
    desk.keys(first)

    def act(book: Writing) -> Signed:
        if wrong is not None:
            check_good(wrong, book)
        made = registered(
            record, asked, shards=shards, keys=desk.keys, book=book, view=desk.own(book)
        )
        if not made.repeated and made.line.kid == first.kid:
            # Its own line is counted by now; tags run out before what was planned may.
            check_room(first, book.issued(first.kid) - 1, first.capacity)
        if wrong is not None:
            selection = Selection(wrong.kid, wrong.tag)
            revoke(book, selection, Reason.ISSUE_ERROR, at=asked.at, operator=asked.work.operator)
        return made

    made = desk.register.write(act)
    desk.note()
    (signer,) = (shard for shard in shards if shard.kid == made.line.kid)
    if (doubt := desk.doubt(signer, record.domain)) is not None:
        click.echo(f"note: {doubt}", err=True)
    return made


# ----------------------------------------------------------------------------------------------------
# Read the certificates' texts of what `pratique issuer issue --out` writes: CSV, Parquet, its folder.
#
#     path -> is it one? -> (row, text), ...
#
# 1. A table is known by its content: its first line names a column `text`, or it is Parquet with one. A
#    spreadsheet that saved it again may have taken other separators, and UTF-16.
# 2. It is read row by row: a file may hold a million certificates.
# 3. A folder is its `certificates-*` in order; one without any is its files in order.


# ----------------------------------------------------------------------------------------------------
# Certificates that are named one by one, to be revoked: by number, by their text, or in a list.
#
#     TEXT | number | list | table | picture -> entries -> the register's lines, and what is told of the others
#
# 1. A number (UVCI) is looked up by its digest: the register has no number. A text must be authentic.
# 2. A list is a text with one a line (numbers, certificates' texts, or both), or a table whose first line
#    names its column: `uvci;fraud`, and what `issue --out` writes. A row that says another reason than --reason is left out: nothing of it is undone.
# 3. What is told names the row. Neither a number nor a file's name is repeated.


NUMBERS = ("uvci", "uci", "urn", "identifier", "certificate_number", "certificate", "number")
"""Names of a column with certificates' numbers, by preference."""
FRAUD = "fraud"
SAID = {
    **dict.fromkeys(("1", "true", "yes", "y", "x", "ja", "oui", "si", "vrai", "wahr"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "non", "faux", "falsch"), False),
}
UNCLEAR = "unclear"
"""A cell that is filled in with something else: what it means is not guessed, since revoking is for good."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a list."""


class Entry(NamedTuple):
    """One certificate that is named: where, its number or text, and whether its row says fraud."""

    where: str
    text: str | None
    fraud: bool | str | None = None

    def __repr__(self) -> str:
        return "<Entry: not shown>"


class Named(NamedTuple):
    """What was found: names in the register, each once; and how many entries gave none."""

    names: list[tuple[bytes, int]]
    left_out: int


def named(
    desk: Desk, arguments: tuple[str, ...], reason: Reason, *, at: int, say: Callable[[str], None]
) -> Named:
    """Return the names of certificates; each entry that gives none is told of.

    Raises:
        UsageError: why, if there is one entry only; `certificates-unknown` if none is known.
    """
    entries = [
        entry for number, given in enumerate(arguments, 1) for entry in _entries(given, number)
    ]
    snapshot, shards = desk.snapshot(at), desk.shards
    names: dict[tuple[bytes, int], str] = {}
    left_out = 0

    def line_of(book: Writing, entry: Entry) -> Line:
        if entry.text is None:
            raise UsageError(
                "certificate-unread",
                "there is no certificate in it, and no file has this name",
                "name a certificate by its number, its text, a list or a picture",
            )
        if entry.fraud is not None and entry.fraud is not (reason is Reason.FRAUD):
            raise UsageError(
                "reason-differs",
                "its column 'fraud' says otherwise than --reason, or neither yes nor no",
                "revoke it by a call of its own, with its own reason",
            )
        number = number_of(entry.text)
        if number is None:
            return held(
                entry.text, snapshot=snapshot, shards=shards, book=book, at=at, again=True
            ).line
        found = book.numbered(number, shards)
        if found is None:
            raise UsageError(
                "number-unknown",
                "no certificate in this register has this number",
                "it is another issuer's, or was issued from another register",
            )
        return found

    def look(book: Writing) -> None:
        nonlocal left_out
        for entry in entries:
            try:
                line = line_of(book, entry)
            except UsageError as error:
                if len(entries) == 1:
                    raise
                left_out += 1
                say(f"not revoked, {entry.where}: {error.message}")
                continue
            name = (line.kid, line.tag)
            if name in names:
                say(f"note: {entry.where}: the same certificate as {names[name]}")
            names.setdefault(name, entry.where)

    desk.register.read(look)
    if not names:
        raise UsageError(
            "certificates-unknown",
            f"none of the {len(entries)} certificates can be revoked here",
            "name certificates of this issuer: by number, text, list or picture",
        )
    return Named(list(names), left_out)


def _entries(argument: str, number: int) -> Iterator[Entry]:
    which = f"argument {number}"
    if _is_number(argument):
        yield Entry(which, argument)
        return
    rows = _list(argument)
    if rows is not None:
        for row, text, fraud in rows:
            yield Entry(f"{which}, row {row}", text, fraud)
        return
    found = list(items(argument, number))
    for count, item in enumerate(found, 1):
        yield Entry(which if len(found) == 1 else f"{which}, entry {count}", item.text)


def _is_number(text: str) -> bool:
    try:
        return number_of(text) is not None
    except UsageError:
        return True


def _list(argument: str) -> list[tuple[int, str, bool | str | None]] | None:
    """Return the rows of a table with a column of numbers, or lines that are numbers; None if neither."""
    path = Path(argument)
    try:
        if not path.is_file():
            return None
        data = store_files.read(path, LARGEST)
        lines = data.decode(encoding_of(data)).splitlines()
    except (OSError, ValueError):
        return None
    head = lines[0] if lines else ""
    for mark in (";", ",", "\t"):
        names = [cell.strip().strip('"').lower() for cell in head.split(mark)]
        column = next((names.index(name) for name in NUMBERS if name in names), None)
        if column is not None:
            fraud = names.index(FRAUD) if FRAUD in names else None
            return list(_listed_rows(lines, mark, column, fraud))
    return _bare(lines)


def _bare(lines: list[str]) -> list[tuple[int, str, bool | str | None]] | None:
    """Return the lines of a list without a header, of which one at least is a number; None of another."""
    filled = [(row, line) for row, line in enumerate(lines, 1) if line.strip()]
    numbers = {row: text for row, line in filled if _is_number(text := line.strip().strip('"'))}
    if not numbers:
        return None
    # A line that is neither a number nor a text is told of, and does not hide the others.
    return [(row, numbers.get(row) or unwrapped(line).text, None) for row, line in filled]


def _listed_rows(
    lines: list[str], mark: str, column: int, fraud: int | None
) -> Iterator[tuple[int, str, bool | str | None]]:
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=mark), 1):
            if number > 1 and any(cell.strip() for cell in cells):
                text = cells[column].strip() if column < len(cells) else ""
                said = (
                    cells[fraud].strip().lower() if fraud is not None and fraud < len(cells) else ""
                )
                yield number, text, SAID.get(said, UNCLEAR) if said else None
    except csv.Error as error:
        raise UsageError(
            "list-damaged", "the list is no table that can be read", "save it anew"
        ) from error


def on_stderr(note: str) -> None:
    """Tell of an entry."""
    click.echo(note, err=True)


_AGAIN = "hand in the text, a file of one, or a picture that shows its code whole"


def by_text(desk: Desk, argument: str, *, at: int) -> Held:
    """Return the own certificate that an argument stands for; UsageError `old-…` if it is none."""
    found = list(every([argument]))
    texts = {item.text for item in found if item.text is not None and item.finding is None}
    for item in found:
        if item.finding is not None and not texts:
            why = item.remark or item.finding.code.meaning
            raise Unreadable("old-unread", f"{item.label}: {why}", item.hint or _AGAIN)
    if len(texts) != 1:
        raise UsageError(
            "old-count",
            f"there are {len(texts)} certificates in it, where one is asked for",
            _AGAIN,
        )
    (text,) = texts
    snapshot, shards = desk.snapshot(at), desk.shards
    old = desk.register.read(
        lambda book: held(text, snapshot=snapshot, shards=shards, book=book, at=at)
    )
    if desk.is_withdrawn(old.line.kid, at):
        raise UsageError(
            "old-withdrawn",
            "the key that signed this certificate is withdrawn: its signature proves nothing any more",
            "issue a new one from the health record instead",
        )
    return old
