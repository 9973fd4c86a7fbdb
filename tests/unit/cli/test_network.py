"""What was synced goes out in WHO's forms and comes back; states are shown before they matter."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pratique.cli.main import network
from pratique.crypto import keys, x509, x509_write
from pratique.crypto.spki import PublicKey
from pratique.crypto.x509_write import Subject
from pratique.errors import DocumentRefused
from pratique.onboarding import anchors
from pratique.store.keys import make_key
from pratique.terms import Algorithm, Environment
from pratique.trust import did, lists
from pratique.trust.certificates import collect
from tests.networks import AT, DAY, Authority, State, key

PASSWORD = "Ruhig-Brauner-Seehund-77"
HOST = "did:web:trust.example"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    authority = Authority()
    states = [State("XXU", "XU", signers=2), State("XXJ", "XJ")]
    authority.admit(*states)
    for state in states:
        state.publish()
    for name, data in authority.files.items():
        path = tmp_path / "net" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def run(*words: str | Path) -> Result:
    told = [str(word) for word in words]
    return CliRunner().invoke(network, told, standalone_mode=False, catch_exceptions=False)


def at(days: float = 0) -> str:
    return (AT + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_repository_is_shown_and_lapses_by_itself(place: Path) -> None:
    rows = json.loads(run("status", "net", "--at", at(), "--format", "json").stdout)
    assert rows["format"] == "pratique-standing-1"
    assert [(r["participant"], r["domain"], r["state"]) for r in rows["participants"]] == [
        ("XXJ", "DCC", "live"), ("XXU", "DCC", "live"), ("network", "", "live"),
    ]  # fmt: skip
    assert [s["need"] for s in rows["participants"][0]["strands"]] == ["signer", "edition"]
    late = run("status", "net", "--at", at(8), "--within", "0")
    assert late.return_value == 1
    assert late.stdout.count("the last edition has ended") == 2
    assert run("status", "net", "--at", at(), "--within", "30").return_value == 0
    assert run("status", "net", "--at", at(), "--format", "ics").stdout.count("BEGIN:VEVENT") == 14


def test_nothing_is_shown_where_nothing_is(place: Path) -> None:
    found = CliRunner().invoke(network, ["status"])
    assert getattr(found.exception, "code", "") == "no-trust-list"


def exported(place: Path, algorithm: Algorithm = Algorithm.ES256) -> PublicKey:
    uri = "file:did.pem"
    made = make_key(uri, folder=place, secret=lambda _: PASSWORD, algorithm=algorithm)
    words = ("export", "--did", "out", "--base", HOST, "--signing-key", uri, "--repository", "net")
    assert run(*words, "--at", at()).exit_code == 0
    return PublicKey(made.algorithm, made.public_key)


def test_our_tree_is_read_back_with_its_proofs(place: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    proof_key = exported(place)
    paths = sorted(path for path in (place / "out").rglob("did.json"))
    for path in paths:
        reading = lists.read_source(path.read_bytes(), proof_key=proof_key)
        assert (reading.proof, reading.environment) == ("valid", Environment.TEST)
    names = {str(path.relative_to(place / "out")) for path in paths}
    for tree in ("v2/trustlist", "v2/trustlist-ref"):
        for inner in ("", "-/", "DCC/", "-/-/", "-/XXU/", "DCC/XXU/", "DCC/XXU/DSC/", "DCC/-/SCA/"):
            assert f"{tree}/{inner}did.json" in names
    root = lists.read_source((place / "out/v2/trustlist/did.json").read_bytes())
    assert root.named == (("XXJ", "DCC"), ("XXU", "DCC"))
    signers = collect([root], environment=Environment.TEST)
    assert sorted((s.participant, s.domain, s.notes, s.reason) for s in signers) == [
        ("XXJ", "DCC", (), ""), ("XXU", "DCC", (), ""), ("XXU", "DCC", (), ""),
    ]  # fmt: skip
    assert all(signer.sca_not_after for signer in signers)


def test_a_reference_names_a_key_of_the_tree(place: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    exported(place)
    document = json.loads((place / "out/v2/trustlist-ref/DCC/XXU/DSC/did.json").read_bytes())
    tree = json.loads((place / "out/v2/trustlist/DCC/XXU/DSC/did.json").read_bytes())
    assert document["verificationMethod"] == [one["id"] for one in tree["verificationMethod"]]
    assert document["id"] == f"{HOST}:v2:trustlist-ref:DCC:XXU:DSC"
    one = tree["verificationMethod"][0]
    jwk, certificate = one["publicKeyJwk"], base64.b64decode(one["publicKeyJwk"]["x5c"][0])
    kid = base64.b64encode(hashlib.sha256(certificate).digest()[:8]).decode()
    assert (jwk["kid"], one["id"]) == (kid, f"{HOST}:v2:trustlist:DCC:XXU:DSC#{kid}")
    assert {len(base64.urlsafe_b64decode(jwk[name] + "=")) for name in "xy"} == {32}


def test_a_changed_word_breaks_a_proof_of_ours(place: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    proof_key = exported(place, Algorithm.ES384)
    for tree in ("trustlist", "trustlist-ref"):
        data = (place / f"out/v2/{tree}/DCC/XXU/did.json").read_bytes()
        lists.read_source(data, proof_key=proof_key)
        with pytest.raises(DocumentRefused) as caught:
            lists.read_source(data.replace(b":XXU:DSC#", b":XXJ:DSC#"), proof_key=proof_key)
        assert caught.value.code == "proof-wrong"


def anchor(place: Path, name: str = "anchor") -> tuple[Path, str]:
    uri = f"file:{name}.pem"
    made = make_key(uri, folder=place, secret=lambda _: PASSWORD)
    subject = Subject("Anchor", "Board", "CH", Environment.TEST)
    when = int(AT.timestamp()) - 86400
    path = place / f"{name}-certificate.pem"
    path.write_bytes(x509_write.to_pem(x509_write.upload_signer(made, subject, at=when, serial=1)))
    return path, uri


def laid_out(place: Path) -> Path:
    """Export folders, XXU's upload and TLS certificates among them."""
    subject, when = Subject("XXU", "Ministry", "XU", Environment.TEST), int(AT.timestamp())
    dossier = place / "XXU"
    for name, der in (
        ("UP/UP.pem", x509_write.upload_signer(key("up"), subject, at=when, serial=2)),
        ("TLS/TLS.pem", x509_write.tls_client(key("tls"), subject, at=when, serial=3)),
    ):
        path = dossier / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(x509_write.to_pem(der))
    (dossier / "TLS/CA.pem").write_bytes((dossier / "TLS/TLS.pem").read_bytes())
    pem, uri = anchor(place)
    found = run("export", "--folders", "folders", "--dossier", dossier, "--anchor", pem,
                "--anchor-key", uri, "--repository", "net", "--at", at())  # fmt: skip
    assert found.exit_code == 0
    return pem


