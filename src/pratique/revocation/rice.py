"""Sorted distinct numbers in few bits, with a directory: one block is read to find one number.

    numbers -> blocks of 128 -> first number | lengths | quotients, remainders -> bytes

1. One set of numbers has exactly one byte string: no parameter is stored that follows from others,
   and whatever is left over must not be there or be zero.
2. No bytes raise anything but `DocumentRefused`, and the work is bounded by their length.
3. A block is: per gap its quotient in unary (that many 0, then a 1), then per gap its remainder in
   `k` bits (a gap is the difference to the number before, less one), then 0 up to a whole byte.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, chain, islice, pairwise
from typing import NamedTuple

from pratique.errors import DocumentRefused

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
