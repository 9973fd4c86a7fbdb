"""/trust/reference, and what is listed of services and value sets.

    POST   /trust/reference          CMS 0x260 -> upload key 403 -> JSON of the form -> country 403 -> 201
    DELETE /trust/reference          CMS 0x260 -> upload key 403 -> JSON of {uuid} -> there 404 -> country 403 -> 204
    GET    /trust/reference/{uuid}   its members, or its message where CMS is asked for
    GET    /trustList/references     ?country= type= service= signatureType=, each perhaps several times
    GET    /trustList/issuers        none: nobody can hand one in, and unsigned ones are worth nothing
    GET    /valuesets[/{id}]         identifiers; the document as it was loaded

1. A reference tells where a participant's service is, and with what it is checked. It is shown as it was signed, and
   its message is to be had, so that nobody has to believe the gateway.
2. The form is closed, and every text in it bounded; so is how many references a country has.
3. A country's second reference to the same service takes the place of the first, and keeps its identifier.

Apart because these are documents of their own, and endpoints.py is the table that everybody adds to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from pratique import strict_json
from pratique.gateway.batches import uploaded_by
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Mailbox, MailboxReading, Reference
from pratique.gateway.wire import CMS, CMS_TEXT, JSON, UUID, Refusal, WireAnswer, listed, written

MOST_REFERENCES = 256
"""References of one country."""
LONGEST, LONGEST_MESSAGE = 16_384, 65_536
"""Octets of a reference, and of its message."""

Check = Callable[[str], bool]


def _text(pattern: str, longest: int) -> Check:
    compiled = re.compile(pattern)
    return lambda value: len(value) <= longest and compiled.fullmatch(value) is not None


_FORM: Mapping[str, Check] = {
    # Whoever shows it makes a link of it.
    "url": _text("https?://[!-~]+", 1_000),
    "country": _text("[A-Z]{2}", 2),
    "type": _text("DCC|FHIR", 4),
    "service": _text("[^\x00-\x1f]+", 200),
    "thumbprint": _text("[0-9A-Fa-f]{64}", 64),
    "name": _text("[^\x00-\x1f]+", 200),
    "sslPublicKey": _text("[!-~ \r\n]*", 8_000),
    "contentType": _text("[!-~]+(; ?[!-~]+)*", 100),
    "signatureType": _text("CMS|JWS|NONE", 4),
    "referenceVersion": _text("[0-9A-Za-z._-]+", 30),
}
_OPTIONAL = frozenset({"thumbprint", "sslPublicKey", "contentType", "referenceVersion"})
_FILTERS = ("country", "type", "service", "signatureType")


def upload(call: Call, box: Mailbox) -> WireAnswer:
    """Take a reference; the answer's ETag is its identifier."""
    uploaded = uploaded_by(call, box)
    if len(uploaded.text) > LONGEST_MESSAGE:
        raise Refusal(400, "0x000", "the message is too long for a reference")
    document = _document(uploaded.content)
    if document["country"] != call.country:
        raise Refusal(403, "0x000", "the reference is another country's")
    rows = box.references(call.country)
    same = [row for row in rows if _service(_document(row.document)) == _service(document)]
    if not same and len(rows) >= MOST_REFERENCES:
        raise Refusal(400, "0x000", "the country has as many references as there may be")
    identifier = same[0].identifier if same else call.request.draw
    created = box.moment(call.at)
    box.add_reference(Reference(identifier, call.country, uploaded.content, uploaded.text, created))
    row = written({"uuid": identifier, **document}, 201)
    return row._replace(
        headers=(("ETag", identifier),), act="reference-upload", digest=_digest(identifier)
    )


def delete(call: Call, box: Mailbox) -> WireAnswer:
    """Delete a reference."""
    uploaded = uploaded_by(call, box)
    try:
        document = strict_json.strangers(uploaded.content, longest=LONGEST)
        identifier = strict_json.text(strict_json.members(document, {"uuid"})["uuid"])
    except (ValueError, TypeError):
        raise Refusal(400, "0x000", "it is not JSON of a uuid") from None
    if not UUID.fullmatch(identifier):
        raise Refusal(400, "0x000", "a reference's identifier is a UUID in lower case", "uuid")
    reference = _known(identifier, box)
    if reference.country != call.country:
        raise Refusal(403, "0x000", "the reference is another country's")
    box.delete_reference(identifier)
    return WireAnswer(204, act="reference-delete", digest=_digest(identifier))


def fetch(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with a reference."""
    if not UUID.fullmatch(call.rest[0]):
        raise Refusal(400, "0x001", "a reference's identifier is a UUID in lower case")
    reference = _known(call.rest[0], box)
    media = call.request.accepted(JSON, CMS_TEXT, CMS)
    if media != JSON:
        return WireAnswer(200, reference.message.encode(), media)
    return written(_row(reference))


def references(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with the references that fit each filter given."""
    given = call.request.parameters()
    wanted = {
        name: {part for value in given[name] for part in value.split(",")}
        for name in _FILTERS
        if name in given
    }
    rows = map(_row, box.references())
    return listed(row for row in rows if all(row[m] in wanted[m] for m in wanted))


def issuers(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with no issuers: the originals' lists are unsigned where the two of them agree."""
    del call, box
    return listed(())


def value_sets(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with the identifiers of all value sets."""
    del call
    return written(list(box.value_sets()))


def value_set(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with a value set."""
    chosen = box.value_set(call.rest[0])
    if chosen is None:
        raise Refusal(404, "0x100", "there is no such value set")
    return WireAnswer(200, chosen.document)


def _document(content: bytes) -> dict[str, str]:
    try:
        row = strict_json.strangers(content, longest=LONGEST)
        document = strict_json.members(row, _FORM.keys(), _OPTIONAL)
    except ValueError:
        raise Refusal(400, "0x000", "it is not JSON of a reference's members") from None
    for name, value in document.items():
        if type(value) is not str or not _FORM[name](value):
            raise Refusal(400, "0x000", "a member is not of the form", name)
    return document


def _known(identifier: str, box: MailboxReading) -> Reference:
    reference = box.reference(identifier)
    if reference is None:
        raise Refusal(404, "0x000", "there is no such reference")
    return reference


def _service(document: Mapping[str, str]) -> tuple[str, str, str]:
    return document["url"], document["type"], document["service"]


def _row(reference: Reference) -> dict[str, Any]:
    return {"uuid": reference.identifier, **_document(reference.document)}


def _digest(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()
