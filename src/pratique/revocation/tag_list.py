"""One key's revoked certificates, exactly: a head and sorted tags.

    tags -> TagList.build -> to_bytes -> file | wire -> from_bytes -> tag in list

1. A list does not change. A later one holds all that this one holds.
2. The same tags and head make the same bytes, so a list can be named by its digest.
3. To look one tag up, one block is read.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import accumulate, chain, islice, pairwise
from typing import NamedTuple

from pratique.errors import DocumentRefused, UsageError

# ----------------------------------------------------------------------------------------------------
# Sorted distinct numbers in few bits, with a directory: one block is read to find one number.
#
#     numbers -> blocks of 128 -> first number | lengths | quotients, remainders -> bytes
#
# 1. One set of numbers has exactly one byte string: no parameter is stored that follows from others,
#    and whatever is left over must not be there or be zero.
# 2. No bytes raise anything but `DocumentRefused`, and the work is bounded by their length.
# 3. A block is: per gap its quotient in unary (that many 0, then a 1), then per gap its remainder in
#    `k` bits (a gap is the difference to the number before, less one), then 0 up to a whole byte.


BLOCK = 128
"""Numbers in a block. Its first one stands in the directory."""
MAX_WIDTH = 64
_SWAPPED = array("Q", [1]).tobytes()[:1] == b"\1"
"""This machine writes a number's lowest octet first."""
MAX_COUNT = 1 << 24
"""Numbers in a list: the largest list of one country that was met has 193,786."""


