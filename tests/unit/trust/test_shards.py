"""A shard's state is computed, to the second; the emptiest live one signs."""

from __future__ import annotations

from typing import Any

import pytest

from pratique import strict_json
from pratique.errors import PratiqueError
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust import issuer
from pratique.trust.issuer import DAY, Shard, ShardState

START, REST, END = 1_800_000_000, 1_800_000_000 + 183 * DAY, 1_800_000_000 + 730 * DAY
A = Shard(
    "2026-11-a", "XXU", "XU", Environment.TEST, Algorithm.ES256, "file:keys/2026-11-a.pem",
    bytes(range(8)), bytes(range(32)).hex(), ALL_KINDS, START, END, REST, 1_000_000, 22,
)  # fmt: skip
B = A._replace(label="2026-11-b", kid=bytes(8), thumbprint=bytes(32).hex())
C = A._replace(label="2026-11-c", kid=b"c" * 8, thumbprint=(b"c" * 32).hex())


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (START - 1, ShardState.NOT_YET),
        (START, ShardState.LIVE),
        (REST, ShardState.LIVE),
        (REST + 1, ShardState.RESTING),
        (END, ShardState.RESTING),
        (END + 1, ShardState.EXPIRED),
    ],
)
def test_the_state_follows_from_the_dates(at: int, state: ShardState) -> None:
    assert A.state(at) is state


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (START + 9, ShardState.LIVE),
        (START + 10, ShardState.RETIRED),
        (END, ShardState.RETIRED),
        (END + 1, ShardState.EXPIRED),
    ],
)
def test_a_retired_shard_is_retired_from_then_on(at: int, state: ShardState) -> None:
    assert A._replace(retired=START + 10).state(at) is state


@pytest.mark.parametrize(
    ("planned", "width", "capacity"),
    [(1_000_000, 22, 1_000_000), (1_000_000, 20, 524_288), (1, 16, 1), (40_000, 16, 32_768)],
)
def test_a_shard_is_full_when_what_was_planned_is_signed_or_half_the_tags_are_in_use(
    planned: int, width: int, capacity: int
) -> None:
    shard = A._replace(planned=planned, width=width)
    assert shard.capacity == capacity
    assert shard.state(START, capacity - 1) is ShardState.LIVE
    assert shard.state(START, capacity) is ShardState.FULL
    assert shard.state(REST + 1, capacity) is ShardState.RESTING


@pytest.mark.parametrize(
    ("at", "left"),
    [
        (START, (183, 730)),
        (START + 1, (182, 729)),
        (REST - DAY, (1, 548)),
        (REST - DAY + 1, (0, 547)),
        (REST + 1, (0, 546)),
        (END - DAY, (0, 1)),
        (END + 1, (0, 0)),
    ],
)
def test_days_left_are_whole_days(at: int, left: tuple[int, int]) -> None:
    assert A.days_left(at) == left


def test_a_retired_shard_has_no_day_left_to_sign() -> None:
    assert A._replace(retired=START + DAY).days_left(START + DAY) == (0, 729)


def test_the_emptiest_live_shard_signs() -> None:
    counts = {A.kid: 7, B.kid: 5, C.kid: 6}
    pick = issuer.Choice([A, B, C], at=START, counts=counts).one(Kind.TEST)
    assert pick is B
    smaller = B._replace(planned=10)
    assert issuer.Choice([A, smaller, C], at=START, counts=counts).one(Kind.TEST) is C
    assert issuer.Choice([C, B, A], at=START, counts={}).one(Kind.TEST) is A


@pytest.mark.parametrize(
    "unfit",
    [
        B._replace(not_before=START + 1),
        B._replace(use_until=START - 1),
        B._replace(retired=START),
        B._replace(planned=5),
        B._replace(usages=frozenset({Kind.TEST})),
    ],
)
def test_what_is_not_live_or_may_not_attest_it_does_not_sign(unfit: Shard) -> None:
    counts = {A.kid: 900_000, B.kid: 5}
    assert issuer.Choice([unfit, A], at=START, counts=counts).one(Kind.VACCINATION) is A
    with pytest.raises(PratiqueError) as caught:
        issuer.Choice([unfit], at=START, counts=counts).one(Kind.VACCINATION)
    assert caught.value.code == "no-live-shard"
    assert "keys add" in caught.value.hint


