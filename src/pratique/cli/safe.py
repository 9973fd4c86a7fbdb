"""What commands show of a stranger's text: lines by `printable`, documents by `as_json`."""

from __future__ import annotations

import json
from typing import Any

from pratique.text import in_json, printable

__all__ = ["as_json", "printable"]


def as_json(document: Any, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Write a document to be shown: what a terminal would obey stands in it as JSON's own escapes."""
    return in_json(json.dumps(document, indent=indent, sort_keys=sort_keys, ensure_ascii=False))
