"""An issuer's desk that is served: its issuer, three operators, the real application on a free port, a client of it.

    serving(folder) -> OpenDesk -> .client() -> ask("issue.check", {...}) -> Reply     (as the desk's page asks)
                                -> .address#token -> a browser
    keep(folder, port)          the same as `pratique desk` does it: by a process that may be killed

The desk's clock stands still at `AT`, until a test sets it: `desk.clock.at += 60`.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from pratique.parties import desk_files, desk_operators, desk_service, issuer_keys
from pratique.parties import site as parties_site
from pratique.parties.desk import DeskAct, Right
from pratique.parties.desk_service import DeskAnswers, DeskOrder, SignIn
from pratique.parties.issuer import url_of
from pratique.parties.issuing import Place
from pratique.parties.paper import Paper
from pratique.store import desk_process, desk_server, gateway_server, server
from pratique.store import site as store_site
from pratique.store.keys import Secret
from pratique.terms import Environment
from tests.issuers import AT
from tests.steps import LONGEST
from tests.web import serving as served

DAY = 86_400
PASSWORD = "Ruhig-Brauner-Seehund-77"
"""Of the keys."""
CLERK, SECOND, AUDITOR = "op-17", "op-23", "op-31"
"""May issue and revoke; may issue and revoke; may see the day."""
PASSPHRASES = {
    CLERK: "walrus copper evening tram",
    SECOND: "lantern birch seven harbour",
    AUDITOR: "quiet meadow violet anchor",
}
RIGHTS = {
    CLERK: frozenset({Right.ISSUE, Right.REVOKE}),
    SECOND: frozenset({Right.ISSUE, Right.REVOKE}),
    AUDITOR: frozenset({Right.AUDIT}),
}
SITE = "harbour"


class Clock:
    """A desk's clock, which a test sets."""

    def __init__(self, at: int = AT) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Reply(NamedTuple):
    """What a desk said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks a desk as its page does."""

    def __init__(self, port: int, session: str = "", about: Any = None) -> None:
        self.port, self.session, self.about = port, session, about

    def post(self, name: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send whatever a test wants; headers of "" are left out."""
        said = {
            "Host": f"localhost:{self.port}", "Origin": f"http://localhost:{self.port}",
            "X-Desk-Session": self.session, **headers,
        }  # fmt: skip
        return request(self.port, "POST", f"/api/{name}", body, said)

    def ask(self, name: str, asked: Mapping[str, Any] | None = None) -> Reply:
        """Ask for an act."""
        body = json.dumps(asked or {}).encode()
        return self.post(name, body, {"Content-Type": "application/json"})

    def send(self, name: str, data: bytes, asked: Mapping[str, Any] | None = None) -> Reply:
        """Send a file."""
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Desk-Asked": quote(json.dumps(asked or {})),
        }
        return self.post(name, data, headers)

    def good(self, name: str, asked: Mapping[str, Any] | None = None) -> Any:
        """Ask for an act, which is done; return its answer."""
        reply = self.ask(name, asked)
        assert reply.status == 200, reply
        return reply.document

    def refused(self, name: str, asked: Mapping[str, Any] | None = None) -> str:
        """Ask for an act, which is refused; return the code of why."""
        reply = self.ask(name, asked)
        assert reply.status != 200, reply
        return str(reply.document["code"])


def request(
    port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = {}
) -> Reply:
    """Ask a server on this machine; headers of "" are left out."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        lengths = {} if "Content-Length" in headers else {"Content-Length": str(len(body))}
        for name, value in {**lengths, **headers}.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
        )
    finally:
        connection.close()


class OpenDesk(NamedTuple):
    """A desk that is served.

    Attributes:
        address: of its page, without a slash at its end.
        place: the issuer's folder and its register.
        told: what its terminal shows.
        ended: grows by one at each last answer, as of the day's end.
    """

    address: str
    port: int
    place: Place
    answers: DeskAnswers
    sign_in: SignIn
    clock: Clock
    told: list[str]
    ended: list[None]

    def entry(self) -> str:
        """Return the address to open in a browser, with a new token."""
        return f"{self.address}/#{self.sign_in.draw_token()}"

    def client(self, pseudonym: str = CLERK) -> Client:
        """Return a client that is signed in."""
        asked = {
            "token": self.sign_in.draw_token(), "pseudonym": pseudonym, "passphrase": PASSPHRASES[pseudonym],
        }  # fmt: skip
        said = Client(self.port).good("session", asked)
        return Client(self.port, said["session"], said["about"])


