"""Try the installed wheel as a stranger has it: no extras, no source tree, nothing of ours but the wheel."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from importlib import metadata
from pathlib import Path

import pratique
from pratique.errors import ExtraMissing

EXTRAS = (
    "alembic", "anyascii", "awscrt", "babel", "iuliia", "PIL", "pkcs11", "psycopg", "pyarrow", "pyld",
    "pymupdf_fonts", "pypdfium2", "pypinyin", "sqlalchemy", "starlette",
    "typst", "uvicorn", "zxingcpp",
)  # fmt: skip


def main() -> None:
    """Import every module, and look at what came with them."""
    home = Path(pratique.__file__).resolve().parent
    if Path(sys.prefix).resolve() not in home.parents:
        raise SystemExit(f"error: this is not the wheel but {home}")
    if there := [name for name in EXTRAS if importlib.util.find_spec(name)]:
        raise SystemExit(f"error: the scratch environment has extras: {there}")
    if not (home / "py.typed").is_file():
        raise SystemExit("error: the wheel lacks py.typed")
    found = pkgutil.walk_packages(pratique.__path__, "pratique.")
    names = [m.name for m in found if not m.name.endswith("__main__")]
    for name in names:
        try:
            importlib.import_module(name)
        except ExtraMissing:
            continue
        except ImportError as error:
            if (error.name or "").split(".")[0] not in EXTRAS:
                raise
    licences = metadata.metadata("pratique").get_all("License-File")
    print(f"wheel: {len(names)} modules import without extras; {', '.join(licences or [])}")


if __name__ == "__main__":
    main()
