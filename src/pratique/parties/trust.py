"""Whom to believe: import signers and what issuers have revoked, beside what was synced.

    SOURCE... -> store.sources.trust_from -> signers ---\
    FILE... -> list | delta | batch | slice | list of cards -> Revocations --> a next edition of trust/snapshot.json -> Imported

1. A refused source is told by its name, and the others are taken; where there is no other, nothing changes.
2. What is imported is of the environment of the network that was synced, if there is one.
3. What is held of revocations only grows: an older list, or one that lacks what is held, is refused. Nothing here
   takes a revocation back, and nothing shows a tag or a hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pratique import errors, strict_json
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.parties import verifier
from pratique.revocation import cards, foreign, tag_list
from pratique.revocation.revocations import Revocations
from pratique.snapshot import Snapshot, Source
from pratique.store import sources as store_sources
from pratique.terms import Environment, Scheme
from pratique.text import plural, printable, rfc3339
from pratique.trust import countries, shc_directory
from pratique.trust.certificates import ListReading
from pratique.trust.lists import StoreName
from pratique.trust.registry import ParticipantState
from pratique.trust.signer import Signer

KEYS = ("rsa-", "curve-", "key-")
"""How a note begins that says what key a weak signer has."""
LEEWAY = 300
"""Seconds by which clocks differ, as at a check."""
NAMED = 5
"""How many of the files that were left out are named."""


class Imported(NamedTuple):
    """What came of an import.

    Attributes:
        lines: what was read, and where it is kept.
        notes: what whoever imports it should hear of.
        errors: of the files that were not taken.
        is_open: something of it cannot be asked, so that what it concerns stays in doubt.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    errors: tuple[PratiqueError, ...] = ()
    is_open: bool = False


def import_signers(
    home: Path | None,
    sources: Iterable[Path],
    *,
    at: datetime,
    environment: Environment | None = None,
    proof_key: Path | None = None,
    country: str = "",
    store: StoreName | None = None,
    replace: bool = False,
) -> Imported:
    """Import signers from files and folders; what was imported before stays, unless it is to be replaced.

    Args:
        home: where what was imported is kept.
        sources: files and folders.
        at: now.
        environment: of sources that do not tell theirs.
        proof_key: a file with the key that every source's proof must hold under.
        country: of signers whose source names none.
        store: whose keys those are of sources that do not tell it.
        replace: forget what was imported before.
    """
    folder = store_sources.home(home)
    notes: list[str] = []
    try:
        before = store_sources.load_snapshot(folder)
    except DocumentRefused as error:
        if not replace:
            raise
        before = None
        notes.append(f"{error.message}; import revocations again too")
    network = verifier.environment(folder)
    earlier = None if replace or before is None else verifier.fitting(before, network)
    stands_in = network or (earlier.environment if earlier is not None else None)
    if country and countries.code(country) is None:
        raise countries.no_country("--country", "country-unknown", country)
    found = store_sources.trust_from(
        sources,
        at=at,
        environment=environment or stands_in or Environment.PRODUCTION,
        country=country.strip().upper(),
        proof_key=None if proof_key is None else store_sources.read_proof_key(proof_key),
        each=True,
        store=store,
        held=[
            signer
            for signer in (earlier.trust if earlier else ())
            if signer.domain == Scheme.VDS_NC
        ],
    )
    for name, reading in found.readings:
        if environment is not None and reading.environment not in {None, environment}:
            raise UsageError(
                "environment-differs",
                f"{name} says that its keys are for {reading.environment}",
                "leave --environment out, or get the list of the other environment",
            )
    if not len(found.snapshot.trust):
        raise _no_signers(found)
    if network is not None and not found.readings and found.snapshot.environment is not network:
        raise UsageError(
            "environment-differs",
            f"the network that was synced is for {network}, the snapshot is for "
            f"{found.snapshot.environment}",
            "use another home folder for it",
        )
    snapshot = _following(found.snapshot, earlier)
    if network is not None:
        snapshot = snapshot.replace(environment=network)
    if before is not None:
        # Nothing that is forgotten here takes a revocation back.
        both = revocations_of(before).with_others(revocations_of(found.snapshot))
        snapshot = snapshot.replace(revocations=both)
    path = store_sources.save_snapshot(folder, snapshot)
    notes += (f"note: {line}" for line in _remarks(found, snapshot))
    if found.refused:
        names = ", ".join(sorted({refusal.name for refusal in found.refused})[:NAMED])
        left = plural(len(found.refused), "file")
        which = "is no trust list" if len(found.refused) == 1 else "are no trust lists"
        notes.append(f"{left} left out, which {which}: {names}")
    total = f"{plural(len(snapshot.trust), 'signer')} in snapshot {snapshot.number}: {path}"
    return Imported((*_read(found), total), tuple(notes), found.errors)


