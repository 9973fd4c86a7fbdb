"""`pratique authority onboard`: record a step of a participant's onboarding, signed by a seat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options, unlock
from pratique.cli.authority import place
from pratique.cli.safe import printable
from pratique.edges import disk, files
from pratique.edges.keys import open_key
from pratique.edges.network import repository
from pratique.errors import UsageError
from pratique.journeys import onboard as journey
from pratique.network import keys
from pratique.trust.governance.applied import DOMAINS


@click.command()
@place.folder
@click.argument("code")
@click.argument("step", required=False, type=click.Choice([step.value for step in journey.Step]))
@click.option("--key", "uri", metavar="URI", help="The key of the seat that says so.")
@click.option("--evidence", multiple=True, metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A document that shows it; its digest is kept, and nothing else. Repeatable.")  # fmt: skip
@click.option("--domain", default="", help="For which domain, where the step is for one.")
@options.at
@unlock.secret_files
def onboard(
    *,
    folder: Path,
    code: str,
    step: str | None,
    uri: str | None,
    evidence: tuple[Path, ...],
    domain: str,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Record that CODE has reached STEP; without STEP show the records, and what may follow."""
    path = place.records_path(folder, code)
    if step is None:
        current = place.current(folder)
        click.echo(f"network {printable(str(current.board.name))}")
        for line in told(place.records(folder, code, current)):
            click.echo(line)
        return
    if uri is None:
        raise click.UsageError("a step is signed by a seat: name its key with --key")
    key = open_key(uri, folder=Path.cwd(), secret=unlock.secrets(password_file, pin_file))
    shown = [files.read_bytes(document) for document in evidence]
    _check_domain(step, domain)
    journey.check_evidence(journey.Step(step), shown, participant=code, domain=domain)
    place.current(folder)
    with repository.locked(place.repository_of(folder)):
        current = place.current(folder)
        seats, own = place.seated(folder, current), keys.keyid(key.public_key)
        # A seat that went has said what it said, and says nothing more.
        if current.board.seat_of(own) is None:
            raise UsageError(
                "seat-unknown",
                "the key is of no seat that there is now",
                "name a seat's key: --key",
            )
        seat, records = seats[own], place.records(folder, code, current, seats)
        if records and _is_same(records[-1], step, domain, seat.name, shown):
            click.echo(f"{code}: {step}, recorded already")
            return
        one = journey.recorded(
            records, journey.Step(step), participant=code, at=options.now_or(at).astimezone(UTC),
            seat=seat, key=key, evidence=shown, domain=domain,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        disk.replace(path, b"".join(record.to_line() for record in (*records, one)))
    count = len(one.evidence)
    shown_so = f"{count} {'document' if count == 1 else 'documents'} shown"
    click.echo(f"network {printable(str(current.board.name))}")
    click.echo(f"{code}: {one.step}, said by {one.by}, {shown_so}")


def _check_domain(step: str, domain: str) -> None:
    if domain and domain not in DOMAINS:
        raise UsageError(
            "domain-unknown", f"--domain: {printable(domain)} is no domain that is known here",
            f"one of {', '.join(sorted(DOMAINS))}",
        )  # fmt: skip
    if not domain and step == journey.Step.SELF_TEST_PASSED:
        raise UsageError(
            "domain-missing",
            "a self-test is for one domain, and none is named",
            "say for which it was passed: --domain DCC",
        )


def _is_same(last: journey.Record, step: str, domain: str, seat: str, shown: list[bytes]) -> bool:
    digests = tuple(hashlib.sha256(document).hexdigest() for document in shown)
    return (last.step.value, last.domain, last.by, last.evidence) == (step, domain, seat, digests)


def told(records: tuple[journey.Record, ...]) -> Iterator[str]:
    """Say what was recorded, and what may follow."""
    for one in records:
        domain = f" ({one.domain})" if one.domain else ""
        yield f"{one.at}  {one.step}{domain}, said by {one.by}"
        for digest in one.evidence:
            yield f"    shown: SHA-256 {digest}"
    following = journey.FOLLOWING[records[-1].step if records else None]
    yield f"next may be: {', '.join(following)}"
