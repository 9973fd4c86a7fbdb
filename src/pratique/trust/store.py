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
6. What stands above a signer is looked at when somebody first asks for its kid, and once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pratique.terms import Environment
from pratique.trust.signer import (
    CHAIN,
    LIST_ENDS,
    Judge,
    Signer,
    Unjudged,
    believed_limits,
    unread,
)


class TrustList:
    """All signers that are believed, each within its own limits."""

    __slots__ = ("_apart", "_asked", "_by_kid", "_judged", "_signers", "judges")

    judges: Mapping[str, Judge]

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
        found: dict[tuple[bytes, str, str, str, str], Signer] = {}
        for signer in signers:
            whose = signer.participant if apart else ""
            key = (signer.kid, signer.thumbprint, signer.environment.value, signer.domain, whose)
            held = found.get(key)
            if held is None or held == signer:
                found[key] = signer
            else:
                found[key] = _later(self._judge(held), self._judge(signer))
        self._apart = apart
        self._signers = tuple(found[key] for key in sorted(found))
        self._by_kid: dict[bytes, list[tuple[Signer, Signer | None]]] = defaultdict(list)
        for bare, certified in self._limits():
            self._by_kid[bare.kid].append((bare, certified))
        self._asked: dict[bytes, tuple[Signer, ...]] = {}

    def signers_for(self, kid: bytes) -> tuple[Signer, ...]:
        """Return every signer with this kid, in a fixed order; none if it is unknown."""
        found = self._asked.get(kid)
        if found is None:
            held = self._by_kid.get(kid)
            if held is None:
                return ()
            found = self._asked[kid] = tuple(dict.fromkeys(self._limited(*one) for one in held))
        return found

    def limited(self) -> Iterator[Signer]:
        """Yield the signers as they are judged: each bare key within the limits of its certificates."""
        return (self._limited(bare, certified) for bare, certified in self._limits())

    def unjudged(self) -> tuple[Signer, ...]:
        """Return the signers, and look at what stands above none of them: for their keys and names alone."""
        return self._signers

    def _limits(self) -> Iterator[tuple[Signer, Signer | None]]:
        # A signer, and the certificate that limits it where it is a bare key of which there is one.
        bare = {signer.public_key for signer in self._signers if signer.is_bare()} - {b""}
        certified: dict[bytes, list[Signer]] = defaultdict(list)
        for signer in self._signers if bare else ():
            if signer.public_key in bare and not signer.is_bare():
                certified[signer.public_key].append(signer)
        for signer in self._signers:
            if signer.is_bare() and signer.public_key in certified:
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
