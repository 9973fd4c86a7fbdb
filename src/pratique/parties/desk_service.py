"""A desk that answers: who is signed in, who may do what, and the acts of its page.

    token, pseudonym, passphrase -> SignIn.begin -> session      (or: the digest of the client's certificate)
    RequestHead -> DeskAnswers -> session? -> right? -> act -> DeskReply

1. A token is used once. It comes from the terminal, so that a page that nobody opened there cannot so much as try.
2. A session that is over, for nothing was asked or somebody signed out, stands for a token once: who goes on in the
   same tab needs no way to the terminal, and still the passphrase. Its page is told so, and asks for an address at
   once where the desk was started anew and knows nothing of it.
3. After `MOST_WRONG` wrong passphrases, whoever was asked for them, none is looked at until a new token is drawn
   at the terminal. Sessions go on meanwhile: a form is not lost because somebody else guesses. A right one takes back
   the wrong ones of the same person alone: who signs in anew between guesses gets no more of them.
4. Of secrets only digests are kept: a memory dump gives no session. Nothing of sign-in is on the disk.
5. Seconds without a request are counted by the instants that come with requests.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from pratique.errors import UsageError
from pratique.parties import desk_audit, desk_files, desk_issuing, desk_renewal, issuing
from pratique.parties.desk import Attachment, Desk, DeskAct, DeskCall, LastAnswer, Operator
from pratique.parties.desk_operators import OperatorList, load
from pratique.parties.issuing import IssuingSession, Place
from pratique.parties.paper import LAYOUTS, Paper, contact_of, renderer
from pratique.store import desk_server
from pratique.store.desk_server import BEGIN, Admitted, DeskRefusal, DeskReply, RequestHead
from pratique.store.keys import Secret
from pratique.terms import ALL_KINDS
from pratique.trust.issuer import Shard

IDLE = 15 * 60
"""Seconds after the last request until a session is over."""
MOST_WRONG = 5
MOST_SESSIONS, MOST_TOKENS = 64, 16
END = "session.end"

ACTS: Mapping[str, DeskAct] = {
    **desk_issuing.ACTS, **desk_renewal.ACTS, **desk_files.ACTS, **desk_audit.ACTS,
}  # fmt: skip
"""What a page may ask for."""


class _Session(NamedTuple):
    pseudonym: str
    last: int
    certificate: str


class SignIn:
    """Who is signed in at a desk; it may be called from several threads at once.

    Args:
        operators: reads who may work here.
        idle: seconds after the last request until a session is over.
        tell: hears that passphrases are looked at no more.
    """

    def __init__(
        self, operators: Callable[[], OperatorList], *, idle: int = IDLE, tell: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._operators, self._idle, self._tell = operators, idle, tell
        self._lock = threading.Lock()
        self._tokens: OrderedDict[bytes, None] = OrderedDict()
        self._sessions: dict[bytes, _Session] = {}
        self._wrong: Counter[str] = Counter()

    def __repr__(self) -> str:
        return "<SignIn: not shown>"

    def draw_token(self) -> str:
        """Return a new token; passphrases are looked at again."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._wrong.clear()
            self._keep_token(_digest(token))
        return token

    def begin(
        self, token: str, pseudonym: str, passphrase: str, *, at: int
    ) -> tuple[str, Operator]:
        """Sign somebody in; return the session's secret.

        Raises:
            UsageError: `desk-locked`, `token-unknown`, `operator-unknown`.
        """
        digest = _digest(token)
        with self._lock:
            self._sweep(at)
            is_known = digest in self._tokens
        if not is_known:
            raise _token_unknown()
        operator = self.verified(pseudonym, passphrase)
        with self._lock:
            if digest not in self._tokens:
                raise _token_unknown()
            del self._tokens[digest]
            return self._begun(operator, at, ""), operator

    def begin_certified(self, certificate: str, *, at: int) -> tuple[str, Operator]:
        """Sign in whose certificate it is; UsageError `operator-unknown`."""
        operator = self._operators().certified(certificate, at)
        if operator is None:
            raise _operator_unknown()
        with self._lock:
            self._sweep(at)
            return self._begun(operator, at, certificate), operator

    def is_certified(self, certificate: str, *, at: int) -> bool:
        """Tell whether a certificate is an operator's."""
        return self._operators().certified(certificate, at) is not None

    def operator(self, session: str, certificate: str, *, at: int) -> Operator | None:
        """Return whose session it is, by its secret and the certificate that it was begun with; None if nobody's."""
        digest = _digest(session)
        with self._lock:
            self._sweep(at)
            known = self._sessions.get(digest)
            if known is None or known.certificate != certificate:
                return None
            self._sessions[digest] = known._replace(last=max(at, known.last))
        listed = self._operators()
        if certificate:
            operator = listed.certified(certificate, at)
            return (
                operator if operator is not None and operator.pseudonym == known.pseudonym else None
            )
        row = listed.named(known.pseudonym)
        return None if row is None else row.operator

    def is_over(self, session: str) -> bool:
        """Tell whether a secret is of a session that is over, and stands for a token."""
        with self._lock:
            return _digest(session) in self._tokens

    def end(self, session: str) -> None:
        """Sign somebody out."""
        with self._lock:
            self._over(_digest(session))

    def verified(self, pseudonym: str, passphrase: str) -> Operator:
        """Return whose passphrase it is.

        Raises:
            UsageError: `operator-unknown`; `desk-locked` after `MOST_WRONG` wrong ones.
        """
        listed = self._operators()
        # Of who is unknown nothing can be guessed, and any name may be typed: they are counted together.
        whose = pseudonym if listed.named(pseudonym) is not None else ""
        with self._lock:
            if self._wrong.total() >= MOST_WRONG:
                raise _locked()
            # Counted before it is looked at: many at a time must not have more tries.
            self._wrong[whose] += 1
        operator = listed.verified(pseudonym, passphrase)
        with self._lock:
            if operator is not None:
                del self._wrong[whose], self._wrong[""]
                return operator
            is_locked = self._wrong.total() >= MOST_WRONG
            if is_locked:
                self._tokens.clear()
        if is_locked:
            self._tell(f"{MOST_WRONG} wrong passphrases: none is taken until you press Enter here")
        raise _operator_unknown()

    def _begun(self, operator: Operator, at: int, certificate: str) -> str:
        if len(self._sessions) >= MOST_SESSIONS:
            self._over(min(self._sessions, key=lambda digest: self._sessions[digest].last))
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = _Session(operator.pseudonym, at, certificate)
        return session

    def _sweep(self, at: int) -> None:
        for digest in [key for key, each in self._sessions.items() if at - each.last > self._idle]:
            self._over(digest)

    def _over(self, digest: bytes) -> None:
        if self._sessions.pop(digest, None) is not None:
            self._keep_token(digest)

    def _keep_token(self, digest: bytes) -> None:
        self._tokens[digest] = None
        if len(self._tokens) > MOST_TOKENS:
            self._tokens.popitem(last=False)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _token_unknown() -> UsageError:
    return UsageError(
        "token-unknown", "this address was used before, or is another desk's", "press Enter in the desk's terminal for a new one",
    )  # fmt: skip


