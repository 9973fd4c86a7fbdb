"""The tree of RFC 6962: the known vectors, every small tree, and random ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.tlog import merkle
from pratique.tlog.merkle import EMPTY, Frontier, check_consistency, leaf_hash, listed, root_of
from tests.unit.log import seen
from tests.unit.log.seen import flipped, naive, naive_path, naive_proof

KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
KNOWN_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The tree of the sources of Certificate Transparency, from no leaf to eight."""
KNOWN_PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
KNOWN_PROOFS = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
MOST = 130
LEAVES = [b"leaf %d" % number for number in range(MOST)]
HASHES = [leaf_hash(data) for data in LEAVES]
NODES = listed(HASHES)
ROOTS = [merkle.root(NODES, size) for size in range(MOST + 1)]


def _hexes(path: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in path]


def _refuses_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    led: list[bytes] = []
    code = seen.code(lambda: led.append(root_of(leaf, index, size, path)))
    return code == "log-inclusion" or led[0] != root


def _refuses_consistency(
    old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    code = seen.code(lambda: check_consistency(old, old_root, size, root, path))
    return code == "log-inconsistent"


def test_the_known_tree_has_its_known_roots() -> None:
    nodes = listed([leaf_hash(data) for data in KNOWN_LEAVES])
    assert [merkle.root(nodes, size).hex() for size in range(9)] == KNOWN_ROOTS
    assert [naive(KNOWN_LEAVES[:size]).hex() for size in range(9)] == KNOWN_ROOTS


@pytest.mark.parametrize(("index", "size"), KNOWN_PATHS)
def test_the_known_tree_has_its_known_paths(index: int, size: int) -> None:
    nodes = listed([leaf_hash(data) for data in KNOWN_LEAVES])
    assert _hexes(merkle.inclusion(nodes, index, size)) == KNOWN_PATHS[index, size]


@pytest.mark.parametrize(("old", "size"), KNOWN_PROOFS)
def test_the_known_tree_has_its_known_proofs_of_consistency(old: int, size: int) -> None:
    nodes = listed([leaf_hash(data) for data in KNOWN_LEAVES])
    assert _hexes(merkle.consistency(nodes, old, size)) == KNOWN_PROOFS[old, size]


def test_every_small_tree_is_as_the_rfc_writes_it() -> None:
    for size in range(66):
        assert ROOTS[size] == naive(LEAVES[:size])
        for index in range(size):
            assert list(merkle.inclusion(NODES, index, size)) == naive_path(index, LEAVES[:size])
        for old in range(1, size):
            assert list(merkle.consistency(NODES, old, size)) == naive_proof(old, LEAVES[:size])


def test_every_path_of_every_tree_up_to_130_leads_to_its_root() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            path = merkle.inclusion(NODES, index, size)
            assert root_of(HASHES[index], index, size, path) == ROOTS[size]


def test_every_proof_of_consistency_up_to_130_holds() -> None:
    for size in range(MOST + 1):
        for old in range(size + 1):
            path = merkle.consistency(NODES, old, size)
            check_consistency(old, ROOTS[old], size, ROOTS[size], path)


def test_no_altered_path_leads_to_the_root() -> None:
    for size in range(1, 66):
        for index in range(size):
            leaf, path = HASHES[index], list(merkle.inclusion(NODES, index, size))
            root = ROOTS[size]
            assert _refuses_inclusion(flipped(leaf, index), index, size, path, root)
            assert _refuses_inclusion(leaf, index, size, [*path, root], root)
            assert _refuses_inclusion(leaf, index, size, [root, *path], root)
            for at in range(len(path)):
                bent = [*path[:at], flipped(path[at], size), *path[at + 1 :]]
                assert _refuses_inclusion(leaf, index, size, bent, root)
                assert _refuses_inclusion(leaf, index, size, path[:at] + path[at + 1 :], root)
            for other in {index - 1, index + 1, size, size + 1, -1} - {index}:
                assert _refuses_inclusion(leaf, other, size, path, root)


def test_no_altered_proof_of_consistency_holds() -> None:
    for size in range(66):
        for old in range(size + 1):
            path = list(merkle.consistency(NODES, old, size))
            first, second = ROOTS[old], ROOTS[size]
            assert _refuses_consistency(old, flipped(first, size), size, second, path)
            if old or not size:
                assert _refuses_consistency(old, first, size, flipped(second, 7), path)
            assert _refuses_consistency(old, first, size, second, [*path, second])
            assert _refuses_consistency(old, first, size, second, [second, *path])
            for at in range(len(path)):
                bent = [*path[:at], flipped(path[at], size), *path[at + 1 :]]
                assert _refuses_consistency(old, first, size, second, bent)
                assert _refuses_consistency(old, first, size, second, path[:at] + path[at + 1 :])
            for other in {old - 1, old + 1} & set(range(1, size + 1)):
                assert _refuses_consistency(other, first, size, second, path)
            if old < size:
                assert _refuses_consistency(size, second, old, first, path)


def test_nothing_before_is_the_beginning_of_everything() -> None:
    check_consistency(0, EMPTY, 5, ROOTS[5], ())
    check_consistency(0, EMPTY, 0, EMPTY, ())
    check_consistency(5, ROOTS[5], 5, ROOTS[5], ())
    assert _refuses_consistency(0, ROOTS[5], 5, ROOTS[5], ())
    assert _refuses_consistency(0, EMPTY, 5, ROOTS[5], [ROOTS[5]])
    assert _refuses_consistency(0, EMPTY, 0, ROOTS[5], ())
    assert _refuses_consistency(5, ROOTS[5], 5, ROOTS[4], ())
    assert _refuses_consistency(3, ROOTS[3], 5, ROOTS[5], ())
    assert _refuses_consistency(4, ROOTS[4], 1 << 63, ROOTS[5], ())
    assert merkle.consistency(NODES, 0, 5) == merkle.consistency(NODES, 5, 5) == ()


def test_what_cannot_be_proven_is_not_made() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion(NODES, index, size)
    for old, size in ((6, 5), (-1, 5)):
        with pytest.raises(ValueError, match="does not shrink"):
            merkle.consistency(NODES, old, size)


def test_a_tree_that_grows_has_the_same_roots() -> None:
    growing = Frontier()
    for size, one in enumerate(HASHES):
        assert (growing.size, growing.root()) == (size, ROOTS[size])
        assert Frontier.read(NODES, size).hashes == growing.hashes
        growing.append(one)


def test_a_node_cannot_pass_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != merkle.node_hash(left, right)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3000), st.data())
def test_random_trees(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    nodes = listed(leaves)
    root = merkle.root(nodes, size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    path = list(merkle.inclusion(nodes, index, size))
    assert root_of(leaves[index], index, size, path) == root
    proof = list(merkle.consistency(nodes, old, size))
    check_consistency(old, merkle.root(nodes, old), size, root, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], flipped(proof[at], data.draw(st.integers(0, 255))), *proof[at + 1 :]]
        assert _refuses_consistency(old, merkle.root(nodes, old), size, root, bent)
