"""From a country's keys to another country's back end, over the network and the gateway, and back."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from demo import held_keys
from pratique.crypto import cms, keys, x509, x509_write
from pratique.crypto.keys import SigningKey
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused, UsageError
from pratique.gateway import uploads
from pratique.gateway.mailbox import CertificateGroup, Party, StoredEntry, StoredRule
from pratique.gateway.uploads import CheckedUploads
from pratique.gateway.wire import WireRequest
from pratique.network import metadata
from pratique.parties import authority_home, gateway, gateway_network, participant, proposals
from pratique.parties.gateway_service import GatewayAnswers
from pratique.parties.participant import Edition, EditionChange
from pratique.store.front import FrontKind
from pratique.store.gateway_client import Connection
from pratique.store.keys import open_key
from pratique.terms import Algorithm, Environment
from pratique.text import instant_of
from pratique.trust import publication
from tests import ceremonies
from tests.ceremonies import AT, LATER, PASSWORD, Desk, edition
from tests.gateway_box import Box
from tests.gateway_sent import octets, sound_rule
from tests.gateway_world import body, pyca
from tests.gateway_world import request as gateway_request
from tests.journeys import gateway_front

if TYPE_CHECKING:
    from pratique.store.gateway.mailbox import GatewayStore

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "examples/rules-utopia.json"
PUBLISH = ("participant", "publish", "--repository", "net", "--at")


@pytest.fixture(scope="module", autouse=True)
def held() -> Iterator[None]:
    with held_keys.held():
        yield


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    with ceremonies.founded(folder):
        return folder


@pytest.fixture
def desk(founding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = ceremonies.copied(founding, tmp_path / "desk")
    monkeypatch.chdir(desk.folder)
    return desk


def published(desk: Desk) -> dict[str, bytes]:
    return dict(authority_home.current(desk.folder / "net").roles["XXU"].files)


def upload_certificate(desk: Desk) -> bytes:
    return x509_write.from_pem((desk.folder / "utopia/certificates/upload.pem").read_bytes())


# ----------------------------------------------------------------------------------------------------
# Out: what the upload key signs goes out beside the edition.


def test_an_edition_comes_with_the_upload_keys_signatures(desk: Desk) -> None:
    edition(desk, "--rules", RULES)
    listed = uploads.read(published(desk)["XXU/uploads.json"], "XXU")
    keys = {upload_certificate(desk)}
    signers = publication.parts(published(desk)["XXU/signers.json"]).signers
    certificates = [one.certificate for one in signers]
    assert len(listed.signers) == len(certificates) == 2
    for der in certificates:
        assert any(uploads.is_signed(der, one.signature, keys) for one in listed.signers)
        assert not any(uploads.is_signed(der + b"0", one.signature, keys) for one in listed.signers)
    rules = [uploads.rule_in(message, keys) for message in listed.rules]
    own = uploads.rules_of(published(desk)["XXU/rules.json"])
    # Of exemptions the wire has no rules.
    assert len(rules) == len(own) - 1 == 11
    assert all(one is not None and one.rule in own for one in rules)
    assert uploads.rule_in(listed.rules[0], {certificates[0]}) is None


def test_what_is_signed_already_is_kept_to_the_byte(desk: Desk) -> None:
    edition(desk, "--rules", RULES)
    before = published(desk)["XXU/uploads.json"]
    # Without the upload key too: nothing lacks its signature.
    (desk.folder / "utopia/keys/upload.pem").rename("elsewhere.pem")
    edition(desk, at=LATER)
    assert published(desk)["XXU/uploads.json"] == before


def test_without_the_upload_key_an_edition_goes_out_and_says_what_others_will_not_see(
    desk: Desk,
) -> None:
    (desk.folder / "utopia/keys/upload.pem").rename("elsewhere.pem")
    said = desk.run(*PUBLISH, LATER, "--rules", RULES, "--out", "own.proposal")
    assert (
        "note: other networks' back ends will not see the rule ER-XU-0001@1.0.0: the wire has no form for it; 11 rules"
        in said
    )
    desk.run("authority", "publish", "net", "own.proposal", "--at", LATER)
    listed = uploads.read(published(desk)["XXU/uploads.json"], "XXU")
    assert len(listed.signers) == 2
    assert listed.rules == ()


# ----------------------------------------------------------------------------------------------------
# In: what a country's own back end uploads becomes its next edition, signed by its own keys.


class BackEnd:
    """Utopia's old back end: its upload key, its TLS certificate, and the gateway that it uploads to."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.folder, self.gateway = desk.folder / "utopia", folder / "gateway"
        gateway.init(self.gateway)
        _, self.settings, self.store = gateway.open_gateway(self.gateway)
        with self.store.writing() as box:
            for group, label in PARTIES.items():
                box.add_party(party(group, self.certificate(label)))

    def certificate(self, label: str) -> bytes:
        pem = (self.folder / f"certificates/{label}.pem").read_bytes()
        return x509_write.from_pem(pem)

    def key(self, label: str) -> SigningKey:
        return open_key(f"file:keys/{label}.pem", folder=self.folder, secret=lambda _: PASSWORD)

    def signed(self, content: bytes) -> bytes:
        signed = cms.sign(content, certificate=self.certificate("upload"), key=self.key("upload"))
        return base64.b64encode(signed)

    def send(self, method: str, path: str, content: bytes) -> None:
        tls = x509.read(self.certificate("tls")).thumbprint
        headers = {
            "x-ssl-client-sha256": (tls,), "x-ssl-client-dn": ("C=XU",),
            "content-type": ("application/cms",),
        }  # fmt: skip
        at = int(instant_of(AT).timestamp())
        request = WireRequest(method, path, "", headers, self.signed(content), at, "")
        answered = GatewayAnswers(self.store, self.settings, lambda: at)(request)
        assert answered.status < 300, answered

    def signer(self, name: str) -> bytes:
        by = x509_write.Authority(self.certificate("sca"), self.key("sca"))
        at = int(instant_of(AT).timestamp())
        subject = Subject(name, "Ministry", "XU", Environment.TEST, serial=name)
        own = keys.generate(Algorithm.ES256).public_key
        return x509_write.document_signer(own, subject, by=by, at=at, serial=sum(name.encode()))

    def taken(self, at: str = AT) -> CheckedUploads:
        ask = gateway_network.in_folder(self.store, self.settings, "XU", at=instant_of(at))
        return gateway_network.uploaded(ask, self.folder, at=instant_of(at))


