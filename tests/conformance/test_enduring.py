"""Real trust lists and real participants' folders: who lives, who has lapsed, what is believed.

The figures were counted once more by a program of another library; see the decision record.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import network
from pratique.crypto import x509
from pratique.onboarding.anchors import believed
from pratique.parties import exports
from pratique.store.sources import trust_from
from pratique.terms import Environment

PUBLISHED = datetime(2026, 8, 22, 18, 0, 2, tzinfo=UTC)
LATER = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "states"),
    [
        # One of the unverifiable lists its signing CA as its signer: a key for certificates alone.
        (PUBLISHED, {"live": 39, "expiring": 9, "lapsed": 8, "unverifiable": 34}),
        (LATER, {"live": 39, "lapsed": 17, "unverifiable": 34}),
    ],
)
def test_the_published_trust_list(corpora: Path, at: datetime, states: dict[str, int]) -> None:
    tree = corpora / "tng-trustlist/dev/v2/trustlist"
    seen = exports.status((tree,), int(at.timestamp()), Environment.TEST, None)
    root = exports.status((tree / "did.json",), int(at.timestamp()), Environment.TEST, None)
    assert seen.rows == root.rows
    assert len({row.participant for row in seen.rows}) == 58
    assert Counter(row.state.value for row in seen.rows) == states


@pytest.mark.parametrize(
    ("environment", "states"),
    [
        ("dev", {"live": 13, "lapsed": 16, "unverifiable": 5}),
        # One of them has a folder, and nothing in it.
        ("uat", {"live": 8, "expiring": 1, "lapsed": 17, "unverifiable": 3}),
    ],
)
def test_participants_folders(corpora: Path, environment: str, states: dict[str, int]) -> None:
    place = corpora / "tng-participants" / environment
    seen = exports.status((place,), int(LATER.timestamp()), Environment.TEST, None)
    assert Counter(row.state.value for row in seen.rows) == states


@pytest.mark.parametrize(
    ("environment", "outcomes"),
    [
        ("dev", {"": 89, "unreadable": 14}),
        ("uat", {"": 74, "ext_parse": 1, "not-anchored": 8, "unreadable": 5}),
    ],
)
def test_what_the_anchor_of_each_environment_vouches_for(
    corpora: Path, environment: str, outcomes: dict[str, int]
) -> None:
    def found(anchor_of: str) -> Counter[str]:
        anchor = corpora / f"tng-participants/{anchor_of}/WHO/signing/DCC/TNG_TA.pem"
        (certificate,) = x509.armoured(anchor.read_bytes())
        return Counter(
            row.why
            for code, held, _ in exports.read(corpora / "tng-participants" / environment)
            for row in believed(held, participant=code, anchors=[certificate], at=PUBLISHED)
        )

    assert found(environment) == outcomes
    # And that of the other environment vouches for none of them.
    assert found("uat" if environment == "dev" else "dev")[""] == 0


@pytest.mark.parametrize(("environment", "files"), [("dev", 208), ("uat", 172)])
def test_real_folders_go_round_byte_by_byte(
    corpora: Path, tmp_path: Path, environment: str, files: int
) -> None:
    place = corpora / "tng-participants" / environment
    anchor = place / "WHO/signing/DCC/TNG_TA.pem"
    at = ("--anchor", str(anchor), "--at", PUBLISHED.isoformat())

    def taken_in(source: Path, out: Path) -> dict[str, bytes]:
        words = ["import", str(source), *at, "--out", str(out)]
        CliRunner().invoke(network, words, catch_exceptions=False, standalone_mode=False)
        return {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file()
        }

    first = taken_in(place, tmp_path / "first")
    assert len(first) == files
    assert taken_in(tmp_path / "first", tmp_path / "second") == first
    assert all((place / name).read_bytes() == data for name, data in first.items())
    # An upload or TLS key is no signer, wherever it lies.
    found = trust_from([tmp_path / "first"], at=PUBLISHED, environment=Environment.TEST)
    assert not found.snapshot.trust
    assert sum(len(reading.authorities) for _, reading in found.readings) > 20
