"""Private keys by URI: open one, make one. A file's key or a device's, the caller does not care.

    "file:keys/2026-11-a.pem"                         -> SoftwareKey   (`file`)
    "hsm:SLOT-LABEL/KEY-LABEL?module=/path/lib.so"    -> DeviceKey     (`hsm`)

1. A URI holds no secret and may be kept, shown and sent to another process; a key may not. A process
   that was forked or spawned opens its own.
2. A secret comes from `secret(uri)`, is asked for when it is needed, and is kept by nobody here.
3. A key that exists is never overwritten. One that is there already is adopted only if that is asked for.
4. A key that was not made here signs a trial message first: a card that cannot sign is found out now, and
   not at the ceremony.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pratique.crypto import primitives
from pratique.crypto.signing import SigningKey
from pratique.edges.keys import file
from pratique.errors import Unreadable, UsageError
from pratique.terms import Algorithm

__all__ = ["Secret", "adopt_key", "check_places", "is_at_hand", "make_key", "open_key"]

TRIAL = b"pratique: a trial signature of a key, which says nothing"
Secret = Callable[[str], str]
"""secret(uri) -> a file's password, or a device's PIN; of a device, `uri` names the slot alone."""


def is_at_hand(uri: str, *, folder: Path) -> bool:
    """Tell whether a key may be opened here: a device's, or a file's that lies here; "" is elsewhere."""
    scheme, _, rest = uri.partition(":")
    return scheme == "hsm" or (scheme == "file" and (folder / file.path_of(rest)).exists())


def open_key(uri: str, *, folder: Path, secret: Secret) -> SigningKey:
    """Open the key that a URI names; a relative file lies in `folder`.

    Raises:
        UsageError: `key-uri`, `key-password`, `hsm-…`.
        Unreadable, DocumentRefused: what the file or the device says.
        ExtraMissing: `hsm`.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        return file.open_key(folder / file.path_of(rest), lambda: secret(uri))
    if scheme == "hsm":
        from pratique.edges.keys import hsm, slots  # noqa: PLC0415 - needs an extra

        return hsm.open_key(slots.place_of(rest), secret)
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
        secret: asked for a file's password or a device's PIN.
        algorithm: what it signs with.
        note: explanatory text that a key file opens with; a device keeps none.
        existing: adopt the key that is there, if there is one.

    Raises:
        UsageError: `key-exists` unless it may be adopted; `key-algorithm` if it signs with another.
    """
    try:
        return _made(uri, folder, secret, algorithm, note)
    except UsageError as error:
        if error.code != "key-exists" or not existing:
            raise
    key = adopt_key(uri, folder=folder, secret=secret)
    if key.algorithm is not algorithm:
        raise UsageError(
            "key-algorithm",
            f"the key that is there signs with {key.algorithm}, and {algorithm} is asked for",
            f"ask for --algorithm {key.algorithm}, or name another key",
        )
    return key


def _made(uri: str, folder: Path, secret: Secret, algorithm: Algorithm, note: str) -> SigningKey:
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        path = folder / file.path_of(rest)
        return file.make_key(path, lambda: secret(uri), algorithm, note)
    if scheme == "hsm":
        from pratique.edges.keys import hsm, slots  # noqa: PLC0415 - needs an extra

        return hsm.make_key(slots.place_of(rest), secret, algorithm)
    raise _unknown()


def adopt_key(uri: str, *, folder: Path, secret: Secret) -> SigningKey:
    """Open a key that was made elsewhere, and let it sign a trial message.

    Raises:
        Unreadable: `key-trial`: its signature is not good; and what `open_key` raises.
    """
    key = open_key(uri, folder=folder, secret=secret)
    if not primitives.load(key.algorithm, key.public_key)(key.sign(TRIAL), TRIAL):
        raise Unreadable(
            "key-trial",
            f"{uri.partition('?')[0]}: what it signs does not fit its public key",
            "the two halves are not one key: make a new one",
        )
    return key


def check_places(uris: Iterable[str], *, folder: Path, secret: Secret, existing: bool) -> None:
    """See to it that keys can be made, before the first is: devices are there, labels are free.

    Args:
        uris: of all keys that are to be made.
        folder: in which relative files lie.
        secret: asked for the PIN of each device.
        existing: whether a key that is there will be adopted.

    Raises:
        UsageError: `key-exists`, `key-uri`, `hsm-…`; Unreadable: what a device says.
    """
    for uri in uris:
        scheme, _, rest = uri.partition(":")
        if scheme == "file":
            there = (folder / file.path_of(rest)).exists()
        elif scheme == "hsm":
            from pratique.edges.keys import hsm, slots  # noqa: PLC0415 - needs an extra

            there = hsm.is_there(slots.place_of(rest), secret)
        else:
            raise _unknown()
        if there and not existing:
            raise UsageError(
                "key-exists",
                f"{uri.partition('?')[0]}: there is a key already",
                "it is never overwritten; name another, or use it as it is: --existing",
            )


def _unknown() -> UsageError:
    return UsageError(
        "key-uri",
        "a key's URI begins with file: or hsm:",
        "write file:keys/NAME.pem, or hsm:SLOT-LABEL/KEY-LABEL?module=/path/to/library.so",
    )
