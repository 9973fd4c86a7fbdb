"""The state of a participant: computed from dates, with the reason, and never set by hand.

    Piece, ... of one need -> Strand(state, why, until) -> Row of a participant -> worst state

1. A piece serves until its own end or its issuer's, whichever comes first.
2. A strand lives as long as its last piece: the others may end without anybody being stopped.
3. A participant is as well as its worst strand; what cannot be read is told apart from what has ended.
4. All instants are seconds since the epoch; a piece serves up to and including its last second.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pratique.trust.roll import Suspension

DAY = 24 * 3600
WARNINGS = (90, 60, 30)
"""Days before the end at which a warning is due."""
SIGNER, EDITION, SUSPENSION = "signer", "edition", "suspension"
"""Needs of a participant of a list or a network; those of a folder are its roles (SCA, UP, TLS ...)."""
NETWORK = "network"
"""In place of a participant's code: the network itself, whose seats have to meet before its own ends."""
ROOT, TARGETS = "root", "targets"
"""Needs of the network itself. What a clock signs for it, `sync` tells of within hours."""
MEASURES = {EDITION: (3,), TARGETS: (30,)}
"""Warnings of what never lasts long. An edition lasts seven days and is made anew by a clock: at three days left
that clock stands still. The seats' list lasts ninety days."""


class Standing(StrEnum):
    """How it is with a participant, from best to worst."""

    LIVE = "live"
    EXPIRING = "expiring"
    """It serves, and ends within 90 days."""
    SUSPENDED = "suspended"
    """Seats have suspended it for some days: all that it has signed is in doubt (AMBER) until then."""
    LAPSED = "lapsed"
    """It served, and its time is over."""
    UNVERIFIABLE = "unverifiable"
    """There is nothing to verify it with, for another reason than time."""


_ORDER = {standing: place for place, standing in enumerate(Standing)}


class Why(StrEnum):
    """Why a strand is not simply live."""

    NONE = ""
    ENDS = "ends"
    ENDED = "ended"
    SCA_ENDED = "sca-ended"
    NOTHING = "nothing"
    UNREADABLE = "unreadable"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not-yet"
    SCA_UNKNOWN = "sca-unknown"
    SELF_SIGNED = "self-signed"
    SCA_WRONG = "sca-signature-wrong"
    SCA_UNREAD = "sca-unread"
    SCA_NOT_CERTIFYING = "sca-not-certifying"
    SCA_FOREIGN = "sca-foreign"
    SCA_PATH = "sca-path"
    OTHER_USE = "other-use"
    BROKEN = "broken"
    NO_EDITION = "no-edition"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class Piece(NamedTuple):
    """One key or document that ends.

    Attributes:
        need: what it serves: "signer", "edition", "TLS" ...
        name: of it: a kid in hex, or a file's name.
        start, end: its own dates, both inclusive.
        above: end of what issued it; None if that is not known.
        flaw: why it never serves: UNREADABLE, WITHDRAWN, BROKEN; empty if it may.
    """

    need: str
    name: str
    start: int
    end: int
    above: int | None = None
    flaw: Why = Why.NONE

    @property
    def until(self) -> int:
        """Return the last second at which it serves."""
        return self.end if self.above is None else min(self.end, self.above)

    def serves(self, at: int) -> bool:
        """Tell whether it serves at `at`."""
        return not self.flaw and self.start <= at <= self.until


class Strand(NamedTuple):
    """One need of a participant, and how it is met.

    Attributes:
        need: as of its pieces.
        pieces, live: how many there are, and how many of them serve now.
        state, why: as computed.
        until: end of the last piece that serves, or when the last one ended; None if there is none.
        above: end of what issued that piece.
        left: days up to `until`; negative since it ended; None without `until`.
        warned: which warning is due: 90, 60 or 30; None if none is.
        about: the published reason of a suspension; empty for every other need.
    """

    need: str
    pieces: int
    live: int
    state: Standing
    why: Why
    until: int | None = None
    above: int | None = None
    left: int | None = None
    warned: int | None = None
    about: str = ""


class Row(NamedTuple):
    """A participant in one domain, at one instant."""

    participant: str
    domain: str
    strands: tuple[Strand, ...]

    @property
    def worst(self) -> Strand:
        """Return the strand that decides: the worst, and of those the one that ends first."""
        return min(self.strands, key=_urgency)

    @property
    def state(self) -> Standing:
        """Return the participant's state."""
        return self.worst.state


def suspended(suspension: Suspension, *, at: int) -> Strand:
    """Return the strand of a participant that is suspended at `at`."""
    last = suspension.until - 1
    left = (last - at) // DAY
    return Strand(
        SUSPENSION, 1, 0, Standing.SUSPENDED, Why.SUSPENDED, last, None, left,
        about=suspension.reason,
    )  # fmt: skip


def strand(need: str, pieces: Iterable[Piece], *, at: int) -> Strand:
    """Compute how a need is met at `at`."""
    found = tuple(pieces)
    live = [piece for piece in found if piece.serves(at)]
    if live:
        return _living(need, found, live, at)
    over = [piece for piece in found if not piece.flaw and at > piece.until]
    if over:
        last = max(over, key=lambda piece: piece.until)
        cut = last.above is not None and last.above < last.end
        why = Why.SCA_ENDED if cut else Why.ENDED
        left = -((at - last.until) // DAY)
        return Strand(need, len(found), 0, Standing.LAPSED, why, last.until, last.above, left, None)
    coming = [piece.start for piece in found if not piece.flaw]
    flaws = {piece.flaw for piece in found if piece.flaw}
    why = Why.NOT_YET if coming else min(flaws, default=Why.NOTHING)
    return Strand(need, len(found), 0, Standing.UNVERIFIABLE, why)


def warning(left: int, days: Iterable[int] = WARNINGS) -> int | None:
    """Return which warning is due with so many days left; None if none is yet."""
    return min((day for day in days if left <= day), default=None)


def _living(need: str, found: tuple[Piece, ...], live: list[Piece], at: int) -> Strand:
    last = max(live, key=lambda piece: piece.until)
    left = (last.until - at) // DAY
    due = warning(left, MEASURES.get(need, WARNINGS))
    return Strand(
        need,
        len(found),
        len(live),
        Standing.LIVE if due is None else Standing.EXPIRING,
        Why.NONE if due is None else Why.ENDS,
        last.until,
        last.above,
        left,
        due,
    )


def _urgency(one: Strand) -> tuple[int, float]:
    # An edition that a clock keeps making anew would hide the end of what it makes known.
    calm = one.need in MEASURES and one.state is Standing.LIVE
    return -_ORDER[one.state], float("inf") if calm or one.until is None else one.until
