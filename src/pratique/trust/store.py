"""The trust list: signers by kid. Immutable; asked with whatever kid a text carries.

    Signer, Signer, ... -> TrustList -> signers_for(kid) -> every signer with that kid

1. Any kid may be asked for: an unknown one has no signers, and nothing is fetched or raised.
2. The order is the same for the same signers, in whatever order they came.
3. Of two records of one key, the later one holds, but an end of life once known stays known, and so
   does what it was bound to.
4. In a network each participant's record of a key stands apart: one that lists another's signer speaks
   for itself, and takes nothing from it.
5. A public key that came without its X.509 certificate has the limits of the certificate, where any source
   holds one: an end, a usage or a fault is not shaken off by listing the key alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pratique.terms import Environment
from pratique.trust.signer import CHAIN, LIST_ENDS, Signer, believed_limits


class TrustList:
    """All signers that are believed, each within its own limits."""

    __slots__ = ("_apart", "_by_kid", "_signers")

    def __init__(self, signers: Iterable[Signer] = (), *, apart: bool = False) -> None:
        found: dict[tuple[bytes, str, str, str, str], Signer] = {}
        for signer in signers:
            whose = signer.participant if apart else ""
            key = (signer.kid, signer.thumbprint, signer.environment.value, signer.domain, whose)
            found[key] = _later(found[key], signer) if key in found else signer
        self._apart = apart
        self._signers = tuple(found[key] for key in sorted(found))
        by_kid: dict[bytes, dict[Signer, None]] = defaultdict(dict)
        for signer in self.limited():
            by_kid[signer.kid][signer] = None
        self._by_kid = {kid: tuple(signers) for kid, signers in by_kid.items()}

    def signers_for(self, kid: bytes) -> tuple[Signer, ...]:
        """Return every signer with this kid, in a fixed order; none if it is unknown."""
        return self._by_kid.get(kid, ())

    def limited(self) -> Iterator[Signer]:
        """Yield the signers as they are judged: each bare key within the limits of its certificates."""
        bare = {signer.public_key for signer in self._signers if signer.is_bare()} - {b""}
        certified: dict[bytes, list[Signer]] = defaultdict(list)
        for signer in self._signers if bare else ():
            if signer.public_key in bare and not signer.is_bare():
                certified[signer.public_key].append(signer)
        for signer in self._signers:
            if signer.is_bare() and signer.public_key in certified:
                yield from (_within(signer, one) for one in certified[signer.public_key])
            else:
                yield signer

    def merge(self, later: Iterable[Signer]) -> TrustList:
        """Return the list with more signers; where both know a key, the later record holds."""
        return TrustList((*self._signers, *later), apart=self._apart)

    def __iter__(self) -> Iterator[Signer]:
        return iter(self._signers)

    def __len__(self) -> int:
        return len(self._signers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustList) and self._signers == other._signers

    def __hash__(self) -> int:
        return hash(self._signers)

    def __repr__(self) -> str:
        return f"<TrustList of {len(self)} signers>"


def _later(earlier: Signer, later: Signer) -> Signer:
    if earlier.bound:
        later = later._replace(bound=True)
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
