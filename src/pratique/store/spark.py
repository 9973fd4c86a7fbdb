"""Apache Spark as the engine of a job that one machine is too small for.

    tasks -> a job of as many partitions -> Python on the cluster's nodes: perform(task) -> what came of it

1. What goes through Spark are tasks and outcomes, which are numbers and paths; rows are read and parts are written
   by the workers themselves. So nothing of a person is in its memory, its logs, its spill files.
2. What it may write all the same is encrypted, no event log is kept, and nothing is shown on a page.
3. A task whose node is lost is done on another one, as Spark does it. No exception reaches Spark: its log would
   have a traceback, and a retry would help nobody.
4. The cluster is the user's: nodes have this Python with Pratique in it, and see the folders under the same paths.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pratique.errors import ExtraMissing, PratiqueError, Unreadable, UsageError
from pratique.store.workers import Failed, Result, Step, Task, guarded, lost, outcome, ready

QUIET = {
    "spark.io.encryption.enabled": "true",
    "spark.eventLog.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.python.worker.reuse": "true",
    "spark.sql.warehouse.dir": os.devnull,
}
"""What holds whatever the cluster's own settings say."""
_LOG = Path(__file__).with_name("spark-log4j2.properties")
# Java's work here is to start, and to hand on numbers: what its second compiler makes of that is never earned back.
_JAVA = "-XX:TieredStopAtLevel=1"
LEAN = {
    "spark.driver.defaultJavaOptions": f"{_JAVA} -Dlog4j2.configurationFile={_LOG}",
    "spark.executor.defaultJavaOptions": _JAVA,
}
"""Options of Java that come before those of the cluster's own settings (`extraJavaOptions`), which win."""
_GLANCE = 0.2
"""Seconds between two looks at how far it is."""


class Spark:
    """An engine: a Spark cluster at an address, or that of Spark's own settings where none is named."""

    def __init__(self, address: str = "") -> None:
        self._address = address

    def run(
        self, perform: Callable[[Task], Result], tasks: Sequence[Task], step: Step
    ) -> list[Result]:
        """Do all tasks on the cluster; see `workers.TaskEngine`."""
        if not tasks:
            return []
        results: list[Any] = []
        with _context(self._address) as context:
            broken: list[BaseException] = []

            def collect() -> None:
                rows = context.parallelize(tasks, len(tasks)).map(partial(_done, perform))
                try:
                    results.extend(rows.collect())
                except BaseException as error:  # noqa: BLE001 - told of in the thread that waits
                    broken.append(error)

            thread = threading.Thread(target=collect, daemon=True)
            thread.start()
            said = 0
            while thread.is_alive():
                thread.join(_GLANCE)
                done = _completed(context)
                for _ in range(done - said):
                    step(None)
                said = max(said, done)
            if broken:
                # Its own words may quote anything; that a node was lost too often is what is left.
                raise lost() from None
        return [outcome(said) for said in results]


def _done(perform: Callable[[Task], Result], task: Task) -> Result | PratiqueError | Failed:
    ready()
    return guarded(perform, task)


def _completed(context: Any) -> int:
    tracker = context.statusTracker()
    stages = (tracker.getStageInfo(number) for number in tracker.getActiveStageIds())
    return sum(stage.numCompletedTasks for stage in stages if stage is not None)


@contextlib.contextmanager
def _context(address: str) -> Iterator[Any]:
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - an extra
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise ExtraMissing("dist", "the engine spark") from error
    # Spark's own settings are read by Java, which does not run yet: what is set here takes their place.
    settings = SparkConf().setAppName("pratique").setAll([*QUIET.items(), *LEAN.items()])
    if address:
        settings.setMaster(address)
    try:
        context = SparkContext(conf=settings)
    except (PySparkException, OSError) as error:
        raise _unreachable() from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "py4j":
            raise
        raise _unreachable() from None
    if not address and context.master.startswith("local"):
        # What Spark takes where nothing is named.
        context.stop()
        raise UsageError(
            "address-missing", "no cluster is named",
            "name it with --address spark://HOST:7077, or yarn, or in Spark's own settings",
        )  # fmt: skip
    # What runs on the nodes: this same Python, where Spark's own variable names no other.
    context.pythonExec = os.environ.get("PYSPARK_PYTHON", sys.executable)
    try:
        yield context
    finally:
        context.stop()


def _unreachable() -> Unreadable:
    return Unreadable(
        "engine-unreachable", "Spark could not be started, or its cluster could not be reached",
        "is there a Java 17 or later, and is the address right?",
    )  # fmt: skip
