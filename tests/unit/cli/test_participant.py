"""A participant's commands: what it publishes is what it named, and leaves only by its own hands."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.crypto import algorithms, x509, x509_write
from pratique.network import metadata
from pratique.parties import authority_home, participant
from pratique.parties.authority import receive
from pratique.store import http
from pratique.store import server as store_server
from pratique.trust import publication
from tests import web
from tests.ceremonies import AT, DOSE, LATER, PASSWORD, STATE, Desk, edition, issued
from tests.unit.cli.test_issuer_keys import Csca
from tests.unit.made import make

PUBLISH = ("participant", "publish", "--at", LATER)
STOLEN = ("--reason", "key-compromise")
CHOICES = {"format": "pratique-choices-1", "value_sets": {"covid-19-lab-result": ["260415000"]},
           "freshness_hours": {"old": 48, "too_old": 168}}  # fmt: skip
RULES = Path(__file__).parents[3] / "examples" / "rules-utopia.json"


def accepted(desk: Desk) -> dict[str, bytes]:
    """Return what Utopia has published, by name."""
    files = authority_home.current(desk.folder / "net").roles["XXU"].files
    return {path.partition("/")[2]: data for path, data in files.items()}


@pytest.fixture
def server(desk: Desk) -> Iterator[str]:
    """Serve the authority's repository on this machine, taking proposals; yield its address."""
    lock = threading.Lock()

    def take(data: bytes) -> dict[str, object]:
        with lock:
            return receive(desk.folder / "net", data, lambda _: PASSWORD, at=web.instant(LATER))

    with web.serving(store_server.network_application(desk.folder / "net/repository", take)) as url:
        yield url


# Keys and dossier


def test_a_participants_keys_are_made_whole_or_not_at_all(empty: Desk) -> None:
    said = empty.run("participant", "init", *STATE)
    assert "2 of 3 of them must sign" in said
    found = sorted(path.name for path in Path("utopia/keys").iterdir())
    assert found == ["role-1.pem", "role-2.pem", "role-3.pem", "sca.pem", "tls.pem", "upload.pem"]
    for path in Path("utopia/keys").iterdir():
        assert "ENCRYPTED PRIVATE KEY" in path.read_text()
        assert oct(path.stat().st_mode)[-3:] == "600"
    error = empty.refused("participant", "init", *STATE)
    assert (error.code, "--participant" in error.hint) == ("participant-exists", True)


def cards(folder: Path) -> dict[str, Path]:
    """Write public keys of hands elsewhere: good ones, and what is none."""
    found = {name: folder / f"{name}.pub" for name in ("one", "two")}
    role_keys = json.loads((folder / "utopia/participant.json").read_text())["role_keys"]
    for path, (pem, _) in zip(found.values(), role_keys, strict=False):
        path.write_text(pem)
    found["none"] = folder / "none.pub"
    found["none"].write_text("no key at all")
    return found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--code", "xx"), "participant-unfit"),
        (("--name", " "), "name-unfit"),
        (("--country", "Utopia"), ""),
        (("--threshold", "4"), "threshold-unfit"),
        (("--role-key", "file:one.pem"), "threshold-unfit"),
        (("--role-key", "file:one.pem", "--role-key", "file:one.pem"), "role-key-double"),
        (("--role-key", "file:../one.pem", "--role-key", "file:two.pem"), "key-uri"),
        (("--role-card", "one", "--role-card", "one"), "role-key-double"),
        (("--role-card", "one", "--role-card", "none"), ""),
    ],
)
def test_slips_make_no_participant(desk: Desk, words: tuple[str, ...], code: str) -> None:
    named = cards(desk.folder)
    given = [named.get(word, word) for word in words]
    base = list(STATE)
    for word in words:
        if word in base:
            at = base.index(word)
            del base[at : at + 2]
    error = desk.refused("participant", "init", *base, *given, PRATIQUE_PARTICIPANT="new")
    assert not Path("new").exists()
    assert code in {error.code, ""}