PARTIES = {
    CertificateGroup.AUTHENTICATION: "tls",
    CertificateGroup.UPLOAD: "upload",
    CertificateGroup.CSCA: "sca",
}


def party(group: CertificateGroup, der: bytes, country: str = "XU") -> Party:
    return Party(country, group, x509.read(der).thumbprint, der, b"by the anchor", 1)


@pytest.fixture
def back_end(desk: Desk, tmp_path: Path) -> Iterator[BackEnd]:
    made = BackEnd(desk, tmp_path)
    yield made
    made.store.close()


def rule(**more: object) -> dict[str, Any]:
    row = next(each for each in json.loads(RULES.read_text()) if each["Identifier"] == "VR-XU-0001")
    return {
        **row, "ValidFrom": "2026-11-26T00:00:00Z", "ValidTo": "2027-11-26T00:00:00Z", **more,
    }  # fmt: skip


def next_edition(desk: Desk, taken: CheckedUploads, at: str = AT, **wanted: Any) -> Edition:
    known = proposals.require(desk.folder / "net/repository", None)
    change = EditionChange(uploaded=taken, **wanted)
    return participant.next_edition(desk.folder / "utopia", change, known, at=instant_of(at))


def publish(desk: Desk, made: Edition, at: str = AT) -> None:
    out = desk.folder / "own.proposal"
    out.unlink(missing_ok=True)
    participant.publish(made, lambda _: PASSWORD, out=out)
    desk.run("authority", "publish", "net", out, "--at", at)


