"""An issuer's bureau in a box: its commands run in folders of their own, and all that they say is kept.

    Bureau(folder).run("issuer", ...) -> standard output        files_to_scan() -> what must hold nobody

1. Home, temporary folder, border's and issuer's folder are in the box; files for writing are noted when
   they are opened, so that one which is gone at the end is known of too.
2. What was asked for, the certificates' text, is kept apart: it is the holder's.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harms.canary import Invented, files_of
from tests.steps import LONGEST

ROOT = Path(__file__).resolve().parents[2]
AT = "2026-11-22T09:00:00Z"
WORK = ("--site", "harbour", "--operator", "op-17", "--at", AT)
PLACES = ("home", "tmp", "border", "cwd", "said", "given", "asked")
HOLDERS = ("given", "asked", "watch")
"""Folders with what was handed in, and with what was asked for: of these nothing is expected."""

LET_CORES_BE = 'ulimit -c "$(ulimit -H -c)"; exec "$0" "$@"'

WATCH = """
import os, sys
_noted = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
def _watch(event, given):
    if event == "open":
        path, mode, flags = given
        if set(mode or "") & set("wax+") or (flags or 0) & 3:
            os.write(_noted, f"{os.fspath(path) if not isinstance(path, int) else path}\\n".encode())
sys.addaudithook(_watch)
"""

COLUMNS = (
    "kind", "domain", "surname", "forename", "birth_date", "product", "dose", "doses", "given_on", "lot",
    "site", "test_type", "test_name", "sampled_at", "result", "first_positive_on", "valid_from",
    "valid_until", "disease", "sex", "nationality", "document", "document_type",
)  # fmt: skip
DOSE = {
    "kind": "vaccination", "product": "EU/1/20/1528", "dose": "2", "doses": "2",
    "given_on": "2026-10-01", "lot": "LOT-1",
}  # fmt: skip
EVENTS: tuple[dict[str, str], ...] = (
    DOSE,
    {
        "kind": "test", "test_type": "LP6464-4", "test_name": "Invented PCR", "site": "Harbour",
        "sampled_at": "2026-11-21T08:30:00Z", "result": "260415000",
    },
    {
        "kind": "recovery", "disease": "840539006", "first_positive_on": "2026-08-01",
        "valid_from": "2026-08-12", "valid_until": "2027-01-28",
    },
    {
        "domain": "ICVP", "product": "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
        "given_on": "2026-09-15", "lot": "YF-9", "site": "Harbour clinic", "sex": "female",
        "nationality": "XXU", "document_type": "PPN",
    },
)  # fmt: skip


def rows(people: Iterable[Invented]) -> Iterator[dict[str, str]]:
    """Give each person an event: mostly a dose."""
    for number, one in enumerate(people):
        event = EVENTS[max(0, number % 10 - 6)]
        person = {"surname": one.surname, "forename": one.forename, "birth_date": one.birth_date}
        yet = {"document": one.document} if event.get("domain") else {}
        yield {**event, **person, **yet}


class Bureau:
    """A box of folders, and commands in it."""

    def __init__(self, folder: Path, register: str = "") -> None:
        self.folder = folder
        for place in (*PLACES, "watch"):
            (folder / place).mkdir(parents=True)
        (folder / "watch" / "sitecustomize.py").write_text(WATCH)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(folder / "watch"), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NOTED": str(folder / "watch" / "noted.txt"),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "PRATIQUE_HOME": str(folder / "border"),
            "PRATIQUE_ISSUER": str(folder / "issuer"),
            "PRATIQUE_KEY_PASSWORD": "four invented plain words",
            **({"PRATIQUE_REGISTER": register} if register else {}),
        }
        self._said = 0
        self.run(
            "issuer", "init", "--country", "XU", "--participant", "XXU", "--shards", "2", "--name",
            "Ministry of Health of Utopia", "--at", "2026-11-01T00:00:00Z",
        )  # fmt: skip

    def run(self, *words: str, code: int = 0, asked: bool = False, program: str = "") -> str:
        """Run a command, and keep what it said; `asked`: its output is certificates."""
        done = self._start(*words, program=program)
        out, said = done.communicate(timeout=LONGEST)
        self._keep(out, said, "asked" if asked else "said")
        assert done.returncode == code, out[-2000:] + said[-2000:]
        return out.decode()

    def several(self, commands: dict[tuple[str, ...], int]) -> None:
        """Run commands in one process; each ends with its exit code."""
        path = self.folder / "given" / f"commands-{self._said}.json"
        path.write_text(json.dumps(list(commands)))
        day = "from tests.harms.desk_day import several; several()"
        said = self.run(str(path), program=day).splitlines()
        codes = [int(line.split()[-1]) for line in said if line.startswith("exit code")]
        assert codes == list(commands.values())

    def _start(self, *words: str, program: str = "") -> subprocess.Popen[bytes]:
        command = ("-c", program) if program else ("-m", "pratique")
        return subprocess.Popen(
            ["/bin/sh", "-c", LET_CORES_BE, sys.executable, *command, *words],
            cwd=self.folder / "cwd", env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _keep(self, out: bytes, said: bytes, place: str) -> None:
        self._said += 1
        (self.folder / place / f"{self._said:03d}.out").write_bytes(out)
        (self.folder / "said" / f"{self._said:03d}.err").write_bytes(said)

    def given(self, name: str, lines: Iterable[dict[str, str]], *more: str) -> Path:
        """Write a file of people, as an issuer is handed it, with further lines."""
        path = self.folder / "given" / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(lines)
            file.writelines(f"{line}\r\n" for line in more)
        return path

    def issue_aborted(
        self, source: Path, out: Path, *more: str, parts: int, program: str = ""
    ) -> None:
        """Begin a bulk job, and let all its processes abort once some parts are written."""
        command = ("issuer", "issue", "--from", str(source), "--out", str(out), *more, *WORK)
        job = self._start(*command, program=program)
        folder = out.with_suffix(".parts") if out.suffix else out
        while job.poll() is None and len(list(folder.glob("certificates-*"))) < parts:
            time.sleep(0.005)
        os.killpg(job.pid, signal.SIGABRT)
        self._keep(*job.communicate(timeout=LONGEST), "said")
        assert job.returncode == -signal.SIGABRT

    def texts(self, out: Path) -> list[str]:
        """Return the certificates of a finished job."""
        found = []
        for path in sorted(out.glob("certificates-*.csv")):
            with path.open(encoding="utf-8") as file:
                found += [row["text"] for row in csv.DictReader(file)]
        return found

    def written(self) -> set[Path]:
        """Return all that Python opened to write, as long as it may have lasted."""
        noted = (self.folder / "watch" / "noted.txt").read_text().split("\n")
        return {Path(self.folder / "cwd", line) for line in noted if line and not line.isdigit()}

    def files_to_scan(self) -> list[Path]:
        """Name all files in the box that must hold nobody."""
        return [
            path
            for path in files_of(self.folder)
            if path.relative_to(self.folder).parts[0] not in HOLDERS
            and not path.name.startswith("certificates-")
        ]
