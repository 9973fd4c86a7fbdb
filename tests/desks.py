"""An issuer's desk in memory but for its register: for what is done at it, without its commands' start."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from pratique.crypto.keys import SigningKey
from pratique.intake.catalogue import Catalogue
from pratique.parties.issuing import IssuingSession
from pratique.store.register.register import open_register
from pratique.terms import Environment
from pratique.trust import issuer
from pratique.trust.issuer import Issuer, Shard
from tests import issuers


class Keys:
    """Invented keys, and the register's high-water marks in memory."""

    def __init__(self) -> None:
        self.marks: dict[str, issuer.RegisterNote] = {}

    def open(self, shard: Shard) -> SigningKey:
        return issuers.keys(shard)

    def public_key(self, shard: Shard) -> bytes:
        return issuers.keys(shard).public_key

    def hold_marks(self) -> AbstractContextManager[None]:
        return nullcontext()

    def load_marks(self) -> dict[str, issuer.RegisterNote]:
        return self.marks

    def save_marks(self, marks: dict[str, issuer.RegisterNote]) -> None:
        self.marks = marks


def desk_of(shards: Sequence[Shard], folder: Path, empty: Path) -> IssuingSession:
    """Open a desk of shards; `empty` is a register without a line, which is copied."""
    shutil.copy(empty, folder / "register.sqlite")
    sca: Any = None
    issuer = Issuer("XXU", "XU", "Utopia", "Utopia", Environment.PRODUCTION, "", sca, tuple(shards))
    register = open_register(issuers.sqlite(folder))
    return IssuingSession(issuer, Keys(), register, Catalogue.builtin)
