"""Firefox and WebKit judge as CPython with `cryptography` does, too: each brings its own WebCrypto and WebAssembly.

A spread of what Chromium is asked (test_same_verdicts), and Wycheproof's signatures straight to the primitive.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.crypto import algorithms
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm
from tests.browser import asked, compared
from tests.browser.asked import Question
from tests.browser.compared import Proof

OTHERS = ("firefox", "webkit")


@pytest.mark.parametrize("engine", OTHERS)
def test_other_engines_answer_as_cpython_does(
    proof: Proof, questions: list[Question], engine: str
) -> None:
    """A spread: every key and signature on the edge, each scheme of the kit, and of all else every 60th."""
    spread = [q for n, q in enumerate(questions) if q.origin == "keys" or n % 60 == 0]
    assert len(spread) > 250
    differing = compared.differing(spread, compared.answers_of(engine, proof, spread))
    assert compared.said_of(differing) == {}


@pytest.mark.parametrize("engine", ["chromium", *OTHERS])
def test_a_signature_is_judged_as_cryptography_judges_it(
    proof: Proof, corpora: Path, engine: str
) -> None:
    """Wycheproof's signatures on the edge, straight to the primitive."""
    checks = list(signatures(corpora))
    held = next(asked.of_kit()).snapshot.to_bytes()
    said = compared.primitives_of(engine, proof, held, checks)
    own = [native(*check) for check in checks]
    assert len(checks) > 300
    assert {True, False} <= set(own)
    assert [c for c, mine, page in zip(checks, own, said, strict=True) if mine != page] == []


def signatures(corpora: Path) -> Iterator[tuple[str, str, str, str]]:
    for name, algorithm in (
        ("ecdsa_secp256r1_sha256_p1363_test", "ES256"),
        ("rsa_pss_2048_sha256_mgf1_32_test", "PS256"),
    ):
        document = json.loads((corpora / f"wycheproof/{name}.json").read_text())
        for group in document["testGroups"]:
            spki = group.get("publicKeyDer") or group["keyDer"]
            for test in group["tests"]:
                yield algorithm, spki, test["sig"], test["msg"]


def native(algorithm: str, *parts: str) -> bool | str:
    spki, signature, message = map(bytes.fromhex, parts)
    try:
        return algorithms.load(Algorithm(algorithm), spki)(signature, message)
    except DocumentRefused as error:
        return error.code
