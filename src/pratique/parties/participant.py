"""What a participant has published, as it notes it itself; the monitor holds the network against it.

    participant.json, published.json -> Record          watched.json: what the monitor has seen

1. Who the participant is and which keys speak for it is its own document's to say, and not a copy's of a
   day long ago: what is noted adds the keys of before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique import strict_json
from pratique.crypto import x509, x509_write
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.network import metadata, participants, proposal, view
from pratique.network.monitor import Record
from pratique.network.proposal import Proposal
from pratique.onboarding import checks
from pratique.parties import issuer
from pratique.parties.issuer_keys import Makes, make_ca, serial
from pratique.revocation import tag_list
from pratique.rules import documents
from pratique.store import files, sources
from pratique.store.keys import Secret, make_key, open_key
from pratique.terms import Environment
from pratique.trust import publication, renewal
from pratique.trust.issuer import SigningCa
from pratique.trust.renewal import SCA as RENEWAL_SCA
from pratique.trust.renewal import UPLOAD as RENEWAL_UPLOAD
from pratique.trust.renewal import Owned
from pratique.trust.signer import array, text, whole

# ----------------------------------------------------------------------------------------------------
# A participant's folder: who it is, its keys by URI, its certificates.
#
#     participant.json · certificates/{sca,upload,tls}*.pem · keys/*.pem (encrypted)
#
# 1. No secret is in the document.
# 2. The keys that speak for the participant may lie elsewhere, each with another hand: then their URIs are
#    not here, and `publish` makes a proposal for those hands to sign.
# 3. What is renewed stays beside its successor: the newest of a role is in use, the older ones end by
#    themselves. A document of the first form, which knew no successors, is read and kept in the new one.


FORMAT, FIRST_FORMAT = "pratique-participant-2", "pratique-participant-1"
HOME_FILE = "participant.json"
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

    def public_keys(self) -> proposal.RoleKeys:
        """Return the public keys that it applies with: with successors, old and new together.

        The old ones have signed what is published: without them it would not hold until the new ones
        have signed another edition.
        """
        held = [metadata.from_pem(pem) for pem, _ in (*self.role_keys, *self.coming)]
        return proposal.RoleKeys(tuple(dict.fromkeys(held)), self.threshold)

    def speaking(self, current: view.View | None) -> tuple[RoleKey, ...]:
        """Return its role keys that a network listens to, the newest first; all old ones without one."""
        listed = None if current is None else proposal.role_keys(current).get(self.participant.code)
        if listed is None:
            return self.role_keys
        both = dict.fromkeys((*self.coming, *self.role_keys))
        return tuple(one for one in both if metadata.from_pem(one[0]) in listed.public_keys)


def folder_of(named: Path | None) -> Path:
    """Return the participant's folder."""
    return named if named is not None else sources.home() / "participant"


def save(folder: Path, home: Home) -> None:
    """Keep the participant's document."""
    row = {
        "format": FORMAT, "participant": home.participant.to_row(),
        "environment": home.environment.value, "owned": [one._asdict() for one in home.owned],
        "role_keys": [list(one) for one in home.role_keys], "threshold": home.threshold,
        "role_since": home.role_since, "coming": [list(one) for one in home.coming],
    }  # fmt: skip
    data = json.dumps(row, indent=1, ensure_ascii=False).encode()
    files.replace(folder / HOME_FILE, data + b"\n")


@contextmanager
def new(folder: Path) -> Iterator[Path]:
    """Make a new participant's folder whole or not at all; UsageError `participant-exists`."""
    try:
        with issuer.new(folder) as filled:
            yield filled
    except UsageError as error:
        if error.code != "issuer-exists":
            raise
        hint = "nothing is overwritten; name another folder with --participant"
        raise UsageError("participant-exists", error.message, hint) from error


def load_home(folder: Path) -> Home:
    """Load the participant of a folder; Unreadable `no-participant`, DocumentRefused."""
    path = folder / HOME_FILE
    if not path.exists():
        raise Unreadable(
            "no-participant",
            f"{folder}: there is no participant here",
            "make one: pratique participant init, or name its folder with --participant",
        )
    row: Any = strict_json.parse(sources.read_bytes(path))
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