def judged(place: Path, pem: Path, folder: str = "folders") -> dict[str, str]:
    found = run("import", folder, "--anchor", pem, "--at", at(), "--format", "json")
    rows = json.loads(found.stdout)["certificates"]
    assert all(row["believed"] is not bool(row["why"]) for row in rows)
    return {
        f"{row['participant']} {row['role']}": row["why"]
        for row in rows
        if row["name"].startswith("DCC/")
    }


def test_folders_go_out_and_are_believed_by_their_anchor_alone(place: Path) -> None:
    pem = laid_out(place)
    assert judged(place, pem) == {
        "XXJ SCA": "", "XXJ DSC": "", "XXU SCA": "", "XXU DSC": "", "XXU TLS": "", "XXU UP": "",
    }  # fmt: skip
    other, _ = anchor(place, "other")
    assert set(judged(place, other).values()) == {"anchor-unknown", "issuer-unknown"}
    written = run("import", "folders", "--anchor", pem, "--at", at(), "--out", "believed")
    assert written.return_value == 0
    assert "9 of 9 certificates are believed" in written.stdout
    read = [lists.read_source(path.read_bytes()) for path in (place / "believed").rglob("*.pem")]
    signers = collect(read, environment=Environment.TEST)
    assert sum(s.sca_not_after is not None for s in signers) == 3
    states = run("status", "folders", "--at", at(), "--format", "json")
    rows = {
        r["participant"]: r["state"]
        for r in json.loads(states.stdout)["participants"]
        if r["domain"] == "DCC"
    }
    assert rows == {"XXJ": "unverifiable", "XXU": "live"}


