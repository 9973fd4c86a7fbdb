"""The last act: who accepts whose certificates, as a picture; and what took how long."""

from __future__ import annotations

from demo.borders import SIGNS, why
from demo.cast import STATES, State
from demo.drawing import Arrow
from demo.joining import Homes
from demo.panel import reasons
from demo.picture import drawn, to_png
from demo.stage import Stage, shortened, sized, wrapped
from pratique.errors import ExtraMissing
from pratique.findings import Code

REASON = 58


def play(stage: Stage, homes: Homes) -> None:
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