def test_what_a_back_end_uploads_its_countrys_own_keys_publish(
    desk: Desk, back_end: BackEnd
) -> None:
    der = back_end.signer("dsc of the old back end")
    back_end.send("POST", "/signerCertificate", der)
    back_end.send("POST", "/rules", json.dumps(rule()).encode())
    taken = back_end.taken()
    assert taken.refused == ()
    made = next_edition(desk, taken)
    assert "takes the rule VR-XU-0001@1.0.0" in made.notes
    assert f"takes the signer with kid {x509.read(der).kid.hex()}, for DCC" in made.notes
    publish(desk, made)
    files = published(desk)
    live = publication.parts(files["XXU/signers.json"])
    assert der in {one.certificate for one in live.signers}
    assert len(live.signers) == 3
    assert [one.name for one in uploads.rules_of(files["XXU/rules.json"])] == ["VR-XU-0001@1.0.0"]
    # Its signatures come along as they were made, and the upload key at hand has signed the others.
    listed = uploads.read(files["XXU/uploads.json"], "XXU")
    assert set(taken.uploads.signers) <= set(listed.signers)
    assert listed.rules == taken.uploads.rules
    assert len(listed.signers) == 3
    # And back: at the gateway it is published now, and a second time there is nothing to do.
    home = desk.folder / "home"
    desk.run("sync", "--at", AT)
    outcome = gateway_network.update(back_end.gateway, home, at=instant_of(AT))
    assert (outcome.added, outcome.confirmed, outcome.left_out) == (2, 2, ())
    assert gateway_network.update(back_end.gateway, home, at=instant_of(AT))[:3] == (0, 0, 0)
    again = next_edition(desk, back_end.taken())
    assert again.notes == ()
    assert again.files == again.held


def test_the_same_by_its_commands(desk: Desk, back_end: BackEnd) -> None:
    der = back_end.signer("dsc of the old back end")
    back_end.send("POST", "/signerCertificate", der)
    words = (*PUBLISH, AT, "--from-gateway", back_end.gateway)
    shown = desk.run(*words, "--dry-run")
    kid = x509.read(der).kid.hex()
    assert f"takes the signer with kid {kid}, for DCC" in shown
    assert "nothing was done" in shown
    desk.run(*words, "--out", "own.proposal")
    desk.run("authority", "publish", "net", "own.proposal", "--at", AT)
    desk.run("sync", "--at", AT)
    said = desk.run("gateway", "update", back_end.gateway, "--at", AT)
    assert said == "2 added, 1 confirmed, 0 removed\n"
    document = json.loads(
        desk.run("gateway", "update", back_end.gateway, "--at", AT, "--format", "json")
    )
    assert document == {"added": 0, "confirmed": 0, "left_out": [], "removed": 0}
    back_end.send("DELETE", "/signerCertificate", der)
    said = desk.run("gateway", "update", back_end.gateway, "--at", AT)
    assert f"note: XXU, signer with kid {kid}: its own back end has taken it back" in said
    said = desk.run(
        *words, "--take-back", "--reason", "key-lost", "--yes", "--out", "gone.proposal"
    )
    assert f"withdraws the signer with kid {kid} (key-lost)" in said
    assert f"take the key with kid {kid} out of use" in said
    desk.run("authority", "publish", "net", "gone.proposal", "--at", AT)
    (gone,) = publication.parts(published(desk)["XXU/signers.json"]).withdrawn
    assert (gone.certificate, gone.reason) == (der, "key-lost")


def test_a_rule_taken_back_before_it_was_published_does_not_come_back(
    desk: Desk, back_end: BackEnd
) -> None:
    back_end.send("POST", "/rules", json.dumps(rule()).encode())
    made = next_edition(desk, back_end.taken())
    back_end.send("DELETE", "/rules", b"VR-XU-0001")
    publish(desk, made)
    desk.run("sync", "--at", AT)
    outcome = gateway_network.update(back_end.gateway, desk.folder / "home", at=instant_of(AT))
    assert [(each.what, each.why) for each in outcome.left_out] == [
        ("rule VR-XU-0001@1.0.0", "taken-back")
    ]
    # The control: its back end may bring it back itself, with the same message too.
    back_end.send("POST", "/rules", json.dumps(rule()).encode())
    outcome = gateway_network.update(back_end.gateway, desk.folder / "home", at=instant_of(AT))
    assert (outcome.confirmed, outcome.left_out) == (1, ())


