"""What of a participant's folder is believed: what an anchor vouches for, and what that vouches for.

    {name: bytes}, participant, anchors, at -> believed -> Row(name, role, why), ...

1. An anchor vouches for a certificate by its bytes, wherever in the folder its file lies; a file's name
   proves nothing.
2. It says neither role nor participant: so a certificate is believed in a role only if its extensions fit
   the role, and for a participant only if it names that one's country.
3. A document signer needs no anchor: a signing CA that is believed has issued it.
4. What has ended is believed and told to have ended: whoever uses it looks at its dates.
5. What is believed is handed on as it is, byte by byte, in a folder of the same form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.crypto import chain, cms, x509
from pratique.crypto.x509_details import Features
from pratique.crypto.x509_write import Authority
from pratique.errors import DocumentRefused, UsageError
from pratique.onboarding import checks, dossier
from pratique.strict_json import Octets

# ----------------------------------------------------------------------------------------------------
# A certificate that the network's trust anchor has signed for: TNG_TA.signed.X.json.
#
#     JSON, anchors -> anchored -> Anchored(certificate, country)
#
# 1. The anchor is compared by its certificate's bytes: what the signature brings along proves nothing.
# 2. The anchor vouches for the certificate alone. Whose it is follows from the certificate; what it is
#    for (SCA, UP, TLS) is said by nobody but the folder, and must be checked by its extensions.


class AnchorFile(NamedTuple):
    """The file, whose members the gateway has named."""

    trustAnchorSignature: Octets  # noqa: N815
    certificateRawData: Octets  # noqa: N815
    certificateThumbprint: Any  # noqa: N815
    country: Any


class Anchored(NamedTuple):
    """What a trust anchor vouches for.

    Attributes:
        certificate: DER.
        country: the C that the file states, which is the certificate's.
        anchor: SHA-256 of the anchor's certificate, hex.
    """

    certificate: bytes
    country: str
    anchor: str


def anchored(document: bytes, anchors: Iterable[bytes], *, at: datetime) -> Anchored:
    """Check a file with which a trust anchor vouches for a certificate.

    Args:
        document: JSON.
        anchors: certificates of the trust anchors, DER.
        at: when; an anchor vouches within its dates only.

    Raises:
        DocumentRefused: `anchored-malformed`, `anchored-differs`, `anchor-unknown`, `anchor-dead`,
            and those of `cms.signed`.
    """
    refused = partial(_refused, "anchored-malformed")
    found = strict_json.document(document, AnchorFile, "", refused)
    certificate, country = found.certificateRawData, found.country
    signed = cms.signed(found.trustAnchorSignature, content=certificate)
    if signed.certificate not in set(anchors):
        raise _refused("anchor-unknown", "it was signed by somebody who is no trust anchor")
    anchor = x509.read(signed.certificate)
    if not anchor.not_before <= at.timestamp() <= anchor.not_after:
        raise _refused("anchor-dead", "the trust anchor's own certificate is not valid")
    record = x509.read(certificate)
    if found.certificateThumbprint != record.thumbprint or country not in record.countries:
        raise _refused("anchored-differs", "what it says of the certificate is not so")
    return Anchored(certificate, country, anchor.thumbprint)


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(code, why, "get it again from the network's authority")


# ----------------------------------------------------------------------------------------------------
# Write what a trust anchor signs for a certificate: TNG_TA.signed.X.json, as `anchored` reads it.
#
# certificate, anchor -> CMS around the certificate -> JSON


def vouched(certificate: bytes, anchor: Authority) -> bytes:
    """Return the file with which an anchor vouches for a certificate; UsageError `country-missing`."""
    record = x509.read(certificate)
    if not record.countries:
        raise UsageError("country-missing", "a certificate that names no country is not signed for")
    signature = cms.sign(certificate, certificate=anchor.certificate, key=anchor.key)
    found = AnchorFile(signature, certificate, record.thumbprint, record.countries[0])
    return strict_json.dump(found, ordered=False)


SIGNED = "signed"
_UNFIT = {"key_usage", "eku_client", "basic_constraints", "country_flag", "ext_parse"}
"""Findings of the authority's own checks that speak against role or participant."""
ANCHORED = (dossier.SCA, dossier.UP, dossier.TLS, dossier.DECA, dossier.DESC)


class FolderFile(NamedTuple):
    """One certificate file.

    Attributes:
        name: within the folder.
        role: as its folder says.
        why: stable code of why it is not believed; empty if it is.
        anchor: SHA-256 of the anchor that vouches for it, hex; empty if none does.
        certificate: the first one in it; None if that cannot be read.
        word: name of the anchor's file that vouches for it; empty if none does.
    """

    name: str
    role: str
    why: str
    anchor: str = ""
    certificate: Features | None = None
    word: str = ""


