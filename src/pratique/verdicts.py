"""Judge a column of texts: what a check says of each, as columns again.

    texts -> verification.verify_many (verification.verify, where a place's rules are asked) -> colours, codes

1. The outcomes are those of `verify`, in the texts' order; a fault of this program costs the text it fell on.
2. What comes out says nothing of a person: a colour, and the codes of findings.
3. A cell that holds no text is not read, and is not RED.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pratique import errors
from pratique.findings import Code, Colour, Finding
from pratique.formats.wrapping import LONGEST
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.verification import Verification, unread, verify, verify_many

UNREAD, FAULT = "unread", "fault"
OUTCOMES = (*(colour.value for colour in Colour), UNREAD, FAULT)
"""What stands in the column of colours: a colour, or why there is none."""

_EMPTY = unread(Finding(Code.TEXT_EMPTY))


class VerdictColumns(NamedTuple):
    """What was found of texts, in their order.

    Attributes:
        colours: of `OUTCOMES`.
        codes: of the findings, in the order in which they were found.
    """

    colours: list[str]
    codes: list[list[str]]


def verdicts(
    texts: Sequence[str | None],
    *,
    snapshot: Snapshot,
    at: datetime,
    place: Destination | None = None,
) -> VerdictColumns:
    """Judge texts; with a `place` its rules are asked too. No text raises, and None is an empty cell.

    Raises:
        UsageError: `instant-naive`.
    """
    # Longer than any code: its reader says so, and needs no more of it.
    handed = [(text or "")[: LONGEST + 1] for text in texts]
    try:
        if place is None:
            seen = list(map(_told, verify_many(handed, snapshot=snapshot, at=at)))
        else:
            seen = [_told(verify(text, snapshot=snapshot, at=at, place=place)) for text in handed]
    except BaseException as error:
        if not errors.unforeseen(error):
            raise
        seen = [_alone(text, snapshot, at, place) for text in handed]
    for number, cell in enumerate(texts):
        if not cell:
            seen[number] = _told(_EMPTY)
    return VerdictColumns([colour for colour, _ in seen], [codes for _, codes in seen])


def _told(checked: Verification) -> tuple[str, list[str]]:
    findings = checked.verdict.findings
    colour = UNREAD if checked.unread else checked.verdict.colour.value
    return colour, [finding.code.name for finding in findings]


def _alone(
    text: str, snapshot: Snapshot, at: datetime, place: Destination | None
) -> tuple[str, list[str]]:
    """Judge one text of a batch in which one has made the program fail."""
    try:
        return _told(verify(text, snapshot=snapshot, at=at, place=place))
    except BaseException as error:
        if not errors.unforeseen(error):
            raise
        return FAULT, [Code.UNFORESEEN.name]
