"""Renew, correct and revoke at a desk: one certificate that is scanned, or many by lot, site or time."""

from __future__ import annotations

from collections.abc import Mapping

from pratique.parties.desk import DeskAct

ACTS: Mapping[str, DeskAct] = {}
"""What a page may ask for, by name: POST /api/NAME."""
