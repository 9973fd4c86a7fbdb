"""Harm: travellers of a suspended state are turned away by a machine that does not say why, or for how long."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ceremonies
from tests.ceremonies import AT, Desk

RULES = Path(__file__).resolve().parents[2] / "examples" / "rules-utopia.json"
DURING, AFTER = "2026-12-02T09:00:00Z", "2026-12-04T10:00:00Z"
SINCE = "2026-12-01T09:00:00Z"
CODE = "PARTICIPANT_SUSPENDED"


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Suspend Utopia for three days, and sync a border."""
    with ceremonies.founded(tmp_path_factory.mktemp("suspended")) as desk:
        ceremonies.issued(desk)
        ceremonies.edition(desk, "--rules", RULES, at=SINCE)
        desk.run("sync", "--at", SINCE)
        shutil.copytree("home", "home-before")
        out = desk.propose("suspend", "XXU", "--reason", "forgeries", "--days", 3, at=SINCE)
        desk.publish(out, at=SINCE)
        desk.run("sync", "--at", SINCE)
        shutil.copytree("home", "home-after")
        desk.run("authority", "refresh", "net", "--at", AFTER)
        desk.run("sync", "--at", AFTER, PRATIQUE_HOME="home-after")
        yield desk


def told(desk: Desk, at: str, home: str = "home", code: int = 3) -> tuple[str, ...]:
    """Return what the desk says of a traveller of Utopia: each way, in text and in JSON."""
    ways: tuple[tuple[Any, ...], ...] = (
        ("verify", "sample.txt", "--at", at), ("verify", "sample.txt", "--to", "XU", "--at", at),
        ("decide", "sample.txt", "--to", "XU", "--on", at),
    )  # fmt: skip
    home = str(desk.folder / home)
    return tuple(
        desk.run(*way, "--format", form, code=code if len(way) > 4 else 3, PRATIQUE_HOME=home)
        for way in ways
        for form in ("text", "json")
    )


def test_they_read_why_and_until_when_and_that_it_is_not_their_doing(border: Desk) -> None:
    for said in told(border, DURING)[::2]:
        assert "AMBER" in said
        (line,) = (line for line in said.splitlines() if CODE in line)
        assert "XXU until 2026-12-04T09:00Z, forgeries" in line
        assert "the holder has done nothing wrong" in said
        assert "https://health.example/appeals" in said


def test_machines_read_the_same(border: Desk) -> None:
    for said in told(border, DURING)[1::2]:
        (result,) = json.loads(said)["results"]
        findings = result["findings"] if "findings" in result else result["because"]
        (one,) = (row for row in findings if row["code"] == CODE)
        assert (result["colour"], one["where"]) == (
            "amber",
            "XXU until 2026-12-04T09:00Z, forgeries",
        )
        assert "suspended for some days" in one["meaning"]
        # A health code gives no advice to a machine; a verification does.
        assert "next" not in one or "done nothing wrong" in one["next"]


def test_it_is_gone_by_itself_when_it_has_ended_and_was_not_there_before(border: Desk) -> None:
    """The control, and the end: the same words, without the suspension."""
    for said in (
        *told(border, AFTER, "home-after", code=0),
        *told(border, SINCE, "home-before", code=0),
    ):
        assert CODE not in said
    assert AT < SINCE < DURING < AFTER
