"""Trust sources, the snapshot and a participant's dossier, read from and kept in files.

    paths -> trust_from -> Snapshot          snapshot.json <-> load_snapshot | save_snapshot
    FOLDER -> read -> {"DCC/TLS/TLS.pem": bytes, ...}

1. A file is read whole and only up to a limit; nothing is followed out of a named folder.
2. The snapshot is replaced in one step, and only after it lies on the disk: a power cut leaves the
   old one or the new one.
3. An unreadable file in a folder is told, one that was named is refused.
4. In a participant's folder lie certificates for other ends; whoever holds a TLS or upload key signs no health
   certificate with it. A participant's folder is read from its `onboarding` on; any other as it stands, and nothing
   hidden.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pratique.errors import DocumentRefused, PratiqueError, Unreadable
from pratique.store import files
from pratique.terms import Environment, Scheme
from pratique.text import printable
from pratique.trust import signer

if TYPE_CHECKING:
    from pratique.crypto.spki import PublicKey
    from pratique.revocation.cards import RidList
    from pratique.revocation.revocations import Revocations
    from pratique.rules.documents import ImportedRules, RuleDocument
    from pratique.snapshot import Snapshot, Source
    from pratique.trust.certificates import ListReading
    from pratique.trust.lists import StoreName
    from pratique.trust.signer import Signer

MAX_DOSSIER_FILES = 2_000
MAX_FILE = 256 * 1024
"""Bytes of one file; the largest chain met has 6 kB."""
START = "onboarding"


def read(folder: Path) -> dict[str, bytes]:
    """Read the files of a dossier, by name within it.

    Raises:
        Unreadable: `dossier-unreadable`, `dossier-too-large`.
    """
    start = folder / START if (folder / START).is_dir() else folder
    found: dict[str, bytes] = {}
    for path in _dossier_files(start):
        if len(found) == MAX_DOSSIER_FILES:
            raise Unreadable("dossier-too-large", f"{folder}: more than {MAX_DOSSIER_FILES} files")
        found[path.relative_to(start).as_posix()] = _bytes(path)
    return found


def _dossier_files(start: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise _unreadable(Path(error.filename or start), error) from error

    for place, folders, names in os.walk(start, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and not path.is_symlink() and path.is_file():
                yield path


def _bytes(path: Path) -> bytes:
    try:
        return files.read(path, MAX_FILE, named=False)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise _unreadable(path, error) from error
        raise Unreadable(
            "dossier-too-large",
            f"{path}: {error.strerror}",
            "a dossier holds certificates only: name the folder in which they are",
        ) from error


def _unreadable(path: Path, error: OSError) -> Unreadable:
    return Unreadable("dossier-unreadable", f"{path}: {error.strerror or 'cannot be read'}")


MAX_SOURCE = 32 * 1024 * 1024
"""The largest published list met has 1.5 MB."""
MAX_FILES = 10_000
LARGEST_SIGNATURE = 4_096
_OTHER_USES = {"UP", "TLS", "DECA", "DESC"}
"""Folders whose certificates are for connections and uploads. Of them only UP is not told by its extensions,
and those of TLS are met in real signers too: so the folder decides."""
SUFFIXES = {".pem", ".crt", ".cer", ".der", ".json", ".txt", ".crl", ".ml"}


class Refused(NamedTuple):
    """A file of a folder that was no trust list: its name within the folder, why, and that as a code."""

    name: str
    why: str
    code: str


class TrustSources(NamedTuple):
    """What was read from paths.

    Attributes:
        snapshot: the signers, not kept anywhere yet.
        readings: (name, kind, proof, signers, authorities, skipped) of every source.
        refused: the files of a folder that were none.
        errors: of files that were left out because of them, if each file is taken for itself.
    """

    snapshot: Snapshot
    readings: tuple[tuple[str, ListReading], ...]
    refused: tuple[Refused, ...]
    errors: tuple[PratiqueError, ...] = ()

    def odd(self) -> Iterator[Refused]:
        """Yield the lists of which some entries could not be read."""
        for name, reading in self.readings:
            if reading.odd:
                entries = "1 entry names" if reading.odd == 1 else f"{reading.odd} entries name"
                why = (
                    f"{entries} a participant, a domain or a use by no code such as #DCC: left out"
                )
                yield Refused(name, why, "entry-odd")


def home(named: Path | None = None) -> Path:
    """Return the folder of this user's snapshot: as named, PRATIQUE_DATA_DIR (or PRATIQUE_HOME), or the system's place."""
    if named is not None:
        return named
    if told := os.environ.get("PRATIQUE_DATA_DIR") or os.environ.get("PRATIQUE_HOME"):
        return Path(told)
    import platformdirs  # noqa: PLC0415 - most calls name their folder

    return Path(platformdirs.user_data_dir("pratique", appauthor=False))


def snapshot_path(folder: Path) -> Path:
    """Return where the snapshot lies in the home folder."""
    return folder / "trust" / "snapshot.json"


def read_bytes(path: Path, limit: int = MAX_SOURCE, *, named: bool = True) -> bytes:
    """Read a file of at most `limit` bytes; one that nobody has `named` must be a regular file."""
    try:
        return files.read(path, limit, named=named)
    except OSError as error:
        code = "file-too-large" if error.errno == errno.EFBIG else "file-unreadable"
        raise Unreadable(code, f"{path}: {error.strerror or 'cannot be read'}") from error
    except ValueError as error:
        raise Unreadable("file-unreadable", f"{path!r}: no file has such a name") from error


def certificates(path: Path) -> tuple[bytes, ...]:
    """Read the X.509 certificates (DER) of a PEM file; DocumentRefused `x509-none`."""
    from pratique.crypto import x509  # noqa: PLC0415 - most commands read none

    blocks = x509.armoured(read_bytes(path))
    if not blocks:
        raise DocumentRefused("x509-none", f"{path}: there is no X.509 certificate in it")
    return blocks


def load_snapshot(folder: Path) -> Snapshot | None:
    """Load the snapshot kept in a home folder; None if there is none yet."""
    path = snapshot_path(folder)
    if not path.exists():
        return None
    from pratique.snapshot import Snapshot  # noqa: PLC0415 - a preview needs none

    return Snapshot.from_bytes(read_bytes(path))


def save_snapshot(folder: Path, snapshot: Snapshot) -> Path:
    """Keep a snapshot in a home folder, durably and in one step; return where."""
    path = snapshot_path(folder)
    try:
        files.folder(path.parent)
        files.replace(path, snapshot.to_bytes())
    except OSError as error:
        raise Unreadable(
            "file-unwritable", f"{path}: {error.strerror or 'cannot be written'}"
        ) from error
    return path


def trust_from(
    paths: Iterable[Path],
    *,
    at: datetime,
    environment: Environment = Environment.PRODUCTION,
    country: str = "",
    proof_key: ProofKey | None = None,
    each: bool = False,
    store: StoreName | None = None,
    held: Sequence[Signer] = (),
) -> TrustSources:
    """Read trust sources: files and folders of certificates and lists, or one snapshot.

    Args:
        paths: what to read; a folder is read with all its folders.
        at: when the snapshot is made.
        environment: of sources that do not tell their own, and of the snapshot.
        country: of certificates that name none.
        proof_key: the key that every source's proof must hold under; a signature may lie beside it (`.sig`).
        store: whose keys those are of sources that do not tell it.
        held: signing CAs of the ICAO's seals that are held already: they judge a link certificate, and a CRL.
        each: take each file for itself: what is wrong with one is an error of its own, and the others
            are read. A check must have all that it was given.
    """
    from pratique.snapshot import Snapshot, Source, is_snapshot  # noqa: PLC0415 - as above

    named = list(paths)
    if len(named) == 1 and named[0].is_file():
        data = read_bytes(named[0])
        if is_snapshot(data):
            return TrustSources(Snapshot.from_bytes(data), (), ())
    from pratique.trust import certificates, lists  # noqa: PLC0415 - a snapshot needs no X.509

    readings: list[tuple[str, ListReading]] = []
    refused: list[Refused] = []
    origins: list[Source] = []
    errors: list[PratiqueError] = []
    lists_of_cards: list[RidList] = []
    for path, alone in _folder_files(named):
        if not alone and path.parent.name in _OTHER_USES and path.suffix != ".json":
            refused.append(_other(path, named))
            continue
        try:
            data = read_bytes(path, named=alone)
            known = (*held, *(ca for _, before in readings for ca in before.pinned))
            reading = _of_seals(data, known, environment=environment, store=store, proof=proof_key)
            if reading is None:
                reading = lists.read_source(
                    data,
                    proof_key=None if proof_key is None else proof_key.key,
                    signature=b"" if proof_key is None else _beside(path),
                    store=store or lists.ANY,
                )
            readings.append((path.name, reading))
            lists_of_cards += _lists_of_cards(data, reading, store or lists.ANY)
        except Unreadable as error:
            if not each:
                raise
            errors.append(error)
            continue
        except DocumentRefused as error:
            if alone or error.code.startswith(("proof", "list-signature", "context")):
                if not each:
                    raise _at(path, error) from error
                errors.append(_at(path, error))
                continue
            refused.append(Refused(_within(path, named), error.message, error.code))
            continue
        # Half a surrogate pair, of a name that is not UTF-8, would make the snapshot unreadable.
        import hashlib  # noqa: PLC0415 - a check starts fast

        origins.append(Source(printable(path.name), hashlib.sha256(data).hexdigest()))
    signers = certificates.collect(
        (reading for _, reading in readings), environment=environment, country=country
    )
    snapshot = Snapshot(
        number=1,
        created=int(at.timestamp()),
        environment=environment,
        trust=signer.TrustList(signers),
        sources=tuple(origins),
        revocations=_held(lists_of_cards),
    )
    return TrustSources(snapshot, tuple(readings), tuple(refused), tuple(errors))


def _lists_of_cards(data: bytes, reading: ListReading, store: StoreName) -> Iterable[RidList]:
    """Return the revocations that come with keys of SMART Health Cards, or which of them these keys name."""
    if not any(key.domain == Scheme.SHC.value for key in reading.pinned):
        return ()
    from pratique import strict_json  # noqa: PLC0415
    from pratique.revocation import cards  # noqa: PLC0415 - a check starts fast

    document = strict_json.parse(data)
    if isinstance(document, dict) and "keys" in document:
        return cards.of_keys(store.issuer, document["keys"])
    return cards.of_directory(document)


def _held(lists_of_cards: list[RidList]) -> Revocations | None:
    if not lists_of_cards:
        return None
    from pratique.revocation.revocations import Revocations  # noqa: PLC0415 - a check starts fast

    return Revocations().with_cards(lists_of_cards)


def _of_seals(
    data: bytes,
    known: Iterable[Signer],
    *,
    environment: Environment,
    store: StoreName | None,
    proof: ProofKey | None,
) -> ListReading | None:
    """Read signing CAs of the seals of the ICAO, and their CRLs; None if the source holds none of them."""
    from pratique.trust import csca  # noqa: PLC0415 - as above
    from pratique.trust.certificates import ListReading  # noqa: PLC0415 - as above

    if data.lstrip()[:1] in {b"{", b"["}:
        return None
    if csca.is_crl(data):
        rows = csca.withdraw(data, known)
        return ListReading("list of withdrawn certificates", (), pinned=rows, proof="valid")
    named = store is not None and store.scheme is Scheme.VDS_NC
    if not (named or csca.is_master_list(data)):
        return None
    certificate = b"" if proof is None else proof.certificate
    return csca.read(data, environment=environment, held=known, signer=certificate)


def _beside(path: Path) -> bytes:
    """Return the signature that lies beside a source, as a VCI directory's does; b"" if there is none."""
    beside = path.with_suffix(".sig")
    return read_bytes(beside, LARGEST_SIGNATURE, named=False) if beside.is_file() else b""


