"""A site whose engine answers `proof`: the built one, with two files more in its archive.

a built site -> a copy -> pratique.zip: bridge -> plain_bridge, + proof_bridge as bridge, + spelt -> engine.js
"""

from __future__ import annotations

import json
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLACE = "pratique/web/"


def copy(built: Path, target: Path) -> Path:
    """Copy a built site, and let its engine answer `proof`."""
    shutil.copytree(built, target)
    archive = target / names(target)["pratique.zip"]
    archive.write_bytes(_with_proof(archive.read_bytes()))
    for packed in (".br", ".gz"):
        archive.with_name(archive.name + packed).unlink(missing_ok=True)
    return target


def names(site: Path) -> dict[str, str]:
    """Return the served name of each source."""
    listed: dict[str, Any] = json.loads((site / "site.json").read_text())
    found: dict[str, str] = listed["names"]
    return found


def _with_proof(data: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as given, zipfile.ZipFile(out, "w") as taken:
        for entry in given.infolist():
            named = entry.filename
            if named.startswith(f"{PLACE}bridge."):
                named = named.replace("/bridge.", "/plain_bridge.")
            taken.writestr(named, given.read(entry))
        taken.writestr(f"{PLACE}bridge.py", (HERE / "proof_bridge.py").read_bytes())
        taken.writestr(f"{PLACE}spelt.py", (HERE / "spelt.py").read_bytes())
    return out.getvalue()