def parameter(count: int, width: int) -> int:
    """Return k, how many bits of a gap are written as they are.

    The best k for gaps that fall as chance has it (Kiely, "Selecting the Golomb parameter in Rice
    coding", 2004) is the largest with 2**k <= 0.9624 times the mean gap; whole numbers only, so that
    every implementation finds the same.
    """
    return max(0, ((9_624 << width) // (10_000 * max(1, count))).bit_length() - 1)


def encode(numbers: Iterable[int], width: int) -> tuple[int, bytes]:
    """Return how many numbers there are, and their bytes; ValueError if one has more than `width` bits."""
    ordered = sorted(set(numbers))
    return len(ordered), encode_ordered(iter(ordered), len(ordered), width)


def encode_ordered(numbers: Iterator[int], count: int, width: int) -> bytes:
    """Return the bytes of so many numbers that come in their order; no more than a block is unpacked.

    ValueError if one has more than `width` bits, or they are others than was said.
    """
    k, octets = parameter(count, width), (width + 7) // 8
    firsts, blocks, last, seen = [], list[bytes](), -1, 0
    while block := list(islice(numbers, BLOCK)):
        if block[0] <= last or block[-1] >> width:
            raise ValueError("a number is wider than the list, or not in its order")
        firsts.append(block[0].to_bytes(octets, "big"))
        blocks.append(_pack(block, k))
        last, seen = block[-1], seen + len(block)
    if seen != count:
        raise ValueError("there are more numbers than was said, or fewer")
    if not blocks:
        return b""
    size = _size(max(map(len, blocks)))
    lengths = b"".join([len(block).to_bytes(size, "big") for block in blocks])
    return b"".join((bytes([size]), *firsts, lengths, *blocks))


def _pack(numbers: Sequence[int], k: int) -> bytes:
    gaps = [later - earlier - 1 for earlier, later in pairwise(numbers)]
    if not gaps:
        return b""
    if min(gaps) < 0:
        raise ValueError("a number is there twice, or not in its order")
    unary = "".join(["0" * (gap >> k) + "1" for gap in gaps])
    size = len(unary) + len(gaps) * k
    length = (size + 7) // 8
    bits = int(unary, 2) << len(gaps) * k | _low_bits(gaps, k)
    return (bits << (8 * length - size)).to_bytes(length, "big")


class _Halving(NamedTuple):
    """One step of moving fields of k bits to lanes of 64, or back: the upper half of each group is moved.

    Attributes:
        lower, upper: masks of the halves as they stand close together.
        by: bits that the upper one is moved by.
    """

    lower: int
    upper: int
    by: int


@cache
def _halvings(k: int) -> tuple[_Halving, ...]:
    # 128 numbers at once in seven steps of whole integers, where a loop would take each by itself.
    found, half = [], BLOCK // 2
    while half:
        own = (1 << half * k) - 1
        lower = sum(own << at for at in range(0, BLOCK * 64, 2 * half * 64))
        found.append(_Halving(lower, lower << half * k, half * (64 - k)))
        half //= 2
    return tuple(found)


def _fields_of(value: int, count: int, k: int) -> Sequence[int]:
    """Return so many numbers of k bits each, the first one uppermost."""
    for lower, upper, by in _halvings(k):
        value = value & lower | (value & upper) << by
    lanes = array("Q", value.to_bytes(BLOCK * 8, "big"))
    if _SWAPPED:
        lanes.byteswap()
    return lanes[BLOCK - count :]


def _low_bits(numbers: Sequence[int], k: int) -> int:
    """Return the k lowest bits of each number, the first one uppermost."""
    lanes = array("Q", numbers)
    if _SWAPPED:
        lanes.byteswap()
    # The same steps backwards: what lies above the k bits of a lane is masked away by the first.
    value = int.from_bytes(lanes.tobytes(), "big")
    for lower, upper, by in reversed(_halvings(k)):
        value = value & lower | value >> by & upper
    return value


class Coded:
    """Numbers as their bytes, with the directory unpacked. Immutable.

    Making one checks the directory; `check` reads all blocks.
    """

    __slots__ = ("_firsts", "_k", "_starts", "count", "data", "width")

    def __init__(self, data: bytes, count: int, width: int) -> None:
        if not (0 < width <= MAX_WIDTH and 0 <= count <= min(MAX_COUNT, 1 << width)):
            raise malformed("its width or count is out of bounds")
        self.data, self.count, self.width = data, count, width
        self._k = parameter(count, width)
        self._firsts, self._starts = self._directory()

    def __len__(self) -> int:
        return self.count

    def __contains__(self, number: object) -> bool:
        if type(number) is not int or not self.count:
            return False
        index = bisect_right(self._firsts, number) - 1 if number < 1 << self.width else -1
        return index >= 0 and self._reaches(index, number)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(map(self._block, range(len(self._firsts))))

    def with_added(self, numbers: Sequence[int]) -> Iterator[int]:
        """Yield what is held and, each in its place, numbers that come in their order."""
        return chain.from_iterable(self._with(numbers))

    def _with(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        firsts, at = self._firsts, 0
        for index in range(len(firsts)):
            last = index + 1 == len(firsts)
            end = len(numbers) if last else bisect_left(numbers, firsts[index + 1], at)
            block = self._block(index)
            yield sorted([*block, *numbers[at:end]]) if end > at else block
            at = end
        yield numbers[at:]

    def among(self, numbers: Iterable[int]) -> set[int]:
        """Return those of the numbers that are held; each block is read at most once."""
        wanted = sorted({number for number in numbers if number < 1 << self.width})
        firsts, found = self._firsts, set[int]()
        at = bisect_left(wanted, firsts[0]) if firsts else len(wanted)
        while at < len(wanted):
            index = bisect_right(firsts, wanted[at]) - 1
            last = index + 1 == len(firsts)
            end = len(wanted) if last else bisect_left(wanted, firsts[index + 1], at)
            found.update(set(wanted[at:end]).intersection(self._block(index)))
            at = end
        return found

    def holds(self, numbers: Iterator[int]) -> bool:
        """Tell whether all of the numbers are held, which come in their order; a block is read at once."""
        firsts, last, block = self._firsts, -1, frozenset[int]()
        while some := list(islice(numbers, BLOCK)):
            at = 0
            while at < len(some):
                index = bisect_right(firsts, some[at]) - 1
                if index < 0:
                    return False
                more = index + 1 < len(firsts)
                end = bisect_left(some, firsts[index + 1], at) if more else len(some)
                if index != last:
                    last, block = index, frozenset(self._block(index))
                if not block.issuperset(some[at:end]):
                    return False
                at = end
        return True

    def check(self) -> None:
        """Read every block; DocumentRefused `revocation-malformed` unless all is as it must be."""
        for index in range(len(self._firsts)):
            self._block(index)

    def _directory(self) -> tuple[Sequence[int], Sequence[int]]:
        data, blocks, octets = self.data, -(-self.count // BLOCK), (self.width + 7) // 8
        size = data[0] if data else 0
        head = 1 + blocks * (octets + size)
        if not blocks:
            if data:
                raise malformed("something follows an empty list")
            return array("Q"), array("Q")
        if not 0 < size <= 4 or len(data) < head:
            raise malformed("its directory is cut off")
        firsts, lengths = array("Q"), data[1 + blocks * octets : head]
        firsts.extend(_fields(data[1 : 1 + blocks * octets], octets))
        sizes = list(_fields(lengths, size))
        starts = array("Q", accumulate(sizes, initial=head))
        # No block is longer than one whose gaps fill the whole range: what is unpacked stays small.
        most = ((BLOCK - 1) * (self._k + 1) + (1 << self.width >> self._k)) // 8 + 1
        if starts[-1] != len(data) or max(sizes) > most or size != _size(max(sizes)):
            raise malformed("its blocks have other lengths than its directory says")
        if firsts[-1] >> self.width or any(map(int.__ge__, firsts, islice(firsts, 1, None))):
            raise malformed("its blocks are not in order")
        return firsts, starts

    def _gaps(self, index: int) -> tuple[list[str], Sequence[int]]:
        # The quotients' zeros and the remainders of a block's gaps.
        starts, k = self._starts, self._k
        count = min(BLOCK, self.count - index * BLOCK) - 1
        # A 1 is set before, so that leading zeros stay.
        bits = bin(int.from_bytes(b"\1" + self.data[starts[index] : starts[index + 1]], "big"))[3:]
        *unary, rest = bits.split("1", count)
        padding = len(rest) - count * k
        if len(unary) != count or not 0 <= padding < 8:
            raise malformed("a block has another number of entries than it must")
        value = int(rest, 2) if rest else 0
        if value & ((1 << padding) - 1):
            raise malformed("what is left of a block's last byte is not zero")
        return unary, _fields_of(value >> padding, count, k)

    def _block(self, index: int) -> list[int]:
        k = self._k
        gaps = zip(*self._gaps(index), strict=True)
        steps = [(len(zeros) << k) + low + 1 for zeros, low in gaps]
        found = list(accumulate(steps, initial=self._firsts[index]))
        end = self._firsts[index + 1] if index + 1 < len(self._firsts) else 1 << self.width
        if found[-1] >= end:
            raise malformed("a block reaches into the next one")
        return found

    def _reaches(self, index: int, number: int) -> bool:
        # As `number in self._block(index)`, without adding up what lies behind it.
        reached, k = self._firsts[index], self._k
        if reached == number:
            return True
        for zeros, low in zip(*self._gaps(index), strict=True):
            reached += (len(zeros) << k) + low + 1
            if reached >= number:
                return reached == number
        return False


def _size(length: int) -> int:
    return max(1, (length.bit_length() + 7) // 8)


def _fields(data: bytes, octets: int) -> Iterator[int]:
    return (int.from_bytes(data[at : at + octets], "big") for at in range(0, len(data), octets))


def malformed(what: str) -> DocumentRefused:
    """Say that a file is not what it must be."""
    return DocumentRefused(
        "revocation-malformed",
        f"the revocation list cannot be used: {what}",
        "fetch it again; the one in use was left as it was",
    )


# ----------------------------------------------------------------------------------------------------
# What a revocation list and a delta say about themselves, as bytes.
#
#     name | participant | kid | width, version, created, expires, count -> Head, rest
#
# 1. Every field has one spelling; whatever follows the head belongs to its reader.


_NUMBERS = struct.Struct(">BIQQI")
MAX_NAME = 64
"""Bytes of a participant's code or of a kid."""
_LAST = 253_402_300_799  # the last second of the year 9999


class Head(NamedTuple):
    """A list's head.

    Attributes:
        participant: whose key it is, as the trust list spells it.
        kid: of the key whose certificates the tags stand for.
        width: bits of a tag.
        version: 1 and upwards; a later list has a larger one.
        created: seconds since the epoch.
        expires: until when it is meant to be used; a later version is there before.
    """

    participant: str
    kid: bytes
    width: int
    version: int
    created: int
    expires: int

    def to_bytes(self, name: bytes, count: int) -> bytes:
        """Write the head of a file of this name with so many tags."""
        participant = self.participant.encode()
        return b"".join((
            name, bytes([len(participant)]), participant, bytes([len(self.kid)]), self.kid,
            _NUMBERS.pack(self.width, self.version, self.created, self.expires, count),
        ))  # fmt: skip

    def fits(self) -> bool:
        """Tell whether every field is within its bounds."""
        return (
            0 < len(self.participant) <= MAX_NAME
            and self.participant.isascii()
            and self.participant.isprintable()
            and 0 < len(self.kid) <= MAX_NAME
            and 0 < self.width <= MAX_WIDTH
            and 0 < self.version < 1 << 32
            and 0 <= self.created <= self.expires <= _LAST
        )


def read(data: bytes, name: bytes) -> tuple[Head, int, bytes]:
    """Return a file's head, its count, and the rest; DocumentRefused `revocation-malformed`."""
    if not data.startswith(name):
        raise malformed(f"it does not begin with {name.decode().strip()}")
    participant, at = _text(data, len(name))
    kid, at = _text(data, at)
    end = at + _NUMBERS.size
    if len(data) < end:
        raise malformed("it is cut off")
    width, version, created, expires, count = _NUMBERS.unpack(data[at:end])
    # What is not ASCII becomes �, which `fits` refuses.
    head = Head(participant.decode("ascii", "replace"), kid, width, version, created, expires)
    if not head.fits() or count > MAX_COUNT:
        raise malformed("a field of its head is out of bounds")
    return head, count, data[end:]


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + (data[at] if at < len(data) else 0)
    return data[at + 1 : end], end


FORMAT = b"pratique-revocation-1\n"
"""How a file of this format begins."""


class TagList:
    """The tags of all certificates that were revoked under one key. Immutable."""

    __slots__ = ("_coded", "head")

    head: Head
    _coded: Coded

    def __init__(self, head: Head, coded: Coded) -> None:
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "_coded", coded)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a revocation list does not change: {name}")

    @classmethod
    def build(
        cls,
        tags: Iterable[int],
        *,
        participant: str,
        kid: bytes,
        width: int,
        version: int,
        created: int,
        expires: int,
    ) -> TagList:
        """Make a list; UsageError `revocation-…` if it could not be written.

        Args:
            tags: in any order; one that is there twice counts once.
            participant: 1 to 64 ASCII characters, as the trust list spells it.
            kid: 1 to 64 bytes.
            width: bits of a tag, 1 to 64.
            version: from 1.
            created, expires: seconds since the epoch.
        """
        return of(Head(participant, kid, width, version, created, expires), tags)

    @classmethod
    def from_bytes(cls, data: bytes, *, whole: bool = True) -> TagList:
        """Read a list; DocumentRefused `revocation-malformed` if it is not exactly one.

        Args:
            data: the file.
            whole: read every block now. Otherwise only head and directory are; a wrong block is then
                refused when a tag is looked up in it.
        """
        head, count, rest = read(data, FORMAT)
        coded = Coded(rest, count, head.width)
        if whole:
            coded.check()
        return cls(head, coded)

    def to_bytes(self) -> bytes:
        """Write the list."""
        return self.head.to_bytes(FORMAT, len(self)) + self._coded.data

    @property
    def digest(self) -> bytes:
        """Return SHA-256 of the bytes: the list's name in a chain of deltas."""
        return sha256(self.to_bytes()).digest()

    def __len__(self) -> int:
        return self._coded.count

    def __contains__(self, tag: object) -> bool:
        return tag in self._coded

    def contains_many(self, tags: Iterable[int]) -> set[int]:
        """Return those of the tags that are in the list; each block is read at most once."""
        return self._coded.among(tags)

    def holds(self, other: TagList) -> bool:
        """Tell whether all tags of another list are in this one; of both, a block is read at a time."""
        one, two = self._coded, other._coded
        same = (one.width, one.count, one.data) == (two.width, two.count, two.data)
        return same or one.holds(iter(two))

    def with_added(self, tags: Sequence[int]) -> Iterator[int]:
        """Yield the tags and, each in its place, others that come in their order."""
        return self._coded.with_added(tags)

    def tags(self) -> Iterator[int]:
        """Yield the tags in order."""
        return iter(self._coded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TagList) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.head, self._coded.data))

    def __repr__(self) -> str:
        return (
            f"<TagList {self.head.participant} {self.head.kid.hex()}, version {self.head.version}>"
        )


def of(head: Head, tags: Iterable[int]) -> TagList:
    """Make a list with this head; UsageError `revocation-…` if it could not be written."""
    if not head.fits():
        raise UsageError(
            "revocation-head",
            "a revocation list cannot say this about itself",
            "participant and kid have 1 to 64 bytes, a tag 1 to 64 bits, a version is at least 1",
        )
    try:
        count, data = encode(tags, head.width)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "revocation-tag", "a tag is wider than the list's tags", "make it with the key's width"
        ) from error
    return TagList(head, Coded(data, count, head.width))


def of_ordered(head: Head, tags: Iterator[int], count: int) -> TagList:
    """Make a list of so many tags that come in their order; ValueError if they do not."""
    return TagList(head, Coded(encode_ordered(tags, count, head.width), count, head.width))


# ----------------------------------------------------------------------------------------------------
# What one revocation list adds to the one before, chained by digest.
#
#     older, newer -> make -> Delta -> to_bytes -> wire -> from_bytes -> apply(older) -> newer
#
# 1. A delta adds; there is no way to write one that takes something away.
# 2. It names its parent and its result by SHA-256. Of another parent, or with another result, it is
#    refused, and the list stays as it was.
# 3. Versions only grow, so no chain returns to where it was.
# 4. `follow` takes files in whatever order they come, and refuses gaps, forks and losses.


DELTA_FORMAT = b"pratique-revocation-delta-1\n"
"""How a file of this format begins."""
_CHAIN = struct.Struct(">I32s32s")


class Delta(NamedTuple):
    """The step from one list to a later one of the same key.

    Attributes:
        head: of the list that results.
        parent_version, parent, result: which list it is for; digests of both lists.
        added: the tags that are new, in order.
    """

    head: Head
    parent_version: int
    parent: bytes
    result: bytes
    added: tuple[int, ...]

    def to_bytes(self) -> bytes:
        """Write the delta."""
        count, data = encode(self.added, self.head.width)
        chain = _CHAIN.pack(self.parent_version, self.parent, self.result)
        return self.head.to_bytes(DELTA_FORMAT, count) + chain + data

    @classmethod
    def from_bytes(cls, data: bytes, *, most: int = MAX_COUNT) -> Delta:
        """Read a delta of at most so many tags; DocumentRefused `revocation-…` if it is not exactly one."""
        head, count, rest = read(data, DELTA_FORMAT)
        if count > most:
            raise _refused("large", "it adds more than can be compared")
        if len(rest) < _CHAIN.size:
            raise malformed("it is cut off")
        version, parent, result = _CHAIN.unpack(rest[: _CHAIN.size])
        if not 0 < version < head.version:
            raise _refused("order", "it does not lead from an earlier version to a later one")
        added = tuple(Coded(rest[_CHAIN.size :], count, head.width))
        return cls(head, version, parent, result, added)


def make(old: TagList, new: TagList) -> Delta:
    """Make the delta between two lists of one key; UsageError `revocation-…` if there is none."""
    code = _difference(old, new.head)
    if code is None and not new.holds(old):
        code = "removed"
    if code is not None:
        raise UsageError(
            f"revocation-{code}",
            "no delta leads from the one list to the other",
            "a later list is of the same key, and holds all that the earlier one holds",
        )
    added = sorted(set(new.tags()).difference(old.tags()))
    return Delta(new.head, old.head.version, old.digest, new.digest, tuple(added))


def apply(held: TagList, delta: Delta) -> TagList:
    """Return the list that a delta leads to; DocumentRefused `revocation-…` if it is for another."""
    code = _difference(held, delta.head)
    if code is not None:
        raise _refused(code, "it is for another key, or for a version that is behind")
    if delta.parent_version != held.head.version or delta.parent != held.digest:
        raise _refused("parent", "it follows another list than the one held here")
    if held.contains_many(delta.added):
        raise _refused("twice", "it adds what is in the list already")
    later = leap(held, [delta])
    if later.digest != delta.result:
        raise _refused("result", "it does not lead to the list that it says")
    return later


def leap(held: TagList, chain: Iterable[Delta]) -> TagList:
    """Return what a chain of deltas makes of a list, by its additions alone; ValueError if that is none.

    Whoever calls it knows the list that must result, to the byte: each step between is not looked at,
    and the list is written once, not once for each step.
    """
    steps = sorted(chain, key=lambda delta: delta.head.version)
    count = len(held) + sum(len(delta.added) for delta in steps)
    added = sorted(tag for delta in steps for tag in delta.added)
    return of_ordered(steps[-1].head, held.with_added(added), count)


def follow(held: TagList, deltas: Iterable[Delta]) -> TagList:
    """Apply a chain of deltas, in whatever order they come; all of it or, by DocumentRefused, none.

    Those up to the version held must add nothing that is not held: they were applied before.
    """
    ahead: dict[bytes, Delta] = {}
    for delta in set(deltas):
        if delta.head.version <= held.head.version:
            _behind(held, delta)
        elif delta.parent in ahead:
            raise _refused("fork", "two deltas follow the same list")
        else:
            ahead[delta.parent] = delta
    while ahead:
        step = ahead.pop(held.digest, None)
        if step is None:
            raise _refused("gap", "a delta between the list held here and this one is missing")
        held = apply(held, step)
    return held


def _behind(held: TagList, delta: Delta) -> None:
    if _same_key(held, delta.head) is not None:
        raise _refused("key", "it is for another key")
    if len(held.contains_many(delta.added)) != len(delta.added):
        raise _refused("lost", "the list held here lacks what an earlier delta has added")


def _difference(held: TagList, later: Head) -> str | None:
    if later.version <= held.head.version:
        return "order"
    if later.created < held.head.created:
        return "order"
    return _same_key(held, later)


def _same_key(held: TagList, later: Head) -> str | None:
    same = (later.participant, later.kid, later.width)
    return None if same == (held.head.participant, held.head.kid, held.head.width) else "key"


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"revocation-{code}",
        f"the delta of a revocation list was refused: {why}",
        "fetch the whole list; the one in use was left as it was",
    )


# ----------------------------------------------------------------------------------------------------
# The collision-free tag: what stands for one certificate in its key's revocation list.
#
#     kid, identifier -> first `width` bits of SHA-256("pratique-rev1" | kid | identifier)
#
# 1. The issuer draws the identifier anew until its tag is unused under that key. A sorted list of tags
#    is then exact for every certificate that the key ever signs, also for those issued later.
# 2. A tag is a truncated hash of an identifier with at least 80 random bits: nobody can be enumerated.
# 3. It is made from what was signed, never from the text: a malleated or re-encoded twin has the same.


LABEL = b"pratique-rev1"


def tag(kid: bytes, identifier: str, width: int) -> int:
    """Return the tag, a number of `width` bits (at most 64)."""
    digest = sha256(LABEL + kid + identifier.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - width)


def width_for(planned: int) -> int:
    """Return how many bits the tags of a key that signs `planned` certificates have.

    2**width is at least 2.5 times as many, so that at most 0.4 of all tags are ever in use and a
    draw succeeds in 1.3 tries on average.
    """
    return max(16, ((planned * 5 + 1) // 2 - 1).bit_length())
