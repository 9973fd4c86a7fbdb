"""The field's closed words, none of which can hold personal data. Imports nothing of ours."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a health certificate attests. A certificate attests exactly one kind of thing."""

    # Enum hashes in Python code; members are looked up in sets for every certificate.
    __hash__ = str.__hash__

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"
    EXEMPTION = "exemption"
    PASS = "pass"  # noqa: S105 - no password
    """A state's own leave to take part: it says that its policy was met, and no event (NZCP, Swiss light)."""


class Scheme(StrEnum):
    """A system of certificates with its own keys: a key of one never vouches in another."""

    SHC = "SHC"
    """SMART Health Cards."""
    NZCP = "NZCP"
    """NZ COVID Pass."""
    CH_LIGHT = "CH-LIGHT"
    """Swiss certificate light (LT1)."""
    VDS_NC = "VDS-NC"
    """ICAO visible digital seals for non-constrained environments."""
    TWO_D_DOC = "2D-DOC"
    """French 2D-DOC."""
    DIVOC = "DIVOC"
    """DIVOC, as CoWIN of India."""


class Environment(StrEnum):
    """A key belongs to one environment; test keys never vouch for a production certificate."""

    PRODUCTION = "production"
    TEST = "test"


class Algorithm(StrEnum):
    """Signature algorithms that a signer's record may name (RFC 9053 §2.1, RFC 8230 §2, RFC 8037 §3.1)."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    PS256 = "PS256"
    EDDSA = "EdDSA"
    """With Ed25519; of DIVOC's keys alone. COSE's number for it stands in no table here: HCERT §3.3.2 names it not."""


COSE_ALGORITHMS: dict[int, Algorithm] = {
    -7: Algorithm.ES256,
    -35: Algorithm.ES384,
    -36: Algorithm.ES512,
    -37: Algorithm.PS256,
}
"""COSE algorithm identifier to algorithm (IANA "COSE Algorithms")."""

ALL_KINDS: frozenset[Kind] = frozenset(Kind) - {Kind.PASS}
"""The usage of a signer whose certificate carries no extended key usage at all (HCERT §3.3.1.1)."""


class SignerState(StrEnum):
    """A signer's state at an instant: always computed from dates, never set by hand."""

    LIVE = "live"
    NOT_YET = "not yet"
    EXPIRED = "expired"
    SCA_DEAD = "SCA dead"
    SCA_NOT_YET = "SCA not yet"
    SCA_UNKNOWN = "SCA unknown"
    SELF_SIGNED = "self-signed"
    SCA_WRONG = "SCA signature wrong"
    SCA_UNREAD = "SCA unread"
    SCA_NOT_CERTIFYING = "SCA not certifying"
    SCA_FOREIGN = "SCA foreign"
    SCA_PATH = "SCA path too long"
    OTHER_USE = "other use"
    UNREADABLE = "unreadable"
    WEAK = "weak"


class Severity(StrEnum):
    """What a finding does to the verdict."""

    # Enum hashes in Python code; findings are weighed for every certificate.
    __hash__ = str.__hash__

    ERROR = "fault"
    """RED: the certificate is refused."""
    WARNING = "doubt"
    """AMBER: this cannot be decided here; check by hand."""
    NOTE = "note"
    """No effect: told to whoever asks."""


class Step(StrEnum):
    """The checks in the order in which they are made."""

    TEXT = "text"
    BASE45 = "base45"
    COMPRESSION = "compression"
    STRUCTURE = "structure"
    SIGNER = "signer"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    CONTENT = "content"
    VALIDITY = "validity"
    KEY_VALIDITY = "key validity"
    USAGE = "usage"
    COUNTRY = "country"
    ENVIRONMENT = "environment"
    NETWORK = "network"
    REVOCATION = "revocation"
    RULES = "rules"
