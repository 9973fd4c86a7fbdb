"""Harm: a check at the border post leaves something of a traveller behind, or tells somebody.

Invented people are checked by scanner, camera, picture, PDF, text and passport, in a profile that is kept on the disk as a
kiosk's is. Then everything that page, browser and disk hold is searched for them. What is planted is found by the same
search, in each place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.parties import site as parties_site
from tests.browser import desk, invented, traces
from tests.browser.conftest import NOW, PATIENCE, served
from tests.browser.engines import ARGUMENTS, CHROMIUM
from tests.browser.invented import PEOPLE, PLACE
from tests.browser.wire import Wire, recorded
from tests.harms import canary

SCANNER = canary.Scanner(PEOPLE)
NOBODY: dict[str, set[str]] = {}


@pytest.fixture(scope="module")
def border(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site of the invented people's network."""
    folder = tmp_path_factory.mktemp("border")
    parties_site.put(folder, built, invented.travellers().held)
    with served(folder) as address:
        yield address


class Kiosk(NamedTuple):
    """A browser with a profile on the disk, and a page in it."""

    context: Any
    page: Any
    profile: Path
    said: list[str]


@contextmanager
def kiosk(browser: Any, profile: Path, *more: str, **wishes: Any) -> Iterator[Kiosk]:
    """Run a browser whose profile stays, as at a desk; `wishes` are Playwright's."""
    context = browser.browser_type.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=[*ARGUMENTS, *more],
        permissions=["camera"],
        **wishes,
    )
    context.set_default_timeout(PATIENCE)
    page = context.pages[0] if context.pages else context.new_page()
    page.clock.set_fixed_time(NOW)
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield Kiosk(context, page, profile, said)
    finally:
        context.close()


# ----------------------------------------------------------------------------------------------------
# A day at the desk.


def day(page: Any, site: str, *, camera: bool) -> None:
    """Check travellers in every way that there is, one after the other."""
    texts = iter(invented.travellers().texts)
    if camera:
        desk.set_up(page, site, PLACE, camera=True)
        assert desk.outcome(page) == "green"
        # The film goes on: what follows is done without it.
        page.evaluate("() => localStorage.clear()")
    next(texts)
    desk.set_up(page, site, PLACE)
    scanned(page, next(texts))
    assert desk.outcome(page) == "green"
    identify(page, invented.passport_of(PEOPLE[1]))
    desk.forget(page)
    for kind, name in (("PNG", "image/png"), ("PDF", "application/pdf")):
        file = {"name": "sheet", "mimeType": name, "buffer": desk.picture(next(texts), kind)}
        page.locator("#file").set_input_files(file)
        assert desk.outcome(page) == "green"
        desk.forget(page)
    for text, colour in zip((*texts,)[-3:], ("green", "red", "amber"), strict=True):
        typed(page, text)
        assert desk.outcome(page) == colour
        desk.forget(page)


def scanned(page: Any, text: str) -> None:
    """Hand a text in by scanner: its first key opens the scanner's field, and all others arrive at once."""
    page.keyboard.type(text[0])
    page.keyboard.insert_text(text[1:])
    page.keyboard.press("Enter")


def typed(page: Any, text: str) -> None:
    """Hand a text in by the dialog."""
    page.locator("[data-act=text]").click()
    page.locator("#typed").fill(text)
    page.locator("dialog button[type=submit]").click()


def identify(page: Any, lines: list[str]) -> None:
    """Compare with a passport's lines."""
    page.locator("[data-act=passport]").click()
    page.locator("#mrz").fill("\n".join(lines))
    page.locator("dialog button[type=submit]").click()
    page.locator(".likeness [data-part=word]").wait_for()


# ----------------------------------------------------------------------------------------------------
# Where something could be.

_HELD = """async () => {
  const held = { address: location.href, title: document.title, history: JSON.stringify([history.length, history.state]),
    name: window.name, cookie: document.cookie, referrer: document.referrer,
    local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage) };
  const outer = (root) => root.documentElement.outerHTML;
  held.document = outer(document);
  held.fields = JSON.stringify([...document.querySelectorAll("input, textarea, select")].map((field) => [field.value, field.defaultValue]));
  held.selection = String(getSelection());
  held.entries = JSON.stringify(performance.getEntries().map((entry) => entry.name));
  const kept = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const response = await cache.match(request);
      const bytes = new Uint8Array(await response.arrayBuffer());
      kept.push(`${name} ${request.url} ${JSON.stringify([...response.headers])} ${new TextDecoder("latin1").decode(bytes)}`);
    }
  }
  held.caches = kept.join("\\n");
  const databases = [];
  for (const { name } of await indexedDB.databases()) {
    const base = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = reject;
    });
    for (const store of base.objectStoreNames) {
      const all = base.transaction(store).objectStore(store).getAll();
      databases.push(name, store, JSON.stringify(await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); })));
    }
    base.close();
  }
  held.databases = databases.join("\\n");
  return held;
}"""


