"""A bulk job: what is asked, in a file beside its outcome, so that a killed one goes on.

    job.json (secret, instant, --shard) -> part 0, part 1, ... -> report.csv, then the secret is gone

1. Row n's request is made from the job's secret and n: done again, it gives the same certificate.
2. A part's file appears whole or not at all, and only after its lines are on the register's disk.
3. The folder holds certificates, which are personal: it is its owner's alone (0700, 0600).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pratique.crypto import strict_json
from pratique.edges import disk, files, tables
from pratique.errors import UsageError
from pratique.intake.rows import NOTHING
from pratique.journeys.sign import Apart, Book
from pratique.text import printable

FORMAT = "pratique-job-2"
LONGEST_PATH = 4096
FILE = "job.json"


class Job(NamedTuple):
    """One bulk job, as every worker needs it. Its secret is in the folder until the job is done.

    Attributes:
        size: rows of a part: one commit, one file.
        ways: classes of tags that parts draw from in turn, so that as many workers never meet.
        label: the shard that was named, or empty.
        paper: what sheets are asked for (`paper.as_json`), or nothing.
    """

    folder: Path
    source: Path
    digest: str
    secret: bytes
    at: int
    validity: int
    size: int
    ways: int
    label: str
    site: str
    operator: str
    output: str
    paper: dict[str, Any]
    filled: Mapping[str, str] = NOTHING

    def __repr__(self) -> str:
        return f"<Job in {self.folder}>"

    @property
    def name(self) -> bytes:
        """Return the name by which the register knows it; the secret cannot be told from it."""
        return hashlib.sha256(b"pratique-job" + self.secret).digest()[:16]

    def request(self, row: int, place: int = 0) -> bytes:
        """Return the request of a row, or of a record in it where it holds several."""
        return hashlib.blake2b(b"%d.%d" % (row, place), key=self.secret, digest_size=32).digest()

    def apart(self, book: Book, number: int) -> Book:
        """Return a book as the maker of a part sees it: no part of another way draws the same."""
        if self.ways == 1:
            return book
        return Apart(book, int.from_bytes(self.name[:8], "big"), self.ways, number % self.ways)

    def path(self, number: int) -> Path:
        """Return where a part's certificates go."""
        return self.folder / f"certificates-{number:05d}.{self.output}"

    def report(self, number: int) -> Path:
        """Return where a part's remarks go until the job is done."""
        return self.folder / f".remarks-{number:05d}.json"

    def is_written(self, number: int) -> bool:
        """Tell whether a part is done, files and all: its certificates are written last."""
        return self.path(number).exists() and self.report(number).exists()


def see_free(folder: Path, merged: Path) -> None:
    """See that the one file of a new job replaces nothing that was there; UsageError `out-taken`."""
    if merged.exists() and not (folder / FILE).exists():
        raise UsageError(
            "out-taken",
            "the file for the certificates is there already, and is no result of this job",
            "nothing is overwritten; name a new file",
        )


def begin(job: Job) -> Job:
    """Keep a new job, or return the one that was begun in this folder with the same source."""
    if job.folder.exists() and not job.folder.is_dir():
        raise UsageError(
            "out-taken",
            "there is a file where the folder for the certificates is to be",
            "nothing is overwritten; name a new folder",
        )
    job.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = job.folder / FILE
    if path.exists():
        return _resumed(job, strict_json.loads(files.read_bytes(path)))
    if any(job.folder.iterdir()):
        raise UsageError(
            "job-folder", "the folder for the certificates is not empty", "name a new folder"
        )
    kept = {
        "format": FORMAT,
        **{name: value for name, value in job._asdict().items() if name != "folder"},
        "source": printable(str(job.source), LONGEST_PATH),
        "secret": job.secret.hex(),
        "filled": dict(job.filled),
    }
    disk.replace(path, json.dumps(kept, indent=1).encode())
    return job


_STAYS = ("at", "validity", "size", "ways", "label", "site", "operator", "output", "paper")


def _resumed(job: Job, kept: dict[str, Any]) -> Job:
    is_other = kept.get("digest") != job.digest or kept.get("filled", {}) != job.filled
    if kept.get("format") != FORMAT or is_other:
        raise UsageError(
            "job-other",
            "the folder holds the certificates of another file, or of an earlier state of this one",
            "name a new folder; what was issued is in the register and stays so",
        )
    if not kept["secret"]:
        raise UsageError(
            "job-done",
            "this job is done: all certificates are in the folder",
            "name a new folder; verify, print and revoke read what is in this one",
        )
    return job._replace(
        secret=bytes.fromhex(kept["secret"]),
        **{name: kept[name] for name in _STAYS},
    )


def finish(job: Job) -> None:
    """Forget the job's secret: its certificates cannot be made again from now on."""
    path = job.folder / FILE
    kept = strict_json.loads(files.read_bytes(path))
    disk.replace(path, json.dumps({**kept, "secret": ""}, indent=1).encode())


def digest_of(source: Path) -> str:
    """Return SHA-256 of a file, hex; of a folder, that of its files' digests."""
    if source.is_dir():
        parts = [digest_of(file) for file in tables.files_of(source)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()
    with disk.opened(source) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
