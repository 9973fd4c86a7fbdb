"""Rows told: to a person as a table that can be checked by hand, to a machine as JSON.

    Row, ... -> table -> lines          Row, ... -> as_json

1. Days are whole days; a date is a day in UTC, in JSON an instant.
2. Words are here alone; a reason in JSON is its code.
3. What others have named is shown through what the caller gives: a name as long as a page must not push
   everybody's state off the screen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.errors import Issue
from pratique.terms import SignerState
from pratique.trust.registry import ParticipantState, Registry, Suspension
from pratique.trust.signer import Signer

# ----------------------------------------------------------------------------------------------------
# The state of a participant: computed from dates, with the reason, and never set by hand.
#
#     Piece, ... of one need -> Strand(state, why, until) -> Row of a participant -> worst state
#
# 1. A piece serves until its own end or its issuer's, whichever comes first.
# 2. A strand lives as long as its last piece: the others may end without anybody being stopped.
# 3. A participant is as well as its worst strand; what cannot be read is told apart from what has ended.
# 4. All instants are seconds since the epoch; a piece serves up to and including its last second.


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


class ExpiryState(StrEnum):
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


_ORDER = {standing: place for place, standing in enumerate(ExpiryState)}


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


class ExpiryItem(NamedTuple):
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


class ExpiryChain(NamedTuple):
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
    state: ExpiryState
    why: Why
    until: int | None = None
    above: int | None = None
    left: int | None = None
    warned: int | None = None
    about: str = ""


class ParticipantExpiry(NamedTuple):
    """A participant in one domain, at one instant.

    Attributes:
        participant, domain: whose it is, and for what.
        strands: how each of its needs is met.
        remarks: what else is to be noted of it (AMBER): of its rules, which end nothing.
        sentence: its own words on that, which it has signed; empty where there are none.
    """

    participant: str
    domain: str
    strands: tuple[ExpiryChain, ...]
    remarks: tuple[Issue, ...] = ()
    sentence: str = ""

    @property
    def worst(self) -> ExpiryChain:
        """Return the strand that decides: the worst, and of those the one that ends first."""
        return min(self.strands, key=_urgency)

    @property
    def state(self) -> ExpiryState:
        """Return the participant's state."""
        return self.worst.state


def suspended(suspension: Suspension, *, at: int) -> ExpiryChain:
    """Return the strand of a participant that is suspended at `at`."""
    last = suspension.until - 1
    left = (last - at) // DAY
    return ExpiryChain(
        SUSPENSION, 1, 0, ExpiryState.SUSPENDED, Why.SUSPENDED, last, None, left,
        about=suspension.reason,
    )  # fmt: skip


def strand(need: str, pieces: Iterable[ExpiryItem], *, at: int) -> ExpiryChain:
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
        return ExpiryChain(
            need, len(found), 0, ExpiryState.LAPSED, why, last.until, last.above, left, None
        )
    coming = [piece.start for piece in found if not piece.flaw]
    flaws = {piece.flaw for piece in found if piece.flaw}
    why = Why.NOT_YET if coming else min(flaws, default=Why.NOTHING)
    return ExpiryChain(need, len(found), 0, ExpiryState.UNVERIFIABLE, why)


def warning(left: int, days: Iterable[int] = WARNINGS) -> int | None:
    """Return which warning is due with so many days left; None if none is yet."""
    return min((day for day in days if left <= day), default=None)


def _living(
    need: str, found: tuple[ExpiryItem, ...], live: list[ExpiryItem], at: int
) -> ExpiryChain:
    last = max(live, key=lambda piece: piece.until)
    left = (last.until - at) // DAY
    due = warning(left, MEASURES.get(need, WARNINGS))
    return ExpiryChain(
        need,
        len(found),
        len(live),
        ExpiryState.LIVE if due is None else ExpiryState.EXPIRING,
        Why.NONE if due is None else Why.ENDS,
        last.until,
        last.above,
        left,
        due,
    )


def _urgency(one: ExpiryChain) -> tuple[int, float]:
    # An edition that a clock keeps making anew would hide the end of what it makes known.
    calm = one.need in MEASURES and one.state is ExpiryState.LIVE
    return -_ORDER[one.state], float("inf") if calm or one.until is None else one.until


# ----------------------------------------------------------------------------------------------------
# Pieces of participants: from signers, from a network's roll, from participants' folders.
#
#     Signer, ... + Registry + codes named -> of_signers -> Row, ...
#     dossier of a folder -> of_dossier -> Row, ...
#
# 1. A participant that is named and has nothing is a row too: it is the one that nobody else sees.
# 2. Of a folder the certificates of each role are looked at; UP and TLS must be there, and SCA.


Place = tuple[str, str]
"""Participant and domain."""


