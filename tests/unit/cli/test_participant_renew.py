"""One command makes every successor in time; the old ones stay, and nothing is made twice."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.main import issuer as issuer_command
from pratique.cli.main import participant
from pratique.crypto import chain, x509, x509_write
from pratique.errors import UsageError
from pratique.network import metadata, proposal, view
from pratique.network.proposal import from_bytes
from pratique.onboarding.checks import check
from pratique.parties import issuer as parties_issuer
from pratique.parties import participant as parties_participant
from pratique.parties.issuer_keys import until_free
from pratique.terms import Environment, SignerState
from pratique.trust import publication
from pratique.trust.renewal import ROLES, SCA, successor
from tests.networks import Authority, key

PASSWORD = "Ruhig-Brauner-Seehund-77"
FOUNDED = datetime(2026, 11, 22, tzinfo=UTC)


class Place:
    """A participant's machine: its folders, its network, its clock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder, self.issuer = root / "xxu", root / "issuer"
        self.network = root / "network"
        self.authority: Authority | None = None

    def run(self, *words: str | Path, at: datetime, group: object = participant) -> str:
        told = [*map(str, words), "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")]
        result = CliRunner().invoke(group, told, catch_exceptions=False)  # type: ignore[arg-type]
        assert result.exit_code == 0, result.output
        assert PASSWORD not in result.output
        return result.stdout

    def renew(self, at: datetime, *words: str | Path) -> str:
        known: list[str | Path] = ["--repository", self.network] if self.authority else []
        return self.run("renew", *known, *words, at=at)

    def home(self) -> parties_participant.ParticipantHome:
        return parties_participant.load_home(self.folder)

    def known(self) -> view.View:
        assert self.authority is not None
        return self.authority.view

    def put(self) -> None:
        assert self.authority is not None
        for name, data in self.authority.files.items():
            path = self.network / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def join(self, at: datetime) -> None:
        self.authority = Authority(at=at)
        self.seats(at)
        one = self.home().participant
        listed = {"XXU": one._replace(domains=frozenset({"DCC"}))}
        drafted = proposal.targets(
            self.known(),
            at,
            "admit",
            participants=listed,
            members={"XXU": self.home().public_keys()},
        )
        self.authority.publish(drafted)
        self.put()

    def rekey(self, at: datetime, public: proposal.RoleKeys) -> None:
        """Let the seats sign a participant's application."""
        self.seats(at)
        assert self.authority is not None
        self.authority.publish(proposal.targets(self.known(), at, "rekey", members={"XXU": public}))
        self.put()

    def seats(self, at: datetime) -> None:
        assert self.authority is not None
        self.authority.now = at

    def accept(self, folder: Path, at: datetime) -> None:
        """Let the authority publish what was handed in."""
        self.seats(at)
        assert self.authority is not None
        for path in sorted(folder.glob("*.proposal")):
            self.authority.accept(from_bytes(path.read_bytes()))
            path.unlink()
        self.put()

    def signers(self) -> list[x509.X509Record]:
        data = self.known().roles["XXU"].files["XXU/signers.json"]
        return [x509.read(one.certificate) for one in publication.parts(data).signers]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRATIQUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("PRATIQUE_PARTICIPANT", str(tmp_path / "xxu"))
    monkeypatch.setenv("PRATIQUE_ISSUER", str(tmp_path / "issuer"))
    found = Place(tmp_path)
    found.run(
        "init", "--code", "XXU", "--country", "XU", "--name", "Invented", "--environment", "test",
        at=FOUNDED,
    )  # fmt: skip
    found.run(
        "init", "--country", "XU", "--participant", "XXU", "--name", "Invented", "--shards", "2",
        "--environment", "test", "--signing-ca", found.folder, at=FOUNDED, group=issuer_command,
    )  # fmt: skip
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def days(number: int) -> datetime:
    return FOUNDED + timedelta(days=number)


def test_nothing_is_made_before_its_time(there: Place) -> None:
    before = files_of(there.root)
    assert "nothing ends within 45 days" in there.renew(days(137))
    assert files_of(there.root) == before


