"""Who takes part, and who is suspended: lists that are exactly of their form, or none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.network import participants
from pratique.network.participants import (
    LONGEST,
    PAUSE,
    Participant,
    ParticipantKind,
    SuspensionReason,
    check_suspensions,
    read_participants,
    read_suspensions,
    write_participants,
    write_suspensions,
)
from pratique.text import seen
from pratique.trust.registry import Suspension

DAY = 86400
CODES = st.from_regex(r"[A-Z][A-Z0-9]{1,7}", fullmatch=True)
# A mark without a letter and a letter without a form are refused: they cannot be seen, or sit on a word of ours.
TEXTS = st.text(max_size=30).filter(lambda text: text.isprintable() and seen(text) == text)
PARTICIPANTS = st.builds(
    Participant, CODES, st.sampled_from(ParticipantKind), TEXTS,
    st.frozensets(st.sampled_from(["XA", "XB", "XC"])), TEXTS,
    st.frozensets(st.sampled_from(["DCC", "ICVP"])), TEXTS,
)  # fmt: skip
XUA = Participant("XUA", ParticipantKind.STATE, "A", frozenset({"XA"}), "XA", frozenset({"DCC"}))


def code(read: Any, data: bytes) -> str:
    with pytest.raises(DocumentRefused) as caught:
        read(data)
    return caught.value.code


@given(st.lists(PARTICIPANTS, max_size=6, unique_by=lambda one: one.code))
def test_participants_come_back_as_they_were(listed: list[Participant]) -> None:
    data = write_participants(listed)
    assert read_participants(data) == {one.code: one for one in listed}
    assert write_participants(reversed(listed)) == data


def with_row(**changed: Any) -> bytes:
    row = {**strict_json.write(XUA), **changed}
    kept = {name: value for name, value in row.items() if value != "gone"}
    document = {"format": participants.PARTICIPANTS_FORMAT, "participants": [kept]}
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "gone"}, {"more": 1}, {"code": "xua"}, {"code": "X"}, {"code": "suspend"},
        {"code": "ABCDEFGHI"}, {"code": 7}, {"kind": "empire"}, {"countries": "XA"},
        {"countries": [7]}, {"name": "x" * 301}, {"name": "a\u202eb"}, {"contact": "a\x1b[2J"},
        {"contact": "\U000e0100"}, {"name": "\u3164"}, {"name": "\u0301A"}, {"subject": None}, {"domains": None}, {"domains": [None]},
    ],
)  # fmt: skip
def test_a_list_that_is_not_of_its_form_is_refused_whole(changed: dict[str, Any]) -> None:
    assert read_participants(with_row()) == {"XUA": XUA}
    assert code(read_participants, with_row(**changed)) == "participants-malformed"


def test_no_participant_is_listed_twice() -> None:
    row = strict_json.write(XUA)
    document = {"format": participants.PARTICIPANTS_FORMAT, "participants": [row, row]}
    assert code(read_participants, json.dumps(document).encode()) == "participants-malformed"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": "x", "participants": []}'])
def test_another_document_is_no_list(data: bytes) -> None:
    for read in (read_participants, read_suspensions):
        assert code(read, data) in {
            "json-unreadable", "participants-malformed", "suspensions-malformed",
        }  # fmt: skip


def test_a_name_may_hold_the_joiners_of_its_script() -> None:
    """Persian and scripts of India are written with them; what hides or turns text is not let in."""
    for joiner in "\u200c\u200d":
        data = write_participants([XUA._replace(name=f"a{joiner}b")])
        assert read_participants(data)["XUA"].name == f"a{joiner}b"


# A list as the seats may make it: of one participant, apart by at least the pause.
@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Suspension]]:
    found, at = [], 0
    for _ in range(draw(st.integers(0, 4))):
        at += PAUSE + draw(st.integers(0, 5 * DAY))
        long = draw(st.integers(1, LONGEST))
        reason = draw(st.sampled_from([*SuspensionReason])).value
        found.append(("XUA", Suspension(at, at + long, reason)))
        at += long
    return found


@given(histories())
def test_suspensions_come_back_as_they_were(listed: list[tuple[str, Suspension]]) -> None:
    data = write_suspensions(listed)
    assert read_suspensions(data) == tuple(listed)
    assert write_suspensions(reversed(listed)) == data


@given(histories(), st.integers(0, 60 * DAY), st.integers(-DAY, 2 * LONGEST))
def test_none_is_long_and_none_follows_upon_another(
    listed: list[tuple[str, Suspension]], since: int, long: int
) -> None:
    one = Suspension(since, since + long, "forgeries")
    apart = all(
        one.until + PAUSE <= other.since or other.until + PAUSE <= one.since
        for _, other in listed
        if other != one
    )
    try:
        check_suspensions([*listed, ("XUA", one)])
    except DocumentRefused as error:
        assert error.code in {"suspension-long", "suspension-chained"}  # noqa: PT017
        assert not (0 < long <= LONGEST) or not apart
    else:
        assert 0 < long <= LONGEST
        assert apart
    # Whatever one participant's are, another's are its own.
    if 0 < long <= LONGEST:
        check_suspensions([*listed, ("XUB", one)])


@given(histories())
def test_in_any_stretch_of_time_half_of_it_is_free(listed: list[tuple[str, Suspension]]) -> None:
    """What all this is for: nobody is suspended for good by one after another."""
    if listed:
        first, last = listed[0][1].since, listed[-1][1].until
        held = sum(one.until - one.since for _, one in listed)
        assert held <= (last - first + PAUSE) / 2


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "politics"}, {"reason": None}, {"participant": "xua"}, {"participant": None},
        {"participant": "suspend"}, {"since": "2026-11-22"}, {"since": 7}, {"until": None},
        {"since": "2026-11-22T09:00:00+00:00"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_suspension_that_is_not_of_its_form_is_refused(changed: dict[str, Any]) -> None:
    row = {
        "participant": "XUA", "since": "2026-11-22T09:00:00Z", "until": "2026-11-23T09:00:00Z",
        "reason": "forgeries",
    }  # fmt: skip

    def data(row: dict[str, Any]) -> bytes:
        document = {"format": participants.SUSPENSIONS_FORMAT, "suspensions": [row]}
        return json.dumps(document).encode()

    assert len(read_suspensions(data(row))) == 1
    assert code(read_suspensions, data({**row, **changed})) == "suspensions-malformed"


def test_reasons_are_about_keys_and_forgeries_only() -> None:
    assert {*SuspensionReason} == {"keys-stolen", "keys-lost", "forgeries", "own-request"}
