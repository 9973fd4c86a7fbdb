"""The words of descriptions: what data is called, and what the codes of real rules stand for.

1. A code that is not here is shown as it is: nothing is guessed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

GROUPS = {"v": "vaccination", "t": "test", "r": "recovery", "e": "exemption"}
CLOCK = {"external.validationClock": "arrival", "external.arrivalDate": "the day of arrival"}
ORDINALS = ("first", "second", "third", "fourth", "fifth")


class Event(NamedTuple):
    """A date of the data, and what happened on it."""

    noun: str
    verb: str


EVENTS = {
    "payload.v.0.dt": Event("the last dose", "was given"),
    "payload.t.0.sc": Event("the sample for the test", "was taken"),
    "payload.r.0.fr": Event("the first positive test", "was made"),
    "payload.r.0.df": Event("the validity of the recovery certificate", "begins"),
    "payload.r.0.du": Event("the validity of the recovery certificate", "ends"),
    "payload.v.0.df": Event("the validity of the vaccination certificate", "begins"),
    "payload.v.0.du": Event("the validity of the vaccination certificate", "ends"),
    "payload.t.0.df": Event("the validity of the test certificate", "begins"),
    "payload.t.0.du": Event("the validity of the test certificate", "ends"),
    "payload.e.0.df": Event("the exemption", "begins"),
    "payload.e.0.du": Event("the exemption", "ends"),
    "external.iat": Event("the certificate", "was issued"),
    "external.exp": Event("the certificate", "expires"),
    "external.nbf": Event("the use of the certificate", "begins"),
    "external.departureDate": Event("the journey", "begins"),
}

DISEASES = {
    "v": "the disease vaccinated against", "t": "the disease tested for",
    "r": "the disease recovered from", "e": "the disease of the exemption",
}  # fmt: skip
NOUNS = {
    "vp": "the kind of vaccine", "mp": "the vaccine",
    "dn": "the number of the dose", "sd": "the number of doses in the course",
    "tt": "the kind of test", "tr": "the test result", "is": "the issuing body",
    "ci": "the certificate’s identifier", "co": "the country of the event",
}  # fmt: skip
MAKERS = {"v": "the maker of the vaccine", "t": "the test product"}
EXTERNAL = {
    "holder.ageYears": "the traveller’s age",
    "payload.dob": "the traveller’s date of birth",
    "external.countryCode": "the country of arrival",
    "external.issuerCountryCode": "the issuing country",
    "external.region": "the region of arrival",
}

CODES = {
    "840539006": "COVID-19",
    "260415000": "“not detected”",
    "260373001": "“detected”",
    "LP6464-4": "an NAA test (such as PCR)",
    "LP217198-3": "a rapid antigen test",
    "EU/1/20/1528": "Comirnaty",
    "EU/1/20/1507": "Spikevax",
    "EU/1/21/1529": "Vaxzevria",
    "EU/1/20/1525": "Jcovden (Janssen)",
    "EU/1/21/1618": "Nuvaxovid",
    "EU/1/21/1624": "Valneva",
}
"""From the value sets of the EU's eHealth Network."""

_FIELD = re.compile(r"payload\.([vtre])\.([0-9]+)(?:\.([a-z]+))?")


def noun(path: str) -> str:
    """Call a path by its name."""
    if path in EVENTS:
        return f"the date on which {EVENTS[path].noun} {EVENTS[path].verb}"
    if path in EXTERNAL or path in CLOCK:
        return EXTERNAL.get(path) or CLOCK[path]
    found = _FIELD.fullmatch(path)
    if found and found[3]:
        by_group = {"ma": MAKERS, "tg": DISEASES}.get(found[3])
        named = by_group.get(found[1]) if by_group else NOUNS.get(found[3])
        if named:
            index = int(found[2])
            return named if not index else f"{named} of the {ordinal(index)} {GROUPS[found[1]]}"
    return f"“{path}”"


def presence(path: str) -> str | None:
    """Call an entry, or a group, by its name, as something that may be there: "a second test"."""
    if found := _FIELD.fullmatch(path):
        if found[3]:
            return None
        index, group = int(found[2]), GROUPS[found[1]]
        return with_article(group) if not index else f"a {ordinal(index)} {group}"
    group = path.removeprefix("payload.")
    return with_article(GROUPS[group]) if group in GROUPS and group != path else None


def ordinal(index: int) -> str:
    """Say an index as a number in a row."""
    return ORDINALS[index] if index < len(ORDINALS) else f"{index + 1}th"


def with_article(word: str) -> str:
    """Put the article before a word."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def literal(value: str | int) -> str:
    """Say a code, a text or a number."""
    return CODES.get(value, f"“{value}”") if isinstance(value, str) else f"{value:,}"


def listing(parts: list[str], *, joint: str, most: int = 12) -> str:
    """Say a list: "a, b or c"."""
    if len(parts) > most:
        parts = [*parts[:most], f"{len(parts) - most} others"]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


def units(amount: int, unit: str) -> str:
    """Say an amount of time."""
    return f"{amount:,} {unit}" if amount == 1 else f"{amount:,} {unit}s"