def of_signers(
    signers: Iterable[Signer],
    *,
    at: int,
    roll: Registry | None = None,
    named: Iterable[Place] = (),
) -> tuple[ParticipantExpiry, ...]:
    """Compute the rows of a trust list, or of a network.

    Args:
        signers: of all participants.
        at: when; seconds since the epoch.
        roll: what the network says of its participants; None if it is of no network.
        named: participants that the source names, with or without signers.
    """
    members = {} if roll is None else roll.members
    pieces: dict[Place, dict[tuple[str, str], ExpiryItem]] = defaultdict(dict)
    for signer in signers:
        place, member = (signer.participant, signer.domain), members.get(signer.participant)
        pieces[place][signer.issuer, signer.thumbprint] = _piece(signer, member, at)
    there = {participant for participant, _ in pieces}
    for place in (*named, *((code, "") for code in members)):
        # A member without signers has no domain to be told under; one with some is there already.
        if place[1] or place[0] not in there:
            pieces.setdefault(place, {})
    rows = []
    for (participant, domain), own in sorted(pieces.items()):
        strands = [strand(SIGNER, own.values(), at=at)]
        member = members.get(participant)
        if member is not None and not own and not domain:
            # Whatever it has published, the seats have not let it in for a domain of it yet.
            strands[0] = strands[0]._replace(why=Why.INACTIVE)
        if member is not None:
            strands.append(_edition(member, at))
            suspension = member.suspended(at)
            if suspension is not None:
                strands.append(suspended(suspension, at=at))
        rows.append(ParticipantExpiry(participant, domain, tuple(strands)))
    return tuple(rows)


def of_board(root: int, targets: int, *, at: int) -> ParticipantExpiry:
    """Compute the row of the network itself, from the ends of what its seats have signed (exclusive)."""
    ends = ((ROOT, root), (TARGETS, targets))
    found = (strand(need, (ExpiryItem(need, "", 0, end - 1),), at=at) for need, end in ends)
    return ParticipantExpiry(NETWORK, "", tuple(found))


MUST = ("SCA", "UP", "TLS")
MAY = ("DSC", "DECA", "DESC")
"""Roles of a dossier's certificates: those that must be there, and those that may."""


def of_unreadable(participant: str, *, at: int) -> ParticipantExpiry:
    """Return the row of a participant whose folder cannot be read."""
    flawed = [ExpiryItem(role, "", 0, 0, None, Why.UNREADABLE) for role in MUST]
    return ParticipantExpiry(participant, "", role_chains(flawed, at))


def _piece(signer: Signer, member: ParticipantState | None, at: int) -> ExpiryItem:
    flaw = _FLAWS.get(signer.state(at), Why.NONE)
    if member is not None and signer.thumbprint in member.withdrawn:
        flaw = Why.WITHDRAWN
    start = max(signer.not_before, signer.sca_not_before or 0)
    return ExpiryItem(SIGNER, signer.kid.hex(), start, signer.not_after, signer.sca_not_after, flaw)


_FLAWS = {
    SignerState.UNREADABLE: Why.UNREADABLE,
    SignerState.WEAK: Why.UNREADABLE,
    SignerState.OTHER_USE: Why.OTHER_USE,
    SignerState.SCA_UNKNOWN: Why.SCA_UNKNOWN,
    SignerState.SELF_SIGNED: Why.SELF_SIGNED,
    SignerState.SCA_WRONG: Why.SCA_WRONG,
    SignerState.SCA_UNREAD: Why.SCA_UNREAD,
    SignerState.SCA_NOT_CERTIFYING: Why.SCA_NOT_CERTIFYING,
    SignerState.SCA_FOREIGN: Why.SCA_FOREIGN,
    SignerState.SCA_PATH: Why.SCA_PATH,
}
"""Why a signer does not serve, by its state; what a clock changes is told by its dates."""


def _edition(member: ParticipantState, at: int) -> ExpiryChain:
    if member.expires is None:
        return strand(EDITION, (), at=at)._replace(why=Why.NO_EDITION)
    flaw = Why.BROKEN if member.problem else Why.NONE
    # An edition's end is the first second at which it no longer counts.
    return strand(EDITION, (ExpiryItem(EDITION, "", 0, member.expires - 1, None, flaw),), at=at)


def role_chains(pieces: list[ExpiryItem], at: int) -> tuple[ExpiryChain, ...]:
    """Return how it is with each role of a dossier."""
    roles = [*MUST, *(role for role in MAY if any(piece.need == role for piece in pieces))]
    return tuple(
        strand(role, [piece for piece in pieces if piece.need == role], at=at) for role in roles
    )


