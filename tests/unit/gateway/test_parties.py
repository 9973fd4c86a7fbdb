"""A gateway's folder appears whole, a load is the truth of who takes part, and what is asked of it changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique import strict_json
from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.gateway.mailbox import CallerRole, CertificateGroup
from pratique.gateway.wire import Profile
from pratique.parties import gateway as gateway_party
from pratique.parties.gateway import Load, Loaded
from tests.gateway_folders import anchor_file, authority, certificates, put, signed, written
from tests.gateway_stores import sqlite
from tests.gateway_world import AT, DAY, ONBOARDED, State, World, world
from tests.unit.gateway.test_store import batch, digest, entry, rule

NOW = datetime.fromtimestamp(AT, UTC)
WORLD = world()
ROLES = {"XA": [role.value for role in CallerRole], "DX": ["REVOCATION_LIST_READER"]}
SETS = {
    "disease.json": {"valueSetId": "disease-agent-targeted", "valueSetValues": {}},
    "plain-list.json": {"a": 1, "b": 2},
}


class Place:
    """A gateway's folder beside participants' folders."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder / "gateway"
        self.participants = written(WORLD, folder / "participants")
        self.roles, self.sets = folder / "roles.json", folder / "sets"
        self.roles.write_text(json.dumps(ROLES))
        self.sets.mkdir()
        for name, document in SETS.items():
            (self.sets / name).write_text(json.dumps(document))
        self.anchor = anchor_file(WORLD, folder)
        gateway_party.init(self.folder, url)

    def load(
        self, participants: Path | None = None, at: int = AT, anchors: tuple[Path, ...] = ()
    ) -> Loaded:
        wanted = Load(
            participants or self.participants, anchors or (self.anchor,), self.roles, self.sets
        )
        return gateway_party.load(self.folder, wanted, at=datetime.fromtimestamp(at, UTC))

    def countries(self) -> tuple[str, ...]:
        return gateway_party.status(self.folder, at=NOW).countries


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def contents(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


# init


def test_a_new_folder_is_its_owners_alone(place: Place) -> None:
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in place.folder.iterdir()}
    assert modes == {"gateway.json": 0o600, "gateway.sqlite": 0o600}
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    gateway = gateway_party.open_gateway(place.folder)
    assert gateway.settings.profile is Profile.COMPATIBLE
    assert "DCC" in gateway.settings.domains
    gateway.store.close()


def test_none_is_overwritten(place: Place, tmp_path: Path) -> None:
    before = contents(place.folder)
    with pytest.raises(UsageError) as caught:
        gateway_party.init(place.folder)
    assert caught.value.code == "gateway-exists"
    assert contents(place.folder) == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        gateway_party.init(other)
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    for url in ("mysql://u:secret@host/db", "sqlite://", "postgresql://u:secret@host:port/db"):
        with pytest.raises(UsageError) as caught:
            gateway_party.init(tmp_path / "gateway", url)
        assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(Unreadable) as failed:
        gateway_party.init(tmp_path / "gateway", "postgresql://u:secret@127.0.0.1:1/db")
    assert "secret" not in f"{failed.value.message} {failed.value.hint}"
    assert list(tmp_path.iterdir()) == []


def test_a_database_elsewhere_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path, "sqlite:///data/100% sure.sqlite")
    monkeypatch.chdir(tmp_path / "data")
    assert place.load().parties == 16
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {"100% sure.sqlite"}
    # Tables of a call that was interrupted are taken; those of another gateway are not.
    with pytest.raises(UsageError) as caught:
        gateway_party.init(tmp_path / "second", f"sqlite:///{tmp_path}/data/100%25 sure.sqlite")
    assert caught.value.code == "gateway-exists"
    gateway_party.init(tmp_path / "third", sqlite(tmp_path))
    gateway_party.init(tmp_path / "fourth", sqlite(tmp_path))


def test_where_there_is_none_or_its_document_is_another_it_is_said(
    place: Place, tmp_path: Path
) -> None:
    with pytest.raises(Unreadable) as caught:
        gateway_party.open_gateway(tmp_path)
    assert caught.value.code == "no-gateway"
    path = place.folder / "gateway.json"
    for data in (b"{}", b"[", path.read_bytes().replace(b"compatible", b"lenient")):
        path.write_bytes(data)
        with pytest.raises(DocumentRefused):
            gateway_party.open_gateway(place.folder)