def believed(
    files: Mapping[str, bytes], *, participant: str, anchors: Iterable[bytes], at: datetime
) -> tuple[FolderFile, ...]:
    """Tell of each certificate file in a folder whether it is believed.

    Args:
        files: name within the folder to content; the anchor's files among them.
        participant: code of three letters.
        anchors: certificates of the trust anchors, DER, from a hand that is trusted.
        at: when; an anchor vouches within its own dates.
    """
    held = tuple(anchors)
    vouched, refused = _vouched(files, held, at)
    papers = [paper for paper in dossier.read(files) if paper.role != dossier.TLS_CA]
    rows = [
        _row(paper, vouched, refused, participant, at) for paper in papers if paper.role in ANCHORED
    ]
    cas = [
        row.certificate
        for row in rows
        if row.role == dossier.SCA and not row.why and row.certificate is not None
    ]
    rows += [_signer(p, cas, participant, at) for p in papers if p.role == dossier.DSC]
    return tuple(sorted(rows, key=lambda row: row.name))


def handed_on(files: Mapping[str, bytes], rows: Iterable[FolderFile]) -> dict[str, bytes]:
    """Return the files of what is believed, by name: certificates, and what the anchor signed for them.

    TLS/CA.pem, which no anchor signs, comes along where it has issued the TLS certificate beside it.
    """
    found: dict[str, bytes] = {}
    for row in rows:
        if row.why or row.certificate is None:
            continue
        found[row.name] = files[row.name]
        folder, _, file = row.name.rpartition("/")
        if row.word:
            stem = file.removesuffix(".pem")
            found[f"{folder}/{SIGNED}/TNG_TA.signed.{stem}.json"] = files[row.word]
        name = f"{folder}/CA.pem"
        if row.role == dossier.TLS and _issued(files.get(name, b""), row.certificate):
            found[name] = files[name]
    return found


def _issued(pem: bytes, one: Features) -> bool:
    above = [x509.read(block) for block in x509.armoured(pem)[: dossier.MOST_IN_FILE]]
    return any(
        ca.thumbprint == one.record.thumbprint
        or (x509.may_have_issued(ca, one.record) and chain.issued_by(one.record, ca))
        for ca in above
    )


def _vouched(
    files: Mapping[str, bytes], anchors: tuple[bytes, ...], at: datetime
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return thumbprint to (anchor, file) of what is vouched for, and why other files of anchors are refused."""
    found: dict[str, tuple[str, str]] = {}
    refused: dict[str, str] = {}
    for name in sorted(files):
        parts = name.split("/")
        if len(parts) < 2 or parts[-2] != SIGNED or not name.endswith(".json"):
            continue
        try:
            one = anchored(files[name], anchors, at=at)
        except DocumentRefused as error:
            refused[name] = error.code
            continue
        found[x509.read(one.certificate).thumbprint] = one.anchor, name
    return found, refused


def _row(
    paper: dossier.DossierFile,
    vouched: Mapping[str, tuple[str, str]],
    refused: Mapping[str, str],
    participant: str,
    at: datetime,
) -> FolderFile:
    if not paper.readable:
        return FolderFile(paper.name, paper.role, "unreadable")
    first = paper.first
    anchor, word = vouched.get(first.record.thumbprint, ("", ""))
    unfit = next(iter(sorted(_unfit(first, paper.role, participant, at))), "")
    why = unfit if anchor else _why_not(paper.name, refused)
    return FolderFile(paper.name, paper.role, why, anchor, first, word)


def _signer(
    paper: dossier.DossierFile, cas: list[Features], participant: str, at: datetime
) -> FolderFile:
    if not paper.readable:
        return FolderFile(paper.name, paper.role, "unreadable")
    first = paper.first
    issued = any(
        x509.may_have_issued(ca.record, first.record) and chain.issued_by(first.record, ca.record)
        for ca in cas
    )
    unfit = next(iter(sorted(_unfit(first, paper.role, participant, at))), "")
    return FolderFile(paper.name, paper.role, unfit if issued else "issuer-unknown", "", first)


def _unfit(first: Features, role: str, participant: str, at: datetime) -> Iterator[str]:
    for one in checks.upstream_failed(first, role, participant, int(at.timestamp())):
        if one.code in _UNFIT:
            yield one.code


def _why_not(name: str, refused: Mapping[str, str]) -> str:
    folder, _, file = name.rpartition("/")
    stem = file.removesuffix(".pem")
    expected = f"{folder}/{SIGNED}/TNG_TA.signed.{stem}.json"
    return refused.get(expected, "not-anchored")
