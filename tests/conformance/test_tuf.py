"""The cases of The Update Framework's public conformance suite, against our sync core behind its client.

The suite comes from no package index. Its cases are written anew here from what they are about, by the
names that they have there, over a repository that is made with the reference implementation's metadata.
`docs/reference/tuf-conformance.md` says which of them a network's own policy decides otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import DelegatedRole, Metadata, Root, Snapshot, Targets, Timestamp

from pratique.errors import PratiqueError
from pratique.network import metadata
from pratique.store import http
from tests.repositories import LATER, NOW, PAST, Post, Repository, signer
from tools import tuf_conformance

ROOT, TIMESTAMP, SNAPSHOT, TARGETS = Root.type, Timestamp.type, Snapshot.type, Targets.type
TRUNK = [ROOT, SNAPSHOT, TARGETS, TIMESTAMP]
DAY = timedelta(days=1)


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def post(repository: Repository) -> Post:
    return Post(repository)


def kept(post: Post) -> list[str]:
    return sorted(post.client.kept)


def delegated(name: str, *paths: str, terminating: bool = False) -> DelegatedRole:
    return DelegatedRole(name, [], 1, terminating, list(paths) or ["*"])


class TestBasic:
    def test_basic_init_and_refresh(self, repository: Repository, post: Post) -> None:
        assert kept(post) == [ROOT]
        assert post.refresh()
        assert post.versions() == dict.fromkeys(TRUNK, 1)
        assert repository.asked == [(ROOT, 2), (TIMESTAMP, None), (SNAPSHOT, 1), (TARGETS, 1)]

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"no root", b'{"signed": {}}'])
    def test_init_with_no_root(self, repository: Repository, data: bytes) -> None:
        with pytest.raises(PratiqueError):
            Post(repository, data or b" ")

    def test_unsigned_initial_root(self, repository: Repository) -> None:
        repository.signers[ROOT].clear()
        with pytest.raises(PratiqueError):
            Post(repository, repository.made(ROOT))

    def test_trusted_root_expired(self, repository: Repository) -> None:
        """One that has ended is a beginning all the same, if a newer one follows."""
        repository.root.expires = PAST
        repository.roots.clear()
        repository.root.version = 0
        repository.publish_root()
        post = Post(repository)
        assert not post.refresh()
        assert kept(post) == [ROOT]
        repository.root.expires = LATER
        repository.publish_root()
        assert post.refresh()
        assert post.version(ROOT) == 2

    def test_metadata_bytes_match(self, repository: Repository, post: Post) -> None:
        repository.signed[TARGETS].unrecognized_fields["x-foreign"] = {"b": [1, None], "a": "ö"}
        assert post.refresh()
        for role in (TIMESTAMP, SNAPSHOT, TARGETS):
            before = post.client.kept[role]
            post.refresh()
            assert post.client.kept[role] == before
        assert post.client.kept[ROOT] == repository.roots[0]

    def test_what_is_kept_is_not_asked_for_again(self, repository: Repository, post: Post) -> None:
        post.refresh()
        repository.asked.clear()
        assert post.refresh()
        assert repository.asked == [(ROOT, 2), (TIMESTAMP, None)]

    def test_timestamp_eq_versions_check(self, repository: Repository, post: Post) -> None:
        post.refresh()
        before = post.client.kept[TIMESTAMP]
        repository.timestamp.snapshot_meta.version = 100
        assert post.refresh()
        assert post.client.kept[TIMESTAMP] == before

    @pytest.mark.parametrize("role", TRUNK)
    def test_max_metadata_lengths(self, role: str) -> None:
        repository = Repository()
        post = Post(repository)
        repository.signed[role].unrecognized_fields["x-long"] = "a" * metadata.limit(role)
        if role == TIMESTAMP:
            repository.timestamp.unrecognized_fields["x-long"] = "a" * metadata.MAX_TIMESTAMP
        if role == ROOT:
            repository.publish_root()
            # A root that is too large is none, and the one before it stays.
            assert post.refresh()
            assert post.version(ROOT) == 1
            return
        assert not post.refresh()
        assert role not in kept(post)


class TestRoots:
    def test_max_root_rotations(
        self, repository: Repository, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It stops there. A network refuses, keeps what it has followed, and goes on the next time."""
        monkeypatch.setattr(metadata, "MAX_ROOTS", 3)
        for _ in range(5):
            repository.publish_root()
        assert not post.refresh()
        assert post.version(ROOT) == 4
        assert post.refresh()
        assert post.version(ROOT) == 6

    def test_intermediate_root_incorrectly_signed(self, repository: Repository, post: Post) -> None:
        signers = [*repository.signers[ROOT]]
        repository.signers[ROOT].clear()
        repository.publish_root()
        repository.signers[ROOT] = signers
        repository.publish_root()
        assert not post.refresh()
        assert post.versions() == {ROOT: 1}

    def test_intermediate_root_expired(self, repository: Repository, post: Post) -> None:
        for expires in (PAST, LATER):
            repository.root.expires = expires
            repository.publish_root()
        assert post.refresh()
        assert post.version(ROOT) == 3

    def test_final_root_incorrectly_signed(self, repository: Repository, post: Post) -> None:
        repository.signers[ROOT].clear()
        repository.publish_root()
        assert not post.refresh()
        assert post.versions() == {ROOT: 1}

    def test_final_root_expired(self, repository: Repository, post: Post) -> None:
        repository.root.expires = PAST
        repository.publish_root()
        assert not post.refresh()
        assert post.versions() == {ROOT: 2}
        # It is not forgotten when the server withholds it.
        repository.roots.pop()
        assert not post.refresh()
        assert post.error == "network-expired"

    @pytest.mark.parametrize("ahead", [-1, 1])
    def test_new_root_version(self, repository: Repository, post: Post, ahead: int) -> None:
        """Of the same version as before, or one further."""
        repository.root.version += ahead
        repository.publish_root()
        assert not post.refresh()
        assert post.versions() == {ROOT: 1}

    def test_root_of_another_kind(self, repository: Repository, post: Post) -> None:
        repository.roots.append(repository.made(TARGETS))
        assert not post.refresh()
        assert post.versions() == {ROOT: 1}