def _operator_unknown() -> UsageError:
    return UsageError("operator-unknown", "pseudonym or passphrase is wrong")


def _locked() -> UsageError:
    return UsageError(
        "desk-locked", "there were too many wrong passphrases", "press Enter in the desk's terminal; restart it where it has none",
    )  # fmt: skip


class DeskAnswers:
    """What answers a desk's page.

    Args:
        desk: what is held open.
        sign_in: who is signed in.
        about: what each page is told of the desk, beside its operator.
        acts: what a page may ask for.
        by_certificate: whether operators are known by their TLS client certificates.
    """

    def __init__(
        self, desk: Desk, sign_in: SignIn, about: Mapping[str, Any], acts: Mapping[str, DeskAct], *,
        by_certificate: bool = False,
    ) -> None:  # fmt: skip
        self._desk, self._sign_in, self._about = desk, sign_in, about
        self._acts, self._by_certificate = acts, by_certificate

    def __repr__(self) -> str:
        return f"<DeskAnswers of {self._desk.site}>"

    def __call__(self, head: RequestHead) -> Admitted | DeskRefusal:
        """Admit a request, or say why not."""
        if self._by_certificate and not self._sign_in.is_certified(head.certificate, at=head.at):
            return DeskRefusal(401, "certificate-unknown", "no operator has this certificate")
        if head.name == BEGIN:
            return Admitted(lambda asked, _: self._begun(head, asked), alone=False)
        operator = self._sign_in.operator(head.session, head.certificate, at=head.at)
        if operator is None:
            over = self._sign_in.is_over(head.session)
            code = "session-over" if over else "signed-out"
            return DeskRefusal(401, code, "nobody is signed in here", "sign in again")
        if head.name == END:
            return Admitted(lambda _, __: self._over(head), alone=False)
        act = self._acts.get(head.name)
        if act is None:
            return DeskRefusal(404, "act-unknown", "this desk does no such thing")
        if act.right not in operator.rights:
            return DeskRefusal(403, "right-missing", f"this operator may not: {act.right}")

        def do(asked: Mapping[str, Any], data: bytes) -> DeskReply:
            return _reply(act.do(DeskCall(self._desk, operator, head.at, asked, data)))

        return Admitted(do, act.takes_file)

    def _begun(self, head: RequestHead, asked: Mapping[str, Any]) -> DeskReply:
        if self._by_certificate:
            session, operator = self._sign_in.begin_certified(head.certificate, at=head.at)
        else:
            token, pseudonym, passphrase = (
                str(asked.get(name, "")) for name in ("token", "pseudonym", "passphrase")
            )
            session, operator = self._sign_in.begin(token, pseudonym, passphrase, at=head.at)
        who = {"pseudonym": operator.pseudonym, "rights": sorted(operator.rights)}
        return desk_server.document({"session": session, "about": {"operator": who, **self._about}})

    def _over(self, head: RequestHead) -> DeskReply:
        self._sign_in.end(head.session)
        return desk_server.document({})


