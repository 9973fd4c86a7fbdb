"""Decide over random sets of certificates, and count what must never be.

    python -m tools.random_sets [--sets N] [--seed S] [--ahead E] [--control]

    seeded sets of prints -> decide -> in another order, with one less, with one dose printed again

1. Every `--ahead`-th set is asked from when until when too, which costs a hundred times as much.
2. `--control` counts as the project once did, by days and in the order shown, and has to find
   violations of every kind: a check that cannot fail shows nothing.
3. Exit: 0 if nothing is found (with --control: if every kind is), else 1.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from unittest.mock import patch

from pratique.assess import Counted
from pratique.findings import Colour
from pratique.model import Entry, HealthCertificate, Recovery, Vaccination
from tests import sets

KINDS = ("order:", "more proof:", "one dose printed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the sets, ask, count, print."""
    parser = argparse.ArgumentParser(prog="tools.random_sets", description=__doc__.split("\n")[0])
    parser.add_argument("--sets", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--ahead", type=int, default=50, help="every how many, from when until when"
    )
    parser.add_argument("--control", action="store_true", help="count as the project once did")
    given = parser.parse_args(arguments)
    if not given.control:
        colours, found = run(given.sets, given.seed, given.ahead)
        print(f"{given.sets} sets, seed {given.seed}: {_told(colours)}")
        print(f"violations: {_told(found)}")
        return 1 if found else 0
    with counted_by_days():
        colours, found = run(given.sets, given.seed, given.ahead)
    print(f"control, {given.sets} sets, seed {given.seed}: {_told(colours)}")
    print(f"violations: {_told(found)}")
    return 0 if all(any(one.startswith(kind) for one in found) for kind in KINDS) else 1


def run(number: int, seed: int, ahead: int) -> tuple[Counter[str], Counter[str]]:
    """Return the colours of the sets, and how often each violation was met."""
    rng = random.Random(seed)  # noqa: S311 - no secret: the same seed makes the same sets
    colours, found = Counter[str](), Counter[str]()
    for index in range(number):
        look_ahead = ahead > 0 and index % ahead == 0
        one = sets.traveller(rng.choice)
        code = sets.decided(one, look_ahead=look_ahead)
        colours[code.colour.value] += 1
        found.update(sets.disorder(one, rng.choice, code, look_ahead=look_ahead))
        found.update(sets.loss(one, rng.choice, code, look_ahead=look_ahead))
        again = sets.one_dose(rng.choice)
        if sets.decided(again).colour is not Colour.GREEN:
            colours["one dose printed again, not green"] += 1
        else:
            colours["one dose printed again, green as one print is"] += 1
            found.update(sets.gain(again))
        colours["asked from when until when"] += look_ahead
    return colours, found


@contextmanager
def counted_by_days() -> Iterator[None]:
    """Count events by disease and day, two of which are a course, and keep the order shown."""
    numbers = itertools.count()

    def as_shown(_claim: object) -> tuple[str]:
        return (f"{next(numbers):09d}",)

    with (
        patch("pratique.assess.courses", by_days),
        patch("pratique.decision._key", as_shown),
    ):
        yield


def by_days(prints: Sequence[tuple[HealthCertificate, Entry]]) -> list[Counted]:
    """Return the last dose, counted as the project did until it counted surely different doses."""
    doses: dict[tuple[str | None, date], int] = {}
    ill: list[tuple[str | None, date]] = []
    for index, (_, entry) in enumerate(prints):
        if isinstance(entry, Vaccination) and entry.given:
            doses.setdefault((entry.disease, entry.given.day()), index)
        elif isinstance(entry, Recovery) and entry.first_positive:
            ill.append((entry.disease, entry.first_positive.last))
    if len(prints) < 2 or not doses:
        return []
    disease, last_day = max(doses, key=lambda key: (key[1], str(key[0])))
    of_it = sorted(day for sick, day in doses if sick == disease)
    recovered = any(sick == disease and day <= last_day for sick, day in ill)
    if len(of_it) + recovered < 2:
        return []
    which = doses[disease, last_day]
    entry, first = prints[which][1], prints[doses[disease, of_it[0]]][1]
    assert isinstance(entry, Vaccination)
    assert isinstance(first, Vaccination)
    printed = entry.dose or 1
    one = recovered or first.product in {"EU/1/20/1525", "Convidecia", "Sputnik-Light"}
    needed = 1 if one or (entry.doses == 1 and printed > 1) else 2
    return [Counted(which, max(len(of_it), printed), needed)]


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
