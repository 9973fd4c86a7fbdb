"""Whom to believe: import signers from lists and certificates, and show what became of them.

    SOURCE... -> edges.files.trust_from -> snapshot.json -> show -> table, counts

1. A refused source is told by its name, and the others are taken; where there is no other, nothing changes.
2. What is imported is of the environment of the network that was synced, if there is one.
3. A signer's state is computed for the instant asked about, and the reason is told.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import held, options
from pratique.cli.each_file import Errors
from pratique.cli.safe import as_json, printable
from pratique.cli.signers import describe, instant, table
from pratique.edges import files
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.revocation.held import Revocations
from pratique.snapshot import Snapshot
from pratique.terms import Environment, SignerState
from pratique.trust.signer import Signer

PRODUCTION = Environment.PRODUCTION
KEYS = ("rsa-", "curve-", "key-")
"""How a note begins that says what key a weak signer has."""
LEEWAY = 300
"""Seconds by which clocks differ, as at a check."""
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
) -> int:
    """Import signers from SOURCE...: files or folders.

    Read are X.509 certificates (PEM, DER), JSON lists of kid and certificate or publicKey, GDHCN
    trust lists (DID documents), and signed lists. Signing CAs are used to tell until when signers
    may live.
    """
    folder = files.home(home)
    before = _held(folder, replace=replace)
    network = held.environment(folder)
    earlier = None if replace or before is None else held.fitting(before, network)
    stands_in = network or (earlier.environment if earlier is not None else None)
    found = files.trust_from(
        sources,
        at=datetime.now(UTC),
        environment=Environment(environment) if environment else stands_in or PRODUCTION,
        country=_country(country),
        proof_key=None if proof_key is None else files.read_proof_key(proof_key),
        each=True,
    )
    _same_environment(environment, found)
    errors = Errors()
    errors.held += found.errors
    if not len(found.snapshot.trust):
        raise _no_signers(found, errors)
    if network is not None and not found.readings and found.snapshot.environment is not network:
        raise UsageError(
            "environment-differs",
            f"the network that was synced is for {network}, the snapshot is for "
            f"{found.snapshot.environment}",
            "use another home folder for it",
        )
    snapshot = _following(found.snapshot, earlier)
    if network is not None:
        snapshot = snapshot.replace(environment=network)
    if before is not None:
        # Nothing that is forgotten here takes a revocation back.
        both = _revocations(before).with_others(_revocations(found.snapshot))
        snapshot = snapshot.replace(revocations=both)
    path = files.save_snapshot(folder, snapshot)
    _tell(found, snapshot)
    if found.refused:
        names = ", ".join(sorted({one.name for one in found.refused})[:NAMED])
        click.echo(
            f"{len(found.refused)} files left out, which are no trust lists: {names}", err=True
        )
    click.echo(f"{_count(len(snapshot.trust), 'signer')} in snapshot {snapshot.number}: {path}")
    return errors.told()


def _no_signers(found: files.TrustSources, errors: Errors) -> PratiqueError:
    if errors.held:
        *others, last = errors.held
        errors.held = others
        errors.told()
        return last
    names = ", ".join(name for name, _ in found.readings[:NAMED])
    authorities = any(reading.authorities for _, reading in found.readings)
    skipped = sum(reading.skipped + reading.odd for _, reading in found.readings)
    if authorities:
        hint = "signing CAs alone sign no health certificate"
    elif skipped:
        hint = f"{_entries(skipped)} with neither a certificate nor a key of a signer that is read here"
    else:
        hint = ""
    return UsageError(
        "no-signers", f"there is no signer in what was named{names and ': '}{names}", hint
    )


def _tell(found: files.TrustSources, snapshot: Snapshot) -> None:
    for name, reading in found.readings:
        left = f", {_entries(reading.skipped)} left out" if reading.skipped else ""
        click.echo(
            f"{printable(name)}: {reading.kind}, {_count(len(reading.listed), 'signer')}, "
            f"{_count(len(reading.authorities), 'signing CA')}, proof {reading.proof}{left}"
        )
    for odd in found.odd():
        click.echo(f"note: {printable(f'{odd.name}: {odd.why}')}", err=True)
    for line in _dates(found, snapshot.created):
        click.echo(f"note: {line}", err=True)
    own = list(found.snapshot.trust)
    bare = sum("bare-key" in signer.notes for signer in own)
    if bare:
        alone = f"{_count(bare, 'signer')} of a public key alone: nothing tells until when, nor for what"
        click.echo(f"note: {alone}", err=True)
    nobody = sum(not signer.countries and not signer.reason for signer in own)
    if nobody:
        click.echo(
            f"note: {_count(nobody, 'signer')} bound to no country, which makes AMBER "
            "SIGNER_WITHOUT_COUNTRY; if the list is one country's, import it with --country CODE",
            err=True,
        )
    weak = [signer for signer in own if signer.is_weak()]
    for signer in weak[:NAMED]:
        what = ", ".join(note for note in signer.notes if note.startswith(KEYS))
        click.echo(f"note: weak: {_named(signer)}: {what or signer.reason}", err=True)
    if len(weak) > NAMED:
        click.echo(f"note: weak: {len(weak) - NAMED} more; see trust show --state weak", err=True)
    strange = sum(signer.environment is not snapshot.environment for signer in own)
    if strange:
        click.echo(
            f"note: {_count(strange, 'signer')} not for {snapshot.environment}: what such a key has "
            "signed is a specimen here",
            err=True,
        )


def _dates(found: files.TrustSources, at: int) -> Iterator[str]:
    """Yield what the dates of lists' proofs say to whoever imports them at `at`."""
    for name, reading in found.readings:
        if reading.expires is not None and reading.expires < at:
            yield (
                f"{printable(name)}: its proof ended at {instant(reading.expires)}, which makes what its signers "
                "have signed AMBER SIGNER_LIST_EXPIRED; get the list again from its publisher"
            )
        if reading.created is not None and reading.created > at + LEEWAY:
            yield (
                f"{printable(name)}: its proof is dated {instant(reading.created)}, which is to come; "
                "check this device's clock"
            )


