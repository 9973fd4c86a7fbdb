"""Turn generated syntax trees into code: the one place where anything is executed.

1. A tree is made node by node of our own names and of constants; no text of a rule is parsed as
   Python, and the namespace has no builtins.
"""

from __future__ import annotations

import ast
from typing import Any


def build(module: ast.Module, namespace: dict[str, Any]) -> None:
    """Execute a generated module: the primitive that `compile_rules` is handed."""
    exec(compile(module, "<rules>", "exec"), namespace)  # noqa: S102 - rule 1
