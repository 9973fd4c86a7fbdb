"""A certificate that a holder hands in: its text, and its line in the register."""

from __future__ import annotations

from pratique.cli.inputs import items
from pratique.cli.issuer.desk import Desk
from pratique.errors import UsageError
from pratique.journeys.renew import Held, held


def by_text(desk: Desk, argument: str, *, at: int) -> Held:
    """Return the own certificate that an argument stands for; UsageError `old-…` if it is none."""
    texts = {item.text for item in items(argument) if item.text is not None}
    if len(texts) != 1:
        raise UsageError(
            "old-count",
            f"there are {len(texts)} certificates in it, where one is asked for",
            "hand in the text, a file of one, or a picture that shows its code whole",
        )
    (text,) = texts
    snapshot, shards = desk.snapshot(at), desk.shards
    return desk.register.read(
        lambda book: held(text, snapshot=snapshot, shards=shards, book=book, at=at)
    )
