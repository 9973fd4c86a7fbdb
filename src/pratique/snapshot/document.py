"""A snapshot as a document: JSON, both ways; strict.

    parts -> write -> {"format": ..., "signers": [...], ...} -> read -> parts

1. The same parts make the same bytes.
2. What is not exactly of the format is refused whole; none is read in part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from pratique.errors import DocumentRefused
from pratique.revocation.asked import Recall
from pratique.rules import documents
from pratique.rules.ruleset import Editions, Ruleset
from pratique.terms import Environment
from pratique.trust import json_text, roll, store
from pratique.trust.rows import array, from_row, text, to_row, whole

FORMAT = "pratique-snapshot-1"
_FAMILY = "pratique-snapshot-"
_MEMBERS = {
    "format", "number", "created", "environment", "sources", "signers", "rules", "value_sets",
    "compatible", "revocations", "roll",
}  # fmt: skip

EDITIONS = "value_set_editions"

PARTS = ("number", "created", "environment", "trust", "ruleset", "revocations", "roll", "sources")
"""What a snapshot is made of, by its attributes."""


class Source(NamedTuple):
    """Where a part of a snapshot came from: a name, and SHA-256 of its bytes, hex."""

    name: str
    sha256: str


def write(parts: Mapping[str, Any]) -> bytes:
    """Write a snapshot's parts as JSON: members sorted, one signer per line."""
    ruleset = parts["ruleset"]
    head = {
        "format": FORMAT,
        "number": parts["number"],
        "created": parts["created"],
        "environment": parts["environment"].value,
        "sources": [list(source) for source in parts["sources"]],
        "rules": [documents.write(rule) for rule in ruleset.rules],
        "value_sets": ruleset.value_sets,
        **_editions_row(ruleset),
        "compatible": ruleset.compatible,
        "revocations": _revocation_rows(parts["revocations"]),
        "roll": _roll_row(parts["roll"]),
    }
    signers = ",\n".join(_dump(to_row(signer)) for signer in parts["trust"])
    return f'{_dump(head)[:-1]},"signers":[\n{signers}\n]}}\n'.encode()


def read(data: bytes) -> dict[str, Any]:
    """Return a snapshot's parts; DocumentRefused `snapshot-…` if it is not exactly one."""
    found = json_text.parse(data)
    name = found.get("format") if isinstance(found, dict) else None
    if isinstance(name, str) and name.startswith(_FAMILY) and name != FORMAT:
        raise DocumentRefused(
            "snapshot-version",
            f"the snapshot is of another version than {FORMAT}",
            "update Pratique, or build the snapshot again from its sources",
        )
    if name != FORMAT:
        raise _malformed("it is not a snapshot")
    members = cast("dict[str, Any]", found)
    try:
        return {
            **_head(members),
            "trust": _trust(members["signers"], apart=members["roll"] is not None),
            "ruleset": _ruleset(members),
            "revocations": _revocations(members["revocations"]),
            "roll": _roll(members["roll"]),
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _malformed("a member is missing or holds the wrong kind of value") from error


def is_snapshot(data: bytes) -> bool:
    """Say whether the bytes call themselves a snapshot, of whatever version."""
    return f'"format":"{_FAMILY}'.encode() in data[:4096].replace(b" ", b"")


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _head(members: dict[str, Any]) -> dict[str, Any]:
    if members.keys() - {EDITIONS} != _MEMBERS:
        raise ValueError("members")
    sources = tuple(Source(*map(text, array(row))) for row in array(members["sources"]))
    return {
        "number": whole(members["number"]),
        "created": whole(members["created"]),
        "environment": Environment(members["environment"]),
        "sources": sources,
    }


def _ruleset(members: dict[str, Any]) -> Ruleset:
    value_sets, compatible = members["value_sets"], members["compatible"]
    if not isinstance(value_sets, dict) or type(compatible) is not bool:
        raise TypeError("not value sets")
    sets = {text(name): [text(code) for code in array(codes)] for name, codes in value_sets.items()}
    return documents.ruleset_of(
        array(members["rules"]),
        sets,
        compatible=compatible,
        editions=_editions(members.get(EDITIONS, {}), sets),
    )


def _editions_row(ruleset: Ruleset) -> dict[str, Any]:
    # Only where there are any: a snapshot without stays the bytes that it was.
    rows = {name: sorted(dated.items()) for name, dated in ruleset.editions.items()}
    return {EDITIONS: rows} if rows else {}


def _editions(found: Any, sets: Mapping[str, object]) -> Editions:
    if not found.keys() <= sets.keys():
        raise ValueError("editions")
    return {
        name: {whole(begins): list(map(text, array(codes))) for begins, codes in array(rows)}
        for name, rows in found.items()
    }


def _revocations(rows: object) -> Recall | None:
    if rows is None:
        return None
    from pratique.revocation.rows import from_rows  # noqa: PLC0415 - rule 5

    return from_rows(rows)


def _revocation_rows(held: Recall | None) -> object:
    if held is None:
        return None
    from pratique.revocation.rows import to_rows  # noqa: PLC0415 - rule 5

    return to_rows(held)


def _roll(row: object) -> roll.Roll | None:
    if row is None:
        return None
    from pratique.trust import roll_row  # noqa: PLC0415 - rule 5

    return roll_row.from_row(row)


def _roll_row(held: roll.Roll | None) -> object:
    if held is None:
        return None
    from pratique.trust import roll_row  # noqa: PLC0415 - rule 5

    return roll_row.to_row(held)


def _trust(rows: object, *, apart: bool) -> store.TrustList:
    signers = [from_row(row) for row in array(rows)]
    trust = store.TrustList(signers, apart=apart)
    if len(trust) != len(signers):
        raise ValueError("a signer is there twice")
    return trust


def _malformed(what: str) -> DocumentRefused:
    return DocumentRefused(
        "snapshot-malformed",
        f"the snapshot cannot be used: {what}",
        "build it again from its sources; the one in use was left as it was",
    )
