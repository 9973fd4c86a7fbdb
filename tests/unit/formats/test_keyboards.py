"""A scanner set to another keyboard layout than the computer: read back, or named; never held against anybody.

What is typed is simulated here from the layouts' keys, dead keys as Windows and X11 have them.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.findings import Code, Finding
from pratique.formats import keyboards, wrapping
from tools.vectors import content
from tools.vectors.layers import claims, text

US = keyboards.LAYOUTS["US"]
DEAD = {"`": "\u0300", "´": "\u0301", "^": "\u0302", "~": "\u0303", "¨": "\u0308", "ˇ": "\u030c"}
ABROAD = sorted(set(keyboards.LAYOUTS) - {"US"})
NAMED_ONLY = {"Greek"}
"""Layouts that make one character of two keys."""


def code(number: int) -> str:
    return text(claims(content.vaccinated(dose_changes={"ci": f"URN:UVCI:01:XU:{number:012d}#A"})))


def typed(
    said: str, scanner: tuple[str, str], computer: tuple[str, str], lock: str = "", dead: str = ""
) -> str:
    """Type what a scanner says at a computer: key by key."""
    shown, waiting = "", ""
    for character in said:
        seen = character
        for shifted in (0, 1):
            if character in scanner[shifted]:
                key = scanner[shifted].index(character)
                seen = computer[1 - shifted if lock == "shift" else shifted][key]
                if lock == "caps" and len(seen.swapcase()) == 1:
                    seen = seen.swapcase()
                break
        if waiting:
            joined = unicodedata.normalize("NFC", seen + DEAD[waiting])
            shown += waiting if seen == " " else joined if len(joined) == 1 else waiting + seen
            waiting = ""
        elif seen in dead:
            waiting = seen
        else:
            shown += seen
    return shown + waiting


@pytest.mark.parametrize("lock", ["", "caps", "shift"])
@pytest.mark.parametrize("name", ABROAD)
def test_a_us_scanner_at_another_computer_is_read_or_named(name: str, lock: str) -> None:
    for number in range(3):
        seen = typed(code(number), US, keyboards.LAYOUTS[name], lock)
        found = wrapping.unwrapped(seen)
        if found.finding is None:
            assert found.text == code(number)
            assert found.notes[0].code in {Code.KEYBOARD_MAPPED, Code.CASE_FLIPPED}
        else:
            assert name in NAMED_ONLY
            assert found.finding.code is Code.KEYBOARD_LAYOUT
            assert name in found.finding.where


@pytest.mark.parametrize("name", ABROAD)
def test_a_scanner_set_abroad_at_a_us_computer_is_never_unrecognised(name: str) -> None:
    layout = keyboards.LAYOUTS[name]
    found = wrapping.unwrapped(typed(code(1), layout, US))
    if all(any(c in row for row in layout) for c in code(1).replace(" ", "")):
        assert (found.text, found.finding) == (code(1), None)
    else:
        # A character that is on none of its keys is typed by other means, and is lost.
        assert found.finding is None or found.finding.code is not Code.PREFIX_UNKNOWN or name in {
            "Russian", "Ukrainian", "Greek",
        }  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["German", "Swedish", "Italian", "Swiss German"]))
def test_dead_keys_are_read_back(number: int, name: str) -> None:
    dead = {"Italian": ""}.get(name, "`^´¨")
    seen = typed(code(number), US, keyboards.LAYOUTS[name], dead=dead)
    found = wrapping.unwrapped(seen + "\n")
    if seen.count("``") == 0:
        assert (found.text, found.finding) == (code(number), None)


def test_caps_lock_at_a_us_computer_is_told() -> None:
    found = wrapping.unwrapped(typed(code(1), US, US, "caps"))
    assert found == wrapping.Unwrapped(code(1), (Finding(Code.CASE_FLIPPED),))


def test_a_german_layout_is_named_german() -> None:
    found = wrapping.unwrapped(typed(code(1), US, keyboards.LAYOUTS["German"]))
    assert found.notes == (Finding(Code.KEYBOARD_MAPPED, "German"),)


def test_a_damaged_code_under_another_layout_is_the_scanners_matter() -> None:
    damaged = code(1)[:50] + code(1)[51:]
    found = wrapping.unwrapped(typed(damaged, US, keyboards.LAYOUTS["German"]))
    assert found.finding is not None
    assert found.finding.code is Code.KEYBOARD_LAYOUT
    assert "German" in found.finding.where


def test_several_lines_under_another_layout_stay_several() -> None:
    codes = [code(n) for n in range(3)]
    lines = [typed(one, US, keyboards.LAYOUTS["French"]) for one in codes]
    assert [one.text for one in wrapping.codes(lines)] == codes


@pytest.mark.parametrize("name", ["German", "French", "Swedish", "Russian", "Turkish"])
@pytest.mark.parametrize("foreign", ["NL2:K9P-34Y6", "CH1:6BFOXN", "AT1:6BFOXN", "HCFR1:6BFOXN"])
def test_another_familys_code_under_another_layout_is_named(name: str, foreign: str) -> None:
    found = wrapping.unwrapped(typed(foreign, US, keyboards.LAYOUTS[name]))
    assert found.finding is not None
    assert found.finding.code is Code.FORMAT_NOT_READ
    assert found.notes[0].code is Code.KEYBOARD_MAPPED


@pytest.mark.parametrize("name", [*ABROAD, "US"])
@pytest.mark.parametrize("lock", ["", "caps"])
def test_digits_and_base32_of_other_schemes_are_read_back_or_told(name: str, lock: str) -> None:
    for said in (
        "shc:/" + "5676290952432060346029" * 9,
        "NZCP:/1/" + "2KCEVIQEIVVWK6JNGEASNICZ" * 9,
    ):
        found = wrapping.unwrapped(typed(said, US, keyboards.LAYOUTS[name], lock))
        if found.finding is None:
            assert found.text == said
        else:
            assert found.finding.code in {
                Code.KEYBOARD_LAYOUT,
                Code.PREFIX_UNKNOWN,
                Code.TEXT_SEVERAL,
            }


@pytest.mark.parametrize("name", ["German", "French", "Belgian", "Swedish", "Spanish", "Italian"])
def test_common_layouts_read_health_cards_back(name: str) -> None:
    said = "shc:/" + "5676290952432060346029" * 9
    found = wrapping.unwrapped(typed(said, US, keyboards.LAYOUTS[name]))
    assert (found.text, found.finding) == (said, None)
    assert [note.code for note in found.notes] == [Code.KEYBOARD_MAPPED]


def test_what_a_keyboard_has_lost_is_told_as_its_setting() -> None:
    found = wrapping.unwrapped(typed("B64:UEsDBBQAAA+/", US, keyboards.LAYOUTS["German"]))
    assert found.finding == Finding(Code.KEYBOARD_LAYOUT, "German")


def test_the_table_is_whole() -> None:
    for name, (plain, shifted) in keyboards.LAYOUTS.items():
        assert len(plain) == len(shifted) == len(US[0]), name
        assert name.isascii()


def test_ordinary_words_are_no_layouts() -> None:
    for words in ("hello", "Grüße aus Wien", "QR code", "привет", "1234567890"):
        assert list(keyboards.readings(words)) == []
