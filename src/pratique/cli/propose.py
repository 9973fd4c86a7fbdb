"""`pratique authority propose`: draft what the seats are to sign. A file, and nothing changes yet.

admit · activate · withdraw · rekey · value-sets · suspend · renew · seats · online-keys · log -> PROPOSAL
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import options
from pratique.errors import DocumentRefused, UsageError
from pratique.network import logged, metadata, participants, proposal, view
from pratique.network.metadata import of_root
from pratique.network.view import View
from pratique.onboarding import steps
from pratique.onboarding.checks import DOMAINS
from pratique.onboarding.steps import Step
from pratique.parties import authority, cards
from pratique.parties import log as parties_log
from pratique.store import files, sources
from pratique.store.keys import Secret, make_key, open_key
from pratique.terms import Environment
from pratique.text import as_json, printable
from pratique.trust.registry import Suspension

# ----------------------------------------------------------------------------------------------------
# `pratique authority show` and `sign`: a proposal on a seat's own machine.
#
#     PROPOSAL, the network as this machine knows it -> what changes, who is missing -> a signature
#
# 1. What is signed is shown first, against the network that this machine has checked itself.
# 2. Which network and environment it is for stands above everything else, and in the question.
# 3. A signature is added to the file; nothing else of it changes.


FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@authority.repository
@authority.home
@options.output_format
def show(*, file: Path, repository: Path | None, home: Path | None, output_format: str) -> None:
    """Show what PROPOSAL would change, who has signed it and who is missing."""
    found, known = load(file), authority.known(repository, home)
    current = proposal.changed(found, known)
    if output_format == "json":
        needs = [{**n._asdict(), "is_met": n.is_met} for n in proposal.needs(found, current)]
        lines, named = list(proposal.told(found, current)), proposal.network_of(found)
        whose = {"network": None, "environment": None} if named is None else named.to_field()
        document = {**whose, "title": found.title, "changes": lines, "needs": needs}
        click.echo(as_json(document, indent=1))
        return
    tell(found, known)


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@click.option("--key", "uri", required=True, metavar="URI", help="The key: file:PATH or pkcs11:….")
@click.option("--yes", is_flag=True, help="Do not ask; it was read before.")
@authority.repository
@authority.home
@options.secret_files
def sign(
    *,
    file: Path,
    uri: str,
    yes: bool,
    repository: Path | None,
    home: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Sign PROPOSAL with this seat's, or this participant's, key."""
    found, known = load(file), authority.known(repository, home)
    current = proposal.changed(found, known)
    if not yes:
        tell(found, known)
        options.confirm(f"sign this for {_fit(network(found, current))}?")
    key = open_key(uri, folder=Path.cwd(), secret=options.secrets(password_file, pin_file))
    roles = proposal.sign(found, key, current)
    files.write(file, proposal.to_bytes(found))
    if yes:
        for line in _networks(found, known):
            click.echo(_fit(line))
    click.echo(f"signed: {', '.join(roles)}")
    for line in standing(found, current):
        click.echo(_fit(line))


def load(file: Path) -> proposal.Proposal:
    """Read a proposal."""
    data = sources.read_bytes(file, 64 * 1024 * 1024)
    try:
        return proposal.from_bytes(data)
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code,
            f"{file}: this is no proposal, or it was damaged",
            "ask its author for it again",
        ) from error


def tell(found: proposal.Proposal, known: View | None) -> None:
    """Say what a proposal is about."""
    if known is None and proposal.foundation(found) is None:
        click.echo("note: no network is known here to compare it with", err=True)
    for line in told(found, known):
        click.echo(printable(line, len(line)))


def told(found: proposal.Proposal, known: View | None) -> Iterator[str]:
    """Yield what a proposal is about, who has signed and who is missing; fit for a terminal.

    The network comes first: everything else is read in the light of it.
    """
    current = proposal.changed(found, known)
    for line in (
        *_networks(found, known),
        found.title,
        *proposal.told(found, current),
        *standing(found, current),
    ):
        yield _fit(line)


