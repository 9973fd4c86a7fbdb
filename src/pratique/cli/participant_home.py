"""A participant's folder: who it is, its keys by URI, its certificates.

    participant.json · certificates/{sca,upload,tls}*.pem · keys/*.pem (encrypted)

1. No secret is in the document.
2. The keys that speak for the participant may lie elsewhere, each with another hand: then their URIs are
   not here, and `publish` makes a proposal for those hands to sign.
3. What is renewed stays beside its successor: the newest of a role is in use, the older ones end by
   themselves. A document of the first form, which knew no successors, is read and kept in the new one.
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
from pratique.trust import json_text, renewal
from pratique.trust.issuer import SigningCa
from pratique.trust.rows import array, text, whole

FORMAT, FIRST_FORMAT = "pratique-participant-2", "pratique-participant-1"
FILE = "participant.json"
SCA, UPLOAD, TLS = renewal.ROLES
RoleKey = tuple[str, str]
"""A public key in PEM, and its URI; "" for one that is elsewhere."""

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
        owned: signing CAs, upload and TLS keys; old ones among them.
        role_keys: the keys that speak for it.
        threshold: how many of them must sign.
        role_since: when those were made; seconds since the epoch.
        coming: their successors, which the seats have yet to let in.
    """

    participant: participants.Participant
    environment: Environment
    owned: tuple[renewal.Owned, ...]
    role_keys: tuple[RoleKey, ...]
    threshold: int
    role_since: int
    coming: tuple[RoleKey, ...] = ()

    @property
    def sca(self) -> SigningCa:
        """Return the signing CA that is in use."""
        return self.newest(SCA).as_signing_ca()

    def newest(self, role: str) -> renewal.Owned:
        """Return the key of a role that is in use."""
        return renewal.newest(self.owned, role)

    def public_keys(self) -> drafts.RoleKeys:
        """Return the public keys that it applies with: with successors, old and new together.

        The old ones have signed what is published: without them it would not hold until the new ones
        have signed another edition.
        """
        held = [keys.from_pem(pem) for pem, _ in (*self.role_keys, *self.coming)]
        return drafts.RoleKeys(tuple(dict.fromkeys(held)), self.threshold)

    def speaking(self, current: view.View | None) -> tuple[RoleKey, ...]:
        """Return its role keys that a network listens to, the newest first; all old ones without one."""
        listed = None if current is None else drafts.role_keys(current).get(self.participant.code)
        if listed is None:
            return self.role_keys
        both = dict.fromkeys((*self.coming, *self.role_keys))
        return tuple(one for one in both if keys.from_pem(one[0]) in listed.public_keys)


def folder_of(named: Path | None) -> Path:
    """Return the participant's folder."""
    return named if named is not None else files.home() / "participant"


def save(folder: Path, home: Home) -> None:
    """Keep the participant's document."""
    row = {
        "format": FORMAT, "participant": home.participant.to_row(),
        "environment": home.environment.value, "owned": [one._asdict() for one in home.owned],
        "role_keys": [list(one) for one in home.role_keys], "threshold": home.threshold,
        "role_since": home.role_since, "coming": [list(one) for one in home.coming],
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
        if row["format"] == FIRST_FORMAT:
            row = _of_first_form(row, folder)
        elif row["format"] != FORMAT:
            raise ValueError("format")
        return _read(row)
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "participant-file", f"{path}: it is damaged", "restore it from its copy"
        ) from error


def signing_ca(folder: Path, secret: Secret) -> tuple[SigningCa, make_x509.Authority]:
    """Open the signing CA, for making document signers; its key is named by its full path."""
    home = load(folder)
    der = make_x509.from_pem(signing_ca_pem(folder))
    if x509.read(der).thumbprint != home.sca.thumbprint:
        raise DocumentRefused(
            "sca-differs", f"{folder}: the signing CA's certificate is another one"
        )
    key = open_key(home.sca.key, folder=folder, secret=secret)
    return absolute(home.sca, folder), make_x509.Authority(der, key)


def absolute(sca: SigningCa, folder: Path) -> SigningCa:
    """Return a signing CA whose key is named by its full path, for a document in another folder."""
    if not sca.key.startswith("file:"):
        return sca
    return sca._replace(key=f"file:{folder.absolute() / sca.key.removeprefix('file:')}")


def signing_ca_pem(folder: Path) -> bytes:
    """Return the certificate, PEM, of the signing CA that is in use."""
    return issuer_home.read_certificate(folder, load(folder).newest(SCA).label)


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


def owned_of(role: str, label: str, key: str, pem: bytes, use: int | None = None) -> renewal.Owned:
    """Return how a key and its certificate are noted; `use` is how long it signs, in seconds."""
    found = x509.read(make_x509.from_pem(pem))
    until = found.not_after if use is None else min(found.not_before + use, found.not_after)
    return renewal.Owned(
        role, label, key, found.thumbprint, found.not_before, found.not_after, until
    )


def _of_first_form(row: Any, folder: Path) -> dict[str, Any]:
    sca = {"role": SCA, "label": SCA, **row["sca"]}
    others = [
        owned_of(
            role, role, f"file:keys/{role}.pem", issuer_home.read_certificate(folder, role)
        )._asdict()
        for role in (UPLOAD, TLS)
    ]
    since = sca["not_before"]
    return {**row, "owned": [sca, *others], "role_since": since, "coming": []}


def _read(row: Any) -> Home:
    one = row["participant"]
    participant = participants.Participant(
        text(one["code"]), participants.ParticipantKind(one["kind"]), text(one["name"]),
        frozenset(map(text, array(one["countries"]))), text(one["subject"]),
        frozenset(map(text, array(one["domains"]))), text(one["contact"]),
    )  # fmt: skip
    owned = tuple(map(_owned, array(row["owned"])))
    if {each.role for each in owned} != set(renewal.ROLES):
        raise ValueError("what a participant owns")
    return Home(
        participant,
        Environment(row["environment"]),
        owned,
        _role_keys(row["role_keys"]),
        whole(row["threshold"]),
        whole(row["role_since"]),
        _role_keys(row["coming"]),
    )


def _owned(row: Any) -> renewal.Owned:
    role, label, key, thumbprint = (text(row[n]) for n in ("role", "label", "key", "thumbprint"))
    times = (whole(row[name]) for name in ("not_before", "not_after", "use_until"))
    return renewal.Owned(role, label, key, thumbprint, *times)


def _role_keys(rows: Any) -> tuple[RoleKey, ...]:
    return tuple((text(pem), text(uri)) for pem, uri in map(array, array(rows)))
