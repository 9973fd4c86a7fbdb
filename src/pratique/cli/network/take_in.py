"""`pratique network import`: what of participants' folders is believed, by an anchor from a trusted hand.

    FOLDER, --anchor PEM -> believed -> table | JSON          --out DIR -> folders of what is believed

1. Nothing is believed for where it lies; what is not believed is told with its reason, and not written.
2. What is written is of the same form and the same bytes, with the anchor's words: it can be taken in again.
3. Exit: 0 all certificates are believed · 1 some are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import options
from pratique.cli.network import folders, written
from pratique.cli.safe import as_json, printable
from pratique.cli.signing_ca import date
from pratique.crypto import x509
from pratique.edges import files
from pratique.errors import DocumentRefused, Unreadable
from pratique.trust.governance import believed

FORMAT = "pratique-believed-1"
LONGEST = 200


class Found(NamedTuple):
    """One certificate file of a participant."""

    participant: str
    row: believed.Row


class Seen(NamedTuple):
    """A participant's folder, and what of it is believed."""

    held: folders.Held
    rows: tuple[believed.Row, ...]


@click.command("import")
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER"
)
@click.option("--anchor", "anchors", multiple=True, required=True, metavar="PEM",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Certificate of a trust anchor, from a hand that you trust. Repeatable.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write folders there that hold what is believed, and nothing else.")  # fmt: skip
@options.at
@options.output_format
def take_in(
    *, folder: Path, anchors: tuple[Path, ...], out: Path | None, at: datetime | None,
    output_format: str,
) -> int:  # fmt: skip
    """Say what of a participant's FOLDER, or of a folder of those, is believed."""
    instant = options.now_or(at)
    seen = list(_seen(folder, [_anchor(path) for path in anchors], instant))
    if not seen:
        raise Unreadable(
            "folders-none", f"{folder}: there is no participant's folder in it",
            "a participant's folder is CODE/onboarding/DOMAIN/GROUP",
        )  # fmt: skip
    if out is not None:
        written.folders(out, {name: data for one in seen for name, data in _believed(one).items()})
    found = [Found(one.held.code, row) for one in seen for row in one.rows]
    if output_format == "json":
        rows = [_as_json(one) for one in found]
        click.echo(as_json({"format": FORMAT, "certificates": rows}, indent=1))
    else:
        for line in _lines(found, int(instant.timestamp())):
            click.echo(printable(line, LONGEST))
    return 1 if any(one.row.why for one in found) else 0


def _anchor(path: Path) -> bytes:
    blocks = x509.armoured(files.read_bytes(path))
    if not blocks:
        raise DocumentRefused("x509-none", f"{path}: there is no X.509 certificate in it")
    # Of a chain, the first one is the anchor itself.
    return blocks[0]


def _seen(folder: Path, anchors: list[bytes], at: datetime) -> Iterator[Seen]:
    for held in folders.read(folder):
        if held.refused is not None:
            yield Seen(held, (believed.Row("-", "", held.refused.code),))
            continue
        yield Seen(
            held, believed.believed(held.files, participant=held.code, anchors=anchors, at=at)
        )


def _believed(one: Seen) -> dict[str, bytes]:
    held = believed.handed_on(one.held.files, one.rows)
    return {f"{one.held.code}/{folders.START}/{name}": data for name, data in held.items()}


def _lines(found: list[Found], at: int) -> Iterator[str]:
    good = 0
    for one in found:
        row, certificate = one.row, one.row.certificate
        end = "" if certificate is None else f" until {date(certificate.record.not_after)}"
        if certificate is not None and at > certificate.record.not_after:
            end += ", has ended"
        told = f"not believed: {row.why}" if row.why else f"believed{end}"
        good += not row.why
        yield f"{one.participant:<5} {row.name:<40} {told}"
    yield f"{good} of {len(found)} certificates are believed"


def _as_json(one: Found) -> dict[str, object]:
    certificate = one.row.certificate
    return {
        "participant": one.participant,
        "name": one.row.name,
        "role": one.row.role,
        "believed": not one.row.why,
        "why": one.row.why,
        "anchor": one.row.anchor,
        "thumbprint": "" if certificate is None else certificate.record.thumbprint,
        "not_after": None if certificate is None else certificate.record.not_after,
    }
