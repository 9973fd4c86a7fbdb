"""An issuer: who it is, its signing CA and its shards, as its folder keeps them.

    issuer.json <-> from_bytes | to_bytes <-> Issuer

1. No secret is in it: keys are named by URI.
2. Whatever is not exactly such a document is refused, `issuer-file`.
3. All keys of an issuer belong to one environment.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from heapq import heapify, heappop, heapreplace
from itertools import count, islice
from typing import NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Algorithm, Environment, Kind
from pratique.trust.signer import Signer

# ----------------------------------------------------------------------------------------------------
# A shard: one of an issuer's many small signing keys, so that withdrawing one is affordable.
#
#     Shard, instant, count -> state        shards, counts, kind -> pick -> the one to sign with
#
# 1. Its state is computed from dates and from what was planned for it; only `retired` is ever set.
# 2. `width` is fixed when the shard is made: tags once drawn cannot be widened.
# 3. One `Choice` is made for one certificate and for a whole file: both spread over the keys alike.
# 4. At most half of all tags are ever in use, and never more certificates than were planned: the
#    first keeps draws short, the second the loss when the key must be withdrawn.


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
        key: the key's URI ("file:keys/2026-11-a.pem", "pkcs11:...").
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
    kid: strict_json.Base64
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
                "make one: pratique issuer keys add; see them all: pratique issuer keys list",
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


FORMAT = "pratique-issuer-1"
MAX_NODE_BITS = 16

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class SigningCa(NamedTuple):
    """An issuer's own record of its signing CA.

    Attributes:
        key: the key's URI.
        thumbprint: SHA-256 of its certificate's DER, hex.
        not_before, not_after: of its certificate; seconds since the epoch, both inclusive.
        use_until: until when it is to sign new document signers.
    """

    key: str
    thumbprint: str
    not_before: int
    not_after: int
    use_until: int


class Issuer(NamedTuple):
    """An issuer.

    Attributes:
        participant: its code in the network ("XXU").
        country: ISO 3166-1 alpha-2 code, or one of the network's virtual ones.
        name: the organisation that X.509 certificates name.
        authority: the issuing body as health certificates name it (`is`).
        contact: where to write when a key is lost or misused; may be empty.
        node, node_bits: which of 2**node_bits machines that share a key this is; 0 of 1 mostly.
    """

    participant: str
    country: str
    name: str
    authority: str
    environment: Environment
    contact: str
    sca: SigningCa
    shards: tuple[Shard, ...]
    node: int = 0
    node_bits: int = 0

    def shard(self, label: str) -> Shard:
        """Return the shard with a label; UsageError `shard-unknown`."""
        for shard in self.shards:
            if shard.label == label:
                return shard
        raise UsageError(
            "shard-unknown", f"there is no shard '{label}'", "see them: pratique issuer keys list"
        )

    def replace(self, shard: Shard) -> Issuer:
        """Return it with a shard changed, found by its label."""
        changed = (shard if shard.label == s.label else s for s in self.shards)
        return self._replace(shards=tuple(changed))

    def new_label(self, at: int, *, taken: Iterable[str] = ()) -> str:
        """Return the month and the next free letter: "2026-11-a", then "2026-11-b".

        Args:
            taken: labels that are in use although no shard has them: an interrupted command's.
        """
        (label,) = new_labels(at, 1, taken={*taken, *(shard.label for shard in self.shards)})
        return label


def new_labels(at: int, so_many: int, *, taken: Iterable[str] = ()) -> list[str]:
    """Return labels that are free: the month and a letter, "2026-11-a", "2026-11-b" and so on."""
    month, taken = datetime.fromtimestamp(at, UTC).strftime("%Y-%m"), set(taken)
    labels = (f"{month}-{_letters(number)}" for number in count())
    return list(islice((label for label in labels if label not in taken), so_many))


def to_bytes(issuer: Issuer) -> bytes:
    """Write the document."""
    return strict_json.dump(issuer, FORMAT, ordered=False, ascii_only=False)


def from_bytes(data: bytes) -> Issuer:
    """Read the document; DocumentRefused `issuer-file`."""
    issuer = strict_json.document(data, Issuer, FORMAT, _damaged)
    try:
        _agree(issuer)
    except ValueError as error:
        raise _damaged(str(error)) from error
    return issuer


def _damaged(why: str) -> DocumentRefused:
    return DocumentRefused(
        "issuer-file", f"the issuer's document is damaged: {why}", "restore it from its copy"
    )


def check_shard(shard: Shard) -> None:
    """See to it that a shard does not contradict itself; ValueError if it does."""
    if not (
        shard.thumbprint.startswith(shard.kid.hex())
        and len(shard.kid) == 8
        and shard.not_before <= shard.use_until <= shard.not_after
        and 1 <= shard.planned <= 1 << shard.width <= 1 << 64
    ):
        raise ValueError("a shard that contradicts itself")


def _agree(issuer: Issuer) -> None:
    """See to it that the parts are of one issuer; ValueError if not."""
    held = issuer.shards
    for shard in held:
        check_shard(shard)
    if len({s.label for s in held}) < len(held) or len({s.kid for s in held}) < len(held):
        raise ValueError("two shards of one name")
    # A label becomes a file's name.
    if not all(_LABEL.fullmatch(shard.label) for shard in held):
        raise ValueError("a shard's label")
    own = (issuer.participant, issuer.country, issuer.environment)
    if any((s.participant, s.country, s.environment) != own for s in held):
        raise ValueError("a shard of another issuer or environment")
    if not (0 <= issuer.node_bits <= MAX_NODE_BITS and 0 <= issuer.node < 1 << issuer.node_bits):
        raise ValueError("the node's number")


def _letters(number: int) -> str:
    """Count in letters: a, b, ... z, aa, ab."""
    letters = ""
    while number >= 0:
        letters = chr(ord("a") + number % 26) + letters
        number = number // 26 - 1
    return letters


# ----------------------------------------------------------------------------------------------------
# What an issuer notes of its register beside its keys: which register a key signs with, how far it was.
#
#     register's identity and counts -> told -> lost, or as it should be
#
# 1. A key whose register was lost, or put back from an old copy, signs no more: a tag that it draws might
#    be in use, and with it a revocation could hit somebody else. It is retired, and another one made.
# 2. RegisterNotes hold counts and no tags.


class RegisterNote(NamedTuple):
    """A key's register, and how many certificates it had of that key at least."""

    register: strict_json.Hex
    issued: int