def test_hands_elsewhere_sign_on_their_own_machines(desk: Desk) -> None:
    named = cards(desk.folder)
    said = desk.run("participant", "init", *STATE, "--role-card", named["one"], "--role-card",
                    "seat-3.json", PRATIQUE_PARTICIPANT="new")  # fmt: skip
    assert said.count("elsewhere") == 2
    row = json.loads(Path("new/participant.json").read_text())
    assert {uri for _, uri in row["role_keys"]} == {""}


def test_a_dossier_holds_public_keys_and_certificates_only(desk: Desk) -> None:
    files = sorted(str(path) for path in Path("dossier").rglob("*") if path.is_file())
    assert files == [f"dossier/{name}" for name in ("SCA/SCA.pem", "TLS/CA.pem", "TLS/TLS.pem",
                                                    "UP/UP.pem", "application.json")]  # fmt: skip
    assert not any("PRIVATE" in Path(name).read_text() for name in files)
    said = desk.run(
        "participant", "check", "dossier", "--code", "XXU", "--environment", "test", "--at", AT
    )
    assert "4 files, 0 errors, 0 warnings" in said
    assert desk.refused("participant", "apply", "--out", "dossier").code == "folder-filled"
    error = desk.refused("participant", "apply", "--out", "other", PRATIQUE_PARTICIPANT="nowhere")
    assert error.code == "no-participant"
    Path("utopia/participant.json").write_text("{}")
    assert desk.refused("participant", "apply", "--out", "other").code == "participant-file"


# Publishing


def test_what_is_not_named_stays_as_it_is_published(desk: Desk) -> None:
    Path("choices.json").write_text(json.dumps(CHOICES))
    edition(desk, "--rules", RULES)
    edition(desk, "--choices", "choices.json")
    before = accepted(desk)
    assert before.keys() == {
        "signers.json", "rules.json", "impact.json", "choices.json", "uploads.json",
    }  # fmt: skip
    edition(desk)
    assert accepted(desk) == before


def test_a_recall_reaches_the_border(desk: Desk) -> None:
    sample = issued(desk)
    assert "NO_RULES" in desk.run("verify", sample, "--at", LATER, code=3)
    desk.run("issuer", "revoke", "--reason", "product-recall", "--lot", "LOT-1", "--by", "head",
             "--yes", "--at", LATER)  # fmt: skip
    desk.run("issuer", "lists", "--out", "lists", "--at", LATER)
    edition(desk, "--lists", "lists", at=LATER)
    desk.run("sync", "--at", LATER)
    assert "REVOKED" in desk.run("verify", sample, "--at", LATER, code=1)
    assert any(name.endswith(".tags") for name in accepted(desk))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--rules", "empty"), "nothing-in-it"),
        (("--rules", "sets.json"), "nothing-in-it"),
        (("--signers", "empty"), "nothing-in-it"),
        (("--signers", "sets.json"), "nothing-in-it"),
        (("--lists", "empty"), "nothing-in-it"),
        (("--lists", "issuer"), "nothing-in-it"),
        (("--choices", "sets.json"), "choices-malformed"),
        (("--choices", "unknown.json"), "choices-unknown"),
        (("--withdraw", "issuer/certificates/sca.pem", *STOLEN), "signer-unknown"),
        (("--withdraw", "sets.json", *STOLEN), "nothing-in-it"),
        (("--withdraw", "issuer/certificates/2026-11-a.pem"), "reason-missing"),
        (("--to", "network.example"), "target-unknown"),
        (("--out", "nowhere/p"), "file-unwritable"),
        (("--repository", "issuer"), "repository-unknown"),
    ],
)
def test_a_path_named_by_a_slip_takes_nothing_away(
    desk: Desk, words: tuple[str, ...], code: str
) -> None:
    Path("empty").mkdir()
    Path("unknown.json").write_text(json.dumps({**CHOICES, "value_sets": {"sets": ["1"]}}))
    assert desk.refused(*PUBLISH, *words).code in {code, "rules-malformed"}
    assert not list(Path().glob("*.example"))
    assert not list(Path().glob("XXU-*.proposal"))


