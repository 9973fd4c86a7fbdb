"""Run mutants against the tests that run their lines, and say which nobody noticed.

    tests -> collected once, in a child -> each test's lines -> for each mutant: fork -> its code in
    the function's place -> the tests that run the line -> noticed

1. No file is touched: a mutant exists in the memory of one child process.
2. The tests that noticed something last in the same function come first, then the quickest; the
   first failure ends it. A test that takes twenty times its share of the processor noticed too.
3. Which test runs which line is found in a fork for each test, as mutants are tried: what a cache
   or a fixture of many tests holds was made by none before it.
4. What is outside of all functions, or cannot be put in its place, is tried in a child that imports
   it anew.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tools.operators import Mutant

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 120
"""What one test may wait; what it may compute is twenty times its share."""
MEMORY = 6 << 30
ELSEWHERE = "cannot be put in its place"
STEPS = 5_000
"""Of one function in one test that are noted; more of them show no other lines, and take long."""


class Found(NamedTuple):
    """What the tests run, without any mutant: their seconds, and their lines of the modules."""

    seconds: dict[str, float]
    lines: dict[tuple[str, int], set[str]]
    failed: list[str]

    def of_line(self, file: str, line: int) -> set[str]:
        """Return the tests that run a line."""
        return self.lines.get((file, line), set())

    def of_file(self, file: str) -> set[str]:
        """Return the tests that run any line of a file's functions."""
        return {name for (other, _), names in self.lines.items() if other == file for name in names}


class Tried(NamedTuple):
    """A mutant of a module, and the test that noticed it, if any."""

    module: str
    mutant: Mutant
    by: str


class InPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and gives it another source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module by its name."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=path_of(fullname).as_posix())

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the other source."""
        exec(compile(self.source, module.__name__, "exec"), module.__dict__)  # noqa: S102


def path_of(module: str) -> Path:
    """Return a module's file."""
    return ROOT / "src" / Path(*module.split(".")).with_suffix(".py")


def code_of(source: str, function: str) -> types.CodeType | None:
    """Return a function's code as a source has it, where exactly one has that name."""
    found: list[types.CodeType] = []
    left: list[types.CodeType] = [compile(source, "mutant", "exec")]
    while left:
        inner = [each for each in left.pop().co_consts if isinstance(each, types.CodeType)]
        found += [each for each in inner if each.co_qualname == function]
        left += inner
    return found[0] if len(found) == 1 else None


def put(functions: list[types.FunctionType], code: types.CodeType | None) -> bool:
    """Put code in the place of a function's, where there is exactly one to put it in."""
    if code is None or len(functions) != 1:
        return False
    try:
        functions[0].__code__ = code
    except ValueError:  # another number of free variables
        return False
    return True


