"""What a participant does: its folder and its keys, its dossier, its editions, and what it takes along when it leaves.

    participant.json · certificates/{sca,upload,tls}*.pem · keys/*.pem (encrypted) · published.json · watched.json
    signers, rules, preferences, revocation lists, over what is published -> Edition -> signed -> submitted

1. No secret is in the documents.
2. The keys that speak for the participant may lie elsewhere, each with another person: then their URIs are not here, and
   `publish` writes a proposal for those to sign.
3. What is renewed stays beside its successor: the newest of a role is in use, the older ones end by themselves. A document
   of the first form, which knew no successors, is read and kept in the new one.
4. What is not named stays as it is published. Nothing is unsaid: a list that lacks what is published, or a signer that
   was withdrawn, is refused here before anybody sees it.
5. A key is made and kept before its certificate, and both before the document that names them.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import cms, x509, x509_write
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.gateway import uploads
from pratique.impact import summary
from pratique.network import client, metadata, participants, proposal, view
from pratique.network.monitor import PublicationRecord
from pratique.network.proposal import Proposal, RoleKeys
from pratique.onboarding import checks, report
from pratique.onboarding.report import Report
from pratique.parties import cards, issuer, policy
from pratique.parties.issuer_keys import Makes, make_ca, serial
from pratique.parties.proposals import KnownNetwork, Submitted, submit
from pratique.revocation import tag_list
from pratique.rules import documents
from pratique.rules.rule import Rule
from pratique.store import files, policy_data, sources
from pratique.store.keys import Secret, is_at_hand, make_key, open_key
from pratique.terms import Environment
from pratique.text import plural, printable
from pratique.trust import publication, renewal, scheme_keys
from pratique.trust.issuer import SigningCa
from pratique.trust.renewal import Owned

FORMAT, FIRST_FORMAT = "pratique-participant-2", "pratique-participant-1"
HOME_FILE = "participant.json"
SCA, UPLOAD, TLS = renewal.ROLES
RoleKey = tuple[str, str]
"""A public key in PEM, and its URI; "" for one that is elsewhere."""


class ParticipantHome(NamedTuple):
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


def save(folder: Path, home: ParticipantHome) -> None:
    """Keep the participant's document."""
    data = strict_json.dump(home, FORMAT, ordered=False, ascii_only=False)
    files.replace(folder / HOME_FILE, data)


@contextmanager
def new(folder: Path) -> Iterator[Path]:
    """Make a new participant's folder whole or not at all; UsageError `participant-exists`."""
    hint = "nothing is overwritten; name another folder with --participant"
    with issuer.new(folder, "participant", hint=hint) as filled:
        yield filled


def load_home(folder: Path) -> ParticipantHome:
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
        form = row.pop("format")
        if form not in {FIRST_FORMAT, FORMAT}:
            raise ValueError("format")
        home = strict_json.read(
            ParticipantHome, _of_first_form(row, folder) if form == FIRST_FORMAT else row
        )
        if {one.role for one in home.owned} != set(renewal.ROLES):
            raise ValueError("what a participant owns")
        if any(len(one) != 2 for one in (*home.role_keys, *home.coming)):
            raise ValueError("role keys")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "participant-file", f"{path}: it is damaged", "restore it from its copy"
        ) from error
    return home


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


def owned_of(role: str, label: str, key: str, pem: bytes, use: int | None = None) -> renewal.Owned:
    """Return how a key and its certificate are noted; `use` is how long it signs, in seconds."""
    found = x509.read(x509_write.from_pem(pem))
    until = found.not_after if use is None else min(found.not_before + use, found.not_after)
    return renewal.Owned(
        role, label, key, found.thumbprint, found.not_before, found.not_after, until
    )


def _of_first_form(row: Any, folder: Path) -> dict[str, Any]:
    sca = {"role": SCA, "label": SCA, **row.pop("sca")}
    others = [
        owned_of(
            role, role, f"file:keys/{role}.pem", issuer.read_certificate(folder, role)
        )._asdict()
        for role in (UPLOAD, TLS)
    ]
    return {**row, "owned": [sca, *others], "role_since": sca["not_before"], "coming": []}


# Its keys and their certificates.

MOST_KEYS, LONGEST_NAME = 15, 64
_NAMES = {UPLOAD: "upload", TLS: "TLS client"}


