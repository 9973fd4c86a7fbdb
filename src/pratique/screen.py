"""What an officer's screen may show of a traveller: a word, a name, a birth date, and reasons with their next step.

    texts, in the order they were scanned -> codes -> Verifications -> HealthCode -> Screen -> JSON

1. By type there is no product, date of a dose, number of doses, disease or kind of certificate in a `Screen`, nor
   any rule's text: its fields are the only ones there are, and its reasons are words of one closed table.
2. GREEN says nothing but whose it is: of a vaccination, a test, a recovery and an exemption it is the same screen.
3. Whatever in a certificate's content is not as the rules ask is one reason, and what cannot be decided is another.
   Why, only the holder's own wallet tells.
4. The text that was scanned last is answered: unread it is "scan again", as a part of a code "more to come".
   Of those before, what was not read is forgotten.
5. GREEN is shown for one person only. What was scanned beside it and is another's, or was refused or not known
   without a name that is the same, makes it AMBER: else the traveller before would let the next one pass.
6. Nothing here reads a clock, a file or a network, and nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum, unique
from typing import Any, NamedTuple

from pratique import errors, strict_json
from pratique.assess import without_no_rules
from pratique.decision import Likeness, claims_of, decide, likeness
from pratique.describe import appeal_of
from pratique.errors import PratiqueError
from pratique.findings import UNREAD, Code, Colour, Finding, Severity
from pratique.formats import parts, wrapping
from pratique.formats.parts import Gathered
from pratique.formats.wrapping import Unwrapped
from pratique.model import Moment, Person, Precision, silent
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.text import printable
from pratique.trust.registry import CLOCK_SLACK, IMPORTED, older
from pratique.verification import OpenedText, Verification, epoch, judged, noted, opened, unread

# ----------------------------------------------------------------------------------------------------
# Reasons in words: each finding's, and what the person at the desk does next.
#
#     Code -> ReasonKey -> StepKey            keys of the word tables [reasons] and [steps]


@unique
class StepKey(StrEnum):
    """What to do next: keys of the word table `[steps]`."""

    SCAN_AGAIN = "scan-again"
    SCAN_ONE = "scan-one"
    SCAN_OTHERS = "scan-others"
    SCAN_EACH_ONCE = "scan-each-once"
    SET_SCANNER = "set-scanner"
    ASK_HEALTH_CODE = "ask-health-code"
    ASK_OTHER_FORMAT = "ask-other-format"
    SAVE_AS_PICTURE = "save-as-picture"
    REFUSE = "refuse"
    SCAN_AGAIN_THEN_REFUSE = "scan-again-then-refuse"
    HOLDER_RENEWS = "holder-renews"
    HOLDER_ASKS_ISSUER = "holder-asks-issuer"
    HOLDER_READS_WHY = "holder-reads-why"
    ANOTHER_CERTIFICATE = "another-certificate"
    NEXT_TRAVELLER = "next-traveller"
    COMPARE_BY_HAND = "compare-by-hand"
    CHECK_CLOCK = "check-clock"
    SET_REGION = "set-region"
    RULES_BY_HAND = "rules-by-hand"
    UPDATE_OR_BY_HAND = "update-or-by-hand"
    SYNC_FIRST = "sync-first"
    BY_HAND = "by-hand"
    BY_HAND_REPORT = "by-hand-report"


@unique
class ReasonKey(StrEnum):
    """Why a screen is not green: keys of the word table `[reasons]`, in the order in which they are shown."""

    # What was scanned.
    SCAN_AGAIN = "scan-again"
    SEVERAL_CODES = "several-codes"
    MORE_CODES = "more-codes"
    CODES_MIXED = "codes-mixed"
    SCANNER_SETTING = "scanner-setting"
    NO_HEALTH_CODE = "no-health-code"
    FILE_NOT_READ = "file-not-read"
    FORMAT_NOT_READ = "format-not-read"
    PROGRAM_FAULT = "program-fault"
    # Whose it is.
    OTHER_PERSON = "other-person"
    PERSON_UNCLEAR = "person-unclear"
    # Whether it is genuine.
    SPECIMEN = "specimen"
    SIGNATURE_BAD = "signature-bad"
    MALFORMED = "malformed"
    KEY_UNFIT = "key-unfit"
    KEY_WITHDRAWN = "key-withdrawn"
    REVOKED = "revoked"
    EXPIRED_CODE = "expired-code"
    NOT_YET_VALID = "not-yet-valid"
    ISSUER_UNKNOWN = "issuer-unknown"
    KEY_IN_DOUBT = "key-in-doubt"
    REVOCATION_UNSURE = "revocation-unsure"
    NETWORK_SUSPENDED = "network-suspended"
    NETWORK_UNSURE = "network-unsure"
    CONTENT_UNKNOWN = "content-unknown"
    CONTENT_IN_DOUBT = "content-in-doubt"
    # What is held here.
    CLOCK_WRONG = "clock-wrong"
    DATA_TOO_OLD = "data-too-old"
    DATA_OLD = "data-old"
    # What the destination says.
    NO_RULES = "no-rules"
    REGION_MISSING = "region-missing"
    RULES_UNSURE = "rules-unsure"
    NOT_MET = "not-met"
    NOT_DECIDED = "not-decided"
    SECOND_CERTIFICATE = "second-certificate"


_R, _S = ReasonKey, StepKey

NEXT_STEPS: Mapping[ReasonKey, StepKey] = {
    _R.SCAN_AGAIN: _S.SCAN_AGAIN,
    _R.SEVERAL_CODES: _S.SCAN_ONE,
    _R.MORE_CODES: _S.SCAN_OTHERS,
    _R.CODES_MIXED: _S.SCAN_EACH_ONCE,
    _R.SCANNER_SETTING: _S.SET_SCANNER,
    _R.NO_HEALTH_CODE: _S.ASK_HEALTH_CODE,
    _R.FILE_NOT_READ: _S.SAVE_AS_PICTURE,
    _R.FORMAT_NOT_READ: _S.ASK_OTHER_FORMAT,
    _R.PROGRAM_FAULT: _S.BY_HAND_REPORT,
    _R.OTHER_PERSON: _S.NEXT_TRAVELLER,
    _R.PERSON_UNCLEAR: _S.COMPARE_BY_HAND,
    _R.SPECIMEN: _S.REFUSE,
    _R.SIGNATURE_BAD: _S.SCAN_AGAIN_THEN_REFUSE,
    _R.MALFORMED: _S.REFUSE,
    _R.KEY_UNFIT: _S.REFUSE,
    _R.KEY_WITHDRAWN: _S.HOLDER_ASKS_ISSUER,
    _R.REVOKED: _S.HOLDER_ASKS_ISSUER,
    _R.EXPIRED_CODE: _S.HOLDER_RENEWS,
    _R.NOT_YET_VALID: _S.CHECK_CLOCK,
    _R.ISSUER_UNKNOWN: _S.UPDATE_OR_BY_HAND,
    _R.KEY_IN_DOUBT: _S.BY_HAND,
    _R.REVOCATION_UNSURE: _S.UPDATE_OR_BY_HAND,
    _R.NETWORK_SUSPENDED: _S.BY_HAND,
    _R.NETWORK_UNSURE: _S.UPDATE_OR_BY_HAND,
    _R.CONTENT_UNKNOWN: _S.UPDATE_OR_BY_HAND,
    _R.CONTENT_IN_DOUBT: _S.BY_HAND,
    _R.CLOCK_WRONG: _S.CHECK_CLOCK,
    _R.DATA_TOO_OLD: _S.SYNC_FIRST,
    _R.DATA_OLD: _S.UPDATE_OR_BY_HAND,
    _R.NO_RULES: _S.RULES_BY_HAND,
    _R.REGION_MISSING: _S.SET_REGION,
    _R.RULES_UNSURE: _S.RULES_BY_HAND,
    _R.NOT_MET: _S.HOLDER_READS_WHY,
    _R.NOT_DECIDED: _S.RULES_BY_HAND,
    _R.SECOND_CERTIFICATE: _S.ANOTHER_CERTIFICATE,
}

_C = Code
_CODES_OF: Mapping[ReasonKey, frozenset[Code]] = {
    key: frozenset(codes)
    for key, codes in {
        _R.SCAN_AGAIN: {
            _C.TEXT_EMPTY, _C.INPUT_UNREADABLE, _C.TEXT_DAMAGED, _C.TEXT_TOO_LONG, _C.BASE45_INVALID,
            _C.COMPRESSION_INVALID,
        },
        _R.SEVERAL_CODES: {_C.TEXT_SEVERAL},
        _R.MORE_CODES: {_C.PARTS_MISSING},
        _R.CODES_MIXED: {_C.PARTS_CONFLICT},
        _R.SCANNER_SETTING: {
            _C.SEPARATORS_LOST, _C.KEYBOARD_LAYOUT, _C.KEYBOARD_MAPPED, _C.CASE_FLIPPED,
        },
        _R.NO_HEALTH_CODE: {_C.PREFIX_UNKNOWN},
        _R.FILE_NOT_READ: {_C.FILE_NOT_READ},
        _R.FORMAT_NOT_READ: {_C.FORMAT_NOT_READ, _C.LINK_NOT_FOLLOWED},
        _R.PROGRAM_FAULT: {_C.UNFORESEEN},
        _R.OTHER_PERSON: {_C.HOLDER_DIFFERENT},
        _R.PERSON_UNCLEAR: {_C.HOLDER_UNCLEAR, _C.SUBJECT_UNCLEAR},
        _R.SPECIMEN: {_C.ENVIRONMENT_WRONG},
        _R.SIGNATURE_BAD: {_C.SIGNATURE_INVALID},
        _R.MALFORMED: {
            _C.COMPRESSION_BOMB, _C.COMPRESSION_TRAILING, _C.ARCHIVE_REFUSED, _C.CBOR_MALFORMED, _C.CBOR_DEPTH,
            _C.CBOR_SIZE, _C.CBOR_DUPLICATE_KEY, _C.CBOR_TAG, _C.CBOR_INTEGER, _C.CBOR_TRAILING, _C.COSE_INVALID,
            _C.JSON_INVALID, _C.JSON_DUPLICATE_KEY, _C.JSON_LIMITS, _C.HEADER_REFUSED, _C.TERM_REFUSED,
            _C.SIGNATURE_FORM, _C.CLAIMS_INVALID, _C.GROUPS_SEVERAL, _C.GROUP_MISSING, _C.NAME_MISSING,
            _C.FIELD_MISSING, _C.FIELD_TYPE, _C.FIELD_TWICE, _C.TERM_UNSIGNED, _C.INSTANT_UNREADABLE,
            _C.EXPIRES_BEFORE_ISSUE,
        },
        _R.KEY_UNFIT: {
            _C.ALGORITHM_REFUSED, _C.SEAL_CHAIN_WRONG, _C.SEAL_PURPOSE, _C.SEAL_OF_AUTHORITY, _C.SEAL_KEY_USAGE,
            _C.SEAL_COUNTRY, _C.ISSUED_BEFORE_SIGNER, _C.EXPIRES_AFTER_SIGNER, _C.SIGNER_NOT_YET, _C.USAGE_WRONG,
            _C.COUNTRY_WRONG,
        },
        _R.KEY_WITHDRAWN: {_C.SIGNER_WITHDRAWN},
        _R.REVOKED: {_C.REVOKED},
        _R.EXPIRED_CODE: {_C.EXPIRED, _C.SIGNER_EXPIRED},
        _R.NOT_YET_VALID: {_C.NOT_YET_VALID},
        _R.ISSUER_UNKNOWN: {_C.SIGNER_UNKNOWN},
        _R.KEY_IN_DOUBT: {
            _C.SIGNER_UNREADABLE, _C.SIGNER_WEAK, _C.SEAL_CHAIN_UNREAD, _C.SIGNER_ENDED, _C.SCA_DEAD,
            _C.SIGNER_LIST_EXPIRED, _C.SCA_NOT_YET, _C.SCA_UNKNOWN, _C.SIGNER_SELF_SIGNED, _C.SCA_UNFIT,
            _C.DOMAIN_WRONG, _C.SIGNER_WITHOUT_COUNTRY, _C.COUNTRY_MISSING, _C.SIGNER_CONTRADICTED,
        },
        _R.REVOCATION_UNSURE: {_C.REVOCATION_UNCONFIRMED, _C.REVOCATION_LIST_EXPIRED},
        _R.NETWORK_SUSPENDED: {_C.PARTICIPANT_SUSPENDED},
        _R.NETWORK_UNSURE: {
            _C.PARTICIPANT_LAPSED, _C.PARTICIPANT_UNVERIFIABLE, _C.SUSPENSIONS_UNKNOWN,
        },
        _R.CONTENT_UNKNOWN: {_C.CLAIM_UNKNOWN, _C.VERSION_UNKNOWN, _C.CONTEXT_UNKNOWN},
        _R.CONTENT_IN_DOUBT: {
            _C.TERMS_ALIKE, _C.DATE_UNREADABLE, _C.BORN_AFTER_ISSUE, _C.EVENT_AFTER_ISSUE, _C.EVENT_TO_COME,
            _C.EVENT_BEFORE_BIRTH, _C.EXPIRY_MISSING, _C.ISSUED_MISSING,
        },
        _R.CLOCK_WRONG: {_C.CLOCK_BEHIND, _C.CLOCK_LEEWAY},
        _R.DATA_TOO_OLD: {_C.DATA_TOO_OLD},
        _R.DATA_OLD: {_C.DATA_OLD},
        _R.NO_RULES: {
            _C.NO_RULES, _C.NO_RULES_FOR_COUNTRY, _C.NO_RULES_YET, _C.RULES_ENDED,
        },
        _R.REGION_MISSING: {_C.RULES_FOR_REGIONS_ONLY},
        _R.RULES_UNSURE: {_C.RULES_LAPSED, _C.RULES_UNVERIFIABLE},
        _R.NOT_MET: {_C.RULE_FAILED},
        # Which of these it is would tell what the certificate attests, and what of it is amiss.
        _R.NOT_DECIDED: {
            _C.RULE_OPEN, _C.NO_RULE_FOR_KIND, _C.VALUE_SET_MISSING, _C.FIELD_NOT_MAPPED, _C.ISSUER_RULES_UNKNOWN,
            _C.TEST_POSITIVE, _C.NO_EVENT, _C.DOSES_BELOW_ONE, _C.STATED_VALIDITY_OVER,
            _C.STATED_VALIDITY_NOT_BEGUN,
        },
        _R.SECOND_CERTIFICATE: {_C.SECOND_CERTIFICATE},
    }.items()
}  # fmt: skip

UNSAID: frozenset[Code] = frozenset(
    {
        _C.KID_UNPROTECTED, _C.CLAIM_KEY_TEXT, _C.CLAIM_IGNORED, _C.INSTANT_FRACTION, _C.INSTANT_MILLISECONDS,
        _C.FIELD_CUT, _C.SCHEMA_DEVIATION, _C.STATES_NO_EVENT, _C.NOT_MAPPED, _C.ISSUER_WITHOUT_COUNTRY,
        _C.ISSUER_UNMAPPED, _C.EVENT_ABROAD, _C.SEARCH_TOO_LONG, _C.COURSE_COUNTED, _C.DOSE_PRINTED_TWICE,
        _C.CERTIFICATE_LEFT_OUT,
    }
)  # fmt: skip
"""Notes that ask nothing of an officer: no screen says them."""

REASONS: Mapping[Code, ReasonKey] = {
    code: key for key, codes in _CODES_OF.items() for code in codes
}
"""Finding -> its reason. Together with `UNSAID` it holds every finding there is."""

_DOUBTS = {
    _R.KEY_IN_DOUBT, _R.REVOCATION_UNSURE, _R.NETWORK_SUSPENDED, _R.NETWORK_UNSURE, _R.CONTENT_UNKNOWN,
    _R.CONTENT_IN_DOUBT, _R.NOT_DECIDED,
}  # fmt: skip
"""What is in doubt about a certificate. Where it is refused, that is no reason, and would only tell more of it."""


class ScreenReason(NamedTuple):
    """Why, and what to do next: keys of the word tables `[reasons]` and `[steps]`."""

    reason: ReasonKey
    step: StepKey


def reasons_of(findings: Iterable[Finding], *, refused: bool = False) -> tuple[ScreenReason, ...]:
    """Return the reasons for an officer, each once, in the table's order.

    Args:
        findings: what was found; notes but that of another person's certificate are left out.
        refused: it is RED; then what is in doubt about the certificate is no reason.
    """
    keys = {
        REASONS[code]
        for code, _ in findings
        if code in REASONS and (code.severity is not Severity.NOTE or code is Code.HOLDER_DIFFERENT)
    }
    if refused:
        keys -= _DOUBTS
    elif _R.NOT_MET in keys:
        # Of the content one reason is shown at most.
        keys.discard(_R.NOT_DECIDED)
    return tuple(ScreenReason(key, NEXT_STEPS[key]) for key in ReasonKey if key in keys)


# ----------------------------------------------------------------------------------------------------
# The texts of one traveller, as people and devices hand them in.


class CodeOrigin(NamedTuple):
    """Where a code came from.

    Attributes:
        texts: the places of its texts among those that were handed in, from 0.
        codes: what stood in its pictures: itself, or the codes of a card that was put together, in their order.
    """

    texts: tuple[int, ...]
    codes: tuple[str, ...]

    def __repr__(self) -> str:
        return "<CodeOrigin: not shown>"


class HandedIn(NamedTuple):
    """The codes that texts hold, and how it stands with the text that came last.

    Attributes:
        codes: as they stand in their pictures; cards of several codes are put together. What was not read
            is there too, with its finding.
        origins: of each code, where it came from.
        last: what became of the last text: a code was read ("read"), nothing was ("again"), or it is part of
            a card of which some are to come ("more").
        waiting: how many codes of that card were read, of how many; where `last` is "more".
    """

    codes: tuple[Unwrapped, ...]
    origins: tuple[CodeOrigin, ...]
    last: str
    waiting: Waiting | None = None

    def __repr__(self) -> str:
        return "<HandedIn: not shown>"


class Waiting(NamedTuple):
    """How many codes of one card were read, and of how many."""

    read: int
    of: int


def handed_in(texts: Sequence[str]) -> HandedIn:
    """Return the codes that the texts of one traveller hold, scanned one after the other."""
    gathering = parts.Gathering()
    codes: list[tuple[Unwrapped, CodeOrigin]] = []
    last, waiting = "again", None
    for number, text in enumerate(texts):
        came = set[str]()
        for piece in _codes_in(text):
            if piece.finding is not None or not wrapping.is_part(piece.text):
                codes.append((piece, CodeOrigin((number,), (piece.text,))))
                misread = piece.finding is not None and piece.finding.code in UNREAD
                came.add("again" if misread else "read")
                continue
            card = gathering.add(piece.text, f"{number}:{piece.text}")
            if card is not None:
                codes.append((piece._replace(text=card.text, finding=card.finding), _origin(card)))
            # The same chunk of a card that is whole is one chunk, and nothing more is to come.
            waits = (
                waiting_card
                for waiting_card in gathering.missing()
                if piece.text in _origin(waiting_card).codes
            )
            begun = next(waits, None)
            if card is not None or begun is None:
                came.add("read")
            elif (waiting := waiting_of(begun.finding)) is not None:
                came.add("more")
            # Else it is of two cards: which chunk is whose nobody knows.
        last = next((word for word in ("read", "more", "again") if word in came), "again")
    missing = list(gathering.missing())
    codes += [(Unwrapped(card.text, finding=card.finding), _origin(card)) for card in missing]
    return HandedIn(
        tuple(code for code, _ in codes),
        tuple(origin for _, origin in codes),
        last,
        waiting if last == "more" else None,
    )


def _origin(card: Gathered) -> CodeOrigin:
    labels = [label.partition(":") for label in card.labels]
    numbers = sorted({int(number) for number, _, _ in labels})
    return CodeOrigin(tuple(numbers), tuple(dict.fromkeys(chunk for _, _, chunk in labels)))


def _codes_in(text: str) -> list[Unwrapped]:
    if len(text) > wrapping.LONGEST:
        return [Unwrapped("", finding=Finding(Code.TEXT_TOO_LONG))]
    return list(wrapping.codes_in(text)) or [Unwrapped("", finding=Finding(Code.TEXT_EMPTY))]


_READ_OF = re.compile("([0-9]+) of ([0-9]+) read")


def waiting_of(finding: Finding | None) -> Waiting | None:
    """Return how many codes of a card were read, of how many; None of what is no such finding."""
    match = None if finding is None else _READ_OF.fullmatch(finding.where)
    return None if match is None else Waiting(int(match[1]), int(match[2]))


@silent
class OpenedCode(NamedTuple):
    """A code whose signature was checked, to be judged; or why there is nothing to judge.

    Attributes:
        text: what was opened, or the finding.
        notes: what was made good where the code was taken out of what was handed in.
    """

    text: OpenedText | Finding
    notes: tuple[Finding, ...] = ()


def opened_codes(codes: Iterable[Unwrapped], snapshot: Snapshot) -> list[OpenedCode]:
    """Open each code once, to be judged at as many instants as are asked about; see `judged_codes`."""
    return [_opened(code, snapshot) for code in codes]


def judged_codes(
    codes: Iterable[OpenedCode],
    snapshot: Snapshot,
    at: datetime,
    place: Destination | None = None,
) -> list[Verification]:
    """Return what comes of each code, at one instant; `snapshot` has the signers that they were opened with."""
    return [_judged(code, snapshot, at, place) for code in codes]


def verified(
    codes: Iterable[Unwrapped],
    snapshot: Snapshot,
    at: datetime,
    place: Destination | None = None,
) -> list[Verification]:
    """Return what comes of each code, at one instant; a fault of this program stops one code."""
    return judged_codes(opened_codes(codes, snapshot), snapshot, at, place)


def _opened(code: Unwrapped, snapshot: Snapshot) -> OpenedCode:
    if code.finding is not None:
        return OpenedCode(code.finding, code.notes)
    try:
        return OpenedCode(opened(code.text, snapshot), code.notes)
    except PratiqueError:
        raise
    except Exception as error:  # noqa: BLE001 - the next code is opened all the same
        return OpenedCode(Finding(Code.UNFORESEEN, errors.place_of(error)))


def _judged(
    code: OpenedCode, snapshot: Snapshot, at: datetime, place: Destination | None
) -> Verification:
    if isinstance(code.text, Finding):
        return unread(code.text, code.notes)
    try:
        return noted(judged(code.text, snapshot=snapshot, at=at, place=place), code.notes)
    except PratiqueError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return unread(Finding(Code.UNFORESEEN, errors.place_of(error)))


# ----------------------------------------------------------------------------------------------------
# The screen.


class ScreenOutcome(StrEnum):
    """The one word of a screen."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    SPECIMEN = "specimen"
    """Signed with a key of another environment: for training and tests, and valid nowhere."""
    AGAIN = "again"
    """Nothing was read: the scanner's trouble, and never a reason against the holder."""
    MORE = "more"
    """A part of a card was read: its other codes are to come."""


