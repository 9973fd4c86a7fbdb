"""`pratique desk`: an issuer's desk in a browser, for a clinic's counter.

    pratique desk -> http://localhost:8455/#TOKEN -> sign in -> issue, renew, correct, revoke
    pratique desk operator add | list | remove: who may work at it

1. Exit: 0 ended in order · 2 usage · 3 refused · 4 it cannot listen there, or has ended.
2. The address with its token is shown on the terminal alone. Enter there draws a new one.
3. What is issued, and to whom, is written nowhere but in the register, which has no names.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.records import folder_named, issuer
from pratique.cli.terminal import LONGEST, say
from pratique.errors import ExtraMissing, Unreadable, UsageError
from pratique.gateway import caller
from pratique.parties import desk_operators
from pratique.parties import issuer as parties_issuer
from pratique.parties import site as parties_site
from pratique.parties.desk import Right
from pratique.parties.paper import Paper
from pratique.store import files, front
from pratique.store import site as store_site
from pratique.store.files import core_dumps_off
from pratique.text import printable, rfc3339

try:
    from pratique.cli.issuer import DAY, code, paper_options, place_of, secret_of, session_options
except ModuleNotFoundError as _missing:
    if (_missing.name or "").startswith("pratique"):
        raise
    raise ExtraMissing("desk", "a desk") from _missing

if TYPE_CHECKING:
    from pratique.parties.desk_service import DeskOrder, SignIn
    from pratique.store.desk_server import DeskPlace

RUN, HTTPS = "desk-run", 443
"""Folder of the socket and of the server in front, within an issuer's."""
LOCAL = {"localhost", "127.0.0.1", "::1"}
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=Group, invoke_without_command=True)
@click.option("--site", callback=code, metavar="CODE",
              help="Code of the centre, kept in the register: a revocation can select by it.  [required]")  # fmt: skip
@click.option("--listen", default="localhost:8455", show_default=True, metavar="HOST:PORT",
              help="Where to listen; beyond this machine with --certificate and --key only.")  # fmt: skip
@click.option("--certificate", type=FILE, metavar="PEM",
              help="The server's certificate: on a clinic's network, by TLS, each operator with a certificate.")  # fmt: skip
@click.option("--key", type=FILE, metavar="PEM", help="Its private key.")
@click.option("--name", "names", multiple=True, metavar="HOST",
              help="A name under which browsers ask for it on the network. Repeatable.")  # fmt: skip
@click.option("--front", "kind", type=click.Choice([kind.value for kind in front.FrontKind]),
              help="The server that ends TLS [default: the first that is installed].")  # fmt: skip
@click.option("--site-archive", "pages", type=click.Path(path_type=Path, exists=True), metavar="ARCHIVE|DIR",
              help="The built pages: pratique-site-….tar.gz of a release, or a folder [default: what `make web` built].")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Do not open a browser: only show the address.")
@click.option("--idle", type=click.IntRange(1, 24 * 60), default=15, show_default=True, metavar="MINUTES",
              help="Minutes without a request until an operator has to sign in again.")  # fmt: skip
@click.option("--valid-days", type=click.IntRange(1, 3660), default=365, show_default=True,
              help="For how long a code may be read; never beyond its key's end.")  # fmt: skip
@click.option("--layout", type=click.Choice(("a4", "card", "large")), default="a4", show_default=True,
              help="Of its sheets: a page, a card to cut and fold, or large print.")  # fmt: skip
@paper_options
@session_options
@click.pass_context
def desk(ctx: click.Context, /, *, site: str | None, **given: Any) -> None:
    """Issue, renew, correct and revoke at a counter, in a browser on this machine."""
    if ctx.invoked_subcommand is not None:
        return
    if site is None:
        raise click.MissingParameter(param_type="option", param_hint="'--site'")
    tls = _tls(given["listen"], given.pop("certificate"), given.pop("key"), given["kind"])
    _run(site, tls=tls, **given)


