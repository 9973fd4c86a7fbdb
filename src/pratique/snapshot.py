"""The snapshot: one numbered, dated edition of all that a verifier needs offline.

    trust list -> Snapshot -> to_bytes -> file | wire -> from_bytes -> Snapshot -> checker(signer)

1. Public keys, rules, value sets and revocations only; nothing in it is about a person.
2. The same content makes the same bytes.
3. A snapshot that is not exactly of its format is refused whole; none is read in part.
4. Reading one loads no X.509 code and no key: a key is loaded when a text first needs it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from pratique.errors import DocumentRefused
from pratique.rules.documents import ruleset_of, write
from pratique.rules.ruleset import Build, Ruleset
from pratique.terms import Algorithm, Environment
from pratique.trust import json_text
from pratique.trust.rows import array, from_row, text, to_row, whole
from pratique.trust.signer import Signer
from pratique.trust.store import TrustList

FORMAT = "pratique-snapshot-1"
_FAMILY = "pratique-snapshot-"
_MEMBERS = {
    "format", "number", "created", "environment", "sources", "signers", "rules", "value_sets",
    "compatible",
}  # fmt: skip

Checker = Callable[[bytes, bytes], bool]
"""check(signature, message) -> is it good; as in `pratique.crypto.primitives`."""

Primitive = Callable[[Algorithm, bytes], Checker]
"""load(algorithm, SubjectPublicKeyInfo DER) -> Checker; as in `pratique.crypto.primitives`."""


class Source(NamedTuple):
    """Where a part of a snapshot came from: a name, and SHA-256 of its bytes, hex."""

    name: str
    sha256: str


class Snapshot:
    """Everything that a verifier needs offline. Immutable.

    Attributes:
        number: which edition it is; a later edition has a larger number.
        created: seconds since the epoch.
        environment: the environment that the verifier stands in. Signers of another one are kept,
            so that a specimen can be told from an unknown issuer.
        trust: the signers.
        ruleset: destinations' rules and value sets.
        sources: what it was built from.
    """

    __slots__ = (
        "_candidates",
        "_checkers",
        "_primitive",
        "created",
        "environment",
        "number",
        "ruleset",
        "sources",
        "trust",
    )

    number: int
    created: int
    environment: Environment
    trust: TrustList
    ruleset: Ruleset
    sources: tuple[Source, ...]
    _primitive: Primitive | None
    _checkers: dict[tuple[Algorithm, bytes], Checker | None]
    _candidates: dict[bytes | None, tuple[tuple[Signer, Checker | None], ...]]

    def __init__(
        self,
        *,
        number: int,
        created: int,
        environment: Environment,
        trust: TrustList,
        sources: tuple[Source, ...] = (),
        ruleset: Ruleset | None = None,
        primitive: Primitive | None = None,
    ) -> None:
        values = {
            "number": number, "created": created, "environment": environment, "trust": trust,
            "sources": tuple(sorted(set(sources))), "_primitive": primitive, "_checkers": {},
            "ruleset": ruleset if ruleset is not None else Ruleset(),
            "_candidates": {},
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

    def candidates(self, kid: bytes | None) -> tuple[tuple[Signer, Checker | None], ...]:
        """Return the signers that have this kid, each with the check of its signatures."""
        known = self._candidates.get(kid)
        if known is None:
            signers = self.trust.signers_for(kid) if kid is not None else ()
            if not signers:
                # Only the trust list's own kids are kept: a stranger's would fill the memory.
                return ()
            known = tuple((signer, self.checker(signer)) for signer in signers)
            self._candidates[kid] = known
        return known

    def with_primitive(self, primitive: Primitive) -> Snapshot:
        """Return the same snapshot whose checks are made by another primitive."""
        return Snapshot(
            number=self.number,
            created=self.created,
            environment=self.environment,
            trust=self.trust,
            sources=self.sources,
            ruleset=self.ruleset,
            primitive=primitive,
        )

    def to_bytes(self) -> bytes:
        """Write the snapshot as JSON: members sorted, one signer per line."""
        head = {
            "format": FORMAT,
            "number": self.number,
            "created": self.created,
            "environment": self.environment.value,
            "sources": [list(source) for source in self.sources],
            "rules": [write(rule) for rule in self.ruleset.rules],
            "value_sets": self.ruleset.value_sets,
            "compatible": self.ruleset.compatible,
        }
        signers = ",\n".join(_dump(to_row(signer)) for signer in self.trust)
        return f'{_dump(head)[:-1]},"signers":[\n{signers}\n]}}\n'.encode()

    @classmethod
    def from_bytes(
        cls, data: bytes, *, primitive: Primitive | None = None, build: Build | None = None
    ) -> Snapshot:
        """Read a snapshot; DocumentRefused `snapshot-…` if it is not exactly one."""
        found = json_text.parse(data)
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
            return cls(
                **_head(members),
                trust=_trust(members["signers"]),
                ruleset=_ruleset(members, build),
                primitive=primitive,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _malformed("a member is missing or holds the wrong kind of value") from error

    def _content(self) -> tuple[object, ...]:
        return self.number, self.created, self.environment, self.trust, self.ruleset, self.sources

    def _load(self) -> Primitive:
        if self._primitive is not None:
            return self._primitive
        from pratique.crypto import primitives  # noqa: PLC0415 - rule 4

        return primitives.load


def is_snapshot(data: bytes) -> bool:
    """Say whether the bytes call themselves a snapshot, of whatever version."""
    return f'"format":"{_FAMILY}'.encode() in data[:4096].replace(b" ", b"")


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _head(members: dict[str, Any]) -> dict[str, Any]:
    if members.keys() != _MEMBERS:
        raise ValueError("members")
    sources = tuple(Source(*map(text, array(row))) for row in array(members["sources"]))
    return {
        "number": whole(members["number"]),
        "created": whole(members["created"]),
        "environment": Environment(members["environment"]),
        "sources": sources,
    }


def _ruleset(members: dict[str, Any], build: Build | None) -> Ruleset:
    value_sets, compatible = members["value_sets"], members["compatible"]
    if not isinstance(value_sets, dict) or type(compatible) is not bool:
        raise TypeError("not value sets")
    sets = {text(name): [text(code) for code in array(codes)] for name, codes in value_sets.items()}
    return ruleset_of(array(members["rules"]), sets, compatible=compatible, build=build)


def _trust(rows: object) -> TrustList:
    signers = [from_row(row) for row in array(rows)]
    trust = TrustList(signers)
    if len(trust) != len(signers):
        raise ValueError("a signer is there twice")
    return trust


def _malformed(what: str) -> DocumentRefused:
    return DocumentRefused(
        "snapshot-malformed",
        f"the snapshot cannot be used: {what}",
        "build it again from its sources; the one in use was left as it was",
    )
