"""A certificate that a holder hands in: its text, and its line in the register."""

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
    return desk.register.read(
        lambda book: held(text, snapshot=snapshot, shards=shards, book=book, at=at)
    )