def held_by(kiosk: Kiosk) -> dict[str, set[str]]:
    """Search what page and browser hold; return where somebody was found, and how."""
    held: dict[str, str] = kiosk.page.evaluate(_HELD)
    held["console"] = "\n".join(kiosk.said)
    held["cookies"] = json.dumps(kiosk.context.cookies())
    found = {where: traces.scan(SCANNER, text.encode()) for where, text in held.items()}
    return {where: ways for where, ways in found.items() if ways}


# ----------------------------------------------------------------------------------------------------


def test_a_check_leaves_nothing_in_the_page_the_browser_or_its_profile(
    browser: Any, border: str, tmp_path: Path
) -> None:
    film = invented.film(invented.travellers().texts[0], tmp_path / "film.mjpeg")
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    more = (*fake, f"--use-file-for-fake-video-capture={film}") if film else ()
    with kiosk(browser, tmp_path / "profile", *more) as post:
        day(post.page, border, camera=film is not None)
        post.page.wait_for_timeout(500)
        assert held_by(post) == NOBODY
        assert post.page.title().startswith("Pratique")
        assert post.said == []
    assert traces.found_in(tmp_path / "profile", PEOPLE) == NOBODY
    # LevelDB packs what lies in its log when it is opened again.
    with kiosk(browser, tmp_path / "profile") as post:
        post.page.goto(f"{border}/border.html")
        assert held_by(post) == NOBODY
    assert traces.found_in(tmp_path / "profile", PEOPLE) == NOBODY


PLANTED: dict[str, tuple[str, str, str]] = {
    # What leaks -> how, where the page's search finds it, where the disk's does.
    "local storage": ("(text) => localStorage.setItem('last', text)", "local", "Local Storage"),
    "local storage, turned": (
        "(text) => localStorage.setItem('last', [...text].reverse().join(''))", "local", "Local Storage",
    ),
    "local storage, in Base64": (
        "(text) => localStorage.setItem('last', btoa(text))", "local", "Local Storage",
    ),
    "session storage": ("(text) => sessionStorage.setItem('last', text)", "session", "Session Storage"),
    "a database": (
        """(text) => new Promise((resolve) => {
          const opening = indexedDB.open("log", 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
          opening.onsuccess = () => {
            const writing = opening.result.transaction("rows", "readwrite");
            writing.objectStore("rows").put({ text, more: "0123456789".repeat(900) }, 1);
            writing.oncomplete = () => { opening.result.close(); resolve(null); };
          };
        })""", "databases", "IndexedDB",
    ),
    "a cache": (
        "async (text) => { await (await caches.open('log')).put('/log', new Response(text)); }",
        "caches", "CacheStorage",
    ),
    "a cookie": ("(text) => { document.cookie = `last=${text}; max-age=9999`; }", "cookies", ""),
    "an address": ("(text) => history.pushState(null, '', `?${text}`)", "address", "History"),
    "a state of history": ("(text) => history.pushState({ text }, '')", "history", "Sessions"),
    "a title": ("(text) => { document.title = text; }", "title", "History"),
    "the console": ("(text) => console.log(text)", "console", ""),
    "an attribute": ("(text) => document.body.setAttribute('data-last', text)", "document", ""),
}  # fmt: skip


@pytest.mark.parametrize("leak", PLANTED)
def test_what_is_planted_is_found(browser: Any, border: str, tmp_path: Path, leak: str) -> None:
    """The control, in each place."""
    script, where, file = PLANTED[leak]
    one = PEOPLE[3]
    with kiosk(browser, tmp_path / "profile") as post:
        post.page.goto(f"{border}/index.html")
        post.page.evaluate(script, f"{one.surname} {one.forename} {one.birth_date}")
        post.page.wait_for_timeout(300)
        assert held_by(post).keys() & {where}
    found = traces.found_in(tmp_path / "profile", PEOPLE)
    assert not file or any(file in name for name in found), found


