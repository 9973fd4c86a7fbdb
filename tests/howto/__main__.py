"""Follow how-tos and walks by hand: `python -m tests.howto [PAGE]...`, each in a new empty folder; says what was run."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.howto import follow


def main(names: list[str]) -> int:
    """Follow pages, all if none is named; return 1 if one of them cannot be followed."""
    failed = 0
    for name, path in follow.PAGES.items():
        if names and not {name, path.stem} & set(names):
            continue
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            try:
                done, left = follow.follow(text, Path(folder))
            except follow.Failed as error:
                failed = 1
                sys.stdout.write(f"{name}: {error}\n")
                continue
        shown = len(follow.read(text).shown)
        sys.stdout.write(f"{name}: {done} commands run, {shown} blocks only shown\n")
        sys.stdout.writelines(f"  not run: {one}\n" for one in left)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
