"""Issuer's desks in processes of their own, with their real acts, and a clock that is set; killed before a step, where that is wished.

    DeskProcess(place, folder) -> .client() -> good("issue.sign", {...})      two of them on one register: two desks
    .arm(clerk, before=7) -> the next request is killed (SIGKILL) before its step number 7 · .steps(clerk): what they are

A step is what another process, the disk or the clerk could see: a statement, a commit, a connection given back after it, a file
written or renamed, the answer's head, its body.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from pratique.issue import Signed, registered
from pratique.parties import desk_files, desk_service, issuing
from pratique.parties.desk import DeskAct, DeskCall, Right
from pratique.parties.desk_files import DeskFile, Phase
from pratique.parties.desk_service import DeskOrder
from pratique.parties.issuing import Place
from pratique.parties.paper import Paper
from pratique.store import desk_process, desk_server, files, gateway_server, server
from tests import issuing_desks, ports
from tests.forked import ROOT
from tests.issuers import AT
from tests.issuing_desks import CLERK, DAY, PASSPHRASES, Client
from tests.steps import until

TOKENS = 16
"""Addresses that a desk shows at each start."""
MINUTE = 60


class DeskProcess:
    """A desk in a process of its own; `lines` is what its terminal shows so far.

    Args:
        place: its issuer and register.
        folder: where what its terminal shows is kept.
        site: code of the centre.
        minute: on its clock, after `AT`; each process that it is replaced by has one more.
        kind: "" for the real one; "held": whole files wait (`hold`); of a control what is broken in it.
    """

    def __init__(
        self, place: Place, folder: Path, *, site: str = issuing_desks.SITE, minute: int = 0, kind: str = "",
    ) -> None:  # fmt: skip
        self.port, self.log = ports.free(), folder / f"desk-{uuid.uuid4().hex[:8]}.log"
        words = [str(place.folder), place.register, str(self.port), site, str(minute), kind]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.desk_processes", *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT,
            )  # fmt: skip
        self._used = 0

    @property
    def lines(self) -> str:
        return self.log.read_text()

    def client(self, pseudonym: str = CLERK) -> Client:
        """Sign somebody in, with an address that nobody has used."""

        def shown() -> list[str]:
            assert self.process.poll() is None, self.lines
            return self._tokens()[self._used :]

        until(shown)
        token = shown()[0]
        self._used += 1
        asked = {"token": token, "pseudonym": pseudonym, "passphrase": PASSPHRASES[pseudonym]}
        said = Client(self.port).good("session", asked)
        return Client(self.port, said["session"])

    def _tokens(self) -> list[str]:
        return re.findall(r"#([\w-]{43})\n", self.lines)

    def child(self) -> int:
        """Return the number of the process that hears requests."""
        number = self.process.pid
        return int(Path(f"/proc/{number}/task/{number}/children").read_text().split()[0])

    def restarted(self) -> None:
        """Wait until another process hears requests, after the one before was killed: its addresses are new."""
        starts = -(-self._used // TOKENS)
        self._used = starts * TOKENS

        def is_shown() -> bool:
            assert self.process.poll() is None, self.lines
            return len(self._tokens()) > self._used

        until(is_shown)

    def made(self) -> tuple[str, ...]:
        """Return the texts that were signed here, also those of which nobody has heard."""
        return tuple(re.findall(r"^signed (.*)$", self.lines, re.MULTILINE))

    def kill(self) -> None:
        """Kill the process that hears requests, and wait for the one that takes its place."""
        os.kill(self.child(), signal.SIGKILL)
        self.restarted()

    def close(self) -> None:
        """End it all."""
        self.process.kill()
        self.process.wait()


@contextmanager
def desks(place: Place, folder: Path, count: int, *, kind: str = "") -> Iterator[list[DeskProcess]]:
    """Run some desks on one issuer's folder and register, each at a centre of its own."""
    running: list[DeskProcess] = []
    try:
        for number in range(count):
            site = issuing_desks.SITE if number == 0 else f"site-{number}"
            running.append(DeskProcess(place, folder, site=site, minute=number, kind=kind))
        yield running
    finally:
        for each in running:
            each.close()


# ----------------------------------------------------------------------------------------------------
# In the desk's own process.

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FILES = frozenset({"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"})


