"""Private keys by URI: open one, make one. A file's key or a token's, the caller does not care.

    "file:keys/2026-11-a.pem"                                   -> SoftwareKey
    "pkcs11:token=TOKEN;object=KEY?module-path=/path/lib.so"    -> DeviceKey     (`pkcs11`)

1. A URI holds no secret and may be kept, shown and sent to another process; a key may not. A process
   that was forked or spawned opens its own.
2. A secret comes from `secret(uri)`, is asked for when it is needed, and is kept by nobody here.
3. A key that exists is never overwritten. One that is there already is adopted only if that is asked for.
4. A key that was not made here signs a trial message first: a card that cannot sign is found out now, and
   not at the ceremony.
5. A key file is encrypted PEM. Its folder is 0700, the file 0600, and it appears whole and on the disk, or not at all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote

from pratique.crypto import algorithms, keys
from pratique.crypto.keys import SigningKey
from pratique.errors import PratiqueError, Unreadable, UsageError
from pratique.store import files
from pratique.terms import Algorithm

MAX_SIZE = 64 * 1024
TRIAL = b"pratique: a trial signature of a key, which says nothing"
IN_TOKENS = ("pkcs11", "hsm")
"""Schemes of keys in PKCS#11 tokens: RFC 7512's, and the earlier one, which is read and no more written."""
Key = TypeVar("Key")
Made = TypeVar("Made", keys.SoftwareKey, keys.Ed25519Key)
Secret = Callable[[str], str]
"""secret(uri) -> a file's password, or a token's PIN; there `uri` names the token alone."""


def path_of(rest: str) -> PurePosixPath:
    """Return the path in a `file:` URI; a relative one must stay in its folder."""
    path = PurePosixPath(unquote(rest))
    if not path.name or ".." in path.parts or "\0" in rest:
        raise UsageError(
            "key-uri", "a file: URI names a file in its folder", "write file:keys/NAME.pem"
        )
    return path


def open_key_file(path: Path, password: Callable[[], str]) -> keys.SoftwareKey:
    """Open a key file. The password is asked for only when the file is there."""
    return _opened(path, password, keys.key_from_pem)


def open_log_key(path: Path, password: Callable[[], str]) -> keys.Ed25519Key:
    """Open the key file of a log or a witness, as `open_key` does."""
    return _opened(path, password, keys.ed25519_from_pem)


def make_key_file(
    path: Path, password: Callable[[], str], algorithm: Algorithm, note: str
) -> keys.SoftwareKey:
    """Make a key and keep it in a new file."""
    return _kept(path, partial(keys.generate, algorithm), password, note)


def make_log_key(path: Path, password: Callable[[], str], note: str) -> keys.Ed25519Key:
    """Make a key for a log or a witness, and keep it in a new file."""
    return _kept(path, lambda: keys.from_seed(os.urandom(keys.KEY_SIZE)), password, note)


def _opened(path: Path, password: Callable[[], str], read: Callable[[bytes, str], Key]) -> Key:
    try:
        data = files.read(path, MAX_SIZE)
    except FileNotFoundError as error:
        raise Unreadable(
            "key-missing", f"{path}: there is no such key", "restore it from its copy"
        ) from error
    except OSError as error:
        why = "it is too large for a key" if error.errno == errno.EFBIG else _why(error)
        raise Unreadable("key-unreadable", f"{path}: {why}") from error
    try:
        return read(data, password())
    except PratiqueError as error:
        # Told again with the path; `from None`, since nothing of the password's trial is to be kept.
        raise type(error)(error.code, f"{path}: {error.message}", error.hint) from None


def _kept(path: Path, make: Callable[[], Made], password: Callable[[], str], note: str) -> Made:
    # Before a password is chosen; and again when it is written, since somebody else may make one.
    _refuse_existing(path)
    key = make()
    data = key.to_pem(password(), entropy=os.urandom, note=note)
    try:
        files.folder(path.parent)
        files.create(path, data)
    except FileExistsError:
        _refuse_existing(path)
        raise
    except OSError as error:
        raise Unreadable("key-unwritable", f"{path}: {_why(error)}") from error
    return key


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError(
            "key-exists", f"{path}: there is a key already", "a key is never overwritten"
        )


def _why(error: OSError) -> str:
    return error.strerror or "it cannot be used"


