"""What a clerk is told about what was handed in: a closed list, and never the content.

    cells -> read_row | fhir.read | examine -> Remark(code, column), ...

1. A remark names a column, never what stood in it: remarks may be printed, kept and sent.
2. What `refuses` stops the record; the others are questions that a clerk answers.
3. A code, once released, keeps its name and its meaning; no text from outside ever becomes one.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, unique
from typing import NamedTuple

_STOPS, _ASKS = True, False


@unique
class RemarkCode(Enum):
    """The closed list of remarks: (refuses, what it means, what to do next)."""

    refuses: bool
    meaning: str
    next_step: str

    def __init__(self, refuses: bool, meaning: str, next_step: str) -> None:
        self.refuses, self.meaning, self.next_step = refuses, meaning, next_step

    def __hash__(self) -> int:
        return hash(self.name)

    # fmt: off
    ROW_MALFORMED = (
        _STOPS, "the row has more cells than the header, or is no row at all",
        "look for a separator or a quote too many",
    )
    ROW_TOO_LONG = (_STOPS, "the row is longer than any record", "look for a quote that is not closed")
    ROW_MERGED = (
        _STOPS, "cells of this row are merged with others, so that it is not told what they hold",
        "split the merged cells, and fill in each",
    )
    COLUMN_UNKNOWN = (_ASKS, "this column is not known and was not read", "check how the column is spelled")
    KIND_UNKNOWN = (
        _STOPS, "it does not say what is to be attested, or something that is not known here",
        "fill in kind: vaccination, test, recovery or exemption",
    )
    KIND_UNCLEAR = (_STOPS, "the filled columns belong to several kinds", "fill in kind, or empty the others")
    DOMAIN_UNKNOWN = (_STOPS, "this data format is not issued here", "fill in DCC or ICVP")
    KIND_NOT_IN_DOMAIN = (
        _STOPS, "this data format cannot attest this kind", "use DCC; ICVP attests vaccinations only",
    )
    FIELD_MISSING = (_STOPS, "the column must be filled for this kind", "fill it in")
    FIELD_TOO_LONG = (_STOPS, "it is longer than the data format allows", "shorten it as the travel document does")
    FIELD_UNREADABLE = (_STOPS, "it is neither a text nor a number", "fill in a text")
    CONTROL_CHARACTER = (
        _STOPS, "it holds a character that cannot be seen, or that turns the direction of writing",
        "type it anew by hand",
    )
    ENCODING_WRONG = (
        _STOPS, "its letters are not written in UTF-8, so that they cannot be told",
        "save the table as CSV UTF-8",
    )
    FORMULA_LIKE = (
        _STOPS, "it begins as a formula does (= + - @, a tab): a spreadsheet would run it",
        "type it anew without that sign",
    )
    NUMBER_UNREADABLE = (_STOPS, "it is not a whole number from 1 to 99", "fill in the number in digits")
    DATE_UNREADABLE = (_STOPS, "it is not written as a date, or there is no such day", "write YYYY-MM-DD")
    DATE_INCOMPLETE = (_STOPS, "the day must be known here", "write YYYY-MM-DD in full")
    INSTANT_UNREADABLE = (_STOPS, "it is not written as a timestamp, or there is no such time", "write 2026-02-20T09:30:00+01:00")
    INSTANT_WITHOUT_ZONE = (
        _STOPS, "the time does not say its zone, so that it could be half a day off",
        "add Z or +01:00",
    )
    DATE_IN_FUTURE = (_STOPS, "it has not happened yet", "correct the date, or this computer's clock")
    DATE_BEFORE_BIRTH = (_STOPS, "it lies before the birth", "correct one of the two dates")
    DATES_REVERSED = (_STOPS, "it ends before it begins", "correct one of the two dates")
    VALIDITY_OVER = (_ASKS, "its own validity is already over", "issue it only if it is asked for as proof")
    BIRTH_IMPOSSIBLE = (
        _STOPS, "the birth lies in the future, or in a year that the data format cannot hold",
        "correct the date",
    )
    BIRTH_UNKNOWN = (
        _ASKS, "the birth date was said to be unknown: it is harder to show whose it is",
        "fill in the year at least, if a document says it",
    )
    AGE_UNLIKELY = (_ASKS, "the person would be older than 115 years", "look at the year again")
    NAME_NOT_TRANSLITERATED = (
        _STOPS, "no letter of the name can be written in A to Z",
        "copy the transliteration from the travel document",
    )
    NAME_READING_UNSURE = (
        _ASKS, "the script does not settle how the name is read",
        "compare the transliteration with the travel document",
    )
    NAME_UNCLEAR = (
        _ASKS, "the record has several names, or none that is in force today",
        "compare the name with the travel document",
    )
    NAME_UNDIVIDED = (
        _ASKS, "the whole name stands as the surname: it is not told which part is the forename",
        "look at the certificate's name, and fill in both parts where there are two",
    )
    PERSON_DECEASED = (_ASKS, "the record says that the person has died", "look whose record it is")
    NAME_DIFFERS_BY_STATE = (
        _ASKS, "states write these letters in different ways, and nothing tells which one is meant",
        "compare the transliteration with the travel document",
    )
    NAME_HAS_SIGN = (
        _ASKS, "a name holds a sign that no travel document shows",
        "look at the name; save the table as CSV UTF-8",
    )
    NAME_GARBLED = (
        _ASKS, "its letters look like those of a file that was read in a wrong encoding",
        "look at the name; was the table saved as CSV UTF-8?",
    )
    NAME_HAS_DIGIT = (_ASKS, "a name holds a digit, which no travel document shows", "look at the name again")
    ICAO_MALFORMED = (
        _STOPS, "a transliteration holds something else than A to Z and <",
        "copy it from the lines at the foot of the travel document",
    )
    CODE_UNKNOWN = (
        _STOPS, "this code is not in the value set", "look it up, or load the newest value sets",
    )
    CODE_INACTIVE = (_ASKS, "this code is no longer in use", "use it only for an event of its time")
    COUNTRY_MALFORMED = (_STOPS, "it must be a two-letter code, or a three-letter one of a nationality (ICVP)", "write XA (ICVP: nationality XXA)")
    PRODUCT_MANUFACTURER_MISMATCH = (
        _ASKS, "the product is another manufacturer's", "leave the manufacturer empty to have it filled in",
    )
    PRODUCT_PROPHYLAXIS_MISMATCH = (
        _ASKS, "the product is of another type of vaccine", "leave the type empty to have it filled in",
    )
    PRODUCT_DISEASE_MISMATCH = (_STOPS, "the product protects from another disease", "correct one of the two")
    PRODUCT_NOT_IN_DOMAIN = (
        _STOPS, "the product is not in this data format's catalogue",
        "use the other data format, or load its catalogue",
    )
    BEFORE_PRODUCT_EXISTED = (_ASKS, "nobody was given this product so early", "look at the date again")
    BEFORE_DISEASE_KNOWN = (_ASKS, "the disease was not known so early", "look at the date again")
    DOSE_BEYOND_SERIES = (
        _ASKS, "the dose's number exceeds the number of doses: it will be read as a booster",
        "correct it if it is none",
    )
    DOSE_ORDER = (_ASKS, "a dose with a higher number was given earlier", "look at both doses again")
    DOSE_REPEATED = (_ASKS, "the same dose is recorded twice", "issue one of the two")
    DOSE_INTERVAL_SHORT = (
        _ASKS, "it was given sooner after the dose before than the product's shortest interval",
        "look at both dates again",
    )
    RECORD_REPEATED = (_ASKS, "the same event of the same person is recorded twice", "issue one of the two")
    LOT_MISSING = (_ASKS, "no lot is recorded: this dose cannot be found when a lot is recalled", "fill it in")
    PLACE_MISSING = (_STOPS, "neither who is responsible nor the clinician is said", "fill in one of the two")
    GUARDIAN_MISSING = (
        _STOPS, "the person is a minor, and no parent or guardian is named", "fill in guardian",
    )
    DEVICE_MISSING = (
        _STOPS, "an antigen test must say which device was used", "fill in the number in the list of devices",
    )
    RESULT_POSITIVE = (
        _ASKS, "the test found the disease: it opens no border",
        "issue a recovery when its time has come, or this one as a record of the illness",
    )
    RECOVERY_TOO_EARLY = (
        _ASKS, "it begins sooner than 11 days after the first positive test",
        "set valid_from to the eleventh day",
    )
    RECOVERY_TOO_LONG = (
        _ASKS, "it lasts longer than 180 days after the first positive test", "set valid_until earlier",
    )
    RESOURCE_UNREADABLE = (_STOPS, "the document is not laid out as FHIR R4", "export it anew")
    RESOURCE_NOT_READ = (_ASKS, "a resource of this kind is not read here", "nothing, if it was not meant to be issued")
    REFERENCE_UNRESOLVED = (
        _STOPS, "it refers to a patient who is not in the same document or export",
        "export the patient with it",
    )
    EVENT_NOT_COMPLETED = (
        _STOPS, "it does not say that it was completed and is final", "issue only what was completed",
    )
    EVENT_NOT_DONE = (
        _ASKS, "it is marked as not done or entered in error: there is nothing to attest",
        "nothing, if the mark is right",
    )
    NO_EVENT = (
        _ASKS, "the document holds no vaccination and no test", "export them with the patient",
    )
    KEY_MISSING = (
        _STOPS, "no signing key that is live may attest this kind, or each has signed what was planned",
        "make one: pratique issuer keys add",
    )
    NOT_PRINTED = (
        _ASKS, "it is issued, but not printed: no font here can write it, or the sheet has no room for it",
        "print its text with pratique issuer print: --fonts DIR for a script, --layout for room",
    )
    # fmt: on


class Remark(NamedTuple):
    """One thing to tell the clerk: a code, and the column; never the content."""

    code: RemarkCode
    column: str = ""


def refuses(remarks: Iterable[Remark]) -> bool:
    """Tell whether any of the remarks stops the record."""
    return any(remark.code.refuses for remark in remarks)


def placed(place: str, remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Return remarks about an event with its place in a document: `entry[3].given_on`."""
    if not place:
        return remarks
    return tuple(Remark(code, f"{place}.{column}" if column else place) for code, column in remarks)
