"""An issuer: who it is, its signing CA and its shards, as its folder keeps them.

    issuer.json <-> from_bytes | to_bytes <-> Issuer

1. No secret is in it: keys are named by URI.
2. Whatever is not exactly such a document is refused, `issuer-file`.
3. All keys of an issuer belong to one environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Environment
from pratique.trust import json_text, shards
from pratique.trust.rows import array, text, whole
from pratique.trust.shards import Shard

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
    rows: dict[str, object] = issuer._asdict()
    rows["sca"] = issuer.sca._asdict()
    rows["shards"] = [shards.to_row(shard) for shard in issuer.shards]
    return json.dumps({"format": FORMAT, **rows}, indent=1, ensure_ascii=False).encode() + b"\n"


def from_bytes(data: bytes) -> Issuer:
    """Read the document; DocumentRefused `issuer-file`."""
    document = json_text.parse(data)
    if type(document) is not dict or document.get("format") != FORMAT:
        raise DocumentRefused("issuer-file", f"this is no document of the form {FORMAT}")
    try:
        issuer = _read(document)
    except (ValueError, TypeError, KeyError) as error:
        raise DocumentRefused(
            "issuer-file", "the issuer's document is damaged", "restore it from its copy"
        ) from error
    return issuer


def _read(row: dict[str, Any]) -> Issuer:
    if row.keys() != {"format", *Issuer._fields} or type(row["sca"]) is not dict:
        raise ValueError("members of an issuer")
    sca = row["sca"]
    if sca.keys() != set(SigningCa._fields):
        raise ValueError("members of a signing CA")
    issuer = Issuer(
        participant=text(row["participant"]),
        country=text(row["country"]),
        name=text(row["name"]),
        authority=text(row["authority"]),
        environment=Environment(row["environment"]),
        contact=text(row["contact"]),
        sca=SigningCa(
            text(sca["key"]),
            text(sca["thumbprint"]),
            whole(sca["not_before"]),
            whole(sca["not_after"]),
            whole(sca["use_until"]),
        ),
        shards=tuple(map(shards.from_row, array(row["shards"]))),
        node=whole(row["node"]),
        node_bits=whole(row["node_bits"]),
    )
    _agree(issuer)
    return issuer


def _agree(issuer: Issuer) -> None:
    """See to it that the parts are of one issuer; ValueError if not."""
    held = issuer.shards
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
