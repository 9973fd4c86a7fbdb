"""A repository of The Update Framework in memory, as the public conformance suite has one, and its client.

    Repository() -> change what is signed -> Post(repository).refresh() -> versions()

1. Metadata is signed when it is asked for, by whatever signers its role has then. Roots are published.
2. It has nothing of a network's: no board, no participants. What is tested with it is the framework alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import (
    TOP_LEVEL_ROLE_NAMES,
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from pratique.errors import PratiqueError
from tools.tuf_conformance import Client

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER, PAST = NOW + timedelta(days=30), NOW - timedelta(days=5)


@cache
def signer(number: int, scheme: str = "ed25519") -> Signer:
    """Return a signer of a scheme by its number, made once a run."""
    del number
    make: Callable[[], Signer] = getattr(CryptoSigner, f"generate_{scheme}")
    return make()


class Repository:
    """A repository: what is signed, who signs, what was asked for."""

    def __init__(self) -> None:
        self.signed: dict[str, Any] = {
            Root.type: Root(expires=LATER),
            Timestamp.type: Timestamp(expires=LATER),
            Snapshot.type: Snapshot(expires=LATER),
            Targets.type: Targets(expires=LATER),
        }
        self.signers: dict[str, list[Signer]] = {}
        self.roots: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.asked: list[tuple[str, int | None]] = []
        self.asked_files: list[str] = []
        self.hashes = False
        self._next = 100
        for role in sorted(TOP_LEVEL_ROLE_NAMES):
            self.add_key(role)
        self.publish_root(first=True)

    @property
    def root(self) -> Root:
        return self.signed[Root.type]  # type: ignore[no-any-return]

    @property
    def timestamp(self) -> Timestamp:
        return self.signed[Timestamp.type]  # type: ignore[no-any-return]

    @property
    def snapshot(self) -> Snapshot:
        return self.signed[Snapshot.type]  # type: ignore[no-any-return]

    @property
    def targets(self) -> Targets:
        return self.signed[Targets.type]  # type: ignore[no-any-return]

    def add_key(self, role: str, scheme: str = "ed25519", by: str = Root.type) -> Signer:
        """Give a role one key more, and have it sign."""
        self._next += 1
        one = signer(self._next, scheme)
        self.signed[by].add_key(one.public_key, role)
        self.signers.setdefault(role, []).append(one)
        return one

    def rotate(self, *roles: str) -> None:
        """Give roles new keys in place of theirs, by a new root."""
        for role in roles:
            self.root.roles[role].keyids.clear()
            self.signers[role].clear()
            self.add_key(role)
        self.publish_root()

    def publish_root(self, *, first: bool = False) -> None:
        """Sign the root and put it there; of the next version unless it is the first."""
        if not first:
            self.root.version += 1
        self.roots.append(self.made(Root.type))

    def made(self, role: str) -> bytes:
        """Sign a role's metadata."""
        metadata = Metadata(self.signed[role])
        for one in self.signers.get(role, ()):
            metadata.sign(one, append=True)
        return metadata.to_bytes()

    def update_timestamp(self) -> None:
        """Make the next timestamp of the snapshot."""
        self.timestamp.snapshot_meta = self._meta(Snapshot.type)
        self.timestamp.version += 1

    def update_snapshot(self) -> None:
        """Make the next snapshot of all roles, and its timestamp."""
        for role, signed in self.signed.items():
            if isinstance(signed, Targets):
                self.snapshot.meta[f"{role}.json"] = self._meta(role)
        self.snapshot.version += 1
        self.update_timestamp()

    def _meta(self, role: str) -> MetaFile:
        version = self.signed[role].version
        if not self.hashes:
            return MetaFile(version)
        return MetaFile.from_data(version, self.made(role), ["sha256"])

    def delegate(self, by: str, role: DelegatedRole) -> None:
        """Have a role delegate to another one."""
        own = self.signed[by]
        own.delegations = own.delegations or Delegations({}, roles={})
        own.delegations.roles[role.name] = role
        self.signed.setdefault(role.name, Targets(expires=LATER))
        self.add_key(role.name, by=by)

    def delegate_bins(self, bits: int, prefix: str) -> None:
        """Have the targets delegate to bins of one key."""
        bins = SuccinctRoles([], 1, bits, prefix)
        self.targets.delegations = Delegations({}, succinct_roles=bins)
        one = signer(99)
        self.targets.add_key(one.public_key)
        for name in bins.get_roles():
            self.signed[name], self.signers[name] = Targets(expires=LATER), [one]

    def add_file(self, role: str, data: bytes, path: str, *algorithms: str) -> TargetFile:
        """Have a role sign for a file."""
        found = TargetFile.from_data(path, data, list(algorithms) or ["sha256"])
        self.signed[role].targets[path] = found
        folder, slash, name = path.rpartition("/")
        self.files[path] = data
        for digest in found.hashes.values():
            self.files[f"{folder}{slash}{digest}.{name}"] = data
        return found

    def metadata(self, name: str, limit: int) -> bytes | None:
        """Answer a request for metadata."""
        stem = name.removesuffix(".json")
        role, version = stem, None
        if stem != Timestamp.type and (self.root.consistent_snapshot or stem.endswith(".root")):
            number, _, role = stem.partition(".")
            version = int(number)
        self.asked.append((role, version))
        role = unquote(role)
        if role == Root.type:
            assert version is not None
            data = self.roots[version - 1] if version <= len(self.roots) else None
        else:
            data = self.made(role) if role in self.signed else None
        return data if data is not None and len(data) <= limit else None

    def target(self, name: str, limit: int) -> bytes | None:
        """Answer a request for a file."""
        self.asked_files.append(name)
        data = self.files.get(unquote(name))
        return data if data is not None and len(data) <= limit else None


class Post:
    """A client that begins with the first root, and says whether each of its commands was done."""

    def __init__(self, repository: Repository, root: bytes | None = None) -> None:
        self.repository = repository
        self.client = Client.begun(root or repository.roots[0], repository.metadata, NOW)
        self.got: dict[str, bytes] = {}
        self.error = ""

    def refresh(self, at: datetime = NOW) -> bool:
        """Refresh as the suite does: a new process each time."""
        return self._done(at, Client.refresh)

    def download(self, path: str, at: datetime = NOW) -> bool:
        """Download a file as the suite does."""

        def take(client: Client) -> None:
            self.got[path] = client.download(path, self.repository.target, self.got.get(path))

        return self._done(at, take)

    def _done(self, at: datetime, what: Callable[[Client], object]) -> bool:
        self.client = Client(self.client.kept, self.repository.metadata, at)
        self.error = ""
        try:
            what(self.client)
        except PratiqueError as error:
            self.error = error.code
        return not self.error

    def version(self, role: str) -> int | None:
        """Return which version of a role's metadata is kept."""
        data = self.client.kept.get(role)
        return None if data is None else Metadata[Any].from_bytes(data).signed.version

    def versions(self) -> dict[str, int | None]:
        """Return the versions of all that is kept."""
        return {role: self.version(role) for role in sorted(self.client.kept)}
