"""`make demo`, or `python -m demo`: a network in a minute, and then the kit of examples.

    an authority -> five states -> certificates -> borders -> a recall, a theft, attacks, a suspension
        -> who accepts whom -> demo/results/*.pdf, who-accepts-whom.{svg,png}

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

from demo import kit, telling
from pratique.errors import ExtraMissing, PratiqueError

ROOT = Path(__file__).resolve().parents[1]


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              default=ROOT / "demo/results", help="Where the results stay [default: demo/results].")  # fmt: skip
def demo(out: Path) -> int:
    """Found a network, and try it: borders, recalls, cheats. Then judge the kit of examples."""
    examples = kit.read(ROOT / "vectors")
    try:
        from demo import acts  # noqa: PLC0415 - needs extras
    except (ExtraMissing, ImportError) as error:
        click.echo(
            f"The network is left out: {error}; install the extras issuer, server and pdf.\n"
        )
    else:
        teller = _teller(acts.ACTS)
        with tempfile.TemporaryDirectory(prefix="pratique-demo-") as folder, _alone():
            acts.play(Path(folder), out, ROOT / "examples", teller)
    return kit.play(ROOT / "vectors", examples)


def _teller(acts: int) -> telling.Teller:
    """Return who tells it here."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        return telling.Screen(acts)
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


if __name__ == "__main__":
    try:
        sys.exit(demo.main(prog_name="python -m demo", standalone_mode=False))
    except PratiqueError as error:
        sys.exit(f"error: {error.message}\nhint: {error.hint}")