def test_a_signer_of_two_domains_is_listed_under_each(desk: Desk) -> None:
    """Each listing binds it to one, and a withdrawal takes all of them."""
    signers = json.loads(accepted(desk)["signers.json"])
    pem = x509_write.to_pem(base64.b64decode(signers["signers"][0]["certificate"]))
    Path("one.pem").write_bytes(pem)
    home = participant.load_home(Path("utopia"))
    der = x509_write.from_pem(pem)

    def listed(published: bytes, **wanted: Any) -> publication.SignerList:
        asked = participant.EditionChange(reason=publication.REASONS[0], **wanted)
        held = {"XXU/signers.json": published}
        made = participant.edition_files(
            Path("utopia"), home, held, asked, sets={}, at=web.instant(LATER)
        )
        return publication.parts(made["XXU/signers.json"])

    more = listed(accepted(desk)["signers.json"], signers=(Path("one.pem"),), domain="ICVP")
    assert sorted(one.domain for one in more.signers if one.certificate == der) == ["DCC", "ICVP"]
    written = publication.write("XXU", home.environment, more.authorities, more.signers)
    gone = listed(written, withdraw=(Path("one.pem"),))
    assert [one for one in gone.signers if one.certificate == der] == []
    assert [one.certificate for one in gone.withdrawn].count(der) == 1


def test_what_verifiers_would_find_above_a_signer_is_told_before_it_is_published(
    desk: Desk,
) -> None:
    assert "note" not in desk.run(*PUBLISH, "--signers", "issuer/certificates", "--dry-run")
    alone, foreign = make(["XU"]), make(["XU"], by=make(["XU"], ca=True, name="stranger"))
    for made, code in ((alone, "SIGNER_SELF_SIGNED"), (foreign, "SCA_UNKNOWN")):
        Path("strange.pem").write_bytes(made.pem)
        said = desk.run(*PUBLISH, "--signers", "strange.pem", "--dry-run")
        kid = x509.read(made.der).kid.hex()
        (line,) = (line for line in said.splitlines() if line.startswith("note: the signer"))
        assert kid in line
        assert line.endswith(f"verifiers would answer {code}")


def test_a_wrong_password_or_an_unknown_network_publishes_nothing(desk: Desk) -> None:
    wrong = "another one altogether"
    assert desk.refused(*PUBLISH, PRATIQUE_KEY_PASSWORD=wrong).code == "key-password"
    assert desk.refused(*PUBLISH, "--home", "other").code == "no-network"
    assert desk.refused(*PUBLISH, PRATIQUE_PARTICIPANT="net").code == "no-participant"


def test_a_withdrawn_signer_is_red_and_does_not_come_back(desk: Desk) -> None:
    sample = issued(desk)
    both = [desk.folder / f"issuer/certificates/2026-11-{label}.pem" for label in "ab"]
    words = [word for path in both for word in ("--withdraw", path)]
    edition(desk, *words, *STOLEN, at=LATER)
    # The same call again, as after an interruption, is no error, and withdraws nothing twice.
    edition(desk, *words, *STOLEN, at=LATER)
    edition(desk, "--signers", "issuer/certificates", at=LATER)
    found = publication.parts(accepted(desk)["signers.json"])
    assert (len(found.signers), len(found.withdrawn)) == (0, 2)
    assert {one.reason for one in found.withdrawn} == {"key-compromise"}
    desk.run("sync", "--at", LATER)
    assert "RED" in desk.run("verify", sample, "--at", LATER, code=1)
    desk.run(*PUBLISH, "--withdraw", both[0], "--reason", "boredom", code=2)


