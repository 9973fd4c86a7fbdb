"""What a desk answers while a certificate is issued: suggestions, remarks, a reading, a signature; and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.intake import suggest
from pratique.intake.catalogue import Catalogue
from tests import issuing_desks
from tests.issuing_desks import Client

DOSE = {"product": "EU/1/20/1528", "dose": "1", "doses": "2", "given_on": "20261122", "lot": "L-1"}
FORM: dict[str, Any] = {
    "kind": "vaccination", "person": {"surname": "Müller", "forename": "Jo", "birth_date": "1980-02"},
    "events": [DOSE], "zone": "Europe/Zagreb", "language": "en",
}  # fmt: skip
REQUEST = "ab" * 16


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Client]:
    with issuing_desks.serving(tmp_path) as desk:
        yield desk.client()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pfizer", "Comirnaty"), ("BioNTech", "Comirnaty"), ("cominarty", "Comirnaty"), ("AZ", "Vaxzevria"),
        ("j & j", "Jcovden"), ("JANSSEN", "Jcovden"), ("فايزر", "Comirnaty"), ("спутник", "Sputnik V"),
        ("EU/1/20/1507", "Spikevax"),
    ],
)  # fmt: skip
def test_a_vaccine_is_found_by_what_people_call_it(text: str, name: str) -> None:
    offered = suggest.products(Catalogue.builtin(), "DCC")
    assert suggest.narrowed(offered, text)[0].name == name


@pytest.mark.parametrize("text", ["zzzzzz", "&&&", "x" * 81])
def test_what_is_no_name_finds_nothing(text: str) -> None:
    assert suggest.narrowed(suggest.products(Catalogue.builtin(), "DCC"), text) == ()


def test_the_same_request_gives_the_same_certificate_again(clerk: Client) -> None:
    digest = clerk.good("issue.read_back", FORM)["digest"]
    asked = {**FORM, "digest": digest, "request": REQUEST}
    first, again = clerk.good("issue.sign", asked), clerk.good("issue.sign", asked)
    assert first["certificates"][0]["text"] == again["certificates"][0]["text"]
    assert [each["certificates"][0]["repeated"] for each in (first, again)] == [False, True]


def test_what_was_not_read_back_is_not_signed(clerk: Client) -> None:
    digest = clerk.good("issue.read_back", FORM)["digest"]
    other = {**FORM, "person": {**FORM["person"], "forename": "Ann"}}
    assert (
        clerk.refused("issue.sign", {**other, "digest": digest, "request": REQUEST})
        == "reading-changed"
    )
    in_another = {**FORM, "language": "fr", "digest": digest, "request": REQUEST}
    assert clerk.refused("issue.sign", in_another) == "reading-changed"


def test_one_request_never_names_two_contents(clerk: Client) -> None:
    numbers = []
    for forename in ("Jo", "Ann"):
        form = {**FORM, "person": {**FORM["person"], "forename": forename}}
        digest = clerk.good("issue.read_back", form)["digest"]
        signed = clerk.good("issue.sign", {**form, "digest": digest, "request": REQUEST})
        numbers.append(signed["certificates"][0]["number"])
    assert numbers[0] != numbers[1]


def test_a_doubt_is_confirmed_by_its_name(clerk: Client) -> None:
    form = {**FORM, "events": [{**DOSE, "dose": "3"}]}
    (doubt,) = clerk.good("issue.check", form)["remarks"]
    assert (doubt["code"], doubt["refuses"]) == ("DOSE_BEYOND_SERIES", False)
    assert clerk.refused("issue.read_back", form) == "doubts-open"
    assert (
        clerk.refused("issue.read_back", {**form, "confirmed": ["0.lot.LOT_MISSING"]})
        == "doubts-open"
    )
    assert clerk.good("issue.read_back", {**form, "confirmed": [doubt["id"]]})["digest"]


def test_today_is_the_clinics(clerk: Client) -> None:
    """At 9 o'clock in London it is the evening of the same day at Kiritimati, and 23 h there."""
    tomorrow = {**FORM, "events": [{**DOSE, "given_on": "20261123"}]}
    codes = [each["code"] for each in clerk.good("issue.check", tomorrow)["remarks"]]
    assert codes == ["DATE_IN_FUTURE"]
    assert clerk.good("issue.today", {"zone": "Pacific/Kiritimati"})["today"] == "2026-11-22"
    assert clerk.good("issue.today", {"zone": "nowhere/../etc"})["today"] == "2026-11-22"


def test_products_and_lots_are_remembered_and_persons_are_not(clerk: Client) -> None:
    digest = clerk.good("issue.read_back", FORM)["digest"]
    clerk.good("issue.sign", {**FORM, "digest": digest, "request": REQUEST})
    given = clerk.good("issue.today", {"zone": "UTC"})["given"]
    assert given["vaccination"][0]["columns"] == {
        "product": "EU/1/20/1528",
        "doses": "2",
        "lot": "L-1",
    }
    assert "Müller" not in str(given)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "nothing"}, {"events": []}, {"events": [DOSE] * 11}, {"events": [{"surname": "x"}]},
        {"person": {"resourceType": "Patient"}}, {"person": []}, {"confirmed": [1]},
        {"person": {"surname": "x" * 401}}, {"kind": ["vaccination"]},
    ],
)  # fmt: skip
def test_what_no_page_sends_is_refused(clerk: Client, changed: dict[str, Any]) -> None:
    assert clerk.refused("issue.check", {**FORM, **changed}) == "form-unread"


@pytest.mark.parametrize("text", ["/etc/passwd", "HC1:NOTHING", ""])
def test_no_sheet_is_made_of_what_was_not_signed_here(clerk: Client, text: str) -> None:
    asked = {"text": text, "layout": "a4", "language": "en"}
    assert clerk.refused("issue.pdf", asked).startswith("old-")
