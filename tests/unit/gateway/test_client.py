"""What a back end believes of a gateway's answers, and what it does with one that means it ill."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pratique.crypto.keys import SoftwareKey
from pratique.crypto.x509_write import Authority
from pratique.errors import DocumentRefused, UsageError
from pratique.gateway import client
from pratique.gateway.mailbox import CertificateGroup
from pratique.parties import gateway_service as service
from pratique.store.gateway_client import Connection, Reply
from tests.gateway_box import Box
from tests.gateway_sent import batch, sound_rule
from tests.gateway_world import AT, DAY, Keyed, body, pyca, request, world

StoredEntry = dict[str, Any]
XA, XB = world().state("XA"), world().state("XB")
SIGNER = XA.signer()
ANCHORS = frozenset({world().anchor.der})


def entry(group: str, keyed: Keyed, signature: bytes, country: str = "XA") -> StoredEntry:
    """Return an entry of a trust list."""
    return {
        "kid": keyed.kid,
        "timestamp": "2027-01-01T00:00:00Z",
        "country": country,
        "certificateType": group,
        "thumbprint": keyed.thumbprint,
        "signature": base64.b64encode(signature).decode(),
        "rawData": base64.b64encode(keyed.der).decode(),
    }


def sound() -> dict[str, StoredEntry]:
    """Return a trust list of one country in which all is believed."""
    parties = {"UPLOAD": XA.upload, "CSCA": XA.authority, "AUTHENTICATION": XA.tls}
    rows = {name: entry(name, row, world().anchored(row.der)) for name, row in parties.items()}
    return rows | {"DSC": entry("DSC", SIGNER, pyca(SIGNER.der, XA.upload, detached=True))}


def believed(rows: Mapping[str, StoredEntry]) -> client.Believed:
    """Read a trust list."""
    return client.believed(client.rows(json.dumps(list(rows.values())).encode()), ANCHORS)


def test_what_the_anchor_and_the_country_have_signed_is_believed() -> None:
    found = believed(sound())
    assert [row.thumbprint for row in found.signers] == [SIGNER.thumbprint]
    assert (found.countries, len(found.authorities), len(found.clients)) == (("XA",), 1, 1)
    assert found.left_out == {}
    listed = client.kid_list(found)["certificates"]
    assert {row["certificateType"] for row in listed} == {"CSCA", "DSC"}


def forged() -> dict[str, tuple[str, StoredEntry, str]]:
    """Return forged entries, by what is wrong: which to put in place, and the code."""
    rows, other, signer = sound(), XA.signer("P-384", 2), SIGNER
    alien = XB.signer(countries=("XA",))
    return {
        "anchor's signature by another": ("UPLOAD", entry("UPLOAD", XA.upload, pyca(XA.upload.der, XB.upload)), "anchor-unknown"),
        "anchor's signature of another": ("CSCA", entry("CSCA", XA.authority, world().anchored(XB.authority.der)), "cms-content-differs"),
        "signed by another country": ("DSC", entry("DSC", signer, pyca(signer.der, XB.upload)), "signer-unknown"),
        "signed by itself": ("DSC", entry("DSC", signer, pyca(signer.der, signer)), "signer-unknown"),
        "signed by the anchor": ("DSC", entry("DSC", signer, pyca(signer.der, world().anchor)), "signer-unknown"),
        "issued by another country": ("DSC", entry("DSC", alien, pyca(alien.der, XA.upload)), "issuer-unknown"),
        "of another country": ("DSC", rows["DSC"] | {"country": "XB"}, "country-differs"),
        "thumbprint of another": ("DSC", rows["DSC"] | {"thumbprint": other.thumbprint}, "thumbprint-differs"),
        "signature that is none": ("DSC", rows["DSC"] | {"signature": "AAAA"}, "cms-malformed"),
        "certificate that is none": ("DSC", rows["DSC"] | {"rawData": "AAAA"}, "thumbprint-differs"),
        "no signature": ("DSC", rows["DSC"] | {"signature": None}, "cms-malformed"),
    }  # fmt: skip


@pytest.mark.parametrize("how", list(forged()))
def test_what_is_forged_costs_its_entry_and_is_counted(how: str) -> None:
    group, row, code = forged()[how]
    found = believed(sound() | {group: row})
    assert found.left_out[code] == 1
    group_rows = {"UPLOAD": found.uploads, "CSCA": found.authorities, "DSC": found.signers}[group]
    assert not group_rows
    # What hangs on it falls with it.
    assert not found.signers


def test_a_deleted_entry_takes_the_live_one_before_it_away() -> None:
    rows = sound()
    deleted = rows["DSC"] | {"signature": None, "rawData": None}
    assert not believed(rows | {"later": deleted}).signers
    assert believed({"earlier": deleted} | rows).signers


def test_an_anchor_outside_of_its_dates_vouches_for_nobody() -> None:
    assert client.anchors([world().anchor.pem], AT) == ANCHORS
    for at in (AT - 10_000 * DAY, AT + 10_000 * DAY):
        with pytest.raises(DocumentRefused) as refused:
            client.anchors([world().anchor.pem], at)
        assert refused.value.code == "anchor-dead"


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b"[1]", b'[{"rawData": 1}]', b'[{"rawData": "*"}]', b"\xff", b"[" * 5000, b'[{"a":1,"a":2}]']
)  # fmt: skip
def test_what_is_no_trust_list_is_refused(answer: bytes) -> None:
    with pytest.raises(DocumentRefused):
        client.rows(answer)


def rules_of(identifier: str, message: bytes | str) -> bytes:
    """Return a list of one version of a rule."""
    text = message if isinstance(message, str) else body(message).decode()
    return json.dumps({identifier: [{"version": "1.0.0", "cms": text}]}).encode()


def test_a_rule_is_its_countrys_own_or_left_out() -> None:
    uploads, own = [XA.upload.der], json.dumps(sound_rule()).encode()
    name = sound_rule()["Identifier"]
    good = client.rules(rules_of(name, pyca(own, XA.upload)), "XA", uploads)
    assert (good.documents, good.left_out) == ((sound_rule(),), {})
    wrong: dict[str, bytes] = {
        "signer-unknown": rules_of(name, pyca(own, XB.upload)),
        "rule-differs": rules_of("GR-XA-9999", pyca(own, XA.upload)),
        "json-unreadable": rules_of(name, pyca(b"[", XA.upload)),
        "cms-malformed": rules_of(name, "AAAA"),
    }
    for code, answer in wrong.items():
        found = client.rules(answer, "XA", uploads)
        assert (found.documents, found.left_out) == ((), {code: 1})
    foreign = client.rules(rules_of(name, pyca(own, XA.upload)), "XB", uploads)
    assert foreign.left_out == {"rule-differs": 1}


def test_a_batch_is_its_countrys_own_or_refused() -> None:
    uploads = {"XA": [XA.upload.der], "XB": [XB.upload.der]}
    content = json.dumps(batch()).encode()
    assert client.batch(body(pyca(content, XA.upload)), "XA", uploads) == batch()
    for signer, country, code in (
        (XB.upload, "XA", "signer-unknown"),
        (XB.upload, "XB", "country-differs"),
        (XA.upload, "DE", "signer-unknown"),
    ):
        with pytest.raises(DocumentRefused) as refused:
            client.batch(body(pyca(content, signer)), country, uploads)
        assert refused.value.code == code


# -- Pull and push, at a gateway in memory


class InMemory(Connection):
    """A connection to a mailbox in memory; `spoil` may change each answer."""

    url = "https://gateway.example"

    def __init__(self, box: Box, code: str = "XB", spoil: Callable[[str, Reply], Reply] | None = None) -> None:  # fmt: skip
        self.box, self.by, self.spoil = box, world().state(code).tls, spoil
        self.asked: list[str] = []
        self.at = AT

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = 0,
    ) -> Reply:
        """Ask the mailbox; its clock goes on."""
        self.asked.append(path)
        assert len(self.asked) < 2_000, "it is asked without end"
        self.at += 1
        plain, _, query = path.partition("?")
        wire = request(
            method, plain, by=self.by, body=body or b"", query=query, headers=headers, at=self.at,
            draw=f"0b6f6ad4-5a7c-4ac6-8f3f-{len(self.asked):012x}",
        )  # fmt: skip
        answer = self.box.ask(wire)
        kept = {name.lower(): value for name, value in answer.headers}
        reply = Reply(answer.status, kept, answer.body)
        return self.spoil(path, reply) if self.spoil else reply


def upload_key(state: Any = XA) -> Authority:
    """Return a country's upload signer."""
    return Authority(state.upload.der, SoftwareKey(state.upload.key))


