"""Signatures by WebCrypto: what is asked comes to what OpenSSL says, on every signature and key on the edge."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pratique.crypto import algorithms, chain
from pratique.crypto.webcrypto import Inquiry
from pratique.errors import DocumentRefused
from pratique.web.bridge import asked
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
    inquiry.begin(asker([asked(*question) for question in inquiry.open()]))
    found = [once(one) for one in cases]
    assert list(inquiry.open()) == []
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
