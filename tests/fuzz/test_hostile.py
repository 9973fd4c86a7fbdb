"""Hostile inputs: each comes to a verdict, none raises, none takes long.

`make check` runs twenty thousand, `make fuzz` a million, `make test` fewer. The inputs are the same at every run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pratique import verification
from pratique.findings import Code, Colour, Finding, Verdict
from pratique.verification import Verification
from tests.often import share
from tools import fuzz, measure, mutate
from tools.mutate import Hostile

COUNT = share(20_000, 4_000)
FROM_REAL = share(4_000, 1_000)


@pytest.fixture(scope="module")
def trial() -> measure.Trial:
    made = measure.Trial()
    found = mutate.seeds(mutate.kit_texts())
    for _ in made.run(mutate.hostile(found, COUNT, seed=20)):
        pass
    return made


def test_no_input_raises_or_comes_to_what_is_no_verdict(trial: measure.Trial) -> None:
    assert [(one.layer, reason) for one, reason in trial.faults] == []
    assert len(trial.spent) == COUNT


def test_no_input_takes_long(trial: measure.Trial) -> None:
    print(f"p99.99 {trial.quantile(0.9999):.3f} ms, max {trial.quantile(1):.3f} ms")
    assert trial.quantile(0.9999) < fuzz.SLOW
    assert trial.quantile(1) < fuzz.SLOWEST


def test_the_inputs_reach_every_layer_and_most_codes(trial: measure.Trial) -> None:
    assert set(trial.layers) == set(mutate.LAYERS)
    # What depends on the clock, on the list or on one exact text is the kit's to show.
    assert len(trial.codes) > 40
    for code in (
        Code.FIELD_TYPE, Code.CBOR_DEPTH, Code.GROUPS_SEVERAL, Code.INSTANT_UNREADABLE, Code.NO_RULES,
        Code.DATE_UNREADABLE, Code.COUNTRY_WRONG,
    ):  # fmt: skip
        assert trial.codes[code] > 0, code.name


def test_damaged_real_texts_come_to_a_verdict_too(corpora: Path) -> None:
    manifest = json.loads((corpora / "manifest.json").read_text())
    texts = [
        (corpora / name).read_text(encoding="utf-8").strip()
        for case in manifest["cases"]
        if case["kind"] == "dcc-qr"
        for name in case["files"]
        if name.endswith(".txt")
    ]
    found = mutate.seeds(texts)
    assert len(found) > 150
    made = measure.Trial()
    for _ in made.run(mutate.hostile(found, FROM_REAL, seed=21)):
        pass
    assert made.faults == []
    assert made.quantile(1) < fuzz.SLOWEST


def test_the_same_seed_makes_the_same_inputs() -> None:
    found = mutate.seeds(mutate.kit_texts())
    assert list(mutate.hostile(found, 200, 7)) == list(mutate.hostile(found, 200, 7))
    assert list(mutate.hostile(found, 200, 7)) != list(mutate.hostile(found, 200, 8))


def outcome(colour: Colour, *codes: Code, where: str = "") -> Verification:
    return Verification(Verdict(colour, tuple(Finding(code, where) for code in codes)))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "not a Verification"),
        (outcome(Colour.GREEN, Code.NO_RULES), "GREEN"),
        (outcome(Colour.AMBER, Code.EXPIRED), "colour"),
        (outcome(Colour.RED, Code.NO_RULES), "colour"),
        (outcome(Colour.AMBER, Code.EVENT_ABROAD), "nothing was read"),
        (outcome(Colour.RED, Code.EXPIRED, where="Sampleová"), "repeats content"),
        (Verification(Verdict(Colour.RED, (Finding("EXPIRED"),))), "closed list"),  # type: ignore[arg-type]
    ],
)
def test_a_planted_fault_is_seen(found: Any, reason: str) -> None:
    assert reason in measure.wrong(found)


def test_a_planted_exception_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(_text: str) -> Finding:
        raise KeyError("planted")

    monkeypatch.setattr(verification, "read", boom)
    trial = measure.Trial()
    list(trial.run([Hostile("text", "HC1:")]))
    assert "planted" in trial.faults[0][1]


def test_fuzz_tells_a_fault_and_keeps_its_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "KEPT", tmp_path)
    monkeypatch.setattr(measure, "wrong", lambda found: "planted" if found.certificate else "")
    assert fuzz.main(["--count", "50", "--seed", "3"]) == 1
    assert "planted" in capsys.readouterr().out
    kept = sorted(tmp_path.iterdir())
    text = bytes.fromhex(kept[0].read_text()).decode("utf-8", "surrogatepass")
    assert text.startswith("HC1:")


def test_fuzz_without_a_fault_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--count", "50"]) == 0
    assert "0 faults" in capsys.readouterr().out
