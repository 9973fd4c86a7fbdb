"""How an input is judged: by what is held here, whatever happens to it, and what that comes to.

    Item -> journeys.verify -> Verification -> what is shown -> what is counted -> exit code

1. A fault of this program stops one input, and the next is judged.
2. Nothing is written, and nothing is kept.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import click

from pratique import describe, errors
from pratique.errors import DocumentRefused, PratiqueError, UsageError
from pratique.findings import Code, Colour, Finding
from pratique.outlook import Help
from pratique.parties.inputs import Item, every
from pratique.rules.ruleset import Destination, Ruleset
from pratique.snapshot import Snapshot
from pratique.store import sources as store_sources
from pratique.terms import Environment
from pratique.text import printable
from pratique.trust import countries
from pratique.trust.registry import ParticipantState
from pratique.trust.signer import Signer, TrustList
from pratique.verification import Verification, epoch, noted, unread
from pratique.verification import verify as verify_text

# ----------------------------------------------------------------------------------------------------
# What is held in a home folder: the network that was synced, and what was imported beside it.
#
#     network/held.zip -> checked anew from its anchor -> Snapshot, merged with trust/snapshot.json
#
# 1. What lies on the disk is checked at every start as if it had just come; nothing is believed for its
#    place.
# 2. A folder that was never synced loads nothing of the network's code.


ANCHOR = Path("network") / "anchor.json"


def imported(home: Path | None) -> Snapshot:
    """Return what was imported, so that more can be added to it: of the network's environment, if any.

    What is added must stand beside what was synced: of two environments no check could be made.
    """
    folder = store_sources.home(home)
    named = environment(folder)
    found = store_sources.load_snapshot(folder)
    if found is None:
        return Snapshot(
            number=0, created=0, environment=named or Environment.PRODUCTION, trust=TrustList()
        )
    return fitting(found, named)


def fitting(found: Snapshot, named: Environment | None) -> Snapshot:
    """Return what was imported, of a network's environment; DocumentRefused where it cannot be."""
    if named is None or named is found.environment:
        return found
    # Rules and revocations are of no environment. Signers are.
    if not len(found.trust):
        return found.replace(environment=named)
    raise DocumentRefused(
        "environment-differs",
        f"the network that was synced is for {named}, the signers that were imported are for "
        f"{found.environment}",
        "use another home folder for one of them, or forget the signers: "
        "pratique trust import SOURCE --replace",
    )


def environment(folder: Path) -> Environment | None:
    """Return the environment of the network that was synced into a home folder; None without one."""
    if not (folder / ANCHOR).exists():
        return None
    from pratique.network import metadata, view  # noqa: PLC0415 - rule 2
    from pratique.store import network  # noqa: PLC0415 - rule 2

    kept = network.load_held(network.folder_of(folder))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return None
    return view.read(kept.files, kept.anchor).board.environment


def snapshot(home: Path | None) -> Snapshot | None:
    """Return what a check uses; None if nothing was synced or imported yet."""
    folder = store_sources.home(home)
    imported = store_sources.load_snapshot(folder)
    if not (folder / ANCHOR).exists():
        return imported
    from pratique.compile import compiled, merged  # noqa: PLC0415 - rule 2
    from pratique.network import metadata, view  # noqa: PLC0415 - rule 2
    from pratique.store import network  # noqa: PLC0415 - rule 2

    kept = network.load_held(network.folder_of(folder))
    if kept is None or metadata.TIMESTAMP_FILE not in kept.files:
        return imported
    synced = compiled(view.read(kept.files, kept.anchor))
    return synced if imported is None else merged(synced, imported)


class Said(NamedTuple):
    """What a network says of a participant, and the keys that it has published there, by domain."""

    member: ParticipantState
    signers: tuple[Signer, ...]


def member(
    participant: str, environment: Environment, home: Path | None = None
) -> ParticipantState | None:
    """Return how it is with a participant in the network that was synced here; None where none says so."""
    found = said_of(participant, environment, home)
    return None if found is None else found.member


def said_of(participant: str, environment: Environment, home: Path | None = None) -> Said | None:
    """Return what the network that was synced here says of a participant; None where none does.

    What cannot be read here stops nobody from issuing: it is told, and the answer is None.
    """
    if not (store_sources.home(home) / ANCHOR).exists():
        return None
    try:
        kept = snapshot(home)
    except PratiqueError as error:
        click.echo(
            f"note: whether keys were withdrawn or {participant} suspended is not known: "
            f"{error.message}",
            err=True,
        )
        return None
    if kept is None or kept.roll is None or kept.environment is not environment:
        return None
    found = kept.roll.members.get(participant)
    if found is None:
        return None
    own = (one for one in kept.trust if one.participant == participant and one.bound)
    return Said(found, tuple(own))


