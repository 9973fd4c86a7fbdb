"""Signing in at an issuer's desk, in a real browser: at first, after a while, after the desk was killed, after somebody else."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.parties import issuing
from pratique.store import front
from pratique.store.front import FrontKind
from tests import issuing_desks, ports
from tests.browser import clerk
from tests.browser.change_screens import shown
from tests.browser.conftest import PATIENCE, expect
from tests.browser.screens import speak
from tests.browser.test_accessibility import AXE, looked_at
from tests.browser.test_desk_issue import SEEN
from tests.issuers import AT
from tests.issuing_desks import AUDITOR, CLERK, PASSPHRASES, SECOND, OpenDesk
from tests.unit.desk.test_desk_network import Network, served
from tests.unit.desk.test_desk_process import Running

IDLE = 600
DIALOG = "dialog[data-part=again]"


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    with issuing_desks.serving(tmp_path, pages=built, idle=IDLE) as opened:
        yield opened


@pytest.fixture
def page(page: Any) -> Iterator[Any]:
    page.clock.set_fixed_time(datetime.fromtimestamp(AT, UTC))
    yield page
    # A browser tells on its console of what is refused, and of a desk that does not answer.
    told = ("status of 400", "status of 401", "ERR_CONNECTION")
    page.complaints[:] = [
        line for line in page.complaints if not any(each in line for each in told)
    ]


def half_filled(page: Any) -> None:
    """Fill a form in as far as its lot, and wait until the desk has looked at it."""
    clerk.passport(page)
    clerk.chosen(page, "product", "pfizer")
    with page.expect_response("**/api/issue.check"):
        clerk.field(page, "lot").fill("LOT-9")


def gone_on(page: Any, pseudonym: str = CLERK) -> None:
    """Sign in in the dialog."""
    page.locator(DIALOG).wait_for()
    issuing_desks.sign_in(page, pseudonym)
    page.locator(DIALOG).wait_for(state="detached")


def filled(page: Any, given_on: str) -> None:
    """See that a form has in its fields what was filled in, and the day of the dose."""
    for column, cell in (FILLED | {"given_on": given_on}).items():
        expect(clerk.field(page, column)).to_have_value(cell)


FILLED = {
    "surname_icao": "ERIKSSON", "forename_icao": "ANNA<MARIA", "birth_date": "1974-08-12", "product": "Comirnaty",
    "lot": "LOT-9",
}  # fmt: skip


def work(desk: OpenDesk) -> dict[str, int]:
    """Return how many certificates each operator has issued."""
    session = issuing.opened(desk.place, issuing_desks.secret)
    return {tally.operator: tally.issued for tally in issuing.audit(session).tallies}


def test_a_clerk_signs_in_and_the_address_keeps_no_token(page: Any, desk: OpenDesk) -> None:
    page.goto(desk.entry())
    page.locator("form[data-part=sign-in]").wait_for()
    expect(page).to_have_url(f"{desk.address}/")
    issuing_desks.sign_in(page)
    expect(page.locator("[data-part=about]")).to_contain_text(CLERK, use_inner_text=True)
    expect(page.locator("[data-open=day]")).to_be_hidden()
    expect(page.locator("[data-open=issue]")).to_be_visible()


# ----------------------------------------------------------------------------------------------------
# The desk was killed.


@pytest.fixture
def start(built: Path, tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Return what starts a desk as a process of its own, always at the same port."""
    issuing_desks.issuer_of(tmp_path / "issuer")
    port, begun = ports.free(), []
    program = f"from pathlib import Path; from tests import issuing_desks; issuing_desks.keep(Path({str(tmp_path / 'issuer')!r}), {port}, pages=Path({str(built)!r}))"

    def start() -> Running:
        begun.append(Running([sys.executable, "-c", program], tmp_path, port))
        return begun[-1]

    yield start
    for each in begun:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize("killed", ["what answers", "the whole desk"])
def test_after_a_kill_a_form_is_gone_on_with_after_one_passphrase(
    page: Any, start: Callable[[], Running], killed: str
) -> None:
    running = start()
    page.goto(f"http://localhost:{running.port}/#{running.token()}")
    issuing_desks.sign_in(page)
    page.locator("#issue-passport:focus").wait_for()
    half_filled(page)
    if killed == "what answers":
        os.kill(running.child(), signal.SIGKILL)
        token = running.token(1)
    else:
        running.process.kill()
        running.process.wait()
        with page.expect_event("requestfailed"):
            clerk.field(page, "given_on").fill("2026")
        page.locator("[data-part=notice]:not([hidden])").wait_for()
        token = start().token()
    tried: list[int] = []

    def answered(said: Any) -> None:
        if said.url.endswith("/session"):
            tried.append(said.status)

    page.on("response", answered)
    clerk.field(page, "given_on").fill("20261122")
    page.locator(f"{DIALOG} [data-part=address]:focus").wait_for()
    page.locator(f"{DIALOG} [data-part=address]").fill(f"http://localhost:{running.port}/#{token}")
    gone_on(page)
    assert tried == [200]
    page.locator("[data-column=given_on] input:focus").wait_for()
    expect(page.locator("[data-part=notice]")).to_be_hidden()
    filled(page, "20261122")
    clerk.field(page, "dose").fill("1")
    clerk.read_back(page)
    clerk.signed(page)
    expect(page.locator("svg.code")).to_have_count(1)