def secret(uri: str) -> str:
    """Return the password of an invented issuer's keys."""
    return PASSWORD


def operators_of(folder: Path) -> None:
    """Let three operators work at an issuer's desk."""
    for pseudonym, passphrase in PASSPHRASES.items():
        desk_operators.add(folder, pseudonym, RIGHTS[pseudonym], passphrase, None)


def issuer_of(folder: Path, register: str | None = None) -> Place:
    """Make an invented issuer with two keys, and three operators; the register lies with it unless it is named."""
    founding = issuer_keys.Founding(
        "XXU", "XU", "Utopia", "Ministry of Health of Utopia", Environment.TEST, "Harbour Clinic, Utopia", keys=2,
    )  # fmt: skip
    issuer_keys.found(folder, founding, at=AT - DAY, secret=secret)
    operators_of(folder)
    return Place(folder, url_of(folder, register))


def opened(
    place: Place, told: list[str], *, idle: int = desk_service.IDLE, acts: Mapping[str, DeskAct] = desk_service.ACTS,
    secret: Secret = secret,
) -> tuple[DeskAnswers, SignIn]:  # fmt: skip
    """Open the desk of an issuer, as `pratique desk` does."""
    order = DeskOrder(place, secret, SITE, 365 * DAY, Paper("a4"), idle)
    return desk_service.opened(order, at=AT, tell=told.append, acts=acts)


@contextmanager
def serving(
    folder: Path,
    *,
    place: Place | None = None,
    pages: Path | None = None,
    acts: Mapping[str, DeskAct] = desk_service.ACTS,
    idle: int = desk_service.IDLE,
    secret: Secret = secret,
) -> Iterator[OpenDesk]:
    """Serve a desk on a free port.

    Args:
        folder: of the test, which gets an issuer in it.
        place: an issuer that is there already, instead.
        pages: the built site; None for no page at all, where the desk is asked by a client only.
        acts: in place of the desk's own.
        idle: seconds until a session is over.
        secret: of the issuer's keys.
    """
    place = place or issuer_of(folder / "issuer")
    clock = Clock()
    told: list[str] = []
    ended: list[None] = []
    answers, sign_in = opened(place, told, idle=idle, acts=acts, secret=secret)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    names = server.names_of("localhost", port)
    content = {} if pages is None else store_site.opened(pages)
    application = desk_server.application(
        desk_server.DeskPlace(content, names),
        answers,
        tell=told.append,
        ended=lambda: ended.append(None),
        clock=clock,
    )
    with desk_files.present(), served(application, desk_server.LIMITS, listening=listening):
        yield OpenDesk(
            f"http://localhost:{port}", port, place, answers, sign_in, clock, told, ended
        )


def keep(
    folder: Path,
    port: int,
    *,
    pages: Path | None = None,
    acts: Mapping[str, DeskAct] = desk_service.ACTS,
) -> None:
    """Serve the desk of an issuer's folder by processes, each started anew where it is killed; print their tokens."""
    content = {} if pages is None else store_site.opened(pages)
    with server.bound("localhost", port) as taken:

        def serve(ready: Callable[[], None], *, is_first: bool) -> int:
            answers, sign_in = opened(Place(folder, url_of(folder, None)), [], acts=acts)
            there = desk_server.DeskPlace(content, server.names_of("localhost", port))
            application = desk_server.application(there, answers, tell=print, clock=Clock())
            ready()
            print(f"#{sign_in.draw_token()}", flush=True)
            with desk_files.present(), gateway_server.interruptible() as ending:
                gateway_server.serve(application, taken, limits=desk_server.LIMITS, ending=ending)
            return 0

        desk_process.keep(serve, print)


def built_pages() -> Path:
    """Return the site that is built here; UsageError `site-missing`."""
    return parties_site.own()


def sign_in(page: Any, pseudonym: str = CLERK) -> None:
    """Type pseudonym and passphrase into the desk's page of a browser, and wait for what comes then."""
    form = page.locator("form[data-part=sign-in]")
    form.locator("[data-part=pseudonym]").fill(pseudonym)
    form.locator("[data-part=passphrase]").fill(PASSPHRASES[pseudonym])
    form.locator("[data-part=go]").click()
    form.wait_for(state="detached")
