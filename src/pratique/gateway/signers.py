"""Signers' certificates that a country uploads, and takes back.

    POST   /signerCertificate           CMS of a certificate   -> 201     the EU's: group DSC, domain DCC
    POST   /trustedCertificate          JSON {cms, kid, ...}   -> 201     WHO's: other groups, domains, properties
    DELETE, POST .../delete of either   CMS of a certificate   -> 204

The first check that fails is told:

    | check                                                     | upload        | trusted       | deletion      |
    |-----------------------------------------------------------|---------------|---------------|---------------|
    | Base64, CMS, a certificate in it                          | 400 `0x402`   | 400 `n/a`     | 400 `0x402`   |
    | CMS signature                                             | 400 `0x009`   | 400 `n/a`     | 400 `0x009`   |
    | group, domain, properties, kid                            | -             | 400 `n/a`     | -             |
    | signed by an upload key of the caller's country           | 400 `0x004`   | 400 `0x004`   | 400 `0x007`   |
    | exactly one C, the caller's; of WHO's groups only DSC     | 400 `0x004`   | 400 `0x004`   | 400 `0x007`   |
    | signed by a CSCA of the country; DESC by a DECA           | 400 `0x004`   | 400 `0x004`   | -             |
    | neither it nor its key is withdrawn in the network        | 400 `0x004`   | 400 `0x004`   | -             |
    | not there yet; there                                      | 409 `0x002`   | 409 `0x002`   | 404 `0x005`   |
    | no other live certificate of the country has the kid      | 400 `0x004`   | 400 `0x004`   | -             |
    | the message was never taken before (see 1, 4)             | 400 `0x004`   | 400 `0x004`   | 400 `0x007`   |
    | it is not too long, nor one too many of its country       | 400 `0x004`   | 400 `0x004`   | -             |
    | strict profile: nothing is to be said against it          | 400 `0x004`   | 400 `0x004`   | -             |

1. A deletion is the same kind of message as an upload. Whoever kept one could add what was deleted again with it: each
   message is known by its mark, and adds nothing once it was taken, for whatever. A new message does.
2. A kid is one country's: otherwise the first who takes one keeps all others from it. Who deletes frees it.
3. Names of issuers are not compared: the CA's signature says all that its name would.
4. A deletion may be the same message as the upload, as clients send it that keep what they have signed. A message
   that was taken deletes only what has come by it: an old one takes nothing back that was uploaded again.
5. What the country's own keys have withdrawn in the network stays withdrawn (`projection`): its upload key, which may be
   stolen with the rest, brings it back in neither profile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import asn1, chain, cms, x509
from pratique.crypto.x509 import X509Record
from pratique.gateway import message, remarks
from pratique.gateway.call import Call
from pratique.gateway.mailbox import CertificateGroup, Mailbox, StoredEntry
from pratique.gateway.message import Uploaded
from pratique.gateway.wire import Profile, Refusal, WireAnswer, kid_of
from pratique.text import as_json

TRUSTED = (
    CertificateGroup.DSC,
    CertificateGroup.SIGN,
    CertificateGroup.AUTH,
    CertificateGroup.CUSTOM,
    CertificateGroup.DESC,
)
"""Groups of /trustedCertificate. That of TLS clients is none: nobody may add a caller by himself."""
LONGEST_KID = 20
LONGEST_PROPERTY = 2_000
_DOMAIN = "DCC"
_UNREADABLE = {"x509-unreadable", "x509-too-large", "dates-unreadable", "subject-unreadable"}


class _Wish(NamedTuple):
    """What an upload wants to be kept as; the kid is the certificate's own if none is given."""

    group: CertificateGroup = CertificateGroup.DSC
    domain: str = _DOMAIN
    kid: str = ""
    properties: str = ""
    act: str = "signer-upload"


def upload(call: Call, box: Mailbox) -> WireAnswer:
    """Answer POST /signerCertificate."""
    uploaded = message.read(call.request.body, bad_signature="0x009")
    return _added(uploaded, _certificate(uploaded), _Wish(), call, box)