EXIT = {Colour.GREEN: 0, Colour.RED: 1, Colour.AMBER: 3}
INPUT_OUTPUT = 4
UNREAD, FAULTS = "could not be read", "stopped by a fault of this program"


def undated(snapshot: Snapshot, at: datetime | None) -> Snapshot:
    """Return the snapshot to ask about an instant that was named: one without the date of its imports.

    How old lists are at a desk is told by the clock that they were imported by. Whoever names an instant asks
    what the lists say of it; a network tells of its own age by its signed time, whatever is asked.
    """
    if at is None or snapshot.roll is not None:
        return snapshot
    return snapshot.replace(created=0)


class Check(NamedTuple):
    """How each input is judged, and what is shown of it."""

    snapshot: Snapshot
    at: datetime
    place: Destination | None
    inspect: bool = False
    lang: str = "en"
    asked: Snapshot | None = None
    """What is asked in place of the snapshot that is shown: `undated`, for another instant than now."""

    def judge(self, item: Item) -> Verification:
        """Return what comes of an item; a fault of this program is a finding like any other."""
        try:
            return self._judged(item)
        except BaseException as error:
            if not errors.unforeseen(error):
                raise
            return unread(Finding(Code.UNFORESEEN, errors.place_of(error)))

    def _judged(self, item: Item) -> Verification:
        if item.finding is not None or item.text is None:
            return unread(item.finding or Finding(Code.INPUT_UNREADABLE), item.notes)
        snapshot = self.asked or self.snapshot
        found = verify_text(item.text, snapshot=snapshot, at=self.at, place=self.place)
        return noted(found, item.notes)

    def row(self, item: Item, found: Verification) -> dict[str, Any]:
        """Return what JSON says of it."""
        return describe.as_json(item.label, item.remark, found, **self._beside(found))

    def lines(self, item: Item, found: Verification) -> list[str]:
        """Return what a person reads of it."""
        return list(describe.lines(item.label, item.remark, found, **self._beside(found)))

    def _beside(self, found: Verification) -> dict[str, Any]:
        helps = (
            ()
            if self.place is None
            else _helps(found, self.asked or self.snapshot, self.place, self.at)
        )
        return {
            "inspect": self.inspect,
            "appeal": describe.appeal_of(found, self.snapshot),
            "advice": describe.Advice(helps, self.lang),
        }

    def shown(self, item: Item, *, as_json: bool) -> tuple[Verification, Any]:
        """Return an item's verification, and its row or its lines; what cannot be shown is a fault too."""
        found = self.judge(item)
        try:
            return found, self.row(item, found) if as_json else self.lines(item, found)
        except BaseException as error:
            if not errors.unforeseen(error):
                raise
            found = unread(Finding(Code.UNFORESEEN, errors.place_of(error)))
            return found, self.row(item, found) if as_json else self.lines(item, found)


def _helps(
    found: Verification, snapshot: Snapshot, place: Destination, at: datetime
) -> tuple[Help, ...]:
    from pratique import outlook  # noqa: PLC0415 - only where rules were asked

    return outlook.helps(found, snapshot, place, at)


def kind_of(found: Verification) -> str:
    """Return as what an outcome is counted: its colour, or that nothing was read, or that it failed."""
    if any(finding.code is Code.UNFORESEEN for finding in found.verdict.findings):
        return FAULTS
    return UNREAD if found.unread else found.verdict.colour


def exit_code(counts: Counter[str]) -> int:
    """Return the exit code of what was counted: the worst decides."""
    if counts[FAULTS]:
        return errors.EXIT_UNFORESEEN
    if counts[UNREAD] or not counts:
        return INPUT_OUTPUT
    worst = next(c for c in (Colour.RED, Colour.AMBER, Colour.GREEN) if counts[c])
    return EXIT[worst]


def flush() -> None:
    """Let what was told be seen at once, wherever standard output goes."""
    if sys.stdout is not None:
        sys.stdout.flush()


