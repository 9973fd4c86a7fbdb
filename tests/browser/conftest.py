"""A real browser before the real site: the built pages, an invented network's snapshot, and our own server.

    web/dist + tests' network -> parties.site.put -> folder -> store.site -> http://localhost:… -> Chromium

1. Nothing here is a stand-in but the travellers: pages, engine, server and browser are the ones that people have.
2. Where Chromium, Playwright or a built site is missing, the tests are skipped and say which: `make test` needs none.
3. The page's clock stands at an hour of the network's day, so that a test is the same next year.
"""

from __future__ import annotations

import faulthandler
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.compile import compiled
from pratique.network import view
from pratique.parties import site as parties_site
from pratique.rules import documents
from pratique.snapshot import Snapshot
from pratique.store import server
from tests.browser import asked, compared, proof_site
from tests.browser.asked import Question
from tests.browser.compared import Proof
from tests.browser.engines import ARGUMENTS, CHROMIUM
from tests.issuers import DOSE, RECORDS
from tests.networks import AT, HOUR, Authority, State
from tests.travellers import ANN, rule
from tests.web import serving

ROOT = Path(__file__).resolve().parent.parent.parent
DIST = ROOT / "web" / "dist"
NOW = AT + HOUR
COMPLETE = {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}
PATIENCE = 300_000
"""Milliseconds in which anything happens, on a machine as slow as may be."""


class Post(NamedTuple):
    """What a border post of the tests' network holds, and travellers who come to it.

    Attributes:
        held: its snapshot.
        texts: certificates by what they are for: "green", "revoked", "unknown" (its signer is nobody's),
            "first dose" (of two).
        place: the destination, two letters.
        at: the instant, aware.
    """

    held: Snapshot
    texts: dict[str, str]
    place: str
    at: datetime


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """End the process of a test that hangs, with where it hangs: a browser that stands still would hold all others up."""
    faulthandler.dump_traceback_later(6 * PATIENCE / 1000, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def post() -> Post:
    """Return a network of two states, of which one receives travellers."""
    authority = Authority()
    states = [State("XXA"), State("XXB")]
    states[1].rules = [documents.write(rule("VR-XB-0001", COMPLETE))]
    authority.admit(*states)
    first = RECORDS["vaccination"]._replace(entry=DOSE._replace(dose=1))
    texts = {
        "green": states[0].issue(RECORDS["vaccination"]),
        "revoked": states[0].issue(RECORDS["vaccination"], nth=1),
        "unknown": State("XXC").issue(RECORDS["vaccination"]),
        **{kind: states[0].issue(record, nth=2) for kind, record in RECORDS.items()},
        "first dose": states[0].issue(first, nth=3),
        **{
            # Born on one day, of one family, with names that a hand may have written differently.
            name.lower(): states[0].issue(RECORDS["vaccination"]._replace(person=person), nth=nth)
            for nth, name in enumerate(("Ann", "Anne"), 4)
            for person in [ANN._replace(forename=name, forename_icao=name.upper())]
        },
    }
    states[0].revoke(texts["revoked"])
    for state in states:
        state.publish()
    held = compiled(view.read(authority.files, authority.anchor))
    return Post(held, texts, "XB", NOW)


@pytest.fixture(scope="session")
def built() -> Path:
    """Return where the built site lies: `make web` makes it."""
    if not (DIST / "site.json").exists():
        pytest.skip("there is no built site: make web")
    return DIST


@pytest.fixture
def put(built: Path, tmp_path: Path) -> Callable[[Snapshot], Path]:
    """Return what puts the built site and a snapshot into a folder of the test's own."""

    def put(held: Snapshot) -> Path:
        parties_site.put(tmp_path / "site", built, held)
        return tmp_path / "site"

    return put


@pytest.fixture(scope="session")
def site(built: Path, post: Post, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site with the post's snapshot; yield its address, without a slash at its end."""
    folder = tmp_path_factory.mktemp("site")
    parties_site.put(folder, built, post.held)
    with served(folder) as address:
        yield address


@pytest.fixture(scope="session")
def proof(built: Path, post: Post, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """Serve a site whose engine can be compared with CPython."""
    folder = tmp_path_factory.mktemp("proof")
    copied = proof_site.copy(built, folder / "built")
    parties_site.put(folder / "site", copied, post.held)
    with served(folder / "site") as address:
        yield Proof(f"{address}/index.html", f"/{proof_site.names(copied)['engine.js']}")


@pytest.fixture(scope="session")
def questions(corpora: Path) -> list[Question]:
    """Return all that is asked on both sides."""
    return compared.ordered(asked.every(corpora))


def expect(shown: Any) -> Any:
    """Return what waits until a page, or a part of it, is as a test says: Playwright's `expect`, with our patience.

    A page goes on by itself: what is read off it at once may be what was there before.
    """
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    return expect(shown)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's site on a free port of localhost; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    names = server.names_of("localhost", port)
    application = server.site_application(folder, names, clock=NOW.timestamp)
    with serving(application, listening=listening):
        yield f"http://localhost:{port}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[..., Any]]:
    """Return what starts Chromium with more arguments: of Playwright there can be one in a process.

    It ends with its module: while it runs, its loop is the thread's, and a server that a later test starts
    in the same process could have none.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not here: tools/site"
    )
    if not Path(CHROMIUM).exists() and shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} is not here: a browser of Debian's `chromium`")
    with sync_api.sync_playwright() as playwright:

        def start(*more: str) -> Any:
            return playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])

        yield start


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Any]) -> Iterator[Any]:
    """Start Chromium, once for all tests of a module."""
    started = chromium()
    yield started
    started.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """Return a profile that holds nothing yet."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    """Return an empty page; whatever it complains of on its console fails the test.

    `page.complaints` may be emptied by a test that provokes them.
    """
    made = context.new_page()
    made.clock.set_fixed_time(NOW)
    made.complaints = []
    made.on("console", lambda line: line.type == "error" and made.complaints.append(line.text))
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    assert made.complaints == []
