"""Onboard: from a letter to an active participant, a signed record for each step.

    letter-received -> identity-proven -> keys-submitted -> qa-passed -> anchor-signed -> admitted
        -> self-test-running -> self-test-passed -> active ... withdrawn

1. A step is a record: which step, when, by which seat, the digests of the evidence, the digest of the
   record before it; signed with the seat's key. No name of a person and no document is kept.
2. Steps follow the table; none is left out.
3. Suspended, expiring and lapsed are no steps: they are computed from lists and dates, never set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from pratique.crypto import primitives, spki
from pratique.crypto.signing import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import keys
from pratique.trust import json_text
from pratique.trust.roll import Suspension

PREFIX = b"pratique-onboarding-1\n"
"""What a record's signature begins with, so that it can be taken for no other of the same key."""
WARNED = timedelta(days=90)


class Step(StrEnum):
    """The steps that are recorded."""

    LETTER_RECEIVED = "letter-received"
    IDENTITY_PROVEN = "identity-proven"
    KEYS_SUBMITTED = "keys-submitted"
    QA_FAILED = "qa-failed"
    QA_PASSED = "qa-passed"
    ANCHOR_SIGNED = "anchor-signed"
    ADMITTED = "admitted"
    SELF_TEST_RUNNING = "self-test-running"
    SELF_TEST_FAILED = "self-test-failed"
    SELF_TEST_PASSED = "self-test-passed"
    ACTIVE = "active"
    RENEWED = "renewed"
    WITHDRAWN = "withdrawn"


_S = Step
FOLLOWING: Mapping[Step | None, tuple[Step, ...]] = {
    None: (_S.LETTER_RECEIVED,),
    _S.LETTER_RECEIVED: (_S.IDENTITY_PROVEN, _S.WITHDRAWN),
    _S.IDENTITY_PROVEN: (_S.KEYS_SUBMITTED, _S.WITHDRAWN),
    _S.KEYS_SUBMITTED: (_S.QA_PASSED, _S.QA_FAILED, _S.WITHDRAWN),
    _S.QA_FAILED: (_S.KEYS_SUBMITTED, _S.WITHDRAWN),
    _S.QA_PASSED: (_S.ANCHOR_SIGNED, _S.WITHDRAWN),
    _S.ANCHOR_SIGNED: (_S.ADMITTED, _S.RENEWED, _S.WITHDRAWN),
    _S.ADMITTED: (_S.SELF_TEST_RUNNING, _S.WITHDRAWN),
    _S.SELF_TEST_RUNNING: (_S.SELF_TEST_PASSED, _S.SELF_TEST_FAILED, _S.WITHDRAWN),
    _S.SELF_TEST_FAILED: (_S.SELF_TEST_RUNNING, _S.WITHDRAWN),
    _S.SELF_TEST_PASSED: (_S.ACTIVE, _S.WITHDRAWN),
    # New keys go the same way as the first ones; another domain needs a test of its own.
    _S.ACTIVE: (_S.KEYS_SUBMITTED, _S.SELF_TEST_RUNNING, _S.WITHDRAWN),
    _S.RENEWED: (_S.KEYS_SUBMITTED, _S.SELF_TEST_RUNNING, _S.WITHDRAWN),
    _S.WITHDRAWN: (_S.LETTER_RECEIVED,),
}


class Record(NamedTuple):
    """One step.

    Attributes:
        participant: its code.
        step: what was done.
        domain: for which domain, where the step is for one; else empty.
        at: when; RFC 3339, UTC.
        by: name of the seat that says so.
        evidence: SHA-256 of each document that shows it, hex; the documents are not here.
        previous: SHA-256 of the record before, hex; empty for the first.
        keyid, signature: of the seat.
    """

    participant: str
    step: Step
    domain: str
    at: str
    by: str
    evidence: tuple[str, ...]
    previous: str
    keyid: str = ""
    signature: str = ""

    def to_line(self) -> bytes:
        """Write the record as a line of JSON."""
        return _dump(self._asdict()) + b"\n"

    @property
    def digest(self) -> str:
        """Return SHA-256 of the line, hex."""
        return hashlib.sha256(self.to_line()).hexdigest()

    def message(self) -> bytes:
        """Return what is signed."""
        return PREFIX + _dump(self._replace(keyid="", signature="")._asdict())