def test_openssl_believes_our_anchor_too(place: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    pem = laid_out(place)
    (path,) = (place / "folders/XXU").rglob("TNG_TA.signed.SCA*.json")
    document = json.loads(path.read_bytes())
    (place / "cms.der").write_bytes(base64.b64decode(document["trustAnchorSignature"]))
    subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms.der", "-noverify",
         "-certfile", str(pem), "-out", "content"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert (place / "content").read_bytes() == base64.b64decode(document["certificateRawData"])


def test_what_an_anchor_signed_for_another_role_or_participant_is_not_believed(place: Path) -> None:
    pem = laid_out(place)
    folders = place / "folders"
    sca = next((folders / "XXU/onboarding/DCC/SCA").glob("*.pem"))
    # The anchor's word for a signing CA, laid where an upload key belongs; and another state's.
    up = folders / "XXU/onboarding/DCC/UP"
    (up / "UP.pem").write_bytes(sca.read_bytes())
    foreign = next((folders / "XXJ/onboarding/DCC/SCA").glob("*.pem"))
    signed = next((folders / "XXJ/onboarding/DCC/SCA/signed").glob("*.json"))
    sca.write_bytes(foreign.read_bytes())
    (sca.parent / "signed" / signed.name).write_bytes(signed.read_bytes())
    found = judged(place, pem)
    assert found["XXU UP"] == "key_usage"
    assert found["XXU SCA"] == "country_flag"
    assert found["XXU DSC"] == "issuer-unknown"


def test_a_file_without_an_anchors_word_is_not_believed(place: Path) -> None:
    pem = laid_out(place)
    up = place / "folders/XXU/onboarding/DCC/UP"
    # An anchor's word counts wherever in a participant's folder it lies.
    (up / "signed/TNG_TA.signed.UP.json").unlink()
    assert judged(place, pem)["XXU UP"] == ""
    (place / "folders/XXU/onboarding/ICVP/UP/signed/TNG_TA.signed.UP.json").unlink()
    assert judged(place, pem)["XXU UP"] == "not-anchored"
    (up / "UP.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    assert judged(place, pem)["XXU UP"] == "unreadable"


def test_an_anchor_is_its_certificate_and_its_key(place: Path) -> None:
    pem, _ = anchor(place)
    _, other = anchor(place, "other")
    words = ["export", "--folders", "f", "--anchor", str(pem), "--anchor-key", other]
    found = CliRunner().invoke(network, [*words, "--repository", "net", "--at", at()])
    assert getattr(found.exception, "code", "") == "anchor-key-differs"


def test_an_ended_signer_is_not_handed_on(place: Path) -> None:
    proof_key = keys.generate()
    assert proof_key.algorithm is Algorithm.ES256
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    make_key("file:did.pem", folder=place, secret=lambda _: PASSWORD)
    late = (AT + 800 * DAY).strftime("%Y-%m-%d")
    run("export", "--did", "late", "--base", HOST, "--signing-key", "file:did.pem",
        "--repository", "net", "--at", late)  # fmt: skip
    document = json.loads((place / "late/v2/trustlist/did.json").read_bytes())
    assert document["verificationMethod"] == []
    assert did.is_one(document)


def test_an_anchor_signs_for_no_certificate_without_a_country() -> None:
    assert x509.read(b"").countries == ()
    with pytest.raises(Exception, match="names no country"):
        anchors.vouched(b"", x509_write.Authority(b"", key("x")))


def test_nothing_of_an_earlier_tree_speaks_on(place: Path) -> None:
    pytest.importorskip("pyld", reason="the extra 'did' is not installed")
    exported(place)
    before = {path.relative_to(place / "out") for path in (place / "out").rglob("did.json")}
    late = (AT + 800 * DAY).strftime("%Y-%m-%d")
    words = ("export", "--did", "out", "--base", HOST, "--signing-key", "file:did.pem")
    found = run(*words, "--repository", "net", "--at", late)
    after = {path.relative_to(place / "out") for path in (place / "out").rglob("did.json")}
    # Every signer has ended: documents that list them would still have a proof that holds.
    assert after < before
    assert not {path for path in after if "DSC" in path.parts}
    assert f"{len(before) - len(after)} of an earlier tree taken away" in found.stdout


def test_folders_are_written_beside_nothing_else(place: Path) -> None:
    pem = laid_out(place)
    words = ("import", "folders", "--anchor", str(pem), "--at", at(), "--out", "believed")
    assert run(*words).return_value == 0
    assert run(*words).return_value == 0
    left = place / "believed/XXZ/onboarding/DCC/SCA/SCA.pem"
    left.parent.mkdir(parents=True)
    left.write_bytes(pem.read_bytes())
    found = CliRunner().invoke(network, words)
    assert getattr(found.exception, "code", "") == "folder-holds-others"
    assert left.exists()


def test_a_folder_without_a_dossier_is_said_to_be_none(place: Path) -> None:
    (place / "empty").mkdir()
    words = ["export", "--folders", "f", "--dossier", "empty", "--repository", "net", "--at", at()]
    assert getattr(CliRunner().invoke(network, words).exception, "code", "") == "dossier-none"
    words = ["import", "empty", "--anchor", str(anchor(place)[0]), "--at", at()]
    assert getattr(CliRunner().invoke(network, words).exception, "code", "") == "folders-none"
