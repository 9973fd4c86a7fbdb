"""Read the data of the policy lab: a Frictionless data package, ours or a ministry's own.

    folder named | package installed -> datapackage.json -> tables, cell by cell -> PolicyData -> impact.world.read
                                                         -> value sets by edition, outlines of the map

1. What is asked of a table stands here (`FORMS`): its columns, their types, its key, what it refers to. The
   package's own schema must name the same types, and cannot loosen anything. Columns and resources beyond
   these are let pass, and not read.
2. Each file is counted while it is read, is UTF-8, and lies in the folder: by no link, and never at an address.
3. The first thing that is wrong is told with file, row and column; row 1 is the header. Nothing else is raised.
4. An empty cell is the only missing value: `NA` is Namibia.
5. The digest is over what was read, so that a figure can name its data; `sha256sum` makes the same one.
6. An outline is drawn in a page: it holds the letters of a path and nothing else.

The form is described in docs/reference/policy-data.md.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import importlib.util
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from pratique import strict_json
from pratique.errors import DocumentRefused, UsageError
from pratique.impact.world import Tables
from pratique.store import files
from pratique.text import printable

PACKAGE = "pratique_policy_data"
DESCRIPTOR = "datapackage.json"
LARGEST_DESCRIPTOR, LARGEST_TABLE, LARGEST_DOCUMENT = 1 << 20, 1 << 25, 1 << 23
"""Bytes of datapackage.json, of a table, and of another resource."""
MOST_SENTENCES, LONGEST_SENTENCE = 40, 300
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 200_000, 200, 4_000


class Cell(Enum):
    """What a cell may hold, and how Frictionless calls its type."""

    TEXT = "string", r".*", "a text that can be shown"
    ISO2 = "string", r"[A-Z]{2}", "two capital letters"
    ISO3 = "string", r"[A-Z]{3}", "three capital letters"
    INCOME = "string", r"L|LM|UM|H", "L, LM, UM or H"
    CERTAINTY = "string", r"sure|either|listed", "sure, either or listed"
    WHOLE = "integer", r"[0-9]{1,12}", "a whole number, 0 or more, in digits alone"
    DAY = "date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, YYYY-MM-DD"

    def __init__(self, kind: str, pattern: str, words: str) -> None:
        self.kind, self.words = kind, words
        self._pattern = re.compile(pattern, re.ASCII)

    def fits(self, text: str) -> bool:
        """Tell whether a text, which is not empty, is of this kind."""
        if self is Cell.TEXT:
            return printable(text, LONGEST_CELL) == text
        if not self._pattern.fullmatch(text):
            return False
        if self is Cell.DAY:
            try:
                date.fromisoformat(text)
            except ValueError:
                return False
        return True


class TableForm(NamedTuple):
    """What is asked of a table.

    Attributes:
        required: columns that are never empty.
        optional: columns that must be there, and may be empty.
        key: columns that together stand once.
        refers: column -> the table whose key it is of, where it is not empty.
    """

    required: Mapping[str, Cell]
    optional: Mapping[str, Cell]
    key: tuple[str, ...]
    refers: Mapping[str, str]


FORMS: Mapping[str, TableForm] = {
    "world": TableForm(
        {"iso2": Cell.ISO2, "iso3": Cell.ISO3, "name": Cell.TEXT},
        {"population": Cell.WHOLE, "counted_in": Cell.ISO3, "who_region": Cell.TEXT, "income_group": Cell.INCOME},
        ("iso3",), {"counted_in": "world"},
    ),
    "products": TableForm(
        {"product": Cell.TEXT, "name": Cell.TEXT, "primary_doses": Cell.WHOLE},
        {"manufacturer": Cell.TEXT, "prophylaxis_2021": Cell.TEXT, "eu_code_since": Cell.DAY},
        ("product",), {},
    ),
    "offer": TableForm(
        {"iso3": Cell.ISO3, "product": Cell.TEXT, "from": Cell.DAY, "earliest": Cell.DAY,
         "certainty": Cell.CERTAINTY, "source": Cell.TEXT},
        {"group": Cell.TEXT},
        ("iso3", "product"), {"iso3": "world", "product": "products"},
    ),
    "doses": TableForm(
        {"iso3": Cell.ISO3, "date": Cell.DAY, "doses": Cell.WHOLE},
        {"at_least_one": Cell.WHOLE, "first_course": Cell.WHOLE, "booster": Cell.WHOLE},
        ("iso3", "date"), {"iso3": "world"},
    ),
    "eul": TableForm(
        {"product": Cell.TEXT},
        {"eul_date": Cell.DAY, "pq_date": Cell.DAY, "withdrawn": Cell.DAY},
        ("product",), {"product": "products"},
    ),
}  # fmt: skip
"""Table -> its form; a table that another one refers to stands before it."""
VALUE_SETS, OUTLINES = "valuesets", "outlines"
"""Resources that are not tables (JSON). A package may lack them."""

_NAME = re.compile(r"[a-z0-9._-]{1,100}", re.ASCII)
_FILE = re.compile(r"(?:[\w-][\w.-]*/){0,4}[\w-][\w.-]*", re.ASCII)
_VIEW = re.compile(r"-?[0-9]{1,6}(?: -?[0-9]{1,6}){3}", re.ASCII)
_PATH = re.compile(r"[MmLlHhVvAaZz0-9 .,-]*", re.ASCII)

Table = Sequence[Mapping[str, str]]


Outlines = Mapping[str, Any]
"""A map's `viewBox`, `countries` (ISO 3166-1 alpha-2 -> data of an SVG path) and `others` (a path)."""


