"""The acts, one after the other (extras `issuer` and `server`); the last one draws and tells what took how long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo import attacks, borders, held_keys, network, states
from demo.borders import SIGNS, why
from demo.cast import STATES, State
from demo.picture import Arrow, drawn, reasons, to_png
from demo.stage import Stage, shortened, sized, wrapped
from demo.states import Homes
from demo.telling import Teller
from pratique.errors import ExtraMissing
from pratique.findings import Code
from pratique.network import proposal
from pratique.parties import authority as parties_authority

ACTS = 11
OPENING = (
    "An authority, five states, their people, five borders and five witnesses, on this machine and in a throw-away",
    "folder: real keys, real signatures, a real web server, and the commands themselves.",
    "The day is taken to be 1 March 2027; the seconds are this machine's.",
)


def play(folder: Path, out: Path, examples: Path, teller: Teller) -> None:
    """Play them all."""
    stage = Stage(folder, out, examples, teller)
    teller.opening("A NETWORK IN A MINUTE", OPENING)
    try:
        with held_keys.held():
            _play(stage)
    except BaseException:
        teller.close((f"The demo ended at the step “{stage.doing}”.",) if stage.doing else ())
        raise


def _play(stage: Stage) -> None:
    with ExitStack() as stack:
        authority = network.found(stage, stack)
        url = stack.enter_context(
            network.served(authority.folder / "repository", _taker(authority))
        )
        homes = Homes(stage, url, authority.root)
        states.join(stage, authority, homes)
        stage.act(
            "They publish, and issue",
            "A state says for itself who signs for it, who may enter, and what it has revoked.",
        )
        states.issue(stage, homes)
        states.publish(stage, authority, homes)
        states.print_some(stage, homes)
        borders.fetch(stage, homes)
        borders.offline(stage, homes)
        borders.matrix(stage, homes)
        older = attacks.copied(authority, stage.folder / "older")
        borders.recall(stage, homes)
        attacks.minority(stage, authority, homes, older)
        attacks.majority(stage, authority, homes)
        borders.suspend(stage, authority, homes)
        finale(stage, homes)


def _taker(authority: network.Authority) -> Callable[[bytes], dict[str, Any]]:
    lock = threading.Lock()

    def take(data: bytes) -> dict[str, Any]:
        found = proposal.from_bytes(data)
        with lock:
            made = parties_authority.publish(
                authority.folder, found, Stage.secret, at=authority.stage.at
            )
        return {"published": found.title, "files": sorted(made.files), "waits": bool(made.lacking)}

    return take


REASON = 58


def finale(stage: Stage, homes: Homes) -> None:
    """Draw the picture, and tell the timeline."""
    stage.act(
        "Who accepts whose certificates",
        "Each state's usual traveller at each other's border, with what that border holds now.",
    )
    with stage.step("Twenty arrivals", "decide TEXT --to XF") as found:
        arrows = [_arrow(stage, homes, home, there)
                  for home in STATES for there in STATES if home is not there]  # fmt: skip
        counts = {sign: sum(SIGNS[a.colour] == sign for a in arrows) for sign in SIGNS.values()}
        found(*(f"{state.name:<10} {state.carries}" for state in STATES))
        found(", ".join(f"{count} {sign}" for sign, count in counts.items()))
    _tables(stage, arrows)
    _ends(stage, homes)
    _picture(stage, arrows)
    _timeline(stage)


def _arrow(stage: Stage, homes: Homes, home: State, there: State) -> Arrow:
    text, post = homes.texts(home)[0], homes.of(there, "post")
    words = ("--to", there.country, "--home", post, "--on", stage.when[1])
    (one,) = stage.json("decide", text, *words)["results"]
    suspended = [f["where"] for f in one["because"] if f["code"] == Code.PARTICIPANT_SUSPENDED.name]
    note = suspended[0].partition(", ")[0].partition("T")[0] if suspended else ""
    return Arrow(home, there, one["colour"], why(one, 160), note.replace(home.code, "suspended"))


def _tables(stage: Stage, arrows: list[Arrow]) -> None:
    places = [state.name for state in STATES]
    found = {(a.home.name, a.there.name): SIGNS[a.colour] for a in arrows}
    rows = [["traveller of", *(f"to {name}" for name in places)]]
    for state in STATES:
        cells = [found.get((state.name, there), "·") for there in places]
        rows.append([state.name, *cells])
    stage.teller.table("Who accepts whom", rows)
    told = [["to", "from", "because"]]
    for there in STATES:
        for because, homes in reasons(arrows, there).items():
            told.append([there.name, ", ".join(homes), shortened(because, REASON)])
    stage.teller.table("Why not", told)


def _ends(stage: Stage, homes: Homes) -> None:
    home, calendar = ("--home", homes.of(STATES[0], "post")), stage.out / "ends.ics"
    with stage.step("Who ends when: computed, and as a calendar", "network status --format ics") as found:  # fmt: skip
        *table, counts = stage.run("network", "status", *home, *stage.when)
        stage.out.mkdir(exist_ok=True)
        lines = stage.run("network", "status", *home, "--format", "ics", *stage.when)
        calendar.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
        stage.made.append(calendar)
        found(*table, counts, f"{calendar}: {lines.count('BEGIN:VEVENT')} reminders")


def _picture(stage: Stage, arrows: list[Arrow]) -> None:
    svg, png = (stage.out / f"who-accepts-whom.{kind}" for kind in ("svg", "png"))
    with stage.step("A picture of it") as found:
        stage.out.mkdir(exist_ok=True)
        moment = f"{stage.at:%d %B %Y, %H:%M} UTC".lstrip("0")
        svg.write_text(drawn(arrows, moment), encoding="utf-8")
        stage.made.append(svg)
        found(f"{svg}: {sized(svg.stat().st_size)}")
        try:
            png.write_bytes(to_png(svg))
            stage.made.append(png)
            found(f"{png}: {sized(png.stat().st_size)}")
        except ExtraMissing as error:
            found(f"no PNG: {error.message}")


def _timeline(stage: Stage) -> None:
    rows = [["begins", "took", "bytes", "act", "step"]]
    for one in stage.timeline:
        size = "" if one.size is None else f"{one.size:,}"
        rows.append([f"{one.since:6.2f} s", f"{one.seconds:6.2f} s", f"{size:>9}", f"{one.act}", one.title])  # fmt: skip
    stage.teller.table("What took how long", rows)
    last = stage.timeline[-1]
    names = ", ".join(path.name for path in stage.made)
    whole = f"A network in {last.since + last.seconds:.1f} s, in {len(stage.timeline)} steps."
    left = f"Nothing of it is left on this machine but, in {stage.out}/:"
    stage.teller.close((whole, left, *wrapped(names)))