class TestTimestampAndBelow:
    @pytest.mark.parametrize(
        ("role", "before"),
        [
            (TIMESTAMP, [ROOT]),
            (SNAPSHOT, [ROOT, TIMESTAMP]),
            (TARGETS, [ROOT, SNAPSHOT, TIMESTAMP]),
        ],
    )
    @pytest.mark.parametrize("how", ["unsigned", "expired", "wrong version", "missing", "another"])
    def test_new_metadata(
        self, repository: Repository, post: Post, role: str, before: list[str], how: str
    ) -> None:
        """test_new_ROLE_unsigned, _expired, _version_mismatch: refused, and what came before it is kept."""
        if how == "unsigned":
            repository.signers[role].clear()
        elif how == "expired":
            repository.signed[role].expires = PAST
        elif how == "wrong version" and role != TIMESTAMP:
            repository.signed[role].version += 1
        elif how == "another":
            repository.signed[role] = repository.root
        else:
            del repository.signed[role]
        assert not post.refresh()
        assert kept(post) == before

    @pytest.mark.parametrize("role", [SNAPSHOT, TARGETS])
    def test_new_metadata_hash_mismatch(
        self, repository: Repository, post: Post, role: str
    ) -> None:
        repository.hashes = True
        repository.update_snapshot()
        assert post.refresh()
        repository.targets.version += 1
        repository.update_snapshot()
        repository.signed[role].expires += DAY
        if role == TARGETS:
            repository.update_timestamp()
        assert not post.refresh()
        assert post.version(TIMESTAMP) == repository.timestamp.version
        assert post.version(role) == (2 if role == SNAPSHOT else 1)

    def test_compute_metafile_hashes_length(self, repository: Repository, post: Post) -> None:
        for hashes in (True, False):
            repository.hashes = hashes
            repository.update_snapshot()
            assert post.refresh()
        assert (post.version(TIMESTAMP), post.version(SNAPSHOT)) == (3, 3)

    def test_snapshot_without_the_targets(self, repository: Repository, post: Post) -> None:
        del repository.snapshot.meta["targets.json"]
        assert not post.refresh()


