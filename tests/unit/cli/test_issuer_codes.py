"""Sites and operators are codes; where holders turn to is asked for once, and stands on every sheet."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cli import issuer_keys
from pratique.cli.issuer import code
from pratique.cli.main import pratique
from pratique.errors import UsageError
from pratique.parties import issuer

CONTEXT = click.Context(pratique)
OPTION = click.Option(["--operator"])
PARTS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20)


@settings(deadline=None)
@given(
    parts=st.lists(PARTS, min_size=2, max_size=4),
    mark=st.sampled_from([" ", "\u00a0", "\t", "\u3000", "@"]),
)
def test_a_name_with_blanks_or_an_address_is_no_code_and_is_not_repeated(
    parts: list[str], mark: str
) -> None:
    with pytest.raises(UsageError) as error:
        code(CONTEXT, OPTION, mark.join(parts))
    assert error.value.code == "code-name"
    assert mark.join(parts) not in error.value.message + error.value.hint


@settings(deadline=None)
@given(PARTS, PARTS, st.sampled_from(["-", ".", "_", "/", ""]))
def test_a_code_in_any_script_is_kept_as_it_is(one: str, two: str, mark: str) -> None:
    assert code(CONTEXT, OPTION, f" {one}{mark}{two}\n") == f"{one}{mark}{two}"


@pytest.mark.parametrize("command", ["issue", "renew", "correct"])
def test_every_command_that_notes_an_operator_refuses_a_name(command: str) -> None:
    words = ["issuer", command, "x=y", "--site", "harbour", "--operator", "Jane Doe"]
    done = CliRunner().invoke(pratique, words, standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert done.exception.code == "code-name"


def made(folder: Path, *words: str, answers: str = "") -> Result:
    names = ["--country", "XU", "--participant", "XXU", "--name", "Utopia", "--shards", "1"]
    where = ["--issuer", str(folder), "--environment", "test"]
    return CliRunner(env={"PRATIQUE_KEY_PASSWORD": "four invented plain words"}).invoke(
        pratique, ["issuer", "init", *names, *where, *words], standalone_mode=False, input=answers
    )


def test_a_contact_is_kept_and_its_lack_is_a_warning_only(tmp_path: Path) -> None:
    done = made(tmp_path / "one", "--contact", "certificates@health.example")
    assert done.exception is None
    assert issuer.load(tmp_path / "one").contact == "certificates@health.example"
    assert "warning" not in done.output
    done = made(tmp_path / "two")
    assert done.exception is None
    assert "warning: no --contact" in done.output
    assert issuer.load(tmp_path / "two").contact == ""


def test_at_a_terminal_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "_is_asked", lambda: True)
    done = made(tmp_path / "one", answers="1 Harbour Road\n")
    assert done.exception is None
    assert issuer.load(tmp_path / "one").contact == "1 Harbour Road"
