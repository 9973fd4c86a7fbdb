"""What the register knows, where it is at hand: how many each key has signed, what was taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.edges.register import Writing, open_register
from pratique.edges.register.editions import current
from pratique.revocation.held import Revocations
from pratique.trust.shards import Shard

T = TypeVar("T")
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
    return _asked(folder, register, Writing.counts)


def revocations(
    folder: Path, register: str | None, shards: Sequence[Shard], *, at: int
) -> Revocations | None:
    """Return all that was taken back, published or not; None where there is no register yet."""
    lists = _asked(folder, register, lambda book: current(book, shards, at=at))
    if lists is None:
        return None
    return reduce(Revocations.with_list, lists, Revocations())


def _asked(folder: Path, register: str | None, action: Callable[[Writing], T]) -> T | None:
    if register is None and not (folder / "register.sqlite").exists():
        return None
    held = open_register(url_of(folder, register))
    try:
        return held.read(action)
    finally:
        held.close()
