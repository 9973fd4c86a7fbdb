"""An option that takes one value is given once, for every command there is."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from pratique.cli.lazy import once
from pratique.cli.main import pratique


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, at any depth."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name)


ALL = list(commands(pratique))


def command(words: tuple[str, ...]) -> click.Command:
    """Return the command of some words, as the command line finds it."""
    found: click.Command = pratique
    for word in words:
        assert isinstance(found, click.Group)
        within = found.get_command(click.Context(found), word)
        assert within is not None
        found = within
    return found


def value_of(option: click.Option) -> list[str]:
    return [] if option.is_flag or option.count else ["x"] * option.nargs


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_no_command_takes_an_option_twice_in_silence(words: tuple[str, ...]) -> None:
    called = command(words)
    ctx = click.Context(called)
    for param in called.params:
        if not isinstance(param, click.Option) or param.multiple or param.count:
            continue
        if param.is_flag and not param.secondary_opts:
            continue
        given = [param.opts[0], *value_of(param)]
        called.make_parser(ctx).parse_args([*given])
        with pytest.raises(click.UsageError, match="was given 2 times"):
            called.make_parser(ctx).parse_args([*given, *given])


def test_it_ends_with_the_exit_code_of_a_wrong_call() -> None:
    found = CliRunner().invoke(pratique, ["verify", "x", "--to", "DE", "--to", "FR"])
    assert (found.exit_code, "'--to' was given 2 times" in found.output) == (2, True)


@click.command()
@click.option("-n", "--name")
@click.option("--each", multiple=True)
@click.option("--on/--off", "switch", default=None)
@click.option("--dry", is_flag=True)
@click.option("-v", "depth", count=True)
@click.argument("words", nargs=-1)
def toy(**_: object) -> None:
    """Take options of each sort."""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--name a", 0),
        ("--name a --name a", 2),
        ("--name a --name=b", 2),
        ("-n a --name b", 2),
        ("-na -nb", 2),
        ("--on --off", 2),
        ("--each a --each b", 0),
        ("--dry --dry", 0),
        ("-vv -v", 0),
        ("a a --name b", 0),
        ("--name a -- --name b", 0),
    ],
)
def test_what_counts_as_twice(words: str, code: int) -> None:
    assert CliRunner().invoke(once(toy), words.split()).exit_code == code
