"""A gateway that answers, and a back end that asks one.

    WireRequest -> route -> one transaction of the store -> Answer; refused or failed, nothing of it is kept
    push: files, upload key -> signed messages -> POST, DELETE -> what became of each
    pull: /trustList by pages, then what changed meanwhile -> /rules/CC -> /valuesets -> /revocation-list -> DIR

1. Everything that is to be sent is read, checked and signed before the first of it goes.
2. What was pulled is believed by its signatures (`gateway.client`); value sets have none, and are told apart.
3. A list that changed while its pages came is asked for again: else a deletion could move an entry past us.
4. Of batches only what is new is asked for. The date goes on as far as all before it was believed, and it must go
   on: a gateway that repeats itself is refused.
5. DIR holds hashes of revoked certificates, where they were asked for: its files are for its owner alone.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique import strict_json
from pratique.crypto import x509
from pratique.crypto.x509_write import Authority, from_pem
from pratique.errors import DocumentRefused, PratiqueError, Unreadable, UsageError
from pratique.gateway import client, endpoints, wire
from pratique.gateway.call import Settings
from pratique.gateway.client import Believed, TrustListRow
from pratique.gateway.wire import CMS, CMS_TEXT, RULE, UUID, WireAnswer, WireRequest
from pratique.revocation import foreign
from pratique.store import files
from pratique.store.gateway_client import Connection, Reply
from pratique.store.sources import certificates, read_bytes
from pratique.text import as_json, rfc3339

if TYPE_CHECKING:
    # Who only asks a gateway needs no database.
    from pratique.store.gateway.mailbox import GatewayStore

# ----------------------------------------------------------------------------------------------------
# A gateway's answers.


class _NotKept(Exception):
    """Ends a transaction of which nothing is to be kept; its argument is the answer."""


class GatewayAnswers:
    """What answers requests, each in one transaction; it may be called from several threads at once."""

    def __init__(
        self, store: GatewayStore, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._settings, self._clock = store, settings, clock

    def turned_away(self, request: WireRequest) -> WireAnswer | None:
        """Return the answer to whoever may not send this at all, by its headers; None for all others."""
        route = endpoints.find(request.method, request.path)
        if isinstance(route, WireAnswer):
            return route
        with self._store.reading() as box:
            return endpoints.turned_away(request, route, box, self._settings)

    def __call__(self, request: WireRequest) -> WireAnswer:
        """Answer a request."""
        route = endpoints.find(request.method, request.path)
        if isinstance(route, WireAnswer):
            return route
        if not route.writes:
            with self._store.reading() as box:
                return endpoints.answer(request, route, box, self._settings)
        # Whoever may not do it is told so before the one writer is taken: strangers could keep it busy.
        refused = self.turned_away(request)
        if refused is not None:
            return refused
        try:
            with self._store.writing() as mailbox:
                # Others may have written for a while. A change that were dated before its turn came, nobody would hear
                # of who asked for what is new meanwhile, and asks next for what is newer than that.
                now = max(request.at, int(self._clock()))
                said = endpoints.answer(request._replace(at=now), route, mailbox, self._settings)
                if said.status >= _REFUSED:
                    raise _NotKept(said)
        except _NotKept as ended:
            (said,) = ended.args
        return said


_OK, _CREATED, _EMPTY, _REFUSED, _MISSING, _CONFLICT, _GONE = 200, 201, 204, 400, 404, 409, 410

# ----------------------------------------------------------------------------------------------------
# Push.


class Upload(NamedTuple):
    """A message that is to be sent, signed.

    Attributes:
        name: what a person calls it.
        method: POST or DELETE.
        path: of the endpoint.
        media: Content-Type.
        body: CMS, Base64 in one line.
    """

    name: str
    method: str
    path: str
    media: str
    body: bytes


class Sent(NamedTuple):
    """What became of an upload: `sent`, `deleted`, `there` before; of a batch its identifier."""

    name: str
    outcome: str
    identifier: str = ""


class Pushed(NamedTuple):
    """What became of all uploads, and the refusals."""

    sent: tuple[Sent, ...]
    errors: tuple[PratiqueError, ...]


def signers(paths: Iterable[Path], by: Authority) -> list[Upload]:
    """Return uploads of document signers' certificates (PEM, any number in a file); UsageError `push-ca`."""
    uploads = []
    for path in paths:
        for der in certificates(path):
            if x509.read(der).is_ca:
                raise UsageError(
                    "push-ca",
                    f"{path}: this is a signing CA, and no document signer",
                    "a gateway has it from your participant's folder; name the signers alone",
                )
            body = client.message(der, by)
            uploads.append(Upload(_signer(der), "POST", "/signerCertificate", CMS, body))
    return uploads