@silent
class PartialDate(NamedTuple):
    """A date as precisely as it is signed: `month` and `day` are None where they are not known."""

    year: int
    month: int | None = None
    day: int | None = None


@silent
class ScreenPerson(NamedTuple):
    """Whose it is, to be compared with the passport. Nothing in it moves a cursor or turns a direction.

    Attributes:
        family, given: as signed in Latin letters, the fillers as blanks; empty where it is signed in none.
        family_native, given_native: as printed, where that is something else.
        born: None where it is not signed.
        cut: a name is cut off: the passport's goes on.
    """

    family: str
    given: str
    family_native: str
    given_native: str
    born: PartialDate | None
    cut: bool


@silent
class Screen(NamedTuple):
    """All that an officer sees of a traveller.

    Attributes:
        outcome: the word.
        person: None where nothing authentic names one.
        reasons: empty where it is GREEN.
        appeal: where the holder may appeal against their issuer or the network; contacts that participants have
            published.
        parts: how many codes of a card were read, where it is "more".
    """

    outcome: ScreenOutcome
    person: ScreenPerson | None = None
    reasons: tuple[ScreenReason, ...] = ()
    appeal: tuple[str, ...] = ()
    parts: Waiting | None = None


def screen(texts: Sequence[str], *, snapshot: Snapshot, place: Destination, at: datetime) -> Screen:
    """Return the screen of one traveller, whose certificates were scanned one after the other.

    Args:
        texts: as scanned, typed or read from pictures.
        snapshot: what is trusted, and the rules.
        place: where the traveller arrives.
        at: the instant of arrival; aware, in the zone of the port of entry.

    Raises:
        UsageError: `instant-naive`. No text raises.
    """
    scanned = handed_in(texts)
    verifications = verified(scanned.codes, snapshot, at)
    if scanned.last == "read":
        return screen_of(verifications, snapshot=snapshot, place=place, at=at)
    person = _person_of(verifications)
    if scanned.last == "more":
        more = reasons_of([Finding(Code.PARTS_MISSING)])
        return Screen(ScreenOutcome.MORE, person, more, parts=scanned.waiting)
    misread = [
        verification
        for verification in verifications
        if verification.unread and not has(verification, Code.PARTS_MISSING)
    ]
    return _again(misread[-1].verdict.findings if misread else ())