def _no_signers(found: store_sources.TrustSources) -> PratiqueError:
    if found.errors:
        return errors.together(found.errors)
    names = ", ".join(name for name, _ in found.readings[:NAMED])
    skipped = sum(reading.skipped + reading.odd for _, reading in found.readings)
    if any(reading.authorities for _, reading in found.readings):
        hint = "signing CAs alone sign no health certificate; those of the ICAO's seals: --scheme vds-nc"
    elif skipped:
        entries = plural(skipped, "entry")
        hint = f"{entries} with neither a certificate nor a key of a signer that is read here"
    else:
        hint = ""
    return UsageError(
        "no-signers", f"there is no signer in what was named{names and ': '}{names}", hint
    )


def _read(found: store_sources.TrustSources) -> Iterator[str]:
    for name, reading in found.readings:
        left = f", {plural(reading.skipped, 'entry')} left out" if reading.skipped else ""
        if reading.left_out:
            left += ": " + ", ".join(f"{why} ({count})" for why, count in reading.left_out)
        own = [listed for listed in reading.listed if not listed.issuer]
        counts = [
            f"{plural(len(set(keys)), 'issuer')}, {plural(len(keys), 'key')} of {SCHEMES[scheme]}"
            for scheme, keys in _by_scheme(reading)
        ]
        if own or reading.authorities or not counts:
            signers = plural(len(own), "signer")
            counts = [signers, plural(len(reading.authorities), "signing CA"), *counts]
        yield f"{printable(name)}: {reading.kind}, {', '.join(counts)}, proof {reading.proof}{left}"


SCHEMES = {
    Scheme.SHC: "SMART Health Cards",
    Scheme.NZCP: "NZ COVID Passes",
    Scheme.CH_LIGHT: "Swiss certificates light",
    Scheme.VDS_NC: "ICAO's visible digital seals",
    Scheme.TWO_D_DOC: "2D-DOC",
    Scheme.DIVOC: "DIVOC",
}
"""What each scheme's texts are called."""


def _by_scheme(reading: ListReading) -> Iterator[tuple[Scheme, list[str]]]:
    """Yield the schemes of which a source holds keys, and the issuer of each key."""
    rows = [(listed.domain, listed.issuer) for listed in reading.listed if listed.issuer]
    rows += [(signer.domain, signer.issuer) for signer in reading.pinned]
    for scheme in Scheme:
        issuers = [issuer for domain, issuer in rows if domain == scheme.value]
        if issuers:
            yield scheme, issuers


def _remarks(found: store_sources.TrustSources, snapshot: Snapshot) -> Iterator[str]:
    """Yield what whoever imports it should hear of."""
    for odd in found.odd():
        yield printable(f"{odd.name}: {odd.why}")
    for name, reading in found.readings:
        if reading.expires is not None and reading.expires < snapshot.created:
            yield (
                f"{printable(name)}: its proof ended at {rfc3339(reading.expires)}, which makes what its signers "
                "have signed AMBER SIGNER_LIST_EXPIRED; get the list again from its publisher"
            )
        if reading.created is not None and reading.created > snapshot.created + LEEWAY:
            yield (
                f"{printable(name)}: its proof is dated {rfc3339(reading.created)}, which is to come; "
                "check this device's clock"
            )
    own = list(found.snapshot.trust)
    if bare := sum("bare-key" in signer.notes and not signer.issuer for signer in own):
        yield f"{plural(bare, 'signer')} of a public key alone: nothing tells until when, nor for what"
    unbound = [signer for signer in own if not signer.countries and not signer.reason]
    if nobody := sum(not signer.issuer for signer in unbound):
        yield (
            f"{plural(nobody, 'signer')} bound to no country, which makes AMBER "
            "SIGNER_WITHOUT_COUNTRY; if the list is one country's, import it with --country CODE"
        )
    if nobody := sum(bool(signer.issuer) for signer in unbound):
        yield (
            f"{plural(nobody, 'key')} of other schemes bound to no country: a destination's rules are told of none "
            "(ISSUER_WITHOUT_COUNTRY); bind an issuer's with --issuer ISSUER --country CODE"
        )
    weak = [signer for signer in own if signer.is_weak()]
    for signer in weak[:NAMED]:
        what = ", ".join(note for note in signer.notes if note.startswith(KEYS))
        yield f"weak: {_named(signer)}: {what or signer.reason}"
    if len(weak) > NAMED:
        yield f"weak: {len(weak) - NAMED} more; see trust show --state weak"
    if strange := sum(signer.environment is not snapshot.environment for signer in own):
        yield (
            f"{plural(strange, 'signer')} not for {snapshot.environment}: what such a key has "
            "signed is a specimen here"
        )


