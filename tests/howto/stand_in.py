"""Stand in for the program `pratique` in a shell: have a loaded process fork and run it on these very streams."""

import os
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests import forked  # noqa: E402 - `sys.path` names no clone before

if __name__ == "__main__":
    streams = [sys.stdin, sys.stdout, sys.stderr]
    sys.exit(forked.ask(sys.argv[1], sys.argv[2:], Path.cwd(), os.environ, streams))
