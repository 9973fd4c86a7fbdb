"""Who issues, where, and for how long: what the register keeps of it, and for how long a code is read.

--site, --operator, --valid-days -> checked -> journeys.issue.Work, seconds
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pratique.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

DAY = 86_400
LONGEST = 80
"""Characters of a site or a pseudonym: what the register's columns hold."""


def work_options(command: Command) -> Command:
    """Add --site, --operator and --valid-days."""
    site = click.option(
        "--site", required=True, callback=code, metavar="CODE",
        help="Code of the site, kept in the register: a recall can select by it.",
    )  # fmt: skip
    operator = click.option(
        "--operator", required=True, callback=code, metavar="PSEUDONYM",
        help="Your pseudonym, kept in the register; never a name.",
    )  # fmt: skip
    valid_days = click.option(
        "--valid-days", type=click.IntRange(1, 3660), default=365, show_default=True,
        help="For how long the code may be read; never beyond its key's end.",
    )  # fmt: skip
    return site(operator(valid_days(command)))


def code(_ctx: click.Context, param: click.Parameter, text: str) -> str:
    """Return a code or a pseudonym as it is kept; UsageError `code-unreadable`, `code-name`."""
    found = text.strip()
    if "@" in found or any(letter.isspace() for letter in found):
        # The register keeps it for years, and audits show it.
        raise UsageError(
            "code-name",
            f"--{param.name} is a code and not a name: blanks and @ are in names and addresses, which "
            "are personal data, also of staff",
            "write a short code that the health service knows the person or place by: harbour, op-17",
        )
    if not found or len(found) > LONGEST or not found.isprintable():
        raise UsageError(
            "code-unreadable",
            f"--{param.name} is empty, longer than {LONGEST} characters or not printable",
            "write a short code that says nothing about a holder: harbour, op-17",
        )
    return found