def filled(tmp_path: Path, batches: int = 3) -> Box:
    """Return a mailbox to which XA has pushed."""
    box = world().box()
    paths = [tmp_path / name for name in ("signer.pem", "rule.json")]
    paths[0].write_bytes(XA.signer().pem)
    paths[1].write_text(json.dumps(sound_rule(AT + DAY)))
    revoked = []
    for number in range(batches):
        revoked.append(tmp_path / f"{number}.json")
        entries = [{"hash": base64.b64encode(bytes([number]) * 16).decode()}]
        revoked[-1].write_text(json.dumps(batch(entries=entries)))
    by = upload_key()
    uploads = [
        *service.signers(paths[:1], by),
        *service.rules(paths[1:], by),
        *service.batches(revoked, by),
    ]
    done = service.push(InMemory(box, "XA"), uploads)
    assert (len(done.sent), done.errors) == (2 + batches, ())
    return box


def pull(connection: Connection, out: Path) -> service.Pulled:
    """Pull all there is."""
    return service.pull(connection, out, ANCHORS, at=AT, with_batches=True)


def test_pages_are_followed_to_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = filled(tmp_path)
    whole = pull(InMemory(box), tmp_path / "whole")
    monkeypatch.setattr(client, "PAGE", 2)
    connection = InMemory(box)
    assert pull(connection, tmp_path / "paged") == whole
    assert (whole.signers, whole.authorities, whole.rules, whole.batches) == (1, 4, 1, 3)
    assert sum(path.startswith("/trustList?") for path in connection.asked) > 8


