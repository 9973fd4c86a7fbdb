"""Attacks on a gateway by those who are onboarded, and by strangers; beside each the honest form, which is taken.

Of an insider: other writings of old messages, certificates of any make, weak algorithms, odd names and numbers.
"""

from __future__ import annotations

import json
import signal
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from cryptography import x509 as strict
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pratique.crypto.asn1 import (
    BIT_STRING,
    GENERALIZED_TIME,
    SEQUENCE,
    UTC_TIME,
    write,
    write_integer,
)
from pratique.gateway.call import Settings
from pratique.gateway.mailbox import CertificateGroup, Party
from pratique.gateway.wire import JSON, Profile, WireAnswer
from pratique.parties.gateway_service import GatewayAnswers
from pratique.store import gateway_server
from pratique.store.front import FrontKind
from pratique.store.gateway.mailbox import GatewayStore
from pratique.strict_json import loads
from pratique.text import rfc3339
from tests import gateway_forged as forged
from tests.gateway_box import Box
from tests.gateway_sent import Sender, batch, reference, refusal, rule
from tests.gateway_stores import sqlite
from tests.gateway_world import AT, DAY, DRAW, ONBOARDED, Keyed, body, ec_key, pyca, request, world
from tests.journeys.gateway_front import (
    HOST,
    NOW,
    Fronted,
    OnSocket,
    ask,
    fronted,
    served,
    stranger,
)
from tests.steps import LONGEST

XA, XB = world().state("XA"), world().state("XB")
TEXT, UTF8 = 0x13, 0x0C
READABLE = (
    "/trustList", "/trustList/DSC/XA", "/trustList/certificate", "/countrylist", "/remarks", "/remarks/rules/XA",
    "/rules/XA", "/cms-migration", "/trustList/references", "/valuesets",
)  # fmt: skip


def all_lists_are_read(box: Box) -> None:
    """See that nothing that was taken keeps a list from anybody."""
    for by in ("XA", "XB"):
        for path in READABLE:
            assert Sender(by, box).get(path).status == 200, path


def trusted(xa: Sender, message: bytes, **members: Any) -> WireAnswer:
    """Upload a certificate in WHO's form."""
    sent = json.dumps({"cms": message.decode(), **members}).encode()
    return xa.send("POST", "/trustedCertificate", sent, content_type=JSON)


# -- Old messages in other writings

SIGNER = XA.signer("P-256", 31)
WRITINGS = tuple(forged.rewritten(pyca(SIGNER.der, XA.upload)))


@pytest.mark.parametrize("has_attributes", [True, False])
@pytest.mark.parametrize("how", WRITINGS)
def test_no_other_writing_of_a_message_brings_a_signer_back(how: str, has_attributes: bool) -> None:
    message = pyca(SIGNER.der, XA.upload, attributes=has_attributes)
    other = body(forged.rewritten(message)[how])
    # The control: it is a right message.
    assert Sender("XA", world().box()).send("POST", "/signerCertificate", other).status == 201
    xa = Sender("XA", world().box())
    assert xa.send("POST", "/signerCertificate", body(message)).status == 201
    assert xa.send("DELETE", "/signerCertificate", xa.signed(SIGNER.der)).status == 204
    assert refusal(xa.send("POST", "/signerCertificate", other)) == (400, "0x004")
    assert refusal(trusted(xa, other, group="SIGN")) == (400, "0x004")
    assert xa.post("/signerCertificate", SIGNER.der).status == 201


@pytest.mark.parametrize("how", WRITINGS)
def test_no_other_writing_of_a_deletion_adds_a_signer(how: str) -> None:
    xa = Sender("XA", world().box())
    assert xa.post("/signerCertificate", SIGNER.der).status == 201
    deletion = pyca(SIGNER.der, XA.upload)
    assert xa.send("POST", "/signerCertificate/delete", body(deletion)).status == 204
    other = body(forged.rewritten(deletion)[how])
    assert refusal(xa.send("POST", "/signerCertificate", other)) == (400, "0x004")
    assert refusal(xa.send("DELETE", "/signerCertificate", other)) == (404, "0x005")