class PolicyData(NamedTuple):
    """What a data package holds.

    Attributes:
        tables: by name, for `impact.world.read`: of each row the columns of `FORMS`, "" where a cell is empty.
        name: of the package.
        version: of the package, "" where it has none.
        digest: SHA-256 over all that was read, in hexadecimal.
        value_sets: name -> from when (seconds since the epoch, midnight in UTC) -> codes; empty if there are none.
        outlines: of the map; empty where there are none.
        attribution: what its licences ask to be said wherever a figure is shown: licences and sources, by title.
    """

    tables: Tables
    name: str
    version: str
    digest: str
    value_sets: Mapping[str, Mapping[int, list[str]]]
    outlines: Outlines
    attribution: tuple[str, ...] = ()


def load(folder: Path | None = None) -> PolicyData:
    """Read a data package.

    Args:
        folder: where `datapackage.json` lies; None for the package that is installed.

    Raises:
        UsageError: `policy-data-missing`: no folder is named, and none is installed.
        DocumentRefused: `policy-data-package`, `policy-data-size`, `policy-data-table`, `policy-data-value`,
            `policy-data-double`, `policy-data-unknown`: with the file, the row and the column.
        Unreadable: the folder cannot be read.
    """
    package = _Package(folder or _installed())
    tables: dict[str, Table] = {}
    keys: dict[str, set[tuple[str, ...]]] = {}
    for name, form in FORMS.items():
        tables[name] = rows = _rows(package, name, form)
        keys[name] = _keys(package.path(name), rows, form)
        for column, other in form.refers.items():
            for number, row in enumerate(rows, 2):
                if row[column] and (row[column],) not in keys[other]:
                    what = f"“{row[column]}” does not stand in the table “{other}”"
                    raise _at("unknown", package.path(name), number, column, what)
    value_sets = _value_sets(package)
    outlines = _outlines(package)
    return PolicyData(
        tables, package.name, package.version, package.digest(), value_sets, outlines, package.attribution
    )  # fmt: skip


def is_installed() -> bool:
    """Tell whether there is a data package where no folder is named."""
    return importlib.util.find_spec(PACKAGE) is not None


def _installed() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise UsageError(
            "policy-data-missing",
            "the data of the policy lab is not installed",
            "pip install 'pratique[policy]', or name a data package: --data DIR",
        )
    return Path(spec.origin).parent


