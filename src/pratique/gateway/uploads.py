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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import cms, x509
from pratique.errors import DocumentRefused
from pratique.gateway.rules import fits
from pratique.gateway.signers import is_issued
from pratique.rules import documents
from pratique.rules import rule as form
from pratique.rules.evaluator import refusal
from pratique.rules.rule import Rule
from pratique.rules.ruleset import MOST_RULES
from pratique.strict_json import Base64
from pratique.text import as_json, printable
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
    signatures = [(row.thumbprint, row.signature) for each in lists for row in each.signers]
    messages = [row for each in lists for text in each.rules if (row := rule_in(text, keys))]
    signers, rules = list[SignerUpload](), list[str]()
    certificates, spelled, unfit = list[bytes](), list[bytes](), list[str]()
    for der in dict.fromkeys(row.certificate for row in publication.parts(published[0]).signers):
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
        message = next((row.message for row in messages if row.rule == rule), None)
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


# ----------------------------------------------------------------------------------------------------
# In: what a country's own back end has uploaded to a gateway, checked by what the participant itself has.
#
#     answers of /trustList/certificate and /rules/CC, own certificates -> taken -> CheckedUploads -> beside what is published
#
# 1. The gateway is believed nothing. What one of the participant's own upload keys has not signed to the byte is left
#    out, and so is a signer that none of its own signing CAs has issued; each is named.
# 2. What a gateway no longer shows is no word of the participant's: it is told, and taken back only if that is said.
# 3. Of a rule nothing older than what is published is taken, nor another text of a version that is.


class OwnCertificates(NamedTuple):
    """What a participant knows its own uploads by: its country on the wire, upload certificates and signing CAs, DER."""

    country: str
    uploads: frozenset[bytes]
    authorities: tuple[bytes, ...]


class CheckedUploads(NamedTuple):
    """What a gateway shows that is the participant's own.

    Attributes:
        signers: certificate, DER, and domain.
        rules: in their messages.
        uploads: the signatures, as the back end has made them.
        refused: what was left out, and why, in words.
        shown: thumbprints of signers and identifiers of rules that are there, left out or not.
    """

    signers: tuple[tuple[bytes, str], ...]
    rules: tuple[SignedRule, ...]
    uploads: UploadList
    refused: tuple[str, ...]
    shown: frozenset[str] = frozenset()


def taken(
    participant: str, certificates: bytes, rules: bytes, own: OwnCertificates, *, at: int
) -> CheckedUploads:
    """Read what a gateway shows of a participant's country.

    Args:
        participant: its code.
        certificates: answer of GET /trustList/certificate?group=DSC&country=CC.
        rules: answer of GET /rules/CC.
        own: what its own uploads are known by.
        at: now, seconds since the epoch.

    Raises:
        DocumentRefused: `json-unreadable`, `gateway-answer`: it is no such answer.
    """
    refused, signers, signatures = list[str](), dict[bytes, str](), list[SignerUpload]()
    shown = set[str]()
    for row in _rows(certificates):
        der, signature = (
            strict_json.octets(row.get(name)) for name in ("certificate", "signature")
        )
        domain = row.get("domain")
        if not der or not signature or type(domain) is not str:
            raise _no_answer("an entry of it has no certificate, signature or domain")
        record = x509.read(der)
        shown.add(record.thumbprint)
        why = _against(der, signature, own, at)
        if why:
            refused.append(f"signer with kid {record.kid.hex()}: {why}")
        elif der not in signers:
            signers[der] = domain
            signatures.append(SignerUpload(record.thumbprint, signature))
    messages: list[SignedRule] = []
    for name, text in _messages(rules):
        shown.add(name)
        signed = rule_in(text, own.uploads)
        if signed is None:
            refused.append(
                f"{printable(name, 40)}: no upload key of yours that is in force has signed it, or it is no rule"
            )
        elif signed.rule.country != own.country:
            refused.append(f"rule {signed.rule.name}: it is another country's")
        elif signed.rule.valid_to <= at:
            refused.append(f"rule {signed.rule.name}: it has ended")
        elif (issue := refusal(signed.rule, compatible=False)) is not None:
            refused.append(f"rule {signed.rule.name}: {issue.code}, {issue.message}")
        else:
            messages.append(signed)
    listed = UploadList(participant, tuple(signatures), tuple(row.message for row in messages))
    return CheckedUploads(
        tuple(signers.items()), tuple(messages), listed, tuple(refused), frozenset(shown)
    )