def test_an_entry_that_moves_past_a_page_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE", 1)
    box, own = world().box(), upload_key()
    signers = [XA.signer("P-256", number) for number in range(1, 5)]
    path = tmp_path / "signers.pem"
    path.write_bytes(b"".join(signer.pem for signer in signers))
    sender = InMemory(box, "XA")
    service.push(sender, service.signers([path], own))
    first = next(row for row in box.entries(groups=[CertificateGroup.DSC]))
    path.write_bytes(next(s for s in signers if s.thumbprint == first.thumbprint).pem)

    def deleting(asked: str, reply: Reply) -> Reply:
        if "page=9" in asked and box.entry_of(first.thumbprint, "XA") is not None:
            sender.at = connection.at
            assert not service.push(sender, service.withdrawals([str(path)], own)).errors
        return reply

    connection = InMemory(box, "XB", deleting)
    assert pull(connection, tmp_path / "out").signers == 3


def test_of_batches_only_what_is_new_is_asked_for(tmp_path: Path) -> None:
    box = filled(tmp_path)
    pull(InMemory(box), tmp_path / "out")
    again = InMemory(box)
    assert pull(again, tmp_path / "out").batches == 3
    assert sum(path.startswith("/revocation-list") for path in again.asked) == 1


def test_of_another_gateway_all_batches_are_asked_for(tmp_path: Path) -> None:
    # What it has is older than what came from the first.
    other = InMemory(filled(tmp_path, batches=2))
    first = InMemory(filled(tmp_path))
    first.at = AT + 2 * DAY
    pull(first, tmp_path / "out")
    other.url = "https://other.example"
    pull(other, tmp_path / "out")
    assert sum(path.startswith("/revocation-list/") for path in other.asked) == 2


