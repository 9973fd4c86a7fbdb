"""Write docs/reference/glossary.md from the one table of words, tools/glossary.toml.

python -m tools.glossary           write the page
python -m tools.glossary --check   fail if the page is not the table
"""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tools/glossary.toml"
PAGE = ROOT / "docs/reference/glossary.md"
HEAD = """\
<!-- Written by tools/glossary.py from tools/glossary.toml: do not edit by hand. -->

# Glossary

Bare "certificate" means the health certificate; an X.509 certificate is called so, or DSC or SCA.
"""
SECTIONS = {"field": "Words of the field", "program": "Words of this program"}
FORMER = """\
## Former words

Older releases, and documents that they wrote, say some things otherwise.

| before | now |
|---|---|
"""
_WORD = re.compile(r"[a-z0-9]+")


class Term(NamedTuple):
    """A word, what it means, and what was said before."""

    section: str
    term: str
    meaning: str
    was: tuple[str, ...]


def terms() -> list[Term]:
    """Read the table."""
    read = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [
        Term(section, row["term"], row["meaning"], tuple(row.get("was", ())))
        for section, rows in read.items()
        for row in rows
    ]


@cache
def words() -> frozenset[str]:
    """Return the words of all terms, in lower case: "PKCS#11 token" has `pkcs11` and `token`."""
    return frozenset(
        word
        for row in terms()
        for word in _WORD.findall(re.sub(r"[.#-]", "", row.term.lower()))
    )  # fmt: skip


def is_known(word: str, known: frozenset[str]) -> bool:
    """Tell whether a word, or that of which it is the plural, is known."""
    return bool(
        {word, word.removesuffix("s"), re.sub("ies$", "y", word), re.sub("es$", "", word)} & known
    )


def render() -> str:
    """Render the whole page."""
    rows = sorted(terms(), key=lambda row: row.term.casefold())
    parts = [HEAD]
    for section, title in SECTIONS.items():
        said = "\n".join(f"{row.term}\n: {row.meaning}\n" for row in rows if row.section == section)
        parts.append(f"## {title}\n\n{said}")
    former = sorted((was, row.term) for row in rows for was in row.was)
    parts.append(FORMER + "".join(f"| {was} | {now} |\n" for was, now in former))
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if "--check" in arguments:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render()
        if not same:
            print(f"error: {PAGE.name} is not {TABLE.name}\nhint: python -m tools.glossary")
        return 0 if same else 1
    PAGE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