@pytest.mark.parametrize("how", WRITINGS)
def test_no_other_writing_of_a_message_brings_a_batch_back(how: str) -> None:
    other_name = "6a1b9a44-0000-4000-8000-0123456789ab"
    message = pyca(json.dumps(batch()).encode(), XA.upload)
    other = body(forged.rewritten(message)[how])
    assert Sender("XA", world().box()).send("POST", "/revocation-list", other).status == 201
    xa = Sender("XA", world().box())
    assert xa.send("POST", "/revocation-list", body(message)).status == 201
    deletion = xa.signed({"batchId": DRAW})
    assert xa.send("DELETE", "/revocation-list", deletion).status == 204
    assert refusal(xa.send("POST", "/revocation-list", other, draw=other_name)) == (409, "0x000")
    assert refusal(xa.send("DELETE", "/revocation-list", deletion)) == (410, "0x000")


# -- Another country's messages, and another country's keys

WRITES: dict[str, tuple[str, str, Callable[[], bytes], tuple[int, str]]] = {
    "signer": ("POST", "/signerCertificate", lambda: SIGNER.der, (400, "0x004")),
    "rule": ("POST", "/rules", lambda: json.dumps(rule()).encode(), (400, "0x230")),
    "batch": ("POST", "/revocation-list", lambda: json.dumps(batch()).encode(), (403, "0x000")),
    "reference": ("POST", "/trust/reference", lambda: json.dumps(reference()).encode(), (403, "0x000")),
    "no signer": ("DELETE", "/signerCertificate", lambda: SIGNER.der, (400, "0x007")),
    "no rule": ("DELETE", "/rules", lambda: b"GR-XA-0001", (400, "0x230")),
    "no batch": ("DELETE", "/revocation-list", lambda: json.dumps({"batchId": DRAW}).encode(), (403, "0x000")),
    "no reference": ("DELETE", "/trust/reference", lambda: json.dumps({"uuid": DRAW}).encode(), (403, "0x000")),
}  # fmt: skip
ADDED = {"no signer": "signer", "no rule": "rule", "no batch": "batch", "no reference": "reference"}


def sent(by: Sender, what: str, signer: Keyed) -> WireAnswer:
    """Send one of the messages, signed by a key."""
    method, path, content, _ = WRITES[what]
    return by.send(method, path, body(pyca(content(), signer)))


@pytest.mark.parametrize("what", WRITES)
def test_a_countrys_things_are_its_own(what: str) -> None:
    box = world().box()
    xa, xb = Sender("XA", box), Sender("XB", box)
    if what in ADDED:
        assert sent(xa, ADDED[what], XA.upload).status == 201
    code = WRITES[what][3]
    before = box.all_entries, box.all_rules, box.all_batches, box.all_references
    # XA's caller with XB's key, with its own TLS key, and with a key that nobody knows.
    for signer in (XB.upload, XA.tls, XA.authority, world().state("XC").upload):
        assert refusal(sent(xa, what, signer)) == code
    # XB's caller with XA's message, as XA sends it.
    assert refusal(sent(xb, what, XA.upload)) == code
    # XB's caller, and XB's key: what it is about is another's.
    assert sent(xb, what, XB.upload).status in {400, 403, 404}
    assert before == (box.all_entries, box.all_rules, box.all_batches, box.all_references)
    assert sent(xa, what, XA.upload).status in {201, 204}


# -- Algorithms


