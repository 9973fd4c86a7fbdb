"""The authority's commands, but for the drafts (`propose`) and for showing and signing them (`proposal`).

Exit of what publishes: 0 it is in force · 1 it never will be: the witnesses have seen another tree of the log · 3 it waits
for its witnesses, and nobody can say yet.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.lazy import Group, Option, PartyCommand
from pratique.cli.proposal import FILE
from pratique.errors import PratiqueError
from pratique.network import logged
from pratique.onboarding.steps import OnboardingStep
from pratique.parties import authority, authority_home
from pratique.parties import log as parties_log
from pratique.parties.proposals import repository_of
from pratique.store import files, server
from pratique.store.keys import Secret
from pratique.text import as_json, plural, printable

IN_FORCE, FORKED, WAITS = 0, 1, 3
PASSED, FAILED = 0, 1


@click.command(cls=PartyCommand)
@options.authority
@click.argument("proposals", nargs=-1, required=True, metavar="PROPOSAL...", type=FILE)
@click.option("--skip-witness-check", is_flag=True, cls=Option, was=("--unseen",),
              help="Enter a root into the log before its new witnesses have answered here.")  # fmt: skip
@options.now
@options.secret
def publish(
    *,
    folder: Path,
    proposals: tuple[Path, ...],
    skip_witness_check: bool,
    at: datetime,
    secret: Secret,
) -> int:
    """Publish one proposal: several copies of it may be named, each with other signatures."""
    drafted = authority.load_copies(folder, proposals)
    for line in authority.told_of_rules(folder, drafted):
        # Whole, however long: the sentence of a state stands in it.
        click.echo(printable(line, len(line)))
    came = authority.publish(folder, drafted, secret, at=at, skip_witness_check=skip_witness_check)
    title = printable(drafted.title)
    if came.is_forked:
        click.echo(f"{title}: is not published")
    elif came.lacking:
        click.echo(f"{title}: waits for its witnesses, and is published when they have seen it")
        click.echo(f"then, or to ask them again: pratique authority refresh --authority {folder}")
    elif came.files:
        click.echo(f"{title}: {len(came.files)} files, {sum(map(len, came.files.values()))} bytes")
    else:
        click.echo(f"{title}: published already")
    return _echo_waiting(came)


@click.command(cls=PartyCommand)
@options.authority
@options.now
@options.secret
def refresh(*, folder: Path, at: datetime, secret: Secret) -> int:
    """Sign a new timestamp, so that verifiers know that nothing is held back from them."""
    return _echo_refreshed(authority.refresh(folder, secret, at=at))


def _echo_refreshed(came: parties_log.Progress) -> int:
    if came.files:
        signed = [name for name in came.files if name.startswith("metadata/")]
        click.echo(f"published anew: {', '.join(signed)}")
    return _echo_waiting(came)


def _echo_waiting(came: parties_log.Progress) -> int:
    for line in came.describe():
        click.echo(printable(line))
    if came.is_forked:
        return FORKED
    return WAITS if came.lacking else IN_FORCE


# `pratique authority log`: its key, its witnesses, and cosignatures that are carried by hand.
#
# `publish` and `refresh` ask every witness whose address is noted here; `request` and `add-cosignature` are for one that
# is reached by mail or on a stick. The log's key can be lost or stolen: then the network begins anew, from another anchor.


@click.group(cls=Group, was={"witness": "set-witness-url", "add": "add-cosignature"})
def log() -> None:
    """Keep the log in which all that is published stands."""


log.command_class = PartyCommand


@log.command()
@options.authority
@click.option("--name", required=True, metavar="ORIGIN",
              help="Of the log, as an address without https://: log.example.org/network")  # fmt: skip
@options.new_secret
def init(*, folder: Path, name: str, secret: Secret) -> None:
    """Make the log's key, before the network or for its next root; print the key for witnesses."""
    click.echo(parties_log.init(folder, name, secret).to_text())


@log.command()
@options.authority
@click.argument("name")
@click.argument("url")
def set_witness_url(*, folder: Path, name: str, url: str) -> None:
    """Note at which web address witness NAME is asked."""
    parties_log.set_witness_url(folder, name, url)
    click.echo(f"{printable(name)} is asked at {printable(url)}")


@log.command()
@options.authority
def show(*, folder: Path) -> None:
    """Show the log: its key, its size, what waits for whom."""
    found = parties_log.state(folder)
    click.echo(found.own.to_text())
    click.echo(plural(found.size, "entry"))
    for one in found.witnesses:
        seen = "has" if one.is_cosigned else "has not"
        url = printable(one.url or "asked by hand")
        click.echo(f"  {printable(one.name)}: {seen} seen the newest checkpoint; {url}")
    if found.waiting:
        click.echo(f"waiting for their witnesses: {plural(found.waiting, 'file')}")


