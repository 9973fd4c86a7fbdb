"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pratique.crypto import keys
from pratique.store import files
from tests import often

ROOT = Path(__file__).resolve().parent.parent

# No test depends on the machine's speed: an example may take as long as it takes.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("any machine")


def pytest_report_header() -> str:
    """Say how much of what is tried again and again this run tries."""
    return "kills and hostile texts: " + (
        "all" if often.WHOLE else "a share (PRATIQUE_WHOLE=1: all)"
    )


FULL_COST = keys.COST
"""What a key's password costs to try, outside of tests."""
# Half the time of the tests that sign with keys in files went there. What runs the program as a process of its
# own, as a person does, still pays it.
keys.COST = 1 << 4


@pytest.fixture(scope="session", autouse=True)
def cores() -> Iterator[None]:
    """Let a command that runs in this process forbid core dumps to itself, and not to all that is started later.

    A hard limit is never raised again, and a harm's test needs to see a core that is dumped.
    """
    with pytest.MonkeyPatch.context() as patched:
        if files.POSIX:
            patched.setattr("resource.setrlimit", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def field_cases() -> Path:
    """Find the situations of the field, which are not part of this repository either.

    They lie beside the repository in ``shared/field-cases``, or where PRATIQUE_FIELD_CASES says.
    """
    named = os.environ.get("PRATIQUE_FIELD_CASES")
    folder = Path(named) if named else ROOT.parent / "shared" / "field-cases"
    if not folder.is_dir():
        pytest.skip(f"no field cases at {folder}: set PRATIQUE_FIELD_CASES to their folder")
    return folder


@pytest.fixture(scope="session")
def policy_tables() -> Path:
    """Find the policy lab's data as it was gathered, with its reference results (`expected.json`).

    It lies beside the repository in ``shared/data/policy``, or where PRATIQUE_POLICY_TABLES says.
    """
    named = os.environ.get("PRATIQUE_POLICY_TABLES")
    folder = Path(named) if named else ROOT.parent / "shared" / "data" / "policy"
    if not folder.is_dir():
        pytest.skip(f"no tables at {folder}: set PRATIQUE_POLICY_TABLES to their folder")
    return folder


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Find other people's test material, which is not part of this repository.

    It lies beside the repository in ``shared/corpora``, or where PRATIQUE_CORPORA says.
    """
    named = os.environ.get("PRATIQUE_CORPORA")
    folder = Path(named) if named else ROOT.parent / "shared" / "corpora"
    if not folder.is_dir():
        pytest.skip(f"no corpora at {folder}: set PRATIQUE_CORPORA to their folder")
    return folder
