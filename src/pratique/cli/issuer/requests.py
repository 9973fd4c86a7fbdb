"""Keys under a signing CA that is kept elsewhere: a request out, the CA's certificate in.

    key -> requests/LABEL.json, LABEL.csr -> the state's CSCA -> certificate -> shard in issuer.json

1. The key is made and kept first, then what is noted of it, then the request: an interrupted command loses no key.
2. A certificate is taken only for a key that was asked for, only from the CA that is noted, and only with the
   country, the time and the uses that make certificates which verifiers believe.
3. A request holds nothing secret.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique.cli.issuer import making
from pratique.cli.signing_ca import date
from pratique.crypto import chain, make_x509, x509
from pratique.edges import disk, files, issuer_home
from pratique.edges.keys import Secret, make_key
from pratique.errors import DocumentRefused, UsageError
from pratique.revocation.tags import width_for
from pratique.terms import Kind
from pratique.trust import json_text
from pratique.trust.issuer import Issuer, SigningCa
from pratique.trust.shards import Shard

FOLDER, FORMAT = "requests", "pratique-key-request-1"


class Asked(NamedTuple):
    """A key that a certificate was asked for.

    Attributes:
        label, key, planned: as of the shard to be.
        public_key: SubjectPublicKeyInfo, DER.
    """

    label: str
    key: str
    planned: int
    public_key: bytes


def is_elsewhere(issuer: Issuer) -> bool:
    """Tell whether the issuer's signing CA is kept elsewhere."""
    return not issuer.sca.key


def signing_ca(pem: bytes, country: str) -> SigningCa:
    """Return how a signing CA that is kept elsewhere is noted. UsageError `sca-unfit`, `country-differs`."""
    found = x509.read(make_x509.from_pem(pem))
    if not found.is_ca or found.reason:
        raise UsageError("sca-unfit", "that certificate is not a signing CA's", "name the CSCA's")
    if country not in found.countries:
        raise UsageError(
            "country-differs", f"the signing CA is not {country}'s", "name your own state's CSCA"
        )
    return SigningCa("", found.thumbprint, found.not_before, found.not_after, found.not_after)


def request(
    folder: Path, issuer: Issuer, wanted: making.Wanted, *, at: datetime, secret: Secret
) -> Path:
    """Make a key, and write the request for its certificate; return where it lies."""
    task = making.makes(folder, issuer, at=at, secret=secret)
    key = make_key(
        wanted.key, folder=folder, secret=secret, algorithm=wanted.algorithm,
        note=task.note(f"document signer {wanted.label}"),
    )  # fmt: skip
    row = {
        "format": FORMAT, "label": wanted.label, "key": wanted.key, "planned": wanted.planned,
        "public_key": base64.b64encode(key.public_key).decode(),
    }  # fmt: skip
    path = folder / FOLDER / f"{wanted.label}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    disk.replace(path, json.dumps(row, indent=1).encode() + b"\n", 0o600)
    subject = task.subject(f"document signer {wanted.label}", serial=wanted.label)
    out = path.with_suffix(".csr")
    disk.replace(out, make_x509.signing_request(key, subject, usages=wanted.usages), 0o644)
    return out


def pending(folder: Path) -> list[Asked]:
    """Return the keys whose certificate is awaited; DocumentRefused `request-malformed`."""
    return [_read(path) for path in sorted((folder / FOLDER).glob("*.json"))]


def accept(folder: Path, issuer: Issuer, pem: bytes, ca_pem: bytes | None) -> tuple[Issuer, Shard]:
    """Take the certificate of a key that was asked for.

    Args:
        folder: the issuer's.
        issuer: as it is.
        pem: the certificate.
        ca_pem: the certificate of a newer signing CA that has issued it, or None.

    Raises:
        UsageError: `request-unknown`, `sca-differs`, `certificate-unfit`.
    """
    der = make_x509.from_pem(pem)
    found = x509.read(der)
    asked = next((one for one in pending(folder) if one.public_key == found.public_key), None)
    if asked is None or found.algorithm is None:
        raise UsageError(
            "request-unknown",
            "no certificate was asked for with this key here, or it is taken already",
            "pratique issuer keys list; ask for one: pratique issuer keys request",
        )
    ca = ca_pem or issuer_home.read_certificate(folder)
    authority = x509.read(make_x509.from_pem(ca))
    if ca_pem is not None:
        issuer = issuer._replace(sca=signing_ca(ca_pem, issuer.country))
    if chain.issued_by(found, authority) is not True:
        raise UsageError(
            "sca-differs",
            "the certificate was not issued by the signing CA that is noted here",
            "if the state has a newer one, name it: --signing-ca-certificate PEM",
        )
    _fit(found, issuer)
    shard = Shard(
        label=asked.label,
        participant=issuer.participant,
        country=issuer.country,
        environment=issuer.environment,
        algorithm=found.algorithm,
        key=asked.key,
        kid=found.kid,
        thumbprint=found.thumbprint,
        usages=found.usages,
        not_before=found.not_before,
        not_after=found.not_after,
        use_until=min(found.not_before + make_x509.DSC_USE, found.not_after),
        planned=asked.planned,
        width=width_for(asked.planned),
    )
    if ca_pem is not None:
        # Both stay: what the older one has issued is verified under it.
        names = issuer_home.signing_ca_labels(folder)
        issuer_home.write_certificate(folder, ca_pem, f"{issuer_home.SCA}-{len(names) + 1}")
    issuer_home.write_certificate(folder, make_x509.to_pem(der), asked.label)
    issuer = issuer._replace(shards=(*issuer.shards, shard))
    issuer_home.save(folder, issuer)
    for suffix in (".json", ".csr"):
        (folder / FOLDER / f"{asked.label}{suffix}").unlink(missing_ok=True)
    return issuer, shard


def _fit(found: x509.X509Record, issuer: Issuer) -> None:
    problem = ""
    if found.is_ca:
        problem = "it is a CA's"
    elif found.reason or not found.usages:
        problem = "it allows no signing of health certificates"
    elif issuer.country not in found.countries:
        problem = f"it does not name {issuer.country} as its country (C)"
    elif found.not_after <= found.not_before:
        problem = f"it ends on {date(found.not_after)}, before it begins"
    if problem:
        raise UsageError(
            "certificate-unfit",
            f"verifiers would not believe this certificate: {problem}",
            "ask the CA for one by the network's template: key usage digitalSignature, C, two years",
        )


def _read(path: Path) -> Asked:
    row: Any = json_text.parse(files.read_bytes(path))
    try:
        if row["format"] != FORMAT:
            raise ValueError("format")
        octets = base64.b64decode(row["public_key"], validate=True)
        return Asked(str(row["label"]), str(row["key"]), int(row["planned"]), octets)
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "request-malformed", f"{path}: it is damaged", "ask for another certificate"
        ) from error


def kinds_of(kinds: tuple[str, ...]) -> frozenset[Kind]:
    """Return the kinds that are named; all where none is."""
    return frozenset(map(Kind, kinds or Kind))
