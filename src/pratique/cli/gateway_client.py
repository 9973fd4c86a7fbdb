"""`pratique gateway push` and `pull`: a back end's side of a gateway.

    push: signers, rules, revocations, an upload key -> the gateway        pull: the gateway -> DIR

Apart because a back end has no gateway of its own: it needs no database, and none of the libraries for one.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options, terminal
from pratique.cli.terminal import LONGEST, say
from pratique.errors import UsageError
from pratique.gateway import client
from pratique.parties import gateway_service as service
from pratique.store import keys as store_keys
from pratique.store import sources
from pratique.store.gateway_client import Connection
from pratique.store.keys import Secret
from pratique.text import as_json, plural, printable

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def connected(command: options.Command) -> options.Command:
    """Add what a connection to a gateway needs."""
    url = click.option("--url", required=True, metavar="URL", help="The gateway: https://HOST.")
    own = click.option(
        "--certificate", required=True, type=FILE, metavar="PEM", help="Your TLS certificate, as onboarded."
    )  # fmt: skip
    private = click.option(
        "--key", required=True, type=FILE, metavar="PEM", help="Its private key."
    )
    authority = click.option(
        "--ca", type=FILE, metavar="PEM",
        help="Authorities that the server's certificate must come from [default: the system's].",
    )  # fmt: skip
    return url(own(private(authority(command))))


@click.command()
@connected
@click.option("--up", required=True, type=FILE, metavar="PEM", help="Your upload certificate, as onboarded.")  # fmt: skip
@click.option("--up-key", required=True, metavar="URI", help="Its key: file:PATH or pkcs11:….")
@click.option("--signers", multiple=True, type=FILE, metavar="PEM", help="Upload these document signers' certificates. Repeatable.")  # fmt: skip
@click.option("--rules", multiple=True, type=FILE, metavar="JSON", help="Upload these rules. Repeatable.")  # fmt: skip
@click.option("--revocations", multiple=True, type=FILE, metavar="JSON", help="Upload these batches of revocations. Repeatable.")  # fmt: skip
@click.option("--withdraw", multiple=True, metavar="NAME",
              help="Delete this: a rule's identifier, a batch's UUID, a PEM file of signers' certificates. Repeatable.")  # fmt: skip
@options.secret
def push(
    *,
    url: str,
    certificate: Path,
    key: Path,
    ca: Path | None,
    up: Path,
    up_key: str,
    signers: tuple[Path, ...],
    rules: tuple[Path, ...],
    revocations: tuple[Path, ...],
    withdraw: tuple[str, ...],
    secret: Secret,
) -> int:
    """Upload signers, rules and revocations to a gateway, and delete them there."""
    by = service.upload_signer(up, store_keys.open_key(up_key, folder=Path.cwd(), secret=secret))
    uploads = [
        *service.withdrawals(withdraw, by), *service.signers(signers, by),
        *service.rules(rules, by), *service.batches(revocations, by),
    ]  # fmt: skip
    if not uploads:
        raise UsageError(
            "push-nothing", "nothing is to be sent", "--signers, --rules, --revocations, --withdraw"
        )
    done = service.push(Connection(url, certificate, key, secret, ca), uploads)
    for each in done.sent:
        known = f": {each.identifier}" if each.identifier else ""
        say(printable(f"{each.name} {_OUTCOME[each.outcome]}{known}", LONGEST))
    return terminal.complaints(done.errors)


_OUTCOME = {"sent": "was taken", "deleted": "was deleted", "there": "was there already"}


@click.command()
@connected
@click.option("--out", required=True, type=FOLDER, metavar="DIR",
              help="Folder for signers.json, rules/, value-sets/ and revocations/; brought up to date.")  # fmt: skip
@click.option("--anchor", "anchors", required=True, multiple=True, type=FILE, metavar="PEM",
              help="Certificate of a trust anchor, from a trusted source. Repeatable.")  # fmt: skip
@click.option("--revocations", is_flag=True, help="Fetch revocation batches too; your certificate needs the role.")  # fmt: skip
@options.output_format
@options.secret
@options.now
def pull(
    *,
    url: str,
    certificate: Path,
    key: Path,
    ca: Path | None,
    out: Path,
    anchors: tuple[Path, ...],
    revocations: bool,
    output_format: str,
    secret: Secret,
    at: datetime,
) -> None:
    """Fetch what a gateway publishes, and keep what the trust anchor and the countries have signed."""
    now = int(at.timestamp())
    trusted = client.anchors(map(sources.read_bytes, anchors), now)
    connection = Connection(url, certificate, key, secret, ca)
    done = service.pull(connection, out, trusted, at=now, with_batches=revocations)
    if output_format == "json":
        click.echo(as_json(done._asdict(), indent=1, sort_keys=True))
        return
    shown = [
        plural(done.signers, "signer"), plural(done.authorities, "signing CA"),
        plural(done.rules, "rule"), plural(done.batches, "batch", "batches"),
    ]  # fmt: skip
    countries = plural(len(done.countries), "country", "countries")
    say(printable(f"{countries}: {', '.join(shown)}: {out}", LONGEST))
    if done.value_sets:
        say(f"note: {plural(done.value_sets, 'value set')}, which nobody has signed", err=True)
    for code, count in done.left_out.items():
        say(printable(f"note: {plural(count, 'entry')} not believed: {code}"), err=True)
