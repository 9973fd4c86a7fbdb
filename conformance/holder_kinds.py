"""Conformance cases about whom certificates are about (Corona-Warn-App's common test cases)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.result import Result
from pratique import strict_json
from pratique.decision import Likeness, likeness, parts
from pratique.formats.fields import moment
from pratique.model import Person
from pratique.store.sources import read_bytes


def holder_name(case: dict[str, Any], root: Path) -> Result:
    """The parts into which a name is taken for comparing."""
    entry = entry_of(case, root)
    found = list(parts(entry["actName"]))
    return Result(found == entry["expNameComponents"], f"{len(found)} parts")


def holder_match(case: dict[str, Any], root: Path) -> Result:
    """Whether two certificates may be one person's: what is unclear is not "different"."""
    entry = entry_of(case, root)
    found = likeness(_person(entry["actHolderA"]), _person(entry["actHolderB"]))
    may_be = found is not Likeness.DIFFERENT
    return Result(may_be is entry["expIsSameHolder"], found.value)


def _person(holder: dict[str, Any]) -> Person:
    names = holder["nam"]
    born = moment(holder["dob"].strip())
    return Person(names.get("fn"), names.get("gn"), names.get("fnt"), names.get("gnt"), born)


def entry_of(case: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return a case's own entry of its file."""
    entries: list[dict[str, Any]] = strict_json.loads(read_bytes(root / case["files"][0]))
    return next(entry for entry in entries if entry["id"] == case["id"])
