"""What `import pratique` offers: its page runs, it costs nothing until it is used, and strips as the commands do."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pratique
from pratique.findings import Code
from pratique.parties import inputs
from tests.conftest import ROOT

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
UTOPIA = ROOT / "examples" / "utopia.pem"
TEXT = (ROOT / "examples" / "traveller.txt").read_text(encoding="ascii").strip()


def _trust() -> pratique.Snapshot:
    return pratique.load_trust(UTOPIA, at=AT)


def test_its_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(
        str(ROOT / "docs" / "reference" / "library.md"), module_relative=False, encoding="utf-8"
    )
    assert found.attempted > 15
    assert found.failed == 0


def test_the_package_alone_loads_nothing_of_its_own() -> None:
    code = "import pratique, sys; print(sorted(m for m in sys.modules if m.startswith('pratique')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['pratique']"


def test_every_name_is_there_whatever_was_imported_before() -> None:
    code = (
        "import pratique.verification, pratique.decision, pratique.snapshot, pratique\n"
        "print([callable(getattr(pratique, n)) for n in pratique.__all__ if n != '__version__'])\n"
        "print(set(pratique.__all__) <= set(dir(pratique)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" not in run.stdout
    with pytest.raises(AttributeError, match="no_such_name"):
        pratique.no_such_name  # type: ignore[attr-defined]  # noqa: B018


WRAPPED = (
    "{}", " {} ", '"{}"', "{}\r\n", "\ufeff{}", "> {}", "<{}>", "QR-Code:{}", "https://example.org/#{}",
    "", "  ", "HC1:", "HC1:DAMAGED", "shc:/567", "no code", "utopia.pem",
)  # fmt: skip


@pytest.mark.parametrize("form", WRAPPED)
def test_a_text_is_stripped_as_the_commands_strip_it(
    form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    trust, text = _trust(), form.format(TEXT)
    found = pratique.verify(text, snapshot=trust, at=AT)
    (many,) = pratique.verify_many([text], snapshot=trust, at=AT)
    assert found == many
    items = list(inputs.of_text(text, "text 1"))
    assert len(items) == 1
    expected = items[0].finding or pratique.verify(items[0].text or "", snapshot=trust, at=AT)
    if isinstance(expected, pratique.Verification):
        assert found.verdict.colour is expected.verdict.colour
        assert found.certificate == expected.certificate
        assert (found.certificate is not None) is ("{}" in form)
    else:
        assert found.verdict.findings[-1] == expected


def test_a_text_is_never_taken_for_a_files_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.txt").write_text(TEXT)
    found = pratique.verify("code.txt", snapshot=_trust(), at=AT)
    assert found.unread
    assert found.verdict.findings[-1].code is Code.PREFIX_UNKNOWN


def test_many_texts_are_an_iterator() -> None:
    asked: list[int] = []

    def texts() -> object:
        for number in range(1000):
            asked.append(number)
            yield TEXT

    found = pratique.verify_many(texts(), snapshot=_trust(), at=AT)  # type: ignore[arg-type]
    assert next(found).verdict.colour is pratique.Colour.AMBER
    assert len(asked) < 1000


@pytest.mark.parametrize("kind", ["file", "folder", "snapshot", "home"])
def test_trust_is_loaded_from_whatever_holds_it(kind: str, tmp_path: Path) -> None:
    source = UTOPIA
    if kind == "folder":
        source = tmp_path
        (tmp_path / "utopia.pem").write_bytes(UTOPIA.read_bytes())
    if kind == "snapshot":
        source = tmp_path / "snapshot.json"
        source.write_bytes(_trust().to_bytes())
    if kind == "home":
        (tmp_path / "trust").mkdir()
        (tmp_path / "trust" / "snapshot.json").write_bytes(_trust().to_bytes())
        source = tmp_path
    trust = pratique.load_trust(str(source), at=AT)
    assert pratique.verify(TEXT, snapshot=trust, at=AT).certificate is not None


def test_without_a_source_the_users_own_folder_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path))
    with pytest.raises(pratique.PratiqueError) as caught:
        pratique.load_trust(at=AT)
    assert caught.value.code == "no-trust-list"
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "snapshot.json").write_bytes(_trust().to_bytes())
    assert len(pratique.load_trust(at=AT).trust) == 1


def test_rules_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps({"no": "rules"}))
    with pytest.raises(pratique.PratiqueError):
        pratique.load_trust(UTOPIA, rules=[tmp_path / "rules.json"], at=AT)


def test_a_naive_instant_is_refused() -> None:
    naive = AT.replace(tzinfo=None)
    for ask in (
        lambda: pratique.load_trust(UTOPIA, at=naive),
        lambda: pratique.verify(TEXT, snapshot=_trust(), at=naive),
        lambda: list(pratique.verify_many([TEXT], snapshot=_trust(), at=naive)),
        lambda: pratique.decide([], snapshot=_trust(), place=pratique.Destination("XU"), at=naive),
    ):
        with pytest.raises(pratique.PratiqueError) as caught:
            ask()
        assert caught.value.code == "instant-naive"
