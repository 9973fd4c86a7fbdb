"""A gateway has no key, and all that it serves is signed by a participant's upload key or by the trust anchor."""

from __future__ import annotations

import ast
import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pratique
from pratique.crypto import cms
from pratique.errors import DocumentRefused
from pratique.gateway import endpoints
from pratique.gateway.mailbox import (
    CertificateGroup,
    Mailbox,
    Party,
    StoredEntry,
    StoredRule,
    ValueSet,
)
from pratique.gateway.wire import WireAnswer, WireRequest
from pratique.parties import gateway
from pratique.parties.gateway_service import GatewayAnswers
from tests.gateway_countries import NOW, Country, project
from tests.gateway_sent import batch, octets, reference, rule
from tests.gateway_world import AT, DRAW, ONBOARDED, Keyed, body, ec_key, pyca, request, world
from tests.networks import Authority

SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
CERTIFICATE_MEMBERS = ("rawData", "certificate")
GETS = {
    "/trustlist": ["/trustList", "/trustList/DSC", "/trustList/UPLOAD/XA", "/trustList/CSCA/XF"],
    "/trustlist/certificate": ["/trustList/certificate"],
    "/trustlist/references": ["/trustList/references"],
    "/trustlist/issuers": ["/trustList/issuers"],
    "/countrylist": ["/countrylist"],
    "/remarks": ["/remarks"],
    "/remarks/rules": ["/remarks/rules/XA"],
    "/rules": ["/rules/XA", "/rules/XF", "/rules/DX"],
    "/revocation-list": ["/revocation-list", f"/revocation-list/{DRAW}"],
    "/cms-migration": ["/cms-migration"],
    "/trust/reference": [f"/trust/reference/{DRAW}"],
    "/valuesets": ["/valuesets", "/valuesets/vaccines"],
}
"""Each endpoint that is read -> paths that have something in them."""


class Served:
    """A gateway in a folder, with back ends' uploads and what a network publishes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "gateway"
        gateway.init(self.folder)
        _, self.settings, self.store = gateway.open_gateway(self.folder)
        self.published = Country("XXF")
        authority = Authority()
        authority.admit(self.published)
        authority.publish(self.published.draft(), self.published.roles[:2])
        with self.store.writing() as box:
            for party in (*parties(), *self.published.parties()):
                box.add_party(self.anchored(party))
            project(authority.view, box, at=NOW)
            box.put_value_set(ValueSet("vaccines", b'{"valueSetId": "vaccines"}'))
        xa = world().state("XA")
        for path, content in (
            ("/signerCertificate", xa.signer().der),
            ("/rules", octets(rule())),
            ("/revocation-list", octets(batch())),
            ("/trust/reference", octets(reference())),
        ):
            sent = body(pyca(content, xa.upload))
            answered = self.ask(request("POST", path, by=xa.tls, body=sent))
            assert answered.status == 201, answered

    @staticmethod
    def anchored(party: Party) -> Party:
        return party._replace(signature=world().anchored(party.certificate))

    def ask(self, asked: WireRequest) -> WireAnswer:
        return GatewayAnswers(self.store, self.settings)(asked)

    def writing(self, change: Callable[[Mailbox], object]) -> None:
        with self.store.writing() as box:
            change(box)

    def answers(self) -> Iterator[tuple[str, WireAnswer]]:
        """Yield what a back end of XA reads, by the endpoint's name; it asks for signers by every way there is."""
        headers = {"If-Modified-Since": "2021-06-01T00:00:00Z"}
        for name, paths in GETS.items():
            for path in paths:
                since = [{}, headers] if name in {"/trustlist", "/revocation-list"} else [{}]
                for given in since:
                    asked = request("GET", path, by=world().state("XA").tls, headers=given)
                    found = self.ask(asked)
                    if found.status == 400 and path == "/revocation-list":
                        continue
                    assert found.status == 200, (path, found)
                    yield name, found


