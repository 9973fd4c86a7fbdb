"""Decide: may the holder of these certificates enter there, then?

    certificates of one person -> claims (each as printed, and their courses) -> rules of the place
        -> the best outcome -> HealthCode(colour, because, from_, until, what_would_help)

1. A pure function of the holder's own certificates, public rules, a place and an instant. No inbound
   channel exists by which anybody could turn one person's code.
2. More proof never makes it worse: the best claim counts, and another certificate only adds claims.
   Nor does the order in which one person's are shown matter.
3. Certificates of another person are left out; where that cannot be told, they cannot make it green.
4. GREEN says that rules passed; nothing else can say it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from pratique import outlook
from pratique.assess import (
    Claim,
    Put,
    Standing,
    aged,
    assess,
    best_of,
    claims_of_one,
    courses_of,
    doubts_of,
    inferred,
    second_decides,
    unsure_rules,
    without_no_rules,
)
from pratique.authenticate import HealthCode, Verification
from pratique.findings import Code, Colour, Finding, Severity
from pratique.model import Entry, Moment, Person, Precision, Recovery, Test, Vaccination
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.text import FORMLESS
from pratique.verification import epoch

# ----------------------------------------------------------------------------------------------------
# Do two certificates belong to one person? Decided from what they print, nothing else.
#
#     Person, Person -> birth dates
#                    -> names as printed, names in the travel document's letters -> SAME | DIFFERENT | UNCLEAR
#
# 1. A birth date that contradicts is decisive: relatives share names. Without one on both nobody is the same.
# 2. SAME needs the whole name: a part that agrees, be it the first, or all that was not cut off, is what twins share.
# 3. Like is compared with like: a printed name with a printed one of its script, a line of A-Z with a line.
#    A printed name and a line of A-Z are compared where one certificate has nothing else.
# 4. Where both the printed names and the lines can be compared and one pair disagrees, nobody is merged, but
#    if the line is the printed name with letters lost: there the printed name speaks.
# 5. A name that leaves nothing to compare (no letters, none that is seen, two scripts) is UNCLEAR: empty is
#    not equal. Nor is a birth date that nobody alive can have.
# 6. DIFFERENT needs a clear difference: spelling, order, a missing part, another surname alone are UNCLEAR.


class Likeness(StrEnum):
    """Whether two certificates are about one person."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


class _Match(IntEnum):
    # How far two ways of writing a name agree. INITIALS: all of it, but a forename is abbreviated.
    APART = 0
    CLOSE = 1
    INITIALS = 2
    EQUAL = 3


class _Field(NamedTuple):
    # One field of a name: its words, all that it may be written as in one piece, the scripts other than
    # Latin, and how it is written with its accents and vowel points, if `accented`.
    words: tuple[str, ...] = ()
    spellings: frozenset[str] = frozenset({""})
    abbreviated: bool = False
    scripts: frozenset[str] = frozenset()
    written: str = ""
    accented: bool = False


class _Name(NamedTuple):
    surname: _Field = _Field()
    forename: _Field = _Field()

    def scripts(self) -> frozenset[str]:
        return self.surname.scripts | self.forename.scripts

    def as_written(self) -> frozenset[str]:
        surname, forename = self.surname, self.forename
        if not (surname.accented or forename.accented):
            return frozenset()
        return frozenset({surname.written + forename.written, forename.written + surname.written})


_TITLES = frozenset({"DR", "PROF"})
_GAPS = re.compile(r"[<\s.,'’`\-]+")
_NOT_LETTERS = re.compile(r"[^A-Z0-9]")

