"""A whole file is issued with the same care as one certificate after the other: row by row the same."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.errors import Unreadable, UsageError
from pratique.formats import Envelope, hcert
from pratique.intake import accept
from pratique.intake.accept import Compared
from pratique.intake.catalogue import Catalogue
from pratique.issue import IssueRequest, context_of, sign
from pratique.parties import bulk
from pratique.parties.bulk import Parts, report
from pratique.parties.issuing import IssuingSession, Place, issued
from pratique.store.register.register import Transaction, open_register
from pratique.terms import ALL_KINDS, Kind
from pratique.trust.issuer import Shard
from tests import issuers
from tests.desks import desk_of

COLUMNS = (
    "kind", "surname", "forename", "birth_date", "product", "dose", "doses", "given_on", "lot",
    "test_type", "test_name", "sampled_at", "result", "site",
)  # fmt: skip
DOSE = {
    "kind": "vaccination", "forename": "Jo", "birth_date": "1980-02-03", "product": "EU/1/20/1528",
    "dose": "2", "doses": "2", "given_on": "2026-10-01", "lot": "LOT-1",
}  # fmt: skip
SWAB = {
    "kind": "test", "forename": "Jo", "birth_date": "1980-02-03", "test_type": "LP6464-4",
    "test_name": "Invented PCR", "sampled_at": "2026-11-21T08:30:00Z", "result": "260415000",
    "site": "Harbour",
}  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a register's tables once; each example has a copy."""
    folder = tmp_path_factory.mktemp("empty")
    open_register(issuers.sqlite(folder)).close()
    return folder / "register.sqlite"


@pytest.fixture
def rooms(tmp_path: Path) -> Callable[[], Path]:
    made: list[Path] = []

    def another() -> Path:
        made.append(tmp_path / str(len(made)))
        made[-1].mkdir()
        return made[-1]

    return another


def table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def job_of(
    folder: Path, source: Path, *, size: int = 3, ways: int = 1, label: str = ""
) -> bulk.Job:
    work = issuers.WORK
    return bulk.begin(
        bulk.Job(
            folder / "out", source, bulk.digest_of(source), os.urandom(32), issuers.AT, 86_400, size,
            ways, label, work.site, work.operator, "csv", {},
        )
    )  # fmt: skip


def made(
    job: bulk.Job, desk: IssuingSession, count: Callable[[int], None] = lambda _: None
) -> bulk.Planner:
    planner = bulk.Planner(desk.choice(job.at, label=job.label or None))
    bulk.work(Parts(job, desk), bulk.Here(planner), 0, 1, count)
    return planner


class Outcome(NamedTuple):
    """What became of a row: the key that signed it, or none; and what is told of it."""

    kid: bytes | None
    told: tuple[str, ...]


def kid_of(text: str) -> bytes:
    envelope = hcert.unwrap(text)
    assert isinstance(envelope, Envelope)
    assert envelope.kid is not None
    return envelope.kid


def in_bulk(job: bulk.Job, desk: IssuingSession) -> dict[int, Outcome]:
    found = {}
    for path in sorted(job.folder.glob("certificates-*.csv")):
        with path.open(encoding="utf-8") as file:
            found.update({int(row["row"]): kid_of(row["text"]) for row in csv.DictReader(file)})
    drafts = [json.loads(path.read_bytes()) for path in sorted(job.folder.glob(".remarks-*"))]
    told: dict[int, list[str]] = {}
    for row, _, _, code in report(drafts, desk.catalogue):
        told.setdefault(row, []).append(code)
    rows = sorted({*found, *told})
    return {row: Outcome(found.get(row), tuple(sorted(told.get(row, ())))) for row in rows}


def one_by_one(
    desk: IssuingSession, source: Path, *, label: str | None = None
) -> dict[int, Outcome]:
    day = datetime.fromtimestamp(issuers.AT, UTC).date()
    outcomes = {}
    for number, reading in desk.intake.of_file(source, at=day):
        codes, kid = [remark.code.name for remark in reading.remarks], None
        if reading.record is not None:
            asked = IssueRequest(os.urandom(32), issuers.AT, issuers.WORK)
            try:
                kid = issued(desk, reading.record, asked, label=label).entry.kid
            except UsageError as error:
                codes.append({"no-live-shard": "KEY_MISSING"}[error.code])
        if kid or codes:
            outcomes[number] = Outcome(kid, tuple(sorted(codes)))
    return outcomes


ROWS = st.lists(
    st.builds(
        lambda base, surname, changes: {**base, "surname": surname, **changes},
        st.sampled_from([DOSE, SWAB]),
        st.sampled_from(["Qa", "Qb", "Qc"]),
        st.sampled_from([{}, {}, {}, {"birth_date": "1980-02-31"}, {"dose": "1"}, {"lot": ""}]),
    ),
    max_size=14,
)
USAGES = st.sampled_from([ALL_KINDS, frozenset({Kind.TEST}), frozenset({Kind.VACCINATION})])
KEYS = st.lists(st.tuples(USAGES, st.integers(1, 9), st.booleans()), min_size=1, max_size=4)


