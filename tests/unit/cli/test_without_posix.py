"""One machine's work is done where POSIX is not: Windows lacks fcntl, resource, termios, fchmod and more.

The commands run in a process from which these were taken away (`tests.elsewhere`), at a console of an old encoding.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
AT = "2026-11-22"


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    errors: str


def run(home: Path, *commands: str) -> list[Ran]:
    """Run commands as if on another system; no fault of the program may come of any."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PRATIQUE_")}
    ours = {"PRATIQUE_DATA_DIR": str(home), "PRATIQUE_KEY_PASSWORD": "four invented plain words"}
    asked = json.dumps([command.replace("HOME", str(home)).split() for command in commands])
    done = subprocess.run(
        [sys.executable, "-m", "tests.elsewhere", asked], cwd=ROOT, env={**kept, **ours}, check=False,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ran = [Ran(*one) for one in json.loads(done.stdout)]
    assert not [one.errors for one in ran if one.code == 70 or "Traceback" in one.errors]
    return ran


def test_what_is_taken_away_is_away() -> None:
    program = "from tests import elsewhere; elsewhere.hide(); import fcntl"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert "ModuleNotFoundError" in done.stderr


def test_a_desk_verifies_decides_and_inspects(tmp_path: Path) -> None:
    trusted, ruled, verified, decided, inspected = run(
        tmp_path,
        "trust import examples/utopia.pem",
        "rules import examples/rules-utopia.json",
        f"verify examples/traveller.png --at {AT}",
        "decide examples/traveller.png --to XU --timezone Europe/Paris --at 2026-12-24",
        "inspect examples/tested.txt",
    )
    assert (trusted.code, ruled.code, inspected.code) == (0, 0, 0)
    assert verified.code == 3
    # The sign before it is none of that console's.
    assert verified.out.startswith("! AMBER")
    assert "NO_RULES" in verified.out
    assert decided.code == 1
    assert "VR-XU-0004" in decided.out
    assert "reads_as: test" in inspected.out


def test_one_machine_issues_and_revokes(tmp_path: Path) -> None:
    made, issued, revoked, listed = run(
        tmp_path,
        "issuer init --country XU --participant XXU --name Utopia --shards 1 --environment test --at 2026-11-01",
        f"issuer issue --from examples/people.csv --out HOME/out --site harbour --operator op-17 --at {AT}",
        f"issuer revoke --reason product-recall --lot B-1 --by head --yes --at {AT}",
        f"issuer lists --out HOME/lists --at {AT}",
    )
    assert (made.code, revoked.code, listed.code) == (0, 0, 0)
    assert issued.code == 1
    assert issued.out.startswith("2 issued, 1 refused")
    assert "1 revoked" in revoked.out


def test_a_server_is_refused_in_one_line(tmp_path: Path) -> None:
    (log,) = run(tmp_path, "authority log init HOME/net --name log.example")
    made, authority, witness = run(
        tmp_path,
        f"witness init HOME/w --name witness.example.org --log {log.out.strip()}",
        "authority serve HOME/net",
        "witness serve HOME/w",
    )
    assert made.code == 0
    for refused in (authority, witness):
        assert refused.code == 2
        assert refused.errors.startswith("error: serving works on Linux and macOS only\nhint: ")
