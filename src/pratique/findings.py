"""The closed list of what a check can find, and the verdict that it comes to.

    steps -> findings -> the most severe decides -> GREEN | AMBER | RED

`docs/reference/findings.md` is this list in prose.

1. Each code has one step, one severity, what it means, and what the person at the desk does next.
2. A code, once released, keeps its name and its meaning; no text from outside ever becomes one.
3. The most severe finding decides the colour. GREEN is said by rules only: whatever cannot be decided is
   AMBER, never GREEN. No personal data, no number.
4. A finding's `where` names a field ("v[0].dt"), never its content.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum, unique
from typing import NamedTuple

from pratique.terms import Severity, Step

__all__ = ["UNREAD", "Code", "Severity", "Step"]


@unique
class Code(Enum):
    """The closed list of findings: (step, severity, what it means, what to do next)."""

    step: Step
    severity: Severity
    meaning: str
    next_step: str

    def __init__(self, step: Step, severity: Severity, meaning: str, next_step: str) -> None:
        self.step, self.severity = step, severity
        self.meaning, self.next_step = meaning, next_step

    def __hash__(self) -> int:
        return hash(self.name)

    # fmt: off
    TEXT_EMPTY = (Step.TEXT, Severity.WARNING, "there is no text", "scan the code again")
    TEXT_TOO_LONG = (Step.TEXT, Severity.WARNING,
        "the text is longer than any single code can be", "scan one code only")
    TEXT_SEVERAL = (Step.TEXT, Severity.WARNING,
        "the text holds several codes", "scan one code only")
    PREFIX_UNKNOWN = (Step.TEXT, Severity.WARNING,
        "no code of a health certificate is recognised in it",
        "scan again; ask for the code of the health certificate itself")
    FORMAT_NOT_READ = (Step.TEXT, Severity.WARNING,
        "it is of a known format that is not read here",
        "check it by hand, or ask for the vaccination, test or recovery in another format")
    FILE_NOT_READ = (Step.TEXT, Severity.WARNING,
        "it is a file of a kind that is not read here",
        "save it as a picture (PNG, JPEG) or a PDF, or take a screenshot")
    INPUT_UNREADABLE = (Step.TEXT, Severity.WARNING,
        "no code could be read from this input", "scan the code again")
    UNFORESEEN = (Step.TEXT, Severity.WARNING,
        "the check was stopped by a fault of this program; it says nothing about the certificate",
        "check by hand; report the fault")
    PARTS_MISSING = (Step.TEXT, Severity.WARNING,
        "it is spread over several codes, and not all of them were read",
        "scan the other codes of the same certificate too")
    PARTS_CONFLICT = (Step.TEXT, Severity.WARNING,
        "the codes that were read do not belong together: one is there twice, or bears a number that cannot be",
        "scan each of the codes of one certificate once")
    TEXT_DAMAGED = (Step.TEXT, Severity.WARNING,
        "the text is damaged", "scan the code again")
    SEPARATORS_LOST = (Step.TEXT, Severity.WARNING,
        "its separators, which no screen shows, were lost on the way: nobody can tell where its fields end",
        "scan the code again, with a scanner that hands control characters on, or from a picture of it")
    KEYBOARD_LAYOUT = (Step.TEXT, Severity.WARNING,
        "the scanner and this computer are set to different keyboard layouts",
        "set the scanner to this computer's layout, then scan again")
    KEYBOARD_MAPPED = (Step.TEXT, Severity.NOTE,
        "it was typed under another keyboard layout than the scanner's, and was read all the same",
        "set the scanner to this computer's layout")
    CASE_FLIPPED = (Step.TEXT, Severity.NOTE,
        "its letters came in lower case, and were read all the same",
        "switch caps lock off, or correct the scanner's setting")
    BASE45_INVALID = (Step.BASE45, Severity.WARNING,
        "the text is damaged (Base45)", "scan the code again")
    COMPRESSION_INVALID = (Step.COMPRESSION, Severity.WARNING,
        "the text is damaged (compression)", "scan the code again")
    COMPRESSION_BOMB = (Step.COMPRESSION, Severity.ERROR,
        "the text unpacks to more than any certificate holds", "refuse it")
    COMPRESSION_TRAILING = (Step.COMPRESSION, Severity.ERROR,
        "something was appended to the certificate", "refuse it")
    ARCHIVE_REFUSED = (Step.COMPRESSION, Severity.ERROR,
        "its archive is not one file that every reader sees alike", "refuse it")
    CBOR_MALFORMED = (Step.STRUCTURE, Severity.ERROR,
        "the content is not well-formed", "scan the code again")
    CBOR_DEPTH = (Step.STRUCTURE, Severity.ERROR, "the content is nested too deeply", "refuse it")
    CBOR_SIZE = (Step.STRUCTURE, Severity.ERROR, "the content has too many parts", "refuse it")
    CBOR_DUPLICATE_KEY = (Step.STRUCTURE, Severity.ERROR,
        "a field is there twice, so that two readers could see two contents", "refuse it")
    CBOR_TAG = (Step.STRUCTURE, Severity.ERROR,
        "the content uses a data type that is not allowed", "refuse it")
    CBOR_INTEGER = (Step.STRUCTURE, Severity.ERROR,
        "the content holds a number that is too large", "refuse it")
    CBOR_TRAILING = (Step.STRUCTURE, Severity.ERROR,
        "something was appended to the content", "refuse it")
    COSE_INVALID = (Step.STRUCTURE, Severity.ERROR,
        "the content is not a signed message", "refuse it")
    JSON_INVALID = (Step.STRUCTURE, Severity.ERROR,
        "the content is not well-formed JSON", "scan the code again")
    JSON_DUPLICATE_KEY = (Step.STRUCTURE, Severity.ERROR,
        "a member of its JSON is there twice, so that two readers could see two contents", "refuse it")
    JSON_LIMITS = (Step.STRUCTURE, Severity.ERROR,
        "the content is nested too deeply, has too many parts, or holds a number that is no plain one", "refuse it")
    HEADER_REFUSED = (Step.STRUCTURE, Severity.ERROR,
        "the head of the signed message is not as its format allows", "refuse it")
    CONTEXT_UNKNOWN = (Step.STRUCTURE, Severity.WARNING,
        "it takes the meaning of its fields from a vocabulary (JSON-LD context) that is not held here",
        "check it by hand; a vocabulary is never fetched")
    TERM_REFUSED = (Step.STRUCTURE, Severity.ERROR,
        "a field is written in a way that its signature would cover differently from how it is read", "refuse it")
    SIGNATURE_FORM = (Step.STRUCTURE, Severity.ERROR,
        "the signature is not of its format's form", "refuse it")
    KID_UNPROTECTED = (Step.STRUCTURE, Severity.NOTE,
        "the key's identifier is not covered by the signature (allowed, and met)", "nothing")
    ALGORITHM_REFUSED = (Step.SIGNER, Severity.ERROR,
        "the signature names an algorithm that is not the signer's", "refuse it")
    SIGNER_UNKNOWN = (Step.SIGNER, Severity.WARNING,
        "the key that signed it is not in the trust list held here",
        "update the trust list, or check by hand")
    SIGNER_UNREADABLE = (Step.SIGNER, Severity.WARNING,
        "the signer's own X.509 certificate cannot be read, so that its limits are unknown",
        "check by hand; tell the issuing country")
    SIGNER_WEAK = (Step.SIGNER, Severity.WARNING,
        "the signer's own key is too weak, or of a kind that no signature is believed of",
        "check by hand; tell the issuing country")
    SEAL_CHAIN_WRONG = (Step.SIGNER, Severity.ERROR,
        "the certificate in the seal names an authority that is held here, which has not signed it",
        "refuse it")
    SEAL_CHAIN_UNREAD = (Step.SIGNER, Severity.WARNING,
        "the authority's signature under the certificate in the seal is of a kind that proves nothing here",
        "check by hand; tell the issuing country")
    SEAL_PURPOSE = (Step.SIGNER, Severity.ERROR,
        "the certificate in the seal is not one for seals alone", "refuse it")
    SEAL_OF_AUTHORITY = (Step.SIGNER, Severity.ERROR,
        "the certificate in the seal is an authority's own, which signs no documents", "refuse it")
    SEAL_KEY_USAGE = (Step.SIGNER, Severity.ERROR,
        "the key of the certificate in the seal may not sign documents", "refuse it")
    SEAL_COUNTRY = (Step.SIGNER, Severity.ERROR,
        "the certificate in the seal is of another country than its authority, or than the seal names", "refuse it")
    SIGNATURE_INVALID = (Step.SIGNATURE, Severity.ERROR,
        "the signature is wrong: forged, altered or damaged", "scan again once, then refuse it")
    CLAIMS_INVALID = (Step.CLAIMS, Severity.ERROR,
        "the signed content is not laid out as a certificate", "refuse it")
    CLAIM_UNKNOWN = (Step.CLAIMS, Severity.WARNING,
        "it is signed, but of a kind that is not known here", "check by hand")
    LINK_NOT_FOLLOWED = (Step.CLAIMS, Severity.WARNING,
        "it is a link to documents elsewhere (Verifiable Health Link), which is never followed",
        "ask for a certificate that holds its content")
    CLAIM_KEY_TEXT = (Step.CLAIMS, Severity.NOTE,
        "a claim's key is written as text instead of a number", "nothing")
    CLAIM_IGNORED = (Step.CLAIMS, Severity.NOTE,
        "it holds a claim that is not known here, and is not judged", "nothing")
    INSTANT_FRACTION = (Step.CLAIMS, Severity.NOTE,
        "an instant is not written as a whole number of seconds", "nothing")
    INSTANT_MILLISECONDS = (Step.CLAIMS, Severity.NOTE,
        "an instant is given in milliseconds instead of seconds", "nothing")
    GROUPS_SEVERAL = (Step.CONTENT, Severity.ERROR,
        "it attests several kinds of thing at once, which no certificate may", "refuse it")
    GROUP_MISSING = (Step.CONTENT, Severity.ERROR, "it attests nothing", "refuse it")
    NAME_MISSING = (Step.CONTENT, Severity.ERROR, "it names nobody", "refuse it")
    FIELD_MISSING = (Step.CONTENT, Severity.ERROR,
        "a field that every such certificate has is missing", "refuse it")
    FIELD_TYPE = (Step.CONTENT, Severity.ERROR, "a field holds the wrong kind of value", "refuse it")
    FIELD_TWICE = (Step.CONTENT, Severity.ERROR,
        "a field is there twice, so that two readers could see two contents", "refuse it")
    FIELD_CUT = (Step.CONTENT, Severity.NOTE,
        "a text on it was cut off for want of room", "compare the beginning of it with the passport")
    SCHEMA_DEVIATION = (Step.CONTENT, Severity.NOTE,
        "a field is not quite as its schema asks, but can be read", "nothing")
    TERM_UNSIGNED = (Step.CONTENT, Severity.ERROR,
        "it holds a field that its signature does not cover: anybody can have added it",
        "refuse it; the holder asks the issuer for a new certificate")
    TERMS_ALIKE = (Step.CONTENT, Severity.WARNING,
        "two of its fields can be changed round without harm to its signature, and stand as no issuer writes them",
        "read them on another document, or ask the issuer")
    NO_EVENT = (Step.CONTENT, Severity.WARNING,
        "it is genuine, and holds no vaccination, test or recovery that entry rules could judge",
        "ask for another certificate, or check by hand")
    STATES_NO_EVENT = (Step.CONTENT, Severity.NOTE,
        "it is a pass: its issuer's policy was met when it was made; it states no vaccination, test or recovery",
        "ask for the certificate of the vaccination, test or recovery itself")
    NOT_MAPPED = (Step.CONTENT, Severity.NOTE,
        "part of what it attests cannot be said in the terms of entry rules without a guess",
        "read it on the certificate, and apply the rules that ask for it by hand")
    SUBJECT_UNCLEAR = (Step.CONTENT, Severity.WARNING,
        "it does not say of one person alone whose it is", "check by hand")
    DOSES_BELOW_ONE = (Step.CONTENT, Severity.WARNING,
        "a number of doses is below one, so that no course can be told from it",
        "read the number of doses on the paper")
    DATE_UNREADABLE = (Step.CONTENT, Severity.WARNING, "a date cannot be read", "read it on the paper")
    BORN_AFTER_ISSUE = (Step.CONTENT, Severity.WARNING,
        "by its dates the holder was born after it was issued",
        "compare the date of birth with the passport")
    EVENT_AFTER_ISSUE = (Step.CONTENT, Severity.WARNING,
        "by its dates it was issued before what it attests",
        "compare the dates on the paper; ask the issuer")
    EVENT_TO_COME = (Step.CONTENT, Severity.WARNING,
        "by its date what it attests has not happened yet",
        "check this device's clock; compare the dates on the paper")
    EVENT_BEFORE_BIRTH = (Step.CONTENT, Severity.WARNING,
        "by its dates what it attests lies before the holder's birth",
        "compare the date of birth with the passport")
    VERSION_UNKNOWN = (Step.CONTENT, Severity.WARNING,
        "it follows a version of the data format that is not known here",
        "update Pratique, or check by hand")
    TEST_POSITIVE = (Step.CONTENT, Severity.WARNING,
        "it attests a positive test: an infection was found",
        "it is no proof of a negative test; apply the entry rules by hand")
    EXPIRY_MISSING = (Step.VALIDITY, Severity.WARNING,
        "it does not say until when it may be read", "check by hand")
    ISSUED_MISSING = (Step.VALIDITY, Severity.WARNING,
        "it does not say when it was issued", "check by hand")
    INSTANT_UNREADABLE = (Step.VALIDITY, Severity.ERROR,
        "its time of issue, of expiry or of first use is not a time", "refuse it")
    EXPIRED = (Step.VALIDITY, Severity.ERROR,
        "the time in which the code may be read is over (the dose itself does not expire by this)",
        "the holder asks the issuer for a renewed code")
    NOT_YET_VALID = (Step.VALIDITY, Severity.ERROR,
        "it is issued in the future, or is to be used from a later time only",
        "check this device's clock, then refuse it")
    CLOCK_LEEWAY = (Step.VALIDITY, Severity.NOTE,
        "it begins in the next five minutes: clocks differ by that much",
        "check this device's clock")
    STATED_VALIDITY_OVER = (Step.VALIDITY, Severity.WARNING,
        "it says itself that what it attests counts no longer",
        "check by hand: a yellow fever dose counts for life (IHR 2005, Annex 7)")
    STATED_VALIDITY_NOT_BEGUN = (Step.VALIDITY, Severity.WARNING,
        "it says itself that what it attests does not count yet",
        "read on the certificate from which day it counts")
    EXPIRES_BEFORE_ISSUE = (Step.VALIDITY, Severity.ERROR,
        "it ends before it was issued", "refuse it")
    ISSUED_BEFORE_SIGNER = (Step.KEY_VALIDITY, Severity.ERROR,
        "it says that it was issued before its signing key was in use", "refuse it")
    EXPIRES_AFTER_SIGNER = (Step.KEY_VALIDITY, Severity.ERROR,
        "it says that it lasts longer than its signing key", "refuse it")
    SIGNER_EXPIRED = (Step.KEY_VALIDITY, Severity.ERROR,
        "its signing key's time is over", "the holder asks the issuer for a renewed code")
    SIGNER_ENDED = (Step.KEY_VALIDITY, Severity.WARNING,
        "its signing key's time is over, and codes of this format state no end of their own",
        "check by hand; the holder may ask the issuer for a renewed code")
    SIGNER_NOT_YET = (Step.KEY_VALIDITY, Severity.ERROR,
        "its signing key is not in use yet", "refuse it")
    SCA_DEAD = (Step.KEY_VALIDITY, Severity.WARNING,
        "the authority above its signing key is no longer in use", "check by hand")
    SIGNER_LIST_EXPIRED = (Step.KEY_VALIDITY, Severity.WARNING,
        "the time is over for which its signing key's list was signed",
        "import the list again from its publisher, or check by hand")
    SCA_NOT_YET = (Step.KEY_VALIDITY, Severity.WARNING,
        "the authority above its signing key is not in use yet", "check this device's clock, then by hand")
    SCA_UNKNOWN = (Step.KEY_VALIDITY, Severity.WARNING,
        "no authority that its participant has brought into the network has issued its signing key",
        "check by hand; tell the issuing country")
    SIGNER_SELF_SIGNED = (Step.KEY_VALIDITY, Severity.WARNING,
        "its signing key vouches for itself: no authority of its participant has issued it",
        "check by hand; tell the issuing country")
    SCA_UNFIT = (Step.KEY_VALIDITY, Severity.WARNING,
        "the authority above its signing key may not have issued it, or did not",
        "check by hand; tell the issuing country")
    USAGE_WRONG = (Step.USAGE, Severity.ERROR,
        "its signing key may not sign this kind of certificate", "refuse it")
    DOMAIN_WRONG = (Step.USAGE, Severity.WARNING,
        "its signing key is listed for another kind of document (trust domain) than this",
        "check by hand; tell the issuing country")
    COUNTRY_WRONG = (Step.COUNTRY, Severity.ERROR,
        "its signing key belongs to another country than the one it names as issuer", "refuse it")
    SIGNER_WITHOUT_COUNTRY = (Step.COUNTRY, Severity.WARNING,
        "its signing key is bound to no country, so that nothing can be compared",
        "check by hand; tell the trust list's publisher")
    ISSUER_WITHOUT_COUNTRY = (Step.COUNTRY, Severity.NOTE,
        "its issuer is known by its full name in its scheme, and is bound to no country", "nothing")
    COUNTRY_MISSING = (Step.COUNTRY, Severity.WARNING,
        "it names no country, so that the signing key's own cannot be compared",
        "check by hand; tell the issuing country")
    ISSUER_UNMAPPED = (Step.COUNTRY, Severity.NOTE,
        "the issuer's name is no country code; the country of the event was compared instead",
        "nothing")
    EVENT_ABROAD = (Step.COUNTRY, Severity.NOTE,
        "the dose, test or illness was in another country than the issuer's", "nothing")
    ENVIRONMENT_WRONG = (Step.ENVIRONMENT, Severity.ERROR,
        "it is a specimen: signed with a test key", "refuse it")
    SIGNER_WITHDRAWN = (Step.NETWORK, Severity.ERROR,
        "its issuer has withdrawn the signing key, for all that the key has signed",
        "the holder asks the issuer for a new code; the dose itself is not in question")
    SIGNER_CONTRADICTED = (Step.NETWORK, Severity.WARNING,
        "an imported list and the network say different things of its signing key; the stricter counts",
        "check by hand; forget the imported list, or tell its publisher")
    PARTICIPANT_SUSPENDED = (Step.NETWORK, Severity.WARNING,
        "its issuer is suspended for some days, by seats of the authority that are named in public",
        "check by hand; the holder has done nothing wrong")
    PARTICIPANT_LAPSED = (Step.NETWORK, Severity.WARNING,
        "its issuer has not confirmed its keys in time",
        "check by hand; tell the issuing country")
    PARTICIPANT_UNVERIFIABLE = (Step.NETWORK, Severity.WARNING,
        "what its issuer has published last is missing or damaged here",
        "sync again, or check by hand")
    SUSPENSIONS_UNKNOWN = (Step.NETWORK, Severity.WARNING,
        "the list of suspended issuers is missing or damaged here: its issuer may be suspended",
        "sync again, or check by hand; the holder has done nothing wrong")
    RULES_LAPSED = (Step.NETWORK, Severity.WARNING,
        "the destination has not confirmed its rules in time",
        "apply its present rules by hand; tell the destination")
    RULES_UNVERIFIABLE = (Step.NETWORK, Severity.WARNING,
        "what the destination's rules rest on is missing or damaged here: they may be others by now",
        "sync again, or apply its present rules by hand")
    DATA_OLD = (Step.NETWORK, Severity.WARNING,
        "what is held here is older than the destination allows", "sync, or check by hand")
    DATA_TOO_OLD = (Step.NETWORK, Severity.WARNING,
        "what is held here is so old that nothing can be concluded from it", "sync first")
    CLOCK_BEHIND = (Step.NETWORK, Severity.WARNING,
        "this device's clock is behind the time that the network has signed",
        "set the clock, then check again")
    REVOKED = (Step.REVOCATION, Severity.ERROR,
        "its issuer has revoked it",
        "the holder asks the issuer, who can issue a new one if it was a mistake")
    REVOCATION_UNCONFIRMED = (Step.REVOCATION, Severity.WARNING,
        "it may have been revoked; the lists held here cannot tell", "check by hand")
    REVOCATION_LIST_EXPIRED = (Step.REVOCATION, Severity.WARNING,
        "the list of what its issuer has revoked is out of date here",
        "update the revocation lists, or check by hand")
    NO_RULES = (Step.RULES, Severity.WARNING,
        "it is authentic and in force; no destination's rules were asked",
        "apply the entry rules by hand")
    NO_RULES_FOR_COUNTRY = (Step.RULES, Severity.WARNING,
        "the destination has published no rules",
        "apply the entry rules by hand")
    NO_RULES_YET = (Step.RULES, Severity.WARNING,
        "none of the destination's rules is in force yet",
        "apply the entry rules by hand; ask again for the day of arrival")
    RULES_ENDED = (Step.RULES, Severity.WARNING,
        "the destination's rules that are held here are no longer in force",
        "update the rules, or apply the entry rules by hand")
    RULES_FOR_REGIONS_ONLY = (Step.RULES, Severity.WARNING,
        "the destination has rules for regions only, and none for this place",
        "name the region, as in --to COUNTRY/REGION, or apply the entry rules by hand")
    NO_RULE_FOR_KIND = (Step.RULES, Severity.WARNING,
        "the destination has rules, but none for this kind of certificate",
        "ask for another certificate, or apply the entry rules by hand")
    RULE_FAILED = (Step.RULES, Severity.ERROR,
        "a rule of the destination is not met", "tell the holder which rule, and what would help")
    RULE_OPEN = (Step.RULES, Severity.WARNING,
        "a rule of the destination cannot be decided", "apply this rule by hand")
    VALUE_SET_MISSING = (Step.RULES, Severity.WARNING,
        "a value set that a rule looks into is not held here, or was not in force then",
        "import or sync the value sets, or apply the rule by hand")
    FIELD_NOT_MAPPED = (Step.RULES, Severity.WARNING,
        "a rule of the destination reads what a certificate of this format does not say in the rules' terms",
        "read it on the certificate, and apply the rule by hand")
    ISSUER_RULES_UNKNOWN = (Step.RULES, Severity.WARNING,
        "of which country its issuer is is not known here, so that no issuer's own rules could be asked",
        "import the issuer's keys again with --country, or check by hand")
    SECOND_CERTIFICATE = (Step.RULES, Severity.WARNING,
        "it attests one dose of several; the rest of the course may be on another certificate",
        "ask for the certificate of the other dose, or of a recovery")
    SEARCH_TOO_LONG = (Step.RULES, Severity.NOTE,
        "until when this holds, or what would help, was not searched for: the rules make it too long",
        "read the destination's rules")
    COURSE_COUNTED = (Step.RULES, Severity.NOTE,
        "the number of doses was counted over all doses and illnesses that were shown", "nothing")
    DOSE_PRINTED_TWICE = (Step.RULES, Severity.NOTE,
        "two prints may be of one dose (a reprint, a correction); it was counted once",
        "if they are two doses, ask for a print that numbers them")
    CERTIFICATE_LEFT_OUT = (Step.RULES, Severity.NOTE,
        "a certificate that was handed in is not counted, for the reason told with it",
        "see to that first: what is asked for may be on it")
    HOLDER_UNCLEAR = (Step.RULES, Severity.WARNING,
        "two certificates may or may not be one person's", "compare them by hand")
    HOLDER_DIFFERENT = (Step.RULES, Severity.NOTE,
        "a certificate of another person was left out", "show each person's certificates apart")
    # fmt: on


UNREAD: frozenset[Code] = frozenset(
    {
        Code.TEXT_EMPTY, Code.TEXT_TOO_LONG, Code.TEXT_SEVERAL, Code.PREFIX_UNKNOWN,
        Code.FILE_NOT_READ, Code.INPUT_UNREADABLE, Code.UNFORESEEN, Code.KEYBOARD_LAYOUT,
        Code.BASE45_INVALID, Code.COMPRESSION_INVALID, Code.PARTS_MISSING, Code.PARTS_CONFLICT,
        Code.TEXT_DAMAGED, Code.SEPARATORS_LOST,
    }
)  # fmt: skip
"""What says that nothing was read: "scan again", and never a reason against the holder.

