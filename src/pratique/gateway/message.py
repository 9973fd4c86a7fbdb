"""What a national back end sends: CMS in one line of Base64, signed by its upload key.

    body -> read -> Base64 -> ContentInfo -> one certificate, one signer, content of type data -> Uploaded
    Uploaded -> uploader -> the onboarded upload certificate, or None

    | what                                                        | answer                     |
    |-------------------------------------------------------------|----------------------------|
    | no strict Base64, no CMS, another type, two of anything     | 400 `0x402`                |
    | the signature is wrong, or of a kind that proves nothing    | 400, the endpoint's code   |

1. One line, without blanks, as Java's basic decoder wants it: what is taken is handed on to the byte, and every client
   must be able to read it. Headers that say how it is encoded are ignored: clients contradict each other.
2. BouncyCastle writes indefinite lengths, pyca DER; `crypto.cms` reads both.
3. The signature says who has signed. Whether it is an upload key of the caller's country is compared byte for byte.
4. A message that was taken once is known again by its mark, however it is written the second time.
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from pratique.crypto import cms
from pratique.errors import DocumentRefused
from pratique.gateway.call import Call
from pratique.gateway.caller import is_current
from pratique.gateway.mailbox import CertificateGroup, MailboxReading, Party
from pratique.gateway.wire import Profile, Refusal

LONGEST = 1024 * 1024
"""Octets of a body. The largest message met has 50 kB: 1,000 revocation hashes."""
LONGEST_KEPT = 128 * 1024
"""Octets of Base64 of a message that is kept: with how many a country may have (`Settings`), this bounds its bytes."""
_UNPROVEN = {
    "cms-signature-wrong", "cms-content-differs", "cms-attributes", "cms-algorithm", "cms-signer-differs",
}  # fmt: skip
"""Of `cms.signed`: it is a CMS signature by one signer, and does not hold."""


class Uploaded(NamedTuple):
    """A message whose signature is right.

    Attributes:
        content: what was signed.
        certificate: the signer's, DER.
        text: the message in Base64, as it came.
        data: the message, DER or BER.
        mark: by which it is known again, hex.
    """

    content: bytes
    certificate: bytes
    text: str
    data: bytes
    mark: str


def read(body: bytes, *, bad_signature: str) -> Uploaded:
    """Read a message.

    Args:
        body: of the request.
        bad_signature: the endpoint's code for a wrong signature.

    Raises:
        Refusal: 400 `0x402`, 400 with `bad_signature`, 413.
    """
    if len(body) > LONGEST:
        raise Refusal(413, "0x402", "the message is too long")
    try:
        data = base64.b64decode(body, validate=True)
        text = body.decode("ascii")
    except ValueError as error:
        raise _malformed("it is no Base64 in one line") from error
    # One message has one spelling: of "QQ==" and "QR==" the second is refused.
    if not data or base64.b64encode(data) != body:
        raise _malformed("it is no Base64 in one line")
    try:
        signed = cms.signed(data)
    except DocumentRefused as refused:
        if refused.code in _UNPROVEN:
            raise Refusal(400, bad_signature, "the CMS signature is wrong", refused.code) from None
        raise _malformed(refused.code) from None
    if signed.content_type != cms.DATA:
        raise _malformed("its content is of another type than data")
    return Uploaded(signed.content, signed.certificate, text, data, signed.mark.hex())


def uploader(uploaded: Uploaded, call: Call, box: MailboxReading) -> Party | None:
    """Return the upload certificate of the caller's country that has signed; None if it is none.

    The strict profile takes none that is out of its dates.
    """
    thumbprint = hashlib.sha256(uploaded.certificate).hexdigest()
    party = box.party(thumbprint, call.country, CertificateGroup.UPLOAD)
    if party is None or party.certificate != uploaded.certificate:
        return None
    if call.settings.profile is Profile.STRICT and not is_current(party, call.at):
        return None
    return party


def check_room(uploaded: Uploaded, kept: int, most: int, code: str) -> None:
    """Refuse what its country has no room for.

    Args:
        uploaded: is to be kept.
        kept: how many of its kind the country has.
        most: it may have.
        code: the endpoint's.
    """
    check_length(uploaded, code)
    if kept >= most:
        raise Refusal(400, code, "the country has as many of these as there may be", f"{most}")


def check_length(uploaded: Uploaded, code: str) -> None:
    """Refuse a message that is too long to be kept."""
    if len(uploaded.text) > LONGEST_KEPT:
        raise Refusal(400, code, "the message is too long to be kept", f"{LONGEST_KEPT} octets")


def text_of(uploaded: Uploaded) -> str:
    """Return the content as text; Refusal 400 `0x402` if it is no UTF-8."""
    try:
        return uploaded.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("its content is no UTF-8") from error


def _malformed(details: str) -> Refusal:
    return Refusal(400, "0x402", "Invalid Base64 CMS Message", details)
