"""The terminal, or whatever stands where one was: its encoding, its pipes, its echo.

1. An old encoding never ends a check: what it lacks is written as an escape that JSON reads too.
2. A pipe whose reader has gone ends us quietly, with the exit code that a shell gives for it (141).
   It is not 0: nobody has read that anything was accepted.
3. What a scanner types is not echoed: a code on the screen holds a person's health data.
4. Lines are broken at a terminal's width only. In a pipe or a file they are whole.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import click

from pratique.errors import PratiqueError
from pratique.text import printable, wrapped

PIPE_CLOSED = 141
"""128 + SIGPIPE."""
INPUT_OUTPUT = 4
OPEN = 3
_SIGNS = {"✔": "+", "▲": "!", "✖": "x", "–": "-", "’": "'", "…": "..."}
_ESCAPED = "pratique-escaped"
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Clear the screen, and what has scrolled off it."""


LONGEST = 2_000
"""Characters of a line that are shown: a stranger may have put a part of it."""
QUIET = "pratique.quiet"
"""Where a call keeps that nothing is printed but errors."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line, broken at the terminal's width; on stderr, where nobody asked for it."""
    if err and (ctx := click.get_current_context(silent=True)) is not None and ctx.meta.get(QUIET):
        return
    stream = sys.stderr if err else sys.stdout
    if stream is not None and stream.isatty():
        import shutil  # noqa: PLC0415 - a check starts fast

        width = shutil.get_terminal_size().columns
        line = "\n".join(piece for one in line.split("\n") for piece in wrapped(one, width))
    click.echo(line, err=err)


def complain(error: PratiqueError) -> None:
    """Tell an error, and those of other files before it, on stderr."""
    for one in (*error.others, error):
        complaint(one.message, one.hint)


def complaint(message: str, hint: str = "") -> None:
    """Print `error: ...` and `hint: ...` on stderr."""
    for word, text in (("error", message), ("hint", hint)):
        if text:
            lines = (printable(line, LONGEST) for line in text.split("\n"))
            click.echo(f"{word}: " + "\n".join(lines), err=True)


def complaints(errors: Iterable[PratiqueError]) -> int:
    """Tell the errors of some files, the others having been taken; return the exit code: the largest."""
    code = 0
    for error in errors:
        complain(error)
        code = max(code, error.exit_code)
    return code


def imported(
    lines: Iterable[str], notes: Iterable[str], errors: Iterable[PratiqueError], is_open: bool
) -> int:
    """Show what came of an import, as a party tells it; return the exit code."""
    for line in lines:
        say(line)
    for note in notes:
        say(note, err=True)
    code = complaints(errors)
    return max(code, OPEN) if is_open else code


def flush() -> None:
    """Let what was printed be seen at once, wherever standard output goes."""
    if sys.stdout is not None:
        sys.stdout.flush()


def prepare() -> None:
    """Let standard output and errors take every sign, whatever their encoding."""
    codecs.register_error(_ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SIGNS.get(sign) or _escape(sign) for sign in lacking), error.end


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def end(code: int) -> int:
    """Write out what waits; return the exit code, another where nobody takes it any more."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except BrokenPipeError:
            code = PIPE_CLOSED if stream is sys.stdout else code
            _let_go(stream)
        except (OSError, ValueError):
            code = (code or INPUT_OUTPUT) if stream is sys.stdout else code
            _let_go(stream)
    return code


def closed() -> int:
    """Let go of pipes whose readers have gone; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            _let_go(stream)
    return PIPE_CLOSED


def _let_go(stream: TextIO) -> None:
    # At its end Python writes out what waits, and complains on stderr where it cannot.
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def unechoed() -> Iterator[Iterator[list[str]]]:
    """Give the lines that are typed at a terminal, those that came at once together; none is shown.

    From the beginning of the block nothing is echoed, until its end. Ctrl-D ends the lines.
    """
    try:
        import termios  # noqa: PLC0415 - not on every system
    except ImportError:
        yield _by_getpass()
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    quiet = termios.tcgetattr(file)
    # By lines the system would cut at 4096 characters. CR is kept: CR LF is one end of a line, and a
    # scanner that sends it must not clear the screen by the second half.
    quiet[0] &= ~(termios.ICRNL | termios.INLCR)
    quiet[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON)
    quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSADRAIN, quiet)
    try:
        yield _typed(file)
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


_END_OF_INPUT = b"\x04"
_LONGEST = 64 * 1024


def _typed(file: int) -> Iterator[list[str]]:
    waiting = b""
    after_return = False
    while True:
        data = os.read(file, 65536)
        if not data or (data.startswith(_END_OF_INPUT) and not waiting):
            return
        if after_return:
            data = data.removeprefix(b"\n")
        after_return = data.endswith(b"\r")
        waiting += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, waiting = waiting.split(b"\n")
        # What never ends is no code.
        waiting = waiting[:_LONGEST]
        if lines:
            yield [line.rstrip(_END_OF_INPUT).decode("utf-8", "replace") for line in lines]
        if waiting.endswith(_END_OF_INPUT):
            if rest := waiting.rstrip(_END_OF_INPUT):
                yield [rest.decode("utf-8", "replace")]
            return


def _by_getpass() -> Iterator[list[str]]:
    import getpass  # noqa: PLC0415 - where there is no termios

    with contextlib.suppress(EOFError):
        while True:
            yield [getpass.getpass("")]


class ProgressLine:
    """Tells on stderr how far it is: a bar on a terminal, else a line now and then."""

    STEPS, EACH = 20, 25_000
    """Lines where nobody sees a bar; rows to a line where their number is not known."""

    def __init__(self, label: str) -> None:
        self._label, self._said = label, 0
        self._bar: Any = None

    def __enter__(self) -> ProgressLine:
        return self

    def show(self, rows: int, total: int | None) -> None:
        """Tell that so many rows are done."""
        if sys.stderr.isatty() and total:
            if self._bar is None:
                self._bar = click.progressbar(
                    length=total, label=self._label, file=sys.stderr, show_pos=True
                )
                self._bar.__enter__()
            self._bar.update(rows - self._said)
            self._said = rows
        elif rows - self._said >= (max(1, total // self.STEPS) if total else self.EACH):
            self._said = rows
            of = f" of {total}" if total else ""
            with contextlib.suppress(BrokenPipeError):
                click.echo(f"{rows}{of} rows done", err=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
