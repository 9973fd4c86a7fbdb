"""The same certificates, rules, place and instant make the same bytes on every machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.decision import decide
from pratique.findings import Colour
from pratique.rules.rule import Rule
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from tests import travellers as t
from tests.steps import LONGEST

ROOT = Path(__file__).resolve().parent.parent.parent
ASKED = [
    "decide", "--matrix", "--on", "2026-12-02T12:00:00Z", "--zone", "Europe/Paris",
    "--format", "json", "examples/traveller.txt", "examples/tested.txt",
]  # fmt: skip
MACHINES = [
    *({"TZ": zone} for zone in ("Etc/GMT+12", "America/St_Johns", "Etc/GMT-14")),
    *({"LC_ALL": name} for name in ("C", "C.UTF-8")),
    *({"PYTHONHASHSEED": seed} for seed in ("0", "1", "random")),
]


def run(home: Path, *words: str, **machine: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "pratique", *words],
        cwd=ROOT,
        env={**os.environ, "PRATIQUE_HOME": str(home), **machine},
        capture_output=True,
        check=False,
        timeout=LONGEST,
    )
    assert done.returncode in {0, 1, 3}, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    run(folder, "trust", "import", "examples/utopia.pem")
    run(folder, "rules", "import", "examples/rules-utopia.json")
    return folder


@pytest.fixture(scope="module")
def reference(home: Path) -> bytes:
    return run(home, *ASKED)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: "=".join(*m.items()))
def test_the_machine_has_no_part_in_it(
    home: Path, reference: bytes, machine: dict[str, str]
) -> None:
    assert run(home, *ASKED, **machine) == reference


def test_what_is_asked_has_a_part_in_it(home: Path, reference: bytes) -> None:
    # The control: another zone of the port is another answer.
    other = [word.replace("Europe/Paris", "Asia/Tokyo") for word in ASKED]
    assert run(home, *other) != reference
    assert json.loads(reference)["results"][0]["at"] == "2026-12-02T13:00:00+01:00"


PATHS = ["payload.v.0.dn", "payload.v.0.sd", "payload.v.0.mp", "holder.ageYears"]
LOGIC = st.one_of(
    st.builds(
        lambda path, n: {">=": [{"var": path}, n]}, st.sampled_from(PATHS), st.integers(0, 9)
    ),
    st.builds(
        lambda a, b: {"and": t.clock("payload.v.0.dt", "day", a, b)},
        st.integers(0, 30),
        st.integers(31, 400),
    ),
    st.builds(lambda text: {"===": [{"var": "payload.v.0.mp"}, text]}, st.text(max_size=20)),
)
RULES = st.lists(
    st.builds(
        lambda number, logic, version, desc: t.rule(
            f"VR-XU-{number:04}",
            logic,
            Version=f"1.0.{version}",
            Description=[{"lang": "en", "desc": f"{desc} is asked for, in a sentence."}],
        ),
        st.integers(0, 9999),
        LOGIC,
        st.integers(0, 3),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    ),
    max_size=6,
    unique_by=lambda rule: rule.name,
)


@settings(max_examples=80, deadline=None)
@given(RULES, st.randoms(use_true_random=False))
def test_a_snapshot_with_rules_is_the_same_bytes_in_any_order(rules: list[Rule], draw: Any) -> None:
    sets = {"b": ["2", "1"], "a": ["x"]}
    written = t.snapshot(ruleset=Ruleset(rules, sets)).to_bytes()
    read = Snapshot.from_bytes(written)
    assert read.to_bytes() == written
    assert read == t.snapshot(ruleset=Ruleset(rules, sets))
    shuffled = draw.sample(rules, len(rules))
    again = Ruleset(shuffled, dict(reversed(list(sets.items()))))
    assert t.snapshot(ruleset=again).to_bytes() == written


ZONES = [
    "UTC", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia",
    "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Kiritimati",
]  # fmt: skip
SNAPSHOT = t.snapshot()


def colour(given: str, at: datetime) -> Colour:
    found = [t.shown(t.dose(given), issued_at=1_600_000_001)]
    return decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=at, look_ahead=False).colour


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("given", "first"),
    [
        ("2022-01-10", (2022, 1, 24)),
        ("2022-03-13", (2022, 3, 27)),  # Paris: clocks go forward that night
        ("2022-10-16", (2022, 10, 30)),  # and back
        ("2022-03-20", (2022, 4, 3)),  # Lord Howe: by half an hour
        ("2024-02-15", (2024, 2, 29)),
        ("2024-02-29", (2024, 3, 14)),
        ("2021-12-18", (2022, 1, 1)),
    ],
)
def test_a_dose_counts_from_the_ports_midnight_on(
    zone: str, given: str, first: tuple[int, int, int]
) -> None:
    midnight = datetime(*first, tzinfo=ZoneInfo(zone))
    second = int(midnight.timestamp())
    for moved, expected in ((-1, Colour.RED), (0, Colour.GREEN), (1, Colour.GREEN)):
        at = datetime.fromtimestamp(second + moved, UTC).astimezone(ZoneInfo(zone))
        assert colour(given, at) is expected, (zone, at)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["2022-03-27", "2022-10-30", "2022-04-03", "2024-02-29"])
def test_seventy_two_hours_are_seventy_two_hours(zone: str, day: str) -> None:
    at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo(zone))
    for moved, expected in ((-1, Colour.RED), (0, Colour.GREEN), (1, Colour.GREEN)):
        sampled = at.astimezone(UTC) - timedelta(hours=72) + timedelta(seconds=moved)
        found = [t.shown(t.sample(sampled), issued_at=1_600_000_001)]
        code = decide(found, snapshot=SNAPSHOT, place=t.UTOPIA, at=at, look_ahead=False)
        assert code.colour is expected
