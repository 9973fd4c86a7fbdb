"""Read untrusted CBOR (RFC 8949) under a strict structural gate.

    bytes -> size -> nodes, depth, tags, keys, end of input -> value | Code

1. Nothing leaves here but plain values: no tag object, no date, no big number, no cycle. No key is one that
   is the key 1 to one reader and none to another (`true`, 1.0), or that is never itself again (NaN).
2. Up to `NODES` bytes the number of nodes is bounded by the size, and cbor2's own strict options
   (native code) are the gate; above, `scan` walks the structure before cbor2 sees it.
3. Whatever is refused is explained by `scan`, which shares no code with cbor2; tests hold that it
   accepts all that `loads` accepts.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import cbor2

from pratique.findings import Code

SIZE = 16384
DEPTH = 16
NODES = 1000
"""Limits. Real certificates: at most 870 bytes, depth 5, 86 nodes."""

TAGS = frozenset({0, 1})
"""Tags that may occur, each before what RFC 8949 §3.4 says: a date-time (two tests in 253 real certificates
have it), seconds since the epoch. They are looked through. Those of COSE and CWT stand before a message."""


class Limits(NamedTuple):
    """What `scan` lets pass."""

    size: int = SIZE
    depth: int = DEPTH
    nodes: int = NODES
    tags: frozenset[int] | None = TAGS
    unique_keys: bool = True


STRICT = Limits()
WELL_FORMED = Limits(nodes=SIZE, tags=None, unique_keys=False)
"""RFC 8949 Appendix C alone: is it CBOR at all?"""


# cbor2 stops after the first item and does not say where. So the item is read as the first of two,
# the second being a number that occurs nowhere in the input: it comes out whole only if the item
# ends exactly where the input does, and no tag was left open before it. Its first byte occurs once,
# so that it cannot overlap itself.
_END = bytes.fromhex("1bf09f9492e280a6ff")
_PAIR = b"\x82"
_END_VALUE = int.from_bytes(_END[1:], "big")


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _date_time(value: object, immutable: bool = False) -> object:
    if immutable or type(value) is not str or _DATE.match(value) is None:
        raise ValueError("tag")
    return value


def _epoch(value: object, immutable: bool = False) -> object:
    if immutable or type(value) not in {int, float} or value == _END_VALUE:
        raise ValueError("tag")
    return value


def _refuse(_value: object, _immutable: bool = False) -> object:
    raise ValueError("tag")


_Decoder = Callable[[object, bool], object]


class _Tags(Mapping[int, _Decoder]):
    # cbor2 builds cyclic lists (28/29), regular expressions (35), e-mails (36) and Decimals that run
    # for minutes (4) out of tags; every tag that is not listed is refused before it is interpreted.
    def __getitem__(self, tag: int) -> _Decoder:
        return _DECODERS.get(tag, _refuse)

    def __iter__(self) -> Iterator[int]:
        return iter(TAGS)

    def __len__(self) -> int:
        return len(TAGS)


_ODD = frozenset({bool, float})
_NESTED = frozenset({dict, list})


def _has_odd_keys(value: object) -> bool:
    """Tell whether a map in a value has a key that some readers take for another one, or for none."""
    waiting = [value]
    for one in waiting:
        if type(one) is dict:
            if not _ODD.isdisjoint(map(type, one)) and any(
                type(key) in _ODD and _is_odd(key) for key in one
            ):
                return True
            within: Iterable[object] = one.values()
        elif type(one) is list:
            within = one
        else:
            continue
        if not _NESTED.isdisjoint(map(type, within)):
            waiting += [inner for inner in within if type(inner) in _NESTED]
    return False


def _is_odd(key: float) -> bool:
    return isinstance(key, bool) or math.isnan(key) or key.is_integer()


_DECODERS: Mapping[int, _Decoder] = {0: _date_time, 1: _epoch}
_TAGS = _Tags()


def loads(data: bytes) -> object:
    """Decode one data item, or return the `Code` that refuses it."""
    # The end's last octet is in no text: most input is known not to hold the end by that alone.
    if (len(data) > NODES or (0xFF in data and _END in data)) and (code := scan(data)) is not None:
        return code
    try:
        value, end = cbor2.loads(
            _PAIR + data + _END,
            semantic_decoders=_TAGS,
            max_depth=DEPTH + 1,
            allow_duplicate_keys=False,
        )
    except Exception as error:  # noqa: BLE001 - cbor2 wraps most, not all, of what an item raises
        # Keys that differ as bytes may be equal as values (1 and 1.0): only cbor2 sees that.
        equal = "Duplicate map key" in str(error)
        return scan(data) or (Code.CBOR_DUPLICATE_KEY if equal else Code.CBOR_MALFORMED)
    if end != _END_VALUE:
        return scan(data) or Code.CBOR_TRAILING
    # Such a key begins with one of five octets, and no text holds the last four: most input has none.
    if (
        0xF4 in data or 0xF5 in data or 0xF9 in data or 0xFA in data or 0xFB in data
    ) and _has_odd_keys(value):
        return Code.CBOR_DUPLICATE_KEY
    return value


dumps: Callable[[object], bytes] = cbor2.dumps
"""Encode what an issuer signs: maps in the order in which they were filled, so that the same content
makes the same bytes."""


def scan(data: bytes, limits: Limits = STRICT) -> Code | None:
    """Walk the structure without building anything; return what is wrong with it, or None."""
    if len(data) > limits.size:
        return Code.CBOR_SIZE
    walk = _Walk(data, limits)
    try:
        end = walk.item(0, 0)
    except _Stop as stop:
        return stop.code
    except (IndexError, UnicodeDecodeError):
        return Code.CBOR_MALFORMED
    return None if end == len(data) else Code.CBOR_TRAILING


_FLOATS = {0xF9: ">e", 0xFA: ">f", 0xFB: ">d"}


def _is_odd_on_the_wire(key: bytes) -> bool:
    form = _FLOATS.get(key[0])
    if form is None:
        return key in (b"\xf4", b"\xf5")
    return _is_odd(struct.unpack(form, key[1:])[0])


class _Stop(Exception):
    def __init__(self, code: Code) -> None:
        self.code = code


class _Walk:
    """One pass over `data`. Positions are byte offsets; each method returns the next one."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data, self.limits, self.nodes = data, limits, 0

    def item(self, at: int, depth: int) -> int:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise _Stop(Code.CBOR_SIZE)
        if depth > self.limits.depth:
            raise _Stop(Code.CBOR_DEPTH)
        major, info = self.data[at] >> 5, self.data[at] & 31
        if info == 31:
            return self._indefinite(major, at + 1, depth)
        argument, at_next = self._argument(info, at + 1)
        if major in (2, 3):
            return self._string(major, at_next, argument)
        if major in (4, 5):
            return self._container(major, at_next, argument, depth)
        if major == 6:
            return self._tag(argument, at_next, depth)
        # RFC 8949 §3.3: a simple value below 32 may not take two bytes.
        if major == 7 and info == 24 and argument < 32:
            raise _Stop(Code.CBOR_MALFORMED)
        return at_next

    def _argument(self, info: int, at: int) -> tuple[int, int]:
        if info < 24:
            return info, at
        if info > 27:
            raise _Stop(Code.CBOR_MALFORMED)
        end = at + (1 << (info - 24))
        if end > len(self.data):
            raise _Stop(Code.CBOR_MALFORMED)
        return int.from_bytes(self.data[at:end], "big"), end

    def _string(self, major: int, at: int, size: int) -> int:
        end = at + size
        if end > len(self.data):
            raise _Stop(Code.CBOR_MALFORMED)
        if major == 3:
            self.data[at:end].decode("utf-8")
        return end

    def _container(self, major: int, at: int, count: int, depth: int) -> int:
        # An item takes at least one byte, so a count beyond the input's end is a lie.
        if count > len(self.data) - at:
            raise _Stop(Code.CBOR_MALFORMED)
        if major == 4:
            for _ in range(count):
                at = self.item(at, depth + 1)
            return at
        keys: set[bytes] = set()
        for _ in range(count):
            at = self._pair(at, depth, keys)
        return at

    def _pair(self, at: int, depth: int, keys: set[bytes]) -> int:
        after = self.item(at, depth + 1)
        key = self.data[at:after]
        if self.limits.unique_keys and _is_odd_on_the_wire(key):
            raise _Stop(Code.CBOR_DUPLICATE_KEY)
        if self.limits.unique_keys and key in keys:
            raise _Stop(Code.CBOR_DUPLICATE_KEY)
        keys.add(key)
        return self.item(after, depth + 1)

    def _tag(self, tag: int, at: int, depth: int) -> int:
        if self.limits.tags is not None and tag not in self.limits.tags:
            raise _Stop(Code.CBOR_INTEGER if tag in (2, 3) else Code.CBOR_TAG)
        end = self.item(at, depth + 1)
        if self.limits.tags is not None and not self._fits(tag, at):
            raise _Stop(Code.CBOR_TAG)
        return end

    def _fits(self, tag: int, at: int) -> bool:
        major, info = self.data[at] >> 5, self.data[at] & 31
        if major == 6:
            return True
        if tag == 1:
            return major in (0, 1) or (major == 7 and info in (25, 26, 27))
        # One in chunks is a date as well: cbor2 joins them, and looks at what it says.
        at = at + 1 + (1 << (info - 24) if 24 <= info < 28 else 0)
        return major == 3 and (
            info == 31
            or _DATE.match(self.data[at : at + 10].decode("utf-8", "replace")) is not None
        )

    def _indefinite(self, major: int, at: int, depth: int) -> int:
        keys: set[bytes] = set()
        if major not in (2, 3, 4, 5):
            raise _Stop(Code.CBOR_MALFORMED)
        while self.data[at] != 0xFF:
            if major == 4:
                at = self.item(at, depth + 1)
            elif major == 5:
                at = self._pair(at, depth, keys)
            elif self.data[at] >> 5 == major and self.data[at] & 31 != 31:
                at = self.item(at, depth + 1)  # RFC 8949 §3.2.3: definite chunks of the same kind
            else:
                raise _Stop(Code.CBOR_MALFORMED)
        return at + 1
