"""Measure how the house is built: what imports what, what is read in one go, what has one name.

    python -m tools.house            print the table
    python -m tools.house --lists    and whatever stands on a list
    python -m tools.house --write    write tests/walls/house.toml, and tell what rose

1. An edge is a pair of modules, one of which imports from the other: `from x import a` is an edge to `x.a` if that is
   a module, and to the module in which `a` is defined if `x` only hands it on. Imports within functions count.
2. Numbers and lists stand in `tests/walls/house.toml` and may only fall. `--write` writes whatever is there now, so
   that a rise is a line of the change that a reader of it sees.
"""

from __future__ import annotations

import ast
import gc
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from tests.walls.source import ROOT, SRC, Function, Module, modules
from tools import glossary

DATA = ROOT / "tests/walls/house.toml"
LONG, LONGEST, SHORT, COMPLEX, PARAMETERS = 60, 100, 5, 12, 5
VAGUE = frozenset({"found", "made", "told", "held", "one"})
REASON = re.compile(r"^Apart because \w+(?:[ ,]+\S+){2,}", re.MULTILINE)
"""How a module's header says why it stands alone beside its only importer."""

POINTED_AT = re.compile(r"\b(pratique(?:\.\w+)+):(\w+)")
"""A function that is named in a text, for whoever imports it late."""

PLAIN = frozenset({
    "cache", "cached_property", "lru_cache", "contextmanager", "staticmethod", "classmethod", "property",
    "singledispatch", "wraps", "overload", "override",
})  # fmt: skip
"""Decorators that hand a function to nobody: another one's function has its caller elsewhere."""

NAMEDTUPLE = {"_asdict", "_fields", "_make", "_replace"}
"""Public, and written so lest they be fields."""

PUBLIC_ALL_THE_SAME = {"os._exit"}
"""What the standard library documents under a name that begins so."""

ALEMBIC = {"upgrade", "downgrade"}
"""What the tool that migrates registers calls by its name."""

Origin = tuple[str, str]
"""A module, and a name defined in it: "" for the module itself."""


class House:
    """The modules of the package, of what stands around it and may call it, and of its tests."""

    def __init__(
        self,
        inside: Iterable[Module],
        around: Iterable[Module] = (),
        tests: Iterable[Module] = (),
    ) -> None:
        self.modules = {module.name: module for module in inside}
        self.around, self.tests = list(around), list(tests)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules.values())

    @cached_property
    def _handed_on(self) -> dict[str, dict[str, Origin]]:
        """What the body of each module imports, by the name it gets there."""
        return {
            name: {
                local: origin
                for node in module.tree.body
                for local, origin in _named_by(node, self.modules)
            }
            for name, module in self.modules.items()
        }

    def origin(self, module: str, name: str) -> Origin:
        """Find where that which a module has under a name is defined."""
        seen = set()
        while name and (module, name) not in seen:
            seen.add((module, name))
            if f"{module}.{name}" in self.modules:
                return f"{module}.{name}", ""
            module, name = self._handed_on.get(module, {}).get(name, (module, name))
        return module, name

    def imported(self, module: Module) -> dict[str, Origin]:
        """Name what a module imports of this package, by its local name."""
        return {
            local: self.origin(*origin)
            for node in module.nodes
            for local, origin in _named_by(node, self.modules)
        }

    @cached_property
    def edges(self) -> set[tuple[str, str]]:
        """Pairs of a module, and one from which it imports."""
        return {
            (module.name, target)
            for module in self
            for target, _ in self.imported(module).values()
            if target != module.name
        }

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """Which modules import each module."""
        found = defaultdict(set)
        for importer, target in self.edges:
            found[target].add(importer)
        return found


def _named_by(node: ast.AST, known: Mapping[str, object]) -> Iterator[tuple[str, Origin]]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                if alias.name in known:
                    # `import a.b` binds `a`; by its whole name it is found again.
                    yield alias.asname or alias.name, (alias.name, "")
        case ast.ImportFrom(module=str(module), names=names) if module in known:
            for alias in names:
                within = f"{module}.{alias.name}"
                origin = (within, "") if within in known else (module, alias.name)
                yield alias.asname or alias.name, origin


