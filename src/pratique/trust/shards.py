"""A shard: one of an issuer's many small signing keys, so that withdrawing one is affordable.

    Shard, instant, count -> state        shards, counts, kind -> pick -> the one to sign with

1. Its state is computed from dates and from what was planned for it; only `retired` is ever set.
2. `width` is fixed when the shard is made: tags once drawn cannot be widened.
3. One `Choice` is made for one certificate and for a whole file: both spread over the keys alike.
4. At most half of all tags are ever in use, and never more certificates than were planned: the
   first keeps draws short, the second the loss when the key must be withdrawn.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from heapq import heapify, heappop, heapreplace
from typing import Any, NamedTuple

from pratique.errors import UsageError
from pratique.terms import Algorithm, Environment, Kind
from pratique.trust.rows import array, text, whole
from pratique.trust.signer import Signer

DAY = 24 * 3600


class ShardState(StrEnum):
    """What a shard does at an instant. All but the first and the last two verify as before."""

    NOT_YET = "not yet"
    LIVE = "live"
    FULL = "full"
    """It has signed what was planned."""
    RESTING = "resting"
    """It signs no more; what it has signed is still verified with it."""
    RETIRED = "retired"
    """As resting, but set by hand, before its time."""
    EXPIRED = "expired"


class DaysLeft(NamedTuple):
    """Whole days that remain: until it signs no more, and until nothing of it is verified."""

    signing: int
    verifying: int


class Shard(NamedTuple):
    """A document signer as its own issuer knows it.

    Attributes:
        label: the issuer's own name for it ("2026-11-a").
        participant, country: whose key it is ("XXU"), and the country it signs for ("XU").
        key: the key's URI ("file:keys/2026-11-a.pem", "hsm:...").
        kid: first 8 bytes of SHA-256 of its certificate's DER.
        thumbprint: SHA-256 of its certificate's DER, hex.
        not_before, not_after: of its certificate; seconds since the epoch, both inclusive.
        use_until: the last second at which it signs; it is verified with until `not_after`.
        planned: how many certificates it is to sign at most.
        width: bits of a revocation tag; 2**width is at least 2.5 times `planned`.
        retired: when it was taken out of use for good, or None.
        replaces: label of the shard in whose place it was made, or empty.
    """

    label: str
    participant: str
    country: str
    environment: Environment
    algorithm: Algorithm
    key: str
    kid: bytes
    thumbprint: str
    usages: frozenset[Kind]
    not_before: int
    not_after: int
    use_until: int
    planned: int
    width: int
    retired: int | None = None
    replaces: str = ""

    @property
    def capacity(self) -> int:
        """Return how many certificates it may ever sign."""
        return min(self.planned, (1 << self.width) // 2)

    def state(self, at: int, count: int = 0) -> ShardState:
        """Compute the state at `at`, seconds since the epoch, with `count` certificates signed."""
        if at > self.not_after:
            return ShardState.EXPIRED
        if self.retired is not None and at >= self.retired:
            return ShardState.RETIRED
        if at < self.not_before:
            return ShardState.NOT_YET
        if at > self.use_until:
            return ShardState.RESTING
        return ShardState.LIVE if count < self.capacity else ShardState.FULL

    def days_left(self, at: int) -> DaysLeft:
        """Compute how many whole days remain at `at`; none is less than 0."""
        end = self.use_until if self.retired is None else min(self.use_until, self.retired)
        return DaysLeft(max(0, end - at) // DAY, max(0, self.not_after - at) // DAY)

    def as_signer(
        self, public_key: bytes, *, domain: str = "DCC", sca_not_after: int | None = None
    ) -> Signer:
        """Return it as a verifier knows it; of its own issuer's, not of any published list."""
        return Signer(
            kid=self.kid,
            participant=self.participant,
            countries=frozenset({self.country}),
            algorithm=self.algorithm,
            public_key=public_key,
            usages=self.usages,
            not_before=self.not_before,
            not_after=self.not_after,
            environment=self.environment,
            domain=domain,
            thumbprint=self.thumbprint,
            sca_not_after=sca_not_after,
        )


