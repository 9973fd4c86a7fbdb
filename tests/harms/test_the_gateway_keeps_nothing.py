"""Harm: whoever seizes a gateway, reads its logs or is refused by it, learns who was revoked, or who asked for what.

A country uploads hashes that were invented to be found, others read them, and the country takes them back; behind real
nginx, by the commands. Then every file is read. The control is each time that they were there, or that a change shows.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pratique.gateway import endpoints
from pratique.gateway.endpoints import Route
from pratique.gateway.mailbox import AuditRow
from pratique.gateway.wire import CMS, JSON, WireAnswer
from tests.gateway_sent import batch, reference, rule
from tests.gateway_world import AT, DAY, DRAW, body, pyca, request, world
from tests.journeys.gateway_front import Reply
from tests.journeys.gateway_front import world as world_now
from tests.journeys.gateway_suites import CMS_TEXT, Gateway, command, served
from tests.journeys.gateway_suites import batch as revoked
from tests.journeys.gateway_suites import rule as rule_now

ROUNDS = 20
"""Reads of each of a dozen lists."""
READERS = ("XA", "XB", "DX", "DE")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Serve a gateway on SQLite, behind nginx, by its commands."""
    with served(tmp_path_factory.mktemp("gateway"), None) as running:
        yield running


def files(gateway: Gateway) -> dict[str, bytes]:
    """Return all files of a gateway, of the server in front and of what they said.

    SQLite's index of its log is left out: it is memory of the processes, and is made anew by each.
    """
    top = gateway.folder.parent
    paths = [*gateway.folder.rglob("*"), top / "said"]
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in sorted(paths)
        if path.is_file() and path.suffix != ".sqlite-shm"
    }


def places(gateway: Gateway, canaries: list[bytes]) -> set[str]:
    """Return where one of some canaries stands: in files, and in files that are open and have no name any more."""
    found = {
        name for name, data in files(gateway).items() if any(canary in data for canary in canaries)
    }
    opened = dict(_open_below(gateway.folder))
    return found | {
        f"gateway/{name}"
        for name, data in opened.items()
        if any(canary in data for canary in canaries)
    }


def _open_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a folder that any process has open, SQLite's index among them, and what is in them."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            aim = str(link.readlink())
            if aim.startswith(f"{folder}/") and link.is_file():
                yield aim.removeprefix(f"{folder}/"), link.read_bytes()


def forms(hash_: bytes, message: str) -> list[bytes]:
    """Return how a hash can stand somewhere: as octets, as text, and within a message in Base64."""
    text = base64.b64encode(hash_)
    inside = [base64.b64encode(b" " * shift + text)[4:-4] for shift in range(3)]
    assert any(form.decode() in message for form in inside), "it would not be seen"
    return [hash_, hash_.hex().encode(), text, text.rstrip(b"="), *inside]


# -- Hashes


def test_a_hash_is_nowhere_once_it_is_deleted_and_purged(gateway: Gateway) -> None:
    xa, hash_ = world_now().state("XA"), os.urandom(16)
    document = revoked("XA", entries=[{"hash": base64.b64encode(hash_).decode()}])
    message = body(pyca(json.dumps(document).encode(), xa.upload)).decode()
    headers = {"Content-Type": CMS_TEXT}
    taken = gateway.call(xa.tls, "POST", "/revocation-list", message.encode(), headers)
    assert taken.status == 201
    canaries = forms(hash_, message)
    assert gateway.get("DX", f"/revocation-list/{taken.headers['etag']}").body == message.encode()
    before = places(gateway, canaries)
    assert before, "it is there"
    assert before <= {"gateway/gateway.sqlite", "gateway/gateway.sqlite-wal"}

    # Refused, a message is nowhere either: signed by nobody, cut off, or of a caller without the role.
    for by, data in ((xa, message[:-8]), (world_now().state("XB"), message)):
        assert gateway.call(by.tls, "POST", "/revocation-list", data.encode(), headers).status >= 400  # fmt: skip
    assert gateway.drop_batch(taken.headers["etag"], xa).status == 204
    assert places(gateway, canaries) == set(), "a deletion has left it"
    assert gateway.get("DX", f"/revocation-list/{taken.headers['etag']}").status == 410
    command("purge", gateway.folder)
    assert places(gateway, canaries) == set()


