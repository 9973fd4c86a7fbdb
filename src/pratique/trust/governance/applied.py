"""What a dossier's application says of itself, held against what is known of the participant.

    application.json, participant, environment -> read -> Applied -> failed -> Finding, ...

1. It is a stranger's document: whatever is wrong with it is a finding, and its texts are repeated only where they
   are codes.
2. Which countries are a participant's is a table; of a participant that is in no table nobody knows, and each
   country is told. The seats decide: a finding on a country is a warning, so that it is seen before they sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pratique.errors import DocumentRefused
from pratique.terms import Environment
from pratique.trust import json_text
from pratique.trust.governance.report import Finding, finding
from pratique.trust.rows import array, text

DOMAINS = frozenset({"DCC", "DDCC", "ICVP", "DICVP", "PH4H", "IPS-PILGRIMAGE"})
"""Trust domains of the world's networks, as their lists name them. What a certificate is of is DCC, DDCC, ICVP."""
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
_FORMAT = "pratique-application-1"


class Applied(NamedTuple):
    """An application, as far as it is held against something.

    Attributes:
        code: of the participant.
        kind: state, territory, organisation.
        countries: that it would sign for.
    """

    code: str
    kind: str
    countries: tuple[str, ...]
    domains: tuple[str, ...]
    environment: str


def read(data: bytes) -> Applied | None:
    """Read an application; None if it is none."""
    try:
        found: Any = json_text.parse(data)
        if found["format"] != _FORMAT:
            return None
        one = found["participant"]
        return Applied(
            text(one["code"]),
            text(one["kind"]),
            tuple(map(text, array(one["countries"]))),
            tuple(map(text, array(found["domains"]))),
            text(found["environment"]),
        )
    except (DocumentRefused, KeyError, TypeError, ValueError, AttributeError):
        return None


def failed(
    one: Applied, participant: str, environment: Environment, own: frozenset[str]
) -> Iterator[Finding]:
    """Find what an application says otherwise than it should.

    Args:
        one: the application.
        participant: whose it is to be.
        environment: for which it is to be.
        own: the countries that are known to be the participant's.
    """
    for what, found, wanted in (
        ("code", one.code, participant),
        ("environment", one.environment, environment.value),
    ):
        if found != wanted:
            shown = found if _CODE.fullmatch(found.upper()) else "another"
            yield finding("application_differs", what=what, found=shown, wanted=wanted)
    for country in sorted(set(one.countries)):
        if country not in own:
            shown = country if _CODE.fullmatch(country) else "what is no code"
            yield finding("country_foreign", country=shown, participant=participant)
    if not set(one.domains) <= DOMAINS:
        yield finding("domain_unknown")
