"""Texts that mean a country, and participants that are none."""

from __future__ import annotations

import pytest

from pratique.trust import countries, country_codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FR", "FR"), ("fr ", "FR"), ("FRA", "FR"), ("CNAM", "FR"), ("CH BAG", "CH"), ("EL", "GR"),
        ("UK", "GB"), ("XJ", "XJ"), ("XXJ", "XJ"), ("XCL", "XL"), ("XL", "XL"), ("IOM", "IOM"),
        ("IO", "IO"), ("IOT", "IO"), ("XKX", "XK"),
        ("SAMPLE ISSUER (DO NOT VERIFY)", None), ("", None), ("ZZ", None), ("EU", None),
    ],
)  # fmt: skip
def test_a_text_means_one_country_or_none(text: str, code: str | None) -> None:
    assert countries.code(text) == code


def test_the_iso_table_is_whole() -> None:
    words = country_codes.ISO_3166.split()
    assert len(words) == 2 * 249
    assert {len(word) for word in words[::2]} == {2}
    assert {len(word) for word in words[1::2]} == {3}
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("participant", "signs_for"),
    [("GB", {"GB", "GG", "GI", "JE", "IM"}), ("NZL", {"NZ", "CK", "NU", "TK"}), ("GP", {"GP"}),
     ("LI", {"LI"}), ("nowhere", set())],
)  # fmt: skip
def test_a_state_signs_for_its_territories_and_not_the_other_way(
    participant: str, signs_for: set[str]
) -> None:
    assert countries.may_sign_for(participant) == signs_for


def test_an_organisation_that_borrows_a_country_code_is_kept_apart_from_the_country() -> None:
    assert countries.may_sign_for("IOM") == {"IOM", "IO"}
    assert countries.may_sign_for("IOT") == {"IO"}


def test_there_are_as_many_test_states_as_letters_and_no_more() -> None:
    for character in map(chr, range(32, 127)):
        text = f"X{character}"
        meant = countries.code(text)
        assert (meant is None) is not character.isalpha() or character == " "
        assert meant in (None, text.upper())