def test_a_hash_that_is_signed_anew_is_there_once(gateway: Gateway) -> None:
    """What the new message replaces is wiped as what is deleted: the old one would be a second copy."""
    xa = world_now().state("XA")
    document = json.dumps(revoked("XA")).encode()
    old = body(pyca(document, xa.upload))
    taken = gateway.send(xa.tls, "POST", "/revocation-list", base64.b64decode(old), CMS_TEXT)
    gateway.undo(lambda: gateway.drop_batch(taken.headers["etag"], xa))
    assert places(gateway, [old])
    rows = gateway.rows("XA", "/cms-migration")
    number = next(row["entityId"] for row in rows if row["cms"] == old.decode())
    new = body(pyca(document, xa.upload_again))
    migrated = {"cms": new.decode(), "entityId": number, "type": "REVOCATION_LIST"}
    assert gateway.send_json("XA", "POST", "/cms-migration", migrated).status == 204
    assert places(gateway, [new])
    assert places(gateway, [old]) == set()


# -- Readers


def reads(gateway: Gateway, by: str) -> Iterator[Reply]:
    """Read everything that there is to be read, and ask for some things that there are not."""
    for path in (
        "/trustList", "/trustList/DSC/XA", "/trustList?page=0&pagesize=2", "/trustList/certificate", "/countrylist",
        "/rules/XA", "/rules/DE", "/valuesets", "/valuesets/country-2-codes", "/remarks", "/remarks/rules/XA",
        "/cms-migration", "/trustList/references", "/trustList/issuers", "/valuesets/none", "/nothing", f"/trust/reference/{DRAW}",
    ):  # fmt: skip
        yield gateway.get(by, path)
    yield gateway.get(by, "/revocation-list", "2026-01-01T00:00:00Z")
    yield gateway.get(by, f"/revocation-list/{DRAW}")
    yield gateway.get(by, "/trustList", "Sun, 1 Nov 2026 00:00:00 GMT")


