"""Other libraries over the same texts, each in a process and an environment of its own.

    corpus -> JSON -> cwt (own venv) | dcc-utils (Node) -> its own bare reference, its best, how many

1. A peer checks the signature and reads the payload; it makes none of our later checks.
2. What cannot be had here is left out, and told with the reason.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.corpus import ROOT, Corpus
from benchmarks.timing import Row
from pratique.crypto.primitives import to_der

HOME = ROOT / ".cache" / "peers"
HERE = Path(__file__).resolve().parent
CWT, DCC_UTILS = "cwt==3.3.0", "dcc-utils@0.4.0"


def measure(corpus: Corpus) -> tuple[list[Row], list[str]]:
    """Run every peer; return the rows, and why others are missing."""
    given = json.dumps(_given(corpus))
    rows: list[Row] = []
    missing: list[str] = []
    for name, prepare in (("cwt", _cwt), ("dcc-utils", _dcc_utils)):
        try:
            command = prepare()
            done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        except FileNotFoundError as error:
            missing.append(f"{name}: {error}")
        except subprocess.CalledProcessError as error:
            last = str(error.stderr).strip().splitlines()[-1:] or ["no word"]
            missing.append(f"{name}: {last[0]}")
        else:
            told = json.loads(done.stdout)
            rows.append(Row(name=f"peer: {name}", **told))
    return rows, missing


def _given(corpus: Corpus) -> dict[str, object]:
    def b64(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "texts": corpus.texts,
        "keys": {b64(s.signer.kid): b64(s.signer.public_key) for s in corpus.signed},
        "signed": [
            (b64(s.signer.public_key), b64(to_der(s.signature)), b64(s.message))
            for s in corpus.signed
        ],
    }


def _cwt() -> list[str]:
    python = HOME / "cwt" / "bin" / "python"
    if not python.exists():
        uv = str(ROOT / ".cache" / "bin" / "uv")
        uv = uv if Path(uv).exists() else shutil.which("uv") or uv
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(HOME / "cwt")])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), CWT, "base45"])
    return [str(python), str(HERE / "run_cwt.py")]


def _dcc_utils() -> list[str]:
    folder = HOME / "node"
    if not (folder / "node_modules" / "dcc-utils").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", DCC_UTILS])
    return ["node", str(HERE / "run_dcc_utils.cjs"), str(folder)]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
