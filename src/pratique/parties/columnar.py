"""Work through whole files of columns, on all cores of this machine or on an engine: verify, check lists, ask rules.

    files -> folder: order.json, what is asked -> tasks (numbers) -> workers: rows -> RecordBatch -> RecordBatch
          -> folder: part 0, part 1, ...            the same command again -> the parts that are missing

1. A job is one function from RecordBatch to RecordBatch. What it needs lies in the job's folder, and nothing of it
   is secret: a worker is told the folder and numbers, and reads rows where the user has put them.
2. So no row, no name and no key passes through an engine: what it keeps, logs or spills are numbers.
3. A part's name is made of the input's digest and the part's number; it appears whole or not at all, and made
   again it has the same bytes. A part that is there is not made again.
4. What was asked first holds for a job that goes on: its instant, its signers, its rules.
5. When all parts are there, what was asked is forgotten but for its digest.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique import strict_json
from pratique.errors import UsageError
from pratique.parties import verifier
from pratique.parties.verifier import ZoneFrom
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.store import columnar, files, sources, tables
from pratique.store.columnar import Piece, Reader
from pratique.store.workers import Processes, TaskEngine
from pratique.terms import Environment
from pratique.text import as_json, instant_of
from pratique.trust.signer import TrustList
from pratique.verdicts import verdicts

if TYPE_CHECKING:
    from pratique.parties.manifest import ManifestOrder
    from pratique.parties.policy import Wanted

FORMAT, FILE = "pratique-columns-1", "order.json"
ROW, FILE_COLUMN = "row", "file"
OUTCOME_COLUMNS = frozenset({"colour", "codes", "answer"})
Transform = Callable[[Any], Any]
"""RecordBatch -> RecordBatch, row by row: as many rows come out as go in."""
Advance = Callable[[int, int], None]


class Ask(NamedTuple):
    """What a job is to do with files of columns.

    Attributes:
        job: of `JOBS`.
        columns: that are read for it.
        settings: that are kept as JSON in the folder; texts only.
        enclosed: documents that are kept beside it until the job is done, by their names.
        keep: columns that are handed on as they are.
    """

    job: str
    columns: tuple[str, ...]
    settings: Mapping[str, str]
    enclosed: Mapping[str, bytes]
    keep: tuple[str, ...] = ()


class ColumnWork(NamedTuple):
    """A job as a worker has opened it.

    Attributes:
        transform: what is done to the columns that were asked for.
        counted: the column whose values are counted.
    """

    transform: Transform
    counted: str


class Task(NamedTuple):
    """All that a worker is told: where the job is, and which piece to work on."""

    folder: str
    piece: Piece


class Worked(NamedTuple):
    """What became of files: rows by outcome, how many parts were there before, and where all lies."""

    counts: Counter[str]
    parts: int
    before: int
    folder: Path


def verify_ask(
    check: verifier.Check,
    clock: verifier.Clock,
    column: str,
    keep: tuple[str, ...],
    *,
    faster: bool,
) -> Ask:
    """Return what is asked to verify a column of texts as a check does."""
    settings = {
        "column": column, "at": clock.at.isoformat(), "zone": clock.zone if clock.known_from is ZoneFrom.OPTION else "",
        "place": "" if check.place is None else check.place.text, "faster": "yes" if faster else "",
    }  # fmt: skip
    trust = (check.asked or check.snapshot).to_bytes()
    return Ask("verify", (column,), settings, {"trust.json": trust}, keep)


def _verify(folder: Path, settings: Mapping[str, str]) -> ColumnWork:
    snapshot = Snapshot.from_bytes(sources.read_bytes(folder / "trust.json"))
    if settings["faster"]:
        snapshot = verifier.faster(snapshot)
    place = verifier.place_of(settings["place"], snapshot.ruleset) if settings["place"] else None
    at = verifier.clock(instant_of(settings["at"]), settings["zone"] or None).at
    column = settings["column"]

    def transform(batch: Any) -> Any:
        import pyarrow as arrow  # noqa: PLC0415 - an extra

        texts = columnar.texts_of(batch.column(column))
        judged = verdicts(texts, snapshot=snapshot, at=at, place=place)
        codes = arrow.array(judged.codes, arrow.list_(arrow.string()))
        return arrow.record_batch({"colour": arrow.array(judged.colours), "codes": codes})

    return ColumnWork(transform, "colour")


def policy_ask(wanted: Wanted, data: Path | None, keep: tuple[str, ...], *, now: datetime) -> Ask:
    """Return what is asked to tell what rules say of each traveller of a population.

    Raises:
        UsageError: `place-several`: the rules are of several destinations, and none is named.
    """
    from pratique.impact import population  # noqa: PLC0415 - a worker that verifies loads none of it
    from pratique.parties import policy  # noqa: PLC0415 - as above

    lab = policy.open_lab(data)
    rules = policy.ruleset_of(wanted.paths, wanted.value_sets, lab)
    places = policy.destinations(rules, wanted.place)
    if len(places) > 1:
        raise UsageError(
            "place-several", "a population arrives at one destination, and the rules are of several",
            f"name one with --place: {', '.join(place.text for place in places)}",
        )  # fmt: skip
    at = policy.when(rules.rules, wanted.at, now)
    settings = {
        "place": places[0].text, "at": at.isoformat(), "digest": lab.world.provenance.digest,
        "data": "" if data is None else str(data.absolute()),
    }  # fmt: skip
    # All are asked at one instant: of the value sets, the editions of that day are kept.
    then = Ruleset(
        rules.rules, rules.sets_at(int(at.timestamp())), compatible=rules.compatible, hold_open=True
    )
    asked = Snapshot(
        number=0, created=0, environment=Environment.PRODUCTION, trust=TrustList(), ruleset=then
    )
    return Ask("policy", population.COLUMNS, settings, {"rules.json": asked.to_bytes()}, keep)


def _policy(folder: Path, settings: Mapping[str, str]) -> ColumnWork:
    from pratique.impact import population  # noqa: PLC0415 - as above
    from pratique.impact.traveller import Border  # noqa: PLC0415 - as above
    from pratique.parties import policy  # noqa: PLC0415 - as above

    lab = policy.open_lab(Path(settings["data"]) if settings["data"] else None)
    if lab.world.provenance.digest != settings["digest"]:
        raise UsageError(
            "policy-data-other", "a worker has other open data than the job was begun with",
            "install the same edition of the data on all nodes",
        )  # fmt: skip
    rules = Snapshot.from_bytes(sources.read_bytes(folder / "rules.json")).ruleset
    (place,) = policy.destinations(rules, settings["place"])
    border = Border(rules, place, instant_of(settings["at"]))

    def transform(batch: Any) -> Any:
        import pyarrow as arrow  # noqa: PLC0415 - an extra

        cells = (batch.column(name).to_pylist() for name in population.COLUMNS)
        said = population.answers(map(population.MadeUp, *cells), border, lab.world.vaccines)
        return arrow.record_batch({"answer": arrow.array(said, arrow.string())})

    return ColumnWork(transform, "answer")


def manifest_ask(
    order: ManifestOrder, snapshot: Snapshot, inputs: Sequence[Path], now: datetime
) -> Ask:
    """Return what is asked to check lists in which each row is a whole passenger: all codes and legs of theirs.

    The columns are those of the first file.
    """
    from pratique import manifest  # noqa: PLC0415 - a worker that verifies loads none of it

    (first, *_) = (path for each in inputs for path in columnar.files_of(each))
    with Reader(first, ()) as reader:
        header = tables.Header(manifest.KNOWN, "Manifest")
        named = {name: header.name(name) for name in reader.names}
    taken = set(order.renamed)
    named = {name: ours for name, ours in named.items() if ours not in taken}
    named |= {theirs: ours for ours, theirs in order.renamed.items()}
    named = {name: ours for name, ours in named.items() if ours in set(manifest.KNOWN.values())}
    to, arrival, zones, ports = order.journeys
    settings = {
        "now": now.isoformat(), "names": "yes" if order.names else "", "primitive": order.primitive,
        "columns": as_json(named), "to": to, "arrival": arrival, "zones": as_json(dict(zones)),
        "ports": as_json({code: list(port) for code, port in ports.items()}),
    }  # fmt: skip
    return Ask("manifest", tuple(named), settings, {"trust.json": snapshot.to_bytes()})


def _manifest(folder: Path, settings: Mapping[str, str]) -> ColumnWork:
    from pratique import manifest  # noqa: PLC0415 - as above
    from pratique.parties.manifest import ManifestDesk, ManifestOrder  # noqa: PLC0415 - as above

    ports = strict_json.loads(settings["ports"].encode())
    journeys = manifest.Journeys(
        settings["to"], settings["arrival"], strict_json.loads(settings["zones"].encode()),
        {code: manifest.Port(*port) for code, port in ports.items()},
    )  # fmt: skip
    order = ManifestOrder(
        None, journeys, names=bool(settings["names"]), primitive=settings["primitive"]
    )
    trust = sources.read_bytes(folder / "trust.json")
    desk = ManifestDesk(trust, order, instant_of(settings["now"]))
    named: dict[str, str] = strict_json.loads(settings["columns"].encode())

    def transform(batch: Any) -> Any:
        import pyarrow as arrow  # noqa: PLC0415 - an extra

        cells = batch.rename_columns([named[name] for name in batch.schema.names]).to_pylist()
        rows = [manifest.BookingRow(number, row) for number, row in enumerate(cells, 1)]
        said = desk([[row] for row in rows])
        # Whoever has no reference is known by the row's own number, which stands beside.
        alone = [bool(row.key[2]) for row in rows]
        return arrow.record_batch(
            {
                "reference": arrow.array(
                    ["" if lone else who.reference for lone, who in zip(alone, said, strict=True)],
                    arrow.string(),
                ),
                "seat": arrow.array([who.seat for who in said], arrow.string()),
                "outcome": arrow.array([who.outcome.value for who in said], arrow.string()),
                "reasons": arrow.array(
                    [[reason.value for reason in who.reasons] for who in said],
                    arrow.list_(arrow.string()),
                ),
                "leg": arrow.array([who.leg for who in said], arrow.int32()),
            }
        )

    return ColumnWork(transform, "outcome")


def engine_of(workers: int | None, name: str | None, address: str) -> TaskEngine:
    """Return what does the work: cores of this machine, or the engine that is named."""
    if name is None:
        return Processes(workers)
    from pratique.store.spark import Spark  # noqa: PLC0415 - an extra

    return Spark(address)


JOBS: dict[str, Callable[[Path, Mapping[str, str]], ColumnWork]] = {
    "verify": _verify,
    "policy": _policy,
    "manifest": _manifest,
}
"""Opens a job in its folder, in whatever process works on it."""


def work(
    ask: Ask, inputs: Sequence[Path], folder: Path, engine: TaskEngine, progress: Advance
) -> Worked:
    """Do a job on files of columns, or go on with what is missing in the folder.

    Raises:
        UsageError: `job-…`: the folder is another job's, or holds something else.
        Unreadable: a file cannot be read, or workers were lost.
    """
    if taken := {FILE_COLUMN, ROW, *OUTCOME_COLUMNS} & set(ask.keep):
        raise UsageError(
            "keep-taken", f"the outcome has a column '{min(taken)}' of its own",
            "give yours another name",
        )  # fmt: skip
    folder = folder.absolute()
    paths = [path.absolute() for each in inputs for path in columnar.files_of(each)]
    digest = _digest(paths)
    pieces = columnar.planned(paths, (*ask.columns, *ask.keep))
    _begin(ask, folder, digest, len(pieces))
    missing = [piece for piece in pieces if not _part(folder, digest, piece.number).exists()]
    before, rows = len(pieces) - len(missing), sum(piece.rows for piece in pieces)
    done = rows - sum(piece.rows for piece in missing)
    progress(done, rows)

    def step(count: int | None) -> None:
        nonlocal done
        done += columnar.ROWS if count is None else count
        progress(min(done, rows), rows)

    try:
        engine.run(perform, [Task(str(folder), piece) for piece in missing], step)
    finally:
        _HELD.close()
    # Counted from what lies there, whoever has made it and when.
    counts: Counter[str] = Counter()
    for piece in pieces:
        said = columnar.about(_part(folder, digest, piece.number))["counts"]
        counts.update(strict_json.loads(said.encode()))
    _finish(ask, folder)
    return Worked(counts, len(pieces), before, folder)


def perform(task: Task) -> int:
    """Make one part, unless it is there; return how many rows it has."""
    import pyarrow as arrow  # noqa: PLC0415 - an extra

    piece, folder = task.piece, Path(task.folder)
    opened = _HELD.opened(task.folder)
    path = _part(folder, opened.digest, piece.number)
    if path.exists():
        return piece.rows
    counts: Counter[str] = Counter()
    written, row = [], piece.start
    name = Path(piece.path).name
    reader = _HELD.reader(piece.path, (*opened.columns, *opened.keep))
    for batch in reader.read(piece):
        outcome = opened.work.transform(batch.select(list(opened.columns)))
        counts.update(outcome.column(opened.work.counted).to_pylist())
        size = batch.num_rows
        columns = {
            FILE_COLUMN: arrow.DictionaryArray.from_arrays(
                arrow.array([0] * size, arrow.int32()), [name]
            ),
            ROW: arrow.array(range(row, row + size), arrow.int64()),
            **{kept: batch.column(kept) for kept in opened.keep},
            **dict(zip(outcome.schema.names, outcome.columns, strict=True)),
        }
        written.append(arrow.record_batch(columns))
        row += size
    about = {"counts": as_json(dict(sorted(counts.items())))}
    files.replace(path, columnar.encoded(written, about))
    return piece.rows


class _Opened(NamedTuple):
    """A job's folder, as a worker has read it once."""

    digest: str
    columns: tuple[str, ...]
    keep: tuple[str, ...]
    work: ColumnWork


