"""What the verifier of Pratique's own kit holds of revocations (`vectors/README.md` describes it)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from pratique import strict_json
from pratique.revocation import foreign
from pratique.revocation.revocations import Revocations
from pratique.revocation.tag_list import TagList
from pratique.store.sources import read_bytes


def revocations(path: Path) -> Revocations:
    """Read the kit's revocations."""
    rows = strict_json.loads(read_bytes(path))
    return Revocations(
        [TagList.from_bytes(base64.b64decode(row)) for row in rows["lists"]],
        slices=map(_slice, rows["slices"]),
    ).with_batches(map(foreign.read, rows["batches"]))


def _slice(row: dict[str, Any]) -> foreign.Slice:
    kid, form = base64.b64decode(row["kid"]), foreign.Form(row["form"])
    key = foreign.Key(row["country"], kid, foreign.HashType(row["hashType"]))
    return foreign.read_filter(base64.b64decode(row["data"]), key, form, row["offset"])
