"""What the pages cost in CPU, in a real browser: the engine's start, opening a large network's data, a check, a decision.

    python -m benchmarks.web [--rounds N]

    web/dist (make web) + benchmarks.page's large snapshot -> our server -> Chromium -> CPU of all its processes

1. CPU seconds are those of every process of the browser (/proc/PID/stat, with children that have ended): nothing that a
   page sets going is left out, and what else the machine does is.
2. Beside each figure stands CPython's for the same call, of the same run: the ratio means the same on a slow machine.
3. Of some rounds the least is told. The first start compiles WebAssembly; a second visit's does as well.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import page as native
from pratique.parties import site as parties_site
from pratique.web.bridge import Bridge
from tests import pages
from tests.browser.conftest import PATIENCE, served
from tests.browser.engines import ARGUMENTS, CHROMIUM
from tools.vectors import keys

TICK = os.sysconf("SC_CLK_TCK")
METHODS = ("border.check", "health_code")
BUDGETS = {"start": 4.0, "open": 1.2, "border.check": 0.2, "health_code": 0.2}
"""CPU seconds that each may take."""


def cpu(root: int) -> float:
    """Return the CPU seconds of a process, its descendants, and those of them that have ended."""
    parents: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    total, waiting = 0.0, [root]
    while waiting:
        parent = waiting.pop()
        total += parents.get(parent, (0, 0.0))[1]
        waiting += [child for child, (above, _) in parents.items() if above == parent]
    return total


def spent(root: int, page: Any, script: str, argument: Any = None) -> float:
    """Return the CPU seconds that a script takes in the browser."""
    before = cpu(root)
    page.evaluate(script, argument)
    return cpu(root) - before


def requests() -> dict[str, dict[str, Any]]:
    """Return what is asked by method: a traveller of the kit at Utopia's border."""
    where = {"texts": [native.hers()], "at": keys.NOON, "zone": "Europe/Paris", "place": "XU"}
    return dict.fromkeys(METHODS, where)


def in_python(data: bytes, rounds: int) -> dict[str, float]:
    """Return CPython's CPU seconds for the same."""
    bridge = Bridge()
    figures = {"open": native.best(lambda: bridge.open(data), rounds)}
    for method, request in requests().items():
        reply = json.loads(bridge.handle(method, json.dumps(request), "{}"))
        asked = json.dumps(request), json.dumps(pages.answers(reply.get("ask", ())))

        def work(method: str = method, asked: tuple[str, str] = asked) -> None:
            bridge.handle(method, asked[0], "{}")
            bridge.handle(method, *asked)

        figures[method] = native.best(work, rounds)
    return figures


def in_browser(data: bytes, rounds: int) -> dict[str, float]:
    """Return Chromium's CPU seconds, by what is done."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the group browser

    dist = parties_site.own()
    module = json.loads((dist / parties_site.ABOUT).read_text())["names"]["engine.js"]
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        parties_site.put(Path(folder) / "site", dist, native.large())
        with served(Path(folder) / "site") as address:
            for _ in range(rounds):
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                page = browser.new_page()
                page.set_default_timeout(PATIENCE)
                page.goto(f"{address}/licences.txt")
                root = _process(browser)
                text = base64.b64encode(data).decode()
                page.evaluate(_PREPARE, [f"/{module}", text])
                settled(root)
                for name, script in _STEPS.items():
                    figures.setdefault(name, []).append(spent(root, page, script))
                for method, request in requests().items():
                    # A first call makes what later ones use: keys are read, rules are compiled.
                    page.evaluate(_CALL, [method, request])
                    many = spent(root, page, _MANY, [method, request])
                    figures.setdefault(method, []).append(many / MANY)
                browser.close()
    return {name: min(seconds) for name, seconds in figures.items()}


MANY = 20
_PREPARE = """async ([module, text]) => {
  globalThis.engines = await import(module);
  globalThis.bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}"""
_STEPS = {
    # With the smallest data there is: what opening the large one costs is told apart.
    "start": """async () => { globalThis.engine = await engines.startEngine({ data: bytes }); }""",
    "open": """() => engine.open(bytes)""",
}
_CALL = "([method, request]) => engine.call(method, request)"
_MANY = """async ([method, request]) => {
  for (let round = 0; round < %d; round += 1) await engine.call(method, request);
}""" % MANY  # fmt: skip


def _process(browser: Any) -> int:
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return int(next(row["id"] for row in found if row["type"] == "browser"))


def settled(root: int) -> None:
    """Wait until the browser does nothing any more."""
    before, now = -1.0, cpu(root)
    while now - before > 0.02:
        time.sleep(0.5)
        before, now = now, cpu(root)


def main() -> int:
    """Print what is measured, beside CPython's and the budget."""
    parser = argparse.ArgumentParser(prog="benchmarks.web", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    data = native.large().to_bytes()
    python, figures = in_python(data, rounds), in_browser(data, rounds)
    # The start opens the data too: once more is what that costs.
    figures["start"] -= figures["open"]
    for name, seconds in figures.items():
        own = python.get(name)
        ratio = "" if own is None else f"   CPython {1000 * own:8.1f} ms, x {seconds / own:.2f}"
        print(f"{name:14}{1000 * seconds:9.1f} ms CPU   budget {1000 * BUDGETS[name]:6.0f}{ratio}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
