"""The snapshot: one numbered, dated edition of all that a verifier needs offline.

    trust list -> Snapshot -> to_bytes -> file | wire -> from_bytes -> Snapshot -> checker(signer)

1. Public keys, rules, value sets and revocations only; nothing in it is about a person.
2. The same content makes the same bytes.
3. A snapshot that is not exactly of its format is refused whole; none is read in part.
4. Reading one loads no X.509 code and no key: a key is loaded when a text first needs it.
5. Where it holds no revocations, nothing that has to do with them is loaded or asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.findings import Code, Finding
from pratique.rules.ruleset import Destination, Editions, Ruleset
from pratique.strict_json import array, text, whole
from pratique.terms import Algorithm, Environment
from pratique.trust import countries, registry, signer
from pratique.trust.registry import Registry
from pratique.trust.signer import ChainCheck, Signer

Revocations = Any
"""`pratique.revocation.revocations.Revocations`, of which nothing is loaded where none are held (rule 5)."""

# ----------------------------------------------------------------------------------------------------
# A snapshot as a document: JSON, both ways; strict.
#
#     parts -> write -> {"format": ..., "signers": [...], ...} -> read -> parts
#
# 1. The same parts make the same bytes.
# 2. What is not exactly of the format is refused whole; none is read in part.


FORMAT = "pratique-snapshot-1"
_FAMILY = "pratique-snapshot-"
EDITIONS = "value_set_editions"
_MEMBERS = {
    EDITIONS, "format", "number", "created", "environment", "sources", "signers", "rules", "value_sets",
    "compatible", "revocations", "roll",
}  # fmt: skip

PARTS = ("number", "created", "environment", "trust", "ruleset", "revocations", "roll", "sources")
"""What a snapshot is made of, by its attributes."""


class Source(NamedTuple):
    """Where a part of a snapshot came from: a name, and SHA-256 of its bytes, hex."""

    name: str
    sha256: str


def write(parts: Mapping[str, Any]) -> bytes:
    """Write a snapshot's parts as JSON: members sorted, one signer per line."""
    ruleset = parts["ruleset"]
    head = {
        "format": FORMAT,
        "number": parts["number"],
        "created": parts["created"],
        "environment": parts["environment"].value,
        "sources": [list(source) for source in parts["sources"]],
        "rules": _rule_rows(ruleset),
        "value_sets": ruleset.value_sets,
        **_editions_row(ruleset),
        "compatible": ruleset.compatible,
        "revocations": _revocation_rows(parts["revocations"]),
        "roll": None if parts["roll"] is None else strict_json.write(parts["roll"]),
    }
    signers = ",\n".join(_dump(strict_json.write(signer)) for signer in parts["trust"])
    return f'{_dump(head)[:-1]},"signers":[\n{signers}\n]}}\n'.encode()


