"""What the authority and a participant may say: everything else is refused, each for its own reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    SuccinctRoles,
    TargetFile,
    Targets,
)

from pratique.errors import DocumentRefused
from pratique.network import metadata
from pratique.network.participants import LONGEST, PAUSE
from tests.cheats import by_hand, network, newest, put, refused, spread, synced
from tests.networks import AT, DAY

TOWN, (STATE, _) = network("XUA", "XUB")
DIGEST = "0" * 64


def signed(role: str) -> Targets:
    return Metadata[Targets].from_bytes(TOWN.files[newest(TOWN.files, role)]).signed


def file(path: str, length: int = 1, digest: str = DIGEST, **more: str) -> TargetFile:
    return TargetFile(length, {"sha256": digest, **more}, path)


def code(ask: Callable[[], object]) -> str:
    with pytest.raises(DocumentRefused) as caught:
        ask()
    return caught.value.code


def add(**files: TargetFile) -> Callable[[Any], None]:
    return lambda made: made.targets.update({one.path: one for one in files.values()})


def of_role(name: str, **changed: Any) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        for field, value in changed.items():
            setattr(made.delegations.roles[name], field, value)

    return change


def renamed(made: Any) -> None:
    role = made.delegations.roles.pop("XUA")
    role.name, role.paths = "xua", ["xua/*"]
    made.delegations.roles["xua"] = role


def crowded(made: Any) -> None:
    role = made.delegations.roles["XUA"].to_dict()
    for number in range(metadata.MAX_PARTICIPANTS):
        name = f"X{number}"
        made.delegations.roles[name] = DelegatedRole.from_dict({**role, "name": name})


def shared(made: Any) -> None:
    roles = made.delegations.roles
    roles["XUB"].keyids = [*roles["XUA"].keyids[:1], *roles["XUB"].keyids[1:]]


def seats_key(made: Any) -> None:
    roles = made.delegations.roles
    roles["XUB"].keyids = [*roles["suspend"].keyids[:1], *roles["XUB"].keyids[1:]]


def respelt(made: Any) -> None:
    one = next(iter(made.delegations.keys.values()))
    one.unrecognized_fields["more"] = "x"


def succinct(made: Any) -> None:
    ids = list(made.delegations.keys)
    roles = SuccinctRoles(ids[:2], 2, 8, "bin")
    made.delegations = Delegations(made.delegations.keys, succinct_roles=roles)


TARGETS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "a participant's path": ("authority-path", add(x=file("XUA/signers.json"))),
    "no path": ("authority-path", add(x=file("value-sets.json"))),
    "a path upwards": ("authority-path", add(x=file("network/../x"))),
    "a deeper path": ("authority-path", add(x=file("network/deep/x.json"))),
    "a large file": ("file", add(x=file("network/x.json", metadata.MAX_FILE + 1))),
    "a file by another digest": ("file", add(x=TargetFile(1, {"sha512": "0" * 128}, "network/x"))),
    "a file by two digests": ("file", add(x=file("network/x", sha512="0" * 128))),
    "a digest that is a path": ("file", add(x=file("network/x", digest="../../x"))),
    "no participants": ("participants-missing", lambda made: made.targets.pop(metadata.PARTICIPANTS)),
    "no delegations": ("delegations", put(delegations=None)),
    "roles that are not named": ("delegations", succinct),
    "too many": ("participants-too-many", crowded),
    "a key spelt otherwise": ("key-spelling", respelt),
    "a lower case code": ("role-name", renamed),
    "a key of two": ("key-shared", shared),
    "a key of a seat's": ("key-shared", seats_key),
    "nobody who suspends": ("suspend-missing", lambda made: made.delegations.roles.pop("suspend")),
    "few who suspend": ("suspend-keys", of_role("suspend", threshold=2)),
    "some who suspend": (
        "suspend-keys", lambda made: made.delegations.roles["suspend"].keyids.pop()
    ),
    "not terminating": ("delegation", of_role("XUA", terminating=False)),
    "two paths": ("delegation", of_role("XUA", paths=["XUA/*", "XUB/*"])),
    "another's path": ("delegation", of_role("XUA", paths=["XUB/*"])),
    "every path": ("delegation", of_role("XUA", paths=["*"])),
    "paths by digest": ("delegation", of_role("XUA", paths=None, path_hash_prefixes=["00"])),
    "one hand": ("threshold", of_role("XUA", threshold=1)),
    "more hands than there are": ("threshold", of_role("XUA", threshold=4)),
}  # fmt: skip

ROLES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "another's path": ("foreign-path", add(x=file("XUB/signers.json"))),
    "the authority's path": ("foreign-path", add(x=file("network/value-sets.json"))),
    "a longer name": ("foreign-path", add(x=file("XUAB/signers.json"))),
    "a path upwards": ("foreign-path", add(x=file("XUA/../XUB/signers.json"))),
    "an unknown file": ("file", add(x=file("XUA/tool.exe"))),
    "a large file": ("file", add(x=file("XUA/rules.json", metadata.MAX_SMALL + 1))),
    "a digest that is a path": ("file", add(x=file("XUA/rules.json", digest="../x"))),
    "a digest in capitals": ("file", add(x=file("XUA/rules.json", digest="A" * 64))),
    "a delegation": ("nested", lambda made: setattr(made, "delegations", signed("targets").delegations)),
    "very many files": ("files-too-many", lambda made: made.targets.update(
        {(p := f"XUA/revocations-{n:04x}-1.tags"): file(p) for n in range(metadata.MAX_FILES_OF_ROLE)}
    )),
    "very large files": ("edition-large", lambda made: made.targets.update(
        {(p := f"XUA/revocations-{n:04x}-1.tags"): file(p, metadata.MAX_FILE) for n in range(4)}
    )),
    "a long life": ("long-lived", put(expires=AT + metadata.ROLE_LIFE + metadata.SLACK + DAY)),
}  # fmt: skip


def test_what_the_network_says_fits() -> None:
    """The control."""
    view = TOWN.view
    metadata.check_targets(signed("targets"), view.root, view.board)
    metadata.check_role("XUA", signed("XUA"), published=view.published)


@pytest.mark.parametrize("what", TARGETS)
def test_the_authority_says_nothing_else(what: str) -> None:
    found, change = TARGETS[what]
    made, view = signed("targets"), TOWN.view
    change(made)
    assert code(lambda: metadata.check_targets(made, view.root, view.board)) == f"policy-{found}"


@pytest.mark.parametrize("what", TARGETS)
def test_not_even_with_all_seats(what: str) -> None:
    found, change = TARGETS[what]
    name = newest(TOWN.files, "targets")
    version = signed("targets").version + 1

    def next_one(made: Any) -> None:
        change(made)
        made.version = version

    data = by_hand(TOWN.files[name], next_one, TOWN.seats)
    files = spread(TOWN, {metadata.metadata("targets", version): data}, {"targets": version})
    assert refused(synced(TOWN), files) == f"policy-{found}"


@pytest.mark.parametrize("what", ROLES)
def test_a_participant_says_nothing_else(what: str) -> None:
    found, change = ROLES[what]
    made = signed("XUA")
    change(made)
    published = TOWN.view.published
    assert code(lambda: metadata.check_role("XUA", made, published=published)) == f"policy-{found}"


@pytest.mark.parametrize("what", ROLES)
def test_not_even_with_all_its_keys(what: str) -> None:
    found, change = ROLES[what]

    def next_one(made: Any) -> None:
        change(made)
        made.version = 2

    data = by_hand(TOWN.files[newest(TOWN.files, "XUA")], next_one, STATE.roles)
    files = spread(TOWN, {metadata.metadata("XUA", 2): data}, {"XUA": 2})
    assert synced(TOWN).sync(files).problems == {"XUA": f"policy-{found}"}


@given(st.integers(-2, 5), st.integers(0, 5))
def test_at_least_two_hands_of_those_there_are(threshold: int, count: int) -> None:
    ids = [str(number) for number in range(count)]
    if 2 <= threshold <= count:
        metadata.own_keys(ids, threshold)
        metadata.own_keys(ids + ids, threshold)
    else:
        assert code(lambda: metadata.own_keys(ids, threshold)) == "policy-threshold"
        assert code(lambda: metadata.own_keys(ids + ids, threshold)) == "policy-threshold"


@pytest.mark.parametrize("name", ["XUA", metadata.SUSPEND])
def test_a_role_lasts_for_its_time_and_no_longer(name: str) -> None:
    life = {"XUA": metadata.ROLE_LIFE, metadata.SUSPEND: metadata.SUSPEND_LIFE}[
        name
    ] + metadata.SLACK
    made = Targets(1, expires=AT + life)
    metadata.check_role(name, made, published=AT)
    made.expires += timedelta(seconds=1)
    assert code(lambda: metadata.check_role(name, made, published=AT)) == "policy-long-lived"
    # Of one that was believed before, its end is judged where it is used.
    metadata.check_role(name, made)


def test_a_suspension_is_forgotten_by_no_role_that_ends_before_it() -> None:
    """The list lasts as long as a suspension and the pause after it."""
    assert timedelta(seconds=LONGEST + PAUSE) == metadata.SUSPEND_LIFE


@given(st.text(max_size=12))
def test_a_code_is_never_a_role_of_the_authoritys(text: str) -> None:
    if metadata.is_participants(text):
        assert text == text.upper()
        assert text not in {"root", "targets", "snapshot", "timestamp", metadata.SUSPEND}
    assert all(map(metadata.is_participants, ("XUA", "WHO", "X1", "ABCDEFGH")))


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("XUA/signers.json", metadata.MAX_SMALL),
        ("XUA/revocations-00ff-7.tags", metadata.MAX_FILE),
        ("XUA/revocations-00ff-6-7.delta", metadata.MAX_FILE),
        ("XUA/revocations-00FF-7.tags", 0),
        ("XUA/revocations-00ff-7.tags.exe", 0),
        ("XUA/list.json", 0),
        ("suspend/list.json", metadata.MAX_SMALL),
        ("suspend/signers.json", 0),
        ("XUA", 0),
    ],
)
def test_how_large_a_file_may_be(path: str, limit: int) -> None:
    assert metadata.limit_of(path) == limit


def test_every_refusal_of_the_policy_is_tried_above() -> None:
    text = Path(metadata.__file__).read_text(encoding="utf-8")
    known = set(re.findall(r'policy_refused\(\s*"([a-z-]+)"', text))
    assert len(known) > 15
    # One is of the network as a whole, and is tried with those who publish; two are tried in test_network_name.
    elsewhere = {"network-large", "network-other", "network-unnamed"}
    assert known - elsewhere == {found for found, _ in (*TARGETS.values(), *ROLES.values())}