class _Package:
    """A folder with a descriptor. What is read of it is counted, and goes into the digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, str] = {}
        try:
            data = files.read(folder / DESCRIPTOR, LARGEST_DESCRIPTOR, named=False)
        except FileNotFoundError as error:
            raise _refused("package", f"there is no {DESCRIPTOR} in the folder") from error
        except OSError as error:
            raise _of(error, folder, DESCRIPTOR) from error
        document = _json(DESCRIPTOR, data)
        resources = document.get("resources") if isinstance(document, dict) else None
        if not isinstance(resources, list) or not all(type(each) is dict for each in resources):
            raise _refused("package", f"{DESCRIPTOR} has no list of resources")
        self.name, self.version = document.get("name"), document.get("version", "")
        if type(self.name) is not str or not _NAME.fullmatch(self.name):
            raise _refused(
                "package", f"{DESCRIPTOR}: name must be small letters, digits, “.”, “_”, “-”"
            )
        if type(self.version) is not str or printable(self.version, 40) != self.version:
            raise _refused("package", f"{DESCRIPTOR}: version must be a short text")
        self.attribution = tuple(_attribution(document))
        self._resources: dict[str, dict[str, Any]] = {}
        for resource in resources:
            name = resource.get("name")
            if type(name) is not str or name in self._resources:
                raise _refused("package", f"{DESCRIPTOR}: a resource has no name, or another's")
            self._resources[name] = resource

    def has(self, name: str) -> bool:
        """Tell whether there is a resource of this name."""
        return name in self._resources

    def resource(self, name: str) -> dict[str, Any]:
        """Return the descriptor of a resource."""
        if name not in self._resources:
            raise _refused("package", f"{DESCRIPTOR} names no resource “{name}”")
        resource = self._resources[name]
        path, encoding = resource.get("path"), resource.get("encoding", "utf-8")
        if type(path) is not str or not _FILE.fullmatch(path):
            raise _refused(
                "package", f"{DESCRIPTOR}, resource “{name}”: path must be one file of the folder"
            )
        if type(encoding) is not str or encoding.lower() not in ("utf-8", "utf8"):
            raise _refused("package", f"{DESCRIPTOR}, resource “{name}”: encoding must be utf-8")
        if resource.get("dialect") or resource.get("compression"):
            raise _refused(
                "package", f"{DESCRIPTOR}, resource “{name}”: give plain CSV with commas"
            )
        return resource

    def path(self, name: str) -> str:
        """Return where a resource lies in the folder."""
        return str(self.resource(name)["path"])

    def bytes(self, name: str, limit: int) -> bytes:
        """Read a resource."""
        path = self.path(name)
        try:
            data = files.read(files.within(self._folder, path), limit, named=False)
        except OSError as error:
            raise _of(error, self._folder, path) from error
        self._digests[name] = f"{hashlib.sha256(data).hexdigest()}  {path}\n"
        return data

    def digest(self) -> str:
        """Return SHA-256 over the lines that `sha256sum` writes, in the order of the resources' names."""
        lines = "".join(self._digests[name] for name in sorted(self._digests))
        return hashlib.sha256(lines.encode()).hexdigest()


