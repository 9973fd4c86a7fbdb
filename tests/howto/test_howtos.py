"""Every how-to and every walk can be followed from an empty folder, from its top to its end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.howto import follow

PLANTED = """\
Text.

```console
$ mkdir a
$ printf '%s\\n' one two > a/b
$ cat a/b
one
...
$ cat > c <<'END'
> kind
> END
```

```text
0 6 * * 1  pratique network status
```

```console
$ pratique --version
pratique ...
$ {command}
```
"""


@pytest.mark.parametrize("name", follow.PAGES)
def test_a_page_can_be_followed(name: str, tmp_path: Path) -> None:
    done, left = follow.follow(follow.PAGES[name].read_text(encoding="utf-8"), tmp_path)
    assert done > 0
    if left:
        pytest.skip(f"{done} commands were run, but {', '.join(left)}")


@pytest.mark.parametrize("index", follow.INDEXES, ids=lambda path: path.parent.name)
def test_an_index_runs_nothing(index: Path) -> None:
    page = follow.read(index.read_text(encoding="utf-8"))
    assert (page.commands, page.faults) == ([], [])


def test_a_page_that_holds_is_followed(tmp_path: Path) -> None:
    assert follow.follow(PLANTED.replace("{command}", "test -s c"), tmp_path) == (6, [])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("pratique verfy x", "exit code 2"),
        ("pratique --version\n? 3", "exit code 0"),
        ("pratique --version\nanother", "exit code 0"),
        ("cat nothing", "exit code 1"),
        ("echo 'an open quote", "the shell ended"),
        ("false &\nserving", "exit code 0"),
        ("exit 0", "the shell ended"),
        ("cat > d <<'END'\n> without an end\n$ cat e", "exit code 1"),
    ],
)
def test_a_page_with_a_wrong_command_is_caught(wrong: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(follow.Failed, match="(?s)^line 2[0-9]: .*" + told):
        follow.follow(PLANTED.replace("{command}", wrong), tmp_path)


def test_what_a_page_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    follow.follow("```console\n$ sleep 3600 &\n$ echo $! > number\n```\n", tmp_path)
    number = int((tmp_path / "work" / "number").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@pytest.mark.parametrize(
    "passed_over",
    [
        "\n    pratique verify x\n",
        "\n```\npratique verify x\n```\n",
        "\n```sh\npratique verify x\n```\n",
        "\n```text\n$ pratique verify x\n```\n",
        "\n```console\npratique verify x\n```\n",
        "\n```console\n$ pratique verify x\n",
    ],
)
def test_a_block_that_would_be_passed_over_is_a_fault(passed_over: str) -> None:
    assert follow.read("Text.\n" + passed_over).faults


def test_what_a_page_needs_and_this_machine_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    page = follow.read(
        "```console\n$ true\n```\n\n```console\n$ nobody has it\n```\n\n```console\n$ false\n```\n"
    )
    monkeypatch.setattr(follow, "NEEDED", {"nobody": "a-program-that-nobody-has"})
    assert follow.lacking(page) == {2: "a-program-that-nobody-has"}
    monkeypatch.setattr(follow, "NEEDED", {})
    monkeypatch.setattr(follow, "NEEDED_ON", {"nobody": "a-program-that-nobody-has"})
    assert follow.lacking(page) == dict.fromkeys((2, 3), "a-program-that-nobody-has")
