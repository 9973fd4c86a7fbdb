"""What the network publishes comes to the wire, goes from it, and leaves nobody's word in another's place."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from pratique.crypto import cms, x509, x509_write
from pratique.crypto.x509_write import Subject
from pratique.gateway import projection, uploads
from pratique.gateway.mailbox import TOLD, CertificateGroup, Mailbox, StoredEntry, StoredRule
from pratique.gateway.projection import Projection, Unshown
from pratique.gateway.rules import deletion_mark
from pratique.gateway.signers import withdrawal_mark
from pratique.network import proposal
from pratique.store.gateway.mailbox import GatewayStore
from pratique.terms import Environment
from tests import gateway_stores
from tests.gateway_box import Box
from tests.gateway_countries import NOW, Country, project
from tests.networks import DAY, HOUR, Authority, key
from tests.summaries import form


class Scene:
    """A network of two countries, and a gateway in which both are onboarded."""

    def __init__(self, box: Box | None = None) -> None:
        self.authority, self.a, self.b = Authority(), Country("XXA"), Country("XXB", signers=1)
        self.authority.admit(self.a, self.b)
        self.box = box or Box()
        for party in (*self.a.parties(), *self.b.parties()):
            self.box.add_party(party)

    def publish(self, *states: Country) -> None:
        self.authority.now += HOUR
        for state in states or (self.a, self.b):
            self.authority.publish_unasked(state.draft(), state.roles[:2])

    @property
    def at(self) -> int:
        return int(self.authority.now.timestamp())

    def project(self) -> Projection:
        mailbox: Mailbox = self.box
        return project(self.authority.view, mailbox, at=self.at)

    def live(self, country: str = "XA") -> list[StoredEntry]:
        return list(self.box.entries(country=country))

    def why(self, outcome: Projection) -> set[tuple[str, str]]:
        return {(each.participant, each.why) for each in outcome.left_out}


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.publish()
    return made


def rule(number: int = 1, *, country: str = "XA", version: str = "1.0.0") -> dict[str, Any]:
    rows = form("Comirnaty", country=country)
    row = next(each for each in rows if each["Identifier"].startswith("VR"))
    return {**row, "Identifier": f"VR-{country}-{number:04}", "Version": version}


def uploaded(state: Country, number: int = 0, *, at: int = NOW) -> StoredEntry:
    """Return an entry as the back end's own upload makes it."""
    der = state.signers[number]
    record = x509.read(der)
    return StoredEntry(
        0, state.country, CertificateGroup.DSC, "DCC", "OWN", record.thumbprint, der,
        state.by_upload_key(der, detached=True), "its message", at,
    )  # fmt: skip


def test_signers_and_rules_come_with_their_countrys_signature(scene: Scene) -> None:
    scene.a.rules = [rule(), rule(2)]
    scene.publish(scene.a)
    outcome = scene.project()
    assert (outcome.added, outcome.confirmed, outcome.removed) == (5, 0, 0)
    assert outcome.left_out == ()
    entries = scene.live()
    assert {entry.certificate for entry in entries} == set(scene.a.signers)
    for entry in entries:
        assert uploads.is_signed(entry.certificate, entry.signature, {scene.a.upload})
        assert entry.is_published
        assert entry.message == ""
    rules = scene.box.rules("XA")
    assert [row.identifier for row in rules] == ["VR-XA-0002", "VR-XA-0001"]
    assert all(uploads.rule_in(row.message, {scene.a.upload}) for row in rules)
    seconds = [entry.created for entry in (*scene.live("XB"), *entries)]
    seconds += [row.created for row in rules]
    assert len(set(seconds)) == 1, "an update is of one second"
    assert {row.act for row in scene.box.audited} == {"network-publish"}
    assert len(scene.box.audited) == 5


