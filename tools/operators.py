"""How code is mutated: one small change at a time, each of which some test ought to notice.

source -> tree -> Mutant(line, "function: before -> after", changed source), ...
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}

_OTHER = {"all": "any", "any": "all", "max": "min", "min": "max"}


class Mutant(NamedTuple):
    """One change: where it is, what it is, and the source with it."""

    line: int
    change: str
    source: str
    function: str = ""
    """The function in whose body the change is, as `Class.function`; nothing where it is outside of all."""


def mutants(source: str) -> Iterator[Mutant]:
    """Make every mutant of a module."""
    tree = ast.parse(source)
    for path, node, new, change in _made(tree):
        _put(tree, path, new)
        changed = ast.unparse(tree)
        _put(tree, path, node)
        yield Mutant(_line(tree, path), change, changed, _function(tree, path))


def changes(source: str) -> Iterator[str]:
    """Name every mutant of a module, and make none of them."""
    return (change for _, _, _, change in _made(ast.parse(source)))


def _made(tree: ast.AST) -> Iterator[tuple[Path, ast.AST, ast.AST, str]]:
    seen = Counter[str]()
    for path, within in _places(tree, (), ""):
        node = _at(tree, path)
        before = ""
        for new in _changes(node):
            before = before or _shown(node)
            change = f"{within}: {before} -> {_shown(new)}"
            seen[change] += 1
            change += f" ({seen[change]})" if seen[change] > 1 else ""
            yield path, node, new, change


Path = tuple[tuple[str, int | None], ...]
_UNSEEN = {"annotation", "returns", "decorator_list", "type_params", "bases"}
"""Fields of nodes whose change no run can notice."""


def _places(node: ast.AST, path: Path, within: str) -> Iterator[tuple[Path, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert) or _is_offer(node):
        return
    if _is_kind(node):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        within = f"{within}.{node.name}" if within else node.name
    if path:
        yield path, within or "module"
    for field, value in ast.iter_fields(node):
        if field in _UNSEEN:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST) and not _is_docstring(child):
                found = _places(child, (*path, (field, index)), within)
                if isinstance(node, ast.Raise):
                    # What a refusal says to a person is no check; its codes have no blanks.
                    found = (
                        each for each in found if not _is_said(_at(node, each[0][len(path) :]))
                    )
                yield from found


def _put(tree: ast.AST, path: Path, node: ast.AST) -> None:
    parent, (field, index) = _at(tree, path[:-1]), path[-1]
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _line(tree: ast.AST, path: Path) -> int:
    """Return the line of the innermost place that has one."""
    line = 0
    for field, index in path:
        found = getattr(tree, field)
        tree = found if index is None else found[index]
        line = getattr(tree, "lineno", line)
    return line


def _function(tree: ast.AST, path: Path) -> str:
    """Return the outermost function in whose body a place is."""
    within: list[str] = []
    for field, index in path:
        if isinstance(tree, ast.ClassDef | ast.FunctionDef):
            within.append(tree.name)
            if isinstance(tree, ast.FunctionDef):
                return ".".join(within) if field == "body" else ""
        found = getattr(tree, field)
        tree = found if index is None else found[index]
    return ""


def _is_offer(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _is_kind(node: ast.AST) -> bool:
    """Tell whether it is the kind of a callable: for those who read it, and for no run."""
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Callable"


def _is_said(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _at(tree: ast.AST, path: Path) -> ast.AST:
    for field, index in path:
        found = getattr(tree, field)
        tree = found if index is None else found[index]
    return tree


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else text[:67] + "..."


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPUTED:
            yield ast.BinOp(left, _COMPUTED[type(op)](), right)
        case ast.If(body=body, orelse=orelse):
            for value in (True, False):
                yield ast.If(ast.Constant(value), body, orelse)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Return(value=value) if value is None:
            yield ast.Pass()
        case ast.Return(value=value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Break() | ast.Continue() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield ast.Pass()
        case _:
            yield from _valued(node)
            yield from _narrowed(node)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        for other in _COMPARED[type(op)]:
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _valued(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(value=str(value)) if value.strip() and len(value) < 40:
            yield ast.Constant(f"{value}~")
        case ast.Attribute(value=ast.Name(id="Code" | "Step" as family), attr=attr):
            other = {"Code": "TEXT_EMPTY", "Step": "RULES"}[family]
            if attr != other:
                yield ast.Attribute(ast.Name(family, ast.Load()), other, ast.Load())
        case ast.Tuple(elts=elts, ctx=ast.Load()) if len(elts) > 1:
            for at in range(len(elts)):
                yield ast.Tuple(elts[:at] + elts[at + 1 :], ast.Load())


def _narrowed(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.comprehension(target=target, iter=over, ifs=ifs, is_async=how) if ifs:
            for at in range(len(ifs)):
                yield ast.comprehension(target, over, ifs[:at] + ifs[at + 1 :], how)
        case ast.match_case(pattern=pattern, guard=guard, body=body) if guard is not None:
            yield ast.match_case(pattern, None, body)
        case ast.Call(func=ast.Name(id="all" | "any" | "max" | "min" as name), args=args):
            yield ast.Call(ast.Name(_OTHER[name], ast.Load()), args, node.keywords)
        case ast.Set(elts=elts) if len(elts) > 1:
            for at in range(len(elts)):
                yield ast.Set(elts[:at] + elts[at + 1 :])
        case ast.List(elts=elts, ctx=ast.Load()) if elts:
            for at in range(len(elts)):
                yield ast.List(elts[:at] + elts[at + 1 :], ast.Load())
