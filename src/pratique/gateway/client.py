"""What a back end says to a gateway, and what it believes of an answer: as dgc-lib does, and nothing unsigned.

    content, upload signer -> message -> CMS, Base64 in one line
    pages of /trustList -> rows -> believed(rows, anchors) -> Believed(uploads, authorities, signers, left out)
    /rules/CC, uploads of CC -> rules -> documents          batch, uploads -> batch -> document

1. A gateway is a stranger: what it sends is bounded, read in one way, and believed by signatures alone. What cannot
   be read at all is `DocumentRefused`; an entry that is not believed costs that entry, and is counted with its code.
2. A trust anchor vouches for upload signers, signing CAs and TLS clients, by the certificate's bytes; an upload
   signer of the same country for a document signer, and a signing CA of that country has issued it.
3. The anchor comes from a hand that is trusted, never from the gateway.
4. A rule or a batch is its country's own only if an upload signer of that country has signed it, and its text says so.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pratique.crypto import chain, cms, x509
from pratique.crypto.x509 import X509Record
from pratique.crypto.x509_write import Authority
from pratique.errors import DocumentRefused
from pratique.gateway import wire
from pratique.gateway.mailbox import CertificateGroup
from pratique.revocation import foreign
from pratique.strict_json import octets, parse
from pratique.text import printable

MOST_VALUES = 2_000_000
"""JSON values of an answer: 200,000 signers have seven each, and their places."""
PAGE = 500
"""Entries that are asked for at a time."""
MOST_ENTRIES = 200_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""An identifier of a value set: it becomes a file's name."""
_VOUCHED = (CertificateGroup.UPLOAD, CertificateGroup.CSCA, CertificateGroup.AUTHENTICATION)


class TrustListRow(NamedTuple):
    """An entry of a trust list.

    Attributes:
        kid, country, group: as it says.
        thumbprint: as it says.
        signature: CMS, DER; with `certificate` empty for one that was deleted.
        certificate: DER.
    """

    kid: str
    country: str
    group: str
    thumbprint: str
    signature: bytes
    certificate: bytes


class Believed(NamedTuple):
    """What of a trust list is believed.

    Attributes:
        uploads: country to its upload signers, DER.
        signers: document signers.
        authorities: signing CAs.
        clients: TLS clients.
        left_out: code of the reason to how many entries.
    """

    uploads: Mapping[str, frozenset[bytes]]
    signers: tuple[TrustListRow, ...]
    authorities: tuple[TrustListRow, ...]
    clients: tuple[TrustListRow, ...]
    left_out: Mapping[str, int]

    @property
    def countries(self) -> tuple[str, ...]:
        """Return the countries that have an upload signer."""
        return tuple(sorted(self.uploads))


def message(content: bytes, by: Authority) -> bytes:
    """Return what is uploaded: the CMS of a content, Base64 in one line."""
    return base64.b64encode(cms.sign(content, certificate=by.certificate, key=by.key))


def rows(answer: bytes) -> list[TrustListRow]:
    """Read a page of a trust list; DocumentRefused `gateway-answer` if it is none."""
    document = parse(answer, most=MOST_VALUES)
    if not isinstance(document, list) or len(document) > MOST_ENTRIES:
        raise _refused("it is no trust list")
    return [_entry(entry) for entry in document]


def _entry(entry: object) -> TrustListRow:
    if not isinstance(entry, dict):
        raise _refused("an entry of the trust list is no object")
    named = [entry.get(name) for name in ("kid", "country", "certificateType", "thumbprint")]
    texts = [value if isinstance(value, str) else "" for value in named]
    # None in both: it was deleted, and is told of in a delta.
    signature, certificate = (octets(entry.get(name) or "") for name in ("signature", "rawData"))
    if signature is None or certificate is None:
        raise _refused("an entry of the trust list is not Base64")
    return TrustListRow(texts[0], texts[1], texts[2], texts[3], signature, certificate)


