"""Lay out what a printed certificate says, in each of its languages; not how it looks.

    HealthCertificate, text, wordings -> leaf per language (title, names, lines, the code's dates) -> Sheet

1. Nothing here reads a clock, a file or a font; how a language says a thing is an argument (`Wording`).
2. The date of the event and the dates of the code are lines that never stand together: `lines` hold
   what is certified, `issued` and `readable` the code's own days, and `notice` says that its end is only its own.
3. A date keeps its precision. A code without a known name is printed as the code.
4. What a language does not say is said in English, and marked so.
5. Family name and given names have a label each, and both scripts under it, as a passport has them.
6. What a form wants written by hand (IHR, Annex 6: signatures, stamp) has a blank field: it is in no code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pratique.model import (  # fmt: skip
    KINDS,
    Entry,
    HealthCertificate,
    Moment,
    Precision,
    Vaccination,
    silent,
)
from pratique.terms import Kind
from pratique.text import seen

DAY = 86400
YELLOW_FEVER = "1D47"
PROTECTED_FROM = timedelta(days=10)
LAST = 253_402_300_799
"""The last second that has a date: of the year 9999."""

SHORT_LIVED = 3 * DAY
"""Seconds: a code that lives no longer than this tells its end to the minute."""

ENTRY_LINES = {
    Kind.VACCINATION: (
        ("disease", "disease"), ("product", "vaccine"), ("manufacturer", "manufacturer"),
        ("dose", "dose"), ("lot", "lot"), ("given", "given"), ("valid_from", "vaccinated_from"),
        ("valid_until", "vaccinated_until"), ("clinician", "clinician"), ("site", "site"),
        ("country", "country"), ("authority", "authority"), ("identifier", "identifier"),
    ),
    Kind.TEST: (
        ("disease", "disease"), ("test_type", "test_type"), ("name", "test_name"),
        ("device", "device"), ("sampled", "sampled"), ("result", "result"), ("site", "site"),
        ("country", "country"), ("authority", "authority"), ("identifier", "identifier"),
    ),
    Kind.RECOVERY: (
        ("disease", "disease"), ("first_positive", "first_positive"),
        ("valid_from", "certified_from"), ("valid_until", "certified_until"),
        ("country", "country"), ("authority", "authority"), ("identifier", "identifier"),
    ),
    Kind.EXEMPTION: (
        ("disease", "disease"), ("valid_from", "certified_from"),
        ("valid_until", "certified_until"), ("country", "country"), ("authority", "authority"),
        ("identifier", "identifier"),
    ),
    Kind.PASS: (
        ("valid_from", "certified_from"), ("valid_until", "certified_until"), ("country", "country"),
        ("authority", "authority"), ("identifier", "identifier"),
    ),
}  # fmt: skip
"""Kind -> its lines in reading order: field of the entry, and its label."""

PERSON_LINES = (
    ("birth_date", "born"), ("sex", "sex"), ("nationality", "nationality"),
    ("identifier", "document"), ("guardian", "guardian"),
)  # fmt: skip
COUNTRIES = {"country", "nationality"}
UNDIVIDED = {"ICVP", "DDCC"}
"""Domains whose formats have one field for a name: which part of it is the family's is not said."""

BY_HAND = {"ICVP": ("sign_holder", "sign_clinician", "stamp")}
"""Domain -> labels of the fields that its form wants filled in by hand (IHR (2005), Annex 6)."""


class Wording(NamedTuple):
    """How a language says things.

    Attributes:
        language: its BCP 47 tag.
        direction: "ltr" or "rtl".
        labels: name of a label -> its words.
        codes: code of a value set -> its words.
        date: writes a date in its own precision, month in letters.
        country: names a country by its code; the code itself where it is not known.
    """

    language: str
    direction: str
    labels: Mapping[str, str]
    codes: Mapping[str, str]
    date: Callable[[Moment], str]
    country: Callable[[str], str]


@silent
class Line(NamedTuple):
    """One labelled value; `direction` is that of the value's own writing.

    `latin`: of a name, the letters that a travel document has for it; empty where they are the same letters.
    """

    name: str
    label: str
    value: str
    direction: str
    latin: str = ""


