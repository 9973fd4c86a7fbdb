"""WHO's suite (ddcc-gateway-api-tests) as clients of ours: each of its 58 runs that a gateway can pass.

    A = XA, B = XB with another upload signer and signing CA on its disk than were onboarded, C = XC whom nobody knows

The scenarios stand in the order of its files; `gateway_suites` says what the clients do.
"""

from __future__ import annotations

import base64
import json
import time
from functools import partial

import pytest

from tests.gateway_world import DAY, Keyed, pyca
from tests.journeys.gateway_front import Reply, world
from tests.journeys.gateway_suites import (
    CMS_TEXT,
    VALUE_SETS,
    Case,
    Gateway,
    Suite,
    bare,
    check,
    local,
    rule,
    thumbprints,
)
from tests.steps import until

WHO = Suite("WHO")
A, B, C = "XA", "XB", "XC"
FILES = {
    "connectivity": 2, "crossdomain": 3, "dsc": 8, "trusted_certificate": 9, "trustlist": 6, "get_rules": 4,
    "update_rules": 5, "upload_rules": 10, "valuesets": 11,
}  # fmt: skip
"""Runs of each file that a gateway can pass."""
KID = "ABCDEFGH"


@pytest.mark.parametrize("case", WHO.cases, ids=lambda case: case.name)
def test_a_scenario_of_whos_suite(gateway: Gateway, case: Case) -> None:
    check(gateway, case)


def test_no_run_is_left_out() -> None:
    assert WHO.counts() == FILES


def test_scenarios_have_left_nothing_behind(gateway: Gateway) -> None:
    assert len(gateway.rows(A, "/trustList/DSC")) == 6
    for country in (A, B):
        assert gateway.rows(A, f"/rules/{country}") == {}


# -- connectivity, trustlist


def _reads(code: str, path: str, gateway: Gateway) -> Reply:
    return gateway.get(code, path)


for code in (A, B):
    WHO.case("connectivity", "GET /trustList", f"{code} connects", "200")(
        partial(_reads, code, "/trustList")
    )


@WHO.case("trustlist", "GET /trustList", "all entries", "200: DSC, UPLOAD, CSCA are there")
def whole(gateway: Gateway) -> Reply:
    reply = gateway.get(B, "/trustList")
    kinds = {row["certificateType"] for row in json.loads(reply.body)}
    assert {"DSC", "UPLOAD", "CSCA", "AUTHENTICATION"} == kinds
    return reply


def _typed(kind: str, country: str, gateway: Gateway) -> Reply:
    reply = gateway.get(A, f"/trustList/{kind}/{country}")
    rows = json.loads(reply.body)
    assert rows
    assert {(row["certificateType"], row["country"]) for row in rows} == {(kind, country)}
    return reply


for kind, country in (("DSC", A), ("UPLOAD", B), ("CSCA", B)):
    WHO.case(
        "trustlist", f"GET /trustList/{kind}/{country}", "one type of one country", "200: there are some, and no others"
    )(partial(_typed, kind, country))  # fmt: skip


@WHO.case("trustlist", "GET /trustList/AUTHENTICATION", "one type", "200: there are some, and no others")  # fmt: skip
def clients(gateway: Gateway) -> Reply:
    reply = gateway.get(A, "/trustList/AUTHENTICATION")
    rows = json.loads(reply.body)
    assert {row["certificateType"] for row in rows} == {"AUTHENTICATION"}
    assert {row["country"] for row in rows} >= {A, B}
    return reply


WHO.case("trustlist", "GET /trustList", "by C, whom nobody knows", "4xx", "401 0x402")(
    partial(_reads, C, "/trustList")
)


# -- crossdomain


def _in_domain(domain: str, gateway: Gateway) -> Reply:
    signer = bare(world().state(A), "P-256")
    reply = gateway.trust(signer, world().state(A), group="DSC", domain=domain)
    for path in ("/trustList", "/trustList/DSC", f"/trustList/DSC/{A}"):
        assert signer.thumbprint not in thumbprints(gateway.rows(B, path))
    assert holds(gateway, f"domain={domain}", signer)
    assert not holds(gateway, "domain=DCC", signer)
    return reply


def holds(gateway: Gateway, query: str, signer: Keyed, kid: str | None = None) -> bool:
    """Tell whether /trustList/certificate has a certificate, under its kid."""
    rows = gateway.rows(B, f"/trustList/certificate?{query}")
    known = {row["certificate"]: row["kid"] for row in rows}
    return known.get(base64.b64encode(signer.der).decode()) == (kid or signer.kid)


for domain in ("DICVP", "PH4H", "IPS-PILGRIMAGE"):
    WHO.case(
        "crossdomain", "POST /trustedCertificate", f"a signer of the domain {domain}", "201: only DCC is in /trustList"
    )(partial(_in_domain, domain))  # fmt: skip


# -- dsc


def _uploads(kind: str, gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, kind)
    reply = gateway.upload(signer, state)
    assert signer.thumbprint in thumbprints(gateway.rows(A, f"/trustList/DSC/{A}"))
    return reply


