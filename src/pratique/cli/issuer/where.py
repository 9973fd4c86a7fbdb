"""Options that say where the issuer's desk stands: its folder, its register, its value sets, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import unlock
from pratique.cli.issuer import counted, options
from pratique.cli.issuer.desk import Desk
from pratique.cli.issuer.opening import Place, opened
from pratique.edges.keys import Secret

Command = TypeVar("Command", bound=Callable[..., Any])


def book_options(command: Command) -> Command:
    """Add --issuer and --register: for what opens no key and reads no record."""
    return options.issuer(counted.register_option(command))


def catalogue_option(command: Command) -> Command:
    """Add --value-sets, also called --catalogue."""
    return click.option(
        "--value-sets",
        "--catalogue",
        "value_sets",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        metavar="PATH",
        help="Published value sets, WHO's catalogue of prequalified vaccines [default: what comes with"
        " Pratique]. Repeatable.",
    )(command)


def preview_options(command: Command) -> Command:
    """Add --issuer, --register and --value-sets: for what opens no key."""
    return book_options(catalogue_option(command))


def desk_options(command: Command) -> Command:
    """Add --issuer, --register, --value-sets, --password-file and --pin-file."""
    return preview_options(unlock.secret_files(command))


def place_of(
    *,
    issuer_folder: Path | None,
    register: str | None,
    value_sets: tuple[Path, ...] = (),
    **_: object,
) -> Place:
    """Return where the desk stands."""
    folder = options.folder(issuer_folder)
    url = counted.url_of(folder, register)
    return Place(folder.absolute(), url, tuple(path.absolute() for path in value_sets))


def secret_of(
    *, password_file: Path | None = None, pin_file: Path | None = None, **_: object
) -> Secret:
    """Return what asks for secrets."""
    return unlock.secrets(password_file, pin_file)


def open_book(**where: Any) -> Desk:
    """Open the desk for what is done with its register alone, and say what that does not know."""
    desk = open_desk(**where)
    for label in desk.lost():
        click.echo(
            f"note: this register does not know all that {label} has signed; "
            "restore its newest backup, if there is one",
            err=True,
        )
    return desk


def open_desk(**where: Any) -> Desk:
    """Open the desk that the options name."""
    return opened(place_of(**where), secret_of(**where))