def test_a_second_run_writes_nothing(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    before = dict(vars(scene.box))
    assert scene.project()[:3] == (0, 0, 0)
    assert vars(scene.box) == before
    scene.publish()
    assert scene.project()[:3] == (0, 0, 0)
    assert vars(scene.box) == before


def test_an_edition_later_a_signer_and_a_rule_are_gone_and_deltas_tell(scene: Scene) -> None:
    scene.a.rules = [rule(), rule(1, version="1.1.0"), rule(2)]
    scene.publish(scene.a)
    scene.project()
    kept = next(row for row in scene.box.rules("XA") if row.version == "1.1.0")
    since = scene.box.latest + 1
    scene.a.withdrawn[0] = "key-compromise"
    scene.a.rules = [rule(1, version="1.1.0")]
    scene.publish(scene.a)
    outcome = scene.project()
    assert (outcome.added, outcome.removed) == (0, 3)
    assert [entry.certificate for entry in scene.live()] == [scene.a.signers[1]]
    (told,) = scene.box.entries(country="XA", since=since, shown_to="XB")
    assert told.certificate == scene.a.signers[0]
    assert told.deleted is not None
    (row,) = scene.box.rules("XA")
    assert row._replace(number=kept.number) == kept


def test_a_back_ends_own_upload_is_marked_and_keeps_its_message(scene: Scene) -> None:
    text = json.dumps(rule())
    message = message_of(scene.a, text)
    scene.box.add_entry(uploaded(scene.a))
    scene.box.add_rule(StoredRule(0, "XA", "VR-XA-0001", "1.0.0", 1, 2, message, 5))
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    outcome = scene.project()
    assert (outcome.added, outcome.confirmed) == (2, 2)
    own = next(entry for entry in scene.live() if entry.kid == "OWN")
    assert own.message == "its message"
    assert own.is_published
    # Whoever asks since then is told of it, though it came before.
    assert own.created >= scene.at
    (row,) = scene.box.rules("XA")
    assert (row.message, row.is_published) == (message, True)
    assert scene.project()[:3] == (0, 0, 0)


def message_of(state: Country, text: str) -> str:
    return base64.b64encode(state.by_upload_key(text.encode())).decode()


def test_what_the_back_end_alone_has_stays_as_it_is(scene: Scene) -> None:
    scene.project()
    der = x509_write.document_signer(
        key("another").public_key,
        Subject("another", "Ministry", "XA", Environment.TEST),
        by=x509_write.Authority(scene.a.ca, scene.a.ca_key), at=NOW - 86_400, serial=99,
    )  # fmt: skip
    entry = uploaded(scene.a)._replace(certificate=der, thumbprint=x509.read(der).thumbprint)
    scene.box.add_entry(entry)
    assert scene.project()[:3] == (0, 0, 0)
    mine = scene.box.entry_of(entry.thumbprint, "XA")
    assert mine is not None
    assert not mine.is_published


def test_a_suspended_participants_signers_go_and_come_again(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    scene.authority.suspend("XXA", scene.authority.seats[:3], days=1)
    outcome = scene.project()
    assert scene.live() == []
    assert ("XXA", "suspended") in scene.why(outcome)
    assert len(scene.live("XB")) == 1
    # Who enters its country is still its own to say.
    assert len(scene.box.rules("XA")) == 1
    scene.authority.now += 2 * DAY
    scene.authority.refresh()
    assert scene.project().added == 2
    assert len(scene.live()) == 2


def test_who_left_the_network_leaves_the_wire(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    current = scene.authority.view
    listed = {"XXB": scene.b.participant}
    scene.authority.publish(
        proposal.targets(
            current, scene.authority.now, "XXA leaves", participants=listed, members={"XXA": None}
        )
    )
    assert scene.project().removed == 3
    assert scene.live() == []
    assert scene.box.rules("XA") == []


def test_who_is_neither_in_the_network_nor_onboarded_any_more_leaves_the_wire(
    scene: Scene, tmp_path: Path
) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    with sql(tmp_path) as store, store.writing() as box:
        for party in (*scene.a.parties(), *scene.b.parties()):
            box.add_party(party)
        project(scene.authority.view, box, at=scene.at)
        for party in scene.a.parties():
            box.remove_party(party.thumbprint, "XA", party.group)
        whole = scene.authority.view
        left = whole._replace(participants={"XXB": scene.b.participant})
        assert box.uploading() == ["XA", "XB"]
        assert project(left, box, at=scene.at).removed == 3
        assert box.uploading() == ["XB"]


def test_a_rehearsal_changes_nothing_and_its_checks_are_not_made_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    published, before = (
        projection.PublishedNetwork(scene.authority.view, at=scene.at),
        vars(scene.box),
    )
    before = dict(before)
    unkept = projection.Unkept(scene.box)
    rehearsed = published.shown("XA", cast("Mailbox", unkept), at=scene.at)
    assert vars(scene.box) == before
    assert (unkept.is_changed, rehearsed.added) == (True, 3)
    checked: list[bytes] = []
    is_signed = cms.signed

    def noted(data: bytes, **more: Any) -> Any:
        checked.append(data)
        return is_signed(data, **more)

    monkeypatch.setattr(cms, "signed", noted)
    assert published.shown("XA", scene.box, at=scene.at) == rehearsed
    assert checked == []
    # The control: whoever reads the network anew checks each.
    again = projection.PublishedNetwork(scene.authority.view, at=scene.at)
    unkept = projection.Unkept(scene.box)
    again.shown("XA", cast("Mailbox", unkept), at=scene.at)
    assert (unkept.is_changed, len(checked)) == (False, 3)


def test_what_its_own_back_end_took_back_does_not_come_back_by_itself(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    entry = scene.live()[0]
    scene.box.delete_entry(entry.number, scene.box.instant(scene.at))
    scene.box.delete_rules("XA", "VR-XA-0001")
    scene.box.use(deletion_mark("XA", "VR-XA-0001", "1.00.0"), scene.at)
    outcome = scene.project()
    assert outcome[:3] == (0, 0, 0)
    assert {each.what for each in outcome.left_out if each.why == "taken-back"} == {
        "rule VR-XA-0001@1.0.0", f"signer with kid {entry.thumbprint[:16]}",
    }  # fmt: skip
    # Nor after its tombstone is forgotten.
    scene.box.purge(scene.at + TOLD + 100)
    assert scene.box.entries(country="XA", since=0) == scene.live()
    assert ("XXA", "taken-back") in scene.why(scene.project())
    assert len(scene.live()) == 1
    # The control: the back end itself may bring it back.
    scene.box.add_entry(uploaded(scene.a, scene.a.signers.index(entry.certificate)))
    assert scene.project().confirmed == 1
    assert len(scene.live()) == 2


def test_an_upload_taken_back_before_it_was_published_does_not_come_back(scene: Scene) -> None:
    number = scene.box.add_entry(uploaded(scene.a))
    scene.box.delete_entry(number, scene.box.instant(NOW))
    outcome = scene.project()
    assert ("XXA", "taken-back") in scene.why(outcome)
    assert [entry.certificate for entry in scene.live()] == [scene.a.signers[1]]


@pytest.mark.parametrize("reason", ["key-compromise", "superseded"])
def test_what_is_withdrawn_goes_whoever_uploaded_it(scene: Scene, reason: str) -> None:
    scene.box.add_entry(uploaded(scene.a))
    scene.a.withdrawn[0] = reason
    scene.publish(scene.a)
    assert scene.project()[:3] == (2, 0, 1)
    assert [entry.certificate for entry in scene.live()] == [scene.a.signers[1]]
    assert scene.project()[:3] == (0, 0, 0)
    record = x509.read(scene.a.signers[0])
    assert scene.box.was_used(withdrawal_mark("XA", record.thumbprint))
    # A stolen key is stolen in whatever certificate; one that was superseded may live on in the next.
    of_the_key = sha256(record.public_key).hexdigest()
    assert scene.box.was_used(withdrawal_mark("XA", of_the_key)) is (reason == "key-compromise")
    # The control: nothing of it is another country's.
    assert not scene.box.was_used(withdrawal_mark("XB", record.thumbprint))


def test_a_stolen_key_goes_in_its_other_certificates(scene: Scene) -> None:
    scene.a.signers.append(scene.a._signer(0, NOW - 3600))
    assert x509.read(scene.a.signers[2]).public_key == x509.read(scene.a.signers[0]).public_key
    scene.box.add_entry(uploaded(scene.a, 2))
    scene.box.add_entry(uploaded(scene.a, 1)._replace(kid="SECOND"))
    scene.a.signers.pop()
    scene.a.withdrawn[0] = "key-compromise"
    scene.publish(scene.a)
    assert scene.project().removed == 1
    assert [entry.kid for entry in scene.live()] == ["SECOND"]


def test_who_shares_a_country_withdraws_nothing_that_another_publishes(scene: Scene) -> None:
    other = Country("XXM", signers=1)
    other.country, other.participant = "XA", scene.a.participant._replace(code="XXM")
    scene.authority.admit(other)
    scene.publish(scene.a)
    scene.project()
    other.signers, other.withdrawn[0] = [scene.a.signers[0]], "key-compromise"
    scene.publish(other)
    assert scene.project()[:3] == (0, 0, 0)
    assert len(scene.live()) == 2
    record = x509.read(scene.a.signers[0])
    for digest in (record.thumbprint, sha256(record.public_key).hexdigest()):
        assert not scene.box.was_used(withdrawal_mark("XA", digest))


def test_while_all_of_a_country_are_suspended_their_back_ends_uploads_go_too(scene: Scene) -> None:
    scene.a.signers.append(scene.a._signer(7, NOW - 86_400))
    scene.box.add_entry(uploaded(scene.a, 2))
    scene.a.signers.pop()
    scene.project()
    assert len(scene.live()) == 3
    scene.authority.suspend("XXA", scene.authority.seats[:3], days=1)
    assert scene.project().removed == 3
    assert scene.live() == []
    # The control: nobody else's go.
    assert len(scene.live("XB")) == 1


def test_a_certificate_uploaded_for_another_use_keeps_no_country_from_the_wire(
    scene: Scene, tmp_path: Path
) -> None:
    with sql(tmp_path) as store, store.writing() as box:
        for party in (*scene.a.parties(), *scene.b.parties()):
            box.add_party(party)
        box.add_entry(uploaded(scene.a)._replace(group=CertificateGroup.SIGN))
        outcome = project(scene.authority.view, box, at=scene.at)
        assert scene.why(outcome) == {("XXA", "other-group")}
        assert outcome.added == 2


def test_a_rule_goes_with_the_upload_certificate_that_signed_it(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    is_not_onboarded(scene)
    scene.a.upload_key = key("XXA upload 2")
    scene.a.upload = scene.a.upload_of(scene.a.upload_key)
    for party in scene.a.parties():
        scene.box.add_party(party)
    # No client could check it: its upload certificate is in no list any more.
    assert ("XXA", "not-signed") in scene.why(scene.project())
    assert scene.box.rules("XA") == []


def test_a_rule_that_was_left_out_of_an_edition_comes_again_with_the_same_message(
    scene: Scene,
) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    before = scene.authority.view.roles["XXA"].files
    scene.a.rules = []
    scene.publish(scene.a)
    assert scene.project().removed == 1
    whole = scene.authority.view
    role = whole.roles["XXA"]._replace(files=before)
    again = whole._replace(roles={**whole.roles, "XXA": role})
    assert project(again, scene.box, at=scene.at).added == 1


def leaves_its_uploads_out(scene: Scene) -> None:
    scene.a.has_uploads = False


def signs_with_a_key_that_nobody_onboarded(scene: Scene) -> None:
    scene.a.upload_key = key("a thief's")
    scene.a.upload = scene.a.upload_of(scene.a.upload_key)


def signs_with_anothers_key(scene: Scene) -> None:
    scene.a.upload_key, scene.a.upload = scene.b.upload_key, scene.b.upload


def is_not_onboarded(scene: Scene) -> None:
    for party in scene.a.parties():
        if party.group is CertificateGroup.UPLOAD:
            scene.box.remove_party(party.thumbprint, "XA", CertificateGroup.UPLOAD)


def has_another_signing_ca_onboarded(scene: Scene) -> None:
    for party in scene.a.parties():
        if party.group is CertificateGroup.CSCA:
            scene.box.remove_party(party.thumbprint, "XA", CertificateGroup.CSCA)
            scene.box.add_party(party._replace(certificate=scene.b.ca))


HINDRANCES: list[tuple[Callable[[Scene], None], set[str]]] = [
    (leaves_its_uploads_out, {"no-uploads", "not-signed"}),
    (signs_with_a_key_that_nobody_onboarded, {"not-signed"}),
    (signs_with_anothers_key, {"not-signed"}),
    (is_not_onboarded, {"no-upload-certificate"}),
    (has_another_signing_ca_onboarded, {"not-issued"}),
]


@pytest.mark.parametrize(("hindered", "why"), HINDRANCES)
def test_who_is_left_out_is_named_and_nobody_else_is_touched(
    hindered: Callable[[Scene], None], why: set[str]
) -> None:
    scene = Scene()
    hindered(scene)
    scene.publish()
    outcome = scene.project()
    assert scene.live() == []
    assert {whose for whose, _ in scene.why(outcome)} == {"XXA"}
    assert {code for _, code in scene.why(outcome)} == why
    assert all(str(each) for each in outcome.left_out)
    assert len(scene.live("XB")) == 1
    # The control: without it they come.
    other = Scene()
    other.publish()
    assert other.project().added == 3


def test_a_signer_of_anothers_country_is_not_shown(scene: Scene) -> None:
    scene.a.signers.append(scene.b.signers[0])
    scene.publish(scene.a)
    outcome = scene.project()
    assert ("XXA", "country") in scene.why(outcome)
    assert len(scene.live()) == 2
    assert len(scene.live("XB")) == 1


def test_an_upload_certificate_that_is_no_longer_onboarded_takes_its_signers_along(
    scene: Scene,
) -> None:
    scene.project()
    is_not_onboarded(scene)
    assert scene.project().removed == 2
    # With its successor they come again, signed anew.
    scene.a.upload_key = key("XXA upload 2")
    scene.a.upload = scene.a.upload_of(scene.a.upload_key)
    for party in scene.a.parties():
        scene.box.add_party(party)
    scene.publish(scene.a)
    assert scene.project().added == 2


def test_a_renewed_upload_key_signs_in_the_old_ones_place(scene: Scene) -> None:
    scene.project()
    old = scene.a.upload
    scene.a.upload_key = key("XXA upload 2")
    scene.a.upload = scene.a.upload_of(scene.a.upload_key)
    scene.publish(scene.a)
    for party in scene.a.parties():
        scene.box.add_party(party)
    # While both are onboarded, what is there is good.
    assert scene.project()[:3] == (0, 0, 0)
    scene.box.remove_party(sha256(old).hexdigest(), "XA", CertificateGroup.UPLOAD)
    assert scene.project().confirmed == 2
    assert all(
        uploads.is_signed(entry.certificate, entry.signature, {scene.a.upload})
        for entry in scene.live()
    )


def test_two_texts_of_one_version_are_named_and_neither_is_published(scene: Scene) -> None:
    other = {**rule(), "AffectedFields": ["v.0.tg"]}
    message = message_of(scene.a, json.dumps(other))
    scene.box.add_rule(StoredRule(0, "XA", "VR-XA-0001", "1.0.0", 1, 2, message, 5))
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    outcome = scene.project()
    assert Unshown("XXA", "rule VR-XA-0001@1.0.0", "rule-differs") in outcome.left_out
    (row,) = scene.box.rules("XA")
    assert (row.message, row.is_published) == (message, False)


def test_a_rule_that_the_wire_has_no_form_for_is_named(scene: Scene) -> None:
    rows = form("Comirnaty", country="XA")
    row = next(each for each in rows if each["Identifier"].startswith("VR"))
    scene.a.rules = [{**row, "Identifier": "ER-XA-0001", "CertificateType": "Exemption"}]
    scene.publish(scene.a)
    assert ("XXA", "no-form") in scene.why(scene.project())
    assert scene.box.rules("XA") == []


def test_where_the_newest_is_missing_nothing_comes_and_nothing_goes(scene: Scene) -> None:
    scene.project()
    older = scene.authority.view
    scene.a.signers.append(scene.a._signer(7, NOW - 86_400))
    scene.publish(scene.a)
    whole = scene.authority.view
    role = older.roles["XXA"]._replace(problem="network-missing")
    torn = whole._replace(roles={**whole.roles, "XXA": role})
    outcome = project(torn, scene.box, at=scene.at)
    assert outcome[:3] == (0, 0, 0)
    assert ("XXA", "in-doubt") in scene.why(outcome)
    assert scene.project().added == 1


def test_where_nobody_knows_who_is_suspended_nothing_new_comes(scene: Scene) -> None:
    whole = scene.authority.view
    torn = whole._replace(suspend=whole.suspend._replace(problem="network-missing"))
    assert project(torn, scene.box, at=scene.at).added == 0
    assert scene.project().added == 3


def test_an_edition_that_has_ended_stays_and_is_named(scene: Scene) -> None:
    scene.project()
    scene.authority.now += 30 * DAY
    outcome = scene.project()
    assert outcome[:3] == (0, 0, 0)
    assert ("XXA", "lapsed") in scene.why(outcome)
    assert len(scene.live()) == 2


def test_a_damaged_list_of_signers_changes_nothing_of_its_country(scene: Scene) -> None:
    scene.project()
    whole = scene.authority.view
    files = {**whole.roles["XXA"].files, "XXA/signers.json": b"{}"}
    torn = whole._replace(roles={**whole.roles, "XXA": whole.roles["XXA"]._replace(files=files)})
    outcome = project(torn, scene.box, at=scene.at)
    assert outcome[:3] == (0, 0, 0)
    assert ("XXA", "unreadable") in scene.why(outcome)


def test_damaged_rules_keep_no_signer_from_going(scene: Scene) -> None:
    scene.a.rules = [rule()]
    scene.publish(scene.a)
    scene.project()
    scene.a.withdrawn[0] = "key-compromise"
    scene.publish(scene.a)
    whole = scene.authority.view
    files = {**whole.roles["XXA"].files, "XXA/rules.json": b"[{}]", "XXA/uploads.json": b"{}"}
    torn = whole._replace(roles={**whole.roles, "XXA": whole.roles["XXA"]._replace(files=files)})
    outcome = project(torn, scene.box, at=scene.at)
    assert outcome.removed == 1
    assert len(scene.live()) == 1
    assert len(scene.box.rules("XA")) == 1


@contextmanager
def sql(folder: Path) -> Iterator[GatewayStore]:
    store = GatewayStore(gateway_stores.sqlite(folder))
    try:
        yield store
    finally:
        store.close()


def test_in_sql_it_is_the_same(scene: Scene, tmp_path: Path) -> None:
    scene.a.rules = [rule(), rule(2)]
    scene.publish(scene.a)
    with sql(tmp_path) as store:
        with store.writing() as box:
            for party in (*scene.a.parties(), *scene.b.parties()):
                box.add_party(party)
        with store.writing() as box:
            assert project(scene.authority.view, box, at=scene.at) == scene.project()
        with store.writing() as box:
            assert project(scene.authority.view, box, at=scene.at)[:3] == (0, 0, 0)
        scene.a.withdrawn[0] = "key-compromise"
        scene.a.rules = [rule(2)]
        scene.publish(scene.a)
        with store.writing() as box:
            assert project(scene.authority.view, box, at=scene.at) == scene.project()
            assert [e._replace(number=0) for e in box.entries(since=0)] == [
                e._replace(number=0) for e in scene.box.entries(since=0)
            ]
            assert [r._replace(number=0) for r in box.rules("XA")] == [
                r._replace(number=0) for r in scene.box.rules("XA")
            ]
