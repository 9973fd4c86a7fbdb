"""The batch call says of every text what the single call says, and holds no more than it must."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import corpus, ways
from pratique.errors import UsageError
from pratique.trust.registry import Registry
from pratique.verification import AT_ONCE, Verification, judged, opened, verify, verify_many
from tools import measure, mutate
from tools.vectors import keys

BORDER = measure.snapshot()
TODAY = datetime.fromtimestamp(keys.NOON, UTC)
KIT = mutate.kit_texts()


def told(found: Verification) -> tuple[object, ...]:
    """Everything in it; a payload may hold NaN, which differs from itself, so as it is written."""
    certificate = found.certificate
    seen = certificate and (certificate._replace(payload={})[:], repr(certificate.payload))
    return found.verdict, found.signer, seen


def each(texts: list[str]) -> list[tuple[object, ...]]:
    return [told(verify(text, snapshot=BORDER, at=TODAY)) for text in texts]


def together(texts: list[str], at_once: int = AT_ONCE) -> list[tuple[object, ...]]:
    return list(map(told, verify_many(texts, snapshot=BORDER, at=TODAY, at_once=at_once)))


ALONE = each(KIT)


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 63, 64, 65, len(KIT), len(KIT) + 1])
def test_every_chunk_gives_the_single_call_s_verdicts_in_order(at_once: int) -> None:
    assert together(KIT, at_once) == ALONE


@given(st.lists(st.sampled_from(range(len(KIT))), max_size=20), st.integers(1, 25))
def test_any_order_of_any_texts_comes_back_in_that_order(chosen: list[int], at_once: int) -> None:
    assert together([KIT[i] for i in chosen], at_once) == [ALONE[i] for i in chosen]


def test_what_is_opened_once_is_judged_at_any_instant_as_if_verified_then() -> None:
    # By another edition of what is held too: a traveller's data is as old at each arrival as it is now.
    of_a_network = BORDER.replace(roll=Registry(published=keys.NOON))
    opened_once = [opened(text, BORDER) for text in KIT]
    colours = set[object]()
    for snapshot in (BORDER, of_a_network, BORDER.replace(revocations=None)):
        for days in (-4000, -30, 0, 30, 4000):
            at = TODAY + timedelta(days=days)
            then = [told(judged(text, snapshot=snapshot, at=at)) for text in opened_once]
            assert then == [told(verify(text, snapshot=snapshot, at=at)) for text in KIT]
            colours.add(tuple(verdict for verdict, _, _ in then))
    # The instants, and what is held, do make a difference.
    assert len(colours) > 12


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_a_hostile_neighbour_changes_nobody_s_verdict(seed: int) -> None:
    mixed: list[str] = []
    hcert = [text for text in KIT if text.startswith("HC1:")][:40]
    for one, good in zip(mutate.hostile(mutate.seeds(hcert), 40, seed=seed), KIT[:40], strict=True):
        mixed += [one.text, good]
    found = together(mixed)
    assert found == each(mixed)
    assert found[1::2] == ALONE[:40]


def test_nothing_is_read_before_it_is_asked_for_and_a_chunk_at_most() -> None:
    taken = 0

    def queue() -> Iterator[str]:
        nonlocal taken
        for text in KIT * 3:
            taken += 1
            yield text

    found = verify_many(queue(), snapshot=BORDER, at=TODAY)
    assert taken == 0
    for number, _ in enumerate(found, 1):
        assert taken <= -(-number // AT_ONCE) * AT_ONCE


class _Text(str):
    """A text that can be watched."""

    __slots__ = ("__weakref__",)


def test_a_text_that_was_answered_is_let_go_with_its_chunk() -> None:
    alive: weakref.WeakSet[_Text] = weakref.WeakSet()

    def queue() -> Iterator[str]:
        for text in KIT * 2:
            alive.add(watched := _Text(text))
            yield watched
            del watched

    most = 0
    for _ in verify_many(queue(), snapshot=BORDER, at=TODAY, at_once=8):
        gc.collect(0)
        most = max(most, len(alive))
    # The positive control: watching does see them. The next chunk is read while the last is held.
    assert 0 < most <= 17


def test_an_instant_without_a_zone_is_refused_before_any_text_is_read() -> None:
    texts = iter(KIT)
    with pytest.raises(UsageError):
        next(verify_many(texts, snapshot=BORDER, at=TODAY.replace(tzinfo=None)))
    assert next(texts) == KIT[0]


@pytest.mark.parametrize("at_once", [5, 64])
def test_real_texts_come_out_alike_by_every_way(corpora: Path, at_once: int) -> None:
    assert corpora.is_dir()
    found = corpus.load()
    alone = [verify(text, snapshot=found.snapshot, at=found.at) for text in found.texts]
    many = verify_many(found.texts, snapshot=found.snapshot, at=found.at, at_once=at_once)
    assert list(map(told, many)) == list(map(told, alone))
    assert ways.disagreements(found) == 0