for kind in ("RSA-4092", "P-256"):
    WHO.case("dsc", "POST /signerCertificate", f"a new signer, {kind}", "201: it is listed")(
        partial(_uploads, kind)
    )


@WHO.case("dsc", "GET /trustList/DSC/XA", "what A has uploaded, by B", "200: it is listed, to the byte")  # fmt: skip
def seen_by_another(gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, "P-384")
    assert gateway.upload(signer, state).status == 201
    reply = gateway.get(B, f"/trustList/DSC/{A}")
    (row,) = (row for row in json.loads(reply.body) if row["thumbprint"] == signer.thumbprint)
    assert base64.b64decode(row["rawData"]) == signer.der
    assert row["kid"] == signer.kid
    return reply


def _not_onboarded(kind: str, gateway: Gateway) -> Reply:
    state = world().state(B)
    signer = state.signer(kind, templated=False, by=local(B, "SCA"))
    return gateway.send(B, "POST", "/signerCertificate", pyca(signer.der, local(B, "UP")))


for kind in ("RSA-4092", "P-256", "P-384"):
    WHO.case(
        "dsc", "POST /signerCertificate", f"{kind}, by B with keys that were not onboarded", "4xx", "400 0x004"
    )(partial(_not_onboarded, kind))  # fmt: skip


def _deletes(method: str, path: str, gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, "P-256")
    assert gateway.upload(signer, state).status == 201
    reply = gateway.send(A, method, path, pyca(signer.der, state.upload))
    assert signer.thumbprint not in thumbprints(gateway.rows(B, "/trustList/DSC"))
    return reply


for method, path in (("DELETE", "/signerCertificate"), ("POST", "/signerCertificate/delete")):
    WHO.case("dsc", f"{method} {path}", "a signer of one's own", "204: it is not listed any more")(
        partial(_deletes, method, path)
    )


# -- trusted_certificate


def _with_kid(kind: str, gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, kind)
    reply = gateway.trust(signer, state, kid=KID, group="DSC", domain="DCC")
    assert holds(gateway, "group=DSC", signer, KID)
    return reply


for kind in ("RSA-4092", "P-256"):
    WHO.case("trusted_certificate", "POST /trustedCertificate", f"{kind}, with a kid", "201: it has the kid")(
        partial(_with_kid, kind)
    )  # fmt: skip


def _grouped(group: str, gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, "P-256")
    reply = gateway.trust(signer, state, kid=KID, group=group, domain="DCC")
    assert holds(gateway, f"group={group}", signer, KID)
    assert not holds(gateway, "group=DSC", signer, KID)
    assert signer.thumbprint not in thumbprints(gateway.rows(B, "/trustList"))
    return reply


for group in ("SIGN", "AUTH", "CUSTOM"):
    WHO.case(
        "trusted_certificate", "POST /trustedCertificate", f"a certificate of the group {group}",
        "201: the group is kept, and it is not in /trustList",
    )(partial(_grouped, group))  # fmt: skip


@WHO.case("trusted_certificate", "POST /trustedCertificate", "with properties, and without a kid",
          "201: both are shown, the kid is its own")  # fmt: skip
def with_properties(gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, "P-384")
    properties = {"displayName": "Invented", "purpose": "testing"}
    reply = gateway.trust(signer, state, properties=properties)
    assert holds(gateway, f"country={A}&group=DSC", signer)
    rows = gateway.rows(B, "/trustList/certificate")
    (row,) = (row for row in rows if row["kid"] == signer.kid)
    assert row["properties"] == properties
    return reply


def _takes_back(method: str, path: str, gateway: Gateway) -> Reply:
    state = world().state(A)
    signer = bare(state, "P-256")
    assert gateway.trust(signer, state, kid=KID).status == 201
    reply = gateway.send(A, method, path, pyca(signer.der, state.upload))
    assert not holds(gateway, "", signer, KID)
    return reply


for method, path in (("DELETE", "/trustedCertificate"), ("POST", "/trustedCertificate/delete")):
    WHO.case("trusted_certificate", f"{method} {path}", "a certificate of one's own",
             "204: it is not listed any more")(partial(_takes_back, method, path))  # fmt: skip


@WHO.case("trusted_certificate", "POST /trustedCertificate", "a client certificate: the group AUTHENTICATION",
          "400", "400 n/a")  # fmt: skip
def a_caller(gateway: Gateway) -> Reply:
    state = world().state(A)
    return gateway.trust(bare(state, "P-256"), state, group="AUTHENTICATION")


# -- get_rules


def _rules_of(reader: str, gateway: Gateway) -> Reply:
    document = rule(A)
    assert gateway.put_rule(document, world().state(A)).status == 201
    reply = gateway.get(reader, f"/rules/{A}")
    (row,) = json.loads(reply.body)[document["Identifier"]]
    assert set(row) == {"version", "validFrom", "validTo", "cms"}
    return reply


for reader in (A, B):
    WHO.case("get_rules", "GET /rules/XA", f"by {reader}", "200: the rule is there")(
        partial(_rules_of, reader)
    )