def _named(signer: Signer) -> str:
    kid = base64.b64encode(signer.kid).decode()
    return f"signer {kid} of {printable(signer.participant or 'no country')}"


def _entries(count: int) -> str:
    return f"{count} entry" if count == 1 else f"{count} entries"


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
    when = options.now_or(at)
    snapshot = _snapshot(source, home, when)
    rows = [
        row
        for row in (describe(signer, int(when.timestamp())) for signer in snapshot.trust.limited())
        if state is None or row["state"] == state
    ]
    if output_format == "json":
        head = {"at": when.isoformat(), "number": snapshot.number, "signers": rows}
        click.echo(as_json(head, indent=1, sort_keys=True))
        return
    for line in table(rows):
        click.echo(printable(line, 2_000))
    counts = Counter(str(row["state"]) for row in rows)
    told = ", ".join(f"{counts[state]} {state}" for state in SignerState if counts[state])
    click.echo(
        f"{_count(len(rows), 'signer')} at {when.isoformat()}" + (f": {told}" if told else "")
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


def _country(text: str) -> str:
    from pratique.trust import countries  # noqa: PLC0415 - a table that only an import needs

    if text and countries.code(text) is None:
        raise options.no_country("--country", "country-unknown", text)
    return text.strip().upper()


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
    trust, roll = earlier.trust.merge(found.trust), None
    if earlier.roll is not None or found.roll is not None:
        # A snapshot of a network was imported: what that says against keys holds for the others' too.
        from pratique.snapshot.of_network import together  # noqa: PLC0415 - lists are of no network

        first, second = (found, earlier) if found.roll is not None else (earlier, found)
        trust, roll = together(first, second)
    return earlier.replace(
        number=earlier.number + 1,
        created=found.created,
        trust=trust,
        roll=roll,
        sources=(*earlier.sources, *found.sources),
    )


def _revocations(snapshot: Snapshot) -> Revocations:
    held_ = snapshot.revocations
    return held_ if isinstance(held_, Revocations) else Revocations()
