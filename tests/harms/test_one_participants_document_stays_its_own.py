"""One participant's document, whatever is in it, leaves every other participant as it was."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache

import pytest

from pratique import compile as compile_module
from pratique.compile import compiled
from pratique.findings import Colour
from pratique.network import metadata, view
from pratique.network.view import View
from pratique.rules import documents
from pratique.rules.ruleset import Destination
from pratique.verification import verify
from tests.networks import AT, HOUR, Authority, State, Verifier
from tests.travellers import rule

HOSTILE, HONEST = "XXA", "XXB"
BACK = Destination("XB")
LOGIC = {"===": [1, 1]}


def _rules(country: str) -> bytes:
    found = rule("GR-XX-0001", LOGIC)._replace(
        identifier=f"GR-{country}-0001", country=country, valid_from=0, valid_to=2_000_000_000
    )
    return json.dumps([documents.write(found)]).encode()


@cache
def network() -> tuple[View, str, str]:
    """Return a network of two, and a certificate of each."""
    authority, hostile, honest = Authority(), State(HOSTILE), State(HONEST)
    authority.admit(hostile, honest)
    texts = hostile.issue(), honest.issue()
    for state in (hostile, honest):
        state.rules = json.loads(_rules(state.country))
        late = 2 if state is hostile else 3
        state.choices = (
            b'{"format":"pratique-choices-1","value_sets":{},"freshness_hours":{"old":1,"too_old":%d}}'
            % late
        )
        state.publish()
    return authority.view, *texts


def heard_with(name: str, data: bytes) -> View:
    """Return the network with one of the hostile participant's files exchanged."""
    found = network()[0]
    role = found.roles[HOSTILE]
    files = {**role.files, f"{HOSTILE}/{name}": data}
    return found._replace(roles={**found.roles, HOSTILE: role._replace(files=files)})


def in_rule(inner: str) -> bytes:
    """Put a text in the place of a rule's logic."""
    return _rules("XA").replace(json.dumps(LOGIC).encode(), inner.encode())


def nested(depth: int) -> str:
    return '{"!":[' * depth + "1" + "]}" * depth


def wide(count: int) -> str:
    return '{"and":[' + ",".join(["[]"] * count) + "]}"


TEXTS: dict[str, Callable[[], str]] = {
    "nested 490": lambda: nested(490),
    "nested 5,000": lambda: nested(5_000),
    "nested 100,000": lambda: nested(100_000),
    "lists 100,000": lambda: "[" * 100_000 + "]" * 100_000,
    "wide": lambda: wide(700_000),
    "number beyond a float": lambda: '{"===":[1,1e999]}',
    "number beyond a float, negative": lambda: '{"===":[1,-1e999]}',
    "10,000 digits": lambda: '{"===":[1,' + "9" * 10_000 + "]}",
    "lone surrogate": lambda: r'{"===":["\ud800","\ud800"]}',
    "lone surrogate in a name": lambda: r'{"\udfff":[1]}',
    "NaN": lambda: '{"===":[1,NaN]}',
    "Infinity": lambda: '{"===":[1,-Infinity]}',
    "a name twice": lambda: '{"!":[1],"!":[0]}',
    "unclosed": lambda: '{"!":[1',
}
NAMES = (metadata.SIGNERS, metadata.RULES, metadata.CHOICES)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_a_document_is_its_own_participant_s_problem(name: str, text: str) -> None:
    inner = TEXTS[text]()
    _alone(name, in_rule(inner) if name == metadata.RULES else f'{{"format":{inner}}}'.encode())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [b"\xff\xfe", b"", b"0", b"null", b'"', b"[" * 490 + b"]" * 490])
def test_what_is_no_document_is_its_own_participant_s_problem(name: str, text: bytes) -> None:
    _alone(name, text)


@pytest.mark.parametrize("data", [b"", b"\0" * 200, b"pratique-revocation-1\n", b"\xff" * 5_000])
def test_a_list_that_is_none_is_its_own_participant_s_problem(data: bytes) -> None:
    _alone(f"revocations-{'00' * 8}-1.tags", data)


@pytest.mark.parametrize(
    "error", [RecursionError, MemoryError, OverflowError, UnicodeEncodeError, AttributeError]
)
@pytest.mark.parametrize("part", ["publication", "documents", "participants", "client"])
def test_whatever_a_document_raises_stays_with_its_participant(
    part: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = getattr(compile_module, part)
    name = "lists" if part == "client" else "read"
    sound = getattr(reader, name)
    hostile = network()[0].roles[HOSTILE].files.values()

    def reading(*given: object) -> object:
        data = given[0]
        if HOSTILE in given or data in hostile or data == json.loads(_rules("XA")):
            raise error.__new__(error)
        return sound(*given)

    monkeypatch.setattr(reader, name, reading)
    _others_as_before(network()[0])


def test_no_depth_is_read_and_then_too_deep_to_be_sorted() -> None:
    # Which one it was depended on the version of Python and on who called the reader.
    network()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        for depth in range(50, 500, 90):
            snapshot = compiled(heard_with(metadata.RULES, in_rule(nested(depth))))
            assert snapshot.roll is not None
            assert snapshot.roll.members[HOSTILE].problem == "json-unreadable"
    finally:
        sys.setrecursionlimit(limit)


def test_a_rule_nested_490_deep_ends_no_verifier() -> None:
    authority, hostile, honest = Authority(), State(HOSTILE), State(HONEST)
    authority.admit(hostile, honest)
    honest.publish()
    text = honest.issue()
    made = hostile.contents() | {f"{HOSTILE}/rules.json": in_rule(nested(490))}
    authority.publish_unasked(hostile.draft(made), hostile.roles[:2])
    border = Verifier(authority.anchor)
    border.sync(authority.files, AT)
    found = border.verify(text)
    assert found.certificate is not None
    assert found.verdict.colour is Colour.AMBER
    assert border.snapshot().roll.members[HOSTILE].problem == "json-unreadable"  # type: ignore[union-attr]


def _alone(name: str, data: bytes) -> None:
    _others_as_before(heard_with(name, data))


def _others_as_before(found: View) -> None:
    _, own, honest = network()
    snapshot = compiled(found)
    assert snapshot.roll is not None
    assert snapshot.roll.members[HOSTILE].problem
    assert not snapshot.roll.members[HONEST].problem
    at = AT + HOUR
    assert verify(honest, snapshot=snapshot, at=at, place=BACK).verdict.colour is Colour.GREEN
    assert verify(own, snapshot=snapshot, at=at, place=BACK).verdict.colour is not Colour.GREEN


def test_as_it_is_both_are_green() -> None:
    found, *texts = network()
    assert view.readable(found) >= {HOSTILE, HONEST}
    for text in texts:
        seen = verify(text, snapshot=compiled(found), at=AT + HOUR, place=BACK)
        assert seen.verdict.colour is Colour.GREEN