def _silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _waited(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class _Tests:
    """A part of pytest's run: what is collected is run in forks, in an order of our own."""

    def __init__(self, work: Callable[[_Tests], None]) -> None:
        self.work = work
        self.lines: set[tuple[str, int]] = set()
        self.files: frozenset[str] = frozenset()
        self.failed, self.stop, self.note = False, False, -1
        self.now = ""
        self.steps: Counter[types.CodeType] = Counter()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = {item.nodeid: item for item in session.items}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:  # a file that cannot be imported
            os._exit(1)
        self.work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = True
            if self.stop:
                os.write(self.note, self.now.encode())
                os._exit(1)

    def run(self, names: Sequence[str], seconds: dict[str, float] | None = None) -> None:
        """Run tests, one after the other."""
        for name, after in zip(names, [*names[1:], None], strict=True):
            item, self.now = self.items[name], name
            if seconds is not None:
                share = 3 + 20 * seconds.get(name, 1)
                signal.setitimer(signal.ITIMER_VIRTUAL, share)
                signal.alarm(SECONDS)
            item.config.hook.pytest_runtest_protocol(
                item=item, nextitem=self.items[after] if after else None
            )

    def trace(self, frame: types.FrameType, _event: str, _argument: object) -> Any:
        """Note each line that is run, of the files that matter."""
        code = frame.f_code
        if code.co_filename not in self.files or self.steps[code] > STEPS:
            return None
        return self.traced

    def traced(self, frame: types.FrameType, event: str, _argument: object) -> Any:
        """Note one line."""
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            self.steps[frame.f_code] += 1
        return self.traced if self.steps[frame.f_code] <= STEPS else None


def _traced(tests: _Tests, files: Iterable[str], place: Path) -> None:
    """Run each test in a fork of its own, and write what they run."""
    found = Found({}, defaultdict(set), [])
    tests.files = frozenset(files)
    gc.freeze()
    for name in tests.items:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            begun = time.process_time()
            threading.settrace(tests.trace)
            sys.settrace(tests.trace)
            tests.run([name])
            sys.settrace(None)
            told = (time.process_time() - begun, tests.lines, tests.failed)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(told, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        failed = _waited(child) != 0
        seconds, lines, failing = pickle.loads(data) if data else (0.0, set(), True)  # noqa: S301
        found.seconds[name] = seconds
        for line in lines:
            found.lines[line].add(name)
        if failed or failing:
            found.failed.append(name)
    place.write_bytes(pickle.dumps(found._replace(lines=dict(found.lines))))


class Package(NamedTuple):
    """Modules that are mutated together, and the tests that are to notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


class Run:
    """The tests of one package, loaded once."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.room = Path(tempfile.mkdtemp(prefix="mutants-"))
        self.found = Found({}, {}, [])

    def close(self) -> None:
        """Remove what the tests wrote."""
        shutil.rmtree(self.room, ignore_errors=True)

    def arguments(self, tests: Sequence[str]) -> list[str]:
        """Tell pytest what to run, and to keep quiet."""
        # Plain asserts: hypothesis is loaded already, and nobody reads why a test failed.
        return [
            "-q", "--assert=plain", "-p", "no:cacheprovider", "--hypothesis-profile=mutants",
            f"--basetemp={self.room / 'tests'}", "--continue-on-collection-errors", *tests,
        ]  # fmt: skip

    def _inside(self, tests: Sequence[str], work: Callable[[_Tests], None]) -> int:
        """Collect tests in a child, and do something with them there."""
        child = os.fork()
        if child == 0:
            _silent()
            pytest.main(self.arguments(tests), plugins=[_Tests(work)])
            os._exit(0)
        return _waited(child)

    def learn(self) -> list[str]:
        """Run all tests without any mutant; return those that fail, so that nothing is proved."""
        place = self.room / "found"
        files = [path_of(module).as_posix() for module in self.package.modules]
        self._inside(self.package.tests, lambda tests: _traced(tests, files, place))
        if not place.exists():
            return ["a test cannot be collected"]
        self.found = pickle.loads(place.read_bytes())  # noqa: S301 - our own child wrote it
        return self.found.failed

    def order(self, names: Iterable[str], last: str = "") -> list[str]:
        """Put tests in the order in which they are likely to notice soonest."""
        return sorted(names, key=lambda name: (name != last, self.found.seconds[name], name))

    def _quick(self, tests: _Tests, made: Sequence[tuple[str, Mutant]], place: Path) -> None:
        functions: dict[tuple[str, str], list[types.FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, types.FunctionType):
                functions[each.__module__, each.__qualname__].append(each)
        last: dict[tuple[str, str], str] = {}
        gc.freeze()
        with place.open("wb") as told:
            for module, mutant in made:
                key = (module, mutant.function)
                names = self.found.of_line(path_of(module).as_posix(), mutant.line)
                code = code_of(mutant.source, mutant.function)
                by = ELSEWHERE
                if names and code is not None:
                    by = self._fork(
                        tests,
                        self.order(names, last.get(key, "")),
                        partial(put, functions[key], code),
                    )
                    last[key] = by if by in names else last.get(key, "")
                pickle.dump(by, told)
                told.flush()

    def _fork(self, tests: _Tests, names: list[str], change: Callable[[], bool]) -> str:
        """Run tests in a fork after a change; return the first that fails."""
        reading, tests.note = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            tests.stop = True
            if change():
                tests.run(names, self.found.seconds)
                os._exit(0)
            os.write(tests.note, ELSEWHERE.encode())
            os._exit(1)
        os.close(tests.note)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
        code = _waited(child)
        return (said or f"ended by {code}") if code else ""

    def _anew(self, module: str, source: str, names: list[str]) -> str:
        """Import a module with another source, and run tests; return the first that fails."""
        files = sorted({name.split("::")[0] for name in names})
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _silent()
            signal.setitimer(signal.ITIMER_VIRTUAL, 60)
            signal.alarm(SECONDS)
            sys.meta_path.insert(0, InPlace(module, source))

            def work(tests: _Tests) -> None:
                if not set(names) <= tests.items.keys():
                    os.write(writing, b"collection")
                    os._exit(1)
                tests.note, tests.stop = writing, True
                tests.run(names, self.found.seconds)
                os._exit(0)

            pytest.main(self.arguments(files), plugins=[_Tests(work)])
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
        code = _waited(child)
        return (said or f"ended by {code}") if code else ""

    def noticed(self, made: Sequence[tuple[str, Mutant]]) -> Iterator[Tried]:
        """Try mutants; yield each, with the test that noticed it."""
        quick = [each for each in made if each[1].function]
        by: dict[tuple[str, str], str] = {}
        place = self.room / "quick"
        if quick:
            self._inside(self.package.tests, lambda tests: self._quick(tests, quick, place))
            with place.open("rb") as told:
                for module, mutant in quick:
                    by[module, mutant.change] = pickle.load(told)  # noqa: S301
        last: dict[str, str] = {}
        for module, mutant in made:
            name = by.get((module, mutant.change), ELSEWHERE)
            if name == ELSEWHERE:
                file = path_of(module).as_posix()
                names = self.found.of_line(file, mutant.line) if mutant.function else None
                names = (names or self.found.of_file(file)) or set(self.found.seconds)
                name = self._anew(module, mutant.source, self.order(names, last.get(module, "")))
                last[module] = name if name in self.found.seconds else last.get(module, "")
            yield Tried(module, mutant, name)