class _Held:
    """What a process has open from one task to the next: a job, and a file of its."""

    def __init__(self) -> None:
        self._folder, self._path = "", ""
        self._opened: _Opened | None = None
        self._reader: Reader | None = None

    def opened(self, folder: str) -> _Opened:
        """Return a job, read once."""
        if self._opened is None or folder != self._folder:
            self.close()
            kept = strict_json.loads(sources.read_bytes(Path(folder) / FILE))
            job = JOBS[kept["job"]](Path(folder), kept["settings"])
            self._opened = _Opened(kept["digest"], tuple(kept["columns"]), tuple(kept["keep"]), job)
            self._folder = folder
            # What is open stays: the collector of circles need not look through it for every batch.
            gc.freeze()
        return self._opened

    def reader(self, path: str, columns: tuple[str, ...]) -> Reader:
        """Return what reads a file of the job, from where it was."""
        if self._reader is None or path != self._path:
            if self._reader is not None:
                self._reader.close()
            self._reader, self._path = Reader(Path(path), columns), path
        return self._reader

    def close(self) -> None:
        """Let go of all."""
        if self._reader is not None:
            self._reader.close()
        self._opened = self._reader = None
        gc.unfreeze()


_HELD = _Held()


def _part(folder: Path, digest: str, number: int) -> Path:
    return folder / f"part-{digest[:16]}-{number:06d}.parquet"


