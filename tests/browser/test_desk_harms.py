"""Harm: a day at the issuer's desk leaves something of a person behind: in the browser's profile, on a disk, in a log.

A desk as a person starts it, Chromium with a profile of its own, a day in which everything is done that a desk does of
people who were invented to be found; then the day's end. Every byte that is left is searched, but what was asked for.
"""

from __future__ import annotations

import os
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.parties import desk_files
from tests import issuing_desks
from tests.browser import clerk, traces
from tests.browser.change_screens import ENDING, looked_up, shown
from tests.browser.conftest import expect
from tests.browser.desk import picture, scan
from tests.browser.invented import passport_of
from tests.browser.test_harms import NOBODY, Kiosk, held_by, kiosk
from tests.desk_forms import issued
from tests.harms import canary
from tests.issuing_desks import AUDITOR
from tests.journeys.test_desk_files import table
from tests.steps import until
from tests.unit.desk.test_desk_process import Running, running_desk

PEOPLE = canary.people(14)
TYPED, WRITTEN, RENEWED, CORRECTED, REVOKED, RIGHT, PICTURED, OPEN, *BULK = PEOPLE
ASKED = "asked"
"""The folder of what was handed in, and of what was asked for."""
BACK_AGAIN = ("--disable-back-forward-cache",)
"""Of what Playwright tells Chromium: a person's own keeps pages that are left."""


FIELD = """(type) => {
  document.querySelector(`#planted-${type}`)?.remove();
  document.body.append(Object.assign(document.createElement("input"), { type, id: `planted-${type}` }));
}"""
"""A field of which nothing forbids a browser to note it."""


class Clinic(NamedTuple):
    """A desk in a process of its own, and a folder in which all of it lies."""

    folder: Path
    running: Running

    def entry(self) -> str:
        """Return the address to open in a browser, with a new token."""
        return f"http://localhost:{self.running.port}/#{self.running.enter()}"

    def asked(self, name: str, data: bytes = b"") -> Path:
        """Return where something lies that was handed in, or asked for."""
        path = self.folder / ASKED / name
        if data:
            path.write_bytes(data)
        return path

    def at_work(self, browser: Any) -> Any:
        """Run a browser as a person has it, whose files all lie in the folder."""
        home = {
            name: str(self.folder / "home")
            for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        }
        return kiosk(
            browser, self.folder / "profile",
            env={**os.environ, **home}, downloads_path=str(self.folder / "arriving"),
            ignore_default_args=[*BACK_AGAIN],
        )  # fmt: skip

    def left(self) -> dict[str, set[str]]:
        """Search all that lies in the folder, and what the desk has in memory's own; return where somebody was found."""
        found = traces.found_in(self.folder, PEOPLE)
        for place in Path("/dev/shm").glob(f"{desk_files.NAME}-{self.running.child()}-*"):
            found |= {f"shm/{name}": ways for name, ways in traces.found_in(place, PEOPLE).items()}
        # Letters of a sheet are drawn: whose it is no search would tell.
        sheets = (
            path for path in canary.files_of(self.folder) if path.read_bytes()[:5] == b"%PDF-"
        )
        found |= {str(path.relative_to(self.folder)): {"a sheet"} for path in sheets}
        return {name: ways for name, ways in found.items() if not name.startswith(f"{ASKED}/")}


