"""A back end's side of a gateway runs where none of the libraries for a gateway is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.steps import LONGEST

LACKING = """
import sys
sys.modules.update(dict.fromkeys(("alembic", "sqlalchemy", "starlette", "uvicorn")))
from pratique.cli.main import main
sys.argv[0] = "pratique"
main()
"""


def without_extras(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", LACKING, "gateway", *words]
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=LONGEST)


@pytest.mark.parametrize("name", ["push", "pull"])
def test_a_back_ends_side_needs_no_extra(name: str) -> None:
    done = without_extras(name, "--url", "https://localhost:1")
    assert done.returncode == 2
    assert "missing option '--certificate'" in done.stderr
    assert "pip install" not in done.stderr


def test_a_gateway_says_which_extra_it_needs() -> None:
    done = without_extras("init", "gateway")
    assert done.returncode == 2
    assert "pip install 'pratique[gateway]'" in done.stderr