def test_the_dry_run_says_what_the_run_makes_and_changes_nothing(there: Place) -> None:
    at, before = days(330), files_of(there.root)
    told = there.renew(at, "--dry-run")
    assert files_of(there.root) == before
    planned = re.findall(r"would make (signing CA|upload key|TLS key|document signer) (\S+):", told)
    assert [what for what, _ in planned] == ["signing CA", "TLS key"] + ["document signer"] * 2
    done = there.renew(at)
    labels = [label for _, label in planned]
    assert re.findall(r"made (?:signing CA |TLS key )?(\S+?):? (?:begins|in place)", done) == labels
    new = {name for name in files_of(there.root) if name not in before}
    assert {f"xxu/certificates/{label}.pem" for label in labels[:2]} <= new
    assert {f"issuer/certificates/{label}.pem" for label in labels[2:]} <= new
    for line in told.splitlines():
        if line.startswith("would make signing CA"):
            sca = there.home().sca
            assert (
                f"makes keys until {_day(sca.use_until)}, is good until {_day(sca.not_after)}"
                in line
            )
    assert "would make nothing" in there.renew(at, "--dry-run")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def test_a_year_long_a_weekly_clock_is_never_late(there: Place) -> None:
    for week in range(72):
        there.renew(days(7 * week))
        now = int(days(7 * week).timestamp())
        home, issuer = there.home(), parties_issuer.load(there.issuer)
        for role in ROLES:
            assert home.newest(role).use_until - now >= 30 * 86400
        live = [s for s in issuer.shards if s.not_before <= now <= s.use_until]
        assert live, "nobody could sign"
        newest = max(issuer.shards, key=lambda s: s.use_until)
        assert newest.use_until - now >= 30 * 86400
    home, issuer = there.home(), parties_issuer.load(there.issuer)
    assert [one.label for one in home.owned if one.role == SCA] == ["sca", "sca-2027-10"]
    assert issuer.sca.thumbprint == home.sca.thumbprint
    ca = x509.read(x509_write.from_pem(parties_participant.signing_ca_pem(there.folder)))
    last = issuer.shards[-1]
    record = x509.read(
        x509_write.from_pem(parties_issuer.read_certificate(there.issuer, last.label))
    )
    assert chain.issued_by(record, ca) is True


def test_a_successor_begins_when_verifiers_had_time_to_get_it(there: Place) -> None:
    there.renew(days(140))
    old, _, new, _ = parties_issuer.load(there.issuer).shards
    assert new.replaces == old.label
    assert new.not_before == int(days(154).timestamp()) < old.use_until
    there.renew(days(330))
    late = parties_issuer.load(there.issuer).shards[-1]
    # At 330 days the second ones are at their end: 154 + 183 = 337.
    assert late.not_before == int(days(337).timestamp())
    after = parties_issuer.load(there.issuer)
    there.renew(days(700))
    begun = [s for s in parties_issuer.load(there.issuer).shards if s not in after.shards]
    # Nothing was live any more: it begins at once.
    assert {s.not_before for s in begun} == {int(days(700).timestamp())}


def test_old_and_new_are_published_together(there: Place) -> None:
    there.join(days(1))
    out = there.root / "out"
    out.mkdir()
    there.run("publish", "--signers", there.issuer / "certificates", "--repository", there.network,
              "--to", out, at=days(1))  # fmt: skip
    there.accept(out, days(1))
    assert len(there.signers()) == 2
    there.seats(days(140))
    there.rekey(days(80), there.home().public_keys())
    assert there.authority is not None
    there.authority.now = days(140)
    there.authority.publish(proposal.targets(there.known(), days(140), "confirm"))
    there.put()
    told = there.renew(days(140), "--to", out)
    assert "submitted: " in told
    there.accept(out, days(140))
    found = there.signers()
    assert len(found) == 4
    states = sorted(_state(record, days(140)) for record in found)
    assert states == ["live", "live", "not yet", "not yet"]
    assert "nothing ends" in there.renew(days(141), "--to", out)


def _state(record: x509.X509Record, at: datetime) -> str:
    now = int(at.timestamp())
    if now < record.not_before:
        return SignerState.NOT_YET.value
    return SignerState.LIVE.value if now <= record.not_after else SignerState.EXPIRED.value


