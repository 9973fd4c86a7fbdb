"""An invented network made by its own commands, in a folder: seats, a participant, a border.

Desk(folder).run("authority", ...) -> what is said          founded(desk) -> a network with one active state
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pratique.cli.main import pratique
from pratique.errors import PratiqueError

PASSWORD = "four invented plain words"
AT = "2026-11-22T09:00:00Z"
LATER = "2026-11-22T12:00:00Z"
SEATS = ("seat-1", "seat-2", "seat-3")
STATE = ("--code", "XXU", "--country", "XU", "--name", "Ministry of Health of Utopia",
         "--contact", "https://health.example/appeals", "--environment", "test", "--at", AT)  # fmt: skip
DOSE = ("kind=vaccination", "surname=Sampleová", "forename=Testina", "birth_date=1984-02-29",
        "product=EU/1/20/1528", "dose=2", "doses=2", "given_on=2026-10-01", "lot=LOT-1")  # fmt: skip
VALUE_SETS = '{"covid-19-lab-result": ["260415000", "260373001"]}'


class Desk:
    """A folder, and commands that are run in this process as a person there would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            "PRATIQUE_HOME": str(folder / "home"),
            "PRATIQUE_PARTICIPANT": str(folder / "utopia"),
            "PRATIQUE_ISSUER": str(folder / "issuer"),
            "PRATIQUE_KEY_PASSWORD": PASSWORD,
        }

    def run(self, *words: object, code: int = 0, **variables: str) -> str:
        """Run a command; return what it says. PratiqueError is raised as it is."""
        found = CliRunner().invoke(
            pratique,
            [str(word) for word in words],
            env=self.variables | variables,
            standalone_mode=False,
        )
        assert PASSWORD not in found.output
        said, ended = found.output, found.return_value if isinstance(found.return_value, int) else 0
        if isinstance(found.exception, click.ClickException):
            said, ended = said + found.exception.format_message(), found.exception.exit_code
        elif found.exception is not None:
            raise found.exception
        assert ended == code, said
        return said

    def refused(self, *words: object, **variables: Any) -> PratiqueError:
        """Run a command that must be refused; return the error, which says something."""
        with pytest.raises(PratiqueError) as caught:
            self.run(*words, **variables)
        assert caught.value.message
        return caught.value

    def sign(self, file: object, seats: Iterable[str] = SEATS[:2]) -> None:
        """Have seats sign a proposal, against the authority's repository."""
        for seat in seats:
            known = (
                ("--repository", "net")
                if (self.folder / "net/repository/metadata").is_dir()
                else ()
            )
            self.run("authority", "sign", file, "--key", f"file:{seat}.pem", "--yes", *known)

    def publish(
        self, file: object, at: str = AT, seats: Iterable[str] = SEATS[:2], *, code: int = 0
    ) -> str:
        """Have seats sign a proposal, and publish it."""
        self.sign(file, seats)
        return self.run("authority", "publish", "net", file, "--at", at, code=code)

    def propose(self, what: str, *words: object, at: str = AT) -> str:
        """Draft a proposal, as WHAT.proposal."""
        out = f"{what}.proposal"
        self.run("authority", "propose", what, "net", *words, "--out", out, "--at", at)
        return out

    def record(
        self, *steps: str, code: str = "XXU", at: str = AT, seat: str = SEATS[0], domain: str = ""
    ) -> None:
        """Record steps of a participant's onboarding."""
        more = ("--domain", domain) if domain else ()
        for step in steps:
            key = f"file:{seat}.pem"
            self.run("authority", "onboard", "net", code, step, "--key", key, "--at", at, *more)


def copied(founding: Path, folder: Path) -> Desk:
    """Return a desk in a copy of a founded network's folder."""
    shutil.copytree(founding, folder)
    # Where the last sync came from: the copy, and not the original.
    (folder / "home/network/source").write_text(str(folder / "net"))
    return Desk(folder)


@contextmanager
def founded(folder: Path) -> Iterator[Desk]:
    """Found a network with one active participant in a folder, and work there."""
    with chdir(folder):
        desk = Desk(folder)
        begun(desk)
        joined(desk)
        yield desk


def begun(desk: Desk) -> None:
    """Found a network of three seats, two of which sign."""
    for number, name in enumerate(SEATS):
        desk.run("authority", "seat", name, "--holder", f"XS{number}", "--region", f"R{number}")
    (desk.folder / "sets.json").write_text(VALUE_SETS)
    cards = [word for name in SEATS for word in ("--seat", f"{name}.json")]
    desk.run("authority", "init", "net", "--network", "invented", *cards, "-k", 2, "--suspend", 2,
             "--environment", "test", "--value-sets", "sets.json", "--at", AT)  # fmt: skip
    desk.publish("net/root-1.proposal")


def joined(desk: Desk) -> None:
    """Admit Utopia, let it publish its signers, and make it active."""
    desk.run("participant", "init", *STATE)
    desk.run("participant", "apply", "--out", "dossier")
    desk.record("letter-received", "identity-proven", "keys-submitted", "qa-passed")
    desk.publish(desk.propose("admit", "dossier"))
    desk.record("anchor-signed", "admitted", "self-test-running")
    desk.record("self-test-passed", domain="DCC")
    desk.run("issuer", "init", "--signing-ca", "utopia", "--country", "XU", "--participant", "XXU",
             "--name", "Ministry of Health of Utopia", "--environment", "test", "--shards", 2, "--at", AT)  # fmt: skip
    desk.run("sync", "net", "--root", "net/repository/metadata/1.root.json", "--at", AT)
    edition(desk, "--signers", "issuer/certificates")
    desk.publish(desk.propose("activate", "XXU", "--domain", "DCC"))
    desk.record("active")
    desk.run("sync", "--at", AT)


def edition(desk: Desk, *words: object, at: str = AT, code: int = 0) -> str:
    """Publish Utopia's next edition, with what is named."""
    desk.run(
        "participant", "publish", *words, "--out", "own.proposal", "--at", at, "--repository", "net"
    )
    return desk.run("authority", "publish", "net", "own.proposal", "--at", at, code=code)


def issued(desk: Desk, name: str = "sample.txt", at: str = AT) -> Path:
    """Issue a certificate of an invented dose, and keep its text."""
    said = desk.run(
        "issuer", "issue", *DOSE, "--site", "harbour", "--operator", "op-17", "--at", at
    )
    path = desk.folder / name
    path.write_text(said)
    return path
