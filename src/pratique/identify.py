"""Is the traveller of a certificate the one of the passport? The machine-readable zone, read and compared.

    lines, typed or scanned -> Mrz(names, birth date, which check digits are wrong)      ICAO Doc 9303-3 to -7
    Person, Mrz -> Identity(same | unlike | unsure, reasons)

1. Only which field differs is told, and never its content. Nothing is kept.
2. A check digit that is wrong makes it unsure, whatever else agrees or differs: the line is to be read once more.
3. A sign is repaired where its place allows digits alone, or where all check digits prove exactly one repair.
4. A year of two digits never makes anybody unlike: which century it is, is told by what is plausible.
5. No text raises: what is no machine-readable zone is said to be none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum, unique
from typing import NamedTuple

from pratique.authenticate import EPOCH_ORDINAL, LAST_ORDINAL
from pratique.decision import Likeness, birth_dates, line_likeness
from pratique.formats import keyboards
from pratique.model import Moment, Person, Precision, silent
from pratique.screen import handed_in, holder_of, verified
from pratique.snapshot import Snapshot
from pratique.verification import epoch

# ----------------------------------------------------------------------------------------------------
# The forms of the zone (9303-4 §4.2 TD3, -5 §4.2 TD1, -6 §4.2 TD2, -7 §4 MRV-A and MRV-B).

Span = tuple[int, int]


class _Form(NamedTuple):
    """Where each field stands, its lines taken as one text; a check digit follows upon its field.

    Attributes:
        lines, width: how many lines of how many signs.
        codes: with which the document's code begins.
        name, number, birth, expiry: fields.
        state, sex: the nationality, and the letter after the birth date's check digit.
        more: where the rest of a long document number stands; None where there is no such thing.
        optional: an optional field with a check digit of its own, or None.
        composite: where the last check digit stands, and over what it is reckoned; None where there is none.
    """

    lines: int
    width: int
    codes: str
    name: Span
    number: Span
    birth: Span
    expiry: Span
    state: Span
    sex: int
    more: Span | None = None
    optional: Span | None = None
    composite: tuple[int, tuple[Span, ...]] | None = None


FORMS: dict[str, _Form] = {
    "TD3": _Form(
        2, 44, "P", (5, 44), (44, 53), (57, 63), (65, 71), (54, 57), 64,
        optional=(72, 86), composite=(87, ((44, 54), (57, 64), (65, 87))),
    ),
    "TD1": _Form(
        3, 30, "ACI", (60, 90), (5, 14), (30, 36), (38, 44), (45, 48), 37,
        more=(15, 30), composite=(59, ((5, 30), (30, 37), (38, 45), (48, 59))),
    ),
    "TD2": _Form(
        2, 36, "ACIP", (5, 36), (36, 45), (49, 55), (57, 63), (46, 49), 56,
        more=(64, 71), composite=(71, ((36, 46), (49, 56), (57, 71))),
    ),
    "MRV-A": _Form(2, 44, "V", (5, 44), (44, 53), (57, 63), (65, 71), (54, 57), 64),
    "MRV-B": _Form(2, 36, "V", (5, 36), (36, 45), (49, 55), (57, 63), (46, 49), 56),
}  # fmt: skip

_WEIGHTS = (7, 3, 1)
_VALUES = {"<": 0} | {
    sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_DIGITS = str.maketrans("OQDILZSBG", "000112586")
"""What a letter is misread of, where only a digit can stand."""
_CONFUSED = {
    "0": "O",
    "O": "0",
    "1": "I",
    "I": "1",
    "2": "Z",
    "Z": "2",
    "5": "S",
    "S": "5",
    "8": "B",
    "B": "8",
}
_SEXES = {"M": "male", "F": "female", "X": "other", "<": "other"}
"""9303-4 §4.2.2: a filler is what "X" is elsewhere on the page."""
_MOST_LINES, _LONGEST = 8, 200
_NAME_BEGINS = 5
"""Signs of a first line, at least: what document, and of which state."""
_FEWEST_DIGITS = 14
"""Two dates and their check digits."""
_OLDEST = 125
"""Years that nobody outlives."""


@silent
class Mrz(NamedTuple):
    """What a machine-readable zone says of a person, and which of its check digits are wrong.

    Attributes:
        kind: a name of `FORMS`.
        person: the names as they stand there, without fillers at their ends; `cut` where the field is full to its
            last sign, so that there may be more. The birth date is left out: see `births`.
        births: the birth dates that it can mean at the instant of reading, the latest first; empty where the year
            is not known, or there is no such day.
        year, month, day: of the birth, two digits each; None where it is not known.
        wrong: fields whose check digit is wrong: "number", "birth", "expiry", "optional", "composite".
        repaired: a sign was made good, and all check digits say so.
        layout: the keyboard layout over which it came; empty where it is as it was typed.

    `person` has the sex, the nationality and the document's number too, where they can be read: no comparison asks
    for them, a clerk's form does.
    """

    kind: str
    person: Person
    births: tuple[Moment, ...]
    year: int | None
    month: int | None
    day: int | None
    wrong: tuple[str, ...]
    repaired: bool
    layout: str = ""


def check_digit(field: str) -> int:
    """Return a field's check digit (9303-3 §4.9): weights 7, 3, 1, modulo 10.

    Letters count from A = 10: a sign is not told from one whose value differs by ten ("0", "A", "K", "U").
    """
    return sum(_VALUES.get(sign, 0) * _WEIGHTS[at % 3] for at, sign in enumerate(field)) % 10


def readings(lines: Sequence[str], at: datetime) -> list[Mrz]:
    """Return what lines mean, likeliest first; nothing if they are no machine-readable zone.

    What came over another keyboard layout can mean several things: all of those are told that fit best.
    """
    if len(lines) > _MOST_LINES or any(len(line) > _LONGEST for line in lines):
        return []
    typed = [line for text in lines for line in text.splitlines() if line.strip()]
    if not 1 <= len(typed) <= 3:
        return []
    instant = epoch(at)
    plain = [line.upper() for line in typed]
    zones = _of_form(plain, instant, "")
    strange = _strange(plain)
    if strange or (zones and not zones[0].wrong):
        others = [
            zone
            for layout, meant in _over_layouts(typed)
            for zone in _of_form(meant, instant, layout)
            if not zone.wrong
        ]
        # What has other signs than a zone has came over another layout, if all is right under one.
        zones = others or zones if strange else zones + others
    different: dict[Mrz, Mrz] = {}
    for zone in zones:
        different.setdefault(zone._replace(layout=""), zone)
    return list(different.values())


def _strange(lines: Iterable[str]) -> set[str]:
    return {sign for line in lines for sign in line if sign not in _VALUES and not sign.isspace()}


def _over_layouts(typed: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield lines as they are meant under each layout, where that makes signs of a zone of them."""
    seen: list[list[str]] = []
    # Line by line: a line's end is no key.
    for row in zip(*(keyboards.anyhow(line) for line in typed), strict=True):
        meant = [reading.text.upper() for reading in row]
        # The filler may be on a key that not all keyboards have.
        digits = sum(sign.isdigit() for line in meant for sign in line)
        if len(_strange(meant)) <= 1 and digits >= _FEWEST_DIGITS and meant not in seen:
            seen.append(meant)
            yield row[0].layout, meant


