"""Secrets that open keys: a password for key files, a PIN for devices.

    --password-file FILE · --pin-file FILE -> secrets -> edges.keys.open_key

1. A secret comes from a file, a variable or a hidden prompt; never from the command line, which every
   process of the machine can read.
2. It is asked for when the first key needs it, and once: a folder's key files share one password.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import quiet
from pratique.edges import files
from pratique.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

SHORTEST = 10
"""Characters that a new password has at least."""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def secret_files(command: Command) -> Command:
    """Add --password-file and --pin-file."""
    password = click.option(
        "--password-file",
        type=_FILE,
        metavar="FILE",
        help="Holds the password of the key files [default: PRATIQUE_KEY_PASSWORD, or a prompt].",
    )
    pin = click.option(
        "--pin-file",
        type=_FILE,
        metavar="FILE",
        help="Holds the PIN of a device [default: PRATIQUE_HSM_PIN, or a prompt].",
    )
    return password(pin(command))


def secrets(
    password_file: Path | None, pin_file: Path | None, *, new: bool = False
) -> Callable[[str], str]:
    """Return what `open_key` asks for secrets.

    Args:
        new: a password is being chosen: it is asked for twice, and may not be short.
    """
    # What it opens is in this process's memory from then on.
    quiet.begin()
    held: dict[str, str] = {}

    def secret(uri: str) -> str:
        if uri.startswith("file:"):
            if "file:" not in held:
                held["file:"] = _password(password_file, new=new)
            return held["file:"]
        if uri not in held:
            asked = f"PIN of the device {uri.partition(':')[2]}"
            held[uri] = _found(pin_file, "PRATIQUE_HSM_PIN", asked, "--pin-file", twice=False)
        return held[uri]

    return secret


def confirm(question: str) -> None:
    """Ask for a yes; anything else ends the command, and nothing is changed."""
    if not sys.stdin.isatty():
        raise UsageError("not-confirmed", "the question is not answered", "say --yes")
    if not click.confirm(question, err=True):
        raise UsageError("withdrawn", "it was not confirmed, and nothing was done")


def _password(file: Path | None, *, new: bool) -> str:
    asked = "password for the new keys" if new else "password of the keys"
    password = _found(file, "PRATIQUE_KEY_PASSWORD", asked, "--password-file", twice=new)
    if new and len(password) < SHORTEST:
        raise UsageError(
            "password-short",
            f"the password has fewer than {SHORTEST} characters",
            "take four words that have nothing to do with each other",
        )
    return password


def _found(file: Path | None, variable: str, asked: str, option: str, *, twice: bool) -> str:
    if file is not None:
        found = _line(file)
    elif variable in os.environ:
        found = os.environ[variable]
    elif sys.stdin.isatty():
        found = click.prompt(asked, hide_input=True, confirmation_prompt=twice, err=True)
    else:
        raise UsageError(
            "secret-missing",
            f"the {asked} is not told",
            f"set {variable}, or name a file: {option}",
        )
    if not found:
        raise UsageError("secret-missing", f"the {asked} is empty", f"see {variable} and {option}")
    return str(found)


def _line(file: Path) -> str:
    try:
        text = files.read_bytes(file, 4096).decode()
    except UnicodeDecodeError:
        text = "\n\n"
    if "\n" in text.rstrip("\r\n") or not text.strip("\r\n"):
        raise UsageError("secret-missing", f"{file}: it does not hold one line of text")
    return text.rstrip("\r\n")
