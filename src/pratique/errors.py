"""Errors a person meets: what happened, what it means, what to do next. At most eight classes.

1. No text that a stranger hands in raises one of these: that is a finding (`pratique.findings`).
2. A published document that is refused raises, and leaves the state as it was.
3. `code` is stable and for machines; the message and the hint hold no personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class PratiqueError(Exception):
    """Base of all errors that Pratique raises on purpose."""

    exit_code = 4
    others: tuple[PratiqueError, ...] = ()
    """Of other files of the same call, to be told before it: where several are named, each has its own."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes an error stays what it is, whatever its class's arguments are.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[PratiqueError], args: tuple[Any, ...], said: dict[str, Any]) -> PratiqueError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(said)
    return error


def parted(found: Iterable[T | PratiqueError]) -> tuple[list[T], list[PratiqueError]]:
    """Part what is good from the errors of other files; where nothing is good, raise them."""
    good: list[T] = []
    errors: list[PratiqueError] = []
    for one in found:
        if isinstance(one, PratiqueError):
            errors.append(one)
        else:
            good.append(one)
    if errors and not good:
        raise together(errors)
    return good, errors


def together(errors: Sequence[PratiqueError]) -> PratiqueError:
    """Return the last of some errors, which tells the others too."""
    errors[-1].others = tuple(errors[:-1])
    return errors[-1]


UNFORESEEN = "document-unforeseen"
"""The code of a published document that made its reader fail in a way that nobody foresaw."""


def code_of(error: Exception) -> str:
    """Return the stable code of what a published document raised, whatever it was."""
    return error.code if isinstance(error, PratiqueError) else UNFORESEEN


class UsageError(PratiqueError):
    """The call cannot be carried out as it was asked (exit 2)."""

    exit_code = 2


class DocumentRefused(PratiqueError):
    """A published document (trust list, snapshot, ruleset) was not accepted; nothing changed (exit 3)."""

    exit_code = 3


class Unreadable(PratiqueError):
    """A file, a picture or a store could not be read or written (exit 4)."""


class ExtraMissing(PratiqueError):
    """An optional part of Pratique is not installed (exit 2)."""

    exit_code = 2

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            "extra-missing",
            f"{purpose} needs the extra '{extra}', which is not installed",
            f"pip install 'pratique[{extra}]'",
        )
        self.extra = extra


# The last barrier: what nobody foresaw ends in one line that names no content, and in its own exit code.
#
#     exception -> is it one that is meant? -> its kind, and the place in our code -> exit 70
#
# 1. An exception's own words may quote what a stranger handed in: they are never shown. Nor is a traceback.
# 2. Exit 1 says "refused". A fault of the program must never say that of a traveller (Python's own exit code
#    for an exception is 1).

EXIT_UNFORESEEN = 70
"""EX_SOFTWARE of sysexits.h."""
HINT = "it says nothing about any certificate; report this line, and what pratique --version prints"
_PACKAGE = __file__.removesuffix("errors.py")
_MEANT = KeyboardInterrupt, SystemExit, GeneratorExit, PratiqueError, BrokenPipeError


def unforeseen(error: BaseException) -> bool:
    """Tell whether nobody meant this to be raised: neither we nor the library of the command line.

    Not only `Exception`: what panics in a library written in Rust is a `BaseException` of its own.
    """
    return not isinstance(error, _MEANT) and type(error).__module__ != "click.exceptions"


def place_of(error: BaseException) -> str:
    """Name an exception's kind, and the last place in our own code that it went through."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if path.startswith(_PACKAGE):
            place = f" {path.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__
    return f"{kind if kind.isascii() else 'Exception'}{place}"[:39]


class Issue(NamedTuple):
    """What is wrong with a place in a document.

    Attributes:
        where: the place, as a JSON path (RFC 9535).
        code: stable, for machines.
        message: for the author of the rule.
    """

    where: str
    code: str
    message: str