def test_no_read_changes_a_byte_and_no_reader_leaves_another_trace(gateway: Gateway) -> None:
    xa = world_now().state("XA")
    gateway.put_rule(rule_now("XA"), xa)
    gateway.put_batch(revoked("XA"), xa)
    left = [files(gateway)]
    for _ in range(ROUNDS // len(READERS)):
        for by in READERS:
            statuses = {reply.status for reply in reads(gateway, by)}
            assert {200, 404} <= statuses <= {200, 204, 403, 404}
            left.append(files(gateway))
    changed = {name for after in left[1:] for name in after if after[name] != left[0].get(name)}
    assert changed == set()
    assert {frozenset(after) for after in left} == {frozenset(left[0])}
    # Whoever is unknown leaves nothing either.
    stranger = world_now().state("XC")
    for reply in reads(gateway, "XC"):
        assert reply.status in {401, 404}
    assert files(gateway) == left[0]
    assert not places(gateway, [stranger.tls.thumbprint.encode(), bytes.fromhex(stranger.tls.thumbprint)])  # fmt: skip
    # The control: what is written shows.
    gateway.put_rule(rule_now("XA"), xa)
    assert files(gateway) != left[0]


def test_what_is_audited_is_when_which_country_what_and_a_digest(gateway: Gateway) -> None:
    xa = world_now().state("XA")
    signer = xa.signer("P-256", 977)
    assert gateway.upload(signer, xa).status == 201
    gateway.put_rule(rule_now("XA"), xa)
    lines = command("audit", gateway.folder, "--format", "json").splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        assert set(row) == set(AuditRow._fields) == {"at", "country", "act", "digest"}
        assert re.fullmatch(r"20[0-9-]{8}T[0-9:]{8}Z", row["at"])
        assert re.fullmatch(r"([A-Z]{2})?", row["country"])
        assert row["act"] in ACTS
        assert re.fullmatch(r"[0-9a-f]{64}", row["digest"])
    assert [row["digest"] for row in rows if row["act"] == "signer-upload"][-1] == signer.thumbprint
    # Who reads is no act.
    for _ in reads(gateway, "XB"):
        pass
    assert command("audit", gateway.folder, "--format", "json").splitlines() == lines


ACTS = {
    "party-added", "party-removed", "value-set", "signer-upload", "signer-delete", "trusted-upload", "rule-upload",
    "rule-delete", "batch-upload", "batch-delete", "batch-ended", "migration", "reference-upload", "reference-delete",
}  # fmt: skip


# -- Refusals

WORD = "Ursula-Invented-1962"
SPELT = [
    WORD.encode(),
    WORD.lower().encode(),
    WORD.encode().hex().encode(),
    *(base64.b64encode(b" " * shift + WORD.encode())[4:-4] for shift in range(3)),
]


def canaries_in_headers(row: Route) -> Iterator[dict[str, Any]]:
    """Yield what of a request is a stranger's text beside path and body."""
    for name in (
        "If-Modified-Since", "Content-Type", "Accept", "Accept-Language", "X-SSL-Client-Cert", "X-SSL-Client-SHA256",
        "X-SSL-Client-DN", "Content-Encoding", "Content-Transfer-Encoding", "User-Agent", "Cookie", "Authorization",
    ):  # fmt: skip
        yield {"headers": {name: f"O={WORD},C={WORD}" if name.endswith("DN") else WORD}}
    for query in (f"page={WORD}", f"{WORD}={WORD}", f"country={WORD}&group={WORD}", f"%{WORD}"):
        yield {"query": query}


def canaries_in_bodies() -> Iterator[bytes]:
    """Yield bodies of which every text is a canary: junk, JSON, messages by anybody, documents of each kind."""
    states = world().state("XA"), world().state("XB")
    word = WORD.encode()
    documents: list[bytes] = [
        word,
        json.dumps({WORD: WORD}).encode(),
        json.dumps({"cms": WORD, "kid": WORD, "group": WORD}).encode(),
        json.dumps({"cms": body(word).decode(), "properties": {WORD: WORD}}).encode(),
        json.dumps({"cms": body(word).decode(), "entityId": WORD, "type": WORD}).encode(),
        json.dumps({"batchId": WORD}).encode(),
        json.dumps({"uuid": WORD}).encode(),
        f"GR-{WORD}-0001".encode(),
    ]
    forms: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
        (rule(), tuple(rule())),
        (batch(), tuple(batch())),
        (reference(), tuple(reference())),
    )
    for document, names in forms:
        documents += [json.dumps({**document, name: WORD}).encode() for name in names]
        documents += [json.dumps({**document, WORD: 1}).encode()]
        documents += [json.dumps({**document, name: [{WORD: WORD}]}).encode() for name in names]
    told = [{"lang": "en", "desc": f"{WORD} {WORD}"}]
    late = rule(AT - 3 * DAY, Identifier="GR-XA-0002", Description=told)
    documents.append(json.dumps(late).encode())
    documents.append(json.dumps(batch(entries=[{"hash": WORD}, {WORD: ""}])).encode())
    signer = world().state("XB").signer("P-256", 1).der
    documents += [signer, signer + word]
    for content in documents:
        yield content
        yield body(content)
        messages = [body(pyca(content, state.upload)) for state in states]
        yield from messages
        yield messages[0][:-5] + word[:5]
        more: dict[str, Any] = {"cms": messages[0].decode(), "entityId": 1, "type": "DSC"}
        for odd in ({"kid": WORD * 2}, {"domain": WORD}, {"group": WORD}, {"type": WORD}, {}):
            yield json.dumps({**more, **odd}).encode()


def path_of(row: Route, part: str) -> str:
    """Return a path of a row, with parts behind its name."""
    return row.name + f"/{part}" * max(row.parts[1], 1)


def refused(answer: WireAnswer, counted: list[WireAnswer]) -> None:
    """Count a refusal, and look for the canary in all of it."""
    if answer.status < 400:
        return
    counted.append(answer)
    shown = answer.body + repr(answer.headers).encode()
    assert not [spelt for spelt in SPELT if spelt in shown], answer
    assert json.loads(answer.body)["sendValue"] == ""


