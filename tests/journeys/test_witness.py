"""A witness cosigns what grew out of what it has seen, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.tlog import checkpoint, merkle
from pratique.tlog.checkpoint import Checkpoint, opened, signed
from pratique.tlog.merkle import leaf_hash, listed
from pratique.tlog.note import Note, read_signatures
from pratique.tlog.witness import (
    SIZE,
    CosignatureRequest,
    LastCosigned,
    Witness,
    answered,
    cosigned,
)
from tests.logs import Memory
from tests.unit.log import seen
from tests.unit.log.seen import AT, ORIGIN, key, log_key

NODES = listed([leaf_hash(b"%d" % number) for number in range(64)])
OTHERS = listed([leaf_hash(b"%d" % (number % 60)) for number in range(64)])
WITNESS = Witness("w0.invented.example", key("w0.invented.example"), {ORIGIN: log_key()})


def _note(size: int, nodes: merkle.Nodes = NODES) -> Note:
    return signed(Checkpoint(ORIGIN, size, merkle.root(nodes, size)), key(ORIGIN))


def _request(old: int, size: int, nodes: merkle.Nodes = NODES) -> CosignatureRequest:
    path = merkle.consistency(nodes, old, size) if old <= size else ()
    return CosignatureRequest(old, path, _note(size, nodes))


def _code(request: CosignatureRequest, memory: Memory, at: int = AT) -> str:
    before = dict(memory)
    code = seen.code(lambda: cosigned(request, WITNESS, memory, at=at))
    if code:
        assert memory == before
    return code


def test_a_log_that_grows_is_cosigned() -> None:
    memory = Memory()
    for old, size in ((0, 0), (0, 1), (1, 1), (1, 7), (7, 8), (8, 64)):
        lines = cosigned(_request(old, size), WITNESS, memory, at=AT + size)
        note = _note(size).with_signatures(*read_signatures(lines))
        assert checkpoint.check_cosignature(note, seen.witness(0)) == AT + size
        assert memory[ORIGIN] == LastCosigned(size, merkle.root(NODES, size), AT + size)


def test_a_request_reads_as_text() -> None:
    data = _request(3, 5).to_bytes()
    assert data.startswith(b"old 3\n")
    assert CosignatureRequest.from_bytes(data) == _request(3, 5)


def test_every_other_tree_is_refused_at_every_size() -> None:
    for old in range(1, 64):
        for size in range(old, 65):
            memory = Memory({ORIGIN: LastCosigned(old, merkle.root(NODES, old), AT)})
            assert _code(_request(old, size), memory) == ""
            memory = Memory({ORIGIN: LastCosigned(old, merkle.root(NODES, old), AT)})
            forked = _request(old, size, OTHERS)
            same = merkle.root(NODES, old) == merkle.root(OTHERS, old)
            wanted = "" if same else "log-forked" if size == old else "log-inconsistent"
            assert _code(forked, memory) == wanted


@pytest.mark.parametrize(
    ("request_", "code", "number"),
    [
        (_request(5, 9), "log-conflict", 409),
        (_request(0, 9), "log-conflict", 409),
        (_request(9, 5), "log-request", 400),
        (_request(7, 5), "log-request", 400),
        (_request(7, 7, listed([leaf_hash(b"x")] * 7)), "log-forked", 409),
        (_request(7, 9)._replace(path=()), "log-inconsistent", 422),
        (_request(7, 9)._replace(path=_request(7, 10).path), "log-inconsistent", 422),
        (_request(7, 7)._replace(path=_request(7, 10).path), "log-inconsistent", 422),
        (CosignatureRequest(7, (), signed(Checkpoint("other", 9, bytes(32)), key("other"))), "log-unknown", 404),
        (CosignatureRequest(7, (), Note(_note(9).text, signed(Checkpoint("x", 9, bytes(32)), key("x")).signatures)), "log-unsigned", 403),
        (_request(7, 9)._replace(note=_note(9)._replace(text=_note(8).text)), "log-signature", 403),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_refused(
    request_: CosignatureRequest, code: str, number: int
) -> None:
    memory = Memory({ORIGIN: LastCosigned(7, merkle.root(NODES, 7), AT)})
    assert _code(request_, memory) == code
    answer = answered(request_.to_bytes(), WITNESS, memory, at=AT)
    assert answer.number == number
    if code == "log-conflict":
        # The log learns from it where to go on.
        assert (answer.kind, answer.body) == (SIZE, b"7\n")


STRANGE = listed([leaf_hash(b"x")] * 9)


def test_a_request_that_shows_another_tree_is_kept_with_the_logs_signature() -> None:
    for request, code in (
        (_request(7, 7, STRANGE), "log-forked"),
        (_request(7, 9, STRANGE), "log-inconsistent"),
        (_request(7, 9)._replace(path=()), "log-inconsistent"),
    ):
        memory = Memory({ORIGIN: LastCosigned(7, merkle.root(NODES, 7), AT)})
        assert _code(request, memory, AT + 5) == code
        (kept,) = memory.kept
        assert (kept.code, kept.at, kept.size) == (
            code,
            AT + 5,
            int(request.note.text.split("\n")[1]),
        )
        assert CosignatureRequest.from_bytes(kept.request) == request
        found = opened(CosignatureRequest.from_bytes(kept.request).note, log_key())
        assert (found.size, found.root) == (kept.size, kept.root)


def test_nothing_is_kept_of_what_the_log_has_not_signed_or_what_is_no_other_tree() -> None:
    memory = Memory({ORIGIN: LastCosigned(7, merkle.root(NODES, 7), AT)})
    forged = _request(7, 7, STRANGE)
    for request in (
        forged._replace(note=forged.note._replace(signatures=())),
        CosignatureRequest(7, (), signed(Checkpoint("other", 9, bytes(32)), key("other"))),
        _request(5, 9, STRANGE),
        _request(7, 5),
        _request(7, 9),
    ):
        answered(request.to_bytes(), WITNESS, memory, at=AT)
    assert memory.kept == []


def test_a_server_s_answer_is_the_cosignature() -> None:
    answer = answered(_request(0, 5).to_bytes(), WITNESS, Memory(), at=AT)
    assert answer.number == 200
    assert checkpoint.check_cosignature(
        _note(5).with_signatures(*read_signatures(answer.body.decode())), seen.witness(0)
    )


def test_a_clock_that_went_back_cosigns_nothing() -> None:
    memory = Memory()
    cosigned(_request(0, 5), WITNESS, memory, at=AT)
    assert _code(_request(5, 6), memory, AT - 1) == "log-clock"
    assert answered(_request(5, 6).to_bytes(), WITNESS, memory, at=AT - 1).number == 503


class Racing(Memory):
    """Another process cosigns between the look and the swap."""

    def swap(self, origin: str, before: LastCosigned, after: LastCosigned) -> bool:
        self[origin] = LastCosigned(6, merkle.root(NODES, 6), AT)
        return super().swap(origin, before, after)


def test_of_two_at_once_one_wins() -> None:
    memory = Racing({ORIGIN: LastCosigned(5, merkle.root(NODES, 5), AT)})
    with pytest.raises(DocumentRefused) as refused:
        cosigned(_request(5, 7), WITNESS, memory, at=AT)
    assert refused.value.code == "log-conflict"
    assert memory[ORIGIN].size == 6


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text("old 019\n=A—", max_size=50).map(str.encode))
@example(b"old 0\n\n")
@example(b"old 00\n\n" + _note(1).to_bytes())
@example(b"old -1\n\n" + _note(1).to_bytes())
@example(b"old 0\n" + b"A" * 44 + b"\n\n" + _note(1).to_bytes())
@example(b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + _note(1).to_bytes())
@example(b"x" * 70_000)
def test_no_bytes_make_a_witness_raise_or_remember_anything(data: bytes) -> None:
    memory = Memory()
    answer = answered(data, WITNESS, memory, at=AT)
    assert answer.number in {400, 403, 404}
    assert not memory