def make_owned(task: Makes, role: str, label: str, uri: str) -> Owned:
    """Make the key of a role, and its certificate."""
    if role == SCA:
        made, _ = make_ca(task, uri, label)
        return Owned(SCA, label, *made)
    what = _NAMES[role]
    key = make_key(uri, folder=task.folder, secret=task.secret, note=task.note(what))
    make = x509_write.upload_signer if role == UPLOAD else x509_write.tls_client
    pem = x509_write.to_pem(make(key, task.subject(what), at=task.at, serial=serial()))
    issuer.write_certificate(task.folder, pem, label)
    return owned_of(role, label, uri, pem)


def keep_certificate(
    folder: Path, role: str, pem: bytes, countries: Iterable[str], label: str = ""
) -> Owned:
    """Keep the certificate of a signing CA or an upload key that is kept elsewhere. UsageError `sca-unfit`, `upload-unfit`."""
    found = x509.read(x509_write.from_pem(pem))
    is_unfit = found.is_ca is not (role == SCA) or bool(found.reason) or not found.public_key
    if is_unfit or not set(countries) & set(found.countries):
        what, hint = _GIVEN[role]
        raise UsageError(
            f"{role}-unfit", f"that certificate is not {what} of this participant", hint
        )
    issuer.write_certificate(folder, pem, label or role)
    return owned_of(role, label or role, "", pem)


_GIVEN = {
    SCA: ("a signing CA's", "name your own state's CSCA"),
    UPLOAD: ("an upload key's", "name the one that your back end signs its uploads with"),
}


def make_role(task: Makes, uri: str) -> str:
    """Make a key that speaks for the participant; return its public key, PEM."""
    note = task.note("speaks for the participant")
    key = make_key(uri, folder=task.folder, secret=task.secret, note=note)
    return metadata.to_pem(key.public_key)


class ParticipantKeys(NamedTuple):
    """What a participant is made of: who it is, its role keys, and its state's CSCA where that is kept elsewhere.

    Attributes:
        signing_keys: URIs of the role keys that are made here.
        public_keys: files of those that others have made.
        threshold: how many of them must sign.
        ca: the certificate of the CSCA; None for a signing CA that is made here.
        upload: the certificate of the upload key, where that is kept elsewhere, as by a back end; None for one made here.
    """

    participant: participants.Participant
    environment: Environment
    signing_keys: tuple[str, ...]
    public_keys: tuple[Path, ...]
    threshold: int
    ca: Path | None = None
    upload: Path | None = None


def init(folder: Path, wanted: ParticipantKeys, secret: Secret, *, at: datetime) -> ParticipantHome:
    """Make all keys of a participant, in a new folder."""
    one = wanted.participant
    if not metadata.is_participants(one.code):
        raise UsageError(
            "participant-unfit", "--code has capital letters", "for example PRT or IOM"
        )
    if not 0 < len(one.name.strip()) <= LONGEST_NAME:
        raise UsageError("name-unfit", f"--name has 1 to {LONGEST_NAME} characters")
    given = tuple((cards.read_key(path), "") for path in wanted.public_keys)
    uris = wanted.signing_keys
    if not uris and not given:
        uris = tuple(f"file:keys/role-{number}.pem" for number in (1, 2, 3))
    count = len(uris) + len(given)
    if not wanted.threshold <= count <= MOST_KEYS:
        raise UsageError(
            "threshold-unfit",
            f"{wanted.threshold} of {count} keys cannot sign",
            f"name from {wanted.threshold} to {MOST_KEYS} keys with --signing-key and --public-key",
        )
    if len({*uris, *(pem for pem, _ in given)}) < count:
        raise UsageError("role-key-double", "a key is named twice", "each is another key holder's")
    since = int(at.timestamp())
    with new(folder) as filled:
        task = Makes(filled, one.code, one.subject, one.name, wanted.environment, since, secret)
        elsewhere = {SCA: wanted.ca, UPLOAD: wanted.upload, TLS: None}
        owned = tuple(
            make_owned(task, role, role, f"file:keys/{role}.pem")
            if path is None
            else keep_certificate(
                filled, role, sources.read_bytes(path), {one.subject, *one.countries}
            )
            for role, path in elsewhere.items()
        )
        made = tuple((make_role(task, uri), uri) for uri in uris)
        home = ParticipantHome(
            one, wanted.environment, owned, (*made, *given), wanted.threshold, since
        )
        save(filled, home)
    return home


# What it has published, as it notes it itself: the monitor holds the network against it. Who it is and which keys speak
# for it is its own document's to say, and not that of a copy of long ago: what is noted adds the keys of before.

PUBLISHED, WATCHED = "published.json", "watched.json"


