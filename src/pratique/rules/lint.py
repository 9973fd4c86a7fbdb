"""Check rules before they are published: each by itself, then all together.

    documents -> envelope -> logic -> variables -> outcomes -> versions, thresholds, ways -> Report

1. Nothing raises: whatever is wrong with a document is a remark with its place and a code.
2. An error is what must not be published; a warning is what the author should know.
3. What can be proved is an error; what was only never met in generated cases is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pratique.rules import rule as envelope
from pratique.rules.authoring.gateway import upload
from pratique.rules.authoring.logic import alone, cuts, read_logic
from pratique.rules.authoring.outcomes import remarks
from pratique.rules.authoring.remarks import Checked, Remark, error
from pratique.rules.authoring.versions import over_time
from pratique.rules.authoring.ways import clock_of, from_the_future, only_vaccination


class Report(NamedTuple):
    """What a check found.

    Attributes:
        rules: how many documents were checked.
        remarks: in the order of the rules, the whole ruleset's last.
    """

    rules: int
    remarks: tuple[Remark, ...]

    @property
    def errors(self) -> int:
        """Count what must not be published."""
        return sum(remark.error for remark in self.remarks)


class Terms(NamedTuple):
    """How to check.

    Attributes:
        compatible: let pass, and list, what existing rules read beyond the closed list.
        value_sets: name -> codes; stand-ins where there are none.
        reason: why a country takes vaccination only.
        publish_at: check the EU gateway's constraints for an upload at this instant.
        previous: documents that were published before.
    """

    compatible: bool = False
    value_sets: Mapping[str, list[str]] = {}
    reason: str = ""
    publish_at: datetime | None = None
    previous: Sequence[object] = ()


def lint(documents: Sequence[object], terms: Terms | None = None) -> Report:
    """Check parsed rules."""
    terms = terms or Terms()
    found: list[Remark] = []
    checked: list[Checked] = []
    for number, document in enumerate(documents, 1):
        said, read = _one(document, f"rule {number}", terms)
        found += said
        checked += read
    found += over_time(checked)
    found += cuts(checked)
    found += only_vaccination(checked, terms.value_sets, terms.reason)
    found += from_the_future(checked, terms.value_sets)
    found += _upload(checked, terms)
    places = {name: place for place, name in enumerate(dict.fromkeys(map(_name, documents)))}
    found.sort(key=lambda remark: places.get(remark.rule, len(places)))
    return Report(len(documents), tuple(found))


def _one(document: object, unnamed: str, terms: Terms) -> tuple[list[Remark], list[Checked]]:
    name = _name(document) or unnamed
    found = [error(name, *issue) for issue in envelope.issues(document)]
    readable = all(remark.code in envelope.FOR_PUBLISHING for remark in found)
    logic = document.get("Logic") if isinstance(document, Mapping) else None
    if not isinstance(logic, Mapping):
        return found, []
    expression, said = read_logic(name, logic, compatible=terms.compatible)
    found += said
    if expression is None or not readable:
        return found, []
    checked = Checked(envelope.read(document), expression)
    proved = list(alone(checked))
    found += proved
    if not any(remark.code == "always-the-same" for remark in proved):
        found += remarks(checked, clock_of(checked.rule.valid_from), terms.value_sets)
    return found, [checked]


def _name(document: object) -> str:
    if not isinstance(document, Mapping):
        return ""
    identifier, version = document.get("Identifier"), document.get("Version")
    if not isinstance(identifier, str) or not isinstance(version, str):
        return ""
    return f"{identifier}@{version}"[:60]


def _upload(checked: list[Checked], terms: Terms) -> Iterator[Remark]:
    if terms.publish_at is None and not terms.previous:
        return
    at = None if terms.publish_at is None else int(terms.publish_at.timestamp())
    earlier = [
        envelope.read(document)
        for document in terms.previous
        if all(one.code in envelope.FOR_PUBLISHING for one in envelope.issues(document))
    ]
    yield from upload([one.rule for one in checked], earlier, at=at)