def _attribution(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences that the package names, or one of its licences and one of its sources.

    What has no title is left out.
    """
    sentences = document.get("attribution")
    if isinstance(sentences, list):
        yield from (
            sentence
            for sentence in sentences[:MOST_SENTENCES]
            if isinstance(sentence, str) and printable(sentence, LONGEST_SENTENCE) == sentence
        )
        return
    for member, word in (("licenses", "Licence"), ("sources", "Sources")):
        listed = document.get(member)
        titles = [
            each["title"]
            for each in (listed if isinstance(listed, list) else ())
            if isinstance(each, dict) and isinstance(each.get("title"), str)
        ]
        if titles:
            yield f"{word}: {'; '.join(titles)}."


def _rows(package: _Package, name: str, form: TableForm) -> Table:
    """Read a table, each of its cells checked."""
    path, columns = package.path(name), {**form.required, **form.optional}
    _declared(package.resource(name), name, columns)
    places: dict[str, int] = {}
    rows: list[Mapping[str, str]] = []
    for number, cells in enumerate(_lines(path, package.bytes(name, LARGEST_TABLE)), 1):
        if number == 1:
            places, width = {cell: place for place, cell in enumerate(cells)}, len(cells)
            if len(places) < width or width > MOST_COLUMNS:
                raise _at("table", path, 1, "", "a column is there twice, or there are too many")
            if lacking := [column for column in columns if column not in places]:
                raise _at("table", path, 1, lacking[0], "the column is missing")
            continue
        if len(cells) != len(places):
            raise _at(
                "table", path, number, "", f"{len(cells)} cells, where the header has {len(places)}"
            )
        if number > MOST_ROWS:
            raise _at("size", path, number, "", f"more than {MOST_ROWS:,} rows")
        row = {column: cells[places[column]] for column in columns}
        for column, kind in columns.items():
            text = row[column]
            if not text and column in form.required:
                raise _at("value", path, number, column, f"it is empty, and must be {kind.words}")
            if text and not kind.fits(text):
                raise _at("value", path, number, column, f"“{text[:40]}” is not {kind.words}")
        rows.append(row)
    if not rows:
        raise _at("table", path, 1, "", "the table is empty")
    return rows


def _declared(resource: Mapping[str, Any], name: str, columns: Mapping[str, Cell]) -> None:
    """See to it that a package's own schema says of our columns what we read them as."""
    schema = resource.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(fields, list):
        raise _refused("package", f"{DESCRIPTOR}, resource “{name}”: it has no schema with fields")
    if schema.get("missingValues", [""]) != [""]:
        raise _refused(
            "package", f'{DESCRIPTOR}, resource “{name}”: missingValues can only be [""]'
        )
    kinds = {
        field["name"]: (field.get("type", "string"), field.get("format", "default"))
        for field in fields
        if isinstance(field, dict) and type(field.get("name")) is str
    }
    for column, kind in columns.items():
        if kinds.get(column) != (kind.kind, "default"):
            raise _refused(
                "package",
                f"{DESCRIPTOR}, resource “{name}”, field “{column}”: it must be there, of the type {kind.kind}",
            )


def _lines(path: str, data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise _at("table", path, number, "", "it is not UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from lines
    except csv.Error as error:
        raise _at("table", path, lines.line_num, "", "it is not CSV") from error


def _keys(path: str, rows: Table, form: TableForm) -> set[tuple[str, ...]]:
    """Return the keys of a table's rows, each of which stands once."""
    keys: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows, 2):
        key = tuple(row[column] for column in form.key)
        if key in keys:
            raise _at("double", path, number, form.key[0], f"{' '.join(key)} is there twice")
        keys.add(key)
    return keys


def _value_sets(package: _Package) -> dict[str, dict[int, list[str]]]:
    """Read the editions of the value sets: {day: {value set: [code]}}."""
    if not package.has(VALUE_SETS):
        return {}
    path = package.path(VALUE_SETS)
    document = _json(path, package.bytes(VALUE_SETS, LARGEST_DOCUMENT))
    if type(document) is not dict or not document:
        raise _refused("value", f"{path} holds no edition")
    dated: dict[str, dict[int, list[str]]] = {}
    for day, sets in document.items():
        if not Cell.DAY.fits(day) or type(sets) is not dict:
            raise _refused("value", f"{path}: “{day[:40]}” is no day with its value sets")
        begins = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        for name, codes in sets.items():
            is_list = type(codes) is list and all(type(code) is str for code in codes)
            if not is_list or not all(map(Cell.TEXT.fits, codes)):
                raise _refused("value", f"{path}, {day}: “{name[:60]}” is no list of codes")
            dated.setdefault(name, {})[begins] = codes
    return dated


def _outlines(package: _Package) -> Outlines:
    if not package.has(OUTLINES):
        return {}
    path = package.path(OUTLINES)
    document = _json(path, package.bytes(OUTLINES, LARGEST_DOCUMENT))
    match document:
        case {"viewBox": str(view_box), "countries": dict(countries), "others": str(others)}:
            shapes = [*countries.values(), others]
            if (
                _VIEW.fullmatch(view_box)
                and all(map(Cell.ISO2.fits, countries))
                and all(type(shape) is str and _PATH.fullmatch(shape) for shape in shapes)
            ):
                return {"viewBox": view_box, "countries": countries, "others": others}
    raise _refused("value", f"{path}: it must be {{viewBox, countries: {{code: path}}, others}}")


def _json(path: str, data: bytes) -> Any:
    try:
        return strict_json.loads(data)
    except ValueError as error:
        raise _refused("package", f"{path} is no JSON document") from error


def _of(error: OSError, folder: Path, path: str) -> Exception:
    """Return what to raise for a file that could not be read."""
    if isinstance(error, FileNotFoundError):
        return _refused("package", f"{DESCRIPTOR} names {path}, which is not there")
    if error.errno == errno.EFBIG:
        return _refused("size", f"{path} is too large")
    return files.unusable(folder / path, error)


def _at(code: str, path: str, row: int, column: str, message: str) -> DocumentRefused:
    place = f"{path}, row {row}" + (f", column {column}" if column else "")
    return _refused(code, f"{place}: {message}")


def _refused(code: str, message: str) -> DocumentRefused:
    return DocumentRefused(
        f"policy-data-{code}",
        f"the data package is refused: {printable(message, 300)}",
        "the handbook's page 'The data of the policy lab' describes it",
    )