def _signer(der: bytes) -> str:
    return f"signer {x509.read(der).thumbprint[:16]}"


def rules(paths: Iterable[Path], by: Authority) -> list[Upload]:
    """Return uploads of rules: JSON of one rule, or a list of them."""
    uploads = []
    for path in paths:
        data = read_bytes(path)
        document = strict_json.parse(data)
        # One alone is signed as it stands, to the byte.
        rows = [(rule, as_json(rule).encode()) for rule in document] if isinstance(document, list) else [(document, data)]  # fmt: skip
        for rule, content in rows:
            identifier = rule.get("Identifier") if isinstance(rule, dict) else None
            if not isinstance(identifier, str):
                raise DocumentRefused("rule-malformed", f"{path}: there is no rule in it")
            body = client.message(content, by)
            uploads.append(Upload(f"rule {identifier}", "POST", "/rules", CMS_TEXT, body))
    return uploads


def batches(paths: Iterable[Path], by: Authority) -> list[Upload]:
    """Return uploads of batches of revocations (JSON)."""
    uploads = []
    for number, path in enumerate(paths, 1):
        data = read_bytes(path)
        foreign.read(strict_json.parse(data))
        body = client.message(data, by)
        uploads.append(Upload(f"batch {number}", "POST", "/revocation-list", CMS_TEXT, body))
    return uploads


def withdrawals(names: Iterable[str], by: Authority) -> list[Upload]:
    """Return deletions, by what each names: a rule's identifier, a batch's, or a file of signers' certificates.

    Raises:
        UsageError: `withdraw-unknown`: it names none of these.
    """
    uploads = []
    for name in names:
        if RULE.fullmatch(name):
            rows = [(f"rule {name}", "/rules", CMS_TEXT, name.encode())]
        elif UUID.fullmatch(name):
            content = as_json({"batchId": name}).encode()
            rows = [(f"batch {name}", "/revocation-list", CMS_TEXT, content)]
        elif Path(name).is_file():
            rows = [
                (_signer(der), "/signerCertificate", CMS, der) for der in certificates(Path(name))
            ]
        else:
            raise UsageError(
                "withdraw-unknown",
                f"{name!r} names nothing that can be withdrawn",
                "a rule's identifier, a batch's UUID, or a PEM file with signers' certificates",
            )
        for shown, path, media, content in rows:
            uploads.append(Upload(shown, "DELETE", path, media, client.message(content, by)))
    return uploads


def push(connection: Connection, uploads: Iterable[Upload]) -> Pushed:
    """Send uploads, one after the other; what is refused keeps the others from nothing."""
    sent, errors = [], []
    for upload in uploads:
        reply = connection.ask(
            upload.method, upload.path, upload.body, {"Content-Type": upload.media}, limit=64 * 1024
        )
        if reply.status == _CREATED:
            identifier = reply.headers.get("etag", "") if upload.path == "/revocation-list" else ""
            known = identifier if UUID.fullmatch(identifier) else ""
            sent.append(Sent(upload.name, "sent", known))
        elif reply.status == _EMPTY and upload.method == "DELETE":
            sent.append(Sent(upload.name, "deleted"))
        elif reply.status == _CONFLICT:
            sent.append(Sent(upload.name, "there"))
        else:
            refused = client.problem(reply.status, reply.body)
            error = DocumentRefused(refused.code, f"{upload.name}: {refused.message}")
            errors.append(error)
    return Pushed(tuple(sent), tuple(errors))


def upload_signer(pem: Path, key: Any) -> Authority:
    """Return an upload signer: its certificate's file, and its key, opened; UsageError `upload-key-differs`."""
    certificate = from_pem(read_bytes(pem))
    if x509.read(certificate).public_key != key.public_key:
        raise UsageError(
            "upload-key-differs",
            f"{pem}: the key is not the certificate's",
            "--up and --up-key are of each other",
        )
    return Authority(certificate, key)


