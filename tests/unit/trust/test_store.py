"""The trust list: every signer of a kid, the same for the same signers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.signer import Signer
from pratique.trust.store import TrustList


def signer(kid: bytes = b"k", thumbprint: str = "aa", **changes: Any) -> Signer:
    made = Signer(
        kid, "DE", frozenset({"DE"}), Algorithm.ES256, b"spki", ALL_KINDS, 0, 10,
        Environment.TEST, "DCC", thumbprint,
    )  # fmt: skip
    return made._replace(**changes)


def test_every_signer_of_a_shared_kid_is_found() -> None:
    trust = TrustList([signer(thumbprint="bb"), signer(thumbprint="aa"), signer(b"other")])
    assert [found.thumbprint for found in trust.signers_for(b"k")] == ["aa", "bb"]


@given(st.binary())
def test_an_unknown_kid_has_no_signers(kid: bytes) -> None:
    assert TrustList([signer(b"\xff" * 99)]).signers_for(kid[:98]) == ()


@given(st.permutations([signer(b"a"), signer(b"b"), signer(thumbprint="cc"), signer()]))
def test_the_order_does_not_depend_on_where_signers_came_from(signers: list[Signer]) -> None:
    assert tuple(TrustList(signers)) == tuple(TrustList(reversed(signers)))


def test_merging_adds_and_the_later_record_holds() -> None:
    merged = TrustList([signer(), signer(b"b")]).merge([signer(participant="AT")])
    assert [found.participant for found in merged] == ["DE", "AT"]


def test_an_end_of_life_once_known_stays_known() -> None:
    merged = TrustList([signer(sca_not_after=5)]).merge([signer()])
    assert next(iter(merged)).sca_not_after == 5


def test_an_end_of_life_that_the_later_record_names_holds() -> None:
    merged = TrustList([signer(sca_not_after=5)]).merge([signer(sca_not_after=3)])
    assert [found.sca_not_after for found in merged] == [3]


def test_two_lists_are_equal_if_their_signers_are() -> None:
    one, other = TrustList([signer(b"a"), signer(b"b")]), TrustList([signer(b"b"), signer(b"a")])
    assert one == other
    assert hash(one) == hash(other)
    assert one != TrustList([signer(b"a")])
    assert one != tuple(one)
    assert TrustList() != 0
    assert one.__eq__(object()) is False


def test_a_list_shows_how_many_signers_it_has() -> None:
    assert repr(TrustList([signer(b"a"), signer(b"b")])) == "<TrustList of 2 signers>"


def test_a_key_of_two_environments_is_two_signers() -> None:
    assert len(TrustList([signer(), signer(environment=Environment.PRODUCTION)])) == 2
