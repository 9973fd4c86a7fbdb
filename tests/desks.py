"""An issuer's desk in memory but for its register: for what is done at it, without its commands' start."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pratique.intake.catalogue import Catalogue
from pratique.parties.issuer import Desk
from pratique.store.register.register import open_register
from pratique.terms import Environment
from pratique.trust import issuer
from pratique.trust.issuer import Issuer, Shard
from tests import issuers


class Notes:
    """What is noted of the register, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, issuer.Note] = {}

    def load(self) -> dict[str, issuer.Note]:
        return self.kept

    def save(self, notes: dict[str, issuer.Note]) -> None:
        self.kept = notes


def desk_of(shards: Sequence[Shard], folder: Path, empty: Path) -> Desk:
    """Open a desk of shards; `empty` is a register without a line, which is copied."""
    shutil.copy(empty, folder / "register.sqlite")
    sca: Any = None
    issuer = Issuer("XXU", "XU", "Utopia", "Utopia", Environment.PRODUCTION, "", sca, tuple(shards))
    return Desk(
        issuer, issuers.keys, lambda of: issuers.keys(of).public_key,
        open_register(issuers.sqlite(folder)), catalogue=Catalogue.builtin(), notes=Notes(),
    )  # fmt: skip