def test_a_withdrawn_key_signs_no_more_on_this_machine_nor_where_the_network_is_synced(
    desk: Desk,
) -> None:
    stolen = desk.folder / "issuer/certificates/2026-11-a.pem"
    (desk.folder / "elsewhere").mkdir()
    ask = ("issuer", "issue", *DOSE, "--site", "harbour", "--operator", "op-17", "--at", LATER)
    old = [desk.run(*ask, "--shard", f"2026-11-{key}").strip() for key in "ab"]
    shutil.copytree(desk.folder / "issuer", desk.folder / "elsewhere/issuer")
    words = (*PUBLISH, "--withdraw", stolen, *STOLEN, "--out", "w.proposal")
    said = desk.run(*words, "--dry-run")
    assert "withdraws the signer with kid" in said
    assert "nothing was done" in said
    assert not Path("w.proposal").exists()
    assert "live" in listed(desk, "2026-11-a")
    said = desk.run(*words)
    assert "(key-compromise)" in said
    assert "2026-11-a signs no more: it is retired" in said
    assert "retired" in listed(desk, "2026-11-a")
    desk.run("authority", "publish", "net", "w.proposal", "--at", LATER)
    desk.run("sync", "--at", LATER)
    assert "withdrawn" in listed(desk, "2026-11-a")
    # Another machine with the same keys hears it from the network.
    other: dict[str, Any] = {"PRATIQUE_ISSUER": str(desk.folder / "elsewhere/issuer")}
    assert "withdrawn" in listed(desk, "2026-11-a", **other)
    assert desk.refused(*ask, "--shard", "2026-11-a", **other).code == "keys-withdrawn"
    # Nor is what it signed made into what another key has signed: it may be the thief's.
    work = ("--site", "harbour", "--operator", "op-17", "--at", LATER)
    for asked in (("renew", old[0]), ("correct", old[0], "forename=Testino")):
        assert desk.refused("issuer", *asked, *work).code == "old-withdrawn"
    assert desk.run("issuer", "renew", old[1], *work).startswith("HC1:")
    text = desk.run(*ask, **other).strip()
    assert "RED" not in desk.run("verify", text, "--at", LATER, code=3)
    shown = json.loads(desk.run("revocations", "show", "--at", LATER, "--format", "json"))
    assert [row["count"] for row in shown["revocations"] if row["kind"] == "key"] == ["all"]


def test_who_issues_is_told_that_the_key_is_published_for_another_domain(desk: Desk) -> None:
    work = ("--site", "harbour", "--operator", "op-17", "--at", LATER)
    who = ("surname=Sampleová", "forename=Testina", "birth_date=1984-02-29")
    yellow = ("kind=vaccination", "domain=ICVP", "given_on=2026-10-01",
              "product=YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0", "lot=LOT-1", *who,
              "site=Harbour", "sex=female", "nationality=XXU", "document=P1", "document_type=PPN")  # fmt: skip
    told = (
        "is published for DCC and not for ICVP: verifiers in the network answer AMBER DOMAIN_WRONG"
    )
    assert "note" not in desk.run("issuer", "issue", *DOSE, *work)
    assert told in desk.run("issuer", "issue", *yellow, *work, "--yes")
    names, cells = zip(*(word.split("=") for word in yellow), strict=True)
    Path("p.csv").write_text("\n".join(map(",".join, (names, cells, cells))))
    said = desk.run("issuer", "issue", "--from", "p.csv", "--out", "signed", *work)
    lines = [line for line in said.splitlines() if line.startswith("note: the key")]
    assert lines
    assert all(told in line for line in lines)
    assert len(lines) == len(set(lines))
    # Once it is published for that one too, nothing is to be told.
    desk.record("self-test-running", at=LATER)
    desk.record("self-test-passed", at=LATER, domain="ICVP")
    desk.publish(
        desk.propose("activate", "XXU", "--domain", "DCC", "--domain", "ICVP", at=LATER), at=LATER
    )
    edition(desk, "--signers", "issuer/certificates", "--domain", "ICVP", at=LATER)
    desk.run("sync", "--at", LATER)
    assert "note" not in desk.run("issuer", "issue", *yellow, *work, "--yes")


def listed(desk: Desk, label: str, **variables: Any) -> str:
    lines = desk.run("issuer", "keys", "list", "--at", LATER, **variables).splitlines()
    return next(line for line in lines if line.startswith(label))


