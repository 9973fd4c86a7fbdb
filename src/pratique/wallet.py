"""What a holder sees of their own certificates, on their own device.

    texts -> cards of people           texts, place, instant -> may I enter, why, until when, what would help

1. The same engine as at the border, and the same data: what the officer's screen comes to, the holder can know before.
2. A holder sees all that is theirs, in the words of the destination's own rules. No number rates a person.
3. Certificates that may be two people's are not put together; why, is told.
4. For an instant to come the data is as old as it is now: until then it is updated many times.
5. Nothing here reads a clock, a file or a network, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum, unique
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.authenticate import Help, event_of
from pratique.decision import Likeness, birth_dates, decide, likeness, name_likeness
from pratique.describe import appeal_of, rule_says
from pratique.findings import Code, Colour, Finding, Severity
from pratique.formats.wrapping import Unwrapped
from pratique.identify import IdentityReason
from pratique.model import KINDS, Entry, Moment, Person, Precision, silent
from pratique.rules.products import product_name
from pratique.rules.ruleset import Destination
from pratique.screen import (
    REASONS,
    CodeOrigin,
    HandedIn,
    PartialDate,
    ReasonKey,
    ScreenPerson,
    Waiting,
    handed_in,
    has,
    holder_of,
    partial_date,
    shown_person,
    verified,
    waiting_of,
)
from pratique.snapshot import Snapshot
from pratique.text import printable
from pratique.verification import Verification, epoch

# ----------------------------------------------------------------------------------------------------
# Reasons, for a holder: more than an officer's, and with steps of their own.


@unique
class HolderStep(StrEnum):
    """What a holder does next: keys of the word table `[steps]`, beside those of scanning."""

    SCAN_AGAIN = "scan-again"
    SCAN_ONE = "scan-one"
    SCAN_OTHERS = "scan-others"
    SCAN_EACH_ONCE = "scan-each-once"
    SET_SCANNER = "set-scanner"
    SAVE_AS_PICTURE = "save-as-picture"
    TAKE_HEALTH_CODE = "take-health-code"
    OTHER_CERTIFICATE = "other-certificate"
    ADD_CERTIFICATE = "add-certificate"
    ONE_PERSON = "one-person"
    ASK_ISSUER = "ask-issuer"
    ASK_DESTINATION = "ask-destination"
    CHOOSE_REGION = "choose-region"
    UPDATE_DATA = "update-data"
    SET_CLOCK = "set-clock"
    WAIT = "wait"
    SEE_RULES = "see-rules"
    SEE_CARD = "see-card"
    REPORT_FAULT = "report-fault"
    NOTHING = "nothing"


_R, _H, _C = ReasonKey, HolderStep, Code

_ASK_ISSUER = {
    _R.PERSON_UNCLEAR, _R.SIGNATURE_BAD, _R.MALFORMED, _R.KEY_UNFIT, _R.KEY_WITHDRAWN, _R.REVOKED,
    _R.EXPIRED_CODE, _R.KEY_IN_DOUBT, _R.NETWORK_SUSPENDED, _R.CONTENT_IN_DOUBT,
}  # fmt: skip
_UPDATE = {
    _R.ISSUER_UNKNOWN, _R.REVOCATION_UNSURE, _R.NETWORK_UNSURE, _R.CONTENT_UNKNOWN, _R.DATA_OLD,
    _R.DATA_TOO_OLD, _R.RULES_UNSURE,
}  # fmt: skip
HOLDER_STEPS: Mapping[ReasonKey, HolderStep] = {
    **dict.fromkeys(_ASK_ISSUER, _H.ASK_ISSUER),
    **dict.fromkeys(_UPDATE, _H.UPDATE_DATA),
    _R.SCAN_AGAIN: _H.SCAN_AGAIN,
    _R.SEVERAL_CODES: _H.SCAN_ONE,
    _R.MORE_CODES: _H.SCAN_OTHERS,
    _R.CODES_MIXED: _H.SCAN_EACH_ONCE,
    _R.SCANNER_SETTING: _H.SET_SCANNER,
    _R.NO_HEALTH_CODE: _H.TAKE_HEALTH_CODE,
    _R.FILE_NOT_READ: _H.SAVE_AS_PICTURE,
    _R.FORMAT_NOT_READ: _H.OTHER_CERTIFICATE,
    _R.PROGRAM_FAULT: _H.REPORT_FAULT,
    _R.OTHER_PERSON: _H.ONE_PERSON,
    _R.SPECIMEN: _H.NOTHING,
    _R.NOT_YET_VALID: _H.WAIT,
    _R.CLOCK_WRONG: _H.SET_CLOCK,
    _R.NO_RULES: _H.ASK_DESTINATION,
    _R.REGION_MISSING: _H.CHOOSE_REGION,
    _R.NOT_MET: _H.SEE_RULES,
    _R.NOT_DECIDED: _H.SEE_RULES,
    _R.SECOND_CERTIFICATE: _H.ADD_CERTIFICATE,
}

OWN_REASONS: Mapping[Code, tuple[str, HolderStep]] = {
    _C.STATED_VALIDITY_OVER: ("said-over", _H.ASK_ISSUER),
    _C.STATED_VALIDITY_NOT_BEGUN: ("said-not-begun", _H.WAIT),
    _C.TEST_POSITIVE: ("test-positive", _H.SEE_RULES),
    _C.NO_EVENT: ("no-event", _H.OTHER_CERTIFICATE),
    _C.STATES_NO_EVENT: ("no-event", _H.OTHER_CERTIFICATE),
    _C.NO_RULE_FOR_KIND: ("no-rule-for-kind", _H.OTHER_CERTIFICATE),
    _C.RULE_OPEN: ("rule-open", _H.SEE_RULES),
    _C.DOSES_BELOW_ONE: ("dose-unclear", _H.ASK_ISSUER),
    _C.COURSE_COUNTED: ("course-counted", _H.NOTHING),
    _C.DOSE_PRINTED_TWICE: ("dose-printed-twice", _H.ASK_ISSUER),
    _C.CERTIFICATE_LEFT_OUT: ("left-out", _H.SEE_CARD),
    _C.SEARCH_TOO_LONG: ("search-too-long", _H.SEE_RULES),
    _C.FIELD_CUT: ("name-cut-off", _H.NOTHING),
}
"""What an officer is not told, or told otherwise: each finding's reason and step, for its holder."""


