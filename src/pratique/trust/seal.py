"""ICAO VDS-NC: whose is the X.509 certificate that came in a seal?

    certificate (DER), the country that the seal names -> its signing CA among those held -> what it may -> Signer

1. Nothing of that certificate is believed before its chain: name of its issuer, key identifier where both have
   one, and the signature of a signing CA (CSCA) that is held. No key of it is loaded before.
2. A CSCA that is not held proves nothing against anybody. A certificate that names a CSCA's key that is held,
   and was not signed by it, is forged or altered.
3. CSCAs sign passports' keys too: only a certificate that is for seals alone may sign a seal.
4. Dates are told to whoever has a clock; nothing here reads one.

Sources: ICAO Doc 9303-12 and 9303-13.
"""

from __future__ import annotations

from pratique.crypto import icao_pki
from pratique.crypto.icao_pki import SealCertificate, SealUse
from pratique.findings import Code, Finding
from pratique.terms import Algorithm, Environment, Kind, Scheme
from pratique.trust import countries
from pratique.trust.signer import WITHDRAWN, ChainCheck, Signer, TrustList

MOST_AUTHORITIES = 32
"""Certificates of one name and key that are looked at: a state renews its key every few years."""
MOST_KEPT = 64
"""Certificates of which the outcome is kept: a desk sees seals of few signers."""
TYPES = {"NV": Kind.VACCINATION, "NT": Kind.TEST}
"""Types of documents (9303-13) -> what a seal of it attests."""
WHERE = "sig.cer"

# Codes of Doc 9303-3 that ISO 3166-1 has not: Germany's, and the specimens' Utopia, which is no country.
_ICAO = {"D": "DE", "UTO": "UTO", "UT": "UTO"}


def country(text: str) -> str | None:
    """Return the country that a code of Doc 9303-3 or of a certificate means; None if it is not known."""
    return _ICAO.get(text) or countries.code(text)


def signers(
    certificate: bytes, issuer: str, trust: TrustList, signed_by: ChainCheck
) -> tuple[Signer, ...] | Finding:
    """Return the signers that a seal's certificate makes under the CSCAs held, or why it makes none.

    Args:
        certificate: as it came in the seal, DER; any bytes.
        issuer: whose the seal says that it is (`hdr.is`, a code of Doc 9303-3).
        trust: what is held; of it the signing CAs of VDS-NC count.
        signed_by: checks a signing CA's signature, as `crypto.chain` does.
    """
    known = trust.of_seals.get((certificate, issuer))
    if known is not None:
        return known
    concluded = _concluded(certificate, issuer, trust, signed_by)
    if not isinstance(concluded, Finding):
        # Only what a CSCA has signed is kept: a stranger's would fill the memory.
        if len(trust.of_seals) >= MOST_KEPT:
            trust.of_seals.clear()
        trust.of_seals[certificate, issuer] = concluded
    return concluded


def _concluded(
    certificate: bytes, issuer: str, trust: TrustList, signed_by: ChainCheck
) -> tuple[Signer, ...] | Finding:
    try:
        seal = icao_pki.seal_certificate(certificate)
    except ValueError:
        return Finding(Code.SIGNER_UNREADABLE, WHERE)
    above = _above(seal, trust, signed_by)
    if isinstance(above, Finding):
        return above
    # Its signature is good: from here on it says what its CSCA says.
    try:
        use = icao_pki.seal_use(seal.der)
    except ValueError:
        return Finding(Code.SIGNER_UNREADABLE, WHERE)
    if unfit := _unfit(use):
        return Finding(unfit, WHERE)
    record = use.record
    named = country(record.countries[0]) or ""
    if any(named not in ca.countries for ca in above):
        return Finding(Code.SEAL_COUNTRY, WHERE)
    if named != country(issuer):
        return Finding(Code.SEAL_COUNTRY, "hdr.is")
    withdrawn = any(seal.serial in ca.crl_serials for ca in above)
    reason = WITHDRAWN if withdrawn else "" if record.public_key else record.reason
    return tuple(
        _signer(use, [ca for ca in above if ca.environment is environment])._replace(
            countries=frozenset({named}), issuer=issuer, reason=reason
        )
        for environment in dict.fromkeys(ca.environment for ca in above)
    )


def _above(
    seal: SealCertificate, trust: TrustList, signed_by: ChainCheck
) -> list[Signer] | Finding:
    """Find the signing CAs whose signature the certificate bears."""
    namesakes = trust.of_issuer(Scheme.VDS_NC.value, seal.issuer)
    stated = seal.authority_key_id
    likely = [ca for ca in namesakes if not (stated and ca.kid) or ca.kid == stated][
        :MOST_AUTHORITIES
    ]
    outcomes = {
        key: signed_by(seal.signature_algorithm, seal.signature, seal.signed, key)
        for key in dict.fromkeys(ca.public_key for ca in likely)
    }
    good = [ca for ca in likely if outcomes[ca.public_key]]
    if good:
        return good
    if None in outcomes.values():
        return Finding(Code.SEAL_CHAIN_UNREAD, WHERE)
    # Of one name there may be a key that is not held; of one name and key identifier there is not.
    if stated and any(ca.kid == stated for ca in likely):
        return Finding(Code.SEAL_CHAIN_WRONG, WHERE)
    return Finding(Code.SIGNER_UNKNOWN)


def _unfit(use: SealUse) -> Code | None:
    """Tell why a certificate with a good chain may not sign seals; None if it may."""
    record, limits = use.record, use.limits
    if use.purposes != (icao_pki.SEAL_PURPOSE,):
        return Code.SEAL_PURPOSE
    if limits.is_ca:
        return Code.SEAL_OF_AUTHORITY
    if not limits.signs:
        return Code.SEAL_KEY_USAGE
    if limits.reason or not record.not_after:
        return Code.SIGNER_UNREADABLE
    if len(record.countries) != 1:
        return Code.SEAL_COUNTRY
    return None


def _signer(use: SealUse, above: list[Signer]) -> Signer:
    record = use.record
    kinds = TYPES if use.document_types is None else use.document_types
    begin = min(ca.not_before for ca in above)
    lists = [ca.crl_not_after for ca in above if ca.crl_not_after is not None]
    return Signer(
        kid=record.kid,
        participant=above[0].participant,
        countries=frozenset(),
        algorithm=record.algorithm or Algorithm.ES256,
        public_key=record.public_key,
        usages=frozenset(TYPES[kind] for kind in kinds if kind in TYPES),
        not_before=record.not_before,
        not_after=record.not_after,
        environment=Environment.TEST if record.is_test else above[0].environment,
        domain=Scheme.VDS_NC.value,
        thumbprint=record.thumbprint,
        sca_not_after=max(ca.not_after for ca in above),
        bound=True,
        sca_not_before=begin if begin > record.not_before else None,
        name=above[0].name,
        crl_not_after=max(lists, default=None),
    )
