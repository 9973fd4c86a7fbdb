"""Find out what of Python's library the pages need, compile it, and pack it. Run by Pyodide under Node, at build.

    our modules imported -> sys.modules -> + what those may import later -> .pyc -> archives

1. No module is dropped by guess: what a kept module imports is kept, or stands in left-out.txt with its reason.
2. Docstrings are dropped, asserts are kept: they narrow types, and a wrong one must end a call.
"""

import ast
import codecs
import importlib
import json
import marshal
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

LIBRARY = zipfile.ZipFile("/lib/python314.zip")
NAMES = set(LIBRARY.namelist())
EPOCH = (1980, 1, 1, 0, 0, 0)
UNCHECKED_HASH = (1).to_bytes(4, "little")
LATER = {
    # Imported by C code, by name: no import statement names them.
    "_strptime", "encodings.ascii", "encodings.latin_1",
    # In which JSON may come (json.detect_encoding).
    "encodings.utf_8_sig", "encodings.utf_16", "encodings.utf_16_be", "encodings.utf_16_le",
    "encodings.utf_32", "encodings.utf_32_be", "encodings.utf_32_le",
    # Asked for by zoneinfo where a zone is not in its folder.
    "importlib.resources", "importlib.resources._adapters", "importlib.resources._common",
    "importlib.resources._functional", "importlib.resources.abc",
}  # fmt: skip
"""What the start does not load, and a check may."""


def run(closure_json: str, left_out_json: str) -> str:
    """Write /python.zip and /pratique.zip; return the modules that are missing, as JSON."""
    closure, left_out = json.loads(closure_json), set(json.loads(left_out_json))
    sys.path[1:1] = ["/source", "/wheel"]
    for module in [*closure["own"], *closure["others"]]:
        importlib.import_module(module)
    own = [(file, Path("/source", file).read_bytes()) for file in sorted(closure["own"].values())]
    named = {name for _, source in own for name in encodings_in(source)}
    loaded = {name for name in sys.modules if library_file(name)} | LATER | named
    kept, missing = completed(
        {name for name in loaded if not is_left_out(name, left_out)}, left_out
    )
    library = [(library_file(name), LIBRARY.read(library_file(name))) for name in sorted(kept)]
    cbor2 = [
        (f"cbor2/{file.name}", file.read_bytes()) for file in [Path("/wheel/cbor2/__init__.py")]
    ]
    pack("/python.zip", library + cbor2)
    pack("/pratique.zip", own)
    return json.dumps(sorted(missing))


def completed(kept: set, left_out: set) -> tuple:
    """Add what kept modules import; return with it the names that nobody had decided about."""
    kept, missing, waiting = set(kept), set(), sorted(kept)
    while waiting:
        module = waiting.pop()
        for name in sorted(imports(module) - kept):
            if library_file(name) and not is_left_out(name, left_out):
                missing.add(f"{name} (by {module})")
                kept.add(name)
                waiting.append(name)
    return kept, missing


def encodings_in(source: bytes) -> set:
    """Return the modules of the encodings that a source names: a codec is imported when a text is first read by it."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    values = [
        value.value for call in calls if getattr(call.func, "attr", "") in {"decode", "encode"}
        for value in [*call.args[:1], *(word.value for word in call.keywords if word.arg == "encoding")]
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]  # fmt: skip
    # Looking one up imports its module: under which name, Python knows.
    before = set(sys.modules)
    for value in values:
        codecs.lookup(value)
    return {name for name in set(sys.modules) - before if name.startswith("encodings.")}


def is_left_out(name: str, left_out: set) -> bool:
    """Say whether a module, or a package that it is in, is left out."""
    parts = name.split(".")
    return any(".".join(parts[:count]) in left_out for count in range(1, len(parts) + 1))


def library_file(name: str) -> str | None:
    """Return where in the library's archive a module is; None if it is built in, or no module."""
    base = name.replace(".", "/")
    return next((file for file in (f"{base}/__init__.py", f"{base}.py") if file in NAMES), None)


def imports(module: str) -> set:
    """Return what a module of the library imports, at whatever depth of its code."""
    file = library_file(module)
    package = module if file.endswith("__init__.py") else module.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(LIBRARY.read(file))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in names | {name.rpartition(".")[0] for name in names} if name}


def pack(target: str, files: list) -> None:
    """Compile modules, and store them in an archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, source in files:
            # Where there are no sources, bytecode lies beside where they would.
            packed = zipfile.ZipInfo(name.removesuffix(".py") + ".pyc", EPOCH)
            archive.writestr(packed, bytecode(name, source))


def bytecode(name: str, source: bytes) -> bytes:
    """Compile one module."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if not (
            isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
        ):
            continue
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            # A data class without a docstring makes one itself, and takes long over it.
            first.value = ast.copy_location(ast.Constant("-"), first.value)
        else:
            node.body[:1] = [] if node.body[1:] else [ast.copy_location(ast.Pass(), first)]
    code = compile(tree, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code)
