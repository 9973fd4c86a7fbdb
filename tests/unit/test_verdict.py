"""Findings become a colour: a fault is red, everything else amber, and green is nobody's here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pratique.findings import Code, Colour, Finding, Severity, Step, Verdict, conclude

findings = st.lists(st.builds(Finding, st.sampled_from(Code), st.sampled_from(["", "v[0].dt"])))


@given(findings, st.none() | st.sampled_from(Step))
def test_no_verdict_is_green_without_rules(found: list[Finding], step: Step | None) -> None:
    assert conclude(found, step).colour is not Colour.GREEN


@given(findings)
def test_a_fault_refuses_and_nothing_else_does(found: list[Finding]) -> None:
    faulty = any(finding.code.severity is Severity.ERROR for finding in found)
    assert conclude(found).colour is (Colour.RED if faulty else Colour.AMBER)


@given(findings, findings)
def test_more_findings_never_make_it_kinder(found: list[Finding], more: list[Finding]) -> None:
    if conclude(found).colour is Colour.RED:
        assert conclude(found + more).colour is Colour.RED


@given(findings, st.none() | st.sampled_from(Step))
def test_everything_found_is_kept_in_order(found: list[Finding], step: Step | None) -> None:
    assert conclude(iter(found), step) == Verdict(conclude(found).colour, tuple(found), step)


def test_nothing_found_is_amber() -> None:
    assert conclude([]).colour is Colour.AMBER


def test_each_step_tells_its_own_outcome() -> None:
    found = conclude([Finding(Code.KID_UNPROTECTED), Finding(Code.SCA_DEAD), Finding(Code.EXPIRED)])
    told = {step: outcome for step, outcome in found.steps().items() if outcome != "passed"}
    assert told == {Step.KEY_VALIDITY: "doubt", Step.VALIDITY: "fault"}


def test_a_fault_outweighs_a_doubt_of_the_same_step() -> None:
    found = conclude([Finding(Code.SCA_DEAD), Finding(Code.SIGNER_EXPIRED)])
    assert found.steps()[Step.KEY_VALIDITY] == "fault"


def test_steps_after_the_one_at_which_it_stopped_were_not_reached() -> None:
    steps = conclude([Finding(Code.SIGNATURE_INVALID)], Step.SIGNATURE).steps()
    assert list(steps) == list(Step)
    assert steps[Step.SIGNER] == "passed"
    assert steps[Step.SIGNATURE] == "fault"
    assert {steps[step] for step in list(Step)[list(Step).index(Step.SIGNATURE) + 1 :]} == {
        "not reached"
    }