def _again(findings: Iterable[Finding]) -> Screen:
    reasons = reasons_of(findings) or reasons_of([Finding(Code.TEXT_EMPTY)])
    return Screen(ScreenOutcome.AGAIN, reasons=reasons)


def screen_of(
    verifications: Sequence[Verification], *, snapshot: Snapshot, place: Destination, at: datetime
) -> Screen:
    """Return the screen of one traveller, by what `verify` made of each certificate."""
    # Part of a card was read, and the rest may decide; of a misread nothing is known.
    known = [
        verification
        for verification in verifications
        if not verification.unread or has(verification, Code.PARTS_MISSING)
    ]
    if not known or all(verification.unread for verification in known):
        return _again(
            finding for verification in verifications for finding in verification.verdict.findings
        )
    person = _person_of(known)
    if all(has(verification, Code.ENVIRONMENT_WRONG) for verification in known):
        reasons = reasons_of([Finding(Code.ENVIRONMENT_WRONG)])
        return Screen(ScreenOutcome.SPECIMEN, person, reasons)
    code = decide(known, snapshot=snapshot, place=place, at=at, look_ahead=False)
    because = [*code.because, *_strange(known)]
    outcome = ScreenOutcome(code.colour.value)
    if outcome is ScreenOutcome.GREEN:
        beside = reasons_of(because)
        return Screen(ScreenOutcome.AMBER, person, beside) if beside else Screen(outcome, person)
    reasons = reasons_of(because, refused=outcome is ScreenOutcome.RED)
    appeal = sorted({printable(appeal_of(verification, snapshot)) for verification in known} - {""})
    if not reasons:
        reasons = (ScreenReason(_R.NOT_DECIDED, NEXT_STEPS[_R.NOT_DECIDED]),)
    return Screen(outcome, person, reasons, tuple(appeal))