@silent
class Leaf(NamedTuple):
    """All that a certificate says, in one language."""

    language: str
    direction: str
    title: str
    names: tuple[Line, ...]
    lines: tuple[Line, ...]
    issued: Line | None
    readable: Line | None
    notice: str
    scan: str
    alt: str
    fold: str
    contact: Line
    by_hand: tuple[str, ...]
    emblem: str


@silent
class Sheet(NamedTuple):
    """What is printed: the text of the code, and a leaf per language, the holder's own first."""

    kind: Kind
    text: str
    leaves: tuple[Leaf, ...]


def sheet(
    certificate: HealthCertificate,
    text: str,
    *,
    wordings: Sequence[Wording],
    contact: str = "",
    names: Mapping[str, str] | None = None,
    makers: Mapping[str, str] | None = None,
) -> Sheet:
    """Lay out a certificate whose signature was checked.

    Args:
        certificate: what `text` says.
        text: as it goes into the code.
        wordings: one per leaf, the holder's own first.
        contact: where mistakes are corrected; else the body that certifies.
        names: code -> a name that is the same in every language, such as a product's.
        makers: product's code -> its manufacturer, for certificates that name the product only.
    """
    said = _made_by(certificate, makers or {})
    leaves = (_leaf(said, wording, contact, names or {}) for wording in wordings)
    return Sheet(certificate.kind, text, tuple(leaves))


def _leaf(
    certificate: HealthCertificate, wording: Wording, contact: str, names: Mapping[str, str]
) -> Leaf:
    labels = wording.labels
    title = "icvp" if certificate.domain == "ICVP" else certificate.kind.value
    lines = tuple(_lines(certificate, wording, names))
    issuer = next((line.value for line in lines if line.name == "authority"), "")
    return Leaf(
        wording.language,
        wording.direction,
        labels[title],
        tuple(_names(certificate, labels)),
        lines,
        _issued(certificate, wording),
        _readable(certificate, wording),
        labels["notice"],
        labels["scan"],
        labels["alt"],
        labels["fold"],
        _line("contact", labels["contact"], contact or issuer or certificate.issuer or ""),
        tuple(labels[name] for name in BY_HAND.get(certificate.domain, ())),
        labels["emblem"],
    )


def _names(certificate: HealthCertificate, labels: Mapping[str, str]) -> Iterator[Line]:
    """Say who it is, each part of the name with the letters of a travel document where they are others.

    An officer of another script compares those; BLOGGS beside Bloggs tells nothing.
    """
    person = certificate.person
    if certificate.domain in UNDIVIDED:
        yield _name("name", labels, person.display_name(), person.line())
        return
    parts = (
        ("surname", person.surname, person.surname_icao),
        ("forename", person.forename, person.forename_icao),
    )
    for name, printed, letters in parts:
        if printed or letters:
            yield _name(name, labels, printed or "", letters or "")


def _name(name: str, labels: Mapping[str, str], printed: str, letters: str) -> Line:
    # What stands between the parts of a name is `<` in the lines of a passport, and a blank on its page.
    latin = " ".join(letters.replace("<", " ").split())
    line = _line(name, labels[name], printed or latin)
    return line if latin == line.value.upper() else line._replace(latin=seen(latin))


def _lines(
    certificate: HealthCertificate, wording: Wording, names: Mapping[str, str]
) -> Iterator[Line]:
    for field, label in PERSON_LINES:
        if value := _said(getattr(certificate.person, field), field, wording, names):
            yield _line(label, wording.labels[label], value)
    for entry in certificate.entries:
        for field, label in ENTRY_LINES[KINDS[type(entry)]]:
            value = _of_entry(entry, field, wording, names)
            if not value and field == "authority":
                value = certificate.issuer or ""
            if value:
                yield _line(label, wording.labels[label], value)


