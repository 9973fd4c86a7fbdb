"""Options that several commands share."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique.cli import terminal
from pratique.cli.lazy import Folder, Option
from pratique.errors import UsageError
from pratique.store import sources as store_sources
from pratique.store.files import core_dumps_off
from pratique.text import instant_of, plural

Command = TypeVar("Command", bound=Callable[..., Any])


class Instant(click.ParamType[datetime]):
    """An aware instant: RFC 3339 with a zone, or a date alone, which is its midnight in UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Turn the text into an aware datetime, or end the call with a hint."""
        if isinstance(value, datetime):
            return value
        try:
            return instant_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


INSTANT = Instant()

option = partial(click.option, cls=Option)
"""An option that may have had other names: `was`."""

at = option(
    "--at", type=INSTANT, metavar="INSTANT",
    help="Take this instant (RFC 3339, or a date) instead of now.",
)  # fmt: skip
now = option(
    "--at", type=INSTANT, metavar="INSTANT", default=partial(datetime.now, UTC),
    help="Take this instant (RFC 3339, or a date) instead of now.",
)  # fmt: skip
"""As `at`, for a command that asks nothing else of it than the instant: now, if it is not given."""
home = option(
    "--data-dir", "home", was=("--home",), type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder of what was synced and imported [default: PRATIQUE_DATA_DIR, or the system's place for data].",
)  # fmt: skip
timezone = option(
    "--timezone", "zone", was=("--zone",), metavar="ZONE",
    help="Time zone of the port of entry [default: the offset that the instant is given with, or UTC].",
)  # fmt: skip
language = option(
    "--language", was=("--lang",), default="en", show_default=True, metavar="CODE",
    help="Language of the rules' sentences.",
)  # fmt: skip
output_format = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the outcome.",
)


def sources(command: Command) -> Command:
    """Add --trust and --environment: signers and rules from elsewhere than the imported ones."""
    trust = click.option(
        "--trust",
        "sources",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        metavar="PATH",
        help="Signers from this snapshot, list or folder, instead of those imported. Repeatable.",
    )
    environment = click.option(
        "--environment",
        type=click.Choice(["production", "test"]),
        default="production",
        show_default=True,
        help="Environment of --trust where its sources do not tell.",
    )
    return trust(environment(command))


def quiet(command: Command) -> Command:
    """Add --quiet: nothing is printed but errors."""
    return click.option(
        "-q", "--quiet", is_flag=True, is_eager=True, expose_value=False, callback=_hush,
        help="Print nothing but errors; the exit code tells.",
    )(command)  # fmt: skip


def _hush(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        ctx.meta[terminal.QUIET] = True
        nowhere = ctx.with_resource(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        ctx.with_resource(contextlib.redirect_stdout(nowhere))


def now_or(instant: datetime | None) -> datetime:
    """Return the instant that was asked for, or this one."""
    return instant if instant is not None else datetime.now(UTC)


# Secrets that open keys: a password for key files, a PIN for devices.
#
# 1. A secret comes from a file, a variable or a hidden prompt; never from the command line, which every
#    process of the machine can read.
# 2. It is asked for when the first key needs it, and once: a folder's key files share one password.


SHORTEST = 10
"""Characters that a new password has at least."""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def secret_files(command: Command) -> Command:
    """Add --password-file and --pin-file."""
    password = click.option(
        "--password-file",
        type=_FILE,
        metavar="FILE",
        help="Holds the password of the key files [default: PRATIQUE_KEY_PASSWORD, or a prompt].",
    )
    pin = click.option(
        "--pin-file",
        type=_FILE,
        metavar="FILE",
        help="Holds the PIN of a device [default: PRATIQUE_HSM_PIN, or a prompt].",
    )
    return password(pin(command))


def secrets(
    password_file: Path | None, pin_file: Path | None, *, new: bool = False
) -> Callable[[str], str]:
    """Return what `open_key` asks for secrets.

    Args:
        new: a password is being chosen: it is asked for twice, and may not be short.
    """
    # What it opens is in this process's memory from then on.
    core_dumps_off()
    held: dict[str, str] = {}

    def secret(uri: str) -> str:
        if uri.startswith("file:"):
            if "file:" not in held:
                held["file:"] = _password(password_file, new=new)
            return held["file:"]
        if uri not in held:
            asked = f"PIN of the PKCS#11 token {uri.partition(':')[2]}"
            held[uri] = _found(pin_file, "PRATIQUE_HSM_PIN", asked, "--pin-file", twice=False)
        return held[uri]

    return secret


def secret(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --password-file and --pin-file, and give the command what asks for a secret: `secret`."""
    return _secret(command, new=False)