def test_a_wrong_anchor_takes_nothing_away(tmp_path: Path) -> None:
    box, out = filled(tmp_path), tmp_path / "out"
    pull(InMemory(box), out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(DocumentRefused) as refused:
        service.pull(InMemory(box), out, frozenset({XA.tls.der}), at=AT, with_batches=True)
    assert refused.value.code == "gateway-unbelieved"
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_batch_that_is_not_believed_is_asked_for_again(tmp_path: Path) -> None:
    def spoil(path: str, reply: Reply) -> Reply:
        # In place of the second one stands what another country has signed.
        if path.startswith("/revocation-list/") and path.endswith("4"):
            return reply._replace(body=body(pyca(json.dumps(batch()).encode(), XB.upload)))
        return reply

    box = filled(tmp_path)
    first = pull(InMemory(box, spoil=spoil), tmp_path / "out")
    assert (first.batches, first.left_out) == (2, {"signer-unknown": 1})
    assert pull(InMemory(box), tmp_path / "out").batches == 3


def test_a_list_of_batches_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    kept: list[Reply] = []

    def repeating(path: str, reply: Reply) -> Reply:
        if path == "/revocation-list":
            kept.append(reply)
            return kept[0]
        return reply

    with pytest.raises(DocumentRefused) as refused:
        pull(InMemory(filled(tmp_path), spoil=repeating), tmp_path / "out")
    assert refused.value.code == "gateway-answer"


def test_pages_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_ENTRIES", 100)
    kept: list[Reply] = []

    def endless(path: str, reply: Reply) -> Reply:
        kept.append(reply)
        return kept[0] if path.startswith("/trustList?") else reply

    with pytest.raises(DocumentRefused) as refused:
        pull(InMemory(filled(tmp_path), spoil=endless), tmp_path / "out")
    assert refused.value.code == "gateway-answer"


@pytest.mark.parametrize(
    "identifier", ["../../evil", "/etc/passwd", "0b6f6ad4", "0B6F6AD4-5A7C-4AC6-8F3F-5D0C7B1F1A2E"]
)
def test_no_identifier_leads_out_of_the_folder(tmp_path: Path, identifier: str) -> None:
    def leading(path: str, reply: Reply) -> Reply:
        if path == "/revocation-list" and reply.status == 200:
            document = json.loads(reply.body)
            document["batches"][0]["batchId"] = identifier
            return reply._replace(body=json.dumps(document).encode())
        if path == "/valuesets":
            return reply._replace(
                body=json.dumps([identifier] if "/" in identifier else []).encode()
            )
        return reply

    with pytest.raises(DocumentRefused) as refused:
        pull(InMemory(filled(tmp_path), spoil=leading), tmp_path / "out")
    assert refused.value.code == "gateway-answer"
    assert not list(tmp_path.rglob("evil*"))


def test_a_refusal_is_told_with_its_code_and_nothing_that_takes_over_a_terminal() -> None:
    report = json.dumps({"code": "0x004", "problem": "\x1b[2J" + "x" * 9_999}).encode()
    told = client.problem(400, report)
    assert told.code == "gateway-refused"
    assert "0x004" in told.message
    assert "\x1b" not in told.message
    assert len(told.message) < 400
    assert "HTTP 502" in client.problem(502, b"<html>").message


def test_what_is_wrong_with_one_file_keeps_all_from_being_sent(tmp_path: Path) -> None:
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(batch(entries=[])))
    with pytest.raises(DocumentRefused) as refused:
        service.batches([path], upload_key())
    assert refused.value.code == "batch-malformed"
    with pytest.raises(UsageError) as unknown:
        service.withdrawals(["nothing of the kind"], upload_key())
    assert unknown.value.code == "withdraw-unknown"


def test_a_signing_ca_is_not_sent_as_a_signer(tmp_path: Path) -> None:
    path = tmp_path / "certificates.pem"
    path.write_bytes(XA.signer("P-256", 1).pem)
    assert len(service.signers([path], upload_key())) == 1
    path.write_bytes(XA.signer("P-256", 1).pem + XA.authority.pem)
    with pytest.raises(UsageError) as refused:
        service.signers([path], upload_key())
    assert refused.value.code == "push-ca"


def test_a_key_that_is_not_the_certificates_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "up.pem"
    path.write_bytes(XA.upload.pem)
    with pytest.raises(UsageError) as refused:
        service.upload_signer(path, SoftwareKey(XB.upload.key))
    assert refused.value.code == "upload-key-differs"