def load_published(folder: Path) -> PublicationRecord:
    """Return what is noted; nothing published, before the first edition.

    A machine that only watches needs no more of a participant's folder than published.json.
    """
    path = folder / PUBLISHED
    noted = PublicationRecord.from_bytes(sources.read_bytes(path)) if path.exists() else None
    if noted is not None and not (folder / HOME_FILE).exists():
        return noted
    own = load_home(folder)
    one = own.participant
    if noted is not None and noted.code != one.code:
        raise DocumentRefused(
            "record-malformed", f"{path}: it is of {noted.code}", "restore it from its copy"
        )
    found = noted or PublicationRecord(one.code, one.countries, (), own.threshold)
    found = found._replace(countries=one.countries, threshold=own.threshold)
    return found.with_keys(*_sets(own))


def _sets(own: ParticipantHome) -> list[frozenset[str]]:
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


# Its next edition: what is published, with what is wanted put in its place.

REASONS = publication.REASONS
"""Why a signer may be withdrawn."""
DELTAS = 16
"""Editions back from which a verifier may follow a list by deltas."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


class EditionChange(NamedTuple):
    """What is to be put in the place of what is published: paths, and what is to be said of them.

    `derogation` is the sentence of the state, where its rules leave out a product of WHO's list; `data` the policy data
    from which it is counted whom they shut out, None for those that are installed; `uploaded` what the participant's own
    back end has uploaded to a gateway, in the place of `signers` and `rules`. With `take_back` what is published and is not
    there goes, its signers withdrawn for `reason`.
    """

    signers: tuple[Path, ...] = ()
    domain: str = "DCC"
    withdraw: tuple[Path, ...] = ()
    reason: str | None = None
    rules: tuple[Path, ...] = ()
    preferences: Path | None = None
    lists: Path | None = None
    scheme_keys: tuple[Path, ...] = ()
    derogation: str = ""
    data: Path | None = None
    uploaded: uploads.CheckedUploads | None = None
    take_back: bool = False


class _Incoming(NamedTuple):
    """What an edition takes from a gateway, over what is published: signers (DER, domain), those to be withdrawn, all rules.

    Attributes:
        rules: None where they stay as they are.
        notes: what is taken and what is not, in words.
    """

    signers: tuple[tuple[bytes, str], ...] = ()
    withdrawn: tuple[bytes, ...] = ()
    rules: tuple[Rule, ...] | None = None
    notes: tuple[str, ...] = ()


_NOTHING = _Incoming()


def _incoming(
    home: ParticipantHome, held: Mapping[str, bytes], wanted: EditionChange, at: datetime
) -> _Incoming:
    """Put what the participant's own back end has uploaded beside what is published."""
    there, code = wanted.uploaded, home.participant.code
    if there is None:
        return _NOTHING
    if wanted.signers or wanted.rules:
        raise UsageError(
            "named-twice",
            "what the gateway has takes the place of --signers and --rules",
            "name the gateway alone, or the files alone",
        )
    data, country = held.get(f"{code}/{metadata.SIGNERS}"), home.participant.subject
    listed = None if data is None else publication.parts(data)
    live = {} if listed is None else {row.certificate: row.domain for row in listed.signers}
    gone = set() if listed is None else {row.certificate for row in listed.withdrawn}
    notes = [f"left out: {why}" for why in there.refused]
    signers = []
    for der, domain in there.signers:
        kid = x509.read(der).kid.hex()
        if der in gone:
            notes.append(f"left out: signer with kid {kid}: it was withdrawn, for good")
        elif der not in live and domain != wanted.domain:
            # Nobody has signed what it is for: the gateway could take it from one domain to another.
            notes.append(
                f"left out: signer with kid {kid}: it is there for {printable(domain, 20)}"
            )
        elif der not in live:
            notes.append(f"takes the signer with kid {kid}, for {wanted.domain}")
            signers.append((der, wanted.domain))
    own = uploads.rules_of(held.get(f"{code}/{metadata.RULES}"))
    merged = uploads.merged(own, there, country, at=int(at.timestamp()))
    notes += [f"left out: {why}" for why in merged.refused]
    notes += [f"takes the rule {name}" for name in merged.new]
    notes += [f"the rule {name} goes: its successor has begun" for name in merged.superseded]
    # What is there and was left out, as by a key that has ended, is not taken back by anybody.
    missing = {
        der: record
        for der, record in ((der, x509.read(der)) for der in live)
        if record.countries == (country,) and record.thumbprint not in there.shown
    }
    names = [f"signer with kid {record.kid.hex()}" for record in missing.values()]
    names += [f"rule {name}" for name in merged.missing]
    if not wanted.take_back:
        notes += [f"published, and not at the gateway: {name}; it stays" for name in names]
        if names:
            notes.append("to take such back for good: --take-back --reason REASON")
        rules = merged.rules if merged.new else None
        return _Incoming(tuple(signers), (), rules, tuple(notes))
    notes += [f"takes back: {name}" for name in names]
    rules = tuple(rule for rule in merged.rules if rule.name not in merged.missing)
    is_new = bool(merged.new or merged.missing)
    return _Incoming(tuple(signers), tuple(missing), rules if is_new else None, tuple(notes))


