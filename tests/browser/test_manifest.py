"""The gate agent's page in a real browser: a flight's list is dropped, checked, and gone; nothing is sent or kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Post, expect
from tests.browser.screens import file_chooser
from tests.browser.test_accessibility import axe, faults, looked_at, opened

__all__ = ["axe", "opened"]
MARK = "QZXKVJQ"
COLUMNS = ("Reference", "Seat", "Last name", "First name", "DOB", "QR code", "To", "ETA", "Time zone")  # fmt: skip
KEPT = """async () => JSON.stringify([
  Object.entries(localStorage), Object.entries(sessionStorage), await indexedDB.databases(), location.href, document.title,
  history.length, await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((one) => one.url))),
])"""


def rows(post: Post) -> list[tuple[str, ...]]:
    jo = ("BLOGGS", "JO", "1980-02-03")
    flies = (post.place, "2026-11-22T18:00", "UTC")
    return [
        ("PQ1", "1A", *jo, post.texts["green"], *flies),
        ("PQ1", "1B", f"{MARK}A", f"{MARK}B", "1980-02-03", post.texts["test"], *flies),
        ("PQ2", "2A", *jo, post.texts["revoked"], *flies),
        ("PQ3", "3A", *jo, "", *flies),
    ]


def table(post: Post) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *rows(post)])
    return text.getvalue()


def handed(name: str, content: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "text/plain", "buffer": content.encode()}


def start(page: Any, site: str) -> None:
    page.goto(f"{site}/manifest.html")
    page.locator("body[data-screen=choose]").wait_for()


def listed(page: Any, rows: list[list[str]]) -> None:
    """Wait until the list has these rows and no other: as many of the columns as are given."""
    page.locator("body[data-screen=result]").wait_for()
    for name, cells in zip(("seat", "outcome", "leg"), zip(*rows, strict=True), strict=False):
        column = page.locator(f"tbody tr [data-part={name}]")
        expect(column).to_have_text([*cells], use_inner_text=True)


EXPECTED = [
    ["1B", "CHECK AT DESK", "Leg 1"],
    ["2A", "CHECK AT DESK", "Leg 1"],
    ["3A", "NO CERTIFICATE", ""],
]


def as_json(post: Post) -> str:
    return json.dumps({"flight": "PQ 1", "passengers": [dict(zip(COLUMNS, row, strict=True)) for row in rows(post)]})  # fmt: skip


def as_lines(post: Post) -> str:
    return "\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows(post))


@pytest.mark.parametrize("content", [table, as_json, as_lines])
def test_a_list_that_is_chosen_is_checked(
    page: Any, site: str, post: Post, content: Callable[[Post], str]
) -> None:
    start(page, site)
    page.locator("#file").set_input_files(handed("list", content(post)))
    listed(page, EXPECTED)
    expect(page.locator("[data-part=count-ok]")).to_have_text("1", use_inner_text=True)
    page.get_by_role("button", name="Show all passengers").click()
    listed(page, [["1A", "OK", ""], *EXPECTED])
    assert MARK not in page.content()
    assert post.texts["green"][:40] not in page.content()


DROP = """(text) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([text], "list.csv"));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def test_a_list_is_dropped_and_cleared_by_the_mouse(page: Any, site: str, post: Post) -> None:
    start(page, site)
    page.evaluate(DROP, table(post))
    listed(page, EXPECTED)
    page.get_by_role("button", name="Clear the list").click()
    page.locator("body[data-screen=choose]").wait_for()
    note = page.locator("[data-part=note]")
    expect(note).to_contain_text("Nothing of it is kept", use_inner_text=True)
    assert "PQ2" not in page.content()


def test_all_is_done_by_the_keyboard(page: Any, site: str, post: Post) -> None:
    start(page, site)
    bare = [row[:6] for row in rows(post)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS[:6], *bare])
    page.locator("#place").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.locator("#arrival").fill("2026-11-22T18:00")
    page.locator("#zone").focus()
    page.keyboard.type("UTC")
    page.locator("[data-act=file]").focus()
    file_chooser(page).set_files(handed("list.csv", text.getvalue()))
    listed(page, EXPECTED)
    page.keyboard.press("Tab")
    expect(page.locator("[data-act=clear]")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("body[data-screen=choose]").wait_for()


def test_a_row_that_is_broken_is_for_the_desk_and_no_row_is_lost(
    page: Any, site: str, post: Post
) -> None:
    start(page, site)
    lines = table(post).split("\r\n")
    lines[1] = lines[1].replace("BLOGGS", '"BLOGGS')
    lines[3] += ",more"
    page.locator("#file").set_input_files(handed("list.csv", "\r\n".join(lines)))
    listed(page, [["1A"], ["1B"], ["2A"], ["3A"]])


@pytest.mark.parametrize(
    ("content", "word"), [("", "no passenger"), ("Reference,Seat\n", "no passenger"), ("a\0b", "cannot be read")]
)  # fmt: skip
def test_what_is_no_list_is_said_to_be_none(page: Any, site: str, content: str, word: str) -> None:
    start(page, site)
    page.locator("#file").set_input_files(handed("list.csv", content))
    page.locator("[data-part=note]").get_by_text(word).wait_for()


def test_nothing_is_sent_and_nothing_is_kept(page: Any, site: str, post: Post) -> None:
    start(page, site)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    before = page.evaluate(KEPT)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(f"{one.method} {one.url} {one.post_data or ''}"))
    page.locator("#file").set_input_files(handed("list.csv", table(post)))
    listed(page, EXPECTED)
    page.get_by_role("button", name="Clear the list").click()
    page.locator("body[data-screen=choose]").wait_for()
    assert [one for one in sent if not one.startswith("GET ")] == []
    assert [one for one in sent if "data/" not in one and "/words/" not in one] == []
    assert page.evaluate(KEPT) == before
    for trace in ("PQ2", MARK, "BLOGGS", post.texts["green"][:30]):
        assert trace not in page.evaluate(KEPT)
        assert trace not in page.content()
    # The control: what is kept and shown is seen by the same look.
    page.evaluate("(mark) => { localStorage.setItem('x', mark); document.title = mark; }", MARK)
    assert MARK in page.evaluate(KEPT)
    page.evaluate("localStorage.removeItem('x')")


@pytest.mark.parametrize("language", ["en", "ar", "de", "hi"])
def test_every_screen_can_be_used_by_everybody(
    opened: Callable[..., Any],
    site: str,
    post: Post,
    language: str,
) -> None:
    page = opened(language)
    start(page, site)
    assert faults(page) == []
    assert looked_at(page) == []
    page.locator("#file").set_input_files(handed("list.csv", table(post)))
    expect(page.locator("body[data-screen=result] tbody tr")).to_have_count(3)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert looked_at(page) == []
