"""Whom to believe: import signers from lists and certificates, and show what became of them.

    SOURCE... -> edges.files.trust_from -> snapshot.json -> show -> table, counts

1. A refused source changes nothing.
2. A signer's state is computed for the instant asked about, and the reason is told.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.edges import files
from pratique.errors import Unreadable, UsageError
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Environment, SignerState
from pratique.trust.signer import Signer

HEADERS = ("KID", "PARTICIPANT", "SIGNS FOR", "USAGE", "VALID FROM", "VALID TO", "STATE", "REASON")

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
    earlier = None if replace else files.load_snapshot(folder)
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
    path = files.save_snapshot(folder, snapshot)
    for name, reading in found.readings:
        click.echo(
            f"{name}: {reading.kind}, {_count(len(reading.listed), 'signer')}, "
            f"{_count(len(reading.authorities), 'signing CA')}, proof {reading.proof}"
        )
    if found.refused:
        names = ", ".join(sorted({name for name, _ in found.refused})[:NAMED])
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
    for line in _table(rows):
        click.echo(line)
    counts = Counter(str(row["state"]) for row in rows)
    told = ", ".join(f"{counts[state]} {state}" for state in SignerState if counts[state])
    click.echo(f"{_count(len(rows), 'signer')} at {instant.isoformat()}" + (f": {told}" if told else ""))


def describe(signer: Signer, at: int) -> dict[str, object]:
    """Say all about a signer that a person or a script may want to know."""
    return {
        "kid": base64.b64encode(signer.kid).decode(),
        "participant": signer.participant,
        "countries": sorted(signer.countries),
        "usages": sorted(signer.usages),
        "not_before": _date(signer.not_before),
        "not_after": _date(signer.not_after),
        "environment": signer.environment.value,
        "domain": signer.domain,
        "algorithm": signer.algorithm.value,
        "thumbprint": signer.thumbprint,
        "state": signer.state(at).value,
        "reason": _reason(signer, at),
        "notes": list(signer.notes),
    }


def _reason(signer: Signer, at: int) -> str:
    state = signer.state(at)
    if state is SignerState.UNREADABLE:
        return signer.reason
    if state is SignerState.NOT_YET:
        return f"from {_date(signer.not_before)}"
    if state is SignerState.EXPIRED:
        return f"since {_date(signer.not_after)}"
    if state is SignerState.SCA_DEAD:
        return f"SCA ended {_date(signer.sca_not_after or 0)}"
    return ""


def _table(rows: list[dict[str, object]]) -> Iterable[str]:
    cells = [HEADERS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADERS))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    def joined(name: str) -> str:
        values = row[name]
        return ",".join(map(str, values)) if isinstance(values, list) and values else "-"

    notes = f"({joined('notes')})" if row["notes"] else ""
    return (
        str(row["kid"]),
        str(row["participant"]) or "-",
        joined("countries"),
        "any" if row["usages"] == sorted(ALL_KINDS) else joined("usages"),
        str(row["not_before"])[:10],
        str(row["not_after"])[:10],
        str(row["state"]),
        f"{row['reason']} {notes}".strip(),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _snapshot(source: Path | None, home: Path | None, at: datetime) -> Snapshot:
    if source is not None:
        return files.trust_from([source], at=at).snapshot
    folder = files.home(home)
    found = files.load_snapshot(folder)
    if found is None:
        raise Unreadable(
            "no-trust-list",
            f"no signers were imported into {folder} yet",
            "pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


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
    return Snapshot(
        number=earlier.number + 1,
        created=found.created,
        environment=earlier.environment,
        trust=earlier.trust.merge(found.trust),
        sources=(*earlier.sources, *found.sources),
    )