@pytest.fixture
def clinic(built: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    # Chromium makes a socket among its temporary files, whose path may not be long.
    with tempfile.TemporaryDirectory(prefix="desk-") as made:
        folder = Path(made)
        for name in (ASKED, "home", "tmp", "arriving"):
            (folder / name).mkdir()
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
        issuing_desks.issuer_of(folder / "issuer")
        with running_desk(["-m", "pratique"], folder / "issuer", folder, built) as running:
            yield Clinic(folder, running)


def certificates(clinic: Clinic) -> dict[str, str]:
    """Have people vaccinated yesterday; return their certificates by surname."""
    client = clinic.running.sign_in(clinic.running.enter())
    return {
        one.surname: issued(
            client, surname=one.surname, forename=one.forename, birth_date=one.birth_date
        )
        for one in (RENEWED, CORRECTED, REVOKED, PICTURED)
    }


def confirmed(page: Any) -> None:
    """Show the form to the patient, with whatever is doubted found right, and have it confirmed and signed."""
    reading = "body[data-screen=desk-issue-reading]"
    page.locator("[data-part=show]").click()
    page.locator(f"{reading}, [data-part=doubts]:not([hidden])").first.wait_for()
    if page.locator("[data-part=all-right]").is_visible():
        page.locator("[data-part=all-right]").click()
        page.locator("[data-part=show]").click()
    page.locator(reading).wait_for()
    clerk.signed(page)


def saved(page: Any, act: str, path: Path) -> None:
    """Press what saves a file, and save it where it was asked for; its own name tells nobody."""
    with page.expect_download() as expected:
        page.locator(act).click()
    assert canary.Scanner(PEOPLE).scan(expected.value.suggested_filename.encode()) == set()
    expected.value.save_as(path)


def written_in(page: Any, one: canary.Invented) -> None:
    """Type somebody into the form, key by key."""
    for column, cell in (
        ("surname", one.surname.title()), ("forename", one.forename.title()), ("birth_date", one.birth_date),
    ):  # fmt: skip
        clerk.field(page, column).click()
        page.keyboard.type(cell)


def signed_in(page: Any, clinic: Clinic) -> None:
    """Sign in, and have the form."""
    page.goto(clinic.entry())
    issuing_desks.sign_in(page)
    page.locator("#issue-passport:focus").wait_for()


def issuing(page: Any, clinic: Clinic) -> None:
    """Issue to one by the passport's lines, printed and saved, and to one who is typed in, in another language."""
    clerk.passport(page, passport_of(TYPED))
    # Of a year with two digits nobody says the century.
    clerk.field(page, "birth_date").fill(TYPED.birth_date)
    clerk.dose(page)
    confirmed(page)
    clerk.printed(page)
    page.pdf(path=clinic.asked("printed.pdf"))
    saved(page, "[data-part=save]", clinic.asked("sheet.pdf"))
    page.locator("[data-part=language] select").select_option("de")
    clerk.next_person(page)
    written_in(page, WRITTEN)
    clerk.dose(page)
    page.locator("[data-part=language] select").select_option("en")
    confirmed(page)
    clerk.next_person(page)


def changing(page: Any, clinic: Clinic, texts: dict[str, str]) -> None:
    """Renew, correct and revoke what is scanned, and look at a picture that is called by a name."""
    page.locator("[data-open=changes]").click()
    shown(page, "desk-change")
    scan(page, texts[RENEWED.surname])
    shown(page, "desk-certificate")
    page.locator("[data-part=renew]").click()
    shown(page, "desk-issue-signed")
    page.locator("[data-open=changes]").click()
    looked_up(page, texts[CORRECTED.surname])
    page.locator("[data-part=correct]").click()
    page.locator("[data-column=product] input").wait_for()
    clerk.field(page, "surname").fill(RIGHT.surname.title())
    clerk.field(page, "surname_icao").fill(RIGHT.surname)
    confirmed(page)
    page.locator("[data-open=changes]").click()
    looked_up(page, texts[REVOKED.surname])
    page.locator("[data-part=revoke]").click()
    page.locator("[data-part=reason]").select_option("fraud")
    page.locator("[data-part=reason-form] button").click()
    shown(page, "desk-change-plan")
    page.locator("[data-part=go]").click()
    shown(page, "desk-change-done")
    page.locator("[data-open=changes]").click()
    shown(page, "desk-change")
    named = clinic.asked(f"{PICTURED.surname}.png", picture(texts[PICTURED.surname]))
    page.locator("[data-part=file]").set_input_files(named)
    shown(page, "desk-certificate")


def in_bulk(page: Any, clinic: Clinic) -> None:
    """Issue a whole file that is called by a name, save its archive; and leave another half done."""
    page.locator("[data-open=files]").click()
    handed_in(page, clinic, BULK[:3])
    if page.locator("[data-act=doubts]").is_visible():
        page.locator("[data-act=doubts]").check()
    page.locator("[data-act=start]").click()
    page.locator("[data-act=archive]").wait_for()
    saved(page, "[data-act=archive]", clinic.asked("certificates.zip"))
    page.locator("[data-act=finish]").click()
    handed_in(page, clinic, BULK[3:])


def handed_in(page: Any, clinic: Clinic, people: list[canary.Invented]) -> None:
    """Hand in a whole file, and have its rows looked at."""
    page.locator(".desk-drop").wait_for()
    named = clinic.asked(f"{people[0].surname}.csv", table(len(people), people=people))
    page.locator(".desk-drop input[type=file]").set_input_files(named)
    page.locator("form [data-act=check]").wait_for()
    page.locator("input[value=dmy]").check()
    page.locator("[data-act=check]").click()
    page.locator("[data-act=start]").wait_for()


def left_open(post: Kiosk, clinic: Clinic) -> None:
    """Leave a form open in another tab, with somebody in it; wait until the browser has noted how far that tab is."""
    page = post.context.new_page()
    signed_in(page, clinic)
    written_in(page, OPEN)
    noted(page, clinic)


def noted(page: Any, clinic: Clinic) -> None:
    """Wait until the session that a browser would restore has the page as it is now, told by a field that it may keep."""
    mark = uuid.uuid4().hex
    page.evaluate(FIELD, "search")
    page.locator("#planted-search").click()
    page.keyboard.type(mark)
    spelt = (mark.encode(), mark.encode("utf-16-le"))

    def is_noted() -> bool:
        # Playwright has the browser go on only while it is asked something.
        page.evaluate("0")
        written = [
            path.read_bytes() for path in (clinic.folder / "profile/Default/Sessions").glob("*")
        ]
        return any(each in data for each in spelt for data in written)

    until(is_noted)


def days_end(post: Kiosk, clinic: Clinic) -> None:
    """Have another operator end the day, in another tab."""
    count = len(clinic.running.tokens()) + 1
    page = post.context.new_page()
    page.goto(clinic.entry())
    issuing_desks.sign_in(page, AUDITOR)
    shown(page, "desk-day")
    page.locator("[data-part=work] tr").first.wait_for()
    page.locator("[data-part=end]").press("Enter")
    page.locator(f"{ENDING} [data-part=yes]").press("Enter")
    shown(page, "desk-day-ended")
    clinic.running.token(count)


def test_a_day_at_the_desk_leaves_nobody_but_in_what_was_asked_for(
    browser: Any, clinic: Clinic
) -> None:
    texts = certificates(clinic)
    with clinic.at_work(browser) as post:
        # No printer is here, and what would be shown of one stands in nobody's way.
        post.page.add_init_script("window.print = () => undefined")
        signed_in(post.page, clinic)
        issuing(post.page, clinic)
        changing(post.page, clinic, texts)
        in_bulk(post.page, clinic)
        # The control: while the whole file lies with the desk, it is found there.
        assert "shm/source" in clinic.left()
        left_open(post, clinic)
        titles = {page.title() for page in post.context.pages}
        addresses = {page.url.partition("#")[2] for page in post.context.pages}
        days_end(post, clinic)
        assert (titles, addresses) == ({"Pratique"}, {""})
        assert post.said == []
    assert clinic.left() == NOBODY
    assert canary.Scanner(PEOPLE).scan(clinic.running.lines.encode()) == set()
    assert list((clinic.folder / "arriving").iterdir()) == []
    asked = traces.found_in(clinic.folder / ASKED, PEOPLE)
    assert asked.keys() >= {"certificates.zip", f"{BULK[0].surname}.csv"}


def test_what_is_planted_is_found_in_each_place(clinic: Clinic) -> None:
    """The control of the search: in the profile, beside the register, among temporary files, in a log, in what arrives."""
    name = f"{OPEN.surname} {OPEN.birth_date}"
    for place in ("profile/Default", "home/.cache"):
        (clinic.folder / place).mkdir(parents=True)
    planted = {
        "profile/Default/History": name.encode("utf-16-le"),
        "home/.cache/crash.dmp": bytes(99) + name.encode() + bytes(99),
        "issuer/register.sqlite-wal": canary.base45(name.encode()),
        "tmp/draft": f"HC1:{OPEN.document}".encode(),
        "arriving/7f3a": b"%PDF-1.7 drawn letters",
        "noted.log": f"a request was answered with 500: {name}".encode(),
    }
    clinic.running.token()
    for path, data in planted.items():
        (clinic.folder / path).write_bytes(data)
    assert clinic.left().keys() == planted.keys()


def test_what_a_browser_would_restore_names_nobody(browser: Any, clinic: Clinic) -> None:
    """A browser notes what stands in a page's fields, for the next start: names of files among it."""
    named = clinic.asked(f"{BULK[0].surname}.csv", table(1, people=BULK[:1]))
    with clinic.at_work(browser) as post:
        signed_in(post.page, clinic)
        written_in(post.page, OPEN)
        noted(post.page, clinic)
        post.page.locator("[data-open=files]").click()
        field = post.page.locator(".desk-drop input[type=file]")
        field.wait_for(state="attached")
        # A large file takes a while: its field is there meanwhile.
        os.kill(clinic.running.child(), signal.SIGSTOP)
        field.set_input_files(named)
        noted(post.page, clinic)
        expect(field).to_have_count(1)
        os.kill(clinic.running.child(), signal.SIGCONT)
    assert traces.found_in(clinic.folder / "profile", PEOPLE) == NOBODY


@pytest.mark.parametrize("kind", ["text", "file"])
def test_what_stands_in_a_field_that_may_be_noted_is_found(
    browser: Any, clinic: Clinic, kind: str
) -> None:
    """The control."""
    named = clinic.asked(f"{OPEN.surname}.csv", b"nobody")
    with clinic.at_work(browser) as post:
        signed_in(post.page, clinic)
        post.page.evaluate(FIELD, kind)
        if kind == "file":
            post.page.locator(f"#planted-{kind}").set_input_files(named)
        else:
            post.page.locator(f"#planted-{kind}").click()
            post.page.keyboard.type(OPEN.surname)
        noted(post.page, clinic)
    assert any("Sessions" in name for name in clinic.left())


def test_who_goes_back_to_a_page_that_was_left_finds_nobody(browser: Any, clinic: Clinic) -> None:
    with clinic.at_work(browser) as post:
        page = post.page
        signed_in(page, clinic)
        written_in(page, OPEN)
        page.evaluate(
            "addEventListener('pageshow', (event) => sessionStorage.setItem('kept', event.persisted))"
        )
        page.goto(f"http://127.0.0.1:{clinic.running.port}/elsewhere")
        page.go_back(wait_until="commit")
        page.locator("form[data-part=sign-in]").wait_for()
        # The control: the browser had kept the page whole, with all that it held.
        assert page.evaluate("sessionStorage.getItem('kept')") == "true"
        shown(page, "desk-sign-in")
        assert held_by(post) == NOBODY
