"""A large invented network to measure with: many participants, each with signers, rules and a list.

    Size -> build -> Network(authority, states) -> republish(network, some states) -> authority.files

1. Keys, signatures, X.509 certificates and lists are real; states, rules and who is revoked are invented.
2. Editions of many participants are published in one go: one after the other, building the network
   would take longer than measuring it.
"""

from __future__ import annotations

import random
from collections import ChainMap
from collections.abc import Sequence
from datetime import datetime
from itertools import cycle, islice, product
from string import ascii_uppercase
from typing import NamedTuple

from pratique.network import metadata as network_metadata
from pratique.network import proposal as network_proposal
from pratique.network.proposal import Proposal
from pratique.rules import documents
from pratique.rules.rule import Rule
from pratique.trust import countries
from tests import travellers
from tests.networks import WIDTH, Authority, State


class Size(NamedTuple):
    """How large a network is.

    Attributes:
        participants: how many there are.
        signers: document signer certificates of each.
        revoked: certificates on the list of revocations of each.
    """

    participants: int = 200
    signers: int = 4
    revoked: int = 1_000


class Network(NamedTuple):
    """An authority, and the states that take part."""

    authority: Authority
    states: tuple[State, ...]


def build(size: Size, at: datetime) -> Network:
    """Found a network of 9 seats, 5 of which must sign, and of participants with 3 keys, 2 of 3."""
    authority = Authority(at=at)
    places = islice(cycle(_places()), size.participants)
    states = tuple(
        State(f"X{number:04}", place, signers=size.signers, at=at)
        for number, place in enumerate(places)
    )
    authority.admit(*states)
    draw = random.Random(1)
    for state in states:
        state.rules = [documents.write(rule) for rule in _rules(state.country)]
        state.revoke_tags(state.kid(), draw.sample(range(1 << WIDTH), size.revoked))
    found = Network(authority, states)
    republish(found, states)
    return found


def republish(network: Network, states: Sequence[State]) -> None:
    """Publish the next editions of some of the states, with what they hold now."""
    current, now = network.authority.view, network.authority.now
    drafted = [
        network_proposal.role(current, now, state.code, state.contents()) for state in states
    ]
    own = {state.code: state.roles[:2] for state in states}
    for proposal in drafted:
        for code, metadata in proposal.metadata.items():
            for key in own[code]:
                network_metadata.sign(metadata, key)
    network.authority.accept(
        Proposal(
            "editions",
            dict(ChainMap(*(dict(proposal.metadata) for proposal in drafted))),
            dict(ChainMap(*(dict(proposal.files) for proposal in drafted))),
        )
    )


def _places() -> list[str]:
    """Return codes of two letters that are no country's."""
    pairs = map("".join, product(ascii_uppercase, repeat=2))
    return [pair for pair in pairs if countries.code(pair) is None]


def _rules(country: str) -> list[Rule]:
    return [
        rule._replace(identifier=rule.identifier.replace("-XU-", f"-{country}-"), country=country)
        for rule in travellers.utopia()
    ]
