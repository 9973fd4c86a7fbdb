"""A participant's record: every draft of a version, every set of keys in its order."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.network.monitor import PublicationRecord

SETS = st.frozensets(st.sampled_from("abcdef"), min_size=1)
DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
RECORDS = st.builds(
    PublicationRecord,
    st.just("XUA"),
    st.frozensets(st.sampled_from(["XA", "XB"])),
    st.lists(SETS, max_size=5).map(tuple),
    st.integers(0, 9),
    st.dictionaries(st.integers(1, 2**31), st.lists(DIGESTS, max_size=3).map(tuple)),
)


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record: PublicationRecord) -> None:
    assert PublicationRecord.from_bytes(record.to_bytes()) == record


@given(st.lists(SETS, max_size=6))
def test_keys_follow_upon_keys_and_no_step_is_left_out(sets: list[frozenset[str]]) -> None:
    found = PublicationRecord("XUA", frozenset(), (), 2).with_keys(*sets)
    assert len(set(found.keys)) == len(found.keys)
    assert set(sets) <= set(found.keys)
    assert found.with_keys(*sets) == found
    for before, after in zip(found.keys, found.keys[1:], strict=False):
        # Between two sets there was a time of both.
        assert before <= after or after <= before or (before | after) in found.keys


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "pratique-published-2"), ("code", "xua"), ("code", 1), ("countries", "XA"), ("keys", ["a"]),
        ("keys", None), ("threshold", "2"), ("threshold", True), ("editions", {"1": "a"}), ("editions", {"1": ["a"]}),
        ("editions", {"x": []}), ("editions", []), ("more", 1),
    ],
    ids=lambda value: str(value)[:20] or None,
)  # fmt: skip
def test_a_record_that_is_odd_is_refused(member: str, value: object) -> None:
    record = PublicationRecord("XUA", frozenset({"XA"}), (frozenset("ab"),), 2, {1: ("0" * 64,)})
    row = json.loads(record.to_bytes()) | {member: value}
    with pytest.raises(DocumentRefused) as refused:
        PublicationRecord.from_bytes(json.dumps(row).encode())
    assert refused.value.code == "record-malformed"
