"""Errors a person meets: what happened, what it means, what to do next. At most eight classes.

1. No text that a stranger hands in raises one of these: that is a finding (`pratique.verdict`).
2. A published document that is refused raises, and leaves the state as it was.
3. `code` is stable and for machines; the message and the hint hold no personal data.
"""

from __future__ import annotations

from typing import Any


class PratiqueError(Exception):
    """Base of all errors that Pratique raises on purpose."""

    exit_code = 4

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
