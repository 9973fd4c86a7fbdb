"""Rules that a country uploads: which is taken, which is refused and why, and which versions others see."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gateway.call import Settings
from pratique.gateway.mailbox import StoredRule
from pratique.gateway.rules import LONGEST_VERSION, order, visible
from pratique.gateway.wire import Profile
from pratique.text import rfc3339
from tests.gateway_sent import Sender, details, octets, refusal, rule, sound_rule
from tests.gateway_world import AT, DAY, body, bouncy, world

HOUR = 3600
STRICT = Settings(profile=Profile.STRICT)


def sender(code: str = "XA", settings: Settings | None = None) -> Sender:
    return Sender(code, world().box(settings))


def uploaded(*members: dict[str, Any], settings: Settings | None = None) -> Sender:
    xa = sender(settings=settings)
    for row in members:
        assert refusal(xa.post("/rules", rule(**row))) == (201, "")
    return xa


def test_a_rule_of_the_suites_is_taken_and_listed_to_the_byte() -> None:
    """Both suites upload what is no CertLogic, for an engine that nobody has."""
    xa = sender()
    sent = xa.signed(rule())
    answer = xa.send("POST", "/rules", sent, content_type="application/cms-text")
    assert (answer.status, answer.body) == (201, b"")
    stated = {
        "version": "1.0.0",
        "validFrom": rfc3339(AT + 2 * DAY),
        "validTo": rfc3339(AT + 30 * DAY),
        "cms": sent.decode(),
    }
    assert Sender("DX", xa.box).json("/rules/XA") == {"GR-XA-0001": [stated]}
    assert sender().json("/rules/XA") == {}


def test_a_rule_in_indefinite_lengths_is_taken_and_listed_to_the_byte() -> None:
    """Trap 7: BouncyCastle, which the old clients sign with, writes BER."""
    xa = sender()
    sent = body(bouncy(octets(rule()), xa.state.upload))
    assert refusal(xa.send("POST", "/rules", sent)) == (201, "")
    assert xa.json("/rules/XA")["GR-XA-0001"][0]["cms"] == sent.decode()


@pytest.mark.parametrize("encoding", ["content_encoding", "content_transfer_encoding"])
def test_headers_that_say_base64_change_nothing(encoding: str) -> None:
    """Trap 6: a body is what it is, whichever of the two headers a client sends, or none."""
    xa = sender()
    answer = xa.send("POST", "/rules", xa.signed(rule()), **{encoding: "base64"})
    assert refusal(answer) == (201, "")


WRONG_MEMBERS: list[dict[str, Any]] = [
    *({name: ...} for name in rule()),
    {"Extra": 1},
    {"AffectedFields": []},
    {"AffectedFields": ["dt", 1]},
    {"Country": "xa"},
    {"Country": "XAX"},
    {"CertificateType": "Exemption"},
    {"CertificateType": ["General"]},
    {"Description": []},
    {"Description": [{"lang": "en", "desc": "Nineteen characters"}]},
    {"Description": [{"lang": "de", "desc": "Eine Beschreibung auf Deutsch"}]},
    {"Description": [{"lang": "en-GB", "desc": "A description of twenty letters"}]},
    {"Description": [{"lang": "EN", "desc": "A description of twenty letters"}]},
    {"Description": [{"lang": "en", "desc": "A description of twenty letters", "x": 1}]},
    {"Engine": 1},
    {"EngineVersion": "2.0"},
    {"SchemaVersion": "1.0.0-beta"},
    {"Version": "1.0"},
    {"Version": "1.0.0\n"},
    {"Version": "1.0.٣"},
    {"Version": "1.0." + "9" * LONGEST_VERSION},
    {"Identifier": "GR-XA-001"},
    {"Identifier": "ER-XA-0001"},
    {"Logic": {}},
    {"Logic": []},
    {"Region": "BW-BW"},
    {"Region": "ABCDEF"},
    {"Type": "Denial"},
    {"ValidFrom": "2027-01-18"},
    {"ValidFrom": "2027-01-18T08:00:00"},
    {"ValidFrom": "2027-01-18T08:00:00.000Z"},
    {"ValidFrom": "2027-01-39T08:00:00Z"},
    {"ValidTo": "2027-19-18T08:00:00Z"},
]


@pytest.mark.parametrize("members", WRONG_MEMBERS, ids=str)
def test_a_rule_that_is_not_of_the_schema_is_refused(members: dict[str, Any]) -> None:
    assert refusal(sender().post("/rules", rule(**members))) == (400, "0x200")


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "null", '"GR-XA-0001"', '{"Identifier": 1, "Identifier": 1}'],
)
def test_what_is_no_object_of_one_reading_is_refused(text: str) -> None:
    assert refusal(sender().post("/rules", text)) == (400, "0x200")


def test_nothing_may_trail_a_rule() -> None:
    good = octets(rule())
    assert refusal(sender().post("/rules", good + b"{}")) == (400, "0x200")
    assert refusal(sender().post("/rules", good + b"\n")) == (201, "")


@pytest.mark.parametrize(
    "members",
    [
        {"Region": "BW"},
        {"Region": ""},
        {"Description": [{"lang": "en", "desc": "x" * 20}, {"lang": "de-at", "desc": "y" * 20}]},
        {"ValidFrom": "2027-01-18T08:00:00+01:00"},
        {"Engine": ""},
        {"Logic": {"any": "member"}},
    ],
    ids=str,
)
def test_what_the_schema_lets_pass_is_taken(members: dict[str, Any]) -> None:
    assert refusal(sender().post("/rules", rule(**members))) == (201, "")


KINDS = {"General": "GR", "Test": "TR", "Vaccination": "VR", "Recovery": "RR"}


@pytest.mark.parametrize("prefix", [*KINDS.values(), "IR"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", ["Acceptance", "Invalidation"])
def test_the_identifiers_letters_fit_type_and_kind(prefix: str, kind: str, of: str) -> None:
    fits = prefix == "IR" if of == "Invalidation" else KINDS[kind] == prefix
    members = {"Identifier": f"{prefix}-XA-0001", "Type": of, "CertificateType": kind}
    expected = (201, "") if fits else (400, "0x250")
    assert refusal(sender().post("/rules", rule(**members))) == expected


@pytest.mark.parametrize(
    "members",
    [
        {"Country": "XB"},
        {"Identifier": "GR-XB-0001"},
        {"Country": "XB", "Identifier": "GR-XB-0001"},
    ],
    ids=str,
)
def test_another_countrys_rule_is_refused(members: dict[str, Any]) -> None:
    assert refusal(sender().post("/rules", rule(**members))) == (403, "0x210")
    assert refusal(sender().post("/rules", rule())) == (201, "")


def test_only_the_callers_upload_key_signs_its_rules() -> None:
    xa = sender()
    other = world().state("XB").upload
    for key in (other, xa.state.tls, xa.state.authority):
        assert refusal(xa.send("POST", "/rules", xa.signed(rule(), key))) == (400, "0x230")
    second = xa.signed(rule(), xa.state.upload_again)
    assert refusal(xa.send("POST", "/rules", second)) == (201, "")


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        ("1.0.9", (400, "0x220")),
        ("1.0.10", (400, "0x220")),
        ("01.00.010", (400, "0x220")),
        ("0.99.99", (400, "0x220")),
        ("1.0.11", (201, "")),
        ("1.1.0", (201, "")),
        ("10.0.0", (201, "")),
    ],
)
def test_a_version_is_newer_than_the_newest_as_numbers(
    version: str, answer: tuple[int, str]
) -> None:
    xa = uploaded({"Version": "1.0.9"}, {"Version": "1.0.10"})
    assert refusal(xa.post("/rules", rule(Version=version))) == answer


@pytest.mark.parametrize(
    ("kind", "begins", "ends", "answer"),
    [
        ("Acceptance", 48 * HOUR, 120 * HOUR, (201, "")),
        ("Acceptance", 48 * HOUR - 1, 300 * HOUR, (400, "0x240")),
        ("Acceptance", 14 * DAY, 17 * DAY, (201, "")),
        ("Acceptance", 14 * DAY + 1, 20 * DAY, (400, "0x240")),
        ("Acceptance", 48 * HOUR, 120 * HOUR - 1, (400, "0x240")),
        ("Acceptance", 72 * HOUR, 72 * HOUR, (400, "0x240")),
        ("Acceptance", 72 * HOUR, 71 * HOUR, (400, "0x240")),
        ("Invalidation", 0, 72 * HOUR, (201, "")),
        ("Invalidation", -1, 300 * HOUR, (400, "0x240")),
        ("Invalidation", 14 * DAY + 1, 20 * DAY, (400, "0x240")),
        ("Invalidation", 1, 72 * HOUR, (400, "0x240")),
    ],
)
def test_a_rules_times_are_bounded_to_the_second(
    kind: str, begins: int, ends: int, answer: tuple[int, str]
) -> None:
    prefix = {"Acceptance": "GR", "Invalidation": "IR"}[kind]
    members = {
        "Type": kind,
        "Identifier": f"{prefix}-XA-0001",
        "ValidFrom": rfc3339(AT + begins),
        "ValidTo": rfc3339(AT + ends),
    }
    assert refusal(sender().post("/rules", rule(**members))) == answer


def test_a_version_does_not_begin_before_the_newest_uploaded_one() -> None:
    xa = uploaded({"ValidFrom": rfc3339(AT + 5 * DAY)})
    earlier = rule(Version="1.0.1", ValidFrom=rfc3339(AT + 5 * DAY - 1))
    assert refusal(xa.post("/rules", earlier)) == (400, "0x240")
    same = rule(Version="1.0.1", ValidFrom=rfc3339(AT + 5 * DAY))
    assert refusal(xa.post("/rules", same)) == (201, "")


def test_the_first_failure_is_told() -> None:
    """Each rule has every fault from its own on; taking the first away shows the next."""
    xa = uploaded({})
    late = {"ValidFrom": rfc3339(AT + 60 * DAY), "ValidTo": rfc3339(AT + 90 * DAY)}
    stranger = world().state("XB").upload
    wrong = xa.signed(rule(), xa.state.upload)
    wrong = wrong.replace(wrong[-12:-8], b"AAAA")
    foreign = rule(Identifier="TR-XB-0001", Country="XB", **late)
    steps = [
        (wrong, (400, "0x260")),
        (xa.signed("no JSON", stranger), (400, "0x230")),
        (xa.signed({**foreign, "Logic": {}}), (400, "0x200")),
        (xa.signed(foreign), (400, "0x250")),
        (xa.signed({**foreign, "CertificateType": "Test"}), (403, "0x210")),
        (xa.signed(rule(**late)), (400, "0x220")),
        (xa.signed(rule(**late, Version="1.0.1")), (400, "0x240")),
    ]
    for sent, expected in steps:
        assert refusal(xa.send("POST", "/rules", sent)) == expected
    assert len(xa.box.all_rules) == 1


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/rules"), ("POST", "/rules/delete")])
def test_a_deletion_is_of_all_versions_and_the_first_may_come_again(method: str, path: str) -> None:
    """Trap 9: a body in a DELETE, and its alias for those who cannot send one."""
    xa = uploaded({}, {"Version": "1.0.1"}, {"Identifier": "GR-XA-0002"})
    assert refusal(xa.send(method, path, xa.signed("GR-XA-0001"))) == (204, "")
    assert list(xa.json("/rules/XA")) == ["GR-XA-0002"]
    assert refusal(xa.send(method, path, xa.signed("GR-XA-0001"))) == (404, "0x270")
    assert refusal(xa.post("/rules", rule())) == (201, "")


@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("GR-XB-0001", (403, "0x210")),
        ("GR-XA-0009", (404, "0x270")),
        ("GR-XA-0001\n", (404, "0x270")),
        ("GR-XA-\0", (404, "0x270")),
        ("XX-XA-1", (404, "0x270")),
        ("XX-XB-1", (403, "0x210")),
        ("GR-XA", (400, "0x250")),
        ("GR-XA-0001-XA-0001", (400, "0x250")),
        ('"GR-XA-0001"', (404, "0x270")),
        ("", (400, "0x250")),
    ],
)
def test_a_deletion_names_a_rule_of_the_callers(identifier: str, answer: tuple[int, str]) -> None:
    xa = uploaded({})
    other = Sender("XB", xa.box)
    assert refusal(other.post("/rules", rule(Country="XB", Identifier="GR-XB-0001"))) == (201, "")
    assert refusal(xa.send("DELETE", "/rules", xa.signed(identifier))) == answer
    assert len(xa.box.all_rules) == 2


def test_a_deletion_is_signed_by_the_callers_upload_key() -> None:
    xa = uploaded({})
    stranger = xa.signed("GR-XA-0001", world().state("XB").upload)
    assert refusal(xa.send("DELETE", "/rules", stranger)) == (400, "0x230")
    wrong = xa.signed("GR-XA-0001")
    wrong = wrong.replace(wrong[-12:-8], b"AAAA")
    assert refusal(xa.send("DELETE", "/rules", wrong)) == (400, "0x260")
    octets = xa.signed(b"GR-XA-\xff")
    assert refusal(xa.send("DELETE", "/rules", octets)) == (400, "0x402")


def versions_at(xa: Sender, at: int) -> list[str]:
    xa.at = at
    return [row["version"] for row in xa.json("/rules/XA").get("GR-XA-0001", ())]


def test_a_version_vanishes_in_the_second_in_which_its_successor_begins() -> None:
    """Trap 12: a list has what is in force and what begins later, the newest upload first."""
    first, second = AT + 2 * DAY, AT + 6 * DAY
    xa = uploaded(
        {"ValidFrom": rfc3339(first)}, {"ValidFrom": rfc3339(second), "Version": "1.0.10"}
    )
    assert versions_at(xa, AT) == ["1.0.10", "1.0.0"]
    assert versions_at(xa, second - 1) == ["1.0.10", "1.0.0"]
    assert versions_at(xa, second) == ["1.0.10"]
    assert versions_at(xa, second + 400 * DAY) == ["1.0.10"], "what has ended stays listed"


def test_a_country_is_named_by_two_characters() -> None:
    """Trap 13: three letters are the folders' and DID documents'."""
    xa = uploaded({})
    assert list(xa.json("/rules/xa")) == ["GR-XA-0001"]
    assert xa.json("/rules/ZZ") == {}
    for name in ("XAX", "X", "delete"):
        assert refusal(xa.get(f"/rules/{name}")) == (400, "0x001")
    assert xa.get("/rules").status == 405


def test_what_is_to_be_said_against_a_rule_is_published() -> None:
    xa = sender()
    xa.post("/rules", rule())
    xa.post("/rules", sound_rule())
    (row,) = Sender("DX", xa.box).json("/remarks/rules/XA")
    assert (row["identifier"], row["version"]) == ("GR-XA-0001", "1.0.0")
    assert {"variable-not-listed", "engine"} <= set(row["remarks"])


def test_the_strict_profile_refuses_what_must_not_be_published() -> None:
    xa = sender(settings=STRICT)
    answer = xa.post("/rules", rule())
    assert (refusal(answer), details(answer)) == ((400, "0x200"), "variable-not-listed")
    assert refusal(xa.post("/rules", sound_rule())) == (201, "")
    # What the author should know is kept, and refuses nothing.
    warned = sound_rule(Version="1.0.1", AffectedFields=["t.0.tr", "t.0.tt"])
    assert refusal(xa.post("/rules", warned)) == (201, "")
    assert [one.remarks for one in xa.box.all_rules] == [(), ("affected-unused",)]


def test_the_strict_profile_shows_others_what_the_countrys_own_keys_have_published() -> None:
    xa = sender(settings=STRICT)
    xa.post("/rules", sound_rule(ValidFrom=rfc3339(AT + 2 * DAY)))
    other = Sender("DX", xa.box)
    assert list(xa.json("/rules/XA")) == ["TR-XA-0001"]
    assert other.json("/rules/XA") == {}
    (stored,) = xa.box.all_rules
    xa.box.change_rule(stored._replace(is_published=True))
    assert list(other.json("/rules/XA")) == ["TR-XA-0001"]
    # An unpublished successor that has begun does not push the published version out of others' sight.
    xa.post("/rules", sound_rule(Version="1.0.1", ValidFrom=rfc3339(AT + 3 * DAY)))
    xa.at = other.at = AT + 4 * DAY
    assert [row["version"] for row in other.json("/rules/XA")["TR-XA-0001"]] == ["1.0.0"]
    assert [row["version"] for row in xa.json("/rules/XA")["TR-XA-0001"]] == ["1.0.1"]


def test_nothing_of_an_upload_comes_back_in_a_refusal() -> None:
    canary = "Ursula-1962"
    xa = sender()
    documents: list[Any] = [
        {**rule(), canary: 1},
        rule(Engine=canary, Version=canary),
        f"{{{canary}",
        rule(Logic={canary: 1}, Identifier="TR-XA-0001"),
    ]
    for settings in (Settings(), STRICT):
        box = world().box(settings)
        for document in [*documents, rule(Logic={canary: [1]})]:
            answer = Sender("XA", box).post("/rules", document)
            assert canary.encode() not in answer.body
    assert refusal(xa.post("/rules", rule(Logic={canary: [1]}))) == (201, "")
    assert xa.box.all_rules[0].remarks
    assert canary not in " ".join(xa.box.all_rules[0].remarks)


def test_an_upload_and_a_deletion_are_audited_and_a_refusal_is_not() -> None:
    xa = uploaded({})
    xa.post("/rules", rule())
    xa.send("DELETE", "/rules", xa.signed("GR-XA-0001"))
    acts = [(row.at, row.country, row.act) for row in xa.box.audited]
    assert acts == [(AT, "XA", "rule-upload"), (AT, "XA", "rule-delete")]
    assert all(len(row.digest) == 64 for row in xa.box.audited)


numbers = st.integers(0, 10**8)
triples = st.tuples(numbers, numbers, numbers)


@given(st.lists(st.tuples(triples, st.integers(0, 3)), min_size=2, max_size=6))
def test_versions_are_ordered_as_numbers_however_many_zeros_they_begin_with(
    rows: list[tuple[tuple[int, int, int], int]],
) -> None:
    for (one, zeros), (other, more) in itertools.pairwise(rows):
        left = order(".".join("0" * zeros + str(number) for number in one))
        right = order(".".join("0" * more + str(number) for number in other))
        assert (left < right, left == right) == (one < other, one == other)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).map(sorted), st.integers(-5, 60))
def test_at_every_instant_one_begun_version_of_an_identifier_is_listed(
    begins: list[int], at: int
) -> None:
    """As uploads go: each begins no earlier than the one before it, and has a greater version."""
    stored = [
        StoredRule(n, "XA", "GR-XA-0001", f"1.0.{n}", begin, 1_000, "", n)
        for n, begin in enumerate(begins, 8)
    ]
    stored.reverse()
    shown = visible(stored, at)
    begun = [one for one in shown if one.valid_from <= at]
    assert len(begun) == (min(begins) <= at)
    assert [one for one in shown if one.valid_from > at] == [
        one for one in stored if one.valid_from > at
    ]
    assert begun == [one for one in stored if one.valid_from <= at][:1]
    assert shown == sorted(shown, key=lambda one: -one.created)


@pytest.mark.parametrize("depth", [10, 20, 30])
def test_logic_that_would_keep_a_linter_busy_is_looked_at_within_bounds(depth: int) -> None:
    """The parts of an expression are counted before anything is tried with it."""
    logic: dict[str, Any] = {"var": "payload.v.0.dn"}
    for _ in range(depth):
        logic = {"and": [logic, logic]} if depth <= 10 else {"!": [logic]}
    xa = sender()
    assert refusal(xa.post("/rules", rule(Logic=logic, EngineVersion="1.3.3"))) == (201, "")
    assert {"limit-depth", "limit-nodes"} & set(xa.box.all_rules[0].remarks)
