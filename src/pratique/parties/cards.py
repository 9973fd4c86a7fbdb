"""Cards: what a seat or a participant hands in of its keys. Public, one file, JSON.

    seat.json {name, holder, region, key} · participant's application.json

1. A card holds public keys only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.network.metadata import Seat
from pratique.network.participants import Participant
from pratique.network.proposal import RoleKeys
from pratique.store import sources
from pratique.strict_json import Codec, text
from pratique.terms import Environment

SEAT_FORMAT, APPLICATION_FORMAT = "pratique-seat-1", "pratique-application-1"
APPLICATION, MAX_CARD = "application.json", 1024 * 1024
_FROM = {
    SEAT_FORMAT: "a seat's card comes from: pratique authority seat",
    APPLICATION_FORMAT: "an application comes from: pratique participant apply",
}


T = TypeVar("T")
Pem = Annotated[bytes, Codec(lambda value: metadata.from_pem(text(value)), metadata.to_pem)]


class SeatFile(NamedTuple):
    """A seat's card, as it lies in a file."""

    name: str
    holder: str
    region: str
    key: Pem


class ApplicationFile(NamedTuple):
    """An application, as it lies in a file."""

    participant: Participant
    keys: tuple[Pem, ...]
    threshold: int
    domains: tuple[str, ...]
    environment: Environment


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
    found = SeatFile(seat.name, seat.holder, seat.region, public_key)
    return strict_json.dump(found, SEAT_FORMAT, ordered=False)


def read_seat(path: Path) -> SeatCard:
    """Read a seat's card; DocumentRefused `card-malformed`."""
    name, holder, region, key = _read(
        path, sources.read_bytes(path, MAX_CARD), SeatFile, SEAT_FORMAT
    )
    return SeatCard(Seat(name, holder, region, metadata.keyid(key)), key)


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
    keys, threshold = application.keys
    found = ApplicationFile(
        application.participant, keys, threshold, application.domains, application.environment
    )
    return strict_json.dump(found, APPLICATION_FORMAT, ordered=False, ascii_only=False)


def read_application(path: Path) -> Application:
    """Read an application, or the one in a dossier's folder; DocumentRefused `card-malformed`."""
    path = path / APPLICATION if path.is_dir() else path
    data = sources.read_bytes(path, MAX_CARD)
    found = _read(path, data, ApplicationFile, APPLICATION_FORMAT)
    return Application(
        found.participant._replace(domains=frozenset()),
        RoleKeys(found.keys, found.threshold),
        found.domains,
        found.environment,
        data,
    )


def _read(path: Path, data: bytes, kind: type[T], form: str) -> T:
    try:
        return strict_json.document(data, kind, form, lambda why: _malformed(path, form, why))
    except DocumentRefused as error:
        raise _malformed(path, form, error.message) from error


def _malformed(path: Path, form: str, why: str) -> DocumentRefused:
    return DocumentRefused(
        "card-malformed", f"{path}: this is no document of the form {form}: {why}", _FROM[form]
    )