def rules_from(paths: Iterable[Path]) -> RuleDocument:
    """Read files of rules and value sets, and folders of them; one that is neither is refused."""
    from pratique import strict_json  # noqa: PLC0415
    from pratique.rules import documents  # noqa: PLC0415 - a check reads a snapshot

    parts = []
    for path, alone in _folder_files(list(paths)):
        if not alone and path.suffix != ".json":
            continue
        try:
            parts.append(documents.read(strict_json.parse(read_bytes(path, named=alone))))
        except DocumentRefused as error:
            raise _at(path, error) from error
    return documents.merged(parts)


def rules_arrived(paths: Iterable[Path]) -> Iterator[tuple[Path, ImportedRules | PratiqueError]]:
    """Read files of others' rules and value sets, and folders of them, each for itself."""
    from pratique import strict_json  # noqa: PLC0415
    from pratique.rules.documents import arrived  # noqa: PLC0415 - a check reads a snapshot
    from pratique.trust import countries  # noqa: PLC0415

    for path, alone in _folder_files(list(paths)):
        if not alone and path.suffix != ".json":
            continue
        try:
            yield path, arrived(strict_json.parse(read_bytes(path, named=alone)), countries.place)
        except DocumentRefused as error:
            yield path, _at(path, error)
        except Unreadable as error:
            yield path, error


