"""`pratique authority propose`: draft what the seats are to sign. A file, and nothing changes yet.

admit · activate · withdraw · rekey · value-sets · suspend · renew · seats · online-keys · log -> PROPOSAL
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.authority import cards, drafting, init, place, roots
from pratique.cli.safe import printable
from pratique.errors import DocumentRefused, UsageError
from pratique.journeys import onboard
from pratique.journeys.onboard import Step
from pratique.network import drafts, names, participants, proposal, view
from pratique.trust.governance.applied import DOMAINS
from pratique.trust.roll import Suspension

CARD = click.Path(path_type=Path, exists=True)
BEFORE_ADMISSION = {Step.QA_PASSED, Step.ANCHOR_SIGNED}


@click.group()
def propose() -> None:
    """Draft what the seats are to sign."""


@propose.command()
@drafting.common
@click.argument("applications", nargs=-1, required=True, type=CARD, metavar="APPLICATION...")
def admit(*, folder: Path, applications: tuple[Path, ...], out: Path, at: datetime | None) -> None:
    """Admit participants: their keys may speak for CODE/ from then on; no domain is active yet."""
    current = place.current(folder)
    found = [cards.read_application(path) for path in applications]
    listed = dict(current.participants)
    for one in found:
        code = one.participant.code
        if code in listed:
            raise UsageError(
                "participant-there",
                f"{code} takes part already",
                "other keys: pratique authority propose rekey",
            )
        if one.environment is not current.board.environment:
            raise UsageError(
                "environment-differs", f"{code} applies for {one.environment}, not for this network"
            )
        _compared(_require(folder, current, code, BEFORE_ADMISSION), one)
        listed[code] = one.participant
    title = f"admit {', '.join(sorted(one.participant.code for one in found))}"
    members = {one.participant.code: one.keys for one in found}
    drafting.write(out, drafts.targets(current, options.now_or(at), title, participants=listed, members=members), current)  # fmt: skip


@propose.command()
@drafting.common
@click.argument("code")
@click.option("--domain", "domains", multiple=True, required=True, help="DCC, ICVP. Repeatable.")
def activate(
    *, folder: Path, code: str, domains: tuple[str, ...], out: Path, at: datetime | None
) -> None:
    """Make participant CODE active for domains, after its self-test."""
    current = place.current(folder)
    records = _require(folder, current, code, {Step.SELF_TEST_PASSED})
    _check_domains(code, domains, onboard.tested(records))
    one = _participant(current, code)
    changed = one._replace(domains=one.domains | set(domains))
    title = f"activate {code} for {', '.join(domains)}"
    drafting.write(
        out, _listed(current, at, title, {**current.participants, code: changed}), current
    )


@propose.command()
@drafting.common
@click.argument("code")
def withdraw(*, folder: Path, code: str, out: Path, at: datetime | None) -> None:
    """Let participant CODE go: its own wish, or the seats' decision."""
    current = place.current(folder)
    _participant(current, code)
    listed = {name: one for name, one in current.participants.items() if name != code}
    drafted = drafts.targets(
        current, options.now_or(at), f"withdraw {code}", participants=listed, members={code: None}
    )
    drafting.write(out, drafted, current)


@propose.command()
@drafting.common
@click.argument("application", type=CARD)
def rekey(*, folder: Path, application: Path, out: Path, at: datetime | None) -> None:
    """Give a participant other keys: the old ones are lost, stolen, or at their end."""
    current, one = place.current(folder), cards.read_application(application)
    code = one.participant.code
    _participant(current, code)
    if one.environment is not current.board.environment:
        raise UsageError(
            "environment-differs", f"{code} applies for {one.environment}, not for this network"
        )
    _compared(_require(folder, current, code, BEFORE_ADMISSION), one)
    drafted = drafts.targets(
        current, options.now_or(at), f"other keys for {code}", members={code: one.keys}
    )
    drafting.write(out, drafted, current)


@propose.command("value-sets")
@drafting.common
@click.argument("paths", nargs=-1, required=True, type=CARD, metavar="PATH...")
def value_sets(*, folder: Path, paths: tuple[Path, ...], out: Path, at: datetime | None) -> None:
    """Publish value sets, in place of those that are published."""
    current = place.current(folder)
    own = {names.VALUE_SETS: init.sets_of(paths)}
    drafting.write(
        out, drafts.targets(current, options.now_or(at), "value sets", files=own), current
    )


@propose.command()
@drafting.common
@click.argument("code")
@click.option("--reason", type=click.Choice([r.value for r in participants.Reason]), required=True)
@click.option("--days", type=click.IntRange(1, 14), default=14, show_default=True)
def suspend(
    *, folder: Path, code: str, reason: str, days: int, out: Path, at: datetime | None
) -> None:
    """Suspend CODE for some days: everybody sees it, and it ends by itself."""
    current, instant = place.current(folder), options.now_or(at)
    since = int(instant.timestamp())
    until = int((instant + timedelta(days=days)).timestamp())
    _participant(current, code)
    try:
        drafted = drafts.suspension(current, instant, code, Suspension(since, until, reason))
    except DocumentRefused as error:
        raise UsageError(
            error.code,
            error.message,
            "it is a brake that wears out; to let it go: propose withdraw",
        ) from error
    drafting.write(out, drafted, current)


@propose.command()
@drafting.common
def renew(*, folder: Path, out: Path, at: datetime | None) -> None:
    """Confirm the participants as they are, before the authority's last edition ends."""
    current = place.current(folder)
    drafting.write(out, drafts.targets(current, options.now_or(at), "confirm as it is"), current)


def _listed(
    current: view.View, at: datetime | None, title: str, listed: dict[str, participants.Participant]
) -> proposal.Proposal:
    return drafts.targets(current, options.now_or(at), title, participants=listed)


def _participant(current: view.View, code: str) -> participants.Participant:
    if code not in current.participants:
        raise UsageError(
            "participant-unknown",
            f"there is no participant {code}",
            "see: pratique authority status DIR",
        )
    return current.participants[code]


def _check_domains(code: str, domains: tuple[str, ...], tested: frozenset[str]) -> None:
    for domain in domains:
        if domain not in DOMAINS:
            raise UsageError(
                "domain-unknown",
                f"{printable(domain)} is no domain that is known here",
                f"one of {', '.join(sorted(DOMAINS))}",
            )
        if domain not in tested and onboard.ANY not in tested:
            raise UsageError(
                "self-test-missing",
                f"{code}: no self-test for {domain} is recorded; "
                f"recorded are {', '.join(sorted(tested)) or 'none'}",
                "record it when it was passed: authority onboard ... self-test-passed --domain",
            )


def _compared(records: tuple[onboard.Record, ...], one: cards.Application) -> None:
    code = one.participant.code
    if not onboard.check_application(records, one.data, code):
        click.echo(
            f"note: {code}: no document is recorded with keys-submitted, so this application was compared with none",
            err=True,
        )


def _require(
    folder: Path, current: view.View, code: str, steps: set[Step]
) -> tuple[onboard.Record, ...]:
    records = place.records(folder, code, current)
    last = records[-1].step if records else None
    if last not in steps:
        raise UsageError(
            "step-missing",
            f"{code}: the last recorded step is {last or 'none'}, and not {' or '.join(sorted(steps))}",
            f"record what was done: pratique authority onboard {folder} {code} STEP --key URI",
        )
    return records


for _command in (roots.seats, roots.online_keys, roots.log):
    propose.add_command(_command)
