"""Make a signing CA and shards in an issuer's folder: key, certificate, and what is noted of them.

    make_ca -> SigningCa       make_shard -> Shard       of both: a key by URI, a certificate as PEM

1. The key is made and kept before its certificate, and the certificate before the issuer's document:
   what the document names is there.
2. The environment stands in the key file's note, in the certificate and in the document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pratique.cli.signing_ca import Makes, serial
from pratique.crypto import make_x509, x509
from pratique.edges import issuer_home
from pratique.edges.keys import Secret, make_key, open_key
from pratique.errors import UsageError
from pratique.revocation.tags import width_for
from pratique.terms import ALL_KINDS, Algorithm, Kind
from pratique.trust.issuer import Issuer
from pratique.trust.shards import Shard

DSC_KEYS = "file:keys/"


class Wanted(NamedTuple):
    """A shard to make.

    Attributes:
        key: URI of its key.
        planned: how many certificates it is to sign at most.
        replaces: label of the shard in whose place it is made, or empty.
        begins: from when on it signs; None for at once.
    """

    label: str
    key: str
    planned: int
    usages: frozenset[Kind] = ALL_KINDS
    algorithm: Algorithm = Algorithm.ES256
    replaces: str = ""
    begins: int | None = None


def open_ca(folder: Path, issuer: Issuer, secret: Secret) -> make_x509.Authority:
    """Open the signing CA of an issuer's folder."""
    if not issuer.sca.key:
        raise UsageError(
            "sca-elsewhere",
            "this issuer's signing CA is kept elsewhere",
            "ask it for a certificate: pratique issuer keys request",
        )
    for label in issuer_home.signing_ca_labels(folder):
        der = make_x509.from_pem(issuer_home.read_certificate(folder, label))
        if hashlib.sha256(der).hexdigest() == issuer.sca.thumbprint:
            return make_x509.Authority(der, open_key(issuer.sca.key, folder=folder, secret=secret))
    raise UsageError(
        "sca-differs",
        "the signing CA's certificate is not the one that is noted",
        f"restore {issuer_home.certificate_path(folder)} from its copy",
    )


def prove(folder: Path, issuer: Issuer, wanted: Iterable[Wanted], secret: Secret) -> None:
    """See to it that new key files get the password of the others, and not a slip of the hand.

    Where the signing CA's key lies in a file, too, opening it has shown that already.
    """
    old = [s.key for s in issuer.shards if s.key.startswith("file:")]
    new = any(each.key.startswith("file:") for each in wanted)
    if new and old and not issuer.sca.key.startswith("file:"):
        open_key(old[-1], folder=folder, secret=secret)


def make_shard(making: Makes, wanted: Wanted, by: make_x509.Authority) -> Shard:
    """Make a shard: a key, and its certificate by the signing CA."""
    label = wanted.label
    start = making.at if wanted.begins is None else wanted.begins
    key = make_key(
        wanted.key,
        folder=making.folder,
        secret=making.secret,
        algorithm=wanted.algorithm,
        note=making.note(f"document signer {label}"),
        existing=making.existing,
    )
    der = make_x509.document_signer(
        key.public_key,
        making.subject(f"document signer {label}", serial=label),
        by=by,
        at=start,
        serial=serial(),
        usages=wanted.usages,
    )
    issuer_home.write_certificate(making.folder, make_x509.to_pem(der), label)
    found = x509.read(der)
    return Shard(
        label=label,
        participant=making.participant,
        country=making.country,
        environment=making.environment,
        algorithm=key.algorithm,
        key=wanted.key,
        kid=found.kid,
        thumbprint=found.thumbprint,
        usages=found.usages,
        not_before=found.not_before,
        not_after=found.not_after,
        use_until=min(start + make_x509.DSC_USE, found.not_after),
        planned=wanted.planned,
        width=width_for(wanted.planned),
        replaces=wanted.replaces,
    )


def makes(folder: Path, issuer: Issuer, *, at: datetime, secret: Secret) -> Makes:
    """Return how further keys of an issuer are made."""
    of = (issuer.participant, issuer.country, issuer.name, issuer.environment)
    return Makes(folder, *of, int(at.timestamp()), secret)


def key_uri(prefix: str, label: str) -> str:
    """Return the URI of a shard's key: the label after the prefix, before any `?module=`."""
    head, mark, query = prefix.partition("?")
    suffix = ".pem" if head.startswith("file:") else ""
    return f"{head}{label}{suffix}{mark}{query}"


def key_beside(shards: Iterable[Shard], label: str) -> str:
    """Return the URI of a new key that lies where the newest shard's lies."""
    newest = max(shards, key=lambda shard: (shard.not_before, shard.label), default=None)
    if newest is None or newest.label not in newest.key:
        return key_uri(DSC_KEYS, label)
    head, _, tail = newest.key.rpartition(newest.label)
    return f"{head}{label}{tail}"
