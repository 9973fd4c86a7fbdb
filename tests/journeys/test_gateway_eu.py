"""The EU's suite (dgc-api-tests) as clients of ours: each of its 109 runs that a gateway can pass.

    DX = the country whose keys the suite has, with two upload signers · DE, XA = others · a client that nobody knows

The scenarios stand by its files; `gateway_suites` says what the clients do. Where the suite makes no difference, half of
the messages are as BouncyCastle writes them in the countries' own clients.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from tests.gateway_world import DAY, Keyed, State, body, bouncy, pyca
from tests.journeys.gateway_front import Reply, world
from tests.journeys.gateway_suites import (
    CMS_TEXT,
    VALUE_SETS,
    Case,
    Gateway,
    Suite,
    bare,
    batch,
    by_ctime,
    check,
    rule,
    stamp,
    thumbprints,
    unknown,
)
from tests.steps import until

EU = Suite("EU")
OWN, OTHER, THIRD, WITHOUT_ROLE = "DX", "DE", "XA", "XB"
FILES = {
    "CreateCertificate": 5, "DeleteCertificates": 5, "DeltaDownload": 11, "GetTrustList": 7, "cmsmigration": 6,
    "UpDownDelete": 16, "DeleteRule": 9, "GetRules": 4, "UpdateRules": 6, "UploadRules": 10, "ContentChecks": 22,
    "Acceptance": 3, "Invalidation": 2, "GetValueset": 3,
}  # fmt: skip
"""Runs of each file that a gateway can pass."""
NOWHERE = "0b6f6ad4-5a7c-4ac6-8f3f-5d0c7b1f1a2e"
HOUR = 3600


@pytest.mark.parametrize("case", EU.cases, ids=lambda case: case.name)
def test_a_scenario_of_the_eus_suite(gateway: Gateway, case: Case) -> None:
    check(gateway, case)


def test_no_run_is_left_out() -> None:
    assert EU.counts() == FILES


def test_scenarios_have_left_nothing_behind(gateway: Gateway) -> None:
    assert len(gateway.rows(OWN, "/trustList/DSC")) == 6
    for country in (OWN, OTHER):
        assert gateway.rows(OWN, f"/rules/{country}") == {}
    since = stamp(time.time() - DAY)
    rows = gateway.rows(OWN, "/revocation-list", since)["batches"]
    assert all(row["deleted"] for row in rows)


def own() -> State:
    """Return the country whose keys the suite has."""
    return world().state(OWN)


# -- CreateCertificate

_CREATE = partial(EU.case, "CreateCertificate", "POST /signerCertificate")


@_CREATE("a new signer, which ends in ten seconds", "201: it is listed")
def creates(gateway: Gateway) -> Reply:
    signer = bare(own(), "RSA-2048", life=10)
    reply = gateway.upload(signer, own())
    assert signer.thumbprint in thumbprints(gateway.rows(OTHER, f"/trustList/DSC/{OWN}"))
    return reply


@_CREATE("by a client that nobody knows", "401", "401 0x402")
def creates_unknown(gateway: Gateway) -> Reply:
    message = pyca(bare(own(), "RSA-2048", life=10).der, own().upload)
    return gateway.send(unknown(), "POST", "/signerCertificate", message)


@_CREATE("another country's client, this one's upload key", "400", "400 0x004")
def creates_for_another(gateway: Gateway) -> Reply:
    message = bouncy(bare(own(), "RSA-2048", life=10).der, own().upload)
    return gateway.send(OTHER, "POST", "/signerCertificate", message)


@_CREATE("a bare certificate, and no CMS", "400", "400 0x402")
def creates_bare(gateway: Gateway) -> Reply:
    return gateway.send(OWN, "POST", "/signerCertificate", bare(own(), "RSA-2048", life=10).der)


@_CREATE("a signer that is there already", "409", "409 0x002")
def creates_twice(gateway: Gateway) -> Reply:
    signer = bare(own(), "RSA-2048", life=10)
    assert gateway.upload(signer, own()).status == 201
    return gateway.upload(signer, own())


# -- DeleteCertificates


def _deletes(method: str, path: str, begin: int, gateway: Gateway) -> Reply:
    signer = bare(own(), "RSA-2048", life=10, begin=int(time.time()) + begin)
    assert gateway.upload(signer, own()).status == 201
    reply = gateway.send(OWN, method, path, bouncy(signer.der, own().upload))
    assert signer.thumbprint not in thumbprints(gateway.rows(OTHER, "/trustList/DSC"))
    return reply


for method, path, begin, how in (
    ("DELETE", "/signerCertificate", 0, "a signer of one's own"),
    ("POST", "/signerCertificate/delete", -60, "a signer that has ended"),
):
    EU.case("DeleteCertificates", f"{method} {path}", how, "204: it is not listed any more")(
        partial(_deletes, method, path, begin)
    )
_DELETE = partial(EU.case, "DeleteCertificates", "DELETE /signerCertificate")


@_DELETE("a signer that is not there", "404", "404 0x005")
def deletes_nothing(gateway: Gateway) -> Reply:
    return gateway.drop(bare(own(), "P-256"), own())


@_DELETE("another country's signer", "400", "400 0x007")
def deletes_anothers(gateway: Gateway) -> Reply:
    signer, state = bare(own(), "P-256"), world().state(OTHER)
    assert gateway.upload(signer, own()).status == 201
    reply = gateway.drop(signer, state)
    assert signer.thumbprint in thumbprints(gateway.rows(OTHER, f"/trustList/DSC/{OWN}"))
    return reply


@_DELETE("by a client that nobody knows", "401", "401 0x402")
def deletes_unknown(gateway: Gateway) -> Reply:
    message = pyca(bare(own(), "P-256").der, own().upload)
    return gateway.send(unknown(), "DELETE", "/signerCertificate", message)


# -- DeltaDownload


def _offset(at: float) -> str:
    return datetime.fromtimestamp(at, timezone(timedelta(hours=1))).isoformat(timespec="seconds")


def _fine(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _since(written: Callable[[float], str], gateway: Gateway) -> Reply:
    before = time.time()
    signer = bare(own(), "P-256")
    assert gateway.upload(signer, own()).status == 201
    reply = gateway.get(OTHER, "/trustList/DSC", written(before))
    assert signer.thumbprint in thumbprints(json.loads(reply.body))
    # Nothing of long ago is in it.
    assert len(json.loads(reply.body)) < len(gateway.rows(OTHER, "/trustList"))
    return reply


for written, how in (
    (stamp, "ISO 8601, Z"),
    (_offset, "ISO 8601, an offset"),
    (_fine, "ISO 8601, fractions of a second"),
    (by_ctime, "RFC 1123, out of ctime()"),
):
    EU.case("DeltaDownload", "GET /trustList/DSC", f"If-Modified-Since: {how}", "200: what is new is in it")(
        partial(_since, written)
    )  # fmt: skip


def _day_of_one_digit(gateway: Gateway) -> Reply:
    rows = json.loads(gateway.get(OTHER, "/trustList", "Sat, 1 Nov 2025 00:00:00 GMT").body)
    assert len(rows) > 10
    return gateway.get(OTHER, "/trustList", "Sat, 01 Nov 2025 00:00:00 GMT")


EU.case("DeltaDownload", "GET /trustList", "RFC 1123, a day of one digit", "200: as with two")(
    _day_of_one_digit
)


@EU.case("DeltaDownload", "GET /trustList", "If-Modified-Since: no date", "400", "400 0x001")
def no_date(gateway: Gateway) -> Reply:
    return gateway.get(OTHER, "/trustList", "yesterday")


@EU.case("DeltaDownload", "GET /trustList/DSC", "what was deleted since", "200: signature and rawData are null")  # fmt: skip
def deleted_since(gateway: Gateway) -> Reply:
    before = stamp(time.time())
    signer = bare(own(), "P-256")
    assert gateway.upload(signer, own()).status == 201
    assert gateway.drop(signer, own()).status == 204
    reply = gateway.get(OTHER, "/trustList/DSC", before)
    (row,) = (row for row in json.loads(reply.body) if row["thumbprint"] == signer.thumbprint)
    assert row["signature"] is None
    assert row["rawData"] is None
    assert row["kid"] == signer.kid
    assert signer.thumbprint not in thumbprints(gateway.rows(OTHER, "/trustList"))
    return reply


@EU.case("DeltaDownload", "POST /signerCertificate", "a signer that was deleted", "201: it takes the tombstone's place")  # fmt: skip
def again(gateway: Gateway) -> Reply:
    before = stamp(time.time())
    signer = bare(own(), "P-256")
    assert gateway.upload(signer, own()).status == 201
    assert gateway.drop(signer, own()).status == 204
    reply = gateway.upload(signer, own())
    rows = gateway.rows(OTHER, "/trustList/DSC", before)
    (row,) = (row for row in rows if row["thumbprint"] == signer.thumbprint)
    assert base64.b64decode(row["rawData"]) == signer.der
    return reply


@EU.case("DeltaDownload", "GET /trustList?page=&pagesize=", "all pages", "200: each entry once, sorted by kid")  # fmt: skip
def pages(gateway: Gateway) -> Reply:
    rows: list[dict[str, Any]] = []
    reply = gateway.get(OTHER, "/trustList?page=0&pagesize=4")
    while cut := json.loads(reply.body):
        assert len(cut) <= 4
        assert len(rows) % 4 == 0
        rows += cut
        reply = gateway.get(OTHER, f"/trustList?page={(len(rows) + 3) // 4}&pagesize=4")
    assert rows == gateway.rows(OTHER, "/trustList")
    assert [row["kid"] for row in rows] == sorted(row["kid"] for row in rows)
    return reply


@EU.case("DeltaDownload", "GET /trustList?page=&pagesize=", "a page of what is new", "200: of the delta alone")  # fmt: skip
def page_of_a_delta(gateway: Gateway) -> Reply:
    before = stamp(time.time())
    signers = [bare(own(), "P-256") for _ in range(3)]
    for signer in signers:
        assert gateway.upload(signer, own()).status == 201
    reply = gateway.get(OTHER, f"/trustList/DSC/{OWN}?page=0&pagesize=2", before)
    cut = json.loads(reply.body)
    cut += gateway.rows(OTHER, f"/trustList/DSC/{OWN}?page=1&pagesize=2", before)
    assert {signer.thumbprint for signer in signers} <= set(
        thumbprints(gateway.rows(OTHER, "/trustList", before))
    )
    assert len(json.loads(reply.body)) == 2
    assert len(set(thumbprints(cut))) == len(cut) >= 3
    return reply


@EU.case("DeltaDownload", "GET /trustList", "pagination is optional: of the last 60 days, without pages",
         "200: more than 10")  # fmt: skip
def without_pages(gateway: Gateway) -> Reply:
    reply = gateway.get(OTHER, "/trustList", stamp(time.time() - 60 * DAY))
    assert len(json.loads(reply.body)) > 10
    return reply


# -- GetTrustList


@EU.case("GetTrustList", "GET /trustList", "everything", "200: each entry with its members")
def whole(gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, "/trustList")
    rows = json.loads(reply.body)
    for row in rows:
        assert set(row) == {
            "kid", "timestamp", "country", "certificateType", "thumbprint", "signature", "rawData"
        }  # fmt: skip
        datetime.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
    assert {row["certificateType"] for row in rows} == {"DSC", "UPLOAD", "CSCA", "AUTHENTICATION"}
    return reply


def _typed(kind: str, path: str, gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, path)
    rows = json.loads(reply.body)
    assert rows
    assert {row["certificateType"] for row in rows} == {kind}
    return reply


for kind, written_kind in (("DSC", "DSC"), ("UPLOAD", "UPLOAD"), ("CSCA", "csca"), ("AUTHENTICATION", "Authentication")):  # fmt: skip
    EU.case("GetTrustList", f"GET /trustList/{written_kind}", "one type", "200: no other")(
        partial(_typed, kind, f"/trustList/{written_kind}")
    )


@EU.case("GetTrustList", "GET /trustList/DSC/DE", "one type of one country", "200: no other")
def of_one_country(gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, f"/trustList/DSC/{OTHER}")
    rows = json.loads(reply.body)
    assert {(row["certificateType"], row["country"]) for row in rows} == {("DSC", OTHER)}
    assert rows == gateway.rows(OWN, f"/trustList/dsc/{OTHER.lower()}")
    return reply


def _unknown_reads(path: str, gateway: Gateway) -> Reply:
    return gateway.get(unknown(), path)


EU.case("GetTrustList", "GET /trustList", "by a client that nobody knows", "401", "401 0x402")(
    partial(_unknown_reads, "/trustList")
)

# -- cmsmigration


def entities(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    """Return the entities of a type that are to be signed anew."""
    return [row for row in gateway.rows(OWN, "/cms-migration") if row["type"] == kind]


@EU.case("cmsmigration", "GET /cms-migration", "what is to be signed anew", "200: one's own, with their content")  # fmt: skip
def to_migrate(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    message = body(pyca(signer.der, own().upload)).decode()
    data = {"Content-Type": "application/cms"}
    created = gateway.call(own().tls, "POST", "/signerCertificate", message.encode(), data)
    assert created.status == 201
    gateway.undo(lambda: gateway.drop(signer, own()))
    reply = gateway.get(OWN, "/cms-migration")
    rows = json.loads(reply.body)
    assert all(set(row) == {"cms", "entityId", "type"} for row in rows)
    assert message in {row["cms"] for row in rows}
    assert message not in str(gateway.rows(OTHER, "/cms-migration"))
    return reply


def _migrated(gateway: Gateway, kind: str, content: bytes, by: Keyed, add: Callable[[], Reply]) -> Reply:  # fmt: skip
    before = {row["entityId"]: row for row in entities(gateway, kind)}
    assert add().status == 201
    (row,) = (row for row in entities(gateway, kind) if row["entityId"] not in before)
    again = row | {"cms": body(pyca(content, by)).decode()}
    reply = gateway.send_json(OWN, "POST", "/cms-migration", again)
    (now,) = (each for each in entities(gateway, kind) if each["entityId"] == row["entityId"])
    assert now["cms"] == (again["cms"] if reply.status == 204 else row["cms"])
    assert again["cms"] != row["cms"]
    return reply


@EU.case("cmsmigration", "POST /cms-migration", "a signer", "204: the new message is handed on")
def migrates_signer(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    return _migrated(gateway, "DSC", signer.der, own().upload, lambda: gateway.upload(signer, own()))  # fmt: skip


@EU.case("cmsmigration", "POST /cms-migration", "a rule", "204: the new message is handed on")
def migrates_rule(gateway: Gateway) -> Reply:
    document = rule(OWN)
    content = json.dumps(document).encode()
    return _migrated(gateway, "VALIDATION_RULE", content, own().upload, lambda: gateway.put_rule(document, own()))  # fmt: skip


@EU.case("cmsmigration", "POST /cms-migration", "a batch", "204: the new message is handed on")
def migrates_batch(gateway: Gateway) -> Reply:
    document = batch(OWN)
    content = json.dumps(document).encode()
    return _migrated(gateway, "REVOCATION_LIST", content, own().upload, lambda: gateway.put_batch(document, own()))  # fmt: skip


@EU.case("cmsmigration", "POST /cms-migration", "another content, by the second upload key", "400", "400 0x004")  # fmt: skip
def migrates_another_content(gateway: Gateway) -> Reply:
    signer, other = bare(own(), "P-256"), bare(own(), "P-256")
    return _migrated(gateway, "DSC", other.der, own().upload_again, lambda: gateway.upload(signer, own()))  # fmt: skip


@EU.case("cmsmigration", "POST /cms-migration", "what is not there", "409", "409 0x010")
def migrates_nothing(gateway: Gateway) -> Reply:
    message = body(pyca(bare(own(), "P-256").der, own().upload)).decode()
    return gateway.send_json(
        OWN, "POST", "/cms-migration", {"cms": message, "entityId": 999_999_999, "type": "DSC"}
    )


# -- UpDownDelete: revocation batches


@EU.case("UpDownDelete", "POST /revocation-list", "a batch", "201: its ETag is a UUID without quotes")  # fmt: skip
def uploads_batch(gateway: Gateway) -> Reply:
    reply = gateway.put_batch(batch(OWN), own())
    assert len(reply.headers["etag"]) == 36
    assert gateway.drop_batch(reply.headers["etag"], own()).status == 204
    return reply


@EU.case("UpDownDelete", "POST /revocation-list", "1,000 hashes", "201")
def uploads_largest(gateway: Gateway) -> Reply:
    return gateway.put_batch(batch(OWN, 1_000), own())


@EU.case("UpDownDelete", "POST /revocation-list", "by a client that nobody knows", "401", "401 0x402")  # fmt: skip
def uploads_unknown(gateway: Gateway) -> Reply:
    message = pyca(json.dumps(batch(OWN)).encode(), own().upload)
    return gateway.send(unknown(), "POST", "/revocation-list", message, CMS_TEXT)


@EU.case("UpDownDelete", "POST /revocation-list", "another country's batch", "403", "403 0x000")
def uploads_anothers(gateway: Gateway) -> Reply:
    return gateway.put_batch(batch(OTHER), own())


@EU.case("UpDownDelete", "POST /revocation-list", "1,001 hashes", "400", "400 0x000")
def uploads_too_many(gateway: Gateway) -> Reply:
    return gateway.put_batch(batch(OWN, 1_001), own())


@EU.case("UpDownDelete", "POST /revocation-list", "a list of texts for the hashes", "400", "400 0x000")  # fmt: skip
def uploads_texts(gateway: Gateway) -> Reply:
    document = batch(OWN)
    entries = [row["hash"] for row in document["entries"]]
    return gateway.put_batch(document | {"entries": entries}, own())


@EU.case("UpDownDelete", "GET /revocation-list", "of the last day", "200: the batch, its date with an offset")  # fmt: skip
def lists_batches(gateway: Gateway) -> Reply:
    before = datetime.now(UTC).replace(microsecond=0)
    identifier = gateway.put_batch(batch(OWN), own()).headers["etag"]
    reply = gateway.get(OTHER, "/revocation-list", by_ctime(time.time() - DAY))
    document = json.loads(reply.body)
    assert document["more"] is False
    (row,) = (row for row in document["batches"] if row["batchId"] == identifier)
    assert set(row) == {"batchId", "country", "date", "deleted"}
    assert (row["country"], row["deleted"]) == (OWN, False)
    assert datetime.fromisoformat(row["date"]) >= before
    dates = [datetime.fromisoformat(each["date"]) for each in document["batches"]]
    assert dates == sorted(set(dates))
    return reply


@EU.case("UpDownDelete", "GET /revocation-list", "the clients' loop: again with the last date, until 204",
         "204: each change once")  # fmt: skip
def loops(gateway: Gateway) -> Reply:
    since = datetime.now(UTC) - timedelta(seconds=1)
    uploaded = [gateway.put_batch(batch(OWN), own()).headers["etag"] for _ in range(3)]
    assert gateway.drop_batch(uploaded[0], own()).status == 204
    listed: list[tuple[str, bool]] = []
    reply = gateway.get(THIRD, "/revocation-list", stamp(since.timestamp()))
    while reply.status == 200:
        # With one change behind two dates, or two behind one, it would have no end, or one too early.
        assert len(listed) < 300
        rows = json.loads(reply.body)["batches"]
        listed += [(row["batchId"], row["deleted"]) for row in rows]
        since = datetime.fromisoformat(rows[-1]["date"])
        reply = gateway.get(THIRD, "/revocation-list", stamp(since.timestamp()))
    assert not reply.body
    expected = [(uploaded[1], False), (uploaded[2], False), (uploaded[0], True)]
    assert [row for row in listed if row[0] in uploaded] == expected
    return reply


@EU.case("UpDownDelete", "GET /revocation-list", "without If-Modified-Since", "400", "400 0x001")
def lists_without_date(gateway: Gateway) -> Reply:
    return gateway.get(OWN, "/revocation-list")


@EU.case("UpDownDelete", "GET /revocation-list", "of a day to come", "400", "400 (empty)")
def lists_of_tomorrow(gateway: Gateway) -> Reply:
    return gateway.get(OWN, "/revocation-list", stamp(time.time() + DAY))


@EU.case("UpDownDelete", "GET /revocation-list/{id}", "a batch", "200: the message, to the byte")
def downloads_batch(gateway: Gateway) -> Reply:
    message = body(bouncy(json.dumps(batch(OWN, 300)).encode(), own().upload))
    created = gateway.call(own().tls, "POST", "/revocation-list", message, {"Content-Type": CMS_TEXT})  # fmt: skip
    identifier = created.headers["etag"]
    gateway.undo(lambda: gateway.drop_batch(identifier, own()))
    asked = {"Accept": CMS_TEXT, "Accept-Encoding": "gzip, deflate, br"}
    reply = gateway.call(own().tls, "GET", f"/revocation-list/{identifier}", headers=asked)
    assert reply.body == message
    assert reply.headers["content-type"] == CMS_TEXT
    assert reply.headers["etag"] == identifier
    assert "content-encoding" not in reply.headers
    return reply


@EU.case("UpDownDelete", "GET /revocation-list/{id}", "what is not there", "404", "404 0x000")
def downloads_nothing(gateway: Gateway) -> Reply:
    return gateway.get(OWN, f"/revocation-list/{NOWHERE}")


@EU.case("UpDownDelete", "GET /revocation-list/{id}", "a deleted batch", "410: it is listed as deleted", "410 0x000")  # fmt: skip
def downloads_deleted(gateway: Gateway) -> Reply:
    since = stamp(time.time() - 1)
    identifier = gateway.put_batch(batch(OWN), own()).headers["etag"]
    assert gateway.drop_batch(identifier, own()).status == 204
    rows = gateway.rows(OTHER, "/revocation-list", since)["batches"]
    assert [row["deleted"] for row in rows if row["batchId"] == identifier] == [True]
    return gateway.get(OTHER, f"/revocation-list/{identifier}")


def _deletes_batch(method: str, gateway: Gateway) -> Reply:
    identifier = gateway.put_batch(batch(OWN), own()).headers["etag"]
    return gateway.drop_batch(identifier, own(), method)


for method, path in (("DELETE", "/revocation-list"), ("POST", "/revocation-list/delete")):
    EU.case("UpDownDelete", f"{method} {path}", "a batch of one's own", "204")(
        partial(_deletes_batch, method)
    )


@EU.case("UpDownDelete", "DELETE /revocation-list", "another country's batch", "403: it stays", "403 0x000")  # fmt: skip
def deletes_anothers_batch(gateway: Gateway) -> Reply:
    identifier = gateway.put_batch(batch(OWN), own()).headers["etag"]
    reply = gateway.drop_batch(identifier, world().state(OTHER))
    assert gateway.get(OTHER, f"/revocation-list/{identifier}").status == 200
    return reply


# -- DeleteRule


def _deletes_rule(method: str, gateway: Gateway) -> Reply:
    first = rule(OWN)
    later = first | {"Version": "1.1.0"}
    for document in (first, later):
        assert gateway.put_rule(document, own()).status == 201
    reply = gateway.drop_rule(first["Identifier"], own(), method)
    assert gateway.versions(OTHER, OWN, first["Identifier"]) == []
    return reply


for method, path in (("DELETE", "/rules"), ("POST", "/rules/delete")):
    EU.case("DeleteRule", f"{method} {path}", "a rule of one's own", "204: no version is left")(
        partial(_deletes_rule, method)
    )


@EU.case("DeleteRule", "POST /rules", "1.0.0 again, after the deletion", "201")
def uploads_again(gateway: Gateway) -> Reply:
    document = rule(OWN)
    assert gateway.put_rule(document, own()).status == 201
    assert gateway.drop_rule(document["Identifier"], own()).status == 204
    return gateway.put_rule(document, own())


_DELETE_RULE = partial(EU.case, "DeleteRule", "DELETE /rules")


@_DELETE_RULE("what is not there", "404", "404 0x270")
def deletes_no_rule(gateway: Gateway) -> Reply:
    return gateway.drop_rule(f"GR-{OWN}-9999", own())


@_DELETE_RULE("another country's rule", "403: it stays", "403 0x210")
def deletes_anothers_rule(gateway: Gateway) -> Reply:
    document = rule(OWN)
    assert gateway.put_rule(document, own()).status == 201
    reply = gateway.drop_rule(document["Identifier"], world().state(OTHER))
    assert gateway.versions(OTHER, OWN, document["Identifier"]) == ["1.0.0"]
    return reply


@_DELETE_RULE("what is no identifier", "400", "400 0x250")
def deletes_by_no_identifier(gateway: Gateway) -> Reply:
    return gateway.drop_rule("the first one", own())


@_DELETE_RULE("signed by another country's upload key", "400", "400 0x230")
def deletes_by_another_key(gateway: Gateway) -> Reply:
    message = pyca(f"GR-{OWN}-0001".encode(), world().state(OTHER).upload)
    return gateway.send(OWN, "DELETE", "/rules", message, CMS_TEXT)


@_DELETE_RULE("an identifier, and no CMS", "400", "400 0x402")
def deletes_bare(gateway: Gateway) -> Reply:
    return gateway.send(OWN, "DELETE", "/rules", f"GR-{OWN}-0001".encode(), CMS_TEXT)


@_DELETE_RULE("by a client that nobody knows", "401", "401 0x402")
def deletes_rule_unknown(gateway: Gateway) -> Reply:
    message = pyca(f"GR-{OWN}-0001".encode(), own().upload)
    return gateway.send(unknown(), "DELETE", "/rules", message, CMS_TEXT)


# -- GetRules


def _rules_of(reader: str, gateway: Gateway) -> Reply:
    document = rule(OWN)
    message = body(bouncy(json.dumps(document).encode(), own().upload))
    created = gateway.call(own().tls, "POST", "/rules", message, {"Content-Type": CMS_TEXT})
    assert created.status == 201
    gateway.undo(lambda: gateway.drop_rule(document["Identifier"], own()))
    reply = gateway.get(reader, f"/rules/{OWN}")
    (row,) = json.loads(reply.body)[document["Identifier"]]
    assert row["cms"].encode() == message
    assert (row["version"], row["validFrom"]) == ("1.0.0", document["ValidFrom"])
    return reply


for reader in (OWN, OTHER):
    EU.case("GetRules", "GET /rules/DX", f"by {reader}", "200: the message, to the byte")(
        partial(_rules_of, reader)
    )


@EU.case("GetRules", "GET /rules/ZZ", "a country without rules", "200: {}")
def no_rules(gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, "/rules/ZZ")
    assert reply.body == b"{}"
    return reply


EU.case("GetRules", "GET /rules/DX", "by a client that nobody knows", "401", "401 0x402")(
    partial(_unknown_reads, "/rules/DX")
)


# -- UpdateRules


def _updates(version: str, hours: float, versions: list[str], gateway: Gateway, first: str = "1.0.0") -> Reply:  # fmt: skip
    begin = time.time() + 3 * DAY
    document = rule(OWN, begin=begin, Version=first)
    assert gateway.put_rule(document, own()).status == 201
    begin += hours * HOUR
    later = rule(OWN, begin=begin, Identifier=document["Identifier"], Version=version)
    reply = gateway.put_rule(later, own())
    assert gateway.versions(OTHER, OWN, document["Identifier"]) == versions
    return reply


_UPDATE = partial(EU.case, "UpdateRules", "POST /rules")
_UPDATE("a newer version", "201: both are listed, the newer first")(
    partial(_updates, "1.0.1", 1, ["1.0.1", "1.0.0"])
)
_UPDATE("1.0.10 upon 1.0.9", "201: numbers are compared, and no texts")(
    partial(_updates, "1.0.10", 0, ["1.0.10", "1.0.9"], first="1.0.9")
)
_UPDATE("the same version again", "400", "400 0x220")(partial(_updates, "1.0.0", 0, ["1.0.0"]))
_UPDATE("an older version", "400", "400 0x220")(partial(_updates, "0.9.9", 1, ["1.0.0"]))
_UPDATE("a newer version that begins earlier", "400", "400 0x240")(
    partial(_updates, "1.0.1", -1, ["1.0.0"])
)


@EU.case("UpdateRules", "GET /rules/DX", "as soon as the newer version has begun", "200: the older one is not listed any more")  # fmt: skip
def begun(gateway: Gateway) -> Reply:
    begin = int(time.time()) + 4
    first = rule(OWN, "Invalidation", begin=begin)
    for document in (first, first | {"Version": "1.0.1"}):
        assert gateway.put_rule(document, own()).status == 201
    identifier = first["Identifier"]
    assert gateway.versions(OTHER, OWN, identifier) == ["1.0.1", "1.0.0"]
    until(lambda: gateway.versions(OTHER, OWN, identifier) == ["1.0.1"])
    assert time.time() >= begin
    return gateway.get(OTHER, f"/rules/{OWN}")


# -- UploadRules


def _takes(kind: str, gateway: Gateway) -> Reply:
    document = rule(OWN, kind)
    reply = gateway.put_rule(document, own())
    assert gateway.versions(OTHER, OWN, document["Identifier"]) == ["1.0.0"]
    return reply


_UPLOAD = partial(EU.case, "UploadRules", "POST /rules")
for kind in ("General", "Vaccination", "Test", "Recovery", "Invalidation"):
    _UPLOAD(f"a rule of the kind {kind}", "201: it is listed")(partial(_takes, kind))


@_UPLOAD("by a client that nobody knows", "401", "401 0x402")
def uploads_rule_unknown(gateway: Gateway) -> Reply:
    message = pyca(json.dumps(rule(OWN)).encode(), own().upload)
    return gateway.send(unknown(), "POST", "/rules", message, CMS_TEXT)


@_UPLOAD("signed by another country's upload key", "400", "400 0x230")
def uploads_by_another_key(gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(OWN), own(), by=world().state(OTHER).upload)


@_UPLOAD("signed by the country's signing CA", "400", "400 0x230")
def uploads_by_authority(gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(OWN), own(), by=own().authority)


@_UPLOAD("a rule, and no CMS", "400", "400 0x402")
def uploads_bare(gateway: Gateway) -> Reply:
    return gateway.send(OWN, "POST", "/rules", json.dumps(rule(OWN)).encode(), CMS_TEXT)


@_UPLOAD("a message that was changed after it was signed", "400", "400 0x260")
def uploads_changed(gateway: Gateway) -> Reply:
    message = pyca(json.dumps(rule(OWN)).encode(), own().upload)
    return gateway.send(OWN, "POST", "/rules", message.replace(b"23.12.2012", b"23.12.2013"), CMS_TEXT)  # fmt: skip


# -- ContentChecks: a rule of which one thing is wrong


def _content(changes: dict[str, Any], gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(OWN) | changes, own())


def _lacking(member: str, gateway: Gateway) -> Reply:
    document = rule(OWN)
    return gateway.put_rule({name: document[name] for name in document if name != member}, own())


_CONTENT = partial(EU.case, "ContentChecks", "POST /rules")
for member in ("Type", "Version", "ValidFrom", "Logic", "Description"):
    _CONTENT(f"without {member}", "400", "400 0x200")(partial(_lacking, member))
for how, changes in (
    ("a member that nobody knows", {"Comment": "none"}),
    ("a type that is none", {"Type": "Advice"}),
    ("a kind of certificate that is none", {"CertificateType": "Passport"}),
    ("a version of two numbers", {"Version": "1.0"}),
    ("a version of the schema that is none", {"SchemaVersion": "first"}),
    ("a version of the engine that is none", {"EngineVersion": "2"}),
    ("a country of three letters", {"Country": "DXX"}),
    ("an identifier of another form", {"Identifier": "GR-DX-1"}),
    ("a region in small letters", {"Region": "bavaria"}),
    ("a language that is none", {"Description": [{"lang": "english", "desc": "An invented rule, long enough"}]}),
    ("a description of 19 characters", {"Description": [{"lang": "en", "desc": "n" * 19}]}),
    ("no description in English", {"Description": [{"lang": "de", "desc": "Eine erfundene Regel, lang genug"}]}),
    ("no affected field", {"AffectedFields": []}),
    ("logic without a member", {"Logic": {}}),
    ("a date without a time", {"ValidTo": "2030-01-01"}),
):  # fmt: skip
    _CONTENT(how, "400", "400 0x200")(partial(_content, changes))


def _prefixed(prefix: str, gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(OWN, Identifier=f"{prefix}-{OWN}-0001"), own())


for prefix in ("VR", "IR"):
    _CONTENT(f"{prefix}-… for a general acceptance rule", "400", "400 0x250")(
        partial(_prefixed, prefix)
    )


# -- Acceptance, Invalidation: when a rule may begin


def _beginning(kind: str, hours: float, gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(OWN, kind, begin=time.time() + hours * HOUR), own())


for file, kind, hours, how, expected, ours in (
    ("Acceptance", "General", 48.1, "begins in 48 hours", "201", ""),
    ("Acceptance", "General", 47.9, "begins earlier than in 48 hours", "400", "400 0x240"),
    ("Acceptance", "General", 14 * 24 + 0.1, "begins later than in 14 days", "400", "400 0x240"),
    ("Invalidation", "Invalidation", 0.01, "begins at once", "201", ""),
    ("Invalidation", "Invalidation", -0.1, "begins in the past", "400", "400 0x240"),
):
    EU.case(file, "POST /rules", f"an {file.lower()} rule that {how}", expected, ours)(
        partial(_beginning, kind, hours)
    )


# -- GetValueset


@EU.case("GetValueset", "GET /valuesets", "their identifiers", "200")
def names(gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, "/valuesets")
    assert set(json.loads(reply.body)) == set(VALUE_SETS)
    return reply


@EU.case("GetValueset", "GET /valuesets/disease-agent-targeted", "the value set", "200: its own identifier")  # fmt: skip
def value_set(gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, "/valuesets/disease-agent-targeted")
    assert json.loads(reply.body)["valueSetId"] == "disease-agent-targeted"
    return reply


@EU.case("GetValueset", "GET /valuesets/nothing", "what is not there", "404", "404 0x100")
def no_value_set(gateway: Gateway) -> Reply:
    return gateway.get(OWN, "/valuesets/nothing")