def parties() -> list[Party]:
    return [party for code in ONBOARDED for party in world().parties(code)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.store.close()


# ----------------------------------------------------------------------------------------------------
# Who has signed what is served.


def signatures(answer: WireAnswer) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield each CMS in an answer, with the certificate beside it that it is of, if there is one."""
    if answer.content_type.startswith("application/cms"):
        yield base64.b64decode(answer.body, validate=True), None
        return
    yield from _signatures(json.loads(answer.body))


def _signatures(value: Any) -> Iterator[tuple[bytes, bytes | None]]:
    if isinstance(value, list):
        for each in value:
            yield from _signatures(each)
        return
    if not isinstance(value, dict):
        return
    beside = next((value[name] for name in CERTIFICATE_MEMBERS if value.get(name)), None)
    assert beside is None or value.get("signature"), "a certificate that nobody has signed for"
    for each in value.values():
        if isinstance(each, str) and (octets_ := _octets(each)) and SIGNED_DATA in octets_[:40]:
            yield octets_, None if beside is None else base64.b64decode(beside)
        else:
            yield from _signatures(each)


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def strangers(served: Served) -> tuple[int, list[str]]:
    """Return how many signatures are served, and the endpoints where one is of nobody who may sign."""
    allowed = {world().anchor.der, served.published.upload}
    for code in ONBOARDED:
        allowed |= {world().state(code).upload.der, world().state(code).upload_again.der}
    count, strange = 0, []
    for name, answer in served.answers():
        for signature, content in signatures(answer):
            count += 1
            try:
                is_allowed = cms.signed(signature, content=content).certificate in allowed
            except DocumentRefused:
                is_allowed = False
            if not is_allowed:
                strange.append(name)
    return count, strange


def test_every_endpoint_that_is_read_is_walked() -> None:
    assert {route.name for route in endpoints.ROUTES if route.method == "GET"} == GETS.keys()


def test_what_is_served_is_signed_by_upload_keys_and_the_anchor_alone(served: Served) -> None:
    count, strange = strangers(served)
    assert strange == []
    # 18 parties in the whole list twice, and again by type; signers of two countries; rule, batch, reference.
    assert count > 60
    with_signatures = {name for name, answer in served.answers() if list(signatures(answer))}
    assert with_signatures >= {
        "/trustlist", "/trustlist/certificate", "/rules", "/revocation-list", "/cms-migration",
    }  # fmt: skip


def thief() -> Keyed:
    return Keyed(world().state("XC").upload.der, ec_key("XC 1"))


def plant_signer(box: Mailbox) -> None:
    signer = world().state("XA").signer("P-384")
    box.add_entry(
        StoredEntry(
            0, "XA", CertificateGroup.DSC, "DCC", signer.kid, signer.thumbprint, signer.der,
            pyca(signer.der, thief(), detached=True), "", AT,
        )
    )  # fmt: skip


def plant_rule(box: Mailbox) -> None:
    message = body(pyca(octets(rule()), thief())).decode()
    box.add_rule(StoredRule(0, "DX", "GR-DX-0001", "1.0.0", AT - 9, AT + 9, message, AT))


def plant_party(box: Mailbox) -> None:
    party = parties()[0]
    box.add_party(party._replace(signature=pyca(party.certificate, thief())))


def plant_anothers_payload(box: Mailbox) -> None:
    signer = world().state("XA").signer("P-384")
    signature = pyca(b"another payload", world().state("XA").upload, detached=True)
    box.add_entry(
        StoredEntry(
            0,
            "XA",
            CertificateGroup.DSC,
            "DCC",
            signer.kid,
            signer.thumbprint,
            signer.der,
            signature,
            "",
            AT,
        )
    )


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (plant_signer, {"/trustlist", "/trustlist/certificate"}),
        (plant_anothers_payload, {"/trustlist", "/trustlist/certificate"}),
        (plant_rule, {"/rules"}),
        (plant_party, {"/trustlist", "/trustlist/certificate"}),
    ],
)
def test_a_signature_of_anybody_else_is_seen(
    served: Served, plant: Callable[[Mailbox], None], where: set[str]
) -> None:
    served.writing(plant)
    assert set(strangers(served)[1]) == where


# ----------------------------------------------------------------------------------------------------
# There is no key, and nothing that signs.

KEY_MARKS = (
    re.compile(rb"PRIVATE KEY"),
    # PKCS#8 of an EC or an RSA key; SEC 1; RSAPrivateKey.
    re.compile(rb"\x02\x01\x00\x30[\x0d-\x13]\x06[\x07\x09](\*\x86H\xce=\x02\x01|\*\x86H\x86\xf7\x0d\x01\x01\x01)", re.DOTALL),
    re.compile(rb"\x02\x01\x01\x04[\x20\x30\x42].{32,66}\xa0[\x07\x0a]\x06", re.DOTALL),
    re.compile(rb"\x02\x01\x00\x02\x82\x01[\x00\x01\x80\x81].{257,400}\x02\x03\x01\x00\x01", re.DOTALL),
)  # fmt: skip


def keys_in(folder: Path) -> list[str]:
    """Name the files of a folder in which there is a private key, in PEM or DER, in Base64 too."""
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        # What stands before it in a database's page is of the same letters: it may begin at any of four.
        texts = [
            base64.b64decode(text[skip : skip + (len(text) - skip) // 4 * 4])
            for text in re.findall(rb"[A-Za-z0-9+/]{80,}", data)
            for skip in range(4)
        ]
        if any(mark.search(each) for mark in KEY_MARKS for each in (data, *texts)):
            found.append(path.name)
    return found


def test_no_key_lies_in_a_gateways_folder(served: Served) -> None:
    list(served.answers())
    assert len(list(served.folder.rglob("*"))) >= 2
    assert keys_in(served.folder) == []


def test_a_planted_key_is_seen(served: Served) -> None:
    from cryptography.hazmat.primitives import serialization as form

    key = ec_key("a planted one")
    plain = form.NoEncryption()
    for name, encoding, layout in (
        ("a.pem", form.Encoding.PEM, form.PrivateFormat.PKCS8),
        ("b.pem", form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL),
        ("c.der", form.Encoding.DER, form.PrivateFormat.PKCS8),
        ("d.der", form.Encoding.DER, form.PrivateFormat.TraditionalOpenSSL),
    ):
        (served.folder / name).write_bytes(key.private_bytes(encoding, layout, plain))
    inside = base64.b64encode((served.folder / "c.der").read_bytes())
    (served.folder / "e.json").write_bytes(b'{"key": "' + inside + b'"}')
    served.writing(lambda box: box.put_value_set(ValueSet("a-key", b"x" + inside)))
    assert keys_in(served.folder)[:5] == ["a.pem", "b.pem", "c.der", "d.der", "e.json"]
    assert [name for name in keys_in(served.folder)[5:] if "sqlite" in name]


SIGNS = {"sign", "private", "generate", "key_from_pem", "open_key", "make_key", "PKCS7SignatureBuilder"}  # fmt: skip
"""Names of what makes or opens a key, or signs with one."""
OF_A_BACK_END = {"client.py"}
"""The other side of the wire: it signs with the upload key of whoever calls it."""


def signing(source: str) -> list[str]:
    """Name what a module calls that signs."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    names = (
        node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in calls
    )
    return [name for name in names if name in SIGNS]


def test_nothing_that_a_gateway_runs_signs() -> None:
    package = Path(pratique.__file__).parent
    modules = [
        path for path in (package / "gateway").glob("*.py") if path.name not in OF_A_BACK_END
    ]
    modules += (package / "store/gateway").rglob("*.py")
    modules += [package / f"parties/{name}.py" for name in ("gateway", "gateway_network")]
    modules += [package / "store/gateway_server.py", package / "store/front.py"]
    assert len(modules) > 20
    calls = {path.name: names for path in modules if (names := signing(path.read_text()))}
    # `sign` is what a participant's own machine hands in: see parties/participant.
    assert calls == {"uploads.py": ["sign", "sign"]}
    assert signing((package / "gateway/client.py").read_text()) == ["sign"]
