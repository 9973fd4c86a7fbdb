"""A clerk's day in one process: many commands, as they are called from the command line.

    work(FILE RENEWED CORRECTED REVOKED ISSUER REGISTER)      texts, one a line -> what was asked for
    several(FILE)                                             commands, as JSON -> their exit codes

The desk is opened once for all work: a key takes a tenth of a second to open, and each command would
open its own.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from pratique.cli import issuer
from pratique.cli.main import main, pratique
from pratique.parties.issuing import IssuingSession
from tests.harms.bureau import AT, WORK

_open = issuer.session_of


@cache
def _desk() -> IssuingSession:
    options: dict[str, Any] = {"password_file": None, "pin_file": None}
    return _open(
        issuer_folder=Path(sys.argv[5]), register=sys.argv[6] or None, value_sets=(), **options
    )


def _run(*words: str) -> None:
    pratique(["issuer", *words], standalone_mode=False)


def work() -> None:
    """Work off the texts in order."""
    opened = _desk()
    issuer.session_of = lambda **_: opened
    texts = iter(Path(sys.argv[1]).read_text().split("\n"))
    for _ in range(int(sys.argv[2])):
        _run("renew", next(texts), *WORK)
    for _ in range(int(sys.argv[3])):
        _run("correct", next(texts), "given_on=2026-10-02", "--yes", *WORK)
    for _ in range(int(sys.argv[4])):
        wrong = ("revoke", "--reason", "fraud", "--by", "head", "--yes", "--at", AT)
        _run(*wrong, "--certificate", next(texts))


def several() -> None:
    """Run commands, and say how each of them ended."""
    for command in json.loads(Path(sys.argv[1]).read_text()):
        try:
            main(command)
        except SystemExit as ended:
            print("exit code", ended.code)
