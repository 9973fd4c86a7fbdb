"""The EU gateway's batches: its three hashes, its limits, exact both ways."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused
from pratique.revocation.foreign import Batch, Entries, HashType, Key, batches, hashes, read
from pratique.terms import Algorithm

UCI = "URN:UVCI:01:XU:7F3A9C51D2#E"
R, S = b"\1" * 32, b"\2" * 32
entry = st.binary(min_size=16, max_size=16)
keys = st.builds(
    Key,
    st.text("ABX", min_size=2, max_size=2),
    st.none() | st.binary(min_size=8, max_size=8),
    st.sampled_from(HashType),
)


def asked(**changes: Any) -> dict[HashType, frozenset[bytes]]:
    values: dict[str, Any] = {
        "identifiers": [UCI], "country": "XU", "signature": R + S, "algorithm": Algorithm.ES256,
    }  # fmt: skip
    return hashes(**(values | changes))


def half(data: bytes) -> frozenset[bytes]:
    return frozenset({sha256(data).digest()[:16]})


def test_the_three_hashes_are_those_of_the_specification() -> None:
    assert asked() == {
        HashType.SIGNATURE: half(R),
        HashType.UCI: half(UCI.encode()),
        HashType.COUNTRYCODEUCI: half(b"XU" + UCI.encode()),
    }


def test_an_rsa_signature_counts_whole_and_an_ecdsa_one_by_r() -> None:
    assert asked(algorithm=Algorithm.PS256)[HashType.SIGNATURE] == half(R + S)
    assert asked(signature=R + b"\3" * 32) == asked()
    longer = asked(algorithm=Algorithm.ES384, signature=b"\1" * 48 + b"\2" * 48)
    assert longer[HashType.SIGNATURE] == half(b"\1" * 48)


def test_what_is_missing_has_no_hash() -> None:
    assert asked(country=None)[HashType.COUNTRYCODEUCI] == frozenset()
    assert asked(identifiers=[])[HashType.UCI] == frozenset()
    assert len(asked(identifiers=["a", "b", "\ud800"])[HashType.UCI]) == 3


@given(keys, st.integers(0, 2**32), st.sets(entry, min_size=1, max_size=5))
def test_a_batch_is_read_as_it_was_written(key: Key, expires: int, found: set[bytes]) -> None:
    (made,) = batches(key, expires, found)
    assert read(made.document()) == made


def test_batches_are_of_at_most_a_thousand() -> None:
    many = [number.to_bytes(16, "big") for number in range(2500)]
    made = list(batches(Key("XU", None, HashType.UCI), 0, [*many, *many]))
    assert [len(batch.hashes) for batch in made] == [1000, 1000, 500]
    assert made[0].document()["kid"] == "UNKNOWN_KID"
    with pytest.raises(ValueError, match="16"):
        list(batches(made[0].key, 0, [b"short"]))


GOOD: dict[str, Any] = Batch(Key("XU", bytes(8), HashType.UCI), 1, (bytes(16),)).document()


def test_a_kid_without_padding_and_an_expiry_with_an_offset_are_read() -> None:
    found = read({**GOOD, "kid": "AAAAAAAAAAA", "expires": "1970-01-01T01:00:01+01:00"})
    assert found == read(GOOD)
    assert read({**GOOD, "expires": "1970-01-01T00:00:01"}) == read(GOOD)


WRONG: dict[str, list[Any]] = {
    "country": ["xu", "XUU", "", None, 1],
    "expires": ["soon", 1, None, "", "0001-01-01T00:00:00+23:00"],
    "kid": ["?", "", None, 7, "AAAAA"],
    "hashType": ["uci", None, 1, []],
    "entries": [
        [], {}, None, [{}], [None], [{"hash": "short=="}], [{"hash": 1}],
        [{"hash": "A" * 22 + "=="}] * 1001, [{"hash": "A" * 22}], ["A" * 22 + "=="],
        [{"hash": "A" * 22 + "==\n"}],
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_a_batch_that_is_none_is_refused(name: str, value: object) -> None:
    without = {key: held for key, held in GOOD.items() if key != name}
    documents: list[object] = [{**GOOD, name: value}, without, None, [], "batch"]
    for document in documents:
        with pytest.raises(DocumentRefused) as caught:
            read(document)
        assert caught.value.code == "batch-malformed"


@given(st.sets(entry, max_size=40), st.sets(entry, max_size=10))
def test_entries_hold_exactly_what_was_put_in(held: set[bytes], others: set[bytes]) -> None:
    made = Entries(held)
    assert len(made) == len(held)
    assert list(made) == sorted(held)
    assert {one for one in held | others if one in made} == held
    assert list(Entries(data=made.data)) == sorted(held)


@pytest.mark.parametrize("data", [bytes(15), bytes(32), b"\1" * 16 + bytes(16)])
def test_entries_that_are_not_sorted_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="sorted"):
        Entries(data=data)
    assert "text" not in Entries([bytes(16)])
    assert b"short" not in Entries([bytes(16)])