def test_the_profile_is_kept(tmp_path: Path) -> None:
    gateway_party.init(tmp_path / "g", profile=Profile.STRICT)
    assert gateway_party.status(tmp_path / "g", at=NOW).profile is Profile.STRICT


# load


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_load_is_idempotent(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("new_database")()
    place = Place(tmp_path, url)
    first = place.load()
    assert (len(first.added), first.removed, first.left_out) == (16, (), ())
    assert first.value_sets == ("disease-agent-targeted", "plain-list")
    assert first.incomplete == {}
    before = contents(place.folder)
    again = place.load(at=AT + 99)
    assert (again.added, again.removed, again.value_sets, again.parties) == ((), (), (), 16)
    assert contents(place.folder) == before
    gateway = gateway_party.open_gateway(place.folder)
    with gateway.store.reading() as box:
        seconds = [party.created for party in box.parties()]
        assert seconds == [AT] * 16, "a load is of one second, however many it adds"
        tls = box.party(WORLD.state("DX").tls.thumbprint, "DX", CertificateGroup.AUTHENTICATION)
        assert tls is not None
        assert tls.roles == {CallerRole.READER}
        kept = box.value_set("plain-list")
        assert kept is not None
        assert strict_json.loads(kept.document) == SETS["plain-list.json"]
    gateway.store.close()


def test_who_is_not_in_the_folder_any_more_is_removed(place: Place) -> None:
    place.load()
    shutil.rmtree(place.participants / "XXB")
    (place.participants / "XXA/onboarding/DCC/UP/UP_2.pem").unlink()
    found = place.load(at=AT + 60)
    assert found.added == ()
    assert {(p.country, p.group) for p in found.removed} == {
        ("XA", CertificateGroup.UPLOAD), ("XB", CertificateGroup.UPLOAD), ("XB", CertificateGroup.CSCA), ("XB", CertificateGroup.AUTHENTICATION),
    }  # fmt: skip
    assert found.parties == 11
    assert place.countries() == ("DE", "DX", "XA")
    acts = [(row.country, row.act) for row in gateway_party.audit(place.folder)]
    assert acts.count(("XB", "party-removed")) == 4


def test_one_participants_own_folder_says_nothing_of_others(place: Place) -> None:
    place.load()
    folder = place.participants / "XXA"
    (folder / "onboarding/DCC/UP/UP_2.pem").unlink()
    found = place.load(folder, at=AT + 60)
    assert [(p.country, p.group) for p in found.removed] == [("XA", CertificateGroup.UPLOAD)]
    assert place.countries() == tuple(sorted(ONBOARDED))


def test_where_a_folder_cannot_be_read_nobody_is_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.load()
    shutil.rmtree(place.participants / "XXB")
    (place.participants / "XXA/onboarding/large.pem").write_bytes(b" " * (256 * 1024 + 1))
    found = place.load(at=AT + 60)
    assert found.removed == ()
    assert [(row.name, row.why) for row in found.left_out] == [("XXA", "dossier-too-large")]
    assert place.countries() == tuple(sorted(ONBOARDED))


def test_the_wrong_anchor_changes_nothing(place: Place, tmp_path: Path) -> None:
    place.load()
    other = tmp_path / "other.pem"
    other.write_bytes(WORLD.state("XA").upload.pem)
    before = contents(place.folder)
    with pytest.raises(DocumentRefused) as caught:
        place.load(anchors=(other,))
    assert caught.value.code == "participants-unbelieved"
    with pytest.raises(Unreadable):
        place.load(tmp_path / "sets")
    assert contents(place.folder) == before


def test_an_anchor_that_follows_another_is_news(place: Place, tmp_path: Path) -> None:
    place.load()
    later = World(AT)
    later.anchor = State("XX", AT).upload
    by = authority(later.anchor)
    put(place.participants / "XXA", signed(certificates(WORLD, "XA"), by))
    both = (place.anchor, anchor_file(later, tmp_path))
    found = place.load(at=AT + 60, anchors=both)
    assert {p.country for p in found.added} == {"XA"}
    assert (len(found.added), found.removed, found.left_out, found.parties) == (4, (), (), 16)
    gateway = gateway_party.open_gateway(place.folder)
    with gateway.store.reading() as box:
        assert {p.country for p in box.parties(since=AT + 60)} == {"XA"}
    gateway.store.close()


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"valueSetId": "a/b"}', b'{"valueSetId": 1}'])
def test_what_is_no_value_set_stops_a_load(place: Place, data: bytes) -> None:
    (place.sets / "new.json").write_bytes(data)
    with pytest.raises(DocumentRefused) as caught:
        place.load()
    assert caught.value.code == "value-set-unfit"
    assert place.countries() == ()


