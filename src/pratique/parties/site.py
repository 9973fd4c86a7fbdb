"""A site of pages: a built one, and in it the snapshot that a home folder holds.

    built site (folder, archive) ┐
    home folder -> Snapshot ─────┴-> OUT: files, data/snapshot-….json, data/delta-….json, data/index.json

1. Files of a site are public: no key, no name, nothing about a traveller is in them.
2. Each file is replaced in one step, and what names others (the index, the pages, the service worker) comes after
   what it names. What the edition before has named stays for one edition more: pages that are open need it.
3. Test and production are never mixed, and no older edition takes a newer one's place.
4. The same site and the same snapshot change nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, UsageError
from pratique.parties import verifier
from pratique.snapshot import Snapshot
from pratique.store import files, sources
from pratique.store import site as store_site
from pratique.terms import Environment

FORMAT, DELTA_FORMAT, SITE_FORMAT = (
    "pratique-site-data-1", "pratique-site-delta-1", "pratique-site-1",
)  # fmt: skip
INDEX, ABOUT = "data/index.json", "site.json"
KEPT = 8
"""Earlier editions of the data that a page may come from by a delta; one that is older fetches the whole."""
WORTH = 0.6
"""Of the whole's packed size: a larger delta saves too little to be kept."""
_LAST = ("service-worker.js", ABOUT)


class SiteSnapshot(NamedTuple):
    """A snapshot in a site."""

    number: int
    created: int
    sha256: str

    @property
    def file(self) -> str:
        """Return its name in the folder of the data."""
        return f"snapshot-{self.sha256[:12]}.json"


class SiteDelta(NamedTuple):
    """How to come from an earlier edition to the present one."""

    from_: str
    file: str


class Index(NamedTuple):
    """What a site holds of the network, for its pages.

    Attributes:
        number, created: of the snapshot.
        environment: test or production.
        file, sha256: the snapshot's, beside the index.
        deltas: from earlier editions.
        earlier: those editions, whose files are still there.
    """

    format: str
    number: int
    created: int
    environment: Environment
    file: str
    sha256: str
    deltas: tuple[SiteDelta, ...]
    earlier: tuple[SiteSnapshot, ...]


class BuiltSite(NamedTuple):
    """What came of it: what the site holds now, and how many files were written."""

    data: Index
    version: str
    written: int


def build(out: Path, site: Path | None, home: Path | None) -> BuiltSite:
    """Put a built site, and what a home folder holds, into a folder.

    Args:
        out: the folder; made if it is not there.
        site: the built site: a folder, or a release's archive; None for the one of this source tree.
        home: a home folder; None for this user's.

    Raises:
        UsageError: nothing was synced or imported yet, or there is no built site.
        DocumentRefused: it is no built site, or the folder's one is newer, or of another environment.
    """
    snapshot = verifier.snapshot(home)
    if snapshot is None:
        raise UsageError("nothing-held", "nothing was synced yet", "pratique sync SOURCE")
    return put(out, site if site is not None else own(), snapshot)


def own() -> Path:
    """Return the site that `make web` has built in this source tree; UsageError `site-missing` without one."""
    dist = Path(__file__).resolve().parents[3] / "web" / "dist"
    if (dist / ABOUT).is_file():
        return dist
    raise UsageError(
        "site-missing",
        "there is no built site here",
        "name the archive of a release, --site pratique-site-….tar.gz, or build it: make web",
    )


def put(out: Path, site: Path, snapshot: Snapshot) -> BuiltSite:
    """Put a built site and a snapshot into a folder."""
    content = store_site.opened(site)
    about = _about(content, site)
    # What it does not name itself is none of its own.
    content = {
        name: data
        for name, data in content.items()
        if name.removesuffix(store_site.PACKED["br"]) in {*about["files"], ABOUT}
    }
    with files.usable(out):
        out.mkdir(parents=True, exist_ok=True)
    with files.usable(out), files.hold(out, wait=True):
        index = _indexed(out, snapshot)
        before = _named_in(out)
        written = 0
        # Names with a digest first, then pages, then what tells a browser that there is something new.
        names = (name for name in content if Path(name).suffix in store_site.KINDS)
        for name in sorted(names, key=lambda name: (name in _LAST, name.endswith(".html"), name)):
            packed = content.get(f"{name}{store_site.PACKED['br']}")
            written += _written(out / name, content[name])
            if packed is not None:
                written += _written(out / f"{name}{store_site.PACKED['br']}", packed)
                _packed(out / name, content[name])
            else:
                # What lies packed beside it is of another edition, and would be served in its place.
                for ending in store_site.PACKED.values():
                    (out / f"{name}{ending}").unlink(missing_ok=True)
        index, of_data = _data(out, index, snapshot.to_bytes())
        written += of_data
        if before is not None and set(before) != set(about["files"]):
            _swept(out, {*before, *about["files"]})
    return BuiltSite(index, about["version"], written)


def _about(content: Mapping[str, bytes], site: Path) -> dict[str, Any]:
    try:
        about: Any = strict_json.parse(content[ABOUT])
        if about["format"] != SITE_FORMAT or not about["files"].keys() <= content.keys():
            raise ValueError("not whole")
        return {"files": about["files"], "version": str(about["version"])}
    except (AttributeError, KeyError, TypeError, ValueError, DocumentRefused) as error:
        raise store_site.refused(site) from error


def _named_in(out: Path) -> dict[str, Any] | None:
    # What lies there is ours, and of whatever version: where it cannot be read, nothing is swept.
    if not (out / ABOUT).is_file():
        return None
    try:
        about: Any = strict_json.parse(sources.read_bytes(out / ABOUT))
        return dict(about["files"])
    except (KeyError, TypeError, ValueError, OSError, DocumentRefused):
        return None


