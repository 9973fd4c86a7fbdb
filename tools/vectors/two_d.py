"""French 2D-DOC: a proof of vaccination (L1), one of a test (B2), and each check and trap of them.

Source: ANTS, 2D-DOC specification 3.1.3. The authority FR99 is invented.
"""

from __future__ import annotations

from tools.vectors import keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, facts, red
from tools.vectors.foreign import GS, RS, US, Fields, base32, dose_2d, test_2d, two_d_doc

DOSED = facts(
    "vaccination", domain="2D-DOC", signer="FR", name="SAMPLEOVA TESTINA", birth_date="1984-02-29"
)
TESTED = facts(
    "test", domain="2D-DOC", signer="FR", name="SAMPLEOVA TESTINA", birth_date="1984-02-29"
)
_SPEC = "ANTS 2D-DOC 3.1.3"
_Row = tuple[str, str, str, str, Outcome, Fields | None]
MAPPED = amber("NOT_MAPPED", "NO_RULES")


def cases() -> Cases:
    """Make the cases of `2d-doc`."""
    for name, title, why, text, expected, seen in [*_doses(), *_tests(), *_seals()]:
        yield Case(f"2d-doc/{name}", title, why, text, expected, facts=seen)


def _l1(by: str = "french-doses", **changes: str | None) -> str:
    return two_d_doc(dose_2d(**changes), "L1", by=by)


def _b2(by: str = "french-tests", **changes: str | None) -> str:
    return two_d_doc(test_2d(**changes), "B2", by=by)


def _doses() -> list[_Row]:
    return [
        ("dose", "the last dose of a course", _SPEC, _l1(), GOOD, DOSED),
        ("dose-runs", "the first of two", _SPEC, _l1(L7="1", LA="CO"), GOOD, DOSED),
        ("dose-names", "three given names", "given names stand with / between", _l1(L1="TESTINA/ANNA/EVA"), GOOD, DOSED | {"name": "SAMPLEOVA TESTINA ANNA EVA"}),
        ("dose-lunar", "born on a day of a lunar calendar", "months up to 50, day 30: it is no date, and its year alone would make one person of two", _l1(L2="30501984"), MAPPED, DOSED | {"birth_date": None}),
        ("dose-birth-year", "of the birth date the year is known", "00 is a part that is not known", _l1(L2="00001984"), GOOD, DOSED | {"birth_date": "1984"}),
        ("dose-product", "a product of no known name", "free text: not guessed", _l1(L5="VACCIN ANTI COVID", L6="LABORATOIRE"), MAPPED, DOSED),
        ("dose-contradicts", "product and maker are of two products", "neither is believed", _l1(L6="MODERNA"), MAPPED, DOSED),
        ("dose-state", "the course is over by one field, and runs by another", "which counts is not said", _l1(L7="1", L8="2", LA="TE"), MAPPED, DOSED),
        ("dose-undated", "its day is none", "a dose without a date is none that rules can judge", _l1(L9="31022026"), amber("DATE_UNREADABLE", "NO_EVENT"), None),
        ("dose-no-name", "it has no surname", "required", _l1(L0=None), red("FIELD_MISSING"), None),
        ("dose-field", "a field that is not known", "how long it is, nobody knows: what follows cannot be told apart", two_d_doc(dose_2d(LA=None) | {"LZ": "1", "LA": "TE"}, "L1", by="french-doses"), amber("CLAIM_UNKNOWN"), None),
        ("dose-cut", "its surname was cut off", "RS in place of GS says so", _signed(_l1().partition(US)[0].replace(GS, RS, 1)), amber("FIELD_CUT", "NO_RULES"), DOSED),
        ("dose-twice", "its number of doses stands there twice", "two readers could see two doses", _signed(_l1().partition(US)[0] + "L71"), red("FIELD_TWICE"), None),
    ]  # fmt: skip


def _signed(message: str) -> str:
    key = keys.SIGNERS["french-doses"].key
    return message + US + base32(keys.sign(key, message.encode()))


