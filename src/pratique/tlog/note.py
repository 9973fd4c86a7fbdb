r"""Signed notes (C2SP signed-note): a text that a person can read, and signatures under it.

    "text\n" + "\n" + "— NAME BASE64(key id, signature)\n" ... <-> Note
    "NAME+KEYID+BASE64(type, public key)" <-> NoteKey

1. A signature is a known key's only if name and identifier both are; others are let stand, unread.
2. A known key's signature that is wrong is not passed over: the whole note is refused.
3. Two lines of one name and identifier are refused: one key must not be counted twice.
4. What a signature is over is told by the key's type; one that is not known here checks nothing.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import NamedTuple

from pratique.crypto import keys, spki
from pratique.tlog.merkle import HASH_SIZE, MAX_SIZE, refused

# ----------------------------------------------------------------------------------------------------
# The lines that a log's documents are made of: one spelling of each, and no other.
#
#     b"1234" <-> 1234          b"CsUYap...=" <-> 32 bytes
#
# 1. A number has no sign, no leading zero and no space; Base64 is padded, with no odd bits at its end.
# 2. Text is UTF-8 without control characters, but for the end of its lines.


_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def line_text(data: bytes, longest: int, what: str) -> str:
    """Return bytes as text; DocumentRefused `log-WHAT`."""
    if len(data) > longest:
        raise refused(what, f"it is longer than {longest} bytes")
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(what, "it is not UTF-8") from error
    if _CONTROL.search(found):
        raise refused(what, "there are control characters in it")
    return found


def number(line: str, what: str) -> int:
    """Read a number below 2^63."""
    if not _NUMBER.fullmatch(line) or int(line) > MAX_SIZE:
        raise refused(what, "a number in it is none")
    return int(line)


def octets(line: str, what: str) -> bytes:
    """Read Base64 (RFC 4648 §4), in the only spelling that its bytes have."""
    try:
        found = base64.b64decode(line.encode("ascii"), validate=True)
    except ValueError as error:  # of ASCII's or of Base64's
        raise refused(what, "something in it is no Base64") from error
    if base64.b64encode(found).decode() != line:
        raise refused(what, "its Base64 has a second spelling")
    return found


def digest(line: str, what: str) -> bytes:
    """Read a hash."""
    found = octets(line, what)
    if len(found) != HASH_SIZE:
        raise refused(what, "a hash in it has not 32 bytes")
    return found


def armoured(data: bytes) -> str:
    """Write Base64."""
    return base64.b64encode(data).decode()


NOTE, COSIGNATURE = 0x01, 0x04
"""Key types: an Ed25519 signature of the text; a cosignature with a time, by Ed25519."""
MAX_NOTE, MAX_SIGNATURES = 64 * 1024, 100
"""A new root's checkpoint is cosigned by its own witnesses and by those before them, 32 each."""
_DASH = "\N{EM DASH} "
_ID = re.compile(r"[0-9a-f]{8}")
_ID_SIZE = 4
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")


class NoteKey(NamedTuple):
    """A public key under which notes are signed.

    Attributes:
        name: of who signs; a log's is its origin.
        kind: its type, one byte; types that are not known here may be held, and check nothing.
        public: as the type writes it; of Ed25519, 32 bytes.
    """

    name: str
    kind: int
    public: bytes

    @staticmethod
    def is_name(name: str) -> bool:
        """Tell whether somebody may sign notes under a name."""
        return _NAME.fullmatch(name) is not None

    @property
    def id(self) -> bytes:
        """Return the identifier (C2SP signed-note, "Signatures"), 4 bytes."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.kind, self.public)).digest()[
            :_ID_SIZE
        ]

    def to_text(self) -> str:
        """Write it as one line."""
        return f"{self.name}+{self.id.hex()}+{armoured(bytes((self.kind,)) + self.public)}"

    @classmethod
    def from_text(cls, line: str) -> NoteKey:
        """Read it; DocumentRefused `log-key`."""
        parts = line.split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or not _ID.fullmatch(parts[1]):
            raise refused("key", "a key is written as NAME+KEYID+BASE64")
        held = octets(parts[2], "key")
        if len(held) < 2 or len(held) > MAX_NOTE:
            raise refused("key", "there is no key in it")
        found = cls(parts[0], held[0], held[1:])
        if found.kind in {NOTE, COSIGNATURE}:
            if len(found.public) != keys.KEY_SIZE:
                raise refused("key", "a public key of Ed25519 has 32 bytes")
            if spki.is_small_order(found.public):
                raise refused("key", "anybody can sign for that key")
        if found.id.hex() != parts[1]:
            raise refused("key", "the identifier is another key's")
        return found


class Signature(NamedTuple):
    """A line under a note: who signed, by which key, and what the key's type makes of the rest."""

    name: str
    id: bytes
    body: bytes

    def to_text(self) -> str:
        """Write it as one line."""
        return f"{_DASH}{self.name} {armoured(self.id + self.body)}\n"


class Note(NamedTuple):
    """A text and its signatures; nothing of it is believed before it is checked."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """Write it."""
        return (self.text + "\n" + "".join(map(Signature.to_text, self.signatures))).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Note:
        """Read it; DocumentRefused `log-note`."""
        whole = line_text(data, MAX_NOTE, "note")
        # The last empty line: a text may have some of its own.
        text, found, signed = whole.rpartition("\n\n")
        if not found or not text or not signed.endswith("\n"):
            raise refused("note", "it is no text with signatures under it")
        return cls(text + "\n", read_signatures(signed))

    def with_signatures(self, *more: Signature) -> Note:
        """Return it with more signatures; of a key that has signed it, the new one."""
        new = {(one.name, one.id) for one in more}
        kept = (one for one in self.signatures if (one.name, one.id) not in new)
        return self._replace(signatures=(*kept, *more))

    def body_of(self, key: NoteKey) -> bytes | None:
        """Return what a key has signed with, unchecked; None if it has not signed."""
        found = (key.name, key.id)
        return next((one.body for one in self.signatures if (one.name, one.id) == found), None)


def read_signatures(text: str) -> tuple[Signature, ...]:
    """Read lines of signatures; DocumentRefused `log-note`."""
    if not text.endswith("\n"):
        raise refused("note", "its last line has no end")
    rows = text[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise refused("note", f"there are more than {MAX_SIGNATURES} signatures")
    found = tuple(map(_signature, rows))
    if len({(one.name, one.id) for one in found}) != len(found):
        raise refused("note", "a key has signed it twice")
    return found


def _signature(line: str) -> Signature:
    name, found, held = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not found or not _NAME.fullmatch(name):
        raise refused("note", "a line under it is no signature")
    body = octets(held, "note")
    if len(body) <= _ID_SIZE:
        raise refused("note", "a signature is empty")
    return Signature(name, body[:_ID_SIZE], body[_ID_SIZE:])


def sign(text: str, name: str, key: keys.Ed25519Key) -> Signature:
    """Sign a text as NAME."""
    own = NoteKey(name, NOTE, key.public_key)
    return Signature(name, own.id, key.sign(text.encode()))


def check(note: Note, key: NoteKey) -> None:
    """See to it that a key has signed a note; DocumentRefused `log-unsigned`, `log-signature`."""
    body = note.body_of(key)
    if body is None or key.kind != NOTE:
        raise refused("unsigned", f"{key.name} has not signed it")
    if not keys.checker(key.public)(body, note.text.encode()):
        raise refused("signature", f"the signature of {key.name} is wrong")
