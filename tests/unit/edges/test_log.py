"""A log on the disk, and a witness's ledger: whole after a kill, refused when damaged, forward only."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.store import keys
from pratique.store import ledger as store_ledger
from pratique.store.ledger import Ledger
from pratique.store.log import HEAD, LogFolder
from pratique.tlog import merkle
from pratique.tlog.checkpoint import Checkpoint, opened, signed
from pratique.tlog.merkle import leaf_hash, listed
from pratique.tlog.tiles import Tiles
from pratique.tlog.witness import (
    CosignatureRequest,
    LastCosigned,
    RefusedRequest,
    Witness,
    cosigned,
)
from tests.killing import killed_at_work
from tests.unit.log import seen

LEAVES = [b"leaf %d" % number for number in range(2000)]
KEY = seen.key(seen.ORIGIN)


def _log(folder: Path) -> LogFolder:
    return LogFolder(folder / "log", seen.log_key())


def _code(ask: Callable[[], object]) -> str:
    with pytest.raises(PratiqueError) as refused:
        ask()
    return refused.value.code


def test_a_log_grows_and_is_read_by_another(tmp_path: Path) -> None:
    log = _log(tmp_path)
    assert (log.head(), log.published(), log.size()) == (None, None, 0)
    for start, end in ((0, 3), (3, 3), (3, 300), (300, 301)):
        note = log.append(LEAVES[start:end], KEY)
        nodes = listed(list(map(leaf_hash, LEAVES[:end])))
        wanted = Checkpoint(seen.ORIGIN, end, merkle.root(nodes, end))
        assert opened(note, seen.log_key()) == wanted
        assert _log(tmp_path).tree().entries(0, end) == LEAVES[:end]
    assert log.published() is None


def test_what_everybody_reads_moves_forward_only(tmp_path: Path) -> None:
    log = _log(tmp_path)
    first = log.append(LEAVES[:3], KEY)
    second = seen.cosigned(log.append(LEAVES[3:5], KEY), *range(5))
    log.publish(seen.cosigned(first, 0, 1))
    log.publish(second)
    assert log.published() == second
    assert _code(lambda: log.publish(first)) == "log-backwards"
    ahead = signed(Checkpoint(seen.ORIGIN, 9, bytes(32)), KEY)
    assert _code(lambda: log.publish(ahead)) == "log-backwards"
    other = signed(Checkpoint(seen.ORIGIN, 5, bytes(32)), KEY)
    assert _code(lambda: log.publish(other)) == "log-forked"
    log.publish(seen.cosigned(second, 5, at=seen.AT + 60))


def test_partial_tiles_go_when_the_full_one_is_published(tmp_path: Path) -> None:
    log = _log(tmp_path)
    small = log.append(LEAVES[:200], KEY)
    log.publish(small)
    big = log.append(LEAVES[200:600], KEY)
    partial = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.p/*"))
    assert "log/tile/0/000.p/200" in partial
    log.publish(big)
    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.p/*"))
    assert left == ["log/tile/0/002.p/88", "log/tile/1/000.p/2", "log/tile/entries/002.p/88"]
    assert Tiles(log.read, 200).entries(0, 200) == LEAVES[:200]
    assert log.tree().entries(0, 600) == LEAVES[:600]
    log.append(LEAVES[600:601], KEY)


def test_a_log_that_is_damaged_does_not_grow(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.append(LEAVES[:300], KEY)
    tile = tmp_path / "log/tile/0/001.p/44"
    data = tile.read_bytes()
    tile.write_bytes(seen.flipped(data, 5))
    assert _code(lambda: log.append(LEAVES[:1], KEY)) == "log-damaged"
    tile.unlink()
    assert _code(lambda: log.append(LEAVES[:1], KEY)) == "log-tile"
    tile.write_bytes(data)
    (tmp_path / "log" / HEAD).write_bytes(b"no checkpoint")
    assert _code(lambda: log.append(LEAVES[:1], KEY)) == "log-note"


def test_another_key_adds_nothing(tmp_path: Path) -> None:
    log = _log(tmp_path)
    assert _code(lambda: log.append(LEAVES[:1], seen.key("other"))) == "log-unsigned"
    assert log.head() is None


def _adding(log: LogFolder, tell: Callable[[bytes], object]) -> None:
    while True:
        log.append(LEAVES[:7], KEY)
        tell(b"added\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_log_that_was_killed_goes_on(tmp_path: Path) -> None:
    log, draw, done = _log(tmp_path), random.Random(7), 0
    for _ in range(25):
        begun = log.size()
        said = len(killed_at_work(partial(_adding, log), draw.randrange(4), draw.uniform(0, 0.01)))
        # One more may be there than was said, and none less.
        assert log.size() - begun in {7 * said, 7 * (said + 1)}
        done += said
        size = log.size()
        leaves = log.tree().entries(0, size)
        head = log.head()
        assert leaves == (LEAVES[:7] * size)[:size]
        if head is not None:
            nodes = listed(list(map(leaf_hash, leaves)))
            assert opened(head, seen.log_key()).root == merkle.root(nodes, size)
    assert done > 0


NODES = listed([leaf_hash(data) for data in LEAVES])


def _held(size: int) -> LastCosigned:
    return LastCosigned(size, merkle.root(NODES, size), seen.AT)


def test_a_ledger_swaps_what_it_holds_and_nothing_else(tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.db")
    assert ledger.held("a") == LastCosigned()
    assert ledger.swap("a", LastCosigned(), _held(3))
    assert not ledger.swap("a", LastCosigned(), _held(4))
    assert not ledger.swap("a", _held(4), _held(5))
    assert ledger.swap("a", _held(3), _held(5))
    assert ledger.swap("b", LastCosigned(), _held(1))
    assert Ledger(tmp_path / "ledger.db").held("a") == _held(5)
    largest = LastCosigned(merkle.MAX_SIZE, bytes(32), merkle.MAX_SIZE)
    assert ledger.swap("b", _held(1), largest)
    assert ledger.held("b") == largest


def _refused(
    size: int, code: str = "log-forked", request: bytes = b"?", at: int = seen.AT
) -> RefusedRequest:
    return RefusedRequest(size, bytes([size % 256]) * 32, at, code, request)


def test_a_ledger_keeps_one_request_of_each_tree_that_was_refused(tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.db")
    # One that was made before such were kept is read, and gets its table when there is something to keep.
    assert ledger.refused("a") == ()
    assert ledger.swap("a", LastCosigned(), _held(3))
    for one in (_refused(9, at=7), _refused(4, at=5), _refused(9, request=b"again")):
        ledger.refuse("a", one)
    ledger.refuse("b", _refused(1))
    again = Ledger(tmp_path / "ledger.db")
    assert again.refused("a") == (_refused(4, at=5), _refused(9, at=7))
    assert again.refused("b") == (_refused(1),)
    assert again.held("a") == _held(3)


def test_a_tree_that_was_cosigned_later_was_no_other_one(tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.db")
    ledger.swap("a", LastCosigned(), _held(3))
    spoilt = RefusedRequest(5, _held(5).root, seen.AT, "log-inconsistent", b"?")
    for one in (spoilt, _refused(5)):
        ledger.refuse("a", one)
    assert not ledger.swap("a", _held(4), _held(5))
    assert len(ledger.refused("a")) == 2
    assert ledger.swap("a", _held(3), _held(5))
    assert ledger.refused("a") == (_refused(5),)


def test_what_is_refused_is_kept_up_to_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_ledger, "MOST_REFUSED", 3)
    ledger = Ledger.make(tmp_path / "ledger.db")
    for size in range(1, 9):
        ledger.refuse("a", _refused(size))
    assert [one.size for one in ledger.refused("a")] == [1, 2, 3]


def test_a_refused_swap_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger.make(tmp_path / "ledger.db")
    assert not ledger.swap("a", _held(3), _held(5))
    assert ledger.held("a") == LastCosigned()


def test_a_ledger_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with pytest.raises(Unreadable) as gone:
        Ledger(path)
    assert gone.value.code == "ledger-missing"
    Ledger.make(path)
    with pytest.raises(UsageError):
        Ledger.make(path)
    path.write_bytes(b"no database, for sure" * 100)
    with pytest.raises(Unreadable) as damaged:
        Ledger(path).held("a")
    assert damaged.value.code == "ledger-unusable"


def _race(path: Path, own: int) -> int:
    return int(Ledger(path).swap("a", _held(1), _held(10 + own)))


def test_of_many_processes_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.make(path).swap("a", LastCosigned(), _held(1))
    with get_context("fork").Pool(4) as pool:
        won = pool.starmap(_race, [(path, own) for own in range(12)])
    assert sum(won) == 1
    assert Ledger(path).held("a") == _held(10 + won.index(1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_witness_that_was_killed_has_forgotten_no_cosignature_that_it_gave(
    tmp_path: Path,
) -> None:
    ledger, draw, done = Ledger.make(tmp_path / "ledger.db"), random.Random(11), 0
    name = seen.witness(0).name
    witness = Witness(name, seen.key(name), {seen.ORIGIN: seen.log_key()})

    def work(tell: Callable[[bytes], object]) -> None:
        while True:
            old = ledger.held(seen.ORIGIN).size
            note = signed(Checkpoint(seen.ORIGIN, old + 1, merkle.root(NODES, old + 1)), KEY)
            request = CosignatureRequest(old, merkle.consistency(NODES, old, old + 1), note)
            cosigned(request, witness, ledger, at=seen.AT)
            tell(b"given\n")

    for _ in range(20):
        begun = ledger.held(seen.ORIGIN).size
        said = len(killed_at_work(work, draw.randrange(4), draw.uniform(0, 0.02)))
        assert ledger.held(seen.ORIGIN).size - begun in {said, said + 1}
        done += said
    assert done > 0


def test_a_log_s_key_is_kept_as_the_others_are(tmp_path: Path) -> None:
    path = tmp_path / "keys/log.pem"
    made = keys.make_log_key(path, lambda: "four words in a row", "the log\n")
    assert keys.open_log_key(path, lambda: "four words in a row").public_key == made.public_key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError) as there:
        keys.make_log_key(path, lambda: "four words in a row", "")
    assert there.value.code == "key-exists"
    with pytest.raises(UsageError) as wrong:
        keys.open_log_key(path, lambda: "other words in a row")
    assert wrong.value.code == "key-password"
    with pytest.raises(DocumentRefused) as other:
        keys.open_key_file(path, lambda: "four words in a row")
    assert other.value.code == "key-algorithm"