# ----------------------------------------------------------------------------------------------------
# Nothing was asked for a while.


def test_after_a_while_the_same_operator_goes_on_with_her_form(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    half_filled(page)
    desk.clock.at += IDLE + 1
    clerk.field(page, "given_on").fill("20270301")
    page.locator(f"{DIALOG} [data-part=passphrase]:focus").wait_for()
    expect(page.locator(f"{DIALOG} [data-part=address]")).to_be_hidden()
    # Escape leaves no screen that nobody answers.
    page.keyboard.press("Escape")
    page.keyboard.type(PASSPHRASES[CLERK])
    page.keyboard.press("Enter")
    page.locator("[data-column=given_on] input:focus").wait_for()
    expect(page.locator(DIALOG)).to_have_count(0)
    # What was asked meanwhile is answered: a day that has not come yet.
    page.locator("[data-column=given_on] [data-part=wrong]:not([hidden])").wait_for()
    filled(page, "20270301")


@pytest.mark.parametrize(
    ("name", "there"), [("issue", "[data-column=product]"), ("changes", "[data-part=many-reason] option[value=fraud]"), ("files", ".desk-drop")],
)  # fmt: skip
def test_a_screen_that_was_asked_for_comes_after_signing_in(
    page: Any, desk: OpenDesk, name: str, there: str
) -> None:
    clerk.start(page, desk)
    desk.clock.at += IDLE + 1
    page.locator(f"[data-open={name}]").click()
    gone_on(page)
    page.locator(there).wait_for(state="attached")


def test_nothing_is_signed_by_signing_in(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    clerk.dose(page)
    clerk.read_back(page)
    desk.clock.at += IDLE + 1
    page.locator("[data-part=right]").click()
    gone_on(page)
    # The signature that was refused is done with.
    expect(page.locator("[data-part=right]")).to_be_enabled()
    page.locator("h1:focus, [data-part=right]:focus").wait_for()
    assert work(desk) == {}
    clerk.signed(page)
    assert work(desk) == {CLERK: 1}


def test_an_unattended_page_asks_by_itself_and_shows_nobodys_data(
    page: Any, desk: OpenDesk
) -> None:
    clerk.start(page, desk)
    half_filled(page)

    def seen(name: str) -> bytes:
        clerk.field(page, "surname_icao").evaluate("(field, name) => { field.value = name }", name)
        return bytes(page.screenshot(mask=[page.locator(DIALOG)]))

    assert seen("ERIKSSON") != seen("DEO"), "the control: a picture shows what is typed"
    page.clock.fast_forward((IDLE - 10) * 1000)
    expect(page.locator(DIALOG)).to_have_count(0)
    page.clock.fast_forward(12_000)
    page.locator(f"{DIALOG} [data-part=passphrase]:focus").wait_for()
    assert seen("ERIKSSON") == seen("DEO")
    gone_on(page)
    expect(clerk.field(page, "surname_icao")).to_have_value("DEO")
    clerk.field(page, "lot").fill("LOT-10")
    clerk.field(page, "given_on").fill("20270301")
    page.locator("[data-column=given_on] [data-part=wrong]:not([hidden])").wait_for()


def test_who_signs_out_after_a_while_is_asked_by_no_dialog(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    half_filled(page)
    desk.clock.at += IDLE + 1
    page.locator("[data-part=out]").click()
    page.locator("main form[data-part=sign-in]").wait_for()
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("main [data-part=address]")).to_be_hidden()
    assert "ERIKSSON" not in page.evaluate(SEEN)
    issuing_desks.sign_in(page, SECOND)
    shown(page, "desk-issue")


# ----------------------------------------------------------------------------------------------------
# Somebody else signs in.


def test_another_operator_begins_anew_and_each_issue_is_its_own(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    clerk.passport(page)
    clerk.dose(page)
    clerk.read_back(page)
    clerk.signed(page)
    clerk.next_person(page)
    half_filled(page)
    assert "ERIKSSON" in page.evaluate(SEEN), "the control"
    desk.clock.at += IDLE + 1
    clerk.field(page, "given_on").fill("20261122")
    page.locator(DIALOG).wait_for()
    removed = "If somebody else signs in, it is removed"
    expect(page.locator(DIALOG)).to_contain_text(removed, use_inner_text=True)
    gone_on(page, SECOND)
    page.locator("#issue-passport:focus").wait_for()
    left = page.evaluate(SEEN)
    for trace in ("ERIKSSON", "L898902C3", "1974", "LOT-10"):
        assert trace not in left, trace
    expect(page.locator("[data-part=about]")).to_contain_text(SECOND, use_inner_text=True)
    expect(page.locator("[data-part=notice]")).to_contain_text(CLERK, use_inner_text=True)
    clerk.passport(page)
    clerk.dose(page)
    clerk.read_back(page)
    clerk.signed(page)
    assert work(desk) == {CLERK: 1, SECOND: 1}


def test_whoever_may_do_less_gets_her_own_first_screen_and_the_focus_is_in_it(
    page: Any, desk: OpenDesk
) -> None:
    clerk.start(page, desk)
    half_filled(page)
    desk.clock.at += IDLE + 1
    clerk.field(page, "given_on").fill("20261122")
    gone_on(page, AUDITOR)
    shown(page, "desk-day")
    page.locator("h1:focus").wait_for()
    expect(page.locator("[data-open=issue]")).to_be_hidden()
    expect(page.locator("[data-part=notice]")).to_contain_text(CLERK, use_inner_text=True)


def test_a_late_refusal_of_the_one_before_signs_nobody_out(page: Any, desk: OpenDesk) -> None:
    clerk.start(page, desk)
    half_filled(page)
    held: list[Any] = []
    page.route("**/api/issue.search", lambda route: held.append(route))  # noqa: PLW0108 - it keeps what it is given
    desk.clock.at += IDLE + 1
    with page.expect_request("**/api/issue.search"):
        clerk.field(page, "product").fill("vax")
    gone_on(page, SECOND)
    page.locator("#issue-passport:focus").wait_for()
    (late,) = held
    with page.expect_response("**/api/issue.search") as refused:
        late.continue_()
    assert refused.value.status == 401
    clerk.field(page, "given_on").fill("20270301")
    page.locator("[data-column=given_on] [data-part=wrong]:not([hidden])").wait_for()
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(clerk.field(page, "product")).to_have_value("")
    expect(page.locator("[data-part=notice]")).to_contain_text(CLERK, use_inner_text=True)


# ----------------------------------------------------------------------------------------------------
# For whoever uses it.


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: tools/site")
@pytest.mark.parametrize(
    ("language", "scheme"), [("en", "light"), ("en", "dark"), ("ar", "light"), ("ar", "dark")]
)
def test_signing_in_breaks_no_rule_of_accessibility(
    context: Any, page: Any, desk: OpenDesk, language: str, scheme: str
) -> None:
    speak(context, language)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    wrong = {}
    page.goto(f"{desk.address}/")
    page.locator("main [data-part=address]").wait_for()
    wrong["without an address"] = looked_at(page)
    # The address is pasted where the page is open already.
    page.goto(desk.entry())
    page.locator("main [data-part=address]").wait_for(state="hidden")
    form = page.locator("form[data-part=sign-in]")
    form.locator("[data-part=pseudonym]").fill(CLERK)
    form.locator("[data-part=passphrase]").fill("some other words")
    form.locator("[data-part=go]").click()
    form.locator("[data-part=refused]:not([hidden])").wait_for()
    wrong["refused"] = looked_at(page)
    issuing_desks.sign_in(page)
    page.locator("#issue-passport:focus").wait_for()
    half_filled(page)
    desk.clock.at += IDLE + 1
    clerk.field(page, "given_on").fill("20261122")
    page.locator(DIALOG).wait_for()
    # What is pressed of a kind is its label, which is large enough.
    wrong["over a form"] = [each for each in looked_at(page) if 'name="kind"' not in each]
    assert {name: faults for name, faults in wrong.items() if faults} == {}
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")


# ----------------------------------------------------------------------------------------------------
# On a network operators are known by their certificates.


@pytest.mark.skipif(
    shutil.which("nginx", path=":".join(front.PLACES)) is None, reason="nginx is not here"
)
def test_who_has_a_certificate_types_nothing_at_first_nor_after_a_while(
    browser: Any, built: Path, tmp_path: Path
) -> None:
    with served(Network(tmp_path, FrontKind.NGINX, built, "--idle", "1")) as desk:
        address = f"https://127.0.0.1:{desk.port}"
        certificate, key = desk.paths["clerk"]
        context = browser.new_context(
            ignore_https_errors=True,
            client_certificates=[
                {"origin": address, "certPath": str(certificate), "keyPath": str(key)}
            ],
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.clock.install()
        page.goto(address)
        shown(page, "desk-issue")
        expect(page.locator("[data-part=about]")).to_contain_text(CLERK, use_inner_text=True)
        clerk.field(page, "surname_icao").fill("ERIKSSON")
        # Nobody is there for as long as a session lasts, by the page's clock.
        page.clock.fast_forward("02:00")
        page.locator(f"{DIALOG} [data-part=go]:focus").wait_for()
        expect(page.locator(f"{DIALOG} input:visible")).to_have_count(0)
        page.keyboard.press("Enter")
        page.locator(DIALOG).wait_for(state="detached")
        expect(clerk.field(page, "surname_icao")).to_have_value("ERIKSSON")
        page.locator("[data-part=out]").click()
        page.locator("form[data-part=sign-in] [data-part=go]").press("Enter")
        shown(page, "desk-issue")
        expect(clerk.field(page, "surname_icao")).to_have_value("")
        context.close()
