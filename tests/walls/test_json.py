"""JSON is parsed in one place only: what one reader counts, every reader must."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.walls.source import Module, Place, modules

CODEC = "pratique.strict_json"
PARSERS = {"load", "loads", "JSONDecoder", "scanner", "decoder", "detect_encoding"}
OTHERS = {"simplejson", "orjson", "ujson", "rapidjson", "msgspec"}


def parsing(module: Module) -> Iterator[Place]:
    """Find what parses JSON past the codec."""
    for node in ast.walk(module.tree):
        what = _reason(node)
        if what and module.name != CODEC:
            yield Place(module.name, getattr(node, "lineno", 0), what)


def _reason(node: ast.AST) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="json"), attr=name) if name in PARSERS:
            return f"json.{name}"
        case ast.ImportFrom(module="json"):
            return "import from json"
        case ast.Import(names=names):
            found = {a.name for a in names if a.name.split(".")[0] in OTHERS | {"json"}} - {"json"}
            renamed = {str(a.asname) for a in names if a.name == "json" and a.asname}
            return "".join(sorted(found | renamed))
        case ast.ImportFrom(module=str(name)) if name.split(".")[0] in OTHERS | {"json"}:
            return name
        # requests, httpx and urllib3 parse an answer of their own accord
        case ast.Call(func=ast.Attribute(attr="json"), args=[], keywords=[]):
            return ".json()"
    return ""


def test_json_is_parsed_by_the_strict_codec_only() -> None:
    assert [place for module in modules() for place in parsing(module)] == []


@pytest.mark.parametrize(
    "text",
    ["import json\njson.loads(x)", "import json as j", "from json import loads", "import orjson",
     "import json.decoder", "import json\nread = json.load", "answer.json()"],
)  # fmt: skip
def test_the_wall_sees_each_way_round_it(text: str) -> None:
    assert list(parsing(Module("pratique.trust.example", text)))
