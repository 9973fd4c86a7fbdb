"""Signatures by WebCrypto: what is asked comes to what OpenSSL says, on every signature and key on the edge."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pratique.crypto import algorithms, chain, spki
from pratique.crypto.webcrypto import Inquiry
from pratique.errors import DocumentRefused
from tests import pages, signatures
from tests.signatures import Case, Link
from tests.walls.source import ROOT

Outcome = str | bool | None
NODE = shutil.which("node")
ANSWER = ROOT / "web" / "src" / "webcrypto.js"
SCRIPT = """
import { answer } from %s;
let text = "";
for await (const chunk of process.stdin) text += chunk;
process.stdout.write(JSON.stringify(await answer(JSON.parse(text))));
"""


def by_node(questions: Iterable[dict[str, Any]]) -> dict[str, pages.Answer]:
    """Answer by the WebCrypto of Node, with the page's own code."""
    assert NODE is not None
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", SCRIPT % json.dumps(ANSWER.as_uri())],
        input=json.dumps(list(questions)),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, pages.Answer] = json.loads(run.stdout)
    return found


def natively(case: Case) -> Outcome:
    try:
        check = algorithms.load(case.algorithm, case.key)
    except DocumentRefused as error:
        return error.code
    return check(case.signature, case.message)


def inquired(inquiry: Inquiry, case: Case) -> Outcome:
    try:
        check = inquiry.load(case.algorithm, case.key)
    except DocumentRefused as error:
        return error.code
    return check(case.signature, case.message)


def outcomes(cases: list[Any], asker: pages.Asker) -> list[Outcome]:
    """Ask about all of them at once, then take the answers."""

    def once(one: Case | Link) -> Outcome:
        if isinstance(one, Case):
            return inquired(inquiry, one)
        return inquiry.signed_by(*one[1:])

    inquiry = Inquiry()
    inquiry.begin({})
    for one in cases:
        once(one)
    inquiry.begin(asker([question.row() for question in inquiry.unanswered()]))
    found = [once(one) for one in cases]
    assert inquiry.unanswered() == ()
    return found


def differing(
    cases: Sequence[Any], found: Sequence[Outcome], native: Sequence[Outcome]
) -> list[Any]:
    rows = zip(cases, found, native, strict=True)
    return [(case.name, ours, theirs) for case, ours, theirs in rows if ours != theirs]


@pytest.fixture(scope="module")
def cases(corpora: Path) -> list[Case]:
    return list(signatures.sound(corpora))


@pytest.fixture(scope="module")
def links() -> list[Link]:
    return list(signatures.chains())


ASKERS = [
    pytest.param(pages.answers, id="cryptography"),
    pytest.param(by_node, id="node", marks=pytest.mark.skipif(NODE is None, reason="there is no Node")),
]  # fmt: skip


@pytest.mark.parametrize("asker", ASKERS)
def test_every_signature_comes_to_what_openssl_says(cases: list[Case], asker: pages.Asker) -> None:
    native = [natively(case) for case in cases]
    assert differing(cases, outcomes(cases, asker), native) == []
    assert native.count(True) > 200
    assert native.count(False) > 200
    assert {"key-unreadable", "key-size", "key-algorithm"} <= set(native)


@pytest.mark.parametrize("asker", ASKERS)
def test_every_chain_comes_to_what_openssl_says(links: list[Link], asker: pages.Asker) -> None:
    native = [chain.signed_by(*link[1:]) for link in links]
    assert differing(links, outcomes(links, asker), native) == []
    assert min(native.count(outcome) for outcome in (True, False, None)) > 20


def test_what_browsers_may_see_otherwise_is_not_asked(cases: list[Case], links: list[Link]) -> None:
    inquiry = Inquiry()
    inquiry.begin({})
    for case in cases:
        inquired(inquiry, case)
    for link in links:
        inquiry.signed_by(*link[1:])
    seen = set()
    for question in inquiry.unanswered():
        key = spki.apart(question.key)
        assert spki.write(key) == question.key  # type: ignore[arg-type]
        seen.add(question.name)
        signature = question.signature
        if isinstance(key, spki.Point):
            curve = spki.CURVES[key.curve]
            assert question[:2] == ("ECDSA", key.curve)
            r, s = signature[: curve.size], signature[curve.size :]
            assert len(r) == len(s) == curve.size
            assert all(0 < int.from_bytes(part, "big") < curve.n for part in (r, s))
        elif isinstance(key, spki.Modulus):
            assert len(signature) == (key.n.bit_length() + 7) // 8
            assert int.from_bytes(signature, "big") < key.n
            assert key.n.bit_length() in spki.RSA_BITS
            assert key.n & 1
            assert key.e.bit_length() <= spki.MOST_EXPONENT
        else:
            assert isinstance(key, spki.Edwards)
            assert len(signature) == 64
            assert int.from_bytes(signature[32:], "little") < signatures.ED25519_ORDER
            assert not spki.is_small_order(key.octets)
    assert seen == {"ECDSA", "RSA-PSS", "RSASSA-PKCS1-v1_5", "Ed25519"}


def test_questions_that_differ_have_names_that_differ(cases: list[Case]) -> None:
    inquiry = Inquiry()
    inquiry.begin({})
    first = next(case for case in cases if natively(case) is True)
    inquired(inquiry, first)
    (question,) = inquiry.unanswered()
    name = question.identifier
    others = [
        question._replace(hash="SHA-384"),
        question._replace(message=question.message[:-1], signature=question.signature + question.message[-1:]),
        question._replace(key=question.key + b"\0"),
        question._replace(salt=1),
        question._replace(curve="P-384"),
    ]  # fmt: skip
    assert len({name, *(other.identifier for other in others)}) == 1 + len(others)


def test_an_answer_that_is_none_takes_the_key_away_for_one_call(cases: list[Case]) -> None:
    first = next(case for case in cases if natively(case) is True)
    inquiry = Inquiry()
    inquiry.begin({})
    assert inquired(inquiry, first) is False
    (question,) = inquiry.unanswered()
    name = question.identifier
    assert inquiry.begin({name: None})
    assert inquired(inquiry, first) == "key-unreadable"
    assert not inquiry.begin({name: None})
    assert inquiry.begin({name: True})
    assert inquired(inquiry, first) is True


# Keys


def read_by(reader: Any, der: bytes) -> tuple[Any, str]:
    try:
        return tuple(reader.read_der(der)), ""
    except DocumentRefused as error:
        return error.code, reader.unusable(der)


def test_every_key_is_read_as_openssl_reads_it() -> None:
    keys = [key for curve in signatures.CURVES for _, key in signatures.spellings(curve)]
    keys += [key for _, key in signatures.other_keys()]
    draw = Random(16)
    for key in list(keys):
        for _ in range(12):
            octets = bytearray(key)
            for _ in range(draw.choice((1, 1, 2))):
                if octets:
                    # The heads are where a key's kind is told.
                    octets[draw.randrange(min(len(octets), 40))] = draw.randrange(256)
            keys.append(bytes(octets))
        keys.append(key[: draw.randrange(len(key) + 1)])
    native = [read_by(algorithms, key) for key in keys]
    differ = [
        (key.hex(), ours, theirs)
        for key, theirs in zip(keys, native, strict=True)
        if (ours := read_by(spki, key)) != theirs
    ]
    assert differ == []
    assert len({str(outcome[0])[:20] for outcome in native}) > 5
