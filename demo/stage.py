"""The demo's stage: a throw-away folder, a clock of its own, and commands that run in this process.

    stage.step("what is done", "the command") -> run, run, ... -> found(...) -> told, and timed

1. Every step is the command that stands before it, run now: nothing is shown that was not found.
2. What does not come out as it must ends the demo, by the name of its step.
3. The day is the demo's own, so that the policies of the examples are in force; seconds are real.
"""

from __future__ import annotations

import io
import os
import re
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from demo.telling import Done, Teller
from pratique import strict_json
from pratique.cli.main import pratique
from pratique.errors import PratiqueError, UsageError

LONGEST = 92
"""Characters of a line of findings."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
BEGINS = datetime(2027, 3, 1, 8, tzinfo=UTC)


class Said(NamedTuple):
    """What a command wrote, and what it returned."""

    lines: list[str]
    code: int


class Found:
    """What a step has found so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.size: int | None = None

    def __call__(self, *lines: str, size: int | None = None) -> None:
        """Note what was found, and how many bytes it was about."""
        self.lines += [part for line in lines for part in wrapped(line)]
        self.size = size if size is not None else self.size


class Timed(NamedTuple):
    """A step of the timeline."""

    act: int
    title: str
    since: float
    seconds: float
    size: int | None


class Stage:
    """Where the demo takes place.

    Attributes:
        folder: throw-away; every party has its own folder in it.
        out: where the results stay.
        examples: the folder of policies.
        at: the demo's own instant.
        timeline: the steps that were taken.
        made: the results that stay.
    """

    def __init__(self, folder: Path, out: Path, examples: Path, teller: Teller) -> None:
        self.folder, self.out, self.examples, self.teller = folder, out, examples, teller
        self.at, self.timeline, self.begun = BEGINS, list[Timed](), time.perf_counter()
        self.made: list[Path] = []
        self.doing, self._act = "", 0

    def act(self, title: str, *words: str, minutes: int = 30) -> None:
        """Begin an act, some time after the last."""
        self._act += 1
        self.at += timedelta(minutes=minutes if self._act > 1 else 0)
        self.teller.act(self._act, title, words)

    @contextmanager
    def step(self, title: str, command: str = "") -> Iterator[Found]:
        """Take a step: told when it is done, with what it has found."""
        self.doing = title
        self.teller.doing(title)
        begun, found = time.perf_counter(), Found()
        yield found
        seconds = time.perf_counter() - begun
        self.timeline.append(Timed(self._act, title, begun - self.begun, seconds, found.size))
        self.teller.done(Done(title, command, tuple(found.lines), seconds, found.size))
        self.doing = ""

    @property
    def when(self) -> tuple[str, str]:
        """Return the option that sets a command's clock."""
        return "--at", self.at.isoformat()

    @staticmethod
    def secret(uri: str) -> str:
        """Return the password that all key files of the demo have."""
        del uri
        return os.environ["PRATIQUE_KEY_PASSWORD"]

    def said(self, *words: object) -> Said:
        """Run a command of ours, here, and return what it said."""
        # As a pipe is: text and bytes can be written to it.
        out, told = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
        with redirect_stdout(out), redirect_stderr(told):
            code = pratique.main(list(map(str, words)), prog_name="pratique", standalone_mode=False)
        out.flush()
        written = out.buffer.getvalue().decode()
        return Said(written.splitlines(), code if isinstance(code, int) else 0)

    def run(self, *words: object) -> list[str]:
        """Run a command that must succeed."""
        found = self.said(*words)
        self.must(found.code == 0, f"pratique {words[0]} {words[1]} ended with {found.code}")
        return found.lines

    def json(self, *words: object) -> dict[str, Any]:
        """Run a command that writes JSON, whatever its verdict."""
        found: dict[str, Any] = strict_json.loads(
            "\n".join(self.said(*words, "--format", "json").lines).encode()
        )
        return found

    def must(self, holds: bool, what: str) -> None:
        """See to it that something is so; UsageError `demo-differs`."""
        if not holds:
            raise UsageError("demo-differs", f"{self.doing}: {what}", "nothing after it was run")

    def refused(self, code: str, act: Callable[[], object]) -> tuple[str, str]:
        """Try what must be refused; return with which code it was, and what was said of it."""
        try:
            act()
        except PratiqueError as error:
            self.must(error.code == code, f"refused as {error.code}, and not as {code}")
            return f"refused, {error.code}", f"  {_DIGEST.sub('…', error.message)}"
        raise UsageError("demo-differs", f"{self.doing}: it was not refused", "")


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words."""
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def wrapped(line: str) -> list[str]:
    """Return a line as several, where it is too long; what follows is indented more."""
    further = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, LONGEST, subsequent_indent=further) or [""]


def shortened(text: str, longest: int) -> str:
    """Return a text cut at a word, where it is too long for a line."""
    return textwrap.shorten(text, longest, placeholder=" …")


def sized(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size:,} bytes"
