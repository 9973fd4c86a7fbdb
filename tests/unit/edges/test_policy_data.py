"""A data package is read as its form says, ours and anybody's; what is not so is refused with its place."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.errors import DocumentRefused, Unreadable, UsageError
from pratique.impact import world
from pratique.rules.products import PRODUCTS
from pratique.store import policy_data
from tests import policy_lab
from tests.steps import LONGEST
from tests.unit.impact.test_world import Tables, small
from tests.unit.rules.test_products import differences
from tests.walls.source import ROOT

OURS = ROOT / "packages/policy-data/src/pratique_policy_data"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return policy_lab.written(tmp_path / "data", small())


def refused(folder: Path) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        policy_data.load(folder)
    assert caught.value.hint
    return caught.value


# ----------------------------------------------------------------------------------------------------
# Ours.


def test_our_package_is_read_and_is_a_world() -> None:
    data = policy_data.load(OURS)
    read = world.read(data.tables)
    assert (data.name, data.version) == ("pratique-policy", "1.0.0")
    assert len(read.places) == 243
    assert read.people == 7_873_877_275
    assert read.by_iso2["NA"].name == "Namibia"
    assert sum(len(rows) for rows in read.uptake.values()) == 5_569
    assert set(data.value_sets) > {"vaccines-covid-19-names", "country-2-codes"}
    assert len(data.value_sets["vaccines-covid-19-names"]) == 2
    on_the_map = set(data.outlines["countries"])
    alone = {place.iso2 for place in read.counted}
    assert alone - on_the_map == {"BQ", "GI", "TK", "TV"}


def test_our_package_has_the_product_facts_of_the_rules() -> None:
    assert differences(OURS) == []
    read = world.read(policy_data.load(OURS).tables)
    assert set(read.vaccines) == set(PRODUCTS)


def test_our_package_is_what_was_gathered(policy_tables: Path) -> None:
    for name in ("world", "offer", "doses", "eul", "products"):
        assert (OURS / f"{name}.csv").read_bytes() == (policy_tables / f"{name}.csv").read_bytes()
    assert (OURS / "valuesets.json").read_bytes() == (policy_tables / "valuesets.json").read_bytes()
    ours, theirs = (
        json.loads((folder / "datapackage.json").read_text()) for folder in (OURS, policy_tables)
    )
    for part in ("sources", "resources"):
        names = {each["name"] for each in theirs[part]}
        assert [each for each in ours[part] if each["name"] in names] == theirs[part]
        ours.pop(part), theirs.pop(part)
    # Whom to name stands there for pages, and in the README for people.
    sentences = ours.pop("attribution")
    assert policy_data.load(OURS).attribution == tuple(sentences)
    assert "World Health Organization, 2020" in sentences[0]
    assert ours == theirs


def test_the_package_that_is_installed_is_read_where_no_folder_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if importlib.util.find_spec(policy_data.PACKAGE) is None:
        pytest.skip("the extra policy is not installed")
    assert policy_data.load().digest == policy_data.load(OURS).digest
    monkeypatch.setattr(policy_data, "PACKAGE", "pratique_policy_data_of_nobody")
    with pytest.raises(UsageError) as caught:
        policy_data.load()
    assert caught.value.code == "policy-data-missing"
    assert "pip install 'pratique[policy]'" in caught.value.hint


def test_the_digest_is_what_sha256sum_says() -> None:
    names = ("doses.csv", "eul.csv", "offer.csv", "outlines.json", "products.csv",
             "valuesets.json", "world.csv")  # fmt: skip
    lines = [
        f"{hashlib.sha256((OURS / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    assert policy_data.load(OURS).digest == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_outlines_are_what_the_pages_map_draws() -> None:
    if shutil.which("node") is None or not (ROOT / "web/node_modules/world-atlas").is_dir():
        pytest.skip("the map is drawn with Node and npm's world-atlas: make web")
    drawn = subprocess.run(
        ["node", ROOT / "web/build/outlines.mjs"], capture_output=True, check=True, timeout=LONGEST
    ).stdout
    assert drawn == (OURS / "outlines.json").read_bytes()


# ----------------------------------------------------------------------------------------------------
# Anybody's.


def test_a_packages_own_columns_and_resources_are_let_pass(tmp_path: Path) -> None:
    rows = small()
    rows["world"] = [row | {"note": "ours"} for row in rows["world"]]
    data = policy_data.load(policy_lab.written(tmp_path / "data", rows))
    assert "note" not in data.tables["world"][0]
    assert (data.name, data.version) == ("small", "2.0")
    assert data.tables["world"][0]["iso2"] == "NA"
    assert data.tables["world"][1]["population"] == ""
    assert data.value_sets == {"country-2-codes": {1626739200: ["FR"]}}
    assert data.outlines["countries"] == {"NA": "M1 1l2-.5z"}


def test_columns_may_stand_in_any_order_and_a_mark_may_stand_first(package: Path) -> None:
    before = policy_data.load(package)
    for name in policy_data.FORMS:
        path = package / f"{name}.csv"
        rows = [row[::-1] for row in csv.reader(path.read_text().splitlines())]
        path.write_text("\ufeff" + "\r\n".join(",".join(row) for row in rows), newline="")
    after = policy_data.load(package)
    assert after.tables == before.tables
    assert after.digest != before.digest


def test_a_package_without_value_sets_and_map_is_read(package: Path) -> None:
    edit(package, lambda document: document.update(resources=document["resources"][:5]))
    data = policy_data.load(package)
    assert (data.value_sets, data.outlines) == ({}, {})


def test_a_series_that_falls_is_what_its_source_says(tmp_path: Path) -> None:
    rows = small()
    rows["doses"][0]["doses"] = "1"
    world.read(policy_data.load(policy_lab.written(tmp_path / "data", rows)).tables)


def changed(table: str, row: int, **cells: str) -> Callable[[Tables], None]:
    def change(rows: Tables) -> None:
        rows[table][row].update(cells)

    return change


def again(table: str) -> Callable[[Tables], None]:
    def change(rows: Tables) -> None:
        rows[table].append(dict(rows[table][0]))

    return change


def without(table: str, column: str) -> Callable[[Tables], None]:
    def change(rows: Tables) -> None:
        for row in rows[table]:
            del row[column]

    return change


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (without("offer", "earliest"), "table", "offer.csv, row 1, column earliest"),
        (without("world", "counted_in"), "table", "world.csv, row 1, column counted_in"),
        (changed("offer", 0, earliest="2021-02-30"), "value", "offer.csv, row 2, column earliest"),
        (changed("doses", 1, date="28.2.2021"), "value", "doses.csv, row 3, column date"),
        (changed("doses", 1, date=""), "value", "doses.csv, row 3, column date: it is empty"),
        (changed("eul", 0, pq_date="2021-1-1"), "value", "eul.csv, row 2, column pq_date"),
        (changed("doses", 0, doses="-1"), "value", "doses.csv, row 2, column doses"),
        (changed("doses", 0, doses="1e3"), "value", "doses.csv, row 2, column doses"),
        (changed("doses", 0, booster="٣"), "value", "doses.csv, row 2, column booster"),
        (changed("world", 0, population="1,000"), "value", "world.csv, row 2, column population"),
        (changed("world", 0, income_group="M"), "value", "world.csv, row 2, column income_group"),
        (changed("world", 1, name="K\x1b[2J"), "value", "world.csv, row 3, column name"),
        (changed("world", 1, name="K" * 4_001), "value", "world.csv, row 3, column name"),
        (changed("world", 0, iso2=""), "value", "world.csv, row 2, column iso2"),
        (changed("world", 0, iso2="na"), "value", "world.csv, row 2, column iso2"),
        (changed("offer", 0, certainty="maybe"), "value", "offer.csv, row 2, column certainty"),
        (changed("products", 0, primary_doses=""), "value", "products.csv, row 2, column primary"),
        (changed("offer", 0, iso3="ATL"), "unknown", "offer.csv, row 2, column iso3: “ATL”"),
        (changed("offer", 0, product="C"), "unknown", "offer.csv, row 2, column product: “C”"),
        (changed("doses", 1, iso3="ATL"), "unknown", "doses.csv, row 3, column iso3"),
        (changed("eul", 0, product="C"), "unknown", "eul.csv, row 2, column product"),
        (changed("world", 1, counted_in="ATL"), "unknown", "world.csv, row 3, column counted_in"),
        (changed("world", 1, iso3="NAM"), "double", "world.csv, row 3, column iso3: NAM"),
        *((again(table), "double", f"{table}.csv, row") for table in policy_data.FORMS),
    ],
    ids=range(28),
)  # fmt: skip
def test_the_first_thing_that_is_wrong_is_told_with_its_place(
    tmp_path: Path, change: Callable[[Tables], None], code: str, place: str
) -> None:
    rows = small()
    change(rows)
    error = refused(policy_lab.written(tmp_path / "data", rows))
    assert (error.code, place in error.message) == (f"policy-data-{code}", True), error.message


@pytest.mark.parametrize(
    ("name", "edits", "code", "place"),
    [
        ("world.csv", ("Namibia,", "Namibia,,"), "table", "world.csv, row 2: 8 cells"),
        ("world.csv", ("iso3,name", "iso3,iso3"), "table", "world.csv, row 1: a column is there"),
        ("world.csv", ("Namibia", '"Nami"bia'), "table", "world.csv, row 2: it is not CSV"),
        ("world.csv", ("Namibia", "N" * 200_000), "table", "it is not CSV"),
        ("valuesets.json", ("2021-07-20", "2021-07-32"), "value", "is no day"),
        ("valuesets.json", ('["FR"]', '"FR"'), "value", "“country-2-codes” is no list of codes"),
        ("valuesets.json", ('["FR"]', "[1]"), "value", "is no list of codes"),
        ("valuesets.json", ('["FR"]', r'["\u202e"]'), "value", "is no list of codes"),
        ("valuesets.json", ('{"2021', '{"2021-07-20": {}, "2021'), "package", "is no JSON document"),
        ("outlines.json", ("M1 1", "M1 1\\\" onload=\\\"x"), "value", "outlines.json"),
        ("outlines.json", ('"NA"', '"<b"'), "value", "outlines.json"),
        ("outlines.json", ("0 0 9 9", "0 0 9"), "value", "outlines.json"),
        ("outlines.json", ('"others"', '"other"'), "value", "outlines.json"),
        ("datapackage.json", ('"resources"', '"resource"'), "package", "no list of resources"),
        ("datapackage.json", ('"small"', '"S m"'), "package", "name must be"),
        ("datapackage.json", ('"2.0"', "2.0"), "package", "version must be"),
        ("datapackage.json", ('"2.0"', '"2\\u202e"'), "package", "version must be"),
        ("valuesets.json", ('{"2021-07-20": {"country-2-codes": ["FR"]}}', "{}"), "value", "no edition"),
        ("datapackage.json", ('"name": "offer"', '"name": "offers"'), "package", "no resource “offer”"),
        ("datapackage.json", ('"name": "offer"', '"name": "world"'), "package", "has no name, or another's"),
        ("datapackage.json", ('"world.csv"', '"../data/world.csv"'), "package", "one file of the folder"),
        ("datapackage.json", ('"world.csv"', '"https://a.example/world.csv"'), "package", "one file"),
        ("datapackage.json", ('"world.csv"', '["world.csv"]'), "package", "one file of the folder"),
        ("datapackage.json", ('"world.csv"', '"elsewhere.csv"'), "package", "elsewhere.csv, which is not"),
        ("datapackage.json", ('"world.csv"', '"world.csv", "encoding": "latin-1"'), "package", "utf-8"),
        ("datapackage.json", ('"world.csv"', '"world.csv", "dialect": {"delimiter": ";"}'), "package", "commas"),
        ("datapackage.json", ('"world.csv"', '"world.csv", "compression": "gz"'), "package", "plain CSV"),
        ("datapackage.json", ('"world.csv", "schema"', '"world.csv", "schemas"'), "package", "has no schema"),
        ("datapackage.json", ('{"name": "population", "type": "integer"}', '{"name": "population"}'),
         "package", "field “population”: it must be there, of the type integer"),
        ("datapackage.json", ('"schema": {', '"schema": {"missingValues": ["NA"], '), "package", "missingValues"),
    ],
    ids=range(30),
)  # fmt: skip
def test_a_document_that_is_altered_is_refused(
    package: Path, name: str, edits: tuple[str, str], code: str, place: str
) -> None:
    text = (package / name).read_text()
    before, after = edits
    assert before in text
    (package / name).write_text(text.replace(before, after, 1))
    error = refused(package)
    assert (error.code, place in error.message) == (f"policy-data-{code}", True), error.message


def edit(package: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = package / "datapackage.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_table_of_no_rows_is_refused(package: Path) -> None:
    header = (package / "eul.csv").read_text().splitlines()[0]
    for text in ("", header, header + "\n"):
        (package / "eul.csv").write_text(text)
        assert refused(package).code == "policy-data-table"


def test_what_is_not_utf8_is_told_with_its_row(package: Path) -> None:
    data = (package / "world.csv").read_bytes()
    (package / "world.csv").write_bytes(data.replace(b"Kosovo", "Kosovë".encode("latin-1")))
    error = refused(package)
    assert (error.code, "world.csv, row 3: it is not UTF-8" in error.message) == (
        "policy-data-table",
        True,
    )


def test_no_file_is_read_beyond_its_limit(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_data, "LARGEST_TABLE", 100)
    assert refused(package).code == "policy-data-size"
    monkeypatch.setattr(policy_data, "LARGEST_TABLE", 3_000)
    policy_data.load(package)
    monkeypatch.setattr(policy_data, "MOST_ROWS", 2)
    error = refused(package)
    assert (error.code, "world.csv, row 3" in error.message) == ("policy-data-size", True)


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        ("LARGEST_DESCRIPTOR", "datapackage.json"),
        ("LARGEST_DOCUMENT", "valuesets.json"),
        ("LARGEST_DOCUMENT", "outlines.json"),
    ],
)
def test_no_document_is_read_beyond_its_limit(
    package: Path, monkeypatch: pytest.MonkeyPatch, limit: str, name: str
) -> None:
    size = max(
        (package / other).stat().st_size
        for other in ("datapackage.json", "valuesets.json", "outlines.json")
    )
    data = (package / name).read_bytes()
    monkeypatch.setattr(policy_data, limit, size)
    (package / name).write_bytes(data + b" " * (size - len(data)))
    policy_data.load(package)
    (package / name).write_bytes(data + b" " * (size - len(data) + 1))
    error = refused(package)
    assert (error.code, name in error.message) == ("policy-data-size", True)


def test_a_header_has_a_limit_too(package: Path) -> None:
    text = (package / "eul.csv").read_text()
    lines = text.splitlines()
    for more, is_read in ((196, True), (197, False)):
        header = lines[0] + "".join(f",c{number}" for number in range(more))
        rows = [line + "," * more for line in lines[1:]]
        (package / "eul.csv").write_text("\n".join([header, *rows]))
        if is_read:
            policy_data.load(package)
        else:
            assert "eul.csv, row 1" in refused(package).message


def test_a_file_of_another_folder_is_not_read_by_a_link(package: Path, tmp_path: Path) -> None:
    (package / "world.csv").rename(tmp_path / "world.csv")
    (package / "world.csv").symlink_to(tmp_path / "world.csv")
    with pytest.raises(Unreadable):
        policy_data.load(package)
    (package / "datapackage.json").rename(tmp_path / "datapackage.json")
    (package / "datapackage.json").symlink_to(tmp_path / "datapackage.json")
    (package / "world.csv").unlink()
    (tmp_path / "world.csv").rename(package / "world.csv")
    with pytest.raises(Unreadable):
        policy_data.load(package)
    (package / "datapackage.json").unlink()
    (tmp_path / "datapackage.json").rename(package / "datapackage.json")
    policy_data.load(package)
    os.mkfifo(package / "pipe.csv")
    edit(package, lambda document: document["resources"][0].update(path="pipe.csv"))
    with pytest.raises(Unreadable):
        policy_data.load(package)


def test_a_folder_that_holds_no_package_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "policy-data-package"
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreadable):
        policy_data.load(tmp_path / "file")


@given(
    name=st.sampled_from(["world.csv", "offer.csv", "doses.csv", "datapackage.json",
                          "valuesets.json", "outlines.json"]),
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='iso23,"\n\r\0NA[]{}:', max_size=80).map(str.encode),
    ),
    keeps_the_beginning=st.booleans(),
)  # fmt: skip
def test_no_bytes_do_more_than_refuse(name: str, content: bytes, keeps_the_beginning: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        package = policy_lab.written(Path(folder, "data"), small())
        data = (package / name).read_bytes()
        (package / name).write_bytes((data if keeps_the_beginning else b"") + content)
        with suppress(DocumentRefused):
            assert world.read(policy_data.load(package).tables).places


def test_days_are_those_of_the_calendar() -> None:
    assert policy_data.Cell.DAY.fits(date(2021, 12, 31).isoformat())
    assert not policy_data.Cell.DAY.fits("2021-02-29")
    assert not policy_data.Cell.DAY.fits("0000-01-01")


def undescribed(page: str) -> list[str]:
    """Name the columns and the codes of refusal that a page of the handbook leaves out."""
    columns = {
        column for form in policy_data.FORMS.values() for column in (*form.required, *form.optional)
    }
    codes = ("missing", "package", "size", "table", "value", "double", "unknown")
    return sorted(
        name
        for name in (*policy_data.FORMS, *columns, *(f"policy-data-{code}" for code in codes))
        if f"`{name}`" not in page
    )


def test_the_handbook_describes_every_column() -> None:
    page = (ROOT / "docs/reference/policy-data.md").read_text(encoding="utf-8")
    assert undescribed(page) == []
    assert undescribed(page.replace("`counted_in`", "")) == ["counted_in"]


def test_our_schema_names_each_column_and_each_file() -> None:
    document = json.loads((OURS / "datapackage.json").read_text())
    paths = {resource["path"] for resource in document["resources"]}
    beside = {"datapackage.json", "README.md", "LICENSE", "__init__.py"}
    assert {path.name for path in OURS.iterdir() if path.is_file()} == paths | beside
    for resource in document["resources"]:
        if resource["name"] in policy_data.FORMS:
            with (OURS / resource["path"]).open(encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
            assert [field["name"] for field in resource["schema"]["fields"]] == header