def test_what_is_packed_on_the_disk_is_found(browser: Any, border: str, tmp_path: Path) -> None:
    """The control of LevelDB's tables: what is too much for a log is packed into tables, and found there."""
    filling = """(text) => new Promise((resolve) => {
      const opening = indexedDB.open("log", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
      opening.onsuccess = async () => {
        for (let row = 0; row < 120; row += 1) {
          const noise = crypto.getRandomValues(new Uint8Array(60000));
          const writing = opening.result.transaction("rows", "readwrite");
          writing.objectStore("rows").put({ text, noise }, row);
          await new Promise((done) => { writing.oncomplete = done; });
        }
        opening.result.close();
        resolve(null);
      };
    })"""
    with kiosk(browser, tmp_path / "profile") as post:
        post.page.goto(f"{border}/index.html")
        post.page.evaluate(filling, f"{PEOPLE[3].surname} {PEOPLE[3].forename}" * 9)
        post.page.wait_for_timeout(500)
    found = traces.found_in(tmp_path / "profile", PEOPLE)
    assert any(
        name.endswith(".ldb") and "LevelDB > letters" in ways for name, ways in found.items()
    ), found


# ----------------------------------------------------------------------------------------------------
# Whom it tells.


BROWSERS_OWN = {
    "accounts.google.com:443", "clients2.google.com:443", "content-autofill.googleapis.com:443",
    "optimizationguide-pa.googleapis.com:443", "update.googleapis.com:443", "www.google.com:443",
}  # fmt: skip
"""Whom Chromium itself asks, whatever page is open; a post's own is told not to (docs/explanation/pages.md)."""


def by_page(wire: Wire) -> set[str]:
    """Return where else something was sent than to the site, but for what the browser does by itself."""
    updates = "http://update.googleapis.com/service/update2/"
    return {one for one in wire.elsewhere() - BROWSERS_OWN if not one.startswith(updates)}


def test_nothing_is_sent_but_for_the_sites_own_files(
    browser: Any, border: str, tmp_path: Path
) -> None:
    with recorded(border) as wire, kiosk(browser, tmp_path / "profile", *wire.proxy) as post:
        day(post.page, border, camera=False)
        assert by_page(wire) == set()
        own = [one for one in wire.sent if one.where.startswith(border)]
        assert {one.method for one in own} == {"GET"}
        assert not any(one.data.partition(b"\r\n\r\n")[2] for one in own)
        assert not any("?" in one.where for one in own)
        assert SCANNER.scan(b"\n".join(one.data for one in wire.sent)) == set()
        # The control: who sends is seen. The service worker may hold the site's files already, but no such one.
        before = len(wire.sent)
        post.page.evaluate("() => fetch(`${location.origin}/nothing?x=1`)")
        assert f"{border}/nothing?x=1" in [one.where for one in wire.sent[before:]]


def test_the_recorder_sees_what_goes_elsewhere(browser: Any, border: str, tmp_path: Path) -> None:
    """The control: without the policy, a request to elsewhere is made and noted."""
    with recorded(border) as wire:
        context = browser.new_context(
            bypass_csp=True, proxy={"server": wire.server, "bypass": "<-loopback>"}
        )
        page = context.new_page()
        page.goto(f"{border}/index.html")
        page.evaluate(
            "() => fetch('http://elsewhere.example/?a=1', { mode: 'no-cors' }).catch(() => null)"
        )
        page.evaluate(
            "() => fetch('https://elsewhere.example/', { mode: 'no-cors' }).catch(() => null)"
        )
        context.close()
        assert wire.elsewhere() == {"http://elsewhere.example/?a=1", "elsewhere.example:443"}


def test_two_travellers_cause_the_same_bytes(browser: Any, border: str, tmp_path: Path) -> None:
    """No request depends on who is checked: two posts, two travellers, the same bytes on the wire."""
    texts = invented.travellers().texts
    sent, kept = [], []
    for number, text in enumerate((texts[0], texts[-2])):
        with recorded(border) as wire, kiosk(browser, tmp_path / str(number), *wire.proxy) as post:
            desk.set_up(post.page, border, PLACE)
            # The site is fetched for keeping beside the check, as fast as the machine can: it is there first.
            desk.kept(post.page)
            before = len(wire.sent)
            scanned(post.page, text)
            desk.outcome(post.page)
            desk.forget(post.page)
            post.page.wait_for_timeout(500)
            own = [one for one in wire.sent if one.where.startswith(border)]
            kept.append({one.where for one in own})
            sent.append(sorted(one for one in wire.sent[before:] if one.where.startswith(border)))
            # The control: what a check would send is seen, and its bytes are compared.
            at = len(wire.sent)
            post.page.evaluate("(name) => fetch(`${location.origin}/nothing?x=${name}`)", number)
            asked = [one.where for one in wire.sent[at:]]
            assert f"{border}/nothing?x={number}" in asked
    assert sent[0] == sent[1]
    assert kept[0] == kept[1]
    assert len(kept[0]) > 8
