"""Act: those who would cheat, and with which code each is refused. What borders hold stays as it was."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from pathlib import Path

from demo import minority
from demo.borders import SIGNS
from demo.cast import STATES, UTOPIA
from demo.founding import Authority
from demo.joining import Homes
from demo.serving import served
from demo.stage import Stage


def play(stage: Stage, authority: Authority, homes: Homes, older: Path) -> None:
    """Try to cheat; `older` is a copy of the repository of an earlier hour."""
    stage.act(
        "Those who would cheat",
        "A minority of the seats, a state, and a server. All that they need is given to them: real",
        "keys, real files. What refuses them is what every border runs.",
    )
    held = _held(homes)
    minority.seats(stage, authority, homes)
    minority.state(stage, authority, homes)
    _server(stage, authority, homes, older)
    with stage.step("What the borders held before it all, they hold now") as found:
        stage.must(_held(homes) == held, "something was changed")
        found("to the byte")


def copied(authority: Authority, to: Path) -> Path:
    """Copy the repository as it is now: what a server that means ill can always keep."""
    shutil.copytree(authority.folder / "repository", to)
    return to


def _server(stage: Stage, authority: Authority, homes: Homes, older: Path) -> None:
    with stage.step("A server hands out the edition of an earlier hour", "sync") as found:
        with served(older) as url:
            said = stage.refused("network-rollback", lambda: minority.synced(stage, homes, url))
        found("rollback, to before the lot was recalled: " + said[0], said[1])
    with stage.step("A server hands out the same edition for ever", "sync, three days on") as found:
        later = ("--at", (stage.at + timedelta(days=3)).isoformat())
        with served(copied(authority, stage.folder / "frozen")) as url:
            said = stage.refused("network-expired", lambda: minority.synced(stage, homes, url, *later))  # fmt: skip
        found("freeze: " + said[0], said[1])
    _swapped_list(stage, authority, homes)
    _swapped_file(stage, authority, homes)


def _swapped_list(stage: Stage, authority: Authority, homes: Homes) -> None:
    with stage.step("A server swaps the list of participants", "sync, of a new post") as found:
        folder = copied(authority, stage.folder / "swapped-list")
        for path in (folder / "targets/network").glob("*.participants.json"):
            path.write_bytes(path.read_bytes().replace(b"XXU", b"XXV"))
        with served(folder) as url:
            home = stage.folder / "post-2"
            where = ("--root", homes.root, "--home", home)
            said = stage.refused("network-differs", lambda: stage.run("sync", url, *where, *stage.when))  # fmt: skip
        found(*said)


def _swapped_file(stage: Stage, authority: Authority, homes: Homes) -> None:
    with stage.step("A server swaps one state's signers", "sync, of a new post") as found:
        folder = copied(authority, stage.folder / "swapped-file")
        for path in (folder / "targets" / UTOPIA.code).glob("*.signers.json"):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        home = stage.folder / "post-3"
        with served(folder) as url:
            said = stage.json("sync", url, "--root", homes.root, "--home", home, *stage.when)
        code = said["problems"].get(UTOPIA.code, "")
        stage.must(code == "network-incomplete", f"problems: {said['problems']}")
        found(f"refused, {code}: that state is in doubt there, and no other")
        for state in (UTOPIA, STATES[0]):
            text = homes.texts(state)[0]
            (row,) = stage.json("verify", text, "--home", home, *stage.when)["results"]
            codes = [f["code"] for f in row["findings"]]
            found(f"{SIGNS[row['colour']]:<8} {state.name}'s traveller there: {', '.join(codes)}")


def _held(homes: Homes) -> list[str]:
    files = (homes.of(state, "post") / "network/held.zip" for state in STATES)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
