"""A gateway and the network: what is synced goes onto the wire, and what a back end uploaded goes into an edition.

    out  what `pratique sync` holds -> checked anew -> projection.project -> one transaction -> Projection
    in   DIR | URL -> /trustList/certificate, /rules/CC -> uploads.taken -> EditionChange.uploaded

1. No key of the gateway's takes part: out goes what participants have signed, in comes what the participant's own
   upload key has signed, and its own k keys sign the edition that it becomes.
2. A gateway in a folder of this machine is asked as one elsewhere is: by the same paths, and believed as little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from pratique.errors import ExtraMissing, UsageError
from pratique.gateway import client, endpoints, projection, uploads
from pratique.gateway.call import Call, Settings
from pratique.gateway.mailbox import Group
from pratique.gateway.projection import Projection
from pratique.gateway.uploads import CheckedUploads
from pratique.gateway.wire import Answer, WireRequest
from pratique.parties import participant, proposals
from pratique.store.gateway_client import Connection
from pratique.store.keys import Secret

if TYPE_CHECKING:
    # Who only asks a gateway needs no database.
    from pratique.store.gateway.mailbox import GatewayStore

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


def update(folder: Path, home: Path | None, *, at: datetime) -> Projection:
    """Bring the gateway of a folder to what was synced into a home folder; UsageError `no-network` before anything was."""
    known = proposals.known(None, home)
    if known is None:
        raise UsageError(
            "no-network", "no network is known here", "pratique sync SOURCE --root root.json"
        )
    with opened(folder) as (store, _), store.writing() as box:
        return projection.project(known.view, box, at=int(at.timestamp()))


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
        if isinstance(route, Answer):
            raise client.problem(route.status, route.body)
        with store.reading() as box:
            clients = box.parties(country=country, groups=(Group.AUTHENTICATION,))
            if not clients:
                raise UsageError(
                    "not-onboarded",
                    f"no back end of {country} is onboarded in that gateway",
                    "name another gateway, or have your certificates loaded there",
                )
            answer: Answer = route.endpoint(Call(request, clients[0], settings, route.rest), box)
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
    query = urlencode({"country": own.country, "group": Group.DSC.value})
    certificates = ask("/trustList/certificate", query)
    rules = ask(f"/rules/{own.country}", "")
    return uploads.taken(code, certificates, rules, own, at=int(at.timestamp()))
