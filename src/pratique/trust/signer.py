"""A signer: one public key and all that it may vouch for.

    X.509 / JWK / DID document -> trust.* reader -> Signer -> snapshot -> trust.signers_for(kid)

1. A signer is kept as a public key with its limits, so that verifying loads no X.509 code.
2. What could not be read never widens a limit: usage unreadable means no usage at all.
3. `kid` is a hint for look-up and binds nothing; two signers may share one.
4. A signer whose source states a domain signs for that domain alone. One whose source states none, as a
   file of X.509 certificates does, is not bound to any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pratique.terms import Algorithm, Environment, Kind, SignerState

BARE = "bare-key"
"""Note of a key that came without a certificate."""
SCA_WRONG = "sca-signature-wrong"
CHAIN = {
    "sca-unknown": SignerState.SCA_UNKNOWN,
    "self-signed": SignerState.SELF_SIGNED,
    SCA_WRONG: SignerState.SCA_WRONG,
    "sca-signature-unread": SignerState.SCA_UNREAD,
    "sca-critical": SignerState.SCA_UNREAD,
    "sca-not-certifying": SignerState.SCA_NOT_CERTIFYING,
    "sca-foreign": SignerState.SCA_FOREIGN,
    "sca-path": SignerState.SCA_PATH,
}
"""Reasons that lie in what stands above a signer, and its state by each."""
CONTRADICTED = "key-contradicted"
"""Note of a key of which a network and an imported list say different things."""
LIST_ENDS = "list-ends"
"""Note of a signer that counts until its list's proof ends, which is before its signing CA does."""

_ALIKE: Final[Mapping[str, frozenset[str]]] = {
    # GDHCN's implementation guide calls DDCC what its gateway calls DCC.
    "DCC": frozenset({"DCC", "DDCC"}),
    "DDCC": frozenset({"DCC", "DDCC"}),
    # The gateway lists DICVP, the guide ICVP; the Latin American network signs the same claim (-6).
    "ICVP": frozenset({"ICVP", "DICVP", "RACSEL-DDVC"}),
}
"""Domain of a certificate -> the names under which trust lists have it."""
_OTHER_USE = {"key-usage-not-signing", "not-for-documents"}


def believed_limits(reason: str) -> bool:
    """Tell whether what a signer's own certificate says of its usage is believed for all that."""
    return not reason or (reason in CHAIN and reason != SCA_WRONG)


class Signer(NamedTuple):
    """A document signer as a verifier needs it, without any X.509 left in it.

    Attributes:
        kid: the look-up hint, as bytes; mostly 8 (first bytes of SHA-256 of the certificate).
        participant: code of the participant whose key it is, as its source spells it
            ("PRT", "XXJ", "DE"); for showing, not for judging.
        countries: ISO 3166-1 alpha-2 codes (or the network's virtual ones) that it may sign for.
        algorithm: the only algorithm that is accepted with it; never taken from a text.
        public_key: SubjectPublicKeyInfo, DER.
        usages: what it may attest; empty where the certificate's usage could not be read.
        not_before, not_after: seconds since the epoch, both inclusive.
        environment: production or test.
        domain: "DCC", "DDCC", "ICVP", "PH4H" ...; data, not code. What it stands under where its
            source states none.
        thumbprint: SHA-256 of the certificate's DER (of the SPKI for a bare key), hex.
        sca_not_after: end of life of what stands above it, the signing CA that issued it or the list
            that names it (then with the note `LIST_ENDS`); None if the source tells none.
        notes: stable codes of what was odd in its source ("eku-legacy", "jwk-padded" ...).
        reason: why it is unreadable, or what is wrong with the signing CA above it; empty if nothing is.
        bound: its source states the domain, so that it signs for no other.
        sca_not_before: beginning of the life of that signing CA.
    """

    kid: bytes
    participant: str
    countries: frozenset[str]
    algorithm: Algorithm
    public_key: bytes
    usages: frozenset[Kind]
    not_before: int
    not_after: int
    environment: Environment
    domain: str
    thumbprint: str
    sca_not_after: int | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    bound: bool = False
    sca_not_before: int | None = None

    def speaks_for(self, domain: str) -> bool:
        """Tell whether it may sign certificates of a domain, as far as its source bounds it."""
        return not self.bound or self.domain in _ALIKE.get(domain, {domain})

    def is_bare(self) -> bool:
        """Tell whether it came as a public key alone, without an X.509 certificate."""
        return BARE in self.notes

    def noted(self, note: str) -> Signer:
        """Return it with a note more."""
        return self if note in self.notes else self._replace(notes=(*self.notes, note))

    def may_be(self, other: Signer) -> bool:
        """Tell whether two records of one public key may be one signer's: nothing says that they are not.

        A certificate binds its key to a country; a key alone, or a source that names no country, does not.
        """
        unbound = self.is_bare() or other.is_bare() or not (self.countries and other.countries)
        return unbound or not self.countries.isdisjoint(other.countries)

    def is_weak(self) -> bool:
        """Tell whether its key is of a size or a kind that no signature is believed of."""
        return self.reason in {"key-size", "key-algorithm"}

    def state(self, at: int) -> SignerState:
        """Compute the state at `at`, seconds since the epoch."""
        chain = CHAIN.get(self.reason)
        if self.reason == SCA_WRONG:
            # Its own dates may be what was altered.
            return SignerState.SCA_WRONG
        if self.reason and chain is None:
            if self.reason in _OTHER_USE:
                return SignerState.OTHER_USE
            return SignerState.WEAK if self.is_weak() else SignerState.UNREADABLE
        if at < self.not_before:
            return SignerState.NOT_YET
        if at > self.not_after:
            return SignerState.EXPIRED
        if self.sca_not_after is not None and at > self.sca_not_after:
            return SignerState.SCA_DEAD
        if chain is not None:
            return chain
        if self.sca_not_before is not None and at < self.sca_not_before:
            return SignerState.SCA_NOT_YET
        return SignerState.LIVE


def unread(signer: Signer) -> Signer:
    """Return a signer above which nobody could look."""
    return Signer(*signer)._replace(reason="sca-signature-unread")


class Unjudged(Signer):
    """A signer as it says of itself, before what stands above it was looked at: its signing CAs' signatures."""

    __slots__ = ()


Judge = Callable[[Unjudged], Signer]
"""Looks at what stands above a signer, and returns it as it is believed."""
