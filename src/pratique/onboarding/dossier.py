"""The files of a dossier, each with its role and what its certificates show.

    {"TLS/TLS.pem": bytes, ...} -> read -> Paper(name, role, certificates), ...

1. A role follows from the folder: SCA, DSC, UP, TLS, DECA, DESC; TLS/CA.pem has one of its own.
2. What the trust anchor has signed (signed/) is passed over, and so is the issuer's own list (ISSUER/). Whatever
   else is not read is told: a signing CA that lies there as SCA.crt is a signing CA that nobody has looked at.
3. Folders above are kept apart: each domain of a participant is a dossier of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pratique.crypto import x509, x509_details
from pratique.trust.expiry import ExpiryItem, ParticipantExpiry, Why, role_chains

SCA, DSC, UP, TLS, DECA, DESC = ROLES = "SCA", "DSC", "UP", "TLS", "DECA", "DESC"
TLS_CA = "TLS CA"
MANDATORY = ("TLS/TLS.pem", "TLS/CA.pem", "UP/UP.pem")
APPLICATION = "application.json"
PASSED_OVER = frozenset({"signed", "ISSUER"})
"""Folders of the authority's own, in a participant's folder as the network keeps it."""
_CERTIFICATES = (".pem", ".crt", ".cer", ".der", ".p7b", ".p7c", ".p12", ".pfx")
MOST_IN_FILE = 16
"""Certificates of one file that are looked at; a chain has four at most."""
_UNREADABLE = {"x509-unreadable", "x509-too-large", "dates-unreadable", "subject-unreadable"}


class DossierFile(NamedTuple):
    """One certificate file.

    Attributes:
        name: within the dossier.
        domain: folders above the role's, "" or "DCC/" for example.
        certificates: what those in it show, in their order; those that cannot be read are left out.
        number: how many there are.
        readable: whether the first one can be read.
    """

    name: str
    domain: str
    role: str
    certificates: tuple[x509_details.Features, ...]
    number: int
    readable: bool

    @property
    def first(self) -> x509_details.Features:
        """The certificate that counts where one is due."""
        return self.certificates[0]


def read(files: Mapping[str, bytes]) -> tuple[DossierFile, ...]:
    """Read the certificate files of a dossier, by name; no bytes raise."""
    found = (_paper(name, files[name]) for name in sorted(files))
    return tuple(paper for paper in found if paper is not None)


def missing(papers: tuple[DossierFile, ...]) -> tuple[str, ...]:
    """Return the names of the files that each domain must have, and has not."""
    names = {paper.name for paper in papers}
    domains = sorted({paper.domain for paper in papers}) or [""]
    wanted = (domain + name for domain in domains for name in MANDATORY)
    return tuple(name for name in wanted if name not in names)


def unread(files: Mapping[str, bytes]) -> dict[str, bool]:
    """Return the names of the files that `read` passes over without a reason; whether each is a certificate."""
    found = {}
    for name, data in files.items():
        parts = name.split("/")
        if _role(name) or name == APPLICATION or PASSED_OVER & set(parts[:-1]):
            continue
        found[name] = parts[-1].lower().endswith(_CERTIFICATES) or b"-----BEGIN CERTIFICATE" in data
    return found


def with_private_keys(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names of the files, of whatever kind, in which a PEM private key lies."""
    return tuple(name for name in sorted(files) if b"PRIVATE KEY-----" in files[name])


def _paper(name: str, data: bytes) -> DossierFile | None:
    parts, role = name.split("/"), _role(name)
    if not role:
        return None
    blocks = x509.armoured(data)
    shown = [x509_details.read(block) for block in blocks[:MOST_IN_FILE]]
    readable = [each for each in shown if each.record.reason not in _UNREADABLE]
    domain = "".join(part + "/" for part in parts[:-2])
    first = bool(shown) and shown[0].record.reason not in _UNREADABLE
    return DossierFile(name, domain, role, tuple(readable), len(blocks), first)


def _role(name: str) -> str:
    """Return the role of a file by its name; empty if it has none."""
    parts = name.split("/")
    if len(parts) < 2 or parts[-2] not in ROLES or not parts[-1].lower().endswith(".pem"):
        return ""
    return TLS_CA if parts[-2:] == [TLS, "CA.pem"] else parts[-2]


def of_dossier(
    files: Mapping[str, bytes], participant: str, *, at: int
) -> tuple[ParticipantExpiry, ...]:
    """Compute the rows of one participant's folder, a row for each domain."""
    found: dict[str, list[ExpiryItem]] = defaultdict(list)
    for paper in read(files):
        if paper.role in ROLES:
            found[paper.domain.rstrip("/")].extend(_pieces(paper))
    return tuple(
        ParticipantExpiry(participant, domain, role_chains(pieces, at))
        for domain, pieces in sorted(found.items())
    ) or (ParticipantExpiry(participant, "", role_chains([], at)),)


def _pieces(paper: DossierFile) -> list[ExpiryItem]:
    if not paper.readable:
        return [ExpiryItem(paper.role, paper.name, 0, 0, None, Why.UNREADABLE)]
    # A second certificate in a file is a slip that has its own finding: the first one counts.
    record = paper.first.record
    return [ExpiryItem(paper.role, paper.name, record.not_before, record.not_after)]
