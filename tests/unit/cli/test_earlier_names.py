"""What was renamed is still called by its earlier name, which no help shows."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pratique.cli.authority import seat
from pratique.cli.lazy import Folder, Group, Option, PartyCommand, once
from pratique.errors import UsageError


@click.group(cls=Group, was={"lists": "publish"})
def party() -> None:
    """Do what a party does."""


@party.command()
@click.option("--timezone", cls=Option, was=("--zone", "-z"), metavar="ZONE", help="The port's.")
def publish(timezone: str | None) -> None:
    """Publish."""
    click.echo(f"in {timezone}")


def _said(*arguments: str) -> str:
    return CliRunner().invoke(once(party), arguments).output


def test_the_earlier_names_are_taken() -> None:
    assert _said("publish", "--timezone", "UTC") == _said("lists", "--zone", "UTC") == "in UTC\n"
    assert _said("lists", "-z", "UTC") == "in UTC\n"


def test_no_help_shows_them() -> None:
    assert "lists" not in _said("--help")
    assert "--timezone" in _said("publish", "--help")
    assert "--zone" not in _said("publish", "--help")


def test_both_names_at_once_are_given_twice() -> None:
    assert "was given 2 times" in _said("publish", "--timezone", "UTC", "--zone", "UTC")


@click.command(cls=PartyCommand)
@click.option("--authority", "folder", cls=Folder, envvar="PRATIQUE_AUTHORITY", default="home")
@click.argument("code")
@click.argument("step", required=False)
def onboard(folder: str, code: str, step: str | None) -> None:
    """Record a step."""
    click.echo(f"{folder} {code} {step}")


@click.command(cls=PartyCommand)
@click.option("--authority", "folder", cls=Folder, envvar="PRATIQUE_AUTHORITY", default="home")
def status(folder: str) -> None:
    """Show the authority."""
    click.echo(folder)


@pytest.mark.parametrize(
    ("arguments", "variable", "said"),
    [
        (("--authority", "net", "XUA", "admitted"), "", "net XUA admitted"),
        (("XUA", "admitted"), "", "home XUA admitted"),
        (("XUA",), "net", "net XUA None"),
        (("net", "XUA"), "", "net XUA None"),
        (("net", "XUA", "admitted"), "", "net XUA admitted"),
        # Where the folder is named, the first argument is what it is now, whatever lies there.
        (("net", "admitted"), "other", "other net admitted"),
        (("net", "admitted", "--authority", "other"), "", "other net admitted"),
        (("net",), "", "home net None"),
    ],
)
def test_a_partys_folder_may_still_be_the_first_argument(
    arguments: tuple[str, ...],
    variable: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net").mkdir()
    env = {"PRATIQUE_AUTHORITY": variable} if variable else {}
    assert CliRunner().invoke(once(onboard), arguments, env=env).output == f"{said}\n"


def test_a_folder_is_the_only_argument_also_where_it_is_not_there() -> None:
    assert CliRunner().invoke(once(status), ["missing"]).output == "missing\n"
    assert CliRunner().invoke(once(status), []).output == "home\n"
    assert "DIR" not in CliRunner().invoke(once(status), ["--help"]).output.splitlines()[0]


def test_a_seat_is_created_as_it_was_before() -> None:
    words = ["seat-1", "--holder", "no code", "--region", "AFR"]
    for before in (words, ["create", *words], [*words[1:], words[0]]):
        raised = CliRunner().invoke(once(seat), before).exception
        assert isinstance(raised, UsageError)
        assert raised.code == "seat-holder"