@log.command()
@options.authority
@click.option("--tree-size", default=0, show_default=True, metavar="SIZE", cls=Option, was=("--seen",),
              help="Size that the witness has seen last: pratique witness show")  # fmt: skip
def request(*, folder: Path, tree_size: int) -> None:
    """Print the request to a witness that is asked by hand."""
    sys.stdout.buffer.write(parties_log.request(folder, tree_size))


@log.command()
@options.authority
@click.argument("answers", nargs=-1, required=True, metavar="FILE...", type=FILE)
@options.now
@options.secret
def add_cosignature(
    *, folder: Path, answers: tuple[Path, ...], at: datetime, secret: Secret
) -> int:
    """Put under the checkpoint what witnesses have answered; publish what waits, if that is enough."""
    for path in answers:
        click.echo(f"{printable(parties_log.add_cosignature(folder, path))} has seen it")
    return _echo_refreshed(authority.refresh(folder, secret, at=at))


@click.command(cls=PartyCommand)
@options.authority
@click.argument("code")
@click.argument("step", required=False, type=click.Choice([step.value for step in OnboardingStep]))
@click.option("--key", "uri", metavar="URI", help="The key of the seat that records it.")
@click.option("--evidence", multiple=True, metavar="FILE", type=FILE,
              help="A file that shows it; its digest is kept, and nothing else. Repeatable.")  # fmt: skip
@click.option("--domain", default="", help="For which domain, where the step is for one.")
@options.now
@options.secret
def onboard(
    *,
    folder: Path,
    code: str,
    step: str | None,
    uri: str | None,
    evidence: tuple[Path, ...],
    domain: str,
    at: datetime,
    secret: Secret,
) -> None:
    """Record that CODE has reached STEP; without STEP show the records, and what may follow."""
    if step is None:
        found = authority.onboarding(folder, code)
        click.echo(f"network {printable(found.network)}")
        for one in found.records:
            click.echo(
                f"{one.at}  {one.step}{f' ({one.domain})' * bool(one.domain)}, recorded by {one.by}"
            )
            for digest in one.evidence:
                click.echo(f"    evidence: SHA-256 {digest}")
        click.echo(f"next may be: {', '.join(found.following)}")
        return
    if uri is None:
        raise click.UsageError("a step is signed by a seat: name its key with --key")
    shown = authority.Evidence(OnboardingStep(step), evidence, domain)
    found, is_new = authority.record(folder, code, shown, (uri, secret), at=at)
    if not is_new:
        click.echo(f"{code}: {step}, recorded already")
        return
    count = plural(len(evidence), "evidence file")
    click.echo(f"network {printable(found.network)}")
    click.echo(f"{code}: {step}, recorded by {found.records[-1].by}, {count}")


class _Seat(click.Group):
    """It was one command, `seat NAME`: that is still `seat create NAME`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the command that the earlier call left out."""
        is_earlier = args and args[0] not in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, ["create", *args] if is_earlier else args)


@click.group(cls=_Seat)
def seat() -> None:
    """A seat's key, and the card to hand in."""


@seat.command()
@click.argument("name")
@click.option(
    "--holder", required=True, help="Code of the state or organisation that holds it: XUA."
)
@click.option("--region", required=True, help="Region that the holder belongs to: AFR.")
@click.option("--key", "uri", metavar="URI", help="Where the key is made [default: file:NAME.pem].")
@click.option("--existing", is_flag=True, help="The key is there already: only write the card.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The card [default: NAME.json].")  # fmt: skip
@options.secret_files
def create(
    *,
    name: str,
    holder: str,
    region: str,
    uri: str | None,
    existing: bool,
    out: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
) -> None:
    """Make the key of seat NAME, here and nowhere else, and write the card to hand in."""
    secret = options.secrets(password_file, pin_file, new=not existing)
    path, named = out or Path.cwd() / f"{name}.json", (name, holder, region)
    keyid = authority.create_seat(named, uri or f"file:{name}.pem", path, secret, existing=existing)
    click.echo(f"{name} of {holder}, region {region}, key {keyid}: {path}")
    click.echo("hand the card to the secretariat, and read the key's identifier out to it")


