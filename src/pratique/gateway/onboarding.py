"""Who takes part: the certificates in participants' folders that the trust anchor vouches for, as parties.

    {name: bytes} of one folder, anchors -> anchors.believed -> one C -> Party, ... | LeftOut(name, why), ...
    parties before, parties now -> changes -> to add, to remove

1. A party's country is its certificate's C, exactly one; the folder's name is a label and proves nothing.
2. SCA becomes CSCA, UP UPLOAD, TLS AUTHENTICATION, DECA DECA. Document signers (DSC, DESC) come by upload, and are
   passed over here.
3. What has ended is onboarded all the same, as WHO's gateway has it: whoever uses it looks at its dates.
4. A certificate in several domains is one party, of the domain DCC if that is among them.
5. What a certificate says of its use must fit the folder that it lies in. One that says nothing of it fits any (RFC 5280
   §4.2.1.3, §4.2.1.12): the originals look at neither, and whoever has the key acts for the same country in any role.
6. The folders' DDCC is the wire's DCC.
7. Roles for revocation hang on the TLS certificate, and nobody has one who was not given it.

Roles, as an operator writes them; what a thumbprint (SHA-256, hex) says stands in place of its country's:

    {"DE": ["REVOCATION_LIST_READER", "REVOCATION_UPLOADER"], "5f0c…": ["REVOCATION_DELETER"]}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.errors import DocumentRefused
from pratique.gateway.mailbox import CallerRole, CertificateGroup, Party
from pratique.onboarding import anchors as onboarding_anchors
from pratique.onboarding import checks, dossier
from pratique.onboarding.anchors import AnchorFile, FolderFile

GROUPS = {
    dossier.SCA: CertificateGroup.CSCA,
    dossier.UP: CertificateGroup.UPLOAD,
    dossier.TLS: CertificateGroup.AUTHENTICATION,
    dossier.DECA: CertificateGroup.DECA,
}
"""Folders' names and what the certificates in them are on the wire."""
DCC, DDCC = "DCC", "DDCC"
COMPLETE = (CertificateGroup.AUTHENTICATION, CertificateGroup.CSCA, CertificateGroup.UPLOAD)
"""What a country needs: to connect, to have its signers checked, and to sign what it uploads."""
_OF_USE = {"key_usage", "eku_client", "basic_constraints"}
"""Findings of the authority's checks that are of a certificate's use."""
_COUNTRY = re.compile("[A-Z]{2}")
_NAMED = re.compile("[A-Z]{2}|[0-9a-f]{64}")

Roles = Mapping[str, frozenset[CallerRole]]
"""Country (C) or thumbprint (hex) to roles."""
_Identity = tuple[str, str, CertificateGroup]


class LeftOut(NamedTuple):
    """A certificate that was not onboarded: its file, and the stable code of why."""

    name: str
    why: str