class Choice:
    """Choose keys one after the other: each time the live one with the most room for a kind.

    The one mechanism by which a key is chosen: for one certificate as for each of a whole file. What
    was chosen counts as signed, so that no plan is exceeded within one choice.

    Args:
        label: of the one key that was asked for by name, so that what is wrong is told of that one.
    """

    def __init__(
        self,
        shards: Iterable[Shard],
        *,
        at: int,
        counts: Mapping[bytes, int],
        label: str | None = None,
    ) -> None:
        shards = list(shards)
        self._label = label
        self._counts = {shard.kid: counts.get(shard.kid, 0) for shard in shards}
        states = {shard: shard.state(at, self._counts[shard.kid]) for shard in shards}
        self._live = {
            shard.label: shard for shard, state in states.items() if state is ShardState.LIVE
        }
        self._others = Counter(state for state in states.values() if state is not ShardState.LIVE)
        self._heaps: dict[Kind, list[tuple[int, str]]] = {}

    @property
    def live(self) -> tuple[Shard, ...]:
        """Return the keys that sign at this instant, whatever they may attest."""
        return tuple(self._live.values())

    def next(self, kind: Kind) -> Shard | None:
        """Return the key for the next certificate of a kind, or None if no key may sign it."""
        if kind not in self._heaps:
            self._heaps[kind] = [
                (self._used(shard), label)
                for label, shard in self._live.items()
                if kind in shard.usages
            ]
            heapify(self._heaps[kind])
        heap = self._heaps[kind]
        while heap:
            before, label = heap[0]
            shard = self._live[label]
            if (used := self._used(shard)) >= 0:
                heappop(heap)
            elif used != before:
                # It was chosen for another kind meanwhile.
                heapreplace(heap, (used, label))
            else:
                self._counts[shard.kid] += 1
                heapreplace(heap, (used + 1, label))
                return shard
        return None

    def one(self, kind: Kind) -> Shard:
        """Return what `next` does; UsageError `no-live-shard` where that is None."""
        found = self.next(kind)
        if found is None:
            raise UsageError(
                "no-live-shard",
                self._why(kind),
                "make one: pratique issuer keys new-shard; see them all: pratique issuer keys list",
            )
        return found

    def _why(self, kind: Kind) -> str:
        if self._label is not None:
            told = f"live, but may not attest: {kind}" if self._live else "not live"
            told = ", ".join(self._others) or told
            return f"the signing key '{self._label}' is {told}"
        if self._live:
            return f"signing keys that are live: {len(self._live)}, but none may attest: {kind}"
        told = ", ".join(f"{count} {state}" for state, count in sorted(self._others.items()))
        return "no signing key is live" + (f": {told}" if told else "")

    def _used(self, shard: Shard) -> int:
        # Most room comes first. The label settles a draw, so that the same question has the same
        # answer everywhere.
        return self._counts[shard.kid] - shard.capacity


def pick(shards: Iterable[Shard], *, at: int, counts: Mapping[bytes, int], kind: Kind) -> Shard:
    """Return the live shard with the most room that may attest a kind; UsageError `no-live-shard`.

    Args:
        counts: kid to how many certificates it has signed; none means that it has signed none.
    """
    return Choice(shards, at=at, counts=counts).one(kind)


def to_replace(
    shards: Iterable[Shard], *, at: int, within: int, counts: Mapping[bytes, int]
) -> list[Shard]:
    """List the shards that sign for at most `within` days more, are resting or full, and alone.

    A shard that another replaces already is not listed: asking twice makes no second one.
    """
    shards = list(shards)
    replaced = {shard.replaces for shard in shards if shard.retired is None}
    ending = {ShardState.RESTING, ShardState.FULL}
    return [
        shard
        for shard in shards
        if shard.label not in replaced
        and (
            (state := shard.state(at, counts.get(shard.kid, 0))) in ending
            or (state is ShardState.LIVE and shard.days_left(at).signing <= within)
        )
    ]


def to_row(shard: Shard) -> dict[str, object]:
    """Return what JSON holds of a shard."""
    row: dict[str, object] = shard._asdict()
    row["kid"] = base64.b64encode(shard.kid).decode()
    row["usages"] = sorted(shard.usages)
    return row


_NAMES = frozenset(Shard._fields)


def from_row(row: Any) -> Shard:
    """Return the shard of a row; ValueError or TypeError if it is not exactly one."""
    if type(row) is not dict or row.keys() != _NAMES:
        raise ValueError("members of a shard")
    shard = Shard(
        label=text(row["label"]),
        participant=text(row["participant"]),
        country=text(row["country"]),
        environment=Environment(row["environment"]),
        algorithm=Algorithm(row["algorithm"]),
        key=text(row["key"]),
        kid=base64.b64decode(text(row["kid"]), validate=True),
        thumbprint=text(row["thumbprint"]),
        usages=frozenset(map(Kind, array(row["usages"]))),
        not_before=whole(row["not_before"]),
        not_after=whole(row["not_after"]),
        use_until=whole(row["use_until"]),
        planned=whole(row["planned"]),
        width=whole(row["width"]),
        retired=None if row["retired"] is None else whole(row["retired"]),
        replaces=text(row["replaces"]),
    )
    if not (
        shard.thumbprint.startswith(shard.kid.hex())
        and len(shard.kid) == 8
        and shard.not_before <= shard.use_until <= shard.not_after
        and 1 <= shard.planned <= 1 << shard.width <= 1 << 64
    ):
        raise ValueError("a shard that contradicts itself")
    return shard
