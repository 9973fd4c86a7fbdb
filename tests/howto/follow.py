"""Follow a how-to, or a walk: run what its page shows, in its order, in a shell, from an empty folder.

    page.md -> blocks -> commands -> one `sh` -> output and exit code, as written

1. A ```console block is run, all of it. `$ ` begins a command, `> ` goes on with it; what follows is its output, which is
   compared if there is any, and `? N` its exit code, which is 0 where none is written. `...` stands for the rest, as
   in the transcripts (tests/cli).
2. Nothing that looks like a command stands elsewhere: other blocks are declared ```text, and begin with no `$ `.
3. The shell is a real one. Its `pratique` is a fork of one loaded process (tests/forked.py), but for what stays:
   `serve` is a process of its own, waited for until it says what is written, and ended with the page.
4. What is not run as written is in `INSTEAD`, with the reason, and nowhere else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests import forked, ports
from tests.cli.test_transcripts import matches
from tests.steps import until

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT / "docs").with_suffix("").as_posix(): path
    for kind in ("how-to", "walks")
    for path in sorted((ROOT / "docs" / kind).glob("*.md"))
    if path.stem != "index"
}
"""The pages that are followed, by name."""
INDEXES = [ROOT / "docs" / kind / "index.md" for kind in ("how-to", "walks")]

INSTEAD = {
    "8017": "a free port: the one that a reader uses may be taken on a machine that runs tests",
    "8018": "the same, of the witness",
    "8019": "the same, of the gateway",
}
NEEDED = {"softhsm2-util": "softhsm2-util", "curl ": "curl"}
"""Words of a block, and the program that a reader installs for it, and that a machine that runs tests may lack."""
NEEDED_ON = {"rehearsal/participants.sh": "openssl", "gateway serve": "nginx"}
"""The same, where all blocks after it need it too: they go on with what it leaves."""
_PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


class Command(NamedTuple):
    """A command of a page, and what it must print.

    Attributes:
        line: of the page, from 1.
        text: what is typed, its further lines included.
        output: what is shown of it; nothing is compared where nothing is shown.
        code: its exit code.
        block: in which block of the page it stands, from 1.
    """

    line: int
    text: str
    output: tuple[str, ...]
    code: int
    block: int


class Page(NamedTuple):
    """What a page has to run, and what is wrong with it.

    Attributes:
        commands: in their order.
        shown: lines at which blocks begin that are not run.
        faults: lines that would be passed over.
    """

    commands: list[Command]
    shown: list[int]
    faults: list[str]


def read(text: str) -> Page:
    """Read a page's commands."""
    commands: list[Command] = []
    shown: list[int] = []
    faults: list[str] = []
    blocks = 0
    for line, declared, lines in _blocks(text):
        if declared == "console":
            blocks += 1
            taken = list(_commands(line + 1, lines, blocks))
            if not taken or not lines[0].startswith("$ "):
                faults.append(f"{line}: a console block begins with a command")
            commands += taken
        elif declared in {"text", "{toctree}"}:
            shown.append(line)
            faults += [f"{line}: {one}" for one in lines if one.startswith("$ ")]
        else:
            faults.append(f"{line}: a block that is declared neither console nor text")
    return Page(commands, shown, faults)


