"""`pratique web`: border post and wallet as pages in a browser: put a site together, and serve it.

    build: built site + what was synced -> folder          serve: folder -> http://localhost:8080
    headers: the one policy, for other servers

Exit: 0 done · 3 refused · 4 it cannot listen there.
"""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import options
from pratique.cli.lazy import Group
from pratique.cli.terminal import LONGEST, say
from pratique.errors import UsageError
from pratique.parties import site as parties_site
from pratique.store import site as store_site
from pratique.text import as_json, plural, printable, rfc3339

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@click.group(cls=Group)
def web() -> None:
    """Put the pages together, border post and wallet, and serve them."""


@web.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Folder to put the site into; it is made, or brought up to date.")  # fmt: skip
@click.option("--site", type=click.Path(path_type=Path, exists=True), metavar="ARCHIVE|DIR",
              help="The built pages: pratique-site-….tar.gz of a release, or a folder [default: what `make web` built].")  # fmt: skip
@options.home
@options.output_format
@options.quiet
def build(*, out: Path, site: Path | None, home: Path | None, output_format: str) -> None:
    """Put the built pages, and what was synced, into a folder that any web server can serve."""
    put = parties_site.build(out, site, home)
    index = put.data
    if output_format == "json":
        document = {
            "number": index.number, "created": rfc3339(index.created), "environment": index.environment.value,
            "version": put.version, "deltas": len(index.deltas), "written": put.written,
        }  # fmt: skip
        click.echo(as_json(document, indent=1, sort_keys=True))
        return
    say(printable(
        f"pages {put.version}, edition {index.number} of {rfc3339(index.created)} ({index.environment}), "
        f"{plural(len(index.deltas), 'delta')}, {plural(put.written, 'file')} written: {out}", LONGEST,
    ))  # fmt: skip


@web.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--listen",
    default="localhost:8080",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen.",
)
@click.option("--name", "names", multiple=True, metavar="NAME",
              help="A name under which it is asked for beside that, as behind a server that ends TLS; may be repeated.")  # fmt: skip
def serve(*, folder: Path, listen: str, names: tuple[str, ...]) -> None:
    """Serve the site in DIR, on this machine or behind a server that ends TLS."""
    from pratique.store import server  # noqa: PLC0415 - the other commands need no server

    host, port = options.address(listen)
    if not (folder / parties_site.ABOUT).is_file():
        raise UsageError(
            "site-missing", f"{folder}: there is no site", f"pratique web build --out {folder}"
        )
    listening = server.bound(host, port)
    application = server.site_application(folder, server.names_of(host, port, names))
    shown = f"[{host}]" if ":" in host else host
    click.echo(printable(f"serving {folder} on http://{shown}:{port}"), err=True)
    if host not in _LOCAL and not names:
        click.echo(
            "note: browsers give a page camera and keys on https and localhost only", err=True
        )
    server.serve(application, listening)


@web.command()
@click.option("--for", "server", required=True, type=click.Choice(sorted(store_site.PRINTED)),
              help="The server that the settings are for.")  # fmt: skip
def headers(*, server: str) -> None:
    """Print the settings with which another web server serves a site as `pratique web serve` does."""
    click.echo(store_site.PRINTED[server](), nl=False)
