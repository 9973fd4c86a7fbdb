"""Measure issuing: a record becomes a registered certificate's text, beside a bare ES256 signature.

    python -m benchmarks.issue [--rounds N] [--people N]

1. A round makes one part of 1,000 certificates: drawn, written, signed, packed, and committed to a
   SQLite register with its fsync. In the same round 1,000 bare signatures of the same size are made.
2. CPU time of this process; best by best, and the median of the rounds' ratios.
3. Two processes are compared with one by the wall clock, over the whole command, CSV in and CSV out: what
   each further certificate takes, from jobs of two sizes, so that starting is not counted.
"""

from __future__ import annotations

import argparse
import csv
import gc
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from benchmarks import softhsm
from pratique.crypto import keys
from pratique.intake.rows import Record
from pratique.issue import RegisterEntry, RegisterView, Signed, Work, context_of, drafted, finished
from pratique.model import Moment, Person, Precision, Vaccination
from pratique.store.register.bulk import Bulk
from pratique.store.register.register import open_register
from pratique.terms import ALL_KINDS, Algorithm, Environment
from pratique.trust.issuer import Shard

PART = 1000
AT = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
YEAR = 365 * 86_400
WORLD = 1.4e9
COLUMNS = (
    "kind",
    "surname",
    "forename",
    "birth_date",
    "product",
    "dose",
    "doses",
    "given_on",
    "lot",
)
NAMES = (
    "Bloggs",
    "Quux-Corge",
    "Garply",
    "Waldo",
    "Fred",
    "Plugh",
    "Xyzzy",
    "Thud",
    "Grault",
    "Foo",
)


def main() -> None:
    """Run and print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, default=100_000, help="rows of the whole command")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _one_core(Path(folder), asked.rounds)
        _both_cores(Path(folder), asked.people)
        softhsm.measure(Path(folder))


def _one_core(folder: Path, rounds: int) -> None:
    key = keys.generate(Algorithm.ES256)
    shard = _shard(key)
    bulk = Bulk(open_register(f"sqlite:///{folder}/register.sqlite"), [shard])
    message = os.urandom(350)
    whole, bare = [], []
    gc.freeze()
    for number in range(rounds):
        records = [_record(number * PART + i) for i in range(PART)]
        make = partial(_make, records, os.urandom(32), shard, key)
        commit = partial(bulk.commit, b"a benchmark job.", number, at=AT, make=make)
        whole.append(_spent(commit))
        bare.append(_spent(lambda: [key.sign(message) for _ in range(PART)]))
    whole, bare = whole[2:], bare[2:]
    ratio = statistics.median(a / b for a, b in zip(whole, bare, strict=True))
    each = min(whole) / PART
    print(f"bare ES256 signature            {min(bare) / PART * 1e6:7.1f} µs")
    print(f"record to text, registered      {each * 1e6:7.1f} µs")
    print(
        f"ratio, best / median            {min(whole) / min(bare):7.2f} / {ratio:.2f}   (target 3.5)"
    )
    print(f"one core, a day                 {86_400 / each / 1e6:7.0f} million certificates")


def _make(
    records: list[Record],
    secret: bytes,
    shard: Shard,
    key: keys.SigningKey,
    book: RegisterView,
    _again: bool,
) -> tuple[list[Signed], list[RegisterEntry]]:
    work = Work("harbour", "op-1")
    drafts = [
        drafted(
            record,
            request=hashlib.blake2b(b"%d" % number, key=secret, digest_size=32).digest(),
            shard=shard,
            register=book,
            context=context_of(record, shard, at=AT, work=work),
        )
        for number, record in enumerate(records)
    ]
    signed = list(finished(drafts, shard=shard, key=key))
    return signed, [one.entry for one in signed]


def _spent(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


def _shard(key: keys.SigningKey) -> Shard:
    digest = hashlib.sha256(key.public_key)
    return Shard(
        "benchmark", "XXU", "XU", Environment.TEST, Algorithm.ES256, "", digest.digest()[:8],
        digest.hexdigest(), ALL_KINDS, AT - YEAR, AT + 2 * YEAR, AT + YEAR, 10_000_000, 25,
    )  # fmt: skip


def _record(number: int) -> Record:
    surname, forename = NAMES[number % 10], NAMES[number // 10 % 10]
    born = Moment(Precision.DAY, date(1950 + number % 60, 1 + number % 12, 1 + number % 28))
    person = Person(surname, forename, surname.upper().replace("-", "<"), forename.upper(), born)
    given = Moment(Precision.DAY, date(2026, 10, 1 + number % 28))
    return Record(
        "DCC",
        person,
        Vaccination(
            "840539006", "1119349007", "EU/1/20/1528", "ORG-100030215", 2, 2, given, "XU",
            "Ministry of Health of Utopia", None, lot=f"LOT-{number % 5}",
        ),
    )  # fmt: skip


def _both_cores(folder: Path, people: int) -> None:
    environment = {
        **os.environ,
        "PRATIQUE_ISSUER": str(folder / "issuer"),
        "PRATIQUE_KEY_PASSWORD": "a benchmark's",
        "PRATIQUE_HOME": str(folder),
    }
    run = partial(subprocess.run, env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "pratique", "issuer"]
    who = ["--country", "XU", "--participant", "XXU", "--name", "Utopia", "--shards", "2"]
    run([*command, "init", *who])
    sources = {count: _people(folder / f"{count}.csv", count) for count in (people // 4, people)}
    took: dict[tuple[int, int], list[float]] = {}
    for number in range(2):
        for count, source in sources.items():
            for workers in (1, 2):
                out = str(folder / f"out-{number}-{count}-{workers}")
                start = time.monotonic()
                run([*command, "issue", "--from", str(source), "--out", out, "--workers",
                     str(workers), "--site", "harbour", "--operator", "op-1"])  # fmt: skip
                took.setdefault((count, workers), []).append(time.monotonic() - start)
    best = {key: min(times) for key, times in took.items()}
    one, two = ((best[people, w] - best[people // 4, w]) / (people - people // 4) for w in (1, 2))
    print(f"whole command, CSV to CSV, {people} people, start and key opening included:")
    print(f"  {best[people, 1]:.2f} s with one process, {best[people, 2]:.2f} s with two")
    print(
        f"one more certificate            {one * 1e6:7.1f} µs with one process, {two * 1e6:.1f} µs with two"
    )
    print(f"speed-up of two processes       {one / two:7.2f}   (target 1.8)")
    print(f"two cores, a day                {86_400 / two / 1e6:7.0f} million certificates")
    print(f"1.4 billion people              {WORLD * two / 86_400:7.1f} days on these two cores")


def _people(path: Path, count: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(count):
            _, person, dose, *_ = _record(number)
            assert isinstance(dose, Vaccination)
            event = (dose.product, 2, 2, "2026-10-01", dose.lot)
            rows.writerow(("vaccination", person.surname, person.forename, "1980-02-03", *event))
    return path


if __name__ == "__main__":
    main()
