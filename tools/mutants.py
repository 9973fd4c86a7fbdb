"""Turn or delete each check, one at a time, and see whether a test notices.

    python -m tools.mutants [package ...] [--sample N [--seed S]] [--modules WORD] [--only FILE]

    package -> its modules -> mutants -> (a sample) -> tests -> those that nobody noticed

1. docs/reference/mutation.md says how it came out; tools/noticing.py how a mutant is tried.
2. A mutant that nobody can notice is listed in `equivalent.toml`, with the reason; a row that is no
   longer needed is told. Any other survivor is an error: exit 1.
3. A sample takes of each module its share, and is the same for the same seed. What is told of it has
   Wilson's interval of 95 %.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from random import Random

import hypothesis
from hypothesis import Phase

from tools.noticing import ROOT, Package, Run, Tried, path_of
from tools.operators import Mutant, mutants


def _all(*folders: str, besides: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(
        "pratique." + f"{folder}/{path.stem}".replace("/", ".")
        for folder in folders
        for path in sorted((ROOT / "src/pratique" / folder).glob("*.py"))
        if path.stem not in ("__init__", *besides)
    )


_VERIFY = (
    "pratique.verification", "pratique.authenticate", "pratique.trust.signer", "pratique.trust.countries",
    "pratique.formats.hcert",
)  # fmt: skip
_SCHEMES = (
    "pratique.formats.shc", "pratique.formats.fhir_events", "pratique.formats.nzcp", "pratique.formats.base32",
    "pratique.formats.ch_light", "pratique.formats.vds_nc", "pratique.trust.seal", "pratique.formats.two_d_doc",
    "pratique.formats.divoc", "pratique.formats.archive", "pratique.formats.credential", "pratique.formats.rdf",
    "pratique.formats.codes",
)  # fmt: skip
_PAGES = (
    "pratique.screen", "pratique.identify", "pratique.wallet", "pratique.endings", "pratique.diary",
)  # fmt: skip
PACKAGES = {
    "verify": Package(_VERIFY, (
        "tests/unit/journeys", "tests/unit/trust/test_store.py", "tests/unit/trust/test_signer.py",
        "tests/unit/trust/test_countries.py", "tests/unit/formats/test_hcert.py",
        "tests/unit/formats/test_cwt.py", "tests/unit/test_verdict.py",
        "tests/journeys/test_verify.py", "tests/conformance/test_vectors.py",
    )),
    "log": Package(_all("tlog"), (
        "tests/unit/log", "tests/unit/edges/test_log.py",
    )),
    "revocation": Package(_all("revocation"), (
        "tests/unit/revocation",
        "--deselect=tests/unit/revocation/test_delta.py::test_once_revoked_always_revoked",
    )),
    "register": Package(_all("store/register"), (
        "tests/unit/edges/test_register_sql.py", "tests/unit/edges/test_register.py",
        "-k", "not [postgresql",
    )),
    "course": Package(
        ("pratique.assess", "pratique.decision"), (
        "tests/unit/journeys/test_course.py", "tests/unit/journeys/test_holders.py",
        "tests/unit/journeys/test_claims.py",
        "tests/journeys/test_courses.py", "tests/journeys/test_times.py",
        "tests/journeys/test_decide.py",
    )),
    "onboarding": Package(_all("onboarding"), (
        "tests/unit/trust/test_governance.py", "tests/unit/trust/test_believed.py",
        "tests/journeys/test_onboard.py",
    )),
    "intake": Package(_all("intake"), (
        "tests/unit/test_tables.py", "tests/unit/intake", "tests/unit/edges/test_tables_fhir.py",
    )),
    "trust": Package(_all("trust"), (
        "tests/unit/test_tables.py", "tests/unit/trust", "tests/unit/test_snapshot.py",
        "tests/journeys/test_endure.py",
    )),
    "schemes": Package(_SCHEMES, (
        "tests/unit/formats/test_shc.py", "tests/unit/formats/test_fhir_events.py",
        "tests/unit/formats/test_nzcp.py", "tests/unit/formats/test_ch_light.py",
        "tests/unit/formats/test_two_d_doc.py", "tests/unit/formats/test_vds_nc.py",
        "tests/unit/formats/test_strangers_json.py", "tests/unit/formats/test_codes.py",
        "tests/unit/formats/test_base32.py", "tests/unit/formats/test_divoc.py",
        "tests/unit/formats/test_divoc_statements.py", "tests/unit/trust/test_seal.py",
        "tests/conformance/test_vectors.py",
    )),
    "pages": Package(_PAGES, (
        "tests/unit/journeys/test_screen.py", "tests/unit/journeys/test_identify.py",
        "tests/unit/journeys/test_wallet.py", "tests/unit/journeys/test_endings.py",
        "tests/harms/test_the_officer_sees_no_health.py", "tests/unit/edges/test_words.py",
        "tests/conformance/test_calendar.py",
    )),
    "network": Package(_all("network"), (
        "tests/unit/network", "tests/journeys/test_sync.py", "tests/journeys/test_logged_sync.py",
        "tests/journeys/test_logged_attacks.py", "tests/journeys/test_publish.py",
    )),
}  # fmt: skip
"""Name -> what is mutated, and the quick tests of one process that are to notice."""

LOADED = (
    "cbor2", "cryptography.x509", "tomllib", "json", "zlib", "argparse", "calendar", "hypothesis.strategies",
    "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "alembic.command",
)  # fmt: skip
"""What every child would import anew; ours is never among it."""

Made = tuple[str, Mutant]


def made_of(module: str) -> list[Made]:
    """Make every mutant of a module."""
    return [(module, each) for each in mutants(path_of(module).read_text(encoding="utf-8"))]


def sample(made: Sequence[Made], count: int, seed: int) -> list[Made]:
    """Take so many mutants, of each module its share; the same seed takes the same."""
    of = Counter(module for module, _ in made)
    if count >= len(made):
        return list(made)
    shares = {module: Fraction(count * many, len(made)) for module, many in of.items()}
    takes = {module: int(share) for module, share in shares.items()}
    for module in sorted(shares, key=lambda name: (takes[name] - shares[name], name)):
        takes[module] += sum(takes.values()) < count
    taken: list[Made] = []
    for module in of:
        own = [each for each in made if each[0] == module]
        draw = Random(f"{seed}:{module}")  # noqa: S311 - to be made again, not to be secret
        chosen = sorted(draw.sample(range(len(own)), takes[module]))
        taken += [own[at] for at in chosen]
    return taken


def interval(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's interval of 95 % of a share (E. B. Wilson, 1927)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, hits / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((middle + side * half) / (1 + z * z / of) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def equivalent() -> dict[tuple[str, str], str]:
    """Read the mutants that nobody can notice: (module, change) -> reason."""
    rows = tomllib.loads((ROOT / "tools/equivalent.toml").read_text(encoding="utf-8"))
    return {
        (group["module"], change): group["reason"]
        for group in rows.get("group", [])
        for change in group["changes"]
    }


def shown(module: str, mutant: Mutant) -> str:
    """Write a mutant as it is told, and read again by --only."""
    return f"{path_of(module).relative_to(ROOT)}:{mutant.line}: {mutant.change}"


def chosen(package: Package, asked: argparse.Namespace) -> tuple[list[Made], int]:
    """Return what is to be tried of a package, and how many mutants it has."""
    every = [each for module in package.modules for each in made_of(module)]
    made = [each for each in every if asked.modules in each[0]]
    if asked.only:
        wanted = {line.strip() for line in asked.only.read_text(encoding="utf-8").splitlines()}
        wanted = {":".join(line.split(":", 2)[::2]) for line in wanted}
        return [m for m in made if ":".join(shown(*m).split(":", 2)[::2]) in wanted], len(every)
    return (sample(made, asked.sample, asked.seed) if asked.sample else made), len(every)


def tell(name: str, tried: Sequence[Tried], total: int) -> int:
    """Tell how a package came out; return how many survived."""
    excused = equivalent()
    left = [each for each in tried if not each.by]
    unlisted = [each for each in left if (each.module, each.mutant.change) not in excused]
    for module in dict.fromkeys(each.module for each in tried):
        own = [each for each in tried if each.module == module]
        listed = [each for each in left if each.module == module and each not in unlisted]
        lost = [each for each in unlisted if each.module == module]
        counted = len(own) - len(listed)
        print(f"{module}: {counted - len(lost)} of {counted} noticed, {len(listed)} equivalent")
        for each in lost:
            print(f"  {shown(module, each.mutant)}")
        for each in own:
            if each.by and (module, each.mutant.change) in excused:
                print(f"  no longer needed in equivalent.toml: {each.mutant.change} ({each.by})")
    counted = len(tried) - len(left) + len(unlisted)
    low, high = interval(counted - len(unlisted), counted)
    of = "all" if len(tried) == total else "a sample: 95 %% within %.1f-%.1f %%" % (
        100 * low, 100 * high,
    )  # fmt: skip
    print(
        f"{name}: {counted - len(unlisted)} of {counted} noticed"
        f" ({100 * (counted - len(unlisted)) / max(1, counted):.1f} %),"
        f" {len(left) - len(unlisted)} equivalent, {len(tried)} of {total} mutants tried ({of})",
        flush=True,
    )
    return len(unlisted)


def tried_of(name: str, run: Run, made: Sequence[Made]) -> list[Tried] | None:
    """Try mutants; nothing where the tests fail without any."""
    for failing in run.learn():
        print(f"error: fails without any mutant: {failing}\nhint: make test", file=sys.stderr)
        return None
    tried = []
    for count, each in enumerate(run.noticed(made), 1):
        tried.append(each)
        if count % 100 == 0:
            print(f"{name}: {count} of {len(made)}", file=sys.stderr, flush=True)
    return tried


def main(arguments: list[str]) -> int:
    """Mutate, and tell the survivors."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("packages", nargs="*", help=", ".join(PACKAGES))
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modules", default="", help="only modules with this in their name")
    parser.add_argument("--only", type=Path, help="only the mutants that this file lists")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.packages) - PACKAGES.keys():
        parser.error(f"no such package: {', '.join(sorted(unknown))}")
    os.chdir(ROOT)
    for name in LOADED:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutants",
        max_examples=30,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    left = 0
    for name in asked.packages or PACKAGES:
        made, total = chosen(PACKAGES[name], asked)
        run = Run(PACKAGES[name])
        try:
            tried = tried_of(name, run, made)
        finally:
            run.close()
        if tried is None:
            return 2
        left += tell(name, tried, total)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
