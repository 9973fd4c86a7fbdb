"""Sync: bring what a verifier holds of a network up to date. Nothing else of a verifier fetches.

    server | mirror | stick | file -> http.fetched -> client.Sync -> held, in one step -> what changed, how old it is

1. A check never starts a sync, and a sync knows nothing of any check.
2. What is refused or interrupted leaves what was held; the same call goes on from there. What was
   believed before is remembered, and nothing older is taken for it.
3. A file that is imported is judged like a server: it may be newer than what is held, never older.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata, view
from pratique.network.client import Sync, SyncOutcome
from pratique.network.trusted import Trusted
from pratique.store import files, http, network, sources
from pratique.terms import Environment
from pratique.text import plural


def sync(
    home: Path | None, source: str | None, *, root: Path | None = None, at: datetime
) -> SyncOutcome:
    """Sync a home folder from a source, or from where the last sync came; `root` the first time."""
    folder = network.folder_of(sources.home(home))
    with network.held_lock(folder):
        if root is not None:
            anchor(folder, root)
        source = whole(source) if source else network.source_of(folder)
        if source is None:
            raise UsageError("source-missing", "no sync source configured", "pratique sync SOURCE")
        return synced(folder, source, at)


def import_archive(
    home: Path | None, file: Path, *, root: Path | None = None, at: datetime
) -> SyncOutcome:
    """Take over what a file holds, if it is no older than what is held."""
    folder = network.folder_of(sources.home(home))
    with network.held_lock(folder):
        if root is not None:
            anchor(folder, root)
        return _aside(folder, whole(str(file)), at)


def brought(home: Path | None, source: str, at: datetime) -> None:
    """Sync what is held in a home folder, if there is a network in it."""
    folder = network.folder_of(sources.home(home))
    if network.load_held(folder) is not None:
        with network.held_lock(folder):
            _aside(folder, source, at)


def _aside(folder: Path, source: str, at: datetime) -> SyncOutcome:
    before = network.source_of(folder)
    found = synced(folder, source, at)
    if before is not None:
        # The next sync goes where the last one went, and not to a stick.
        network.save_held(folder, found.files, before)
    return found


def synced(folder: Path, source: str, at: datetime) -> SyncOutcome:
    """Sync a network's folder from a source, and keep what came of it."""
    kept = network.load_held(folder)
    if kept is None:
        raise UsageError(
            "no-anchor",
            "no network is known here yet",
            "get its root from a trusted source: pratique sync SOURCE --root root.json",
        )
    get, arriving = http.opened(source), folder / network.ARRIVING
    run = Sync(kept.files, anchor=kept.anchor, at=at, believed=network.believed(folder))
    try:
        while wanted := run.wanted():
            for name, data in http.fetched(get, wanted, arriving):
                run.receive(name, data)
        found = run.outcome()
        # Before anything is kept: signers of the other environment beside it would end every check.
        _beside_what_was_imported(folder, found.view.board.environment)
    except BaseException as error:
        if isinstance(error, DocumentRefused):
            # What came may be the cause: the next sync fetches it anew.
            shutil.rmtree(arriving, ignore_errors=True)
        # Also where somebody pulls the plug on purpose: a server must not go back behind what it has shown.
        network.remember(folder, run.believed())
        raise
    network.save_held(folder, found.files, source)
    return found


def _beside_what_was_imported(folder: Path, environment: Environment) -> None:
    try:
        imported = sources.load_snapshot(folder.parent)
    except DocumentRefused:
        # What was imported is of no use then, whatever is synced.
        return
    if imported is None or not len(imported.trust) or imported.environment is environment:
        return
    raise DocumentRefused(
        "environment-differs",
        f"the network is for {environment}, the signers that were imported here are for "
        f"{imported.environment}",
        "use another home folder for one of them",
    )


def anchor(folder: Path, root: Path) -> None:
    """Take a root from a source that is trusted; DocumentRefused `root-refused` if it is none."""
    data = sources.read_bytes(root)
    try:
        Trusted(data)
    except DocumentRefused as error:
        raise DocumentRefused(
            "root-refused",
            f"{root}: this is no network's root: {error.message}",
            "get it anew from a trusted source; it is a file as metadata/1.root.json",
        ) from error
    network.begin(folder, data)


def whole(source: str) -> str:
    """Return a source as it can be found from anywhere."""
    # It is noted for the next sync.
    return str(Path(source).absolute()) if Path(source).exists() else source


def export(home: Path | None, file: Path) -> str:
    """Write what is held of a network to one file, after checking it anew; return what that is."""
    kept = network.load_held(network.folder_of(sources.home(home)))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        raise UsageError("nothing-held", "nothing was synced yet", "pratique sync SOURCE")
    seen = view.read(kept.files, kept.anchor)
    data = network.to_archive(kept.files)
    files.write(file, data)
    return (
        f"{seen.board.network}, edition {seen.trusted.snapshot.version}, {len(data)} bytes: {file}"
    )


def lines(found: SyncOutcome, at: datetime) -> Iterator[str]:
    """Say what came of a sync."""
    seen = found.view
    hours = int((at - seen.published).total_seconds()) // 3600
    yield (
        f"{seen.board.network} ({seen.board.environment}), edition {seen.trusted.snapshot.version}, "
        f"{plural(len(seen.participants), 'participant')}, published "
        + (f"{hours} hours ago" if hours > 1 else "within the last two hours")
    )
    new = ", ".join(sorted(set(found.changed))) or "nothing"
    yield f"new: {new}; {found.fetched} bytes came"
    for line in seen.board.breaches():
        yield f"note: the network's board: {line}; tell the authority"
    for role, problem in sorted(found.problems.items()):
        if role == metadata.SUSPEND:
            yield f"note: who is suspended is not known, so that every check is in doubt: {problem}"
            continue
        used = seen.roles.get(role)
        how = "as it was held before, and in doubt" if used and used.version else "of no use now"
        yield f"note: {role} is {how}: {problem}"
    for code, one in seen.suspensions:
        if code in seen.participants and one.since <= at.timestamp() < one.until:
            until = datetime.fromtimestamp(one.until, at.tzinfo).isoformat()
            yield f"note: {code} is suspended until {until}: {one.reason}"


def as_json(found: SyncOutcome, at: datetime) -> dict[str, object]:
    """Return what came of a sync as a document."""
    seen = found.view
    return {
        "at": at.isoformat(),
        "network": seen.board.network,
        "environment": seen.board.environment.value,
        "edition": seen.trusted.snapshot.version,
        "root": seen.root.version,
        "published": seen.published.isoformat(),
        "participants": len(seen.participants),
        "changed": sorted(set(found.changed)),
        "problems": dict(found.problems),
        "board": seen.board.breaches(),
        "bytes": found.fetched,
    }