class HolderReason(NamedTuple):
    """Why, and what the holder does next: keys of the word tables `[reasons]` and `[steps]`.

    `texts` are the places of the texts that it is about; empty where it is about all of them.
    """

    reason: str
    step: HolderStep
    texts: tuple[int, ...] = ()


def holder_reasons(
    findings: Iterable[Finding], origins: Sequence[CodeOrigin] = ()
) -> tuple[HolderReason, ...]:
    """Return the reasons for a holder, each once, in the order in which they were found."""
    texts: dict[tuple[str, HolderStep], set[int]] = {}
    for code, where in findings:
        own = OWN_REASONS.get(code)
        if own is None and code in REASONS and code not in _FOR_THE_DESK:
            key = REASONS[code]
            own = key.value, HOLDER_STEPS[key]
        if own is not None:
            texts.setdefault(own, set()).update(_texts_of(where, origins))
    return tuple(HolderReason(*key, tuple(sorted(places))) for key, places in texts.items())


_FOR_THE_DESK = {
    _C.NO_RULES, _C.KEYBOARD_MAPPED, _C.CASE_FLIPPED, _C.CLOCK_LEEWAY,
}  # fmt: skip
"""What no holder can do anything about: no rules were asked, and what was read all the same."""
_NUMBERED = "certificate "


def _texts_of(where: str, origins: Sequence[CodeOrigin]) -> tuple[int, ...]:
    number = where.removeprefix(_NUMBERED)
    if number == where or not number.isdigit() or not 1 <= int(number) <= len(origins):
        return ()
    return origins[int(number) - 1].texts


# ----------------------------------------------------------------------------------------------------
# Cards: each certificate, under the person whose it is.