# ----------------------------------------------------------------------------------------------------
# Pull.


class Pulled(NamedTuple):
    """What was pulled.

    Attributes:
        countries: that have an upload signer.
        signers, authorities, rules, value_sets, batches: how many there are in DIR.
        left_out: how many were not believed, by the reason's code.
    """

    countries: tuple[str, ...]
    signers: int
    authorities: int
    rules: int
    value_sets: int
    batches: int
    left_out: Mapping[str, int]


STATE, SIGNERS, RULES, VALUE_SETS, BATCHES = (
    "state.json",
    "signers.json",
    "rules",
    "value-sets",
    "revocations",
)
BEGINNING = "2021-06-01T00:00:00Z"
"""Before the first batch of any gateway."""
TRIES = 3
_MOST_BATCHES = 100_000
_LEEWAY = 60


def pull(
    connection: Connection,
    out: Path,
    anchors: frozenset[bytes],
    *,
    at: int,
    with_batches: bool = False,
) -> Pulled:
    """Bring a folder up to date with what a gateway has; what is not believed is left out.

    Where nothing is believed the folder stays as it is: a border must not lose its keys by a wrong file.

    Args:
        connection: to the gateway.
        out: DIR/signers.json, rules/CC.json, value-sets/ID.json, revocations/UUID.json.
        anchors: certificates of the trust anchors (`client.anchors`).
        at: now, seconds since the epoch.
        with_batches: revocation lists too; our TLS certificate needs the role for it.

    Raises:
        DocumentRefused: `gateway-unbelieved`, and those of what cannot be read at all.
    """
    trust = client.believed(_trust_list(connection, at), anchors)
    if trust.left_out and not trust.countries:
        raise DocumentRefused(
            "gateway-unbelieved",
            f"{connection.url}: no certificate there is believed, so that nothing was changed",
            "is it the anchor of that gateway's network? has it another one now?",
        )
    with files.usable(out):
        for name in (RULES, VALUE_SETS, BATCHES):
            files.folder(out / name)
        rule_count, left_out = _rules(connection, trust, out / RULES)
        sets = _value_sets(connection, out / VALUE_SETS)
        _write(out / SIGNERS, client.kid_list(trust))
        losses = [trust.left_out, left_out]
        if with_batches:
            losses.append(_batches(connection, trust, out))
        count = sum(1 for _ in (out / BATCHES).glob("*.json"))
    return Pulled(
        trust.countries, len(trust.signers), len(trust.authorities), rule_count, sets, count,
        client.summed(losses),
    )  # fmt: skip


def _write(path: Path, document: object) -> None:
    files.replace(path, as_json(document, indent=1).encode())


def _got(reply: Reply) -> bytes:
    if reply.status != _OK:
        raise client.problem(reply.status, reply.body)
    return reply.body


def _trust_list(connection: Connection, at: int) -> list[TrustListRow]:
    """Return all entries: by pages, and again where some changed meanwhile."""
    entries: list[TrustListRow] = []
    for _ in range(TRIES):
        entries, begun = _pages(connection, at)
        # A change has the second in which it began, and is seen when it is on the disk.
        headers = {"If-Modified-Since": rfc3339(begun - _LEEWAY)}
        changed = client.rows(_got(connection.ask("GET", "/trustList", headers=headers)))
        known = set(entries)
        live = {(row.thumbprint, row.country) for row in entries}
        is_new = [
            row not in known if row.certificate else (row.thumbprint, row.country) in live
            for row in changed
        ]
        entries += changed
        if not any(is_new):
            break
    return entries


def _pages(connection: Connection, at: int) -> tuple[list[TrustListRow], int]:
    """Return the entries of all pages, and when the first was written, by the gateway's clock."""
    entries: list[TrustListRow] = []
    begun, page = 0, 0
    while True:
        reply = connection.ask("GET", f"/trustList?page={page}&pagesize={client.PAGE}")
        rows = client.rows(_got(reply))
        with suppress(KeyError, ValueError, TypeError, OverflowError):
            begun = begun or int(parsedate_to_datetime(reply.headers["date"]).timestamp())
        begun = begun or at - _LEEWAY
        if not rows:
            return entries, begun
        entries += rows
        page += 1
        if len(entries) > client.MOST_ENTRIES:
            raise DocumentRefused(
                "gateway-answer", f"there are more than {client.MOST_ENTRIES} entries in its list"
            )