def network(found: proposal.Proposal, current: View | None) -> str:
    """Name the network that a proposal is for."""
    named = proposal.network_of(found)
    if named is None and current is not None:
        named = current.board.name
    return "a network that it does not name" if named is None else str(named)


def _networks(found: proposal.Proposal, known: View | None) -> Iterator[str]:
    current = proposal.changed(found, known)
    yield f"network {network(found, current)}"
    if proposal.network_of(found) is None:
        yield "mind: what is signed does not name its network, and could be published in another one"
    first = proposal.foundation(found)
    if first is None or known is None:
        return
    named = of_root(first, held=True).name
    if named != known.board.name:
        yield f"mind: this is another network, {named}: the one known here is {known.board.name}"
    elif known.root.version > 1 or known.root.to_dict() != first.to_dict():
        # Whoever follows it leaves the network that it has the name of.
        yield "mind: a network of that name is known here already, and this begins another one"


def _fit(line: str) -> str:
    # Whole, however long: what is cut off would be signed all the same.
    return printable(line, len(line))


def standing(found: proposal.Proposal, known: View | None) -> list[str]:
    """Say who has signed and who is missing."""
    lines = []
    for need in proposal.needs(found, known):
        lines.append(f"{need.role}: {len(need.signed)} of {need.threshold}, asked by {need.by}")
        lines.append(f"  signed: {', '.join(need.signed) or 'nobody yet'}")
        if need.missing and not need.is_met:
            lines.append(f"  missing: {', '.join(need.missing)}")
    return lines


# ----------------------------------------------------------------------------------------------------
# What all drafts share: where they are drafted, when, and where they are written.


Command = TypeVar("Command", bound=Callable[..., Any])


def common(command: Command) -> Command:
    """Add DIR, --at and --out."""
    out = click.option(
        "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write the proposal.",
    )  # fmt: skip
    return authority.folder(options.at(out(command)))


def write(out: Path, drafted: proposal.Proposal, current: view.View) -> None:
    """Write a draft, and say what it is about."""
    files.write(out, proposal.to_bytes(drafted))
    tell(drafted, current)
    click.echo(f"proposal: {out}")


# ----------------------------------------------------------------------------------------------------
# `pratique authority init`: the online keys, and the first root for the seats to sign.


KEYS = ("file:keys/snapshot-{}.pem", "file:keys/timestamp-{}.pem")
"""Where the online keys are made, by the version of the root that names them."""


@click.command()
@authority.folder
@click.option("--network", required=True, help="The network's name.")
@click.option("--seat", "seats", multiple=True, required=True,
              type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="CARD",
              help="A seat's card, from: pratique authority seat. Repeatable.")  # fmt: skip
@click.option("-k", "--threshold", type=int, default=metadata.DEFAULT_THRESHOLD, show_default=True,
              help="Seats that it takes to admit, change and publish.")  # fmt: skip
@click.option("--suspend", type=int, default=metadata.DEFAULT_SUSPEND, show_default=True,
              help="Seats that it takes to suspend, for 14 days at most.")  # fmt: skip
@click.option("--per-region", type=int, default=metadata.DEFAULT_PER_REGION, show_default=True,
              help="Seats that a region may have at most.")  # fmt: skip
@click.option("--environment", type=click.Choice([e.value for e in Environment]),
              default=Environment.PRODUCTION.value, show_default=True,
              help="Of all that the network publishes.")  # fmt: skip
@click.option("--value-sets", multiple=True, type=click.Path(path_type=Path, exists=True),
              metavar="PATH", help="Value sets to publish. Repeatable.")  # fmt: skip
@click.option("--witness", "witnesses", multiple=True, metavar="KEY",
              help="A witness of the network's log, from: pratique witness init. Repeatable.")  # fmt: skip
@click.option("--quorum", type=click.IntRange(1), metavar="N",
              help="Witnesses that must have seen an edition [default: two thirds].")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The proposal [default: root-1.proposal in DIR].")  # fmt: skip
