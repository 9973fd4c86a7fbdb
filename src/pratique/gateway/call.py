"""A request of a caller who is known, as the endpoints get it.

Each endpoint is a function of its own:

    endpoint(call, box) -> Answer; Refusal ends it, and nothing of it is kept

`box` is a `MailboxReading` for what only reads, a `Mailbox` for all else; checks and change are one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.gateway.mailbox import Party
from pratique.gateway.wire import Profile, WireRequest

DOMAINS = ("DCC", "DDCC", "DICVP", "DIVOC", "ICVP", "IPS-PILGRIMAGE", "PH4H", "SHC")
"""Domains that a new gateway takes; its settings may name others (WHO's gateway: `allowedDomains`)."""
PROPERTIES = (
    "purpose", "usergroup", "scope", "standard", "displayName", "displayLogo", "validFrom", "validUntil", "pubkey",
    "displayURL",
)  # fmt: skip
"""Names of properties of a trusted certificate."""


class Settings(NamedTuple):
    """What whoever runs a gateway has chosen for it.

    Attributes:
        most_entries, most_rules, most_batches: of a country, living at a time; whoever is onboarded, or has an upload
            key that was stolen, could fill the disk otherwise. The largest countries have had some hundreds of signers.
    """

    profile: Profile = Profile.COMPATIBLE
    domains: tuple[str, ...] = DOMAINS
    properties: tuple[str, ...] = PROPERTIES
    most_entries: int = 2_000
    most_rules: int = 2_000
    most_batches: int = 100_000


class Call(NamedTuple):
    """A request, and who makes it.

    Attributes:
        caller: the onboarded TLS certificate (group AUTHENTICATION).
        rest: what the path has behind the endpoint's own name, its parts: ("DSC", "DE") of /trustList/DSC/DE.
    """

    request: WireRequest
    caller: Party
    settings: Settings
    rest: tuple[str, ...] = ()

    @property
    def country(self) -> str:
        """Return the caller's country."""
        return self.caller.country

    @property
    def at(self) -> int:
        """Return now, seconds since the epoch."""
        return self.request.at
