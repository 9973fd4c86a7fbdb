"""From a desk to a border: issued there it is GREEN, revoked or corrected there it is RED once the lists are published and synced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.parties.issuer import url_of
from pratique.parties.issuing import Place
from tests import ceremonies, issuing_desks
from tests.ceremonies import AT, LATER, Desk
from tests.desk_forms import confirmed, correction, form
from tests.forked import ROOT
from tests.issuing_desks import PASSPHRASES, SECOND, Client, OpenDesk

GREEN, RED = 0, 1
CORRECTED = {"surname": "Doe", "surname_icao": ""}


class World(NamedTuple):
    """A network with an issuer's desk and a border in it."""

    network: Desk
    desk: OpenDesk

    def publish(self, at: str) -> None:
        """Publish what is revoked, as whoever keeps the issuer does at the day's end."""
        self.network.run("issuer", "lists", "--out", "lists", "--at", at)
        ceremonies.edition(self.network, "--lists", "lists", at=at)

    def sync(self, at: str) -> None:
        self.network.run("sync", "--at", at)

    def at_the_border(self, text: str, at: str, code: int) -> str:
        """Verify a text with what the border has synced; return what it says."""
        path = self.network.folder / "shown.txt"
        path.write_text(text)
        return self.network.run("verify", path, "--to", "XF", "--at", at, code=code)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with ceremonies.founded(tmp_path) as network:
        for name, value in network.variables.items():
            monkeypatch.setenv(name, value)
        issuer = tmp_path / "issuer"
        issuing_desks.operators_of(issuer)
        rules = network.run("rules", "build", ROOT / "examples/policies/freedonia.toml")
        (tmp_path / "rules.json").write_text(rules)
        network.run("rules", "import", "rules.json")
        place = Place(issuer, url_of(issuer, None))
        with issuing_desks.serving(
            tmp_path, place=place, secret=lambda _: ceremonies.PASSWORD
        ) as desk:
            yield World(network, desk)


def issued(clerk: Client, surname: str) -> str:
    """Issue the second of two doses, 52 days ago: what Freedonia's rules ask for."""
    asked = form(surname=surname)
    asked["events"] = [asked["events"][0] | {"dose": "2", "given_on": "2026-10-01"}]
    (certificate,) = clerk.good("issue.sign", confirmed(clerk, asked))["certificates"]
    return str(certificate["text"])


def revoked(clerk: Client, text: str) -> None:
    plan = clerk.good("certificate.count", {"text": text, "reason": "fraud"})["plan"]
    assert clerk.good("certificate.revoke", {"plan": plan})["revoked"] == 1


def test_a_certificate_of_the_desk_is_green_until_its_revocation_is_synced(world: World) -> None:
    clerk = world.desk.client()
    text, other = issued(clerk, "Doe"), issued(clerk, "Roe")
    world.publish(AT)
    world.sync(AT)
    for each in (text, other):
        assert "GREEN" in world.at_the_border(each, AT, GREEN)
    revoked(clerk, text)
    assert clerk.good("certificate.open", {"text": text})["state"] == "revoked"
    # Nobody at a border knows before it is published, and before the border has synced.
    world.at_the_border(text, AT, GREEN)
    world.publish(LATER)
    world.at_the_border(text, LATER, GREEN)
    world.sync(LATER)
    assert "REVOKED" in world.at_the_border(text, LATER, RED)
    # The control: another one of the same key, day and lot stays good.
    world.at_the_border(other, LATER, GREEN)


def test_a_corrected_certificate_is_red_and_the_right_one_green(world: World) -> None:
    clerk = world.desk.client()
    wrong = issued(clerk, "Deo")
    world.publish(AT)
    world.sync(AT)
    world.at_the_border(wrong, AT, GREEN)
    asked = correction(clerk, wrong, **CORRECTED)
    right = clerk.good("certificate.correct", asked)["certificates"][0]["text"]
    world.at_the_border(right, AT, GREEN)
    world.publish(LATER)
    world.sync(LATER)
    assert "REVOKED" in world.at_the_border(wrong, LATER, RED)
    world.at_the_border(right, LATER, GREEN)


def test_a_lot_that_two_people_revoke_is_red_and_so_is_what_renews_it(world: World) -> None:
    clerk = world.desk.client()
    text = issued(clerk, "Doe")
    renewed = clerk.good("certificate.renew", {"text": text})["certificates"][0]["text"]
    world.publish(AT)
    world.sync(AT)
    world.at_the_border(renewed, AT, GREEN)
    chosen = {"reason": "product-recall", "selection": {"lot": "LOT-9"}}
    plan = clerk.good("revocation.count", chosen)["plan"]
    second = {"pseudonym": SECOND, "passphrase": PASSPHRASES[SECOND]}
    assert clerk.good("revocation.revoke", {"plan": plan} | second)["revoked"] == 2
    world.publish(LATER)
    world.sync(LATER)
    for each in (text, renewed):
        assert "REVOKED" in world.at_the_border(each, LATER, RED)
