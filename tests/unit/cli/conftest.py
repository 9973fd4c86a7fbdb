"""A network that was founded by its own commands, once a run; each test has a copy of its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import held_keys
from tests import ceremonies
from tests.ceremonies import Desk


@pytest.fixture(scope="module", autouse=True)
def held() -> Iterator[None]:
    """Open each key file once: what a guess of its password costs is paid here by tests alone."""
    with held_keys.held():
        yield


@pytest.fixture(scope="session")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Found a network with one active participant, and a border that has synced."""
    folder = tmp_path_factory.mktemp("founded")
    with ceremonies.founded(folder):
        return folder


@pytest.fixture
def desk(founding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk in a copy of that network's folder, which is the working folder."""
    desk = ceremonies.copied(founding, tmp_path / "desk")
    monkeypatch.chdir(desk.folder)
    return desk


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)
