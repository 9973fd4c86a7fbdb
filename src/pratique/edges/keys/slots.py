"""Sessions with devices, by PKCS#11: which module, which slot, logged in once.

    hsm:SLOT-LABEL/KEY-LABEL?module=/path -> Place -> session

1. The module is the URI's, or PKCS11_MODULE's. A PIN stands in no URI.
2. One login per process and slot: a device knows an application as logged in, or not. A forked process
   must not use its parent's sessions (PKCS#11 2.40 §2.9): it loads the module anew.
3. A wrong PIN is tried once: a device locks itself after a few.
4. A session serves one thread at a time (PKCS#11 2.40 §2.6.7): whoever uses one holds LOCK.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError

try:
    import pkcs11
except ImportError as _missing:
    raise ExtraMissing("hsm", "a key in a device") from _missing

__all__ = ["LOCK", "Place", "failed", "pkcs11", "place_of", "session"]

LOCK = threading.RLock()
_sessions: dict[tuple[str, str], Any] = {}
_stale: set[str] = set()
"""Modules that were loaded before a fork: in the child they are loaded anew, if they are used."""
_inherited: list[Any] = []
"""A parent's sessions: kept, since closing them would log the new ones out."""


class Place(NamedTuple):
    """Where a key lies: the module's path, the label of the slot, the key's own."""

    module: str
    slot: str
    key: str

    @property
    def uri(self) -> str:
        """Name the slot alone: what a PIN is asked for."""
        return f"hsm:{quote(self.slot)}"


def place_of(rest: str) -> Place:
    """Read what follows `hsm:` in a URI."""
    path, _, query = rest.partition("?")
    slot, _, key = path.partition("/")
    given = parse_qs(query)
    if not slot or not key or "/" in key or not given.keys() <= {"module"}:
        raise UsageError(
            "key-uri",
            "an hsm: URI names a slot, a key, and at most a module",
            "write hsm:SLOT-LABEL/KEY-LABEL?module=/path/to/library.so; a PIN stands in no URI",
        )
    module = given.get("module", [os.environ.get("PKCS11_MODULE", "")])[0]
    if not module:
        raise UsageError(
            "hsm-module-unnamed",
            "no PKCS#11 module is named",
            "append ?module=/path/to/library.so to the key's URI, or set PKCS11_MODULE",
        )
    return Place(module, unquote(slot), unquote(key))


def session(place: Place, secret: Callable[[str], str]) -> Any:
    """Return this process's session with a slot, logged in; `secret` is asked for the PIN."""
    with LOCK:
        name = place.module, place.slot
        if name not in _sessions:
            _sessions[name] = _login(_slot(place), secret(place.uri))
        return _sessions[name]


def failed(error: Exception) -> PratiqueError:
    """Return what to raise when a device says no, for a reason that only it knows."""
    return Unreadable(
        "hsm-failed", f"the device failed: {type(error).__name__}", "see the device's own log"
    )


def _after_fork() -> None:
    global LOCK  # noqa: PLW0603 - another thread of the parent may have held it
    LOCK = threading.RLock()
    _stale.update(module for module, _ in _sessions)
    _inherited.extend(_sessions.values())
    _sessions.clear()


def _load(module: str) -> Any:
    if module in _stale:
        _stale.discard(module)
        # What the parent's library answers here is of no account.
        with suppress(pkcs11.PKCS11Error):
            pkcs11.unload(module)
    return pkcs11.lib(module)


os.register_at_fork(after_in_child=_after_fork)


def _slot(place: Place) -> Any:
    try:
        library = _load(place.module)
    except pkcs11.PKCS11Error as error:
        raise Unreadable(
            "hsm-module-missing",
            f"{place.module}: this PKCS#11 module cannot be loaded",
            "install the device's driver; SoftHSM's is the package softhsm2",
        ) from error
    try:
        return library.get_token(token_label=place.slot)
    except pkcs11.NoSuchToken as error:
        raise Unreadable(
            "hsm-slot-missing",
            f"there is no device with the label '{place.slot}'",
            "is it plugged in and initialised? SoftHSM: softhsm2-util --show-slots",
        ) from error
    except pkcs11.MultipleTokensReturned as error:
        raise UsageError(
            "hsm-slot-ambiguous",
            f"several devices have the label '{place.slot}'",
            "give each a label of its own",
        ) from error
    except pkcs11.PKCS11Error as error:
        raise failed(error) from error


def _login(slot: Any, pin: str) -> Any:
    try:
        return slot.open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        # Somebody else in this process has logged in; the PIN is not asked for twice.
        return slot.open()
    except pkcs11.PinLocked:
        problem = (
            "hsm-pin-locked",
            "the device has locked its PIN",
            "unlock it with the officer's PIN",
        )
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.ArgumentsBad):
        problem = "hsm-pin", "the PIN is wrong", "try again with care: a device locks after a few"
    except pkcs11.PKCS11Error as error:
        raise failed(error) from None
    raise UsageError(*problem)
