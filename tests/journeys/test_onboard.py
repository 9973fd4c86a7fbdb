"""Onboarding: every arrow of the table and no other; a record that was touched is refused; no person in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from pratique.crypto.keys import SoftwareKey
from pratique.errors import DocumentRefused, UsageError
from pratique.network import metadata
from pratique.network.metadata import NetworkName
from pratique.onboarding import steps as onboarding_steps
from pratique.onboarding.steps import FOLLOWING, WARNED, OnboardingRecord, OnboardingStep, Seated
from pratique.terms import Environment
from pratique.trust.registry import Suspension
from tests.harms import canary
from tests.networks import key

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEATS = {
    metadata.keyid(key(name).public_key): Seated(name, key(name).public_key)
    for name in ("seat 0", "seat 1")
}
ARROWS = """
none letter-received
letter-received identity-proven
identity-proven keys-submitted
keys-submitted qa-passed
keys-submitted qa-failed
qa-failed keys-submitted
qa-passed anchor-signed
anchor-signed admitted
anchor-signed renewed
admitted self-test-running
self-test-running self-test-passed
self-test-running self-test-failed
self-test-failed self-test-running
self-test-passed active
active keys-submitted
active self-test-running
renewed keys-submitted
renewed self-test-running
withdrawn letter-received
"""
"""The way, written anew: from each of the steps but the first one may also withdraw."""
_LONG = """
letter-received identity-proven keys-submitted qa-failed keys-submitted qa-passed anchor-signed admitted
self-test-running self-test-failed self-test-running self-test-passed active
keys-submitted qa-passed anchor-signed renewed self-test-running self-test-passed active
withdrawn letter-received withdrawn
"""
LONG = _LONG.split()
"""A way that goes to every step."""


def allowed() -> set[tuple[str, str]]:
    """Return the pairs of steps that may follow one upon the other."""
    arrows = {(a, b) for a, _, b in (line.partition(" ") for line in ARROWS.split("\n") if line)}
    return arrows | {
        (step.value, "withdrawn") for step in OnboardingStep if step is not OnboardingStep.WITHDRAWN
    }


def seated(name: str = "seat 0") -> Seated:
    return Seated(name, key(name).public_key)


def recorded(
    records: Iterable[OnboardingRecord],
    step: str,
    *,
    at: datetime | None = None,
    by: str = "seat 0",
    evidence: Iterable[bytes] = (),
    domain: str = "",
) -> OnboardingRecord:
    held = list(records)
    return onboarding_steps.recorded(
        held, OnboardingStep(step), participant="XXU", at=at or AT + len(held) * HOUR, seat=seated(by),
        key=key(by), evidence=evidence, domain=domain,
    )  # fmt: skip


def way(steps: Iterable[str] = LONG, **more: bytes) -> list[OnboardingRecord]:
    """Record steps, each by the other seat."""
    records: list[OnboardingRecord] = []
    for number, step in enumerate(steps):
        records.append(recorded(records, step, by=f"seat {number % 2}", evidence=more.values()))
    return records


def to(step: str) -> list[OnboardingRecord]:
    """Return a way that ends with a step."""
    return way(LONG[: LONG.index(step) + 1])


def written(records: Iterable[OnboardingRecord]) -> bytes:
    return b"".join(record.to_line() for record in records)


# The network


HERE = NetworkName("invented", Environment.TEST)


def of(network: NetworkName | None, steps: Iterable[str] = LONG[:4]) -> list[OnboardingRecord]:
    """Record steps as a seat of a network does."""
    records: list[OnboardingRecord] = []
    for step in steps:
        seat = Seated("seat 0", key("seat 0").public_key, network)
        when = AT + len(records) * HOUR
        records.append(
            onboarding_steps.recorded(
                records,
                OnboardingStep(step),
                participant="XXU",
                at=when,
                seat=seat,
                key=key("seat 0"),
            )
        )
    return records


@pytest.mark.parametrize(
    "other",
    [NetworkName("rehearsal", Environment.TEST), NetworkName("invented", Environment.PRODUCTION)],
)
def test_a_record_of_another_network_shows_nothing_here(other: NetworkName) -> None:
    data = written(of(other))
    assert b'"network":' in data
    assert onboarding_steps.read(data, SEATS, "XXU", network=other)
    with pytest.raises(DocumentRefused) as caught:
        onboarding_steps.read(data, SEATS, "XXU", network=HERE)
    assert caught.value.code == "record-network"
    assert f" {other.network} ({other.environment})" in caught.value.message
    # What names it is signed: without it, or with another name, no seat has signed it.
    for old, new in (
        (other.network, HERE.network),
        (other.environment.value, HERE.environment.value),
    ):
        data = data.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    assert refusal(data) == "record-signature"
    rows = [json.loads(line) for line in written(of(other)[:1]).splitlines()]
    bare = {k: v for k, v in rows[0].items() if k not in {"network", "environment"}}
    assert (
        refusal(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        == "record-signature"
    )


def test_records_of_before_there_were_names_are_read_up_to_the_instant_from_which_they_are_asked_for() -> (
    None
):
    records = of(None)
    data = written(records)
    assert b"network" not in data
    for since in (None, AT + 4 * HOUR):
        assert onboarding_steps.read(data, SEATS, "XXU", network=HERE, since=since) == tuple(
            records
        )
    for since in (AT + 3 * HOUR, AT, datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(DocumentRefused) as caught:
            onboarding_steps.read(data, SEATS, "XXU", network=HERE, since=since)
        assert caught.value.code == "record-network"


def test_a_record_without_a_name_does_not_follow_upon_one_with_it() -> None:
    records = of(HERE, LONG[:3])
    last = recorded(records, "qa-passed")
    with pytest.raises(DocumentRefused) as caught:
        onboarding_steps.read(written([*records, last]), SEATS, "XXU", network=HERE)
    assert caught.value.code == "record-network"


# What is shown


def report(form: str = onboarding_steps.GOVERNANCE, **members: object) -> bytes:
    return json.dumps({"format": form, "participant": "XXU", **members}).encode()


@pytest.mark.parametrize(
    ("step", "document", "expected"),
    [
        ("qa-passed", report(errors=0), ""),
        ("qa-passed", report(errors=0, warnings=3), ""),
        ("qa-passed", report(errors=1), "evidence-failed"),
        ("qa-passed", report(errors="0"), "evidence-failed"),
        ("qa-passed", report(), "evidence-failed"),
        ("qa-failed", report(errors=1), ""),
        ("qa-passed", report(errors=0, participant="XXA"), "evidence-other"),
        ("self-test-passed", report(onboarding_steps.SELF_TEST, passed=True, domain="DCC"), ""),
        (
            "self-test-passed",
            report(onboarding_steps.SELF_TEST, passed=False, domain="DCC"),
            "evidence-failed",
        ),
        (
            "self-test-passed",
            report(onboarding_steps.SELF_TEST, passed=True, domain="ICVP"),
            "evidence-other",
        ),
        (
            "self-test-passed",
            report(onboarding_steps.SELF_TEST, passed=True, domain="DCC", participant="XXA"),
            "evidence-other",
        ),
        ("self-test-failed", report(onboarding_steps.SELF_TEST, passed=False, domain="DCC"), ""),
        # Another step's report is a paper like any other, and so is JSON that is none.
        ("qa-passed", report(onboarding_steps.SELF_TEST, passed=False, domain="DCC"), ""),
        ("self-test-passed", report(errors=1), ""),
        ("qa-passed", b"[1]", ""),
        ("qa-passed", b"%PDF-1.7", ""),
        ("qa-passed", b'{"format": "pratique-governance-1"}', ""),
        ("qa-passed", b"[" * 5000, ""),
    ],
)
def test_a_report_that_is_shown_says_what_the_step_says(
    step: str, document: bytes, expected: str
) -> None:
    documents = [b"a letter", document]
    if not expected:
        onboarding_steps.check_evidence(
            OnboardingStep(step), documents, participant="XXU", domain="DCC"
        )
        return
    with pytest.raises(UsageError) as caught:
        onboarding_steps.check_evidence(
            OnboardingStep(step), documents, participant="XXU", domain="DCC"
        )
    assert caught.value.code == expected
    assert caught.value.message.startswith(f"XXU: {step} is not recorded, for the ")


def test_the_application_is_the_one_that_was_recorded() -> None:
    first, second = b'{"keys": 1}', b'{"keys": 2}'
    records = way(LONG[:2])
    records.append(recorded(records, "keys-submitted", evidence=[b"a letter", first]))
    assert onboarding_steps.check_application(records, first, "XXU")
    with pytest.raises(UsageError) as caught:
        onboarding_steps.check_application(records, second, "XXU")
    assert caught.value.code == "application-differs"
    assert caught.value.message.startswith("XXU: ")
    assert caught.value.message.endswith(f" at {records[-1].at}")
    # Handed in anew, the new one counts, and the old one does no more.
    records.append(recorded(records, "qa-failed"))
    records.append(recorded(records, "keys-submitted", evidence=[second]))
    assert onboarding_steps.check_application(records, second, "XXU")
    with pytest.raises(UsageError):
        onboarding_steps.check_application(records, first, "XXU")
    # Handed in once more without a document there is nothing to compare it with.
    records += [recorded(records, "qa-failed")]
    records += [recorded(records, "keys-submitted")]
    assert not onboarding_steps.check_application(records, first, "XXU")
    assert not onboarding_steps.check_application(to("keys-submitted"), first, "XXU")
    assert not onboarding_steps.check_application([], first, "XXU")


def test_a_self_test_counts_for_its_domain_and_for_the_keys_that_were_tested() -> None:
    records = of(HERE, LONG[: LONG.index("admitted") + 1])
    seat = Seated("seat 0", key("seat 0").public_key, HERE)

    def go(step: str, domain: str = "") -> None:
        one = onboarding_steps.recorded(
            records,
            OnboardingStep(step),
            participant="XXU",
            at=AT + 99 * HOUR,
            seat=seat,
            key=key("seat 0"),
            domain=domain,
        )
        records.append(one)

    assert onboarding_steps.tested(records) == frozenset()
    go("self-test-running")
    go("self-test-passed", "DCC")
    assert onboarding_steps.tested(records) == {"DCC"}
    for step, domain in (("active", ""), ("self-test-running", ""), ("self-test-passed", "ICVP")):
        go(step, domain)
    assert onboarding_steps.tested(records) == {"DCC", "ICVP"}
    go("active")
    go("keys-submitted")
    assert onboarding_steps.tested(records) == frozenset()
    # One of before records named a network may name no domain, and counts as it did.
    assert onboarding_steps.tested(to("self-test-passed")) == {onboarding_steps.ANY}


# The table


def test_the_table_is_the_one_that_is_written_here() -> None:
    table = {(a.value if a else "none", b.value) for a, after in FOLLOWING.items() for b in after}
    assert table == allowed()
    assert FOLLOWING.keys() == {None, *OnboardingStep}
    assert set(LONG) == {step.value for step in OnboardingStep}


@pytest.mark.parametrize(("last", "step"), list(product(["none", *OnboardingStep], OnboardingStep)))
def test_every_arrow_of_the_table_and_no_other(last: str, step: OnboardingStep) -> None:
    records = [] if last == "none" else to(last)
    if (last, step.value) in allowed():
        records.append(recorded(records, step))
        assert onboarding_steps.read(written(records), SEATS, "XXU") == tuple(records)
        return
    with pytest.raises(UsageError) as caught:
        recorded(records, step)
    assert caught.value.code == "step-out-of-turn"
    assert step.value in caught.value.message
    # Written past the front door, by a seat that means harm, it is refused as well.
    forced = forged(records, step)
    with pytest.raises(DocumentRefused) as refused:
        onboarding_steps.read(written([*records, forced]), SEATS, "XXU")
    assert refused.value.code == "record-step"


def forged(
    records: list[OnboardingRecord],
    step: OnboardingStep,
    by: SoftwareKey | None = None,
    **more: str,
) -> OnboardingRecord:
    """Sign a record without asking the table."""
    own = by or key("seat 0")
    previous = records[-1].digest if records else ""
    fields = {
        "participant": "XXU",
        "domain": "",
        "at": "2026-11-29T09:00:00Z",
        "by": "seat 0",
        **more,
    }
    one = OnboardingRecord(step=step, evidence=(), previous=previous, **fields)
    return one._replace(
        keyid=metadata.keyid(own.public_key), signature=own.sign(one.message()).hex()
    )


# What was touched


def refusal(data: bytes, seats: dict[str, Seated] = SEATS, participant: str = "XXU") -> str:
    with pytest.raises(DocumentRefused) as caught:
        onboarding_steps.read(data, seats, participant)
    assert "copy" in caught.value.hint
    return caught.value.code


def test_a_whole_way_is_read_back_as_it_was_written() -> None:
    records = way()
    assert onboarding_steps.read(written(records), SEATS, "XXU") == tuple(records)
    assert onboarding_steps.read(b"", SEATS, "XXU") == ()


@pytest.mark.parametrize("number", range(len(LONG)))
def test_a_record_that_is_altered_dropped_doubled_or_moved_is_refused(number: int) -> None:
    records = way()
    rest = records[:number] + records[number + 1 :]
    # What is dropped from the end leaves no trace here: the digest of the last may be noted elsewhere.
    if number < len(records) - 1:
        assert refusal(written(rest)) in {"record-chain", "record-step"}
        swapped = [*records]
        swapped[number : number + 2] = reversed(records[number : number + 2])
        assert refusal(written(swapped)) in {"record-chain", "record-step"}
    assert refusal(written([*records[: number + 1], *records[number:]])) in {
        "record-chain",
        "record-step",
    }
    one = records[number]
    flipped = f"{one.signature[:-2]}{int(one.signature[-2:], 16) ^ 1:02x}"
    changes: dict[str, Any] = {
        "at": "2026-12-23T00:00:00Z", "domain": "ICVP", "evidence": ("0" * 64,), "participant": "XXV",
        "by": "seat 2", "keyid": "0" * 24, "signature": flipped, "previous": "1" * 64,
        "step": OnboardingStep.WITHDRAWN if one.step is not OnboardingStep.WITHDRAWN else OnboardingStep.ACTIVE,
    }  # fmt: skip
    for name, value in changes.items():
        altered = [*records[:number], one._replace(**{name: value}), *records[number + 1 :]]
        assert refusal(written(altered)).startswith("record-"), name


def test_every_byte_of_a_record_counts() -> None:
    data = written(to("identity-proven"))
    for at in range(len(data)):
        for changed in (
            data[:at] + data[at + 1 :],
            data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
        ):
            with pytest.raises(DocumentRefused):
                onboarding_steps.read(changed, SEATS, "XXU")


def test_a_stranger_or_another_seats_name_is_refused() -> None:
    records = to("letter-received")
    for one in (
        forged(records, OnboardingStep.IDENTITY_PROVEN, key("stranger")),
        forged(records, OnboardingStep.IDENTITY_PROVEN, by=key("seat 0"))._replace(by="seat 1"),
        forged(records, OnboardingStep.IDENTITY_PROVEN, key("seat 1")),
        forged(records, OnboardingStep.IDENTITY_PROVEN)._replace(keyid=""),
        forged(records, OnboardingStep.IDENTITY_PROVEN)._replace(signature="no hex"),
        forged(records, OnboardingStep.IDENTITY_PROVEN)._replace(signature=""),
    ):
        assert refusal(written([*records, one])) == "record-signature"
    good = forged(records, OnboardingStep.IDENTITY_PROVEN)
    assert onboarding_steps.read(written([*records, good]), SEATS, "XXU")[-1] == good
    with pytest.raises(UsageError) as caught:
        onboarding_steps.recorded(records, OnboardingStep.IDENTITY_PROVEN, participant="XXU", at=AT + DAY,
                         seat=seated("seat 1"), key=key("seat 0"))  # fmt: skip
    assert caught.value.code == "seat-key-differs"


def test_another_participants_records_and_another_chain_are_refused() -> None:
    assert refusal(written(way()), participant="XXV") == "record-chain"
    other = way(["letter-received"], letter=b"another letter")
    assert refusal(written([*other, *to("identity-proven")[1:]])) == "record-chain"


def test_a_signature_is_good_for_a_record_and_nothing_else() -> None:
    record = to("letter-received")[0]
    assert record.message().startswith(b"pratique-onboarding-1\n")
    bare = record._replace(signature=key("seat 0").sign(record.message()[22:]).hex())
    assert refusal(bare.to_line()) == "record-signature"


WRONG: dict[str, Callable[[dict[str, object]], object]] = {
    "one more": lambda row: row | {"more": ""},
    "one less": lambda row: {name: value for name, value in row.items() if name != "domain"},
    "no step": lambda row: row | {"step": "approved"},
    "a state": lambda row: row | {"step": "suspended"},
    "a number": lambda row: row | {"at": 7},
    "no list": lambda row: row | {"evidence": "digest"},
    "a list of numbers": lambda row: row | {"evidence": [7]},
    "a list": list,
    "nothing": lambda _: None,
    "a text": lambda _: "text",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_record_is_refused(what: str) -> None:
    row = WRONG[what](json.loads(to("letter-received")[0].to_line()))
    data = json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert refusal(data) in {"record-malformed", "record-signature"}


def test_another_spelling_of_a_record_and_text_that_is_none_are_refused() -> None:
    line = to("letter-received")[0].to_line()
    assert refusal(json.dumps(json.loads(line)).encode() + b"\n") == "record-malformed"
    assert refusal(line.rstrip(b"\n")) == "record-malformed"
    for data in (b"{", b"\xff\n", b"[" * 50_000):
        with pytest.raises(DocumentRefused):
            onboarding_steps.read(data, SEATS, "XXU")


def test_time_does_not_run_back() -> None:
    records = to("letter-received")
    with pytest.raises(UsageError) as caught:
        recorded(records, "identity-proven", at=AT - HOUR)
    assert caught.value.code == "step-before"
    assert recorded(records, "identity-proven", at=AT).at == records[0].at


# States that are computed


def state(
    records: list[OnboardingRecord],
    at: datetime,
    ends: datetime | None = None,
    *suspensions: Suspension,
) -> str:
    return onboarding_steps.state(records, ends=ends, suspensions=suspensions, at=at)


def test_no_step_is_a_state_that_dates_decide() -> None:
    assert {"suspended", "expiring", "lapsed"}.isdisjoint({step.value for step in OnboardingStep})


def test_a_participant_is_what_its_last_step_says_until_it_is_active() -> None:
    assert state([], AT) == "draft"
    for step in LONG[:12]:
        assert state(to(step), AT) == step
        assert state(to(step), AT, AT - DAY) == step


def test_expiring_and_lapsed_are_computed_from_the_end() -> None:
    records, end = to("active"), AT + 365 * DAY
    assert state(records, AT) == "active"
    assert state(records, AT, end) == "active"
    assert state(records, end - WARNED, end) == "active"
    assert state(records, end - WARNED + timedelta(seconds=1), end) == "expiring"
    assert state(records, end - timedelta(seconds=1), end) == "expiring"
    assert state(records, end, end) == "lapsed"
    # What lapsed lives again by what it publishes, and by no step.
    assert state(records, end, end + 365 * DAY) == "active"
    assert state(to("renewed"), end, end) == "lapsed"


def test_a_suspension_counts_from_its_beginning_to_its_end() -> None:
    records, since = to("active"), int((AT + DAY).timestamp())
    one = Suspension(since, since + 86400, "forgeries")
    for at, told in ((AT + DAY - timedelta(seconds=1), "active"), (AT + DAY, "suspended"),
                     (AT + 2 * DAY - timedelta(seconds=1), "suspended"), (AT + 2 * DAY, "active")):  # fmt: skip
        assert state(records, at, None, one) == told
    assert state(records, AT + DAY, AT, one) == "suspended"
    assert state(to("withdrawn"), AT + DAY, AT + 9 * DAY, one) == "withdrawn"


# No person


def test_no_text_of_a_document_and_no_name_is_in_a_record() -> None:
    people = canary.people(20)
    letters = [
        f"We, {one.forename} {one.surname}, born {one.birth_date}, {one.document}, apply".encode()
        for one in people
    ]
    records: list[OnboardingRecord] = []
    for step in LONG:
        records.append(recorded(records, step, evidence=letters, domain="DCC"))
    data = written(records)
    scanner = canary.Scanner(people)
    assert scanner.scan(data) == set()
    assert scanner.scan(repr(records).encode()) == set()
    assert hashlib.sha256(letters[0]).hexdigest().encode() in data
    # Had a document been kept, or a step been done by a person, it would be found.
    assert scanner.scan(data + letters[3])
    named = records[0]._replace(by=f"{people[5].forename} {people[5].surname}")
    assert scanner.scan(named.to_line())


def test_a_record_has_these_members_and_none_for_a_person() -> None:
    assert set(OnboardingRecord._fields) == {
        "participant", "step", "domain", "at", "by", "evidence", "previous", "keyid", "signature",
        "network", "environment",
    }  # fmt: skip
