"""Verify hostile inputs one by one, and keep time and faults.

inputs -> Trial -> verify -> is it a Verification of the closed list? how long did it take?
"""

from __future__ import annotations

import time
import traceback
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pratique.findings import Code, Colour, Severity
from pratique.parties import conformance
from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.verification import Verification, verify
from tools.mutate import Hostile
from tools.vectors import keys

AGAIN = 5_000_000
"""Nanoseconds after which an input is timed once more, and the lesser time counts."""
AT = datetime.fromtimestamp(keys.NOON, UTC)


def snapshot() -> Snapshot:
    """Return the kit's snapshot."""
    return conformance.snapshot(keys.KIT / "signers.json", Environment.PRODUCTION)


class Trial:
    """Runs inputs and remembers what came of them.

    Attributes:
        spent: processor time of each input, in nanoseconds: other work on the machine does not count.
        codes: how often each code was found.
        faults: inputs that did what no input may, with what they did.
    """

    def __init__(self, held: Snapshot | None = None) -> None:
        self.held = snapshot() if held is None else held
        self.spent = array("Q")
        self.codes: Counter[Code] = Counter()
        self.layers: Counter[str] = Counter()
        self.faults: list[tuple[Hostile, str]] = []

    def run(self, inputs: Iterable[Hostile]) -> Iterator[int]:
        """Verify each input; yield how many were."""
        for count, one in enumerate(inputs, 1):
            self.layers[one.layer] += 1
            start = time.thread_time_ns()
            try:
                found = verify(one.text, snapshot=self.held, at=AT)
            except Exception:  # noqa: BLE001 - any exception is what is looked for
                self.faults.append((one, traceback.format_exc()))
                continue
            spent = time.thread_time_ns() - start
            if spent > AGAIN:
                # What others leave in the caches, and a collection of garbage, are no text's doing.
                start = time.thread_time_ns()
                verify(one.text, snapshot=self.held, at=AT)
                spent = min(spent, time.thread_time_ns() - start)
            self.spent.append(spent)
            if reason := wrong(found):
                self.faults.append((one, reason))
            self.codes.update(finding.code for finding in found.verdict.findings)
            yield count

    def quantile(self, part: float) -> float:
        """Return a quantile of the time spent, in milliseconds."""
        ordered = sorted(self.spent)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] / 1e6


def wrong(found: object) -> str:
    """Say what is wrong with an outcome; "" if nothing is."""
    if not isinstance(found, Verification):
        return f"not a Verification: {type(found).__name__}"
    verdict = found.verdict
    if not all(type(finding.code) is Code for finding in verdict.findings):
        return "a finding is not of the closed list"
    if not all(finding.where.isascii() and len(finding.where) < 48 for finding in verdict.findings):
        return "a finding repeats content"
    severities = {finding.code.severity for finding in verdict.findings}
    if verdict.colour is Colour.GREEN:
        return "GREEN without rules"
    if (verdict.colour is Colour.RED) is not (Severity.ERROR in severities):
        return "the colour is not that of the findings"
    if found.certificate is None and not severities & {Severity.ERROR, Severity.WARNING}:
        return "nothing was read, and nothing is said about it"
    return ""
