"""Acts: five border posts fetch the network once, and check on without any; where may Ada go?"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.cast import BY_COUNTRY, FREEDONIA, RURITANIA, STATES, UTOPIA, State
from demo.joining import Homes
from demo.stage import Stage, shortened
from pratique import strict_json

SIGNS = {"green": "✔ GREEN", "amber": "▲ AMBER", "red": "✖ RED"}
QUIET = {"NO_RULES"}
REFUSING = Path(__file__).with_name("offline.py")


def fetch(stage: Stage, homes: Homes) -> None:
    """Have five posts sync over HTTP."""
    stage.act(
        "Five border posts fetch the network",
        "One root, from a hand that they trust; all else over plain HTTP from a server that they",
        "need not trust. Each asks for the same files, whatever was scanned there.",
    )
    together(stage, homes, "The first sync", f"sync {homes.url} --root root.json")
    with stage.step("What each holds now, in one file") as found:
        held = [homes.of(state, "post") / "network/held.zip" for state in STATES]
        digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in held}
        stage.must(len(digests) == 1, "they do not hold the same")
        size = held[0].stat().st_size
        found(
            "the same, to the byte: signers, rules, value sets and lists of five states", size=size
        )


def together(stage: Stage, homes: Homes, title: str, command: str = "sync") -> None:
    """Have every state's post sync once."""
    with stage.step(title, command) as found:
        came, took = [], []
        for state in STATES:
            begun = time.perf_counter()
            came.append(int(str(homes.sync(state)["bytes"])))
            took.append(time.perf_counter() - begun)
        each = f"{min(came):,} to {max(came):,}" if min(came) != max(came) else f"{came[0]:,}"
        found(f"{len(came)} posts; to each came {each} bytes, in {max(took):.2f} s at most",
              size=sum(came))  # fmt: skip


def verdict(stage: Stage, homes: Homes, post: State, text: str, to: str = "") -> tuple[str, str]:
    """Return what a post makes of a certificate: a colour, and the codes of what it found."""
    place = ("--to", to) if to else ()
    where = ("--home", homes.of(post, "post"))
    (row,) = stage.json("verify", text, *place, *where, *stage.when)["results"]
    codes = [f["code"] for f in row["findings"] if f["weight"] != "note"]
    return row["colour"], ", ".join(code for code in codes if code not in QUIET)


def everywhere(stage: Stage, homes: Homes, text: str) -> set[tuple[str, str]]:
    """Return what the posts of all states make of a certificate."""
    return {verdict(stage, homes, post, text) for post in STATES}


def offline(stage: Stage, homes: Homes) -> None:
    """Check with every socket refused."""
    stage.act(
        "A border without a network",
        "The check runs in a process of its own, in which an audit hook ends whatever asks for a",
        "socket. First the hook is tried: a connection is refused.",
    )
    texts = [text for state in STATES for text in homes.texts(state)]
    file = stage.folder / "queue.txt"
    file.write_text("\n".join(texts) + "\n")
    command = "verify QUEUE --to XF --format jsonl   (offline, in Freedonia)"
    with stage.step(f"A queue of {len(texts)} travellers", command) as found:
        words = ["verify", file, "--to", FREEDONIA.country, "--home", homes.of(FREEDONIA, "post"),
                 "--format", "jsonl", *stage.when]  # fmt: skip
        done = _offline(words)
        head, *rows = done.stdout.splitlines() or [""]
        stage.must(head == "refused: socket.connect", f"a socket was not refused: {done.stderr}")
        counts = dict.fromkeys(SIGNS, 0)
        for row in (strict_json.loads(row.encode()) for row in rows):
            counts[row["colour"]] += 1
        stage.must(sum(counts.values()) == len(texts), "not every traveller got a verdict")
        found(f"a connection that was tried: {head}",
              ", ".join(f"{count} {SIGNS[colour]}" for colour, count in counts.items()))  # fmt: skip


def _offline(words: list[object]) -> subprocess.CompletedProcess[str]:
    # By its file: the folder that this was started in may be another.
    run = [sys.executable, "-P", str(REFUSING), *map(str, words)]
    return subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)


def matrix(stage: Stage, homes: Homes) -> None:
    """Show where one traveller may go, and what would help."""
    stage.act(
        "Where may Ada go, and why not elsewhere?",
        "Computed on her own device, from her certificates and public rules; nobody is asked.",
    )
    vaccinated = homes.texts(UTOPIA)[0]
    (tested,) = homes.texts(RURITANIA)[1:2]
    home = homes.of(UTOPIA, "post")
    rows = {}
    for title, given in (
        ("With Utopia's certificate of a course of Valneva", [vaccinated]),
        ("With a laboratory test of yesterday beside it, made in Ruritania", [vaccinated, tested]),
    ):
        with stage.step(title, f"decide {'TEXT ' * len(given)}--matrix") as found:
            said = stage.json("decide", *given, "--matrix", "--home", home, "--on", stage.when[1])
            rows[title] = {one["destination"]["country"]: one for one in said["results"]}
            for country, one in sorted(rows[title].items()):
                found(*_row(country, one))


def _row(country: str, one: dict[str, Any]) -> Iterator[str]:
    name, sign = BY_COUNTRY[country].name, SIGNS[one["colour"]]
    yield f"{name:<10} {sign:<8} {why(one, 68)}".rstrip()
    for way in one["what_would_help"][:1]:
        yield f"{'':<10} {'':<8} would help: {way['says']}"


def why(one: dict[str, Any], longest: int) -> str:
    """Say why a destination does not say green; from `decide`'s JSON."""
    if one["colour"] == "green":
        return ""
    failed = [rule["says"].rstrip(".") for rule in one["rules"] if rule["result"] == "failed"]
    named = [": ".join(filter(None, (f["code"], f["where"]))) for f in one["because"]]
    return shortened(failed[0] if failed else ", ".join(named), longest)
