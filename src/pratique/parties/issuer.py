"""An issuer's folder: its document, its certificates, its keys; its register where that is at hand.

    issuer.json · register.json (high-water marks of the register) · certificates/sca.pem, LABEL.pem
    keys/sca.pem, LABEL.pem (encrypted) · register.sqlite

1. The document is replaced in one step, and only after it lies on the disk.
2. Who changes it holds the folder's lock from before it is read: two writers would lose a key.
3. A new folder appears whole, or not at all. None is ever overwritten.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.store import files
from pratique.text import Notice
from pratique.trust import issuer as trust_issuer
from pratique.trust.issuer import Issuer, RegisterNote, Shard

if TYPE_CHECKING:
    from pratique.revocation.revocations import Revocations
    from pratique.store.register.register import Transaction
    from pratique.trust.registry import Suspension

T = TypeVar("T")

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
        data = files.read(path, MAX_SIZE)
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
        held = files.hold(folder, wait=False)
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
def new(
    folder: Path,
    noun: str = "issuer",
    *,
    hint: str = "nothing is overwritten; name another folder with --issuer",
) -> Iterator[Path]:
    """Make a new folder of an issuer or another party: yield one to fill, which takes its name if nothing fails.

    Raises:
        UsageError: `issuer-exists`, by the party's noun.
    """
    if folder.is_symlink() or (folder.exists() and any(folder.iterdir())):
        raise UsageError(f"{noun}-exists", f"{folder}: there is something already", hint)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        filled = Path(tempfile.mkdtemp(prefix=f".{noun}-", dir=folder.parent))
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield filled
        _settle(filled, folder)
    except BaseException:
        shutil.rmtree(filled, ignore_errors=True)
        raise


@contextmanager
def notes_held(folder: Path) -> Iterator[None]:
    """Hold what is noted of the register for a change, as long as it takes until nobody else does."""
    try:
        # Not the folder's own lock: making a key may wait for a person, and a clerk goes on issuing meanwhile.
        lock = files.hold(folder / "certificates", wait=True)
    except OSError as error:
        raise _refused(folder, error) from error
    with lock:
        yield


def load_notes(folder: Path) -> dict[str, RegisterNote]:
    """Load what is noted of the register; nothing in a new folder. DocumentRefused `notes-malformed`."""
    try:
        data = files.read(folder / NOTES, MAX_SIZE)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _refused(folder / NOTES, error) from error
    return trust_issuer.read_notes(data)


def save_notes(folder: Path, notes: Mapping[str, RegisterNote]) -> None:
    """Keep what is noted of the register, durably and in one step."""
    _write(folder / NOTES, trust_issuer.write_notes(notes))


def certificate_path(folder: Path, label: str = SCA) -> Path:
    """Return where the certificate of a shard, or of the signing CA, lies."""
    return folder / "certificates" / f"{label}.pem"


def read_certificate(folder: Path, label: str = SCA) -> bytes:
    """Read a certificate's PEM."""
    path = certificate_path(folder, label)
    try:
        return files.read(path, MAX_SIZE)
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
        if path.stat().st_size == len(data) and files.read(path, len(data)) == data:
            return path
        raise UsageError(
            "file-exists", f"{path}: there is another file already", "name another folder"
        )
    _write(path, data, mode)
    return path


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.replace(path, data, mode)
    except OSError as error:
        raise _refused(path, error) from error


def _settle(filled: Path, folder: Path) -> None:
    try:
        # Fails if somebody has filled it meanwhile: a folder replaces an empty one only.
        filled.rename(folder)
        files.settle(folder.parent)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> Unreadable:
    return Unreadable("file-unusable", f"{path}: {error.strerror or 'it cannot be used'}")


def url_of(folder: Path, register: str | None) -> str:
    """Return the register's URL: as named, or its place in the issuer's folder."""
    return register or f"sqlite:///{(folder / 'register.sqlite').absolute()}"


def counts(folder: Path, register: str | None) -> Mapping[bytes, int] | None:
    """Return kid to number of certificates; None where there is no register yet."""
    return _read_register(folder, register, lambda transaction: transaction.counts())


def revocations(
    folder: Path, register: str | None, shards: Sequence[Shard], *, at: int
) -> Revocations | None:
    """Return all that is revoked, published or not; None where there is no register yet."""
    from pratique.revocation.revocations import Revocations  # noqa: PLC0415 - as below
    from pratique.store.register.register import current  # noqa: PLC0415

    lists = _read_register(
        folder, register, lambda transaction: current(transaction, shards, at=at)
    )
    return None if lists is None else reduce(Revocations.with_list, lists, Revocations())


def _read_register(
    folder: Path, register: str | None, action: Callable[[Transaction], T]
) -> T | None:
    if register is None and not (folder / "register.sqlite").exists():
        return None
    # Whoever lists keys or previews a record without a register waits for no database library.
    from pratique.store.register.register import open_register  # noqa: PLC0415

    opened = open_register(url_of(folder, register))
    try:
        return opened.read(action)
    finally:
        opened.close()


def suspended(participant: str, suspension: Suspension) -> Notice:
    """Say that a participant is suspended, until when and why."""
    until = datetime.fromtimestamp(suspension.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Notice(
        "suspended",
        "{participant} is suspended until {until} ({reason}): "
        "what its keys have signed and sign is in doubt (AMBER) everywhere until then",
        participant=participant, until=until, reason=suspension.reason,
    )  # fmt: skip
