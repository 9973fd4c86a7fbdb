"""/revocation-list: batches of revocation hashes, for callers who have the role only.

    GET         If-Modified-Since T 400 -> not in the future 400 -> at most 1,000 changed later than T, ascending | 204
    GET /{id}   UUID 400 -> there 404 -> not deleted 410 -> the message, to the byte
    POST        CMS 0x260 -> upload key 403 -> JSON -> expires -> values -> country 403 -> not deleted before 409 -> room
                -> 201
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
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

from pratique import strict_json
from pratique.gateway import message
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Mailbox, MailboxReading, StoredBatch
from pratique.gateway.wire import CMS, CMS_TEXT, UUID, Refusal, WireAnswer, instant, written
from pratique.revocation.foreign import HashType
from pratique.text import rfc3339

MOST_LISTED = 1_000
"""Batches of one answer."""
MOST_ENTRIES = 1_000
"""Hashes of one batch."""

T = TypeVar("T")


def _like(pattern: str) -> strict_json.Codec:
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not compiled.fullmatch(strict_json.text(value)):
            raise ValueError("not of the pattern")
        return str(value)

    return strict_json.Codec(read)


def _kid(value: object) -> str | None:
    return None if value is None else str(_KID.read(value))


def _entries(value: Any) -> None:
    """Look at the hashes, and leave them where they are."""
    if not 1 <= len(strict_json.array(value)) <= MOST_ENTRIES:
        raise ValueError("not 1 to 1,000")
    if not all(map(_is_hash, value)):
        raise ValueError('not {"hash": Base64 of 16 octets}')


def _is_hash(row: Any) -> bool:
    # Not by the codec: a thousand of them would take longer than the signature.
    if type(row) is not dict or len(row) != 1 or type(text := row.get("hash")) is not str:
        return False
    return _HASH.fullmatch(text) is not None


_HASH = re.compile("[A-Za-z0-9+/]{22}==")
_COUNTRY, _KID = _like("(?s).."), _like("(?s).{11,12}")
_PERHAPS_KID, _ENTRIES = strict_json.Codec(_kid), strict_json.Codec(_entries)
_INSTANT = strict_json.Codec(lambda value: instant(strict_json.text(value)))


class StatedBatch(NamedTuple):
    """What an upload states, as the wire names it."""

    expires: Annotated[int, _INSTANT]
    country: Annotated[str, _COUNTRY]
    hashType: HashType  # noqa: N815
    entries: Annotated[None, _ENTRIES]
    kid: Annotated[str | None, _PERHAPS_KID, strict_json.SPARSE] = None


class StatedDeletion(NamedTuple):
    """What a deletion states, as the wire names it."""

    batchId: str  # noqa: N815


def listed(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with what has changed after an instant."""
    since = call.request.since()
    if since is None:
        raise Refusal(400, "0x001", "If-Modified-Since is missing", "write 2026-11-01T00:00:00Z")
    if since > call.at and not box.batches(since - 1, 1):
        raise Refusal(400, "", "If-Modified-Since is in the future")
    batches = box.batches(since, MOST_LISTED + 1)
    if not batches:
        return WireAnswer(204)
    return written(
        {"more": len(batches) > MOST_LISTED, "batches": list(map(_row, batches[:MOST_LISTED]))}
    )


def fetch(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with a batch's message."""
    if not UUID.fullmatch(call.rest[0]):
        raise Refusal(400, "0x001", "a batch's identifier is a UUID in lower case")
    batch = _known(call.rest[0], box)
    media = call.request.accepted(CMS_TEXT, CMS)
    return WireAnswer(200, batch.message.encode(), media, _tag(batch.identifier))


def upload(call: Call, box: Mailbox) -> WireAnswer:
    """Take a batch; its identifier is the answer's ETag, without the quotes that RFC 9110 wants: clients send it back."""
    uploaded = uploaded_by(call, box)
    batch = _object(StatedBatch, uploaded.content)
    if batch.expires <= call.at:
        raise Refusal(400, "0x000", "the batch has ended", "expires")
    if batch.country != call.country:
        raise Refusal(403, "0x000", "the batch is another country's")
    if box.was_used(uploaded.mark):
        raise Refusal(409, "0x000", "the batch of this message was deleted, or signed anew")
    live = box.live_batches(call.country)
    message.check_room(uploaded, live, call.settings.most_batches, "0x000")
    identifier = call.request.draw
    box.add_batch(
        StoredBatch(0, identifier, call.country, batch.expires, uploaded.text, box.instant(call.at))
    )
    return WireAnswer(201, headers=_tag(identifier), act="batch-upload", digest=_digest(identifier))


def delete(call: Call, box: Mailbox) -> WireAnswer:
    """Delete a batch."""
    identifier = _object(StatedDeletion, uploaded_by(call, box).content).batchId
    if not UUID.fullmatch(identifier):
        raise Refusal(400, "0x000", "a batch's identifier is a UUID in lower case", "batchId")
    batch = _known(identifier, box, country=call.country)
    retire(batch.message, call.at, box)
    box.delete_batch(identifier, box.instant(call.at))
    return WireAnswer(204, act="batch-delete", digest=_digest(identifier))


def retire(text: str, at: int, box: Mailbox) -> None:
    """Note that a batch's message stands for nothing any more, so that it is not taken again."""
    box.use(message.read(text.encode(), bad_signature="0x260").mark, at)


def uploaded_by(call: Call, box: MailboxReading) -> message.Uploaded:
    """Return a message that the caller's country has signed; Refusal 403 if it has not."""
    uploaded = message.read(call.request.body, bad_signature="0x260")
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(403, "0x000", "the signer is no upload certificate of the caller's country")
    return uploaded


def _known(identifier: str, box: MailboxReading, country: str | None = None) -> StoredBatch:
    """Return a live batch; of a country, if one is given."""
    batch = box.batch(identifier)
    if batch is None:
        raise Refusal(404, "0x000", "there is no such batch")
    if country not in {None, batch.country}:
        raise Refusal(403, "0x000", "the batch is another country's")
    if batch.is_deleted:
        raise Refusal(410, "0x000", "the batch is deleted")
    return batch


def _object(kind: type[T], content: bytes) -> T:
    """Read a document; nothing of it, and no name that is not the form's, gets into the refusal."""
    try:
        document = strict_json.strangers(content, longest=len(content))
        return strict_json.read(kind, document)
    except strict_json.Misfit as error:
        member = error.member.partition(".")[0]
        member = member if member in get_type_hints(kind) else ""
        raise Refusal(400, "0x000", "a member is missing or not of the form", member) from None
    except ValueError:
        raise Refusal(400, "0x000", "it is not JSON that is read in one way only") from None


def _row(batch: StoredBatch) -> dict[str, Any]:
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
