"""Renew, correct and revoke at a desk: one certificate that was scanned, or many by lot, site, operator, key or time.

    text -> certificate.open -> what it says, its standing -> renew | correct | revoke
    selection | list -> revocation.count -> how many, by key; a plan -> reason, second operator -> revocation.revoke

1. A certificate is named by its own text or number: who is asked for by a name is nowhere, since no name is kept.
2. What a page sends is a text and never a file's name: no file is read for it.
3. What is corrected is what was read back, as at issuing; the wrong one is revoked in the same transaction.
4. More than one certificate is revoked by two people. A plan is drawn when it is counted, belongs to who counted it, is
   carried out once, and only if it still comes to what was counted.
5. A plan holds keys and tags, and nothing that was scanned.
6. What is chosen by lot, place or time is revoked by two, also where it meets one certificate only: seconds that are
   chosen one after the other are no way round the second person. One alone revokes what somebody has handed over.

Apart because a desk's kinds of work are pages of their own, and `desk_service.py` is the table that everybody adds to.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from pratique.errors import UsageError
from pratique.intake.rows import OWN, PERSON, Reading, row_of
from pratique.issue import LONGEST_CODE, Work, already_revoked
from pratique.parties import desk_issuing, inputs, issuing
from pratique.parties.desk import DeskAct, DeskCall, Operator, Right
from pratique.parties.issuing import (
    CertificateStanding,
    Correction,
    IssuingSession,
    ListedCertificate,
    RevocationOrder,
    RevocationPlan,
    Signing,
)
from pratique.renew import Reason, Selection, number_of
from pratique.store.pdf import wording
from pratique.text import rfc3339

LONGEST_LIST = 64 * 1024
"""Characters of a text that names certificates; a longer list is a file of its own (`revocation.count_file`)."""
LARGEST_FILE = 16 * 1024 * 1024
MOST_PLANS = 32
"""Plans that wait for a yes; the oldest goes where there are more."""
LASTS = 15 * 60
"""Seconds for which a plan waits."""


# ----------------------------------------------------------------------------------------------------
# One certificate, in front of its holder.


def _standing(call: DeskCall) -> CertificateStanding:
    """Return the certificate that a call names by its text; UsageError, Unreadable `old-…`."""
    text = _text(call, "text")
    return issuing.standing(call.desk.session, inputs.of_text(text, "the code"), at=call.at)


def _open(call: DeskCall) -> dict[str, Any]:
    """Say what a certificate says, what became of it, and what may be done.

    A number alone tells of a certificate no more than its standing: its content is on the holder's paper only.
    """
    session, text = call.desk.session, _text(call, "text")
    if (number := number_of(text)) is not None:
        entry, is_revoked = issuing.numbered(session, number)
        gone = session.is_withdrawn(entry.kid, call.at)
        state = _state(is_revoked=is_revoked, is_withdrawn=gone, is_over=False)
        return {"number": number, "state": state, "may": [] if is_revoked else ["revoke"]}
    shown = _standing(call)
    record = shown.own.record
    until = shown.own.entry.context.expires_at
    state = _state(
        is_revoked=shown.is_revoked, is_withdrawn=shown.is_withdrawn, is_over=until < call.at
    )
    may = {"revoked": [], "withdrawn": ["revoke"]}.get(state, ["renew", "correct", "revoke"])
    said = wording.builtin(desk_issuing.language_of(call.asked))
    return {
        "number": shown.own.identifier,
        "state": state,
        "may": may,
        "until": rfc3339(datetime.fromtimestamp(until, UTC)),
        "issued": rfc3339(datetime.fromtimestamp(shown.own.entry.context.issued_at, UTC)),
        "leaf": desk_issuing.leaf_document(desk_issuing.leaf_of(call, record, said)),
        "content": _content(call, shown),
    }


def _state(*, is_revoked: bool, is_withdrawn: bool, is_over: bool) -> str:
    if is_revoked:
        return "revoked"
    if is_withdrawn:
        return "withdrawn"
    return "over" if is_over else "good"


def _content(call: DeskCall, shown: CertificateStanding) -> dict[str, Any]:
    """Return a certificate's columns as the form of issuing has them."""
    record = shown.own.record
    row = issuing.columns_of(shown.own)
    is_icvp = record.domain == "ICVP"
    kind = "icvp" if is_icvp else record.kind.value
    own = {*OWN[record.kind], "disease", *(("authority",) if is_icvp else ())}
    event = {name: cell for name, cell in row.items() if name in own}
    language = desk_issuing.language_of(call.asked)
    names = desk_issuing.names_of(call, kind, event, language)
    return {
        "kind": kind,
        "person": {name: cell for name, cell in row.items() if name in PERSON},
        "event": event,
        "names": {f"0.{column}": name for column, name in names.items()},
    }


