"""Try the installed wheel as a stranger has it: no extras, no source tree, nothing of ours but the wheel.

python -I smoke.py VECTORS   VECTORS is the kit of examples, which no wheel brings
python -I smoke.py           the same, when the extra policy has been added: its data, a wheel of its own
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys
import tempfile
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pratique
from pratique.errors import ExtraMissing, UsageError
from pratique.store import policy_data

EXTRAS = (
    "alembic", "anyascii", "awscrt", "babel", "iuliia", "PIL", "pkcs11", "pratique_policy_data", "psycopg", "pyarrow",
    "pyld", "pymupdf_fonts", "pypdfium2", "pypinyin", "pyspark", "sqlalchemy", "starlette",
    "typst", "uvicorn", "zxingcpp",
)  # fmt: skip

OUTSIDE = ("benchmarks", "conformance", "demo", "packages", "tests", "tools")
"""What lies beside `src`, and is no part of the wheel."""
STEPS, VERDICTS = 5, 6
"""Of the small demo."""


def main(kit: Path) -> None:
    """Import every module, look at what came with them, and run what needs no extra."""
    home = Path(pratique.__file__).resolve().parent
    if Path(sys.prefix).resolve() not in home.parents:
        raise SystemExit(f"error: this is not the wheel but {home}")
    if there := [name for name in EXTRAS if importlib.util.find_spec(name)]:
        raise SystemExit(f"error: the scratch environment has extras: {there}")
    if not (home / "py.typed").is_file():
        raise SystemExit("error: the wheel lacks py.typed")
    brought = metadata.files("pratique") or []
    if strange := {
        f.parts[0] for f in brought if f.parts[0] in OUTSIDE or f.parts[1:2] == ("demo",)
    }:
        raise SystemExit(f"error: the wheel brings {strange}")
    if there := [name for name in OUTSIDE if importlib.util.find_spec(name)]:
        raise SystemExit(f"error: the wheel makes these importable: {there}")
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
    no_data()
    demo()
    conformance(kit)
    print(f"wheel: {len(names)} modules import without extras; {', '.join(licences or [])}")


def no_data() -> None:
    """See to it that the data of the policy lab is no part of this wheel, and that this is said."""
    try:
        policy_data.load()
    except UsageError as error:
        if error.code == "policy-data-missing":
            return
    raise SystemExit(
        "error: the wheel brings the data of the policy lab, or does not say that it is not there"
    )


def data() -> None:
    """Read the data of the policy lab, which lies in its own wheel with its licence."""
    package = policy_data.load()
    rows = sum(map(len, package.tables.values()))
    if (
        Path(sys.prefix).resolve() not in Path(str(files(policy_data.PACKAGE))).resolve().parents
        or rows < 6_000
    ):
        raise SystemExit("error: this is not the wheel's data")
    licences = metadata.metadata("pratique-policy-data").get_all("License-File")
    print(f"wheel: {package.name} {package.version}, {rows} rows; {', '.join(licences or [])}")


def demo() -> None:
    """Run the small demo: all of its steps, and as many verdicts."""
    lines = run("demo").splitlines()
    steps = [line for line in lines if line[:1].isdecimal()]
    verdicts = [line for line in lines if line.strip().startswith(("✔", "▲", "✖"))]
    if (len(steps), len(verdicts)) != (STEPS, VERDICTS):
        raise SystemExit(
            f"error: the demo took {len(steps)} steps and came to {len(verdicts)} verdicts"
        )


def conformance(kit: Path) -> None:
    """Run the project's own kit, and a case of somebody else's, in a folder that would bring a reader."""
    (own,) = json.loads(run("conformance", str(kit), "--format", "json"))["kinds"].values()
    if not own["agree"] == own["cases"] > 400:
        raise SystemExit(f"error: the kit: {own['agree']} of {own['cases']} agree")
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder, "conformance")
        planted.mkdir()
        (planted / "__init__.py").write_text("raise SystemExit('a stranger's code ran')")
        case = {"id": "theirs", "kind": "cbor-good", "files": [], "expected": {}}
        Path(folder, "manifest.json").write_text(json.dumps({"cases": [case]}))
        told = run("conformance", ".", folder=folder)
    if "1 skipped: readers of other people's cases come with a clone" not in told:
        raise SystemExit(f"error: a case without a reader: {told}")


def run(*words: str, folder: str = ".") -> str:
    """Run the installed command; return what it writes."""
    command = [sys.executable, "-m", "pratique", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: pratique {words[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        data()
