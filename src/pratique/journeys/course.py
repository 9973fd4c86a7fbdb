"""The course of one person: doses and recoveries as events, whoever printed them.

    certificates of one person -> events -> the last dose, with the count that the events come to

1. Printed "n of m" is one issuer's view; a dose given elsewhere is missing in it. Events are counted.
2. Two prints of one event (same disease, same day) are one event.
3. One dose after a recovery, and one dose of a one-dose product, complete a primary course.
4. A course is only ever one more way to green: it never takes one away.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pratique.model import HealthCertificate, Precision, Recovery, Vaccination

ONE_DOSE = frozenset({"EU/1/20/1525", "Convidecia", "Sputnik-Light"})
"""Products whose primary course is one dose (EU value set vaccines-covid-19-names)."""

PRIMARY = 2


def complete(
    certificates: Iterable[HealthCertificate],
) -> tuple[HealthCertificate, Vaccination] | None:
    """Return the latest dose, counted anew over all events, and the certificate that attests it.

    None if there are fewer than two events, so that nothing can be added up, or if a date is not known
    to the day.
    """
    certificates = tuple(certificates)
    if sum(len(certificate.entries) for certificate in certificates) < PRIMARY:
        return None
    doses: dict[tuple[str | None, date], tuple[HealthCertificate, Vaccination]] = {}
    recoveries: list[tuple[str | None, date]] = []
    for certificate in certificates:
        for entry in certificate.entries:
            if isinstance(entry, Vaccination) and entry.given and _exact(entry.given.precision):
                doses.setdefault((entry.disease, entry.given.day()), (certificate, entry))
            elif isinstance(entry, Recovery) and entry.first_positive:
                recoveries.append((entry.disease, entry.first_positive.last))
    if not doses:
        return None
    disease, last_day = max(doses, key=lambda key: (key[1], str(key[0])))
    of_it = sorted(day for sick, day in doses if sick == disease)
    recovered = any(sick == disease and day <= last_day for sick, day in recoveries)
    if len(of_it) + recovered < PRIMARY:
        return None
    certificate, entry = doses[disease, last_day]
    number, needed = _count(entry, doses[disease, of_it[0]][1], len(of_it), recovered=recovered)
    return certificate, entry._replace(dose=number, doses=needed)


def _count(last: Vaccination, first: Vaccination, seen: int, *, recovered: bool) -> tuple[int, int]:
    # A holder may show the last print only: it says at least how many there were.
    printed = last.dose or 1
    number = max(seen, printed)
    # 3/3 and 2/1 both print a booster; a primary course has one dose or two.
    needed = 1 if recovered or first.product in ONE_DOSE else PRIMARY
    if last.doses is not None and last.doses == 1 and printed > 1:
        needed = 1
    return number, needed


def _exact(precision: Precision) -> bool:
    return precision in {Precision.DAY, Precision.INSTANT}
