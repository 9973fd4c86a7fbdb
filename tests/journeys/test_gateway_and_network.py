"""From a country's keys to another country's back end, over the network and the gateway, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import held_keys
from pratique.crypto import x509_write
from pratique.gateway import uploads
from pratique.parties import authority_home
from pratique.trust import publication
from tests import ceremonies
from tests.ceremonies import LATER, Desk, edition

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
    folder = tmp_path / "desk"
    shutil.copytree(founding, folder)
    (folder / "home/network/source").write_text(str(folder / "net"))
    monkeypatch.chdir(folder)
    return Desk(folder)


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
