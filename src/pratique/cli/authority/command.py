"""`pratique authority`: what the seats and the secretariat of a network do. One module per verb."""

from __future__ import annotations

import click

from pratique.cli.lazy import Lazy

_HERE = "pratique.cli.authority"
COMMANDS = {
    "seat": (f"{_HERE}.seat:seat", "Make a seat's key and the card to hand in."),
    "init": (f"{_HERE}.init:init", "Begin a network: propose its first root."),
    "propose": (f"{_HERE}.propose:propose", "Draft what the seats are to sign."),
    "show": (f"{_HERE}.ceremony:show", "Show a proposal: what changes, who has signed, who is missing."),
    "sign": (f"{_HERE}.ceremony:sign", "Sign a proposal, on the seat's own machine."),
    "publish": (f"{_HERE}.publish:publish", "Publish what enough have signed."),
    "refresh": (f"{_HERE}.publish:refresh", "Sign a new timestamp; for a clock, once an hour."),
    "log": (f"{_HERE}.log:log", "Keep the log, and have its witnesses see what is published."),
    "onboard": (f"{_HERE}.onboard:onboard", "Record a step of a participant's onboarding."),
    "self-test": (f"{_HERE}.self_test:self_test", "Try what a participant published, with samples."),
    "status": (f"{_HERE}.standing:standing", "Show seats, participants, and what ends when."),
    "serve": (f"{_HERE}.serve:serve", "Serve the repository to whoever asks."),
}  # fmt: skip


@click.group(cls=Lazy, table=COMMANDS, extra=("server", "serving"))
def authority() -> None:
    """Found, keep and publish a network; no seat can do it alone."""
