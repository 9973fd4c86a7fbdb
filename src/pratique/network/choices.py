"""A destination's choices: which codes of a value set it recognises, and how old data may be.

    choices.json <-> Choices(value_sets, freshness)

1. A choice may only name sets that the network publishes, and codes of them: nothing is smuggled in.
2. A document that is not exactly of its format is refused whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from pratique.errors import DocumentRefused
from pratique.trust import json_text
from pratique.trust.roll import HOUR, Freshness, Sets
from pratique.trust.rows import array, text, whole

FORMAT = "pratique-choices-1"
LONGEST_HOURS = 31 * 24


class Choices(NamedTuple):
    """A destination's choices."""

    value_sets: Sets
    freshness: Freshness


def write(choices: Choices) -> bytes:
    """Write the document; ages are whole hours."""
    old, too_old = choices.freshness
    document = {
        "format": FORMAT,
        "value_sets": {name: sorted(codes) for name, codes in choices.value_sets.items()},
        "freshness_hours": {"old": old // HOUR, "too_old": too_old // HOUR},
    }
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"


def read(data: bytes, published: Mapping[str, list[str]]) -> Choices:
    """Read the document; DocumentRefused `choices-…`."""
    found = json_text.parse(data, most=json_text.OF_ONE)
    members = {"format", "value_sets", "freshness_hours"}
    if not isinstance(found, dict) or found.keys() != members or found["format"] != FORMAT:
        raise _refused("malformed", f"this is no document of the form {FORMAT}")
    try:
        hours = found["freshness_hours"]
        old, too_old = whole(hours["old"]), whole(hours["too_old"])
        if hours.keys() != {"old", "too_old"} or not 0 < old <= too_old <= LONGEST_HOURS:
            raise ValueError("hours")
        sets = {
            text(name): tuple(map(text, array(codes)))
            for name, codes in found["value_sets"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _refused("malformed", "a member is missing or of the wrong kind") from error
    for name, codes in sets.items():
        if name not in published or not set(codes) <= set(published[name]):
            raise _refused("unknown", f"{name} is no value set of the network, or has other codes")
    return Choices(sets, Freshness(old * HOUR, too_old * HOUR))


def _refused(code: str, why: str) -> DocumentRefused:
    return DocumentRefused(f"choices-{code}", f"the destination's choices were refused: {why}")
