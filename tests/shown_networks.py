"""Invented networks to make a page of: states of which one ends soon, one is suspended, one has ended, one has withdrawn a key.

shown_network() -> LoggedAuthority -> files in a folder -> pratique network page
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pratique.crypto.x509_write import DSC_LIFE
from pratique.rules.build import build
from pratique.rules.policy import read_policy
from tests.logs import LoggedAuthority
from tests.networks import AT, DAY, State

LEFT = 30
"""Days that the signer of the first state still has."""
REASON = "An invented state accepts what its own people had."


def made_for(left: int) -> datetime:
    """Return when a state was made whose signer ends in so many days."""
    return AT + DAY + timedelta(days=left) - timedelta(seconds=DSC_LIFE)


def rules(country: str, *products: str) -> list[dict[str, Any]]:
    """Return a form's rules: some products, or a test."""
    form = {
        "country": country,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_to": datetime(2027, 1, 1, tzinfo=UTC),
        "vaccination": {"products": list(products), "days_after": 14, "validity_days": 270},
        "test": {"naat_hours": 72},
    }
    return list(build(read_policy(form)))


def shown_network() -> LoggedAuthority:
    """Return a network of five states with a log, each in another state."""
    authority = LoggedAuthority()
    states = {
        "XXA": State("XXA", "FR", at=made_for(LEFT)),
        "XXB": State("XXB", "BR"),
        "XXC": State("XXC", "ZA"),
        "XXD": State("XXD", "IN", signers=2),
        "XXE": State("XXE", "NA", at=made_for(-40)),
    }
    authority.admit(*states.values())
    states["XXD"].withdrawn[1] = "key-lost"
    states["XXA"].rules = rules("FR", "Comirnaty", "Spikevax")
    states["XXB"].rules = rules("BR", "Comirnaty", "Covishield", "Covaxin")
    states["XXD"].rules = rules("IN", "Covishield", "Covaxin")
    for state in states.values():
        state.publish()
    authority.suspend("XXC", authority.seats[:3])
    return authority


def laid_out(authority: LoggedAuthority, folder: Path) -> Path:
    """Write a network's repository into a folder, as a mirror has it."""
    for name, data in authority.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
