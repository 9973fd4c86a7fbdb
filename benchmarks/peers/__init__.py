"""Other libraries over the same texts, each in a process and an environment of its own.

    corpus -> JSON -> cwt (own venv) | dcc-utils (Node) -> its own bare reference, its best, how many
    texts, certificates -> JSON -> cwt | dcc-utils -> what it accepts, and the claims that it reads

1. A peer checks the signature and reads the payload; it makes none of our later checks.
2. What cannot be had here is left out, and told with the reason.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpus import ROOT, Corpus
from benchmarks.timing import Row
from pratique.crypto.algorithms import to_der

HOME = ROOT / ".cache" / "peers"
HERE = Path(__file__).resolve().parent
PATIENCE = 180
"""Seconds that it may take to have a peer, once."""
CWT, DCC_UTILS = "cwt==3.3.0", "dcc-utils@0.4.0"


def measure(corpus: Corpus) -> tuple[list[Row], list[str]]:
    """Run every peer; return the rows, and why others are missing."""
    given = json.dumps(_given(corpus))
    rows: list[Row] = []
    missing: list[str] = []
    for name, script in (("cwt", "run_cwt.py"), ("dcc-utils", "run_dcc_utils.cjs")):
        try:
            told = _answer(PREPARE[name](script), given)
        except Absent as error:
            missing.append(f"{name}: {error}")
        else:
            rows.append(Row(name=f"peer: {name}", **told))
    return rows, missing


def read(name: str, texts: Sequence[str], certificates: Mapping[bytes, bytes]) -> list[Any]:
    """Let a peer read texts; return the claims of each, or None for one that it refuses.

    Args:
        name: of the peer: `cwt` or `dcc-utils`.
        certificates: kid to the signer's X.509 certificate, DER.

    Raises:
        Absent: it cannot be had here.
    """
    script = {"cwt": "read_cwt.py", "dcc-utils": "read_dcc_utils.cjs"}[name]
    keys = {b64encode(kid).decode(): b64encode(der).decode() for kid, der in certificates.items()}
    given = json.dumps({"texts": list(texts), "certificates": keys})
    told: list[Any] = _answer(PREPARE[name](script), given)
    return told


class Absent(Exception):
    """A peer cannot be had here, and why."""


def _answer(command: list[str], given: str) -> Any:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise Absent(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise Absent(_last(error)) from error
    return json.loads(done.stdout)


def _last(error: subprocess.CalledProcessError) -> str:
    return (str(error.stderr).strip().splitlines()[-1:] or ["no word"])[0]


def _given(corpus: Corpus) -> dict[str, object]:
    def b64(data: bytes) -> str:
        return b64encode(data).decode()

    return {
        "texts": corpus.texts,
        "keys": {b64(s.signer.kid): b64(s.signer.public_key) for s in corpus.signed},
        "signed": [
            (b64(s.signer.public_key), b64(to_der(s.signature)), b64(s.message))
            for s in corpus.signed
        ],
    }


def _cwt(script: str) -> list[str]:
    python = HOME / "cwt" / "bin" / "python"
    if not python.exists():
        uv = str(ROOT / ".cache" / "bin" / "uv")
        uv = uv if Path(uv).exists() else shutil.which("uv") or uv
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(HOME / "cwt")])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), CWT, "base45"])
    return [str(python), str(HERE / script)]


def _dcc_utils(script: str) -> list[str]:
    folder = HOME / "node"
    if not (folder / "node_modules" / "dcc-utils").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run(
            [
                "npm",
                "install",
                "--prefix",
                str(folder),
                "--no-audit",
                "--no-fund",
                "--fetch-retries=0",
                DCC_UTILS,
            ]
        )
    return ["node", str(HERE / script), str(folder)]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Absent(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise Absent(_last(error)) from error


PREPARE: dict[str, Callable[[str], list[str]]] = {"cwt": _cwt, "dcc-utils": _dcc_utils}
"""What makes a peer's environment, once, and returns the command that runs a script in it."""
