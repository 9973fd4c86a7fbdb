"""What issuers have taken back: import lists, deltas and foreign batches, and show what is held.

    FILE... -> list | delta | batch | slice -> Revocations -> a next edition of the snapshot -> show

1. A refused file is told by its name, and the others are taken; where there is no other, nothing changes.
2. What is held only grows: an older list, or one that lacks what is held, is refused.
3. Nothing here shows a tag or a hash, and nothing takes a revocation back.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from pratique.cli import held as held_here
from pratique.cli import options
from pratique.cli.each_file import Errors
from pratique.cli.safe import as_json, printable
from pratique.edges import files
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.revocation import approximate, delta, foreign, tag_list
from pratique.revocation.held import Revocations
from pratique.snapshot import Snapshot, Source
from pratique.terms import Environment
from pratique.trust import countries, json_text
from pratique.trust.store import TrustList

HOUR = 3600


@click.group()
def revocations() -> None:
    """Import what issuers have taken back, and show how old it is."""


@revocations.command("import", short_help="Import lists, deltas and the EU's batches.")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--form",
    type=click.Choice([form.value for form in approximate.Form]),
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
def import_(
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
    folder = files.home(home)
    earlier = held_here.imported(home)
    errors = Errors()
    if form is None:
        read: Callable[[Path, bytes], _Document] = _document
    else:
        key = _key(country, kid, hash_type)

        def read(path: Path, each: bytes) -> _Document:
            return approximate.read(each, key, approximate.Form(form), offset)

    # Whose a key is may be known from the network too.
    known = held_here.snapshot(home) or earlier
    held, data = _with_documents(of(earlier), known, _each(sources, read), errors)
    _unheld_signers(held, known)
    named = [Source(printable(path.name), hashlib.sha256(each).hexdigest()) for path, each in data]
    snapshot = earlier.replace(
        number=earlier.number + 1,
        created=int(datetime.now(UTC).timestamp()),
        revocations=held,
        sources=tuple(sorted({*earlier.sources, *named})),
    )
    path = files.save_snapshot(folder, snapshot)
    click.echo(f"{len(data)} files read")
    click.echo(f"{_told(held)} in snapshot {snapshot.number}: {path}")
    return errors.told()


@revocations.command()
@options.at
@options.home
@options.output_format
def show(*, at: datetime | None, home: Path | None, output_format: str) -> None:
    """Show what is held, synced or imported, by whom and how old; never which certificates."""
    instant = options.now_or(at)
    snapshot = held_here.snapshot(home) or _empty()
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


_Document = tag_list.TagList | delta.Delta | list[foreign.Batch] | approximate.Slice


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
                data = files.read_bytes(path, named=path == source)
                yield path, _Read(path, data, read(path, data))
            except DocumentRefused as error:
                yield path, _at(path, error)
            except Unreadable as error:
                yield path, error


def _document(_path: Path, each: bytes) -> _Document:
    if each.startswith(tag_list.FORMAT):
        return tag_list.TagList.from_bytes(each)
    if each.startswith(delta.FORMAT):
        return delta.Delta.from_bytes(each)
    if each.lstrip()[:1] not in {b"{", b"["}:
        raise DocumentRefused(
            "revocation-unknown",
            "it is no revocation list, no delta and no batch",
            "an issuer's .tags and .delta files, or a batch of the EU's gateway as JSON; "
            "for its approximate lists name --form",
        )
    found = json_text.parse(each)
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
        if isinstance(one.document, delta.Delta):
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
    deltas = [one for one in documents if isinstance(one, delta.Delta)]
    if deltas:
        _for_their_own(deltas[0].head.kid, deltas[0].head.participant, earlier)
        return held.with_deltas(deltas)
    for one in documents:
        if isinstance(one, tag_list.TagList):
            _for_their_own(one.head.kid, one.head.participant, earlier)
            held = held.with_list(one)
        elif isinstance(one, approximate.Slice):
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
    octets = json_text.octets(kid)
    if not country or hash_type is None or octets is None:
        raise UsageError(
            "slice-unnamed",
            "an approximate list does not say what it is about",
            "give --country and --hash-type, and --kid in Base64 if it is for one key",
        )
    code = countries.code(country)
    if code is None:
        raise options.no_country("--country", "country-unknown", country)
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