def shards_of(keys: list[tuple[frozenset[Kind], int, bool]]) -> list[Shard]:
    return [
        issuers.shard(number, planned=planned)._replace(
            usages=usages, retired=issuers.AT - 1 if retired else None
        )
        for number, (usages, planned, retired) in enumerate(keys)
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.tuples(ROWS, KEYS, st.integers(1, 3), st.sampled_from(["", "", "shard-0"])))
def test_a_file_has_row_by_row_the_outcome_of_one_by_one(
    asked: tuple[list[dict[str, str]], list[tuple[frozenset[Kind], int, bool]], int, str],
    empty: Path,
    rooms: Callable[[], Path],
) -> None:
    rows, keys, ways, label = asked
    shards = shards_of(keys)
    single, many = (desk_of(shards, rooms(), empty) for _ in range(2))
    folder = rooms()
    source = table(folder / "people.csv", rows)
    job = job_of(folder, source, ways=ways, label=label)
    if not many.choice(issuers.AT, label=label or None).live:
        # Told before the job begins; see `bulk.run`.
        assert all(
            kid is None for kid, _ in one_by_one(single, source, label=label or None).values()
        )
        return
    planner = made(job, many)
    outcomes = in_bulk(job, many)
    assert outcomes == one_by_one(single, source, label=label or None)
    counts = many.register.read(Transaction.counts)
    assert counts.items() >= single.register.read(Transaction.counts).items()
    usages = {shard.kid: shard for shard in shards}
    for row, (kid, _) in outcomes.items():
        assert kid is None or Kind(rows[row - 2]["kind"]) in usages[kid].usages
    assert all(count <= usages[kid].planned for kid, count in counts.items())
    assert planner.done.issued == sum(kid is not None for kid, _ in outcomes.values())
    for desk in (single, many):
        desk.register.close()