# Where one reads


def one_importer(house: House) -> list[str]:
    """Name modules that one neighbour in their folder imports, and nobody else, and that do not say why."""
    return [
        module.name
        for module in house
        if len(importers := house.importers.get(module.name, set())) == 1
        and house.modules[next(iter(importers))].folder == module.folder
        and not REASON.search(ast.get_docstring(module.tree) or "")
    ]


def body_lines(function: Function) -> int:
    """Count the lines of a body without its docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def longer_than(house: House, limit: int) -> list[str]:
    """Name functions whose bodies have more lines."""
    return [
        f"{module.name}:{name}"
        for module in house
        for name, function in module.functions()
        if body_lines(function) > limit
    ]


def called_once(house: House, limit: int) -> list[str]:
    """Name private functions of fewer lines that one call in their module reaches, and nothing else."""
    found = []
    for module in house:
        reached = Counter(_reached(module.nodes))
        calls = Counter(_reached(n.func for n in module.nodes if isinstance(n, ast.Call)))
        functions = list(module.functions())
        names = Counter(function.name for _, function in functions)
        found += [
            f"{module.name}:{name}"
            for name, function in functions
            if _is_private(function.name)
            and not function.decorator_list
            and body_lines(function) < limit
            and names[function.name] == reached[function.name] == calls[function.name] == 1
        ]
    return found


def _reached(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                yield name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in NAMEDTUPLE


def too_complex(folder: Path = SRC / "pratique") -> list[str]:
    """Name functions that branch too often, as ruff counts them."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--ignore-noqa", "--no-cache", "--exit-zero",
         "--select", "C901", "--config", f"lint.mccabe.max-complexity={COMPLEX}",
         "--output-format", "json", str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = []
    for row in json.loads(done.stdout):
        parts = Path(row["filename"]).relative_to(folder.parent.resolve()).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        found.append(f"{name}:{row['message'].split('`')[1]}")
    return found


def many_parameters(house: House) -> list[str]:
    """Name functions of ours with more parameters than fit into a head; a command's options are the user's."""
    found = []
    for module in house:
        for name, function in module.functions():
            taken = function.args
            every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
            own = [one for one in every if one.arg not in {"self", "cls"}]
            if len(own) > PARAMETERS and not _handed_over(function):
                found.append(f"{module.name}:{name}")
    return found


def _handed_over(function: Function) -> bool:
    """Tell whether a decorator hands a function to somebody else, who calls it."""
    return not {_last(one) for one in function.decorator_list} <= PLAIN


