"""A desk's day: counts and outliers, keys and what ends when, the register's health."""

from __future__ import annotations

from collections.abc import Mapping

from pratique.parties.desk import DeskAct

ACTS: Mapping[str, DeskAct] = {}
"""What a page may ask for, by name: POST /api/NAME."""