def test_no_refusal_repeats_a_word_of_its_request() -> None:
    xa, counted = world().state("XA"), list[WireAnswer]()
    bodies = list(canaries_in_bodies())
    for row in endpoints.ROUTES:
        box = world().box()
        media = {"Content-Type": row.media[0]} if row.media else {}
        for path in (path_of(row, WORD), path_of(row, f"{WORD}%00"), f"/{WORD}", row.name):
            refused(box.ask(request(row.method, path, by=xa.tls)), counted)
        for more in canaries_in_headers(row):
            refused(box.ask(request(row.method, row.name, by=xa.tls, **more)), counted)
            refused(box.ask(request(row.method, path_of(row, "XA"), by=xa.tls, **more)), counted)
        for data in bodies if row.writes else ():
            refused(box.ask(request(row.method, row.name, by=xa.tls, body=data, headers=media)), counted)  # fmt: skip
        refused(box.ask(request(WORD.upper(), row.name, by=xa.tls)), counted)
        for by in (xa.signer(countries=()), xa.signer(), None):
            refused(box.ask(request(row.method, path_of(row, WORD), by=by, body=bodies[0])), counted)  # fmt: skip
        box.all_parties = [party._replace(roles=frozenset()) for party in box.all_parties]
        refused(box.ask(request(row.method, path_of(row, WORD), by=xa.tls)), counted)
    codes = {json.loads(answer.body)["code"] for answer in counted}
    assert codes >= {
        "0x000",
        "0x001",
        "0x004",
        "0x007",
        "0x009",
        "0x100",
        "0x200",
        "0x210",
        "0x230",
        "0x240",
        "0x250",
        "0x260",
        "0x400",
        "0x401",
        "0x402",
        "0x403",
        "n/a",
    }, sorted(codes)
    assert {answer.status for answer in counted} >= {400, 401, 403, 404, 405, 415}


def test_a_refusal_that_repeats_something_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        refused(WireAnswer(400, json.dumps({"sendValue": "", "details": WORD}).encode()), [])
    with pytest.raises(AssertionError):
        refused(WireAnswer(400, b'{"sendValue": "x"}'), [])


@pytest.mark.parametrize(
    ("method", "path", "headers", "size"),
    [
        ("GET", f"/{WORD}", {}, 0),
        ("GET", f"/rules/{WORD}", {}, 0),
        ("GET", f"/%{WORD}", {}, 0),
        ("GET", f"/trustList?page={WORD}", {}, 0),
        ("GET", f"/{WORD * 1000}", {}, 0),
        ("GET", "/trustList", {"If-Modified-Since": WORD}, 0),
        ("GET", "/trustList", {"Cookie": WORD * 2000}, 0),
        ("GET", "/trustList", {"Host": f"{WORD}/"}, 0),
        (WORD.replace("-", "").upper(), "/trustList", {}, 0),
        ("POST", "/rules", {"Content-Type": WORD}, 100),
        ("POST", "/rules", {"Content-Type": CMS}, 2_000_000),
        ("POST", "/rules", {"Content-Type": CMS, "Content-Encoding": WORD}, 100),
        ("POST", "/rules", {"Content-Type": CMS, "Expect": WORD}, 100),
        ("POST", "/cms-migration", {"Content-Type": JSON}, 1_000),
    ],
)
def test_no_refusal_of_the_whole_repeats_a_word_either(
    gateway: Gateway, method: str, path: str, headers: dict[str, str], size: int
) -> None:
    """The server in front has refusals of its own."""
    data = (WORD.encode() * (size // len(WORD) + 1))[:size] or None
    for by in ("XA", "XC"):
        try:
            reply = gateway.call(world_now().state(by).tls, method, path, data, headers)
        except (BrokenPipeError, ConnectionResetError):
            # A body beyond the limit is not read to its end.
            assert size > 1_000_000
            continue
        assert reply.status >= 400
        shown = reply.body + repr(reply.headers).encode()
        assert not [spelt for spelt in SPELT if spelt in shown], reply
    assert places(gateway, SPELT) == set()
