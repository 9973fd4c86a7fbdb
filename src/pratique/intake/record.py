"""A record: all that an issuer is told of one event, before anything is signed.

    row | FHIR resource | answers -> intake.* -> Record -> journeys.issue -> certificate

1. A record has no identifier yet: that is drawn when it is issued.
2. Its `repr` tells nothing, as that of everything personal.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.model import Entry, Exemption, Person, Recovery, Test, Vaccination, silent
from pratique.terms import Kind

_KINDS: dict[type, Kind] = {
    Vaccination: Kind.VACCINATION,
    Test: Kind.TEST,
    Recovery: Kind.RECOVERY,
    Exemption: Kind.EXEMPTION,
}


@silent
class Record(NamedTuple):
    """One event of one person, to be attested.

    Attributes:
        domain: "DCC" (also for exemptions) or "ICVP".
        person: whom it is about.
        entry: the dose, test, recovery or exemption; its `identifier` is None.
    """

    domain: str
    person: Person
    entry: Entry

    @property
    def kind(self) -> Kind:
        """Return what it is to attest."""
        return _KINDS[type(self.entry)]
