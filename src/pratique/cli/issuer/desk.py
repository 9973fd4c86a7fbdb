"""The issuer's desk: who issues, its shards and keys, its register and its value sets.

1. A key is opened when it is first needed, so that a preview, an audit or a recall opens none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from pratique.crypto.signing import SigningKey
from pratique.edges.register import Register
from pratique.errors import UsageError
from pratique.intake.catalogue import Catalogue
from pratique.journeys.sign import Book, Prefixed
from pratique.snapshot import Snapshot
from pratique.terms import Kind
from pratique.trust import issuer as issuers
from pratique.trust import noted, store
from pratique.trust import shards as of_shards
from pratique.trust.signer import Signer


class Notes(Protocol):
    """Where it is kept what was noted of the register."""

    def load(self) -> dict[str, noted.Note]:
        """Return the notes."""

    def save(self, notes: dict[str, noted.Note]) -> None:
        """Keep the notes."""


class Desk:
    """What issuing needs: who issues, its keys, its register, its value sets."""

    def __init__(
        self,
        issuer: issuers.Issuer,
        keys: Callable[[of_shards.Shard], SigningKey],
        public_key: Callable[[of_shards.Shard], bytes],
        register: Register,
        *,
        catalogue: Catalogue,
        notes: Notes,
        withdrawn: Callable[[int], frozenset[str]] = lambda _: frozenset(),
        published: Callable[[], Iterable[Signer]] = tuple,
    ) -> None:
        self.issuer, self.register, self.catalogue = issuer, register, catalogue
        self._notes, self._withdrawn, self._published = notes, withdrawn, published
        self._open, self.public_key = keys, public_key
        self._keys: dict[str, SigningKey] = {}
        self._told: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"<Desk of {self.issuer.participant}, {len(self.shards)} shards>"

    @property
    def country(self) -> str:
        """Return the country that certificates name."""
        return self.issuer.country

    @property
    def authority(self) -> str:
        """Return the issuing body as certificates name it."""
        return self.issuer.authority

    @property
    def shards(self) -> tuple[of_shards.Shard, ...]:
        """Return all shards, whatever their state."""
        return self.issuer.shards

    def shard(self, label: str) -> of_shards.Shard:
        """Return the shard of a label; UsageError `shard-unknown`."""
        return self.issuer.shard(label)

    def keys(self, shard: of_shards.Shard) -> SigningKey:
        """Open a shard's key; the same one each time."""
        if shard.key not in self._keys:
            self._keys[shard.key] = self._open(shard)
        return self._keys[shard.key]

    def choice(
        self, at: int, *, label: str | None = None, since: int | None = None
    ) -> of_shards.Choice:
        """Return what chooses keys: among all, or of a label only; `since`: that signed then already.

        For one certificate and for whole files alike. UsageError `shard-unknown`, `register-lost`,
        `keys-withdrawn`.
        """
        register, counts = self._registered()
        wanted = self.shards if label is None else (self.shard(label),)
        gone = self._withdrawn(at)
        if wanted and all(shard.thumbprint in gone for shard in wanted):
            # What it signed would be RED at birth.
            raise UsageError(
                "keys-withdrawn",
                f"the signing key {label} is withdrawn"
                if label
                else "all signing keys are withdrawn",
                "make one: pratique issuer keys new-shard, and publish it",
            )
        wanted = tuple(
            shard
            for shard in wanted
            if shard.thumbprint not in gone and (since is None or shard.not_before <= since)
        )
        sound = self._sound(wanted, register, counts)
        return of_shards.Choice(sound, at=at, counts=counts, label=label)

    def choose(self, kind: Kind, *, at: int, label: str | None = None) -> of_shards.Shard:
        """Return the live shard with the most room, or the one of a label if it is live."""
        return self.choice(at, label=label).one(kind)

    def is_withdrawn(self, kid: bytes, at: int) -> bool:
        """Tell whether the network that is synced here says that a key is withdrawn."""
        gone = self._withdrawn(at)
        return any(shard.kid == kid and shard.thumbprint in gone for shard in self.shards)

    def doubt(self, shard: of_shards.Shard, domain: str) -> str | None:
        """Say, once, that a key is published for other domains than the one of what it signs.

        None where it is, where no network is synced here, and where the key is not published yet.
        """
        listed = [one for one in self._published() if one.thumbprint == shard.thumbprint]
        known = (shard.label, domain) in self._told or any(one.speaks_for(domain) for one in listed)
        if known or not listed:
            return None
        self._told.add((shard.label, domain))
        others = ", ".join(sorted({one.domain for one in listed}))
        return (
            f"the key {shard.label} is published for {others} and not for {domain}: verifiers in the network answer "
            f"AMBER DOMAIN_WRONG; once {self.issuer.participant} is active for {domain}, publish the key for it too: "
            f"pratique participant publish --signers FILE --domain {domain}"
        )

    def note(self) -> None:
        """Note beside the keys how far the register is; to be called after something was issued."""
        register, counts = self._registered()
        notes = self._notes.load()
        self._notes.save(noted.updated(notes, self.shards, register=register, counts=counts))

    def _registered(self) -> tuple[bytes, dict[bytes, int]]:
        return self.register.read(lambda book: (book.identity(), book.counts()))

    def _sound(
        self, shards: tuple[of_shards.Shard, ...], register: bytes, counts: dict[bytes, int]
    ) -> tuple[of_shards.Shard, ...]:
        """Return the shards whose register this is; UsageError `register-lost` if none is left."""
        lost = self._lost(register, counts)
        found = tuple(shard for shard in shards if shard.label not in lost)
        if shards and not found:
            raise lost[shards[0].label]
        return found

    def lost(self) -> dict[str, UsageError]:
        """Return why the register does not know all that a shard has signed, by label."""
        return self._lost(*self._registered())

    def _lost(self, register: bytes, counts: dict[bytes, int]) -> dict[str, UsageError]:
        notes, found = self._notes.load(), {}
        for shard in self.shards:
            try:
                noted.check(shard, notes, register=register, counts=counts)
            except UsageError as error:
                found[shard.label] = error
        return found

    def own(self, book: Book) -> Book:
        """Return the book as this node sees it, if several share the keys."""
        if not self.issuer.node_bits:
            return book
        widths = {shard.kid: shard.width for shard in self.shards}
        return Prefixed(book, widths, self.issuer.node, self.issuer.node_bits)

    def snapshot(self, at: int) -> Snapshot:
        """Return what verifies this issuer's own certificates; for renewing and correcting them."""
        signers = [shard.as_signer(self.public_key(shard)) for shard in self.shards]
        return Snapshot(
            number=1,
            created=at,
            environment=self.issuer.environment,
            trust=store.TrustList(signers),
        )
