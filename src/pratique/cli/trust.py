"""Whom to believe: import signers from lists and certificates, and show what became of them.

    SOURCE... -> edges.files.trust_from -> snapshot.json -> show -> table, counts

1. A refused source changes nothing.
2. A signer's state is computed for the instant asked about, and the reason is told.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import held, options
from pratique.cli.signers import describe, table
from pratique.edges import files
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.snapshot import Snapshot
from pratique.terms import Environment, SignerState

NAMED = 5
"""How many of the files that were left out are named."""


@click.group()
def trust() -> None:
    """Import signers, and show which of them are live."""


@trust.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    help="Environment of the keys [default: what the source says, else production].",
)
@click.option(
    "--proof-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Key that the proof of every source must hold under.",
)
@click.option("--country", default="", help="Country of certificates that name none.")
@click.option("--replace", is_flag=True, help="Forget the signers that were imported before.")
@options.home
def import_(
    *,
    sources: tuple[Path, ...],
    environment: str | None,
    proof_key: Path | None,
    country: str,
    replace: bool,
    home: Path | None,
) -> None:
    """Import signers from SOURCE...: files or folders.

    Read are X.509 certificates (PEM, DER), JSON lists of kid and certificate, GDHCN trust lists
    (DID documents), and signed lists. Signing CAs are used to tell until when signers may live.
    """
    folder = files.home(home)
    held = _held(folder, replace=replace)
    earlier = None if replace else held
    found = files.trust_from(
        sources,
        at=datetime.now(UTC),
        environment=_environment(environment, earlier),
        country=_country(country),
        proof_key=None if proof_key is None else files.read_proof_key(proof_key),
    )
    _same_environment(environment, found)
    if not len(found.snapshot.trust):
        raise UsageError(
            "no-signers",
            "there is no signer in what was named",
            "signing CAs alone sign no health certificate",
        )
    snapshot = _following(found.snapshot, earlier)
    if held is not None:
        # Nothing that is forgotten here takes a revocation back.
        snapshot = snapshot.replace(revocations=held.revocations)
    path = files.save_snapshot(folder, snapshot)
    for name, reading in found.readings:
        click.echo(
            f"{name}: {reading.kind}, {_count(len(reading.listed), 'signer')}, "
            f"{_count(len(reading.authorities), 'signing CA')}, proof {reading.proof}"
        )
    if found.refused:
        names = ", ".join(sorted({one.name for one in found.refused})[:NAMED])
        click.echo(
            f"{len(found.refused)} files left out, which are no trust lists: {names}", err=True
        )
    click.echo(f"{_count(len(snapshot.trust), 'signer')} in snapshot {snapshot.number}: {path}")


@trust.command()
@click.option(
    "--trust",
    "source",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Show this source instead of what was imported.",
)
@click.option("--state", type=click.Choice([state.value for state in SignerState]))
@options.at
@options.home
@options.output_format
def show(
    *,
    source: Path | None,
    state: str | None,
    at: datetime | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Show the signers: country, usage, validity, state at an instant, and the reason."""
    instant = options.now_or(at)
    snapshot = _snapshot(source, home, instant)
    rows = [
        row
        for row in (describe(signer, int(instant.timestamp())) for signer in snapshot.trust)
        if state is None or row["state"] == state
    ]
    if output_format == "json":
        head = {"at": instant.isoformat(), "number": snapshot.number, "signers": rows}
        click.echo(json.dumps(head, indent=1, sort_keys=True))
        return
    for line in table(rows):
        click.echo(line)
    counts = Counter(str(row["state"]) for row in rows)
    told = ", ".join(f"{counts[state]} {state}" for state in SignerState if counts[state])
    click.echo(
        f"{_count(len(rows), 'signer')} at {instant.isoformat()}" + (f": {told}" if told else "")
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _snapshot(source: Path | None, home: Path | None, at: datetime) -> Snapshot:
    if source is not None:
        return files.trust_from([source], at=at).snapshot
    folder = files.home(home)
    found = held.snapshot(home)
    if found is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {folder} yet",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


def _held(folder: Path, *, replace: bool) -> Snapshot | None:
    try:
        return files.load_snapshot(folder)
    except DocumentRefused as error:
        if not replace:
            raise
        click.echo(f"{error.message}; import revocations again too", err=True)
        return None


def _environment(told: str | None, earlier: Snapshot | None) -> Environment:
    if told is not None:
        return Environment(told)
    return earlier.environment if earlier is not None else Environment.PRODUCTION


def _country(text: str) -> str:
    from pratique.trust import countries  # noqa: PLC0415 - a table that only an import needs

    if text and countries.code(text) is None:
        raise UsageError(
            "country-unknown", "--country is no code that is known here", "write two letters: DE"
        )
    return text


def _same_environment(told: str | None, found: files.TrustSources) -> None:
    for name, reading in found.readings:
        if told is not None and reading.environment not in {None, Environment(told)}:
            raise UsageError(
                "environment-differs",
                f"{name} says that its keys are for {reading.environment}",
                "leave --environment out, or get the list of the other environment",
            )


def _following(found: Snapshot, earlier: Snapshot | None) -> Snapshot:
    if earlier is None:
        return found
    return earlier.replace(
        number=earlier.number + 1,
        created=found.created,
        trust=earlier.trust.merge(found.trust),
        sources=(*earlier.sources, *found.sources),
    )