def check(
    shard: Shard, notes: Mapping[str, RegisterNote], *, register: bytes, counts: Mapping[bytes, int]
) -> None:
    """Refuse a key whose register is another or an older one; UsageError `register-lost`."""
    note = notes.get(shard.label)
    if note is None:
        return
    if note.register != register:
        why = "another register than the one that it has signed with"
    elif counts.get(shard.kid, 0) < note.issued:
        why = f"a register that knows fewer than the {note.issued} certificates that it has signed"
    else:
        return
    raise UsageError(
        "register-lost",
        f"the key {shard.label} would sign with {why}",
        "restore the register from its newest backup; if it is lost, retire the key "
        f"(pratique issuer keys retire {shard.label}) and make another one",
    )


def updated(
    notes: Mapping[str, RegisterNote],
    shards: tuple[Shard, ...],
    *,
    register: bytes,
    counts: Mapping[bytes, int],
) -> dict[str, RegisterNote]:
    """Return the notes with what the register knows now of the keys that have signed with it.

    What a key's note refuses (`check`) stays refused, whatever others have signed since: a note never falls.
    """
    found = dict(notes)
    for shard in shards:
        noted, count = found.get(shard.label), counts.get(shard.kid, 0)
        if count and (noted is None or (noted.register == register and noted.issued < count)):
            found[shard.label] = RegisterNote(register, count)
    return found


class RegisterNotes(NamedTuple):
    """What is noted beside the keys, by their labels."""

    notes: Mapping[str, RegisterNote]


def write_notes(notes: Mapping[str, RegisterNote]) -> bytes:
    """Write the notes."""
    rows = strict_json.write(RegisterNotes(dict(sorted(notes.items()))))["notes"]
    return json.dumps(rows, indent=1).encode()


def read_notes(data: bytes) -> dict[str, RegisterNote]:
    """Read notes; DocumentRefused `notes-malformed` if they are none."""
    try:
        return dict(strict_json.read(RegisterNotes, {"notes": strict_json.parse(data)}).notes)
    except strict_json.Misfit as error:
        raise DocumentRefused(
            "notes-malformed",
            "what was noted of the register beside the keys cannot be read",
            "restore the issuer's folder from its backup",
        ) from error