def test_an_edition_without_a_withdrawal_asks_nothing_and_needs_no_reason(desk: Desk) -> None:
    assert "withdraws" not in desk.run(*PUBLISH, "--out", "p.proposal")


def test_a_state_with_a_csca_of_its_own_takes_part_with_it(empty: Desk) -> None:
    csca = Csca()
    Path("csca.pem").write_bytes(csca.pem)
    own = ("--signing-ca-certificate", "csca.pem")
    who: dict[str, Any] = {"PRATIQUE_PARTICIPANT": str(empty.folder / "with-csca")}
    said = empty.run("participant", "init", *STATE, *own, **who)
    assert "--signing-ca-certificate" in said
    assert not Path("with-csca/keys/sca.pem").exists()
    empty.run("participant", "apply", "--out", "own-dossier", **who)
    assert Path("own-dossier/SCA/SCA.pem").read_bytes() == csca.pem
    Path("foreign.pem").write_bytes(Csca("XV").pem)
    words = ("participant", "init", *STATE, "--signing-ca-certificate", "foreign.pem")
    other = {"PRATIQUE_PARTICIPANT": str(empty.folder / "none")}
    assert empty.refused(*words, **other).code == "sca-unfit"


def test_an_edition_that_waits_for_witnesses_is_not_said_to_be_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run(*PUBLISH, "--out", "own.proposal")
    for waits, code, word in ((True, 3, "accepted, and published when"), (False, 0, "published: ")):
        taken = http.Taken("XXU 2", waits)
        monkeypatch.setattr(http, "submit", lambda url, data, taken=taken: taken)
        said = desk.run(
            "participant", "send", "own.proposal", "--to", "http://127.0.0.1:1", code=code
        )
        assert said.startswith(word)


def test_a_list_that_lacks_what_is_published_is_refused_before_anybody_sees_it(desk: Desk) -> None:
    revoke = ("issuer", "revoke", "--reason", "product-recall", "--by", "head", "--yes", "--lot")
    lists = ("issuer", "lists", "--at", LATER, "--out")
    issued(desk)
    desk.run(*revoke, "LOT-1", "--at", LATER)
    desk.run(*lists, "older")
    names = {path.name for path in Path("older").glob("*.tags")}
    while not {path.name for path in Path("lists").glob("*.delta")}:
        # Until there is one more of a key that has a list.
        issued(desk)
        desk.run(*revoke, "LOT-1", "--at", LATER)
        desk.run("issuer", "lists", "--at", "2026-11-22T13:00:00Z", "--out", "lists")
    edition(desk, "--lists", "lists", at=LATER)
    desk.run("sync", "--at", LATER)
    assert names
    error = desk.refused(*PUBLISH, "--lists", "older")
    assert (error.exit_code, error.code) == (3, "revocation-rollback")


# Other hands, and handing in


def test_with_too_few_keys_here_the_other_hands_are_asked(desk: Desk) -> None:
    row = json.loads(Path("utopia/participant.json").read_text())
    uris = [uri for _, uri in row["role_keys"]]
    row["role_keys"] = [
        [pem, uri if uri.endswith("1.pem") else ""] for pem, uri in row["role_keys"]
    ]
    Path("utopia/participant.json").write_text(json.dumps(row))
    said = desk.run(*PUBLISH, "--to", "net")
    assert "XXU: 1 of 2" in said
    assert "pratique participant sign XXU-2.proposal" in said
    publish = ("authority", "publish", "net", "XXU-2.proposal", "--at", LATER)
    assert desk.refused(*publish).code == "proposal-unsigned"
    sign = ("participant", "sign", "XXU-2.proposal", "--yes", "--key")
    assert desk.refused(*sign, "file:seat-1.pem").code == "key-not-asked"
    assert "XXU: 2 of 2" in desk.run(*sign, f"file:utopia/{uris[1].removeprefix('file:')}")
    Path("inbox").mkdir()
    assert "submitted: " in desk.run("participant", "send", "XXU-2.proposal", "--to", "inbox")
    desk.run("authority", "publish", "net", "inbox/XXU-2.proposal", "--at", LATER)


