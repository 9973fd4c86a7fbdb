"""Run the transcripts beside this file: commands and what they print, to the letter.

A line `$ pratique …` is run in the repository's root with a home of its own; the lines up to the next
blank one are its output and its errors; `? N` is its exit code, which is 0 where none is written.
`#` begins a remark. `...` at the end of a line stands for its rest, alone on a line for any lines.
As in a shell, `$ export NAME=value` sets a variable for what follows, `~` is the home, and `> FILE` keeps
what is printed, but not the errors.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import forked

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Step(NamedTuple):
    """One command, and what it must print."""

    command: str
    output: list[str]
    code: int


def steps(text: str) -> Iterator[Step]:
    """Yield the steps of a transcript."""
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.strip("\n").splitlines() if not line.startswith("#")]
        if not lines or not lines[0].startswith("$ "):
            continue
        code = 0
        if lines[-1].startswith("? "):
            code = int(lines.pop()[2:])
        yield Step(lines[0][2:], lines[1:], code)


def run(command: str, home: Path, variables: dict[str, str]) -> tuple[list[str], int]:
    """Run a command as a person would; `export` adds to the variables."""
    words = [re.sub("^(file:)?~/", rf"\1{home}/", word) for word in shlex.split(command)]
    if words[0] == "export":
        variables.update({word.partition("=")[0]: word.partition("=")[2] for word in words[1:]})
        return [], 0
    assert words[0] == "pratique"
    kept = Path(words.pop()) if words[-2] == ">" else None
    if kept is not None:
        words.pop()
    variables_of_all = {**_inherited(), **variables}
    done = forked.run(words[1:], folder=ROOT, environment=variables_of_all, together=kept is None)
    if kept is not None:
        kept.write_text(done.out, encoding="utf-8")
    shown = done.out if kept is None else done.errors
    return [line.rstrip() for line in shown.splitlines()], done.code


def _inherited() -> dict[str, str]:
    # What somebody has set for their own issuer must not be found, let alone written to.
    return {name: text for name, text in os.environ.items() if not name.startswith("PRATIQUE_")}


def matches(printed: list[str], written: list[str]) -> bool:
    """Tell whether what was printed is what is written, `...` standing for any lines."""
    pattern = "".join(map(_pattern, written))
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def _pattern(line: str) -> str:
    if line.strip() == "...":
        return "(?:.*\n)*"
    if line.endswith("..."):
        return re.escape(line[:-3]) + ".*\n"
    return re.escape(line.rstrip()) + "\n"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_a_transcript_is_what_is_printed(path: Path, tmp_path: Path) -> None:
    done = 0
    variables = {"PRATIQUE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"}
    for step in steps(path.read_text(encoding="utf-8")):
        printed, code = run(step.command, tmp_path, variables)
        shown = "\n".join(printed)
        assert matches(printed, step.output), f"$ {step.command}\n{shown}"
        assert code == step.code, f"$ {step.command}: exit {code}"
        done += 1
    assert done, "the transcript runs nothing"


def test_a_transcript_that_differs_is_caught() -> None:
    assert not matches(["one", "two"], ["one", "three"])
    assert not matches(["one", "two"], ["one"])
    assert matches(["one", "two", "three"], ["one", "..."])
    assert matches(["one two"], ["one ..."])
    assert not matches(["two"], ["one ..."])


def test_the_readme_shows_what_the_transcripts_hold() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sessions = [part.partition("<!-- /session -->")[0] for part in readme.split("<!-- session -->")]
    lines_of = [session.strip().splitlines()[1:-1] for session in sessions[1:]]
    shown = [line for lines in lines_of for line in lines if line.strip()]
    held = [path.read_text(encoding="utf-8").splitlines() for path in HERE.glob("*.txt")]
    lines = {line for text in held for line in text}
    assert [line for line in shown if line not in lines] == []
    assert any(line.startswith("$ ") for line in shown)
