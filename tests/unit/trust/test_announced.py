"""What a participant publishes of its signers counts within its bounds, and no further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.crypto import chain, x509, x509_write
from pratique.crypto.x509 import X509Record
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused
from pratique.terms import Environment, SignerState
from pratique.trust import certificates, publication
from pratique.trust.certificates import MOST_OF_ONE_KID
from pratique.trust.publication import Bounds, PublishedSigner, SignerPublication
from pratique.trust.signer import TrustList, Unjudged
from tests.networks import AT, State, key
from tests.unit.made import Made, make

WHEN = int(AT.timestamp()) - 86400
STATE = State("XUA", "XA", signers=3)
BOUNDS = Bounds("XUA", frozenset({"XA"}), "XA", frozenset({"DCC"}), Environment.TEST)
ROWS = [PublishedSigner(der, "DCC") for der in STATE.signers]


def write(
    *rows: PublishedSigner, code: str = "XUA", environment: Environment = Environment.TEST
) -> bytes:
    return publication.write(code, environment, [STATE.ca], rows)


def read(*rows: PublishedSigner, **changed: Any) -> SignerPublication:
    return publication.read(write(*rows), BOUNDS._replace(**changed))


def refused(data: bytes, **changed: Any) -> str:
    with pytest.raises(DocumentRefused) as caught:
        publication.read(data, BOUNDS._replace(**changed))
    return caught.value.code


def test_signers_speak_for_the_countries_of_their_participant() -> None:
    found = read(*ROWS, countries=frozenset({"XA", "XB"}))
    assert len(found.signers) == 3
    for signer in found.signers:
        assert signer.participant == "XUA"
        assert signer.countries == {"XA", "XB"}
        assert signer.environment is Environment.TEST
    assert found.left_out == ()
    assert found.withdrawn == frozenset()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(range(3)), max_size=3, unique=True), st.sets(st.integers(0, 2)))
def test_it_comes_back_as_it_was(numbers: list[int], gone: set[int]) -> None:
    rows = [
        ROWS[n]._replace(since="2026-11-22", reason=publication.REASONS[n])
        if n in gone
        else ROWS[n]
        for n in numbers
    ]
    parts = publication.parts(write(*rows))
    assert {*parts.signers, *parts.withdrawn} == {*rows}
    assert {one.certificate for one in parts.withdrawn} == {
        STATE.signers[n] for n in gone & {*numbers}
    }
    assert parts.authorities == (STATE.ca,)
    assert write(*reversed(rows)) == write(*rows)
    found = read(*rows)
    # One that was withdrawn is known still, so that it is told from a stranger's.
    assert len(found.signers) == len(rows)
    assert found.withdrawn >= {x509.read(one.certificate).thumbprint for one in parts.withdrawn}


def made(country: str, environment: Environment = Environment.TEST) -> tuple[bytes, bytes]:
    subject = Subject("other", "Ministry", country, environment, serial="1")
    ca = x509_write.signing_ca(key("other sca"), subject, at=WHEN, serial=1)
    by = x509_write.Authority(ca, key("other sca"))
    der = x509_write.document_signer(key("other").public_key, subject, by=by, at=WHEN, serial=2)
    return ca, der


@pytest.mark.parametrize(
    ("domain", "country", "changed", "why"),
    [
        ("ICVP", "XA", {}, "domain"),
        ("DCC", "XB", {}, "country"),
        ("DCC", "XA", {"domains": frozenset()}, "domain"),
        ("DCC", "XB", {"countries": frozenset({"XB"})}, ""),
        ("DCC", "XB", {"subject": "XB"}, ""),
        ("ICVP", "XA", {"domains": frozenset({"ICVP"})}, ""),
    ],
)
def test_what_is_out_of_bounds_is_left_out_and_told(
    domain: str, country: str, changed: dict[str, Any], why: str
) -> None:
    ca, der = made(country)
    data = publication.write(
        "XUA", Environment.TEST, [STATE.ca, ca], [PublishedSigner(der, domain)]
    )
    found = publication.read(data, BOUNDS._replace(**changed))
    thumbprint = x509.read(der).thumbprint
    assert found.left_out == (((thumbprint, why),) if why else ())
    assert [one.thumbprint for one in found.signers] == ([] if why else [thumbprint])


def test_every_country_of_a_certificate_is_compared() -> None:
    ca = make(["XA"], ca=True, name="SCA")
    two = make(["XA", "XB"], by=ca)
    for names, why in ((["XA", "XB"], ["country"]), (["XA"], [])):
        der = two.der if len(names) == 2 else make(names, by=ca).der
        data = publication.write("XUA", Environment.TEST, [ca.der], [PublishedSigner(der, "DCC")])
        assert [told for _, told in publication.read(data, BOUNDS).left_out] == why


@pytest.mark.parametrize(
    ("environment", "reason"), [(Environment.TEST, ""), (Environment.PRODUCTION, "sca-unknown")]
)
def test_a_signing_ca_of_the_test_environment_issues_nothing_for_production(
    environment: Environment, reason: str
) -> None:
    ca, _ = made("XA")
    private: Any = x509_write.private(key("other sca"))[0]
    leaf = make(["XA"], by=Made(load_der_x509_certificate(ca), private))
    data = publication.write("XUA", environment, [ca], [PublishedSigner(leaf.der, "DCC")])
    (found,) = publication.read(data, BOUNDS._replace(environment=environment)).signers
    assert found.reason == reason


def test_a_test_certificate_is_none_in_production() -> None:
    ca, der = made("XA")
    data = publication.write("XUA", Environment.PRODUCTION, [ca], [PublishedSigner(der, "DCC")])
    found = publication.read(data, BOUNDS._replace(environment=Environment.PRODUCTION))
    assert [why for _, why in found.left_out] == ["environment"]
    assert found.signers == ()
    ca, der = made("XA", Environment.PRODUCTION)
    data = publication.write("XUA", Environment.PRODUCTION, [ca], [PublishedSigner(der, "DCC")])
    assert (
        publication.read(data, BOUNDS._replace(environment=Environment.PRODUCTION)).left_out == ()
    )


def test_a_stolen_key_is_gone_in_each_of_its_certificates() -> None:
    twin = STATE._signer(0, WHEN + 3600)
    for reason, gone in ((publication.KEY_COMPROMISE, 2), ("key-lost", 2), ("superseded", 1)):
        found = read(
            ROWS[0]._replace(since="2026-11-22", reason=reason),
            PublishedSigner(twin, "DCC"),
            ROWS[1],
        )
        assert len(found.withdrawn) == gone
        assert len(found.signers) == 3


def test_it_is_of_its_own_participant_and_environment() -> None:
    assert refused(write(*ROWS, code="XUB")) == "signers-participant"
    assert refused(write(environment=Environment.PRODUCTION)) == "signers-environment"
    assert read(*ROWS).left_out == ()


def changed(**members: Any) -> bytes:
    document = {**json.loads(write(*ROWS)), **members}
    return json.dumps({n: v for n, v in document.items() if v != "gone"}).encode()


ROW = json.loads(write(ROWS[0]))["signers"][0]


@pytest.mark.parametrize(
    "data",
    [
        b"[]", b"{}", changed(format="x"), changed(participant=7), changed(environment=None),
        changed(signers="gone"), changed(signers={}), changed(withdrawn=None),
        changed(authorities="x"), changed(authorities=[7]), changed(authorities=["not base64!"]),
        changed(signers=[[]]), changed(signers=[{}]), changed(signers=[{**ROW, "more": 1}]),
        changed(signers=[{**ROW, "domain": 7}]), changed(signers=[{**ROW, "certificate": "é"}]),
        changed(signers=[{**ROW, "since": "x", "reason": "superseded"}]),
        changed(withdrawn=[ROW]), changed(withdrawn=[{**ROW, "since": "x", "reason": "whim"}]),
        changed(withdrawn=[{**ROW, "since": "x", "reason": ["superseded"]}]),
    ],
)  # fmt: skip
def test_what_is_not_of_its_form_is_refused_whole(data: bytes) -> None:
    assert refused(data) == "signers-malformed"
    right = changed(withdrawn=[{**ROW, "since": "x", "reason": "superseded"}], signers=[])
    assert len(publication.parts(right).withdrawn) == 1


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_a_certificate_that_is_none_takes_nobody_elses_away(data: bytes) -> None:
    found = read(*ROWS, PublishedSigner(data, "DCC"))
    assert {one.kid for one in found.signers} >= {x509.read(der).kid for der in STATE.signers}
    assert all(signer.participant == "XUA" for signer in found.signers)


def test_authorities_of_one_name_are_counted_before_a_signature_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = Subject("XUA SCA", "Ministry", "XA", Environment.TEST)
    twins = [
        x509_write.signing_ca(key(f"twin {n}"), subject, at=WHEN, serial=n + 1) for n in range(3)
    ]
    data = publication.write("XUA", Environment.TEST, [STATE.ca, *twins], ROWS)
    monkeypatch.setattr(publication, "MOST_CHAINS", 28)
    assert len(publication.read(data, BOUNDS).signers) == 3
    monkeypatch.setattr(publication, "MOST_CHAINS", 27)
    checked: list[int] = []
    monkeypatch.setattr(certificates, "issued_by", lambda *_: checked.append(1))
    assert refused(data) == "signers-too-many"
    assert checked == []


def test_no_signature_is_checked_before_a_kid_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two signing CAs of one name: each signer would cost two checks, at every start.
    subject = Subject("XUA SCA", "Ministry", "XA", Environment.TEST)
    twin = x509_write.signing_ca(key("twin 0"), subject, at=WHEN, serial=1)
    checked: list[str] = []
    own = chain.issued_by

    def counted(record: X509Record, ca: X509Record) -> bool | None:
        checked.append(record.thumbprint)
        return own(record, ca)

    monkeypatch.setattr(certificates, "issued_by", counted)
    data = publication.write("XUA", Environment.TEST, [STATE.ca, twin], ROWS)
    found = publication.read(data, BOUNDS)
    held = TrustList(found.unjudged, apart=True, judges={"XUA": found.judge})
    assert len(held) == 3
    assert {one.public_key for one in held.unjudged()} == {one.public_key for one in found.unjudged}
    assert checked == []
    kid = x509.read(STATE.signers[0]).kid
    (one,) = held.signers_for(kid)
    assert checked == [one.thumbprint] * 2
    assert held.signers_for(kid) == (one,)
    assert held.signers_for(b"a stranger's") == ()
    assert len(checked) == 2
    # Whoever lists all has all judged, each once, as by one that judges at once.
    at_once = TrustList(found.signers, apart=True)
    checked.clear()
    assert (held, tuple(held.limited())) == (at_once, tuple(at_once))
    assert len(checked) == 4
    assert all(one.reason == "" and type(one) is not Unjudged for one in held)


def test_what_judging_raises_is_its_signers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(*ROWS)
    held = TrustList(found.unjudged, apart=True, judges={"XUA": found.judge})

    def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(certificates, "issued_by", broken)
    assert {one.reason for one in held} == {"document-unforeseen"}
    assert {one.usages for one in held} == {frozenset()}


def test_a_signer_that_nobody_can_judge_is_not_believed() -> None:
    for one in TrustList(read(*ROWS).unjudged, apart=True):
        assert one.state(int(AT.timestamp())) is SignerState.SCA_UNREAD


def test_signers_and_their_octets_are_counted_before_one_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = sum(map(len, [*STATE.signers, STATE.ca]))
    for name, most in (("MOST_SIGNERS", 3), ("MOST_AUTHORITIES", 1), ("MOST_OCTETS", size)):
        with monkeypatch.context() as patched:
            patched.setattr(publication, name, most)
            assert len(read(*ROWS).signers) == 3
            patched.setattr(publication, name, most - 1)
            patched.setattr(x509, "read", None)
            assert refused(write(*ROWS)) == "signers-too-many"


def test_keys_of_one_kid_are_counted() -> None:
    keys = [certificates.read_key(key(f"kid {n}").public_key) for n in range(MOST_OF_ONE_KID + 1)]
    listed = [certificates.Listed(one, b"the same") for one in keys]
    whole = certificates.ListReading("list", tuple(listed[:-1]))
    found = certificates.collect([whole, whole], environment=Environment.TEST)
    assert len(found) == 2 * MOST_OF_ONE_KID
    with pytest.raises(DocumentRefused) as caught:
        certificates.collect(
            [whole, certificates.ListReading("other", (listed[-1],))], environment=Environment.TEST
        )
    assert caught.value.code == "signers-same-kid"


def test_signing_cas_that_have_issued_each_other_are_judged_level_by_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Eight certificates of each of two keys: without end, or up to fifteen levels of eight ways each.
    a, b = (X509Record(f"{n}", bytes(8), public_key=bytes([n])) for n in range(2))
    ring = tuple(
        one._replace(
            thumbprint=f"{one.thumbprint}-{n}", is_ca=True, path_length=14, subject=bytes([i]),
            issuer=bytes([1 - i]), signature_algorithm=b"ring", signed=bytes([i]), signature=b"s",
        )
        for i, one in enumerate((a, b))
        for n in range(8)
    )  # fmt: skip
    checked: list[int] = []

    def signed(certificate: X509Record, ca: X509Record) -> bool:
        checked.append(1)
        return certificate.issuer == ca.subject

    monkeypatch.setattr(chain, "issued_by", signed)
    assert not chain.path_holds(ring[0], ring)
    assert len(checked) <= len(ring) ** 2
    assert chain.path_holds(ring[0]._replace(path_length=None), ring[:1])
