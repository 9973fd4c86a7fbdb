"""What a country's back end sends to a gateway: rules, batches, references, signed by its upload key.

    rule(at, ...) | batch(at, ...) | reference(...) -> document, of both public suites' kind
    Sender("XA", box).post("/rules", rule(AT)) -> WireAnswer     the document in a CMS, over a TLS client of the country's

1. A document may be text, octets, or members, of which a value of `...` is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pratique.gateway.wire import JSON, WireAnswer
from pratique.strict_json import loads
from pratique.text import rfc3339
from tests.gateway_box import Box
from tests.gateway_world import AT, DAY, DRAW, Keyed, body, pyca, request, world

Document = Mapping[str, Any] | str | bytes


def rule(at: int = AT, /, **members: Any) -> dict[str, Any]:
    """Return a rule of XA as the suites upload it: its logic is no CertLogic, its engine none that is known."""
    stated = {
        "Identifier": "GR-XA-0001",
        "Type": "Acceptance",
        "Country": "XA",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "2.0.1",
        "CertificateType": "General",
        "Description": [{"lang": "en", "desc": "A description of twenty letters"}],
        "ValidFrom": rfc3339(at + 2 * DAY),
        "ValidTo": rfc3339(at + 30 * DAY),
        "AffectedFields": ["dt"],
        "Logic": {">=": [{"var": "dt"}, "23.12.2012"]},
    }
    return {name: value for name, value in {**stated, **members}.items() if value is not ...}


def sound_rule(at: int = AT, /, **members: Any) -> dict[str, Any]:
    """Return a rule against which nothing is to be said."""
    logic = {"===": [{"var": "payload.t.0.tr"}, "260415000"]}
    stated = {
        "Identifier": "TR-XA-0001",
        "CertificateType": "Test",
        "EngineVersion": "1.3.3",
        "AffectedFields": ["t.0.tr"],
        "Logic": logic,
    }
    return rule(at, **{**stated, **members})


def batch(at: int = AT, /, **members: Any) -> dict[str, Any]:
    """Return a batch of XA with one hash."""
    stated = {
        "country": "XA",
        "expires": rfc3339(at + 7 * DAY),
        "kid": "UNKNOWN_KID",
        "hashType": "SIGNATURE",
        "entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA=="}],
    }
    return {name: value for name, value in {**stated, **members}.items() if value is not ...}


def reference(**members: Any) -> dict[str, Any]:
    """Return a reference of XA to a service of its."""
    stated = {
        "url": "https://service.example/fhir",
        "country": "XA",
        "type": "FHIR",
        "service": "ValueSet",
        "thumbprint": "ab" * 32,
        "name": "Value sets",
        "sslPublicKey": "",
        "contentType": "application/fhir+json",
        "signatureType": "CMS",
        "referenceVersion": "1.0",
    }
    return {name: value for name, value in {**stated, **members}.items() if value is not ...}


def octets(document: Document) -> bytes:
    """Return what is signed of a document."""
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()


class Sender:
    """A country's back end, at a mailbox.

    Attributes:
        at: the server's now.
    """

    def __init__(self, code: str, box: Box, at: int = AT) -> None:
        self.state, self.box, self.at = world().state(code), box, at

    def signed(self, document: Document, by: Keyed | None = None) -> bytes:
        """Return a document's message as a body."""
        return body(pyca(octets(document), by or self.state.upload))

    def post(self, path: str, document: Document, **more: Any) -> WireAnswer:
        """Send a document, signed."""
        return self.send("POST", path, self.signed(document), **more)

    def send(
        self, method: str, path: str, sent: bytes = b"", *, draw: str = DRAW, **headers: str
    ) -> WireAnswer:
        """Send a body as it is; names of headers are written with `_`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.box.ask(
            request(
                method, path, by=self.state.tls, body=sent, headers=given, at=self.at, draw=draw
            )
        )

    def get(self, path: str, query: str = "", **headers: str) -> WireAnswer:
        """Ask for something."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.box.ask(
            request("GET", path, by=self.state.tls, query=query, headers=given, at=self.at)
        )

    def json(self, path: str, query: str = "", **headers: str) -> Any:
        """Return the document that is at a path."""
        answer = self.get(path, query, **headers)
        assert (answer.status, answer.content_type) == (200, JSON), answer
        return loads(answer.body)


def refusal(answer: WireAnswer) -> tuple[int, str]:
    """Return an answer's status, and the code of its problem report; nothing of what was sent is in it."""
    if answer.status < 400:
        return answer.status, ""
    report = loads(answer.body)
    assert report["sendValue"] == ""
    return answer.status, report["code"]


def details(answer: WireAnswer) -> str:
    """Return the details of a problem report."""
    return str(loads(answer.body)["details"])
