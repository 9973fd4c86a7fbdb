"""The catalogue of words: the same names in every language, and the ones that pages and the screen ask for."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pratique.parties
from pratique import outlook
from pratique.identify import Identification, IdentityReason
from pratique.screen import ReasonKey, ScreenOutcome, StepKey
from pratique.store import words
from pratique.wallet import OWN_REASONS, HolderStep
from tools import page_words

SOURCES = Path(__file__).parents[3] / "web/src"

OTHERS = [language for language in words.LANGUAGES if language != "en"]

LONGEST = 150
"""Characters of a sentence on a page: five lines of a phone that is 320 px wide."""

OUTCOMES = ("green", "amber", "red", "specimen", "again")
LONGEST_OUTCOME = 34
"""Characters of the one word of a result: two lines of a phone."""

BUTTONS = [
    "border.next", "border.second", "border.keep", "border.start", "border.identify", "border.mrz_compare",
    "page.close", "page.cancel", "page.back", "page.done", "page.camera_stop", "page.camera_start",
    "page.file_choose", "wallet.unlock", "wallet.create", "wallet.add", "wallet.show_code", "wallet.print",
    "wallet.trip_ask", "wallet.backup_save", "wallet.transfer_send", "wallet.delete",
]  # fmt: skip
LONGEST_BUTTON = 40

KEY = re.compile(
    rf"""["'`]((?:{"|".join(words.TABLES)})\.(?!js\b|html\b)[a-zA-Z0-9_$.{{}}()\[\]-]+)["'`]"""
)
"""A word's name where a page asks for it; with `${…}` in it, it stands for several."""

NO_WORD = {"border.check", "border.identify"}
"""Methods of the bridge, whose names have the form of a word's."""
METHOD = re.compile(r'\b(?:call|ask)\(\s*"[a-z]+\.[a-z]+"')


def tables(language: str) -> dict[str, dict[str, str]]:
    document = words.builtin(language)
    return {name: words.table(document, name) for name in words.TABLES}


def names(language: str) -> set[str]:
    return {f"{name}.{key}" for name, table in tables(language).items() for key in table}


