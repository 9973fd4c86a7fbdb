"""A country's signers come and go by its own upload key's word, and the first check that fails is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pratique.crypto import cms, x509_write
from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509 import read as x509_read
from pratique.crypto.x509_write import Subject
from pratique.gateway import remarks
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CertificateGroup, Party
from pratique.gateway.signers import TRUSTED, withdrawal_mark
from pratique.gateway.wire import CMS, JSON, Profile, WireAnswer, WireRequest
from pratique.terms import Environment
from tests.gateway_box import Box
from tests.gateway_world import (
    AT,
    DAY,
    Keyed,
    body,
    bouncy,
    ec_key,
    indefinite,
    pyca,
    request,
    world,
)

PATH = "/signerCertificate"
STRICT = Settings(profile=Profile.STRICT)
WORLD = world()
XA, DE = WORLD.state("XA"), WORLD.state("DE")


def asked(method: str, path: str, message: bytes, *, by: Keyed = XA.tls) -> WireRequest:
    return request(method, path, by=by, body=body(message))


def upload(box: Box, signer: Keyed) -> WireAnswer:
    return box.ask(asked("POST", PATH, pyca(signer.der, XA.upload)))


def delete(box: Box, signer: Keyed) -> WireAnswer:
    return box.ask(asked("DELETE", PATH, pyca(signer.der, XA.upload)))


def trusted(box: Box, signer: Keyed, **members: Any) -> WireAnswer:
    document = {"cms": body(pyca(signer.der, XA.upload)).decode(), **members}
    return posted(box, document)


def posted(box: Box, document: object) -> WireAnswer:
    data = json.dumps(document).encode()
    headers = {"Content-Type": JSON}
    return box.ask(request("POST", "/trustedCertificate", by=XA.tls, body=data, headers=headers))


def told(answer: WireAnswer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("what", ["certificate", "key"])
def test_what_a_country_has_withdrawn_in_the_network_is_not_taken_again(
    profile: Profile, what: str
) -> None:
    box, signer = WORLD.box(Settings(profile=profile)), XA.signer("P-256")
    record = x509_read(signer.der)
    digest = record.thumbprint if what == "certificate" else sha256(record.public_key).hexdigest()
    # The control: another country's withdrawal is none of its own.
    box.use(withdrawal_mark("DE", digest), AT)
    assert upload(box, signer).status == 201
    assert delete(box, signer).status == 204
    box.use(withdrawal_mark("XA", digest), AT)
    for answer in (upload(box, signer), trusted(box, signer, group="SIGN", kid="another")):
        assert told(answer) == (400, "0x004")
        assert "withdrawn it in the network" in json.loads(answer.body)["problem"]


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "RSA-4092"])
@pytest.mark.parametrize("form", [pyca, bouncy])
def test_signers_of_every_kind_are_taken_from_both_producers(kind: str, form: Any) -> None:
    box, signer = WORLD.box(), XA.signer(kind)
    message = form(signer.der, XA.upload)
    answer = box.ask(asked("POST", PATH, message))
    assert (answer.status, answer.body) == (201, b"")
    (entry,) = box.all_entries
    assert (entry.kid, entry.thumbprint, entry.country) == (signer.kid, signer.thumbprint, "XA")
    assert entry.message.encode() == body(message)
    assert cms.signed(entry.signature, content=signer.der).certificate == XA.upload.der
    with pytest.raises(Exception, match="does not hold"):
        cms.signed(entry.signature)


def test_a_signer_of_ten_seconds_without_any_extension_is_taken() -> None:
    signer = XA.signer("RSA-2048", begin=AT, life=10, templated=False)
    assert upload(WORLD.box(), signer).status == 201


def test_each_of_a_countrys_upload_keys_may_upload_and_delete() -> None:
    box, signer = WORLD.box(), XA.signer()
    assert upload(box, signer).status == 201
    message = pyca(signer.der, XA.upload_again)
    assert box.ask(asked("POST", f"{PATH}/delete", message)).status == 204
    assert box.all_entries[0].deleted is not None
    assert box.all_entries[0].message == ""


def test_acts_are_audited_and_refusals_leave_nothing() -> None:
    box, signer = WORLD.box(), XA.signer()
    upload(box, signer)
    assert upload(box, signer).status == 409
    delete(box, signer)
    assert delete(box, signer).status == 404
    acts = [(row.country, row.act, row.digest) for row in box.audited]
    digest = signer.thumbprint
    assert acts == [("XA", "signer-upload", digest), ("XA", "signer-delete", digest)]


def test_no_change_has_a_second_before_that_of_the_last() -> None:
    box = WORLD.box()
    for number, at in enumerate((AT, AT + 2, AT + 1, AT + 2)):
        # One that was asked earlier, and waited for its turn.
        request = asked("POST", PATH, pyca(XA.signer(number=number).der, XA.upload))
        assert box.ask(request._replace(at=at)).status == 201
    assert [entry.created - AT for entry in box.all_entries] == [0, 2, 2, 2]


# The order of checks, and the code of each


@pytest.mark.parametrize(
    ("method", "path", "signature", "foreign"),
    [("POST", PATH, "0x009", "0x004"), ("DELETE", PATH, "0x009", "0x007"),
     ("POST", f"{PATH}/delete", "0x009", "0x007"), ("DELETE", "/trustedCertificate", "0x009", "0x007")],
)  # fmt: skip
def test_who_has_signed_and_what_is_told(
    method: str, path: str, signature: str, foreign: str
) -> None:
    box, signer = WORLD.box(), XA.signer()
    whole = pyca(signer.der, XA.upload)
    wrong = whole[:-1] + bytes([whole[-1] ^ 1])
    assert told(box.ask(asked(method, path, wrong))) == (400, signature)
    for by in (DE.upload, XA.tls, XA.authority, WORLD.anchor):
        message = pyca(signer.der, by)
        assert told(box.ask(asked(method, path, message))) == (400, foreign)
    other = DE.signer(countries=("DE",))
    assert told(box.ask(asked(method, path, pyca(other.der, XA.upload)))) == (400, foreign)
    assert told(box.ask(asked(method, path, pyca(b"no certificate", XA.upload)))) == (400, "0x402")


def test_another_countrys_message_is_refused_whoever_brings_it() -> None:
    box, signer = WORLD.box(), DE.signer()
    message = pyca(signer.der, DE.upload)
    assert told(box.ask(asked("POST", PATH, message))) == (400, "0x004")
    # the control: its own back end
    assert box.ask(asked("POST", PATH, message, by=DE.tls)).status == 201
    deletion = asked("DELETE", PATH, pyca(signer.der, DE.upload))
    assert told(box.ask(deletion)) == (400, "0x007")


@pytest.mark.parametrize("countries", [(), ("XA", "XA"), ("XA", "DE"), ("DE",), ("xa",)])
def test_a_signer_has_exactly_one_c_and_it_is_the_callers(countries: tuple[str, ...]) -> None:
    signer = XA.signer(countries=countries)
    assert told(upload(WORLD.box(), signer)) == (400, "0x004")
    assert told(delete(WORLD.box(), signer)) == (400, "0x007")


def test_a_signer_is_signed_by_a_signing_ca_of_its_country() -> None:
    for by in (DE.authority, XA.upload):
        assert told(upload(WORLD.box(), XA.signer(by=by))) == (400, "0x004")


def test_the_issuers_name_is_not_compared() -> None:
    # The same key under another name, as CAs that were renamed have it.
    key = ec_key("XA 3")
    assert key.public_key() == XA.authority.key.public_key()
    renamed = x509_write.signing_ca(
        SoftwareKey(key), Subject("Renamed", "XA", "XA", Environment.TEST), at=AT, serial=9
    )
    signer = XA.signer(by=Keyed(renamed, key))
    assert upload(WORLD.box(), signer).status == 201


def test_a_second_upload_conflicts_and_a_second_deletion_finds_nothing() -> None:
    box, signer = WORLD.box(), XA.signer()
    assert told(delete(box, signer)) == (404, "0x005")
    assert upload(box, signer).status == 201
    assert told(upload(box, signer)) == (409, "0x002")
    assert delete(box, signer).status == 204
    assert told(delete(box, signer)) == (404, "0x005")


def test_a_subject_that_cannot_be_read_is_nobodys() -> None:
    # C is no ASCII, and a critical extension is unknown, which is the reason that a record has.
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "QQ")]))
        .issuer_name(XA.authority.certificate.subject)
        .public_key(ec_key("signer").public_key())
        .serial_number(5)
        .not_valid_before(datetime.fromtimestamp(AT - DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(AT + DAY, UTC))
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True
        )
        .sign(XA.authority.key, hashes.SHA256())
    ).public_bytes(Encoding.DER)
    odd = made.replace(b"QQ", b"\xff\xff")
    assert odd != made
    for method, code in (("POST", "0x004"), ("DELETE", "0x007")):
        message = pyca(odd, XA.upload)
        assert told(WORLD.box().ask(asked(method, PATH, message))) == (400, code)


SIGNER = XA.signer().der


def test_a_certificate_has_one_spelling() -> None:
    algorithm = x509_read(SIGNER).signature_algorithm
    last = SIGNER.rindex(algorithm)
    sha_384 = algorithm.replace(b"\x04\x03\x02", b"\x04\x03\x03")
    outside = SIGNER[:last] + sha_384 + SIGNER[last + len(algorithm) :]
    assert outside != SIGNER
    message = pyca(outside, XA.upload)
    assert told(WORLD.box().ask(asked("POST", PATH, message))) == (400, "0x004")


@given(
    changes=st.lists(st.tuples(st.integers(0, len(SIGNER) - 1), st.integers(0, 255)), max_size=3)
)
def test_no_certificate_raises_whatever_an_upload_key_signs(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(SIGNER)
    for at, octet in changes:
        octets[at] = octet
    message = pyca(bytes(octets), XA.upload)
    for settings in (Settings(), STRICT):
        box = WORLD.box(settings)
        assert box.ask(asked("DELETE", PATH, message)).status in {400, 404}
        # Only what the signing CA has signed comes in.
        assert (box.ask(asked("POST", PATH, message)).status == 201) == (octets == SIGNER)


@pytest.mark.parametrize("group", [*TRUSTED])
@given(at=st.integers(0, len(SIGNER) - 1), octet=st.integers(0, 255))
def test_no_certificate_of_a_group_raises(group: CertificateGroup, at: int, octet: int) -> None:
    octets = SIGNER[:at] + bytes([octet]) + SIGNER[at + 1 :]
    assert isinstance(remarks.of_signer(octets, group, [XA.authority.der], at=AT), tuple)


# Replays


def test_no_message_that_was_taken_adds_what_was_deleted_again() -> None:
    box, signer = WORLD.box(), XA.signer()
    first, gone = pyca(signer.der, XA.upload), pyca(signer.der, XA.upload)
    assert box.ask(asked("POST", PATH, first)).status == 201
    assert box.ask(asked("DELETE", PATH, gone)).status == 204
    for message in (first, gone, indefinite(first), indefinite(gone)):
        assert told(box.ask(asked("POST", PATH, message))) == (400, "0x004")
        document = {"cms": body(message).decode()}
        assert told(posted(box, document)) == (400, "0x004")
    assert box.entries() == []


def test_a_new_message_replaces_the_tombstone() -> None:
    box, signer = WORLD.box(), XA.signer()
    upload(box, signer)
    delete(box, signer)
    assert upload(box, signer).status == 201
    (entry,) = box.all_entries
    assert (entry.deleted, entry.created) == (None, AT)


def test_the_message_of_an_upload_deletes_too() -> None:
    box, signer = WORLD.box(), XA.signer()
    message = pyca(signer.der, XA.upload)
    assert box.ask(asked("POST", PATH, message)).status == 201
    assert box.ask(asked("DELETE", PATH, message)).status == 204
    assert told(box.ask(asked("POST", PATH, message))) == (400, "0x004")


def test_no_message_that_was_taken_deletes_what_has_come_by_another() -> None:
    box, signer = WORLD.box(), XA.signer()
    first, gone, again = (pyca(signer.der, XA.upload) for _ in range(3))
    for method, message, status in (
        ("POST", first, 201),
        ("DELETE", gone, 204),
        ("POST", again, 201),
    ):
        assert box.ask(asked(method, PATH, message)).status == status
    for message in (first, gone, indefinite(first), indefinite(gone)):
        for path in (PATH, "/trustedCertificate"):
            assert told(box.ask(asked("DELETE", path, message))) == (400, "0x007")
    # The control: the message of the upload, in whatever spelling.
    assert box.ask(asked("DELETE", PATH, indefinite(again))).status == 204


def test_what_the_network_has_published_is_deleted_by_a_new_message_only() -> None:
    box, signer = WORLD.box(), XA.signer()
    message = pyca(signer.der, XA.upload)
    assert box.ask(asked("POST", PATH, message)).status == 201
    box.change_entry(box.all_entries[0]._replace(message=""))
    assert told(box.ask(asked("DELETE", PATH, message))) == (400, "0x007")
    assert delete(box, signer).status == 204


# /trustedCertificate


def test_a_trusted_certificate_is_kept_as_it_is_wanted() -> None:
    box, signer = WORLD.box(), XA.signer()
    properties = {"displayName": "Zürich", "scope": "x"}
    answer = trusted(
        box, signer, kid="ABCDEFGH", group="SIGN", domain="DICVP", properties=properties
    )
    assert (answer.status, answer.body) == (201, b"")
    (entry,) = box.all_entries
    assert (entry.kid, entry.group, entry.domain) == ("ABCDEFGH", CertificateGroup.SIGN, "DICVP")
    assert json.loads(entry.properties) == properties
    assert box.audited[0].act == "trusted-upload"


def test_what_is_not_said_takes_its_default_and_null_says_nothing() -> None:
    for members in ({}, dict.fromkeys(("kid", "group", "domain", "properties")), {"other": 1}):
        box, signer = WORLD.box(), XA.signer()
        assert trusted(box, signer, **members).status == 201
        (entry,) = box.all_entries
        assert (entry.kid, entry.group, entry.domain) == (signer.kid, CertificateGroup.DSC, "DCC")


@pytest.mark.parametrize(
    "members",
    [{"group": "AUTHENTICATION"}, {"group": "UPLOAD"}, {"group": "CSCA"}, {"group": "dsc"},
     {"domain": "NONE"}, {"domain": 1}, {"properties": {"colour": "x"}}, {"properties": ["scope"]},
     {"properties": {"scope": 1}}, {"properties": {"scope": "x" * 2_001}}, {"kid": "x" * 21},
     {"kid": "a\x00b"}, {"kid": 1}, {"cms": "?"}, {"cms": None}, {"cms": ""}, {"cms": "é"}],
)  # fmt: skip
def test_what_a_trusted_certificate_may_not_be(members: dict[str, Any]) -> None:
    assert told(trusted(WORLD.box(), XA.signer(), **members)) == (400, "n/a")


def test_a_wrong_signature_of_a_trusted_certificate_has_whos_code() -> None:
    whole = pyca(XA.signer().der, XA.upload)
    document = {"cms": body(whole[:-1] + bytes([whole[-1] ^ 1])).decode()}
    assert told(posted(WORLD.box(), document)) == (400, "n/a")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"cms": "QQ==", "cms": "QQ=="}', b"[" * 9_000]
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    headers = {"Content-Type": JSON}
    asking = request("POST", "/trustedCertificate", by=XA.tls, body=data, headers=headers)
    assert told(WORLD.box().ask(asking)) == (400, "0x001")


def test_five_certificates_in_turn_have_the_kid_of_who_and_no_two_at_a_time() -> None:
    box = WORLD.box()
    for number in range(5):
        signer = XA.signer(number=number)
        assert trusted(box, signer, kid="ABCDEFGH").status == 201
        other = XA.signer(number=50 + number)
        assert told(trusted(box, other, kid="ABCDEFGH")) == (400, "0x004")
        gone = asked("DELETE", "/trustedCertificate", pyca(signer.der, XA.upload))
        assert box.ask(gone).status == 204


def test_nobody_keeps_another_country_from_a_kid() -> None:
    box = WORLD.box()
    assert trusted(box, XA.signer(), kid="ABCDEFGH").status == 201
    document = {"cms": body(pyca(DE.signer().der, DE.upload)).decode(), "kid": "ABCDEFGH"}
    data, headers = json.dumps(document).encode(), {"Content-Type": JSON}
    asking = request("POST", "/trustedCertificate", by=DE.tls, body=data, headers=headers)
    assert box.ask(asking).status == 201


def test_the_country_of_whos_other_groups_is_not_asked_and_they_are_deleted_all_the_same() -> None:
    signer = XA.signer(countries=("DE",))
    assert told(trusted(WORLD.box(), signer)) == (400, "0x004")
    for group in ("SIGN", "AUTH", "CUSTOM"):
        box = WORLD.box()
        assert trusted(box, signer, group=group).status == 201
        assert box.all_entries[0].country == "XA"
        assert delete(box, signer).status == 204


def test_a_desc_is_signed_by_a_deca_and_nothing_else_is() -> None:
    key = ec_key("XA DECA")
    made = x509_write.signing_ca(
        SoftwareKey(key), Subject("DECA", "XA", "XA", Environment.TEST), at=AT - DAY, serial=5
    )
    deca = Keyed(made, key)
    box = WORLD.box()
    box.add_party(Party("XA", CertificateGroup.DECA, deca.thumbprint, deca.der, b"", AT - DAY))
    signer = XA.signer(by=deca)
    assert told(trusted(box, signer)) == (400, "0x004")
    assert told(trusted(box, XA.signer(), group="DESC")) == (400, "0x004")
    assert trusted(box, signer, group="DESC").status == 201


# Types of body, and profiles


@pytest.mark.parametrize(
    ("kind", "status"),
    [(CMS, 201), ("Application/CMS; charset=utf-8", 201), ("application/cms-text", 415),
     ("application/json", 415), ("", 415)],
)  # fmt: skip
def test_the_type_of_body_is_the_endpoints(kind: str, status: int) -> None:
    asking = asked("POST", PATH, pyca(XA.signer().der, XA.upload))
    headers = {**asking.headers, "content-type": (kind,)}
    assert WORLD.box().ask(asking._replace(headers=headers)).status == status


@pytest.mark.parametrize("name", ["content-encoding", "content-transfer-encoding"])
def test_headers_that_tell_of_base64_are_ignored(name: str) -> None:
    asking = asked("POST", PATH, pyca(XA.signer().der, XA.upload))
    asking = asking._replace(headers={**asking.headers, name: ("base64",)})
    assert WORLD.box().ask(asking).status == 201


def test_strict_takes_a_signer_by_the_template_and_refuses_what_has_a_remark() -> None:
    good, bad = XA.signer(), XA.signer(life=10 * DAY, templated=False)
    assert upload(WORLD.box(STRICT), good).status == 201
    answer = upload(WORLD.box(STRICT), bad)
    assert told(answer) == (400, "0x004")
    assert "validity_30d_now" in json.loads(answer.body)["details"]
    box = WORLD.box()
    assert upload(box, bad).status == 201
    assert "validity_30d_now" in box.all_entries[0].remarks
    assert upload(box, good).status == 201
    assert box.all_entries[1].remarks == ()


def test_strict_takes_nothing_of_an_upload_key_that_has_ended() -> None:
    key = ec_key("XA 1")
    ended = x509_write.upload_signer(
        SoftwareKey(key),
        Subject("Old UP", "XA", "XA", Environment.TEST),
        at=AT - 800 * DAY,
        serial=8,
    )
    old = Keyed(ended, key)
    for settings, status in ((Settings(), 201), (STRICT, 400)):
        box = WORLD.box(settings)
        box.add_party(Party("XA", CertificateGroup.UPLOAD, old.thumbprint, old.der, b"", AT - DAY))
        assert box.ask(asked("POST", PATH, pyca(XA.signer().der, old))).status == status


def test_no_refusal_repeats_what_was_sent() -> None:
    box = WORLD.box()
    for answer in (
        trusted(box, XA.signer(), group="CANARY-1"),
        trusted(box, XA.signer(), kid="CANARY-1" * 3),
        trusted(box, XA.signer(), properties={"CANARY-1": "CANARY-1"}),
        box.ask(asked("POST", PATH, pyca(b"CANARY-1", XA.upload))),
    ):
        assert answer.status == 400
        assert b"CANARY" not in answer.body
        assert json.loads(answer.body)["sendValue"] == ""