def edition_files(
    folder: Path,
    home: ParticipantHome,
    held: Mapping[str, bytes],
    wanted: EditionChange,
    *,
    sets: Mapping[str, list[str]],
    at: datetime,
    incoming: _Incoming = _NOTHING,
) -> dict[str, bytes]:
    """Return the files of the next edition, over those that are published (`held`), by path."""
    code, found = home.participant.code, dict(held)
    path = f"{code}/{metadata.SIGNERS}"
    signers = [(der, wanted.domain) for der in _certificates(wanted.signers)]
    changed = _SignerChange(
        (*signers, *incoming.signers),
        (*_certificates(wanted.withdraw), *incoming.withdrawn),
        wanted.reason or "",
    )
    if changed.listed or changed.withdrawn:
        found[path] = _signers(folder, home, found.get(path), changed, at)
    if path not in found:
        raise UsageError(
            "signers-missing", "no signer is named or published", "name --signers PATH"
        )
    rules = incoming.rules
    if wanted.rules:
        rules = sources.rules_from(wanted.rules).rules
        if not rules:
            raise _nothing("rules", wanted.rules)
    if rules:
        rows = [documents.write(rule) for rule in rules]
        found[f"{code}/{metadata.RULES}"] = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    elif rules is not None:
        found.pop(f"{code}/{metadata.RULES}", None)
    if wanted.scheme_keys:
        found[f"{code}/{metadata.SCHEME_KEYS}"] = _scheme_keys(home, wanted.scheme_keys)
    if wanted.preferences is not None:
        data = sources.read_bytes(wanted.preferences)
        found[f"{code}/{metadata.CHOICES}"] = participants.write(participants.read(data, sets))
    if wanted.lists is not None:
        found = {p: d for p, d in found.items() if not _is_list(p)} | _lists(
            code, wanted.lists, found
        )
    return found


