"""What was renamed is still called by its earlier name, which no help shows."""

from __future__ import annotations

import click
from click.testing import CliRunner

from pratique.cli.lazy import Group, Option, once


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
