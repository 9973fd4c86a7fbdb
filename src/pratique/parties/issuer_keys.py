"""An issuer's keys: its signing CA and its shards; made, listed, followed by successors, retired.

    Founding -> found -> a new folder: key by URI, certificate as PEM, and what is noted of them in issuer.json
    Issuer, counts, at -> successors -> NewKey, ... -> make -> issuer.json after each
    NewKey -> request -> requests/LABEL.json, LABEL.csr -> the state's CSCA -> certificate -> accept -> issuer.json

1. The key is made and kept before its certificate, and the certificate before the issuer's document: what the
   document names is there, and whatever fails later, this key is known.
2. What has a successor is not due: doing it twice makes nothing twice. A key file of an interrupted command is
   never used nor overwritten; its label counts as taken.
3. Under a signing CA that is kept elsewhere a certificate is taken only for a key that was asked for, only from the
   CA that is noted, and only with the country, the time and the uses that make certificates which verifiers believe.
   A request holds nothing secret.
4. A state is computed when it is asked for; only `retire` sets one. Nothing here deletes a key or a certificate.
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

from pratique import strict_json
from pratique.crypto import chain, x509, x509_write
from pratique.crypto.x509_write import Authority, Subject
from pratique.errors import DocumentRefused, UsageError
from pratique.parties import issuer as issuer_folder
from pratique.parties import verifier
from pratique.revocation.tag_list import width_for
from pratique.store import files, sources
from pratique.store.keys import Secret, check_places, make_key, open_key
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust import countries, renewal
from pratique.trust import issuer as trust_issuer
from pratique.trust.issuer import DaysLeft, Issuer, Shard, SigningCa, new_labels
from pratique.trust.registry import ParticipantState, Suspension

SCA_KEY, SHARD_KEYS = "file:keys/sca.pem", "file:keys/"
MOST_LEFT = 20
"""Keys of interrupted commands that are stepped over."""
SOON = 30
"""Days before its end from which a key is to be replaced."""
WITHDRAWN = "withdrawn"
"""In place of a key's state: its certificate is withdrawn in the network, and what it signs is RED."""

_ALPHA_2, _CODE = re.compile("[A-Z]{2}"), re.compile("[A-Z]{3}")
T = TypeVar("T")
Say = Callable[[str], None]
"""Takes a note for whoever works at the front end."""


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


def make_ca(making: Makes, uri: str, label: str = issuer_folder.SCA) -> tuple[SigningCa, Authority]:
    """Make a signing CA, its key and its self-signed certificate."""
    key = make_key(
        uri, folder=making.folder, secret=making.secret, note=making.note("signing CA"),
        existing=making.existing,
    )  # fmt: skip
    subject = making.subject(f"signing CA {date(making.at)[:7]}")
    der = x509_write.signing_ca(key, subject, at=making.at, serial=serial())
    issuer_folder.write_certificate(making.folder, x509_write.to_pem(der), label)
    found, end = x509.read(der), making.at + x509_write.SCA_USE
    sca = SigningCa(uri, found.thumbprint, found.not_before, found.not_after, end)
    return sca, Authority(der, key)


class NewKey(NamedTuple):
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


class KeyOptions(NamedTuple):
    """What is asked of a key that is to be made; `dsc_key`: its URI up to the label, or None for as before."""

    planned: int
    kinds: tuple[str, ...] = ()
    algorithm: Algorithm = Algorithm.ES256
    dsc_key: str | None = None

    def of(self, issuer: Issuer, label: str) -> NewKey:
        """Return the key of this label."""
        beside = key_beside(issuer.shards, label)
        key = beside if self.dsc_key is None else key_uri(self.dsc_key, label)
        usages = frozenset(map(Kind, self.kinds or ALL_KINDS))
        return NewKey(label, key, self.planned, usages, self.algorithm)


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


class Founding(NamedTuple):
    """What an issuer is to be.

    Attributes:
        keys, planned: how many shards, and how many certificates each of them is to sign at most.
        sca_key, dsc_key: where the keys are made; of shards, up to the label.
        elsewhere: certificate of a signing CA that is kept elsewhere, or None.
        shared: opens the signing CA of a participant's folder: what is noted of it, its key, its PEM.
        existing: whether keys that are there already are used.
    """

    participant: str
    country: str
    name: str
    authority: str = ""
    environment: Environment = Environment.PRODUCTION
    contact: str = ""
    keys: int = 4
    planned: int = 1_000_000
    algorithm: Algorithm = Algorithm.ES256
    sca_key: str = SCA_KEY
    dsc_key: str = SHARD_KEYS
    elsewhere: bytes | None = None
    shared: Callable[[Secret], tuple[SigningCa, Authority, bytes]] | None = None
    existing: bool = False


