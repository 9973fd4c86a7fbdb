"""Private keys by URI: open one, make one. A file's key or a device's, the caller does not care.

    "file:keys/2026-11-a.pem"                         -> SoftwareKey   (`file`)
    "hsm:SLOT-LABEL/KEY-LABEL?module=/path/lib.so"    -> DeviceKey     (`hsm`)

1. A URI holds no secret and may be kept, shown and sent to another process; a key may not. A process
   that was forked or spawned opens its own.
2. A secret comes from `secret(uri)`, is asked for when it is needed, and is kept by nobody here.
3. A key that exists is never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pratique.crypto.signing import SigningKey
from pratique.edges.keys import file
from pratique.errors import UsageError
from pratique.terms import Algorithm

__all__ = ["Secret", "is_at_hand", "make_key", "open_key"]

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
) -> SigningKey:
    """Make a new key where a URI says, durably, and open it. UsageError `key-exists`.

    Args:
        note: explanatory text that a key file opens with; a device keeps none.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        path = folder / file.path_of(rest)
        return file.make_key(path, lambda: secret(uri), algorithm, note)
    if scheme == "hsm":
        from pratique.edges.keys import hsm, slots  # noqa: PLC0415 - needs an extra

        return hsm.make_key(slots.place_of(rest), secret, algorithm)
    raise _unknown()


def _unknown() -> UsageError:
    return UsageError(
        "key-uri",
        "a key's URI begins with file: or hsm:",
        "write file:keys/NAME.pem, or hsm:SLOT-LABEL/KEY-LABEL?module=/path/to/library.so",
    )
