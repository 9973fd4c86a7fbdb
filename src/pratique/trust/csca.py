"""Read signing CAs of seals (ICAO's CSCAs): certificates, link certificates, master lists, CRLs.

    PEM | DER | master list (CMS) -> read -> ListReading(pinned)        CRL -> withdraw -> signers

1. A CSCA is a `Signer` of the scheme VDS-NC without any usage: by its name and key identifier `trust.seal` finds
   it, and no seal is ever checked with its key.
2. What is handed in as a CSCA is one: that it has signed itself proves nothing. A link certificate is one where a
   CSCA that is handed in or held has signed it: so a new key is believed from the old, and the old from the new.
3. What a CSCA that is held has not signed, though it says so, is damaged or forged, and is left out.
4. A CRL counts if a CSCA that is held has signed it. What it names stays withdrawn.

Sources: ICAO Doc 9303-12; RFC 5280.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

from pratique.crypto import asn1, chain, cms, icao_pki, x509
from pratique.crypto.x509 import X509Record
from pratique.errors import DocumentRefused
from pratique.terms import Algorithm, Environment, Scheme
from pratique.trust import countries, seal
from pratique.trust.certificates import ListReading
from pratique.trust.signer import Signer

_PEM_CRL = re.compile(rb"-----BEGIN X509 CRL-----(.*?)-----END X509 CRL-----", re.DOTALL)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


class _Candidate(NamedTuple):
    record: X509Record
    signer: Signer
    issuer: str
    is_self_signed: bool


def is_master_list(data: bytes) -> bool:
    """Tell whether the bytes begin as a CMS SignedData does, of whatever content."""
    return data[:1] == b"\x30" and _SIGNED_DATA in data[:32]


def is_crl(data: bytes) -> bool:
    """Tell whether the bytes are a CRL, in PEM or DER."""
    if _PEM_CRL.search(data):
        return True
    try:
        icao_pki.crl(data)
    except ValueError:
        return False
    return True


def read(
    data: bytes,
    *,
    environment: Environment,
    held: Iterable[Signer] = (),
    signer: bytes = b"",
    pinned: bool = False,
) -> ListReading:
    """Read a source of signing CAs.

    Args:
        data: PEM certificates, one DER certificate, or a master list (CMS, DER or BER).
        environment: for which it is held.
        held: signers that are held: those of VDS-NC count, for links.
        signer: certificate, DER, of a master list's signer or of the CSCA above; without it "not checked".
        pinned: believe a link certificate for itself, as whoever hands in one alone may mean it.

    Raises:
        DocumentRefused: `x509-none`, `csca-none`, `csca-unproven`, `cms-…`, `master-list-…`.
    """
    if is_master_list(data):
        content, proof = _master_list(data, signer)
        try:
            listed = icao_pki.master_list(content)
        except ValueError as error:
            raise _refused("master-list-unreadable", "it is no master list of CSCAs") from error
        signers, skipped = _believed(listed, environment, tuple(held), pinned=True)
        return _reading("ICAO master list", signers, skipped)._replace(proof=proof)
    listed = x509.armoured(data)
    if not listed:
        try:
            # The first value of a DER file, without what stands behind it.
            listed = (asn1.read_at(data, 0)[0].expect(asn1.SEQUENCE).raw,)
        except ValueError as error:
            raise DocumentRefused("x509-none", "there is no X.509 certificate in it") from error
    signers, skipped = _believed(listed, environment, tuple(held), pinned=pinned)
    if not signers:
        raise _refused(
            "csca-none", "there is no signing CA in it that is believed",
            "a CSCA's certificate; or a link certificate, after the CSCA whose key has signed it",
        )  # fmt: skip
    return _reading("CSCA certificates", signers, skipped)


def _reading(kind: str, signers: tuple[Signer, ...], skipped: int) -> ListReading:
    left_out = (("no signing CA, unreadable, or signed by none that is held", skipped),)
    return ListReading(
        kind, (), pinned=signers, skipped=skipped, left_out=left_out if skipped else ()
    )


def _master_list(data: bytes, signer: bytes) -> tuple[bytes, str]:
    """Return a master list's content, and what is proven of it."""
    listed = cms.signed(data, accompanied=True)
    if listed.content_type != icao_pki.MASTER_LIST:
        raise _refused("master-list-unreadable", "it is signed, and no master list of CSCAs")
    if not signer:
        return listed.content, "not checked"
    if not listed.is_proven:
        raise _refused(
            "master-list-unproven", "its signature is of a kind that proves nothing here"
        )
    expected = x509.read(signer)
    if listed.certificate != signer and not _is_of(listed.certificate, expected):
        raise _refused("master-list-signer", "it was signed by another than was given")
    return listed.content, "valid"


def _is_of(certificate: bytes, ca: X509Record) -> bool:
    """Tell whether a CSCA has made a master list's signer of a certificate: not of a passport's, which it signs too."""
    try:
        use = icao_pki.seal_use(certificate)
    except ValueError:
        return False
    signs = icao_pki.MASTER_LIST_PURPOSE in use.purposes and not (
        use.limits.reason or use.limits.is_ca
    )
    return signs and chain.issued_by(use.record, ca._replace(public_key=_key(ca) or b"")) is True


