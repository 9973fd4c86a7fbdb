"""Issue at a desk: a form is read and doubted while it is typed, read back to the patient, and signed."""

from __future__ import annotations

from collections.abc import Mapping

from pratique.parties.desk import DeskAct

ACTS: Mapping[str, DeskAct] = {}
"""What a page may ask for, by name: POST /api/NAME."""
