"""The border post in a real browser: what an officer does, and what is on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.formats import keyboards
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from tests.browser import desk
from tests.browser.conftest import NOW, PATIENCE, Post, expect, served
from tests.browser.desk import US, forget, outcome, scan, set_up
from tests.steps import until


@pytest.fixture(scope="module")
def open_page(browser: Any) -> Iterator[Any]:
    """Return a page for all tests of this file: the engine is started once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    made.set_default_timeout(PATIENCE)
    made.clock.set_fixed_time(NOW)
    made.complaints = []
    made.on("console", lambda line: line.type == "error" and made.complaints.append(line.text))
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()


@pytest.fixture
def page(open_page: Any) -> Iterator[Any]:
    """Return the open page; whatever it complains of fails the test."""
    open_page.complaints.clear()
    yield open_page
    assert open_page.complaints == []


@pytest.fixture
def new_page(context: Any) -> Any:
    """Return a page of its own, in a profile that holds nothing yet."""
    made = context.new_page()
    made.clock.set_fixed_time(NOW)
    return made


CHUNKS = "shc:/{}/3/" + "5676295953265460346029254077280433602870286471674522280928"


@pytest.mark.parametrize(
    ("traveller", "colour"), [("green", "green"), ("revoked", "red"), ("unknown", "amber")]
)
def test_a_scanned_certificate_is_judged(
    page: Any, site: str, post: Post, traveller: str, colour: str
) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts[traveller])
    assert outcome(page) == colour
    for words in ("BLOGGS", "3 February 1980") if traveller != "unknown" else ():
        expect(page.locator("main")).to_contain_text(words, use_inner_text=True)


def test_a_specimen_has_a_style_of_its_own(
    new_page: Any, put: Callable[[Snapshot], Path], post: Post
) -> None:
    with served(put(post.held.replace(environment=Environment.PRODUCTION))) as site:
        set_up(new_page, site, post.place)
        scan(new_page, post.texts["green"])
        assert outcome(new_page) == "specimen"
        style = "getComputedStyle(document.querySelector('.verdict')).outlineStyle"
        assert new_page.evaluate(style) == "dashed"


def test_what_is_not_read_is_scanned_again_and_says_nothing_of_anybody(
    page: Any, site: str, post: Post
) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"][:80] + "%" * 60)
    # It goes by itself: what is on the screen is looked at as it comes.
    person, words = page.wait_for_function(
        "() => document.body.dataset.outcome === 'again'"
        " && [document.querySelector('.person').checkVisibility(), document.querySelector('main').innerText]"
    ).json_value()
    assert not person
    assert "Next traveller" not in words


def test_a_card_of_several_codes_waits_for_the_others(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, CHUNKS.format(1))
    page.locator("[data-part=note]").get_by_text("1 of 3").wait_for()
    expect(page.locator("body")).to_have_attribute("data-screen", "ready")
    scan(page, CHUNKS.format(2))
    page.locator("[data-part=note]").get_by_text("2 of 3").wait_for()
    forget(page)
    scan(page, CHUNKS.format(3))
    page.locator("[data-part=note]").get_by_text("1 of 3").wait_for()


