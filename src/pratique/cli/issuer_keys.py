"""`pratique issuer init` and `pratique issuer keys`: make, list, rotate and retire signing keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli import options
from pratique.cli.lazy import Group, Option
from pratique.cli.records import folder_named, issuer, note, register
from pratique.crypto.x509_write import Authority
from pratique.parties import issuer_keys, participant
from pratique.parties.issuer import DOCUMENT, load, suspended
from pratique.parties.issuer_keys import SOON, Founding, KeyList, KeyOptions, date
from pratique.store import sources
from pratique.store.keys import Secret
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.text import as_json
from pratique.trust.issuer import DAY, Issuer, SigningCa

MAX_KEYS = 100
HAND_IN = "hand the new certificates to the authority: pratique issuer keys export DIR"
_LIMITED = [kind.value for kind in Kind if kind in ALL_KINDS - {Kind.EXEMPTION}]
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
Command = TypeVar("Command", bound=Callable[..., Any])

algorithm_option = click.option(
    "--algorithm", type=click.Choice(["ES256", "ES384", "PS256"]), default="ES256",
    show_default=True, help="What the signing keys sign with.",
)  # fmt: skip
planned_option = click.option(
    "--max-certificates", "planned", cls=Option, was=("--planned",), default=1_000_000,
    type=click.IntRange(1, 10**12), show_default=True,
    help="How many certificates a key is to sign at most.",
)  # fmt: skip


@click.command()
@click.option("--country", required=True, help="Country that is signed for, two letters: XU.")
@click.option("--participant", required=True, help="Your code in the network, three letters: XXU.")
@click.option("--name", required=True, help="Organisation that the X.509 certificates name.")
@click.option("--authority", default="", help="Issuing body on certificates [default: the name].")
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    default=Environment.PRODUCTION.value,
    show_default=True,
    help="Test keys vouch for nothing real; keys of the two are never the same.",
)
@click.option(
    "--keys", cls=Option, was=("--shards",), type=click.IntRange(1, MAX_KEYS), default=4,
    show_default=True, help="How many signing keys.",
)  # fmt: skip
@planned_option
@algorithm_option
@click.option(
    "--sca-key", metavar="URI", default=issuer_keys.SCA_KEY, help="Where the CA's key is made."
)
@click.option(
    "--dsc-key", metavar="URI", default=issuer_keys.SHARD_KEYS,
    help="Where signing keys are made, up to the label: 'pkcs11:token=TOKEN;object=dsc-?module-path=/path/to/library.so'",
)  # fmt: skip
@click.option(
    "--signing-ca", "participant_folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Use the signing CA of this participant's folder, instead of making one.",
)  # fmt: skip
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM",
    type=_FILE,
    help="Your state's CSCA, which is kept elsewhere: no key is made, ask for each with `keys request`.",
)  # fmt: skip
@click.option(
    "--existing", is_flag=True,
    help="Use keys that are there already: an interrupted init's, or of the device's own tool.",
)  # fmt: skip
@click.option(
    "--contact", help="Where holders have mistakes corrected and get new codes; printed on sheets."
)
@issuer
@options.secret_files
@options.at
def init(
    *,
    participant_folder: Path | None,
    ca_path: Path | None,
    contact: str | None,
    environment: str,
    algorithm: str,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
    **asked: Any,
) -> None:
    """Make a signing CA and the first signing keys, and say what to do with them."""

    def shared(secret: Secret) -> tuple[SigningCa, Authority, bytes]:
        assert participant_folder is not None
        sca, by = participant.signing_ca(participant_folder, secret)
        return sca, by, participant.signing_ca_pem(participant_folder)

    folder = folder_named(issuer_folder)
    founding = Founding(
        **asked,
        environment=Environment(environment),
        algorithm=Algorithm(algorithm),
        contact=_contact(contact),
        elsewhere=None if ca_path is None else sources.read_bytes(ca_path),
        shared=None if participant_folder is None else shared,
    )
    secret = options.secrets(password_file, pin_file, new=True)
    found = issuer_keys.found(
        folder, founding, at=int(options.now_or(at).timestamp()), secret=secret
    )
    _show_founded(folder, found)


def _contact(given: str | None) -> str:
    """Return where holders turn to: as given, or asked for."""
    if given is None and _is_asked():
        given = click.prompt(
            "Where do holders have mistakes corrected (printed on sheets; may be empty)?",
            default="", show_default=False, err=True,
        )  # fmt: skip
    return (given or "").strip()


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _show_founded(folder: Path, made: Issuer) -> None:
    sca, say, document = made.sca, click.echo, folder / DOCUMENT
    say(
        f"{made.participant} signs for {made.country} in the {made.environment} environment: {folder}"
    )
    say("")
    say(
        f"signing CA   until {date(sca.not_after)}, "
        + (f"makes keys until {date(sca.use_until)}" if sca.key else "kept elsewhere")
    )
    say(f"  SHA-256 {_groups(sca.thumbprint)}")
    for shard in made.shards:
        say(
            f"{shard.label}  signs until {date(shard.use_until)}, "
            f"is verified until {date(shard.not_after)}, at most {shard.capacity} certificates"
        )
        say(f"  SHA-256 {_groups(shard.thumbprint)}")
    if not made.contact:
        say("")
        say(
            "warning: no --contact: a sheet names the issuing body, and not where it is reached",
            err=True,
        )
        say(f'  add it later: "contact" in {document}')
    in_files = sca.key.startswith("file:") or any(s.key.startswith("file:") for s in made.shards)
    in_device = any(
        uri.startswith(("pkcs11:", "hsm:")) for uri in (sca.key, *(s.key for s in made.shards))
    )
    say("")
    say("back up")
    if in_files:
        say(
            f"  {folder / 'keys'}, and the password in another place: without both nothing is signed"
        )
    if in_device:
        say("  the device, by its maker's own means: its keys cannot be copied out of it")
    say(f"  {document} and {folder / 'certificates'}, which hold no secret")
    say("hand to the authority, and read the signing CA's SHA-256 out to it")
    say("  what this writes: pratique issuer keys export DIR")
    say("next")
    if issuer_keys.is_elsewhere(made):
        say("  pratique issuer keys request       makes a key, and the request for its certificate")
        say("  pratique issuer keys accept PEM    takes what your signing CA has made of it")
        return
    say("  pratique issuer keys list     shows the keys and the days they have left")
    say("  pratique issuer keys rotate   makes their successors before they end")


def _groups(thumbprint: str) -> str:
    """Write a fingerprint as it is read out: in groups of four."""
    return " ".join(thumbprint[at : at + 4] for at in range(0, len(thumbprint), 4))


@click.group(cls=Group, was={"new-shard": "add"})
def keys() -> None:
    """List, add, rotate and retire signing keys."""


@keys.command("list", short_help="List the keys, their state and the days they have left.")
@issuer
@register
@options.at
@options.output_format
def list_(
    *, issuer_folder: Path | None, register: str | None, at: datetime | None, output_format: str
) -> None:
    """List the signing keys: their state, and the days they have left to sign and to be verified."""
    found = issuer_keys.list_keys(folder_named(issuer_folder), register, at=options.now_or(at))
    if output_format == "json":
        click.echo(as_json(found.as_json(), indent=1))
    else:
        show(found)


HEADERS = {
    "label": "LABEL",
    "kid": "KID",
    "environment": "ENVIRONMENT",
    "state": "STATE",
    "days_to_sign": "DAYS TO SIGN",
    "days_to_be_verified": "TO BE VERIFIED",
    "usages": "USAGE",
    "issued": "ISSUED",
    "planned": "PLANNED",
}


def show(found: KeyList) -> None:
    """Print keys as a table: one line each, with the state and the days left."""
    now, sca = int(found.at.timestamp()), found.issuer.sca
    cells = [
        tuple(HEADERS.values()),
        *(tuple(_cell(row, name) for name in HEADERS) for row in found.rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
    new, old = max(0, sca.use_until - now) // DAY, max(0, sca.not_after - now) // DAY
    click.echo(f"signing CA: makes new keys for {new} days, vouches for them for {old} days")
    if found.suspension is not None:
        click.echo(suspended(found.issuer.participant, found.suspension))
    if found.due:
        names = ", ".join(found.due)
        click.echo(f"to be replaced soon: {names}; use: pratique issuer keys rotate")
    for label in found.waiting:
        click.echo(f"{label} waits for its certificate: pratique issuer keys accept PEM")


STATES = {"not yet": "not-yet-valid", "full": "quota-reached", "resting": "signing-period-over"}
"""States as a table shows them; JSON keeps the earlier words."""


def _cell(row: dict[str, object], name: str) -> str:
    value = row[name]
    if name == "usages":
        assert isinstance(value, list)
        return "any" if value == sorted(ALL_KINDS) else ",".join(value)
    shown = "-" if value is None else str(value)
    return STATES.get(shown, shown) if name == "state" else shown


def _key_options(command: Command) -> Command:
    """Add the options of a key that is to be made."""
    kinds = click.option(
        "--kind", "kinds", multiple=True, type=click.Choice(_LIMITED),
        help="Limit it to this kind. Repeatable [default: any kind].",
    )  # fmt: skip
    where = click.option(
        "--dsc-key", metavar="URI", help="Where its key is made, up to the label [default: as before].",
    )  # fmt: skip
    return planned_option(kinds(algorithm_option(where(command))))


@keys.command(short_help="Make one more signing key.")
@_key_options
@issuer
@options.secret_files
@options.at
def add(
    *,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
    algorithm: str,
    **asked: Any,
) -> None:
    """Make one more signing key, for certificates that the others have no room for."""
    folder, instant = folder_named(issuer_folder), options.now_or(at)
    secret = options.secrets(password_file, pin_file)
    wanted = KeyOptions(**asked, algorithm=Algorithm(algorithm))
    shard = issuer_keys.add(folder, wanted, at=instant, secret=secret, note=note)
    click.echo(issuer_keys.described(shard, instant))
    click.echo(HAND_IN)


@keys.command(short_help="Make a successor for each key that is about to end.")
@click.option(
    "--within", type=click.IntRange(0, 730), default=SOON, show_default=True, metavar="DAYS",
    help="Replace keys that sign for at most this many days more.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@issuer
@register
@options.secret_files
@options.at
def rotate(
    *,
    within: int,
    dry_run: bool,
    issuer_folder: Path | None,
    register: str | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make a successor for each key that is about to end; until then both sign.

    Doing it twice makes nothing twice. What the old keys have signed is verified as before.
    """
    rotation = issuer_keys.Rotation(
        folder_named(issuer_folder), within, register, options.now_or(at)
    )
    if dry_run:
        due = issuer_keys.due(rotation)
        lines = [f"would make {new.label} in place of {new.replaces}: {new.key}" for new in due]
    else:
        secret = options.secrets(password_file, pin_file)
        shards = issuer_keys.rotate(rotation, secret=secret, note=note)
        lines = [issuer_keys.described(shard, rotation.at) for shard in shards]
    for line in lines or [f"no key ends within {within} days"]:
        click.echo(line)
    if lines and not dry_run:
        click.echo(HAND_IN)


