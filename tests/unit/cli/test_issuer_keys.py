"""An issuer is made and its keys turned over; no secret is told, and no key is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509 as other
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pratique.cli import issuer_keys, options
from pratique.cli.main import issuer
from pratique.crypto import chain, x509, x509_write
from pratique.errors import PratiqueError
from pratique.findings import Code
from pratique.formats import encode, hcert
from pratique.parties import issuer as parties_issuer
from pratique.parties import issuer_keys as parties_issuer_keys
from pratique.parties.issuer_keys import NewKey
from pratique.store import sources
from pratique.store.keys import open_key
from pratique.terms import Environment, Kind
from pratique.trust.issuer import Choice, ShardState
from pratique.verification import verify
from tests import issuers

PASSWORD = "Ruhig-Brauner-Seehund-77"
INIT = ("init", "--country", "XU", "--participant", "XXU", "--name", "Ministry of Health of Utopia")
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRATIQUE_ISSUER", str(tmp_path / "utopia"))
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", PASSWORD)
    return tmp_path / "utopia"


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(issuer, [str(word) for word in words])
    assert PASSWORD not in result.output + repr(result.exception)
    if isinstance(result.exception, PratiqueError):
        raise result.exception
    return result


def chain_of(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [word for pair in pairs for word in pair]


def refused(*words: str | Path) -> str:
    with pytest.raises(PratiqueError) as caught:
        run(*words)
    return caught.value.code


@pytest.fixture
def made(folder: Path) -> Path:
    assert run(*INIT, "--shards", "3", "--environment", "test", "--at", "2026-11-22").exit_code == 0
    return folder


def test_what_is_made_fits_together(made: Path) -> None:
    found = parties_issuer.load(made)
    ca_pem = parties_issuer.read_certificate(made)
    ca = x509.read(x509_write.from_pem(ca_pem))
    assert ca.thumbprint == found.sca.thumbprint
    for shard in found.shards:
        der = x509_write.from_pem(parties_issuer.read_certificate(made, shard.label))
        record = x509.read(der)
        assert chain.issued_by(record, ca) is True
        assert (record.thumbprint, record.kid) == (shard.thumbprint, shard.kid)
        assert (record.not_before, record.not_after) == (shard.not_before, shard.not_after)
        key = open_key(shard.key, folder=made, secret=lambda _: PASSWORD)
        assert key.public_key == record.public_key
        assert x509_write.environment_of(der) is shard.environment is Environment.TEST
        assert b"Environment: test\n" in (made / "keys" / f"{shard.label}.pem").read_bytes()
        assert 1 << shard.width >= 2.5 * shard.planned
    assert len({shard.kid for shard in found.shards}) == 3


def test_the_issuers_document_and_what_is_exported_hold_no_secret(
    made: Path, tmp_path: Path
) -> None:
    run("keys", "export", tmp_path / "out")
    public = [made / "issuer.json", *(tmp_path / "out").iterdir()]
    assert len(public) == 5
    texts = [path.read_text() for path in public]
    assert not [text for text in texts if "PRIVATE KEY" in text or PASSWORD in text]
    assert "PRIVATE KEY" in (made / "keys" / "sca.pem").read_text()
    run("keys", "export", tmp_path / "out")


def test_nothing_is_made_where_something_is(made: Path) -> None:
    before = sorted(made.rglob("*"))
    assert refused(*INIT) == "issuer-exists"
    assert sorted(made.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--country", "UTO"), "country-unknown"),
        (("--country", "xu"), "country-unknown"),
        (("--participant", "XU"), "participant-unfit"),
        (("--name", "x" * 65), "subject-unfit"),
        (("--sca-key", "vault:sca"), "key-uri"),
        (("--dsc-key", "file:../"), "key-uri"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    folder: Path, words: tuple[str, str], code: str
) -> None:
    option, value = words
    said = dict(zip(INIT[1::2], INIT[2::2], strict=True)) | {option: value}
    assert refused("init", *chain_of(said.items())) == code
    assert [path.name for path in folder.parent.iterdir() if path.name != "home"] == []


def test_a_password_is_never_an_option_nor_short_nor_absent(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*INIT, "--password", PASSWORD[:3]).exit_code == 2
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", "short")
    assert refused(*INIT) == "password-short"
    monkeypatch.delenv("PRATIQUE_KEY_PASSWORD")
    assert refused(*INIT) == "secret-missing"
    for text in ("", "\n", "two\nlines\n"):
        (tmp_path / "password").write_text(text)
        assert refused(*INIT, "--password-file", tmp_path / "password") == "secret-missing"
    (tmp_path / "password").write_text(PASSWORD + "\n")
    assert run(*INIT, "--password-file", tmp_path / "password").exit_code == 0


def test_a_new_password_is_asked_for_twice_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRATIQUE_KEY_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[dict[str, object]] = []

    def prompt(text: str, **how: object) -> str:
        asked.append(how)
        return PASSWORD

    monkeypatch.setattr(click, "prompt", prompt)
    secret = options.secrets(None, None, new=True)
    assert secret("file:a") == secret("file:b") == PASSWORD
    assert options.secrets(None, None)("hsm:utopia") == PASSWORD
    assert asked == [
        {"hide_input": True, "confirmation_prompt": True, "err": True},
        {"hide_input": True, "confirmation_prompt": False, "err": True},
    ]


def test_new_keys_get_the_password_of_the_old_ones(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", PASSWORD + "x")
    assert refused("keys", "new-shard", "--at", "2026-11-23") == "key-password"
    assert len(parties_issuer.load(made).shards) == 3
    assert len(list((made / "keys").iterdir())) == 4


def test_a_limited_key_is_picked_for_its_kind_alone(made: Path) -> None:
    run("keys", "new-shard", "--kind", "test", "--planned", "5000000", "--at", "2026-11-22")
    found = parties_issuer.load(made)
    at = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
    limited = found.shard("2026-11-d")
    assert limited.usages == {Kind.TEST}
    assert Choice(found.shards, at=at, counts={}).one(Kind.TEST) == limited
    assert Choice(found.shards, at=at, counts={}).one(Kind.EXEMPTION) == found.shards[0]


def test_a_label_of_an_interrupted_command_is_not_used_again(made: Path) -> None:
    # The key was made, and the power failed before the issuer's document named it.
    shutil.copy(made / "keys" / "2026-11-c.pem", made / "keys" / "2026-11-d.pem")
    run("keys", "new-shard", "--at", "2026-11-22")
    assert parties_issuer.load(made).shards[-1].label == "2026-11-e"


def test_a_rotated_key_keeps_its_plan_and_both_sign(made: Path) -> None:
    run("keys", "new-shard", "--kind", "test", "--planned", "40000", "--at", "2026-11-22")
    run("keys", "rotate", "--at", "2027-05-20")
    found = parties_issuer.load(made)
    at = int(datetime(2027, 5, 20, tzinfo=UTC).timestamp())
    assert {shard.state(at) for shard in found.shards} == {ShardState.LIVE}
    assert [shard.replaces for shard in found.shards[4:]] == [s.label for s in found.shards[:4]]
    successor = found.shards[-1]
    assert (successor.planned, successor.usages) == (40_000, frozenset({Kind.TEST}))
    assert "no key ends" in run("keys", "rotate", "--at", "2027-05-20").output


def test_a_retired_key_keeps_its_files(made: Path) -> None:
    files = {path: path.read_bytes() for path in made.rglob("*.pem")}
    run("keys", "retire", "2026-11-a", "--yes")
    assert {path: path.read_bytes() for path in made.rglob("*.pem")} == files
    assert parties_issuer.load(made).shard("2026-11-a").retired is not None
    assert refused("keys", "retire", "2026-11-a", "--yes") == "shard-retired"
    assert refused("keys", "retire", "2026-11-z", "--yes") == "shard-unknown"


def test_nothing_is_changed_while_another_changes_it(made: Path) -> None:
    with parties_issuer.locked(made):
        for words in (("new-shard",), ("rotate",), ("retire", "2026-11-a", "--yes")):
            assert refused("keys", *words) == "issuer-locked"
        assert run("keys", "list").exit_code == 0


def test_a_signing_ca_that_was_swapped_makes_no_key(made: Path, tmp_path: Path) -> None:
    run(*INIT, "--issuer", tmp_path / "other", "--environment", "test", "--at", "2026-11-22")
    path = parties_issuer.certificate_path(made)
    path.write_bytes(parties_issuer.read_certificate(tmp_path / "other"))
    assert refused("keys", "new-shard", "--at", "2026-11-23") == "sca-differs"


def test_the_list_as_json_says_what_the_table_does(made: Path) -> None:
    shown = json.loads(run("keys", "list", "--format", "json", "--at", "2026-11-23").output)
    row = shown["keys"][0]
    assert (row["label"], row["state"], row["environment"]) == ("2026-11-a", "live", "test")
    assert (row["days_to_sign"], row["days_to_be_verified"], row["issued"]) == (182, 729, None)


def test_what_was_issued_is_shown_and_fills_a_key(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = parties_issuer.load(made)
    counts = {found.shards[0].kid: 1_000_000, found.shards[1].kid: 12}
    at = datetime(2026, 11, 23, tzinfo=UTC)
    issuer_keys.show(parties_issuer_keys.key_list(found, at=at, counts=counts))
    lines = capsys.readouterr().out.splitlines()
    assert "quota-reached" in lines[1]
    assert lines[2].split()[-2:] == ["12", "1000000"]
    assert lines[3].split()[-2:] == ["0", "1000000"]
    assert lines[-1].startswith("to be replaced soon: 2026-11-a;")


def test_what_its_keys_sign_is_verified_from_what_it_exports(made: Path, tmp_path: Path) -> None:
    run("keys", "export", tmp_path / "out")
    shard, at = parties_issuer.load(made).shards[0], datetime(2026, 12, 1, tzinfo=UTC)
    key = open_key(shard.key, folder=made, secret=lambda _: PASSWORD)
    record, now = issuers.RECORDS["vaccination"], int(at.timestamp())
    payload = encode.payload(
        record.domain,
        record.person,
        record.entry,
        "URN:UVCI:01:XU:A#B",
        issuer="XU",
        issued_at=now,
        expires_at=now + 1000,
    )
    kid, algorithm = shard.kid, shard.algorithm
    signature = key.sign(hcert.to_sign(payload, kid=kid, algorithm=algorithm))
    text = hcert.encode(payload, signature, kid=kid, algorithm=algorithm)
    published = sources.trust_from([tmp_path / "out"], at=at, environment=Environment.TEST)
    verdict = verify(text, snapshot=published.snapshot, at=at).verdict
    assert [finding.code for finding in verdict.findings] == [Code.NO_RULES]
    # Imported where production keys are meant, a test key stays what its certificate says.
    careless = sources.trust_from([tmp_path / "out"], at=at, environment=Environment.PRODUCTION)
    verdict = verify(text, snapshot=careless.snapshot, at=at).verdict
    assert [finding.code for finding in verdict.findings] == [Code.ENVIRONMENT_WRONG]
    other = sources.trust_from([tmp_path / "out" / "XXU-2026-11-b.pem"], at=at)
    verdict = verify(text, snapshot=other.snapshot, at=at).verdict
    assert [finding.code for finding in verdict.findings] == [Code.SIGNER_UNKNOWN]


def test_a_new_key_file_is_not_sealed_under_a_slip_of_the_hand(made: Path) -> None:
    # The signing CA's key lies in a device, so that opening it proves no password.
    found = parties_issuer.load(made)
    found = found._replace(sca=found.sca._replace(key="hsm:utopia/sca"))
    in_file, in_device = NewKey("a", "file:keys/a.pem", 1), NewKey("a", "hsm:utopia/a", 1)
    with pytest.raises(PratiqueError) as caught:
        parties_issuer_keys.prove(made, found, [in_file], lambda _: PASSWORD + "x")
    assert caught.value.code == "key-password"
    parties_issuer_keys.prove(made, found, [in_file], lambda _: PASSWORD)
    parties_issuer_keys.prove(made, found, [in_device], lambda _: PASSWORD + "x")


@pytest.mark.skipif(
    not Path(MODULE).exists() or not shutil.which("softhsm2-util"),
    reason="SoftHSM2 is not installed (Debian: softhsm2)",
)
def test_an_issuers_keys_may_all_lie_in_a_device(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("pkcs11", reason="the extra 'hsm' is not installed")
    (tmp_path / "objects").mkdir()
    (tmp_path / "conf").write_text(
        f"directories.tokendir = {tmp_path}/objects\nlog.level = ERROR\n"
    )
    environment = {
        **os.environ,
        "SOFTHSM2_CONF": str(tmp_path / "conf"),
        "PRATIQUE_HSM_PIN": "73519042",
    }
    del environment["PRATIQUE_KEY_PASSWORD"]

    def command(*words: str) -> str:
        done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pratique = (sys.executable, "-m", "pratique", "issuer")
    command(
        "softhsm2-util", "--init-token", "--free", "--label", "utopia", "--pin", "73519042",
        "--so-pin", "99999999",
    )  # fmt: skip
    in_device = (
        "--sca-key", f"pkcs11:token=utopia;object=sca?module-path={MODULE}",
        "--dsc-key", f"pkcs11:token=utopia;object=dsc-?module-path={MODULE}",
    )  # fmt: skip
    told = command(*pratique, *INIT, "--at", "2026-11-22", "--shards", "2", *in_device)
    assert "the device, by its maker's own means" in told
    assert str(folder / "keys") not in told
    command(*pratique, "keys", "new-shard", "--at", "2026-11-23")
    found = parties_issuer.load(folder)
    assert [shard.key for shard in found.shards] == [
        f"pkcs11:token=utopia;object=dsc-2026-11-{letter}?module-path={MODULE}" for letter in "abc"
    ]
    ca = x509.read(x509_write.from_pem(parties_issuer.read_certificate(folder)))
    for shard in found.shards:
        der = x509_write.from_pem(parties_issuer.read_certificate(folder, shard.label))
        assert chain.issued_by(x509.read(der), ca) is True
    assert not (folder / "keys").exists()
    assert "73519042" not in told + (folder / "issuer.json").read_text()


# A signing CA that is kept elsewhere


class Csca:
    """A state's own CA, by another library: takes requests (PKCS #10), makes certificates."""

    def __init__(self, country: str = "XU", name: str = "CSCA Utopia") -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.name = other.Name(
            [other.NameAttribute(NameOID.COUNTRY_NAME, country), other.NameAttribute(NameOID.COMMON_NAME, name)]
        )  # fmt: skip
        self.certificate = self._signed(self.name, self.key.public_key(), is_ca=True)

    def _signed(self, subject: other.Name, public: Any, *, is_ca: bool) -> other.Certificate:
        return (
            other.CertificateBuilder()
            .subject_name(subject).issuer_name(self.name).public_key(public)
            .serial_number(other.random_serial_number())
            .not_valid_before(datetime(2026, 11, 1, tzinfo=UTC))
            .not_valid_after(datetime(2030 if is_ca else 2028, 11, 1, tzinfo=UTC))
            .add_extension(other.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .sign(self.key, hashes.SHA384())
        )  # fmt: skip

    def answer(self, csr: bytes, country: str = "XU", *, is_ca: bool = False) -> bytes:
        asked = other.load_pem_x509_csr(csr)
        assert asked.is_signature_valid
        subject = other.Name(
            [other.NameAttribute(NameOID.COUNTRY_NAME, country), *asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        )  # fmt: skip
        made = self._signed(subject, asked.public_key(), is_ca=is_ca)
        return made.public_bytes(serialization.Encoding.PEM)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def csca(folder: Path, tmp_path: Path) -> Csca:
    ca = Csca()
    (tmp_path / "csca.pem").write_bytes(ca.pem)
    words = ("--signing-ca-certificate", tmp_path / "csca.pem", "--at", "2026-11-22")
    assert "kept elsewhere" in run(*INIT, *words).output
    assert not (folder / "keys").exists()
    return ca


def test_a_key_whose_certificate_a_csca_has_made_signs(
    folder: Path, csca: Csca, tmp_path: Path
) -> None:
    said = run("keys", "request", "--kind", "test", "--at", "2026-11-22").output
    assert "the request for its certificate" in said
    csr = (folder / "requests/2026-11-a.csr").read_bytes()
    wanted = other.load_pem_x509_csr(csr)
    assert wanted.extensions.get_extension_for_class(other.KeyUsage).value.digital_signature
    assert len(wanted.extensions.get_extension_for_class(other.ExtendedKeyUsage).value) == 1
    assert "2026-11-a waits" in run("keys", "list", "--at", "2026-11-22").output
    (tmp_path / "answer.pem").write_bytes(csca.answer(csr))
    assert "2026-11-a signs until" in run("keys", "accept", tmp_path / "answer.pem").output
    found = parties_issuer.load(folder)
    (shard,) = found.shards
    assert Choice(found.shards, at=issuers.AT, counts={}).one(Kind.TEST) == shard
    key = open_key(shard.key, folder=folder, secret=lambda _: PASSWORD)
    record = x509.read(x509_write.from_pem(parties_issuer.read_certificate(folder, shard.label)))
    assert key.public_key == record.public_key
    assert not list((folder / "requests").iterdir())
    assert refused("keys", "accept", tmp_path / "answer.pem") == "request-unknown"
    assert refused("keys", "new-shard", "--at", "2026-11-22") == "sca-elsewhere"
    run("keys", "request", "--at", "2026-11-22")
    assert (folder / "requests/2026-11-b.csr").exists()


def test_a_certificate_that_verifiers_would_not_believe_is_not_taken(
    folder: Path, csca: Csca, tmp_path: Path
) -> None:
    run("keys", "request", "--at", "2026-11-22")
    csr, path = (folder / "requests/2026-11-a.csr").read_bytes(), tmp_path / "answer.pem"
    for made, code in (
        (csca.answer(csr, "XV"), "certificate-unfit"),
        (csca.answer(csr, is_ca=True), "certificate-unfit"),
        (Csca().answer(csr), "sca-differs"),
        (csca.pem, "request-unknown"),
    ):
        path.write_bytes(made)
        assert refused("keys", "accept", path) == code
        assert not parties_issuer.load(folder).shards
    newer = Csca(name="CSCA Utopia 2")
    (tmp_path / "newer.pem").write_bytes(newer.pem)
    path.write_bytes(newer.answer(csr))
    run("keys", "accept", path, "--signing-ca-certificate", tmp_path / "newer.pem")
    assert len(parties_issuer.load(folder).shards) == 1


def test_another_states_ca_and_a_ca_that_is_here_are_told(
    made: Path, folder: Path, tmp_path: Path
) -> None:
    assert refused("keys", "request", "--at", "2026-11-22") == "sca-here"
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(Csca("XV").pem)
    words = ("--signing-ca-certificate", foreign, "--issuer", tmp_path / "new")
    assert refused(*INIT, *words) == "country-differs"
    assert not (tmp_path / "new").exists()
