"""Rules go out with a summary of whom they shut out: made by the participant, read by the seats, told of in the status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pratique.errors import DocumentRefused
from pratique.impact import summary
from pratique.network import proposal
from pratique.parties import authority, authority_home, participant
from tests import web
from tests.ceremonies import AT, LATER, PASSWORD, Desk, edition
from tests.summaries import form

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "examples/rules-utopia.json"
SENTENCE = "Until June we accept only what our own laboratories can tell from a false one."
PUBLISH = ("participant", "publish", "--repository", "net", "--at", AT)


def narrow() -> Path:
    """Write rules that take one product, and leave out the rest of WHO's list."""
    path = Path("narrow.json")
    path.write_text(json.dumps(form("Comirnaty", country="XU")))
    return path


def in_force(desk: Desk) -> summary.Summary | None:
    files = authority_home.current(desk.folder / "net").roles["XXU"].files
    data = files.get("XXU/impact.json")
    return None if data is None else summary.read(data)


def test_a_participant_publishes_its_summary_with_its_rules(desk: Desk) -> None:
    shown = desk.run(*PUBLISH, "--rules", RULES, "--dry-run")
    assert "XU takes no vaccine that was on offer in" in shown
    edition(desk, "--rules", RULES)
    found = in_force(desk)
    assert found is not None
    assert found.floor_missing == ()
    (row,) = found.destinations
    assert row.shut_out is not None
    assert row.shut_out.low.people > 1_000_000
    assert row.ways == summary.WAYS
    assert row.exempt_below == 12


def test_a_product_is_left_out_with_a_sentence_and_not_without(desk: Desk) -> None:
    error = desk.refused(*PUBLISH, "--rules", narrow())
    assert error.code == "impact-derogation"
    assert "--derogation" in error.hint
    edition(desk, "--rules", narrow(), "--derogation", SENTENCE)
    found = in_force(desk)
    assert found is not None
    assert found.derogation == SENTENCE
    assert "Covaxin" in found.floor_missing
    assert desk.refused(*PUBLISH, "--rules", RULES, "--derogation", SENTENCE).code == (
        "impact-derogation"
    )
    # What is not named stays, the sentence too.
    edition(desk, "--signers", "issuer/certificates", at=LATER)
    assert in_force(desk) == found
    assert desk.refused(*PUBLISH, "--derogation", SENTENCE).code == "derogation-alone"


def test_the_seats_read_it_before_and_everybody_after(desk: Desk) -> None:
    desk.run(*PUBLISH, "--rules", narrow(), "--derogation", SENTENCE, "--out", "narrow.proposal")
    shown = desk.run("authority", "show", "narrow.proposal", "--repository", "net")
    for words in ("leaves out of WHO's list", "Covaxin", SENTENCE, "million people"):
        assert words in shown
    published = desk.run("authority", "publish", "net", "narrow.proposal", "--at", AT)
    assert SENTENCE in published
    assert "million people" in published
    status = desk.run("network", "status", "net", "--at", LATER)
    assert "AMBER: its rules leave out" in status
    assert f"XXU says of its rules: “{SENTENCE}”" in status
    document = json.loads(desk.run("network", "status", "net", "--at", LATER, "--format", "json"))
    row = next(row for row in document["participants"] if row["participant"] == "XXU")
    assert [remark["code"] for remark in row["remarks"]] == ["impact-floor"]
    assert row["sentence"] == SENTENCE
    assert row["state"] == "live"
    edition(desk, "--rules", RULES, at=LATER)
    assert "AMBER" not in desk.run("network", "status", "net", "--at", LATER)


def test_the_seats_tool_refuses_what_another_program_has_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setattr(participant, "_with_summary", lambda _code, made, *_given: dict(made))
        desk.run(*PUBLISH, "--rules", RULES, "--out", "bad.proposal")
    shown = desk.run("authority", "show", "bad.proposal", "--repository", "net")
    assert "warning: nobody says whom the rules of XXU shut out" in shown
    error = desk.refused("authority", "publish", "net", "bad.proposal", "--at", AT)
    assert error.code == "impact-missing"
    data = Path("bad.proposal").read_bytes()
    with pytest.raises(DocumentRefused) as refusal:
        authority.receive(desk.folder / "net", data, lambda _: PASSWORD, at=web.instant(AT))
    assert refusal.value.code == "impact-missing"
    desk.run(*PUBLISH, "--rules", RULES, "--out", "good.proposal")
    good = Path("good.proposal").read_bytes()
    authority.receive(desk.folder / "net", good, lambda _: PASSWORD, at=web.instant(AT))
    assert in_force(desk) is not None


def test_seats_switch_the_policy_off_and_on_and_the_status_tells(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = desk.propose("impact-policy", "optional")
    assert "warning: rules may be published without a summary" in desk.run(
        "authority", "show", off, "--repository", "net"
    )
    monkeypatch.setattr("pratique.store.policy_data.PACKAGE", "pratique_no_such_data")
    error = desk.refused(*PUBLISH, "--rules", RULES)
    assert error.code == "policy-data-missing"
    assert "pratique[policy]" in error.hint
    desk.publish(off)
    edition(desk, "--rules", RULES)
    assert in_force(desk) is None
    status = desk.run("network", "status", "net", "--at", LATER)
    assert "AMBER: its rules stand without a summary of whom they shut out" in status
    on = desk.propose("impact-policy", "required", at=LATER)
    shown = desk.run("authority", "show", on, "--repository", "net")
    assert "rules are published with a summary of whom they shut out" in shown
    desk.publish(on, at=LATER)
    # What stands is confirmed; what is new is not published.
    edition(desk, "--signers", "issuer/certificates", at=LATER)
    assert desk.refused(*PUBLISH, "--rules", narrow()).code == "policy-data-missing"


def test_a_ministrys_own_data_are_counted_and_named(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "data"
    shutil.copytree(Path(str(__import__("pratique_policy_data").__path__[0])), own)
    about = json.loads((own / "datapackage.json").read_text())
    about["name"] = "utopian-data"
    (own / "datapackage.json").write_text(json.dumps(about))
    edition(desk, "--rules", RULES, "--data", own)
    found = in_force(desk)
    assert found is not None
    assert found.data.name == "utopian-data"
    (own / "offer.csv").unlink()
    with pytest.raises(Exception, match="offer"):
        desk.run(*PUBLISH, "--rules", RULES, "--data", own)


def test_a_summary_that_is_none_is_shown_as_refused(desk: Desk) -> None:
    desk.run(*PUBLISH, "--rules", RULES, "--out", "good.proposal")

    drafted = proposal.from_bytes(Path("good.proposal").read_bytes())
    current = authority_home.current(desk.folder / "net")
    files = {**drafted.files, "XXU/impact.json": b'{"format": "pratique-impact-summary-1"}'}
    spoilt = proposal.role(current, current.published, "XXU", files)
    assert any(
        line.startswith("  refused: the summary of the rules")
        for line in proposal.told(spoilt, current)
    )
    with pytest.raises(DocumentRefused):
        summary.read(files["XXU/impact.json"])