def _withdrawn_before(home: ParticipantHome, remembered: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what other keys must publish anew of what the old ones have said: all that is withdrawn or revoked, no more.

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


class _SignerChange(NamedTuple):
    """What changes of the list: signers' certificates (DER) and domains that come, those withdrawn, and why."""

    listed: tuple[tuple[bytes, str], ...]
    withdrawn: tuple[bytes, ...]
    reason: str


def _signers(
    folder: Path,
    home: ParticipantHome,
    published: bytes | None,
    changed: _SignerChange,
    at: datetime,
) -> bytes:
    before = publication.parts(published) if published is not None else None
    # A key of two domains stands there twice: each listing binds it to one.
    live = (
        {(one.certificate, one.domain): one for one in before.signers} if before is not None else {}
    )
    gone = {one.certificate: one for one in before.withdrawn} if before is not None else {}
    # Those that are no longer in use vouch for the signers that they have issued.
    cas = {
        x509_write.from_pem(issuer.read_certificate(folder, one.label))
        for one in home.owned
        if one.role == SCA and one.not_after >= at.timestamp()
    }
    for der, domain in changed.listed:
        if not x509.read(der).is_ca and der not in gone:
            live[der, domain] = publication.PublishedSigner(der, domain)
    since = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for der in changed.withdrawn:
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
        gone[der] = listed[0]._replace(since=since, reason=changed.reason)
    rows = [one for one in live.values() if one.certificate not in gone]
    authorities = {*cas, *(before.authorities if before is not None else ())}
    return publication.write(
        home.participant.code, home.environment, authorities, [*rows, *gone.values()]
    )


def _scheme_keys(home: ParticipantHome, paths: tuple[Path, ...]) -> bytes:
    """Write all keys of other schemes that are named: they take the place of those that are published.

    What is left out of them ends at every verifier's next sync; a file without a key ends all.
    """
    rows: list[scheme_keys.SchemeKey] = []
    for path in paths:
        try:
            document = scheme_keys.read(sources.read_bytes(path))
        except DocumentRefused as error:
            raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
        if document.environment is not home.environment:
            raise UsageError(
                "environment-differs",
                f"{path}: its keys are for {document.environment}, {home.participant.code} is for {home.environment}",
                "publish keys of tests in a network for tests alone",
            )
        rows += document.keys
    data = scheme_keys.write(home.environment, rows)
    # As verifiers will read it: several files may name one key twice.
    scheme_keys.reading(scheme_keys.read(data))
    return data


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


LEFT_OUT = {
    "domain": "the seats have not made the participant active for that scheme",
    "country": "its country is none of the participant's",
    "environment": "it is a key of tests, and the network is none",
}
"""Why verifiers leave a key of another scheme out, in words."""


class Edition(NamedTuple):
    """A participant's next edition: whose, over which network, the files before it and its own, by path, and when.

    `uploaded` is what its own back end has signed of it, checked; `notes` say what came of that, and what did not.
    """

    folder: Path
    own: ParticipantHome
    current: view.View
    held: dict[str, bytes]
    files: dict[str, bytes]
    at: datetime
    uploaded: uploads.UploadList | None = None
    notes: tuple[str, ...] = ()

    @property
    def draft(self) -> Proposal:
        """Return it as a proposal that nobody has signed."""
        return proposal.role(self.current, self.at, self.own.participant.code, self.files)

    def doubts(self) -> Iterator[str]:
        """Yield what verifiers would have against what stands above its signers."""
        one = self.own.participant
        published = publication.parts(self.files[f"{one.code}/{metadata.SIGNERS}"])
        authorities = tuple(map(x509.read, published.authorities))
        within = one.countries | {one.subject}
        for der in dict.fromkeys(listed.certificate for listed in published.signers):
            signer = x509.read(der)
            now = int(self.at.timestamp())
            doubt = checks.above_signer(signer, authorities, at=now, within=within)
            if doubt is not None:
                yield f"the signer with kid {signer.kid.hex()}: {doubt.says}"
        yield from self._left_out()

    def _left_out(self) -> Iterator[str]:
        """Yield which keys of other schemes verifiers would leave out, and why."""
        code = self.own.participant.code
        data, listed = (
            self.files.get(f"{code}/{metadata.SCHEME_KEYS}"),
            self.current.participants.get(code),
        )
        if data is None or listed is None:
            return
        keys = scheme_keys.published(data, listed.bounds(self.current.board.environment))
        for scheme, whose, kid, why in keys.left_out:
            yield printable(f"the key {kid} of {whose} ({scheme}) counts nowhere: {LEFT_OUT[why]}")


def next_edition(
    folder: Path, wanted: EditionChange, known: KnownNetwork, *, at: datetime
) -> Edition:
    """Make a participant's next edition; without anything that is wanted, what is published is confirmed."""
    own, current = load_home(folder), known.view
    code = own.participant.code
    role = current.roles.get(code)
    held = {} if role is None else dict(role.files)
    if role is not None and not role.version:
        # Its keys have not published anything yet.
        held = _withdrawn_before(own, view.PreviousEditions(known.files).of(code))
        if not wanted.signers and wanted.uploaded is None:
            raise UsageError("signers-missing", "no signer is named", "name --signers PATH")
    if wanted.take_back and wanted.uploaded is None:
        raise UsageError(
            "take-back-alone",
            "it is not said where what is to be taken back is missing",
            "name the gateway: --from-gateway URL|DIR",
        )
    if (wanted.withdraw or wanted.take_back) and wanted.reason is None:
        raise UsageError(
            "reason-missing", "it is not said why the signer is withdrawn",
            f"name the --reason: {', '.join(REASONS)}",
        )  # fmt: skip
    sets = view.value_sets(current)
    incoming = _incoming(own, held, wanted, at)
    made = edition_files(folder, own, held, wanted, sets=sets, at=at, incoming=incoming)
    made = _with_summary(code, made, wanted, current, at)
    uploaded = None if wanted.uploaded is None else wanted.uploaded.uploads
    return Edition(folder, own, current, held, made, at, uploaded, incoming.notes)


def _with_summary(
    code: str, made: Mapping[str, bytes], wanted: EditionChange, current: view.View, at: datetime
) -> dict[str, bytes]:
    """Put beside new rules the summary of whom they shut out; it goes where the rules go."""
    path, rules = f"{code}/{metadata.IMPACT}", made.get(f"{code}/{metadata.RULES}")
    without = {name: data for name, data in made.items() if name != path}
    if wanted.derogation and not wanted.rules and wanted.uploaded is None:
        raise UsageError(
            "derogation-alone",
            "a derogation is said with the rules that it is of",
            "name them too: --rules PATH",
        )
    if rules is None:
        return without
    published = current.roles.get(code)
    before = {} if published is None else published.files
    if not wanted.rules and rules == before.get(f"{code}/{metadata.RULES}"):
        return dict(made)
    has_data = wanted.data is not None or policy_data.is_installed()
    if not has_data and not metadata.asks_for_summaries(current.root):
        # The seats ask for none, and this machine has nothing to count from.
        return without
    sets = view.published_sets(current)
    own = policy.summarised(rules, sets, at, wanted.data, wanted.derogation)
    return {**without, path: summary.write(own)}


def withdrawn(edition: Edition, named: tuple[Path, ...]) -> list[x509.X509Record]:
    """Return the signers that are named to be withdrawn, and those that an edition takes back."""
    path = f"{edition.own.participant.code}/{metadata.SIGNERS}"
    before, after = (
        {row.certificate for row in publication.parts(files[path]).withdrawn}
        if path in files
        else set()
        for files in (edition.held, edition.files)
    )
    return [
        x509.read(der) for der in dict.fromkeys((*_certificates(named), *sorted(after - before)))
    ]


class Retired(NamedTuple):
    """A signer's key that was withdrawn: retired under this label in an issuer's folder, or not at hand (label "")."""

    kid: bytes
    label: str = ""
    folder: Path = Path()


def retire(
    records: Iterable[x509.X509Record], withdraw: tuple[Path, ...], *, at: datetime
) -> Iterator[Retired]:
    """Retire withdrawn keys where their issuer's folder is at hand; yield which, and those that are left to do."""
    gone = {record.thumbprint: record for record in records}
    beside = {path.resolve().parent.parent for path in withdraw}
    beside |= {path.resolve().parent for path in withdraw if path.is_dir()}
    for folder in sorted({*beside, issuer.folder(None, sources.home()).resolve()}):
        if not (folder / issuer.DOCUMENT).is_file():
            continue
        with issuer.locked(folder):
            found = issuer.load(folder)
            for shard in found.shards:
                record = gone.pop(shard.thumbprint, None)
                if record is not None and shard.retired is None:
                    found = found.replace(shard._replace(retired=int(at.timestamp())))
                    yield Retired(record.kid, shard.label, folder)
            issuer.save(folder, found)
    yield from (Retired(record.kid) for record in gone.values())


# What the upload key signs of it, for other networks' back ends.


def own_certificates(folder: Path, *, at: datetime) -> uploads.OwnCertificates:
    """Return what a participant's own uploads are known by: certificates of its own folder, and of no gateway."""
    own = load_home(folder)
    cas = (
        x509_write.from_pem(issuer.read_certificate(folder, each.label))
        for each in own.owned
        if each.role == SCA and each.not_after >= at.timestamp()
    )
    keys = upload_certificates(folder, own, at)
    return uploads.OwnCertificates(own.participant.subject, keys, tuple(cas))


def upload_certificates(folder: Path, own: ParticipantHome, at: datetime) -> frozenset[bytes]:
    """Return the participant's upload certificates that have not ended, DER."""
    return frozenset(
        x509_write.from_pem(issuer.read_certificate(folder, each.label))
        for each in own.owned
        if each.role == UPLOAD and each.not_after >= at.timestamp()
    )


def _with_uploads(edition: Edition, secret: Secret) -> tuple[Edition, tuple[str, ...]]:
    """Put the upload key's signatures beside an edition; tell in words what other networks' back ends will not see.

    Where the key is not at hand, or does not open, or there is no room, the edition goes out all the same: no revocation
    waits for it.
    """
    folder, own, code = edition.folder, edition.own, edition.own.participant.code
    path = f"{code}/{metadata.UPLOADS}"
    before = [] if edition.uploaded is None else [edition.uploaded]
    if path in edition.held:
        # By whatever program it was written: where it is damaged, it is made anew.
        with suppress(DocumentRefused):
            before.append(uploads.read(edition.held[path], code))
    published = (
        edition.files[f"{code}/{metadata.SIGNERS}"],
        edition.files.get(f"{code}/{metadata.RULES}"),
    )
    keys = upload_certificates(folder, own, edition.at)
    drafted = uploads.drafted(code, own.participant.subject, published, before, keys)
    unseen, listed = list(drafted.unfit), drafted.standing
    if not drafted.is_whole:
        try:
            listed = drafted.signed(_upload_signature(folder, own, keys, secret))
        except PratiqueError as error:
            lacking = [
                plural(len(rows), noun)
                for rows, noun in ((drafted.certificates, "signer"), (drafted.rules, "rule"))
                if rows
            ]
            unseen.append(f"{' and '.join(lacking)}, not signed by the upload key: {error.message}")
    without = {name: data for name, data in edition.files.items() if name != path}
    if not (listed.signers or listed.rules):
        return edition._replace(files=without), tuple(unseen)
    room = metadata.MAX_EDITION - sum(map(len, without.values()))
    room = min(room, metadata.limit_of(path)) if len(without) < metadata.MAX_FILES_OF_ROLE else 0
    for part in (listed, listed._replace(rules=())):
        data = uploads.write(part)
        if len(data) <= room:
            return edition._replace(files={**without, path: data}), tuple(unseen)
        unseen.append(
            f"{'rules' if part.rules else 'signers'}: an edition has no room for the upload key's signatures"
        )
    return edition._replace(files=without), tuple(unseen)


def _upload_signature(
    folder: Path, own: ParticipantHome, keys: frozenset[bytes], secret: Secret
) -> uploads.Sign:
    owned = [
        each for each in own.owned if each.role == UPLOAD and is_at_hand(each.key, folder=folder)
    ]
    if not owned:
        raise UsageError("upload-elsewhere", "it is elsewhere", "publish where it is at hand")
    newest = renewal.newest(owned, UPLOAD)
    certificate = x509_write.from_pem(issuer.read_certificate(folder, newest.label))
    if certificate not in keys:
        raise UsageError("upload-ended", "it has ended", "pratique participant renew")
    key = open_key(newest.key, folder=folder, secret=secret)

    def sign(content: bytes, detached: bool) -> bytes:
        return cms.sign(content, certificate=certificate, key=key, detached=detached)

    return sign


class SignedEdition(NamedTuple):
    """What came of an edition: signed; written, where somebody has yet to sign or submit it; submitted.

    Attributes:
        lacks_signatures: whether other key holders must sign it.
        unseen: what of it other networks' back ends will not see, and why, in words.
    """

    draft: Proposal
    current: view.View
    lacks_signatures: bool
    path: Path | None = None
    submitted: Submitted | None = None
    unseen: tuple[str, ...] = ()


def publish(
    edition: Edition, secret: Secret, *, target: str | None = None, out: Path | None = None
) -> SignedEdition:
    """Sign an edition with the keys here; submit it, or write it for the other key holders."""
    own, current, code = edition.own, edition.current, edition.own.participant.code
    _check_environment(own, current)
    edition, unseen = _with_uploads(edition, secret)
    client.check(code, edition.held, edition.files, published=int(current.published.timestamp()))
    draft = edition.draft
    # Keys that do not speak for it are tried all the same: the refusal tells what is to be done.
    uris = [uri for _, uri in own.speaking(current) or own.role_keys]
    # A key file that was given to another person is signed with there.
    here = [uri for uri in uris if is_at_hand(uri, folder=edition.folder)][: own.threshold]
    for uri in here:
        try:
            proposal.sign(draft, open_key(uri, folder=edition.folder, secret=secret), current)
        except UsageError as error:
            if error.code != "key-not-asked":
                raise
            raise UsageError(
                error.code,
                "the keys here do not speak for the participant in the network that is known here",
                "pratique sync; if they are other keys, the seats must have signed them in",
            ) from error
    note(edition.folder, draft)
    lacks, path = (
        len(here) < own.threshold,
        out or Path(f"{code}-{draft.versions()[code]}.proposal"),
    )
    data = proposal.to_bytes(draft)
    if target is None or lacks:
        files.write(path, data)
        return SignedEdition(draft, current, lacks, path, unseen=unseen)
    return SignedEdition(draft, current, lacks, None, submit(target, path.name, data), unseen)


def _check_environment(own: ParticipantHome, current: view.View) -> None:
    if own.environment is not current.board.environment:
        raise UsageError(
            "environment-differs",
            f"{own.participant.code}'s keys here are for {own.environment}, and the network is {current.board.name}",
            "name the folder of the keys for it: --participant DIR",
        )


def write_application(
    folder: Path, own: ParticipantHome, keys: RoleKeys, out: Path, at: datetime
) -> Iterator[Path]:
    """Write the dossier for the authority into `out`, with these role keys; yield its files.

    Public keys and certificates only: application.json, SCA/SCA.pem, UP/UP.pem, TLS/TLS.pem, TLS/CA.pem.
    """
    one = own.participant
    application = cards.Application(one, keys, tuple(sorted(one.domains)), own.environment)
    written = {cards.APPLICATION: cards.write_application(application)}
    newest = own.newest(SCA)
    # Signing CAs that are no longer in use vouch for signers that live: each has a file of its own.
    older = [
        each
        for each in own.owned
        if each.role == SCA and each != newest and each.not_after > at.timestamp()
    ]
    for number, each in enumerate([newest, *older]):
        name = f"SCA/SCA_{number}.pem" if number else "SCA/SCA.pem"
        written[name] = issuer.read_certificate(folder, each.label)
    written["UP/UP.pem"] = issuer.read_certificate(folder, own.newest(UPLOAD).label)
    written["TLS/TLS.pem"] = issuer.read_certificate(folder, own.newest(TLS).label)
    # It signs itself, so it is its own authority.
    written["TLS/CA.pem"] = written["TLS/TLS.pem"]
    for name, data in written.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, data, 0o644)
        yield path


