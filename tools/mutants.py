"""Turn or delete each check, one at a time, and see whether a test notices.

    python -m tools.mutants [module ...]        docs/reference/mutation.md says how it came out

    module -> mutants -> for each: fork -> import it in the module's place -> tests -> noticed?

1. No file is touched: the mutant exists in the memory of one child process.
2. A mutant that nobody can notice is listed in `equivalent.toml`, with the reason; a row that is no
   longer needed is told. Any other survivor is an error: exit 1.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from hypothesis import Phase

from tools.operators import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60
MODULES = (
    "journeys.verify", "journeys.authenticate", "journeys.conclude", "journeys.checks",
    "trust.store", "trust.signer", "trust.countries", "formats.hcert", "formats.cwt",
)  # fmt: skip
TESTS = (
    "tests/conformance/test_vectors.py::test_many_at_once_come_to_the_same",
    "tests/unit/journeys", "tests/unit/trust/test_store.py", "tests/unit/trust/test_signer.py",
    "tests/unit/trust/test_countries.py", "tests/unit/formats/test_hcert.py",
    "tests/unit/formats/test_cwt.py", "tests/unit/test_verdict.py", "tests/journeys/test_verify.py",
    "tests/conformance/test_vectors.py",
)  # fmt: skip
LOADED = ("cbor2", "cryptography.x509", "tomllib", "json", "zlib", "argparse", "calendar")
"""What every child would import anew; ours is never among it."""


class InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and gives it another source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module by its name."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=path_of(fullname).as_posix())

    def exec_module(self, module: ModuleType) -> None:
        """Run the other source."""
        exec(compile(self.source, module.__name__, "exec"), module.__dict__)  # noqa: S102


def path_of(module: str) -> Path:
    """Return a module's file."""
    return ROOT / "src" / Path(*module.split(".")).with_suffix(".py")


def noticed(module: str, source: str) -> bool:
    """Run the tests with a source in the module's place, in a child process."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.meta_path.insert(0, InPlace(module, source))
        # Plain asserts: hypothesis is loaded already, and nobody reads why a test failed.
        arguments = [
            "-x",
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "--hypothesis-profile=mutants",
        ]
        os._exit(int(pytest.main([*arguments, *TESTS])) != 0)
    _, how = os.waitpid(child, 0)
    return how != 0


def survivors(module: str, made: Sequence[Mutant]) -> Iterator[Mutant]:
    """Yield the mutants that no test notices."""
    for count, mutant in enumerate(made, 1):
        if not noticed(module, mutant.source):
            yield mutant
        if count % 25 == 0:
            print(f"{module}: {count} of {len(made)}", file=sys.stderr, flush=True)


def equivalent() -> dict[tuple[str, str], str]:
    """Read the mutants that nobody can notice: (module, change) -> reason."""
    rows = tomllib.loads((ROOT / "tools/equivalent.toml").read_text(encoding="utf-8"))
    return {
        (module, change): group["reason"]
        for group in rows.get("group", [])
        for module in [group["module"]]
        for change in group["changes"]
    }


def disturbed() -> bool:
    """Tell whether the tests fail without any mutant, so that nothing is proved."""
    if failing := noticed("pratique.none", ""):
        print("error: the tests fail without any mutant\nhint: make test", file=sys.stderr)
    return failing


def main(arguments: list[str]) -> int:
    """Mutate, and tell the survivors."""
    os.chdir(ROOT)
    for name in LOADED:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutants", max_examples=30, database=None, phases=[Phase.explicit, Phase.generate]
    )
    if disturbed():
        return 2
    excused, failed = equivalent(), 0
    for name in arguments or MODULES:
        module = f"pratique.{name}"
        made = list(mutants(path_of(module).read_text(encoding="utf-8")))
        left = list(survivors(module, made))
        listed = {change for named, change in excused if named == module}
        unlisted = [mutant for mutant in left if mutant.change not in listed]
        same = len(left) - len(unlisted)
        counted = len(made) - same
        print(
            f"{module}: {counted - len(unlisted)} of {counted} noticed, {same} equivalent",
            flush=True,
        )
        for mutant in unlisted:
            print(
                f"  {path_of(module).relative_to(ROOT)}:{mutant.line}: {mutant.change}", flush=True
            )
        for change in sorted(listed - {mutant.change for mutant in left}):
            print(f"  no longer needed in equivalent.toml: {change}", flush=True)
        failed += len(unlisted)
        # A file that was edited meanwhile may have failed the tests in a mutant's stead.
        if disturbed():
            return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
