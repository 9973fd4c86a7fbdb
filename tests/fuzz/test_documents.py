"""Damaged documents of a network: each is read, or refused as its reader says; nothing else is raised.

`make fuzz` damages a million. The damage is the same at every run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools import documents, fuzz
from tools.documents import Kind, Seen

COUNT = 2_000
TAKE_ALL = {"dossiers", "metadata as monitors read it", "applications"}
"""Readers that refuse nothing: what they cannot read they tell, or leave out."""


@pytest.fixture(scope="module")
def kinds() -> list[Kind]:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    return documents.kinds()


def last(found: Iterator[Seen]) -> Seen:
    *_, seen = found
    return seen


def test_the_valid_ones_are_read(kinds: list[Kind]) -> None:
    """Else the damage would not get behind the first check."""
    assert len({kind.name for kind in kinds}) == len(kinds) > 30
    for kind in kinds:
        assert kind.valid, kind.name
        for data in kind.valid:
            kind.read(data)


def test_damaged_ones_raise_nothing_but_their_refusal(kinds: list[Kind]) -> None:
    seen = last(documents.run(kinds, COUNT, seed=31))
    assert [(name, raised) for name, _, raised in seen.faults] == []
    assert sum(seen.read.values()) + sum(seen.refused.values()) == COUNT
    assert set(seen.refused) >= {kind.name for kind in kinds if kind.often > 2} - TAKE_ALL
    assert sum(seen.read.values()) > COUNT // 20


def test_a_planted_exception_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    def boom(data: bytes) -> object:
        raise RecursionError("planted")

    seen = last(documents.run([Kind("planted", (b"{}",), boom)], 3, seed=1))
    assert len(seen.faults) == 3
    assert "planted" in seen.faults[0][2]


def test_fuzz_tells_counts_and_ends_by_the_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setattr(fuzz, "KEPT", tmp_path)
    monkeypatch.setattr(documents, "kinds", lambda: [Kind("plain", (b"{}",), bytes)])
    assert fuzz.main(["--documents", "--count", "5"]) == 0
    assert capsys.readouterr().out == "plain: 5 read, 0 refused\n5 documents, 0 faults\n"
    monkeypatch.setattr(documents, "kinds", lambda: [Kind("int", (b"{}",), int)])
    assert fuzz.main(["--documents", "--count", "5"]) == 1
    assert "5 faults" in capsys.readouterr().out