def _named(signer: Signer) -> str:
    if signer.issuer:
        return printable(f"key {signer.kid_text} of {signer.domain}, {signer.issuer}")
    return f"signer {_text(signer.kid)} of {printable(signer.participant or 'no country')}"


def _following(found: Snapshot, earlier: Snapshot | None) -> Snapshot:
    if earlier is None:
        return found
    trust, roll = earlier.trust.merge(found.trust), None
    if earlier.roll is not None or found.roll is not None:
        # A snapshot of a network was imported: what that says against keys holds for the others' too.
        from pratique.compile import together  # noqa: PLC0415 - lists are of no network

        first, second = (found, earlier) if found.roll is not None else (earlier, found)
        trust, roll = together(first, second)
    return earlier.replace(
        number=earlier.number + 1,
        created=found.created,
        trust=trust,
        roll=roll,
        sources=(*earlier.sources, *found.sources),
    )


def shown(source: Path | None, home: Path | None, at: datetime) -> Snapshot:
    """Return the signers of a source, or what was synced and imported; Unreadable `no-trust-list`."""
    if source is not None:
        return store_sources.trust_from([source], at=at).snapshot
    found = verifier.snapshot(home)
    if found is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {store_sources.home(home)} yet",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


# What issuers have revoked.


class Approximate(NamedTuple):
    """What an approximate list of the EU's gateway does not say of itself: whose it is, and what it has hashed."""

    form: foreign.Form
    country: str
    kid: str
    hash_type: str | None
    offset: int

    def key(self) -> foreign.Key:
        """Return what it is about; UsageError where that is not said."""
        octets = strict_json.octets(self.kid)
        if not self.country or self.hash_type is None or octets is None:
            raise UsageError(
                "slice-unnamed",
                "an approximate list does not say what it is about",
                "give --country and --hash-type, and --kid in Base64 if it is for one key",
            )
        code = countries.code(self.country)
        if code is None:
            raise countries.no_country("--country", "country-unknown", self.country)
        return foreign.Key(code, octets or None, foreign.HashType(self.hash_type))


def import_revocations(
    home: Path | None,
    sources: Iterable[Path],
    *,
    at: datetime,
    approximate: Approximate | None = None,
    issuer: str = "",
) -> Imported:
    """Import revocation lists and their deltas, batches or approximate lists of the EU's gateway, and lists of cards.

    Args:
        home: folder of the verifier.
        sources: files and folders.
        at: now.
        approximate: what files of approximate lists are about.
        issuer: `iss` of lists of SMART Health Cards, which name a key alone [whoever's key is held].
    """
    folder = store_sources.home(home)
    earlier = verifier.imported(home)
    # Whose a key is may be known from the network too.
    known = verifier.snapshot(home) or earlier
    read: Callable[[bytes], _Document] = partial(_document, known=known, issuer=issuer)
    if approximate is not None:
        key, form, offset = approximate.key(), approximate.form, approximate.offset

        def read(each: bytes) -> _Document:
            return foreign.read_filter(each, key, form, offset)

    revocations, taken, refused = _with_documents(
        revocations_of(earlier), known, _each(sources, read)
    )
    named = [
        Source(printable(file.path.name), hashlib.sha256(file.data).hexdigest()) for file in taken
    ]
    snapshot = earlier.replace(
        number=earlier.number + 1,
        created=int(at.timestamp()),
        revocations=revocations,
        sources=tuple(sorted({*earlier.sources, *named})),
    )
    path = store_sources.save_snapshot(folder, snapshot)
    return Imported(
        (
            f"{plural(len(taken), 'file')} read",
            f"{counted(revocations)} in snapshot {snapshot.number}: {path}",
        ),
        (
            *(
                f"note: no signer with kid {_text(kid)} is held yet: pratique trust import SOURCE"
                for kid, _ in revocations.lists
                if not known.trust.signers_for(kid)
            ),
            *(
                f"note: {printable(rid_list.issuer)}: {why}; its cards of the key {printable(rid_list.kid)} are in doubt"
                for rid_list in revocations.cards.values()
                if (why := _card_doubt(rid_list))
            ),
        ),
        tuple(refused),
    )


