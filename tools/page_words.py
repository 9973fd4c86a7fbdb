"""Write the words of the pages: one JSON file a language, from the catalogue that paper has too.

    python -m tools.page_words OUT

    src/pratique/store/words/*.toml -> tables -> OUT/<language>.json

1. A word that a language lacks is English here, so that a page is whole while it is being written; that no
   language lacks one is a test's business (`tests/unit/store/test_words.py`).
2. `pseudo` is English made 40 % longer with accents, for tests of layout: no page is given it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from pratique.store import words

PSEUDO = "xa"
_ACCENTS = str.maketrans("aeiouycnsAEIOUYCNS", "áéíóúýçñšÁÉÍÓÚÝÇÑŠ")
_PLACE = re.compile(r"(\{\w+\})")


def document_of(language: str) -> dict[str, Any]:
    """Return a language as the pages load it: table -> name -> word."""
    source, english = words.builtin(language), words.builtin("en")
    tables = {name: words.table(english, name) | words.table(source, name) for name in words.TABLES}
    direction = source.get("direction", "rtl" if language == "ar" else "ltr")
    return {"language": language, "direction": direction} | tables


def pseudo() -> dict[str, Any]:
    """Return English with accents, and 40 % longer; what is filled in keeps its name."""
    english = document_of("en")
    tables = {
        name: {key: _longer(word) for key, word in english[name].items()} for name in words.TABLES
    }
    return {"language": PSEUDO, "direction": "ltr"} | tables


def _longer(word: str) -> str:
    parts = _PLACE.split(word)
    text = "".join(p if _PLACE.fullmatch(p) else p.translate(_ACCENTS) for p in parts)
    return f"[{text}{' ~~~~' * -(-len(word) * 2 // 25)}]"


def main(out: str) -> None:
    """Write all files."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for document in map(document_of, words.LANGUAGES):
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{document['language']}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
