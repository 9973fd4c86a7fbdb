"""`pratique issuer`: what a participant's health service does. One module per verb beside this one."""

from __future__ import annotations

import click

from pratique.cli import quiet
from pratique.cli.lazy import Lazy

_HERE = "pratique.cli.issuer"
COMMANDS = {
    "init": (f"{_HERE}.init:init", "Make a signing CA and the first signing keys."),
    "keys": (f"{_HERE}.keys:keys", "List, add, rotate and retire signing keys."),
    "preview": (f"{_HERE}.preview:preview", "Show what would be signed, with remarks; never a signature."),
    "issue": (f"{_HERE}.issue:issue", "Sign certificates: one, or a whole file of people."),
    "print": (f"{_HERE}.print:print_", "Make printable PDFs of signed certificates."),
    "renew": (f"{_HERE}.renew:renew", "Sign a holder's own certificate anew before it runs out."),
    "correct": (f"{_HERE}.correct:correct", "Issue a corrected certificate, and revoke the wrong one."),
    "revoke": (f"{_HERE}.revoke:revoke", "Take certificates back, for a stated reason, for good."),
    "lists": (f"{_HERE}.lists:lists", "Write the revocation lists and their deltas."),
    "audit": (f"{_HERE}.audit:audit", "Count issues by site and operator, and show what stands out."),
}  # fmt: skip


@click.group(cls=Lazy, table=COMMANDS, extra=("issuer", "issuing"))
def issuer() -> None:
    """Issue, print, renew, correct and revoke health certificates."""
    quiet.begin()
