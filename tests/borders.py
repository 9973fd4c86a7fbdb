"""A recall on its way to the borders: an invented network, its mirrors, its verifiers, a simulated clock.

    Plan -> run -> Reached, ... (when each verifier refused the lot, and what it said before and after)

1. Every verifier syncs and checks with what it holds itself; nothing is shared between them.
2. Moments are drawn from a seed, and nothing waits.
3. The recall is published when the participant signs it: what people need before that is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from pratique.compile import compiled
from pratique.rules import documents
from pratique.rules.ruleset import Destination
from pratique.snapshot import Snapshot
from pratique.verification import verify
from tests.networks import AT, Authority, State, Verifier, codes
from tests.travellers import rule

POLL = timedelta(minutes=15)
"""How often a verifier asks; the moment of its first poll is its own."""
REFRESH = timedelta(minutes=30)
"""When the online keys make a new timestamp, as they do every hour."""
LOT = 3
"""Certificates of the lot that each verifier is shown."""
PLACE = Destination("XB")
COMPLETE = {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]}


class Plan(NamedTuple):
    """What is simulated.

    Attributes:
        verifiers: how many there are.
        copying: how often each mirror copies the repository; zero for no mirrors.
        seed: of all moments.
    """

    verifiers: int
    copying: timedelta = timedelta()
    seed: int = 1


class Reached(NamedTuple):
    """What one verifier did.

    Attributes:
        minutes: from the recall to its first refusal.
        polls: it took after the recall.
        before, after: what it said of the lot, before that poll and after it: colour and findings.
        other: what it said of another lot, after it.
    """

    minutes: float
    polls: int
    before: frozenset[str]
    after: frozenset[str]
    other: frozenset[str]


class World(NamedTuple):
    """The network over its hour: what the authority served since when, and the two lots."""

    anchor: bytes
    editions: tuple[tuple[datetime, Mapping[str, bytes]], ...]
    recalled: datetime
    lot: tuple[str, ...]
    other: str


def run(plan: Plan) -> list[Reached]:
    """Simulate a recall until the last verifier refuses the lot."""
    draw = Random(plan.seed)
    world = founded(draw)
    return [_reached(world, plan, draw) for _ in range(plan.verifiers)]


def founded(draw: Random) -> World:
    """Found a network of five participants, one of which recalls a lot after 15 to 30 minutes."""
    authority = Authority()
    states = [State(f"XX{letter}", signers=2) for letter in "ABCDE"]
    states[1].rules = [documents.write(rule("VR-XB-0001", COMPLETE))]
    authority.admit(*states)
    for state in states:
        state.publish()
    lot = tuple(states[0].issue(nth=nth) for nth in range(LOT))
    other = states[0].issue(nth=LOT)
    editions = [(AT, dict(authority.files))]
    recalled = authority.now = AT + POLL + draw.randrange(int(POLL.total_seconds())) * _SECOND
    states[0].revoke(*lot)
    states[0].publish()
    editions.append((recalled, dict(authority.files)))
    authority.now = AT + REFRESH
    authority.refresh()
    editions.append((authority.now, dict(authority.files)))
    return World(authority.anchor, tuple(editions), recalled, lot, other)


_SECOND = timedelta(seconds=1)


def _reached(world: World, plan: Plan, draw: Random) -> Reached:
    post, at = Verifier(world.anchor), AT + draw.random() * POLL
    copied = AT - draw.random() * plan.copying
    while at < world.recalled:
        post.sync(_served(world, plan, copied, at), at)
        at += POLL
    polls = 0
    while True:
        before = _told(post.snapshot(), world.lot, at)
        found = post.sync(_served(world, plan, copied, at), at)
        polls += 1
        snapshot = compiled(found.view)
        after = _told(snapshot, world.lot, at)
        if after != before:
            minutes = (at - world.recalled) / timedelta(minutes=1)
            return Reached(minutes, polls, before, after, _told(snapshot, (world.other,), at))
        at += POLL


def _served(world: World, plan: Plan, copied: datetime, at: datetime) -> Mapping[str, bytes]:
    """Return what a mirror serves that copied at `copied`, and has gone on copying."""
    as_of = at - (at - copied) % plan.copying if plan.copying else at
    return [files for since, files in world.editions if since <= max(as_of, AT)][-1]


def _told(snapshot: Snapshot, texts: tuple[str, ...], at: datetime) -> frozenset[str]:
    found = [verify(text, snapshot=snapshot, at=at, place=PLACE) for text in texts]
    return frozenset(" ".join([one.verdict.colour, *codes(one)]) for one in found)
