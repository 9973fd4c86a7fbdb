"""What a governance check has found, for a machine and for a person.

Finding, ... -> Row of each file -> Report -> as_json | lines
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pratique.terms import Environment
from pratique.trust.governance.codes import CHECKS, Severity
from pratique.trust.governance.known import KnownKey

FORMAT = "pratique-governance-1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: of `codes.CHECKS`.
        says: what is wrong, for a person.
    """

    code: str
    says: str

    @property
    def severity(self) -> Severity:
        """Error or warning."""
        return CHECKS[self.code].severity

    @property
    def upstream(self) -> bool:
        """Whether the network's authority would find it too."""
        return CHECKS[self.code].upstream

    @property
    def advice(self) -> str:
        """What to do."""
        return CHECKS[self.code].advice


def finding(code: str, **values: object) -> Finding:
    """Make a finding, with the numbers that its words have places for."""
    return Finding(code, CHECKS[code].says.format(**values))


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate file, there or missing.

    Attributes:
        name: within the dossier.
        role: what its certificate is for.
        certificate: SHA-256 of the first certificate, hex; empty if there is none to read.
        key: SHA-256 of its public key, hex.
        not_after: its end, seconds since the epoch; 0 if unknown.
        is_there: whether there is such a file.
    """

    name: str
    role: str
    certificate: str = ""
    key: str = ""
    not_after: int = 0
    is_there: bool = True
    findings: tuple[Finding, ...] = ()

    @property
    def upstream_failed(self) -> frozenset[str]:
        """The codes that the network's authority would find."""
        return frozenset(one.code for one in self.findings if one.upstream)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a dossier.

    Attributes:
        rows: one of each certificate file, and of each that is missing.
        findings: on the dossier as a whole.
        keys: the keys in it, in the form in which a later check is told of them.
    """

    participant: str
    environment: Environment
    at: datetime
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    keys: tuple[KnownKey, ...]

    def all(self) -> Iterator[Finding]:
        """Go through every finding."""
        yield from self.findings
        for row in self.rows:
            yield from row.findings

    @property
    def errors(self) -> int:
        """How many findings are errors: with none, the dossier may be sent."""
        return sum(one.severity is Severity.ERROR for one in self.all())

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return sum(one.severity is Severity.WARNING for one in self.all())

    def as_json(self) -> dict[str, Any]:
        """Return what JSON holds of it."""
        return {
            "format": FORMAT,
            "participant": self.participant,
            "environment": self.environment.value,
            "at": self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [_as_json(one) for one in self.findings],
            "files": [
                {
                    "name": row.name,
                    "role": row.role,
                    "certificate": row.certificate,
                    "notAfter": _day(row.not_after),
                    "upstream": sorted(row.upstream_failed),
                    "findings": [_as_json(one) for one in row.findings],
                }
                for row in self.rows
            ],
            "keys": [key._asdict() for key in self.keys],
        }

    def lines(self) -> Iterator[str]:
        """Tell it to a person."""
        for one in self.findings:
            yield from _told(one, "")
        for row in self.rows:
            end = f", until {_day(row.not_after)}" if row.not_after else ""
            yield f"{row.name}{end}" + ("" if row.findings else ": nothing is wrong")
            for one in row.findings:
                yield from _told(one, "  ")
        yield (
            f"{self.participant}, {self.environment} environment: {_count(len(self.rows), 'file')}, "
            f"{_count(self.errors, 'error')}, {_count(self.warnings, 'warning')}"
        )


def _told(one: Finding, indent: str) -> Iterator[str]:
    yield f"{indent}{one.severity:<7}  {one.says} [{one.code}]"
    yield f"{indent}         {one.advice}"


def _as_json(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": one.severity.value,
        "upstream": one.upstream,
        "message": one.says,
        "advice": one.advice,
    }


def _day(seconds: int) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") if seconds else None


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