def _against(certificate: bytes, signature: bytes, own: OwnCertificates, at: int) -> str:
    if not is_signed(certificate, signature, own.uploads):
        return "no upload key of yours that is in force has signed it"
    record = x509.read(certificate)
    if record.countries != (own.country,):
        return "it is another country's"
    if record.is_ca:
        return "it is a CA's, and no document signer's"
    if record.not_after < at:
        return "it has ended"
    return "" if is_issued(record, own.authorities) else "no signing CA of yours has issued it"


def _rows(answer: bytes) -> list[dict[str, Any]]:
    rows = strict_json.parse(answer)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _no_answer("it is no trust list")
    if len(rows) > 2 * publication.MOST_SIGNERS:
        raise _no_answer("it has more signers than a participant publishes")
    return rows


def _messages(answer: bytes) -> Iterator[tuple[str, str]]:
    document = strict_json.parse(answer)
    if not isinstance(document, dict) or not all(isinstance(v, list) for v in document.values()):
        raise _no_answer("it is no list of rules")
    rows = [(name, row) for name, versions in document.items() for row in versions]
    if len(rows) > 2 * MOST_RULES:
        raise _no_answer("it has more rules than a participant publishes")
    for name, row in rows:
        text = row.get("cms") if isinstance(row, dict) else None
        if type(text) is not str:
            raise _no_answer("a version of a rule has no message")
        yield name, text


class Merged(NamedTuple):
    """What a participant's rules become, and what is told of it.

    Attributes:
        rules: those that are published, and the newer ones beside them.
        new: names of those that were not published.
        refused: what was not taken, in words.
        missing: names of those that are published, and that the gateway does not show.
        superseded: names of those that go, since a new one has taken their place.
    """

    rules: tuple[Rule, ...]
    new: tuple[str, ...]
    refused: tuple[str, ...]
    missing: tuple[str, ...]
    superseded: tuple[str, ...]


def merged(published: Sequence[Rule], there: CheckedUploads, country: str, *, at: int) -> Merged:
    """Put a country's uploaded rules beside those that it has published.

    Args:
        published: the participant's rules, whatever countries they are of.
        there: what was taken, and what else is there.
        country: its country on the wire.
        at: now, seconds since the epoch: a version goes when its successor has begun.
    """
    rules = {(row.identifier, row.version): row for row in published if row.country == country}
    newest = {name: max(v for i, v in rules if i == name) for name, _ in rules}
    new, refused = list[str](), list[str]()
    for rule in (row.rule for row in there.rules):
        key = rule.identifier, rule.version
        if key in rules:
            if rules[key] != rule:
                refused.append(f"rule {rule.name}: another text of that version is published")
        elif rule.version < newest.get(rule.identifier, rule.version):
            refused.append(f"rule {rule.name}: a newer version of it is published")
        else:
            rules[key] = rule
            new.append(rule.name)
    gone = [row for row in rules.values() if _is_superseded(row, rules.values(), new, at)]
    kept = [row for row in rules.values() if row not in gone]
    missing = [
        row.name
        for row in published
        if row.country == country and row.identifier not in there.shown and wire_rule(row, country)
    ]
    others = (row for row in published if row.country != country)
    superseded = tuple(row.name for row in gone)
    return Merged((*others, *kept), tuple(new), tuple(refused), tuple(missing), superseded)


def _is_superseded(rule: Rule, rules: Iterable[Rule], new: Sequence[str], at: int) -> bool:
    """Tell whether a newer version, which is among the new ones, has taken a rule's place."""
    return any(
        row.name in new
        and row.identifier == rule.identifier
        and row.version > rule.version
        and row.valid_from <= at
        for row in rules
    )


def _no_answer(why: str) -> DocumentRefused:
    return DocumentRefused("gateway-answer", f"what the gateway sends cannot be read: {why}")


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"uploads-{code}", f"the list of uploads was refused: {why}")
