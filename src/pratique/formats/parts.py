"""Cards that are spread over several codes: put together, in whatever order and place the codes come.

    text, label -> Gathering.add -> whole card | None            at the end -> Gathering.missing -> why not

1. A chunk says which it is of how many, and not of which card. Cards of different counts are kept apart; of
   two cards of one count it is not guessed which chunk is whose: all of them are told as not read.
2. The same chunk scanned twice is one chunk.
3. What was put together and does not unpack may be of two cards: that proves nothing against either. Nor does a
   wrong signature (`Sealed.assembled`). All of them can be scanned again, in an order that keeps them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pratique.findings import Code, Finding

MOST_WAITING = 256
"""Chunks of cards of one count that are kept."""


class Gathered(NamedTuple):
    """A card of several codes.

    Attributes:
        text: the whole card's, or its first chunk's where there is a finding.
        labels: where its chunks came from, by their number.
        finding: why it is not whole.
    """

    text: str
    labels: tuple[str, ...]
    finding: Finding | None = None

    def __repr__(self) -> str:
        return "<Gathered: not shown>"


class Gathering:
    """The chunks that wait for the others of their card."""

    __slots__ = ("_cards", "_read", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[int, dict[tuple[int, str], str]] = {}
        self._read: set[tuple[int, int, str]] = set()
        self._cards: set[str] = set()

    def add(self, text: str, label: str) -> Gathered | None:
        """Take a chunk; return its card when it is whole, or the chunk itself if it can be none's."""
        from pratique.formats import shc  # noqa: PLC0415 - nearly no text is one

        chunk = shc.part(text)
        alone = None if chunk is None else shc.assemble((chunk,))
        if chunk is None or (isinstance(alone, Finding) and alone.code is Code.PARTS_CONFLICT):
            return Gathered(text, (label,))
        number, of, digits = chunk
        card = self._waiting.setdefault(of, {})
        if len(card) < MOST_WAITING:
            card.setdefault((number, digits), label)
        whole = self._assembled(of)
        if isinstance(whole, Finding):
            return None
        del self._waiting[of]
        if whole in self._cards:
            return None
        if of > 1 and isinstance(shc.unwrap(whole), Finding):
            return Gathered(text, _labels(card), Finding(Code.PARTS_CONFLICT))
        self._read |= {(of, *key) for key in card}
        self._cards.add(whole)
        return Gathered(whole, _labels(card))

    def missing(self) -> Iterator[Gathered]:
        """Yield the cards that are not whole, each with what of it was read."""
        for of, card in self._waiting.items():
            if self._is_read(of, card):
                continue
            whole = self._assembled(of)
            number, digits = min(card)
            finding = whole if isinstance(whole, Finding) else Finding(Code.PARTS_CONFLICT)
            yield Gathered(f"shc:/{number}/{of}/{digits}", _labels(card), finding)

    def _assembled(self, of: int) -> str | Finding:
        """Put together what waits: without what was read before, or with it.

        Two cards of one issuer may have a first chunk in common, and one that was read may be scanned again.
        """
        from pratique.formats import shc  # noqa: PLC0415 - as above

        card = self._waiting[of]
        fresh = [key for key in card if (of, *key) not in self._read]
        whole = shc.assemble(shc.CardPart(number, of, digits) for number, digits in fresh)
        if isinstance(whole, Finding) and len(fresh) < len(card):
            again = shc.assemble(shc.CardPart(number, of, digits) for number, digits in card)
            return again if isinstance(again, str) or again.code is Code.PARTS_MISSING else whole
        return whole

    def _is_read(self, of: int, card: dict[tuple[int, str], str]) -> bool:
        return all((of, *key) in self._read for key in card)


def _labels(card: dict[tuple[int, str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for _, label in sorted(card.items())))