def _key(record: X509Record) -> bytes | None:
    try:
        return chain.authority_key(x509.fields(record.signed).key)
    except ValueError:
        return None


def _believed(
    listed: tuple[bytes, ...],
    environment: Environment,
    known: tuple[Signer, ...],
    *,
    pinned: bool,
) -> tuple[tuple[Signer, ...], int]:
    """Return the signing CAs of a source that are believed, and how many certificates are left out."""
    read = [_candidate(certificate, environment) for certificate in listed]
    open_ = [candidate for candidate in read if candidate is not None]
    believed = [signer for signer in known if signer.domain == Scheme.VDS_NC.value]
    kept: list[_Candidate] = []
    # A link may follow upon a link: as many rounds as there are, at most.
    for _ in range(len(open_) + 1):
        outcomes = {candidate: _stands(candidate, believed) for candidate in open_}
        good = [candidate for candidate in open_ if outcomes[candidate]]
        open_ = [candidate for candidate in open_ if outcomes[candidate] is None]
        kept += good
        believed += [candidate.signer for candidate in good]
        if not good:
            break
    if pinned:
        kept += open_
    signers = tuple(dict.fromkeys(candidate.signer for candidate in kept))
    return signers, len(listed) - len(kept)


def _candidate(certificate: bytes, environment: Environment) -> _Candidate | None:
    """Make the signer of a signing CA's certificate; None if it is none, or cannot be believed whoever signed it."""
    record = x509.read(certificate)
    key = _key(record)
    try:
        limits = icao_pki.seal_use(certificate).limits
    except ValueError:
        return None
    if not key or limits.reason or not (limits.is_ca and limits.certifies and record.not_after):
        return None
    named = {seal.country(text) for text in record.countries}
    (country,) = named if len(named) == 1 else (None,)
    try:
        subject, issuer = icao_pki.name_text(record.subject), icao_pki.name_text(record.issuer)
    except ValueError:
        return None
    if country is None:
        return None
    signer = Signer(
        kid=record.subject_key_id,
        participant=country,
        countries=countries.may_sign_for(country) or frozenset({country}),
        algorithm=record.algorithm or Algorithm.ES256,
        public_key=key,
        usages=frozenset(),
        not_before=record.not_before,
        not_after=record.not_after,
        environment=Environment.TEST if record.is_test else environment,
        domain=Scheme.VDS_NC.value,
        thumbprint=record.thumbprint,
        notes=("signing-ca",),
        bound=True,
        issuer=subject,
        name=icao_pki.common_name(record.subject) or subject,
    )
    stated = record.authority_key_id
    own = issuer == subject and (not stated or stated == record.subject_key_id)
    return _Candidate(record, signer, issuer, own and _signed(record, key) is not False)


def _signed(record: X509Record, key: bytes) -> bool | None:
    return chain.signed_by(record.signature_algorithm, record.signature, record.signed, key)


def _stands(candidate: _Candidate, believed: list[Signer]) -> bool | None:
    """Tell whether a certificate is a signing CA's: by itself, or by one that is; None: nobody says so yet."""
    if candidate.is_self_signed:
        return True
    # A link's two names are its state's, old and new: of candidate country, whatever they say of it.
    stated = candidate.record.authority_key_id
    likely = [
        ca
        for ca in believed
        if ca.issuer == candidate.issuer
        and (not (stated and ca.kid) or stated == ca.kid)
        and candidate.signer.participant in ca.countries
    ]
    outcomes = {_signed(candidate.record, key) for key in {ca.public_key for ca in likely}}
    if True in outcomes:
        return True
    named = bool(stated) and any(ca.kid == stated for ca in likely)
    if False in outcomes and None not in outcomes and named:
        return False
    itself = candidate.issuer == candidate.signer.issuer and stated in {b"", candidate.signer.kid}
    return False if itself else None


def withdraw(data: bytes, authorities: Iterable[Signer]) -> tuple[Signer, ...]:
    """Return the signing CAs held that have signed a CRL, with what it names.

    A later list adds to an earlier one: what was withdrawn stays so.

    Raises:
        DocumentRefused: `crl-unreadable`, `crl-unproven`.
    """
    armour = _PEM_CRL.search(data)
    try:
        listed = icao_pki.crl(b64decode(armour[1]) if armour else data)
    except ValueError as error:
        raise _refused("crl-unreadable", "it is no CRL that speaks of all of its issuer") from error
    stated, rows = listed.authority_key_id, []
    for ca in authorities:
        likely = ca.domain == Scheme.VDS_NC.value and ca.issuer == listed.issuer
        if not likely or (stated and ca.kid and stated != ca.kid):
            continue
        good = chain.signed_by(
            listed.signature_algorithm, listed.signature, listed.signed, ca.public_key
        )
        if good:
            serials = tuple(sorted({*ca.crl_serials, *listed.serials}))
            end = max(listed.next_update, ca.crl_not_after or 0)
            rows.append(ca._replace(crl_serials=serials, crl_not_after=end))
    if not rows:
        raise _refused(
            "crl-unproven", "no signing CA that is held has signed it",
            "import the CSCA's certificate first",
        )  # fmt: skip
    return tuple(rows)


def _refused(code: str, why: str, what: str = "get it again from its publisher") -> DocumentRefused:
    return DocumentRefused(code, why, what)
