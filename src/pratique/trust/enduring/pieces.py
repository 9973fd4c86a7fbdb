"""Pieces of participants: from signers, from a network's roll, from participants' folders.

    Signer, ... + Roll + codes named -> of_signers -> Row, ...
    dossier of a folder -> of_dossier -> Row, ...

1. A participant that is named and has nothing is a row too: it is the one that nobody else sees.
2. Of a folder the certificates of each role are looked at; UP and TLS must be there, and SCA.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pratique.terms import SignerState
from pratique.trust.enduring.states import (
    EDITION,
    NETWORK,
    ROOT,
    SIGNER,
    TARGETS,
    Piece,
    Row,
    Strand,
    Why,
    strand,
    suspended,
)
from pratique.trust.governance import dossier
from pratique.trust.roll import Member, Roll
from pratique.trust.signer import Signer

MUST = (dossier.SCA, dossier.UP, dossier.TLS)
"""Roles that a participant's folder is of no use without."""
MAY = (dossier.DSC, dossier.DECA, dossier.DESC)

Place = tuple[str, str]
"""Participant and domain."""


def of_signers(
    signers: Iterable[Signer],
    *,
    at: int,
    roll: Roll | None = None,
    named: Iterable[Place] = (),
) -> tuple[Row, ...]:
    """Compute the rows of a trust list, or of a network.

    Args:
        signers: of all participants.
        at: when; seconds since the epoch.
        roll: what the network says of its participants; None if it is of no network.
        named: participants that the source names, with or without signers.
    """
    members = {} if roll is None else roll.members
    found: dict[Place, dict[str, Piece]] = defaultdict(dict)
    for signer in signers:
        place, member = (signer.participant, signer.domain), members.get(signer.participant)
        found[place][signer.thumbprint] = _piece(signer, member, at)
    there = {participant for participant, _ in found}
    for place in (*named, *((code, "") for code in members)):
        # A member without signers has no domain to be told under; one with some is there already.
        if place[1] or place[0] not in there:
            found.setdefault(place, {})
    rows = []
    for (participant, domain), own in sorted(found.items()):
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
        rows.append(Row(participant, domain, tuple(strands)))
    return tuple(rows)


def of_dossier(files: Mapping[str, bytes], participant: str, *, at: int) -> tuple[Row, ...]:
    """Compute the rows of one participant's folder, a row for each domain."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for paper in dossier.read(files):
        if paper.role in {*MUST, *MAY}:
            found[paper.domain.rstrip("/")].extend(_pieces(paper))
    return tuple(
        Row(participant, domain, _strands(pieces, at)) for domain, pieces in sorted(found.items())
    ) or (Row(participant, "", _strands([], at)),)


def of_board(root: int, targets: int, *, at: int) -> Row:
    """Compute the row of the network itself, from the ends of what its seats have signed (exclusive)."""
    ends = ((ROOT, root), (TARGETS, targets))
    found = (strand(need, (Piece(need, "", 0, end - 1),), at=at) for need, end in ends)
    return Row(NETWORK, "", tuple(found))


def of_unreadable(participant: str, *, at: int) -> Row:
    """Return the row of a participant whose folder cannot be read."""
    flawed = [Piece(role, "", 0, 0, None, Why.UNREADABLE) for role in MUST]
    return Row(participant, "", _strands(flawed, at))


def _piece(signer: Signer, member: Member | None, at: int) -> Piece:
    flaw = _FLAWS.get(signer.state(at), Why.NONE)
    if member is not None and signer.thumbprint in member.withdrawn:
        flaw = Why.WITHDRAWN
    start = max(signer.not_before, signer.sca_not_before or 0)
    return Piece(SIGNER, signer.kid.hex(), start, signer.not_after, signer.sca_not_after, flaw)


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


def _edition(member: Member, at: int) -> Strand:
    if member.expires is None:
        return strand(EDITION, (), at=at)._replace(why=Why.NO_EDITION)
    flaw = Why.BROKEN if member.problem else Why.NONE
    # An edition's end is the first second at which it no longer counts.
    return strand(EDITION, (Piece(EDITION, "", 0, member.expires - 1, None, flaw),), at=at)


def _pieces(paper: dossier.Paper) -> list[Piece]:
    if not paper.readable:
        return [Piece(paper.role, paper.name, 0, 0, None, Why.UNREADABLE)]
    # A second certificate in a file is a slip that has its own finding: the first one counts.
    record = paper.first.record
    return [Piece(paper.role, paper.name, record.not_before, record.not_after)]


def _strands(pieces: list[Piece], at: int) -> tuple[Strand, ...]:
    roles = [*MUST, *(role for role in MAY if any(piece.need == role for piece in pieces))]
    return tuple(
        strand(role, [piece for piece in pieces if piece.need == role], at=at) for role in roles
    )
