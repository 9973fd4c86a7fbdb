"""Signing keys as a person reads them: one line each, with the state and the days left."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pratique.terms import ALL_KINDS
from pratique.trust.issuer import SigningCa
from pratique.trust.roll import Member, Suspension
from pratique.trust.shards import DAY, DaysLeft, Shard

HEADERS = {
    "label": "LABEL",
    "kid": "KID",
    "environment": "ENVIRONMENT",
    "state": "STATE",
    "days_to_sign": "DAYS TO SIGN",
    "days_to_be_verified": "TO BE VERIFIED",
    "usages": "USAGE",
    "issued": "ISSUED",
    "planned": "PLANNED",
}


WITHDRAWN = "withdrawn"
"""In place of a key's state: its certificate is withdrawn in the network, and what it signs is RED."""


def suspended(participant: str, suspension: Suspension) -> str:
    """Say that a participant is suspended, until when and why."""
    return (
        f"{participant} is suspended until {_instant(suspension.until)} ({suspension.reason}): "
        "what its keys have signed and sign is in doubt (AMBER) everywhere until then"
    )


def describe(
    shard: Shard, at: int, counts: Mapping[bytes, int] | None, member: Member | None = None
) -> dict[str, object]:
    """Say all about a key that a person or a script may want to know.

    Args:
        shard: the key.
        at: when; seconds since the epoch.
        counts: kid to certificates issued; None if that is not known.
        member: what the network says of its participant; None if none is synced here.
    """
    is_gone = member is not None and shard.thumbprint in member.withdrawn
    left = DaysLeft(0, 0) if is_gone else shard.days_left(at)
    issued = None if counts is None else counts.get(shard.kid, 0)
    return {
        "label": shard.label,
        "kid": base64.b64encode(shard.kid).decode(),
        "environment": shard.environment.value,
        "state": WITHDRAWN if is_gone else shard.state(at, issued or 0).value,
        "days_to_sign": left.signing,
        "days_to_be_verified": left.verifying,
        "use_until": _instant(shard.use_until),
        "not_after": _instant(shard.not_after),
        "usages": sorted(shard.usages),
        "issued": issued,
        "planned": shard.capacity,
        "algorithm": shard.algorithm.value,
        "key": shard.key,
        "thumbprint": shard.thumbprint,
        "replaces": shard.replaces or None,
        "retired": None if shard.retired is None else _instant(shard.retired),
    }


def table(rows: list[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of the table of described keys."""
    cells = [
        tuple(HEADERS.values()),
        *(tuple(_cell(row, name) for name in HEADERS) for row in rows),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADERS))]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def sca_line(sca: SigningCa, at: int) -> str:
    """Say how long the signing CA is good for."""
    new, old = max(0, sca.use_until - at) // DAY, max(0, sca.not_after - at) // DAY
    return f"signing CA: makes new keys for {new} days, vouches for them for {old} days"


def _cell(row: dict[str, object], name: str) -> str:
    value = row[name]
    if name == "usages":
        assert isinstance(value, list)
        return "any" if value == sorted(ALL_KINDS) else ",".join(value)
    return "-" if value is None else str(value)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
