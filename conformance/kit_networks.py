"""What the verifier of Pratique's own kit holds of a network (`vectors/README.md` describes it)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique import strict_json
from pratique.store.sources import read_bytes
from pratique.trust.registry import Member, Roll, Suspension


def roll(path: Path, name: str, signers: Iterable[tuple[str, str]]) -> Roll:
    """Read one of the kit's networks; `signers` are (name, thumbprint)."""
    row, thumbprints = strict_json.loads(read_bytes(path))["networks"][name], dict(signers)
    return Roll(
        published=_seconds(row["published"]),
        members={code: _member(one, thumbprints) for code, one in row["participants"].items()},
    )


def _member(row: dict[str, Any], thumbprints: dict[str, str]) -> Member:
    return Member(
        expires=_seconds(row["expires"]),
        problem=row["problem"],
        suspensions=tuple(
            Suspension(_seconds(one["since"]), _seconds(one["until"]), one["reason"])
            for one in row["suspensions"]
        ),
        withdrawn=frozenset(thumbprints[name] for name in row["withdrawn"]),
    )


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
