"""`pratique participant check`: is the dossier fit to be sent?

FOLDER -> edges.dossier -> governance check -> text | JSON

1. Without a network to ask, the tables here say who somebody is, and the dossier's own application. With one,
   its list of participants decides.
2. Exit: 0 nothing is wrong (warnings allowed), 1 an error was found.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.safe import as_json, printable
from pratique.edges import dossier, files
from pratique.errors import DocumentRefused
from pratique.network.participants import ParticipantKind
from pratique.terms import Environment
from pratique.trust.governance import check as governance
from pratique.trust.governance import known as known_keys
from pratique.trust.governance.check import Listed

LONGEST = 400


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER"
)
@click.option("--code", required=True, metavar="XXX", help="The participant's three letters.")
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    default=Environment.PRODUCTION.value,
    show_default=True,
    help="The environment that the dossier is for.",
)
@click.option(
    "--known",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Keys seen before: a list of them, or the JSON report of an earlier check. Repeatable.",
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in ParticipantKind]),
    help="What the participant is, if no table here knows its code [default: as the application says].",
)
@click.option(
    "--repository",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A network: its own list of participants decides on codes and countries.",
)
@options.at
@options.output_format
def check(
    *,
    folder: Path,
    code: str,
    environment: str,
    known: tuple[Path, ...],
    kind: str | None,
    repository: Path | None,
    at: datetime | None,
    output_format: str,
) -> int:
    """Check the key material in FOLDER as the network's authority will, and beyond.

    FOLDER holds SCA/, UP/ and TLS/ with certificates as PEM, for one domain or for several. Nothing
    is sent anywhere, and no private key belongs in it.
    """
    report = governance.check(
        dossier.read(folder),
        participant=code,
        environment=Environment(environment),
        at=options.now_or(at),
        known=[key for path in known for key in _known(path)],
        listed=_listed(repository, code.strip().upper(), kind),
    )
    if output_format == "json":
        click.echo(as_json(report.as_json(), indent=1))
    else:
        for line in report.lines():
            click.echo(printable(line, LONGEST))
    return 1 if report.errors else 0


def _listed(repository: Path | None, code: str, kind: str | None) -> Listed:
    if repository is None:
        return Listed(kind)
    from pratique.cli.authority import place  # noqa: PLC0415 - reads the network's metadata

    found = place.known(repository, None)
    one = None if found is None else found.participants.get(code)
    return Listed(kind) if one is None else Listed(one.kind.value, one.countries, one.subject)


def _known(path: Path) -> tuple[known_keys.KnownKey, ...]:
    try:
        return known_keys.read(files.read_bytes(path))
    except DocumentRefused as error:
        raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
