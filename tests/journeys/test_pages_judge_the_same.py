"""A page's engine judges as CPython with OpenSSL does: its signatures are answered from outside, in rounds, by a stand-in.

The questions are those that browsers are asked (`tests/browser`): kit, other people's collections, keys of every kind,
networks of every age, several certificates together, and mutated texts before real destinations.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from pratique import strict_json
from pratique.crypto.webcrypto import Inquiry
from pratique.snapshot import Snapshot
from pratique.web.bridge import METHODS, Bridge
from tests import pages
from tests.browser import asked
from tests.browser.asked import Question
from tests.browser.spelt import spelt

Asker = pages.Asker


def spread(questions: list[Question]) -> list[Question]:
    """Return all but of the mutated: each of those before one destination, and none."""
    kept, turns = [], Counter[str]()
    for question in questions:
        if question.origin == "mutated" and question.place is not None:
            turn = turns[question.texts[0]]
            turns[question.texts[0]] += 1
            if turn != hash(question.at) % len(asked.COUNTRIES):
                continue
        kept.append(question)
    return kept


@pytest.fixture(scope="module")
def questions(request: pytest.FixtureRequest) -> list[Question]:
    """Return what is asked: without other people's collections, where they are not there."""
    folder: Path | None
    try:
        folder = request.getfixturevalue("corpora")
    except pytest.skip.Exception:
        folder = None
    return spread(asked.every(folder))


def by_page(questions: list[Question], asker: Asker = pages.answers) -> dict[int, str]:
    """Return the answers of a page: of one snapshot all at once, round by round."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, question in enumerate(questions):
        groups[id(question.snapshot)].append(number)
    found: dict[int, str] = {}
    for numbers in groups.values():
        inquiry = Inquiry()
        held = Snapshot.from_bytes(
            questions[numbers[0]].snapshot.to_bytes(),
            primitive=inquiry.load,
            chain=inquiry.signed_by,
        )
        known: dict[str, pages.Answer] = {}
        for _ in range(pages.MOST_ROUNDS):
            if inquiry.begin(known):
                held = held.replace()
            answers = {number: spelt(held, questions[number].row()) for number in numbers}
            more = asker([question.row() for question in inquiry.unanswered()])
            if not more:
                found |= answers
                break
            known |= more
    return found


def differing(questions: list[Question], answers: dict[int, str]) -> list[str]:
    return [
        f"{question.origin} {number}: {question.texts[0][:40]}"
        for number, question in enumerate(questions)
        if spelt(question.snapshot, question.row()) != answers.get(number)
    ]


def test_every_finding_and_every_date_is_the_same(questions: list[Question]) -> None:
    assert differing(questions, by_page(questions)) == []
    by_origin = Counter(question.origin for question in questions)
    assert min(by_origin.values()) > 20
    assert len({q.texts for q in questions if q.origin == "mutated"}) >= 1_200


def test_one_answer_that_is_another_is_seen(questions: list[Question]) -> None:
    def lying(asked: pages.Questions) -> dict[str, pages.Answer]:
        told = pages.answers(asked)
        return told | {name: True for name, good in told.items() if good is False}

    some = [question for question in questions if question.origin == "keys"]
    assert differing(some, by_page(some)) == []
    assert differing(some, by_page(some, lying)) != []


@pytest.mark.parametrize("method", ["border.check", "verification", "health_code"])
def test_a_method_says_the_same_as_with_openssl(questions: list[Question], method: str) -> None:
    form, work = METHODS[method]
    some = [question for question in questions if question.place is not None][::23]
    assert len(some) > 60
    bridge, opened = Bridge(), None
    for question in some:
        if question.snapshot is not opened:
            opened = question.snapshot
            assert "error" not in json.loads(bridge.open(opened.to_bytes()))
        country, region = question.place or ("", None)
        request = {
            "texts": list(question.texts), "at": question.at, "zone": question.zone,
            "place": f"{country}/{region}" if region else country,
        }  # fmt: skip
        reply = pages.call(bridge, method, request)
        native = work(question.snapshot, strict_json.read(form, request))
        assert reply == {"result": json.loads(json.dumps(native))}
