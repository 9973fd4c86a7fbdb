"""How much a run tries of what is tried again and again, as kills and hostile texts: `make check` all of it, `make test` a share.

A share is the same at every run.
"""

from __future__ import annotations

import os

WHOLE = bool(os.environ.get("PRATIQUE_WHOLE"))
"""Whether this run tries all."""
KILLS = int(os.environ.get("PRATIQUE_KILLS") or ("200" if WHOLE else "32"))
"""How often what works without end is killed, for each kind of it."""


def share(whole: int, part: int) -> int:
    """Return how many are tried of so many: all of them, or a part."""
    return whole if WHOLE else part
