"""`pratique gateway`: run a gateway.

    init, load, update, status, audit, purge: a gateway's folder        serve: DIR -> https://HOST:PORT | a UNIX socket
    front: the configuration of the server in front             push, pull: `gateway_client`

1. Exit: 0 done · 2 usage · 3 refused, by the gateway or here · 4 it cannot listen there, or is not reached.
2. What is served, and to whom, is written nowhere; a fault is told in one line, by its kind and place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.terminal import LONGEST, say
from pratique.errors import Unreadable, UsageError
from pratique.gateway.mailbox import CertificateGroup
from pratique.gateway.wire import Profile
from pratique.parties import gateway as parties_gateway
from pratique.parties import gateway_network
from pratique.parties import gateway_service as service
from pratique.store import files, front
from pratique.text import as_json, plural, printable, rfc3339

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
RUN = "run"
"""Folder of the socket and of the server in front, within a gateway's."""
SOCKET = "gateway.sock"
gateway_folder = click.argument("folder", metavar="DIR", type=FOLDER)
_FRONT = click.Choice([kind.value for kind in front.FrontKind])


listen = click.option(
    "--listen", metavar="HOST:PORT", help="Where the server in front listens, with TLS."
)
certificate = click.option(
    "--certificate", type=FILE, metavar="PEM", help="The server's certificate, and those above it."
)
key = click.option("--key", type=FILE, metavar="PEM", help="Its private key.")


@click.command()
@gateway_folder
@click.option("--database", "url", metavar="URL",
              help="postgresql://USER@HOST/NAME [default: SQLite, in DIR].")  # fmt: skip
@click.option("--profile", type=click.Choice([profile.value for profile in Profile]),
              default=Profile.COMPATIBLE.value, show_default=True,
              help="What becomes of uploads that the network's procedures forbid: taken with remarks, or refused.")  # fmt: skip
def init(*, folder: Path, url: str | None, profile: str) -> None:
    """Make a gateway in DIR."""
    parties_gateway.init(folder, url, Profile(profile))
    say(printable(f"gateway, {profile}: {folder}"))