FORMAT = "pratique-standing-1"
_HEADERS = ("PARTICIPANT", "DOMAIN", "STATE", "UNTIL", "DAYS", "LIVE", "WHY")
_WORDS = {
    Why.NONE: "",
    Why.ENDS: "the {last} ends within {warned} days",
    Why.ENDED: "the {last} has ended",
    Why.SCA_ENDED: "the {last}'s signing CA has ended",
    Why.NOTHING: "there is no {need}",
    Why.UNREADABLE: "no {need} can be read or believed",
    Why.WITHDRAWN: "every {need} was withdrawn",
    Why.NOT_YET: "no {need} has begun",
    Why.SCA_UNKNOWN: "no {need} was issued by a signing CA of its participant's",
    Why.SELF_SIGNED: "a {need} has signed itself, and no signing CA has",
    Why.SCA_WRONG: "no {need} was signed by the signing CA that it names",
    Why.SCA_UNREAD: "the signing CA above a {need} cannot be judged",
    Why.SCA_NOT_CERTIFYING: "the signing CA above a {need} may not sign certificates",
    Why.SCA_FOREIGN: "the signing CA above a {need} is another country's",
    Why.SCA_PATH: "the signing CA above a {need} may not stand below its own",
    Why.OTHER_USE: "no {need} is for signing documents",
    Why.BROKEN: "its newest edition is broken",
    Why.NO_EDITION: "it has published nothing",
    Why.INACTIVE: "it has no {need} for a domain that it is active for",
    Why.SUSPENDED: "suspended by seats of the authority until {until}: {about}",
}


_SEATS = {ROOT: "seats' root", TARGETS: "seats' list of participants"}


def last(need: str) -> str:
    """Return the words for the last piece of a need."""
    return _SEATS.get(need, f"last {need}")


def says(one: ExpiryChain) -> str:
    """Say why a strand is as it is."""
    until = ""
    if one.need == SUSPENSION and one.until is not None:
        # Of a key without an end, no calendar reaches the second after it.
        until = instant(one.until + 1)
    told = _WORDS[one.why].format(
        need=one.need, last=last(one.need), warned=one.warned, until=until, about=one.about
    )
    if one.why is Why.ENDS and one.above is not None and one.above == one.until:
        told += ", by its signing CA"
    return told


def table(rows: Sequence[ParticipantExpiry], shown: Callable[[str], str] = str) -> Iterator[str]:
    """Yield the lines of a table, the worst strand of each row deciding, the others noted."""
    cells = [_HEADERS, *(_cells(row, shown) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADERS))]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def counted(rows: Sequence[ParticipantExpiry]) -> str:
    """Count the rows by state, and the participants for whom something is live."""
    rows = [row for row in rows if row.participant != NETWORK]
    states = Counter(row.state for row in rows)
    people = {row.participant for row in rows}
    serving = {r.participant for r in rows if r.state in {ExpiryState.LIVE, ExpiryState.EXPIRING}}
    told = ", ".join(f"{states[state]} {state}" for state in ExpiryState if states[state])
    word = "participant" if len(people) == 1 else "participants"
    serve = f"{len(people)} {word}, {len(serving)} of them live or expiring"
    return f"{serve}; of {len(rows)} rows {told}" if rows else f"{serve}; no rows"


def within(rows: Iterable[ParticipantExpiry], days: int) -> tuple[ParticipantExpiry, ...]:
    """Return the rows of which something has ended, or ends within so many days."""
    return tuple(row for row in rows if any(is_due(one, days) for one in row.strands))


def is_due(one: ExpiryChain, days: int) -> bool:
    """Tell whether a strand has ended, is unverifiable or suspended, or ends within so many days.

    What never lasts long is due by its own measure: an edition, and the seats' list of participants.
    """
    if one.state in {ExpiryState.LAPSED, ExpiryState.UNVERIFIABLE, ExpiryState.SUSPENDED}:
        return True
    if one.need in MEASURES:
        return one.warned is not None
    return one.left is not None and one.left <= days


def as_json(rows: Iterable[ParticipantExpiry], source: str) -> list[dict[str, Any]]:
    """Return what JSON holds of the rows of a source."""
    return [
        {
            "source": source,
            "participant": row.participant,
            "domain": row.domain,
            "state": row.state.value,
            "strands": [_strand(one) for one in row.strands],
            "remarks": [
                {"severity": "amber", "code": issue.code, "message": issue.message}
                for issue in row.remarks
            ],
            "sentence": row.sentence,
        }
        for row in rows
    ]


def instant(seconds: int) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _strand(one: ExpiryChain) -> dict[str, Any]:
    return {
        "need": one.need,
        "pieces": one.pieces,
        "live": one.live,
        "state": one.state.value,
        "why": one.why.value,
        "until": None if one.until is None else instant(one.until),
        "signing_ca_until": None if one.above is None else instant(one.above),
        "days_left": one.left,
        "warned": one.warned,
        **({"reason": one.about} if one.about else {}),
    }


def _cells(row: ParticipantExpiry, shown: Callable[[str], str]) -> tuple[str, ...]:
    worst = row.worst
    counted = [one for one in row.strands if one.need != SUSPENSION]
    live = ", ".join(f"{one.live} of {one.pieces} {one.need}" for one in counted)
    why = [says(worst), *(says(o) for o in row.strands if o is not worst)]
    why += [f"AMBER: {issue.message}" for issue in row.remarks]
    return (
        shown(row.participant) or "?",
        shown(row.domain) or "-",
        row.state.value,
        "-" if worst.until is None else instant(worst.until)[:10],
        "-" if worst.left is None else str(worst.left),
        live,
        "; ".join(dict.fromkeys(filter(None, why))),
    )