def test_an_edition_is_handed_in_at_a_server_again_and_again(desk: Desk, server: str) -> None:
    for number in (2, 3, 4):
        # Each follows upon the last without a sync in between: what is published is asked first.
        said = desk.run(*PUBLISH, "--to", server)
        assert said.endswith(f"published: XXU {number}\n")
    assert authority_home.current(desk.folder / "net").roles["XXU"].version == 4
    # Where it was synced from stays as it was.
    assert (desk.folder / "home/network/source").read_text() == str(desk.folder / "net")


def test_a_server_judges_by_signatures_and_says_so_with_a_code(desk: Desk, server: str) -> None:
    out = desk.propose("withdraw", "XXU")
    send = ("participant", "send", out, "--to", server)
    assert desk.refused(*send).code == "proposal-unsigned"
    desk.sign(out)
    assert desk.run(*send) == "published: withdraw XXU\n"
    assert desk.run(*send) == "published: withdraw XXU\n"
    Path("no.proposal").write_text("{}")
    assert (
        desk.refused("participant", "send", "no.proposal", "--to", server).code
        == "proposal-malformed"
    )
    assert (
        desk.refused("participant", "send", out, "--to", f"{server}/x").code
        == "network-unreachable"
    )
    error = desk.refused("participant", "send", out, "--to", "http://127.0.0.1:9")
    assert (error.code, error.exit_code) == ("network-unreachable", 4)
    assert "no server answers there" in error.message
    assert desk.refused("participant", "send", out, "--to", "nowhere").code == "target-unknown"


# Leaving


def test_a_participant_takes_everything_along_with_a_notice_of_its_own_keys(desk: Desk) -> None:
    desk.run("participant", "leave", "--out", "all.zip", "--at", LATER)
    with zipfile.ZipFile("all.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert {"leave.json", "participant.json", "published/XXU/signers.json",
            "certificates/sca.pem"} <= found.keys()  # fmt: skip
    assert not any(b"PRIVATE" in data for data in found.values())
    notice = json.loads(found["leave.json"])
    own = {
        metadata.keyid(one): one
        for one in participant.load_home(Path("utopia")).public_keys().public_keys
    }
    assert (notice["network"], notice["environment"]) == ("invented", "test")
    told = {name: notice[name] for name in ("participant", "at", "network", "environment")}
    message = (
        b"pratique-leave-1\n" + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    )
    assert len(notice["signatures"]) == 2
    for keyid, signature in notice["signatures"].items():
        check = algorithms.load(algorithms.read_der(own[keyid]).algorithm, own[keyid])
        assert check(base64.b64decode(signature), message)
        assert not check(base64.b64decode(signature), message + b" ")


def test_leaving_says_when_nothing_published_is_known_and_when_keys_are_elsewhere(
    desk: Desk,
) -> None:
    said = desk.run("participant", "leave", "--out", "all.zip", "--home", "other")
    assert "sync first" in said
    with zipfile.ZipFile("all.zip") as archive:
        # Without a network to be named in it there is no notice: it would be one for every network.
        assert "leave.json" not in archive.namelist()
        assert all(one.compress_type == zipfile.ZIP_DEFLATED for one in archive.infolist())
    assert desk.refused("participant", "leave", "--out", "no/all.zip").code == "file-unwritable"
    row = json.loads(Path("utopia/participant.json").read_text())
    row["role_keys"] = [[pem, ""] for pem, _ in row["role_keys"]]
    Path("utopia/participant.json").write_text(json.dumps(row))
    assert desk.refused("participant", "leave", "--out", "all.zip").code == "keys-elsewhere"


def test_what_is_issued_names_the_participant(desk: Desk) -> None:
    sample = issued(desk)
    found = json.loads(desk.run("verify", sample, "--at", LATER, "--format", "json", code=3))
    assert found["results"][0]["signer"]["participant"] == "XXU"
    assert DOSE[1].partition("=")[2] not in json.dumps(found["snapshot"])
