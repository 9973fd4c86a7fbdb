"""The page judges as CPython with `cryptography` does: every finding, every field, every date, and 0 differ.

The kit, other people's collections, keys of every kind, networks of every age, several certificates together, and 1,300
mutated texts before seven real destinations. A planted lie, and a clock that is off, are seen.
"""

from __future__ import annotations

from collections import Counter

from tests.browser import asked, compared
from tests.browser.asked import Question
from tests.browser.compared import Proof


def test_there_is_enough_to_ask(questions: list[Question]) -> None:
    by_origin = Counter(question.origin for question in questions)
    assert set(by_origin) == {"kit", "keys", "corpora", "mutated", "networks", "several"}
    assert len({q.texts for q in questions if q.origin == "mutated"}) >= 1_200
    assert len({q.place for q in questions if q.origin == "mutated"}) == 1 + len(asked.COUNTRIES)
    assert sum(question.code for question in questions) > 1_000


def test_chromium_answers_as_cpython_does(proof: Proof, questions: list[Question]) -> None:
    differing = compared.differing(questions, compared.answers_of("chromium", proof, questions))
    assert compared.said_of(differing) == {}


def test_a_lie_of_the_browser_is_seen(proof: Proof, questions: list[Question]) -> None:
    """The control: of the signatures that WebCrypto has refused, one in each batch is passed off as good."""
    some = [question for question in questions if question.origin == "keys"]
    assert compared.differing(some, compared.answers_of("chromium", proof, some)) == []
    assert len(compared.differing(some, compared.answers_of("chromium", proof, some, lie=0))) >= 1


def test_another_clock_is_seen(proof: Proof, questions: list[Question]) -> None:
    """The control: asked a week later, the page's answers are others."""
    some = [question for question in questions if question.origin == "several"]
    later = [question._replace(at=question.at + 7 * asked.DAY) for question in some]
    assert (
        len(compared.differing(some, compared.answers_of("chromium", proof, later)))
        > len(some) // 2
    )
