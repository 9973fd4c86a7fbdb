"""Harm T19: rules decide over billions by one element of a list, and nobody has seen it before they are in force.

Rules without a summary of whom they shut out, with that of other rules, or that leave out a product of WHO's list without a
word of the state, are not published. Each refusal stands beside the same call with one thing mended, which is not refused.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.impact import summary
from pratique.network import metadata, proposal, view
from pratique.network.proposal import Proposal
from pratique.rules.policy import WHO_EUL
from tests import summaries
from tests.networks import AT, DAY, Authority, State, Verifier
from tests.summaries import as_published, form

FEW = ("Comirnaty", "Spikevax")
RULES, IMPACT = (f"XUA/{name}" for name in (metadata.RULES, metadata.IMPACT))


@pytest.fixture
def network() -> tuple[Authority, State]:
    authority, state = Authority(3, 2, 2), State("XUA")
    authority.admit(state)
    state.publish()
    return authority, state


def summarised(authority: Authority, rules: bytes, sentence: str = "") -> bytes:
    sets = view.published_sets(authority.view)
    counted = summaries.counted(rules, sets, authority.now)
    return summary.write(summary.prepared(rules, sets, authority.now, counted, sentence))


def edition(state: State, rows: list[dict[str, Any]], impact: bytes | None) -> Proposal:
    """Draft an edition of a state with these rules, and this summary or none."""
    files = {**state.contents(), RULES: as_published(rows)}
    return state.draft(files if impact is None else {**files, IMPACT: impact})


def publishing(authority: Authority, state: State, drafted: Proposal) -> str:
    """Publish what a state's keys have signed; return the code of the refusal, or nothing."""
    signed = authority.signed(drafted, state.roles[:2])
    try:
        authority.accept(signed)
    except DocumentRefused as error:
        return error.code if error.hint else "no hint"
    return ""


def kept(*more: str) -> list[dict[str, Any]]:
    """Return rules that take all of WHO's list of today, as the summary itself asks for it."""
    listed = [
        c for c, v in summary.PRODUCTS.items() if v.is_listed(AT.date()) and v.has_code(AT.date())
    ]
    return form(*WHO_EUL, *(code for code in listed if code not in WHO_EUL), *more)


def in_force(authority: Authority, path: str = RULES) -> bytes | None:
    return authority.view.roles["XUA"].files.get(path)


def test_rules_without_a_summary_are_not_published(network: tuple[Authority, State]) -> None:
    authority, state = network
    assert publishing(authority, state, edition(state, kept(), None)) == "impact-missing"
    assert in_force(authority) is None
    own = summarised(authority, as_published(kept()))
    assert publishing(authority, state, edition(state, kept(), own)) == ""
    assert in_force(authority) == as_published(kept())


def test_a_summary_of_other_rules_serves_for_none(network: tuple[Authority, State]) -> None:
    authority, state = network
    other = summarised(authority, as_published(kept("Sputnik V")))
    assert publishing(authority, state, edition(state, kept(), other)) == "impact-digest"
    assert in_force(authority) is None
    assert publishing(authority, state, edition(state, kept("Sputnik V"), other)) == ""


def test_nothing_of_whos_list_is_left_out_without_a_word_of_the_state(
    network: tuple[Authority, State],
) -> None:
    authority, state = network
    with pytest.raises(DocumentRefused) as refusal:
        summarised(authority, as_published(form(*FEW)))
    assert refusal.value.code == "impact-derogation"
    # Nor by whoever writes the summary by hand: as if it were kept, or without the sentence.
    own = summary.read(summarised(authority, as_published(form(*FEW)), "We have no more tests."))
    (row,) = own.destinations
    hidden = own._replace(destinations=(row._replace(floor_missing=()),), derogation="")
    silent = own._replace(derogation="")
    for written, code in ((hidden, "impact-floor"), (silent, "impact-derogation")):
        drafted = edition(state, form(*FEW), summary.write(written))
        assert publishing(authority, state, drafted) == code
    assert in_force(authority) is None
    assert publishing(authority, state, edition(state, form(*FEW), summary.write(own))) == ""


def test_a_derogation_is_read_by_the_seats_before_and_by_everybody_after(
    network: tuple[Authority, State],
) -> None:
    authority, state = network
    own = summarised(authority, as_published(form(*FEW)), "We have no more tests.")
    drafted = edition(state, form(*FEW), own)
    said = "\n".join(proposal.told(drafted, authority.view))
    for words in ("Covaxin", "“We have no more tests.”", "1 to 2 countries", "million people"):
        assert words in said
    without = "\n".join(proposal.told(edition(state, form(*FEW), None), authority.view))
    assert "nobody says whom the rules of XUA shut out" in without
    assert "nobody says" not in said
    assert publishing(authority, state, drafted) == ""
    border = Verifier(authority.anchor)
    border.sync(authority.files)
    held = view.read(border.held, border.anchor).roles["XUA"].files
    noted = summary.standing(held[IMPACT], held[RULES], view.published_sets(authority.view), at=AT)
    assert noted.derogation == "We have no more tests."
    assert [issue.code for issue in noted.issues] == ["impact-floor"]