def found(folder: Path, asked: Founding, *, at: int, secret: Secret) -> Issuer:
    """Make a signing CA and the first shards in a new folder, which appears whole or not at all.

    Raises:
        UsageError: `country-unknown`, `participant-unfit`, `issuer-exists`, `key-…`, `sca-unfit`.
    """
    if not _ALPHA_2.fullmatch(asked.country) or countries.code(asked.country) != asked.country:
        raise UsageError(
            "country-unknown", "--country is no code that is known here", "write two letters: PT"
        )
    if not _CODE.fullmatch(asked.participant):
        raise UsageError(
            "participant-unfit", "--participant has three capital letters", "for example PRT or IOM"
        )
    with issuer_folder.new(folder) as filled:
        issuer = _filled(filled, asked, at, secret)
        issuer_folder.save(filled, issuer)
    return issuer


def _filled(folder: Path, asked: Founding, at: int, secret: Secret) -> Issuer:
    def issuer_of(sca: SigningCa) -> Issuer:
        return Issuer(
            asked.participant, asked.country, asked.name, asked.authority or asked.name,
            asked.environment, asked.contact, sca, (),
        )  # fmt: skip

    if asked.elsewhere is not None:
        issuer_folder.write_certificate(folder, asked.elsewhere)
        return issuer_of(signing_ca(asked.elsewhere, asked.country))
    of = (asked.participant, asked.country, asked.name, asked.environment)
    making = Makes(folder, *of, at, secret, asked.existing)
    # All devices are seen before a key is made: else the first one would be left in its device.
    labels = new_labels(at, asked.keys)
    uris = [key_uri(asked.dsc_key, label) for label in labels]
    check_places(
        uris if asked.shared else [asked.sca_key, *uris],
        folder=folder, secret=secret, existing=asked.existing,
    )  # fmt: skip
    if asked.shared is None:
        sca, by = make_ca(making, asked.sca_key)
    else:
        sca, by, pem = asked.shared(secret)
        issuer_folder.write_certificate(folder, pem)
    new = [
        NewKey(label, uri, asked.planned, algorithm=asked.algorithm)
        for label, uri in zip(labels, uris, strict=True)
    ]
    return issuer_of(sca)._replace(shards=tuple(make_shard(making, each, by) for each in new))


def open_ca(folder: Path, issuer: Issuer, secret: Secret) -> Authority:
    """Open the signing CA of an issuer's folder."""
    if not issuer.sca.key:
        raise UsageError(
            "sca-elsewhere",
            "this issuer's signing CA is kept elsewhere",
            "ask it for a certificate: pratique issuer keys request",
        )
    for label in issuer_folder.signing_ca_labels(folder):
        der = x509_write.from_pem(issuer_folder.read_certificate(folder, label))
        if hashlib.sha256(der).hexdigest() == issuer.sca.thumbprint:
            return Authority(der, open_key(issuer.sca.key, folder=folder, secret=secret))
    raise UsageError(
        "sca-differs",
        "the signing CA's certificate is not the one that is noted",
        f"restore {issuer_folder.certificate_path(folder)} from its copy",
    )


def prove(folder: Path, issuer: Issuer, wanted: Iterable[NewKey], secret: Secret) -> None:
    """See to it that new key files get the password of the others, and not a slip of the hand.

    Where the signing CA's key lies in a file, too, opening it has shown that already.
    """
    old = [s.key for s in issuer.shards if s.key.startswith("file:")]
    new = any(each.key.startswith("file:") for each in wanted)
    if new and old and not issuer.sca.key.startswith("file:"):
        open_key(old[-1], folder=folder, secret=secret)


def make_shard(making: Makes, new: NewKey, by: Authority) -> Shard:
    """Make a shard: a key, and its certificate by the signing CA."""
    name = f"document signer {new.label}"
    start = making.at if new.begins is None else new.begins
    key = make_key(
        new.key, folder=making.folder, secret=making.secret, algorithm=new.algorithm,
        note=making.note(name), existing=making.existing,
    )  # fmt: skip
    der = x509_write.document_signer(
        key.public_key, making.subject(name, serial=new.label), by=by, at=start, serial=serial(),
        usages=new.usages,
    )  # fmt: skip
    issuer_folder.write_certificate(making.folder, x509_write.to_pem(der), new.label)
    shard = _shard(making, x509.read(der), key.algorithm, start)
    return shard._replace(
        label=new.label, key=new.key, planned=new.planned, width=width_for(new.planned),
        replaces=new.replaces,
    )  # fmt: skip


