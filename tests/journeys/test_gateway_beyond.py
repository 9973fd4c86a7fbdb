"""What the originals do and no suite asks for, what their clients send, and where we answer otherwise, over TLS.

A row's file is where its expectation comes from: one of the originals' code, the clients', a standard, or this project.
`gateway_suites` says what a row is; the unit tests of each endpoint go through its checks one by one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway_world import Keyed, State, body, bouncy, pyca
from tests.journeys.gateway_front import Reply, ask, world
from tests.journeys.gateway_suites import (
    CMS,
    CMS_TEXT,
    JSON,
    Case,
    Gateway,
    Suite,
    bare,
    batch,
    by_hand,
    check,
    rule,
    said,
    stamp,
    thumbprints,
    unknown,
)

NEITHER = Suite("neither")
GW, TNG, LIB, HTTP, OURS = "dgc-gateway", "WHO's gateway", "dgc-lib", "RFC 9110", "Pratique"
OWN, OTHER, WITHOUT_ROLE = "XA", "DE", "XB"
NOWHERE = "0b6f6ad4-5a7c-4ac6-8f3f-5d0c7b1f1a2e"


@pytest.mark.parametrize("case", NEITHER.cases, ids=lambda case: case.name)
def test_what_no_suite_asks_for(gateway: Gateway, case: Case) -> None:
    check(gateway, case)


def own() -> State:
    """Return the country that uploads."""
    return world().state(OWN)


# -- Who calls


def _called(by: Keyed | None, headers: dict[str, str], gateway: Gateway) -> Reply:
    return gateway.call(by, "GET", "/trustList", headers=headers)


def _claims() -> dict[str, str]:
    tls = own().tls
    return {
        "X-SSL-Client-Cert": quote(tls.pem.decode(), safe=""),
        "X-SSL-Client-SHA256": tls.thumbprint,
        "X-SSL-Client-DN": tls.certificate.subject.rfc4514_string(),
    }


_JUNK = {"X-SSL-Client-SHA256": "%", "X-SSL-Client-DN": "C=", "X-SSL-Client-Cert": "junk"}
_CALL = "GET /trustList"
NEITHER.case(TNG, _CALL, "without a client certificate", "401", "401 0x400")(
    partial(_called, None, {})
)
for countries, how in (((), "no C"), (("XA", "XB"), "two C")):
    NEITHER.case(TNG, _CALL, f"a client certificate of {how}", "400", "400 0x401")(
        partial(_called, own().signer("P-256", countries=countries, templated=False), {})
    )
NEITHER.case(OURS, _CALL, "headers that name another's certificate, by nobody", "401", "401 0x402")(
    partial(_called, unknown(), _claims())
)
NEITHER.case(OURS, _CALL, "the same headers, without a client certificate", "401", "401 0x400")(
    partial(_called, None, _claims())
)
NEITHER.case(OURS, _CALL, "junk in these headers, by who is known", "200: they are taken away")(
    partial(_called, own().tls, _JUNK)
)


def _without_role(method: str, gateway: Gateway) -> Reply:
    state = world().state(WITHOUT_ROLE)
    if method == "GET":
        return gateway.get(WITHOUT_ROLE, "/revocation-list", stamp(time.time() - 60))
    if method == "POST":
        return gateway.put_batch(batch(WITHOUT_ROLE), state)
    return gateway.drop_batch(NOWHERE, state)


for method in ("GET", "POST", "DELETE"):
    NEITHER.case(GW, f"{method} /revocation-list", "without the role", "403", "403 0x403")(
        partial(_without_role, method)
    )


# -- HTTP


def _asked(method: str, path: str, gateway: Gateway) -> Reply:
    return gateway.call(own().tls, method, path)


NEITHER.case(GW, "GET /nothing", "an unknown path", "404", "404 0x000")(
    partial(_asked, "GET", "/nothing")
)
NEITHER.case(TNG, "GET /TRUSTLIST/dsc/xa", "small and capital letters", "200")(
    partial(_asked, "GET", "/TRUSTLIST/dsc/xa")
)


@NEITHER.case(GW, "PUT /rules", "a method that the path has not", "405: Allow names those it has", "405 0x000")  # fmt: skip
def wrong_method(gateway: Gateway) -> Reply:
    reply = gateway.call(own().tls, "PUT", "/rules", b"")
    assert reply.headers["allow"] == "DELETE, POST"
    return reply


@NEITHER.case(HTTP, "HEAD /trustList", "as GET, without a body", "200: no body")
def head(gateway: Gateway) -> Reply:
    reply = gateway.call(own().tls, "HEAD", "/trustList")
    assert reply.body == b""
    return reply


def _typed(path: str, media: str, gateway: Gateway) -> Reply:
    data = body(pyca(bare(own(), "P-256").der, own().upload))
    headers = {"Content-Type": media} if media else {}
    return gateway.call(own().tls, "POST", path, data, headers)


for path, media in (
    ("/signerCertificate", "text/plain"), ("/signerCertificate", CMS_TEXT), ("/rules", JSON),
    ("/trustedCertificate", CMS), ("/rules", ""),
):  # fmt: skip
    NEITHER.case(GW, f"POST {path}", f"Content-Type: {media or 'none'}", "415", "415 0x000")(
        partial(_typed, path, media)
    )


@NEITHER.case(LIB, "POST /signerCertificate", "Content-Type with parameters, Content-Encoding: base64", "201")  # fmt: skip
def with_encoding(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    data = body(pyca(signer.der, own().upload))
    headers = {"Content-Type": "Application/CMS; charset=UTF-8", "Content-Encoding": "base64"}
    gateway.undo(lambda: gateway.drop(signer, own()))
    return gateway.call(own().tls, "POST", "/signerCertificate", data, headers)


@NEITHER.case(
    OURS, "POST /signerCertificate", "more than 1 MB", "413: nginx says so, before it is sent"
)
def too_large(gateway: Gateway) -> Reply:
    largest = gateway.call(own().tls, "POST", "/rules", b"A" * 1_000_000, {"Content-Type": CMS})
    assert said(largest) == "400 0x402"
    with closing(gateway.connected(own().tls)) as connection:
        connection.putrequest("POST", "/signerCertificate")
        connection.putheader("Content-Type", CMS)
        connection.putheader("Content-Length", "1000001")
        connection.endheaders()
        came = connection.getresponse()
        return Reply(came.status, dict(came.getheaders()), came.read())


@NEITHER.case(LIB, "GET /trustList", "many requests on one connection; gzip where it is asked for", "200")  # fmt: skip
def kept(gateway: Gateway) -> Reply:
    with closing(gateway.connected(own().tls)) as connection:
        connection.connect()
        before = connection.sock
        plain = ask(connection, "GET", "/trustList")
        packed = ask(
            connection, "GET", "/trustList", headers={"Accept-Encoding": "gzip, deflate, br"}
        )
        assert connection.sock is before
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    return packed


# -- /trustList


def _list(path: str, rows: int | None, gateway: Gateway) -> Reply:
    reply = gateway.get(OWN, path)
    if rows is not None:
        assert len(json.loads(reply.body)) == rows
    return reply


for source, path, how, expected, ours, size in (
    (GW, "/trustList/DSC/ZZ", "a country that takes no part", "200: none", "", 0),
    (GW, "/trustList/DSC/XXA", "a country of three letters", "400", "400 0x001", None),
    (GW, "/trustList/HCERT", "a type that is none", "400", "400 0x001", None),
    (GW, "/trustList?page=9999", "a page behind the last", "200: none", "", 0),
    (GW, "/trustList?page=-1&pagesize=-1", "a page and a size below zero", "200: everything", "", 25),
    (GW, "/trustList?page=-1&pagesize=3", "a page below zero", "200: the first", "", 3),
    (OURS, "/trustList?pagesize=0", "pages of no entry (dgc-gateway: 500)", "400", "400 0x001", None),
    (GW, "/trustList?page=one", "a page that is no number", "400", "400 0x001", None),
    (TNG, "/trustList/certificate?group=DSC,SIGN&country=XA&country=DE", "several values", "200: all that fit", "", 4),
    (TNG, "/trustList/certificate?group=NONE", "a group that is none", "200: none", "", 0),
    (GW, "/countrylist", "all countries", "200", "", 5),
    (GW, "/trustList/issuers?country=XA", "issuers: there are none", "200: none", "", 0),
    (TNG, "/trustList/references", "references, of which there are none yet", "200: none", "", 0),
    (OURS, "/remarks", "what is to be said against signers", "200", "", None),
):  # fmt: skip
    NEITHER.case(source, f"GET {path}", how, expected, ours)(partial(_list, path, size))


# -- /signerCertificate, /trustedCertificate


def _refused(signer: Keyed, by: Keyed, gateway: Gateway) -> Reply:
    return gateway.send(OWN, "POST", "/signerCertificate", pyca(signer.der, by))


_UPLOAD = partial(NEITHER.case, GW, "POST /signerCertificate")
_UPLOAD("signed by the signing CA, not by the upload key", "400", "400 0x004")(
    lambda gateway: _refused(bare(own(), "P-256"), own().authority, gateway)
)
_UPLOAD("issued by another country's signing CA", "400", "400 0x004")(
    lambda gateway: _refused(
        own().signer("P-256", 7, by=world().state(OTHER).authority), own().upload, gateway
    )
)


for subject, how in ((("XA", "DE"), "two C"), ((), "no C"), (("DE",), "another C")):

    def _with_countries(countries: tuple[str, ...], gateway: Gateway) -> Reply:
        return _refused(own().signer("P-256", 8, countries=countries), own().upload, gateway)

    _UPLOAD(f"a certificate of {how}", "400", "400 0x004")(partial(_with_countries, subject))


@_UPLOAD("a message whose content was changed", "400", "400 0x009")
def changed(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    message = pyca(signer.der, own().upload)
    flipped = bytearray(signer.der)
    flipped[-1] ^= 1
    return gateway.send(OWN, "POST", "/signerCertificate", message.replace(signer.der, bytes(flipped)))  # fmt: skip


@_UPLOAD("Base64 in lines", "400", "400 0x402")
def in_lines(gateway: Gateway) -> Reply:
    data = body(pyca(bare(own(), "P-256").der, own().upload))
    lines = b"\n".join(data[at : at + 64] for at in range(0, len(data), 64))
    return gateway.call(own().tls, "POST", "/signerCertificate", lines, {"Content-Type": CMS})


@NEITHER.case(TNG, "DELETE /signerCertificate", "a second time (dgc-gateway: 204)", "404", "404 0x005")  # fmt: skip
def twice(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    assert gateway.upload(signer, own()).status == 201
    assert gateway.drop(signer, own()).status == 204
    return gateway.drop(signer, own())


@NEITHER.case(OURS, "POST /signerCertificate", "the message of a deletion, sent again as an upload (both: 201)",
              "400", "400 0x004")  # fmt: skip
def replayed(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    message = pyca(signer.der, own().upload)
    assert gateway.upload(signer, own()).status == 201
    assert gateway.send(OWN, "DELETE", "/signerCertificate", message).status == 204
    return gateway.send(OWN, "POST", "/signerCertificate", message)


@NEITHER.case(OURS, "DELETE /signerCertificate", "an old message of a deletion, after a new upload (both: 204)",
              "400: it stays", "400 0x007")  # fmt: skip
def deleted_by_an_old_message(gateway: Gateway) -> Reply:
    signer = bare(own(), "P-256")
    message = pyca(signer.der, own().upload)
    assert gateway.upload(signer, own()).status == 201
    assert gateway.send(OWN, "DELETE", "/signerCertificate", message).status == 204
    assert gateway.upload(signer, own()).status == 201
    reply = gateway.send(OWN, "DELETE", "/signerCertificate", message)
    assert signer.thumbprint in thumbprints(gateway.rows(OTHER, "/trustList/DSC"))
    return reply


@NEITHER.case(TNG, "POST /trustedCertificate", "a kid that another live certificate of the country has", "400", "400 0x004")  # fmt: skip
def same_kid(gateway: Gateway) -> Reply:
    assert gateway.trust(bare(own(), "P-256"), own(), kid="SAMEKID").status == 201
    return gateway.trust(bare(own(), "P-256"), own(), kid="SAMEKID")


@NEITHER.case(OURS, "POST /trustedCertificate", "a kid that another country's has (WHO's: 400)", "201")  # fmt: skip
def same_kid_elsewhere(gateway: Gateway) -> Reply:
    state = world().state(OTHER)
    assert gateway.trust(bare(state, "P-256"), state, kid="SAMEKID").status == 201
    return gateway.trust(bare(own(), "P-256"), own(), kid="SAMEKID")


def _trusts(members: dict[str, Any], gateway: Gateway) -> Reply:
    return gateway.trust(bare(own(), "P-256"), own(), **members)


for how, members in (
    ("a domain that the gateway has not", {"domain": "NONE"}),
    ("a property that nobody knows", {"properties": {"holder": "somebody"}}),
    ("a kid of 21 characters", {"kid": "n" * 21}),
    ("a message that is none", {"cms": "AAAA"}),
):
    NEITHER.case(TNG, "POST /trustedCertificate", how, "400", "400 n/a")(partial(_trusts, members))
NEITHER.case(TNG, "POST /trustedCertificate", "the group DESC, without a DECA", "400", "400 0x004")(
    partial(_trusts, {"group": "DESC"})
)


# -- A country whose keys are RSA: what it signs twice within a second is the same message


@NEITHER.case(LIB, "POST /signerCertificate", "RSA-4092, by a country whose RSA certificates have no extension",
              "201: and is deleted by the same message")  # fmt: skip
def signed_by_rsa(gateway: Gateway) -> Reply:
    state = by_hand()
    signer = bare(state, "RSA-4092")
    message = bouncy(signer.der, state.upload)
    reply = gateway.send(state.tls, "POST", "/signerCertificate", message)
    assert signer.thumbprint in thumbprints(gateway.rows(OWN, f"/trustList/DSC/{state.code}"))
    assert gateway.send(state.tls, "DELETE", "/signerCertificate", message).status == 204
    return reply


@NEITHER.case(LIB, "POST /rules", "the same message, after the rule was deleted", "201")
def rule_by_rsa(gateway: Gateway) -> Reply:
    state, document = by_hand(), rule("XR")
    message = pyca(json.dumps(document).encode(), state.upload)
    assert gateway.send(state.tls, "POST", "/rules", message).status == 201
    gateway.undo(lambda: gateway.drop_rule(document["Identifier"], state))
    assert gateway.drop_rule(document["Identifier"], state).status == 204
    return gateway.send(state.tls, "POST", "/rules", message)


# -- /rules, /revocation-list

NEITHER.case(GW, "GET /rules/XXA", "a country of three letters", "400", "400 0x001")(
    partial(_list, "/rules/XXA", None)
)
NEITHER.case(OURS, "GET /remarks/rules/XA", "what is to be said against rules", "200")(
    partial(_list, "/remarks/rules/XA", None)
)
NEITHER.case(GW, "GET /revocation-list/{id}", "an identifier in capital letters", "400", "400 0x001")(
    partial(_list, f"/revocation-list/{NOWHERE.upper()}", None)
)  # fmt: skip


def _batched(changes: dict[str, Any], gateway: Gateway) -> Reply:
    return gateway.put_batch(batch(OWN, **changes), own())


for source, how, changes in (
    (OURS, "without hashType (dgc-gateway: 500)", {"hashType": None}),
    (OURS, "without entries (dgc-gateway: 500)", {"entries": None}),
    (GW, "no entry", {"entries": []}),
    (GW, "a hash of 15 octets", {"entries": [{"hash": "AAAAAAAAAAAAAAAAAAAA"}]}),
    (GW, "a kind of hash that is none", {"hashType": "NAME"}),
    (GW, "a kid of 10 characters", {"kid": "AAAAAAAAAA"}),
    (GW, "a batch that has ended", {"expires": "2021-06-01T00:00:00Z"}),
    (OURS, "a member that nobody knows", {"holder": "somebody"}),
):
    NEITHER.case(source, "POST /revocation-list", how, "400", "400 0x000")(
        partial(_batched, changes)
    )
NEITHER.case(GW, "POST /revocation-list", "without a kid", "201")(partial(_batched, {"kid": None}))


@NEITHER.case(GW, "POST /revocation-list", "signed by another's upload key", "403", "403 0x000")
def batch_by_another(gateway: Gateway) -> Reply:
    return gateway.put_batch(batch(OWN), own(), by=world().state(OTHER).upload)


@NEITHER.case(OURS, "POST /revocation-list", "the message of a deleted batch (dgc-gateway: 201)", "409", "409 0x000")  # fmt: skip
def batch_again(gateway: Gateway) -> Reply:
    message = pyca(json.dumps(batch(OWN)).encode(), own().upload)
    created = gateway.send(OWN, "POST", "/revocation-list", message, CMS_TEXT)
    assert gateway.drop_batch(created.headers["etag"], own()).status == 204
    return gateway.send(OWN, "POST", "/revocation-list", message, CMS_TEXT)


@NEITHER.case(GW, "DELETE /revocation-list", "a second time", "410", "410 0x000")
def batch_twice(gateway: Gateway) -> Reply:
    identifier = gateway.put_batch(batch(OWN), own()).headers["etag"]
    assert gateway.drop_batch(identifier, own()).status == 204
    return gateway.drop_batch(identifier, own())


# -- /cms-migration: another's entity, another content


def _entity(gateway: Gateway, kind: str, state: State) -> dict[str, Any]:
    """Upload something of a type, and return how /cms-migration names it."""
    before = gateway.rows(state.tls, "/cms-migration")
    if kind == "DSC":
        reply = gateway.upload(bare(state, "P-256"), state)
    elif kind == "VALIDATION_RULE":
        reply = gateway.put_rule(rule(state.code), state)
    else:
        reply = gateway.put_batch(batch(state.code), state)
    assert reply.status == 201
    rows = gateway.rows(state.tls, "/cms-migration")
    row: dict[str, Any]
    (row,) = (each for each in rows if each not in before)
    return row


def _of_another(kind: str, gateway: Gateway) -> Reply:
    victim = world().state(OTHER)
    row = _entity(gateway, kind, victim)
    mine = body(pyca(bare(own(), "P-256").der, own().upload)).decode()
    reply = gateway.send_json(OWN, "POST", "/cms-migration", row | {"cms": mine})
    assert row in gateway.rows(victim.tls, "/cms-migration")
    return reply


def _other_content(kind: str, gateway: Gateway) -> Reply:
    row = _entity(gateway, kind, own())
    other = body(pyca(b'{"a":1}', own().upload_again)).decode()
    return gateway.send_json(OWN, "POST", "/cms-migration", row | {"cms": other})


def _missing(kind: str, gateway: Gateway) -> Reply:
    message = body(pyca(b"{}", own().upload)).decode()
    document = {"cms": message, "entityId": 999_999_999, "type": kind}
    return gateway.send_json(OWN, "POST", "/cms-migration", document)


_MIGRATE = "POST /cms-migration"
for source, kind, how, codes in (
    (OURS, "DSC", "a signer (dgc-gateway compares neither: 204)", ("0x004", "0x004", "0x010")),
    (GW, "VALIDATION_RULE", "a rule", ("0x031", "0x032", "0x030")),
    (GW, "REVOCATION_LIST", "a batch", ("0x021", "0x022", "0x020")),
):
    NEITHER.case(source, _MIGRATE, f"{how}: another country's", "400: it stays", f"400 {codes[0]}")(
        partial(_of_another, kind)
    )
    NEITHER.case(source, _MIGRATE, f"{how}: another content", "400", f"400 {codes[1]}")(
        partial(_other_content, kind)
    )
    NEITHER.case(GW, _MIGRATE, f"{how.partition(' (')[0]}: not there", "409", f"409 {codes[2]}")(
        partial(_missing, kind)
    )


# -- /trust/reference

REFERENCE = {
    "url": "https://xa.example/fhir", "country": OWN, "type": "FHIR", "service": "ValueSet", "name": "Terms",
    "signatureType": "NONE",
}  # fmt: skip


def _reference(gateway: Gateway, **changes: str) -> Reply:
    content = json.dumps(REFERENCE | changes).encode()
    reply = gateway.send(OWN, "POST", "/trust/reference", pyca(content, own().upload))
    if reply.status == 201:
        gateway.undo(lambda: _withdraw(gateway, reply.headers["etag"]))
    return reply


def _withdraw(gateway: Gateway, identifier: str) -> Reply:
    content = json.dumps({"uuid": identifier}).encode()
    return gateway.send(OWN, "DELETE", "/trust/reference", pyca(content, own().upload))


@NEITHER.case(TNG, "POST /trust/reference", "a service of one's own", "201: it is listed")
def refers(gateway: Gateway) -> Reply:
    reply = _reference(gateway)
    (row,) = gateway.rows(OTHER, "/trustList/references?type=FHIR&country=XA,DE")
    assert row == {"uuid": reply.headers["etag"], **REFERENCE}
    assert gateway.rows(OTHER, f"/trust/reference/{row['uuid']}") == row
    return reply


@NEITHER.case(TNG, "DELETE /trust/reference", "a reference of one's own", "204: it is gone")
def withdraws(gateway: Gateway) -> Reply:
    identifier = _reference(gateway).headers["etag"]
    reply = _withdraw(gateway, identifier)
    assert gateway.get(OTHER, f"/trust/reference/{identifier}").status == 404
    return reply


@NEITHER.case(TNG, "POST /trust/reference", "another country's service", "403", "403 0x000")
def refers_for_another(gateway: Gateway) -> Reply:
    return _reference(gateway, country=OTHER)


# -- What holds for every answer


def test_no_refusal_repeats_what_was_sent(gateway: Gateway) -> None:
    canary = "canary" + hashlib.sha256(b"canary").hexdigest()
    tried = [
        gateway.get(OWN, f"/{canary}"),
        gateway.get(OWN, f"/trustList/{canary}"),
        gateway.get(OWN, f"/trustList?page={canary}"),
        gateway.get(OWN, "/trustList", canary),
        gateway.get(OWN, f"/valuesets/{canary}"),
        gateway.get(OWN, f"/revocation-list/{canary}"),
        gateway.put_rule(rule(OWN, Engine=[canary]), own()),
        gateway.put_rule(rule(OWN) | {canary: canary}, own()),
        gateway.put_batch(batch(OWN, entries=[{"hash": canary}]), own()),
        gateway.put_batch(batch(OWN) | {canary: canary}, own()),
        gateway.trust(bare(own(), "P-256"), own(), domain=canary, kid=canary, group=canary),
        gateway.trust(bare(own(), "P-256"), own(), properties={canary: canary}),
        gateway.send_json(OWN, "POST", "/cms-migration", {canary: canary}),
        gateway.send(OWN, "POST", "/signerCertificate", canary.encode()),
        gateway.call(own().tls, "POST", "/rules", canary.encode(), {"Content-Type": canary}),
    ]
    for reply in tried:
        assert 400 <= reply.status < 500
        assert canary not in reply.body.decode() + str(reply.headers)


def test_scenarios_have_left_nothing_behind(gateway: Gateway) -> None:
    assert len(thumbprints(gateway.rows(OWN, "/trustList/DSC"))) == 6
    assert gateway.rows(OWN, f"/rules/{OWN}") == {}
    assert gateway.rows(OWN, "/trustList/references") == []
