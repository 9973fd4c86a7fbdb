"""The bridge: a page's questions, and what comes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.web.bridge import METHODS, Bridge
from tests import pages
from tests import travellers as t
from tests.unit.journeys.test_identify import passport
from tools import measure
from tools.vectors import content, keys
from tools.vectors.layers import claims, text

HERS = text(claims(content.vaccinated()))
BORDER: Snapshot = measure.snapshot().replace(ruleset=t.snapshot().ruleset, created=keys.NOON)


@pytest.fixture
def bridge() -> Bridge:
    opened = Bridge()
    assert "signers" in json.loads(opened.open(BORDER.to_bytes()))
    return opened


def handed(*texts: str, **fields: Any) -> dict[str, Any]:
    return {"texts": texts, "place": "XU", "zone": "Europe/Paris", "at": keys.NOON, **fields}


def test_facts_are_those_of_the_snapshot(bridge: Bridge) -> None:
    found = pages.call(bridge, "facts", {})["result"]
    assert found["signers"] == len(BORDER.trust)
    assert found["destinations"] == ["XU"]
    assert found["created"] == keys.NOON


def test_a_signature_is_asked_about_and_then_believed(bridge: Bridge) -> None:
    request = json.dumps(handed(HERS))
    (question,) = json.loads(bridge.handle("border.check", request, "{}"))["ask"]
    assert (question["name"], question["curve"], question["hash"]) == ("ECDSA", "P-256", "SHA-256")
    told = {
        answer: json.loads(
            bridge.handle("border.check", request, json.dumps({question["id"]: answer}))
        )
        for answer in (True, False, None)
    }
    assert told[True]["result"]["person"]["family_native"] == "Sampleová"
    assert told[False]["result"]["person"] is None
    assert told[False]["result"]["reasons"][0]["reason"] == "signature-bad"
    assert told[None]["result"]["reasons"][0]["reason"] == "key-in-doubt"


@pytest.mark.parametrize(
    ("method", "request_", "answers", "code"),
    [
        ("border.close", "{}", "{}", "method-unknown"),
        ("border.check", "{", "{}", "request-malformed"),
        ("border.check", "[]", "{}", "request-malformed"),
        ("border.check", json.dumps(handed(HERS, more=1)), "{}", "request-malformed"),
        ("border.check", json.dumps(handed(HERS, at="now")), "{}", "request-malformed"),
        ("border.check", json.dumps(handed(HERS, at=-1)), "{}", "instant-unknown"),
        ("border.check", json.dumps(handed(HERS, zone="Mars/Base")), "{}", "zone-unknown"),
        ("border.check", json.dumps(handed(HERS, zone="../etc/passwd")), "{}", "zone-unknown"),
        ("border.check", json.dumps(handed(HERS, place="Utopia")), "{}", "destination-unknown"),
        ("border.check", json.dumps(handed(*["x"] * 65)), "{}", "texts-too-many"),
        ("border.check", json.dumps(handed(HERS)), '{"a": 1}', "answers-malformed"),
        ("border.check", json.dumps(handed(HERS)), "[]", "answers-malformed"),
        ("facts", '{"a": 1}', "{}", "request-malformed"),
    ],
)  # fmt: skip
def test_a_bad_request_is_an_error_and_no_exception(
    bridge: Bridge, method: str, request_: str, answers: str, code: str
) -> None:
    assert json.loads(bridge.handle(method, request_, answers))["error"]["code"] == code


def test_the_age_of_the_data_comes_with_every_screen(bridge: Bridge) -> None:
    later = keys.NOON + 8 * 86_400
    reply = pages.call(bridge, "border.check", handed(HERS, at=later))["result"]
    assert reply["data"] == {
        "number": BORDER.number, "created": keys.NOON, "age_seconds": 8 * 86_400, "level": "old", "clock": "ok",
    }  # fmt: skip


def test_a_passports_lines_are_compared(bridge: Bridge) -> None:
    lines = passport("SAMPLEOVA", "TESTINA", "840229").splitlines()
    request = {"texts": [HERS], "mrz": lines, "at": keys.NOON, "zone": "UTC"}
    reply = pages.call(bridge, "border.identify", request)
    assert reply["result"] == {"outcome": "same", "reasons": [], "kind": "TD3"}
    reply = pages.call(bridge, "border.identify", {**request, "mrz": ["hello"]})
    assert reply["result"] == {"outcome": "unsure", "reasons": ["not-mrz"], "kind": None}


TRIP = {"place": "XU", "zone": "Asia/Tokyo", "at": keys.NOON + 86_400}


@pytest.mark.parametrize(
    ("method", "fields", "members"),
    [
        ("wallet.cards", {}, {"people", "others"}),
        ("wallet.enter", {"place": "XU"}, {"colour", "from", "until"}),
        ("wallet.enter", {"place": "XU", "now": keys.NOON, "language": "fr"}, {"rules", "helps"}),
        ("wallet.everywhere", {}, {"rows", "next", "all"}),
        ("wallet.everywhere", {"begin": 0, "most": 5, "now": keys.NOON}, {"rows"}),
        ("wallet.ends", {"days": 90}, {"ends"}),
        ("wallet.ends", {"days": 900, "trips": [TRIP]}, {"ends"}),
        ("wallet.calendar", {"days": 900, "trips": [TRIP], "words": {"code-ends": "!"}, "names": True}, {"calendar"}),
    ],
)  # fmt: skip
def test_a_holders_questions_are_answered(
    bridge: Bridge, method: str, fields: dict[str, Any], members: set[str]
) -> None:
    request = {"texts": [HERS, "hello"], "at": keys.NOON, "zone": "Europe/Paris", **fields}
    reply = pages.call(bridge, method, request)
    assert members <= set(reply["result"])


@pytest.mark.parametrize("at", [0, 1, 253_402_214_399, 253_402_214_400])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_no_instant_is_too_early_or_too_late(bridge: Bridge, at: int, zone: str) -> None:
    ill = text(claims(content.dcc("r", content.illness(du="9999-12-31")), exp=253_402_300_799))
    fields: dict[str, Any] = {
        "texts": [HERS, ill], "place": "XU", "zone": zone, "at": at, "days": 10**9, "trips": [{**TRIP, "at": at}],
        "mrz": passport("SAMPLEOVA", "TESTINA", "840229").splitlines(), "now": keys.NOON,
        "rows": [{"number": 2, "cells": {"reference": "PQ1", "code": HERS}}], "arrival": "2026-06-01T12:00",
    }  # fmt: skip
    for method, (form, _) in METHODS.items():
        request = {name: fields[name] for name in form._fields if name in fields}
        assert "result" in pages.call(bridge, method, request), method


def test_a_flights_list_is_joined_and_checked(bridge: Bridge) -> None:
    cells = {"PNR": "PQ1", "Last name": "SAMPLEOVA", "First name": "TESTINA", "DOB": "1984-02-29"}
    rows = [
        {"number": 2, "cells": {**cells, "QR code": HERS}},
        {"number": 3, "cells": {"pnr": "PQ2"}},
    ]
    rows += [
        {
            "number": 4,
            "cells": {"PNR": "PQ1", "To": "XU", "ETA": "2026-06-01T12:00", "Time zone": "UTC"},
        }
    ]
    assert pages.call(bridge, "manifest.join", {"rows": rows})["result"] == {
        "bookings": [[2, 4], [3]]
    }
    asked = {"rows": rows, "at": keys.NOON}
    first, second = pages.call(bridge, "manifest.check", asked)["result"]["results"]
    assert (first["reference"], second["reasons"][0]) == ("PQ1", "no-code")
    assert first["outcome"] == "ok"
    many = {"rows": [{"number": n, "cells": {}} for n in range(5_001)]}
    assert pages.call(bridge, "manifest.join", many)["error"]["code"] == "rows-too-many"


def test_a_trip_without_a_zone_is_an_error(bridge: Bridge) -> None:
    request = {
        "texts": [],
        "at": keys.NOON,
        "zone": "UTC",
        "days": 9,
        "trips": [{**TRIP, "zone": ""}],
    }
    assert pages.call(bridge, "wallet.ends", request)["error"]["code"] == "zone-unknown"


def test_a_snapshot_that_is_none_leaves_the_one_before(bridge: Bridge) -> None:
    for damaged in (b"", b"{}", BORDER.to_bytes()[:-9], b'{"format":"pratique-snapshot-9"}'):
        assert "error" in json.loads(bridge.open(damaged))
    assert pages.call(bridge, "facts", {})["result"]["number"] == BORDER.number


def test_nothing_is_asked_before_a_snapshot_is_there() -> None:
    for method in METHODS:
        assert json.loads(Bridge().handle(method, "{}", "{}"))["error"]["code"] == "no-snapshot"


def test_a_strangers_text_is_a_finding(bridge: Bridge) -> None:
    for stranger in (
        "",
        "hello",
        "HC1:",
        "\0" * 99,
        "HC1:" + "A" * 30_000,
        HERS[:-1],
        "shc:/1/3/55",
    ):
        reply = pages.call(bridge, "border.check", handed(stranger))
        assert reply["result"]["outcome"] in {"again", "more", "amber", "red"}, stranger[:9]


def test_a_region_that_is_mistyped_is_no_place() -> None:
    regional = t.rule("VR-XU-0009", {"===": [1, 1]}, Region="BRE")
    opened = Bridge()
    opened.open(BORDER.replace(ruleset=Ruleset([*t.utopia(), regional])).to_bytes())
    assert pages.call(opened, "facts", {})["result"]["destinations"] == ["XU", "XU/BRE"]
    for place in ("XU/BRE", "xu / bre", "XU"):
        assert "result" in pages.call(opened, "border.check", handed(HERS, place=place))
    reply = pages.call(opened, "border.check", handed(HERS, place="XU/BER"))
    assert reply["error"]["code"] == "region-unknown"
