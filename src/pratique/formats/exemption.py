"""Exemptions: an issuing body recognised a reason; which one is nobody else's business.

    {ver, nam, dob, e: [{tg, df, du, co, is, ci}]} -> Exemption

1. The profile (Pratique's own): disease, from, until, country, body, id; as a group `e` beside
   `v`, `t`, `r`, or under its own claim.
2. National forms that are met: Italy (`e`, with `cu` for the id), Austria (`ve`), Switzerland (a
   test entry whose test type says that it is an exemption).
3. No field for a diagnosis exists here, and one that is found is not read.
"""

from __future__ import annotations

from pratique.formats.fields import Fields
from pratique.model import Exemption

SWISS_TEST_TYPE = "medicalExemption"
"""`tt` by which a Swiss exemption travels in a test entry."""


def entry(fields: Fields, longest: int, _early: bool = False) -> Exemption:
    """Read one exemption entry."""
    return Exemption(
        fields.text("tg", required=True),
        fields.day("df"),
        fields.day("du"),
        fields.text("co"),
        fields.text("is", required=True, longest=longest),
        fields.text("ci" if "ci" in fields.group else "cu", longest=longest),
    )


def from_test_entry(fields: Fields, longest: int, _early: bool = False) -> Exemption:
    """Read a Swiss exemption: `sc` is the day from which it holds."""
    return Exemption(
        fields.text("tg", required=True),
        fields.day("sc"),
        None,
        fields.text("co"),
        fields.text("is", required=True, longest=longest),
        fields.text("ci", longest=longest),
    )
