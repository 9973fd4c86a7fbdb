"""The last barrier: what nobody foresaw ends in one line that names no content, and in its own exit code.

    exception -> is it one that is meant? -> its kind, and the place in our code -> exit 70

1. An exception's own words may quote what a stranger handed in: they are never shown. Nor is a traceback.
2. Exit 1 says "refused". A fault of the program must never say that of a traveller (Python's own exit code
   for an exception is 1).
"""

from __future__ import annotations

from pathlib import Path

import click

from pratique.errors import PratiqueError

UNFORESEEN = 70
"""EX_SOFTWARE of sysexits.h."""
HINT = "it says nothing about any certificate; report this line, and what pratique --version prints"
_PACKAGE = Path(__file__).parents[1]
_MEANT = (
    KeyboardInterrupt, SystemExit, GeneratorExit, PratiqueError, BrokenPipeError,
    click.ClickException, click.exceptions.Abort, click.exceptions.Exit,
)  # fmt: skip


def unforeseen(error: BaseException) -> bool:
    """Tell whether nobody meant this to be raised.

    Not only `Exception`: what panics in a library written in Rust is a `BaseException` of its own.
    """
    return not isinstance(error, _MEANT)


def place_of(error: BaseException) -> str:
    """Name an exception's kind, and the last place in our own code that it went through."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = f" {path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__
    return f"{kind if kind.isascii() else 'Exception'}{place}"[:39]
