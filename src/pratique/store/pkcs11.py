"""Keys in a device, by PKCS#11: the private key is made there, and never leaves it.

    hsm:SLOT-LABEL/KEY-LABEL?module=/usr/lib/softhsm/libsofthsm2.so

1. A key is made sensitive and not to be extracted: there is no copy of it but the device's own.
2. The message is hashed here, and the device signs the hash (CKM_ECDSA): not every device hashes.
   A device draws its own k: the same message gets another signature each time.
3. A key may want the PIN for each use (CKA_ALWAYS_AUTHENTICATE, PKCS#11 2.40 §4.9; PIV's slot 9c does):
   it is given again before each signature, and kept by whoever was asked for it, not here.

Apart because it is a protocol of its own, with a library that is loaded only where a device is used.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from pratique.crypto import algorithms
from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError
from pratique.terms import Algorithm

# ----------------------------------------------------------------------------------------------------
# Sessions with devices, by PKCS#11: which module, which slot, logged in once.
#
#     hsm:SLOT-LABEL/KEY-LABEL?module=/path -> Place -> session
#
# 1. The module is the URI's, or PKCS11_MODULE's. A PIN stands in no URI.
# 2. One login per process and slot: a device knows an application as logged in, or not. A forked process
#    must not use its parent's sessions (PKCS#11 2.40 §2.9): it loads the module anew.
# 3. A wrong PIN is tried once: a device locks itself after a few.
# 4. A session serves one thread at a time (PKCS#11 2.40 §2.6.7): whoever uses one holds LOCK.


try:
    import pkcs11
except ImportError as _missing:
    raise ExtraMissing("hsm", "a key in a device") from _missing

__all__ = ["LOCK", "Place", "failed", "pkcs11", "place_of", "session_of"]

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


def session_of(place: Place, secret: Callable[[str], str]) -> Any:
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


_CURVES = {
    Algorithm.ES256: bytes.fromhex("06082a8648ce3d030107"),
    Algorithm.ES384: bytes.fromhex("06052b81040022"),
}
"""OID of the curve, DER, as CKA_EC_PARAMS holds it."""
_HASHED = {Algorithm.ES256: hashlib.sha256, Algorithm.ES384: hashlib.sha384}
_SIGNS = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY


class DeviceKey:
    """A private key in a device."""

    __slots__ = ("_hashed", "_pin", "_private", "_process", "_public")

    def __init__(
        self, private: Any, public: algorithms.PublicKey, pin: Callable[[], str] | None = None
    ) -> None:
        self._private, self._public, self._pin = private, public, pin
        self._hashed, self._process = _HASHED[public.algorithm], os.getpid()

    def __repr__(self) -> str:
        return f"<a key in a device, {self.algorithm}>"

    @property
    def algorithm(self) -> Algorithm:
        """Return the only algorithm that it signs with."""
        return self._public.algorithm

    @property
    def public_key(self) -> bytes:
        """Return its SubjectPublicKeyInfo, DER."""
        return self._public.spki

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, in COSE's fixed-length form."""
        if self._process != os.getpid():
            raise UsageError(
                "hsm-forked", "a key in a device serves one process", "open it anew by its URI"
            )
        digest = self._hashed(message).digest()
        try:
            # A session serves one thread at a time (PKCS#11 2.40 §2.6.7).
            with LOCK:
                how = {} if self._pin is None else {"pin": self._pin()}
                return bytes(self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA, **how))
        except pkcs11.PKCS11Error as error:
            raise failed(error) from error


def open_key(place: Place, secret: Callable[[str], str]) -> DeviceKey:
    """Open a key, logging in if this process has not yet."""
    session = session_of(place, secret)
    with LOCK:
        try:
            return _found(session, place, secret)
        except pkcs11.PKCS11Error as error:
            raise failed(error) from error


def is_there(place: Place, secret: Callable[[str], str]) -> bool:
    """Log in to the device, and tell whether it has a private key of that label."""
    session = session_of(place, secret)
    with LOCK:
        try:
            return _has(session, place.key)
        except pkcs11.PKCS11Error as error:
            raise failed(error) from error


def make_key(place: Place, secret: Callable[[str], str], algorithm: Algorithm) -> DeviceKey:
    """Make a key pair in the device: sensitive, and not to be extracted."""
    if algorithm not in _CURVES:
        raise UsageError(
            "key-algorithm", f"a device makes no key for {algorithm} here", "use ES256 or ES384"
        )
    session = session_of(place, secret)
    with LOCK:
        try:
            if _has(session, place.key):
                raise UsageError(
                    "key-exists",
                    f"the device has a key '{place.key}' already",
                    "it is never overwritten; name another, or use it as it is: --existing",
                )
            # Logged in is the process, so that this session needs no PIN; but it may write.
            with session.token.open(rw=True) as writing:
                _generate(writing, place.key, algorithm)
            return _found(session, place, secret)
        except pkcs11.PKCS11Error as error:
            raise failed(error) from error


def _generate(session: Any, label: str, algorithm: Algorithm) -> None:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: _CURVES[algorithm]}, local=True
    )
    parameters.generate_keypair(
        id=hashlib.sha256(label.encode()).digest()[:8],
        label=label,
        store=True,
        capabilities=_SIGNS,
        private_template={
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.PRIVATE: True,
        },
    )


def _has(session: Any, label: str) -> bool:
    # To its end: a search that is left open blocks the session's next operation (OperationActive).
    return bool(list(_objects(session, pkcs11.ObjectClass.PRIVATE_KEY, label)))


def _objects(session: Any, kind: Any, label: str) -> Any:
    return session.get_objects({pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.LABEL: label})


def _found(session: Any, place: Place, secret: Callable[[str], str]) -> DeviceKey:
    private = _one(session, pkcs11.ObjectClass.PRIVATE_KEY, place, "private")
    if private.key_type != pkcs11.KeyType.EC:
        raise UsageError("key-algorithm", "the key in the device is none of an elliptic curve")
    public = _one(session, pkcs11.ObjectClass.PUBLIC_KEY, place, "public")
    read = algorithms.read_der(pkcs11.util.ec.encode_ec_public_key(public))
    if read.algorithm not in _HASHED:
        raise UsageError("key-algorithm", f"a device's key signs no {read.algorithm} here")
    each_time = _wants_pin(private)
    return DeviceKey(private, read, (lambda: secret(place.uri)) if each_time else None)


def _one(session: Any, kind: Any, place: Place, half: str) -> Any:
    found = list(_objects(session, kind, place.key))
    if len(found) == 1:
        return found[0]
    if found:
        raise Unreadable(
            "hsm-key-ambiguous",
            f"the device has {len(found)} {half} keys '{place.key}'",
            "give each a label of its own, with the device's own tool",
        )
    if half == "public":
        raise Unreadable(
            "hsm-public-missing",
            f"the device has the private key '{place.key}', and its public half is missing",
            "write the public half back into the device with its own tool "
            "(pkcs11-tool --write-object FILE --type pubkey --label LABEL), or make another key",
        )
    raise Unreadable(
        "hsm-key-missing",
        f"the device has no key '{place.key}'",
        "is it the right device and label? pkcs11-tool --list-objects shows what is there",
    )


def _wants_pin(private: Any) -> bool:
    try:
        return bool(private[pkcs11.Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error:
        # A device that does not know the attribute asks for no PIN by it.
        return False