def test_role_keys_are_rolled_with_the_seats_and_the_edition_never_breaks(there: Place) -> None:
    out, late = there.root / "out", 690
    out.mkdir()
    there.join(days(late))
    there.run("publish", "--signers", there.issuer / "certificates", "--repository", there.network,
              "--to", out, at=days(late))  # fmt: skip
    there.accept(out, days(late))
    old = there.home().public_keys()
    told = there.renew(days(late), "--to", out)
    assert "propose rekey" in told
    there.accept(out, days(late))
    application = json.loads((there.folder / "dossier/application.json").read_bytes())
    assert len(application["keys"]) == 6

    def sound() -> None:
        assert there.known().roles["XXU"].problem == ""

    seen = [_speaking(there)]
    there.rekey(days(late + 1), there.home().public_keys())
    seen.append(_speaking(there))
    sound()
    told = there.renew(days(late + 1), "--to", out)
    # Not yet without the old ones: they alone have signed what is published.
    assert len(json.loads((there.folder / "dossier/application.json").read_bytes())["keys"]) == 6
    there.accept(out, days(late + 1))
    sound()
    there.renew(days(late + 2), "--to", out)
    application = json.loads((there.folder / "dossier/application.json").read_bytes())
    assert len(application["keys"]) == 3
    alone = proposal.RoleKeys(tuple(metadata.from_pem(pem) for pem in application["keys"]), 2)
    assert not set(alone.public_keys) & set(old.public_keys)
    there.rekey(days(late + 2), alone)
    seen.append(_speaking(there))
    sound()
    assert "listens to your new role keys alone" in there.renew(days(late + 3), "--to", out)
    home = there.home()
    assert (home.coming, set(home.public_keys().public_keys)) == ((), set(alone.public_keys))
    # The monitor knows each set that spoke for it, in its order, and no other.
    assert parties_participant.load_published(there.folder).keys == tuple(seen)
    assert home.role_since == int(days(late).timestamp())
    assert "role key" not in there.renew(days(late + 4), "--dry-run", "--to", out)


def _speaking(there: Place) -> frozenset[str]:
    return frozenset(map(metadata.keyid, proposal.role_keys(there.known())["XXU"].public_keys))


def test_what_is_handed_in_is_fit_to_be_sent(there: Place) -> None:
    at = days(330)
    there.renew(at)
    dossier = files_of(there.folder / "dossier")
    report = check(dossier, participant="XXU", environment=Environment.TEST, at=at)
    codes = {one.code for row in report.rows for one in row.findings}
    assert (report.errors, codes) == (0, set())
    assert {"SCA/SCA.pem", "SCA/SCA_1.pem", "UP/UP.pem", "TLS/TLS.pem"} <= dossier.keys()


def test_a_first_participants_document_is_read_and_kept_in_the_new_form(there: Place) -> None:
    path = there.folder / parties_participant.HOME_FILE
    row = json.loads(path.read_bytes())
    (sca,) = (one for one in row.pop("owned") if one["role"] == "sca")
    del row["role_since"], row["coming"]
    sca = {
        name: sca[name] for name in ("key", "thumbprint", "not_before", "not_after", "use_until")
    }
    path.write_text(json.dumps({**row, "format": parties_participant.FIRST_FORMAT, "sca": sca}))
    before = there.home()
    assert {one.role for one in before.owned} == set(ROLES)
    there.renew(days(330))
    assert json.loads(path.read_bytes())["format"] == parties_participant.FORMAT
    assert set(before.owned) <= set(there.home().owned)


def test_killed_at_any_moment_the_same_command_finishes(there: Place) -> None:
    at = days(330).strftime("%Y-%m-%d")
    words = [sys.executable, "-m", "pratique", "participant", "renew", "--at", at]
    wanted = there.renew(days(330), "--dry-run")
    kills, draw = 0, random.Random(20261122)
    # Killed soon after it has said that something was made: in the midst of the next thing, mostly.
    while True:
        child = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ
        )
        assert child.stdout is not None
        said = child.stdout.readline()
        if not said.startswith(b"made"):
            child.communicate()
            break
        time.sleep(draw.uniform(0, 0.3))
        child.kill()
        child.communicate()
        kills += 1
        there.home()
        parties_issuer.load(there.issuer)
    there.renew(days(330))
    assert kills >= 2, "it was hardly ever killed"
    home, issuer = there.home(), parties_issuer.load(there.issuer)
    assert [sum(one.role == role for one in home.owned) for role in ROLES] == [2, 1, 2]
    assert len(issuer.shards) == 4
    assert issuer.sca.thumbprint == home.sca.thumbprint
    assert wanted.count("document signer") == 2
    assert "would make nothing" in there.renew(days(330), "--dry-run")
    report = check(
        files_of(there.folder / "dossier"),
        participant="XXU",
        environment=Environment.TEST,
        at=days(330),
    )
    assert report.errors == 0