class Steps:
    """Counts the steps of a request from its arrival, and kills this process before one of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.before = 0
        self.is_armed = False

    def __call__(self, name: str) -> None:
        if self.is_armed:
            self.made.append(name)
            if len(self.made) == self.before:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Be told of each step."""

        def audited(name: str, told: tuple[Any, ...]) -> None:
            if name in _FILES:
                self(name)
            elif name == "open" and isinstance(told[2], int) and told[2] & _WRITES:
                self("write")

        sys.addaudithook(audited)
        event.listen(Engine, "before_cursor_execute", lambda *_: self("statement"))
        event.listen(Engine, "commit", lambda *_: self("commit"))
        event.listen(Pool, "checkin", lambda *_: self("given back"))

    def acts(self) -> Mapping[str, DeskAct]:
        """Return acts by which a test arms it, and reads what it has counted."""

        def arm(call: DeskCall) -> Mapping[str, Any]:
            self.before = call.asked["before"]
            self.made.clear()
            return {}

        def made(_: DeskCall) -> Mapping[str, Any]:
            return {"steps": list(self.made)}

        return {"steps.arm": DeskAct(Right.ISSUE, arm), "steps.made": DeskAct(Right.ISSUE, made)}

    def around(self, application: Any) -> Any:
        """Count within requests to issue alone, their answers included."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"] != "/api/issue.sign":
                await application(scope, receive, send)
                return

            async def said(message: Any) -> None:
                self(message["type"])
                await send(message)
                self("told")

            self.is_armed = True
            self("arrived")
            try:
                await application(scope, receive, said)
            finally:
                self.is_armed = False

        return answer


def _noted(done: Callable[..., Signed]) -> Callable[..., Signed]:
    """Show a text as soon as it is signed, while nothing of it is kept."""

    def noted(*given: Any, **named: Any) -> Signed:
        signed = done(*given, **named)
        _tell(f"signed {signed.text}")
        return signed

    return noted


def _careless(act: DeskAct) -> DeskAct:
    """A control: it takes each request for a new one."""

    def do(call: DeskCall) -> Any:
        return act.do(call._replace(asked={**call.asked, "request": secrets.token_hex(16)}))

    return act._replace(do=do)


PART = 25
"""Rows of a part of a whole file, where a file is held."""


def hold(place: Place, rows: int) -> None:
    """Say how many rows of a whole file are issued before it waits; to be called before a desk of the kind "held" begins."""
    # In one step: a desk that waits reads it again and again.
    files.replace(_held_at(place), b"%d" % rows)


def _held_at(place: Place) -> Path:
    return place.folder.parent / "held-at"


def _held(place: Place) -> None:
    """Have whole files wait, once so many rows are issued as a test has written."""
    progress, path = DeskFile.progress, _held_at(place)

    def held(file: DeskFile, rows: int, total: int | None = None) -> None:
        progress(file, rows, total)
        if file.phase is Phase.ISSUING:
            until(lambda: rows < int(path.read_text()))

    mock.patch.object(DeskFile, "progress", held).start()
    mock.patch.object(desk_files, "PART", PART).start()


def _work(place: Place, port: int, site: str, minute: int, kind: str) -> None:
    taken = server.bound("localhost", port)
    steps, starts = Steps(), place.folder.parent / f"starts-{port}"
    order = DeskOrder(place, issuing_desks.secret, site, 365 * DAY, Paper("a4"), 3 * DAY)
    acts: dict[str, DeskAct] = {**desk_service.ACTS, **steps.acts()}
    mock.patch.object(issuing, "registered", _noted(registered)).start()
    if kind == "held":
        _held(place)
    if kind == "careless":
        acts["issue.sign"] = _careless(acts["issue.sign"])

    def serve(ready: Callable[[], None], *, is_first: bool) -> int:
        del is_first
        with starts.open("a") as file:
            file.write("x")
        clock = issuing_desks.Clock(AT + MINUTE * (minute + starts.stat().st_size - 1))
        codes = [0]

        def ended() -> None:
            codes.append(desk_process.AGAIN)
            os.kill(os.getpid(), signal.SIGTERM)

        answers, sign_in = desk_service.opened(order, at=int(clock()), tell=_tell, acts=acts)
        application = desk_server.application(
            desk_server.DeskPlace({}, server.names_of("localhost", port)), answers, tell=_tell, ended=ended, clock=clock,
        )  # fmt: skip
        steps.watch()
        ready()
        for _ in range(TOKENS):
            _tell(f"#{sign_in.draw_token()}")
        with desk_files.present(), gateway_server.interruptible() as ending:
            gateway_server.serve(steps.around(application), taken, ending=ending, limits=desk_server.LIMITS)  # fmt: skip
        return codes[-1]

    desk_process.keep(serve, _tell)


def _tell(text: str) -> None:
    # In one piece: whoever reads it meanwhile reads whole lines.
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    given_folder, given_register, given_port, given_site, given_minute, *given_kind = sys.argv[1:]
    _work(
        Place(Path(given_folder), given_register), int(given_port), given_site, int(given_minute), "".join(given_kind),
    )  # fmt: skip
