"""`pratique participant leave`: take everything along, and say so with k-of-n keys.

    what is published, certificates, public keys -> FILE.zip          notice -> leave.json, signed

1. Nobody's leave is needed to go, and nothing stays behind that the participant needs elsewhere.
2. A notice names the network that is left: it says nothing of another one, in which the same keys speak.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import click

from pratique.cli import options, output, unlock
from pratique.cli import participant_home as homes
from pratique.cli.authority import place
from pratique.cli.safe import printable
from pratique.edges import files
from pratique.edges.keys import Secret, is_at_hand, open_key
from pratique.errors import UsageError
from pratique.network import keys, view

FORMAT = "pratique-leave-1"
PREFIX = b"pratique-leave-1\n"


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE"
)
@place.repository
@place.home
@homes.option
@unlock.secret_files
@options.at
def leave(
    *,
    out: Path,
    repository: Path | None,
    home: Path | None,
    folder: Path | None,
    password_file: Path | None,
    pin_file: Path | None,
    at: datetime | None,
) -> None:
    """Export all that is published and public of this participant, with a signed notice of leaving."""
    where = homes.folder_of(folder)
    own = homes.load(where)
    code = own.participant.code
    current = place.known(repository, home)
    published = {} if current is None or code not in current.roles else current.roles[code].files
    notice = {}
    if current is None:
        click.echo(
            "note: no network is known here to be named, so no notice was signed: sync first, or --repository",
            err=True,
        )
    else:
        secret = unlock.secrets(password_file, pin_file)
        notice["leave.json"] = _notice(own, where, current, secret, options.now_or(at))
    found = {
        **notice,
        homes.FILE: files.read_bytes(where / homes.FILE),
        **{f"published/{path}": data for path, data in published.items()},
        **{
            f"certificates/{p.name}": files.read_bytes(p)
            for p in (where / "certificates").glob("*.pem")
        },
    }
    output.write(out, _packed(found))
    if not published:
        click.echo(
            "note: nothing that you published is known here, and in it: sync first", err=True
        )
    click.echo(f"{len(found)} files: {out}")
    click.echo("the private keys stay where they are: they are yours")
    if current is not None:
        click.echo(
            f"its leave.json is for {printable(str(current.board.name))}, and no other network"
        )
        click.echo(
            "hand it to the authority, which lets you go: pratique authority propose withdraw"
        )


def _notice(
    own: homes.Home, folder: Path, current: view.View, secret: Secret, at: datetime
) -> bytes:
    code = own.participant.code
    if own.environment is not current.board.environment:
        raise UsageError(
            "environment-differs",
            f"{code}'s keys here are for {own.environment}, and the network is {current.board.name}",
            "name the folder of the keys for it: --participant DIR",
        )
    told = {
        "participant": code,
        "at": at.astimezone(UTC).isoformat(),
        **current.board.name.to_field(),
    }
    message = PREFIX + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    speaking = [uri for _, uri in own.speaking(current)]
    here = [uri for uri in speaking if is_at_hand(uri, folder=folder)][: own.threshold]
    if len(here) < own.threshold:
        raise UsageError(
            "keys-elsewhere",
            f"{own.threshold} role keys must sign the notice, {len(here)} are here",
            "tell the authority by letter; nobody's leave is needed to go",
        )
    signed = [open_key(uri, folder=folder, secret=secret) for uri in here]
    signatures = {
        keys.keyid(key.public_key): base64.b64encode(key.sign(message)).decode() for key in signed
    }
    return json.dumps({"format": FORMAT, **told, "signatures": signatures}, indent=1).encode()


def _packed(found: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(found):
            # What is named by a ZipInfo is stored as it is, unless that is said for each.
            one = zipfile.ZipInfo(name, datetime(1980, 1, 1, tzinfo=UTC).timetuple()[:6])
            archive.writestr(one, found[name], compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()
