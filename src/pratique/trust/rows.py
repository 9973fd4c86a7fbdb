"""Signers as JSON rows, both ways; strict.

    Signer -> to_row -> {"kid": ..., ...} -> from_row -> Signer

1. A row has exactly the fields of a signer, each of its own type; anything else is a ValueError or
   a TypeError, which the document's reader turns into its refusal.
"""

from __future__ import annotations

import base64
from typing import Any

from pratique.terms import Algorithm, Environment, Kind
from pratique.trust.signer import Signer


def to_row(signer: Signer) -> dict[str, object]:
    """Return what JSON holds of a signer."""
    row: dict[str, object] = signer._asdict()
    row["kid"] = base64.b64encode(signer.kid).decode()
    row["public_key"] = base64.b64encode(signer.public_key).decode()
    row["countries"], row["usages"] = sorted(signer.countries), sorted(signer.usages)
    # Rows of before there were such things, and of sources that do not tell them, stay what they were.
    if not row[_BOUND]:
        del row[_BOUND]
    if row[_BEGINS] is None:
        del row[_BEGINS]
    return row


_BOUND = "bound"
_BEGINS = "sca_not_before"
_NAMES = frozenset(Signer._fields) - {_BOUND, _BEGINS}


def from_row(row: Any) -> Signer:
    """Return the signer of a row; ValueError or TypeError if it is not exactly one."""
    if type(row) is not dict or row.keys() - {_BOUND, _BEGINS} != _NAMES:
        raise ValueError("members of a signer")
    if row.get(_BOUND, True) is not True:
        raise TypeError("not a mark")
    end, begin = row["sca_not_after"], row.get(_BEGINS)
    return Signer(
        kid=_octets(row["kid"]),
        participant=text(row["participant"]),
        countries=frozenset(map(text, array(row["countries"]))),
        algorithm=Algorithm(row["algorithm"]),
        public_key=_octets(row["public_key"]),
        usages=frozenset(map(Kind, array(row["usages"]))),
        not_before=whole(row["not_before"]),
        not_after=whole(row["not_after"]),
        environment=Environment(row["environment"]),
        domain=text(row["domain"]),
        thumbprint=text(row["thumbprint"]),
        sca_not_after=None if end is None else whole(end),
        notes=tuple(map(text, array(row["notes"]))),
        reason=text(row["reason"]),
        bound=_BOUND in row,
        sca_not_before=None if begin is None else whole(begin),
    )


def _octets(value: object) -> bytes:
    return base64.b64decode(text(value), validate=True)


def text(value: object) -> str:
    """Return a text, or raise TypeError."""
    if type(value) is not str:
        raise TypeError("not a text")
    return value


def whole(value: object) -> int:
    """Return a whole number, or raise TypeError."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def array(value: object) -> list[Any]:
    """Return a list, or raise TypeError."""
    if type(value) is not list:
        raise TypeError("not a list")
    return value
