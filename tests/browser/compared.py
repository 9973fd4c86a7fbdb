"""Questions put to the engine in a page, and to CPython with `cryptography`: where do the answers differ?

questions -> by snapshot, in batches -> engine.js, its worker, WebCrypto -> digests
          -> `spelt` here                                                -> digests -> differences
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from tests.browser import engines
from tests.browser.asked import Question
from tests.browser.spelt import spelt

BATCH = 200
"""Questions of one message to the worker."""

_RUN = """async ({ module, batches, how }) => {
  const { startEngine } = await import(module);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const begun = performance.now();
  const engine = await startEngine({ data: bytes(batches[0].snapshot) });
  const started = performance.now();
  let last = batches[0].snapshot;
  const answers = [];
  for (const { snapshot, method, request } of batches) {
    if (snapshot !== last) await engine.open(bytes(snapshot));
    last = snapshot;
    answers.push(...(await engine.call(method, { ...request, ...how })).answers);
  }
  engine.stop();
  return { answers, start: started - begun, rest: performance.now() - started };
}"""


class Proof(NamedTuple):
    """A site whose engine answers `proof`: the address of a page of it, and its module of the engine."""

    url: str
    module: str


def answers_of(
    engine: str, proof: Proof, questions: Sequence[Question], *, lie: int = -1
) -> list[str]:
    """Return the digest of the answer to each question, in order, as a page's engine gives it."""
    batches = [
        {
            "snapshot": b64encode(batch[0].snapshot.to_bytes()).decode(),
            "method": "proof",
            "request": {"questions": json.dumps([question.row() for question in batch])},
        }
        for batch in _batches(questions)
    ]
    how = {"whole": False, "lie": lie}
    ran = _ran(engine, proof, batches, how)
    took = f"start {ran['start'] / 1000:.1f} s, all questions {ran['rest'] / 1000:.1f} s"
    print(f"{engine}: {len(ran['answers'])} questions, {len(batches)} batches; {took}")
    answers: list[str] = ran["answers"]
    return answers


def primitives_of(
    engine: str, proof: Proof, held: bytes, checks: Iterable[tuple[str, str, str, str]]
) -> list[bool | str]:
    """Return what the page's primitive says of signatures: true, false, or why a key is refused."""
    rows = list(checks)
    batches = [
        {
            "snapshot": b64encode(held).decode(),
            "method": "primitive",
            "request": {"checks": json.dumps(rows[start : start + BATCH])},
        }
        for start in range(0, len(rows), BATCH)
    ]
    answers: list[bool | str] = _ran(engine, proof, batches, {})["answers"]
    return answers


def _ran(engine: str, proof: Proof, batches: list[Any], how: dict[str, Any]) -> dict[str, Any]:
    argument = {"module": proof.module, "batches": batches, "how": how}
    try:
        ran: dict[str, Any] = engines.run(engine, proof.url, _RUN, argument, seconds=600)
    except engines.Absent as absent:
        pytest.skip(str(absent))
    return ran


def ordered(questions: Iterable[Question]) -> list[Question]:
    """Return questions of the same snapshot side by side."""
    by_snapshot: dict[int, list[Question]] = {}
    for question in questions:
        by_snapshot.setdefault(id(question.snapshot), []).append(question)
    return [question for group in by_snapshot.values() for question in group]


def differing(questions: Sequence[Question], answers: Sequence[str]) -> list[Question]:
    """Return the questions that CPython answers otherwise."""
    return [
        question
        for question, answer in zip(questions, answers, strict=True)
        if digest(question) != answer
    ]


def digest(question: Question) -> str:
    """Return the digest of CPython's own answer."""
    answer = spelt(question.snapshot, question.row())
    return hashlib.sha256(answer.encode()).hexdigest()


def _batches(questions: Sequence[Question]) -> Iterable[Sequence[Question]]:
    """Yield neighbours of one snapshot, so many at a time."""
    start = 0
    for at, question in enumerate(questions):
        if at - start == BATCH or question.snapshot is not questions[start].snapshot:
            yield questions[start:at]
            start = at
    if questions:
        yield questions[start:]


def said_of(differences: Sequence[Question]) -> dict[str, Any]:
    """Say which questions were answered otherwise, for a person."""
    return {
        f"{question.origin} {number}": {**question.row(), "texts": [t[:40] for t in question.texts]}
        for number, question in enumerate(differences[:5])
    }
