"""Whom to believe: import signers from lists and certificates, and show what became of them.

    SOURCE... -> edges.files.trust_from -> snapshot.json -> show -> table, counts

1. A refused source is told by its name, and the others are taken; where there is no other, nothing changes.
2. What is imported is of the environment of the network that was synced, if there is one.
3. A signer's state is computed for the instant asked about, and the reason is told.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique import strict_json
from pratique.cli import options
from pratique.describe import describe, signer_instant, table
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.parties import verifier
from pratique.parties.inputs import Errors
from pratique.revocation import foreign, tag_list
from pratique.revocation.revocations import Revocations
from pratique.snapshot import Snapshot, Source
from pratique.store import sources as store_sources
from pratique.terms import Environment, SignerState
from pratique.text import as_json, printable
from pratique.trust import countries
from pratique.trust.signer import Signer, TrustList

# ----------------------------------------------------------------------------------------------------
# What issuers have taken back: import lists, deltas and foreign batches, and show what is held.
#
#     FILE... -> list | delta | batch | slice -> Revocations -> a next edition of the snapshot -> show
#
# 1. A refused file is told by its name, and the others are taken; where there is no other, nothing changes.
# 2. What is held only grows: an older list, or one that lacks what is held, is refused.
# 3. Nothing here shows a tag or a hash, and nothing takes a revocation back.


HOUR = 3600


@click.group()
def revocations() -> None:
    """Import what issuers have taken back, and show how old it is."""


@revocations.command("import", short_help="Import lists, deltas and the EU's batches.")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--form",
    type=click.Choice([form.value for form in foreign.Form]),
    help="The files are approximate lists of the EU's gateway, of this form.",
)
@click.option("--country", default="", help="Whose approximate list it is.")
@click.option("--kid", default="", metavar="BASE64", help="Of which key [default: any].")
@click.option(
    "--hash-type",
    type=click.Choice([kind.value for kind in foreign.HashType]),
    help="What an approximate list has hashed.",
)
@click.option(
    "--offset",
    type=click.IntRange(0, 2),
    default=0,
    help="Bytes left out before a part of an approximate list.",
)
@options.home
def import_revocations(
    *,
    sources: tuple[Path, ...],
    form: str | None,
    country: str,
    kid: str,
    hash_type: str | None,
    offset: int,
    home: Path | None,
) -> int:
    """Import revocation lists and their deltas, and batches of the EU's gateway (JSON)."""
    folder = store_sources.home(home)
    earlier = verifier.imported(home)
    errors = Errors()
    if form is None:
        read: Callable[[Path, bytes], _Document] = _document
    else:
        key = _key(country, kid, hash_type)

        def read(path: Path, each: bytes) -> _Document:
            return foreign.read_filter(each, key, foreign.Form(form), offset)

    # Whose a key is may be known from the network too.
    known = verifier.snapshot(home) or earlier
    held, data = _with_documents(of(earlier), known, _each(sources, read), errors)
    _unheld_signers(held, known)
    named = [Source(printable(path.name), hashlib.sha256(each).hexdigest()) for path, each in data]
    snapshot = earlier.replace(
        number=earlier.number + 1,
        created=int(datetime.now(UTC).timestamp()),
        revocations=held,
        sources=tuple(sorted({*earlier.sources, *named})),
    )
    path = store_sources.save_snapshot(folder, snapshot)
    click.echo(f"{len(data)} files read")
    click.echo(f"{_told(held)} in snapshot {snapshot.number}: {path}")
    return errors.told()