def _renew(call: DeskCall) -> dict[str, Any]:
    """Sign a certificate's content anew; renewed twice, it gives the same one."""
    session = call.desk.session
    old = issuing.own_certificate(
        session, inputs.of_text(_text(call, "text"), "the code"), at=call.at
    )
    signed = issuing.renew(session, old, _signing(call))
    return _signed(signed.text, is_repeated=signed.repeated)


def _correct(call: DeskCall) -> dict[str, Any]:
    """Sign what was read back in place of a wrong certificate, which is revoked; the same request gives the same again.

    Raises:
        UsageError: `reading-changed`, `correction-one`, `nothing-corrected`; as `issue.read_back` and `old-…`.
    """
    shown = _standing(call)
    reading, request = desk_issuing.confirmed_reading(call)
    if len(reading.records) != 1:
        raise UsageError("correction-one", "one certificate takes the place of one")
    (record,) = reading.records
    if row_of(record) == issuing.columns_of(shown.own):
        raise UsageError("nothing-corrected", "nothing was changed", "change what is wrong in it")
    wrong = issuing.unwithdrawn(shown)
    # Of this wrong one: what was signed by the same name for another takes nothing's place.
    entry = shown.own.entry
    signing = _signing(call)._replace(request=f"{request}-{entry.kid.hex()}-{entry.tag:x}")
    correction = Correction(wrong, Reading(record))
    # A request that was made before finds the wrong one revoked: by itself.
    signed = issuing.correct(call.desk.session, correction, signing)
    return _signed(signed.text, is_repeated=signed.repeated)


def _signing(call: DeskCall) -> Signing:
    return Signing(call.at, Work(call.desk.site, call.operator.pseudonym), call.desk.validity)


def _signed(text: str, *, is_repeated: bool) -> dict[str, Any]:
    each = {**desk_issuing.numbered(text), "text": text, "repeated": is_repeated}
    return {"certificates": [each]}


# ----------------------------------------------------------------------------------------------------
# Revoke.


class WaitingPlan(NamedTuple):
    """A plan that waits for a yes: whose it is, and whether another person has to say it."""

    plan: RevocationPlan
    pseudonym: str
    counted: int
    needs_second: bool


class _Plans:
    """The plans of a session; each is taken once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: OrderedDict[str, WaitingPlan] = OrderedDict()

    def keep(self, waiting: WaitingPlan) -> str:
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._waiting[name] = waiting
            while len(self._waiting) > MOST_PLANS:
                self._waiting.popitem(last=False)
        return name

    def look(self, name: str, pseudonym: str, at: int) -> WaitingPlan:
        """Return a plan; UsageError `plan-unknown` where there is none, another's, or one of long ago."""
        with self._lock:
            waiting = self._waiting.get(name)
        if waiting is None or waiting.pseudonym != pseudonym or at - waiting.counted > LASTS:
            raise UsageError(
                "plan-unknown", "this was confirmed already, or counted long ago; nothing was revoked now", "count again",
            )  # fmt: skip
        return waiting

    def take(self, name: str) -> bool:
        """Take a plan; False if somebody has taken it."""
        with self._lock:
            return self._waiting.pop(name, None) is not None