class LocalInstant(NamedTuple):
    """An instant: seconds since the epoch, and as a clock of the place shows it (RFC 3339)."""

    epoch: int
    local: str


@silent
class CardEntry(NamedTuple):
    """One thing that a certificate attests.

    Attributes:
        kind: as `terms.Kind`.
        on: the date of the dose, the sample or the first positive test; None for what is no event.
        at: its instant, where a time is stated.
        valid_from, valid_until: as the certificate says itself, in whole days.
        fields: what else is stated, as signed: codes are those of the value sets.
    """

    kind: str
    on: PartialDate | None
    at: LocalInstant | None
    valid_from: PartialDate | None
    valid_until: PartialDate | None
    fields: Mapping[str, str]


class CardIssuer(NamedTuple):
    """Who signed: the name by which its key is listed, and the countries it speaks for."""

    name: str
    countries: tuple[str, ...]


@silent
class Card(NamedTuple):
    """One certificate, for its holder.

    Attributes:
        texts: the places, from 0, of the texts that it came in.
        codes: the texts to show as codes, in their order.
        kind, format: what it attests, and in which format.
        state: "in-order" (nobody's rules were asked), "doubtful", "refused" or "specimen".
        reasons: why it is not in order, and what is to be known of it.
        appeal: where to appeal; empty where nobody is named.
        issuer: who signed it.
        issued: when; None where it does not say.
        readable_until: the end of the code, and not of what it attests; None where it has none.
        entries: what it attests.
        holder: what it says of the person besides the name and the birth date.
    """

    texts: tuple[int, ...]
    codes: tuple[str, ...]
    kind: str
    format: str
    state: str
    reasons: tuple[HolderReason, ...]
    appeal: str
    issuer: CardIssuer
    issued: LocalInstant | None
    readable_until: LocalInstant | None
    entries: tuple[CardEntry, ...]
    holder: Mapping[str, str]


class Unclear(NamedTuple):
    """Another one of the people, by their place in the list, who may be the same person; and why nobody knows."""

    person: int
    reasons: tuple[IdentityReason, ...]


@silent
class CardHolder(NamedTuple):
    """One person, and the cards that are theirs."""

    person: ScreenPerson
    cards: tuple[Card, ...]
    unclear: tuple[Unclear, ...]


@silent
class OtherText(NamedTuple):
    """What holds no certificate that could be believed: not read, not whole, refused or not known.

    `state` is "unread", "more", "doubtful" or "refused"; `parts` is how many codes of a card were read.
    """

    texts: tuple[int, ...]
    codes: tuple[str, ...]
    state: str
    reasons: tuple[HolderReason, ...]
    parts: Waiting | None


@silent
class Cards(NamedTuple):
    """All that was handed in."""

    people: tuple[CardHolder, ...]
    others: tuple[OtherText, ...]


def cards(texts: Sequence[str], *, snapshot: Snapshot, at: datetime) -> Cards:
    """Return a holder's certificates, under the people whose they are.

    Args:
        texts: as they were read and kept.
        snapshot: what is trusted.
        at: the instant; aware, in the zone in which times are to be told.
    """
    scanned = distinct(handed_in(texts))
    verifications = verified(scanned.codes, snapshot, at)
    groups: list[list[int]] = []
    persons = [None if row.certificate is None else row.certificate.person for row in verifications]
    for number, person in enumerate(persons):
        if person is not None:
            _join(groups, number, person, persons)
    people = []
    for place, group in enumerate(groups):
        theirs = [
            _card(verifications[number], scanned.origins[number], snapshot, at) for number in group
        ]
        whose = holder_of(verifications[number] for number in group)
        assert whose is not None
        unclear = (
            Unclear(other, _why_unclear([persons[n] for n in group], [persons[n] for n in others]))
            for other, others in enumerate(groups)
            if other != place
        )
        people.append(
            CardHolder(
                shown_person(whose), tuple(theirs), tuple(row for row in unclear if row.reasons)
            )
        )
    others = (
        _other(row, origin)
        for row, origin in zip(verifications, scanned.origins, strict=True)
        if row.certificate is None
    )
    return Cards(tuple(people), tuple(others))