def delete(call: Call, box: Mailbox) -> WireAnswer:
    """Answer DELETE and POST /delete of /signerCertificate and /trustedCertificate."""
    uploaded = message.read(call.request.body, bad_signature="0x009")
    record = _certificate(uploaded)
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(400, "0x007", "the CMS is not signed by an upload certificate of the country")
    entry = box.entry_of(record.thumbprint, call.country)
    # WHO's groups may have been uploaded with another C, or none.
    if (entry is None or entry.group is CertificateGroup.DSC) and not _is_of(record, call.country):
        raise Refusal(400, "0x007", "the certificate's C is not that of the caller")
    if entry is None:
        raise Refusal(404, "0x005", "the certificate is not there")
    if box.was_used(uploaded.mark) and not _is_message_of(uploaded, entry):
        raise Refusal(400, "0x007", "this message was taken before", "sign the certificate again")
    at = box.moment(call.at)
    box.use(uploaded.mark, at)
    box.delete_entry(entry.number, at)
    return WireAnswer(204, act="signer-delete", digest=record.thumbprint)


def upload_trusted(call: Call, box: Mailbox) -> WireAnswer:
    """Answer POST /trustedCertificate."""
    body, wish = _wish(call)
    try:
        uploaded = message.read(body, bad_signature="n/a")
        record = _certificate(uploaded)
    except Refusal as refusal:
        # WHO's gateway has one code for whatever is wrong with the message.
        raise Refusal(refusal.status, "n/a", refusal.problem, refusal.details) from None
    return _added(uploaded, record, wish, call, box)


def _is_message_of(uploaded: Uploaded, entry: StoredEntry) -> bool:
    """Tell whether a message is the one by which a live entry came, however it is written this time."""
    if not entry.message:
        return False
    return message.read(entry.message.encode(), bad_signature="0x007").mark == uploaded.mark


def _certificate(uploaded: Uploaded) -> X509Record:
    record = x509.read(uploaded.content)
    if record.reason in _UNREADABLE:
        raise Refusal(400, "0x402", "Invalid Base64 CMS Message", "its content is no certificate")
    return record


def _is_one_spelling(certificate: bytes, record: X509Record) -> bool:
    """Tell whether what no signature covers is as it must be.

    RFC 5280 §4.1.1.2: the algorithm outside is the one that was signed. Were it not compared, a certificate could
    be listed a second time in another spelling, and one that other countries' clients stumble over.
    """
    _, algorithm, signature = asn1.children(asn1.read_one(certificate, asn1.SEQUENCE).body)
    return algorithm.raw == record.signature_algorithm and signature.body[:1] == b"\0"


def _is_of(record: X509Record, country: str) -> bool:
    """Tell whether the subject has exactly one C, and it is the country's, as it stands."""
    try:
        return x509.named(record.subject, x509.COUNTRY_NAME) == (country,)
    except ValueError:
        return False


def _added(
    uploaded: Uploaded, record: X509Record, wish: _Wish, call: Call, box: Mailbox
) -> WireAnswer:
    if message.uploader(uploaded, call, box) is None:
        raise Refusal(400, "0x004", "the CMS is not signed by an upload certificate of the country")
    if wish.group is CertificateGroup.DSC and not _is_of(record, call.country):
        raise Refusal(400, "0x004", "the certificate's C is not that of the caller")
    above = CertificateGroup.DECA if wish.group is CertificateGroup.DESC else CertificateGroup.CSCA
    authorities = [party.certificate for party in box.parties(country=call.country, groups=[above])]
    if not (_is_one_spelling(uploaded.content, record) and is_issued(record, authorities)):
        raise Refusal(400, "0x004", f"the certificate is not signed by a {above} of the country")
    named = record.thumbprint, hashlib.sha256(record.public_key).hexdigest()
    if any(box.was_used(withdrawal_mark(call.country, digest)) for digest in named):
        raise Refusal(400, "0x004", "its country has withdrawn it in the network, for good")
    if box.entry_of(record.thumbprint, call.country) is not None:
        raise Refusal(409, "0x002", "the certificate is there already")
    kid = wish.kid or kid_of(record.thumbprint)
    if box.has_kid(kid, call.country):
        raise Refusal(400, "0x004", "another certificate of the country has this kid")
    if box.was_used(uploaded.mark):
        raise Refusal(400, "0x004", "this message was taken before", "sign the certificate again")
    live = box.live_entries(call.country)
    message.check_room(uploaded, live, call.settings.most_entries, "0x004")
    against = remarks.of_signer(uploaded.content, wish.group, authorities, at=call.at)
    if against and call.settings.profile is Profile.STRICT:
        raise Refusal(400, "0x004", "the network's procedures forbid it", ", ".join(against))
    at = box.moment(call.at)
    box.use(uploaded.mark, at)
    box.add_entry(
        StoredEntry(
            number=0,
            country=call.country,
            group=wish.group,
            domain=wish.domain,
            kid=kid,
            thumbprint=record.thumbprint,
            certificate=uploaded.content,
            signature=cms.detached(uploaded.data),
            message=uploaded.text,
            created=at,
            properties=wish.properties,
            remarks=against,
        )
    )
    return WireAnswer(201, act=wish.act, digest=record.thumbprint)


