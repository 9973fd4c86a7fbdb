"""The codec of JSON documents: a form is its annotations, read exactly and written back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import pytest

from pratique import strict_json
from pratique.errors import DocumentRefused
from pratique.strict_json import ARRAY, SPARSE, Base64, Codec, Hex, Misfit


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


Upper = Annotated[str, Codec(lambda value: strict_json.text(value).upper(), str.lower)]


class Inner(NamedTuple):
    """A nested form."""

    number: int
    key: Hex


class Outer(NamedTuple):
    """A form with a member of each kind."""

    name: str
    yes: bool
    colour: Colour
    raw: Base64
    inner: Inner
    row: Annotated[Inner, ARRAY]
    names: tuple[str, ...]
    colours: frozenset[Colour]
    by_number: Mapping[int, tuple[Inner, ...]]
    end: int | None
    upper: Upper
    note: Annotated[str, SPARSE] = ""


WHOLE = Outer(
    "a", True, Colour.RED, b"\0\1", Inner(1, b"\xff"), Inner(2, b""), ("b", "a"),
    frozenset(Colour), {7: (Inner(3, b"k"),)}, None, "UP",
)  # fmt: skip
ROW: dict[str, Any] = {
    "name": "a", "yes": True, "colour": "red", "raw": "AAE=", "inner": {"number": 1, "key": "ff"},
    "row": [2, ""], "names": ["b", "a"], "colours": ["blue", "red"],
    "by_number": {"7": [{"number": 3, "key": "6b"}]}, "end": None, "upper": "up",
}  # fmt: skip


def refused(why: str) -> DocumentRefused:
    return DocumentRefused("own-code", why)


def test_a_document_is_written_as_it_is_annotated_and_comes_back() -> None:
    assert strict_json.write(WHOLE) == ROW
    assert strict_json.read(Outer, ROW) == WHOLE
    noted = WHOLE._replace(note="n", end=5)
    assert strict_json.write(noted) == {**ROW, "note": "n", "end": 5}
    data = strict_json.dump(noted, "form-1")
    assert strict_json.document(data, Outer, "form-1", refused) == noted


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"name": 1}, "name"), ({"yes": 1}, "yes"), ({"colour": "green"}, "colour"),
        ({"colour": []}, "colour"), ({"raw": "%"}, "raw"), ({"inner": []}, "inner"),
        ({"inner": {"number": True, "key": ""}}, "inner.number"),
        ({"inner": {"number": 1, "key": "zz"}}, "inner.key"), ({"row": [2]}, "row"),
        ({"names": "ab"}, "names"), ({"names": [1]}, "names"), ({"colours": {}}, "colours"),
        ({"by_number": {"x": []}}, "by_number"), ({"by_number": []}, "by_number"),
        ({"end": "5"}, "end"), ({"end": 1.0}, "end"), ({"upper": None}, "upper"),
    ],
)  # fmt: skip
def test_what_is_of_another_kind_is_refused_by_the_members_name(
    change: dict[str, Any], member: str
) -> None:
    with pytest.raises(Misfit) as caught:
        strict_json.read(Outer, {**ROW, **change})
    assert (caught.value.code, caught.value.member) == ("member-kind", member)


def test_members_are_exact() -> None:
    for name in ROW:
        with pytest.raises(Misfit) as caught:
            strict_json.read(Outer, {n: v for n, v in ROW.items() if n != name})
        assert (caught.value.code, caught.value.member) == ("member-missing", name)
    with pytest.raises(Misfit) as caught:
        strict_json.read(Outer, {**ROW, "more": 1})
    assert (caught.value.code, caught.value.member) == ("member-unknown", "more")


def test_a_refusal_names_members_and_no_content() -> None:
    changes: list[dict[str, Any]] = [
        {"name": ["Anna Muster"]}, {"Anna\x1b Muster": 1}, {"by_number": {"Anna Muster": []}},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DocumentRefused) as caught:
            strict_json.document(
                json.dumps({"format": "f", **ROW, **change}).encode(),
                Outer,
                "f",
                refused,
            )
        assert caught.value.code == "own-code"
        assert "Muster" not in repr(caught.value) + caught.value.message


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"format":"form-2"}', b"1", b'{"format":1}'])
def test_another_document_is_told_as_such(data: bytes) -> None:
    with pytest.raises(DocumentRefused, match="another document"):
        strict_json.document(data, Outer, "form-1", refused)
