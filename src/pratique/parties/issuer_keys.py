"""Keys under a signing CA that is kept elsewhere: a request out, the CA's certificate in.

    key -> requests/LABEL.json, LABEL.csr -> the state's CSCA -> certificate -> shard in issuer.json

1. The key is made and kept first, then what is noted of it, then the request: an interrupted command loses no key.
2. A certificate is taken only for a key that was asked for, only from the CA that is noted, and only with the
   country, the time and the uses that make certificates which verifiers believe.
3. A request holds nothing secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique import strict_json
from pratique.crypto import x509, x509_write
from pratique.crypto.x509_write import Authority, Subject
from pratique.errors import DocumentRefused, UsageError
from pratique.parties import issuer as parties_issuer
from pratique.revocation.tag_list import width_for
from pratique.store import files, sources
from pratique.store.keys import Secret, make_key, open_key
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust import issuer as trust_issuer
from pratique.trust import renewal
from pratique.trust.issuer import Issuer, Shard, SigningCa

# ----------------------------------------------------------------------------------------------------
# Make a signing CA by the network's template, in a participant's or an issuer's folder.
#
#     Makes(folder, who, at) -> make_ca -> its key by URI, its certificate as PEM
#
# 1. The key is made and kept before its certificate: what a document names is there.


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


def make_ca(
    making: Makes, uri: str, label: str = parties_issuer.SCA
) -> tuple[SigningCa, Authority]:
    """Make a signing CA, its key and its self-signed certificate."""
    key = make_key(
        uri, folder=making.folder, secret=making.secret, note=making.note("signing CA"),
        existing=making.existing,
    )  # fmt: skip
    subject = making.subject(f"signing CA {date(making.at)[:7]}")
    der = x509_write.signing_ca(key, subject, at=making.at, serial=serial())
    parties_issuer.write_certificate(making.folder, x509_write.to_pem(der), label)
    found, end = x509.read(der), making.at + x509_write.SCA_USE
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


# ----------------------------------------------------------------------------------------------------
# Make a signing CA and shards in an issuer's folder: key, certificate, and what is noted of them.
#
#     make_ca -> SigningCa       make_shard -> Shard       of both: a key by URI, a certificate as PEM
#
# 1. The key is made and kept before its certificate, and the certificate before the issuer's document:
#    what the document names is there.
# 2. The environment stands in the key file's note, in the certificate and in the document.


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


def open_ca(folder: Path, issuer: Issuer, secret: Secret) -> x509_write.Authority:
    """Open the signing CA of an issuer's folder."""
    if not issuer.sca.key:
        raise UsageError(
            "sca-elsewhere",
            "this issuer's signing CA is kept elsewhere",
            "ask it for a certificate: pratique issuer keys request",
        )
    for label in parties_issuer.signing_ca_labels(folder):
        der = x509_write.from_pem(parties_issuer.read_certificate(folder, label))
        if hashlib.sha256(der).hexdigest() == issuer.sca.thumbprint:
            return x509_write.Authority(der, open_key(issuer.sca.key, folder=folder, secret=secret))
    raise UsageError(
        "sca-differs",
        "the signing CA's certificate is not the one that is noted",
        f"restore {parties_issuer.certificate_path(folder)} from its copy",
    )


def prove(folder: Path, issuer: Issuer, wanted: Iterable[Wanted], secret: Secret) -> None:
    """See to it that new key files get the password of the others, and not a slip of the hand.

    Where the signing CA's key lies in a file, too, opening it has shown that already.
    """
    old = [s.key for s in issuer.shards if s.key.startswith("file:")]
    new = any(each.key.startswith("file:") for each in wanted)
    if new and old and not issuer.sca.key.startswith("file:"):
        open_key(old[-1], folder=folder, secret=secret)


def make_shard(making: Makes, wanted: Wanted, by: x509_write.Authority) -> Shard:
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
    der = x509_write.document_signer(
        key.public_key,
        making.subject(f"document signer {label}", serial=label),
        by=by,
        at=start,
        serial=serial(),
        usages=wanted.usages,
    )
    parties_issuer.write_certificate(making.folder, x509_write.to_pem(der), label)
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
        use_until=min(start + x509_write.DSC_USE, found.not_after),
        planned=wanted.planned,
        width=width_for(wanted.planned),
        replaces=wanted.replaces,
    )


def makes(folder: Path, issuer: Issuer, *, at: datetime, secret: Secret) -> Makes:
    """Return how further keys of an issuer are made."""
    of = (issuer.participant, issuer.country, issuer.name, issuer.environment)
    return Makes(folder, *of, int(at.timestamp()), secret)


def key_uri(prefix: str, label: str) -> str:
    """Return the URI of a shard's key: the label after the prefix, or after what its `object` begins with."""
    head, mark, query = prefix.partition("?")
    if head.startswith("pkcs11:"):
        named = head if "object=" in head else f"{head};object="
        return (
            re.sub(r"(?<=[:;])object=[^;]*", lambda found: found[0] + label, named) + mark + query
        )
    suffix = ".pem" if head.startswith("file:") else ""
    return f"{head}{label}{suffix}{mark}{query}"


