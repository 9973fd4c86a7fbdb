"""What a reader must open to see how something happens: the modules that five real runs execute may only fall."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from tests.walls import journeys
from tools import house


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return journeys.walk(tmp_path_factory.mktemp("net"))


@pytest.mark.parametrize("name", house.limits().journeys)
def test_a_journey_goes_through_no_more_modules(walked: dict[str, list[str]], name: str) -> None:
    seen = walked[name]
    assert len(seen) <= house.limits().journeys[name], "\n".join(seen)


def test_five_journeys_are_walked_and_limited(walked: dict[str, list[str]]) -> None:
    assert set(walked) == set(house.limits().journeys)
    assert len(walked) == 5
    # Each of them starts where a person does, and ends where a certificate's text is read or written.
    assert all({"cli/main.py", "formats/base45.py"} <= set(seen) for seen in walked.values())


def test_a_planted_detour_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "start": "from planted_house import body, by_thread\nimport threading\n"
        "def run():\n    thread = threading.Thread(target=by_thread.run)\n    thread.start()\n    thread.join()\n",
        "body": "class Only:\n    x = 1\ndef run(): ...\nrun()\nfrom planted_house import called_by_body\n"
        "called_by_body.run()\n",
        "called_by_body": "def run(): ...\n",
        "by_thread": "def run():\n    from planted_house import late\n    late.run()\n",
        "late": "def run(): return [x for x in ()]\n",
        "unused": "def run(): ...\n",
        "__init__": "",
    }  # fmt: skip
    folder = tmp_path / "planted_house"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with journeys.executed(folder) as seen:
        import_module("planted_house.start").run()
    assert seen.modules() == ["by_thread.py", "late.py", "start.py"]
    assert sys.getprofile() is None
    assert threading.getprofile() is None


def test_a_process_that_is_forked_counts(tmp_path: Path) -> None:
    executed, notes = journeys.Executed(tmp_path), tmp_path / "notes"
    notes.mkdir()
    executed.files.add(f"{tmp_path}/a.py")
    journeys.note(executed, notes)
    other = journeys.Executed(tmp_path)
    journeys.gather(other, notes)
    assert other.modules() == ["a.py"]


def test_a_journey_that_ends_otherwise_is_no_journey() -> None:
    with pytest.raises(RuntimeError, match="exit 2, not 0"):
        journeys.count([journeys.command("verify", "--no-such-option")])