def signing_ca(folder: Path, secret: Secret) -> tuple[SigningCa, x509_write.Authority]:
    """Open the signing CA, for making document signers; its key is named by its full path."""
    home = load_home(folder)
    der = x509_write.from_pem(signing_ca_pem(folder))
    if x509.read(der).thumbprint != home.sca.thumbprint:
        raise DocumentRefused(
            "sca-differs", f"{folder}: the signing CA's certificate is another one"
        )
    key = open_key(home.sca.key, folder=folder, secret=secret)
    return absolute(home.sca, folder), x509_write.Authority(der, key)


def absolute(sca: SigningCa, folder: Path) -> SigningCa:
    """Return a signing CA whose key is named by its full path, for a document in another folder."""
    if not sca.key.startswith("file:"):
        return sca
    return sca._replace(key=f"file:{folder.absolute() / sca.key.removeprefix('file:')}")


def signing_ca_pem(folder: Path) -> bytes:
    """Return the certificate, PEM, of the signing CA that is in use."""
    return issuer.read_certificate(folder, load_home(folder).newest(SCA).label)


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
    found = x509.read(x509_write.from_pem(pem))
    until = found.not_after if use is None else min(found.not_before + use, found.not_after)
    return renewal.Owned(
        role, label, key, found.thumbprint, found.not_before, found.not_after, until
    )


