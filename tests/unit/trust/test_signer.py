"""A signer's state follows from its dates, to the second."""

from __future__ import annotations

import pytest

from pratique.terms import ALL_KINDS, Algorithm, Environment, SignerState
from pratique.trust.signer import Signer

SIGNER = Signer(
    b"k", "XXU", frozenset({"XU"}), Algorithm.ES256, b"", ALL_KINDS, 100, 200,
    Environment.PRODUCTION, "DCC", "aa",
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (99, SignerState.NOT_YET),
        (100, SignerState.LIVE),
        (200, SignerState.LIVE),
        (201, SignerState.EXPIRED),
    ],
)
def test_a_signer_lives_from_its_first_second_to_its_last(at: int, state: SignerState) -> None:
    assert SIGNER.state(at) is state


@pytest.mark.parametrize(
    ("at", "state"),
    [(150, SignerState.LIVE), (151, SignerState.SCA_DEAD), (201, SignerState.EXPIRED)],
)
def test_a_signer_whose_authority_is_over_is_dead_with_it(at: int, state: SignerState) -> None:
    assert SIGNER._replace(sca_not_after=150).state(at) is state


@pytest.mark.parametrize("at", [99, 150, 201])
def test_a_signer_that_cannot_be_read_has_no_other_state(at: int) -> None:
    assert SIGNER._replace(reason="eku-unreadable").state(at) is SignerState.UNREADABLE