for country in (A, C):
    WHO.case("get_rules", f"GET /rules/{country}", "by C, whom nobody knows", "4xx", "401 0x402")(
        partial(_reads, C, f"/rules/{country}")
    )


# -- update_rules


def _updates(gateway: Gateway, version: str, hours: float = 0) -> tuple[str, Reply]:
    """Upload version 1.0.0 of a rule, and another that begins so many hours later."""
    state, begin = world().state(A), time.time() + 3 * DAY
    first = rule(A, begin=begin)
    assert gateway.put_rule(first, state).status == 201
    second = rule(A, begin=begin + hours * 3600, Identifier=first["Identifier"], Version=version)
    return first["Identifier"], gateway.put_rule(second, state)


@WHO.case("update_rules", "POST /rules", "a newer version", "201: both are listed until it begins")
def newer(gateway: Gateway) -> Reply:
    identifier, reply = _updates(gateway, "1.0.1", 1)
    assert gateway.versions(B, A, identifier) == ["1.0.1", "1.0.0"]
    return reply


for version, how in (("1.0.0", "the same version again"), ("0.9.9", "an older version")):

    def _outdated(version: str, gateway: Gateway) -> Reply:
        identifier, reply = _updates(gateway, version)
        assert gateway.versions(A, A, identifier) == ["1.0.0"]
        return reply

    WHO.case("update_rules", "POST /rules", how, "400", "400 0x220")(partial(_outdated, version))


@WHO.case("update_rules", "POST /rules", "a newer version that begins earlier", "400", "400 0x240")
def earlier(gateway: Gateway) -> Reply:
    return _updates(gateway, "1.0.1", -1)[1]


@WHO.case("update_rules", "GET /rules/XA", "as soon as the newer version has begun",
          "200: the older one is not listed any more")  # fmt: skip
def begun(gateway: Gateway) -> Reply:
    # An invalidation rule: no other may begin so soon.
    state, begin = world().state(A), int(time.time()) + 4
    first = rule(A, "Invalidation", begin=begin)
    second = first | {"Version": "1.0.1"}
    assert gateway.put_rule(first, state).status == 201
    assert gateway.put_rule(second, state).status == 201
    identifier = first["Identifier"]
    assert gateway.versions(B, A, identifier) == ["1.0.1", "1.0.0"]
    until(lambda: gateway.versions(B, A, identifier) == ["1.0.1"])
    assert time.time() >= begin
    return gateway.get(B, f"/rules/{A}")


# -- upload_rules


def _takes(kind: str, gateway: Gateway) -> Reply:
    document = rule(A, kind)
    reply = gateway.put_rule(document, world().state(A))
    assert gateway.versions(B, A, document["Identifier"]) == ["1.0.0"]
    return reply


for kind in ("General", "Vaccination", "Test", "Recovery", "Invalidation"):
    WHO.case("upload_rules", "POST /rules", f"a rule of the kind {kind}", "201: it is listed")(
        partial(_takes, kind)
    )


@WHO.case("upload_rules", "POST /rules", "by B with an upload key that was not onboarded", "4xx", "400 0x230")  # fmt: skip
def by_another_key(gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(B), world().state(B), by=local(B, "UP"))


@WHO.case("upload_rules", "POST /rules", "another country's rule", "403", "403 0x210")
def of_another_country(gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(B), world().state(A))


@WHO.case("upload_rules", "POST /rules", "without a description in English", "400", "400 0x200")
def without_english(gateway: Gateway) -> Reply:
    description = [{"lang": "fr", "desc": "Une règle inventée, assez longue pour passer"}]
    return gateway.put_rule(rule(A, Description=description), world().state(A))


@WHO.case("upload_rules", "POST /rules", "in force for less than 72 hours", "400", "400 0x240")
def too_short(gateway: Gateway) -> Reply:
    return gateway.put_rule(rule(A, days=2.9), world().state(A))


@WHO.case("upload_rules", "POST /rules", "by C, whom nobody knows", "4xx", "401 0x402")
def by_nobody(gateway: Gateway) -> Reply:
    content = json.dumps(rule(C)).encode()
    message = pyca(content, world().state(C).upload)
    return gateway.send(C, "POST", "/rules", message, CMS_TEXT)


# -- valuesets


@WHO.case("valuesets", "GET /valuesets", "their identifiers", "200: all nine")
def names(gateway: Gateway) -> Reply:
    reply = gateway.get(A, "/valuesets")
    assert set(json.loads(reply.body)) == set(VALUE_SETS)
    return reply


def _value_set(name: str, gateway: Gateway) -> Reply:
    reply = gateway.get(A, f"/valuesets/{name}")
    assert len(json.loads(reply.body)) > 1
    return reply


for name in VALUE_SETS:
    WHO.case("valuesets", f"GET /valuesets/{name}", "the value set", "200: several members")(
        partial(_value_set, name)
    )
WHO.case("valuesets", "GET /valuesets", "by C, whom nobody knows", "4xx", "401 0x402")(
    partial(_reads, C, "/valuesets")
)
