"""Keys in PKCS#11 tokens: the private key is made there, and never leaves it.

    pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so     (RFC 7512)
    hsm:TOKEN/KEY?module=/usr/lib/softhsm/libsofthsm2.so                          (the earlier form: read only)

1. The module is the URI's, or PKCS11_MODULE's. A PIN stands in no URI.
2. A key is made sensitive and not to be extracted: there is no copy of it but the token's own.
3. The message is hashed here, and the token signs the hash (CKM_ECDSA): not every one hashes.
   It draws its own k: the same message gets another signature each time.
4. One login per process and token: it knows an application as logged in, or not. A forked process
   must not use its parent's sessions (PKCS#11 2.40 §2.9): it loads the module anew.
5. A wrong PIN is tried once: a token locks itself after a few.
6. A session serves one thread at a time (PKCS#11 2.40 §2.6.7): whoever uses one holds LOCK.
7. A key may want the PIN for each use (CKA_ALWAYS_AUTHENTICATE, PKCS#11 2.40 §4.9; PIV's slot 9c does):
   it is given again before each signature, and kept by whoever was asked for it, not here.

Apart because it needs the extra `hsm`, and most keys lie in files.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

from pratique.crypto import algorithms, spki
from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError
from pratique.terms import Algorithm

try:
    import pkcs11
except ImportError as _missing:
    raise ExtraMissing("hsm", "a key in a PKCS#11 token") from _missing

LOCK = threading.RLock()
_sessions: dict[tuple[str, str], Any] = {}
_stale: set[str] = set()
"""Modules that were loaded before a fork: in the child they are loaded anew, if they are used."""
_inherited: list[Any] = []
"""A parent's sessions: kept, since closing them would log the new ones out."""

_TOKEN = ("token", "serial", "model", "manufacturer", "slot-id")
"""What tells a token from others (RFC 7512 §2.3), and is asked of each that is there."""
_KEY = ("object", "id", "type")
_PATH, _QUERY = (
    # RFC 7512 §2.3: pk11-res-avail and unreserved characters, or bytes written as %XX.
    re.compile(rf"([a-z-]+)=((?:[A-Za-z0-9._~:\[\]@!$'()*+,=\-{more}]|%[0-9A-Fa-f]{{2}})*)")
    for more in ("&", "/?|")
)
_WRITE = "write pkcs11:token=TOKEN;object=KEY?module-path=/path/to/library.so"


class Place(NamedTuple):
    """Where a key lies: in which token, by which module, under which name.

    Attributes:
        module: the path of the PKCS#11 library.
        token: what tells it, by the names of RFC 7512.
        label, id: the key's own; "" and empty where it is not told by it.
    """

    module: str
    token: tuple[tuple[str, str], ...]
    label: str
    id: bytes = b""

    @property
    def uri(self) -> str:
        """Name the token alone: what a PIN is asked for."""
        return "pkcs11:" + ";".join(f"{name}={quote(value, safe='')}" for name, value in self.token)

    @property
    def key(self) -> str:
        """Name the key, for a message."""
        return self.label or f"id {self.id.hex()}"


def place_of(uri: str) -> Place:
    """Read a key's URI, of RFC 7512 or of the earlier form; UsageError `key-uri`, `hsm-module-unnamed`."""
    scheme, _, rest = uri.partition(":")
    path, _, query = rest.partition("?")
    if scheme == "hsm":
        token, _, label = path.partition("/")
        name, _, module = query.partition("=")
        if not token or not label or "/" in label or (query and name != "module"):
            raise _unfit("an hsm: URI names a token, a key, and at most a module")
        return Place(_module(unquote(module)), (("token", unquote(token)),), unquote(label))
    where, asked = _attributes(path, ";", _PATH), _attributes(query, "&", _QUERY)
    if {"pin-value", "pin-source"} & {*where, *asked}:
        # Not read at all: what it says is shown by `ps`, kept in issuer.json and written to a shell's history.
        raise _unfit("a PIN stands in no key's URI", "leave it out: it is asked for, or --pin-file")
    if "module-name" in asked:
        raise _unfit("the module is named by its path", "write ?module-path=/path/to/library.so")
    if strange := [*(where.keys() - {*_TOKEN, *_KEY}), *(asked.keys() - {"module-path"})]:
        raise _unfit(f"a key is not told by {sorted(strange)[0]} here")
    if where.get("type", "private") != "private":
        raise _unfit("it names an object that is no private key", "write type=private, or nothing")
    place = tuple((name, where[name]) for name in _TOKEN if where.get(name))
    if not place or not (where.get("object") or where.get("id")):
        raise _unfit("a pkcs11: URI names a token and a key")
    if not where.get("slot-id", "0").isdecimal():
        raise _unfit("a slot-id is a number")
    try:
        told = tuple((name, unquote(value, errors="strict")) for name, value in place)
        label = unquote(where.get("object", ""), errors="strict")
    except UnicodeDecodeError:
        raise _unfit("a name in it is not UTF-8") from None
    module = _module(unquote(asked.get("module-path", "")))
    return Place(module, told, label, unquote_to_bytes(where.get("id", "")))