@revocations.command("show")
@options.at
@options.home
@options.output_format
def show_revocations(*, at: datetime | None, home: Path | None, output_format: str) -> None:
    """Show what is held, synced or imported, by whom and how old; never which certificates."""
    instant = options.now_or(at)
    snapshot = verifier.snapshot(home) or _empty()
    held = of(snapshot)
    rows = [*_withdrawn(snapshot), *_rows(held, int(instant.timestamp()))]
    if output_format == "json":
        head = {"at": instant.isoformat(), "revocations": rows}
        click.echo(as_json(head, indent=1, sort_keys=True))
        return
    for row in rows:
        about = f"version {row['version']}, {_age(row)}" if row["kind"] == "list" else row["of"]
        line = (
            f"{row['kind']:<6} {row['participant']:<4} {row['kid']:<12} {row['count']:>8}  {about}"
        )
        click.echo(printable(line))
    click.echo(f"{_told(held)} at {instant.isoformat()}")
    if snapshot.roll is not None:
        for code, member in sorted(snapshot.roll.members.items()):
            suspension = member.suspended(int(instant.timestamp()))
            if suspension is not None:
                click.echo(
                    f"note: {code} is suspended until {_date(suspension.until)} "
                    f"({suspension.reason}): all of its certificates are in doubt until then"
                )


def of(snapshot: Snapshot) -> Revocations:
    """Return the revocations of a snapshot, so that more can be added."""
    held = snapshot.revocations
    return held if isinstance(held, Revocations) else Revocations()


_Document = tag_list.TagList | tag_list.Delta | list[foreign.Batch] | foreign.Slice


class _Read(NamedTuple):
    """One file, and what it holds."""

    path: Path
    data: bytes
    document: _Document


def _each(
    sources: tuple[Path, ...], read: Callable[[Path, bytes], _Document]
) -> Iterator[tuple[Path, _Read | PratiqueError]]:
    for source in sources:
        for path in _files(source):
            try:
                data = store_sources.read_bytes(path, named=path == source)
                yield path, _Read(path, data, read(path, data))
            except DocumentRefused as error:
                yield path, _at(path, error)
            except Unreadable as error:
                yield path, error


def _document(_path: Path, each: bytes) -> _Document:
    if each.startswith(tag_list.FORMAT):
        return tag_list.TagList.from_bytes(each)
    if each.startswith(tag_list.DELTA_FORMAT):
        return tag_list.Delta.from_bytes(each)
    if each.lstrip()[:1] not in {b"{", b"["}:
        raise DocumentRefused(
            "revocation-unknown",
            "it is no revocation list, no delta and no batch",
            "an issuer's .tags and .delta files, or a batch of the EU's gateway as JSON; "
            "for its approximate lists name --form",
        )
    found = strict_json.parse(each)
    return [foreign.read(one) for one in (found if isinstance(found, list) else [found])]


def _with_documents(
    held: Revocations,
    known: Snapshot,
    found: Iterable[tuple[Path, _Read | PratiqueError]],
    errors: Errors,
) -> tuple[Revocations, list[tuple[Path, bytes]]]:
    """Add what was read, each file for itself, and a list's deltas together."""
    taken: list[tuple[Path, bytes]] = []
    chains: dict[tuple[bytes, str], list[_Read]] = {}
    lists: list[tuple[int, _Read]] = []
    others: list[_Read] = []
    for _, one in errors.good(found):
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
            errors.held.append(_at(group[0].path, error))
        else:
            taken += [(one.path, one.data) for one in group]
    if not taken and errors.held:
        last = errors.held.pop()
        errors.told()
        raise last
    return held, taken


def _added(held: Revocations, documents: list[_Document], earlier: Snapshot) -> Revocations:
    deltas = [one for one in documents if isinstance(one, tag_list.Delta)]
    if deltas:
        _for_their_own(deltas[0].head.kid, deltas[0].head.participant, earlier)
        return held.with_deltas(deltas)
    for one in documents:
        if isinstance(one, tag_list.TagList):
            _for_their_own(one.head.kid, one.head.participant, earlier)
            held = held.with_list(one)
        elif isinstance(one, foreign.Slice):
            held = held.with_slices([one])
        elif isinstance(one, list):
            held = held.with_batches(one)
    return held


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