class Killed(Exception):
    """Stands for the end of a process."""


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(after=st.integers(0, 4), lost=st.sets(st.integers(0, 4)), ways=st.integers(1, 3))
def test_a_job_that_ended_anywhere_goes_on_with_the_same_keys(
    after: int, lost: set[int], ways: int, empty: Path, rooms: Callable[[], Path]
) -> None:
    shards = shards_of([(ALL_KINDS, 20, False), (frozenset({Kind.TEST}), 20, False)])
    folder = rooms()
    desk = desk_of(shards, folder, empty)
    rows = [{**(SWAB if n % 3 else DOSE), "surname": f"Q{chr(97 + n)}"} for n in range(13)]
    job = job_of(folder, table(folder / "people.csv", rows), ways=ways)
    left = [after]

    def count(_: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    with suppress(Killed):
        made(job, desk, count)
    before = {path.name: path.read_bytes() for path in job.folder.glob("certificates-*")}
    for number in lost:
        # As if the power had failed between a commit and its file.
        job.path(number).unlink(missing_ok=True)
    assert bulk.begin(job._replace(secret=os.urandom(32))) == job
    made(job, desk)
    after_all = {path.name: path.read_bytes() for path in job.folder.glob("certificates-*")}
    assert before.items() <= after_all.items()
    assert len(in_bulk(job, desk)) == 13
    assert sum(desk.register.read(Transaction.counts).values()) == 13
    desk.register.close()


def test_a_large_files_records_are_compared_as_a_small_ones(
    empty: Path, rooms: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rooms()
    desk = desk_of(shards_of([(ALL_KINDS, 90, False)]), folder, empty)
    # Each person has the same dose several times, and a test; now and then a row is refused.
    rows = [{**(SWAB if n % 4 else DOSE), "surname": f"Q{chr(97 + n % 7)}"} for n in range(60)]
    rows[11]["product"] = rows[12]["product"] = "none"
    job = job_of(folder, table(folder / "people.csv", rows))
    made(job, desk)
    copy = Path(shutil.copytree(job.folder, folder / "copy"))
    whole = bulk.write_report(job, desk)
    monkeypatch.setattr(bulk, "LARGEST_COMPARED", 1000)
    at_once: list[int] = []

    def compare(found: Sequence[Compared | None], catalogue: Catalogue) -> Any:
        at_once.append(len(found))
        return accept.compare(found, catalogue)

    monkeypatch.setattr(bulk, "compare", compare)
    assert bulk.write_report(job._replace(folder=copy), desk) == whole > 20
    assert sum(at_once) == 59
    assert max(at_once) < 59, "all were compared at once"
    assert (copy / "report.csv").read_bytes() == (job.folder / "report.csv").read_bytes()
    assert b"DOSE_REPEATED" in (copy / "report.csv").read_bytes()
    assert b"RECORD_REPEATED" in (copy / "report.csv").read_bytes()
    assert not [path.name for path in copy.iterdir() if path.name[0] == "."]
    desk.register.close()


def test_no_column_is_handed_on_of_a_source_that_was_changed_meanwhile(
    empty: Path, rooms: Callable[[], Path]
) -> None:
    folder, out = rooms(), rooms() / "signed.parquet"
    desk = desk_of(shards_of([(ALL_KINDS, 90, False)]), folder, empty)
    job = job_of(folder, table(folder / "people.csv", [DOSE]))._replace(keep=("ref",))
    with job.source.open("a") as file:
        file.write("\n")
    with pytest.raises(Unreadable) as raised:
        bulk.merge(job, out)
    assert raised.value.code == "columns-changed"
    assert not out.exists()
    desk.register.close()


def test_others_who_fill_a_key_meanwhile_do_not_let_it_sign_more(
    empty: Path, rooms: Callable[[], Path]
) -> None:
    (shard,) = shards_of([(ALL_KINDS, 3, False)])
    folder = rooms()
    desk = desk_of([shard], folder, empty)
    rows = [{**DOSE, "surname": name} for name in ("Qa", "Qb", "Qc")]
    job = job_of(folder, table(folder / "people.csv", rows))
    planner = bulk.Planner(desk.choice(job.at))
    record = issuers.RECORDS["vaccination"]
    issued(desk, record, IssueRequest(os.urandom(32), issuers.AT, issuers.WORK))
    with pytest.raises(Unreadable) as error:
        bulk.work(Parts(job, desk), bulk.Here(planner), 0, 1, lambda _: None)
    assert error.value.code == "keys-full"
    made(job, desk)
    assert [kid is not None for kid, _ in in_bulk(job, desk).values()] == [True, True, False]
    assert desk.register.read(Transaction.counts)[shard.kid] == 3
    desk.register.close()


def test_a_job_that_goes_on_signs_with_no_key_that_was_retired_since(
    empty: Path, rooms: Callable[[], Path]
) -> None:
    shards = shards_of([(ALL_KINDS, 20, False), (ALL_KINDS, 20, False)])
    folder = rooms()
    desk = desk_of(shards, folder, empty)
    rows = [{**DOSE, "surname": f"Q{chr(97 + n)}"} for n in range(9)]
    job = job_of(folder, table(folder / "people.csv", rows))

    def stop(_: int) -> None:
        raise Killed

    with suppress(Killed):
        made(job, desk, stop)
    stolen, other = shards[0]._replace(retired=issuers.AT + 10), shards[1]
    young = issuers.shard(2)._replace(not_before=issuers.AT + 5)
    desk.issuer = desk.issuer._replace(shards=(stolen, other, young))
    crew = bulk.Crew(Place(folder, "", ()), {}, 1)
    done = bulk.made(job, desk, issuers.AT + 20, crew)
    assert done.issued == 9
    keys = {row: kid for row, (kid, _) in in_bulk(job, desk).items()}
    # The first part was signed before; of what comes after nothing is signed by it, nor by a key
    # that is younger than the certificates' own date.
    assert {keys[row] for row in range(2, 5)} == {stolen.kid, other.kid}
    assert {keys[row] for row in range(5, 11)} == {other.kid}
    desk.register.close()


class Press:
    """Prints all but each second sheet, as if its name had no font."""

    def __init__(self) -> None:
        self.asked = 0

    def own(self, text: str) -> bytes:
        self.asked += 1
        if self.asked % 2 == 0:
            raise UsageError("font-missing", "no font here can write the script of a name")
        return text.encode()


def test_a_sheet_that_cannot_be_printed_costs_itself_only(
    empty: Path, rooms: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rooms()
    desk = desk_of(shards_of([(ALL_KINDS, 20, False)]), folder, empty)
    rows = [{**DOSE, "surname": f"Q{chr(97 + n)}"} for n in range(5)]
    job = job_of(folder, table(folder / "people.csv", rows))
    asked = {"variant": "a4", "languages": ["en"], "words": [], "contact": "", "fonts": []}
    press = Press()
    monkeypatch.setattr("pratique.parties.paper.renderer", lambda *_, **__: press)
    done = made(job._replace(paper=asked), desk).done
    assert (done.issued, done.refused, done.unprinted) == (5, 0, 2)
    outcomes = in_bulk(job, desk)
    assert {row for row, (_, told) in outcomes.items() if told == ("NOT_PRINTED",)} == {3, 5}
    assert all(kid is not None for kid, _ in outcomes.values())
    printed = sorted(int(path.name.partition("-")[0]) for path in (job.folder / "pdf").iterdir())
    assert printed == [2, 4, 6]
    desk.register.close()


class Unused:
    """A register of which nothing is asked."""

    def find(self, kid: bytes, tag: int) -> None:
        raise AssertionError((kid, tag))


def test_whoever_chose_it_a_key_signs_no_kind_that_it_may_not_attest() -> None:
    shard = issuers.shard()._replace(usages=frozenset({Kind.TEST}))
    record = issuers.RECORDS["vaccination"]
    context = context_of(record, shard, at=issuers.AT, work=issuers.WORK)
    with pytest.raises(UsageError, match="may not attest"):
        sign(
            record, request=os.urandom(32), shard=shard, key=issuers.keys(shard), register=Unused(),
            context=context,
        )  # fmt: skip
