"""An import contract that may name rooms which are not built yet.

import-linter's own `forbidden` contract stops at a module that does not exist. A wall should stand
before the room behind it does, so this one lays absent modules of ours aside. That no name is a
slip of the pen is a test: `tests/walls/test_contracts.py` holds every name against the plan.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.contract import ContractCheck


class ForbiddenIfThere(ForbiddenContract):
    """`forbidden`, for those of the named modules that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the modules that are there."""
        for field in ("source_modules", "forbidden_modules"):
            kept = {m for m in getattr(self, field) if _is_there(str(m), graph)}
            setattr(self, field, kept)
        return super().check(graph, verbose)


def _is_there(name: str, graph: ImportGraph) -> bool:
    return not name.startswith("pratique.") or name in graph.modules
