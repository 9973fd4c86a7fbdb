"""/revocation-list: batches of revocation hashes, for callers who have the role only.

    GET         If-Modified-Since T 400 -> not in the future 400 -> at most 1,000 changed later than T, ascending | 204
    GET /{id}   UUID 400 -> there 404 -> not deleted 410 -> the message, to the byte
    POST        CMS 0x260 -> upload key 403 -> JSON -> expires -> values -> country 403 -> not deleted before 409 -> 201
    DELETE      CMS 0x260 -> upload key 403 -> JSON -> UUID -> there 404 -> country 403 -> not deleted 410 -> 204

1. The hashes are in the message, and nowhere else: they are neither taken out of it, nor told, nor put into an error.
   Where they are checked, only their form is.
2. Each change has a whole second of its own, and a list tells of what changed *after* T. So a client that asks again
   with the last date of the list before ends, and misses nothing (dgc-lib does; with fractions it would never end).
3. "In the future" is later than now and than each change: with many changes in a second the last is ahead of now.
4. A batch that is deleted or signed anew must not come back in its old message, which anybody may have kept. A live
   one may be sent twice: it is two batches then, as in dgc-gateway.
5. A form is closed: a member that nobody knows could name a person.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.gateway import message
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Batch, Mailbox, Reading
from pratique.gateway.wire import CMS, CMS_TEXT, Answer, Refusal, instant, written
from pratique.text import rfc3339

MOST_LISTED = 1_000
"""Batches of one answer."""
MOST_ENTRIES = 1_000
"""Hashes of one batch."""
HASH_TYPES = ("SIGNATURE", "UCI", "COUNTRYCODEUCI")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_HASH = re.compile(r"[A-Za-z0-9+/]{22}==")
_MEMBERS = frozenset({"country", "expires", "hashType", "entries", "kid"})


def listed(call: Call, box: Reading) -> Answer:
    """Answer with what has changed after an instant."""
    since = call.request.since()
    if since is None:
        raise Refusal(400, "0x000", "If-Modified-Since is missing", "write 2026-11-01T00:00:00Z")
    if since > call.at and not box.batches(since - 1, 1):
        raise Refusal(400, "", "If-Modified-Since is in the future")
    batches = box.batches(since, MOST_LISTED + 1)
    if not batches:
        return Answer(204)
    return written(
        {"more": len(batches) > MOST_LISTED, "batches": list(map(_row, batches[:MOST_LISTED]))}
    )


def one(call: Call, box: Reading) -> Answer:
    """Answer with a batch's message."""
    batch = _known(call.rest[0], box)
    media = call.request.accepted(CMS_TEXT, CMS)
    return Answer(200, batch.message.encode(), media, _tag(batch.identifier))


def upload(call: Call, box: Mailbox) -> Answer:
    """Take a batch; its identifier is the answer's ETag, without the quotes that RFC 9110 wants: clients send it back."""
    uploaded = uploaded_by(call, box)
    batch = _batch(uploaded.content, call.at)
    if batch.country != call.country:
        raise Refusal(403, "0x000", "the batch is another country's")
    if box.was_used(uploaded.mark):
        raise Refusal(409, "0x000", "the batch of this message was deleted, or signed anew")
    identifier = call.request.draw
    box.add_batch(
        Batch(0, identifier, call.country, batch.expires, uploaded.text, box.instant(call.at))
    )
    return Answer(201, headers=_tag(identifier), act="batch-upload", digest=_digest(identifier))


def delete(call: Call, box: Mailbox) -> Answer:
    """Delete a batch."""
    row = _object(uploaded_by(call, box).content, frozenset({"batchId"}))
    identifier = row["batchId"]
    if type(identifier) is not str:
        raise Refusal(400, "0x000", "batchId is no text")
    batch = _known(identifier, box, country=call.country)
    retire(batch.message, call.at, box)
    box.delete_batch(identifier, box.instant(call.at))
    return Answer(204, act="batch-delete", digest=_digest(identifier))


def retire(text: str, at: int, box: Mailbox) -> None:
    """Note that a batch's message stands for nothing any more, so that it is not taken again."""
    box.use(message.read(text.encode(), bad_signature="0x260").mark, at)


def uploaded_by(call: Call, box: Reading) -> message.Uploaded:
    """Return a message that the caller's country has signed; Refusal 403 if it has not."""
    uploaded = message.read(call.request.body, bad_signature="0x260")
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(403, "0x000", "the signer is no upload certificate of the caller's country")
    return uploaded


def _known(identifier: str, box: Reading, country: str | None = None) -> Batch:
    """Return a live batch; of a country, if one is given."""
    if not UUID.fullmatch(identifier):
        raise Refusal(400, "0x000", "a batch's identifier is a UUID in lower case")
    batch = box.batch(identifier)
    if batch is None:
        raise Refusal(404, "0x000", "there is no such batch")
    if country not in {None, batch.country}:
        raise Refusal(403, "0x000", "the batch is another country's")
    if batch.is_deleted:
        raise Refusal(410, "0x000", "the batch is deleted")
    return batch


class _Stated(NamedTuple):
    country: str
    expires: int


def _batch(content: bytes, at: int) -> _Stated:
    """Read what a batch states; its hashes are looked at, and left where they are."""
    row = _object(content, _MEMBERS)
    try:
        expires = instant(strict_json.text(row["expires"]))
    except (ValueError, TypeError):
        raise Refusal(400, "0x000", "expires is no instant", "write 2026-12-01T00:00:00Z") from None
    if expires <= at:
        raise Refusal(400, "0x000", "the batch has ended")
    country, kid, entries = row["country"], row.get("kid"), row["entries"]
    if type(country) is not str or len(country) != 2:
        raise Refusal(400, "0x000", "country is no code of two letters")
    if kid is not None and not (type(kid) is str and 11 <= len(kid) <= 12):
        raise Refusal(400, "0x000", "kid is no text of 11 or 12 characters")
    if row["hashType"] not in HASH_TYPES:
        raise Refusal(400, "0x000", "hashType is none of the three")
    if type(entries) is not list or not 1 <= len(entries) <= MOST_ENTRIES:
        raise Refusal(400, "0x000", "entries are no list of 1 to 1,000")
    if not all(map(_is_entry, entries)):
        raise Refusal(400, "0x000", 'an entry is no {"hash": Base64 of 16 octets}')
    return _Stated(country, expires)


def _is_entry(row: Any) -> bool:
    if type(row) is not dict or row.keys() != {"hash"} or type(row["hash"]) is not str:
        return False
    return _HASH.fullmatch(row["hash"]) is not None


def _object(content: bytes, members: frozenset[str]) -> dict[str, Any]:
    """Read a document of exactly these members, of which `kid` may be missing."""
    try:
        document = strict_json.strangers(content, longest=len(content))
        return strict_json.members(document, members, frozenset({"kid"}))
    except ValueError:
        # Without its cause: what was uploaded is not to stand in anybody's traceback.
        raise Refusal(400, "0x000", "it is not JSON of the form's members") from None


def _row(batch: Batch) -> dict[str, Any]:
    # datetime.fromisoformat, with which EU's suite reads it, knows no Z before Python 3.11.
    date = rfc3339(batch.changed).replace("Z", "+00:00")
    return {
        "batchId": batch.identifier,
        "country": batch.country,
        "date": date,
        "deleted": batch.is_deleted,
    }


def _tag(identifier: str) -> tuple[tuple[str, str], ...]:
    return (("ETag", identifier),)


def _digest(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()