class Seated(NamedTuple):
    """A seat's name and its public key (SubjectPublicKeyInfo DER)."""

    name: str
    public_key: bytes


def recorded(
    records: Sequence[Record],
    step: Step,
    *,
    participant: str,
    at: datetime,
    seat: Seated,
    key: SigningKey,
    evidence: Iterable[bytes] = (),
    domain: str = "",
) -> Record:
    """Return the record of the next step, signed; UsageError `step-…` if it does not follow.

    Args:
        records: the participant's, so far.
        step: what was done.
        participant: its code.
        at: when.
        seat: whose key it is.
        key: the seat's.
        evidence: documents that show it; only their digests are kept.
        domain: for which domain, where the step is for one.
    """
    last = records[-1] if records else None
    following = FOLLOWING[last.step if last else None]
    if step not in following:
        raise UsageError(
            "step-out-of-turn",
            f"{participant}: {step} does not follow upon {last.step if last else 'nothing'}",
            f"next would be: {', '.join(following)}",
        )
    if key.public_key != seat.public_key:
        raise UsageError("seat-key-differs", f"the key is not that of {seat.name}")
    shown = tuple(hashlib.sha256(document).hexdigest() for document in evidence)
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if last is not None and when < last.at:
        raise UsageError("step-before", f"{participant}: the last step was at {last.at}")
    found = Record(participant, step, domain, when, seat.name, shown, last.digest if last else "")
    signature = key.sign(found.message()).hex()
    return found._replace(keyid=keys.keyid(key.public_key), signature=signature)


def read(data: bytes, seats: Mapping[str, Seated], participant: str) -> tuple[Record, ...]:
    """Read a participant's records; DocumentRefused `record-…` if any is altered or out of turn.

    Args:
        data: one record a line.
        seats: all that ever were, by their key's identifier.
        participant: whose they are.
    """
    found: list[Record] = []
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        one = _record(line, number)
        last = found[-1] if found else None
        if one.participant != participant or one.previous != (last.digest if last else ""):
            raise _refused("chain", number, "it does not follow upon the one before")
        if one.step not in FOLLOWING[last.step if last else None]:
            raise _refused("step", number, "its step does not follow")
        seat = seats.get(one.keyid)
        if seat is None or seat.name != one.by or not _is_signed(one, seat):
            raise _refused("signature", number, "no seat has signed it")
        found.append(one)
    return tuple(found)


def state(
    records: Sequence[Record],
    *,
    ends: datetime | None,
    suspensions: Iterable[Suspension],
    at: datetime,
) -> str:
    """Return what a participant is at `at`: a step, or "suspended", "expiring", "lapsed", "draft".

    Args:
        records: the participant's.
        ends: until when its last live key and its last edition serve; None where there is none.
        suspensions: of it.
        at: now.
    """
    last = records[-1].step if records else None
    if last is None:
        return "draft"
    if last is Step.WITHDRAWN:
        return last.value
    if any(one.since <= at.timestamp() < one.until for one in suspensions):
        return "suspended"
    if Step.ACTIVE not in {one.step for one in records} or ends is None:
        return last.value
    if ends <= at:
        return "lapsed"
    return "expiring" if ends - at < WARNED else last.value


def _record(line: bytes, number: int) -> Record:
    found: Any = json_text.parse(line)
    try:
        if found.keys() != set(Record._fields):
            raise ValueError("members of a record")
        evidence = tuple(map(str, found["evidence"]))
        one = Record(**{**found, "step": Step(found["step"]), "evidence": evidence})
        if not all(type(value) is str for name, value in found.items() if name != "evidence"):
            raise TypeError("not a text")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _refused("malformed", number, "it is not laid out as a record") from error
    if one.to_line() != line:
        raise _refused("malformed", number, "it is not written as a record is")
    return one


def _is_signed(one: Record, seat: Seated) -> bool:
    try:
        signature = bytes.fromhex(one.signature)
    except ValueError:
        return False
    check = primitives.load(spki.read_der(seat.public_key).algorithm, seat.public_key)
    return check(signature, one.message())


def _dump(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode()


def _refused(code: str, number: int, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"record-{code}", f"record {number} was refused: {why}", "restore the records from a copy"
    )