def has(verification: Verification, code: Code) -> bool:
    """Tell whether a verification has found this."""
    return any(finding.code is code for finding in verification.verdict.findings)


def holder_of(verifications: Iterable[Verification]) -> Person | None:
    """Return whom the first authentic certificate is about; of those that are refused, if all are."""
    persons = [
        (verification.verdict.colour is Colour.RED, verification.certificate.person)
        for verification in verifications
        if verification.certificate is not None
    ]
    return min(persons, key=lambda pair: pair[0])[1] if persons else None


def _person_of(verifications: Iterable[Verification]) -> ScreenPerson | None:
    person = holder_of(verifications)
    return None if person is None else shown_person(person)


def _strange(verifications: Sequence[Verification]) -> list[Finding]:
    """Return why something that was scanned may be another traveller's than the one who is shown."""
    first, claims = holder_of(verifications), claims_of(verifications)
    unclear = [d for _, doubts in claims.printed for d in doubts if d.code is Code.HOLDER_UNCLEAR]
    findings = [*claims.notes, *unclear]
    for verification in verifications:
        reasons = without_no_rules(verification)
        if verification.certificate is None:
            findings += reasons
        elif first is not None and any(f.code.severity is Severity.ERROR for f in reasons):
            # Refused: `decide` does not look at whose it is.
            same = likeness(first, verification.certificate.person)
            if same is not Likeness.SAME:
                unlike = same is Likeness.DIFFERENT
                whose = Code.HOLDER_DIFFERENT if unlike else Code.HOLDER_UNCLEAR
                findings += [Finding(whose), *reasons]
    return findings