def _unheld_signers(held: Revocations, snapshot: Snapshot) -> None:
    for kid, _ in held.lists:
        if not snapshot.trust.signers_for(kid):
            click.echo(
                f"note: no signer with kid {_text(kid)} is held yet: pratique trust import SOURCE",
                err=True,
            )


def _withdrawn(snapshot: Snapshot) -> Iterator[dict[str, object]]:
    """Yield the keys that a network's participants have withdrawn: all that these signed is refused."""
    members = {} if snapshot.roll is None else snapshot.roll.members
    for code, member in sorted(members.items()):
        for thumbprint in sorted(member.withdrawn):
            kid = _text(bytes.fromhex(thumbprint)[:8])
            yield {
                "kind": "key", "participant": code, "kid": kid, "count": "all",
                "of": "the signing key is withdrawn: all that it has signed is refused",
            }  # fmt: skip


def _rows(held: Revocations, at: int) -> Iterator[dict[str, object]]:
    for (kid, participant), found in sorted(held.lists.items()):
        head = found.head
        yield {
            "kind": "list", "participant": participant, "kid": _text(kid), "count": len(found),
            "version": head.version, "created": _date(head.created), "expires": _date(head.expires),
            "age_hours": (at - head.created) // HOUR, "expired": at > head.expires,
        }  # fmt: skip
    for key, entries in held.exact.items():
        yield {**_about(key), "kind": "batch", "count": len(entries), "of": key.hash_type.value}
    for part in held.slices:
        of_form = f"{part.key.hash_type.value}, approximate: {part.form.value}"
        yield {**_about(part.key), "kind": "slice", "count": part.entries, "of": of_form}


def _about(key: foreign.Key) -> dict[str, object]:
    kid = foreign.UNKNOWN_KID if key.kid is None else _text(key.kid)
    return {"participant": key.country, "kid": kid}


def _age(row: dict[str, object]) -> str:
    end = f", out of date since {row['expires']}" if row["expired"] else ""
    return f"{row['age_hours']} hours old{end}"


def _told(held: Revocations) -> str:
    tags = sum(map(len, held.lists.values()))
    entries = sum(map(len, held.exact.values()))
    return (
        f"{len(held.lists)} lists with {tags} revocations, {entries} foreign entries, "
        f"{len(held.slices)} approximate lists"
    )


def _key(country: str, kid: str, hash_type: str | None) -> foreign.Key:
    octets = strict_json.octets(kid)
    if not country or hash_type is None or octets is None:
        raise UsageError(
            "slice-unnamed",
            "an approximate list does not say what it is about",
            "give --country and --hash-type, and --kid in Base64 if it is for one key",
        )
    code = countries.code(country)
    if code is None:
        raise countries.no_country("--country", "country-unknown", country)
    return foreign.Key(code, octets or None, foreign.HashType(hash_type))


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = (path for path in sorted(source.iterdir()) if not path.name.startswith("."))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _text(kid: bytes) -> str:
    return base64.b64encode(kid).decode()


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _empty() -> Snapshot:
    return Snapshot(number=0, created=0, environment=Environment.PRODUCTION, trust=TrustList())


PRODUCTION = Environment.PRODUCTION
KEYS = ("rsa-", "curve-", "key-")
"""How a note begins that says what key a weak signer has."""
LEEWAY = 300
"""Seconds by which clocks differ, as at a check."""
NAMED = 5
"""How many of the files that were left out are named."""


@click.group()
def trust() -> None:
    """Import signers, and show which of them are live."""


