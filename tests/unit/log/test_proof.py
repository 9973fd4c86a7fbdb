"""Proofs for the road, quorums, and what it takes to show two people two logs."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.tlog import merkle, note
from pratique.tlog.checkpoint import Proof, Quorum, check_proof
from pratique.tlog.merkle import EMPTY, leaf_hash, listed
from pratique.tlog.note import NoteKey
from tests.unit.log import seen
from tests.unit.log.seen import AT, cosigned, flipped, log_key, quorum, witness

LEAVES = [b"leaf %d" % number for number in range(40)]
HASHES = [leaf_hash(data) for data in LEAVES]
ROOT = merkle.root(listed(HASHES), 40)


def _proof(number: int = 17, *by: int) -> Proof:
    path = merkle.inclusion(listed(HASHES), number, 40)
    return Proof(number, path, seen.checkpoint(40, ROOT, *(by or range(5))))


def test_a_leaf_is_proven_without_asking_anybody() -> None:
    held = Proof.from_bytes(_proof().to_bytes())
    found = check_proof(held, LEAVES[17], quorum())
    assert (found.checkpoint.size, found.checkpoint.root) == (40, ROOT)
    assert found.times == (AT,) * 5


def test_a_proof_reads_as_text() -> None:
    rows = _proof()._replace(extra=b"\1\2\3").to_bytes().decode().split("\n")
    assert rows[:3] == ["c2sp.org/tlog-proof@v1", "extra AQID", "index 17"]
    assert rows[3:9] == [*map(note.armoured, _proof().path)]
    assert rows[9:12] == ["", "log.invented.example", "40"]
    assert Proof.from_bytes("\n".join(rows).encode()).extra == b"\1\2\3"


def test_twenty_steps_and_five_witnesses_fit_in_two_thousand_bytes() -> None:
    big = Proof(1 << 19, (ROOT,) * 20, seen.checkpoint(1 << 20, ROOT, *range(5)))
    assert len(big.to_bytes()) <= 2000


def test_too_few_witnesses_prove_nothing() -> None:
    for count in range(1, 5):
        for by in combinations(range(7), count):
            with pytest.raises(DocumentRefused) as refused:
                check_proof(_proof(17, *by), LEAVES[17], quorum())
            assert refused.value.code == "log-quorum"
    for by in combinations(range(7), 5):
        assert check_proof(_proof(17, *by), LEAVES[17], quorum())


def test_a_stranger_s_cosignature_does_not_count() -> None:
    with pytest.raises(DocumentRefused) as refused:
        check_proof(_proof(17, 0, 1, 2, 3, 9), LEAVES[17], quorum())
    assert refused.value.code == "log-quorum"


def test_one_wrong_cosignature_spoils_the_note() -> None:
    held = _proof(17, *range(6))
    own = held.note.signatures[-1]
    bent = held.note.with_signatures(own._replace(body=flipped(own.body, 100)))
    with pytest.raises(DocumentRefused) as refused:
        check_proof(held._replace(note=bent), LEAVES[17], quorum())
    assert refused.value.code == "log-cosignature"


def test_another_leaf_is_not_proven() -> None:
    for number, leaf in ((17, LEAVES[16]), (17, b"")):
        with pytest.raises(DocumentRefused) as refused:
            check_proof(_proof(number), leaf, quorum())
        assert refused.value.code == "log-inclusion"


def test_a_log_that_has_not_signed_proves_nothing() -> None:
    held = _proof()
    unsigned = held.note._replace(signatures=held.note.signatures[1:])
    with pytest.raises(DocumentRefused) as refused:
        check_proof(held._replace(note=unsigned), LEAVES[17], quorum())
    assert refused.value.code == "log-unsigned"


@settings(max_examples=500)
@given(st.integers(0, len(_proof().to_bytes()) - 1), st.integers(0, 255))
def test_no_altered_byte_of_a_proof_is_believed(at: int, byte: int) -> None:
    data = _proof().to_bytes()
    bent = data[:at] + bytes((byte,)) + data[at + 1 :]
    if bent == data:
        return
    with pytest.raises(DocumentRefused) as refused:
        check_proof(Proof.from_bytes(bent), LEAVES[17], quorum(7, 5))
    assert refused.value.code.startswith("log-")


@settings(max_examples=300)
@given(st.binary(max_size=300) | st.text("ceindxtra 019\n=—A", max_size=60).map(str.encode))
@example(_proof().to_bytes())
@example(b"c2sp.org/tlog-proof@v1\nindex 1\n\n")
@example(b"c2sp.org/tlog-proof@v1\n\n\n\n")
@example(b"c2sp.org/tlog-proof@v1\nextra \nindex 1\n\n")
@example(b"c2sp.org/tlog-proof@v1\nindex 01\n\n")
def test_no_bytes_make_a_proof_raise_anything_else(data: bytes) -> None:
    read: list[Proof] = []
    code = seen.code(lambda: read.append(Proof.from_bytes(data)))
    assert (code in {"log-proof", "log-note"}) != (read != [] and read[0].to_bytes() == data)


def test_the_floor_is_what_enough_witnesses_say() -> None:
    note = seen.checkpoint(40, ROOT)
    for number, late in enumerate((5, 9, 1, 7, 3, 10**9)):
        note = cosigned(note, number, at=AT + late)
    found = quorum().seen(note)
    # One liar from the future moves nothing: five of them would be needed.
    assert found.floor == AT + 3
    assert found.times[0] == AT + 10**9


@pytest.mark.parametrize(
    "bent",
    [
        quorum(7, 0), quorum(7, 8), quorum(7, 3), quorum(6, 3), quorum(0, 0), quorum(33, 20),
        Quorum(log_key(), (witness(0), witness(0)), 2),
        Quorum(log_key(), (witness(0), witness(0)._replace(name="other")), 2),
        Quorum(log_key(), (witness(0), witness(1)._replace(name=witness(0).name)), 2),
        Quorum(log_key(), (log_key()._replace(kind=4, name="w"),), 1),
        Quorum(log_key(), (NoteKey("w", 6, b"m" * 1312),), 1),
        Quorum(log_key()._replace(kind=4), (witness(0),), 1),
    ],
)  # fmt: skip
def test_what_is_no_quorum_is_refused(bent: Quorum) -> None:
    with pytest.raises(DocumentRefused) as refused:
        bent.check()
    assert refused.value.code == "log-policy"
    with pytest.raises(DocumentRefused):
        bent.seen(seen.checkpoint(40, ROOT, 0, 1, 2, 3, 4, 5, 6))


def _split_view(n: int, q: int, dishonest: frozenset[int]) -> bool:
    """Tell whether a log can have two trees of one size believed, whatever it asks of whom.

    An honest witness cosigns one of the two, and the log chooses which.
    """
    one, other = leaf_hash(b"one"), leaf_hash(b"other")
    honest = [number for number in range(n) if number not in dishonest]
    policy = quorum(n, q)
    for count in range(len(honest) + 1):
        for first in combinations(honest, count):
            rest = tuple(set(honest) - set(first))
            shown = [seen.checkpoint(1, one, *first, *dishonest)]
            shown.append(seen.checkpoint(1, other, *rest, *dishonest))
            codes = [seen.code(partial(policy.seen, note)) for note in shown]
            assert set(codes) <= {"", "log-quorum"}
            if codes == ["", ""]:
                return True
    return False


@pytest.mark.parametrize(
    ("n", "q"),
    [*((n, q) for n in range(1, 7) for q in range(1, n + 1) if 2 * q > n), (7, 5)],
)
def test_two_views_take_2q_minus_n_dishonest_witnesses(n: int, q: int) -> None:
    needed = 2 * q - n
    for count in range(needed):
        for dishonest in combinations(range(n), count):
            assert not _split_view(n, q, frozenset(dishonest))
    # The positive control: with just so many the log succeeds, whoever they are.
    for dishonest in combinations(range(n), needed):
        assert _split_view(n, q, frozenset(dishonest))


def test_an_empty_log_can_be_seen_and_proves_nothing() -> None:
    note = seen.checkpoint(0, EMPTY, *range(5))
    assert quorum().seen(note).checkpoint.size == 0
    with pytest.raises(DocumentRefused) as refused:
        check_proof(Proof(0, (), note), b"", quorum())
    assert refused.value.code == "log-inclusion"