def distinct(scanned: HandedIn) -> HandedIn:
    """Return the codes that were handed in, each of them once."""
    places: dict[str, int] = {}
    codes, origins = list[Unwrapped](), list[CodeOrigin]()
    for code, origin in zip(scanned.codes, scanned.origins, strict=True):
        if code.finding is None and code.text in places:
            held = origins[places[code.text]]
            merged = tuple(sorted({*held.texts, *origin.texts}))
            origins[places[code.text]] = held._replace(texts=merged)
            continue
        places.setdefault(code.text, len(codes))
        codes.append(code)
        origins.append(origin)
    return scanned._replace(codes=tuple(codes), origins=tuple(origins))


def _join(
    groups: list[list[int]], number: int, person: Person, persons: Sequence[Person | None]
) -> None:
    """Put a certificate to those of the same person: who is the same as one who is the same, is the same."""

    def is_theirs(group: list[int]) -> bool:
        known = (persons[other] for other in group)
        return any(
            other is not None and likeness(other, person) is Likeness.SAME for other in known
        )

    theirs = [group for group in groups if is_theirs(group)]
    merged = sorted({number, *(other for group in theirs for other in group)})
    for group in theirs:
        groups.remove(group)
    groups.append(merged)
    groups.sort()


def _why_unclear(
    a: Iterable[Person | None], b: Sequence[Person | None]
) -> tuple[IdentityReason, ...]:
    """Return why two of the people may be one, and may not; nothing where they are told apart."""
    reasons: set[IdentityReason] = set()
    for person in a:
        for other in b:
            if person is None or other is None or likeness(person, other) is not Likeness.UNCLEAR:
                continue
            if person.birth_date is None or other.birth_date is None:
                reasons.add(IdentityReason.BIRTH_DATE_MISSING)
            elif birth_dates(person.birth_date, other.birth_date) is not Likeness.SAME:
                reasons.add(IdentityReason.BIRTH_DATE_PARTIAL)
            if person.cut or other.cut:
                reasons.add(IdentityReason.NAME_CUT)
            elif name_likeness(person, other) is not Likeness.SAME:
                reasons.add(IdentityReason.NAME_SPELLING)
    return tuple(reason for reason in IdentityReason if reason in reasons)


def _card(verification: Verification, origin: CodeOrigin, snapshot: Snapshot, at: datetime) -> Card:
    certificate, signer = verification.certificate, verification.signer
    assert certificate is not None
    assert signer is not None
    name = signer.name or signer.participant or signer.issuer
    person = {
        name: value
        for name in ("sex", "nationality", "identifier", "identifier_type", "guardian")
        if (value := getattr(certificate.person, name))
    }
    return Card(
        origin.texts,
        origin.codes,
        certificate.kind.value,
        certificate.domain,
        state_of(verification),
        holder_reasons(verification.verdict.findings),
        printable(appeal_of(verification, snapshot)),
        CardIssuer(printable(name), tuple(sorted(map(printable, signer.countries)))),
        local_instant(certificate.issued_at, at),
        local_instant(certificate.expires_at, at),
        tuple(_entry(entry, at) for entry in certificate.entries),
        {name: printable(value) for name, value in person.items()},
    )


def state_of(verification: Verification) -> str:
    """Return how it stands with an authentic certificate: as `Card.state`."""
    if has(verification, Code.ENVIRONMENT_WRONG):
        return "specimen"
    if verification.verdict.colour is Colour.RED:
        return "refused"
    doubts = {f.code for f in verification.verdict.findings if f.code.severity is Severity.WARNING}
    return "doubtful" if doubts - {Code.NO_RULES} else "in-order"


def _entry(entry: Entry, at: datetime) -> CardEntry:
    event = event_of(entry)
    instant = None
    if event is not None and event.precision is Precision.INSTANT:
        assert isinstance(event.first, datetime)
        instant = local_instant(int(event.first.timestamp()), at)
    fields = {
        name: printable(str(value))
        for name, value in entry._asdict().items()
        if value is not None and name != "unmapped" and not isinstance(value, Moment)
    }
    return CardEntry(
        KINDS[type(entry)].value,
        partial_date(event),
        instant,
        partial_date(entry.valid_from),
        partial_date(entry.valid_until),
        fields,
    )


