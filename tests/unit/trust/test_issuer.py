"""An issuer's document is read exactly as it was written, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.errors import DocumentRefused, UsageError
from pratique.terms import Environment
from pratique.trust import issuer
from pratique.trust.issuer import Issuer, SigningCa
from tests.unit.trust.test_shards import END, START, A, B

SCA = SigningCa("file:keys/sca.pem", "ab" * 32, START, END, END)
ISSUER = Issuer(
    "XXU", "XU", "Ministère de la Santé", "Ministère", Environment.TEST, "keys@example.org", SCA, (A, B)
)  # fmt: skip


def test_it_comes_back_as_it_was() -> None:
    assert issuer.from_bytes(issuer.to_bytes(ISSUER)) == ISSUER
    assert b"pratique-issuer-1" in issuer.to_bytes(ISSUER)


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(issuer.to_bytes(ISSUER)), **members}).encode()


def row(**members: Any) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(issuer.to_bytes(ISSUER))["shards"]
    return {**rows[0], **members}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        changed(format="pratique-issuer-2"),
        changed(more=1),
        changed(name=1),
        changed(environment="both"),
        changed(sca=None),
        changed(sca={}),
        changed(shards={}),
        changed(shards=[row(), row()]),
        changed(shards=[row(environment="production")]),
        changed(shards=[row(country="XV")]),
        changed(shards=[row(participant="XXV")]),
        changed(shards=[row(label="../sca")]),
        changed(node=1),
        changed(node_bits=17),
        issuer.to_bytes(ISSUER)[:-10],
    ],
)
def test_whatever_is_not_one_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as caught:
        issuer.from_bytes(data)
    assert caught.value.code in {"issuer-file", "json-unreadable"}


def test_labels_are_months_and_letters() -> None:
    assert ISSUER.new_label(START) == "2027-01-a"
    named = A._replace(label="2027-01-a"), B._replace(label="2027-01-c")
    assert ISSUER._replace(shards=named).new_label(START) == "2027-01-b"
    assert ISSUER._replace(shards=named).new_label(START, taken={"2027-01-b"}) == "2027-01-d"
    many = tuple(A._replace(label=f"2027-01-{chr(97 + n)}") for n in range(26))
    assert ISSUER._replace(shards=many).new_label(START) == "2027-01-aa"


def test_a_shard_is_found_and_changed_by_its_label() -> None:
    retired = ISSUER.shard(A.label)._replace(retired=START)
    assert ISSUER.replace(retired).shards == (retired, B)
    with pytest.raises(UsageError) as caught:
        ISSUER.shard("2000-01-a")
    assert caught.value.code == "shard-unknown"