def anchors(files: Iterable[bytes], at: int) -> frozenset[bytes]:
    """Return the certificates (DER) of trust anchors' PEM files.

    Raises:
        DocumentRefused: `x509-none`; `anchor-dead`: outside its dates it vouches for nobody.
    """
    certificates: set[bytes] = set()
    for data in files:
        blocks = x509.armoured(data)
        if not blocks:
            raise DocumentRefused("x509-none", "there is no X.509 certificate of an anchor in it")
        certificates |= set(blocks)
    for certificate in certificates:
        record = x509.read(certificate)
        if not record.not_before <= at <= record.not_after:
            raise DocumentRefused(
                "anchor-dead",
                "the trust anchor's own certificate is not valid now",
                "get the present one from the network's authority",
            )
    return frozenset(certificates)


class _Unbelieved(Exception):
    """An entry is not believed; its argument is the reason's code."""


def believed(entries: Iterable[TrustListRow], trusted: frozenset[bytes]) -> Believed:
    """Tell what of a trust list is believed.

    Args:
        entries: of all groups; of two with one thumbprint, country and group the last counts.
        trusted: certificates of the trust anchors, DER.
    """
    latest = {(row.thumbprint, row.country, row.group): row for row in entries}
    live = [row for row in latest.values() if row.certificate]
    left_out: Counter[str] = Counter()
    vouched: dict[str, list[TrustListRow]] = {group: [] for group in _VOUCHED}
    for row in live:
        if row.group not in vouched:
            continue
        try:
            _check_signature(row, trusted, "anchor-unknown")
        except _Unbelieved as error:
            left_out[error.args[0]] += 1
        else:
            vouched[row.group].append(row)
    uploads: dict[str, set[bytes]] = {}
    for row in vouched[CertificateGroup.UPLOAD]:
        uploads.setdefault(row.country, set()).add(row.certificate)
    authorities: dict[str, list[X509Record]] = {}
    for row in vouched[CertificateGroup.CSCA]:
        authorities.setdefault(row.country, []).append(x509.read(row.certificate))
    signers = []
    for row in live:
        if row.group != CertificateGroup.DSC:
            left_out["group-unread"] += row.group not in vouched
            continue
        try:
            _check_signature(row, uploads.get(row.country, set()), "signer-unknown")
            record = x509.read(row.certificate)
            if not any(chain.issued_by(record, ca) for ca in authorities.get(row.country, [])):
                raise _Unbelieved("issuer-unknown")
        except _Unbelieved as error:
            left_out[error.args[0]] += 1
        else:
            signers.append(row)
    return Believed(
        {country: frozenset(keys) for country, keys in uploads.items()},
        tuple(signers),
        tuple(vouched[CertificateGroup.CSCA]),
        tuple(vouched[CertificateGroup.AUTHENTICATION]),
        {code: count for code, count in sorted(left_out.items()) if count},
    )


def _check_signature(row: TrustListRow, by: Iterable[bytes], unknown: str) -> None:
    record = x509.read(row.certificate)
    if record.thumbprint != row.thumbprint.lower():
        raise _Unbelieved("thumbprint-differs")
    if record.countries != (row.country,):
        raise _Unbelieved("country-differs")
    try:
        signed = cms.signed(row.signature, content=row.certificate)
    except DocumentRefused as error:
        raise _Unbelieved(error.code) from error
    if signed.certificate not in by:
        raise _Unbelieved(unknown)


def kid_list(trust: Believed) -> dict[str, Any]:
    """Return document signers and their signing CAs in the form that `pratique trust import` reads."""
    listed = [
        {
            "kid": row.kid,
            "country": row.country,
            "certificateType": row.group,
            "thumbprint": row.thumbprint,
            "rawData": base64.b64encode(row.certificate).decode(),
        }
        for row in sorted((*trust.authorities, *trust.signers))
    ]
    return {"certificates": listed}


class Opened(NamedTuple):
    """What was read from signed messages: documents, and how many were left out, with the reason's code."""

    documents: tuple[Any, ...]
    left_out: Mapping[str, int]


