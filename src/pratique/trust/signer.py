"""A signer: one public key and all that it may vouch for.

    X.509 / JWK / DID document -> trust.* reader -> Signer -> snapshot -> trust.signers_for(kid)

1. A signer is kept as a public key with its limits, so that verifying loads no X.509 code.
2. What could not be read never widens a limit: usage unreadable means no usage at all.
3. `kid` is a hint for look-up and binds nothing; two signers may share one.
4. A signer whose source states a domain signs for that domain alone. One whose source states none, as a
   file of X.509 certificates does, is not bound to any.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Final, NamedTuple

from pratique.strict_json import SPARSE, Base64
from pratique.terms import Algorithm, Environment, Kind, Scheme, SignerState

BARE = "bare-key"
"""Note of a key that came without a certificate."""
SCA_WRONG = "sca-signature-wrong"
WITHDRAWN = "withdrawn"
"""Reason of a seal's key that its signing CA has withdrawn."""
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
KeyName = bytes | tuple[str, str, bytes]
"""By what a signer is looked up: a kid (HCERT), or (scheme, issuer, kid)."""
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
        issuer: of a key of a `Scheme`, which its `domain` names: the issuer's full identity in it, as the
            scheme writes it. Such a key is found by scheme, issuer and kid together, and verifies nothing else.
        name: what its directory calls that issuer; for showing.
        crl_serials: of a signing CA of seals: serial numbers, hex, of the certificates that it has withdrawn.
        crl_not_after: until when the list that names them is up to date; None if none is held.
    """

    kid: Base64
    participant: str
    countries: frozenset[str]
    algorithm: Algorithm
    public_key: Base64
    usages: frozenset[Kind]
    not_before: int
    not_after: int
    environment: Environment
    domain: str
    thumbprint: str
    sca_not_after: int | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    # Rows of before there were such things, and of sources that do not tell them, stay what they were.
    bound: Annotated[bool, SPARSE] = False
    sca_not_before: Annotated[int | None, SPARSE] = None
    issuer: Annotated[str, SPARSE] = ""
    name: Annotated[str, SPARSE] = ""
    crl_serials: Annotated[tuple[str, ...], SPARSE] = ()
    crl_not_after: Annotated[int | None, SPARSE] = None

    @property
    def key(self) -> KeyName:
        """Return by what a text's signer is looked up: its kid, or its scheme's, issuer's and kid's names."""
        return (self.domain, self.issuer, self.kid) if self.issuer else self.kid

    @property
    def store(self) -> tuple[str, str]:
        """Return whose key store it stands in: a scheme's and issuer's, or that of HCERT, ("", "").

        One public key in two stores is two keys: nothing that is said of it in one counts in the other.
        """
        return (self.domain, self.issuer) if self.issuer else ("", "")

    @property
    def kid_text(self) -> str:
        """Return its kid as its own world writes it: text, but base64 for HCERT and Swiss light, hex for VDS-NC."""
        if self.issuer and self.domain == Scheme.VDS_NC.value:
            return self.kid.hex()
        if self.issuer and self.domain != Scheme.CH_LIGHT.value:
            return self.kid.decode(errors="backslashreplace")
        return base64.b64encode(self.kid).decode()

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


ChainCheck = Callable[[bytes, bytes, bytes, bytes], bool | None]
"""signed_by(AlgorithmIdentifier, signature, what was signed, a signing CA's key), as in `pratique.crypto.chain`."""

Judge = Callable[[Unjudged], Signer]
"""Looks at what stands above a signer, and returns it as it is believed."""


# ----------------------------------------------------------------------------------------------------
# The trust list: signers by kid. Immutable; asked with whatever kid a text carries.
#
#     Signer, Signer, ... -> TrustList -> signers_for(kid) -> every signer with that kid
#
# 1. Any kid may be asked for: an unknown one has no signers, and nothing is fetched or raised.
# 2. The order is the same for the same signers, in whatever order they came.
# 3. Of two records of one key, the later one holds, but an end of life once known stays known, and so
#    does what it was bound to.
# 4. In a network each participant's record of a key stands apart: one that lists another's signer speaks
#    for itself, and takes nothing from it.
# 5. A public key that came without its X.509 certificate has the limits of the certificate, where any source
#    holds one: an end, a usage or a fault is not shaken off by listing the key alone.
# 6. What stands above a signer is looked at when somebody first asks for its kid, and once.


class TrustList:
    """All signers that are believed, each within its own limits."""

    __slots__ = (
        "_apart",
        "_asked",
        "_by_issuer",
        "_by_kid",
        "_judged",
        "_signers",
        "judges",
        "of_seals",
    )

    judges: Mapping[str, Judge]
    of_seals: dict[tuple[bytes, str], tuple[Signer, ...]]
    """What `trust.seal` has concluded of the last certificates in seals; it bounds how many."""

    def __init__(
        self,
        signers: Iterable[Signer] = (),
        *,
        apart: bool = False,
        judges: Mapping[str, Judge] | None = None,
    ) -> None:
        """Take signers.

        Args:
            signers: the later of two records of one key holds.
            apart: each participant's record of a key stands for itself.
            judges: participant -> what looks at what stands above its unjudged signers.
        """
        self.judges = judges or {}
        self._judged: dict[Signer, Signer] = {}
        records: dict[tuple[bytes, str, str, str, str, str], Signer] = {}
        for signer in signers:
            whose = signer.participant if apart else ""
            key = (
                signer.kid, signer.thumbprint, signer.environment.value, signer.domain, signer.issuer, whose,
            )  # fmt: skip
            earlier = records.get(key)
            if earlier is None or earlier == signer:
                records[key] = signer
            else:
                records[key] = _later(self._judge(earlier), self._judge(signer))
        self._apart = apart
        self._signers = tuple(records[key] for key in sorted(records))
        self._by_kid: dict[KeyName, list[tuple[Signer, Signer | None]]] = defaultdict(list)
        for bare, certified in self._limits():
            self._by_kid[bare.key].append((bare, certified))
        self._asked: dict[KeyName, tuple[Signer, ...]] = {}
        self._by_issuer: dict[tuple[str, str], list[Signer]] | None = None
        self.of_seals: dict[tuple[bytes, str], tuple[Signer, ...]] = {}

    def signers_for(self, kid: KeyName) -> tuple[Signer, ...]:
        """Return every signer of this kid or name, in a fixed order; none if it is unknown."""
        found = self._asked.get(kid)
        if found is None:
            held = self._by_kid.get(kid)
            if held is None:
                return ()
            found = self._asked[kid] = tuple(dict.fromkeys(self._limited(*one) for one in held))
        return found

    def of_issuer(self, domain: str, issuer: str) -> tuple[Signer, ...]:
        """Return every signer of an issuer's full name in a scheme, whatever its kid."""
        if self._by_issuer is None:
            self._by_issuer = {}
            for signer in self._signers:
                if signer.issuer:
                    self._by_issuer.setdefault((signer.domain, signer.issuer), []).append(signer)
        return tuple(map(self._judge, self._by_issuer.get((domain, issuer), ())))

    def limited(self) -> Iterator[Signer]:
        """Yield the signers as they are judged: each bare key within the limits of its certificates."""
        return (self._limited(bare, certified) for bare, certified in self._limits())

    def unjudged(self) -> tuple[Signer, ...]:
        """Return the signers, and look at what stands above none of them: for their keys and names alone."""
        return self._signers

    def _limits(self) -> Iterator[tuple[Signer, Signer | None]]:
        # A signer, and the certificate that limits it where it is a bare key of which there is one.
        # A key of a scheme is pinned for itself: what a certificate says of it elsewhere is of another scheme.
        bare = {s.public_key for s in self._signers if s.is_bare() and not s.issuer} - {b""}
        certified: dict[bytes, list[Signer]] = defaultdict(list)
        for signer in self._signers if bare else ():
            if signer.public_key in bare and not (signer.is_bare() or signer.issuer):
                certified[signer.public_key].append(signer)
        for signer in self._signers:
            if signer.is_bare() and not signer.issuer and signer.public_key in certified:
                yield from ((signer, one) for one in certified[signer.public_key])
            else:
                yield signer, None

    def _limited(self, bare: Signer, certified: Signer | None) -> Signer:
        if certified is None:
            return self._judge(bare)
        return _within(self._judge(bare), self._judge(certified))

    def _judge(self, signer: Signer) -> Signer:
        if not isinstance(signer, Unjudged):
            return signer
        found = self._judged.get(signer)
        if found is None:
            judge = self.judges.get(signer.participant, unread)
            found = self._judged[signer] = judge(signer)
        return found

    def merge(self, later: Iterable[Signer]) -> TrustList:
        """Return the list with more signers; where both know a key, the later record holds."""
        return TrustList((*self._signers, *later), apart=self._apart, judges=self.judges)

    def __iter__(self) -> Iterator[Signer]:
        return map(self._judge, self._signers)

    def __len__(self) -> int:
        return len(self._signers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustList) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"<TrustList of {len(self)} signers>"


def _later(earlier: Signer, later: Signer) -> Signer:
    if earlier.bound:
        later = later._replace(bound=True)
    if earlier.crl_not_after is not None:
        # What was withdrawn stays so, whatever a later source knows of it.
        later = later._replace(
            crl_serials=tuple(sorted({*earlier.crl_serials, *later.crl_serials})),
            crl_not_after=max(earlier.crl_not_after, later.crl_not_after or 0),
        )
    if later.issuer and not later.countries:
        # A directory that is imported anew does not loosen the country that an issuer was bound to.
        later = later._replace(countries=earlier.countries, participant=earlier.participant)
    if later.sca_not_after is not None:
        return later
    # What was known of its signing CA is not shaken off by a source that does not know it.
    reason = later.reason or (earlier.reason if earlier.reason in CHAIN else "")
    notes = tuple(note for note in earlier.notes if note == LIST_ENDS and note not in later.notes)
    return later._replace(
        sca_not_after=earlier.sca_not_after,
        sca_not_before=earlier.sca_not_before,
        usages=later.usages if believed_limits(reason) else frozenset(),
        notes=later.notes + notes,
        reason=reason,
    )


def _within(bare: Signer, certified: Signer) -> Signer:
    """Return a bare key as its certificate limits it, under the kid by which its list names it."""
    told, own = bare.countries, certified.countries
    both = told & own if told and own else told | own
    differ = "country-differs" if told and own and not both else ""
    reason = certified.reason or bare.reason or differ
    is_test = Environment.TEST in {bare.environment, certified.environment}
    return certified._replace(
        kid=bare.kid,
        participant=certified.participant or bare.participant,
        countries=both,
        usages=certified.usages & bare.usages if believed_limits(reason) else frozenset(),
        environment=Environment.TEST if is_test else certified.environment,
        # Its certificate's listing states for what it signs: listed alone, it signs for no more.
        domain=certified.domain if certified.bound else bare.domain,
        bound=certified.bound or bare.bound,
        notes=tuple(dict.fromkeys((*certified.notes, *bare.notes))),
        reason=reason,
    )
