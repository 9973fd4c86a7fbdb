"""The client under test of the public TUF conformance suite: our sync core behind the suite's commands.

    init ROOT                 DIR/root.json
    refresh                   DIR/root.json .. -> Trunk -> DIR/root.json, timestamp.json, snapshot.json, targets.json
    download                  refresh -> walk over the delegations -> DIR/ROLE.json -> TARGETS/NAME

1. What is tested is `pratique.network.client` and `trusted`: what is asked for, what is believed, what is kept.
   The network's own rules (a board, a list of participants, lives, one floor of delegations) are left out,
   since the suite's repositories have none of it. They only ever refuse more.
2. Two things are here and not there, because a network has no use for them: delegations below delegations,
   and files that are not named by version (`consistent_snapshot` false).
3. Exit: 0 done · 1 whatever was refused or did not come.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

from pratique.errors import DocumentRefused, PratiqueError
from pratique.network import metadata
from pratique.network.client import Asking, TopLevel
from pratique.network.metadata import Board
from pratique.network.trusted import DAWN, Trusted, refused
from pratique.store import files as store_files
from pratique.store import http
from pratique.terms import Environment

Fetch = Callable[[str, int], bytes | None]
MAX_ROLES = 32
"""Roles that are looked at for one target."""
_VERSIONED = re.compile(r"metadata/(\d+)\.(.+)\.json")


class Framework(Trusted):
    """The framework alone, without what a network asks beyond it."""

    @property
    def published(self) -> datetime:
        """Return a time that guards nothing: the suite's timestamps do not say when they were made."""
        return DAWN

    def _board_of(self, root: Root, before: Board | None, *, held: bool) -> Board:
        del root, before, held
        return Board("", Environment.TEST, ())

    def _judge_timestamp(self, found: Timestamp) -> None:
        del found

    def _judge_snapshot(self, found: Snapshot) -> None:
        del found

    def _judge_targets(self, found: Targets) -> None:
        del found

    def _judge_role(self, name: str, found: Targets) -> None:
        del name, found

    def _time_of_roles(self) -> datetime:
        # A network takes an expired role and doubts it; the framework takes none.
        return self._at


class Client:
    """A client, from what it keeps to what a repository says now.

    Attributes:
        kept: the newest metadata that was believed, by role.
    """

    def __init__(self, kept: Mapping[str, bytes], metadata: Fetch, at: datetime) -> None:
        self.kept = dict(kept)
        self._metadata, self._at = metadata, at
        self._trusted: Trusted | None = None

    @classmethod
    def begun(cls, root: bytes, metadata: Fetch, at: datetime) -> Client:
        """Return one that believes a root; DocumentRefused if it is none."""
        Framework(root, at)
        return cls({Root.type: root}, metadata, at)

    def refresh(self) -> Trusted:
        """Bring the trunk up to date; DocumentRefused, and what was believed before that is kept."""
        trunk = TopLevel({}, self.kept[Root.type], self._at, self._believed(), Framework)
        try:
            self._run(trunk, trunk.metadata())
        finally:
            self._keep(trunk.believed)
        return trunk.trusted

    def find(self, path: str) -> TargetFile | None:
        """Return what the repository says of a target; None if it says nothing."""
        trusted = self.refresh()
        todo, seen = [(Targets.type, Root.type)], set[str]()
        while todo and len(seen) <= MAX_ROLES:
            role, by = todo.pop()
            if role in seen:
                continue
            targets = trusted.targets if role == Targets.type else self._role(trusted, role, by)
            if path in targets.targets:
                return targets.targets[path]
            seen.add(role)
            below: list[tuple[str, str]] = []
            for name, terminating in self._delegated(targets, path):
                below.append((name, role))
                if terminating:
                    todo.clear()
                    break
            todo += reversed(below)
        return None

    def download(self, path: str, files: Fetch, have: bytes | None = None) -> bytes:
        """Return a target; `have` is what came of it before."""
        found = self.find(path)
        if found is None:
            raise refused("missing", path, "nobody who may has signed for it")
        if have is not None and is_target(have, found):
            return have
        name, root = path, Metadata[Root].from_bytes(self.kept[Root.type]).signed
        if root.consistent_snapshot:
            digest = next(iter(found.hashes.values()))
            name = metadata.target(path, digest).removeprefix("targets/").removeprefix("/")
        # `#` and `?` in it would lead to another file.
        data = files(quote(name), found.length)
        if data is None or not is_target(data, found):
            raise refused("differs", path, "it is not what was announced")
        return data

    def _delegated(self, targets: Targets, path: str) -> list[tuple[str, bool]]:
        if targets.delegations is None:
            return []
        return list(targets.delegations.get_roles_for_target(path))

    def _role(self, trusted: Trusted, role: str, by: str) -> Targets:
        meta = trusted.snapshot.meta.get(f"{role}.json")
        if meta is None:
            raise refused("missing", role, "the list of versions does not have it")
        if role in self.kept:
            try:
                return trusted.take_role(role, self.kept[role], by=by)
            except DocumentRefused:
                pass
        name = _wire(metadata.metadata(role, meta.version), trusted.root)
        data = self._metadata(name, meta.length or metadata.MAX_ROLE)
        if data is None:
            raise refused("missing", role, "the server does not have it")
        found = trusted.take_role(role, data, by=by)
        self.kept[role] = data
        return found

    def _run(self, trunk: TopLevel, asking: Asking) -> None:
        try:
            wanted = next(asking)
            while True:
                root = trunk.trusted.root
                came = {name: self._metadata(_wire(name, root), most) for name, most in wanted}
                wanted = asking.send(came)
        except StopIteration:
            return

    def _believed(self) -> dict[str, bytes]:
        found = {}
        for role, data in self.kept.items():
            if role == Timestamp.type:
                found[metadata.TIMESTAMP_FILE] = data
            elif role != Root.type and (version := _version(data)):
                found[metadata.metadata(role, version)] = data
        return found

    def _keep(self, believed: Mapping[str, bytes]) -> None:
        versioned = [
            (match, data) for n, data in believed.items() if (match := _VERSIONED.match(n))
        ]
        for match, data in sorted(versioned, key=lambda one: int(one[0][1])):
            self.kept[unquote(match[2])] = data
        if metadata.TIMESTAMP_FILE in believed:
            self.kept[Timestamp.type] = believed[metadata.TIMESTAMP_FILE]