def _attributes(text: str, mark: str, form: re.Pattern[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in text.split(mark) if text else ():
        match = form.fullmatch(each)
        if match is None:
            raise _unfit(
                "it is not written as RFC 7512 has it", "a space in a name is %20, a semicolon %3B"
            )
        if match[1] in found:
            raise _unfit(f"{match[1]} stands in it twice")
        found[match[1]] = match[2]
    return found


def _module(named: str) -> str:
    module = named or os.environ.get("PKCS11_MODULE", "")
    if not module:
        raise UsageError(
            "hsm-module-unnamed",
            "no PKCS#11 module is named",
            "append ?module-path=/path/to/library.so to the key's URI, or set PKCS11_MODULE",
        )
    return module


def _unfit(why: str, hint: str = _WRITE) -> UsageError:
    return UsageError("key-uri", f"the key's URI cannot be used: {why}", hint)


def _session_of(place: Place, secret: Callable[[str], str]) -> Any:
    """Return this process's session with a token, logged in; `secret` is asked for the PIN."""
    with LOCK:
        name = place.module, place.uri
        if name not in _sessions:
            _sessions[name] = _login(_token(place), secret(place.uri))
        return _sessions[name]


def _failed(error: Exception) -> PratiqueError:
    """Return what to raise when a token says no, for a reason that only it knows."""
    return Unreadable(
        "hsm-failed",
        f"the PKCS#11 token failed: {type(error).__name__}",
        "see the device's own log",
    )


def _after_fork() -> None:
    global LOCK  # noqa: PLW0603 - another thread of the parent may have held it
    LOCK = threading.RLock()
    _stale.update(module for module, _ in _sessions)
    _inherited.extend(_sessions.values())
    _sessions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _token(place: Place) -> Any:
    if place.module in _stale:
        _stale.discard(place.module)
        # What the parent's library answers here is of no account.
        with suppress(pkcs11.PKCS11Error):
            pkcs11.unload(place.module)
    try:
        library = pkcs11.lib(place.module)
    except pkcs11.PKCS11Error as error:
        raise Unreadable(
            "hsm-module-missing",
            f"{place.module}: this PKCS#11 module cannot be loaded",
            "install the device's driver; SoftHSM's is the package softhsm2",
        ) from error
    try:
        named = [token for token in library.get_tokens() if _is_named(token, place)]
    except pkcs11.PKCS11Error as error:
        raise _failed(error) from error
    if not named:
        raise Unreadable(
            "hsm-slot-missing",
            f"there is no PKCS#11 token {place.uri}",
            "is it plugged in and initialised? SoftHSM: softhsm2-util --show-slots",
        )
    if len(named) > 1:
        raise UsageError(
            "hsm-slot-ambiguous",
            f"there are several PKCS#11 tokens {place.uri}",
            "add its serial=… to the URI",
        )
    return named[0]


def _is_named(token: Any, place: Place) -> bool:
    # Cryptoki pads its names with blanks (PKCS#11 2.40 §3.2).
    says = {
        "token": token.label,
        "serial": token.serial.decode(errors="replace"),
        "model": token.model,
        "manufacturer": token.manufacturer_id,
        "slot-id": str(token.slot.slot_id),
    }
    return all(says[name].rstrip() == value.rstrip() for name, value in place.token)


def _login(token: Any, pin: str) -> Any:
    try:
        return token.open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        # Somebody else in this process has logged in; the PIN is not asked for twice.
        return token.open()
    except pkcs11.PinLocked:
        problem = (
            "hsm-pin-locked",
            "the token has locked its PIN",
            "unlock it with the officer's PIN",
        )
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.ArgumentsBad):
        problem = "hsm-pin", "the PIN is wrong", "try again with care: a token locks after a few"
    except pkcs11.PKCS11Error as error:
        raise _failed(error) from None
    raise UsageError(*problem)


_CURVES = {
    Algorithm.ES256: bytes.fromhex("06082a8648ce3d030107"),
    Algorithm.ES384: bytes.fromhex("06052b81040022"),
}
"""OID of the curve, DER, as CKA_EC_PARAMS holds it."""
_SIGNS = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY


class DeviceKey:
    """A private key in a PKCS#11 token."""

    __slots__ = ("_hashed", "_pin", "_private", "_process", "_public")

    def __init__(
        self, private: Any, public: spki.PublicKey, pin: Callable[[], str] | None = None
    ) -> None:
        self._private, self._public, self._pin = private, public, pin
        self._hashed, self._process = algorithms.ECDSA[public.algorithm].hashed, os.getpid()

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
                "hsm-forked",
                "a key in a PKCS#11 token serves one process",
                "open it anew by its URI",
            )
        digest = self._hashed(message).digest()
        try:
            # A session serves one thread at a time (PKCS#11 2.40 §2.6.7).
            with LOCK:
                how = {} if self._pin is None else {"pin": self._pin()}
                return bytes(self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA, **how))
        except pkcs11.PKCS11Error as error:
            raise _failed(error) from error


