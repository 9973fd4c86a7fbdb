"""Tiles hold the tree that was put in: against a naive tree, at every step that matters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.tlog import merkle
from pratique.tlog.merkle import Frontier, complete, leaf_hash, listed
from pratique.tlog.tiles import ENTRIES, Tile, Tiles, grown, pack, unpack
from tests.unit.log import seen

PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/0/000.p/1": Tile(0, 0, 1),
    "tile/0/255.p/255": Tile(0, 255, 255),
    "tile/0/x001/234.p/5": Tile(0, 1234, 5),
    "tile/3/x001/x234/067": Tile(3, 1234067),
    "tile/entries/x001/x234/067.p/8": Tile(ENTRIES, 1234067, 8),
    "tile/63/000": Tile(63, 0),
}
"""`x001/x234/067` is the example of C2SP tlog-tiles; the others are our own."""
ODD_PATHS = [
    "", "tile", "tile/0", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
    "tile/0/x000/005", "tile/0/001/234", "tile/0/x001", "tile/0/x001/x234", "tile/0/000.p/0", "tile/0/000.p/256",
    "tile/0/000.p/05", "tile/0/000.p/", "tile/0/000.p", "/tile/0/000", "tile/0/000\n", "tile/leaves/000",
    "tile/0/\u0660\u0660\u0660", "tile/0/../000", "tile/0/000.p/999",
]  # fmt: skip
DATA = [b"leaf %d" % number for number in range(70_000)]


@pytest.mark.parametrize(("path", "tile"), PATHS.items())
def test_a_path_is_a_tile_and_back(path: str, tile: Tile) -> None:
    assert tile.path() == path
    assert Tile.from_path(path) == tile


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_has_one_spelling(path: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        Tile.from_path(path)
    assert refused.value.code == "log-path"


def _held(*sizes: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for before, size in zip((0, *sizes), sizes, strict=False):
        files |= grown(files.get, before, DATA[before:size])
    return files


@pytest.mark.parametrize(
    "sizes", [(1,), (1, 2, 3), (255, 256, 257), (256,), (300, 511, 512, 513), (3, 1000), (65_530, 65_537, 66_000)]
)  # fmt: skip
def test_tiles_hold_the_tree(sizes: tuple[int, ...]) -> None:
    files, size = _held(*sizes), sizes[-1]
    hashes = [leaf_hash(data) for data in DATA[:size]]
    nodes, found = listed(hashes), Tiles(files.get, size)
    assert merkle.root(found, size) == merkle.root(nodes, size)
    assert Frontier.read(found, size).hashes == Frontier.read(nodes, size).hashes
    for index in {0, size // 3, size - 1, min(255, size - 1), min(256, size - 1)}:
        assert merkle.inclusion(found, index, size) == merkle.inclusion(nodes, index, size)
    for old in {1, size // 2, size - 1, *sizes}:
        assert merkle.consistency(found, old, size) == merkle.consistency(nodes, old, size)
    assert found.entries(0, size) == DATA[:size]
    assert found.entries(size // 2, size) == DATA[size // 2 : size]
    assert found.entries(size, size) == []


def test_every_size_on_the_way_can_be_read_from_what_is_kept() -> None:
    sizes = (1, 7, 255, 256, 258, 600)
    files = _held(*sizes)
    nodes = listed([leaf_hash(data) for data in DATA[:600]])
    for size in sizes:
        assert merkle.root(Tiles(files.get, size), size) == merkle.root(nodes, size)


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one() -> None:
    files = {path: data for path, data in _held(255, 600).items() if ".p/255" not in path}
    found = Tiles(files.get, 255)
    assert merkle.root(found, 255) == merkle.root(listed(list(map(leaf_hash, DATA[:255]))), 255)
    assert found.entries(0, 255) == DATA[:255]


def test_the_same_leaves_in_any_steps_make_the_same_full_tiles() -> None:
    whole = _held(600)
    stepped = _held(*range(37, 600, 37), 600)
    assert {path: stepped[path] for path in whole} == whole


def test_a_damaged_or_missing_tile_is_refused() -> None:
    files = _held(300)
    for path in files:
        for bent in (None, files[path][:-1], files[path] + b"\0", b""):
            held: dict[str, bytes | None] = {**files, path: bent}
            assert seen.code(partial(_read_all, held, 300)) == "log-tile"


def _read_all(files: Mapping[str, bytes | None], size: int) -> None:
    found = Tiles(files.get, size)
    found.entries(0, size)
    for height, index in [(0, 0), *complete(0, size)]:
        found(height, index)


def test_what_is_not_there_yet_is_refused() -> None:
    found = Tiles(_held(300).get, 300)
    for ask in (
        lambda: found(0, 300),
        lambda: found(9, 0),
        lambda: found.entries(0, 301),
        lambda: found(0, 1 << 40),
    ):
        with pytest.raises(DocumentRefused) as refused:
            ask()
        assert refused.value.code == "log-tile"


def test_a_damaged_log_does_not_grow() -> None:
    files = _held(300)
    for path in ("tile/0/001.p/44", "tile/entries/001.p/44"):
        for bent in (None, files[path][:-1]):
            held: dict[str, bytes | None] = {**files, path: bent}
            with pytest.raises(DocumentRefused):
                grown(held.get, 300, [b"more"])
    with pytest.raises(ValueError, match="larger"):
        grown(files.get, 300, [b"x" * 65_536])


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_leaves_are_packed_and_unpacked(leaves: list[bytes]) -> None:
    assert unpack(pack(leaves), len(leaves)) == leaves


@settings(max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 5))
def test_no_bytes_make_unpacking_raise_anything_else(data: bytes, count: int) -> None:
    read: list[list[bytes]] = []
    code = seen.code(lambda: read.append(unpack(data, count)))
    assert (code == "log-tile") != (read != [] and pack(read[0]) == data)
