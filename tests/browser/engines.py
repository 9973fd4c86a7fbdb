"""Three browsers' engines behind one function: open a page, run a function in it, return what it returned.

    run(engine, url, function, argument) -> value

    Chromium    Playwright, over CDP                 Debian's chromium
    Firefox     puppeteer-core, over WebDriver BiDi  Debian's firefox-esr, under Node
    WebKit      selenium, over WebDriver             Debian's webkit2gtk-driver, on a display of Xvfb

1. A function is JavaScript's source of an asynchronous function of one argument; argument and result are JSON.
2. What is not installed is `Absent`, with the reason: a test that needs it is skipped, not passed.
3. Profiles are new, and gone afterwards. Only processes started here are ended.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(os.environ.get("PRATIQUE_NODE_MODULES", ROOT / "web" / "node_modules"))
CHROMIUM = os.environ.get("PRATIQUE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip
"""For a machine without a screen and without rights; nothing here changes what a page may do or what is kept."""
_WEBKIT = ("/usr/bin/WebKitWebDriver", "/usr/lib/*/webkit2gtk-4*/MiniBrowser")


class Absent(Exception):
    """An engine, or what drives it, is not installed here."""


def run(engine: str, url: str, function: str, argument: Any = None, *, seconds: int = 180) -> Any:
    """Open a page, run a function in it, return its result; Absent if the engine is not here."""
    return _ENGINES[engine](url, function, argument, seconds)


def _chromium(url: str, function: str, argument: Any, seconds: int) -> Any:
    if find_spec("playwright") is None or not Path(CHROMIUM).exists():
        raise Absent("there is no Playwright (dependency group browser), or no Chromium")
    # In a thread of its own: one thread has one loop, and tests have theirs.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_in_chromium, url, function, argument, seconds).result()


def _in_chromium(url: str, function: str, argument: Any, seconds: int) -> Any:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        try:
            page = browser.new_page()
            page.set_default_timeout(seconds * 1000)
            page.goto(url)
            return page.evaluate(function, argument)
        finally:
            browser.close()


def _firefox(url: str, function: str, argument: Any, seconds: int) -> Any:
    node, program = shutil.which("node"), shutil.which("firefox-esr") or shutil.which("firefox")
    if not node or not program or not (MODULES / "puppeteer-core").is_dir():
        raise Absent(
            "there is no Node, no firefox-esr, or no puppeteer-core (npm ci --ignore-scripts in web/)"
        )
    with tempfile.TemporaryDirectory(prefix="firefox", ignore_cleanup_errors=True) as profile:
        job = {
            "modules": str(MODULES), "program": program, "profile": profile, "url": url, "body": function,
            "argument": argument, "seconds": seconds,
        }  # fmt: skip
        done = subprocess.run(
            [node, str(Path(__file__).with_name("firefox.mjs"))],
            input=json.dumps(job), capture_output=True, text=True, timeout=seconds + 60, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout)


_AWAITED = """
const [argument, done] = arguments;
(%s)(argument).then((value) => done({ value }), (error) => done({ error: `${error}\\n${error.stack}` }));
"""


def _webkit(url: str, function: str, argument: Any, seconds: int) -> Any:
    driver, browsers = Path(_WEBKIT[0]), sorted(Path("/").glob(_WEBKIT[1].lstrip("/")))
    if find_spec("selenium") is None or not driver.exists() or not browsers:
        raise Absent(
            "there is no selenium (dependency group browser), or no webkit2gtk-driver (Debian)"
        )
    from selenium import webdriver
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    options = Options()
    options.binary_location = str(browsers[-1])
    options.add_argument("--automation")
    with _display() as display, tempfile.TemporaryDirectory(prefix="webkit") as home:
        own = {"DISPLAY": display, "HOME": home, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        service = Service(str(driver), env={**os.environ, **own})
        with catch_warnings():
            # Selenium calls a way of its own outdated.
            simplefilter("ignore", DeprecationWarning)
            browser = webdriver.WebKitGTK(options=options, service=service)
        try:
            browser.set_script_timeout(seconds)
            browser.set_page_load_timeout(seconds)
            browser.get(url)
            answer = browser.execute_async_script(_AWAITED % function, argument)
        finally:
            browser.quit()
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer.get("value")


@contextmanager
def _display() -> Iterator[str]:
    """Start a display of our own, and end it."""
    program = shutil.which("Xvfb")
    if program is None:
        raise Absent("there is no Xvfb")
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]  # fmt: skip
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        if not number:
            raise Absent("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


_ENGINES: dict[str, Callable[[str, str, Any, int], Any]] = {
    "chromium": _chromium,
    "firefox": _firefox,
    "webkit": _webkit,
}
