"""Signers as a person reads them: one line each, with the state at an instant and the reason."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

from pratique.terms import ALL_KINDS, SignerState
from pratique.trust.signer import LIST_ENDS, Signer

HEADERS = ("KID", "PARTICIPANT", "SIGNS FOR", "USAGE", "VALID FROM", "VALID TO", "STATE", "REASON")


def describe(signer: Signer, at: int) -> dict[str, object]:
    """Say all about a signer that a person or a script may want to know."""
    return {
        "kid": base64.b64encode(signer.kid).decode(),
        "participant": signer.participant,
        "countries": sorted(signer.countries),
        "usages": sorted(signer.usages),
        "not_before": instant(signer.not_before),
        "not_after": instant(signer.not_after),
        "environment": signer.environment.value,
        "domain": signer.domain,
        "algorithm": signer.algorithm.value,
        "thumbprint": signer.thumbprint,
        "state": signer.state(at).value,
        "reason": _reason(signer, at),
        "notes": list(signer.notes),
    }


def _reason(signer: Signer, at: int) -> str:
    state = signer.state(at)
    if state in {SignerState.UNREADABLE, SignerState.WEAK}:
        return signer.reason
    if state is SignerState.NOT_YET:
        return f"from {instant(signer.not_before)}"
    if state is SignerState.EXPIRED:
        return f"since {instant(signer.not_after)}"
    if state is SignerState.SCA_DEAD:
        what = "list" if LIST_ENDS in signer.notes else "SCA"
        return f"{what} ended {instant(signer.sca_not_after or 0)}"
    if state is SignerState.SCA_NOT_YET:
        return f"SCA from {instant(signer.sca_not_before or 0)}"
    return signer.reason


def table(rows: list[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of the table of described signers."""
    cells = [HEADERS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADERS))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    def joined(name: str) -> str:
        values = row[name]
        return ",".join(map(str, values)) if isinstance(values, list) and values else "-"

    notes = f"({joined('notes')})" if row["notes"] else ""
    return (
        str(row["kid"]),
        str(row["participant"]) or "-",
        joined("countries"),
        "any" if row["usages"] == sorted(ALL_KINDS) else joined("usages"),
        str(row["not_before"])[:10],
        str(row["not_after"])[:10],
        str(row["state"]),
        f"{row['reason']} {notes}".strip(),
    )


def instant(seconds: int) -> str:
    """Write an instant as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
