"""The board: the authority's seats, and how many of them it takes.

    Seat, Seat, ... -> Board.check -> root metadata -> of_root -> Board

1. The board stands in the root metadata itself, so the seats that it names have signed it.
2. No seat acts alone, whatever was asked for: every threshold is at least two.
3. At most one seat is one state's, however its code is spelt, and no region has more than its cap. Regions
   are those of the World Health Organization; a network for tests may have invented ones instead.
4. To take away for a while never needs more seats than to add.
5. What is signed names its network: seats and participants may have one key for a network and for its
   rehearsal, and what they have signed for one of them is never believed in the other.
6. A board that was signed before codes were compared is read as it is, and what is wrong with it is told; no
   root that follows may add to that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tuf.api.metadata import Key, Root, Snapshot, Targets, Timestamp

from pratique.errors import DocumentRefused
from pratique.network.keys import is_one
from pratique.network.names import CODE, SUSPEND
from pratique.terms import Environment
from pratique.text import seen
from pratique.trust import countries
from pratique.trust.country_codes import WHO_REGIONS

FIELD = "x-pratique-board"
NETWORK = "x-pratique-network"
"""In a root, in targets and in roles: the network that they are signed for. A member of its own, since those
who read the board's demand exactly its members."""
_SINCE, _INSTANT = "since", "%Y-%m-%dT%H:%M:%SZ"
MAX_SEATS = 99
DEFAULT_THRESHOLD, DEFAULT_SEATS, DEFAULT_SUSPEND, DEFAULT_PER_REGION = 5, 9, 3, 2
_TEXT = 80
_INVENTED_HOLDER = re.compile(r"X[A-Z0-9]{1,7}")
"""As those that ISO 3166-1 leaves to its users: states that were invented for a test."""
_INVENTED_REGION = re.compile(r"[A-Z][A-Z0-9-]{0,15}")


class Seat(NamedTuple):
    """One seat.

    Attributes:
        name: of the seat ("seat-3"), not of a person.
        holder: the code of the state or organisation that fills it.
        region: which region the holder belongs to ("AFR").
        keyid: of its key.
    """

    name: str
    holder: str
    region: str
    keyid: str


class NetworkName(NamedTuple):
    """A network's name and its environment: a rehearsal has the name of another one, or is a test."""

    network: str
    environment: Environment

    def __str__(self) -> str:
        """Say it as people are to read it before they sign."""
        return f"{self.network} ({self.environment})"

    def to_field(self) -> dict[str, object]:
        """Return what targets and roles say of the network that they are signed for."""
        return {"network": self.network, "environment": self.environment.value}