def open_key(place: Place, secret: Callable[[str], str]) -> DeviceKey:
    """Open a key, logging in if this process has not yet."""
    session = _session_of(place, secret)
    with LOCK:
        try:
            return _found(session, place, secret)
        except pkcs11.PKCS11Error as error:
            raise _failed(error) from error


def is_there(place: Place, secret: Callable[[str], str]) -> bool:
    """Log in to the token, and tell whether it has that private key."""
    session = _session_of(place, secret)
    with LOCK:
        try:
            return _has(session, place)
        except pkcs11.PKCS11Error as error:
            raise _failed(error) from error


def make_key(place: Place, secret: Callable[[str], str], algorithm: Algorithm) -> DeviceKey:
    """Make a key pair in the token: sensitive, and not to be extracted."""
    if algorithm not in _CURVES:
        raise UsageError(
            "key-algorithm", f"a token makes no key for {algorithm} here", "use ES256 or ES384"
        )
    if not place.label:
        raise _unfit("a key that is to be made needs a name", "add object=KEY to it")
    session = _session_of(place, secret)
    with LOCK:
        try:
            if _has(session, place):
                raise UsageError(
                    "key-exists",
                    f"the token has a key '{place.key}' already",
                    "it is never overwritten; name another, or use it as it is: --existing",
                )
            # Logged in is the process, so that this session needs no PIN; but it may write.
            with session.token.open(rw=True) as writing:
                _generate(writing, place, algorithm)
            return _found(session, place, secret)
        except pkcs11.PKCS11Error as error:
            raise _failed(error) from error


def _generate(session: Any, place: Place, algorithm: Algorithm) -> None:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: _CURVES[algorithm]}, local=True
    )
    parameters.generate_keypair(
        id=place.id or hashlib.sha256(place.label.encode()).digest()[:8],
        label=place.label,
        store=True,
        capabilities=_SIGNS,
        private_template={
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.PRIVATE: True,
        },
    )


def _has(session: Any, place: Place) -> bool:
    return bool(_objects(session, pkcs11.ObjectClass.PRIVATE_KEY, place))


def _objects(session: Any, kind: Any, place: Place) -> list[Any]:
    wanted = {pkcs11.Attribute.CLASS: kind}
    if place.label:
        wanted[pkcs11.Attribute.LABEL] = place.label
    if place.id:
        wanted[pkcs11.Attribute.ID] = place.id
    # To its end: a search that is left open blocks the session's next operation (OperationActive).
    return list(session.get_objects(wanted))


def _found(session: Any, place: Place, secret: Callable[[str], str]) -> DeviceKey:
    private = _one(session, pkcs11.ObjectClass.PRIVATE_KEY, place, "private")
    if private.key_type != pkcs11.KeyType.EC:
        raise UsageError("key-algorithm", "the key in the token is none of an elliptic curve")
    public = _one(session, pkcs11.ObjectClass.PUBLIC_KEY, place, "public")
    read = algorithms.read_der(pkcs11.util.ec.encode_ec_public_key(public))
    if read.algorithm not in _CURVES:
        raise UsageError("key-algorithm", f"a token's key signs no {read.algorithm} here")
    each_time = _wants_pin(private)
    return DeviceKey(private, read, (lambda: secret(place.uri)) if each_time else None)


def _one(session: Any, kind: Any, place: Place, half: str) -> Any:
    found = _objects(session, kind, place)
    if len(found) == 1:
        return found[0]
    if found:
        raise Unreadable(
            "hsm-key-ambiguous",
            f"the token has {len(found)} {half} keys '{place.key}'",
            "add the key's id=%… to the URI, or give each a label of its own, with the device's own tool",
        )
    if half == "public":
        raise Unreadable(
            "hsm-public-missing",
            f"the token has the private key '{place.key}', and its public half is missing",
            "write the public half back into it with its own tool "
            "(pkcs11-tool --write-object FILE --type pubkey --label LABEL), or make another key",
        )
    raise Unreadable(
        "hsm-key-missing",
        f"the token has no key '{place.key}'",
        "is it the right token and label? pkcs11-tool --list-objects shows what is there",
    )


def _wants_pin(private: Any) -> bool:
    try:
        return bool(private[pkcs11.Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error:
        # A token that does not know the attribute asks for no PIN by it.
        return False