def test_each_outcome_has_its_shape(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    for traveller, shape in (("green", "green"), ("revoked", "red"), ("unknown", "amber")):
        scan(page, post.texts[traveller])
        outcome(page)
        expect(page.locator(".verdict use")).to_have_attribute("href", f"#shape-{shape}")
        forget(page)


def test_the_result_is_announced_first_and_then_the_name(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    outcome(page)
    said = page.locator("[data-part=live] p")
    expect(said.first).to_have_text(page.locator(".word").inner_text(), use_inner_text=True)
    expect(said.nth(1)).to_contain_text("BLOGGS", use_inner_text=True)
    expect(page.locator("[data-part=live]")).to_have_attribute("role", "alert")


def test_a_second_certificate_of_the_same_traveller_is_judged_with_the_first(
    page: Any, site: str, post: Post
) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["first dose"])
    assert outcome(page) != "green"
    page.get_by_role("button", name="Another certificate").click()
    page.locator("body[data-screen=ready]").wait_for()
    scan(page, post.texts["green"])
    assert outcome(page) == "green"
    count = page.locator(".count")
    expect(count).to_have_text("Certificate 2 of this traveller", use_inner_text=True)


def test_a_scan_beside_a_result_is_the_next_travellers(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    assert outcome(page) == "green"
    scan(page, post.texts["first dose"])
    page.locator("body:not([data-outcome=green])[data-screen=result]").wait_for()
    expect(page.locator(".count")).to_be_hidden()


# ----------------------------------------------------------------------------------------------------
# A hardware scanner.


@pytest.mark.parametrize("prefix", ["F8", "Control+b"])
def test_with_a_prefix_a_scan_presses_no_button_that_has_the_focus(
    page: Any, site: str, post: Post, prefix: str
) -> None:
    set_up(page, site, post.place, prefix="\x02" if prefix == "Control+b" else prefix)
    page.get_by_role("button", name="Type or paste").focus()
    scan(page, " " + post.texts["green"], prefix=prefix)
    assert outcome(page) == "green"
    expect(page.locator("dialog")).to_have_count(0)


def test_without_a_prefix_neither(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    assert " " in post.texts["green"]
    page.get_by_role("button", name="Type or paste").focus()
    scan(page, post.texts["green"])
    # Many scanners end with two keys.
    page.keyboard.press("Enter")
    assert outcome(page) == "green"
    expect(page.locator("dialog")).to_have_count(0)


def test_a_persons_blank_presses_the_button_that_has_the_focus(
    page: Any, site: str, post: Post
) -> None:
    set_up(page, site, post.place)
    page.locator("body[data-screen=ready]").wait_for()

    def opened() -> bool:
        # Where the screen was shown anew between focus and key, the key met nothing: it is pressed again.
        if not page.locator("dialog").count():
            page.get_by_role("button", name="Type or paste").press(" ")
        return bool(page.locator("dialog").count())

    until(opened)


def test_keys_that_make_no_text_do_nothing(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    page.locator("main").evaluate("(main) => main.toggleAttribute('data-marked', true)")
    scan(page, "abc")
    page.keyboard.press("F4")
    # No other screen has come, which would have no mark, and gone.
    expect(page.locator("body[data-screen=ready] main[data-marked]")).to_be_visible()


@pytest.mark.parametrize("layout", ["German", "French", "Spanish", "Russian"])
def test_another_keyboard_layout_is_read_and_told(
    page: Any, site: str, post: Post, layout: str
) -> None:
    set_up(page, site, post.place)
    scan(page, desk.typed_by(post.texts["green"], US, keyboards.LAYOUTS[layout]))
    assert outcome(page) == "green"
    expect(page.locator("[data-part=keyboard]")).to_be_visible()


def test_caps_lock_is_read_and_told(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"].swapcase())
    assert outcome(page) == "green"
    forget(page)
    scan(page, post.texts["green"])
    assert outcome(page) == "green"
    expect(page.locator("[data-part=keyboard]")).to_be_hidden()


# ----------------------------------------------------------------------------------------------------
# The passport.

LINES = ("P<XXABLOGGS<<JO".ljust(44, "<"), "L898902C<3XXA8002033F2709307<<<<<<<<<<<<<<02")
OTHER = ("P<XXASAMPLEOVA<<TESTINA".ljust(44, "<"), LINES[1])


@pytest.mark.parametrize(("lines", "likeness"), [(LINES, "same"), (OTHER, "unlike")])
def test_a_scanned_passport_is_compared_and_green_is_its_holders(
    page: Any, site: str, post: Post, lines: tuple[str, str], likeness: str
) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    outcome(page)
    for line in lines:
        scan(page, line)
    page.locator(f".likeness[data-outcome={likeness}]").wait_for()
    assert outcome(page) == {"same": "green", "unlike": "amber"}[likeness]
    assert lines[1] not in page.content()


BUSY = """() => {
  const [set, clear, held] = [window.setTimeout, window.clearTimeout, new Map()];
  window.setTimeout = (f, ms, ...more) => ms ? set(f, ms, ...more) : held.set(1e9 + held.size, f).size + 1e9 - 1;
  window.clearTimeout = (id) => { if (held.has(id)) held.set(id, () => null); else clear(id); };
  window.turn = () => { for (const [id, f] of held) { held.set(id, () => null); f(); } };
}"""
"""What a page asks to do next is done when the test says so: a busy machine hands on keys before it."""


@pytest.mark.parametrize(
    "early", [0, 1, len(LINES[1])], ids=["no key", "one key", "the whole line"]
)
def test_a_passport_s_second_line_may_come_before_the_first_was_taken(
    new_page: Any, site: str, post: Post, early: int
) -> None:
    set_up(new_page, site, post.place)
    scan(new_page, post.texts["green"])
    outcome(new_page)
    new_page.evaluate(BUSY)
    first, second = LINES
    new_page.keyboard.type(first)
    new_page.keyboard.press("Enter")
    new_page.keyboard.type(second[:early])
    new_page.evaluate("() => turn()")
    new_page.keyboard.type(second[early:])
    new_page.keyboard.press("Enter")
    new_page.evaluate("() => turn()")
    new_page.locator(".likeness[data-outcome=same]").wait_for()


def test_another_passports_lines_take_green_away_until_the_holders_are_scanned(
    page: Any, site: str, post: Post
) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    assert outcome(page) == "green"
    for lines, shown in ((OTHER, "amber"), (LINES, "green")):
        for line in lines:
            scan(page, line)
        page.locator(f"body[data-outcome={shown}]").wait_for()
        expect(page.locator(f"main [data-outcome={shown}] > .verdict")).to_be_visible()


def test_a_typed_passport_is_compared(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    outcome(page)
    page.get_by_role("button", name="Compare with the passport").click()
    page.locator("#mrz").fill("P<XXA")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog [data-part=wrong]")).to_be_visible()
    page.locator("#mrz").fill("\n".join(LINES))
    page.locator("dialog button[type=submit]").click()
    page.locator(".likeness[data-outcome=same]").wait_for()
    expect(page.locator("textarea")).to_have_count(0)


def test_a_passport_before_the_certificate_is_told_so(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, LINES[0])
    page.locator("[data-part=note]").get_by_text("certificate first").wait_for()


# ----------------------------------------------------------------------------------------------------
# Files, pasted and typed texts.


def test_a_text_file_is_read(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    file = {"name": "x.txt", "mimeType": "text/plain", "buffer": post.texts["green"].encode()}
    page.locator("#file").set_input_files(file)
    assert outcome(page) == "green"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PDF"])
def test_a_picture_is_read(page: Any, site: str, post: Post, kind: str) -> None:
    set_up(page, site, post.place)
    page.locator("#file").set_input_files(
        {
            "name": "x",
            "mimeType": "application/octet-stream",
            "buffer": desk.picture(post.texts["green"], kind),
        }
    )
    assert outcome(page) == "green"


def test_a_file_without_a_code_is_told(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    page.locator("#file").set_input_files(
        {"name": "x", "mimeType": "image/png", "buffer": desk.picture("", "PNG")}
    )
    page.locator("[data-part=note]").get_by_text("No code was found").wait_for()
    expect(page.locator("body")).to_have_attribute("data-screen", "ready")


def test_a_typed_text_is_judged(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    page.get_by_role("button", name="Type or paste").click()
    page.locator("#typed").fill(post.texts["green"])
    page.locator("dialog button[type=submit]").click()
    assert outcome(page) == "green"
    expect(page.locator("textarea")).to_have_count(0)


# ----------------------------------------------------------------------------------------------------
# Clearing.


def test_a_result_clears_itself(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place, clears=10)
    scan(page, post.texts["green"])
    assert outcome(page) == "green"
    page.locator("body[data-screen=ready]").wait_for()
    assert "BLOGGS" not in page.content()


def test_a_result_stays_longer_where_it_is_asked_for(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place, clears=10)
    scan(page, post.texts["green"])
    outcome(page)
    page.keyboard.press("F2")
    # It counts down from ten times as much, and is past what it would have stayed.
    page.wait_for_function(
        "() => { const left = document.querySelector('[data-part=left]'); return left.max === 100 && left.value < 89; }"
    )
    expect(page.locator("body")).to_have_attribute("data-screen", "result")
    page.keyboard.press("F1")
    page.locator("dialog").wait_for()


def test_escape_clears_and_nothing_is_stored_but_the_set_up(
    page: Any, site: str, post: Post
) -> None:
    set_up(page, site, post.place)
    before = page.evaluate("[location.href, document.title, history.length]")
    scan(page, post.texts["green"])
    outcome(page)
    assert "BLOGGS" in page.content()
    assert page.evaluate("[location.href, document.title, history.length]") == before
    forget(page)
    assert "BLOGGS" not in page.content()
    assert page.evaluate("[location.href, document.title, history.length]") == before
    assert set(page.evaluate("Object.keys(localStorage)")) <= {
        "pratique.border",
        "pratique.language",
    }
    assert page.evaluate("sessionStorage.length") == 0


def test_a_hidden_page_clears(page: Any, context: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    scan(page, post.texts["green"])
    outcome(page)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("body")).to_have_attribute("data-screen", "ready")
    assert "BLOGGS" not in page.content()


# ----------------------------------------------------------------------------------------------------
# The set-up, the gate, the data.


def test_what_was_set_up_is_remembered(new_page: Any, site: str, post: Post) -> None:
    set_up(new_page, site, post.place, clears=42, prefix="F8")
    new_page.reload()
    new_page.locator("body[data-screen=ready]").wait_for()
    new_page.get_by_role("button", name="Settings").click()
    for field, value in (("#place", post.place), ("#clears", "42"), ("#prefix", "F8")):
        expect(new_page.locator(field)).to_have_value(value)
    expect(new_page.locator("#sounds")).not_to_be_checked()


def test_a_set_up_without_a_place_is_not_taken(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    page.get_by_role("button", name="Settings").click()
    page.locator("#place").select_option("")
    page.locator("main button[type=submit]").click()
    expect(page.locator("[data-part=wrong]")).to_be_visible()
    expect(page.locator("body")).to_have_attribute("data-screen", "setup")
    page.locator("#place").select_option(post.place)
    page.locator("main button[type=submit]").click()
    page.locator("body[data-screen=ready]").wait_for()


def test_a_gate_has_nothing_to_set_and_gives_no_reasons(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place, kiosk=True)
    expect(page.get_by_role("button", name="Settings")).to_be_hidden()
    scan(page, post.texts["revoked"])
    assert outcome(page) == "red"
    expect(page.locator(".reasons")).to_be_hidden()
    gate = page.locator("[data-part=gate]")
    expect(gate).to_have_text("Please go to an officer", use_inner_text=True)
    forget(page)
    page.keyboard.press("Control+Shift+L")
    page.locator("body[data-screen=setup]").wait_for()


def test_the_age_of_the_data_is_always_in_sight(page: Any, site: str, post: Post) -> None:
    set_up(page, site, post.place)
    line = page.locator(".data-line")
    line.get_by_text(str(post.held.number)).wait_for()
    expect(line).to_have_attribute("data-level", "fresh")
    scan(page, post.texts["green"])
    outcome(page)
    expect(line).to_be_visible()


def test_old_data_is_told_in_words_and_nobody_is_green(
    new_page: Any, site: str, post: Post
) -> None:
    new_page.clock.set_fixed_time(post.at.replace(month=12, day=24))
    set_up(new_page, site, post.place)
    new_page.locator(".data-line[data-level=stale]").wait_for()
    scan(new_page, post.texts["green"])
    assert outcome(new_page) == "amber"


def test_a_clock_that_is_behind_is_told(new_page: Any, site: str, post: Post) -> None:
    new_page.clock.set_fixed_time(post.at.replace(year=post.at.year - 1))
    set_up(new_page, site, post.place)
    new_page.locator("[data-part=clock]").get_by_text("clock").wait_for()


def test_it_works_after_the_server_is_shut_down(
    new_page: Any, put: Callable[[Snapshot], Path], post: Post
) -> None:
    with served(put(post.held)) as site:
        set_up(new_page, site, post.place)
    scan(new_page, post.texts["green"])
    assert outcome(new_page) == "green"
