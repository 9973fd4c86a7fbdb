"""Every quick way says what its reference says; here each is held to it on damage and on real texts.

A quick way may leave a case to its reference (None). It may never answer differently.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import corpus
from pratique.crypto import cose
from pratique.crypto.cbor import loads
from pratique.findings import Finding
from pratique.formats import CwtClaims, base45, dcc, hcert
from pratique.formats.fields import Decoded
from pratique.formats.hcert import DCC, HCERT
from tools import grammar, mutate
from tools.vectors import content, keys, layers

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def slow_base45(text: str) -> bytes | None:
    """Decode as RFC 9285 §4.2 is written, group by group."""
    out = b""
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        if len(group) == 1 or any(letter not in ALPHABET for letter in group):
            return None
        number = sum(ALPHABET.index(letter) * 45**place for place, letter in enumerate(group))
        size = len(group) - 1
        if number >= 256**size:
            return None
        out += number.to_bytes(size, "big")
    return out


def same_base45(text: str) -> None:
    assert base45.decode(text) == slow_base45(text)


@given(st.text(ALPHABET, max_size=60) | st.text(st.characters(max_codepoint=0x180), max_size=9))
def test_base45_of_any_text(text: str) -> None:
    same_base45(text)


@given(st.integers(0, 45**3 - 1), st.integers(0, 5), st.sampled_from([2, 3]))
def test_base45_of_every_group_at_every_place(number: int, before: int, letters: int) -> None:
    group = "".join(ALPHABET[number // 45**place % 45] for place in range(letters))
    same_base45("NCF" * before + group)
    same_base45("NCF" * before + group + "NCF")


def test_base45_of_every_last_pair() -> None:
    for number in range(45 * 45):
        same_base45("QED" + ALPHABET[number % 45] + ALPHABET[number // 45])


@given(st.sampled_from(mutate.kit_texts()), st.integers(0, 400), st.characters(max_codepoint=0x180))
def test_base45_of_a_certificate_with_another_letter(text: str, at: int, letter: str) -> None:
    same_base45(text[4 : 4 + at] + letter + text[5 + at :])


def message(**changes: Any) -> bytes:
    return layers.signed(layers.claims(content.vaccinated()), tag=b"", **changes)


MESSAGE = message()


def same_message(data: bytes) -> bool:
    try:
        quick = cose._plain(data)
    except IndexError:
        return False
    assert quick is None or quick == cose._general(data)
    return quick is not None


def test_the_usual_message_goes_the_quick_way() -> None:
    assert same_message(MESSAGE)


@given(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255))
def test_a_message_with_another_byte(at: int, value: int) -> None:
    same_message(MESSAGE[:at] + bytes([value]) + MESSAGE[at + 1 :])


def test_every_other_byte_of_a_message_s_head_and_of_its_signature_s() -> None:
    places = [*range(22), *range(len(MESSAGE) - 68, len(MESSAGE) - 60)]
    taken = sum(
        same_message(MESSAGE[:at] + bytes([value]) + MESSAGE[at + 1 :])
        for at in places
        for value in range(256)
    )
    # The kid's bytes and the signature's may be any.
    assert taken >= 8 * 256


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=70), st.booleans())
def test_a_message_of_any_parts(kid: bytes, payload: bytes, signature: bytes, first: bool) -> None:
    header = {1: -7, 4: kid} if first else {4: kid, 1: -7}
    parts = [layers.cbor(header), {}, payload, signature]
    same_message(layers.cbor(parts))
    same_message(layers.cbor([layers.cbor({1: -7, 4: b"8 bytes."}), {}, payload, bytes(64)]))


@given(st.integers(0, len(MESSAGE)), st.binary(max_size=3))
def test_a_message_that_is_cut_or_goes_on(at: int, more: bytes) -> None:
    same_message(MESSAGE[:at])
    same_message(MESSAGE + more)


FIELD_BY_FIELD = patch.dict(dcc._PLAIN, clear=True)
"""While it holds nothing is proved, and everything is read by the reference."""

SEEDS: list[Any] = [
    layers.claims(content.vaccinated()),
    layers.claims(content.dcc("t", content.result(ma="1232"))),
    layers.claims(content.dcc("r", content.illness())),
    layers.claims(content.vaccinated(ver="1.0.0")),
]


def told(found: Decoded) -> tuple[object, ...]:
    """Everything in it; a payload may hold NaN, which differs from itself."""
    certificate = found.certificate
    seen = certificate and (certificate._replace(payload={}), repr(certificate.payload))
    return found.findings, seen


def same_payload(payload: bytes) -> bool:
    claims = loads(payload)
    if not isinstance(claims, dict):
        return False
    with FIELD_BY_FIELD:
        reference = told(hcert._lenient(claims))
    assert told(hcert.decode(payload)) == reference
    return _same_content(claims)


def _same_content(claims: dict[Any, Any]) -> bool:
    held = claims.get(HCERT)
    fields = held.get(DCC) if type(held) is dict else None
    if type(fields) is not dict:
        return False
    quick = dcc.read(fields, "XU", keys.ISSUED, keys.EXPIRES)
    if quick is None:
        return False
    findings: list[Finding] = []
    with FIELD_BY_FIELD:
        assert quick == dcc.lenient(fields, CwtClaims("XU", keys.ISSUED, keys.EXPIRES), findings)
    assert findings == []
    return True


@pytest.mark.parametrize("seed", range(4))
def test_a_usual_payload_goes_the_quick_way(seed: int) -> None:
    assert same_payload(layers.cbor(SEEDS[seed]))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("birth", ["", "1961-00-01", "61-4-1", None, 1961])
def test_an_entry_beside_an_odd_person_goes_the_quick_way(seed: int, birth: object) -> None:
    claims = _with(SEEDS[seed], "dob", birth)
    fields = claims[HCERT][DCC]
    key = next(key for key in dcc._PLAIN if key in fields)
    assert dcc._proved(key, fields[key], 50) is not None
    same_payload(layers.cbor(claims))


@settings(max_examples=1000)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32), st.integers(1, 3))
def test_a_payload_with_other_values(claims: Any, drawn: int, times: int) -> None:
    draw = Random(drawn)
    for _ in range(times):
        claims = grammar.changed(claims, draw)
    same_payload(grammar.dumps(claims))


TEXT_FIELDS = (
    "ver",
    "dob",
    "fn",
    "gn",
    "fnt",
    "gnt",
    "dt",
    "sc",
    "fr",
    "df",
    "du",
    "co",
    "ci",
    "is",
)


def _with(fields: Any, name: str, value: object) -> Any:
    if isinstance(fields, dict):
        return {k: value if k == name else _with(v, name, value) for k, v in fields.items()}
    if isinstance(fields, list):
        return [_with(item, name, value) for item in fields]
    return fields


@settings(max_examples=1000)
@given(
    st.sampled_from(SEEDS),
    st.sampled_from(TEXT_FIELDS),
    st.sampled_from(grammar.TEXTS)
    | st.from_regex(r"\A1\.[0-3]\.[0-9]{1,2}\Z")
    | st.from_regex(r"\A(19|20|18)[0-9]{2}(-[0-9]{2}){0,2}\Z")
    | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,8})?(Z|[+-][0-9]{2}:?[0-9]{2})\Z")
    | st.text(st.sampled_from("A<Zz\x1f "), max_size=82),
)  # fmt: skip
@example(SEEDS[0], "dob", "1900-20")  # of the right shape, and in no calendar
def test_a_payload_with_another_text(claims: Any, name: str, value: str) -> None:
    same_payload(layers.cbor(_with(claims, name, value)))


def _payloads(texts: tuple[str, ...]) -> Iterator[tuple[bytes, bytes]]:
    for text in texts:
        packed = base45.decode(text[4:])
        assert packed is not None
        envelope = hcert.unwrap(text)
        assert not isinstance(envelope, Finding)
        yield zlib.decompress(packed), envelope.payload


def test_real_texts(corpora: Path) -> None:
    assert corpora.is_dir()
    found = corpus.load()
    for text in found.texts:
        same_base45(text[4:])
    quick = [
        (same_message(data.removeprefix(b"\xd2")), same_payload(payload))
        for data, payload in _payloads(found.texts)
    ]
    # Most real texts go the quick ways: else they would be held to nothing here.
    assert sum(message for message, _ in quick) > 0.8 * len(quick)
    assert sum(payload for _, payload in quick) > 0.8 * len(quick)
