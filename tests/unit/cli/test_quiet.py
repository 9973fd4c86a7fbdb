"""A process that is asked for a secret dumps no core from then on."""

from __future__ import annotations

import subprocess
import sys

LIMITS = """
import resource
from pratique.cli import options
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
before = resource.getrlimit(resource.RLIMIT_CORE)
{act}
print(before[0] != 0, resource.getrlimit(resource.RLIMIT_CORE) == (0, 0))
"""


def limits(act: str) -> list[str]:
    words = [sys.executable, "-c", LIMITS.format(act=act)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_whoever_opens_keys_leaves_no_core() -> None:
    assert limits("options.secrets(None, None)")[1] == "True"
    # The control: it is this that sets it, where the system lets cores be at all.
    begun, quiet = limits("pass")
    assert quiet == str(begun != "True")
