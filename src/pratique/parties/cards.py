"""Cards: what a seat or a participant hands in of its keys. Public, one file, JSON.

    seat.json {name, holder, region, key} · participant's application.json

1. A card holds public keys only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.network.metadata import Seat
from pratique.network.participants import Participant, ParticipantKind
from pratique.network.proposal import RoleKeys
from pratique.store import sources
from pratique.terms import Environment
from pratique.trust.signer import array, text, whole

SEAT_FORMAT, APPLICATION_FORMAT = "pratique-seat-1", "pratique-application-1"
APPLICATION, MAX_CARD = "application.json", 1024 * 1024
_FROM = {
    SEAT_FORMAT: "a seat's card comes from: pratique authority seat",
    APPLICATION_FORMAT: "an application comes from: pratique participant apply",
}


class SeatCard(NamedTuple):
    """A seat, and its public key (SubjectPublicKeyInfo DER)."""

    seat: Seat
    public_key: bytes


class Application(NamedTuple):
    """Who applies, with which keys, for which domains; and the document as it was handed in."""

    participant: Participant
    keys: RoleKeys
    domains: tuple[str, ...]
    environment: Environment
    data: bytes = b""


def write_seat(seat: Seat, public_key: bytes) -> bytes:
    """Write a seat's card."""
    row = {"format": SEAT_FORMAT, "name": seat.name, "holder": seat.holder, "region": seat.region,
           "key": metadata.to_pem(public_key)}  # fmt: skip
    return json.dumps(row, indent=1).encode() + b"\n"


def read_seat(path: Path) -> SeatCard:
    """Read a seat's card; DocumentRefused `card-malformed`."""
    data = sources.read_bytes(path, MAX_CARD)
    row = _row(path, SEAT_FORMAT, {"name", "holder", "region", "key"}, data)
    try:
        key = metadata.from_pem(text(row["key"]))
        seat = Seat(
            text(row["name"]), text(row["holder"]), text(row["region"]), metadata.keyid(key)
        )
    except TypeError as error:
        raise _malformed(path, SEAT_FORMAT) from error
    return SeatCard(seat, key)


def read_key(path: Path) -> str:
    """Read a public key, PEM or in a card of a seat's form, as PEM; DocumentRefused."""
    # Read before anything is made: a folder with a key that nobody can read would be of no use.
    data = sources.read_bytes(path, 64 * 1024)
    if data.lstrip().startswith(b"{"):
        return metadata.to_pem(read_seat(path).public_key)
    try:
        return metadata.to_pem(metadata.from_pem(data.decode("ascii", "replace")))
    except DocumentRefused as error:
        raise DocumentRefused(
            error.code, f"{path}: this is no public key", "as -----BEGIN PUBLIC KEY-----"
        ) from error


def write_application(application: Application) -> bytes:
    """Write an application."""
    row = {
        "format": APPLICATION_FORMAT,
        "participant": application.participant.to_row(),
        "keys": [metadata.to_pem(key) for key in application.keys.public_keys],
        "threshold": application.keys.threshold,
        "domains": list(application.domains),
        "environment": application.environment.value,
    }
    return json.dumps(row, indent=1, ensure_ascii=False).encode() + b"\n"


def read_application(path: Path) -> Application:
    """Read an application, or the one in a dossier's folder; DocumentRefused `card-malformed`."""
    path = path / APPLICATION if path.is_dir() else path
    members = {"participant", "keys", "threshold", "domains", "environment"}
    data = sources.read_bytes(path, MAX_CARD)
    row = _row(path, APPLICATION_FORMAT, members, data)
    try:
        one = row["participant"]
        participant = Participant(
            text(one["code"]), ParticipantKind(one["kind"]), text(one["name"]),
            frozenset(map(text, array(one["countries"]))), text(one["subject"]),
            frozenset(), text(one["contact"]),
        )  # fmt: skip
        held = tuple(metadata.from_pem(text(pem)) for pem in array(row["keys"]))
        return Application(
            participant,
            RoleKeys(held, whole(row["threshold"])),
            tuple(map(text, array(row["domains"]))),
            Environment(row["environment"]),
            data,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(path, APPLICATION_FORMAT) from error


def _row(path: Path, form: str, members: set[str], data: bytes) -> dict[str, Any]:
    try:
        found = strict_json.parse(data)
    except DocumentRefused as error:
        raise _malformed(path, form) from error
    if not isinstance(found, dict) or found.get("format") != form:
        raise _malformed(path, form)
    if found.keys() != {"format", *members}:
        raise _malformed(path, form)
    return found


def _malformed(path: Path, form: str) -> DocumentRefused:
    return DocumentRefused(
        "card-malformed", f"{path}: this is no document of the form {form}", _FROM[form]
    )