def test_one_key_holder_alone_adds_no_derogation(network: tuple[Authority, State]) -> None:
    authority, state = network
    own = summarised(authority, as_published(form(*FEW)), "I say so.")
    drafted = edition(state, form(*FEW), own)
    alone = authority.signed(drafted, state.roles[:1])
    with pytest.raises(DocumentRefused) as refusal:
        authority.accept(alone)
    assert refusal.value.code == "proposal-unsigned"
    # Nor puts a sentence under what another one has signed.
    other = authority.signed(edition(state, form(*FEW), summarised(authority, as_published(form(*FEW)), "We say so.")), state.roles[1:2])  # fmt: skip
    with pytest.raises(DocumentRefused) as refusal:
        proposal.merged([other, alone], authority.view)
    assert refusal.value.code == "proposal-differs"
    proposal.sign(alone, state.roles[1], authority.view)
    authority.accept(alone)
    assert in_force(authority, IMPACT) == own


def test_rules_in_force_need_nothing_new_and_lose_nothing(
    network: tuple[Authority, State],
) -> None:
    authority, state = network
    seats_allow(authority, required=False)
    assert publishing(authority, state, edition(state, form(*FEW), None)) == ""
    seats_allow(authority, required=True)
    # What stands is confirmed each week, with the same rules and other revocations.
    assert publishing(authority, state, edition(state, form(*FEW), None)) == ""
    assert publishing(authority, state, edition(state, kept(), None)) == "impact-missing"
    own = summarised(authority, as_published(kept()))
    assert publishing(authority, state, edition(state, kept(), own)) == ""
    # A summary that stands is not taken away from its rules, nor left without them.
    assert publishing(authority, state, edition(state, kept(), None)) == "impact-missing"
    stray = state.draft({**state.contents(), IMPACT: own})
    assert publishing(authority, state, stray) == "impact-stray"
    assert publishing(authority, state, state.draft(state.contents())) == ""
    assert in_force(authority) is None


def test_an_old_summary_does_not_choose_a_shorter_list(network: tuple[Authority, State]) -> None:
    authority, state = network
    rules, sets = as_published(form(*FEW)), view.published_sets(authority.view)
    then = datetime(2021, 1, 15, tzinfo=AT.tzinfo)
    # On that day only one product was listed, and no certificate had a code for it.
    old = summary.prepared(rules, sets, then, summaries.counted(rules, sets, then))
    drafted = edition(state, form(*FEW), summary.write(old))
    assert publishing(authority, state, drafted) == "impact-old"
    now = summarised(authority, rules, "We have no more tests.")
    assert publishing(authority, state, edition(state, form(*FEW), now)) == ""


def seats_allow(authority: Authority, *, required: bool) -> None:
    """Have the seats sign whether rules need a summary."""
    current = authority.view
    public = [key.public_key for key in authority.seats]
    drafted = proposal.root(current, authority.now, board=current.board, seats=public)
    drafted.metadata["root"].signed.unrecognized_fields.update(
        metadata.policy_field(asks_for_summaries=required)
    )
    words = "\n".join(proposal.told(drafted, current))
    was = metadata.asks_for_summaries(current.root)
    assert ("without a summary of whom they shut out" in words) is (was and not required)
    assert ("are published with a summary" in words) is (required and not was)
    authority.publish(drafted)
    assert metadata.asks_for_summaries(authority.view.root) is required


def test_the_seats_alone_decide_that_none_is_needed(network: tuple[Authority, State]) -> None:
    authority, state = network
    assert metadata.asks_for_summaries(authority.view.root)
    assert publishing(authority, state, edition(state, form(*FEW), None)) == "impact-missing"
    with pytest.raises((DocumentRefused, UsageError)):
        authority.publish(proposal.root(authority.view, AT, board=authority.board, seats=[key.public_key for key in authority.seats]), authority.seats[:1])  # fmt: skip
    seats_allow(authority, required=False)
    assert publishing(authority, state, edition(state, form(*FEW), None)) == ""
    # A root that says nothing of it, or nothing that can be read, asks for it.
    for field in ({}, {metadata.POLICY: "optional"}, {metadata.POLICY: {"impact_summary": "no"}}):
        root = authority.view.root
        root.unrecognized_fields.pop(metadata.POLICY, None)
        root.unrecognized_fields.update(field)
        assert metadata.asks_for_summaries(root)


def test_no_verifier_goes_dead_over_it(network: tuple[Authority, State]) -> None:
    authority, state = network
    seats_allow(authority, required=False)
    drafted = edition(state, form(*FEW), b'{"format": "of a later release"}')
    assert publishing(authority, state, drafted) == ""
    seats_allow(authority, required=True)
    border = Verifier(authority.anchor)
    border.sync(authority.files)
    assert border.snapshot().ruleset.countries == ("XA",)
    assert border.snapshot().roll is not None
    authority.now += DAY
    authority.refresh()
    border.sync(authority.files, AT + DAY)
    assert json.loads(border.held[next(n for n in border.held if n.endswith(metadata.IMPACT))])
