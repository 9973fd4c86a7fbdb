"""Onboard: from a letter to an active participant, a signed record for each step.

    letter-received -> identity-proven -> keys-submitted -> qa-passed -> anchor-signed -> admitted
        -> self-test-running -> self-test-passed -> active ... withdrawn

1. A step is a record: which step, when, by which seat, the digests of the evidence, the digest of the
   record before it; signed with the seat's key. No name of a person and no document is kept.
2. Steps follow the table; none is left out.
3. Suspended, expiring and lapsed are no steps: they are computed from lists and dates, never set.
4. A record names its network: a rehearsal's shows nothing in the network that it rehearses. Records of
   before that name none are read as they were written, up to the instant from which the root asks for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import algorithms
from pratique.crypto.keys import SigningKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata
from pratique.network.metadata import NetworkName
from pratique.trust.registry import Suspension

PREFIX = b"pratique-onboarding-1\n"
"""What a record's signature begins with, so that it can be taken for no other of the same key."""
WARNED = timedelta(days=90)
GOVERNANCE, SELF_TEST = "pratique-governance-1", "pratique-self-test-1"
"""Reports that are read when they are shown as evidence."""
ANY = "*"
_INSTANT, _FIRST = "%Y-%m-%dT%H:%M:%SZ", "0001"


class OnboardingStep(StrEnum):
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


