"""Small things that lists and keys stand on, each asked by itself: what a list says of its environment, what is
noted of a register, where a signed list is cut, and how a country is spelled.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pratique import strict_json
from pratique.errors import PratiqueError
from pratique.terms import Environment
from pratique.trust import countries, did, issuer, lists
from pratique.trust.issuer import RegisterNote
from tests.unit.trust.test_shards import A, B

PRODUCTION = next(url for url, env in did.ENVIRONMENTS.items() if env.value == "production")
TEST = next(url for url, env in did.ENVIRONMENTS.items() if env is Environment.TEST)


@pytest.mark.parametrize(
    ("document", "by_host_only", "said"),
    [
        ({"@context": [PRODUCTION]}, False, Environment.PRODUCTION),
        ({"@context": [PRODUCTION]}, True, None),
        ({"@context": [TEST, PRODUCTION]}, False, Environment.TEST),
        ({"@context": PRODUCTION}, False, None),
        ({"@context": {PRODUCTION: 1}}, False, None),
        ({"@context": [1, None, PRODUCTION]}, False, Environment.PRODUCTION),
        ({"@context": ["https://w3id.org/security/v2"]}, False, None),
        ({"id": "did:web:tng-cdn.who.int:v2:trustlist"}, True, Environment.PRODUCTION),
        ({"id": "did:web:tng-cdn-dev.who.int", "@context": [PRODUCTION]}, False, Environment.TEST),
        ({"id": "did:web:tng-cdn.who.int.example"}, False, None),
        ({"id": 7}, False, None),
        ({}, False, None),
    ],
)
def test_a_list_is_of_the_environment_that_its_context_and_host_say(
    document: dict[str, object], by_host_only: bool, said: Environment | None
) -> None:
    assert did.environment(document, by_host_only=by_host_only) is said


def refused(notes: dict[str, RegisterNote], register: bytes, counts: dict[bytes, int]) -> bool:
    try:
        issuer.check(A, notes, register=register, counts=counts)
    except PratiqueError as error:
        return error.code == "register-lost"
    return False


@pytest.mark.parametrize(
    ("notes", "register", "count", "is_refused"),
    [
        ({}, b"r", 0, False),
        ({B.label: RegisterNote(b"other", 9)}, b"r", 0, False),
        ({A.label: RegisterNote(b"r", 5)}, b"r", 5, False),
        ({A.label: RegisterNote(b"r", 5)}, b"r", 6, False),
        ({A.label: RegisterNote(b"r", 5)}, b"r", 4, True),
        ({A.label: RegisterNote(b"r", 0)}, b"r", 0, False),
        ({A.label: RegisterNote(b"other", 0)}, b"r", 0, True),
        ({A.label: RegisterNote(b"other", 5)}, b"r", 9, True),
    ],
)
def test_a_key_signs_with_the_register_that_it_has_signed_with_and_no_older_one(
    notes: dict[str, RegisterNote], register: bytes, count: int, is_refused: bool
) -> None:
    counts = {A.kid: count} if count else {}
    assert refused(notes, register, counts) is is_refused


def test_a_key_that_has_signed_nothing_yet_is_not_noted() -> None:
    before = {"kept": RegisterNote(b"old", 3)}
    found = issuer.updated(before, (A, B), register=b"r", counts={A.kid: 2})
    assert found == {"kept": RegisterNote(b"old", 3), A.label: RegisterNote(b"r", 2)}
    assert before == {"kept": RegisterNote(b"old", 3)}
    assert issuer.read_notes(issuer.write_notes(found)) == found
    assert list(
        strict_json.loads(
            issuer.write_notes({"b": RegisterNote(b"", 1), "a": RegisterNote(b"", 1)})
        )
    ) == [
        "a",
        "b",
    ]


def test_a_note_never_falls() -> None:
    """Whoever signs with another key, or has counted before somebody else, lifts no refusal."""
    before = {A.label: RegisterNote(b"r", 5), B.label: RegisterNote(b"other", 3)}
    found = issuer.updated(before, (A, B), register=b"r", counts={A.kid: 4, B.kid: 9})
    assert found == before
    assert refused(found, b"r", {A.kid: 4, B.kid: 9})
    # The control: what is more is noted.
    more = issuer.updated(before, (A, B), register=b"r", counts={A.kid: 6})
    assert more == before | {A.label: RegisterNote(b"r", 6)}


@pytest.mark.parametrize(
    "rows", [[], None, {"a": {}}, {"a": {"register": "zz", "issued": 1}}, {"a": 1}]
)
def test_notes_that_are_none_are_refused(rows: Any) -> None:
    with pytest.raises(PratiqueError) as caught:
        issuer.read_notes(json.dumps(rows).encode())
    assert caught.value.code == "notes-malformed"


def line(octets: int) -> bytes:
    return base64.b64encode(bytes(octets))


@pytest.mark.parametrize(
    ("data", "is_split"),
    [
        (line(64) + b"\n{}", True),
        (line(64) + b"\n \n[1]", True),
        (line(64) + b"{}", False),
        (line(1536) + b"\n{}", True),
        (line(1539) + b"\n{}", False),
        ("é".encode() + b"\n{}", False),
        (b"\n{}", False),
        (b"no base64!\n{}", False),
        (line(64) + b"\nplain", False),
    ],
)
def test_a_list_is_cut_after_a_line_that_may_be_a_signature(data: bytes, is_split: bool) -> None:
    assert (lists.split(data) is not None) is is_split


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("FR", {"FR"}),
        ("fra", {"FR"}),
        ("GR", {"GR"}),
        ("EL", {"GR"}),
        ("?", set()),
        ("XXK", {"XXK"}),
    ],
)
def test_a_bearer_is_one_however_it_is_spelled(text: str, who: set[str]) -> None:
    assert countries.bearers(text) == who


def test_who_is_meant_by_a_code_of_two_bearers_may_be_either() -> None:
    assert countries.bearers("XK") == {"XKX", "XXK"}
    assert countries.bearers("XKX") == {"XKX"}
