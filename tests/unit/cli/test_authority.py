"""The authority's commands: nobody acts alone, everybody sees what is signed, and no slip costs a key."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pratique.network import metadata, proposal
from tests.ceremonies import AT, LATER, PASSWORD, SEATS, STATE, Desk, edition, issued
from tests.steps import LONGEST

SEAT = ("authority", "seat", "seat-9", "--holder", "XS9", "--region", "R9")
INIT = ("authority", "init", "new", "--network", "another", "--environment", "test")
CARDS = tuple(word for name in SEATS for word in ("--seat", f"{name}.json"))
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def altered(path: Path, change: Any) -> None:
    """Alter a proposal on its way."""
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


# Seats


def test_a_seat_keeps_its_key_and_hands_in_a_card(desk: Desk) -> None:
    said = desk.run(*SEAT)
    card = json.loads(Path("seat-9.json").read_text())
    assert (card["name"], card["holder"], card["region"]) == ("seat-9", "XS9", "R9")
    assert "PUBLIC KEY" in card["key"]
    assert "PRIVATE" not in Path("seat-9.json").read_text()
    assert "ENCRYPTED PRIVATE KEY" in Path("seat-9.pem").read_text()
    assert oct(Path("seat-9.pem").stat().st_mode)[-3:] == "600"
    assert "read the key's identifier out" in said
    again = desk.run(*SEAT, "--existing")
    assert again.splitlines()[0].split("key ")[1] == said.splitlines()[0].split("key ")[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("", "--holder", "XS9", "--region", "R9"), "seat-name"),
        (("../seat", "--holder", "XS9", "--region", "R9"), "seat-name"),
        (("suspend", "--holder", "XS9", "--region", "R9"), "seat-name"),
        (("seat-9", "--holder", "", "--region", "R9"), "seat-holder"),
        (("seat-9", "--holder", "xs9", "--region", "R9"), "seat-holder"),
        (("seat-9", "--holder", "XS9", "--region", "R\n9"), "seat-region"),
        (("seat-9", "--holder", "XS9", "--region", "R9", "--key", "here"), "key-uri"),
        (("seat-1", "--holder", "XS9", "--region", "R9"), "key-exists"),
        (("seat-8", "--holder", "XS9", "--region", "R9", "--existing"), "key-missing"),
        (("seat-9", "--holder", "XS9", "--region", "R9", "--out", "no/card.json"), "file-unwritable"),
    ],
)  # fmt: skip
def test_a_seats_slips_are_told(desk: Desk, words: tuple[str, ...], code: str) -> None:
    error = desk.refused("authority", "seat", *words)
    assert error.hint
    if code not in {"key-missing"}:
        assert error.code == code


def test_a_wrong_or_short_password_opens_nothing(desk: Desk) -> None:
    wrong: dict[str, Any] = {"PRATIQUE_KEY_PASSWORD": "another one altogether"}
    assert desk.refused(*SEAT, PRATIQUE_KEY_PASSWORD="short").code == "password-short"
    assert not Path("seat-9.pem").exists()
    sign = ("authority", "sign", "net/root-1.proposal", "--key", "file:seat-3.pem", "--yes")
    assert desk.refused(*sign, **wrong).code == "key-password"
    out = desk.propose("renew")
    desk.sign(out)
    assert (
        desk.refused("authority", "publish", "net", out, "--at", AT, **wrong).code == "key-password"
    )
    assert desk.refused("authority", "refresh", "net", **wrong).code == "key-password"
    step = ("authority", "onboard", "net", "XUB", "letter-received", "--key", "file:seat-1.pem")
    assert desk.refused(*step, **wrong).code == "key-password"


# The first root


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-k", 4, *CARDS), "threshold-unfit"),
        (("-k", 1, "--suspend", 1, *CARDS), "board-threshold"),
        (("-k", 2, "--suspend", 3, *CARDS), "board-suspend-threshold"),
        (("-k", 2, "--suspend", 2, *CARDS, "--seat", "seat-1.json"), "board-name-double"),
        (("-k", 2, "--suspend", 2, *CARDS, "--per-region", 0), "board-region-cap"),
        (("-k", 2, "--suspend", 2, "--seat", "sets.json"), "card-malformed"),
        (("-k", 2, "--suspend", 2, "--seat", "seat-1.pem"), "card-malformed"),
        (("-k", 2, "--suspend", 2, *CARDS, "--value-sets", "no.json"), "value-sets-missing"),
    ],
)
def test_no_network_begins_in_which_one_could_act_alone(
    desk: Desk, words: tuple[object, ...], code: str
) -> None:
    Path("no.json").write_text("[]")
    error = desk.refused(*INIT, *words, "--at", AT)
    assert error.code in {code, "rules-malformed"}
    assert not Path("new/keys").exists()


def test_an_interrupted_beginning_is_finished_by_the_same_command(desk: Desk) -> None:
    words = (*INIT, "-k", 2, "--suspend", 2, *CARDS, "--at", AT)
    assert desk.refused(*words, "--out", "no/root.proposal").code == "file-unwritable"
    before = {path.name: path.read_bytes() for path in Path("new/keys").iterdir()}
    assert "another: 2 of 3 seats" in desk.run(*words)
    assert {path.name: path.read_bytes() for path in Path("new/keys").iterdir()} == before
    assert desk.refused(*words).code == "authority-exists"
    assert desk.refused(*INIT[:4], "", *words[5:]).code in {"network-unnamed", "authority-exists"}


def test_an_empty_name_of_a_network_is_refused_before_a_key_is_made(desk: Desk) -> None:
    words = ("authority", "init", "new", "--network", " ", "-k", 2, "--suspend", 2, *CARDS)
    assert desk.refused(*words).code == "network-unnamed"
    assert not Path("new").exists()


def test_before_its_first_edition_a_network_says_what_is_next(desk: Desk) -> None:
    desk.run(*INIT, "-k", 2, "--suspend", 2, *CARDS, "--at", AT)
    for words in (("status", "new"), ("refresh", "new"), ("propose", "renew", "new", "--out", "x"),
                  ("onboard", "new", "XUB"), ("self-test", "new", "XUB", "sets.json")):  # fmt: skip
        error = desk.refused("authority", *words)
        assert error.code == "nothing-published"
        assert "publish" in error.hint


def test_a_folder_that_is_no_authoritys_is_told_from_one_that_has_published_nothing(
    desk: Desk,
) -> None:
    for words in (("status", "home"), ("refresh", "home"), ("propose", "renew", "home", "--out", "x"),
                  ("onboard", "home", "XUB"), ("publish", "home", "net/root-1.proposal"),
                  ("serve", "home", "--accept")):  # fmt: skip
        error = desk.refused("authority", *words)
        assert error.code == "no-authority"
        assert error.exit_code == 4


# Showing and signing


def test_a_proposal_shows_what_changes_and_who_is_missing(desk: Desk) -> None:
    out = desk.propose("suspend", "XXU", "--reason", "keys-stolen", "--days", 3)
    said = desk.run("authority", "show", out)
    assert "XXU suspended for 72 hours: keys-stolen" in said
    assert "suspend: 0 of 2" in said
    assert "missing: seat-1 (XS0), seat-2 (XS1), seat-3 (XS2)" in said
    desk.sign(out, SEATS[2:])
    found = json.loads(desk.run("authority", "show", out, "--format", "json"))
    (need,) = found["needs"]
    assert (need["signed"], need["threshold"], need["is_met"]) == (["seat-3 (XS2)"], 2, False)
    assert need["missing"] == ["seat-1 (XS0)", "seat-2 (XS1)"]
    assert any("XXU suspended" in line for line in found["changes"])


def test_nothing_is_signed_that_was_not_confirmed(desk: Desk) -> None:
    out = desk.propose("renew")
    before = Path(out).read_bytes()
    error = desk.refused("authority", "sign", out, "--key", "file:seat-1.pem")
    assert error.code == "not-confirmed"
    assert Path(out).read_bytes() == before


def test_too_few_signatures_publish_nothing_and_say_who_is_missing(desk: Desk) -> None:
    out = desk.propose("withdraw", "XXU")
    before = sorted(path.name for path in Path("net/repository").rglob("*"))
    assert desk.refused("authority", "publish", "net", out, "--at", AT).code == "proposal-unsigned"
    desk.sign(out, SEATS[:1])
    # The same hand twice is one hand.
    desk.sign(out, SEATS[:1])
    error = desk.refused("authority", "publish", "net", out, "--at", AT)
    assert error.code == "proposal-unsigned"
    assert "1 of 2; needs 1 more of seat-2 (XS1), seat-3 (XS2)" in error.message
    assert sorted(path.name for path in Path("net/repository").rglob("*")) == before
    desk.sign(out, SEATS[1:2])
    assert "withdraw XXU" in desk.run("authority", "publish", "net", out, "--at", AT)


def test_copies_that_were_signed_apart_are_merged(desk: Desk) -> None:
    out = desk.propose("renew")
    shutil.copy(out, "other.proposal")
    desk.sign(out, SEATS[:1])
    desk.sign("other.proposal", SEATS[2:])
    assert desk.refused("authority", "publish", "net", out, "--at", AT).code == "proposal-unsigned"
    desk.run("authority", "publish", "net", out, "other.proposal", "--at", AT)
    assert "published already" in desk.run("authority", "publish", "net", out, "other.proposal")


def test_copies_of_two_proposals_are_not_merged(desk: Desk) -> None:
    one = desk.propose("renew")
    other = desk.propose("withdraw", "XXU")
    desk.sign(one)
    desk.sign(other)
    error = desk.refused("authority", "publish", "net", one, other, "--at", AT)
    assert error.code == "proposal-differs"


def test_a_key_that_is_not_asked_does_not_sign(desk: Desk) -> None:
    out = desk.propose("renew")
    desk.run(*SEAT)
    for key in ("file:seat-9.pem", "file:net/keys/snapshot-1.pem", "file:utopia/keys/role-1.pem"):
        words = ("authority", "sign", out, "--key", key, "--yes", "--repository", "net")
        assert desk.refused(*words).code == "key-not-asked"
    words = (
        "authority",
        "sign",
        out,
        "--key",
        "file:seat-1.pem",
        "--yes",
        "--repository",
        "issuer",
    )
    assert desk.refused(*words).code == "repository-unknown"


def test_a_proposal_altered_in_transit_is_neither_shown_signed_nor_published(desk: Desk) -> None:
    out = Path(desk.propose("suspend", "XXU", "--reason", "keys-lost"))
    desk.sign(out)
    good = out.read_bytes()

    def signed(found: Any) -> None:
        found["metadata"]["suspend"]["signed"]["version"] += 1

    def file(found: Any) -> None:
        path = metadata.SUSPENSIONS
        found["files"][path] = found["files"]["other"] = found["files"].pop(path)[:-8] + "AAAAAAA="

    def dropped(found: Any) -> None:
        del found["files"][metadata.SUSPENSIONS]

    for change, of in ((file, ("show", "sign", "publish")), (dropped, ("show", "sign", "publish")),
                       (signed, ("publish",))):  # fmt: skip
        out.write_bytes(good)
        altered(out, change)
        for verb in of:
            words: tuple[object, ...] = ("authority", verb, out)
            words = {"show": words, "sign": (*words, "--key", "file:seat-3.pem", "--yes"),
                     "publish": ("authority", verb, "net", out, "--at", AT)}[verb]  # fmt: skip
            error = desk.refused(*words)
            assert error.code.startswith("proposal-"), (change, verb)
    out.write_bytes(good)
    desk.run("authority", "publish", "net", out, "--at", AT)


def test_what_is_no_proposal_is_named(desk: Desk) -> None:
    for name in ("sets.json", "seat-1.json", "seat-1.pem"):
        for words in (("show", name), ("publish", "net", name)):
            error = desk.refused("authority", *words)
            assert (error.code, error.exit_code) in {
                ("proposal-malformed", 3),
                ("json-unreadable", 3),
            }
            assert name in error.message


# Publishing


def test_what_something_was_published_before_must_be_drafted_again(desk: Desk) -> None:
    one, other = desk.propose("renew"), desk.propose("withdraw", "XXU")
    desk.publish(one)
    desk.sign(other)
    assert desk.refused("authority", "publish", "net", other, "--at", AT).code == "proposal-version"


def test_an_old_draft_is_not_published(desk: Desk) -> None:
    out = desk.propose("suspend", "XXU", "--reason", "forgeries")
    desk.sign(out)
    error = desk.refused("authority", "publish", "net", out, "--at", "2027-06-01")
    assert error.code == "proposal-expired"


def test_refreshing_signs_a_timestamp_and_nothing_else_until_more_is_due(desk: Desk) -> None:
    assert desk.run("authority", "refresh", "net", "--at", LATER) == (
        "published anew: metadata/timestamp.json\n"
    )
    said = desk.run("authority", "refresh", "net", "--at", "2026-11-28")
    assert "snapshot.json, metadata/timestamp.json" in said


def test_value_sets_of_which_there_are_none_are_not_drafted(desk: Desk) -> None:
    Path("empty").mkdir()
    words = ("authority", "propose", "value-sets", "net", "empty", "--out", "v.proposal")
    assert desk.refused(*words).code in {"value-sets-missing", "rules-malformed", "rules-missing"}
    assert not Path("v.proposal").exists()
    Path("sets.json").write_text('{"vaccines": ["EU/1/20/1528"]}')
    assert "value sets" in desk.publish(desk.propose("value-sets", "sets.json"))


def test_a_place_that_cannot_be_written_is_named(desk: Desk) -> None:
    words = ("authority", "propose", "renew", "net", "--out", "nowhere/p.proposal")
    error = desk.refused(*words)
    assert error.code == "file-unwritable"
    assert "nowhere/p.proposal" in error.message


# Keys that are lost, stolen or at their end


def test_a_seat_that_lost_its_key_is_replaced_by_the_others(desk: Desk) -> None:
    Path("seat-1.pem").unlink()
    desk.run(
        "authority", "seat", "seat-1", "--holder", "XS0", "--region", "R0", "--key", "file:anew.pem"
    )
    out = desk.propose("seats", "--seat", "seat-1.json")
    said = desk.run("authority", "show", out, "--repository", "net")
    assert "seat-1 changes: XS0, region R0" in said
    desk.sign(out, SEATS[1:])
    desk.run("authority", "publish", "net", out, "--at", AT)
    desk.run("authority", "sign", desk.propose("renew"), "--key", "file:anew.pem", "--yes",
             "--repository", "net")  # fmt: skip
    desk.run("sync", "--at", AT)


def test_a_seat_goes_and_another_comes_and_records_stay_good(desk: Desk) -> None:
    desk.record("letter-received", code="XXV", seat="seat-1")
    desk.run(*SEAT)
    out = desk.propose("seats", "--seat", "seat-9.json", "--remove", "seat-1")
    assert "seat-1 goes" in desk.run("authority", "show", out, "--repository", "net")
    # The old seats and the new ones sign a root: those who stay are both.
    desk.sign(out, ("seat-1", "seat-9"))
    assert desk.refused("authority", "publish", "net", out, "--at", AT).code == "proposal-unsigned"
    desk.sign(out, ("seat-2",))
    desk.run("authority", "publish", "net", out, "--at", AT)
    said = desk.run("authority", "status", "net", "--at", AT)
    assert "seat-9" in said
    assert "seat-1" not in said
    assert "letter-received, recorded by seat-1" in desk.run("authority", "onboard", "net", "XXV")
    step = ("authority", "onboard", "net", "XXV", "identity-proven", "--key", "file:seat-1.pem")
    assert desk.refused(*step).code == "seat-unknown"
    desk.record("identity-proven", code="XXV", seat="seat-9")
    desk.publish(desk.propose("renew"), seats=("seat-2", "seat-9"))
    found = json.loads(desk.run("sync", "--at", AT, "--format", "json"))
    assert found["root"] == 2


def test_thresholds_can_be_raised_and_never_to_one(desk: Desk) -> None:
    words = ("authority", "propose", "seats", "net", "--out", "s.proposal")
    assert desk.refused(*words, "-k", 1).code == "board-threshold"
    assert desk.refused(*words, "-k", 4).code == "board-threshold"
    assert desk.refused(*words, "--remove", "seat-8").code == "seat-unknown"
    assert "3 of 3 seats" in desk.run(*words, "-k", 3)


def test_online_keys_are_replaced_and_the_same_call_may_be_made_again(desk: Desk) -> None:
    desk.propose("online-keys")
    keys = sorted(path.name for path in Path("net/keys").iterdir())
    out = desk.propose("online-keys")
    assert sorted(path.name for path in Path("net/keys").iterdir()) == keys
    assert keys == ["snapshot-1.pem", "snapshot-2.pem", "timestamp-1.pem", "timestamp-2.pem"]
    desk.publish(out)
    for key in ("snapshot-1.pem", "timestamp-1.pem"):
        Path("net/keys", key).unlink()
    desk.run("authority", "refresh", "net", "--at", LATER)
    desk.run("sync", "--at", LATER)


def test_a_participant_gets_other_keys_and_the_old_ones_speak_no_more(desk: Desk) -> None:
    edition(desk, "--withdraw", "issuer/certificates/2026-11-a.pem", "--reason", "key-compromise")
    desk.run("sync", "--at", AT)
    other: dict[str, Any] = {"PRATIQUE_PARTICIPANT": str(desk.folder / "utopia-2")}
    desk.run("participant", "init", *STATE, **other)
    desk.run("participant", "apply", "--out", "dossier-2", **other)
    words = ("authority", "propose", "rekey", "net", "dossier-2", "--out", "k.proposal")
    assert desk.refused(*words).code == "step-missing"
    desk.record("keys-submitted", "qa-passed")
    assert "XXU gets other keys: 2 of" in desk.run(*words, "--at", AT)
    desk.publish("k.proposal")
    desk.record("anchor-signed", "renewed")
    said = desk.run("authority", "status", "net", "--at", AT)
    assert "nothing published; network-unsigned" in said
    assert "XXU is of no use now: network-unsigned" in desk.run("sync", "--at", AT)
    publish = ("participant", "publish", "--at", AT, "--out", "own.proposal")
    assert desk.refused(*publish, "--signers", "issuer/certificates").code == "key-not-asked"
    assert desk.refused(*publish, **other).code == "signers-missing"
    # What was taken back is remembered by itself; what else the old keys have said is not.
    desk.run(*publish, "--signers", "issuer/certificates", **other)
    desk.run("authority", "publish", "net", "own.proposal", "--at", AT)
    assert "1 of 1 signers live" in desk.run("authority", "status", "net", "--at", AT)
    assert "note" not in desk.run("sync", "--at", AT)


def test_a_suspension_is_told_wherever_the_states_keys_are_asked_for(desk: Desk) -> None:
    words = ("--reason", "keys-stolen", "--days", 3)
    desk.publish(desk.propose("suspend", "XXU", *words))
    desk.run("sync", "--at", AT)
    said = desk.run("network", "status", "--at", AT)
    row = next(line for line in said.splitlines() if line.startswith("XXU"))
    assert " suspended " in row
    assert "keys-stolen" in row
    desk.run("network", "status", "--at", AT, "--within", 0, code=1)
    assert (
        b"the suspension ends"
        in desk.run("network", "status", "--at", AT, "--format", "ics").encode()
    )
    assert "XXU is suspended until" in desk.run("issuer", "keys", "list", "--at", AT)
    assert "XXU is suspended until" in desk.run("revocations", "show", "--at", AT)
    key = ("--signing-key", "file:seat-1.pem", "--base", "did:web:trust.example")
    said = desk.run("network", "export", "--did", "www", *key, "--at", AT)
    assert "note: XXU is suspended until" in said
    assert not [path for path in Path("www").rglob("did.json") if "XXU" in path.read_text()]
    # When it is over nothing of it is told.
    later = "2026-12-10"
    assert " suspended " not in desk.run("network", "status", "net", "--at", later)


# Onboarding


def test_a_step_out_of_turn_or_by_nobody_is_refused(desk: Desk) -> None:
    step = ("authority", "onboard", "net")
    key = ("--key", "file:seat-1.pem")
    assert desk.refused(*step, "XXV", "qa-passed", *key).code == "step-out-of-turn"
    assert desk.refused(*step, "xxv", "letter-received", *key).code == "participant-unfit"
    desk.run(*step, "XXV", "letter-received", code=2)
    for other in ("file:net/keys/snapshot-1.pem", "file:utopia/keys/role-1.pem"):
        error = desk.refused(*step, "XXV", "letter-received", "--key", other)
        assert error.code == "seat-unknown"
    assert desk.run(*step, "XXV") == "network invented (test)\nnext may be: letter-received\n"
    desk.record("letter-received", code="XXV")
    before = ("--at", "2026-11-21")
    assert desk.refused(*step, "XXV", "identity-proven", *key, *before).code == "step-before"
    assert not list(Path("net/onboarding").glob("*.tmp"))


def test_evidence_is_kept_as_a_digest_and_the_same_step_twice_is_one(desk: Desk) -> None:
    Path("letter.txt").write_text("Dear authority, signed Testina Sampleova")
    words = ("authority", "onboard", "net", "XXV", "letter-received", "--key", "file:seat-1.pem",
             "--evidence", "letter.txt")  # fmt: skip
    assert "1 evidence file" in desk.run(*words)
    assert "recorded already" in desk.run(*words)
    data = Path("net/onboarding/XXV.jsonl").read_text()
    assert len(data.splitlines()) == 1
    assert "Testina" not in data
    assert "evidence: SHA-256" in desk.run("authority", "onboard", "net", "XXV")


def test_altered_records_are_refused_wherever_they_are_read(desk: Desk) -> None:
    path = Path("net/onboarding/XXU.jsonl")
    path.write_text(path.read_text().replace("qa-passed", "qa-failed"))
    for words in (("onboard", "net", "XXU"), ("status", "net"),
                  ("propose", "activate", "net", "XXU", "--domain", "ICVP", "--out", "x")):  # fmt: skip
        error = desk.refused("authority", *words)
        assert error.code.startswith("record-")
        assert "copy" in error.hint


def test_admission_waits_for_its_steps(desk: Desk) -> None:
    words = ("authority", "propose", "admit", "net", "dossier", "--out", "a.proposal")
    assert desk.refused(*words).code == "participant-there"
    card = json.loads(Path("dossier/application.json").read_text())
    card["participant"]["code"] = "XXV"
    Path("dossier/application.json").write_text(json.dumps(card))
    error = desk.refused(*words)
    assert error.code == "step-missing"
    assert "authority onboard --authority net XXV" in error.hint
    card["environment"] = "production"
    Path("dossier/application.json").write_text(json.dumps(card))
    assert desk.refused(*words).code == "environment-differs"
    for what in ("sets.json", "seat-1.json", "seat-1.pem"):
        error = desk.refused("authority", "propose", "admit", "net", what, "--out", "a.proposal")
        assert error.code == "card-malformed"
    activate = ("authority", "propose", "activate", "net", "XXU", "--domain", "ICVP", "--out", "x")
    assert desk.refused(*activate).code == "step-missing"
    for act in (("withdraw", "net", "XXV"), ("suspend", "net", "XXV", "--reason", "forgeries")):
        error = desk.refused("authority", "propose", *act, "--out", "x")
        assert error.code == "participant-unknown"


def test_a_suspension_wears_out(desk: Desk) -> None:
    desk.publish(desk.propose("suspend", "XXU", "--reason", "forgeries", "--days", 2))
    assert "XXU    suspended" in desk.run("authority", "status", "net", "--at", AT)
    words = ("authority", "propose", "suspend", "net", "XXU", "--reason", "forgeries", "--out", "x")
    error = desk.refused(*words, "--at", "2026-11-26")
    assert error.code == "suspension-chained"
    assert "withdraw" in error.hint
    assert "XXU    active" in desk.run("authority", "status", "net", "--at", "2026-11-25")
    desk.run(*words[:-2], "--days", 15, "--out", "x", code=2)
    desk.run(*words[:5], "--reason", "a grudge", "--out", "x", code=2)


def test_standing_is_computed_and_told_as_json(desk: Desk) -> None:
    found = json.loads(desk.run("authority", "status", "net", "--at", AT, "--format", "json"))
    (one,) = found["participants"]
    assert (one["participant"], one["state"], one["domains"]) == ("XXU", "active", ["DCC"])
    assert (one["signers"], one["signers_live"], one["edition"], one["problem"]) == (2, 2, 1, "")
    assert found["board"]["threshold"] == 2
    assert found["ends"].keys() == {"root", "targets", "snapshot", "timestamp"}
    later = desk.run("authority", "status", "net", "--at", "2028-10-01", "--format", "json")
    assert json.loads(later)["participants"][0]["state"] == "lapsed"


def test_a_self_test_passes_with_samples_alone_that_are_the_participants(desk: Desk) -> None:
    sample = issued(desk)
    words = ("authority", "self-test", "net", "XXU", "--at", LATER)
    said = desk.run(*words, sample, "--out", "report.json")
    assert "FAILED" not in said
    assert "Testina" not in said + Path("report.json").read_text()
    found = json.loads(Path("report.json").read_text())
    assert (found["passed"], found["checks"][-1]["found"]) == (True, "authentic")
    assert "samples were handed in: 0" in desk.run(*words, code=1)
    assert "FAILED  sample 2" in desk.run(*words, sample, "sets.json", code=1)
    assert desk.refused(*words[:3], "XXV", sample).code == "participant-unknown"


# Devices


@pytest.mark.skipif(
    not Path(MODULE).exists() or not shutil.which("softhsm2-util"),
    reason="SoftHSM2 is not installed",
)
def test_a_seat_signs_with_a_device(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pkcs11", reason="the extra 'hsm' is not installed")
    # In a process of its own: the library reads its place once a process.
    (desk.folder / "tokens").mkdir()
    Path("softhsm.conf").write_text(
        f"directories.tokendir = {desk.folder}/tokens\nlog.level = ERROR\n"
    )
    for name, value in {**desk.variables, "SOFTHSM2_CONF": str(desk.folder / "softhsm.conf"),
                        "PRATIQUE_HSM_PIN": "73519042"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    slot = ["softhsm2-util", "--init-token", "--free", "--label", "board", "--pin", "73519042",
            "--so-pin", "99999999"]  # fmt: skip
    subprocess.run(slot, check=True, capture_output=True)

    def pratique(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pratique", "authority", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)

    key = f"pkcs11:token=board;object=seat-9?module-path={MODULE}"
    made = pratique("seat", "seat-9", "--holder", "XS9", "--region", "R9", "--key", key)
    assert made.returncode == 0, made.stderr
    out = desk.propose("seats", "--seat", "seat-9.json")
    desk.sign(out)
    signed = pratique("sign", out, "--key", key, "--yes", "--repository", "net")
    assert signed.returncode == 0, signed.stderr
    assert "signed: root, targets" in signed.stdout.splitlines()
    desk.run("authority", "publish", "net", out, "--at", AT)
    step = pratique("onboard", "net", "XXV", "letter-received", "--key", key)
    assert "recorded by seat-9" in step.stdout
    again = pratique("seat", "seat-9", "--holder", "XS9", "--region", "R9", "--key", key)
    assert (again.returncode, "already" in again.stderr) == (2, True)
    monkeypatch.setenv("PRATIQUE_HSM_PIN", "00000000")
    wrong = pratique("sign", desk.propose("renew"), "--key", key, "--yes", "--repository", "net")
    assert (wrong.returncode, "PIN is wrong" in wrong.stderr) == (2, True)
    assert PASSWORD not in wrong.stderr
    assert "73519042" not in made.stdout + signed.stdout + step.stdout


def test_a_proposal_names_each_role_once(desk: Desk) -> None:
    found = proposal.from_bytes(Path(desk.propose("seats")).read_bytes())
    assert found.versions() == {"root": 2, "targets": 4}


# What was recorded is compared


def test_another_application_than_the_one_that_was_recorded_is_not_admitted(desk: Desk) -> None:
    desk.run("participant", "apply", "--out", "first")
    shutil.copytree("first", "swapped")
    card = json.loads(Path("swapped/application.json").read_text())
    card["keys"] = card["keys"][::-1]
    Path("swapped/application.json").write_text(json.dumps(card))
    key = ("--key", "file:seat-1.pem", "--at", AT)
    shown = ("--evidence", "first/application.json")
    desk.run("authority", "onboard", "net", "XXU", "keys-submitted", *key, *shown)
    failed = {"format": "pratique-governance-1", "participant": "XXU", "errors": 1}
    Path("report.json").write_text(json.dumps(failed))
    passed = ("authority", "onboard", "net", "XXU", "qa-passed", *key)
    assert desk.refused(*passed, "--evidence", "report.json").code == "evidence-failed"
    desk.run(*passed)
    words = ("authority", "propose", "rekey", "net")
    assert desk.refused(*words, "swapped", "--out", "x").code == "application-differs"
    assert "network invented (test)" in desk.run(*words, "first", "--out", "x")


def test_a_domain_is_known_and_was_tested(desk: Desk) -> None:
    desk.record("self-test-running")
    key = ("--key", "file:seat-1.pem", "--at", AT)
    passed = ("authority", "onboard", "net", "XXU", "self-test-passed", *key)
    assert desk.refused(*passed).code == "domain-missing"
    assert desk.refused(*passed, "--domain", "NOSUCH").code == "domain-unknown"
    desk.run(*passed, "--domain", "ICVP")
    words = ("authority", "propose", "activate", "net", "XXU", "--out", "x")
    assert desk.refused(*words, "--domain", "NOSUCH").code == "domain-unknown"
    assert desk.refused(*words, "--domain", "ICVP", "--domain", "DDCC").code == "self-test-missing"
    desk.run(*words, "--domain", "ICVP")


# A server that was lost


def test_a_network_goes_on_from_a_mirrors_copy_and_a_copy_of_what_is_on_no_mirror(
    desk: Desk,
) -> None:
    """As docs/how-to/authority.md has it."""
    before = desk.run("authority", "status", "net", "--at", AT)
    shutil.copytree("net/repository", "mirror")
    shutil.copytree(
        "net", "backup", ignore=lambda place, names: ["repository"] if place == "net" else []
    )
    shutil.rmtree("net")
    shutil.copytree("backup", "net")
    shutil.copytree("mirror", "net/repository")
    assert "published anew" in desk.run("authority", "refresh", "net", "--at", AT)
    assert desk.run("authority", "status", "net", "--at", AT) == before
    assert "self-test-passed (DCC)" in desk.run("authority", "onboard", "net", "XXU")
    edition(desk)
    # Without the records it is told whose are missing; without the online keys the seats name others.
    shutil.rmtree("net")
    shutil.copytree("mirror", "net/repository")
    desk.run("authority", "propose", "online-keys", "net", "--out", "other.proposal", "--at", AT)
    desk.publish("other.proposal")
    assert "its records are not here" in desk.run("authority", "status", "net", "--at", AT)
    assert "invented (test)" in desk.run("sync", "--at", AT)


def test_a_network_of_which_all_must_sign_is_warned_of(desk: Desk) -> None:
    words = (*INIT, "-k", 3, "--suspend", 2, *CARDS, "--at", AT)
    assert "warning: all 3 seats must sign: one lost key" in desk.run(*words)
