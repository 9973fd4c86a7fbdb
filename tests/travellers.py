"""Invented travellers and destinations, for tests of rules and of health codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pratique.authenticate import Verification, event_of
from pratique.findings import Code, Finding, conclude
from pratique.model import (
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Person,
    Precision,
    Recovery,
    Vaccination,
)
from pratique.model import Test as TestResult
from pratique.rules import rule as rules_rule
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment, Kind
from pratique.trust.signer import Signer, TrustList

COVID, NOT_DETECTED, NAAT, RAPID = "840539006", "260415000", "LP6464-4", "LP217198-3"
COMIRNATY, JANSSEN, SPIKEVAX = "EU/1/20/1528", "EU/1/20/1525", "EU/1/20/1507"
NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
UTOPIA, ARCADIA = Destination("XU"), Destination("XA")
JO = Person("Bloggs", "Jo", "BLOGGS", "JO", Moment(Precision.DAY, date(1980, 2, 3)))
ANN = Person("Bloggs", "Ann", "BLOGGS", "ANN", Moment(Precision.DAY, date(1980, 2, 3)))

SIGNER = Signer(
    b"12345678", "XXA", frozenset({"XA"}), Algorithm.ES256, b"", ALL_KINDS,
    1_600_000_000, 1_900_000_000, Environment.PRODUCTION, "DCC", "00",
)  # fmt: skip


def day(text: str) -> Moment:
    """Return a date known to the day."""
    return Moment(Precision.DAY, date.fromisoformat(text))


def dose(
    given: str = "2022-01-10", number: int = 2, needed: int = 2, product: str = COMIRNATY
) -> Vaccination:
    """Return one dose, given in Arcadia."""
    return Vaccination(
        COVID, "1119349007", product, "ORG-100030215", number, needed, day(given), "XA",
        "Ministry of Health of Arcadia", "URN:UVCI:01:XA:1",
    )  # fmt: skip


def sample(sampled: datetime = NOON - timedelta(hours=10), kind: str = NAAT) -> TestResult:
    """Return a negative test."""
    return TestResult(
        COVID, kind, None, None, Moment(Precision.INSTANT, sampled), NOT_DETECTED, "Harbour", "XA",
        "Ministry of Health of Arcadia", "URN:UVCI:01:XA:2",
    )  # fmt: skip


def recovery(positive: str = "2022-01-01") -> Recovery:
    """Return a recovery, readable for 180 days."""
    start = date.fromisoformat(positive)
    return Recovery(
        COVID, day(positive), "XA", "Ministry", day(str(start + timedelta(days=11))),
        day(str(start + timedelta(days=180))), "URN:UVCI:01:XA:3",
    )  # fmt: skip


def exemption() -> Exemption:
    """Return an exemption."""
    return Exemption(COVID, day("2022-01-01"), day("2022-12-31"), "XA", "Ministry", None)


_KINDS: dict[type, Kind] = {
    Vaccination: Kind.VACCINATION,
    TestResult: Kind.TEST,
    Recovery: Kind.RECOVERY,
    Exemption: Kind.EXEMPTION,
}


def shown(entry: Entry, person: Person = JO, **fields: Any) -> Verification:
    """Return what `verify` makes of an authentic certificate of this entry."""
    event = event_of(entry)
    issued = None if event is None else datetime.combine(event.day(), time(), UTC)
    certificate = HealthCertificate(
        "DCC",
        "1.3.0",
        _KINDS[type(entry)],
        person,
        (entry,),
        "XA",
        # Issued on the day of what it attests: no certificate is older than its dose.
        1_640_000_000 if issued is None else int(issued.timestamp()),
        1_800_000_000,
        {},
    )._replace(**fields)
    return Verification(conclude([Finding(Code.NO_RULES)]), certificate, SIGNER)


def clock(field: str, unit: str, least: int | None, most: int | None) -> list[dict[str, Any]]:
    """Return comparisons: the clock is at least so long after a field, and at most so long."""
    now = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}

    def after(amount: int) -> dict[str, Any]:
        return {"plusTime": [{"var": field}, amount, unit]}

    found: list[dict[str, Any]] = []
    if least is not None:
        found.append({"not-before": [now, after(least)]})
    if most is not None:
        found.append({"not-after": [now, after(most)]})
    return found


def rule(identifier: str, logic: Any, **fields: Any) -> Rule:
    """Return a rule in force from 2021 to 2030."""
    prefix, country, _ = identifier.split("-")
    kinds = {
        "GR": "General",
        "VR": "Vaccination",
        "TR": "Test",
        "RR": "Recovery",
        "ER": "Exemption",
    }
    document = {
        "Identifier": identifier,
        "Type": "Invalidation" if prefix == "IR" else "Acceptance",
        "Country": country,
        "Version": "1.0.0",
        "SchemaVersion": "1.3.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "1.3.3",
        "CertificateType": kinds.get(prefix, "General"),
        "Description": [{"lang": "en", "desc": f"What {identifier} asks for, in a sentence."}],
        "ValidFrom": "2021-01-01T00:00:00Z",
        "ValidTo": "2030-01-01T00:00:00Z",
        "AffectedFields": ["v.0.dt"],
        "Logic": logic,
        **fields,
    }
    return rules_rule.read(document)


def utopia() -> list[Rule]:
    """Return Utopia's rules: full course 14 to 270 days ago, NAAT 72 h, rapid 24 h, recovery."""
    v, t, r = "payload.v.0", "payload.t.0", "payload.r.0"
    full = {">=": [{"var": f"{v}.dn"}, {"var": f"{v}.sd"}]}
    accepted = {"in": [{"var": f"{v}.mp"}, [COMIRNATY, SPIKEVAX, JANSSEN]]}
    negative = {"===": [{"var": f"{t}.tr"}, NOT_DETECTED]}
    fresh = {
        "if": [
            {"===": [{"var": f"{t}.tt"}, NAAT]},
            {"and": clock(f"{t}.sc", "hour", 0, 72)},
            {"and": clock(f"{t}.sc", "hour", 0, 24)},
        ]
    }
    return [
        rule("VR-XU-0001", accepted),
        rule("VR-XU-0002", full),
        rule("VR-XU-0003", {"and": clock(f"{v}.dt", "day", 14, 270)}),
        rule("TR-XU-0001", negative),
        rule("TR-XU-0002", fresh),
        rule("RR-XU-0001", {"and": clock(f"{r}.fr", "day", 11, 180)}),
        rule("ER-XU-0001", {"===": [{"var": "payload.e.0.tg"}, COVID]}),
    ]


def snapshot(rules: list[Rule] | None = None, **fields: Any) -> Snapshot:
    """Return a snapshot with rules; Utopia's if none are named."""
    held = utopia() if rules is None else rules
    given: dict[str, Any] = {
        "number": 7,
        "created": 0,
        "environment": Environment.PRODUCTION,
        "trust": TrustList([SIGNER]),
    }
    if "ruleset" not in fields:
        given["ruleset"] = Ruleset(held)
    return Snapshot(**{**given, **fields})
