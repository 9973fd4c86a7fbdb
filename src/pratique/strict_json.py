"""JSON documents: the strict gate that untrusted JSON (RFC 8259) passes, and the one codec of their forms.

    bytes -> size, nodes, depth, lone surrogates -> json -> plain values | ValueError
    NamedTuple's annotations -> plain values <-> a document of exactly that form

1. Everything is counted before the parser sees it. How deep the standard library's own parser can go
   differs between versions of Python, and what it has let through is met again by whoever compares,
   writes or copies it.
2. One reading only: two members of one name, numbers that are none or that no float can hold, and half
   of a surrogate pair are refused. Two readers could see two documents, and one of them would raise.
3. A byte order mark is let pass: some publishers write one.
4. No other module parses JSON or compares the members of an object; tests hold it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Set
from enum import Enum
from functools import cache
from itertools import accumulate
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NamedTuple,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pratique.errors import DocumentRefused

DEPTH = 64
"""Levels of a document. A rule at the limit of CertLogic here takes 40, a real one 20."""
NODES = 2_000_000
"""Values of a document, at most, whoever wrote it: some 200 MB once it is read."""
DIGITS = 300
"""Digits of an integer: a float can still hold it."""

_GREAT = re.compile(rb"[0-9]{%d}|[0-9][eE][+]?[0-9]{2}" % DIGITS)
"""Stands in every document with a number of too many digits, or beyond what a float holds."""
_CHUNK = 1 << 20
_STEPS = [0] * 256
for _octet, _step in ((b"[", 1), (b"{", 1), (b"]", -1), (b"}", -1)):
    _STEPS[_octet[0]] = _step
_NEITHER = bytes(octet for octet in range(256) if octet not in b'[]{},"')
"""What is neither structure nor the bound of a string."""
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")

Object = Callable[[list[tuple[str, Any]]], Any]
T = TypeVar("T")


class Twice(ValueError):
    """Two members of an object have one name: two readers could see two documents."""


class Beyond(ValueError):
    """A document is beyond its limits: too long, too deep, too many values, or a number that is no plain one."""


def loads(
    data: bytes, *, most: int = NODES, made: Object | None = None, halves: bool = False
) -> Any:
    """Parse a document in UTF-8, with or without a byte order mark; ValueError if it is none.

    Args:
        data: the document.
        most: values that it may have.
        made: makes an object of its members; without it, a name that stands twice is refused.
        halves: let halves of surrogate pairs pass; where a text in it is to be judged: of a vector, of a page.
    """
    gate(data, most=most, halves=halves)
    # Each number is looked at only where one may be too great: a call a number is dear in a long list.
    great = _GREAT.search(data) is not None
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=made or _object,
            parse_constant=_refuse,
            parse_int=_whole if great else None,
            parse_float=_real if great else None,
        )
    except RecursionError as error:
        raise ValueError("too deep") from error


EXACT = 1 << 53
"""Integers up to here are the same number to every reader: a float holds them (RFC 8259 §6)."""


def strangers(
    data: bytes, *, longest: int, most: int = 20_000, deepest: int = 16, plain: bool = False
) -> Any:
    """Parse what a stranger's certificate holds: UTF-8 without a byte order mark, within close limits.

    Args:
        data: the document.
        longest: bytes that it may have.
        most: values that it may have.
        deepest: levels that it may have.
        plain: refuse fractions and integers beyond `EXACT`: of what is left there is one way of writing.

    Raises:
        Twice, Beyond: what they say.
        ValueError: it is no such document.
    """
    if len(data) > longest:
        raise Beyond("too long")
    gate(data, most=most, deepest=deepest)
    try:
        return (_PLAIN_ONLY if plain else _ANY).decode(data.decode())
    except RecursionError as error:
        raise Beyond("too deep") from error


def canonical(value: Any) -> bytes:
    """Write plain values without fractions as RFC 8785 (JCS) does: what `strangers(plain=True)` has read.

    Names are sorted by their UTF-16 units, and strings escaped as ECMAScript does, which is what `json` does too.
    """
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    if not written.isascii():
        # Letters beyond U+FFFF are sorted otherwise by their units than by their numbers.
        written = json.dumps(_by_units(value), separators=(",", ":"), ensure_ascii=False)
    return written.encode()


def _by_units(value: Any) -> Any:
    if type(value) is dict:
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _by_units(value[name]) for name in names}
    return [_by_units(inner) for inner in value] if type(value) is list else value


def gate(data: bytes, *, most: int = NODES, halves: bool = False, deepest: int = DEPTH) -> None:
    """See to it that a document can be parsed at a known cost; ValueError if it cannot.

    It is not looked at whether it is JSON: this is for what another library parses.
    """
    opens = sum(map(data.count, (b"[", b"{")))
    if opens > deepest or opens + data.count(b",") >= most:
        _count(data, most, deepest)
    if not halves and _SURROGATE.search(data):
        # "\\ud800" is a backslash and five letters.
        left = _PAIR.sub(b"", data.replace(rb"\\", b""))
        if _SURROGATE.search(left):
            raise ValueError("half of a surrogate pair")


def _count(data: bytes, most: int, deepest: int) -> None:
    # Each value but the first follows upon a bracket or a comma, so this counts none too few.
    structure = _structure(data)
    opens = sum(map(structure.count, (b"[", b"{")))
    if opens + structure.count(b",") >= most:
        raise Beyond("too many values")
    if opens <= deepest:
        return
    # Each round takes the innermost pairs away, and no other: a level of the document.
    left = structure.translate(_ONE_KIND, b",")
    for _ in range(deepest):
        left = left.replace(b"[]", b"")
        if not left:
            return
    # What is no JSON may have brackets that pair with none.
    brackets = structure.translate(None, b",")
    if max(accumulate(map(_STEPS.__getitem__, brackets))) > deepest:
        raise Beyond("too deep")


def _structure(data: bytes) -> bytes:
    """Return the brackets and commas that stand outside of strings, in their order."""
    # A run of backslashes is escaped in pairs from its beginning, so what is left escapes a quote.
    bare = data.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in data else data
    bare = bare.translate(None, _NEITHER)
    found, inside = [], 0
    # In chunks, so that a document of quotes alone does not become as many pieces at once.
    for start in range(0, len(bare), _CHUNK):
        pieces = bare[start : start + _CHUNK].split(b'"')
        found.append(b"".join(pieces[inside::2]))
        inside ^= (len(pieces) - 1) & 1
    return b"".join(found)


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) != len(members):
        raise Twice("a member is there twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise Beyond(name)


def _whole(text: str) -> int:
    # Python's own limit differs between versions, and the environment can lift it.
    if len(text) > DIGITS:
        raise Beyond("too many digits")
    return int(text)


def _exact(text: str) -> int:
    number = _whole(text)
    if abs(number) > EXACT:
        raise Beyond("more digits than every reader holds")
    return number


def _real(text: str) -> float:
    found = float(text)
    if found in (float("inf"), float("-inf")):
        raise Beyond("beyond what a float holds")
    return found


# Made once: what strangers write is short, and making a decoder is dearer than reading it.
_ANY = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse, parse_int=_whole, parse_float=_real
)
_PLAIN_ONLY = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse, parse_int=_exact, parse_float=_refuse
)

OF_ONE = 100_000
"""Values of one participant's document: 256 rules at their limits take 30,000, 1,024 signers 4,000."""