def _last(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(called).rpartition(".")[2]


# Names


def names_twice(house: House) -> list[str]:
    """Name the classes that more than one module has."""
    count = Counter(node.name for module in house for _, node in module.classes())
    return sorted(name for name, times in count.items() if times > 1)


def vague_names(house: House) -> list[str]:
    """Name the places of variables that say nothing of what they hold."""
    found = []
    for module in house:
        for node in module.nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in VAGUE:
                    found.append(f"{module.name}:{node.lineno}")
    return found


def not_in_glossary(house: House) -> list[str]:
    """Name modules with a word that the glossary does not have; a schema's versions are numbered."""
    known = glossary.words()
    return [
        module.name
        for module in house
        if not module.name.rpartition(".")[0].endswith(".versions")
        and any(
            not glossary.is_known(word, known)
            for word in module.name.split(".")[-1].split("_")
            if word and not word.isdigit()
        )
    ]


# What is reached into, and what is not reached at all


def compared_keys(house: House) -> list[str]:
    """Name functions that compare a document's keys by hand: that is the codec's."""
    found = []
    for module in house:
        if module.name.endswith(".strict_json"):
            continue
        for name, node in _within_functions(module):
            match node:
                case ast.Compare(left=left, ops=ops, comparators=rights) if any(
                    isinstance(op, ast.Eq | ast.NotEq) for op in ops
                ):
                    if any(_is_keys(side) for side in (left, *rights)):
                        found.append(f"{module.name}:{name}")
    return _once(found)


def _is_keys(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"
    )  # fmt: skip


def error_codes(house: House) -> list[str]:
    """Name functions that branch on the text of an error's code."""
    found = []
    for module in house:
        for name, node in _within_functions(module):
            match node:
                case ast.Compare(left=left, comparators=rights):
                    sides = (left, *rights)
                    hit = any(map(_is_code, sides)) and any(map(_is_text, sides))
                case ast.Match(subject=subject, cases=cases):
                    hit = _is_code(subject) and any(
                        isinstance(part, ast.Constant) and isinstance(part.value, str)
                        for case in cases
                        for part in ast.walk(case.pattern)
                    )
                case ast.MatchClass(kwd_attrs=names, kwd_patterns=patterns):
                    hit = any(
                        attribute == "code" and isinstance(pattern, ast.MatchValue)
                        and _is_text(pattern.value)
                        for attribute, pattern in zip(names, patterns, strict=True)
                    )  # fmt: skip
                case _:
                    hit = False
            if hit:
                found.append(f"{module.name}:{name}")
    return _once(found)


def _is_code(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "code"


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.List(elts=parts):
            return any(map(_is_text, parts))
    return False


def private_names(house: House) -> list[str]:
    """Name what modules take of others that is private there."""
    found = []
    for module in house:
        bound = set()
        for node in module.nodes:
            match node:
                case ast.Import(names=names):
                    bound |= {alias.asname or alias.name.split(".")[0] for alias in names}
                    taken = [alias.name for alias in names]
                case ast.ImportFrom(module=str(source), names=names):
                    bound |= {alias.asname or alias.name for alias in names}
                    taken = [f"{source}.{alias.name}" for alias in names]
                case _:
                    continue
            found += [
                f"{module.name}: {name}" for name in taken if any(map(_is_private, name.split(".")))
            ]
        for node in module.nodes:
            match node:
                case ast.Attribute(value=ast.Name(id=base), attr=name) if base in bound:
                    if _is_private(name) and f"{base}.{name}" not in PUBLIC_ALL_THE_SAME:
                        found.append(f"{module.name}: {base}.{name}")
    return _once(found)


def without_caller(house: House) -> list[str]:
    """Name public functions of modules that nothing calls, and that are not of the public API."""
    return [
        f"{module}:{name}"
        for module, name in _exported_for_nobody(house)
        if name not in _reached(house.modules[module].nodes)
    ]


def called_at_home(house: House) -> list[str]:
    """Name functions that are public, and that their own module alone calls."""
    return [
        f"{module}:{name}"
        for module, name in _exported_for_nobody(house)
        if name in _reached(house.modules[module].nodes)
    ]


def _exported_for_nobody(house: House) -> list[Origin]:
    used = _used(house)
    return [
        (module.name, node.name)
        for module in house
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and node.name not in {*_listed_public(module), *ALEMBIC}
        and not _handed_over(node)
        and (module.name, node.name) not in used
    ]


def _used(house: House) -> set[Origin]:
    """Find what is read of each module by others, that is neither imported only nor handed on."""
    used: set[Origin] = set()
    as_values: set[str] = set()
    attributes: set[str] = set()
    for module in [*house, *house.around]:
        bound = house.imported(module)
        public = _listed_public(module)
        used |= {bound[name] for name in public if name in bound}
        bases = {id(node.value) for node in module.nodes if isinstance(node, ast.Attribute)}
        for node in module.nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Load()) if name in bound:
                    origin = bound[name]
                    used.add(origin)
                    if not origin[1] and id(node) not in bases:
                        as_values.add(origin[0])
                case ast.Attribute(value=value, attr=name):
                    attributes.add(name)
                    base = bound.get(_dotted(value))
                    if base is not None and not base[1]:
                        used.add(house.origin(base[0], name))
                case ast.Constant(value=str(text)):
                    used |= set(POINTED_AT.findall(text))
    return used | {(module, name) for module in as_values for name in attributes}


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name) if within := _dotted(value):
            return f"{within}.{name}"
    return ""


