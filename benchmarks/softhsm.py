"""Measure one signature in a device: SoftHSM2, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from pratique.crypto import keys as crypto_keys
from pratique.store import keys
from pratique.terms import Algorithm

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
PIN = "1234"
TIMES = 2000


def measure(folder: Path) -> None:
    """Print what a signature costs in SoftHSM2, beside one of a software key in the same run."""
    tool, module = (
        shutil.which("softhsm2-util"),
        next((m for m in MODULES if Path(m).exists()), None),
    )
    if tool is None or module is None:
        print("SoftHSM2 is not installed: no figure of a device")
        return
    (folder / "slots").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder / 'slots'}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    subprocess.run(
        [tool, "--init-token", "--free", "--label", "benchmark", "--so-pin", PIN, "--pin", PIN],
        check=True, capture_output=True,
    )  # fmt: skip
    uri = f"pkcs11:token=benchmark;object=dsc?module-path={module}"
    device = keys.make_key(uri, folder=folder, secret=lambda _: PIN)
    software = crypto_keys.generate(Algorithm.ES256)
    message = os.urandom(350)
    best = {}
    for name, key in (("SoftHSM2", device), ("software", software)):
        runs = []
        for _ in range(5):
            start = time.process_time()
            for _ in range(TIMES):
                key.sign(message)
            runs.append((time.process_time() - start) / TIMES)
        best[name] = min(runs)
    print(
        f"one signature in SoftHSM2       {best['SoftHSM2'] * 1e6:7.1f} µs, "
        f"{best['SoftHSM2'] / best['software']:.2f} x a software key's"
    )
