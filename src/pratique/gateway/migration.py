"""/cms-migration: before an upload certificate ends, a country signs again what it has uploaded with it.

    GET  the caller's own live entities: {cms with its content inside, entityId, type}, batches as far as there is room
    POST form 0x004 -> CMS 0x260 -> upload key 0x004 -> there 409 -> country -> the same content -> not taken before,
         not too long 0x004 -> 204

1. Owner and content are compared for each of the three types. dgc-gateway compares neither for a signer: any country
   can put its message in the place of any other's there.
2. The new message takes the place of the old: number, date and kid stay. Only a batch's date becomes now, so that
   whoever keeps messages gets it anew.
3. What is signed anew can be sent again by whoever kept it: a message that was taken once is not taken here, and an old
   one not anywhere any more (`signers`, `batches`).
4. Batches may be a hundred thousand, and an answer is made in memory: they are listed up to `MOST_OCTETS`, those first that
   have not changed for the longest. What is signed anew has changed now, so whoever asks again gets the next ones.
   Signers and rules are listed whole: their number and length are bounded (`call.Settings`, `message.LONGEST_KEPT`).
5. What came with the network, and not by an upload, has no message here, and is not to be migrated here.

Apart because it is about signers, rules and batches alike, and endpoints.py is the table that everybody adds to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Annotated, NamedTuple

from pratique import strict_json
from pratique.crypto import cms
from pratique.gateway import batches, message
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Mailbox, MailboxReading, StoredBatch, StoredEntry, StoredRule
from pratique.gateway.wire import Refusal, WireAnswer, listed

MOST_OCTETS = 32 << 20
"""Of the messages of batches in one answer; the last may go beyond it."""


class EntityType(StrEnum):
    """What an entity is; `DSC` for certificates of every group."""

    DSC = "DSC"
    REVOCATION_LIST = "REVOCATION_LIST"
    VALIDATION_RULE = "VALIDATION_RULE"


Entity = StoredEntry | StoredBatch | StoredRule


def _number(value: object) -> int:
    number = strict_json.whole(value)
    # A database has no number beyond, and would refuse to look.
    if not 0 < number < 1 << 63:
        raise ValueError("no number of a row")
    return number


_NUMBER = strict_json.Codec(_number)


class Migrated(NamedTuple):
    """An entity and its message, as the wire names them."""

    cms: str
    entityId: Annotated[int, _NUMBER]  # noqa: N815
    type: EntityType


class _Codes(NamedTuple):
    unknown: str
    country: str
    content: str


_CODES = {
    EntityType.DSC: _Codes("0x010", "0x004", "0x004"),
    EntityType.REVOCATION_LIST: _Codes("0x020", "0x021", "0x022"),
    EntityType.VALIDATION_RULE: _Codes("0x030", "0x031", "0x032"),
}


def own(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer with the caller's entities."""
    return listed(map(strict_json.write, _entities(call.country, box)))


def migrate(call: Call, box: Mailbox) -> WireAnswer:
    """Put a new message in the place of an entity's old one."""
    try:
        document = strict_json.strangers(call.request.body, longest=len(call.request.body))
        asked = strict_json.read(Migrated, document)
    except ValueError:
        raise Refusal(400, "0x004", "it is not JSON of cms, entityId and type") from None
    uploaded = message.read(asked.cms.encode(), bad_signature="0x260")
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(400, "0x004", "the signer is no upload certificate of the caller's country")
    message.check_length(uploaded, "0x004")
    codes, entity = _CODES[asked.type], _entity(asked, box)
    if entity is None or not entity.message:
        raise Refusal(409, codes.unknown, "there is no such entity")
    if entity.country != call.country:
        raise Refusal(400, codes.country, "the entity is another country's")
    if message.read(entity.message.encode(), bad_signature="0x260").content != uploaded.content:
        raise Refusal(400, codes.content, "the message is of another content")
    if box.was_used(uploaded.mark):
        raise Refusal(400, "0x004", "this message was taken before")
    _keep(entity, uploaded, call.at, box)
    digest = hashlib.sha256(uploaded.text.encode()).hexdigest()
    return WireAnswer(204, act="migration", digest=digest)


def _entities(country: str, box: MailboxReading) -> Iterator[Migrated]:
    whole: chain[Entity] = chain(box.entries(country=country), box.rules(country))
    for row in whole:
        if row.message:
            yield Migrated(row.message, row.number, _TYPES[type(row)])
    octets = 0
    for batch in box.batches_of(country):
        yield Migrated(batch.message, batch.number, EntityType.REVOCATION_LIST)
        octets += len(batch.message)
        if octets >= MOST_OCTETS:
            return


_TYPES: dict[type[Entity], EntityType] = {
    StoredEntry: EntityType.DSC,
    StoredRule: EntityType.VALIDATION_RULE,
}


def _entity(asked: Migrated, box: MailboxReading) -> Entity | None:
    if asked.type is EntityType.DSC:
        return box.entry(asked.entityId)
    if asked.type is EntityType.REVOCATION_LIST:
        return box.batch_numbered(asked.entityId)
    return box.rule(asked.entityId)


def _keep(entity: Entity, uploaded: message.Uploaded, at: int, box: Mailbox) -> None:
    if isinstance(entity, StoredEntry):
        signature = cms.detached(uploaded.data)
        box.change_entry(entity._replace(message=uploaded.text, signature=signature))
        box.use(uploaded.mark, at)
        return
    batches.retire(entity.message, at, box)
    if isinstance(entity, StoredRule):
        box.change_rule(entity._replace(message=uploaded.text))
    else:
        box.change_batch(entity._replace(message=uploaded.text, changed=box.instant(at)))