A scanner, a camera or a cable makes each of these of a good code. Behind a good checksum (RFC 1950)
nothing is damage any more: what is wrong there was so when it was made, and is RED.
"""


class Colour(StrEnum):
    """The three outcomes a desk can act on."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


# Of an enumeration, Python 3.11 looks a member up slowly: here once, since every text pays.
_RED, _AMBER = Colour.RED, Colour.AMBER
_ERROR = Severity.ERROR


class Finding(NamedTuple):
    """One thing that a check found: a code, and where in the certificate.

    `where` is a field's name ("v[0].dt", "exp"); it never holds the field's content.
    """

    code: Code
    where: str = ""


class Verdict(NamedTuple):
    """The outcome of a verification: a colour, the findings, and the step it stopped at."""

    colour: Colour
    findings: tuple[Finding, ...]
    stopped_at: Step | None = None

    def steps(self) -> dict[Step, str]:
        """Return the outcome of each check: "passed", "fault", "doubt" or "not reached"."""
        reached = list(Step) if self.stopped_at is None else []
        for step in Step if self.stopped_at is not None else ():
            reached.append(step)
            if step is self.stopped_at:
                break
        return {step: self._outcome(step) if step in reached else "not reached" for step in Step}

    def _outcome(self, step: Step) -> str:
        severities = {f.code.severity for f in self.findings if f.code.step is step}
        for severity in (Severity.ERROR, Severity.WARNING):
            if severity in severities:
                return severity.value
        return "passed"


def conclude(
    findings: Iterable[Finding], stopped_at: Step | None = None, *, rules_met: bool = False
) -> Verdict:
    """Weigh findings into a verdict.

    No finding at all is AMBER: nobody has said that it may pass. Only a destination's rules, all met,
    say so, and only where nothing else is in doubt.
    """
    found = tuple(findings)
    # `refuses`, without a call: every text with a finding pays for it, and for how a verdict is made.
    for code, _ in found:
        if code.severity is _ERROR:
            return tuple.__new__(Verdict, (_RED, found, stopped_at))
    if not rules_met:
        return tuple.__new__(Verdict, (_AMBER, found, stopped_at))
    doubted = any(finding.code.severity is Severity.WARNING for finding in found)
    return Verdict(Colour.AMBER if doubted else Colour.GREEN, found, stopped_at)


def refuses(findings: Iterable[Finding]) -> bool:
    """Tell whether any of the findings is a fault."""
    for code, _ in findings:  # noqa: SIM110 - a generator costs more than the loop; every text pays
        if code.severity is _ERROR:
            return True
    return False
