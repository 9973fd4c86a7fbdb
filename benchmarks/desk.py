"""What issuing at a desk costs in CPU, from the patient's "yes" to a code: the act that signs, and what stands around it.

    python -m benchmarks.desk [--rounds N]

    a served desk -> all that one person takes, from the empty form to paper -> the process's CPU time, best and median

1. CPU time of this process, the client's part in it, and no clock on the wall: what else the machine does is left out.
2. The first round opens keys, value sets and fonts; it is told apart.
3. A person's is the most that a page asks: the form is looked at after each of the clerk's keys, and the vaccine looked up
   after each letter. A page waits for a pause in the typing, and asks less.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests import issuing_desks

FORM: dict[str, Any] = {
    "kind": "vaccination",
    "person": {"surname": "Bloggs", "forename": "Jo", "birth_date": "1980-02-03"},
    "events": [
        {"product": "EU/1/20/1528", "dose": "1", "doses": "2", "given_on": "2026-11-20", "lot": "L"}
    ],
    "zone": "UTC",
    "language": "ar",
}
PASSPORT = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
]
"""The specimen of ICAO Doc 9303-4."""
SEARCH = {
    "kind": "vaccination", "field": "product", "product": "", "zone": "UTC", "language": "ar",
}  # fmt: skip
SOUGHT = "pfiz"
KEYS = 19
"""What a practised clerk presses for a person, beside the passport: counted by tests/browser/test_desk_issue.py."""


def main(rounds: int) -> None:
    """Measure, and say it."""
    spent: dict[str, list[float]] = {}
    persons: list[float] = []
    with tempfile.TemporaryDirectory() as folder, issuing_desks.serving(Path(folder)) as desk:
        clerk = desk.client()

        def act(name: str, asked: dict[str, Any]) -> Any:
            begun = time.process_time()
            answer = clerk.good(name, asked)
            spent.setdefault(name, []).append(1000 * (time.process_time() - begun))
            return answer

        for _ in range(rounds):
            begun = time.process_time()
            act("issue.today", {"zone": "UTC", "language": "ar"})
            act("issue.passport", {"lines": PASSPORT, "zone": "UTC", "language": "ar"})
            for typed in range(len(SOUGHT)):
                text = SOUGHT[: typed + 1]
                act("issue.search", SEARCH | {"text": text})
            for _key in range(KEYS):
                act("issue.check", FORM)
            digest = act("issue.read_back", FORM)["digest"]
            asked = {**FORM, "digest": digest, "request": secrets.token_hex(16)}
            text = act("issue.sign", asked)["certificates"][0]["text"]
            act("issue.sheet", {"text": text, "layout": "a4", "language": "ar"})
            persons.append(1000 * (time.process_time() - begun))
    for name, each in {**spent, "a person": persons}.items():
        print(
            f"{name:<16} first {each[0]:7.1f} ms   best {min(each):6.1f} ms   median {statistics.median(each):6.1f} ms"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=20)
    main(parser.parse_args().rounds)