@cache
def rsa_upload(bits: int) -> Keyed:
    """Return an upload certificate of XA with an RSA key."""
    key = rsa.generate_private_key(65537, bits)
    name = strict.Name([strict.NameAttribute(NameOID.COUNTRY_NAME, "XA")])
    made = (
        strict.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(datetime.fromtimestamp(AT - DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(AT + DAY, UTC))
        .sign(key, hashes.SHA256())
    )
    return Keyed(made.public_bytes(Encoding.DER), key)


@pytest.mark.parametrize(
    ("bits", "how", "status"),
    [
        (2048, {}, 201),
        (2048, {"mask": "SHA-256"}, 201),
        (1024, {}, 400),
        (2048, {"digest": "SHA-1"}, 400),
        (2048, {"digest": "MD5"}, 400),
        (2048, {"announced": "SHA-1"}, 400),
        (2048, {"digest": "SHA-1", "announced": "SHA-256"}, 400),
        (2048, {"mask": "SHA-1"}, 400),
        (2048, {"mask": "SHA-1", "digest": "SHA-1"}, 400),
        (2048, {"mask": "SHA-256", "announced": "SHA-1"}, 400),
    ],
    ids=str,
)
def test_only_strong_algorithms_and_no_mixture_of_them_prove_who_signed(
    bits: int, how: dict[str, str], status: int
) -> None:
    up, box = rsa_upload(bits), world().box()
    box.add_party(Party("XA", CertificateGroup.UPLOAD, up.thumbprint, up.der, b"", AT - DAY))
    xa = Sender("XA", box)
    message = body(forged.signed(SIGNER.der, up, **how))
    answer = xa.send("POST", "/signerCertificate", message)
    assert refusal(answer) == (status, "" if status == 201 else "0x009")


# -- Certificates of any make, by a CA that signs all that it is handed

_DEEP = b"".join(write(SEQUENCE, b"") for _ in range(4_000))
_P256 = write(6, bytes.fromhex("2a8648ce3d030107"))


def _times(begin: bytes, end: bytes, tag: int = GENERALIZED_TIME) -> bytes:
    return write(SEQUENCE, write(tag, begin) + write(tag, end))


MAKES: dict[str, dict[str, Any]] = {
    "a negative serial": {"serial": b"\x02\x01\x80"},
    "no serial": {"serial": b"\x02\x00"},
    "a serial of 5,000 octets": {"serial": write(2, b"\x01" * 5000)},
    "the year 0": {"validity": _times(b"00000101000000Z", b"99991231235959Z")},
    "all years": {"validity": _times(b"00010101000000Z", b"99991231235959Z")},
    "an end before the beginning": {"validity": _times(b"300101000000Z", b"200101000000Z", UTC_TIME)},
    "the 61st second": {"validity": _times(b"200101000060Z", b"300101000060Z", UTC_TIME)},
    "no dates": {"validity": write(SEQUENCE, b"")},
    "two C": {"subject": forged.name(("C", TEXT, b"XA"), ("C", TEXT, b"XB"))},
    "C twice": {"subject": forged.name(("C", TEXT, b"XA"), ("C", TEXT, b"XA"))},
    "a small c": {"subject": forged.name(("C", TEXT, b"xa"))},
    "C with blanks": {"subject": forged.name(("C", TEXT, b" XA "))},
    "C with a NUL": {"subject": forged.name(("C", TEXT, b"XA\0"))},
    "C in two octets a letter": {"subject": forged.name(("C", 0x1E, b"\0X\0A"))},
    "C of another script": {"subject": forged.name(("C", UTF8, "\u0425\u0410".encode()))},
    "C in a box": {"subject": forged.name(("C", SEQUENCE, write(TEXT, b"XA")))},
    "C in O": {"subject": forged.name(("O", UTF8, b"x,C=XA"), ("C", TEXT, b"XB"))},
    "no subject": {"subject": write(SEQUENCE, b"")},
    "a subject of no letters": {"subject": forged.name(("C", TEXT, b"XA"), ("CN", UTF8, b"\xff\xfe"))},
    "a subject of 60 kB": {"subject": forged.name(("C", TEXT, b"XA"), ("CN", UTF8, b"x" * 60_000))},
    "a subject of 100 kB": {"subject": forged.name(("C", TEXT, b"XA"), ("CN", UTF8, b"x" * 100_000))},
    "a subject of 4,000 parts": {"subject": forged.name(("C", TEXT, b"XA"), *[("CN", UTF8, b"x")] * 4_000)},
    "RSA of 400,000 bits": {"key": forged.rsa_key((1 << 400_000) + 1, 65537)},
    "an even modulus": {"key": forged.rsa_key(1 << 2047, 65537)},
    "a modulus of 0": {"key": forged.rsa_key(0, 65537)},
    "an exponent of 1": {"key": forged.rsa_key((1 << 2047) + 1, 1)},
    "a huge exponent": {"key": forged.rsa_key((1 << 2047) + 1, (1 << 2046) + 1)},
    "a point off its curve": {"key": forged.ec_key(_P256, b"\4" + b"\1" * 64)},
    "a point at infinity": {"key": forged.ec_key(_P256, b"\0")},
    "a curve spelt out": {"key": forged.ec_key(write(SEQUENCE, write_integer(1)), b"\4" + b"\1" * 64)},
    "a curve of the CA's": {"key": forged.ec_key(b"\x05\0", b"\4" + b"\1" * 64)},
    "no key": {"key": write(SEQUENCE, b"")},
    "no extensions": {"extensions": None},
    "an extension twice": {"extensions": forged.extensions(*[("551d0f", True, b"\x03\x02\x07\x80")] * 2)},
    "an unknown critical extension": {"extensions": forged.extensions(("551d7f", True, b"x"))},
    "junk for extensions": {"extensions": write(0xA3, b"")},
    "a crowd in an extension": {"extensions": forged.extensions(("551d23", False, write(SEQUENCE, _DEEP)))},
    "version 99": {"version": write(0xA0, b"\x02\x01\x63")},
    "a field too many": {"extra": write(0x81, b"\0")},
}  # fmt: skip
NO_CERTIFICATES = {
    "the year 0", "the 61st second", "no dates", "C of another script", "a subject of 100 kB",
}  # fmt: skip
NOT_OF_XA = {
    "two C", "C twice", "a small c", "C with a NUL", "C in two octets a letter", "C in a box",
    "C in O", "no subject",
}  # fmt: skip


def test_a_certificate_of_the_usual_make_is_taken() -> None:
    """The control of what follows."""
    xa = Sender("XA", world().box(Settings(Profile.STRICT)))
    assert xa.post("/signerCertificate", forged.certificate(XA)).status == 201


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("make", MAKES)
def test_a_certificate_of_any_make_is_answered_and_every_list_is_read(make: str) -> None:
    box = world().box()
    xa, certificate = Sender("XA", box), forged.certificate(XA, **MAKES[make])
    answer = refusal(xa.post("/signerCertificate", certificate))
    if make in NO_CERTIFICATES:
        assert answer == (400, "0x402")
    elif make in NOT_OF_XA:
        assert answer == (400, "0x004")
    else:
        assert answer == (201, "")
    all_lists_are_read(box)
    if answer[0] == 201:
        assert xa.send("DELETE", "/signerCertificate", xa.signed(certificate)).status == 204
    # WHO's other groups: C is not asked for.
    answer = refusal(trusted(xa, xa.signed(certificate), group="SIGN", kid="odd"))
    assert answer == ((400, "n/a") if make in NO_CERTIFICATES else (201, ""))
    all_lists_are_read(box)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("make", sorted(MAKES.keys() - NO_CERTIFICATES - NOT_OF_XA))
def test_what_the_compatible_profile_takes_with_a_remark_the_strict_one_refuses(make: str) -> None:
    certificate = forged.certificate(XA, **MAKES[make])
    box = world().box()
    assert Sender("XA", box).post("/signerCertificate", certificate).status == 201
    strict = Sender("XA", world().box(Settings(Profile.STRICT)))
    taken = strict.post("/signerCertificate", certificate).status == 201
    assert taken != bool(box.all_entries[0].remarks)


def test_a_key_that_no_verifier_reads_is_told_of_and_refused_by_the_strict_profile() -> None:
    kind = write(6, bytes.fromhex("2a8648ce380401")) + write(
        SEQUENCE, write_integer((1 << 3071) + 1) + write_integer(7) + write_integer(3)
    )
    dsa = write(SEQUENCE, write(SEQUENCE, kind) + write(BIT_STRING, b"\0" + write_integer(5)))
    certificate, box = forged.certificate(XA, key=dsa), world().box()
    assert Sender("XA", box).post("/signerCertificate", certificate).status == 201
    assert box.all_entries[0].remarks == ("key_kind",)
    strict = Sender("XA", world().box(Settings(Profile.STRICT)))
    assert refusal(strict.post("/signerCertificate", certificate)) == (400, "0x004")


# -- Names and numbers


@pytest.mark.parametrize(
    ("kid", "is_taken"),
    [
        ("ABCDEFGH", True),
        ("k" * 20, True),
        ("é" * 20, True),
        ("\U0001f511" * 20, True),
        ("__proto__", True),
        ("k" * 21, False),
        ("k\0", False),
        ("k\n", False),
        ("\u202ek", False),
        ("\ud800", False),
        (["k"], False),
        ({"k": "k"}, False),
        (1, False),
    ],
)
def test_a_kid_is_twenty_letters_that_everybody_sees(kid: object, is_taken: bool) -> None:
    box = world().box()
    xa = Sender("XA", box)
    answer = trusted(xa, xa.signed(SIGNER.der), kid=kid)
    assert answer.status == (201 if is_taken else 400)
    assert [entry.kid for entry in box.all_entries] == ([kid] if is_taken else [])
    rows = loads(xa.get("/trustList/DSC").body)
    assert [row["kid"] for row in rows] == ([kid] if is_taken else [])


def test_a_kid_is_anothers_or_ones_own_but_never_of_two_of_ones_own() -> None:
    box = world().box()
    xa, xb = Sender("XA", box), Sender("XB", box)
    assert xa.post("/signerCertificate", SIGNER.der).status == 201
    same = SIGNER.kid
    second, others = XA.signer("P-256", 32), XB.signer("P-256", 33)
    assert refusal(trusted(xa, xa.signed(second.der), kid=same)) == (400, "0x004")
    assert refusal(trusted(xa, xa.signed(second.der), kid=same, group="SIGN")) == (400, "0x004")
    assert refusal(trusted(xb, xb.signed(others.der), kid=same)) == (201, "")
    assert xa.send("DELETE", "/signerCertificate", xa.signed(SIGNER.der)).status == 204
    assert refusal(trusted(xa, xa.signed(second.der), kid=same)) == (201, "")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0&pagesize=1", 200),
        ("page=999999999&pagesize=999999999", 200),
        ("page=-1&pagesize=-1", 200),
        ("page=1000000000", 400),
        ("page=" + "9" * 1_900, 400),
        ("page=NaN", 400),
        ("page=1e3", 400),
        ("page=0x1", 400),
        ("page=%D9%A3", 400),
        ("page=+1", 400),
        ("page=1.0", 400),
        ("page=1_0", 400),
        ("page=0&page=1", 400),
        ("pagesize=0", 400),
        ("page=%", 400),
        ("page=%FF", 400),
        ("a=" + "b" * 3_000, 400),
    ],
)
def test_a_page_is_a_small_number(query: str, status: int) -> None:
    assert Sender("XA", world().box()).get("/trustList", query).status == status


