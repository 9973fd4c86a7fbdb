"""What the network's procedures forbid has a word of its own, and every caller may read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.crypto import x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Subject
from pratique.gateway import remarks
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CertificateGroup
from pratique.gateway.wire import Profile
from pratique.terms import Environment
from tests.gateway_world import AT, DAY, Keyed, body, ec_key, pyca, request, world

WORLD = world()
XA, DE = WORLD.state("XA"), WORLD.state("DE")
YEAR = 365 * DAY


def against(
    signer: Keyed, by: Keyed = XA.authority, group: CertificateGroup = CertificateGroup.DSC
) -> set[str]:
    return set(remarks.of_signer(signer.der, group, [by.der], at=AT))


def ca(begun: int) -> Keyed:
    key = ec_key("XA 3")
    subject = Subject("Another CSCA", "Ministry of XA", "XA", Environment.TEST)
    return Keyed(x509_write.signing_ca(SoftwareKey(key), subject, at=begun, serial=7), key)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "RSA-3072"])
def test_a_signer_by_the_template_has_none(kind: str) -> None:
    assert against(XA.signer(kind)) == set()


@pytest.mark.parametrize(
    ("signer", "codes"),
    [
        ({"begin": AT - 20 * DAY, "life": 10 * DAY}, {"expired", "validity_30d_now"}),
        ({"begin": AT - DAY, "life": 20 * DAY}, {"validity_30d_now"}),
        ({"begin": AT + DAY, "life": 200 * DAY}, {"not_yet_valid"}),
        ({"kind": "RSA-1024"}, {"key_length"}),
        ({"kind": "RSA-4092"}, {"rsa_size"}),
        ({"life": 5 * YEAR}, {"outlives_issuer"}),
        ({"templated": False}, {"key_usage", "key_identifiers"}),
        ({"by": DE.authority}, {"dsc_chain"}),
    ],
)
def test_each_fault_has_its_code(signer: dict[str, Any], codes: set[str]) -> None:
    assert against(XA.signer(**signer)) == codes


def test_a_ca_that_has_ended_is_told_of() -> None:
    old = ca(AT - 5 * YEAR)
    signer = XA.signer(by=old)
    assert {"sca_ended", "outlives_issuer"} <= against(signer, old)
    # the control, under the same CA's newer certificate
    assert against(signer) == set()


def test_a_ca_that_has_not_begun_is_told_of() -> None:
    young = ca(AT + DAY)
    assert "sca_not_yet" in against(XA.signer(by=young), young)


def test_both_public_suites_signers_are_taken_and_told_of() -> None:
    box = WORLD.box()
    signer = XA.signer("RSA-2048", begin=AT, life=10, templated=False)
    message = body(pyca(signer.der, XA.upload))
    assert box.ask(request("POST", "/signerCertificate", by=XA.tls, body=message)).status == 201
    for by in (XA.tls, DE.tls):
        answer = box.ask(request("GET", "/remarks", by=by, at=AT + 5))
        (row,) = json.loads(answer.body)
        assert (row["kid"], row["country"], row["thumbprint"], row["certificateType"]) == (
            signer.kid, "XA", signer.thumbprint, "DSC",
        )  # fmt: skip
        assert set(row["remarks"]) == {"validity_30d_now", "key_usage", "key_identifiers"}
    # It has ended since.
    (row,) = json.loads(box.ask(request("GET", "/remarks", by=XA.tls, at=AT + 11)).body)
    assert "expired" in row["remarks"]


def test_onboarded_certificates_that_have_ended_are_told_of() -> None:
    rows = json.loads(WORLD.box().ask(request("GET", "/remarks", by=XA.tls, at=AT + 2 * YEAR)).body)
    assert {row["certificateType"] for row in rows} == {"AUTHENTICATION", "UPLOAD"}
    assert all("expired" in row["remarks"] for row in rows)
    assert json.loads(WORLD.box().ask(request("GET", "/remarks", by=XA.tls)).body) == []


def test_strict_shows_remarks_on_what_it_shows() -> None:
    box = WORLD.box(Settings(profile=Profile.STRICT))
    signer = XA.signer(begin=AT - DAY, life=40 * DAY)
    message = body(pyca(signer.der, XA.upload))
    assert box.ask(request("POST", "/signerCertificate", by=XA.tls, body=message)).status == 201
    for by, count in ((XA.tls, 1), (DE.tls, 0)):
        answer = box.ask(request("GET", "/remarks", by=by, at=AT + 60 * DAY))
        assert len(json.loads(answer.body)) == count


def test_no_octets_raise() -> None:
    for junk in (b"", b"0", b"\x30\x80", XA.upload.der[:-1], XA.upload.der[:200]):
        assert isinstance(remarks.of_signer(junk, CertificateGroup.DSC, [junk], at=AT), tuple)


def test_all_codes_are_listed() -> None:
    own = {
        "expired",
        "not_yet_valid",
        "key_kind",
        "rsa_size",
        "key_identifiers",
        "sca_ended",
        "outlives_issuer",
    }
    assert remarks.__doc__
    assert all(f"| {code} " in remarks.__doc__ for code in own)
