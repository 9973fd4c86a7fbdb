"""List the modules that the pages' engine is made of: what `pratique.web.bridge` imports, at whatever depth.

    import graph of the package (grimp) -> closure of the bridge -> JSON for web/build.mjs

    python -m tools.closure

1. The graph is taken, and not what one run has loaded: much of the package is imported where it is first needed.
2. Two edges are not followed: a snapshot asks for `crypto.algorithms` and `crypto.chain` only where nobody gave
   it a primitive, and a page always gives it WebCrypto's.
3. What is not the standard library's or cbor2's ends this program: the page has nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
BRIDGE = "pratique.web.bridge"
NOT_FOLLOWED = {
    ("pratique.snapshot", "pratique.crypto.algorithms"),
    ("pratique.snapshot", "pratique.crypto.chain"),
}
THIRD_PARTIES = {"cbor2", "tzdata"}


def closure(graph: grimp.ImportGraph, root: str = BRIDGE) -> tuple[set[str], set[str]]:
    """Return our own modules that `root` needs, itself and its packages among them, and all others."""
    own: set[str] = set()
    others: set[str] = set()
    waiting = [root]
    while waiting:
        module = waiting.pop()
        if not module.startswith("pratique"):
            others.add(module)
        elif module not in own:
            own.add(module)
            package = module.rpartition(".")[0]
            waiting += [package] if package else []
            # What the package's own names lead to is for programs: nothing of it is imported with it.
            if module != "pratique":
                imported = graph.find_modules_directly_imported_by(module)
                waiting += [name for name in imported if (module, name) not in NOT_FOLLOWED]
    return own, others


def refused(others: set[str]) -> set[str]:
    """Return what of it a page cannot have."""
    return {name for name in others if name not in sys.stdlib_module_names | THIRD_PARTIES}


def main() -> int:
    """Print the closure as JSON: our modules with their files, and the names of all others."""
    graph = grimp.build_graph("pratique", include_external_packages=True, cache_dir=None)
    own, others = closure(graph)
    if found := refused(others):
        print(
            f"error: the engine of the pages would need {', '.join(sorted(found))}", file=sys.stderr
        )
        return 1
    files = {}
    for module in sorted(own):
        path = ROOT / "src" / Path(*module.split("."))
        package = path / "__init__.py"
        file = package if package.is_file() else path.with_suffix(".py")
        files[module] = str(file.relative_to(ROOT / "src"))
    print(json.dumps({"own": files, "others": sorted(others)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
