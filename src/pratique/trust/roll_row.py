"""The roll as a JSON row, both ways; strict.

    Roll -> to_row -> {"published": ..., ...} -> from_row -> Roll

1. What is not exactly a row is a ValueError or a TypeError, which the document's reader turns into
   its refusal.
"""

from __future__ import annotations

from typing import Any

from pratique.trust.roll import Freshness, Member, Roll, Suspension
from pratique.trust.rows import array, text, whole


def to_row(roll: Roll) -> dict[str, object]:
    """Return what JSON holds of a roll."""
    return {
        "published": roll.published,
        "members": {code: _member_row(member) for code, member in sorted(roll.members.items())},
        "freshness": {place: list(one) for place, one in sorted(roll.freshness.items())},
        "choices": {
            place: {name: list(codes) for name, codes in sorted(sets.items())}
            for place, sets in sorted(roll.choices.items())
        },
        "floor": roll.floor,
        # Only where there is something: a roll without stays the bytes that it was.
        **({"speakers": {c: dict(s) for c, s in roll.speakers.items()}} if roll.speakers else {}),
        **({"voiding": {c: dict(s) for c, s in roll.voiding.items()}} if roll.voiding else {}),
        **({"unread": dict(sorted(roll.unread.items()))} if roll.unread else {}),
    }


def from_row(row: Any) -> Roll:
    """Return the roll of a row; ValueError or TypeError if it is not exactly one."""
    _members(row, Roll._fields, may_lack=_ADDED)
    members = {text(code): _member(one) for code, one in row["members"].items()}
    said = {name: _said(row.get(name, {}), members) for name in ("speakers", "voiding")}
    return Roll(
        published=whole(row["published"]),
        members=members,
        freshness={
            text(place): Freshness(*map(whole, array(one)))
            for place, one in row["freshness"].items()
        },
        choices={
            text(place): {text(n): tuple(map(text, array(codes))) for n, codes in sets.items()}
            for place, sets in row["choices"].items()
        },
        floor=whole(row["floor"]),
        speakers=said["speakers"],
        voiding=said["voiding"],
        unread={text(what): text(why) for what, why in row.get("unread", {}).items()},
    )


def _said(row: Any, members: dict[str, Member]) -> dict[str, dict[str, str]]:
    found = {
        text(country): {text(code): text(why) for code, why in codes.items()}
        for country, codes in row.items()
    }
    if any(code not in members for codes in found.values() for code in codes):
        raise ValueError("it is of one who is no member")
    return found


def _member_row(member: Member) -> dict[str, object]:
    row: dict[str, object] = member._asdict()
    row["suspensions"] = [list(one) for one in member.suspensions]
    row["withdrawn"] = sorted(member.withdrawn)
    return row


def _member(row: Any) -> Member:
    _members(row, Member._fields)
    return Member(
        expires=None if row["expires"] is None else whole(row["expires"]),
        problem=text(row["problem"]),
        suspensions=tuple(
            Suspension(whole(since), whole(until), text(reason))
            for since, until, reason in map(array, array(row["suspensions"]))
        ),
        withdrawn=frozenset(map(text, array(row["withdrawn"]))),
        contact=text(row["contact"]),
    )


def _members(row: Any, names: tuple[str, ...], *, may_lack: frozenset[str] = frozenset()) -> None:
    if type(row) is not dict or not set(names) - may_lack <= row.keys() <= set(names):
        raise ValueError("members of a roll")
    if any(name in row and type(row[name]) is not dict for name in _MAPPINGS):
        raise TypeError("not members")


_ADDED = frozenset({"speakers", "voiding", "unread"})
"""Members that a roll written earlier does not have."""
_MAPPINGS = ("members", "freshness", "choices", "speakers", "voiding", "unread")