class Onboarded(NamedTuple):
    """What of a folder takes part, and what does not.

    Attributes:
        parties: their `created` is 0: a store gives each its second.
        left_out: certificates that are not believed.
    """

    parties: tuple[Party, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def roles_from(document: bytes) -> Roles:
    """Read an operator's roles; DocumentRefused `json-unreadable`, `roles-malformed`."""
    rows = strict_json.parse(document)
    if not isinstance(rows, dict):
        raise _refused("it is no JSON object")
    roles: dict[str, frozenset[CallerRole]] = {}
    for name, words in rows.items():
        if not _NAMED.fullmatch(name):
            raise _refused("a name is neither a country of two letters nor a thumbprint in hex")
        if not isinstance(words, list) or any(word not in tuple(CallerRole) for word in words):
            raise _refused(f"what {name} may do is no list of {', '.join(CallerRole)}")
        roles[name] = frozenset(map(CallerRole, words))
    return roles


def _refused(why: str) -> DocumentRefused:
    example = '{"DE": ["REVOCATION_LIST_READER"]}'
    return DocumentRefused("roles-malformed", f"these are no roles: {why}", f"such as {example}")


def onboarded(
    files: Mapping[str, bytes], *, anchors: Iterable[bytes], at: datetime, roles: Roles
) -> Onboarded:
    """Return what of one participant's folder takes part.

    Args:
        files: name within the folder ("DCC/UP/UP.pem") to content; the anchor's files among them.
        anchors: certificates of the trust anchors, DER, from a hand that is trusted.
        at: when; an anchor vouches within its own dates.
        roles: for revocation.
    """
    parties: dict[_Identity, Party] = {}
    left_out = []
    # Of no participant: a country is compared with nothing but the certificate.
    for row in onboarding_anchors.believed(files, participant="", anchors=anchors, at=at):
        if row.role not in GROUPS:
            continue
        why = "" if _says_nothing(row, at) else row.why
        why = why or _without_country(row)
        if why:
            left_out.append(LeftOut(row.name, why))
            continue
        party = _party(row, files, roles)
        known = parties.get(identity(party))
        if known is None or (known.domain != DCC and party.domain == DCC):
            parties[identity(party)] = party
    return Onboarded(tuple(parties.values()), tuple(left_out))


def identity(party: Party) -> _Identity:
    """Return what tells a party from every other one."""
    return party.thumbprint, party.country, party.group


def _says_nothing(row: FolderFile, at: datetime) -> bool:
    """Tell whether all that speaks against a certificate's role is that it says nothing of its use."""
    shown = row.certificate
    if shown is None or row.why not in _OF_USE:
        return False
    silent = {"key_usage": shown.usages is None, "eku_client": not shown.purposes}
    # Without any extension, as certificates were before version 3, it does not say that it is no CA either.
    is_bare = x509.fields(shown.record.signed).extensions is None
    return all(
        silent.get(remark.code, is_bare)
        for remark in checks.upstream_failed(shown, row.role, "", int(at.timestamp()))
        if remark.code in _OF_USE
    )


def _without_country(row: FolderFile) -> str:
    countries = row.certificate.countries if row.certificate else ()
    if len(countries) != 1:
        return "country-several" if countries else "country-missing"
    return "" if _COUNTRY.fullmatch(countries[0]) else "country-unfit"


def _party(row: FolderFile, files: Mapping[str, bytes], roles: Roles) -> Party:
    assert row.certificate is not None
    country, thumbprint = row.certificate.countries[0], row.certificate.record.thumbprint
    group = GROUPS[row.role]
    parts = row.name.split("/")
    domain = parts[-3] if len(parts) > 2 else DCC
    refused = partial(DocumentRefused, "anchored-malformed")
    word = strict_json.document(files[row.word], AnchorFile, "", refused)
    allowed: frozenset[CallerRole] = frozenset()
    if group is CertificateGroup.AUTHENTICATION:
        allowed = roles.get(thumbprint, roles.get(country, frozenset()))
    return Party(
        country,
        group,
        thumbprint,
        x509.armoured(files[row.name])[0],
        word.trustAnchorSignature,
        0,
        DCC if domain == DDCC else domain,
        allowed,
    )


class Changes(NamedTuple):
    """What a load does: parties to add, or to put in the place of an older form of them; and those to remove."""

    added: tuple[Party, ...]
    removed: tuple[Party, ...]


def changes(before: Iterable[Party], now: Iterable[Party]) -> Changes:
    """Compare who took part with who does; what is as it was is left as it is.

    Roles alone are no news for others: such a party keeps its `created`. One that another anchor vouches for is news.
    """
    earlier = {identity(party): party for party in before}
    wanted = {identity(party): party for party in now}
    added = []
    for key, party in wanted.items():
        old = earlier.get(key)
        if old is None or old._replace(created=0, roles=party.roles) != party:
            added.append(party)
        elif old.roles != party.roles:
            added.append(old._replace(roles=party.roles))
    removed = (party for key, party in earlier.items() if key not in wanted)
    return Changes(tuple(added), tuple(removed))


def incomplete(parties: Iterable[Party]) -> dict[str, tuple[CertificateGroup, ...]]:
    """Return what each country lacks to take part; countries that lack nothing are left out."""
    groups: dict[str, set[CertificateGroup]] = {}
    for party in parties:
        groups.setdefault(party.country, set()).add(party.group)
    lacking = {
        country: tuple(group for group in COMPLETE if group not in there)
        for country, there in sorted(groups.items())
    }
    return {country: missing for country, missing in lacking.items() if missing}
