"""A certificate that a holder hands in: its text, and its line in the register.

1. A withdrawn key's certificates are not taken: whoever has a stolen key signs another name under a number that
   the register knows, and a renewal would make of it what no withdrawal reaches.
"""

from __future__ import annotations

from pratique.cli.inputs import every
from pratique.cli.issuer.desk import Desk
from pratique.errors import Unreadable, UsageError
from pratique.journeys.renew import Held, held

_AGAIN = "hand in the text, a file of one, or a picture that shows its code whole"


def by_text(desk: Desk, argument: str, *, at: int) -> Held:
    """Return the own certificate that an argument stands for; UsageError `old-…` if it is none."""
    found = list(every([argument]))
    texts = {item.text for item in found if item.text is not None and item.finding is None}
    for item in found:
        if item.finding is not None and not texts:
            why = item.remark or item.finding.code.meaning
            raise Unreadable("old-unread", f"{item.label}: {why}", item.hint or _AGAIN)
    if len(texts) != 1:
        raise UsageError(
            "old-count",
            f"there are {len(texts)} certificates in it, where one is asked for",
            _AGAIN,
        )
    (text,) = texts
    snapshot, shards = desk.snapshot(at), desk.shards
    old = desk.register.read(
        lambda book: held(text, snapshot=snapshot, shards=shards, book=book, at=at)
    )
    if desk.is_withdrawn(old.line.kid, at):
        raise UsageError(
            "old-withdrawn",
            "the key that signed this certificate is withdrawn: its signature proves nothing any more",
            "issue a new one from the health record instead",
        )
    return old