_OF_SESSION: WeakKeyDictionary[IssuingSession, _Plans] = WeakKeyDictionary()


def _plans(session: IssuingSession) -> _Plans:
    return _OF_SESSION.setdefault(session, _Plans())


def _counted(call: DeskCall, order: RevocationOrder, *, one_only: bool) -> dict[str, Any]:
    """Count what an order comes to, and draw its plan; nothing is revoked."""
    session = call.desk.session
    plan = issuing.plan_revocation(session, order)
    # A certificate's renewals share its fate, and are its holder's.
    number = plan.named if plan.named is not None else plan.trial.total + plan.trial.before
    if one_only and number != 1:
        raise UsageError(
            "right-missing", "this is more than one certificate", "whoever may revoke many revokes them, with a second person",
        )  # fmt: skip
    needs_second = plan.named is None or number > 1
    waiting = WaitingPlan(plan, call.operator.pseudonym, call.at, needs_second)
    name = _plans(session).keep(waiting) if plan.trial.total else ""
    labels = session.labels
    return {
        "plan": name,
        "total": plan.trial.total,
        "before": plan.trial.before,
        "left_out": plan.left_out,
        "keys": [
            {"key": labels.get(kid, kid.hex()), "certificates": count}
            for kid, count in plan.trial.by_kid
        ],
        "second": waiting.needs_second,
    }


def _count_one(call: DeskCall) -> dict[str, Any]:
    """Count what revoking one certificate comes to, by its text or number: itself, and what it was renewed to."""
    text = _text(call, "text")
    # It is looked at as it was opened: a screenful of codes is no way round the second person.
    if number_of(text) is None:
        shown = _standing(call)
        if shown.is_revoked:
            raise already_revoked()
        # What was around the code is taken off by now: quotes, line ends, another keyboard's letters.
        text = shown.own.identifier
    order = _order(call)._replace(certificates=(ListedCertificate("the code", text),))
    return _counted(call, order, one_only=True)


def _count(call: DeskCall) -> dict[str, Any]:
    """Count what a selection comes to, or a list of numbers and texts."""
    asked = call.asked
    text = asked.get("list", "")
    if not isinstance(text, str) or len(text) > LONGEST_LIST:
        raise desk_issuing.unread()
    order = _order(call)
    if text.strip():
        certificates = issuing.listed_in(text.strip(), "the list")
        return _counted(call, order._replace(certificates=certificates), one_only=False)
    return _counted(call, order._replace(selection=_selection(call)), one_only=False)


def _count_file(call: DeskCall) -> dict[str, Any]:
    """Count what a file comes to: a list of numbers or texts, or a table with a column of numbers."""
    if len(call.body) > LARGEST_FILE:
        raise UsageError(
            "list-too-large",
            "the list is too large for a desk",
            "pratique issuer revoke --certificate FILE",
        )
    try:
        text = call.body.decode(inputs.encoding_of(call.body))
    except ValueError:
        raise UsageError(
            "list-damaged", "the list is no text that can be read", "save it as CSV or text"
        ) from None
    certificates = issuing.listed_in(text.strip(), "the list")
    return _counted(call, _order(call)._replace(certificates=certificates), one_only=False)


def _order(call: DeskCall) -> RevocationOrder:
    try:
        reason = Reason(_text(call, "reason"))
    except ValueError:
        raise desk_issuing.unread() from None
    return RevocationOrder(reason, call.at, call.operator.pseudonym)


def _selection(call: DeskCall) -> Selection:
    """Return what a page has chosen by; UsageError `shard-unknown`, `time-unreadable`."""
    given = call.asked.get("selection")
    known = {"lot", "site", "operator", "key", "since", "until"}
    if not isinstance(given, Mapping) or not given.keys() <= known:
        raise desk_issuing.unread()
    if not all(isinstance(part, str) and len(part) <= LONGEST_CODE for part in given.values()):
        raise desk_issuing.unread()
    part = {name: text.strip() for name, text in given.items() if text.strip()}
    return Selection(
        kid=call.desk.session.issuer.shard(part["key"]).kid if "key" in part else None,
        lot=part.get("lot"),
        site=part.get("site"),
        operator=part.get("operator"),
        since=_instant(call, part.get("since")),
        until=_instant(call, part.get("until")),
    )