def _of_first_form(row: Any, folder: Path) -> dict[str, Any]:
    sca = {"role": SCA, "label": SCA, **row["sca"]}
    others = [
        owned_of(
            role, role, f"file:keys/{role}.pem", issuer.read_certificate(folder, role)
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


# ----------------------------------------------------------------------------------------------------
# What a participant's next edition holds: what is published, with what is named put in its place.


REASONS = publication.REASONS
"""Why a signer may be withdrawn."""
DELTAS = 16
"""Editions back from which a verifier may follow a list by deltas."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


class Wanted(NamedTuple):
    """What was named."""

    signers: tuple[Path, ...]
    domain: str
    withdraw: tuple[Path, ...]
    reason: str
    rules: tuple[Path, ...]
    choices: Path | None
    lists: Path | None


def made(
    folder: Path,
    home: Home,
    held: Mapping[str, bytes],
    wanted: Wanted,
    *,
    sets: Mapping[str, list[str]],
    at: datetime,
) -> dict[str, bytes]:
    """Return the files of the next edition by path, over those that are published.

    Args:
        folder: the participant's.
        home: what is noted there.
        held: what is published, by path.
        wanted: what is to be put in its place.
        sets: the network's value sets.
        at: now.
    """
    code, found = home.participant.code, dict(held)
    path = f"{code}/{metadata.SIGNERS}"
    if wanted.signers or wanted.withdraw:
        found[path] = _signers(folder, home, found.get(path), wanted, at)
    if path not in found:
        raise UsageError(
            "signers-missing", "no signer is named or published", "name --signers PATH"
        )
    if wanted.rules:
        rules = sources.rules_from(wanted.rules).rules
        if not rules:
            raise _nothing("rules", wanted.rules)
        rows = [documents.write(rule) for rule in rules]
        found[f"{code}/{metadata.RULES}"] = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    if wanted.choices is not None:
        data = sources.read_bytes(wanted.choices)
        found[f"{code}/{metadata.CHOICES}"] = participants.write(participants.read(data, sets))
    if wanted.lists is not None:
        found = {p: d for p, d in found.items() if not _is_list(p)} | _lists(
            code, wanted.lists, found
        )
    return found


def taken_back(home: Home, remembered: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what other keys must publish anew of what the old ones have said: all taken back, no more.

    What thieves of the old keys have listed as signers or rules is not signed with the new ones.
    """
    code = home.participant.code
    found = {path: data for path, data in remembered.items() if path.endswith(".tags")}
    data = remembered.get(f"{code}/{metadata.SIGNERS}")
    before = publication.parts(data) if data is not None else None
    if before is not None and before.withdrawn:
        found[f"{code}/{metadata.SIGNERS}"] = publication.write(
            code, home.environment, before.authorities, before.withdrawn
        )
    return found


def _signers(
    folder: Path, home: Home, published: bytes | None, wanted: Wanted, at: datetime
) -> bytes:
    before = publication.parts(published) if published is not None else None
    # A key of two domains stands there twice: each listing binds it to one.
    live = {(one.certificate, one.domain): one for one in before.live} if before is not None else {}
    gone = {one.certificate: one for one in before.withdrawn} if before is not None else {}
    # Those that are no longer in use vouch for the signers that they have issued.
    cas = {
        x509_write.from_pem(issuer.read_certificate(folder, one.label))
        for one in home.owned
        if one.role == SCA and one.not_after >= at.timestamp()
    }
    for der in _certificates(wanted.signers):
        if not x509.read(der).is_ca and der not in gone:
            live[der, wanted.domain] = publication.Published(der, wanted.domain)
    since = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for der in _certificates(wanted.withdraw):
        if der in gone:
            # By an earlier call that was interrupted.
            continue
        listed = [one for one in live.values() if one.certificate == der]
        if not listed:
            raise UsageError(
                "signer-unknown",
                "a signer that is to be withdrawn is not published",
                "name its certificate; if it was published just now: pratique sync",
            )
        gone[der] = listed[0]._replace(since=since, reason=wanted.reason)
    rows = [one for one in live.values() if one.certificate not in gone]
    authorities = {*cas, *(before.authorities if before is not None else ())}
    return publication.write(
        home.participant.code, home.environment, authorities, [*rows, *gone.values()]
    )


def doubted(home: Home, made: Mapping[str, bytes], at: datetime) -> Iterator[str]:
    """Yield what verifiers would have against what stands above the signers of an edition."""
    one = home.participant
    found = publication.parts(made[f"{one.code}/{metadata.SIGNERS}"])
    authorities = tuple(map(x509.read, found.authorities))
    within = one.countries | {one.subject}
    for der in dict.fromkeys(listed.certificate for listed in found.live):
        record = x509.read(der)
        doubt = checks.above_signer(record, authorities, at=int(at.timestamp()), within=within)
        if doubt is not None:
            yield f"the signer with kid {record.kid.hex()}: {doubt.says}"


def withdrawn(paths: tuple[Path, ...]) -> list[x509.X509Record]:
    """Return the signers that are named to be withdrawn."""
    return [x509.read(der) for der in _certificates(paths)]


def _certificates(paths: tuple[Path, ...]) -> Iterator[bytes]:
    for path in paths:
        found = [
            match[0]
            for file in (sorted(path.glob("*.pem")) if path.is_dir() else [path])
            for match in _PEM.finditer(sources.read_bytes(file, named=file == path))
        ]
        if not found:
            raise _nothing("X.509 certificate", (path,))
        yield from map(x509_write.from_pem, found)


def _nothing(what: str, paths: tuple[Path, ...]) -> UsageError:
    # What was named by a slip must not take the place of what is published.
    named = ", ".join(map(str, paths))
    return UsageError("nothing-in-it", f"{named}: there is no {what} in it", "name another path")


def _is_list(path: str) -> bool:
    return path.endswith((".tags", ".delta"))


def _lists(code: str, folder: Path, held: Mapping[str, bytes]) -> dict[str, bytes]:
    lists = {tag_list.TagList.from_bytes(d).head.kid: tag_list.TagList.from_bytes(d)
             for p, d in held.items() if p.endswith(".tags")}  # fmt: skip
    deltas: dict[tuple[bytes, int], tag_list.Delta] = {}
    named = False
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        data = sources.read_bytes(file, named=False)
        if data.startswith(tag_list.FORMAT):
            found = tag_list.TagList.from_bytes(data)
            lists[found.head.kid] = found
            named = True
        elif data.startswith(tag_list.DELTA_FORMAT):
            step = tag_list.Delta.from_bytes(data)
            deltas[step.head.kid, step.head.version] = step
    made = {}
    if not named:
        raise _nothing("list of revocations", (folder,))
    for kid, found in lists.items():
        stem, newest = f"{code}/revocations-{kid.hex()}", found.head.version
        made[f"{stem}-{newest}.tags"] = found.to_bytes()
        for version in range(max(1, newest - DELTAS) + 1, newest + 1):
            step_to = deltas.get((kid, version))
            if step_to is not None:
                made[f"{stem}-{version - 1}-{version}.delta"] = step_to.to_bytes()
    return made


# ----------------------------------------------------------------------------------------------------
# Make one key of a participant with its certificate: signing CA, upload, TLS; or a role key.
#
#     Makes, role, label, URI -> key, then certificate -> Owned
#
# 1. The key is made and kept before its certificate, and both before the document that names them.


_NAMES = {UPLOAD: "upload", TLS: "TLS client"}


def make_owned(task: Makes, role: str, label: str, uri: str) -> Owned:
    """Make the key of a role, and its certificate."""
    if role == RENEWAL_SCA:
        made, _ = make_ca(task, uri, label)
        return Owned(RENEWAL_SCA, label, *made)
    what = _NAMES[role]
    key = make_key(uri, folder=task.folder, secret=task.secret, note=task.note(what))
    make = x509_write.upload_signer if role == RENEWAL_UPLOAD else x509_write.tls_client
    pem = x509_write.to_pem(make(key, task.subject(what), at=task.at, serial=serial()))
    issuer.write_certificate(task.folder, pem, label)
    return owned_of(role, label, uri, pem)


def own_ca(task: Makes, pem: bytes, countries: Iterable[str]) -> Owned:
    """Keep the certificate of a signing CA that is kept elsewhere. UsageError `sca-unfit`."""
    found = x509.read(x509_write.from_pem(pem))
    if not found.is_ca or found.reason or not set(countries) & set(found.countries):
        raise UsageError(
            "sca-unfit",
            "that certificate is not a signing CA's of this participant",
            "name your own state's CSCA",
        )
    issuer.write_certificate(task.folder, pem, SCA)
    return owned_of(RENEWAL_SCA, SCA, "", pem)


def make_role(task: Makes, uri: str) -> str:
    """Make a key that speaks for the participant; return its public key, PEM."""
    note = task.note("speaks for the participant")
    key = make_key(uri, folder=task.folder, secret=task.secret, note=note)
    return metadata.to_pem(key.public_key)


PUBLISHED, WATCHED = "published.json", "watched.json"


def load_published(folder: Path) -> Record:
    """Return what is noted; nothing published, before the first edition.

    A machine that only watches needs no more of a participant's folder than published.json.
    """
    path = folder / PUBLISHED
    noted = Record.from_bytes(sources.read_bytes(path)) if path.exists() else None
    if noted is not None and not (folder / HOME_FILE).exists():
        return noted
    own = load_home(folder)
    one = own.participant
    if noted is not None and noted.code != one.code:
        raise DocumentRefused(
            "record-malformed", f"{path}: it is of {noted.code}", "restore it from its copy"
        )
    found = noted or Record(one.code, one.countries, (), own.threshold)
    found = found._replace(countries=one.countries, threshold=own.threshold)
    return found.with_keys(*_sets(own))


def _sets(own: Home) -> list[frozenset[str]]:
    """Return the keys of now; where successors wait for the seats, both together, and those alone."""
    now, coming = (
        frozenset(metadata.keyid(metadata.from_pem(pem)) for pem, _ in rows)
        for rows in (own.role_keys, own.coming)
    )
    return [now, now | coming, coming] if coming else [now]


def note(folder: Path, proposed: Proposal) -> None:
    """Note an edition before it is handed in."""
    found = load_published(folder)
    files.replace(folder / PUBLISHED, found.with_edition(proposed.metadata[found.code]).to_bytes())