def _of_entry(entry: Entry, field: str, wording: Wording, names: Mapping[str, str]) -> str:
    value = getattr(entry, field)
    if (
        value is None
        and isinstance(entry, Vaccination)
        and (said := _validity(entry, field, wording))
    ):
        return said
    if field == "product" and value is None:
        # WHO's first form and some national ones name no product: its class is said instead.
        value = getattr(entry, "prophylaxis")  # noqa: B009 - not every entry has one
    if field == "device" and getattr(entry, "name", None):
        return ""
    if field == "dose" and value is not None:
        doses = getattr(entry, "doses", None)
        pattern = wording.labels["dose_of"] if doses else "{dose}"
        return pattern.replace("{dose}", str(value)).replace("{doses}", str(doses))
    return _said(value, field, wording, names)


def _made_by(certificate: HealthCertificate, makers: Mapping[str, str]) -> HealthCertificate:
    """Name the maker where the product alone says who it is (smart-icvp REQ-CC-06)."""
    entries = tuple(
        entry._replace(manufacturer=makers.get(entry.product or ""))
        if isinstance(entry, Vaccination) and entry.manufacturer is None
        else entry
        for entry in certificate.entries
    )
    return certificate._replace(entries=entries)


def _validity(dose: Vaccination, field: str, wording: Wording) -> str:
    """Say what the health regulations settle where the certificate itself is silent: yellow fever."""
    given, is_whole_day = (
        dose.given,
        dose.given is not None and dose.given.precision is Precision.DAY,
    )
    if dose.disease != YELLOW_FEVER or given is None or not is_whole_day:
        return ""
    # IHR (2005), Annex 7 as amended in 2014: for the life of the person, beginning 10 days after the dose.
    if field == "valid_from" and dose.valid_until is None:
        begins = wording.date(Moment(Precision.DAY, given.day() + PROTECTED_FROM))
        return f"{begins}, {wording.labels['lifelong']}"
    return ""


def _said(
    value: str | int | Moment | None, field: str, wording: Wording, names: Mapping[str, str]
) -> str:
    if value is None:
        return ""
    if isinstance(value, Moment):
        return _date(value, wording)
    word = str(value)
    if field in COUNTRIES:
        return wording.country(word)
    return wording.codes.get(word) or names.get(word) or word


def _date(moment: Moment, wording: Wording) -> str:
    """Write a date in words; an instant with its time and its zone, as it was written down."""
    day = wording.date(moment)
    if moment.precision is not Precision.INSTANT or not isinstance(moment.first, datetime):
        return day
    offset = moment.first.utcoffset()
    zone = "UTC" if not offset else f"UTC{moment.first:%z}"
    clock = f"{moment.first:%H:%M} {zone}"
    return wording.labels["time"].replace("{date}", day).replace("{time}", clock)


def _issued(certificate: HealthCertificate, wording: Wording) -> Line | None:
    """Say on which day (UTC) the code was signed."""
    if certificate.issued_at is None or not 0 <= certificate.issued_at <= LAST:
        return None
    day = Moment(Precision.DAY, datetime.fromtimestamp(certificate.issued_at, UTC).date())
    return _line("issued", wording.labels["issued"], _date(day, wording))


def _readable(certificate: HealthCertificate, wording: Wording) -> Line | None:
    """Say until when the code can be read: its last whole day, or the minute if it is short-lived.

    A day in words means the whole day. The claim is an instant, and on its own day readers refuse
    the code from some hour on: that day is not promised.
    """
    until = certificate.expires_at
    if until is None or not 0 <= until <= LAST:
        return None
    since = certificate.issued_at
    moment = Moment(Precision.INSTANT, datetime.fromtimestamp(until, UTC))
    if since is None or until - since > SHORT_LIVED:
        last = (until + 1) // DAY * DAY - DAY
        moment = Moment(Precision.DAY, datetime.fromtimestamp(max(last, 0), UTC).date())
    return _line("readable", wording.labels["readable"], _date(moment, wording))


def _line(name: str, label: str, value: str) -> Line:
    shown = seen(value)
    return Line(name, label, " ".join(shown.split()), _direction(shown))


def _direction(text: str) -> str:
    """Tell a value's direction by its first strong character (Unicode Annex 9, P2 and P3)."""
    for char in text:
        if (kind := unicodedata.bidirectional(char)) in {"L", "R", "AL"}:
            return "ltr" if kind == "L" else "rtl"
    return "ltr"
