"""A gateway and the network: what is synced goes onto the wire, and what a back end uploaded goes into an edition.

    out  what `pratique sync` holds -> checked anew -> projection.project -> one transaction -> Projection
    in   DIR | URL -> /trustList/certificate, /rules/CC -> uploads.taken -> EditionChange.uploaded

    DIR/network.json: which network is shown, and of when

1. No key of the gateway's takes part: out goes what participants have signed, in comes what the participant's own
   upload key has signed, and its own k keys sign the edition that it becomes.
2. A gateway in a folder of this machine is asked as one elsewhere is: by the same paths, and believed as little.
3. A gateway shows one network, and nothing older than it has shown: a signer that was withdrawn since would come back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlencode

from pratique import strict_json
from pratique.errors import DocumentRefused, ExtraMissing, UsageError
from pratique.gateway import client, endpoints, uploads
from pratique.gateway.call import Call, Settings
from pratique.gateway.mailbox import CertificateGroup, Mailbox
from pratique.gateway.projection import Projection, PublishedNetwork, Unkept
from pratique.gateway.uploads import CheckedUploads
from pratique.gateway.wire import WireAnswer, WireRequest
from pratique.network.view import View
from pratique.parties import participant, proposals
from pratique.store import files, sources
from pratique.store.gateway_client import Connection
from pratique.store.keys import Secret
from pratique.text import printable, rfc3339

if TYPE_CHECKING:
    # Who only asks a gateway needs no database.
    from pratique.store.gateway.mailbox import GatewayStore

NETWORK, NETWORK_FORMAT = "network.json", "pratique-gateway-network-1"
"""In a gateway's folder: which network it shows."""

Ask = Callable[[str, str], bytes]
"""Asks a gateway: path, query -> the body of what it answers."""


@contextmanager
def opened(folder: Path) -> Iterator[tuple[GatewayStore, Settings]]:
    """Open the gateway of a folder. ExtraMissing `gateway`; Unreadable `no-gateway`, `gateway-…`."""
    try:
        from pratique.parties import gateway  # noqa: PLC0415 - needs an extra
    except ImportError as error:
        raise ExtraMissing("gateway", "a gateway in a folder") from error

    there = gateway.open_gateway(folder)
    with closing(there.store):
        yield there.store, there.settings


class ShownNetwork(NamedTuple):
    """The network that a gateway shows, and when what it shows of it was published; seconds since the epoch."""

    network: str
    published: int


def shown_network(folder: Path) -> ShownNetwork | None:
    """Return the network that the gateway of a folder shows; None before its first update. DocumentRefused `gateway-network`."""
    path = folder / NETWORK
    if not path.exists():
        return None
    refused = partial(_damaged, path)
    return strict_json.document(sources.read_bytes(path), ShownNetwork, NETWORK_FORMAT, refused)


def _damaged(path: Path, why: str) -> DocumentRefused:
    return DocumentRefused(
        "gateway-network",
        f"{path}: it is damaged: {why}",
        "without it the next update notes it anew",
    )


def update(
    folder: Path, home: Path | None, *, at: datetime, clock: Callable[[], float] = time.time
) -> Projection:
    """Bring the gateway of a folder to what was synced into a home folder, one country after the other.

    Signatures are checked while nobody waits; where nothing changes nothing is written, and no writer kept waiting.

    Raises:
        UsageError: `no-network`: nothing was synced. `network-other`, `network-older` than what it shows.
    """
    known = proposals.known(None, home)
    if known is None:
        raise UsageError(
            "no-network", "no network is known here", "pratique sync SOURCE --root root.json"
        )
    network = known.view
    with opened(folder) as (store, _):
        _note_network(folder, network)
        published = PublishedNetwork(network, at=int(at.timestamp()))
        with store.reading() as box:
            countries = published.countries(box)

        def shown(country: str) -> Projection:
            with store.reading() as box:
                unkept = Unkept(box)
                mailbox: Mailbox = cast("Mailbox", unkept)
                rehearsed = published.shown(country, mailbox, at=int(at.timestamp()))
            if not unkept.is_changed:
                return rehearsed
            with store.writing() as mailbox:
                # Others may have written for a while: a change is not dated before its turn came.
                now = max(int(at.timestamp()), int(clock()))
                return published.shown(country, mailbox, at=now)

        return published.all_of(map(shown, countries))