def test_a_key_that_a_device_has_kept_of_a_killed_command_is_stepped_over() -> None:
    held = {"hsm:slot/upload-2027-11?module=/x.so"}

    def make(label: str, uri: str) -> str:
        if uri in held:
            raise UsageError("key-exists", "there is a key already")
        return f"{label} {uri}"

    uri = "hsm:slot/upload-2027-11?module=/x.so"
    told = until_free("upload-2027-11", uri, make)
    assert told == "upload-2027-11-2 hsm:slot/upload-2027-11-2?module=/x.so"
    with pytest.raises(UsageError) as caught:
        until_free("other", uri, make)
    assert caught.value.code == "key-exists"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("file:keys/upload.pem", "file:keys/upload-2027-11.pem"),
        ("file:keys/upload-2025-10-b.pem", "file:keys/upload-2027-11.pem"),
        ("file:/a%20b/up.pem", "file:/a%20b/up-2027-11.pem"),
        ("hsm:slot/up?module=/x/y.so", "hsm:slot/up-2027-11?module=/x/y.so"),
        ("hsm:slot/up-2025-10", "hsm:slot/up-2027-11"),
        (
            "pkcs11:token=a%20b;object=up?module-path=/x/y.so",
            "pkcs11:token=a%20b;object=up-2027-11?module-path=/x/y.so",
        ),
        (
            "pkcs11:id=%01%02;object=up-2025-10-b;token=t;type=private",
            "pkcs11:object=up-2027-11;token=t;type=private",
        ),
        ("pkcs11:object=up;token=t;id=%01", "pkcs11:object=up-2027-11;token=t"),
    ],
)
def test_a_successor_lies_beside_the_old_key(old: str, new: str) -> None:
    at = int(datetime(2027, 11, 1, tzinfo=UTC).timestamp())
    assert successor(old, "upload", at, ()) == ("upload-2027-11", new)
    assert successor(old, "upload", at, {"upload-2027-11"})[0] == "upload-2027-11-b"


def test_the_network_is_needed_only_to_publish(there: Place) -> None:
    told = there.renew(days(140))
    assert "sync, and give this command again" in told
    assert metadata.SIGNERS == "signers.json"


def test_what_has_ended_is_not_said_to_stay_good(there: Place) -> None:
    told = there.renew(days(400), "--dry-run")
    assert re.search(r"TLS key tls-2027-12: .*; tls has ended on 2027-11-22", told)
    assert "; sca stays good until 2030-11-22" in told
    assert "check dossier --code XXU --environment test" in there.renew(
        days(400), "--out", "dossier"
    )


def card(place: Path, name: str) -> Path:
    """Return the public key of a hand elsewhere."""
    path = place / f"{name}.pem"
    path.write_text(metadata.to_pem(key(name).public_key))
    return path


def test_a_role_key_that_was_given_away_is_renewed_by_its_hand(there: Place) -> None:
    old = there.home()
    (there.folder / "keys/role-3.pem").unlink()
    dry = there.renew(days(700), "--dry-run")
    assert [f"role key role-{n}-2028-10" in dry for n in (1, 2, 3)] == [True, True, False]
    told = there.renew(days(700))
    assert "is elsewhere, and was file:keys/role-3.pem: its key holder makes a new one" in told
    assert old.role_keys[2] in there.home().coming
    # The key holder answers after the command that has asked for it.
    new = card(there.root, "hand")
    told = there.renew(days(701), "--role-card", new)
    assert "its key holder makes" not in told
    home = there.home()
    assert [uri for _, uri in home.coming].count("") == 1
    assert (new.read_text(), "") in home.coming
    assert old.role_keys[2] not in home.coming
    assert len(home.coming) == len(old.role_keys) == 3
    there.renew(days(702), "--role-card", new)
    assert there.home() == home


def test_no_hand_loses_its_key_for_want_of_a_card(there: Place) -> None:
    before = files_of(there.folder)
    words = ["renew", "--role-card", str(card(there.root, "hand")), "--at", "2028-10-22"]
    for extra in ([], ["--dry-run"]):
        with pytest.raises(UsageError, match="elsewhere: 0; public keys that are named: 1"):
            CliRunner().invoke(participant, [*words, *extra], catch_exceptions=False)
    assert files_of(there.folder) == before


def test_what_is_published_is_signed_with_the_keys_that_lie_here(there: Place) -> None:
    there.join(days(1))
    (there.folder / "keys/role-1.pem").unlink()
    words: list[str | Path] = [
        "publish", "--signers", there.issuer / "certificates", "--repository", there.network,
    ]  # fmt: skip
    assert "2 of 2" in there.run(*words, "--out", "two", at=days(1))
    (there.folder / "keys/role-2.pem").unlink()
    told = there.run(*words, "--out", "one", at=days(1))
    assert "other key holders: pratique participant sign one" in told
