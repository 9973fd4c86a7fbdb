"""`pratique network`: a network as a whole, ours or another's. One module per verb."""

from __future__ import annotations

import click

from pratique.cli.lazy import Lazy

_HERE = "pratique.cli.network"
COMMANDS = {
    "status": (
        f"{_HERE}.standing:standing",
        "Show who is live, who ends when, and who has lapsed.",
    ),
    "export": (f"{_HERE}.export:export", "Write what was synced in WHO's forms."),
    "import": (f"{_HERE}.take_in:take_in", "Say what of participants' folders is believed."),
}


@click.group(cls=Lazy, table=COMMANDS)
def network() -> None:
    """See what of a network ends, before it does; hand it on in WHO's forms."""