def new_secret(command: Callable[..., Any]) -> Callable[..., Any]:
    """As `secret`, for keys that are made: a new password is asked for twice, and may not be short."""
    return _secret(command, new=True)


def _secret(command: Callable[..., Any], *, new: bool) -> Callable[..., Any]:
    @wraps(command)
    def run(*, password_file: Path | None, pin_file: Path | None, **named: Any) -> Any:
        return command(secret=secrets(password_file, pin_file, new=new), **named)

    return secret_files(run)


def confirm(question: str) -> None:
    """Ask for a yes; anything else ends the command, and nothing is changed."""
    if not sys.stdin.isatty():
        raise UsageError("not-confirmed", "confirmation required", "pass --yes")
    if not click.confirm(question, err=True):
        raise UsageError("withdrawn", "it was not confirmed, and nothing was done")


def passphrase(file: Path | None) -> str:
    """Return the passphrase of whoever is to sign in somewhere: from a file, a variable, or asked for twice."""
    core_dumps_off()
    return _found(file, "PRATIQUE_DESK_PASSPHRASE", "passphrase", "--passphrase-file", twice=True)


def _password(file: Path | None, *, new: bool) -> str:
    asked = "password for the new keys" if new else "password of the keys"
    password = _found(file, "PRATIQUE_KEY_PASSWORD", asked, "--password-file", twice=new)
    if new and len(password) < SHORTEST:
        raise UsageError(
            "password-short",
            f"the password has fewer than {SHORTEST} characters",
            "take four words that have nothing to do with each other",
        )
    return password


def _found(file: Path | None, variable: str, asked: str, option: str, *, twice: bool) -> str:
    if file is not None:
        found = _line(file)
    elif variable in os.environ:
        found = os.environ[variable]
    elif sys.stdin.isatty():
        found = click.prompt(asked, hide_input=True, confirmation_prompt=twice, err=True)
    else:
        raise UsageError(
            "secret-missing",
            f"no {asked} given",
            f"set {variable}, or name a file: {option}",
        )
    if not found:
        raise UsageError("secret-missing", f"the {asked} is empty", f"see {variable} and {option}")
    return str(found)


def _line(file: Path) -> str:
    try:
        text = store_sources.read_bytes(file, 4096).decode()
    except UnicodeDecodeError:
        text = "\n\n"
    if "\n" in text.rstrip("\r\n") or not text.strip("\r\n"):
        raise UsageError("secret-missing", f"{file}: it does not hold one line of text")
    return text.rstrip("\r\n")


# A party's folder: one way for all of them.


def _folder(party: str, cls: type[click.Option]) -> Callable[[Command], Command]:
    variable = f"PRATIQUE_{party.upper()}"
    return click.option(
        f"--{party}", "folder", cls=cls, type=click.Path(path_type=Path, file_okay=False),
        envvar=variable, default=lambda: store_sources.home() / party, metavar="DIR",
        help=f"The {party}'s folder [default: {variable}, or '{party}' in PRATIQUE_DATA_DIR].",
    )  # fmt: skip


authority = _folder("authority", Folder)
participant = _folder("participant", Option)
witness = _folder("witness", Folder)


# Where a server listens.


