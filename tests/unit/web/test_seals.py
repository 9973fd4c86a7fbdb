"""Seals in a page: first the chain is asked about, then the seal; what cannot be told refuses nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pratique.snapshot import Snapshot
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from pratique.verification import verify
from pratique.web.bridge import Bridge
from tests import pages
from tests.schemes import vds_nc as seals
from tests.schemes.vds_nc import Authority, certificate, key, make

NOON = datetime(2022, 3, 1, 12, tzinfo=UTC)
RSA = rsa.generate_private_key(65_537, 2048)
AUTHORITIES = {
    "P-256": seals.AUTHORITY,
    "P-384": Authority(key=key(5, ec.SECP384R1())),
    "P-521": Authority(key=key(5, ec.SECP521R1())),
    "RSA": Authority(key=RSA),
}


def held(authority: Authority) -> Snapshot:
    trust = TrustList(authority.signers())
    return Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=trust)


class Page:
    """A page that holds one authority, and is handed one text."""

    def __init__(self, authority: Authority, text: str) -> None:
        self.bridge, self.known = Bridge(), dict[str, pages.Answer]()
        assert "error" not in json.loads(self.bridge.open(held(authority).to_bytes()))
        self.request = {"texts": [text], "at": int(NOON.timestamp()), "zone": "UTC"}

    def call(self) -> Any:
        told = json.dumps(self.request), json.dumps(self.known)
        return json.loads(self.bridge.handle("verification", *told))

    def answer(self, *answers: pages.Answer) -> None:
        asked = self.call()["ask"]
        given = answers or tuple(map(pages.answer, asked))
        self.known |= dict(zip((one["id"] for one in asked), given, strict=True))

    def findings(self) -> list[str]:
        (row,) = self.call()["result"]["results"]
        return [finding["code"] for finding in row["findings"]]


def natively(authority: Authority, text: str) -> list[str]:
    found = verify(text, snapshot=held(authority), at=NOON).verdict.findings
    return [finding.code.name for finding in found]


@pytest.mark.parametrize("name", AUTHORITIES)
def test_the_chain_is_asked_first_and_then_the_seal(name: str) -> None:
    authority = AUTHORITIES[name]
    text = make(cer=certificate(authority))
    page = Page(authority, text)
    (chain,) = page.call()["ask"]
    assert (chain["curve"] or chain["name"][:3]) == name
    page.answer()
    (seal,) = page.call()["ask"]
    assert seal["id"] != chain["id"]
    assert seal["curve"] == "P-256"
    page.answer()
    assert page.findings() == natively(authority, text) == ["NO_RULES"]


def test_what_the_browser_says_of_a_chain_decides() -> None:
    text = make()
    for answer, code in ((False, "SEAL_CHAIN_WRONG"), (None, "SEAL_CHAIN_UNREAD")):
        page = Page(seals.AUTHORITY, text)
        page.answer(answer)
        assert page.findings() == [code]


def test_what_the_browser_says_of_a_seal_decides() -> None:
    text = make()
    for answer, code in ((False, "SIGNATURE_INVALID"), (None, "SIGNER_UNREADABLE")):
        page = Page(seals.AUTHORITY, text)
        page.answer(True)
        page.answer(answer)
        assert page.findings() == [code]
        # The next traveller of the same signer is asked about anew.
        page.known.clear()
        page.answer()
        assert page.findings() == ["NO_RULES"]


def test_a_chain_that_was_good_once_is_not_asked_again_and_a_bad_one_is() -> None:
    page = Page(seals.AUTHORITY, make())
    for _ in range(2):
        page.answer(False)
        assert page.findings() == ["SEAL_CHAIN_WRONG"]
        page.known.clear()
    page.answer()
    (seal,) = page.call()["ask"]
    page.known.clear()
    assert [one["id"] for one in page.call()["ask"]] == [seal["id"]]


def test_a_curve_that_browsers_lack_cannot_be_told_and_nothing_is_asked() -> None:
    german = Authority(key=key(5, ec.BrainpoolP256R1()))
    text = make(cer=certificate(german))
    assert natively(german, text) == ["NO_RULES"]
    assert Page(german, text).findings() == ["SEAL_CHAIN_UNREAD"]


def test_a_stranger_s_certificate_asks_nothing() -> None:
    stranger = Authority(key=key(99), common="Nobody")
    assert Page(seals.AUTHORITY, make(cer=certificate(stranger))).findings() == ["SIGNER_UNKNOWN"]