def _shard(of: Makes | Issuer, record: x509.X509Record, algorithm: Algorithm, start: int) -> Shard:
    """Return what a certificate makes of a shard; its label, its key and its plan are still to be filled in."""
    return Shard(
        label="", participant=of.participant, country=of.country, environment=of.environment,
        algorithm=algorithm, key="", kid=record.kid, thumbprint=record.thumbprint,
        usages=record.usages, not_before=record.not_before, not_after=record.not_after,
        use_until=min(start + x509_write.DSC_USE, record.not_after), planned=0, width=0,
    )  # fmt: skip


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
        return key_uri(SHARD_KEYS, label)
    head, _, tail = newest.key.rpartition(newest.label)
    return f"{head}{label}{tail}"


def add(folder: Path, options: KeyOptions, *, at: datetime, secret: Secret, note: Say) -> Shard:
    """Make one more shard, for certificates that the others have no room for."""
    with issuer_folder.locked(folder):
        issuer = issuer_folder.load(folder)
        label = issuer.new_label(int(at.timestamp()), taken=issuer_folder.labels(folder))
        (shard,) = make(
            folder, issuer, [options.of(issuer, label)], at=at, secret=secret, note=note
        )
    return shard


class Rotation(NamedTuple):
    """Which keys are to be followed: of a folder, those that sign for at most `within` days more."""

    folder: Path
    within: int
    register: str | None
    at: datetime


def due(asked: Rotation) -> list[NewKey]:
    """Return the successors that a rotation makes; nothing is made yet."""
    issued = issuer_folder.counts(asked.folder, asked.register) or {}
    issuer = issuer_folder.load(asked.folder)
    return successors(asked.folder, issuer, asked.at, asked.within, issued)


def rotate(asked: Rotation, *, secret: Secret, note: Say) -> list[Shard]:
    """Make a successor for each shard that is about to end; until then both sign."""
    with issuer_folder.locked(asked.folder):
        issuer, new = issuer_folder.load(asked.folder), due(asked)
        if not new:
            return []
        return make(asked.folder, issuer, new, at=asked.at, secret=secret, note=note)


def successors(
    folder: Path,
    issuer: Issuer,
    at: datetime,
    within: int,
    issued: Mapping[bytes, int],
    *,
    led_in: bool = False,
) -> list[NewKey]:
    """Return the successors of the keys that sign for at most `within` days more.

    Args:
        folder: the issuer's.
        issuer: as it is.
        at: now.
        within: days.
        issued: kid to certificates issued.
        led_in: whether a successor begins only when verifiers had time to get it.
    """
    now, wanted, taken = int(at.timestamp()), [], issuer_folder.labels(folder)
    for old in trust_issuer.to_replace(issuer.shards, at=now, within=within, counts=issued):
        label = issuer.new_label(now, taken=taken)
        taken.add(label)
        begins = renewal.begins(old, at=now, count=issued.get(old.kid, 0)) if led_in else None
        key = key_beside([old], label)
        wanted.append(NewKey(label, key, old.planned, old.usages, old.algorithm, old.label, begins))
    return wanted


def make(
    folder: Path, issuer: Issuer, new: list[NewKey], *, at: datetime, secret: Secret, note: Say
) -> list[Shard]:
    """Make shards one by one; the document is kept after each."""
    by = open_ca(folder, issuer, secret)
    prove(folder, issuer, new, secret)
    making = makes(folder, issuer, at=at, secret=secret)
    if making.at > issuer.sca.use_until:
        note("the signing CA's key is past its planned use; plan a new one")
    shards = []
    for each in new:
        shard = until_free(each.label, each.key, partial(_under, making, each, by))
        issuer = issuer._replace(shards=(*issuer.shards, shard))
        issuer_folder.save(folder, issuer)
        shards.append(shard)
    return shards


def _under(making: Makes, new: NewKey, by: Authority, label: str, key: str) -> Shard:
    return make_shard(making, new._replace(label=label, key=key), by)


def described(shard: Shard, at: datetime) -> str:
    """Say that a shard was made, in whose place, and when it signs."""
    instead = f" in place of {shard.replaces}" if shard.replaces else ""
    begins = f"begins {date(shard.not_before)}, " if shard.not_before > at.timestamp() else ""
    return f"made {shard.label}{instead}: {begins}signs until {date(shard.use_until)}, kid {shard.kid.hex()}"