# status, audit, purge


def test_its_state_is_told_and_nothing_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(place.participants / "XXB/onboarding/DCC/SCA")
    place.load()
    monkeypatch.setattr(gateway_party, "PAGE", 2)
    gateway = gateway_party.open_gateway(place.folder)
    with gateway.store.writing() as box:
        for number in range(5):
            life = 80 * DAY if number < 2 else 400 * DAY
            der = WORLD.state("XA").signer(number=number, life=life).der
            box.add_entry(entry(f"{number}")._replace(certificate=der))
        box.add_rule(rule("1.0.0", AT))
        box.add_batch(batch(1, AT + 100))
    gateway.store.close()
    before = contents(place.folder)
    found = gateway_party.status(place.folder, at=NOW)
    assert found.countries == tuple(sorted(ONBOARDED))
    assert found.counts == {"entry": 5, "rule": 1, "batch": 1}
    assert found.incomplete == {"XB": (CertificateGroup.CSCA,)}
    assert (found.ending, found.signers_ending) == ((), 2)
    assert found.value_sets == ("disease-agent-targeted", "plain-list")
    later = datetime.fromtimestamp(AT + 300 * DAY, UTC)
    ending = gateway_party.status(place.folder, at=later).ending
    assert {row.group for row in ending} <= {
        CertificateGroup.UPLOAD,
        CertificateGroup.AUTHENTICATION,
        CertificateGroup.CSCA,
    }
    assert [row.until for row in ending] == sorted(row.until for row in ending)
    assert len(list(gateway_party.audit(place.folder))) == 17
    assert contents(place.folder) == before
    much_later = datetime.fromtimestamp(AT + 3000 * DAY, UTC)
    assert len(gateway_party.status(place.folder, at=much_later).ending) == 15


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_purge_is_audited_and_wiped(
    kind: str, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    place = Place(tmp_path, None if kind == "sqlite" else new_database())
    gateway = gateway_party.open_gateway(place.folder)
    canary = "aGFzaCBvZiBhIHBlcnNvbg=="
    with gateway.store.writing() as box:
        box.add_batch(batch(1, AT, AT + 9)._replace(message=canary * 9))
    gateway.store.close()
    if kind == "sqlite":
        assert canary.encode() in (place.folder / "gateway.sqlite").read_bytes()
    later = datetime.fromtimestamp(AT + 10, UTC)
    assert gateway_party.purge(place.folder, at=later) == (1, True)
    assert gateway_party.purge(place.folder, at=later) == (0, True)
    for path in place.folder.iterdir():
        assert canary.encode() not in path.read_bytes()
    assert list(gateway_party.audit(place.folder)) == [
        (AT + 10, "XA", "batch-ended", digest(batch(1, 0).identifier))
    ]


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"XA": ["KING"]}', '{"nobody": []}'])
def test_roles_that_are_none_are_told_with_their_file_and_change_nothing(
    place: Place, text: str
) -> None:
    place.roles.write_text(text)
    with pytest.raises(DocumentRefused, match=re.escape(str(place.roles))):
        place.load()
    assert place.countries() == ()
    place.roles.write_text("{}")
    place.load()
    assert place.countries() != ()


def test_roles_of_nobody_are_told_of(place: Place) -> None:
    """A slip of a letter would else be seen only when revocations do not come."""
    assert place.load().idle_roles == ()
    place.roles.write_text(json.dumps({"XA": [], "ZZ": ["REVOCATION_UPLOADER"]}))
    assert place.load().idle_roles == ("ZZ",)


def test_without_roles_whoever_has_one_keeps_it(place: Place) -> None:
    def roles() -> dict[str, frozenset[CallerRole]]:
        gateway = gateway_party.open_gateway(place.folder)
        with gateway.store.reading() as box:
            parties = box.parties(groups=(CertificateGroup.AUTHENTICATION,))
        gateway.store.close()
        return {party.thumbprint: party.roles for party in parties}

    place.load()
    given = roles()
    assert any(given.values())
    silent = Load(place.participants, (place.anchor,))
    loaded = gateway_party.load(place.folder, silent, at=NOW)
    assert (loaded.added, loaded.removed) == ((), ())
    assert roles() == given
    # The control: a file without any takes them away.
    place.roles.write_text("{}")
    place.load()
    assert not any(roles().values())
