"""A worker of a bulk job: a process that makes every part that is its own.

    job, place, secrets -> desk -> its parts, one after the other -> counts

1. Part n is signed by shard n modulo their number, and made by the worker that owns this shard.
2. A worker whose job was killed ends: it would work for nobody.
"""

from __future__ import annotations

import gc
import os
from itertools import islice
from typing import Any

from pratique.cli import quiet
from pratique.cli.issuer import opening
from pratique.cli.issuer.job import Job
from pratique.cli.issuer.part import Done, Parts
from pratique.edges import tables
from pratique.errors import Unreadable

__all__ = ["Done", "begin", "run"]

_opened: dict[str, Any] = {}


def begin(
    job: Job, place: opening.Place, secrets: dict[str, str], counted: Any, parent: int
) -> None:
    """Open the desk in this process."""
    quiet.begin()
    desk = opening.opened(place, secrets.__getitem__)
    # What is opened stays: the collector of circles need not look through it for every part.
    gc.freeze()
    _opened.update(parts=Parts(job, desk), job=job, counted=counted, parent=parent)


def run(worker: int, workers: int) -> Done:
    """Make all parts of one worker."""
    parts, job, counted = _opened["parts"], _opened["job"], _opened["counted"]
    rows, number, total = tables.rows(job.source), 0, Done(0, 0, 0, 0)
    while part := list(islice(rows, job.size)):
        if number % len(job.labels) % workers == worker:
            if os.getppid() != _opened["parent"]:
                raise Unreadable("job-killed", "the job was killed")
            total = Done(*map(sum, zip(total, parts.make(number, part), strict=True)))
            with counted.get_lock():
                counted.value += len(part)
        number += 1
    return total
