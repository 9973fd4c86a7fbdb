"""`pratique decide` and `pratique rules import`, as a person calls them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.rules import documents
from pratique.rules.documents import write
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.store import sources
from tests import travellers as t
from tests.steps import LONGEST, within

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "examples/traveller.txt").read_text().strip()
NOON = "2026-03-10T12:00:00Z"
SCHEMA = json.loads((ROOT / "docs/reference/pratique-health-code-1.schema.json").read_bytes())


def run(home: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pratique", *words, "--home", str(home)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    assert run(folder, "trust", "import", "examples/utopia.pem")[0] == 0
    rules = folder / "rules.json"
    never = t.rule("VR-XA-0001", {"===": [1, 2]})
    rules.write_text(json.dumps([write(rule) for rule in (*t.utopia(), never)]))
    assert run(folder, "rules", "import", str(rules))[0] == 0
    return folder


@pytest.mark.parametrize(
    ("on", "code", "sign"),
    [(NOON, 0, "GREEN"), ("2026-03-05T12:00:00Z", 1, "RED")],
)
def test_the_exit_code_is_the_colour(home: Path, on: str, code: int, sign: str) -> None:
    found, said = run(home, "decide", TEXT, "--to", "XU", "--on", on)
    assert found == code
    assert sign in said
    assert "VR-XU-0003" in said


def test_nobodys_rules_are_amber(home: Path) -> None:
    found, said = run(home, "decide", TEXT, "--to", "XX", "--on", NOON)
    assert found == 3
    assert "NO_RULES_FOR_COUNTRY" in said


def test_green_says_from_when_until_when_in_the_ports_zone(home: Path) -> None:
    zone = ["--zone", "Pacific/Auckland"]
    _, said = run(home, "decide", TEXT, "--to", "XU", "--on", NOON, *zone)
    assert "green from 2026-03-06 00:00:00 NZDT until 2026-11-17 00:00:00 NZDT" in said


def test_the_matrix_has_a_row_for_each_destination(home: Path) -> None:
    code, said = run(home, "decide", TEXT, "--matrix", "--on", NOON)
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == ["XA", "XU"]


@pytest.mark.parametrize("words", [["--to", "XU"], ["--to", "XA"], ["--to", "XX"], ["--matrix"]])
@pytest.mark.parametrize("on", [NOON, "2026-03-05T12:00:00Z", "2040-01-01"])
def test_json_keeps_to_its_schema(home: Path, words: list[str], on: str) -> None:
    _, said = run(home, "decide", TEXT, *words, "--on", on, "--format", "json")
    assert list(wrong(json.loads(said), SCHEMA, "$")) == []


def test_what_a_certificate_says_is_shown_to_who_asks_for_it(home: Path) -> None:
    asked = ["decide", TEXT, "--to", "XU", "--on", NOON]
    _, silent = run(home, *asked)
    _, said = run(home, *asked, "--show-content")
    assert "entries 1.product" not in silent
    assert "for the holder only:" in said
    assert "entries 1.product" in said
    # A DCC is what rules see: nothing is made of it.
    assert "as_dcc" not in said
    _, written = run(home, *asked, "--show-content", "--format", "json")
    document = json.loads(written)
    assert list(wrong(document, SCHEMA, "$")) == []
    assert [row["domain"] for row in document["content"]] == ["DCC"]


def test_the_schema_can_say_no(home: Path) -> None:
    _, said = run(home, "decide", TEXT, "--matrix", "--on", NOON, "--format", "json")
    told = json.loads(said)
    told["results"][0]["colour"] = "blue"
    told["results"][1]["name"] = "Jo"
    assert list(wrong(told, SCHEMA, "$")) == ["$.results.0.colour", "$.results.1.name"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "XU", "--zone", "Mars/Olympus"], "the time zone is not known here"),
        (["--to", "XU", "--matrix"], "name one destination"),
        ([], "name one destination"),
        (["--to", "XU", "--on", "noon"], "is not a valid timestamp"),
    ],
)
def test_what_cannot_be_asked_is_told(home: Path, words: list[str], said: str) -> None:
    code, told = run(home, "decide", TEXT, *words)
    assert code == 2
    assert said in told
    assert "Traceback" not in told


DEEP = b"[" * 100_000 + b"]" * 100_000
ADD: dict[str, Any] = {"+": [{"var": "accumulator"}, 1]}


def nested(depth: int) -> Any:
    logic: Any = ADD
    for _ in range(depth):
        logic = {"reduce": [{"var": "payload.v"}, logic, 0]}
    return logic


def bomb(logic: Any) -> bytes:
    good = write(t.rule("VR-XU-0009", {"===": [1, 1]}))
    return json.dumps([{**good, "Logic": logic}]).encode()


BOMBS = {
    "nested reduce": bomb(nested(30)),
    "doubling": bomb({"reduce": [[1] * 40, [{"var": "accumulator"}, {"var": "accumulator"}], 0]}),
    "ten megabytes": bomb({"===": [{"var": "payload.v.0.mp"}, "x" * 10_000_000]}),
    "a wide list": bomb({"in": [1, [1] * 100_000]}),
    "deep": DEEP,
    "deep logic": bomb({"!": [1]}).replace(b'{"!": [1]}', b'{"!": [' * 500 + b"1" + b"]}" * 500),
}


BOMB_LINES = 100_000
"""Of Python that refusing one may take."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_few_steps_and_goes_no_further(home: Path, name: str) -> None:
    Ruleset(t.utopia())
    path, kept = home / "bomb.json", sources.snapshot_path(home)
    before = kept.read_bytes()
    with pytest.raises(DocumentRefused) as refused:
        within(BOMB_LINES, lambda: Ruleset(documents.read(strict_json.parse(BOMBS[name])).rules))
    message = refused.value.message
    assert 0 < len(message) < 300
    path.write_bytes(BOMBS[name])
    code, said = run(home, "rules", "import", str(path))
    after = kept.read_bytes()
    kept.write_bytes(before)
    assert code == 3
    assert "Traceback" not in said
    assert len(said) < 900
    if said.startswith("error: "):
        assert after == before
        return
    # It is held as a rule that nobody can ask, without its logic.
    assert len(after) < len(before) + 1_000
    (held,) = (r for r in Snapshot.from_bytes(after).ruleset.rules if r.identifier == "VR-XU-0009")
    assert (held.fault, held.logic) == ("rule-logic", {})


def wrong(value: Any, schema: dict[str, Any], where: str) -> Any:
    """Yield the places that do not keep to a schema: the words of JSON Schema that ours use."""
    if "$ref" in schema:
        yield from wrong(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], where)
    types = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
    named = schema.get("type", [])
    named = [named] if isinstance(named, str) else named
    good = (
        (not named or type(value) in [types[name] for name in named])
        and ("const" not in schema or value == schema["const"])
        and ("enum" not in schema or value in schema["enum"])
        and (type(value) is not str or re.search(schema.get("pattern", ""), value) is not None)
        and all(name in value for name in schema.get("required", []))
    )
    if not good:
        yield where
    elif isinstance(value, dict):
        for name, inner in value.items():
            known = schema.get("properties", {})
            if name in known:
                yield from wrong(inner, known[name], f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{where}.{name}"
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from wrong(inner, schema.get("items", {}), f"{where}.{i}")