@pytest.mark.parametrize(
    ("unfit", "told"),
    [
        (B._replace(not_before=START + 1), "not yet"),
        (B._replace(use_until=START - 1), "resting"),
        (B._replace(retired=START), "retired"),
        (B._replace(planned=5), "full"),
        (B._replace(usages=frozenset({Kind.TEST})), "may not attest: vaccination"),
    ],
)
def test_it_is_told_why_a_key_does_not_sign(unfit: Shard, told: str) -> None:
    counts = {A.kid: 900_000, B.kid: 5}
    named = issuer.Choice([unfit], at=START, counts=counts, label=unfit.label)
    with pytest.raises(PratiqueError, match=rf"'{unfit.label}' is .*{told}"):
        named.one(Kind.VACCINATION)
    with pytest.raises(PratiqueError, match=told if "may" not in told else "none may attest"):
        issuer.Choice([unfit], at=START, counts=counts).one(Kind.VACCINATION)


def test_an_exemption_needs_a_shard_without_limits() -> None:
    limited = A._replace(usages=ALL_KINDS - {Kind.EXEMPTION})
    with pytest.raises(PratiqueError, match="none may attest: exemption"):
        issuer.Choice([limited], at=START, counts={}).one(Kind.EXEMPTION)
    assert issuer.Choice([limited, B], at=START, counts={}).one(Kind.EXEMPTION) is B


def labels(*of: Shard, at: int, counts: dict[bytes, int] | None = None) -> list[str]:
    found = issuer.to_replace(of, at=at, within=30, counts=counts or {})
    return [shard.label[-1] for shard in found]


def test_a_shard_is_replaced_from_a_month_before_its_end() -> None:
    assert labels(A, at=REST - 31 * DAY) == []
    assert labels(A, at=REST - 31 * DAY + 1) == ["a"]
    assert labels(A, at=REST + 1) == ["a"]
    assert labels(A, at=END + 1) == []


def test_a_full_shard_is_replaced_and_a_retired_one_is_not() -> None:
    full = {A.kid: A.capacity}
    assert labels(A, B, at=START, counts=full) == ["a"]
    assert labels(A._replace(retired=START), at=REST) == []


def test_what_is_replaced_already_is_not_replaced_again() -> None:
    at, successor = REST, C._replace(replaces=A.label, use_until=END)
    assert labels(A, B, successor, at=at) == ["b"]
    assert labels(A, B, successor._replace(retired=at), at=at) == ["a", "b"]


def test_a_shard_comes_back_from_its_row() -> None:
    for shard in (
        A,
        B._replace(retired=START, replaces="2026-10-a"),
        A._replace(usages=frozenset()),
    ):
        assert strict_json.read(Shard, strict_json.write(shard)) == shard


@pytest.mark.parametrize(
    "change",
    [
        {"label": 1}, {"kid": "AAAA"}, {"kid": "not base64"}, {"usages": ["anything"]},
        {"usages": "test"}, {"planned": "1"}, {"planned": 0}, {"planned": True}, {"width": 2},
        {"width": 65}, {"environment": "both"}, {"algorithm": "none"}, {"retired": "now"},
        {"use_until": END + 1}, {"use_until": START - 1}, {"more": 1}, {"thumbprint": "00"},
    ],
)  # fmt: skip
def test_a_row_that_is_not_exactly_a_shard_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        issuer.check_shard(strict_json.read(Shard, {**strict_json.write(A), **change}))


def test_a_row_without_a_member_is_refused() -> None:
    for name in Shard._fields:
        row = strict_json.write(A)
        del row[name]
        with pytest.raises(ValueError, match=f"{name} is missing"):
            strict_json.read(Shard, row)


def test_a_verifier_sees_the_limits_of_a_shard() -> None:
    signer = A._replace(usages=frozenset({Kind.TEST})).as_signer(b"key", sca_not_after=END)
    assert (signer.kid, signer.countries, signer.usages) == (
        A.kid,
        frozenset({"XU"}),
        frozenset({Kind.TEST}),
    )
    assert (signer.not_before, signer.not_after) == (START, END)
    assert (signer.environment, signer.sca_not_after) == (Environment.TEST, END)
