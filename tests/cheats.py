"""What those who cheat do to an invented network: metadata by hand, past our publisher, and servers that lie.

network("XUA", "XUB") -> by_hand(..., change, keys) -> spread(authority, files) -> refused(verifier, files)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from tuf.api.metadata import Metadata, TargetFile

from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused
from pratique.network import metadata as network_metadata
from pratique.network import publish
from pratique.network.view import View
from tests.networks import AT, Authority, State, Verifier

Files = dict[str, bytes]
ALWAYS: dict[str, Any] = {
    "Type": "Acceptance", "Version": "1.0.0", "SchemaVersion": "1.0.0", "Engine": "CERTLOGIC",
    "EngineVersion": "0.7.5", "CertificateType": "General",
    "Description": [{"lang": "en", "desc": "Whatever is authentic and in force is accepted."}],
    "ValidFrom": "2001-01-01T00:00:00Z", "ValidTo": "2099-01-01T00:00:00Z",
    "AffectedFields": ["v.0.tg"],
}  # fmt: skip


def network(*codes: str, hands: str = "seat") -> tuple[Authority, list[State]]:
    """Found a network, and admit participants that have published."""
    authority, states = Authority(hands=hands), [State(code) for code in codes]
    if states:
        authority.admit(*states)
    for state in states:
        state.publish()
    return authority, states


def synced(authority: Authority) -> Verifier:
    """Return a verifier that has synced."""
    verifier = Verifier(authority.anchor)
    verifier.sync(authority.files, authority.now)
    return verifier


def again(verifier: Verifier) -> Verifier:
    """Return a verifier that holds the same."""
    other = Verifier(verifier.anchor)
    other.held = dict(verifier.held)
    return other


MET, UNMET = {"===": [1, 1]}, {"===": [1, 2]}


def rule(country: str, logic: object = MET) -> dict[str, Any]:
    """Return a country's rule; by default one that is always met."""
    return {**ALWAYS, "Identifier": f"GR-{country}-0001", "Country": country, "Logic": logic}


_VIEWS: WeakKeyDictionary[Authority, tuple[Files, View]] = WeakKeyDictionary()


def current(authority: Authority) -> View:
    """Return the network as it is; read anew only if it has changed."""
    known = _VIEWS.get(authority)
    if known is None or known[0] != authority.files:
        known = _VIEWS[authority] = dict(authority.files), authority.view
    return known[1]


def newest(files: Mapping[str, bytes], role: str) -> str:
    """Name the newest metadata of a role."""
    found = (name for name in files if name.endswith(f".{role}.json") and "metadata/" in name)
    return max(found, key=lambda name: int(name.split("/")[1].split(".")[0]))


def by_hand(data: bytes, change: Callable[[Any], object] | None, by: Iterable[SigningKey]) -> bytes:
    """Return metadata, changed, and signed by these keys only."""
    metadata = Metadata[Any].from_bytes(data)
    metadata.signatures.clear()
    if change is not None:
        change(metadata.signed)
    for one in by:
        network_metadata.sign(metadata, one)
    return metadata.to_bytes()


def put(**fields: object) -> Callable[[Any], None]:
    """Return the change that puts these into what is signed."""

    def change(signed: Any) -> None:
        for name, value in fields.items():
            setattr(signed, name, value)

    return change


def listing(files: Mapping[str, bytes]) -> dict[str, TargetFile]:
    """Return what metadata says of these files, by path."""
    return {path: TargetFile.from_data(path, data, ["sha256"]) for path, data in files.items()}


def named(files: Mapping[str, bytes]) -> Files:
    """Return files as they lie in a repository, by path."""
    found = listing(files)
    return {
        network_metadata.target(path, found[path].hashes["sha256"]): files[path] for path in files
    }


Edition = tuple[Mapping[str, bytes], Iterable[SigningKey]]


def edition(
    authority: Authority, role: str, files: Mapping[str, bytes], by: Iterable[SigningKey]
) -> Files:
    """Return a role's next edition by hand, as a hostile repository would hold it."""
    return editions(authority, {role: (files, by)})


def editions(authority: Authority, made: Mapping[str, Edition]) -> Files:
    """Return the next editions of several roles: files by path, and who signs."""
    found, versions = Files(), dict[str, int | None]()
    for role, (files, by) in made.items():
        name = newest(authority.files, role)
        version = int(name.split("/")[1].split(".")[0]) + 1
        change = put(version=version, targets=listing(files))
        found[network_metadata.metadata(role, version)] = by_hand(authority.files[name], change, by)
        found |= named(files)
        versions[role] = version
    return spread(authority, found, versions)


def spread(
    authority: Authority,
    files: Mapping[str, bytes],
    versions: Mapping[str, int | None],
    online: publish.OnlineKeys | None = None,
) -> Files:
    """Return the repository with these files, announced by the online keys, which look at nothing.

    A version of None takes a role out of the list.
    """
    now = current(authority)
    told = {**publish._versions(now.trusted.snapshot), **versions}
    kept = {role: version for role, version in told.items() if version is not None}
    described = publish.described_keys({**authority.files, **files}, kept, now.root)
    by, at = online or authority.online, authority.now
    made = publish.listed(now.trusted.snapshot, described, by, at)
    made |= publish.timestamp(authority.files, made, by, at)
    return {**authority.files, **files, **made}


def refused(verifier: Verifier, files: Mapping[str, bytes | None], at: Any = AT) -> str:
    """Sync, which must be refused and move nothing; return the code."""
    before = dict(verifier.held)
    there = {name: data for name, data in files.items() if data is not None}
    with pytest.raises(DocumentRefused) as caught:
        verifier.sync(there, at)
    assert verifier.held == before
    return caught.value.code