@click.command()
@gateway_folder
@click.option("--participants", required=True, metavar="FOLDER",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Participants' folders, as WHO keeps them, or one of those.")  # fmt: skip
@click.option("--anchor", "anchors", required=True, multiple=True, type=FILE, metavar="PEM",
              help="Certificate of a trust anchor, from a trusted source. Repeatable.")  # fmt: skip
@click.option("--roles", type=FILE, metavar="JSON", help="Who may read, upload and delete revocations [default: as before].")  # fmt: skip
@click.option("--value-sets", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="Value sets that are served, a JSON file each.")  # fmt: skip
@options.now
def load(
    *,
    folder: Path,
    participants: Path,
    anchors: tuple[Path, ...],
    roles: Path | None,
    value_sets: Path | None,
    at: datetime,
) -> None:
    """Take over who takes part; the same again changes nothing."""
    wanted = parties_gateway.Load(participants, anchors, roles, value_sets)
    loaded = parties_gateway.load(folder, wanted, at=at)
    for row in loaded.left_out:
        say(printable(f"note: {row.name}: not believed: {row.why}", LONGEST), err=True)
    _lacking(loaded.incomplete)
    for name in loaded.idle_roles:
        say(
            printable(f"note: roles are given to {name}, who has no TLS certificate here"), err=True
        )
    sets = plural(len(loaded.value_sets), "value set")
    say(
        f"{plural(loaded.parties, 'certificate')}: {len(loaded.added)} added, {len(loaded.removed)} removed; "
        f"{sets} new or changed"
    )


def _lacking(incomplete: Mapping[str, tuple[CertificateGroup, ...]]) -> None:
    for country, groups in incomplete.items():
        lacking = ", ".join(group.value for group in groups)
        say(printable(f"note: {country} has no {lacking}"), err=True)


@click.command()
@gateway_folder
@options.home
@options.output_format
@options.now
def update(*, folder: Path, home: Path | None, output_format: str, at: datetime) -> None:
    """Show what the network publishes, as `pratique sync` holds it; on a schedule (cron), after each sync."""
    done = gateway_network.update(folder, home, at=at)
    if output_format == "json":
        rows = [row._asdict() for row in done.left_out]
        click.echo(as_json(done._asdict() | {"left_out": rows}, indent=1, sort_keys=True))
        return
    for row in done.left_out:
        say(printable(f"note: {row}", LONGEST), err=True)
    say(f"{done.added} added, {done.confirmed} confirmed, {done.removed} removed")


@click.command()
@gateway_folder
@options.output_format
@options.now
def status(*, folder: Path, output_format: str, at: datetime) -> None:
    """Show who takes part, what is kept, and which certificates end within 90 days."""
    shown = parties_gateway.status(folder, at=at)
    network = gateway_network.shown_network(folder)
    if output_format == "json":
        ending = [row._asdict() | {"until": rfc3339(row.until)} for row in shown.ending]
        more = {"ending": ending, "network": None if network is None else network._asdict()}
        click.echo(as_json(shown._asdict() | more, indent=1, sort_keys=True))
        return
    say(printable(f"{shown.profile}; {', '.join(shown.countries) or 'nobody takes part'}", LONGEST))
    if network is not None:
        since = rfc3339(network.published)
        say(printable(f"network {network.network}, as it was published {since}", LONGEST))
    say(", ".join(plural(count, *_KEPT[name]) for name, count in sorted(shown.counts.items())))
    say(plural(len(shown.value_sets), "value set"))
    for row in shown.ending:
        until = rfc3339(row.until)
        say(printable(f"{row.country} {row.group} {row.thumbprint[:16]} until {until}"))
    if shown.signers_ending:
        say(f"{plural(shown.signers_ending, 'signer')} until less than 90 days from now")
    _lacking(shown.incomplete)


_KEPT = {
    "entry": ("signer",),
    "rule": ("version of a rule", "versions of rules"),
    "batch": ("batch",),
}


@click.command()
@gateway_folder
@options.output_format
def audit(*, folder: Path, output_format: str) -> None:
    """Show what was done: when, by which country, what, and a digest."""
    for row in parties_gateway.audit(folder):
        if output_format == "json":
            click.echo(as_json(row._asdict() | {"at": rfc3339(row.at)}))
        else:
            click.echo(printable(f"{rfc3339(row.at)} {row.country or '--'} {row.act} {row.digest}"))


@click.command()
@gateway_folder
@options.now
def purge(*, folder: Path, at: datetime) -> None:
    """End what has expired, and forget what was deleted long enough ago; on a schedule (cron), once a day."""
    purged = parties_gateway.purge(folder, at=at)
    say(f"{plural(purged.rows, 'row')} ended or forgotten")
    if not purged.is_wiped:
        say(
            "note: readers kept it from being wiped from the files; the next purge does it",
            err=True,
        )


@click.command()
@gateway_folder
@listen
@certificate
@key
@click.option("--front", "kind", type=_FRONT, help="The server in front [default: the first that is installed].")  # fmt: skip
@click.option("--socket", "path", type=click.Path(path_type=Path), metavar="PATH",
              help="Listen on this UNIX socket alone: a server of your own ends TLS (see: gateway front).")  # fmt: skip
def serve(
    *,
    folder: Path,
    listen: str | None,
    certificate: Path | None,
    key: Path | None,
    kind: str | None,
    path: Path | None,
) -> None:
    """Serve the gateway in DIR, behind nginx, HAProxy or Caddy, until SIGTERM."""
    from pratique.store import gateway_server  # noqa: PLC0415 - the others need no server

    if path is not None and (listen, certificate, key, kind) != (None,) * 4:
        raise UsageError(
            "gateway-listen",
            "--socket is for a server of your own, which has an address and a key itself",
            "leave --listen, --certificate, --key and --front out",
        )
    place = None if path is not None else _place(folder, listen, certificate, key)
    opened = parties_gateway.open_gateway(folder)
    answers = service.GatewayAnswers(opened.store, opened.settings)
    served = gateway_server.application(
        answers, partial(say, err=True), turned_away=answers.turned_away
    )
    with closing(opened.store), _alone(folder), gateway_server.interruptible() as ending:
        # An earlier process may have been killed before it could wipe what was deleted.
        opened.store.wipe()
        if place is None:
            assert path is not None
            with gateway_server.listening(path, 0o660) as taken:
                say(printable(f"serving {folder} on {path}"), err=True)
                gateway_server.serve(served, taken, ending=ending)
            return
        chosen, program = front.chosen(front.FrontKind(kind) if kind else None)
        with (
            gateway_server.room_for(place.socket) as own,
            gateway_server.listening(own) as taken,
        ):
            running = front.start(chosen, program, place._replace(socket=own))
            with closing(running):
                where = f"https://{listen} behind {chosen.value}"
                say(printable(f"serving {folder} on {where}"), err=True)
                gateway_server.serve(served, taken, front=running, ending=ending)
        if not running.was_stopped:
            raise Unreadable("front-ended", f"{chosen.value} has ended", "start the gateway again")


@click.command("front")
@gateway_folder
@click.option("--for", "kind", type=_FRONT, required=True, help="The server that it is for.")
@listen
@certificate
@key
@click.option("--socket", "path", type=click.Path(path_type=Path), metavar="PATH",
              help="The socket of gateway serve --socket [default: the one of gateway serve in DIR].")  # fmt: skip
def front_(
    *,
    folder: Path,
    kind: str,
    listen: str | None,
    certificate: Path | None,
    key: Path | None,
    path: Path | None,
) -> None:
    """Print the configuration of a server that ends TLS in front of the gateway in DIR."""
    place = _place(folder, listen, certificate, key)
    if path is not None:
        place = place._replace(socket=path.absolute())
    click.echo(front.configuration(front.FrontKind(kind), place), nl=False)


def _place(
    folder: Path, listen: str | None, certificate: Path | None, key: Path | None
) -> front.Place:
    if listen is None or certificate is None or key is None:
        raise UsageError(
            "gateway-listen",
            "it is not said where to listen, and with which certificate",
            "--listen HOST:PORT --certificate PEM --key PEM; or --socket PATH alone",
        )
    host, port = options.address(listen)
    run = folder.absolute() / RUN
    return front.Place(host, port, certificate.absolute(), key.absolute(), run / SOCKET, run)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """See to it that a gateway's folder is served once."""
    run = folder / RUN
    with files.usable(run):
        files.folder(run)
        try:
            lock = files.hold(run, wait=False)
        except BlockingIOError:
            raise UsageError(
                "gateway-served", f"{folder}: it is served already", "stop that one first"
            ) from None
    with lock:
        yield
