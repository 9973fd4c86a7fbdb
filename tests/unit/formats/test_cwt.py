"""Claims are read leniently, and each oddity is named with its place."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.findings import Code, Finding
from pratique.formats import hcert
from pratique.formats.hcert import MILLISECONDS_FROM
from pratique.terms import Kind
from tools.vectors import content, keys
from tools.vectors.layers import cbor, claims

DCC = content.vaccinated()


def told(payload: object) -> list[tuple[str, str]]:
    found = hcert.decode(payload if isinstance(payload, bytes) else cbor(payload))
    return [(finding.code.name, finding.where) for finding in found.findings]


def test_plain_claims_are_read_without_a_word() -> None:
    found = hcert.decode(cbor(claims(DCC)))
    assert found.findings == ()
    assert found.certificate is not None
    assert found.certificate.issuer == "XU"
    assert found.certificate.issued_at == keys.ISSUED
    assert found.certificate.expires_at == keys.EXPIRES
    assert repr(found) == "<Decoded: not shown>"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "CBOR_MALFORMED"),
        (b"\x01", "CLAIMS_INVALID"),
        (b"\xf6", "CLAIMS_INVALID"),
        (b"\x80", "CLAIMS_INVALID"),
        (cbor(claims(DCC)) + b"\0", "CBOR_TRAILING"),
        (b"\xa2\x01\x01\x01\x02", "CBOR_DUPLICATE_KEY"),
    ],
)
def test_what_is_no_map_of_claims_is_told(payload: bytes, code: str) -> None:
    assert told(payload) == [(code, "payload")]


@pytest.mark.parametrize("value", [None, 1, [], [1, 2], "x", "xy", b"yz", {}])
def test_a_certificate_claim_that_holds_nothing_is_told(value: object) -> None:
    assert told({1: "XU", -260: value}) == [("CLAIMS_INVALID", "-260")]
    assert told(claims(DCC) | {-260: value}) == [("CLAIMS_INVALID", "-260")]


@pytest.mark.parametrize(
    ("name", "value", "expected", "notes"),
    [
        ("exp", keys.EXPIRES, keys.EXPIRES, []),
        ("exp", None, None, []),
        ("exp", 0, 0, []),
        ("exp", -1, -1, []),
        ("exp", MILLISECONDS_FROM - 1, MILLISECONDS_FROM - 1, []),
        ("exp", MILLISECONDS_FROM, 100_000_000, ["INSTANT_MILLISECONDS"]),
        ("exp", 1_803_888_000_999, 1_803_888_000, ["INSTANT_MILLISECONDS"]),
        ("exp", 99_999_999_999_999, 99_999_999_999, ["INSTANT_MILLISECONDS"]),
        ("exp", 100_000_000_000_000, None, ["INSTANT_MILLISECONDS", "INSTANT_UNREADABLE"]),
        ("exp", 1.9, 1, ["INSTANT_FRACTION"]),
        ("exp", -1.5, -2, ["INSTANT_FRACTION"]),
        ("exp", 1e300, None, ["INSTANT_FRACTION", "INSTANT_MILLISECONDS", "INSTANT_UNREADABLE"]),
        ("exp", math.nan, None, ["INSTANT_UNREADABLE"]),
        ("exp", math.inf, None, ["INSTANT_UNREADABLE"]),
        ("exp", -math.inf, None, ["INSTANT_UNREADABLE"]),
        ("exp", True, None, ["INSTANT_UNREADABLE"]),
        ("exp", "2027", None, ["INSTANT_UNREADABLE"]),
        ("exp", [1], None, ["INSTANT_UNREADABLE"]),
        ("iat", MILLISECONDS_FROM, 100_000_000, ["INSTANT_MILLISECONDS"]),
        ("iat", MILLISECONDS_FROM - 1, MILLISECONDS_FROM - 1, []),
        ("iat", 1.5, 1, ["INSTANT_FRACTION"]),
        ("iat", "x", None, ["INSTANT_UNREADABLE"]),
    ],
)
def test_an_instant_is_read_or_told(
    name: str, value: object, expected: int | None, notes: list[str]
) -> None:
    made = claims(DCC) | {{"exp": 4, "iat": 6}[name]: value}
    found = hcert.decode(cbor(made))
    assert found.certificate is not None
    read = {"exp": found.certificate.expires_at, "iat": found.certificate.issued_at}
    assert read[name] == expected
    assert told(made) == [(note, name) for note in notes]


def test_two_fractions_are_two_notes() -> None:
    assert told(claims(DCC, iat=1.5, exp=2.5)) == [
        ("INSTANT_FRACTION", "iat"), ("INSTANT_FRACTION", "exp"),
    ]  # fmt: skip


@given(st.floats() | st.integers(-(2**64), 2**64 - 1) | st.text() | st.booleans())
def test_no_instant_raises_or_is_beyond_what_a_clock_says(value: object) -> None:
    found = hcert.decode(cbor(claims(DCC) | {4: value}))
    assert found.certificate is not None
    read = found.certificate.expires_at
    assert read is None or (type(read) is int and read < MILLISECONDS_FROM)


def test_an_issuer_that_is_no_text_is_none_and_told() -> None:
    found = hcert.decode(cbor(claims(DCC, iss=49)))
    assert found.certificate is not None
    assert found.certificate.issuer is None
    assert told(claims(DCC, iss=49)) == [("SCHEMA_DEVIATION", "iss")]


def test_a_claim_that_is_not_there_is_not_odd() -> None:
    assert told({-260: {1: DCC}}) == []


TEXTS = {"1": "XU", "4": keys.EXPIRES, "6": keys.ISSUED, "-260": {"1": DCC}}


def test_keys_written_as_text_are_read_and_noted_once() -> None:
    found = hcert.decode(cbor(TEXTS))
    assert found.certificate is not None
    assert found.certificate.issuer == "XU"
    assert found.certificate.expires_at == keys.EXPIRES
    assert told(TEXTS) == [("CLAIM_KEY_TEXT", "")]


def test_other_keys_beside_keys_written_as_text_are_left_as_they_are() -> None:
    for key in ("x", "01", b"1", 1.5, None):
        assert told(TEXTS | {key: 1}) == [("CLAIM_KEY_TEXT", "")]


@pytest.mark.parametrize("key", ["1", "4", "6", "-260"])
def test_a_claim_as_number_and_as_text_is_there_twice(key: str) -> None:
    for made in (TEXTS | {int(key): "XA"}, {int(key): "XA"} | TEXTS):
        assert told(made) == [("CLAIM_KEY_TEXT", ""), ("CBOR_DUPLICATE_KEY", "payload")]
        assert hcert.decode(cbor(made)).certificate is None


def test_content_as_number_and_as_text_is_there_twice() -> None:
    made = claims(DCC) | {-260: {1: DCC, "1": DCC}}
    assert told(made) == [("CBOR_DUPLICATE_KEY", "-260")]
    assert hcert.decode(cbor(made)).certificate is None


@pytest.mark.parametrize(
    "key", ["01", "+1", " 1", "1 ", "1_0", "--1", "", "-", "1.0", "\u0661", "0", "1234567"]
)
def test_only_the_one_spelling_of_a_number_is_one(key: str) -> None:
    assert told(claims(DCC) | {key: "XA"}) == []


@pytest.mark.parametrize("key", ["1", "-1", "999999", "-260"])
def test_a_number_s_one_spelling_is_noted(key: str) -> None:
    made = {name: value for name, value in claims(DCC).items() if name != int(key)}
    assert ("CLAIM_KEY_TEXT", "") in told(made | {key: {1: DCC}})


@pytest.mark.parametrize(
    ("claim", "where"),
    [(2, "-260.2"), (-9999, "-260.-9999"), (9999, "-260.9999"), (10_000, "-260.?"), (-10_000, "-260.?"),
     ("Sampleová", "-260.?"), (b"x", "-260.?"), (None, "-260.?"), (2.5, "-260.?")],
)  # fmt: skip
def test_content_of_an_unknown_kind_is_named_but_its_words_are_not_repeated(
    claim: object, where: str
) -> None:
    made = claims(DCC, claim=claim)
    assert told(made) == [("CLAIM_UNKNOWN", where)]
    assert hcert.decode(cbor(made)).certificate is None


def test_an_unknown_kind_beside_a_known_one_is_named_and_the_known_one_read() -> None:
    made = claims(DCC) | {-260: {1: DCC, 99: {}, "x": 1}}
    assert told(made) == [("CLAIM_UNKNOWN", "-260.99"), ("CLAIM_UNKNOWN", "-260.?")]
    assert hcert.decode(cbor(made)).certificate is not None


def test_a_link_is_told_and_not_followed() -> None:
    made = claims(content.LINK, claim=5)
    assert told(made) == [("LINK_NOT_FOLLOWED", "-260.5")]
    beside = claims(DCC) | {-260: {1: DCC, 5: content.LINK}}
    assert told(beside) == [("LINK_NOT_FOLLOWED", "-260.5")]
    assert hcert.decode(cbor(beside)).certificate is not None


def test_two_kinds_of_content_are_refused() -> None:
    made = claims(DCC) | {-260: {1: DCC, 3: content.ddcc_dose()}}
    assert told(made) == [("GROUPS_SEVERAL", "-260")]
    assert hcert.decode(cbor(made)).certificate is None


@pytest.mark.parametrize("claim", [1, 3, 4, -6, -7])
@pytest.mark.parametrize("value", [None, 1, "x", [], [DCC]])
def test_content_that_is_no_map_is_told(claim: int, value: object) -> None:
    assert told(claims(value, claim=claim)) == [("FIELD_TYPE", f"-260.{claim}")]


@pytest.mark.parametrize(
    ("claim", "made", "domain", "kind"),
    [
        (1, DCC, "DCC", Kind.VACCINATION),
        (3, content.ddcc_dose(), "DDCC", Kind.VACCINATION),
        (4, content.ddcc_result(), "DDCC", Kind.TEST),
        (-6, content.icvp("d"), "ICVP", Kind.VACCINATION),
        (-7, content.dcc("e", content.exemption()), "DCC", Kind.EXEMPTION),
    ],
)
def test_each_claim_has_its_reader(
    claim: int, made: dict[str, Any], domain: str, kind: Kind
) -> None:
    for key in (claim, str(claim)):
        found = hcert.decode(cbor(claims(made, claim=key))).certificate
        assert found is not None
        assert (found.domain, found.kind) == (domain, kind)
        assert (found.issuer, found.issued_at, found.expires_at) == (
            "XU",
            keys.ISSUED,
            keys.EXPIRES,
        )


def test_first_generation_fields_are_read_where_there_is_no_certificate_claim() -> None:
    head = {1: "XU", 4: keys.EXPIRES, 6: keys.ISSUED}
    found = hcert.decode(cbor(head | content.ddcc_dose()))
    assert found.certificate is not None
    assert found.certificate.domain == "DDCC"
    assert (found.certificate.issuer, found.certificate.issued_at) == ("XU", keys.ISSUED)
    assert found.certificate.expires_at == keys.EXPIRES
    without = content.ddcc_dose(hcid=content.ABSENT)
    assert told(head | without) == []
    assert told(head | {"name": "Testina Sampleova"}) == [("CLAIMS_INVALID", "-260")]
    both = head | content.ddcc_dose() | {-260: {1: DCC}}
    other = hcert.decode(cbor(both)).certificate
    assert other is not None
    assert other.domain == "DCC"


ODD_KEYS = [True, 1.0, float("nan"), False]
PLACES: list[tuple[object, ...]] = [
    (),
    (-260,),
    (-260, 1),
    (-260, 1, "nam"),
    (-260, 1, "v", 0),
    (-260, 1, "x"),
]


@pytest.mark.parametrize("key", ODD_KEYS, ids=repr)
@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_a_key_that_is_another_ones_equal_is_refused_wherever_it_stands(
    key: object, place: tuple[object, ...]
) -> None:
    """Also where all the rest is as plain as nearly all certificates are."""
    made: Any = {1: "XU", 4: 1_900_000_000, 6: 1_600_000_000, -260: {1: copy.deepcopy(dict(DCC))}}
    found = made
    for name in place:
        if name == "x":
            found[name] = {}
        found = found[name]
    assert hcert.decode(cbor(made)).certificate is not None
    if key == 1 and not place:
        del found[1]
    elif key == 1 and place == (-260,):
        found[key] = found.pop(1)
    found[key] = found.get(key, "XU")
    assert hcert.decode(cbor(made)) == (None, (Finding(Code.CBOR_DUPLICATE_KEY, "payload"),))
