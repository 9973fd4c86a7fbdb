"""`pratique trust` and `pratique revocations`: whom to believe, and what issuers have revoked."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique import describe
from pratique.cli import options, terminal
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.parties import trust as parties_trust
from pratique.parties import verifier
from pratique.revocation import foreign
from pratique.terms import Environment, Scheme, SignerState
from pratique.text import as_json, plural, printable, rfc3339
from pratique.trust.lists import StoreName


@click.group(cls=Group)
def revocations() -> None:
    """Import what issuers have revoked, and show how old it is."""


@revocations.command("import", short_help="Import lists, deltas and the EU's batches.")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--form",
    type=click.Choice([form.value for form in foreign.Form]),
    help="The files are approximate lists of the EU's gateway, of this form.",
)
@click.option("--country", default="", help="Whose approximate list it is.")
@click.option("--kid", default="", metavar="BASE64", help="Of which key [default: any].")
@click.option(
    "--hash-type",
    type=click.Choice([kind.value for kind in foreign.HashType]),
    help="What an approximate list has hashed.",
)
@click.option(
    "--offset",
    type=click.IntRange(0, 2),
    default=0,
    help="Bytes left out before a part of an approximate list.",
)
@click.option(
    "--issuer",
    default="",
    metavar="ISS",
    help="Whose list of SMART Health Cards it is [default: whoever's key of that kid is held].",
)
@options.home
@options.quiet
def import_revocations(
    *,
    sources: tuple[Path, ...],
    form: str | None,
    country: str,
    kid: str,
    hash_type: str | None,
    offset: int,
    issuer: str,
    home: Path | None,
) -> int:
    """Import revocation lists and their deltas, batches of the EU's gateway, and lists of SMART Health Cards (JSON)."""
    approximate = None
    if form is not None:
        approximate = parties_trust.Approximate(foreign.Form(form), country, kid, hash_type, offset)
    return terminal.imported(
        *parties_trust.import_revocations(
            home, sources, at=datetime.now(UTC), approximate=approximate, issuer=issuer
        )
    )


@revocations.command("show")
@options.at
@options.home
@options.output_format
def show_revocations(*, at: datetime | None, home: Path | None, output_format: str) -> None:
    """Show what is held, synced or imported, by whom and how old; never which certificates."""
    instant = options.now_or(at)
    now, snapshot = int(instant.timestamp()), verifier.snapshot(home)
    held = parties_trust.revocations_of(snapshot)
    members = {} if snapshot is None or snapshot.roll is None else snapshot.roll.members
    rows = [*parties_trust.withdrawn(members), *parties_trust.rows(held, now)]
    if output_format == "json":
        head = {"at": instant.isoformat(), "revocations": rows}
        click.echo(as_json(head, indent=1, sort_keys=True))
        return
    for row in rows:
        about = row.get("of")
        if row["kind"] == "list":
            end = f", out of date since {row['expires']}" if row["expired"] else ""
            about = f"version {row['version']}, {row['age_hours']} hours old{end}"
        line = (
            f"{row['kind']:<6} {row['participant']:<4} {row['kid']:<12} {row['count']:>8}  {about}"
        )
        say(printable(line))
    say(f"{parties_trust.counted(held)} at {instant.isoformat()}")
    for code, member in sorted(members.items()):
        if (suspension := member.suspended(now)) is not None:
            say(
                f"note: {code} is suspended until {rfc3339(suspension.until)} "
                f"({suspension.reason}): all of its certificates are in doubt until then"
            )


@click.group(cls=Group)
def trust() -> None:
    """Import signers, and show which of them are live."""


@trust.command("import", short_help="Import signers from files or folders.")
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
@click.option("--country", default="", help="Country of signers whose source names none.")
@click.option(
    "--scheme",
    type=click.Choice([scheme.value.lower() for scheme in Scheme]),
    help="Whose keys they are, where the source does not say it: a JWK set, a key alone, a signing CA.",
)
@click.option(
    "--issuer",
    default="",
    help="Their issuer in that scheme, in full; of a directory the one to take.",
)
@click.option("--kid", default="", help="The kid of a key alone, as that scheme's texts write it.")
@click.option("--replace", is_flag=True, help="Forget the signers that were imported before.")
@options.home
@options.quiet
def import_(
    *,
    sources: tuple[Path, ...],
    environment: str | None,
    proof_key: Path | None,
    country: str,
    scheme: str | None,
    issuer: str,
    kid: str,
    replace: bool,
    home: Path | None,
) -> int:
    """Import signers from SOURCE...: files or folders.

    Read are X.509 certificates (PEM, DER), JSON lists of kid and certificate or publicKey, GDHCN
    trust lists (DID documents), and signed lists. Signing CAs are used to tell until when signers
    may live. Of other schemes: a directory or JWK set of SMART Health Cards, a DID document of NZ
    COVID Pass, Switzerland's list, keys of 2D-DOC and DIVOC, signing CAs and master lists of the
    ICAO's seals, and lists of this program's own form (pratique-scheme-keys-1).
    """
    store = StoreName(Scheme(scheme.upper()) if scheme else None, issuer, kid)
    return terminal.imported(
        *parties_trust.import_signers(
            home, sources, at=datetime.now(UTC), proof_key=proof_key, country=country, replace=replace,
            environment=Environment(environment) if environment else None, store=store,
        )
    )  # fmt: skip


@trust.command()
@click.option(
    "--trust",
    "source",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Show this source instead of what was imported.",
)
@click.option("--state", type=click.Choice([state.value for state in SignerState]))
@click.option(
    "--scheme",
    type=click.Choice([scheme.value.lower() for scheme in Scheme]),
    help="Show the keys of this scheme alone.",
)
@options.at
@options.home
@options.output_format
def show(
    *,
    source: Path | None,
    state: str | None,
    scheme: str | None,
    at: datetime | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Show the signers: country, usage, validity, state at an instant, and the reason."""
    when = options.now_or(at)
    snapshot = parties_trust.shown(source, home, when)
    rows = [
        row
        for row in (
            describe.signer_as_json(signer, int(when.timestamp()))
            for signer in snapshot.trust.limited()
            if scheme is None or (signer.issuer and signer.domain == scheme.upper())
        )
        if state is None or row["state"] == state
    ]
    if output_format == "json":
        head = {"at": when.isoformat(), "number": snapshot.number, "signers": rows}
        click.echo(as_json(head, indent=1, sort_keys=True))
        return
    for line in describe.table(rows):
        click.echo(printable(line, LONGEST))
    counts = Counter(str(row["state"]) for row in rows)
    states = ", ".join(f"{counts[state]} {state}" for state in SignerState if counts[state])
    say(f"{plural(len(rows), 'signer')} at {when.isoformat()}" + (f": {states}" if states else ""))
