"""Five journeys as real runs of the commands, and the modules whose functions each of them executes.

    founded network in a folder -> one process a journey -> pratique.cli.main, under sys.setprofile -> modules

1. A module counts when one of its functions runs for the journey's sake. Its body does not count, nor does what a
   body calls while it is imported: that depends on what was imported before.
2. Threads count, and processes that are forked; other processes that are started do not.
3. A journey has a process of its own, so that no cache of an earlier one hides a module.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from multiprocessing.util import Finalize
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/pratique"
FUNCTION = inspect.CO_OPTIMIZED
"""What the code of a function is, and that of a class's or module's body is not."""

ROWS = (
    "kind,surname,forename,birth_date,product,dose,doses,given_on,lot\n"
    "vaccination,Sampleová,Testina,1984-02-29,EU/1/20/1528,2,2,2026-10-01,LOT-1\n"
)


class Command(NamedTuple):
    """The words of a command, the exit code that it must have, and the file that keeps what it prints."""

    words: tuple[str, ...]
    code: int = 0
    keep: str = os.devnull


class Journey(NamedTuple):
    """Commands in their order, and how many modules they are to execute at most, one day."""

    commands: tuple[Command, ...]
    target: int
    home: str = "home"


def command(*words: object, code: int = 0, keep: str = os.devnull) -> Command:
    """Make a command of words, numbers and paths."""
    return Command(tuple(map(str, words)), code, keep)


def journeys(at: str, later: str) -> dict[str, Journey]:
    """Lay out the five journeys through a founded network, whose folder is the working folder.

    Args:
        at: when the network was founded.
        later: when something is revoked and published again.
    """
    example = ROOT / "examples"
    publish = ("participant", "publish", "--repository", "net", "--out")
    return {
        "verify a picture": Journey(
            (command("verify", example / "traveller.png", "--at", "2027-01-01T09:00:00Z",
                     code=3),),
            27,
            "border",
        ),
        "issue a CSV row": Journey(
            (command("issuer", "issue", "--from", "rows.csv", "--out", "issued", "--site", "harbour",
                     "--operator", "op-17", "--workers", 1, "--at", at),),
            30,
            "alone",
        ),
        "publish, sync, trust a signer": Journey(
            (
                command(*publish, "new.proposal", "--signers", "issuer/certificates", "--at", at),
                command("authority", "publish", "net", "new.proposal", "--at", at),
                command("sync", "--at", at),
                command("verify", "sample.txt", "--at", at, code=3),
            ),
            65,
        ),
        "form to decision": Journey(
            (
                command("rules", "build", example / "policies/freedonia.toml", keep="rules.json"),
                command("rules", "import", "rules.json"),
                # Too long after the last dose: RED, with what would help.
                command("decide", example / "traveller.txt", "--to", "XF", "--on", "2026-12-02T09:00:00Z",
                        code=1),
            ),
            60,
            "border",
        ),
        "revoke to RED": Journey(
            (
                command("issuer", "revoke", "--reason", "fraud", "--certificate", "sample.txt",
                        "--by", "head", "--yes", "--at", later),
                command("issuer", "lists", "--out", "lists", "--at", later),
                command(*publish, "lists.proposal", "--lists", "lists", "--at", later),
                command("authority", "publish", "net", "lists.proposal", "--at", later),
                command("sync", "--at", later),
                command("verify", "sample.txt", "--at", later, code=1),
            ),
            70,
        ),
    }  # fmt: skip


class Executed:
    """The modules of a folder whose functions run while this is the profile of the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = f"{folder}{os.sep}"
        self.files: set[str] = set()
        self._settled: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Keep the file of a function that is called."""
        if event != "call" or frame.f_code in self._settled:
            return
        code = frame.f_code
        if self._holds(code) and code.co_filename not in self.files and code.co_flags & FUNCTION:
            caller: FrameType | None = frame
            while caller is not None:
                if caller.f_code.co_name == "<module>" and self._holds(caller.f_code):
                    return
                caller = caller.f_back
            self.files.add(code.co_filename)
        self._settled.add(code)

    def _holds(self, code: CodeType) -> bool:
        return code.co_filename.startswith(self.folder)

    def modules(self) -> list[str]:
        """Name them, as paths below the folder."""
        return sorted(file.removeprefix(self.folder) for file in self.files)


@contextmanager
def executed(folder: Path) -> Iterator[Executed]:
    """Watch which modules of a folder execute, in this thread and in those that start meanwhile."""
    seen = Executed(folder)
    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def count(commands: Sequence[Command]) -> list[str]:
    """Run commands in this process; name the modules that executed."""
    from pratique.cli.main import main

    with tempfile.TemporaryDirectory() as notes:
        with executed(PACKAGE) as seen:
            os.register_at_fork(
                after_in_child=lambda: Finalize(None, note, (seen, Path(notes)), exitpriority=1)
            )
            for words, code, keep in commands:
                ended: Any = 0
                try:
                    with Path(keep).open("w", encoding="utf-8") as kept, redirect_stdout(kept):
                        main(list(words))
                except SystemExit as exit_:
                    ended = exit_.code or 0
                if ended != code:
                    raise RuntimeError(f"{' '.join(words)}: exit {ended}, not {code}")
        gather(seen, Path(notes))
    return seen.modules()


def note(seen: Executed, folder: Path) -> None:
    """Write down what a process executed, which ends."""
    (folder / f"{os.getpid()}.json").write_text(json.dumps(sorted(seen.files)), encoding="utf-8")


def gather(seen: Executed, folder: Path) -> None:
    """Add what other processes wrote down."""
    for path in folder.iterdir():
        seen.files.update(json.loads(path.read_bytes()))


def walk(folder: Path) -> dict[str, list[str]]:
    """Found a network in an empty folder, and take the five journeys; name the modules of each."""
    from tests import ceremonies, conftest

    assert conftest.FULL_COST, "keys in files are cheap to open here, as in every test"
    found = {}
    with ceremonies.founded(folder) as desk:
        ceremonies.issued(desk)
        (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
        border = ("--home", "border")
        desk.run("trust", "import", ROOT / "examples/utopia.pem", *border)
        for name, journey in journeys(ceremonies.AT, ceremonies.LATER).items():
            wanted = json.dumps([name, journey.commands])
            done = subprocess.run(
                [sys.executable, "-m", "tests.walls.journeys", wanted, "seen.json"],
                env={**os.environ, **desk.variables, "PYTHONPATH": str(ROOT),
                     "PRATIQUE_HOME": str(folder / journey.home)},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"{name}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
            found[name] = json.loads((folder / "seen.json").read_bytes())
    return found


if __name__ == "__main__":
    _, listed = json.loads(sys.argv[1])
    modules = count([Command(tuple(words), code, keep) for words, code, keep in listed])
    Path(sys.argv[2]).write_text(json.dumps(modules), encoding="utf-8")