def test_a_gateway_shows_one_network_and_nothing_older(desk: Desk, back_end: BackEnd) -> None:
    home, place = desk.folder / "home", back_end.gateway
    older = desk.folder / "older"
    desk.run("sync", "--at", AT)
    shutil.copytree(home, older)
    edition(desk, at=LATER)
    desk.run("sync", "--at", LATER)
    desk.run("gateway", "update", place, "--at", LATER)
    before = (place / gateway_network.NETWORK).read_bytes()
    error = desk.refused("gateway", "update", place, "--data-dir", older, "--at", LATER)
    assert error.code == "network-older"
    shown = gateway_network.shown_network(place)
    assert shown is not None
    (place / gateway_network.NETWORK).write_bytes(before.replace(b"(test)", b"(production)"))
    error = desk.refused("gateway", "update", place, "--at", LATER)
    assert error.code == "network-other"
    assert str(place / gateway_network.NETWORK) in (error.hint or "")
    (place / gateway_network.NETWORK).write_bytes(b"{}")
    assert desk.refused("gateway", "update", place, "--at", LATER).code == "gateway-network"
    # The control: the same again is nothing.
    (place / gateway_network.NETWORK).write_bytes(before)
    assert desk.run("gateway", "update", place, "--at", LATER).startswith("0 added")
    said = desk.run("gateway", "status", place, "--at", LATER)
    assert "network invented (test), as it was published 2026-11-22T12:00:00Z" in said


def test_an_update_that_changes_nothing_keeps_no_writer_waiting(
    desk: Desk, back_end: BackEnd
) -> None:
    desk.run("sync", "--at", AT)
    home = desk.folder / "home"
    assert gateway_network.update(back_end.gateway, home, at=instant_of(AT)).added == 2
    with back_end.store.writing():
        assert gateway_network.update(back_end.gateway, home, at=instant_of(AT))[:3] == (0, 0, 0)


def test_a_change_is_dated_when_its_turn_comes(desk: Desk, back_end: BackEnd) -> None:
    desk.run("sync", "--at", AT)
    late = int(instant_of(LATER).timestamp())
    home = desk.folder / "home"
    gateway_network.update(back_end.gateway, home, at=instant_of(AT), clock=lambda: late)
    with back_end.store.reading() as box:
        dates = [entry.created - late for entry in box.entries()]
    assert len(dates) == 2
    assert {*dates} <= {0, 1}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--from-gateway", "nowhere"), "no-gateway"),
        (("--from-gateway", "https://gateway.example"), "gateway-access"),
        (("--from-gateway", "GATEWAY", "--rules", RULES), "named-twice"),
        (("--from-gateway", "GATEWAY", "--take-back"), "reason-missing"),
        (("--take-back", "--reason", "key-lost"), "take-back-alone"),
    ],
)
def test_what_nobody_could_mean_is_refused(
    desk: Desk, back_end: BackEnd, words: tuple[object, ...], code: str
) -> None:
    given = [back_end.gateway if word == "GATEWAY" else word for word in words]
    assert desk.refused(*PUBLISH, AT, *given).code == code


def test_of_a_country_that_is_not_onboarded_there_is_nothing_to_take(
    desk: Desk, back_end: BackEnd
) -> None:
    tls = x509.read(back_end.certificate("tls")).thumbprint
    with back_end.store.writing() as box:
        box.remove_party(tls, "XU", CertificateGroup.AUTHENTICATION)
    error = desk.refused(*PUBLISH, AT, "--from-gateway", back_end.gateway)
    assert error.code == "not-onboarded"


def test_what_is_published_and_not_at_the_gateway_stays_unless_it_is_said(
    desk: Desk, back_end: BackEnd
) -> None:
    edition(desk, "--rules", RULES)
    signers = publication.parts(published(desk)["XXU/signers.json"]).signers
    empty = back_end.taken()
    made = next_edition(desk, empty)
    assert made.files == made.held
    stays = [line for line in made.notes if line.startswith("published, and not at the gateway: ")]
    assert len(stays) == 2 + 11
    assert made.notes[-1] == "to take such back for good: --take-back --reason REASON"
    with pytest.raises(UsageError) as caught:
        next_edition(desk, empty, take_back=True)
    assert caught.value.code == "reason-missing"
    made = next_edition(desk, empty, take_back=True, reason="key-compromise")
    records = participant.withdrawn(made, ())
    assert {one.thumbprint for one in records} == {
        x509.read(one.certificate).thumbprint for one in signers
    }
    publish(desk, made)
    after = publication.parts(published(desk)["XXU/signers.json"])
    assert (after.signers, len(after.withdrawn)) == ((), 2)
    # Of exemptions the wire has no rule: it was never there.
    rules = uploads.rules_of(published(desk)["XXU/rules.json"])
    assert [one.name for one in rules] == ["ER-XU-0001@1.0.0"]


