"""What an officer's screen says: of 500 made certificates no field of health, and GREEN by name and birth date alone.

And what a hostile text makes of it: nothing. Markup stays letters, a line is not turned round, and no text is too long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.parties import site as parties_site
from tests import issuers
from tests.browser import desk, invented
from tests.browser.conftest import NOW, PATIENCE, served
from tests.browser.invented import PLACE, Certificate
from tests.networks import State

COUNT = 500
SPOKEN = 25
"""Of so many the tree that a screen reader gets is looked at too: it takes longer."""
WORDS = re.compile(
    r"vaccin|dose|booster|\btest|recover|exempt|\bpcr\b|antigen|covid|disease|yellow|fever|inocul|immun|illness",
    re.IGNORECASE,
)
"""What certificates attest, in the words of a screen in English."""

_CHECK = """async (texts) => {
  const until = async (name) => {
    while (document.body.dataset.screen !== name) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const seen = [];
  for (const text of texts) {
    document.querySelector("[data-act=text]").click();
    document.querySelector("#typed").value = text;
    document.querySelector("dialog form").requestSubmit();
    await until("result");
    const shown = (part) => document.querySelector(`[data-part=${part}]`).textContent;
    const person = ["family", "given", "family_native", "given_native", "born"].map(shown);
    const all = document.documentElement.outerHTML;
    const visible = document.body.innerText;
    const spoken = shown("live");
    const copy = document.documentElement.cloneNode(true);
    for (const name of ["family", "given", "family_native", "given_native", "born", "live"])
      Object.assign(copy.querySelector(`[data-part=${name}]`), { textContent: "", hidden: false });
    // Each dialog goes a moment after it was closed, and time runs, whoever is there.
    for (const dialog of copy.querySelectorAll("dialog")) dialog.remove();
    copy.querySelector("progress[data-part=left]").removeAttribute("value");
    copy.querySelector("[data-part=seconds]").textContent = "";
    // Somebody without a name in another script has one line less, whatever they have to show.
    seen.push({ outcome: document.body.dataset.outcome, person, all, visible, spoken, rest: copy.outerHTML });
    (document.querySelector("[data-act=next]") ?? document.querySelector("main [data-act=again]")).click();
    await until("ready");
  }
  return seen;
}"""


class Screens(NamedTuple):
    """Certificates, and what the screen was at each."""

    certificates: list[Certificate]
    seen: list[dict[str, Any]]
    page: Any


@pytest.fixture(scope="module")
def screens(
    browser: Any, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screens]:
    held, certificates = invented.many(COUNT)
    folder = tmp_path_factory.mktemp("officer")
    parties_site.put(folder, built, held)
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    with served(folder) as address:
        desk.set_up(page, address, PLACE)
        seen = page.evaluate(_CHECK, [one.text for one in certificates])
        yield Screens(certificates, seen, page)
    context.close()


def test_each_is_judged_and_shows_whose_it_is(screens: Screens) -> None:
    outcomes = [row["outcome"] for row in screens.seen]
    assert outcomes.count("green") == COUNT * 4 // 5
    for certificate, row in zip(screens.certificates, screens.seen, strict=True):
        if certificate.kind != "icvp":
            # The yellow card has one name, and no line of A-Z.
            family = (certificate.person.surname_icao or "").replace("<", " ")
            assert row["person"][0].replace("-", " ").upper() == family


def test_no_field_of_health_is_on_the_screen(screens: Screens) -> None:
    """In the whole document, attributes too, and in what is read aloud."""
    for certificate, row in zip(screens.certificates, screens.seen, strict=True):
        said = row["all"] + row["visible"] + row["spoken"]
        assert [value for value in certificate.health if value in said] == [], certificate.kind
        assert WORDS.findall(row["visible"] + row["spoken"]) == [], certificate.kind


def test_green_is_the_same_screen_but_for_name_and_birth_date(screens: Screens) -> None:
    green: dict[str, set[str]] = {}
    for certificate, row in zip(screens.certificates, screens.seen, strict=True):
        if row["outcome"] == "green":
            green.setdefault(certificate.kind, set()).add(row["rest"])
    assert set(green) == {"vaccination", "test", "recovery", "exemption"}
    assert len(set[str]().union(*green.values())) == 1


def test_a_screen_reader_is_told_the_same(screens: Screens) -> None:
    trees = set()
    for certificate in screens.certificates[:SPOKEN]:
        page = screens.page
        page.locator("[data-act=text]").click()
        page.locator("#typed").fill(certificate.text)
        page.locator("dialog button[type=submit]").click()
        outcome = desk.outcome(page)
        tree = page.locator("body").aria_snapshot()
        assert [value for value in certificate.health if value in tree] == []
        assert WORDS.findall(tree) == []
        # Whose it is, and how long it stays, is left out.
        parts = ("family", "given", "family_native", "given_native", "born")
        texts = [page.locator(f"[data-part={name}]").first.text_content() for name in parts]
        labels = ["Family name", "Given names", "Born", "progressbar", "clears in"]
        own = re.compile("|".join(map(re.escape, filter(None, [*texts, *labels]))))
        tree = "\n".join(line for line in tree.splitlines() if not own.search(line))
        if outcome == "green":
            trees.add(tree)
        desk.forget(page)
    assert len(trees) == 1, trees


def test_a_field_that_is_shown_is_seen(screens: Screens) -> None:
    """The control: a screen that says what was given, in an attribute, a text or a word, is noticed."""
    certificate, row = screens.certificates[0], screens.seen[0]
    for leak in (f'<p data-product="{certificate.health[0]}">', certificate.health[-1]):
        assert any(value in row["all"] + leak for value in certificate.health)
    assert WORDS.findall(row["visible"] + " vaccinated")


# ----------------------------------------------------------------------------------------------------
# Hostile texts.

SCRIPTS = (
    "<img src=x onerror=globalThis.ran=1>", "<script>globalThis.ran=1</script>", "<b id=bold>Bold</b>",
    "\"><svg onload=globalThis.ran=1>", "javascript:globalThis.ran=1", "{{7*7}}${7*7}", "&lt;b&gt;&#60;b&#62;",
)  # fmt: skip
TURNED = ("Doe\u202eeoD", "\u2067Doe\u2069", "Do\u200be", "Doe\u0000", "Doe\nGREEN", "D" * 70)
RAW = (
    *SCRIPTS, "HC1:" + "<b>" * 400, "A" * 100_000, "HC1:" + "%" * 19_000, "\u202e" * 500, "\ud800 lone", "{" * 5_000,
    "https://elsewhere.example/?q=" + "x" * 2_000, "shc:/" + "5" * 40_000, "\x00\x01\x02" * 50, "HC1:\u0661\u0662" * 40,
)  # fmt: skip


def test_a_signed_name_is_shown_as_letters(screens: Screens) -> None:
    """A hostile name, well signed: no element is made of it, nothing runs, and the word above it stays."""
    page, state = screens.page, State("XXA")
    for number, name in enumerate((*SCRIPTS, *TURNED)):
        person = issuers.JO._replace(surname=name[:80], forename="Kim")
        try:
            text = state.issue(
                issuers.RECORDS["vaccination"]._replace(person=person), nth=900 + number
            )
        except Exception:  # noqa: BLE001 - what issuing itself refuses cannot be shown
            continue
        (row,) = page.evaluate(_CHECK, [text])
        assert row["outcome"] in {"green", "amber", "again"}
        assert page.evaluate("[globalThis.ran ?? null, document.querySelectorAll('#bold, main img, main script').length]") == [None, 0]  # fmt: skip
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00]", row["all"])


def test_a_hostile_text_is_scan_again_and_nothing_else(screens: Screens) -> None:
    page = screens.page
    for row in page.evaluate(_CHECK, [*RAW]):
        assert row["outcome"] in {"again", "red", "amber"}, row["person"]
        assert row["person"][:2] == ["", ""]
        assert len(row["visible"]) < 2_000
    assert page.evaluate("globalThis.ran ?? null") is None
    # The control: the same letters in a page without the policy are markup.
    bold = "() => { const p = document.createElement('p'); p.innerHTML = '<b>x</b>'; return p.children.length; }"
    other = page.context.browser.new_context(bypass_csp=True)
    assert other.new_page().evaluate(bold) == 1
    other.close()