@trust.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--environment",
    type=click.Choice([environment.value for environment in Environment]),
    help="Environment of the keys [default: what the source says, else production].",
)
@click.option(
    "--proof-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Key that the proof of every source must hold under.",
)
@click.option("--country", default="", help="Country of certificates that name none.")
@click.option("--replace", is_flag=True, help="Forget the signers that were imported before.")
@options.home
def import_(
    *,
    sources: tuple[Path, ...],
    environment: str | None,
    proof_key: Path | None,
    country: str,
    replace: bool,
    home: Path | None,
) -> int:
    """Import signers from SOURCE...: files or folders.

    Read are X.509 certificates (PEM, DER), JSON lists of kid and certificate or publicKey, GDHCN
    trust lists (DID documents), and signed lists. Signing CAs are used to tell until when signers
    may live.
    """
    folder = store_sources.home(home)
    before = _held(folder, replace=replace)
    network = verifier.environment(folder)
    earlier = None if replace or before is None else verifier.fitting(before, network)
    stands_in = network or (earlier.environment if earlier is not None else None)
    found = store_sources.trust_from(
        sources,
        at=datetime.now(UTC),
        environment=Environment(environment) if environment else stands_in or PRODUCTION,
        country=_country(country),
        proof_key=None if proof_key is None else store_sources.read_proof_key(proof_key),
        each=True,
    )
    _same_environment(environment, found)
    errors = Errors()
    errors.held += found.errors
    if not len(found.snapshot.trust):
        raise _no_signers(found, errors)
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
        both = _revocations(before).with_others(_revocations(found.snapshot))
        snapshot = snapshot.replace(revocations=both)
    path = store_sources.save_snapshot(folder, snapshot)
    _tell(found, snapshot)
    if found.refused:
        names = ", ".join(sorted({one.name for one in found.refused})[:NAMED])
        click.echo(
            f"{len(found.refused)} files left out, which are no trust lists: {names}", err=True
        )
    click.echo(f"{_count(len(snapshot.trust), 'signer')} in snapshot {snapshot.number}: {path}")
    return errors.told()


def _no_signers(found: store_sources.TrustSources, errors: Errors) -> PratiqueError:
    if errors.held:
        *others, last = errors.held
        errors.held = others
        errors.told()
        return last
    names = ", ".join(name for name, _ in found.readings[:NAMED])
    authorities = any(reading.authorities for _, reading in found.readings)
    skipped = sum(reading.skipped + reading.odd for _, reading in found.readings)
    if authorities:
        hint = "signing CAs alone sign no health certificate"
    elif skipped:
        hint = f"{_entries(skipped)} with neither a certificate nor a key of a signer that is read here"
    else:
        hint = ""
    return UsageError(
        "no-signers", f"there is no signer in what was named{names and ': '}{names}", hint
    )


def _tell(found: store_sources.TrustSources, snapshot: Snapshot) -> None:
    for name, reading in found.readings:
        left = f", {_entries(reading.skipped)} left out" if reading.skipped else ""
        click.echo(
            f"{printable(name)}: {reading.kind}, {_count(len(reading.listed), 'signer')}, "
            f"{_count(len(reading.authorities), 'signing CA')}, proof {reading.proof}{left}"
        )
    for odd in found.odd():
        click.echo(f"note: {printable(f'{odd.name}: {odd.why}')}", err=True)
    for line in _dates(found, snapshot.created):
        click.echo(f"note: {line}", err=True)
    own = list(found.snapshot.trust)
    bare = sum("bare-key" in signer.notes for signer in own)
    if bare:
        alone = f"{_count(bare, 'signer')} of a public key alone: nothing tells until when, nor for what"
        click.echo(f"note: {alone}", err=True)
    nobody = sum(not signer.countries and not signer.reason for signer in own)
    if nobody:
        click.echo(
            f"note: {_count(nobody, 'signer')} bound to no country, which makes AMBER "
            "SIGNER_WITHOUT_COUNTRY; if the list is one country's, import it with --country CODE",
            err=True,
        )
    weak = [signer for signer in own if signer.is_weak()]
    for signer in weak[:NAMED]:
        what = ", ".join(note for note in signer.notes if note.startswith(KEYS))
        click.echo(f"note: weak: {_named(signer)}: {what or signer.reason}", err=True)
    if len(weak) > NAMED:
        click.echo(f"note: weak: {len(weak) - NAMED} more; see trust show --state weak", err=True)
    strange = sum(signer.environment is not snapshot.environment for signer in own)
    if strange:
        click.echo(
            f"note: {_count(strange, 'signer')} not for {snapshot.environment}: what such a key has "
            "signed is a specimen here",
            err=True,
        )