def test_a_signer_taken_back_by_its_own_back_end_is_withdrawn_with_a_reason(
    desk: Desk, back_end: BackEnd
) -> None:
    desk.run("sync", "--at", AT)
    gateway_network.update(back_end.gateway, desk.folder / "home", at=instant_of(AT))
    first, second = (
        one.certificate for one in publication.parts(published(desk)["XXU/signers.json"]).signers
    )
    back_end.send("DELETE", "/signerCertificate", first)
    outcome = gateway_network.update(back_end.gateway, desk.folder / "home", at=instant_of(AT))
    assert [each.why for each in outcome.left_out] == ["taken-back"]
    made = next_edition(desk, back_end.taken(), take_back=True, reason="key-compromise")
    assert [one.thumbprint for one in participant.withdrawn(made, ())] == [
        x509.read(first).thumbprint
    ]
    publish(desk, made)
    after = publication.parts(published(desk)["XXU/signers.json"])
    assert [one.certificate for one in after.signers] == [second]
    # A message that the back end has sent long ago brings it back nowhere.
    with back_end.store.writing() as box:
        signature = cms.detached(base64.b64decode(back_end.signed(first)))
        box.add_entry(entry(first, signature))
    made = next_edition(desk, back_end.taken())
    assert [line for line in made.notes if "it was withdrawn, for good" in line]
    assert made.files == made.held