def _digest(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with files.usable(path), files.opened(path) as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


_STAYS = ("job", "columns", "keep", "digest", "parts")


def _begin(ask: Ask, folder: Path, digest: str, parts: int) -> None:
    """Keep what is asked, or see that the folder holds the same job, begun before."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "out-taken", "there is a file where the folder for the outcome is to be",
            "nothing is overwritten; name a new folder",
        )  # fmt: skip
    files.folder(folder)
    settings = {name: value for name, value in ask.settings.items() if name != "at"}
    order = {
        "format": FORMAT, "job": ask.job, "columns": list(ask.columns), "keep": list(ask.keep),
        "digest": digest, "parts": parts, "settings": dict(ask.settings), "is_done": False,
        "enclosed": {
            name: hashlib.sha256(data).hexdigest() for name, data in ask.enclosed.items()
        },
    }  # fmt: skip
    path = folder / FILE
    if path.exists():
        kept = strict_json.loads(sources.read_bytes(path))
        asked = {name: value for name, value in kept["settings"].items() if name != "at"}
        if kept["format"] != FORMAT or asked != settings or any(
            kept[name] != order[name] for name in _STAYS
        ):  # fmt: skip
            raise UsageError(
                "job-other",
                "the folder holds another job, or one of an earlier state of these files",
                "name a new folder",
            )
        if kept["is_done"]:
            raise UsageError(
                "job-done", "this job is done: all its parts are in the folder", "name a new folder"
            )
        return
    # A driver that was killed before it had kept its order has left no more than this.
    if any(left.name[0] != "." and left.name not in ask.enclosed for left in folder.iterdir()):
        raise UsageError(
            "job-folder", "the folder for the outcome is not empty", "name a new folder"
        )
    for name, data in ask.enclosed.items():
        files.replace(folder / name, data)
    # Last, so that whoever finds it finds all.
    files.replace(path, as_json(order, indent=1).encode())


def _finish(ask: Ask, folder: Path) -> None:
    """Drop what was enclosed, and drafts of whoever was lost; then note that all is done."""
    for left in (*(folder / name for name in ask.enclosed), *folder.glob(".*")):
        with suppress(FileNotFoundError):
            left.unlink()
    path = folder / FILE
    kept = strict_json.loads(sources.read_bytes(path))
    files.replace(path, as_json({**kept, "is_done": True}, indent=1).encode())
