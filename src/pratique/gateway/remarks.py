"""What is to be said against an uploaded certificate, though the wire's own procedures take it.

    certificate, group, the country's CAs, at -> of_signer -> ("expired", "key_length", ...)
    GET /remarks -> [{kid, country, certificateType, thumbprint, remarks}, ...]

1. The strict profile refuses what has a remark; the compatible one takes it, as the originals do, and says so to
   everybody who may read the list. The wire's own lists have no member for it: this endpoint is ours.
2. Codes are stable. Most are those of a participant's own check before it sends (`onboarding.checks`): one country,
   one certificate, one word for what is wrong with it. Beside them:

   | code            | the certificate                                                          |
   |-----------------|--------------------------------------------------------------------------|
   | expired         | has ended                                                                |
   | not_yet_valid   | has not begun                                                            |
   | rsa_size        | of a document signer has an RSA key of more than 3072 bits               |
   | key_identifiers | does not name its CA's key: authority key identifier, subject's          |
   | sca_ended       | was signed by a CA that has ended                                        |
   | outlives_issuer | ends after the CA that signed it                                         |

3. Nothing of a certificate's text is in a remark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain as joined

from pratique.crypto import x509, x509_details
from pratique.crypto.chain import signed_with
from pratique.crypto.x509 import X509Record
from pratique.crypto.x509_details import RSA
from pratique.gateway import trust_list
from pratique.gateway.call import Call
from pratique.gateway.mailbox import Entry, Group, Party, Reading
from pratique.gateway.wire import Answer, kid_of, listed
from pratique.onboarding import checks
from pratique.onboarding.dossier import DECA, DESC, DSC, SCA, TLS, UP

MOST_RSA_BITS = 3072
"""Of a document signer (the network's template): each code carries its signature."""
_ROLES = {
    Group.AUTHENTICATION: TLS, Group.UPLOAD: UP, Group.CSCA: SCA, Group.DECA: DECA, Group.DSC: DSC, Group.DESC: DESC,
}  # fmt: skip


def of_signer(
    certificate: bytes, group: Group, authorities: Sequence[bytes], *, at: int
) -> tuple[str, ...]:
    """Return what is to be said against a certificate that a country uploads.

    Args:
        certificate: DER.
        group: what it is for.
        authorities: the country's CAs of the kind that signs such, DER.
        at: when; seconds since the epoch.
    """
    shown = x509_details.read(certificate)
    role = _ROLES.get(group, "")
    codes = [
        finding.code
        for finding in joined(
            checks.upstream_failed(shown, role, "", at), checks.weak_failed(shown)
        )
    ]
    codes.extend(_dates(shown.record, at))
    if role == DSC and shown.key_kind == RSA and shown.key_bits > MOST_RSA_BITS:
        codes.append("rsa_size")
    codes.extend(_above(shown.record, [x509.read(one) for one in authorities], role, at))
    return tuple(dict.fromkeys(codes))


def of_party(party: Party, *, at: int) -> tuple[str, ...]:
    """Return what is to be said against an onboarded certificate; that it will end soon is not said."""
    shown = x509_details.read(party.certificate)
    role = _ROLES.get(party.group, "")
    findings = joined(checks.upstream_failed(shown, role, "", at), checks.weak_failed(shown))
    codes = [finding.code for finding in findings if finding.code != "validity_30d_now"]
    return tuple(dict.fromkeys([*codes, *_dates(shown.record, at)]))


def remarks(call: Call, box: Reading) -> Answer:
    """Answer GET /remarks: everything live that has one, parties first."""
    return listed(joined(_of_parties(call, box), _of_entries(call, box)))


def _of_parties(call: Call, box: Reading) -> Iterator[dict[str, object]]:
    for party in box.parties():
        if codes := of_party(party, at=call.at):
            yield _row(party, kid_of(party.thumbprint), codes)


def _of_entries(call: Call, box: Reading) -> Iterator[dict[str, object]]:
    for entry in trust_list.pages(box, shown_to=trust_list.shown_to(call)):
        # Those of the upload are kept; that it has ended since then is seen now.
        codes = (*entry.remarks, *_dates(x509.read(entry.certificate), call.at))
        if codes:
            yield _row(entry, entry.kid, tuple(dict.fromkeys(codes)))


def _row(row: Party | Entry, kid: str, codes: Sequence[str]) -> dict[str, object]:
    return {
        "kid": kid,
        "country": row.country,
        "certificateType": row.group.value,
        "thumbprint": row.thumbprint,
        "remarks": list(codes),
    }


def _dates(record: X509Record, at: int) -> Iterator[str]:
    if record.not_after < at:
        yield "expired"
    if record.not_before > at + checks.LEEWAY:
        yield "not_yet_valid"


def _above(
    record: X509Record, authorities: Sequence[X509Record], role: str, at: int
) -> Iterator[str]:
    """Find what is wrong with the CA above, and with what names it (shell model, RFC 5280 §4.2.1.1)."""
    issuers = [ca for ca in authorities if signed_with(record, ca.public_key)]
    if role == DSC:
        own = frozenset(country for ca in issuers for country in ca.countries)
        doubt = checks.above_signer(record, authorities, at=at, within=own)
        if doubt is not None:
            yield doubt.code
    if not issuers:
        return
    # Of several certificates of one CA's key the one that lives longest counts.
    issuer = max(issuers, key=lambda ca: ca.not_after)
    if issuer.not_after < at:
        yield "sca_ended"
    if record.not_after > issuer.not_after:
        yield "outlives_issuer"
    if not record.authority_key_id or record.authority_key_id != issuer.subject_key_id:
        yield "key_identifiers"