def _listed_public(module: Module) -> list[str]:
    for node in module.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return [str(one) for one in ast.literal_eval(value)]
    return []


def one_implementation(house: House) -> list[str]:
    """Name protocols of which there are fewer than two implementations, tests' own among them."""
    protocols = [(f"{module.name}:{name}", node) for module in house
                 for name, node in module.classes() if _is_protocol(node)]  # fmt: skip
    # Most tests have nothing to do with a protocol, and need not be parsed.
    near = [
        module
        for module in house.tests
        if any(
            all(f"def {name}(" in module.text for name in _bound_in(node)) for _, node in protocols
        )
    ]
    classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
    for module in [*house, *house.around, *near]:
        for _, node in module.classes():
            classes[node.name].append(node)
    whole = [_members(node, classes) for same in classes.values() for node in same
             if not _is_protocol(node)]  # fmt: skip
    whole += [set(_bound_in(module.tree)) for module in house]
    return [
        name
        for name, node in protocols
        if sum(_members(node, classes) <= members for members in whole) < 2
    ]


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(_last(base) == "Protocol" for base in node.bases)


def _members(node: ast.ClassDef, classes: Mapping[str, list[ast.ClassDef]]) -> set[str]:
    found = set(_bound_in(node))
    for part in ast.walk(node):
        match part:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.add(name)
    for base in node.bases:
        for other in classes.get(_last(base), ()):
            if other is not node:
                found |= _members(other, classes)
    return found


def _bound_in(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for part in node.body:
        match part:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (one.id for one in targets if isinstance(one, ast.Name))
            case ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)