def entry(der: bytes, signature: bytes, *, country: str = "XU", domain: str = "DCC") -> StoredEntry:
    record = x509.read(der)
    return StoredEntry(
        0, country, CertificateGroup.DSC, domain, record.kid.hex()[:12], record.thumbprint, der, signature,
        "", 5,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------
# A gateway that lies.


def test_a_gateway_that_lies_publishes_nothing(desk: Desk, back_end: BackEnd) -> None:
    der, own = back_end.signer("its own"), back_end.signed
    thief = keys.generate(Algorithm.ES256)
    subject = Subject("XU UP", "Ministry", "XU", Environment.TEST)
    false = x509_write.upload_signer(thief, subject, at=int(instant_of(AT).timestamp()), serial=5)
    by_thief = cms.sign(der, certificate=false, key=thief, detached=True)
    detached = cms.detached(base64.b64decode(own(der)))
    other = back_end.signer("another's payload")
    foreign_ca = x509_write.signing_ca(thief, subject, at=int(instant_of(AT).timestamp()), serial=6)
    foreign = x509_write.document_signer(
        thief.public_key, subject, by=x509_write.Authority(foreign_ca, thief),
        at=int(instant_of(AT).timestamp()), serial=7,
    )  # fmt: skip
    signed_foreign = cms.detached(base64.b64decode(own(foreign)))
    with back_end.store.writing() as box:
        # As the gateway's operator may onboard whatever he likes.
        box.add_party(party(CertificateGroup.UPLOAD, false))
        box.add_party(party(CertificateGroup.CSCA, foreign_ca))
        box.add_entry(entry(der, by_thief))
        box.add_entry(entry(other, detached))
        box.add_entry(entry(foreign, signed_foreign))
        message = base64.b64encode(
            cms.sign(json.dumps(rule()).encode(), certificate=false, key=thief)
        )
        box.add_rule(stored(message.decode()))
        elsewhere = own(json.dumps(rule(Country="XB", Identifier="VR-XB-0001")).encode())
        box.add_rule(stored(elsewhere.decode(), "VR-XB-0001"))
        bomb = own(
            json.dumps(rule(Identifier="VR-XU-0009", Logic={">": [{"var": "dt"}, 1]})).encode()
        )
        box.add_rule(stored(bomb.decode(), "VR-XU-0009"))
    taken = back_end.taken()
    assert (taken.signers, taken.rules) == ((), ())
    assert len(taken.refused) == 6
    assert sum("no upload key of yours" in why for why in taken.refused) == 3
    assert sum("no signing CA of yours has issued it" in why for why in taken.refused) == 1
    assert sum("another country's" in why for why in taken.refused) == 1
    assert sum("rule-variable" in why or "rule-logic" in why for why in taken.refused) == 1
    made = next_edition(desk, taken)
    assert made.files == made.held
    # The control: what the upload key has signed of the same is taken.
    with back_end.store.writing() as box:
        live = box.entry_of(x509.read(der).thumbprint, "XU")
        assert live is not None
        box.change_entry(live._replace(signature=detached))
    assert [certificate for certificate, _ in back_end.taken().signers] == [der]


def stored(message: str, identifier: str = "VR-XU-0001", version: str = "1.0.0") -> StoredRule:
    return StoredRule(0, "XU", identifier, version, 1, 2**40, message, 5)


def test_an_older_version_of_a_rule_takes_no_newer_ones_place(
    desk: Desk, back_end: BackEnd
) -> None:
    Path("newer.json").write_text(json.dumps([rule(Version="1.2.0")]))
    edition(desk, "--rules", "newer.json")
    with back_end.store.writing() as box:
        for version, more in {
            "1.1.0": {}, "1.2.0": {"AffectedFields": ["v.0.tg"]}, "1.3.0": {},
        }.items():  # fmt: skip
            text = json.dumps(rule(Version=version, **more)).encode()
            box.add_rule(stored(back_end.signed(text).decode(), version=version))
    # A gateway that tells the truth shows the versions to come, and this one shows them all.
    taken = back_end.taken()
    assert len(taken.rules) == 1
    answer = json.dumps({"VR-XU-0001": [{"cms": row.message} for row in rows(back_end)]}).encode()
    own = participant.own_certificates(back_end.folder, at=instant_of(AT))
    taken = uploads.taken("XXU", b"[]", answer, own, at=int(instant_of(AT).timestamp()))
    made = next_edition(desk, taken)
    assert "left out: rule VR-XU-0001@1.1.0: a newer version of it is published" in made.notes
    assert (
        "left out: rule VR-XU-0001@1.2.0: another text of that version is published" in made.notes
    )
    names = [one.name for one in uploads.rules_of(made.files["XXU/rules.json"])]
    assert names == ["VR-XU-0001@1.2.0", "VR-XU-0001@1.3.0"]
    # Once the successor has begun, the older one goes, and whoever signs is told.
    later = next_edition(desk, taken, at="2026-11-27T00:00:00Z")
    assert "the rule VR-XU-0001@1.2.0 goes: its successor has begun" in later.notes
    assert not any("goes" in note for note in made.notes)
    assert [one.name for one in uploads.rules_of(later.files["XXU/rules.json"])] == [
        "VR-XU-0001@1.3.0"
    ]


def rows(back_end: BackEnd) -> list[StoredRule]:
    with back_end.store.reading() as box:
        return list(box.rules("XU"))


def test_what_is_there_by_a_key_that_has_ended_is_not_taken_back(
    desk: Desk, back_end: BackEnd
) -> None:
    Path("own.json").write_text(json.dumps([rule()]))
    edition(desk, "--rules", "own.json")
    desk.run("sync", "--at", AT)
    gateway_network.update(back_end.gateway, desk.folder / "home", at=instant_of(AT))
    own = participant.own_certificates(back_end.folder, at=instant_of(AT))
    there = gateway_network.in_folder(back_end.store, back_end.settings, "XU", at=instant_of(AT))
    answers = (
        there("/trustList/certificate", "country=XU&group=DSC"),
        there("/rules/XU", ""),
    )
    at = int(instant_of(AT).timestamp())
    without = own._replace(uploads=frozenset())
    taken = uploads.taken("XXU", *answers, without, at=at)
    assert len(taken.refused) == 3
    assert all("no upload key of yours that is in force" in why for why in taken.refused)
    made = next_edition(desk, taken, take_back=True, reason="key-lost")
    assert made.files == made.held
    assert all(note.startswith("left out: ") for note in made.notes)
    # The control: what is not there at all goes.
    taken = uploads.taken("XXU", b"[]", b"{}", without, at=at)
    made = next_edition(desk, taken, take_back=True, reason="key-lost")
    assert len(publication.parts(made.files["XXU/signers.json"]).withdrawn) == 2
    assert "XXU/rules.json" not in made.files


@pytest.mark.parametrize(
    ("limit", "kept"), [({"MAX_UPLOADS": 8_000}, 2), ({"MAX_FILES_OF_ROLE": 3}, 0)]
)
def test_an_edition_without_room_for_the_upload_keys_signatures_goes_out_without_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], kept: int
) -> None:
    for name, most in limit.items():
        monkeypatch.setattr(metadata, name, most)
    said = desk.run(*PUBLISH, LATER, "--rules", RULES, "--out", "own.proposal")
    assert "an edition has no room for the upload key's signatures" in said
    (desk.folder / "own.proposal").exists()
    desk.run("authority", "publish", "net", "own.proposal", "--at", LATER)
    data = published(desk).get("XXU/uploads.json")
    assert kept == (0 if data is None else len(uploads.read(data, "XXU").signers))


