"""A cluster of Spark on this machine: a master, and workers that are processes of their own.

    folder -> master, workers (each with its own folder of logs and files) -> address

1. All that the cluster writes lies in one folder, and stays readable there: what is deleted is linked first.
2. A worker can be lost: its process, the executors that it has started, and their Pythons.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.steps import LONGEST, until

ROOT = Path(__file__).resolve().parents[1]


def present() -> None:
    """Skip where there is no Spark, or no Java to run it."""
    pytest.importorskip("pyspark", reason="no pyspark: tools/spark installs it")
    if shutil.which("java") is None:
        pytest.skip("no Java, which Spark needs")


class Cluster:
    """A cluster that runs, in a folder."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self.folder, self.address = folder, ""
        self._home = Path(pyspark.__file__).parent
        self._master: Any = None
        self.workers: list[Any] = []
        (folder / "tmp").mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of whatever belongs to it: it writes in its folder alone."""
        tmp = str(self.folder / "tmp")
        return {
            **os.environ, "SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": "127.0.0.1", "TMPDIR": tmp,
            "SPARK_LOCAL_DIRS": tmp, "SPARK_NO_DAEMONIZE": "1", "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_TOOL_OPTIONS": f"-Djava.io.tmpdir={tmp} -XX:-UsePerfData",
        }  # fmt: skip

    @property
    def daemons(self) -> tuple[int, ...]:
        """Return the process groups of the master and of the workers, with all that they start."""
        return tuple(process.pid for process in (self._master, *self.workers))

    def start(self, workers: int) -> None:
        """Start the master, and workers with a core each; return when all have joined."""
        self._master = self._daemon("master", "master.Master", "--host", "127.0.0.1", "--port", "0")
        self.address = self._said("master", self._master, r"Starting Spark master at (spark://\S+)")
        for _ in range(workers):
            self.add()

    def add(self) -> None:
        """Start one more worker."""
        name = f"worker-{len(self.workers)}"
        work = str(self.folder / name)
        self.workers.append(
            self._daemon(name, "worker.Worker", "-c", "1", "-m", "1g", "-d", work, self.address)
        )
        self._said(name, self.workers[-1], "Successfully registered with master")

    def lose(self, number: int) -> None:
        """Kill a worker, and all that it has started."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()

    def stop(self) -> None:
        """End all of it."""
        for process in (*self.workers, self._master):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(
        self, *words: str, check: bool = True, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a module of this Python as whoever uses the cluster does."""
        return subprocess.run(
            [sys.executable, "-m", *words], env=environment or self.environment, check=check, text=True,
            timeout=LONGEST, capture_output=True,
        )  # fmt: skip

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a module of this Python, with processes of its own that can be killed together."""
        log = self.folder / "driver.log"
        with log.open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", *words], env=self.environment, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip

    def _daemon(self, name: str, kind: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as said:
            return subprocess.Popen(
                [str(self._home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}",
                 "--webui-port", "0", *words],
                env=self.environment, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    def _said(self, name: str, process: Any, pattern: str) -> str:
        """Wait until a daemon has said something; return it."""
        log = self.folder / f"{name}.log"

        def seen() -> list[str]:
            if process.poll() is not None:
                raise AssertionError(f"{name} has ended: {log.read_text(errors='replace')}")
            return re.findall(pattern, log.read_text(errors="replace"))

        until(seen)
        return seen()[0]


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Run a cluster in a folder."""
    made = Cluster(folder)
    try:
        made.start(workers)
        yield made
    finally:
        made.stop()


@contextmanager
def retained(folder: Path, kept: Path) -> Iterator[None]:
    """Link all files that appear in a folder to another one, so that what is deleted can be read."""
    kept.mkdir()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.002):
            for path in list(_files(folder)):
                with suppress(OSError):
                    about = path.stat()
                    (kept / f"{about.st_ino}-{path.name[-60:]}").hardlink_to(path)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _files(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        for name in names:
            yield Path(where) / name
