"""A stranger's text is shown so that it moves, turns, hides and covers nothing, and its letters stay."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pratique.text import as_json, in_json, printable, seen

UNSEEN = {
    "a terminal's command": "\x1b]0;GREEN\x07",
    "a terminal's command in one sign": "\x9b2J",
    "back to the line's beginning": "AMBER\rGREEN",
    "another line": "a\u2028b\u2029c\x85d\x0be",
    "turned around": "\u202egnorw\u202c \u2066x\u2069",
    "joined": "a\u200bb\u2060c\ufeffd\u00ade",
    "no form": "a\u115fb\u1160c\u3164d\uffa0e\u2800f\u034fg\u17b4h\u180bi",
    "tags": "a\U000e0041\U000e007f",
    "private": "a\ue000\U0010fffd",
    "unassigned": "a\u0378\U000e0fff",
    "half a pair": "caf\udce9",
    "struck out": "G\u0336R\u0336",
    "enclosed": "a\u20dd\u20e0",
}
SHOWN = (
    "Nguyễn", "Nguye\u0302\u0303n", "נִקּוּד", "مُحَمَّد", "王小明", "葛\U000e0100城", "สมศักดิ์", "ကြွှေ့ာ", "क्षत्रिय", "İbrahim",
    "Jean-Pierre O'Brien", "Þórður", "한글", "a\u00a0b", "王\u3000明", "Ἀθηνᾶ",
)  # fmt: skip


def is_quiet(text: str) -> bool:
    kinds = {unicodedata.category(sign) for sign in text}
    return not kinds & {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Me"}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_moves_turns_or_hides_becomes_its_number(what: str) -> None:
    text = UNSEEN[what]
    assert is_quiet(printable(text))
    assert "\\u{" in printable(text)
    assert is_quiet(seen(text))
    assert "\\u" not in seen(text)


@pytest.mark.parametrize("text", SHOWN)
def test_names_of_every_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == seen(text) == text
    assert as_json(text) == f'"{text}"'


def test_joiners_stay_on_paper_and_the_vowel_after_them_everywhere() -> None:
    assert seen("علی\u200cرضا") == "علی\u200cرضا"  # noqa: RUF001
    assert printable("क\u094d\u200d\u093f") == "क\u094d\\u{200d}\u093f"


def test_marks_do_not_pile_up() -> None:
    pile = "Z" + "\u0301\u0323" * 40
    assert printable(pile).count("\u0301") + printable(pile).count("\u0323") == 4
    assert len(seen(pile)) == 5
    assert printable("\u0301x").startswith("\\u{301}")
    assert as_json("\u0301x") == '"\\u0301x"'
    assert printable("a\ufe0f\ufe0f") == "a\ufe0f\\u{fe0f}"


def test_no_more_is_shown_than_was_asked_for() -> None:
    assert printable("x" * 201) == "x" * 200 + "…"


ANY = st.text(st.characters(codec="utf-8"))


@settings(deadline=None)
@given(st.dictionaries(ANY, ANY, max_size=4), st.sampled_from([None, 1]))
@example(
    {text: text for text in UNSEEN.values() if max(text) < "\ud800" or max(text) > "\udfff"}, 1
)
def test_json_reads_as_the_same_and_shows_nothing_unseen(
    document: dict[str, str], indent: int | None
) -> None:
    written = as_json(document, indent=indent)
    assert json.loads(written) == document
    assert is_quiet(written.replace("\n", "") if indent else written)


def test_half_a_pair_is_no_character_of_json_and_is_told_as_in_a_line() -> None:
    written = as_json({"source": "caf\udce9.txt"})
    assert (
        json.loads(written)
        == {"source": printable("caf\udce9.txt")}
        == {"source": "caf\\u{dce9}.txt"}
    )
    written.encode()


def test_a_plain_document_is_left_alone() -> None:
    assert in_json('{"a": 1}') == '{"a": 1}'
