"""The trust list: every signer of a kid, the same for the same signers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust.signer import Signer, TrustList


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


BARE = ("bare-key",)


def looked_up(*signers: Signer) -> set[Signer]:
    """Look all up by each kid, in both orders."""
    one, other = TrustList(signers), TrustList(reversed(signers))
    assert {kid: one.signers_for(kid) for kid in one._by_kid} == {
        kid: other.signers_for(kid) for kid in other._by_kid
    }
    return {found for kid in one._by_kid for found in one.signers_for(kid)}


@pytest.mark.parametrize(
    ("own", "told", "found"),
    [
        ({"not_after": 5, "not_before": 2}, {}, {"not_after": 5, "not_before": 2}),
        ({"sca_not_after": 3}, {}, {"sca_not_after": 3}),
        ({"usages": frozenset({Kind.TEST})}, {}, {"usages": frozenset({Kind.TEST})}),
        ({}, {"usages": frozenset({Kind.TEST})}, {"usages": frozenset({Kind.TEST})}),
        ({"reason": "key-usage-not-signing"}, {}, {"reason": "key-usage-not-signing", "usages": frozenset()}),
        ({}, {"environment": Environment.PRODUCTION}, {"environment": Environment.TEST}),
        ({}, {"countries": frozenset()}, {"countries": frozenset({"DE"})}),
        ({"countries": frozenset({"DE", "AT"})}, {}, {"countries": frozenset({"DE"})}),
        ({}, {"countries": frozenset({"AT"})}, {"countries": frozenset(), "reason": "country-differs", "usages": frozenset()}),
    ],
)  # fmt: skip
def test_a_bare_key_has_the_limits_of_its_certificate(
    own: dict[str, Any], told: dict[str, Any], found: dict[str, Any]
) -> None:
    certified = signer(b"c", "cc", **own)
    alone = signer(b"b", "bb", not_after=253_402_300_799, notes=BARE, **told)
    assert looked_up(certified, alone) == {
        certified,
        certified._replace(kid=b"b", notes=BARE, **found),
    }


def test_a_bare_key_of_two_certificates_is_as_good_as_the_better_one() -> None:
    # A certificate was renewed with its key: the old one has ended, the key lives.
    old, new, alone = signer(b"o", "oo", not_after=5), signer(b"n", "nn"), signer(notes=BARE)
    assert {one.not_after for one in TrustList([old, new, alone]).signers_for(b"k")} == {5, 10}


def test_a_bare_key_without_a_certificate_is_left_as_it_is() -> None:
    alone, other = signer(notes=BARE), signer(b"o", "oo", public_key=b"another")
    assert looked_up(alone, other) == {alone, other}
    broken = signer(b"x", "xx", public_key=b"", reason="x509-unreadable")
    assert looked_up(alone._replace(public_key=b""), broken) == {
        alone._replace(public_key=b""),
        broken,
    }