def _tests() -> list[_Row]:
    return [
        ("test", "a negative PCR test; its LOINC is without a hyphen", "945006 is 94500-6", _b2(), GOOD, TESTED),
        ("test-short", "its LOINC is without its check digit", "94309 is 94309-2", _b2(F4="94309"), GOOD, TESTED),
        ("test-rapid", "a negative rapid test", _SPEC, _b2(F4="945584"), GOOD, TESTED),
        ("test-positive", "a positive test", "genuine, and no proof of a negative test", _b2(F5="P"), amber("TEST_POSITIVE", "NO_RULES"), TESTED),
        ("test-unfit", "result X: the sample was unfit", "it is no result", _b2(F5="X"), amber("NOT_MAPPED", "NO_EVENT"), None),
        ("test-indeterminate", "result I", "it is neither of the two", _b2(F5="I"), amber("NOT_MAPPED", "NO_EVENT"), None),
        ("test-antibody", "a test for antibodies", "it says nothing about an infection", _b2(F4="945071"), amber("NOT_MAPPED", "NO_EVENT"), None),
        ("test-hour", "sampled at an hour that Paris had twice", "which of the two is not said: its day is", _b2(F6="261020250230"), GOOD, TESTED),
    ]  # fmt: skip


def _seals() -> list[_Row]:
    text, unknown = _l1(), amber("SIGNER_UNKNOWN")
    bare = text.replace(GS, "").replace(US, "")
    return [
        ("separators-lost", "a scanner dropped GS and US", "never put back by guess: a field could end elsewhere", bare, amber("SEPARATORS_LOST"), None),
        ("us-lost", "a scanner dropped US", "as before", text.replace(US, ""), amber("SEPARATORS_LOST"), None),
        ("annex", "an annex behind the signature", "it is not signed, and not read", two_d_doc(dose_2d(), "L1", by="french-doses", annex="A1SOMETHING"), amber("CLAIM_IGNORED", "NO_RULES"), DOSED),
        ("version-3", "a header of version 3", "it has no country", two_d_doc(dose_2d(), "L1", by="french-doses", version="03"), GOOD, DOSED),
        ("type", "a type of document that is not read", "an invoice, say", two_d_doc(dose_2d(), "00", by="french-doses"), amber("FORMAT_NOT_READ"), None),
        ("perimeter", "another perimeter", "a type means something else there", two_d_doc(dose_2d(), "L1", by="french-doses", perimeter="02"), amber("FORMAT_NOT_READ"), None),
        ("wrong", "another key signed it", "identifiers prove nothing", two_d_doc(dose_2d(), "L1", by="french-doses", sign=lambda data: keys.sign("stranger", data)), red("SIGNATURE_INVALID"), None),
        ("altered", "dose 2 was dose 1 when it was signed", "a signature is right or not", _l1(L7="1").replace("L71L8", "L72L8"), red("SIGNATURE_INVALID"), None),
        ("der", "the signature is DER", "r and s of fixed length", two_d_doc(dose_2d(), "L1", by="french-doses", sign=lambda data: keys.sign_der("sylvania-2", data)), red("SIGNATURE_FORM"), None),
        ("cut", "its end is missing", "scan again", text[:-40], amber("TEXT_DAMAGED"), None),
        ("authority", "the known certificate's identifier, of another authority", "a certificate's identifier alone names nothing", two_d_doc(dose_2d(), "L1", by="french-doses", authority="FR98"), unknown, None),
        ("identifier", "the known authority, another certificate", "as before", two_d_doc(dose_2d(), "L1", by="french-doses", identifier="XV02"), unknown, None),
        ("usage", "a test, signed by the key for doses", "a type must fit its key", _b2(by="french-doses"), red("USAGE_WRONG"), TESTED),
        ("country", "the header says Germany", "its key is bound to France", two_d_doc(dose_2d(), "L1", by="french-doses", country="DE"), red("COUNTRY_WRONG"), DOSED),
    ]  # fmt: skip
