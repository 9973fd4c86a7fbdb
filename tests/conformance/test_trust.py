"""Other people's trust lists: what they say of themselves, Pratique says too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import trust
from pratique.errors import DocumentRefused
from pratique.trust import did, lists


def cases(corpora: Path, kind: str) -> list[dict[str, Any]]:
    manifest = json.loads((corpora / "manifest.json").read_text())
    return [case for case in manifest["cases"] if case["kind"] == kind]


def test_every_did_trust_list_agrees(corpora: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    found = [(case["id"], trust.tng_did(case, corpora)) for case in cases(corpora, "tng-did")]
    assert len(found) == 86
    assert [pair for pair in found if not pair[1].agree] == []


def test_every_signed_trust_list_agrees(corpora: Path) -> None:
    found = [
        (case["id"], trust.signed_trustlist(case, corpora))
        for case in cases(corpora, "signed-trustlist")
    ]
    assert len(found) == 3
    assert [pair for pair in found if not pair[1].agree] == []


def test_a_did_trust_list_with_one_letter_changed_does_not_agree(corpora: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    case = cases(corpora, "tng-did")[0]
    data = (corpora / case["files"][0]).read_bytes().replace(b"#AND", b"#ARG")
    key = lists.read_proof_key((corpora / case["trust"]).read_bytes())
    with pytest.raises(DocumentRefused) as caught:
        lists.read_source(data, proof_key=key)
    assert caught.value.code == "proof-wrong"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("did_v1.json", "https://www.w3.org/ns/did/v1"),
        ("jws-2020_v1.json", "https://w3id.org/security/suites/jws-2020/v1"),
        ("tng-context-v1.jsonld", "https://smart.who.int/trust/tng-context/v1.jsonld"),
        ("tng-context-v1-DEV.jsonld", "https://smart.who.int/trust/tng-context/v1-DEV.jsonld"),
        ("tng-context-v1-UAT.jsonld", "https://smart.who.int/trust/tng-context/v1-UAT.jsonld"),
    ],
)
def test_our_contexts_map_every_term_as_the_published_ones_do(
    corpora: Path, name: str, url: str
) -> None:
    theirs = json.loads((corpora / "spec/jsonld-contexts" / name).read_text())["@context"]
    ours = did.CONTEXTS[url]
    assert {term: ours.get(term) for term in theirs} == theirs
