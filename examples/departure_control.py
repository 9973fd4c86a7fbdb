"""A connector: a departure control system's export -> the list that `pratique manifest check` reads.

    python3 departure_control.py EXPORT | pratique manifest check - --ports ports.csv

    SEQ;SEAT;PNR;PAX;TTL;DOB;ROUTE;CODES          the export: a header, then a passenger a line
    PAX    MUELLER/HANSMR                         surname, given names, and the title glued to them, as in a PNR
    TTL    MR                                     that title, so that it is not guessed where a name ends
    DOB    03FEB80
    ROUTE  CDG 22NOV26 1840/FRA 23NOV26 0810      each port, and when it is reached by its own clock
    CODES  HC1:... | HC1:...                      texts of codes, as passengers have uploaded them; may be empty

1. It holds nothing: each line goes out as one line of JSON. A line that cannot be read goes out with what was read, and
   is then for the desk; none is lost.
2. Change it to what your system exports. It needs nothing but Python.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

COLUMNS = ("SEQ", "SEAT", "PNR", "PAX", "TTL", "DOB", "ROUTE", "CODES")


def passengers(export: TextIO) -> Iterator[dict[str, object]]:
    """Yield each passenger as `pratique manifest check` reads one."""
    names = next(export, "").strip().split(";")
    for line in export:
        if not line.strip():
            continue
        cells = dict(zip(names, line.rstrip("\r\n").split(";", len(names) - 1), strict=False))
        surname, _, given = cells.get("PAX", "").partition("/")
        yield {
            "reference": f"{cells.get('PNR', '')}-{cells.get('SEQ', '')}",
            "seat": cells.get("SEAT", ""),
            "surname": surname.strip(),
            "forename": given.strip().removesuffix(cells.get("TTL", "")).strip(),
            "birth_date": cells.get("DOB", ""),
            "codes": [code.strip() for code in cells.get("CODES", "").split("|") if code.strip()],
            "legs": list(legs(cells.get("ROUTE", ""))),
        }


def legs(route: str) -> Iterator[dict[str, str]]:
    """Yield where a route leads, and when: what cannot be read goes on as it is, and is told of."""
    for leg in filter(None, map(str.strip, route.split("/"))):
        port, _, when = leg.partition(" ")
        try:
            arrival = datetime.strptime(when, "%d%b%y %H%M").isoformat()  # noqa: DTZ007 - the port's clock
        except ValueError:
            arrival = when
        yield {"destination": port, "arrival": arrival}


def main() -> int:
    """Read the export that is named, or standard input; write JSON lines."""
    with open(sys.argv[1], encoding="utf-8") if sys.argv[1:] else sys.stdin as export:  # noqa: PTH123
        for passenger in passengers(export):
            sys.stdout.write(json.dumps(passenger, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