def _within_functions(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """Pair every node with the innermost function or class around it, or "" for none."""
    stack: list[tuple[str, ast.AST]] = [("", module.tree)]
    while stack:
        name, node = stack.pop()
        yield name, node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{name}.{node.name}" if name else node.name
        stack += [(name, child) for child in ast.iter_child_nodes(node)]


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


# The table


class Measures(NamedTuple):
    """All that is measured of a house.

    Attributes:
        shown: numbers that are only told.
        numbers: what may only fall.
        lists: what may only get shorter.
    """

    shown: dict[str, int]
    numbers: dict[str, int]
    lists: dict[str, list[str]]


LISTS: dict[str, Callable[[House], list[str]]] = {
    "modules with one importer, in their folder": one_importer,
    "functions over 60 lines": lambda house: longer_than(house, LONG),
    "class names of two modules": names_twice,
    "modules with a word that is not in the glossary": not_in_glossary,
    "keys compared outside the codec": compared_keys,
    "branches on an error's code": error_codes,
    "private names of others": private_names,
    "functions that nothing calls": without_caller,
    "protocols with one implementation": one_implementation,
}
NUMBERS: dict[str, Callable[[House], int]] = {
    "import edges": lambda house: len(house.edges),
    "private functions under 5 lines that are called once": lambda house: len(
        called_once(house, SHORT)
    ),
    "functions with more than 5 parameters": lambda house: len(many_parameters(house)),
    "public functions that their own module alone calls": lambda house: len(called_at_home(house)),
    "variables called found, made, told, held or one": lambda house: len(vague_names(house)),
}
COMPLEXITY = "functions that branch more than 12 times"


def the_house() -> House:
    """Read the package, and what stands around it."""
    around = ("tools", "benchmarks", "demo", "conformance")
    callers = [m for name in around for m in modules(ROOT / name)]
    return House(modules(), callers, modules(ROOT / "tests"))


def measure(house: House) -> Measures:
    """Measure all that can be read from the source."""
    # Trees are many nodes that live: looking them through for garbage took a third of the time.
    gc.disable()
    try:
        return _measured(house)
    finally:
        gc.enable()


def _measured(house: House) -> Measures:
    lines = {module.name: module.text.count("\n") for module in house}
    shown = {
        "files": len(lines),
        "lines": sum(lines.values()),
        "lines in cli": sum(n for name, n in lines.items() if f"{name}.".startswith("pratique.cli.")),
        "modules with one importer, anywhere": sum(len(who) == 1 for who in house.importers.values()),
        "private functions called once": len(called_once(house, sys.maxsize)),
    }  # fmt: skip
    lists = {name: sorted(of(house)) for name, of in LISTS.items()}
    lists[COMPLEXITY] = sorted(too_complex())
    return Measures(shown, {name: of(house) for name, of in NUMBERS.items()}, lists)


def journeys() -> dict[str, tuple[int, int]]:
    """Take the five journeys; count the modules of each, beside its target."""
    from tests import ceremonies  # noqa: PLC0415 - so that what is read only is measured fast
    from tests.walls import journeys as taken  # noqa: PLC0415

    targets = taken.journeys(ceremonies.AT, ceremonies.LATER)
    with tempfile.TemporaryDirectory() as folder:
        walked = taken.walk(Path(folder))
    return {name: (len(seen), targets[name].target) for name, seen in walked.items()}


class Limits(NamedTuple):
    """What house.toml allows."""

    numbers: dict[str, int]
    journeys: dict[str, int]
    lists: dict[str, list[str]]


def limits(text: str | None = None) -> Limits:
    """Read what is allowed."""
    read = tomllib.loads(DATA.read_text(encoding="utf-8") if text is None else text)
    walked = {name: int(row["modules"]) for name, row in read["journeys"].items()}
    return Limits(read["numbers"], walked, read["lists"])


def render(measures: Measures, walked: Mapping[str, tuple[int, int]]) -> str:
    """Render house.toml."""
    parts = [
        "# What of the house may only fall. Written by: python -m tools.house --write\n\n[numbers]\n",
        *(f'"{name}" = {number}\n' for name, number in measures.numbers.items()),
        "\n# Modules of which functions execute, on real runs.\n[journeys]\n",
        *(
            f'"{name}" = {{ modules = {count}, target = {target} }}\n'
            for name, (count, target) in walked.items()
        ),
        "\n[lists]\n",
    ]
    for name, rows in measures.lists.items():
        body = "".join(f"  {json.dumps(row)},\n" for row in rows)
        parts.append(f'"{name}" = [\n{body}]\n' if rows else f'"{name}" = []\n')
    return "".join(parts)


def rises(allowed: Limits, measures: Measures, walked: Mapping[str, tuple[int, int]]) -> list[str]:
    """Tell what is more than is allowed."""
    found = [f"{name}: {number}, not {allowed.numbers.get(name, 0)}"
             for name, number in measures.numbers.items() if number > allowed.numbers.get(name, 0)]  # fmt: skip
    found += [f"{name}: {count} modules, not {allowed.journeys.get(name, 0)}"
              for name, (count, _) in walked.items() if count > allowed.journeys.get(name, 0)]  # fmt: skip
    for name, rows in measures.lists.items():
        found += [f"{name}: {row}" for row in rows if row not in allowed.lists.get(name, [])]
    return found


def outlived(allowed: Limits, measures: Measures) -> list[str]:
    """Tell what stands on a list and need not any more."""
    return [
        f"{name}: {row}"
        for name, rows in allowed.lists.items()
        for row in rows
        if row not in measures.lists.get(name, [])
    ]


def main(arguments: list[str]) -> int:
    """Print the table; write the limits if asked to."""
    measures, walked = measure(the_house()), journeys()
    counts = {name: len(rows) for name, rows in measures.lists.items()}
    table = measures.shown | measures.numbers | counts
    walks = {f"modules executed: {name}": f"{n} (target {target})"
             for name, (n, target) in walked.items()}  # fmt: skip
    width = max(map(len, [*table, *walks]))
    for name, number in (table | walks).items():
        print(f"{name:{width}}  {number}")
    if "--lists" in arguments:
        for name, rows in measures.lists.items():
            print(f"\n{name}", *rows, sep="\n  ")
    if "--write" in arguments:
        if DATA.is_file():
            for rise in rises(limits(), measures, walked):
                print(f"rises: {rise}")
        DATA.write_text(render(measures, walked), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