def parse(data: bytes, *, most: int = NODES) -> object:
    """Parse a JSON document of at most so many values; DocumentRefused `json-unreadable`."""
    try:
        return loads(data, most=most)
    except ValueError as error:
        raise DocumentRefused(
            "json-unreadable",
            "it is not JSON that can be read in one way only",
            "a name that stands twice, NaN, half a character, very deep nesting, or too many values is refused too",
        ) from error


def octets(text: object) -> bytes | None:
    """Decode base64 in the strict alphabet, line breaks allowed; None if it is not base64."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


# ----------------------------------------------------------------------------------------------------
# Documents: a NamedTuple's annotations are the form of a document, read and written by one codec.
#
#     class Seat(NamedTuple): name: str; key: Hex      {"name": "seat-1", "key": "3059…"} <-> Seat
#
# 1. Exact: a member that is missing, unknown or of another kind is refused, and no value is converted:
#    true is no number, "1" is none either.
# 2. A refusal names the member, and never what stands in it.
# 3. str, int, bool, StrEnum, `T | None`, tuple[T, ...] and frozenset[T] (an array, sorted when written),
#    Mapping[str | int, T], nested NamedTuples; Annotated with a Codec (Hex, Base64, ...), SPARSE or ARRAY;
#    Any is judged by whoever reads it.


class Misfit(ValueError):
    """A value is not of its form.

    Attributes:
        code: `member-missing`, `member-unknown`, `member-kind` or `document-format`.
        member: its name, behind those of the members that it lies in ("sca.key").
    """

    def __init__(self, code: str, member: str = "") -> None:
        self.code, self.member = code, member
        super().__init__(code, member)

    def __str__(self) -> str:
        return _SAID[self.code].format(f"the member {self.member}" if self.member else "a value")


_SAID = {
    "member-missing": "{} is missing",
    "member-unknown": "{} is not known",
    "member-kind": "{} is of the wrong kind",
    "document-format": "it is another document",
}


class Codec(NamedTuple):
    """How JSON holds a value: reads it, ValueError or TypeError if it is none, and writes it.

    One with a lambda is named outside of the class: an annotation is evaluated where it knows no module.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value


