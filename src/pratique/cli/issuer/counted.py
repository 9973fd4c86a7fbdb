"""How many certificates each key has signed, where the register is at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.edges.register import Writing, open_register

Command = TypeVar("Command", bound=Callable[..., Any])


def register_option(command: Command) -> Command:
    """Add --register."""
    return click.option(
        "--register",
        envvar="PRATIQUE_REGISTER",
        metavar="URL",
        help="The register [default: PRATIQUE_REGISTER, or register.sqlite in the issuer's folder].",
    )(command)


def url_of(folder: Path, register: str | None) -> str:
    """Return the register's URL: as named, or its place in the issuer's folder."""
    return register or f"sqlite:///{(folder / 'register.sqlite').absolute()}"


def counts(folder: Path, register: str | None) -> Mapping[bytes, int] | None:
    """Return kid to number of certificates; None where there is no register yet."""
    if register is None and not (folder / "register.sqlite").exists():
        return None
    held = open_register(url_of(folder, register))
    try:
        return held.read(Writing.counts)
    finally:
        held.close()