def rules(answer: bytes, country: str, uploads: Iterable[bytes]) -> Opened:
    """Read a country's rules (`/rules/CC`); DocumentRefused `gateway-answer` if it is no list of them."""
    document = parse(answer, most=MOST_VALUES)
    if not isinstance(document, dict):
        raise _refused("it is no list of rules")
    signers, documents, left_out = frozenset(uploads), [], Counter[str]()
    for identifier, versions in document.items():
        for version in versions if isinstance(versions, list) else [None]:
            text = version.get("cms") if isinstance(version, dict) else None
            try:
                rule = _content(text, signers)
                if (rule.get("Country"), rule.get("Identifier")) != (country, identifier):
                    raise _Unbelieved("rule-differs")
            except _Unbelieved as error:
                left_out[error.args[0]] += 1
            else:
                documents.append(rule)
    return Opened(tuple(documents), dict(left_out))


def _content(text: object, by: frozenset[bytes]) -> dict[str, Any]:
    """Return the JSON object that one of some upload signers has signed."""
    data = octets(text)
    if data is None:
        raise _Unbelieved("cms-malformed")
    try:
        signed = cms.signed(data)
        document = parse(signed.content)
    except DocumentRefused as error:
        raise _Unbelieved(error.code) from error
    if signed.certificate not in by:
        raise _Unbelieved("signer-unknown")
    if not isinstance(document, dict):
        raise _Unbelieved("json-unreadable")
    return document


class Announced(NamedTuple):
    """A line of the list of batches."""

    identifier: str
    country: str
    date: str
    is_deleted: bool


def announced(answer: bytes) -> list[Announced]:
    """Read a page of the list of batches; DocumentRefused `gateway-answer` if it is none."""
    document = parse(answer, most=MOST_VALUES)
    batches = document.get("batches") if isinstance(document, dict) else None
    if not isinstance(batches, list):
        raise _refused("it is no list of batches")
    try:
        lines = [
            Announced(
                str(line["batchId"]),
                str(line["country"]),
                str(line["date"]),
                line["deleted"] is True,
            )
            for line in batches
        ]
        for line in lines:
            wire.instant(line.date)
            if not wire.UUID.fullmatch(line.identifier):
                raise ValueError("no UUID")
    except (KeyError, TypeError, ValueError) as error:
        raise _refused("an entry of the list of batches is none") from error
    return lines


def batch(answer: bytes, country: str, uploads: Mapping[str, Iterable[bytes]]) -> dict[str, Any]:
    """Return a batch as JSON holds it; DocumentRefused, with the reason's code, if it is not believed."""
    try:
        document = _content(answer.decode("ascii", "replace"), frozenset(uploads.get(country, ())))
        read = foreign.read(document)
    except _Unbelieved as error:
        raise DocumentRefused(error.args[0], "a batch is not its country's own") from error
    if read.key.country != country:
        raise DocumentRefused("country-differs", "a batch is of another country than is said")
    return read.document()


def problem(status: int, body: bytes) -> DocumentRefused:
    """Return what to raise for a refusal, with the gateway's own code; its texts are not repeated at length."""
    code, words = "", ""
    try:
        report = parse(body, most=1_000)
    except DocumentRefused:
        report = None
    if isinstance(report, dict):
        code, words = (str(report.get(name) or "")[:200] for name in ("code", "problem"))
    why = ", ".join(filter(None, (f"HTTP {status}", code, words)))
    return DocumentRefused("gateway-refused", printable(f"the gateway refuses it: {why}"))


def identifiers(answer: bytes) -> list[str]:
    """Read the list of value sets; DocumentRefused `gateway-answer` if it is none."""
    document = parse(answer, most=MOST_VALUES)
    if not isinstance(document, list) or not all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in document
    ):
        raise _refused("it is no list of value sets")
    return document


def _refused(why: str) -> DocumentRefused:
    return DocumentRefused("gateway-answer", f"what the gateway sends cannot be read: {why}")


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how many were left out in all, by the reason's code."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))
