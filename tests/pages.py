"""A page's part in tests without a browser: it answers what the bridge asks, by `cryptography`.

Bridge, method, request -> call -> handle, answer, handle again ... -> the last reply
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pratique.web.bridge import Bridge

Answer = bool | None
Questions = Iterable[dict[str, Any]]
Asker = Callable[[Questions], dict[str, Answer]]
MOST_ROUNDS = 4
_HASHES = {"SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512()}


def answer(question: dict[str, Any]) -> Answer:
    """Answer one question as WebCrypto would."""
    key: Any = load_der_public_key(base64.b64decode(question["key"]))
    signature, message = (base64.b64decode(question[name]) for name in ("signature", "message"))
    digest = _HASHES.get(question["hash"])
    try:
        if question["name"] == "Ed25519":
            key.verify(signature, message)
        elif question["name"] == "ECDSA":
            size = len(signature) // 2
            r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
            assert digest is not None
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))
        elif question["name"] == "RSA-PSS":
            assert digest is not None
            key.verify(
                signature, message, padding.PSS(padding.MGF1(digest), question["salt"]), digest
            )
        else:
            key.verify(signature, message, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def answers(questions: Iterable[dict[str, Any]]) -> dict[str, Answer]:
    """Answer what is asked."""
    return {question["id"]: answer(question) for question in questions}


def call(
    bridge: Bridge, method: str, request: dict[str, Any], asker: Asker = answers
) -> dict[str, Any]:
    """Carry a method out as a page does: until nothing is asked any more."""
    known: dict[str, Answer] = {}
    for _ in range(MOST_ROUNDS):
        reply: dict[str, Any] = json.loads(
            bridge.handle(method, json.dumps(request), json.dumps(known))
        )
        if "ask" not in reply:
            return reply
        known |= asker(reply["ask"])
    raise AssertionError("the bridge asks again and again")
