"""What a network says of whoever signed, and how old it is.

1. Each case names the network that it is judged with; the text is a good one.
"""

from __future__ import annotations

from typing import Any

from tools.vectors import content, keys
from tools.vectors.cases import GOOD, Case, Cases, Outcome, amber, instant, red
from tools.vectors.layers import claims, text

FILE = "networks.json"
HOUR = 3600
TEXT = claims(content.vaccinated())


def _participant(**changes: Any) -> dict[str, Any]:
    expires = instant(keys.NOON + 7 * keys.DAY)
    return {"expires": expires, "problem": "", "suspensions": [], "withdrawn": []} | changes


def _suspended(since: int, until: int) -> dict[str, Any]:
    row = {"since": instant(since), "until": instant(until), "reason": "keys-stolen"}
    return _participant(suspensions=[row])


def _network(published: int, own: dict[str, Any], **other: dict[str, Any]) -> dict[str, Any]:
    return {"published": instant(published), "participants": {"XXU": own, **other}}


NOON = keys.NOON
LAPSED = {"expires": instant(NOON)}


def documents() -> dict[str, Any]:
    """Return the networks by name."""
    own = _participant()
    return {
        "fresh": _network(NOON - HOUR, own),
        "two-days-old": _network(NOON - 48 * HOUR, own),
        "older": _network(NOON - 48 * HOUR - 1, own),
        "a-week-old": _network(NOON - 7 * keys.DAY, own),
        "too-old": _network(NOON - 7 * keys.DAY - 1, own),
        "of-later": _network(NOON + 301, own),
        "of-soon": _network(NOON + 300, own),
        "suspended": _network(NOON - HOUR, _suspended(NOON, NOON + 1)),
        "was-suspended": _network(NOON - HOUR, _suspended(NOON - HOUR, NOON)),
        "other-suspended": _network(NOON - HOUR, own, XXA=_suspended(NOON, NOON + 1)),
        "lapsed": _network(NOON - HOUR, _participant(**LAPSED)),
        "other-lapsed": _network(NOON - HOUR, own, XXA=_participant(**LAPSED)),
        "broken": _network(NOON - HOUR, _participant(problem="network-differs")),
        "withdrawn": _network(NOON - HOUR, _participant(withdrawn=["utopia-vaccination"])),
        "other-withdrawn": _network(NOON - HOUR, _participant(withdrawn=["utopia-test"])),
    }


def _case(name: str, network: str, title: str, why: str, expected: Outcome) -> Case:
    made = text(TEXT, by="utopia-vaccination")
    return Case(f"network/{name}", title, why, made, expected, network=network)


def network_cases() -> Cases:
    """Make the cases of `network`."""
    soft = "old data is told, and stops nobody's verifier"
    floor = "the network's signed time is a floor under the clock"
    brake = "a suspension puts a state's certificates in doubt, between two instants"
    alone = "one participant's fault is no other's"
    yield _case("fresh", "fresh", "it was published an hour ago", soft, GOOD)
    yield _case("two-days", "two-days-old", "it is 48 hours old", soft, GOOD)
    yield _case("older", "older", "it is a second older", soft, amber("DATA_OLD", "NO_RULES"))
    week = amber("DATA_OLD", "NO_RULES")
    yield _case("a-week", "a-week-old", "it is seven days old", soft, week)
    older = amber("DATA_TOO_OLD", "NO_RULES")
    yield _case("too-old", "too-old", "it is a second older than that", soft, older)
    behind = amber("CLOCK_BEHIND", "NO_RULES")
    yield _case("clock-behind", "of-later", "it was published after now", floor, behind)
    yield _case("clock-slack", "of-soon", "by five minutes at most", floor, GOOD)
    suspended = amber("NO_RULES", "PARTICIPANT_SUSPENDED")
    yield _case("suspended", "suspended", "its issuer is suspended", brake, suspended)
    yield _case("was-suspended", "was-suspended", "it was, until now", brake, GOOD)
    yield _case("other-suspended", "other-suspended", "another state is", alone, GOOD)
    lapsed = amber("NO_RULES", "PARTICIPANT_LAPSED")
    yield _case(
        "lapsed",
        "lapsed",
        "its issuer's edition ends now",
        "what a participant says lasts some days: lapsed is computed, never set",
        lapsed,
    )
    yield _case("other-lapsed", "other-lapsed", "another state's does", alone, GOOD)
    broken = amber("NO_RULES", "PARTICIPANT_UNVERIFIABLE")
    yield _case("broken", "broken", "its issuer's newest is damaged here", soft, broken)
    gone = red("SIGNER_WITHDRAWN")
    why = "a stolen key's certificates cannot be told from its owner's"
    yield _case("withdrawn", "withdrawn", "its signing key was withdrawn", why, gone)
    yield _case("other-withdrawn", "other-withdrawn", "another key of it was", why, GOOD)
