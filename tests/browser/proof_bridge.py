"""The bridge of a site that is compared: all that the plain one does, and two methods more.

    proof {questions, whole, lie} -> {"answers": [SHA-256 of each answer as `spelt` writes it]}
                                     or, `whole`, each answer to the last field
    primitive {checks}            -> {"answers": [true | false | the code of why a key is refused]}

1. This file is put into the engine's archive in place of `pratique/web/bridge`, which stands beside it as
   `plain_bridge`; `spelt` stands there too. All else of the site is what is served to everybody.
2. Signatures go the way that every call's go: asked of the page, and checked by WebCrypto.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.terms import Algorithm
from pratique.web import plain_bridge, spelt  # type: ignore[attr-defined]


class Proof(NamedTuple):
    """What is asked.

    Attributes:
        questions: JSON: rows as `spelt` takes them.
        whole: whether the answers come to the last field, or only their digests.
        lie: the control: of what WebCrypto has refused, this one is told to the engine as good; -1: none is.
    """

    questions: str
    whole: bool
    lie: int


class Primitive(NamedTuple):
    """Signatures without a text around them: JSON, [[algorithm, SPKI, signature, message], ...] in hexadecimal."""

    checks: str


class Bridge(plain_bridge.Bridge):  # type: ignore[misc]
    """The plain bridge, which can be lied to."""

    def handle(self, method: str, request: str, answers: str) -> str:
        """Answer as the plain one does."""
        if method == "proof" and (lie := json.loads(request)["lie"]) >= 0:
            said = json.loads(answers)
            refused = [name for name in sorted(said) if said[name] is False]
            answers = json.dumps({**said, **dict.fromkeys(refused[lie : lie + 1], True)})
        return str(super().handle(method, request, answers))


def _proof(snapshot: Any, asked: Proof) -> dict[str, Any]:
    answers = [spelt.spelt(snapshot, question) for question in json.loads(asked.questions)]
    if not asked.whole:
        answers = [hashlib.sha256(answer.encode()).hexdigest() for answer in answers]
    return {"answers": answers}


def _primitive(snapshot: Any, asked: Primitive) -> dict[str, Any]:
    answers: list[bool | str] = []
    for algorithm, *parts in json.loads(asked.checks):
        spki, signature, message = map(bytes.fromhex, parts)
        try:
            answers.append(snapshot._primitive(Algorithm(algorithm), spki)(signature, message))
        except DocumentRefused as error:
            answers.append(error.code)
    return {"answers": answers}


plain_bridge.METHODS["proof"] = (Proof, _proof)
plain_bridge.METHODS["primitive"] = (Primitive, _primitive)
