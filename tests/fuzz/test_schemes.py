"""Hostile texts of each scheme beside HCERT: each comes to a verdict, none raises, none takes long.

`make check` runs twenty thousand of each, `make fuzz` a million, `make test` fewer. The texts are the same at every run.
"""

from __future__ import annotations

import pytest

from pratique.findings import Code
from pratique.terms import Scheme
from tests.often import share
from tools import fuzz, measure, mutate_schemes

COUNT = share(20_000, 3_000)
REACHED: dict[Scheme, set[Code]] = {
    Scheme.SHC: {
        Code.HEADER_REFUSED, Code.SIGNATURE_FORM, Code.SIGNATURE_INVALID, Code.SIGNER_UNKNOWN, Code.COMPRESSION_BOMB,
        Code.JSON_LIMITS, Code.JSON_DUPLICATE_KEY, Code.CLAIMS_INVALID, Code.NOT_MAPPED, Code.NO_EVENT, Code.NO_RULES,
        Code.INSTANT_UNREADABLE, Code.PARTS_MISSING, Code.NAME_MISSING,
    },
    Scheme.NZCP: {
        Code.HEADER_REFUSED, Code.TEXT_DAMAGED, Code.CBOR_DEPTH, Code.SIGNATURE_INVALID, Code.FIELD_TYPE,
        Code.FIELD_MISSING, Code.CLAIM_UNKNOWN, Code.VERSION_UNKNOWN, Code.STATES_NO_EVENT, Code.NO_RULES,
    },
    Scheme.CH_LIGHT: {
        Code.BASE45_INVALID, Code.COMPRESSION_BOMB, Code.CBOR_DEPTH, Code.CLAIMS_INVALID, Code.SIGNATURE_INVALID,
        Code.NAME_MISSING, Code.STATES_NO_EVENT, Code.NO_RULES,
    },
    Scheme.VDS_NC: {
        Code.JSON_LIMITS, Code.JSON_DUPLICATE_KEY, Code.TEXT_DAMAGED, Code.SIGNATURE_FORM, Code.SEAL_CHAIN_WRONG,
        Code.SIGNER_UNREADABLE, Code.SIGNATURE_INVALID, Code.NAME_MISSING, Code.NOT_MAPPED, Code.NO_EVENT, Code.NO_RULES,
    },
    Scheme.TWO_D_DOC: {
        Code.SEPARATORS_LOST, Code.TEXT_DAMAGED, Code.FIELD_TWICE, Code.FIELD_MISSING, Code.CLAIM_UNKNOWN,
        Code.SIGNATURE_INVALID, Code.DATE_UNREADABLE, Code.NOT_MAPPED, Code.NO_EVENT, Code.NO_RULES,
    },
    Scheme.DIVOC: {
        Code.ARCHIVE_REFUSED, Code.COMPRESSION_BOMB, Code.JSON_LIMITS, Code.CONTEXT_UNKNOWN, Code.TERM_REFUSED,
        Code.TERM_UNSIGNED, Code.HEADER_REFUSED, Code.SIGNATURE_INVALID, Code.NOT_MAPPED, Code.NO_RULES,
    },
}  # fmt: skip
"""Scheme -> codes of its steps, from the text to the rules, that the hostile texts come to."""


@pytest.fixture(scope="module", params=list(Scheme))
def trial(request: pytest.FixtureRequest) -> tuple[Scheme, measure.Trial]:
    scheme, made = request.param, measure.Trial(mutate_schemes.verifier())
    for _ in made.run(mutate_schemes.hostile(scheme, COUNT, seed=20)):
        pass
    return scheme, made


def test_no_text_raises_or_comes_to_what_is_no_verdict(
    trial: tuple[Scheme, measure.Trial],
) -> None:
    _, made = trial
    assert [(one.layer, reason) for one, reason in made.faults] == []
    assert len(made.spent) == COUNT


def test_no_text_takes_long(trial: tuple[Scheme, measure.Trial]) -> None:
    _, made = trial
    print(f"p99.99 {made.quantile(0.9999):.3f} ms, max {made.quantile(1):.3f} ms")
    assert made.quantile(1) < fuzz.SLOWEST


def test_the_texts_reach_every_layer_and_step(trial: tuple[Scheme, measure.Trial]) -> None:
    scheme, made = trial
    assert len(made.layers) == len(mutate_schemes.LAYERS[scheme])
    assert {code.name for code in REACHED[scheme] if not made.codes[code]} == set()


@pytest.mark.parametrize("scheme", Scheme)
def test_the_same_seed_makes_the_same_texts(scheme: Scheme) -> None:
    first, again, other = (list(mutate_schemes.hostile(scheme, 40, seed)) for seed in (7, 7, 8))
    if scheme is not Scheme.DIVOC:
        assert first == again
    assert first != other