def _blocks(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield where each block begins, how it is declared, and its lines without what they are set in by."""
    opened: re.Match[str] | None = None
    began, kept = 0, list[str]()
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.fullmatch(r"( *)(`{3,}|~{3,})(.*)", line)
        if opened is not None:
            if fence and fence[2] == opened[2] and not fence[3].strip():
                yield began, opened[3].strip(), kept
                opened = None
            else:
                kept.append(line.removeprefix(opened[1]))
        elif fence:
            opened, began, kept = fence, number, []
        elif line.startswith("    ") and not before.strip():
            yield number, "set in", [line[4:]]
        before = line
    if opened is not None:
        yield began, "without an end", kept


def _commands(number: int, lines: list[str], block: int) -> Iterator[Command]:
    text, output, code, began = "", list[str](), 0, 0
    for at, line in enumerate([*lines, "$ "], number):
        if line.startswith("$ "):
            if text:
                yield Command(began, text, tuple(output), code, block)
            text, output, code, began = line[2:], [], 0, at
        elif (line == ">" or line.startswith("> ")) and text and not output:
            text += "\n" + line[2:]
        elif re.fullmatch(r"\? \d+", line):
            code = int(line[2:])
        else:
            output.append(line)


class Failed(AssertionError):
    """A command of a page does not do what the page says."""


class Shell:
    """A shell in a folder and a home that are empty, for as long as the `with` lasts."""

    def __init__(self, folder: Path) -> None:
        self.work, self._kept = folder / "work", folder / "kept"
        home, programs = folder / "home", folder / "bin"
        for made in (self.work, self._kept, home, programs):
            made.mkdir()
        # What a reader has: the program, and a clone for its examples.
        (home / "pratique").symlink_to(ROOT)
        stand_in = Path(__file__).with_name("stand_in.py")
        program = programs / "pratique"
        program.write_text(
            "#!/bin/sh\n"
            f'case "$2" in serve) exec {sys.executable} -m pratique "$@";; esac\n'
            f'exec {sys.executable} -E -S {stand_in} {forked.address()} "$@"\n'
        )
        program.chmod(0o700)
        self._free = {port: str(ports.free()) for port in INSTEAD}
        paths = os.pathsep.join([str(programs), "/usr/local/bin", "/usr/bin", "/bin"])
        variables = {"PATH": paths, "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "100",
                     "PYTHONUNBUFFERED": "1"}  # fmt: skip
        self._shell = subprocess.Popen(
            ["/bin/sh"], cwd=self.work, env=variables, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._number = 0

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        # What still runs is the shell's own, which is asked for its numbers; the first `jobs` forgets what has ended.
        left = self._kept / "left"
        with suppress(BrokenPipeError), self._shell:
            self._shell.communicate(
                f"jobs >/dev/null; jobs -p >{left}; kill -KILL $(cat {left}); wait\n"
            )

    def run(self, command: Command) -> list[str]:
        """Run a command; raise Failed if it does something else than is written; return what it printed."""
        self._number += 1
        typed, printed = self._kept / f"{self._number}.sh", self._kept / f"{self._number}.out"
        typed.write_text(self._here(command.text) + "\n", encoding="utf-8")
        # A file of its own: what is not ended in it (a quote, a here-document) takes nothing after it along.
        line = f". {typed} >{printed} 2>&1 </dev/null; echo $?"
        told = self._told(line)
        if not told:
            raise Failed(f"line {command.line}: $ {command.text}\nthe shell ended")
        written = list(map(self._here, command.output))

        def lines() -> list[str]:
            return [line.rstrip() for line in printed.read_text(encoding="utf-8").splitlines()]

        if command.text.endswith("&"):
            until(lambda: matches(lines(), written) or self._has_ended())
        code, found = int(told), lines()
        if code != command.code or (written and not matches(found, written)):
            shown = "\n".join(found)
            raise Failed(f"line {command.line}: $ {command.text}\n{shown}\nexit code {code}")
        return found

    def _has_ended(self) -> bool:
        # `jobs` has the shell see to it: one that has ended and was not waited for can be sent signals still.
        return self._told("jobs >/dev/null; kill -0 $!; echo $?") != "0\n"

    def _told(self, line: str) -> str:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        with suppress(BrokenPipeError):
            self._shell.stdin.write(line + "\n")
        return self._shell.stdout.readline()

    def _here(self, text: str) -> str:
        for port, free in self._free.items():
            text = text.replace(f":{port}", f":{free}").replace(f"--port {port}", f"--port {free}")
        return text


def lacking(page: Page) -> dict[int, str]:
    """Return which blocks cannot be run on this machine, each with the program that it needs."""
    left: dict[int, str] = {}
    onward = ""
    for command in page.commands:
        for word, program in (*NEEDED.items(), *NEEDED_ON.items()):
            if word in command.text and not shutil.which(program, path=_PLACES):
                left.setdefault(command.block, program)
                onward = onward or (program if word in NEEDED_ON else "")
        if onward:
            left.setdefault(command.block, onward)
    return left


def follow(text: str, folder: Path) -> tuple[int, list[str]]:
    """Run a page in a folder that is empty.

    Returns:
        How many commands were run, and what was not, with the reason.
    """
    page = read(text)
    if page.faults:
        raise Failed("\n".join(page.faults))
    left, done = lacking(page), 0
    with Shell(folder) as shell:
        for command in page.commands:
            if command.block not in left:
                shell.run(command)
                done += 1
    if not done:
        raise Failed("the page runs nothing")
    first = {command.block: command.line for command in reversed(page.commands)}
    return done, [f"the block at line {first[block]} needs {left[block]}" for block in left]