@pytest.mark.parametrize(
    "date",
    [
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-01T00:00:00Z",
        "2026-11-01T00:00:60Z", "2026-11-01T24:00:00Z", "10000-01-01T00:00:00Z", "Sat, 1 Nov 0000 00:00:00 GMT",
        "Sat, 31 Feb 2026 00:00:00 GMT", "Sat, 1 Nov 2026 00:00:00 +9999", "2026-11-01T00:00:00." + "9" * 10_000 + "Z",
        "٢٠٢٦-11-01T00:00:00Z", "now", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/trustList", "/revocation-list"])
def test_a_date_that_no_calendar_has_is_refused(path: str, date: str) -> None:
    xa = Sender("XA", world().box())
    assert xa.get(path, if_modified_since=date).status == 400
    assert xa.get(path, if_modified_since="Sat, 1 Nov 2025 00:00:00 GMT").status in {200, 204}


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z"])
def test_a_rule_that_ends_where_no_calendar_reaches_keeps_no_list_from_anybody(ends: str) -> None:
    box = world().box()
    assert Sender("XA", box).post("/rules", rule(ValidTo=ends)).status == 201
    all_lists_are_read(box)


@pytest.mark.parametrize(
    "number", [1 << 63, 1 << 64, 10**400, 0, -1, -(1 << 63), 1.5, True, "1", None, [1]]
)
def test_an_entity_is_named_by_a_number_that_a_database_has(number: object) -> None:
    box = world().box()
    xa = Sender("XA", box)
    assert xa.post("/signerCertificate", SIGNER.der).status == 201

    def migrated(entity: object) -> WireAnswer:
        message = body(pyca(SIGNER.der, XA.upload_again)).decode()
        sent = json.dumps({"cms": message, "entityId": entity, "type": "DSC"}).encode()
        return xa.send("POST", "/cms-migration", sent, content_type=JSON)

    assert refusal(migrated(number)) == (400, "0x004")
    assert refusal(migrated((1 << 63) - 1)) == (409, "0x010")
    assert refusal(migrated(box.all_entries[0].number)) == (204, "")


@pytest.mark.parametrize(
    "path",
    ["/valuesets/..", "/valuesets/%2e%2e", "/valuesets/../gateway.json", "/valuesets/..%2fgateway.json",
     "/valuesets/gateway.json", "/valuesets//", "/valuesets/.", "/valuesets/a\\b", "/valuesets/%00",
     "/valuesets/" + "a" * 10_000, "/rules/../valuesets", "//valuesets"],
)  # fmt: skip
def test_a_path_leads_to_nothing_but_the_api(path: str) -> None:
    xa = Sender("XA", world().box())
    assert xa.get(path).status == 404
    assert xa.get("/valuesets").status == 200


# -- Sizes


def test_a_message_beyond_the_limit_is_refused() -> None:
    xa = Sender("XA", world().box())
    assert xa.send("POST", "/rules", b"A" * (1024 * 1024 + 4)).status == 413
    assert refusal(xa.send("POST", "/rules", b"A" * 1024 * 1024)) == (400, "0x402")
    assert xa.post("/rules", rule()).status == 201


@pytest.mark.parametrize("unit", ["[", "[]", '{"a":', "1,", '"a":1,', '\\"', "\\ud800", "9", "[{", "\0"])  # fmt: skip
@pytest.mark.parametrize("path", ["/rules", "/revocation-list", "/trust/reference"])
def test_no_document_keeps_its_reader_busy(path: str, unit: str) -> None:
    xa = Sender("XA", world().box())
    content = ("{" + unit * (600_000 // len(unit))).encode()
    assert xa.post(path, content).status == 400


@pytest.mark.parametrize("unit", [b"\x30\x80", b"\x24\x80", b"\x05\0", b"\0\0", b"\xa0\x80", b"\x06\x82\xff\xff"])  # fmt: skip
def test_no_message_keeps_its_reader_busy(unit: bytes) -> None:
    xa = Sender("XA", world().box())
    crowd = unit * (600_000 // len(unit))
    for data in (crowd, b"\x30\x80" + crowd + b"\0\0", write(SEQUENCE, crowd), write(6, b"\xff" * 600_000)):  # fmt: skip
        assert refusal(xa.send("POST", "/rules", body(data))) == (400, "0x402")


# -- Hashes


@pytest.mark.parametrize(
    "hash_",
    ["A" * 22 + "=", "A" * 24, "A" * 22 + "==\n", " " + "A" * 21 + "==", "-_" + "A" * 20 + "==",
     "\uff21" + "A" * 21 + "==", "A" * 21 + "===", "A" * 600_000, "", None, 1, ["A" * 22 + "=="]],
)  # fmt: skip
def test_a_hash_is_sixteen_octets_in_base64(hash_: object) -> None:
    xa = Sender("XA", world().box())
    good = {"hash": b64encode(bytes(16)).decode()}
    sent = batch(entries=[good, {"hash": hash_}])
    assert refusal(xa.post("/revocation-list", sent)) == (400, "0x000")
    assert xa.post("/revocation-list", batch(entries=[good])).status == 201


# -- Who calls


@pytest.mark.parametrize(
    "headers",
    [
        {"X-SSL-Client-Cert": ("a", "b")},
        {"X_SSL_Client_Cert": "%s"},
        {"X-SSL-Client-Cert": "%s, %s"},
        {"X-SSL-Client-Cert": "%s%%0A%s"},
        {"X-Forwarded-Client-Cert": "%s"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint},
        {"X-SSL-Client-DN": "C=XA"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": "O=x\\,C=XA"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": 'O="x,C=XA"'},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": "O=x\\2CC=XA"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": "C=#130258410A"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": "C=XA,C=XB"},
        {"X-SSL-Client-SHA256": XA.tls.thumbprint, "X-SSL-Client-DN": "O=x%2CC%3DXA"},
        {"X-SSL-Client-SHA256": "0" * 64, "X-SSL-Client-DN": "C=XA"},
        {"X-SSL-Client-SHA256": "%2530" * 64, "X-SSL-Client-DN": "C=XA"},
    ],
    ids=count(),
)  # fmt: skip
def test_no_odd_header_is_a_country(headers: dict[str, Any]) -> None:
    pem = quote(XA.tls.pem.decode(), safe="")
    filled = {
        name: value.replace("%s", pem).replace("%%", "%") if isinstance(value, str) else value
        for name, value in headers.items()
    }
    box = world().box()
    assert box.ask(request("GET", "/trustList", headers=filled)).status in {400, 401}
    assert box.ask(request("GET", "/trustList", headers={"X-SSL-Client-Cert": pem})).status == 200
    assert (
        box.ask(request("GET", "/trustList", headers={"X-SSL-Client-Cert": quote(pem)})).status
        == 401
    )


# -- Connections, paths and signals, at a gateway that is served


class Real(NamedTuple):
    """A gateway on a real store, and what asks it as a server does."""

    store: GatewayStore
    answers: GatewayAnswers


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    """Open a gateway on SQLite, whose clock stands still."""
    store = GatewayStore(sqlite(tmp_path))
    with store.writing() as mailbox:
        for party in (party for code in ONBOARDED for party in TODAY.parties(code)):
            mailbox.add_party(party)
    yield Real(store, GatewayAnswers(store, Settings(), lambda: NOW))
    store.close()


TODAY = world(NOW)
SLOW = 280
"""Connections of a sender of drops: more than the gateway has."""


@pytest.mark.parametrize("kind", [FrontKind.HAPROXY, FrontKind.CADDY])
def test_strangers_who_send_in_drops_keep_nobody_out(
    kind: FrontKind, tmp_path: Path, real: Real
) -> None:
    """nginx hands on whole bodies only, and takes no more than 256 connections of an address."""
    drops = (
        "POST /rules HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/cms\r\n"
        "Content-Length: 5000\r\n\r\nAAAA"
    )
    with (
        fronted(kind, tmp_path, turned_away=real.answers.turned_away) as gateway,
        ExitStack() as held,
    ):
        context = gateway.context(None)
        secured = None
        for _ in range(SLOW):
            plain = socket.create_connection((HOST, gateway.place.port), LONGEST)
            held.callback(plain.close)
            secured = held.enter_context(context.wrap_socket(plain, server_hostname=HOST))
            secured.sendall(drops.encode())
        assert gateway.call(TODAY.state("XA").tls, "GET", "/countrylist").status == 200
        # Each of them is told, though most of its body never comes.
        assert secured is not None
        assert secured.recv(65536).startswith(b"HTTP/1.1 401")


def test_a_stranger_is_turned_away_before_its_body_comes_and_a_known_one_is_not(
    tmp_path: Path, real: Real
) -> None:
    path = tmp_path / "gateway.sock"
    known = {"X-SSL-Client-Cert": quote(TODAY.state("XA").tls.pem.decode(), safe="")}
    message = body(pyca(json.dumps(rule(NOW)).encode(), TODAY.state("XA").upload))
    with served(path, real.answers, print, turned_away=real.answers.turned_away):
        for headers in ({}, {"X-SSL-Client-Cert": "junk"}):
            with closing(OnSocket(path)) as connection:
                connection.putrequest("POST", "/rules")
                connection.putheader("Content-Length", str(len(message)))
                for name, value in headers.items():
                    connection.putheader(name, value)
                connection.endheaders(message[:4])
                assert connection.getresponse().status == 401
        with closing(OnSocket(path)) as connection:
            headers = {"Content-Type": "application/cms", **known}
            assert ask(connection, "POST", "/rules", message, headers).status == 201
            # An unknown path, method or type of body is known by the headers, too.
            for wrong, status in (("/rules/x/y", 404), ("/countrylist", 405)):
                assert ask(connection, "POST", wrong, message, headers).status == status
            assert ask(connection, "POST", "/rules", message, known).status == 415


def test_who_waits_for_its_turn_to_write_is_dated_when_it_has_it(real: Real) -> None:
    """Who asked for what is new meanwhile goes on from then: what were dated before, it would never hear of."""
    xa, clock = TODAY.state("XA"), [NOW]
    answers = GatewayAnswers(real.store, Settings(), lambda: clock[0])

    def asked(method: str, path: str, **more: Any) -> WireAnswer:
        return answers(request(method, path, by=xa.tls, at=clock[0], **more))

    def since(second: int) -> set[str]:
        headers = {"If-Modified-Since": rfc3339(second)}
        return {
            row["thumbprint"] for row in loads(asked("GET", "/trustList/DSC", headers=headers).body)
        }

    signer = xa.signer("P-256", 41)
    with ThreadPoolExecutor(1) as pool:
        with real.store.writing():
            arrived = request(
                "POST",
                "/signerCertificate",
                by=xa.tls,
                body=body(pyca(signer.der, xa.upload)),
                at=NOW,
            )
            uploading = pool.submit(answers, arrived)
            # It waits. Five seconds later a client asks, and remembers when.
            clock[0] = NOW + 5
            assert since(NOW) == set()
            assert not uploading.done()
        assert uploading.result().status == 201
    assert since(NOW + 5) == {signer.thumbprint}


@pytest.mark.parametrize(
    "path", ["/trustList%2FDSC", "/%74rustList", "/trustList/DSC%2fXA", "/countrylist%00"]
)
def test_a_path_is_taken_as_it_came(path: str, tmp_path: Path, real: Real) -> None:
    own = tmp_path / "gateway.sock"
    known = {"X-SSL-Client-Cert": quote(TODAY.state("XA").tls.pem.decode(), safe="")}
    with served(own, real.answers, print), closing(OnSocket(own)) as connection:
        assert ask(connection, "GET", "/trustList/DSC", headers=known).status == 200
        assert ask(connection, "GET", path, headers=known).status == 404


def test_a_signal_that_was_swallowed_ends_the_gateway_all_the_same(
    tmp_path: Path, real: Real
) -> None:
    """Between two halves of a fork Python drops the exception that a signal has become: the server would never end."""
    path = tmp_path / "gateway.sock"
    application = gateway_server.application(real.answers, print)
    with gateway_server.interruptible() as ending, gateway_server.listening(path) as taken:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        gateway_server.serve(application, taken, ending=ending)
    assert not path.exists()


SMUGGLED = "GET /countrylist HTTP/1.1\r\nHost: gateway\r\n{spoof}\r\n"
HEADS = {
    "two lengths": "POST /rules HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\nContent-Length: {size}\r\n\r\n",
    "length and chunks": "POST /rules HTTP/1.1\r\nHost: gateway\r\nContent-Length: {size}\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in another spelling": "POST /rules HTTP/1.1\r\nHost: gateway\r\nContent-Length: {size}\r\n"
                                  "Transfer-Encoding : chunked\r\n\r\n",
    "a folded header": "GET /countrylist HTTP/1.1\r\nHost: gateway\r\nX-A: b\r\n {spoof}\r\n",
    "a header behind a bare line feed": "GET /countrylist HTTP/1.1\r\nHost: gateway\r\nX-A: b\n{spoof}\r\n",
    "a header without a blank": "GET /countrylist HTTP/1.1\r\nHost: gateway\r\n{tight}\r\n",
    "a request behind a request": "GET /countrylist HTTP/1.1\r\nHost: gateway\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", list(FrontKind))
@pytest.mark.parametrize("how", HEADS)
def test_no_odd_head_smuggles_a_countrys_name_past_the_server_in_front(
    how: str, kind: FrontKind, fronts: Callable[[FrontKind], Fronted]
) -> None:
    gateway = fronts(kind)
    pem = quote(TODAY.state("XA").tls.pem.decode(), safe="")
    spoof = f"X-SSL-Client-Cert: {pem}\r\n"
    inner = SMUGGLED.format(spoof=spoof)
    head = HEADS[how].format(size=len(inner), spoof=spoof, tight=spoof.replace(": ", ":"))
    before = len(gateway.arrived)
    with closing(gateway.raw(stranger("self-signed"))) as connection:
        connection.settimeout(0.3)
        with suppress(OSError):
            connection.sendall((head + inner).encode())
        came = b""
        with suppress(OSError):
            while piece := connection.recv(65536):
                came += piece
    assert b" 200 " not in came
    for arrived in gateway.arrived[before:]:
        assert not [
            name for name, value in arrived.headers.items() if name.startswith("x-ssl") and pem in str(value)
        ]  # fmt: skip
    # The control: where it is believed, the same header makes the caller.
    with closing(OnSocket(gateway.place.socket)) as own:
        assert ask(own, "GET", "/countrylist", headers={"X-SSL-Client-Cert": pem}).status == 200


def large(size: int) -> Keyed:
    """Return a self-signed certificate with an extension of that many octets."""
    key = ec_key("large")
    name = strict.Name([strict.NameAttribute(NameOID.COUNTRY_NAME, "XA")])
    filling = strict.UnrecognizedExtension(strict.ObjectIdentifier("1.2.3.4"), b"x" * size)
    made = (
        strict.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(6)
        .not_valid_before(datetime.fromtimestamp(NOW - DAY, UTC))
        .not_valid_after(datetime.fromtimestamp(NOW + DAY, UTC))
        .add_extension(filling, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Keyed(made.public_bytes(Encoding.DER), key)


@pytest.mark.parametrize("kind", list(FrontKind))
@pytest.mark.parametrize("size", [3_000, 20_000, 90_000])
def test_a_stranger_with_a_large_certificate_hears_no_fault_of_ours(
    size: int, kind: FrontKind, fronts: Callable[[FrontKind], Fronted]
) -> None:
    gateway = fronts(kind)
    try:
        reply = gateway.call(large(size), "GET", "/trustList")
    except OSError:
        # Too large for TLS.
        assert size > 16_000
    else:
        assert 400 <= reply.status < 500
    assert not gateway.told
    assert gateway.call(TODAY.state("XA").tls, "GET", "/trustList").status == 200


@pytest.fixture(scope="module")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[FrontKind], Fronted]]:
    """Serve a gateway behind each server, once it is asked for."""
    with ExitStack() as stack:
        running: dict[FrontKind, Fronted] = {}

        def of(kind: FrontKind) -> Fronted:
            if kind not in running:
                running[kind] = stack.enter_context(fronted(kind, tmp_path_factory.mktemp(kind)))
            return running[kind]

        yield of