def retirable(folder: Path, label: str) -> Shard:
    """Return a shard that may be retired; UsageError `shard-unknown`, `shard-retired`."""
    shard = issuer_folder.load(folder).shard(label)
    if shard.retired is not None:
        raise UsageError("shard-retired", f"{label} is retired since {date(shard.retired)}")
    return shard


def retire(folder: Path, label: str, *, at: int) -> None:
    """Take a shard out of use for good. What it has signed stays valid unless revoked."""
    with issuer_folder.locked(folder):
        shard = retirable(folder, label)
        issuer = issuer_folder.load(folder)
        issuer_folder.save(folder, issuer.replace(shard._replace(retired=at)))


def export(folder: Path, target: Path) -> list[Path]:
    """Write the public certificates into a folder; nothing secret."""
    issuer = issuer_folder.load(folder)
    labels = [*issuer_folder.signing_ca_labels(folder), *(shard.label for shard in issuer.shards)]
    return [
        issuer_folder.put(
            target / f"{issuer.participant}-{label}.pem",
            issuer_folder.read_certificate(folder, label), 0o644,
        )
        for label in labels
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# List keys: their state at an instant, and the days they have left.


class KeyList(NamedTuple):
    """An issuer's keys at an instant.

    Attributes:
        rows: all about each key, as JSON holds it.
        due: labels of those that are to be replaced soon.
        waiting: labels of those whose certificate is awaited.
    """

    issuer: Issuer
    at: datetime
    rows: list[dict[str, object]]
    suspension: Suspension | None
    due: list[str]
    waiting: list[str]

    def as_json(self) -> dict[str, object]:
        """Return the document of it."""
        issuer, suspension = self.issuer, self.suspension
        head: dict[str, object] = {
            "at": self.at.isoformat(), "participant": issuer.participant, "country": issuer.country,
        }  # fmt: skip
        if suspension is not None:
            head["suspended"] = {"until": suspension.until, "reason": suspension.reason}
        return {**head, "keys": self.rows}


def list_keys(folder: Path, register: str | None, *, at: datetime) -> KeyList:
    """List the keys of a folder."""
    issuer, counts = issuer_folder.load(folder), issuer_folder.counts(folder, register)
    waiting = [each.label for each in pending(folder)]
    return key_list(issuer, at=at, counts=counts)._replace(waiting=waiting)


def key_list(issuer: Issuer, *, at: datetime, counts: Mapping[bytes, int] | None) -> KeyList:
    """List an issuer's keys; `counts` is kid to certificates issued, None if not at hand."""
    now = int(at.timestamp())
    member = verifier.member(issuer.participant, issuer.environment)
    rows = [describe(shard, now, counts, member) for shard in issuer.shards]
    due = trust_issuer.to_replace(issuer.shards, at=now, within=SOON, counts=counts or {})
    suspension = None if member is None else member.suspended(now)
    return KeyList(issuer, at, rows, suspension, [shard.label for shard in due], [])


def describe(
    shard: Shard,
    at: int,
    counts: Mapping[bytes, int] | None,
    member: ParticipantState | None = None,
) -> dict[str, object]:
    """Say all about a key that a person or a script may want to know.

    Args:
        shard: the key.
        at: when; seconds since the epoch.
        counts: kid to certificates issued; None if that is not known.
        member: what the network says of its participant; None if none is synced here.
    """
    is_gone = member is not None and shard.thumbprint in member.withdrawn
    left = DaysLeft(0, 0) if is_gone else shard.days_left(at)
    issued = None if counts is None else counts.get(shard.kid, 0)
    return {
        "label": shard.label,
        "kid": base64.b64encode(shard.kid).decode(),
        "environment": shard.environment.value,
        "state": WITHDRAWN if is_gone else shard.state(at, issued or 0).value,
        "days_to_sign": left.signing,
        "days_to_be_verified": left.verifying,
        "use_until": _instant(shard.use_until),
        "not_after": _instant(shard.not_after),
        "usages": sorted(shard.usages),
        "issued": issued,
        "planned": shard.capacity,
        "algorithm": shard.algorithm.value,
        "key": shard.key,
        "thumbprint": shard.thumbprint,
        "replaces": shard.replaces or None,
        "retired": None if shard.retired is None else _instant(shard.retired),
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ----------------------------------------------------------------------------------------------------
# Keys under a signing CA that is kept elsewhere: a request out, the CA's certificate in.


FOLDER, FORMAT = "requests", "pratique-key-request-1"


class KeyRequest(NamedTuple):
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


def request(folder: Path, options: KeyOptions, *, at: datetime, secret: Secret) -> tuple[str, Path]:
    """Make a key, and write the request for its certificate; return its label, and where the request lies."""
    with issuer_folder.locked(folder):
        issuer = issuer_folder.load(folder)
        if not is_elsewhere(issuer):
            raise UsageError(
                "sca-here",
                "this issuer makes its certificates itself",
                "pratique issuer keys add; for a CSCA elsewhere: "
                "pratique issuer init --signing-ca-certificate PEM",
            )
        taken = issuer_folder.labels(folder) | {each.label for each in pending(folder)}
        new = options.of(issuer, issuer.new_label(int(at.timestamp()), taken=taken))
        making, name = makes(folder, issuer, at=at, secret=secret), f"document signer {new.label}"
        key = make_key(
            new.key, folder=folder, secret=secret, algorithm=new.algorithm, note=making.note(name)
        )
        row = {
            "format": FORMAT, "label": new.label, "key": new.key, "planned": new.planned,
            "public_key": base64.b64encode(key.public_key).decode(),
        }  # fmt: skip
        path = folder / FOLDER / f"{new.label}.json"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.replace(path, json.dumps(row, indent=1).encode() + b"\n", 0o600)
        subject = making.subject(name, serial=new.label)
        out = path.with_suffix(".csr")
        files.replace(out, x509_write.signing_request(key, subject, usages=new.usages), 0o644)
    return new.label, out


def pending(folder: Path) -> list[KeyRequest]:
    """Return the keys whose certificate is awaited; DocumentRefused `request-malformed`."""
    return [_read(path) for path in sorted((folder / FOLDER).glob("*.json"))]


def accept(folder: Path, pem: bytes, ca_pem: bytes | None) -> Shard:
    """Take the certificate of a key that was asked for; `ca_pem` is a newer signing CA's that has issued it.

    Raises:
        UsageError: `request-unknown`, `sca-differs`, `certificate-unfit`.
    """
    with issuer_folder.locked(folder):
        return _accept(folder, issuer_folder.load(folder), pem, ca_pem)


def _accept(folder: Path, issuer: Issuer, pem: bytes, ca_pem: bytes | None) -> Shard:
    der = x509_write.from_pem(pem)
    record = x509.read(der)
    asked = next((each for each in pending(folder) if each.public_key == record.public_key), None)
    if asked is None or record.algorithm is None:
        raise UsageError(
            "request-unknown",
            "no certificate was asked for with this key here, or it is taken already",
            "pratique issuer keys list; ask for one: pratique issuer keys request",
        )
    ca = ca_pem or issuer_folder.read_certificate(folder)
    authority = x509.read(x509_write.from_pem(ca))
    if ca_pem is not None:
        issuer = issuer._replace(sca=signing_ca(ca_pem, issuer.country))
    if chain.issued_by(record, authority) is not True:
        raise UsageError(
            "sca-differs",
            "the certificate was not issued by the signing CA that is noted here",
            "if the state has a newer one, name it: --signing-ca-certificate PEM",
        )
    _fit(record, issuer)
    shard = _shard(issuer, record, record.algorithm, record.not_before)._replace(
        label=asked.label, key=asked.key, planned=asked.planned, width=width_for(asked.planned)
    )
    if ca_pem is not None:
        # Both stay: what the older one has issued is verified under it.
        names = issuer_folder.signing_ca_labels(folder)
        issuer_folder.write_certificate(folder, ca_pem, f"{issuer_folder.SCA}-{len(names) + 1}")
    issuer_folder.write_certificate(folder, x509_write.to_pem(der), asked.label)
    issuer = issuer._replace(shards=(*issuer.shards, shard))
    issuer_folder.save(folder, issuer)
    for suffix in (".json", ".csr"):
        (folder / FOLDER / f"{asked.label}{suffix}").unlink(missing_ok=True)
    return shard


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


def _read(path: Path) -> KeyRequest:
    row: Any = strict_json.parse(sources.read_bytes(path))
    try:
        if row["format"] != FORMAT:
            raise ValueError("format")
        octets = base64.b64decode(row["public_key"], validate=True)
        return KeyRequest(str(row["label"]), str(row["key"]), int(row["planned"]), octets)
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "request-malformed", f"{path}: it is damaged", "ask for another certificate"
        ) from error
