"""Issue whole files at a desk: columns are mapped, rows are told of, and what comes out is one archive."""

from __future__ import annotations

from collections.abc import Mapping

from pratique.parties.desk import DeskAct

ACTS: Mapping[str, DeskAct] = {}
"""What a page may ask for, by name: POST /api/NAME."""