SPARSE, ARRAY = "sparse", "array"
"""Annotations: left out where it is the default; a NamedTuple as the array of its members' values."""


def text(value: object) -> str:
    """Return a text, or raise TypeError."""
    if type(value) is not str:
        raise TypeError("not a text")
    return value


def whole(value: object) -> int:
    """Return a whole number, or raise TypeError."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def array(value: object) -> list[Any]:
    """Return a list, or raise TypeError."""
    if type(value) is not list:
        raise TypeError("not a list")
    return value


def members(value: object, names: Set[str], may_lack: Set[str] = frozenset()) -> dict[str, Any]:
    """Return an object that has exactly these members; Misfit."""
    if type(value) is not dict:
        raise Misfit("member-kind")
    if value.keys() != names:
        if missing := names - value.keys() - may_lack:
            raise Misfit("member-missing", min(missing))
        if strange := value.keys() - names:
            # The name is a stranger's too: it is shown where it can be nothing but a name.
            raise Misfit("member-unknown", next((n for n in strange if _NAME.fullmatch(n)), ""))
    return value


_NAME = re.compile(r"[A-Za-z@][A-Za-z0-9_-]{0,31}")

Hex = Annotated[bytes, Codec(lambda value: bytes.fromhex(text(value)), bytes.hex)]
Base64 = Annotated[
    bytes,
    Codec(
        lambda value: base64.b64decode(text(value), validate=True),
        lambda data: base64.b64encode(data).decode(),
    ),
]


def _lenient(value: object) -> bytes:
    found = octets(value)
    if found is None:
        raise ValueError("not base64")
    return found


Octets = Annotated[bytes, Codec(_lenient, lambda data: base64.b64encode(data).decode())]
"""Base64 in which line breaks are let pass."""


def read(kind: type[T], value: object) -> T:
    """Read a value of a NamedTuple's form; Misfit, or what a Codec of its own raises."""
    found: T = _cached(kind).read(value)
    return found


def write(value: Any) -> dict[str, Any]:
    """Return what JSON holds of a NamedTuple."""
    found: dict[str, Any] = _cached(type(value)).write(value)
    return found


