"""Pack the built site for a release: dist/pratique-site-VERSION.tar.gz, so that who puts it up needs no Node.

    web/dist -> one folder, sorted, without times or owners -> .tar.gz

    make site

1. The same site makes the same bytes. `pratique web build --site` takes the archive as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "web" / "dist"


def packed(dist: Path) -> tuple[str, bytes]:
    """Return the archive's name and bytes."""
    version = json.loads((dist / "site.json").read_text())["version"]
    folder, out = f"pratique-site-{version}", io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(path for path in dist.rglob("*") if path.is_file()):
            data = path.read_bytes()
            member = tarfile.TarInfo(f"{folder}/{path.relative_to(dist).as_posix()}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return f"{folder}.tar.gz", gzip.compress(out.getvalue(), 9, mtime=0)


def main() -> int:
    """Write the archive, and say its digest."""
    if not (DIST / "site.json").exists():
        print("error: there is no built site\nhint: make web", file=sys.stderr)
        return 1
    name, data = packed(DIST)
    target = ROOT / "dist" / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(data)
    print(f"{hashlib.sha256(data).hexdigest()}  dist/{name}  {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
