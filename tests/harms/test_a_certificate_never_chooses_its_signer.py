"""Harm: a text says by which key, or from where, it wants to be believed.

VaxiCode Verif (August 2021) fetched keys from the address that the code named, and trusted them.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.verification import verify
from tests.unit.made import make
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import ALGORITHM, KID, cbor, claims, text

SNAPSHOT = measure.snapshot()
AT = datetime.fromtimestamp(keys.NOON, UTC)
CLAIMS = claims(content.vaccinated())
OWN = make(["XU"]).der
ADDRESS = "https://keys.example.org/jwks.json"
OFFERS: dict[str, dict[object, object]] = {
    "x5bag": {32: [OWN]},
    "x5chain": {33: OWN},
    "x5t": {34: [-16, b"\1" * 32]},
    "x5u": {35: ADDRESS},
    "jku": {"jku": ADDRESS},
    "jwk": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
    "cose-key": {-1: {1: 2, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32}},
}


@pytest.fixture(autouse=True)
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def codes(made: str) -> list[str]:
    found = verify(made, snapshot=SNAPSHOT, at=AT)
    return [finding.code.name for finding in found.verdict.findings]


def protected(offer: dict[object, object], kid: bytes) -> bytes:
    return cbor({ALGORITHM: -7, KID: kid} | offer)


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_a_key_that_the_text_brings_is_not_looked_at(offer: dict[object, object]) -> None:
    unknown, known = b"\1" * 8, keys.SIGNERS["utopia"].kid
    for kid, outcome in ((unknown, "SIGNER_UNKNOWN"), (known, "SIGNATURE_INVALID")):
        outside = text(CLAIMS, kid=kid, key="stranger", unprotected=offer)
        inside = text(CLAIMS, protected=protected(offer, kid), key="stranger")
        assert codes(outside) == codes(inside) == [outcome]


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_an_offer_does_no_harm_to_what_a_signer_signed(offer: dict[object, object]) -> None:
    kid = keys.SIGNERS["utopia"].kid
    assert codes(text(CLAIMS, unprotected=offer)) == ["NO_RULES"]
    assert codes(text(CLAIMS, protected=protected(offer, kid))) == ["NO_RULES"]


@pytest.mark.parametrize(
    "issuer", [ADDRESS, "did:web:keys.example.org", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_an_issuer_that_is_an_address_is_never_visited(issuer: str) -> None:
    stranger = text(claims(content.vaccinated(), iss=issuer), key="stranger")
    assert codes(stranger) == ["SIGNATURE_INVALID"]
    own = text(claims(content.vaccinated(), iss=issuer))
    assert codes(own) == ["ISSUER_UNMAPPED", "NO_RULES"]


def test_a_link_to_documents_elsewhere_is_never_followed() -> None:
    assert codes(text(claims(content.LINK, claim=5))) == ["LINK_NOT_FOLLOWED"]


def test_the_algorithm_is_not_the_text_s_to_choose() -> None:
    for algorithm in (0, 5, -8, -35, -37, -257, 2**31):
        assert codes(text(CLAIMS, alg=algorithm)) == ["ALGORITHM_REFUSED"]


def test_a_socket_would_be_seen() -> None:
    with pytest.raises(pytest.fail.Exception, match="socket"):
        socket.create_connection(("localhost", 9))