def read(data: bytes) -> dict[str, Any]:
    """Return a snapshot's parts; DocumentRefused `snapshot-…` if it is not exactly one."""
    found = strict_json.parse(data)
    name = found.get("format") if isinstance(found, dict) else None
    if isinstance(name, str) and name.startswith(_FAMILY) and name != FORMAT:
        raise DocumentRefused(
            "snapshot-version",
            f"the snapshot is of another version than {FORMAT}",
            "update Pratique, or build the snapshot again from its sources",
        )
    if name != FORMAT:
        raise _malformed("it is not a snapshot")
    members = cast("dict[str, Any]", found)
    try:
        return {
            **_head(members),
            "trust": _trust(members["signers"], apart=members["roll"] is not None),
            "ruleset": _ruleset(members),
            "revocations": _revocations(members["revocations"]),
            "roll": None if members["roll"] is None else registry.from_row(members["roll"]),
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _malformed("a member is missing or holds the wrong kind of value") from error


def is_snapshot(data: bytes) -> bool:
    """Say whether the bytes call themselves a snapshot, of whatever version."""
    return f'"format":"{_FAMILY}'.encode() in data[:4096].replace(b" ", b"")


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _head(members: dict[str, Any]) -> dict[str, Any]:
    strict_json.members(members, _MEMBERS, {EDITIONS})
    sources = tuple(Source(*map(text, array(row))) for row in array(members["sources"]))
    return {
        "number": whole(members["number"]),
        "created": whole(members["created"]),
        "environment": Environment(members["environment"]),
        "sources": sources,
    }


def _ruleset(members: dict[str, Any]) -> Ruleset:
    value_sets, compatible = members["value_sets"], members["compatible"]
    if not isinstance(value_sets, dict) or type(compatible) is not bool:
        raise TypeError("not value sets")
    sets = {text(name): [text(code) for code in array(codes)] for name, codes in value_sets.items()}
    rows, editions = array(members["rules"]), _editions(members.get(EDITIONS, {}), sets)
    if not rows:
        return Ruleset((), sets, compatible=compatible, hold_open=True, editions=editions)
    from pratique.rules import documents  # noqa: PLC0415 - a check without rules loads none of their code

    return documents.ruleset_of(rows, sets, compatible=compatible, editions=editions)


def _rule_rows(ruleset: Ruleset) -> list[dict[str, Any]]:
    if not ruleset.rules:
        return []
    from pratique.rules import documents  # noqa: PLC0415 - as above

    return [documents.write(rule) for rule in ruleset.rules]


def _editions_row(ruleset: Ruleset) -> dict[str, Any]:
    # Only where there are any: a snapshot without stays the bytes that it was.
    rows = {name: sorted(dated.items()) for name, dated in ruleset.editions.items()}
    return {EDITIONS: rows} if rows else {}


def _editions(found: Any, sets: Mapping[str, object]) -> Editions:
    if not found.keys() <= sets.keys():
        raise ValueError("editions")
    return {
        name: {whole(begins): list(map(text, array(codes))) for begins, codes in array(rows)}
        for name, rows in found.items()
    }


def _revocations(rows: object) -> Revocations | None:
    if rows is None:
        return None
    from pratique.revocation.revocations import from_rows  # noqa: PLC0415 - rule 5

    return from_rows(rows)


def _revocation_rows(held: Revocations | None) -> object:
    if held is None:
        return None
    from pratique.revocation.revocations import to_rows  # noqa: PLC0415 - rule 5

    return to_rows(held)


def _trust(rows: object, *, apart: bool) -> signer.TrustList:
    signers = [strict_json.read(Signer, row) for row in array(rows)]
    trust = signer.TrustList(signers, apart=apart)
    if len(trust) != len(signers):
        raise ValueError("a signer is there twice")
    return trust


def _malformed(what: str) -> DocumentRefused:
    return DocumentRefused(
        "snapshot-malformed",
        f"the snapshot cannot be used: {what}",
        "build it again from its sources; the one in use was left as it was",
    )


__all__ = ["FORMAT", "Checker", "Primitive", "Snapshot", "Source", "destination", "is_snapshot"]

Checker = Callable[[bytes, bytes], bool]
"""check(signature, message) -> is it good; as in `pratique.crypto.algorithms`."""

Primitive = Callable[[Algorithm, bytes], Checker]
"""load(algorithm, SubjectPublicKeyInfo DER) -> Checker; as in `pratique.crypto.algorithms`."""


def destination(text: str, ruleset: Ruleset) -> Destination | None:
    """Read a destination: "FR" or "fra", or "FR/BRE", its region spelt as its rules spell it; None if it is no country."""
    country, _, named = (part.strip() for part in text.partition("/"))
    code = country.upper() if country.upper() in ruleset.countries else countries.place(country)
    if code is None:
        return None
    regions = ruleset.regions(code)
    region = next((each for each in regions if each.casefold() == named.casefold()), named)
    return Destination(code, region or None)


class Names(NamedTuple):
    """Under which kids a key is listed, and the participants whose revocation lists count for it."""

    kids: frozenset[bytes]
    participants: frozenset[str]


class Snapshot:
    """Everything that a verifier needs offline. Immutable.

    Attributes:
        number: which edition it is; a later edition has a larger number.
        created: seconds since the epoch.
        environment: the environment that the verifier stands in. Signers of another one are kept,
            so that a specimen can be told from an unknown issuer.
        trust: the signers.
        ruleset: destinations' rules and value sets.
        revocations: what issuers have taken back; None if nothing is held.
        roll: what the network says of its participants; None if it is of no network.
        sources: what it was built from.
    """

    __slots__ = (
        "_candidates", "_chain", "_checkers", "_names", "_primitive", "created", "environment", "number",
        "revocations", "roll", "ruleset", "sources", "trust",
    )  # fmt: skip

    number: int
    created: int
    environment: Environment
    trust: signer.TrustList
    ruleset: Ruleset
    revocations: Revocations | None
    roll: Registry | None
    sources: tuple[Source, ...]
    _primitive: Primitive | None
    _chain: ChainCheck | None
    _checkers: dict[tuple[Algorithm, bytes], Checker | None]
    _names: dict[tuple[str, bytes, frozenset[str], tuple[str, str]], Names]
    _candidates: dict[signer.KeyName | None, tuple[tuple[Signer, Checker | None], ...]]

    def __init__(  # noqa: PLR0913 - all that a verifier needs, each by its name
        self,
        *,
        number: int,
        created: int,
        environment: Environment,
        trust: signer.TrustList,
        sources: tuple[Source, ...] = (),
        ruleset: Ruleset | None = None,
        revocations: Revocations | None = None,
        roll: Registry | None = None,
        primitive: Primitive | None = None,
        chain: ChainCheck | None = None,
    ) -> None:
        values: dict[str, Any] = {
            "number": number, "created": created, "environment": environment, "trust": trust,
            "sources": tuple(sorted(set(sources))), "_primitive": primitive, "_chain": chain, "_checkers": {},
            "ruleset": ruleset if ruleset is not None else Ruleset(),
            "revocations": revocations or None, "roll": roll, "_candidates": {}, "_names": {},
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a snapshot does not change: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        return f"<Snapshot {self.number} ({self.environment}), {len(self.trust)} signers>"

    def checker(self, signer: Signer) -> Checker | None:
        """Return the check of a signer's signatures; None if its key cannot be used."""
        checkers, key = self._checkers, (signer.algorithm, signer.public_key)
        if key not in checkers:
            try:
                checkers[key] = self._load()(*key)
            except DocumentRefused:
                checkers[key] = None
        return checkers[key]

    def candidates(self, kid: signer.KeyName | None) -> tuple[tuple[Signer, Checker | None], ...]:
        """Return the signers of this kid or name, each with the check of its signatures."""
        known = self._candidates.get(kid)
        if known is None:
            signers = self.trust.signers_for(kid) if kid is not None else ()
            if not signers:
                # Only the trust list's own kids are kept: a stranger's would fill the memory.
                return ()
            known = tuple((signer, self.checker(signer)) for signer in signers)
            self._candidates[kid] = known
        return known

    def revoked(
        self,
        signer: Signer,
        *,
        identifiers: tuple[str, ...],
        issuer: str | None,
        signature: bytes,
        at: int,
    ) -> Code | None:
        """Tell whether a certificate that the signer signed was taken back; None if it was not."""
        if self.revocations is None:
            return None
        kids, participants = self.names_of(signer)
        query = self.revocations.query(
            kids=kids,
            participants=participants,
            countries=countries.spellings(signer.countries),
            algorithm=signer.algorithm,
            identifiers=identifiers,
            issuer=issuer,
            signature=signature,
            at=at,
        )
        answer: Code | None = self.revocations.find(query)
        return answer

    def names_of(self, signer: Signer) -> Names:
        """Return under which kids a signer's key is listed, and whose revocation lists count for it.

        A kid is outside of what is signed where it is unprotected: a key that stands under two must not
        shake its revocations off by the other, nor by another source's name for its participant. A member
        of a network revokes for itself alone, even where two share a country or list one key.
        """
        key = signer.participant, signer.public_key, signer.countries, signer.store
        if key not in self._names:
            members = {} if self.roll is None else self.roll.members
            kids, whose = {signer.kid}, {signer.participant}
            for other in self.trust.unjudged():
                if other.public_key != signer.public_key or other.store != signer.store:
                    continue
                named = other.participant == signer.participant
                unbound = not members.keys() & {signer.participant, other.participant}
                if named or (unbound and signer.may_be(other)):
                    kids.add(other.kid)
                    whose.add(other.participant)
            spelt = frozenset().union(*map(_spelt, whose))
            if signer.participant not in members and countries.code(signer.participant) is None:
                # Its source names nobody that is known: whoever speaks for its countries.
                spelt |= countries.spellings(signer.countries)
            others = members.keys() - {signer.participant}
            self._names[key] = Names(frozenset(kids), (spelt | whose) - others)
        return self._names[key]

    def replace(self, **changes: Any) -> Snapshot:
        """Return the same snapshot but for some of what it is made of."""
        own = {"primitive": self._primitive, "chain": self._chain}
        return Snapshot(**{**self._parts(), **own, **changes})

    def with_primitive(self, primitive: Primitive, chain: ChainCheck | None = None) -> Snapshot:
        """Return the same snapshot whose checks are made by another primitive; of seals' chains too, if it has one."""
        return self.replace(primitive=primitive, chain=chain or self._chain)

    def to_bytes(self) -> bytes:
        """Write the snapshot as JSON: members sorted, one signer per line."""
        return write(self._parts())

    @classmethod
    def from_bytes(
        cls, data: bytes, *, primitive: Primitive | None = None, chain: ChainCheck | None = None
    ) -> Snapshot:
        """Read a snapshot; DocumentRefused `snapshot-…` if it is not exactly one."""
        return cls(**read(data), primitive=primitive, chain=chain)

    def seal_signers(self, certificate: bytes, issuer: str) -> tuple[Signer, ...] | Finding:
        """Return the signers that the certificate in a seal makes, or why it makes none: see `trust.seal`."""
        from pratique.trust import seal  # noqa: PLC0415 - a check of another format loads no X.509 code

        return seal.signers(certificate, issuer, self.trust, self._chain or _native_chain())

    def _parts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in PARTS}

    def _content(self) -> tuple[object, ...]:
        return tuple(self._parts().values())

    def _load(self) -> Primitive:
        if self._primitive is not None:
            return self._primitive
        from pratique.crypto import algorithms  # noqa: PLC0415 - rule 4

        return algorithms.load


def _native_chain() -> ChainCheck:
    from pratique.crypto import chain  # noqa: PLC0415 - rule 4

    return chain.signed_by


def _spelt(participant: str) -> frozenset[str]:
    own = countries.code(participant)
    return frozenset() if own is None else countries.spellings(frozenset({own}))