def revocations_of(snapshot: Snapshot | None) -> Revocations:
    """Return the revocations of a snapshot, so that more can be added."""
    held = None if snapshot is None else snapshot.revocations
    return held if isinstance(held, Revocations) else Revocations()


def _card_doubt(rid_list: cards.RidList) -> str:
    if not rid_list.whole:
        return "its list of revocations could not be read whole"
    return (
        "its list of revocations is older than its key set says"
        if rid_list.version < rid_list.stated
        else ""
    )


_Document = (
    tag_list.TagList
    | tag_list.Delta
    | list[foreign.Batch]
    | foreign.Slice
    | tuple[cards.RidList, ...]
)


class _Read(NamedTuple):
    """One file, and what it holds."""

    path: Path
    data: bytes
    document: _Document


def _each(
    sources: Iterable[Path], read: Callable[[bytes], _Document]
) -> Iterator[_Read | PratiqueError]:
    for source in sources:
        files = [source]
        if source.is_dir():
            inside = (path for path in sorted(source.iterdir()) if not path.name.startswith("."))
            files = [path for path in inside if path.is_file() and not path.is_symlink()]
        for path in files:
            try:
                data = store_sources.read_bytes(path, named=path == source)
                yield _Read(path, data, read(data))
            except DocumentRefused as error:
                yield _at(path, error)
            except Unreadable as error:
                yield error


def _document(each: bytes, known: Snapshot, issuer: str) -> _Document:
    if each.startswith(tag_list.FORMAT):
        return tag_list.TagList.from_bytes(each)
    if each.startswith(tag_list.DELTA_FORMAT):
        return tag_list.Delta.from_bytes(each)
    if each.lstrip()[:1] not in {b"{", b"["}:
        raise DocumentRefused(
            "revocation-unknown",
            "it is no revocation list, no delta and no batch",
            "an issuer's .tags and .delta files, a batch of the EU's gateway as JSON, or a list of "
            "SMART Health Cards; "
            "for its approximate lists name --form",
        )
    found = strict_json.parse(each)
    if cards.is_one(found):
        return (cards.read(found, issuer or _issuer_of(cards.kid_of(found), known)),)
    if shc_directory.is_vci(found):
        return cards.of_directory(found)
    return [foreign.read(one) for one in (found if isinstance(found, list) else [found])]


def _issuer_of(kid: str, known: Snapshot) -> str:
    """Return whose key a list of SMART Health Cards is about: the list names the key alone."""
    name = Scheme.SHC.value, kid.encode()
    issuers = {
        signer.issuer for signer in known.trust.unjudged() if (signer.domain, signer.kid) == name
    }
    if len(issuers) == 1:
        return issuers.pop()
    why = "several issuers have this key" if issuers else "no key of this kid is held"
    raise DocumentRefused(
        "revocation-issuer",
        f"it cannot be told whose list of SMART Health Cards it is: {why}",
        "give --issuer with the issuer's iss, or import its keys first: pratique trust import SOURCE",
    )


def _with_documents(
    held: Revocations, known: Snapshot, found: Iterable[_Read | PratiqueError]
) -> tuple[Revocations, list[_Read], list[PratiqueError]]:
    """Add what was read, each file for itself, and a list's deltas together."""
    good, refused = errors.parted(found)
    taken: list[_Read] = []
    chains: dict[tuple[bytes, str], list[_Read]] = {}
    lists: list[tuple[int, _Read]] = []
    others: list[_Read] = []
    for one in good:
        if isinstance(one.document, tag_list.Delta):
            head = one.document.head
            chains.setdefault((head.kid, head.participant), []).append(one)
        elif isinstance(one.document, tag_list.TagList):
            lists.append((one.document.head.version, one))
        else:
            others.append(one)
    in_order = [[one] for _, one in sorted(lists, key=lambda row: row[0])]
    for group in (*in_order, *chains.values(), *([one] for one in others)):
        try:
            held = _added(held, [one.document for one in group], known)
        except DocumentRefused as error:
            refused.append(_at(group[0].path, error))
        else:
            taken += group
    if not taken and refused:
        raise errors.together(refused)
    return held, taken, refused


