"""A page of the network in a folder: made on a schedule, whole or not at all.

    what was synced | a repository (, trust lists, the policy lab's data) -> overview -> DIR: index.html, network.json,
    endings.ics, policy.ics

1. Nothing is fetched, and nothing is kept but the four files; any web server hands them on.
2. All of them are written, or none; a calendar that is not made this time is taken away, or it would speak on.
3. Where the network was fetched from, and where a file lies here, stands on no page.
4. Without the data of the policy lab the page has no map and says nothing of who accepts whom, and says so.
5. The same network, lists, data and instant make the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pratique.compile import compiled
from pratique.errors import UsageError
from pratique.impact import calendar, timeline
from pratique.impact import matrix as impact_matrix
from pratique.network import overview, page
from pratique.network.overview import ListOverview, NetworkPage, OverviewNote, SourceFacts
from pratique.network.page import PolicyDrawings
from pratique.parties import exports, policy, proposals, verifier
from pratique.parties.exports import NetworkStatus
from pratique.parties.proposals import KnownNetwork
from pratique.rules.ruleset import Ruleset
from pratique.snapshot import Snapshot
from pratique.store import files, policy_data
from pratique.store import sources as store_sources
from pratique.terms import Environment
from pratique.text import printable
from pratique.trust import calendar as trust_calendar
from pratique.trust.expiry import ParticipantExpiry

UNTOLD = (
    "Who accepts whom, the map and what is coming to rules are not shown: the data of the policy lab are not installed "
    "where this page is made (the extra policy)."
)
NO_RULES = "Who accepts whom is not shown: nobody has published rules."
LONGEST = 300


class WantedPage(NamedTuple):
    """What a page is made of, and where it is written.

    Attributes:
        out: the folder; made if it is not there.
        lists: trust lists, files or folders.
        data: a data package of the policy lab; None for the one that is installed.
        repository: the network as it is; None for what was synced.
    """

    out: Path
    lists: tuple[Path, ...] = ()
    data: Path | None = None
    repository: Path | None = None


class WrittenPage(NamedTuple):
    """What a page says, and its files by name."""

    page: NetworkPage
    files: Mapping[str, bytes]


def write(wanted: WantedPage, home: Path | None, *, at: datetime) -> WrittenPage:
    """Write the page of a network, of trust lists, or of both, into its folder.

    Raises:
        Unreadable: nothing was synced or imported, and no list is named; a list cannot be read; the folder cannot be written.
    """
    written = _make(wanted, home, at=at)
    with files.usable(wanted.out):
        wanted.out.mkdir(parents=True, exist_ok=True)
        # The page comes last: what it links to is there before it.
        files.replace_together(wanted.out, written.files)
        if page.POLICY not in written.files:
            (wanted.out / page.POLICY).unlink(missing_ok=True)
    return written


def _make(wanted: WantedPage, home: Path | None, *, at: datetime) -> WrittenPage:
    """Make the page, and write nothing."""
    instant = int(at.timestamp())
    parts: list[PagePart] = []
    known = proposals.known(wanted.repository, home)
    if wanted.repository is None:
        snapshot = verifier.snapshot(home)
    else:
        snapshot = None if known is None else compiled(known.view)
    if snapshot is not None or not wanted.lists:
        sources = () if wanted.repository is None else (wanted.repository,)
        status = exports.status(sources, instant, Environment.PRODUCTION, home)
        parts.append(_of_held(status, known, snapshot))
    parts += [_of_list(path, instant) for path in wanted.lists]
    network = None
    if known is not None:
        network = overview.network_of(known.view, known.files, at=instant)
    drawn, untold = _drawn(snapshot, wanted.data, instant)
    document = NetworkPage(
        instant,
        overview.WITHIN,
        network,
        tuple(part.listed for part in parts),
        tuple(note for part in parts for note in part.notes),
        None if drawn is None or drawn.matrix is None
        else impact_matrix.to_json(drawn.matrix, drawn.world.provenance),
        None if drawn is None
        else calendar.as_json(
            drawn.changes, at=instant, days=drawn.days, many=timeline.MANY, data=drawn.world.provenance
        ),
        untold,
    )  # fmt: skip
    contents = {page.ENDINGS: trust_calendar.written(_by_name(parts), at=instant)}
    if drawn is not None:
        name = f"rules of {document.lists[0].name}"
        contents[page.POLICY] = calendar.written(drawn.changes, name=name, at=instant)
    contents[page.DOCUMENT] = overview.to_bytes(document)
    contents[page.PAGE] = page.html(document, drawn).encode()
    return WrittenPage(document, contents)


class PagePart(NamedTuple):
    """A source of a page: its overview, the rows that it was made of, and what could not be read."""

    listed: ListOverview
    rows: tuple[ParticipantExpiry, ...]
    notes: tuple[OverviewNote, ...]


def _by_name(parts: list[PagePart]) -> dict[str, tuple[ParticipantExpiry, ...]]:
    """Name each part's rows: two of one name would move each other's events in a calendar."""
    named: dict[str, tuple[ParticipantExpiry, ...]] = {}
    for number, part in enumerate(parts, 1):
        name = part.listed.name
        named[name if name not in named else f"{name} ({number})"] = part.rows
    return named


def _of_held(
    status: NetworkStatus, known: KnownNetwork | None, snapshot: Snapshot | None
) -> PagePart:
    (name, rows), *_ = status.sources.items()
    view = None if known is None else known.view
    notes = _notes(status)
    if view is not None and view.suspend.problem:
        why = "who is suspended is not known here: all that participants have signed is in doubt"
        notes += (OverviewNote(view.board.network, view.suspend.problem, why),)
    facts = SourceFacts(name if view is None else view.board.network)
    listed = overview.list_of(facts, rows, view, None if snapshot is None else snapshot.roll)
    return PagePart(listed, rows, notes)


def _of_list(path: Path, at: int) -> PagePart:
    """Compute the overview of a trust list, as it lies there."""
    status = exports.status((path,), at, Environment.PRODUCTION, None)
    (name, rows), *_ = status.sources.items()
    read = store_sources.trust_from([path], at=datetime.fromtimestamp(at, UTC))
    own = [reading for _, reading in read.readings if reading.name == name] or [
        reading for _, reading in read.readings
    ]
    digests = sorted(source.sha256 for source in read.snapshot.sources)
    whole = digests[0] if len(digests) == 1 else sha256("\n".join(digests).encode()).hexdigest()
    signed = max((reading.created for reading in own if reading.created is not None), default=None)
    proof = own[0].proof if own else "not checked"
    facts = SourceFacts(printable(name, LONGEST), signed, proof, whole)
    return PagePart(overview.list_of(facts, rows), rows, _notes(status))


def _notes(status: NetworkStatus) -> tuple[OverviewNote, ...]:
    return tuple(
        OverviewNote(printable(note.name, LONGEST), note.code, printable(note.why, LONGEST))
        for note in status.notes
    )


def _drawn(
    snapshot: Snapshot | None, data: Path | None, at: int
) -> tuple[PolicyDrawings | None, str]:
    """Compute what the page shows of rules, or say why it does not."""
    if data is None and not policy_data.is_installed():
        return None, UNTOLD
    lab = policy.open_lab(data)
    rules = Ruleset() if snapshot is None else policy.with_editions(snapshot.ruleset, lab)
    try:
        places = policy.destinations(rules)
    except UsageError:
        places = ()
    matrix = changes = None
    if places:
        matrix = impact_matrix.matrix(lab.world, rules, at=at, places=places)
        changes = timeline.coming(lab.world, rules, at=at, places=places)
    drawings = PolicyDrawings(
        lab.world, lab.outlines, lab.attribution, matrix, changes or (), timeline.HORIZON
    )
    return drawings, "" if places else NO_RULES
