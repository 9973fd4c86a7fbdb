"""What a participant's upload key has signed of what it publishes: `CODE/uploads.json`, beside signers.json and rules.json.

    what is published, uploads.json before, upload certificates -> drafted -> what lacks a signature -> signed -> write
    uploads.json -> read -> UploadList -> is_signed | rule_in, by the upload certificates that whoever asks believes

1. It is for back ends that read the wire alone. No verifier asks for it: what counts in the network is what the
   participant's own k keys have signed, and a signature of the upload key adds nothing to that.
2. What is signed already, and still published with the same payload, is kept byte for byte; so is what the
   participant's own back end has signed.
3. Nothing is believed because it stands here: who reads it checks each signature against upload certificates of its own.
4. A signer's signature is without its content, which stands in signers.json; a rule's holds the rule as it was spelled.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import cms, x509
from pratique.errors import DocumentRefused
from pratique.gateway.rules import fits
from pratique.rules import documents
from pratique.rules import rule as form
from pratique.rules.rule import Rule
from pratique.rules.ruleset import MOST_RULES
from pratique.strict_json import Base64
from pratique.text import as_json
from pratique.trust import publication

FORMAT = "pratique-uploads-1"

Sign = Callable[[bytes, bool], bytes]
"""Signs a content with the upload key: SignedData, DER, without the content if that is said."""


class SignerUpload(NamedTuple):
    """A signer's signature by the upload key: SHA-256 of its certificate, hex; CMS without the content, DER."""

    thumbprint: str
    signature: Base64


class UploadList(NamedTuple):
    """The document.

    Attributes:
        participant: whose it is.
        signers: in the order of their thumbprints.
        rules: CMS in Base64, the rule inside, to the byte as it is handed on.
    """

    participant: str
    signers: tuple[SignerUpload, ...] = ()
    rules: tuple[str, ...] = ()


def write(uploads: UploadList) -> bytes:
    """Write the document."""
    return strict_json.dump(
        uploads._replace(
            signers=tuple(sorted(uploads.signers)), rules=tuple(sorted(uploads.rules))
        ),
        FORMAT,
    )


def read(data: bytes, participant: str) -> UploadList:
    """Read a participant's document; DocumentRefused `uploads-…`."""
    refused = partial(_refused, "malformed")
    listed = strict_json.document(data, UploadList, FORMAT, refused, most=strict_json.OF_ONE)
    if listed.participant != participant:
        raise _refused("participant", "it is another participant's")
    if len(listed.signers) > publication.MOST_SIGNERS or len(listed.rules) > MOST_RULES:
        raise _refused("too-many", "it would keep every gateway busy")
    return listed


# ----------------------------------------------------------------------------------------------------
# Who has signed.


class SignedRule(NamedTuple):
    """A rule in its message: as it is read, its version as it states it, CMS in Base64, and the signature's mark, hex."""

    rule: Rule
    version: str
    message: str
    mark: str


def is_signed(certificate: bytes, signature: bytes, keys: Collection[bytes]) -> bool:
    """Tell whether one of some upload certificates (DER) has signed a signer's certificate."""
    try:
        return cms.signed(signature, content=certificate).certificate in keys
    except DocumentRefused:
        return False


def rule_in(message: str, keys: Collection[bytes]) -> SignedRule | None:
    """Return the rule in a message, if one of some upload certificates (DER) has signed it; None otherwise."""
    try:
        signed = cms.signed(base64.b64decode(message, validate=True))
        if signed.certificate not in keys:
            return None
        document: Any = strict_json.loads(signed.content)
        return SignedRule(form.read(document), document["Version"], message, signed.mark.hex())
    except (DocumentRefused, ValueError, binascii.Error):
        return None


# ----------------------------------------------------------------------------------------------------
# The next document: what stands, and what the upload key has yet to sign.


class Drafted(NamedTuple):
    """The next document, as far as it is signed.

    Attributes:
        standing: what is signed already.
        certificates: signers' certificates that lack a signature.
        rules: JSON of rules that lack one.
        unfit: what the wire has no form for, in words: no signature helps.
    """

    standing: UploadList
    certificates: tuple[bytes, ...]
    rules: tuple[bytes, ...]
    unfit: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing lacks a signature."""
        return not (self.certificates or self.rules)

    def signed(self, sign: Sign) -> UploadList:
        """Return the document with what lacked a signature."""
        signers = (
            SignerUpload(x509.read(der).thumbprint, sign(der, True)) for der in self.certificates
        )
        rules = (base64.b64encode(sign(rule, False)).decode() for rule in self.rules)
        return self.standing._replace(
            signers=(*self.standing.signers, *signers), rules=(*self.standing.rules, *rules)
        )


def drafted(
    participant: str,
    country: str,
    published: tuple[bytes, bytes | None],
    before: Iterable[UploadList],
    keys: Collection[bytes],
) -> Drafted:
    """Draft a participant's next document.

    Args:
        participant: its code.
        country: C of its X.509 certificates, which is its country on the wire.
        published: the signers.json and the rules.json that it stands beside.
        before: what was signed before; what comes first is preferred.
        keys: its upload certificates that have not ended, DER.
    """
    lists = tuple(before)
    signatures = [(one.thumbprint, one.signature) for each in lists for one in each.signers]
    messages = [one for each in lists for text in each.rules if (one := rule_in(text, keys))]
    signers, rules = list[SignerUpload](), list[str]()
    certificates, spelled, unfit = list[bytes](), list[bytes](), list[str]()
    for der in dict.fromkeys(one.certificate for one in publication.parts(published[0]).signers):
        record = x509.read(der)
        if record.countries != (country,):
            unfit.append(f"the signer with kid {record.kid.hex()}: its C is not {country} alone")
            continue
        own = (s for name, s in signatures if name == record.thumbprint)
        signature = next((each for each in own if is_signed(der, each, keys)), None)
        if signature is None:
            certificates.append(der)
        else:
            signers.append(SignerUpload(record.thumbprint, signature))
    for rule in rules_of(published[1]):
        document = wire_rule(rule, country)
        if document is None:
            unfit.append(f"the rule {rule.name}: the wire has no form for it")
            continue
        message = next((one.message for one in messages if one.rule == rule), None)
        if message is None:
            spelled.append(document)
        else:
            rules.append(message)
    standing = UploadList(participant, tuple(signers), tuple(rules))
    return Drafted(standing, tuple(certificates), tuple(spelled), tuple(unfit))


def rules_of(data: bytes | None) -> tuple[Rule, ...]:
    """Return the rules of a rules.json, if there is one; DocumentRefused `rule-…`."""
    if data is None:
        return ()
    return documents.read(strict_json.parse(data, most=strict_json.OF_ONE)).rules


def wire_rule(rule: Rule, country: str) -> bytes | None:
    """Return a rule's JSON as the wire has it; None where the wire has no form for it."""
    document = documents.write(rule)
    if rule.country != country or not fits(document):
        return None
    return as_json(document).encode()


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"uploads-{code}", f"the list of uploads was refused: {why}")