def _of_form(meant: Sequence[str], at: int, layout: str) -> list[Mrz]:
    """Return what lines say in the form that fits best, if they are of any."""
    fitting = []
    for kind, text in _arranged(meant):
        zone = _read(kind, text, at, layout)
        misfit = text[0] not in FORMS[kind].codes
        # Of two forms of visa that differ in fillers alone, the narrower.
        fitting.append((misfit, len(zone.wrong), len(text), zone))
    return [min(fitting, key=lambda row: row[:3])[3]] if fitting else []


def _arranged(meant: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield, by the name of each form that lines can be of, all of it as one text of its whole length."""
    blanks = any(re.search(r"\S\s+\S", line) for line in meant)
    # A blank is what somebody grouped signs by, or what was typed where a filler stands.
    for filler in ("", "<") if blanks else ("",):
        signs = [_signs(line, filler) for line in meant]
        length = len(signs[0])
        whole = length in {form.lines * form.width for form in FORMS.values()}
        for kind, form in FORMS.items():
            pieces = signs
            if len(signs) == 1:
                if whole and length != form.lines * form.width:
                    continue
                pieces = [
                    signs[0][at : at + form.width] for at in range(0, len(signs[0]), form.width)
                ]
            # Up to its last check digit the line of dates is whole; what fillers follow may be missing.
            last = form.expiry[1] if form.composite is None else form.composite[0]
            fewest = (_NAME_BEGINS, last + 1 - form.width, 1)
            if len(pieces) == form.lines and all(
                least <= len(piece.rstrip("<") if len(piece) > form.width else piece) <= form.width
                for least, piece in zip(fewest, pieces, strict=False)
            ):
                yield kind, "".join(piece[: form.width].ljust(form.width, "<") for piece in pieces)


def _signs(line: str, filler: str) -> str:
    upper = re.sub(r"\s", filler, line.strip())
    # Nothing else stands in a zone: what is no letter and no digit was meant as a filler.
    return "".join(sign if sign in _VALUES else "<" for sign in upper)


def _read(kind: str, text: str, at: int, layout: str) -> Mrz:
    form = FORMS[kind]
    # One thing at a time: what another layout garbled is not also misread.
    settled, wrong = _settled(text, form) if not layout else (text, _wrong(text, form))
    field = settled[slice(*form.name)]
    surname, _, forename = field.partition("<<")
    person = Person(
        None,
        None,
        surname.strip("<") or None,
        forename.strip("<") or None,
        None,
        sex=_SEXES.get(settled[form.sex]),
        nationality=_nationality(settled[slice(*form.state)]),
        identifier=None if "number" in wrong else _number(settled, form)[0].strip("<") or None,
        # HL7 v2-0203; of cards it has no code that says no more than the zone does.
        identifier_type="PPN" if settled[0] == "P" else None,
        cut=not field.endswith("<"),
    )
    birth = settled[slice(*form.birth)]
    year, month, day = (_two(birth[at : at + 2]) for at in (0, 2, 4))
    # 9303-3 §4.8: what is not known of a birth date is fillers; some write noughts.
    month, day = month or None, day or None if month else None
    births = () if "birth" in wrong else tuple(births_of(year, month, day, at))
    repaired = settled != text and not wrong
    return Mrz(kind, person, births, year, month, day, wrong, repaired, layout)


def _nationality(field: str) -> str | None:
    state = field.strip("<")
    # 9303-3 §5: Germany's code has one letter, and is DEU everywhere but here.
    state = "DEU" if state == "D" else state
    return state if len(state) == 3 and state.isalpha() else None


def _two(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() else None


def births_of(year: int | None, month: int | None, day: int | None, at: int) -> Iterator[Moment]:
    """Yield the dates that somebody alive can be born on, the latest first."""
    if year is None:
        return
    # Of two clocks one may be a day ahead.
    today = date.fromordinal(min(at // 86_400 + EPOCH_ORDINAL + 1, LAST_ORDINAL - 1))
    for century in range(today.year // 100 * 100, today.year - _OLDEST - 100, -100):
        whole = century + year
        try:
            first = date(whole, month or 1, day or 1)
        except ValueError:
            continue
        if today.year - _OLDEST <= whole and first <= today:
            known = (
                Precision.YEAR
                if month is None
                else Precision.MONTH
                if day is None
                else Precision.DAY
            )
            yield Moment(known, first)


# Check digits.


def _settled(text: str, form: _Form) -> tuple[str, tuple[str, ...]]:
    """Return the text with what can be made good made good, and which check digits are wrong."""
    digits = text
    spans = [(form.birth[0], form.birth[1] + 1), (form.expiry[0], form.expiry[1] + 1)]
    checks = [form.number[1], *([form.optional[1]] if form.optional else [])]
    checks += [form.composite[0]] if form.composite else []
    for start, end in (*spans, *((place, place + 1) for place in checks)):
        digits = digits[:start] + digits[start:end].translate(_DIGITS) + digits[end:]
    wrong = _wrong(digits, form)
    if not wrong:
        return digits, ()
    repairs = [repair for repair in _repairs(digits, form) if not _wrong(repair, form)]
    return (repairs[0], ()) if len(repairs) == 1 else (digits, wrong)


def _repairs(text: str, form: _Form) -> Iterator[str]:
    """Yield the texts with one sign of the number, or of an optional field, taken for the one it is misread of."""
    spans = [
        form.number,
        *((form.more,) if form.more else ()),
        *((form.optional,) if form.optional else ()),
    ]
    for start, end in spans:
        for at in range(start, end):
            if (other := _CONFUSED.get(text[at])) is not None:
                yield text[:at] + other + text[at + 1 :]


def _wrong(text: str, form: _Form) -> tuple[str, ...]:
    wrong = []
    if not _fits(*_number(text, form)):
        wrong.append("number")
    for name, span in (("birth", form.birth), ("expiry", form.expiry)):
        field = text[slice(*span)]
        if not _fits(field, text[span[1]]) or not set(field) <= set("0123456789<"):
            wrong.append(name)
    if form.optional is not None and not _fits(text[slice(*form.optional)], text[form.optional[1]]):
        wrong.append("optional")
    if form.composite is not None:
        place, covered = form.composite
        over = "".join(text[slice(*span)] for span in covered)
        if text[place] != str(check_digit(over)):
            wrong.append("composite")
    return tuple(wrong)


def _number(text: str, form: _Form) -> tuple[str, str]:
    """Return the document's number and its check digit; one of more than nine signs goes on in the optional field."""
    number, check = text[slice(*form.number)], text[form.number[1]]
    if check == "<" and form.more is not None:
        rest = text[slice(*form.more)].partition("<")[0]
        if rest:
            return number + rest[:-1], rest[-1]
    return number, check


def _fits(field: str, check: str) -> bool:
    # An empty field has a filler in place of its check digit, or a nought.
    return check == str(check_digit(field)) or (check == "<" and not field.strip("<"))


# ----------------------------------------------------------------------------------------------------
# Compared.


class Identification(StrEnum):
    """What the comparison comes to."""

    SAME = "same"
    UNLIKE = "unlike"
    UNSURE = "unsure"


@unique
class IdentityReason(StrEnum):
    """Why it is not "same": which field differs, never how."""

    NO_CERTIFICATE = "no-certificate"
    NOT_MRZ = "not-mrz"
    CHECK_DIGIT_WRONG = "check-digit-wrong"
    KEYBOARD_LAYOUT = "keyboard-layout"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    BIRTH_DATE_PARTIAL = "birth-date-partial"
    BIRTH_DATE_MISSING = "birth-date-missing"
    NAME_DIFFERS = "name-differs"
    NAME_SPELLING = "name-spelling"
    NAME_CUT = "name-cut"
    NAME_MISSING = "name-missing"


class Identity(NamedTuple):
    """Whether two documents are of one person.

    Attributes:
        outcome: same, unlike or unsure.
        reasons: empty where it is the same.
        kind: of the zone, a name of `FORMS`; None where there is none.
    """

    outcome: Identification
    reasons: tuple[IdentityReason, ...] = ()
    kind: str | None = None


def identify(
    texts: Sequence[str], lines: Sequence[str], *, snapshot: Snapshot, at: datetime
) -> Identity:
    """Compare the traveller whose certificates were scanned with a passport's machine-readable zone.

    Args:
        texts: of the certificates, in the order they were scanned; the first authentic one's person counts.
        lines: of the zone, as typed or scanned: in two or three lines or in one, with blanks, in lower case, or
            over another keyboard layout.
        snapshot: what is trusted.
        at: the instant; aware.
    """
    holder = holder_of(verified(handed_in(texts).codes, snapshot, at))
    zones = readings(lines, at)
    kind = zones[0].kind if zones else None
    if holder is None:
        return Identity(Identification.UNSURE, (IdentityReason.NO_CERTIFICATE,), kind)
    if not zones:
        return Identity(Identification.UNSURE, (IdentityReason.NOT_MRZ,))
    identities = [compared(holder, zone) for zone in zones]
    same = [identity for identity in identities if identity.outcome is Identification.SAME]
    if not same or identities[0].outcome is Identification.SAME:
        return identities[0]
    if zones[0].layout:
        # It did come over another layout; several of them tell fillers alike, and letters otherwise.
        return same[0]
    reasons = (IdentityReason.KEYBOARD_LAYOUT, *identities[0].reasons)
    return Identity(Identification.UNSURE, reasons, kind)


def compared(holder: Person, zone: Mrz) -> Identity:
    """Compare whom a certificate is about with what a zone says."""
    dates, date_reason = _dates(holder.birth_date, zone)
    names, name_reason = _names(holder, zone.person)
    reasons = tuple(reason for reason in (date_reason, name_reason) if reason is not None)
    if zone.wrong:
        wrong = (IdentityReason.CHECK_DIGIT_WRONG, *reasons)
        return Identity(Identification.UNSURE, wrong, zone.kind)
    both = {dates, names}
    if Likeness.DIFFERENT in both:
        return Identity(Identification.UNLIKE, reasons, zone.kind)
    if both == {Likeness.SAME}:
        return Identity(Identification.SAME, (), zone.kind)
    return Identity(Identification.UNSURE, reasons, zone.kind)


def _dates(born: Moment | None, zone: Mrz) -> tuple[Likeness, IdentityReason | None]:
    if "birth" in zone.wrong:
        return Likeness.UNCLEAR, None
    if born is None or not zone.births:
        return Likeness.UNCLEAR, IdentityReason.BIRTH_DATE_MISSING
    outcomes = {birth_dates(born, birth) for birth in zone.births}
    if Likeness.SAME in outcomes:
        return Likeness.SAME, None
    if Likeness.UNCLEAR in outcomes:
        return Likeness.UNCLEAR, IdentityReason.BIRTH_DATE_PARTIAL
    day, month = born.day(), zone.month
    if (day.year % 100, month and day.month, zone.day and day.day) == (
        zone.year,
        month,
        zone.day,
    ):
        # By the century alone: a zone does not say it.
        return Likeness.UNCLEAR, IdentityReason.BIRTH_DATE_DIFFERS
    return Likeness.DIFFERENT, IdentityReason.BIRTH_DATE_DIFFERS


def _names(holder: Person, passport: Person) -> tuple[Likeness, IdentityReason | None]:
    outcome = line_likeness(holder, passport)
    if outcome is Likeness.DIFFERENT:
        return outcome, IdentityReason.NAME_DIFFERS
    if not passport.surname_icao or not _has_letters(holder):
        return Likeness.UNCLEAR, IdentityReason.NAME_MISSING
    if holder.cut or passport.cut:
        return Likeness.UNCLEAR, IdentityReason.NAME_CUT
    if outcome is Likeness.SAME:
        return outcome, None
    return Likeness.UNCLEAR, IdentityReason.NAME_SPELLING


_LETTER = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def _has_letters(person: Person) -> bool:
    names = (person.surname_icao, person.forename_icao, person.surname, person.forename)
    return any(_LETTER.search(name) for name in names if name)
