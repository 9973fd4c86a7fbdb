"""Generated sets of one traveller's certificates, and what must hold of each of them.

    pick -> certificates, rules, instant -> decide, asked anew with another order, one less, one twice

1. `pick` takes one of several: hypothesis (which makes failures small) or a seeded generator
   (`python -m tools.random_sets`) stand behind it alike.
2. Few days, numbers, products and countries are picked from, so that prints of one dose, doubtful
   pairs and whole courses are frequent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from pratique.authenticate import HealthCode, Verification
from pratique.decision import decide
from pratique.findings import Code, Colour, Finding, conclude
from pratique.model import Entry, Moment, Precision, Vaccination
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from tests import travellers as t

T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]

WORST_FIRST = [Colour.RED, Colour.AMBER, Colour.GREEN]
PRODUCTS = [
    t.COMIRNATY,
    t.COMIRNATY,
    t.SPIKEVAX,
    t.JANSSEN,
    "Abdala",
    "Convidecia",
    "Rabipur",
    None,
]
COUNTRIES = ["XA", "XA", "XB", "XC"]
_V = "payload.v.0"


class Traveller(NamedTuple):
    """What is shown, to whom, when."""

    shown: tuple[Verification, ...]
    rules: str
    at: datetime


def _course(products: tuple[str | None, ...] = ()) -> list[Rule]:
    v, r = _V, "payload.r.0"
    full = {">=": [{"var": f"{v}.dn"}, {"var": f"{v}.sd"}]}
    boosted = {">": [{"var": f"{v}.dn"}, {"var": f"{v}.sd"}]}
    late = {"if": [boosted, True, *t.clock(f"{v}.dt", "day", None, 270)]}
    accepted = {"in": [{"var": f"{v}.mp"}, [name for name in products or PRODUCTS if name]]}
    return [
        t.rule("VR-XU-0001", full),
        t.rule("VR-XU-0002", *t.clock(f"{v}.dt", "day", 14, None)),
        t.rule("VR-XU-0003", late),
        t.rule("VR-XU-0004", accepted),
        t.rule("RR-XU-0001", {"and": t.clock(f"{r}.fr", "day", 11, 180)}),
    ]


def _odd() -> list[Rule]:
    # Rules that like no more than they ask for: two of one exactly, three of two, a first dose.
    v = _V
    pairs = [[2, 1], [3, 2], [1, 3]]
    liked = [
        {"and": [{"===": [{"var": f"{v}.dn"}, dn]}, {"===": [{"var": f"{v}.sd"}, sd]}]}
        for dn, sd in pairs
    ]
    return [
        t.rule("VR-XU-0001", {"!": [{"and": [{"!": [one]} for one in liked]}]}),
        t.rule("VR-XU-0002", *t.clock(f"{v}.dt", "day", None, 400)),
    ]


SNAPSHOTS: dict[str, Snapshot] = {
    name: t.snapshot(rules, ruleset=Ruleset(rules))
    for name, rules in {
        "utopia": t.utopia(),
        "boosters": _course(),
        "products": _course((t.COMIRNATY, "Abdala", "Rabipur")),
        "odd": _odd(),
    }.items()
}


def traveller(pick: Pick, *, most: int = 5) -> Traveller:
    """Return one to `most` certificates of one person."""
    shown: list[Verification] = []
    for _ in range(pick(range(1, most + 1))):
        if shown and pick(range(3)) == 0:
            shown.append(reprint(pick(shown), pick))
        else:
            shown.append(_certificate(pick))
    days = pick([0, 0, 0, 15, 60, 200, 300])
    return Traveller(tuple(shown), pick(list(SNAPSHOTS)), t.NOON + timedelta(days=days))


def _certificate(pick: Pick) -> Verification:
    kind = pick(["dose"] * 7 + ["recovery", "recovery", "test"])
    entry: Entry
    if kind == "dose":
        entry = _dose(pick)
    elif kind == "recovery":
        entry = t.recovery(_day(pick))
    else:
        entry = t.sample(t.NOON - timedelta(hours=pick([1, 30, 80])))
    more = (_dose(pick),) if kind == "dose" and pick(range(8)) == 0 else ()
    return _shown(pick, entry, *more)


def _dose(pick: Pick) -> Vaccination:
    needed = pick([1, 2, 2, 2, 3])
    number = pick([1, 1, 2, 2, 3])
    made = t.dose(_day(pick), number, needed, pick(PRODUCTS))
    if pick(range(20)) == 0:
        made = made._replace(dose=None, doses=pick([None, needed]))
    return made._replace(country=pick(COUNTRIES), identifier=str(pick(range(100))))


def _day(pick: Pick) -> str:
    months = date(2021, 3, 1) + timedelta(days=30 * pick(range(13)))
    return str(months + timedelta(days=pick([0, 0, 1, 2, 13, 14, 15])))


def _shown(pick: Pick, *entries: Entry) -> Verification:
    found = t.shown(
        entries[0],
        entries=entries,
        issuer=pick(COUNTRIES) if isinstance(entries[0], Vaccination) else "XA",
        issued_at=1_600_000_000 + pick([0, 1]),
        expires_at=pick([1_800_000_000, 1_650_000_000, 1_660_000_000]),
    )
    if pick(range(12)) == 0:
        found = found._replace(verdict=conclude([Finding(Code.SCA_DEAD), Finding(Code.NO_RULES)]))
    return found


CORRECTED = ["nothing", "day", "day", "month", "product"]


def reprint(one: Verification, pick: Pick, corrected: Sequence[str] = CORRECTED) -> Verification:
    """Return a later print of the same: a renewal, or a correction of one thing about a dose.

    A correction of the day may be of days, or of a month or year that was mistyped.
    """
    assert one.certificate is not None
    entry = one.certificate.entries[0]
    if isinstance(entry, Vaccination) and entry.given is not None:
        entry = entry._replace(identifier=str(pick(range(100, 200))))
        what = pick(corrected)
        if what in {"day", "month"}:
            step = pick([1, 2, 7, 13]) if what == "day" else pick([14, 30, 31, 365])
            given = entry.given
            assert given is not None
            moved = given.day() + timedelta(days=step * pick([-1, 1]))
            entry = entry._replace(given=Moment(Precision.DAY, moved))
        elif what == "product":
            entry = entry._replace(product=pick(PRODUCTS))
    certificate = one.certificate._replace(
        entries=(entry, *one.certificate.entries[1:]),
        issued_at=1_600_000_002,
        expires_at=pick([1_800_000_000, 1_660_000_000]),
    )
    return one._replace(certificate=certificate)


def decided(
    one: Traveller, shown: Sequence[Verification] | None = None, *, look_ahead: bool = False
) -> HealthCode:
    """Return the health code at Utopia; what is over at the instant is refused, as `verify` does."""
    second = int(one.at.timestamp())
    found = [
        each._replace(verdict=conclude([Finding(Code.EXPIRED, "exp")]))
        if each.certificate is not None and (each.certificate.expires_at or 0) < second
        else each
        for each in (one.shown if shown is None else shown)
    ]
    return decide(
        found, snapshot=SNAPSHOTS[one.rules], place=t.UTOPIA, at=one.at, look_ahead=look_ahead
    )


def disorder(
    one: Traveller, pick: Pick, straight: HealthCode | None = None, *, look_ahead: bool = False
) -> Iterator[str]:
    """Yield what depends on the order in which certificates are shown."""
    left, other = list(one.shown), []
    while left:
        other.append(left.pop(pick(range(len(left)))))
    straight = straight or decided(one, look_ahead=look_ahead)
    mixed = decided(one, other, look_ahead=look_ahead)
    if straight._replace(because=()) != mixed._replace(because=()):
        yield "order: another code"
    if _whatever_number(straight) != _whatever_number(mixed):
        yield "order: other reasons"


def _whatever_number(code: HealthCode) -> set[Finding]:
    # A certificate that was left out is told by its number among those shown.
    return {
        finding._replace(where="") if finding.code is Code.CERTIFICATE_LEFT_OUT else finding
        for finding in code.because
    }


def loss(
    one: Traveller, pick: Pick, after: HealthCode | None = None, *, look_ahead: bool = False
) -> Iterator[str]:
    """Yield what all certificates lose of what one less would give."""
    without = pick(range(len(one.shown)))
    fewer = [each for place, each in enumerate(one.shown) if place != without]
    if not fewer:
        return
    before = decided(one, fewer, look_ahead=look_ahead)
    after = after or decided(one, look_ahead=look_ahead)
    if WORST_FIRST.index(after.colour) < WORST_FIRST.index(before.colour):
        yield f"more proof: {before.colour} became {after.colour}"
    if not look_ahead:
        return
    if before.colour is Colour.GREEN:
        if (after.from_ or 0) > (before.from_ or 0):
            yield "more proof: green begins later"
        if after.until is not None and (before.until is None or after.until < before.until):
            yield "more proof: green ends earlier"
    elif (
        before.from_ is not None
        and after.colour is not Colour.GREEN
        and (after.from_ is None or after.from_ > before.from_)
    ):
        yield "more proof: the next green begins later"


def one_dose(pick: Pick) -> Traveller:
    """Return one dose, printed several times: renewed, and corrected.

    Not both in its product and in its month: then two prints have nothing in common but a number.
    """
    first = _shown(pick, _dose(pick))
    corrected = pick([[w for w in CORRECTED if w != left] for left in ("month", "product")])
    shown = [first, *(reprint(first, pick, corrected) for _ in range(pick([1, 1, 2, 3, 4])))]
    days = pick([0, 15, 60, 200])
    return Traveller(tuple(shown), pick(list(SNAPSHOTS)), t.NOON + timedelta(days=days))


def gain(one: Traveller) -> Iterator[str]:
    """Yield that several prints of one dose are green where no single one is."""
    if decided(one).colour is Colour.GREEN and all(
        decided(one, [each]).colour is not Colour.GREEN for each in one.shown
    ):
        yield "one dose printed several times: green"
