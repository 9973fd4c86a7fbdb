"""A destination's choices: of what the network publishes, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.network import participants
from pratique.network.participants import Choices
from pratique.trust.registry import HOUR, Freshness

PUBLISHED = {"vaccines": ["A", "B", "C"], "results": ["neg", "pos"]}


@st.composite
def chosen(draw: st.DrawFn) -> Choices:
    names = draw(st.sets(st.sampled_from([*PUBLISHED])))
    sets = {name: tuple(sorted(draw(st.sets(st.sampled_from(PUBLISHED[name]))))) for name in names}
    too_old = draw(st.integers(1, participants.LONGEST_HOURS))
    old = draw(st.integers(1, too_old))
    return Choices(sets, Freshness(old * HOUR, too_old * HOUR))


@given(chosen())
def test_they_come_back_as_they_were(one: Choices) -> None:
    data = participants.write(one)
    assert participants.read(data, PUBLISHED) == one
    assert participants.write(participants.read(data, PUBLISHED)) == data


@given(chosen(), st.sampled_from(["D", "neg", ""]))
def test_no_code_is_smuggled_in(one: Choices, code: str) -> None:
    for sets in ({**one.value_sets, "vaccines": ("A", code)}, {**one.value_sets, "more": ()}):
        data = participants.write(one._replace(value_sets=sets))
        with pytest.raises(DocumentRefused) as caught:
            participants.read(data, PUBLISHED)
        assert caught.value.code == "choices-unknown"


def data(**changed: Any) -> bytes:
    document = json.loads(participants.write(Choices({"vaccines": ("A",)}, Freshness())))
    whole = {**document, **changed}
    return json.dumps({n: v for n, v in whole.items() if v != "gone"}).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "x"}, {"more": 1}, {"value_sets": "gone"}, {"value_sets": []},
        {"value_sets": {"vaccines": "A"}}, {"value_sets": {"vaccines": [7]}},
        {"freshness_hours": "gone"}, {"freshness_hours": []}, {"freshness_hours": {}},
        {"freshness_hours": {"old": 1}}, {"freshness_hours": {"old": 0, "too_old": 2}},
        {"freshness_hours": {"old": -1, "too_old": 2}},
        {"freshness_hours": {"old": 3, "too_old": 2}},
        {"freshness_hours": {"old": True, "too_old": 2}},
        {"freshness_hours": {"old": 1.5, "too_old": 2}},
        {"freshness_hours": {"old": 1, "too_old": 31 * 24 + 1}},
        {"freshness_hours": {"old": 1, "too_old": 2, "more": 3}},
    ],
)  # fmt: skip
def test_what_is_not_of_their_form_is_refused(changed: dict[str, Any]) -> None:
    participants.read(data(), PUBLISHED)
    participants.read(data(freshness_hours={"old": 744, "too_old": 744}), PUBLISHED)
    with pytest.raises(DocumentRefused) as caught:
        participants.read(data(**changed), PUBLISHED)
    assert caught.value.code == "choices-malformed"