def _dates(found: store_sources.TrustSources, at: int) -> Iterator[str]:
    """Yield what the dates of lists' proofs say to whoever imports them at `at`."""
    for name, reading in found.readings:
        if reading.expires is not None and reading.expires < at:
            yield (
                f"{printable(name)}: its proof ended at {signer_instant(reading.expires)}, which makes what its signers "
                "have signed AMBER SIGNER_LIST_EXPIRED; get the list again from its publisher"
            )
        if reading.created is not None and reading.created > at + LEEWAY:
            yield (
                f"{printable(name)}: its proof is dated {signer_instant(reading.created)}, which is to come; "
                "check this device's clock"
            )


def _named(signer: Signer) -> str:
    kid = base64.b64encode(signer.kid).decode()
    return f"signer {kid} of {printable(signer.participant or 'no country')}"


def _entries(count: int) -> str:
    return f"{count} entry" if count == 1 else f"{count} entries"


@trust.command()
@click.option(
    "--trust",
    "source",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Show this source instead of what was imported.",
)
@click.option("--state", type=click.Choice([state.value for state in SignerState]))
@options.at
@options.home
@options.output_format
def show(
    *,
    source: Path | None,
    state: str | None,
    at: datetime | None,
    home: Path | None,
    output_format: str,
) -> None:
    """Show the signers: country, usage, validity, state at an instant, and the reason."""
    when = options.now_or(at)
    snapshot = _snapshot(source, home, when)
    rows = [
        row
        for row in (describe(signer, int(when.timestamp())) for signer in snapshot.trust.limited())
        if state is None or row["state"] == state
    ]
    if output_format == "json":
        head = {"at": when.isoformat(), "number": snapshot.number, "signers": rows}
        click.echo(as_json(head, indent=1, sort_keys=True))
        return
    for line in table(rows):
        click.echo(printable(line, 2_000))
    counts = Counter(str(row["state"]) for row in rows)
    told = ", ".join(f"{counts[state]} {state}" for state in SignerState if counts[state])
    click.echo(
        f"{_count(len(rows), 'signer')} at {when.isoformat()}" + (f": {told}" if told else "")
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _snapshot(source: Path | None, home: Path | None, at: datetime) -> Snapshot:
    if source is not None:
        return store_sources.trust_from([source], at=at).snapshot
    folder = store_sources.home(home)
    found = verifier.snapshot(home)
    if found is None:
        raise Unreadable(
            "no-trust-list",
            f"nothing was synced or imported into {folder} yet",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


def _held(folder: Path, *, replace: bool) -> Snapshot | None:
    try:
        return store_sources.load_snapshot(folder)
    except DocumentRefused as error:
        if not replace:
            raise
        click.echo(f"{error.message}; import revocations again too", err=True)
        return None


def _country(text: str) -> str:
    from pratique.trust import countries  # noqa: PLC0415 - a table that only an import needs

    if text and countries.code(text) is None:
        raise countries.no_country("--country", "country-unknown", text)
    return text.strip().upper()


def _same_environment(told: str | None, found: store_sources.TrustSources) -> None:
    for name, reading in found.readings:
        if told is not None and reading.environment not in {None, Environment(told)}:
            raise UsageError(
                "environment-differs",
                f"{name} says that its keys are for {reading.environment}",
                "leave --environment out, or get the list of the other environment",
            )


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


def _revocations(snapshot: Snapshot) -> Revocations:
    held_ = snapshot.revocations
    return held_ if isinstance(held_, Revocations) else Revocations()