@options.at
@options.secret_files
def init(
    *,
    folder: Path,
    network: str,
    seats: tuple[Path, ...],
    threshold: int,
    suspend: int,
    per_region: int,
    environment: str,
    value_sets: tuple[Path, ...],
    witnesses: tuple[str, ...],
    quorum: int | None,
    out: Path | None,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Begin a network in DIR: make its online keys, and propose its first root to the seats."""
    if (folder / authority.FILE).exists():
        raise UsageError(
            "authority-exists", f"{folder}: there is an authority already", "name another folder"
        )
    found = [cards.read_seat(path) for path in seats]
    _check(network, threshold, len(found))
    listed = tuple(card.seat for card in found)
    made = metadata.Board(network, Environment(environment), listed, threshold, suspend, per_region)
    made.check()
    seen_by = parties_log.quorum(folder, witnesses, quorum) if witnesses else None
    own = {metadata.VALUE_SETS: sets_of(value_sets)} if value_sets else {}
    secret = options.secrets(password_file, pin_file, new=True)
    online, noted = first_online_keys(folder, network, 1, secret)
    drafted = proposal.first(
        made,
        [card.public_key for card in found],
        online,
        own,
        options.now_or(at),
    )
    if seen_by is not None:
        logged.adopt(drafted.metadata, seen_by)
    path = out or folder / "root-1.proposal"
    authority.repository_of(folder).mkdir(parents=True, exist_ok=True)
    files.write(path, proposal.to_bytes(drafted))
    authority.save_online(folder, noted)
    for line in made.fragile():
        click.echo(f"mind: {line}", err=True)
    click.echo(f"{network}: {threshold} of {len(found)} seats, {suspend} to suspend: {folder}")
    if seen_by is not None:
        click.echo(f"its log: {seen_by.log.name}, {seen_by.needed} of {len(witnesses)} witnesses")
    click.echo(f"proposal: {path}")
    click.echo("each seat, on its own machine: pratique authority sign PROPOSAL --key URI")
    click.echo(f"then: pratique authority publish {folder} PROPOSAL...")


def _check(network: str, threshold: int, count: int) -> None:
    # Before any key is made.
    if not 0 < len(network.strip()) <= 80 or not network.isprintable():
        raise UsageError("network-unnamed", "--network is empty, too long or not printable")
    if threshold > count:
        raise UsageError(
            "threshold-unfit",
            f"{threshold} of {count} seats cannot sign",
            "name more cards with --seat, or a lower threshold with -k",
        )


def first_online_keys(
    folder: Path, network: str, version: int, secret: Secret
) -> tuple[proposal.Online, dict[str, str]]:
    """Make the online keys of a root's version; return them, and where they lie by identifier.

    Keys that an interrupted call has made are taken: the same call can be made again.
    """
    note = f"Online key of {network}. It can add nothing to what the seats have signed.\n\n"
    made = {}
    for uri in (name.format(version) for name in KEYS):
        try:
            key = make_key(uri, folder=folder, secret=secret, note=note)
        except UsageError as error:
            if error.code != "key-exists":
                raise
            key = open_key(uri, folder=folder, secret=secret)
        made[uri] = key.public_key
    return proposal.Online(*made.values()), {metadata.keyid(key): uri for uri, key in made.items()}


def sets_of(paths: tuple[Path, ...]) -> bytes:
    """Return published value sets as one document."""
    import json  # noqa: PLC0415 - only where value sets are named

    from pratique.rules.documents import write_sets  # noqa: PLC0415

    found = write_sets(sources.rules_from(paths))
    if not found:
        raise UsageError(
            "value-sets-missing",
            f"{', '.join(map(str, paths))}: there is no value set in it",
            "value sets are JSON: {name: [code, ...]}",
        )
    return json.dumps(found, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


# ----------------------------------------------------------------------------------------------------
# `pratique authority propose seats`, `online-keys` and `log`: the next root, for the seats to sign.


@click.command()
@common
@click.option("--seat", "seat_cards", multiple=True, type=click.Path(path_type=Path, exists=True), metavar="CARD",
              help="A new seat, or another holder or key of one. Repeatable.")  # fmt: skip
@click.option("--remove", multiple=True, metavar="NAME", help="A seat that goes. Repeatable.")
@click.option("-k", "--threshold", type=int, help="Another threshold.")
@click.option("--suspend", type=int, help="Another threshold to suspend.")
@click.option("--per-region", type=int, help="Another cap of a region.")
def seats(
    *,
    folder: Path,
    seat_cards: tuple[Path, ...],
    remove: tuple[str, ...],
    threshold: int | None,
    suspend: int | None,
    per_region: int | None,
    out: Path,
    at: datetime | None,
) -> None:
    """Propose the next root: other seats or thresholds, or the same for another year."""
    current = authority.current(folder)
    board, public = current.board, proposal.seat_keys(current)
    held = {seat.name: seat for seat in board.seats}
    for name in remove:
        held.pop(authority.seat_named(current, name).name)
    for card in map(cards.read_seat, seat_cards):
        held[card.seat.name] = card.seat
        public[card.seat.keyid] = card.public_key
    made = board._replace(
        seats=tuple(held[name] for name in sorted(held)),
        threshold=threshold or board.threshold,
        suspend_threshold=suspend or board.suspend_threshold,
        per_region=per_region or board.per_region,
    )
    own = [public[seat.keyid] for seat in made.seats]
    write(out, proposal.root(current, options.now_or(at), board=made, seats=own), current)


@click.command("online-keys")
@common
@options.secret_files
def root_online_keys(
    *,
    folder: Path,
    out: Path,
    at: datetime | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Propose the next root with other online keys: these are lost, stolen, or a year old."""
    current = authority.current(folder)
    secret = options.secrets(password_file, pin_file, new=True)
    online, noted = first_online_keys(
        folder, current.board.network, current.root.version + 1, secret
    )
    authority.save_online(folder, noted)
    seated = proposal.seat_keys(current).values()
    drafted = proposal.root(
        current, options.now_or(at), board=current.board, seats=seated, online=online
    )
    write(out, drafted, current)


@click.command()
@common
@click.option("--witness", "witnesses", multiple=True, required=True, metavar="KEY",
              help="A witness's key, from: pratique witness init. Repeatable.")  # fmt: skip
@click.option("--quorum", type=click.IntRange(1), metavar="N",
              help="Witnesses that must have seen an edition [default: two thirds].")  # fmt: skip
def log(
    *, folder: Path, witnesses: tuple[str, ...], quorum: int | None, out: Path, at: datetime | None
) -> None:
    """Propose the next root with a log, or with other witnesses of it."""
    current, asked = authority.current(folder), parties_log.quorum(folder, witnesses, quorum)
    before = logged.policy_of(current.root)
    if before is not None and before.log != asked.log:
        raise UsageError("log-replaced", "a network keeps its log; its witnesses may change")
    seated = proposal.seat_keys(current).values()
    drafted = proposal.root(current, options.now_or(at), board=current.board, seats=seated)
    logged.adopt(drafted.metadata, asked)
    write(out, drafted, current)


BEFORE_ADMISSION = {Step.QA_PASSED, Step.ANCHOR_SIGNED}


@click.group()
def propose() -> None:
    """Draft what the seats are to sign."""


@propose.command()
@common
@click.argument(
    "applications",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="APPLICATION...",
)
def admit(*, folder: Path, applications: tuple[Path, ...], out: Path, at: datetime | None) -> None:
    """Admit participants: their keys may speak for CODE/ from then on; no domain is active yet."""
    current = authority.current(folder)
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
    write(out, proposal.targets(current, options.now_or(at), title, participants=listed, members=members), current)  # fmt: skip


@propose.command()
@common
@click.argument("code")
@click.option("--domain", "domains", multiple=True, required=True, help="DCC, ICVP. Repeatable.")
def activate(
    *, folder: Path, code: str, domains: tuple[str, ...], out: Path, at: datetime | None
) -> None:
    """Make participant CODE active for domains, after its self-test."""
    current = authority.current(folder)
    records = _require(folder, current, code, {Step.SELF_TEST_PASSED})
    _check_domains(code, domains, steps.tested(records))
    one = _participant(current, code)
    changed = one._replace(domains=one.domains | set(domains))
    title = f"activate {code} for {', '.join(domains)}"
    write(out, _listed(current, at, title, {**current.participants, code: changed}), current)


@propose.command()
@common
@click.argument("code")
def withdraw(*, folder: Path, code: str, out: Path, at: datetime | None) -> None:
    """Let participant CODE go: its own wish, or the seats' decision."""
    current = authority.current(folder)
    _participant(current, code)
    listed = {name: one for name, one in current.participants.items() if name != code}
    drafted = proposal.targets(
        current, options.now_or(at), f"withdraw {code}", participants=listed, members={code: None}
    )
    write(out, drafted, current)


@propose.command()
@common
@click.argument("application", type=click.Path(path_type=Path, exists=True))
def rekey(*, folder: Path, application: Path, out: Path, at: datetime | None) -> None:
    """Give a participant other keys: the old ones are lost, stolen, or at their end."""
    current, one = authority.current(folder), cards.read_application(application)
    code = one.participant.code
    _participant(current, code)
    if one.environment is not current.board.environment:
        raise UsageError(
            "environment-differs", f"{code} applies for {one.environment}, not for this network"
        )
    _compared(_require(folder, current, code, BEFORE_ADMISSION), one)
    drafted = proposal.targets(
        current, options.now_or(at), f"other keys for {code}", members={code: one.keys}
    )
    write(out, drafted, current)


@propose.command("value-sets")
@common
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH...",
)
def value_sets(*, folder: Path, paths: tuple[Path, ...], out: Path, at: datetime | None) -> None:
    """Publish value sets, in place of those that are published."""
    current = authority.current(folder)
    own = {metadata.VALUE_SETS: sets_of(paths)}
    write(out, proposal.targets(current, options.now_or(at), "value sets", files=own), current)