@click.command("self-test", cls=PartyCommand)
@options.authority
@click.argument("code")
@click.argument("samples", nargs=-1, type=FILE, metavar="SAMPLE...")
@click.option("--domain", default="DCC", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the report there, as evidence.")  # fmt: skip
@options.now
def self_test(
    *,
    folder: Path,
    code: str,
    samples: tuple[Path, ...],
    domain: str,
    out: Path | None,
    at: datetime,
) -> int:
    """Try what CODE has published: each SAMPLE, a file of one certificate's text, must be authentic."""
    report = authority.self_test(folder, code, domain, samples, at=at)
    if out is not None:
        files.write(out, json.dumps(report, indent=1).encode() + b"\n")
    for row in report["checks"]:
        click.echo(f"{'passed' if row['passed'] else 'FAILED'}  {row['check']}: {row['found']}")
    return PASSED if report["passed"] else FAILED


# `pratique authority serve`: hand out the repository; with --accept, take editions in too.
#
#     GET the files · POST /proposals -> checked by its signatures -> published -> the answer
#
# 1. Nothing is written of who asks for what.
# 2. With --accept the online keys are in this process. What ran out while it was off is signed anew before it
#    serves, and the timestamp by the hour: who asks in that hour would be refused by its own clock.
# 3. It says that it serves when the address is its own, and not before. Exit: 4 if it cannot listen there.


@click.command(cls=PartyCommand)
@options.authority
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8017, show_default=True, type=click.IntRange(1, 65535))
@click.option("--accept", is_flag=True, help="Accept signed proposals, and publish them.")
@click.option("--refresh-minutes", default=60, show_default=True, type=click.IntRange(1, 24 * 60),
              help="How often the timestamp is signed anew, with --accept.")  # fmt: skip
@options.secret
def serve(
    *, folder: Path, host: str, port: int, accept: bool, refresh_minutes: int, secret: Secret
) -> None:
    """Serve the repository. Any static web server does as well, for reading."""
    served, receive = repository_of(folder), None
    if accept:
        authority_home.online_keys(folder, secret)
    listening = server.bound(host, port)
    if accept:
        lock = threading.Lock()
        _refresh(folder, secret, lock)

        def receive(data: bytes) -> dict[str, object]:
            with lock:
                return authority.receive(folder, data, secret, at=datetime.now(UTC))

        _keep_fresh(folder, secret, lock, refresh_minutes * 60)
    click.echo(f"serving {served} on http://{host}:{port}", err=True)
    server.serve(server.network_application(served, receive), listening)


def _keep_fresh(folder: Path, secret: Secret, lock: threading.Lock, seconds: float) -> None:
    def again() -> None:
        try:
            _refresh(folder, secret, lock)
        finally:
            _after(seconds, again)

    _after(seconds, again)


def _refresh(folder: Path, secret: Secret, lock: threading.Lock) -> None:
    try:
        with lock:
            came = authority.refresh(folder, secret, at=datetime.now(UTC))
        for line in came.describe():
            click.echo(f"note: {printable(line)}", err=True)
    except PratiqueError as error:
        # Told, and tried again next time: what is published stays, and grows old visibly.
        click.echo(f"error: {printable(error.message)}", err=True)


def _after(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


@click.command(cls=PartyCommand)
@options.authority
@options.now
@options.output_format
def status(*, folder: Path, at: datetime, output_format: str) -> None:
    """Show the seats, every participant's state, and what ends when."""
    found = authority.status(folder, at=at)
    board = found.current.board
    if output_format == "json":
        document = {
            "at": at.isoformat(), "network": board.network, "board": board.to_field(),
            "ends": found.ends, "participants": found.participants,
        }  # fmt: skip
        click.echo(as_json(document, indent=1, sort_keys=True))
        return
    click.echo(
        f"{board.network}, {board.environment}: {board.threshold} of {len(board.seats)} seats, "
        f"{board.suspend_threshold} to suspend, at most {board.per_region} a region"
    )
    for line in board.breaches():
        click.echo(
            f"warning: {printable(line)}; propose another root: pratique authority propose seats"
        )
    quorum = logged.policy_of(found.current.root)
    if quorum is not None:
        names = ", ".join(witness.name for witness in quorum.witnesses)
        click.echo(
            f"log {quorum.log.name}: {quorum.needed} of {len(quorum.witnesses)} witnesses see what is "
            f"published, {names}"
        )
    for one in board.seats:
        click.echo(printable(f"  {one.name:<10} {one.holder:<5} {one.region:<6} key {one.keyid}"))
    for what, end in found.ends.items():
        click.echo(f"{what:<12} until {end}")
    for row in found.participants:
        active = ", ".join(row["domains"]) or "nothing yet"
        edition = "nothing published"
        if row["edition"]:
            edition = f"edition {row['edition']} until {row['until']}"
        click.echo(
            f"{row['participant']:<6} {row['state']:<18} {row['signers_live']} of {row['signers']} "
            f"signers live, active for {active}, {edition}"
            + (f"; {row['problem']}" if row["problem"] else "")
            + ("" if row["recorded"] else "; its records are not here: put onboarding/ back")
        )