class Board(NamedTuple):
    """The seats and their thresholds.

    Attributes:
        network: the network's name.
        environment: of all that the network publishes.
        threshold: seats that it takes to admit, change and publish.
        suspend_threshold: seats that it takes to suspend.
        per_region: seats that a region may have at most.
    """

    network: str
    environment: Environment
    seats: tuple[Seat, ...]
    threshold: int = DEFAULT_THRESHOLD
    suspend_threshold: int = DEFAULT_SUSPEND
    per_region: int = DEFAULT_PER_REGION

    def check(self) -> None:
        """See to it that no seat can act alone and none is double; DocumentRefused `board-…`."""
        self.check_shape()
        for code, why in self._breaches():
            raise refused(code, why)

    def check_shape(self) -> None:
        """See to what was asked of every board ever, its codes taken as they are; DocumentRefused `board-…`."""
        count = len(self.seats)
        if not 2 <= self.threshold <= count <= MAX_SEATS:
            raise refused(
                "threshold", f"{self.threshold} of {count} is no threshold: from 2 to all"
            )
        if not 2 <= self.suspend_threshold <= self.threshold:
            raise refused(
                "suspend-threshold",
                f"{self.suspend_threshold} is no threshold for suspending: from 2 to {self.threshold}",
            )
        for what, code, values in (
            ("two seats have one name", "name-double", [seat.name for seat in self.seats]),
            ("a state holds two seats", "holder-double", [seat.holder for seat in self.seats]),
            ("two seats have one key", "key-double", [seat.keyid for seat in self.seats]),
        ):
            if twice := [value for value, times in Counter(values).items() if times > 1]:
                raise refused(code, f"{what}: {', '.join(sorted(twice))}")
        for region, times in sorted(Counter(seat.region for seat in self.seats).items()):
            if times > self.per_region:
                raise refused("region-cap", _over(region, times, self.per_region))

    def breaches(self) -> list[str]:
        """Tell in words what is wrong with its codes: a state or a region that counts as several."""
        return [why for _, why in self._breaches()]

    def _breaches(self) -> Iterator[tuple[str, str]]:
        held: dict[str, list[str]] = {}
        for seat in self.seats:
            for one in countries.seated(seat.holder) or {countries.folded(seat.holder)}:
                held.setdefault(one, []).append(seat.holder)
        for holders in held.values():
            if len(holders) > 1:
                yield "holder-double", f"a state holds two seats: {', '.join(sorted(holders))}"
        regions = Counter(countries.folded(seat.region) for seat in self.seats)
        for region, times in sorted(regions.items()):
            if times > self.per_region:
                yield "region-cap", _over(region, times, self.per_region)
        yield from self._unknown()

    def _unknown(self) -> Iterator[tuple[str, str]]:
        is_test = self.environment is Environment.TEST
        # All invented, or none: else "EURO" would be a region beside "EUR".
        invents = is_test and not any(
            countries.folded(seat.region) in WHO_REGIONS for seat in self.seats
        )
        for seat in self.seats:
            if not countries.bearers(seat.holder) and not (
                is_test and _INVENTED_HOLDER.fullmatch(seat.holder)
            ):
                yield "holder-unknown", f"{seat.holder} is no state's or organisation's code"
            if seat.region not in WHO_REGIONS and not (
                invents and _INVENTED_REGION.fullmatch(seat.region)
            ):
                yield (
                    "region-unknown",
                    f"{seat.region!a} is no region: it is one of {', '.join(WHO_REGIONS)}",
                )

    @property
    def name(self) -> NetworkName:
        """Return which network it is."""
        return NetworkName(self.network, self.environment)

    def fragile(self) -> list[str]:
        """Tell in words where all must sign, so that one lost key ends it."""
        count, found = len(self.seats), []
        if self.threshold == count:
            # The root itself needs them: no other seat can be put in the place of the one that is lost.
            found.append(
                f"all {count} seats must sign: one lost key, and nothing is ever published again"
            )
        if self.suspend_threshold == count:
            found.append(f"all {count} seats must sign to suspend: one that is away prevents it")
        return found

    def seat_of(self, keyid: str) -> Seat | None:
        """Return the seat that has a key."""
        return next((seat for seat in self.seats if seat.keyid == keyid), None)

    def to_field(self) -> dict[str, object]:
        """Return what the root metadata says of the board."""
        return {
            **self._asdict(),
            "environment": self.environment.value,
            "seats": [seat._asdict() for seat in self.seats],
        }


def of_root(root: Root, *, before: Board | None = None, held: bool = False) -> Board:
    """Return the board that a root names; DocumentRefused `board-…` if the root does not fit it.

    Args:
        root: which names it.
        before: the board that it follows upon; what is wrong with that one may still be wrong.
        held: it was believed before codes were compared; what is wrong with them is told, and no more.
    """
    board = _read(root.unrecognized_fields.get(FIELD))
    board.check_shape()
    if not held and not set(board.breaches()) <= set(before.breaches() if before else ()):
        board.check()
    seats = {seat.keyid for seat in board.seats}
    for role in (Root.type, Targets.type):
        if set(root.roles[role].keyids) != seats or root.roles[role].threshold != board.threshold:
            raise refused("differs", f"the keys of {role} are not those of the seats")
    if not all(map(is_one, root.keys.values())):
        raise refused("key-spelling", "a key is not under its own identifier")
    online = {*root.roles[Snapshot.type].keyids, *root.roles[Timestamp.type].keyids}
    if online & seats:
        raise refused("online-seat", "a seat's key is kept online")
    if not root.consistent_snapshot:
        raise refused("inconsistent", "its files are not named by version and digest")
    if name_of(root) not in {None, board.name}:
        raise refused("differs", "the root is signed for another network than that of its seats")
    return board