def _other(verification: Verification, origin: CodeOrigin) -> OtherText:
    part = has(verification, Code.PARTS_MISSING)
    refused = "refused" if verification.verdict.colour is Colour.RED else "doubtful"
    state = "more" if part else "unread" if verification.unread else refused
    parts = next(filter(None, map(waiting_of, verification.verdict.findings)), None)
    reasons = holder_reasons(verification.verdict.findings)
    return OtherText(origin.texts, origin.codes, state, reasons, parts)


def local_instant(second: int | None, at: datetime) -> LocalInstant | None:
    """Tell a second on the clock of `at`; None where there is none, or no calendar reaches."""
    if second is None or not 0 <= second < LATEST:
        return None
    return LocalInstant(second, datetime.fromtimestamp(second, at.tzinfo).isoformat())


LATEST = 253_402_214_400
"""9999-12-31T00:00:00Z: a later second has no date in every zone."""


# ----------------------------------------------------------------------------------------------------
# May I enter there, then?


class AskedRule(NamedTuple):
    """A rule that was asked, what came of it ("passed", "failed", "open"), and what it says."""

    rule: str
    result: str
    says: str


class HelpAmount(NamedTuple):
    """A way to green, as `authenticate.Help`; `vaccines` are names.

    `documents`, `tests`, `doses` and `days` are what it takes.
    """

    help: str
    amount: int | None
    strictly: bool
    says: str
    vaccines: tuple[str, ...]
    documents: int
    tests: int
    doses: int
    days: int


@silent
class Entering(NamedTuple):
    """A health code, for its holder.

    Attributes:
        colour: "green", "amber" or "red".
        person: whose it is; None where nothing authentic names anybody.
        place: "XU" or "XU/BRE".
        at: the instant asked about.
        reasons: why it is not green, and what was concluded on the way.
        rules: those that were asked about what decides.
        from_, until: the stretch of green that holds then, or the next one: its first and last second. None where
            no change is in sight on that side, or there is no such stretch.
        helps: the cheapest first.
        unaccepted: names of the holder's vaccines that the rules refuse as such.
        appeal: where to appeal.
        snapshot: the number of the data.
    """

    colour: str
    person: ScreenPerson | None
    place: str
    at: LocalInstant | None
    reasons: tuple[HolderReason, ...]
    rules: tuple[AskedRule, ...]
    from_: LocalInstant | None
    until: LocalInstant | None
    helps: tuple[HelpAmount, ...]
    unaccepted: tuple[str, ...]
    appeal: tuple[str, ...]
    snapshot: int


def enter(
    texts: Sequence[str],
    *,
    snapshot: Snapshot,
    place: Destination,
    at: datetime,
    now: int,
    language: str,
) -> Entering:
    """Return whether one person may enter somewhere at an instant, and why.

    Args:
        texts: of one person's certificates; those of others are left out, and told.
        snapshot: what is trusted, and the rules.
        place: where they arrive.
        at: when; aware, in the zone of the port of entry.
        now: the instant of asking, in seconds since the epoch: by it the data is old or not.
        language: of the rules' own sentences.
    """
    snapshot = aged_as_now(snapshot, now, epoch(at))
    scanned = handed_in(texts)
    verifications = verified(scanned.codes, snapshot, at)
    code = decide(verifications, snapshot=snapshot, place=place, at=at)
    if all(verification.unread for verification in verifications):
        # Nothing was read: no certificate was refused either.
        code = code._replace(colour=Colour.AMBER)
    person = holder_of(verifications)
    rules = tuple(
        AskedRule(printable(o.rule.identifier), o.result.value, rule_says(o.rule, language))
        for o in code.outcomes
    )
    appeals = {printable(appeal_of(verification, snapshot)) for verification in verifications} - {
        ""
    }
    return Entering(
        code.colour.value,
        None if person is None else shown_person(person),
        place.text,
        local_instant(code.at, at),
        holder_reasons(code.because, scanned.origins),
        rules,
        local_instant(code.from_, at),
        local_instant(code.until, at),
        tuple(map(_help, code.what_would_help)),
        tuple(printable(product_name(code)) for code in code.unaccepted),
        tuple(sorted(appeals)),
        code.snapshot,
    )