def apply(folder: Path, out: Path, *, at: datetime) -> tuple[ParticipantHome, list[Path]]:
    """Write a new participant's dossier; return whose, and its files."""
    if out.exists() and any(out.iterdir()):
        raise UsageError(
            "folder-filled", f"{out}: there is something already", "name another folder with --out"
        )
    own = load_home(folder)
    return own, list(write_application(folder, own, own.public_keys(), out, at))


def check_dossier(
    folder: Path,
    code: str,
    environment: Environment,
    listed: checks.NetworkListing,
    known: tuple[Path, ...],
    *,
    at: datetime,
) -> Report:
    """Check a dossier as the authority will; `known` are lists of keys that were seen before."""
    seen = list[report.KnownKey]()
    for path in known:
        try:
            seen += report.read(sources.read_bytes(path))
        except DocumentRefused as error:
            raise DocumentRefused(error.code, f"{path}: {error.message}", error.hint) from error
    dossier = sources.read(folder)
    return checks.check(
        dossier, participant=code, environment=environment, at=at, known=seen, listed=listed
    )


def listed_as(current: view.View | None, code: str, kind: str | None) -> checks.NetworkListing:
    """Return what a network's list of participants says of a code; what was named, where there is none."""
    one = None if current is None else current.participants.get(code)
    if one is None:
        return checks.NetworkListing(kind)
    return checks.NetworkListing(one.kind.value, one.countries, one.subject)


