"""What is imported beside a test network takes its environment: no import ends the checks after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.revocation.tag_list import TagList
from pratique.rules.documents import write
from pratique.snapshot import Snapshot
from pratique.store import sources as store_sources
from pratique.terms import Environment
from pratique.trust.signer import TrustList
from tests import travellers as t
from tests.ceremonies import LATER, Desk
from tests.unit.made import make

TEXT = (Path(__file__).resolve().parents[3] / "examples/traveller.txt").read_text().strip()


def sources(folder: Path) -> dict[str, tuple[str, ...]]:
    """Write one file of each kind, and say how it is imported."""
    (folder / "rules.json").write_text(json.dumps([write(t.rule("VR-XA-0001", {"===": [1, 1]}))]))
    head: dict[str, Any] = {"participant": "XXA", "kid": b"12345678", "width": 24}
    tags = TagList.build({1}, version=1, created=1_767_225_600, expires=1_999_999_999, **head)
    (folder / "a.tags").write_bytes(tags.to_bytes())
    (folder / "a.pem").write_bytes(make(["FR"]).pem)
    return {
        "rules": ("rules", "import", "rules.json"),
        "revocations": ("revocations", "import", "a.tags"),
        "trust": ("trust", "import", "a.pem"),
        "specimens": ("trust", "import", "a.pem", "--environment", "production"),
        "trust anew": ("trust", "import", "a.pem", "--replace"),
    }


def imported(desk: Desk) -> Snapshot:
    found = store_sources.load_snapshot(desk.folder / "home")
    assert found is not None
    return found


def check(desk: Desk) -> str:
    """Verify something; whatever comes of it, a check was made."""
    return desk.run("verify", TEXT, "--at", LATER, code=3)


KINDS = ("rules", "revocations", "trust", "specimens", "trust anew")


@pytest.mark.parametrize("kind", KINDS)
def test_every_import_takes_the_environment_of_the_network(desk: Desk, kind: str) -> None:
    desk.run(*sources(desk.folder)[kind])
    assert imported(desk).environment is Environment.TEST
    assert "SIGNER_UNKNOWN" in check(desk)


def test_imports_of_all_kinds_stand_beside_each_other(desk: Desk) -> None:
    for words in sources(desk.folder).values():
        desk.run(*words)
        check(desk)


def of_production(desk: Desk, *, signers: bool) -> bytes:
    """Keep what an earlier version kept: what was imported as if there were no network."""
    held = Snapshot(number=1, created=0, environment=Environment.PRODUCTION, trust=TrustList(
        [t.SIGNER] if signers else []))  # fmt: skip
    store_sources.save_snapshot(desk.folder / "home", held)
    return held.to_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_home_that_was_spoilt_without_signers_is_mended(desk: Desk, kind: str) -> None:
    of_production(desk, signers=False)
    check(desk)
    desk.run(*sources(desk.folder)[kind])
    assert imported(desk).environment is Environment.TEST
    check(desk)


@pytest.mark.parametrize("kind", ["rules", "revocations", "trust", "specimens"])
def test_signers_of_the_other_environment_are_a_clear_conflict(desk: Desk, kind: str) -> None:
    before = of_production(desk, signers=True)
    with pytest.raises(DocumentRefused) as refused:
        desk.run(*sources(desk.folder)[kind])
    assert refused.value.code == "environment-differs"
    assert "trust import SOURCE --replace" in refused.value.hint
    assert store_sources.snapshot_path(desk.folder / "home").read_bytes() == before
    # And the way that the hint names leads out.
    desk.run(*sources(desk.folder)["trust anew"])
    desk.run(*sources(desk.folder)["rules"])
    check(desk)


def test_a_sync_beside_signers_of_the_other_environment_keeps_nothing(desk: Desk) -> None:
    desk.run("trust", "import", *sources(desk.folder)["trust"][2:], "--home", "new")
    root = "net/repository/metadata/1.root.json"
    with pytest.raises(DocumentRefused) as refused:
        desk.run("sync", "net/repository", "--root", root, "--at", LATER, "--home", "new")
    assert refused.value.code == "environment-differs"
    desk.run("verify", TEXT, "--at", LATER, "--home", "new", code=3)
    desk.run("rules", "import", "rules.json", "--home", "new")
    desk.run("verify", TEXT, "--at", LATER, "--home", "new", code=3)


def test_a_snapshot_of_the_other_environment_is_refused(desk: Desk) -> None:
    (desk.folder / "other.json").write_bytes(of_production(desk, signers=True))
    store_sources.snapshot_path(desk.folder / "home").unlink()
    with pytest.raises(UsageError) as refused:
        desk.run("trust", "import", "other.json")
    assert refused.value.code == "environment-differs"
    assert not store_sources.snapshot_path(desk.folder / "home").exists()