def is_at_hand(uri: str, *, folder: Path) -> bool:
    """Tell whether a key may be opened here: a token's, or a file's that lies here; "" is elsewhere."""
    scheme, _, rest = uri.partition(":")
    return scheme in IN_TOKENS or (scheme == "file" and (folder / path_of(rest)).exists())


def open_key(uri: str, *, folder: Path, secret: Secret) -> SigningKey:
    """Open the key that a URI names; a relative file lies in `folder`.

    Raises:
        UsageError: `key-uri`, `key-password`, `hsm-…`.
        Unreadable, DocumentRefused: what the file or the token says.
        ExtraMissing: `hsm`.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        return open_key_file(folder / path_of(rest), lambda: secret(uri))
    if scheme in IN_TOKENS:
        from pratique.store import pkcs11  # noqa: PLC0415 - needs an extra

        return pkcs11.open_key(pkcs11.place_of(uri), secret)
    raise _unknown()


def make_key(
    uri: str,
    *,
    folder: Path,
    secret: Secret,
    algorithm: Algorithm = Algorithm.ES256,
    note: str = "",
    existing: bool = False,
) -> SigningKey:
    """Make a new key where a URI says, durably, and open it.

    Args:
        uri: where; a relative file lies in `folder`.
        folder: see `uri`.
        secret: asked for a file's password or a token's PIN.
        algorithm: what it signs with.
        note: explanatory text that a key file opens with; a token keeps none.
        existing: adopt the key that is there, if there is one.

    Raises:
        UsageError: `key-exists` unless it may be adopted; `key-algorithm` if it signs with another.
    """
    scheme, _, rest = uri.partition(":")
    if not (existing and _is_there(uri, folder, secret)):
        if scheme == "file":
            return make_key_file(folder / path_of(rest), lambda: secret(uri), algorithm, note)
        from pratique.store import pkcs11  # noqa: PLC0415 - needs an extra

        return pkcs11.make_key(pkcs11.place_of(uri), secret, algorithm)
    key = adopt_key(uri, folder=folder, secret=secret)
    if key.algorithm is not algorithm:
        raise UsageError(
            "key-algorithm",
            f"the key that is there signs with {key.algorithm}, and {algorithm} is asked for",
            f"ask for --algorithm {key.algorithm}, or name another key",
        )
    return key


def adopt_key(uri: str, *, folder: Path, secret: Secret) -> SigningKey:
    """Open a key that was made elsewhere, and let it sign a trial message.

    Raises:
        Unreadable: `key-trial`: its signature is not good; and what `open_key` raises.
    """
    key = open_key(uri, folder=folder, secret=secret)
    if not algorithms.load(key.algorithm, key.public_key)(key.sign(TRIAL), TRIAL):
        raise Unreadable(
            "key-trial",
            f"{uri.partition('?')[0]}: what it signs does not fit its public key",
            "the two halves are not one key: make a new one",
        )
    return key


def check_places(uris: Iterable[str], *, folder: Path, secret: Secret, existing: bool) -> None:
    """See to it that keys can be made, before the first is: tokens are there, labels are free.

    Args:
        uris: of all keys that are to be made.
        folder: in which relative files lie.
        secret: asked for the PIN of each token.
        existing: whether a key that is there will be adopted.

    Raises:
        UsageError: `key-exists`, `key-uri`, `hsm-…`; Unreadable: what a token says.
    """
    for uri in uris:
        if _is_there(uri, folder, secret) and not existing:
            raise UsageError(
                "key-exists",
                f"{uri.partition('?')[0]}: there is a key already",
                "it is never overwritten; name another, or use it as it is: --existing",
            )


def _is_there(uri: str, folder: Path, secret: Secret) -> bool:
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        return (folder / path_of(rest)).exists()
    if scheme in IN_TOKENS:
        from pratique.store import pkcs11  # noqa: PLC0415 - needs an extra

        return pkcs11.is_there(pkcs11.place_of(uri), secret)
    raise _unknown()


def _unknown() -> UsageError:
    return UsageError(
        "key-uri",
        "a key's URI begins with file: or pkcs11:",
        "write file:keys/NAME.pem, or pkcs11:token=TOKEN;object=KEY?module-path=/path/to/library.so",
    )
