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
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.records import folder_named, issuer
from pratique.cli.terminal import LONGEST, say
from pratique.errors import ExtraMissing, UsageError
from pratique.parties import desk_operators
from pratique.parties import issuer as parties_issuer
from pratique.parties import site as parties_site
from pratique.parties.desk import Right
from pratique.parties.paper import Paper
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

LOCAL = {"localhost", "127.0.0.1", "::1"}
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=Group, invoke_without_command=True)
@click.option("--site", callback=code, metavar="CODE",
              help="Code of the centre, kept in the register: a revocation can select by it.  [required]")  # fmt: skip
@click.option("--listen", default="localhost:8455", show_default=True, metavar="HOST:PORT",
              help="Where to listen: on this machine.")  # fmt: skip
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
    _run(site, **given)


def _run(
    site: str,
    *,
    listen: str,
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

    host, port = options.address(listen)
    if host not in LOCAL:
        raise UsageError(
            "desk-listen",
            "a desk listens on this machine alone",
            "--listen localhost:PORT",
        )
    secret, place = secret_of(**where), place_of(**where)
    sheets = Paper(layout, languages, translations, contact, fonts)
    order = DeskOrder(place, secret, site, valid_days * DAY, sheets, idle * 60)
    content = store_site.opened(pages if pages is not None else parties_site.own())
    with server.bound(host, port) as taken:
        # Typed in once: a child that is started anew has it from us. A token's PIN each child asks for itself.
        if any(shard.key.startswith("file:") for shard in parties_issuer.load(place.folder).shards):
            secret("file:")
        names = server.names_of(host, port)
        shown = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        serving = _Serving(order, DeskPlace(content, names), taken, shown, not no_browser)
        desk_process.keep(serving, partial(say, err=True))


class _Serving(NamedTuple):
    """What a child of `pratique desk` does."""

    order: DeskOrder
    place: DeskPlace
    taken: socket.socket
    shown: str
    opens: bool

    def __call__(self, ready: Callable[[], None], *, is_first: bool) -> int:
        """Serve until the day ends, or until we are told to end."""
        from pratique.parties import desk_service  # noqa: PLC0415 - operators need no server
        from pratique.store import desk_process, desk_server, gateway_server  # noqa: PLC0415

        core_dumps_off()
        tell = partial(say, err=True)
        answers, sign_in = desk_service.opened(self.order, at=int(time.time()), tell=tell)
        codes = [0]

        def ended() -> None:
            codes.append(desk_process.AGAIN)
            os.kill(os.getpid(), signal.SIGTERM)

        application = desk_server.application(self.place, answers, tell=tell, ended=ended)
        ready()
        self._show(sign_in.draw_token(), opens=self.opens and is_first)
        threading.Thread(target=self._hear, args=(sign_in,), daemon=True).start()
        with gateway_server.interruptible() as ending:
            gateway_server.serve(application, self.taken, limits=desk_server.LIMITS, ending=ending)
        return codes[-1]

    def _show(self, token: str, *, opens: bool = False) -> None:
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
