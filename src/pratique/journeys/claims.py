"""Whose certificates are these, and what do they claim, one by one and together?

    Verification, ... -> authentic -> same holder -> a claim for each entry, and for each course

1. What was refused claims nothing; what is in doubt, or of an unclear holder, carries its doubts.
2. The person is the one whom the first authentic certificate is about; another's is left out.
3. Who is the same as one who is the same, is the same: the order of the others does not matter.
4. A finding about a holder names the certificate by its number among those handed in.
5. In whatever order they are shown, the claims come in one order, each of them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from pratique.findings import Code, Weight
from pratique.journeys.assess import Claim, claims_of_one, courses_of, without_no_rules
from pratique.journeys.conclude import Verification
from pratique.journeys.holders import Likeness, likeness
from pratique.model import Entry, Moment, Person, Recovery, Test, Vaccination
from pratique.verdict import Finding

Doubted = tuple[Claim, tuple[Finding, ...]]
"""A claim, and what is in doubt about its certificate or its holder."""


class Claims(NamedTuple):
    """What is put before the rules.

    Attributes:
        printed: each entry of each certificate.
        counted: the doses among them, as courses count them.
        notes: what was noted on the way.
    """

    printed: tuple[Doubted, ...]
    counted: tuple[Doubted, ...]
    notes: tuple[Finding, ...]

    def certain(self) -> list[Claim]:
        """Return what is printed and in no doubt."""
        return [claim for claim, doubts in self.printed if not doubts]


def claims_of(found: Sequence[Verification]) -> Claims:
    """Return the claims of the person whom the first authentic certificate is about."""
    usable = list(_usable(found))
    printed: list[Doubted] = []
    notes: list[Finding] = []
    alike = _alike([person for _, person, _, _ in usable])
    for (number, _, one, its), same in zip(usable, alike, strict=True):
        doubts = its
        if same is Likeness.DIFFERENT:
            notes.append(Finding(Code.HOLDER_DIFFERENT, f"certificate {number}"))
            continue
        if same is Likeness.UNCLEAR:
            doubts = (*doubts, Finding(Code.HOLDER_UNCLEAR, f"certificate {number}"))
        printed += [(claim, doubts) for claim in claims_of_one(one)]
    if len(printed) > 1:
        once = {_key(one): one for one in reversed(printed)}
        printed = [once[key] for key in sorted(once)]
    return Claims(tuple(printed), tuple(_counted(printed)), tuple(notes))


def _usable(
    found: Sequence[Verification],
) -> Iterator[tuple[int, Person, Verification, tuple[Finding, ...]]]:
    for number, one in enumerate(found, 1):
        findings = without_no_rules(one)
        if one.certificate is None or any(f.code.weight is Weight.FAULT for f in findings):
            continue
        doubts = tuple(f for f in findings if f.code.weight is Weight.DOUBT)
        yield number, one.certificate.person, one, doubts


def _alike(persons: Sequence[Person]) -> list[Likeness]:
    """Return how like the first of them each is, by itself or through others who are the same."""
    alike = [Likeness.SAME if i == 0 else likeness(persons[0], p) for i, p in enumerate(persons)]
    waiting = [i for i, found in enumerate(alike) if i and found is Likeness.SAME]
    while waiting:
        known = persons[waiting.pop()]
        for i, found in enumerate(alike):
            if found is Likeness.UNCLEAR and likeness(known, persons[i]) is Likeness.SAME:
                alike[i] = Likeness.SAME
                waiting.append(i)
    return alike


def _counted(printed: Sequence[Doubted]) -> Iterator[Doubted]:
    for claim in courses_of([claim for claim, doubts in printed if not doubts]):
        yield claim, ()
    doubts = tuple(dict.fromkeys(finding for _, found in printed for finding in found))
    if doubts:
        # A course of which a part is in doubt is open; it is not refused.
        for claim in courses_of([claim for claim, _ in printed]):
            yield claim, doubts


def _key(one: Doubted) -> tuple[str, ...]:
    # All that rules, checks and findings can read of a claim: equal keys, equal answers.
    (kind, entries, certificate, signer, _), doubts = one
    fields = (getattr(certificate, name) for name in certificate._fields if name not in _APART)
    keys = () if signer is None else (signer.thumbprint, signer.kid.hex(), signer.not_after)
    return (
        _latest_first(entries[0]),
        str(len(doubts)),
        kind.value,
        *(_text(value) for value in entries[0]),
        *(_text(value) for value in (*fields, certificate.person.birth_date, *keys)),
        # A certificate that was handed in twice is one, whichever its number.
        *(f"{d.code.name} {'' if d.code is Code.HOLDER_UNCLEAR else d.where}" for d in doubts),
    )


_APART = {"person", "entries", "payload"}


def _latest_first(entry: Entry) -> str:
    if isinstance(entry, Vaccination):
        event = entry.given
    elif isinstance(entry, Recovery):
        event = entry.first_positive
    else:
        event = entry.sampled if isinstance(entry, Test) else entry.valid_from
    return f"{date.max.toordinal() - (0 if event is None else event.day().toordinal()):07d}"


def _text(value: object) -> str:
    return f"{value.precision} {value.text()}" if isinstance(value, Moment) else str(value)
