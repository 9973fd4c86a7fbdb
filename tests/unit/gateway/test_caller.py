"""Who calls is whose certificate the terminator saw, in whatever form it says so, and nobody else."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from itertools import count
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gateway import caller
from pratique.gateway.call import Settings
from pratique.gateway.wire import Profile, Refusal, WireAnswer
from tests.gateway_box import Box
from tests.gateway_world import AT, DAY, presented, request, world

WORLD = world()
BOX = WORLD.box()
XA, XC, DE = (WORLD.state(code) for code in ("XA", "XC", "DE"))
CERT, DIGEST, NAME = "X-SSL-Client-Cert", "X-SSL-Client-SHA256", "X-SSL-Client-DN"
OCTETS = bytes.fromhex(XA.tls.thumbprint)
SUBJECT = "CN=XA TLS,OU=test environment,O=Ministry of XA,C=XA"

Headers = dict[str, str | tuple[str, ...]]


def ask(headers: Headers, box: Box = BOX, at: int = AT) -> WireAnswer:
    return box.ask(request("GET", "/countrylist", headers=headers, at=at))


def told(headers: Headers, box: Box = BOX) -> tuple[int, str]:
    answer = ask(headers, box)
    return answer.status, json.loads(answer.body)["code"]


def test_nginx_hands_on_the_certificate() -> None:
    assert ask({**presented(XA.tls)}).status == 200
    assert ask({**presented(XA.tls), DIGEST: "", NAME: ""}).status == 200


@pytest.mark.parametrize(
    "digest",
    [
        XA.tls.thumbprint,
        XA.tls.thumbprint.upper(),
        base64.b64encode(OCTETS).decode(),
        quote(base64.b64encode(OCTETS), safe=""),
    ],
    ids=count(),
)
@pytest.mark.parametrize(
    "subject",
    [
        SUBJECT,
        "C=XA, O=Ministry of XA, CN=XA TLS",
        quote(SUBJECT, safe=""),
        quote_plus(SUBJECT),
        "c=xa",
        "2.5.4.6=XA,CN=x",
        'O="Ministry, of; XA",C=XA',
        r"O=Ministry\, of XA,C=XA",
        r"CN=a\=b+C=XA",
        "O=100% Health,C=XA",
        r"CN=\C3\A9,C=\58A",
    ],
)
def test_a_digest_and_a_name_are_read_in_every_form(digest: str, subject: str) -> None:
    assert ask({DIGEST: digest, NAME: subject}).status == 200


@pytest.mark.parametrize(
    "subject",
    [
        "O=x\\,C=XA,CN=y",
        'O="x,C=XA",CN=y',
        "CN=x\\2CC=XA",
        "CN=x\\+C=XA",
        "CN=x%2CC=XA",
        "CN=C=XA",
        "DC=XA",
        "O=XA",
    ],
)
def test_no_other_attribute_can_pass_for_a_country(subject: str) -> None:
    assert told({DIGEST: XA.tls.thumbprint, NAME: subject}) == (400, "0x401")
    # the control: with a C of its own
    assert ask({DIGEST: XA.tls.thumbprint, NAME: f"{subject},C=XA"}).status == 200


@pytest.mark.parametrize("subject", ["C=XA,C=XA", "C=XA,C=DE", "C=DE+C=XA", "C=XA;C=DE"])
def test_of_two_countries_none_is_taken(subject: str) -> None:
    assert told({DIGEST: XA.tls.thumbprint, NAME: subject}) == (400, "0x401")


@pytest.mark.parametrize(
    ("digest", "subject"),
    [
        ("", ""),
        (XA.tls.thumbprint, ""),
        ("", SUBJECT),
        (XA.tls.thumbprint[:-1], SUBJECT),
        (XA.tls.thumbprint + "00", SUBJECT),
        ("{tls_client_fingerprint}", "{tls_client_subject}"),
        (base64.b64encode(OCTETS[:20]).decode(), SUBJECT),
        (base64.b64encode(OCTETS).decode() + "\n=", SUBJECT),
        ("%zz", SUBJECT),
        ("é" * 64, SUBJECT),
        (XA.tls.thumbprint, "XA"),
        (XA.tls.thumbprint, "=XA"),
        (XA.tls.thumbprint, "C=XA,"),
        (XA.tls.thumbprint, "C=XA,,O=x"),
        (XA.tls.thumbprint, 'C="XA'),
        (XA.tls.thumbprint, "C=XA\\"),
        (XA.tls.thumbprint, "/C=XA/O=x"),
        (XA.tls.thumbprint, "%ff"),
    ],
    ids=count(),
)
def test_junk_is_no_certificate(digest: str, subject: str) -> None:
    assert told({DIGEST: digest, NAME: subject}) == (401, "0x400")


@pytest.mark.parametrize(
    "pem",
    [
        "null",
        "{tls_client_certificate_pem}",
        "%",
        quote("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        quote(XA.tls.pem + DE.tls.pem),
        quote(XA.tls.pem * 2),
        quote(XA.tls.pem)[:200],
        quote(XA.tls.key_pem),
    ],
    ids=count(),
)
def test_junk_where_the_certificate_belongs_is_not_passed_over(pem: str) -> None:
    good: Headers = {DIGEST: XA.tls.thumbprint, NAME: SUBJECT}
    assert told({CERT: pem}) == (401, "0x400")
    assert told({CERT: pem, **good}) == (401, "0x400")
    assert ask(good).status == 200


@pytest.mark.parametrize("name", [CERT, DIGEST, NAME])
def test_a_header_that_is_there_twice_is_nobodys(name: str) -> None:
    whole: Headers = {**presented(XA.tls), DIGEST: XA.tls.thumbprint, NAME: SUBJECT}
    assert ask(whole).status == 200
    for values in ((str(whole[name]),) * 2, (str(whole[name]), "")):
        assert told({**whole, name: values}) == (401, "0x400")


def test_headers_that_contradict_each_other_are_nobodys() -> None:
    whole: Headers = {**presented(XA.tls), DIGEST: XA.tls.thumbprint, NAME: SUBJECT}
    assert told({**whole, DIGEST: DE.tls.thumbprint}) == (401, "0x400")
    assert told({**whole, NAME: "C=DE"}) == (401, "0x400")
    assert told({**presented(XA.tls), DIGEST: DE.tls.thumbprint}) == (401, "0x400")


def test_names_with_an_underscore_say_nothing() -> None:
    spoofed: Headers = {name.replace("-", "_"): value for name, value in presented(XA.tls).items()}
    assert told(spoofed) == (401, "0x400")


def test_strangers_and_other_countries_are_unknown() -> None:
    assert told({**presented(XC.tls)}) == (401, "0x402")
    # An upload key is onboarded too, and for no connection.
    assert told({**presented(XA.upload)}) == (401, "0x402")
    assert told({DIGEST: XA.tls.thumbprint, NAME: "C=DE"}) == (401, "0x402")


@pytest.mark.parametrize("countries", [(), ("XA", "DE"), ("XA", "XA")])
def test_a_certificate_without_exactly_one_c_says_no_country(countries: tuple[str, ...]) -> None:
    odd = XA.signer(countries=countries)
    assert told({**presented(odd)}) == (400, "0x401")


def test_dates_are_asked_by_the_strict_profile_only() -> None:
    strict = WORLD.box(Settings(profile=Profile.STRICT))
    for at, status in ((AT, 200), (AT + 400 * DAY, 401), (AT - 40 * DAY, 401)):
        for headers in ({**presented(XA.tls)}, {DIGEST: XA.tls.thumbprint, NAME: SUBJECT}):
            asked: Headers = {**headers}
            assert ask(asked, strict, at).status == status
            assert ask(asked, BOX, at).status == 200


@given(
    pem=st.text(max_size=60), digest=st.text(max_size=70), subject=st.text("C=XADE,;+\"\\%20 #", max_size=20)
)  # fmt: skip
def test_no_text_raises_anything_but_a_refusal(pem: str, digest: str, subject: str) -> None:
    for headers in ({CERT: pem}, {DIGEST: digest, NAME: subject},
                    {DIGEST: DE.tls.thumbprint, NAME: subject}):  # fmt: skip
        asked = request("GET", "/", headers=headers)
        with suppress(Refusal):
            assert caller.identify(asked, BOX).country == "DE"
