"""Do what we never do: let rows through an engine, which puts them on a disk. ADDRESS SOURCE [encrypted]."""

from __future__ import annotations

import sys

from pyspark import SparkConf, SparkContext, StorageLevel

from pratique.store.spark import QUIET


def told(row: str) -> str:
    """Hand a row on, and say it in the worker's log."""
    sys.stderr.write(f"seen: {row}\n")
    return row


def main() -> None:
    """Read lines, and keep them on the workers' disks."""
    address, source, *mode = sys.argv[1:]
    settings = SparkConf().setAppName("rows").setMaster(address).setAll(list(QUIET.items()))
    settings.set("spark.io.encryption.enabled", str(bool(mode)).lower())
    context = SparkContext(conf=settings)
    context.pythonExec = sys.executable
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        lines = file.read().splitlines()
    rows = context.parallelize(lines, 2)
    if not mode:
        rows = rows.map(told)
    print(rows.persist(StorageLevel.DISK_ONLY).count())
    context.stop()


if __name__ == "__main__":
    main()
