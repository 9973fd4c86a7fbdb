"""Errors cross from a worker's process whole."""

from __future__ import annotations

import pickle

import pytest

from pratique.errors import DocumentRefused, ExtraMissing, PratiqueError, Unreadable, UsageError


@pytest.mark.parametrize(
    "error",
    [
        PratiqueError("code", "what happened", "what to do"),
        UsageError("code", "what happened"),
        DocumentRefused("code", "what happened", "what to do"),
        Unreadable("code", "what happened"),
        ExtraMissing("pdf", "printing"),
    ],
)
def test_an_error_stays_what_it_is_between_processes(error: PratiqueError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.code, again.hint) == (str(error), error.code, error.hint)
    assert again.exit_code == error.exit_code
