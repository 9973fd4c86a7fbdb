"""Participants' folders as WHO keeps them, of what was synced and of dossiers.

View -> CODE/onboarding/DOMAIN/{SCA,DSC}/*.pem          dossier -> UP/UP.pem, TLS/*.pem
anchor -> signed/TNG_TA.signed.X.json beside each of SCA, UP and TLS
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pratique.cli.network import folders as reading
from pratique.cli.network import listing
from pratique.crypto import make_x509
from pratique.edges import files
from pratique.edges.keys import Secret, open_key
from pratique.errors import UsageError
from pratique.network.view import View
from pratique.trust import did_write
from pratique.trust.governance import anchoring


def anchor(path: Path | None, uri: str | None, secret: Secret) -> make_x509.Authority | None:
    """Open a trust anchor; None if none is named."""
    if path is None and uri is None:
        return None
    if path is None or uri is None:
        raise UsageError(
            "anchor-half", "an anchor is a certificate and a key: --anchor, --anchor-key"
        )
    certificate = make_x509.from_pem(files.read_bytes(path))
    return make_x509.Authority(certificate, open_key(uri, folder=Path.cwd(), secret=secret))


def folders(
    view: View, dossiers: tuple[Path, ...], by: make_x509.Authority | None, at: datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of all participants' folders, by path; with an anchor, what it signs for them."""
    for one in sorted(set(listing.entries(view, at=int(at.timestamp())))):
        der = one.chain[0]
        name = f"{one.usage}_{listing.kid(der)}"
        folder = f"{one.participant}/onboarding/{one.domain}/{one.usage}"
        yield f"{folder}/{name}.pem", make_x509.to_pem(der)
        # A signing CA vouches for its signers; the anchor signs for it and not for them.
        if by is not None and one.usage == did_write.SCA:
            yield f"{folder}/signed/TNG_TA.signed.{name}.json", anchoring.vouched(der, by)
    for path in dossiers:
        yield from _dossier(view, path, by)


def _dossier(view: View, path: Path, by: make_x509.Authority | None) -> Iterator[tuple[str, bytes]]:
    if not reading.is_one(path):
        raise UsageError(
            "dossier-none", f"{path}: there is no dossier in it", "pratique participant apply"
        )
    ((code, held, _),) = reading.read(path)
    if code not in view.participants:
        raise UsageError("participant-unknown", f"{path}: the network has no participant {code}")
    for domain in sorted(view.participants[code].domains):
        for name in ("UP/UP.pem", "TLS/TLS.pem", "TLS/CA.pem"):
            if name not in held:
                continue
            role, _, file = name.partition("/")
            folder = f"{code}/onboarding/{domain}/{role}"
            yield f"{folder}/{file}", held[name]
            if by is not None and file != "CA.pem":
                der = make_x509.from_pem(held[name])
                stem = file.removesuffix(".pem")
                yield f"{folder}/signed/TNG_TA.signed.{stem}.json", anchoring.vouched(der, by)
