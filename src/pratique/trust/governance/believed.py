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
from typing import NamedTuple

from pratique.crypto import chain, x509
from pratique.crypto.features import Features
from pratique.errors import DocumentRefused
from pratique.trust.governance import dossier, upstream
from pratique.trust.governance.anchored import anchored

SIGNED = "signed"
_UNFIT = {"key_usage", "eku_client", "basic_constraints", "country_flag", "ext_parse"}
"""Findings of the authority's own checks that speak against role or participant."""
ANCHORED = (dossier.SCA, dossier.UP, dossier.TLS, dossier.DECA, dossier.DESC)


class Row(NamedTuple):
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
) -> tuple[Row, ...]:
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


def handed_on(files: Mapping[str, bytes], rows: Iterable[Row]) -> dict[str, bytes]:
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
        or (chain.may_have_issued(ca, one.record) and chain.issued_by(one.record, ca))
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
    paper: dossier.Paper,
    vouched: Mapping[str, tuple[str, str]],
    refused: Mapping[str, str],
    participant: str,
    at: datetime,
) -> Row:
    if not paper.readable:
        return Row(paper.name, paper.role, "unreadable")
    first = paper.first
    anchor, word = vouched.get(first.record.thumbprint, ("", ""))
    unfit = next(iter(sorted(_unfit(first, paper.role, participant, at))), "")
    why = unfit if anchor else _why_not(paper.name, refused)
    return Row(paper.name, paper.role, why, anchor, first, word)


def _signer(paper: dossier.Paper, cas: list[Features], participant: str, at: datetime) -> Row:
    if not paper.readable:
        return Row(paper.name, paper.role, "unreadable")
    first = paper.first
    issued = any(
        chain.may_have_issued(ca.record, first.record) and chain.issued_by(first.record, ca.record)
        for ca in cas
    )
    unfit = next(iter(sorted(_unfit(first, paper.role, participant, at))), "")
    return Row(paper.name, paper.role, unfit if issued else "issuer-unknown", "", first)


def _unfit(first: Features, role: str, participant: str, at: datetime) -> Iterator[str]:
    for one in upstream.failed(first, role, participant, int(at.timestamp())):
        if one.code in _UNFIT:
            yield one.code


def _why_not(name: str, refused: Mapping[str, str]) -> str:
    folder, _, file = name.rpartition("/")
    stem = file.removesuffix(".pem")
    expected = f"{folder}/{SIGNED}/TNG_TA.signed.{stem}.json"
    return refused.get(expected, "not-anchored")