_S = OnboardingStep
FOLLOWING: Mapping[OnboardingStep | None, tuple[OnboardingStep, ...]] = {
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


class OnboardingRecord(NamedTuple):
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
        network, environment: whose record it is; empty in one of before there were names.
    """

    participant: str
    step: OnboardingStep
    domain: str
    at: str
    by: str
    evidence: tuple[str, ...]
    previous: str
    keyid: str = ""
    signature: str = ""
    network: str = ""
    environment: str = ""

    def to_line(self) -> bytes:
        """Write the record as a line of JSON."""
        return _dump(self.members()) + b"\n"

    @property
    def digest(self) -> str:
        """Return SHA-256 of the line, hex."""
        return hashlib.sha256(self.to_line()).hexdigest()

    def message(self) -> bytes:
        """Return what is signed."""
        return PREFIX + _dump(self._replace(keyid="", signature="").members())

    def members(self) -> dict[str, object]:
        """Return what a line of JSON holds."""
        found = self._asdict()
        if not self.network:
            # As it was written, and signed, before records named a network.
            del found["network"], found["environment"]
        return found


class Seated(NamedTuple):
    """A seat's name, its public key (SubjectPublicKeyInfo DER), and the network of which it is one."""

    name: str
    public_key: bytes
    network: NetworkName | None = None


def recorded(
    records: Sequence[OnboardingRecord],
    step: OnboardingStep,
    *,
    participant: str,
    at: datetime,
    seat: Seated,
    key: SigningKey,
    evidence: Iterable[bytes] = (),
    domain: str = "",
) -> OnboardingRecord:
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
    when = at.astimezone(UTC).strftime(_INSTANT)
    if last is not None and when < last.at:
        raise UsageError("step-before", f"{participant}: the last step was at {last.at}")
    found = OnboardingRecord(
        participant, step, domain, when, seat.name, shown, last.digest if last else ""
    )
    if seat.network is not None:
        named = seat.network
        found = found._replace(network=named.network, environment=named.environment.value)
    signature = key.sign(found.message()).hex()
    return found._replace(keyid=metadata.keyid(key.public_key), signature=signature)


def read(
    data: bytes,
    seats: Mapping[str, Seated],
    participant: str,
    *,
    network: NetworkName | None = None,
    since: datetime | None = None,
) -> tuple[OnboardingRecord, ...]:
    """Read a participant's records; DocumentRefused `record-…` if any is altered or out of turn.

    Args:
        data: one record a line.
        seats: all that ever were, by their key's identifier.
        participant: whose they are.
        network: of which network they must be; None takes those of any.
        since: from when on they must name it; None where they need not.
    """
    found: list[OnboardingRecord] = []
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        one = _record(line, number)
        last = found[-1] if found else None
        if one.participant != participant or one.previous != (last.digest if last else ""):
            raise _refused("chain", number, "it does not follow upon the one before")
        if one.step not in FOLLOWING[last.step if last else None]:
            raise _refused("step", number, "its step does not follow")
        _check_network(one, number, last, network, since)
        seat = seats.get(one.keyid)
        if seat is None or seat.name != one.by or not _is_signed(one, seat):
            raise _refused("signature", number, "no seat has signed it")
        found.append(one)
    return tuple(found)


def check_evidence(
    step: OnboardingStep, documents: Iterable[bytes], *, participant: str, domain: str
) -> None:
    """See to it that the reports that are shown say what the step says; UsageError `evidence-…`.

    Only a report of this program is read. Of whatever else is shown the digest is kept, and nothing is known.

    Args:
        step: that is recorded.
        documents: what is shown.
        participant: whose step it is.
        domain: for which it is; "" for none.
    """
    for document in documents:
        found = _report(document)
        if found is None:
            continue
        if found["participant"] != participant:
            raise _evidence("other", participant, step, "the report is of another participant")
        form = found["format"]
        if step is OnboardingStep.QA_PASSED and form == GOVERNANCE and found.get("errors") != 0:
            raise _evidence("failed", participant, step, "the report that is shown found errors")
        if step is OnboardingStep.SELF_TEST_PASSED and form == SELF_TEST:
            if found.get("passed") is not True:
                raise _evidence(
                    "failed", participant, step, "the test that is shown was not passed"
                )
            if found.get("domain") != domain:
                raise _evidence(
                    "other", participant, step, f"the test that is shown is not for {domain}"
                )


def check_application(
    records: Sequence[OnboardingRecord], application: bytes, participant: str
) -> bool:
    """See to it that an application is the one that was recorded when the keys were submitted.

    Returns:
        Whether that could be compared: False where no document was shown then.

    Raises:
        UsageError: `application-differs`.
    """
    submitted = [one for one in records if one.step is OnboardingStep.KEYS_SUBMITTED]
    if not submitted or not submitted[-1].evidence:
        return False
    if hashlib.sha256(application).hexdigest() not in submitted[-1].evidence:
        # Keys that were checked are not those that would be let in.
        raise UsageError(
            "application-differs",
            f"{participant}: this is not the application that was recorded as keys-submitted at {submitted[-1].at}",
            "name the very file that was checked; of a new one record all steps anew, from keys-submitted on",
        )
    return True


def tested(records: Sequence[OnboardingRecord]) -> frozenset[str]:
    """Return the domains for which a self-test was passed, with the keys that were submitted last."""
    found: set[str] = set()
    for one in records:
        if one.step is OnboardingStep.KEYS_SUBMITTED:
            found.clear()
        if one.step is OnboardingStep.SELF_TEST_PASSED:
            # One of before there were names may name no domain: it counts as it did, for any.
            found.add(one.domain or ("" if one.network else ANY))
    return frozenset(found - {""})


def state(
    records: Sequence[OnboardingRecord],
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
    if last is OnboardingStep.WITHDRAWN:
        return last.value
    if any(one.since <= at.timestamp() < one.until for one in suspensions):
        return "suspended"
    if OnboardingStep.ACTIVE not in {one.step for one in records} or ends is None:
        return last.value
    if ends <= at:
        return "lapsed"
    return "expiring" if ends - at < WARNED else last.value


def _report(document: bytes) -> dict[str, Any] | None:
    try:
        found = strict_json.parse(document)
    except DocumentRefused:
        return None
    if not isinstance(found, dict) or found.get("format") not in (GOVERNANCE, SELF_TEST):
        return None
    return found if isinstance(found.get("participant"), str) else None


def _evidence(code: str, participant: str, step: OnboardingStep, why: str) -> UsageError:
    return UsageError(
        f"evidence-{code}",
        f"{participant}: {step} is not recorded, for {why}",
        "record what was found: qa-failed, self-test-failed; or show the right report",
    )


def _check_network(
    one: OnboardingRecord,
    number: int,
    last: OnboardingRecord | None,
    network: NetworkName | None,
    since: datetime | None,
) -> None:
    named = (one.network, one.environment)
    if one.network and network is not None and named != (network.network, network.environment):
        raise _refused("network", number, f"it is of another network, {named[0]} ({named[1]})")
    is_asked = since is not None and not _FIRST <= one.at < since.isoformat()
    if not one.network and (is_asked or (last is not None and last.network)):
        raise _refused("network", number, "it does not say of which network it is")


def _record(line: bytes, number: int) -> OnboardingRecord:
    found: Any = strict_json.parse(line)
    try:
        members = set(OnboardingRecord._fields)
        if found.keys() not in (members, members - {"network", "environment"}):
            raise ValueError("members of a record")
        evidence = tuple(map(str, found["evidence"]))
        one = OnboardingRecord(
            **{**found, "step": OnboardingStep(found["step"]), "evidence": evidence}
        )
        if not all(type(value) is str for name, value in found.items() if name != "evidence"):
            raise TypeError("not a text")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _refused("malformed", number, "it is not laid out as a record") from error
    if one.to_line() != line:
        raise _refused("malformed", number, "it is not written as a record is")
    return one


def _is_signed(one: OnboardingRecord, seat: Seated) -> bool:
    try:
        signature = bytes.fromhex(one.signature)
    except ValueError:
        return False
    check = algorithms.load(algorithms.read_der(seat.public_key).algorithm, seat.public_key)
    return check(signature, one.message())


def _dump(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode()


def _refused(code: str, number: int, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"record-{code}", f"record {number} was refused: {why}", "restore the records from a copy"
    )
