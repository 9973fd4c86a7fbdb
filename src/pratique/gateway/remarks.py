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
   | key_kind        | of a document signer has a key that is neither of EC nor of RSA          |
   | rsa_size        | of a document signer has an RSA key of more than 3072 bits               |
   | key_identifiers | does not name its CA's key: authority key identifier, subject's          |
   | sca_ended       | was signed by a CA that has ended                                        |
   | outlives_issuer | ends after the CA that signed it                                         |

3. Nothing of a certificate's text is in a remark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain as joined

from pratique.crypto import x509, x509_details
from pratique.crypto.chain import signed_with
from pratique.crypto.x509 import X509Record
from pratique.crypto.x509_details import RSA, Features
from pratique.gateway import trust_list
from pratique.gateway.call import Call
from pratique.gateway.mailbox import CertificateGroup, MailboxReading, Party, StoredEntry
from pratique.gateway.wire import WireAnswer, kid_of, listed
from pratique.onboarding import checks
from pratique.onboarding.dossier import DECA, DESC, DSC, SCA, TLS, UP

MOST_RSA_BITS = 3072
"""Of a document signer (the network's template): each code carries its signature."""
_ROLES = {
    CertificateGroup.AUTHENTICATION: TLS, CertificateGroup.UPLOAD: UP, CertificateGroup.CSCA: SCA, CertificateGroup.DECA: DECA, CertificateGroup.DSC: DSC, CertificateGroup.DESC: DESC,
}  # fmt: skip

_ENDS_SOON = frozenset({"validity_30d_now"})


def of_signer(
    certificate: bytes, group: CertificateGroup, authorities: Sequence[bytes], *, at: int
) -> tuple[str, ...]:
    """Return what is to be said against a certificate that a country uploads.

    Args:
        certificate: DER.
        group: what it is for.
        authorities: the country's CAs of the kind that signs such, DER.
        at: when; seconds since the epoch.
    """
    codes, shown = _of_itself(certificate, group, at)
    if (
        group is CertificateGroup.DSC
        and shown.record.algorithm is None
        and "key_length" not in codes
    ):
        codes.append("key_kind")
    if group is CertificateGroup.DSC and shown.key_kind == RSA and shown.key_bits > MOST_RSA_BITS:
        codes.append("rsa_size")
    is_dsc = group is CertificateGroup.DSC
    codes.extend(_above(shown.record, [x509.read(ca) for ca in authorities], is_dsc, at))
    return tuple(dict.fromkeys(codes))


def remarks(call: Call, box: MailboxReading) -> WireAnswer:
    """Answer GET /remarks: everything live that has one, parties first."""
    return listed(_rows(call, box))


def _rows(call: Call, box: MailboxReading) -> Iterator[dict[str, object]]:
    for party in box.parties():
        codes, _ = _of_itself(party.certificate, party.group, call.at)
        # Whoever is onboarded may use it to its end: that this is near is no remark to others.
        if lasting := [code for code in codes if code not in _ENDS_SOON]:
            yield _row(party, kid_of(party.thumbprint), lasting)
    entries = partial(box.entries, shown_to=trust_list.shown_to(call))
    for entry in trust_list.pages(entries):
        # Those of the upload are kept; that it has ended since then is seen now.
        codes = [*entry.remarks, *_dates(x509.read(entry.certificate), call.at)]
        if codes:
            yield _row(entry, entry.kid, codes)


def _of_itself(certificate: bytes, group: CertificateGroup, at: int) -> tuple[list[str], Features]:
    """Return what a certificate shows, and what is to be said against that alone."""
    shown = x509_details.read(certificate)
    # Of no participant's code: the wire compares the C itself.
    upstream = checks.upstream_failed(shown, _ROLES.get(group, ""), "", at)
    codes = [finding.code for finding in joined(upstream, checks.weak_failed(shown))]
    return [*codes, *_dates(shown.record, at)], shown


def _row(row: Party | StoredEntry, kid: str, codes: Sequence[str]) -> dict[str, object]:
    return {
        "kid": kid,
        "country": row.country,
        "certificateType": row.group.value,
        "thumbprint": row.thumbprint,
        "remarks": list(dict.fromkeys(codes)),
    }


def _dates(record: X509Record, at: int) -> Iterator[str]:
    if record.not_after < at:
        yield "expired"
    if record.not_before > at + checks.LEEWAY:
        yield "not_yet_valid"


def _above(
    record: X509Record, authorities: Sequence[X509Record], is_dsc: bool, at: int
) -> Iterator[str]:
    """Find what is wrong with the CA above, and with what names it (shell model, RFC 5280 §4.2.1.1)."""
    issuers = [ca for ca in authorities if signed_with(record, ca.public_key)]
    if is_dsc:
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
