"""An issuer's desk: what it holds open while a day lasts, who works at it, and what they may do.

    issuer's folder, register, keys' secret, site -> Desk
    page -> store.desk_server -> DeskCall(desk, operator, at, asked) -> an act -> what the page shows | Attachment

1. An act is the work of one request. `parties/desk_*.py` have them, each with the right that it needs.
2. An operator is a pseudonym: blanks and @ are refused, since names are personal data, also of staff.
3. What a page sends is text and never the name of a file: nothing is read from this machine because a page said so.
4. Of a person nothing is kept between two requests; products, lots and the centre are, until the day ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.model import silent
from pratique.parties.issuing import IssuingSession, Place
from pratique.parties.paper import Paper
from pratique.store.keys import Secret


class Right(StrEnum):
    """What an operator may do."""

    ISSUE = "issue"
    """Issue, renew, correct, and revoke one certificate that was scanned."""
    REVOKE = "revoke"
    """Revoke more than one, together with another operator who may."""
    AUDIT = "audit"
    """See the day's counts, keys and the register's health; end the day."""


class Operator(NamedTuple):
    """Who works at a desk: a pseudonym, and what it may do."""

    pseudonym: str
    rights: frozenset[Right]


class Desk(NamedTuple):
    """What a desk holds open.

    Attributes:
        place, secret: where the issuer's folder and register are, and what opens its keys.
        session: the issuing session, its keys open.
        site: code of the centre, as the register keeps it.
        validity: seconds for which a code may be read.
        paper: layout, emblem, contact and fonts of its sheets.
        verified: pseudonym and passphrase -> the operator; UsageError `operator-unknown`: for the second person.
    """

    place: Place
    secret: Secret
    session: IssuingSession
    site: str
    validity: int
    paper: Paper
    verified: Callable[[str, str], Operator]

    def __repr__(self) -> str:
        return f"<Desk of {self.site}>"


@silent
class DeskCall(NamedTuple):
    """One request of a page.

    Attributes:
        operator: who is signed in.
        at: seconds since the epoch.
        asked: the JSON object that was sent; of a file its options.
        body: the file that was sent.
    """

    desk: Desk
    operator: Operator
    at: int
    asked: Mapping[str, Any]
    body: bytes = b""


@silent
class Attachment(NamedTuple):
    """A file that goes to the page: its kind (MIME type), a name that says nothing of a person, its bytes."""

    name: str
    kind: str
    data: bytes


@silent
class LastAnswer(NamedTuple):
    """An answer after which the desk starts anew, with a memory that has seen nobody: the day's end."""

    said: Mapping[str, Any]


class DeskAct(NamedTuple):
    """What a page may ask for.

    Attributes:
        right: that the operator needs.
        do: answers a call; raises PratiqueError, whose code, message and hint the page shows.
        takes_file: a file is sent (`DeskCall.body`), its options as JSON in the header X-Desk-Asked.
    """

    right: Right
    do: Callable[[DeskCall], Mapping[str, Any] | Attachment | LastAnswer]
    takes_file: bool = False
