"""What insiders with real keys make by hand, where no command of ours would: for the demo's attacks.

1. Keys are used as they are, and no check of ours stands in the way. What refuses it is the border.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from demo.founding import Authority
from demo.stage import Stage
from pratique.crypto import keys
from pratique.network import logged, proposal, publish, view
from pratique.network import metadata as network_metadata
from pratique.parties import authority_home, proposals
from pratique.store import network
from pratique.store.keys import open_key
from pratique.terms import Algorithm


def online(authority: Authority) -> publish.OnlineKeys:
    """Open the keys that are kept online."""
    return authority_home.online_keys(authority.folder, Stage.secret)


def other_keys(authority: Authority, code: str, out: Path) -> Path:
    """Draft a list of participants in which a state has keys of our own making."""
    current, at = authority_home.current(authority.folder), authority.stage.at
    ours = proposal.RoleKeys(tuple(keys.generate(Algorithm.ES256).public_key for _ in range(3)), 2)
    drafted = proposal.targets(current, at, f"other keys for {code}", members={code: ours})
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def edition(authority: Authority, code: str, out: Path) -> Path:
    """Draft a state's next edition, the same as its last."""
    current = authority_home.current(authority.folder)
    drafted = proposal.role(current, authority.stage.at, code, current.roles[code].files)
    out.write_bytes(proposal.to_bytes(drafted))
    return out


def signed_by_hand(file: Path, uris: list[str], folder: Path) -> bytes:
    """Add signatures to a proposal, whoever it asks for."""
    found = proposals.load(file)
    for uri in uris:
        key = open_key(uri, folder=folder, secret=Stage.secret)
        for metadata in found.metadata.values():
            network_metadata.sign(metadata, key)
    return proposal.to_bytes(found)


def announced(authority: Authority, file: Path, folder: Path) -> Path:
    """Put a proposal into a copy of the repository, and announce it with both online keys."""
    shutil.copytree(proposals.repository_of(authority.folder), folder)
    found, current = proposals.load(file), authority_home.current(authority.folder)
    for path, data in found.files.items():
        _write(folder, network_metadata.target(path, hashlib.sha256(data).hexdigest()), data)
    for role, metadata in found.metadata.items():
        _write(
            folder, network_metadata.metadata(role, metadata.signed.version), metadata.to_bytes()
        )
    _announce(authority, current, found.versions(), folder)
    return folder


def _announce(
    authority: Authority, current: view.View, versions: dict[str, int], folder: Path
) -> None:
    at, both, there = authority.stage.at, online(authority), network.Repository(folder)
    meta = dict(current.trusted.snapshot.meta)
    meta |= {f"{role}.json": logged.described(there, role, v) for role, v in versions.items()}
    made = publish.listed(current.trusted.snapshot, meta, both, at)
    for name, data in {**made, **publish.timestamp(there, made, both, at)}.items():
        _write(folder, name, data)


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
