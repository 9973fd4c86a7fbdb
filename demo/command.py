"""`pratique demo`: a network in a minute, and then the kit of examples.

    an authority -> five states -> certificates -> borders -> a recall, a theft, attacks, a suspension
        -> who accepts whom -> demo/*.pdf, demo/who-accepts-whom.{svg,png}

1. All keys, signatures, files and connections are real; all people and states are invented. Nothing
   leaves this machine, and what was made is thrown away, but for the results.
2. What is shown is what was found now. A step that does not come out as it must ends it.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from demo import kit as kits
from demo import telling
from pratique.errors import ExtraMissing


@click.command()
@click.argument("kit", default="vectors", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Where the results stay [default: demo, beside DIR].")  # fmt: skip
def demo(kit: Path, out: Path | None) -> int:
    """Found a network, and try it: borders, recalls, cheats. Then judge the examples in DIR.

    DIR is the folder of examples [default: vectors], in a clone of the repository.
    """
    examples = kits.read(kit)
    results = out or kit.parent / "demo"
    try:
        from demo import acts  # noqa: PLC0415 - needs extras
    except (ExtraMissing, ImportError) as error:
        click.echo(
            f"The network is left out: {error}; install the extras issuer, server and pdf.\n"
        )
    else:
        teller = _teller(acts.ACTS)
        with tempfile.TemporaryDirectory(prefix="pratique-demo-") as folder, _alone():
            acts.play(Path(folder), results, kit.parent / "examples", teller)
    return kits.play(kit, examples)


def _teller(acts: int) -> telling.Teller:
    """Return who tells it here."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from demo.screen import Screen  # noqa: PLC0415 - needs an extra

        return Screen(acts)
    return telling.Plain(acts)


@contextmanager
def _alone() -> Iterator[None]:
    """Set aside what this machine's own commands are told by variables."""
    own = {name: text for name, text in os.environ.items() if name.startswith("PRATIQUE_")}
    for name in own:
        del os.environ[name]
    os.environ["PRATIQUE_KEY_PASSWORD"] = secrets.token_hex(16)
    try:
        yield
    finally:
        del os.environ["PRATIQUE_KEY_PASSWORD"]
        os.environ.update(own)
        sys.stdout.flush()
