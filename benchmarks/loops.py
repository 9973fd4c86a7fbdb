"""Run one way a number of times: what valgrind counts the instructions of.

python -m benchmarks.loops WAY TIMES
"""

from __future__ import annotations

import gc
import sys

from benchmarks import corpus
from benchmarks.ways import ways


def main() -> None:
    """Run the way, once more than asked, so that the first run's loading is in every count."""
    name, times = sys.argv[1], int(sys.argv[2])
    found = corpus.load()
    way = ways(found)[name]
    gc.disable()
    for _ in range(times + 1):
        way()
    print(found.distinct)


if __name__ == "__main__":
    main()