def _swept(out: Path, known: set[str]) -> None:
    # Only what has a digest in its name: nothing else was ever left behind by us.
    for path in out.rglob("*"):
        name = path.relative_to(out).as_posix()
        bare = name.removesuffix(".br").removesuffix(".gz")
        if name.startswith("data/") or bare in known or not path.is_file():
            continue
        if store_site.is_name(bare) and re.search(store_site.DIGEST, name):
            path.unlink()


def _written(path: Path, data: bytes) -> int:
    if path.is_file() and sources.read_bytes(path, store_site.LARGEST) == data:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, data)
    return 1


def _packed(path: Path, data: bytes) -> None:
    packed = path.with_name(f"{path.name}.gz")
    # Named by its digest and there, it is packed already; a page is small.
    if not packed.is_file() or not re.search(store_site.DIGEST, str(path)):
        _written(packed, gzip.compress(data, 9, mtime=0))


# ----------------------------------------------------------------------------------------------------
# The data: the snapshot, its index, and deltas from earlier editions.


def read_index(out: Path) -> Index | None:
    """Return what a site holds of the network; None if nothing; DocumentRefused `site-data-malformed`."""
    path = out / INDEX
    if not path.is_file():
        return None
    try:
        row = strict_json.parse(sources.read_bytes(path))
        return strict_json.read(Index, row)
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "site-data-malformed",
            f"{path}: it is no index of a site's data",
            "remove it, and build again",
        ) from error


def _indexed(out: Path, snapshot: Snapshot) -> Index:
    before = read_index(out)
    data = snapshot.to_bytes()
    new = SiteSnapshot(snapshot.number, snapshot.created, hashlib.sha256(data).hexdigest())
    if before is None:
        return Index(FORMAT, *new[:2], snapshot.environment, new.file, new.sha256, (), ())
    if before.environment is not snapshot.environment:
        raise DocumentRefused(
            "environment-differs",
            f"{out} holds a site for {before.environment}, the data is for {snapshot.environment}",
            "use another folder for one of them",
        )
    if before.sha256 == new.sha256:
        return before
    if (snapshot.number, snapshot.created) < (before.number, before.created):
        raise DocumentRefused(
            "site-data-older",
            f"{out} holds edition {before.number} already, this is edition {snapshot.number}",
            "sync first: pratique sync; or use another folder for another network",
        )
    earlier = [SiteSnapshot(before.number, before.created, before.sha256), *before.earlier]
    there = tuple(older for older in earlier if (out / "data" / older.file).is_file())[:KEPT]
    return Index(FORMAT, *new[:2], snapshot.environment, new.file, new.sha256, (), there)


def _data(out: Path, index: Index, data: bytes) -> tuple[Index, int]:
    """Write the data, and deltas from earlier editions that are worth it; return the index with these, and how many files."""
    folder = out / "data"
    folder.mkdir(exist_ok=True)
    written = _written(folder / index.file, data)
    _packed(folder / index.file, data)
    limit = len(gzip.compress(data, 9)) * WORTH
    kept = []
    for older in index.earlier:
        ends = hashlib.sha256((older.sha256 + index.sha256).encode()).hexdigest()
        way = SiteDelta(older.sha256, f"delta-{ends[:12]}.json")
        steps = delta(sources.read_bytes(folder / older.file, store_site.LARGEST), data)
        document = {"format": DELTA_FORMAT, "from": way.from_, "to": index.sha256, "steps": steps}
        content = json.dumps(document, separators=(",", ":")).encode()
        if len(gzip.compress(content, 9)) < limit:
            written += _written(folder / way.file, content)
            _packed(folder / way.file, content)
            kept.append(way)
    index = index._replace(deltas=tuple(kept))
    written += _written(
        out / INDEX, json.dumps(strict_json.write(index), indent=1).encode() + b"\n"
    )
    known = {
        "index.json",
        index.file,
        *(one.file for one in index.earlier),
        *(one.file for one in kept),
    }
    for path in folder.iterdir():
        if path.name.removesuffix(".gz") not in known and re.search(store_site.DIGEST, path.name):
            path.unlink()
    return index, written


Step = list[int] | str
"""[start, length]: bytes of the older edition; or a text that is new."""
_ROW = re.compile(rb"[^\n]*?(?:[}\]],|\n)|[^\n]+")
"""A row of a signer, a rule, a revocation list, or less: where one ends, an object or a list does."""


def delta(older: bytes, newer: bytes) -> list[Step]:
    """Return how a document is made of an older one: rows that are copied, and rows that are new."""
    starts: dict[bytes, int] = {}
    for row in _ROW.finditer(older):
        starts.setdefault(row[0], row.start())
    # [from the older one?, start, end]: neighbours are joined while they are found.
    spans: list[tuple[bool, int, int]] = []
    for row in _ROW.finditer(newer):
        kept, start, end = spans[-1] if spans else (False, 0, 0)
        if kept and older.startswith(row[0], end):
            spans[-1] = True, start, end + len(row[0])
        elif row[0] in starts:
            known = starts[row[0]]
            spans.append((True, known, known + len(row[0])))
        elif spans and not kept:
            spans[-1] = False, start, row.end()
        else:
            spans.append((False, row.start(), row.end()))
    # Snapshots are ASCII, so that a text is as long as its bytes.
    return [
        [start, end - start] if kept else newer[start:end].decode() for kept, start, end in spans
    ]