def _added(revocations: Revocations, documents: list[_Document], earlier: Snapshot) -> Revocations:
    deltas = [document for document in documents if isinstance(document, tag_list.Delta)]
    if deltas:
        _for_their_own(deltas[0].head.kid, deltas[0].head.participant, earlier)
        return revocations.with_deltas(deltas)
    for document in documents:
        if isinstance(document, tag_list.TagList):
            _for_their_own(document.head.kid, document.head.participant, earlier)
            revocations = revocations.with_list(document)
        elif isinstance(document, foreign.Slice):
            revocations = revocations.with_slices([document])
        elif isinstance(document, list):
            revocations = revocations.with_batches(document)
        elif not isinstance(document, tag_list.Delta):
            revocations = revocations.with_cards(document)
    return revocations


def _at(path: Path, error: DocumentRefused) -> DocumentRefused:
    return DocumentRefused(error.code, f"{path}: {error.message}", error.hint)


def _for_their_own(kid: bytes, participant: str, snapshot: Snapshot) -> None:
    signers = snapshot.trust.signers_for(kid)
    if signers and not any(participant in snapshot.names_of(s).participants for s in signers):
        raise DocumentRefused(
            "revocation-participant",
            f"the revocation list is {participant}'s, and its key is another's",
            "nobody revokes for another; tell whoever handed it to you",
        )


def withdrawn(members: Mapping[str, ParticipantState]) -> Iterator[dict[str, object]]:
    """Yield the keys that a network's participants have withdrawn: all that these signed is refused."""
    for code, member in sorted(members.items()):
        for thumbprint in sorted(member.withdrawn):
            kid = _text(bytes.fromhex(thumbprint)[:8])
            yield {
                "kind": "key", "participant": code, "kid": kid, "count": "all",
                "of": "the signing key is withdrawn: all that it has signed is refused",
            }  # fmt: skip


def rows(held: Revocations, at: int) -> Iterator[dict[str, object]]:
    """Yield whose revocations are held, how many, and how old they are; never which certificates."""
    for (kid, participant), found in sorted(held.lists.items()):
        head = found.head
        yield {
            "kind": "list", "participant": participant, "kid": _text(kid), "count": len(found),
            "version": head.version, "created": rfc3339(head.created), "expires": rfc3339(head.expires),
            "age_hours": (at - head.created) // 3600, "expired": at > head.expires,
        }  # fmt: skip
    for key, entries in held.exact.items():
        yield {**_about(key), "kind": "batch", "count": len(entries), "of": key.hash_type.value}
    for part in held.slices:
        of_form = f"{part.key.hash_type.value}, approximate: {part.form.value}"
        yield {**_about(part.key), "kind": "slice", "count": part.entries, "of": of_form}
    for cards_of in held.cards.values():
        doubt = _card_doubt(cards_of)
        yield {
            "kind": "cards", "participant": cards_of.issuer, "kid": cards_of.kid,
            "count": len(cards_of.entries), "of": f"version {cards_of.version}{doubt and f', {doubt}'}",
        }  # fmt: skip


def _about(key: foreign.Key) -> dict[str, object]:
    kid = foreign.UNKNOWN_KID if key.kid is None else _text(key.kid)
    return {"participant": key.country, "kid": kid}


def counted(held: Revocations) -> str:
    """Say how much is held."""
    tags = sum(map(len, held.lists.values()))
    entries = sum(map(len, held.exact.values()))
    said = (
        f"{plural(len(held.lists), 'list')} with {plural(tags, 'revocation')}, "
        f"{plural(entries, 'foreign entry')}, {plural(len(held.slices), 'approximate list')}"
    )
    if not held.cards:
        return said
    rids = sum(len(rid_list.entries) for rid_list in held.cards.values())
    return f"{said}, {plural(len(held.cards), 'list')} of SMART Health Cards with {plural(rids, 'revocation')}"


def _text(kid: bytes) -> str:
    return base64.b64encode(kid).decode()