def address(listen: str) -> tuple[str, int]:
    """Read HOST:PORT; UsageError `listen-malformed`."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise UsageError(
            "listen-malformed",
            f"{listen!r} is no address to listen on",
            "HOST:PORT, as localhost:8080",
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


# ----------------------------------------------------------------------------------------------------
# Whole files of columns.
#
# 1. The options mean the same in every command, and `--engine` changes nothing of what comes out.
# 2. What is told are counts; no row's content is shown.


INTERRUPTED = 130
WORTH_TELLING = 20_000
"""Rows from which on it is worth to tell how far it is."""


class Crowd(NamedTuple):
    """Who does the work: so many processes of this machine, or an engine at an address."""

    workers: int | None = None
    engine: str | None = None
    address: str = ""


class ColumnOptions(NamedTuple):
    """What a command is told of files of columns.

    Attributes:
        out: the folder for the outcome; None where no such files are worked through.
        column: that holds the texts.
        keep: columns that are handed on.
    """

    out: Path | None
    column: str
    keep: tuple[str, ...]
    crowd: Crowd


def crowd_options(command: Command) -> Command:
    """Add --workers, --engine and --address."""
    workers = click.option("--workers", type=click.IntRange(1, 64), metavar="N",
                           help="Processes for whole files [default: one a core].")  # fmt: skip
    engine = click.option("--engine", type=click.Choice(["spark"]),
                          help="Work on a cluster instead; needs the extra dist.")  # fmt: skip
    address = click.option("--address", default="", metavar="URL",
                           help="The cluster's: spark://HOST:7077, yarn, k8s://… [default: Spark's own settings].")  # fmt: skip
    return workers(engine(address(command)))


def column_options(command: Command) -> Command:
    """Add --out, --column and --keep, and those of `crowd_options`."""
    out = click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
                       help="Work through files of columns (Parquet, Arrow, CSV) into a new folder.")  # fmt: skip
    column = click.option("--column", default="text", show_default=True, metavar="NAME",
                          help="With --out: the column that holds the texts.")  # fmt: skip
    keep = click.option("--keep", multiple=True, metavar="NAME",
                        help="With --out: a column to hand on, such as your reference. Repeatable.")  # fmt: skip
    return out(column(keep(crowd_options(command))))


def no_engine(command: Command) -> Command:
    """Know --engine and --address, which other commands have, and refuse them to one that signs."""
    engine = click.option("--engine", hidden=True, expose_value=False, callback=_no_engine)
    address = click.option("--address", hidden=True, expose_value=False, callback=_no_engine)
    return engine(address(command))


def _no_engine(_ctx: click.Context, _param: click.Parameter, name: str | None) -> None:
    if name is not None:
        raise UsageError(
            "engine-keys", "a file is issued on one machine: on an engine, the keys would be on all its nodes",
            "leave --engine out: all cores of this machine sign, and --workers takes fewer",
        )  # fmt: skip


def crowd_of(named: dict[str, Any]) -> Crowd:
    """Take what `crowd_options` has added out of what a command was called with."""
    crowd = Crowd(named.pop("workers"), named.pop("engine"), named.pop("address"))
    if crowd.address and crowd.engine is None:
        raise UsageError("address-alone", "--address is an engine's", "add --engine spark")
    return crowd


def columns_of(named: dict[str, Any]) -> ColumnOptions:
    """Take what `column_options` has added out of what a command was called with."""
    crowd = crowd_of(named)
    given = ColumnOptions(named.pop("out"), named.pop("column"), named.pop("keep"), crowd)
    if given.out is None and (given.keep or given.column != "text" or crowd != Crowd()):
        raise UsageError(
            "columns-alone", "these options are for files of columns", "add --out DIR, a new folder"
        )
    return given


def work_through(ask: Any, inputs: Sequence[str | Path], columns: ColumnOptions, label: str) -> Any:
    """Do a job, tell how far it is and what came of it; None where it was interrupted."""
    from pratique.parties import columnar  # noqa: PLC0415 - a check starts fast

    assert columns.out is not None
    begun = time.monotonic()
    crowd = columns.crowd
    engine = columnar.engine_of(crowd.workers, crowd.engine, crowd.address)
    try:
        with terminal.ProgressLine(label) as progress:

            def show(rows: int, total: int) -> None:
                if total >= WORTH_TELLING:
                    progress.show(rows, total)

            worked = columnar.work(ask, list(map(Path, inputs)), columns.out, engine, show)
    except KeyboardInterrupt:
        terminal.say("error: interrupted; the parts that are done stay\nhint: give the same command again, "
            "and it goes on where it was", err=True)  # fmt: skip
        return None
    rows = sum(worked.counts.values())
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(worked.counts.items()))
    before = f", {worked.before} of them were there before" if worked.before else ""
    parts = f"{plural(worked.parts, 'part')}{before}"
    terminal.say(f"{plural(rows, 'row')}: {counts or 'nothing'}")
    terminal.say(f"{parts}, in {time.monotonic() - begun:.1f} s: {columns.out}")
    return worked