def key_beside(shards: Iterable[Shard], label: str) -> str:
    """Return the URI of a new key that lies where the newest shard's lies."""
    newest = max(shards, key=lambda shard: (shard.not_before, shard.label), default=None)
    if newest is None or newest.label not in newest.key:
        return key_uri(DSC_KEYS, label)
    head, _, tail = newest.key.rpartition(newest.label)
    return f"{head}{label}{tail}"


# ----------------------------------------------------------------------------------------------------
# Successors of an issuer's keys: which are due, and making them one by one.
#
#     Issuer, counts, at -> successors -> Wanted, ... -> make -> issuer.json after each
#
# 1. What has a successor is not due: doing it twice makes nothing twice.
# 2. The document is kept after each key: whatever fails later, this key is known. A key file of an
#    interrupted command is never used nor overwritten; its label counts as taken.


def successors(
    folder: Path,
    issuer: Issuer,
    at: datetime,
    within: int,
    issued: Mapping[bytes, int],
    *,
    led_in: bool = False,
) -> list[Wanted]:
    """Return the successors of the keys that sign for at most `within` days more.

    Args:
        folder: the issuer's.
        issuer: as it is.
        at: now.
        within: days.
        issued: kid to certificates issued.
        led_in: whether a successor begins only when verifiers had time to get it.
    """
    now, wanted, taken = int(at.timestamp()), [], parties_issuer.labels(folder)
    for old in trust_issuer.to_replace(issuer.shards, at=now, within=within, counts=issued):
        label = issuer.new_label(now, taken=taken)
        taken.add(label)
        begins = renewal.begins(old, at=now, count=issued.get(old.kid, 0)) if led_in else None
        key = key_beside([old], label)
        wanted.append(Wanted(label, key, old.planned, old.usages, old.algorithm, old.label, begins))
    return wanted


def make(
    folder: Path,
    issuer: Issuer,
    wanted: list[Wanted],
    *,
    at: datetime,
    secret: Secret,
) -> None:
    """Make keys, and say so."""
    by = open_ca(folder, issuer, secret)
    prove(folder, issuer, wanted, secret)
    task = makes(folder, issuer, at=at, secret=secret)
    if task.at > issuer.sca.use_until:
        click.echo("note: the signing CA's key is past its planned use; plan a new one", err=True)
    for each in wanted:
        shard = until_free(each.label, each.key, partial(_made, task, each, by))
        issuer = issuer._replace(shards=(*issuer.shards, shard))
        parties_issuer.save(folder, issuer)
        instead = f" in place of {each.replaces}" if each.replaces else ""
        from_ = "" if shard.not_before <= task.at else f"begins {date(shard.not_before)}, "
        click.echo(
            f"made {shard.label}{instead}: {from_}signs until {date(shard.use_until)}, "
            f"kid {shard.kid.hex()}"
        )


def _made(task: Makes, each: Wanted, by: Authority, label: str, key: str) -> trust_issuer.Shard:
    return make_shard(task, each._replace(label=label, key=key), by)


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
    found = x509.read(x509_write.from_pem(pem))
    if not found.is_ca or found.reason:
        raise UsageError("sca-unfit", "that certificate is not a signing CA's", "name the CSCA's")
    if country not in found.countries:
        raise UsageError(
            "country-differs", f"the signing CA is not {country}'s", "name your own state's CSCA"
        )
    return SigningCa("", found.thumbprint, found.not_before, found.not_after, found.not_after)


def request(folder: Path, issuer: Issuer, wanted: Wanted, *, at: datetime, secret: Secret) -> Path:
    """Make a key, and write the request for its certificate; return where it lies."""
    task = makes(folder, issuer, at=at, secret=secret)
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
    files.replace(path, json.dumps(row, indent=1).encode() + b"\n", 0o600)
    subject = task.subject(f"document signer {wanted.label}", serial=wanted.label)
    out = path.with_suffix(".csr")
    files.replace(out, x509_write.signing_request(key, subject, usages=wanted.usages), 0o644)
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
    der = x509_write.from_pem(pem)
    found = x509.read(der)
    asked = next((one for one in pending(folder) if one.public_key == found.public_key), None)
    if asked is None or found.algorithm is None:
        raise UsageError(
            "request-unknown",
            "no certificate was asked for with this key here, or it is taken already",
            "pratique issuer keys list; ask for one: pratique issuer keys request",
        )
    ca = ca_pem or parties_issuer.read_certificate(folder)
    authority = x509.read(x509_write.from_pem(ca))
    if ca_pem is not None:
        issuer = issuer._replace(sca=signing_ca(ca_pem, issuer.country))
    if x509.issued_by(found, authority) is not True:
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
        use_until=min(found.not_before + x509_write.DSC_USE, found.not_after),
        planned=asked.planned,
        width=width_for(asked.planned),
    )
    if ca_pem is not None:
        # Both stay: what the older one has issued is verified under it.
        names = parties_issuer.signing_ca_labels(folder)
        parties_issuer.write_certificate(folder, ca_pem, f"{parties_issuer.SCA}-{len(names) + 1}")
    parties_issuer.write_certificate(folder, x509_write.to_pem(der), asked.label)
    issuer = issuer._replace(shards=(*issuer.shards, shard))
    parties_issuer.save(folder, issuer)
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
    row: Any = strict_json.parse(sources.read_bytes(path))
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