def verified(
    inputs: tuple[str, ...], snapshot: Snapshot, at: datetime
) -> Iterator[tuple[str, Verification]]:
    """Yield each input's label and what comes of it; what could not be read is told on stderr too."""
    check = Check(snapshot, at, None)
    for item in every(inputs):
        found = check.judge(item)
        if item.text is None or found.unread:
            tell_unread(item, found)
        yield item.label, found


def tell_unread(item: Item, found: Verification | None = None) -> None:
    """Tell on stderr why an input was not read."""
    remark = item.remark
    if not remark and found is not None:
        remark = "; ".join(_why(finding) for finding in found.verdict.findings)
    if remark:
        click.echo(f"error: {printable(item.label)}: {remark}", err=True)
    if item.hint:
        click.echo(f"hint: {item.hint}", err=True)


def _why(finding: Finding) -> str:
    return f"{finding.code.meaning}{f' ({finding.where})' if finding.where else ''}"


def place_of(text: str, ruleset: Ruleset) -> Destination:
    """Read a destination: "FR" or "fra", or "FR/BRE" with a region; UsageError where it is none.

    A text that is no code must not pass for a country that has published nothing, nor a region that
    has no rules for one of those that have.
    """
    country, _, named = (part.strip() for part in text.partition("/"))
    code = country.upper() if country.upper() in ruleset.countries else countries.place(country)
    if code is None:
        raise countries.no_country("--to", "destination-unknown", country)
    regions = ruleset.regions(code)
    region = next((one for one in regions if one.casefold() == named.casefold()), named)
    if regions and region and region not in regions:
        known = ", ".join(map(printable, regions))
        told = f"{code} has no rules of that region"
        if ruleset.countrywide(code):
            # One that is mistyped would be let off its own rules, and be GREEN by the country's.
            hint = f"it has them of {known}; elsewhere in the country: --to {code}"
            raise UsageError("region-unknown", told, hint)
        click.echo(f"note: {told}; it has them of {known}", err=True)
    return Destination(code, region or None)


def load_trust(
    *sources: str | PathLike[str],
    at: datetime,
    environment: Environment | str = Environment.PRODUCTION,
    rules: Iterable[str | PathLike[str]] = (),
) -> Snapshot:
    """Return all that a check asks, from files and folders, or from a folder that was synced.

    Args:
        sources: signers' certificates, trust lists, folders of them; or one snapshot; or one folder that
            `pratique sync` or `pratique trust import` keeps. Without any, this user's own such folder.
        at: when it is read; how old it is, is counted from then.
        environment: of sources that do not tell their own.
        rules: files and folders of destinations' rules and value sets, in place of those found with the signers.

    Raises:
        PratiqueError: something cannot be read, is refused, or nothing was synced yet.
    """
    epoch(at)
    named = tuple(map(Path, sources))
    if not named or (len(named) == 1 and _is_home(named[0])):
        found = held((), environment, named[0] if named else None, at)
    else:
        found = store_sources.trust_from(
            named, at=at, environment=Environment(environment)
        ).snapshot
    arrived = []
    for _, part in store_sources.rules_arrived(map(Path, rules)):
        if isinstance(part, PratiqueError):
            raise part
        arrived.append(part)
    if not arrived:
        return found
    from pratique.rules.documents import together  # noqa: PLC0415 - only where rules are named

    read = together(arrived)
    return found.replace(
        ruleset=Ruleset(read.rules, read.value_sets, hold_open=True, editions=read.editions)
    )


def _is_home(folder: Path) -> bool:
    return (folder / ANCHOR).exists() or store_sources.snapshot_path(folder).exists()


def held(sources: tuple[Path, ...], environment: str, home: Path | None, at: datetime) -> Snapshot:
    """Return the snapshot that a check uses: from sources, or the imported one."""
    if sources:
        from pratique.store import sources as store_sources  # noqa: PLC0415
        from pratique.terms import Environment  # noqa: PLC0415

        named = store_sources.trust_from(
            sources, at=at, environment=Environment(environment)
        ).snapshot
        return _with_revocations(named, home)
    found = snapshot(home)
    if found is None:
        raise DocumentRefused(
            "no-trust-list",
            "nothing was synced or imported yet, so that nothing can be decided",
            "pratique sync SOURCE, pratique trust import SOURCE..., or name a source with --trust",
        )
    return found


def _with_revocations(named: Snapshot, home: Path | None) -> Snapshot:

    if named.revocations is not None:
        return named
    imported = snapshot(home)
    return named if imported is None else named.replace(revocations=imported.revocations)