def places(word: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", word))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_words_as_english(language: str) -> None:
    assert names(language) == names("en")


@pytest.mark.parametrize("language", OTHERS)
def test_a_word_is_filled_in_alike_in_every_language(language: str) -> None:
    english = tables("en")
    for name, table in tables(language).items():
        for key, word in table.items():
            assert places(word) == places(english[name][key]), (name, key)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_word_is_short_enough_for_its_place(language: str) -> None:
    found = tables(language)
    for name in ("page", "border", "wallet", "reasons", "steps", "likeness", "help"):
        assert not {key for key, word in found[name].items() if len(word) > LONGEST}, name
    assert not {key for key in OUTCOMES if len(found["border"][key]) > LONGEST_OUTCOME}
    for button in BUTTONS:
        name, key = button.split(".")
        assert len(found[name][key]) <= LONGEST_BUTTON, (button, found[name][key])


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_two_outcomes_have_the_same_word(language: str) -> None:
    border = tables(language)["border"]
    assert len({border[key].casefold() for key in OUTCOMES}) == len(OUTCOMES)


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_are_translated(language: str) -> None:
    """What has several words is not left in English."""
    english, same = tables("en"), []
    for name in ("page", "border", "wallet", "reasons", "steps", "likeness"):
        table = tables(language)[name]
        same += [key for key, word in english[name].items() if " " in word and table[key] == word]
    assert set(same) <= {"seconds", "minutes"}


def test_every_reason_and_step_of_the_screen_and_of_the_holder_has_words() -> None:
    english = tables("en")
    own = {reason for reason, _ in OWN_REASONS.values()}
    assert set(english["reasons"]) == {key.value for key in ReasonKey} | own
    steps = {key.value for key in (*StepKey, *HolderStep)} - {HolderStep.NOTHING.value}
    assert set(english["steps"]) == steps
    assert set(english["likeness"]) == {key.value for key in IdentityReason}


def test_the_handbook_says_reasons_and_steps_in_the_words_of_pages() -> None:
    page = (SOURCES.parents[1] / "docs/reference/bridge.md").read_text(encoding="utf-8")
    for name in ("reasons", "steps"):
        for key, word in tables("en")[name].items():
            assert f"| `{key}` | {word} |" in page, key


def test_what_is_noted_while_a_file_is_issued_has_words() -> None:
    """Each `Notice(name, text, …)` of these modules, but what is told of a list of certificates to be revoked."""
    noted: dict[str, set[str]] = {}
    for module in ("bulk", "issuing", "issuer", "paper"):
        source = Path(pratique.parties.__file__).with_name(f"{module}.py").read_text("utf-8")
        for call in ast.walk(ast.parse(source)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Notice":
                noted[ast.literal_eval(call.args[0])] = {str(each.arg) for each in call.keywords}
    table = tables("en")["desk_files"]
    spoken = {key.removeprefix("note_") for key in table if key.startswith("note_")}
    assert spoken == noted.keys() - {"not_revoked", "listed_twice"}
    assert "going_on" in spoken
    for name in spoken:
        assert {place.strip("{}") for place in places(table[f"note_{name}"])} <= noted[name], name


def test_every_way_to_green_has_words() -> None:
    source = Path(outlook.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'Help\("([A-Z_]+)"', source)) | {"RAPID_TEST", "LABORATORY_TEST"}
    assert codes == {key for key in tables("en")["help"] if key.isupper()}


# ---------------------------------------------------------------- What pages ask for


def asked(source: str) -> Iterator[str]:
    """Yield the words that a page's source asks for, as patterns."""
    without = METHOD.sub("", source)
    for key in KEY.findall(without):
        if key not in NO_WORD:
            yield "".join(
                part if part == "[a-z0-9-_]+" else re.escape(part)
                for part in re.split(
                    r"(\[a-z0-9-_\]\+)", re.sub(r"\$\{[^}]*\}", "[a-z0-9-_]+", key)
                )
            )


def of_pages() -> dict[str, set[str]]:
    return {
        path.name: set(asked(path.read_text(encoding="utf-8")))
        for path in sorted(SOURCES.glob("*"))
        if path.suffix in {".js", ".html"}
    }


def test_pages_ask_for_words_that_there_are() -> None:
    known = names("en")
    for page, patterns in of_pages().items():
        for pattern in patterns:
            assert any(re.fullmatch(pattern, name, re.I) for name in known), (page, pattern)


def test_pages_ask_for_every_word_of_theirs() -> None:
    """A word that nobody shows is ten translations that nobody reads, and bytes of every first visit."""
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js"))
    patterns = {pattern for found in of_pages().values() for pattern in found}
    # `border.${outcome}` is one of these; what else is said by its bare name stands as a text in a source.
    bare = {*ScreenOutcome, *Identification, *re.findall(r'"([a-z_]+)"', source)}
    named = {pattern for pattern in patterns if not re.fullmatch(r"\w+\\\.\[a-z0-9-_\]\+", pattern)}
    unused = {
        name
        for name in names("en")
        if name.partition(".")[0] in {"page", "border", "wallet"}
        and name.partition(".")[2] not in bare
        and name not in NO_WORD
        and not any(re.fullmatch(pattern, name, re.I) for pattern in named)
    }
    assert unused == set()


def test_the_search_finds_what_pages_ask_for() -> None:
    source = """<b data-t="border.next"></b> t('page.nowhere', {n: 1}) t(`reasons.${reason}`) "wallet.js" src="border.js" """
    source += 'engine.call("border.check", {}) from "./words.js"'
    patterns = set(asked(source))
    assert {"border\\.next", "page\\.nowhere"} <= patterns
    assert any(re.fullmatch(pattern, "reasons.not-met") for pattern in patterns)
    assert not any("check" in pattern for pattern in patterns)


def test_pages_and_the_catalogue_know_the_same_languages() -> None:
    source = (SOURCES / "words.js").read_text(encoding="utf-8")
    assert tuple(re.findall(r'^  ([a-z]{2}): \{ name: "', source, re.M)) == words.LANGUAGES


# ---------------------------------------------------------------- What is written for them


def test_pages_are_given_one_file_a_language(tmp_path: Path) -> None:
    page_words.main(str(tmp_path))
    assert {path.stem for path in tmp_path.iterdir()} == set(words.LANGUAGES)
    arabic = json.loads((tmp_path / "ar.json").read_text(encoding="utf-8"))
    assert (arabic["language"], arabic["direction"]) == ("ar", "rtl")
    assert arabic["border"] == tables("ar")["border"]


def test_the_pseudo_language_is_longer_and_is_filled_in_alike() -> None:
    english, pseudo = tables("en"), page_words.pseudo()
    for name, table in english.items():
        for key, word in table.items():
            assert places(pseudo[name][key]) == places(word)
            assert len(pseudo[name][key]) >= 1.4 * len(word)