def _reply(answer: Mapping[str, Any] | Attachment | LastAnswer) -> DeskReply:
    if isinstance(answer, Attachment):
        return DeskReply(answer.data, answer.kind, answer.name)
    if isinstance(answer, LastAnswer):
        return desk_server.document(answer.said, is_last=True)
    return desk_server.document(answer)


# ----------------------------------------------------------------------------------------------------
# Open a desk.


class DeskOrder(NamedTuple):
    """What a desk is opened with.

    Attributes:
        place, secret: as `Desk` has them.
        site: code of the centre.
        validity: seconds for which a code may be read.
        paper: of its sheets.
        idle: seconds after the last request until a session is over.
        by_certificate: whether operators are known by their TLS client certificates.
    """

    place: Place
    secret: Secret
    site: str
    validity: int
    paper: Paper
    idle: int = IDLE
    by_certificate: bool = False


def opened(
    order: DeskOrder,
    *,
    at: int,
    tell: Callable[[str], None] = lambda _: None,
    acts: Mapping[str, DeskAct] = ACTS,
) -> tuple[DeskAnswers, SignIn]:
    """Open a desk: its register, the keys that it would sign with, its value sets.

    Args:
        order: what it is opened with.
        at: seconds since the epoch.
        tell: hears notes, for the terminal.
        acts: what a page may ask for.

    Raises:
        UsageError: `operators-none`: nobody may work at it; and what opening its issuer raises.
    """
    folder = order.place.folder
    if not load(folder).operators:
        raise UsageError(
            "operators-none",
            f"{folder}: nobody may work at this desk yet",
            "pratique desk operator add PSEUDONYM --may issue",
        )
    desk_files.sweep()
    session = issuing.opened(order.place, order.secret, tell)
    for shard in _chosen(session, at):
        session.keys(shard)
    catalogue = session.catalogue
    printed = order.paper._replace(contact=order.paper.contact or contact_of(folder))
    sign_in = SignIn(partial(load, folder), idle=order.idle, tell=tell)
    desk = Desk(
        order.place, order.secret, session, order.site, order.validity, printed, sign_in.verified,
    )  # fmt: skip
    shown = renderer(printed, catalogue, note=tell)
    about = {
        "site": order.site, "country": session.issuer.country, "participant": session.issuer.participant,
        "environment": session.issuer.environment.value, "layouts": list(LAYOUTS), "layout": printed.layout,
        "languages": [each.language for each in shown.wordings], "idle": order.idle,
    }  # fmt: skip
    return DeskAnswers(desk, sign_in, about, acts, by_certificate=order.by_certificate), sign_in


def _chosen(session: IssuingSession, at: int) -> set[Shard]:
    """Return the keys that would sign now; a desk without any can still revoke."""
    chosen = set()
    for kind in ALL_KINDS:
        with suppress(UsageError):
            chosen.add(session.choice(at).one(kind))
    return chosen
