"""A gateway and its back ends as whole processes: init, load, serve; push and pull; SIGTERM.

participants' folders -> gateway DIR -> nginx -> push by XA -> pull by XB -> trust, rules, revocations import
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.crypto.keys import SoftwareKey
from pratique.gateway.mailbox import CallerRole
from pratique.store import server
from pratique.store.front import FrontKind
from tests.gateway_folders import anchor_file, written
from tests.gateway_sent import batch, sound_rule
from tests.gateway_world import DAY, Keyed, ec_key
from tests.journeys.gateway_front import HOST, NOW, free_port, program, signed, tls, world
from tests.steps import LONGEST

PASSWORD = "four words of nothing"


class Desk:
    """A folder with all that the commands need, and a gateway that is served."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.gateway, self.port = folder, folder / "gateway", free_port()
        self.anchor = anchor_file(world(), folder)
        self.server = tls(folder, "server", signed("localhost", ec_key("server")))
        self.serving: subprocess.Popen[str]

    def run(self, *arguments: object, code: int = 0) -> str:
        """Run a command; return what it printed."""
        done = subprocess.run(
            command(*arguments), check=False, capture_output=True, text=True, env=self.environment, timeout=LONGEST
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a command."""
        own = {"PRATIQUE_KEY_PASSWORD": PASSWORD, "PRATIQUE_DATA_DIR": str(self.folder / "home")}
        return {**os.environ, **own}

    def make(self) -> None:
        """Make the gateway, and load who takes part."""
        roles = self.write("roles.json", {code: list(CallerRole) for code in ("XA", "XB")})
        sets = self.folder / "sets"
        sets.mkdir()
        values = {"valueSetId": "disease-agent-targeted", "valueSetDate": "2021-04-27",
                  "valueSetValues": {"840539006": {"display": "COVID-19", "lang": "en", "active": True}}}  # fmt: skip
        self.write("sets/disease-agent-targeted.json", values)
        self.run("gateway", "init", self.gateway)
        self.load(roles, sets)

    def load(self, roles: Path, sets: Path) -> str:
        """Load who takes part."""
        participants = written(world(), self.folder / "participants")
        return self.run(
            "gateway", "load", self.gateway, "--participants", participants, "--anchor", self.anchor,
            "--roles", roles, "--value-sets", sets,
        )  # fmt: skip

    def serve(self) -> None:
        """Serve the gateway, until `end`."""
        certificate, key = self.server
        self.serving = subprocess.Popen(
            command("gateway", "serve", self.gateway, "--listen", f"{HOST}:{self.port}",
                    "--certificate", certificate, "--key", key, "--front", "nginx"),
            stderr=subprocess.PIPE, text=True, env=self.environment,
        )  # fmt: skip
        assert self.serving.stderr is not None
        assert self.serving.stderr.readline().startswith(f"serving {self.gateway} on https://")

    def end(self) -> tuple[int, str]:
        """End the server as a supervisor does; return its exit code, and what else it has said."""
        self.serving.send_signal(signal.SIGTERM)
        _, said = self.serving.communicate(timeout=LONGEST)
        return self.serving.returncode, said

    def client(self, code: str) -> tuple[object, ...]:
        """Return what a country's commands need for the connection."""
        certificate, key = tls(self.folder, code, world().state(code).tls)
        url = f"https://{HOST}:{self.port}"
        return "--url", url, "--certificate", certificate, "--key", key, "--ca", self.server[0]

    def push(self, code: str, *what: object, expected: int = 0) -> str:
        """Push as a country."""
        up = world().state(code).upload
        (self.folder / f"{code}-up.pem").write_bytes(up.pem)
        key = self.folder / f"{code}-up.key"
        key.write_bytes(SoftwareKey(up.key).to_pem(PASSWORD, entropy=os.urandom))
        own = "--up", self.folder / f"{code}-up.pem", "--up-key", f"file:{key}"
        return self.run("gateway", "push", *self.client(code), *own, *what, code=expected)

    def pull(self, code: str, *what: object, expected: int = 0) -> str:
        """Pull as a country, into a folder of its name."""
        own = "--out", self.folder / f"pulled-{code}", "--anchor", self.anchor
        return self.run("gateway", "pull", *self.client(code), *own, *what, code=expected)

    def write(self, name: str, document: object) -> Path:
        """Write a file of JSON."""
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path

    def signers(self, *keyed: Keyed) -> Path:
        """Write a file of signers' certificates."""
        path = self.folder / "signers.pem"
        path.write_bytes(b"".join(each.pem for each in keyed))
        return path


def command(*arguments: object) -> list[str]:
    """Return the command line of `pratique`."""
    return [sys.executable, "-m", "pratique", *map(str, arguments)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a gateway that was made and loaded: each test has a copy."""
    desk = Desk(tmp_path_factory.mktemp("made"))
    desk.make()
    return desk.gateway


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Iterator[Desk]:
    """Return a gateway that is served behind nginx."""
    program(FrontKind.NGINX)
    own = Desk(tmp_path)
    shutil.copytree(made, own.gateway)
    own.serve()
    yield own
    if own.serving.poll() is None:
        own.end()


def test_what_one_country_pushes_another_pulls_and_imports(desk: Desk) -> None:
    own = world().state("XA")
    first, second = own.signer("P-256", 1), own.signer("RSA-2048", 2)
    rule = desk.write("rule.json", sound_rule(NOW + DAY))
    revoked = desk.write("batch.json", batch(NOW))
    said = desk.push(
        "XA", "--signers", desk.signers(first, second), "--rules", rule, "--revocations", revoked
    )
    assert said.count(" was taken") == 4
    identifier = said.rsplit(": ", 1)[1].strip()
    # What was taken before is there.
    assert desk.push("XA", "--signers", desk.signers(first)).strip().endswith("was there already")

    pulled = desk.pull("XB", "--revocations")
    assert "4 countries: 2 signers, 4 signing CAs, 1 rule, 1 batch" in pulled
    assert "1 value set, which nobody has signed" in pulled
    assert "not believed" not in pulled
    out = desk.folder / "pulled-XB"
    assert json.loads((out / f"revocations/{identifier}.json").read_text()) == batch(NOW)
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o600}
    assert "2 signers, 4 signing CAs" in desk.run("trust", "import", out / "signers.json")
    assert "1 rule" in desk.run("rules", "import", out / "rules", out / "value-sets")
    desk.run("revocations", "import", out / "revocations" / f"{identifier}.json")

    desk.push("XA", "--withdraw", desk.signers(first), "--withdraw", "TR-XA-0001", "--withdraw", identifier)  # fmt: skip
    assert "1 signer, 4 signing CAs, 0 rules, 0 batches" in desk.pull("XB", "--revocations")
    assert not list((out / "rules").iterdir())
    assert not list((out / "revocations").iterdir())

    code, said = desk.end()
    assert (code, said) == (0, "")
    acts = [line.split()[1:3] for line in desk.run("gateway", "audit", desk.gateway).splitlines()]
    assert sum(country == "XA" and not act.startswith("party-") for country, act in acts) == 7
    assert not any(country == "XB" and not act.startswith("party-") for country, act in acts)
    assert "1 signer" in desk.run("gateway", "status", desk.gateway)


def test_what_is_refused_is_told_with_the_gateways_code_and_the_rest_is_taken(desk: Desk) -> None:
    own = world().state("XA")
    foreign = world().state("XB").signer("P-256", 3)
    said = desk.push("XA", "--signers", desk.signers(foreign, own.signer("P-256", 4)), expected=3)
    assert said.count(" was taken") == 1
    assert "the gateway refuses it: HTTP 400, 0x004" in said


def test_a_folder_of_an_unknown_anchor_is_believed_in_nothing(desk: Desk) -> None:
    desk.push("XA", "--signers", desk.signers(world().state("XA").signer("P-256", 5)))
    (desk.folder / "other.pem").write_bytes(signed("anchor", ec_key("another anchor")).pem)
    desk.anchor = desk.folder / "other.pem"
    assert "no certificate there is believed, so that nothing was changed" in desk.pull(
        "XB", expected=3
    )


def test_a_server_that_another_vouches_for_is_not_asked(desk: Desk) -> None:
    certificate, key = tls(desk.folder, "XB", world().state("XB").tls)
    said = desk.run(
        "gateway", "pull", "--url", f"https://{HOST}:{desk.port}", "--certificate", certificate, "--key", key,
        "--out", desk.folder / "out", "--anchor", desk.anchor, code=4,
    )  # fmt: skip
    assert "the server's TLS certificate is not trusted here" in said
    assert not (desk.folder / "out").exists()


def test_a_gateway_is_served_once_and_leaves_nothing_when_it_ends(desk: Desk) -> None:
    certificate, key = desk.server
    said = desk.run("gateway", "serve", desk.gateway, "--listen", f"{HOST}:{free_port()}",
                    "--certificate", certificate, "--key", key, code=2)  # fmt: skip
    assert "it is served already" in said
    said = desk.run("gateway", "serve", desk.gateway, "--socket", desk.folder / "s.sock", code=2)
    assert "it is served already" in said
    run = desk.gateway / "run"
    assert (run / "gateway.sock").is_socket()
    assert desk.end() == (0, "")
    assert not (run / "gateway.sock").exists()
    server.bound(HOST, desk.port).close()
    assert not [name for name in processes() if str(run) in name]


def processes() -> Iterator[str]:
    """Yield the command lines of all processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def test_a_gateway_that_was_killed_is_served_again(desk: Desk) -> None:
    desk.serving.kill()
    desk.serving.communicate(timeout=LONGEST)
    desk.serve()
    assert "4 countries" in desk.pull("XA")
    assert desk.end()[0] == 0


def test_a_gateway_ends_with_the_server_in_front(desk: Desk) -> None:
    pid = int((desk.gateway / "run/nginx.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    _, said = desk.serving.communicate(timeout=LONGEST)
    assert desk.serving.returncode == 4
    assert "nginx has ended" in said
    assert not (desk.gateway / "run/gateway.sock").exists()


def test_an_operators_own_server_gets_a_socket_and_a_configuration(
    made: Path, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    shutil.copytree(made, desk.gateway)
    path = tmp_path / "own.sock"
    with subprocess.Popen(
        command("gateway", "serve", desk.gateway, "--socket", path),
        stderr=subprocess.PIPE, text=True, env=desk.environment,
    ) as serving:  # fmt: skip
        assert serving.stderr is not None
        assert serving.stderr.readline() == f"serving {desk.gateway} on {path}\n"
        assert path.stat().st_mode & 0o777 == 0o660
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(LONGEST) == 0
    assert not path.exists()
    certificate, key = desk.server
    said = desk.run("gateway", "front", desk.gateway, "--for", "haproxy", "--listen", f"{HOST}:443",
                    "--certificate", certificate, "--key", key, "--socket", path)  # fmt: skip
    assert f"server gateway unix@{path}\n" in said
