"""Options that several commands share."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from pratique.cli.lazy import Folder, Option
from pratique.errors import UsageError
from pratique.store import sources as store_sources
from pratique.store.files import core_dumps_off

Command = TypeVar("Command", bound=Callable[..., Any])

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")


_CALENDAR = range(2, 9999)
"""Years of which an instant is a date on every clock of the world."""

_NO_ZONE = timezone(timedelta(), "UTC")
"""UTC, where nobody said so: a date alone. A zone that is named takes its place."""


class Instant(click.ParamType[datetime]):
    """An aware instant: RFC 3339 with a zone, or a date alone, which is its midnight in UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Turn the text into an aware datetime, or end the call with a hint."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if _DATE.fullmatch(text):
                return datetime.fromisoformat(text).replace(tzinfo=_NO_ZONE)
            match = _RFC_3339.fullmatch(text)
            found = _parse(text, match[1]) if match else None
        except ValueError:
            found = None
        if found is None or found.year not in _CALENDAR:
            self.fail(
                f"'{text}' is no instant; write 2026-11-22T12:00:00Z or 2026-11-22", param, ctx
            )
        if found.tzinfo is None:
            self.fail(
                f"'{text}' does not say in which zone; write {text}Z for UTC, "
                f"or {text}+01:00 for the zone of the place",
                param,
                ctx,
            )
        return found


def _parse(text: str, fraction: str | None) -> datetime:
    if fraction:
        text = text.replace(fraction, fraction[:7].ljust(7, "0"))
    return datetime.fromisoformat(text.upper())


INSTANT = Instant()

at = click.option(
    "--at",
    type=INSTANT,
    metavar="INSTANT",
    help="Take this instant (RFC 3339, or a date) instead of now.",
)
now = click.option(
    "--at",
    type=INSTANT,
    metavar="INSTANT",
    default=partial(datetime.now, UTC),
    help="Take this instant (RFC 3339, or a date) instead of now.",
)
"""As `at`, for a command that asks nothing else of it than the instant: now, if it is not given."""
home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the trust list [default: PRATIQUE_HOME, or the system's place for data].",
)
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


zone = click.option(
    "--zone",
    metavar="ZONE",
    help="Zone of the port of entry [default: the offset that the instant is given with, or UTC].",
)


class ZoneFrom(StrEnum):
    """How the zone of the port of entry is known."""

    OPTION = "option"
    OFFSET = "offset"
    DEFAULT = "default"


class Clock(NamedTuple):
    """An instant on the clock of the port of entry, and how that is known."""

    at: datetime
    zone: str
    known_from: ZoneFrom

    def inferred(self) -> str:
        """Return in words which clock was taken without being named; "" if it was named."""
        match self.known_from:
            case ZoneFrom.OPTION:
                return ""
            case ZoneFrom.OFFSET:
                return f"on the clock of {self.zone}, as the instant is given"
        return "on the clock of UTC, as no --zone is given"

    def as_json(self) -> dict[str, str]:
        """Return the members of a document that tell it."""
        return {"zone": self.zone, "zone_from": self.known_from.value}


def clock(instant: datetime | None, zone: str | None) -> Clock:
    """Return the instant asked for, or now, on the clock of a zone ("Europe/Paris").

    Without a zone the offset that the instant was written with is the place's: who writes
    2022-07-04T00:30:00+02:00 reads it off a clock there.
    """
    if zone is None:
        if instant is None or instant.tzinfo is _NO_ZONE:
            return Clock(now_or(instant).astimezone(UTC), "UTC", ZoneFrom.DEFAULT)
        return Clock(instant, instant.tzname() or "UTC", ZoneFrom.OFFSET)
    return Clock(zoned(instant, zone), zone, ZoneFrom.OPTION)


def zoned(instant: datetime | None, zone: str) -> datetime:
    """Return the instant asked for, or now, on the clock of a zone ("Europe/Paris")."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - a check starts fast

    try:
        place = UTC if zone == "UTC" else ZoneInfo(zone)
        if instant is not None and instant.tzinfo is _NO_ZONE:
            # A date alone is the place's own: west of Greenwich its midnight in UTC is the day before.
            return instant.replace(tzinfo=place)
        return now_or(instant).astimezone(place)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "zone-unknown", "the zone is not known here", "write it as in Europe/Paris or UTC"
        ) from error


def now_or(instant: datetime | None) -> datetime:
    """Return the instant that was asked for, or this one."""
    return instant if instant is not None else datetime.now(UTC)


# ----------------------------------------------------------------------------------------------------
# See to it that a process which holds people's records, or keys, leaves no picture of its memory.
#
# core_dumps_off() -> no core file, and none for a program that the system hands core dumps to
#
# 1. Begun before the first record is read, or secret asked for, by commands and by each of their workers: neither setting
#    outlives the start of a new program.
# 2. It cannot hide memory from the machine's administrator, or from a disk that is swapped to.


# ----------------------------------------------------------------------------------------------------
# Secrets that open keys: a password for key files, a PIN for devices.
#
#     --password-file FILE · --pin-file FILE -> secrets -> edges.keys.open_key
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
        raise UsageError("not-confirmed", "the question is not answered", "say --yes")
    if not click.confirm(question, err=True):
        raise UsageError("withdrawn", "it was not confirmed, and nothing was done")


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
            f"the {asked} is not told",
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
        help=f"The {party}'s folder [default: {variable}, or '{party}' in PRATIQUE_HOME].",
    )  # fmt: skip


authority = _folder("authority", Folder)
participant = _folder("participant", Option)
witness = _folder("witness", Folder)
