"""What would help: proofs that somebody could still get, put before the same rules.

    waiting | rapid test | laboratory test | one more dose | exemption -> rules -> sentence

1. A proof that does not exist yet is judged as if it had been issued at the instant asked about.
2. How old a test may be, and when a dose begins to count, is computed exactly, not read off a text.
3. Nothing is advised that the rules would not accept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pratique.journeys.assess import Claim, Standing, assess, facts_of, rules_about
from pratique.journeys.health_code import Help
from pratique.journeys.horizon import Purse, Stretch, stretches, turns
from pratique.model import (
    Entry,
    Exemption,
    HealthCertificate,
    Moment,
    Person,
    Precision,
    Test,
    Vaccination,
)
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.terms import Kind

COVID = "840539006"
NOT_DETECTED = "260415000"
RAPID, LABORATORY = "LP217198-3", "LP6464-4"
DEVICES = "covid-19-lab-test-manufacturer-and-name"
_NOBODY = Person(None, None, None, None, None)
_HOUR, _DAY = 3600, 86_400
_FACTS = 100
"""Steps that it takes to write the facts down for one answer."""

LONGEST_AGE = 31 * _DAY
"""Seconds from which on the age of a test is no condition worth telling."""

LONGEST_WAIT = 90
"""Days that one may be told to wait after a dose."""


def ways(
    claims: Sequence[Claim],
    stretch: Stretch | None,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    *,
    purse: Purse | None = None,
) -> Iterator[Help]:
    """Yield the ways to green, cheapest first; TooLong if the purse does not hold the search for them."""
    instant = int(at.timestamp() // 1)
    if stretch is not None and stretch.begins is not None and stretch.begins > instant:
        begins = datetime.fromtimestamp(stretch.begins, at.tzinfo or UTC)
        yield Help("WAIT", f"wait until {begins:%Y-%m-%d %H:%M:%S %Z}".rstrip())
    devices = snapshot.ruleset.sets_at(instant).get(DEVICES, ())
    for code, name, test_type in (
        ("RAPID_TEST", "a negative rapid test", RAPID),
        ("LABORATORY_TEST", "a negative laboratory (NAAT) test", LABORATORY),
    ):
        device = devices[0] if devices and test_type == RAPID else None
        proof = _made(Kind.TEST, _sample(test_type, device, place, at), claims, at)
        if sentence := _test(name, _stretch(proof, snapshot, place, at, purse), at):
            yield Help(code, sentence)
    for claim in claims:
        if sentence := _dose(claim, snapshot, place, at, purse):
            yield Help("DOSE", sentence)
            break
    exempt = _made(Kind.EXEMPTION, _exemption(at, place), claims, at)
    if assess(exempt, snapshot, place, at).standing is Standing.PASSED:
        yield Help("EXEMPTION", "an exemption certificate, if you cannot be vaccinated or tested")


def _sample(test_type: str, device: str | None, place: Destination, at: datetime) -> Test:
    when = Moment(Precision.INSTANT, at)
    return Test(COVID, test_type, None, device, when, NOT_DETECTED, None, place.country, None, None)


def _test(name: str, stretch: Stretch | None, at: datetime) -> str:
    instant = int(at.timestamp() // 1)
    if stretch is None or not stretch.holds(instant):
        return ""
    age = LONGEST_AGE if stretch.ends is None else stretch.ends - instant
    if age >= LONGEST_AGE:
        return name
    hours, rest = divmod(age, _HOUR)
    # A limit that is itself excluded ends one second before the full hour.
    return f"{name} under {hours + 1} hours old" if rest else f"{name} at most {hours} hours old"


def _dose(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> str:
    entry = claim.entries[0]
    if not isinstance(entry, Vaccination) or entry.dose is None:
        return ""
    today = Moment(Precision.DAY, at.date())
    more = entry._replace(dose=entry.dose + 1, given=today, valid_from=None, valid_until=None)
    if more.doses is not None and more.dose is not None and more.doses < more.dose:
        more = more._replace(doses=more.dose)
    stretch = _stretch(_made(Kind.VACCINATION, more, [claim], at), snapshot, place, at, purse)
    if stretch is None:
        return ""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = ((stretch.begins or 0) - int(midnight.timestamp())) // _DAY
    if days > LONGEST_WAIT:
        return ""
    return "one more dose" + (f", from {days} days after it" if days > 0 else "")


def steps_of(claim: Claim, snapshot: Snapshot, place: Destination) -> int:
    """Return the steps of one answer about a claim."""
    return _FACTS + snapshot.ruleset.steps(rules_about(claim, snapshot, place))


def _stretch(
    claim: Claim, snapshot: Snapshot, place: Destination, at: datetime, purse: Purse | None
) -> Stretch | None:
    # The next stretch in which this proof alone would do, the rules being as they are at `at`.
    zone, instant = at.tzinfo or UTC, int(at.timestamp() // 1)
    rules, data = rules_about(claim, snapshot, place), facts_of(claim, snapshot, place, at)

    def green(second: int) -> bool:
        then = datetime.fromtimestamp(second, UTC).astimezone(zone)
        return assess(claim, snapshot, place, then).standing is Standing.PASSED

    places = turns(rules, data, zone, purse) | snapshot.ruleset.edition_turns
    found = stretches(places, green, purse, steps_of(claim, snapshot, place))
    return next((one for one in found if one.ends is None or one.ends >= instant), None)


def _made(kind: Kind, entry: Entry, claims: Sequence[Claim], at: datetime) -> Claim:
    person = claims[0].certificate.person if claims else _NOBODY
    issuer = claims[0].certificate.issuer if claims else None
    certificate = HealthCertificate(
        "DCC", "1.3.0", kind, person, (entry,), issuer, int(at.timestamp() // 1), None, {}
    )
    return Claim(kind, (entry,), certificate, None)


def _exemption(at: datetime, place: Destination) -> Exemption:
    day = Moment(Precision.DAY, at.date())
    return Exemption(COVID, day, None, place.country, None, None)