def _note_network(folder: Path, network: View) -> None:
    """Note which network a gateway shows; what is another one, or older, takes everything off the wire or brings it back."""
    now = ShownNetwork(str(network.board.name), int(network.published.timestamp()))
    before = shown_network(folder)
    if before == now:
        return
    if before is not None and before.network != now.network:
        raise UsageError(
            "network-other",
            printable(
                f"{folder}: it shows the network {before.network}, and what was synced here is {now.network}"
            ),
            f"name the folder of the one that it shows: --data-dir; to show the other one instead, remove {folder / NETWORK}",
        )
    if before is not None and before.published > now.published:
        raise UsageError(
            "network-older",
            f"{folder}: what was synced here was published {rfc3339(now.published)}, what it shows {rfc3339(before.published)}",
            "pratique sync, and give this command again",
        )
    files.replace(folder / NETWORK, strict_json.dump(now, NETWORK_FORMAT))


class GatewaySource(NamedTuple):
    """A gateway: its address or its folder; with an address the TLS certificate and key (PEM), and the server's authorities."""

    place: str
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None


def taken(source: GatewaySource, folder: Path, secret: Secret, *, at: datetime) -> CheckedUploads:
    """Return what a gateway shows of a participant's own uploads, checked by what lies in the participant's folder.

    Raises:
        UsageError: `gateway-access`: an address without certificate and key.
    """
    if not source.place.startswith(("http://", "https://")):
        country = participant.load_home(folder).participant.subject
        with opened(Path(source.place)) as (store, settings):
            return uploaded(in_folder(store, settings, country, at=at), folder, at=at)
    if source.certificate is None or source.key is None:
        raise UsageError(
            "gateway-access",
            "a gateway elsewhere asks who is calling",
            "--gateway-certificate PEM --gateway-key PEM, of your TLS client as onboarded",
        )
    connection = Connection(source.place, source.certificate, source.key, secret, source.ca)
    return uploaded(over_tls(connection), folder, at=at)


def over_tls(connection: Connection) -> Ask:
    """Return what asks a gateway elsewhere; DocumentRefused `gateway-refused` where it refuses."""

    def ask(path: str, query: str) -> bytes:
        reply = connection.ask("GET", f"{path}?{query}" if query else path)
        if reply.status != 200:
            raise client.problem(reply.status, reply.body)
        return reply.body

    return ask


def in_folder(store: GatewayStore, settings: Settings, country: str, *, at: datetime) -> Ask:
    """Return what asks a gateway of this machine, as a back end of a country would.

    Raises:
        UsageError: `not-onboarded`: none of that country is.
    """

    def ask(path: str, query: str) -> bytes:
        request = WireRequest("GET", path, query, {}, b"", int(at.timestamp()), "")
        route = endpoints.find(request.method, request.path)
        if isinstance(route, WireAnswer):
            raise client.problem(route.status, route.body)
        with store.reading() as box:
            clients = box.parties(country=country, groups=(CertificateGroup.AUTHENTICATION,))
            if not clients:
                raise UsageError(
                    "not-onboarded",
                    f"no back end of {country} is onboarded in that gateway",
                    "name another gateway, or have your certificates loaded there",
                )
            answer: WireAnswer = route.endpoint(
                Call(request, clients[0], settings, route.rest), box
            )
        return answer.body

    return ask


def uploaded(ask: Ask, folder: Path, *, at: datetime) -> CheckedUploads:
    """Return what a gateway shows of a participant's own, checked by what lies in its own folder.

    Args:
        ask: asks the gateway.
        folder: the participant's.
        at: now.

    Raises:
        UsageError: `country-unfit`: the wire has no country for it.
        DocumentRefused: the gateway answers what nobody can read.
    """
    code = participant.load_home(folder).participant.code
    own = participant.own_certificates(folder, at=at)
    if len(own.country) != 2 or not own.country.isalpha():
        raise UsageError(
            "country-unfit",
            f"{code}'s certificates have C={own.country}, and the wire's countries have two letters",
        )
    query = urlencode({"country": own.country, "group": CertificateGroup.DSC.value})
    certificates = ask("/trustList/certificate", query)
    rules = ask(f"/rules/{own.country}", "")
    return uploads.taken(code, certificates, rules, own, at=int(at.timestamp()))
