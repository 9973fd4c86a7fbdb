"""Back ends meet a real gateway behind real nginx, HAProxy and Caddy, over TLS with client certificates.

    client --TLS--> server in front --UNIX socket--> gateway

Who calls is said by headers: so a test of an attack sends the same headers once where they are believed.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import RemoteDisconnected
from urllib.parse import quote

import pytest

from pratique.store.front import Kind
from pratique.store.gateway_server import LARGEST
from tests.gateway_world import Keyed, body, bouncy, pyca
from tests.journeys.gateway_front import (
    Fronted,
    OnSocket,
    ask,
    fronted,
    stranger,
    world,
)

CMS = {"Content-Type": "application/cms"}
BROKEN = BrokenPipeError, ConnectionResetError, ssl.SSLError, RemoteDisconnected
STRANGERS = ("self-signed", "expired", "RSA-2048", "another CA's")


@pytest.fixture(scope="module", params=list(Kind))
def anywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:  # fmt: skip
    """Serve a gateway behind each of the servers."""
    with fronted(request.param, tmp_path_factory.mktemp("front")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """Serve a gateway behind nginx."""
    with fronted(Kind.NGINX, tmp_path_factory.mktemp("nginx")) as behind:
        yield behind


def code(answer: bytes) -> str:
    """Return a problem report's code."""
    return str(json.loads(answer)["code"])


def headers_of(certificate: Keyed) -> dict[str, dict[str, str]]:
    """Return all that a client could say to pass for another, by what it tries."""
    pem = quote(certificate.pem.decode(), safe="")
    name = certificate.certificate.subject.rfc4514_string()
    both = ("X-SSL-Client-SHA256", certificate.thumbprint), ("X-SSL-Client-DN", name)
    forms = {
        "certificate": {"X-SSL-Client-Cert": pem},
        "thumbprint": dict(both),
        "in lower case": {key.lower(): value for key, value in both},
        "all": {"X-SSL-Client-Cert": pem, **dict(both)},
    }
    forms |= {
        f"{how}, with underscores": {key.replace("-", "_"): value for key, value in row.items()}
        for how, row in forms.items()
    }
    return forms


SPOOFS = tuple(headers_of(world().state("XA").tls))


# -- Who calls


def test_a_back_end_that_is_onboarded_is_known(anywhere: Fronted) -> None:
    answer = anywhere.call(world().state("XA").tls, "GET", "/countrylist")
    assert (answer.status, json.loads(answer.body)) == (200, ["DE", "DX", "XA", "XB"])


def test_who_brings_no_certificate_hears_401(anywhere: Fronted) -> None:
    answer = anywhere.call(None, "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x400")


@pytest.mark.parametrize("kind", STRANGERS)
def test_who_brings_an_unknown_certificate_hears_401(anywhere: Fronted, kind: str) -> None:
    answer = anywhere.call(stranger(kind), "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x402")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_stranger_is_answered_in_each_version_of_tls(
    anywhere: Fronted, version: ssl.TLSVersion
) -> None:
    connection = anywhere.connected(stranger("self-signed"))
    with closing(connection):
        context: ssl.SSLContext = connection._context  # type: ignore[attr-defined]
        context.minimum_version = context.maximum_version = version
        assert ask(connection, "GET", "/trustList").status == 401


@pytest.mark.parametrize("how", SPOOFS)
def test_no_header_of_a_client_makes_it_another(anywhere: Fronted, how: str) -> None:
    spoof = headers_of(world().state("XA").tls)[how]
    for caller in (None, stranger("self-signed"), stranger("another CA's")):
        assert anywhere.call(caller, "GET", "/trustList", headers=spoof).status == 401
    # Another back end stays itself.
    own = world().state("XB")
    answer = anywhere.call(own.tls, "GET", "/trustList", headers=spoof)
    assert answer.status == 200
    told = str(anywhere.arrived[-1].headers)
    assert world().state("XA").tls.thumbprint not in told
    assert quote(world().state("XA").tls.pem.decode(), safe="") not in told


@pytest.mark.parametrize("how", SPOOFS)
def test_the_same_header_is_believed_on_the_gateways_own_socket(
    anywhere: Fronted, how: str
) -> None:
    spoof = headers_of(world().state("XA").tls)[how]
    with closing(OnSocket(anywhere.place.socket)) as connection:
        answer = ask(connection, "GET", "/trustList", headers=spoof)
    assert answer.status == (401 if "underscores" in how else 200)


def test_headers_that_come_twice_make_nobody_another(anywhere: Fronted) -> None:
    spoof = headers_of(world().state("XA").tls)["all"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*spoof.items(), *spoof.items()))
    request = f"GET /trustList HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n{lines}\r\n"
    for caller in (None, stranger("self-signed")):
        with closing(anywhere.raw(caller)) as connection:
            connection.sendall(request.encode())
            assert connection.makefile("rb").readline().split()[1] == b"401"


def test_a_name_that_only_quotes_a_country_is_not_its_back_end(anywhere: Fronted) -> None:
    answer = anywhere.call(stranger("self-signed"), "GET", "/trustList")
    assert (answer.status, code(answer.body)) == (401, "0x402")
    assert not anywhere.told


# -- Messages


@pytest.mark.parametrize("sign", [pyca, bouncy])
def test_a_signer_is_uploaded_seen_by_others_and_deleted(anywhere: Fronted, sign: object) -> None:
    own, other = world().state("XA"), world().state("XB")
    signer = own.signer("P-256", 7 if sign is pyca else 8)
    message = body((pyca if sign is pyca else bouncy)(signer.der, own.upload))
    assert anywhere.call(own.tls, "POST", "/signerCertificate", message, CMS).status == 201
    rows = json.loads(anywhere.call(other.tls, "GET", "/TrustList/dsc/xa").body)
    assert signer.thumbprint in {row["thumbprint"] for row in rows}
    assert anywhere.call(own.tls, "POST", "/signerCertificate", message, CMS).status == 409
    # DELETE has a body.
    assert anywhere.call(own.tls, "DELETE", "/signercertificate", message, CMS).status == 204
    rows = json.loads(anywhere.call(other.tls, "GET", "/trustlist/DSC/XA").body)
    assert signer.thumbprint not in {row["thumbprint"] for row in rows}


def test_another_countrys_message_is_refused(anywhere: Fronted) -> None:
    own, other = world().state("XA"), world().state("XB")
    message = body(pyca(own.signer("P-256", 9).der, own.upload))
    answer = anywhere.call(other.tls, "POST", "/signerCertificate", message, CMS)
    assert (answer.status, code(answer.body)) == (400, "0x004")


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize("caller", ["onboarded", *STRANGERS])
def test_a_body_beyond_the_limit_is_refused_and_others_are_answered(
    anywhere: Fronted, caller: str, is_announced: bool
) -> None:
    own, before = world().state("XA").tls, len(anywhere.arrived)
    by = own if caller == "onboarded" else stranger(caller)
    large = b"A" * (LARGEST + 1)
    sent = large if is_announced else iter([large[:LARGEST], large[LARGEST:]])
    status = 413
    with closing(anywhere.connected(by)) as connection:
        # The answer may come, and the connection end, before all of it was sent.
        with suppress(*BROKEN):
            connection.request("POST", "/rules", sent, CMS, encode_chunked=not is_announced)
        with suppress(*BROKEN):
            status = connection.getresponse().status
    assert status == 413
    assert len(anywhere.arrived) == before
    assert anywhere.call(own, "GET", "/countrylist").status == 200
