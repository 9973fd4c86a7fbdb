"""Forms of a desk, filled in and signed through its API.

form -> confirmed: doubts, read-back -> issued: the certificate's text
text -> correction: its content with something changed, read back
"""

from __future__ import annotations

import uuid
from typing import Any

from tests.issuing_desks import Client

PERSON = {"surname": "Doe", "forename": "Jane", "birth_date": "1980-02-03"}
DOSE = {
    "product": "EU/1/20/1528", "dose": "1", "doses": "2", "given_on": "2026-01-15", "lot": "LOT-9",
}  # fmt: skip


def form(**person: str) -> dict[str, Any]:
    return {
        "kind": "vaccination", "person": PERSON | person, "events": [DOSE], "language": "en", "confirmed": [],
    }  # fmt: skip


def confirmed(clerk: Client, asked: dict[str, Any]) -> dict[str, Any]:
    """Confirm whatever is doubted, read it back, and return what signs it."""
    remarks = clerk.good("issue.check", asked)["remarks"]
    assert not any(remark["refuses"] for remark in remarks), remarks
    asked = asked | {"confirmed": [remark["id"] for remark in remarks]}
    digest = clerk.good("issue.read_back", asked)["digest"]
    return asked | {"digest": digest, "request": uuid.uuid4().hex}


def issued(clerk: Client, **person: str) -> str:
    (certificate,) = clerk.good("issue.sign", confirmed(clerk, form(**person)))["certificates"]
    return str(certificate["text"])


def correction(clerk: Client, text: str, **person: str) -> dict[str, Any]:
    content = clerk.good("certificate.open", {"text": text})["content"]
    asked = {
        "kind": content["kind"], "person": content["person"] | person, "events": [content["event"]],
        "language": "en", "confirmed": [],
    }  # fmt: skip
    return confirmed(clerk, asked) | {"text": text}