def _run(
    site: str,
    *,
    listen: str,
    tls: front.Place | None,
    names: tuple[str, ...],
    kind: str | None,
    pages: Path | None,
    no_browser: bool,
    idle: int,
    valid_days: int,
    layout: str,
    languages: tuple[str, ...],
    translations: tuple[Path, ...],
    contact: str,
    fonts: tuple[Path, ...],
    **where: Any,
) -> None:
    from pratique.parties.desk_service import DeskOrder  # noqa: PLC0415 - operators need no server
    from pratique.store import desk_process, server  # noqa: PLC0415
    from pratique.store.desk_server import DeskPlace  # noqa: PLC0415

    secret, place = secret_of(**where), place_of(**where)
    sheets = Paper(layout, languages, translations, contact, fonts)
    order = DeskOrder(
        place, secret, site, valid_days * DAY, sheets, idle * 60, by_certificate=tls is not None
    )
    content = store_site.opened(pages if pages is not None else parties_site.own())
    # Typed in once: a child that is started anew has it from us. A token's PIN each child asks for itself.
    if any(shard.key.startswith("file:") for shard in parties_issuer.load(place.folder).shards):
        secret("file:")
    host, port = options.address(listen)
    shown = f"[{host}]" if ":" in host else host
    keep = partial(desk_process.keep, tell=partial(say, err=True))
    if tls is None:
        with server.bound(host, port) as taken:
            hosts = server.names_of(host, port)
            address = f"http://{shown}:{port}/"
            keep(_Serving(order, DeskPlace(content, hosts), address, taken, opens=not no_browser))
        return
    folder = place.folder / RUN
    behind = tls._replace(socket=folder / "desk.sock", folder=folder)
    more = {f"{name}:{port}" for name in names} | (set(names) if port == HTTPS else set())
    hosts = server.names_of(host, port, more)
    there = DeskPlace(content, hosts, "https", caller.thumbprint)
    keep(
        _Serving(order, there, f"https://{names[0] if names else shown}:{port}/", behind, kind=kind)
    )


def _tls(
    listen: str, certificate: Path | None, key: Path | None, kind: str | None
) -> front.Place | None:
    """Return how TLS is ended; None on this machine alone."""
    host, port = options.address(listen)
    if certificate is not None and key is not None:
        front.chosen(front.FrontKind(kind) if kind else None)
        nowhere = Path()
        return front.Place(
            host, port, certificate.absolute(), key.absolute(), nowhere, nowhere, front.FILES, keeps_host=True,
        )  # fmt: skip
    if host not in LOCAL or (certificate, key, kind) != (None,) * 3:
        raise UsageError(
            "desk-listen",
            "beyond this machine a desk listens by TLS alone, and knows its operators by their certificates",
            "add --certificate PEM --key PEM, and to each operator a certificate; or --listen localhost:PORT",
        )
    return None


