"""Texts that mean a country, and participants that are none."""

from __future__ import annotations

import pytest

from pratique.trust import countries


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
    words = countries.ISO_3166.split()
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


@pytest.mark.parametrize(
    ("participant", "kind", "subject"),
    [
        ("FRA", "state", "FR"), ("GLP", "territory", "GP"), ("COK", "state", "CK"), ("XXA", "test state", "XA"),
        ("XXX", "test state", "XX"), ("XCL", "test state", "XL"), ("XYK", "test state", "YK"),
        ("XXK", "test state", "XK"), ("XKX", "territory", "XK"), ("IOM", "organisation", "IO"),
        ("IOT", "territory", "IO"), ("WHO", "organisation", "CH"), ("EUE", "organisation", "EU"),
        ("CHE", "state", "CH"), ("ZZZ", None, None), ("", None, None), ("FR", None, "FR"),
    ],
)  # fmt: skip
def test_a_participant_is_a_state_a_territory_an_organisation_or_a_test_state(
    participant: str, kind: str | None, subject: str | None
) -> None:
    assert countries.kind(participant) == kind
    assert countries.subject(participant) == subject


def test_every_collision_of_two_participants_is_on_record() -> None:
    words = [*countries.ISO_3166.split()[1::2], *countries.ORGANISATIONS, *countries.VIRTUAL,
             "XKX", *(f"XX{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]  # fmt: skip
    bearers: dict[str, set[str]] = {}
    for word in words:
        bearers.setdefault(str(countries.subject(word)), set()).add(word)
    alike = {c: tuple(sorted(found)) for c, found in bearers.items() if len(found) > 1}
    assert alike == {c: tuple(sorted(who)) for c, who in countries.COLLISIONS.items()}


def test_territories_are_codes_that_are_known() -> None:
    codes = countries.TERRITORIES.split()
    assert len(codes) == len(set(codes)) == 53
    assert all(countries.code(code) == code for code in codes)