_FILLERS = re.compile("[<\\s]+")


def shown_person(person: Person) -> ScreenPerson:
    """Return of a person what an officer compares with the passport."""
    family, family_native = _name(person.surname_icao, person.surname)
    given, given_native = _name(person.forename_icao, person.forename)
    return ScreenPerson(
        family,
        given,
        family_native,
        given_native,
        partial_date(person.birth_date),
        bool(person.cut),
    )


def _name(line: str | None, printed: str | None) -> tuple[str, str]:
    latin = _FILLERS.sub(" ", line or "").strip()
    native = (printed or "").strip()
    if not latin and _is_latin(native):
        latin, native = native, ""
    if native.casefold() == latin.casefold():
        native = ""
    return printable(latin), printable(native)


def _is_latin(name: str) -> bool:
    # Up to U+024F and the extended block lie the letters of Latin script that states print names in.
    return all(
        not sign.isalpha() or sign < "\u0250" or "\u1e00" <= sign < "\u1f00" for sign in name
    )


def partial_date(moment: Moment | None) -> PartialDate | None:
    """Return a date in numbers, so that a page writes the month in its reader's words."""
    if moment is None:
        return None
    day = moment.day()
    if moment.precision is Precision.YEAR:
        return PartialDate(day.year)
    return PartialDate(
        day.year, day.month, None if moment.precision is Precision.MONTH else day.day
    )


