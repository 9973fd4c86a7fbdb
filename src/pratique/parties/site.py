"""A site of pages: the built one, and in it the snapshot that a home folder holds.

    built site (folder) + home -> Snapshot -> data/snapshot-….json, data/index.json -> OUT

1. Files of a site are public: no key, no name, nothing about a traveller is in them.
2. Each file is replaced in one step, and what names others (the index, the pages) comes after what it names.
3. Test and production are never mixed: a folder stays of the environment that it began with.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pratique import strict_json
from pratique.errors import DocumentRefused, UsageError
from pratique.parties import verifier
from pratique.snapshot import Snapshot
from pratique.store import files, sources

FORMAT, SITE_FORMAT = "pratique-site-data-1", "pratique-site-1"
INDEX = "data/index.json"
LARGEST = 64 * 1024 * 1024


def build(out: Path, site: Path, home: Path | None) -> dict[str, Any]:
    """Put a built site, and what a home folder holds, into a folder; return the data's index.

    Raises:
        UsageError: nothing was synced or imported yet.
        DocumentRefused: the folder holds a site of another environment, or there is no built site.
    """
    held = verifier.snapshot(home)
    if held is None:
        raise UsageError("nothing-held", "nothing was synced yet", "pratique sync SOURCE")
    return put(out, site, held)


def put(out: Path, site: Path, held: Snapshot) -> dict[str, Any]:
    """Put a built site and a snapshot into a folder; return the data's index."""
    before = _index(out)
    if before is not None and before["environment"] != held.environment.value:
        raise DocumentRefused(
            "environment-differs",
            f"{out} holds a site for {before['environment']}, the snapshot is for {held.environment}",
            "use another folder for one of them",
        )
    data = held.to_bytes()
    digest = hashlib.sha256(data).hexdigest()
    file = f"snapshot-{digest[:12]}.json"
    index: dict[str, Any] = {
        "format": FORMAT,
        "number": held.number,
        "created": held.created,
        "environment": held.environment.value,
        "file": file,
        "sha256": digest,
    }
    names = _names(site)
    # What has a digest in its name first: nothing names it before it is there.
    for name in sorted(
        names, key=lambda name: (name.endswith(".html"), name == "service-worker.js")
    ):
        for ending in ("", ".br", ".gz"):
            _copied(site / f"{name}{ending}", out / f"{name}{ending}")
    _written(out / "data" / file, data)
    _written(out / INDEX, json.dumps(index, indent=1).encode() + b"\n")
    return index


def _names(site: Path) -> list[str]:
    try:
        found: Any = strict_json.parse(sources.read_bytes(site / "site.json"))
        names: list[str] = [*found["files"], "site.json"]
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentRefused(
            "site-malformed",
            f"{site}: this is no built site",
            "make web, or the archive of a release",
        ) from error
    return names


def _index(out: Path) -> dict[str, Any] | None:
    if not (out / INDEX).exists():
        return None
    found: Any = strict_json.parse(sources.read_bytes(out / INDEX))
    return dict(found)


def _copied(source: Path, target: Path) -> None:
    if source.exists():
        _written(target, sources.read_bytes(source))


def _written(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        files.write(path, data)