def _rules(connection: Connection, trust: Believed, folder: Path) -> tuple[int, Mapping[str, int]]:
    count, losses, named = 0, [], set()
    for country in trust.countries:
        if not re.fullmatch(r"[A-Z]{2}", country):
            continue
        answer = _got(connection.ask("GET", f"/rules/{country}"))
        opened = client.rules(answer, country, trust.uploads[country])
        losses.append(opened.left_out)
        if opened.documents:
            _write(folder / f"{country}.json", list(opened.documents))
            named.add(f"{country}.json")
            count += len(opened.documents)
    _only(folder, named)
    return count, client.summed(losses)


def _value_sets(connection: Connection, folder: Path) -> int:
    named = client.identifiers(_got(connection.ask("GET", "/valuesets")))
    for name in named:
        document = strict_json.parse(_got(connection.ask("GET", f"/valuesets/{name}")))
        if not isinstance(document, dict):
            raise DocumentRefused("gateway-answer", f"{name} is no value set")
        _write(folder / f"{name}.json", document)
    _only(folder, {f"{name}.json" for name in named})
    return len(named)


def _only(folder: Path, names: set[str]) -> None:
    """Take away what is there no more."""
    for path in folder.glob("*.json"):
        if path.name not in names:
            path.unlink()


def _since(out: Path, gateway: str) -> str:
    with suppress(Unreadable, DocumentRefused, ValueError):
        state = strict_json.parse(read_bytes(out / STATE, named=False))
        # Of another gateway all is new, however old.
        if isinstance(state, dict) and state.get("gateway") == gateway:
            since = state.get("batches_since")
            if isinstance(since, str):
                wire.instant(since)
                return since
    return BEGINNING


def _batches(connection: Connection, trust: Believed, out: Path) -> Mapping[str, int]:
    """Ask for what changed of batches, until nothing did; return how many were not believed, by code."""
    losses: list[Mapping[str, int]] = []
    # A digest: an address may hold a password.
    gateway = hashlib.sha256(connection.url.encode()).hexdigest()
    since, is_whole = _since(out, gateway), True
    for date, loss in _changes(connection, trust, out / BATCHES, since):
        losses.append(loss)
        is_whole = is_whole and not loss
        since = date if is_whole else since
    _write(out / STATE, {"batches_since": since, "gateway": gateway})
    return client.summed(losses)


def _changes(
    connection: Connection, trust: Believed, folder: Path, since: str
) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Carry out one change after the other; yield its date, and why it is not believed, if it is not."""
    last, count = wire.instant(since), 0
    while True:
        headers = {"If-Modified-Since": rfc3339(last)}
        reply = connection.ask("GET", "/revocation-list", headers=headers)
        if reply.status == _EMPTY:
            return
        lines = client.announced(_got(reply))
        for line in lines:
            path = folder / f"{line.identifier}.json"
            loss = {} if line.is_deleted else _batch(connection, trust, line, path)
            if line.is_deleted:
                path.unlink(missing_ok=True)
            yield rfc3339(wire.instant(line.date)), loss
        count += len(lines)
        newest = wire.instant(lines[-1].date) if lines else last
        if newest <= last or count > _MOST_BATCHES:
            raise DocumentRefused(
                "gateway-answer", "the gateway tells of the same batches again and again"
            )
        last = newest


def _batch(
    connection: Connection, trust: Believed, line: client.Announced, path: Path
) -> Mapping[str, int]:
    reply = connection.ask(
        "GET", f"/revocation-list/{line.identifier}", headers={"Accept": CMS_TEXT}
    )
    if reply.status in {_MISSING, _GONE}:
        # Deleted since the list was written: the next one tells of it.
        return {}
    try:
        document = client.batch(_got(reply), line.country, trust.uploads)
    except DocumentRefused as error:
        if reply.status != _OK:
            raise
        return {error.code: 1}
    _write(path, document)
    return {}
