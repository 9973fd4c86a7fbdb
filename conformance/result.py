"""What a conformance reader says of one case."""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    """Does Pratique agree with what a case expects?

    Attributes:
        agree: it does.
        detail: what was seen, in words, without content of the case.
        skipped: why the case was not run; empty if it was.
    """

    agree: bool
    detail: str
    skipped: str = ""
