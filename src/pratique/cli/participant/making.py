"""Make one key of a participant with its certificate: signing CA, upload, TLS; or a role key.

    Makes, role, label, URI -> key, then certificate -> Owned

1. The key is made and kept before its certificate, and both before the document that names them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pratique.cli import participant_home as homes
from pratique.cli.signing_ca import Makes, make_ca, serial
from pratique.crypto import make_x509, x509
from pratique.edges import issuer_home
from pratique.edges.keys import make_key
from pratique.errors import UsageError
from pratique.network import keys
from pratique.trust.renewal import SCA, UPLOAD, Owned

_NAMES = {homes.UPLOAD: "upload", homes.TLS: "TLS client"}


def make_owned(task: Makes, role: str, label: str, uri: str) -> Owned:
    """Make the key of a role, and its certificate."""
    if role == SCA:
        made, _ = make_ca(task, uri, label)
        return Owned(SCA, label, *made)
    what = _NAMES[role]
    key = make_key(uri, folder=task.folder, secret=task.secret, note=task.note(what))
    make = make_x509.upload_signer if role == UPLOAD else make_x509.tls_client
    pem = make_x509.to_pem(make(key, task.subject(what), at=task.at, serial=serial()))
    issuer_home.write_certificate(task.folder, pem, label)
    return homes.owned_of(role, label, uri, pem)


def own_ca(task: Makes, pem: bytes, countries: Iterable[str]) -> Owned:
    """Keep the certificate of a signing CA that is kept elsewhere. UsageError `sca-unfit`."""
    found = x509.read(make_x509.from_pem(pem))
    if not found.is_ca or found.reason or not set(countries) & set(found.countries):
        raise UsageError(
            "sca-unfit",
            "that certificate is not a signing CA's of this participant",
            "name your own state's CSCA",
        )
    issuer_home.write_certificate(task.folder, pem, homes.SCA)
    return homes.owned_of(SCA, homes.SCA, "", pem)


def make_role(task: Makes, uri: str) -> str:
    """Make a key that speaks for the participant; return its public key, PEM."""
    note = task.note("speaks for the participant")
    key = make_key(uri, folder=task.folder, secret=task.secret, note=note)
    return keys.to_pem(key.public_key)