# Leaving: what is published, certificates, public keys -> FILE.zip          notice -> leave.json, signed by k of n
#
# Nobody's leave is needed to go, and nothing stays behind that the participant needs elsewhere. A notice names the network
# that is left: it says nothing of another one, in which the same keys speak.

LEAVE = "pratique-leave-1"


class Exported(NamedTuple):
    """How many files were written, how many of them were published, and the network that the notice names."""

    files: int
    published: int
    network: str | None


def export(
    folder: Path, out: Path, current: view.View | None, secret: Secret, *, at: datetime
) -> Exported:
    """Write all that is published and public of a participant, with a signed notice of leaving, if a network is known."""
    own = load_home(folder)
    code = own.participant.code
    role = None if current is None else current.roles.get(code)
    published = {} if role is None else role.files
    found = {HOME_FILE: sources.read_bytes(folder / HOME_FILE)}
    found |= {f"published/{path}": data for path, data in published.items()}
    for path in (folder / "certificates").glob("*.pem"):
        found[f"certificates/{path.name}"] = sources.read_bytes(path)
    if current is not None:
        found["leave.json"] = _notice(own, folder, current, secret, at)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(found):
            # What is named by a ZipInfo is stored as it is, unless that is said for each.
            info = zipfile.ZipInfo(name, datetime(1980, 1, 1, tzinfo=UTC).timetuple()[:6])
            archive.writestr(info, found[name], compress_type=zipfile.ZIP_DEFLATED)
    files.write(out, packed.getvalue())
    return Exported(
        len(found), len(published), None if current is None else str(current.board.name)
    )


def _notice(
    own: ParticipantHome, folder: Path, current: view.View, secret: Secret, at: datetime
) -> bytes:
    _check_environment(own, current)
    notice = {
        "participant": own.participant.code,
        "at": at.astimezone(UTC).isoformat(),
        **current.board.name.to_field(),
    }
    message = f"{LEAVE}\n".encode()
    message += json.dumps(notice, sort_keys=True, separators=(",", ":")).encode()
    uris = [uri for _, uri in own.speaking(current) if is_at_hand(uri, folder=folder)]
    uris = uris[: own.threshold]
    if len(uris) < own.threshold:
        raise UsageError(
            "keys-elsewhere",
            f"{own.threshold} role keys must sign the notice, {len(uris)} are here",
            "tell the authority by letter; nobody's leave is needed to go",
        )
    opened = [open_key(uri, folder=folder, secret=secret) for uri in uris]
    signatures = {
        metadata.keyid(key.public_key): base64.b64encode(key.sign(message)).decode()
        for key in opened
    }
    return json.dumps({"format": LEAVE, **notice, "signatures": signatures}, indent=1).encode()