def document(
    data: bytes,
    kind: type[T],
    name: str,
    refused: Callable[[str], DocumentRefused],
    *,
    most: int = NODES,
) -> T:
    """Read a document that names its form in `format`.

    Args:
        data: the document.
        kind: NamedTuple of its other members.
        name: of the form ("pratique-seat-1"); "" where the document names none.
        refused: makes the refusal of why it does not fit.
        most: values that it may have.

    Raises:
        DocumentRefused: `json-unreadable`, and what `refused` makes.
    """
    row = parse(data, most=most)
    try:
        if type(row) is not dict:
            raise Misfit("document-format")
        if name and row.pop("format", None) != name:
            raise Misfit("document-format")
        return read(kind, row)
    except (ValueError, TypeError) as error:
        # In the words of a Codec nothing is quoted; in those of Python's own readers there may be.
        why = str(error) if isinstance(error, Misfit) else str(Misfit("member-kind"))
        raise refused(why) from error


def dump(value: Any, name: str = "", *, ordered: bool = True, ascii_only: bool = True) -> bytes:
    """Write a document, a line a member: its form first, the others sorted or as they are declared."""
    row = {"format": name, **write(value)} if name else write(value)
    return json.dumps(row, indent=1, sort_keys=ordered, ensure_ascii=ascii_only).encode() + b"\n"


def form_of(kind: Any) -> Codec:
    """Return how JSON holds a kind of value: the reader and writer made of its annotation."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        own = next((one for one in args[1:] if isinstance(one, Codec)), None)
        return own or (_array_of(args[0]) if ARRAY in args[1:] else form_of(args[0]))
    if origin in {UnionType, Union}:
        ((inner),) = (form_of(one) for one in args if one is not NoneType)
        return Codec(
            lambda value: None if value is None else inner.read(value),
            lambda value: None if value is None else inner.write(value),
        )
    if origin in {tuple, frozenset}:
        inner, made = form_of(args[0]), origin
        listed = sorted if origin is frozenset else list
        return Codec(
            lambda value: made(map(inner.read, array(value))),
            lambda value: [inner.write(one) for one in listed(value)],
        )
    if origin is Mapping:
        return _mapping(args[0], form_of(args[1]))
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = {one.value: one for one in kind}
        return Codec(lambda value: _known(values, text(value)), lambda one: one.value)
    if kind in _PLAIN:
        return Codec(_PLAIN[kind])
    return _record(kind)


_cached: Callable[[Any], Codec] = cache(form_of)


def _known(values: Mapping[str, Enum], value: str) -> Enum:
    if value not in values:
        raise Misfit("member-kind")
    return values[value]


def _flag(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError("not a yes or no")
    return value


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    str: text,
    int: whole,
    bool: _flag,
    Any: lambda value: value,
}


def _mapping(key: type, inner: Codec) -> Codec:
    def read(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise Misfit("member-kind")
        return {key(name): inner.read(one) for name, one in value.items()}

    return Codec(read, lambda value: {str(name): inner.write(one) for name, one in value.items()})


def _record(kind: Any) -> Codec:
    hints = get_type_hints(kind, include_extras=True)
    fields = [(name, form_of(hints[name])) for name in kind._fields]
    sparse = frozenset(name for name, _ in fields if SPARSE in get_args(hints[name])[1:])
    names, defaults = frozenset(kind._fields), kind._field_defaults

    def read(value: Any) -> Any:
        row, found, name = members(value, names, sparse), [], ""
        try:
            for name, form in fields:
                found.append(form.read(row[name]) if name in row else defaults[name])
        except (ValueError, TypeError) as error:
            if not isinstance(error, Misfit):
                raise Misfit("member-kind", name) from error
            raise Misfit(error.code, f"{name}.{error.member}" if error.member else name) from error
        return kind(*found)

    def write(value: Any) -> dict[str, Any]:
        return {
            name: form.write(one)
            for (name, form), one in zip(fields, value, strict=True)
            if name not in sparse or one != defaults[name]
        }

    return Codec(read, write)


def _array_of(kind: Any) -> Codec:
    hints = get_type_hints(kind, include_extras=True)
    forms = [form_of(hints[name]) for name in kind._fields]

    def read(value: Any) -> Any:
        if len(array(value)) != len(forms):
            raise Misfit("member-kind")
        return kind(*(form.read(one) for form, one in zip(forms, value, strict=True)))

    return Codec(read, lambda value: [f.write(one) for f, one in zip(forms, value, strict=True)])
