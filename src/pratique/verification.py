"""Verify a health certificate offline.

    text -> unwrap -> Envelope -> signature -> decode -> HealthCertificate -> checks -> Verdict

1. Nothing here reads a clock, a file or a network, and nothing is kept.
2. The payload is not parsed until its signature is known to be good.
3. No text raises: whatever is wrong with it is a finding.
4. The steps are four: `read_as_handed`, `authenticate`, `contents_of`, `conclude_one`, all of `authenticate`. No
   clock turns what the first three find: `opened` takes them once, `judged` the last one for each instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from math import floor
from typing import NamedTuple

from pratique.authenticate import (
    Contents,
    Signed,
    Verification,
    authenticate,
    conclude_one,
    contents_of,
    noted,
    read,
    read_as_handed,
    unwrapped,
    with_stated_validity,
)
from pratique.errors import UsageError
from pratique.findings import Finding, conclude
from pratique.model import silent
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.trust.signer import Signer

__all__ = [
    "AT_ONCE", "OpenedText", "Verification", "epoch", "judged", "noted", "opened", "unread", "verify", "verify_many",
]  # fmt: skip

AT_ONCE = 128
"""Texts a batch holds at a time: enough to keep each stage's code and tables in the caches."""


@silent
class OpenedText(NamedTuple):
    """A text whose signature was checked and whose payload was read: all that no clock turns.

    Attributes:
        message: taken apart, or why it is not.
        signers: whose key made its signature, or why there is none.
        contents: what its payload says.
        notes: what was made good on the way.
    """

    message: Signed | Finding
    signers: list[Signer] | Finding
    contents: Contents
    notes: tuple[Finding, ...]


def opened(text: str, snapshot: Snapshot) -> OpenedText:
    """Check a text's signature and read it, to be judged at as many instants as are asked about."""
    message, notes = read_as_handed(text)
    signers = authenticate(message, snapshot)
    return tuple.__new__(OpenedText, (message, signers, contents_of(message, signers), notes))


def judged(
    text: OpenedText, *, snapshot: Snapshot, at: datetime, place: Destination | None = None
) -> Verification:
    """Judge what was opened, as `verify` does; `snapshot` has the signers that it was opened with."""
    message, signers, contents, notes = text
    instant = epoch(at)
    found = noted(conclude_one(message, signers, snapshot, instant, contents), notes)
    return _placed(found, snapshot, at, place)


def _placed(
    found: Verification, snapshot: Snapshot, at: datetime, place: Destination | None
) -> Verification:
    """Add what the instant's own day says, the age of what is held, and a place's rules."""
    if place is None:
        found = with_stated_validity(found, at)
        # Nothing is GREEN without a place: what was imported may be of any age.
        if snapshot.roll is None:
            return found
    from pratique.assess import with_age, with_rules  # noqa: PLC0415 - a check without rules starts fast

    if place is None:
        return with_age(found, snapshot, None, epoch(at))
    return with_age(with_rules(found, snapshot, place, at), snapshot, place.country, epoch(at))


def verify(
    text: str, *, snapshot: Snapshot, at: datetime, place: Destination | None = None
) -> Verification:
    """Verify one text as it would be at the instant `at`, with what `snapshot` holds.

    What is wrapped around the code (blanks, quotation marks, a link, an e-mail's lines) is taken off. With a
    `place` its rules are asked too, `at` being on the clock of the port of entry; without one the best outcome
    is AMBER.

    Raises:
        UsageError: `instant-naive`. No text raises.
    """
    # As `judged` of `opened`, in fewer steps, since every text pays for them.
    instant = epoch(at)
    notes: tuple[Finding, ...] = ()
    message = read(text)
    if type(message) is Finding:
        message, notes = unwrapped(text, message)
    found = conclude_one(message, authenticate(message, snapshot), snapshot, instant)
    if notes:
        found = noted(found, notes)
    if place is None and snapshot.roll is None:
        return with_stated_validity(found, at)
    return _placed(found, snapshot, at, place)


def unread(finding: Finding, notes: tuple[Finding, ...] = ()) -> Verification:
    """Return what comes of an input that holds no text to verify, or none that is read."""
    return Verification(conclude((*notes, finding), finding.code.step))


def verify_many(
    texts: Iterable[str], *, snapshot: Snapshot, at: datetime, at_once: int = AT_ONCE
) -> Iterator[Verification]:
    """Verify many texts in order: parse all, check all signatures, judge all, `at_once` at a time.

    The outcomes are those of `verify`. Each is yielded and let go, so that memory stays bounded
    and nobody's data waits for the last one's.
    """
    instant = epoch(at)
    age = None
    if snapshot.roll is not None:
        from pratique.assess import with_age  # noqa: PLC0415 - as above

        age = with_age
    remaining = iter(texts)
    while chunk := list(islice(remaining, at_once)):
        handed = [read_as_handed(text) for text in chunk]
        found = [authenticate(envelope, snapshot) for envelope, _ in handed]
        for (envelope, notes), signers in zip(handed, found, strict=True):
            one = noted(conclude_one(envelope, signers, snapshot, instant), notes)
            one = with_stated_validity(one, at)
            yield one if age is None else age(one, snapshot, None, instant)


def epoch(at: datetime) -> int:
    """Return an aware instant in seconds since the epoch; UsageError `instant-naive`."""
    if at.tzinfo is None:
        raise UsageError(
            "instant-naive", "the instant has no time zone", "give one, as in 2026-01-31T12:00:00Z"
        )
    return floor(at.timestamp())
