"""Act: a majority of the seats, who may change anything, and cannot do it unseen."""

from __future__ import annotations

from demo import forgery, minority
from demo.cast import STATES, UTOPIA, State
from demo.founding import Authority
from demo.joining import Homes
from demo.serving import served
from demo.stage import Stage

OURS, THEIRS = (1, 2, 3, 4, 5), (5, 6, 7, 8, 9)


def play(stage: Stage, authority: Authority, homes: Homes) -> None:
    """Have five seats of nine give a state other keys."""
    stage.act(
        "A majority that would cheat",
        "Five seats of nine are enough to change anything, and no signature stands in their way. But",
        "what no log holds no border believes, and what the log holds every state can see.",
    )
    command = "monitor URL   (a line of cron, at every ministry)"
    with stage.step("Before: what five ministries' monitors see", command) as found:
        for state in STATES:
            code, lines = _monitored(stage, homes, state)
            stage.must(code == 0, f"{state.name} is told {lines}")
        found("nothing: its keys, rules and lists are what each has published")
    draft = forgery.other_keys(authority, UTOPIA.code, stage.folder / "majority.proposal")
    authority.sign(draft, *OURS)
    with stage.step("Five seats give Utopia keys of their own, beside the log", "sync") as found:
        folder = forgery.announced(authority, draft, stage.folder / "beside")
        with served(folder) as url:
            said = stage.refused("log-unproven", lambda: minority.synced(stage, homes, url))
        found("signed by enough, announced with the online keys, at a border: " + said[0], said[1])
    with stage.step("They publish it as it should be, through the log", "authority publish") as found:  # fmt: skip
        found(*authority.publish(draft))
    with stage.step("What Utopia's monitor sees on the next checkpoint", command) as found:
        code, lines = _monitored(stage, homes, UTOPIA)
        swapped = any("key-swapped" in line for line in lines)
        stage.must(code == 1 and swapped, f"it ended with {code}: {lines}")
        found(*lines)
    _put_right(stage, authority, homes)


def _put_right(stage: Stage, authority: Authority, homes: Homes) -> None:
    command = f"authority propose rekey DIR DOSSIER   (of {UTOPIA.name})"
    with stage.step("Five others, who are told of it, give Utopia its own keys again", command) as found:  # fmt: skip
        for step in ("keys-submitted", "qa-passed"):
            authority.record(UTOPIA.code, step, 6)
        found(*authority.decide(THEIRS, "rekey", homes.of(UTOPIA, "dossier")))
        for step in ("anchor-signed", "renewed"):
            authority.record(UTOPIA.code, step, 6)
        code, lines = _monitored(stage, homes, UTOPIA)
        stage.must(code == 0, f"Utopia is told {lines}")
        problems = minority.synced(stage, homes, homes.url)["problems"]
        stage.must(not problems, f"at a border: {problems}")
        found("Utopia's monitor sees nothing more, and a border believes Utopia as before")


def _monitored(stage: Stage, homes: Homes, state: State) -> tuple[int, list[str]]:
    homes.sync(state, "office")
    where = ("--participant", homes.of(state, "keys"), "--home", homes.of(state, "office"))
    found = stage.said("monitor", homes.url, *where, *stage.when)
    return found.code, found.lines
