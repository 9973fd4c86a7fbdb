"""Make a signing CA by the network's template, in a participant's or an issuer's folder.

    Makes(folder, who, at) -> make_ca -> its key by URI, its certificate as PEM

1. The key is made and kept before its certificate: what a document names is there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from pratique.crypto import make_x509, x509
from pratique.crypto.make_x509 import Authority, Subject
from pratique.edges import issuer_home
from pratique.edges.keys import Secret, make_key
from pratique.errors import UsageError
from pratique.terms import Environment
from pratique.trust.issuer import SigningCa

SCA_KEY = "file:keys/sca.pem"
MOST_LEFT = 20
"""Keys of interrupted commands that are stepped over."""
T = TypeVar("T")


class Makes(NamedTuple):
    """Where, for whom and when something is made."""

    folder: Path
    participant: str
    country: str
    name: str
    environment: Environment
    at: int
    secret: Secret
    existing: bool = False
    """Whether keys that are there already are adopted."""

    def subject(self, what: str, serial: str = "") -> Subject:
        """Return how X.509 names it."""
        name = f"{self.participant} {what}"
        return Subject(name, self.name, self.country, self.environment, serial)

    def note(self, what: str) -> str:
        """Return the text that a key file opens with (RFC 7468 §5.2)."""
        return (
            f"Private key of {self.participant}: {what}\n"
            f"Environment: {self.environment}\n"
            f"Made: {date(self.at)}. Encrypted; keep a copy, and the password apart from it.\n\n"
        )


def make_ca(making: Makes, uri: str, label: str = issuer_home.SCA) -> tuple[SigningCa, Authority]:
    """Make a signing CA, its key and its self-signed certificate."""
    key = make_key(
        uri, folder=making.folder, secret=making.secret, note=making.note("signing CA"),
        existing=making.existing,
    )  # fmt: skip
    subject = making.subject(f"signing CA {date(making.at)[:7]}")
    der = make_x509.signing_ca(key, subject, at=making.at, serial=serial())
    issuer_home.write_certificate(making.folder, make_x509.to_pem(der), label)
    found, end = x509.read(der), making.at + make_x509.SCA_USE
    sca = SigningCa(uri, found.thumbprint, found.not_before, found.not_after, end)
    return sca, Authority(der, key)


def until_free(label: str, uri: str, make: Callable[[str, str], T]) -> T:
    """Make something under a label, or the next one where an interrupted command has left its key.

    A folder shows which labels are taken; a device shows it only when a key is to be made there.
    """
    stem = label
    for number in range(2, MOST_LEFT + 2):
        try:
            return make(label, uri)
        except UsageError as error:
            if error.code != "key-exists" or label not in uri:
                raise
        head, _, tail = uri.rpartition(label)
        label = f"{stem}-{number}"
        uri = f"{head}{label}{tail}"
    raise UsageError(
        "keys-left", f"{MOST_LEFT} keys called {stem} are in no document", "see what makes them"
    )


def date(seconds: int) -> str:
    """Write the day of an instant, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def serial() -> int:
    """Draw an X.509 serial number: positive, of at most 20 octets (RFC 5280 §4.1.2.2)."""
    return secrets.randbits(158) + 1
