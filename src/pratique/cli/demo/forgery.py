"""What insiders with real keys make by hand, where no command of ours would: for the demo's attacks.

1. Keys are used as they are, and no check of ours stands in the way. What refuses it is the border.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, MetaFile, Snapshot, Timestamp

from pratique.cli.authority import ceremony, place
from pratique.cli.demo.founding import Authority
from pratique.crypto import signing
from pratique.edges.keys import open_key
from pratique.journeys.publish import OnlineKeys
from pratique.network import drafts, keys, names, proposal, trusted, view
from pratique.terms import Algorithm


def secret(uri: str) -> str:
    """Return the password that all key files of the demo have."""
    del uri
    return os.environ["PRATIQUE_KEY_PASSWORD"]


def online(authority: Authority) -> OnlineKeys:
    """Open the two keys that are kept online."""
    return place.online_keys(authority.folder, secret)


def other_keys(authority: Authority, code: str, out: Path) -> Path:
    """Draft a list of participants in which a state has keys of our own making."""
    current, at = place.current(authority.folder), authority.stage.at
    ours = drafts.RoleKeys(tuple(signing.generate(Algorithm.ES256).public_key for _ in range(3)), 2)
    drafted = drafts.targets(current, at, f"other keys for {code}", members={code: ours})
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def edition(authority: Authority, code: str, out: Path) -> Path:
    """Draft a state's next edition, the same as its last."""
    current = place.current(authority.folder)
    drafted = drafts.role(current, authority.stage.at, code, current.roles[code].files)
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def signed_by_hand(file: Path, uris: list[str], folder: Path) -> bytes:
    """Add signatures to a proposal, whoever it asks for."""
    found = ceremony.load(file)
    for uri in uris:
        key = open_key(uri, folder=folder, secret=secret)
        for metadata in found.metadata.values():
            keys.sign(metadata, key)
    return proposal.to_bytes(found)


def announced(authority: Authority, file: Path, folder: Path) -> Path:
    """Put a proposal into a copy of the repository, and announce it with both online keys."""
    shutil.copytree(place.repository_of(authority.folder), folder)
    found, current = ceremony.load(file), place.current(authority.folder)
    for path, data in found.files.items():
        _write(folder, names.target(path, hashlib.sha256(data).hexdigest()), data)
    for role, metadata in found.metadata.items():
        _write(folder, names.metadata(role, metadata.signed.version), metadata.to_bytes())
    _announce(authority, current, found.versions(), folder)
    return folder


def _announce(
    authority: Authority, current: view.View, versions: dict[str, int], folder: Path
) -> None:
    held, end = current.trusted, authority.stage.at + timedelta(hours=24)
    number, both = held.snapshot.version + 1, online(authority)
    meta = {**held.snapshot.meta, **{f"{r}.json": MetaFile(v) for r, v in versions.items()}}
    data = _signed(Snapshot(number, expires=end, meta=meta), both.snapshot)
    _write(folder, names.metadata("snapshot", number), data)
    digest = {"sha256": hashlib.sha256(data).hexdigest()}
    now = {trusted.PUBLISHED: authority.stage.at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    timestamp = Timestamp(
        held.timestamp.version + 1, expires=end,
        snapshot_meta=MetaFile(number, len(data), digest), unrecognized_fields=now,
    )  # fmt: skip
    _write(folder, names.TIMESTAMP_FILE, _signed(timestamp, both.timestamp))


def _signed(signed: Any, key: signing.SigningKey) -> bytes:
    metadata = Metadata(signed)
    keys.sign(metadata, key)
    return metadata.to_bytes()


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