class TestRollback:
    def test_new_timestamp_version_rollback(self, repository: Repository, post: Post) -> None:
        repository.timestamp.version = 2
        assert post.refresh()
        repository.timestamp.version = 1
        assert not post.refresh()
        assert post.version(TIMESTAMP) == 2

    def test_new_timestamp_snapshot_rollback(self, repository: Repository, post: Post) -> None:
        repository.snapshot.version = 2
        repository.update_timestamp()
        assert post.refresh()
        repository.timestamp.snapshot_meta.version = 1
        repository.timestamp.version += 1
        assert not post.refresh()
        assert post.version(TIMESTAMP) == 2

    @pytest.mark.parametrize("what", [TIMESTAMP, SNAPSHOT])
    def test_expired_timestamp_rollback(
        self, repository: Repository, post: Post, what: str
    ) -> None:
        """test_expired_timestamp_version_rollback, _snapshot_rollback: one that has ended guards too."""
        repository.timestamp.expires = NOW + 7 * DAY
        repository.update_snapshot()
        repository.update_snapshot()
        assert post.refresh()
        repository.timestamp.expires = NOW + 21 * DAY
        if what == TIMESTAMP:
            repository.timestamp.version = 1
        else:
            repository.snapshot.version = 1
            repository.update_snapshot()
        assert not post.refresh(NOW + 18 * DAY)
        assert post.version(TIMESTAMP) == 3

    def test_expired_metadata(self, repository: Repository, post: Post) -> None:
        repository.timestamp.expires = NOW + 7 * DAY
        assert post.refresh()
        repository.targets.version += 1
        repository.update_snapshot()
        repository.timestamp.expires = NOW + 21 * DAY
        assert post.refresh(NOW + 18 * DAY)
        assert [post.version(role) for role in (TIMESTAMP, SNAPSHOT, TARGETS)] == [2, 2, 2]

    def test_new_snapshot_version_rollback(self, repository: Repository, post: Post) -> None:
        repository.snapshot.version = 2
        repository.update_timestamp()
        assert post.refresh()
        repository.snapshot.version = 1
        repository.update_timestamp()
        assert not post.refresh()
        assert post.version(SNAPSHOT) == 2

    @pytest.mark.parametrize("hashes", [False, True])
    def test_targets_rollback(self, repository: Repository, post: Post, hashes: bool) -> None:
        """test_snapshot_rollback_with_local_snapshot_hash_mismatch among them."""
        repository.hashes = hashes
        repository.targets.version = 2
        repository.update_snapshot()
        assert post.refresh()
        repository.targets.version = 1
        repository.update_snapshot()
        assert not post.refresh()
        assert post.version(TARGETS) == 2

    def test_a_delegated_role_rolled_back(self, repository: Repository, post: Post) -> None:
        repository.delegate(TARGETS, delegated("role"))
        repository.signed["role"].version = 2
        repository.update_snapshot()
        assert not post.download("nothing")
        repository.signed["role"].version = 1
        repository.update_snapshot()
        assert not post.refresh()
        assert post.version("role") == 2

    def test_a_role_left_out_of_the_list(self, repository: Repository, post: Post) -> None:
        repository.delegate(TARGETS, delegated("role"))
        repository.update_snapshot()
        assert post.refresh()
        del repository.snapshot.meta["role.json"]
        repository.snapshot.version += 1
        repository.update_timestamp()
        assert not post.refresh()

    def test_what_was_believed_before_a_refusal(self, repository: Repository, post: Post) -> None:
        """Each role's metadata is a floor as soon as it is trusted."""
        repository.timestamp.version = 4
        assert post.refresh()
        repository.timestamp.version = 5
        repository.snapshot.version = 2
        repository.timestamp.snapshot_meta.version = 2
        signers, repository.signers[SNAPSHOT] = repository.signers[SNAPSHOT], []
        assert not post.refresh()
        repository.signers[SNAPSHOT] = signers
        assert post.version(TIMESTAMP) == 5
        repository.timestamp.version = 4
        assert not post.refresh()
        repository.timestamp.version = 6
        assert post.refresh()

    def test_a_snapshot_believed_before_a_refusal(self, repository: Repository, post: Post) -> None:
        repository.targets.version = 3
        repository.update_snapshot()
        signers, repository.signers[TARGETS] = repository.signers[TARGETS], []
        assert not post.refresh()
        assert kept(post) == [ROOT, SNAPSHOT, TIMESTAMP]
        repository.signers[TARGETS] = signers
        repository.targets.version = 2
        repository.update_snapshot()
        assert not post.refresh()


class TestFastForward:
    """A thief's high version is taken back by new keys, and by nothing else."""

    def test_new_timestamp_fast_forward_recovery(self, repository: Repository, post: Post) -> None:
        repository.timestamp.version = 99999
        assert post.refresh()
        repository.timestamp.version = 1
        assert not post.refresh()
        repository.rotate(TIMESTAMP)
        assert post.refresh()
        assert post.version(TIMESTAMP) == 1

    def test_new_snapshot_fast_forward_recovery(self, repository: Repository, post: Post) -> None:
        repository.snapshot.version = 99999
        repository.update_timestamp()
        assert post.refresh()
        repository.rotate(SNAPSHOT, TIMESTAMP)
        repository.snapshot.version = 1
        repository.update_timestamp()
        assert post.refresh()
        assert post.version(SNAPSHOT) == 1

    def test_new_targets_fast_forward_recovery(self, repository: Repository, post: Post) -> None:
        repository.targets.version = 99999
        repository.update_snapshot()
        assert post.refresh()
        repository.rotate(SNAPSHOT)
        repository.targets.version = 1
        repository.update_snapshot()
        assert post.refresh()
        assert post.version(TARGETS) == 1

    def test_one_that_came_to_nothing(self, repository: Repository, post: Post) -> None:
        repository.timestamp.version = 99999
        repository.timestamp.snapshot_meta.version = 99999
        assert not post.refresh()
        repository.timestamp.version = 1
        repository.timestamp.snapshot_meta.version = 1
        assert not post.refresh()
        repository.rotate(TIMESTAMP)
        assert post.refresh()


class Signed(NamedTuple):
    """Keys of a role, its threshold, and who signs."""

    keys: list[int]
    threshold: int
    signs: list[int]


