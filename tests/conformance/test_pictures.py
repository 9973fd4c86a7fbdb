"""Other people's pictures: the text that each is said to hold is read in it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.certificates import texts_in

pytest.importorskip("zxingcpp", reason="the extra 'scan' is not installed")


def cases(corpora: Path, kind: str) -> list[dict[str, Any]]:
    manifest = json.loads((corpora / "manifest.json").read_text())
    return [case for case in manifest["cases"] if case["kind"] == kind]


def test_every_picture_of_a_certificate_holds_its_text(corpora: Path) -> None:
    found = [
        (case["id"], (corpora / case["files"][0]).read_text().strip() in texts)
        for case in cases(corpora, "dcc-qr")
        if len(case["files"]) > 1
        for texts in [texts_in((corpora / case["files"][1]).read_bytes())]
    ]
    assert len(found) == 178
    assert [name for name, agrees in found if not agrees] == []


def test_every_picture_layer_holds_the_text_layer(corpora: Path) -> None:
    found = [
        (case["id"], layers["PREFIX"] in texts_in(base64.b64decode(layers["2DCODE"])))
        for case in cases(corpora, "dcc-layered")
        for layers in [json.loads((corpora / case["files"][0]).read_bytes())]
        if layers.get("2DCODE")
    ]
    assert len(found) == 136
    assert [name for name, agrees in found if not agrees] == []


@pytest.mark.parametrize("name", ["scaled-23.jpg", "bad_qr_version.png"])
def test_a_code_of_another_format_is_told_too(corpora: Path, name: str) -> None:
    (text,) = texts_in((corpora / f"shc/cases/test-example-00-g-qr-code-0-{name}").read_bytes())
    assert text.startswith("shc:/")


def test_a_code_damaged_beyond_its_error_correction_gives_no_text(corpora: Path) -> None:
    name = "shc/cases/test-example-00-g-qr-code-0-corrupted.png"
    assert texts_in((corpora / name).read_bytes()) == ()