def is_target(data: bytes, file: TargetFile) -> bool:
    """Tell whether bytes are a target's, by every digest that is named."""
    try:
        file.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        return False
    return True


def _wire(name: str, root: Root) -> str:
    name = name.removeprefix("metadata/")
    if root.consistent_snapshot or name.endswith(".root.json"):
        return name
    return re.sub(r"^\d+\.", "", name)


def _version(data: bytes) -> int:
    try:
        return int(Metadata[Any].from_bytes(data).signed.version)
    except RepositoryError:
        return 0


def load(folder: Path) -> dict[str, bytes]:
    """Return what a client keeps in its folder, by role."""
    return {unquote(path.stem): path.read_bytes() for path in sorted(folder.glob("*.json"))}


def save(folder: Path, kept: Mapping[str, bytes]) -> None:
    """Write what a client keeps; a role's name is percent-encoded, so that it leads nowhere else."""
    for role, data in kept.items():
        path = folder / f"{metadata.encoded(role)}.json"
        if not path.exists() or path.read_bytes() != data:
            store_files.replace(path, data)


def main(arguments: list[str]) -> int:
    """Do what the suite asks for."""
    asked = _parser().parse_args(arguments)
    try:
        _do(asked, datetime.now(UTC))
    except (PratiqueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _do(asked: argparse.Namespace, at: datetime) -> None:
    folder: Path = asked.metadata_dir
    if asked.command == "init":
        folder.mkdir(parents=True, exist_ok=True)
        root = asked.root.read_bytes()
        save(folder, Client.begun(root, lambda *_: None, at).kept)
        return
    client = Client(load(folder), http.opened(asked.metadata_url), at)
    try:
        if asked.command == "refresh":
            client.refresh()
            return
        path = asked.target_dir / metadata.encoded(asked.target_name)
        have = path.read_bytes() if path.is_file() else None
        files = http.opened(asked.target_base_url)
        data = client.download(asked.target_name, files, have)
        asked.target_dir.mkdir(parents=True, exist_ok=True)
        store_files.replace(path, data)
    finally:
        save(folder, client.kept)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tuf-conformance")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url")
    parser.add_argument("--target-name")
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
