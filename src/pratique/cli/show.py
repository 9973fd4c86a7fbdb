"""Show a verification: to the desk in words, to a program as JSON, to the holder in full.

1. The desk sees name, birth date, colour and reasons; what is attested only the holder asks for.
2. The word and the sign say what the colour says; the colour alone says nothing.
3. JSON follows `docs/reference/pratique-verification-1.schema.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from pratique.cli.safe import printable
from pratique.findings import Code, Weight
from pratique.journeys.verify import Verification
from pratique.model import HealthCertificate, Moment, Precision
from pratique.snapshot import Snapshot
from pratique.verdict import Colour, Finding

FORMAT = "pratique-verification-1"

SIGNS = {
    Colour.GREEN: ("✔ GREEN", "entry rules met", "green"),
    Colour.AMBER: ("▲ AMBER", "check by hand", "yellow"),
    Colour.RED: ("✖ RED", "not accepted", "red"),
}
UNREAD = ("? NOT READ", "scan again", "cyan")
"""What is shown where nothing could be read: no colour of a verdict."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_APPEALED = {Code.REVOKED, Code.SIGNER_WITHDRAWN, Code.PARTICIPANT_SUSPENDED}
_FOR_THE_DESK = {Code.CLOCK_LEEWAY}
"""Notes that ask the desk for something."""
EPOCH_END = 253_402_300_799
"""9999-12-31T23:59:59Z: the last second that a date can show."""


def lines(
    label: str, remark: str, found: Verification, *, inspect: bool, appeal: str = ""
) -> Iterator[str]:
    """Yield the lines that a person reads."""
    sign, words, colour = UNREAD if found.unread else SIGNS[found.verdict.colour]
    yield f"{click.style(sign, fg=colour, bold=True)}  {words}   {printable(label)}"
    if remark:
        yield f"  note   {remark}"
    if found.certificate is not None:
        person = found.certificate.person
        yield f"  name   {printable(person.display_name())}"
        yield f"  born   {in_words(person.birth_date)}"
    if found.signer is not None:
        countries = ", ".join(sorted(found.signer.countries)) or "no country"
        yield f"  signed by {printable(found.signer.participant or countries)} ({countries})"
    for finding in found.verdict.findings:
        if finding.code.weight is not Weight.NOTE or inspect or finding.code in _FOR_THE_DESK:
            yield from reason(finding)
    if appeal:
        yield f"  appeal to {printable(appeal)}"
    if inspect and found.certificate is not None:
        yield "  content, for the holder only:"
        for name, value in _flat(content(found.certificate)):
            yield f"    {name}: {printable(str(value))}"


def appeal_of(found: Verification, snapshot: Snapshot) -> str:
    """Return where the holder may appeal against what the issuer or the network holds against it."""
    if snapshot.roll is None or found.signer is None:
        return ""
    member = snapshot.roll.members.get(found.signer.participant)
    against = any(finding.code in _APPEALED for finding in found.verdict.findings)
    return member.contact if member is not None and against else ""


def reason(finding: Finding) -> Iterator[str]:
    """Yield a finding in words: what it means, and what to do next."""
    where = f" ({printable(finding.where)})" if finding.where else ""
    yield f"  {finding.code.name}{where}: {finding.code.meaning}"
    if finding.code.next_step != "nothing":
        yield f"    next: {finding.code.next_step}"


def as_json(
    label: str, remark: str, found: Verification, *, inspect: bool, appeal: str = ""
) -> dict[str, Any]:
    """Return one result as the schema describes it."""
    row: dict[str, Any] = {
        "source": label,
        "colour": found.verdict.colour.value,
        "read": not found.unread,
        "findings": [
            {
                "code": finding.code.name,
                "step": finding.code.step.value,
                "weight": finding.code.weight.value,
                "where": finding.where,
                "meaning": finding.code.meaning,
                "next": finding.code.next_step,
            }
            for finding in found.verdict.findings
        ],
        "steps": {step.value: outcome for step, outcome in found.verdict.steps().items()},
    }
    if remark:
        row["remark"] = remark
    if found.certificate is not None:
        person = found.certificate.person
        born = person.birth_date
        row["person"] = {
            "name": person.display_name(),
            "birth_date": born.text() if born is not None else "",
        }
    if found.signer is not None:
        row["signer"] = {
            "participant": found.signer.participant,
            "countries": sorted(found.signer.countries),
            "kid": found.signer.kid.hex(),
            "environment": found.signer.environment.value,
        }
    if found.outcomes:
        row["rules"] = [
            {"rule": outcome.rule.name, "result": outcome.result.value, "reason": outcome.reason}
            for outcome in found.outcomes
        ]
    if appeal:
        row["appeal"] = appeal
    if inspect and found.certificate is not None:
        row["content"] = content(found.certificate)
    return row


def document(rows: list[dict[str, Any]], snapshot: Snapshot, at: datetime) -> dict[str, Any]:
    """Return the whole JSON document."""
    return {
        "format": FORMAT,
        "at": at.isoformat(),
        "snapshot": {
            "number": snapshot.number,
            "created": instant(snapshot.created),
            "environment": snapshot.environment.value,
        },
        "results": rows,
    }


def content(certificate: HealthCertificate) -> dict[str, Any]:
    """Return all that a certificate says, for its holder."""
    return {
        "domain": certificate.domain,
        "version": certificate.version,
        "kind": certificate.kind.value,
        "issuer": certificate.issuer,
        "issued_at": instant(certificate.issued_at),
        "expires_at": instant(certificate.expires_at),
        "person": _said(certificate.person._asdict()),
        "entries": [_said(entry._asdict()) for entry in certificate.entries],
    }


def instant(seconds: int | None) -> str | None:
    """Write seconds since the epoch as RFC 3339; as a number where no calendar reaches."""
    if seconds is None:
        return None
    if not 0 <= seconds <= EPOCH_END:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_words(moment: Moment | None) -> str:
    """Write a date with its month in letters, as precisely as it is known."""
    if moment is None:
        return "not stated"
    first = moment.first
    if moment.precision is Precision.YEAR:
        return f"{first.year} (year only)"
    if moment.precision is Precision.MONTH:
        return f"{MONTHS[first.month - 1]} {first.year} (month only)"
    return f"{first.day} {MONTHS[first.month - 1]} {first.year}"


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.text() if isinstance(value, Moment) else value
        for name, value in fields.items()
        if value is not None
    }


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name} {number}")
    elif value is not None:
        yield name, value