# ICAO Doc 9303-3 section 6 A: letters that no decomposition turns into A-Z.
_LETTERS = {
    "Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS", "ß": "SS", "Æ": "AE", "Ø": "OE", "Å": "AA",
    "Œ": "OE", "Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "Ŋ": "N", "Ŧ": "T",
    "Ĳ": "IJ", "\u0131": "I", "ĸ": "Q", "Ə": "E",
}  # fmt: skip
_FULL = str.maketrans(_LETTERS)
_BARE = str.maketrans(
    {**_LETTERS, "Ä": "A", "Ö": "O", "Ü": "U", "Ø": "O", "Å": "A", "Æ": "A", "Œ": "O"}
)

# The same letter is written in two ways by different states (Ü: UE or U; 9303-3 allows both).
_FOLDS = (("AE", "A"), ("OE", "O"), ("UE", "U"), ("AA", "A"), ("SS", "S"))

# Marks that a script may leave out. Elsewhere (Indic, Thai) a mark is a vowel, and part of the name.
_VOWEL_SIGNS = "\u0591-\u05c7\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06ed"
_MARKS = re.compile(f"[\u0300-\u036f{_VOWEL_SIGNS}]")
_HAMZA = re.compile("[\u0653-\u0655]")
_ACCENTS = re.compile(f"[\u0300-\u036f{_VOWEL_SIGNS}ŁØÆŒÐĐÞƏ]")
# A dot on the Turkish I comes and goes with capitals; Russian YO is mostly written IE.
_ONE_I, _DOT = str.maketrans({"\u0131": "I", "Ё": "Е"}), re.compile("I\u0307")  # noqa: RUF001
_APOSTROPHES = str.maketrans(dict.fromkeys("´`’‘ʼʻʹ＇", "'"))  # noqa: RUF001
# One letter with two numbers: keyboards for Persian and Urdu have their own KAF, YEH, HEH.
_ARABIC = str.maketrans(
    {"\u06a9": "\u0643", "\u06cc": "\u064a", "\u0649": "\u064a", "\u06c1": "\u0647", "\u0640": None}
)
# Scripts whose letters are written out one by one, so that a name spelled otherwise is another name.
_LATIN = frozenset({"LATIN", "MODIFIER", ""})
_ALPHABETS = frozenset({"GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN"})
_PLAIN = re.compile("[A-Za-z< ]+")
_INITIAL = re.compile(r"(?<![^\s.<\-])[A-ZÀ-ÞΑ-ΩА-Я](?![^\s.<\-])")

_ALIVE = date(1900, 1, 1)
"""The first birth date that the DCC's schema takes; nobody who travels is older."""
_LONGEST, _MOST = 24, 12
"""Letters of a word and words of a field that are searched for slips: a bound of the work."""


def parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name in ICAO letters, without titles."""
    text = unicodedata.normalize("NFC", name).replace("ß", "SS").upper().translate(_FULL)
    text = unicodedata.normalize("NFKD", text)
    found = (_NOT_LETTERS.sub("", part) for part in _GAPS.split(text))
    return tuple(part for part in found if part and part not in _TITLES)


def likeness(a: Person, b: Person) -> Likeness:
    """Compare two persons as their certificates print them."""
    dates = birth_dates(a.birth_date, b.birth_date)
    if dates is Likeness.DIFFERENT:
        return dates
    names = name_likeness(a, b)
    if names is Likeness.DIFFERENT:
        return names
    whole = not (a.cut or b.cut)
    return Likeness.SAME if dates is names is Likeness.SAME and whole else Likeness.UNCLEAR


def line_likeness(person: Person, passport: Person) -> Likeness:
    """Compare a certificate's names with a passport's line of A-Z, which is all that is read of the passport.

    What the certificate prints may agree with it, or its own line: two states write one letter in two ways.
    """
    line = _line(passport)
    printed, own = _compare(_printed(person), line), _compare(_line(person), line)
    compared = [one for one in (printed, own) if one is not None]
    if compared and max(compared) is _Match.APART:
        return Likeness.DIFFERENT
    if printed is _Match.EQUAL:
        return Likeness.UNCLEAR if own is _Match.APART else Likeness.SAME
    # What is printed may say more than both lines do: those may have been cut.
    agrees = printed in {None, _Match.INITIALS} or _renders(person)
    return Likeness.SAME if own is _Match.EQUAL and agrees else Likeness.UNCLEAR


def birth_dates(a: Moment | None, b: Moment | None) -> Likeness:
    """Compare two birth dates, of any precision."""
    if a is None or b is None:
        return Likeness.UNCLEAR
    one, other = _span(a), _span(b)
    if min(one[0], other[0]) < _ALIVE:
        # 0001-01-01 is what some systems write where nothing is known: nobody is told apart by it.
        return Likeness.UNCLEAR
    if one == other:
        return Likeness.SAME
    # Some registers write midnight of their own zone in another's: the day before.
    slack = timedelta(days=Precision.INSTANT in {a.precision, b.precision})
    apart = one[0] - other[1] > slack or other[0] - one[1] > slack
    return Likeness.DIFFERENT if apart else Likeness.UNCLEAR


def _span(moment: Moment) -> tuple[date, date]:
    return moment.day(), moment.last_day()


def name_likeness(a: Person, b: Person) -> Likeness:
    """Compare the names of two persons as their certificates print them."""
    printed_a, printed_b = _printed(a), _printed(b)
    line_a, line_b = _line(a), _line(b)
    printed, lines, crossed = _compare(printed_a, printed_b), _compare(line_a, line_b), None
    if printed is None or lines is None:
        found = (_compare(printed_a, line_b), _compare(line_a, printed_b))
        crossed = max((one for one in found if one is not None), default=None)
    compared = [one for one in (printed, lines, crossed) if one is not None]
    if compared and max(compared) is _Match.APART:
        return Likeness.DIFFERENT
    line = lines if lines is not None else crossed
    if printed is _Match.EQUAL:
        # Two lines of one name in Greek or Cyrillic are two clerks' work, if no word is missing. Where
        # vowels or readings are not written (Arabic, Chinese) two names can look alike.
        word_for_word = (
            line is _Match.CLOSE and len({*map(_size, (printed_a, line_a, line_b))}) == 1
        )
        spelled = word_for_word and printed_a.scripts() and printed_a.scripts() <= _ALPHABETS
        agree = line in {None, _Match.EQUAL, _Match.INITIALS} or spelled
        same = bool(agree) or (_renders(a) and _renders(b))
    elif printed is _Match.INITIALS:
        same = line is _Match.EQUAL
    elif printed is None:
        # What one of them prints may say more than both lines do: those may have been cut.
        same = line is _Match.EQUAL and crossed in {None, _Match.EQUAL, _Match.INITIALS}
    else:
        same = False
    return Likeness.SAME if same else Likeness.UNCLEAR


def _size(name: _Name) -> int:
    return len(name.surname.words) + len(name.forename.words)


def _printed(person: Person) -> _Name:
    surname, forename = _field(person.surname), _field(person.forename)
    # A field that is in the line only is as good, beside letters of the same kind.
    if surname.words and not forename.words and not surname.scripts:
        forename = _field(person.forename_icao)
    elif forename.words and not surname.words and not forename.scripts:
        surname = _field(person.surname_icao)
    return _Name(surname, forename)


def _line(person: Person) -> _Name:
    surname, forename = _field(person.surname_icao), _field(person.forename_icao)
    if not (surname.words or forename.words):
        return _Name()
    # From DCC 1.3.2 one of the two lines is enough.
    return _Name(
        surname if surname.words else _field(person.surname),
        forename if forename.words else _field(person.forename),
    )


def _field(name: str | None) -> _Field:
    if not name:
        return _Field()
    if _PLAIN.fullmatch(name):
        # What nearly all lines are; the way below comes to the same.
        words = tuple(
            word for word in name.upper().replace("<", " ").split() if word not in _TITLES
        )
        whole = "".join(words)
        initial = _INITIAL.search(name) is not None
        return _Field(words, frozenset({whole}), initial, frozenset(), whole, False)
    # NFKC makes a blank of an acute that stands for an apostrophe, and an initial of the D before it.
    text = unicodedata.normalize("NFKC", name.translate(_APOSTROPHES))
    full, bare = _words(text, _FULL), _words(text, _BARE)
    letters = {letter for word in full for letter in word if letter.isalpha()}
    written = "".join(_words(text, _ONE_I, accents=True))
    return _Field(
        full,
        frozenset({"".join(full), "".join(bare)}),
        _INITIAL.search(text) is not None,
        frozenset(unicodedata.name(c, "").partition(" ")[0] for c in letters) - _LATIN,
        written,
        _ACCENTS.search(unicodedata.normalize("NFKD", written)) is not None,
    )


def _words(text: str, letters: dict[int, str], *, accents: bool = False) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKD", text.upper().translate(letters))
    text = _HAMZA.sub("", text).translate(_ARABIC)
    text = _DOT.sub("I", text) if accents else _MARKS.sub("", text)
    kept = "".join(map(_sign, unicodedata.normalize("NFC", text)))
    return tuple(word for word in kept.split() if word not in _TITLES)


def _sign(sign: str) -> str:
    # Letters, digits, and marks that are vowels stay; what joins or turns text is nothing; all else parts.
    category = unicodedata.category(sign)
    if sign in FORMLESS:
        return ""
    if sign.isalnum() or category[0] == "M":
        return "" if "\u02b0" <= sign <= "\u02ff" else sign
    return "" if category == "Cf" else " "


def _renders(person: Person) -> bool:
    """Tell whether the line is the printed name, if with letters lost: some systems drop Ł, or all."""
    for printed, line in (
        (person.surname, person.surname_icao),
        (person.forename, person.forename_icao),
    ):
        found = _field(line)
        if not found.words:
            continue
        text = unicodedata.normalize("NFC", printed or "")
        lossy = (
            "".join(sign for sign in text if sign.isascii()),
            "".join(sign for sign in unicodedata.normalize("NFKD", text) if sign.isascii()),
        )
        ways = _field(printed).spellings | {"".join(_words(way, _FULL)) for way in lossy}
        if not found.spellings & ways:
            return False
    return True


def _compare(a: _Name, b: _Name) -> _Match | None:
    """Compare two ways of writing a whole name; None if there is nothing to compare."""
    if not (_has_letters(a) and _has_letters(b)):
        return None
    scripts, others = a.scripts(), b.scripts()
    if scripts != others and not scripts & others:
        return None
    whole, other_whole = (not all(field.words for field in name) for name in (a, b))
    found = _whole(a, b) if whole or other_whole else _by_fields(a, b)
    if whole is not other_whole:
        # One field does not say where the surname begins: the other's two may be cut elsewhere.
        found = min(found, _Match.CLOSE)
    if found is _Match.APART and not (scripts | others) <= _ALPHABETS:
        # 張 and 张 are one name; nothing here knows which characters are.
        return _Match.CLOSE
    one, other = a.as_written(), b.as_written()
    if one and other and not one & other:
        # Hùng and Hưng are two names. Where one of them is without any accent, a system left them out.
        return min(found, _Match.CLOSE)
    return found


def _has_letters(name: _Name) -> bool:
    # Digits or vowel signs alone are no name: what two people have instead of one is nothing to be the same by.
    return any(sign.isalpha() for field in name for word in field.words for sign in word)


def _by_fields(a: _Name, b: _Name) -> _Match:
    forenames = _fields(a.forename, b.forename)
    surnames = _fields(a.surname, b.surname, surname=True)
    straight = min(forenames, surnames)
    if straight is _Match.EQUAL:
        return straight
    swapped = min(_fields(a.surname, b.forename), _fields(a.forename, b.surname))
    found = max(straight, swapped)
    # Who marries changes the surname only. Twins do not share all of a forename.
    changed = found is _Match.APART and forenames is _Match.EQUAL
    return _Match.CLOSE if changed else found


def _whole(a: _Name, b: _Name) -> _Match:
    # WHO's DDCC and the ICVP print one field: which part of it is the surname is not said.
    one, other = _joined(a.surname, a.forename), _joined(b.surname, b.forename)
    turned_one, turned_other = _joined(a.forename, a.surname), _joined(b.forename, b.surname)
    return max(_fields(one, other), _fields(turned_one, other), _fields(one, turned_other))


def _joined(first: _Field, second: _Field) -> _Field:
    return _Field(
        first.words + second.words,
        frozenset(x + y for x in first.spellings for y in second.spellings),
        first.abbreviated or second.abbreviated,
        first.scripts | second.scripts,
        first.written + second.written,
        first.accented or second.accented,
    )


def _fields(a: _Field, b: _Field, *, surname: bool = False) -> _Match:
    if not a.words or not b.words:
        return _Match.APART
    if a.spellings & b.spellings:
        # An initial stands for more than one name: Hans-J. is what twins may share.
        return _Match.INITIALS if (a.abbreviated or b.abbreviated) and not surname else _Match.EQUAL
    if {_folded(one) for one in a.spellings} & {_folded(one) for one in b.spellings}:
        # MUELLER and MULLER are one surname; MICHAEL and MICHAL are two forenames.
        return _Match.EQUAL if surname else _Match.CLOSE
    return _Match.CLOSE if _are_close(a, b) else _Match.APART


def _folded(part: str) -> str:
    for two, one in _FOLDS:
        part = part.replace(two, one)
    return part


def _are_close(a: _Field, b: _Field) -> bool:
    pairs = [(x, y) for x in a.spellings for y in b.spellings]
    if any(x.startswith(y) or y.startswith(x) for x, y in pairs):
        return True
    pairs += [(x, y) for x in a.words[:_MOST] for y in b.words[:_MOST]]
    return any(_is_slip(_folded(x), _folded(y)) for x, y in pairs)


def _is_slip(a: str, b: str) -> bool:
    """Tell whether two words can be one with letters lost, added or mistaken."""
    a, b = sorted((a[:_LONGEST], b[:_LONGEST]), key=len)
    if len(a) == 1:
        return b.startswith(a)
    letters = iter(b)
    if 2 * len(a) >= len(b) and all(letter in letters for letter in a):
        return True
    return _distance(a, b) <= len(a) // 4


def _distance(a: str, b: str) -> int:
    # Letters to add, drop, change or swap with their neighbour (optimal string alignment).
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                least = min(least, older[j - 2] + 1)
            row.append(least)
    return row[-1]


# ----------------------------------------------------------------------------------------------------
# Whose certificates are these, and what do they claim, one by one and together?
#
#     Verification, ... -> authentic -> same holder -> a claim for each entry, and for each course
#
# 1. What was refused claims nothing; what is in doubt, or of an unclear holder, carries its doubts.
# 2. The person is the one whom the first authentic certificate is about; another's is left out.
# 3. Who is the same as one who is the same, is the same: the order of the others does not matter.
# 4. A finding about a holder names the certificate by its number among those handed in.
# 5. In whatever order they are shown, the claims come in one order, each of them once.


Doubted = tuple[Claim, tuple[Finding, ...]]
"""A claim, and what is in doubt about its certificate or its holder."""


class Claims(NamedTuple):
    """What is put before the rules.

    Attributes:
        printed: each entry of each certificate.
        counted: the doses among them, as courses count them.
        notes: what was noted on the way.
    """

    printed: tuple[Doubted, ...]
    counted: tuple[Doubted, ...]
    notes: tuple[Finding, ...]

    def certain(self) -> list[Claim]:
        """Return what is printed and in no doubt."""
        return [claim for claim, doubts in self.printed if not doubts]


def claims_of(found: Sequence[Verification]) -> Claims:
    """Return the claims of the person whom the first authentic certificate is about."""
    usable = list(_usable(found))
    printed: list[Doubted] = []
    notes: list[Finding] = []
    alike = _alike([person for _, person, _, _ in usable])
    for (number, _, verification, findings), same in zip(usable, alike, strict=True):
        unclear: tuple[Finding, ...] = ()
        if same is Likeness.DIFFERENT:
            notes.append(Finding(Code.HOLDER_DIFFERENT, f"certificate {number}"))
            continue
        if same is Likeness.UNCLEAR:
            unclear = (Finding(Code.HOLDER_UNCLEAR, f"certificate {number}"),)
        printed += [
            (claim, (*doubts_of(claim, findings), *unclear))
            for claim in claims_of_one(verification)
        ]
    if len(printed) > 1:
        once = {_key(claim): claim for claim in reversed(printed)}
        printed = [once[key] for key in sorted(once)]
    return Claims(tuple(printed), tuple(_counted(printed)), tuple(notes))


def _usable(
    found: Sequence[Verification],
) -> Iterator[tuple[int, Person, Verification, tuple[Finding, ...]]]:
    for number, one in enumerate(found, 1):
        findings = without_no_rules(one)
        if one.certificate is None or any(f.code.severity is Severity.ERROR for f in findings):
            continue
        yield number, one.certificate.person, one, findings


def _alike(persons: Sequence[Person]) -> list[Likeness]:
    """Return how like the first of them each is, by itself or through others who are the same."""
    alike = [Likeness.SAME if i == 0 else likeness(persons[0], p) for i, p in enumerate(persons)]
    waiting = [i for i, found in enumerate(alike) if i and found is Likeness.SAME]
    while waiting:
        known = persons[waiting.pop()]
        for i, found in enumerate(alike):
            if found is Likeness.UNCLEAR and likeness(known, persons[i]) is Likeness.SAME:
                alike[i] = Likeness.SAME
                waiting.append(i)
    return alike


def _counted(printed: Sequence[Doubted]) -> Iterator[Doubted]:
    for claim in courses_of([claim for claim, doubts in printed if not doubts]):
        yield claim, ()
    doubts = tuple(dict.fromkeys(finding for _, found in printed for finding in found))
    if doubts:
        # A course of which a part is in doubt is open; it is not refused.
        for claim in courses_of([claim for claim, _ in printed]):
            yield claim, doubts


def _key(one: Doubted) -> tuple[str, ...]:
    # All that rules, checks and findings can read of a claim: equal keys, equal answers.
    (kind, entries, certificate, signer, _, reasons), doubts = one
    fields = (getattr(certificate, name) for name in certificate._fields if name not in _APART)
    keys = () if signer is None else (signer.thumbprint, signer.kid.hex(), signer.not_after)
    return (
        _latest_first(entries[0]),
        str(len(doubts)),
        kind.value,
        *(_text(value) for value in entries[0]),
        *(_text(value) for value in (*fields, certificate.person.birth_date, *keys)),
        *(reason.where for reason in reasons),
        # A certificate that was handed in twice is one, whichever its number.
        *(f"{d.code.name} {'' if d.code is Code.HOLDER_UNCLEAR else d.where}" for d in doubts),
    )


_APART = {"person", "entries", "payload"}


def _latest_first(entry: Entry) -> str:
    if isinstance(entry, Vaccination):
        event = entry.given
    elif isinstance(entry, Recovery):
        event = entry.first_positive
    else:
        event = entry.sampled if isinstance(entry, Test) else entry.valid_from
    return f"{date.max.toordinal() - (0 if event is None else event.day().toordinal()):07d}"


def _text(value: object) -> str:
    return f"{value.precision} {value.text()}" if isinstance(value, Moment) else str(value)


_COLOURS = {
    Standing.PASSED: Colour.GREEN,
    Standing.OPEN: Colour.AMBER,
    Standing.FAILED: Colour.RED,
}


def decide(
    found: Sequence[Verification],
    *,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    look_ahead: bool = True,
) -> HealthCode:
    """Return the health code of the person whom the first authentic certificate is about.

    Args:
        found: what `verify` made of each certificate, at the same instant and snapshot.
        snapshot: the rules that are asked.
        place: the destination.
        at: the instant of arrival; aware, in the zone of the port of entry.
        look_ahead: whether to compute from when until when, and what would help.
    """
    instant = epoch(at)
    claims = claims_of(found)
    old = aged(snapshot, place.country, instant)
    put = [
        Put(
            claim,
            (
                *doubts,
                *old,
                *unsure_rules(snapshot, place.country, claim.certificate, claim.signer, instant),
            ),
            assess(claim, snapshot, place, at),
        )
        for claim, doubts in (*claims.printed, *claims.counted)
    ]
    if not put:
        return _nothing(found, place, instant, snapshot)
    best = best_of(put)
    colour = _COLOURS[best.standing()]
    notes = (*inferred(claims.certain(), best), *claims.notes)
    because = (*best.doubts, *best.answer.findings, *notes)
    if colour is Colour.RED and any(second_decides(one.claim, snapshot, place, at) for one in put):
        colour, because = Colour.AMBER, (*best.doubts, Finding(Code.SECOND_CERTIFICATE), *notes)
    if colour is Colour.RED and any(map(_unseen, found)):
        # What could not be read, or whose signer is not known here, may be what is missing: that is
        # our trouble, and refuses nobody.
        colour = Colour.AMBER
    if colour is not Colour.GREEN:
        unclear = (d for one in put for d in one.doubts if d.code is Code.HOLDER_UNCLEAR)
        because = tuple(dict.fromkeys((*because, *unclear, *_left_out(found))))
    code = HealthCode(
        colour, because, best.answer.outcomes, None, None, (), place, instant, snapshot.number
    )
    if not look_ahead or unsure_rules(snapshot, place.country, None, None, instant):
        # By rules that may be others by now nobody is told how long to wait, or what to get.
        return code
    certain = [
        claim
        for claim in claims.certain()
        if not unsure_rules(snapshot, place.country, claim.certificate, claim.signer, instant)
    ]
    return outlook.complete_with(code, certain, snapshot, at)


def _left_out(found: Sequence[Verification]) -> Iterator[Finding]:
    """Yield which of what was handed in was refused or not read, and why: nobody asks for it again."""
    for number, one in enumerate(found, 1):
        reasons = [f for f in without_no_rules(one) if f.code.severity is not Severity.NOTE]
        if one.certificate is None or any(f.code.severity is Severity.ERROR for f in reasons):
            yield Finding(Code.CERTIFICATE_LEFT_OUT, f"certificate {number}")
            yield from reasons


def _unseen(one: Verification) -> bool:
    """Tell whether what was handed in could not be looked into, which proves nothing against it."""
    return (
        one.certificate is None
        and one.verdict.colour is not Colour.RED
        and any(finding.code.severity is Severity.WARNING for finding in one.verdict.findings)
    )


def _nothing(
    found: Sequence[Verification], place: Destination, instant: int, snapshot: Snapshot
) -> HealthCode:
    # Nothing authentic was shown: red if all was refused, else amber, with the findings of each.
    findings = tuple(dict.fromkeys(f for one in found for f in without_no_rules(one)))
    undecided = any(one.verdict.colour is not Colour.RED for one in found)
    colour = Colour.AMBER if undecided else Colour.RED
    because = findings or (Finding(Code.TEXT_EMPTY),)
    return HealthCode(colour, because, (), None, None, (), place, instant, snapshot.number)