class ProofKey(NamedTuple):
    """The key that proofs are checked with, and the X.509 certificate (DER) that it came in, if it did."""

    key: PublicKey
    certificate: bytes = b""


def read_proof_key(path: Path) -> ProofKey:
    """Read the key that proofs are checked with."""
    from pratique.crypto import x509  # noqa: PLC0415 - needed by an import only
    from pratique.trust import lists  # noqa: PLC0415 - as above

    try:
        data = read_bytes(path)
        signers = [*x509.armoured(data), *([data] if data[:1] == b"\x30" else ())]
        return ProofKey(lists.read_proof_key(data), signers[0] if len(signers) == 1 else b"")
    except DocumentRefused as error:
        raise _at(path, error) from error


def _folder_files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Name each file to read, in a fixed order, and whether it was named for itself."""
    count = 0
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in SUFFIXES and not file.is_symlink() and file.is_file():
                count += 1
                if count > MAX_FILES:
                    raise Unreadable("files-too-many", f"{path}: more than {MAX_FILES} files")
                yield file, False


def _other(path: Path, folders: Iterable[Path]) -> Refused:
    return Refused(
        _within(path, folders), "it is no signer of health certificates", "key-other-use"
    )


def _within(path: Path, folders: Iterable[Path]) -> str:
    # In a tree every file has the same name: did.json.
    return next(str(path.relative_to(one)) for one in folders if path.is_relative_to(one))


def _at(path: Path, error: DocumentRefused) -> DocumentRefused:
    return DocumentRefused(error.code, f"{path}: {error.message}", error.hint)
