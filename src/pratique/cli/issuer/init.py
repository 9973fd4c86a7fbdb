"""`pratique issuer init`: a signing CA and the first shards, in a new folder.

    country, participant, name -> SCA -> DSCs -> issuer.json -> what to back up, and what to hand in

1. Nothing is overwritten, and a folder appears whole or not at all.
2. The certificates are public and are handed to the authority; the keys and their password are not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from pratique.cli import options as shared
from pratique.cli import participant_home as homes
from pratique.cli import signing_ca, unlock
from pratique.cli.issuer import making, options, requests
from pratique.edges import files, issuer_home
from pratique.edges.keys import check_places
from pratique.errors import UsageError
from pratique.terms import Algorithm, Environment
from pratique.trust import countries
from pratique.trust.issuer import Issuer, new_labels

MAX_SHARDS = 100

_ALPHA_2, _CODE = re.compile("[A-Z]{2}"), re.compile("[A-Z]{3}")


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
    "--shards", type=click.IntRange(1, MAX_SHARDS), default=4, show_default=True,
    help="How many signing keys.",
)  # fmt: skip
@click.option(
    "--planned", type=click.IntRange(1, 10**12), default=1_000_000, show_default=True,
    help="How many certificates each of them is to sign at most.",
)  # fmt: skip
@click.option(
    "--algorithm", type=click.Choice(["ES256", "ES384", "PS256"]), default="ES256",
    show_default=True, help="What the signing keys sign with.",
)  # fmt: skip
@click.option(
    "--sca-key", metavar="URI", default=signing_ca.SCA_KEY, help="Where the CA's key is made."
)
@click.option(
    "--dsc-key", metavar="URI", default=making.DSC_KEYS,
    help="Where signing keys are made, up to the label: hsm:SLOT/dsc-?module=/path/to/library.so",
)  # fmt: skip
@click.option(
    "--signing-ca", "participant_folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Use the signing CA of this participant's folder, instead of making one.",
)  # fmt: skip
@click.option(
    "--signing-ca-certificate", "ca_path", metavar="PEM",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Your state's CSCA, which is kept elsewhere: no key is made, ask for each with `keys request`.",
)  # fmt: skip
@click.option(
    "--existing", is_flag=True,
    help="Use keys that are there already: an interrupted init's, or of the device's own tool.",
)  # fmt: skip
@click.option(
    "--contact", help="Where holders have mistakes corrected and get new codes; printed on sheets."
)
@options.issuer
@unlock.secret_files
@shared.at
def init(
    *,
    country: str,
    participant: str,
    name: str,
    authority: str,
    environment: str,
    shards: int,
    planned: int,
    algorithm: str,
    sca_key: str,
    dsc_key: str,
    participant_folder: Path | None,
    ca_path: Path | None,
    existing: bool,
    contact: str | None,
    issuer_folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Make a signing CA and the first signing keys, and say what to do with them."""
    _codes(country, participant)
    folder = options.folder(issuer_folder)
    instant = int(shared.now_or(at).timestamp())
    secret = unlock.secrets(password_file, pin_file, new=True)
    of = (participant, country, name, Environment(environment))
    reached = _contact(contact)

    def fill(filled: Path) -> Issuer:
        if ca_path is not None:
            pem = files.read_bytes(ca_path)
            issuer_home.write_certificate(filled, pem)
            sca = requests.signing_ca(pem, country)
            return Issuer(*of[:3], authority or name, of[3], reached, sca, ())
        task = signing_ca.Makes(filled, *of, instant, secret, existing)
        # All devices are seen before a key is made: else the first one would be left in its device.
        uris = [making.key_uri(dsc_key, label) for label in new_labels(instant, shards)]
        if participant_folder is None:
            uris.insert(0, sca_key)
        check_places(uris, folder=filled, secret=secret, existing=existing)
        if participant_folder is None:
            sca, by = signing_ca.make_ca(task, sca_key)
        else:
            sca, by = homes.signing_ca(participant_folder, secret)
            issuer_home.write_certificate(filled, homes.signing_ca_pem(participant_folder))
        made = Issuer(*of[:3], authority or name, of[3], reached, sca, ())
        for label in new_labels(instant, shards):
            wanted = making.Wanted(
                label, making.key_uri(dsc_key, label), planned, algorithm=Algorithm(algorithm)
            )
            made = made._replace(shards=(*made.shards, making.make_shard(task, wanted, by)))
        return made

    with issuer_home.new(folder) as filled:
        made = fill(filled)
        issuer_home.save(filled, made)
    _tell(folder, made, click.echo)


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


def _codes(country: str, participant: str) -> None:
    if not _ALPHA_2.fullmatch(country) or countries.code(country) != country:
        raise UsageError(
            "country-unknown", "--country is no code that is known here", "write two letters: PT"
        )
    if not _CODE.fullmatch(participant):
        raise UsageError(
            "participant-unfit", "--participant has three capital letters", "for example PRT or IOM"
        )


def _tell(folder: Path, made: Issuer, say: Callable[[str], None]) -> None:
    sca = made.sca
    say(
        f"{made.participant} signs for {made.country} in the {made.environment} environment: {folder}"
    )
    say("")
    say(
        f"signing CA   until {signing_ca.date(sca.not_after)}, "
        + (f"makes keys until {signing_ca.date(sca.use_until)}" if sca.key else "kept elsewhere")
    )
    say(f"  SHA-256 {_groups(sca.thumbprint)}")
    for shard in made.shards:
        say(
            f"{shard.label}  signs until {signing_ca.date(shard.use_until)}, "
            f"is verified until {signing_ca.date(shard.not_after)}, at most {shard.capacity} certificates"
        )
        say(f"  SHA-256 {_groups(shard.thumbprint)}")
    if not made.contact:
        say("")
        told = "warning: no --contact: a sheet names the issuing body, and not where it is reached"
        click.echo(told, err=True)
        say(f'  add it later: "contact" in {folder / issuer_home.DOCUMENT}')
    in_files = sca.key.startswith("file:") or any(s.key.startswith("file:") for s in made.shards)
    in_device = sca.key.startswith("hsm:") or any(s.key.startswith("hsm:") for s in made.shards)
    say("")
    say("back up")
    if in_files:
        say(
            f"  {folder / 'keys'}, and the password in another place: without both nothing is signed"
        )
    if in_device:
        say("  the device, by its maker's own means: its keys cannot be copied out of it")
    say(f"  {folder / issuer_home.DOCUMENT} and {folder / 'certificates'}, which hold no secret")
    say("hand to the authority, and read the signing CA's SHA-256 out to it")
    say("  what this writes: pratique issuer keys export DIR")
    say("next")
    if requests.is_elsewhere(made):
        say("  pratique issuer keys request       makes a key, and the request for its certificate")
        say("  pratique issuer keys accept PEM    takes what your signing CA has made of it")
        return
    say("  pratique issuer keys list     shows the keys and the days they have left")
    say("  pratique issuer keys rotate   makes their successors before they end")


def _groups(thumbprint: str) -> str:
    """Write a fingerprint as it is read out: in groups of four."""
    return " ".join(thumbprint[at : at + 4] for at in range(0, len(thumbprint), 4))
