"""What a page loads: the bridge's closure of imports holds cbor2 and the standard library, and nothing else runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from datetime import datetime

import grimp
import pytest

from pratique import strict_json
from pratique.parties import conformance
from tests.walls.source import ROOT, SRC
from tools import closure

KIT = ROOT / "vectors"
WITHOUT = """
import json, sys, zoneinfo

allowed = set(json.loads(sys.argv[1]))
sys.path.insert(0, sys.argv[2])

class Page:
    @staticmethod
    def find_spec(name, path=None, target=None):
        first = name.partition(".")[0]
        own = name in allowed if first == "pratique" else first in {*sys.stdlib_module_names, "cbor2", "tzdata"}
        if not own:
            raise ImportError(f"a page has no {name}")

sys.meta_path.insert(0, Page)
from pratique.web.bridge import Bridge

def told(method, request):
    known = {}
    while "ask" in (reply := json.loads(bridge.handle(method, json.dumps(request), json.dumps(known)))):
        known |= {question["id"]: True for question in reply["ask"]}
    return reply

bridge = Bridge()
for data, requests in json.load(sys.stdin):
    assert "error" not in (opened := json.loads(bridge.open(data.encode()))), opened
    for method, request in requests:
        print(method, *told(method, request).get("error", {}).values())
"""
"""A stand-in for a page: nothing but the closure can be imported, and every signature is said to be good."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pratique", include_external_packages=True, cache_dir=None)


def test_the_only_third_party_is_cbor2(graph: grimp.ImportGraph) -> None:
    _, others = closure.closure(graph)
    assert others - set(sys.stdlib_module_names) == {"cbor2"}


def test_what_is_not_followed_is_what_loads_openssl(
    graph: grimp.ImportGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, imported in closure.NOT_FOLLOWED:
        assert imported in graph.find_modules_directly_imported_by(module)
    monkeypatch.setattr(closure, "NOT_FOLLOWED", set())
    _, others = closure.closure(graph)
    assert closure.refused(others) == {"cryptography"}


def test_every_vector_is_judged_by_the_closure_alone(graph: grimp.ImportGraph) -> None:
    own, _ = closure.closure(graph)
    held: dict[bytes, list[object]] = defaultdict(list)
    for path in sorted((KIT / "cases").iterdir()):
        for row in strict_json.loads(path.read_bytes(), halves=True)["cases"]:
            data = conformance.snapshot_of(row, KIT / "signers.json").to_bytes()
            at = int(datetime.fromisoformat(row["clock"]).timestamp())
            request = {"texts": [row["text"]], "place": "FR", "zone": "Europe/Paris", "at": at}
            held[data].append(("border.check", request))
    run = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT, json.dumps(sorted(own)), str(SRC)],
        input=json.dumps([(data.decode(), requests) for data, requests in held.items()]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[:-1] == ["border.check"] * sum(map(len, held.values()))


def test_what_is_not_of_the_closure_could_not_be_loaded() -> None:
    run = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT, json.dumps(["pratique"]), str(SRC)],
        input="[]",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a page has no pratique.web" in run.stderr