def test_what_is_no_document_signer_or_has_ended_is_not_taken(
    desk: Desk, back_end: BackEnd
) -> None:
    ca, der = back_end.certificate("sca"), back_end.signer("one that ends")
    rows = [
        {
            "certificate": base64.b64encode(each).decode(), "domain": "DCC",
            "signature": base64.b64encode(
                cms.detached(base64.b64decode(back_end.signed(each)))
            ).decode(),
        }
        for each in (ca, der)
    ]  # fmt: skip
    own = participant.own_certificates(back_end.folder, at=instant_of(AT))
    answer, until = json.dumps(rows).encode(), x509.read(der).not_after
    taken = uploads.taken("XXU", answer, b"{}", own, at=until)
    assert [certificate for certificate, _ in taken.signers] == [der]
    assert [why.partition(": ")[2] for why in taken.refused] == [
        "it is a CA's, and no document signer's"
    ]
    taken = uploads.taken("XXU", answer, b"{}", own, at=until + 1)
    assert taken.signers == ()
    assert taken.refused[1].endswith("it has ended")


def test_a_gateway_moves_no_signer_to_another_domain(desk: Desk, back_end: BackEnd) -> None:
    der = back_end.signer("for one domain")
    signature = cms.detached(base64.b64decode(back_end.signed(der)))
    with back_end.store.writing() as box:
        box.add_entry(entry(der, signature, domain="ICVP"))
    made = next_edition(desk, back_end.taken())
    assert made.files == made.held
    assert any(line.endswith("it is there for ICVP") for line in made.notes)
    assert next_edition(desk, back_end.taken(), domain="ICVP").files != made.held


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}", b"[1]", b'[{"certificate": 1}]', b"[" + b",".join([b"{}"] * 600) + b"]", b"[[[["],
)  # fmt: skip
def test_an_answer_that_is_no_list_is_refused(desk: Desk, back_end: BackEnd, answer: bytes) -> None:
    del desk
    with pytest.raises(DocumentRefused) as caught:
        gateway_network.uploaded(lambda *_: answer, back_end.folder, at=instant_of(AT))
    assert caught.value.code in {"gateway-answer", "json-unreadable"}


@pytest.mark.parametrize("answer", [b"[]", b'{"VR": 1}', b'{"VR": [1]}', b'{"VR": [{"cms": 1}]}'])
def test_an_answer_that_is_no_list_of_rules_is_refused(
    desk: Desk, back_end: BackEnd, answer: bytes
) -> None:
    del desk

    def ask(path: str, _query: str) -> bytes:
        return b"[]" if path.startswith("/trustList") else answer

    with pytest.raises(DocumentRefused) as caught:
        gateway_network.uploaded(ask, back_end.folder, at=instant_of(AT))
    assert caught.value.code == "gateway-answer"


# ----------------------------------------------------------------------------------------------------
# A back end whose upload key is in no folder of the participant's.


def test_a_participant_knows_its_back_ends_upload_key_by_its_certificate(
    desk: Desk, back_end: BackEnd
) -> None:
    pem = back_end.folder / "certificates/upload.pem"
    words = ("participant", "init", *ceremonies.STATE)
    desk.run(*words, "--upload-certificate", pem, PRATIQUE_PARTICIPANT="second")
    home = participant.load_home(Path("second"))
    own = participant.own_certificates(Path("second"), at=instant_of(AT))
    assert own.uploads == {back_end.certificate("upload")}
    assert home.newest(participant.UPLOAD).key == ""
    assert not Path("second/keys/upload.pem").exists()
    assert own.authorities != (back_end.certificate("sca"),)
    for unfit in ("sca", "role-1"):
        path = back_end.folder / f"certificates/{unfit}.pem"
        if not path.exists():
            path = back_end.folder / f"keys/{unfit}.pem"
        error = desk.refused(
            *words, "--upload-certificate", path, PRATIQUE_PARTICIPANT=f"with-{unfit}"
        )
        assert error.code in {"upload-unfit", "x509-none", "pem-none"}, error.code
        assert not Path(f"with-{unfit}").exists()
    error = desk.refused(
        *words[:4], "--country", "XB", *words[6:], "--upload-certificate", pem,
        PRATIQUE_PARTICIPANT="third",
    )  # fmt: skip
    assert error.code == "upload-unfit"


def test_keys_beside_one_that_is_elsewhere_are_renewed(desk: Desk, back_end: BackEnd) -> None:
    given = [word for label in ("upload", "sca") for word in (
        {"upload": "--upload-certificate", "sca": "--signing-ca-certificate"}[label],
        back_end.folder / f"certificates/{label}.pem",
    )]  # fmt: skip
    desk.run("participant", "init", *ceremonies.STATE, *given, PRATIQUE_PARTICIPANT="second")
    said = desk.run(
        "participant", "renew", "--within", 730, "--at", LATER, PRATIQUE_PARTICIPANT="second",
        PRATIQUE_ISSUER="nowhere",
    )  # fmt: skip
    assert "made TLS key" in said
    assert "made upload key" not in said
    # The back end's next one is made there too.
    key = keys.generate(Algorithm.ES256)
    subject = Subject("XU UP 2", "Ministry", "XU", Environment.TEST)
    der = x509_write.upload_signer(key, subject, at=int(instant_of(LATER).timestamp()), serial=9)
    Path("next.pem").write_bytes(x509_write.to_pem(der))
    for _ in range(2):
        said = desk.run(
            "participant", "renew", "--upload-certificate", "next.pem", "--at", LATER,
            PRATIQUE_PARTICIPANT="second", PRATIQUE_ISSUER="nowhere",
        )  # fmt: skip
    assert "keeps the upload certificate" not in said
    own = participant.own_certificates(Path("second"), at=instant_of(LATER))
    assert own.uploads == {back_end.certificate("upload"), der}
    assert Path("second/dossier/UP/UP.pem").read_bytes() == Path("next.pem").read_bytes()


# ----------------------------------------------------------------------------------------------------
# A gateway elsewhere.


class Stored:
    """A mailbox in memory, as a store."""

    def __init__(self, box: Box) -> None:
        self.box = box

    @contextmanager
    def reading(self) -> Iterator[Box]:
        yield self.box

    @contextmanager
    def writing(self) -> Iterator[Box]:
        yield self.box


def test_over_tls_a_gateway_shows_what_it_shows_in_its_folder(tmp_path: Path) -> None:
    state, at = gateway_front.world().state("XA"), datetime.fromtimestamp(gateway_front.NOW, UTC)
    own = uploads.OwnCertificates("XA", frozenset({state.upload.der}), (state.authority.der,))
    with gateway_front.fronted(FrontKind.NGINX, tmp_path) as behind:
        signer = state.signer()
        sound = {**sound_rule(gateway_front.NOW), "Country": "XA"}
        for path, content in (("/signerCertificate", signer.der), ("/rules", octets(sound))):
            sent = body(pyca(content, state.upload))
            asked = gateway_request("POST", path, by=state.tls, body=sent, at=gateway_front.NOW)
            assert behind.box.ask(asked).status == 201
        certificate, key = gateway_front.tls(tmp_path, "client", state.tls)
        connection = Connection(
            behind.url, certificate, key, lambda _: "", behind.place.certificate
        )
        there = gateway_network.over_tls(connection)
        store = cast("GatewayStore", Stored(behind.box))
        here = gateway_network.in_folder(store, behind.box.settings, "XA", at=at)
        certificates, again = (
            ask("/trustList/certificate", "country=XA&group=DSC") for ask in (there, here)
        )
        rules, rules_again = (ask("/rules/XA", "") for ask in (there, here))
        assert (certificates, rules) == (again, rules_again)
        taken = uploads.taken("XXA", certificates, rules, own, at=gateway_front.NOW)
        assert [der for der, _ in taken.signers] == [signer.der]
        assert [one.rule.identifier for one in taken.rules] == [sound["Identifier"]]
        assert taken.refused == ()
        with pytest.raises(DocumentRefused) as caught:
            there("/rules/XXX", "")
        assert caught.value.code == "gateway-refused"