def name_of(signed: Root | Targets) -> NetworkName | None:
    """Return the network that metadata is signed for; None if it does not say.

    Raises:
        DocumentRefused: `board-malformed`: it says so in a way that nobody can read.
    """
    if NETWORK not in signed.unrecognized_fields:
        return None
    return _named(signed)[0]


def named_since(root: Root) -> datetime | None:
    """Return from when on a root asks what is signed to name its network; None if it never does.

    A network's first root asks for it from the beginning. One that follows upon a root that did not ask
    names the instant: what was signed before then runs out by itself, and nobody is locked out.
    """
    return _named(root)[1] if NETWORK in root.unrecognized_fields else None


def root_field(name: NetworkName, before: Root | None, at: datetime) -> dict[str, object]:
    """Return what a root says of its network.

    Args:
        name: of the network.
        before: the root that it follows upon; None for the first.
        at: now.
    """
    if before is None:
        return {NETWORK: name.to_field()}
    if NETWORK in before.unrecognized_fields:
        kept = {_SINCE} & before.unrecognized_fields[NETWORK].keys()
        return {
            NETWORK: {
                **name.to_field(),
                **{m: before.unrecognized_fields[NETWORK][m] for m in kept},
            }
        }
    return {NETWORK: {**name.to_field(), _SINCE: at.astimezone(UTC).strftime(_INSTANT)}}


def check_kept(before: Root, after: Root) -> None:
    """See to it that a root asks for names as the one before it; DocumentRefused `board-differs`."""
    if NETWORK in before.unrecognized_fields and named_since(after) != named_since(before):
        raise refused(
            "differs", f"root {after.version} asks less of what is signed for its network"
        )


def is_region(text: str) -> bool:
    """Tell whether some board may have a seat of this region: one of WHO's, or an invented one."""
    return _INVENTED_REGION.fullmatch(text) is not None


def keys_of(root: Root) -> dict[str, Key]:
    """Return the seats' keys of a root."""
    return {keyid: root.keys[keyid] for keyid in root.roles[Root.type].keyids}


def refused(code: str, why: str) -> DocumentRefused:
    """Return the refusal of a board."""
    return DocumentRefused(
        f"board-{code}", why, "no seat may act alone, and no state or region may outvote the others"
    )


def _over(region: str, times: int, cap: int) -> str:
    return f"region {region} has {times} seats, and the cap is {cap}"


def _read(field: Any) -> Board:
    try:
        if field.keys() != set(Board._fields):
            raise ValueError("members of a board")
        seats = []
        for row in field["seats"]:
            if row.keys() != set(Seat._fields) or not all(map(_is_text, row.values())):
                raise ValueError("members of a seat")
            if not CODE.fullmatch(row["holder"]) or row["name"] == SUSPEND:
                raise ValueError("a seat's holder")
            seats.append(Seat(**row))
        numbers = [field[name] for name in ("threshold", "suspend_threshold", "per_region")]
        if not _is_text(field["network"]) or any(type(number) is not int for number in numbers):
            raise ValueError("a member of a board")
        environment = Environment(field["environment"])
        return Board(field["network"], environment, tuple(seats), *numbers)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise refused("malformed", "the root does not say which seats there are") from error


def _named(signed: Root | Targets) -> tuple[NetworkName, datetime]:
    field: Any = signed.unrecognized_fields[NETWORK]
    try:
        members = {"network", "environment", *({_SINCE} if isinstance(signed, Root) else ())}
        if not {"network", "environment"} <= field.keys() <= members:
            raise ValueError("members of a network's name")
        if not _is_text(field["network"]):
            raise ValueError("a network's name")
        since = datetime.min.replace(tzinfo=UTC)
        if _SINCE in field:
            since = datetime.strptime(field[_SINCE], _INSTANT).replace(tzinfo=UTC)
        return NetworkName(field["network"], Environment(field["environment"])), since
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise refused("malformed", "it does not say for which network it is signed") from error


def _is_text(value: object) -> bool:
    if type(value) is not str or not 0 < len(value) <= _TEXT:
        return False
    return value.isprintable() and seen(value) == value