ALL = [0, 1, 2, 3, 4]
ROTATIONS = {
    "1-of-1 key rotation": (Signed([1], 1, [1]), Signed([2], 1, [2, 1]), Signed([2], 1, [2])),
    "1-of-1 key rotation, unused signatures": (
        Signed([1], 1, [3, 1, 4]), Signed([2], 1, [3, 2, 1, 4]), Signed([2], 1, [3, 2, 4]),
    ),
    "1-of-1 key rotation fail: not signed with old key": (
        Signed([1], 1, [1]), Signed([2], 1, [2, 3, 4]),
    ),
    "1-of-1 key rotation fail: not signed with new key": (
        Signed([1], 1, [1]), Signed([2], 1, [1, 3, 4]),
    ),
    "3-of-5, sign with different keycombos": (
        Signed(ALL, 3, [0, 2, 4]), Signed(ALL, 3, [0, 4, 1]), Signed(ALL, 3, [0, 1, 3]),
    ),
    "3-of-5, one key rotated": (
        Signed(ALL, 3, [0, 2, 4]), Signed([0, 1, 3, 4, 5], 3, [0, 4, 1]),
    ),
    "3-of-5, one key rotate fails: not signed with 3 new keys": (
        Signed(ALL, 3, [0, 2, 4]), Signed([0, 1, 3, 4, 5], 3, [0, 2, 4]),
    ),
    "3-of-5, one key rotate fails: not signed with 3 old keys": (
        Signed(ALL, 3, [0, 2, 4]), Signed([0, 1, 3, 4, 5], 3, [0, 4, 5]),
    ),
    "3-of-5, one key rotated, with intermediate step": (
        Signed(ALL, 3, [0, 2, 4]), Signed([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]),
        Signed([0, 1, 3, 4, 5], 3, [0, 4, 5]),
    ),
    "3-of-5, all keys rotated, with intermediate step": (
        Signed(ALL, 3, [0, 2, 4]), Signed([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
        Signed([5, 6, 7, 8, 9], 3, [5, 6, 7]),
    ),
    "1-of-3 threshold increase to 2-of-3": (
        Signed([1, 2, 3], 1, [1]), Signed([1, 2, 3], 2, [1, 2]),
    ),
    "1-of-3 threshold bump to 2-of-3 fails: new threshold not reached": (
        Signed([1, 2, 3], 1, [1]), Signed([1, 2, 3], 2, [2]),
    ),
    "2-of-3 threshold decrease to 1-of-3": (
        Signed([1, 2, 3], 2, [1, 2]), Signed([1, 2, 3], 1, [1, 2]), Signed([1, 2, 3], 1, [1]),
    ),
    "2-of-3 threshold decr. to 1-of-3 fails: old threshold not reached": (
        Signed([1, 2, 3], 2, [1, 2]), Signed([1, 2, 3], 1, [1]),
    ),
    "1-of-2 threshold increase to 2-of-2": (Signed([1], 1, [1]), Signed([1, 2], 2, [1, 2])),
}  # fmt: skip
OTHERS = {
    "1-of-1 key rotation": Signed([2], 1, [2]),
    "1-of-1 key rotation, unused signatures": Signed([1], 1, [3, 1, 4]),
    "1-of-1 key rotation fail: not signed with new key": Signed([2], 1, [1, 3, 4]),
    "3-of-5, one key signature wrong: fails": Signed([0, 1, 3, 4, 5], 3, [0, 2, 4]),
    "2-of-5, one key signature missing: fails": Signed([0, 1, 3, 4, 5], 3, [0, 4]),
    "3-of-5, sign first combo": Signed(ALL, 3, [0, 2, 4]),
    "3-of-5, sign second combo": Signed(ALL, 3, [0, 4, 1]),
    "3-of-5, sign third combo": Signed(ALL, 3, [0, 1, 3]),
    "3-of-5, sign fourth combo": Signed(ALL, 3, [1, 2, 3]),
    "3-of-5, sign fifth combo": Signed(ALL, 3, [2, 3, 4]),
}


def by(repository: Repository, role: str, one: Signed) -> None:
    """Have a role of the root's signed so."""
    own = repository.root.roles[role]
    own.keyids.clear()
    own.threshold = one.threshold
    for number in one.keys:
        repository.root.add_key(signer(number).public_key, role)
    repository.signers[role] = [signer(number) for number in one.signs]


class TestKeyRotations:
    @pytest.mark.parametrize("case", ROTATIONS)
    def test_root_rotation(self, repository: Repository, case: str) -> None:
        repository.roots.clear()
        repository.root.version = 0
        for one in ROTATIONS[case]:
            by(repository, ROOT, one)
            repository.publish_root()
        post = Post(repository)
        assert post.refresh() is ("fail" not in case)
        last = -2 if "fail" in case else -1
        assert post.client.kept[ROOT] == repository.roots[last]

    @pytest.mark.parametrize("case", OTHERS)
    @pytest.mark.parametrize("role", [TIMESTAMP, SNAPSHOT, TARGETS])
    def test_non_root_rotations(
        self, repository: Repository, post: Post, role: str, case: str
    ) -> None:
        by(repository, role, OTHERS[case])
        repository.publish_root()
        assert post.refresh() is ("fail" not in case)
        assert (role in kept(post)) is ("fail" not in case)

    def test_a_withdrawn_keys_own_metadata_is_fetched_anew(
        self, repository: Repository, post: Post
    ) -> None:
        post.refresh()
        before = dict(post.client.kept)
        repository.rotate(TIMESTAMP, SNAPSHOT, TARGETS)
        assert post.refresh()
        assert all(post.client.kept[role] != before[role] for role in TRUNK)


class TestKeys:
    @pytest.mark.parametrize("scheme", ["ed25519", "ecdsa", "rsa"])
    def test_key_types(self, repository: Repository, post: Post, scheme: str) -> None:
        for role in TRUNK:
            repository.root.roles[role].keyids.clear()
            kept_signers, repository.signers[role] = repository.signers[role], []
            repository.add_key(role, scheme)
            repository.signers[role] += kept_signers if role == ROOT else []
        repository.publish_root()
        assert post.refresh()
        assert post.version(ROOT) == 2

    @pytest.mark.parametrize("role", [TIMESTAMP, SNAPSHOT, TARGETS])
    def test_one_signature_twice(self, repository: Repository, post: Post, role: str) -> None:
        """test_duplicate_sig_keyids: two signatures of one key are one, or none."""
        by(repository, role, Signed([1, 2], 2, [1]))
        repository.publish_root()
        made = json.loads(repository.made(role))
        made["signatures"] *= 2
        instead(repository, role, json.dumps(made).encode())
        assert not post.refresh()
        assert role not in kept(post)

    @pytest.mark.parametrize("role", [TIMESTAMP, SNAPSHOT, TARGETS])
    def test_one_key_under_two_identifiers(
        self, repository: Repository, post: Post, role: str
    ) -> None:
        """One hand is one hand: its key under a second name gives it no second signature."""
        one = signer(1).public_key
        assert isinstance(one, SSlibKey)
        other = SSlibKey("0" * 64, one.keytype, one.scheme, one.keyval)
        repository.root.roles[role].keyids[:] = []
        repository.root.add_key(one, role)
        repository.root.add_key(other, role)
        repository.root.roles[role].threshold = 2
        repository.signers[role] = [signer(1)]
        repository.publish_root()
        made = json.loads(repository.made(role))
        (only,) = made["signatures"]
        made["signatures"].append({**only, "keyid": "0" * 64})
        instead(repository, role, json.dumps(made).encode())
        # The framework counts identifiers, as the reference implementation does. A network asks that each key
        # is under its own, which is a digest of it: `board-key-spelling`, `policy-key-spelling`.
        assert post.refresh()

    @pytest.mark.parametrize("field", ["keytype", "scheme"])
    def test_a_key_of_an_unknown_kind(self, repository: Repository, post: Post, field: str) -> None:
        """The reference implementation takes no root that has one, and so do we; nothing is lost by it."""
        one = signer(1).public_key
        kinds = {"keytype": one.keytype, "scheme": one.scheme, field: "unheard-of"}
        other = SSlibKey("0" * 64, kinds["keytype"], kinds["scheme"], one.keyval)
        repository.root.add_key(other, TARGETS)
        repository.publish_root()
        assert not post.refresh()
        assert post.versions() == {ROOT: 1}

    @pytest.mark.parametrize("role", TRUNK)
    def test_a_role_without_keys(self, repository: Repository, post: Post, role: str) -> None:
        repository.root.roles[role].keyids.clear()
        repository.publish_root()
        assert not post.refresh()

    @pytest.mark.parametrize("role", TRUNK)
    def test_a_signature_of_other_bytes(self, repository: Repository, role: str) -> None:
        made = json.loads(repository.made(role))
        made["signed"]["x-more"] = "unsigned"
        post = Post(repository)
        if role == ROOT:
            made["signed"]["version"] = 2
            repository.roots.append(json.dumps(made).encode())
        instead(repository, role, json.dumps(made).encode())
        assert not post.refresh()


def instead(repository: Repository, role: str, data: bytes) -> None:
    """Have a repository hand out these bytes as a role's metadata."""
    make = repository.made
    vars(repository)["made"] = lambda asked: data if asked == role else make(asked)


class TestConsistentSnapshot:
    @pytest.mark.parametrize("consistent", [True, False])
    def test_top_level_and_delegated_roles(
        self, repository: Repository, post: Post, consistent: bool
    ) -> None:
        repository.root.consistent_snapshot = consistent
        repository.publish_root()
        repository.delegate(TARGETS, delegated("role", "dir/*"))
        repository.add_file("role", b"content", "dir/file")
        repository.update_snapshot()
        assert post.download("dir/file")
        versions = [2, 1, 1] if consistent else [None] * 3
        assert repository.asked == [
            (ROOT, 2), (ROOT, 3), (TIMESTAMP, None),
            *zip((SNAPSHOT, TARGETS, "role"), versions, strict=True),
        ]  # fmt: skip
        (name,) = repository.asked_files
        assert (name == "dir/file") is not consistent
        assert name.endswith("file")


class TestFileDownload:
    def test_client_downloads_expected_file(self, repository: Repository, post: Post) -> None:
        repository.add_file(TARGETS, b"content", "file")
        repository.add_file(TARGETS, b"other", "deep/er/file")
        repository.targets.version += 1
        repository.update_snapshot()
        assert post.download("file")
        assert post.download("deep/er/file")
        assert post.got == {"file": b"content", "deep/er/file": b"other"}
        repository.asked_files.clear()
        assert post.download("file")
        assert not repository.asked_files

    @pytest.mark.parametrize("data", [b"evil!!!", b"short", b"content and more", None])
    def test_repository_substitutes_target_file(
        self, repository: Repository, post: Post, data: bytes | None
    ) -> None:
        found = repository.add_file(TARGETS, b"content", "file")
        repository.targets.version += 1
        repository.update_snapshot()
        name = f"{found.hashes['sha256']}.file"
        if data is None:
            del repository.files[name]
        else:
            repository.files[name] = data
        assert not post.download("file")
        assert not post.got
        repository.files[name] = b"content"
        assert post.download("file")

    def test_multiple_changes_to_target(self, repository: Repository, post: Post) -> None:
        for number in range(4):
            repository.add_file(TARGETS, b"content %d" % number, "file")
            repository.targets.version += 1
            repository.update_snapshot()
            assert post.download("file")
            assert post.got["file"] == b"content %d" % number
        # What is not signed for is not taken.
        repository.add_file(TARGETS, b"unsigned", "file")
        assert post.download("file")
        assert post.got["file"] == b"content 3"

    def test_what_nobody_has_signed_for(self, repository: Repository, post: Post) -> None:
        repository.files["file"] = b"content"
        assert not post.download("file")
        assert not repository.asked_files

    @pytest.mark.parametrize("algorithms", [["sha256"], ["sha512"], ["sha512", "sha256"]])
    def test_digests(self, repository: Repository, post: Post, algorithms: list[str]) -> None:
        """By whatever digests are named, and by all of them. A network names SHA-256 and no other."""
        found = repository.add_file(TARGETS, b"content", "file", *algorithms)
        repository.targets.version += 1
        repository.update_snapshot()
        assert post.download("file")
        for algorithm in algorithms:
            post.got.clear()
            before = found.hashes[algorithm]
            found.hashes[algorithm] = "0" * len(before)
            repository.files[f"{'0' * len(before)}.file"] = b"content"
            repository.targets.version += 1
            repository.update_snapshot()
            assert not post.download("file")
            found.hashes[algorithm] = before

    def test_meta_missing_delegated_role(self, repository: Repository, post: Post) -> None:
        repository.delegate(TARGETS, delegated("role"))
        repository.update_snapshot()
        post.refresh()
        repository.delegate(TARGETS, delegated("unlisted"))
        repository.targets.version += 1
        repository.snapshot.meta["targets.json"].version += 1
        repository.snapshot.version += 1
        repository.update_timestamp()
        assert not post.download("nothing")
        assert "unlisted" not in kept(post)


UNUSUAL = [
    "?",
    "#",
    "/delegatedrole",
    "../delegatedrole",
    "..",
    ".",
    "/",
    "%2F",
    "a b",
    "ö",
    "a\\b",
    "\n",
]


class TestQuotingIssues:
    @pytest.mark.parametrize("name", UNUSUAL)
    def test_unusual_role_name(
        self, repository: Repository, post: Post, name: str, tmp_path: Path
    ) -> None:
        repository.delegate(TARGETS, delegated(name))
        repository.add_file(name, b"content", "file")
        repository.update_snapshot()
        assert post.download("file")
        (wire, version) = repository.asked[-1]
        assert version == 1
        assert not set(wire) & set("/#?\\ \n")
        assert post.version(name) == 1
        # As a file it lies in the client's folder and nowhere else, and is found there again.
        folder = tmp_path / "in"
        folder.mkdir()
        tuf_conformance.save(folder, post.client.kept)
        assert {path.parent for path in tmp_path.rglob("*.json")} == {folder}
        assert tuf_conformance.load(folder) == post.client.kept

    @pytest.mark.parametrize("path", ["a#b", "a?b", "a%2Fb", "a b", "d#r/x", "ö"])
    def test_unusual_file_name(self, repository: Repository, post: Post, path: str) -> None:
        repository.add_file(TARGETS, b"content", path)
        repository.targets.version += 1
        repository.update_snapshot()
        assert post.download(path)
        assert not set(repository.asked_files[-1]) & set("#? ")


GRAPHS = {
    "basic delegation": ("T>A", "A"),
    "single level delegations": ("T>A T>B", "AB"),
    "two-level delegations": ("T>A T>B B>C", "ABC"),
    "two-level test DFS order of traversal": ("T>A T>B A>C A>D", "ACDB"),
    "three-level delegation test DFS order of traversal": ("T>A T>B A>C C>D", "ACDB"),
    "two-level terminating ignores all but role's descendants": ("T>A T>B A>C! A>D", "AC"),
    "three-level terminating ignores all but role's descendants": ("T>A T>B A>C! C>D", "ACD"),
    "two-level ignores all branches not matching 'paths'": ("T>A:*.py T>B A>C", "B"),
    "three-level ignores all branches not matching 'paths'": ("T>A T>B A>C:*.py C>D", "AB"),
    "cyclic graph": ("T>A T>B B>C C>D D>B", "ABCD"),
    "two roles delegating to a third": ("T>A T>B B>C A>C", "ACB"),
    "two roles delegating to a third different 'paths'": ("T>A T>B B>C A>C:*.py", "ABC"),
    "max number of delegations": ("T>A T>B T>C C>D C>E", "ABCD"),
}


def grown(repository: Repository, text: str) -> None:
    """Delegate as a graph says."""
    for one in text.split():
        link, _, path = one.partition(":")
        above, _, below = link.rstrip("!").partition(">")
        role = delegated(below, *([path] if path else []), terminating=link.endswith("!"))
        repository.delegate(TARGETS if above == "T" else above, role)
    repository.update_snapshot()


class TestDelegationGraphs:
    @pytest.mark.parametrize("case", GRAPHS)
    def test_graph_traversal(
        self, repository: Repository, post: Post, case: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tuf_conformance, "MAX_ROLES", 4)
        graph, visited = GRAPHS[case]
        grown(repository, graph)
        post.refresh()
        repository.asked.clear()
        assert not post.download("missingpath")
        assert post.error == "network-missing"
        assert repository.asked[2:] == [(role, 1) for role in visited]
        assert kept(post) == sorted([*TRUNK, *visited])

    def test_invalid_metadata(self, repository: Repository, post: Post) -> None:
        grown(repository, "T>invalid T>B invalid>C")
        repository.signers["invalid"].clear()
        assert not post.download("missingpath")
        assert post.error == "network-unsigned"
        assert kept(post) == sorted(TRUNK)

    def test_an_expired_role(self, repository: Repository, post: Post) -> None:
        """The framework takes none. A network takes it and doubts its participant, and nobody else."""
        grown(repository, "T>A")
        repository.signed["A"].expires = PAST
        assert not post.download("missingpath")
        assert post.error == "network-expired"

    @pytest.mark.parametrize("first", [True, False])
    def test_cached_role_is_verified_against_current_delegator(
        self, repository: Repository, post: Post, first: bool
    ) -> None:
        """test_shared_delegation_signature_check: believed through one, it is not believed through another."""
        grown(repository, "T>A:path-a T>B:path-b A>release:path-a B>release:path-b")
        repository.add_file("release", b"a", "path-a")
        repository.add_file("release", b"b", "path-b")
        repository.signers["release"].pop(1)
        if first:
            assert post.download("path-a")
        assert not post.download("path-b")
        assert post.error == "network-unsigned"

    @pytest.mark.parametrize("path", ["file5.txt", "file6.txt", "another.txt"])
    def test_hash_bins_graph_traversal(self, repository: Repository, post: Post, path: str) -> None:
        prefixes = {"role1": "89ab", "role2": "0123", "role3": "cdef", "role4": "4567"}
        for name, digits in prefixes.items():
            role = DelegatedRole(name, [], 1, False, None, [*digits])
            repository.delegate(TARGETS, role)
        repository.update_snapshot()
        digit = hashlib.sha256(path.encode()).hexdigest()[0]
        expected = next(name for name, digits in prefixes.items() if digit in digits)
        assert not post.download(path)
        assert repository.asked[-1] == (expected, 1)
        assert kept(post) == sorted([*TRUNK, expected])

    @pytest.mark.parametrize("bits", [1, 2, 8])
    def test_succinct_roles_graph_traversal(
        self, repository: Repository, post: Post, bits: int
    ) -> None:
        repository.delegate_bins(bits, "bin")
        repository.update_snapshot()
        assert not post.download("missingpath")
        (only,) = set(kept(post)) - set(TRUNK)
        assert only.startswith("bin-")
        assert repository.asked[-1] == (only, 1)

    @pytest.mark.parametrize("bits", [1, 3])
    def test_download_targets_with_succinct_roles(
        self, repository: Repository, post: Post, bits: int
    ) -> None:
        repository.delegate_bins(bits, "bin")
        bins = repository.targets.delegations
        assert bins is not None
        assert bins.succinct_roles is not None
        paths = [f"file-{number}" for number in range(6)]
        for path in paths:
            repository.add_file(bins.succinct_roles.get_role_for_target(path), path.encode(), path)
        repository.update_snapshot()
        assert all(map(post.download, paths))
        assert post.got == {path: path.encode() for path in paths}

    @pytest.mark.parametrize(
        ("path", "found"),
        [("targetfile", b"targets"), ("a/file", b"A"), ("b/file", b"B"), ("x/file", None), ("c/file", None)],
    )  # fmt: skip
    def test_targetfile_search(
        self, repository: Repository, post: Post, path: str, found: bytes | None
    ) -> None:
        """A role is believed for its own paths: what C signs below `b/` is not found, nor below `x/`."""
        grown(repository, "T>A:a/* T>B:b/* T>C:c/*.py")
        repository.add_file("A", b"A", "a/file")
        repository.add_file("B", b"B", "b/file")
        repository.add_file("C", b"C", "c/file")
        repository.add_file("A", b"foreign", "x/file")
        repository.signed["C"].targets["b/file"] = repository.signed["A"].targets["x/file"]
        repository.add_file(TARGETS, b"targets", "targetfile")
        repository.targets.version += 1
        repository.update_snapshot()
        assert post.download(path) is (found is not None)
        assert post.got.get(path) == found


class TestStaticRepositories:
    """Repositories as other implementations write them: by hand, other spelling, more in it than is known."""

    @pytest.mark.parametrize("indent", [None, 1, 4])
    def test_other_spelling(self, repository: Repository, post: Post, indent: int | None) -> None:
        repository.add_file(TARGETS, b"content", "file", "sha512", "sha256")
        repository.targets.version += 1
        repository.update_snapshot()
        make = repository.made

        def spelled(role: str) -> bytes:
            made = json.loads(make(role))
            made["signed"] = dict(reversed(made["signed"].items()))
            return json.dumps(made, indent=indent).encode()

        vars(repository)["made"] = spelled
        repository.publish_root()
        assert post.download("file")

    def test_more_than_is_known(self, repository: Repository, post: Post) -> None:
        for signed in repository.signed.values():
            signed.unrecognized_fields |= {"x-tuf-on-ci-expiry-period": 365, "_type-of": None}
        for one in repository.root.keys.values():
            one.unrecognized_fields["x-tuf-on-ci-keyowner"] = "@somebody"
        repository.root.roles[ROOT].unrecognized_fields["x-more"] = [1]
        repository.snapshot.meta["targets.json"].unrecognized_fields["x-more"] = {}
        repository.publish_root()
        assert post.refresh()

    def test_empty_signatures(self, repository: Repository, post: Post) -> None:
        """A place that is kept for somebody who has not signed (tuf-on-ci writes such)."""
        for role in (TIMESTAMP, SNAPSHOT, TARGETS):
            one = repository.add_key(role)
            repository.signers[role].remove(one)
            make = repository.made
            repository.publish_root()
            made = json.loads(make(role))
            made["signatures"].append({"keyid": one.public_key.keyid, "sig": ""})
            instead(repository, role, json.dumps(made).encode())
        assert post.refresh()

    def test_older_versions_of_the_specification(self, repository: Repository, post: Post) -> None:
        for role, signed in repository.signed.items():
            if role != ROOT:
                signed.spec_version = "1.0.0"
        assert post.refresh()
        repository.timestamp.spec_version = "2.0.0"
        repository.timestamp.version += 1
        post_before = post.versions()
        instead(repository, TIMESTAMP, with_signed(repository, TIMESTAMP, spec_version="2.0.0"))
        assert not post.refresh()
        assert post.versions() == post_before


def with_signed(repository: Repository, role: str, **fields: object) -> bytes:
    """Return a role's metadata with fields that the reference implementation would not write."""
    signed = {**Metadata(repository.signed[role]).signed.to_dict(), **fields}
    text = encode_canonical(signed)
    assert text is not None
    found = [one.sign(text.encode()).to_dict() for one in repository.signers[role]]
    return json.dumps({"signatures": found, "signed": signed}).encode()


class TestCommands:
    """The suite's own protocol, over a folder in place of a server."""

    def run(self, *words: Any) -> int:
        return tuf_conformance.main([str(word) for word in words])

    def test_init_refresh_download(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Clock:
            @staticmethod
            def now(_: object) -> Any:
                return NOW

        def opened(source: str) -> Callable[[str, int], bytes | None]:
            return repository.metadata if source.endswith("metadata/") else repository.target

        monkeypatch.setattr(tuf_conformance, "datetime", Clock)
        monkeypatch.setattr(http, "opened", opened)
        repository.add_file(TARGETS, b"content", "dir/file")
        repository.targets.version += 1
        repository.update_snapshot()
        (tmp_path / "root").write_bytes(repository.roots[0])
        folder, url = tmp_path / "metadata", ("--metadata-url", "http://localhost/metadata/")
        first = ("--metadata-dir", folder)
        assert self.run(*first, "init", tmp_path / "root") == 0
        assert [path.name for path in folder.iterdir()] == ["root.json"]
        assert self.run(*url, *first, "refresh") == 0
        assert sorted(path.stem for path in folder.iterdir()) == TRUNK
        more = ("--target-dir", tmp_path / "got", "--target-base-url", "http://localhost/targets/")
        for name, code in (("dir/file", 0), ("nothing", 1)):
            words = (*url, *first, "--target-name", name, *more, "download")
            assert self.run(*words) == code
        assert [path.read_bytes() for path in (tmp_path / "got").iterdir()] == [b"content"]
        repository.timestamp.version = 1
        assert self.run(*url, *first, "refresh") == 1
        assert self.run(*first, "init", folder / "targets.json") == 1