class _Serving(NamedTuple):
    """What a child of `pratique desk` does: on this machine at a socket, or behind a server that ends TLS."""

    order: DeskOrder
    place: DeskPlace
    shown: str
    listens: socket.socket | front.Place
    opens: bool = False
    kind: str | None = None

    def __call__(self, ready: Callable[[], None], *, is_first: bool) -> int:
        """Serve until the day ends, or until we are told to end."""
        from pratique.parties import desk_files, desk_service  # noqa: PLC0415 - operators need no server
        from pratique.store import desk_process, desk_server, gateway_server  # noqa: PLC0415

        core_dumps_off()
        tell = partial(say, err=True)
        answers, sign_in = desk_service.opened(self.order, at=int(time.time()), tell=tell)
        codes = [0]

        def ended() -> None:
            codes.append(desk_process.AGAIN)
            os.kill(os.getpid(), signal.SIGTERM)

        application = desk_server.application(self.place, answers, tell=tell, ended=ended)
        serve = partial(gateway_server.serve, application, limits=desk_server.LIMITS)
        threading.Thread(target=self._hear, args=(sign_in,), daemon=True).start()
        with desk_files.present(), gateway_server.interruptible() as ending:
            if isinstance(self.listens, socket.socket):
                ready()
                self._show(sign_in.draw_token(), opens=self.opens and is_first)
                serve(self.listens, ending=ending)
                return codes[-1]
            with self._behind(self.listens) as (taken, running):
                ready()
                say(f"serving the desk on {self.shown} behind {running.kind.value}", err=True)
                serve(taken, front=running, ending=ending)
            if not running.was_stopped:
                raise Unreadable(
                    "front-ended", f"{running.kind.value} has ended", "start the desk again"
                )
        return codes[-1]

    @contextmanager
    def _behind(self, wished: front.Place) -> Iterator[tuple[socket.socket, front.Running]]:
        from pratique.store import gateway_server  # noqa: PLC0415 - operators need no server

        kind, program = front.chosen(front.FrontKind(self.kind) if self.kind else None)
        with files.usable(wished.folder):
            files.folder(wished.folder)
        with (
            gateway_server.room_for(wished.socket) as own,
            gateway_server.listening(own) as taken,
            closing(front.start(kind, program, wished._replace(socket=own))) as running,
        ):
            yield taken, running

    def _show(self, token: str, *, opens: bool = False) -> None:
        if self.order.by_certificate:
            say("passphrases are looked at again", err=True)
            return
        address = f"{self.shown}#{token}"
        click.echo(f"sign in, once: {address}", err=True)
        if opens:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    def _hear(self, sign_in: SignIn) -> None:
        # Not by Python's own stdin: its lock would be held when the process ends.
        with suppress(OSError):
            while b"\n" in os.read(0, 4096):
                self._show(sign_in.draw_token())


@desk.group(cls=Group)
def operator() -> None:
    """Say who may work at the desk; each by a pseudonym, never by a name."""


@operator.command()
@click.argument("pseudonym", metavar="PSEUDONYM")
@click.option("--may", required=True, metavar="RIGHTS",
              help="What it may do, with commas between: issue, revoke (more than one certificate), audit.")  # fmt: skip
@click.option("--certificate", type=FILE, metavar="PEM",
              help="Its TLS client certificate, by which it is known on a clinic's network.")  # fmt: skip
@click.option("--passphrase-file", type=FILE, metavar="FILE",
              help="Holds its passphrase [default: PRATIQUE_DESK_PASSPHRASE, or a prompt].")  # fmt: skip
@issuer
def add(
    *,
    pseudonym: str,
    may: str,
    certificate: Path | None,
    passphrase_file: Path | None,
    issuer_folder: Path | None,
) -> None:
    """Let PSEUDONYM work at the desk, or change its rights and its passphrase."""
    try:
        rights = frozenset(Right(word.strip()) for word in may.split(",") if word.strip())
    except ValueError:
        raise UsageError(
            "right-unknown", "there is no such right", f"--may {','.join(Right)}"
        ) from None
    passphrase = options.passphrase(passphrase_file)
    folder = folder_named(issuer_folder)
    known = desk_operators.add(folder, pseudonym, rights, passphrase, certificate)
    say(printable(f"{known.pseudonym} may {', '.join(sorted(known.rights))}"))


@operator.command("list")
@issuer
def list_(*, issuer_folder: Path | None) -> None:
    """List who may work at the desk."""
    for row in desk_operators.load(folder_named(issuer_folder)).operators:
        until = f", certificate until {rfc3339(row.until)}" if row.certificate else ""
        say(printable(f"{row.pseudonym}: {', '.join(sorted(row.may))}{until}", LONGEST))


@operator.command()
@click.argument("pseudonym", metavar="PSEUDONYM")
@issuer
def remove(*, pseudonym: str, issuer_folder: Path | None) -> None:
    """Let PSEUDONYM work at the desk no more, from this moment on."""
    desk_operators.remove(folder_named(issuer_folder), pseudonym)
    say(printable(f"{pseudonym} is out"))
