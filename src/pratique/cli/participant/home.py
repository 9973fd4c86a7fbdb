"""A participant's folder: who it is, its keys by URI, its certificates.

    participant.json · certificates/{sca,upload,tls}.pem · keys/*.pem (encrypted)

1. No secret is in the document.
2. The keys that speak for the participant may lie elsewhere, each with another hand: then their URIs are
   not here, and `publish` makes a proposal for those hands to sign.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique.crypto import make_x509, x509
from pratique.edges import disk, files, issuer_home
from pratique.edges.keys import Secret, open_key
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import drafts, keys, participants, proposal, view
from pratique.terms import Environment
from pratique.trust import json_text
from pratique.trust.issuer import SigningCa
from pratique.trust.rows import array, text, whole

FORMAT = "pratique-participant-1"
FILE = "participant.json"
UPLOAD, TLS = "upload", "tls"

option = click.option(
    "--participant",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PRATIQUE_PARTICIPANT",
    metavar="DIR",
    help="The participant's folder [default: PRATIQUE_PARTICIPANT, or 'participant' in PRATIQUE_HOME].",
)


class Home(NamedTuple):
    """A participant as its folder keeps it.

    Attributes:
        participant: who it is; the domains are those that it applies for.
        environment: of all its keys.
        sca: URI of the signing CA's key.
        role_keys: URIs of the keys that speak for it, by public key in PEM; "" for one that is elsewhere.
        threshold: how many of them must sign.
    """

    participant: participants.Participant
    environment: Environment
    sca: SigningCa
    role_keys: tuple[tuple[str, str], ...]
    threshold: int

    def public_keys(self) -> drafts.RoleKeys:
        """Return its public keys."""
        return drafts.RoleKeys(
            tuple(keys.from_pem(pem) for pem, _ in self.role_keys), self.threshold
        )


def folder_of(named: Path | None) -> Path:
    """Return the participant's folder."""
    return named if named is not None else files.home() / "participant"


def save(folder: Path, home: Home) -> None:
    """Keep the participant's document."""
    row = {
        "format": FORMAT, "participant": home.participant.to_row(),
        "environment": home.environment.value, "sca": home.sca._asdict(),
        "role_keys": [list(one) for one in home.role_keys], "threshold": home.threshold,
    }  # fmt: skip
    data = json.dumps(row, indent=1, ensure_ascii=False).encode()
    disk.replace(folder / FILE, data + b"\n")


@contextmanager
def new(folder: Path) -> Iterator[Path]:
    """Make a new participant's folder whole or not at all; UsageError `participant-exists`."""
    try:
        with issuer_home.new(folder) as filled:
            yield filled
    except UsageError as error:
        if error.code != "issuer-exists":
            raise
        hint = "nothing is overwritten; name another folder with --participant"
        raise UsageError("participant-exists", error.message, hint) from error


def write_certificate(folder: Path, label: str, der: bytes) -> None:
    """Keep one of the participant's certificates."""
    issuer_home.write_certificate(folder, make_x509.to_pem(der), label)


def load(folder: Path) -> Home:
    """Load the participant of a folder; Unreadable `no-participant`, DocumentRefused."""
    path = folder / FILE
    if not path.exists():
        raise Unreadable(
            "no-participant",
            f"{folder}: there is no participant here",
            "make one: pratique participant init, or name its folder with --participant",
        )
    row: Any = json_text.parse(files.read_bytes(path))
    try:
        if row["format"] != FORMAT:
            raise ValueError("format")
        return _read(row)
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "participant-file", f"{path}: it is damaged", "restore it from its copy"
        ) from error


def signing_ca(folder: Path, secret: Secret) -> tuple[SigningCa, make_x509.Authority]:
    """Open the signing CA, for making document signers; its key is named by its full path."""
    home = load(folder)
    der = make_x509.from_pem(issuer_home.read_certificate(folder))
    if x509.read(der).thumbprint != home.sca.thumbprint:
        raise DocumentRefused(
            "sca-differs", f"{folder}: the signing CA's certificate is another one"
        )
    key = open_key(home.sca.key, folder=folder, secret=secret)
    uri = home.sca.key
    if uri.startswith("file:"):
        uri = f"file:{folder.absolute() / uri.removeprefix('file:')}"
    return home.sca._replace(key=uri), make_x509.Authority(der, key)


def signing_ca_pem(folder: Path) -> bytes:
    """Return the signing CA's certificate, PEM."""
    return issuer_home.read_certificate(folder)


def sign(
    folder: Path,
    uris: Iterable[str],
    secret: Secret,
    drafted: proposal.Proposal,
    current: view.View,
) -> None:
    """Sign a proposal with keys that speak for the participant; UsageError `key-not-asked`."""
    for uri in uris:
        try:
            proposal.sign(drafted, open_key(uri, folder=folder, secret=secret), current)
        except UsageError as error:
            if error.code != "key-not-asked":
                raise
            raise UsageError(
                error.code,
                "the keys here do not speak for the participant in the network that is known here",
                "pratique sync; if they are other keys, the seats must have signed them in",
            ) from error


def _read(row: Any) -> Home:
    one, sca = row["participant"], row["sca"]
    participant = participants.Participant(
        text(one["code"]), participants.ParticipantKind(one["kind"]), text(one["name"]),
        frozenset(map(text, array(one["countries"]))), text(one["subject"]),
        frozenset(map(text, array(one["domains"]))), text(one["contact"]),
    )  # fmt: skip
    times = (whole(sca[name]) for name in ("not_before", "not_after", "use_until"))
    return Home(
        participant,
        Environment(row["environment"]),
        SigningCa(text(sca["key"]), text(sca["thumbprint"]), *times),
        tuple((text(pem), text(uri)) for pem, uri in map(array, array(row["role_keys"]))),
        whole(row["threshold"]),
    )