def _instant(call: DeskCall, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "time-unreadable", "a time cannot be read", "write it as 2026-01-31 08:30"
        ) from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=desk_issuing.zone_of(call.asked))
    return int(when.timestamp())


def _revoke(call: DeskCall) -> dict[str, Any]:
    """Carry out a plan, for good.

    Raises:
        UsageError: `plan-unknown`, `plan-changed`; of the second person `operator-unknown`, `second-same`,
            `second-may-not`, `second-missing`, `desk-locked`.
    """
    session, name = call.desk.session, _text(call, "plan")
    plans = _plans(session)
    waiting = plans.look(name, call.operator.pseudonym, call.at)
    plan = waiting.plan
    if waiting.needs_second:
        second = _second(call)
        both = f"{call.operator.pseudonym}+{second.pseudonym}"
        if len(both) > LONGEST_CODE:
            raise UsageError(
                "second-too-long", "both pseudonyms together are too long for the register", f"they have {LONGEST_CODE} characters at most",
            )  # fmt: skip
        plan = plan._replace(operator=both)
    if not plans.take(name):
        raise UsageError("plan-unknown", "this was confirmed already", "count again")
    revoked = issuing.revoke(session, plan, as_shown=True)
    return {"revoked": revoked.total, "before": revoked.before, "operators": plan.operator}


def _revoke_one(call: DeskCall) -> dict[str, Any]:
    waiting = _plans(call.desk.session).look(_text(call, "plan"), call.operator.pseudonym, call.at)
    if waiting.needs_second:
        raise UsageError("right-missing", "this is more than one certificate")
    return _revoke(call)


def _second(call: DeskCall) -> Operator:
    """Return the second person."""
    pseudonym, passphrase = call.asked.get("pseudonym"), call.asked.get("passphrase")
    if not isinstance(pseudonym, str) or not isinstance(passphrase, str) or not pseudonym.strip():
        raise UsageError(
            "second-missing", "more than one certificate is revoked by two people", "the second types pseudonym and passphrase",
        )  # fmt: skip
    if pseudonym.strip() == call.operator.pseudonym:
        raise UsageError("second-same", "the second person is to be another one")
    second = call.desk.verified(pseudonym.strip(), passphrase)
    if Right.REVOKE not in second.rights or second.pseudonym == call.operator.pseudonym:
        raise UsageError("second-may-not", "the second person may not revoke at this desk")
    return second


def _choices(call: DeskCall) -> dict[str, Any]:
    """Return what can be chosen by: the reasons, and the labels of the keys."""
    shards = call.desk.session.shards
    return {"reasons": [reason.value for reason in Reason], "keys": [each.label for each in shards]}


def _text(call: DeskCall, name: str) -> str:
    return desk_issuing.text_of(call.asked, name)


ACTS: Mapping[str, DeskAct] = {
    "certificate.open": DeskAct(Right.ISSUE, _open),
    "certificate.renew": DeskAct(Right.ISSUE, _renew),
    "certificate.correct": DeskAct(Right.ISSUE, _correct),
    "certificate.count": DeskAct(Right.ISSUE, _count_one),
    "certificate.revoke": DeskAct(Right.ISSUE, _revoke_one),
    "revocation.choices": DeskAct(Right.REVOKE, _choices),
    "revocation.count": DeskAct(Right.REVOKE, _count),
    "revocation.count_file": DeskAct(Right.REVOKE, _count_file, takes_file=True),
    "revocation.revoke": DeskAct(Right.REVOKE, _revoke),
}
"""What a page may ask for, by name: POST /api/NAME."""