def _help(way: Help) -> HelpAmount:
    names = tuple(map(product_name, way.products))
    return HelpAmount(way.code, way.amount, way.strictly, way.sentence, names, *way.effort)


def aged_as_now(snapshot: Snapshot, now: int, at: int) -> Snapshot:
    """Return the snapshot for a check at an instant to come, as old then as it is now.

    Until the traveller arrives it is updated many times, and participants confirm what they have published; a border
    post asks how old it is then. What has a date of its own (a suspension, the end of a key) keeps it.
    """
    later = at - now
    if not later:
        return snapshot
    created = max(snapshot.created + later, 0) if snapshot.created else 0
    roll = snapshot.roll
    if roll is not None:
        members = {
            code: member
            if member.expires is None
            else member._replace(expires=member.expires + later)
            for code, member in roll.members.items()
        }
        # What witnesses of the log have seen is a floor of the clock of today.
        published, floor = roll.published + later, roll.floor + later
        roll = roll._replace(published=published, floor=floor, members=members)
    return snapshot.replace(created=created, roll=roll)


# All destinations at once.


class DestinationRow(NamedTuple):
    """A destination's answer: its colour, the stretch of green, and the first reason where it is not green."""

    place: str
    colour: str
    from_: LocalInstant | None
    until: LocalInstant | None
    reason: HolderReason | None


@silent
class Everywhere(NamedTuple):
    """Some of all destinations; `next` is where to go on, None at the end; `all` is how many there are."""

    rows: tuple[DestinationRow, ...]
    next: int | None
    all: int


MOST_AT_ONCE = 64
"""Destinations of one call: each takes as long as one `enter`."""


def everywhere(
    texts: Sequence[str], *, snapshot: Snapshot, at: datetime, now: int, begin: int, most: int
) -> Everywhere:
    """Return where one person may enter at an instant, by the destinations' codes.

    Args:
        texts: of one person's certificates.
        snapshot: what is trusted, and the rules.
        at: when; aware. The clock is the same for all of them.
        now: the instant of asking, in seconds since the epoch.
        begin: the place of the first destination to ask, among all.
        most: how many to ask, `MOST_AT_ONCE` at most.
    """
    snapshot = aged_as_now(snapshot, now, epoch(at))
    scanned = handed_in(texts)
    verifications = verified(scanned.codes, snapshot, at)
    destinations = sorted(snapshot.ruleset.destinations, key=lambda place: place.text)
    end = max(begin, 0) + min(max(most, 1), MOST_AT_ONCE)
    rows = []
    for place in destinations[max(begin, 0) : end]:
        code = decide(verifications, snapshot=snapshot, place=place, at=at)
        reasons = (
            () if code.colour is Colour.GREEN else holder_reasons(code.because, scanned.origins)
        )
        rows.append(
            DestinationRow(
                place.text,
                code.colour.value,
                local_instant(code.from_, at),
                local_instant(code.until, at),
                reasons[0] if reasons else None,
            )
        )
    return Everywhere(tuple(rows), end if end < len(destinations) else None, len(destinations))


def name_of(texts: Sequence[str], *, snapshot: Snapshot, at: datetime) -> str:
    """Return the name of whom the first authentic certificate is about; empty where there is none."""
    person = holder_of(verified(handed_in(texts).codes, snapshot, at))
    return "" if person is None else printable(person.display_name())


def to_json(shown: Cards | Entering | Everywhere) -> dict[str, Any]:
    """Return what a holder sees as `docs/reference/bridge.md` describes it."""
    row = strict_json.write(shown)
    return {name.rstrip("_"): _bare(value) for name, value in row.items()}


def _bare(value: Any) -> Any:
    # "from" is a word of Python's.
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, dict) and "from_" in value:
        return {name.rstrip("_"): one for name, one in value.items()}
    return value