@keys.command(short_help="Make a key, and a request (CSR) for its certificate.")
@_key_options
@issuer
@options.secret_files
@options.at
def request(
    *,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
    algorithm: str,
    **asked: Any,
) -> None:
    """Make a signing key, and the request (PKCS #10) that your state's CSCA makes a certificate of."""
    folder = folder_named(issuer_folder)
    is_first = not load(folder).shards
    secret = options.secrets(password_file, pin_file, new=is_first)
    wanted = KeyOptions(**asked, algorithm=Algorithm(algorithm))
    label, path = issuer_keys.request(folder, wanted, at=options.now_or(at), secret=secret)
    click.echo(f"made the key {label}; the request for its certificate: {path}")
    click.echo("then: pratique issuer keys accept CERTIFICATE.pem")


@keys.command(short_help="Take the certificate that a CSCA has made of a request.")
@click.argument("certificate", type=_FILE)
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM", type=_FILE,
    help="A newer CSCA of your state, which has issued it.",
)  # fmt: skip
@issuer
def accept(*, certificate: Path, ca_path: Path | None, issuer_folder: Path | None) -> None:
    """Take the CERTIFICATE that the state's CSCA has made of a request; from now on its key signs."""
    ca = None if ca_path is None else sources.read_bytes(ca_path)
    shard = issuer_keys.accept(folder_named(issuer_folder), sources.read_bytes(certificate), ca)
    click.echo(
        f"{shard.label} signs until {date(shard.use_until)}, is verified until "
        f"{date(shard.not_after)}, kid {shard.kid.hex()}"
    )
    click.echo(HAND_IN)


@keys.command(short_help="Take a key out of use for good.")
@click.argument("label")
@click.option("--yes", is_flag=True, help="Do not ask.")
@issuer
@options.at
def retire(*, label: str, yes: bool, issuer_folder: Path | None, at: datetime | None) -> None:
    """Take the key LABEL out of use for good. What it has signed stays valid unless revoked."""
    folder = folder_named(issuer_folder)
    shard = issuer_keys.retirable(folder, label)
    if not yes:
        options.confirm(f"{label} will never sign again; retire it?")
    issuer_keys.retire(folder, label, at=int(options.now_or(at).timestamp()))
    click.echo(f"{label} signs no more; its key and its certificate stay where they are")
    click.echo(f"what it has signed is verified until {date(shard.not_after)} unless it is revoked")
    click.echo("if the key was misused: pratique issuer revoke, and tell the authority at once")


@keys.command(short_help="Write the public certificates into a folder.")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@issuer
def export(*, target: Path, issuer_folder: Path | None) -> None:
    """Write the public certificates into the folder TARGET; nothing secret."""
    for path in issuer_keys.export(folder_named(issuer_folder), target):
        click.echo(path)