@propose.command()
@common
@click.argument("code")
@click.option("--reason", type=click.Choice([r.value for r in participants.Reason]), required=True)
@click.option("--days", type=click.IntRange(1, 14), default=14, show_default=True)
def suspend(
    *, folder: Path, code: str, reason: str, days: int, out: Path, at: datetime | None
) -> None:
    """Suspend CODE for some days: everybody sees it, and it ends by itself."""
    current, instant = authority.current(folder), options.now_or(at)
    since = int(instant.timestamp())
    until = int((instant + timedelta(days=days)).timestamp())
    _participant(current, code)
    try:
        drafted = proposal.suspension(current, instant, code, Suspension(since, until, reason))
    except DocumentRefused as error:
        raise UsageError(
            error.code,
            error.message,
            "it is a brake that wears out; to let it go: propose withdraw",
        ) from error
    write(out, drafted, current)


@propose.command()
@common
def renew(*, folder: Path, out: Path, at: datetime | None) -> None:
    """Confirm the participants as they are, before the authority's last edition ends."""
    current = authority.current(folder)
    write(out, proposal.targets(current, options.now_or(at), "confirm as it is"), current)


def _listed(
    current: view.View, at: datetime | None, title: str, listed: dict[str, participants.Participant]
) -> proposal.Proposal:
    return proposal.targets(current, options.now_or(at), title, participants=listed)


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
        if domain not in tested and steps.ANY not in tested:
            raise UsageError(
                "self-test-missing",
                f"{code}: no self-test for {domain} is recorded; "
                f"recorded are {', '.join(sorted(tested)) or 'none'}",
                "record it when it was passed: authority onboard ... self-test-passed --domain",
            )


def _compared(records: tuple[steps.Record, ...], one: cards.Application) -> None:
    code = one.participant.code
    if not steps.check_application(records, one.data, code):
        click.echo(
            f"note: {code}: no document is recorded with keys-submitted, so this application was compared with none",
            err=True,
        )


def _require(
    folder: Path, current: view.View, code: str, steps: set[Step]
) -> tuple[steps.Record, ...]:
    records = authority.records(folder, code, current)
    last = records[-1].step if records else None
    if last not in steps:
        raise UsageError(
            "step-missing",
            f"{code}: the last recorded step is {last or 'none'}, and not {' or '.join(sorted(steps))}",
            f"record what was done: pratique authority onboard {folder} {code} STEP --key URI",
        )
    return records


for _command in (seats, root_online_keys, log):
    propose.add_command(_command)