def to_json(shown: Screen) -> dict[str, Any]:
    """Return a screen as `docs/reference/bridge.md` describes it."""
    return strict_json.write(shown)


# ----------------------------------------------------------------------------------------------------
# How old is what is held here? In sight at every moment, whoever stands at the desk.


class HeldData(NamedTuple):
    """The data that this device judges by.

    Attributes:
        number: of the snapshot.
        created: seconds since the epoch: when the network last spoke; without one, when it was imported.
        age_seconds: at the instant of asking; 0 where the clock is behind.
        level: "fresh"; "old": AMBER at best; "stale": nothing can be concluded.
        clock: "ok", or "behind" what the network has signed.
    """

    number: int
    created: int
    age_seconds: int
    level: str
    clock: str


_LEVELS = {Code.DATA_OLD: "old", Code.DATA_TOO_OLD: "stale"}


def held_data(snapshot: Snapshot, country: str | None, at: datetime) -> HeldData:
    """Return how old the data is, by a destination's own measure."""
    instant, roll = epoch(at), snapshot.roll
    created = snapshot.created if roll is None else roll.published
    if roll is not None:
        finding = roll.age(country, instant)
    else:
        finding = older(created, instant, IMPORTED) if created else None
    behind = (finding is not None and finding.code is Code.CLOCK_BEHIND) or (
        roll is None and instant < created - CLOCK_SLACK
    )
    return HeldData(
        snapshot.number,
        created,
        max(0, instant - created),
        "fresh" if finding is None else _LEVELS.get(finding.code, "fresh"),
        "behind" if behind else "ok",
    )