def withdrawal_mark(country: str, digest: str) -> str:
    """Return what is noted as used where a country has withdrawn a certificate or a key, of which this is SHA-256, hex."""
    return hashlib.sha256(f"withdrawn {country} {digest}".encode()).hexdigest()


def is_issued(record: X509Record, authorities: Sequence[bytes]) -> bool:
    """Tell whether one of some CAs (DER) has signed a certificate; their names are not compared."""
    for certificate in authorities:
        try:
            # Of a curve, or in a spelling, that no document signer may have: CSCAs of passports do.
            key = chain.authority_key(x509.fields(x509.read(certificate).signed).key)
        except ValueError:
            continue
        if chain.signed_by(record.signature_algorithm, record.signature, record.signed, key):
            return True
    return False


# ----------------------------------------------------------------------------------------------------
# The document of /trustedCertificate: {"cms": Base64, "kid", "group", "domain", "properties": {name: text}}.
# A member that is null is not there, and one that is not known is passed over, as by WHO's gateway.


def _wish(call: Call) -> tuple[bytes, _Wish]:
    """Read what is wanted: the message in Base64, and what to keep it as."""
    try:
        row = strict_json.strangers(call.request.body, longest=message.LONGEST)
    except ValueError as error:
        raise Refusal(400, "0x001", "the body is no JSON document") from error
    if not isinstance(row, dict):
        raise Refusal(400, "0x001", "the body is no JSON object")
    text = row.get("cms")
    if not isinstance(text, str) or not text.isascii():
        raise _unfit("cms", "write the message in Base64")
    group = _text(row, "group") or CertificateGroup.DSC
    if group not in TRUSTED:
        raise _unfit("group", ", ".join(TRUSTED))
    domain = _text(row, "domain") or _DOMAIN
    if domain not in call.settings.domains:
        raise _unfit("domain", ", ".join(call.settings.domains))
    kid = _text(row, "kid")
    if len(kid) > LONGEST_KID or not kid.isprintable():
        raise _unfit("kid", f"{LONGEST_KID} characters at most")
    properties = _properties(row.get("properties"), call.settings.properties)
    return text.encode(), _Wish(CertificateGroup(group), domain, kid, properties, "trusted-upload")


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise _unfit(name, "write a text")
    return value or ""


def _properties(value: object, names: Sequence[str]) -> str:
    """Return the properties as JSON, "" for none."""
    if not value and (value is None or value == {}):
        return ""
    if not isinstance(value, dict) or not set(names).issuperset(value):
        raise _unfit("properties", ", ".join(names))
    if not all(isinstance(text, str) and len(text) <= LONGEST_PROPERTY for text in value.values()):
        raise _unfit("properties", f"each is a text of at most {LONGEST_PROPERTY} characters")
    return as_json(value, sort_keys=True)


def _unfit(member: str, details: str) -> Refusal:
    return Refusal(400, "n/a", f"{member} is not one of this gateway's", details)
