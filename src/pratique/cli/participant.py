"""A participant's commands; `sign` is `proposal`'s.

Exit of what submits: 0 it is published, or lies in the folder · 3 it waits for the log's witnesses, and nobody can say yet.
Exit of `check`: 0 nothing is wrong (warnings allowed) · 1 an error was found.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pratique.cli import options
from pratique.cli.lazy import Option
from pratique.cli.proposal import FILE, repository
from pratique.network import metadata
from pratique.network.participants import Participant, ParticipantKind
from pratique.parties import cards, issuer, participant, proposals, renewal, sync
from pratique.parties.participant import (
    EditionChange,
    ParticipantHome,
    ParticipantKeys,
    SignedEdition,
)
from pratique.parties.proposals import Submitted
from pratique.store import http, sources
from pratique.store.keys import Secret
from pratique.terms import Environment
from pratique.text import as_json, plural, printable
from pratique.trust.renewal import LEAST, WITHIN

WAITS = 3
LONGEST = 400
PATH = click.Path(path_type=Path, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)
environment = click.option(
    "--environment", type=click.Choice([e.value for e in Environment]),
    default=Environment.PRODUCTION.value, show_default=True, help="The environment of all its keys.",
)  # fmt: skip
public_keys = click.option(
    "--public-key", "public_keys", cls=Option, was=("--role-card",), multiple=True, metavar="PEM",
    type=FILE, help="Public key of a key holder elsewhere, PEM or a card of a seat's form. Repeatable.",
)  # fmt: skip
target = click.option("--to", "target", metavar="URL|DIR", help="Where to submit the next edition.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--code", required=True, metavar="XXX", help="The participant's three letters.")
@environment
@click.option("--known", multiple=True, type=FILE, metavar="FILE",
              help="Keys seen before: a list of them, or the JSON report of an earlier check. Repeatable.")  # fmt: skip
@click.option("--kind", type=click.Choice([kind.value for kind in ParticipantKind]),
              help="What the participant is, if no table here knows its code [default: as the application says].")  # fmt: skip
@click.option("--repository", type=PATH, metavar="PATH",
              help="A network: its own list of participants decides on codes and countries.")  # fmt: skip
@options.now
@options.output_format
def check(
    *,
    folder: Path,
    code: str,
    environment: str,
    known: tuple[Path, ...],
    kind: str | None,
    repository: Path | None,
    at: datetime,
    output_format: str,
) -> int:
    """Check the key material in FOLDER as the network's authority will, and beyond.

    FOLDER holds SCA/, UP/ and TLS/ with certificates as PEM, for one domain or for several. Nothing
    is sent anywhere, and no private key belongs in it.
    """
    current = None if repository is None else proposals.known_view(repository, None)
    listed = participant.listed_as(current, code.strip().upper(), kind)
    report = participant.check_dossier(folder, code, Environment(environment), listed, known, at=at)
    if output_format == "json":
        click.echo(as_json(report.as_json(), indent=1))
    else:
        for line in report.lines():
            click.echo(printable(line, LONGEST))
    return 1 if report.errors else 0


@click.command()
@click.option(
    "--code", required=True, help="Your code in the network: three capital letters, mostly."
)
@click.option("--country", "countries", multiple=True, required=True, metavar="XU",
              help="A country that you sign for; the first is your certificates' C. Repeatable.")  # fmt: skip
@click.option("--name", required=True, help="Organisation that the X.509 certificates name.")
@click.option("--kind", type=click.Choice([kind.value for kind in ParticipantKind]),
              default=ParticipantKind.STATE.value, show_default=True)  # fmt: skip
@click.option("--domain", "domains", multiple=True, default=("DCC",), show_default=True,
              help="What you apply for: DCC, ICVP. Repeatable.")  # fmt: skip
@click.option(
    "--contact", default="", help="Where a holder may appeal: a page, or an office's address."
)
@environment
@click.option("--signing-key", "signing_keys", cls=Option, was=("--role-key",), multiple=True, metavar="URI",
              help="Where a key that speaks for you is made [default: three files]. Repeatable.")  # fmt: skip
@public_keys
@click.option("--signing-ca-certificate", "ca", metavar="PEM", type=FILE,
              help="Your state's CSCA, which is kept elsewhere, instead of a signing CA made here.")  # fmt: skip
@click.option("--upload-certificate", "upload", metavar="PEM", type=FILE,
              help="Certificate of the upload key that your back end signs with, instead of a key made here.")  # fmt: skip
@click.option("--threshold", type=click.IntRange(2, participant.MOST_KEYS), default=2, show_default=True,
              help="How many of those keys must sign.")  # fmt: skip
@options.participant
@options.new_secret
@options.now
def init(
    *,
    code: str,
    countries: tuple[str, ...],
    name: str,
    kind: str,
    domains: tuple[str, ...],
    contact: str,
    environment: str,
    folder: Path,
    secret: Secret,
    at: datetime,
    **keys: Any,
) -> None:
    """Make the keys of a participant: signing CA, upload, TLS, and those that speak for it."""
    one = Participant(
        code, ParticipantKind(kind), name, frozenset(countries), countries[0], frozenset(domains), contact,
    )  # fmt: skip
    founding = ParticipantKeys(one, Environment(environment), **keys)
    own = participant.init(folder, founding, secret, at=at)
    click.echo(
        f"{one.code} ({one.kind}) signs for {', '.join(sorted(one.countries))}, "
        f"{own.environment}: {folder}"
    )
    click.echo(f"signing CA SHA-256 {own.sca.thumbprint}")
    for pem, uri in own.role_keys:
        click.echo(f"role key {metadata.keyid(metadata.from_pem(pem))}  {uri or 'elsewhere'}")
    click.echo(f"{own.threshold} of {len(own.role_keys)} of them must sign what you publish")
    if own.threshold == len(own.role_keys):
        click.echo(
            "warning: all of them must sign: with one lost key you publish nothing, and revoke nothing, until the "
            "seats let others in",
            err=True,
        )
    making = f" {folder}" if own.sca.key else "-certificate PEM"
    click.echo("next")
    click.echo("  give each role key to another person, on another machine")
    click.echo("  pratique participant apply --out DIR   writes what you hand in")
    click.echo(f"  pratique participant check DIR {_as_whom(own)}")
    click.echo(f"  pratique issuer init --signing-ca{making}   makes keys that sign certificates")


def _as_whom(own: ParticipantHome) -> str:
    return f"--code {own.participant.code} --environment {own.environment}"


@click.command()
@click.option("--out", required=True, type=FOLDER, metavar="DIR")
@options.participant
@options.now
def apply(*, out: Path, folder: Path, at: datetime) -> None:
    """Write the dossier that the authority checks; a letter goes with it by hand."""
    own, written = participant.apply(folder, out, at=at)
    for path in written:
        click.echo(f"{path}")
    click.echo(f"check it: pratique participant check {out} {_as_whom(own)}")


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE"
)
@repository
@options.home
@options.participant
@options.secret
@options.now
def export(
    *,
    out: Path,
    repository: Path | None,
    home: Path | None,
    folder: Path,
    secret: Secret,
    at: datetime,
) -> None:
    """Export all that is published and public of this participant, with a signed notice of leaving."""
    current = proposals.known_view(repository, home)
    if current is None:
        click.echo(
            "note: no network is known here to be named, so no notice was signed: sync first, or --repository",
            err=True,
        )
    exported = participant.export(folder, out, current, secret, at=at)
    if not exported.published:
        click.echo(
            "note: nothing that you published is known here, and in it: sync first", err=True
        )
    click.echo(f"{plural(exported.files, 'file')}: {out}")
    click.echo("the private keys stay where they are: they are yours")
    if exported.network is not None:
        click.echo(f"its leave.json is for {printable(exported.network)}, and no other network")
        click.echo(
            "hand it to the authority, which lets you go: pratique authority propose withdraw"
        )


@click.command()
@click.argument("file", metavar="PROPOSAL", type=FILE)
@click.option("--to", "target", required=True, metavar="URL|DIR", help="Where to submit it.")
def submit(*, file: Path, target: str) -> int:
    """Submit a PROPOSAL that enough key holders have signed."""
    data = sources.read_bytes(file, http.UPLOAD_LARGEST)
    return _echo_submitted(proposals.submit(target, file.name, data))


def _echo_submitted(submitted: Submitted | None) -> int:
    if submitted is None:
        return 0
    click.echo(submitted.text)
    return WAITS if submitted.waits else 0


@click.command()
@click.option("--signers", multiple=True, type=PATH, metavar="PATH",
              help="Document signers' certificates: files, or an issuer's 'certificates'. Repeatable.")  # fmt: skip
@click.option("--domain", default="DCC", show_default=True, help="Of those signers.")
@click.option("--withdraw", multiple=True, type=PATH, metavar="PEM",
              help="A signer that is withdrawn, for good. Repeatable.")  # fmt: skip
@click.option("--reason", type=click.Choice(participant.REASONS),
              help="Why it is withdrawn; with --withdraw.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before a withdrawal.")
@click.option("--dry-run", is_flag=True, help="Say what would be published, and do nothing.")
@click.option("--rules", multiple=True, type=PATH, metavar="PATH", help="Entry rules. Repeatable.")
@click.option("--derogation", default="", metavar="TEXT",
              help="A sentence of the state: why its rules leave out a product of WHO's list. It is signed and published.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="Count whom the rules shut out from this data package [default: the one of pratique[policy]].")  # fmt: skip
@click.option("--scheme-keys", multiple=True, type=FILE, metavar="FILE",
              help="Your keys of other schemes (pratique-scheme-keys-1), in place of those that are published. Repeatable.")  # fmt: skip
@click.option("--preferences", cls=Option, was=("--choices",), type=FILE, metavar="FILE",
              help="Codes of value sets that you recognise, and how old data may be.")  # fmt: skip
@click.option("--lists", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
              help="What `pratique issuer publish-revocations` has written.")  # fmt: skip
@click.option("--from-gateway", "source", metavar="URL|DIR",
              help="Publish what your own back end has uploaded to that gateway, in place of --signers and --rules.")  # fmt: skip
@click.option("--gateway-certificate", type=FILE, metavar="PEM", help="Your TLS certificate, as onboarded there.")  # fmt: skip
@click.option("--gateway-key", type=FILE, metavar="PEM", help="Its private key.")
@click.option("--gateway-ca", type=FILE, metavar="PEM",
              help="Authorities that the gateway's certificate must come from [default: the system's].")  # fmt: skip
@click.option("--take-back", is_flag=True,
              help="Withdraw, with --reason, what is published and is not at that gateway any more.")  # fmt: skip
@target
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to write the proposal [default: CODE-VERSION.proposal].")  # fmt: skip
@repository
@options.home
@options.participant
@options.secret
@options.now
def publish(
    *,
    yes: bool,
    dry_run: bool,
    source: str | None,
    gateway_certificate: Path | None,
    gateway_key: Path | None,
    gateway_ca: Path | None,
    target: str | None,
    out: Path | None,
    repository: Path | None,
    home: Path | None,
    folder: Path,
    secret: Secret,
    at: datetime,
    **wanted: Any,
) -> int:
    """Publish signers, rules, preferences and revocation lists; without any, confirm what is published.

    Beside rules goes a summary of whom they shut out, which the seats read before they announce it.
    """
    if repository is None and target is not None and target.startswith(("http://", "https://")):
        # What is submitted follows upon what is there now, also after a call that was interrupted.
        participant.load_home(folder)
        sync.brought(home, target, at)
    if source is not None:
        from pratique.parties import gateway_network  # noqa: PLC0415 - most editions come from no gateway

        there = gateway_network.GatewaySource(source, gateway_certificate, gateway_key, gateway_ca)
        wanted["uploaded"] = gateway_network.taken(there, folder, secret, at=at)
    what = EditionChange(**wanted)
    known = proposals.require(repository, home)
    edition = participant.next_edition(folder, what, known, at=at)
    for doubt in edition.doubts():
        click.echo(f"note: {doubt}", err=True)
    for line in edition.notes:
        click.echo(line)
    gone = participant.withdrawn(edition, what.withdraw)
    for record in gone:
        click.echo(
            f"withdraws the signer with kid {record.kid.hex()} ({what.reason}): at each next sync all that it "
            f"has ever signed is RED, for good\n  SHA-256 {record.thumbprint}"
        )
    if dry_run:
        for line in (*proposals.describe(edition.draft, edition.current), "nothing was done"):
            click.echo(line)
        return 0
    if gone:
        # In a script the reason that was named stands for the answer: a stolen key must not wait.
        if not yes and sys.stdin.isatty():
            options.confirm("this cannot be undone; withdraw?")
        for one in participant.retire(gone, what.withdraw, at=at):
            click.echo(
                f"{one.label} signs no more: it is retired in {one.folder}"
                if one.label
                else f"take the key with kid {one.kid.hex()} out of use where it signs: "
                "pratique issuer keys retire LABEL"
            )
    return _echo_published(participant.publish(edition, secret, target=target, out=out))


def _echo_published(published: SignedEdition) -> int:
    for line in proposals.describe(published.draft, published.current):
        click.echo(line)
    if published.unseen:
        click.echo(
            f"note: other networks' back ends will not see {'; '.join(published.unseen)}", err=True
        )
    if published.path is not None:
        click.echo(f"proposal: {published.path}")
        if published.lacks_signatures:
            click.echo(f"other key holders: pratique participant sign {published.path} --key URI")
        click.echo(f"then: pratique participant submit {published.path} --to URL")
    return _echo_submitted(published.submitted)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be made, and change nothing.")
@click.option("--within", type=click.IntRange(LEAST, 730), default=WITHIN, show_default=True,
              metavar="DAYS", help="Renew what ends within so many days.")  # fmt: skip
@click.option("--issuer", "issuers", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="An issuer whose keys your signing CA issues [default: PRATIQUE_ISSUER, or 'issuer' in PRATIQUE_DATA_DIR]. Repeatable.")  # fmt: skip
@click.option(
    "--register", envvar="PRATIQUE_REGISTER", metavar="URL", help="The issuers' register."
)
@public_keys
@click.option("--upload-certificate", "upload", metavar="PEM", type=FILE,
              help="Certificate of an upload key that was renewed elsewhere, as by your back end.")  # fmt: skip
@click.option("--out", type=FOLDER, metavar="DIR",
              help="Where to write what you hand in [default: 'dossier' in your folder].")  # fmt: skip
@target
@repository
@options.home
@options.participant
@options.secret
@options.now
def renew(
    *,
    dry_run: bool,
    within: int,
    issuers: tuple[Path, ...],
    register: str | None,
    public_keys: tuple[Path, ...],
    upload: Path | None,
    out: Path | None,
    target: str | None,
    repository: Path | None,
    home: Path | None,
    folder: Path,
    secret: Secret,
    at: datetime,
) -> int:
    """Make a successor of every key that ends soon, and prepare what other key holders have to do."""
    participant.load_home(folder)
    pems = tuple(map(cards.read_key, public_keys))
    renewed = None if upload is None else sources.read_bytes(upload)
    request = renewal.RenewalRequest(
        folder, issuers or _own_issuer(home), register, pems, at, within, renewed
    )
    known = proposals.known(repository, home)
    if dry_run:
        _echo_forecast(renewal.forecast(request, known), within)
        return 0
    delivery = renewal.Delivery(target, out)
    found = renewal.renew(request, known, secret, delivery, click.echo)
    ended = 0
    if found.needs_sync:
        click.echo("sync, and give this command again: the new signers are not published yet")
    if found.published is not None:
        ended = _echo_published(found.published)
    if found.dossier is not None:
        _echo_dossier(found.own, found.dossier)
    for pem, uri in found.overdue:
        key = metadata.keyid(metadata.from_pem(pem))
        where = f"elsewhere, and was {uri}" if uri else "elsewhere"
        click.echo(
            f"role key {key} is {where}: its key holder makes a new one, and you name it: --public-key PEM"
        )
    for name in found.unused:
        click.echo(
            f"note: {name} is in no document; an interrupted command has left it, or somebody has"
        )
    if found.is_idle:
        click.echo(f"nothing ends within {within} days, and nothing waits for other key holders")
    return ended


def _own_issuer(home: Path | None) -> tuple[Path, ...]:
    # The one variable that is another command's option.
    named = os.environ.get("PRATIQUE_ISSUER")
    folder = issuer.folder(Path(named) if named else None, sources.home(home))
    return (folder,) if (folder / issuer.DOCUMENT).exists() else ()


def _echo_forecast(forecast: renewal.Forecast, within: int) -> None:
    for one in forecast.plan.all():
        click.echo(f"would make {renewal.describe(one)}")
    if not forecast.plan.all():
        click.echo(f"would make nothing: no key ends within {within} days")
    if forecast.edition:
        click.echo(f"would write the next edition: {forecast.threshold} role keys must sign it")
    if forecast.dossier:
        click.echo("would write a dossier for the authority")
    if forecast.role_keys:
        click.echo("would leave to the seats: new role keys beside the old, then without them")
    click.echo("nothing was changed")


def _echo_dossier(own: ParticipantHome, dossier: renewal.Dossier) -> None:
    if dossier.new:
        count = "1 file of it is" if dossier.new == 1 else f"{dossier.new} files of it are"
        click.echo(f"hand in {dossier.folder}: {count} new")
        click.echo(f"  check it first: pratique participant check {dossier.folder} {_as_whom(own)}")
    if dossier.has_role_keys:
        click.echo("the seats have to sign; they check, record the steps, and propose")
        click.echo(
            f"  pratique authority propose rekey --authority NET {dossier.folder} --out FILE"
        )
