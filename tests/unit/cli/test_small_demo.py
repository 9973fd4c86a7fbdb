"""`pratique demo`: one traveller at one border, with real keys, from what the package brings."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli import demo
from pratique.findings import Code

SHOWN = ["GREEN", "RED", "RED", "RED", "RED", "RED"]


def ran() -> tuple[int, str]:
    # The command's own number is what it returns: the program makes it its exit code.
    runner = CliRunner()
    done = runner.invoke(demo.demo, standalone_mode=False, catch_exceptions=False)
    return int(done.return_value), done.output


def test_one_is_accepted_and_five_are_refused_each_for_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    code, text = ran()
    assert code == 0
    assert re.findall(r"[✔▲✖] (\w+)", text) == SHOWN
    assert re.findall(r"^(\d) ", text, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    reasons = [line.split()[-1] for line in text.splitlines() if "✖" in line]
    assert reasons == [
        "SIGNATURE_INVALID",
        "SIGNATURE_INVALID",
        "REVOKED",
        "RULE_FAILED",
        "EXPIRED",
    ]
    assert list(tmp_path.iterdir()) == []


def test_it_says_how_to_get_the_told_scenario() -> None:
    assert "make demo, in a clone of the source" in ran()[1]


def test_a_verdict_that_was_not_expected_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    real = demo._attempts

    def otherwise(*words: object) -> list[demo.Attempt]:
        return [one._replace(due=Code.SIGNER_UNKNOWN) for one in real(*words)]  # type: ignore[arg-type]

    monkeypatch.setattr(demo, "_attempts", otherwise)
    assert ran()[0] == 1
